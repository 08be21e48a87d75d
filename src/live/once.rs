//! The shift as it stands now, read once in a row: for commands that need no window.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use monitasks::vocab::FileId;

use super::{
    BareError, BookPoller, BookView, DiskResults, EventPoller, EventWish, Live, ResultPoller, WorkspaceTasks, bare_tasks,
};
use crate::bookkeeping::SqliteStore;
use crate::config::{Settings, Workspace};
use crate::detector::{self, DetectorError};
use crate::snapshot::{FileStage, Origin, RunRow, WorkspaceFacts};

impl WorkspaceFacts {
    /// The facts of a workspace that is opened.
    ///
    /// # Errors
    /// When its detector file can't be used.
    pub fn of(workspace: &Workspace, read_only: bool) -> Result<Self, DetectorError> {
        let settings = &workspace.settings;
        let detector = detector::load(&settings.detector, &settings.channel_map, &workspace.root)?;
        Ok(WorkspaceFacts {
            root: workspace.root.clone(),
            detector: Arc::new(detector),
            read_only,
            people: settings.people.names.clone(),
            roles: settings.people.roles.clone(),
            comments: settings.people.comments.clone(),
        })
    }

    /// The facts of a file or folder of results that is looked at with no workspace: the default detector, nothing written.
    ///
    /// # Errors
    /// When the shipped detector file can't be used.
    pub fn bare(path: &Path) -> Result<Self, DetectorError> {
        let detector = detector::load(&Settings::default().detector, "", path)?;
        let root = path.to_owned();
        let (people, roles, comments) = (Vec::new(), Vec::new(), Vec::new());
        Ok(WorkspaceFacts { root, detector: Arc::new(detector), read_only: true, people, roles, comments })
    }
}

impl Live {
    /// Everything a workspace has now. A book that can't be read is a banner in the snapshot, not an error.
    ///
    /// # Errors
    /// When the detector file can't be used.
    pub fn read_workspace(workspace: &Workspace, now: Timestamp) -> Result<Live, DetectorError> {
        let facts = WorkspaceFacts::of(workspace, true)?;
        let detector = facts.detector.clone();
        let (registry, task_faults) = WorkspaceTasks::of(workspace).read(&workspace.settings.time_zone);
        let registry = Arc::new(registry);
        let folder = Box::new(DiskResults::of_folder(&workspace.results()));
        let mut results = ResultPoller::new(registry.clone(), detector.clone(), folder, &workspace.settings);
        results.poll(now);
        let book = match SqliteStore::open_read_only(&workspace.book()) {
            Ok(store) => BookPoller::new(Box::new(store), workspace).poll(now).unwrap_or_default(),
            Err(error) => BookView::away(error.to_string()),
        };
        let newest = newest_raw_file(&book.runs);
        let event = EventPoller::new(detector).look(EventWish::Newest, newest, |file| workspace.raw_file(file));
        let mut live = Live::new(registry, Origin::Live, facts);
        live.faults("tasks", task_faults);
        live.take_results(Arc::new(results.view()));
        live.take_book(Arc::new(book));
        live.take_event(Arc::new(event.unwrap_or_default()));
        Ok(live)
    }

    /// The results in a file or folder, with no workspace; of a ROOT file its histograms and graphs.
    ///
    /// # Errors
    /// When the shipped detector file can't be used, or a ROOT file has nothing to show.
    pub fn read_bare(path: &Path, now: Timestamp) -> Result<Live, BareError> {
        let facts = WorkspaceFacts::bare(path)?;
        let (registry, folder) = bare_tasks(path)?;
        let registry = Arc::new(registry);
        let mut results = ResultPoller::new(registry.clone(), facts.detector.clone(), folder, &Settings::default());
        results.poll(now);
        let mut live = Live::new(registry, Origin::Bare, facts);
        live.take_results(Arc::new(results.view()));
        Ok(live)
    }
}

/// The newest raw file that stands in the storage.
#[must_use]
pub fn newest_raw_file(runs: &[RunRow]) -> Option<FileId> {
    let files = runs.iter().flat_map(|run| &run.files);
    files.filter(|file| file.stage >= FileStage::Queued && file.stage != FileStage::Failed).map(|file| file.file).max()
}
