//! What can be wrong with a reconstructed file.

use std::path::{Path, PathBuf};

/// A reconstructed file that can't be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecoFileError {
    /// The operating system or the writer refused.
    #[error("reconstructed file not {doing}: {why}: {}", path.display())]
    Io {
        /// `opened`, `written`, `renamed`.
        doing: &'static str,
        /// The reason.
        why: String,
        /// The file.
        path: PathBuf,
    },
    /// The file's bytes contradict the format.
    #[error("reconstructed file damaged: {what} at byte {offset}: found {found}, expected {expected}: {}", path.display())]
    Damaged {
        /// Which part is wrong.
        what: String,
        /// Where it is, in bytes from the file's start.
        offset: u64,
        /// What stands there.
        found: String,
        /// What should.
        expected: String,
        /// The file.
        path: PathBuf,
    },
    /// It is a ROOT file, and not one of ours.
    #[error("no reconstructed file: {what}: {}", path.display())]
    Other {
        /// What is missing or different, and what there is.
        what: String,
        /// The file.
        path: PathBuf,
    },
}

impl RecoFileError {
    pub(super) fn io(doing: &'static str, path: &Path, why: &(impl ToString + ?Sized)) -> Self {
        RecoFileError::Io { doing, why: why.to_string(), path: path.to_owned() }
    }

    pub(super) fn other(path: &Path, what: impl Into<String>) -> Self {
        RecoFileError::Other { what: what.into(), path: path.to_owned() }
    }
}
