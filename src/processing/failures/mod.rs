//! Failures as a shifter needs them: what kind it is, what that means, what to do, how often it comes, whether it is tried again.
//!
//! All of it is pure: what is known of a failure comes in as [`Evidence`], times of day as arguments.

mod classify;
mod rates;
mod retry;

use std::fmt;

use crate::bookkeeping::FailureClass;

pub use classify::{Evidence, Phase, classify};
pub use rates::{ClassRate, rates};
pub use retry::{retry, times_allowed};

impl FailureClass {
    /// What it is called on a screen.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.words()[0]
    }

    /// What it means, in one sentence.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        self.words()[1]
    }

    /// What the shifter does.
    #[must_use]
    pub fn next_step(self) -> &'static str {
        self.words()[2]
    }

    /// Title, meaning, next step.
    #[rustfmt::skip]
    fn words(self) -> [&'static str; 3] {
        match self {
            FailureClass::InputDamaged => [
                "input damaged",
                "The file that it reads is cut short or its bytes contradict the format.",
                "Look at it with 'dqmon inspect'; if the DAQ's own copy is whole, resubmit; else tell the DAQ expert and mark the file bad.",
            ],
            FailureClass::Memory => [
                "killed, most likely for memory",
                "The operating system or the batch system killed the job, which as a rule is for the memory it took.",
                "Resubmit; if it comes again, call the data manager: fewer jobs at once, or more memory for each.",
            ],
            FailureClass::TimeLimit => [
                "time limit",
                "The job took longer than the batch system lets it.",
                "Resubmit; if it comes again, call the data manager: the limit is too short or the node too slow.",
            ],
            FailureClass::NodeLost => [
                "node lost",
                "The machine that the job ran on went down or lost its connection.",
                "Resubmit; if the same node is named again, tell the farm's operator.",
            ],
            FailureClass::ProgramError => [
                "program error",
                "The program itself failed: it crashed, panicked, or refused what it was given.",
                "Resubmit once; if it comes again, keep the log and call the software expert. The other files go on.",
            ],
            FailureClass::Space => [
                "storage full",
                "A disk that it writes to had no room left.",
                "Call the data manager: room has to be made first; then resubmit.",
            ],
            FailureClass::Submit => [
                "could not be submitted",
                "The batch system did not take the job, so it never ran.",
                "Look whether the batch system answers; when it does, resubmit; else call the data manager.",
            ],
            FailureClass::Copy => [
                "copy failed",
                "The raw file could not be copied into the storage: the source or the server is away, or can't be read.",
                "Look whether the server and the DAQ's disk answer; when they do, resubmit; else call the data manager.",
            ],
            FailureClass::Output => [
                "output not as expected",
                "The job said that all was well, and its output is missing, damaged or has another number of entries.",
                "Resubmit; if it comes again, call the software expert.",
            ],
            FailureClass::Lost => [
                "lost",
                "The job went away without leaving a mark of how it ended.",
                "Look whether the node went down; resubmit; if it comes again, call the data manager.",
            ],
            FailureClass::Cancelled => [
                "cancelled by a person",
                "Somebody ended the job on purpose.",
                "Ask in the shift log why; resubmit when it is wanted after all.",
            ],
            FailureClass::Analysis => [
                "no result of the analyses",
                "The file was reconstructed, and none of its group's analyses led to a result.",
                "Read the reasons of the analyses with 'dqmon show'; too few tracks are no fault of the program.",
            ],
            FailureClass::Unknown => [
                "not known",
                "What is known of the failure does not tell its kind.",
                "Read the log; resubmit; if it comes again, call the data manager.",
            ],
        }
    }
}

impl fmt::Display for FailureClass {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.title())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_words_of_its_own() {
        let words: std::collections::BTreeSet<_> = FailureClass::ALL.iter().flat_map(|class| class.words()).collect();
        assert_eq!(words.len(), 3 * FailureClass::ALL.len());
        for class in FailureClass::ALL {
            assert!(class.meaning().ends_with('.') && class.next_step().ends_with('.'), "{class}");
        }
    }
}
