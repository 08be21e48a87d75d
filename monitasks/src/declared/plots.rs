//! Figures and last values of declared items.

use super::{DeclaredTask, PerFile, Plot, PlotKind, TABLE, Value, rows};
use crate::figure::{Axis, Figure, Ink, Layer, Point};
use crate::quality::State;
use crate::summary::{Column, Measured, Summary};
use crate::task::{Glance, ItemInfo};

/// See [`crate::task::MonTask::draw`].
pub(super) fn draw(task: &DeclaredTask, item: &str, history: &[&Summary]) -> Figure {
    let Some((info, plot)) = planned(task, item) else {
        return Figure::empty(item, format!("{} has no item named {item}.", task.info.title));
    };
    let Some(newest) = history.last() else {
        return Figure::empty(info.title.clone(), nothing_yet(task));
    };
    let mut figure = match plot.kind {
        PlotKind::Latest(x) => latest(task, info, plot, x, newest),
        PlotKind::Trend(per_file) => trend(task, info, plot, per_file, history),
    };
    figure.notes.extend(newest.provenance.remarks.iter().cloned());
    if figure.layers.is_empty() {
        figure.empty = Some(format!("NO DATA: {} holds no number to plot.", newest.provenance.file));
    }
    figure
}

/// See [`crate::task::MonTask::glance`]. Nothing judges a declared item, so its state is never better than unchecked.
pub(super) fn glance(task: &DeclaredTask, item: &str, history: &[&Summary]) -> Glance {
    let Some((_, plot)) = planned(task, item) else {
        return Glance::cannot_judge(format!("{} has no item named {item}", task.info.title));
    };
    let Some(newest) = history.last() else {
        return Glance::no_data(nothing_yet(task));
    };
    let (per_file, words) = match plot.kind {
        PlotKind::Latest(_) | PlotKind::Trend(PerFile::Last) => (PerFile::Last, "last row"),
        PlotKind::Trend(PerFile::Mean) => (PerFile::Mean, "mean"),
    };
    let values: Vec<Option<Value>> = plot.y.iter().map(|y| file_value(task, plot, *y, per_file, newest)).collect();
    let reason = format!("{words} of {}; no check judges it", newest.provenance.file);
    if values.iter().all(Option::is_none) {
        return Glance::no_data(reason);
    }
    let mut text = values.iter().map(|value| value.map_or_else(|| "NO DATA".into(), short)).collect::<Vec<_>>().join(", ");
    if let Some(unit) = plot.y.first().map(|y| unit(task, *y)).filter(|unit| !unit.is_empty()) {
        text = format!("{text} {unit}");
    }
    let reading = values.first().copied().flatten().map_or(Measured::NoData, Value::measured);
    Glance { state: State::Unchecked, text, reason, reading }
}

fn planned<'a>(task: &'a DeclaredTask, item: &str) -> Option<(&'a ItemInfo, &'a Plot)> {
    task.info.items.iter().zip(&task.plots).find(|(info, _)| info.name == item)
}

fn nothing_yet(task: &DeclaredTask) -> String {
    format!("no data yet: a result named results/{}/*{} would fill this", task.info.folder, task.info.suffix)
}

/// The rows of the newest file, one series per y column.
fn latest(task: &DeclaredTask, info: &ItemInfo, plot: &Plot, x: usize, newest: &Summary) -> Figure {
    let x_axis = if task.layout.stamp == Some(x) { Axis::utc_time("time") } else { axis(task, &[x]) };
    let mut figure = Figure::new(info.title.clone(), x_axis, axis(task, &plot.y)).note(newest.name());
    for (series, y) in plot.y.iter().enumerate() {
        let (Some(xs), Some(ys)) = (column(task, newest, x), column(task, newest, *y)) else { continue };
        let errors = plot.error.and_then(|error| column(task, newest, error));
        let mut points = Vec::new();
        for (row, (x, y)) in xs.values.iter().zip(&ys.values).enumerate() {
            if let (Some(x), Some(y)) = (x.value(), y.value()) {
                points.push(Point { x, y, y_error: error_of(errors, row) });
            }
        }
        let missing = ys.values.len() - points.len();
        add_series(&mut figure, task, *y, series, points, (missing, ys.values.len(), "rows"));
    }
    figure
}

/// One value per file, against the files' stamps, or against their order where a file bears none.
fn trend(task: &DeclaredTask, info: &ItemInfo, plot: &Plot, per_file: PerFile, history: &[&Summary]) -> Figure {
    let unstamped = history.iter().filter(|summary| summary.stamp().is_none()).count();
    let x_axis = if unstamped == 0 { Axis::utc_time("time") } else { Axis::integer("file") };
    let mut figure = Figure::new(info.title.clone(), x_axis, axis(task, &plot.y));
    if unstamped > 0 {
        figure.notes.push(format!("against the files' order: {unstamped} of {} files bear no stamp", history.len()));
    }
    if per_file == PerFile::Mean {
        figure.notes.push("mean of each file's rows".into());
    }
    for (series, y) in plot.y.iter().enumerate() {
        let mut points = Vec::new();
        for (order, summary) in history.iter().enumerate() {
            let x = match summary.stamp() {
                Some(stamp) if unstamped == 0 => rows::seconds(stamp),
                _ => (order + 1) as f64,
            };
            if let Some(Value { value, error }) = file_value(task, plot, *y, per_file, summary) {
                points.push(Point { x, y: value, y_error: error });
            }
        }
        let missing = history.len() - points.len();
        add_series(&mut figure, task, *y, series, points, (missing, history.len(), "files"));
    }
    figure
}

/// Adds a series where it has points, and a note where some are missing: `(missing, all, "rows")`.
fn add_series(
    figure: &mut Figure,
    task: &DeclaredTask,
    y: usize,
    series: usize,
    points: Vec<Point>,
    missing: (usize, usize, &str),
) {
    let label = words(task, y);
    if missing.0 > 0 {
        figure.notes.push(format!("{label}: no data in {} of {} {}", missing.0, missing.1, missing.2));
    }
    if !points.is_empty() {
        figure.layers.push(Layer::Points { label, ink: Ink::Series(u8::try_from(series).unwrap_or(u8::MAX)), points });
    }
}

/// The one value of a file; none for one without rows, or whose last row holds none.
fn file_value(task: &DeclaredTask, plot: &Plot, y: usize, per_file: PerFile, summary: &Summary) -> Option<Value> {
    let values = &column(task, summary, y)?.values;
    let errors = plot.error.and_then(|error| column(task, summary, error));
    match per_file {
        PerFile::Last => {
            let value = values.last()?.value()?;
            Some(Value { value, error: error_of(errors, values.len() - 1) })
        }
        PerFile::Mean => {
            let numbers: Vec<(usize, f64)> =
                values.iter().enumerate().filter_map(|(row, measured)| Some((row, measured.value()?))).collect();
            if numbers.is_empty() {
                return None;
            }
            let count = numbers.len() as f64;
            // Divided before they are summed: the sum of large numbers could leave the range of numbers.
            let value = numbers.iter().map(|(_, value)| value / count).sum();
            let square: f64 = numbers.iter().map(|(row, _)| (error_of(errors, *row) / count).powi(2)).sum();
            Some(Value { value, error: square.sqrt() })
        }
    }
}

/// The error of a row; NaN where it is not known.
fn error_of(errors: Option<&Column>, row: usize) -> f64 {
    errors.and_then(|errors| errors.values.get(row)?.value()).unwrap_or(f64::NAN)
}

/// A declared column of a summary, by its name: the summary may be older than a change of the task file.
fn column<'a>(task: &DeclaredTask, summary: &'a Summary, index: usize) -> Option<&'a Column> {
    summary.table(TABLE)?.column(&task.layout.columns.get(index)?.name)
}

fn unit(task: &DeclaredTask, index: usize) -> &str {
    task.layout.columns.get(index).map_or("", |column| column.unit.as_str())
}

/// A column's name in words, without the unit at its end: `gas temperature` of `gas_temperature_k` in K.
fn words(task: &DeclaredTask, index: usize) -> String {
    let Some(plan) = task.layout.columns.get(index) else { return String::new() };
    let bare = match plan.name.rsplit_once('_') {
        Some((bare, ending)) if !bare.is_empty() && ending.eq_ignore_ascii_case(&plan.unit) => bare,
        _ => &plan.name,
    };
    bare.replace('_', " ")
}

fn axis(task: &DeclaredTask, columns: &[usize]) -> Axis {
    let labels: Vec<String> = columns.iter().map(|index| words(task, *index)).collect();
    Axis::linear(labels.join(", "), columns.first().map_or("", |index| unit(task, *index)))
}

/// A value short enough for the tree: six digits, with the error where it is known.
fn short(value: Value) -> String {
    if value.error.is_nan() { digits(value.value) } else { format!("{} ± {}", digits(value.value), digits(value.error)) }
}

fn digits(number: f64) -> String {
    let rounded: f64 = format!("{number:.5e}").parse().unwrap_or(number);
    if rounded == 0.0 || (1e-4..1e7).contains(&rounded.abs()) { format!("{rounded}") } else { format!("{rounded:e}") }
}
