//! Batch systems behind one seam: who runs the job scripts.
//!
//! A batch system's word alone is no proof of anything. A job has ended when its own end mark says so, and is gone when nothing
//! holds its lock; both are files of the workspace, so that a backend that starts anew finds each job in the state it is in.

mod end_mark;
mod job;
mod local;
mod record;

use std::path::PathBuf;

use jiff::Timestamp;
use monitasks::vocab::{FileId, Group, Processing, Run};

pub use end_mark::EndMark;
pub use job::{JobError, JobOrderText, host, run_job};
pub use local::LocalPool;

use crate::bookkeeping::{JobKind, JobRecord, JobState};
use crate::config::Workspace;

/// A batch system.
pub trait Batch: Send {
    /// Its name in the book: `local`.
    fn name(&self) -> &'static str;

    /// Jobs that it should be given at once.
    fn slots(&self) -> usize;

    /// Starts a job; answers the batch system's name for it.
    ///
    /// # Errors
    /// When it was not started. [`BatchError::StillThere`] when an earlier attempt of it holds the lock.
    fn submit(&mut self, order: &JobOrder) -> Result<String, BatchError>;

    /// What has become of a job.
    ///
    /// # Errors
    /// When it can't be known now; ask again.
    fn look(&mut self, order: &JobOrder) -> Result<JobSeen, BatchError>;

    /// Ends a job and all its processes. No error when it is gone already.
    ///
    /// # Errors
    /// When it can't be ended.
    fn cancel(&mut self, order: &JobOrder) -> Result<(), BatchError>;
}

/// What has become of a job.
#[derive(Debug, Clone, PartialEq)]
pub enum JobSeen {
    /// It was never started, and nothing of it is there.
    NotStarted,
    /// It runs.
    Running,
    /// It ended.
    Ended(Box<EndMark>),
    /// It was started, left no end mark, and no process of it lives.
    Gone,
}

/// A batch system that refused or can't say.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// An earlier attempt of the job lives.
    #[error("a process of this job still lives; it holds the lock: {}", lock.display())]
    StillThere {
        /// The lock.
        lock: PathBuf,
    },
    /// The operating system refused.
    #[error("{what}: {why}: {}", path.display())]
    Io {
        /// What was being done.
        what: &'static str,
        /// The operating system's reason.
        why: std::io::Error,
        /// The file.
        path: PathBuf,
    },
}

/// One attempt of a job: its names and all its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobOrder {
    /// Its name: `reco_run1-seq0`.
    pub name: String,
    /// The attempt, from 1.
    pub attempt: u32,
    /// What it does.
    pub kind: JobKind,
    /// The run it works on.
    pub run: Run,
    /// The raw file it works on, for a reconstruction.
    pub file: Option<FileId>,
    /// The group it works on, for an analysis.
    pub group: Option<Group>,
    /// The processing it belongs to.
    pub processing: Processing,
    /// When it was submitted.
    pub submitted: Timestamp,
    /// IANA name of the site's time zone, for the batch record.
    pub time_zone: String,
    /// Its script, kept for ever.
    pub script: PathBuf,
    /// The settings it works with, beside its script and kept as long.
    pub settings: PathBuf,
    /// Its own folder, where its output goes until it is accepted.
    pub work: PathBuf,
    /// Locked by every process of every attempt of the job while it lives.
    pub lock: PathBuf,
    /// What it prints.
    pub log: PathBuf,
    /// Its batch record.
    pub record: PathBuf,
    /// Its end mark.
    pub mark: PathBuf,
    /// Where its script leaves dqmon's exit status.
    pub status: PathBuf,
}

/// What a job is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSubject {
    /// Its name.
    pub name: String,
    /// What it does.
    pub kind: JobKind,
    /// The run it works on.
    pub run: Run,
    /// The raw file it works on.
    pub file: Option<FileId>,
    /// The group it works on.
    pub group: Option<Group>,
    /// The processing it belongs to.
    pub processing: Processing,
}

impl JobOrder {
    /// An attempt of a job in a workspace. The first attempt has the job's own name; later ones carry their number.
    #[must_use]
    pub fn new(workspace: &Workspace, subject: &JobSubject, attempt: u32, submitted: Timestamp) -> Self {
        let JobSubject { name, kind, run, file, group, processing } = subject.clone();
        let stem = if attempt <= 1 { name.clone() } else { format!("{name}-a{attempt}") };
        let (work, logs) = (workspace.processing("work").join(&stem), workspace.batch_logs_of(run));
        JobOrder {
            attempt,
            kind,
            run,
            file,
            group,
            processing,
            submitted,
            time_zone: workspace.settings.time_zone.clone(),
            script: workspace.scripts_of(run).join(format!("{stem}.sh")),
            settings: workspace.scripts_of(run).join(format!("{stem}.toml")),
            status: work.join("dqmon.status"),
            work,
            lock: workspace.processing("work").join(format!("{name}.lock")),
            log: logs.join(format!("{stem}.log")),
            record: logs.join(format!("{stem}.txt")),
            mark: logs.join(format!("{stem}.json")),
            name,
        }
    }

    /// When its script started, as its end mark says.
    #[must_use]
    pub fn started(&self) -> Option<Timestamp> {
        EndMark::of(&self.mark, &self.name, self.attempt).map(|mark| mark.started)
    }

    /// Its row in the book.
    #[must_use]
    pub fn row(&self, state: JobState, batch: &str, batch_id: Option<String>) -> JobRecord {
        JobRecord {
            id: 0,
            name: self.name.clone(),
            attempt: self.attempt,
            kind: self.kind,
            run: self.run,
            file: self.file,
            group: self.group,
            processing: self.processing,
            state,
            batch: batch.into(),
            batch_id,
            submitted: self.submitted,
            started: None,
            ended: None,
            cpu_s: None,
            wall_s: None,
            peak_memory_bytes: None,
            exit_status: None,
            script: self.script.clone(),
            log: self.log.clone(),
            reason: None,
        }
    }
}
