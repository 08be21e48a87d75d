//! Result files of rows and columns between blanks or commas, in the order that a task file lays out.

use super::super::plan::{ColumnPlan, Plan, TABLE};
use super::{Cells, Separator, TextLayout, most_rows};
use crate::format::{FormatError, Line, lines, quoted};
use crate::summary::{Column, Table};

/// Reads a result. Stamps become seconds since 1970; a cell that is empty, `-` or `nan` is no data.
///
/// # Errors
/// [`FormatError::Incomplete`] for an empty file and for a last line with no line feed; [`FormatError::Malformed`] for a row
/// with too few or too many columns, a cell that is no number, a header with other names, and for too many rows.
pub(super) fn read(plan: &Plan, layout: &TextLayout, bytes: &[u8]) -> Result<Table, FormatError> {
    match bytes.last() {
        None => return Err(FormatError::Incomplete("nothing in it yet".into())),
        Some(b'\n') => {}
        Some(_) => return Err(FormatError::Incomplete("the last line is not ended by a line feed".into())),
    }
    let empty = |column: &ColumnPlan| Column::new(column.name.clone(), column.unit.clone(), Vec::new());
    let mut columns: Vec<Column> = plan.columns.iter().map(empty).collect();
    let (most_rows, cells_of) = (most_rows(columns.len()), Cells::of(plan));
    let mut header_due = layout.header;
    let mut rows = 0;
    for line in lines(bytes)? {
        if !layout.comment.is_empty() && line.text.starts_with(&layout.comment) {
            continue;
        }
        let cells = cells(plan, layout, &line)?;
        if header_due {
            check_header(plan, &line, &cells)?;
            header_due = false;
            continue;
        }
        if rows == most_rows {
            let what = format!("more than {most_rows} rows of {} columns, expected at most that", columns.len());
            return Err(FormatError::at(line.number, what));
        }
        for (index, (column, cell)) in columns.iter_mut().zip(&cells).enumerate() {
            column.values.push(cells_of.measured(line.number, index, cell)?);
        }
        rows += 1;
    }
    Ok(Table { name: TABLE.into(), columns })
}

fn cells<'a>(plan: &Plan, layout: &TextLayout, line: &Line<'a>) -> Result<Vec<&'a str>, FormatError> {
    let cells: Vec<&str> = match layout.separator {
        Separator::Blank => line.text.split_whitespace().collect(),
        Separator::Comma => line.text.split(',').map(str::trim).collect(),
    };
    if cells.len() == plan.columns.len() {
        return Ok(cells);
    }
    let names: Vec<&str> = plan.columns.iter().map(|column| column.name.as_str()).collect();
    let what =
        format!("{} has {} columns, expected {} ({})", quoted(line.text), cells.len(), names.len(), quoted(&names.join(", ")));
    Err(FormatError::at(line.number, what))
}

fn check_header(plan: &Plan, line: &Line<'_>, cells: &[&str]) -> Result<(), FormatError> {
    match plan.columns.iter().zip(cells).find(|(column, cell)| column.name != **cell) {
        None => Ok(()),
        Some((column, cell)) => {
            let what = format!("column {} in the header, expected {}", quoted(cell), quoted(&column.name));
            Err(FormatError::at(line.number, what))
        }
    }
}
