//! What can go wrong with the farm's logs as a whole; what is wrong with a line stands with the line.

use std::io;
use std::path::{Path, PathBuf};

use crate::bookkeeping::StoreError;
use crate::durable::{self, FileError};

/// Logs that can't be found, read, written or recorded.
#[derive(Debug, thiserror::Error)]
pub enum FarmLogsError {
    /// No such logs stand there.
    #[error(
        "no logs of the farm: expected fromEVB/alltransfer.log or fromEVB/runs/run<R>.log in it or in its all_logs: {}",
        path.display()
    )]
    NoLogs {
        /// The folder.
        path: PathBuf,
    },
    /// The log to rebuild from is not there.
    #[error("nothing to rebuild from: {what} is missing: {}", path.display())]
    NothingToRebuildFrom {
        /// Which log.
        what: &'static str,
        /// The folder.
        path: PathBuf,
    },
    /// Something stands where a rebuilt log would go.
    #[error("not written: a log stands there already and is never written over, name another folder: {}", path.display())]
    Stands {
        /// The log.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error(transparent)]
    Io(#[from] FileError),
    /// The book refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Says what was being done with a file when the operating system refused.
pub(super) fn io_error(what: &'static str, path: &Path) -> impl Fn(io::Error) -> FarmLogsError {
    durable::io_error(what, path)
}
