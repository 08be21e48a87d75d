//! The task tree: each task's state and last values, from its results.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::Timestamp;
use monitasks::checks::verdict::Verdict;
use monitasks::detector::Detector;
use monitasks::quality::State;
use monitasks::registry::TaskRegistry;
use monitasks::summary::Summary;
use monitasks::task::{Glance, ItemInfo, MonTask, TaskContext};

use super::results::{ResultsView, TaskResults, panic_message};
use crate::snapshot::{FigureKey, ItemNode, TaskNode};

/// What checks think of plots.
pub(super) type Verdicts = BTreeMap<FigureKey, Arc<Vec<Verdict>>>;

/// The branches of the tree, in the order of the registry.
pub(super) fn nodes(
    registry: &TaskRegistry,
    results: &ResultsView,
    verdicts: &Verdicts,
    (detector, now): (&Detector, Timestamp),
) -> Vec<TaskNode> {
    let nothing = TaskResults::default();
    let context = TaskContext { detector, now };
    let of = |task: &dyn MonTask| results.tasks.get(&task.info().name).unwrap_or(&nothing);
    let fault = |task: &dyn MonTask| registry.fault(&task.info().name).map(str::to_owned);
    registry.iter().map(|task| node(task, (of(task), fault(task)), verdicts, &context)).collect()
}

fn node(
    task: &dyn MonTask,
    (results, fault): (&TaskResults, Option<String>),
    verdicts: &Verdicts,
    context: &TaskContext<'_>,
) -> TaskNode {
    let info = task.info();
    let history: Vec<&Summary> = results.history.iter().map(AsRef::as_ref).collect();
    let newest = history.last().and_then(|summary| summary.stamp());
    let mut fault = fault.or_else(|| results.fault.clone());
    let mut items = Vec::with_capacity(info.items.len());
    for item in &info.items {
        let glance = catch_unwind(AssertUnwindSafe(|| task.glance(&item.name, &history, context))).unwrap_or_else(|panic| {
            let message = format!("the task failed: {}", panic_message(&*panic));
            fault.get_or_insert_with(|| message.clone());
            Glance::cannot_judge(message)
        });
        let leaf = leaf(item, glance, newest);
        let of_leaf = verdicts.get(&FigureKey::newest(&info.name, &item.name));
        items.push(match of_leaf {
            Some(verdicts) => leaf.judged(verdicts.clone()),
            None => leaf,
        });
    }
    let state = if fault.is_some() { State::CannotJudge } else { State::worst(items.iter().map(|item| item.glance.state)) };
    TaskNode {
        name: info.name.clone(),
        title: info.title.clone(),
        about: info.about.clone(),
        state,
        fault,
        results: history.len(),
        unread: results.unread.clone(),
        items,
    }
}

/// A leaf with its glance.
pub(super) fn leaf(item: &ItemInfo, glance: Glance, newest: Option<Timestamp>) -> ItemNode {
    let (name, title, about) = (item.name.clone(), item.title.clone(), item.about.clone());
    ItemNode { name, title, about, glance, verdicts: Arc::default(), newest, spark: Arc::default() }
}
