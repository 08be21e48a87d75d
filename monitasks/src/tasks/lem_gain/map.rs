//! The map of effective gains, in the detector's coordinates.

use super::super::lem_words::{numberings_note, numbers};
use super::super::provenance::members_note;
use super::super::shown::titled;
use super::{gains, no_gain};
use crate::detector::Detector;
use crate::figure::{Axis, Figure, Layer, Map};
use crate::summary::{Measured, Summary};
use crate::vocab::Lem;

/// Half the width of the colour scale about the mean, at least: smaller differences than that are no pattern to look at.
const LEAST_SPREAD: f64 = 0.3;

/// The long side, y, runs to the right and x upwards, so that a pane wider than high shows cells nearly square.
pub(super) fn draw(latest: &Summary, detector: &Detector) -> Figure {
    let title = titled("Effective gain by LEM", &latest.name());
    let Some(gains) = gains(latest) else { return Figure::empty(title, format!("cannot judge: {}", no_gain(latest))) };
    let grid = &detector.lems;
    let gain = |lem: Lem| gains.get(grid.index(lem)).copied().unwrap_or_default();
    let cells: Vec<Lem> = (0..grid.columns).flat_map(|column| (0..grid.rows).map(move |row| Lem { column, row })).collect();
    let [x_low, y_low] = [detector.volume.x_cm[0], detector.volume.y_cm[0]];
    let map = Map {
        columns: usize::from(grid.rows),
        rows: usize::from(grid.columns),
        x_range: [y_low, y_low + f64::from(grid.rows) * grid.size_cm],
        y_range: [x_low, x_low + f64::from(grid.columns) * grid.size_cm],
        values: cells.iter().map(|lem| gain(*lem).value().map_or(f32::NAN, |value| value as f32)).collect(),
        z: gain_axis(gains),
        cell_texts: cells.iter().map(|lem| format!("{}\n{}", numbers(grid, *lem), gain(*lem).words(""))).collect(),
    };
    let x = Axis::linear("y", "cm").range(map.x_range[0], map.x_range[1]);
    let y = Axis::linear("x", "cm").range(map.y_range[0], map.y_range[1]);
    let mut figure = Figure::new(title, x, y).with(Layer::Map(map)).note(numberings_note(grid)).note(members_note(latest));
    let dark = gains.iter().filter(|gain| gain.value().is_none()).count();
    if dark > 0 {
        figure.notes.push(format!("without a number: {dark} of {} LEMs", gains.len()));
    }
    figure.notes.extend(latest.provenance.remarks.iter().cloned());
    figure
}

/// Colours about the mean, wide enough for all values.
fn gain_axis(gains: &[Measured]) -> Axis {
    let axis = Axis::linear("effective gain", "");
    let Some(mean) = Measured::mean(gains.iter().copied()).value().filter(|mean| mean.is_finite()) else { return axis };
    let values = || gains.iter().filter_map(|gain| gain.value());
    let spread = LEAST_SPREAD * mean.abs();
    axis.range(values().fold(mean - spread, f64::min), values().fold(mean + spread, f64::max))
}
