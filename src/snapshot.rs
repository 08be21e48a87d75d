//! What the window looks at: one moment of the shift as plain data, never changed once published.
//!
//! Both sources make it, the live one and the replay, so the window cannot tell them apart but by [`Origin`]. It holds the
//! figures that are being watched and no others; everything else is small.

mod beside;
mod desk;
mod judged;
mod only;
mod people;
mod plots;
mod processing;
pub mod provenance;
mod replay;
mod runs;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use monitasks::checks::verdict::Verdict;
use monitasks::detector::{Detector, Strip};
use monitasks::figure::Figure;
use monitasks::quality::{Flag, State};
use monitasks::task::Glance;
use monitasks::vocab::{FileId, Run};

pub use beside::{Answer, AnswersShown, Beside, DoctorShown, Finding, LongWork, Question, Recent};
pub use desk::{DeskShown, Due, Dues, LayoutShown, PaneShown, ReviewPlot};
pub use judged::{FileFlagShown, FlagShown, JudgedShown, SaidShown, StageShown, StatusShown};
pub use only::Only;
pub use people::{
    AlarmRow, FollowUpRow, IssueRow, MeetingShown, PeopleShown, ProblemRow, SaidRow, ShiftRow, ToDoRow, UndecidedRow,
};
pub use plots::{FigureKey, PlotView, Ranking};
pub use processing::{
    BackendHealth, ClassRow, CloseLook, CloseSubject, CopyRow, DiskRow, FlowShown, LatencyRow, ProcessingShown, PutOffRow,
    StoryLine, WatcherRow, in_short,
};
pub use replay::{REPLAY_SPEEDS, ReplayMark, ReplayMarkKind, ReplayShown};
pub use runs::{
    BulkShown, Cell, Field, FieldKind, QueryError, RunTable, RunsAsk, RunsShown, SortKey, Suggestion, SuggestionKind,
};

/// One moment of the shift.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Counts up with each one published.
    pub serial: u64,
    /// When it was put together.
    pub taken_at: Timestamp,
    /// Where it came from.
    pub origin: Origin,
    /// The workspace; none while nothing is open, and the window shows its welcome page.
    pub workspace: Option<WorkspaceFacts>,
    /// What everybody should know at once: a service away, settings refused.
    pub banners: Vec<Banner>,
    /// The backend that does the processing.
    pub backend: Backend,
    /// The task tree.
    pub tasks: Vec<TaskNode>,
    /// The figures that were asked for by `watch`, as far as they are made.
    pub figures: BTreeMap<FigureKey, Arc<Figure>>,
    /// What checks think of them and of each item's newest plot, under their keys with [`PlotView::Bounds`]; none where no check
    /// judges one.
    pub verdicts: BTreeMap<FigureKey, Arc<Vec<Verdict>>>,
    /// What was asked to be compared.
    pub ranking: Option<Arc<Ranking>>,
    /// The event that the event display shows.
    pub event: Option<EventShown>,
    /// The newest runs, and of older ones those that are not over, those that are undecided and the one looked at; newest last. All
    /// runs there are stand in `run_table`.
    pub runs: Vec<RunRow>,
    /// Runs of the book that are older and are not among them.
    pub older_runs: usize,
    /// The run looked at, when it has no data here and is known from what people said alone, as from a run list.
    pub listed: Option<RunRow>,
    /// Files in incoming that match no name pattern and were not taken.
    pub not_taken: Vec<NotTaken>,
    /// What the Processing page shows beyond the runs.
    pub processing: ProcessingShown,
    /// The table of the Runs page; none while the book was not read.
    pub run_table: Option<Arc<RunsShown>>,
    /// What was said of the run that is looked at; none until the book has told it.
    pub judged: Option<Arc<JudgedShown>>,
    /// What people said: shifts, problems, the meeting's list.
    pub people: PeopleShown,
    /// What the workspace's files say of the desk: layouts, plots of reviews.
    pub desk: Arc<DeskShown>,
    /// What stands beside the shift: the welcome page's answers, the doctor's findings, long work.
    pub beside: Beside,
    /// What is replayed, and where the replay is; none for the shift as it goes.
    pub replay: Option<Arc<ReplayShown>>,
}

/// Where a snapshot came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Nothing is open.
    Nothing,
    /// The shift as it goes.
    Live,
    /// A file or folder of results, looked at with no workspace.
    Bare,
    /// A past instant of a shift.
    Replay,
}

/// The workspace that is open.
#[derive(Debug, Clone)]
pub struct WorkspaceFacts {
    /// Its folder, or the file or folder looked at.
    pub root: PathBuf,
    /// The detector's facts.
    pub detector: Arc<Detector>,
    /// Whether nothing may be written.
    pub read_only: bool,
    /// Names offered when a decision is made.
    pub people: Vec<String>,
    /// Roles offered when a decision is made.
    pub roles: Vec<String>,
    /// Comments offered when a decision is made.
    pub comments: Vec<String>,
    /// What data may be said to be usable for.
    pub usable_for: Vec<String>,
}

/// A line across the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// Whether something is broken, and not merely worth knowing.
    pub is_fault: bool,
    /// What, why, what there is instead, path last.
    pub text: String,
}

/// The state of the workspace's backend.
#[derive(Debug, Clone, PartialEq)]
pub enum Backend {
    /// None has the lease.
    Stopped,
    /// One has it and its heart beats.
    Running {
        /// `host:pid`.
        owner: String,
        /// Its last heartbeat.
        heartbeat: Timestamp,
    },
    /// One had it and its heart has stopped.
    Lost {
        /// `host:pid`.
        owner: String,
        /// Its last heartbeat.
        heartbeat: Timestamp,
    },
    /// The book can't say.
    Unknown,
}

/// A branch of the task tree.
#[derive(Debug, Clone)]
pub struct TaskNode {
    /// Its name in commands.
    pub name: String,
    /// Its name in the tree.
    pub title: String,
    /// What it watches and why that matters.
    pub about: String,
    /// The worst of its items, or `CannotJudge` when the task itself failed.
    pub state: State,
    /// Why the task itself failed: the message of a panic or a missing input.
    pub fault: Option<String>,
    /// Results read so far.
    pub results: usize,
    /// Results that can't be read, with the reason.
    pub unread: Vec<(String, String)>,
    /// Its leaves.
    pub items: Vec<ItemNode>,
}

/// A leaf of the task tree.
#[derive(Debug, Clone)]
pub struct ItemNode {
    /// Its name in commands.
    pub name: String,
    /// Its name in the tree.
    pub title: String,
    /// What is seen and what it should look like.
    pub about: String,
    /// State and last value; where checks judge it, theirs is the state.
    pub glance: Glance,
    /// What each of its checks thinks of its newest plot.
    pub verdicts: Arc<Vec<Verdict>>,
    /// When its newest data were taken.
    pub newest: Option<Timestamp>,
    /// Its last readings, oldest first; empty where it has none.
    pub spark: Arc<[f32]>,
}

/// The event that the event display shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventShown {
    /// Its raw file.
    pub file: FileId,
    /// Its place in the file, from 0.
    pub index: u32,
    /// Events in the file that can be read.
    pub of: u32,
    /// Whether it follows the newest file as files arrive.
    pub follows_newest: bool,
    /// The strip whose waveform is shown.
    pub strip: Option<Strip>,
}

/// The names of the event display's layers that show what was found in the event, not the event itself.
pub const FOUND_LAYERS: [&str; 2] = ["hits", "2D tracks"];

/// A run.
#[derive(Debug, Clone)]
pub struct RunRow {
    /// Its number.
    pub run: Run,
    /// When its first data were written by the DAQ.
    pub start: Option<Timestamp>,
    /// When its last data were written by the DAQ.
    pub end: Option<Timestamp>,
    /// Whether no more files are expected.
    pub has_ended: bool,
    /// The flag in force.
    pub flag: Flag,
    /// Its decisions, oldest first; the last is in force.
    pub decisions: Vec<DecisionRow>,
    /// Its files, by sequence.
    pub files: Vec<FileRow>,
    /// Its results: group, members, which results are there.
    pub groups: Vec<GroupRow>,
    /// Its processings, by number.
    pub processings: Vec<ProcessingRow>,
}

impl RunRow {
    /// A run of which nothing is known but its number.
    #[must_use]
    pub fn empty(run: Run) -> Self {
        RunRow {
            run,
            start: None,
            end: None,
            has_ended: false,
            flag: Flag::Unchecked,
            decisions: Vec::new(),
            files: Vec::new(),
            groups: Vec::new(),
            processings: Vec::new(),
        }
    }
}

/// A decision as recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionRow {
    /// Its number in the book.
    pub id: i64,
    /// When it was made.
    pub at: Timestamp,
    /// What was decided.
    pub flag: Flag,
    /// Why.
    pub comment: String,
    /// By whom.
    pub who: String,
    /// In which role.
    pub role: String,
}

/// A raw file on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct FileRow {
    /// Its name.
    pub file: FileId,
    /// How far it has come.
    pub stage: FileStage,
    /// The class of its failure on its way into the storage, in a word: `copy`.
    pub class: Option<String>,
    /// Why it failed, or what it waits for.
    pub reason: Option<String>,
    /// Its size, bytes.
    pub size_bytes: u64,
    /// When it got to this stage.
    pub since: Timestamp,
    /// Its newest job.
    pub job: Option<JobRow>,
    /// What became of it in each processing, by number.
    pub passes: Vec<PassRow>,
}

/// A raw file in one processing.
#[derive(Debug, Clone, PartialEq)]
pub struct PassRow {
    /// The processing's number.
    pub processing: u32,
    /// Its lane.
    pub lane: String,
    /// How far it has come.
    pub stage: FileStage,
    /// When it got there.
    pub since: Timestamp,
    /// The class of its failure, in a word: `input_damaged`.
    pub class: Option<String>,
    /// Why it failed, a finding, or who holds it.
    pub reason: Option<String>,
    /// Who holds it, for one that a person holds.
    pub held_by: Option<String>,
    /// Job attempts so far.
    pub attempts: u32,
    /// When it is tried again without anybody asking.
    pub retry_at: Option<Timestamp>,
    /// Its newest job.
    pub job: Option<JobRow>,
    /// The earlier processing whose failure this one has taken over; time, attempts and job are that one's.
    pub failed_in: Option<u32>,
}

/// A processing of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessingRow {
    /// Its number.
    pub processing: u32,
    /// Its lane.
    pub lane: String,
    /// How far it has come: `held`, `open`, `done`.
    pub step: String,
    /// Since when.
    pub since: Timestamp,
    /// Why there is one.
    pub because: String,
    /// What holds it.
    pub hold: Option<HoldRow>,
    /// Products that are not there.
    pub missing: Vec<String>,
    /// Whether it is to be published.
    pub to_publish: bool,
}

/// What keeps a processing from starting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldRow {
    /// The lane's rule.
    pub rule: String,
    /// What it says of the run.
    pub words: String,
    /// Since when.
    pub since: Timestamp,
    /// When it will pass, where a clock can tell.
    pub until: Option<Timestamp>,
}

/// How far a raw file has come, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileStage {
    /// The DAQ has closed it.
    Arrived,
    /// It is being copied to the storage.
    Copying,
    /// It is in the storage and its lane's rules, or a person, hold it.
    Held,
    /// It is in the storage and waits for a job.
    Queued,
    /// Its job has been given to the batch system.
    Running,
    /// Its reconstructed file has been accepted.
    Reconstructed,
    /// It is in a result.
    Analysed,
    /// Something went wrong; the reason stands beside it.
    Failed,
}

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRow {
    /// Its number in the book.
    pub id: i64,
    /// Its name: `reco_run1-seq0`.
    pub name: String,
    /// `queued`, `running`, `done`, `failed`, `held`, `unknown`.
    pub state: String,
    /// When it was submitted.
    pub submitted: Timestamp,
    /// When it started.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// CPU time used, s.
    pub cpu_s: Option<f64>,
    /// Wall time used, s.
    pub wall_s: Option<f64>,
    /// Highest resident memory, bytes.
    pub peak_memory_bytes: Option<u64>,
    /// What it ended with.
    pub exit_status: Option<i32>,
    /// Its script.
    pub script: PathBuf,
    /// What it printed.
    pub log: PathBuf,
}

/// A group of files of a run that were, or will be, analysed together.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupRow {
    /// Its name: `run1-p1-g0`.
    pub name: String,
    /// Its processing.
    pub processing: u32,
    /// Its number in the processing, from 0.
    pub group: u32,
    /// Its lane.
    pub lane: String,
    /// How far it has come: `analysing`, `done`, `failed`.
    pub step: String,
    /// When it got there.
    pub since: Timestamp,
    /// Its analyses, in the order they are made.
    pub tasks: Vec<TaskRow>,
    /// Its members.
    pub members: Vec<FileId>,
    /// Result files, relative to the workspace.
    pub results: Vec<String>,
    /// Why it failed.
    pub fault: Option<String>,
}

/// One analysis of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRow {
    /// Which: `purity`.
    pub name: String,
    /// How far it has come: `waiting`, `submitting`, `running`, `ended`, `done`, `failed`.
    pub phase: String,
    /// Job attempts so far.
    pub attempts: u32,
    /// Why it failed.
    pub reason: Option<String>,
    /// Its newest job.
    pub job: Option<JobRow>,
}

/// A file in incoming that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotTaken {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

impl Snapshot {
    /// The snapshot of a window with nothing open.
    #[must_use]
    pub fn nothing(taken_at: Timestamp) -> Self {
        Snapshot {
            serial: 0,
            taken_at,
            origin: Origin::Nothing,
            workspace: None,
            banners: Vec::new(),
            backend: Backend::Unknown,
            tasks: Vec::new(),
            figures: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            ranking: None,
            event: None,
            runs: Vec::new(),
            older_runs: 0,
            listed: None,
            not_taken: Vec::new(),
            processing: ProcessingShown::default(),
            run_table: None,
            judged: None,
            people: PeopleShown::default(),
            desk: Arc::default(),
            beside: Beside::default(),
            replay: None,
        }
    }

    /// The row of a run.
    #[must_use]
    pub fn run(&self, run: Run) -> Option<&RunRow> {
        self.runs.iter().find(|row| row.run == run)
    }

    /// The lanes that there are processings of, by name.
    #[must_use]
    pub fn lanes(&self) -> Vec<&str> {
        let processings = self.runs.iter().flat_map(|run| &run.processings);
        let names: std::collections::BTreeSet<&str> = processings.map(|processing| processing.lane.as_str()).collect();
        names.into_iter().collect()
    }

    /// The branch of a task.
    #[must_use]
    pub fn task(&self, name: &str) -> Option<&TaskNode> {
        self.tasks.iter().find(|task| task.name == name)
    }
}

impl FileStage {
    /// The words that people read: `reconstructed`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            FileStage::Arrived => "arrived",
            FileStage::Copying => "copying",
            FileStage::Held => "held",
            FileStage::Queued => "queued",
            FileStage::Running => "running",
            FileStage::Reconstructed => "reconstructed",
            FileStage::Analysed => "analysed",
            FileStage::Failed => "failed",
        }
    }
}
