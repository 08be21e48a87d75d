//! `dqmon import runs`: what kind of data runs hold, from the run list that people keep.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use monitasks::vocab::Run;

use crate::bookkeeping::Store;
use crate::cli::account::name_of;
use crate::cli::book::open_book;
use crate::cli::words::counted;
use crate::cli::{Ended, Failure, Global, Outcome};
use crate::distribution::read_kinds;

/// Arguments of `dqmon import runs`.
#[derive(Debug, clap::Args)]
pub struct RunsArgs {
    /// A table with a column of run numbers and one of kinds, as CSV: 'run,kind'.
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// Who says it; else the name of the account.
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
}

/// Runs the command: what the book says already is not said again.
pub fn run(global: &Global, args: &RunsArgs) -> Outcome {
    if global.read_only() {
        return Err(Failure("kinds of runs are recorded in the book: leave --read-only out".into()));
    }
    let kinds = kinds_in(&args.file)?;
    let mut store = open_book(&global.workspace()?)?;
    let known = store.overview()?.kinds;
    let new: Vec<(Run, String)> = kinds.iter().filter(|kind| !known.contains(kind)).cloned().collect();
    let who = name_of(args.who.as_deref())?;
    store.name_kinds(Timestamp::now(), &who, &new)?;
    println!("{} read, {} new or changed", counted(kinds.len() as u64, "run", "runs"), new.len());
    Ok(Ended::Done)
}

fn kinds_in(path: &Path) -> Result<Vec<(Run, String)>, Failure> {
    let kinds = read_kinds(path)?;
    Ok(kinds.into_iter().collect())
}
