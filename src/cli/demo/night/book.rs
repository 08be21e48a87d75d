//! The book of the night: story and rows as the backend's own steps lead to them, run by run.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use monitasks::detector::Detector;
use monitasks::vocab::{FileId, Run};
use serde_json::{Value, json};

use super::super::super::Failure;
use super::chance::Chance;
use super::plan::{RunPlan, span};
use super::put;
use crate::bookkeeping::{
    GroupRecord, JobKind, JobRecord, JobState, LeaseRecord, ProcessingRecord, ProcessingStep, Row, RunRecord, Store, StoryEntry,
    StoryRecord, TransferRecord,
};
use crate::config::Workspace;
use crate::farm_logs::TransferLine;
use crate::processing::flow::{Flow, Happening};
use crate::processing::steps::{end_of_processing, missing_products};
use crate::processing::{EndMark, JobOrder, JobSubject, add_flow_row, readings_of};

/// The lane that all runs are processed in: the one of a new workspace.
pub(super) const LANE: &str = "FULL";
/// Where the jobs ran, and the backend.
pub(super) const HOST: &str = "wa105-night";
/// Between two rows of the flow of files.
const FLOW_STEP: SignedDuration = SignedDuration::from_mins(5);

/// What is written into the book at the end, in one go.
pub(super) struct Book<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) detector: &'a Detector,
    pub(super) story: Vec<StoryEntry>,
    pub(super) rows: Vec<Row>,
    /// The newest group: its readings are taken when its results stand.
    pub(super) group: Option<GroupRecord>,
    /// Copies with when the DAQ had closed the file, in their order.
    pub(super) copies: Vec<(TransferRecord, Timestamp)>,
    pid: u32,
}

/// When the analyses of a run's group were done.
#[derive(Debug, Clone, Default)]
pub(super) struct Done(pub BTreeMap<JobKind, Timestamp>);

impl Done {
    /// When the results of an analysis stood in their place.
    pub(super) fn of(&self, kind: JobKind) -> Timestamp {
        self.0.get(&kind).copied().unwrap_or_default()
    }
}

/// How a job's attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobEnd {
    Well,
    /// Killed by a signal.
    Killed,
    /// Gone without an end mark.
    Gone,
}

impl<'a> Book<'a> {
    pub(super) fn new(workspace: &'a Workspace, detector: &'a Detector) -> Self {
        let (story, rows, copies) = (Vec::new(), Vec::new(), Vec::new());
        Book { workspace, detector, story, rows, group: None, copies, pid: 4_000 }
    }

    /// Takes a run through the chain: its files in, reconstructed, grouped, analysed.
    pub(super) fn take(&mut self, plan: &RunPlan, seed: u64) -> Result<Done, Failure> {
        let mut chance = Chance::of(seed, plan.run.0, "jobs");
        let mut passes = Vec::new();
        for sequence in 0..super::plan::FILES {
            passes.push(self.take_file(plan, sequence, &mut chance)?);
        }
        let ended = plan.end + SignedDuration::from_secs(2);
        self.of_run(ended, plan.run, "run_ended", json!({"by": "marker"}));
        let (first_seen, ended_by) = (passes[0].1, Some("marker".into()));
        self.rows.push(Row::Run(RunRecord { run: plan.run, first_seen, ended: Some(ended), ended_by }));
        let opened = passes[0].0.accepted.map_or(ended, |_| passes[0].2);
        let mut passes: Vec<_> = passes.into_iter().map(|(pass, ..)| pass).collect();
        let (group, done) = self.analyse(plan, &mut passes, &mut chance)?;
        let over = group.since.max(ended);
        let by_reference: Vec<_> = passes.iter().collect();
        let step = end_of_processing(&by_reference, &[&group]).unwrap_or(ProcessingStep::Open);
        let missing = missing_products(&by_reference, &[&group]);
        let processing = ProcessingRecord {
            run: plan.run,
            processing: group.processing,
            lane: LANE.into(),
            step,
            since: over,
            opened,
            because: "the lane's first of this run".into(),
            hold: None,
            settings_sum: "night".into(),
            missing: missing.clone(),
            to_publish: step == ProcessingStep::Done,
        };
        let facts = json!({"processing": processing.name(), "lane": LANE, "step": step.word(), "missing": missing});
        self.of_run(over, plan.run, "processing_ended", facts);
        let opening =
            json!({"processing": processing.name(), "lane": LANE, "because": processing.because, "rule": null, "reason": null});
        self.of_run(opened, plan.run, "processing_opened", opening);
        self.rows.push(Row::Processing(processing));
        self.rows.extend(passes.into_iter().map(Row::Pass));
        self.rows.push(Row::Group(group.clone()));
        self.group = Some(group);
        Ok(done)
    }

    /// Takes the numbers of a run's results, which stand in their places by now.
    pub(super) fn read_results(&mut self, plan: &RunPlan) -> Result<(), Failure> {
        let group = self.group.take().filter(|group| group.run == plan.run);
        let group = group.ok_or_else(|| Failure(format!("night not made: no group of {}", plan.run)))?;
        let readings = readings_of(&group, self.workspace, self.detector, group.since);
        self.rows.extend(readings.into_iter().map(Row::Reading));
        Ok(())
    }

    /// Writes everything: the book, the transfer logs, the flow of files.
    pub(super) fn write(mut self, store: &mut dyn Store) -> Result<(), Failure> {
        // Runs overlap: while one is analysed, files of the next one come.
        self.story.sort_by_key(|entry| entry.at);
        let [begin, end] = span();
        let lease = LeaseRecord {
            owner: format!("{HOST}:3021"),
            host: HOST.into(),
            token: "night".into(),
            taken: begin,
            heartbeat: begin,
            released: None,
        };
        store.take_lease(&lease, None)?;
        store.record(Some(&lease.token), &self.story, &self.rows)?;
        store.beat(&lease.token, end)?;
        store.release_lease(&lease.token, end)?;
        self.write_logs()?;
        self.write_flow()
    }

    fn write_logs(&self) -> Result<(), Failure> {
        let zone = TimeZone::get(&self.workspace.settings.time_zone).unwrap_or(TimeZone::UTC);
        let mut all: BTreeMap<Option<Run>, (Vec<u8>, Timestamp)> = BTreeMap::new();
        for (transfer, closed) in &self.copies {
            let line = TransferLine::of(transfer, *closed, &zone).text();
            for of in [None, Some(transfer.file.run)] {
                let (text, last) = all.entry(of).or_insert_with(|| (Vec::new(), transfer.ended));
                text.extend_from_slice(&line);
                text.push(b'\n');
                *last = transfer.ended;
            }
        }
        for (of, (text, last)) in all {
            let path = of.map_or_else(|| self.workspace.all_transfer_log(), |run| self.workspace.run_transfer_log(run));
            put(&path, &text, last)?;
        }
        Ok(())
    }

    fn write_flow(&self) -> Result<(), Failure> {
        let record = |entry: &StoryEntry| {
            let StoryEntry { at, run, sequence, kind, detail } = entry.clone();
            StoryRecord { id: 0, at, run, sequence, kind, detail }
        };
        let story: Vec<StoryRecord> = self.story.iter().map(record).collect();
        let happenings: Vec<Happening<'_>> = story.iter().filter_map(Happening::of).collect();
        let [begin, end] = span();
        let folder = self.workspace.results().join("flow");
        let mut at = begin + FLOW_STEP;
        while at <= end {
            let known = happenings.partition_point(|happening| happening.at <= at);
            let flow = Flow::of(&happenings[..known], at, SignedDuration::from_hours(1));
            add_flow_row(&folder, &flow)?;
            let path = folder.join(format!("{}.csv", at.to_zoned(TimeZone::UTC).date()));
            let file = std::fs::File::options().write(true).open(&path)?;
            file.set_modified(at.into())?;
            at += FLOW_STEP;
        }
        Ok(())
    }

    pub(super) fn of_run(&mut self, at: Timestamp, run: Run, kind: &str, detail: Value) {
        self.story.push(StoryEntry { at, run: Some(run), sequence: None, kind: kind.into(), detail });
    }

    pub(super) fn of_file(&mut self, at: Timestamp, file: FileId, kind: &str, detail: Value) {
        self.story.push(StoryEntry { at, run: Some(file.run), sequence: Some(file.sequence), kind: kind.into(), detail });
    }

    /// An attempt of a job with its end; its row is in the book then.
    pub(super) fn job(
        &mut self,
        subject: &JobSubject,
        attempt: u32,
        times: [Timestamp; 2],
        end: JobEnd,
    ) -> Result<EndMark, Failure> {
        let [submitted, ended] = times;
        self.pid += 7;
        let order = JobOrder::new(self.workspace, subject, attempt, submitted);
        let started = submitted + SignedDuration::from_millis(40);
        let wall_s = ended.duration_since(started).as_secs_f64();
        let mark = EndMark {
            job: order.name.clone(),
            attempt,
            host: HOST.into(),
            pid: self.pid,
            submitted,
            started,
            ended,
            exit_status: (end == JobEnd::Well).then_some(0),
            signal: (end == JobEnd::Killed).then_some(9),
            dqmon_status: (end == JobEnd::Well).then_some(0),
            cpu_s: (10.0 * 0.96 * wall_s).round() / 10.0,
            wall_s,
            peak_memory_bytes: 310_000_000 + 100_000 * u64::from(self.pid % 90),
            peak_virtual_bytes: None,
            ended_by: None,
            batch_id: None,
            queue: None,
        };
        let (state, reason) = match end {
            JobEnd::Well => (JobState::Done, None),
            JobEnd::Killed => (JobState::Failed, Some(why_killed(&mark, &order))),
            JobEnd::Gone => (JobState::Failed, Some("it went away without an end mark, its log is empty".into())),
        };
        let has_mark = end != JobEnd::Gone;
        let known = order.row(state, "local", Some(self.pid.to_string()));
        self.rows.push(Row::Job(JobRecord {
            started: Some(started),
            ended: Some(ended),
            cpu_s: has_mark.then_some(mark.cpu_s),
            wall_s: has_mark.then_some(wall_s),
            peak_memory_bytes: has_mark.then_some(mark.peak_memory_bytes),
            exit_status: mark.exit_status,
            reason,
            ..known
        }));
        if end != JobEnd::Well {
            // It left no message.
            put(&order.log, b"", ended)?;
        }
        Ok(mark)
    }
}

/// What the backend says of a job that was killed and left no message.
pub(super) fn why_killed(mark: &EndMark, order: &JobOrder) -> String {
    format!("job {} and left no message: {}", mark.words(), order.log.display())
}
