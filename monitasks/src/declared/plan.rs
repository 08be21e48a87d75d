//! What a task's results hold and what its items show: the same of a task file and of what a program says of itself.

use crate::figure::Figure;
use crate::summary::{Measured, Summary};
use crate::task::{Glance, ItemInfo, TaskInfo};

/// The name of the one table in the summaries of a declared task and of a program.
pub(crate) const TABLE: &str = "rows";

/// A task without its results' format.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    pub(crate) info: TaskInfo,
    pub(crate) columns: Vec<ColumnPlan>,
    /// The column that holds time stamps.
    pub(crate) stamp: Option<usize>,
    /// What each of `info.items` shows, in the same order.
    pub(crate) plots: Vec<Plot>,
}

/// A column as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnPlan {
    pub(crate) name: String,
    pub(crate) unit: String,
    /// Where it stands in a result: a header's name, a path in JSON, a branch or an object of a ROOT file. The name when empty.
    pub(crate) path: String,
    /// The one number of a ROOT histogram that it is.
    pub(crate) of: Option<NumberOf>,
}

/// A number of a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NumberOf {
    /// Mean along x of what was filled.
    Mean,
    /// Its spread along x.
    Spread,
    /// Number of fills.
    Entries,
    /// Sum of the bins inside the range.
    Integral,
}

/// What an item shows; columns by their index in [`Plan::columns`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plot {
    pub(crate) shows: Shows,
    /// All of one unit; none for what is drawn already.
    pub(crate) y: Vec<usize>,
    /// Errors of the one `y`.
    pub(crate) error: Option<usize>,
}

/// What is drawn of which results.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shows {
    /// The rows of the newest file, against this column.
    Rows(usize, Marks),
    /// The values of the newest file, counted in bins.
    Histogram(Bins),
    /// The rows of the newest file as cells: x, and the column that gives the colour; `y` has the one for y.
    Map([usize; 2]),
    /// One value per file.
    Trend(PerFile, Against),
    /// What the newest file holds ready: an object of a ROOT file.
    Object(String),
    /// What a program has drawn of its newest result.
    Figure,
}

/// How rows are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marks {
    Points,
    Line,
    /// Each row a bin, x its lower edge.
    Steps,
}

/// Bins of a histogram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bins {
    pub(crate) count: usize,
    /// Lowest and highest; none to fit the values.
    pub(crate) range: Option<[f64; 2]>,
}

/// The one value of a file in a trend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PerFile {
    /// That of the last row, also when there is none in it.
    #[default]
    Last,
    /// The plain mean of all rows that hold a number.
    Mean,
}

/// What a trend is plotted against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Against {
    /// The files' stamps.
    #[default]
    Time,
    /// The files' runs.
    Run,
    /// The files' sequences, in the newest run.
    Sequence,
}

impl Plan {
    /// See [`crate::task::MonTask::draw`].
    pub(crate) fn draw(&self, item: &str, history: &[&Summary]) -> Figure {
        super::plots::draw(self, item, history)
    }

    /// See [`crate::task::MonTask::glance`].
    pub(crate) fn glance(&self, item: &str, history: &[&Summary]) -> Glance {
        super::plots::glance(self, item, history)
    }

    /// An item with what it shows.
    pub(super) fn planned(&self, item: &str) -> Option<(&ItemInfo, &Plot)> {
        self.info.items.iter().zip(&self.plots).find(|(info, _)| info.name == item)
    }

    /// Where an item's figure or object stands in a result that holds it ready, each with its item's name.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (&str, &str)> {
        self.info.items.iter().zip(&self.plots).filter_map(|(info, plot)| match &plot.shows {
            Shows::Object(path) => Some((info.name.as_str(), path.as_str())),
            _ => None,
        })
    }

    /// First and last stamp of a result, from the stamp column.
    pub(crate) fn stamps(&self, summary: &Summary) -> Option<[jiff::Timestamp; 2]> {
        let column = self.column(summary, self.stamp?)?;
        let mut stamps = column.values.iter().filter_map(|measured| stamp(measured.value()?));
        let first = stamps.next()?;
        Some([first, stamps.next_back().unwrap_or(first)])
    }

    /// A declared column of a summary, by its name: the summary may be older than a change of the task.
    pub(super) fn column<'a>(&self, summary: &'a Summary, index: usize) -> Option<&'a crate::summary::Column> {
        summary.table(TABLE)?.column(&self.columns.get(index)?.name)
    }
}

impl ColumnPlan {
    /// Where it stands in a result.
    pub(super) fn path(&self) -> &str {
        if self.path.is_empty() { &self.name } else { &self.path }
    }
}

/// Seconds since 1970 as a stamp; none outside of the calendar's years.
pub(crate) fn stamp(seconds: f64) -> Option<jiff::Timestamp> {
    // Outside of its range the cast gives the nearest whole number, which the calendar refuses.
    jiff::Timestamp::from_microsecond((seconds * 1e6).round() as i64).ok()
}

/// A stamp as seconds since 1970.
pub(crate) fn seconds(stamp: jiff::Timestamp) -> f64 {
    stamp.as_microsecond() as f64 / 1e6
}

/// A number with an error where one is known: the error of a column without an error column is not 0 but unknown, NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Value {
    pub(super) value: f64,
    pub(super) error: f64,
}

impl Value {
    /// As a reading; an unknown error is 0 there.
    pub(super) fn measured(self) -> Measured {
        Measured::number(self.value, if self.error.is_nan() { 0.0 } else { self.error })
    }
}
