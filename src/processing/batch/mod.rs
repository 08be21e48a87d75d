//! Batch systems behind one seam: who runs the job scripts.
//!
//! A batch system's word alone is no proof of anything. A job has ended when its own end mark says so, and is gone when nothing
//! holds its lock; both are files of the workspace, so that a backend that starts anew finds each job in the state it is in.

mod asker;
mod calls;
mod cluster;
mod dialect;
mod end_mark;
mod job;
mod limits;
mod local;
mod lock;
mod pbs;
mod process_tree;
mod record;
mod slurm;
mod ticket;
mod word;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use monitasks::vocab::{FileId, Group, Processing, Run};

pub use dialect::Limits;
pub use end_mark::EndMark;
pub use job::{JobError, JobOrderText, host, run_job};
pub use local::LocalPool;
pub use record::{BatchRecord, RecordField, read_batch_record};
pub use word::{BatchWord, Cause, Phase};

use self::cluster::{Cluster, Use};
use self::dialect::{Dialect, Wishes};
use self::pbs::Pbs;
use self::slurm::Slurm;
use self::ticket::plain_name;
use crate::bookkeeping::{JobKind, JobRecord, JobState};
use crate::config::{BatchSettings, BatchSystem, Workspace};

/// A batch system. Threads share it: one may give it a job while another looks at others.
pub trait Batch: Send + Sync {
    /// Its name in the book: `local`.
    fn name(&self) -> &'static str;

    /// Jobs that it should be given at once.
    fn slots(&self) -> usize;

    /// Whether a job may wait in it before it runs.
    fn has_queue(&self) -> bool {
        false
    }

    /// Why it gave no answer when it was asked last; none while it answers, or was not asked.
    fn fault(&self) -> Option<String> {
        None
    }

    /// Starts a job; answers the batch system's name for it.
    ///
    /// # Errors
    /// When it was not started. [`BatchError::StillThere`] when an earlier attempt of it holds the lock;
    /// [`BatchError::NoAnswer`] when it may have been taken: look at it again, which also says when it may be given again.
    fn submit(&self, order: &JobOrder) -> Result<String, BatchError>;

    /// What has become of a job. Waits for no batch system: what this needs to know is asked meanwhile, for all jobs at once.
    ///
    /// # Errors
    /// When the job's own files can't be looked at; ask again.
    fn look(&self, order: &JobOrder) -> Result<JobSeen, BatchError>;

    /// Ends a job and all its processes. No error when it is gone already. A job whose fate nobody knows counts as gone from
    /// then on.
    ///
    /// # Errors
    /// When it can't be ended.
    fn cancel(&self, order: &JobOrder) -> Result<(), BatchError>;

    /// Drops what is remembered of a job that is over: nobody will ask for it again.
    fn forget(&self, _order: &JobOrder) {}

    /// What the batch system itself said of a job last: where it ran, and why it was ended. None where there is no more to say
    /// than the end mark does.
    fn word(&self, _order: &JobOrder) -> Option<BatchWord> {
        None
    }
}

/// The batch system that a workspace's settings name; jobs are started with that dqmon program.
#[must_use]
pub fn of_settings(workspace: &Workspace, program: &Path) -> Box<dyn Batch> {
    let BatchSettings { system, slots, queue, arguments, commands_folder, memory_limit_mb, time_limit_s, poll_s, grace_s } =
        workspace.settings.batch.clone();
    let limits = Limits { memory_mb: memory_limit_mb, time_s: time_limit_s };
    let wishes = Wishes { commands: commands_folder.into(), queue, arguments, limits };
    let dialect: Arc<dyn Dialect> = match system {
        BatchSystem::Local => {
            let slots = if slots == 0 { workspace.settings.pool.jobs } else { slots };
            return Box::new(LocalPool::new(program.to_owned(), slots).within(limits));
        }
        BatchSystem::Slurm => Arc::new(Slurm { wishes }),
        BatchSystem::Pbs => Arc::new(Pbs { wishes }),
    };
    let seconds = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(3600));
    let slots = if slots == 0 { BatchSettings::SLOTS } else { slots };
    let its_use = Use { slots, every: seconds(poll_s), grace: seconds(grace_s), limits };
    // Started in another folder on another machine, where a relative path means nothing.
    let program = std::path::absolute(program).unwrap_or_else(|_| program.to_owned());
    Box::new(Cluster::new(program, dialect, its_use))
}

/// What has become of a job.
#[derive(Debug, Clone, PartialEq)]
pub enum JobSeen {
    /// It was never started, and nothing of it is there.
    NotStarted,
    /// The batch system is being asked; look again.
    NotYetKnown,
    /// It waits for its turn.
    Queued,
    /// It waits for a person, and why.
    Held(String),
    /// It runs.
    Running,
    /// It ended.
    Ended(Box<EndMark>),
    /// It was started, left no end mark, and no process of it lives.
    Gone,
    /// It can't be known what has become of it, and why; nothing is lost, and nothing may be started in its place until a person
    /// has said so or the batch system has.
    Unknown(String),
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
    /// The batch system will not take the job.
    #[error("{system} refused the job: {why}")]
    Refused {
        /// Its name.
        system: &'static str,
        /// What it said.
        why: String,
    },
    /// The batch system did not answer in time, or not in words that it should use.
    #[error("no answer from {system}: {why}")]
    NoAnswer {
        /// Its name.
        system: &'static str,
        /// What it said, or did not.
        why: String,
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
    /// The batch system's name for it, as far as the book has one.
    pub batch_id: Option<String>,
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
        // Its files stand in their folders, whatever it is called.
        let plain = plain_name(&name);
        let stem = if attempt <= 1 { plain.clone() } else { format!("{plain}-a{attempt}") };
        let (work, logs) = (workspace.processing("work").join(&stem), workspace.batch_logs_of(run));
        JobOrder {
            attempt,
            kind,
            run,
            file,
            group,
            processing,
            submitted,
            batch_id: None,
            time_zone: workspace.settings.time_zone.clone(),
            script: workspace.scripts_of(run).join(format!("{stem}.sh")),
            settings: workspace.scripts_of(run).join(format!("{stem}.toml")),
            status: work.join("dqmon.status"),
            work,
            lock: workspace.processing("work").join(format!("{plain}.lock")),
            log: logs.join(format!("{stem}.log")),
            record: logs.join(format!("{stem}.txt")),
            mark: logs.join(format!("{stem}.json")),
            name,
        }
    }

    /// What the process that runs it is told: `job --name=…`.
    fn arguments(&self, limits: Limits) -> Vec<OsString> {
        let text = |option: &str, value: String| OsString::from(format!("--{option}={value}"));
        let mut arguments = vec![
            OsString::from("job"),
            text("name", self.name.clone()),
            text("attempt", self.attempt.to_string()),
            text("submitted", self.submitted.to_string()),
            text("time-zone", self.time_zone.clone()),
        ];
        for (option, path) in [
            ("--script=", &self.script),
            ("--work=", &self.work),
            ("--log=", &self.log),
            ("--record=", &self.record),
            ("--mark=", &self.mark),
            ("--status=", &self.status),
        ] {
            let mut argument = OsString::from(option);
            argument.push(path);
            arguments.push(argument);
        }
        for (option, limit) in [("memory-limit-mb", limits.memory_mb), ("time-limit-s", limits.time_s)] {
            if limit > 0 {
                arguments.push(text(option, limit.to_string()));
            }
        }
        arguments
    }

    /// Its name and attempt: no other job has both.
    #[must_use]
    pub fn key(&self) -> (String, u32) {
        (self.name.clone(), self.attempt)
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

fn failed(what: &'static str, path: &Path) -> impl Fn(std::io::Error) -> BatchError {
    let path = path.to_owned();
    move |why| BatchError::Io { what, why, path: path.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An attempt of a reconstruction in a workspace.
    pub(super) fn order_in(root: &Path, name: &str, attempt: u32) -> JobOrder {
        let workspace = Workspace { root: root.to_owned(), settings: crate::config::Settings::default() };
        let file = Some(FileId::new(1, 0));
        let (kind, run, processing) = (JobKind::Reconstruct, Run(1), Processing(1));
        let subject = JobSubject { name: name.into(), kind, run, file, group: None, processing };
        JobOrder::new(&workspace, &subject, attempt, "2016-10-25T14:12:37Z".parse().unwrap())
    }

    #[test]
    fn a_jobs_files_stand_in_their_folders_whatever_it_is_called() {
        let order = order_in(Path::new("/w"), "../../etc/$(passwd)\n", 2);
        for (path, folder) in [
            (&order.script, "/w/processing/scripts/run1"),
            (&order.work, "/w/processing/work"),
            (&order.lock, "/w/processing/work"),
            (&order.mark, "/w/all_logs/batch/run1"),
        ] {
            assert_eq!(path.parent(), Some(Path::new(folder)), "{}", path.display());
        }
        assert_eq!(order_in(Path::new("/w"), "reco_run1-seq0", 1).mark, Path::new("/w/all_logs/batch/run1/reco_run1-seq0.json"));
    }
}
