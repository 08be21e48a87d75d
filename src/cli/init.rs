//! `dqmon init`: makes a workspace from the answers to a few questions, each of which has a default.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;
use monitasks::quality::State;

use super::{Ended, Failure, Outcome};
use crate::bookkeeping;
use crate::config::{BatchSystem, NewWorkspace, Workspace};
use crate::doctor;
use crate::snapshot::Question;

/// Arguments of `dqmon init`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The new workspace's folder; made if it is not there.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// A shipped detector file by name, or the path of your own.
    #[arg(long, value_name = "NAME", default_value = "3x1x1")]
    detector: String,
    /// Where the DAQ writes, relative to the workspace or absolute.
    #[arg(long, value_name = "DIR", default_value = "incoming")]
    incoming: String,
    /// Who runs the jobs: local (processes of this machine), slurm or pbs.
    #[arg(long, value_name = "SYSTEM", default_value = "local", value_parser = batch_system())]
    batch: BatchSystem,
    /// The book: a file, or the address of one that several machines share, postgresql://shifter@dqmserver/dqmon.
    #[arg(long, value_name = "FILE|ADDRESS", default_value = "book.sqlite")]
    book: String,
}

fn batch_system() -> impl clap::builder::TypedValueParser<Value = BatchSystem> {
    let words = PossibleValuesParser::new(BatchSystem::ALL.map(BatchSystem::word));
    words.map(|word| BatchSystem::of_word(&word).unwrap_or_default())
}

/// Runs the command. An answer that is worth a second thought is a finding: the workspace is made all the same.
pub fn run(args: &Args) -> Outcome {
    let new = NewWorkspace {
        folder: args.folder.clone(),
        detector: args.detector.clone(),
        incoming: args.incoming.clone(),
        batch: args.batch,
        book: args.book.clone(),
    };
    let answers = doctor::answers_of(&new);
    if let Some(answer) = answers.iter().find(|answer| answer.state == State::Bad) {
        return Err(Failure(format!("workspace not made: {}", answer.words)));
    }
    let workspace = new.make()?;
    bookkeeping::open(&workspace.book_place())?;
    println!("Workspace made: {}", workspace.root.display());
    println!("The DAQ writes to {}; settings are in {}.", workspace.incoming().display(), Workspace::SETTINGS_FILE);
    println!("Next: dqmon -w {} process", workspace.root.display());
    // What stands in the folder already is left alone, and nobody need do anything about it.
    let doubts: Vec<_> =
        answers.iter().filter(|answer| answer.state == State::Maybe && answer.question != Question::Folder).collect();
    for answer in &doubts {
        eprintln!("dqmon: {}", answer.words);
    }
    Ok(if doubts.is_empty() { Ended::Done } else { Ended::WithFinding })
}
