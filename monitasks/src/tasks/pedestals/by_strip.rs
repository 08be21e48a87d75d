//! Mean or RMS of every channel in the order of the strips: view 0 first, view 1 counted on from there.

use super::super::provenance::members_note;
use super::super::shown::titled;
use super::{Quantity, UNIT, of_view, strip_table_name};
use crate::detector::{Detector, Strip};
use crate::figure::{Across, Axis, Figure, Ink, Layer, Point};
use crate::summary::{Summary, Table};
use crate::vocab::View;

/// One result, both views, with the strips known to be odd marked and what people expect.
pub(super) fn draw(quantity: Quantity, latest: &Summary, detector: &Detector) -> Figure {
    let [strips0, strips1] = View::ALL.map(|view| detector.view(view).strips);
    let x =
        Axis::integer(format!("strip (view 0: 0 to {}, view 1: {strips0} to {})", before(strips0), before(strips0 + strips1)));
    let title = titled(&format!("{} by strip", quantity.title()), &latest.name());
    let mut figure = Figure::new(title, x, Axis::linear(quantity.label(), UNIT));
    for (view, first) in [(View::V0, 0), (View::V1, strips0)] {
        let Some(table) = latest.table(strip_table_name(view)) else { continue };
        figure.layers.push(steps(quantity, view, first, table));
        let silent = table
            .column(quantity.column())
            .map_or(0, |column| column.values.iter().filter(|value| value.value().is_none()).count());
        let mean = of_view(latest, view, quantity).words(UNIT);
        let gap = if silent > 0 { format!(", strips with NO DATA: {silent}") } else { String::new() };
        figure.notes.push(format!("{view}: {mean}{gap}"));
    }
    figure.layers.extend(known_strips(quantity, "known blind strips", latest, detector, |detector, view| {
        &detector.view(view).blind_strips
    }));
    figure.layers.extend(known_strips(quantity, "known noisy strips", latest, detector, |detector, view| {
        &detector.view(view).noisy_strips
    }));
    let boundary = Layer::Rule { label: "view 1".into(), ink: Ink::Faint, across: Across::X, at: strips0 as f64 - 0.5 };
    let at = quantity.expected(detector);
    let expected = Layer::Rule { label: format!("expected {at}"), ink: Ink::Reference, across: Across::Y, at };
    figure.layers.extend([boundary, expected]);
    figure.notes.push(members_note(latest));
    figure.notes.extend(latest.provenance.remarks.iter().cloned());
    if View::ALL.iter().all(|view| of_view(latest, *view, quantity).value().is_none()) {
        figure.empty = Some("NO DATA on any strip".into());
    }
    figure
}

fn before(count: usize) -> usize {
    count.saturating_sub(1)
}

/// Ranges of the horizontal axis on which the strips of these channels stand, first and last channel of each range.
pub(super) fn ranges_of(channels: &[(u32, u32)], detector: &Detector) -> Vec<[f64; 2]> {
    let strips0 = detector.view(View::V0).strips;
    let place = |strip: &Strip| strip.number as usize + if strip.view == View::V0 { 0 } else { strips0 };
    let mut places: Vec<usize> = (0u32..)
        .zip(&detector.channel_map)
        .filter(|(channel, _)| channels.iter().any(|(first, last)| (first..=last).contains(&channel)))
        .filter_map(|(_, strip)| strip.as_ref().map(place))
        .collect();
    places.sort_unstable();
    let mut ranges: Vec<[f64; 2]> = Vec::new();
    for place in places {
        let at = place as f64;
        match ranges.last_mut() {
            Some([_, last]) if at - *last <= 1.0 => *last = at,
            _ => ranges.push([at, at]),
        }
    }
    ranges
}

/// A bin per strip, centred on its number; NaN where there is no number.
fn steps(quantity: Quantity, view: View, first: usize, table: &Table) -> Layer {
    let rows = table.rows();
    let values = (0..rows).map(|row| table.get(quantity.column(), row).value().unwrap_or(f64::NAN)).collect();
    let edges = (0..=rows).map(|row| (first + row) as f64 - 0.5).collect();
    Layer::Steps { label: view.to_string(), ink: Ink::Series(u8::from(view)), edges, values }
}

/// The strips of a list, marked at their values; none when the list is empty.
fn known_strips(
    quantity: Quantity,
    label: &str,
    latest: &Summary,
    detector: &Detector,
    list: impl Fn(&Detector, View) -> &[u32],
) -> Option<Layer> {
    let mut points = Vec::new();
    for (view, first) in [(View::V0, 0), (View::V1, detector.view(View::V0).strips)] {
        let Some(table) = latest.table(strip_table_name(view)) else { continue };
        points.extend(list(detector, view).iter().filter_map(|strip| {
            let y = table.get(quantity.column(), *strip as usize).value()?;
            Some(Point { x: first as f64 + f64::from(*strip), y, y_error: f64::NAN })
        }));
    }
    (!points.is_empty()).then(|| Layer::Points { label: label.into(), ink: Ink::Faint, points })
}
