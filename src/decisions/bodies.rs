//! What entries of the book hold that people make beside decisions: marks of subsystems, locks, verifications.
//!
//! The other bodies stand with what they mean: a rule and an override are [`crate::config::RuleSettings`] and
//! [`crate::config::OverrideSettings`], a status is [`super::status::Derived`], a derivation [`super::status::Derivation`].

use serde::{Deserialize, Serialize};

use super::marks::SubsystemMark;

/// What a subsystem says of a processing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubsystemMarkBody {
    /// The mark.
    pub mark: SubsystemMark,
    /// Why; may be empty.
    #[serde(default)]
    pub comment: String,
}

/// A second person has looked at a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// The entry of the decision that was looked at: a newer one is not verified by it.
    pub of: String,
    /// Whether the second person agrees.
    pub agrees: bool,
    /// What there is to say.
    #[serde(default)]
    pub comment: String,
}

impl Verification {
    /// Whether a decision is verified: the second person is another one, saw this very entry and agrees.
    #[must_use]
    pub fn counts(&self, decision: &str, decided_by: &str, verified_by: &str) -> bool {
        let same_person = decided_by.trim().to_lowercase() == verified_by.trim().to_lowercase();
        self.agrees && self.of == decision && !same_person
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_verified_by_another_person_who_saw_that_one() {
        let verification = Verification { of: "a/7".into(), agrees: true, comment: String::new() };
        assert!(verification.counts("a/7", "Ada", "Ben"));
        assert!(!verification.counts("a/7", "Ada", "ada "));
        assert!(!verification.counts("a/8", "Ada", "Ben"), "it was superseded since");
        assert!(!Verification { agrees: false, ..verification }.counts("a/7", "Ada", "Ben"));
    }

    #[test]
    fn bodies_stand_as_words() {
        let body = SubsystemMarkBody { mark: SubsystemMark::DetStudy, comment: String::new() };
        assert_eq!(serde_json::to_string(&body).unwrap(), r#"{"mark":"det_study","comment":""}"#);
        assert_eq!(serde_json::from_str::<SubsystemMarkBody>(r#"{"mark":"det_study"}"#).unwrap(), body);
    }
}
