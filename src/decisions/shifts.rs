//! Shifts: who, from when, to when, and what the next one should know. With nobody on shift that is what is said.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::DecisionError;
use super::standing::{self, Said, SayError, Signature, Standing};
use super::wording;
use crate::bookkeeping::{EntryKind, Store};

/// Longest shift that may be planned, hours.
pub const LONGEST_H: f64 = 72.0;

/// A shift as it is after a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// Who has it.
    pub who: String,
    /// In which role.
    pub role: String,
    /// Since when.
    pub from: Timestamp,
    /// When it is to end, as planned.
    pub planned_to: Timestamp,
    /// When it ended.
    #[serde(default)]
    pub to: Option<Timestamp>,
    /// What the next one should know.
    #[serde(default)]
    pub note: String,
}

impl Said for Shift {
    const KIND: EntryKind = EntryKind::Shift;
    const NOUN: &'static str = "shift";
}

impl Shift {
    /// A shift that begins now and is planned for so many hours.
    ///
    /// # Errors
    /// When that is no length of a shift.
    pub fn new(by: &Signature, length_h: f64, at: Timestamp) -> Result<Self, SayError> {
        if !(length_h > 0.0 && length_h <= LONGEST_H) {
            return Err(SayError::Refused(format!("a shift of {length_h} hours is none; at most {LONGEST_H}")));
        }
        let length = SignedDuration::try_from_secs_f64(length_h * 3600.0).unwrap_or(SignedDuration::from_hours(8));
        let planned_to = at.saturating_add(length).unwrap_or(Timestamp::MAX);
        Ok(Shift { who: by.who.clone(), role: by.role.clone(), from: at, planned_to, to: None, note: String::new() })
    }

    /// The same, ended with a hand-over note, which may be empty.
    ///
    /// # Errors
    /// When it has ended already, or the note is too long.
    pub fn ended(&self, note: &str, at: Timestamp) -> Result<Self, SayError> {
        if self.to.is_some() {
            return Err(SayError::Refused("the shift has ended already".into()));
        }
        let note = wording::comment("the hand-over note", note)?;
        // A clock that was set back makes no shift end before it began.
        Ok(Shift { to: Some(at.max(self.from)), note, ..self.clone() })
    }

    /// Whether it has not ended.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.to.is_none()
    }

    /// Whether its planned end has come and it has not ended.
    #[must_use]
    pub fn is_over_time(&self, now: Timestamp) -> bool {
        self.is_on() && self.planned_to <= now
    }
}

/// The shifts that have not ended; more than one when books were apart.
pub fn on_shift(shifts: &[Standing<Shift>]) -> impl Iterator<Item = &Standing<Shift>> {
    shifts.iter().filter(|shift| shift.body.is_on())
}

/// The shift that is on or, with nobody on shift, the one that ended last.
#[must_use]
pub fn newest(shifts: &[Standing<Shift>]) -> Option<&Standing<Shift>> {
    shifts.iter().max_by_key(|shift| (shift.body.is_on(), shift.body.to, shift.place))
}

/// Begins a shift. Whoever is on shift is relieved by it, with a hand-over note, in one go.
///
/// # Errors
/// When that person is on shift already, or the book can't be written.
pub fn begin(
    store: &mut dyn Store,
    by: &Signature,
    length_h: f64,
    note: &str,
    at: Timestamp,
) -> Result<(Standing<Shift>, Vec<Standing<Shift>>), SayError> {
    let new = Shift::new(by, length_h, at)?;
    let (shifts, _) = standing::all::<Shift>(store)?;
    let mut entries = Vec::new();
    for shift in on_shift(&shifts) {
        if shift.body.who == by.who && !shift.body.is_over_time(at) {
            let from = shift.body.from.strftime("%Y-%m-%d %H:%M");
            return Err(SayError::Refused(format!("{} is on shift already, since {from} UTC", by.who)));
        }
        entries.push(standing::entry(&shift.id, &shift.body.ended(note, at)?, by, at, shift.entries.clone())?);
    }
    if entries.is_empty() {
        return Ok((standing::begin(store, &new, by, at)?, Vec::new()));
    }
    let id = standing::drawn_id();
    entries.push(standing::entry(&id, &new, by, at, Vec::new())?);
    store.append(&entries)?;
    let begun = standing::on(store, &id)?.ok_or_else(|| DecisionError::Odd("the new shift is not there".into()))?;
    let (now, _) = standing::all::<Shift>(store)?;
    let relieved = now.into_iter().filter(|shift| entries.iter().any(|entry| entry.subject == shift.id) && shift.id != id);
    Ok((begun, relieved.collect()))
}

/// Ends the shift that is on; with an id, that one.
///
/// # Errors
/// When nobody is on shift, more than one is and none was named, or the book can't be written.
pub fn end(
    store: &mut dyn Store,
    id: Option<&str>,
    note: &str,
    by: &Signature,
    at: Timestamp,
) -> Result<Standing<Shift>, SayError> {
    let shift = match id {
        Some(id) => standing::find(store, id)?,
        None => {
            let (shifts, _) = standing::all::<Shift>(store)?;
            let mut on: Vec<Standing<Shift>> = on_shift(&shifts).cloned().collect();
            match (on.pop(), on.is_empty()) {
                (Some(shift), true) => shift,
                (Some(_), false) => {
                    let ids: Vec<String> = on_shift(&shifts).map(|shift| format!("{} ({})", shift.id, shift.body.who)).collect();
                    return Err(SayError::Refused(format!("several shifts are on; name one of {}", ids.join(", "))));
                }
                (None, _) => return Err(SayError::Refused("nobody is on shift".into())),
            }
        }
    };
    let ended = shift.body.ended(note, at)?;
    standing::replace(store, &shift, &ended, by, at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bookkeeping::SqliteStore;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    fn by(who: &str) -> Signature {
        Signature { who: who.into(), role: "shifter".into() }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        /// Whoever begins and ends in whatever order, at most one is on shift, shifts do not overlap, and none is lost.
        #[test]
        fn at_most_one_is_on_shift(steps in prop::collection::vec((0_usize..3, any::<bool>()), 0..10)) {
            let folder = tempfile::tempdir().unwrap();
            let mut store = SqliteStore::open(&folder.path().join("book.sqlite")).unwrap();
            let (mut on, mut begun): (Option<usize>, usize) = (None, 0);
            for (second, (person, begins)) in (1..).zip(steps) {
                let signature = by(["Ada", "Ben", "Cy"][person]);
                if begins {
                    let outcome = begin(&mut store, &signature, 8.0, "quiet night", at(second));
                    prop_assert_eq!(outcome.is_err(), on == Some(person));
                    if let Ok((_, relieved)) = outcome {
                        prop_assert_eq!(relieved.len(), usize::from(on.is_some()));
                        (on, begun) = (Some(person), begun + 1);
                    }
                } else {
                    prop_assert_eq!(end(&mut store, None, "", &signature, at(second)).is_err(), on.is_none());
                    on = None;
                }
                let (shifts, _) = standing::all::<Shift>(&store).unwrap();
                prop_assert_eq!(on_shift(&shifts).count(), usize::from(on.is_some()));
                prop_assert_eq!(shifts.len(), begun);
                let mut spans: Vec<_> = shifts.iter().map(|shift| (shift.body.from, shift.body.to)).collect();
                spans.sort();
                prop_assert!(spans.windows(2).all(|pair| pair[0].1.is_some_and(|to| to <= pair[1].0)));
            }
        }
    }

    #[test]
    fn a_shift_has_a_length_and_an_end_with_a_note() {
        assert!(Shift::new(&by("Ada"), 0.0, at(0)).is_err() && Shift::new(&by("Ada"), f64::NAN, at(0)).is_err());
        let shift = Shift::new(&by("Ada"), 8.0, at(0)).unwrap();
        assert_eq!([shift.is_over_time(at(28_799)), shift.is_over_time(at(28_800))], [false, true]);
        let ended = shift.ended("HV is odd", at(-5)).unwrap();
        assert_eq!((ended.to, ended.note.as_str(), ended.is_over_time(at(99_999))), (Some(at(0)), "HV is odd", false));
        assert!(ended.ended("", at(1)).is_err());
    }

    #[test]
    fn who_forgot_to_end_may_begin_anew_and_nobody_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&folder.path().join("book.sqlite")).unwrap();
        assert!(end(&mut store, None, "", &by("Ada"), at(0)).unwrap_err().to_string().contains("nobody is on shift"));
        let (first, _) = begin(&mut store, &by("Ada"), 1.0, "", at(0)).unwrap();
        assert!(begin(&mut store, &by("Ada"), 1.0, "", at(10)).unwrap_err().to_string().contains("on shift already"));
        let (second, relieved) = begin(&mut store, &by("Ada"), 1.0, "forgot", at(86_400)).unwrap();
        assert_eq!((relieved.len(), relieved[0].id.as_str(), relieved[0].body.note.as_str()), (1, first.id.as_str(), "forgot"));
        let (shifts, _) = standing::all::<Shift>(&store).unwrap();
        assert_eq!(newest(&shifts).map(|shift| &shift.id), Some(&second.id));
    }
}
