//! `dqmon shift`: who has the shift, and what the next one should know.

use jiff::Timestamp;
use serde_json::json;

use super::said::{self, By};
use super::words::age;
use super::{Ended, Global, Outcome};
use crate::decisions::shifts::{self, Shift};
use crate::decisions::standing::{self, Standing};

/// What may be done.
#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// Begin a shift; who is on shift is relieved by it.
    Begin(BeginArgs),
    /// End the shift, with a note for the next one.
    End(EndArgs),
    /// Who is on shift, and the last hand-over note.
    Show(ShowArgs),
    /// All shifts, the newest first.
    List(ShowArgs),
}

/// Arguments of `dqmon shift begin`.
#[derive(Debug, clap::Args)]
pub struct BeginArgs {
    #[command(flatten)]
    by: By,
    /// Hours that it is planned for; else those of the settings.
    #[arg(long, value_name = "HOURS")]
    hours: Option<f64>,
    /// The hand-over note of the shift that is relieved.
    #[arg(long, default_value = "")]
    note: String,
}

/// Arguments of `dqmon shift end`.
#[derive(Debug, clap::Args)]
pub struct EndArgs {
    /// The shift's id, where several are on.
    id: Option<String>,
    #[command(flatten)]
    by: By,
    /// What the next one should know.
    #[arg(long, default_value = "")]
    note: String,
}

/// Arguments of `dqmon shift show` and `list`.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(global: &Global, args: &Args) -> Outcome {
    let now = Timestamp::now();
    match args {
        Args::Begin(args) => {
            let by = args.by.signature()?;
            let (workspace, mut store) = said::to_write(global)?;
            let hours = args.hours.unwrap_or(workspace.settings.shifts.length_h);
            let (begun, relieved) = shifts::begin(store.as_mut(), &by, hours, &args.note, now)?;
            for shift in relieved {
                println!("{} is relieved", shift.body.who);
            }
            println!("{} is on shift ({}), until {} UTC as planned", by.who, begun.id, said::minute(begun.body.planned_to));
        }
        Args::End(args) => {
            let by = args.by.signature()?;
            let (_, mut store) = said::to_write(global)?;
            let ended = shifts::end(store.as_mut(), args.id.as_deref(), &args.note, &by, now)?;
            println!("the shift of {} is over ({})", ended.body.who, ended.id);
        }
        Args::Show(args) => return show(global, args, now),
        Args::List(args) => return list(global, args, now),
    }
    Ok(Ended::Done)
}

/// Shows who is on shift; nobody is a finding.
fn show(global: &Global, args: &ShowArgs, now: Timestamp) -> Outcome {
    let (_, store) = said::to_read(global)?;
    let (all, faults) = standing::all::<Shift>(store.as_ref())?;
    said::tell_faults(&faults);
    let on: Vec<&Standing<Shift>> = shifts::on_shift(&all).collect();
    let ended = all.iter().filter(|shift| !shift.body.is_on()).max_by_key(|shift| (shift.body.to, shift.place));
    if args.json {
        println!("{:#}", json!({"schema": 1, "on_shift": on, "before": ended}));
    } else {
        for shift in &on {
            let late = if shift.body.is_over_time(now) { ", which is over" } else { "" };
            let planned = said::minute(shift.body.planned_to);
            let (body, since) = (&shift.body, age(shift.body.from, now));
            println!("{} ({}) is on shift since {since}, planned to {planned} UTC{late}", body.who, body.role);
        }
        if on.is_empty() {
            println!("nobody on shift");
        }
        if let Some(before) = ended.filter(|shift| !shift.body.note.is_empty()) {
            println!("hand-over note of {}:", before.body.who);
            before.body.note.lines().for_each(|line| println!("    {line}"));
        }
    }
    Ok(if on.is_empty() { Ended::WithFinding } else { Ended::Done })
}

fn list(global: &Global, args: &ShowArgs, now: Timestamp) -> Outcome {
    let (_, store) = said::to_read(global)?;
    let (mut all, faults) = standing::all::<Shift>(store.as_ref())?;
    said::tell_faults(&faults);
    all.sort_by_key(|shift| std::cmp::Reverse((shift.body.from, shift.place)));
    if args.json {
        println!("{:#}", json!({"schema": 1, "shifts": all}));
        return Ok(Ended::Done);
    }
    if all.is_empty() {
        println!("no shift yet; 'dqmon shift begin --who NAME' begins one");
    }
    for shift in &all {
        let body = &shift.body;
        let to = body.to.map_or_else(|| "still on".into(), |to| format!("to {}", said::minute(to)));
        println!("{}  {} UTC {to}  {} ({}), {}", shift.id, said::minute(body.from), body.who, body.role, age(body.from, now));
        body.note.lines().for_each(|line| println!("        {line}"));
    }
    Ok(Ended::Done)
}
