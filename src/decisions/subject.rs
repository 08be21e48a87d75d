//! What a decision is about: a run, a file, a processing or a time range of a run, at a stage.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use monitasks::vocab::{NameError, Processing, Run, Sequence};
use serde::{Deserialize, Serialize};

/// The stage of data that a flag is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// As the DAQ wrote them.
    #[default]
    Raw,
    /// After reconstruction.
    Reconstructed,
    /// What a selection left.
    Selected,
}

/// The part of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// All of it.
    Whole,
    /// A raw file and what came of it.
    File(Sequence),
    /// A processing.
    Processing(Processing),
    /// What was taken from one moment to another, the end not in it.
    Range {
        /// Its beginning.
        from: Timestamp,
        /// Its end, after the beginning.
        to: Timestamp,
    },
}

/// What a decision is about. As text `run840-seq3@raw`, `run840-p2@reconstructed`, `run840[FROM..TO]@raw`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct DecisionSubject {
    /// The run.
    pub run: Run,
    /// The part of it.
    pub part: Part,
    /// The stage of its data.
    pub stage: Stage,
}

impl Stage {
    /// All, in the order in which data pass them.
    pub const ALL: [Stage; 3] = [Stage::Raw, Stage::Reconstructed, Stage::Selected];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Stage::Raw => "raw",
            Stage::Reconstructed => "reconstructed",
            Stage::Selected => "selected",
        }
    }
}

impl DecisionSubject {
    /// A run as a whole, by its raw data.
    #[must_use]
    pub fn run(run: Run) -> Self {
        DecisionSubject { run, part: Part::Whole, stage: Stage::Raw }
    }

    /// The same at another stage.
    #[must_use]
    pub fn at(self, stage: Stage) -> Self {
        DecisionSubject { stage, ..self }
    }
}

impl FromStr for Stage {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let found = Stage::ALL.into_iter().find(|stage| stage.word() == text);
        found.ok_or_else(|| NameError { found: text.to_owned(), expected: "a stage (raw, reconstructed or selected)" })
    }
}

impl fmt::Display for DecisionSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.run)?;
        match self.part {
            Part::Whole => {}
            Part::File(sequence) => write!(f, "-{sequence}")?,
            Part::Processing(processing) => write!(f, "-p{}", processing.0)?,
            Part::Range { from, to } => write!(f, "[{from}..{to}]")?,
        }
        write!(f, "@{}", self.stage.word())
    }
}

impl FromStr for DecisionSubject {
    type Err = NameError;

    /// Reads what [`DecisionSubject`] writes.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError {
            found: text.to_owned(),
            expected: "what a decision is about (run<R>, run<R>-seq<S>, run<R>-p<P> or run<R>[FROM..TO], with @ and a stage)",
        };
        let (what, stage) = text.rsplit_once('@').ok_or_else(wrong)?;
        let stage = stage.parse()?;
        let number = |digits: &str| if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None };
        let rest = what.strip_prefix("run").ok_or_else(wrong)?;
        let (run, part) = if let Some((run, span)) = rest.split_once('[') {
            let (from, to) = span.strip_suffix(']').and_then(|span| span.split_once("..")).ok_or_else(wrong)?;
            let (from, to): (Timestamp, Timestamp) = (from.parse().map_err(|_| wrong())?, to.parse().map_err(|_| wrong())?);
            (run, (from < to).then_some(Part::Range { from, to }))
        } else if let Some((run, sequence)) = rest.split_once("-seq") {
            (run, number(sequence).map(|sequence| Part::File(Sequence(sequence))))
        } else if let Some((run, processing)) = rest.split_once("-p") {
            (run, number(processing).map(|processing| Part::Processing(Processing(processing))))
        } else {
            (rest, Some(Part::Whole))
        };
        let run = number(run).map(Run).ok_or_else(wrong)?;
        Ok(DecisionSubject { run, part: part.ok_or_else(wrong)?, stage })
    }
}

impl From<DecisionSubject> for String {
    fn from(subject: DecisionSubject) -> Self {
        subject.to_string()
    }
}

impl TryFrom<String> for DecisionSubject {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_reads_what_it_writes() {
        for text in [
            "run840@raw",
            "run840-seq3@reconstructed",
            "run840-p2@selected",
            "run840[2016-11-16T10:00:00Z..2016-11-16T10:05:00.5Z]@raw",
        ] {
            assert_eq!(text.parse::<DecisionSubject>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_subject_is_refused() {
        for text in [
            "",
            "run840",
            "run840@done",
            "840@raw",
            "run840-seq@raw",
            "run840-p+2@raw",
            "run@raw",
            "run1[2016-11-16T10:00:00Z..2016-11-16T10:00:00Z]@raw",
            "run1[a..b]@raw",
        ] {
            assert!(text.parse::<DecisionSubject>().is_err(), "{text:?} was taken");
        }
    }
}
