//! What the window asks of the engine: one enum per area.

use std::path::PathBuf;

use monitasks::detector::Strip;
use monitasks::quality::Flag;
use monitasks::views::Against;
use monitasks::vocab::{FileId, Processing, Run};

use super::export_command::ExportCommand;
use super::people_command::PeopleCommand;
use super::replay_command::ReplayCommand;
pub use crate::bookkeeping::{
    Decision, DecisionSubject, Evidence, FailureClass, Outcome, Part, RequestKind, RequestSubject, Stage,
};
use crate::config::NewWorkspace;
pub use crate::decisions::marks::SubsystemMark;
use crate::snapshot::{CloseSubject, FigureKey, RunsAsk};

/// A command from the window.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// What is looked at.
    View(ViewCommand),
    /// What people decide.
    Decision(DecisionCommand),
    /// What is done with the table of runs.
    Runs(RunsCommand),
    /// What the backend should do.
    Processing(ProcessingCommand),
    /// Which workspace is open.
    Workspace(WorkspaceCommand),
    /// What people say of shifts, problems, meetings.
    People(PeopleCommand),
    /// What is written into the file of checks.
    Checks(ChecksCommand),
    /// What is exported or copied.
    Export(ExportCommand),
    /// What is done beside the shift.
    Beside(BesideCommand),
    /// What is asked of a replay.
    Replay(ReplayCommand),
}

/// What is done beside the shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BesideCommand {
    /// Say what is thought of these answers for a new workspace.
    CheckAnswers {
        /// A number by which the answer is known again.
        number: u64,
        /// The answers.
        answers: Box<NewWorkspace>,
    },
    /// Look whether these workspaces still stand.
    LookFor(Vec<PathBuf>),
    /// Have the doctor look at the workspace that is open, or at the machine alone.
    Doctor,
    /// End the doctor's round.
    StopDoctor,
    /// End a work that takes long.
    Cancel(u64),
}

/// What is written into the file of checks.
#[derive(Debug, Clone, PartialEq)]
pub enum ChecksCommand {
    /// Take the result that a plot shows as its reference, from the result's run on.
    TakeReference(FigureKey),
}

/// What is looked at.
#[derive(Debug, Clone, PartialEq)]
pub enum ViewCommand {
    /// The figures on the screen now; replaces the earlier set.
    Watch(Vec<FigureKey>),
    /// Show the event with this index of this file; from now on newer files do not take its place.
    ShowEvent {
        /// The raw file.
        file: FileId,
        /// The event's place in it, from 0.
        index: u32,
    },
    /// Show the waveform of this strip of the event shown, and of the events after it.
    ShowStrip(Strip),
    /// Show the first event of the newest raw file, and follow as files arrive.
    FollowNewestEvent,
    /// Keep the flow of the last so many seconds in the snapshot; none when nobody looks at it any more.
    WatchFlow(Option<u64>),
    /// Keep a file's story and the end of a log in the snapshot; replaces the earlier subject, the empty one is nothing.
    LookClosely(CloseSubject),
    /// Keep all that was said of this run in the snapshot; none when no run is looked at.
    LookAtRun(Option<Run>),
    /// Keep in the snapshot which items differ most between two results; none when nobody looks at it any more.
    Compare(Option<(Against, Against)>),
    /// Look for results now and do not wait for the poll times.
    PollNow,
}

/// What people decide.
#[derive(Debug, Clone, PartialEq)]
pub enum DecisionCommand {
    /// Record a decision.
    Decide(Box<WantedDecision>),
    /// Take back what was said under a number of the book.
    Undo {
        /// The number.
        number: i64,
        /// By whom.
        who: String,
        /// In which role.
        role: String,
    },
    /// Lock or unlock a run's decisions at a stage.
    Lock {
        /// The run.
        run: Run,
        /// The stage.
        stage: Stage,
        /// Lock it, else unlock it.
        is_locked: bool,
        /// Why.
        comment: String,
        /// By whom.
        who: String,
        /// In which role.
        role: String,
    },
    /// A subsystem says of a processing what it thinks of it.
    Mark {
        /// The run.
        run: Run,
        /// The processing's number.
        processing: Processing,
        /// The subsystem.
        subsystem: String,
        /// What it says.
        mark: SubsystemMark,
        /// Why.
        comment: String,
        /// By whom.
        who: String,
        /// In which role.
        role: String,
        /// The number in the book of what was said last when the person looked; none when that is not known.
        seen: Option<i64>,
    },
    /// A second person has looked at a decision.
    Verify {
        /// The decision's number.
        number: i64,
        /// Whether the person agrees.
        agrees: bool,
        /// What there is to say.
        comment: String,
        /// By whom.
        who: String,
        /// In which role.
        role: String,
    },
}

/// A decision that somebody at the window wants to make.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedDecision {
    /// What it is about.
    pub subject: DecisionSubject,
    /// What is decided, with what was on the screen.
    pub decision: Decision,
    /// By whom.
    pub who: String,
    /// In which role.
    pub role: String,
    /// The number of the decision that was in force when the person looked; refused when another one is in force by now.
    pub seen: Option<i64>,
}

/// What is done with the table of runs.
#[derive(Debug, Clone, PartialEq)]
pub enum RunsCommand {
    /// Answer this, now and whenever the book changes; replaces the earlier question.
    Ask(RunsAsk),
    /// Record the same decision on many runs, each by itself: one that is refused stops none of the others.
    Flag {
        /// The runs.
        runs: Vec<Run>,
        /// The decision.
        flag: Flag,
        /// Why; BAD needs one.
        comment: String,
        /// By whom.
        who: String,
        /// In which role.
        role: String,
        /// The place in the book up to which the person has seen it: runs of which more was said since are refused.
        place: i64,
    },
}

/// What the backend should do.
#[derive(Debug, Clone, PartialEq)]
pub enum ProcessingCommand {
    /// Start a backend if none runs. It outlives the window.
    StartBackend,
    /// Ask the running backend to stop after the current step; its jobs go on.
    StopBackend,
    /// Ask something of the backend: resubmit, hold, release, cancel, process again.
    Ask(RequestKind, RequestSubject),
    /// Read a job's log, newest part first to be kept.
    ReadLog(PathBuf),
    /// Read a job's script.
    ReadScript(PathBuf),
}

/// Which workspace is open.
#[derive(Debug, Clone, PartialEq)]
pub enum WorkspaceCommand {
    /// Open a workspace, or look at a file or folder of results.
    Open(PathBuf),
    /// Create a workspace and open it.
    Create(Box<NewWorkspace>),
    /// Create a workspace with a simulated shift and open it.
    Demo {
        /// Its folder.
        folder: PathBuf,
    },
    /// Close the workspace and show the welcome page.
    Close,
}
