//! What old transfer logs say, into the book's story.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use monitasks::vocab::{FileId, Run};
use serde::Serialize;
use serde_json::{Value, json};

use super::error::{FarmLogsError, io_error};
use super::folder::FarmLogs;
use super::line::{Form, TransferLine, listed_size};
use super::reader::{Lines, LogLine};
use super::rebuild::{Mark, mark_of};
use crate::bookkeeping::{Store, StoreError, StoryEntry, StoryRecord};

/// The kind of the story's entries.
pub const IMPORTED: &str = "imported";

/// Entries that are written at once.
const AT_ONCE: usize = 500;

/// A log has the DAQ's write time to the minute; so far from the book's it may be, s.
const CLOSED_WITHIN_S: u64 = 60;

/// How a line finds its file in the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Attach {
    /// By its name, when its size and the DAQ's write time agree with what the book knows; a file that the book does not know
    /// contradicts nothing.
    #[default]
    Agreeing,
    /// By its name alone.
    ByName,
}

/// A line that names a file of the book and tells of another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotAttached {
    /// The file whose name it has.
    pub file: FileId,
    /// The line.
    pub text: String,
    /// Its log.
    pub log: PathBuf,
    /// Its number there, from 1.
    pub line: u64,
    /// What differs.
    pub why: String,
}

/// What was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Imported {
    /// Lines that were recorded now.
    pub recorded: u64,
    /// Lines that stood in the book already, or that the other log had too.
    pub known: u64,
    /// Damaged lines, which are not recorded.
    pub damaged: u64,
    /// Lines that are of other files than those that the book has by their names; they are not recorded.
    pub not_attached: Vec<NotAttached>,
}

/// What the book knows of a file: a file that was taken in as a piece and again has had several sizes.
#[derive(Debug, Default)]
struct Known {
    listed_sizes: Vec<String>,
    closed: Vec<Timestamp>,
}

impl Known {
    fn learn(&mut self, size_bytes: Option<u64>, closed: Option<Timestamp>) {
        self.listed_sizes.extend(size_bytes.map(listed_size));
        self.closed.extend(closed);
    }

    /// What of a line contradicts it.
    /// Write times are compared as the clock on the wall showed them: of an hour that a change of clocks has twice, a log does not
    /// say which it means.
    fn contradiction(&self, line: &TransferLine, zone: &TimeZone) -> Option<String> {
        if !self.listed_sizes.contains(&line.listed_size) {
            let known = self.listed_sizes.last().map_or("none", String::as_str);
            return Some(format!("its size is {}, the book's file has {known}", line.listed_size));
        }
        let is_near = |known: &Timestamp| {
            let apart = known.to_zoned(zone.clone()).datetime().duration_since(line.daq_closed);
            apart.as_secs().unsigned_abs() <= CLOSED_WITHIN_S
        };
        if self.closed.iter().any(is_near) {
            return None;
        }
        let words = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
        let closed = at(line.daq_closed, zone);
        let (its, known) = (closed.map_or_else(|| "at no time".into(), words), self.closed.last().copied().map(words));
        let known = known.unwrap_or_else(|| "at a time not known".into());
        Some(format!("the DAQ wrote it {its}, the book's file {known} (unless the time zone is another one)"))
    }
}

/// Records each line of both logs that is of the file it names once, as an entry `imported` of its file's story at the end of its
/// copy. Importing again records nothing. No transfer is made of a line: it has no checksum, no source and a size that is rounded up.
///
/// # Errors
/// When a log can't be read or the book can't be written; importing again goes on.
pub fn record_lines(store: &mut dyn Store, logs: &FarmLogs, zone: &TimeZone, attach: Attach) -> Result<Imported, FarmLogsError> {
    let mut files: BTreeMap<FileId, Known> = BTreeMap::new();
    for file in store.overview()?.files {
        files.entry(file.file).or_default().learn(Some(file.size_bytes), Some(file.daq_closed));
    }
    let now = Timestamp::now();
    let mut import = Import { store, zone, attach, now, files, known: HashSet::new(), runs: HashSet::new(), ready: Vec::new() };
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
    attach: Attach,
    now: Timestamp,
    /// Files of the book.
    files: BTreeMap<FileId, Known>,
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
        let contradiction = |file: FileId| Some((file, self.files.get(&file)?.contradiction(content, self.zone)?));
        let other = content.file().filter(|_| self.attach == Attach::Agreeing).and_then(contradiction);
        if let Some((file, why)) = other {
            counts.not_attached.push(NotAttached { file, text, log: log.to_owned(), line: line.number, why });
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
        // What the file was once: the book's row has what it is now.
        let of_copies =
            |entry: &&StoryRecord| matches!(entry.kind.as_str(), "arrived" | "source_changed" | "taken_again" | "copied");
        for entry in story.iter().filter(of_copies) {
            let file = entry.run.zip(entry.sequence).map(|(run, sequence)| FileId { run, sequence });
            if let Some(known) = file.and_then(|file| self.files.get_mut(&file)) {
                let closed = entry.detail["daq_closed"].as_str().and_then(|stamp| stamp.parse().ok());
                known.learn(entry.detail["size_bytes"].as_u64(), closed);
            }
        }
        Ok(())
    }

    fn entry(&self, content: &TransferLine, run: Option<Run>, text: &str, log: &Path, number: u64) -> StoryEntry {
        let at = |time| at(time, self.zone);
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

/// A local time; one that a change of clocks leaves out or has twice is taken as jiff does: the earlier of two.
fn at(time: jiff::civil::DateTime, zone: &TimeZone) -> Option<Timestamp> {
    time.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp())
}

/// Stands for the run of lines that name none.
const NO_RUN: Run = Run(0);

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::bookkeeping::{FileRecord, FileStep, Row, RunRecord, SqliteStore};

    #[test]
    fn in_the_hour_that_a_change_of_clocks_has_twice_a_line_is_of_its_file_whichever_it_means() {
        let zone = TimeZone::get("Europe/Zurich").unwrap();
        let size_bytes = 1_072_000_000;
        let known = |closed: &str| Known { listed_sizes: vec![listed_size(size_bytes)], closed: vec![closed.parse().unwrap()] };
        let line = |closed: &str| {
            let size = listed_size(size_bytes);
            let text = format!("3 2016-10-30 03:55:01 2016-10-30 03:55:04 {size} {closed} /data/run5-seq0.dat");
            TransferLine::parse(text.as_bytes()).unwrap()
        };
        for closed in ["2016-10-30T00:30:20Z", "2016-10-30T01:30:20Z"] {
            assert_eq!(known(closed).contradiction(&line("2016-10-30 02:30"), &zone), None, "{closed}");
            assert!(known(closed).contradiction(&line("2016-10-30 02:33"), &zone).is_some(), "{closed}");
        }
        assert!(known("2016-10-30T02:30:20Z").contradiction(&line("2016-10-30 02:30"), &zone).is_some());
    }

    #[test]
    fn a_line_is_told_of_no_other_file_of_the_same_name() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&folder.path().join("book")).unwrap();
        let closed: Timestamp = "2016-10-27T11:50:20Z".parse().unwrap();
        let file = |sequence| FileRecord {
            file: FileId::new(5, sequence),
            step: FileStep::Stored,
            since: closed,
            failure: None,
            reason: None,
            source: format!("run5-seq{sequence}.dat"),
            size_bytes: 1_072_000_000,
            daq_closed: closed,
            arrived: closed,
            adler32: Some(1),
            events_by_trigger: None,
            refused: None,
        };
        let run = RunRecord { run: Run(5), first_seen: closed, ended: None, ended_by: None };
        // The first was a piece of 2 MB once.
        let piece = json!({"size_bytes": 2_000_000, "daq_closed": "2016-10-27T11:40:00Z"});
        let story = ["arrived", "copied"].map(|kind| StoryEntry {
            at: closed,
            run: Some(Run(5)),
            sequence: Some(monitasks::vocab::Sequence(0)),
            kind: kind.into(),
            detail: piece.clone(),
        });
        store.record(None, &story, &[Row::Run(run), Row::File(file(0)), Row::File(file(1))]).unwrap();
        let from_evb = folder.path().join("fromEVB");
        fs::create_dir_all(&from_evb).unwrap();
        let line = |size: &str, closed: &str, name: &str| {
            format!("3 2016-10-27 13:55:01 2016-10-27 13:55:04 {size} {closed} /data/{name}.dat\n")
        };
        let log = [
            line("1023M", "2016-10-27 13:50", "run5-seq0"),
            line("2.0M", "2016-10-27 13:40", "run5-seq0"),
            line("900M", "2016-10-27 13:50", "run5-seq1"),
            line("1023M", "2015-10-27 13:50", "run5-seq1"),
            line("900M", "2016-10-27 13:50", "run6-seq0"),
        ];
        fs::write(from_evb.join("alltransfer.log"), log.concat()).unwrap();
        let (logs, zone) = (FarmLogs::find(&from_evb).unwrap(), TimeZone::get("Europe/Zurich").unwrap());
        let found = record_lines(&mut store, &logs, &zone, Attach::Agreeing).unwrap();
        assert_eq!((found.recorded, found.known), (3, 0), "the file, its piece, and one that the book does not have");
        let other: Vec<(u64, &str)> = found.not_attached.iter().map(|line| (line.line, line.why.as_str())).collect();
        assert_eq!(other.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 4]);
        assert!(other[0].1.contains("900M") && other[1].1.contains("2015-10-27 12:50 UTC"), "{other:?}");
        let imported = |store: &SqliteStore| {
            let story = store.story(Run(5), Some(FileId::new(5, 1))).unwrap();
            story.iter().filter(|entry| entry.kind == IMPORTED).count()
        };
        assert_eq!(imported(&store), 0);
        let by_name = record_lines(&mut store, &logs, &zone, Attach::ByName).unwrap();
        assert_eq!((by_name.recorded, by_name.known, by_name.not_attached.len()), (2, 3, 0));
        assert_eq!(imported(&store), 2);
    }
}
