//! Which failures are tried again of themselves, how often and after which pause.

use serde::{Deserialize, Serialize};

/// Trying failed files again without a person. Off while no class has a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetrySettings {
    /// A file is tried again at most this many times, whatever its failures.
    pub at_most: u32,
    /// Seconds before a file is tried again; twice as long each further time.
    pub pause_s: f64,
    /// How often a file is tried again, by class of failure.
    pub classes: RetryClasses,
}

/// How often a file is tried again after failures of a class; 0 for never. A file that a person cancelled is never tried again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryClasses {
    /// The raw file is damaged.
    #[serde(skip_serializing_if = "is_zero")]
    pub input_damaged: u32,
    /// Killed, most likely for memory.
    #[serde(skip_serializing_if = "is_zero")]
    pub memory: u32,
    /// The batch system's time limit.
    #[serde(skip_serializing_if = "is_zero")]
    pub time_limit: u32,
    /// The node went away.
    #[serde(skip_serializing_if = "is_zero")]
    pub node_lost: u32,
    /// The program failed.
    #[serde(skip_serializing_if = "is_zero")]
    pub program_error: u32,
    /// A disk was full.
    #[serde(skip_serializing_if = "is_zero")]
    pub space: u32,
    /// The job was not taken by the batch system.
    #[serde(skip_serializing_if = "is_zero")]
    pub submit: u32,
    /// The file was not copied.
    #[serde(skip_serializing_if = "is_zero")]
    pub copy: u32,
    /// The output was not as expected.
    #[serde(skip_serializing_if = "is_zero")]
    pub output: u32,
    /// The job went away without an end mark.
    #[serde(skip_serializing_if = "is_zero")]
    pub lost: u32,
    /// No analysis led to a result.
    #[serde(skip_serializing_if = "is_zero")]
    pub analysis: u32,
    /// Nobody knows.
    #[serde(skip_serializing_if = "is_zero")]
    pub unknown: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(times: &u32) -> bool {
    *times == 0
}

impl Default for RetrySettings {
    fn default() -> Self {
        RetrySettings { at_most: 3, pause_s: 60.0, classes: RetryClasses::default() }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::{RetryClasses, Settings};

    #[test]
    fn classes_are_written_either_way_and_one_that_is_none_is_refused_with_those_there_are() {
        for text in ["[retry]\nclasses = { node_lost = 2 }\n", "[retry.classes]\nnode_lost = 2\n"] {
            let settings = Settings::parse(text, Path::new("dqmon.toml")).unwrap();
            assert_eq!(settings.retry.classes, RetryClasses { node_lost: 2, ..RetryClasses::default() });
            let written = toml::to_string(&settings).unwrap();
            assert_eq!(Settings::parse(&written, Path::new("dqmon.toml")).unwrap(), settings, "a job reads what was written");
        }
        let error = Settings::parse("[retry.classes]\nnode = 2\n", Path::new("dqmon.toml")).unwrap_err().to_string();
        assert!(error.contains("node_lost") && error.ends_with(":2"), "{error}");
        let error = Settings::parse("[retry]\npause_s = 0\n", Path::new("dqmon.toml")).unwrap_err().to_string();
        assert!(error.contains("above 0") && error.ends_with(":2"), "{error}");
    }
}
