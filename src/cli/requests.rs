//! `dqmon resubmit`, `hold`, `release`, `cancel`, `reprocess`: what people ask of the backend. Each is a row in the book that the
//! running backend takes, or the next one.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use monitasks::vocab::{FileId, Group, Processing, Run};

use super::{Ended, Failure, Outcome};
use crate::bookkeeping::{FailureClass, RequestKind, RequestSubject, SqliteStore, Store};

/// Arguments of the commands that ask something of the backend.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A run (run1), a file (run1-seq0) or a group (run1-p1-g0).
    #[arg(value_name = "WHAT", required_unless_present = "all")]
    what: Option<String>,
    /// Everything that failed.
    #[arg(long, conflicts_with = "what")]
    all: bool,
    /// Only what failed this way: memory, time_limit, input_damaged and others.
    #[arg(long, value_name = "CLASS")]
    class: Option<FailureClass>,
    /// Only in this lane.
    #[arg(long, value_name = "NAME")]
    lane: Option<String>,
    /// Who asks; else the name of the account.
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    /// Don't wait for what the backend answers.
    #[arg(long)]
    no_wait: bool,
}

/// How long a command waits for the backend's answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs one of the commands.
pub fn run(global: &super::Global, kind: RequestKind, args: &Args) -> Outcome {
    if global.read_only() {
        return Err(Failure("a request is written into the book: leave --read-only out".into()));
    }
    if args.all && kind != RequestKind::Resubmit {
        return Err(Failure(format!("--all is for resubmit; name a run or a file to {}", kind.word())));
    }
    let workspace = global.workspace()?;
    let known = &workspace.settings.lanes;
    if let Some(lane) = args.lane.as_ref().filter(|lane| !known.iter().any(|known| known.name == **lane)) {
        let names: Vec<&str> = known.iter().map(|lane| lane.name.as_str()).collect();
        return Err(Failure(format!("no lane '{lane}'; there are {}", names.join(", "))));
    }
    let named = args.what.as_deref().map(subject).transpose()?.unwrap_or_default();
    let subject = RequestSubject { class: args.class, lane: args.lane.clone(), ..named };
    let mut store = SqliteStore::open(&workspace.book())?;
    let who = args.who.clone().or_else(|| std::env::var("USER").ok()).unwrap_or_else(|| "nobody named".into());
    let id = store.request(Timestamp::now(), &who, kind, &subject)?;
    let is_running = store.overview()?.lease.is_some_and(|lease| lease.released.is_none());
    if args.no_wait || !is_running {
        println!("{} of {} asked for (request {id}); the backend answers in 'dqmon show'", kind.word(), subject.words());
        return Ok(Ended::Done);
    }
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if let Some(outcome) = store.answer_to(id)? {
            println!("{outcome}");
            return Ok(Ended::Done);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    println!("{} of {} asked for (request {id}); the backend has not answered yet", kind.word(), subject.words());
    Ok(Ended::WithFinding)
}

/// What a text names.
fn subject(text: &str) -> Result<RequestSubject, Failure> {
    if let Ok(file) = text.parse::<FileId>() {
        return Ok(RequestSubject::of_file(file));
    }
    let mut words = text.split('-');
    let run: Option<Run> = words.next().and_then(|word| word.parse().ok());
    let number = |word: Option<&str>, sign: char| word.and_then(|word| word.strip_prefix(sign)?.parse::<u32>().ok());
    let (processing, group) = (words.next(), words.next());
    let parsed = (number(processing, 'p').map(Processing), number(group, 'g').map(Group));
    let is_sound = words.next().is_none() && processing.is_some() == parsed.0.is_some() && group.is_some() == parsed.1.is_some();
    match run.filter(|_| is_sound) {
        Some(run) => Ok(RequestSubject { run: Some(run), processing: parsed.0, group: parsed.1, ..RequestSubject::default() }),
        None => {
            Err(Failure(format!("{text:?} names nothing: expected a run (run1), a file (run1-seq0) or a group (run1-p1-g0)")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_files_processings_and_groups_are_named() {
        assert_eq!(subject("run1").unwrap().words(), "run1");
        assert_eq!(subject("run1-seq0").unwrap().words(), "run1-seq0");
        assert_eq!(subject("run1-p2").unwrap().words(), "run1-p2");
        assert_eq!(subject("run1-p2-g0").unwrap().words(), "run1-p2-g0");
        for text in ["", "run", "run1-x", "run1-p1-x0", "run1-p1-g0-z", "seq0"] {
            assert!(subject(text).is_err(), "{text}");
        }
    }
}
