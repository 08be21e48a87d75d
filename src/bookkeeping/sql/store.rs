//! The store over an engine.

use std::cell::Cell;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use monitasks::vocab::{FileId, Processing, Run};

use super::engine::{Engine, Purpose, SqlError, in_transaction};
use super::{dump, layouts, ledger, people, read, recent, run_sums, write};
use crate::bookkeeping::entry::{Adopted, BookId, ChainEnd, Entry, EntryId, InForceWord, NewEntry};
use crate::bookkeeping::exchange::differing;
use crate::bookkeeping::open::with_way_out;
use crate::bookkeeping::outbox::{Outbox, OutboxState, Waiting};
use crate::bookkeeping::recent::{FileCounts, Recent, RecentChanges};
use crate::bookkeeping::rows::{
    FileRecord, JobRecord, LeaseRecord, PassRecord, ProcessingRecord, Reading, RequestRecord, RequestSubject, RunRecord,
    StoryEntry, StoryRecord, TransferRecord,
};
use crate::bookkeeping::run_sums::{RunSumsRead, StreamFiles};
use crate::bookkeeping::store::{ChangeStamp, Judgement, Overview, Row, Store};
use crate::bookkeeping::store_error::StoreError;
use crate::bookkeeping::words::{EntryKind, RequestKind};

/// A connection to a book in a database.
pub struct SqlStore<E> {
    pub(in crate::bookkeeping) engine: E,
    host: String,
    /// Where entries wait while the engine is away; none for one that never is.
    outbox: Option<Outbox>,
    /// Where its backups are, to be named when it is damaged; none when nobody said.
    backups: Option<PathBuf>,
    /// Whether the layout was found to be the one that this program knows.
    is_known: Cell<bool>,
}

impl<E: Engine> SqlStore<E> {
    /// A store over an open engine: for writing, its layout is brought up to date; for reading, a newer one is refused. With an
    /// outbox, an engine that is away is asked later.
    pub(in crate::bookkeeping) fn over(engine: E, outbox: Option<Outbox>) -> Result<Self, StoreError> {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let store = SqlStore { engine, host, outbox, backups: None, is_known: Cell::new(false) };
        match store.told(store.know()) {
            Err(StoreError::Away { .. }) if store.outbox.is_some() => {}
            other => other?,
        }
        Ok(store)
    }

    /// The store with the folder of its backups.
    pub(in crate::bookkeeping) fn with_backups(mut self, folder: &Path) -> Self {
        self.backups = Some(folder.to_owned());
        self
    }

    /// Looks at the layout before anything else is asked or written.
    fn know(&self) -> Result<(), SqlError> {
        if self.is_known.get() {
            return Ok(());
        }
        layouts::refuse_newer(&self.engine)?;
        if !self.engine.is_read_only() {
            layouts::bring_up_to_date(&self.engine)?;
        }
        self.is_known.set(true);
        Ok(())
    }

    /// A failure of the engine, with the book's place; of a damaged one, whenever it is found, with the way out too.
    fn told<T>(&self, result: Result<T, SqlError>) -> Result<T, StoreError> {
        result.map_err(|error| {
            let error = error.at(self.engine.place());
            match &self.backups {
                Some(backups) => with_way_out(error, backups),
                None => error,
            }
        })
    }

    fn read<T>(&self, steps: impl FnOnce(&dyn Engine) -> Result<T, SqlError>) -> Result<T, StoreError> {
        self.told(self.know().and_then(|()| steps(&self.engine)))
    }

    /// Reads everything as it was at one moment.
    fn read_at_once<T>(&self, steps: impl FnOnce(&dyn Engine) -> Result<T, SqlError>) -> Result<T, StoreError> {
        self.told(self.know().and_then(|()| in_transaction(&self.engine, Purpose::Read, steps)))
    }

    /// Runs a write as one transaction, alone.
    fn write<T>(&mut self, steps: impl FnOnce(&dyn Engine) -> Result<T, SqlError>) -> Result<T, StoreError> {
        if self.engine.is_read_only() {
            return Err(StoreError::ReadOnly { place: self.engine.place() });
        }
        self.told(self.know().and_then(|()| in_transaction(&self.engine, Purpose::Write, steps)))
    }

    /// Reads, and keeps in mind how far the book was known here: who speaks while it is away saw no more. The place is asked for
    /// first: what arrives while it is read does not count as seen.
    fn seeing<T>(&self, read: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        let Some(outbox) = &self.outbox else { return read() };
        let (place, book) = self.read(|engine| Ok((ledger::newest_place(engine)?, ledger::book_id(engine)?)))?;
        let answer = read()?;
        outbox.saw(place, book);
        Ok(answer)
    }

    fn deliver_one(&mut self, waiting: &Waiting) -> Result<(), StoreError> {
        let host = self.host.clone();
        self.write(|engine| ledger::deliver(engine, waiting, &host))
    }

    /// Keeps in the outbox what an engine that is away can't take.
    fn keep(&self, outbox: &Outbox, new: &[NewEntry], why: String, place: String) -> StoreError {
        // What follows from it is derived anew when it is in the book: on the way it may have become something else.
        let said: Vec<NewEntry> = new.iter().filter(|new| new.kind != EntryKind::Status).cloned().collect();
        match outbox.keep(&said) {
            Ok(()) => StoreError::Kept { count: said.len(), why, place },
            Err(error) => StoreError::Unusable { why: format!("its server is away: {why}; and the outbox: {error}"), place },
        }
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

/// A name drawn by chance, for a delivery.
fn wish() -> Option<String> {
    Some(format!("{:032x}", rand::random::<u128>()))
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
        self.seeing(|| self.read_at_once(read::overview))
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

    fn changes_of(&self, part: &Recent, seen: Option<i64>) -> Result<RecentChanges, StoreError> {
        self.seeing(|| self.read_at_once(|engine| recent::changes_of(engine, part, seen)))
    }

    fn overview_of(&self, run: Run) -> Result<Overview, StoreError> {
        self.read_at_once(|engine| recent::of_run(engine, run))
    }

    fn file_counts(&self) -> Result<FileCounts, StoreError> {
        self.read_at_once(recent::file_counts)
    }

    fn newest_decided(&self, after: i64, at_most: usize) -> Result<Vec<Entry>, StoreError> {
        self.read(|engine| recent::newest_decided(engine, after, at_most))
    }

    fn decided_at(&self, run: Option<Run>) -> Result<Vec<(Run, Option<i64>)>, StoreError> {
        self.read(|engine| recent::decided_at(engine, run))
    }

    fn failures_since(&self, since: Timestamp) -> Result<Vec<StoryRecord>, StoreError> {
        self.read(|engine| read::failures_since(engine, since))
    }

    fn words_in_force(&self, kind: EntryKind) -> Result<Vec<InForceWord>, StoreError> {
        self.read(|engine| ledger::words_in_force(engine, kind))
    }

    fn run_sums(&self, seen: Option<i64>) -> Result<RunSumsRead, StoreError> {
        self.read_at_once(|engine| run_sums::run_sums(engine, seen))
    }

    fn run_sums_below(&self, below: Option<Run>, at_most: usize) -> Result<(RunSumsRead, Option<Run>), StoreError> {
        self.read_at_once(|engine| run_sums::run_sums_below(engine, below, at_most))
    }

    fn words_on_processings(&self) -> Result<Vec<InForceWord>, StoreError> {
        self.read(ledger::words_on_processings)
    }

    fn processing_names(&self) -> Result<Vec<(Run, Processing)>, StoreError> {
        self.read(read::processing_names)
    }

    fn stream_files(&self) -> Result<Vec<StreamFiles>, StoreError> {
        self.read_at_once(run_sums::stream_files)
    }

    fn judgements_since(&self, place: i64) -> Result<(Vec<Judgement>, i64), StoreError> {
        self.read_at_once(|engine| people::judgements_since(engine, place))
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
        let Some(outbox) = self.outbox.clone().filter(|_| !self.is_read_only()) else {
            return self.write(|engine| ledger::append(engine, new, &host));
        };
        // Named before the first try: whether a server that went away had taken it shows when it is delivered.
        let wished: Vec<NewEntry> =
            new.iter().map(|new| NewEntry { wish: new.wish.clone().or_else(wish), ..new.clone() }).collect();
        // In the order in which it was said.
        let before = self.deliver().map(drop);
        match before.and_then(|()| self.write(|engine| ledger::append(engine, &wished, &host))) {
            Err(StoreError::Away { why, place }) => Err(self.keep(&outbox, &wished, why, place)),
            other => other,
        }
    }

    fn outbox(&self) -> OutboxState {
        self.outbox.as_ref().map(Outbox::state).unwrap_or_default()
    }

    fn deliver(&mut self) -> Result<(usize, usize), StoreError> {
        match self.outbox.clone() {
            Some(outbox) if outbox.has_waiting() => outbox.deliver(|waiting| self.deliver_one(waiting)),
            _ => Ok((0, 0)),
        }
    }

    fn conflicts(&self) -> Result<Vec<Entry>, StoreError> {
        let mut conflicts = differing(&self.read(ledger::conflicts)?);
        conflicts.extend(self.read(ledger::said_over_locks)?);
        Ok(conflicts)
    }

    fn export(&self, to: &mut dyn Write) -> Result<(), StoreError> {
        self.read_at_once(|engine| dump::export(engine, to))
    }

    fn export_rows(&self, tables: &[&str], to: &mut dyn Write) -> Result<(), StoreError> {
        self.read_at_once(|engine| dump::export_rows(engine, tables, to))
    }

    fn import(&mut self, from: &mut dyn BufRead) -> Result<Adopted, StoreError> {
        self.write(|engine| dump::import(engine, from))
    }

    fn back_up(&self, to: &Path) -> Result<(), StoreError> {
        self.read(|engine| engine.back_up(to))
    }

    fn adopt(&mut self, entries: &[Entry]) -> Result<Adopted, StoreError> {
        self.write(|engine| ledger::adopt(engine, entries))
    }

    fn in_force(&self, kind: EntryKind) -> Result<Vec<Entry>, StoreError> {
        self.read(|engine| ledger::in_force(engine, kind))
    }

    fn in_force_on(&self, kind: EntryKind, subject: &str) -> Result<Vec<Entry>, StoreError> {
        self.seeing(|| self.read(|engine| ledger::in_force_on(engine, kind, subject)))
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
        self.read_at_once(|engine| {
            let mut faults = engine.integrity()?;
            faults.extend(ledger::verify(engine)?);
            Ok(faults)
        })
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
