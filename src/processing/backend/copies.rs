//! Copies of raw files into the storage and to the central one: ordered here, made on threads of their own, taken in here.

use jiff::Timestamp;
use monitasks::vocab::FileId;
use serde_json::json;

use super::put_off::taking_in_of;
use super::{Backend, ProcessingError, of_file};
use crate::bookkeeping::{CentralCopy, CentralStep, FailureClass, FileRecord, FileStep, Row, TransferRecord};
use crate::config::Place;
use crate::processing::failures::{Evidence, Phase, classify};
use crate::processing::steps::FileEvent;
use crate::processing::transfer::central::{CentralEvent, next_copy};
use crate::processing::transfer::retry::{ErrorKind, NextTry, RetryPolicy};
use crate::processing::transfer::{Copied, CopyOrder, TransferError, seen, standing_copy};

/// A copy in the central storage: the file and its final name there.
pub(super) type CentralKey = (FileId, String);

impl Backend<'_> {
    /// Whether one more copy may be begun.
    pub(super) fn may_begin_copy(&self) -> bool {
        self.desk.under_way().count() < self.workspace.settings.transfer.workers.max(1)
    }

    /// Orders a file's copy into the storage unless it is under way; answers whether the file moved.
    pub(super) fn copy(&mut self, file: &FileRecord) -> Result<bool, ProcessingError> {
        if self.desk.is_under_way(&file.file) || !self.may_begin_copy() {
            return Ok(false);
        }
        let (from, to) = (self.intake.folder().join(&file.source), self.workspace.raw_file(file.file));
        let source = seen(&from).ok();
        let is_as_known = source == Some((file.size_bytes, file.daq_closed));
        if let (Some((size_bytes, daq_closed)), false, false) = (source, is_as_known, to.exists()) {
            let event = FileEvent::SourceChanged { size_bytes, daq_closed };
            self.file_event(file.file, &event, json!({"size_bytes": size_bytes, "daq_closed": daq_closed}), vec![])?;
            return Ok(true);
        }
        // A copy that stands is the copy, whatever has become of the source since the stop between the two.
        if let Some(copied) = if is_as_known { None } else { standing_copy(&to, file.size_bytes)? } {
            self.take_copy(file, Ok(copied))?;
            return Ok(true);
        }
        self.desk.begin(file.file, CopyOrder { from, to: to.into(), size_bytes: file.size_bytes, adler32: None });
        Ok(false)
    }

    /// Takes in copies that have ended; answers whether there were any.
    pub(super) fn take_copies(&mut self) -> Result<bool, ProcessingError> {
        let mut finished = self.desk.finished();
        // The logs have their lines in the order in which the copies ended, each before the next is looked at.
        finished.sort_by_key(|(_, outcome)| outcome.as_ref().ok().map(|copied| copied.ended));
        let of_central = self.central_desk.finished();
        let has_moved = !finished.is_empty() || !of_central.is_empty();
        for (file, outcome) in finished {
            let is_copying = |record: &&FileRecord| record.step == FileStep::Copying;
            if self.put_back.contains_key(&file) {
                self.take_put_back(file, outcome)?;
            } else if let Some(record) = self.shift.files.get(&file).filter(is_copying).cloned() {
                self.take_copy(&record, outcome)?;
                self.move_file_on(file)?;
            }
        }
        for (key, outcome) in of_central {
            let event = CentralEvent::of(&outcome);
            self.central_event(&key, &event)?;
        }
        Ok(has_moved)
    }

    /// Stores what came of a copy into the storage.
    fn take_copy(&mut self, file: &FileRecord, outcome: Result<Copied, TransferError>) -> Result<(), ProcessingError> {
        match outcome {
            Ok(copied) => {
                self.put_off.remove(&taking_in_of(file.file));
                let transfer = TransferRecord {
                    file: file.file,
                    from: self.intake.folder().join(&file.source),
                    to: self.workspace.raw_file(file.file),
                    size_bytes: copied.size_bytes,
                    adler32: copied.adler32,
                    started: copied.started,
                    ended: copied.ended,
                };
                let detail = json!({
                    "from": transfer.from, "to": transfer.to, "size_bytes": copied.size_bytes,
                    "adler32": format!("{:08x}", copied.adler32), "started": copied.started, "ended": copied.ended,
                    "stood_already": copied.stood_already, "daq_closed": file.daq_closed,
                });
                let event = FileEvent::Copied { size_bytes: copied.size_bytes, adler32: copied.adler32 };
                self.file_event(file.file, &event, detail, vec![Row::Transfer(transfer)])?;
                self.logs.begins(file.file);
                Ok(())
            }
            Err(TransferError::SourceChanged { size_bytes, written: daq_closed, .. }) => {
                let event = FileEvent::SourceChanged { size_bytes, daq_closed };
                self.file_event(file.file, &event, json!({"size_bytes": size_bytes, "daq_closed": daq_closed}), vec![])
            }
            // The backend ends; the next one orders it again.
            Err(TransferError::Stopped { .. }) => Ok(()),
            Err(error) => self.put_copy_off_or_fail(file, &error),
        }
    }

    fn put_copy_off_or_fail(&mut self, file: &FileRecord, error: &TransferError) -> Result<(), ProcessingError> {
        let (subject, reason) = (taking_in_of(file.file), error.to_string());
        let kind = if error.is_passing() { ErrorKind::Passing } else { ErrorKind::Final };
        let attempt = self.tries_of(&subject) + 1;
        match RetryPolicy::of(&self.workspace.settings.transfer).after(attempt, kind, &subject) {
            NextTry::After(pause) => {
                self.put_off_for(&subject, pause, reason);
                Ok(())
            }
            NextTry::Never => {
                self.put_off.remove(&subject);
                let class = classify(&Evidence { phase: Phase::Copy, last_words: Some(&reason), ..Evidence::default() });
                self.fail(file.file, class, reason)
            }
        }
    }

    /// The row of a file's copy in the central storage, where there is to be one.
    pub(super) fn wanted_central(&self, file: &FileRecord, now: Timestamp) -> Option<Row> {
        let place = self.workspace.central_copy(file.file).ok().flatten()?;
        let destination = place.to_string();
        let adler32 = file.adler32?;
        // One of a piece that the file was once is no copy of it.
        let is_of_it = |copy: &CentralCopy| (copy.size_bytes, copy.adler32) == (file.size_bytes, adler32);
        if self.shift.central.get(&(file.file, destination.clone())).is_some_and(is_of_it) {
            return None;
        }
        Some(Row::Central(CentralCopy::wanted(file.file, destination, file.size_bytes, adler32, now)))
    }

    /// After a start: central copies that were under way were interrupted, files that have none want one.
    pub(super) fn recover_central_copies(&mut self) -> Result<(), ProcessingError> {
        let now = Timestamp::now();
        let stored = self.shift.files.values().filter(|file| file.step == FileStep::Stored);
        let wanted: Vec<Row> = stored.filter_map(|file| self.wanted_central(file, now)).collect();
        if !wanted.is_empty() {
            self.keep(&[], wanted)?;
        }
        let is_copying = |key: &&CentralKey| self.shift.central.get(*key).is_some_and(|copy| copy.step == CentralStep::Copying);
        for key in self.shift.central_under_way.iter().filter(is_copying).cloned().collect::<Vec<_>>() {
            self.central_event(&key, &CentralEvent::Interrupted)?;
        }
        Ok(())
    }

    /// Whether a central copy of a file waits for a person.
    pub(super) fn has_refused_central(&self, file: FileId) -> bool {
        let mut of_file = self.shift.central.range((file, String::new())..).take_while(|(key, _)| key.0 == file);
        of_file.any(|(_, copy)| copy.step == CentralStep::Refused)
    }

    /// Lets refused central copies of a file be tried again; answers how many.
    pub(super) fn ask_central_again(&mut self, file: FileId) -> Result<usize, ProcessingError> {
        let of_file = (file, String::new())..;
        let is_refused = |(key, copy): &(&CentralKey, &CentralCopy)| key.0 == file && copy.step == CentralStep::Refused;
        let all = self.shift.central.range(of_file).take_while(|(key, _)| key.0 == file);
        let refused: Vec<CentralKey> = all.filter(is_refused).map(|(key, _)| key.clone()).collect();
        for key in &refused {
            self.central_event(key, &CentralEvent::AskedAgain)?;
        }
        Ok(refused.len())
    }

    /// Begins central copies that are due; answers whether any was.
    pub(super) fn move_central_copies(&mut self) -> Result<bool, ProcessingError> {
        let now = Timestamp::now();
        let room = self.workspace.settings.transfer.workers.max(1).saturating_sub(self.central_desk.under_way().count());
        let is_due = |key: &&CentralKey| {
            self.shift.central.get(*key).is_some_and(|copy| copy.is_due(now)) && !self.central_desk.is_under_way(key)
        };
        let due: Vec<CentralKey> = self.shift.central_under_way.iter().filter(is_due).take(room).cloned().collect();
        for key in &due {
            let Some(copy) = self.shift.central.get(key).cloned() else { continue };
            self.central_event(key, &CentralEvent::Begun)?;
            let from = self.workspace.raw_file(copy.file);
            match Place::parse(&copy.destination) {
                Ok(to) => {
                    let order = CopyOrder { from, to, size_bytes: copy.size_bytes, adler32: Some(copy.adler32) };
                    self.central_desk.begin(key.clone(), order);
                }
                Err(error) => {
                    let event = CentralEvent::Failed { kind: ErrorKind::Final, reason: error.to_string() };
                    self.central_event(key, &event)?;
                }
            }
        }
        Ok(!due.is_empty())
    }

    /// Stores an event of a central copy.
    pub(super) fn central_event(&mut self, key: &CentralKey, event: &CentralEvent) -> Result<(), ProcessingError> {
        let Some(copy) = self.shift.central.get(key).cloned() else { return Ok(()) };
        let policy = RetryPolicy::of(&self.workspace.settings.transfer);
        let now = Timestamp::now();
        let next = next_copy(&copy, event, &policy, now)?;
        let detail = json!({
            "destination": next.destination, "step": next.step.word(), "attempt": next.attempts, "reason": next.reason,
            "next_try": next.next_try, "size_bytes": next.size_bytes, "adler32": format!("{:08x}", next.adler32),
        });
        let is_told = next.reason != copy.reason || next.step == CentralStep::Verified;
        let (step, reason) = (next.step, next.reason.clone());
        let subject = format!("central copy of {}", copy.file);
        if step == CentralStep::Refused {
            self.tell_failure(&subject, FailureClass::Copy, reason.clone().unwrap_or_default());
        }
        self.keep(&[of_file(now, copy.file, event.word(), detail)], vec![Row::Central(next)])?;
        if is_told {
            self.tell(&subject, step.word(), reason);
        }
        Ok(())
    }
}
