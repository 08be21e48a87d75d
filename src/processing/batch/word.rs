//! What a batch system says of a job. Its word is no proof; where a job left none, it is what there is to tell people.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a batch system says that a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It is over, in whatever way.
    Ended,
    /// It waits for a person.
    Held,
    /// It waits for its turn.
    Queued,
    /// It is being started, runs, or is being ended.
    Running,
}

/// Why a job was ended from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It used more memory than it may.
    MemoryLimit,
    /// It took longer than it may.
    TimeLimit,
    /// Its machine went away or failed.
    NodeLost,
    /// Somebody asked for it, or something more urgent took its place.
    Request,
}

/// A batch system's word on a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchWord {
    /// The batch system's name for the job.
    pub id: String,
    /// Where it says that the job is.
    pub phase: Phase,
    /// The state as the batch system writes it: `OUT_OF_MEMORY`.
    pub state: String,
    /// Why the job was ended from outside, where the state says so.
    pub cause: Option<Cause>,
    /// Why it is in that state, where it says so.
    pub reason: Option<String>,
    /// Where it runs or ran.
    pub node: Option<String>,
    /// When it was given the job.
    pub submitted: Option<Timestamp>,
}

impl Cause {
    /// In words, as in "ended for the memory limit".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Cause::MemoryLimit => "memory limit",
            Cause::TimeLimit => "time limit",
            Cause::NodeLost => "node lost",
            Cause::Request => "request",
        }
    }
}

impl BatchWord {
    /// In words: `TIMEOUT on node7, time limit (job 322)`.
    #[must_use]
    pub fn words(&self) -> String {
        let node = self.node.as_ref().map(|node| format!(" on {node}")).unwrap_or_default();
        let cause = self.cause.map(|cause| format!(", {}", cause.words())).unwrap_or_default();
        let reason = self.reason.as_ref().map(|reason| format!(", {reason}")).unwrap_or_default();
        format!("{}{node}{cause}{reason} (job {})", self.state, self.id)
    }
}

/// Of several words under one name the one that counts: a job that may yet do something before one that has ended, then the
/// newest.
#[must_use]
pub fn that_counts(words: &[BatchWord]) -> Option<&BatchWord> {
    words.iter().max_by_key(|word| (word.phase, word.submitted))
}
