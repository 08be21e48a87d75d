//! Hits of every strip: view 0 first, view 1 counted on from there.

use super::super::shown::titled;
use super::super::unchecked;
use super::{by_event, finish};
use crate::detector::Detector;
use crate::figure::{Across, Axis, Figure, Ink, Layer, Point};
use crate::format::histograms::Histograms;
use crate::summary::{Column, Measured, Summary, Table};
use crate::task::{Glance, ReadError};
use crate::vocab::View;

const HITS: &str = "hits";

fn table_name(view: View) -> &'static str {
    match view {
        View::V0 => "hits_v0",
        View::V1 => "hits_v1",
    }
}

/// A row per strip.
///
/// # Errors
/// When the file has no such histogram, or one of another number of strips than the detector.
pub(super) fn table(found: &Histograms, view: View, detector: &Detector) -> Result<Table, ReadError> {
    let histogram = found.get(&format!("hits_by_strip_view{}", u8::from(view)), 1)?;
    let (bins, strips) = (histogram.axes.first().map_or(0, |axis| axis.bins), detector.view(view).strips);
    if bins != strips {
        let name = &detector.name;
        return Err(ReadError::Malformed(format!("hits of {bins} strips of {view}, and the detector {name} has {strips}")));
    }
    let hits = (1..=bins).map(|bin| Measured::number(histogram.value(bin), 0.0)).collect();
    Ok(Table { name: table_name(view).into(), columns: vec![Column::new(HITS, "", hits)] })
}

/// Hits of the strips of a view.
fn hits(summary: &Summary, view: View) -> &[Measured] {
    summary.table(table_name(view)).and_then(|table| table.column(HITS)).map_or(&[], |column| &column.values)
}

/// Strips with no hit that are not known to be blind or noisy, which may be taken out of hits, and all that are not.
fn silent(summary: &Summary, detector: &Detector) -> [usize; 2] {
    let mut counts = [0, 0];
    for view in View::ALL {
        let facts = detector.view(view);
        let is_plain = |strip: &u32| !facts.blind_strips.contains(strip) && !facts.noisy_strips.contains(strip);
        let seeing = (0u32..).zip(hits(summary, view)).filter(|(strip, _)| is_plain(strip));
        seeing.for_each(|(_, hits)| {
            counts[0] += usize::from(hits.value() == Some(0.0));
            counts[1] += 1;
        });
    }
    counts
}

pub(super) fn glance(latest: &Summary, detector: &Detector) -> Glance {
    let [silent, of] = silent(latest, detector);
    let what = "strips with no hit, but those known to be blind or noisy,";
    if by_event(latest).is_none() {
        return unchecked(Measured::NoData.words(""), what, latest, Measured::NoData);
    }
    unchecked(format!("{silent} of {of} silent"), what, latest, Measured::number(silent as f64, 0.0))
}

pub(super) fn draw(latest: &Summary, detector: &Detector) -> Figure {
    let [strips0, strips1] = View::ALL.map(|view| detector.view(view).strips);
    let last = |count: usize| count.saturating_sub(1);
    let x = Axis::integer(format!("strip (view 0: 0 to {}, view 1: {strips0} to {})", last(strips0), last(strips0 + strips1)));
    let mut figure = Figure::new(titled("Hits by strip", &latest.name()), x, Axis::linear("hits per event", ""));
    let Some(factor) = by_event(latest) else {
        finish(&mut figure, latest);
        return figure;
    };
    let mut known = [Vec::new(), Vec::new()];
    for (view, first) in [(View::V0, 0), (View::V1, strips0)] {
        let hits = hits(latest, view);
        let values: Vec<f64> = hits.iter().map(|hits| hits.value().map_or(f64::NAN, |hits| hits * factor)).collect();
        let facts = detector.view(view);
        for (points, strips) in known.iter_mut().zip([&facts.blind_strips, &facts.noisy_strips]) {
            points.extend(strips.iter().filter_map(|strip| {
                let y = *values.get(*strip as usize)?;
                Some(Point { x: (first + *strip as usize) as f64, y, y_error: f64::NAN })
            }));
        }
        let edges = (0..=values.len()).map(|strip| (first + strip) as f64 - 0.5).collect();
        figure.layers.push(Layer::Steps { label: view.to_string(), ink: Ink::Series(u8::from(view)), edges, values });
        figure.notes.push(format!("{view}: {} hits per event", super::per_event(latest, view).words("")));
    }
    for (label, points) in ["known blind strips", "known noisy strips"].into_iter().zip(known) {
        if !points.is_empty() {
            figure.layers.push(Layer::Points { label: label.into(), ink: Ink::Faint, points });
        }
    }
    let at = strips0 as f64 - 0.5;
    figure.layers.push(Layer::Rule { label: "view 1".into(), ink: Ink::Faint, across: Across::X, at });
    let [silent, of] = silent(latest, detector);
    figure.notes.push(format!("with no hit: {silent} of {of} strips that are not known to be blind or noisy"));
    finish(&mut figure, latest);
    figure
}
