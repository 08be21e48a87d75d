//! `dqmon checks`: the automatic checks without a window: what they are, what they think, what others would have thought.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use monitasks::checks::Checks;
use monitasks::checks::verdict::{Verdict, leaf_state, proposal};
use monitasks::checks::what_if::{Outcome as Tried, WhatIf};
use monitasks::quality::State;
use monitasks::vocab::Run;
use serde_json::{Value, json};

use super::{Ended, Failure, Global, Outcome};
use crate::config::Workspace;
use crate::live::{EventLook, Live, WorkspaceChecks};
use crate::snapshot::{FigureKey, Snapshot};

/// What may be asked.
#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// The checks, masks and references of the workspace's checks.toml.
    List(ListArgs),
    /// What the checks think of every plot; status 1 when one is BAD.
    Judge(JudgeArgs),
    /// What the checks of another file would have said of the past; writes nothing. Status 1 when a state would be another.
    WhatIf(WhatIfArgs),
}

/// Arguments of `dqmon checks list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Print JSON: `{"checks": [{"name", "task", "item", "kind", "meaning", "action", "contact"}], "masks": [{"name", "task", "item",
    /// "reason", "author", "until"}], "references": [{"label", "task", "item", "result", "runs"}]}`.
    #[arg(long)]
    json: bool,
}

/// Arguments of `dqmon checks judge`.
#[derive(Debug, clap::Args)]
pub struct JudgeArgs {
    /// The plots as they were after this run; else the newest.
    #[arg(long, value_name = "RUN")]
    run: Option<Run>,
    /// Print JSON: `{"items": [{"item", "state", "proposal", "verdicts": [...]}]}`.
    #[arg(long)]
    json: bool,
}

/// Arguments of `dqmon checks what-if`.
#[derive(Debug, clap::Args)]
pub struct WhatIfArgs {
    /// A file as checks.toml, to be tried.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print JSON: `{"judged", "changed": [{"run", "item", "old", "new", "old_reason", "new_reason"}]}`.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(global: &Global, args: &Args) -> Outcome {
    let workspace = global.workspace()?;
    match args {
        Args::List(args) => list(&workspace, args.json),
        Args::Judge(args) => judge(&workspace, args),
        Args::WhatIf(args) => what_if(&workspace, args),
    }
}

/// The checks of the workspace; a file that can't be used is a failure here, where nothing was read before.
fn of_workspace(workspace: &Workspace) -> Result<Checks, Failure> {
    let (checks, faults) = WorkspaceChecks::of(workspace).read();
    match faults.into_iter().next() {
        Some(fault) => Err(Failure(fault)),
        None => Ok(Checks::clone(&checks)),
    }
}

fn list(workspace: &Workspace, as_json: bool) -> Outcome {
    let checks = of_workspace(workspace)?;
    if as_json {
        println!("{}", serde_json::to_string_pretty(&listed(&checks))?);
        return Ok(Ended::Done);
    }
    if checks == Checks::default() {
        println!("No checks: nothing is judged. They are written in {}.", workspace.checks_file().display());
    }
    for check in &checks.checks {
        println!("{:34} {:10} {}", format!("{}/{}", check.task, check.item), check.kind.word(), check.name);
    }
    for mask in &checks.masks {
        let until = mask.until.map_or_else(String::new, |until| format!(", until {until}"));
        println!(
            "{:34} {:10} {}: {} ({}{until})",
            format!("{}/{}", mask.task, mask.item),
            "mask",
            mask.name,
            mask.reason,
            mask.author
        );
    }
    for source in &checks.references {
        let place = format!("{}/{}", source.task, source.item);
        println!("{place:34} {:10} {:?} for {}: results/{}", "reference", source.label, source.runs.words(), source.result);
    }
    Ok(Ended::Done)
}

fn listed(checks: &Checks) -> Value {
    let check = checks.checks.iter().map(|check| {
        let advice = &check.advice;
        json!({ "name": check.name, "task": check.task, "item": check.item, "kind": check.kind.word(),
            "meaning": advice.meaning, "action": advice.action, "contact": advice.contact })
    });
    let mask = checks.masks.iter().map(|mask| {
        json!({ "name": mask.name, "task": mask.task, "item": mask.item, "reason": mask.reason, "author": mask.author,
            "until": mask.until })
    });
    json!({ "checks": check.collect::<Vec<_>>(), "masks": mask.collect::<Vec<_>>(), "references": checks.references })
}

fn judge(workspace: &Workspace, args: &JudgeArgs) -> Outcome {
    of_workspace(workspace)?;
    let snapshot = looked_at(workspace, args.run)?;
    let mut items = Vec::new();
    let mut is_bad = false;
    for (key, verdicts) in snapshot.verdicts.iter().filter(|(key, _)| key.run == args.run) {
        let task_says = snapshot.task(&key.task).and_then(|task| task.items.iter().find(|item| item.name == key.item));
        // The tree tells of the newest plots alone.
        let state = match task_says {
            Some(item) if args.run.is_none() => item.glance.state,
            _ => leaf_state(verdicts, State::Unchecked),
        };
        is_bad |= state == State::Bad;
        let name = format!("{}/{}", key.task, key.item);
        if args.json {
            let verdicts: Vec<Value> = verdicts.iter().map(verdict_json).collect();
            items.push(json!({ "item": name, "state": state, "proposal": proposal(state), "verdicts": verdicts }));
        } else {
            println!("{:14} {name}", state.words());
            verdicts.iter().for_each(print_verdict);
        }
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&json!({ "items": items }))?);
    } else if snapshot.verdicts.is_empty() {
        println!("No check is for any plot. They are written in {}.", workspace.checks_file().display());
    }
    Ok(if is_bad { Ended::WithFinding } else { Ended::Done })
}

/// The workspace with every plot judged as it was after a run, or is now. What is wrong beside is said.
fn looked_at(workspace: &Workspace, run: Option<Run>) -> Result<Snapshot, Failure> {
    let now = Timestamp::now();
    let mut live = Live::read_workspace(workspace, &EventLook::default(), now)?;
    if run.is_some() {
        live.watch(live.all_keys().into_iter().map(|key| FigureKey { run, ..key }).collect());
    }
    let snapshot = live.snapshot(now);
    for banner in &snapshot.banners {
        eprintln!("dqmon: {}", banner.text);
    }
    Ok(snapshot)
}

fn verdict_json(verdict: &Verdict) -> Value {
    let mut json = json!(verdict);
    json["state"] = json!(verdict.state());
    json["reason"] = json!(verdict.reason());
    json
}

fn print_verdict(verdict: &Verdict) {
    println!("  {:14} {}: {}", verdict.state().words(), verdict.check, verdict.reason());
    if matches!(verdict.state(), State::Bad | State::Maybe) {
        println!("  {:14} {} {} Call: {}", "", verdict.advice.meaning, verdict.advice.action, verdict.advice.contact);
    }
    verdict.lines().iter().for_each(|line| println!("  {:14} {line}", ""));
}

fn what_if(workspace: &Workspace, args: &WhatIfArgs) -> Outcome {
    let new = of_file(&args.file)?;
    let now = Timestamp::now();
    let mut live = Live::read_workspace(workspace, &EventLook::default(), now)?;
    let tried = live.what_if(&new, now);
    if args.json {
        let changed: Vec<&Tried> = tried.flips().collect();
        let json = json!({ "judged": tried.outcomes.len(), "changed": changed });
        println!("{}", serde_json::to_string_pretty(&json)?);
    } else {
        print_tried(&tried);
    }
    Ok(if tried.flips().next().is_some() { Ended::WithFinding } else { Ended::Done })
}

fn of_file(path: &Path) -> Result<Checks, Failure> {
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| Failure(format!("checks not read: {error}: {name}")))?;
    Ok(Checks::parse(&text, &name.to_string())?)
}

fn print_tried(tried: &WhatIf) {
    for flip in tried.flips() {
        let run = flip.run.map_or_else(|| "run not known".to_owned(), |run| run.to_string());
        println!("{run:10} {}: {} would be {}", flip.item, flip.old.words(), flip.new.words());
        println!("{:10} now: {}", "", flip.old_reason);
        println!("{:10} then: {}", "", flip.new_reason);
    }
    let flips = tried.flips().count();
    println!("{flips} of {} plots of the past would be in another state.", tried.outcomes.len());
    for (old, new, count) in tried.counts().into_iter().filter(|(old, new, _)| old != new) {
        println!("  {count} from {} to {}", old.words(), new.words());
    }
}
