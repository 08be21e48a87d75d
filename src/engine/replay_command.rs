//! What the window asks of a replay.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::snapshot::ReplayMarkKind;

/// What is asked of a replay.
#[derive(Debug, Clone, PartialEq)]
pub enum ReplayCommand {
    /// Replay what is open, or something else.
    Begin {
        /// A workspace, a book or an export; none for what is open.
        path: Option<PathBuf>,
        /// The instant to begin at; none for the first.
        at: Option<Timestamp>,
        /// Hide what people decided: a training.
        hides_decisions: bool,
    },
    /// Back to the shift as it goes.
    Leave,
    /// Go to an instant.
    GoTo(Timestamp),
    /// Go on by itself, or stand still.
    Play(bool),
    /// So many times faster than life.
    Speed(f64),
    /// Repeat a range; none: no more.
    Repeat(Option<(Timestamp, Timestamp)>),
    /// To the next moment at which anything happened, or to the one before.
    Step {
        /// The next, else the one before.
        is_forward: bool,
    },
    /// To the next mark of a kind, or to the one before.
    Jump {
        /// The kind.
        kind: ReplayMarkKind,
        /// The next, else the one before.
        is_forward: bool,
    },
    /// Hide what people decided, or show it again.
    HideDecisions(bool),
    /// Compare what was decided in the replay with what was decided then.
    Compare,
}
