//! One backend per workspace: a lock that the operating system drops with its owner, and a lease in the book with a heartbeat.
//!
//! The lock proves on one machine that the old owner is gone, at once and whatever the heartbeat says. On another machine the
//! heartbeat's age has to do. Every write of a backend is checked against its lease, so one that was taken for dead and was not
//! can't write any more.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::batch::host;
use crate::bookkeeping::{self, LeaseRecord, Store, StoreError};
use crate::config::{BookPlace, Workspace};

/// Time between two heartbeats.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// The lease of this process on a workspace; given back when it is dropped.
pub struct Lease {
    record: LeaseRecord,
    book: BookPlace,
    /// Held for its lock; closing it is giving the lock back.
    _lock: File,
    ends: Arc<AtomicBool>,
    heart: Option<JoinHandle<()>>,
}

/// A lease that was not given.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Another backend has it.
    #[error(
        "a backend runs already: {owner}, since {taken}, last heartbeat {heartbeat}; this one was not started, look at it with \
         'dqmon status': {}", workspace.display()
    )]
    Held {
        /// `host:pid`.
        owner: String,
        /// When it took the lease.
        taken: String,
        /// Its last heartbeat.
        heartbeat: String,
        /// The workspace.
        workspace: PathBuf,
    },
    /// The lock file can't be used.
    #[error("backend lock not usable: {why}: {}", path.display())]
    Lock {
        /// The operating system's reason.
        why: std::io::Error,
        /// The lock file.
        path: PathBuf,
    },
    /// The book refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Lease {
    /// Takes the lease of a workspace.
    ///
    /// # Errors
    /// [`LeaseError::Held`] when a backend lives that has it.
    pub fn take(workspace: &Workspace, store: &mut dyn Store) -> Result<Self, LeaseError> {
        let known = store.overview()?.lease;
        let Some(lock) = lock(workspace)? else { return Err(held(workspace, known.as_ref())) };
        let now = Timestamp::now();
        let host = host();
        if let Some(other) = known.as_ref().filter(|lease| lease.released.is_none() && lease.host != host) {
            let age = now.duration_since(other.heartbeat).as_secs_f64();
            if age < workspace.settings.book.lease_stale_s {
                return Err(held(workspace, Some(other)));
            }
        }
        let pid = std::process::id();
        let token = format!("{host}:{pid}:{}", now.as_nanosecond());
        let record = LeaseRecord { owner: format!("{host}:{pid}"), host, token, taken: now, heartbeat: now, released: None };
        match store.take_lease(&record, known.as_ref()) {
            Err(StoreError::LeaseLost { .. }) => return Err(held(workspace, store.overview()?.lease.as_ref())),
            other => other?,
        }
        let ends = Arc::new(AtomicBool::new(false));
        let heart = beat(workspace.book_place(), record.token.clone(), ends.clone());
        Ok(Lease { record, book: workspace.book_place(), _lock: lock, ends, heart: Some(heart) })
    }

    /// Tells this holding of the lease from every other; writes carry it.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.record.token
    }

    /// Who has it: `host:pid`.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.record.owner
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(heart) = self.heart.take() {
            heart.thread().unpark();
            let _ = heart.join(); // a heart that panicked has stopped, which is all that is wanted
        }
        // Not given back is no harm: the lock is free with this process, and the heartbeat grows old.
        if let Ok(mut store) = bookkeeping::open(&self.book) {
            let _ = store.release_lease(&self.record.token, Timestamp::now());
        }
    }
}

/// Longest wait for the lock of a process that is just going: one that was killed while it started a job can leave the lock, for
/// an instant, with the child that has not yet become the job.
const GOING: Duration = Duration::from_secs(1);

/// The workspace's lock; none when a process holds it.
fn lock(workspace: &Workspace) -> Result<Option<File>, LeaseError> {
    let path = workspace.root.join("processing/backend.lock");
    let failed = |why| LeaseError::Lock { why, path: path.clone() };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    let asked = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) if asked.elapsed() < GOING => std::thread::sleep(Duration::from_millis(20)),
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(why)) => return Err(failed(why)),
        }
    }
}

/// The heartbeat, on a connection and a thread of its own: a long copy does not stop it.
fn beat(book: BookPlace, token: String, ends: Arc<AtomicBool>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut store = None;
        while !ends.load(Ordering::Relaxed) {
            if store.is_none() {
                store = bookkeeping::open(&book).ok();
            }
            let beaten = store.as_mut().map(|store| store.beat(&token, Timestamp::now()));
            if let Some(Err(StoreError::LeaseLost { .. })) = beaten {
                // The backend finds out at its next write.
                return;
            }
            std::thread::park_timeout(HEARTBEAT);
        }
    })
}

fn held(workspace: &Workspace, lease: Option<&LeaseRecord>) -> LeaseError {
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "not known yet".into());
    LeaseError::Held {
        owner: or_unknown(lease.map(|lease| lease.owner.clone())),
        taken: or_unknown(lease.map(|lease| lease.taken.to_string())),
        heartbeat: or_unknown(lease.map(|lease| lease.heartbeat.to_string())),
        workspace: workspace.root.clone(),
    }
}
