//! The seam between the book and whoever keeps it.

use std::path::PathBuf;

use jiff::Timestamp;
use monitasks::vocab::{FileId, Run};

use super::rows::{
    DecisionRecord, FileRecord, GroupRecord, JobRecord, LeaseRecord, NewDecision, NotTakenRecord, Reading, RequestKind,
    RequestRecord, RunRecord, StoryEntry, StoryRecord, TransferRecord,
};

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

    /// Asks something of the backend; answers the request's number.
    ///
    /// # Errors
    /// When the book can't be written.
    fn request(&mut self, at: Timestamp, who: &str, kind: RequestKind, file: Option<FileId>) -> Result<i64, StoreError>;

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
    /// By run, sequence and start; the same copy is refused a second time.
    Transfer(TransferRecord),
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
    /// The newest attempt of every job, by id.
    pub jobs: Vec<JobRecord>,
    /// By run, processing and group.
    pub groups: Vec<GroupRecord>,
    /// Oldest first.
    pub decisions: Vec<DecisionRecord>,
    /// By name.
    pub not_taken: Vec<NotTakenRecord>,
    /// The lease, held or given back; none when none was ever taken.
    pub lease: Option<LeaseRecord>,
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
