//! Owns the threads behind the window: commands in, snapshots out.
//!
//! The window never waits. It takes the newest [`Snapshot`] by an atomic load and sends [`Command`]s into a bounded channel;
//! what a command leads to comes back in a later snapshot, and what it says comes back as a [`Notice`].

mod backend_process;
mod beside_desk;
mod book_desk;
mod checks_desk;
mod close_looks;
mod command;
mod decision_desk;
mod export_command;
mod export_desk;
mod export_rows;
mod exporting;
mod open;
mod opening;
mod people_command;
mod people_desk;
mod pollers;
mod replay_command;
mod replay_desk;
mod report_pictures;
mod runs_desk;
mod serve;
mod sound;
mod urgent;

pub use backend_process::start as start_backend;
pub use command::{
    BesideCommand, ChecksCommand, Command, Decision, DecisionCommand, DecisionSubject, Evidence, FailureClass, Outcome, Part,
    ProcessingCommand, RequestKind, RequestSubject, RunsCommand, Stage, SubsystemMark, ViewCommand, WantedDecision,
    WorkspaceCommand,
};
pub use export_command::{CopyAs, ExportCommand, ExportNews, ExportTo, ExportedBy, ExportedPage, Report, ReportPictures};
pub use exporting::{book_heads, exported_by, write_export};
pub use opening::{ChooseStore, OpenResults, World};
pub use people_command::{NewIssue, NewProblem, PeopleCommand, PeopleDeed, Place, ProblemChange, Scope, Severity};
pub use pollers::OpenStore;
pub use replay_command::ReplayCommand;
pub use report_pictures::{Behind, report_pictures};
pub use serve::{Start, Waker, start};
pub use urgent::{Told, mail_urgent};

use std::sync::Arc;

use arc_swap::ArcSwap;
use crossbeam_channel::{Receiver, Sender, TrySendError};
use jiff::Timestamp;

use crate::snapshot::Snapshot;

/// The window's end of the engine. Cheap to clone; no call on it ever waits.
#[derive(Clone)]
pub struct EngineHandle {
    commands: Sender<Command>,
    snapshot: Arc<ArcSwap<Snapshot>>,
    notices: Receiver<Notice>,
}

/// The engine's end: what serves an [`EngineHandle`].
pub struct EngineSide {
    /// Commands from the window, in order.
    pub commands: Receiver<Command>,
    /// Where the newest snapshot is published.
    pub snapshot: Arc<ArcSwap<Snapshot>>,
    /// Where answers to commands go.
    pub notices: Sender<Notice>,
}

/// What a command led to, for a person to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// It was done.
    Done(String),
    /// It is kept in the workspace and delivered when the book's server is back.
    Kept(String),
    /// It was refused or failed: what, why, what there is instead, path last.
    Refused(String),
    /// A text that was asked for: a job's log or script.
    Text {
        /// What it is: `log of reco_run1-seq0`.
        title: String,
        /// The text, cut to its last part when it is long.
        text: String,
    },
    /// What came of an export.
    Export(ExportNews),
}

impl EngineHandle {
    /// A handle and the engine's end of it. Tests of the window use it with snapshots of their own.
    #[must_use]
    pub fn pair() -> (EngineHandle, EngineSide) {
        let (command_sender, command_receiver) = crossbeam_channel::bounded(256);
        let (notice_sender, notice_receiver) = crossbeam_channel::bounded(256);
        let snapshot = Arc::new(ArcSwap::from_pointee(Snapshot::nothing(Timestamp::UNIX_EPOCH)));
        let handle = EngineHandle { commands: command_sender, snapshot: snapshot.clone(), notices: notice_receiver };
        (handle, EngineSide { commands: command_receiver, snapshot, notices: notice_sender })
    }

    /// The newest snapshot.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Sends a command. False when the engine is gone or too busy to take it; the window then says so.
    #[must_use]
    pub fn send(&self, command: Command) -> bool {
        match self.commands.try_send(command) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }

    /// The next notice that has come, if any.
    #[must_use]
    pub fn notice(&self) -> Option<Notice> {
        self.notices.try_recv().ok()
    }
}
