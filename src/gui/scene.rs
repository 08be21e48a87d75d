//! What every panel draws from, and where it puts what was asked for.

use jiff::Timestamp;

use super::layout::EVENT_TASK;
use super::state::{Action, RunChoice};
use crate::engine::Command;
use crate::plotting::palette::Look;
use crate::snapshot::{Only, Origin, Snapshot, TaskNode};

/// One moment as the panels see it. They change nothing; they ask.
pub struct Scene<'a> {
    /// The newest snapshot.
    pub snapshot: &'a Snapshot,
    /// Which run is looked at.
    pub choice: RunChoice,
    /// The lane whose results are looked at; none for all.
    pub lane: Option<&'a str>,
    /// The part of the shift that is shown.
    pub only: Only,
    /// The time of day.
    pub now: Timestamp,
    /// Dark or light.
    pub look: Look,
    /// Whether an alarm that nobody has acknowledged is bright in this frame: it goes bright and dim by turns.
    pub is_alarm_lit: bool,
    /// What was asked for in this frame.
    pub actions: Vec<Action>,
}

/// The tasks that are shown. Of files looked at with no workspace, only those that read something: nothing more will come.
#[must_use]
pub fn shown_tasks(snapshot: &Snapshot) -> Vec<&TaskNode> {
    let all = || snapshot.tasks.iter();
    if snapshot.origin != Origin::Bare {
        return all().collect();
    }
    let has_something = |task: &&TaskNode| task.results > 0 || !task.unread.is_empty() || task.fault.is_some();
    let found: Vec<&TaskNode> = all().filter(has_something).collect();
    if found.is_empty() { all().filter(|task| task.name != EVENT_TASK).collect() } else { found }
}

impl Scene<'_> {
    /// Whether files are looked at with no workspace around them.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.snapshot.origin == Origin::Bare
    }

    /// Asks for something.
    pub fn ask(&mut self, action: Action) {
        self.actions.push(action);
    }

    /// Asks the engine for something.
    pub fn send(&mut self, command: Command) {
        self.ask(Action::Send(command));
    }

    /// Why nothing may be written; none when it may.
    #[must_use]
    pub fn read_only(&self) -> Option<&'static str> {
        match &self.snapshot.workspace {
            _ if self.snapshot.origin == Origin::Bare => {
                Some("These are files looked at with no workspace: nothing is recorded.")
            }
            Some(facts) if facts.read_only => Some("Opened read-only: nothing is recorded."),
            _ => None,
        }
    }
}
