//! `dqmon follow-up`: what is to be done, by whom, until when. A decision with the outcome "fix needed" opens one.

use jiff::Timestamp;
use jiff::civil::Date;
use monitasks::vocab::Run;
use serde_json::json;

use super::said::{self, By};
use super::{Ended, Global, Outcome};
use crate::decisions::follow_ups::{self, Ending, FollowUp};
use crate::decisions::standing;

/// What may be done.
#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// Ask for something to be done.
    New(NewArgs),
    /// What is to be done, the first due first.
    List(ListArgs),
    /// Give it to somebody else, or to another day.
    Move(MoveArgs),
    /// Say that it is done, or that it need not be.
    End(EndArgs),
}

/// Arguments of `dqmon follow-up new`.
#[derive(Debug, clap::Args)]
pub struct NewArgs {
    /// What is to be done, in a line.
    what: String,
    /// Who sees to it.
    #[arg(long, value_name = "NAME")]
    owner: String,
    /// Until the end of this day, UTC: 2026-11-30, 7d.
    #[arg(long, value_name = "DAY", value_parser = said::day)]
    due: Date,
    /// The run that it is about: run1.
    #[arg(long)]
    run: Option<Run>,
    #[command(flatten)]
    by: By,
}

/// Arguments of `dqmon follow-up list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Also those that have ended.
    #[arg(long)]
    all: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `dqmon follow-up move`.
#[derive(Debug, clap::Args)]
pub struct MoveArgs {
    /// Its id, or the beginning of it.
    id: String,
    /// Who sees to it from now on.
    #[arg(long, value_name = "NAME", required_unless_present = "due")]
    owner: Option<String>,
    /// The day that it is due: 2026-11-30, 7d.
    #[arg(long, value_name = "DAY", value_parser = said::day)]
    due: Option<Date>,
    #[command(flatten)]
    by: By,
}

/// Arguments of `dqmon follow-up end`.
#[derive(Debug, clap::Args)]
pub struct EndArgs {
    /// Its id, or the beginning of it.
    id: String,
    /// It need not be done; the comment says why.
    #[arg(long)]
    dropped: bool,
    /// What there is to say.
    #[arg(long, default_value = "")]
    comment: String,
    #[command(flatten)]
    by: By,
}

/// Runs the command.
pub fn run(global: &Global, args: &Args) -> Outcome {
    let now = Timestamp::now();
    match args {
        Args::New(args) => {
            let by = args.by.signature()?;
            let body = FollowUp { run: args.run, ..FollowUp::new(&args.what, &args.owner, args.due, &by, now)? };
            let (_, mut store) = said::to_write(global)?;
            let begun = standing::begin(store.as_mut(), &body, &by, now)?;
            println!("follow-up {} is due {}: {}, {}", begun.id, body.due, body.owner, body.what);
        }
        Args::List(args) => return list(global, args, now),
        Args::Move(args) => {
            let by = args.by.signature()?;
            let (_, mut store) = said::to_write(global)?;
            let next = |body: &FollowUp| body.moved(args.owner.as_deref(), args.due);
            let moved = follow_ups::change(store.as_mut(), &args.id, &by, now, None, next)?;
            println!("follow-up {} is due {}: {}, {}", moved.id, moved.body.due, moved.body.owner, moved.body.what);
        }
        Args::End(args) => {
            let by = args.by.signature()?;
            let (_, mut store) = said::to_write(global)?;
            let ending = if args.dropped { Ending::Dropped } else { Ending::Done };
            let next = |body: &FollowUp| body.ended(ending, &args.comment, &by, now);
            let ended = follow_ups::change(store.as_mut(), &args.id, &by, now, None, next)?;
            println!("follow-up {} is {}", ended.id, ending.word());
        }
    }
    Ok(Ended::Done)
}

/// Lists; what is overdue is a finding.
fn list(global: &Global, args: &ListArgs, now: Timestamp) -> Outcome {
    let (_, store) = said::to_read(global)?;
    let (mut all, faults) = standing::all::<FollowUp>(store.as_ref())?;
    said::tell_faults(&faults);
    all.retain(|one| args.all || one.body.is_open());
    all.sort_by(|a, b| (!a.body.is_open(), a.body.due, &a.id).cmp(&(!b.body.is_open(), b.body.due, &b.id)));
    if args.json {
        println!("{:#}", json!({"schema": 1, "follow_ups": all}));
    } else if all.is_empty() {
        println!("nothing is to be done");
    } else {
        for one in &all {
            let end = one.body.end.as_ref().map(|(ending, word)| format!(", {} by {}", ending.word(), word.who));
            let late = if one.body.is_overdue(now) { ", overdue" } else { "" };
            println!("{}  due {}{late}{}  {}: {}", one.id, one.body.due, end.unwrap_or_default(), one.body.owner, one.body.what);
        }
    }
    let is_late = all.iter().any(|one| one.body.is_overdue(now));
    Ok(if is_late { Ended::WithFinding } else { Ended::Done })
}
