//! What people say of runs and files, as it stands in the ledger: decisions, shift marks, kinds of runs.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::{FileId, Processing, Run, Sequence};
use serde::{Deserialize, Serialize};

use super::entry::{Entry, EntryId, NewEntry};
use super::words::{EntryKind, Mark, Outcome, Stage};

/// What a decision is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DecisionSubject {
    /// The run.
    pub run: Run,
    /// Which part of it.
    pub part: Part,
    /// The stage of its data.
    pub stage: Stage,
}

/// A part of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// All of it.
    Whole,
    /// One of its files.
    File(Sequence),
    /// One of its processings.
    Processing(Processing),
    /// A range of time in it.
    Range {
        /// Its beginning.
        from: Timestamp,
        /// Its end.
        to: Timestamp,
    },
}

/// A text that names nothing that can be decided on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} names nothing that can be decided on; there are run1, run1-seq0, run1-p2 and run1[FROM..TO], each with @raw, @reconstructed or @selected"
)]
pub struct SubjectError {
    /// The text as found.
    pub found: String,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Decision {
    /// The flag.
    pub flag: Flag,
    /// What is to become of the data.
    pub outcome: Option<Outcome>,
    /// What the data are good for, of the list in the settings.
    pub usable_for: Vec<String>,
    /// Standard comments, of the list in the settings.
    pub comments: Vec<String>,
    /// What else there is to say.
    pub note: String,
    /// What was on the screen.
    pub evidence: Vec<Evidence>,
    /// The version of the rule of derived status that was in force.
    pub rule_version: Option<String>,
    /// What was decided before is taken back, as if nobody had decided; the flag is UNCHECKED then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
}

/// Something that was on the screen when it was decided.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Evidence {
    /// The item of the task tree: `purity/lifetime_trend`.
    pub item: String,
    /// What its checks said.
    pub state: Option<String>,
    /// Its newest value in words.
    pub value: Option<String>,
    /// When the person said to have looked at it, in a review; none where it was on the screen and nothing was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<Timestamp>,
}

/// A decision that somebody wants to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDecision {
    /// When it was made.
    pub at: Timestamp,
    /// What it is about.
    pub subject: DecisionSubject,
    /// What was decided.
    pub decision: Decision,
    /// By whom.
    pub who: String,
    /// In which role.
    pub role: String,
    /// What the person saw in force.
    pub supersedes: Vec<EntryId>,
    /// The name of its delivery, when it may be repeated.
    pub wish: Option<String>,
    /// The place of the book up to which the person saw it, where that is known; see [`NewEntry`].
    pub seen: Option<i64>,
}

/// A decision as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionRecord {
    /// Its name in every book.
    pub entry: EntryId,
    /// Its place in this book: what people are shown as its number.
    pub id: i64,
    /// When it was made.
    pub at: Timestamp,
    /// What it is about.
    pub subject: DecisionSubject,
    /// What was decided.
    #[serde(flatten)]
    pub decision: Decision,
    /// By whom.
    pub who: String,
    /// In which role.
    pub role: String,
    /// What it took the place of.
    pub supersedes: Vec<EntryId>,
}

/// A shifter's mark on a run, as recorded; the newest is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MarkRecord {
    /// Its place in this book; 0 before it is in the book.
    pub id: i64,
    /// When it was made.
    pub at: Timestamp,
    /// The run.
    pub run: Run,
    /// The mark.
    pub mark: Mark,
    /// Why.
    pub comment: String,
    /// By whom.
    pub who: String,
    /// In which role.
    pub role: String,
}

/// The body of a mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkBody {
    /// The mark.
    pub mark: Mark,
    /// Why.
    #[serde(default)]
    pub comment: String,
}

/// The body of a naming of a run's kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunKindBody {
    /// The kind: `cosmics`.
    pub kind: String,
}

/// Everything that people said of runs, by the order of arrival.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Said {
    /// All decisions, also those that are in force no more.
    pub decisions: Vec<DecisionRecord>,
    /// All marks, also those that are in force no more.
    pub marks: Vec<MarkRecord>,
    /// The kind in force of each run of which somebody said it, by run.
    pub kinds: Vec<(Run, String)>,
}

impl DecisionSubject {
    /// A run as a whole, by its raw data.
    #[must_use]
    pub fn run(run: Run) -> Self {
        DecisionSubject { run, part: Part::Whole, stage: Stage::Raw }
    }

    /// A file, by its raw data.
    #[must_use]
    pub fn file(file: FileId) -> Self {
        DecisionSubject { run: file.run, part: Part::File(file.sequence), stage: Stage::Raw }
    }

    /// The same at another stage.
    #[must_use]
    pub fn at(self, stage: Stage) -> Self {
        DecisionSubject { stage, ..self }
    }

    /// Whether it is a run as a whole, by its raw data: what a run's flag in lists is.
    #[must_use]
    pub fn is_run(&self) -> bool {
        self.part == Part::Whole && self.stage == Stage::Raw
    }

    /// In the words of people: the stage is said unless it is that of raw data.
    #[must_use]
    pub fn words(&self) -> String {
        let all = self.to_string();
        all.strip_suffix("@raw").map_or_else(|| all.replace('@', ", "), str::to_owned)
    }
}

impl Decision {
    /// A flag with a note.
    #[must_use]
    pub fn new(flag: Flag, note: &str) -> Self {
        Decision { flag, note: note.to_owned(), ..Decision::default() }
    }

    /// Why: standard comments and note, in one line.
    #[must_use]
    pub fn comment(&self) -> String {
        let note = (!self.note.is_empty()).then_some(self.note.as_str());
        self.comments.iter().map(String::as_str).chain(note).collect::<Vec<_>>().join("; ")
    }
}

impl NewDecision {
    /// As an entry.
    ///
    /// # Errors
    /// Never in practice: a decision is JSON.
    pub fn entry(&self) -> Result<NewEntry, serde_json::Error> {
        Ok(NewEntry {
            at: self.at,
            kind: EntryKind::Decision,
            subject: self.subject.to_string(),
            run: Some(self.subject.run),
            who: self.who.clone(),
            role: self.role.clone(),
            body: serde_json::to_value(&self.decision)?,
            supersedes: self.supersedes.clone(),
            wish: self.wish.clone(),
            seen: self.seen,
        })
    }
}

impl DecisionRecord {
    /// Of an entry.
    ///
    /// # Errors
    /// In words, when the entry is no decision as it should be.
    pub fn of(entry: &Entry) -> Result<Self, String> {
        Ok(DecisionRecord {
            entry: entry.id,
            id: entry.place,
            at: entry.at,
            subject: entry.subject.parse().map_err(|error: SubjectError| error.to_string())?,
            decision: entry.read().map_err(|error| error.to_string())?,
            who: entry.who.clone(),
            role: entry.role.clone(),
            supersedes: entry.supersedes.clone(),
        })
    }
}

impl MarkRecord {
    /// As an entry that takes the place of others.
    ///
    /// # Errors
    /// Never in practice: a mark is JSON.
    pub fn entry(&self, supersedes: Vec<EntryId>) -> Result<NewEntry, serde_json::Error> {
        Ok(NewEntry {
            at: self.at,
            kind: EntryKind::Mark,
            subject: self.run.to_string(),
            run: Some(self.run),
            who: self.who.clone(),
            role: self.role.clone(),
            body: serde_json::to_value(MarkBody { mark: self.mark, comment: self.comment.clone() })?,
            supersedes,
            wish: None,
            seen: None,
        })
    }

    /// Of an entry.
    ///
    /// # Errors
    /// In words, when the entry is no mark as it should be.
    pub fn of(entry: &Entry) -> Result<Self, String> {
        let body: MarkBody = entry.read().map_err(|error| error.to_string())?;
        Ok(MarkRecord {
            id: entry.place,
            at: entry.at,
            run: entry.run.ok_or("it is about no run")?,
            mark: body.mark,
            comment: body.comment,
            who: entry.who.clone(),
            role: entry.role.clone(),
        })
    }
}

impl fmt::Display for DecisionSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            Part::Whole => write!(f, "{}", self.run)?,
            Part::File(sequence) => write!(f, "{}", FileId { run: self.run, sequence })?,
            Part::Processing(processing) => write!(f, "{}-p{}", self.run, processing.0)?,
            Part::Range { from, to } => write!(f, "{}[{from}..{to}]", self.run)?,
        }
        write!(f, "@{}", self.stage.word())
    }
}

impl FromStr for DecisionSubject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, SubjectError> {
        let wrong = || SubjectError { found: text.to_owned() };
        let (what, stage) = text.split_once('@').unwrap_or((text, "raw"));
        let stage = stage.parse().map_err(|_| wrong())?;
        if let Some((run, range)) = what.split_once('[') {
            let (from, to) = range.strip_suffix(']').and_then(|range| range.split_once("..")).ok_or_else(wrong)?;
            let (from, to): (Timestamp, Timestamp) = (from.parse().map_err(|_| wrong())?, to.parse().map_err(|_| wrong())?);
            if from >= to {
                return Err(wrong());
            }
            return Ok(DecisionSubject { run: run.parse().map_err(|_| wrong())?, part: Part::Range { from, to }, stage });
        }
        if let Some((run, processing)) = what.split_once("-p") {
            let processing = Processing(processing.parse().map_err(|_| wrong())?);
            return Ok(DecisionSubject { run: run.parse().map_err(|_| wrong())?, part: Part::Processing(processing), stage });
        }
        if let Ok(file) = what.parse::<FileId>() {
            return Ok(DecisionSubject { run: file.run, part: Part::File(file.sequence), stage });
        }
        Ok(DecisionSubject { run: what.parse().map_err(|_| wrong())?, part: Part::Whole, stage })
    }
}

impl Serialize for DecisionSubject {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DecisionSubject {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_reads_back_and_a_wrong_one_says_what_there_is() {
        let range = Part::Range { from: Timestamp::UNIX_EPOCH, to: Timestamp::new(60, 5).unwrap() };
        let parts = [Part::Whole, Part::File(Sequence(3)), Part::Processing(Processing(2)), range];
        for (part, stage) in parts.into_iter().flat_map(|part| Stage::ALL.iter().map(move |stage| (part, *stage))) {
            let subject = DecisionSubject { run: Run(840), part, stage };
            assert_eq!(subject.to_string().parse(), Ok(subject), "{subject}");
        }
        assert_eq!("run840".parse(), Ok(DecisionSubject::run(Run(840))));
        for wrong in [
            "",
            "run",
            "run1@cooked",
            "run1-p",
            "run1-seqx",
            "run1[",
            "run1[a..b]",
            "run1[2020-01-01T00:00:00Z..2019-01-01T00:00:00Z]",
        ] {
            assert!(wrong.parse::<DecisionSubject>().is_err(), "{wrong}");
        }
    }
}
