//! What can go wrong when something leaves the workspace.

use std::io;
use std::path::{Path, PathBuf};

use crate::bookkeeping::StoreError;
use crate::durable::{self, FileError};

/// Something that was not distributed.
#[derive(Debug, thiserror::Error)]
pub enum DistributionError {
    /// A rule refuses.
    #[error("{what}: {}", path.display())]
    Refused {
        /// What, why, and what there is instead.
        what: String,
        /// The file or folder.
        path: PathBuf,
    },
    /// It could not be copied to another place.
    #[error("not shipped: {why}")]
    NotShipped {
        /// Why, with the place.
        why: String,
    },
    /// The operating system refused.
    #[error(transparent)]
    Io(#[from] FileError),
    /// The book refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Says what was being done with a file when the operating system refused.
pub(super) fn io_error(what: &'static str, path: &Path) -> impl Fn(io::Error) -> DistributionError {
    durable::io_error(what, path)
}

pub(super) fn refused(what: impl Into<String>, path: &Path) -> DistributionError {
    DistributionError::Refused { what: what.into(), path: path.to_owned() }
}
