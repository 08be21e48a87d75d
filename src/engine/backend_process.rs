//! Starts the backend as a process of its own, which goes on when every window is closed.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::config::Workspace;

/// A demo's workspace stands within this time, or something is wrong.
const DEMO_READY: Duration = Duration::from_secs(20);

/// Starts `dqmon process` on a workspace; what it prints goes to `all_logs/backend.log`. Returns its process id.
///
/// # Errors
/// When the log can't be opened or the process not started.
pub fn start(workspace: &Workspace) -> io::Result<u32> {
    let log = log_file(&workspace.root.join("all_logs/backend.log"))?;
    start_detached(Command::new(std::env::current_exe()?).arg("-w").arg(&workspace.root).arg("process"), log)
}

/// Starts a simulated shift in a new workspace and waits until it can be opened. Returns the workspace's folder.
///
/// # Errors
/// When the process can't be started or makes no workspace.
pub(super) fn start_demo(folder: &Path) -> io::Result<PathBuf> {
    if folder.join(Workspace::SETTINGS_FILE).exists() {
        return Err(io::Error::other(format!("there is a workspace already, name a new folder: {}", folder.display())));
    }
    std::fs::create_dir_all(folder)?;
    let log = log_file(&folder.join("demo.log"))?;
    start_detached(Command::new(std::env::current_exe()?).arg("demo").arg(folder).arg("--no-window"), log)?;
    let started = Instant::now();
    while started.elapsed() < DEMO_READY {
        if folder.join("book.sqlite").exists() {
            return Ok(folder.to_owned());
        }
        thread::sleep(Duration::from_millis(50));
    }
    Err(io::Error::other(format!("no workspace came about, see demo.log: {}", folder.display())))
}

fn log_file(path: &Path) -> io::Result<File> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    OpenOptions::new().create(true).append(true).open(path)
}

/// Starts a process in a group of its own, so that an interrupt typed at the window's terminal does not reach it. A thread
/// waits for its end, so that it leaves no zombie while the window lives.
fn start_detached(command: &mut Command, log: File) -> io::Result<u32> {
    let also_log = log.try_clone()?;
    let mut child = command.stdin(Stdio::null()).stdout(log).stderr(also_log).process_group(0).spawn()?;
    let process_id = child.id();
    thread::Builder::new().name("dqmon-backend-wait".into()).spawn(move || {
        if let Err(error) = child.wait() {
            tracing::warn!("process {process_id} could not be waited for: {error}");
        }
    })?;
    Ok(process_id)
}
