//! What the book says of the shift, held in memory, with what of it is under way: a backend that has taken in a year of files
//! looks only at those that move.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use monitasks::vocab::{FileId, Group, Processing, Run};

use crate::bookkeeping::{
    CentralCopy, CentralStep, FileRecord, FileStep, GroupRecord, GroupStep, JobRecord, Judgement, Overview, PassRecord, PassStep,
    ProcessingRecord, ProcessingStep, Row, RunRecord, TaskPhase,
};
use crate::config::{LaneSettings, Settings};
use crate::processing::lanes::IN_RUN_ORDER;

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
    /// Copies in the central storage, by file and destination.
    pub(super) central: BTreeMap<(FileId, String), CentralCopy>,
    /// Those of them that are not yet verified or refused.
    pub(super) central_under_way: BTreeSet<(FileId, String)>,
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
    /// Processings that are held or open: what a lane in run order waits for.
    pub(super) blocking: BTreeSet<(Run, Processing)>,
    tallies: HashMap<(Run, Processing), Tally>,
    /// Whole events in the storage by trigger type.
    events: HashMap<Run, BTreeMap<u8, u64>>,
    jobs_of_passes: usize,
    jobs_of_groups: usize,
    /// Held and refused processings of which something has changed that rules go by.
    to_ask: BTreeSet<(Run, Processing)>,
    /// When a rule lets a processing through by the clock.
    to_ask_at: BTreeSet<(Timestamp, (Run, Processing))>,
    /// Processings that wait for earlier runs.
    in_order: BTreeSet<(Run, Processing)>,
    /// Whether what they wait for has changed.
    has_order_changed: bool,
}

/// What stands in a processing, counted as it changes: a long run is not walked for each of its files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Passes.
    pub(super) passes: usize,
    /// Reconstructed files that wait for their group, in the order in which they were accepted.
    pub(super) waiting: BTreeSet<(Option<Timestamp>, FileId)>,
    /// Passes on their way to be reconstructed, now or by themselves later.
    pub(super) moving: usize,
    /// Passes that are not at their end.
    pub(super) unfinished: usize,
}

impl Tally {
    fn count(&mut self, pass: &PassRecord, is_there: bool) {
        let change = |count: &mut usize, counts: bool| match (counts, is_there) {
            (true, true) => *count += 1,
            (true, false) => *count = count.saturating_sub(1),
            (false, _) => {}
        };
        change(&mut self.passes, true);
        change(&mut self.moving, pass.step < PassStep::Reconstructed || pass.retry_at.is_some());
        change(&mut self.unfinished, !pass.is_final());
        let waits = (pass.accepted, pass.file);
        let _ = match (pass.step == PassStep::Reconstructed, is_there) {
            (true, true) => self.waiting.insert(waits),
            (true, false) => self.waiting.remove(&waits),
            (false, _) => false,
        };
    }
}

/// What a processing that does not exist has.
static NOTHING: Tally = Tally { passes: 0, waiting: BTreeSet::new(), moving: 0, unfinished: 0 };

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
            central: BTreeMap::new(),
            central_under_way: BTreeSet::new(),
            judgements: BTreeMap::new(),
            files_under_way: BTreeSet::new(),
            queue: BTreeSet::new(),
            with_job: BTreeSet::new(),
            retries: BTreeSet::new(),
            groups_under_way: BTreeSet::new(),
            open: BTreeSet::new(),
            changed: BTreeSet::new(),
            last_arrivals: BTreeMap::new(),
            blocking: BTreeSet::new(),
            tallies: HashMap::new(),
            events: HashMap::new(),
            jobs_of_passes: 0,
            jobs_of_groups: 0,
            to_ask: BTreeSet::new(),
            to_ask_at: BTreeSet::new(),
            in_order: BTreeSet::new(),
            has_order_changed: false,
        };
        shift.judge(judgements);
        let Overview { runs, files, passes, processings, groups, jobs, central, .. } = overview;
        central.into_iter().map(Row::Central).for_each(|row| shift.take(row));
        let rows = runs.into_iter().map(Row::Run).chain(files.into_iter().map(Row::File));
        let rows = rows.chain(processings.into_iter().map(Row::Processing)).chain(passes.into_iter().map(Row::Pass));
        rows.chain(groups.into_iter().map(Row::Group)).chain(jobs.into_iter().map(Row::Job)).for_each(|row| shift.take(row));
        shift
    }

    /// Takes over what people said of runs; what they said of others stands.
    pub(super) fn judge(&mut self, judgements: Vec<Judgement>) {
        for judgement in judgements {
            self.ask_again(judgement.run);
            self.judgements.insert(judgement.run, judgement);
        }
    }

    /// Takes over a row that was stored.
    pub(super) fn take(&mut self, row: Row) {
        match row {
            Row::Run(run) => {
                if run.ended.is_some() {
                    self.last_arrivals.remove(&run.run);
                    let of_run = self.open.range((run.run, Processing(0))..=(run.run, Processing(u32::MAX)));
                    self.changed.extend(of_run.copied().collect::<Vec<_>>());
                    self.ask_again(run.run);
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
                self.take_hold(key, &processing);
                self.processings.insert(key, processing);
            }
            Row::Group(group) => {
                let key = (group.run, group.processing, group.group);
                let is_under_way = group.step == GroupStep::Analysing;
                let _ = if is_under_way { self.groups_under_way.insert(key) } else { self.groups_under_way.remove(&key) };
                self.changed.insert((group.run, group.processing));
                self.jobs_of_groups += jobs_of(&group);
                let before = self.groups.insert(key, group);
                self.jobs_of_groups -= before.as_ref().map_or(0, jobs_of);
            }
            Row::Job(job) => drop(self.jobs.insert(job.name.clone(), job)),
            Row::Central(copy) => {
                let key = (copy.file, copy.destination.clone());
                let moves = !matches!(copy.step, CentralStep::Verified | CentralStep::Refused);
                let _ = if moves { self.central_under_way.insert(key.clone()) } else { self.central_under_way.remove(&key) };
                self.central.insert(key, copy);
            }
            Row::Backend(_) | Row::Transfer(_) | Row::Reading(_) | Row::NotTaken(_) | Row::NoLongerThere(_) => {}
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
        self.has_order_changed = true;
        self.ask_again(file.file.run);
        let events = self.events.entry(file.file.run).or_default();
        for (trigger, count) in file.events_by_trigger.iter().flatten() {
            *events.entry(*trigger).or_default() += count;
        }
        let before = self.files.insert(file.file, file);
        for (trigger, count) in before.iter().flat_map(|file| &file.events_by_trigger).flatten() {
            let left = events.get(trigger).copied().unwrap_or_default().saturating_sub(*count);
            let _ = if left == 0 { events.remove(trigger) } else { events.insert(*trigger, left) };
        }
    }

    /// Keeps when the rules that hold a processing are to be asked again.
    fn take_hold(&mut self, key: (Run, Processing), processing: &ProcessingRecord) {
        let until = |of: &ProcessingRecord| of.hold.as_ref().and_then(|hold| hold.until);
        if let Some(at) = self.processings.get(&key).and_then(until) {
            self.to_ask_at.remove(&(at, key));
        }
        let waits = matches!(processing.step, ProcessingStep::Held | ProcessingStep::Refused);
        if let Some(at) = until(processing).filter(|_| waits) {
            self.to_ask_at.insert((at, key));
        }
        let is_in_order = waits && processing.hold.as_ref().is_some_and(|hold| hold.rule == IN_RUN_ORDER);
        let _ = if is_in_order { self.in_order.insert(key) } else { self.in_order.remove(&key) };
        let blocks = matches!(processing.step, ProcessingStep::Held | ProcessingStep::Open);
        let _ = if blocks { self.blocking.insert(key) } else { self.blocking.remove(&key) };
        // What was known of the run when it was opened may have changed before this was stored.
        if waits && !self.processings.contains_key(&key) {
            self.to_ask.insert(key);
        }
        self.has_order_changed = true;
    }

    /// Has the rules asked again for what is not over of a run.
    fn ask_again(&mut self, run: Run) {
        let of_run = self.open.range((run, Processing(0))..=(run, Processing(u32::MAX)));
        self.to_ask.extend(of_run);
    }

    /// The processings whose rules are to be asked now: held or refused ones of which something has changed.
    pub(super) fn take_to_ask(&mut self, now: Timestamp) -> Vec<(Run, Processing)> {
        let mut to_ask = std::mem::take(&mut self.to_ask);
        let is_due = |(at, _): &&(Timestamp, _)| *at <= now;
        to_ask.extend(self.to_ask_at.iter().take_while(is_due).map(|(_, key)| *key));
        if std::mem::take(&mut self.has_order_changed) {
            to_ask.extend(&self.in_order);
        }
        let waits = |key: &(Run, Processing)| {
            let step = self.processings.get(key).map(|processing| processing.step);
            matches!(step, Some(ProcessingStep::Held | ProcessingStep::Refused))
        };
        to_ask.into_iter().filter(waits).collect()
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
        let tally = self.tallies.entry((pass.file.run, pass.processing)).or_default();
        if let Some(before) = self.passes.get(&key) {
            tally.count(before, false);
            self.jobs_of_passes -= usize::from(is_job(before));
        }
        tally.count(&pass, true);
        self.jobs_of_passes += usize::from(is_job(&pass));
        self.passes.insert(key, pass);
    }

    /// Jobs under way, of files and of groups.
    pub(super) fn jobs_under_way(&self) -> usize {
        self.jobs_of_passes + self.jobs_of_groups
    }

    /// What stands in a processing.
    pub(super) fn tally(&self, run: Run, processing: Processing) -> &Tally {
        self.tallies.get(&(run, processing)).unwrap_or(&NOTHING)
    }

    /// Whole events of a run in the storage, by trigger type.
    pub(super) fn events_of(&self, run: Run) -> BTreeMap<u8, u64> {
        self.events.get(&run).cloned().unwrap_or_default()
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

/// Whether a pass has a job that is being started or runs.
fn is_job(pass: &PassRecord) -> bool {
    matches!(pass.step, PassStep::Submitting | PassStep::Running)
}

/// Analyses of a group that are being started or run.
fn jobs_of(group: &GroupRecord) -> usize {
    let is_job = |task: &&crate::bookkeeping::TaskStep| matches!(task.phase, TaskPhase::Submitting | TaskPhase::Running);
    if group.step == GroupStep::Analysing { group.tasks.iter().filter(is_job).count() } else { 0 }
}
