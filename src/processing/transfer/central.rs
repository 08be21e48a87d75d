//! The copy of a raw file in the central storage, as a pure function: row and event in, next row out.
//!
//! As everywhere, the next row is stored before it is acted on: one found copying by a backend that starts was interrupted.
//! Nothing here looks at a clock, a disk or a process.

use jiff::Timestamp;
use monitasks::vocab::FileId;

use super::TransferError;
use super::retry::{ErrorKind, NextTry, RetryPolicy};
use crate::processing::steps::NotAllowed;

/// Where a copy to the central storage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CentralStep {
    /// It is to be made.
    Wanted,
    /// It is being made.
    Copying,
    /// It could not be made and is tried again at its time.
    PutOff,
    /// It stands there, and the checksum was compared.
    Verified,
    /// It can't be made until a person has looked.
    Refused,
}

/// One raw file's copy at one destination: a row of the book, by run, sequence and destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CentralCopy {
    /// The raw file.
    pub file: FileId,
    /// Its full name there: `root://host//path/run1/run1-seq0.dat`, or a path.
    pub destination: String,
    /// Where it is.
    pub step: CentralStep,
    /// Since when.
    pub since: Timestamp,
    /// Tries begun since it was wanted; those that a stop of the program interrupted do not count.
    pub attempts: u32,
    /// When it is tried again; only while it is put off.
    pub next_try: Option<Timestamp>,
    /// Why it is put off or refused.
    pub reason: Option<String>,
    /// Size of the raw file as taken in, which the copy must have.
    pub size_bytes: u64,
    /// Adler-32 of the raw file as taken in, which the copy must have.
    pub adler32: u32,
    /// When the copy's checksum was compared last; only when it is verified.
    pub verified_at: Option<Timestamp>,
}

/// Something that happened to a copy to the central storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CentralEvent {
    /// It is about to begin.
    Begun,
    /// It stands there under its final name, with this size and Adler-32.
    Made {
        /// Its size.
        size_bytes: u64,
        /// Adler-32 that was compared.
        adler32: u32,
    },
    /// It could not be made.
    Failed {
        /// Whether it may go well later.
        kind: ErrorKind,
        /// Why.
        reason: String,
    },
    /// The program ended while it was made.
    Interrupted,
    /// A person wants it tried now.
    AskedAgain,
}

impl CentralStep {
    /// All of them.
    pub const ALL: [CentralStep; 5] =
        [CentralStep::Wanted, CentralStep::Copying, CentralStep::PutOff, CentralStep::Verified, CentralStep::Refused];

    /// The word for it, in the book and on the screen.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            CentralStep::Wanted => "wanted",
            CentralStep::Copying => "copying",
            CentralStep::PutOff => "put off",
            CentralStep::Verified => "verified",
            CentralStep::Refused => "refused",
        }
    }

    /// The step of a word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        CentralStep::ALL.into_iter().find(|step| step.word() == word)
    }
}

impl CentralEvent {
    /// What came of a copy, as an event; one that was stopped with the program was interrupted.
    #[must_use]
    pub fn of(outcome: &Result<super::Copied, TransferError>) -> Self {
        match outcome {
            Ok(copied) => CentralEvent::Made { size_bytes: copied.size_bytes, adler32: copied.adler32 },
            Err(TransferError::Stopped { .. }) => CentralEvent::Interrupted,
            Err(error) => {
                let kind = if error.is_passing() { ErrorKind::Passing } else { ErrorKind::Final };
                CentralEvent::Failed { kind, reason: error.to_string() }
            }
        }
    }

    /// The word in the story.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            CentralEvent::Begun => "central_copy_begun",
            CentralEvent::Made { .. } => "central_copy_made",
            CentralEvent::Failed { .. } => "central_copy_failed",
            CentralEvent::Interrupted => "central_copy_interrupted",
            CentralEvent::AskedAgain => "central_copy_asked_again",
        }
    }
}

impl CentralCopy {
    /// A copy that is to be made, of a file as it was taken in.
    #[must_use]
    pub fn wanted(file: FileId, destination: String, size_bytes: u64, adler32: u32, at: Timestamp) -> Self {
        CentralCopy {
            file,
            destination,
            step: CentralStep::Wanted,
            since: at,
            attempts: 0,
            next_try: None,
            reason: None,
            size_bytes,
            adler32,
            verified_at: None,
        }
    }

    /// Whether it is to be begun at this time.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        match self.step {
            CentralStep::Wanted => true,
            CentralStep::PutOff => self.next_try.is_none_or(|next| next <= now),
            CentralStep::Copying | CentralStep::Verified | CentralStep::Refused => false,
        }
    }
}

/// What a copy is after an event.
///
/// # Errors
/// When the event can't happen in that step.
pub fn next_copy(
    copy: &CentralCopy,
    event: &CentralEvent,
    policy: &RetryPolicy,
    at: Timestamp,
) -> Result<CentralCopy, NotAllowed> {
    use CentralStep as S;
    let mut next = CentralCopy { since: at, next_try: None, reason: None, verified_at: None, ..copy.clone() };
    next.step = match (copy.step, event) {
        (S::Wanted | S::PutOff, CentralEvent::Begun) => {
            next.attempts = copy.attempts.saturating_add(1);
            S::Copying
        }
        (S::Copying, CentralEvent::Made { size_bytes, adler32 }) => {
            if (*size_bytes, *adler32) == (copy.size_bytes, copy.adler32) {
                next.verified_at = Some(at);
                S::Verified
            } else {
                next.reason = Some(format!(
                    "what stands there has {size_bytes} bytes of Adler-32 {adler32:08x}, the book has {} of {:08x}",
                    copy.size_bytes, copy.adler32
                ));
                S::Refused
            }
        }
        (S::Copying, CentralEvent::Failed { kind, reason }) => {
            let name = format!("{} {}", copy.file, copy.destination);
            match policy.after(copy.attempts, *kind, &name) {
                NextTry::After(pause) => {
                    next.reason = Some(reason.clone());
                    next.next_try = Some(at.saturating_add(pause).unwrap_or(Timestamp::MAX));
                    S::PutOff
                }
                NextTry::Never if *kind == ErrorKind::Passing => {
                    next.reason = Some(format!("given up after {} tries: {reason}", copy.attempts));
                    S::Refused
                }
                NextTry::Never => {
                    next.reason = Some(reason.clone());
                    S::Refused
                }
            }
        }
        (S::Copying, CentralEvent::Interrupted) => {
            next.attempts = copy.attempts.saturating_sub(1);
            S::Wanted
        }
        // Also one that stands: somebody wants it compared once more.
        (S::PutOff | S::Refused | S::Verified, CentralEvent::AskedAgain) => {
            next.attempts = 0;
            S::Wanted
        }
        _ => {
            let subject = format!("central copy of {} at {}", copy.file, copy.destination);
            return Err(NotAllowed { what: event.word().into(), state: copy.step.word(), subject });
        }
    };
    Ok(next)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const POLICY: RetryPolicy =
        RetryPolicy { retries: 3, pause: Duration::from_secs(10), longest_pause: Duration::from_secs(30) };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn wanted() -> CentralCopy {
        CentralCopy::wanted(FileId::new(1, 0), "root://h//eos/run1-seq0.dat".into(), 9, 0x11E6_0398, at(0))
    }

    fn events() -> impl Strategy<Value = CentralEvent> {
        prop_oneof![
            3 => Just(CentralEvent::Begun),
            1 => Just(CentralEvent::Made { size_bytes: 9, adler32: 0x11E6_0398 }),
            1 => Just(CentralEvent::Made { size_bytes: 8, adler32: 0 }),
            3 => Just(CentralEvent::Failed { kind: ErrorKind::Passing, reason: "down".into() }),
            1 => Just(CentralEvent::Failed { kind: ErrorKind::Final, reason: "other content".into() }),
            1 => Just(CentralEvent::Interrupted),
            1 => Just(CentralEvent::AskedAgain),
        ]
    }

    proptest! {
        #[test]
        fn whatever_comes_the_row_says_what_is_so(events in prop::collection::vec(events(), 0..60)) {
            let mut copy = wanted();
            for (second, event) in (1..).zip(events) {
                let Ok(next) = next_copy(&copy, &event, &POLICY, at(second)) else { continue };
                let is_right = event == CentralEvent::Made { size_bytes: 9, adler32: 0x11E6_0398 };
                prop_assert_eq!(next.step == CentralStep::Verified, is_right);
                prop_assert_eq!(next.verified_at.is_some(), next.step == CentralStep::Verified);
                prop_assert_eq!(next.next_try.is_some(), next.step == CentralStep::PutOff);
                let has_reason = matches!(next.step, CentralStep::PutOff | CentralStep::Refused);
                prop_assert_eq!(next.reason.is_some(), has_reason);
                prop_assert!(next.attempts <= POLICY.retries + 1);
                // Nothing of itself leaves what is verified or refused, and nothing is begun twice.
                if matches!(copy.step, CentralStep::Verified | CentralStep::Refused) {
                    prop_assert_eq!(&event, &CentralEvent::AskedAgain);
                }
                prop_assert!(!(event == CentralEvent::Begun && copy.step == CentralStep::Copying));
                prop_assert_eq!((&next.destination, next.file, next.size_bytes), (&copy.destination, copy.file, copy.size_bytes));
                copy = next;
            }
        }
    }

    #[test]
    fn a_server_that_is_down_puts_off_again_and_again_and_then_a_person_is_needed() {
        let down = CentralEvent::Failed { kind: ErrorKind::Passing, reason: "the server does not answer".into() };
        let mut copy = wanted();
        for attempt in 1..=4 {
            assert!(copy.is_due(copy.next_try.unwrap_or(at(0))));
            copy = next_copy(&copy, &CentralEvent::Begun, &POLICY, at(100)).unwrap();
            assert_eq!((copy.attempts, copy.is_due(Timestamp::MAX)), (attempt, false));
            copy = next_copy(&copy, &down, &POLICY, at(100)).unwrap();
            let waits = copy.step == CentralStep::PutOff && !copy.is_due(at(109)) && copy.is_due(at(131));
            assert_eq!(waits, attempt < 4, "{copy:?}");
        }
        assert_eq!(copy.step, CentralStep::Refused);
        assert_eq!(copy.reason.as_deref(), Some("given up after 4 tries: the server does not answer"));
        copy = next_copy(&copy, &CentralEvent::AskedAgain, &POLICY, at(200)).unwrap();
        assert_eq!((copy.step, copy.attempts, copy.is_due(at(200))), (CentralStep::Wanted, 0, true));
    }

    #[test]
    fn every_step_has_a_word_of_its_own() {
        for step in CentralStep::ALL {
            assert_eq!(CentralStep::of_word(step.word()), Some(step));
        }
        assert_eq!(CentralStep::of_word("lost"), None);
    }
}
