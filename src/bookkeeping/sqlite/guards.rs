//! The triggers of a book: they keep what was said as it was said, and put into force what is. Who has the file can drop them.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::{LAYOUTS, SqliteEngine, told};
use crate::bookkeeping::sql::engine::{Engine, SqlError};
use crate::bookkeeping::sql::layouts;

/// The triggers that a book should have and has not, or not as they should be, in words. A book of an earlier layout is brought up
/// to date when it is opened for writing, and has others until then.
pub(super) fn faults(engine: &SqliteEngine) -> Result<Vec<String>, SqlError> {
    if layouts::layout(engine)? != LAYOUTS.len() as i64 {
        return Ok(Vec::new());
    }
    let found = triggers(engine)?;
    let fault = |(name, wanted): (String, String)| match found.get(&name) {
        Some(found) if *found == wanted => None,
        Some(_) => Some(format!("trigger {name} was changed")),
        None => Some(format!("trigger {name} is missing")),
    };
    Ok(of_a_new_book(engine)?.into_iter().filter_map(fault).collect())
}

/// The triggers of a book that has just been made.
fn of_a_new_book(engine: &SqliteEngine) -> Result<BTreeMap<String, String>, SqlError> {
    let connection = Connection::open_in_memory().map_err(|error| told(&error))?;
    let new = SqliteEngine { connection, path: engine.path.clone(), is_read_only: false, identity: None };
    layouts::bring_up_to_date(&new)?;
    triggers(&new)
}

fn triggers(engine: &SqliteEngine) -> Result<BTreeMap<String, String>, SqlError> {
    let rows = engine.query("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'", &[])?;
    rows.iter().map(|row| Ok((row.text("name")?, row.text("sql")?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bookkeeping::{SqliteStore, Store};

    #[test]
    fn a_trigger_that_is_missing_or_another_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.sqlite");
        let store = SqliteStore::open(&path).unwrap();
        assert_eq!(store.verify_chains().unwrap(), Vec::<String>::new());
        let change = "DROP TRIGGER entries_are_never_changed; DROP TRIGGER entries_come_into_force;
            CREATE TRIGGER entries_come_into_force AFTER INSERT ON entries BEGIN SELECT 1; END";
        Connection::open(&path).unwrap().execute_batch(change).unwrap();
        let words = ["trigger entries_are_never_changed is missing", "trigger entries_come_into_force was changed"];
        assert_eq!(store.verify_chains().unwrap(), words);
        assert_eq!(SqliteStore::open_read_only(&path).unwrap().verify_chains().unwrap(), words);
    }
}
