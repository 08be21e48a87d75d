//! Result files: one file here per format, parse and write side by side.
//!
//! Nothing here opens a file: bytes come in, bytes or text go out. Every reader answers one of three things: the content, "this
//! looks half written, ask again" or "this can't be such a file". May use `vocab`, `detector`, `summary`, `figure`
//! for histograms that a file holds ready, and `task` for its error.

pub mod crp_summary;
pub mod histograms;
pub mod noise;
pub mod pedestal;
pub mod root;
pub mod sidecar;

use crate::task::ReadError;

/// Why bytes were not taken for a result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// They look half written.
    #[error("incomplete: {0}")]
    Incomplete(String),
    /// They can't be a result of this format.
    #[error("line {line}: {what}")]
    Malformed {
        /// Where, counted from 1.
        line: usize,
        /// What was found and what was expected.
        what: String,
    },
    /// They are of a layout that this program does not know.
    #[error("{0}")]
    Unknown(String),
}

/// Why a result can't be written: it holds something that the format has no words for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WriteError(pub String);

impl FormatError {
    /// Something wrong in a line, counted from 1.
    #[must_use]
    pub fn at(line: usize, what: impl Into<String>) -> Self {
        FormatError::Malformed { line, what: what.into() }
    }
}

impl From<FormatError> for ReadError {
    fn from(error: FormatError) -> Self {
        match error {
            FormatError::Incomplete(why) => ReadError::Incomplete(why),
            other => ReadError::Malformed(other.to_string()),
        }
    }
}

/// A line of a text file with its number, counted from 1, and whether a line feed ends it.
pub(crate) struct Line<'a> {
    pub(crate) number: usize,
    pub(crate) text: &'a str,
    pub(crate) ended: bool,
}

impl Line<'_> {
    /// The line, if it is whole: a last one with no line feed may be half of one.
    pub(crate) fn whole(&self) -> Result<&Self, FormatError> {
        if self.ended {
            return Ok(self);
        }
        Err(FormatError::Incomplete(format!("line {} {} is not ended by a line feed", self.number, quoted(self.text))))
    }
}

/// The lines of a text that are not blank.
///
/// # Errors
/// Bytes that are no UTF-8.
pub(crate) fn lines(bytes: &[u8]) -> Result<impl Iterator<Item = Line<'_>>, FormatError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        FormatError::at(line, format!("byte {} is no text, expected a text file", error.valid_up_to()))
    })?;
    let numbered = text.split_inclusive('\n').enumerate();
    Ok(numbered
        .map(|(index, line)| Line { number: index + 1, text: line.trim(), ended: line.ends_with('\n') })
        .filter(|line| !line.text.is_empty()))
}

/// What was found, short enough for a message.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{:?}...", &text[..cut]),
        None => format!("{text:?}"),
    }
}
