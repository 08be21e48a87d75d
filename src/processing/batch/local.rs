//! The local pool: jobs as processes of this machine.
//!
//! A job's lock is taken here, before the job is there, and handed to it as its standard input; every process of the job
//! inherits it. So there is no instant at which a job lives and its lock is free, whoever is killed when.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};

use super::job::open_log;
use super::{Batch, BatchError, EndMark, JobOrder, JobSeen};

/// Jobs as processes of this machine.
pub struct LocalPool {
    program: PathBuf,
    slots: usize,
    children: Vec<Child>,
}

impl LocalPool {
    /// A pool that starts jobs with a dqmon program; 0 slots for one per core.
    #[must_use]
    pub fn new(program: PathBuf, slots: usize) -> Self {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        LocalPool { program, slots: if slots == 0 { cores() } else { slots }, children: Vec::new() }
    }

    /// Takes ended children off the operating system's table.
    fn reap(&mut self) {
        self.children.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
    }
}

impl Batch for LocalPool {
    fn name(&self) -> &'static str {
        "local"
    }

    fn slots(&self) -> usize {
        self.slots
    }

    fn submit(&mut self, order: &JobOrder) -> Result<String, BatchError> {
        self.reap();
        let lock = match locked(&order.lock)? {
            Some(lock) => lock,
            None => return Err(BatchError::StillThere { lock: order.lock.clone() }),
        };
        let mut command = Command::new(&self.program);
        command.arg("job").arg("--name").arg(&order.name).arg("--attempt").arg(order.attempt.to_string());
        command.arg("--submitted").arg(order.submitted.to_string()).arg("--time-zone").arg(&order.time_zone);
        for (option, path) in [
            ("--script", &order.script),
            ("--work", &order.work),
            ("--log", &order.log),
            ("--record", &order.record),
            ("--mark", &order.mark),
            ("--status", &order.status),
        ] {
            command.arg(option).arg(path);
        }
        // A process group of its own: an interrupt from the keyboard is for the backend alone.
        // What it can't do before it has opened its log is told there all the same.
        let errors = open_log(&order.log).map_or_else(|_| Stdio::null(), Stdio::from);
        command.stdin(lock).stdout(Stdio::null()).stderr(errors).process_group(0);
        let child = command.spawn().map_err(failed("job not started", &self.program))?;
        let id = child.id().to_string();
        self.children.push(child);
        Ok(id)
    }

    fn look(&mut self, order: &JobOrder) -> Result<JobSeen, BatchError> {
        self.reap();
        if !order.lock.exists() {
            return Ok(JobSeen::NotStarted);
        }
        // The lock before the mark: a job writes its mark while it holds the lock.
        let Some(_free) = locked(&order.lock)? else { return Ok(JobSeen::Running) };
        if let Some(mark) = EndMark::of(&order.mark, &order.name, order.attempt) {
            return Ok(JobSeen::Ended(Box::new(mark)));
        }
        let was_started = holder(&order.lock).is_some_and(|(attempt, _)| attempt == order.attempt);
        Ok(if was_started { JobSeen::Gone } else { JobSeen::NotStarted })
    }

    fn cancel(&mut self, order: &JobOrder) -> Result<(), BatchError> {
        if self.look(order)? != JobSeen::Running {
            return Ok(());
        }
        let group = holder(&order.lock).filter(|(attempt, _)| *attempt == order.attempt);
        let Some(group) = group.and_then(|(_, pid)| Pid::from_raw(pid)) else { return Ok(()) };
        kill_process_group(group, Signal::TERM).map_err(|error| failed("job not ended", &order.lock)(error.into()))
    }
}

/// The lock file, locked; none when a process holds it.
fn locked(path: &Path) -> Result<Option<File>, BatchError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed("folder not made", folder))?;
    }
    let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    let file = options.map_err(failed("job lock not opened", path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed("job lock not taken", path)(error)),
    }
}

/// Attempt and first process that the lock file names.
fn holder(path: &Path) -> Option<(u32, i32)> {
    let text = fs::read_to_string(path).ok()?;
    let (attempt, pid) = text.trim().split_once(' ')?;
    Some((attempt.parse().ok()?, pid.parse().ok()?))
}

fn failed(what: &'static str, path: &Path) -> impl Fn(std::io::Error) -> BatchError {
    let path = path.to_owned();
    move |why| BatchError::Io { what, why, path: path.clone() }
}
