//! The seam between the book and whoever keeps it.

use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::{FileId, Processing, Run};

use super::entry::{Adopted, BookId, ChainEnd, Entry, EntryId, InForceWord, NewEntry};
use super::outbox::OutboxState;
use super::people::Said;
use super::recent::{FileCounts, Recent, RecentChanges};
use super::rows::{
    BackendState, CentralCopy, FileRecord, GroupRecord, JobRecord, LeaseRecord, NotTakenRecord, PassRecord, ProcessingRecord,
    Reading, RequestRecord, RequestSubject, RunRecord, StoryEntry, StoryRecord, TransferRecord,
};
use super::run_sums::{RunSumsRead, StreamFiles};
use super::store_error::StoreError;
use super::words::{EntryKind, Mark, RequestKind};

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

    /// What was written of a part of the book since it was read last, at one moment, with runs that came into it or left it; all of
    /// the part at first.
    ///
    /// # Errors
    /// When the book can't be read.
    fn changes_of(&self, part: &Recent, seen: Option<i64>) -> Result<RecentChanges, StoreError>;

    /// All rows of one run, and what is of no run, at one moment.
    ///
    /// # Errors
    /// When the book can't be read.
    fn overview_of(&self, run: Run) -> Result<Overview, StoreError>;

    /// Files and failures of the whole book.
    ///
    /// # Errors
    /// When the book can't be read.
    fn file_counts(&self) -> Result<FileCounts, StoreError>;

    /// The newest decisions on runs as a whole that are in force and came after a place of the book, at most so many, the last one
    /// first. One that was taken back, or says UNCHECKED, is none.
    ///
    /// # Errors
    /// When the book can't be read.
    fn newest_decided(&self, after: i64, at_most: usize) -> Result<Vec<Entry>, StoreError>;

    /// Every run, or one, with the place of such a decision on it; none while nobody has decided.
    ///
    /// # Errors
    /// When the book can't be read.
    fn decided_at(&self, run: Option<Run>) -> Result<Vec<(Run, Option<i64>)>, StoreError>;

    /// Runs summed up, at one moment: those of which anything was written since, or all at first and where the book does not
    /// tell.
    ///
    /// # Errors
    /// When the book can't be read.
    fn run_sums(&self, seen: Option<i64>) -> Result<RunSumsRead, StoreError>;

    /// The newest runs below one (none for all), at most so many by their files, summed up at one moment; and below which run there
    /// are more, none when there are none. A table of all runs is read so that the newest stand in it first.
    ///
    /// # Errors
    /// When the book can't be read.
    fn run_sums_below(&self, below: Option<Run>, at_most: usize) -> Result<(RunSumsRead, Option<Run>), StoreError>;

    /// The files of every run by stream, by run and stream.
    ///
    /// # Errors
    /// When the book can't be read.
    fn stream_files(&self) -> Result<Vec<StreamFiles>, StoreError>;

    /// One run.
    ///
    /// # Errors
    /// When the book can't be read.
    fn run(&self, run: Run) -> Result<Option<RunRecord>, StoreError> {
        Ok(self.overview()?.runs.into_iter().find(|record| record.run == run))
    }

    /// The processings of a run, by number.
    ///
    /// # Errors
    /// When the book can't be read.
    fn processings_of(&self, run: Run) -> Result<Vec<ProcessingRecord>, StoreError> {
        Ok(self.processings()?.into_iter().filter(|record| record.run == run).collect())
    }

    /// All processings, by run and number.
    ///
    /// # Errors
    /// When the book can't be read.
    fn processings(&self) -> Result<Vec<ProcessingRecord>, StoreError> {
        Ok(self.overview()?.processings)
    }

    /// The names of all processings, by run and number.
    ///
    /// # Errors
    /// When the book can't be read.
    fn processing_names(&self) -> Result<Vec<(Run, Processing)>, StoreError>;

    /// The files of a run, by sequence, and their passes.
    ///
    /// # Errors
    /// When the book can't be read.
    fn files_of(&self, run: Run) -> Result<(Vec<FileRecord>, Vec<PassRecord>), StoreError> {
        let overview = self.overview()?;
        let files = overview.files.into_iter().filter(|record| record.file.run == run).collect();
        Ok((files, overview.passes.into_iter().filter(|record| record.file.run == run).collect()))
    }

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

    /// What the story tells of failures since a moment, oldest first.
    ///
    /// # Errors
    /// When the book can't be read.
    fn failures_since(&self, since: Timestamp) -> Result<Vec<StoryRecord>, StoreError>;

    /// What people said of runs, what the rules of lanes go by: of those runs alone of which something was said after a place
    /// (0 for all), and the place up to which it was read now.
    ///
    /// # Errors
    /// When the book can't be read.
    fn judgements_since(&self, place: i64) -> Result<(Vec<Judgement>, i64), StoreError>;

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

    /// The id of this book: entries made in it carry it.
    ///
    /// # Errors
    /// When the book can't be read.
    fn book_id(&self) -> Result<BookId, StoreError>;

    /// Writes entries into the ledger, all or none, each in the place of those that it supersedes.
    ///
    /// # Errors
    /// [`StoreError::Superseded`] when something else is in force on a subject than the person saw.
    fn append(&mut self, new: &[NewEntry]) -> Result<Vec<Entry>, StoreError>;

    /// Takes over entries of other books, all or none; those that stand here already are passed over.
    ///
    /// # Errors
    /// [`StoreError::BrokenChain`] when one does not follow the entries known of its book, or was changed.
    fn adopt(&mut self, entries: &[Entry]) -> Result<Adopted, StoreError>;

    /// What is in force on all subjects of a kind, by subject. More than one of a subject is a conflict between books.
    ///
    /// # Errors
    /// When the book can't be read.
    fn in_force(&self, kind: EntryKind) -> Result<Vec<Entry>, StoreError>;

    /// The same in a word each, in no order: what is asked of a million.
    ///
    /// # Errors
    /// When the book can't be read.
    fn words_in_force(&self, kind: EntryKind) -> Result<Vec<InForceWord>, StoreError>;

    /// The decisions in force on processings, at whatever stage, and on what was reconstructed of runs as a whole, in a word each, in
    /// no order: those that derived statuses go by. There may be others among them.
    ///
    /// # Errors
    /// When the book can't be read.
    fn words_on_processings(&self) -> Result<Vec<InForceWord>, StoreError>;

    /// What is in force on one subject.
    ///
    /// # Errors
    /// When the book can't be read.
    fn in_force_on(&self, kind: EntryKind, subject: &str) -> Result<Vec<Entry>, StoreError>;

    /// What is in force on a run, of all kinds, in the order of arrival.
    ///
    /// # Errors
    /// When the book can't be read.
    fn in_force_of_run(&self, run: Run) -> Result<Vec<Entry>, StoreError>;

    /// All that was said of one subject, oldest first.
    ///
    /// # Errors
    /// When the book can't be read.
    fn history(&self, kind: EntryKind, subject: &str) -> Result<Vec<Entry>, StoreError>;

    /// All that was said of a run, oldest first.
    ///
    /// # Errors
    /// When the book can't be read.
    fn entries_of_run(&self, run: Run) -> Result<Vec<Entry>, StoreError>;

    /// Entries that arrived after a place, in the order of arrival, at most so many.
    ///
    /// # Errors
    /// When the book can't be read.
    fn entries_after(&self, place: i64, at_most: usize) -> Result<Vec<Entry>, StoreError>;

    /// The entry at a place of this book.
    ///
    /// # Errors
    /// When the book can't be read.
    fn entry_at(&self, place: i64) -> Result<Option<Entry>, StoreError>;

    /// An entry by its name.
    ///
    /// # Errors
    /// When the book can't be read.
    fn entry(&self, id: EntryId) -> Result<Option<Entry>, StoreError>;

    /// The end of each book's chain, as far as this book holds it.
    ///
    /// # Errors
    /// When the book can't be read.
    fn chain_ends(&self) -> Result<Vec<ChainEnd>, StoreError>;

    /// Looks at every entry and answers what is wrong with the chains, in words.
    ///
    /// # Errors
    /// When the book can't be read.
    fn verify_chains(&self) -> Result<Vec<String>, StoreError>;

    /// How the outbox of entries stands that wait for the book; nothing in it for a book that is never away.
    fn outbox(&self) -> OutboxState;

    /// Delivers what waits in the outbox; answers how many were delivered, and how many the book refused: those are kept there
    /// with the reason.
    ///
    /// # Errors
    /// [`StoreError::Away`] when the server is still away.
    fn deliver(&mut self) -> Result<(usize, usize), StoreError>;

    /// All that is in force on subjects of which people said different things: two books spoke without knowing of each other;
    /// and locks with what another book said on what they close before it heard of them.
    ///
    /// # Errors
    /// When the book can't be read.
    fn conflicts(&self) -> Result<Vec<Entry>, StoreError>;

    /// Writes the whole book, as it is at one moment, as lines of JSON: the same bytes for the same content on every engine.
    ///
    /// # Errors
    /// When the book can't be read or the lines can't be written.
    fn export(&self, to: &mut dyn Write) -> Result<(), StoreError>;

    /// Writes the rows of some of an export's tables, as they are at one moment: the lines that they have in an export, alone.
    ///
    /// # Errors
    /// When there is no such table, the book can't be read or the lines can't be written.
    fn export_rows(&self, tables: &[&str], to: &mut dyn Write) -> Result<(), StoreError>;

    /// Takes an export in, all or nothing: entries that stand here already are passed over, rows go into a book that has none.
    ///
    /// # Errors
    /// When it is no export, an entry of it was changed, or the book has rows of its own.
    fn import(&mut self, from: &mut dyn BufRead) -> Result<Adopted, StoreError>;

    /// Copies the book, as it is at one moment, into a new file of its engine, while others go on.
    ///
    /// # Errors
    /// When the engine has no such copies, or the file can't be written.
    fn back_up(&self, to: &Path) -> Result<(), StoreError>;

    /// Gives the book a new id, so that a copy of another book goes on under a name of its own.
    ///
    /// # Errors
    /// When the book can't be written.
    fn begin_chain(&mut self) -> Result<BookId, StoreError>;

    /// Waits until somebody else has written, or for a time. A hint alone: being early or late does no harm.
    fn wait_for_change(&self, at_most: Duration);

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

/// Tells one state of the book from another; only to be compared for equality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeStamp(pub String);

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
    /// What people said of runs.
    pub said: Said,
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
