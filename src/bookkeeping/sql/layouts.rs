//! Brings a book's layout up to date: the layouts one after the other, all of them or none.

use super::engine::{Engine, Purpose, SqlError, in_transaction};
use super::ledger;
use super::value::params;
use crate::bookkeeping::store_error::StoreError;

/// Refuses a book that a newer program made, before anything is written.
pub fn refuse_newer(engine: &dyn Engine) -> Result<(), SqlError> {
    let (found, known) = (layout(engine)?, engine.layouts().len() as i64);
    if found > known {
        return Err(StoreError::Newer { found, known, place: engine.place() }.into());
    }
    Ok(())
}

/// Applies the layouts that are missing; answers their names.
pub fn bring_up_to_date(engine: &dyn Engine) -> Result<Vec<&'static str>, SqlError> {
    let newest = engine.layouts().len() as i64;
    if layout(engine)? == newest {
        return Ok(Vec::new());
    }
    in_transaction(engine, Purpose::Write, |engine| {
        engine.script(
            "CREATE TABLE IF NOT EXISTS layout (number BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_ns BIGINT NOT NULL)",
        )?;
        // Read again under the write lock: another program may have been faster.
        let found = layout(engine)?;
        let mut applied = Vec::new();
        for (number, (name, sql)) in (1i64..).zip(engine.layouts()).filter(|(number, _)| *number > found) {
            engine.script(sql)?;
            let now = jiff::Timestamp::now();
            engine.execute("INSERT INTO layout (number, name, applied_ns) VALUES ($1, $2, $3)", &params![number, *name, now])?;
            applied.push(*name);
        }
        ledger::adopt_earlier_layouts(engine)?;
        Ok(applied)
    })
}

/// The number of the newest layout applied; 0 for a book that is empty.
pub fn layout(engine: &dyn Engine) -> Result<i64, SqlError> {
    if !engine.has_table("layout")? {
        return Ok(0);
    }
    let rows = engine.query("SELECT coalesce(max(number), 0) AS number FROM layout", &[])?;
    rows.first().map_or(Ok(0), |row| row.int("number"))
}
