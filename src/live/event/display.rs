//! Draws the event that was read: a map per view with hits and tracks over it, and one strip's waveform.

use monitasks::detector::{Detector, Strip};
use monitasks::figure::{Across, Axis, Figure, Ink, Layer, Map, Point};
use monitasks::vocab::View;

use super::{EventView, WAVEFORM, Waveform};
use crate::reconstruction::event::RecoEvent;
use crate::reconstruction::hits::Hit;
use crate::snapshot::{EventShown, FOUND_LAYERS};

/// The colours of the display run over this range around the pedestal, ADC counts; a minimum ionising particle at gain 3 peaks
/// near 40.
const ADC_RANGE: [f64; 2] = [-10.0, 70.0];

/// Draws an item of the event display.
pub fn figure(event: &EventView, item: &str, detector: &Detector) -> Figure {
    let view = View::ALL.into_iter().find(|view| item == format!("view{}", view.index()));
    let title = match view {
        Some(view) => format!("Event display, view {}", view.index()),
        None if item == WAVEFORM => "Waveform".into(),
        None => return Figure::empty("Event display", format!("There is no item named {item}.")),
    };
    if let Some(fault) = &event.fault {
        return Figure::empty(title, format!("Cannot show the event: {fault}"));
    }
    let Some(shown) = &event.shown else {
        return Figure::empty(title, "No raw file has been taken in yet. The first event of the newest one will stand here.");
    };
    let figure = match (view, &event.waveform) {
        (Some(view), _) => map(event, view, title, shown, detector),
        (None, Some(waveform)) => waveform_figure(waveform, event.found.as_deref(), detector),
        (None, None) => return Figure::empty(title, no_waveform(shown.strip)),
    };
    let figure = event.remark.iter().fold(figure, |figure, remark| figure.note(remark.clone()));
    let stamp = event.stamp.map_or_else(String::new, |stamp| format!(", {stamp:.3}"));
    figure.note(format!("{}, event {} of {}{stamp}", shown.file, shown.index + 1, shown.of))
}

fn no_waveform(strip: Option<Strip>) -> String {
    match strip {
        Some(strip) => format!("No channel reads strip {} of view {}.", strip.number, strip.view.index()),
        None => "Click a strip in a view of the event: its waveform will stand here.".into(),
    }
}

/// One view's samples with the hits and tracks found in them.
fn map(event: &EventView, view: View, title: String, shown: &EventShown, detector: &Detector) -> Figure {
    let strips = detector.view(view).strips;
    let sampling_us = detector.readout.sampling_us;
    let window_us = detector.readout.samples as f64 * sampling_us;
    let map = &event.maps[view.index()];
    let mut figure = Figure::new(
        title,
        Axis::integer(format!("view {} strip", view.index())).range(0.0, strips as f64),
        Axis::linear("drift time", "us").range(0.0, window_us),
    )
    .with(Layer::Map(Map {
        columns: strips,
        rows: map.rows,
        x_range: [0.0, strips as f64],
        y_range: [0.0, (map.rows * map.ticks_per_row) as f64 * sampling_us],
        values: map.adc.clone(),
        z: Axis::linear("above pedestal", "ADC counts").range(ADC_RANGE[0], ADC_RANGE[1]),
        cell_texts: Vec::new(),
    }));
    if let Some(found) = &event.found {
        figure = figure.with(hits(found, view, sampling_us)).with(tracks(found, view, sampling_us));
    }
    if let Some(strip) = shown.strip.filter(|strip| strip.view == view) {
        let at = f64::from(strip.number) + 0.5;
        figure =
            figure.with(Layer::Rule { label: format!("strip {}", strip.number), ink: Ink::Reference, across: Across::X, at });
    }
    if map.ticks_per_row > 1 {
        figure = figure.note(format!("of {} ticks in a cell, the farthest from the pedestal", map.ticks_per_row));
    }
    figure
}

/// Middle of a hit's strip, and time of its peak, us.
fn place_of(hit: &Hit, sampling_us: f64) -> [f64; 2] {
    [f64::from(hit.strip.number) + 0.5, (f64::from(hit.peak_tick) + 0.5) * sampling_us]
}

fn hits(found: &RecoEvent, view: View, sampling_us: f64) -> Layer {
    let of_view = found.hits.iter().filter(|hit| hit.strip.view == view);
    let points = of_view.map(|hit| place_of(hit, sampling_us)).map(|[x, y]| Point { x, y, y_error: f64::NAN });
    Layer::Points { label: FOUND_LAYERS[0].into(), ink: Ink::Series(1), points: points.collect() }
}

/// The tracks of a view, each from its first to its last hit and through those between; a NaN parts them.
fn tracks(found: &RecoEvent, view: View, sampling_us: f64) -> Layer {
    let mut points = Vec::new();
    for track in found.tracks.iter().filter(|track| track.view == view) {
        points.extend(track.hits.iter().filter_map(|hit| found.hits.get(*hit)).map(|hit| place_of(hit, sampling_us)));
        points.push([f64::NAN, f64::NAN]);
    }
    Layer::Line { label: FOUND_LAYERS[1].into(), ink: Ink::Fit, points }
}

/// One strip's samples with threshold, hits and what of them was integrated.
fn waveform_figure(waveform: &Waveform, found: Option<&RecoEvent>, detector: &Detector) -> Figure {
    let us = detector.readout.sampling_us;
    let strip = waveform.strip;
    let (view, number) = (strip.view.index(), strip.number);
    let mut figure = Figure::new(
        format!("Waveform, view {view} strip {number}"),
        Axis::linear("drift time", "us").range(0.0, waveform.adc.len() as f64 * us),
        Axis::linear("above pedestal", "ADC counts"),
    )
    .with(Layer::Steps {
        label: "samples".into(),
        ink: Ink::Series(0),
        edges: (0..=waveform.adc.len()).map(|tick| tick as f64 * us).collect(),
        values: waveform.adc.iter().map(|adc| f64::from(*adc)).collect(),
    });
    let hits: Vec<&Hit> = found.iter().flat_map(|found| &found.hits).filter(|hit| hit.strip == strip).collect();
    let integrated = hits.iter().flat_map(|hit| {
        let [start, end] = [hit.start_tick, hit.end_tick].map(|tick| f64::from(tick) * us);
        [[start, 0.0], [end, 0.0], [f64::NAN, f64::NAN]]
    });
    let peaks =
        hits.iter().map(|hit| Point { x: (f64::from(hit.peak_tick) + 0.5) * us, y: f64::from(hit.peak_adc), y_error: f64::NAN });
    figure = figure
        .with(Layer::Line { label: "integrated".into(), ink: Ink::Fit, points: integrated.collect() })
        .with(Layer::Points { label: FOUND_LAYERS[0].into(), ink: Ink::Series(1), points: peaks.collect() })
        .with(Layer::Rule {
            label: "hit threshold".into(),
            ink: Ink::Reference,
            across: Across::Y,
            at: f64::from(waveform.threshold_adc),
        });
    let (pedestal, rms) = (waveform.pedestal_adc, waveform.rms_adc);
    let note = format!("channel {}, pedestal {pedestal:.1}, noise {rms:.2} ADC counts", waveform.channel.0);
    let masked = if detector.is_blind(strip) { ", a strip known to be blind: no hits are sought" } else { "" };
    figure.note(format!("{note}, {} hits{masked}", hits.len()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::ViewMap;
    use super::*;
    use crate::config::ReconstructionSettings;
    use crate::detector;
    use crate::live::{EventPoller, EventWish};
    use crate::rawdata::{Event, RawWriter};
    use crate::simulation::{Settings, Simulation};
    use monitasks::vocab::FileId;

    /// A poller that has read the one event of a simulated file, and what it shows.
    fn shown() -> (EventPoller, EventView, Arc<Detector>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run1-seq0.dat");
        let detector = Arc::new(detector::load("3x1x1", "", folder.path()).unwrap());
        let file = FileId::new(1, 0);
        let simulation = Simulation::new(&detector, Settings { tracks_per_event: 8.0, ..Settings::default() }).unwrap();
        let event = simulation.event(file.run, file.sequence, 0);
        let mut writer = RawWriter::create(&path, file.run, 0, &detector.readout).unwrap();
        writer.write(&event.header, &event.samples).unwrap();
        writer.finish().unwrap();
        let mut poller = EventPoller::new(detector.clone(), ReconstructionSettings::default(), folder.path().to_owned());
        let view = poller.look(EventWish::Newest, Some(file), |_| path.clone()).unwrap();
        (poller, view, detector)
    }

    fn layer<'a>(figure: &'a Figure, label: &str) -> &'a Layer {
        figure.layers.iter().find(|layer| layer.label() == Some(label)).unwrap()
    }

    #[test]
    fn hits_lie_on_bright_cells_and_tracks_on_hits() {
        let (_, event, detector) = shown();
        let figure = figure(&event, "view1", &detector);
        let Some(Layer::Map(map)) = figure.layers.first() else { panic!("no map") };
        let Layer::Points { points, .. } = layer(&figure, "hits") else { panic!("no hits") };
        let height_us = map.y_range[1] / map.rows as f64;
        let brightness = |x: f64, y: f64| map.values[(y / height_us) as usize * map.columns + x as usize];
        let dark = points.iter().filter(|point| brightness(point.x, point.y) < 5.0).count();
        assert!(points.len() > 100 && dark * 50 < points.len(), "{dark} of {} hits lie on no charge", points.len());
        let Layer::Line { points: line, .. } = layer(&figure, "2D tracks") else { panic!("no tracks") };
        let is_hit = |at: &[f64; 2]| points.iter().any(|point| point.x == at[0] && point.y == at[1]);
        assert!(line.len() > 100 && line.iter().filter(|at| !at[0].is_nan()).all(is_hit));
    }

    #[test]
    fn the_waveform_of_a_strip_clicked_is_the_raw_samples_of_its_channel() {
        let (mut poller, first, detector) = shown();
        let highest = first.found.as_ref().unwrap().hits.iter().map(|hit| hit.peak_adc).fold(0.0, f32::max);
        let shown_first = first.waveform.as_ref().unwrap();
        assert!(shown_first.adc.iter().any(|adc| (adc - highest).abs() < 8.0), "the strip of the highest hit is shown first");
        let strip = Strip { view: View::V0, number: 100 };
        let event = poller.choose_strip(strip).unwrap();
        let waveform = event.waveform.as_ref().unwrap();
        assert_eq!((waveform.strip, detector.strip(waveform.channel)), (strip, Some(strip)));
        let figure = figure(&event, WAVEFORM, &detector);
        let Layer::Steps { values, .. } = layer(&figure, "samples") else { panic!("no samples") };
        let map = &event.maps[0];
        let differences: Vec<f64> = (10..200).map(|tick| values[tick] - f64::from(map.adc[tick * 320 + 100])).collect();
        assert!(differences.iter().all(|difference| (difference - differences[0]).abs() < 1e-3), "{differences:?}");
        assert!(values[..detector.readout.skipped_samples].iter().all(|value| value.is_nan()));
        assert!(poller.choose_strip(Strip { view: View::V0, number: 320 }).is_none(), "there is no such strip");
    }

    #[test]
    fn a_file_that_has_grown_is_opened_again_and_a_bad_mask_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run1-seq0.dat");
        let detector = Arc::new(detector::load("3x1x1", "", folder.path()).unwrap());
        let samples = vec![60; detector.readout.channels * detector.readout.samples];
        let write = |events: usize| {
            let mut writer = RawWriter::create(&path, FileId::new(1, 0).run, 0, &detector.readout).unwrap();
            (0..events).for_each(|_| writer.write(&Event::default().header, &samples).unwrap());
            writer.finish().unwrap();
        };
        let settings = ReconstructionSettings { mask_file: "no such mask".into(), ..ReconstructionSettings::default() };
        let mut poller = EventPoller::new(detector.clone(), settings, folder.path().to_owned());
        let file = FileId::new(1, 0);
        write(1);
        let first = poller.look(EventWish::Newest, Some(file), |_| path.clone()).unwrap();
        assert!(figure(&first, "view0", &detector).notes.iter().any(|note| note.contains("no such mask")));
        write(2);
        let second = poller.look(EventWish::Chosen { file, index: 1 }, None, |_| path.clone()).unwrap();
        assert_eq!((second.fault, second.shown.map(|shown| shown.of)), (None, Some(2)));
    }

    #[test]
    fn a_large_map_shares_rows_among_ticks_and_hides_no_peak() {
        let mut detector = detector::load("3x1x1", "", std::path::Path::new(".")).unwrap();
        detector.readout.samples = 12_000;
        let mut event = Event { samples: vec![60; 1280 * 12_000], ..Event::default() };
        let strip = Strip { view: View::V1, number: 500 };
        let channel = detector.channels_of_view(View::V1)[500].unwrap().0 as usize;
        let (up, down) = (7_003, 9_001);
        event.samples[channel * 12_000 + up] = 90;
        event.samples[channel * 12_000 + down] = 40;
        let map = ViewMap::of(&event, &detector, strip.view);
        assert_eq!((map.ticks_per_row, map.rows, map.adc.len()), (3, 4_000, 960 * 4_000));
        let cell = |tick: usize| map.adc[tick / 3 * 960 + 500];
        assert_eq!((cell(up), cell(down), cell(5_000)), (30.0, -20.0, 0.0));
    }
}
