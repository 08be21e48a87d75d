//! An answer to `read` as it stands in its line: its keys, both ways.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AnswerError, ProgramResult, ResultColumn};
use crate::declared::plan::stamp;
use crate::declared::results::{MOST_CELLS, date_and_time};
use crate::figure::{Figure, Layer};
use crate::summary::Measured;

/// The keys of an answer to `read`.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AnswerKeys {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) incomplete: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) run: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sequence: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) processing: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stamp: Option<StampKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) end: Option<StampKey>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) columns: BTreeMap<String, ColumnKey>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) figures: BTreeMap<String, Figure>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) remarks: Vec<String>,
}

/// `2017-08-01T12:00:00Z`, UTC where no zone is named, or seconds since 1970.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum StampKey {
    Seconds(f64),
    Text(String),
}

/// A column: numbers with errors, a list of numbers, or one number.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum ColumnKey {
    Whole {
        values: Vec<Cell>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        errors: Vec<Option<f64>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
    },
    List(Vec<Cell>),
    One(Cell),
}

/// A number; null for no data; a text for a stamp, or "not measured".
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Cell {
    Number(f64),
    Text(String),
    Nothing(()),
}

/// What a program says where there were data and they allow no number.
const NOT_MEASURED: &str = "not measured";

impl AnswerKeys {
    pub(super) fn of(result: &ProgramResult) -> AnswerKeys {
        AnswerKeys {
            run: result.run.map(|run| run.0),
            sequence: result.sequence,
            processing: result.processing.map(|processing| processing.0),
            group: result.group.map(|group| group.0),
            stamp: result.stamp.map(|stamp| StampKey::Text(stamp.to_string())),
            end: result.end.map(|stamp| StampKey::Text(stamp.to_string())),
            columns: result.columns.iter().map(|(name, column)| (name.clone(), ColumnKey::of(column))).collect(),
            figures: result.figures.clone(),
            remarks: result.remarks.clone(),
            ..AnswerKeys::default()
        }
    }
}

impl StampKey {
    pub(super) fn stamp(self, name: &str) -> Result<Timestamp, AnswerError> {
        let found = match &self {
            StampKey::Seconds(seconds) => stamp(*seconds),
            StampKey::Text(text) => text.parse().ok().or_else(|| stamp(date_and_time(text)?)),
        };
        let words = match self {
            StampKey::Seconds(seconds) => seconds.to_string(),
            StampKey::Text(text) => format!("{text:?}"),
        };
        found.ok_or_else(|| AnswerError(format!("\"{name}\": {words}, expected a UTC time such as 2017-08-01T12:00:00Z")))
    }
}

impl ColumnKey {
    fn of(column: &ResultColumn) -> ColumnKey {
        let cell = |measured: &Measured| match measured {
            Measured::Number { value, .. } => Cell::Number(*value),
            Measured::NoData => Cell::Nothing(()),
            Measured::NotMeasured => Cell::Text(NOT_MEASURED.into()),
        };
        let error = |measured: &Measured| measured.value_and_error().map(|(_, error)| error).filter(|error| *error > 0.0);
        let mut errors: Vec<Option<f64>> = column.values.iter().map(error).collect();
        if errors.iter().all(Option::is_none) {
            errors.clear();
        }
        ColumnKey::Whole { values: column.values.iter().map(cell).collect(), errors, unit: column.unit.clone() }
    }

    pub(super) fn column(self) -> Result<ResultColumn, String> {
        let (cells, errors, unit) = match self {
            ColumnKey::Whole { values, errors, unit } => (values, errors, unit),
            ColumnKey::List(values) => (values, Vec::new(), None),
            ColumnKey::One(value) => (vec![value], Vec::new(), None),
        };
        if cells.len() > MOST_CELLS {
            return Err(format!("{} values, expected at most {MOST_CELLS}", cells.len()));
        }
        if !errors.is_empty() && errors.len() != cells.len() {
            return Err(format!("{} values and {} errors, expected as many of each", cells.len(), errors.len()));
        }
        let errors = errors.into_iter().chain(std::iter::repeat(None));
        let values: Result<Vec<Measured>, String> =
            cells.into_iter().zip(errors).map(|(cell, error)| cell.measured(error)).collect();
        Ok(ResultColumn { unit, values: values? })
    }
}

impl Cell {
    fn measured(self, error: Option<f64>) -> Result<Measured, String> {
        let error = error.unwrap_or(0.0);
        if !(error.is_finite() && error >= 0.0) {
            return Err(format!("the error {error}, expected a number of 0 or more"));
        }
        match self {
            Cell::Nothing(()) => Ok(Measured::NoData),
            Cell::Number(value) if value.is_finite() => Ok(Measured::number(value, error)),
            Cell::Number(value) => Err(format!("{value}, expected a finite number")),
            Cell::Text(text) if text == NOT_MEASURED => Ok(Measured::NotMeasured),
            Cell::Text(text) => {
                let seconds = date_and_time(&text);
                let expected = format!("{text:?}, expected a number, null, \"{NOT_MEASURED}\" or a time");
                seconds.map(|seconds| Measured::number(seconds, error)).ok_or(expected)
            }
        }
    }
}

/// A figure that a painter can draw: lists that belong together are of one length.
pub(super) fn check_figure(figure: &Figure) -> Result<(), String> {
    for layer in &figure.layers {
        match layer {
            Layer::Steps { edges, values, .. } => {
                if edges.len() != values.len() + 1 || !edges.windows(2).all(|pair| pair[0] < pair[1]) {
                    return Err(format!("{} ascending edges expected for {} values", values.len() + 1, values.len()));
                }
            }
            Layer::Map(map) => {
                let texts = map.cell_texts.len();
                if map.columns.checked_mul(map.rows) != Some(map.values.len()) || !(texts == 0 || texts == map.values.len()) {
                    let (columns, rows) = (map.columns, map.rows);
                    return Err(format!("{} values of a map of {columns} x {rows} cells", map.values.len()));
                }
            }
            Layer::Points { .. } | Layer::Line { .. } | Layer::Rule { .. } | Layer::Text { .. } => {}
        }
    }
    Ok(())
}

pub(super) fn json(line: &str) -> Result<Value, AnswerError> {
    serde_json::from_str(line).map_err(|error| {
        let hint =
            if line.contains("NaN") || line.contains("Infinity") { "; NaN is no JSON, write null for no data" } else { "" };
        let start: String = line.chars().take(60).collect();
        AnswerError(format!("{start:?} is no line of JSON: {}{hint}", words(&error)))
    })
}

/// An error in this program's quotes, on one line.
pub(super) fn words(error: &serde_json::Error) -> String {
    let words = error.to_string().replace('`', "'").replace('\n', ", ");
    for (kind, expected) in [
        ("ColumnKey", "a column is a number, a list of numbers, or {\"values\": […], \"errors\": […], \"unit\": …}"),
        ("StampKey", "a time is a text such as \"2017-08-01T12:00:00Z\", or seconds since 1970"),
    ] {
        if words.contains(kind) {
            return expected.into();
        }
    }
    words
}
