//! The book's layouts, one after the other, each applied whole or not at all.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::unusable;
use crate::bookkeeping::store::StoreError;

/// The layouts in order: the first is number 1. A layout that was ever released is never edited; a new one is added.
const MIGRATIONS: &[(&str, &str)] = &[
    ("2026_11_21_first_light", include_str!("migrations/2026_11_21_first_light.sql")),
    ("2026_11_21_taken_again", include_str!("migrations/2026_11_21_taken_again.sql")),
    ("2026_11_21_lanes", include_str!("migrations/2026_11_21_lanes.sql")),
    ("2026_11_21_backend_state", include_str!("migrations/2026_11_21_backend_state.sql")),
    ("2026_11_21_changed_runs", include_str!("migrations/2026_11_21_changed_runs.sql")),
];

/// The newest layout this program knows.
pub(super) fn newest() -> i64 {
    MIGRATIONS.len() as i64
}

/// Refuses a book that a newer program made, before anything is written.
pub(super) fn refuse_newer(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let found = layout(connection).map_err(|error| unusable(&error, path))?;
    if found > newest() {
        return Err(StoreError::Newer { found, known: newest(), path: path.to_owned() });
    }
    Ok(())
}

/// Applies the layouts that are missing.
pub(super) fn bring_up_to_date(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let unusable = |error: rusqlite::Error| unusable(&error, path);
    if layout(connection).map_err(unusable)? == newest() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(unusable)?;
    transaction
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS layout (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_ns INTEGER NOT NULL) STRICT",
        )
        .map_err(unusable)?;
    // Read again under the write lock: another program may have been faster.
    let found = layout(&transaction).map_err(unusable)?;
    for (number, (name, sql)) in (1i64..).zip(MIGRATIONS).filter(|(number, _)| *number > found) {
        transaction.execute_batch(sql).map_err(unusable)?;
        let now = i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX);
        transaction
            .execute("INSERT INTO layout (number, name, applied_ns) VALUES (?1, ?2, ?3)", (number, name, now))
            .map_err(unusable)?;
    }
    transaction.commit().map_err(unusable)
}

/// The number of the newest layout applied; 0 for a book that is empty.
fn layout(connection: &Connection) -> rusqlite::Result<i64> {
    let has_table =
        connection.query_row("SELECT 1 FROM sqlite_master WHERE name = 'layout'", (), |_| Ok(())).optional()?.is_some();
    if !has_table {
        return Ok(0);
    }
    connection.query_row("SELECT coalesce(max(number), 0) FROM layout", (), |row| row.get(0))
}
