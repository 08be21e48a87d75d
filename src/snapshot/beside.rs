//! What stands beside the shift: answers for a new workspace, workspaces opened before, the doctor's findings, long work.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use monitasks::quality::State;

/// What stands beside the shift, whatever is open.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Beside {
    /// What is thought of the answers for a new workspace; none before any were looked at.
    pub answers: Option<Arc<AnswersShown>>,
    /// Workspaces opened before, as far as they were looked for.
    pub recent: Arc<BTreeMap<PathBuf, Recent>>,
    /// The doctor's last round, or the one under way; none before the first.
    pub doctor: Option<Arc<DoctorShown>>,
    /// Work that takes long, oldest first.
    pub long: Vec<LongWork>,
}

/// What is thought of the answers for a new workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswersShown {
    /// Which answers: the number that they were asked about under.
    pub number: u64,
    /// A line for each question.
    pub answers: Vec<Answer>,
}

/// What is thought of one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Of which question.
    pub question: Question,
    /// OK, worth a thought (MAYBE), or not possible (BAD).
    pub state: State,
    /// Why, and what there is instead.
    pub words: String,
}

/// What a new workspace is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// Where it is to stand.
    Folder,
    /// Which detector.
    Detector,
    /// Where the DAQ writes.
    Incoming,
    /// Who runs the jobs.
    Batch,
    /// Where the book is.
    Book,
}

/// How a workspace opened before stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recent {
    /// It can be opened.
    Workspace,
    /// There is nothing of that name any more.
    Gone,
    /// It is there and is no workspace any more.
    NoWorkspace,
    /// Its disk does not answer.
    Silent,
}

/// A round of the doctor's.
#[derive(Debug, Clone, PartialEq)]
pub struct DoctorShown {
    /// The workspace looked at; none for the machine alone.
    pub root: Option<PathBuf>,
    /// When it began.
    pub at: Timestamp,
    /// Looks done and looks in all.
    pub done: (usize, usize),
    /// What is looked at now; empty when the round is over.
    pub now: &'static str,
    /// Whether it was ended before it was through.
    pub is_cancelled: bool,
    /// What was found, in the order of the looks.
    pub findings: Vec<Finding>,
}

/// What the doctor found at one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at: `disk space`.
    pub check: &'static str,
    /// OK, MAYBE, BAD, or cannot judge where it could not be looked at.
    pub state: State,
    /// What was found.
    pub what: String,
    /// Why that matters; empty where nothing is wrong.
    pub why: String,
    /// The command, or the deed, that mends it; empty where nothing is wrong.
    pub mend: String,
}

/// Work that takes long.
#[derive(Debug, Clone, PartialEq)]
pub struct LongWork {
    /// Its number, to cancel it by.
    pub id: u64,
    /// What it is: `demo in /data/demo`.
    pub what: String,
    /// What it does now.
    pub now: String,
    /// How much of it is done, 0 to 1; none when that is not known.
    pub part: Option<f32>,
    /// Since when.
    pub since: Timestamp,
    /// Whether it can be ended before it is through.
    pub can_cancel: bool,
}

impl Finding {
    /// Whether somebody should do something.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        self.state != State::Ok
    }
}

impl DoctorShown {
    /// Whether the round is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_cancelled || self.done.0 >= self.done.1
    }
}

impl AnswersShown {
    /// What is thought of the answer to a question.
    #[must_use]
    pub fn of(&self, question: Question) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.question == question)
    }

    /// The first answer that makes no workspace.
    #[must_use]
    pub fn hindrance(&self) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.state == State::Bad)
    }
}
