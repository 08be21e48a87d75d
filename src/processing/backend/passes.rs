//! Passes of files through their processings, moved on one step at a time.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::jobs::{Deed, JobCommand, JobNews, why_it_failed};
use super::put_off::processing_of;
use super::shift::PassKey;
use super::{Backend, ProcessingError, of_file};
use crate::bookkeeping::{FailureClass, JobKind, PassRecord, PassStep, Row};
use crate::processing::batch::{Cause, EndMark, JobOrder, JobSubject};
use crate::processing::collect::{CollectError, accept_reconstructed, last_message, last_words};
use crate::processing::failures::{Evidence, Phase, classify, retry};
use crate::processing::script::path_text;
use crate::processing::steps::{PassEvent, next_pass};

/// Most passes that move in one round: what comes in is looked at before the next ones.
const MOST_PER_ROUND: usize = 4;

/// Shortest time between two looks at all jobs that run.
const LOOKS: Duration = Duration::from_millis(50);

impl Backend<'_> {
    /// Moves passes on as far as they go without waiting, a few in each round; answers whether any moved.
    pub(super) fn move_passes(&mut self) -> Result<bool, ProcessingError> {
        let mut has_moved = self.retry_what_is_due(Timestamp::now())?;
        let mut left = MOST_PER_ROUND;
        let now = Instant::now();
        let is_looking = self.next_looks.is_none_or(|at| now >= at);
        if is_looking {
            self.next_looks = Some(now + LOOKS);
        }
        let runs = |key: &&PassKey| self.shift.passes.get(*key).is_some_and(|pass| pass.step == PassStep::Running);
        for key in self.shift.with_job.iter().filter(|key| is_looking || !runs(key)).copied().collect::<Vec<_>>() {
            if self.move_pass_on(key)? {
                (has_moved, left) = (true, left - 1);
            }
            if left == 0 {
                // The others have not been looked at: the next round does.
                self.next_looks = None;
                return Ok(true);
            }
        }
        while left > 0 && self.has_free_slot() {
            left -= 1;
            let is_free = |key: &&(usize, _, _)| {
                self.shift
                    .passes
                    .get(&(key.1, key.2))
                    .is_some_and(|pass| !self.is_put_off(&processing_of(pass.file, pass.processing)))
            };
            let Some((_, file, processing)) = self.shift.queue.iter().find(is_free).copied() else { break };
            if !self.move_pass_on((file, processing))? {
                break;
            }
            has_moved = true;
        }
        Ok(has_moved)
    }

    /// Moves one pass on as far as it goes without waiting; answers whether it moved.
    fn move_pass_on(&mut self, key: PassKey) -> Result<bool, ProcessingError> {
        let mut has_moved = false;
        while let Some(pass) = self.shift.passes.get(&key).cloned() {
            let subject = processing_of(key.0, key.1);
            if self.is_put_off(&subject) {
                break;
            }
            let outcome = self.move_pass(&pass);
            if !self.or_put_off(&subject, outcome)? {
                break;
            }
            has_moved = true;
        }
        Ok(has_moved)
    }

    /// Does what a pass' state names, stores what came of it; answers whether it moved.
    fn move_pass(&mut self, pass: &PassRecord) -> Result<bool, ProcessingError> {
        match pass.step {
            PassStep::Queued if self.has_free_slot() => {
                let subject = subject_of(pass);
                let order = self.order(&subject, pass.attempt + 1);
                let row = self.allotted_row(&order);
                let detail = json!({"job": order.name, "attempt": order.attempt});
                self.pass_event(pass, &PassEvent::Allotted, detail, vec![Row::Job(row)])?;
                Ok(true)
            }
            PassStep::Submitting | PassStep::Running => self.follow_job(pass),
            PassStep::Ended => self.accept(pass),
            PassStep::Queued
            | PassStep::Held
            | PassStep::Reconstructed
            | PassStep::Grouped
            | PassStep::Analysed
            | PassStep::Failed => Ok(false),
        }
    }

    /// Starts a pass' job, or looks what has become of it.
    fn follow_job(&mut self, pass: &PassRecord) -> Result<bool, ProcessingError> {
        let order = self.order(&subject_of(pass), pass.attempt);
        let news = if pass.step == PassStep::Submitting {
            self.start_job(&order, |backend| backend.reconstruct_command(pass, &order))?
        } else {
            self.watch_job(&order)?
        };
        let Some(news) = news else { return Ok(false) };
        let is_over = news.is_bad_end();
        let row = vec![Row::Job(self.row_after(&order, &news, Timestamp::now()))];
        let detail = json!({"job": order.name, "attempt": order.attempt});
        match news {
            JobNews::Submitted(_) => self.pass_event(pass, &PassEvent::Submitted, detail, row)?,
            JobNews::Ended(mark) if mark.is_well() => self.pass_event(pass, &PassEvent::JobEnded, json!(mark), row)?,
            JobNews::Ended(mark) => {
                let class = self.class_of_end(&order, &mark);
                self.fail_pass(pass, class, why_it_failed(&order, &mark), row)?;
            }
            JobNews::Gone if self.class_of_going(&order).is_some() => {
                let class = self.class_of_going(&order).unwrap_or(FailureClass::Lost);
                let told = self.batch.word(&order).map(|word| word.words()).unwrap_or_default();
                self.fail_pass(pass, class, format!("the batch system ended its job: {told}"), row)?;
            }
            JobNews::Gone => {
                self.pass_event(pass, &PassEvent::JobGone { last_words: last_words(&order.log) }, detail, row)?;
            }
            JobNews::Refused(reason) => self.fail_pass(pass, FailureClass::Submit, reason, row)?,
        }
        if is_over {
            self.forget_job(&order);
        }
        Ok(true)
    }

    fn reconstruct_command(&self, pass: &PassRecord, order: &JobOrder) -> JobCommand {
        let raw = path_text(&self.workspace.raw_file(pass.file));
        let out = path_text(&order.work);
        let arguments = ["reconstruct", &raw, "--out", &out, "--threads", "1"].map(str::to_owned).to_vec();
        JobCommand { arguments, input: vec![raw], laid_out: Vec::new(), settings: self.settings_of(&pass.lane) }
    }

    /// Accepts a pass' output, or fails it.
    fn accept(&mut self, pass: &PassRecord) -> Result<bool, ProcessingError> {
        let order = self.order(&subject_of(pass), pass.attempt);
        let place = self.workspace.reco_file(pass.file, pass.processing);
        let (raw, file, detector) = (self.workspace.raw_file(pass.file), pass.file, Arc::clone(&self.detector));
        let (its, to) = (order.clone(), place.clone());
        // Killed between the renaming and the record of it, the next backend finds the file in its place.
        let deed = move || {
            let mark = EndMark::of(&its.mark, &its.name, its.attempt);
            let started = mark.as_ref().map(|mark| mark.started);
            let accepted = accept_reconstructed(&its.work, &to, file, &raw, &detector, started);
            let has_finding = mark.is_some_and(|mark| mark.dqmon_status == Some(1));
            Deed::Accepted(accepted, has_finding.then(|| last_message(&its.log)).flatten())
        };
        let (accepted, finding) = match self.done_aside(&order, deed) {
            Some(Deed::Accepted(accepted, finding)) => (accepted, finding),
            Some(Deed::Panicked) => (Err(CollectError::Refused("looking at its output panicked".into())), None),
            _ => return Ok(false),
        };
        match accepted {
            Ok(accepted) => {
                let (events, tracks) = (accepted.events, accepted.tracks);
                let detail = json!({"output": place, "events": events, "tracks": tracks, "finding": finding});
                self.pass_event(pass, &PassEvent::Accepted { events, tracks, finding }, detail, vec![])?;
                self.report.accepted += 1;
                // The folder is empty but for dqmon's status; leaving it is no harm.
                let _ = fs::remove_dir_all(&order.work);
            }
            Err(error) => {
                let reason = match error {
                    CollectError::Refused(reason) => reason,
                    error @ CollectError::Io { .. } => error.to_string(),
                };
                let evidence = Evidence { phase: Phase::Accept, last_words: Some(&reason), ..Evidence::default() };
                self.fail_pass(pass, classify(&evidence), reason, vec![])?;
            }
        }
        self.forget_job(&order);
        Ok(true)
    }

    /// Puts failed passes back into the queue whose time has come.
    fn retry_what_is_due(&mut self, now: Timestamp) -> Result<bool, ProcessingError> {
        let is_due = |(at, _, _): &&(Timestamp, _, _)| *at <= now;
        let due: Vec<PassKey> = self.shift.retries.iter().take_while(is_due).map(|(_, file, of)| (*file, *of)).collect();
        for key in &due {
            if let Some(pass) = self.shift.passes.get(key).cloned() {
                self.pass_event(&pass, &PassEvent::Retried, json!({"retries": pass.retries + 1}), vec![])?;
            }
        }
        Ok(!due.is_empty())
    }

    /// The class of a job that ended badly.
    pub(super) fn class_of_end(&self, order: &JobOrder, mark: &EndMark) -> FailureClass {
        let words = last_words(&order.log);
        let word = self.batch.word(order);
        classify(&Evidence {
            phase: Phase::Job,
            exit_status: mark.exit_status,
            signal: mark.signal,
            dqmon_status: mark.dqmon_status,
            last_words: words.as_deref(),
            ended_by: mark.ended_by.map(Cause::words),
            batch_word: word.as_ref().map(|word| word.state.as_str()),
        })
    }

    /// The class of a job that went away, where the batch system says why.
    fn class_of_going(&self, order: &JobOrder) -> Option<FailureClass> {
        match self.batch.word(order)?.cause? {
            Cause::MemoryLimit => Some(FailureClass::Memory),
            Cause::TimeLimit => Some(FailureClass::TimeLimit),
            Cause::NodeLost => Some(FailureClass::NodeLost),
            Cause::Request => Some(FailureClass::Cancelled),
        }
    }

    pub(super) fn fail_pass(
        &mut self,
        pass: &PassRecord,
        class: FailureClass,
        reason: String,
        rows: Vec<Row>,
    ) -> Result<(), ProcessingError> {
        let pause = retry(class, pass.retries, &self.workspace.settings.retry);
        let retry_at = pause.and_then(|pause| Timestamp::now().checked_add(pause).ok());
        let detail = json!({"class": class.word(), "reason": reason, "retry_at": retry_at});
        self.pass_event(pass, &PassEvent::Failed { class, reason, retry_at }, detail, rows)
    }

    /// Stores an event of a pass with the rows that go with it.
    pub(super) fn pass_event(
        &mut self,
        pass: &PassRecord,
        event: &PassEvent,
        mut detail: Value,
        mut rows: Vec<Row>,
    ) -> Result<(), ProcessingError> {
        let now = Timestamp::now();
        let next = next_pass(pass, event, now)?;
        // What the event itself says, else what it made the pass' reason; never a reason that stood there before.
        let of_event = detail["reason"].as_str().map(str::to_owned);
        let reason = of_event.or_else(|| next.reason.clone().filter(|_| next.reason != pass.reason));
        let has_failed = next.step == PassStep::Failed && pass.step != PassStep::Failed;
        if let Some(facts) = detail.as_object_mut() {
            facts.insert("lane".into(), json!(pass.lane));
            facts.insert("processing".into(), json!(pass.processing));
            if let Some(class) = next.failure.filter(|_| has_failed) {
                facts.insert("class".into(), json!(class.word()));
            }
        }
        if has_failed {
            let class = next.failure.unwrap_or(FailureClass::Unknown);
            self.tell_failure(&next.name(), class, next.reason.clone().unwrap_or_default());
        }
        rows.push(Row::Pass(next));
        self.keep(&[of_file(now, pass.file, event.word(), detail)], rows)?;
        if pass.step != PassStep::Failed && matches!(event, PassEvent::Failed { .. }) {
            // What it waited for is of no matter any more.
            self.put_off.remove(&processing_of(pass.file, pass.processing));
        }
        self.tell(&pass.name(), event.word(), reason);
        self.bring_queue_entry_up_to_date(pass.file)
    }
}

/// The reconstruction of a file in a processing.
pub(super) fn subject_of(pass: &PassRecord) -> JobSubject {
    JobSubject {
        name: format!("reco_{}", pass.name()),
        kind: JobKind::Reconstruct,
        run: pass.file.run,
        file: Some(pass.file),
        group: None,
        processing: pass.processing,
    }
}
