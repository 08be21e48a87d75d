//! `dqmon show`: the whole story of a run or a file.

use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::{FileId, Run};
use serde_json::{Value, json};

use super::words::{age, counted, one_line, size, stamp};
use super::{Ended, Failure, Outcome};
use crate::bookkeeping::{
    self, DecisionSubject, FileRecord, FileStep, JobRecord, NotTakenRecord, Overview, PassRecord, ProcessingRecord, PutOffState,
    RequestRecord, Stage, StoryRecord, Want,
};
use crate::decisions::flags::Origin;
use crate::decisions::{Judged, Quality, judged};
use crate::live::{retold, story};
use crate::snapshot::in_short;

/// Missing products that are named; `--json` has all.
const MISSING_NAMED: usize = 5;

/// Arguments of `dqmon show`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A run (run1) or a file (run1-seq0).
    #[arg(value_name = "RUN or FILE")]
    what: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    let workspace = global.workspace()?;
    let store = bookkeeping::open_read_only(&workspace.book_place())?;
    let overview = store.overview()?;
    let (run, file) = named(&args.what)?;
    let known = match file {
        Some(file) => overview.files.iter().any(|record| record.file == file),
        None => overview.runs.iter().any(|record| record.run == run),
    };
    let judged = judged(store.as_ref(), Quality::of(&workspace.settings), run, Timestamp::now())?;
    // A run list alone may tell of a run.
    let is_listed = file.is_none() && !(judged.facts.0.is_empty() && judged.history.is_empty());
    if !known && !is_listed {
        return Err(Failure(format!("{} is not in the book; there are {}", args.what, what_there_is(&overview, run, file))));
    }
    let story = store.story(run, file)?;
    let jobs = store.jobs_of(run)?;
    let transfer = file.map(|file| store.transfer(file)).transpose()?.flatten();
    let requests = store.requests_of(run)?;
    let requests: Vec<RequestRecord> =
        requests.into_iter().filter(|request| file.is_none_or(|file| request.subject.file.is_none_or(|of| of == file))).collect();
    let mut facts = facts(&overview, run, file, &jobs, &story, json!(transfer));
    if let Some(object) = facts.as_object_mut() {
        object.insert("flag".into(), json!(flag_of(&judged)));
        object.insert("judged".into(), json!(judged));
        object.insert("requests".into(), json!(requests));
        object.insert("put_off".into(), json!(put_off(&overview, run, file)));
    }
    if args.json {
        println!("{facts:#}");
    } else {
        print(&overview, run, file, &story, (&judged, &requests));
    }
    Ok(Ended::Done)
}

/// The run, and the file if one is named.
fn named(text: &str) -> Result<(Run, Option<FileId>), Failure> {
    if let Ok(file) = text.parse::<FileId>() {
        return Ok((file.run, Some(file)));
    }
    let run = text.parse::<Run>();
    run.map(|run| (run, None))
        .map_err(|_| Failure(format!("{text:?} names nothing: expected a run (run1) or a file (run1-seq0)")))
}

/// What there is in the place of what was asked for.
fn what_there_is(overview: &Overview, run: Run, file: Option<FileId>) -> String {
    let files: Vec<String> =
        overview.files.iter().filter(|record| record.file.run == run).map(|record| record.file.to_string()).collect();
    let names: Vec<String> = match file {
        Some(_) if !files.is_empty() => files,
        _ => overview.runs.iter().map(|record| record.run.to_string()).collect(),
    };
    if names.is_empty() { "no runs yet".into() } else { names.join(", ") }
}

/// Everything as one JSON value: the documented layout of `--json`.
fn facts(
    overview: &Overview,
    run: Run,
    file: Option<FileId>,
    jobs: &[JobRecord],
    story: &[StoryRecord],
    transfer: Value,
) -> Value {
    let is_of = |member: FileId| file.map_or(member.run == run, |file| file == member);
    let groups: Vec<_> = overview.groups.iter().filter(|group| group.members.iter().any(|member| is_of(*member))).collect();
    let files: Vec<_> = overview.files.iter().filter(|record| is_of(record.file)).collect();
    let passes: Vec<_> = overview.passes.iter().filter(|pass| is_of(pass.file)).collect();
    let takes = |processing: &&ProcessingRecord| {
        processing.run == run && (file.is_none() || passes.iter().any(|pass| pass.processing == processing.processing))
    };
    let processings: Vec<_> = overview.processings.iter().filter(takes).collect();
    let marks: Vec<_> = overview.said.marks.iter().filter(|mark| mark.run == run).collect();
    let in_groups = |job: &JobRecord| {
        groups.iter().any(|group| job.run == group.run && job.processing == group.processing && job.group == Some(group.group))
    };
    let jobs: Vec<_> = jobs.iter().filter(|job| job.file.map_or_else(|| in_groups(job), is_of)).collect();
    let decided: Vec<_> = overview.said.decisions.iter().filter(|decision| decision.subject.run == run).collect();
    let mut facts = json!({
        "schema": 1,
        "subject": file.map_or_else(|| run.to_string(), |file| file.to_string()),
        "run": overview.runs.iter().find(|record| record.run == run),
    });
    if let Some(object) = facts.as_object_mut() {
        match file {
            Some(_) => {
                object.insert("file".into(), json!(files.first()));
                object.insert("transfer".into(), transfer);
            }
            None => drop(object.insert("files".into(), json!(files))),
        }
        object.insert("processings".into(), json!(processings));
        object.insert("passes".into(), json!(passes));
        object.insert("jobs".into(), json!(jobs));
        object.insert("marks".into(), json!(marks));
        object.insert("kind".into(), json!(overview.said.kinds.iter().find(|(of, _)| *of == run).map(|(_, kind)| kind)));
        object.insert("groups".into(), json!(groups));
        object.insert("decisions".into(), json!(decided));
        object.insert("not_taken".into(), json!(refused(overview, story)));
        object.insert("story".into(), json!(story));
    }
    facts
}

/// Files of the intake folder that bear the name of one of these and were refused, as they hold something else.
fn refused<'a>(overview: &'a Overview, story: &[StoryRecord]) -> Vec<&'a NotTakenRecord> {
    let is_named = |name: &str| {
        story.iter().any(|entry| entry.kind == "other_content_refused" && entry.detail["source"].as_str() == Some(name))
    };
    overview.not_taken.iter().filter(|record| is_named(&record.name)).collect()
}

/// All of it for people.
fn print(
    overview: &Overview,
    run: Run,
    file: Option<FileId>,
    story: &[StoryRecord],
    (judged, requests): (&Judged, &[RequestRecord]),
) {
    let now = Timestamp::now();
    let flag = flag_of(judged).word();
    let subject = file.map_or_else(|| run.to_string(), |file| file.to_string());
    println!("{subject}: flag of the run {flag}; times in UTC");
    let files = || overview.files.iter().filter(|record| file.map_or(record.file.run == run, |file| record.file == file));
    match file {
        Some(_) => files().for_each(|record| print_file(overview, record, now)),
        None if files().next().is_none() && overview.runs.iter().all(|record| record.run != run) => {
            println!("no data of it here: what is known of it is what people said");
        }
        None => {
            print_run(overview, run, now);
            print_processings(overview, run, now);
            println!(
                "{:<16} {:>8}  {:<12} {:<14} {:>7} {:>6} {:>8}  reason",
                "file", "size", "lane", "step", "events", "group", "attempt"
            );
            files().flat_map(|record| rows(overview, record)).for_each(|row| println!("{row}"));
        }
    }
    for record in refused(overview, story) {
        println!("not taken: {}: {}", record.name, record.reason);
    }
    for group in overview.groups.iter().filter(|group| group.members.iter().any(|member| files().any(|own| own.file == *member)))
    {
        let fault = group.fault().map(|fault| format!(": {fault}")).unwrap_or_default();
        println!("{} of {}, {}{fault}", group.name(), counted(group.members.len() as u64, "file", "files"), group.step.word());
    }
    print_judged(judged, file);
    if file.is_none() {
        judged.facts.0.iter().for_each(|(name, fact)| println!("run list: {name} {}", one_line(&fact.with_unit())));
    }
    for request in requests {
        let answer = request.outcome.as_deref().unwrap_or("not answered yet; a backend that runs answers it");
        let (at, kind, what) = (stamp(request.at), request.kind.word(), request.subject.words());
        println!("{at}  request {}: {kind} of {what} by {}: {answer}", request.id, request.who);
    }
    println!();
    for entry in retold(story) {
        println!("{}", story::line(&entry, file.is_none()));
    }
}

/// The flag of the run as a whole, by its raw data.
fn flag_of(judged: &Judged) -> Flag {
    judged.stages.iter().find(|of| of.stage == Stage::Raw).map_or(Flag::Unchecked, |raw| raw.flag.flag)
}

/// What is in force on the run or file, where it comes from, and all that was said.
fn print_judged(judged: &Judged, file: Option<FileId>) {
    if let Some(of) = file.and_then(|file| judged.files.iter().find(|of| of.subject == DecisionSubject::file(file))) {
        println!("flag {}: {}", of.flag.flag.word(), of.origin);
    }
    for of in judged.stages.iter().filter(|of| of.flag.origin != Origin::Default || of.locked.is_some()) {
        println!("{} flag of the run {}: {}", of.stage.word(), of.flag.flag.word(), of.origin);
        if let Some(by) = &of.verified {
            let word = if by.agrees { "verified by" } else { "not agreed with by" };
            println!("  {word} {}, {}", by.who, stamp(by.at));
        }
        if let Some(by) = &of.locked {
            println!("  locked by {}, {}", by.who, stamp(by.at));
        }
    }
    for of in &judged.processings {
        let derived = &of.why.derived;
        let overridden = if derived.without_overrides == derived.status { "" } else { ", by an override" };
        println!("status of p{}: {} ({}){overridden}; 'dqmon why' says why", of.processing.0, derived.status, derived.word);
    }
    judged.fault.iter().for_each(|why| println!("no status is derived: {why}"));
    for said in &judged.history {
        let comment = if said.comment.is_empty() { String::new() } else { format!(": {}", said.comment) };
        let force = if said.is_in_force { "" } else { " (superseded)" };
        let (at, kind) = (stamp(said.at), said.kind.word().replace('_', " "));
        let (what, on) = (&said.what, &said.subject);
        println!("{at}  {kind} {} on {on}: {what} by {}, {}{comment}{force}", said.number, said.who, said.role);
    }
}

/// What the backend could not do yet of the files that are shown, with what to do where people can do something.
fn put_off(overview: &Overview, run: Run, file: Option<FileId>) -> Vec<Value> {
    let is_of = |of: FileId| file.map_or(of.run == run, |file| file == of);
    let taking_in = overview.files.iter().filter(|record| is_of(record.file));
    let passes = overview.passes.iter().filter(|pass| is_of(pass.file));
    let subjects = taking_in.map(|record| PutOffState::taking_in_of(record.file));
    let subjects = subjects.chain(passes.map(|pass| PutOffState::processing_of(pass.file, pass.processing)));
    let told = |state: &PutOffState| {
        json!({
            "subject": state.subject, "why": state.why, "tries": state.tries, "since": state.since,
            "next_step": Want::of(&state.why).map(Want::next_step),
        })
    };
    subjects.filter_map(|subject| overview.put_off_of(&subject).map(told)).collect()
}

fn print_run(overview: &Overview, run: Run, now: Timestamp) {
    let Some(record) = overview.runs.iter().find(|record| record.run == run) else { return };
    println!("first seen {} ({})", stamp(record.first_seen), age(record.first_seen, now));
    match record.ended {
        Some(ended) => println!("ended {}, known by {}", stamp(ended), record.ended_by.as_deref().unwrap_or("?")),
        None => println!("not ended: more files may come"),
    }
}

/// The run's processings: lane, how far it has come, which rule holds it, since when and until when.
fn print_processings(overview: &Overview, run: Run, now: Timestamp) {
    if let Some(mark) = overview.said.marks.iter().rev().find(|mark| mark.run == run) {
        println!("marked {} by {}, {}", mark.mark.word().replace('_', " "), mark.who, mark.role);
    }
    if let Some((_, kind)) = overview.said.kinds.iter().find(|(of, _)| *of == run) {
        println!("kind {kind}");
    }
    for record in overview.processings.iter().filter(|record| record.run == run) {
        let (name, step) = (record.name(), record.step.word().replace('_', " "));
        println!(
            "{name} in lane {}: {step} since {} ({}), {}",
            record.lane,
            stamp(record.since),
            age(record.since, now),
            record.because
        );
        if let Some(hold) = &record.hold {
            let until = hold.until.map(|until| format!(", passes at {}", stamp(until))).unwrap_or_default();
            println!("  rule '{}' since {}: {}{until}", hold.rule, stamp(hold.since), hold.words);
        }
        if !record.missing.is_empty() {
            println!("  not there: {}", in_short(&record.missing, MISSING_NAMED));
        }
    }
}

fn print_file(overview: &Overview, record: &FileRecord, now: Timestamp) {
    let (word, since) = (record.step.word(), stamp(record.since));
    let reason = record.reason.clone().or_else(|| overview.taking_in_put_off(record));
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    println!("{word} since {since} ({}){reason}", age(record.since, now));
    let counts = record.events_by_trigger.as_ref().map(|counts| counts.values().sum());
    let events = counts.map(|events: u64| format!(", {}", counted(events, "event", "events"))).unwrap_or_default();
    println!("{}{events}", size(record.size_bytes));
    for pass in overview.passes_of(record.file) {
        let reason = pass.reason.clone().or_else(|| overview.pass_put_off(pass));
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        let held = pass.held_by.as_ref().map(|who| format!(", held by {who}")).unwrap_or_default();
        let events = pass.events.map(|events| format!(", {}", counted(events, "event", "events"))).unwrap_or_default();
        let attempts = counted(u64::from(pass.attempt), "attempt", "attempts");
        let (lane, number, word) = (&pass.lane, pass.processing.0, pass.step.word());
        println!(
            "lane {lane}, processing {number}: {word} since {} ({}), {attempts}{events}{held}{reason}",
            stamp(pass.since),
            age(pass.since, now)
        );
        let of = |processing: &&ProcessingRecord| processing.run == record.file.run && processing.processing == pass.processing;
        if let Some(hold) = overview.processings.iter().find(of).and_then(|processing| processing.hold.as_ref()) {
            let until = hold.until.map(|until| format!(", passes at {}", stamp(until))).unwrap_or_default();
            println!("  rule '{}' since {}: {}{until}", hold.rule, stamp(hold.since), hold.words);
        }
    }
}

/// A file as rows of the run's table: one for each processing, or one for a file that no lane has taken yet.
fn rows(overview: &Overview, record: &FileRecord) -> Vec<String> {
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".into());
    let line = |lane: &str, step: &str, events: Option<u64>, group: Option<u32>, attempt: u32, reason: &Option<String>| {
        format!(
            "{:<16} {:>8}  {lane:<12} {step:<14} {:>7} {:>6} {attempt:>8}  {}",
            record.file.to_string(),
            size(record.size_bytes),
            or_dash(events.map(|events| events.to_string())),
            or_dash(group.map(|group| format!("g{group}"))),
            reason.as_deref().unwrap_or_default()
        )
        .trim_end()
        .to_owned()
    };
    let passes: Vec<&PassRecord> = overview.passes_of(record.file).collect();
    if passes.is_empty() || record.step != FileStep::Stored {
        let reason = record.reason.clone().or_else(|| overview.taking_in_put_off(record));
        return vec![line("-", record.step.word(), None, None, 0, &reason)];
    }
    let of = |pass: &&PassRecord| {
        let lane = if pass.processing.0 <= 1 { pass.lane.clone() } else { format!("{} p{}", pass.lane, pass.processing.0) };
        let reason = pass.reason.clone().or_else(|| overview.pass_put_off(pass));
        line(&lane, pass.step.word(), pass.events, pass.group.map(|group| group.0), pass.attempt, &reason)
    };
    passes.iter().map(of).collect()
}
