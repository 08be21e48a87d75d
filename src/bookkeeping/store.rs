//! The seam between the book and whoever keeps it.

use std::path::PathBuf;

use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::{FileId, Run};

use super::rows::{
    BackendState, CentralCopy, DecisionRecord, FileRecord, GroupRecord, JobRecord, LeaseRecord, MarkRecord, NewDecision,
    NotTakenRecord, PassRecord, ProcessingRecord, Reading, RequestRecord, RequestSubject, RunRecord, StoryEntry, StoryRecord,
    TransferRecord,
};
use super::words::{Mark, RequestKind};

/// A book that is kept somewhere. One connection; threads open one each.
pub trait Store: Send {
    /// Whether nothing may be written.
    fn is_read_only(&self) -> bool;

    /// Changes whenever anybody has written into the book; compare two for equality and read again when they differ.
    ///
    /// # Errors
    /// When the book can't be read.
    fn change_stamp(&self) -> Result<ChangeStamp, StoreError>;

    /// Everything that a picture of the shift needs, read at one moment.
    ///
    /// # Errors
    /// When the book can't be read.
    fn overview(&self) -> Result<Overview, StoreError>;

    /// What was written since it was read last, at one moment: all rows of the runs of which anything was written, and what is
    /// of no run. Everything at first, and from a book of a layout that does not tell.
    ///
    /// # Errors
    /// When the book can't be read.
    fn changes_since(&self, seen: Option<i64>) -> Result<Changes, StoreError>;

    /// One file.
    ///
    /// # Errors
    /// When the book can't be read.
    fn file(&self, file: FileId) -> Result<Option<FileRecord>, StoreError>;

    /// The completed copy of one file.
    ///
    /// # Errors
    /// When the book can't be read.
    fn transfer(&self, file: FileId) -> Result<Option<TransferRecord>, StoreError>;

    /// All that happened to a run, or to one file of it, oldest first.
    ///
    /// # Errors
    /// When the book can't be read.
    fn story(&self, run: Run, file: Option<FileId>) -> Result<Vec<StoryRecord>, StoreError>;

    /// All that happened to all runs since a moment, oldest first.
    ///
    /// # Errors
    /// When the book can't be read.
    fn story_since(&self, since: Timestamp) -> Result<Vec<StoryRecord>, StoreError>;

    /// What people said of runs, what the rules of lanes go by: of those runs alone of which something was said since, and how
    /// far it was read now.
    ///
    /// # Errors
    /// When the book can't be read.
    fn judgements_since(&self, seen: JudgementsSeen) -> Result<(Vec<Judgement>, JudgementsSeen), StoreError>;

    /// All attempts of all jobs of a run, oldest first.
    ///
    /// # Errors
    /// When the book can't be read.
    fn jobs_of(&self, run: Run) -> Result<Vec<JobRecord>, StoreError>;

    /// Readings of one item, oldest data first.
    ///
    /// # Errors
    /// When the book can't be read.
    fn readings(&self, task: &str, item: &str) -> Result<Vec<Reading>, StoreError>;

    /// Requests that no backend has taken yet, oldest first.
    ///
    /// # Errors
    /// When the book can't be read.
    fn open_requests(&self) -> Result<Vec<RequestRecord>, StoreError>;

    /// Requests of a run, answered or not, oldest first; none of those that name no run.
    ///
    /// # Errors
    /// When the book can't be read.
    fn requests_of(&self, run: Run) -> Result<Vec<RequestRecord>, StoreError>;

    /// Writes story entries and the rows they led to, all or nothing. With a lease token, only while that lease is held.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else has the lease; else when the book can't be written.
    fn record(&mut self, lease: Option<&str>, story: &[StoryEntry], rows: &[Row]) -> Result<(), StoreError>;

    /// Records a decision. The rules of `decisions` come before; this one holds the order.
    ///
    /// # Errors
    /// [`StoreError::Superseded`] when another decision is in force than the one the person saw.
    fn decide(&mut self, decision: &NewDecision) -> Result<DecisionRecord, StoreError>;

    /// Records a shifter's mark; its number is given by the book.
    ///
    /// # Errors
    /// When the book can't be written.
    fn mark(&mut self, mark: &MarkRecord) -> Result<MarkRecord, StoreError>;

    /// Says what kind of data runs hold, by whom; what was said before stands in the book and is in force no more.
    ///
    /// # Errors
    /// When the book can't be written.
    fn name_kinds(&mut self, at: Timestamp, who: &str, kinds: &[(Run, String)]) -> Result<(), StoreError>;

    /// Asks something of the backend; answers the request's number.
    ///
    /// # Errors
    /// When the book can't be written.
    fn request(&mut self, at: Timestamp, who: &str, kind: RequestKind, subject: &RequestSubject) -> Result<i64, StoreError>;

    /// What came of a request; none while the backend has not taken it.
    ///
    /// # Errors
    /// When the book can't be read.
    fn answer_to(&self, id: i64) -> Result<Option<String>, StoreError>;

    /// Says what came of a request.
    ///
    /// # Errors
    /// When the book can't be written.
    fn answer_request(&mut self, id: i64, at: Timestamp, outcome: &str) -> Result<(), StoreError>;

    /// Takes the lease if the one in the book is `known` still (none when there was none).
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else was faster.
    fn take_lease(&mut self, lease: &LeaseRecord, known: Option<&LeaseRecord>) -> Result<(), StoreError>;

    /// A sign of life of the lease's owner.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else has it.
    fn beat(&mut self, token: &str, at: Timestamp) -> Result<(), StoreError>;

    /// Gives the lease back. No error when it is lost already.
    ///
    /// # Errors
    /// When the book can't be written.
    fn release_lease(&mut self, token: &str, at: Timestamp) -> Result<(), StoreError>;
}

/// A row to be written: put in, or in the place of the one with the same key.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// By run.
    Run(RunRecord),
    /// By run and sequence.
    File(FileRecord),
    /// By run, sequence and processing.
    Pass(PassRecord),
    /// By run and processing.
    Processing(ProcessingRecord),
    /// By run, sequence and start; the same copy is refused a second time.
    Transfer(TransferRecord),
    /// By run, sequence and destination.
    Central(CentralCopy),
    /// The only one.
    Backend(BackendState),
    /// By name and attempt.
    Job(JobRecord),
    /// By run, processing and group.
    Group(GroupRecord),
    /// By task, item, run, processing and group.
    Reading(Reading),
    /// By name.
    NotTaken(NotTakenRecord),
    /// A file that was not taken is there no more.
    NoLongerThere(String),
}

/// Tells one state of the book from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeStamp {
    /// Counts what others wrote.
    pub others: i64,
    /// Counts what this connection wrote.
    pub own: i64,
}

/// Everything that a picture of the shift needs, at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Overview {
    /// By run.
    pub runs: Vec<RunRecord>,
    /// By run and sequence.
    pub files: Vec<FileRecord>,
    /// By run, sequence and processing.
    pub passes: Vec<PassRecord>,
    /// By run and processing.
    pub processings: Vec<ProcessingRecord>,
    /// The newest attempt of every job, by id.
    pub jobs: Vec<JobRecord>,
    /// By run, processing and group.
    pub groups: Vec<GroupRecord>,
    /// Oldest first.
    pub decisions: Vec<DecisionRecord>,
    /// Oldest first.
    pub marks: Vec<MarkRecord>,
    /// The kind of each run of which somebody has said it.
    pub kinds: Vec<(Run, String)>,
    /// By run, sequence and destination.
    pub central: Vec<CentralCopy>,
    /// What the backend said of itself last; none when it never did.
    pub backend: Option<BackendState>,
    /// By name.
    pub not_taken: Vec<NotTakenRecord>,
    /// The lease, held or given back; none when none was ever taken.
    pub lease: Option<LeaseRecord>,
}

/// What of a book is new.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// The runs of which something was written, in order; none for all of them.
    pub runs: Option<Vec<Run>>,
    /// All rows of those runs, and those that are of no run.
    pub now: Overview,
    /// How far it was read; none when the book does not tell.
    pub seen: Option<i64>,
}

/// What people said of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The run.
    pub run: Run,
    /// The flag in force.
    pub flag: Flag,
    /// The mark in force.
    pub mark: Mark,
    /// The kind of its data.
    pub kind: Option<String>,
}

/// How far what people said of runs was read: nothing at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JudgementsSeen {
    /// The newest decision's number.
    pub decision: i64,
    /// The newest mark's number.
    pub mark: i64,
    /// The number of what was said last of a run's kind.
    pub kind: i64,
}

/// A book that can't be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is none.
    #[error("no book yet; it is made when a backend first runs or a decision is made: {}", path.display())]
    Missing {
        /// Where it would stand.
        path: PathBuf,
    },
    /// There is none where there was one.
    #[error("the book is missing, but there are {beside}: restore it from a backup, or begin anew with 'dqmon process --new-book' (everything is processed again, and the old decisions are gone): {}", path.display())]
    Lost {
        /// What stands beside it.
        beside: String,
        /// Where it stood.
        path: PathBuf,
    },
    /// A newer program made it.
    #[error("book refused: its layout is number {found}, this program knows up to {known}; it was left as it is, use the newer program: {}", path.display())]
    Newer {
        /// The layout found.
        found: i64,
        /// The newest layout this program knows.
        known: i64,
        /// The book.
        path: PathBuf,
    },
    /// It was opened for reading.
    #[error("the book is open for reading only, nothing was written: {}", path.display())]
    ReadOnly {
        /// The book.
        path: PathBuf,
    },
    /// The engine under it refused.
    #[error("book not usable: {why}: {}", path.display())]
    Unusable {
        /// The engine's reason.
        why: String,
        /// The book.
        path: PathBuf,
    },
    /// Something in it is not what it should be.
    #[error("book damaged: {what}: {}", path.display())]
    Damaged {
        /// What was found where.
        what: String,
        /// The book.
        path: PathBuf,
    },
    /// Another decision is in force than the one the person saw.
    #[error("not recorded: {}", superseded_words(in_force.as_deref()))]
    Superseded {
        /// The decision in force; none when there is none.
        in_force: Option<Box<DecisionRecord>>,
    },
    /// Another backend has the lease.
    #[error("the lease is lost{}", held_by.as_ref().map(|owner| format!(": {owner} has it")).unwrap_or_default())]
    LeaseLost {
        /// `host:pid` of who has it.
        held_by: Option<String>,
    },
}

/// What is in force in the place of what the person saw.
fn superseded_words(in_force: Option<&DecisionRecord>) -> String {
    match in_force {
        Some(decision) => format!(
            "decision {} ({}, by {} at {}) is in force by now; look at it and decide again",
            decision.id,
            decision.flag.word(),
            decision.who,
            decision.at
        ),
        None => "no decision is in force, none can be superseded".into(),
    }
}
