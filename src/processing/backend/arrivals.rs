//! What the intake folder brings: new files, runs' ends, names that are not taken.

use std::collections::HashSet;
use std::time::Instant;

use jiff::Timestamp;
use monitasks::vocab::{FileId, Run};
use serde_json::{Value, json};

use super::lanes::is_open;
use super::put_off::TAKING_IN_AGAIN;
use super::{Backend, ProcessingError, of_file, of_run};
use crate::bookkeeping::{FailureClass, FileRecord, FileStep, NotTakenRecord, PassRecord, PassStep, Row, RunRecord};
use crate::processing::intake::Found;
use crate::processing::steps::{FileEvent, PassEvent, next_file, next_pass};
use crate::processing::transfer::{checksum, is_beginning, seen, set_aside};
use crate::processing::watch::Hint;

impl Backend<'_> {
    /// Looks at the whole intake folder.
    pub(super) fn sweep(&mut self, now: Instant) -> Result<(), ProcessingError> {
        let swept = self.intake.sweep(now);
        self.watcher.sweep_took_s = now.elapsed().as_secs_f64();
        let found = match swept {
            Ok(found) => found,
            Err(error) => {
                self.watcher.fault = Some(format!("{error}: {}", self.intake.folder().display()));
                // A mount that is away comes back; until then the rest goes on, and no run ends for want of files.
                self.is_swept = false;
                self.tell(&"incoming", "not swept", Some(format!("{error}: {}", self.intake.folder().display())));
                return Ok(());
            }
        };
        self.is_swept = true;
        self.watcher.last_sweep = Some(Timestamp::now());
        self.watcher.fault = self.watch.fault().map(str::to_owned);
        let names = |found: &Found| match found {
            Found::NotTaken { name, .. } => Some(name.clone()),
            Found::File { file, source, size_bytes, written } => {
                let state = (*size_bytes, *written);
                let is_refused = self.refused.get(source) == Some(&state)
                    || self.shift.files.get(file).is_some_and(|known| known.refused == Some(state));
                is_refused.then(|| source.clone())
            }
            Found::RunEnd(_) => None,
        };
        let still_there: HashSet<String> = found.iter().filter_map(names).collect();
        // What was found out of a path counts as long as it is there.
        let folder = self.intake.folder().to_owned();
        self.same_content.retain(|source, _| folder.join(source).exists());
        self.refused.retain(|source, _| folder.join(source).exists());
        // One that was refused and may be written again has not gone.
        let is_gone = |name: &&String| !still_there.contains(*name) && !self.intake.is_open(name);
        let gone: Vec<Row> = self.not_taken.keys().filter(is_gone).cloned().map(Row::NoLongerThere).collect();
        if !gone.is_empty() {
            self.keep(&[], gone)?;
        }
        self.take_in(found)
    }

    /// Follows hints. A run's end that was not known is taken by a sweep, so that files no hint told of come before it.
    pub(super) fn follow(&mut self, hints: &[Hint], now: Instant) -> Result<(), ProcessingError> {
        let found: Vec<Found> = hints.iter().flat_map(|hint| self.intake.follow(hint, now)).collect();
        let has_ended = |run: &Run| self.shift.runs.get(run).is_some_and(|run| run.ended.is_some());
        let (ends, files): (Vec<_>, Vec<_>) = found.into_iter().partition(|found| matches!(found, Found::RunEnd(_)));
        let is_new = ends.iter().any(|end| matches!(end, Found::RunEnd(run) if !has_ended(run)));
        self.take_in(files)?;
        if is_new { self.sweep(now) } else { Ok(()) }
    }

    /// Takes in what was found; ends of runs last, so that their files are known.
    pub(super) fn take_in(&mut self, mut found: Vec<Found>) -> Result<(), ProcessingError> {
        found.sort_by_key(|found| matches!(found, Found::RunEnd(_)));
        for found in found {
            match found {
                Found::File { file, source, size_bytes, written } => self.take_file(file, source, size_bytes, written)?,
                Found::RunEnd(run) => self.end_run(run, "marker", Timestamp::now())?,
                Found::NotTaken { name, reason } => self.list_not_taken(&name, reason)?,
            }
        }
        Ok(())
    }

    fn take_file(&mut self, file: FileId, source: String, size_bytes: u64, written: Timestamp) -> Result<(), ProcessingError> {
        if self.shift.files.contains_key(&file) {
            return self.look_again(file, &source, size_bytes, written);
        }
        let now = Timestamp::now();
        let mut story = vec![];
        let mut rows = vec![];
        if !self.shift.runs.contains_key(&file.run) {
            story.push(of_run(now, Some(file.run), "run_seen", json!({})));
            rows.push(Row::Run(RunRecord { run: file.run, first_seen: now, ended: None, ended_by: None }));
        }
        let facts = json!({"source": source, "size_bytes": size_bytes, "daq_closed": written});
        story.push(of_file(now, file, "arrived", facts));
        let record = FileRecord {
            file,
            step: FileStep::Arrived,
            since: now,
            failure: None,
            reason: None,
            source,
            size_bytes,
            daq_closed: written,
            arrived: now,
            adler32: None,
            events_by_trigger: None,
            refused: None,
        };
        // Where a thread is free the copy begins at once, and both are stored in one: each record waits for the disk.
        let begins = self.may_begin_copy() && self.intake.is_complete(&record.source, size_bytes, written);
        let event = FileEvent::CopyStarted;
        let record = if begins { next_file(&record, &event, now)? } else { record };
        if begins {
            story.push(of_file(now, file, event.word(), json!({})));
        }
        rows.push(Row::File(record));
        self.keep(&story, rows)?;
        self.tell(&file, "arrived", None);
        if begins {
            self.tell(&file, event.word(), None);
            self.move_file_on(file)?;
        }
        Ok(())
    }

    /// A file that is known stands in the intake folder: as it was, touched, or with other content, which is refused.
    fn look_again(&mut self, file: FileId, source: &str, size_bytes: u64, written: Timestamp) -> Result<(), ProcessingError> {
        let state = (size_bytes, written);
        let Some(record) = self.shift.files.get(&file) else { return Ok(()) };
        let Some(adler32) = record.adler32 else { return self.look_at_awaited(file, source, size_bytes, written) };
        if self.look_at_put_back(file, source, state)? {
            return Ok(());
        }
        let Some(record) = self.shift.files.get(&file) else { return Ok(()) };
        // One that has grown while it is worked on is judged when that is over: it was a piece, or it is another one.
        let is_under_way =
            record.step < FileStep::Stored || self.shift.passes_of_file(file).any(|pass| pass.step < PassStep::Reconstructed);
        if is_under_way && record.source == source && size_bytes > record.size_bytes {
            return Ok(());
        }
        let is_known = (record.source == source && (record.size_bytes, record.daq_closed) == state)
            || record.refused == Some(state)
            || self.refused.get(source) == Some(&state)
            || self.same_content.get(source) == Some(&state);
        let may_be_whole_now = self.came_to_nothing(record) && record.source == source;
        if is_known || (may_be_whole_now && self.take_again(file, json!({}))?) {
            return Ok(());
        }
        let Some(record) = self.shift.files.get(&file) else { return Ok(()) };
        let path = self.intake.folder().join(source);
        let Ok(found) = checksum(&path) else { return Ok(()) };
        if found == (record.size_bytes, adler32) {
            self.same_content.insert(source.to_owned(), state);
            return Ok(());
        }
        let reason = "same name again with other content, refused; the copy in the storage stands".to_owned();
        self.refuse_content(file, source, state, Some(found.1), &reason)
    }

    /// Refuses what stands in the intake folder under the name of a known file; it is listed as not taken while it is there.
    pub(super) fn refuse_content(
        &mut self,
        file: FileId,
        source: &str,
        state: (u64, Timestamp),
        adler32: Option<u32>,
        reason: &str,
    ) -> Result<(), ProcessingError> {
        let (size_bytes, written) = state;
        let not_taken = NotTakenRecord { name: source.to_owned(), reason: reason.to_owned(), at: Timestamp::now() };
        self.report.failures += 1;
        let detail = json!({
            "source": source, "size_bytes": size_bytes, "written": written,
            "adler32": adler32.map(|adler32| format!("{adler32:08x}")), "reason": reason
        });
        self.refused.insert(source.to_owned(), state);
        self.file_event(file, &FileEvent::OtherContent { size_bytes, written }, detail, vec![Row::NotTaken(not_taken)])
    }

    /// A file that waits for its copy is complete, in the state it is in now.
    fn look_at_awaited(
        &mut self,
        file: FileId,
        source: &str,
        size_bytes: u64,
        written: Timestamp,
    ) -> Result<(), ProcessingError> {
        let has_changed = |record: &&FileRecord| {
            record.step == FileStep::Arrived
                && record.source == source
                && (record.size_bytes, record.daq_closed) != (size_bytes, written)
        };
        if self.shift.files.get(&file).filter(has_changed).is_none() {
            return Ok(());
        }
        let event = FileEvent::SourceChanged { size_bytes, daq_closed: written };
        self.file_event(file, &event, json!({"size_bytes": size_bytes, "daq_closed": written}), vec![])
    }

    /// Takes a failed file in again when its copy is a piece of its source, which has grown since and is complete now; answers
    /// whether it was. The copy is set aside, nothing is written over.
    pub(super) fn take_again(&mut self, file: FileId, mut detail: Value) -> Result<bool, ProcessingError> {
        let may_be_piece = |record: &&FileRecord| record.adler32.is_some() && self.came_to_nothing(record);
        let Some(record) = self.shift.files.get(&file).filter(may_be_piece) else { return Ok(false) };
        let (from, copy) = (self.intake.folder().join(&record.source), self.workspace.raw_file(file));
        let Ok((size_bytes, daq_closed)) = seen(&from) else { return Ok(false) };
        if size_bytes <= record.size_bytes || !self.intake.is_complete(&record.source, size_bytes, daq_closed) {
            return Ok(false);
        }
        // A whole copy failed for another reason. One that is gone was set aside before a stop.
        let is_piece = !copy.exists() || (!self.intake.is_whole(&copy) && is_beginning(&copy, &from).unwrap_or(false));
        if !is_piece {
            return Ok(false);
        }
        let subject = format!("{TAKING_IN_AGAIN} of {file}");
        let aside = match set_aside(&copy) {
            Ok(aside) => aside,
            Err(error) => return self.or_put_off(&subject, Err(error.into())),
        };
        self.put_off.remove(&subject);
        detail["set_aside"] = json!(aside);
        detail["size_bytes"] = json!(size_bytes);
        detail["daq_closed"] = json!(daq_closed);
        let mut rows = Vec::new();
        // In a processing that is over it stays failed: a new one beside it takes the whole file.
        let goes_on = |pass: &&PassRecord| {
            let of = self.shift.processings.get(&(file.run, pass.processing));
            of.is_some_and(|of| is_open(of.step)) && self.shift.lane(&pass.lane).is_some()
        };
        for pass in self.shift.passes_of_file(file).filter(goes_on) {
            rows.push(Row::Pass(next_pass(pass, &PassEvent::FileTakenAgain, Timestamp::now())?));
        }
        self.file_event(file, &FileEvent::TakenAgain { size_bytes, daq_closed }, detail, rows)?;
        Ok(true)
    }

    /// Whether a file failed on its way in, or in every processing that took it.
    fn came_to_nothing(&self, file: &FileRecord) -> bool {
        let mut passes = self.shift.passes_of_file(file.file).peekable();
        let has_failed = |pass: &PassRecord| pass.step == PassStep::Failed && pass.failure != Some(FailureClass::Cancelled);
        file.step == FileStep::Failed || (file.step == FileStep::Stored && passes.peek().is_some() && passes.all(has_failed))
    }

    /// Ends runs of which nothing new has come for the quiet time.
    pub(super) fn end_quiet_runs(&mut self, now: Timestamp) -> Result<bool, ProcessingError> {
        if !self.is_swept || self.quiet_runs(now).is_empty() {
            return Ok(false);
        }
        // What no hint told of may have come since the last sweep.
        self.sweep(Instant::now())?;
        let quiet = if self.is_swept { self.quiet_runs(now) } else { Vec::new() };
        for run in &quiet {
            self.end_run(*run, "quiet", now)?;
        }
        Ok(!quiet.is_empty())
    }

    fn quiet_runs(&self, now: Timestamp) -> Vec<Run> {
        let quiet_s = self.workspace.settings.intake.run_quiet_s;
        let is_quiet = |(run, last): &(&Run, &Timestamp)| {
            now.duration_since(**last).as_secs_f64() >= quiet_s && !self.intake.has_open_file_of(**run)
        };
        self.shift.last_arrivals.iter().filter(is_quiet).map(|(run, _)| *run).collect()
    }

    fn end_run(&mut self, run: Run, by: &str, now: Timestamp) -> Result<(), ProcessingError> {
        let known = self.shift.runs.get(&run);
        if known.is_some_and(|run| run.ended.is_some()) {
            return Ok(());
        }
        let first_seen = known.map_or(now, |run| run.first_seen);
        let record = RunRecord { run, first_seen, ended: Some(now), ended_by: Some(by.into()) };
        self.keep(&[of_run(now, Some(run), "run_ended", json!({"by": by}))], vec![Row::Run(record)])?;
        self.tell(&run, "ended", Some(by.into()));
        Ok(())
    }

    fn list_not_taken(&mut self, name: &str, reason: String) -> Result<(), ProcessingError> {
        if self.not_taken.get(name) == Some(&reason) {
            return Ok(());
        }
        let now = Timestamp::now();
        let story = of_run(now, None, "not_taken", json!({"name": name, "reason": reason}));
        self.keep(&[story], vec![Row::NotTaken(NotTakenRecord { name: name.to_owned(), reason: reason.clone(), at: now })])?;
        self.tell(&format!("{name:?}"), "not taken", Some(reason));
        Ok(())
    }
}
