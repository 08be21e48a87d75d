//! One program under way: started with limits, asked a line at a time, ended with all its processes.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, TryRecvError};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process_group, prlimit};

/// A longer answer ends the program, in bytes.
pub(super) const LONGEST_ANSWER: usize = 8 << 20;
/// What is kept of its standard error, in bytes.
const KEPT_ERRORS: usize = 4000;
/// Letters of its standard error in a message.
const TOLD_ERRORS: usize = 300;
/// Between two looks whether the wait is still wanted.
const LOOK: Duration = Duration::from_millis(20);
/// A program whose output has ended is given so long to end.
const FAREWELL: Duration = Duration::from_millis(500);

/// The programs under way, so that none outlives this process in a wait of its own.
static UNDER_WAY: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// Ends all programs at once: for when this process ends.
pub fn end_programs() {
    for group in UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        // One that has ended by itself is no longer there.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// How a program is started.
#[derive(Debug, Clone)]
pub(super) struct Launch {
    pub words: Vec<String>,
    /// Where it starts, and what its words are relative to.
    pub folder: PathBuf,
    /// Longest wait for an answer.
    pub answer: Duration,
    /// Most memory, MiB.
    pub memory_mb: u64,
}

/// A program that runs.
pub(super) struct Running {
    launch: Launch,
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<Heard>,
    errors: Arc<Mutex<Vec<u8>>>,
}

/// What came on its standard output.
enum Heard {
    Line(String),
    /// Longer than a line may be.
    Flood,
    /// Bytes that are no UTF-8.
    NoText,
}

impl Running {
    /// Starts it.
    ///
    /// # Errors
    /// Why it can't be.
    pub(super) fn start(launch: &Launch) -> Result<Running, String> {
        let program = launch.words.first().map_or("", String::as_str);
        // A word with a slash is a path below the workspace; others are looked for where programs are.
        let path = if program.contains('/') { launch.folder.join(program) } else { PathBuf::from(program) };
        let mut command = Command::new(path);
        command.args(launch.words.iter().skip(1)).current_dir(&launch.folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        // Python would keep answers back in a buffer.
        command.env("PYTHONUNBUFFERED", "1").env("DQMON_TASK_PROTOCOL", monitasks::external::PROTOCOL.to_string());
        let mut child = command.spawn().map_err(|error| format!("'{program}' was not started: {error}"))?;
        if let Err(error) = limit(&child, launch.memory_mb) {
            end(&mut child);
            return Err(format!("'{program}' was not started: its memory can't be limited: {error}"));
        }
        UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner).extend(group(&child));
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take()) else {
            end(&mut child);
            return Err(format!("'{program}' was not started: it has no standard streams"));
        };
        let errors = Arc::new(Mutex::new(Vec::new()));
        let kept = errors.clone();
        // Room for one line more than is asked for: what nobody asked for is seen, and more of it is not taken in.
        let (heard, lines) = crossbeam_channel::bounded(1);
        let running = Running { launch: launch.clone(), child, stdin, lines, errors };
        let listener = || thread::Builder::new().name("dqmon-task-ear".into());
        let spawned = listener().spawn(move || keep_end(stderr, &kept));
        let spawned = spawned.and_then(|_| listener().spawn(move || hear(stdout, &heard)));
        spawned.map_err(|error| format!("'{program}' was not started: no thread to hear it: {error}"))?;
        Ok(running)
    }

    /// Asks a line and waits for the line that answers it, for as long as that `is_wanted`.
    ///
    /// # Errors
    /// When it does not answer in time, says too much or what is no text, or has ended: the program is of no use any more.
    pub(super) fn ask(&mut self, request: &str, is_wanted: &dyn Fn() -> bool) -> Result<String, String> {
        match self.lines.try_recv() {
            Ok(Heard::Line(line)) => return Err(self.failed(&format!("said {} without being asked", short(&line)))),
            Ok(other) => return self.line_of(other),
            Err(TryRecvError::Disconnected) => return Err(self.ended()),
            Err(TryRecvError::Empty) => {}
        }
        let asked = self.stdin.write_all(format!("{request}\n").as_bytes()).and_then(|()| self.stdin.flush());
        if asked.is_err() {
            return Err(self.ended());
        }
        let end = Instant::now() + self.launch.answer;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left.min(LOOK)) {
                Ok(heard) => return self.line_of(heard),
                Err(RecvTimeoutError::Disconnected) => return Err(self.ended()),
                Err(RecvTimeoutError::Timeout) if !is_wanted() => return Err("no longer wanted".into()),
                Err(RecvTimeoutError::Timeout) if left.is_zero() => {
                    let limit = self.launch.answer.as_secs_f64();
                    return Err(self.failed(&format!("did not answer within {limit} s and was ended")));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn line_of(&mut self, heard: Heard) -> Result<String, String> {
        match heard {
            Heard::Line(line) => Ok(line),
            Heard::Flood => Err(self.failed(&format!("wrote more than {LONGEST_ANSWER} bytes in a line and was ended"))),
            Heard::NoText => Err(self.failed("answered in bytes that are no UTF-8 text")),
        }
    }

    /// Says how it ended.
    fn ended(&mut self) -> String {
        let end = Instant::now() + FAREWELL;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return self.failed(&words_of(status)),
                Ok(None) if Instant::now() < end => thread::sleep(Duration::from_millis(5)),
                Ok(None) | Err(_) => return self.failed("closed its standard output"),
            }
        }
    }

    /// A message with the last that it said on standard error.
    fn failed(&self, what: &str) -> String {
        let program = self.launch.words.join(" ");
        // What it said last may still be on its way here.
        thread::sleep(Duration::from_millis(20));
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&errors);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let last = lines.iter().rev().take(3).rev().copied().collect::<Vec<_>>().join("; ");
        let from = last.char_indices().rev().nth(TOLD_ERRORS - 1).map_or(0, |(at, _)| at);
        let errors = if last.is_empty() { String::new() } else { format!(": {}", &last[from..]) };
        format!("the program '{program}' {what}{errors}")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn group(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

/// Ends a program with all its processes.
fn end(child: &mut Child) {
    let mut under_way = UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(group) = group(child) {
        let _ = kill_process_group(group, Signal::KILL);
        under_way.retain(|known| *known != group);
    }
    drop(under_way);
    let _ = child.kill();
    let _ = child.wait();
}

/// Limits a program's memory, and writes no image of it when it dies. It has just begun: what it starts later inherits both.
fn limit(child: &Child, memory_mb: u64) -> std::io::Result<()> {
    let bytes = memory_mb.saturating_mul(1 << 20);
    for (resource, most) in [(Resource::As, bytes), (Resource::Core, 0)] {
        prlimit(group(child), resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

fn words_of(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with status {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".into(),
    }
}

fn short(line: &str) -> String {
    let start: String = line.chars().take(60).collect();
    format!("{start:?}")
}

/// Hands on the lines of a stream until it ends or one is no answer.
fn hear(stream: impl Read, to: &crossbeam_channel::Sender<Heard>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut bytes = Vec::new();
        let read = stream.by_ref().take(LONGEST_ANSWER as u64 + 1).read_until(b'\n', &mut bytes);
        if bytes.is_empty() || read.is_err() {
            return;
        }
        let is_whole = bytes.last() == Some(&b'\n');
        if !is_whole && bytes.len() <= LONGEST_ANSWER {
            return;
        }
        let heard = match String::from_utf8(bytes) {
            _ if !is_whole => Heard::Flood,
            Ok(text) => Heard::Line(text.trim_end_matches(['\n', '\r']).to_owned()),
            Err(_) => Heard::NoText,
        };
        let is_line = matches!(heard, Heard::Line(_));
        if to.send(heard).is_err() || !is_line {
            return;
        }
    }
}

/// Keeps the end of a stream.
fn keep_end(mut stream: impl Read, kept: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 1024];
    while let Ok(count) = stream.read(&mut buffer) {
        if count == 0 {
            return;
        }
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(&buffer[..count]);
        let over = kept.len().saturating_sub(KEPT_ERRORS);
        kept.drain(..over);
    }
}
