//! `dqmon problem`: problems and alarms, told, listed, answered and closed.

use jiff::Timestamp;
use monitasks::vocab::{FileId, Run};
use serde_json::json;

use super::said::{self, By};
use super::words::age;
use super::{Ended, Failure, Global, Outcome};
use crate::bookkeeping::EntryKind;
use crate::decisions::alarms::{self, Alarm, AlarmEvent, AlarmState};
use crate::decisions::channels::Channels;
use crate::decisions::problems::{self, NewProblem, Place, Problem, ProblemChange, Severity};
use crate::decisions::standing::{self, SayError, Standing};
use crate::engine::mail_urgent;

/// What may be done.
#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// Tell a problem; one that is urgent is told by mail at once.
    New(NewArgs),
    /// The problems that are open, and the alarms that wait.
    List(ListArgs),
    /// All that was said of a problem.
    Show(ShowArgs),
    /// Say something about a problem.
    Comment(SayArgs),
    /// See to a problem from now on.
    Take(TakeArgs),
    /// End a problem; the comment is the reason.
    Close(SayArgs),
    /// Open a closed problem again.
    Reopen(SayArgs),
    /// Say that an urgent problem, or the alarm of a plot, was seen.
    Ack(SayArgs),
    /// Have a problem, or the alarm of a plot, quiet until a day.
    Shelve(ShelveArgs),
}

/// Arguments of `dqmon problem new`.
#[derive(Debug, clap::Args)]
pub struct NewArgs {
    /// What is wrong, in a line.
    what: String,
    /// In this run: run1.
    #[arg(long)]
    run: Option<Run>,
    /// In this raw file: run1-seq0.
    #[arg(long)]
    file: Option<FileId>,
    /// In results of this lane.
    #[arg(long, value_name = "NAME")]
    lane: Option<String>,
    /// On this plot: purity/lifetime_trend.
    #[arg(long, value_name = "TASK/ITEM")]
    item: Option<String>,
    /// On these channels: 0-31,320.
    #[arg(long, value_name = "LIST")]
    channels: Option<Channels>,
    /// minor, major or critical.
    #[arg(long, default_value = "major")]
    severity: Severity,
    /// Tell it at once.
    #[arg(long)]
    urgent: bool,
    /// Who sees to it.
    #[arg(long, default_value = "", value_name = "NAME")]
    owner: String,
    /// What else there is to say.
    #[arg(long, default_value = "")]
    comment: String,
    #[command(flatten)]
    by: By,
}

/// Arguments of `dqmon problem list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Also those that are closed, and alarms that are over.
    #[arg(long)]
    all: bool,
    /// Only those of this run.
    #[arg(long)]
    run: Option<Run>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `dqmon problem show`.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The problem's id, or its beginning.
    id: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of the commands that say something.
#[derive(Debug, clap::Args)]
pub struct SayArgs {
    /// The problem's id, or its beginning; for ack also a plot: purity/lifetime_trend.
    id: String,
    /// What there is to say.
    #[arg(long, default_value = "")]
    comment: String,
    #[command(flatten)]
    by: By,
}

/// Arguments of `dqmon problem take`.
#[derive(Debug, clap::Args)]
pub struct TakeArgs {
    #[command(flatten)]
    say: SayArgs,
    /// Who sees to it; else who says it.
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
}

/// Arguments of `dqmon problem shelve`.
#[derive(Debug, clap::Args)]
pub struct ShelveArgs {
    #[command(flatten)]
    say: SayArgs,
    /// Until when, UTC: 2026-11-30, 2026-11-30T12:00:00Z, 12h, 3d.
    #[arg(long, value_name = "TIME", value_parser = said::moment)]
    until: Timestamp,
}

/// Runs the command.
pub fn run(global: &Global, args: &Args) -> Outcome {
    match args {
        Args::New(args) => new(global, args),
        Args::List(args) => list(global, args),
        Args::Show(args) => show(global, args),
        Args::Comment(args) => change(global, args, &ProblemChange::Comment),
        Args::Take(args) => {
            let owner = args.owner.clone().map_or_else(|| args.say.by.signature().map(|by| by.who), Ok)?;
            change(global, &args.say, &ProblemChange::Take { owner })
        }
        Args::Close(args) => change(global, args, &ProblemChange::Close),
        Args::Reopen(args) => change(global, args, &ProblemChange::Reopen),
        Args::Ack(args) if is_item(&args.id) => answer(global, args, &AlarmEvent::Acknowledge { comment: args.comment.clone() }),
        Args::Ack(args) => change(global, args, &ProblemChange::Acknowledge),
        Args::Shelve(args) if is_item(&args.say.id) => {
            answer(global, &args.say, &AlarmEvent::Shelve { until: args.until, comment: args.say.comment.clone() })
        }
        Args::Shelve(args) => change(global, &args.say, &ProblemChange::Shelve { until: args.until }),
    }
}

/// Whether a plot is named, and no problem: ids have no slash.
fn is_item(id: &str) -> bool {
    id.contains('/')
}

fn new(global: &Global, args: &NewArgs) -> Outcome {
    let by = args.by.signature()?;
    let (workspace, mut store) = said::to_write(global)?;
    let place = Place {
        run: args.run,
        file: args.file,
        lane: args.lane.clone(),
        item: args.item.clone(),
        channels: args.channels.clone().unwrap_or_default(),
    };
    let new = NewProblem {
        what: args.what.clone(),
        place,
        severity: args.severity,
        urgent: args.urgent,
        owner: args.owner.clone(),
        comment: args.comment.clone(),
    };
    let now = Timestamp::now();
    let told = problems::tell(store.as_mut(), &new, &by, now)?;
    println!("problem {} is open: {}", told.id, told.body.what);
    if told.body.urgent {
        println!("{}", mail_urgent(&told, &workspace, now).words());
    }
    Ok(Ended::Done)
}

fn change(global: &Global, args: &SayArgs, change: &ProblemChange) -> Outcome {
    let by = args.by.signature()?;
    let (_, mut store) = said::to_write(global)?;
    let now = problems::change(store.as_mut(), &args.id, (change, &args.comment), &by, Timestamp::now(), None)?;
    println!("problem {} is {}: {}", now.id, state_words(&now.body, Timestamp::now()), now.body.what);
    Ok(Ended::Done)
}

fn answer(global: &Global, args: &SayArgs, event: &AlarmEvent) -> Outcome {
    let by = args.by.signature()?;
    let (_, mut store) = said::to_write(global)?;
    let now = alarms::answer(store.as_mut(), &args.id, event, &by, Timestamp::now(), None)?;
    println!("the alarm of {} is {}", now.id, alarm_words(&now.body, Timestamp::now()));
    Ok(Ended::Done)
}

/// `open, urgent, shelved until 2026-11-30 00:00 UTC`.
fn state_words(problem: &Problem, now: Timestamp) -> String {
    let mut words = problem.state.word().to_owned();
    if problem.calls(now) {
        words += ", urgent and not acknowledged";
    } else if problem.is_open() && problem.acknowledged.is_some() {
        words += ", acknowledged";
    }
    if let Some(until) = problem.shelved_until.filter(|_| problem.is_shelved(now)) {
        words += &format!(", shelved until {} UTC", said::minute(until));
    }
    words
}

fn alarm_words(alarm: &Alarm, now: Timestamp) -> String {
    let shelved = alarm.shelved_until.filter(|until| now < *until);
    let until = shelved.map(|until| format!(", shelved until {} UTC", said::minute(until))).unwrap_or_default();
    format!("{}{until}", alarm.state.word())
}

/// Lists; what calls for somebody is a finding.
fn list(global: &Global, args: &ListArgs) -> Outcome {
    let (_, store) = said::to_read(global)?;
    let now = Timestamp::now();
    let (mut problems, faults) = standing::all::<Problem>(store.as_ref())?;
    let (mut alarms, more) = standing::all::<Alarm>(store.as_ref())?;
    said::tell_faults(&[faults, more].concat());
    let of_run = |problem: &Problem| args.run.is_none_or(|run| problem.place.run == Some(run));
    problems.retain(|problem| (args.all || problem.body.is_open()) && of_run(&problem.body));
    problems.sort_by_key(|problem| {
        std::cmp::Reverse((problem.body.is_open(), problem.body.calls(now), problem.body.severity, problem.at))
    });
    alarms.retain(|alarm| (args.all || alarm.body.state != AlarmState::Over) && args.run.is_none());
    if args.json {
        println!("{:#}", json!({"schema": 1, "problems": problems, "alarms": alarms}));
    } else {
        print(&problems, &alarms, now);
    }
    let calls = problems.iter().any(|problem| problem.body.calls(now)) || alarms.iter().any(|alarm| alarm.body.calls(now));
    Ok(if calls { Ended::WithFinding } else { Ended::Done })
}

fn print(problems: &[Standing<Problem>], alarms: &[Standing<Alarm>], now: Timestamp) {
    if problems.is_empty() && alarms.is_empty() {
        println!("no problem is open and no alarm waits");
    }
    for problem in problems {
        let body = &problem.body;
        let place = body.place.words();
        let owner = body.owner.as_ref().map(|owner| format!(", {owner} sees to it")).unwrap_or_default();
        let conflict = if problem.in_conflict { ", said differently in two books" } else { "" };
        println!("{}  {:<8} {}{owner}{conflict}: {}", problem.id, body.severity.word(), state_words(body, now), body.what);
        let place = if place.is_empty() { String::new() } else { format!("{place}; ") };
        println!("        {place}told by {} {}", body.opened.who, age(body.opened.at, now));
    }
    for alarm in alarms {
        println!("alarm   {}  {}: {}", alarm.id, alarm_words(&alarm.body, now), alarm.body.says);
    }
}

fn show(global: &Global, args: &ShowArgs) -> Outcome {
    let (_, store) = said::to_read(global)?;
    let now = Timestamp::now();
    let found: Standing<Problem> = standing::find(store.as_ref(), &args.id)?;
    let entries = store.history(EntryKind::Problem, &found.id)?;
    let steps: Result<Vec<(Timestamp, String, String, Problem)>, Failure> = entries
        .iter()
        .map(|entry| {
            let body = entry.read::<Problem>().map_err(|error| SayError::Refused(format!("{}: {error}", entry.id)))?;
            Ok((entry.at, entry.who.clone(), entry.role.clone(), body))
        })
        .collect();
    let steps = steps?;
    if args.json {
        let history: Vec<_> = steps
            .iter()
            .map(|(at, who, role, body)| json!({"at": at, "who": who, "role": role, "did": body.did, "comment": body.comment}))
            .collect();
        println!("{:#}", json!({"schema": 1, "problem": found, "history": history}));
        return Ok(Ended::Done);
    }
    println!("problem {}: {}", found.id, found.body.what);
    println!("{}, {}", found.body.severity.word(), state_words(&found.body, now));
    let place = found.body.place.words();
    if !place.is_empty() {
        println!("{place}");
    }
    for (at, who, role, body) in &steps {
        println!("{} UTC  {} by {who} ({role})", said::minute(*at), body.did.word());
        body.comment.lines().for_each(|line| println!("    {line}"));
    }
    Ok(Ended::Done)
}
