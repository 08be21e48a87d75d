//! A result in plain words: which data it is of, where it came from, and its numbers in named columns with units.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::figure::Figure;
use crate::vocab::{FileId, Group, Processing, Run};

/// One measured number, or why there is none. A missing number is never zero.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Measured {
    /// A value with its error of one standard deviation, both in the column's unit.
    Number {
        /// The value.
        value: f64,
        /// Its error, at least 0.
        error: f64,
    },
    /// Nothing was there to measure: no hits, no tracks.
    #[default]
    NoData,
    /// There were data, and they do not allow a number: too few entries, a fit that did not converge, no attenuation seen.
    NotMeasured,
}

/// A named column of a [`Table`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its name, with the unit at its end: `lifetime_us`.
    pub name: String,
    /// Its unit as written on plots: `us`; empty for none.
    pub unit: String,
    /// One entry a row.
    pub values: Vec<Measured>,
}

/// Columns of equal length.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Its name in the summary: `lifetime`, `lems`.
    pub name: String,
    /// The columns, all of one length.
    pub columns: Vec<Column>,
}

/// What a monitor task read from one result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The run measured; none for a file that does not say.
    pub run: Option<Run>,
    /// The pass over the run.
    pub processing: Option<Processing>,
    /// The lane of that processing, where the result says it: `EXPRESS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
    /// The group of files inside the run.
    pub group: Option<Group>,
    /// When the first of the data was taken.
    pub data_start: Option<Timestamp>,
    /// When the last of the data was taken.
    pub data_end: Option<Timestamp>,
    /// When the result was made.
    pub processed_at: Option<Timestamp>,
    /// Where it came from.
    pub provenance: Provenance,
    /// The numbers.
    pub tables: Vec<Table>,
    /// What the result holds drawn already, by the name of the item that shows it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<String, Figure>,
}

/// Where a result came from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Provenance {
    /// The result file, as named to the task.
    pub file: String,
    /// The raw files whose events went in.
    pub members: Vec<FileId>,
    /// The detector file's name.
    pub detector: String,
    /// Program and version.
    pub software: String,
    /// Things a reader of the result should know: "errors as the old program wrote them".
    pub remarks: Vec<String>,
}

impl Measured {
    /// A value with its error.
    #[must_use]
    pub fn number(value: f64, error: f64) -> Self {
        Measured::Number { value, error }
    }

    /// The value, if there is one.
    #[must_use]
    pub fn value(self) -> Option<f64> {
        match self {
            Measured::Number { value, .. } => Some(value),
            Measured::NoData | Measured::NotMeasured => None,
        }
    }

    /// Value and error, if there are any.
    #[must_use]
    pub fn value_and_error(self) -> Option<(f64, f64)> {
        match self {
            Measured::Number { value, error } => Some((value, error)),
            Measured::NoData | Measured::NotMeasured => None,
        }
    }

    /// Value and error times a factor: a change of unit.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        match self {
            Measured::Number { value, error } => Measured::Number { value: value * factor, error: error * factor.abs() },
            other => other,
        }
    }

    /// The mean of what was measured, all weighing the same; its error is that of independent values. With no number among
    /// them: not measured when any of them is that, else no data.
    #[must_use]
    pub fn mean(values: impl IntoIterator<Item = Measured>) -> Self {
        let (mut sum, mut variance, mut count, mut missing) = (0.0, 0.0, 0.0, Measured::NoData);
        for measured in values {
            match measured {
                Measured::Number { value, error } => {
                    sum += value;
                    variance += error * error;
                    count += 1.0;
                }
                Measured::NotMeasured => missing = Measured::NotMeasured,
                Measured::NoData => {}
            }
        }
        if count > 0.0 { Measured::Number { value: sum / count, error: f64::sqrt(variance) / count } } else { missing }
    }

    /// For people: `2.94 ± 0.08 ms`, rounded as the Particle Data Group rounds (the error to 2 digits up to 354 of its first
    /// three, else to 1), `NO DATA` or `not measured`.
    #[must_use]
    pub fn words(self, unit: &str) -> String {
        let (value, error) = match self {
            Measured::NoData => return "NO DATA".into(),
            Measured::NotMeasured => return "not measured".into(),
            Measured::Number { value, error } => (value, error),
        };
        let number = if error > 0.0 && error.is_finite() {
            let decimals = error_decimals(error);
            format!("{value:.decimals$} ± {error:.decimals$}")
        } else {
            let magnitude = if value == 0.0 { 0 } else { value.abs().log10().floor().clamp(-6.0, 6.0) as i32 };
            format!("{value:.*}", (3 - magnitude).clamp(0, 6) as usize)
        };
        if unit.is_empty() { number } else { format!("{number} {unit}") }
    }
}

/// How many decimals an error is rounded to.
fn error_decimals(error: f64) -> usize {
    let exponent = error.log10().floor().clamp(-12.0, 12.0);
    let three_digits = (error / 10_f64.powf(exponent - 2.0)).round();
    let decimals = if three_digits <= 354.0 { 1.0 - exponent } else { -exponent };
    decimals.clamp(0.0, 9.0) as usize
}

impl Summary {
    /// A summary of nothing yet, from one file.
    #[must_use]
    pub fn of_file(file: impl Into<String>) -> Self {
        Summary {
            run: None,
            processing: None,
            lane: None,
            group: None,
            data_start: None,
            data_end: None,
            processed_at: None,
            provenance: Provenance { file: file.into(), ..Provenance::default() },
            tables: Vec::new(),
            figures: BTreeMap::new(),
        }
    }

    /// The table of that name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// The best stamp there is for a trend: when data taking began, else when the result was made.
    #[must_use]
    pub fn stamp(&self) -> Option<Timestamp> {
        self.data_start.or(self.processed_at)
    }

    /// How many entries it was made from, where it says so: hits, of all views together, or else tracks.
    #[must_use]
    pub fn entries(&self) -> Option<f64> {
        ["entries", "tracks"].into_iter().find_map(|name| {
            let of_name = |column: &&Column| column.name.starts_with(name);
            let table = self.tables.iter().find(|table| table.columns.iter().any(|column| of_name(&column)))?;
            let values = table.columns.iter().filter(of_name).flat_map(|column| &column.values);
            values.filter_map(|value| value.value()).reduce(|sum, value| sum + value)
        })
    }

    /// `run1-p1-g0`, or the file's name where the run is not known.
    #[must_use]
    pub fn name(&self) -> String {
        match (self.run, self.processing, self.group) {
            (Some(run), Some(processing), Some(group)) => format!("{run}-p{}-g{}", processing.0, group.0),
            (Some(run), ..) => run.to_string(),
            _ => self.provenance.file.clone(),
        }
    }
}

impl Column {
    /// A column.
    #[must_use]
    pub fn new(name: impl Into<String>, unit: impl Into<String>, values: Vec<Measured>) -> Self {
        Column { name: name.into(), unit: unit.into(), values }
    }
}

impl Table {
    /// One entry; no data for a column or a row that is not there.
    #[must_use]
    pub fn get(&self, column: &str, row: usize) -> Measured {
        self.column(column).and_then(|column| column.values.get(row).copied()).unwrap_or_default()
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }

    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_by_their_errors() {
        for (value, error, words) in [
            (2.9401, 0.0812, "2.94 ± 0.08 ms"),
            (0.827, 0.119, "0.83 ± 0.12 ms"),
            (0.827, 0.367, "0.8 ± 0.4 ms"),
            (2940.4, 81.0, "2940 ± 81 ms"),
            (14.321, 0.0961, "14.32 ± 0.10 ms"),
            (60.0, 0.0, "60.00 ms"),
        ] {
            assert_eq!(Measured::number(value, error).words("ms"), words);
        }
        assert_eq!(Measured::number(3.0, 0.05).words(""), "3.00 ± 0.05");
        assert_eq!((Measured::NoData.words("ms"), Measured::NotMeasured.words("ms")), ("NO DATA".into(), "not measured".into()));
    }

    #[test]
    fn a_mean_is_of_what_was_measured() {
        let mean = Measured::mean([Measured::number(2.0, 0.3), Measured::NoData, Measured::number(4.0, 0.4)]);
        assert_eq!(mean, Measured::number(3.0, 0.25));
        assert_eq!(Measured::mean([Measured::NoData, Measured::NotMeasured]), Measured::NotMeasured);
        assert_eq!(Measured::mean([]), Measured::NoData);
    }

    #[test]
    fn no_number_is_too_odd_for_words() {
        for value in [0.0, -0.0, 1e300, -1e-300, f64::NAN, f64::INFINITY] {
            for error in [0.0, 1e-300, 1e300, f64::NAN, f64::INFINITY, -1.0] {
                assert!(!Measured::number(value, error).words("ms").is_empty());
            }
        }
    }
}
