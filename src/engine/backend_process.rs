//! Starts the backend as a process of its own, which goes on when every window is closed.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::config::Workspace;

/// A demo's workspace stands within this time, or something is wrong.
const DEMO_READY: Duration = Duration::from_secs(20);

/// A backend that is refused its workspace ends within this time: it waits a second for one that is just going.
const REFUSED_WITHIN: Duration = Duration::from_secs(2);

/// Starts `dqmon process` on a workspace; what it prints goes to `all_logs/backend.log`. Returns its process id.
///
/// # Errors
/// When the log can't be opened, the process not started, or it ends at once, as where another has the workspace; with its last
/// words.
pub fn start(workspace: &Workspace) -> io::Result<u32> {
    let log = workspace.root.join("all_logs/backend.log");
    start_watched(Command::new(std::env::current_exe()?).arg("-w").arg(&workspace.root).arg("process"), &log)
}

/// As [`start`], on a thread of its own, which says what came of it: a refusal is waited for.
///
/// # Errors
/// When there is no thread for it; then nothing is said.
pub(super) fn start_aside(workspace: Workspace, tell: impl FnOnce(io::Result<u32>) + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name("dqmon-backend-start".into()).spawn(move || tell(start(&workspace))).map(drop)
}

/// Starts a process and waits a moment whether it is one that stays.
fn start_watched(command: &mut Command, log: &Path) -> io::Result<u32> {
    let file = log_file(log)?;
    // What stands there already is of others.
    let before = file.metadata()?.len();
    let (process_id, end) = start_detached(command, file)?;
    match end.recv_timeout(REFUSED_WITHIN) {
        Ok(status) if !status.success() => {
            let said = end_of(log, before).unwrap_or_default();
            Err(io::Error::other(last_message(&String::from_utf8_lossy(&said)).to_owned()))
        }
        _ => Ok(process_id),
    }
}

/// The last of dqmon's messages, else the last line.
fn last_message(said: &str) -> &str {
    let message = said.lines().rev().find_map(|line| line.strip_prefix("dqmon: "));
    let last = || said.lines().rev().find(|line| !line.trim().is_empty());
    message.or_else(last).unwrap_or("it said nothing")
}

/// The last bytes of a log behind its first `before` ones: it may be long.
fn end_of(log: &Path, before: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(log)?;
    let skipped = file.metadata()?.len().saturating_sub(4096).max(before);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.take(4096).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Starts a simulated shift in a new workspace and waits until it can be opened. Returns the workspace's folder. `goes_on` is told
/// how long it waits already, and says whether to go on; when not, the shift that was begun is asked to end.
///
/// # Errors
/// When the process can't be started, ends at once, or makes no workspace; with its last words.
pub(super) fn start_demo(folder: &Path, mut goes_on: impl FnMut(Duration) -> bool) -> io::Result<PathBuf> {
    if folder.join(Workspace::SETTINGS_FILE).exists() {
        return Err(io::Error::other(format!("there is a workspace already, name a new folder: {}", folder.display())));
    }
    std::fs::create_dir_all(folder)?;
    let log = folder.join("demo.log");
    let mut command = Command::new(std::env::current_exe()?);
    let (process_id, end) = start_detached(command.arg("demo").arg(folder).arg("--no-window"), log_file(&log)?)?;
    let started = Instant::now();
    while started.elapsed() < DEMO_READY {
        if folder.join("book.sqlite").exists() {
            return Ok(folder.to_owned());
        }
        if end.try_recv().is_ok() {
            let said = end_of(&log, 0).unwrap_or_default();
            return Err(io::Error::other(last_message(&String::from_utf8_lossy(&said)).to_owned()));
        }
        if !goes_on(started.elapsed()) {
            end_process(process_id);
            return Err(io::Error::other(format!("cancelled; what was made so far stands: {}", folder.display())));
        }
        thread::sleep(Duration::from_millis(50));
    }
    Err(io::Error::other(format!("no workspace came about, see demo.log: {}", folder.display())))
}

/// Asks a process that was started here to end in order.
fn end_process(process_id: u32) {
    let pid = i32::try_from(process_id).ok().and_then(rustix::process::Pid::from_raw);
    let asked = pid.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::TERM));
    if !matches!(asked, Some(Ok(()))) {
        tracing::warn!("process {process_id} could not be asked to end");
    }
}

fn log_file(path: &Path) -> io::Result<File> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    OpenOptions::new().create(true).append(true).open(path)
}

/// Starts a process in a group of its own, so that an interrupt typed at the window's terminal does not reach it. A thread
/// waits for its end, so that it leaves no zombie while the window lives. Answers its process id, and where its end is told.
fn start_detached(command: &mut Command, log: File) -> io::Result<(u32, Receiver<ExitStatus>)> {
    let also_log = log.try_clone()?;
    let mut child = command.stdin(Stdio::null()).stdout(log).stderr(also_log).process_group(0).spawn()?;
    let process_id = child.id();
    let (sender, end) = sync_channel(1);
    thread::Builder::new().name("dqmon-backend-wait".into()).spawn(move || match child.wait() {
        // Nobody need listen any more.
        Ok(status) => drop(sender.try_send(status)),
        Err(error) => tracing::warn!("process {process_id} could not be waited for: {error}"),
    })?;
    Ok((process_id, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_that_ends_at_once_was_not_started_and_its_last_words_say_why() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("all_logs/backend.log");
        let mut command = Command::new("sh");
        let error = start_watched(command.args(["-c", "echo 'dqmon: a backend runs already' >&2; exit 2"]), &log).unwrap_err();
        assert_eq!(error.to_string(), "a backend runs already");
        // What it says last need not be the message, and what stood there before is of another.
        let mut command = Command::new("sh");
        let words = "echo 'dqmon: the disk is full' >&2; echo 'what to do: make room' >&2; exit 2";
        assert_eq!(start_watched(command.args(["-c", words]), &log).unwrap_err().to_string(), "the disk is full");
        let error = start_watched(Command::new("sh").args(["-c", "exit 2"]), &log).unwrap_err();
        assert_eq!(error.to_string(), "it said nothing");
        let mut command = Command::new("sleep");
        let process_id = start_watched(command.arg("3"), &log).unwrap();
        assert!(Path::new(&format!("/proc/{process_id}")).exists());
    }
}
