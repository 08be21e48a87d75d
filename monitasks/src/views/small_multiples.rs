//! A small plot for each series, all with the same axes.

use super::overlay_runs::columns;
use crate::checks::series::measured_series;
use crate::figure::{Across, Axis, Figure, Ink, Layer, Map, Panels, Scale};

/// Room around data on an axis that is laid out for all plots, as a share of their span.
const ROOM: f64 = 0.05;
/// More plots than this are too small to be read.
const MOST_PLOTS: usize = 48;

/// The plot as small ones, a series each; lines that are for all series stand in every one. A map, and a plot of one series, stay.
pub(super) fn small_multiples(mut figure: Figure) -> Figure {
    if figure.panels.is_some() {
        return figure;
    }
    let names = names(&figure);
    if names.len() < 2 {
        let has_map = figure.layers.iter().any(|layer| matches!(layer, Layer::Map(_)));
        return figure.note(if has_map { "no small plots: this is one map" } else { "no small plots: there is one series" });
    }
    let without = names.len().saturating_sub(MOST_PLOTS);
    let (x, y) = (shared(&figure, true), shared(&figure, false));
    let plots: Vec<Figure> = names
        .iter()
        .take(MOST_PLOTS)
        .map(|(name, labels)| {
            let inks = inks_of(&figure, labels);
            let mut plot = Figure::new(name.clone(), x.clone(), y.clone());
            plot.layers = figure.layers.iter().filter_map(|layer| of_plot(layer, name, labels, &inks, &names)).collect();
            plot.origins.clone_from(&figure.origins);
            plot
        })
        .collect();
    if without > 0 {
        figure.notes.push(format!("not drawn: {without} more series than the {MOST_PLOTS} that have room"));
    }
    let of_all = in_all(&figure, &names);
    if !of_all.is_empty() {
        figure.notes.insert(0, format!("in every plot: {}", of_all.join(", ")));
    }
    figure.layers.clear();
    figure.panels = Some(Panels { columns: columns(plots.len()), has_one_x: true, has_one_y: true, plots });
    figure
}

/// The names of the plots, with the series in each: by what follows a run's name where runs lie over each other.
fn names(figure: &Figure) -> Vec<(String, Vec<String>)> {
    let Ok(all) = measured_series(figure, &[]) else { return Vec::new() };
    let mut names: Vec<(String, Vec<String>)> = Vec::new();
    for series in all.iter().filter(|series| !series.label.is_empty()) {
        let name = after_run(&series.label);
        match names.iter_mut().find(|(known, _)| known == name) {
            Some((_, labels)) => labels.push(series.label.clone()),
            None => names.push((name.to_owned(), vec![series.label.clone()])),
        }
    }
    names
}

/// `view 0` of `run5: view 0`.
fn after_run(label: &str) -> &str {
    match label.split_once(": ") {
        Some((run, rest)) if run.strip_prefix("run").is_some_and(|number| number.parse::<u32>().is_ok()) => rest,
        _ => label,
    }
}

/// A layer as it stands in the plot of one series; none where it does not.
fn of_plot(layer: &Layer, name: &str, own: &[String], inks: &[Ink], all: &[(String, Vec<String>)]) -> Option<Layer> {
    let (Layer::Points { label, ink, .. } | Layer::Line { label, ink, .. } | Layer::Steps { label, ink, .. }) = layer else {
        let mut layer = layer.clone();
        // Where runs begin is named once, in a plot that has room for it.
        if let Layer::Rule { label, across: Across::X, .. } = &mut layer {
            label.clear();
        }
        return Some(layer);
    };
    let is_mine = own.contains(label);
    let is_others = !is_mine && all.iter().any(|(_, labels)| labels.contains(label));
    // A line that leads the eye, or the fit of a series, has that series' colour.
    let has_other_ink = matches!(ink, Ink::Series(_)) && !inks.contains(ink);
    if is_others || !is_mine && has_other_ink {
        return None;
    }
    let mut layer = layer.clone();
    if let Layer::Points { label, .. } | Layer::Line { label, .. } | Layer::Steps { label, .. } = &mut layer {
        // The plot's title says the name; a note says what stands in all plots.
        *label =
            if is_mine { label.strip_suffix(name).unwrap_or_default().trim_end_matches(": ").to_owned() } else { String::new() };
    }
    Some(layer)
}

/// The names of what stands in every plot.
fn in_all(figure: &Figure, names: &[(String, Vec<String>)]) -> Vec<String> {
    let of_layer = |layer: &Layer| match layer {
        Layer::Points { label, ink, .. } | Layer::Line { label, ink, .. } | Layer::Steps { label, ink, .. }
            if !label.is_empty() && !matches!(ink, Ink::Series(_)) && !names.iter().any(|(_, labels)| labels.contains(label)) =>
        {
            Some(label.clone())
        }
        _ => None,
    };
    let mut of_all: Vec<String> = figure.layers.iter().filter_map(of_layer).collect();
    of_all.dedup();
    of_all
}

/// The colours of the series of these names.
fn inks_of(figure: &Figure, labels: &[String]) -> Vec<Ink> {
    let of_layer = |layer: &Layer| match layer {
        Layer::Points { label, ink, .. } | Layer::Steps { label, ink, .. } if labels.contains(label) => Some(*ink),
        _ => None,
    };
    figure.layers.iter().filter_map(of_layer).collect()
}

/// An axis that holds all data.
fn shared(figure: &Figure, is_x: bool) -> Axis {
    let axis = if is_x { figure.x.clone() } else { figure.y.clone() };
    if axis.range.is_some() {
        return axis;
    }
    let mut range = [f64::INFINITY, f64::NEG_INFINITY];
    let mut hold = |value: f64| {
        if value.is_finite() && (axis.scale != Scale::Log || value > 0.0) {
            range = [range[0].min(value), range[1].max(value)];
        }
    };
    let mut has_steps = false;
    for layer in &figure.layers {
        match layer {
            Layer::Points { points, .. } if is_x => points.iter().for_each(|point| hold(point.x)),
            Layer::Points { points, .. } => points.iter().for_each(|point| {
                let error = if point.y_error.is_finite() { point.y_error.abs() } else { 0.0 };
                hold(point.y - error);
                hold(point.y + error);
            }),
            Layer::Line { points, .. } => points.iter().for_each(|[x, y]| hold(if is_x { *x } else { *y })),
            Layer::Steps { edges, .. } if is_x => {
                has_steps = true;
                edges.iter().for_each(|edge| hold(*edge));
            }
            Layer::Steps { values, .. } => values.iter().for_each(|value| hold(*value)),
            Layer::Map(Map { x_range, y_range, .. }) => (if is_x { x_range } else { y_range }).iter().for_each(|end| hold(*end)),
            Layer::Rule { .. } | Layer::Text { .. } => {}
        }
    }
    let span = range[1] - range[0];
    if !(span > 0.0 && span.is_finite()) || axis.scale == Scale::Log {
        return axis;
    }
    let room = if is_x && has_steps { 0.0 } else { ROOM * span };
    axis.range(range[0] - room, range[1] + room)
}
