//! When a processing of a run is over, and with what.

use crate::bookkeeping::{GroupRecord, GroupStep, PassRecord, PassStep, ProcessingStep, TaskPhase};

/// With what a processing ended; none while one of its files or groups is under way, or when it has no files.
#[must_use]
pub fn end_of_processing(passes: &[&PassRecord], groups: &[&GroupRecord]) -> Option<ProcessingStep> {
    let is_over = passes.iter().all(|pass| pass.is_final()) && groups.iter().all(|group| group.step != GroupStep::Analysing);
    if passes.is_empty() || !is_over {
        return None;
    }
    Some(if groups.iter().any(|group| group.step == GroupStep::Failed) {
        ProcessingStep::MergingFailed
    } else if passes.iter().any(|pass| pass.step == PassStep::Failed) {
        ProcessingStep::Processed
    } else {
        ProcessingStep::Done
    })
}

/// Products that a processing that is over should have and has not: reconstructed files, results of groups.
#[must_use]
pub fn missing_products(passes: &[&PassRecord], groups: &[&GroupRecord]) -> Vec<String> {
    let files = passes.iter().filter(|pass| pass.events.is_none()).map(|pass| format!("recotask_{}.root", pass.name()));
    let results = groups.iter().flat_map(|group| {
        let failed = group.tasks.iter().filter(|task| task.phase == TaskPhase::Failed);
        failed.map(|task| format!("{} of {}", task.kind.word(), group.name()))
    });
    files.chain(results).collect()
}
