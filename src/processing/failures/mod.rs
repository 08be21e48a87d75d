//! Failures as a shifter needs them: what kind it is, what that means, what to do, how often it comes, whether it is tried again.
//!
//! All of it is pure: what is known of a failure comes in as [`Evidence`], times of day as arguments.

mod classify;
mod rates;
mod retry;
mod words;

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

    #[test]
    fn what_resubmitting_does_not_mend_is_not_advised_to_be_resubmitted() {
        let guide = include_str!("../../../docs/shifter.md");
        assert!(guide.contains("\"input damaged\" means") && guide.contains("**Resubmit** does not help it"));
        let step = FailureClass::InputDamaged.next_step();
        assert!(step.contains("Tell the DAQ people") && step.contains("Resubmitting reads the same bytes"), "{step}");
    }
}
