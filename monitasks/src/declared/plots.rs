//! Figures and last values of declared items: which results are drawn how. `rows_drawn` draws the rows of one file.

use super::plan::{Against, Marks, PerFile, Plan, Plot, Shows, Value, seconds};
use super::rows_drawn;
use crate::figure::{Axis, Figure, Ink, Layer, Point};
use crate::quality::State;
use crate::summary::{Column, Measured, Summary};
use crate::task::{Glance, ItemInfo};
use crate::vocab::Run;

/// See [`crate::task::MonTask::draw`].
pub(super) fn draw(plan: &Plan, item: &str, history: &[&Summary]) -> Figure {
    let Some((info, plot)) = plan.planned(item) else {
        return Figure::empty(item, format!("{} has no item named {item}.", plan.info.title));
    };
    let Some(newest) = history.last() else {
        return Figure::empty(info.title.clone(), nothing_yet(plan));
    };
    let mut figure = match &plot.shows {
        Shows::Rows(x, marks) => rows_drawn::against(plan, info, plot, (*x, *marks), newest),
        Shows::Histogram(bins) => rows_drawn::histogram(plan, info, plot, *bins, newest),
        Shows::Map([x, z]) => rows_drawn::map(plan, info, plot, [*x, *z], newest),
        Shows::Trend(per_file, against) => trend(plan, info, plot, (*per_file, *against), history),
        Shows::Object(_) | Shows::Figure => ready(info, newest),
    };
    figure.notes.extend(newest.provenance.remarks.iter().cloned());
    if figure.layers.is_empty() && figure.empty.is_none() {
        figure.empty = Some(format!("NO DATA: {} holds no number to plot.", newest.provenance.file));
    }
    figure
}

/// See [`crate::task::MonTask::glance`]. Nothing judges a declared item, so its state is never better than unchecked.
pub(super) fn glance(plan: &Plan, item: &str, history: &[&Summary]) -> Glance {
    let Some((_, plot)) = plan.planned(item) else {
        return Glance::cannot_judge(format!("{} has no item named {item}", plan.info.title));
    };
    let Some(newest) = history.last() else {
        return Glance::no_data(nothing_yet(plan));
    };
    let (per_file, words) = match &plot.shows {
        Shows::Rows(..) | Shows::Trend(PerFile::Last, _) => (PerFile::Last, "last row"),
        Shows::Histogram(_) | Shows::Map(_) | Shows::Trend(PerFile::Mean, _) => (PerFile::Mean, "mean"),
        Shows::Object(_) | Shows::Figure => return glance_of_ready(item, newest),
    };
    let shown: &[usize] = match &plot.shows {
        Shows::Map([_, z]) => std::slice::from_ref(z),
        _ => &plot.y,
    };
    let values: Vec<Option<Value>> = shown.iter().map(|y| file_value(plan, plot, *y, per_file, newest)).collect();
    let reason = format!("{words} of {}; no check judges it", newest.provenance.file);
    if values.iter().all(Option::is_none) {
        return Glance::no_data(reason);
    }
    let mut text = values.iter().map(|value| value.map_or_else(|| "NO DATA".into(), short)).collect::<Vec<_>>().join(", ");
    if let Some(unit) = shown.first().map(|y| unit(plan, *y)).filter(|unit| !unit.is_empty()) {
        text = format!("{text} {unit}");
    }
    let reading = values.first().copied().flatten().map_or(Measured::NoData, Value::measured);
    Glance { state: State::Unchecked, text, reason, reading }
}

fn nothing_yet(plan: &Plan) -> String {
    format!("no data yet: a result named results/{}/*{} would fill this", plan.info.folder, plan.info.suffix)
}

/// What the newest result holds drawn.
fn ready(info: &ItemInfo, newest: &Summary) -> Figure {
    let Some(figure) = newest.figures.get(&info.name) else {
        return Figure::empty(info.title.clone(), format!("NO DATA: {} holds no plot of this.", newest.provenance.file));
    };
    let mut figure = figure.clone();
    figure.title.clone_from(&info.title);
    figure.notes.insert(0, newest.name());
    figure
}

fn glance_of_ready(item: &str, newest: &Summary) -> Glance {
    let reason = format!("newest of {}; no check judges it", newest.provenance.file);
    let entries = newest.table(item).map_or(Measured::NoData, |table| table.get("entries", 0));
    match newest.figures.get(item) {
        None => Glance::no_data(reason),
        Some(figure) if figure.empty.is_some() => Glance::no_data(reason),
        Some(_) => {
            let text = entries.value().map_or_else(|| "drawn".to_owned(), |entries| format!("{} entries", digits(entries)));
            Glance { state: State::Unchecked, text, reason, reading: entries }
        }
    }
}

/// One value per file, against what was asked for; against the files' order where a file does not say it.
fn trend(plan: &Plan, info: &ItemInfo, plot: &Plot, how: (PerFile, Against), history: &[&Summary]) -> Figure {
    let (per_file, against) = how;
    let (history, of_run) = match against {
        Against::Sequence => of_newest_run(history),
        Against::Time | Against::Run => (history.to_vec(), None),
    };
    let places: Vec<Option<f64>> = history.iter().map(|summary| place(summary, against)).collect();
    let placeless = places.iter().filter(|place| place.is_none()).count();
    let x_axis = match against {
        _ if placeless > 0 => Axis::integer("file"),
        Against::Time => Axis::utc_time("time"),
        Against::Run => Axis::integer("run"),
        Against::Sequence => Axis::integer("sequence"),
    };
    let mut figure = Figure::new(info.title.clone(), x_axis, axis(plan, &plot.y));
    figure.notes.extend(of_run.map(|run| format!("files of {run}")));
    if placeless > 0 {
        let what = match against {
            Against::Time => "bear no stamp",
            Against::Run => "name no run",
            Against::Sequence => "name no sequence",
        };
        figure.notes.push(format!("against the files' order: {placeless} of {} files {what}", history.len()));
    }
    if per_file == PerFile::Mean {
        figure.notes.push("mean of each file's rows".into());
    }
    for (series, y) in plot.y.iter().enumerate() {
        let mut points = Vec::new();
        for (order, (summary, place)) in history.iter().zip(&places).enumerate() {
            let x = place.filter(|_| placeless == 0).unwrap_or((order + 1) as f64);
            if let Some(Value { value, error }) = file_value(plan, plot, *y, per_file, summary) {
                points.push(Point { x, y: value, y_error: error });
            }
        }
        let missing = (history.len() - points.len(), history.len(), "files");
        add_series(&mut figure, (plan, *y), series, Marks::Points, points, missing);
    }
    figure
}

/// The results of the newest run that any names; all of them when none does.
fn of_newest_run<'a>(history: &[&'a Summary]) -> (Vec<&'a Summary>, Option<Run>) {
    let newest = history.iter().rev().find_map(|summary| summary.run);
    (history.iter().filter(|summary| summary.run == newest).copied().collect(), newest)
}

fn place(summary: &Summary, against: Against) -> Option<f64> {
    match against {
        Against::Time => summary.stamp().map(seconds),
        Against::Run => summary.run.map(|run| f64::from(run.0)),
        Against::Sequence => summary.provenance.members.last().map(|file| f64::from(file.sequence.0)),
    }
}

/// Adds a series where it has points, and a note where some are missing: `(missing, all, "rows")`.
pub(super) fn add_series(
    figure: &mut Figure,
    (plan, y): (&Plan, usize),
    series: usize,
    marks: Marks,
    points: Vec<Point>,
    missing: (usize, usize, &str),
) {
    let label = words(plan, y);
    if missing.0 > 0 {
        figure.notes.push(format!("{label}: no data in {} of {} {}", missing.0, missing.1, missing.2));
    }
    if points.is_empty() {
        return;
    }
    let ink = Ink::Series(u8::try_from(series).unwrap_or(u8::MAX));
    figure.layers.push(match marks {
        Marks::Line => Layer::Line { label, ink, points: points.iter().map(|point| [point.x, point.y]).collect() },
        Marks::Points | Marks::Steps => Layer::Points { label, ink, points },
    });
}

/// The one value of a file; none for one without rows, or whose last row holds none.
pub(super) fn file_value(plan: &Plan, plot: &Plot, y: usize, per_file: PerFile, summary: &Summary) -> Option<Value> {
    let values = &plan.column(summary, y)?.values;
    let errors = plot.error.and_then(|error| plan.column(summary, error));
    match per_file {
        PerFile::Last => {
            let last = *values.last()?;
            Some(Value { value: last.value()?, error: error_of(errors, values.len() - 1, last) })
        }
        PerFile::Mean => {
            let numbers: Vec<(usize, Measured, f64)> =
                values.iter().enumerate().filter_map(|(row, measured)| Some((row, *measured, measured.value()?))).collect();
            if numbers.is_empty() {
                return None;
            }
            let count = numbers.len() as f64;
            // Divided before they are summed: the sum of large numbers could leave the range of numbers.
            let value = numbers.iter().map(|(_, _, value)| value / count).sum();
            let square: f64 = numbers.iter().map(|(row, measured, _)| (error_of(errors, *row, *measured) / count).powi(2)).sum();
            Some(Value { value, error: square.sqrt() })
        }
    }
}

/// The error of a row: of the column of errors, else its own where it has one; NaN where it is not known.
pub(super) fn error_of(errors: Option<&Column>, row: usize, measured: Measured) -> f64 {
    match errors {
        Some(errors) => errors.values.get(row).and_then(|error| error.value()).unwrap_or(f64::NAN),
        None => measured.value_and_error().map(|(_, error)| error).filter(|error| *error > 0.0).unwrap_or(f64::NAN),
    }
}

fn unit(plan: &Plan, index: usize) -> &str {
    plan.columns.get(index).map_or("", |column| column.unit.as_str())
}

/// A column's name in words, without the unit at its end: `gas temperature` of `gas_temperature_k` in K.
pub(super) fn words(plan: &Plan, index: usize) -> String {
    let Some(column) = plan.columns.get(index) else { return String::new() };
    let bare = match column.name.rsplit_once('_') {
        Some((bare, ending)) if !bare.is_empty() && ending.eq_ignore_ascii_case(&column.unit) => bare,
        _ => &column.name,
    };
    bare.replace('_', " ")
}

pub(super) fn axis(plan: &Plan, columns: &[usize]) -> Axis {
    let labels: Vec<String> = columns.iter().map(|index| words(plan, *index)).collect();
    Axis::linear(labels.join(", "), columns.first().map_or("", |index| unit(plan, *index)))
}

/// A value short enough for the tree: six digits, with the error where it is known.
fn short(value: Value) -> String {
    if value.error.is_nan() { digits(value.value) } else { format!("{} ± {}", digits(value.value), digits(value.error)) }
}

fn digits(number: f64) -> String {
    let rounded: f64 = format!("{number:.5e}").parse().unwrap_or(number);
    if rounded == 0.0 || (1e-4..1e7).contains(&rounded.abs()) { format!("{rounded}") } else { format!("{rounded:e}") }
}
