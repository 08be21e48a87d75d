//! What can be wrong with a detector file.

use std::path::PathBuf;

/// A detector that can't be used. The message says what, why, what there is instead, and where.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DetectorError {
    /// Neither a shipped detector nor a file.
    #[error("no detector {name:?}: shipped are {shipped}, and there is no such file: {}", path.display())]
    Unknown {
        /// As asked for.
        name: String,
        /// The shipped ones.
        shipped: String,
        /// Where a file was sought.
        path: PathBuf,
    },
    /// The file can't be read.
    #[error("detector not read: {why}: {}", path.display())]
    Unreadable {
        /// The operating system's reason.
        why: String,
        /// The file.
        path: PathBuf,
    },
    /// The file says something wrong.
    #[error("detector refused: {what}: {}:{line}", path.display())]
    Refused {
        /// The line, from 1; 0 when it is not known.
        line: usize,
        /// What is wrong, with the key and what there is instead.
        what: String,
        /// The file.
        path: PathBuf,
    },
}

/// What is wrong inside a detector file's text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fault {
    /// What is wrong.
    pub what: String,
    /// Where it stands.
    pub place: Place,
}

/// Where a fault stands in the text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Place {
    /// Byte offset.
    Byte(usize),
    /// Nowhere in particular: it was asked for from outside.
    Nowhere,
}

impl Fault {
    /// A fault at a byte of the text.
    pub fn at(byte: usize, what: impl Into<String>) -> Self {
        Fault { what: what.into(), place: Place::Byte(byte) }
    }

    /// The line, from 1; 0 when it is not known.
    pub fn line(&self, text: &str) -> usize {
        match self.place {
            Place::Byte(byte) => 1 + text.bytes().take(byte).filter(|byte| *byte == b'\n').count(),
            Place::Nowhere => 0,
        }
    }
}
