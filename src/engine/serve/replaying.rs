//! A replay in the place of what is open: begun, left, and put over the live shift, which goes on behind it.

use std::path::PathBuf;

use jiff::Timestamp;

use super::Engine;
use crate::engine::Notice;
use crate::engine::command::Command;
use crate::engine::replay_desk::{Begin, ReplayDesk};
use crate::snapshot::{Banner, Snapshot};

/// A replay that is wanted.
pub(super) struct Wanted {
    pub(super) path: Option<PathBuf>,
    pub(super) at: Option<Timestamp>,
    pub(super) hides_decisions: bool,
}

impl Engine {
    /// Replays what is open, or something else, on a thread of its own.
    pub(super) fn begin_replay(&mut self, wanted: Wanted) {
        if self.open.is_none() && self.opening.is_some_and(|id| self.beside.is_under_way(id)) {
            self.replay_wanted = Some(wanted);
            return;
        }
        let Wanted { path, at, hides_decisions } = wanted;
        let open = self.open.as_ref().and_then(|open| open.workspace.clone());
        // Files that are looked at with no workspace have a past too.
        let bare = self.side.snapshot.load().workspace.as_ref().filter(|_| open.is_none()).map(|facts| facts.root.clone());
        let is_bare = path.is_none() && open.is_none();
        let path = path.or(bare);
        if open.is_none() && path.is_none() {
            return self.notice(Notice::Refused("replay not begun: nothing is open".into()));
        }
        let (read_only, watched) = (self.read_only || is_bare, self.watched.clone());
        let begin = Begin { open, path, at, hides_decisions, read_only, watched };
        self.replay = Some(ReplayDesk::begin(begin, self.side.notices.clone()));
    }

    /// Gives a command to the replay when its past is on the screen: until then people see the live shift and mean it. Answers what
    /// is left for the engine.
    pub(super) fn past_replay(&mut self, command: Command) -> Option<Command> {
        let Some(replay) = &self.replay else { return Some(command) };
        if replay.shown().is_some() {
            return match replay.take(command) {
                Ok(left) => left,
                Err(why) => {
                    self.notice(Notice::Refused(why));
                    None
                }
            };
        }
        match &command {
            // What is looked at is the same in both.
            Command::View(view) => {
                if let Err(why) = replay.take(Command::View(view.clone())) {
                    tracing::warn!("a view was not told to the replay: {why}");
                }
                Some(command)
            }
            Command::Replay(_) => {
                if let Err(why) = replay.take(command) {
                    self.notice(Notice::Refused(why));
                }
                None
            }
            _ => Some(command),
        }
    }

    pub(super) fn leave_replay(&mut self) {
        if self.replay.take().is_some()
            && let Some(open) = &mut self.open
        {
            open.live.watch(self.watched.clone());
        }
    }
}

/// A past instant as the window shows it: with what stands beside the shift, and a word when the live shift calls.
pub(super) fn over_live(past: &Snapshot, live: Snapshot, now: Timestamp) -> Snapshot {
    let calling = live.people.alarms.iter().filter(|alarm| alarm.calls(now)).count();
    let urgent = live.people.problems.iter().filter(|problem| problem.calls(now)).count();
    let mut shown = past.clone();
    (shown.serial, shown.beside) = (live.serial, live.beside);
    if calling + urgent > 0 {
        let counted = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
        let (alarms, problems) = (counted(calling, "alarm"), counted(urgent, "urgent problem"));
        let text = format!("THE LIVE SHIFT CALLS: {alarms} and {problems} not answered; leave the replay to answer them");
        shown.banners.insert(0, Banner { is_fault: true, text });
    }
    shown
}
