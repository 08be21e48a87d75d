//! The book's rows as plain data.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use monitasks::summary::Measured;
use monitasks::vocab::{FileId, Group, Processing, Run, Sequence};
use serde::{Deserialize, Serialize};

use super::words::{
    CentralStep, FailureClass, FileStep, GroupStep, JobKind, JobState, PassStep, ProcessingStep, RequestKind, TaskPhase,
};

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

/// A raw file: how far it has come into the storage, and its facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileRecord {
    /// Its name.
    pub file: FileId,
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
    /// Whole events by trigger type, counted when it was stored; none before, or when it could not be read.
    pub events_by_trigger: Option<BTreeMap<u8, u64>>,
    /// Size and time of a file of the same name and other content that was refused, so that it is told once.
    pub refused: Option<(u64, Timestamp)>,
}

/// A raw file in one processing of its run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PassRecord {
    /// The file.
    pub file: FileId,
    /// The processing.
    pub processing: Processing,
    /// The lane of that processing.
    pub lane: String,
    /// How far it has come.
    pub step: PassStep,
    /// When it got there.
    pub since: Timestamp,
    /// Who holds it, for one that a person holds; what its lane's rules say stands with the processing.
    pub held_by: Option<String>,
    /// What kind of failure, for a failed one.
    pub failure: Option<FailureClass>,
    /// Why it failed, or a finding of its reconstruction.
    pub reason: Option<String>,
    /// Job attempts so far; the number of the newest.
    pub attempt: u32,
    /// Attempts in a row whose job went away without an end mark.
    pub lost: u32,
    /// Times it was tried again without anybody asking.
    pub retries: u32,
    /// When it is tried again without anybody asking; none when it is not.
    pub retry_at: Option<Timestamp>,
    /// The processing whose reconstruction it uses, a file or a failure: its own, or an earlier one's with the same settings.
    pub output_of: Processing,
    /// Events in its reconstructed file, once accepted.
    pub events: Option<u64>,
    /// Matched tracks in its reconstructed file, once accepted.
    pub tracks: Option<u64>,
    /// When its reconstructed file was accepted; groups take files in this order.
    pub accepted: Option<Timestamp>,
    /// The group it was put into.
    pub group: Option<Group>,
}

impl PassRecord {
    /// A pass to which nothing has happened yet.
    #[must_use]
    pub fn new(file: FileId, processing: Processing, lane: &str, step: PassStep, since: Timestamp) -> Self {
        PassRecord {
            file,
            processing,
            lane: lane.to_owned(),
            step,
            since,
            held_by: None,
            failure: None,
            reason: None,
            attempt: 0,
            lost: 0,
            retries: 0,
            retry_at: None,
            output_of: processing,
            events: None,
            tracks: None,
            accepted: None,
            group: None,
        }
    }

    /// `run1-seq0`, and for a later processing than the first `run1-seq0-p2`.
    #[must_use]
    pub fn name(&self) -> String {
        match self.processing.0 {
            0 | 1 => self.file.to_string(),
            number => format!("{}-p{number}", self.file),
        }
    }

    /// The earlier processing in which it failed, for a failure that this one has taken over: it is that one's failure.
    #[must_use]
    pub fn failed_in(&self) -> Option<Processing> {
        let is_taken_over = self.step == PassStep::Failed && self.events.is_none() && self.output_of != self.processing;
        is_taken_over.then_some(self.output_of)
    }

    /// Whether nothing more happens to it of itself.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.step == PassStep::Analysed || (self.step == PassStep::Failed && self.retry_at.is_none())
    }
}

/// One numbered pass of reconstruction and analysis over a run, in a lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProcessingRecord {
    /// The run.
    pub run: Run,
    /// Its number, from 1 in each run.
    pub processing: Processing,
    /// Its lane.
    pub lane: String,
    /// How far it has come.
    pub step: ProcessingStep,
    /// When it got there.
    pub since: Timestamp,
    /// When it was begun.
    pub opened: Timestamp,
    /// Why there is one: the lane's first of this run, a late file, somebody's wish.
    pub because: String,
    /// What holds it, for one that is held or refused.
    pub hold: Option<Hold>,
    /// What its reconstruction depends on, in short: another processing may use its files when this is the same.
    pub settings_sum: String,
    /// Products that were declared and are not there.
    pub missing: Vec<String>,
    /// Whether it is to be published.
    pub to_publish: bool,
}

impl ProcessingRecord {
    /// `run1-p1`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-p{}", self.run, self.processing.0)
    }
}

/// What keeps a processing from starting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The rule of the lane: `mark`, `ended_for`, `in_run_order`.
    pub rule: String,
    /// What it says of this run.
    pub words: String,
    /// Since when this rule holds it.
    pub since: Timestamp,
    /// When it will pass, where a clock can tell.
    pub until: Option<Timestamp>,
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

/// The copy of a raw file in the central storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CentralCopy {
    /// The raw file.
    pub file: FileId,
    /// Its final name: a path or `root://host//path`.
    pub destination: String,
    /// How far it has come.
    pub step: CentralStep,
    /// When it got there.
    pub since: Timestamp,
    /// Tries so far.
    pub attempts: u32,
    /// When it is tried again, for one put off.
    pub next_try: Option<Timestamp>,
    /// Why it is put off or refused.
    pub reason: Option<String>,
    /// Size that it must have, bytes.
    pub size_bytes: u64,
    /// Adler-32 that it must have.
    pub adler32: u32,
    /// When it was found there with that size and checksum.
    pub verified_at: Option<Timestamp>,
}

/// What the running backend says of itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BackendState {
    /// When it was said.
    pub at: Timestamp,
    /// The watcher of the intake folder.
    pub watcher: WatcherState,
    /// The batch system: `local`, `slurm`, `pbs`.
    pub batch: String,
    /// Why the batch system can't be asked; none while it answers.
    pub batch_fault: Option<String>,
    /// Mail on failures, in words; none when none is sent.
    pub mail: Option<String>,
    /// Copies that wait or run.
    pub copies: Vec<CopyState>,
    /// What could not be done and is tried again: subject, reason, tries.
    pub put_off: Vec<PutOffState>,
}

/// The watcher of the intake folder.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct WatcherState {
    /// When the operating system last told of anything; none when it never did.
    pub last_hint: Option<Timestamp>,
    /// When the whole folder was last looked at.
    pub last_sweep: Option<Timestamp>,
    /// How long that took, s.
    pub sweep_took_s: f64,
    /// When the next look is due at the latest.
    pub next_sweep: Option<Timestamp>,
    /// Times that hints were lost.
    pub lost_hints: u64,
    /// Files that are still being written.
    pub open_files: u64,
    /// Why the folder is not watched or could not be looked at.
    pub fault: Option<String>,
}

/// A copy that waits or runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyState {
    /// Which: `run1-seq0`.
    pub subject: String,
    /// Where it goes.
    pub to: String,
    /// Bytes in all.
    pub size_bytes: u64,
    /// Bytes handed on so far.
    pub done_bytes: u64,
}

/// Something that could not be done and is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutOffState {
    /// What: `taking in of run1-seq0`, `processing of run1-seq0-p1`.
    pub subject: String,
    /// Why.
    pub why: String,
    /// Tries so far.
    pub tries: u32,
    /// Since when.
    pub since: Timestamp,
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
    /// The processing it belongs to.
    pub processing: Processing,
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
    /// The processing of the run.
    pub processing: Processing,
    /// The lane of that processing.
    pub lane: String,
    /// Its number in the processing, from 0.
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
    /// What it is about.
    pub subject: RequestSubject,
    /// What came of it; none while the backend has not taken it.
    pub outcome: Option<String>,
}

/// What a request is about. What is left empty is not chosen by.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestSubject {
    /// A run.
    pub run: Option<Run>,
    /// A file.
    pub file: Option<FileId>,
    /// A processing of the run or file.
    pub processing: Option<Processing>,
    /// A group of that processing.
    pub group: Option<Group>,
    /// A lane.
    pub lane: Option<String>,
    /// Everything that failed this way.
    pub class: Option<FailureClass>,
}

impl RequestSubject {
    /// One file.
    #[must_use]
    pub fn of_file(file: FileId) -> Self {
        RequestSubject { run: Some(file.run), file: Some(file), ..RequestSubject::default() }
    }

    /// What it is about, in words: `run1-seq0`, `run1-p1-g0`, `everything of class memory`.
    #[must_use]
    pub fn words(&self) -> String {
        let processing = self.processing.map(|processing| format!("-p{}", processing.0)).unwrap_or_default();
        let group = self.group.map(|group| format!("-g{}", group.0)).unwrap_or_default();
        let lane = self.lane.as_ref().map(|lane| format!(" in lane {lane}")).unwrap_or_default();
        let class = self.class.map(|class| format!(" of class {}", class.word())).unwrap_or_default();
        let whole = match (self.file, self.run) {
            (Some(file), _) => format!("{file}{processing}"),
            (None, Some(run)) => format!("{run}{processing}{group}"),
            (None, None) => "everything".into(),
        };
        whole + &lane + &class
    }
}
