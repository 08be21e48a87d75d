//! The numbers of a group's results, for the book: trends outlive the result files.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use monitasks::detector::Detector;
use monitasks::registry::TaskRegistry;
use monitasks::task::{MonTask, ResultFile, TaskContext};

use crate::bookkeeping::{GroupRecord, Reading};
use crate::config::Workspace;

/// What each item of each built-in task says of the group's results. A result that can't be read has no readings: the
/// window says why, and the group's own steps have judged the files already.
#[must_use]
pub fn readings_of(group: &GroupRecord, workspace: &Workspace, detector: &Detector, now: Timestamp) -> Vec<Reading> {
    let zone = TimeZone::get(&workspace.settings.time_zone).unwrap_or(TimeZone::UTC);
    let registry = TaskRegistry::built_in_at(&zone);
    let context = TaskContext { detector, now };
    registry
        .iter()
        .filter_map(|task| {
            let name = format!("{}/{}{}", task.info().folder, group.name(), task.info().suffix);
            group.results.iter().any(|result| result.ends_with(&name)).then_some((task, name))
        })
        .filter_map(|(task, name)| {
            let path = workspace.results().join(&name);
            let bytes = fs::read(&path).ok()?;
            let sidecar = fs::read(path.with_extension("json")).ok();
            let input = ResultFile { name: &name, bytes: &bytes, sidecar: sidecar.as_deref() };
            // A task that fails is its own fault; the chain goes on.
            catch_unwind(AssertUnwindSafe(|| readings_by(task, group, &input, &context))).ok()
        })
        .flatten()
        .collect()
}

fn readings_by(task: &dyn MonTask, group: &GroupRecord, input: &ResultFile<'_>, context: &TaskContext<'_>) -> Vec<Reading> {
    let Ok(summary) = task.read(input, context) else { return Vec::new() };
    let info = task.info();
    let reading = |item: &monitasks::task::ItemInfo| Reading {
        task: info.name.clone(),
        item: item.name.clone(),
        run: group.run,
        processing: group.processing,
        group: group.group,
        value: task.glance(&item.name, &[&summary], context).reading,
        at: summary.stamp().unwrap_or(context.now),
    };
    info.items.iter().map(reading).collect()
}
