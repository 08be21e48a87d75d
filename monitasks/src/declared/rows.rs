//! Result files of rows and columns, read as a task file lays them out.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Layout, Separator, TABLE};
use crate::format::{FormatError, Line, lines, quoted};
use crate::summary::{Column, Measured, Table};

/// Most rows of one result: a day at one row a second is 86400.
pub(super) const MOST_ROWS: usize = 100_000;

/// Most rows times columns of one result: every result stays in memory.
pub(super) const MOST_CELLS: usize = 1_000_000;

/// Reads a result. Stamps become seconds since 1970; a cell that is empty, `-` or `nan` is no data.
///
/// # Errors
/// [`FormatError::Incomplete`] for an empty file and for a last line with no line feed; [`FormatError::Malformed`] for a row
/// with too few or too many columns, a cell that is no number, a header with other names, and for too many rows.
pub(super) fn read(layout: &Layout, bytes: &[u8]) -> Result<Table, FormatError> {
    match bytes.last() {
        None => return Err(FormatError::Incomplete("nothing in it yet".into())),
        Some(b'\n') => {}
        Some(_) => return Err(FormatError::Incomplete("the last line is not ended by a line feed".into())),
    }
    let empty = |plan: &super::ColumnPlan| Column { name: plan.name.clone(), unit: plan.unit.clone(), values: Vec::new() };
    let mut columns: Vec<Column> = layout.columns.iter().map(empty).collect();
    let most_rows = MOST_ROWS.min(MOST_CELLS / columns.len().max(1));
    let mut header_due = layout.header;
    let mut rows = 0;
    for line in lines(bytes)? {
        if !layout.comment.is_empty() && line.text.starts_with(&layout.comment) {
            continue;
        }
        let cells = cells(layout, &line)?;
        if header_due {
            check_header(layout, &line, &cells)?;
            header_due = false;
            continue;
        }
        if rows == most_rows {
            let what = format!("more than {most_rows} rows of {} columns, expected at most that", columns.len());
            return Err(FormatError::at(line.number, what));
        }
        for (index, (column, cell)) in columns.iter_mut().zip(&cells).enumerate() {
            column.values.push(measured(layout, &line, index, cell)?);
        }
        rows += 1;
    }
    Ok(Table { name: TABLE.into(), columns })
}

/// Seconds since 1970 as a stamp; none outside of the calendar's years.
pub(super) fn stamp(seconds: f64) -> Option<Timestamp> {
    // Outside of its range the cast gives the nearest whole number, which the calendar refuses.
    Timestamp::from_microsecond((seconds * 1e6).round() as i64).ok()
}

/// A stamp as seconds since 1970.
pub(super) fn seconds(stamp: Timestamp) -> f64 {
    stamp.as_microsecond() as f64 / 1e6
}

fn cells<'a>(layout: &Layout, line: &Line<'a>) -> Result<Vec<&'a str>, FormatError> {
    let cells: Vec<&str> = match layout.separator {
        Separator::Blank => line.text.split_whitespace().collect(),
        Separator::Comma => line.text.split(',').map(str::trim).collect(),
    };
    if cells.len() == layout.columns.len() {
        return Ok(cells);
    }
    let names: Vec<&str> = layout.columns.iter().map(|column| column.name.as_str()).collect();
    let what =
        format!("{} has {} columns, expected {} ({})", quoted(line.text), cells.len(), names.len(), quoted(&names.join(", ")));
    Err(FormatError::at(line.number, what))
}

fn check_header(layout: &Layout, line: &Line<'_>, cells: &[&str]) -> Result<(), FormatError> {
    match layout.columns.iter().zip(cells).find(|(column, cell)| column.name != **cell) {
        None => Ok(()),
        Some((column, cell)) => {
            let what = format!("column {} in the header, expected {}", quoted(cell), quoted(&column.name));
            Err(FormatError::at(line.number, what))
        }
    }
}

fn measured(layout: &Layout, line: &Line<'_>, index: usize, cell: &str) -> Result<Measured, FormatError> {
    if cell.is_empty() || cell == "-" {
        return Ok(Measured::NoData);
    }
    let is_stamp = layout.stamp == Some(index);
    let refused = |expected: &str| {
        let name = layout.columns.get(index).map_or("", |column| column.name.as_str());
        FormatError::at(line.number, format!("{} in column {}, expected {expected}", quoted(cell), quoted(name)))
    };
    let value = match cell.parse::<f64>() {
        Ok(number) if number.is_nan() => return Ok(Measured::NoData),
        Ok(number) => number,
        Err(_) if is_stamp => date_and_time(cell).ok_or_else(|| refused(STAMP))?,
        Err(_) => return Err(refused("a number, or nothing, '-' or 'nan' for no data")),
    };
    if !value.is_finite() {
        return Err(refused("a finite number"));
    }
    if is_stamp && stamp(value).is_none() {
        return Err(refused(STAMP));
    }
    if value < 0.0 && layout.errors.contains(&index) {
        return Err(refused("an error of 0 or more"));
    }
    Ok(Measured::number(value, 0.0))
}

const STAMP: &str = "a UTC time such as 2017-08-01T12:00:00Z, or seconds since 1970";

/// An ISO date and time as seconds since 1970; one that names no zone is UTC.
fn date_and_time(text: &str) -> Option<f64> {
    let with_zone = text.parse::<Timestamp>().ok();
    let stamp = with_zone.or_else(|| TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok());
    stamp.map(seconds)
}
