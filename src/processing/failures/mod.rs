//! Failures as a shifter needs them: what kind it is, what that means, what to do, how often it comes, whether it is tried again.
//!
//! All of it is pure: what is known of a failure comes in as [`Evidence`], times of day as arguments.

mod classify;
mod rates;
mod retry;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use classify::{Evidence, Phase, classify};
pub use rates::{ClassRate, rates};
pub use retry::{retry, times_allowed};

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonClass {
    /// The raw file, or a file that an analysis reads, is damaged.
    InputDamaged,
    /// Killed, most likely for memory.
    Memory,
    /// The batch system's time limit.
    TimeLimit,
    /// The machine that it ran on went away.
    NodeLost,
    /// The program failed: a panic, a crash, a refusal that is no other class.
    ProgramError,
    /// A disk was full.
    Space,
    /// The batch system did not take the job.
    Submit,
    /// The raw file could not be copied.
    Copy,
    /// The job ended well and its output is missing or not as expected.
    Output,
    /// The job went away without an end mark.
    Lost,
    /// A person ended it.
    Cancelled,
    /// No analysis of its group led to a result.
    Analysis,
    /// None of these is proven.
    Unknown,
}

/// A text that is no class of failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no class of failure; there are: {known}")]
pub struct ClassError {
    found: String,
    known: String,
}

impl ReasonClass {
    /// All of them, in the order they are shown.
    pub const ALL: [ReasonClass; 13] = [
        ReasonClass::InputDamaged,
        ReasonClass::Memory,
        ReasonClass::TimeLimit,
        ReasonClass::NodeLost,
        ReasonClass::ProgramError,
        ReasonClass::Space,
        ReasonClass::Submit,
        ReasonClass::Copy,
        ReasonClass::Output,
        ReasonClass::Lost,
        ReasonClass::Cancelled,
        ReasonClass::Analysis,
        ReasonClass::Unknown,
    ];

    /// The word in the book, in `--json` and in the settings.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.words()[0]
    }

    /// What it is called on a screen.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.words()[1]
    }

    /// What it means, in one sentence.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        self.words()[2]
    }

    /// What the shifter does.
    #[must_use]
    pub fn next_step(self) -> &'static str {
        self.words()[3]
    }

    /// Word, title, meaning, next step.
    #[rustfmt::skip]
    fn words(self) -> [&'static str; 4] {
        match self {
            ReasonClass::InputDamaged => [
                "input_damaged", "input damaged",
                "The file that it reads is cut short or its bytes contradict the format.",
                "Look at it with 'dqmon inspect'; if the DAQ's own copy is whole, resubmit; else tell the DAQ expert and mark the file bad.",
            ],
            ReasonClass::Memory => [
                "memory", "killed, most likely for memory",
                "The operating system or the batch system killed the job, which as a rule is for the memory it took.",
                "Resubmit; if it comes again, call the data manager: fewer jobs at once, or more memory for each.",
            ],
            ReasonClass::TimeLimit => [
                "time_limit", "time limit",
                "The job took longer than the batch system lets it.",
                "Resubmit; if it comes again, call the data manager: the limit is too short or the node too slow.",
            ],
            ReasonClass::NodeLost => [
                "node_lost", "node lost",
                "The machine that the job ran on went down or lost its connection.",
                "Resubmit; if the same node is named again, tell the farm's operator.",
            ],
            ReasonClass::ProgramError => [
                "program_error", "program error",
                "The program itself failed: it crashed, panicked, or refused what it was given.",
                "Resubmit once; if it comes again, keep the log and call the software expert. The other files go on.",
            ],
            ReasonClass::Space => [
                "space", "storage full",
                "A disk that it writes to had no room left.",
                "Call the data manager: room has to be made first; then resubmit.",
            ],
            ReasonClass::Submit => [
                "submit", "could not be submitted",
                "The batch system did not take the job, so it never ran.",
                "Look whether the batch system answers; when it does, resubmit; else call the data manager.",
            ],
            ReasonClass::Copy => [
                "copy", "copy failed",
                "The raw file could not be copied into the storage: the source or the server is away, or can't be read.",
                "Look whether the server and the DAQ's disk answer; when they do, resubmit; else call the data manager.",
            ],
            ReasonClass::Output => [
                "output", "output not as expected",
                "The job said that all was well, and its output is missing, damaged or has another number of entries.",
                "Resubmit; if it comes again, call the software expert.",
            ],
            ReasonClass::Lost => [
                "lost", "lost",
                "The job went away without leaving a mark of how it ended.",
                "Look whether the node went down; resubmit; if it comes again, call the data manager.",
            ],
            ReasonClass::Cancelled => [
                "cancelled", "cancelled by a person",
                "Somebody ended the job on purpose.",
                "Ask in the shift log why; resubmit when it is wanted after all.",
            ],
            ReasonClass::Analysis => [
                "analysis", "no result of the analyses",
                "The file was reconstructed, and none of its group's analyses led to a result.",
                "Read the reasons of the analyses with 'dqmon show'; too few tracks are no fault of the program.",
            ],
            ReasonClass::Unknown => [
                "unknown", "not known",
                "What is known of the failure does not tell its kind.",
                "Read the log; resubmit; if it comes again, call the data manager.",
            ],
        }
    }
}

impl fmt::Display for ReasonClass {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.title())
    }
}

impl FromStr for ReasonClass {
    type Err = ClassError;

    /// Also reads the words of older books: `intake` was a failed copy, `job` any job that ended with an error.
    fn from_str(text: &str) -> Result<Self, ClassError> {
        match text {
            "intake" => Ok(ReasonClass::Copy),
            "job" => Ok(ReasonClass::Unknown),
            _ => ReasonClass::ALL
                .into_iter()
                .find(|class| class.word() == text)
                .ok_or_else(|| ClassError { found: text.to_owned(), known: ReasonClass::ALL.map(ReasonClass::word).join(", ") }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_its_own_words_and_they_read_back() {
        for class in ReasonClass::ALL {
            assert_eq!(class.word().parse(), Ok(class));
            assert_eq!(serde_json::to_value(class).unwrap(), class.word());
            assert!(class.meaning().ends_with('.') && class.next_step().ends_with('.'), "{class}");
        }
        let words: std::collections::BTreeSet<_> = ReasonClass::ALL.iter().flat_map(|class| class.words()).collect();
        assert_eq!(
            words.len(),
            4 * ReasonClass::ALL.len() - ReasonClass::ALL.iter().filter(|class| class.word() == class.title()).count()
        );
    }

    #[test]
    fn words_of_older_books_are_read_and_others_refused_with_those_there_are() {
        for (old, class) in [
            ("intake", ReasonClass::Copy),
            ("space", ReasonClass::Space),
            ("job", ReasonClass::Unknown),
            ("lost", ReasonClass::Lost),
            ("output", ReasonClass::Output),
            ("analysis", ReasonClass::Analysis),
            ("submit", ReasonClass::Submit),
        ] {
            assert_eq!(old.parse(), Ok(class));
        }
        let error = "tired".parse::<ReasonClass>().unwrap_err().to_string();
        assert!(error.contains("tired") && error.contains("node_lost"), "{error}");
    }
}
