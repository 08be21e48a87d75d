//! Slow deeds done aside: on threads of their own, while whoever ordered them goes on.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError};

/// What is to be done.
type Deed<T> = Box<dyn FnOnce() -> T + Send>;

/// Deeds under way by key, each at most once. Dropped, it waits for those that were begun and does no others.
pub struct Aside<K, T> {
    /// None once it stops.
    orders: Option<Sender<(K, Deed<T>)>>,
    finished: Receiver<(K, Option<T>)>,
    wake: Receiver<()>,
    under_way: BTreeSet<K>,
    threads: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
}

impl<K: Ord + Clone + Send + 'static, T: Send + 'static> Aside<K, T> {
    /// Starts so many threads, at least one.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        let (orders, ordered) = crossbeam_channel::unbounded::<(K, Deed<T>)>();
        let (done, finished) = crossbeam_channel::unbounded();
        let (waker, wake) = crossbeam_channel::bounded(1);
        let stop = Arc::new(AtomicBool::new(false));
        let worker = |()| {
            let (ordered, done, waker, stop) = (ordered.clone(), done.clone(), waker.clone(), Arc::clone(&stop));
            std::thread::spawn(move || do_what_comes(&ordered, &done, &waker, &stop))
        };
        let threads = std::iter::repeat_n((), threads.max(1)).map(worker).collect();
        Aside { orders: Some(orders), finished, wake, under_way: BTreeSet::new(), threads, stop }
    }

    /// Begins a deed; answers whether it did. One that is under way with the same key goes on, and this one is not done.
    pub fn begin(&mut self, key: K, deed: impl FnOnce() -> T + Send + 'static) -> bool {
        let Some(orders) = self.orders.as_ref().filter(|_| !self.under_way.contains(&key)) else { return false };
        self.under_way.insert(key.clone());
        orders.send((key, Box::new(deed))).is_ok()
    }

    /// Whether a deed waits or runs, or has ended and was not yet taken.
    #[must_use]
    pub fn is_under_way(&self, key: &K) -> bool {
        self.under_way.contains(key)
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
        for thread in self.threads.drain(..) {
            // A panic was caught with its deed.
            let _ = thread.join();
        }
    }
}

/// A thread's life: does what is ordered until nobody can order any more.
fn do_what_comes<K, T>(ordered: &Receiver<(K, Deed<T>)>, done: &Sender<(K, Option<T>)>, waker: &Sender<()>, stop: &AtomicBool) {
    for (key, deed) in ordered {
        if stop.load(Ordering::Relaxed) {
            return;
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
