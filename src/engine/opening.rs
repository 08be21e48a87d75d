//! How workspaces and files are opened and made, on whatever thread: their pollers are started, what they are made of is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crossbeam_channel::{Receiver, Sender};
use jiff::Timestamp;

use super::open::Open;
use super::pollers::{self, EventErrand, OpenStore, Outbox, Update};
use super::{Notice, close_looks, runs_desk};
use crate::bookkeeping::{self, StoreError};
use crate::config::{NewWorkspace, Settings, Workspace};
use crate::doctor;
use crate::live::{
    DiskResults, EventPoller, Live, ResultPoller, ResultsFolder, WorkspaceChecks, WorkspaceTasks, bare_raw_file, bare_tasks,
};
use crate::snapshot::{Origin, WorkspaceFacts};

/// Says how a workspace's book is opened: for reading only if asked.
pub type ChooseStore = Box<dyn Fn(&Workspace, bool) -> OpenStore + Send + Sync>;
/// Opens the results of a folder.
pub type OpenResults = Box<dyn Fn(&Path) -> Box<dyn ResultsFolder> + Send + Sync>;

/// How the engine reaches the world; tests put slow or broken parts in.
pub struct World {
    /// Opens a workspace's book.
    pub open_store: ChooseStore,
    /// Opens a workspace's results.
    pub open_results: OpenResults,
}

impl Default for World {
    fn default() -> Self {
        World {
            open_store: Box::new(|workspace, read_only| {
                let (place, workspace) = (workspace.book_place(), workspace.clone());
                Arc::new(move || {
                    if let Some(beside) = workspace.left_without_book() {
                        return Err(StoreError::Lost { beside, place: place.to_string() });
                    }
                    if read_only { bookkeeping::open_read_only(&place) } else { bookkeeping::open(&place) }
                })
            }),
            open_results: Box::new(|folder| Box::new(DiskResults::of_folder(folder))),
        }
    }
}

/// What opens workspaces, on whatever thread.
pub(super) struct Opener {
    pub(super) world: World,
    pub(super) read_only: bool,
    pub(super) notices: Sender<Notice>,
}

impl Opener {
    pub(super) fn opened(&self, path: &Path) -> Result<Open, String> {
        if let Some(instead) = doctor::what_is_there(path) {
            return Err(instead);
        }
        if path.join(Workspace::SETTINGS_FILE).is_file() {
            let workspace = Workspace::open(path).map_err(|error| error.to_string())?;
            self.opened_workspace(workspace)
        } else {
            self.opened_bare(path)
        }
    }

    fn opened_workspace(&self, workspace: Workspace) -> Result<Open, String> {
        let facts = WorkspaceFacts::of(&workspace, self.read_only).map_err(|error| error.to_string())?;
        let detector = facts.detector.clone();
        let stop = Arc::new(AtomicBool::new(false));
        let (outbox, updates) = self.outbox(&stop);
        let (results, results_errands) = crossbeam_channel::bounded(16);
        let (book, book_errands) = crossbeam_channel::bounded(64);
        let (event, event_errands) = crossbeam_channel::bounded(64);
        let (close, close_errands) = crossbeam_channel::bounded(64);
        let (runs, runs_errands) = crossbeam_channel::bounded(64);
        let folder = (self.world.open_results)(&workspace.results());
        let mut tasks = WorkspaceTasks::of(&workspace);
        let (registry, task_faults) = tasks.read(&workspace.settings.time_zone);
        let registry = Arc::new(registry);
        let poller = ResultPoller::new(registry.clone(), detector.clone(), folder, &workspace.settings);
        let progress = poller.progress();
        pollers::spawn_results(poller, results_errands, outbox.clone());
        let open_store = (self.world.open_store)(&workspace, self.read_only);
        pollers::spawn_book(open_store.clone(), workspace.clone(), book_errands, outbox.clone());
        runs_desk::spawn(open_store.clone(), &workspace.settings, runs_errands, outbox.clone());
        close_looks::spawn(open_store, workspace.clone(), close_errands, outbox.clone());
        let event_poller = EventPoller::new(detector, workspace.settings.reconstruction.clone(), workspace.root.clone());
        let raw_files = workspace.clone();
        pollers::spawn_event(event_poller, move |file| raw_files.raw_file(file), event_errands, outbox.clone());
        let mut checks = WorkspaceChecks::of(&workspace);
        let (read, check_faults) = checks.read();
        pollers::spawn_settings(&workspace, tasks, checks, outbox);
        let mut live = Live::new(registry, Origin::Live, facts);
        live.faults("tasks", task_faults);
        live.take_checks(read, check_faults);
        Ok(Open {
            live,
            workspace: Some(workspace),
            stop,
            updates,
            results,
            book: Some(book),
            event: Some(event),
            close: Some(close),
            runs: Some(runs),
            progress,
            begun: Timestamp::now(),
            newest_file: None,
            told: Vec::new(),
        })
    }

    fn opened_bare(&self, path: &Path) -> Result<Open, String> {
        let facts = WorkspaceFacts::bare(path).map_err(|error| error.to_string())?;
        let (registry, folder) = bare_tasks(path).map_err(|error| error.to_string())?;
        let registry = Arc::new(registry);
        let stop = Arc::new(AtomicBool::new(false));
        let (outbox, updates) = self.outbox(&stop);
        let (results, results_errands) = crossbeam_channel::bounded(16);
        let poller = ResultPoller::new(registry.clone(), facts.detector.clone(), folder, &Settings::default());
        let progress = poller.progress();
        pollers::spawn_results(poller, results_errands, outbox.clone());
        let event = bare_raw_file(path, &facts.detector).map(|file| {
            let (event, errands) = crossbeam_channel::bounded(64);
            let poller = EventPoller::new(facts.detector.clone(), Settings::default().reconstruction, facts.root.clone());
            let path = path.to_owned();
            pollers::spawn_event(poller, move |_| path.clone(), errands, outbox);
            // The channel is new and has room.
            let _ = event.try_send(EventErrand::Newest(Some(file)));
            event
        });
        let live = Live::new(registry, Origin::Bare, facts);
        Ok(Open {
            live,
            workspace: None,
            stop,
            updates,
            results,
            book: None,
            event,
            close: None,
            runs: None,
            progress,
            begun: Timestamp::now(),
            newest_file: None,
            told: Vec::new(),
        })
    }

    fn outbox(&self, stop: &Arc<AtomicBool>) -> (Outbox, Receiver<Update>) {
        let (sender, receiver) = crossbeam_channel::bounded(64);
        (Outbox { updates: sender, notices: self.notices.clone(), stop: stop.clone() }, receiver)
    }
}

/// Makes a workspace with its book; answers that can't be are refused before anything is made.
pub(super) fn create(new: &NewWorkspace) -> Result<PathBuf, String> {
    if let Some(why) = doctor::hindrance_of(new) {
        return Err(format!("workspace not made: {why}"));
    }
    let workspace = new.make().map_err(|error| error.to_string())?;
    bookkeeping::open(&workspace.book_place()).map_err(|error| error.to_string())?;
    Ok(workspace.root)
}
