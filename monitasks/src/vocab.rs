//! The field's nouns as types: run, sequence, event, view, LEM, channel.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A data-taking run's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Run(pub u32);

/// The number of one raw file inside its run. A run need not start at sequence 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sequence(pub u32);

/// An event's number inside its raw file, counted from 0 by the DAQ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventNumber(pub u32);

/// A raw file's name in the field's words: `run1-seq0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct FileId {
    /// The run the file belongs to.
    pub run: Run,
    /// The file's number in the run.
    pub sequence: Sequence,
}

/// One pass of reconstruction and analysis over a run, numbered from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Processing(pub u32);

/// The number, from 0, of a group of files of one run that were analysed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Group(pub u32);

/// A readout view: the two strip directions that share a track's charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum View {
    /// Strips that measure x, along the 1 m side of the 3x1x1.
    V0,
    /// Strips that measure y, along the 3 m side of the 3x1x1.
    V1,
}

/// A LEM by its canonical place: `column` counts along x, `row` along y, both from 0 at the smallest coordinate.
///
/// The numbers that people use (file numbering, 3x1x1 convention) are named views of this place:
/// [`crate::detector::LemNumbering`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Lem {
    /// Along x, from 0 at the smallest x.
    pub column: u16,
    /// Along y, from 0 at the smallest y.
    pub row: u16,
}

/// A channel in DAQ order: crate x 320 + card x 64 + channel of the card for the 3x1x1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Channel(pub u32);

/// A text that does not name what it should name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not {expected}")]
pub struct NameError {
    /// The text as given.
    pub found: String,
    /// What it should have looked like.
    pub expected: &'static str,
}

impl View {
    /// Both views, in order.
    pub const ALL: [View; 2] = [View::V0, View::V1];

    /// 0 or 1, to index arrays of two.
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            View::V0 => 0,
            View::V1 => 1,
        }
    }
}

impl From<View> for u8 {
    fn from(view: View) -> Self {
        match view {
            View::V0 => 0,
            View::V1 => 1,
        }
    }
}

impl TryFrom<u8> for View {
    type Error = NameError;

    fn try_from(number: u8) -> Result<Self, NameError> {
        match number {
            0 => Ok(View::V0),
            1 => Ok(View::V1),
            other => Err(NameError { found: other.to_string(), expected: "a view (0 or 1)" }),
        }
    }
}

impl FileId {
    /// The file `run<R>-seq<S>`.
    #[must_use]
    pub fn new(run: u32, sequence: u32) -> Self {
        FileId { run: Run(run), sequence: Sequence(sequence) }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run{}", self.0)
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seq{}", self.0)
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "view {}", self.index())
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.run, self.sequence)
    }
}

impl FromStr for Run {
    type Err = NameError;

    /// Reads `run1` or `1`.
    fn from_str(text: &str) -> Result<Self, NameError> {
        number(text.strip_prefix("run").unwrap_or(text))
            .map(Run)
            .ok_or_else(|| NameError { found: text.to_owned(), expected: "a run (run<R> or a number)" })
    }
}

impl FromStr for FileId {
    type Err = NameError;

    /// Reads `run1-seq0`.
    fn from_str(text: &str) -> Result<Self, NameError> {
        text.strip_prefix("run")
            .and_then(|rest| rest.split_once("-seq"))
            .and_then(|(run, sequence)| Some(FileId::new(number(run)?, number(sequence)?)))
            .ok_or_else(|| NameError { found: text.to_owned(), expected: "a raw file's name (run<R>-seq<S>)" })
    }
}

impl From<FileId> for String {
    fn from(file: FileId) -> Self {
        file.to_string()
    }
}

impl TryFrom<String> for FileId {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

/// A decimal number without sign or blanks; `u32::from_str` alone would also take `+1`.
fn number(digits: &str) -> Option<u32> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_id_reads_what_it_writes() {
        let file = FileId::new(1014, 2);
        assert_eq!(file.to_string(), "run1014-seq2");
        assert_eq!("run1014-seq2".parse(), Ok(file));
    }

    #[test]
    fn what_is_no_file_id_is_refused() {
        for text in ["", "run-seq", "run1", "run+1-seq0", "run1-seq0.dat", "run1-seq99999999999", "RUN1-seq0"] {
            assert!(text.parse::<FileId>().is_err(), "{text:?} was taken for a file");
        }
    }

    #[test]
    fn a_run_reads_with_and_without_its_word() {
        assert_eq!("run840".parse(), Ok(Run(840)));
        assert_eq!("840".parse(), Ok(Run(840)));
        assert!("runs".parse::<Run>().is_err());
    }
}
