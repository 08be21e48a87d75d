//! Raw files on their way into the storage, moved on one step at a time.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Bound;

use jiff::Timestamp;
use monitasks::vocab::FileId;
use serde_json::{Value, json};

use super::put_off::{QUEUE_ENTRY, taking_in_of};
use super::{Backend, ProcessingError, of_file};
use crate::bookkeeping::{FailureClass, FileRecord, FileStep, PassRecord, PassStep, Row};
use crate::processing::durable;
use crate::processing::steps::{FileEvent, next_file};
use crate::rawdata::RawReader;

impl Backend<'_> {
    /// Moves every file on as far as it goes without waiting; answers whether any moved. Copies are made by the desk: no more
    /// are begun than it has threads, so that what came first is copied first.
    pub(super) fn move_files(&mut self) -> Result<bool, ProcessingError> {
        for file in self.stale_entries.clone() {
            self.bring_queue_entry_up_to_date(file)?;
        }
        let mut has_moved = false;
        let begun = |file: &&FileId| {
            self.shift.files.get(*file).is_some_and(|file| file.step != FileStep::Arrived) && !self.desk.is_under_way(file)
        };
        for file in self.shift.files_under_way.iter().filter(begun).copied().collect::<Vec<_>>() {
            has_moved |= self.move_file_on(file)?;
        }
        let mut next = self.shift.files_under_way.first().copied();
        while let Some(file) = next.filter(|_| self.may_begin_copy()) {
            next = self.shift.files_under_way.range((Bound::Excluded(file), Bound::Unbounded)).next().copied();
            if self.shift.files.get(&file).is_some_and(|file| file.step == FileStep::Arrived) {
                has_moved |= self.move_file_on(file)?;
            }
        }
        Ok(has_moved)
    }

    /// Moves one file on as far as it goes without waiting; answers whether it moved.
    pub(super) fn move_file_on(&mut self, file: FileId) -> Result<bool, ProcessingError> {
        let (subject, mut has_moved) = (taking_in_of(file), false);
        while let Some(record) = self.shift.files.get(&file).filter(|_| !self.is_put_off(&subject)).cloned() {
            let outcome = self.move_file(&record);
            // A copy that was ordered says later how it went; its tries are counted until then.
            if record.step == FileStep::Copying && matches!(outcome, Ok(false)) {
                break;
            }
            if !self.or_put_off(&subject, outcome)? {
                break;
            }
            has_moved = true;
        }
        Ok(has_moved)
    }

    /// Does what a file's state names, stores what came of it; answers whether it moved.
    fn move_file(&mut self, file: &FileRecord) -> Result<bool, ProcessingError> {
        match file.step {
            FileStep::Arrived if !self.may_copy(file) => return Ok(false),
            FileStep::Arrived => self.file_event(file.file, &FileEvent::CopyStarted, json!({}), vec![])?,
            FileStep::Copying => return self.copy(file),
            FileStep::Copied => self.store(file)?,
            FileStep::Stored | FileStep::Failed => return Ok(false),
        }
        Ok(true)
    }

    /// Whether a file that arrived may be copied: it was found complete in the state the book knows. A source that is gone will
    /// not be found any more; its copy says what is wrong, or stands already.
    fn may_copy(&self, file: &FileRecord) -> bool {
        let is_gone = || self.is_swept && !self.intake.folder().join(&file.source).exists();
        self.intake.is_complete(&file.source, file.size_bytes, file.daq_closed) || is_gone()
    }

    /// Writes both log lines and the queue entry, and gives the file to its lanes.
    fn store(&mut self, file: &FileRecord) -> Result<(), ProcessingError> {
        if let Some(transfer) = self.store.transfer(file.file)? {
            let log = self.workspace.all_transfer_log();
            self.logs.write(self.workspace, &transfer, file.daq_closed).map_err(|why| ProcessingError::Io {
                what: "transfer log not written",
                why,
                path: log,
            })?;
        }
        self.queue_entry(file.file, true)?;
        let counts = self.count_events(file.file);
        let events: Option<u64> = counts.as_ref().map(|counts| counts.values().sum());
        // A file that can't be read adds no events: it must not keep its run waiting for a count that never comes.
        let event = FileEvent::Stored { events_by_trigger: Some(counts.unwrap_or_default()) };
        let now = Timestamp::now();
        let next = next_file(file, &event, now)?;
        let mut story = vec![of_file(now, file.file, event.word(), json!({"events": events}))];
        let mut rows = self.enter_lanes(&next, now, &mut story)?;
        rows.extend(self.wanted_central(&next, now));
        rows.push(Row::File(next));
        self.keep(&story, rows)?;
        self.logs.ends(file.file);
        self.tell(&file.file, event.word(), None);
        self.bring_queue_entry_up_to_date(file.file)
    }

    /// Whole events of a file in the storage by trigger type; none when it can't be read, which its job will say in words.
    fn count_events(&self, file: FileId) -> Option<BTreeMap<u8, u64>> {
        let raw = RawReader::open(&self.workspace.raw_file(file), &self.detector.readout).ok()?;
        let mut counts = BTreeMap::new();
        for header in raw.headers() {
            *counts.entry(header.trigger_type).or_insert(0) += 1;
        }
        Some(counts)
    }

    pub(super) fn fail(&mut self, file: FileId, class: FailureClass, reason: String) -> Result<(), ProcessingError> {
        let detail = json!({"class": class.word(), "reason": reason});
        self.tell_failure(&file.to_string(), class, reason.clone());
        self.file_event(file, &FileEvent::Failed { class, reason }, detail, vec![])
    }

    /// Stores an event of a file with the rows that go with it.
    pub(super) fn file_event(
        &mut self,
        file: FileId,
        event: &FileEvent,
        detail: Value,
        mut rows: Vec<Row>,
    ) -> Result<(), ProcessingError> {
        let Some(record) = self.shift.files.get(&file) else { return Ok(()) };
        let now = Timestamp::now();
        let next = next_file(record, event, now)?;
        // What the event itself says, else what it made the file's reason; never a reason that stood there before.
        let of_event = detail["reason"].as_str().map(str::to_owned);
        let reason = of_event.or_else(|| next.reason.clone().filter(|_| next.reason != record.reason));
        rows.push(Row::File(next));
        self.keep(&[of_file(now, file, event.word(), detail)], rows)?;
        self.tell(&file, event.word(), reason);
        self.bring_queue_entry_up_to_date(file)
    }

    /// As [`Backend::queue_entry_as_stored`]; when that can't be done now, it is tried again.
    pub(super) fn bring_queue_entry_up_to_date(&mut self, file: FileId) -> Result<(), ProcessingError> {
        let subject = format!("{QUEUE_ENTRY} of {file}");
        if self.is_put_off(&subject) {
            return Ok(());
        }
        let outcome = self.queue_entry_as_stored(file).map(|()| true);
        if self.or_put_off(&subject, outcome)? {
            self.stale_entries.remove(&file);
        } else {
            self.stale_entries.insert(file);
        }
        Ok(())
    }

    /// Makes the queue entry of a file stand exactly while the book says that it waits.
    fn queue_entry_as_stored(&self, file: FileId) -> Result<(), ProcessingError> {
        let Some(record) = self.shift.files.get(&file) else { return Ok(()) };
        let waits = |pass: &PassRecord| pass.step <= PassStep::Submitting;
        match record.step {
            FileStep::Copied => Ok(()),
            FileStep::Stored => self.queue_entry(file, self.shift.passes_of_file(file).any(waits)),
            FileStep::Arrived | FileStep::Copying | FileStep::Failed => self.queue_entry(file, false),
        }
    }

    fn queue_entry(&self, file: FileId, stands: bool) -> Result<(), ProcessingError> {
        let path = self.workspace.processing("todo").join(format!("{file}.dat"));
        let done = match (stands, path.exists()) {
            (true, false) => fs::write(&path, "").and_then(|()| durable::sync_folder_of(&path)),
            (false, true) => fs::remove_file(&path),
            _ => Ok(()),
        };
        done.map_err(|why| ProcessingError::Io { what: "queue entry not kept", why, path })
    }
}
