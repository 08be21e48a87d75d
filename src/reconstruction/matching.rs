//! Tracks of the two views that are one muon.
//!
//! Both views see the same drift times and share the charge evenly, so the ends agree in height and the charges in sum. Muons
//! that go through the whole drift all have the same ends; among them the charge along the height decides: what the muon
//! deposits fluctuates from place to place, and both views see the same fluctuation.

use monitasks::detector::Detector;
use monitasks::vocab::View;

use super::hits::Hit;
use super::tracks::{Track, place_cm};
use crate::config::ReconstructionSettings;

/// One muon seen in both views, as places in the event's list of tracks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match {
    /// The tracks of view 0 and view 1.
    pub tracks: [usize; 2],
    /// How unlike the two charge profiles are: root mean square of (q0-q1)/(q0+q1) over slices of height, the worst
    /// quarter left out.
    pub profile_distance: f64,
}

/// Height of a slice of the charge profile, cm.
const SLICE_CM: f64 = 6.0;
/// A slice counts when strips cover this part of it at least.
const LEAST_COVERED: f64 = 0.5;

/// Pairs tracks of view 0 with tracks of view 1, best agreement first; each track is used once.
#[must_use]
pub fn find(tracks: &[Track], hits: &[Hit], detector: &Detector, settings: &ReconstructionSettings) -> Vec<Match> {
    let long_enough = |track: &Track| {
        let strips = strips_of(track, hits);
        let length_mm = 10.0 * (track.end_cm[0] - track.start_cm[0]).hypot(track.end_cm[1] - track.start_cm[1]);
        strips > settings.match_min_points && length_mm > settings.match_min_length_mm
    };
    let of_view = |view: View| -> Vec<(usize, Vec<Slice>)> {
        let chosen = tracks.iter().enumerate().filter(|(_, track)| track.view == view && long_enough(track));
        chosen.map(|(index, track)| (index, profile(track, hits, detector))).collect()
    };
    let (first, second) = (of_view(View::V0), of_view(View::V1));
    let mut candidates = Vec::new();
    for (a, profile_a) in &first {
        for (b, profile_b) in &second {
            if agree(&tracks[*a], &tracks[*b], settings) {
                let profile_distance = distance(profile_a, profile_b);
                candidates.push(Match { tracks: [*a, *b], profile_distance });
            }
        }
    }
    candidates.retain(|candidate| candidate.profile_distance < settings.match_profile_distance);
    candidates.sort_by(|a, b| a.profile_distance.total_cmp(&b.profile_distance));
    let mut used = vec![false; tracks.len()];
    candidates.retain(|candidate| {
        let free = candidate.tracks.iter().all(|track| !used[*track]);
        if free {
            candidate.tracks.iter().for_each(|track| used[*track] = true);
        }
        free
    });
    candidates
}

/// Number of strips that a track has hits on.
fn strips_of(track: &Track, hits: &[Hit]) -> usize {
    let mut strips: Vec<u32> = track.hits.iter().map(|hit| hits[*hit].strip.number).collect();
    strips.sort_unstable();
    strips.dedup();
    strips.len()
}

/// Whether ends and charges of two tracks agree.
fn agree(a: &Track, b: &Track, settings: &ReconstructionSettings) -> bool {
    let total = a.charge_fc + b.charge_fc;
    (a.start_cm[1] - b.start_cm[1]).abs() < settings.match_end_cm
        && (a.end_cm[1] - b.end_cm[1]).abs() < settings.match_end_cm
        && total > 0.0
        && (a.charge_fc - b.charge_fc).abs() / total < settings.match_charge_asymmetry
}

/// A track in one slice of height.
#[derive(Debug, Clone, Copy, Default)]
struct Slice {
    charge_fc: f64,
    /// Height that the strips with this charge cover, cm: blind strips and those of two tracks are missing in it.
    covered_cm: f64,
}

/// A track's charge per slice of height.
fn profile(track: &Track, hits: &[Hit], detector: &Detector) -> Vec<Slice> {
    let mut slices = vec![Slice::default(); (detector.volume.drift_cm / SLICE_CM).ceil() as usize + 2];
    let mut members: Vec<(u32, usize)> =
        (0..track.hits.len()).map(|place| (hits[track.hits[place]].strip.number, place)).collect();
    members.sort_unstable();
    let strip_cm = track.line.slope().abs() * detector.view(track.view).pitch_mm / 10.0;
    let tick_cm = detector.readout.sampling_us * detector.drift.velocity_mm_per_us / 10.0;
    for same in members.chunk_by(|a, b| a.0 == b.0) {
        let ticks: f64 = same.iter().map(|(_, place)| f64::from(hits[track.hits[*place]].width_ticks)).sum();
        if same.iter().any(|(_, place)| track.shared[*place]) {
            continue;
        }
        for (_, place) in same {
            let hit = &hits[track.hits[*place]];
            let width = f64::from(hit.width_ticks);
            // The pieces of one strip share the height that the track has over it.
            let extent_cm = (strip_cm * width / ticks.max(1.0)).min(width * tick_cm).max(0.01);
            let z = place_cm(hit, detector)[1];
            add_spread(&mut slices, f64::from(hit.charge_fc), extent_cm, z);
        }
    }
    slices
}

/// Adds a charge that lies evenly over `extent_cm` about a height.
fn add_spread(slices: &mut [Slice], charge_fc: f64, extent_cm: f64, z_cm: f64) {
    let (from, to) = ((z_cm - extent_cm / 2.0) / SLICE_CM, (z_cm + extent_cm / 2.0) / SLICE_CM);
    for place in from.max(0.0) as usize..=to.max(0.0) as usize {
        let part = (to.min(place as f64 + 1.0) - from.max(place as f64)) / (to - from);
        if let Some(slice) = slices.get_mut(place).filter(|_| part > 0.0) {
            slice.charge_fc += part * charge_fc;
            slice.covered_cm += part * extent_cm;
        }
    }
}

/// How unlike two profiles are, over slices that both cover; 1 when there is none. The worst quarter of the slices is left out: a
/// delta ray that only one view counts to the muon spoils a few slices, a wrong partner all.
fn distance(a: &[Slice], b: &[Slice]) -> f64 {
    let covered = |slice: &Slice| slice.covered_cm > LEAST_COVERED * SLICE_CM;
    let mut squares: Vec<f64> = a
        .iter()
        .zip(b)
        .filter(|(a, b)| covered(a) && covered(b))
        .map(|(a, b)| (a.charge_fc / a.covered_cm, b.charge_fc / b.covered_cm))
        .map(|(a, b)| ((a - b) / (a + b)).powi(2))
        .collect();
    squares.sort_by(f64::total_cmp);
    squares.truncate((squares.len() * 3).div_ceil(4));
    if squares.is_empty() { 1.0 } else { (squares.iter().sum::<f64>() / squares.len() as f64).sqrt() }
}
