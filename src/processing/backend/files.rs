//! Raw files, moved on one step at a time.

use std::fs;

use jiff::Timestamp;
use monitasks::vocab::FileId;
use serde_json::{Value, json};

use super::jobs::{JobCommand, JobNews, why_it_failed};
use super::{Backend, ProcessingError, of_file};
use crate::bookkeeping::{FailureClass, FileRecord, FileStep, JobKind, Row, TransferRecord};
use crate::processing::batch::{EndMark, JobSubject};
use crate::processing::collect::{CollectError, accept_reconstructed, last_message, last_words};
use crate::processing::durable;
use crate::processing::script::path_text;
use crate::processing::steps::{FileEvent, next_file};
use crate::processing::transfer::{Terms, TransferError, seen, standing_copy};

impl Backend<'_> {
    /// Moves every file on as far as it goes without waiting; answers whether any moved. One copy at most: jobs' ends and new
    /// arrivals are looked at between two copies.
    pub(super) fn move_files(&mut self) -> Result<bool, ProcessingError> {
        for file in self.stale_entries.clone() {
            self.bring_queue_entry_up_to_date(file)?;
        }
        let under_way: Vec<FileId> =
            self.files.values().filter(|file| file.step < FileStep::Reconstructed).map(|file| file.file).collect();
        let (mut has_moved, mut may_copy) = (false, true);
        for file in under_way {
            while let Some(record) = self.files.get(&file).filter(|record| may_copy || record.step > FileStep::Copying).cloned() {
                let subject = file.to_string();
                if self.is_put_off(&subject) {
                    break;
                }
                may_copy &= record.step != FileStep::Copying;
                let outcome = self.move_file(&record);
                if !self.or_put_off(&subject, outcome)? {
                    break;
                }
                has_moved = true;
            }
        }
        Ok(has_moved)
    }

    /// Does what a file's state names, stores what came of it; answers whether it moved.
    fn move_file(&mut self, file: &FileRecord) -> Result<bool, ProcessingError> {
        match file.step {
            FileStep::Arrived if !self.may_copy(file) => return Ok(false),
            FileStep::Arrived => self.file_event(file.file, &FileEvent::CopyStarted, json!({}), vec![])?,
            FileStep::Copying => self.copy(file)?,
            FileStep::Copied => self.enter_queue(file)?,
            FileStep::Queued if self.has_free_slot() => {
                let subject = subject_of(file);
                let order = self.order(&subject, file.attempt + 1);
                let row = self.allotted_row(&order);
                let detail = json!({"job": order.name, "attempt": order.attempt});
                self.file_event(file.file, &FileEvent::Allotted, detail, vec![Row::Job(row)])?;
            }
            FileStep::Submitting | FileStep::Running => return self.follow_job(file),
            FileStep::Ended => self.accept(file)?,
            FileStep::Queued | FileStep::Reconstructed | FileStep::Grouped | FileStep::Analysed | FileStep::Failed => {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a file that arrived may be copied: it was found complete in the state the book knows. A source that is gone will
    /// not be found any more; its copy says what is wrong, or stands already.
    fn may_copy(&self, file: &FileRecord) -> bool {
        let is_gone = || self.is_swept && !self.intake.folder().join(&file.source).exists();
        self.intake.is_complete(&file.source, file.size_bytes, file.daq_closed) || is_gone()
    }

    /// Copies a file into the storage.
    fn copy(&mut self, file: &FileRecord) -> Result<(), ProcessingError> {
        let (from, to) = (self.intake.folder().join(&file.source), self.workspace.raw_file(file.file));
        let changed = |size_bytes, written| FileEvent::SourceChanged { size_bytes, daq_closed: written };
        let source = seen(&from).ok();
        let is_as_known = source == Some((file.size_bytes, file.daq_closed));
        if let (Some((size_bytes, written)), false, false) = (source, is_as_known, to.exists()) {
            return self.file_event(file.file, &changed(size_bytes, written), json!({"size_bytes": size_bytes}), vec![]);
        }
        // A copy that stands is the copy, whatever has become of the source since the stop between the two.
        let standing = if is_as_known { None } else { standing_copy(&to, file.size_bytes)? };
        match standing.map_or_else(|| self.transfer.copy(&from, &to.clone().into(), &Terms::default()), Ok) {
            Ok(copied) => {
                let transfer = TransferRecord {
                    file: file.file,
                    from,
                    to,
                    size_bytes: copied.size_bytes,
                    adler32: copied.adler32,
                    started: copied.started,
                    ended: copied.ended,
                };
                let detail = json!({
                    "from": transfer.from, "to": transfer.to, "size_bytes": copied.size_bytes,
                    "adler32": format!("{:08x}", copied.adler32), "started": copied.started, "ended": copied.ended,
                    "stood_already": copied.stood_already,
                });
                let event = FileEvent::Copied { size_bytes: copied.size_bytes, adler32: copied.adler32 };
                self.file_event(file.file, &event, detail, vec![Row::Transfer(transfer)])
            }
            Err(TransferError::SourceChanged { size_bytes, written, .. }) => {
                self.file_event(file.file, &changed(size_bytes, written), json!({"size_bytes": size_bytes}), vec![])
            }
            Err(error) => {
                let is_space = matches!(error, TransferError::NoRoom { .. });
                let class = if is_space { FailureClass::Space } else { FailureClass::Intake };
                self.fail(file.file, class, error.to_string(), vec![])
            }
        }
    }

    /// Writes both log lines and the queue entry.
    fn enter_queue(&mut self, file: &FileRecord) -> Result<(), ProcessingError> {
        if let Some(transfer) = self.store.transfer(file.file)? {
            let log = self.workspace.all_transfer_log();
            self.logs.write(self.workspace, &transfer, file.daq_closed).map_err(|why| ProcessingError::Io {
                what: "transfer log not written",
                why,
                path: log,
            })?;
        }
        self.queue_entry(file.file, true)?;
        self.file_event(file.file, &FileEvent::Queued, json!({}), vec![])
    }

    /// Starts a file's job, or looks what has become of it.
    fn follow_job(&mut self, file: &FileRecord) -> Result<bool, ProcessingError> {
        let order = self.order(&subject_of(file), file.attempt);
        let news = if file.step == FileStep::Submitting {
            let raw = path_text(&self.workspace.raw_file(file.file));
            let out = path_text(&order.work);
            let arguments = ["reconstruct", &raw, "--out", &out, "--threads", "1"].map(str::to_owned).to_vec();
            self.start_job(&order, &JobCommand { arguments, input: vec![raw] })?
        } else {
            self.watch_job(&order)?
        };
        let Some(news) = news else { return Ok(false) };
        let row = vec![Row::Job(self.row_after(&order, &news, Timestamp::now()))];
        let detail = json!({"job": order.name, "attempt": order.attempt});
        match news {
            JobNews::Submitted(_) => self.file_event(file.file, &FileEvent::Submitted, detail, row)?,
            JobNews::Ended(mark) if mark.is_well() => {
                self.file_event(file.file, &FileEvent::JobEnded, json!(mark), row)?;
            }
            JobNews::Ended(mark) => self.fail(file.file, FailureClass::Job, why_it_failed(&order, &mark), row)?,
            JobNews::Gone => {
                self.file_event(file.file, &FileEvent::JobGone { last_words: last_words(&order.log) }, detail, row)?;
                self.report_if_failed(file.file);
            }
            JobNews::Refused(reason) => self.fail(file.file, FailureClass::Submit, reason, row)?,
        }
        Ok(true)
    }

    /// Accepts a file's output, or fails it.
    fn accept(&mut self, file: &FileRecord) -> Result<(), ProcessingError> {
        let order = self.order(&subject_of(file), file.attempt);
        let (place, raw) = (self.workspace.reco_file(file.file), self.workspace.raw_file(file.file));
        let mark = EndMark::of(&order.mark, &order.name, order.attempt);
        let started = mark.as_ref().map(|mark| mark.started);
        match accept_reconstructed(&order.work, &place, file.file, &raw, &self.detector, started) {
            Ok(events) => {
                let has_finding = mark.is_some_and(|mark| mark.dqmon_status == Some(1));
                let finding = if has_finding { last_message(&order.log) } else { None };
                let detail = json!({"output": place, "events": events, "finding": finding});
                self.file_event(file.file, &FileEvent::Accepted { events, finding }, detail, vec![])?;
                self.report.accepted += 1;
                // The folder is empty but for dqmon's status; leaving it is no harm.
                let _ = fs::remove_dir_all(&order.work);
                Ok(())
            }
            Err(CollectError::Refused(reason)) => self.fail(file.file, FailureClass::Output, reason, vec![]),
            Err(error @ CollectError::Io { .. }) => self.fail(file.file, FailureClass::Output, error.to_string(), vec![]),
        }
    }

    /// Puts a failed file back into the queue; answers what came of it.
    pub(super) fn resubmit(&mut self, file: FileId, who: &str) -> Result<String, ProcessingError> {
        match self.files.get(&file).cloned() {
            None => Ok(format!("{file} is not in the book")),
            Some(record) if record.step != FileStep::Failed => Ok(format!("{file} has not failed, it is {}", record.step.word())),
            Some(_) if self.take_again(file, json!({"who": who}))? => {
                Ok(format!("{file} has grown since it was copied: it is taken in again"))
            }
            Some(_) => {
                self.file_event(file, &FileEvent::Resubmitted, json!({"who": who}), vec![])?;
                Ok(format!("{file} is processed again"))
            }
        }
    }

    fn fail(&mut self, file: FileId, class: FailureClass, reason: String, rows: Vec<Row>) -> Result<(), ProcessingError> {
        let detail = json!({"class": class.word(), "reason": reason});
        self.file_event(file, &FileEvent::Failed { class, reason }, detail, rows)?;
        self.report_if_failed(file);
        Ok(())
    }

    fn report_if_failed(&mut self, file: FileId) {
        if let Some(record) = self.files.get(&file).filter(|record| record.step == FileStep::Failed) {
            self.report.failures.push((file.to_string(), record.reason.clone().unwrap_or_default()));
        }
    }

    /// Stores an event of a file with the rows that go with it.
    pub(super) fn file_event(
        &mut self,
        file: FileId,
        event: &FileEvent,
        detail: Value,
        mut rows: Vec<Row>,
    ) -> Result<(), ProcessingError> {
        let Some(record) = self.files.get(&file) else { return Ok(()) };
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
        let subject = format!("queue entry of {file}");
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
        let Some(record) = self.files.get(&file) else { return Ok(()) };
        match record.step {
            FileStep::Queued | FileStep::Submitting => self.queue_entry(file, true),
            FileStep::Copied => Ok(()),
            _ => self.queue_entry(file, false),
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

/// The reconstruction of a file. A later pass over a run carries its number.
fn subject_of(file: &FileRecord) -> JobSubject {
    let name = match file.processing.0 {
        0 | 1 => format!("reco_{}", file.file),
        pass => format!("reco_{}-p{pass}", file.file),
    };
    JobSubject { name, kind: JobKind::Reconstruct, run: file.file.run, file: Some(file.file), group: None }
}
