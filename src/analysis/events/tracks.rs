//! Tracks: how many an event has, and of the matched ones length, angles and where they come in.
//!
//! `z` is the distance from the anode: a track's end at small z is its upper one, where a muon from the sky comes in.

use monitasks::detector::Detector;
use monitasks::format::histograms::Histograms;
use monitasks::format::root::{Histogram, HistogramAxis};

use super::{histogram, put_mean};
use crate::reconstruction::recofile::RecoData;

/// Sides of a cell of the map of entries, cm.
const CELL_CM: f64 = 10.0;
/// Most cells along a side of it.
const MOST_CELLS: usize = 200;
const LENGTH_BINS: usize = 64;
/// Bins of 5 degrees from the vertical, of 15 around it.
const ZENITH_BINS: usize = 18;
const AZIMUTH_BINS: usize = 24;
const MOST_PER_EVENT: usize = 40;

/// The tracks so far.
#[derive(Debug, Clone)]
pub(super) struct TrackSums {
    /// 2D tracks of each event by view, and matched ones.
    per_event: [Vec<f64>; 3],
    matched: u64,
    event_histograms: [Histogram; 3],
    length: Histogram,
    zenith: Histogram,
    azimuth: Histogram,
    entry: Histogram,
}

/// What the counts of an event are of, as it stands in names.
const COUNTED: [(&str, &str); 3] = [
    ("tracks_per_event_view0", "2D tracks per event, view 0"),
    ("tracks_per_event_view1", "2D tracks per event, view 1"),
    ("matched_per_event", "Matched tracks per event"),
];

impl TrackSums {
    pub(super) fn new(detector: &Detector) -> Self {
        let counts = |(name, title): (&str, &str)| {
            let axis = HistogramAxis::new(MOST_PER_EVENT, -0.5, MOST_PER_EVENT as f64 - 0.5).title("tracks");
            histogram(name, title, axis, "events")
        };
        let volume = &detector.volume;
        let side = |range: [f64; 2]| range[1] - range[0];
        let diagonal_cm = f64::hypot(f64::hypot(side(volume.x_cm), side(volume.y_cm)), volume.drift_cm);
        let lengths = HistogramAxis::new(LENGTH_BINS, 0.0, 10.0 * (diagonal_cm / 10.0).ceil().max(1.0)).title("length [cm]");
        let zeniths = HistogramAxis::new(ZENITH_BINS, 0.0, 90.0).title("angle to the vertical [deg]");
        let azimuths = HistogramAxis::new(AZIMUTH_BINS, -180.0, 180.0).title("azimuth, 0 along x, 90 along y [deg]");
        let cells = |range: [f64; 2], title: &str| {
            let count = (side(range) / CELL_CM).round().clamp(1.0, MOST_CELLS as f64) as usize;
            HistogramAxis::new(count, range[0], range[1]).title(title)
        };
        let axes = vec![cells(volume.x_cm, "x [cm]"), cells(volume.y_cm, "y [cm]")];
        let mut entry = Histogram::new("track_entry", "Where matched tracks come in: their upper ends", axes);
        entry.value_title = "tracks".into();
        TrackSums {
            per_event: Default::default(),
            matched: 0,
            event_histograms: COUNTED.map(counts),
            length: histogram("track_length", "Length of matched tracks", lengths, "tracks"),
            zenith: histogram("track_zenith", "Angle of matched tracks to the vertical", zeniths, "tracks"),
            azimuth: histogram("track_azimuth", "Direction of matched tracks around the vertical", azimuths, "tracks"),
            entry,
        }
    }

    pub(super) fn add(&mut self, data: &RecoData) {
        let events = data.events.len();
        let mut counts = [vec![0.0; events], vec![0.0; events], vec![0.0; events]];
        let mut count = |what: i32, event: i32| {
            let of = usize::try_from(what).ok().and_then(|what| counts.get_mut(what));
            if let Some(count) = of.and_then(|of| of.get_mut(usize::try_from(event).ok()?)) {
                *count += 1.0;
            }
        };
        let of_a_view = data.tracks.view.iter().zip(&data.tracks.event).filter(|(view, _)| (0..2).contains(*view));
        of_a_view.for_each(|(view, event)| count(*view, *event));
        data.matched.event.iter().for_each(|event| count(2, *event));
        for ((all, histogram), counts) in self.per_event.iter_mut().zip(&mut self.event_histograms).zip(counts) {
            counts.iter().for_each(|count| histogram.fill(&[*count]));
            all.extend(counts);
        }
        let matched = &data.matched;
        for place in 0..matched.len() {
            let start = [matched.start_x_cm[place], matched.start_y_cm[place], matched.start_z_cm[place]].map(f64::from);
            let end = [matched.end_x_cm[place], matched.end_y_cm[place], matched.end_z_cm[place]].map(f64::from);
            self.add_matched(start, end);
        }
    }

    /// A matched track from its upper end to its lower one, cm.
    fn add_matched(&mut self, start: [f64; 3], end: [f64; 3]) {
        self.matched += 1;
        let [x, y, z] = [end[0] - start[0], end[1] - start[1], end[2] - start[2]];
        let across = f64::hypot(x, y);
        self.length.fill(&[f64::hypot(across, z)]);
        self.zenith.fill(&[across.atan2(z).to_degrees()]);
        if across > 0.0 {
            self.azimuth.fill(&[y.atan2(x).to_degrees()]);
        }
        self.entry.fill(&[start[0], start[1]]);
    }

    pub(super) fn put_into(&self, found: &mut Histograms) {
        found.numbers.push(("tracks_matched".into(), self.matched as f64, 0.0));
        for ((name, _), counts) in COUNTED.iter().zip(&self.per_event) {
            put_mean(found, name, counts);
        }
        found.list.extend(self.event_histograms.iter().cloned());
        found.list.extend([&self.length, &self.zenith, &self.azimuth, &self.entry].into_iter().cloned());
    }
}
