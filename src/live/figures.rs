//! Draws the figures that are watched, again only when what they show has changed.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::Timestamp;
use monitasks::detector::Detector;
use monitasks::figure::Figure;
use monitasks::registry::TaskRegistry;
use monitasks::summary::Summary;
use monitasks::task::TaskContext;

use super::event::{self, EventView};
use super::results::{ResultsView, panic_message};
use crate::snapshot::FigureKey;

/// Keeps the figures made, with the version of the results each was made from.
#[derive(Default)]
pub struct FigureMaker {
    made: BTreeMap<FigureKey, (u64, Arc<Figure>)>,
}

impl FigureMaker {
    /// The figures of the keys. Figures of other keys are dropped.
    pub fn make(
        &mut self,
        registry: &TaskRegistry,
        keys: &[FigureKey],
        results: &ResultsView,
        event: &EventView,
        detector: &Detector,
        now: Timestamp,
    ) -> BTreeMap<FigureKey, Arc<Figure>> {
        let before = std::mem::take(&mut self.made);
        for key in keys {
            let version = if key.task == event::EVENT_DISPLAY {
                event.version
            } else {
                results.tasks.get(&key.task).map_or(0, |task| task.version)
            };
            let figure = match before.get(key) {
                Some((made_from, figure)) if *made_from == version => figure.clone(),
                _ => Arc::new(draw(registry, key, results, event, &TaskContext { detector, now })),
            };
            self.made.insert(key.clone(), (version, figure));
        }
        self.made.iter().map(|(key, (_, figure))| (key.clone(), figure.clone())).collect()
    }
}

fn draw(registry: &TaskRegistry, key: &FigureKey, results: &ResultsView, event: &EventView, context: &TaskContext<'_>) -> Figure {
    if key.task == event::EVENT_DISPLAY {
        return event::figure(event, &key.item, context.detector);
    }
    let Some(task) = registry.get(&key.task) else {
        return Figure::empty(key.task.clone(), format!("There is no task named {}.", key.task));
    };
    let history: Vec<&Summary> =
        results.tasks.get(&key.task).map(|task| task.history.iter().map(AsRef::as_ref).collect()).unwrap_or_default();
    let history = of_lane(up_to_run(history, key), key);
    let drawn = catch_unwind(AssertUnwindSafe(|| task.draw(&key.item, &history, context)));
    let mut figure = drawn.unwrap_or_else(|panic| {
        Figure::empty(task.info().title.clone(), format!("Cannot judge: the task failed: {}", panic_message(&*panic)))
    });
    if let Some(lane) = &key.lane {
        figure.notes.push(format!("results of lane {lane} alone"));
    }
    figure
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
    let Some(run) = key.run else { return history };
    let last = history.iter().rposition(|summary| summary.run == Some(run));
    match last {
        Some(last) => history.into_iter().take(last + 1).collect(),
        None => Vec::new(),
    }
}
