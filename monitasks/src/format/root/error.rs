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
    pub(super) fn damaged(what: &str, offset: u64, found: impl std::fmt::Display, expected: impl std::fmt::Display) -> Self {
        RootError::Damaged { what: what.to_owned(), offset, found: found.to_string(), expected: expected.to_string() }
    }
}
