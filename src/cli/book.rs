//! `dqmon book`: what is done with the book as a whole; and how commands that write into it open it: where it was lost, none is
//! begun without a word.

use jiff::Timestamp;
use serde_json::json;

use super::words::counted;
use super::{Ended, Failure, Outcome, book_care};
use crate::bookkeeping::{self, Store, StoreError};
use crate::config::Workspace;
use crate::decisions::{Quality, cut};

/// Products that are named; `--json` has all.
const NAMED: usize = 50;

/// What is done.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Derive every status and keep those that changed, with all that led to them; meant for each night.
    Cut(CutArgs),
    #[command(flatten)]
    Care(book_care::Args),
}

impl Command {
    /// Whether it only tells what stands in the book, on standard output.
    pub fn only_tells(&self) -> bool {
        match self {
            Command::Cut(_) => false,
            Command::Care(args) => args.only_tells(),
        }
    }
}

/// Arguments of `dqmon book cut`.
#[derive(Debug, clap::Args)]
pub struct CutArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(global: &super::Global, command: &Command) -> Outcome {
    match command {
        Command::Cut(args) => run_cut(global, args),
        Command::Care(args) => book_care::run(global, args),
    }
}

/// Runs `dqmon book cut`. A derivation that can't be true is a finding.
pub fn run_cut(global: &super::Global, args: &CutArgs) -> Outcome {
    if global.read_only() {
        return Err(Failure("a cut is written into the book: leave --read-only out".into()));
    }
    let workspace = global.workspace()?;
    let mut store = open_book(&workspace)?;
    let at = Timestamp::now();
    let cut = cut(store.as_mut(), Quality::of(&workspace.settings), at)?;
    if args.json {
        println!("{:#}", json!({"schema": 1, "at": at, "cut": cut}));
    } else {
        let (changed, written) = (cut.changed.len() as u64, cut.written as u64);
        println!(
            "{}: {} of another status, {} kept",
            counted(cut.of as u64, "product", "products"),
            counted(changed, "product", "products"),
            counted(written, "change", "changes")
        );
        for (product, was, is) in cut.changed.iter().take(NAMED) {
            let was = was.map_or_else(|| "none".to_owned(), |was| was.to_string());
            println!("{product}: {was} -> {is} ({})", workspace.settings.status.word(*is));
        }
        if cut.changed.len() > NAMED {
            println!("and {} more; --json has all", cut.changed.len() - NAMED);
        }
        cut.refused.iter().for_each(|why| eprintln!("dqmon: left out: {why}"));
    }
    Ok(if cut.refused.is_empty() { Ended::Done } else { Ended::WithFinding })
}

/// Opens a workspace's book; makes one in a workspace that never had any.
///
/// # Errors
/// When it was lost or can't be opened.
pub fn open_book(workspace: &Workspace) -> Result<Box<dyn Store>, Failure> {
    refuse_lost_book(workspace)?;
    Ok(bookkeeping::open(&workspace.book_place())?)
}

/// Refuses a workspace of which everything is there but the book.
///
/// # Errors
/// When that is so.
pub fn refuse_lost_book(workspace: &Workspace) -> Result<(), Failure> {
    match workspace.left_without_book() {
        Some(beside) => Err(StoreError::Lost { beside, place: workspace.book().display().to_string() }.into()),
        None => Ok(()),
    }
}
