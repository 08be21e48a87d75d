//! What people ask of the backend: rows of the book, taken in order, answered with what came of them.

use std::collections::BTreeMap;
use std::time::Instant;

use jiff::Timestamp;
use monitasks::vocab::FileId;
use serde_json::json;

use super::lanes::is_open;
use super::passes::subject_of;
use super::shift::PassKey;
use super::{Backend, ProcessingError};
use crate::bookkeeping::{
    Answer, FailureClass, FileRecord, FileStep, GroupRecord, GroupStep, PassRecord, PassStep, ProcessingRecord, ProcessingStep,
    RequestKind, RequestRecord, RequestSubject, Row, TaskPhase,
};
use crate::config::LaneSettings;
use crate::processing::steps::{FileEvent, GroupEvent, PassEvent};

impl Backend<'_> {
    /// Takes what people said and asked; answers whether to stop.
    pub(super) fn serve_requests(&mut self) -> Result<bool, ProcessingError> {
        self.take_judgements()?;
        for request in self.store.open_requests()? {
            let answer = match request.kind {
                RequestKind::Stop => Ok(Answer::done("stops")),
                RequestKind::Resubmit => self.resubmit(&request),
                RequestKind::Hold => self.hold_back(&request),
                RequestKind::Release => self.release(&request),
                RequestKind::Cancel => self.cancel(&request),
                RequestKind::Reprocess => self.reprocess(&request),
            };
            // A wish that can't be met ends no shift.
            let answer = or_not_done(answer)?;
            let outcome = answer.words();
            self.store.answer_request(request.id, Timestamp::now(), &outcome)?;
            if request.kind == RequestKind::Stop {
                let who = if request.who.is_empty() { "nobody named" } else { &request.who };
                self.tell(&"backend", "stop asked for", Some(format!("by {who} at {}; jobs that run go on", request.at)));
                return Ok(true);
            }
            self.tell(&"request", request.kind.word(), Some(format!("by {}: {outcome}", request.who)));
        }
        Ok(false)
    }

    /// Puts what failed back into the queue: a file, a group, a run's, or all of a class.
    fn resubmit(&mut self, request: &RequestRecord) -> Result<Answer, ProcessingError> {
        let subject = &request.subject;
        if let (Some(run), Some(processing), Some(group)) = (subject.run, subject.processing, subject.group) {
            let found = self.shift.groups.get(&(run, processing, group)).cloned();
            return match found {
                Some(group) => self.resubmit_group(&group, &request.who),
                None => Ok(Answer::not_done(format!("{run}-p{}-g{} is not in the book", processing.0, group.0))),
            };
        }
        if let Some(file) = subject.file {
            return self.resubmit_file(file, subject, &request.who);
        }
        let (mut again, mut answer) = (0, Answer::default());
        let of_run = |file: &FileId| subject.run.is_none_or(|run| file.run == run);
        for file in self.shift.files.keys().copied().filter(of_run).collect::<Vec<_>>() {
            if self.has_failed(file, subject) {
                let of_file = or_not_done(self.resubmit_file(file, subject, &request.who))?;
                again += usize::from(of_file.has_done());
                answer.add(of_file.without_done());
            }
        }
        let is_meant = |group: &&GroupRecord| {
            group.step == GroupStep::Failed
                && subject.class.is_none_or(|class| class == FailureClass::Analysis)
                && subject.run.is_none_or(|run| group.run == run)
                && subject.processing.is_none_or(|processing| group.processing == processing)
                && subject.lane.as_ref().is_none_or(|lane| group.lane == *lane)
        };
        for group in self.shift.groups.values().filter(is_meant).cloned().collect::<Vec<_>>() {
            let of_group = or_not_done(self.resubmit_group(&group, &request.who))?;
            again += usize::from(of_group.has_done());
            answer.add(of_group.without_done());
        }
        if again > 0 {
            answer.add(Answer::done(format!("{again} processed again")));
        }
        Ok(answer.or(Answer::not_done("nothing of that kind has failed")))
    }

    /// Whether a file failed on its way in, in its central copy, or in the newest processing of a lane that is meant.
    fn has_failed(&self, file: FileId, subject: &RequestSubject) -> bool {
        let is_of = |class: Option<FailureClass>| subject.class.is_none() || subject.class == class;
        let has_failed_coming = |file: &FileRecord| file.step == FileStep::Failed && is_of(file.failure);
        self.shift.files.get(&file).is_some_and(has_failed_coming)
            || (is_of(Some(FailureClass::Copy)) && self.has_refused_central(file))
            // A file whose group came to nothing is repeated with its group.
            || self.failed_passes(file, subject).iter().any(|pass| pass.failure != Some(FailureClass::Analysis))
    }

    /// The failed passes of a file that are meant: in each lane that of its newest processing.
    fn failed_passes(&self, file: FileId, subject: &RequestSubject) -> Vec<PassRecord> {
        let mut newest: BTreeMap<&str, &PassRecord> = BTreeMap::new();
        for pass in self.shift.passes_of_file(file) {
            newest.insert(&pass.lane, pass);
        }
        let is_meant = |pass: &&PassRecord| {
            pass.step == PassStep::Failed
                && subject.processing.is_none_or(|processing| pass.processing == processing)
                && subject.lane.as_ref().is_none_or(|lane| pass.lane == *lane)
                && (subject.class.is_none() || subject.class == pass.failure)
        };
        newest.into_values().filter(is_meant).cloned().collect()
    }

    fn resubmit_file(&mut self, file: FileId, subject: &RequestSubject, who: &str) -> Result<Answer, ProcessingError> {
        let Some(record) = self.shift.files.get(&file).cloned() else {
            return Ok(Answer::not_done(format!("{file} is not in the book")));
        };
        let mut answer = Answer::default();
        if self.ask_central_again(file)? > 0 {
            answer.add(Answer::done(format!("the central copy of {file} is tried again")));
        }
        if self.take_again(file, json!({"who": who}))? {
            answer.add(Answer::done(format!("{file} has grown since it was copied: it is taken in again")));
        } else if record.step == FileStep::Failed {
            self.file_event(file, &FileEvent::Resubmitted, json!({"who": who}), vec![])?;
            answer.add(Answer::done(format!("{file} is taken in again")));
        } else {
            for pass in self.failed_passes(file, subject) {
                answer.add(or_not_done(self.resubmit_pass(&pass, who))?);
            }
        }
        let of_subject = |pass: &&PassRecord| subject.processing.is_none_or(|processing| pass.processing == processing);
        let newest = self.shift.passes_of_file(file).rev().find(of_subject);
        let why = newest.map_or_else(
            || format!("{file} has not failed, it is {}", record.step.word()),
            |pass| match pass.step {
                // Only what is newest of a lane is processed again.
                PassStep::Failed => format!("{} failed, and is not the newest of its lane or failed another way", pass.name()),
                step => format!("{} has not failed, it is {}", pass.name(), step.word()),
            },
        );
        Ok(answer.or(Answer::not_done(why)))
    }

    fn resubmit_pass(&mut self, pass: &PassRecord, who: &str) -> Result<Answer, ProcessingError> {
        let (file, key) = (pass.file, (pass.file.run, pass.processing));
        let of_group = pass.group.and_then(|group| self.shift.groups.get(&(key.0, key.1, group)).cloned());
        if let Some(group) = of_group.filter(|_| pass.failure == Some(FailureClass::Analysis)) {
            return self.resubmit_group(&group, who);
        }
        if let Some(why) = self.why_not_there(&[file])? {
            return Ok(Answer::not_done(format!("{} is not processed again: {why}", pass.name())));
        }
        // Where results stand already, a new processing is made beside them.
        match self.shift.processings.get(&key).cloned() {
            Some(old) if self.shift.lane(&old.lane).is_none() => {
                let why = format!("its lane {} is no longer in the settings", old.lane);
                Ok(Answer::not_done(format!("{} is not processed again: {why}", pass.name())))
            }
            Some(old) if !is_open(old.step) && self.shift.groups_of(key.0, key.1).next().is_some() => {
                let because = format!("{file} resubmitted by {who}");
                Ok(match self.process_beside(&old, &because, &[file])? {
                    Some(name) => Answer::done(format!("{file} is processed again, in {name}")),
                    None => Answer::not_done(format!("its lane {} is no longer in the settings", old.lane)),
                })
            }
            old => {
                // Opened first: killed between the two, it is closed again as it was.
                self.open_again(old)?;
                self.pass_event(pass, &PassEvent::Resubmitted, json!({"who": who}), vec![])?;
                Ok(Answer::done(format!("{} is processed again", pass.name())))
            }
        }
    }

    /// A processing that was over goes on.
    fn open_again(&mut self, processing: Option<ProcessingRecord>) -> Result<(), ProcessingError> {
        let Some(processing) = processing.filter(|processing| !is_open(processing.step)) else { return Ok(()) };
        let step = ProcessingStep::Open;
        let row = ProcessingRecord { step, since: Timestamp::now(), missing: Vec::new(), to_publish: false, ..processing };
        self.keep(&[], vec![Row::Processing(row)])
    }

    /// Makes the failed analyses of a group again; those that were made stand.
    fn resubmit_group(&mut self, group: &GroupRecord, who: &str) -> Result<Answer, ProcessingError> {
        let name = group.name();
        if group.step != GroupStep::Failed {
            return Ok(Answer::not_done(format!("{name} has not failed, it is {}", group.step.word())));
        }
        let key = (group.run, group.processing, group.group);
        let failed: Vec<_> = group.tasks.iter().filter(|task| task.phase == TaskPhase::Failed).map(|task| task.kind).collect();
        for kind in &failed {
            if let Some(group) = self.shift.groups.get(&key).cloned() {
                self.group_event(&group, *kind, &GroupEvent::Resubmitted, &json!({"who": who}), vec![])?;
            }
        }
        let processing = self.shift.processings.get(&(group.run, group.processing)).cloned();
        self.open_again(processing)?;
        let kinds: Vec<&str> = failed.iter().map(|kind| kind.word()).collect();
        Ok(Answer::done(format!("{} of {name} made again", kinds.join(", "))))
    }

    /// The passes that a request is about, the newest of each file unless a processing or lane is named.
    fn passes_meant(&self, subject: &RequestSubject) -> Vec<PassKey> {
        let is_meant = |pass: &PassRecord| {
            subject.run.is_none_or(|run| pass.file.run == run)
                && subject.file.is_none_or(|file| pass.file == file)
                && subject.processing.is_none_or(|processing| pass.processing == processing)
                && subject.lane.as_ref().is_none_or(|lane| pass.lane == *lane)
                && subject.group.is_none_or(|group| pass.group == Some(group))
        };
        if subject.run.is_none() && subject.file.is_none() {
            return Vec::new();
        }
        self.shift.passes.iter().filter(|(_, pass)| is_meant(pass)).map(|(key, _)| *key).collect()
    }

    /// Lets a pass event happen to all passes that are meant and in one of some steps; answers in words.
    pub(super) fn let_happen(
        &mut self,
        request: &RequestRecord,
        is_fit: impl Fn(&PassRecord) -> bool,
        event: &PassEvent,
        done: &str,
        none: &str,
    ) -> Result<Answer, ProcessingError> {
        let (mut names, mut answer) = (Vec::new(), Answer::default());
        for key in self.passes_meant(&request.subject) {
            let Some(pass) = self.shift.passes.get(&key).filter(|pass| is_fit(pass)).cloned() else { continue };
            match self.pass_event(&pass, event, json!({"who": request.who}), vec![]) {
                Ok(()) => names.push(pass.name()),
                happened => answer.add(or_not_done(happened.map(|()| Answer::default()))?),
            }
        }
        if !names.is_empty() {
            answer.add(Answer::done(format!("{done}: {}", names.join(", "))));
        }
        Ok(answer.or(Answer::not_done(none)))
    }

    fn hold_back(&mut self, request: &RequestRecord) -> Result<Answer, ProcessingError> {
        let waits = |pass: &PassRecord| matches!(pass.step, PassStep::Held | PassStep::Queued) && pass.held_by.is_none();
        let event = PassEvent::HeldBack { who: request.who.clone() };
        self.let_happen(request, waits, &event, "held", "nothing of it waits; a job that runs is cancelled instead")
    }

    fn release(&mut self, request: &RequestRecord) -> Result<Answer, ProcessingError> {
        let (mut names, mut answer) = (Vec::new(), Answer::default());
        for key in self.passes_meant(&request.subject) {
            let is_held = |pass: &&PassRecord| pass.held_by.is_some() && pass.step == PassStep::Held;
            let Some(pass) = self.shift.passes.get(&key).filter(is_held).cloned() else { continue };
            let processing = self.shift.processings.get(&(pass.file.run, pass.processing)).map(|processing| processing.step);
            let released = if processing == Some(ProcessingStep::Open) && self.is_stored(pass.file) {
                self.pass_event(&pass, &PassEvent::Released, json!({"who": request.who}), vec![])
            } else {
                // The person lets go; the lane's rules still hold it.
                self.keep(&[], vec![Row::Pass(PassRecord { held_by: None, ..pass.clone() })])
            };
            match released {
                Ok(()) => names.push(pass.name()),
                released => answer.add(or_not_done(released.map(|()| Answer::default()))?),
            }
        }
        if !names.is_empty() {
            answer.add(Answer::done(format!("released: {}", names.join(", "))));
        }
        Ok(answer.or(Answer::not_done("nobody holds anything of it")))
    }

    /// Ends the jobs of what is meant and fails it, so that nothing more happens to it of itself. What takes too long is left as it
    /// is and said: meanwhile nothing else is done.
    pub(super) fn cancel(&mut self, request: &RequestRecord) -> Result<Answer, ProcessingError> {
        let (mut answer, end) = (Answer::default(), Self::end_of_ending());
        for key in self.passes_meant(&request.subject) {
            let under_way = |pass: &&PassRecord| pass.step <= PassStep::Running || pass.retry_at.is_some();
            let Some(pass) = self.shift.passes.get(&key).filter(under_way).cloned() else { continue };
            answer.add(or_not_done(self.cancel_pass(&pass, &request.who, end))?);
        }
        answer.add(self.cancel_analyses(&request.subject, &request.who, end)?);
        Ok(answer.or(Answer::not_done("nothing of it is under way")))
    }

    fn cancel_pass(&mut self, pass: &PassRecord, who: &str, end: Instant) -> Result<Answer, ProcessingError> {
        let name = pass.name();
        if pass.step == PassStep::Failed {
            self.keep(&[], vec![Row::Pass(PassRecord { retry_at: None, ..pass.clone() })])?;
            return Ok(Answer::done(format!("{name} cancelled")));
        }
        let has_job = matches!(pass.step, PassStep::Submitting | PassStep::Running);
        let order = has_job.then(|| self.order(&subject_of(pass), pass.attempt));
        if let Some(Err(why)) = order.as_ref().map(|order| self.cancel_job(order, end)) {
            return Ok(Answer::not_done(format!("{name} not cancelled: {why}")));
        }
        let rows = order.as_ref().and_then(|order| self.cancelled_row(order, who)).into_iter().collect();
        self.fail_pass(pass, FailureClass::Cancelled, format!("cancelled by {who}"), rows)?;
        if let Some(order) = order {
            self.forget_job(&order);
        }
        Ok(Answer::done(format!("{name} cancelled")))
    }

    /// Processes a whole run again in one lane or all of them.
    fn reprocess(&mut self, request: &RequestRecord) -> Result<Answer, ProcessingError> {
        let Some(run) = request.subject.run else { return Ok(Answer::not_done("no run was named")) };
        let stored: Vec<FileId> = self.shift.files_of(run).map(|file| file.file).filter(|file| self.is_stored(*file)).collect();
        let is_meant = |lane: &&LaneSettings| request.subject.lane.as_ref().is_none_or(|wanted| *wanted == lane.name);
        let lanes: Vec<LaneSettings> = self.shift.lanes().iter().filter(is_meant).cloned().collect();
        let (mut answer, because) = (Answer::default(), format!("asked for by {}", request.who));
        for lane in &lanes {
            let name = &lane.name;
            let old = self.shift.newest(run, name).cloned();
            if let Some(old) = old.as_ref().filter(|old| is_open(old.step)) {
                let why = format!("{} of lane {name} is {}, not over yet", old.name(), old.step.word());
                answer.add(Answer::not_done(why));
                continue;
            }
            let files: Vec<FileId> = match &old {
                Some(old) => self.shift.passes_of(run, old.processing).map(|pass| pass.file).collect(),
                // A lane that came into the settings later takes runs of the past when it is named.
                None if request.subject.lane.is_some() => stored.clone(),
                None => continue,
            };
            if let Some(why) = self.why_not_there(&files)? {
                answer.add(Answer::not_done(format!("{run} is not processed again in lane {name}: {why}")));
                continue;
            }
            let new = match &old {
                Some(old) => self.process_beside(old, &because, &files)?,
                None if files.is_empty() => None,
                None => Some(self.process_first(run, lane, &because, &files)?),
            };
            answer.add(match new {
                Some(new) => Answer::done(format!("{run} is processed again in lane {name}, as {new}")),
                None => Answer::not_done(format!("lane {name} takes nothing of {run}")),
            });
        }
        Ok(answer.or(Answer::not_done(format!("{run} has no processing to make again"))))
    }
}

/// A part of a request; a step that is none leaves the other parts, and what was done before, as they are.
pub(super) fn or_not_done(outcome: Result<Answer, ProcessingError>) -> Result<Answer, ProcessingError> {
    match outcome {
        Err(ProcessingError::Step(why)) => Ok(Answer::not_done(why.to_string())),
        outcome => outcome,
    }
}
