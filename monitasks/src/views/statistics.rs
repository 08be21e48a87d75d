//! The box over a plot: how many values, their mean and RMS, and what else people read off first.

use crate::checks::series::{Form, Series, Spot, measured_series};
use crate::figure::{Axis, Figure, Layer, Scale, Statistic};
use crate::references::value_axis;
use crate::summary::Measured;

/// Of more series than this each has one line.
const SERIES_IN_FULL: usize = 2;
/// Seconds of a day.
const DAY_S: f64 = 86_400.0;

/// The plot with a box of numbers. RMS is the root of the mean square about the mean, as histograms have it.
pub(super) fn with_statistics(mut figure: Figure) -> Figure {
    let Ok(all) = measured_series(&figure, &[]) else { return figure };
    let is_short = all.len() > SERIES_IN_FULL;
    let mut lines = Vec::new();
    for series in &all {
        let rows = match &series.form {
            Form::Steps(edges) if is_counts(&figure, series) => of_histogram(series, edges, &figure.x),
            Form::Map { .. } => of_map(series, &figure),
            _ => of_values(series, &figure),
        };
        if is_short {
            let short = |name: &str| if ["number", "entries"].contains(&name) { "n".to_owned() } else { name.to_owned() };
            let words: Vec<String> = rows.iter().take(3).map(|row| format!("{} {}", short(&row.name), row.value)).collect();
            lines.push(Statistic::new(series.label.clone(), words.join(", ")));
            continue;
        }
        if all.len() > 1 {
            lines.push(Statistic::heading(series.label.clone()));
        }
        lines.extend(rows);
    }
    figure.statistics = lines;
    figure
}

/// Whether a histogram counts: whole numbers with no unit, on an axis that is not one of places.
fn is_counts(figure: &Figure, series: &Series) -> bool {
    let is_whole = |spot: &Spot| spot.value >= 0.0 && spot.value.fract() == 0.0;
    figure.y.unit.is_empty() && figure.x.scale != Scale::Integer && series.measured().all(is_whole)
}

/// Number, mean and RMS of some values.
struct Moments {
    count: f64,
    mean: f64,
    rms: f64,
}

impl Moments {
    /// Of values with weights; none of nothing.
    fn of(values: impl Iterator<Item = (f64, f64)>) -> Option<Self> {
        let values: Vec<(f64, f64)> = values.collect();
        let count: f64 = values.iter().map(|(_, weight)| weight).sum();
        if !(count > 0.0 && count.is_finite()) {
            return None;
        }
        // Each is divided before it is summed: the sum of large numbers could leave the range of numbers.
        let mean: f64 = values.iter().map(|(value, weight)| value * (weight / count)).sum();
        let square: f64 = values.iter().map(|(value, weight)| (value - mean) * (value - mean) * (weight / count)).sum();
        Some(Moments { count, mean, rms: square.sqrt() })
    }
}

fn words(value: f64, unit: &str) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-3..1e6).contains(&size) {
        return if unit.is_empty() { format!("{value:.3e}") } else { format!("{value:.3e} {unit}") };
    }
    Measured::number(value, 0.0).words(unit)
}

/// An x for people: a time as UTC, a whole number as one.
fn at(axis: &Axis, x: f64) -> String {
    match axis.scale {
        Scale::UtcTime => jiff::Timestamp::from_second(x as i64)
            .map_or_else(|_| x.to_string(), |stamp| stamp.strftime("%m-%d %H:%M").to_string()),
        Scale::Integer => format!("{} {}", axis.label.split(" (").next().unwrap_or_default(), x.round()),
        Scale::Linear | Scale::Log => words(x, &axis.unit),
    }
}

fn of_histogram(series: &Series, edges: &[f64], x: &Axis) -> Vec<Statistic> {
    let bins = || series.measured().map(|spot| (spot.x, spot.value));
    let Some(moments) = Moments::of(bins()) else { return vec![Statistic::new("entries", "0")] };
    let mut lines = vec![
        Statistic::new("entries", format!("{}", moments.count)),
        Statistic::new("mean", words(moments.mean, &x.unit)),
        Statistic::new("RMS", words(moments.rms, &x.unit)),
    ];
    let filled: Vec<usize> = series.measured().filter(|spot| spot.value > 0.0).map(|spot| spot.place).collect();
    if let (Some(first), Some(last)) = (filled.first(), filled.last())
        && let (Some(low), Some(high)) = (edges.get(*first), edges.get(*last + 1))
    {
        lines.push(Statistic::new("min", format!("bin from {}", words(*low, &x.unit))));
        lines.push(Statistic::new("max", format!("bin to {}", words(*high, &x.unit))));
    }
    if let Some([low, high]) = x.range {
        let sum = |is_out: &dyn Fn(f64) -> bool| bins().filter(|(x, _)| is_out(*x)).map(|(_, value)| value).sum::<f64>();
        lines.push(Statistic::new("underflow", format!("{}", sum(&|x| x < low))));
        lines.push(Statistic::new("overflow", format!("{}", sum(&|x| x > high))));
    }
    lines
}

fn of_map(series: &Series, figure: &Figure) -> Vec<Statistic> {
    let unit = value_axis(figure).unit.clone();
    let mut values: Vec<f64> = series.measured().map(|spot| spot.value).collect();
    let mut lines = vec![
        Statistic::new("cells", series.spots.len().to_string()),
        Statistic::new("empty", (series.spots.len() - values.len()).to_string()),
    ];
    if values.is_empty() {
        return lines;
    }
    values.sort_by(f64::total_cmp);
    let middle = f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2]);
    lines.push(Statistic::new("median", words(middle, &unit)));
    let texts: Option<&Vec<String>> =
        figure.layers.iter().find_map(|layer| if let Layer::Map(map) = layer { Some(&map.cell_texts) } else { None });
    let place = |spot: &Spot| {
        let written = texts.and_then(|texts| texts.get(spot.place)?.lines().next());
        let row = spot.row.map_or_else(String::new, |row| format!(", {}", at(&figure.y, row)));
        written.map_or_else(|| format!("{}{row}", at(&figure.x, spot.x)), str::to_owned)
    };
    lines.extend(
        ends(series)
            .into_iter()
            .map(|(name, spot)| Statistic::new(name, format!("{} at {}", words(spot.value, &unit), place(spot)))),
    );
    lines
}

/// The lowest and the highest spot.
fn ends(series: &Series) -> Vec<(&'static str, &Spot)> {
    let by_value = |one: &&Spot, other: &&Spot| one.value.total_cmp(&other.value);
    let low = series.measured().min_by(by_value).map(|spot| ("min", spot));
    low.into_iter().chain(series.measured().max_by(by_value).map(|spot| ("max", spot))).collect()
}

fn of_values(series: &Series, figure: &Figure) -> Vec<Statistic> {
    let unit = &figure.y.unit;
    let Some(moments) = Moments::of(series.measured().map(|spot| (spot.value, 1.0))) else {
        return vec![Statistic::new("number", "0")];
    };
    let mut lines = vec![
        Statistic::new("number", format!("{}", moments.count)),
        Statistic::new("mean", words(moments.mean, unit)),
        Statistic::new("RMS", words(moments.rms, unit)),
    ];
    let is_trend = figure.x.scale == Scale::UtcTime || !figure.origins.is_empty();
    if let Some((slope, error)) = is_trend.then(|| slope(series)).flatten() {
        let (scale, per) = match figure.x.scale {
            Scale::UtcTime => (DAY_S, "day".to_owned()),
            Scale::Integer => (1.0, figure.x.label.split(',').next().unwrap_or_default().to_owned()),
            Scale::Linear | Scale::Log => (1.0, figure.x.unit.clone()),
        };
        let per = format!("{unit}/{per}");
        lines.push(Statistic::new("slope", Measured::number(slope * scale, error * scale).words(&per)));
    }
    lines.extend(
        ends(series)
            .into_iter()
            .map(|(name, spot)| Statistic::new(name, format!("{} at {}", words(spot.value, unit), at(&figure.x, spot.x)))),
    );
    lines
}

/// The slope of the straight line of least squares with its error: from the errors of the points where all have one, else from
/// how far they lie from the line, which needs three of them.
fn slope(series: &Series) -> Option<(f64, f64)> {
    let spots: Vec<&Spot> = series.measured().filter(|spot| spot.x.is_finite()).collect();
    let has_errors = spots.iter().all(|spot| spot.error > 0.0 && spot.error.is_finite());
    let weight = |spot: &Spot| if has_errors { spot.error.powi(-2) } else { 1.0 };
    let sum: f64 = spots.iter().map(|spot| weight(spot)).sum();
    let mean = |of: &dyn Fn(&Spot) -> f64| spots.iter().map(|spot| weight(spot) * of(spot)).sum::<f64>() / sum;
    let (x_mean, y_mean) = (mean(&|spot| spot.x), mean(&|spot| spot.value));
    let x_square: f64 = spots.iter().map(|spot| weight(spot) * (spot.x - x_mean).powi(2)).sum();
    if spots.len() < 2 || !(x_square > 0.0 && x_square.is_finite()) {
        return None;
    }
    let slope = spots.iter().map(|spot| weight(spot) * (spot.x - x_mean) * (spot.value - y_mean)).sum::<f64>() / x_square;
    let error = if has_errors {
        x_square.powf(-0.5)
    } else {
        if spots.len() < 3 {
            return None;
        }
        let residual = |spot: &&&Spot| (spot.value - y_mean - slope * (spot.x - x_mean)).powi(2);
        let square: f64 = spots.iter().map(|spot| residual(&spot)).sum();
        (square / (spots.len() as f64 - 2.0) / x_square).sqrt()
    };
    (slope.is_finite() && error.is_finite()).then_some((slope, error))
}
