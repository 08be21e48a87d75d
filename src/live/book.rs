//! Polls the book, and turns its rows into those that the window shows.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use crate::bookkeeping::{
    ChangeStamp, DecisionRecord, FileRecord, FileStep, GroupRecord, JobRecord, JobState, LeaseRecord, Overview, PassRecord,
    PassStep, ProcessingRecord, Store, StoreError,
};
use crate::config::Workspace;
use crate::snapshot::{
    Backend, DecisionRow, FileRow, FileStage, GroupRow, HoldRow, JobRow, NotTaken, PassRow, ProcessingRow, RunRow,
};

/// What the window shows of the book.
#[derive(Debug, Clone)]
pub struct BookView {
    /// All runs, newest last.
    pub runs: Vec<RunRow>,
    /// The backend.
    pub backend: Backend,
    /// Files in incoming that were not taken.
    pub not_taken: Vec<NotTaken>,
    /// Why the book can't be read; what stands above is then the last that was known.
    pub fault: Option<String>,
}

/// Reads the book again whenever it has changed.
pub struct BookPoller {
    store: Box<dyn Store>,
    lease_stale: SignedDuration,
    seen: Option<ChangeStamp>,
    view: BookView,
    lease: Option<LeaseRecord>,
}

impl Default for BookView {
    fn default() -> Self {
        BookView { runs: Vec::new(), backend: Backend::Unknown, not_taken: Vec::new(), fault: None }
    }
}

impl BookView {
    /// The view of a book that could not be opened.
    #[must_use]
    pub fn away(why: String) -> Self {
        BookView { fault: Some(why), ..BookView::default() }
    }
}

impl BookPoller {
    /// A poller that has not looked yet.
    #[must_use]
    pub fn new(store: Box<dyn Store>, workspace: &Workspace) -> Self {
        let lease_stale =
            SignedDuration::try_from_secs_f64(workspace.settings.book.lease_stale_s).unwrap_or(SignedDuration::from_secs(15));
        BookPoller { store, lease_stale, seen: None, view: BookView::default(), lease: None }
    }

    /// The book itself, for what people write into it.
    pub fn store(&mut self) -> &mut dyn Store {
        self.store.as_mut()
    }

    /// The newest view, when it is not what it was. A book that can't be read leaves the last view, with its fault.
    pub fn poll(&mut self, now: Timestamp) -> Option<BookView> {
        let was_first = self.seen.is_none() && self.view.fault.is_none();
        match self.read() {
            Ok(changed) => {
                let backend = backend(self.lease.as_ref(), now, self.lease_stale);
                let recovered = self.view.fault.take().is_some();
                if !(changed || recovered || was_first || backend != self.view.backend) {
                    return None;
                }
                self.view.backend = backend;
                Some(self.view.clone())
            }
            Err(error) => {
                let fault = Some(format!("the book can't be read, what it said last stays on the screen: {error}"));
                if self.view.fault == fault {
                    return None;
                }
                self.view.fault = fault;
                self.view.backend = Backend::Unknown;
                self.seen = None;
                Some(self.view.clone())
            }
        }
    }

    fn read(&mut self) -> Result<bool, StoreError> {
        let stamp = self.store.change_stamp()?;
        if self.seen == Some(stamp) {
            return Ok(false);
        }
        let overview = self.store.overview()?;
        self.seen = Some(stamp);
        self.lease.clone_from(&overview.lease);
        self.view.not_taken =
            overview.not_taken.iter().map(|file| NotTaken { name: file.name.clone(), reason: file.reason.clone() }).collect();
        self.view.runs = run_rows(&overview);
        Ok(true)
    }
}

/// The backend's state by its lease: a heart that has not beaten for the lease's time is a lost backend.
fn backend(lease: Option<&LeaseRecord>, now: Timestamp, stale: SignedDuration) -> Backend {
    let Some(lease) = lease.filter(|lease| lease.released.is_none()) else { return Backend::Stopped };
    let (owner, heartbeat) = (lease.owner.clone(), lease.heartbeat);
    if now.duration_since(heartbeat) > stale { Backend::Lost { owner, heartbeat } } else { Backend::Running { owner, heartbeat } }
}

/// A row per run, newest last.
pub(super) fn run_rows(overview: &Overview) -> Vec<RunRow> {
    let jobs: BTreeMap<(&str, u32), &JobRecord> =
        overview.jobs.iter().map(|job| ((job.name.as_str(), job.attempt), job)).collect();
    let mut rows: BTreeMap<Run, RunRow> = overview
        .runs
        .iter()
        .map(|run| {
            let row = RunRow {
                run: run.run,
                start: None,
                end: None,
                has_ended: run.ended.is_some(),
                flag: Flag::Unchecked,
                decisions: Vec::new(),
                files: Vec::new(),
                groups: Vec::new(),
                processings: Vec::new(),
            };
            (run.run, row)
        })
        .collect();
    for file in &overview.files {
        let Some(row) = rows.get_mut(&file.file.run) else { continue };
        row.start = Some(row.start.map_or(file.daq_closed, |start| start.min(file.daq_closed)));
        row.end = Some(row.end.map_or(file.daq_closed, |end| end.max(file.daq_closed)));
        let newest_job = |pass: &PassRecord| {
            let name = format!("reco_{}", pass.name());
            jobs.range((name.as_str(), 0)..=(name.as_str(), u32::MAX)).next_back().map(|(_, job)| job_row(job))
        };
        let passes = overview.passes_of(file.file).map(|pass| pass_row(pass, newest_job(pass))).collect();
        row.files.push(file_row(file, passes));
    }
    for processing in &overview.processings {
        if let Some(row) = rows.get_mut(&processing.run) {
            row.processings.push(processing_row(processing));
        }
    }
    for group in &overview.groups {
        if let Some(row) = rows.get_mut(&group.run) {
            row.groups.push(group_row(group));
        }
    }
    // A decision on one file says nothing of its run.
    for decision in overview.decisions.iter().filter(|decision| decision.sequence.is_none()) {
        if let Some(row) = rows.get_mut(&decision.run) {
            row.flag = decision.flag;
            row.decisions.push(decision_row(decision));
        }
    }
    rows.into_values().collect()
}

/// A file shows how far its newest pass has come, once it is in the storage.
fn file_row(file: &FileRecord, passes: Vec<PassRow>) -> FileRow {
    let newest = passes.last().filter(|_| file.step == FileStep::Stored);
    FileRow {
        file: file.file,
        stage: newest.map_or_else(|| stage_of_file(file.step), |pass| pass.stage),
        reason: newest.map_or_else(|| file.reason.clone(), |pass| pass.reason.clone()),
        size_bytes: file.size_bytes,
        since: newest.map_or(file.since, |pass| pass.since),
        job: newest.and_then(|pass| pass.job.clone()),
        passes,
    }
}

fn pass_row(pass: &PassRecord, job: Option<JobRow>) -> PassRow {
    let held_by = || pass.held_by.as_ref().map(|who| format!("held by {who}"));
    let retry = || pass.retry_at.map(|at| format!("tried again by itself at {} UTC", at.strftime("%H:%M:%S")));
    let words: Vec<String> = [pass.reason.clone(), held_by(), retry()].into_iter().flatten().collect();
    PassRow {
        processing: pass.processing.0,
        lane: pass.lane.clone(),
        stage: stage(pass.step),
        since: pass.since,
        class: pass.failure.map(|class| class.word().to_owned()),
        reason: (!words.is_empty()).then(|| words.join("; ")),
        job,
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

fn group_row(group: &GroupRecord) -> GroupRow {
    GroupRow { name: group.name(), members: group.members.clone(), results: group.results.clone(), fault: group.fault() }
}

fn decision_row(decision: &DecisionRecord) -> DecisionRow {
    DecisionRow {
        id: decision.id,
        at: decision.at,
        flag: decision.flag,
        comment: decision.comment.clone(),
        who: decision.who.clone(),
        role: decision.role.clone(),
    }
}
