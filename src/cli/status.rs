//! `dqmon status`: how the shift goes.

mod book;
mod services;

use jiff::Timestamp;
use serde_json::{Value, json};

use self::book::BookDesk;
use self::services::Services;
use super::book::refuse_lost_book;
use super::words::{age, counted, stamp};
use super::{Ended, Outcome};
use crate::bookkeeping::{
    self, FileFailure, FileRecord, FileStep, GroupStep, JobState, LeaseRecord, Overview, PassStep, ProcessingRecord, StoreError,
};
use crate::config::Workspace;

/// Arguments of `dqmon status`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command. A failure in the book, a backend that was lost or a service that needs a person is a finding.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    let workspace = global.workspace()?;
    refuse_lost_book(&workspace)?;
    let now = Timestamp::now();
    let desk = BookDesk::of(&workspace, now);
    let overview = match bookkeeping::open_read_only(&workspace.book_place()).and_then(|store| store.overview()) {
        Ok(overview) => overview,
        Err(StoreError::Missing { .. }) => Overview::default(),
        Err(error @ StoreError::Away { .. }) if !args.json => {
            // What waits for the server is what one wants to know then.
            desk.print();
            return Err(error.into());
        }
        Err(error) => return Err(error.into()),
    };
    let backend = backend_word(overview.lease.as_ref(), &workspace, now);
    let services = Services::of(&overview, backend == "running", now);
    if args.json {
        let mut facts = facts(&overview, backend, &services);
        facts["book"] = desk.facts();
        println!("{facts:#}");
    } else {
        print(&overview, backend, &services, now);
        desk.print();
    }
    let failed_groups = overview.groups.iter().any(|group| group.step == GroupStep::Failed);
    let has_finding = backend == "lost"
        || services.has_finding()
        || failed_groups
        || desk.has_finding()
        || overview.files.iter().any(|file| overview.failure_of(file).is_some());
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

/// The steps of a file in a word, in order: on its way in, then in its newest processing.
fn steps() -> impl Iterator<Item = &'static str> {
    let on_its_way = FileStep::ALL.iter().filter(|step| !matches!(step, FileStep::Stored | FileStep::Failed));
    on_its_way.map(|step| step.word()).chain([FileStep::Stored.word()]).chain(PassStep::ALL.iter().map(|step| step.word()))
}

fn count(overview: &Overview, word: &str) -> usize {
    overview.files.iter().filter(|file| overview.word_of(file) == word).count()
}

/// What failed of a file, as the documented layout of `--json` has it.
fn failure(file: &FileRecord, failure: &FileFailure<'_>) -> Value {
    let FileFailure { class, reason, since, pass } = failure;
    let (lane, processing) = (pass.map(|pass| &pass.lane), pass.map(|pass| pass.processing));
    json!({
        "file": file.file, "lane": lane, "processing": processing, "class": class, "reason": reason, "since": since,
        "source": file.source,
    })
}

/// All failures, each with its file: of a file those of every lane.
fn failures(overview: &Overview) -> impl Iterator<Item = (&FileRecord, FileFailure<'_>)> {
    overview.files.iter().flat_map(|file| overview.failures_of(file).into_iter().map(move |failure| (file, failure)))
}

fn facts(overview: &Overview, backend: &str, services: &Services) -> Value {
    let steps: serde_json::Map<String, Value> = steps().map(|word| (word.to_owned(), json!(count(overview, word)))).collect();
    let held = |processing: &&ProcessingRecord| processing.hold.is_some();
    let live = |state: JobState| matches!(state, JobState::Queued | JobState::Running);
    json!({
        "schema": 1,
        "backend": {"state": backend, "lease": overview.lease},
        "services": services.facts(),
        "runs": overview.runs.len(),
        "files": steps,
        "jobs_under_way": overview.jobs.iter().filter(|job| live(job.state)).collect::<Vec<_>>(),
        "failures": failures(overview).map(|(file, of)| failure(file, &of)).collect::<Vec<_>>(),
        "held": overview.processings.iter().filter(held).collect::<Vec<_>>(),
        "failed_groups": overview.groups.iter().filter(|group| group.step == GroupStep::Failed).collect::<Vec<_>>(),
        "not_taken": overview.not_taken,
    })
}

fn print(overview: &Overview, backend: &str, services: &Services, now: Timestamp) {
    match &overview.lease {
        Some(lease) if backend != "stopped" => {
            println!("backend {backend}: {}, last heartbeat {}", lease.owner, age(lease.heartbeat, now));
        }
        _ => println!("backend stopped; 'dqmon process' starts one"),
    }
    for line in services.lines() {
        println!("{line}");
    }
    let (runs, files) = (overview.runs.len() as u64, overview.files.len() as u64);
    println!("{}, {}", counted(runs, "run", "runs"), counted(files, "file", "files"));
    for (word, files) in steps().map(|word| (word, count(overview, word))).filter(|(_, files)| *files > 0) {
        println!("{files:>8} {word}");
    }
    for (processing, hold) in overview.processings.iter().filter_map(|processing| Some((processing, processing.hold.as_ref()?))) {
        let until = hold.until.map(|until| format!(", until {}", stamp(until))).unwrap_or_default();
        let (name, step, lane) = (processing.name(), processing.step.word(), &processing.lane);
        println!("{step} {}: {name} in lane {lane} by rule '{}': {}{until}", age(hold.since, now), hold.rule, hold.words);
    }
    for job in overview.jobs.iter().filter(|job| matches!(job.state, JobState::Queued | JobState::Running)) {
        match overview.job_put_off(job) {
            Some(words) => println!("job {} {words}", job.name),
            None => println!("job {} {}, submitted {}", job.name, job.state.word(), age(job.submitted, now)),
        }
    }
    for (file, FileFailure { class, reason, since, pass }) in failures(overview) {
        let class = class.map_or("", |class| class.word()).replace('_', " ");
        let lane =
            pass.map(|pass| format!(" in lane {}, {}-p{}", pass.lane, file.file.run, pass.processing.0)).unwrap_or_default();
        println!("failed {}: {}{lane} ({class}): {}", age(since, now), file.file, reason.unwrap_or("no reason known"));
    }
    for group in overview.groups.iter().filter(|group| group.step == GroupStep::Failed) {
        println!("failed {}: {}: {}", age(group.since, now), group.name(), group.fault().unwrap_or_default());
    }
    for file in &overview.not_taken {
        println!("not taken, seen {}: {:?}: {}", age(file.at, now), file.name, file.reason);
    }
}
