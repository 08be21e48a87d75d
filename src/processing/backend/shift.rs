//! What the book says of the shift, held in memory, with what of it is under way: a backend that has taken in a year of files
//! looks only at those that move.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use monitasks::vocab::{FileId, Group, Processing, Run};

use crate::bookkeeping::{
    FileRecord, FileStep, GroupRecord, GroupStep, JobRecord, Judgement, Overview, PassRecord, PassStep, ProcessingRecord,
    ProcessingStep, Row, RunRecord,
};
use crate::config::{LaneSettings, Settings};

/// A pass: its file and its processing.
pub(super) type PassKey = (FileId, Processing);

/// The book's rows, and indices over them.
pub(super) struct Shift {
    lanes: Vec<LaneSettings>,
    pub(super) runs: BTreeMap<Run, RunRecord>,
    pub(super) files: BTreeMap<FileId, FileRecord>,
    pub(super) passes: BTreeMap<PassKey, PassRecord>,
    pub(super) processings: BTreeMap<(Run, Processing), ProcessingRecord>,
    pub(super) groups: BTreeMap<(Run, Processing, Group), GroupRecord>,
    /// The newest attempt of each job.
    pub(super) jobs: HashMap<String, JobRecord>,
    /// What people said of runs.
    pub(super) judgements: BTreeMap<Run, Judgement>,
    /// Files that are not yet in the storage and have not failed.
    pub(super) files_under_way: BTreeSet<FileId>,
    /// Passes that wait for a slot: the lane's rank first, then the file.
    pub(super) queue: BTreeSet<(usize, FileId, Processing)>,
    /// Passes with a job that is being started, runs or has ended.
    pub(super) with_job: BTreeSet<PassKey>,
    /// Failed passes that are tried again at a time.
    pub(super) retries: BTreeSet<(Timestamp, FileId, Processing)>,
    /// Groups that are being analysed.
    pub(super) groups_under_way: BTreeSet<(Run, Processing, Group)>,
    /// Processings that are not over.
    pub(super) open: BTreeSet<(Run, Processing)>,
    /// Processings of which something has changed since groups were formed and ends were looked for.
    pub(super) changed: BTreeSet<(Run, Processing)>,
    /// When the newest file of each run that has not ended came.
    pub(super) last_arrivals: BTreeMap<Run, Timestamp>,
}

impl Shift {
    pub(super) fn new(overview: Overview, settings: &Settings, judgements: Vec<Judgement>) -> Self {
        let mut shift = Shift {
            lanes: settings.lanes.clone(),
            runs: BTreeMap::new(),
            files: BTreeMap::new(),
            passes: BTreeMap::new(),
            processings: BTreeMap::new(),
            groups: BTreeMap::new(),
            jobs: HashMap::new(),
            judgements: BTreeMap::new(),
            files_under_way: BTreeSet::new(),
            queue: BTreeSet::new(),
            with_job: BTreeSet::new(),
            retries: BTreeSet::new(),
            groups_under_way: BTreeSet::new(),
            open: BTreeSet::new(),
            changed: BTreeSet::new(),
            last_arrivals: BTreeMap::new(),
        };
        shift.judge(judgements);
        let Overview { runs, files, passes, processings, groups, jobs, .. } = overview;
        let rows = runs.into_iter().map(Row::Run).chain(files.into_iter().map(Row::File));
        let rows = rows.chain(processings.into_iter().map(Row::Processing)).chain(passes.into_iter().map(Row::Pass));
        rows.chain(groups.into_iter().map(Row::Group)).chain(jobs.into_iter().map(Row::Job)).for_each(|row| shift.take(row));
        shift
    }

    /// Takes over what people said of runs.
    pub(super) fn judge(&mut self, judgements: Vec<Judgement>) {
        self.judgements = judgements.into_iter().map(|judgement| (judgement.run, judgement)).collect();
    }

    /// Takes over a row that was stored.
    pub(super) fn take(&mut self, row: Row) {
        match row {
            Row::Run(run) => {
                if run.ended.is_some() {
                    self.last_arrivals.remove(&run.run);
                    let of_run = self.open.range((run.run, Processing(0))..=(run.run, Processing(u32::MAX)));
                    self.changed.extend(of_run.copied().collect::<Vec<_>>());
                } else {
                    self.last_arrivals.entry(run.run).or_insert(run.first_seen);
                }
                self.runs.insert(run.run, run);
            }
            Row::File(file) => self.take_file(file),
            Row::Pass(pass) => self.take_pass(pass),
            Row::Processing(processing) => {
                let key = (processing.run, processing.processing);
                let is_open = matches!(processing.step, ProcessingStep::Held | ProcessingStep::Open | ProcessingStep::Refused);
                let _ = if is_open { self.open.insert(key) } else { self.open.remove(&key) };
                self.changed.insert(key);
                self.processings.insert(key, processing);
            }
            Row::Group(group) => {
                let key = (group.run, group.processing, group.group);
                let is_under_way = group.step == GroupStep::Analysing;
                let _ = if is_under_way { self.groups_under_way.insert(key) } else { self.groups_under_way.remove(&key) };
                self.changed.insert((group.run, group.processing));
                self.groups.insert(key, group);
            }
            Row::Job(job) => drop(self.jobs.insert(job.name.clone(), job)),
            Row::Transfer(_) | Row::Reading(_) | Row::NotTaken(_) | Row::NoLongerThere(_) => {}
        }
    }

    fn take_file(&mut self, file: FileRecord) {
        let _ = match file.step {
            FileStep::Stored | FileStep::Failed => self.files_under_way.remove(&file.file),
            _ => self.files_under_way.insert(file.file),
        };
        let of_run = self.open.range((file.file.run, Processing(0))..=(file.file.run, Processing(u32::MAX)));
        self.changed.extend(of_run.copied().collect::<Vec<_>>());
        if let Some(last) = self.last_arrivals.get_mut(&file.file.run) {
            *last = (*last).max(file.arrived);
        }
        self.files.insert(file.file, file);
    }

    fn take_pass(&mut self, pass: PassRecord) {
        let key = (pass.file, pass.processing);
        let place = (self.rank(&pass.lane), pass.file, pass.processing);
        let _ = if pass.step == PassStep::Queued { self.queue.insert(place) } else { self.queue.remove(&place) };
        let has_job = matches!(pass.step, PassStep::Submitting | PassStep::Running | PassStep::Ended);
        let _ = if has_job { self.with_job.insert(key) } else { self.with_job.remove(&key) };
        let before = self.passes.get(&key).and_then(|before| before.retry_at);
        if let Some(at) = before {
            self.retries.remove(&(at, pass.file, pass.processing));
        }
        if let Some(at) = pass.retry_at.filter(|_| pass.step == PassStep::Failed) {
            self.retries.insert((at, pass.file, pass.processing));
        }
        self.changed.insert((pass.file.run, pass.processing));
        self.passes.insert(key, pass);
    }

    /// The place of a lane in the settings; one that is no longer there comes last.
    fn rank(&self, lane: &str) -> usize {
        self.lanes.iter().position(|known| known.name == lane).unwrap_or(self.lanes.len())
    }

    /// The settings of a lane; none for one that is no longer there.
    pub(super) fn lane(&self, name: &str) -> Option<&LaneSettings> {
        self.lanes.iter().find(|lane| lane.name == name)
    }

    /// The lanes, the most urgent first.
    pub(super) fn lanes(&self) -> &[LaneSettings] {
        &self.lanes
    }

    /// The files of a run.
    pub(super) fn files_of(&self, run: Run) -> impl Iterator<Item = &FileRecord> {
        self.files.range(FileId::new(run.0, 0)..=FileId::new(run.0, u32::MAX)).map(|(_, file)| file)
    }

    /// The passes of a processing, by sequence.
    pub(super) fn passes_of(&self, run: Run, processing: Processing) -> impl Iterator<Item = &PassRecord> {
        let of_run = (FileId::new(run.0, 0), Processing(0))..=(FileId::new(run.0, u32::MAX), Processing(u32::MAX));
        self.passes.range(of_run).map(|(_, pass)| pass).filter(move |pass| pass.processing == processing)
    }

    /// The passes of a file, by processing.
    pub(super) fn passes_of_file(&self, file: FileId) -> impl DoubleEndedIterator<Item = &PassRecord> {
        self.passes.range((file, Processing(0))..=(file, Processing(u32::MAX))).map(|(_, pass)| pass)
    }

    /// The groups of a processing.
    pub(super) fn groups_of(&self, run: Run, processing: Processing) -> impl DoubleEndedIterator<Item = &GroupRecord> {
        self.groups.range((run, processing, Group(0))..=(run, processing, Group(u32::MAX))).map(|(_, group)| group)
    }

    /// The processings of a run, by number.
    pub(super) fn processings_of(&self, run: Run) -> impl DoubleEndedIterator<Item = &ProcessingRecord> {
        self.processings.range((run, Processing(0))..=(run, Processing(u32::MAX))).map(|(_, processing)| processing)
    }

    /// The newest processing of a run in a lane.
    pub(super) fn newest(&self, run: Run, lane: &str) -> Option<&ProcessingRecord> {
        self.processings_of(run).rev().find(|processing| processing.lane == lane)
    }

    /// Whether a run has ended and every file of it that came is in the storage or has failed.
    pub(super) fn is_all_in(&self, run: Run) -> bool {
        let mut under_way = self.files_under_way.range(FileId::new(run.0, 0)..=FileId::new(run.0, u32::MAX));
        self.runs.get(&run).is_some_and(|run| run.ended.is_some()) && under_way.next().is_none()
    }
}
