//! What could not be done now, because the operating system refused: it stays as it is and is tried again after a pause. A full
//! log partition or one unreadable lock ends no shift.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use monitasks::vocab::{FileId, Processing};

use super::{Backend, ProcessingError};
use crate::bookkeeping::PutOffState;
use crate::processing::steps::group_tasks;

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

/// What is put off of a file besides its own steps.
pub(super) const QUEUE_ENTRY: &str = "queue entry";
pub(super) const TAKING_IN_AGAIN: &str = "taking in again";

/// Things put off for the same reason that are told one by one; the others are counted.
const TOLD: usize = 20;

/// What is put off now, as it is told: a full disk may put off every file of a week.
pub(super) fn put_off_states(put_off: &BTreeMap<String, PutOff>) -> Vec<PutOffState> {
    let mut by_reason: BTreeMap<&str, (Vec<PutOffState>, Option<PutOffState>, usize)> = BTreeMap::new();
    for (subject, put_off) in put_off {
        let (told, rest, left) = by_reason.entry(kind_of(&put_off.why)).or_default();
        if told.len() < TOLD {
            let (why, tries, since) = (put_off.why.clone(), put_off.tries, put_off.since);
            told.push(PutOffState { subject: subject.clone(), why, tries, since });
            continue;
        }
        *left += 1;
        let why = || format!("the first of them: {}", put_off.why);
        let rest = rest.get_or_insert_with(|| PutOffState { subject: String::new(), why: why(), tries: 0, since: put_off.since });
        (rest.tries, rest.since) = (rest.tries.max(put_off.tries), rest.since.min(put_off.since));
    }
    let rows = by_reason.into_values().flat_map(|(told, rest, left)| {
        told.into_iter().chain(rest.map(|rest| PutOffState { subject: format!("{left} more"), ..rest }))
    });
    rows.collect()
}

/// The words of a reason before its numbers and paths: what is alike has them in common.
fn kind_of(why: &str) -> &str {
    why.split(|letter: char| letter.is_ascii_digit() || letter == '/').next().unwrap_or(why)
}

/// What is put off of a raw file on its way into the storage. No pass has this name.
pub(super) fn taking_in_of(file: FileId) -> String {
    PutOffState::taking_in_of(file)
}

/// What is put off of a file in one processing. No file and no other pass has this name.
pub(super) fn processing_of(file: FileId, processing: Processing) -> String {
    PutOffState::processing_of(file, processing)
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
        let is_tried = |subject: &str| self.put_off.get(subject).is_some_and(|put_off| put_off.tries >= TRIES);
        is_tried(name) || group_tasks().iter().any(|task| is_tried(&format!("{} of {name}", task.kind.word())))
    }

    /// What was not done when the backend ends of itself has failed for whoever asked for it.
    pub(super) fn report_what_is_put_off(&mut self) {
        self.report.failures += self.put_off.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_before_a_week_of_files_is_told_in_a_few_kilobytes() {
        let mut all = BTreeMap::new();
        for number in 0..20_000 {
            let why = format!("no room: {} bytes are needed, {number} are free: /w/storage/input/run{number}", 7 * number);
            let since = Timestamp::from_second(number).unwrap();
            all.insert(format!("run1-seq{number:05}"), PutOff { since, until: Instant::now(), tries: 3, why });
        }
        let other = PutOff { since: Timestamp::UNIX_EPOCH, until: Instant::now(), tries: 1, why: "lock not read: /w".into() };
        all.insert("reco_run2-seq0".into(), other);
        let told = put_off_states(&all);
        let words = serde_json::to_string(&told).unwrap();
        assert!(words.len() < 10_000, "{} bytes", words.len());
        let subjects: Vec<&str> = told.iter().map(|told| told.subject.as_str()).collect();
        assert_eq!((subjects.len(), subjects[20 + 1]), (22, "19980 more"), "{subjects:?}");
        assert!(subjects.contains(&"reco_run2-seq0") && subjects.contains(&"run1-seq00000"), "{subjects:?}");
    }

    #[test]
    fn a_file_and_its_passes_are_put_off_under_names_of_their_own() {
        let file = FileId::new(1, 0);
        let names = [taking_in_of(file), processing_of(file, Processing(1)), processing_of(file, Processing(2))];
        assert_eq!(names, ["taking in of run1-seq0", "processing of run1-seq0-p1", "processing of run1-seq0-p2"]);
    }
}
