//! `dqmon mark`: records a shifter's mark on a run.

use jiff::Timestamp;
use monitasks::vocab::Run;

use super::book::open_book;
use super::{Ended, Failure, Outcome};
use crate::bookkeeping::{Mark, MarkRecord};
use crate::decisions;

/// Arguments of `dqmon mark`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: run1.
    run: Run,
    /// ok, flawed, unusable, detector_studies or unmarked.
    mark: Mark,
    /// Who marks.
    #[arg(long, value_name = "NAME")]
    who: String,
    /// In which role: shifter, expert.
    #[arg(long, default_value = "shifter")]
    role: String,
    /// Why.
    #[arg(long, default_value = "")]
    comment: String,
}

/// Runs the command.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    if global.read_only() {
        return Err(Failure("a mark is written into the book: leave --read-only out".into()));
    }
    let mut store = open_book(&global.workspace()?)?;
    let mark = MarkRecord {
        id: 0,
        at: Timestamp::now(),
        run: args.run,
        mark: args.mark,
        comment: args.comment.clone(),
        who: args.who.clone(),
        role: args.role.clone(),
    };
    let mark = decisions::mark(&mut store, &mark)?;
    println!("{} is marked {} (mark {})", mark.run, mark.mark.word().replace('_', " "), mark.id);
    Ok(Ended::Done)
}
