//! `dqmon status`: how the shift goes.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::words::{age, counted};
use super::{Ended, Outcome};
use crate::bookkeeping::{FileStep, GroupStep, JobState, LeaseRecord, Overview, SqliteStore, Store, StoreError};
use crate::config::Workspace;

/// Arguments of `dqmon status`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command. A failure in the book, or a backend that was lost, is a finding.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    let workspace = global.workspace()?;
    let overview = match SqliteStore::open_read_only(&workspace.book()) {
        Ok(store) => store.overview()?,
        Err(StoreError::Missing { .. }) => Overview::default(),
        Err(error) => return Err(error.into()),
    };
    let now = Timestamp::now();
    let backend = backend_word(overview.lease.as_ref(), &workspace, now);
    let facts = facts(&overview, backend);
    if args.json {
        println!("{facts:#}");
    } else {
        print(&overview, backend, now);
    }
    let failed_groups = overview.groups.iter().any(|group| group.step == GroupStep::Failed);
    let has_finding = backend == "lost" || failed_groups || count(&overview, FileStep::Failed) > 0;
    Ok(if has_finding { Ended::WithFinding } else { Ended::Done })
}

/// `running`, `stopped` or `lost`.
fn backend_word(lease: Option<&LeaseRecord>, workspace: &Workspace, now: Timestamp) -> &'static str {
    match lease {
        None => "stopped",
        Some(lease) if lease.released.is_some() => "stopped",
        Some(lease) => {
            let age = now.duration_since(lease.heartbeat).as_secs_f64();
            if age < workspace.settings.book.lease_stale_s { "running" } else { "lost" }
        }
    }
}

fn count(overview: &Overview, step: FileStep) -> usize {
    overview.files.iter().filter(|file| file.step == step).count()
}

fn facts(overview: &Overview, backend: &str) -> Value {
    let steps: serde_json::Map<String, Value> =
        FileStep::ALL.iter().map(|step| (step.word().to_owned(), json!(count(overview, *step)))).collect();
    let live = |state: JobState| matches!(state, JobState::Queued | JobState::Running);
    json!({
        "schema": 1,
        "backend": {"state": backend, "lease": overview.lease},
        "runs": overview.runs.len(),
        "files": steps,
        "jobs_under_way": overview.jobs.iter().filter(|job| live(job.state)).collect::<Vec<_>>(),
        "failures": overview.files.iter().filter(|file| file.step == FileStep::Failed).collect::<Vec<_>>(),
        "failed_groups": overview.groups.iter().filter(|group| group.step == GroupStep::Failed).collect::<Vec<_>>(),
        "not_taken": overview.not_taken,
    })
}

fn print(overview: &Overview, backend: &str, now: Timestamp) {
    match &overview.lease {
        Some(lease) if backend != "stopped" => {
            println!("backend {backend}: {}, last heartbeat {}", lease.owner, age(lease.heartbeat, now));
        }
        _ => println!("backend stopped; 'dqmon process' starts one"),
    }
    let (runs, files) = (overview.runs.len() as u64, overview.files.len() as u64);
    println!("{}, {}", counted(runs, "run", "runs"), counted(files, "file", "files"));
    for step in FileStep::ALL.iter().filter(|step| count(overview, **step) > 0) {
        println!("{:>8} {}", count(overview, *step), step.word());
    }
    for job in overview.jobs.iter().filter(|job| matches!(job.state, JobState::Queued | JobState::Running)) {
        println!("job {} {}, submitted {}", job.name, job.state.word(), age(job.submitted, now));
    }
    for file in overview.files.iter().filter(|file| file.step == FileStep::Failed) {
        let class = file.failure.map_or("", |class| class.word());
        let reason = file.reason.as_deref().unwrap_or("no reason known");
        println!("failed {}: {} ({class}): {reason}", age(file.since, now), file.file);
    }
    for group in overview.groups.iter().filter(|group| group.step == GroupStep::Failed) {
        println!("failed {}: {}: {}", age(group.since, now), group.name(), group.fault().unwrap_or_default());
    }
    for file in &overview.not_taken {
        println!("not taken, seen {}: {:?}: {}", age(file.at, now), file.name, file.reason);
    }
}
