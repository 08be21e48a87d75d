//! `dqmon inspect`: what a file holds and what is wrong with it.
//!
//! A file's kind is told by its content ([`kind`]), then one function for each kind makes its [`Report`].

mod jobs;
mod kind;
mod raw;
mod results;
mod root;
mod transfer_log;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use self::kind::Kind;
use super::{Ended, Failure, Outcome};
use crate::detector;

/// Arguments of `dqmon inspect`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file: raw, ROOT, summary, pedestals, a result's .json, truth, transfer log, batch record or end mark.
    file: PathBuf,
    /// Each event of a raw file too: number, offset, stamp, flags, sample sum, SHA-256 of the samples as little-endian u16.
    #[arg(long)]
    events: bool,
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// The detector of a raw or pedestal file: a shipped one or the path of a detector file. Else the 6x6x6 for a raw file that
    /// begins with a table of events, and the 3x1x1 for others.
    #[arg(long, value_name = "NAME")]
    detector: Option<String>,
}

/// What a file holds.
struct Report {
    /// All of it, for `--json`; file, kind and fault come to it at the end.
    facts: Value,
    /// The same for people, ended by a line feed.
    text: String,
    /// What is wrong with it, the gravest first.
    faults: Vec<String>,
}

/// The detector of files that do not tell theirs.
const OLD_DETECTOR: &str = "3x1x1";

/// Longest text file that is read, bytes: a transfer log of a million files has half of it.
const LONGEST_TEXT: u64 = 256 << 20;

/// Most faults that are told for people; `--json` has all.
const MOST_FAULTS_SHOWN: usize = 20;

/// Runs the command.
pub fn run(args: &Args) -> Outcome {
    let kind = kind_of(&args.file)?;
    if args.events && kind != Kind::Raw {
        let what = kind.title();
        return Err(Failure(format!("--events lists the events of a raw file, this is a {what}: {}", args.file.display())));
    }
    let report = match kind {
        Kind::Raw => raw::raw(args)?,
        Kind::Root => root::root(&args.file),
        Kind::Summary => results::summary(&text_of(&args.file)?, &args.file),
        Kind::Pedestals => {
            let detector = detector::load(args.detector.as_deref().unwrap_or(OLD_DETECTOR), "", Path::new("."))?;
            results::pedestals(&text_of(&args.file)?, &detector)
        }
        Kind::Sidecar => results::sidecar(&text_of(&args.file)?),
        Kind::Truth => results::truth(&text_of(&args.file)?),
        Kind::TransferLog => transfer_log::transfer_log(&text_of(&args.file)?),
        Kind::BatchRecord => jobs::batch_record(&text_of(&args.file)?),
        Kind::EndMark => jobs::end_mark(&text_of(&args.file)?),
    };
    show(args, kind, report)
}

/// What is wrong with a batch record, for those who read many.
pub(super) fn faults_of_batch_record(path: &Path) -> Result<Vec<String>, Failure> {
    Ok(jobs::batch_record(&text_of(path)?).faults)
}

/// Prints a report; anything wrong is a finding.
fn show(args: &Args, kind: Kind, report: Report) -> Outcome {
    let Report { facts, text, faults } = report;
    let file = args.file.to_string_lossy();
    // Raw faults and some of ROOT files carry the path already, those of texts get it here.
    let with_path = |fault: String| if fault.ends_with(&*file) { fault } else { format!("{fault}: {file}") };
    let faults: Vec<String> = faults.into_iter().map(with_path).collect();
    if args.json {
        let mut json = json!({ "file": file, "kind": kind.word(), "fault": faults.first(), "faults": faults });
        if let (Some(object), Value::Object(facts)) = (json.as_object_mut(), facts) {
            object.extend(facts);
        }
        println!("{json:#}");
    } else {
        print!("{text}");
        for fault in faults.iter().take(MOST_FAULTS_SHOWN) {
            println!("wrong with it: {fault}");
        }
        match faults.len() {
            0 => println!("nothing wrong with it"),
            count if count > MOST_FAULTS_SHOWN => println!("and {} more, see --json", count - MOST_FAULTS_SHOWN),
            _ => {}
        }
    }
    Ok(if faults.is_empty() { Ended::Done } else { Ended::WithFinding })
}

/// Tells a file's kind by its first bytes.
fn kind_of(path: &Path) -> Result<Kind, Failure> {
    let facts = std::fs::metadata(path).map_err(|error| not_read(&error, path))?;
    if facts.is_dir() {
        let shown = path.display();
        return Err(Failure(format!(
            "it is a folder; inspect takes one file, 'dqmon {shown}' looks at a folder of results: {shown}"
        )));
    }
    let start = start_of(path)?;
    kind::of(&start, path).ok_or_else(|| {
        let what = if start.is_empty() { "it is empty" } else { "its content is of no known kind" };
        Failure(format!("{what}; known are {}: {}", kind::known(), path.display()))
    })
}

/// A file's first bytes, enough to tell its kind.
fn start_of(path: &Path) -> Result<Vec<u8>, Failure> {
    const ENOUGH: u64 = 16 << 10;
    let mut start = Vec::new();
    File::open(path).and_then(|file| file.take(ENOUGH).read_to_end(&mut start)).map_err(|error| not_read(&error, path))?;
    Ok(start)
}

/// All bytes of a text file.
fn text_of(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| not_read(&error, path))?;
    file.take(LONGEST_TEXT + 1).read_to_end(&mut bytes).map_err(|error| not_read(&error, path))?;
    if bytes.len() as u64 > LONGEST_TEXT {
        return Err(Failure(format!(
            "it is longer than {} MiB, too long for such a text: {}",
            LONGEST_TEXT >> 20,
            path.display()
        )));
    }
    Ok(bytes)
}

fn not_read(error: &std::io::Error, path: &Path) -> Failure {
    Failure(format!("file not read: {error}: {}", path.display()))
}
