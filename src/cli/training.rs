//! `dqmon training`: what was decided in a replay beside what was decided then.

use std::path::PathBuf;

use super::{Ended, Failure, Global, Outcome, page_file};
use crate::config::Workspace;
use crate::replay::{Comparison, PastShift, TrainingBook, TrainingReport};

/// What is done with trainings.
#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// Compare the decisions of a training with those of the past, run by run.
    Report(ReportArgs),
}

/// Arguments of `dqmon training report`.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// What was replayed, where it is not the workspace: a workspace, or a book's export or copy.
    shift: Option<PathBuf>,
    /// The training book; else the newest in the workspace's folder training/.
    #[arg(long, value_name = "BOOK")]
    book: Option<PathBuf>,
    /// The page to write.
    #[arg(long, value_name = "FILE.html", conflicts_with = "json")]
    out: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command. A decision that differs is a finding.
pub fn run(global: &Global, args: &Args) -> Outcome {
    let Args::Report(args) = args;
    let workspace = match &args.shift {
        Some(path) if path.join(Workspace::SETTINGS_FILE).is_file() => Some(Workspace::open(path)?),
        Some(_) => global.workspace().ok(),
        None => Some(global.workspace()?),
    };
    let shift = match (&args.shift, &workspace) {
        (None, Some(workspace)) => PastShift::of_workspace(workspace),
        (Some(path), beside) => PastShift::open(path, beside.as_ref()),
        (None, None) => return Err(Failure("no shift is named".into())),
    };
    let shift = shift.map_err(|error| Failure(error.to_string()))?;
    let root = shift.workspace().root.clone();
    let book = args.book.clone().or_else(|| TrainingBook::newest_in(&root)).ok_or_else(|| {
        let folder = TrainingBook::folder(&root);
        Failure(format!(
            "no training to report: nobody has decided in a replay here; 'dqmon --replay' begins one, '--book' names another: {}",
            folder.display()
        ))
    })?;
    let said = TrainingBook::said_in(&book)?;
    let report = TrainingReport::of(shift.name(), &book, shift.whole(), None, &said);
    if args.json {
        println!("{:#}", serde_json::to_value(&report).map_err(|error| Failure(error.to_string()))?);
    } else if let Some(out) = &args.out {
        page_file::write(out, &report.html(), "report")?;
        println!("{}: {}", out.display(), report.summary());
    } else {
        print!("{}", report.text());
    }
    Ok(if report.count(Comparison::Differs) > 0 { Ended::WithFinding } else { Ended::Done })
}
