//! Rows of a result one at a time, for whoever wants their stamps: a file that is damaged in the middle tells all its other rows,
//! and one of any length needs the memory of a line.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::super::plan::{Plan, stamp};
use super::{Cells, Layout, STAMP, Separator, csv};
use crate::format::{FormatError, quoted};

/// A walk over the rows of results of one layout; see [`RowWalk::line`].
#[derive(Debug, Clone)]
pub struct RowWalk {
    /// The task whose rows these are; none for rows of which the stamp alone is read.
    plan: Option<Plan>,
    separator: Cut,
    comment: String,
    has_header: bool,
    /// How a row of this file is laid out; none before its header.
    row: Option<Row>,
    /// Of a header that can't be used: why.
    refused: bool,
}

/// What a line of a result is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Walked {
    /// Blank, a comment, a header.
    NoRow,
    /// A row with its stamp.
    Row(Timestamp),
    /// Something that can't stand there, in words with the line's number.
    Wrong(String),
}

/// What stands between two cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Blanks,
    Commas,
    /// Commas, with cells in quotes.
    Quotes,
}

/// The layout of one file's rows.
#[derive(Debug, Clone)]
struct Row {
    cells: usize,
    /// Where the stamp stands.
    stamp: usize,
    /// Where each of the task's columns stands.
    places: Vec<usize>,
}

impl RowWalk {
    /// Rows as a task's plan and layout have them; none for a task without a column of stamps or without rows of text.
    pub(in crate::declared) fn of(plan: &Plan, layout: &Layout) -> Option<Self> {
        let place = plan.stamp?;
        let (separator, comment, has_header) = match layout {
            Layout::Text(text) if text.separator == Separator::Blank => (Cut::Blanks, text.comment.clone(), text.header),
            Layout::Text(text) => (Cut::Commas, text.comment.clone(), text.header),
            Layout::Csv { comment } => (Cut::Quotes, comment.clone(), true),
            Layout::Json | Layout::Root => return None,
        };
        let in_order = Row { cells: plan.columns.len(), stamp: place, places: (0..plan.columns.len()).collect() };
        let row = (!has_header).then_some(in_order);
        Some(RowWalk { plan: Some(plan.clone()), separator, comment, has_header, row, refused: false })
    }

    /// Rows of any CSV whose header names a column of stamps: `stamp_utc`, or one that has `stamp` or `time` in its name. Lines that
    /// begin with `#` are comments. The other cells are not looked at.
    #[must_use]
    pub fn of_any_csv() -> Self {
        RowWalk { plan: None, separator: Cut::Quotes, comment: "#".into(), has_header: true, row: None, refused: false }
    }

    /// Whether the header can't be used: there is nothing more to read in this file.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.refused
    }

    /// Takes the next line, counted from 1, with its line feed.
    pub fn line(&mut self, number: usize, text: &str) -> Walked {
        let text = if number == 1 { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text };
        let trimmed = text.trim();
        if trimmed.is_empty() || (!self.comment.is_empty() && trimmed.starts_with(&self.comment)) {
            return Walked::NoRow;
        }
        if !text.ends_with('\n') {
            return Walked::Wrong(format!(
                "line {number} {} is not ended by a line feed: cut, or still being written",
                quoted(text)
            ));
        }
        match self.row_of(number, text) {
            Ok(None) => Walked::NoRow,
            Ok(Some(stamp)) => Walked::Row(stamp),
            Err(error) => Walked::Wrong(error.to_string()),
        }
    }

    fn row_of(&mut self, number: usize, text: &str) -> Result<Option<Timestamp>, FormatError> {
        let cells: Vec<String> = match self.separator {
            Cut::Blanks => text.split_whitespace().map(str::to_owned).collect(),
            Cut::Commas => text.trim().split(',').map(|cell| cell.trim().to_owned()).collect(),
            Cut::Quotes => csv::one_row(number, text)?,
        };
        let Some(row) = &self.row else {
            self.refused = true;
            self.row = Some(self.header(number, &cells)?);
            self.refused = false;
            return Ok(None);
        };
        if cells.len() != row.cells {
            let than = if self.has_header { " as in the header" } else { "" };
            return Err(FormatError::at(number, format!("{} cells, expected {}{than}", cells.len(), row.cells)));
        }
        let cell = |place: usize| cells.get(place).map_or("", |cell| cell.trim());
        if let Some(plan) = &self.plan {
            let checked = Cells::of(plan);
            for (index, place) in row.places.iter().enumerate() {
                checked.measured(number, index, cell(*place))?;
            }
        }
        let refused =
            || FormatError::at(number, format!("{} in the column of stamps, expected {STAMP}", quoted(cell(row.stamp))));
        stamp_of(cell(row.stamp)).map(Some).ok_or_else(refused)
    }

    /// The layout that a header tells.
    fn header(&self, number: usize, cells: &[String]) -> Result<Row, FormatError> {
        let names: Vec<&str> = cells.iter().map(|cell| cell.trim()).collect();
        if let Some(plan) = &self.plan {
            let places = match self.separator {
                Cut::Quotes => csv::places(plan, number, cells)?,
                Cut::Blanks | Cut::Commas => in_order(plan, number, &names)?,
            };
            let stamp = plan.stamp.and_then(|index| places.get(index)).copied().unwrap_or(0);
            return Ok(Row { cells: cells.len(), stamp, places });
        }
        let of_name = |has: &dyn Fn(&str) -> bool| names.iter().position(|name| has(&name.to_lowercase()));
        let named =
            of_name(&|name| name == "stamp_utc").or_else(|| of_name(&|name| name.contains("stamp") || name.contains("time")));
        let none = || {
            let there = quoted(&names.join(", "));
            FormatError::at(number, format!("no column of stamps, such as 'stamp_utc', in the header; there are {there}"))
        };
        Ok(Row { cells: cells.len(), stamp: named.ok_or_else(none)?, places: Vec::new() })
    }
}

/// The columns of a text with a header, which has them in the task's order.
fn in_order(plan: &Plan, number: usize, names: &[&str]) -> Result<Vec<usize>, FormatError> {
    if names.len() == plan.columns.len() && plan.columns.iter().zip(names).all(|(column, name)| column.name == *name) {
        return Ok((0..names.len()).collect());
    }
    let expected: Vec<&str> = plan.columns.iter().map(|column| column.name.as_str()).collect();
    let what = format!("{} in the header, expected {}", quoted(&names.join(", ")), quoted(&expected.join(", ")));
    Err(FormatError::at(number, what))
}

/// A stamp as results have them, to the nanosecond: an ISO date and time, UTC where it names no zone, or seconds since 1970.
#[must_use]
pub fn stamp_of(cell: &str) -> Option<Timestamp> {
    if let Ok(stamp) = cell.parse::<Timestamp>() {
        return Some(stamp);
    }
    if let Some(stamp) = cell.parse::<DateTime>().ok().and_then(|civil| TimeZone::UTC.to_timestamp(civil).ok()) {
        return Some(stamp);
    }
    exact_seconds(cell).or_else(|| stamp(cell.parse::<f64>().ok().filter(|seconds| seconds.is_finite())?))
}

/// Decimal seconds: double precision would lose what stands behind the microseconds.
fn exact_seconds(cell: &str) -> Option<Timestamp> {
    let (whole, fraction) = cell.split_once('.').unwrap_or((cell, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !are_digits(whole) || !are_digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let nanoseconds: i32 = format!("{fraction:0<9}").parse().ok()?;
    Timestamp::new(whole.parse().ok()?, nanoseconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Walked {
        Walked::Row(text.parse().unwrap())
    }

    #[test]
    fn a_row_that_is_wrong_does_not_hide_the_next() {
        let mut walk = RowWalk::of_any_csv();
        let lines =
            ["# made by hand\n", "Time,T_K\n", "2017-08-01T12:00:00Z,87.1\n", "yesterday,87\n", "1501588860.25,1\n", "1,2"];
        let walked: Vec<Walked> = (1..).zip(lines).map(|(number, line)| walk.line(number, line)).collect();
        assert_eq!(walked[..3], [Walked::NoRow, Walked::NoRow, at("2017-08-01T12:00:00Z")]);
        assert_eq!(walked[4], at("2017-08-01T12:01:00.25Z"));
        let words = |walked: &Walked| if let Walked::Wrong(words) = walked { words.clone() } else { panic!("{walked:?}") };
        assert!(words(&walked[3]).starts_with("line 4: \"yesterday\""), "{walked:?}");
        assert!(words(&walked[5]).contains("line 6") && words(&walked[5]).contains("cut"), "{walked:?}");
        assert!(!walk.is_refused());
    }

    #[test]
    fn a_header_without_stamps_is_refused_with_what_there_is() {
        let mut walk = RowWalk::of_any_csv();
        let Walked::Wrong(words) = walk.line(1, "run,gain\n") else { panic!("taken") };
        assert!(words.contains("stamp_utc") && words.contains("run, gain"), "{words}");
        assert!(walk.is_refused());
    }

    #[test]
    fn stamps_keep_their_nanoseconds() {
        for text in ["2017-08-01T12:00:00.123456789Z", "1501588800.123456789", "2017-08-01 12:00:00.123456789"] {
            assert_eq!(stamp_of(text).unwrap().as_nanosecond(), 1_501_588_800_123_456_789, "{text}");
        }
        assert_eq!(stamp_of("-1.5").unwrap().as_nanosecond(), -1_500_000_000);
        for text in ["", "nan", "inf", "now", "1e300"] {
            assert_eq!(stamp_of(text), None, "{text}");
        }
    }
}
