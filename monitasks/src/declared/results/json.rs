//! Result files in JSON: an object, or a list of objects. A column's path leads to its numbers: keys between dots, a number for
//! one place of a list; a list on the way gives a value of each of its objects.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::plan::Plan;
use super::{Cells, STAMP, date_and_time, table};
use crate::format::{FormatError, quoted};
use crate::summary::{Measured, Table};

/// Larger results are refused: in memory a document is several times as large as on disk.
pub(crate) const LARGEST_JSON_BYTES: usize = 16 << 20;

/// Reads a result.
///
/// # Errors
/// [`FormatError::Incomplete`] when it ends before it should; else what is no JSON, and where, what a path does not lead to, what is
/// no number.
pub(super) fn read(plan: &Plan, bytes: &[u8]) -> Result<Table, FormatError> {
    if bytes.len() > LARGEST_JSON_BYTES {
        return Err(FormatError::Unknown(format!("{} bytes of JSON, expected at most {LARGEST_JSON_BYTES}", bytes.len())));
    }
    let document: Value = serde_json::from_slice(bytes).map_err(|error| {
        if error.is_eof() {
            return FormatError::Incomplete(format!("the JSON is not ended: {error}"));
        }
        FormatError::at(error.line().max(1), format!("{error}, expected JSON"))
    })?;
    if !(document.is_object() || document.is_array()) {
        return Err(FormatError::at(1, format!("{}, expected an object or a list of objects", quoted(&document.to_string()))));
    }
    let cells = Cells::of(plan);
    let mut columns = Vec::with_capacity(plan.columns.len());
    for (index, column) in plan.columns.iter().enumerate() {
        let mut walk = Walk { found: Vec::new(), missed: BTreeSet::new(), has_hit: false };
        let parts: Vec<&str> = column.path().split('.').collect();
        walk.follow(&document, &parts);
        if !walk.has_hit {
            let there: Vec<&str> = walk.missed.into_iter().take(20).collect();
            let what = format!("nothing at path '{}', there are {}", column.path(), quoted(&there.join(", ")));
            return Err(FormatError::Unknown(what));
        }
        let measured = |value: &Value| measured(&cells, plan.stamp == Some(index), index, value);
        let values: Result<Vec<Measured>, String> = walk.found.into_iter().map(measured).collect();
        columns.push(values.map_err(|what| FormatError::Unknown(format!("path '{}': {what}", column.path())))?);
    }
    table(plan, columns).map_err(FormatError::Unknown)
}

/// What a path leads to.
struct Walk<'a> {
    found: Vec<&'a Value>,
    /// Keys that were there in the place of one that was not.
    missed: BTreeSet<&'a str>,
    has_hit: bool,
}

impl<'a> Walk<'a> {
    fn follow(&mut self, value: &'a Value, path: &[&str]) {
        match (value, path) {
            (Value::Array(list), []) => {
                self.has_hit = true;
                self.found.extend(list);
            }
            (value, []) => {
                self.has_hit = true;
                self.found.push(value);
            }
            (Value::Object(object), [key, rest @ ..]) => match object.get(*key) {
                Some(value) => self.follow(value, rest),
                None => self.miss(object.keys().map(String::as_str)),
            },
            (Value::Array(list), [place, rest @ ..]) => match place.parse::<usize>() {
                Ok(place) => match list.get(place) {
                    Some(value) => self.follow(value, rest),
                    None => self.miss([]),
                },
                Err(_) => list.iter().for_each(|value| self.follow(value, path)),
            },
            (_, _) => self.miss([]),
        }
    }

    /// An object without the value: no data, as long as another has it.
    fn miss(&mut self, there: impl IntoIterator<Item = &'a str>) {
        self.missed.extend(there);
        self.found.push(&Value::Null);
    }
}

fn measured(cells: &Cells<'_>, is_stamp: bool, index: usize, value: &Value) -> Result<Measured, String> {
    let refused = |expected: &str| format!("{}, expected {expected}", quoted(&value.to_string()));
    match value {
        Value::Null => Ok(Measured::NoData),
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::INFINITY);
            cells.number(index, number).map_err(|expected| refused(&expected))
        }
        Value::String(text) if is_stamp => {
            let seconds = date_and_time(text).ok_or_else(|| refused(STAMP))?;
            cells.number(index, seconds).map_err(|expected| refused(&expected))
        }
        _ => Err(refused("a number, or null for no data")),
    }
}
