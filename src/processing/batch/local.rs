//! The local pool: jobs as processes of this machine.
//!
//! A job's lock is taken here, before the job is there, and handed to it as its standard input; every process of the job
//! inherits it. So there is no instant at which a job lives and its lock is free, whoever is killed when.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};

use super::dialect::Limits;
use super::job::{host, open_log};
use super::lock::{holder, locked};
use super::{Batch, BatchError, EndMark, JobOrder, JobSeen, failed};

/// Jobs as processes of this machine.
pub struct LocalPool {
    program: PathBuf,
    slots: usize,
    limits: Limits,
    children: Mutex<Vec<Started>>,
}

/// A job that this pool has started.
struct Started {
    name: String,
    attempt: u32,
    child: Child,
}

impl LocalPool {
    /// A pool that starts jobs with a dqmon program; 0 slots for one per core.
    #[must_use]
    pub fn new(program: PathBuf, slots: usize) -> Self {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        LocalPool {
            program,
            slots: if slots == 0 { cores() } else { slots },
            limits: Limits::default(),
            children: Mutex::default(),
        }
    }

    /// The same pool, its jobs within limits.
    #[must_use]
    pub fn within(self, limits: Limits) -> Self {
        LocalPool { limits, ..self }
    }

    fn children(&self) -> MutexGuard<'_, Vec<Started>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process group of an attempt that this pool has started and that has not ended.
    fn started_here(&self, order: &JobOrder) -> Option<Pid> {
        let children = self.children();
        let started = children.iter().find(|started| started.name == order.name && started.attempt == order.attempt)?;
        Pid::from_raw(i32::try_from(started.child.id()).ok()?)
    }

    /// Takes ended children off the operating system's table.
    fn reap(&self) {
        self.children().retain_mut(|started| matches!(started.child.try_wait(), Ok(None)));
    }
}

impl Batch for LocalPool {
    fn name(&self) -> &'static str {
        "local"
    }

    fn slots(&self) -> usize {
        self.slots
    }

    fn submit(&self, order: &JobOrder) -> Result<String, BatchError> {
        self.reap();
        let lock = match locked(&order.lock)? {
            Some(lock) => lock,
            None => return Err(BatchError::StillThere { lock: order.lock.clone() }),
        };
        let mut command = Command::new(&self.program);
        command.args(order.arguments(self.limits));
        // A process group of its own: an interrupt from the keyboard is for the backend alone.
        // What it can't do before it has opened its log is told there all the same.
        let errors = open_log(&order.log).map_or_else(|_| Stdio::null(), Stdio::from);
        command.stdin(lock).stdout(Stdio::null()).stderr(errors).process_group(0);
        let child = command.spawn().map_err(failed("job not started", &self.program))?;
        let id = child.id().to_string();
        self.children().push(Started { name: order.name.clone(), attempt: order.attempt, child });
        Ok(id)
    }

    fn look(&self, order: &JobOrder) -> Result<JobSeen, BatchError> {
        self.reap();
        if !order.lock.exists() {
            return Ok(JobSeen::NotStarted);
        }
        // The lock before the mark: a job writes its mark while it holds the lock.
        let Some(_free) = locked(&order.lock)? else { return Ok(JobSeen::Running) };
        if let Some(mark) = EndMark::of(&order.mark, &order.name, order.attempt) {
            return Ok(JobSeen::Ended(Box::new(mark)));
        }
        let was_started = holder(&order.lock).is_some_and(|holder| holder.attempt == order.attempt);
        Ok(if was_started { JobSeen::Gone } else { JobSeen::NotStarted })
    }

    fn cancel(&self, order: &JobOrder) -> Result<(), BatchError> {
        if self.look(order)? != JobSeen::Running {
            return Ok(());
        }
        // The process of a lock that was taken on another machine is none of this one.
        let is_here = |of: &Option<String>| of.as_ref().is_none_or(|of| *of == host());
        let first = holder(&order.lock).filter(|holder| holder.attempt == order.attempt && is_here(&holder.host));
        // A job that was started this instant has not named itself yet: it is known by the process that was started.
        let Some(group) = first.and_then(|holder| Pid::from_raw(holder.pid)).or_else(|| self.started_here(order)) else {
            let why = "somebody runs it who has not said which attempt it is; cancel it again in a moment".to_owned();
            return Err(BatchError::NoAnswer { system: "the job", why });
        };
        kill_process_group(group, Signal::TERM).map_err(|error| failed("job not ended", &order.lock)(error.into()))
    }
}
