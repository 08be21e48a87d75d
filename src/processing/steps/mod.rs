//! What may happen to a raw file, to its pass through a processing, to a group and to a processing, as pure functions: state and
//! event in, next state out.
//!
//! The backend stores the next state before it does what that state names, so after a kill at any instant the book says what
//! was under way. Nothing here looks at a clock, a disk or a process.

mod file;
mod group;
mod pass;
mod processing;

pub use file::{FileEvent, next_file};
pub use group::{GroupEvent, Readiness, group_tasks, next_group, readiness};
pub use pass::{PassEvent, next_pass};
pub use processing::{end_of_processing, missing_products};

/// A job that goes away without an end mark is started again; after this many times in a row its file or analysis has failed.
pub const LOST_JOBS_ALLOWED: u32 = 3;

/// An event that can't happen in that state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} can't follow '{state}': {subject}")]
pub struct NotAllowed {
    /// The event.
    pub what: String,
    /// The state.
    pub state: &'static str,
    /// The file, pass or group.
    pub subject: String,
}

/// Why a pass or an analysis fails whose job went away again and again.
fn why_lost(times: u32, last_words: Option<&str>) -> String {
    let told = last_words.map_or_else(|| "its log is empty".to_owned(), |words| format!("its log ends with: {words}"));
    format!("its job went away without an end mark {times} times in a row; {told}")
}

#[cfg(test)]
mod tests;
