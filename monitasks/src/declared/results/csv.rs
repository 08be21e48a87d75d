//! Result files as spreadsheets and data bases write them: a header of names, then rows; cells with commas, line ends or quotes
//! stand in quotes (RFC 4180). Columns are found by their names; those that the task does not name are left out.

use super::super::plan::{Plan, TABLE};
use super::{Cells, most_rows};
use crate::format::{FormatError, quoted};
use crate::summary::{Column, Table};

/// Reads a result.
///
/// # Errors
/// [`FormatError::Incomplete`] for an empty file, one whose last line has no line feed, and one that ends inside of quotes;
/// [`FormatError::Malformed`] for a header without a column of the task, a row of another length and a cell that is no number.
pub(super) fn read(plan: &Plan, comment: &str, bytes: &[u8]) -> Result<Table, FormatError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        FormatError::at(line, format!("byte {} is no text, expected a text file", error.valid_up_to()))
    })?;
    let mut rows = Rows { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1, comment };
    let Some((header_line, header)) = rows.next_row()? else {
        return Err(FormatError::Incomplete("no header in it yet".into()));
    };
    let places = places(plan, header_line, &header)?;
    let cells = Cells::of(plan);
    let empty = |column: &super::super::plan::ColumnPlan| Column::new(column.name.clone(), column.unit.clone(), Vec::new());
    let mut columns: Vec<Column> = plan.columns.iter().map(empty).collect();
    let most_rows = most_rows(columns.len());
    let mut count = 0;
    while let Some((line, row)) = rows.next_row()? {
        if row.len() != header.len() {
            let what = format!("{} cells, expected {} as in the header", row.len(), header.len());
            return Err(FormatError::at(line, what));
        }
        if count == most_rows {
            let what = format!("more than {most_rows} rows of {} columns, expected at most that", columns.len());
            return Err(FormatError::at(line, what));
        }
        for (index, (column, place)) in columns.iter_mut().zip(&places).enumerate() {
            let cell = row.get(*place).map_or("", |cell| cell.trim());
            column.values.push(cells.measured(line, index, cell)?);
        }
        count += 1;
    }
    Ok(Table { name: TABLE.into(), columns })
}

/// The cells of a line that is a row by itself, with its line feed.
///
/// # Errors
/// When a cell's quotes are wrong, or go on in the next line.
pub(super) fn one_row(number: usize, line: &str) -> Result<Vec<String>, FormatError> {
    let mut rows = Rows { rest: line, line: number, comment: "" };
    Ok(rows.next_row()?.map(|(_, cells)| cells).unwrap_or_default())
}

/// Where each column of the task stands in a row.
pub(super) fn places(plan: &Plan, line: usize, header: &[String]) -> Result<Vec<usize>, FormatError> {
    let place = |name: &str| -> Result<usize, FormatError> {
        let mut found = (0..).zip(header).filter(|(_, cell)| cell.trim() == name).map(|(place, _)| place);
        match (found.next(), found.next()) {
            (Some(place), None) => Ok(place),
            (Some(_), Some(_)) => Err(FormatError::at(line, format!("column {} twice in the header", quoted(name)))),
            (None, _) => {
                let there: Vec<&str> = header.iter().map(|cell| cell.trim()).collect();
                let what = format!("no column {} in the header, there are {}", quoted(name), quoted(&there.join(", ")));
                Err(FormatError::at(line, what))
            }
        }
    };
    plan.columns.iter().map(|column| place(column.path())).collect()
}

/// The rows of a text that are still to come.
struct Rows<'a> {
    rest: &'a str,
    line: usize,
    comment: &'a str,
}

impl Rows<'_> {
    /// The next row that is neither blank nor a comment, with the number of its first line.
    fn next_row(&mut self) -> Result<Option<(usize, Vec<String>)>, FormatError> {
        loop {
            if self.rest.is_empty() {
                return Ok(None);
            }
            let end = self.rest.find('\n');
            let start = self.rest[..end.unwrap_or(self.rest.len())].trim();
            let is_comment = !self.comment.is_empty() && start.starts_with(self.comment);
            if !(start.is_empty() || is_comment) {
                return self.row().map(Some);
            }
            let Some(end) = end else { return Err(not_ended(self.line)) };
            self.rest = &self.rest[end + 1..];
            self.line += 1;
        }
    }

    fn row(&mut self) -> Result<(usize, Vec<String>), FormatError> {
        let first_line = self.line;
        let (mut cells, mut cell) = (Vec::new(), String::new());
        let mut letters = self.rest.char_indices().peekable();
        let (mut is_quoted, mut was_quoted) = (false, false);
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' if is_quoted && letters.peek().is_some_and(|(_, next)| *next == '"') => {
                    letters.next();
                    cell.push('"');
                }
                '"' if is_quoted => is_quoted = false,
                '"' if !was_quoted && cell.trim().is_empty() => {
                    cell.clear();
                    (is_quoted, was_quoted) = (true, true);
                }
                '"' => return Err(FormatError::at(self.line, "a quote inside of a cell, expected it doubled in quotes")),
                ',' if !is_quoted => {
                    cells.push(std::mem::take(&mut cell));
                    was_quoted = false;
                }
                '\n' if !is_quoted => {
                    cells.push(cell);
                    self.rest = &self.rest[at + 1..];
                    self.line += 1;
                    return Ok((first_line, cells));
                }
                '\n' => {
                    self.line += 1;
                    cell.push('\n');
                }
                letter if was_quoted && !is_quoted && !letter.is_whitespace() => {
                    return Err(FormatError::at(self.line, format!("{letter:?} behind a quoted cell, expected a comma")));
                }
                letter => cell.push(letter),
            }
        }
        if is_quoted {
            return Err(FormatError::Incomplete(format!("the quotes of line {first_line} are not closed")));
        }
        Err(not_ended(self.line))
    }
}

fn not_ended(line: usize) -> FormatError {
    FormatError::Incomplete(format!("line {line} is not ended by a line feed"))
}
