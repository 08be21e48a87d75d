//! Locks: what is locked takes no more decisions and marks, whoever writes them and however late they are delivered.

use monitasks::vocab::Run;
use serde::{Deserialize, Serialize};

use super::entry::{Entry, moment};
use super::people::{DecisionSubject, Part};
use super::words::{EntryKind, Stage};

/// Whether the decisions of a run at a stage may be superseded: the body of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// No longer, until it is unlocked.
    pub is_locked: bool,
    /// Why.
    #[serde(default)]
    pub comment: String,
}

impl Lock {
    /// The subject under which a run's lock at a stage stands: `run840@raw`.
    #[must_use]
    pub fn subject(run: Run, stage: Stage) -> String {
        DecisionSubject { run, part: Part::Whole, stage }.to_string()
    }

    /// The subject of the lock that something said has to heed; none for what no lock stops.
    pub(super) fn over(kind: EntryKind, subject: &str, run: Option<Run>) -> Option<String> {
        let stage = match kind {
            EntryKind::Decision => subject.parse::<DecisionSubject>().ok()?.stage,
            EntryKind::Mark => Stage::Raw,
            EntryKind::SubsystemMark => Stage::Reconstructed,
            _ => return None,
        };
        Some(Lock::subject(run?, stage))
    }

    /// Who locked, when and why, in words; none when the entry unlocks. A lock that can't be read locks.
    #[must_use]
    pub fn words(entry: &Entry) -> Option<String> {
        let lock = entry.read::<Lock>().unwrap_or(Lock { is_locked: true, comment: String::new() });
        let why = if lock.comment.is_empty() { String::new() } else { format!(": {}", lock.comment) };
        lock.is_locked.then(|| format!("{} ({}) at {}{why}", entry.who, entry.role, moment(entry.at)))
    }
}
