//! Whole processes, measured by the operating system.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// What a process took.
#[derive(Debug, Clone, Default)]
pub struct Took {
    /// From start to end, s.
    pub wall_s: f64,
    /// Highest resident memory, bytes.
    pub peak_bytes: u64,
    /// What it printed.
    pub output: String,
}

/// Runs a process to its end, on one core or where the system likes.
pub fn run(program: &str, arguments: &[&str], core: Option<usize>) -> Took {
    finish(start(program, arguments, core))
}

/// Runs two processes at once, each on a core of its own; what the later one took.
pub fn run_two(program: &str, arguments: [&[&str]; 2]) -> Took {
    let [one, other] = [0, 1].map(|core| start(program, arguments[core], Some(core)));
    let other = thread::spawn(|| finish(other));
    let (one, other) = (finish(one), other.join().unwrap());
    if one.wall_s > other.wall_s { one } else { other }
}

struct Started {
    child: std::process::Child,
    at: Instant,
    output: tempfile::NamedTempFile,
}

fn start(program: &str, arguments: &[&str], core: Option<usize>) -> Started {
    let output = tempfile::NamedTempFile::new().unwrap();
    let mut command = match core {
        Some(core) => {
            let mut command = Command::new("taskset");
            command.args(["-c", &core.to_string(), program]);
            command
        }
        None => Command::new(program),
    };
    command.args(arguments).stdin(Stdio::null()).stdout(output.reopen().unwrap()).stderr(Stdio::null());
    let at = Instant::now();
    Started { child: command.spawn().unwrap(), at, output }
}

/// Highest resident memory of a process so far, bytes. The system's account at a process's end would not do: it takes the memory
/// of the process that started it for its own.
fn peak_bytes(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?;
    Some(kilobytes.parse::<u64>().ok()? * 1024)
}

fn finish(mut started: Started) -> Took {
    let mut peak = 0;
    let status = loop {
        peak = peak_bytes(started.child.id()).unwrap_or(0).max(peak);
        match started.child.try_wait().unwrap() {
            Some(status) => break status,
            None => thread::sleep(Duration::from_millis(10)),
        }
    };
    let wall_s = started.at.elapsed().as_secs_f64();
    let output = fs::read_to_string(started.output.path()).unwrap();
    assert!(status.success(), "a process of the benchmark failed: {status:?}: {output}");
    Took { wall_s, peak_bytes: peak, output }
}

/// The processor and the number of its cores.
pub fn machine() -> String {
    let facts = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = facts
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("processor not known", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{model}, {cores} cores allowed")
}
