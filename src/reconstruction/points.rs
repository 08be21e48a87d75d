//! Charge per path length along matched tracks.
//!
//! A strip of view 0 is crossed over `pitch` in x. With `a0` = dz/dx, the slope in the view itself, and `a1` = dz/dy, the slope
//! in the other view, the way through the liquid meanwhile is
//!
//! ```text
//! ds = sqrt(dx^2 + dy^2 + dz^2) = pitch * sqrt(1 + (a0/a1)^2 + a0^2) = pitch * sqrt(1 + a0^2 * (1/a1^2 + 1))
//! ```
//!
//! because dz/dx = a0 and dy/dx = (dz/dx)/(dz/dy) = a0/a1. For a strip of view 1 the two slopes change places.

use monitasks::detector::Detector;
use monitasks::vocab::{Lem, View};

use super::hits::Hit;
use super::matching::Match;
use super::tracks::{Track, place_cm};
use crate::config::ReconstructionSettings;

/// One strip's piece of a matched track.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrackPoint {
    /// The view of the strip.
    pub view: View,
    /// The strip's number in the view.
    pub strip: u32,
    /// Where the piece is, cm: x, y, z.
    pub at_cm: [f64; 3],
    /// Drift time, us.
    pub drift_us: f64,
    /// Charge on the strip, fC.
    pub charge_fc: f64,
    /// Path length over the strip, cm.
    pub step_cm: f64,
    /// The LEM above.
    pub lem: Lem,
}

/// One strip of a track: its charge and mean place.
#[derive(Debug, Clone, Copy)]
struct StripCharge {
    strip: u32,
    /// Strip coordinate and z, cm.
    at: [f64; 2],
    charge_fc: f64,
    shared: bool,
}

/// A slope flatter than this in either view has no path length: the track runs along the strips or at constant height.
const LEAST_SLOPE: f64 = 0.02;

/// Path length over a strip, cm: `slope` is dz/d(coordinate) in the strip's own view, `other_slope` that in the other view.
#[must_use]
pub fn step_cm(pitch_cm: f64, slope: f64, other_slope: f64) -> f64 {
    pitch_cm * (1.0 + slope * slope * (1.0 / (other_slope * other_slope) + 1.0)).sqrt()
}

/// The points of a matched track in both views. First and last strip of each view are left out, they are crossed in part;
/// so are strips that hold another track's charge too.
#[must_use]
pub fn of_match(
    found: &Match,
    tracks: &[Track],
    hits: &[Hit],
    detector: &Detector,
    settings: &ReconstructionSettings,
) -> Vec<TrackPoint> {
    let pair = found.tracks.map(|track| &tracks[track]);
    let strips = pair.map(|track| strips_along(track, hits, detector));
    let mut points = Vec::new();
    for view in View::ALL {
        let (own, other) = (view.index(), 1 - view.index());
        let inner = strips[own].len().saturating_sub(1);
        for place in 1..inner {
            let piece = strips[own][place];
            if piece.shared {
                continue;
            }
            let window = settings.slope_half_window_points;
            let slope = local_slope(&strips[own], place, window, &pair[own].line);
            let nearest = nearest(&strips[other], piece.at[1]);
            let other_slope = local_slope(&strips[other], nearest, window, &pair[other].line);
            if slope.abs() < LEAST_SLOPE || other_slope.abs() < LEAST_SLOPE {
                continue;
            }
            let Some(across) = pair[other].line.coordinate_at(piece.at[1]) else { continue };
            let (x, y) = if view == View::V0 { (piece.at[0], across) } else { (across, piece.at[0]) };
            let Some(lem) = detector.lem_at(x, y) else { continue };
            points.push(TrackPoint {
                view,
                strip: piece.strip,
                at_cm: [x, y, piece.at[1]],
                drift_us: detector.drift_time_us(piece.at[1]),
                charge_fc: piece.charge_fc,
                step_cm: step_cm(detector.view(view).pitch_mm / 10.0, slope, other_slope),
                lem,
            });
        }
    }
    points
}

/// A track's hits summed per strip, in the order of the strips.
fn strips_along(track: &Track, hits: &[Hit], detector: &Detector) -> Vec<StripCharge> {
    let mut members: Vec<(u32, usize)> =
        (0..track.hits.len()).map(|place| (hits[track.hits[place]].strip.number, place)).collect();
    members.sort_unstable();
    members
        .chunk_by(|a, b| a.0 == b.0)
        .map(|same| {
            let mut sum = StripCharge { strip: same[0].0, at: [0.0; 2], charge_fc: 0.0, shared: false };
            for (_, place) in same {
                let hit = &hits[track.hits[*place]];
                let (at, charge) = (place_cm(hit, detector), f64::from(hit.charge_fc));
                sum.at = [at[0], sum.at[1] + at[1] * charge];
                sum.charge_fc += charge;
                sum.shared |= track.shared[*place];
            }
            sum.at[1] =
                if sum.charge_fc > 0.0 { sum.at[1] / sum.charge_fc } else { place_cm(&hits[track.hits[same[0].1]], detector)[1] };
            sum
        })
        .collect()
}

/// The place of the strip whose height is nearest.
fn nearest(strips: &[StripCharge], z_cm: f64) -> usize {
    (0..strips.len()).min_by(|a, b| (strips[*a].at[1] - z_cm).abs().total_cmp(&(strips[*b].at[1] - z_cm).abs())).unwrap_or(0)
}

/// dz/d(coordinate) over the strips within `window` of one; that of the whole line when the window is 0 or holds too little.
fn local_slope(strips: &[StripCharge], place: usize, window: usize, line: &super::tracks::Line) -> f64 {
    let near = &strips[place.saturating_sub(window)..(place + window + 1).min(strips.len())];
    if window == 0 || near.len() < 3 {
        return line.slope();
    }
    let count = near.len() as f64;
    let mean = [0, 1].map(|axis: usize| near.iter().map(|strip| strip.at[axis]).sum::<f64>() / count);
    let (mut uu, mut uz) = (0.0, 0.0);
    for strip in near {
        let u = strip.at[0] - mean[0];
        uu += u * u;
        uz += u * (strip.at[1] - mean[1]);
    }
    if uu > 0.0 { uz / uu } else { line.slope() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_step_is_the_way_through_the_liquid(dx in 0.1f64..10.0, dy in 0.1f64..10.0, dz in 0.1f64..10.0, signs in 0u8..8) {
            let sign = |bit: u8| if signs & bit == 0 { 1.0 } else { -1.0 };
            let direction = [sign(1) * dx, sign(2) * dy, sign(4) * dz];
            let pitch = 0.3125;
            let way = pitch / direction[0].abs() * (dx * dx + dy * dy + dz * dz).sqrt();
            let step = step_cm(pitch, direction[2] / direction[0], direction[2] / direction[1]);
            prop_assert!((step / way - 1.0).abs() < 1e-9, "{step} for {way}");
        }
    }

    #[test]
    fn a_track_straight_across_the_strips_has_a_step_of_one_pitch() {
        // Hardly any slope, and none along the strips: a1 is steep beside a0.
        assert!((step_cm(0.3125, 1e-3, 1e3) - 0.3125).abs() < 1e-6);
    }
}
