//! `dqmon why`: why the derived status of a run's processings, or of what was made from them, is what it is.

use jiff::Timestamp;
use monitasks::vocab::Run;
use serde_json::json;

use super::{Ended, Outcome, product};
use crate::bookkeeping::{self, Store};
use crate::config::Workspace;
use crate::decisions::{Quality, processing_named, product_of, products, why_run};

/// Arguments of `dqmon why`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run, one of its processings, or a product that was made from such: run1, run1-p2, cosmics.
    #[arg(value_name = "RUN, PROCESSING or PRODUCT")]
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
    let store = bookkeeping::open_read_only(&workspace.book_place())?;
    let at = args.at.unwrap_or_else(Timestamp::now);
    let (run, processing) = match (processing_named(&args.what), args.what.parse::<Run>()) {
        (Some(of), _) => (of.run, Some(of.processing)),
        (None, Ok(run)) => (run, None),
        (None, Err(_)) => return of_product(store.as_ref(), &workspace, args, at),
    };
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

/// Why a product that was put together from others has its status.
fn of_product(store: &dyn Store, workspace: &Workspace, args: &Args, at: Timestamp) -> Outcome {
    let all = products(store, Quality::of(&workspace.settings), at)?;
    let found = product::named(&all, &args.what)?;
    if args.json {
        println!("{:#}", json!({"schema": 1, "at": at, "product": found}));
    } else {
        println!("{}: {}", found.product, found.why().join("\n"));
    }
    Ok(Ended::Done)
}
