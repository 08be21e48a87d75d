//! Why a copy was not made, and whether it may be made later.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// A copy that was not made. Places on servers stand in `path` as `root://host//path`.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The source was written to meanwhile.
    #[error("the DAQ went on writing while it was copied: {}", path.display())]
    SourceChanged {
        /// The source.
        path: PathBuf,
        /// Its size now.
        size_bytes: u64,
        /// When it was written last.
        written: Timestamp,
    },
    /// The source is not the file that the book knows.
    #[error("the raw file is not the one that was taken in: {found}, the book has {expected}: {}", path.display())]
    SourceDiffers {
        /// Size and Adler-32 found, in words.
        found: String,
        /// Size and Adler-32 of the book, in words.
        expected: String,
        /// The source.
        path: PathBuf,
    },
    /// A file of that name and other content stands in the storage.
    #[error("a file of this name and other content stands in the storage; it was left as it is: {}", path.display())]
    OtherContent {
        /// The file in the storage.
        path: PathBuf,
    },
    /// The bytes of the copy are not those of the source.
    #[error("copy differs from the raw file and was thrown away: {found}, expected {expected}: {}", path.display())]
    Differs {
        /// Size and Adler-32 found, in words.
        found: String,
        /// Size and Adler-32 of the source, in words.
        expected: String,
        /// Where it was copied to.
        path: PathBuf,
    },
    /// Not enough room.
    #[error("not enough room in the storage: {needed_bytes} bytes needed, {free_bytes} free: {}", path.display())]
    NoRoom {
        /// Size of the file.
        needed_bytes: u64,
        /// Room left.
        free_bytes: u64,
        /// The folder.
        path: PathBuf,
    },
    /// The server can't be reached, or went away.
    #[error("the server does not answer ({why}); is it running, and is the network there?: {}", path.display())]
    ServerDown {
        /// What the client program said.
        why: String,
        /// The place on the server.
        path: PathBuf,
    },
    /// The server said no.
    #[error("{what}: the server refused: {why}: {}", path.display())]
    Refused {
        /// What was being done.
        what: &'static str,
        /// What the server said.
        why: String,
        /// Whether it may say otherwise later, with nothing changed here.
        may_change: bool,
        /// The place on the server.
        path: PathBuf,
    },
    /// It took longer than allowed.
    #[error("stopped after {limit_s:.0} s, the time allowed; {done_bytes} bytes were copied: {}", path.display())]
    TimeLimit {
        /// The time allowed, s.
        limit_s: f64,
        /// Bytes copied until then.
        done_bytes: u64,
        /// Where it was copied to.
        path: PathBuf,
    },
    /// The program ended, or was told to stop this copy.
    #[error("the copy was stopped before it was whole; nothing of it was kept: {}", path.display())]
    Stopped {
        /// Where it was copied to.
        path: PathBuf,
    },
    /// A client program can't be started.
    #[error("{program} can't be started: {why}; package xrootd-client has it: {}", path.display())]
    NoProgram {
        /// Its name.
        program: String,
        /// The operating system's reason.
        why: io::Error,
        /// The place on the server.
        path: PathBuf,
    },
    /// The thread that copied panicked.
    #[error("a mistake in the program stopped the copy, please report it: {}", path.display())]
    Panicked {
        /// Where it was copied to.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("{what}: {why}: {}", path.display())]
    Io {
        /// What was being done.
        what: &'static str,
        /// The operating system's reason.
        why: io::Error,
        /// The file.
        path: PathBuf,
    },
}

impl TransferError {
    /// Whether the same copy may go well later though nobody changes the file or its destination: a server that is down, a full
    /// disk, a time limit. What is not passing needs a person.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            TransferError::SourceChanged { .. }
            | TransferError::Differs { .. }
            | TransferError::NoRoom { .. }
            | TransferError::ServerDown { .. }
            | TransferError::TimeLimit { .. }
            | TransferError::Stopped { .. }
            | TransferError::NoProgram { .. } => true,
            TransferError::SourceDiffers { .. } | TransferError::OtherContent { .. } | TransferError::Panicked { .. } => false,
            TransferError::Refused { may_change, .. } => *may_change,
            // A source that is not there will not come back; all else an operator or the network's mending may heal.
            TransferError::Io { why, .. } => !matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidInput),
        }
    }
}

/// What turns an error of the operating system into one of a copy.
pub(super) fn io_error(what: &'static str, path: &Path) -> impl Fn(io::Error) -> TransferError {
    let path = path.to_owned();
    move |why| TransferError::Io { what, why, path: path.clone() }
}

/// Size and Adler-32 in words.
pub(super) fn in_words((size_bytes, adler32): (u64, u32)) -> String {
    format!("{size_bytes} bytes of Adler-32 {adler32:08x}")
}
