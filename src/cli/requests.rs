//! `dqmon resubmit`, `hold`, `unhold`, `cancel`, `reprocess`: what people ask of the backend. Each is a row in the book that the
//! running backend takes, or the next one.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use monitasks::vocab::{FileId, Group, Processing, Run};

use super::account::name_of;
use super::book::open_book;
use super::{Ended, Failure, Outcome};
use crate::bookkeeping::{Came, FailureClass, GroupRecord, LeaseRecord, Overview, ProcessingRecord, RequestKind, RequestSubject};
use crate::config::Workspace;

/// Arguments of the commands that ask something of what is named.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A run (run1), a file (run1-seq0), a file in a processing (run1-seq0-p2), a processing (run1-p2) or a group (run1-p1-g0).
    #[arg(value_name = "WHAT")]
    what: String,
    #[command(flatten)]
    asking: Asking,
}

/// Arguments of `dqmon resubmit`.
#[derive(Debug, clap::Args)]
pub struct ResubmitArgs {
    /// A run (run1), a file (run1-seq0), a file in a processing (run1-seq0-p2), a processing (run1-p2) or a group (run1-p1-g0).
    #[arg(value_name = "WHAT", required_unless_present = "all")]
    what: Option<String>,
    /// Everything that failed.
    #[arg(long, conflicts_with = "what")]
    all: bool,
    /// Only what failed this way: memory, time_limit, input_damaged and others.
    #[arg(long, value_name = "CLASS")]
    class: Option<FailureClass>,
    #[command(flatten)]
    asking: Asking,
}

/// Arguments of `dqmon reprocess`.
#[derive(Debug, clap::Args)]
pub struct ReprocessArgs {
    /// The run: run1.
    run: Run,
    #[command(flatten)]
    asking: Asking,
}

/// What all of them take.
#[derive(Debug, clap::Args)]
struct Asking {
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

/// Runs `hold`, `unhold` or `cancel`.
pub fn run(global: &super::Global, kind: RequestKind, args: &Args) -> Outcome {
    ask(global, kind, &subject(&args.what)?, &args.asking)
}

/// Runs `resubmit`.
pub fn resubmit(global: &super::Global, args: &ResubmitArgs) -> Outcome {
    let named = args.what.as_deref().map(subject).transpose()?.unwrap_or_default();
    ask(global, RequestKind::Resubmit, &RequestSubject { class: args.class, ..named }, &args.asking)
}

/// Runs `reprocess`.
pub fn reprocess(global: &super::Global, args: &ReprocessArgs) -> Outcome {
    let subject = RequestSubject { run: Some(args.run), ..RequestSubject::default() };
    ask(global, RequestKind::Reprocess, &subject, &args.asking)
}

fn ask(global: &super::Global, kind: RequestKind, named: &RequestSubject, asking: &Asking) -> Outcome {
    if global.read_only() {
        return Err(Failure("a request is written into the book: leave --read-only out".into()));
    }
    let workspace = global.workspace()?;
    let known = &workspace.settings.lanes;
    if let Some(lane) = asking.lane.as_ref().filter(|lane| !known.iter().any(|known| known.name == **lane)) {
        let names: Vec<&str> = known.iter().map(|lane| lane.name.as_str()).collect();
        return Err(Failure(format!("no lane '{lane}'; there are {}", names.join(", "))));
    }
    let subject = RequestSubject { lane: asking.lane.clone(), ..named.clone() };
    let who = name_of(asking.who.as_deref())?;
    let mut store = open_book(&workspace)?;
    let overview = store.overview()?;
    refuse_unknown(&overview, &subject)?;
    let now = Timestamp::now();
    let id = store.request(now, &who, kind, &subject)?;
    let asked = format!("{} of {} asked for (request {id})", kind.word(), subject.words());
    let where_answered =
        subject.run.map_or_else(|| "'dqmon show' of each file that it concerns".to_owned(), |run| format!("'dqmon show {run}'"));
    if !does_backend_run(overview.lease.as_ref(), &workspace, now) {
        println!("{asked}; no backend runs: start one, 'dqmon process'; its answer will stand in {where_answered}");
        return Ok(Ended::WithFinding);
    }
    if asking.no_wait {
        println!("{asked}; the backend's answer will stand in {where_answered}");
        return Ok(Ended::Done);
    }
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if let Some(answer) = store.answer_to(id)? {
            return told(Came::of(&answer));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    println!("{asked}; the backend has not answered yet, its answer will stand in {where_answered}");
    Ok(Ended::WithFinding)
}

/// Whether a backend has the lease and its heart beats.
fn does_backend_run(lease: Option<&LeaseRecord>, workspace: &Workspace, now: Timestamp) -> bool {
    lease.filter(|lease| lease.released.is_none()).is_some_and(|lease| {
        let age_s = now.duration_since(lease.heartbeat).as_secs_f64();
        age_s < workspace.settings.book.lease_stale_s
    })
}

/// How a command ends after the backend's answer.
fn told(came: Came<'_>) -> Outcome {
    match came {
        Came::Done(words) => {
            println!("{words}");
            Ok(Ended::Done)
        }
        Came::InPart(words) => {
            println!("{words}");
            Ok(Ended::WithFinding)
        }
        Came::NotDone(words) => Err(Failure(words.to_owned())),
    }
}

/// Refuses what the book knows nothing of, with what it knows instead.
fn refuse_unknown(overview: &Overview, subject: &RequestSubject) -> Result<(), Failure> {
    let Some(run) = subject.run else { return Ok(()) };
    let refused = |what: String, of: &str, known: Vec<String>| {
        let known = if known.is_empty() { "none".to_owned() } else { in_short(&known) };
        Err(Failure(format!("{what} isn't known; {of}: {known}")))
    };
    if !overview.runs.iter().any(|known| known.run == run) {
        let known = overview.runs.iter().map(|known| known.run.0.to_string()).collect();
        return refused(format!("run {}", run.0), "runs known", known);
    }
    if let Some(file) = subject.file.filter(|file| !overview.files.iter().any(|known| known.file == *file)) {
        let of_run = overview.files.iter().filter(|known| known.file.run == run);
        return refused(file.to_string(), "files known of the run", of_run.map(|known| known.file.to_string()).collect());
    }
    if let Some(processing) = subject.processing {
        let of_run = || overview.processings.iter().filter(|known| known.run == run);
        if !of_run().any(|known| known.processing == processing) {
            let known = of_run().map(ProcessingRecord::name).collect();
            return refused(format!("{run}-p{}", processing.0), "processings known of the run", known);
        }
        let of_processing = || overview.groups.iter().filter(|known| known.run == run && known.processing == processing);
        if let Some(group) = subject.group.filter(|group| !of_processing().any(|known| known.group == *group)) {
            let known = of_processing().map(GroupRecord::name).collect();
            return refused(format!("{run}-p{}-g{}", processing.0, group.0), "groups known of the processing", known);
        }
    }
    Ok(())
}

/// The last of many.
fn in_short(known: &[String]) -> String {
    const MOST: usize = 12;
    match known.len().checked_sub(MOST) {
        None | Some(0) => known.join(", "),
        Some(left_out) => format!("{left_out} others and {}", known[left_out..].join(", ")),
    }
}

/// What a text names.
fn subject(text: &str) -> Result<RequestSubject, Failure> {
    if let Ok(file) = text.parse::<FileId>() {
        return Ok(RequestSubject::of_file(file));
    }
    let of_pass = text.rsplit_once("-p").and_then(|(file, number)| Some((file.parse().ok()?, number.parse().ok()?)));
    if let Some((file, number)) = of_pass {
        return Ok(RequestSubject { processing: Some(Processing(number)), ..RequestSubject::of_file(file) });
    }
    let mut words = text.split('-');
    let run: Option<Run> = words.next().and_then(|word| word.parse().ok());
    let number = |word: Option<&str>, sign: char| word.and_then(|word| word.strip_prefix(sign)?.parse::<u32>().ok());
    let (processing, group) = (words.next(), words.next());
    let parsed = (number(processing, 'p').map(Processing), number(group, 'g').map(Group));
    let is_sound = words.next().is_none() && processing.is_some() == parsed.0.is_some() && group.is_some() == parsed.1.is_some();
    match run.filter(|_| is_sound) {
        Some(run) => Ok(RequestSubject { run: Some(run), processing: parsed.0, group: parsed.1, ..RequestSubject::default() }),
        None => Err(Failure(format!(
            "{text:?} names nothing: expected a run (run1), a file (run1-seq0), a file in a processing (run1-seq0-p2), \
             a processing (run1-p2) or a group (run1-p1-g0)"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_files_passes_processings_and_groups_are_named() {
        for text in ["run1", "run1-seq0", "run1-seq0-p2", "run1-p2", "run1-p2-g0"] {
            assert_eq!(subject(text).unwrap().words(), text);
        }
        for text in ["", "run", "run1-x", "run1-p1-x0", "run1-p1-g0-z", "seq0", "run1-seq0-p", "run1-seq0-g0", "run1-seq0-p2-g0"]
        {
            assert!(subject(text).is_err(), "{text}");
        }
    }
}
