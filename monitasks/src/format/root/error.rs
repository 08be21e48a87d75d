//! What can be wrong with a ROOT file.

/// Why something in a ROOT file was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RootError {
    /// It does not begin as a ROOT file does.
    #[error("no ROOT file: it begins with {found}, expected the letters 'root'")]
    NoRootFile {
        /// Its first bytes.
        found: String,
    },
    /// The bytes contradict the format.
    #[error("damaged: {what} at byte {offset}: found {found}, expected {expected}")]
    Damaged {
        /// Which part is wrong.
        what: String,
        /// Where it is: bytes from the file's start, or from the start of an object that was packed, as `what` says.
        offset: u64,
        /// What stands there.
        found: String,
        /// What should.
        expected: String,
    },
    /// It may be right, and is not read here.
    #[error("not readable here: {0}")]
    Unsupported(String),
    /// Nothing of that name is in it.
    #[error("{0}")]
    Missing(String),
    /// The bytes could not be had.
    #[error("bytes not read: {0}")]
    Source(String),
}

impl RootError {
    /// Whether the file looks as if its writer had not ended yet: shorter than it says, or without the list of its objects, which is
    /// written when it is closed.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        match self {
            RootError::Damaged { expected, .. } => {
                expected.ends_with("as the header says") || expected.ends_with("written when a file is closed")
            }
            _ => false,
        }
    }

    pub(super) fn damaged(what: &str, offset: u64, found: impl std::fmt::Display, expected: impl std::fmt::Display) -> Self {
        RootError::Damaged { what: what.to_owned(), offset, found: found.to_string(), expected: expected.to_string() }
    }
}
