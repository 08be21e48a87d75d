//! What may happen to a raw file on its way into the storage.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::NotAllowed;
use crate::bookkeeping::{FailureClass, FileRecord, FileStep};

/// Something that happened to a raw file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileEvent {
    /// Its copy is about to begin.
    CopyStarted,
    /// The DAQ went on writing before or while it was copied; a copy that was begun was thrown away.
    SourceChanged {
        /// Its size now.
        size_bytes: u64,
        /// When it was written last.
        daq_closed: Timestamp,
    },
    /// Its source was a piece when it was copied and has grown since; the piece was set aside, it is taken in again.
    TakenAgain {
        /// Its size now.
        size_bytes: u64,
        /// When it was written last.
        daq_closed: Timestamp,
    },
    /// It stands in the storage.
    Copied {
        /// Its size.
        size_bytes: u64,
        /// Adler-32 of its bytes.
        adler32: u32,
    },
    /// Log lines and queue entry stand; its lanes have taken it.
    Stored {
        /// Whole events by trigger type; none when it can't be read.
        events_by_trigger: Option<BTreeMap<u8, u64>>,
    },
    /// It could not be taken in.
    Failed {
        /// What kind of failure.
        class: FailureClass,
        /// Why.
        reason: String,
    },
    /// A person wants it taken in after it failed.
    Resubmitted,
    /// A file of the same name and other content came and was refused.
    OtherContent {
        /// Its size.
        size_bytes: u64,
        /// When it was written.
        written: Timestamp,
    },
}

impl FileEvent {
    /// The word in the story.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            FileEvent::CopyStarted => "copy_started",
            FileEvent::SourceChanged { .. } => "source_changed",
            FileEvent::TakenAgain { .. } => "taken_again",
            FileEvent::Copied { .. } => "copied",
            FileEvent::Stored { .. } => "stored",
            FileEvent::Failed { .. } => "failed",
            FileEvent::Resubmitted => "resubmitted",
            FileEvent::OtherContent { .. } => "other_content_refused",
        }
    }
}

/// The state of a file after an event.
///
/// # Errors
/// When the event can't happen in that state.
pub fn next_file(file: &FileRecord, event: &FileEvent, at: Timestamp) -> Result<FileRecord, NotAllowed> {
    use FileStep as S;
    let mut next = FileRecord { since: at, ..file.clone() };
    next.step = match (file.step, event) {
        (S::Arrived, FileEvent::CopyStarted) => S::Copying,
        (S::Arrived | S::Copying, FileEvent::SourceChanged { size_bytes, daq_closed }) => {
            (next.size_bytes, next.daq_closed) = (*size_bytes, *daq_closed);
            S::Arrived
        }
        (S::Copying, FileEvent::Copied { size_bytes, adler32 }) => {
            (next.size_bytes, next.adler32) = (*size_bytes, Some(*adler32));
            S::Copied
        }
        (S::Copied, FileEvent::Stored { events_by_trigger }) => {
            next.events_by_trigger.clone_from(events_by_trigger);
            S::Stored
        }
        (S::Arrived | S::Copying | S::Copied, FileEvent::Failed { class, reason }) => {
            (next.failure, next.reason) = (Some(*class), Some(reason.clone()));
            S::Failed
        }
        (S::Failed, FileEvent::Resubmitted) => {
            (next.failure, next.reason) = (None, None);
            // A file that stands in the storage is not copied a second time.
            if file.adler32.is_some() { S::Copied } else { S::Arrived }
        }
        (S::Failed | S::Stored, FileEvent::TakenAgain { size_bytes, daq_closed }) => {
            (next.failure, next.reason, next.events_by_trigger) = (None, None, None);
            (next.size_bytes, next.daq_closed, next.adler32) = (*size_bytes, *daq_closed, None);
            S::Arrived
        }
        (step, FileEvent::OtherContent { size_bytes, written }) if file.refused != Some((*size_bytes, *written)) => {
            (next.refused, next.since) = (Some((*size_bytes, *written)), file.since);
            step
        }
        _ => {
            let (what, state, subject) = (event.word().into(), file.step.word(), file.file.to_string());
            return Err(NotAllowed { what, state, subject });
        }
    };
    Ok(next)
}
