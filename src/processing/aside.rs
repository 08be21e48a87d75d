//! Slow deeds done aside: on threads of their own, while whoever ordered them goes on.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError};
use jiff::Timestamp;

/// What is to be done.
type Deed<T> = Box<dyn FnOnce() -> T + Send>;

/// Longest that whoever drops it waits for deeds that were begun: one that hangs must not keep a program that is to end.
const AT_THE_END: Duration = Duration::from_secs(5);

/// How far a deed has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// No thread has taken it.
    Waits,
    /// A thread does it, since then.
    Begun(Instant, Timestamp),
    /// It is not to be done any more.
    Withdrawn,
}

/// A deed's turn, which its thread and whoever ordered it share.
#[derive(Clone)]
struct Place(Arc<Mutex<Turn>>);

impl Place {
    fn turn(&self) -> MutexGuard<'_, Turn> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Deeds under way by key, each at most once. Dropped, it waits a few seconds for those that were begun and does no others; what
/// hangs then is left to its thread, which ends with the program.
pub struct Aside<K, T> {
    /// None once it stops.
    orders: Option<Sender<(K, Place, Deed<T>)>>,
    finished: Receiver<(K, Option<T>)>,
    wake: Receiver<()>,
    under_way: BTreeMap<K, Place>,
    threads: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
}

impl<K: Ord + Clone + Send + 'static, T: Send + 'static> Aside<K, T> {
    /// Starts so many threads, at least one.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        let (orders, ordered) = crossbeam_channel::unbounded::<(K, Place, Deed<T>)>();
        let (done, finished) = crossbeam_channel::unbounded();
        let (waker, wake) = crossbeam_channel::bounded(1);
        let stop = Arc::new(AtomicBool::new(false));
        let worker = |()| {
            let (ordered, done, waker, stop) = (ordered.clone(), done.clone(), waker.clone(), Arc::clone(&stop));
            std::thread::spawn(move || do_what_comes(&ordered, &done, &waker, &stop))
        };
        let threads = std::iter::repeat_n((), threads.max(1)).map(worker).collect();
        Aside { orders: Some(orders), finished, wake, under_way: BTreeMap::new(), threads, stop }
    }

    /// Begins a deed; answers whether it did. One that is under way with the same key goes on, and this one is not done.
    pub fn begin(&mut self, key: K, deed: impl FnOnce() -> T + Send + 'static) -> bool {
        let Some(orders) = self.orders.as_ref().filter(|_| !self.under_way.contains_key(&key)) else { return false };
        let place = Place(Arc::new(Mutex::new(Turn::Waits)));
        self.under_way.insert(key.clone(), place.clone());
        orders.send((key, place, Box::new(deed))).is_ok()
    }

    /// Takes back a deed that no thread has begun; answers whether it did. Nothing comes of it then.
    pub fn withdraw(&mut self, key: &K) -> bool {
        let Some(place) = self.under_way.get(key) else { return false };
        let mut turn = place.turn();
        if *turn != Turn::Waits {
            return false;
        }
        *turn = Turn::Withdrawn;
        drop(turn);
        self.under_way.remove(key);
        true
    }

    /// Deeds that were begun at least so long ago and whose end nobody has taken, and when they were begun.
    pub fn begun_for(&self, time: Duration) -> impl Iterator<Item = (&K, Timestamp)> {
        self.under_way.iter().filter_map(move |(key, place)| match *place.turn() {
            Turn::Begun(at, stamp) if at.elapsed() >= time => Some((key, stamp)),
            _ => None,
        })
    }

    /// Whether a deed waits or runs, or has ended and was not yet taken.
    #[must_use]
    pub fn is_under_way(&self, key: &K) -> bool {
        self.under_way.contains_key(key)
    }

    /// What came of deeds that have ended since it was asked last; none of one that panicked.
    pub fn finished(&mut self) -> Vec<(K, Option<T>)> {
        while self.wake.try_recv().is_ok() {}
        let finished: Vec<_> = self.finished.try_iter().collect();
        for (key, _) in &finished {
            self.under_way.remove(key);
        }
        finished
    }

    /// The next deed that ends, waited for at most this long.
    pub fn next_finished(&mut self, at_most: Duration) -> Option<(K, Option<T>)> {
        let next = self.finished.recv_timeout(at_most).ok()?;
        self.under_way.remove(&next.0);
        Some(next)
    }

    /// Has a word when something may have ended: to wait for together with other channels.
    #[must_use]
    pub fn wake(&self) -> &Receiver<()> {
        &self.wake
    }
}

impl<K, T> Drop for Aside<K, T> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.orders = None;
        let end = Instant::now() + AT_THE_END;
        // Each thread has an end of this channel: it closes when the last one has gone.
        loop {
            match self.finished.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        for thread in self.threads.drain(..) {
            // A panic was caught with its deed.
            let _ = thread.join();
        }
    }
}

/// A thread's life: does what is ordered until nobody can order any more.
fn do_what_comes<K, T>(
    ordered: &Receiver<(K, Place, Deed<T>)>,
    done: &Sender<(K, Option<T>)>,
    waker: &Sender<()>,
    stop: &AtomicBool,
) {
    for (key, place, deed) in ordered {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        {
            let mut turn = place.turn();
            if *turn == Turn::Withdrawn {
                continue;
            }
            *turn = Turn::Begun(Instant::now(), Timestamp::now());
        }
        // The thread lives on whatever one deed does to it.
        let outcome = catch_unwind(AssertUnwindSafe(deed)).ok();
        let is_heard = done.send((key, outcome)).is_ok();
        if !is_heard || matches!(waker.try_send(()), Err(TrySendError::Disconnected(()))) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[test]
    fn a_deed_is_under_way_once_until_it_was_taken_and_a_panic_ends_no_thread() {
        let mut aside: Aside<&str, u32> = Aside::new(1);
        let (go, gate) = crossbeam_channel::bounded(0);
        assert!(aside.begin("a", move || gate.recv_timeout(PATIENCE).map_or(0, |()| 7)));
        assert!(!aside.begin("a", || 8) && aside.is_under_way(&"a"));
        assert!(aside.begin("b", || panic!("of its own")));
        assert!(aside.begin("c", || 9));
        go.send(()).unwrap();
        let took: Vec<_> = (0..3).filter_map(|_| aside.next_finished(PATIENCE)).collect();
        assert_eq!(took, [("a", Some(7)), ("b", None), ("c", Some(9))]);
        assert!(!aside.is_under_way(&"a") && aside.begin("a", || 1));
    }

    #[test]
    fn what_has_not_begun_is_withdrawn_and_may_be_ordered_anew_and_what_has_begun_says_since_when() {
        let mut aside: Aside<&str, u32> = Aside::new(1);
        let (go, gate) = crossbeam_channel::bounded(0);
        let (told, tells) = crossbeam_channel::bounded(1);
        aside.begin("a", move || {
            let _ = told.send(());
            gate.recv_timeout(PATIENCE).map_or(0, |()| 1)
        });
        assert!(aside.begin("b", || 2));
        tells.recv_timeout(PATIENCE).unwrap();
        assert!(aside.withdraw(&"b") && !aside.is_under_way(&"b") && !aside.withdraw(&"b"));
        assert!(!aside.withdraw(&"a") && aside.is_under_way(&"a"), "it is being done");
        assert!(aside.begin("b", || 3));
        assert_eq!(aside.begun_for(Duration::ZERO).map(|(key, _)| *key).collect::<Vec<_>>(), ["a"]);
        assert_eq!(aside.begun_for(PATIENCE).count(), 0);
        go.send(()).unwrap();
        let took: Vec<_> = (0..2).filter_map(|_| aside.next_finished(PATIENCE)).collect();
        assert_eq!(took, [("a", Some(1)), ("b", Some(3))]);
    }

    #[test]
    fn a_deed_that_hangs_keeps_nobody_who_ends() {
        let mut aside: Aside<u32, ()> = Aside::new(2);
        let (hold, held) = crossbeam_channel::bounded::<()>(0);
        let (told, tells) = crossbeam_channel::bounded(1);
        aside.begin(1, move || {
            let _ = told.send(());
            let _ = held.recv_timeout(6 * AT_THE_END);
        });
        tells.recv_timeout(PATIENCE).unwrap();
        let begun = Instant::now();
        drop(aside);
        assert!((AT_THE_END..2 * AT_THE_END).contains(&begun.elapsed()), "{:?}", begun.elapsed());
        drop(hold);
    }

    #[test]
    fn dropped_it_ends_what_was_begun_and_begins_nothing() {
        let (told, tells) = crossbeam_channel::unbounded();
        let mut aside: Aside<u32, ()> = Aside::new(1);
        let (go, gate) = crossbeam_channel::bounded(0);
        let (first, second) = (told.clone(), told);
        aside.begin(1, move || {
            let _ = first.send(1);
            let _ = gate.recv_timeout(PATIENCE);
        });
        aside.begin(2, move || {
            let _ = second.send(2);
        });
        assert_eq!(tells.recv_timeout(PATIENCE), Ok(1));
        let stop = Arc::clone(&aside.stop);
        let dropped = std::thread::spawn(move || drop(aside));
        while !stop.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        go.send(()).unwrap();
        dropped.join().unwrap();
        assert_eq!(tells.try_iter().count(), 0);
    }
}
