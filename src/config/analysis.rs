//! Settings of the analysis of groups: what makes a group, and how purity and gain are measured.

use serde::{Deserialize, Serialize};

use super::fault::{below_zero, not_above_zero};

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

impl AnalysisSettings {
    /// The first setting that makes no sense: its key and what is wrong.
    pub(super) fn fault(&self) -> Option<(&'static str, String)> {
        let from_zero = [
            ("gain_lem_margin_cm", self.gain_lem_margin_cm),
            ("track_end_margin_cm", self.track_end_margin_cm),
            ("gain_systematic_fraction", self.gain_systematic_fraction),
        ];
        let numbers = not_above_zero(&[("purity_bin_us", self.purity_bin_us)]).or_else(|| below_zero(&from_zero));
        if numbers.is_some() {
            return numbers;
        }
        if self.files_per_group == 0 {
            return Some(("files_per_group", "'files_per_group' is 0, expected at least 1".into()));
        }
        let found = self.gain_truncated_fraction;
        let is_part = (0.0..1.0).contains(&found);
        (!is_part).then(|| ("gain_truncated_fraction", format!("'gain_truncated_fraction' is {found}, expected 0 up to below 1")))
    }
}
