//! `dqmon rule`: the rule of the derived status: what is in force, what another one would do, saving it.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::book::open_book;
use super::words::counted;
use super::{Ended, Failure, Outcome};
use crate::bookkeeping;
use crate::config::{OverrideSettings, RuleSettings};
use crate::decisions::{self, Quality, Speaker};

/// Products that are named; `--json` has all.
const NAMED: usize = 50;

/// What is done.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// The rules and overrides there are, of the settings and of the book.
    List(ListArgs),
    /// Which products of the whole history would have another status under a rule in a file; nothing is written.
    WhatIf(WhatIfArgs),
    /// Save the rule in a file; it is in force from its date.
    Save(SaveArgs),
    /// Save the override in a file, in the place of one of the same name.
    Override(SaveArgs),
}

/// Arguments of `dqmon rule list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `dqmon rule what-if`.
#[derive(Debug, clap::Args)]
pub struct WhatIfArgs {
    /// A file with the keys of a [[status.rule]]: version, from, default, cases.
    file: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `dqmon rule save` and `dqmon rule override`.
#[derive(Debug, clap::Args)]
pub struct SaveArgs {
    /// A file with the keys of a [[status.rule]] or [[status.override]].
    file: PathBuf,
    /// Who saves it.
    #[arg(long, value_name = "NAME")]
    who: String,
    /// In which role.
    #[arg(long)]
    role: String,
}

/// Runs the command.
pub fn run(global: &super::Global, command: &Command) -> Outcome {
    match command {
        Command::List(args) => list(global, args),
        Command::WhatIf(args) => what_if(global, args),
        Command::Save(args) => save(global, args, false),
        Command::Override(args) => save(global, args, true),
    }
}

fn list(global: &super::Global, args: &ListArgs) -> Outcome {
    let workspace = global.workspace()?;
    let store = bookkeeping::open_read_only(&workspace.book_place())?;
    let rules = decisions::rules(store.as_ref(), Quality::of(&workspace.settings))?;
    let (settings, now) = (rules.settings(), Timestamp::now());
    let in_force = rules.at(now).rule().map(|rule| rule.version.clone());
    if args.json {
        let all = json!({"schema": 1, "in_force": in_force, "rules": settings.rule, "overrides": settings.overrides});
        println!("{all:#}");
        return Ok(Ended::Done);
    }
    for rule in &settings.rule {
        let force = if Some(&rule.version) == in_force.as_ref() { ", in force" } else { "" };
        println!("rule {:?} from {}{force}", rule.version, rule.from);
        for case in &rule.cases {
            let when = case.when.iter().map(|(input, values)| format!("{input} is {}", values.join(" or ")));
            println!("  {} ({}): {}", case.status, settings.word(case.status), when.collect::<Vec<_>>().join(" and "));
        }
        println!("  {} ({}): else", rule.default, settings.word(rule.default));
    }
    for found in &settings.overrides {
        let force = if found.from <= now && now < found.to { ", in force" } else { "" };
        let (counts, until) = (found.counts.join(" or "), format!("{} to {}{force}", found.from, found.to));
        println!(
            "override {:?} of {}: {} {counts} counts as {} from {until}: {}",
            found.name, found.who, found.input, found.counted_as, found.why
        );
    }
    Ok(Ended::Done)
}

/// Products that would flip are a finding.
fn what_if(global: &super::Global, args: &WhatIfArgs) -> Outcome {
    let workspace = global.workspace()?;
    let rule: RuleSettings = read(&args.file)?;
    let store = bookkeeping::open_read_only(&workspace.book_place())?;
    let at = Timestamp::now();
    let answer = decisions::what_if_rule(store.as_ref(), Quality::of(&workspace.settings), &rule, at)?;
    let ended = if answer.flips.is_empty() { Ended::Done } else { Ended::WithFinding };
    if args.json {
        println!("{:#}", json!({"schema": 1, "at": at, "rule": rule.version, "what_if": answer}));
        return Ok(ended);
    }
    let products = counted(answer.of as u64, "product", "products");
    println!("under rule {:?} {} of {products} would have another status", rule.version, answer.flips.len());
    let named = |status: u8| format!("{status} ({})", workspace.settings.status.word(status));
    for (from, to, many) in &answer.counts {
        println!("  {} -> {}: {many}", named(*from), named(*to));
    }
    for flip in answer.flips.iter().take(NAMED) {
        println!("{}: {} -> {}", flip.product, flip.from, flip.to);
    }
    if answer.flips.len() > NAMED {
        println!("and {} more; --json has all", answer.flips.len() - NAMED);
    }
    Ok(ended)
}

fn save(global: &super::Global, args: &SaveArgs, is_override: bool) -> Outcome {
    if global.read_only() {
        return Err(Failure("a rule is written into the book: leave --read-only out".into()));
    }
    let workspace = global.workspace()?;
    let quality = Quality::of(&workspace.settings);
    let by = Speaker { who: &args.who, role: &args.role, at: Timestamp::now() };
    let mut store = open_book(&workspace)?;
    if is_override {
        let found: OverrideSettings = read(&args.file)?;
        decisions::override_rule(store.as_mut(), quality, &found, by)?;
        println!("override {:?} is saved: in force from {} to {}", found.name, found.from, found.to);
    } else {
        let rule: RuleSettings = read(&args.file)?;
        decisions::save_rule(store.as_mut(), quality, &rule, by)?;
        println!("rule {:?} is saved: in force from {}", rule.version, rule.from);
    }
    println!("'dqmon book cut' keeps what it changes");
    Ok(Ended::Done)
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<T, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| Failure(format!("not read: {error}: {}", file.display())))?;
    toml::from_str(&text).map_err(|error| Failure(format!("not taken: {}: {}", error.message(), file.display())))
}
