//! Commands of a batch system, run with a time limit: one that hangs at a dead controller is ended.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// Most that is kept of what a command prints, bytes.
const LONGEST_OUTPUT: u64 = 64 << 20;

/// A command line. Each argument reaches the program as it stands; no shell is between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// The folder it runs in.
    pub folder: Option<PathBuf>,
}

/// What a command said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// What it ended with; none for a signal.
    pub status: Option<i32>,
    /// What it printed.
    pub out: String,
    /// What it complained of.
    pub err: String,
}

/// A command that did not end by itself.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// It could not be started.
    #[error("'{program}' not started: {why}")]
    NotStarted {
        /// Its name.
        program: String,
        /// The operating system's reason.
        why: std::io::Error,
    },
    /// It took too long and was ended.
    #[error("'{program}' did not answer within {} s", limit.as_secs_f32())]
    TooLong {
        /// Its name.
        program: String,
        /// The time it was given.
        limit: Duration,
    },
}

impl Said {
    /// Everything it said, in one line.
    #[must_use]
    pub fn words(&self) -> String {
        let all = format!("{} {}", self.err, self.out);
        let words: Vec<&str> = all.split_whitespace().collect();
        let words: String = words.join(" ").chars().take(400).collect();
        let status = self.status.map_or_else(|| "a signal".to_owned(), |status| status.to_string());
        if words.is_empty() { format!("it ended with {status} and said nothing") } else { words }
    }
}

impl Call {
    fn name(&self) -> String {
        self.program.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// Runs it to its end, or ends it with all its processes when it takes longer than the limit.
    ///
    /// # Errors
    /// When it can't be started or takes too long.
    pub fn run(&self, limit: Duration) -> Result<Said, CallError> {
        let end = Instant::now() + limit;
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        // Times without a zone are read as UTC.
        command.env("TZ", "UTC").env("LC_ALL", "C").env("SLURM_TIME_FORMAT", "%s");
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        let mut child = command.spawn().map_err(|why| CallError::NotStarted { program: self.name(), why })?;
        let (out, err) = (collected(child.stdout.take()), collected(child.stderr.take()));
        // A process that outlives the command may hold its streams: they are waited for like the command itself.
        let left = || end.saturating_duration_since(Instant::now());
        let answer = (out.recv_timeout(left()).ok(), err.recv_timeout(left()).ok(), ended(&mut child, end));
        let (Some(out), Some(err), Some(status)) = answer else {
            end_group(&mut child);
            return Err(CallError::TooLong { program: self.name(), limit });
        };
        Ok(Said { status, out, err })
    }
}

/// Reads a stream to its end on a thread of its own.
fn collected(stream: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (to, from) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // What could be read counts; a command is judged by what it said.
            let _ = stream.by_ref().take(LONGEST_OUTPUT).read_to_end(&mut bytes);
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        }
        let _ = to.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    from
}

/// Its status, when it ends in time.
fn ended(child: &mut Child, end: Instant) -> Option<Option<i32>> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.code()),
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(2)),
            Ok(None) | Err(_) => return None,
        }
    }
}

fn end_group(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Call {
        Call { program: "sh".into(), arguments: vec!["-c".into(), script.into()], folder: None }
    }

    #[test]
    fn a_command_is_heard_on_both_streams() {
        let said = shell("echo one; echo two >&2; exit 3").run(Duration::from_secs(10)).unwrap();
        assert_eq!(said, Said { status: Some(3), out: "one\n".into(), err: "two\n".into() });
        assert_eq!(said.words(), "two one");
        let said = shell("yes | head -c 3000000").run(Duration::from_secs(10)).unwrap();
        assert_eq!(said.out.len(), 3_000_000);
    }

    #[test]
    fn one_that_hangs_is_ended_in_time_with_all_its_processes() {
        let begun = Instant::now();
        let error = shell("sleep 30 & sleep 30").run(Duration::from_millis(200)).unwrap_err();
        assert_eq!(error.to_string(), "'sh' did not answer within 0.2 s");
        assert!(begun.elapsed() < Duration::from_secs(5));
        let error =
            Call { program: "/not/there".into(), arguments: vec![], folder: None }.run(Duration::from_secs(1)).unwrap_err();
        assert!(error.to_string().starts_with("'there' not started"), "{error}");
    }
}
