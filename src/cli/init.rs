//! `dqmon init`: makes a workspace.

use std::path::PathBuf;

use super::{Ended, Failure, Outcome};
use crate::bookkeeping;
use crate::config::Workspace;
use crate::detector;

/// Arguments of `dqmon init`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The new workspace's folder; made if it is not there.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// A shipped detector file by name, or the path of your own.
    #[arg(long, value_name = "NAME", default_value = "3x1x1")]
    detector: String,
}

/// Runs the command.
pub fn run(args: &Args) -> Outcome {
    // A workspace with a detector that can't be read would be refused by every later command.
    detector::load(&args.detector, "", &args.folder).map_err(|error| Failure(error.to_string()))?;
    let workspace = Workspace::create(&args.folder, &args.detector)?;
    bookkeeping::open(&workspace.book_place())?;
    println!("Workspace made: {}", workspace.root.display());
    println!("The DAQ writes to {}; settings are in {}.", workspace.incoming().display(), Workspace::SETTINGS_FILE);
    println!("Next: dqmon -w {} process", workspace.root.display());
    Ok(Ended::Done)
}
