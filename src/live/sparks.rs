//! The last readings of each item, for the small line beside its value in the tree.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use monitasks::registry::TaskRegistry;
use monitasks::summary::Summary;
use monitasks::task::{MonTask, TaskContext};

use super::results::{ResultsView, TaskResults};
use crate::snapshot::TaskNode;

/// Readings that a line has.
const READINGS: usize = 20;

/// A task's version, and the readings of its items.
type Made = (u64, Vec<Arc<[f32]>>);

/// Keeps the readings of each task's items, made again when its results have changed.
#[derive(Default)]
pub(super) struct Sparks {
    made: BTreeMap<String, Made>,
}

impl Sparks {
    /// Forgets all: tasks are other ones now.
    pub(super) fn forget(&mut self) {
        self.made.clear();
    }

    /// Puts the readings into the tree.
    pub(super) fn add(
        &mut self,
        nodes: &mut [TaskNode],
        registry: &TaskRegistry,
        results: &ResultsView,
        context: &TaskContext<'_>,
    ) {
        for node in nodes {
            let (Some(task), Some(of_task)) = (registry.get(&node.name), results.tasks.get(&node.name)) else { continue };
            let known = self.made.get(&node.name).filter(|(version, _)| *version == of_task.version);
            let lines = match known {
                Some((_, lines)) => lines.clone(),
                None => {
                    let lines = lines(task, of_task, context);
                    self.made.insert(node.name.clone(), (of_task.version, lines.clone()));
                    lines
                }
            };
            for (item, line) in node.items.iter_mut().zip(lines) {
                item.spark = line;
            }
        }
    }
}

/// The readings of each item, as the tree would have shown them after each of the last results.
fn lines(task: &dyn MonTask, results: &TaskResults, context: &TaskContext<'_>) -> Vec<Arc<[f32]>> {
    let history: Vec<&Summary> = results.history.iter().map(AsRef::as_ref).collect();
    let from = history.len().saturating_sub(READINGS) + 1;
    let reading = |item: &str, upto: usize| {
        let glance = catch_unwind(AssertUnwindSafe(|| task.glance(item, &history[..upto], context))).ok()?;
        glance.reading.value().map(|value| value as f32).filter(|value| value.is_finite())
    };
    let line = |item: &str| (from..=history.len()).filter_map(|upto| reading(item, upto)).collect();
    task.info().items.iter().map(|item| line(&item.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use monitasks::task::{ItemInfo, ReadError, ResultFile, TaskInfo};
    use std::sync::LazyLock;

    static INFO: LazyLock<TaskInfo> = LazyLock::new(|| TaskInfo {
        name: "count".into(),
        title: "Count".into(),
        about: String::new(),
        folder: "x".into(),
        suffix: ".txt".into(),
        poll_s: 1.0,
        items: ["all", "odd"].map(|name| ItemInfo { name: name.into(), title: name.into(), about: String::new() }).into(),
    });

    /// Reads how many results there are; the item `odd` panics at every second one.
    struct Count;

    impl MonTask for Count {
        fn info(&self) -> &TaskInfo {
            &INFO
        }

        fn read(&self, file: &ResultFile<'_>, _: &TaskContext<'_>) -> Result<Summary, ReadError> {
            Ok(Summary::of_file(file.name))
        }

        fn draw(&self, _: &str, _: &[&Summary], _: &TaskContext<'_>) -> monitasks::figure::Figure {
            monitasks::figure::Figure::empty("", "")
        }

        fn glance(&self, item: &str, history: &[&Summary], _: &TaskContext<'_>) -> monitasks::task::Glance {
            assert!(item == "all" || history.len() % 2 == 1, "even");
            let reading = monitasks::summary::Measured::number(history.len() as f64, 0.0);
            monitasks::task::Glance { reading, ..monitasks::task::Glance::no_data("") }
        }
    }

    #[test]
    fn a_line_has_the_last_readings_and_a_panic_costs_one_of_them() {
        let detector = crate::detector::load("3x1x1", "", std::path::Path::new("/")).unwrap();
        let context = TaskContext { detector: &detector, now: Timestamp::UNIX_EPOCH };
        let history = (0..30).map(|number| Arc::new(Summary::of_file(number.to_string()))).collect();
        let made = lines(&Count, &TaskResults { history, ..TaskResults::default() }, &context);
        assert_eq!(made[0].to_vec(), (11..=30).map(|number| number as f32).collect::<Vec<_>>());
        assert_eq!(made[1].len(), 10);
        assert!(lines(&Count, &TaskResults::default(), &context).iter().all(|line| line.is_empty()));
    }
}
