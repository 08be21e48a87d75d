//! A trend against another abscissa than its task takes.
//!
//! The task is handed the same results with the abscissa in the place of their stamps, draws what it always draws, and the axis gets
//! its own name back. So every task that draws against time has all axes, those written in TOML too, and lanes, gaps and notes
//! stay as the task has them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Draw, TrendAxis};
use crate::figure::{Across, Axis, Figure, Ink, Layer, Origin, Scale};
use crate::summary::Summary;
use crate::vocab::Run;

/// More runs than this are not all named where they begin.
const NAMED_RUNS: usize = 12;

/// Seconds since 1970.
pub(super) fn seconds(stamp: Timestamp) -> f64 {
    stamp.as_second() as f64 + f64::from(stamp.subsec_nanosecond()) * 1e-9
}

/// A number of seconds as a stamp; none for what is no time.
pub(super) fn stamp(seconds: f64) -> Option<Timestamp> {
    let whole = seconds.floor();
    if !(-1e11..1e11).contains(&whole) {
        return None;
    }
    Timestamp::new(whole as i64, ((seconds - whole) * 1e9) as i32).ok()
}

/// The results with these places as their only stamps.
pub(super) fn restamped(history: &[&Summary], places: &[Option<f64>]) -> Vec<Summary> {
    let restamp = |(summary, place): (&&Summary, &Option<f64>)| {
        let mut moved = Summary::clone(summary);
        (moved.data_start, moved.data_end, moved.processed_at) = (place.and_then(stamp), None, None);
        moved
    };
    history.iter().zip(places).map(restamp).collect()
}

/// Draws a trend of restamped results; none where the item is no trend of them.
pub(super) fn drawn_at(history: &[&Summary], places: &[Option<f64>], draw: &Draw<'_>) -> Option<Figure> {
    let moved = restamped(history, places);
    let mut figure = draw(&moved.iter().collect::<Vec<_>>());
    if figure.x.scale != Scale::UtcTime && places.contains(&None) {
        // A task that needs a stamp on every result gets those that have one.
        let stamped: Vec<&Summary> = moved.iter().filter(|summary| summary.data_start.is_some()).collect();
        figure = draw(&stamped);
    }
    if figure.x.scale != Scale::UtcTime {
        return None;
    }
    figure.notes.retain(|note| !note.starts_with("without a time"));
    figure.origins = origins(&moved.iter().collect::<Vec<_>>());
    Some(figure)
}

/// The plot of an item, on this axis if it is a trend.
pub(super) fn on_axis(axis: TrendAxis, history: &[&Summary], draw: &Draw<'_>) -> Figure {
    if axis != TrendAxis::AsDrawn {
        let places = places(axis, history);
        if let Some(mut figure) = drawn_at(history, &places, draw) {
            figure.x = named(axis);
            in_order(&mut figure);
            let without = places.iter().filter(|place| place.is_none()).count();
            if without > 0 {
                figure.notes.push(format!("not drawn, as they do not say {}: {without} of {} results", what(axis), places.len()));
            }
            if axis == TrendAxis::Sequence {
                add_run_starts(&mut figure, history, &places);
            }
            return figure;
        }
    }
    let mut figure = draw(history);
    if figure.x.scale == Scale::UtcTime && figure.empty.is_none() {
        figure.origins = origins(history);
        let made = history.iter().filter(|summary| summary.data_start.is_none() && summary.processed_at.is_some()).count();
        if made > 0 {
            let words = "that do not say when their data began stand where they were made";
            figure.notes.push(format!("{made} of {} results {words}", history.len()));
        }
    }
    figure
}

fn named(axis: TrendAxis) -> Axis {
    match axis {
        TrendAxis::AsDrawn | TrendAxis::Start => Axis::utc_time("start of data"),
        TrendAxis::End => Axis::utc_time("end of data"),
        TrendAxis::Processed => Axis::utc_time("time of processing"),
        TrendAxis::Run => Axis::integer("run"),
        TrendAxis::Sequence => Axis::integer("sequence"),
    }
}

fn what(axis: TrendAxis) -> &'static str {
    match axis {
        TrendAxis::AsDrawn | TrendAxis::Start => "when their data began",
        TrendAxis::End => "when their data ended",
        TrendAxis::Processed => "when they were made",
        TrendAxis::Run => "their run",
        TrendAxis::Sequence => "their raw files",
    }
}

/// Where each result stands; none for one that does not say.
fn places(axis: TrendAxis, history: &[&Summary]) -> Vec<Option<f64>> {
    let each = |place: &dyn Fn(&Summary) -> Option<f64>| history.iter().map(|summary| place(summary)).collect();
    match axis {
        TrendAxis::AsDrawn => each(&|summary| summary.stamp().map(seconds)),
        TrendAxis::Start => each(&|summary| summary.data_start.map(seconds)),
        TrendAxis::End => each(&|summary| summary.data_end.map(seconds)),
        TrendAxis::Processed => each(&|summary| summary.processed_at.map(seconds)),
        TrendAxis::Run => each(&|summary| summary.run.map(|run| f64::from(run.0))),
        TrendAxis::Sequence => {
            let begins = sequence_starts(history);
            each(&|summary| Some(begins.get(&summary.run?)? + f64::from(first_sequence(summary)?)))
        }
    }
}

/// The first raw file of a result.
pub(super) fn first_sequence(summary: &Summary) -> Option<u32> {
    let members = summary.provenance.members.iter().filter(|file| Some(file.run) == summary.run);
    members.map(|file| file.sequence.0).min()
}

/// What is added to each run's sequences so that they count on. Of one run alone, nothing.
fn sequence_starts(history: &[&Summary]) -> BTreeMap<Run, f64> {
    let mut ends: BTreeMap<Run, u32> = BTreeMap::new();
    for file in history.iter().flat_map(|summary| summary.provenance.members.iter().filter(|file| Some(file.run) == summary.run))
    {
        let end = ends.entry(file.run).or_insert(0);
        *end = (*end).max(file.sequence.0);
    }
    let mut begin = 0.0;
    let starts = ends.into_iter().map(|(run, last)| {
        let at = begin;
        begin += f64::from(last) + 1.0;
        (run, at)
    });
    starts.collect()
}

/// Says where each run's sequences begin.
fn add_run_starts(figure: &mut Figure, history: &[&Summary], places: &[Option<f64>]) {
    let drawn = |run: Run| history.iter().zip(places).any(|(summary, place)| summary.run == Some(run) && place.is_some());
    let starts: Vec<(Run, f64)> = sequence_starts(history).into_iter().filter(|(run, _)| drawn(*run)).collect();
    if starts.len() < 2 {
        return;
    }
    figure.x.label = "sequence, counted on from run to run".into();
    for (run, at) in starts.iter().step_by(starts.len().div_ceil(NAMED_RUNS)) {
        figure.layers.push(Layer::Rule { label: run.to_string(), ink: Ink::Faint, across: Across::X, at: at - 0.5 });
    }
}

/// Points and the lines that lead the eye along them, by x.
pub(super) fn in_order(figure: &mut Figure) {
    for layer in &mut figure.layers {
        match layer {
            Layer::Points { points, .. } => points.sort_by(|one, other| one.x.total_cmp(&other.x)),
            Layer::Line { label, points, .. } if label.is_empty() => points.sort_by(|one, other| one[0].total_cmp(&other[0])),
            _ => {}
        }
    }
}

/// Which result stands where; the last of those at one place.
fn origins(history: &[&Summary]) -> Vec<Origin> {
    let mut origins: BTreeMap<u64, Origin> = BTreeMap::new();
    for summary in history {
        if let Some(x) = summary.stamp().map(seconds) {
            // Stamps before 1970 come in no order, which nobody needs.
            origins.insert(x.to_bits(), Origin { x, run: summary.run, result: summary.name() });
        }
    }
    origins.into_values().collect()
}

/// What was laid over a plot, laid over the same on another abscissa: heights stay, points go with their result.
#[must_use]
pub fn moved_layers(layers: &[Layer], from: &Figure, to: &Figure) -> Vec<Layer> {
    if from.x == to.x {
        return layers.to_vec();
    }
    let new_x = |x: f64| {
        let origin = from.origins.iter().min_by(|one, other| (one.x - x).abs().total_cmp(&(other.x - x).abs()))?;
        let is_it = (origin.x - x).abs() < 1e-3;
        to.origins.iter().find(|other| is_it && other.result == origin.result).map(|other| other.x)
    };
    let moved = layers.iter().filter_map(|layer| match layer {
        Layer::Rule { across: Across::Y, .. } => Some(layer.clone()),
        Layer::Points { label, ink, points } => {
            let moved = points.iter().filter_map(|point| Some(crate::figure::Point { x: new_x(point.x)?, ..*point }));
            Some(Layer::Points { label: label.clone(), ink: *ink, points: moved.collect() })
        }
        _ => None,
    });
    moved.collect()
}
