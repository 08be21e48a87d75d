//! Monitor tasks written in TOML: a new branch of the tree with no compiling.
//!
//! `written` turns a task file's text into a plan or says what is wrong with it, `results` reads a result by that plan, a file per
//! format, `plots` and `rows_drawn` draw. A task file may name a program instead, see `external`. May use `external`, `format`, `figure`,
//! `quality`, `summary`, `task` and `vocab`; it opens no file.

pub(crate) mod plan;
mod plots;
pub(crate) mod results;
mod rows_drawn;
mod written;

use crate::external::ProgramTask;
use crate::figure::Figure;
use crate::format::FormatError;
use crate::format::sidecar::Sidecar;
use crate::summary::Summary;
use crate::task::{Glance, MonTask, ReadError, ResultFile, TaskContext, TaskInfo};
use crate::vocab::{FileId, Group, Processing, Run};

use plan::Plan;
use results::Layout;

pub use results::{RowWalk, Walked, stamp_of};
pub(crate) use written::described;

/// A longer task file is refused, in bytes.
pub const LARGEST_TASK_FILE_BYTES: usize = 1 << 20;

/// What a task file declares.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskFile {
    /// A task whose results are read here.
    Declared(DeclaredTask),
    /// A task whose results a program reads.
    Program(ProgramTask),
}

/// A monitor task as a task file declares it: its results are text files of rows, CSV, JSON or ROOT files.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclaredTask {
    plan: Plan,
    layout: Layout,
    file_name: String,
    name_line: usize,
}

/// A task file that can't be used. The message says what, what there is instead, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("task file refused: {what}: {path}:{line}")]
pub struct DeclaredError {
    /// What is wrong, with what there is instead.
    pub what: String,
    /// The file's name as given to [`TaskFile::parse`].
    pub path: String,
    /// The line, from 1.
    pub line: usize,
}

impl TaskFile {
    /// Reads a task file's text; `file_name` is for messages.
    ///
    /// # Errors
    /// When it is too long, is no TOML, has an unknown or missing key, or contradicts itself (a column that does not exist, two
    /// items of one name, units that can't share an axis); with the line and what there is instead.
    pub fn parse(text: &str, file_name: &str) -> Result<Self, DeclaredError> {
        written::parse(text, file_name)
    }

    /// Its names; of a program without items, which it says itself.
    #[must_use]
    pub fn info(&self) -> &TaskInfo {
        match self {
            TaskFile::Declared(task) => &task.plan.info,
            TaskFile::Program(task) => &task.info,
        }
    }

    /// The refusal of this task because its name is taken, pointing to the line of the name.
    #[must_use]
    pub fn name_taken(&self, by: &str) -> DeclaredError {
        let (path, line) = match self {
            TaskFile::Declared(task) => (task.file_name.clone(), task.name_line),
            TaskFile::Program(task) => (task.file_name.clone(), task.name_line),
        };
        let what = format!("the name '{}' is taken by {by}, expected a name of its own", self.info().name);
        DeclaredError { what, path, line }
    }
}

impl DeclaredTask {
    /// A walk over the rows of a result, each with its stamp; none for a task without a column of stamps, and for results that
    /// are no text of rows.
    #[must_use]
    pub fn row_walk(&self) -> Option<RowWalk> {
        RowWalk::of(&self.plan, &self.layout)
    }
}

impl MonTask for DeclaredTask {
    fn info(&self) -> &TaskInfo {
        &self.plan.info
    }

    fn read(&self, input: &ResultFile<'_>, context: &TaskContext<'_>) -> Result<Summary, ReadError> {
        let mut summary = Summary::of_file(input.name);
        summary.provenance.detector.clone_from(&context.detector.name);
        results::read(&self.plan, &self.layout, input.bytes, &mut summary)?;
        name_data(&mut summary, input.name);
        if let Some([first, last]) = self.plan.stamps(&summary) {
            (summary.data_start, summary.data_end) = (Some(first), Some(last));
        }
        take_sidecar(&mut summary, input)?;
        Ok(summary)
    }

    fn draw(&self, item: &str, history: &[&Summary], _context: &TaskContext<'_>) -> Figure {
        self.plan.draw(item, history)
    }

    fn glance(&self, item: &str, history: &[&Summary], _context: &TaskContext<'_>) -> Glance {
        self.plan.glance(item, history)
    }
}

/// Takes what the `.json` beside a result says; a result that is a `.json` itself has none.
///
/// # Errors
/// When it is half written.
pub(crate) fn take_sidecar(summary: &mut Summary, input: &ResultFile<'_>) -> Result<(), ReadError> {
    match input.sidecar.filter(|_| !input.name.ends_with(".json")).map(Sidecar::parse) {
        None => {}
        Some(Ok(sidecar)) => add_sidecar(summary, sidecar),
        Some(Err(FormatError::Incomplete(why))) => return Err(ReadError::Incomplete(why)),
        // Other programs write a .json too: the rows are as good without it, and the reader is told.
        Some(Err(error)) => summary.provenance.remarks.push(format!("without the .json: {error}")),
    }
    Ok(())
}

/// Takes run, processing, group or sequence from a name like `slow/run1-p1-g0.csv`, `slow/run1-seq3.csv` or `slow/run1.csv`.
pub(crate) fn name_data(summary: &mut Summary, file: &str) {
    let name = file.rsplit('/').next().unwrap_or(file);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let number = |word: Option<&str>, prefix: &str| -> Option<u32> {
        let digits = word?.strip_prefix(prefix)?;
        if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
    };
    let words: Vec<&str> = stem.splitn(4, '-').collect();
    let run = number(words.first().copied(), "run");
    let processing = number(words.get(1).copied(), "p");
    let group = number(words.get(2).copied(), "g");
    let whole = words.len() == 3 && processing.is_some() && group.is_some();
    let sequence = if words.len() == 2 { number(words.get(1).copied(), "seq") } else { None };
    if words.len() == 1 || whole || sequence.is_some() {
        summary.run = run.map(Run);
    }
    if let (Some(run), Some(sequence)) = (run, sequence) {
        summary.provenance.members = vec![FileId::new(run, sequence)];
    }
    if whole && run.is_some() {
        (summary.processing, summary.group) = (processing.map(Processing), group.map(Group));
    }
}

/// What the sidecar knows is surer than what rows and names tell; a contradiction is remarked.
fn add_sidecar(summary: &mut Summary, sidecar: Sidecar) {
    if let Some(run) = summary.run.filter(|run| *run != sidecar.run) {
        let remark = format!("the name says {run}, the .json {}: the .json was followed", sidecar.run);
        summary.provenance.remarks.push(remark);
    }
    summary.run = Some(sidecar.run);
    summary.processing = Some(sidecar.processing);
    summary.lane.clone_from(&sidecar.lane);
    summary.group = Some(sidecar.group);
    summary.data_start = sidecar.data_start.or(summary.data_start);
    summary.data_end = sidecar.data_end.or(summary.data_end);
    summary.processed_at = Some(sidecar.processed_at);
    summary.provenance.members = sidecar.members;
    summary.provenance.detector = sidecar.detector;
    summary.provenance.software = sidecar.software;
}

#[cfg(test)]
pub(crate) use tests::detector as one_channel;

#[cfg(test)]
mod tests;
