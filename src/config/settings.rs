//! The settings of a workspace: what `dqmon.toml` may say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::BatchSettings;
use super::lanes::LaneSettings;
use super::{MailSettings, Place, RetrySettings, RunListSettings};

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

/// Raw file to reconstructed file. Every cut, with its unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReconstructionSettings {
    /// A sample this many RMS away from the pedestal is no noise: it is left out of the pedestal with its neighbourhood.
    pub pedestal_clip_sigma: f64,
    /// File of channels that give no hits, rows `channel module view strip`, relative to the workspace; empty for the detector
    /// file's blind and noisy strips.
    pub mask_file: String,
    /// Only every so many-th event is reconstructed, counted from the first that the other selections leave; 1 for all.
    pub select_every: usize,
    /// Only events of these trigger types are reconstructed; empty for all.
    pub select_trigger_types: Vec<u8>,
    /// Events with one of these quality bits set (bits 0 to 5 of the flags) are left out; 63 for complete events only.
    pub reject_quality_bits: u8,
    /// A sample belongs to a hit when it is this many pedestal RMS above the pedestal.
    pub hit_threshold_sigma: f64,
    /// A hit has at least this many consecutive samples above threshold.
    pub hit_min_width_ticks: usize,
    /// Samples before the first one above threshold that count for a hit's charge.
    pub hit_pad_before_ticks: usize,
    /// Samples after the last one above threshold that count for a hit's charge.
    pub hit_pad_after_ticks: usize,
    /// A longer run of samples above threshold is cut into hits of at most this length.
    pub hit_max_width_ticks: usize,
    /// Two pulses are parted where the samples between fall below this fraction of the lower one.
    pub hit_valley_fraction: f64,
    /// Take the group's median per tick away before hits are sought.
    pub remove_coherent_noise: bool,
    /// A sample this many RMS above the pedestal is signal: its channel takes no part in the group's median there.
    pub coherent_signal_sigma: f64,
    /// At least this fraction of a group must be free of signal for its median to be taken away.
    pub coherent_quiet_fraction: f64,
    /// A 2D track has at least this many hits.
    pub track_min_hits: usize,
    /// Hits farther than this from a 2D track's line are not of it, cm.
    pub track_tolerance_cm: f64,
    /// A 2D track ends where no hit follows for more than this, cm.
    pub track_max_gap_cm: f64,
    /// Tracks of the two views match when both ends agree within this, cm of drift.
    pub match_end_cm: f64,
    /// Tracks of the two views match when |q0-q1|/(q0+q1) is below this.
    pub match_charge_asymmetry: f64,
    /// Tracks of the two views match when their charge profiles along the height differ by less than this: root mean square
    /// of (q0-q1)/(q0+q1) over slices of 6 cm, the worst quarter of them left out.
    pub match_profile_distance: f64,
    /// A matched track has more than this many points in each view.
    pub match_min_points: usize,
    /// A matched track is longer than this in each view, mm.
    pub match_min_length_mm: f64,
    /// Points on each side of a point that its local slope is taken over; 0 for the slope of the whole track.
    pub slope_half_window_points: usize,
}

/// Reconstructed files to results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AnalysisSettings {
    /// Files of a run that are analysed together.
    pub files_per_group: usize,
    /// A group is full, with however few files, when its files hold so many matched tracks; 0 for no such rule.
    pub tracks_per_group: u64,
    /// How the electron lifetime is measured.
    pub purity_method: PurityMethod,
    /// Width of a drift-time bin of the purity profile, us.
    pub purity_bin_us: f64,
    /// Fewest entries of a purity bin that counts.
    pub purity_min_entries: usize,
    /// Fewest entries per view of a LEM with a gain.
    pub gain_min_entries: usize,
    /// Fewest tracks behind a LEM's gain: one track matched wrongly brings many entries at once.
    pub gain_min_tracks: usize,
    /// Points nearer than this to the edge of a LEM do not count for its gain, cm.
    pub gain_lem_margin_cm: f64,
    /// Points whose height is nearer than this to that of an end of their track do not count, cm: the slope there is one-sided.
    pub track_end_margin_cm: f64,
    /// What stands for a LEM's charges.
    pub gain_estimator: GainEstimator,
    /// The highest fraction of charges dropped before the mean; 0 for a plain mean.
    pub gain_truncated_fraction: f64,
    /// Error of every gain besides that of its statistics and of the lifetime, as a part of the gain.
    pub gain_systematic_fraction: f64,
}

/// How the electron lifetime is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PurityMethod {
    /// From the most probable dQ/ds of matched tracks in bins of drift time.
    #[default]
    LandauGauss,
    /// From the charge of each 2D track in bins of drift time, set against its first complete bin.
    TrackRatio,
}

/// What stands for a LEM's charges; either is scaled to the mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GainEstimator {
    /// The mean without the highest fraction.
    TruncatedMean,
    /// The most probable value of a Landau distribution convolved with a Gaussian.
    #[default]
    LandauGauss,
}

/// One monitor task.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TaskSettings {
    /// Seconds between two looks for results; none for the task's own default.
    pub poll_s: Option<f64>,
}

/// The book.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BookSettings {
    /// The book's file, relative to the workspace.
    pub path: PathBuf,
    /// A backend whose heartbeat is older than this, in seconds, has lost its lease.
    pub lease_stale_s: f64,
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

/// A settings file that can't be used. The message says what, why, what there is instead, and where.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SettingsError {
    /// The file can't be read.
    #[error("settings not read: {why}: {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        why: String,
    },
    /// The file is no valid TOML or says something unknown.
    #[error("settings refused: {what}: {}:{line}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// The line, from 1; 0 when it is not known.
        line: usize,
        /// What is wrong, with the keys that exist.
        what: String,
    },
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

impl Default for ReconstructionSettings {
    fn default() -> Self {
        ReconstructionSettings {
            pedestal_clip_sigma: 3.0,
            mask_file: String::new(),
            select_every: 1,
            select_trigger_types: Vec::new(),
            reject_quality_bits: 0,
            hit_threshold_sigma: 4.0,
            hit_min_width_ticks: 3,
            hit_pad_before_ticks: 5,
            hit_pad_after_ticks: 10,
            hit_max_width_ticks: 30,
            hit_valley_fraction: 0.6,
            remove_coherent_noise: true,
            coherent_signal_sigma: 3.5,
            coherent_quiet_fraction: 0.4,
            track_min_hits: 11,
            track_tolerance_cm: 0.4,
            track_max_gap_cm: 4.0,
            match_end_cm: 1.0,
            match_charge_asymmetry: 0.1,
            match_profile_distance: 0.04,
            match_min_points: 10,
            match_min_length_mm: 50.0,
            slope_half_window_points: 2,
        }
    }
}

impl Default for AnalysisSettings {
    fn default() -> Self {
        AnalysisSettings {
            files_per_group: 3,
            tracks_per_group: 0,
            purity_method: PurityMethod::default(),
            purity_bin_us: 66.0,
            purity_min_entries: 100,
            gain_min_entries: 10,
            gain_min_tracks: 3,
            gain_lem_margin_cm: 1.0,
            track_end_margin_cm: 3.0,
            gain_estimator: GainEstimator::default(),
            gain_truncated_fraction: 0.0,
            gain_systematic_fraction: 0.005,
        }
    }
}

impl Default for BookSettings {
    fn default() -> Self {
        BookSettings { path: "book.sqlite".into(), lease_stale_s: 15.0 }
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
    /// Reads a settings file.
    ///
    /// # Errors
    /// When the file can't be read, is no TOML, or says something unknown or out of range; with file, line, key and the keys
    /// that exist.
    pub fn load(path: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| SettingsError::Unreadable { path: path.to_owned(), why: error.to_string() })?;
        Settings::parse(&text, path)
    }

    /// Reads settings from the text of the file at `path`.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, SettingsError> {
        let refused = |line: usize, what: String| SettingsError::Refused { path: path.to_owned(), line, what };
        let settings: Settings = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| 1 + text[..span.start].matches('\n').count());
            refused(line, in_words(text, line, error.message()))
        })?;
        settings.fault().map_or(Ok(settings.clone()), |(key, what)| Err(refused(line_of_key(text, key), what)))
    }

    /// The first setting that is out of range: its key and what is wrong.
    fn fault(&self) -> Option<(&'static str, String)> {
        let above_zero = [
            ("reconcile_s", self.intake.reconcile_s),
            ("run_quiet_s", self.intake.run_quiet_s),
            ("file_quiet_s", self.intake.file_quiet_s),
            ("pedestal_clip_sigma", self.reconstruction.pedestal_clip_sigma),
            ("coherent_signal_sigma", self.reconstruction.coherent_signal_sigma),
            ("hit_threshold_sigma", self.reconstruction.hit_threshold_sigma),
            ("match_end_cm", self.reconstruction.match_end_cm),
            ("track_tolerance_cm", self.reconstruction.track_tolerance_cm),
            ("track_max_gap_cm", self.reconstruction.track_max_gap_cm),
            ("purity_bin_us", self.analysis.purity_bin_us),
            ("lease_stale_s", self.book.lease_stale_s),
            ("time_limit_s", self.transfer.time_limit_s),
            ("slowest_mb_per_s", self.transfer.slowest_mb_per_s),
            ("retry_pause_s", self.transfer.retry_pause_s),
            ("retry_longest_pause_s", self.transfer.retry_longest_pause_s),
            ("pause_s", self.retry.pause_s),
            ("every_s", self.publish.every_s),
        ];
        for (key, value) in above_zero {
            if !(value > 0.0 && value.is_finite()) {
                return Some((key, format!("'{key}' is {value}, expected a number above 0")));
            }
        }
        if let Some(fault) = self.batch.fault() {
            return Some(fault);
        }
        for (name, task) in &self.tasks {
            if let Some(poll_s) = task.poll_s.filter(|poll_s| !(*poll_s > 0.0 && poll_s.is_finite())) {
                return Some(("poll_s", format!("'poll_s' of task '{name}' is {poll_s}, expected seconds above 0")));
            }
        }
        let at_least_zero = [
            ("hit_valley_fraction", self.reconstruction.hit_valley_fraction),
            ("coherent_quiet_fraction", self.reconstruction.coherent_quiet_fraction),
            ("match_charge_asymmetry", self.reconstruction.match_charge_asymmetry),
            ("match_profile_distance", self.reconstruction.match_profile_distance),
            ("match_min_length_mm", self.reconstruction.match_min_length_mm),
            ("gain_lem_margin_cm", self.analysis.gain_lem_margin_cm),
            ("track_end_margin_cm", self.analysis.track_end_margin_cm),
            ("gain_systematic_fraction", self.analysis.gain_systematic_fraction),
            ("throttle_mb_per_s", self.transfer.throttle_mb_per_s),
        ];
        for (key, value) in at_least_zero {
            if !(value >= 0.0 && value.is_finite()) {
                return Some((key, format!("'{key}' is {value}, expected a number from 0")));
            }
        }
        let marker = &self.intake.run_end_marker;
        if !marker.contains("{run}") {
            return Some((
                "run_end_marker",
                format!("'run_end_marker' is {marker:?}, expected a name with {{run}} for the run's number"),
            ));
        }
        if let Some(fault) = self.transfer.fault() {
            return Some(fault);
        }
        if self.reconstruction.select_every == 0 {
            return Some(("select_every", "'select_every' is 0, expected at least 1".into()));
        }
        if self.analysis.files_per_group == 0 {
            return Some(("files_per_group", "'files_per_group' is 0, expected at least 1".into()));
        }
        if !(0.0..1.0).contains(&self.analysis.gain_truncated_fraction) {
            let found = self.analysis.gain_truncated_fraction;
            return Some(("gain_truncated_fraction", format!("'gain_truncated_fraction' is {found}, expected 0 up to below 1")));
        }
        if let Some(fault) = super::lanes::fault(&self.lanes) {
            return Some(fault);
        }
        if jiff::tz::TimeZone::get(&self.time_zone).is_err() {
            let found = &self.time_zone;
            return Some((
                "time_zone",
                format!("'time_zone' is {found:?}, expected an IANA name such as \"Europe/Zurich\" or \"UTC\""),
            ));
        }
        self.mail.fault().or_else(|| self.run_list.fault())
    }
}

impl TransferSettings {
    /// The first setting that makes no sense: its key and what is wrong.
    fn fault(&self) -> Option<(&'static str, String)> {
        if self.workers == 0 {
            return Some(("workers", "'workers' is 0, expected at least 1".into()));
        }
        if self.farm.to_string_lossy().contains("://") {
            let found = &self.farm;
            return Some((
                "farm",
                format!("'farm' is {found:?}, expected a folder: jobs read the raw files there by their paths"),
            ));
        }
        if self.central.is_empty() {
            return None;
        }
        Place::parse(&self.central).err().map(|error| ("central", format!("'central' is {:?}: {}", error.text, error.why)))
    }
}

/// A message of the TOML reader in words for people, with the key that stands on the line.
fn in_words(text: &str, line: usize, message: &str) -> String {
    let message = message
        .replace('`', "'")
        .replace("expected f64", "expected a number")
        .replace("expected usize", "expected a whole number from 0")
        .replace("expected u8", "expected a whole number from 0 to 255");
    let written = line.checked_sub(1).and_then(|line| text.lines().nth(line)).and_then(|line| line.split_once('='));
    match written.map(|(key, _)| key.trim()) {
        Some(key) if !key.is_empty() && !message.contains(key) => format!("'{key}': {message}"),
        _ => message,
    }
}

/// The line, from 1, on which a key stands in a TOML text; 0 when it does not.
fn line_of_key(text: &str, key: &str) -> usize {
    text.lines().position(|line| line.trim_start().starts_with(key)).map_or(0, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_defaults() {
        assert_eq!(Settings::parse("", Path::new("dqmon.toml")).unwrap(), Settings::default());
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line_and_the_keys_that_exist() {
        let error = Settings::parse("[intake]\nfolder = \"in\"\nfoldr = \"x\"\n", Path::new("dqmon.toml")).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("foldr") && message.contains("reconcile_s"), "{message}");
        assert!(message.ends_with("dqmon.toml:3"), "{message}");
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_refused_with_its_key() {
        let error = Settings::parse("[intake]\nreconcile_s = \"soon\"\n", Path::new("dqmon.toml")).unwrap_err();
        let expected = "settings refused: 'reconcile_s': invalid type: string \"soon\", expected a number: dqmon.toml:2";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_number_out_of_range_is_refused_with_its_line() {
        let error = Settings::parse("\n[intake]\nreconcile_s = -1\n", Path::new("w/dqmon.toml")).unwrap_err();
        assert_eq!(error.to_string(), "settings refused: 'reconcile_s' is -1, expected a number above 0: w/dqmon.toml:3");
    }

    #[test]
    fn a_second_destination_that_is_none_is_refused_with_what_there_is_instead() {
        for (line, said) in [
            ("central = \"root://host/relative\"", "two slashes"),
            ("central = \"https://host/x\"", "protocol is not known"),
            ("farm = \"root://host//x\"", "expected a folder"),
            ("workers = 0", "at least 1"),
            ("throttle_mb_per_s = -1", "from 0"),
            ("slowest_mb_per_s = 0", "above 0"),
        ] {
            let error = Settings::parse(&format!("[transfer]\n{line}\n"), Path::new("dqmon.toml")).unwrap_err().to_string();
            assert!(error.contains(said) && error.ends_with("dqmon.toml:2"), "{error}");
        }
        let text = "[transfer]\ncentral = \"root://eos.example.org//eos/raw\"\nfarm = \"/data/farm\"\n";
        assert!(Settings::parse(text, Path::new("dqmon.toml")).is_ok());
    }
}
