//! Problems: what is wrong, where, how bad, who sees to it; from open to closed, and open again.
//!
//! Each change is an entry of its own that carries the whole problem as it is after it: the newest is in force, all of them are
//! its story.

use jiff::Timestamp;
use monitasks::vocab::{FileId, Run};
use serde::{Deserialize, Serialize};

use super::channels::Channels;
use super::standing::{self, Said, SayError, Signature, Standing};
use super::wording::{self, LONGEST_LINE, LONGEST_NAME, WordingError, choice};
use crate::bookkeeping::{EntryKind, Store};

choice! {
    /// How bad a problem is.
    Severity, "severity" {
        /// The data are of use as they are.
        Minor = "minor",
        /// Data lose worth while it lasts.
        Major = "major",
        /// Data are lost while it lasts.
        Critical = "critical",
    }
}

choice! {
    /// How far a problem has come.
    ProblemState, "state of a problem" {
        /// Nobody sees to it yet.
        Open = "open",
        /// Its owner sees to it.
        InWork = "in work",
        /// It is over, for a reason that stands beside it.
        Closed = "closed",
    }
}

choice! {
    /// What an entry did to a problem.
    Deed, "deed" {
        /// It was told first.
        Opened = "opened",
        /// Something was said about it.
        Commented = "commented",
        /// Somebody sees to it from now on.
        Taken = "taken",
        /// Its end.
        Closed = "closed",
        /// It is not over after all.
        Reopened = "reopened",
        /// Somebody has seen that it is urgent.
        Acknowledged = "acknowledged",
        /// It is to be quiet until a day.
        Shelved = "shelved",
    }
}

/// Where a problem is; whatever is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Place {
    /// In this run.
    pub run: Option<Run>,
    /// In this raw file.
    pub file: Option<FileId>,
    /// In results of this lane.
    pub lane: Option<String>,
    /// On this plot: `purity/lifetime_trend`.
    pub item: Option<String>,
    /// On these channels.
    pub channels: Channels,
}

/// Somebody's word with its moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub who: String,
    /// In which role.
    pub role: String,
    /// What was said.
    pub comment: String,
}

/// A problem as it is after a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// What is wrong, in a line.
    pub what: String,
    /// Where.
    #[serde(default)]
    pub place: Place,
    /// How bad.
    pub severity: Severity,
    /// Whether it must be told at once.
    #[serde(default)]
    pub urgent: bool,
    /// Who sees to it.
    #[serde(default)]
    pub owner: Option<String>,
    /// How far it has come.
    pub state: ProblemState,
    /// When and by whom it was told first.
    pub opened: Word,
    /// Why it is over, while it is.
    #[serde(default)]
    pub closed: Option<Word>,
    /// Who has seen it; asked for when it is urgent.
    #[serde(default)]
    pub acknowledged: Option<Word>,
    /// Quiet until then.
    #[serde(default)]
    pub shelved_until: Option<Timestamp>,
    /// What this entry did.
    pub did: Deed,
    /// What was said with it.
    #[serde(default)]
    pub comment: String,
}

/// A problem that somebody wants to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProblem {
    /// What is wrong, in a line.
    pub what: String,
    /// Where.
    pub place: Place,
    /// How bad.
    pub severity: Severity,
    /// Whether it must be told at once.
    pub urgent: bool,
    /// Who sees to it, if somebody does.
    pub owner: String,
    /// What else there is to say.
    pub comment: String,
}

/// What may be done to a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProblemChange {
    /// Say something.
    Comment,
    /// Somebody sees to it: in work.
    Take {
        /// Who.
        owner: String,
    },
    /// End it; the comment is the reason.
    Close,
    /// Open it again.
    Reopen,
    /// Say that it was seen.
    Acknowledge,
    /// Have it quiet until then.
    Shelve {
        /// Until when.
        until: Timestamp,
    },
}

impl Said for Problem {
    const KIND: EntryKind = EntryKind::Problem;
    const NOUN: &'static str = "problem";

    fn run(&self) -> Option<Run> {
        self.place.run.or(self.place.file.map(|file| file.run))
    }
}

impl Place {
    /// In words: `run840-seq3, purity/lifetime_trend, channels 0-31`; empty when nothing is known.
    #[must_use]
    pub fn words(&self) -> String {
        let run = self.run.filter(|_| self.file.is_none()).map(|run| run.to_string());
        let channels = (!self.channels.is_empty()).then(|| format!("channels {}", self.channels));
        let lane = self.lane.as_ref().map(|lane| format!("lane {lane}"));
        let parts = [run, self.file.map(|file| file.to_string()), lane, self.item.clone(), channels];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// The same with its words cleaned, and with the file's run.
    ///
    /// # Errors
    /// When a word is too long, or file and run differ.
    fn cleaned(&self) -> Result<Place, SayError> {
        let name = |what, text: &Option<String>| -> Result<Option<String>, WordingError> {
            let text = wording::line(what, text.as_deref().unwrap_or_default(), LONGEST_LINE)?;
            Ok((!text.is_empty()).then_some(text))
        };
        if let (Some(run), Some(file)) = (self.run, self.file)
            && file.run != run
        {
            return Err(SayError::Refused(format!("{file} is no file of {run}")));
        }
        Ok(Place {
            run: self.run.or(self.file.map(|file| file.run)),
            lane: name("the lane", &self.lane)?,
            item: name("the plot", &self.item)?,
            ..self.clone()
        })
    }
}

impl NewProblem {
    /// The problem as its first entry has it.
    ///
    /// # Errors
    /// When it says nothing, or too much.
    pub fn opened(&self, by: &Signature, at: Timestamp) -> Result<Problem, SayError> {
        let comment = wording::comment("the comment", &self.comment)?;
        let owner = wording::line("the owner", &self.owner, LONGEST_NAME)?;
        Ok(Problem {
            what: wording::needed_line("what is wrong", &self.what, LONGEST_LINE)?,
            place: self.place.cleaned()?,
            severity: self.severity,
            urgent: self.urgent,
            owner: (!owner.is_empty()).then_some(owner),
            state: ProblemState::Open,
            opened: Word { at, who: by.who.clone(), role: by.role.clone(), comment: comment.clone() },
            closed: None,
            acknowledged: None,
            shelved_until: None,
            did: Deed::Opened,
            comment,
        })
    }
}

impl Problem {
    /// The problem after a change; pure.
    ///
    /// # Errors
    /// When it can't be changed so, with why.
    pub fn after(&self, change: &ProblemChange, comment: &str, by: &Signature, at: Timestamp) -> Result<Problem, SayError> {
        let refused = |why: &str| Err(SayError::Refused(why.to_owned()));
        let is_closed = self.state == ProblemState::Closed;
        let comment = match change {
            ProblemChange::Take { .. } => wording::comment("the comment", comment)?,
            ProblemChange::Close => wording::needed_comment("the reason why it is closed", comment)?,
            _ => wording::needed_comment("the comment", comment)?,
        };
        let word = Word { at, who: by.who.clone(), role: by.role.clone(), comment: comment.clone() };
        let mut next = Problem { comment, ..self.clone() };
        match change {
            ProblemChange::Comment => next.did = Deed::Commented,
            ProblemChange::Reopen if is_closed => {
                (next.state, next.did) = (ProblemState::Open, Deed::Reopened);
                (next.closed, next.acknowledged, next.shelved_until) = (None, None, None);
            }
            ProblemChange::Reopen => return refused("the problem is not closed"),
            _ if is_closed => return refused("the problem is closed; reopen it first"),
            ProblemChange::Take { owner } => {
                next.owner = Some(wording::needed_line("the owner", owner, LONGEST_NAME)?);
                (next.state, next.did) = (ProblemState::InWork, Deed::Taken);
            }
            ProblemChange::Close => {
                (next.state, next.did) = (ProblemState::Closed, Deed::Closed);
                (next.closed, next.shelved_until) = (Some(word), None);
            }
            ProblemChange::Acknowledge => (next.acknowledged, next.did) = (Some(word), Deed::Acknowledged),
            ProblemChange::Shelve { until } => {
                if *until <= at {
                    return refused("it can be shelved until a time to come alone");
                }
                (next.shelved_until, next.did) = (Some(*until), Deed::Shelved);
            }
        }
        Ok(next)
    }

    /// Whether it is not over.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state != ProblemState::Closed
    }

    /// Whether it is to be quiet at a moment.
    #[must_use]
    pub fn is_shelved(&self, now: Timestamp) -> bool {
        self.shelved_until.is_some_and(|until| now < until)
    }

    /// Whether everybody is to see it: urgent, open, not shelved, and nobody has said that it was seen.
    #[must_use]
    pub fn calls(&self, now: Timestamp) -> bool {
        self.urgent && self.is_open() && self.acknowledged.is_none() && !self.is_shelved(now)
    }
}

/// Tells a problem.
///
/// # Errors
/// When it says nothing or too much, or the book can't be written; nothing is recorded then.
pub fn tell(store: &mut dyn Store, new: &NewProblem, by: &Signature, at: Timestamp) -> Result<Standing<Problem>, SayError> {
    standing::begin(store, &new.opened(by, at)?, by, at)
}

/// Changes a problem. `seen` is the place of the entry that the person saw, none for what stands now.
///
/// # Errors
/// When there is none, it can't be changed so, somebody changed it since, or the book can't be written.
pub fn change(
    store: &mut dyn Store,
    id: &str,
    (change, comment): (&ProblemChange, &str),
    by: &Signature,
    at: Timestamp,
    seen: Option<i64>,
) -> Result<Standing<Problem>, SayError> {
    let found: Standing<Problem> = standing::find(store, id)?;
    standing::refuse_unseen(store, &found, seen)?;
    let next = found.body.after(change, comment, by, at)?;
    standing::replace(store, &found, &next, by, at)
}

/// What an urgent problem is told by mail as: a line and a text.
#[must_use]
pub fn letter(problem: &Standing<Problem>, workspace: &str) -> (String, String) {
    let body = &problem.body;
    let place = body.place.words();
    let at = if place.is_empty() { String::new() } else { format!(" ({place})") };
    let subject = wording::one_line(&format!("dqmon: URGENT: {}{at}: {workspace}", body.what));
    let text = format!(
        "{}\n\nwhere: {}\nseverity: {}\ntold by {} ({}) at {}\n{}\nIts id is {}. To say that it was seen: \"Acknowledge\" on the \
         Problems page, or\n  dqmon problem ack {} --who NAME --role ROLE --comment TEXT\n",
        body.what,
        if place.is_empty() { "not said" } else { &place },
        body.severity.word(),
        body.opened.who,
        body.opened.role,
        body.opened.at,
        if body.comment.is_empty() { String::new() } else { format!("\n{}\n", body.comment) },
        problem.id,
        problem.id,
    );
    (subject.chars().take(LONGEST_LINE).collect(), text)
}

#[cfg(test)]
#[path = "problems_tests.rs"]
mod tests;
