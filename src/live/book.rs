//! Polls the book, and turns its rows into those that the window shows.

use jiff::{SignedDuration, Timestamp};

use super::failures::FailureCount;
use super::health::{health, put_off};
use super::rows::run_rows;
use crate::bookkeeping::{ChangeStamp, LeaseRecord, Store, StoreError};
use crate::config::Workspace;
use crate::snapshot::{Backend, BackendHealth, ClassRow, NotTaken, PutOffRow, RunRow};

/// What the window shows of the book.
#[derive(Debug, Clone)]
pub struct BookView {
    /// All runs, newest last.
    pub runs: Vec<RunRow>,
    /// The backend.
    pub backend: Backend,
    /// Files in incoming that were not taken.
    pub not_taken: Vec<NotTaken>,
    /// What the backend said of itself last; none when it never did.
    pub health: Option<BackendHealth>,
    /// What could not be done and is tried again.
    pub put_off: Vec<PutOffRow>,
    /// Classes of failures that came.
    pub failures: Vec<ClassRow>,
    /// Why the book can't be read; what stands above is then the last that was known.
    pub fault: Option<String>,
}

/// Reads the book again whenever it has changed.
pub struct BookPoller {
    store: Box<dyn Store>,
    lease_stale: SignedDuration,
    seen: Option<ChangeStamp>,
    view: BookView,
    lease: Option<LeaseRecord>,
    failures: FailureCount,
}

impl Default for BookView {
    fn default() -> Self {
        BookView {
            runs: Vec::new(),
            backend: Backend::Unknown,
            not_taken: Vec::new(),
            health: None,
            put_off: Vec::new(),
            failures: Vec::new(),
            fault: None,
        }
    }
}

impl BookView {
    /// The view of a book that could not be opened.
    #[must_use]
    pub fn away(why: String) -> Self {
        BookView { fault: Some(why), ..BookView::default() }
    }
}

impl BookPoller {
    /// A poller that has not looked yet.
    #[must_use]
    pub fn new(store: Box<dyn Store>, workspace: &Workspace) -> Self {
        let lease_stale =
            SignedDuration::try_from_secs_f64(workspace.settings.book.lease_stale_s).unwrap_or(SignedDuration::from_secs(15));
        let failures = FailureCount::default();
        BookPoller { store, lease_stale, seen: None, view: BookView::default(), lease: None, failures }
    }

    /// The book itself, for what people write into it.
    pub fn store(&mut self) -> &mut dyn Store {
        self.store.as_mut()
    }

    /// The newest view, when it is not what it was. A book that can't be read leaves the last view, with its fault.
    pub fn poll(&mut self, now: Timestamp) -> Option<BookView> {
        let was_first = self.seen.is_none() && self.view.fault.is_none();
        match self.read() {
            Ok(changed) => {
                let backend = backend(self.lease.as_ref(), now, self.lease_stale);
                let recovered = self.view.fault.take().is_some();
                let failures = self.failures.rows(now);
                if !(changed || recovered || was_first || backend != self.view.backend || failures != self.view.failures) {
                    return None;
                }
                (self.view.backend, self.view.failures) = (backend, failures);
                Some(self.view.clone())
            }
            Err(error) => {
                let fault = Some(format!("the book can't be read, what it said last stays on the screen: {error}"));
                if self.view.fault == fault {
                    return None;
                }
                self.view.fault = fault;
                self.view.backend = Backend::Unknown;
                self.seen = None;
                Some(self.view.clone())
            }
        }
    }

    fn read(&mut self) -> Result<bool, StoreError> {
        let stamp = self.store.change_stamp()?;
        if self.seen.as_ref() == Some(&stamp) {
            return Ok(false);
        }
        let overview = self.store.overview()?;
        self.seen = Some(stamp);
        self.lease.clone_from(&overview.lease);
        self.view.not_taken =
            overview.not_taken.iter().map(|file| NotTaken { name: file.name.clone(), reason: file.reason.clone() }).collect();
        self.view.runs = run_rows(&overview);
        self.view.health = health(&overview, self.view.health.as_ref());
        self.view.put_off = put_off(&overview);
        self.failures.read(self.store.as_ref(), &overview)?;
        Ok(true)
    }
}

/// The backend's state by its lease: a heart that has not beaten for the lease's time is a lost backend.
fn backend(lease: Option<&LeaseRecord>, now: Timestamp, stale: SignedDuration) -> Backend {
    let Some(lease) = lease.filter(|lease| lease.released.is_none()) else { return Backend::Stopped };
    let (owner, heartbeat) = (lease.owner.clone(), lease.heartbeat);
    if now.duration_since(heartbeat) > stale { Backend::Lost { owner, heartbeat } } else { Backend::Running { owner, heartbeat } }
}
