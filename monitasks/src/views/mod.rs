//! What people choose to see of a plot: another abscissa, several runs over each other, values as a histogram, small plots, a box of
//! numbers, logarithmic axes. Pure changes of what a task draws, so that every task has them all and none knows of them.
//!
//! Two steps, so that bounds and references can be laid over a plot between them: [`drawn`] asks the task, [`finished`] changes
//! its answer. May use all of this crate but `registry`.

pub mod choices;
mod compared;
mod histogram_of;
mod log;
mod numbering;
mod overlay_runs;
mod place_trend;
pub mod ranking;
mod small_multiples;
mod statistics;
mod trend_axis;

pub use choices::{Against, Exact, LogAxes, MOST_RUNS, Place, PlotChoices, Shape, TrendAxis};
pub use compared::{pull, side_by_side};
pub use overlay_runs::of_one;
pub use place_trend::place_at;
pub use trend_axis::moved_layers;

use crate::detector::LemGrid;
use crate::figure::Figure;
use crate::summary::Summary;

/// Draws an item from results, oldest first: the task with its context.
pub type Draw<'d> = dyn Fn(&[&Summary]) -> Figure + 'd;

/// What the task draws from the results that are chosen, on the abscissa that is chosen.
#[must_use]
pub fn drawn(choices: &PlotChoices, history: &[&Summary], draw: &Draw<'_>) -> Figure {
    let trend_of_place;
    let draw: &Draw<'_> = match &choices.place {
        Some(place) => {
            trend_of_place = move |history: &[&Summary]| place_trend::draw(place, history, draw);
            &trend_of_place
        }
        None => draw,
    };
    if choices.runs.is_empty() {
        trend_axis::on_axis(choices.axis, history, draw)
    } else {
        overlay_runs::draw(&choices.runs, choices.axis, history, draw)
    }
}

/// The plot as it is to be shown: shape, axes, numbers, in this order.
#[must_use]
pub fn finished(choices: &PlotChoices, figure: Figure, grid: &LemGrid) -> Figure {
    if figure.empty.is_some() {
        return figure;
    }
    let mut figure = figure;
    if choices.shape == Shape::Histogram {
        figure = each(figure, &histogram_of::histogram_of);
    }
    if choices.shape == Shape::Small {
        figure = small_multiples::small_multiples(figure);
    }
    figure = each(figure, &|figure| log::with_log(figure, choices.log));
    if choices.statistics {
        figure = each(figure, &statistics::with_statistics);
    }
    match choices.numbering.as_deref().and_then(|name| grid.numbering(name)) {
        Some(numbering) => numbering::renumbered(figure, grid, numbering),
        None => figure,
    }
}

/// Changes a plot, or each of its panels.
fn each(mut figure: Figure, change: &dyn Fn(Figure) -> Figure) -> Figure {
    match &mut figure.panels {
        Some(panels) => {
            panels.plots = std::mem::take(&mut panels.plots).into_iter().map(change).collect();
            figure
        }
        None => change(figure),
    }
}

#[cfg(test)]
mod tests;
