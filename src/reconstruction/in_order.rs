//! Work on several threads whose results are taken in the order of the work.
//!
//! A thread that has finished takes the next piece, so none waits for the slowest; but none runs further ahead of the oldest piece
//! than a window, so the results that wait for their turn are few, however slow one piece is.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError, mpsc};
use std::thread;

/// Pieces that each thread may be ahead of the oldest one.
const AHEAD_PER_THREAD: usize = 6;

/// How many results were taken; who wants to run ahead waits here.
#[derive(Default)]
struct Gate {
    taken: Mutex<usize>,
    moved: Condvar,
}

/// Opens the gate for good when it goes: nobody may wait for one that gave up.
struct OpensAtEnd<'a>(&'a Gate);

impl Gate {
    fn wait_until_within(&self, place: usize, window: usize) {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let is_ahead = |taken: &mut usize| place >= taken.saturating_add(window);
        drop(self.moved.wait_while(taken, is_ahead).unwrap_or_else(PoisonError::into_inner));
    }

    fn set(&self, taken: usize) {
        let mut known = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        // A gate that was opened for good stays open.
        *known = taken.max(*known);
        drop(known);
        self.moved.notify_all();
    }
}

impl Drop for OpensAtEnd<'_> {
    fn drop(&mut self) {
        self.0.set(usize::MAX);
    }
}

/// Does the pieces 0 to `count` on `threads` threads, each with a worker of its own, and hands the results to `take` in order, on
/// this thread. Ends early when `take` refuses one.
///
/// # Errors
/// Outer: a thread that could not be started. Inner: what `take` answered.
pub(super) fn in_order<T: Send, W: FnMut(usize) -> T, E>(
    count: usize,
    threads: usize,
    worker: impl Fn() -> W + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> io::Result<Result<(), E>> {
    let window = AHEAD_PER_THREAD * threads;
    let (gate, next) = (Gate::default(), AtomicUsize::new(0));
    let (sender, receiver) = mpsc::sync_channel(window);
    thread::scope(|scope| {
        let _open = OpensAtEnd(&gate);
        for _ in 0..threads {
            let (sender, worker, gate, next) = (sender.clone(), &worker, &gate, &next);
            thread::Builder::new().spawn_scoped(scope, move || {
                let _open = PanicOpens(gate);
                let mut work = worker();
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if place >= count {
                        return;
                    }
                    gate.wait_until_within(place, window);
                    // Nobody takes any more: what is left need not be done.
                    if sender.send((place, work(place))).is_err() {
                        return;
                    }
                }
            })?;
        }
        drop(sender);
        let receiver = receiver;
        let mut waiting = BTreeMap::new();
        let mut taken = 0;
        // The end comes early when a thread has panicked, which the scope tells.
        while let Ok((place, result)) = receiver.recv() {
            waiting.insert(place, result);
            while let Some(result) = waiting.remove(&taken) {
                if let Err(refusal) = take(result) {
                    return Ok(Err(refusal));
                }
                taken += 1;
                gate.set(taken);
            }
        }
        Ok(Ok(()))
    })
}

/// Opens the gate when its thread panics: the piece it had will never be taken.
struct PanicOpens<'a>(&'a Gate);

impl Drop for PanicOpens<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.set(usize::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::time::Duration;

    fn uneven(place: usize) -> usize {
        thread::sleep(Duration::from_micros(if place.is_multiple_of(17) { 3_000 } else { 50 }));
        place
    }

    #[test]
    fn results_come_in_order_and_none_is_missing() {
        for threads in [1, 2, 5] {
            let mut taken = Vec::new();
            let take = |place| {
                taken.push(place);
                Ok::<(), ()>(())
            };
            in_order(200, threads, || uneven, take).unwrap().unwrap();
            assert_eq!(taken, (0..200).collect::<Vec<_>>(), "{threads} threads");
        }
    }

    #[test]
    fn nobody_runs_further_ahead_than_the_window() {
        let started = AtomicUsize::new(0);
        let worker = || {
            |place: usize| {
                started.fetch_max(place, Ordering::SeqCst);
                if place == 3 {
                    thread::sleep(Duration::from_millis(50));
                    return started.load(Ordering::SeqCst);
                }
                0
            }
        };
        let mut farthest = 0;
        let take = |seen| {
            farthest = farthest.max(seen);
            Ok::<(), ()>(())
        };
        in_order(1_000, 2, worker, take).unwrap().unwrap();
        assert!((4..=3 + 2 * AHEAD_PER_THREAD).contains(&farthest), "{farthest}");
    }

    #[test]
    fn a_refusal_ends_the_work_and_a_panic_is_passed_on() {
        let done = AtomicUsize::new(0);
        let worker = || |place| (done.fetch_add(1, Ordering::SeqCst), place).1;
        let refused = in_order(10_000, 2, worker, |place| if place == 5 { Err("full") } else { Ok(()) });
        assert_eq!(refused.unwrap(), Err("full"));
        assert!(done.load(Ordering::SeqCst) < 10_000, "all was done although nobody took it");
        // Pieces that take their time, too: others are under way then, and come to an end after the panic.
        for piece_ms in [0, 4] {
            let panics = move || {
                move |place| {
                    thread::sleep(Duration::from_millis(piece_ms));
                    assert!(place != 40, "piece 40 can't be done");
                }
            };
            let (ended, wait) = mpsc::channel();
            thread::spawn(move || {
                let result = catch_unwind(AssertUnwindSafe(|| in_order(200, 3, panics, |()| Ok::<(), ()>(()))));
                let _ = ended.send(result.is_err());
            });
            assert_eq!(wait.recv_timeout(Duration::from_secs(20)), Ok(true), "pieces of {piece_ms} ms");
        }
    }
}
