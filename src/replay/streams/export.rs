//! An export of a book, read line by line: one that was cut gives what stands before the cut.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value as Json};

use super::ledger::{Gathered, TABLES};
use super::lines::Lines;
use crate::bookkeeping::{BookId, Entry};

/// A longer line is no line of an export.
const LONGEST_LINE_BYTES: u64 = 64 << 20;

/// What the first line of an export says.
const FORMAT: &str = "dqmon book";
/// The newest form that is known; an earlier one has no last line.
const NEWEST_VERSION: i64 = 2;

/// What is read of an export.
#[derive(Debug, Default)]
pub(super) struct ReadExport {
    /// Its records.
    pub gathered: Gathered,
    /// What is wrong with its end.
    pub end_fault: Option<String>,
}

/// An export while it is read.
#[derive(Default)]
struct Reading {
    gathered: Gathered,
    entries: u64,
    /// Rows of each table so far.
    rows: BTreeMap<String, u64>,
    /// The number of the last entry of each book.
    last: BTreeMap<BookId, i64>,
    /// What the last line counts.
    end: Option<Json>,
}

/// Reads an export.
///
/// # Errors
/// When it can't be read, or is none that this program knows; in words.
pub(super) fn read(path: &Path) -> Result<ReadExport, String> {
    let mut lines = Lines::of(path, LONGEST_LINE_BYTES).map_err(|error| format!("not read: {error}"))?;
    let mut reading = Reading::default();
    let (mut number, mut torn, mut version) = (0, None, 0);
    while let Some(line) = lines.next_line().map_err(|error| format!("not read: {error}"))? {
        number = line.number;
        let parsed = serde_json::from_slice::<Map<String, Json>>(&line.bytes);
        match parsed {
            Ok(parsed) if number == 1 => version = version_of(&parsed)?,
            Ok(parsed) => reading.take(parsed, number),
            Err(error) if number == 1 => return Err(format!("line 1 is no beginning of an export: {error}")),
            Err(_) if !line.is_ended() => torn = Some(format!("line {number} is not whole")),
            Err(error) => reading.gathered.faults.say(format!("line {number} can't be read: {error}")),
        }
    }
    let end_fault = reading.end_fault(number, torn, version);
    Ok(ReadExport { gathered: reading.gathered, end_fault })
}

fn version_of(first: &Map<String, Json>) -> Result<i64, String> {
    let version = first.get("version").and_then(Json::as_i64);
    match (first.get("format").and_then(Json::as_str), version) {
        (Some(FORMAT), Some(version)) if (1..=NEWEST_VERSION).contains(&version) => Ok(version),
        (Some(FORMAT), Some(version)) => {
            Err(format!("it is an export of form {version}, this program knows forms up to {NEWEST_VERSION}"))
        }
        _ => Err("it is no export of a book; one begins with its format and version".into()),
    }
}

impl Reading {
    /// Takes a line behind the first.
    fn take(&mut self, mut line: Map<String, Json>, number: usize) {
        if let Some(entry) = line.remove("entry") {
            self.entries += 1;
            match serde_json::from_value::<Entry>(entry) {
                Ok(entry) => {
                    self.look_at_order(&entry, number);
                    self.gathered.take_entry(&entry, self.entries);
                }
                Err(error) => self.gathered.faults.say(format!("line {number}: an entry that can't be read: {error}")),
            }
        } else if let (Some(Json::String(table)), Some(Json::Object(row))) = (line.remove("table"), line.remove("row")) {
            let rows = self.rows.entry(table.clone()).or_default();
            let place = *rows;
            *rows += 1;
            if TABLES.contains(&table.as_str()) {
                self.gathered.take_row(&table, &row, place);
            }
        } else if let Some(end) = line.remove("end") {
            self.end = Some(end);
        } else {
            self.gathered.faults.say(format!("line {number} is neither an entry nor a row"));
        }
    }

    /// Entries of a book follow each other without gaps.
    fn look_at_order(&mut self, entry: &Entry, number: usize) {
        let before = self.last.insert(entry.id.book, entry.id.number).unwrap_or(0);
        if entry.id.number != before + 1 {
            let id = entry.id;
            self.gathered.faults.say(format!("line {number}: entry {id} stands behind number {before} of its book"));
        }
    }

    /// What is wrong with the end: it is missing, or counts something else than stands there.
    fn end_fault(&self, lines: usize, torn: Option<String>, version: i64) -> Option<String> {
        let rows: u64 = self.rows.values().sum();
        let held = format!("{} entries and {rows} rows", self.entries);
        let Some(end) = &self.end else {
            // The first form had no last line: that it is whole can't be told.
            let is_cut = version > 1 || torn.is_some();
            let torn = torn.map(|torn| format!("{torn}, ")).unwrap_or_default();
            return is_cut.then(|| {
                format!("export cut short: {torn}its last line, which counts what stands in it, is missing behind line {lines} ({held})")
            });
        };
        let counted = end.get("entries").and_then(Json::as_u64).unwrap_or_default();
        let tables = end.get("rows").and_then(Json::as_object).cloned().unwrap_or_default();
        let counted_rows: u64 = tables.values().filter_map(Json::as_u64).sum();
        let is_as_counted = counted == self.entries && counted_rows == rows;
        (!is_as_counted)
            .then(|| format!("export not whole: {counted} entries and {counted_rows} rows should stand in it, {held} do"))
    }
}
