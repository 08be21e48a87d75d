//! Draws the figures that are watched or judged, again only when what they show has changed.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::Timestamp;
use monitasks::detector::Detector;
use monitasks::figure::Figure;
use monitasks::registry::TaskRegistry;
use monitasks::summary::Summary;
use monitasks::task::{MonTask, TaskContext};
use monitasks::views;

use super::event::{self, EventView};
use super::results::{ResultsView, panic_message};
use crate::snapshot::FigureKey;

/// What figures are drawn from, at a moment.
#[derive(Clone, Copy)]
pub(super) struct Material<'a> {
    pub registry: &'a TaskRegistry,
    pub results: &'a ResultsView,
    pub event: &'a EventView,
    pub detector: &'a Detector,
    pub now: Timestamp,
}

/// Keeps the figures made, with the version of the results each was made from.
#[derive(Default)]
pub(super) struct FigureMaker {
    made: BTreeMap<FigureKey, (u64, Arc<Figure>)>,
}

impl FigureMaker {
    /// The figures of the keys as tasks draw them, as [`FigureKey::plain`], each with the version of what it was made from.
    /// Figures of other keys are dropped.
    pub(super) fn make<'a>(
        &mut self,
        keys: impl Iterator<Item = &'a FigureKey>,
        of: &Material<'_>,
    ) -> &BTreeMap<FigureKey, (u64, Arc<Figure>)> {
        let before = std::mem::take(&mut self.made);
        for key in keys {
            let key = key.plain();
            let version = if key.task == event::EVENT_DISPLAY {
                of.event.version
            } else {
                of.results.tasks.get(&key.task).map_or(0, |task| task.version)
            };
            let figure = match before.get(&key) {
                Some((made_from, figure)) if *made_from == version => figure.clone(),
                _ if self.made.contains_key(&key) => continue,
                _ => Arc::new(draw(&key, of)),
            };
            self.made.insert(key, (version, figure));
        }
        &self.made
    }
}

/// The figure of a key with what is chosen of it: another abscissa, several runs, one place.
pub(super) fn chosen(key: &FigureKey, of: &Material<'_>) -> Figure {
    draw(key, of)
}

/// The figure of a run or processing alone, so that those of two can be compared.
pub(super) fn of_one(key: &FigureKey, of: &Material<'_>) -> Figure {
    let Some(task) = of.registry.get(&key.task) else { return draw(key, of) };
    let all = history(of.results, key);
    let run = key.run.or_else(|| all.iter().rev().find_map(|summary| summary.run));
    let of_run: Vec<&Summary> = all.into_iter().filter(|summary| summary.run == run).collect();
    views::of_one(&of_run, &|history| drawn(task, &key.item, history, (of.detector, of.now)))
}

/// The figure of a key, not kept; none where it would be empty.
pub(super) fn drawn_of(key: &FigureKey, of: &Material<'_>) -> Option<Figure> {
    Some(draw(key, of)).filter(|figure| figure.empty.is_none())
}

fn draw(key: &FigureKey, of: &Material<'_>) -> Figure {
    if key.task == event::EVENT_DISPLAY {
        return event::figure(of.event, &key.item, of.detector);
    }
    let Some(task) = of.registry.get(&key.task) else {
        return Figure::empty(key.task.clone(), format!("There is no task named {}.", key.task));
    };
    let history = history(of.results, key);
    let mut figure = views::drawn(&key.choices, &history, &|history| drawn(task, &key.item, history, (of.detector, of.now)));
    if let Some(lane) = &key.lane {
        figure.notes.push(format!("results of lane {lane} alone"));
    }
    if !key.only.is_all() {
        figure.notes.push(format!("only {}", key.only.words()));
    }
    figure
}

/// What a task draws of these results; a panic of the task is an empty figure that says so.
pub(super) fn drawn(task: &dyn MonTask, item: &str, history: &[&Summary], (detector, now): (&Detector, Timestamp)) -> Figure {
    let context = TaskContext { detector, now };
    catch_unwind(AssertUnwindSafe(|| task.draw(item, history, &context))).unwrap_or_else(|panic| {
        Figure::empty(task.info().title.clone(), format!("Cannot judge: the task failed: {}", panic_message(&*panic)))
    })
}

/// The results that a figure shows, oldest first.
pub(super) fn history<'a>(results: &'a ResultsView, key: &FigureKey) -> Vec<&'a Summary> {
    let all = results.tasks.get(&key.task).map(|task| task.history.iter().map(AsRef::as_ref).collect());
    let mut history = of_processing(of_lane(up_to_run(all.unwrap_or_default(), key), key), key);
    history.retain(|summary| key.only.takes(summary.run, summary.stamp()));
    history
}

/// With a processing chosen, only its results; the run's where one is chosen too.
fn of_processing<'a>(history: Vec<&'a Summary>, key: &FigureKey) -> Vec<&'a Summary> {
    let Some(processing) = key.choices.processing else { return history };
    let is_its =
        |summary: &&Summary| summary.processing == Some(processing) && key.run.is_none_or(|run| summary.run == Some(run));
    history.into_iter().filter(is_its).collect()
}

/// With a lane chosen, only its results; one that does not say its lane was made by hand and is of none.
fn of_lane<'a>(history: Vec<&'a Summary>, key: &FigureKey) -> Vec<&'a Summary> {
    match &key.lane {
        None => history,
        Some(lane) => history.into_iter().filter(|summary| summary.lane.as_ref() == Some(lane)).collect(),
    }
}

/// With a run chosen, "latest" means the newest result of that run: what came later is left out.
fn up_to_run<'a>(history: Vec<&'a Summary>, key: &FigureKey) -> Vec<&'a Summary> {
    // Runs that are chosen to lie over each other are all of them, whatever run is looked at.
    let Some(run) = key.run.filter(|_| key.choices.runs.is_empty()) else { return history };
    let last = history.iter().rposition(|summary| summary.run == Some(run));
    match last {
        Some(last) => history.into_iter().take(last + 1).collect(),
        // Slow control and the like are of no run.
        None if history.iter().all(|summary| summary.run.is_none()) => history,
        None => Vec::new(),
    }
}
