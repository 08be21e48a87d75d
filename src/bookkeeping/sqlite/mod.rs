//! The book in one SQLite file: opening, layouts, and the store's seam.
//!
//! Write-ahead log and full synchronisation: what was recorded stands after a power cut. The log needs shared memory, so the
//! book must not lie on a network mount.

mod columns;
mod making;
mod migrations;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use monitasks::vocab::{FileId, Run};
use rusqlite::{Connection, OpenFlags};

use super::rows::{
    DecisionRecord, FileRecord, JobRecord, LeaseRecord, MarkRecord, NewDecision, Reading, RequestRecord, RequestSubject,
    StoryEntry, StoryRecord, TransferRecord,
};
use super::store::{ChangeStamp, Changes, Judgement, JudgementsSeen, Overview, Row, Store, StoreError};
use super::words::RequestKind;

/// A connection to the book in one SQLite file.
pub struct SqliteStore {
    connection: Connection,
    path: PathBuf,
    is_read_only: bool,
}

/// Looks at a book that somebody else is writing into, 50 us apart, before it is called unusable: some ten seconds. Equal short
/// waits are fair: with waits that grow, one of several busy writers gets everything.
const BUSY_LOOKS: i32 = 100_000;

impl SqliteStore {
    /// Opens the book for writing; makes it when there is none, brings an older layout up to date.
    ///
    /// # Errors
    /// When it can't be opened, or a newer program made it; it is left unharmed then.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let unusable = |error: rusqlite::Error| unusable(&error, path);
        refuse_empty(path)?;
        if !path.exists() {
            making::make_whole(path)?;
        }
        let mut connection = Connection::open(path).map_err(unusable)?;
        wait_fairly(&mut connection).map_err(unusable)?;
        // Asked before anything is written: a book of a newer layout stays as it is, to the byte.
        migrations::refuse_newer(&connection, path)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(unusable)?;
        connection.pragma_update(None, "synchronous", "FULL").map_err(unusable)?;
        connection.pragma_update(None, "foreign_keys", true).map_err(unusable)?;
        migrations::bring_up_to_date(&mut connection, path)?;
        Ok(SqliteStore { connection, path: path.to_owned(), is_read_only: false })
    }

    /// Opens the book for reading; never writes into it.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is none; else as [`SqliteStore::open`].
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        if !path.is_file() {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        refuse_empty(path)?;
        let unusable = |error: rusqlite::Error| unusable(&error, path);
        let mut connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(unusable)?;
        wait_fairly(&mut connection).map_err(unusable)?;
        if !can_read(&connection) {
            // Readers of a book in a folder where they may not write can't make the log's index; without it the book is read
            // as it stands in its one file, which is whole whenever no backend writes.
            connection = open_as_it_stands(path).map_err(unusable)?;
        }
        migrations::refuse_newer(&connection, path)?;
        Ok(SqliteStore { connection, path: path.to_owned(), is_read_only: true })
    }

    /// Where the book stands.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A failure of the engine, with the book's path.
    fn fail<T>(&self, result: Result<T, rusqlite::Error>) -> Result<T, StoreError> {
        result.map_err(|error| unusable(&error, &self.path))
    }

    /// Runs a write as one transaction that takes the write lock at once.
    fn write<T>(
        &mut self,
        what: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, write::WriteError>,
    ) -> Result<T, StoreError> {
        if self.is_read_only {
            return Err(StoreError::ReadOnly { path: self.path.clone() });
        }
        let path = &self.path;
        let transaction = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .map_err(|error| unusable(&error, path))?;
        match what(&transaction) {
            Ok(value) => transaction.commit().map(|()| value).map_err(|error| unusable(&error, path)),
            Err(write::WriteError::Engine(error)) => Err(unusable(&error, path)),
            Err(write::WriteError::Store(error)) => Err(error),
        }
    }
}

/// An empty file where a book should be is what is left of a lost one: a new history must not begin in it unasked.
fn refuse_empty(path: &Path) -> Result<(), StoreError> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() && metadata.len() == 0 => Err(StoreError::Damaged {
            what: "it is empty; put a copy of the book in its place, or remove the file to begin a new one".into(),
            path: path.to_owned(),
        }),
        _ => Ok(()),
    }
}

fn can_read(connection: &Connection) -> bool {
    let read_only = [rusqlite::ErrorCode::CannotOpen, rusqlite::ErrorCode::ReadOnly];
    match connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)) {
        Err(rusqlite::Error::SqliteFailure(error, _)) => !read_only.contains(&error.code),
        _ => true,
    }
}

/// Opens a book that nobody is expected to write into while it is read.
fn open_as_it_stands(path: &Path) -> rusqlite::Result<Connection> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let escaped: String = absolute.to_string_lossy().chars().flat_map(uri_character).collect();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags)
}

/// A character of a path as it stands in a URI.
fn uri_character(character: char) -> Vec<char> {
    match character {
        '%' => vec!['%', '2', '5'],
        '?' => vec!['%', '3', 'F'],
        '#' => vec!['%', '2', '3'],
        other => vec![other],
    }
}

/// Makes a connection wait for others' writes in equal short steps.
fn wait_fairly(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_handler(Some(|looks: i32| {
        std::thread::sleep(Duration::from_micros(50));
        looks < BUSY_LOOKS
    }))
}

/// The engine's error with the book's path; a value that is no row of ours is damage.
fn unusable(error: &rusqlite::Error, path: &Path) -> StoreError {
    match error {
        rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..) => {
            StoreError::Damaged { what: error.to_string(), path: path.to_owned() }
        }
        _ => StoreError::Unusable { why: error.to_string(), path: path.to_owned() },
    }
}

impl Store for SqliteStore {
    fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    fn change_stamp(&self) -> Result<ChangeStamp, StoreError> {
        self.fail(read::change_stamp(&self.connection))
    }

    fn overview(&self) -> Result<Overview, StoreError> {
        self.fail(read::overview(&self.connection))
    }

    fn changes_since(&self, seen: Option<i64>) -> Result<Changes, StoreError> {
        self.fail(read::changes_since(&self.connection, seen))
    }

    fn file(&self, file: FileId) -> Result<Option<FileRecord>, StoreError> {
        self.fail(read::file(&self.connection, file))
    }

    fn transfer(&self, file: FileId) -> Result<Option<TransferRecord>, StoreError> {
        self.fail(read::transfer(&self.connection, file))
    }

    fn story(&self, run: Run, file: Option<FileId>) -> Result<Vec<StoryRecord>, StoreError> {
        self.fail(read::story(&self.connection, run, file))
    }

    fn story_since(&self, since: Timestamp) -> Result<Vec<StoryRecord>, StoreError> {
        self.fail(read::story_since(&self.connection, since))
    }

    fn judgements_since(&self, seen: JudgementsSeen) -> Result<(Vec<Judgement>, JudgementsSeen), StoreError> {
        self.fail(read::judgements_since(&self.connection, seen))
    }

    fn jobs_of(&self, run: Run) -> Result<Vec<JobRecord>, StoreError> {
        self.fail(read::jobs_of(&self.connection, run))
    }

    fn readings(&self, task: &str, item: &str) -> Result<Vec<Reading>, StoreError> {
        self.fail(read::readings(&self.connection, task, item))
    }

    fn open_requests(&self) -> Result<Vec<RequestRecord>, StoreError> {
        self.fail(read::open_requests(&self.connection))
    }

    fn requests_of(&self, run: Run) -> Result<Vec<RequestRecord>, StoreError> {
        self.fail(read::requests_of(&self.connection, run))
    }

    fn record(&mut self, lease: Option<&str>, story: &[StoryEntry], rows: &[Row]) -> Result<(), StoreError> {
        self.write(|transaction| write::record(transaction, lease, story, rows))
    }

    fn decide(&mut self, decision: &NewDecision) -> Result<DecisionRecord, StoreError> {
        self.write(|transaction| write::decide(transaction, decision))
    }

    fn mark(&mut self, mark: &MarkRecord) -> Result<MarkRecord, StoreError> {
        self.write(|transaction| write::mark(transaction, mark))
    }

    fn name_kinds(&mut self, at: Timestamp, who: &str, kinds: &[(Run, String)]) -> Result<(), StoreError> {
        self.write(|transaction| write::name_kinds(transaction, at, who, kinds))
    }

    fn request(&mut self, at: Timestamp, who: &str, kind: RequestKind, subject: &RequestSubject) -> Result<i64, StoreError> {
        self.write(|transaction| write::request(transaction, at, who, kind, subject))
    }

    fn answer_to(&self, id: i64) -> Result<Option<String>, StoreError> {
        self.fail(read::answer_to(&self.connection, id))
    }

    fn answer_request(&mut self, id: i64, at: Timestamp, outcome: &str) -> Result<(), StoreError> {
        self.write(|transaction| write::answer_request(transaction, id, at, outcome))
    }

    fn take_lease(&mut self, lease: &LeaseRecord, known: Option<&LeaseRecord>) -> Result<(), StoreError> {
        self.write(|transaction| write::take_lease(transaction, lease, known))
    }

    fn beat(&mut self, token: &str, at: Timestamp) -> Result<(), StoreError> {
        self.write(|transaction| write::beat(transaction, token, at))
    }

    fn release_lease(&mut self, token: &str, at: Timestamp) -> Result<(), StoreError> {
        self.write(|transaction| write::release_lease(transaction, token, at))
    }
}
