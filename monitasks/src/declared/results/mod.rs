//! The bytes of a result into columns, a file per format. What all formats share stands here: what a cell may hold, how much a
//! result may hold.

mod csv;
mod json;
mod root;
mod row_walk;
mod text;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::plan::{Plan, TABLE, seconds, stamp};
use crate::format::{FormatError, quoted};
use crate::summary::{Column, Measured, Summary, Table};

pub use row_walk::{RowWalk, Walked, stamp_of};

#[cfg(test)]
pub(super) use json::LARGEST_JSON_BYTES;

/// Most rows of one result: a day at one row a second is 86400.
pub(crate) const MOST_ROWS: usize = 100_000;

/// Most rows times columns of one result: every result stays in memory.
pub(crate) const MOST_CELLS: usize = 1_000_000;

/// What a result is written in.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Layout {
    /// Rows and columns between blanks or commas.
    Text(TextLayout),
    /// Rows under a header of names, cells quoted where need be.
    Csv {
        /// What a line that is to be left out begins with; empty for none.
        comment: String,
    },
    /// An object or a list of objects.
    Json,
    /// Trees, histograms and graphs.
    Root,
}

/// How a text of rows is laid out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TextLayout {
    pub(super) separator: Separator,
    /// What a line that is to be left out begins with; empty for none.
    pub(super) comment: String,
    /// Whether the first row holds the columns' names.
    pub(super) header: bool,
}

/// What stands between two columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
pub(super) enum Separator {
    /// One or more blanks or tabs.
    #[default]
    #[serde(rename = "blank")]
    Blank,
    /// One comma, with or without blanks around it.
    #[serde(rename = ",")]
    Comma,
}

/// Reads a result into its summary: the columns, and what it holds drawn.
///
/// # Errors
/// [`FormatError::Incomplete`] when it looks half written, else what is wrong and where.
pub(super) fn read(plan: &Plan, layout: &Layout, bytes: &[u8], summary: &mut Summary) -> Result<(), FormatError> {
    let table = match layout {
        Layout::Text(layout) => text::read(plan, layout, bytes)?,
        Layout::Csv { comment } => csv::read(plan, comment, bytes)?,
        Layout::Json => json::read(plan, bytes)?,
        Layout::Root => root::read(plan, bytes, summary)?,
    };
    summary.tables.insert(0, table);
    Ok(())
}

/// Most rows of so many columns.
fn most_rows(columns: usize) -> usize {
    MOST_ROWS.min(MOST_CELLS / columns.max(1))
}

/// Columns of one length as a table. A column of one value has it in every row.
///
/// # Errors
/// When the others differ in length, or are too long.
pub(crate) fn table(plan: &Plan, columns: Vec<Vec<Measured>>) -> Result<Table, String> {
    let rows = columns.iter().map(Vec::len).find(|rows| *rows != 1).unwrap_or(1);
    for (column, values) in plan.columns.iter().zip(&columns) {
        if values.len() != 1 && values.len() != rows {
            let other = plan.columns.iter().zip(&columns).find(|(_, values)| values.len() == rows);
            let other = other.map_or("another", |(column, _)| column.name.as_str());
            return Err(format!(
                "{} values of '{}' and {rows} of '{other}', expected as many of each, or one",
                values.len(),
                column.name
            ));
        }
    }
    let most = most_rows(columns.len());
    if rows > most {
        return Err(format!("{rows} rows of {} columns, expected at most {most}", columns.len()));
    }
    let repeated = |values: Vec<Measured>| if values.len() == rows { values } else { values.repeat(rows) };
    let columns = plan.columns.iter().zip(columns);
    let columns =
        columns.map(|(column, values)| Column::new(column.name.clone(), column.unit.clone(), repeated(values))).collect();
    Ok(Table { name: TABLE.into(), columns })
}

/// What the cells of each column may hold.
pub(crate) struct Cells<'a> {
    plan: &'a Plan,
    /// Columns that hold errors, which can't be below 0.
    errors: Vec<usize>,
}

const STAMP: &str = "a UTC time such as 2017-08-01T12:00:00Z, or seconds since 1970";

impl<'a> Cells<'a> {
    pub(crate) fn of(plan: &'a Plan) -> Self {
        Cells { plan, errors: plan.plots.iter().filter_map(|plot| plot.error).collect() }
    }

    /// A cell of text. Stamps become seconds since 1970; one that is empty, `-` or `nan` is no data.
    fn measured(&self, line: usize, index: usize, cell: &str) -> Result<Measured, FormatError> {
        if cell.is_empty() || cell == "-" {
            return Ok(Measured::NoData);
        }
        let is_stamp = self.plan.stamp == Some(index);
        let refused = |expected: &str| {
            FormatError::at(line, format!("{} in column {}, expected {expected}", quoted(cell), quoted(self.name(index))))
        };
        let value = match cell.parse::<f64>() {
            Ok(number) if number.is_nan() => return Ok(Measured::NoData),
            Ok(number) => number,
            Err(_) if is_stamp => date_and_time(cell).ok_or_else(|| refused(STAMP))?,
            Err(_) => return Err(refused("a number, or nothing, '-' or 'nan' for no data")),
        };
        self.number(index, value).map_err(|expected| refused(&expected))
    }

    /// A number of a column, or what was expected in its place.
    pub(crate) fn number(&self, index: usize, value: f64) -> Result<Measured, String> {
        if value.is_nan() {
            return Ok(Measured::NoData);
        }
        if !value.is_finite() {
            return Err("a finite number".into());
        }
        if self.plan.stamp == Some(index) && stamp(value).is_none() {
            return Err(STAMP.into());
        }
        if value < 0.0 && self.errors.contains(&index) {
            return Err("an error of 0 or more".into());
        }
        Ok(Measured::number(value, 0.0))
    }

    fn name(&self, index: usize) -> &str {
        self.plan.columns.get(index).map_or("", |column| column.name.as_str())
    }
}

/// An ISO date and time as seconds since 1970; one that names no zone is UTC.
pub(crate) fn date_and_time(text: &str) -> Option<f64> {
    let with_zone = text.parse::<Timestamp>().ok();
    let stamp = with_zone.or_else(|| TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok());
    stamp.map(seconds)
}

#[cfg(test)]
mod tests;
