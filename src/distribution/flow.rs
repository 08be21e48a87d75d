//! How the flow of files goes, in numbers that everyone may read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::bookkeeping::{FileRecord, Overview};

/// The flow of files as JSON, schema 1: what there is, what waits, what failed and why, and a line for each run.
#[must_use]
pub fn flow_summary(overview: &Overview, at: Timestamp) -> Value {
    let mut steps: BTreeMap<&str, u64> = BTreeMap::new();
    let mut failures: BTreeMap<&str, u64> = BTreeMap::new();
    let mut jobs: BTreeMap<&str, u64> = BTreeMap::new();
    for file in &overview.files {
        *steps.entry(overview.word_of(file)).or_default() += 1;
        if let Some(class) = overview.failure_of(file).and_then(|failure| failure.class) {
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
                "failed": files().filter(|file| overview.failure_of(file).is_some()).count(),
                "last_daq_closed": files().map(|file| file.daq_closed).max(),
            })
        })
        .collect();
    json!({
        "schema": 1, "made_by": crate::SOFTWARE, "at": at, "files": overview.files.len(),
        "size_bytes": overview.files.iter().map(|file| file.size_bytes).sum::<u64>(),
        "last_arrival": overview.files.iter().map(|file| file.arrived).max(),
        "last_hour": arrived_since(overview, at, 3600), "last_day": arrived_since(overview, at, 86_400),
        "files_by_step": steps, "failures_by_class": failures, "jobs_by_state": jobs,
        "not_taken": overview.not_taken.len(), "runs": runs,
    })
}

/// What arrived in the last so many seconds: files, bytes, and how long after the DAQ's close they were seen, s.
fn arrived_since(overview: &Overview, at: Timestamp, seconds: i64) -> Value {
    let age_s = |file: &&FileRecord| at.duration_since(file.arrived).as_secs();
    let files: Vec<&FileRecord> = overview.files.iter().filter(|file| (0..seconds).contains(&age_s(file))).collect();
    let mut delays_s: Vec<f64> = files.iter().map(|file| file.arrived.duration_since(file.daq_closed).as_secs_f64()).collect();
    delays_s.sort_by(f64::total_cmp);
    json!({
        "files": files.len(), "size_bytes": files.iter().map(|file| file.size_bytes).sum::<u64>(),
        "median_delay_s": delays_s.get(delays_s.len() / 2), "longest_delay_s": delays_s.last(),
    })
}
