//! Follow-ups: something to be done by somebody until a day, and how it ended.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use monitasks::vocab::Run;
use serde::{Deserialize, Serialize};

use super::DecisionError;
use super::problems::Word;
use super::standing::{self, Said, SayError, Signature, Standing};
use super::wording::{self, LONGEST_LINE, LONGEST_NAME, choice};
use crate::bookkeeping::{Entry, EntryKind, NewDecision, NewEntry, Outcome, Store};

/// Days until what a decision asks to be mended is due, where nobody said another day.
pub const FIX_DUE_DAYS: i64 = 7;

choice! {
    /// How a follow-up ended.
    Ending, "end of a follow-up" {
        /// It was done.
        Done = "done",
        /// It need not be done.
        Dropped = "dropped",
    }
}

/// A follow-up as it is after a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowUp {
    /// What is to be done.
    pub what: String,
    /// Who sees to it.
    pub owner: String,
    /// The day at whose end it should be done, UTC.
    pub due: Date,
    /// The run that it is about.
    #[serde(default)]
    pub run: Option<Run>,
    /// The subject of the decision or the problem that it came of.
    #[serde(default)]
    pub because_of: Option<String>,
    /// Who asked for it, and when.
    pub asked: Word,
    /// How it ended.
    #[serde(default)]
    pub end: Option<(Ending, Word)>,
}

impl Said for FollowUp {
    const KIND: EntryKind = EntryKind::FollowUp;
    const NOUN: &'static str = "follow-up";

    fn run(&self) -> Option<Run> {
        self.run
    }
}

impl FollowUp {
    /// A new one.
    ///
    /// # Errors
    /// When it says nothing or nobody is to do it.
    pub fn new(what: &str, owner: &str, due: Date, by: &Signature, at: Timestamp) -> Result<Self, SayError> {
        Ok(FollowUp {
            what: wording::needed_line("what is to be done", what, LONGEST_LINE)?,
            owner: wording::needed_line("the owner", owner, LONGEST_NAME)?,
            due,
            run: None,
            because_of: None,
            asked: Word { at, who: by.who.clone(), role: by.role.clone(), comment: String::new() },
            end: None,
        })
    }

    /// The same, given to somebody else or due on another day.
    ///
    /// # Errors
    /// When it has ended, or nobody is to do it.
    pub fn moved(&self, owner: Option<&str>, due: Option<Date>) -> Result<Self, SayError> {
        self.refuse_ended()?;
        let owner = owner.map_or(Ok(self.owner.clone()), |owner| wording::needed_line("the owner", owner, LONGEST_NAME))?;
        Ok(FollowUp { owner, due: due.unwrap_or(self.due), ..self.clone() })
    }

    /// The same, ended.
    ///
    /// # Errors
    /// When it has ended already, or is dropped for no reason.
    pub fn ended(&self, ending: Ending, comment: &str, by: &Signature, at: Timestamp) -> Result<Self, SayError> {
        self.refuse_ended()?;
        let comment = match ending {
            Ending::Done => wording::comment("the comment", comment)?,
            Ending::Dropped => wording::needed_comment("the reason why it is dropped", comment)?,
        };
        let word = Word { at, who: by.who.clone(), role: by.role.clone(), comment };
        Ok(FollowUp { end: Some((ending, word)), ..self.clone() })
    }

    fn refuse_ended(&self) -> Result<(), SayError> {
        if self.end.is_some() { Err(SayError::Refused("the follow-up has ended already".into())) } else { Ok(()) }
    }

    /// Whether it waits to be done.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// Whether its day is over and it is not done.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.is_open() && day_of(now) > self.due
    }
}

/// The day of a moment, UTC.
#[must_use]
pub fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// The follow-up that a decision opens: one with the outcome "fix needed" does, unless one is open on its subject already.
/// It is recorded together with the decision or not at all.
///
/// # Errors
/// Never in practice: a follow-up is JSON.
pub fn opened_by(decision: &NewDecision, in_force: &[Entry]) -> Result<Option<NewEntry>, DecisionError> {
    let is_open = in_force.iter().any(|entry| entry.read::<FollowUp>().is_ok_and(|follow_up| follow_up.is_open()));
    if decision.decision.outcome != Some(Outcome::FixNeeded) || is_open {
        return Ok(None);
    }
    let by = Signature { who: decision.who.clone(), role: decision.role.clone() };
    let subject = decision.subject.words();
    let why = wording::one_line(&decision.decision.comment());
    let what: String =
        if why.is_empty() { format!("fix needed for {subject}") } else { format!("fix needed for {subject}: {why}") };
    let due_at = decision.at.saturating_add(SignedDuration::from_hours(24 * FIX_DUE_DAYS)).unwrap_or(decision.at);
    let follow_up = FollowUp {
        what: what.chars().take(LONGEST_LINE).collect(),
        // Who found it keeps it until somebody takes it over.
        owner: decision.who.clone(),
        due: day_of(due_at),
        run: Some(decision.subject.run),
        because_of: Some(decision.subject.to_string()),
        asked: Word { at: decision.at, who: by.who.clone(), role: by.role.clone(), comment: String::new() },
        end: None,
    };
    let supersedes = in_force.iter().map(|entry| entry.id).collect();
    standing::entry(&follow_up_id(decision), &follow_up, &by, decision.at, supersedes).map(Some)
}

/// The subject of the follow-up of a decision: one for each thing that is decided on.
#[must_use]
pub fn follow_up_id(decision: &NewDecision) -> String {
    format!("fix-{}", decision.subject)
}

/// Changes a follow-up by a pure function of it. `seen` is the place of the entry that the person saw.
///
/// # Errors
/// When there is none, the function refuses, somebody changed it since, or the book can't be written.
pub fn change(
    store: &mut dyn Store,
    id: &str,
    by: &Signature,
    at: Timestamp,
    seen: Option<i64>,
    next: impl FnOnce(&FollowUp) -> Result<FollowUp, SayError>,
) -> Result<Standing<FollowUp>, SayError> {
    let found: Standing<FollowUp> = standing::find(store, id)?;
    standing::refuse_unseen(store, &found, seen)?;
    let next = next(&found.body)?;
    standing::replace(store, &found, &next, by, at)
}

#[cfg(test)]
mod tests {
    use monitasks::quality::Flag;
    use proptest::prelude::*;

    use super::*;
    use crate::bookkeeping::{Decision, DecisionSubject, SqliteStore};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    fn ada() -> Signature {
        Signature { who: "Ada".into(), role: "expert".into() }
    }

    fn decision(outcome: Option<Outcome>) -> NewDecision {
        NewDecision {
            at: at(0),
            subject: DecisionSubject::run(Run(840)),
            decision: Decision { outcome, ..Decision::new(Flag::Maybe, "LEM 4 shifted") },
            who: "Ada".into(),
            role: "expert".into(),
            supersedes: Vec::new(),
            wish: None,
            seen: None,
        }
    }

    proptest! {
        /// It ends once, by a person, and moves no more after that.
        #[test]
        fn a_follow_up_ends_once(steps in prop::collection::vec((0_u8..4, any::<bool>()), 0..10)) {
            let mut now = FollowUp::new("calibrate", "Ben", jiff::civil::date(2026, 11, 30), &ada(), at(0)).unwrap();
            for (step, has_comment) in steps {
                let comment = if has_comment { "because" } else { "" };
                let next = match step {
                    0 => now.moved(Some("Cy"), None),
                    1 => now.moved(None, Some(jiff::civil::date(2026, 12, 1))),
                    2 => now.ended(Ending::Done, comment, &ada(), at(1)),
                    _ => now.ended(Ending::Dropped, comment, &ada(), at(1)),
                };
                match next {
                    Ok(next) => { prop_assert!(now.is_open()); prop_assert_eq!(next.is_open(), step < 2); now = next; }
                    Err(_) => prop_assert!(!now.is_open() || (step == 3 && !has_comment)),
                }
            }
        }
    }

    #[test]
    fn only_fix_needed_opens_one_and_only_while_none_is_open() {
        assert_eq!(opened_by(&decision(Some(Outcome::Lost)), &[]).unwrap(), None);
        assert_eq!(opened_by(&decision(None), &[]).unwrap(), None);
        let new = opened_by(&decision(Some(Outcome::FixNeeded)), &[]).unwrap().unwrap();
        assert_eq!((new.subject.as_str(), new.run), ("fix-run840@raw", Some(Run(840))));
        let folder = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&folder.path().join("book.sqlite")).unwrap();
        let entries = store.append(&[new]).unwrap();
        let body: FollowUp = entries[0].read().unwrap();
        assert_eq!((body.what.as_str(), body.owner.as_str()), ("fix needed for run840: LEM 4 shifted", "Ada"));
        assert_eq!(body.due, jiff::civil::date(1970, 1, 19));
        assert_eq!(opened_by(&decision(Some(Outcome::FixNeeded)), &entries).unwrap(), None);
        change(&mut store, "fix", &ada(), at(5), None, |body| body.ended(Ending::Done, "", &ada(), at(5))).unwrap();
        let in_force = store.in_force_on(EntryKind::FollowUp, "fix-run840@raw").unwrap();
        assert!(opened_by(&decision(Some(Outcome::FixNeeded)), &in_force).unwrap().is_some(), "it is to be mended again");
    }

    #[test]
    fn it_is_overdue_when_its_day_is_over() {
        let due = day_of(at(0));
        let follow_up = FollowUp::new("calibrate", "Ben", due, &ada(), at(0)).unwrap();
        let next_day = due.tomorrow().unwrap().to_zoned(TimeZone::UTC).unwrap().timestamp();
        assert!(!follow_up.is_overdue(next_day - SignedDuration::from_secs(1)) && follow_up.is_overdue(next_day));
        let done = follow_up.ended(Ending::Done, "", &ada(), at(1)).unwrap();
        assert!(!done.is_overdue(next_day));
    }
}
