//! One backend per workspace, and what goes on when it ends.

use std::time::Instant;

use dqmon::bookkeeping::{PassStep, RequestKind, RequestSubject, SqliteStore, Store};
use jiff::Timestamp;

use crate::workspace::{PATIENCE, Shift, said};

fn holder(shift: &Shift) -> Option<String> {
    shift.overview().lease.filter(|lease| lease.released.is_none()).map(|lease| lease.owner)
}

/// Starts a backend and waits until it has the lease.
fn backend_with_lease(shift: &mut Shift) -> (usize, u32) {
    let place = shift.start_backend();
    let pid = shift.backend(place).id();
    shift.wait_until("the backend has the lease", |shift| holder(shift).is_some_and(|owner| owner.ends_with(&format!(":{pid}"))));
    (place, pid)
}

#[test]
fn a_second_backend_says_who_has_the_lease_and_ends_with_2() {
    let mut shift = Shift::new("");
    let (_, pid) = backend_with_lease(&mut shift);
    let second = shift.run(&["process", "--once"]);
    assert_eq!(second.status.code(), Some(2));
    assert!(said(&second).contains(&format!(":{pid}, since")), "{}", said(&second));
    assert!(holder(&shift).unwrap().ends_with(&format!(":{pid}")), "the refused one took the lease");
}

#[test]
fn a_killed_backends_lease_is_taken_over_at_once() {
    let mut shift = Shift::new("");
    let (place, pid) = backend_with_lease(&mut shift);
    shift.backend(place).kill().unwrap();
    shift.backend(place).wait().unwrap();
    assert!(holder(&shift).unwrap().ends_with(&format!(":{pid}")), "a killed backend gave its lease back");
    let begun = Instant::now();
    let next = shift.run(&["process", "--once"]);
    assert!(next.status.success(), "{}", said(&next));
    assert!(begun.elapsed().as_secs_f64() < 10.0, "it waited for the heartbeat to grow old");
    assert_eq!(holder(&shift), None);
}

#[test]
fn a_backend_told_to_end_gives_the_lease_back_and_its_jobs_go_on() {
    let mut shift = Shift::new("[pool]\njobs = 2\ntemplate = \"job.sh\"\n");
    shift.traced_template("sleep 2");
    shift.deliver_run();
    let (place, pid) = backend_with_lease(&mut shift);
    shift.wait_until("a job runs", |shift| shift.trace_of("reco_run1-seq0") == ["start"]);
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(shift.backend(place).wait().unwrap().success());
    assert_eq!(holder(&shift), None);
    shift.wait_until("the job ends without a backend", |shift| shift.trace_of("reco_run1-seq0") == ["start", "end"]);
    assert!(shift.overview().passes.iter().any(|pass| pass.step == PassStep::Running), "nobody could have told the book");
    let next = shift.run(&["process", "--once"]);
    assert!(next.status.success(), "{}", said(&next));
    assert!(shift.overview().passes.iter().all(|pass| pass.step == PassStep::Analysed));
    assert_eq!(shift.trace_of("reco_run1-seq0"), ["start", "end"], "an ended job was started again");
}

#[test]
fn a_stop_asked_for_in_the_book_is_obeyed() {
    let mut shift = Shift::new("");
    let (place, _) = backend_with_lease(&mut shift);
    let mut store = SqliteStore::open(&shift.workspace.book()).unwrap();
    store.request(Timestamp::now(), "Ada", RequestKind::Stop, &RequestSubject::default()).unwrap();
    let end = Instant::now() + PATIENCE;
    while shift.backend(place).try_wait().unwrap().is_none() {
        assert!(Instant::now() < end, "the backend goes on");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(store.open_requests().unwrap(), []);
}
