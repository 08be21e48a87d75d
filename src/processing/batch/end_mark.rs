//! The mark that a job leaves when it has ended: the proof that it did, with the operating system's account of it.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::word::Cause;

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
    /// Why its wrapper ended it before its script had ended; none when the script ended by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<Cause>,
    /// The batch system's name for the job: `322.wa105cpu0003.cern.ch`; none for the local pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_id: Option<String>,
    /// The queue or partition that it ran in; none for the local pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
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
        self.ended_by.is_none() && self.exit_status == Some(0) && self.dqmon_status.is_none_or(|status| status <= 1)
    }

    /// How it ended, in words.
    #[must_use]
    pub fn words(&self) -> String {
        if let Some(cause) = self.ended_by {
            return format!("ended for: {}", cause.words());
        }
        match (self.exit_status, self.signal, self.dqmon_status) {
            (Some(0), _, Some(status)) if status > 1 => format!("dqmon ended with {status}"),
            (Some(status), ..) => format!("ended with {status}"),
            (None, Some(signal), _) => format!("ended by signal {signal}"),
            (None, None, _) => "ended in an unknown way".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = r#"{"job": "reco_run1-seq0", "attempt": 1, "host": "h", "pid": 7, "submitted": "2016-10-25T14:12:37Z",
        "started": "2016-10-25T14:12:38Z", "ended": "2016-10-25T14:17:51Z", "exit_status": 0, "signal": null, "dqmon_status": 1,
        "cpu_s": 310.4, "wall_s": 314.0, "peak_memory_bytes": 1, "peak_virtual_bytes": null}"#;

    #[test]
    fn a_mark_of_before_there_were_limits_is_read_and_one_that_was_ended_is_not_well() {
        let mark: EndMark = serde_json::from_str(OLD).unwrap();
        assert!(mark.is_well() && mark.ended_by.is_none() && mark.batch_id.is_none());
        let ended = EndMark { ended_by: Some(Cause::MemoryLimit), ..mark };
        assert!(!ended.is_well(), "a script that ends well when it is told to end has not done its work");
        assert_eq!(ended.words(), "ended for: memory limit");
        let again: EndMark = serde_json::from_str(&serde_json::to_string(&ended).unwrap()).unwrap();
        assert_eq!(again, ended);
    }
}
