//! A past shift: what a live one is made of, each part as of an instant, put together by the code that shows the live one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use monitasks::vocab::Run;

use super::book::PastBook;
use super::changes::{BookChanges, What};
use super::marks::marks;
use super::results::PastResults;
use crate::bookkeeping::{self, SqliteStore, Store, StoreError};
use crate::config::{Settings, Workspace, WorkspaceError};
use crate::detector::DetectorError;
use crate::live::{
    BareError, DiskResults, EventPoller, EventWish, Live, ResultPoller, WorkspaceChecks, WorkspaceTasks, bare_tasks,
    newest_raw_file,
};
use crate::snapshot::{Origin, ReplayMark, Snapshot, WorkspaceFacts};

/// Why there is no past to be shown.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    /// The book can't be read or made.
    #[error(transparent)]
    Book(#[from] StoreError),
    /// The workspace can't be opened.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The detector file can't be used.
    #[error(transparent)]
    Detector(#[from] DetectorError),
    /// The files can't be looked at.
    #[error(transparent)]
    Bare(#[from] BareError),
    /// Nothing happened in it.
    #[error("nothing to replay: nothing has happened in it yet: {}", .0.display())]
    Empty(PathBuf),
    /// It is nothing that can be replayed.
    #[error("nothing to replay: {why}; there are workspaces, folders of results, a book's export (.jsonl) and a copy of one (.sqlite): {}", path.display())]
    NotKnown {
        /// Why.
        why: String,
        /// What was asked for.
        path: PathBuf,
    },
}

/// A past shift that stands at an instant.
pub struct PastShift {
    name: String,
    workspace: Workspace,
    live: Live,
    whole: Arc<BookChanges>,
    book: PastBook,
    results: PastResults,
    events: EventPoller,
    wish: EventWish,
    span: (Timestamp, Timestamp),
    marks: Arc<Vec<ReplayMark>>,
    hides_decisions: bool,
    faults: Vec<String>,
}

impl PastShift {
    /// The past of a workspace, of a bare folder of results, or of a book or an export of one, which is then shown with the settings of `beside`, none for those
    /// of a new workspace.
    ///
    /// # Errors
    /// When there is nothing to replay, or it can't be read.
    pub fn open(path: &Path, beside: Option<&Workspace>) -> Result<Self, PastError> {
        if path.join(Workspace::SETTINGS_FILE).is_file() {
            let workspace = Workspace::open(path)?;
            return PastShift::of_workspace(&workspace);
        }
        if path.is_dir() {
            return PastShift::of_results(path);
        }
        if !path.is_file() {
            let why = "there is no such file or folder".to_owned();
            return Err(PastError::NotKnown { why, path: path.to_owned() });
        }
        let mut store = SqliteStore::in_memory()?;
        bookkeeping::bring_in(&mut store, path)?;
        let workspace = beside.cloned().unwrap_or_else(|| around(path.parent().unwrap_or(Path::new("."))));
        PastShift::of(&workspace, &store, name_of(path))
    }

    /// The past of a bare folder of results: each is there from when it says that it was made, else from its file's time.
    fn of_results(path: &Path) -> Result<Self, PastError> {
        let facts = WorkspaceFacts::bare(path)?;
        let (registry, folder) = bare_tasks(path)?;
        let workspace = around(path);
        let registry = Arc::new(registry);
        let poller = ResultPoller::new(registry.clone(), facts.detector.clone(), folder, &workspace.settings);
        let live = Live::new(registry, Origin::Replay, facts.clone());
        PastShift::put_together((&workspace, name_of(path)), &SqliteStore::in_memory()?, poller, live, &facts)
    }

    /// The past of a workspace.
    ///
    /// # Errors
    /// When its book or its detector file can't be read.
    pub fn of_workspace(workspace: &Workspace) -> Result<Self, PastError> {
        let store: Box<dyn Store> = match bookkeeping::open_read_only(&workspace.book_place()) {
            Ok(store) => store,
            // Results alone have a past too.
            Err(StoreError::Missing { .. }) => Box::new(SqliteStore::in_memory()?),
            Err(error) => return Err(error.into()),
        };
        PastShift::of(workspace, store.as_ref(), name_of(&workspace.root))
    }

    fn of(workspace: &Workspace, store: &dyn Store, name: String) -> Result<Self, PastError> {
        let facts = WorkspaceFacts::of(workspace, true)?;
        let (registry, task_faults) = WorkspaceTasks::of(workspace).read_whole(&workspace.settings.time_zone);
        let registry = Arc::new(registry);
        let folder = Box::new(DiskResults::of_folder(&workspace.results()));
        let poller = ResultPoller::new(registry.clone(), facts.detector.clone(), folder, &workspace.settings);
        let mut live = Live::new(registry, Origin::Replay, facts.clone());
        live.faults("tasks", task_faults);
        let (checks, check_faults) = WorkspaceChecks::of(workspace).read();
        live.take_checks(checks, check_faults);
        PastShift::put_together((workspace, name), store, poller, live, &facts)
    }

    fn put_together(
        (workspace, name): (&Workspace, String),
        store: &dyn Store,
        mut poller: ResultPoller,
        live: Live,
        facts: &WorkspaceFacts,
    ) -> Result<Self, PastError> {
        let whole = Arc::new(BookChanges::read(store)?);
        poller.poll_whole(Timestamp::now());
        let results = PastResults::new(poller, &whole);
        let settings = workspace.settings.reconstruction.clone();
        let events = EventPoller::new(facts.detector.clone(), settings, workspace.root.clone());
        let (span, strangers) = span_of(whole.span(), results.times()).ok_or_else(|| PastError::Empty(workspace.root.clone()))?;
        let marks = Arc::new(marks_within(span, &whole, &results));
        let book = PastBook::new(whole.clone(), workspace)?;
        let mut faults = whole.faults().to_vec();
        if strangers > 0 {
            faults.push(format!(
                "{strangers} results have times far from those of the shift, as copied files do that say nothing of when they were made: \
                 they stand in the replay only at these times"
            ));
        }
        let workspace = workspace.clone();
        let (wish, hides_decisions) = (EventWish::Newest, false);
        Ok(PastShift { name, workspace, live, whole, book, results, events, wish, span, marks, hides_decisions, faults })
    }

    /// Brings the shift to an instant and answers what it looked like, with what people have said in the replay.
    ///
    /// # Errors
    /// When its book can't be made.
    pub fn snapshot(&mut self, at: Timestamp) -> Result<Snapshot, PastError> {
        self.live.take_results(self.results.at(at));
        let book = self.book.at(at)?;
        let newest = newest_raw_file(&book.runs);
        // An event out of a file that was not there yet is none of that instant.
        let is_there = |file| book.runs.iter().any(|run| run.files.iter().any(|known| known.file == file));
        let wish = match self.wish {
            EventWish::Chosen { file, .. } if !is_there(file) => EventWish::Newest,
            wish => wish,
        };
        self.live.take_book(book);
        let workspace = &self.workspace;
        match newest {
            Some(_) => {
                if let Some(event) = self.events.look(wish, newest, |file| workspace.raw_file(file)) {
                    self.live.take_event(Arc::new(event));
                }
            }
            None => {
                self.events.forget();
                self.live.take_event(Arc::default());
            }
        }
        Ok(self.live.snapshot(at))
    }

    /// The part that draws, for what is watched and compared.
    pub fn live(&mut self) -> &mut Live {
        &mut self.live
    }

    /// The book as it stands.
    pub fn book(&mut self) -> &mut PastBook {
        &mut self.book
    }

    /// The event that is wished for from now on.
    pub fn wish(&mut self, wish: EventWish) {
        self.wish = wish;
    }

    /// The waveform of this strip is shown from now on.
    pub fn choose_strip(&mut self, strip: monitasks::detector::Strip) {
        if let Some(view) = self.events.choose_strip(strip) {
            self.live.take_event(Arc::new(view));
        }
    }

    /// The run of which all that was said is to be in snapshots.
    pub fn look_at(&mut self, run: Option<Run>) {
        self.book.look_at(run);
    }

    /// Hides what people decided, or shows it again.
    ///
    /// # Errors
    /// When the book can't be made anew.
    pub fn hide_decisions(&mut self, hides: bool) -> Result<(), PastError> {
        if hides != self.hides_decisions {
            self.hides_decisions = hides;
            let changes = if hides { Arc::new(self.whole.hiding_decisions()) } else { self.whole.clone() };
            self.marks = Arc::new(marks_within(self.span, &changes, &self.results));
            self.book.take_changes(changes)?;
        }
        Ok(())
    }

    /// Whether what people decided is hidden.
    #[must_use]
    pub fn hides_decisions(&self) -> bool {
        self.hides_decisions
    }

    /// All that happened to the book, decisions too.
    #[must_use]
    pub fn whole(&self) -> &Arc<BookChanges> {
        &self.whole
    }

    /// What is replayed.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The workspace with whose settings it is shown.
    #[must_use]
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// The first and the last moment at which anything happened.
    #[must_use]
    pub fn span(&self) -> (Timestamp, Timestamp) {
        self.span
    }

    /// What there is to go to, by time.
    #[must_use]
    pub fn marks(&self) -> Arc<Vec<ReplayMark>> {
        self.marks.clone()
    }

    /// What is wrong with what is replayed.
    #[must_use]
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    /// The moments at which anything happened, in order, several at one moment once.
    #[must_use]
    pub fn moments(&self) -> Vec<Timestamp> {
        let of_book = self.book.changes().iter().filter(|(_, what)| !matches!(what, What::Story(_))).map(|(at, _)| at);
        let all = of_book.chain(self.results.times().iter().copied());
        let mut all: Vec<Timestamp> = all.filter(|at| (self.span.0..=self.span.1).contains(at)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The marks that stand on the line.
fn marks_within(span: (Timestamp, Timestamp), changes: &BookChanges, results: &PastResults) -> Vec<ReplayMark> {
    let mut all = marks(changes, results.times());
    all.retain(|mark| (span.0..=span.1).contains(&mark.at));
    all
}

/// A result farther from the shift than this is none of it.
const FAR: SignedDuration = SignedDuration::from_hours(24 * 45);

/// From the first to the last moment of a book and of results, and how many results are far from all that the book tells of.
fn span_of(book: Option<(Timestamp, Timestamp)>, results: &[Timestamp]) -> Option<((Timestamp, Timestamp), usize)> {
    let is_near = |at: &&Timestamp| match book {
        Some((first, last)) => first.duration_since(**at) < FAR && at.duration_since(last) < FAR,
        None => **at > Timestamp::MIN,
    };
    let near: Vec<Timestamp> = results.iter().filter(is_near).copied().collect();
    let of_results = near.first().copied().zip(near.last().copied());
    let strangers = if book.is_some() { results.len() - near.len() } else { 0 };
    let span = match (book, of_results) {
        (Some(book), Some(results)) => (book.0.min(results.0), book.1.max(results.1)),
        (one, other) => one.or(other)?,
    };
    Some((span, strangers))
}

/// What a path is called.
fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// A folder as if it were a workspace with the settings of a new one.
fn around(root: &Path) -> Workspace {
    Workspace { root: root.to_owned(), settings: Settings::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_another_year_do_not_make_a_point_of_a_night() {
        let at = |hour: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour);
        let results = [at(-200), at(3), at(9), at(90_000)];
        assert_eq!(span_of(Some((at(0), at(8))), &results), Some(((at(-200), at(9)), 1)));
        assert_eq!(span_of(None, &results), Some(((at(-200), at(90_000)), 0)));
        assert_eq!(span_of(None, &[]), None);
    }
}
