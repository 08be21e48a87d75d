//! 2D tracks: straight lines of hits in one view, strip coordinate against drift height.
//!
//! Lines are drawn through pairs of hits not far from each other; the one with most hits near it is fitted, cleaned of
//! outliers, cut where there is a gap, and its hits are taken out; then the next is sought. The pairs come from a generator
//! with a fixed seed, so the same hits always give the same tracks.

use monitasks::detector::Detector;
use monitasks::vocab::View;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::hits::Hit;
use crate::config::ReconstructionSettings;

/// A straight line in (strip coordinate, drift height), cm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// A point on it: strip coordinate and z.
    pub anchor: [f64; 2],
    /// Its direction, of length 1, towards larger z.
    pub direction: [f64; 2],
}

/// A track in one view.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// The view.
    pub view: View,
    /// The hits of it, as places in the event's list of hits, along the line from small z to large z.
    pub hits: Vec<usize>,
    /// Per hit of `hits`: whether another track's charge is in it too.
    pub shared: Vec<bool>,
    /// The line fitted.
    pub line: Line,
    /// End at small z: strip coordinate and z, cm.
    pub start_cm: [f64; 2],
    /// End at large z: strip coordinate and z, cm.
    pub end_cm: [f64; 2],
    /// Sum of the hits' charges, fC.
    pub charge_fc: f64,
    /// Root mean square distance of the hits to the line, cm.
    pub residual_cm: f64,
}

/// A hit as the search sees it.
#[derive(Debug, Clone, Copy)]
struct Point {
    hit: usize,
    at: [f32; 2],
    /// Whether a track has it already: it then bridges gaps of others, and no more.
    taken: bool,
}

/// Lines tried for one track at most.
const TRIALS: usize = 400;
/// Trials without a better line after which the search for one track ends.
const PATIENCE: usize = 120;
/// Hits of a seed pair are between these distances apart, cm.
const SEED_CM: [f32; 2] = [2.0, 30.0];
/// Tracks sought in one view of one event at most: a bound on the work, far above what a real event holds.
const MOST_TRACKS: usize = 64;
/// Width of a pulse of no length above threshold, ticks: what a hit's width holds besides the track's own extent.
const PULSE_WIDTH_TICKS: f64 = 9.0;

impl Line {
    /// Distance of a point to the line, cm, with a sign.
    #[must_use]
    pub fn distance(&self, at: [f64; 2]) -> f64 {
        (at[0] - self.anchor[0]) * self.direction[1] - (at[1] - self.anchor[1]) * self.direction[0]
    }

    /// Place along the line of the point's foot, cm from the anchor.
    #[must_use]
    pub fn along(&self, at: [f64; 2]) -> f64 {
        (at[0] - self.anchor[0]) * self.direction[0] + (at[1] - self.anchor[1]) * self.direction[1]
    }

    /// The point at a place along the line.
    #[must_use]
    pub fn at(&self, along: f64) -> [f64; 2] {
        [self.anchor[0] + along * self.direction[0], self.anchor[1] + along * self.direction[1]]
    }

    /// dz / d(strip coordinate); infinite for a track along the drift.
    #[must_use]
    pub fn slope(&self) -> f64 {
        self.direction[1] / self.direction[0]
    }

    /// Strip coordinate at a height; none for a track at constant height.
    #[must_use]
    pub fn coordinate_at(&self, z_cm: f64) -> Option<f64> {
        (self.direction[1].abs() > 1e-3).then(|| self.anchor[0] + (z_cm - self.anchor[1]) * self.direction[0] / self.direction[1])
    }
}

/// Strip coordinate and drift height of a hit, cm.
#[must_use]
pub fn place_cm(hit: &Hit, detector: &Detector) -> [f64; 2] {
    [detector.strip_centre_cm(hit.strip), f64::from(hit.drift_us) * detector.drift.velocity_mm_per_us / 10.0]
}

/// Half the height, cm, that a track of this slope covers inside a hit.
#[must_use]
pub fn half_extent_cm(hit: &Hit, slope: f64, detector: &Detector) -> f64 {
    let view = detector.view(hit.strip.view);
    let strip_cm = slope.abs() * view.pitch_mm / 20.0;
    let tick_cm = detector.readout.sampling_us * detector.drift.velocity_mm_per_us / 10.0;
    let width = f64::from(hit.width_ticks) - if hit.cut { 0.0 } else { PULSE_WIDTH_TICKS };
    strip_cm.min(width.max(1.0) * tick_cm / 2.0)
}

/// Finds the tracks of one view among an event's hits.
#[must_use]
pub fn find(hits: &[Hit], view: View, detector: &Detector, settings: &ReconstructionSettings, seed: u64) -> Vec<Track> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut points: Vec<Point> = hits
        .iter()
        .enumerate()
        .filter(|(_, hit)| hit.strip.view == view)
        .map(|(index, hit)| Point { hit: index, at: place_cm(hit, detector).map(|cm| cm as f32), taken: false })
        .collect();
    let mut tracks: Vec<Track> = Vec::new();
    let mut failures = 0;
    while tracks.len() < MOST_TRACKS && failures < 3 {
        let free: Vec<[f32; 2]> = points.iter().filter(|point| !point.taken).map(|point| point.at).collect();
        if free.len() < settings.track_min_hits.max(3) {
            break;
        }
        let Some(seed_line) = best_line(&free, settings.track_tolerance_cm as f32, &mut random) else { break };
        let Some((line, members)) = clean(&points, seed_line, settings).filter(|found| found.1.len() >= settings.track_min_hits)
        else {
            failures += 1;
            continue;
        };
        members.iter().for_each(|place| points[*place].taken = true);
        let ordered: Vec<usize> = members.iter().map(|place| points[*place].hit).collect();
        if !is_shadow(&ordered, hits, &tracks, detector) {
            tracks.push(track_of(ordered, line, view, hits, detector));
        }
    }
    mark_shared(&mut tracks, hits, detector);
    tracks
}

/// The line through two hits that has most hits near it.
fn best_line(points: &[[f32; 2]], tolerance_cm: f32, random: &mut ChaCha8Rng) -> Option<Line> {
    let us: Vec<f32> = points.iter().map(|at| at[0]).collect();
    let zs: Vec<f32> = points.iter().map(|at| at[1]).collect();
    let (mut best, mut best_count, mut since) = (None, 2, 0);
    for _ in 0..TRIALS {
        since += 1;
        if since > PATIENCE {
            break;
        }
        let Some((a, direction)) = seed_pair(points, random) else { continue };
        let offset = a[0] * direction[1] - a[1] * direction[0];
        let count: u32 =
            us.iter().zip(&zs).map(|(u, z)| u32::from((u * direction[1] - z * direction[0] - offset).abs() < tolerance_cm)).sum();
        if count > best_count {
            (best_count, since) = (count, 0);
            best = Some(Line { anchor: a.map(f64::from), direction: direction.map(f64::from) });
        }
    }
    best
}

/// Two hits at a fair distance, as a point and a direction of length 1.
fn seed_pair(points: &[[f32; 2]], random: &mut ChaCha8Rng) -> Option<([f32; 2], [f32; 2])> {
    let a = points[random.random_range(0..points.len())];
    for _ in 0..8 {
        let b = points[random.random_range(0..points.len())];
        let (du, dz) = (b[0] - a[0], b[1] - a[1]);
        let length = (du * du + dz * dz).sqrt();
        if (SEED_CM[0]..SEED_CM[1]).contains(&length) {
            let sign = if dz < 0.0 { -1.0 } else { 1.0 };
            return Some((a, [sign * du / length, sign * dz / length]));
        }
    }
    None
}

/// Fits the line to the hits near it, drops outliers, keeps the longest stretch without a gap: the free hits' places in
/// `points`, in their order along the line. Where another track crosses at a small angle its hits fill the gap.
fn clean(points: &[Point], seed: Line, settings: &ReconstructionSettings) -> Option<(Line, Vec<usize>)> {
    let mut line = seed;
    let mut tolerance = settings.track_tolerance_cm;
    let mut members = Vec::new();
    for _ in 0..4 {
        let mut near: Vec<(f64, usize)> = points
            .iter()
            .enumerate()
            .filter(|(_, point)| line.distance(point.at.map(f64::from)).abs() < tolerance)
            .map(|(place, point)| (line.along(point.at.map(f64::from)), place))
            .collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        members = longest_stretch(&near, points, settings.track_max_gap_cm);
        let places: Vec<[f64; 2]> = members.iter().map(|place: &usize| points[*place].at.map(f64::from)).collect();
        let (fitted, residual) = fit(&places)?;
        line = fitted;
        tolerance = (3.5 * residual).clamp(0.6 * settings.track_tolerance_cm, settings.track_tolerance_cm);
    }
    members.sort_by(|a, b| line.along(points[*a].at.map(f64::from)).total_cmp(&line.along(points[*b].at.map(f64::from))));
    Some((line, members))
}

/// The free hits of the stretch that has most of them; `near` is sorted along the line and parted where gaps are.
fn longest_stretch(near: &[(f64, usize)], points: &[Point], gap_cm: f64) -> Vec<usize> {
    near.chunk_by(|a, b| b.0 - a.0 <= gap_cm)
        .map(|stretch| stretch.iter().map(|(_, place)| *place).filter(|place| !points[*place].taken).collect::<Vec<_>>())
        .max_by_key(Vec::len)
        .unwrap_or_default()
}

/// The line of least squared distances and the root mean square distance; none for fewer than two places.
fn fit(places: &[[f64; 2]]) -> Option<(Line, f64)> {
    if places.len() < 2 {
        return None;
    }
    let count = places.len() as f64;
    let centre = [0, 1].map(|axis: usize| places.iter().map(|place| place[axis]).sum::<f64>() / count);
    let (mut uu, mut uz, mut zz) = (0.0, 0.0, 0.0);
    for place in places {
        let (u, z) = (place[0] - centre[0], place[1] - centre[1]);
        uu += u * u;
        uz += u * z;
        zz += z * z;
    }
    let angle = 0.5 * (2.0 * uz).atan2(uu - zz);
    let (mut du, mut dz) = (angle.cos(), angle.sin());
    if dz < 0.0 {
        (du, dz) = (-du, -dz);
    }
    let line = Line { anchor: centre, direction: [du, dz] };
    let squares: f64 = places.iter().map(|place| line.distance(*place).powi(2)).sum();
    Some((line, (squares / count).sqrt()))
}

/// Whether most of the hits lie close beside a track found before: its halo, and no track of its own.
fn is_shadow(ordered: &[usize], hits: &[Hit], tracks: &[Track], detector: &Detector) -> bool {
    tracks.iter().any(|track| {
        let beside = ordered
            .iter()
            .filter(|hit| {
                let at = place_cm(&hits[**hit], detector);
                let along = track.line.along(at);
                let inside = along > track.line.along(track.start_cm) && along < track.line.along(track.end_cm);
                inside && track.line.distance(at).abs() < 1.0
            })
            .count();
        2 * beside > ordered.len()
    })
}

/// The track of these hits.
fn track_of(ordered: Vec<usize>, line: Line, view: View, hits: &[Hit], detector: &Detector) -> Track {
    let end = |hit: Option<&usize>, sign: f64| {
        let Some(hit) = hit.map(|place| &hits[*place]) else { return line.anchor };
        let foot = line.at(line.along(place_cm(hit, detector)));
        let dz = sign * half_extent_cm(hit, line.slope(), detector);
        [foot[0] + if line.direction[1] > 1e-3 { dz * line.direction[0] / line.direction[1] } else { 0.0 }, foot[1] + dz]
    };
    let squares: f64 = ordered.iter().map(|hit| line.distance(place_cm(&hits[*hit], detector)).powi(2)).sum();
    Track {
        view,
        line,
        start_cm: end(ordered.first(), -1.0),
        end_cm: end(ordered.last(), 1.0),
        charge_fc: ordered.iter().map(|hit| f64::from(hits[*hit].charge_fc)).sum(),
        residual_cm: (squares / ordered.len().max(1) as f64).sqrt(),
        shared: vec![false; ordered.len()],
        hits: ordered,
    }
}

/// Marks hits in whose time range another track crosses the strip.
fn mark_shared(tracks: &mut [Track], hits: &[Hit], detector: &Detector) {
    let tick_cm = detector.readout.sampling_us * detector.drift.velocity_mm_per_us / 10.0;
    let lines: Vec<(Line, [f64; 2], [f64; 2])> = tracks.iter().map(|track| (track.line, track.start_cm, track.end_cm)).collect();
    for (own, track) in tracks.iter_mut().enumerate() {
        let half_pitch_cm = detector.view(track.view).pitch_mm / 20.0;
        for (hit, shared) in track.hits.iter().zip(&mut track.shared) {
            let hit = &hits[*hit];
            let u = detector.strip_centre_cm(hit.strip);
            let (low, high) = (f64::from(hit.start_tick) * tick_cm, f64::from(hit.end_tick) * tick_cm);
            *shared = lines.iter().enumerate().any(|(other, (line, start, end))| {
                other != own
                    && crossed(line, [*start, *end], u, half_pitch_cm).is_some_and(|[from, to]| {
                        let pulse_cm = PULSE_WIDTH_TICKS / 2.0 * tick_cm;
                        from - pulse_cm < high && to + pulse_cm > low
                    })
            });
        }
    }
}

/// The heights between which a track crosses the strip at `u`; none when it does not.
fn crossed(line: &Line, ends: [[f64; 2]; 2], u: f64, half_pitch_cm: f64) -> Option<[f64; 2]> {
    let (left, right) = (ends[0][0].min(ends[1][0]) - half_pitch_cm, ends[0][0].max(ends[1][0]) + half_pitch_cm);
    if u < left || u > right {
        return None;
    }
    if line.direction[0].abs() < 1e-3 {
        return Some([ends[0][1], ends[1][1]]);
    }
    let at = |u: f64| (line.anchor[1] + (u - line.anchor[0]) * line.slope()).clamp(ends[0][1], ends[1][1].max(ends[0][1]));
    let (a, b) = (at(u - half_pitch_cm), at(u + half_pitch_cm));
    Some([a.min(b), a.max(b)])
}
