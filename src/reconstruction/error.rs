//! What can stop a reconstruction.

use std::path::PathBuf;

use super::recofile::RecoFileError;
use crate::rawdata::RawError;

/// A raw file that was not reconstructed. Nothing stands under the output's final name then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReconstructionError {
    /// The raw file is damaged, cut or can't be read.
    #[error(transparent)]
    Raw(#[from] RawError),
    /// The file of masked channels can't be used.
    #[error("mask not taken: {why}: {}", path.display())]
    Mask {
        /// What is wrong with it.
        why: String,
        /// The file.
        path: PathBuf,
    },
    /// The raw file holds no event.
    #[error("raw file holds no event: {}", path.display())]
    NoEvents {
        /// The file.
        path: PathBuf,
    },
    /// The raw file holds no event that the settings select.
    #[error("none of {events} events selected by 'select_trigger_types' and 'reject_quality_bits': {}", path.display())]
    NoneSelected {
        /// Events in the file.
        events: usize,
        /// The file.
        path: PathBuf,
    },
    /// No event can be read.
    #[error("all of {events} events lost, the last because: {why}")]
    AllLost {
        /// Events tried.
        events: usize,
        /// Why one of them can't be read, with the file's path.
        why: String,
    },
    /// The raw file's name does not say which file of which run it is.
    #[error("raw file not taken: its name is no {expected}: {}", path.display())]
    Name {
        /// The names there are.
        expected: String,
        /// The file.
        path: PathBuf,
    },
    /// The output can't be written.
    #[error(transparent)]
    Output(#[from] RecoFileError),
    /// The threads can't be started.
    #[error("{threads} threads not started: {why}")]
    Threads {
        /// As asked for.
        threads: usize,
        /// The operating system's reason.
        why: String,
    },
}
