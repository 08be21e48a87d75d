//! The book's rows as plain data.

use std::path::PathBuf;

use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::summary::Measured;
use monitasks::vocab::{FileId, Group, Processing, Run, Sequence};
use serde::{Deserialize, Serialize};

/// A text in the book that is none of the words it should be one of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no {what}; there are: {known}")]
pub struct WordError {
    /// The kind of word: `file step`.
    pub what: &'static str,
    /// The text as found.
    pub found: String,
    /// The words there are.
    pub known: String,
}

/// An enum whose values stand as words in the book.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $what:literal { $($(#[$doc:meta])* $value:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$doc])* $value,)+ }

        impl $name {
            /// All of them, in order.
            pub const ALL: &[$name] = &[$($name::$value,)+];

            /// The word in the book.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $($name::$value => $word,)+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = WordError;

            fn from_str(text: &str) -> Result<Self, WordError> {
                $name::ALL.iter().copied().find(|value| value.word() == text).ok_or_else(|| WordError {
                    what: $what,
                    found: text.to_owned(),
                    known: $name::ALL.iter().map(|value| value.word()).collect::<Vec<_>>().join(", "),
                })
            }
        }
    };
}

words! {
    /// How far a raw file has come. Each is stored before what it names is done.
    FileStep, "file step" {
        /// The DAQ has closed it.
        Arrived = "arrived",
        /// It is being copied to the storage.
        Copying = "copying",
        /// It stands in the storage; log lines and queue entry are being written.
        Copied = "copied",
        /// Both transfer logs have its line, `todo/` has its entry; it waits for a slot.
        Queued = "queued",
        /// An attempt is allotted and its job is being started.
        Submitting = "submitting",
        /// Its job runs.
        Running = "running",
        /// Its job has ended well; the output is being checked.
        Ended = "ended",
        /// Its reconstructed file has been accepted.
        Reconstructed = "reconstructed",
        /// It is in a group that is being analysed.
        Grouped = "grouped",
        /// It is in a result.
        Analysed = "analysed",
        /// Something went wrong; class and reason stand beside it.
        Failed = "failed",
    }
}

words! {
    /// What kind of failure it was.
    FailureClass, "failure class" {
        /// The raw file can't be read or copied.
        Intake = "intake",
        /// Not enough room in the storage.
        Space = "space",
        /// The job ended with an error.
        Job = "job",
        /// The job went away without an end mark, again and again.
        Lost = "lost",
        /// The job ended well and its output is missing or not as expected.
        Output = "output",
        /// None of its group's analyses led to a result.
        Analysis = "analysis",
        /// The job could not be started.
        Submit = "submit",
    }
}

words! {
    /// What a job does.
    JobKind, "kind of job" {
        /// Raw file to reconstructed file.
        Reconstruct = "reconstruct",
        /// Pedestals of a group.
        Pedestals = "pedestals",
        /// Electron lifetime of a group.
        Purity = "purity",
        /// LEM gain of a group.
        Gain = "gain",
    }
}

words! {
    /// The state of a job, as people know it from batch systems.
    JobState, "job state" {
        /// Allotted, not yet seen running.
        Queued = "queued",
        /// It runs.
        Running = "running",
        /// It ended well.
        Done = "done",
        /// It ended with an error, or went away.
        Failed = "failed",
        /// It waits for a person.
        Held = "held",
        /// The batch system can't say.
        Unknown = "unknown",
    }
}

words! {
    /// How far a group has come.
    GroupStep, "group step" {
        /// Its analysis runs.
        Analysing = "analysing",
        /// All its results stand in `results/`.
        Done = "done",
        /// At least one of its analyses failed; the others were made.
        Failed = "failed",
    }
}

words! {
    /// How far one analysis of a group has come.
    TaskPhase, "phase of an analysis" {
        /// It waits for a slot, or for the analysis it needs.
        Waiting = "waiting",
        /// An attempt is allotted and its job is being started.
        Submitting = "submitting",
        /// Its job runs.
        Running = "running",
        /// Its job has ended well; the results are being moved into place.
        Ended = "ended",
        /// Its results stand in `results/`.
        Done = "done",
        /// It failed; the reason stands beside it.
        Failed = "failed",
    }
}

words! {
    /// What a person asks of the backend.
    RequestKind, "kind of request" {
        /// Process a failed file again.
        Resubmit = "resubmit",
        /// Stop after the current step; jobs go on.
        Stop = "stop",
    }
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunRecord {
    /// Its number.
    pub run: Run,
    /// When the first of its files was seen.
    pub first_seen: Timestamp,
    /// When its end was known; none while more files may come.
    pub ended: Option<Timestamp>,
    /// How its end was known: `marker` or `quiet`.
    pub ended_by: Option<String>,
}

/// A raw file: how far it has come, and its facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileRecord {
    /// Its name.
    pub file: FileId,
    /// The pass it is in.
    pub processing: Processing,
    /// How far it has come.
    pub step: FileStep,
    /// When it got there.
    pub since: Timestamp,
    /// What kind of failure, for a failed file.
    pub failure: Option<FailureClass>,
    /// Why it failed, or what it waits for.
    pub reason: Option<String>,
    /// Its path in the intake folder, relative to that folder.
    pub source: String,
    /// Its size, bytes.
    pub size_bytes: u64,
    /// When the DAQ wrote it last.
    pub daq_closed: Timestamp,
    /// When it was first seen complete.
    pub arrived: Timestamp,
    /// Adler-32 of its bytes, once copied.
    pub adler32: Option<u32>,
    /// Job attempts so far; the number of the newest.
    pub attempt: u32,
    /// Attempts in a row whose job went away without an end mark.
    pub lost: u32,
    /// Events in its reconstructed file, once accepted.
    pub events: Option<u64>,
    /// When its reconstructed file was accepted; groups take files in this order.
    pub accepted: Option<Timestamp>,
    /// The group it was put into.
    pub group: Option<Group>,
    /// Size and time of a file of the same name and other content that was refused, so that it is told once.
    pub refused: Option<(u64, Timestamp)>,
}

/// A copy of a raw file into the storage that was completed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TransferRecord {
    /// The file.
    pub file: FileId,
    /// Where it came from.
    pub from: PathBuf,
    /// Where it stands.
    pub to: PathBuf,
    /// Bytes copied.
    pub size_bytes: u64,
    /// Adler-32 of the bytes.
    pub adler32: u32,
    /// When the copy began.
    pub started: Timestamp,
    /// When it stood under its final name.
    pub ended: Timestamp,
}

/// One attempt of a job.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JobRecord {
    /// Its number in the book; 0 before it is in the book.
    pub id: i64,
    /// Its name: `reco_run1-seq0`, `purity_run1-p1-g0`.
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
    /// Its state.
    pub state: JobState,
    /// The batch system: `local`.
    pub batch: String,
    /// The batch system's name for it: a process id for the local pool.
    pub batch_id: Option<String>,
    /// When it was submitted.
    pub submitted: Timestamp,
    /// When it started.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// CPU time used, s.
    pub cpu_s: Option<f64>,
    /// Wall time used, s.
    pub wall_s: Option<f64>,
    /// Highest resident memory, bytes.
    pub peak_memory_bytes: Option<u64>,
    /// What its script ended with.
    pub exit_status: Option<i32>,
    /// Its script.
    pub script: PathBuf,
    /// What it printed.
    pub log: PathBuf,
    /// Why it failed.
    pub reason: Option<String>,
}

/// One analysis of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskStep {
    /// Which.
    pub kind: JobKind,
    /// How far it has come.
    pub phase: TaskPhase,
    /// Job attempts so far; the number of the newest.
    pub attempt: u32,
    /// Attempts in a row whose job went away without an end mark.
    pub lost: u32,
    /// Why it failed.
    pub reason: Option<String>,
}

/// A group of files of a run that are analysed together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupRecord {
    /// The run.
    pub run: Run,
    /// The pass over the run.
    pub processing: Processing,
    /// Its number in the run, from 0.
    pub group: Group,
    /// Its members.
    pub members: Vec<FileId>,
    /// How far it has come.
    pub step: GroupStep,
    /// When it got there.
    pub since: Timestamp,
    /// Its analyses, in the order they are made.
    pub tasks: Vec<TaskStep>,
    /// Result files, relative to the workspace.
    pub results: Vec<String>,
}

impl GroupRecord {
    /// `run1-p1-g0`, the stem of its results.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-p{}-g{}", self.run, self.processing.0, self.group.0)
    }

    /// Why it failed: the reasons of its failed analyses.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let faults: Vec<String> = self
            .tasks
            .iter()
            .filter_map(|task| task.reason.as_ref().map(|reason| format!("{}: {reason}", task.kind.word())))
            .collect();
        (!faults.is_empty()).then(|| faults.join("; "))
    }
}

/// Something that happened, to be written into the story.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryEntry {
    /// When.
    pub at: Timestamp,
    /// The run it happened to; none for the workspace as a whole.
    pub run: Option<Run>,
    /// The file it happened to; none for a run as a whole.
    pub sequence: Option<Sequence>,
    /// What: `copied`, `job_ended`.
    pub kind: String,
    /// The facts.
    pub detail: serde_json::Value,
}

/// Something that happened, as it stands in the story.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoryRecord {
    /// Its number in the book; a later one happened later.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// The run it happened to.
    pub run: Option<Run>,
    /// The file it happened to.
    pub sequence: Option<Sequence>,
    /// What: `copied`, `job_ended`.
    pub kind: String,
    /// The facts.
    pub detail: serde_json::Value,
}

/// One number of a summary, for trends that survive the result files.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reading {
    /// The task: `purity`.
    pub task: String,
    /// The item: `lifetime_trend`.
    pub item: String,
    /// The run.
    pub run: Run,
    /// The pass.
    pub processing: Processing,
    /// The group.
    pub group: Group,
    /// The number with its error, or that there is none.
    pub value: Measured,
    /// When the data were taken.
    pub at: Timestamp,
}

/// A decision that somebody wants to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDecision {
    /// When it was made.
    pub at: Timestamp,
    /// The run.
    pub run: Run,
    /// The file; none for the whole run.
    pub sequence: Option<Sequence>,
    /// What was decided.
    pub flag: Flag,
    /// Why.
    pub comment: String,
    /// By whom.
    pub who: String,
    /// In which role.
    pub role: String,
    /// Items on the screen when it was made.
    pub evidence: Vec<String>,
    /// The decision that the person saw in force; none when there was none.
    pub supersedes: Option<i64>,
}

/// A decision as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionRecord {
    /// Its number in the book.
    pub id: i64,
    /// When it was made.
    pub at: Timestamp,
    /// The run.
    pub run: Run,
    /// The file; none for the whole run.
    pub sequence: Option<Sequence>,
    /// What was decided.
    pub flag: Flag,
    /// Why.
    pub comment: String,
    /// By whom.
    pub who: String,
    /// In which role.
    pub role: String,
    /// Items on the screen when it was made.
    pub evidence: Vec<String>,
    /// The decision it took the place of.
    pub supersedes: Option<i64>,
}

/// A file in the intake folder that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotTakenRecord {
    /// Its path in the intake folder, with bytes that are no text shown as escapes.
    pub name: String,
    /// Why.
    pub reason: String,
    /// When it was seen first.
    pub at: Timestamp,
}

/// Who has the backend's lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeaseRecord {
    /// `host:pid`.
    pub owner: String,
    /// The host alone.
    pub host: String,
    /// Tells this holding of the lease from every other.
    pub token: String,
    /// When it was taken.
    pub taken: Timestamp,
    /// The last sign of life.
    pub heartbeat: Timestamp,
    /// When it was given back; none while held.
    pub released: Option<Timestamp>,
}

/// Something a person asks of the backend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestRecord {
    /// Its number in the book; 0 before it is in the book.
    pub id: i64,
    /// When it was asked.
    pub at: Timestamp,
    /// By whom.
    pub who: String,
    /// What.
    pub kind: RequestKind,
    /// The file it is about.
    pub file: Option<FileId>,
    /// What came of it; none while the backend has not taken it.
    pub outcome: Option<String>,
}
