//! Settings of the reconstruction: every cut, with its unit.

use serde::{Deserialize, Serialize};

use super::fault::{below_zero, not_above_zero};

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

impl ReconstructionSettings {
    /// The first setting that makes no sense: its key and what is wrong.
    pub(super) fn fault(&self) -> Option<(&'static str, String)> {
        let above_zero = [
            ("pedestal_clip_sigma", self.pedestal_clip_sigma),
            ("coherent_signal_sigma", self.coherent_signal_sigma),
            ("hit_threshold_sigma", self.hit_threshold_sigma),
            ("match_end_cm", self.match_end_cm),
            ("track_tolerance_cm", self.track_tolerance_cm),
            ("track_max_gap_cm", self.track_max_gap_cm),
        ];
        let from_zero = [
            ("hit_valley_fraction", self.hit_valley_fraction),
            ("coherent_quiet_fraction", self.coherent_quiet_fraction),
            ("match_charge_asymmetry", self.match_charge_asymmetry),
            ("match_profile_distance", self.match_profile_distance),
            ("match_min_length_mm", self.match_min_length_mm),
        ];
        let every = (self.select_every == 0).then(|| ("select_every", "'select_every' is 0, expected at least 1".into()));
        not_above_zero(&above_zero).or_else(|| below_zero(&from_zero)).or(every)
    }
}
