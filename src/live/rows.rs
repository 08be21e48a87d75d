//! The book's rows as those that the window shows.

use std::collections::{BTreeMap, BTreeSet};

use monitasks::vocab::Run;

use crate::bookkeeping::{
    DecisionRecord, EntryId, FileRecord, FileStep, GroupRecord, JobRecord, JobState, Overview, PassRecord, PassStep,
    ProcessingRecord,
};
use crate::config::MarkSettings;
use crate::decisions::marks;
use crate::snapshot::{DecisionRow, FileRow, FileStage, GroupRow, HoldRow, JobRow, PassRow, ProcessingRow, RunRow, TaskRow};

/// The newest attempts of jobs, by name and attempt.
type Jobs<'a> = BTreeMap<(&'a str, u32), &'a JobRecord>;

/// The newest job of a name.
fn newest_job(jobs: &Jobs<'_>, name: &str) -> Option<JobRow> {
    jobs.range((name, 0)..=(name, u32::MAX)).next_back().map(|(_, job)| job_row(job))
}

/// A row per run, newest last.
pub(super) fn run_rows(overview: &Overview, marks: &MarkSettings) -> Vec<RunRow> {
    let jobs: Jobs<'_> = overview.jobs.iter().map(|job| ((job.name.as_str(), job.attempt), job)).collect();
    let mut rows: BTreeMap<Run, RunRow> =
        overview.runs.iter().map(|run| (run.run, RunRow { has_ended: run.ended.is_some(), ..RunRow::empty(run.run) })).collect();
    for file in &overview.files {
        let Some(row) = rows.get_mut(&file.file.run) else { continue };
        row.start = Some(row.start.map_or(file.daq_closed, |start| start.min(file.daq_closed)));
        row.end = Some(row.end.map_or(file.daq_closed, |end| end.max(file.daq_closed)));
        let of = |pass: &PassRecord| {
            // A failure that was taken over has the job and the log of the processing that it happened in.
            let failed_in = pass.failed_in();
            let own = overview.passes_of(file.file).find(|own| Some(own.processing) == failed_in);
            let own = own.unwrap_or(pass);
            let job = newest_job(&jobs, &format!("reco_{}", own.name()));
            PassRow { attempts: own.attempt, ..pass_row(pass, overview.pass_put_off(pass), job) }
        };
        let passes = overview.passes_of(file.file).map(of).collect();
        let failed = overview.failed_pass(file.file).map(|pass| pass.processing.0);
        row.files.push(file_row(file, passes, failed, overview.taking_in_put_off(file)));
    }
    for processing in &overview.processings {
        if let Some(row) = rows.get_mut(&processing.run) {
            row.processings.push(processing_row(processing));
        }
    }
    for group in &overview.groups {
        if let Some(row) = rows.get_mut(&group.run) {
            row.groups.push(group_row(group, &jobs));
        }
    }
    add_flags(overview, marks, &mut rows);
    rows.into_values().collect()
}

/// The flag in force of each run, and its decisions: the decision's, where books differ the worse; else that of its shift mark.
fn add_flags(overview: &Overview, settings: &MarkSettings, rows: &mut BTreeMap<Run, RunRow>) {
    let said = &overview.said;
    for mark in &said.marks {
        if let Some(row) = rows.get_mut(&mark.run) {
            row.flag = marks::flag_of(settings, mark.mark).unwrap_or_default();
        }
    }
    // A decision on one file says nothing of its run.
    let of_runs = || said.decisions.iter().filter(|decision| decision.subject.is_run());
    let superseded: BTreeSet<EntryId> = of_runs().flat_map(|decision| decision.supersedes.iter().copied()).collect();
    let mut decided: BTreeSet<Run> = BTreeSet::new();
    for decision in of_runs() {
        let Some(row) = rows.get_mut(&decision.subject.run) else { continue };
        row.decisions.push(decision_row(decision));
        if decision.decision.withdrawn || superseded.contains(&decision.entry) {
            continue;
        }
        let flag = decision.decision.flag;
        row.flag = if decided.insert(row.run) { flag } else { row.flag.worse(flag) };
    }
}

/// A file shows how far its newest pass has come, once it is in the storage; or the one that has failed, in whatever lane.
fn file_row(file: &FileRecord, passes: Vec<PassRow>, failed: Option<u32>, put_off: Option<String>) -> FileRow {
    let shown = failed.and_then(|failed| passes.iter().find(|pass| pass.processing == failed)).or(passes.last());
    let newest = shown.filter(|_| file.step == FileStep::Stored);
    FileRow {
        file: file.file,
        class: file.failure.filter(|_| newest.is_none()).map(|class| class.word().to_owned()),
        stage: newest.map_or_else(|| stage_of_file(file.step), |pass| pass.stage),
        reason: newest.map_or_else(|| file.reason.clone().or(put_off), |pass| pass.reason.clone()),
        size_bytes: file.size_bytes,
        since: newest.map_or(file.since, |pass| pass.since),
        job: newest.and_then(|pass| pass.job.clone()),
        passes,
    }
}

fn pass_row(pass: &PassRecord, put_off: Option<String>, job: Option<JobRow>) -> PassRow {
    let held_by = || pass.held_by.as_ref().map(|who| format!("held by {who}"));
    let retry = || pass.retry_at.map(|at| format!("tried again by itself at {} UTC", at.strftime("%H:%M:%S")));
    let words: Vec<String> = [pass.reason.clone(), put_off, held_by(), retry()].into_iter().flatten().collect();
    PassRow {
        processing: pass.processing.0,
        lane: pass.lane.clone(),
        stage: stage(pass.step),
        since: pass.since,
        class: pass.failure.map(|class| class.word().to_owned()),
        reason: (!words.is_empty()).then(|| words.join("; ")),
        held_by: pass.held_by.clone(),
        attempts: pass.attempt,
        retry_at: pass.retry_at,
        job,
        failed_in: pass.failed_in().map(|processing| processing.0),
    }
}

fn processing_row(processing: &ProcessingRecord) -> ProcessingRow {
    let hold = processing.hold.as_ref();
    ProcessingRow {
        processing: processing.processing.0,
        lane: processing.lane.clone(),
        step: processing.step.word().to_owned(),
        since: processing.since,
        because: processing.because.clone(),
        hold: hold.map(|hold| HoldRow {
            rule: hold.rule.clone(),
            words: hold.words.clone(),
            since: hold.since,
            until: hold.until,
        }),
        missing: processing.missing.clone(),
        to_publish: processing.to_publish,
    }
}

fn stage_of_file(step: FileStep) -> FileStage {
    match step {
        FileStep::Arrived => FileStage::Arrived,
        FileStep::Copying => FileStage::Copying,
        FileStep::Copied | FileStep::Stored => FileStage::Held,
        FileStep::Failed => FileStage::Failed,
    }
}

/// The book keeps every step; people want to know which of a few stages a file has reached.
fn stage(step: PassStep) -> FileStage {
    match step {
        PassStep::Held => FileStage::Held,
        PassStep::Queued => FileStage::Queued,
        PassStep::Submitting | PassStep::Running | PassStep::Ended => FileStage::Running,
        PassStep::Reconstructed | PassStep::Grouped => FileStage::Reconstructed,
        PassStep::Analysed => FileStage::Analysed,
        PassStep::Failed => FileStage::Failed,
    }
}

fn job_row(job: &JobRecord) -> JobRow {
    JobRow {
        id: job.id,
        name: job.name.clone(),
        state: JobState::word(job.state).to_owned(),
        submitted: job.submitted,
        started: job.started,
        ended: job.ended,
        cpu_s: job.cpu_s,
        wall_s: job.wall_s,
        peak_memory_bytes: job.peak_memory_bytes,
        exit_status: job.exit_status,
        script: job.script.clone(),
        log: job.log.clone(),
    }
}

fn group_row(group: &GroupRecord, jobs: &Jobs<'_>) -> GroupRow {
    let name = group.name();
    let tasks = group.tasks.iter().map(|task| TaskRow {
        name: task.kind.word().to_owned(),
        phase: task.phase.word().to_owned(),
        attempts: task.attempt,
        reason: task.reason.clone(),
        job: newest_job(jobs, &format!("{}_{name}", task.kind.word())),
    });
    GroupRow {
        processing: group.processing.0,
        group: group.group.0,
        lane: group.lane.clone(),
        step: group.step.word().to_owned(),
        since: group.since,
        tasks: tasks.collect(),
        members: group.members.clone(),
        results: group.results.clone(),
        fault: group.fault(),
        name,
    }
}

fn decision_row(decision: &DecisionRecord) -> DecisionRow {
    DecisionRow {
        id: decision.id,
        at: decision.at,
        flag: decision.decision.flag,
        comment: decision.decision.comment(),
        who: decision.who.clone(),
        role: decision.role.clone(),
    }
}
