//! How often each class of failure came, as the window shows it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::bookkeeping::{FailureClass, Store, StoreError, StoryRecord};
use crate::processing::failures::rates;
use crate::snapshot::ClassRow;

/// What is written while a clock is set back by less than this is not missed.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// All failures that the story tells of. It only grows: after the first time no more is read than what is new.
#[derive(Debug, Default)]
pub(super) struct FailureCount {
    failures: Vec<(FailureClass, Timestamp)>,
    /// The newest record that was read: its number and stamp.
    read_to: Option<(i64, Timestamp)>,
    files: usize,
    now_failed: BTreeMap<FailureClass, usize>,
}

impl FailureCount {
    /// Reads what is new.
    ///
    /// # Errors
    /// When the book can't be read.
    pub(super) fn read(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let (last, newest) = self.read_to.unwrap_or((i64::MIN, Timestamp::UNIX_EPOCH));
        let since = newest.saturating_sub(MARGIN).unwrap_or(Timestamp::UNIX_EPOCH).max(Timestamp::UNIX_EPOCH);
        for record in store.failures_since(since)?.into_iter().filter(|record| record.id > last) {
            self.failures.extend(class_of(&record).map(|class| (class, record.at)));
            self.read_to = Some((record.id, record.at));
        }
        let counts = store.file_counts()?;
        (self.files, self.now_failed) = (counts.files, counts.failed);
        Ok(())
    }

    /// The classes that came at all, the most frequent first.
    pub(super) fn rows(&self, now: Timestamp) -> Vec<ClassRow> {
        let row = |class: FailureClass| ClassRow {
            word: class.word().into(),
            title: class.title().into(),
            meaning: class.meaning().into(),
            next_step: class.next_step().into(),
            last_hour: 0,
            last_day: 0,
            total: 0,
            per_100_files: None,
            now: self.now_failed.get(&class).copied().unwrap_or_default(),
        };
        let rates = rates(&self.failures, self.files, now);
        let unheard = self.now_failed.keys().filter(|class| !rates.iter().any(|rate| rate.class == **class));
        let counted = rates.iter().map(|rate| ClassRow {
            last_hour: rate.last_hour,
            last_day: rate.last_day,
            total: rate.total,
            per_100_files: rate.per_100_files,
            ..row(rate.class)
        });
        counted.chain(unheard.map(|class| row(*class))).collect()
    }
}

/// The class of a failure; none for a record of something else.
fn class_of(record: &StoryRecord) -> Option<FailureClass> {
    // A job that went away once too often is told as such, with the class of the failure that this was.
    let has_failed = record.kind == "failed" || (record.kind == "job_gone" && record.detail["class"].is_string());
    if !has_failed || record.sequence.is_none() {
        return None;
    }
    let said = record.detail["class"].as_str().and_then(|word| word.parse().ok());
    // What a file fails with for its group's sake has the group's name and no class.
    let of_group = || if record.detail["group"].is_string() { FailureClass::Analysis } else { FailureClass::Unknown };
    Some(said.unwrap_or_else(of_group))
}

#[cfg(test)]
mod tests {
    use monitasks::vocab::{Run, Sequence};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_failure_has_the_class_it_was_given_or_that_of_its_group() {
        let class = |kind: &str, detail| {
            let (run, sequence) = (Some(Run(1)), Some(Sequence(0)));
            class_of(&StoryRecord { id: 1, at: Timestamp::UNIX_EPOCH, run, sequence, kind: kind.into(), detail })
        };
        assert_eq!(class("failed", json!({"class": "memory"})), Some(FailureClass::Memory));
        assert_eq!(class("failed", json!({"group": "run1-p1-g0", "fault": "x"})), Some(FailureClass::Analysis));
        assert_eq!(class("failed", json!({"class": "unheard_of"})), Some(FailureClass::Unknown));
        assert_eq!(class("copied", json!({"class": "memory"})), None);
        assert_eq!(class("job_gone", json!({"class": "lost", "attempt": 3})), Some(FailureClass::Lost));
        assert_eq!(class("job_gone", json!({"attempt": 1})), None);
    }

    #[test]
    fn what_is_failed_now_has_its_words_even_when_the_story_does_not_tell_of_it() {
        let count = FailureCount { now_failed: [(FailureClass::Copy, 2)].into(), ..FailureCount::default() };
        let rows = count.rows(Timestamp::UNIX_EPOCH);
        assert_eq!((rows.len(), rows[0].now, rows[0].total, rows[0].title.as_str()), (1, 2, 0, "copy failed"));
    }
}
