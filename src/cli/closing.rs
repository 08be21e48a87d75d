//! `dqmon undo`, `lock`, `unlock`, `verify`: what is done with decisions afterwards.

use jiff::Timestamp;
use monitasks::vocab::Run;

use super::book::open_book;
use super::{Ended, Failure, Global, Outcome};
use crate::bookkeeping::{DecisionSubject, Stage, Store};
use crate::config::Workspace;
use crate::decisions::{self, Quality, Speaker};

/// Who says it.
#[derive(Debug, clap::Args)]
struct By {
    /// Who says it.
    #[arg(long, value_name = "NAME")]
    who: String,
    /// In which role: shifter, expert.
    #[arg(long)]
    role: String,
}

/// Arguments of `dqmon undo`.
#[derive(Debug, clap::Args)]
pub struct UndoArgs {
    /// The number of the decision or mark, as `dqmon show` has it.
    number: i64,
    #[command(flatten)]
    by: By,
}

/// Arguments of `dqmon lock` and `dqmon unlock`.
#[derive(Debug, clap::Args)]
pub struct LockArgs {
    /// The run: run1.
    run: Run,
    /// Which of its data: raw, reconstructed, selected.
    #[arg(long, default_value = "raw")]
    stage: Stage,
    #[command(flatten)]
    by: By,
    /// Why.
    #[arg(long, default_value = "")]
    comment: String,
}

/// Arguments of `dqmon verify`.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// The number of the decision, as `dqmon show` has it.
    number: i64,
    /// Record that you looked and do not agree; needs a comment.
    #[arg(long)]
    disagree: bool,
    #[command(flatten)]
    by: By,
    /// What there is to say.
    #[arg(long, default_value = "")]
    comment: String,
}

impl By {
    fn speaker(&self) -> Speaker<'_> {
        Speaker { who: &self.who, role: &self.role, at: Timestamp::now() }
    }
}

fn opened(global: &Global) -> Result<(Workspace, Box<dyn Store>), Failure> {
    if global.read_only() {
        return Err(Failure("it is written into the book: leave --read-only out".into()));
    }
    let workspace = global.workspace()?;
    let store = open_book(&workspace)?;
    Ok((workspace, store))
}

/// Runs `dqmon undo`.
pub fn undo(global: &Global, args: &UndoArgs) -> Outcome {
    let (workspace, mut store) = opened(global)?;
    let entry = decisions::undo(store.as_mut(), Quality::of(&workspace.settings), args.number, args.by.speaker())?;
    let what = entry.kind.word().replace('_', " ");
    println!(
        "{what} {} on {} is undone: what was in force before it is again (number {})",
        args.number, entry.subject, entry.place
    );
    Ok(Ended::Done)
}

/// Runs `dqmon lock` or `dqmon unlock`.
pub fn lock(global: &Global, args: &LockArgs, is_locked: bool) -> Outcome {
    let (workspace, mut store) = opened(global)?;
    let quality = Quality::of(&workspace.settings);
    decisions::lock(store.as_mut(), quality, (args.run, args.stage), is_locked, &args.comment, args.by.speaker())?;
    let subject = DecisionSubject::run(args.run).at(args.stage).words();
    println!("{subject} is {}", if is_locked { "locked: nothing more is decided on it" } else { "unlocked" });
    Ok(Ended::Done)
}

/// Runs `dqmon verify`.
pub fn verify(global: &Global, args: &VerifyArgs) -> Outcome {
    let (_, mut store) = opened(global)?;
    let entry = decisions::verify(store.as_mut(), args.number, !args.disagree, &args.comment, args.by.speaker())?;
    let what = if args.disagree { "looked at by a second person, who does not agree" } else { "verified" };
    println!("decision {} on {} is {what}", args.number, entry.subject);
    Ok(Ended::Done)
}
