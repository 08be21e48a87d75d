//! `dqmon issue`: known issues and masks of channels.

use jiff::Timestamp;
use monitasks::vocab::Run;
use serde_json::{Value, json};

use super::said::{self, By};
use super::{Ended, Global, Outcome};
use crate::decisions::channels::Channels;
use crate::decisions::known_issues::{self, IssueKind, KnownIssue, Scope};
use crate::decisions::standing::{self, Standing};

/// What may be done.
#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// Say that something is known, or that channels are not to be judged by.
    New(NewArgs),
    /// The known issues and masks in force.
    List(ListArgs),
    /// End one before it expires.
    End(EndArgs),
}

/// Arguments of `dqmon issue new`.
#[derive(Debug, clap::Args)]
pub struct NewArgs {
    /// Why.
    reason: String,
    /// Channels that are masked, 0-31,320; without, it is an issue and no mask.
    #[arg(long, value_name = "LIST")]
    mask: Option<Channels>,
    /// LEMs that are masked, 7 or 3,7-9, as the result files number them.
    #[arg(long, value_name = "LIST", conflicts_with_all = ["mask", "channels"])]
    lems: Option<Channels>,
    /// Channels that the issue is about.
    #[arg(long, value_name = "LIST", conflicts_with = "mask")]
    channels: Option<Channels>,
    /// From this run on: run1.
    #[arg(long, value_name = "RUN")]
    from: Option<Run>,
    /// Up to this run.
    #[arg(long, value_name = "RUN")]
    to: Option<Run>,
    /// On this plot, or all of a task: purity/lifetime_trend, purity.
    #[arg(long, value_name = "TASK/ITEM")]
    item: Option<String>,
    /// When it is in force no more, UTC: 2026-11-30, 2026-11-30T12:00:00Z, 12h, 3d.
    #[arg(long, value_name = "TIME", value_parser = said::moment)]
    expires: Option<Timestamp>,
    #[command(flatten)]
    by: By,
}

/// Arguments of `dqmon issue list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Also those that have expired or were ended.
    #[arg(long)]
    all: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `dqmon issue end`.
#[derive(Debug, clap::Args)]
pub struct EndArgs {
    /// Its id, or the beginning of it.
    id: String,
    /// Why.
    #[arg(long)]
    comment: String,
    #[command(flatten)]
    by: By,
}

/// Runs the command.
pub fn run(global: &Global, args: &Args) -> Outcome {
    match args {
        Args::New(args) => new(global, args),
        Args::List(args) => list(global, args),
        Args::End(args) => {
            let by = args.by.signature()?;
            let (_, mut store) = said::to_write(global)?;
            let ended = known_issues::end(store.as_mut(), &args.id, &args.comment, &by, Timestamp::now(), None)?;
            println!("{} {} is ended", ended.body.kind.word(), ended.id);
            Ok(Ended::Done)
        }
    }
}

fn new(global: &Global, args: &NewArgs) -> Outcome {
    let by = args.by.signature()?;
    let now = Timestamp::now();
    let lems = args.lems.clone().unwrap_or_default();
    let kind = if args.mask.is_some() || !lems.is_empty() { IssueKind::Mask } else { IssueKind::Issue };
    let channels = args.mask.as_ref().or(args.channels.as_ref()).cloned().unwrap_or_default();
    let scope = Scope { from: args.from, to: args.to, item: args.item.clone(), channels, lems };
    let issue = KnownIssue::new(kind, &scope, (&args.reason, args.expires), &by, now)?;
    let (_, mut store) = said::to_write(global)?;
    let standing = standing::begin(store.as_mut(), &issue, &by, now)?;
    println!("{} {} is in force {}", kind.word(), standing.id, until_words(&issue));
    Ok(Ended::Done)
}

fn until_words(issue: &KnownIssue) -> String {
    issue.expires.map_or_else(|| "until it is ended".into(), |expires| format!("until {} UTC", said::minute(expires)))
}

fn list(global: &Global, args: &ListArgs) -> Outcome {
    let (_, store) = said::to_read(global)?;
    let now = Timestamp::now();
    let (mut issues, faults) = standing::all::<KnownIssue>(store.as_ref())?;
    said::tell_faults(&faults);
    issues.retain(|issue| args.all || issue.body.is_in_force(now));
    if args.json {
        let rows: Vec<Value> = issues.iter().map(|issue| with_state(issue, now)).collect();
        println!("{:#}", json!({"schema": 1, "issues": rows}));
        return Ok(Ended::Done);
    }
    if issues.is_empty() {
        println!("no known issue and no mask is in force");
    }
    for issue in &issues {
        let body = &issue.body;
        println!("{}  {:<6} {}: {}", issue.id, body.kind.word(), body.scope.words(), body.reason.replace('\n', " "));
        println!("        {}, {}, by {} ({})", body.state(now), until_words(body), body.author.who, body.author.role);
    }
    Ok(Ended::Done)
}

/// An issue in JSON, with whether it is in force.
fn with_state(issue: &Standing<KnownIssue>, now: Timestamp) -> Value {
    let mut row = serde_json::to_value(issue).unwrap_or_default();
    if let Some(fields) = row.as_object_mut() {
        fields.insert("state".into(), issue.body.state(now).into());
    }
    row
}
