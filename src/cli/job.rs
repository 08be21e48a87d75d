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
    let mark = run_job(&args.order)?;
    Ok(if mark.is_well() { Ended::Done } else { Ended::WithFinding })
}
