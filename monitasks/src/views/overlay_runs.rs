//! The same item of several runs in one plot, each run in a colour of its own.

use super::choices::MOST_RUNS;
use super::trend_axis::{drawn_at, first_sequence, in_order, seconds};
use super::{Draw, TrendAxis};
use crate::figure::{Axis, Figure, Ink, Layer, Panels, Scale};
use crate::summary::Summary;
use crate::vocab::Run;

/// Seconds of an hour.
const HOUR_S: f64 = 3600.0;

/// Draws the runs over each other: a trend against the time since the run's start or its sequence, anything else as the newest
/// result of each run. Maps can't lie over each other: they stand beside each other.
pub(super) fn draw(runs: &[Run], axis: TrendAxis, history: &[&Summary], draw: &Draw<'_>) -> Figure {
    let mut drawn: Vec<(Run, Figure)> = Vec::new();
    let mut notes = Vec::new();
    for run in runs.iter().take(MOST_RUNS) {
        let of_run: Vec<&Summary> = history.iter().copied().filter(|summary| summary.run == Some(*run)).collect();
        let figure = of_one_run(axis, &of_run, draw);
        match &figure.empty {
            _ if of_run.is_empty() => notes.push(format!("{run}: no result")),
            Some(why) => notes.push(format!("{run}: {why}")),
            None => drawn.push((*run, figure)),
        }
    }
    if runs.len() > MOST_RUNS {
        notes.push(format!("not drawn: {} more runs than the {MOST_RUNS} that can be told apart", runs.len() - MOST_RUNS));
    }
    let title = title(&drawn, runs);
    if drawn.is_empty() {
        let mut nothing = Figure::empty(title, "none of the runs chosen has a result of this item; choose others");
        nothing.notes = notes;
        return nothing;
    }
    let mut figure = if drawn.iter().any(|(_, figure)| has_map(figure)) {
        beside(title, drawn)
    } else {
        over_each_other(title, &drawn, &mut notes)
    };
    figure.notes.extend(notes);
    figure
}

fn has_map(figure: &Figure) -> bool {
    figure.layers.iter().any(|layer| matches!(layer, Layer::Map(_)))
}

/// `Electron lifetime: run3, run5`.
fn title(drawn: &[(Run, Figure)], runs: &[Run]) -> String {
    let whole = drawn.first().map_or("", |(_, figure)| figure.title.as_str());
    let what = whole.rsplit_once(", run").map_or(whole, |(what, _)| what);
    let names: Vec<String> = runs.iter().take(MOST_RUNS).map(Run::to_string).collect();
    if what.is_empty() { names.join(", ") } else { format!("{what}: {}", names.join(", ")) }
}

/// One run's plot: a trend since its start, anything else of its newest result.
fn of_one_run(axis: TrendAxis, of_run: &[&Summary], draw: &Draw<'_>) -> Figure {
    let start = of_run.iter().filter_map(|summary| summary.data_start).min();
    let since = |stamp: Option<jiff::Timestamp>| Some(seconds(stamp?) - seconds(start?));
    let place = |summary: &&Summary| match axis {
        TrendAxis::AsDrawn | TrendAxis::Start => since(summary.data_start),
        TrendAxis::End => since(summary.data_end),
        TrendAxis::Processed => since(summary.processed_at),
        TrendAxis::Run => summary.run.map(|run| f64::from(run.0)),
        TrendAxis::Sequence => first_sequence(summary).map(f64::from),
    };
    let places: Vec<Option<f64>> = of_run.iter().map(place).collect();
    let Some(mut figure) = drawn_at(of_run, &places, draw) else { return draw(of_run) };
    in_order(&mut figure);
    figure.x = match axis {
        TrendAxis::AsDrawn | TrendAxis::Start => Axis::linear("start of data since the start of its run", "h"),
        TrendAxis::End => Axis::linear("end of data since the start of its run", "h"),
        TrendAxis::Processed => Axis::linear("time of processing since the start of the run", "h"),
        TrendAxis::Run => Axis::integer("run"),
        TrendAxis::Sequence => Axis::integer("sequence"),
    };
    if figure.x.scale == Scale::Linear {
        for x in abscissas(&mut figure) {
            *x /= HOUR_S;
        }
    }
    figure
}

/// The plot of an item from the results of one run or processing alone, so that those of two can be paired: a trend stands against
/// the groups of files, whatever the time was.
#[must_use]
pub fn of_one(history: &[&Summary], draw: &Draw<'_>) -> Figure {
    let places: Vec<Option<f64>> = (0u32..)
        .zip(history)
        .map(|(place, summary)| Some(summary.group.map_or(f64::from(place), |group| f64::from(group.0))))
        .collect();
    let Some(mut figure) = drawn_at(history, &places, draw) else { return draw(history) };
    in_order(&mut figure);
    figure.x = Axis::integer("group of files");
    figure
}

/// Every x of a trend.
fn abscissas(figure: &mut Figure) -> impl Iterator<Item = &mut f64> {
    let of_layers = figure.layers.iter_mut().flat_map(|layer| match layer {
        Layer::Points { points, .. } => points.iter_mut().map(|point| &mut point.x).collect::<Vec<_>>(),
        Layer::Line { points, .. } => points.iter_mut().map(|[x, _]| x).collect(),
        _ => Vec::new(),
    });
    of_layers.chain(figure.origins.iter_mut().map(|origin| &mut origin.x))
}

/// Whether a layer is measured, or a fit or mean of what is: such layers are those of a run.
fn is_of_run(layer: &Layer) -> Option<&Ink> {
    let (Layer::Points { ink, .. } | Layer::Line { ink, .. } | Layer::Steps { ink, .. }) = layer else { return None };
    matches!(ink, Ink::Series(_) | Ink::Fit).then_some(ink)
}

fn over_each_other(title: String, drawn: &[(Run, Figure)], notes: &mut Vec<String>) -> Figure {
    let mut inks: Vec<Ink> = Vec::new();
    for ink in drawn.iter().flat_map(|(_, figure)| figure.layers.iter().filter_map(is_of_run)) {
        if !inks.contains(ink) {
            inks.push(*ink);
        }
    }
    // A colour for each series of each run while there are enough, else one for each run.
    let has_enough = inks.len() * drawn.len() <= MOST_RUNS;
    if !has_enough {
        notes.push(format!("a colour for each run: the {} series of a run are told apart by small plots", inks.len()));
    }
    let first = &drawn[0].1;
    let mut all = Figure::new(title, first.x.clone(), first.y.clone());
    for (rank, (run, figure)) in drawn.iter().enumerate() {
        if (&figure.x.label, &figure.x.unit, &figure.y.unit) != (&all.x.label, &all.x.unit, &all.y.unit) {
            notes.push(format!("{run}: not drawn, its axes are {} and {}", figure.x.title(), figure.y.title()));
            continue;
        }
        for layer in &figure.layers {
            let place = is_of_run(layer).and_then(|ink| inks.iter().position(|known| known == ink));
            let colour = place.map(|place| if has_enough { rank * inks.len() + place } else { rank });
            match colour {
                Some(colour) => all.layers.push(of_run(layer, *run, inks.len() == 1, colour)),
                None if !all.layers.contains(layer) => all.layers.push(layer.clone()),
                None => {}
            }
        }
        all.origins.extend(figure.origins.iter().cloned());
    }
    all
}

/// A layer in the colour and under the name of its run.
fn of_run(layer: &Layer, run: Run, is_alone: bool, colour: usize) -> Layer {
    let mut layer = layer.clone();
    if let Layer::Points { label, ink, .. } | Layer::Line { label, ink, .. } | Layer::Steps { label, ink, .. } = &mut layer {
        *ink = Ink::Series(u8::try_from(colour).unwrap_or(u8::MAX));
        if !label.is_empty() {
            *label = if is_alone { run.to_string() } else { format!("{run}: {label}") };
        }
    }
    layer
}

/// Maps beside each other, in the same colours.
fn beside(title: String, drawn: Vec<(Run, Figure)>) -> Figure {
    let first = &drawn[0].1;
    let mut all = Figure::new(title, first.x.clone(), first.y.clone());
    let mut plots: Vec<Figure> = drawn
        .into_iter()
        .map(|(run, mut figure)| {
            figure.title = run.to_string();
            figure.notes.clear();
            figure
        })
        .collect();
    one_colour_scale(&mut plots);
    all.panels = Some(Panels { columns: columns(plots.len()), has_one_x: true, has_one_y: true, plots });
    all
}

/// Maps of one quantity get the range of all of them.
pub(super) fn one_colour_scale(plots: &mut [Figure]) {
    let maps = || {
        plots.iter().flat_map(|plot| &plot.layers).filter_map(|layer| if let Layer::Map(map) = layer { Some(map) } else { None })
    };
    let mut range = [f64::INFINITY, f64::NEG_INFINITY];
    for map in maps() {
        let own = map.z.range.into_iter().flatten().chain(map.values.iter().map(|value| f64::from(*value)));
        for value in own.filter(|value| value.is_finite()) {
            range = [range[0].min(value), range[1].max(value)];
        }
    }
    if range[0] > range[1] {
        return;
    }
    for layer in plots.iter_mut().flat_map(|plot| &mut plot.layers) {
        if let Layer::Map(map) = layer {
            map.z.range = Some(range);
        }
    }
}

/// How many small plots stand beside each other: about as many as above each other, rather more.
pub(super) fn columns(plots: usize) -> usize {
    (plots as f64).sqrt().ceil().max(1.0) as usize
}
