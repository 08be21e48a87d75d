//! The desk: copies run on threads of their own, while whoever ordered them goes on.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError};

use super::{Copied, Terms, Throttle, Transfer, TransferError};
use crate::config::{Place, TransferSettings};

/// A copy to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyOrder {
    /// The raw file.
    pub from: PathBuf,
    /// Its final name.
    pub to: Place,
    /// Its size as far as it is known, for the time allowed and for who follows.
    pub size_bytes: u64,
    /// Its Adler-32 where the book knows it: a source of another size or sum is refused.
    pub adler32: Option<u32>,
}

/// A copy that waits or runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderWay {
    /// What was ordered.
    pub order: CopyOrder,
    /// Bytes handed on so far.
    pub done_bytes: u64,
}

/// What came of a copy, with the key it was begun with.
type Finished<K> = (K, Result<Copied, TransferError>);

/// An order on its way to a thread.
struct Task<K> {
    key: K,
    order: CopyOrder,
    terms: Terms,
}

/// Copies under way by key, each at most once. Dropped, it stops them: nothing of them stands under a final name, and no process
/// is left.
pub struct TransferDesk<K> {
    /// None once it stops.
    tasks: Option<Sender<Task<K>>>,
    finished: Receiver<Finished<K>>,
    wake: Receiver<()>,
    under_way: BTreeMap<K, (CopyOrder, Arc<AtomicU64>)>,
    threads: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    throttle: Option<Arc<Throttle>>,
    settings: TransferSettings,
}

impl<K: Ord + Clone + Send + 'static> TransferDesk<K> {
    /// Starts as many threads as the settings want, at least one.
    #[must_use]
    pub fn new(settings: &TransferSettings, transfer: Arc<dyn Transfer>) -> Self {
        let (tasks, orders) = crossbeam_channel::unbounded::<Task<K>>();
        let (done, finished) = crossbeam_channel::unbounded();
        let (waker, wake) = crossbeam_channel::bounded(1);
        let copyist = |transfer: Arc<dyn Transfer>| {
            let (orders, done, waker) = (orders.clone(), done.clone(), waker.clone());
            std::thread::spawn(move || copy_what_comes(&orders, &*transfer, &done, &waker))
        };
        TransferDesk {
            threads: std::iter::repeat_n(transfer, settings.workers.max(1)).map(copyist).collect(),
            tasks: Some(tasks),
            finished,
            wake,
            under_way: BTreeMap::new(),
            stop: Arc::default(),
            throttle: Throttle::new(settings.throttle_mb_per_s * 1e6).map(Arc::new),
            settings: settings.clone(),
        }
    }

    /// Begins a copy; answers whether it did. One that is under way with the same key goes on as it was ordered.
    pub fn begin(&mut self, key: K, order: CopyOrder) -> bool {
        let Some(tasks) = self.tasks.as_ref().filter(|_| !self.under_way.contains_key(&key)) else { return false };
        let slowest_bytes_per_s = self.settings.slowest_mb_per_s * 1e6;
        let limit_s = self.settings.time_limit_s + order.size_bytes as f64 / slowest_bytes_per_s;
        let terms = Terms {
            room_left_bytes: self.settings.room_left_mb.saturating_mul(1_000_000),
            time_limit: Duration::try_from_secs_f64(limit_s).ok(),
            throttle: self.throttle.clone(),
            stop: self.stop.clone(),
            done_bytes: Arc::default(),
            expected: order.adler32.map(|adler32| (order.size_bytes, adler32)),
        };
        self.under_way.insert(key.clone(), (order.clone(), terms.done_bytes.clone()));
        // The threads take orders as long as the desk stands.
        tasks.send(Task { key, order, terms }).is_ok()
    }

    /// What has ended since it was asked last, well or not.
    pub fn finished(&mut self) -> Vec<(K, Result<Copied, TransferError>)> {
        while self.wake.try_recv().is_ok() {}
        let finished: Vec<_> = self.finished.try_iter().collect();
        for (key, _) in &finished {
            self.under_way.remove(key);
        }
        finished
    }

    /// Whether a copy waits or runs, or has ended and was not yet taken by [`TransferDesk::finished`].
    #[must_use]
    pub fn is_under_way(&self, key: &K) -> bool {
        self.under_way.contains_key(key)
    }

    /// All copies that wait or run, with how far they are.
    pub fn under_way(&self) -> impl Iterator<Item = (&K, UnderWay)> {
        let look = |(order, done): &(CopyOrder, Arc<AtomicU64>)| UnderWay {
            order: order.clone(),
            done_bytes: done.load(Ordering::Relaxed),
        };
        self.under_way.iter().map(move |(key, copy)| (key, look(copy)))
    }

    /// Has a word when something may have ended: to wait for together with other channels.
    #[must_use]
    pub fn wake(&self) -> &Receiver<()> {
        &self.wake
    }
}

impl<K> Drop for TransferDesk<K> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.tasks = None;
        for thread in self.threads.drain(..) {
            // A panic was caught with its copy.
            let _ = thread.join();
        }
    }
}

/// A thread's life: copies what is ordered until nobody can order any more.
fn copy_what_comes<K>(orders: &Receiver<Task<K>>, transfer: &dyn Transfer, done: &Sender<Finished<K>>, waker: &Sender<()>) {
    for Task { key, order, terms } in orders {
        let stopped = || TransferError::Stopped { path: order.to.to_path() };
        let outcome = if terms.stop.load(Ordering::Relaxed) {
            Err(stopped())
        } else {
            // The thread lives on whatever one file does to it.
            catch_unwind(AssertUnwindSafe(|| transfer.copy(&order.from, &order.to, &terms)))
                .unwrap_or_else(|_| Err(TransferError::Panicked { path: order.to.to_path() }))
        };
        let is_heard = done.send((key, outcome)).is_ok();
        if !is_heard || matches!(waker.try_send(()), Err(TrySendError::Disconnected(()))) {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
