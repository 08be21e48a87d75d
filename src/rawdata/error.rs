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
    /// The event is compressed in a way that is not known.
    #[error("event {number} at byte {offset} is compressed, and of this layout no coding is known, expected an uncompressed one: {}", path.display())]
    UnknownCoding {
        /// The event's number.
        number: u32,
        /// Where its header starts.
        offset: u64,
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
    /// There are no such channels.
    #[error("no channels {from} to {to}, the last not included: an event has {count}: {}", path.display())]
    NoSuchChannels {
        /// The first asked for.
        from: usize,
        /// Behind the last asked for.
        to: usize,
        /// Channels in an event.
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
    /// Whether the file's bytes are at fault, not the asking or the operating system: what else is in the file can be used.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, RawError::Damaged { .. } | RawError::UnknownCoding { .. })
    }

    /// The operating system's refusal.
    pub(super) fn io(doing: &'static str, path: &Path, error: &std::io::Error) -> Self {
        RawError::Io { doing, why: error.to_string(), path: path.to_owned() }
    }
}
