//! What the other rows of the book were at each instant: runs, processings, jobs, groups, copies.

use jiff::Timestamp;

use super::files::{Dated, ended_by, moment, number, text};
use super::known::Told;
use crate::bookkeeping::{
    CentralCopy, CentralStep, GroupRecord, GroupStep, Hold, JobKind, JobRecord, JobState, ProcessingRecord, ProcessingStep,
    RunRecord, TaskPhase, TaskStep,
};

/// What a run was.
pub(super) fn run(last: &RunRecord) -> Dated<RunRecord> {
    let begun = RunRecord { ended: None, ended_by: None, ..last.clone() };
    match last.ended {
        Some(ended) if ended > last.first_seen => vec![(last.first_seen, begun), (ended, last.clone())],
        _ => vec![(last.first_seen, last.clone())],
    }
}

/// What a processing was. `story` is of its run.
pub(super) fn processing(last: &ProcessingRecord, story: &[Told<'_>]) -> Dated<ProcessingRecord> {
    let name = last.name();
    let mut now = ProcessingRecord {
        step: ProcessingStep::Open,
        since: last.opened,
        hold: None,
        missing: Vec::new(),
        to_publish: false,
        ..last.clone()
    };
    let mut states = vec![(last.opened, now.clone())];
    for Told { at, record } in story.iter().filter(|told| told.record.detail["processing"] == name.as_str()) {
        let facts = &record.detail;
        let hold = || {
            let rule = text(facts, "rule")?;
            let words = text(facts, "reason").unwrap_or_default();
            Some(Hold { rule, words, since: record.at, until: moment(facts, "until") })
        };
        let said = facts["step"].as_str().and_then(|word| word.parse().ok());
        let step = match record.kind.as_str() {
            "processing_opened" if facts["rule"].is_string() => ProcessingStep::Held,
            "processing_opened" => ProcessingStep::Open,
            "lane_asked" | "processing_ended" => said.unwrap_or(now.step),
            _ => continue,
        };
        now.hold = hold();
        if step != now.step {
            (now.step, now.since) = (step, record.at);
        }
        if record.kind == "processing_ended" {
            now.missing = serde_json::from_value(facts["missing"].clone()).unwrap_or_default();
            now.to_publish = now.step == ProcessingStep::Done;
        }
        states.push((*at, now.clone()));
    }
    ended_by(states, last, last.since, last.opened)
}

/// What an attempt of a job was. `story` is of its run: it tells of a job that went away without an end.
pub(super) fn job(last: &JobRecord, story: &[Told<'_>]) -> Dated<JobRecord> {
    let begun = JobRecord {
        state: JobState::Queued,
        batch_id: None,
        started: None,
        ended: None,
        cpu_s: None,
        wall_s: None,
        peak_memory_bytes: None,
        exit_status: None,
        reason: None,
        ..last.clone()
    };
    let is_over = !matches!(last.state, JobState::Queued | JobState::Running);
    let is_bad_end = |told: &&Told<'_>| {
        let of_file = last.file.map(|file| file.sequence);
        told.at >= last.submitted
            && told.record.sequence == of_file
            && matches!(told.record.kind.as_str(), "failed" | "job_gone" | "analysis_failed")
    };
    let ended = last.ended.or_else(|| story.iter().find(is_bad_end).filter(|_| is_over).map(|told| told.at));
    let mut states = vec![(last.submitted, begun.clone())];
    if let Some(started) = last.started.filter(|_| ended.is_some()) {
        let running = JobRecord { state: JobState::Running, batch_id: last.batch_id.clone(), started: Some(started), ..begun };
        states.push((started.max(last.submitted), running));
    }
    let since = ended.or(last.started).unwrap_or(last.submitted);
    ended_by(states, last, since, last.submitted)
}

/// What a group was. `story` is of its run.
pub(super) fn group(last: &GroupRecord, story: &[Told<'_>]) -> Dated<GroupRecord> {
    let name = last.name();
    let mine = || story.iter().filter(|told| told.record.sequence.is_none() && told.record.detail["group"] == name.as_str());
    let waiting = |task: &TaskStep| TaskStep { kind: task.kind, phase: TaskPhase::Waiting, attempt: 0, lost: 0, reason: None };
    let Some(formed) = mine().find(|told| told.record.kind == "group_formed") else { return vec![(last.since, last.clone())] };
    let mut now = GroupRecord {
        step: GroupStep::Analysing,
        since: formed.record.at,
        tasks: last.tasks.iter().map(waiting).collect(),
        results: Vec::new(),
        ..last.clone()
    };
    let mut states = vec![(formed.at, now.clone())];
    for Told { at, record } in mine() {
        let facts = &record.detail;
        let kind: Option<JobKind> = facts["analysis"].as_str().and_then(|word| word.parse().ok());
        let Some(task) = now.tasks.iter_mut().find(|task| Some(task.kind) == kind) else { continue };
        task.phase = match record.kind.as_str() {
            "job_allotted" => {
                task.attempt += 1;
                TaskPhase::Submitting
            }
            "job_submitted" => TaskPhase::Running,
            "job_ended" => TaskPhase::Ended,
            "job_gone" if facts["reason"].is_string() => TaskPhase::Failed,
            "job_gone" => TaskPhase::Waiting,
            "results_placed" => TaskPhase::Done,
            "analysis_failed" => TaskPhase::Failed,
            "analysis_resubmitted" => TaskPhase::Waiting,
            _ => continue,
        };
        task.lost = match record.kind.as_str() {
            "job_gone" => task.lost + 1,
            "job_ended" | "analysis_resubmitted" => 0,
            _ => task.lost,
        };
        task.reason = text(facts, "reason").filter(|_| task.phase == TaskPhase::Failed);
        if record.kind == "results_placed" {
            let placed = last.results.iter().filter(|name| kind.is_some_and(|kind| is_made_by(kind, name)));
            let new: Vec<String> = placed.filter(|name| !now.results.contains(name)).cloned().collect();
            now.results.extend(new);
        }
        let step = step_of(&now.tasks);
        if step != now.step {
            (now.step, now.since) = (step, record.at);
        }
        states.push((*at, now.clone()));
    }
    ended_by(states, last, last.since, formed.at)
}

/// Whether an analysis makes a result of this name: `results/crp/run1-p1-g0.txt`.
fn is_made_by(kind: JobKind, name: &str) -> bool {
    let is_in = |folder: &str| name.split('/').rev().nth(1) == Some(folder);
    match kind {
        JobKind::Pedestals => is_in("pedestals"),
        JobKind::Purity => is_in("crp") && !name.ends_with(".root"),
        JobKind::Gain => is_in("crp"),
        JobKind::Events => is_in("events"),
        JobKind::Noise => is_in("noise"),
        JobKind::Reconstruct => false,
    }
}

/// A group is under way while one of its analyses is.
fn step_of(tasks: &[TaskStep]) -> GroupStep {
    if tasks.iter().any(|task| !matches!(task.phase, TaskPhase::Done | TaskPhase::Failed)) {
        GroupStep::Analysing
    } else if tasks.iter().any(|task| task.phase == TaskPhase::Failed) {
        GroupStep::Failed
    } else {
        GroupStep::Done
    }
}

/// What a copy to the central storage was. `story` is of its file, `stored` when that stood in the storage.
pub(super) fn central(last: &CentralCopy, story: &[Told<'_>], stored: Timestamp) -> Dated<CentralCopy> {
    let mut now = CentralCopy {
        step: CentralStep::Wanted,
        since: stored,
        attempts: 0,
        next_try: None,
        reason: None,
        verified_at: None,
        ..last.clone()
    };
    let mut states = vec![(stored, now.clone())];
    for Told { at, record } in story.iter().filter(|told| told.record.detail["destination"] == last.destination.as_str()) {
        let facts = &record.detail;
        let step = match record.kind.as_str() {
            "central_copy_begun" => Some(CentralStep::Copying),
            kind if kind.starts_with("central_copy_") => facts["step"].as_str().and_then(|word| word.parse().ok()),
            _ => None,
        };
        let Some(step) = step else { continue };
        (now.step, now.since) = (step, record.at);
        now.attempts = number(facts, "attempt").and_then(|attempt| u32::try_from(attempt).ok()).unwrap_or(now.attempts);
        (now.reason, now.next_try) = (text(facts, "reason"), moment(facts, "next_try"));
        now.verified_at = (step == CentralStep::Verified).then_some(record.at);
        states.push((*at, now.clone()));
    }
    ended_by(states, last, last.since, stored)
}
