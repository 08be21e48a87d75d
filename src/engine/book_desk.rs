//! What the window asks of the book: each errand is run by the book's own thread and answered with a notice.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crossbeam_channel::Sender;
use jiff::Timestamp;
use monitasks::references::ReferenceSource;
use monitasks::vocab::Run;

use super::command::DecisionCommand;
use super::people_command::PeopleCommand;
use super::{Notice, checks_desk, decision_desk, people_desk};
use crate::bookkeeping::{RequestKind, RequestSubject, Store};
use crate::config::{Settings, Workspace};
use crate::decisions::alarms::Seen;

/// A log is shown by its last part.
const TEXT_SHOWN_BYTES: u64 = 256 << 10;

/// Something to be done with the book, or with the logs beside it.
pub(super) enum BookErrand {
    Decision(DecisionCommand),
    /// What was said of this run is to be in the view; served by the poller.
    LookAt(Option<Run>),
    /// Changed settings; served by the poller.
    Configure(Box<Settings>),
    StopBackend,
    Ask(RequestKind, RequestSubject),
    ReadText {
        what: &'static str,
        path: PathBuf,
    },
    People(PeopleCommand),
    /// What checks saw of plots.
    Hear(Vec<Seen>),
    /// A reference for the file of checks.
    TakeReference(ReferenceSource),
}

impl BookErrand {
    /// What it is, as the beginning of a message: `decision on run1`.
    pub(super) fn words(&self) -> String {
        match self {
            BookErrand::Decision(command) => decision_desk::words(command),
            BookErrand::LookAt(_) => "look at a run".into(),
            BookErrand::Configure(_) => "reading of the settings".into(),
            BookErrand::StopBackend => "stop of the backend".into(),
            BookErrand::Ask(kind, subject) => format!("{} of {}", words_of(*kind), subject.words()),
            BookErrand::ReadText { what, .. } => format!("reading of the {what}"),
            BookErrand::People(command) => command.deed.words(),
            BookErrand::Hear(_) => "what checks saw".into(),
            BookErrand::TakeReference(source) => format!("taking of the reference {}", source.label),
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
        BookErrand::Decision(command) => {
            let waited = store.outbox().waiting.len();
            match decision_desk::run(command, store, &workspace.settings, now) {
                Notice::Done(words) if store.outbox().waiting.len() > waited => Notice::Kept(words),
                other => other,
            }
        }
        // The poller has seen to them.
        BookErrand::LookAt(_) | BookErrand::Configure(_) => Notice::Done(words),
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
        BookErrand::TakeReference(source) => checks_desk::take_reference(&source, workspace),
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
