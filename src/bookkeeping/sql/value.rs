//! What goes into a database and comes out of it, and our types as columns.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use monitasks::vocab::{FileId, Run, Sequence};

use super::engine::SqlError;

/// A value of a column or a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// A real number.
    Real(f64),
    /// Text.
    Text(String),
}

/// A row as an engine answers it.
#[derive(Debug, Clone)]
pub struct SqlRow {
    /// The columns' names, shared by all rows of an answer.
    pub columns: Arc<[String]>,
    /// A value for each.
    pub values: Vec<Value>,
}

type Column<T> = Result<T, SqlError>;

impl SqlRow {
    fn value(&self, column: &str) -> Column<&Value> {
        let index = self.columns.iter().position(|name| name == column);
        index.and_then(|index| self.values.get(index)).ok_or_else(|| SqlError::Damaged(format!("there is no column {column}")))
    }

    /// A whole number or nothing.
    pub fn optional_int(&self, column: &str) -> Column<Option<i64>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Int(value) => Ok(Some(*value)),
            other => Err(damaged(column, &format!("{other:?} where a whole number should stand"))),
        }
    }

    /// A whole number.
    pub fn int(&self, column: &str) -> Column<i64> {
        self.optional_int(column)?.ok_or_else(|| nothing(column))
    }

    /// A whole number of a smaller type.
    pub fn number<T: TryFrom<i64>>(&self, column: &str) -> Column<T> {
        self.optional_number(column)?.ok_or_else(|| nothing(column))
    }

    /// A whole number of a smaller type or nothing.
    pub fn optional_number<T: TryFrom<i64>>(&self, column: &str) -> Column<Option<T>> {
        let read = |value: i64| T::try_from(value).map_err(|_| damaged(column, &format!("{value} is out of range")));
        self.optional_int(column)?.map(read).transpose()
    }

    /// A real number or nothing.
    pub fn optional_real(&self, column: &str) -> Column<Option<f64>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Real(value) => Ok(Some(*value)),
            Value::Int(value) => Ok(Some(*value as f64)),
            Value::Text(text) => Err(damaged(column, &format!("{text:?} where a number should stand"))),
        }
    }

    /// Text or nothing.
    pub fn optional_text(&self, column: &str) -> Column<Option<String>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text.clone())),
            other => Err(damaged(column, &format!("{other:?} where text should stand"))),
        }
    }

    /// Text.
    pub fn text(&self, column: &str) -> Column<String> {
        self.optional_text(column)?.ok_or_else(|| nothing(column))
    }

    /// A stamp or nothing.
    pub fn optional_stamp(&self, column: &str) -> Column<Option<Timestamp>> {
        let read = |ns: i64| Timestamp::from_nanosecond(i128::from(ns)).map_err(|error| damaged(column, &error.to_string()));
        self.optional_int(column)?.map(read).transpose()
    }

    /// A stamp.
    pub fn stamp(&self, column: &str) -> Column<Timestamp> {
        self.optional_stamp(column)?.ok_or_else(|| nothing(column))
    }

    /// One of a type's words, or nothing.
    pub fn optional_word<T: FromStr<Err: std::error::Error>>(&self, column: &str) -> Column<Option<T>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => text.parse().map(Some).map_err(|error: T::Err| damaged(column, &error.to_string())),
            other => Err(damaged(column, &format!("{other:?} where a word should stand"))),
        }
    }

    /// One of a type's words.
    pub fn word<T: FromStr<Err: std::error::Error>>(&self, column: &str) -> Column<T> {
        self.optional_word(column)?.ok_or_else(|| nothing(column))
    }

    /// JSON or nothing.
    pub fn optional_json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Column<Option<T>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => serde_json::from_str(text).map(Some).map_err(|error| damaged(column, &error.to_string())),
            other => Err(damaged(column, &format!("{other:?} where JSON should stand"))),
        }
    }

    /// JSON.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Column<T> {
        self.optional_json(column)?.ok_or_else(|| nothing(column))
    }

    /// Yes or no.
    pub fn flag(&self, column: &str) -> Column<bool> {
        Ok(self.int(column)? != 0)
    }

    /// The run.
    pub fn run(&self) -> Column<Run> {
        self.number("run").map(Run)
    }

    /// The sequence, where there is one.
    pub fn sequence(&self) -> Column<Option<Sequence>> {
        Ok(self.optional_number("sequence")?.map(Sequence))
    }

    /// The file that run and sequence name.
    pub fn file(&self) -> Column<FileId> {
        Ok(FileId::new(self.number("run")?, self.number("sequence")?))
    }

    /// A path.
    pub fn path(&self, column: &str) -> Column<PathBuf> {
        self.text(column).map(PathBuf::from)
    }
}

fn nothing(column: &str) -> SqlError {
    damaged(column, "it holds nothing")
}

/// A value that is not what its column should hold.
pub fn damaged(column: &str, what: &str) -> SqlError {
    SqlError::Damaged(format!("column {column}: {what}"))
}

/// Nanoseconds of a stamp. The range of `i64` ends in 2262; a later stamp can only be an error and is held at that end.
#[must_use]
pub fn ns(at: Timestamp) -> i64 {
    let ns = at.as_nanosecond();
    i64::try_from(ns).unwrap_or(if ns < 0 { i64::MIN } else { i64::MAX })
}

/// A path as text. Paths of a workspace are text; a byte that is none is replaced, and such a file is never taken in.
#[must_use]
pub fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A value as JSON text.
pub fn to_json<T: serde::Serialize>(value: &T) -> Result<String, SqlError> {
    serde_json::to_string(value).map_err(|error| SqlError::Refused(error.to_string()))
}

macro_rules! value_from {
    ($($type:ty => |$value:ident| $make:expr,)+) => {
        $(impl From<$type> for Value {
            fn from($value: $type) -> Value {
                $make
            }
        })+
    };
}

value_from! {
    i64 => |value| Value::Int(value),
    i32 => |value| Value::Int(value.into()),
    u32 => |value| Value::Int(value.into()),
    // A count beyond the column's range is held at its end.
    u64 => |value| Value::Int(i64::try_from(value).unwrap_or(i64::MAX)),
    bool => |value| Value::Int(value.into()),
    f64 => |value| Value::Real(value),
    &str => |value| Value::Text(value.into()),
    &String => |value| Value::Text(value.clone()),
    String => |value| Value::Text(value),
    Timestamp => |value| Value::Int(ns(value)),
    Run => |value| Value::Int(value.0.into()),
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// Parameters of a statement.
macro_rules! params {
    ($($value:expr),* $(,)?) => { [$($crate::bookkeeping::sql::value::Value::from($value)),*] };
}

pub(in crate::bookkeeping) use params;
