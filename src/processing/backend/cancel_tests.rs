//! Tests of requests that concern many at once: no one of them holds up the others, nor everything else.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};

use super::pace_tests::{deliver, rounds_until, with_no_program, workspace};
use super::*;
use crate::bookkeeping::{Answer, JobState, RequestRecord, RequestSubject};
use crate::processing::batch::{JobOrder, JobSeen};
use crate::processing::steps::PassEvent;

const PATIENCE: Duration = Duration::from_secs(20);

/// A batch system that takes jobs when it is told to, and knows those that it took.
struct Holding {
    slots: usize,
    gate: Receiver<()>,
    taken: Mutex<Vec<String>>,
    ended: Mutex<Vec<String>>,
}

impl Holding {
    fn new(slots: usize) -> (Sender<()>, Arc<Holding>) {
        let (open, gate) = crossbeam_channel::bounded(0);
        (open, Arc::new(Holding { slots, gate, taken: Mutex::default(), ended: Mutex::default() }))
    }
}

impl Batch for Holding {
    fn name(&self) -> &'static str {
        "holding"
    }

    fn slots(&self) -> usize {
        self.slots
    }

    fn submit(&self, order: &JobOrder) -> Result<String, BatchError> {
        // Opened by dropping its other end.
        let _ = self.gate.recv_timeout(PATIENCE);
        self.taken.lock().unwrap().push(order.name.clone());
        Ok("7".into())
    }

    fn look(&self, order: &JobOrder) -> Result<JobSeen, BatchError> {
        let is_taken = self.taken.lock().unwrap().contains(&order.name);
        Ok(if is_taken { JobSeen::Running } else { JobSeen::NotStarted })
    }

    fn cancel(&self, order: &JobOrder) -> Result<(), BatchError> {
        self.ended.lock().unwrap().push(order.name.clone());
        Ok(())
    }
}

fn count(backend: &Backend<'_>, step: PassStep) -> usize {
    backend.shift.passes.values().filter(|pass| pass.step == step).count()
}

fn of_run_1(kind: RequestKind) -> RequestRecord {
    let subject = RequestSubject { run: Some(Run(1)), ..RequestSubject::default() };
    RequestRecord { id: 1, at: Timestamp::now(), who: "Ada".into(), kind, subject, outcome: None }
}

#[test]
fn many_jobs_that_are_being_given_hold_up_a_request_to_end_them_for_a_moment_alone() {
    const FILES: usize = DEED_THREADS + 3;
    let folder = tempfile::tempdir().unwrap();
    let workspace = workspace(folder.path());
    let options = with_no_program();
    let mut told = |_: &Progress| {};
    let mut backend = Backend::open(&workspace, &RunUntil::Stopped, &options, &mut told).unwrap();
    let (gate, batch) = Holding::new(FILES);
    backend.batch = batch.clone();
    (0..FILES).for_each(|n| deliver(&workspace, &format!("run1-seq{n}.dat")));
    let are_given = |backend: &Backend<'_>| {
        count(backend, PassStep::Submitting) == FILES && backend.deeds.begun_for(Duration::ZERO).count() == DEED_THREADS
    };
    assert!(rounds_until(&mut backend, are_given));
    let told: Vec<String> = backend.long_deeds(Duration::ZERO).into_iter().map(|told| told.subject).collect();
    assert_eq!((told.len(), told[0].as_str()), (DEED_THREADS, "giving to the batch system of run1-seq0-p1"), "{told:?}");
    assert_eq!(backend.long_deeds(PATIENCE), []);

    let begun = Instant::now();
    let answer = backend.cancel(&of_run_1(RequestKind::Cancel)).unwrap();
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?} for all of them", begun.elapsed());
    let words = answer.words();
    assert_eq!(words.matches("being given to the batch system; cancel again").count(), DEED_THREADS, "{words}");
    assert_eq!(count(&backend, PassStep::Failed), FILES - DEED_THREADS, "what waited was not given: {words}");
    assert!(batch.ended.lock().unwrap().is_empty());

    drop(gate);
    assert!(rounds_until(&mut backend, |backend| count(backend, PassStep::Running) == DEED_THREADS));
    assert_eq!(batch.taken.lock().unwrap().len(), DEED_THREADS, "none that was taken back");
    let words = backend.cancel(&of_run_1(RequestKind::Cancel)).unwrap().words();
    assert!(!words.contains("not cancelled"), "{words}");
    assert_eq!((count(&backend, PassStep::Failed), batch.ended.lock().unwrap().len()), (FILES, DEED_THREADS));
    for job in backend.store.overview().unwrap().jobs {
        assert!(job.state == JobState::Failed && job.ended.is_some(), "{job:?}");
        assert_eq!(job.reason.as_deref(), Some("cancelled by Ada"));
    }
    assert!(backend.done.is_empty(), "nothing is remembered of them");
}

#[test]
fn a_part_of_a_request_that_is_no_step_leaves_what_was_done_of_the_others_in_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = workspace(folder.path());
    let options = with_no_program();
    let mut told = |_: &Progress| {};
    let mut backend = Backend::open(&workspace, &RunUntil::Stopped, &options, &mut told).unwrap();
    let (gate, batch) = Holding::new(1);
    backend.batch = batch;
    // The one slot is the first file's, whichever copy would have ended first.
    deliver(&workspace, "run1-seq0.dat");
    assert!(rounds_until(&mut backend, |backend| count(backend, PassStep::Submitting) == 1));
    (1..3).for_each(|n| deliver(&workspace, &format!("run1-seq{n}.dat")));
    assert!(rounds_until(&mut backend, |backend| count(backend, PassStep::Queued) == 2));
    let event = PassEvent::HeldBack { who: "Ada".into() };
    let answer: Answer = backend.let_happen(&of_run_1(RequestKind::Hold), |_| true, &event, "held", "none").unwrap();
    let words = answer.words();
    assert!(words.starts_with("in part: held: run1-seq1, run1-seq2; not done: "), "{words}");
    drop(gate);
}
