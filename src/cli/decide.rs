//! `dqmon decide`: records a quality decision.

use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use super::book::open_book;
use super::{Ended, Failure, Outcome};
use crate::bookkeeping::{NewDecision, Store};
use crate::decisions;

/// Arguments of `dqmon decide`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: run1.
    run: Run,
    /// OK, UNCHECKED, BAD or MAYBE.
    flag: Flag,
    /// Who decides.
    #[arg(long, value_name = "NAME")]
    who: String,
    /// In which role: shifter, expert.
    #[arg(long)]
    role: String,
    /// Why; BAD needs one.
    #[arg(long, default_value = "")]
    comment: String,
    /// An item looked at: purity/lifetime_trend. May be given several times.
    #[arg(long, value_name = "TASK/ITEM")]
    evidence: Vec<String>,
    /// The number of the decision that was in force when you looked, 0 for none; refused when another one is by now. Left out,
    /// the one in force is superseded.
    #[arg(long, value_name = "NUMBER")]
    supersedes: Option<i64>,
}

/// Runs the command.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    if global.read_only() {
        return Err(Failure("a decision is written into the book: leave --read-only out".into()));
    }
    let workspace = global.workspace()?;
    let mut store = open_book(&workspace)?;
    let supersedes = match args.supersedes {
        Some(number) => Some(number).filter(|number| *number != 0),
        None => decisions::in_force(&store.overview()?.decisions, args.run).map(|decision| decision.id),
    };
    let decision = decisions::decide(
        &mut store,
        &NewDecision {
            at: Timestamp::now(),
            run: args.run,
            sequence: None,
            flag: args.flag,
            comment: args.comment.clone(),
            who: args.who.clone(),
            role: args.role.clone(),
            evidence: args.evidence.clone(),
            supersedes,
        },
    )?;
    println!("{} is {} (decision {})", decision.run, decision.flag.word(), decision.id);
    Ok(Ended::Done)
}
