//! The plug-in contract: what a monitor task is asked, and what it answers.
//!
//! A task never opens a file and never draws. The program watches the folder the task names, hands it the bytes of each new
//! result, keeps the summaries that come back, and asks for a figure when somebody looks.

use jiff::Timestamp;

use crate::detector::Detector;
use crate::figure::Figure;
use crate::quality::State;
use crate::summary::{Measured, Summary};

/// One monitor task: a branch of the tree whose leaves are its items.
pub trait MonTask: Send + Sync {
    /// Its names, its items and where its results stand.
    fn info(&self) -> &TaskInfo;

    /// Reads one result. Called again with the whole file each time it has changed.
    ///
    /// # Errors
    /// [`ReadError::Incomplete`] for a file that looks half written: it is asked for again later and not shown.
    /// [`ReadError::Malformed`] for one that can't be a result.
    fn read(&self, input: &ResultFile<'_>, context: &TaskContext<'_>) -> Result<Summary, ReadError>;

    /// Draws one item from all summaries known, oldest first. The last one is the one that "latest" items show.
    fn draw(&self, item: &str, history: &[&Summary], context: &TaskContext<'_>) -> Figure;

    /// What the tree shows beside an item: its state and last value.
    fn glance(&self, item: &str, history: &[&Summary], context: &TaskContext<'_>) -> Glance;
}

/// A task's names, items and needs.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskInfo {
    /// Its name in commands and settings: `lem_gain`.
    pub name: String,
    /// Its name in the tree: `LEM gain`.
    pub title: String,
    /// One sentence: what it watches and why that matters.
    pub about: String,
    /// The folder below the workspace's `results/` that its results stand in: `crp`.
    pub folder: String,
    /// How its results' names end: `.txt`.
    pub suffix: String,
    /// Seconds between two looks at the folder, unless the settings say otherwise.
    pub poll_s: f64,
    /// Its leaves, in order.
    pub items: Vec<ItemInfo>,
}

/// A leaf of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemInfo {
    /// Its name in commands: `lifetime_trend`.
    pub name: String,
    /// Its name in the tree: `Lifetime trend`.
    pub title: String,
    /// One sentence for the shifter: what is seen and what it should look like.
    pub about: String,
}

/// What a task may know besides its result: the detector, its own settings and the time.
#[derive(Debug, Clone, Copy)]
pub struct TaskContext<'a> {
    /// The detector's facts.
    pub detector: &'a Detector,
    /// The time of day, given and not asked for, so that a replay can give another.
    pub now: Timestamp,
}

/// One result file as handed to a task.
#[derive(Debug, Clone, Copy)]
pub struct ResultFile<'a> {
    /// Its name below `results/`: `crp/run1-p1-g0.txt`.
    pub name: &'a str,
    /// What is in it.
    pub bytes: &'a [u8],
    /// The `.json` of the same stem, where there is one.
    pub sidecar: Option<&'a [u8]>,
}

/// What the tree shows beside an item.
#[derive(Debug, Clone, PartialEq)]
pub struct Glance {
    /// The leaf's state.
    pub state: State,
    /// Its last value with the unit, short: `2.9 ± 0.1 ms`; `NO DATA` where there is none.
    pub text: String,
    /// Why the state is what it is, for the tooltip.
    pub reason: String,
    /// The number behind the text, for the book's readings.
    pub reading: Measured,
}

/// Why a result was not read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReadError {
    /// It looks half written; it will be read again.
    #[error("incomplete: {0}")]
    Incomplete(String),
    /// It can't be a result of this kind.
    #[error("{0}")]
    Malformed(String),
    /// Somebody else has been asked what is in it, and has not answered yet: asked for again soon, and not told.
    #[error("asked for, not answered yet")]
    Waiting,
    /// It can't be read at the moment, whatever it is: asked for again later, and told.
    #[error("{0}")]
    NotNow(String),
}

impl TaskInfo {
    /// The item of that name.
    #[must_use]
    pub fn item(&self, name: &str) -> Option<&ItemInfo> {
        self.items.iter().find(|item| item.name == name)
    }
}

impl Glance {
    /// A leaf that nothing has come for.
    #[must_use]
    pub fn no_data(reason: impl Into<String>) -> Self {
        Glance { state: State::NoData, text: "NO DATA".into(), reason: reason.into(), reading: Measured::NoData }
    }

    /// A leaf that lacks an input.
    #[must_use]
    pub fn cannot_judge(reason: impl Into<String>) -> Self {
        Glance { state: State::CannotJudge, text: "cannot judge".into(), reason: reason.into(), reading: Measured::NoData }
    }
}
