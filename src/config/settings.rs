//! The settings of a workspace: what `dqmon.toml` may say.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::fault::{Fault, below_zero, not_above_zero};
use super::lanes::LaneSettings;
use super::{
    AlarmSettings, AnalysisSettings, BatchSettings, BookSettings, DecisionSettings, MailSettings, MarkSettings, MeetingSettings,
    Place, ReconstructionSettings, RetrySettings, RunListSettings, ShiftSettings, StatusSettings,
};

/// Everything `dqmon.toml` may say; what it leaves out has these defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Name of a shipped detector file, or a path to one, relative to the workspace.
    pub detector: String,
    /// The channel map to use, by its name in the detector file; empty for that file's default.
    pub channel_map: String,
    /// IANA name of the site's time zone: the local times of the field's text formats are in it.
    pub time_zone: String,
    /// Taking raw files in.
    pub intake: IntakeSettings,
    /// Copying raw files.
    pub transfer: TransferSettings,
    /// The local pool of jobs.
    pub pool: PoolSettings,
    /// Who runs the jobs, and within what limits.
    pub batch: BatchSettings,
    /// Queues with rules, the most urgent first; each makes a processing of its own of every run.
    pub lanes: Vec<LaneSettings>,
    /// Raw file to reconstructed file.
    pub reconstruction: ReconstructionSettings,
    /// Reconstructed files to results.
    pub analysis: AnalysisSettings,
    /// Monitor tasks, by name.
    pub tasks: BTreeMap<String, TaskSettings>,
    /// The book.
    pub book: BookSettings,
    /// Logs for everyone to read.
    pub publish: PublishSettings,
    /// Who may be on shift.
    pub people: PeopleSettings,
    /// How long shifts are.
    pub shifts: ShiftSettings,
    /// Alarms.
    pub alarms: AlarmSettings,
    /// Meetings and reviews.
    pub meeting: MeetingSettings,
    /// What marks mean, and who gives them.
    pub marks: MarkSettings,
    /// What decisions may say.
    pub decisions: DecisionSettings,
    /// The derived status.
    pub status: StatusSettings,
    /// Trying failed files again of itself.
    pub retry: RetrySettings,
    /// Mail on failures.
    pub mail: MailSettings,
    /// The run list that people keep.
    pub run_list: RunListSettings,
}

/// Taking raw files in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IntakeSettings {
    /// Where the DAQ writes, relative to the workspace or absolute.
    pub folder: PathBuf,
    /// Seconds between two sweeps of the folder, which find what no event told of.
    pub reconcile_s: f64,
    /// A run has ended when no new file of it has come for this many seconds.
    pub run_quiet_s: f64,
    /// Name of the file the DAQ leaves at a run's end, with `{run}` for its number.
    pub run_end_marker: String,
    /// A file that does not end as a raw file should is taken as it is when it has not changed for this many seconds.
    pub file_quiet_s: f64,
}

/// Copying raw files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransferSettings {
    /// Folder of the raw files taken in, relative to the workspace or absolute, as jobs see it; empty for `storage/input`.
    pub farm: PathBuf,
    /// Where a second copy of each raw file goes: a folder, or `root://host[:port]//path`; empty for none.
    pub central: String,
    /// Copies at once, at least 1.
    pub workers: usize,
    /// All copies together move no more MB (10^6 bytes) per second than this; 0 for no limit.
    pub throttle_mb_per_s: f64,
    /// Seconds that any copy may take, besides those for its size.
    pub time_limit_s: f64,
    /// A copy slower than this, in MB per second, is stopped: its size over this is added to the time limit.
    pub slowest_mb_per_s: f64,
    /// Tries after the first one, before a person is needed.
    pub retries: u32,
    /// Seconds before the first of them; each further pause is twice as long.
    pub retry_pause_s: f64,
    /// No pause is longer, in seconds.
    pub retry_longest_pause_s: f64,
    /// MB that are left free where files are copied to.
    pub room_left_mb: u64,
}

/// The local pool of jobs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PoolSettings {
    /// Jobs at once; 0 for one per core.
    pub jobs: usize,
    /// A job script template of your own, relative to the workspace; empty for the shipped one.
    pub template: String,
}

/// One monitor task.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TaskSettings {
    /// Seconds between two looks for results; none for the task's own default.
    pub poll_s: Option<f64>,
}

/// Logs for everyone to read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PublishSettings {
    /// The folder that logs and a summary of the flow are published to, relative to the workspace or absolute; empty for none.
    pub folder: PathBuf,
    /// Seconds between two publications.
    pub every_s: f64,
}

/// Who may be on shift.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PeopleSettings {
    /// Names offered when a decision is made; others may be typed.
    pub names: Vec<String>,
    /// Roles offered when a decision is made.
    pub roles: Vec<String>,
    /// Standard comments offered when a decision is made.
    pub comments: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            detector: "3x1x1".into(),
            channel_map: String::new(),
            time_zone: "UTC".into(),
            intake: IntakeSettings::default(),
            transfer: TransferSettings::default(),
            pool: PoolSettings::default(),
            batch: BatchSettings::default(),
            lanes: super::lanes::only_full(),
            reconstruction: ReconstructionSettings::default(),
            analysis: AnalysisSettings::default(),
            tasks: BTreeMap::new(),
            book: BookSettings::default(),
            publish: PublishSettings::default(),
            people: PeopleSettings::default(),
            shifts: ShiftSettings::default(),
            alarms: AlarmSettings::default(),
            meeting: MeetingSettings::default(),
            marks: MarkSettings::default(),
            decisions: DecisionSettings::default(),
            status: StatusSettings::default(),
            retry: RetrySettings::default(),
            mail: MailSettings::default(),
            run_list: RunListSettings::default(),
        }
    }
}

impl Default for IntakeSettings {
    fn default() -> Self {
        IntakeSettings {
            folder: "incoming".into(),
            reconcile_s: 30.0,
            run_quiet_s: 120.0,
            run_end_marker: "run{run}.end".into(),
            file_quiet_s: 60.0,
        }
    }
}

impl Default for TransferSettings {
    fn default() -> Self {
        TransferSettings {
            farm: PathBuf::new(),
            central: String::new(),
            workers: 2,
            throttle_mb_per_s: 0.0,
            time_limit_s: 120.0,
            slowest_mb_per_s: 1.0,
            retries: 1000,
            retry_pause_s: 5.0,
            retry_longest_pause_s: 600.0,
            room_left_mb: 64,
        }
    }
}

impl Default for PublishSettings {
    fn default() -> Self {
        PublishSettings { folder: PathBuf::new(), every_s: 3600.0 }
    }
}

impl Default for PeopleSettings {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        PeopleSettings {
            names: Vec::new(),
            roles: words(&["shifter", "expert", "data manager", "run coordinator"]),
            comments: words(&["looks fine", "LEM tripped", "high noise", "purity too low", "detector study"]),
        }
    }
}

impl Settings {
    /// The first setting that makes no sense.
    pub(super) fn fault(&self) -> Option<Fault> {
        let of_sections = [
            ("intake", self.intake.fault()),
            ("transfer", self.transfer.fault()),
            ("batch", self.batch.fault()),
            ("reconstruction", self.reconstruction.fault()),
            ("analysis", self.analysis.fault()),
            ("book", self.book.fault()),
            ("publish", not_above_zero(&[("every_s", self.publish.every_s)])),
            ("retry", not_above_zero(&[("pause_s", self.retry.pause_s)])),
            ("mail", self.mail.fault()),
            ("shifts", self.shifts.fault()),
            ("alarms", self.alarms.fault()),
            ("meeting", self.meeting.fault()),
            ("marks", self.marks.fault()),
            ("decisions", self.decisions.fault()),
            ("status", self.status.fault(&self.marks)),
            ("run_list", self.run_list.fault()),
        ];
        let of_section = of_sections.into_iter().find_map(|(section, fault)| Some(Fault::in_section(section, fault?)));
        let of_rule = self.status.rule.iter().enumerate().find_map(|(place, rule)| {
            let at = ["status", "rule", &place.to_string(), "cases"].map(str::to_owned).to_vec();
            Some(Fault { at, what: self.status.fault_of_rule(rule, &self.marks)? })
        });
        let of_section = of_rule.or(of_section);
        of_section.or_else(|| self.fault_of_tasks()).or_else(|| super::lanes::fault(&self.lanes)).or_else(|| self.fault_of_zone())
    }

    fn fault_of_tasks(&self) -> Option<Fault> {
        let is_bad = |poll_s: &f64| !(*poll_s > 0.0 && poll_s.is_finite());
        let (name, poll_s) = self.tasks.iter().find_map(|(name, task)| Some((name, task.poll_s.filter(is_bad)?)))?;
        let what = format!("'poll_s' of task '{name}' is {poll_s}, expected seconds above 0");
        Some(Fault { at: vec!["tasks".into(), name.clone(), "poll_s".into()], what })
    }

    fn fault_of_zone(&self) -> Option<Fault> {
        let found = &self.time_zone;
        let what = || format!("'time_zone' is {found:?}, expected an IANA name such as \"Europe/Zurich\" or \"UTC\"");
        jiff::tz::TimeZone::get(found).is_err().then(|| Fault::of_key("time_zone", what()))
    }
}

impl IntakeSettings {
    /// The first setting that makes no sense: its key and what is wrong.
    fn fault(&self) -> Option<(&'static str, String)> {
        let times = [("reconcile_s", self.reconcile_s), ("run_quiet_s", self.run_quiet_s), ("file_quiet_s", self.file_quiet_s)];
        let marker = &self.run_end_marker;
        let what = || format!("'run_end_marker' is {marker:?}, expected a name with {{run}} for the run's number");
        not_above_zero(&times).or_else(|| (!marker.contains("{run}")).then(|| ("run_end_marker", what())))
    }
}

impl TransferSettings {
    /// The first setting that makes no sense: its key and what is wrong.
    fn fault(&self) -> Option<(&'static str, String)> {
        let above_zero = [
            ("time_limit_s", self.time_limit_s),
            ("slowest_mb_per_s", self.slowest_mb_per_s),
            ("retry_pause_s", self.retry_pause_s),
            ("retry_longest_pause_s", self.retry_longest_pause_s),
        ];
        let numbers = not_above_zero(&above_zero).or_else(|| below_zero(&[("throttle_mb_per_s", self.throttle_mb_per_s)]));
        if numbers.is_some() {
            return numbers;
        }
        if self.workers == 0 {
            return Some(("workers", "'workers' is 0, expected at least 1".into()));
        }
        if self.farm.to_string_lossy().contains("://") {
            let found = &self.farm;
            let expected = "expected a folder: jobs read the raw files there by their paths";
            return Some(("farm", format!("'farm' is {found:?}, {expected}")));
        }
        if self.central.is_empty() {
            return None;
        }
        Place::parse(&self.central).err().map(|error| ("central", format!("'central' is {:?}: {}", error.text, error.why)))
    }
}
