//! Both transfer logs from the book's copies.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use monitasks::vocab::{FileId, Run};
use serde_json::Value;

use super::error::FarmLogsError;
use super::line::TransferLine;
use super::rebuild::{NewLog, Rebuilt, run_log_name};
use crate::bookkeeping::{FileRecord, Store, StoreError, StoryRecord, TransferRecord};

/// Writes both transfer logs from the book, as `OUT/fromEVB/alltransfer.log` and `OUT/fromEVB/runs/run<R>.log`: every copy that
/// the story tells of, in the order in which the lines were written, which the book knows to the nanosecond.
///
/// # Errors
/// When the book can't be read, a log stands there already, or one can't be written.
pub fn rebuild_from_book(store: &dyn Store, zone: &TimeZone, out: &Path) -> Result<Rebuilt, FarmLogsError> {
    let copies = copies_of_book(store)?;
    if copies.is_empty() {
        return Ok(Rebuilt::default());
    }
    let path = out.join("fromEVB/alltransfer.log");
    let (mut all, mut logs) = (NewLog::create(path.clone())?, vec![path]);
    let mut of_runs: BTreeMap<Run, NewLog> = BTreeMap::new();
    for Copy { transfer, daq_closed, .. } in &copies {
        let text = TransferLine::of(transfer, *daq_closed, zone).text();
        all.write(&text)?;
        let run = transfer.file.run;
        if let std::collections::btree_map::Entry::Vacant(entry) = of_runs.entry(run) {
            let path = out.join("fromEVB/runs").join(run_log_name(Some(run)));
            entry.insert(NewLog::create(path)?);
        }
        of_runs.get_mut(&run).map_or(Ok(()), |log| log.write(&text))?;
    }
    logs.extend(of_runs.keys().map(|run| out.join("fromEVB/runs").join(run_log_name(Some(*run)))));
    of_runs.into_values().try_for_each(NewLog::finish)?;
    all.finish()?;
    Ok(Rebuilt { logs, lines: copies.len() as u64 })
}

/// A copy of which a line was written.
struct Copy {
    transfer: TransferRecord,
    daq_closed: Timestamp,
    /// When its line was written, and the number of the story's entry of that: they tell the order of lines of one second.
    written: (Timestamp, i64),
}

/// The book's copies in the order in which their lines were written.
fn copies_of_book(store: &dyn Store) -> Result<Vec<Copy>, StoreError> {
    let mut copies = Vec::new();
    for file in store.overview()?.files {
        let newest = store.transfer(file.file)?;
        let story = store.story(file.file.run, Some(file.file))?;
        let mut of_file = copies_of(&file, &story);
        if let Some(newest) = newest {
            match of_file.iter_mut().find(|copy| copy.transfer.started == newest.started) {
                Some(told) => (told.transfer, told.daq_closed) = (newest, file.daq_closed),
                None => {
                    let written = (newest.ended, i64::MAX);
                    of_file.push(Copy { transfer: newest, daq_closed: file.daq_closed, written });
                }
            }
        }
        copies.extend(of_file);
    }
    copies.sort_by_key(|copy| (copy.written, copy.transfer.ended, copy.transfer.file));
    Ok(copies)
}

/// The copies of a file that the story tells of: of a file that was taken a second time, the story alone keeps the first. The line
/// is written just before the file is stored.
fn copies_of(file: &FileRecord, story: &[StoryRecord]) -> Vec<Copy> {
    let (mut closed, mut copies): (_, Vec<Copy>) = (file.daq_closed, Vec::new());
    let mut is_written = true;
    for entry in story {
        if let Some(at) = entry.detail.get("daq_closed").and_then(stamp) {
            closed = at;
        }
        if entry.kind == "copied" {
            if let Some(transfer) = copy_told(file.file, &entry.detail) {
                copies.push(Copy { transfer, daq_closed: closed, written: (entry.at, entry.id) });
                is_written = false;
            }
        } else if entry.kind == "stored" && !is_written {
            copies.iter_mut().next_back().into_iter().for_each(|copy| copy.written = (entry.at, entry.id));
            is_written = true;
        }
    }
    copies
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
