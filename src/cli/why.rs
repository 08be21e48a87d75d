//! `dqmon why`: why the derived status of a run's processings is what it is, and what would alter it.

use jiff::Timestamp;
use monitasks::vocab::Run;
use serde_json::json;

use super::{Ended, Outcome};
use crate::bookkeeping;
use crate::decisions::{Quality, processing_named, product_of, why_run};

/// Arguments of `dqmon why`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run, or one of its processings: run1, run1-p2.
    #[arg(value_name = "RUN or PROCESSING")]
    what: String,
    /// The moment to derive it at, for its rule and overrides; left out, now. What people said is that of now.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    let workspace = global.workspace()?;
    let (run, processing) = match processing_named(&args.what) {
        Some(of) => (of.run, Some(of.processing)),
        None => (args.what.parse::<Run>()?, None),
    };
    let store = bookkeeping::open_read_only(&workspace.book_place())?;
    let at = args.at.unwrap_or_else(Timestamp::now);
    let answers = why_run(store.as_ref(), Quality::of(&workspace.settings), run, processing, at)?;
    if args.json {
        let all: Vec<_> = answers.iter().map(|(of, why)| json!({"product": product_of(*of), "why": why})).collect();
        println!("{:#}", json!({"schema": 1, "at": at, "products": all}));
    } else {
        for (of, why) in &answers {
            println!("{}: {}", product_of(*of), why.lines.join("\n"));
        }
    }
    Ok(Ended::Done)
}
