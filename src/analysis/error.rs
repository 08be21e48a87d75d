//! What can stop an analysis.

use std::path::{Path, PathBuf};

use crate::rawdata::RawError;
use crate::reconstruction::recofile::RecoFileError;

/// A result that was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnalysisError {
    /// A reconstructed file can't be used.
    #[error(transparent)]
    Reco(#[from] RecoFileError),
    /// A raw file can't be used.
    #[error(transparent)]
    Raw(#[from] RawError),
    /// A raw file's name does not say which file of which run it is.
    #[error("raw file not taken: its name is no {expected}: {}", path.display())]
    Name {
        /// The names there are.
        expected: String,
        /// The file.
        path: PathBuf,
    },
    /// The files do not belong together.
    #[error("files not analysed together: {what}: {}", path.display())]
    Mixed {
        /// What differs.
        what: String,
        /// The file that differs from those before it.
        path: PathBuf,
    },
    /// A result that this one needs is missing or can't be used.
    #[error("{result} not made: {why}: {}", path.display())]
    Needs {
        /// What was to be made: `gain`.
        result: &'static str,
        /// What is missing, and how to get it.
        why: String,
        /// The file that was looked at.
        path: PathBuf,
    },
    /// A result can't be written.
    #[error("result not written: {why}: {}", path.display())]
    Output {
        /// The reason.
        why: String,
        /// The file.
        path: PathBuf,
    },
}

impl AnalysisError {
    pub(super) fn output(path: &Path, why: &impl ToString) -> Self {
        AnalysisError::Output { why: why.to_string(), path: path.to_owned() }
    }
}
