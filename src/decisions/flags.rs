//! Which flag is in force on a run, a file, a processing or a time range, and where it comes from.
//!
//! A subject's own decision wins. A file or a time range without one takes that of the time ranges that cover it, else the run's;
//! the run's reaches all without one of their own. Where nobody decided on a run its shift mark stands in, for raw data alone;
//! where nobody marked it either it is UNCHECKED. Each stage is judged by itself. Two decisions in force on one subject are a
//! conflict between books: the worse counts, and it is said.

use std::collections::HashMap;

use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::{Processing, Run, Sequence};
use serde::Serialize;

use crate::bookkeeping::{DecisionSubject, Part, Stage};

/// A stretch of time, the end not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end, after the beginning.
    pub to: Timestamp,
}

/// A decision or mark in force, as far as flags go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// What it is about.
    pub subject: DecisionSubject,
    /// The flag; a mark's is that of the table in the settings.
    pub flag: Flag,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub who: String,
    /// In which role.
    pub role: String,
    /// Its entry in the book.
    pub entry: String,
}

/// Where a flag comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A decision on it alone.
    Own,
    /// A decision on its run.
    OfRun,
    /// Decisions on time ranges that it lies in.
    OfTime,
    /// Decisions on time ranges that part of it lies in, or may lie in: worse than its run's.
    PartOfTime,
    /// The shifter's mark on its run.
    OfMark,
    /// Nobody said anything.
    Default,
}

/// A piece of data and when it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Arrival {
    /// What came.
    pub what: Datum,
    /// When.
    pub at: Timestamp,
}

/// A piece of a run's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Datum {
    /// A raw file; the moment is when it was taken in: people can have seen it from then on.
    File(Sequence),
    /// A processing; the moment is that of its last product.
    Processing(Processing),
}

/// The flag in force on a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InForce {
    /// The flag.
    pub flag: Flag,
    /// Where it comes from.
    pub origin: Origin,
    /// What was said, by whom; empty where nobody said anything.
    pub by: Vec<Said>,
    /// Books differ, and the worse counts.
    pub conflict: bool,
    /// Data that came after it was said: it is outdated where there are any.
    pub newer: Vec<Arrival>,
}

/// All decisions and marks in force, by run.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    decisions: HashMap<Run, Vec<Said>>,
    marks: HashMap<Run, Vec<Said>>,
}

/// How bad a flag is: what is not known is worse than OK, and what somebody could not tell is worse than what nobody looked at.
#[must_use]
pub fn badness(flag: Flag) -> u8 {
    match flag {
        Flag::Ok => 0,
        Flag::Unchecked => 1,
        Flag::Maybe => 2,
        Flag::Bad => 3,
    }
}

/// Whether a decision says enough: BAD needs a standard comment or a note that says why.
#[must_use]
pub fn is_explained(flag: Flag, comments: &[String], note: &str) -> bool {
    flag != Flag::Bad || !note.trim().is_empty() || comments.iter().any(|comment| !comment.trim().is_empty())
}

impl Span {
    /// Whether all of another stretch is in this one.
    #[must_use]
    pub fn covers(&self, other: &Span) -> bool {
        self.from <= other.from && other.to <= self.to
    }

    /// Whether the two have a moment in common.
    #[must_use]
    pub fn touches(&self, other: &Span) -> bool {
        self.from < other.to && other.from < self.to
    }
}

impl Flags {
    /// Decisions in force, and marks in force with their flags; more than one on a subject is a conflict between books.
    #[must_use]
    pub fn new(decisions: impl IntoIterator<Item = Said>, marks: impl IntoIterator<Item = Said>) -> Self {
        let by_run = |all: &mut HashMap<Run, Vec<Said>>, said: Said| all.entry(said.subject.run).or_default().push(said);
        let mut flags = Flags::default();
        decisions.into_iter().for_each(|said| by_run(&mut flags.decisions, said));
        marks.into_iter().for_each(|said| by_run(&mut flags.marks, said));
        flags
    }

    /// The flag in force on a subject. `span` is when a file's data were taken, none when that is not known: then every time
    /// range of its run may touch it. `arrivals` are the run's data.
    #[must_use]
    pub fn of(&self, subject: DecisionSubject, span: Option<Span>, arrivals: &[Arrival]) -> InForce {
        let (origin, by) = self.said_of(subject, span);
        let flag = by.iter().map(|said| said.flag).max_by_key(|flag| badness(*flag)).unwrap_or_default();
        let conflict = by
            .iter()
            .enumerate()
            .any(|(place, said)| by[..place].iter().any(|other| other.subject == said.subject && other.flag != said.flag));
        let newer = by.iter().map(|said| said.at).min().map_or_else(Vec::new, |said_at| {
            arrivals.iter().filter(|arrival| arrival.at > said_at && concerns(subject, arrival.what)).copied().collect()
        });
        InForce { flag, origin, by, conflict, newer }
    }

    /// What is said of a subject, by the most particular who said anything.
    fn said_of(&self, subject: DecisionSubject, span: Option<Span>) -> (Origin, Vec<Said>) {
        let of_run = self.decisions.get(&subject.run).map_or(&[][..], Vec::as_slice);
        let on = |wanted: DecisionSubject| of_run.iter().filter(|said| said.subject == wanted).cloned().collect::<Vec<_>>();
        let own = on(subject);
        if !own.is_empty() {
            return (Origin::Own, own);
        }
        let span = match subject.part {
            Part::Range { from, to } => Some(Span { from, to }),
            _ => span,
        };
        let has_time = matches!(subject.part, Part::File(_) | Part::Range { .. });
        let times = of_run.iter().filter_map(|said| match said.subject.part {
            Part::Range { from, to } if has_time && said.subject.stage == subject.stage => Some((Span { from, to }, said)),
            _ => None,
        });
        let (whole, part): (Vec<_>, Vec<_>) = times
            .filter(|(time, _)| span.is_none_or(|span| time.touches(&span)))
            .partition(|(time, _)| span.is_some_and(|span| time.covers(&span)));
        let (origin, base) = if whole.is_empty() {
            self.said_of_run(subject, on(DecisionSubject::run(subject.run).at(subject.stage)))
        } else {
            (Origin::OfTime, whole.into_iter().map(|(_, said)| said.clone()).collect())
        };
        let worst = base.iter().map(|said| badness(said.flag)).max().unwrap_or(badness(Flag::Unchecked));
        let worse: Vec<Said> =
            part.into_iter().filter(|(_, said)| badness(said.flag) > worst).map(|(_, said)| said.clone()).collect();
        if worse.is_empty() { (origin, base) } else { (Origin::PartOfTime, worse) }
    }

    fn said_of_run(&self, subject: DecisionSubject, decided: Vec<Said>) -> (Origin, Vec<Said>) {
        if !decided.is_empty() {
            return (if subject.part == Part::Whole { Origin::Own } else { Origin::OfRun }, decided);
        }
        match self.marks.get(&subject.run) {
            Some(marks) if subject.stage == Stage::Raw => (Origin::OfMark, marks.clone()),
            _ => (Origin::Default, Vec::new()),
        }
    }
}

/// Whether a piece of data is what a decision on the subject looked at: a decision on raw data saw files, on later stages also
/// what was made of them.
fn concerns(subject: DecisionSubject, datum: Datum) -> bool {
    match (subject.part, datum) {
        (Part::Whole | Part::Range { .. }, Datum::File(_)) => true,
        (Part::Whole | Part::Range { .. } | Part::File(_), Datum::Processing(_)) => subject.stage != Stage::Raw,
        (Part::File(wanted), Datum::File(found)) => wanted == found,
        (Part::Processing(wanted), Datum::Processing(found)) => wanted == found,
        (Part::Processing(_), Datum::File(_)) => false,
    }
}

impl InForce {
    /// Whether data came after it was said.
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        !self.newer.is_empty()
    }

    /// Where it comes from, for people: `decided on the run by Ada (shifter), 2016-11-16T10:00:00Z; outdated: seq3 came later`.
    #[must_use]
    pub fn words(&self) -> String {
        let by =
            self.by.iter().map(|said| format!("{} ({}), {}", said.who, said.role, said.at)).collect::<Vec<_>>().join(", and ");
        let mut words = match self.origin {
            Origin::Own => format!("decided by {by}"),
            Origin::OfRun => format!("decided on the run by {by}"),
            Origin::OfTime => format!("decided on its time by {by}"),
            Origin::PartOfTime => format!("decided on part of its time by {by}"),
            Origin::OfMark => format!("by the shift mark of {by}"),
            Origin::Default => "nobody has decided".to_owned(),
        };
        if self.conflict {
            words += "; the books differ, and the worse counts";
        }
        if let Some(last) = self.newer.iter().max_by_key(|arrival| arrival.at) {
            let what = match last.what {
                Datum::File(sequence) => sequence.to_string(),
                Datum::Processing(processing) => format!("p{}", processing.0),
            };
            words += &format!("; outdated: {what} came later");
        }
        words
    }
}

#[cfg(test)]
#[path = "flags_tests.rs"]
mod tests;
