//! The part of the book that a window keeps in memory: a book of years has a million files, and people look at the newest.

use std::collections::BTreeMap;

use monitasks::vocab::Run;

use super::store::Changes;
use super::words::FailureClass;

/// Which runs are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recent {
    /// So many of the highest numbers; and of older ones as many of those that are not over, and of those that nobody has decided
    /// on, the newest of each.
    pub newest: usize,
    /// A run that is wanted however old it is.
    pub also: Option<Run>,
    /// Runs that the asker has already, in order.
    pub held: Vec<Run>,
}

/// What of a part is new, and what there is beyond it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RecentChanges {
    /// The rows. `runs` names also those that came into the part or left it: of the latter there are no rows.
    pub changes: Changes,
    /// Every run of which something was written since, in the part or not, in order; none for all of them.
    pub written: Option<Vec<Run>>,
    /// Runs of the book that are not in the part.
    pub left_out: usize,
}

/// Files, and those that have failed and were not processed again, of the whole book.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileCounts {
    /// Raw files.
    pub files: usize,
    /// Failures that stand: of files on their way in, and of passes, each where it happened.
    pub failed: BTreeMap<FailureClass, usize>,
}
