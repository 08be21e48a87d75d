//! How the flow of files goes, in numbers that everyone may read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::bookkeeping::Overview;

/// The flow of files as JSON, schema 1: what there is, what waits, what failed and why, and a line for each run.
#[must_use]
pub fn flow_summary(overview: &Overview, at: Timestamp) -> Value {
    let mut steps: BTreeMap<&str, u64> = BTreeMap::new();
    let mut failures: BTreeMap<&str, u64> = BTreeMap::new();
    let mut jobs: BTreeMap<&str, u64> = BTreeMap::new();
    for file in &overview.files {
        *steps.entry(file.step.word()).or_default() += 1;
        if let Some(class) = file.failure {
            *failures.entry(class.word()).or_default() += 1;
        }
    }
    for job in &overview.jobs {
        *jobs.entry(job.state.word()).or_default() += 1;
    }
    let runs: Vec<Value> = overview
        .runs
        .iter()
        .map(|run| {
            let files = || overview.files.iter().filter(|file| file.file.run == run.run);
            json!({
                "run": run.run, "files": files().count(), "size_bytes": files().map(|file| file.size_bytes).sum::<u64>(),
                "first_seen": run.first_seen, "ended": run.ended,
                "failed": files().filter(|file| file.failure.is_some()).count(),
                "last_daq_closed": files().map(|file| file.daq_closed).max(),
            })
        })
        .collect();
    json!({
        "schema": 1, "made_by": crate::SOFTWARE, "at": at, "files": overview.files.len(),
        "size_bytes": overview.files.iter().map(|file| file.size_bytes).sum::<u64>(),
        "last_arrival": overview.files.iter().map(|file| file.arrived).max(),
        "files_by_step": steps, "failures_by_class": failures, "jobs_by_state": jobs,
        "not_taken": overview.not_taken.len(), "runs": runs,
    })
}
