//! The mark that a job leaves when it has ended: the proof that it did, with the operating system's account of it.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How a job ended and what it used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EndMark {
    /// The job's name.
    pub job: String,
    /// Which attempt.
    pub attempt: u32,
    /// Where it ran.
    pub host: String,
    /// Process id of the job's first process.
    pub pid: u32,
    /// When it was submitted.
    pub submitted: Timestamp,
    /// When its script started.
    pub started: Timestamp,
    /// When its script ended.
    pub ended: Timestamp,
    /// What its script ended with; none when a signal ended it.
    pub exit_status: Option<i32>,
    /// The signal that ended its script.
    pub signal: Option<i32>,
    /// What dqmon ended with inside the script; none when the script did not leave it.
    pub dqmon_status: Option<i32>,
    /// CPU time of the script and all its children, s.
    pub cpu_s: f64,
    /// Wall time, s.
    pub wall_s: f64,
    /// Highest resident memory of one process of it, bytes.
    pub peak_memory_bytes: u64,
    /// Highest virtual memory of one process of it, bytes, as far as it was seen.
    pub peak_virtual_bytes: Option<u64>,
}

impl EndMark {
    /// The mark of that very attempt; none when there is none, or when it is another attempt's or not whole.
    #[must_use]
    pub fn of(path: &Path, job: &str, attempt: u32) -> Option<EndMark> {
        let mark: EndMark = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        (mark.job == job && mark.attempt == attempt).then_some(mark)
    }

    /// Whether the job ended well.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.exit_status == Some(0) && self.dqmon_status.is_none_or(|status| status <= 1)
    }

    /// How it ended, in words.
    #[must_use]
    pub fn words(&self) -> String {
        match (self.exit_status, self.signal, self.dqmon_status) {
            (Some(0), _, Some(status)) if status > 1 => format!("dqmon ended with {status}"),
            (Some(status), ..) => format!("ended with {status}"),
            (None, Some(signal), _) => format!("ended by signal {signal}"),
            (None, None, _) => "ended in an unknown way".into(),
        }
    }
}
