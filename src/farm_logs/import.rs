//! What old transfer logs say, into the book's story.

use std::collections::HashSet;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use monitasks::vocab::Run;
use serde::Serialize;
use serde_json::{Value, json};

use super::error::{FarmLogsError, io_error};
use super::folder::FarmLogs;
use super::line::{Form, TransferLine};
use super::reader::{Lines, LogLine};
use super::rebuild::{Mark, mark_of};
use crate::bookkeeping::{Store, StoreError, StoryEntry};

/// The kind of the story's entries.
pub const IMPORTED: &str = "imported";

/// Entries that are written at once.
const AT_ONCE: usize = 500;

/// What was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Imported {
    /// Lines that were recorded now.
    pub recorded: u64,
    /// Lines that stood in the book already, or that the other log had too.
    pub known: u64,
    /// Damaged lines, which are not recorded.
    pub damaged: u64,
}

/// Records each line of both logs once, as an entry `imported` of its file's story at the end of its copy. Importing again
/// records nothing. No transfer is made of a line: it has no checksum, no source and a size that is rounded up.
///
/// # Errors
/// When a log can't be read or the book can't be written; importing again goes on.
pub fn record_lines(store: &mut dyn Store, logs: &FarmLogs, zone: &TimeZone) -> Result<Imported, FarmLogsError> {
    let mut import =
        Import { store, zone, now: Timestamp::now(), known: HashSet::new(), runs: HashSet::new(), ready: Vec::new() };
    let mut counts = Imported::default();
    for path in logs.runs.iter().map(|log| &log.path).chain(&logs.alltransfer) {
        let error = io_error("transfer log not read", path);
        for line in Lines::open(path).map_err(&error)? {
            import.take(&line.map_err(&error)?, path, &mut counts)?;
        }
    }
    import.write()?;
    Ok(counts)
}

struct Import<'a> {
    store: &'a mut dyn Store,
    zone: &'a TimeZone,
    now: Timestamp,
    /// Lines in the book or on their way into it.
    known: HashSet<Mark>,
    /// Runs whose lines in the book are known.
    runs: HashSet<Option<Run>>,
    ready: Vec<StoryEntry>,
}

impl Import<'_> {
    fn take(&mut self, line: &LogLine, log: &Path, counts: &mut Imported) -> Result<(), FarmLogsError> {
        let Ok(content) = &line.content else {
            counts.damaged += 1;
            return Ok(());
        };
        let run = content.run();
        self.know(run)?;
        let text = String::from_utf8_lossy(&line.text).trim().to_owned();
        if !self.known.insert(mark_of(text.as_bytes())) {
            counts.known += 1;
            return Ok(());
        }
        counts.recorded += 1;
        self.ready.push(self.entry(content, run, &text, log, line.number));
        if self.ready.len() >= AT_ONCE { self.write() } else { Ok(()) }
    }

    /// Learns what of a run was imported before.
    fn know(&mut self, run: Option<Run>) -> Result<(), StoreError> {
        if !self.runs.insert(run) {
            return Ok(());
        }
        // The story of no run can't be asked for: such lines stand with run 0, which no farm has.
        let story = self.store.story(run.unwrap_or(NO_RUN), None)?;
        let lines = story.iter().filter(|entry| entry.kind == IMPORTED).filter_map(|entry| entry.detail.get("line"));
        self.known.extend(lines.filter_map(Value::as_str).map(|line| mark_of(line.as_bytes())));
        Ok(())
    }

    fn entry(&self, content: &TransferLine, run: Option<Run>, text: &str, log: &Path, number: u64) -> StoryEntry {
        // A local time that a change of clocks leaves out or has twice is taken as jiff does: the earlier of two.
        let at = |time: jiff::civil::DateTime| time.to_zoned(self.zone.clone()).ok().map(|zoned| zoned.timestamp());
        let (ended, started) = (at(content.ended()), content.started().and_then(at));
        let form = if matches!(content.form, Form::New { .. }) { "new" } else { "old" };
        let detail = json!({
            "line": text, "form": form, "log": log, "log_line": number, "started": started, "ended": ended,
            "listed_size": content.listed_size, "daq_closed": at(content.daq_closed), "path": content.path,
            "imported_at": self.now, "time_zone": self.zone.iana_name(),
        });
        StoryEntry {
            at: ended.unwrap_or(self.now),
            run: Some(run.unwrap_or(NO_RUN)),
            sequence: content.file().map(|file| file.sequence),
            kind: IMPORTED.into(),
            detail,
        }
    }

    fn write(&mut self) -> Result<(), FarmLogsError> {
        if !self.ready.is_empty() {
            self.store.record(None, &self.ready, &[])?;
            self.ready.clear();
        }
        Ok(())
    }
}

/// Stands for the run of lines that name none.
const NO_RUN: Run = Run(0);
