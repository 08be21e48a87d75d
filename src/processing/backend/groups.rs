//! Groups of reconstructed files: formed, analysed, their results put into place.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use jiff::Timestamp;
use monitasks::vocab::{FileId, Group, Processing, Run};
use serde_json::{Value, json};

use super::jobs::{Deed, JobCommand, JobNews, why_it_failed};
use super::readings::readings_of;
use super::requests::or_not_done;
use super::{Backend, ProcessingError, of_file, of_run};
use crate::bookkeeping::{
    Answer, FailureClass, GroupRecord, GroupStep, JobKind, PassRecord, PassStep, ProcessingRecord, ProcessingStep,
    RequestSubject, Row, TaskPhase, TaskStep,
};
use crate::processing::batch::{JobOrder, JobSubject};
use crate::processing::collect::{CollectError, last_words, place_results};
use crate::processing::script::path_text;
use crate::processing::steps::{GroupEvent, PassEvent, Readiness, group_tasks, next_group, next_pass, readiness};

/// Events that a group's noise is measured in: enough for spectra, and few enough to take no noticeable time.
const EVENTS_OF_NOISE: u32 = 24;

impl Backend<'_> {
    /// Forms the groups that are full, and of a processing with no more files to come the rest; answers whether there was any.
    pub(super) fn form_groups(&mut self) -> Result<bool, ProcessingError> {
        let mut has_formed = false;
        for (run, processing) in self.shift.changed.iter().copied().collect::<Vec<_>>() {
            while let Some(members) = self.next_members(run, processing) {
                self.form_group(run, processing, &members)?;
                has_formed = true;
            }
        }
        Ok(has_formed)
    }

    /// The members of the next group of a processing; none while it is not full and more files may come.
    fn next_members(&self, run: Run, processing: Processing) -> Option<Vec<FileId>> {
        let is_let_through = |of: &ProcessingRecord| of.step == ProcessingStep::Open;
        self.shift.processings.get(&(run, processing)).filter(|of| is_let_through(of))?;
        let analysis = &self.workspace.settings.analysis;
        let tally = self.shift.tally(run, processing);
        let pass_of = |(_, file): &(_, FileId)| self.shift.passes.get(&(*file, processing));
        let waiting: Vec<&PassRecord> = tally.waiting.iter().filter_map(pass_of).collect();
        let full = size_of_full_group(&waiting, analysis.files_per_group, analysis.tracks_per_group);
        let is_rest = || !waiting.is_empty() && tally.moving == 0 && self.is_complete(run, processing);
        let size = full.or_else(|| is_rest().then_some(waiting.len()))?;
        let mut members: Vec<FileId> = waiting[..size].iter().map(|pass| pass.file).collect();
        members.sort();
        Some(members)
    }

    fn form_group(&mut self, run: Run, processing: Processing, members: &[FileId]) -> Result<(), ProcessingError> {
        let now = Timestamp::now();
        let group = Group(self.shift.groups_of(run, processing).next_back().map_or(0, |last| last.group.0 + 1));
        let record = GroupRecord {
            run,
            processing,
            lane: self.shift.processings.get(&(run, processing)).map_or_else(String::new, |processing| processing.lane.clone()),
            group,
            members: members.to_vec(),
            step: GroupStep::Analysing,
            since: now,
            tasks: self.tasks_of(members),
            results: Vec::new(),
        };
        let name = record.name();
        let mut story =
            vec![of_run(now, Some(run), "group_formed", json!({"group": name, "lane": record.lane, "members": members}))];
        let mut rows = Vec::new();
        for member in members.iter().filter_map(|member| self.shift.passes.get(&(*member, processing))) {
            let event = PassEvent::Grouped(group);
            rows.push(Row::Pass(next_pass(member, &event, now)?));
            story.push(of_file(now, member.file, event.word(), json!({"group": name, "lane": record.lane})));
        }
        rows.push(Row::Group(record));
        self.keep(&story, rows)?;
        self.tell(&name, "formed", Some(members.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")));
        Ok(())
    }

    /// The analyses of a group: the noise is measured in raw files, and is left out where none of them stands in the storage any more.
    fn tasks_of(&self, members: &[FileId]) -> Vec<TaskStep> {
        let has_raw = members.iter().any(|member| self.workspace.raw_file(*member).exists());
        group_tasks().into_iter().filter(|task| task.kind != JobKind::Noise || has_raw).collect()
    }

    /// Moves every group's analyses on; answers whether any moved.
    pub(super) fn move_groups(&mut self) -> Result<bool, ProcessingError> {
        let under_way: Vec<_> = self.shift.groups_under_way.iter().copied().collect();
        let mut has_moved = false;
        for key in under_way {
            for kind in group_tasks().iter().map(|task| task.kind) {
                while let Some(group) = self.shift.groups.get(&key).cloned() {
                    let subject = format!("{} of {}", kind.word(), group.name());
                    if self.is_put_off(&subject) {
                        break;
                    }
                    let outcome = self.move_task(&group, kind);
                    if !self.or_put_off(&subject, outcome)? {
                        break;
                    }
                    has_moved = true;
                }
            }
        }
        Ok(has_moved)
    }

    /// Moves one analysis of a group on; answers whether it moved.
    fn move_task(&mut self, group: &GroupRecord, kind: JobKind) -> Result<bool, ProcessingError> {
        let Some(task) = group.tasks.iter().find(|task| task.kind == kind).cloned() else { return Ok(false) };
        let subject = subject_of(group, kind);
        match task.phase {
            TaskPhase::Done | TaskPhase::Failed => Ok(false),
            TaskPhase::Waiting => match readiness(group, kind) {
                Readiness::Waits => Ok(false),
                Readiness::Never => {
                    let reason = "it needs the purity of the group, which was not made".to_owned();
                    self.group_event(group, kind, &GroupEvent::Failed { reason }, &json!({}), vec![])?;
                    Ok(true)
                }
                Readiness::Ready if self.has_free_slot() => {
                    let order = self.order(&subject, task.attempt + 1);
                    let row = Row::Job(self.allotted_row(&order));
                    self.group_event(group, kind, &GroupEvent::Allotted, &json!({"attempt": order.attempt}), vec![row])?;
                    Ok(true)
                }
                Readiness::Ready => Ok(false),
            },
            TaskPhase::Submitting | TaskPhase::Running => self.follow_task(group, &task, &subject),
            TaskPhase::Ended => {
                let order = self.order(&subject, task.attempt);
                let (its, results, names) = (order.clone(), self.workspace.results(), result_names(group, kind));
                let deed = move || Deed::Placed(place_results(&its.work, &results, &names, its.started()));
                let placed = match self.done_aside(&order, deed) {
                    Some(Deed::Placed(placed)) => placed,
                    Some(Deed::Panicked) => Err(CollectError::Refused("putting its results in their places panicked".into())),
                    _ => return Ok(false),
                };
                let event = match placed {
                    Ok(places) => {
                        let root = &self.workspace.root;
                        let relative = |place: &PathBuf| path_text(place.strip_prefix(root).unwrap_or(place));
                        GroupEvent::Placed { results: places.iter().map(relative).collect() }
                    }
                    Err(error) => GroupEvent::Failed { reason: error.to_string() },
                };
                let is_placed = matches!(event, GroupEvent::Placed { .. });
                self.group_event(group, kind, &event, &json!({}), vec![])?;
                if is_placed {
                    // What was asked for is in its place; what is left is of no use.
                    let _ = fs::remove_dir_all(&order.work);
                }
                self.forget_job(&order);
                Ok(true)
            }
        }
    }

    /// Starts an analysis' job, or looks what has become of it.
    fn follow_task(&mut self, group: &GroupRecord, task: &TaskStep, subject: &JobSubject) -> Result<bool, ProcessingError> {
        let order = self.order(subject, task.attempt);
        let news = if task.phase == TaskPhase::Submitting {
            self.start_job(&order, |backend| backend.analysis_command(group, task.kind, &order))?
        } else {
            self.watch_job(&order)?
        };
        let Some(news) = news else { return Ok(false) };
        let is_over = news.is_bad_end();
        let row = vec![Row::Job(self.row_after(&order, &news, Timestamp::now()))];
        let (event, detail) = match news {
            JobNews::Submitted(_) => (GroupEvent::Submitted, json!({"attempt": order.attempt})),
            JobNews::Ended(mark) if mark.is_well() => (GroupEvent::JobEnded, json!(mark)),
            JobNews::Ended(mark) => (GroupEvent::Failed { reason: why_it_failed(&order, &mark) }, json!(mark)),
            JobNews::Gone => (GroupEvent::JobGone { last_words: last_words(&order.log) }, json!({"attempt": order.attempt})),
            JobNews::Refused(reason) => (GroupEvent::Failed { reason }, json!({})),
        };
        self.group_event(group, task.kind, &event, &detail, row)?;
        if is_over {
            self.forget_job(&order);
        }
        Ok(true)
    }

    /// Ends the analyses that have a job or wait for one, of the groups that are meant.
    pub(super) fn cancel_analyses(
        &mut self,
        subject: &RequestSubject,
        who: &str,
        end: Instant,
    ) -> Result<Answer, ProcessingError> {
        let is_meant = |group: &&GroupRecord| {
            subject.file.is_none()
                && subject.run == Some(group.run)
                && subject.processing.is_none_or(|processing| group.processing == processing)
                && subject.group.is_none_or(|number| group.group == number)
                && subject.lane.as_ref().is_none_or(|lane| group.lane == *lane)
        };
        let meant: Vec<GroupRecord> = self.shift.groups.values().filter(is_meant).cloned().collect();
        let mut answer = Answer::default();
        for (key, task) in meant.iter().flat_map(|group| group.tasks.iter().map(move |task| (group, task))) {
            let has_job = matches!(task.phase, TaskPhase::Submitting | TaskPhase::Running);
            let is_meant = has_job || task.phase == TaskPhase::Waiting;
            // As it is now: the end of another of its analyses may have come before.
            let group = self.shift.groups.get(&(key.run, key.processing, key.group)).filter(|_| is_meant);
            let Some(group) = group.cloned() else { continue };
            let name = format!("{} of {}", task.kind.word(), group.name());
            let order = self.order(&subject_of(&group, task.kind), task.attempt);
            if let Err(why) = if has_job { self.cancel_job(&order, end) } else { Ok(()) } {
                answer.add(Answer::not_done(format!("{name} not cancelled: {why}")));
                continue;
            }
            let event = GroupEvent::Failed { reason: format!("cancelled by {who}") };
            let rows = self.cancelled_row(&order, who).filter(|_| has_job).into_iter().collect();
            let failed = self.group_event(&group, task.kind, &event, &json!({}), rows);
            answer.add(or_not_done(failed.map(|()| Answer::done(format!("{name} cancelled"))))?);
            self.put_off.remove(&name);
            if has_job {
                self.forget_job(&order);
            }
        }
        Ok(answer)
    }

    /// The gain is written behind the purity of the same group: its job begins with a copy of that.
    fn laid_out(&self, group: &GroupRecord, kind: JobKind, order: &JobOrder) -> Vec<(PathBuf, PathBuf)> {
        let names = if kind == JobKind::Gain { result_names(group, JobKind::Purity) } else { Vec::new() };
        names.iter().map(|name| (self.workspace.results().join(name), order.work.join(name))).collect()
    }

    fn analysis_command(&self, group: &GroupRecord, kind: JobKind, order: &JobOrder) -> JobCommand {
        let output_of = |member: &FileId| {
            let pass = self.shift.passes.get(&(*member, group.processing));
            self.workspace.reco_file(*member, pass.map_or(group.processing, |pass| pass.output_of))
        };
        let (there, gone): (Vec<PathBuf>, Vec<PathBuf>) =
            group.members.iter().map(|member| self.workspace.raw_file(*member)).partition(|path| path.exists());
        let raw: Vec<String> = there.iter().map(|path| path_text(path)).collect();
        let input: Vec<String> = match kind {
            // With none left it is refused with the name of the file that is missing.
            JobKind::Noise if raw.is_empty() => gone.iter().map(|path| path_text(path)).collect(),
            JobKind::Noise => raw.clone(),
            _ => group.members.iter().map(|member| path_text(&output_of(member))).collect(),
        };
        let mut arguments = vec!["analyse".to_owned(), kind.word().to_owned()];
        arguments.extend(input.iter().cloned());
        match kind {
            JobKind::Events if !raw.is_empty() => arguments.extend(["--raw".to_owned()].into_iter().chain(raw)),
            JobKind::Noise => arguments.extend(["--most-events".to_owned(), EVENTS_OF_NOISE.to_string()]),
            _ => {}
        }
        arguments.extend(["--out".to_owned(), path_text(&order.work)]);
        arguments.extend(["--processing".to_owned(), group.processing.0.to_string()]);
        arguments.extend(["--group".to_owned(), group.group.0.to_string()]);
        arguments.extend(["--lane".to_owned(), group.lane.clone()]);
        JobCommand { arguments, input, laid_out: self.laid_out(group, kind, order), settings: self.settings_of(&group.lane) }
    }

    /// Stores an event of a group; when it was the last one, of its members too.
    pub(super) fn group_event(
        &mut self,
        group: &GroupRecord,
        kind: JobKind,
        event: &GroupEvent,
        detail: &Value,
        mut rows: Vec<Row>,
    ) -> Result<(), ProcessingError> {
        let now = Timestamp::now();
        let next = next_group(group, kind, event, now)?;
        let reason = next.tasks.iter().find(|task| task.kind == kind).and_then(|task| task.reason.clone());
        let facts = json!({"group": group.name(), "analysis": kind.word(), "reason": reason, "detail": detail});
        let mut story = vec![of_run(now, Some(group.run), event.word(), facts)];
        // A member that was taken in again since is no longer of the group.
        let of_group = |pass: &&PassRecord| pass.group == Some(next.group);
        let members =
            || next.members.iter().filter_map(|member| self.shift.passes.get(&(*member, next.processing))).filter(of_group);
        let event_of_members = match (group.step, next.step) {
            (GroupStep::Analysing, GroupStep::Analysing) => None,
            // It is made again: its members wait for it with it.
            (_, GroupStep::Analysing) => Some(PassEvent::Regrouped),
            _ => Some(end_of_member(&next)),
        };
        if let Some(event) = event_of_members {
            for member in members().filter(|member| !(event == PassEvent::Regrouped && member.step == PassStep::Grouped)) {
                rows.push(Row::Pass(next_pass(member, &event, now)?));
                story.push(of_file(now, member.file, event.word(), json!({"group": next.name(), "fault": next.fault()})));
            }
        }
        if next.step != GroupStep::Analysing {
            rows.extend(readings_of(&next, self.workspace, &self.detector, now).into_iter().map(Row::Reading));
        }
        let (name, step, fault) = (next.name(), next.step, next.fault());
        rows.push(Row::Group(next));
        if step == GroupStep::Failed {
            self.tell_failure(&name, FailureClass::Analysis, fault.unwrap_or_default());
        }
        self.keep(&story, rows)?;
        self.tell(&format!("{} of {name}", kind.word()), event.word(), reason);
        self.report.groups_done += u64::from(step == GroupStep::Done);
        Ok(())
    }
}

/// How many of the files that wait make a full group; none when they don't. Files or tracks, whichever is reached first.
fn size_of_full_group(waiting: &[&PassRecord], files: usize, tracks: u64) -> Option<usize> {
    let mut so_far = 0;
    let enough = waiting.iter().position(|pass| {
        so_far += pass.tracks.unwrap_or(0);
        tracks > 0 && so_far >= tracks
    });
    let by_tracks = enough.map(|last| last + 1);
    let by_files = (tracks == 0 && waiting.len() >= files).then_some(files);
    by_tracks.or(by_files)
}

/// What a group's end is for its members: in a result, or in none.
fn end_of_member(group: &GroupRecord) -> PassEvent {
    if group.tasks.iter().any(|task| task.phase == TaskPhase::Done) {
        PassEvent::Analysed { fault: group.fault() }
    } else {
        let reason = group.fault().unwrap_or_default();
        PassEvent::Failed { class: FailureClass::Analysis, reason, retry_at: None }
    }
}

fn subject_of(group: &GroupRecord, kind: JobKind) -> JobSubject {
    let name = format!("{}_{}", kind.word(), group.name());
    JobSubject { name, kind, run: group.run, file: None, group: Some(group.group), processing: group.processing }
}

/// The files an analysis makes, relative to `results/`; the sidecar first, so that whoever sees a text finds what belongs to it.
fn result_names(group: &GroupRecord, kind: JobKind) -> Vec<String> {
    let (folder, suffixes): (&str, &[&str]) = match kind {
        JobKind::Pedestals => ("pedestals", &["json", "ped"]),
        JobKind::Gain => ("crp", &["json", "root", "txt"]),
        JobKind::Events => ("events", &["json", "root"]),
        JobKind::Noise => ("noise", &["json", "txt"]),
        _ => ("crp", &["json", "txt"]),
    };
    suffixes.iter().map(|suffix| format!("{folder}/{}.{suffix}", group.name())).collect()
}
