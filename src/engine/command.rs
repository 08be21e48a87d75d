//! What the window asks of the engine: one enum per area.

use std::path::PathBuf;

use monitasks::detector::Strip;
use monitasks::quality::Flag;
use monitasks::vocab::{FileId, Run};

use super::people_command::PeopleCommand;
pub use crate::bookkeeping::{FailureClass, RequestKind, RequestSubject};
use crate::snapshot::{CloseSubject, FigureKey};

/// A command from the window.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// What is looked at.
    View(ViewCommand),
    /// What people decide.
    Decision(DecisionCommand),
    /// What the backend should do.
    Processing(ProcessingCommand),
    /// Which workspace is open.
    Workspace(WorkspaceCommand),
    /// What people say of shifts, problems, meetings.
    People(PeopleCommand),
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
    /// Look for results now and do not wait for the poll times.
    PollNow,
}

/// What people decide.
#[derive(Debug, Clone, PartialEq)]
pub enum DecisionCommand {
    /// Record a decision on a run.
    DecideRun {
        /// The run.
        run: Run,
        /// The decision.
        flag: Flag,
        /// Why; BAD needs one.
        comment: String,
        /// By whom.
        who: String,
        /// In which role.
        role: String,
        /// Items on the screen when it was made: `purity/lifetime_trend`.
        evidence: Vec<String>,
        /// The number of the decision that was in force when the person looked; refused when another one is in force by now.
        supersedes: Option<i64>,
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
    Create {
        /// Its folder.
        folder: PathBuf,
        /// The detector's name.
        detector: String,
    },
    /// Create a workspace with a simulated shift and open it.
    Demo {
        /// Its folder.
        folder: PathBuf,
    },
    /// Close the workspace and show the welcome page.
    Close,
}
