//! The book in a PostgreSQL database that many workstations share.
//!
//! Writers come one after the other, as in SQLite: each takes the book's lock for its transaction. A server that went away is
//! looked for again, once a second at most; until it is back every call says so at once. Changes by others come as notifications.

mod address;
mod line;
mod tls;

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use postgres::error::SqlState;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

pub use address::{AddressError, BookAddress};
use line::{Connection, Line};

use super::outbox::Outbox;
use super::sql::SqlStore;
use super::sql::engine::{Engine, Purpose, SqlError, in_transaction};
use super::sql::value::{SqlRow, Value};
use super::store::ChangeStamp;
use super::store_error::StoreError;

/// A connection to the book in PostgreSQL.
pub type PostgresStore = SqlStore<PostgresEngine>;

/// The layouts in order: the first is number 1. A layout that was ever released is never edited; a new one is added.
const LAYOUTS: &[(&str, &str)] = &[
    ("2026_11_21_first", include_str!("migrations/2026_11_21_first.sql")),
    ("2026_11_21_first_page", include_str!("migrations/2026_11_21_first_page.sql")),
    ("2026_11_21_guarded", include_str!("migrations/2026_11_21_guarded.sql")),
];

/// The roles and their rights.
const ROLES: &str = include_str!("roles.sql");

/// A connection to a PostgreSQL server that is made again when it broke.
pub struct PostgresEngine {
    address: BookAddress,
    line: RefCell<Line>,
    is_read_only: bool,
}

impl PostgresStore {
    /// Connects for writing; makes the book's tables when there are none, brings an older layout up to date.
    ///
    /// # Errors
    /// [`StoreError::Away`] when the server does not answer; else when it refuses, or a newer program made the book.
    pub fn connect(address: &BookAddress) -> Result<Self, StoreError> {
        SqlStore::over(PostgresEngine::connected(address, false)?, None)
    }

    /// As [`PostgresStore::connect`], for a workspace: while the server is away, also at first, entries go into its outbox.
    ///
    /// # Errors
    /// When the server refuses, or a newer program made the book.
    pub fn call(address: &BookAddress, outbox: Outbox) -> Result<Self, StoreError> {
        let engine = match PostgresEngine::connected(address, false) {
            Err(StoreError::Away { why, .. }) => PostgresEngine::of(address, Line::away(why), false),
            other => other?,
        };
        SqlStore::over(engine, Some(outbox))
    }

    /// Makes the roles of the book, with what each may do; changes nothing when it is done again.
    ///
    /// # Errors
    /// When the account may not make roles, or the server refuses.
    pub fn make_roles(&self) -> Result<(), StoreError> {
        let made = in_transaction(&self.engine, Purpose::Write, |engine| engine.script(ROLES));
        made.map_err(|error| error.at(self.engine.place()))
    }

    /// Connects for reading; never writes.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when the database holds no book; else as [`PostgresStore::connect`].
    pub fn connect_read_only(address: &BookAddress) -> Result<Self, StoreError> {
        let engine = PostgresEngine::connected(address, true)?;
        if !engine.has_table("layout").map_err(|error| error.at(engine.place()))? {
            return Err(StoreError::Missing { place: engine.place() });
        }
        SqlStore::over(engine, None)
    }
}

impl PostgresEngine {
    fn connected(address: &BookAddress, is_read_only: bool) -> Result<Self, StoreError> {
        let client = address.connect().map_err(|error| told(&error).at(address.to_string()))?;
        Ok(PostgresEngine::of(address, Line::open(client), is_read_only))
    }

    fn of(address: &BookAddress, line: Line, is_read_only: bool) -> Self {
        PostgresEngine { address: address.clone(), line: RefCell::new(line), is_read_only }
    }

    /// Does something over the connection; makes it again first when it broke.
    fn over_line<T>(&self, what: impl FnOnce(&mut Connection) -> Result<T, postgres::Error>) -> Result<T, SqlError> {
        // Notifications and errors alike come back through here, and nothing in here calls the engine again.
        match self.line.try_borrow_mut() {
            Ok(mut line) => line.with(&self.address, what),
            Err(_) => Err(SqlError::Refused("the connection is in use".into())),
        }
    }
}

impl Engine for PostgresEngine {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<SqlRow>, SqlError> {
        let rows = self.over_line(|line| {
            let statement = line.prepared(sql)?;
            line.client.query(&statement, &as_params(params))
        })?;
        let Some(first) = rows.first() else { return Ok(Vec::new()) };
        let columns: Arc<[String]> = first.columns().iter().map(|column| column.name().to_owned()).collect();
        let read = |row: &postgres::Row| {
            let values = (0..columns.len()).map(|index| row.try_get::<_, Read>(index).map(|read| read.0));
            let values = values.collect::<Result<_, _>>().map_err(|error| SqlError::Damaged(words(&error)))?;
            Ok(SqlRow { columns: Arc::clone(&columns), values })
        };
        rows.iter().map(read).collect()
    }

    fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, SqlError> {
        self.over_line(|line| {
            let statement = line.prepared(sql)?;
            line.client.execute(&statement, &as_params(params))
        })
    }

    fn script(&self, sql: &str) -> Result<(), SqlError> {
        self.over_line(|line| line.client.batch_execute(sql))
    }

    fn begin(&self, purpose: Purpose) -> &'static str {
        match purpose {
            Purpose::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            // Before the table of turns is made, only who makes the book writes.
            Purpose::Write => {
                "BEGIN; DO $turn$ BEGIN IF to_regclass('write_turn') IS NULL THEN PERFORM pg_advisory_xact_lock(105311); \
                 ELSE PERFORM only_one FROM write_turn FOR UPDATE; END IF; END $turn$"
            }
        }
    }

    fn has_table(&self, name: &str) -> Result<bool, SqlError> {
        let rows = self.query("SELECT to_regclass($1::text)::text AS found", &[Value::from(name)])?;
        Ok(rows.first().map(|row| row.optional_text("found")).transpose()?.flatten().is_some())
    }

    fn says_sql(&self) -> &'static str {
        "CASE WHEN body::json ->> 'withdrawn' = 'true' THEN NULL ELSE coalesce(body::json ->> 'flag', body::json ->> 'mark') END"
    }

    fn superseded_sql(&self) -> &'static str {
        "SELECT json_array_elements_text(later.supersedes::json) FROM entries AS later"
    }

    fn change_stamp(&self) -> Result<ChangeStamp, SqlError> {
        let rows = self.query("SELECT number FROM change_count", &[])?;
        let number = rows.first().map_or(Ok(0), |row| row.int("number"))?;
        Ok(ChangeStamp(number.to_string()))
    }

    fn wait_for_change(&self, at_most: Duration) {
        let began = Instant::now();
        let heard = self.over_line(|line| line.listen("dqmon_book", at_most));
        if heard.is_err() {
            std::thread::sleep(at_most.saturating_sub(began.elapsed()));
        }
    }

    fn integrity(&self) -> Result<Vec<String>, SqlError> {
        Ok(Vec::new())
    }

    fn back_up(&self, _: &Path) -> Result<(), SqlError> {
        Err(SqlError::Refused("a book in PostgreSQL is backed up as an export".into()))
    }

    fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    fn layouts(&self) -> &'static [(&'static str, &'static str)] {
        LAYOUTS
    }

    fn place(&self) -> String {
        self.address.to_string()
    }
}

fn as_params(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

/// What the server or the connection said, with all its reasons.
fn words(error: &postgres::Error) -> String {
    let mut words = match error.as_db_error() {
        Some(refusal) => refusal.message().to_owned(),
        None => error.to_string(),
    };
    let mut cause = std::error::Error::source(error).filter(|_| error.as_db_error().is_none());
    while let Some(why) = cause {
        words = format!("{words}: {why}");
        cause = why.source();
    }
    words
}

/// An error of the server in our words.
fn told(error: &postgres::Error) -> SqlError {
    let Some(code) = error.code() else {
        // What the client itself refuses to send or can't read is no line that broke.
        let words = words(error);
        let is_ours = words.starts_with("error serializing") || words.starts_with("error deserializing");
        return if is_ours { SqlError::Refused(words) } else { SqlError::Away(words) };
    };
    // What passes: no room, a lock that was not had in time, a server that ends or may only be read for now. What was said waits.
    let is_passing = |code: &SqlState| {
        let class = code.code().get(..2).unwrap_or_default();
        matches!(class, "40" | "53" | "55" | "57" | "58") || *code == SqlState::READ_ONLY_SQL_TRANSACTION
    };
    let denied = [SqlState::INSUFFICIENT_PRIVILEGE, SqlState::INVALID_PASSWORD, SqlState::INVALID_AUTHORIZATION_SPECIFICATION];
    let damaged = [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED];
    match code {
        code if is_passing(code) => SqlError::Away(words(error)),
        code if denied.contains(code) => SqlError::NotAllowed(words(error)),
        code if damaged.contains(code) => SqlError::Damaged(words(error)),
        _ => SqlError::Refused(words(error)),
    }
}

type SqlFault = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut bytes::BytesMut) -> Result<IsNull, SqlFault> {
        match (self, kind) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Int(value), &Type::INT8) => value.to_sql(kind, out),
            (Value::Int(value), &Type::INT4) => i32::try_from(*value)?.to_sql(kind, out),
            (Value::Int(value), &Type::FLOAT8) => (*value as f64).to_sql(kind, out),
            (Value::Real(value), &Type::FLOAT8) => value.to_sql(kind, out),
            (Value::Text(text), kind) if <&str as ToSql>::accepts(kind) => text.as_str().to_sql(kind, out),
            (value, kind) => Err(format!("{value:?} where a column of type {kind} stands").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A value as it comes out.
struct Read(Value);

impl<'a> FromSql<'a> for Read {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, SqlFault> {
        Ok(Read(match *kind {
            Type::INT8 => Value::Int(i64::from_sql(kind, raw)?),
            Type::INT4 => Value::Int(i32::from_sql(kind, raw)?.into()),
            Type::BOOL => Value::Int(bool::from_sql(kind, raw)?.into()),
            Type::FLOAT8 => Value::Real(f64::from_sql(kind, raw)?),
            _ => Value::Text(String::from_sql(kind, raw)?),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, SqlFault> {
        Ok(Read(Value::Null))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT8 | Type::INT4 | Type::BOOL | Type::FLOAT8) || <String as FromSql>::accepts(kind)
    }
}
