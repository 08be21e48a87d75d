//! Tests that what is slow holds up no intake, and that nothing costs more the longer the history is.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use proptest::prelude::*;

use super::*;
use crate::bookkeeping::{Hold, JobKind, Judgement, Mark, Overview, ProcessingRecord, ProcessingStep, TaskPhase, TaskStep};
use crate::config::Settings;
use crate::processing::batch::{EndMark, JobOrder, JobSeen};
use crate::processing::collect::CollectError;
use monitasks::quality::Flag;
use monitasks::vocab::{Group, Processing};

const PATIENCE: Duration = Duration::from_secs(10);

/// A batch system that takes a job when it is told to.
struct Slow {
    gate: Mutex<Receiver<()>>,
    given: AtomicUsize,
    is_given: AtomicBool,
    has_waited_in_vain: AtomicBool,
}

impl Slow {
    fn new() -> (Sender<()>, Arc<Slow>) {
        let (go, gate) = crossbeam_channel::unbounded();
        let (given, is_given, has_waited_in_vain) = (AtomicUsize::new(0), AtomicBool::new(false), AtomicBool::new(false));
        (go, Arc::new(Slow { gate: Mutex::new(gate), given, is_given, has_waited_in_vain }))
    }
}

impl Batch for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    fn slots(&self) -> usize {
        1
    }

    fn submit(&self, _order: &JobOrder) -> Result<String, BatchError> {
        self.given.fetch_add(1, Ordering::SeqCst);
        if self.gate.lock().unwrap().recv_timeout(PATIENCE).is_err() {
            self.has_waited_in_vain.store(true, Ordering::SeqCst);
        }
        self.is_given.store(true, Ordering::SeqCst);
        Ok("7".into())
    }

    fn look(&self, order: &JobOrder) -> Result<JobSeen, BatchError> {
        if !self.is_given.load(Ordering::SeqCst) {
            return Ok(JobSeen::NotStarted);
        }
        Ok(EndMark::of(&order.mark, &order.name, order.attempt).map_or(JobSeen::Running, |mark| JobSeen::Ended(Box::new(mark))))
    }

    fn cancel(&self, _order: &JobOrder) -> Result<(), BatchError> {
        Ok(())
    }
}

/// A backend whose jobs nothing could run: the batch system of a test stands in their place.
pub(super) fn with_no_program() -> Options {
    Options { program: "/nonexistent".into(), abort_at: None, begins_new_book: false }
}

pub(super) fn workspace(root: &Path) -> Workspace {
    let mut settings = Settings::default();
    settings.intake.file_quiet_s = 0.0;
    Workspace { root: root.to_owned(), settings }
}

pub(super) fn deliver(workspace: &Workspace, name: &str) {
    std::fs::create_dir_all(workspace.incoming()).unwrap();
    std::fs::write(workspace.incoming().join(name), name).unwrap();
}

/// Goes through rounds until something is so; whether it became so in time.
pub(super) fn rounds_until(backend: &mut Backend<'_>, is_so: impl Fn(&Backend<'_>) -> bool) -> bool {
    let end = Instant::now() + PATIENCE;
    while !is_so(backend) {
        if Instant::now() >= end {
            return false;
        }
        backend.sweep(Instant::now()).unwrap();
        if !backend.round().unwrap() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    true
}

fn is_stored(backend: &Backend<'_>, sequence: u32) -> bool {
    backend.shift.files.get(&FileId::new(1, sequence)).is_some_and(|file| file.step == FileStep::Stored)
}

fn step_of(backend: &Backend<'_>, sequence: u32) -> Option<PassStep> {
    backend.shift.passes_of_file(FileId::new(1, sequence)).next().map(|pass| pass.step)
}

#[test]
fn a_batch_system_and_an_output_that_take_their_time_hold_up_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = workspace(folder.path());
    let options = with_no_program();
    let mut told = |_: &Progress| {};
    let mut backend = Backend::open(&workspace, &RunUntil::Stopped, &options, &mut told).unwrap();
    let (go, batch) = Slow::new();
    backend.batch = batch.clone();
    deliver(&workspace, "run1-seq0.dat");
    assert!(rounds_until(&mut backend, |_| batch.given.load(Ordering::SeqCst) == 1), "never given");
    deliver(&workspace, "run1-seq1.dat");
    assert!(rounds_until(&mut backend, |backend| is_stored(backend, 1)));
    assert!(!batch.has_waited_in_vain.load(Ordering::SeqCst), "the file waited for the batch system");
    assert_eq!(step_of(&backend, 0), Some(PassStep::Submitting), "it goes on only when the batch system has said so");
    go.send(()).unwrap();
    assert!(rounds_until(&mut backend, |backend| step_of(backend, 0) == Some(PassStep::Running)));
    assert_eq!(batch.given.load(Ordering::SeqCst), 1, "given once");

    // Its output is looked at for as long as it takes.
    let pass = backend.shift.passes_of_file(FileId::new(1, 0)).next().cloned().unwrap();
    let order = backend.order(&passes::subject_of(&pass), pass.attempt);
    let is_late = Arc::new(AtomicBool::new(false));
    let (is_done, done) = crossbeam_channel::bounded::<()>(0);
    let late = is_late.clone();
    backend.deeds.begin(order.key(), move || {
        late.store(done.recv_timeout(PATIENCE) == Err(crossbeam_channel::RecvTimeoutError::Timeout), Ordering::SeqCst);
        Deed::Accepted(Err(CollectError::Refused("it is none".into())), None)
    });
    let now = Timestamp::now();
    let mark = EndMark {
        job: order.name.clone(),
        attempt: order.attempt,
        host: "a".into(),
        pid: 1,
        submitted: now,
        started: now,
        ended: now,
        exit_status: Some(0),
        signal: None,
        dqmon_status: Some(0),
        cpu_s: 0.0,
        wall_s: 0.0,
        peak_memory_bytes: 0,
        peak_virtual_bytes: None,
        ended_by: None,
        batch_id: None,
        queue: None,
    };
    std::fs::create_dir_all(order.mark.parent().unwrap()).unwrap();
    std::fs::write(&order.mark, serde_json::to_vec(&mark).unwrap()).unwrap();
    assert!(rounds_until(&mut backend, |backend| step_of(backend, 0) == Some(PassStep::Ended)));
    deliver(&workspace, "run1-seq2.dat");
    assert!(rounds_until(&mut backend, |backend| is_stored(backend, 2)));
    assert_eq!(step_of(&backend, 0), Some(PassStep::Ended));
    drop(is_done);
    assert!(rounds_until(&mut backend, |backend| step_of(backend, 0) == Some(PassStep::Failed)));
    assert!(!is_late.load(Ordering::SeqCst), "the file waited for the output");
    go.send(()).unwrap();
    go.send(()).unwrap();
}

#[test]
fn a_file_that_comes_is_recorded_once_and_its_copy_begins() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = workspace(folder.path());
    let options = with_no_program();
    let mut told = |_: &Progress| {};
    let mut backend = Backend::open(&workspace, &RunUntil::Stopped, &options, &mut told).unwrap();
    deliver(&workspace, "run1-seq0.dat");
    backend.sweep(Instant::now()).unwrap();
    let file = FileId::new(1, 0);
    assert_eq!(backend.shift.files.get(&file).map(|file| file.step), Some(FileStep::Copying));
    assert!(backend.desk.is_under_way(&file));
    // One place before a record and one after it.
    assert_eq!(backend.places_passed, 2, "each record waits for the disk");
    let kinds: Vec<String> = backend.store.story(file.run, Some(file)).unwrap().into_iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, ["arrived", "copy_started"]);
}

fn processing(run: u32, step: ProcessingStep, rule: Option<&str>, until: Option<Timestamp>) -> ProcessingRecord {
    let now = Timestamp::UNIX_EPOCH;
    ProcessingRecord {
        run: Run(run),
        processing: Processing(1),
        lane: "FULL".into(),
        step,
        since: now,
        opened: now,
        because: String::new(),
        hold: rule.map(|rule| Hold { rule: rule.into(), words: String::new(), since: now, until }),
        settings_sum: String::new(),
        missing: vec![],
        to_publish: false,
    }
}

#[test]
fn rules_are_asked_again_of_those_runs_alone_of_which_something_has_changed() {
    let until = Timestamp::from_second(1000).unwrap();
    let mut processings: Vec<_> = (1..=500).map(|run| processing(run, ProcessingStep::Refused, Some("kind"), None)).collect();
    processings.push(processing(501, ProcessingStep::Held, Some("ended_for"), Some(until)));
    processings.push(processing(502, ProcessingStep::Held, Some("in_run_order"), None));
    let overview = Overview { processings, ..Overview::default() };
    let mut shift = Shift::new(overview, &Settings::default(), vec![]);
    let early = Timestamp::from_second(1).unwrap();
    assert_eq!(shift.take_to_ask(early).len(), 502, "all of them once, after a start");
    assert_eq!(shift.take_to_ask(early), []);
    let said = Judgement { run: Run(7), flag: Flag::Bad, mark: Mark::Unmarked, kind: None };
    shift.judge(vec![said]);
    assert_eq!(shift.take_to_ask(early), [(Run(7), Processing(1))]);
    assert_eq!(shift.take_to_ask(until), [(Run(501), Processing(1))], "its time has come");
    shift.take(Row::Processing(processing(8, ProcessingStep::Done, None, None)));
    assert_eq!(shift.take_to_ask(early), [(Run(502), Processing(1))], "an earlier run may be done");
}

#[test]
fn what_a_lane_in_run_order_waits_for_is_not_looked_for_among_runs_that_are_over() {
    let over = (1..=500).map(|run| processing(run, ProcessingStep::Done, None, None));
    let overview = Overview { processings: over.collect(), ..Overview::default() };
    let mut shift = Shift::new(overview, &Settings::default(), vec![]);
    assert_eq!(shift.blocking, BTreeSet::new());
    shift.take(Row::Processing(processing(3, ProcessingStep::Open, None, None)));
    assert_eq!(shift.blocking, BTreeSet::from([(Run(3), Processing(1))]));
}

#[test]
fn a_lane_in_run_order_waits_for_its_own_processings_and_for_files_that_come() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = workspace(folder.path());
    let options = with_no_program();
    let mut told = |_: &Progress| {};
    let mut backend = Backend::open(&workspace, &RunUntil::Stopped, &options, &mut told).unwrap();
    let of_another = ProcessingRecord { lane: "EXPRESS".into(), ..processing(1, ProcessingStep::Open, None, None) };
    for row in [of_another, processing(2, ProcessingStep::Done, None, None), processing(3, ProcessingStep::Held, None, None)] {
        backend.shift.take(Row::Processing(row));
    }
    assert_eq!(["FULL", "EXPRESS"].map(|lane| backend.blocked_by(Run(4), lane)), [Some(Run(3)), Some(Run(1))]);
    assert_eq!(backend.blocked_by(Run(3), "FULL"), None, "another lane's processing is not waited for");
    deliver(&workspace, "run1-seq0.dat");
    backend.sweep(Instant::now()).unwrap();
    assert_eq!(backend.blocked_by(Run(4), "FULL"), Some(Run(1)), "its files are coming");
}

fn a_pass() -> impl Strategy<Value = PassRecord> {
    let steps = [
        PassStep::Held,
        PassStep::Queued,
        PassStep::Submitting,
        PassStep::Running,
        PassStep::Ended,
        PassStep::Reconstructed,
        PassStep::Grouped,
        PassStep::Analysed,
        PassStep::Failed,
    ];
    let times = prop::option::of((0i64..3).prop_map(|second| Timestamp::from_second(second).unwrap()));
    (0u32..4, 1u32..3, prop::sample::select(steps.to_vec()), times.clone(), times).prop_map(
        |(sequence, processing, step, retry_at, accepted)| {
            let (file, since) = (FileId::new(1, sequence), Timestamp::UNIX_EPOCH);
            PassRecord { retry_at, accepted, ..PassRecord::new(file, Processing(processing), "FULL", step, since) }
        },
    )
}

fn a_group() -> impl Strategy<Value = GroupRecord> {
    let phases = [TaskPhase::Waiting, TaskPhase::Submitting, TaskPhase::Running, TaskPhase::Ended, TaskPhase::Done];
    let task = |phase| TaskStep { kind: JobKind::Purity, phase, attempt: 1, ..crate::processing::steps::group_tasks().remove(0) };
    let steps = prop::sample::select(vec![GroupStep::Analysing, GroupStep::Done, GroupStep::Failed]);
    (0u32..3, steps, prop::collection::vec(prop::sample::select(phases.to_vec()), 0..3)).prop_map(move |(group, step, phases)| {
        GroupRecord {
            run: Run(1),
            processing: Processing(1),
            lane: "FULL".into(),
            group: Group(group),
            members: vec![],
            step,
            since: Timestamp::UNIX_EPOCH,
            tasks: phases.into_iter().map(task).collect(),
            results: vec![],
        }
    })
}

proptest! {
    #[test]
    fn what_is_counted_as_it_changes_is_what_is_there(
        passes in prop::collection::vec(a_pass(), 0..40), groups in prop::collection::vec(a_group(), 0..20),
    ) {
        let mut shift = Shift::new(Overview::default(), &Settings::default(), vec![]);
        passes.into_iter().map(Row::Pass).chain(groups.into_iter().map(Row::Group)).for_each(|row| shift.take(row));
        for processing in [Processing(1), Processing(2)] {
            let of = || shift.passes_of(Run(1), processing);
            let tally = shift.tally(Run(1), processing);
            let waiting = of().filter(|pass| pass.step == PassStep::Reconstructed).map(|pass| (pass.accepted, pass.file));
            prop_assert_eq!(&tally.waiting, &waiting.collect::<BTreeSet<_>>());
            prop_assert_eq!(tally.passes, of().count());
            let moving = of().filter(|pass| pass.step < PassStep::Reconstructed || pass.retry_at.is_some());
            prop_assert_eq!(tally.moving, moving.count());
            prop_assert_eq!(tally.unfinished, of().filter(|pass| !pass.is_final()).count());
        }
        let of_passes = shift.passes.values().filter(|pass| matches!(pass.step, PassStep::Submitting | PassStep::Running)).count();
        let analysing = shift.groups.values().filter(|group| group.step == GroupStep::Analysing);
        let of_groups = analysing.flat_map(|group| &group.tasks)
            .filter(|task| matches!(task.phase, TaskPhase::Submitting | TaskPhase::Running)).count();
        prop_assert_eq!(shift.jobs_under_way(), of_passes + of_groups);
    }
}
