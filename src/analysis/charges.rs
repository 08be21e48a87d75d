//! dQ/ds along matched tracks, as purity and gain use it: the points that count, with event, LEM and drift time.

use std::collections::{HashMap, HashSet};

use monitasks::detector::Detector;
use monitasks::vocab::Lem;

use crate::config::AnalysisSettings;
use crate::reconstruction::recofile::RecoData;

/// One strip's charge over the path length above it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Charge {
    /// The event, counted over all files: charges of different events are independent, those of one may not be.
    pub event: u32,
    /// The LEM above, as its index in the grid.
    pub lem: u16,
    /// Drift time, us.
    pub drift_us: f32,
    /// dQ/ds as it arrived, not corrected for attenuation, fC/cm.
    pub dqds: f32,
}

/// The charges of all files so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Charges {
    /// The charges, per view.
    pub views: [Vec<Charge>; 2],
    /// Tracks that charges are of.
    pub tracks: u64,
    /// Tracks per LEM.
    pub tracks_of_lem: Vec<u64>,
    /// Charges per LEM and view.
    pub entries_of_lem: Vec<[u64; 2]>,
    events: u32,
}

impl Charges {
    /// Nothing yet.
    #[must_use]
    pub fn new(detector: &Detector) -> Self {
        let lems = detector.lems.len();
        Charges {
            views: Default::default(),
            tracks: 0,
            tracks_of_lem: vec![0; lems],
            entries_of_lem: vec![[0; 2]; lems],
            events: 0,
        }
    }

    /// Adds a file.
    ///
    /// Left out are points outside the grid, near an edge between LEMs, where the charge may be the neighbour's, and near the
    /// ends of their track.
    pub fn add(&mut self, data: &RecoData, detector: &Detector, settings: &AnalysisSettings) {
        let points = &data.points;
        let ends_cm = ends_of_tracks(data);
        let mut tracks = HashSet::new();
        let mut tracks_of_lem = HashSet::new();
        for place in 0..points.len() {
            let track = (points.event[place], points.matched[place]);
            let Some(lem) = lem_of(data, place, detector) else { continue };
            let at_cm = [f64::from(points.x_cm[place]), f64::from(points.y_cm[place])];
            let z_cm = f64::from(points.z_cm[place]);
            let to_end_cm = ends_cm.get(&track).map_or(f64::INFINITY, |[low, high]| (z_cm - low).min(high - z_cm));
            if edge_distance_cm(at_cm, detector) < settings.gain_lem_margin_cm || to_end_cm < settings.track_end_margin_cm {
                continue;
            }
            let dqds = points.charge_fc[place] / points.step_cm[place];
            let (Ok(event), true) = (u32::try_from(points.event[place]), dqds.is_finite()) else { continue };
            let charge = Charge { event: self.events.saturating_add(event), lem, drift_us: points.drift_us[place], dqds };
            let view = usize::from(points.view[place] != 0);
            self.views[view].push(charge);
            self.entries_of_lem[usize::from(lem)][view] += 1;
            tracks.insert(track);
            tracks_of_lem.insert((lem, track));
        }
        self.tracks += tracks.len() as u64;
        let last = data.events.event.iter().max().and_then(|event| u32::try_from(*event).ok());
        self.events = self.events.saturating_add(last.map_or(0, |event| event.saturating_add(1)));
        for (lem, _) in tracks_of_lem {
            self.tracks_of_lem[usize::from(lem)] += 1;
        }
    }
}

/// Lowest and highest z of every matched track, cm.
fn ends_of_tracks(data: &RecoData) -> HashMap<(i32, i32), [f64; 2]> {
    let rows = &data.matched;
    (0..rows.len())
        .map(|row| {
            let ends = [f64::from(rows.start_z_cm[row]), f64::from(rows.end_z_cm[row])];
            ((rows.event[row], rows.matched[row]), [ends[0].min(ends[1]), ends[0].max(ends[1])])
        })
        .collect()
}

/// The index of the LEM above a point; none outside the grid.
fn lem_of(data: &RecoData, place: usize, detector: &Detector) -> Option<u16> {
    let column = u16::try_from(data.points.lem_column[place]).ok().filter(|column| *column < detector.lems.columns)?;
    let row = u16::try_from(data.points.lem_row[place]).ok().filter(|row| *row < detector.lems.rows)?;
    u16::try_from(detector.lems.index(Lem { column, row })).ok()
}

/// Distance of a point (x, y) to the nearest edge between LEMs, cm.
fn edge_distance_cm(at_cm: [f64; 2], detector: &Detector) -> f64 {
    let size = detector.lems.size_cm;
    let lows = [detector.volume.x_cm[0], detector.volume.y_cm[0]];
    let inside = [0, 1].map(|axis: usize| (at_cm[axis] - lows[axis]).rem_euclid(size));
    inside.map(|inside| inside.min(size - inside)).into_iter().fold(size, f64::min)
}
