//! `dqmon job`: runs one job script and writes its batch record.

use super::{Ended, Outcome};
use crate::processing::{JobOrderText, run_job};

/// Arguments of `dqmon job`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    order: JobOrderText,
}

/// Runs the command.
pub fn run(args: &Args) -> Outcome {
    // One that a batch system started twice has nothing to do and nothing to tell.
    let is_well = run_job(&args.order)?.is_none_or(|mark| mark.is_well());
    Ok(if is_well { Ended::Done } else { Ended::WithFinding })
}
