//! Settings of alarms: the sound that calls somebody to the screen.

use serde::{Deserialize, Serialize};

use super::fault::not_above_zero;

/// Alarms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlarmSettings {
    /// The command that makes a sound, run by `sh -c` where a window is open; empty for none.
    pub sound_command: String,
    /// Seconds between two sounds while an alarm calls.
    pub sound_every_s: f64,
}

impl Default for AlarmSettings {
    fn default() -> Self {
        AlarmSettings { sound_command: String::new(), sound_every_s: 30.0 }
    }
}

impl AlarmSettings {
    /// The first setting that makes no sense: its key and what is wrong.
    pub(super) fn fault(&self) -> Option<(&'static str, String)> {
        not_above_zero(&[("sound_every_s", self.sound_every_s)])
    }
}
