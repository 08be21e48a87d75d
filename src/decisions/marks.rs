//! What marks mean: a shift mark's flag, and what the subsystems say of a processing.

use monitasks::quality::Flag;
use serde::{Deserialize, Serialize};

use crate::bookkeeping::Mark;
use crate::config::{CAL, MarkSettings, RQM};

/// What a subsystem says of a processing. CAL says `Physics` or `DetStudy`, all others one of the first three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubsystemMark {
    /// Of use.
    Good,
    /// This processing is of no use, a later one may be.
    Flawed,
    /// The data are of no use, however they are processed.
    Bad,
    /// Taken for physics.
    Physics,
    /// Taken to study the detector.
    DetStudy,
    /// What was said before is taken back.
    Unset,
}

/// A mark that a subsystem may not give.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MarkError {
    /// There is no such subsystem.
    #[error("no subsystem is called {found:?}; there are: {known}")]
    UnknownSubsystem {
        /// The name as given.
        found: String,
        /// The subsystems there are.
        known: String,
    },
    /// It says other things.
    #[error("{subsystem} does not say {found:?}, it says one of: {known}")]
    NotSaid {
        /// The subsystem.
        subsystem: String,
        /// The mark as given.
        found: String,
        /// What it may say.
        known: String,
    },
}

impl SubsystemMark {
    /// What RQM and all subsystems of the experiment may say.
    pub const OF_QUALITY: &[SubsystemMark] =
        &[SubsystemMark::Good, SubsystemMark::Flawed, SubsystemMark::Bad, SubsystemMark::Unset];
    /// What CAL may say.
    pub const OF_PURPOSE: &[SubsystemMark] = &[SubsystemMark::Physics, SubsystemMark::DetStudy, SubsystemMark::Unset];

    /// Its word, as rules have it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            SubsystemMark::Good => "good",
            SubsystemMark::Flawed => "flawed",
            SubsystemMark::Bad => "bad",
            SubsystemMark::Physics => "physics",
            SubsystemMark::DetStudy => "det_study",
            SubsystemMark::Unset => "unset",
        }
    }

    /// What it means, for who is about to say it.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            SubsystemMark::Good => "this processing is of use",
            SubsystemMark::Flawed => "this processing is of no use; a later one of the same data may be",
            SubsystemMark::Bad => "the data are of no use, however they are processed",
            SubsystemMark::Physics => "taken for physics",
            SubsystemMark::DetStudy => "taken to study the detector",
            SubsystemMark::Unset => "nothing is said",
        }
    }

    /// What a subsystem may say.
    #[must_use]
    pub fn of(subsystem: &str) -> &'static [SubsystemMark] {
        if subsystem == CAL { SubsystemMark::OF_PURPOSE } else { SubsystemMark::OF_QUALITY }
    }
}

/// The subsystems that may mark a processing, the special ones first.
pub fn subsystems(settings: &MarkSettings) -> impl Iterator<Item = &str> {
    [RQM, CAL].into_iter().chain(settings.subsystems.iter().map(String::as_str))
}

/// A subsystem's mark from its word.
///
/// # Errors
/// When there is no such subsystem, or it says other things; with those there are.
pub fn parse(settings: &MarkSettings, subsystem: &str, word: &str) -> Result<SubsystemMark, MarkError> {
    if !subsystems(settings).any(|known| known == subsystem) {
        let known = subsystems(settings).collect::<Vec<_>>().join(", ");
        return Err(MarkError::UnknownSubsystem { found: subsystem.to_owned(), known });
    }
    let may = SubsystemMark::of(subsystem);
    may.iter().copied().find(|mark| mark.word() == word).ok_or_else(|| MarkError::NotSaid {
        subsystem: subsystem.to_owned(),
        found: word.to_owned(),
        known: may.iter().map(|mark| mark.word()).collect::<Vec<_>>().join(", "),
    })
}

/// The flag of a run with this shift mark that nobody has decided on; none while it is unmarked.
#[must_use]
pub fn flag_of(settings: &MarkSettings, mark: Mark) -> Option<Flag> {
    match mark {
        Mark::Ok => Some(settings.ok),
        Mark::Flawed => Some(settings.flawed),
        Mark::Unusable => Some(settings.unusable),
        Mark::DetectorStudies => Some(settings.detector_studies),
        Mark::Unmarked => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{StatusSettings, inputs};

    #[test]
    fn shift_marks_have_the_flags_of_the_table() {
        let settings = MarkSettings::default();
        let flags: Vec<_> = Mark::ALL.iter().map(|mark| (mark.word(), flag_of(&settings, *mark))).collect();
        let expected = [
            ("ok", Some(Flag::Ok)),
            ("flawed", Some(Flag::Maybe)),
            ("unusable", Some(Flag::Bad)),
            ("detector_studies", Some(Flag::Unchecked)),
            ("unmarked", None),
        ];
        assert_eq!(flags, expected);
        let strict = MarkSettings { flawed: Flag::Bad, ..settings };
        assert_eq!(flag_of(&strict, Mark::Flawed), Some(Flag::Bad));
    }

    #[test]
    fn subsystems_say_what_they_may_and_nothing_else() {
        let settings = MarkSettings::default();
        assert_eq!(parse(&settings, "RQM", "good"), Ok(SubsystemMark::Good));
        assert_eq!(parse(&settings, "CAL", "det_study"), Ok(SubsystemMark::DetStudy));
        let told = |subsystem, word| parse(&settings, subsystem, word).unwrap_err().to_string();
        assert_eq!(told("RQM", "physics"), "RQM does not say \"physics\", it says one of: good, flawed, bad, unset");
        assert_eq!(told("CAL", "good"), "CAL does not say \"good\", it says one of: physics, det_study, unset");
        assert!(told("EMC", "good").contains("there are: RQM, CAL, CRP"));
    }

    /// A mark that a rule does not know could never count.
    #[test]
    fn every_mark_is_a_value_that_rules_know() {
        let settings = MarkSettings::default();
        let domains = inputs(&settings, &StatusSettings::default());
        for subsystem in subsystems(&settings) {
            let domain = domains.iter().find(|domain| domain.name == subsystem).unwrap();
            let mut known = domain.values.clone();
            let mut may: Vec<_> = SubsystemMark::of(subsystem).iter().map(|mark| mark.word().to_owned()).collect();
            known.sort();
            may.sort();
            assert_eq!(known, may, "{subsystem}");
        }
        let domain = domains.iter().find(|domain| domain.name == "mark").unwrap();
        assert!(Mark::ALL.iter().all(|mark| domain.values.iter().any(|value| value == mark.word())));
        let domain = domains.iter().find(|domain| domain.name == "flag").unwrap();
        assert!(Flag::ALL.iter().all(|flag| domain.values.iter().any(|value| value == flag.word())));
    }
}
