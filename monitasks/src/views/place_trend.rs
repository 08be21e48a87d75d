//! One place of a plot, result by result: a strip, a LEM, a bin, against time.

use super::trend_axis::seconds;
use super::{Draw, Exact, Place};
use crate::checks::series::{Form, Series, Spot, measured_series};
use crate::figure::{Axis, Figure, Ink, Layer, Map, Point, Scale};
use crate::references::value_axis;
use crate::summary::Summary;
use crate::tasks::shown::Shown;

/// Places nearer than this part of the distance asked for are the same.
const SAME_PLACE: f64 = 1e-6;

/// The trend of a place: what the item draws there of each result alone.
pub(super) fn draw(place: &Place, history: &[&Summary], draw: &Draw<'_>) -> Figure {
    let shown = Shown::of(history);
    let (mut points, mut path) = (Vec::new(), Vec::new());
    let (mut newest, mut missing) = (None, 0);
    for summary in &shown.summaries {
        let figure = draw(&[summary]);
        let spot = found(place, &figure);
        let at = summary.stamp().map(seconds);
        match (spot.filter(|spot| spot.value.is_finite()), at) {
            (Some(spot), Some(x)) => {
                points.push(Point { x, y: spot.value, y_error: spot.error });
                path.push([x, spot.value]);
            }
            (_, Some(x)) => {
                missing += 1;
                path.push([x, f64::NAN]);
            }
            (_, None) => missing += 1,
        }
        newest = Some(figure);
    }
    let Some(newest) = newest else { return draw(history) };
    let name = name_of(place, &newest);
    let what = newest.title.rsplit_once(", run").map_or(newest.title.as_str(), |(what, _)| what).to_owned();
    let title = format!("{what}: {name}, {}", shown.runs());
    let values = value_axis(&newest);
    let y = Axis { range: None, ..values.clone() };
    if points.is_empty() {
        let results = shown.summaries.len();
        return Figure::empty(title, format!("no number at {name} in any of {results} results"));
    }
    let mut figure = Figure::new(title, Axis::utc_time("start of data"), y);
    figure.layers.push(Layer::Line { label: String::new(), ink: Ink::Series(0), points: path });
    figure.layers.push(Layer::Points { label: name, ink: Ink::Series(0), points });
    if missing > 0 {
        figure.notes.push(format!("no number there in {missing} of {} results", shown.summaries.len()));
    }
    figure
}

/// The spot of a place in a plot of one result.
fn found(place: &Place, figure: &Figure) -> Option<Spot> {
    let series = measured_series(figure, &[]).ok()?.into_iter().find(|series| series.label == place.series)?;
    let is_same = |one: f64, other: f64| (one - other).abs() <= SAME_PLACE * one.abs().max(1.0);
    series
        .spots
        .into_iter()
        .find(|spot| is_same(spot.x, place.x.0) && spot.row.zip(place.y).is_none_or(|(row, asked)| is_same(row, asked.0)))
}

/// What people call a place: what is written in its cell, or its x.
fn name_of(place: &Place, figure: &Figure) -> String {
    let map = figure.layers.iter().find_map(|layer| if let Layer::Map(map) = layer { Some(map) } else { None });
    let x = format!("{} {}", short_label(&figure.x), number(place.x.0, &figure.x));
    match (map, place.y) {
        (Some(map), Some(y)) => {
            let words = cell_of(map, place.x.0, y.0).and_then(|cell| map.cell_texts.get(cell)?.lines().next());
            let is_lem = figure.notes.iter().any(|note| note.starts_with("LEM numbers"));
            match words {
                Some(words) if is_lem => format!("LEM {words}"),
                Some(words) if !words.is_empty() => words.to_owned(),
                _ => format!("{x}, {} {}", short_label(&figure.y), number(y.0, &figure.y)),
            }
        }
        _ if place.series.is_empty() => x,
        _ => format!("{}, {x}", place.series),
    }
}

/// An axis' label without what stands in parentheses.
fn short_label(axis: &Axis) -> &str {
    axis.label.split(" (").next().unwrap_or_default()
}

fn number(value: f64, axis: &Axis) -> String {
    let digits = format!("{:.4}", value);
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    if axis.unit.is_empty() { digits.to_owned() } else { format!("{digits} {}", axis.unit) }
}

fn cell_of(map: &Map, x: f64, y: f64) -> Option<usize> {
    let place = |at: f64, [low, high]: [f64; 2], cells: usize| {
        let share = (at - low) / (high - low);
        (0.0..1.0).contains(&share).then_some((share * cells as f64) as usize)
    };
    Some(place(y, map.y_range, map.rows)? * map.columns + place(x, map.x_range, map.columns)?)
}

/// The place of a plot that is nearest to where somebody pointed, `reach` being how far along each axis that may be; none for trends,
/// whose places are results.
#[must_use]
pub fn place_at(figure: &Figure, at: [f64; 2], reach: [f64; 2]) -> Option<Place> {
    if figure.x.scale == Scale::UtcTime || !figure.origins.is_empty() || figure.panels.is_some() {
        return None;
    }
    let all = measured_series(figure, &[]).ok()?;
    let places = all.iter().filter_map(|series| {
        let spot = nearest(series, at)?;
        let distance = match series.form {
            // A cell or a bin is pointed at by pointing into it.
            Form::Map { .. } => 0.0,
            Form::Steps(_) => ((spot.value - at[1]) / reach[1]).abs().min(1e6) + 1.0,
            Form::Points => ((spot.x - at[0]) / reach[0]).hypot((spot.value - at[1]) / reach[1]),
        };
        let is_near = !matches!(series.form, Form::Points) || distance <= 1.0;
        let place = Place { series: series.label.clone(), x: Exact(spot.x), y: spot.row.map(Exact) };
        is_near.then_some((distance, place))
    });
    places.min_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, place)| place)
}

/// The spot of a series where somebody pointed.
fn nearest(series: &Series, at: [f64; 2]) -> Option<Spot> {
    match &series.form {
        Form::Points => {
            let distance = |spot: &&Spot| (spot.x - at[0]).abs();
            series.measured().min_by(|one, other| distance(one).total_cmp(&distance(other))).copied()
        }
        Form::Steps(edges) => {
            let bin = edges.windows(2).position(|edge| (edge[0]..edge[1]).contains(&at[0]))?;
            series.spots.iter().find(|spot| spot.place == bin).copied()
        }
        Form::Map { cells: [columns, rows], x_range, y_range } => {
            let place = |at: f64, [low, high]: [f64; 2], cells: usize| {
                let share = (at - low) / (high - low);
                (0.0..1.0).contains(&share).then_some((share * cells as f64) as usize)
            };
            let cell = place(at[1], *y_range, *rows)? * columns + place(at[0], *x_range, *columns)?;
            series.spots.iter().find(|spot| spot.place == cell).copied()
        }
    }
}
