//! What the window asks of the book: each errand is run by the book's own thread and answered with a notice.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crossbeam_channel::Sender;
use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use super::people_command::PeopleCommand;
use super::{Notice, people_desk};
use crate::bookkeeping::{Decision, DecisionSubject, EntryKind, Evidence, NewDecision, RequestKind, RequestSubject, Store};
use crate::config::Workspace;
use crate::decisions::alarms::Seen;
use crate::decisions::{self, DecisionError};

/// A log is shown by its last part.
const TEXT_SHOWN_BYTES: u64 = 256 << 10;

/// Something to be done with the book, or with the logs beside it.
pub(super) enum BookErrand {
    DecideRun {
        run: Run,
        flag: Flag,
        comment: String,
        who: String,
        role: String,
        evidence: Vec<String>,
        supersedes: Option<i64>,
    },
    StopBackend,
    Ask(RequestKind, RequestSubject),
    ReadText {
        what: &'static str,
        path: PathBuf,
    },
    People(PeopleCommand),
    /// What checks saw of plots.
    Hear(Vec<Seen>),
}

impl BookErrand {
    /// What it is, as the beginning of a message: `decision on run1`.
    pub(super) fn words(&self) -> String {
        match self {
            BookErrand::DecideRun { run, .. } => format!("decision on {run}"),
            BookErrand::StopBackend => "stop of the backend".into(),
            BookErrand::Ask(kind, subject) => format!("{} of {}", words_of(*kind), subject.words()),
            BookErrand::ReadText { what, .. } => format!("reading of the {what}"),
            BookErrand::People(command) => command.deed.words(),
            BookErrand::Hear(_) => "what checks saw".into(),
        }
    }
}

/// Runs an errand; answers with what there is to say of it.
pub(super) fn run(
    errand: BookErrand,
    store: &mut dyn Store,
    workspace: &Workspace,
    now: Timestamp,
    notices: &Sender<Notice>,
) -> Vec<Notice> {
    match errand {
        BookErrand::People(command) => vec![people_desk::run(&command, store, workspace, now, notices)],
        BookErrand::Hear(seen) => people_desk::hear(&seen, store, now),
        errand => vec![answer(errand, store, workspace, now)],
    }
}

/// Runs an errand that has one answer.
fn answer(errand: BookErrand, store: &mut dyn Store, workspace: &Workspace, now: Timestamp) -> Notice {
    let words = errand.words();
    let asked = |outcome: Result<i64, _>, done: &str| match outcome {
        Ok(_) => Notice::Done(format!("{words}: {done}")),
        Err(error) => refused(&words, &error),
    };
    match errand {
        BookErrand::DecideRun { run, flag, comment, who, role, evidence, supersedes } => {
            let evidence = evidence.into_iter().map(|item| Evidence { item, ..Evidence::default() }).collect();
            let decision = Decision { evidence, ..Decision::new(flag, &comment) };
            let subject = DecisionSubject::run(run);
            // Who saw no decision saw the book up to its beginning.
            let seen = decisions::seen(store, EntryKind::Decision, &subject.to_string(), Some(supersedes.unwrap_or(0)));
            let decided = seen.map_err(DecisionError::from).and_then(|supersedes| {
                decisions::decide(store, &NewDecision { at: now, subject, decision, who, role, supersedes, wish: None })
            });
            match decided {
                Ok(_) => Notice::Done(format!("{run} is {}", flag.word())),
                Err(error) => refused(&words, &error),
            }
        }
        BookErrand::StopBackend => {
            asked(store.request(now, "window", RequestKind::Stop, &RequestSubject::default()), "asked for; its jobs go on")
        }
        BookErrand::Ask(kind, subject) => asked(store.request(now, "window", kind, &subject), "asked for"),
        BookErrand::ReadText { what, path } => {
            // Only what belongs to the workspace is read: the path came through the window.
            let path = workspace.root.join(path);
            if !path.starts_with(&workspace.root) {
                return Notice::Refused(format!("{what} not read: it is not in the workspace: {}", path.display()));
            }
            match read_end(&path) {
                Ok(text) => Notice::Text { title: format!("{what}: {}", path.display()), text },
                Err(error) => Notice::Refused(format!("{what} not read: {error}: {}", path.display())),
            }
        }
        // Those have answers of their own.
        BookErrand::People(_) | BookErrand::Hear(_) => Notice::Refused(format!("{words}: not done")),
    }
}

/// What is asked, as a noun.
fn words_of(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Resubmit => "resubmission",
        RequestKind::Hold => "holding",
        RequestKind::Release => "release",
        RequestKind::Cancel => "cancelling",
        RequestKind::Reprocess => "reprocessing",
        RequestKind::Stop => "stop",
    }
}

fn refused(words: &str, error: &impl std::fmt::Display) -> Notice {
    Notice::Refused(format!("{words}: {error}"))
}

/// The last part of a text, from the beginning of a line.
fn read_end(path: &Path) -> io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let size = file.metadata()?.len();
    let skipped = size.saturating_sub(TEXT_SHOWN_BYTES);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.take(TEXT_SHOWN_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    if skipped == 0 {
        return Ok(text.into_owned());
    }
    let whole_lines = text.split_once('\n').map_or(&*text, |(_, rest)| rest);
    Ok(format!("… {skipped} bytes before this are not shown …\n{whole_lines}"))
}
