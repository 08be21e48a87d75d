//! What could not be done now, because the operating system refused: it stays as it is and is tried again after a pause. A full
//! log partition or one unreadable lock ends no shift.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use monitasks::vocab::{FileId, Processing};

use super::{Backend, ProcessingError};

/// Time until what could not be done is tried again.
const PAUSE: Duration = Duration::from_secs(2);

/// A backend that ends of itself waits for this many tries.
const TRIES: u32 = 5;

/// Something that could not be done.
#[derive(Debug)]
pub(super) struct PutOff {
    /// When it was put off first.
    since: Timestamp,
    /// When it is tried again.
    until: Instant,
    /// Tries so far.
    tries: u32,
    /// Why.
    why: String,
}

impl PutOff {
    pub(super) fn why(&self) -> &str {
        &self.why
    }

    pub(super) fn tries(&self) -> u32 {
        self.tries
    }

    pub(super) fn since(&self) -> Timestamp {
        self.since
    }
}

/// What is put off of a raw file on its way into the storage. No pass has this name.
pub(super) fn taking_in_of(file: FileId) -> String {
    format!("taking in of {file}")
}

/// What is put off of a file in one processing. No file and no other pass has this name.
pub(super) fn processing_of(file: FileId, processing: Processing) -> String {
    format!("processing of {file}-p{}", processing.0)
}

impl ProcessingError {
    /// Whether it may be over when the same is tried again. Without lease or book nothing may be done at all.
    fn is_passing(&self) -> bool {
        matches!(self, ProcessingError::Io { .. } | ProcessingError::Batch(_) | ProcessingError::Transfer(_))
    }
}

impl Backend<'_> {
    /// Whether something is put off at this moment.
    pub(super) fn is_put_off(&self, subject: &str) -> bool {
        self.put_off.get(subject).is_some_and(|put_off| Instant::now() < put_off.until)
    }

    /// Takes the outcome of something; puts it off when it may go better later, and tells that once.
    pub(super) fn or_put_off(&mut self, subject: &str, outcome: Result<bool, ProcessingError>) -> Result<bool, ProcessingError> {
        let error = match outcome {
            Ok(has_moved) => {
                self.put_off.remove(subject);
                return Ok(has_moved);
            }
            Err(error) if error.is_passing() => error.to_string(),
            Err(error) => return Err(error),
        };
        self.put_off_for(subject, PAUSE, error);
        Ok(false)
    }

    /// Tries of something that is put off.
    pub(super) fn tries_of(&self, subject: &str) -> u32 {
        self.put_off.get(subject).map_or(0, |put_off| put_off.tries)
    }

    /// Puts something off for a time, and tells that once for each reason.
    pub(super) fn put_off_for(&mut self, subject: &str, pause: Duration, why: String) {
        let before = self.put_off.get(subject);
        let (tries, since) = before.map_or((0, Timestamp::now()), |before| (before.tries, before.since));
        if before.is_none_or(|before| before.why != why) {
            self.tell(&subject, "put off", Some(why.clone()));
        }
        // A backend that ends of itself does not wait for hours.
        let tries = if pause > PAUSE && self.ends_of_itself { TRIES } else { tries.saturating_add(1) };
        let until = Instant::now() + pause;
        self.put_off.insert(subject.to_owned(), PutOff { since, until, tries, why });
    }

    /// Whether something, or anything of a group of that name, was tried often enough for a backend that is to end.
    pub(super) fn is_given_up(&self, name: &str) -> bool {
        let of = |subject: &str| subject == name || subject.strip_suffix(name).is_some_and(|rest| rest.ends_with(" of "));
        self.put_off.iter().any(|(subject, put_off)| of(subject) && put_off.tries >= TRIES)
    }

    /// What was not done when the backend ends of itself has failed for whoever asked for it.
    pub(super) fn report_what_is_put_off(&mut self) {
        let left = self.put_off.iter().map(|(subject, put_off)| (subject.clone(), put_off.why.clone()));
        self.report.failures.extend(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_its_passes_are_put_off_under_names_of_their_own() {
        let file = FileId::new(1, 0);
        let names = [taking_in_of(file), processing_of(file, Processing(1)), processing_of(file, Processing(2))];
        assert_eq!(names, ["taking in of run1-seq0", "processing of run1-seq0-p1", "processing of run1-seq0-p2"]);
    }
}
