//! What the Runs page shows: the table of all runs, what of it was asked for, and how far a wish for many runs is.

use std::sync::Arc;

use monitasks::quality::Flag;
use monitasks::vocab::Run;

use super::Only;
pub use crate::catalogue::query::{QueryError, Suggestion, SuggestionKind};
pub use crate::catalogue::{Cell, Field, FieldKind, RunTable, SortKey};

/// What is asked of the table of runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunsAsk {
    /// The query as it is written.
    pub query: String,
    /// Where in it the cursor is, in bytes: what may come there is suggested.
    pub cursor: usize,
    /// The order of rows.
    pub sort: Vec<SortKey>,
    /// Only these runs and times.
    pub only: Only,
}

/// The table of runs and the answer to what was asked of it.
#[derive(Debug, Clone, Default)]
pub struct RunsShown {
    /// What is answered.
    pub ask: RunsAsk,
    /// All runs.
    pub table: Arc<RunTable>,
    /// The rows found, in order. Of a query that is none, those of the last one that was.
    pub rows: Arc<Vec<u32>>,
    /// Why the query is none.
    pub fault: Option<QueryError>,
    /// What the query asks, in words.
    pub explained: String,
    /// What may come at the cursor.
    pub suggestions: Vec<Suggestion>,
    /// The place in the book up to which it was read: who decides on these runs has seen what stands up to here.
    pub place: i64,
    /// How far a wish for many runs is; none when there was none.
    pub bulk: Option<BulkShown>,
    /// Whether the book was read at least once.
    pub is_read: bool,
    /// Whether older runs, and the statuses of all, were read too; before that the newest runs alone are found.
    pub is_whole: bool,
}

/// Many runs being flagged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkShown {
    /// The flag.
    pub flag: Flag,
    /// Runs of which it was asked.
    pub of: usize,
    /// Runs that were looked at so far; the wish is over when these are all.
    pub done: usize,
    /// Runs that were refused, with the reason.
    pub refused: Vec<(Run, String)>,
}

impl BulkShown {
    /// Whether nothing is left to be done.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.done >= self.of
    }
}
