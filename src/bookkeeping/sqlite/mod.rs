//! The book in one SQLite file.
//!
//! Write-ahead log and full synchronisation: what was recorded stands after a power cut. The log needs shared memory, so the
//! book must not lie on a network mount.

mod guards;
mod making;
#[cfg(test)]
mod migration_tests;
mod mount;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, OptionalExtension, ToSql};

use super::sql::SqlStore;
use super::sql::engine::{Engine, Purpose, SqlError};
use super::sql::value::{SqlRow, Value};
use super::store::ChangeStamp;
use super::store_error::StoreError;

/// A connection to the book in one SQLite file.
pub type SqliteStore = SqlStore<SqliteEngine>;

/// A connection to one SQLite file.
pub struct SqliteEngine {
    connection: Connection,
    path: PathBuf,
    is_read_only: bool,
    /// Device and number of the file that was opened.
    identity: Option<(u64, u64)>,
}

/// Looks at a book that somebody else is writing into, 50 us apart, before it is called unusable: some ten seconds. Equal short
/// waits are fair: with waits that grow, one of several busy writers gets everything.
const BUSY_LOOKS: i32 = 100_000;

/// Begins a transaction that writes, with the write lock at once.
const BEGIN_TO_WRITE: &str = "BEGIN IMMEDIATE";

/// How often a change by others is looked for while one is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The layouts in order: the first is number 1. A layout that was ever released is never edited; a new one is added.
const LAYOUTS: &[(&str, &str)] = &[
    ("2026_11_21_first_light", include_str!("migrations/2026_11_21_first_light.sql")),
    ("2026_11_21_taken_again", include_str!("migrations/2026_11_21_taken_again.sql")),
    ("2026_11_21_lanes", include_str!("migrations/2026_11_21_lanes.sql")),
    ("2026_11_21_backend_state", include_str!("migrations/2026_11_21_backend_state.sql")),
    ("2026_11_21_changed_runs", include_str!("migrations/2026_11_21_changed_runs.sql")),
    ("2026_11_21_ledger", include_str!("migrations/2026_11_21_ledger.sql")),
    ("2026_11_21_first_page", include_str!("migrations/2026_11_21_first_page.sql")),
];

/// Statements that a connection keeps prepared.
const PREPARED_AT_MOST: usize = 200;

/// Pages of the log after which they are brought into the book. What people say touches a dozen each time, mostly the same ones:
/// they are written there once for some hundred decisions.
const CHECKPOINT_AFTER_PAGES: i64 = 4_000;

/// What a connection keeps of the book in memory, KiB.
const CACHE_KIB: i64 = 16 * 1024;

impl SqliteStore {
    /// Opens the book for writing; makes it when there is none, brings an older layout up to date.
    ///
    /// # Errors
    /// When it can't be opened, a newer program made it, or it lies on a network mount; it is left unharmed then.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        refuse_empty(path)?;
        mount::refuse_network(path)?;
        if !path.exists() {
            making::make_whole(path)?;
        }
        let at = |error: rusqlite::Error| told(&error).at(path.display().to_string());
        let mut connection = Connection::open(path).map_err(at)?;
        set_up(&mut connection).map_err(at)?;
        let mut engine = SqliteEngine { connection, path: path.to_owned(), is_read_only: false, identity: None };
        // Asked before anything is written: a book of a newer layout stays as it is, to the byte.
        super::sql::layouts::refuse_newer(&engine).map_err(|error| error.at(engine.place()))?;
        engine.connection.pragma_update(None, "journal_mode", "WAL").map_err(at)?;
        engine.identity = identity_of(path);
        engine.connection.pragma_update(None, "synchronous", "FULL").map_err(at)?;
        engine.connection.pragma_update(None, "foreign_keys", true).map_err(at)?;
        SqlStore::over(engine, None)
    }

    /// A book in memory alone, with nothing in it: gone with its store.
    ///
    /// # Errors
    /// When there is no room for one.
    pub fn in_memory() -> Result<Self, StoreError> {
        const PLACE: &str = "a book in memory";
        let at = |error: rusqlite::Error| told(&error).at(PLACE.to_owned());
        let mut connection = Connection::open_in_memory().map_err(at)?;
        set_up(&mut connection).map_err(at)?;
        connection.pragma_update(None, "foreign_keys", true).map_err(at)?;
        SqlStore::over(SqliteEngine { connection, path: PLACE.into(), is_read_only: false, identity: None }, None)
    }

    /// Opens the book for reading; never writes into it.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is none; else as [`SqliteStore::open`].
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        if !path.is_file() {
            return Err(StoreError::Missing { place: path.display().to_string() });
        }
        refuse_empty(path)?;
        let at = |error: rusqlite::Error| told(&error).at(path.display().to_string());
        let mut connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(at)?;
        set_up(&mut connection).map_err(at)?;
        if !can_read(&connection) {
            // Readers of a book in a folder where they may not write can't make the log's index; without it the book is read
            // as it stands in its one file, which is whole whenever no backend writes.
            connection = open_as_it_stands(path).map_err(at)?;
        }
        let identity = identity_of(path);
        SqlStore::over(SqliteEngine { connection, path: path.to_owned(), is_read_only: true, identity }, None)
    }

    /// Where the book stands.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.engine.path
    }
}

impl SqliteEngine {
    /// Refuses to go on in a file that has the book's name no more: what were written there would be lost.
    fn refuse_replaced(&self) -> Result<(), SqlError> {
        if self.identity.is_none() || identity_of(&self.path) == self.identity {
            return Ok(());
        }
        Err(SqlError::Refused(
            "another file stands in its place since it was opened, as after 'dqmon book restore'; open it again".into(),
        ))
    }
}

impl Engine for SqliteEngine {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<SqlRow>, SqlError> {
        let mut statement = self.connection.prepare_cached(&numbered(sql)).map_err(|error| told(&error))?;
        let columns: Arc<[String]> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query(rusqlite::params_from_iter(params)).map_err(|error| told(&error))?;
        let mut answer = Vec::new();
        while let Some(row) = rows.next().map_err(|error| told(&error))? {
            let values = (0..columns.len()).map(|index| row.get_ref(index).map_err(|error| told(&error)).and_then(value_of));
            answer.push(SqlRow { columns: Arc::clone(&columns), values: values.collect::<Result<_, _>>()? });
        }
        Ok(answer)
    }

    fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, SqlError> {
        let mut statement = self.connection.prepare_cached(&numbered(sql)).map_err(|error| told(&error))?;
        statement.execute(rusqlite::params_from_iter(params)).map(|rows| rows as u64).map_err(|error| told(&error))
    }

    fn script(&self, sql: &str) -> Result<(), SqlError> {
        if sql == BEGIN_TO_WRITE {
            self.refuse_replaced()?;
        }
        // What frames every transaction stays prepared.
        let outcome = match sql {
            BEGIN_TO_WRITE | "COMMIT" => self.connection.prepare_cached(sql).and_then(|mut framed| framed.execute([]).map(drop)),
            _ => self.connection.execute_batch(sql),
        };
        outcome.map_err(|error| told(&error))
    }

    fn begin(&self, purpose: Purpose) -> &'static str {
        match purpose {
            Purpose::Read => "BEGIN",
            // The write lock at once: a transaction that reads first and writes later can't be served when others wrote between.
            Purpose::Write => BEGIN_TO_WRITE,
        }
    }

    fn has_table(&self, name: &str) -> Result<bool, SqlError> {
        let sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1";
        self.connection.query_row(sql, [name], |_| Ok(())).optional().map(|row| row.is_some()).map_err(|error| told(&error))
    }

    fn superseded_sql(&self) -> &'static str {
        "SELECT named.value FROM entries AS later, json_each(later.supersedes) AS named"
    }

    fn says_sql(&self) -> &'static str {
        // With no path in it: a dollar stands for a parameter here.
        "CASE WHEN body ->> 'withdrawn' THEN NULL ELSE coalesce(body ->> 'flag', body ->> 'mark') END"
    }

    fn change_stamp(&self) -> Result<ChangeStamp, SqlError> {
        self.refuse_replaced()?;
        let others: i64 =
            self.connection.pragma_query_value(None, "data_version", |row| row.get(0)).map_err(|error| told(&error))?;
        Ok(ChangeStamp(format!("{others} {}", self.connection.total_changes())))
    }

    fn wait_for_change(&self, at_most: Duration) {
        let until = std::time::Instant::now() + at_most;
        let before = self.change_stamp().ok();
        while std::time::Instant::now() < until && self.change_stamp().ok() == before {
            std::thread::sleep(LOOK_EVERY.min(at_most));
        }
    }

    fn integrity(&self) -> Result<Vec<String>, SqlError> {
        let rows = self.query("SELECT integrity_check AS found FROM pragma_integrity_check", &[])?;
        let found = rows.iter().map(|row| row.text("found")).collect::<Result<Vec<_>, _>>()?;
        let mut faults: Vec<String> = found.into_iter().filter(|words| words != "ok").collect();
        faults.extend(guards::faults(self)?);
        Ok(faults)
    }

    fn back_up(&self, to: &Path) -> Result<(), SqlError> {
        // As one transaction of the engine; it refuses a file that is there.
        self.execute("VACUUM INTO $1", &[Value::from(to.to_string_lossy().into_owned())]).map(drop)
    }

    fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    fn layouts(&self) -> &'static [(&'static str, &'static str)] {
        LAYOUTS
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }
}

/// What tells a file from another that takes its name.
fn identity_of(path: &Path) -> Option<(u64, u64)> {
    let facts = std::fs::metadata(path).ok()?;
    Some((std::os::unix::fs::MetadataExt::dev(&facts), std::os::unix::fs::MetadataExt::ino(&facts)))
}

/// Parameters by their number, in SQLite's words.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

fn value_of(value: ValueRef<'_>) -> Result<Value, SqlError> {
    match value {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(value) => Ok(Value::Int(value)),
        ValueRef::Real(value) => Ok(Value::Real(value)),
        ValueRef::Text(text) => std::str::from_utf8(text)
            .map(|text| Value::Text(text.to_owned()))
            .map_err(|_| SqlError::Damaged("a text that is no UTF-8".into())),
        ValueRef::Blob(_) => Err(SqlError::Damaged("bytes where text or a number should stand".into())),
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Real(value) => ValueRef::Real(*value),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

/// An empty file where a book should be is what is left of a lost one: a new history must not begin in it unasked.
fn refuse_empty(path: &Path) -> Result<(), StoreError> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() && metadata.len() == 0 => Err(StoreError::Damaged {
            what: "it is empty; put a copy of the book in its place, or remove the file to begin a new one".into(),
            place: path.display().to_string(),
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

/// What every connection is told: to wait for others' writes in equal short steps, to keep its statements prepared (the library
/// keeps 16, the book has some hundred), to have what it needs to undo a statement in memory and not in a file beside the book,
/// and a cache in which the indexes of a book of years find room.
fn set_up(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(PREPARED_AT_MOST);
    // Else every value bound to a column with a partial index makes the statement be prepared anew.
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_AFTER_PAGES)?;
    connection.busy_handler(Some(|looks: i32| {
        std::thread::sleep(Duration::from_micros(50));
        looks < BUSY_LOOKS
    }))
}

/// The engine's error in our words.
fn told(error: &rusqlite::Error) -> SqlError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, SystemIoFailure};
    match error {
        rusqlite::Error::SqliteFailure(code, _) if matches!(code.code, DatabaseCorrupt | NotADatabase) => {
            SqlError::Damaged(error.to_string())
        }
        // What stands beside the book can't grow either: the engine then speaks of input and output alone.
        rusqlite::Error::SqliteFailure(code, _) if code.code == SystemIoFailure => {
            SqlError::Refused(format!("{error}; is the disk full?"))
        }
        _ => SqlError::Refused(error.to_string()),
    }
}
