//! What can be wrong with a raw file.

use std::path::{Path, PathBuf};

/// A raw file or an event that can't be used. The message says what, where, what was found and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RawError {
    /// The operating system refused.
    #[error("raw file not {doing}: {why}: {}", path.display())]
    Io {
        /// `opened`, `read`, `written`.
        doing: &'static str,
        /// The operating system's reason.
        why: String,
        /// The file.
        path: PathBuf,
    },
    /// The file ends too early or its bytes contradict the format.
    #[error("raw file damaged: {what} at byte {offset}: found {found}, expected {expected}: {}", path.display())]
    Damaged {
        /// Which part of the format is wrong: `run header`, `event key`.
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
    /// The event's payload is compressed.
    #[error("event {index} at byte {offset} is compressed: found flags 0x{flags:02X}, expected bit 0x40 clear, for \
             compressed events can't be read yet: {}", path.display())]
    Compressed {
        /// The event, counted from 0 in the file.
        index: usize,
        /// Where its header starts.
        offset: u64,
        /// Its flags.
        flags: u8,
        /// The file.
        path: PathBuf,
    },
    /// There is no event of that index.
    #[error("no event {index}: the file has {count} whole events: {}", path.display())]
    NoSuchEvent {
        /// As asked for, counted from 0.
        index: usize,
        /// Whole events in the file.
        count: usize,
        /// The file.
        path: PathBuf,
    },
    /// Samples that can't be written.
    #[error("event not written: {what}: {}", path.display())]
    NotWritable {
        /// What is wrong with it.
        what: String,
        /// The file.
        path: PathBuf,
    },
}

impl RawError {
    /// The operating system's refusal.
    pub(super) fn io(doing: &'static str, path: &Path, error: &std::io::Error) -> Self {
        RawError::Io { doing, why: error.to_string(), path: path.to_owned() }
    }
}
