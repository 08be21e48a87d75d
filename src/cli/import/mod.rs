//! `dqmon import`: what others left: a farm's logs, a list of runs.

mod logs;
mod runs;

use super::{Global, Outcome};

/// Arguments of `dqmon import`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Read the farm's transfer logs and batch records: what they hold, what is damaged, what stands in only one transfer log.
    Logs(logs::LogsArgs),
    /// Read what kind of data runs hold: rules of lanes and archives go by it.
    Runs(runs::RunsArgs),
}

/// Runs the command.
pub fn run(global: &Global, args: &Args) -> Outcome {
    match &args.what {
        What::Logs(args) => logs::run(global, args),
        What::Runs(args) => runs::run(global, args),
    }
}
