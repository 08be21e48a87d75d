//! The store over an engine.

use std::time::Duration;

use jiff::Timestamp;
use monitasks::vocab::{FileId, Run};

use super::engine::{Engine, Purpose, SqlError, in_transaction};
use super::{layouts, ledger, people, read, run_sums, write};
use crate::bookkeeping::entry::{Adopted, BookId, ChainEnd, Entry, EntryId, NewEntry};
use crate::bookkeeping::rows::{
    FileRecord, JobRecord, LeaseRecord, PassRecord, ProcessingRecord, Reading, RequestRecord, RequestSubject, RunRecord,
    StoryEntry, StoryRecord, TransferRecord,
};
use crate::bookkeeping::run_sums::{RunSumsRead, StreamFiles};
use crate::bookkeeping::store::{ChangeStamp, Changes, Judgement, Overview, Row, Store, StoreError};
use crate::bookkeeping::words::{EntryKind, RequestKind};

/// A connection to a book in a database.
pub struct SqlStore<E> {
    pub(in crate::bookkeeping) engine: E,
    host: String,
}

impl<E: Engine> SqlStore<E> {
    /// A store over an open engine: for writing, its layout is brought up to date; for reading, a newer one is refused.
    pub(in crate::bookkeeping) fn over(engine: E) -> Result<Self, StoreError> {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let store = SqlStore { engine, host };
        store.told(layouts::refuse_newer(&store.engine))?;
        if !store.engine.is_read_only() {
            store.told(layouts::bring_up_to_date(&store.engine))?;
        }
        Ok(store)
    }

    /// A failure of the engine, with the book's place.
    fn told<T>(&self, result: Result<T, SqlError>) -> Result<T, StoreError> {
        result.map_err(|error| error.at(self.engine.place()))
    }

    fn read<T>(&self, steps: impl FnOnce(&dyn Engine) -> Result<T, SqlError>) -> Result<T, StoreError> {
        self.told(steps(&self.engine))
    }

    /// Runs a write as one transaction, alone.
    fn write<T>(&mut self, steps: impl FnOnce(&dyn Engine) -> Result<T, SqlError>) -> Result<T, StoreError> {
        if self.engine.is_read_only() {
            return Err(StoreError::ReadOnly { place: self.engine.place() });
        }
        self.told(in_transaction(&self.engine, Purpose::Write, steps))
    }
}

impl SqlError {
    /// With the place of the book.
    pub(in crate::bookkeeping) fn at(self, place: String) -> StoreError {
        match self {
            SqlError::Refused(why) => StoreError::Unusable { why, place },
            SqlError::Away(why) => StoreError::Away { why, place },
            SqlError::NotAllowed(why) => StoreError::NotAllowed { why, place },
            SqlError::Damaged(what) => StoreError::Damaged { what, place },
            SqlError::Store(error) => error,
        }
    }
}

/// A name drawn by chance.
fn by_chance() -> BookId {
    BookId(rand::random())
}

impl<E: Engine> Store for SqlStore<E> {
    fn is_read_only(&self) -> bool {
        self.engine.is_read_only()
    }

    fn change_stamp(&self) -> Result<ChangeStamp, StoreError> {
        self.read(|engine| engine.change_stamp())
    }

    fn wait_for_change(&self, at_most: Duration) {
        self.engine.wait_for_change(at_most);
    }

    fn overview(&self) -> Result<Overview, StoreError> {
        self.told(in_transaction(&self.engine, Purpose::Read, read::overview))
    }

    fn run(&self, run: Run) -> Result<Option<RunRecord>, StoreError> {
        self.read(|engine| read::run(engine, run))
    }

    fn processings_of(&self, run: Run) -> Result<Vec<ProcessingRecord>, StoreError> {
        self.read(|engine| read::processings_of(engine, run))
    }

    fn processings(&self) -> Result<Vec<ProcessingRecord>, StoreError> {
        self.read(read::processings)
    }

    fn files_of(&self, run: Run) -> Result<(Vec<FileRecord>, Vec<PassRecord>), StoreError> {
        self.read(|engine| read::files_of(engine, run))
    }

    fn file(&self, file: FileId) -> Result<Option<FileRecord>, StoreError> {
        self.read(|engine| read::file(engine, file))
    }

    fn transfer(&self, file: FileId) -> Result<Option<TransferRecord>, StoreError> {
        self.read(|engine| read::transfer(engine, file))
    }

    fn story(&self, run: Run, file: Option<FileId>) -> Result<Vec<StoryRecord>, StoreError> {
        self.read(|engine| read::story(engine, run, file))
    }

    fn story_since(&self, since: Timestamp) -> Result<Vec<StoryRecord>, StoreError> {
        self.read(|engine| read::story_since(engine, since))
    }

    fn changes_since(&self, seen: Option<i64>) -> Result<Changes, StoreError> {
        self.told(in_transaction(&self.engine, Purpose::Read, |engine| read::changes_since(engine, seen)))
    }

    fn run_sums(&self, seen: Option<i64>) -> Result<RunSumsRead, StoreError> {
        self.told(in_transaction(&self.engine, Purpose::Read, |engine| run_sums::run_sums(engine, seen)))
    }

    fn stream_files(&self) -> Result<Vec<StreamFiles>, StoreError> {
        self.told(in_transaction(&self.engine, Purpose::Read, run_sums::stream_files))
    }

    fn judgements_since(&self, place: i64) -> Result<(Vec<Judgement>, i64), StoreError> {
        self.told(in_transaction(&self.engine, Purpose::Read, |engine| people::judgements_since(engine, place)))
    }

    fn jobs_of(&self, run: Run) -> Result<Vec<JobRecord>, StoreError> {
        self.read(|engine| read::jobs_of(engine, run))
    }

    fn readings(&self, task: &str, item: &str) -> Result<Vec<Reading>, StoreError> {
        self.read(|engine| read::readings(engine, task, item))
    }

    fn open_requests(&self) -> Result<Vec<RequestRecord>, StoreError> {
        self.read(read::open_requests)
    }

    fn requests_of(&self, run: Run) -> Result<Vec<RequestRecord>, StoreError> {
        self.read(|engine| read::requests_of(engine, run))
    }

    fn record(&mut self, lease: Option<&str>, story: &[StoryEntry], rows: &[Row]) -> Result<(), StoreError> {
        self.write(|engine| write::record(engine, lease, story, rows))
    }

    fn book_id(&self) -> Result<BookId, StoreError> {
        self.read(ledger::book_id)
    }

    fn append(&mut self, new: &[NewEntry]) -> Result<Vec<Entry>, StoreError> {
        let host = self.host.clone();
        self.write(|engine| ledger::append(engine, new, &host))
    }

    fn adopt(&mut self, entries: &[Entry]) -> Result<Adopted, StoreError> {
        self.write(|engine| ledger::adopt(engine, entries))
    }

    fn in_force(&self, kind: EntryKind) -> Result<Vec<Entry>, StoreError> {
        self.read(|engine| ledger::in_force(engine, kind))
    }

    fn in_force_on(&self, kind: EntryKind, subject: &str) -> Result<Vec<Entry>, StoreError> {
        self.read(|engine| ledger::in_force_on(engine, kind, subject))
    }

    fn in_force_of_run(&self, run: Run) -> Result<Vec<Entry>, StoreError> {
        self.read(|engine| ledger::in_force_of_run(engine, run))
    }

    fn history(&self, kind: EntryKind, subject: &str) -> Result<Vec<Entry>, StoreError> {
        self.read(|engine| ledger::history(engine, kind, subject))
    }

    fn entries_of_run(&self, run: Run) -> Result<Vec<Entry>, StoreError> {
        self.read(|engine| ledger::entries_of_run(engine, run))
    }

    fn entries_after(&self, place: i64, at_most: usize) -> Result<Vec<Entry>, StoreError> {
        self.read(|engine| ledger::entries_after(engine, place, at_most))
    }

    fn entry_at(&self, place: i64) -> Result<Option<Entry>, StoreError> {
        self.read(|engine| ledger::entry_at(engine, place))
    }

    fn entry(&self, id: EntryId) -> Result<Option<Entry>, StoreError> {
        self.read(|engine| ledger::entry(engine, id))
    }

    fn chain_ends(&self) -> Result<Vec<ChainEnd>, StoreError> {
        self.read(ledger::chain_ends)
    }

    fn verify_chains(&self) -> Result<Vec<String>, StoreError> {
        self.told(in_transaction(&self.engine, Purpose::Read, ledger::verify))
    }

    fn begin_chain(&mut self) -> Result<BookId, StoreError> {
        let id = by_chance();
        self.write(|engine| ledger::begin_chain(engine, id)).map(|()| id)
    }

    fn request(&mut self, at: Timestamp, who: &str, kind: RequestKind, subject: &RequestSubject) -> Result<i64, StoreError> {
        self.write(|engine| write::request(engine, at, who, kind, subject))
    }

    fn answer_to(&self, id: i64) -> Result<Option<String>, StoreError> {
        self.read(|engine| read::answer_to(engine, id))
    }

    fn answer_request(&mut self, id: i64, at: Timestamp, outcome: &str) -> Result<(), StoreError> {
        self.write(|engine| write::answer_request(engine, id, at, outcome))
    }

    fn take_lease(&mut self, lease: &LeaseRecord, known: Option<&LeaseRecord>) -> Result<(), StoreError> {
        self.write(|engine| write::take_lease(engine, lease, known))
    }

    fn beat(&mut self, token: &str, at: Timestamp) -> Result<(), StoreError> {
        self.write(|engine| write::beat(engine, token, at))
    }

    fn release_lease(&mut self, token: &str, at: Timestamp) -> Result<(), StoreError> {
        self.write(|engine| write::release_lease(engine, token, at))
    }
}
