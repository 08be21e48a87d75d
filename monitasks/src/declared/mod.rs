//! Monitor tasks written in TOML: a new branch of the tree with no compiling.
//!
//! `written` turns a task file's text into a plan or says what is wrong with it, `rows` reads a result by that plan,
//! `plots` draws. May use `format`, `figure`, `quality`, `summary`, `task` and `vocab`; it opens no file.

mod plots;
mod rows;
mod written;

use crate::figure::Figure;
use crate::format::FormatError;
use crate::format::sidecar::Sidecar;
use crate::summary::{Measured, Summary, Table};
use crate::task::{Glance, MonTask, ReadError, ResultFile, TaskContext, TaskInfo};
use crate::vocab::{Group, Processing, Run};

/// A longer task file is refused, in bytes.
pub const LARGEST_TASK_FILE_BYTES: usize = 1 << 20;

/// The name of the one table in a declared task's summaries.
const TABLE: &str = "rows";

/// A monitor task as a task file declares it. Its results are text files of rows and columns.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclaredTask {
    info: TaskInfo,
    layout: Layout,
    /// What each of `info.items` shows, in the same order.
    plots: Vec<Plot>,
    file_name: String,
    name_line: usize,
}

/// A task file that can't be used. The message says what, what there is instead, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("task file refused: {what}: {path}:{line}")]
pub struct DeclaredError {
    /// What is wrong, with what there is instead.
    pub what: String,
    /// The file's name as given to [`DeclaredTask::parse`].
    pub path: String,
    /// The line, from 1.
    pub line: usize,
}

/// How a result file is laid out.
#[derive(Debug, Clone, PartialEq)]
struct Layout {
    columns: Vec<ColumnPlan>,
    separator: Separator,
    /// What a line that is to be left out begins with; empty for none.
    comment: String,
    /// Whether the first row holds the columns' names.
    header: bool,
    /// The column that holds time stamps.
    stamp: Option<usize>,
    /// Columns that hold errors, which can't be below 0.
    errors: Vec<usize>,
}

/// A column as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ColumnPlan {
    name: String,
    unit: String,
}

/// What stands between two columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
enum Separator {
    /// One or more blanks or tabs.
    #[default]
    #[serde(rename = "blank")]
    Blank,
    /// One comma, with or without blanks around it.
    #[serde(rename = ",")]
    Comma,
}

/// What an item shows; columns by their index in [`Layout::columns`].
#[derive(Debug, Clone, PartialEq, Eq)]
struct Plot {
    kind: PlotKind,
    /// At least one, all of one unit.
    y: Vec<usize>,
    /// Errors of the one `y`.
    error: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PlotKind {
    /// The rows of the newest file, against this column.
    Latest(usize),
    /// One value per file, against time.
    Trend(PerFile),
}

/// The one value of a file in a trend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum PerFile {
    /// That of the last row, also when there is none in it.
    #[default]
    Last,
    /// The plain mean of all rows that hold a number.
    Mean,
}

impl DeclaredTask {
    /// Reads a task file's text; `file_name` is for messages.
    ///
    /// # Errors
    /// When it is too long, is no TOML, has an unknown or missing key, or contradicts itself (a column that does not exist, two
    /// items of one name, units that can't share an axis); with the line and what there is instead.
    pub fn parse(text: &str, file_name: &str) -> Result<Self, DeclaredError> {
        written::parse(text, file_name)
    }

    /// The task file's name, as given to [`DeclaredTask::parse`].
    #[must_use]
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// The refusal of this task because its name is taken, pointing to the line of the name.
    #[must_use]
    pub fn name_taken(&self, by: &str) -> DeclaredError {
        let what = format!("the name '{}' is taken by {by}, expected a name of its own", self.info.name);
        DeclaredError { what, path: self.file_name.clone(), line: self.name_line }
    }

    /// First and last stamp of the rows, from the stamp column.
    fn stamps(&self, table: &Table) -> Option<[jiff::Timestamp; 2]> {
        let column = table.columns.get(self.layout.stamp?)?;
        let mut stamps = column.values.iter().filter_map(|measured| rows::stamp(measured.value()?));
        let first = stamps.next()?;
        Some([first, stamps.next_back().unwrap_or(first)])
    }
}

impl MonTask for DeclaredTask {
    fn info(&self) -> &TaskInfo {
        &self.info
    }

    fn read(&self, input: &ResultFile<'_>, context: &TaskContext<'_>) -> Result<Summary, ReadError> {
        let table = rows::read(&self.layout, input.bytes)?;
        let mut summary = Summary::of_file(input.name);
        summary.provenance.detector.clone_from(&context.detector.name);
        name_data(&mut summary, input.name);
        if let Some([first, last]) = self.stamps(&table) {
            (summary.data_start, summary.data_end) = (Some(first), Some(last));
        }
        match input.sidecar.map(Sidecar::parse) {
            None => {}
            Some(Ok(sidecar)) => add_sidecar(&mut summary, sidecar),
            Some(Err(FormatError::Incomplete(why))) => return Err(ReadError::Incomplete(why)),
            // Other programs write a .json too: the rows are as good without it, and the reader is told.
            Some(Err(error)) => summary.provenance.remarks.push(format!("without the .json: {error}")),
        }
        summary.tables.push(table);
        Ok(summary)
    }

    fn draw(&self, item: &str, history: &[&Summary], _context: &TaskContext<'_>) -> Figure {
        plots::draw(self, item, history)
    }

    fn glance(&self, item: &str, history: &[&Summary], _context: &TaskContext<'_>) -> Glance {
        plots::glance(self, item, history)
    }
}

/// Takes run, processing and group from a name like `slow/run1-p1-g0.csv` or `slow/run1.csv`.
fn name_data(summary: &mut Summary, file: &str) {
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
    if words.len() == 1 || whole {
        summary.run = run.map(Run);
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

/// A number with an error where one is known: the error of a column without an error column is not 0 but unknown, NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Value {
    value: f64,
    error: f64,
}

impl Value {
    /// As a reading; an unknown error is 0 there.
    fn measured(self) -> Measured {
        Measured::number(self.value, if self.error.is_nan() { 0.0 } else { self.error })
    }
}

#[cfg(test)]
mod tests;
