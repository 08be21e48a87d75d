//! The shift as it stands now, read once in a row: for commands that need no window.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use monitasks::detector::{Detector, Strip};
use monitasks::registry::TaskRegistry;
use monitasks::vocab::{FileId, Run};

use super::bare::is_root_file;
use super::{
    BareError, BookPoller, BookView, DiskResults, EventPoller, EventView, EventWish, Live, ResultPoller, WorkspaceChecks,
    WorkspaceTasks, bare_tasks,
};
use crate::bookkeeping;
use crate::config::{Settings, Workspace};
use crate::detector::{self, DetectorError};
use crate::rawdata::RawReader;
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
            usable_for: settings.decisions.usable_for.clone(),
        })
    }

    /// The facts of a file or folder that is looked at with no workspace: nothing written, and the default detector, or the
    /// shipped one whose raw file it is.
    ///
    /// # Errors
    /// When a shipped detector file can't be used.
    pub fn bare(path: &Path) -> Result<Self, DetectorError> {
        let mut detector = detector::load(&Settings::default().detector, "", path)?;
        if path.is_file() && bare_raw_file(path, &detector).is_none() {
            for name in detector::shipped() {
                let other = detector::load(name, "", path)?;
                if bare_raw_file(path, &other).is_some() {
                    detector = other;
                    break;
                }
            }
        }
        let root = path.to_owned();
        let (people, roles, comments) = (Vec::new(), Vec::new(), Vec::new());
        let usable_for = Vec::new();
        Ok(WorkspaceFacts { root, detector: Arc::new(detector), read_only: true, people, roles, comments, usable_for })
    }
}

impl Live {
    /// Everything a workspace has now. A book that can't be read is a banner in the snapshot, not an error.
    ///
    /// # Errors
    /// When the detector file can't be used.
    pub fn read_workspace(workspace: &Workspace, look: &EventLook, now: Timestamp) -> Result<Live, DetectorError> {
        let facts = WorkspaceFacts::of(workspace, true)?;
        let detector = facts.detector.clone();
        let (registry, task_faults) = WorkspaceTasks::of(workspace).read_whole(&workspace.settings.time_zone);
        let registry = Arc::new(registry);
        let folder = Box::new(DiskResults::of_folder(&workspace.results()));
        let mut results = ResultPoller::new(registry.clone(), detector.clone(), folder, &workspace.settings);
        results.poll_whole(now);
        let book = match bookkeeping::open_read_only(&workspace.book_place()) {
            Ok(store) => {
                let mut poller = BookPoller::new(store, workspace);
                poller.look_at(look.run);
                poller.poll(now).unwrap_or_default()
            }
            Err(error) => BookView::away(error.to_string()),
        };
        let newest = newest_raw_file(&book.runs);
        let mut poller = EventPoller::new(detector, workspace.settings.reconstruction.clone(), workspace.root.clone());
        let event = look.read(&mut poller, newest, |file| workspace.raw_file(file));
        let mut live = Live::new(registry, Origin::Live, facts);
        live.faults("tasks", task_faults);
        let (checks, check_faults) = WorkspaceChecks::of(workspace).read();
        live.take_checks(checks, check_faults);
        live.take_results(Arc::new(results.view()));
        live.take_book(Arc::new(book));
        live.take_event(Arc::new(event));
        Ok(live)
    }

    /// The results in a file or folder, or the event of a raw file, with no workspace; of a ROOT file its histograms and graphs.
    ///
    /// # Errors
    /// When the shipped detector file can't be used, or a ROOT file has nothing to show.
    pub fn read_bare(path: &Path, look: &EventLook, now: Timestamp) -> Result<Live, BareError> {
        let facts = WorkspaceFacts::bare(path)?;
        if let Some(file) = bare_raw_file(path, &facts.detector) {
            return Ok(Live::read_raw(path, file, look, facts));
        }
        let (registry, folder) = bare_tasks(path)?;
        let registry = Arc::new(registry);
        let mut results = ResultPoller::new(registry.clone(), facts.detector.clone(), folder, &Settings::default());
        results.poll(now);
        let mut live = Live::new(registry, Origin::Bare, facts);
        live.take_results(Arc::new(results.view()));
        Ok(live)
    }

    /// One event of a raw file that stands alone.
    fn read_raw(path: &Path, file: FileId, look: &EventLook, facts: WorkspaceFacts) -> Live {
        let mut poller = EventPoller::new(facts.detector.clone(), Settings::default().reconstruction, facts.root.clone());
        let mut live = Live::new(Arc::new(TaskRegistry::built_in()), Origin::Bare, facts);
        live.take_event(Arc::new(look.read(&mut poller, Some(file), |_| path.to_owned())));
        live
    }
}

/// Which run, event and strip a command looks at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventLook {
    /// The run that is looked at, however old it is; the newest when none is named.
    pub run: Option<Run>,
    /// The event's place in its file, from 0; the first when none is named.
    pub index: Option<u32>,
    /// The strip whose waveform is shown; the one with the highest hit when none is named.
    pub strip: Option<Strip>,
}

impl EventLook {
    /// Reads the event out of the newest file.
    fn read(self, poller: &mut EventPoller, newest: Option<FileId>, path_of: impl Fn(FileId) -> PathBuf) -> EventView {
        let wish = match (self.index, newest) {
            (Some(index), Some(file)) => EventWish::Chosen { file, index },
            _ => EventWish::Newest,
        };
        let view = poller.look(wish, newest, path_of);
        let with_strip = self.strip.and_then(|strip| poller.choose_strip(strip));
        with_strip.or(view).unwrap_or_default()
    }
}

/// What a raw file that stands alone is called: by its name, else by its run header. None for a file that is no raw file.
#[must_use]
pub fn bare_raw_file(path: &Path, detector: &Detector) -> Option<FileId> {
    // Looking for events in a large ROOT file would take as long as drawing what is in it.
    if !path.is_file() || is_root_file(path) {
        return None;
    }
    let reader = RawReader::open(path, &detector.readout).ok().filter(|reader| reader.count() > 0)?;
    let by_name = path.file_name().and_then(|name| detector.match_raw_name(&name.to_string_lossy()));
    Some(by_name.unwrap_or_else(|| FileId::new(reader.run().0, 0)))
}

/// The newest raw file that stands in the storage.
#[must_use]
pub fn newest_raw_file(runs: &[RunRow]) -> Option<FileId> {
    let files = runs.iter().flat_map(|run| &run.files);
    files.filter(|file| file.stage >= FileStage::Held && file.stage != FileStage::Failed).map(|file| file.file).max()
}
