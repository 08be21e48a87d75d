//! The threads that wait on slow things, one thing each: results, book, event, settings.
//!
//! A thread that is stuck in a dead disk delays its own updates and nothing else; when its workspace is closed it is told to
//! stop and is not waited for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, select};
use jiff::Timestamp;
use monitasks::checks::Checks;
use monitasks::detector::Strip;
use monitasks::registry::TaskRegistry;
use monitasks::vocab::FileId;

use super::Notice;
use super::book_desk::{self, BookErrand};
use crate::bookkeeping::{Store, StoreError};
use crate::config::{Settings, SettingsError, Workspace};
use crate::live::{
    BookPoller, BookView, DeskFiles, EventPoller, EventView, EventWish, Part, ResultPoller, ResultsView, WorkspaceChecks,
    WorkspaceTasks,
};
use crate::snapshot::{CloseLook, DeskShown, FlowShown, RunsShown};

/// Between two looks of a poller that nothing hurries.
const LOOK: Duration = Duration::from_millis(500);
/// Longest wait for a server to tell of a change.
const LISTEN: Duration = Duration::from_secs(1);
/// Before a book that can't be opened is tried again.
const REOPEN: Duration = Duration::from_secs(2);

/// What a poller has to tell.
pub(super) enum Update {
    Results(Arc<ResultsView>),
    Book(Arc<BookView>),
    Event(Arc<EventView>),
    Settings(Box<Result<Settings, SettingsError>>),
    /// The tasks there are now, and a message for each task file that can't be used.
    Tasks(Arc<TaskRegistry>, Vec<String>),
    /// The checks there are now, and a message when their file can't be used.
    Checks(Arc<Checks>, Vec<String>),
    /// What files say of the desk, and a message for each that can't be used.
    Desk(Arc<DeskShown>, Vec<String>),
    /// The flow that is watched; none when it no longer is.
    Flow(Option<Arc<FlowShown>>),
    /// What is looked at closely; none when nothing is.
    Closely(Option<Arc<CloseLook>>),
    /// The table of runs, and the answer to what was asked of it.
    Runs(Arc<RunsShown>),
    /// A poller has looked; so far there is nothing new.
    Heard(Part),
}

/// What the results poller may be told.
pub(super) enum ResultsErrand {
    Hurry,
    Configure(Box<Settings>),
    Retask(Arc<TaskRegistry>, Box<Settings>),
}

/// What the event poller may be told.
pub(super) enum EventErrand {
    Wish(EventWish),
    Newest(Option<FileId>),
    Strip(Strip),
    Configure(Box<Settings>),
}

/// Where a poller's words go, and whether anybody still listens.
#[derive(Clone)]
pub(super) struct Outbox {
    pub updates: Sender<Update>,
    pub notices: Sender<Notice>,
    pub stop: Arc<AtomicBool>,
}

impl Outbox {
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Hands an update on. The channel is bounded: when the engine is behind, the poller waits for it.
    pub(super) fn tell(&self, update: Update) {
        if !self.is_stopped() && self.updates.send(update).is_err() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn notice(&self, notice: Notice) {
        if self.notices.try_send(notice).is_err() {
            tracing::warn!("a notice was dropped: nobody reads them");
        }
    }
}

/// Polls results until stopped.
pub(super) fn spawn_results(mut poller: ResultPoller, errands: Receiver<ResultsErrand>, outbox: Outbox) {
    spawn("results", move || {
        while !outbox.is_stopped() {
            if let Some(view) = poller.poll(Timestamp::now()) {
                outbox.tell(Update::Results(Arc::new(view)));
            }
            outbox.tell(Update::Heard(Part::Results));
            let now = Timestamp::now();
            let pause = poller.next_due(now).duration_since(now).max(jiff::SignedDuration::ZERO).unsigned_abs().min(LOOK);
            match errands.recv_timeout(pause) {
                Ok(ResultsErrand::Hurry) => poller.hurry(),
                Ok(ResultsErrand::Configure(settings)) => poller.configure(&settings),
                Ok(ResultsErrand::Retask(registry, settings)) => poller.retask(registry, &settings),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    });
}

/// Opens a book; may be slow, so the poller's thread calls it.
pub type OpenStore = Arc<dyn Fn() -> Result<Box<dyn Store>, StoreError> + Send + Sync>;

/// Polls the book and runs its errands until stopped.
pub(super) fn spawn_book(open: OpenStore, mut workspace: Workspace, errands: Receiver<BookErrand>, outbox: Outbox) {
    let changes = match workspace.book_place().is_server() {
        true => spawn_ear(open.clone(), outbox.clone()),
        false => crossbeam_channel::never(),
    };
    spawn("book", move || {
        let mut looked_at = None;
        while !outbox.is_stopped() {
            match open() {
                Ok(store) => {
                    let mut poller = BookPoller::new(store, &workspace);
                    poller.look_at(looked_at);
                    if serve_book(poller, &mut workspace, &errands, &changes, &outbox).is_err() {
                        return;
                    }
                }
                Err(error) => {
                    outbox.tell(Update::Book(Arc::new(BookView::away(error.to_string()))));
                    match errands.recv_timeout(REOPEN) {
                        Ok(BookErrand::LookAt(run)) => looked_at = run,
                        Ok(BookErrand::Configure(settings)) => workspace.settings = *settings,
                        // Checks say it again with the next look.
                        Ok(BookErrand::Hear(_)) => {}
                        Ok(errand) => outbox.notice(Notice::Refused(format!("{} not done: {error}", errand.words()))),
                        Err(RecvTimeoutError::Timeout) => {}
                        Err(RecvTimeoutError::Disconnected) => return,
                    }
                }
            }
        }
    });
}

/// Listens for changes by others on a connection of its own, until stopped: a server tells of them at once.
fn spawn_ear(open: OpenStore, outbox: Outbox) -> Receiver<()> {
    let (heard, changes) = crossbeam_channel::bounded(1);
    spawn("book-ear", move || {
        while !outbox.is_stopped() {
            if let Ok(store) = open() {
                while !outbox.is_stopped() && store.change_stamp().is_ok() {
                    store.wait_for_change(LISTEN);
                    // A full channel means that it has been told already.
                    let _ = heard.try_send(());
                }
            }
            thread::sleep(REOPEN);
        }
    });
    changes
}

/// Serves one open book. An error when nobody gives errands any more.
fn serve_book(
    mut poller: BookPoller,
    workspace: &mut Workspace,
    errands: &Receiver<BookErrand>,
    changes: &Receiver<()>,
    outbox: &Outbox,
) -> Result<(), RecvTimeoutError> {
    while !outbox.is_stopped() {
        if let Some(view) = poller.poll(Timestamp::now()) {
            outbox.tell(Update::Book(Arc::new(view)));
        }
        outbox.tell(Update::Heard(Part::Book));
        select! {
            recv(errands) -> errand => match errand {
                Ok(BookErrand::LookAt(run)) => poller.look_at(run),
                Ok(BookErrand::Configure(settings)) => {
                    poller.configure(&settings);
                    workspace.settings = *settings;
                }
                Ok(errand) => {
                    for notice in book_desk::run(errand, poller.store(), workspace, Timestamp::now(), &outbox.notices) {
                        outbox.notice(notice);
                    }
                }
                Err(_) => return Err(RecvTimeoutError::Disconnected),
            },
            // An ear that has gone says nothing more, and is not asked in a circle.
            recv(changes) -> change => if change.is_err() { thread::sleep(LOOK) },
            default(LOOK) => {}
        }
    }
    Ok(())
}

/// Reads the event that is wished for until stopped.
/// `path_of` says where a raw file stands.
pub(super) fn spawn_event(
    mut poller: EventPoller,
    path_of: impl Fn(FileId) -> PathBuf + Send + 'static,
    errands: Receiver<EventErrand>,
    outbox: Outbox,
) {
    spawn("event", move || {
        let mut wish = EventWish::Newest;
        let mut newest = None;
        while !outbox.is_stopped() {
            match errands.recv() {
                Ok(EventErrand::Wish(wished)) => wish = wished,
                Ok(EventErrand::Newest(file)) => newest = file,
                Ok(EventErrand::Configure(settings)) => poller.configure(settings.reconstruction),
                Ok(EventErrand::Strip(strip)) => {
                    if let Some(view) = poller.choose_strip(strip) {
                        outbox.tell(Update::Event(Arc::new(view)));
                    }
                }
                Err(_) => return,
            }
            if let Some(view) = poller.look(wish, newest, &path_of) {
                outbox.tell(Update::Event(Arc::new(view)));
            }
        }
    });
}

/// Watches the settings, task files and checks until stopped: reads them again whenever they have changed.
pub(super) fn spawn_settings(workspace: &Workspace, mut tasks: WorkspaceTasks, mut checks: WorkspaceChecks, outbox: Outbox) {
    spawn_desk(workspace, outbox.clone());
    let checks_file = workspace.checks_file();
    let path = workspace.root.join(Workspace::SETTINGS_FILE);
    let mut time_zone = workspace.settings.time_zone.clone();
    spawn("settings", move || {
        let mut known = (modified(&path), modified(&checks_file));
        while !outbox.is_stopped() {
            thread::sleep(LOOK);
            let now = (modified(&path), modified(&checks_file));
            let mut are_tasks_due = tasks.has_changed();
            if now.0 != known.0 {
                let loaded = Settings::load(&path);
                if let Ok(settings) = &loaded
                    && settings.time_zone != time_zone
                {
                    time_zone.clone_from(&settings.time_zone);
                    are_tasks_due = true;
                }
                outbox.tell(Update::Settings(Box::new(loaded)));
            }
            if are_tasks_due {
                let (registry, faults) = tasks.read(&time_zone);
                outbox.tell(Update::Tasks(Arc::new(registry), faults));
            }
            if now.1 != known.1 {
                let (checks, faults) = checks.read();
                outbox.tell(Update::Checks(checks, faults));
            }
            known = now;
        }
    });
}

/// Watches layouts and review plots until stopped: reads them at once, and again whenever they have changed.
fn spawn_desk(workspace: &Workspace, outbox: Outbox) {
    let mut files = DeskFiles::of(workspace);
    let (layouts, review) = (DeskFiles::layouts_folder(&workspace.root), DeskFiles::review_file(&workspace.root));
    spawn("desk-files", move || {
        let mut known = None;
        while !outbox.is_stopped() {
            let now = (listed(&layouts), modified(&review));
            if known.as_ref() != Some(&now) {
                let (desk, faults) = files.read();
                outbox.tell(Update::Desk(desk, faults));
                known = Some(now);
            }
            thread::sleep(LOOK);
        }
    });
}

/// What tells one state of a file from another.
type Mark = (SystemTime, u64);

fn modified(path: &Path) -> Option<Mark> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// Starts a named thread. A machine that can't start one more thread has greater sorrows: it is said, and the rest goes on.
pub(super) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) {
    if let Err(error) = thread::Builder::new().name(format!("dqmon-{name}")).spawn(body) {
        tracing::error!("the {name} poller did not start: {error}");
    }
}

/// The files of a folder with their marks; none when it can't be listed.
fn listed(folder: &Path) -> BTreeMap<PathBuf, Option<Mark>> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| (entry.path(), modified(&entry.path()))).collect()
}
