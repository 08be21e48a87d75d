//! Both transfer logs from the book's copies.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use monitasks::vocab::{FileId, Run};
use serde_json::Value;

use super::error::FarmLogsError;
use super::folder::{FarmLogs, RunLog};
use super::line::TransferLine;
use super::rebuild::{NewLog, Rebuilt, rebuild_alltransfer, run_log_name};
use crate::bookkeeping::{FileRecord, Store, StoreError, StoryRecord, TransferRecord};

/// Writes both transfer logs from the book, as `OUT/fromEVB/alltransfer.log` and `OUT/fromEVB/runs/run<R>.log`: every copy that
/// the story tells of, by the end of the copy.
///
/// # Errors
/// When the book can't be read, a log stands there already, or one can't be written.
pub fn rebuild_from_book(store: &dyn Store, zone: &TimeZone, out: &Path) -> Result<Rebuilt, FarmLogsError> {
    let folder = out.join("fromEVB/runs");
    let mut logs = FarmLogs { from_evb: out.join("fromEVB"), ..FarmLogs::default() };
    for (run, lines) in lines_of_book(store, zone)? {
        let path = folder.join(run_log_name(Some(run)));
        let mut log = NewLog::create(path.clone())?;
        lines.iter().try_for_each(|line| log.write(&line.text()))?;
        log.finish()?;
        logs.runs.push(RunLog { run: Some(run), path });
    }
    if logs.runs.is_empty() {
        return Ok(Rebuilt::default());
    }
    let mut rebuilt = rebuild_alltransfer(&logs, out)?;
    rebuilt.logs.extend(logs.runs.into_iter().map(|log| log.path));
    Ok(rebuilt)
}

/// The lines of the book's copies, by run, each run's by the end of the copy.
fn lines_of_book(store: &dyn Store, zone: &TimeZone) -> Result<BTreeMap<Run, Vec<TransferLine>>, StoreError> {
    let mut files: BTreeMap<Run, Vec<FileRecord>> = BTreeMap::new();
    for file in store.overview()?.files {
        files.entry(file.file.run).or_default().push(file);
    }
    let mut lines = BTreeMap::new();
    for (run, files) in files {
        let mut copies: Vec<(TransferRecord, Timestamp)> = Vec::new();
        for file in &files {
            let newest = store.transfer(file.file)?;
            let story = store.story(run, Some(file.file))?;
            copies.extend(copies_of(file, &story, newest.as_ref()));
            copies.extend(newest.map(|copy| (copy, file.daq_closed)));
        }
        if copies.is_empty() {
            continue;
        }
        copies.sort_by_key(|(copy, _)| (copy.ended, copy.started, copy.file));
        lines.insert(run, copies.iter().map(|(copy, closed)| TransferLine::of(copy, *closed, zone)).collect());
    }
    Ok(lines)
}

/// The copies of a file before the newest: of a file that was taken a second time, the story alone keeps the first.
fn copies_of<'a>(
    file: &'a FileRecord,
    story: &'a [StoryRecord],
    newest: Option<&'a TransferRecord>,
) -> impl Iterator<Item = (TransferRecord, Timestamp)> + 'a {
    let mut closed = file.daq_closed;
    story.iter().filter_map(move |entry| {
        if let Some(at) = entry.detail.get("daq_closed").and_then(stamp) {
            closed = at;
        }
        let copy = (entry.kind == "copied").then(|| copy_told(file.file, &entry.detail)).flatten()?;
        newest.is_none_or(|newest| newest.started != copy.started).then_some((copy, closed))
    })
}

/// The copy that an entry of the story tells of.
fn copy_told(file: FileId, detail: &Value) -> Option<TransferRecord> {
    let text = |key: &str| detail.get(key).and_then(Value::as_str);
    Some(TransferRecord {
        file,
        from: text("from")?.into(),
        to: text("to")?.into(),
        size_bytes: detail.get("size_bytes")?.as_u64()?,
        adler32: u32::from_str_radix(text("adler32")?, 16).ok()?,
        started: stamp(detail.get("started")?)?,
        ended: stamp(detail.get("ended")?)?,
    })
}

fn stamp(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}
