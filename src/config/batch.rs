//! Settings of the batch system: which one, how much it is given, and what a job may use.

use serde::{Deserialize, Serialize};

/// Who runs the jobs, and within what limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BatchSettings {
    /// The batch system.
    pub system: BatchSystem,
    /// Jobs that it is given at once; 0 for as many as `[pool]` says (local), or for [`BatchSettings::SLOTS`] (the others).
    pub slots: usize,
    /// Queue or partition; empty for the batch system's default.
    pub queue: String,
    /// More arguments for `sbatch` or `qsub`.
    pub arguments: Vec<String>,
    /// Folder of the batch system's commands; empty for those on the `PATH`.
    pub commands_folder: String,
    /// Memory that all processes of a job may use together, MB; 0 for no limit.
    pub memory_limit_mb: u64,
    /// Wall time of a job, s; 0 for no limit.
    pub time_limit_s: u64,
    /// Seconds between two questions to the batch system, for all jobs at once.
    pub poll_s: f64,
    /// A job that the batch system says has ended, and that left no end mark, counts as gone after this many seconds.
    pub grace_s: f64,
}

/// A batch system that jobs can be given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchSystem {
    /// Processes of this machine.
    #[default]
    Local,
    /// Slurm: `sbatch`, `squeue`, `scancel`, `sacct`.
    Slurm,
    /// PBS or TORQUE, or another system's commands of these names: `qsub`, `qstat`, `qdel`.
    Pbs,
}

impl BatchSettings {
    /// Jobs that a batch system of a farm is given at once when nothing is said.
    pub const SLOTS: usize = 100;

    /// The first setting that is out of range: its key and what is wrong.
    pub(super) fn fault(&self) -> Option<(&'static str, String)> {
        if !(self.poll_s > 0.0 && self.poll_s.is_finite()) {
            return Some(("poll_s", format!("'poll_s' is {}, expected a number above 0", self.poll_s)));
        }
        if !(self.grace_s >= 0.0 && self.grace_s.is_finite()) {
            return Some(("grace_s", format!("'grace_s' is {}, expected a number of at least 0", self.grace_s)));
        }
        // Some qsub hand their arguments to a shell.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@,".contains(&byte);
        if self.queue.starts_with('-') || !self.queue.bytes().all(is_plain) {
            return Some(("queue", format!("'queue' is {:?}, expected letters, digits and . _ - @", self.queue)));
        }
        None
    }
}

impl Default for BatchSettings {
    fn default() -> Self {
        BatchSettings {
            system: BatchSystem::Local,
            slots: 0,
            queue: String::new(),
            arguments: Vec::new(),
            commands_folder: String::new(),
            memory_limit_mb: 0,
            time_limit_s: 0,
            poll_s: 2.0,
            grace_s: 30.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_a_shell_could_take_for_more_is_refused() {
        let with = |queue: &str| BatchSettings { queue: queue.into(), ..BatchSettings::default() };
        assert_eq!(with("prod").fault(), None);
        assert_eq!(with("prod@wa105cpu0003.cern.ch").fault(), None);
        for queue in ["a b", "$(x)", "-p", "a;b", "a\nb", "'"] {
            assert_eq!(with(queue).fault().map(|fault| fault.0), Some("queue"), "{queue}");
        }
    }
}
