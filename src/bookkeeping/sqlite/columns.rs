//! Our types as columns.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use jiff::Timestamp;
use monitasks::vocab::{FileId, Run, Sequence};
use rusqlite::Row;
use rusqlite::types::Type;

/// Nanoseconds of a stamp. The range of `i64` ends in 2262; a later stamp can only be an error and is held at that end.
pub(super) fn ns(at: Timestamp) -> i64 {
    let ns = at.as_nanosecond();
    i64::try_from(ns).unwrap_or(if ns < 0 { i64::MIN } else { i64::MAX })
}

/// A stamp column.
pub(super) fn stamp(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    Timestamp::from_nanosecond(i128::from(row.get::<_, i64>(column)?)).map_err(|error| damaged(column, error))
}

/// A stamp column that may be empty.
pub(super) fn optional_stamp(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    row.get::<_, Option<i64>>(column)?.map(|_| stamp(row, column)).transpose()
}

/// A column that holds one of a type's words.
pub(super) fn word<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    row.get::<_, String>(column)?.parse().map_err(|error| damaged(column, error))
}

/// A column that holds one of a type's words or nothing.
pub(super) fn optional_word<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    row.get::<_, Option<String>>(column)?.map(|_| word(row, column)).transpose()
}

/// A column that holds JSON.
pub(super) fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    serde_json::from_str(&row.get::<_, String>(column)?).map_err(|error| damaged(column, error))
}

/// A column that holds JSON or nothing.
pub(super) fn optional_json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    row.get::<_, Option<String>>(column)?.map(|_| json(row, column)).transpose()
}

/// A value as JSON text.
pub(super) fn to_json<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// The run column.
pub(super) fn run(row: &Row<'_>) -> rusqlite::Result<Run> {
    row.get("run").map(Run)
}

/// The sequence column, where there is one.
pub(super) fn sequence(row: &Row<'_>) -> rusqlite::Result<Option<Sequence>> {
    Ok(row.get::<_, Option<u32>>("sequence")?.map(Sequence))
}

/// The file that the run and sequence columns name.
pub(super) fn file(row: &Row<'_>) -> rusqlite::Result<FileId> {
    Ok(FileId::new(row.get("run")?, row.get("sequence")?))
}

/// A path column.
pub(super) fn path(row: &Row<'_>, column: &str) -> rusqlite::Result<PathBuf> {
    row.get::<_, String>(column).map(PathBuf::from)
}

/// A path as text. Paths of a workspace are text; a byte that is none is replaced, and such a file is never taken in.
pub(super) fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A value that is not what its column should hold.
pub(super) fn damaged(column: &str, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    let at = std::io::Error::other(format!("column {column}: {error}"));
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(at))
}

/// A column that counts.
pub(super) fn count(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|error| damaged(column, error))
}

/// A column that counts or is empty.
pub(super) fn optional_count(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<u64>> {
    row.get::<_, Option<i64>>(column)?.map(|_| count(row, column)).transpose()
}

/// A count as a column; what is beyond the column's range is held at its end.
pub(super) fn counted(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
