//! The seam to a database engine.

use std::path::Path;
use std::time::Duration;

use super::value::{SqlRow, Value};
use crate::bookkeeping::store::ChangeStamp;
use crate::bookkeeping::store_error::StoreError;

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To see everything as it was at one moment.
    Read,
    /// To write, alone: other writers wait.
    Write,
}

/// A connection to a database engine.
pub trait Engine: Send {
    /// Rows of a question. Parameters stand as `$1`, `$2` and so on.
    ///
    /// # Errors
    /// When the engine refuses or can't be reached.
    fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<SqlRow>, SqlError>;

    /// Writes; answers how many rows.
    ///
    /// # Errors
    /// When the engine refuses or can't be reached.
    fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, SqlError>;

    /// Runs several statements without parameters.
    ///
    /// # Errors
    /// When the engine refuses or can't be reached.
    fn script(&self, sql: &str) -> Result<(), SqlError>;

    /// The statement with which a transaction begins.
    fn begin(&self, purpose: Purpose) -> &'static str;

    /// Whether a table is there.
    ///
    /// # Errors
    /// When the engine can't be asked.
    fn has_table(&self, name: &str) -> Result<bool, SqlError>;

    /// A question whose answer is the names of all entries that another one took the place of.
    fn superseded_sql(&self) -> &'static str;

    /// What an entry says in a word, of a row of `entries`: its flag or its mark; nothing where it was taken back or says no such.
    fn says_sql(&self) -> &'static str;

    /// Changes whenever anybody has written.
    ///
    /// # Errors
    /// When the engine can't be asked.
    fn change_stamp(&self) -> Result<ChangeStamp, SqlError>;

    /// Waits until somebody else has written, or for a time; being late or early does no harm.
    fn wait_for_change(&self, at_most: Duration);

    /// What the engine itself finds wrong in its files, in words.
    ///
    /// # Errors
    /// When the engine can't be asked.
    fn integrity(&self) -> Result<Vec<String>, SqlError>;

    /// Copies the database as it is at one moment into a new file, while others go on.
    ///
    /// # Errors
    /// When the engine has no such copies, or the file can't be written.
    fn back_up(&self, to: &Path) -> Result<(), SqlError>;

    /// Whether nothing may be written.
    fn is_read_only(&self) -> bool;

    /// The layouts of this engine, oldest first: name and statements.
    fn layouts(&self) -> &'static [(&'static str, &'static str)];

    /// Where the book stands, to be shown: a path, or an address without its password.
    fn place(&self) -> String;
}

/// What went wrong in a database.
#[derive(Debug)]
pub enum SqlError {
    /// The engine refused.
    Refused(String),
    /// The engine can't be reached; it may come back.
    Away(String),
    /// The account may not do this.
    NotAllowed(String),
    /// A value is not what its column should hold.
    Damaged(String),
    /// A rule of the store refused.
    Store(StoreError),
}

impl From<StoreError> for SqlError {
    fn from(error: StoreError) -> Self {
        SqlError::Store(error)
    }
}

/// Runs steps as one transaction: all of them, or none when one fails.
pub fn in_transaction<T>(
    engine: &dyn Engine,
    purpose: Purpose,
    steps: impl FnOnce(&dyn Engine) -> Result<T, SqlError>,
) -> Result<T, SqlError> {
    engine.script(engine.begin(purpose))?;
    let outcome = steps(engine).and_then(|value| engine.script("COMMIT").map(|()| value));
    if outcome.is_err() {
        // What failed is told; that its transaction can't be rolled back as well, as over a line that broke, adds nothing.
        let _ = engine.script("ROLLBACK");
    }
    outcome
}
