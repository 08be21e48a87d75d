//! Alarms of plots: an item that goes BAD latches, and stays until a person has acknowledged it with a comment, also when it is
//! well again, also over a restart. It may be shelved until a day.
//!
//! An alarm's subject is its item, `purity/lifetime_trend`. While nobody has acknowledged it, nothing more is recorded of it: an
//! item that flickers all night is one alarm.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::problems::Word;
use super::standing::{self, Said, SayError, Signature, Standing};
use super::wording::{self, LONGEST_LINE, choice};
use crate::bookkeeping::{EntryKind, Store, StoreError};

choice! {
    /// How far an alarm has come.
    AlarmState, "state of an alarm" {
        /// It was raised and nobody has acknowledged it.
        Latched = "latched",
        /// Somebody has seen it; the item was not seen well since.
        Acknowledged = "acknowledged",
        /// Acknowledged, and the item is well.
        Over = "over",
    }
}

/// An alarm as it is after a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// How far it has come.
    pub state: AlarmState,
    /// When it was raised last.
    pub raised: Timestamp,
    /// What the item said then.
    pub says: String,
    /// Who has acknowledged it since.
    #[serde(default)]
    pub acknowledged: Option<Word>,
    /// Quiet until then; the comment says why.
    #[serde(default)]
    pub shelved_until: Option<Timestamp>,
    /// What was said with this change.
    #[serde(default)]
    pub comment: String,
}

/// What may happen to an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlarmEvent {
    /// The item is BAD; with what it says.
    Raise {
        /// What the item says.
        says: String,
    },
    /// The item is seen well.
    Clear,
    /// A person has seen it.
    Acknowledge {
        /// What there is to say.
        comment: String,
    },
    /// A person wants it quiet until then.
    Shelve {
        /// Until when.
        until: Timestamp,
        /// Why.
        comment: String,
    },
}

impl Said for Alarm {
    const KIND: EntryKind = EntryKind::Alarm;
    const NOUN: &'static str = "alarm";
}

impl Alarm {
    /// The alarm after an event; none when nothing changes. Pure.
    ///
    /// # Errors
    /// When a person asks what makes no sense.
    pub fn after(now: Option<&Alarm>, event: &AlarmEvent, by: &Signature, at: Timestamp) -> Result<Option<Alarm>, SayError> {
        let refused = |why: &str| Err(SayError::Refused(why.to_owned()));
        match (now, event) {
            (None | Some(Alarm { state: AlarmState::Over, .. }), AlarmEvent::Raise { says }) => Ok(Some(Alarm {
                state: AlarmState::Latched,
                raised: at,
                says: wording::one_line(says).chars().take(LONGEST_LINE).collect(),
                acknowledged: None,
                // Who wanted it quiet until a day meant the next time too.
                shelved_until: now.and_then(|alarm| alarm.shelved_until).filter(|until| at < *until),
                comment: String::new(),
            })),
            (Some(alarm @ Alarm { state: AlarmState::Acknowledged, .. }), AlarmEvent::Clear) => {
                Ok(Some(Alarm { state: AlarmState::Over, comment: String::new(), ..alarm.clone() }))
            }
            (_, AlarmEvent::Raise { .. } | AlarmEvent::Clear) => Ok(None),
            (None | Some(Alarm { state: AlarmState::Over, .. }), _) => refused("there is no alarm on it"),
            (Some(alarm), AlarmEvent::Acknowledge { comment }) => {
                if alarm.state == AlarmState::Acknowledged {
                    return refused("the alarm is acknowledged already");
                }
                let comment = wording::needed_comment("the comment", comment)?;
                let word = Word { at, who: by.who.clone(), role: by.role.clone(), comment: comment.clone() };
                Ok(Some(Alarm { state: AlarmState::Acknowledged, acknowledged: Some(word), comment, ..alarm.clone() }))
            }
            (Some(alarm), AlarmEvent::Shelve { until, comment }) => {
                if *until <= at {
                    return refused("it can be shelved until a time to come alone");
                }
                let comment = wording::needed_comment("the comment", comment)?;
                Ok(Some(Alarm { shelved_until: Some(*until), comment, ..alarm.clone() }))
            }
        }
    }

    /// Whether it is to be quiet at a moment.
    #[must_use]
    pub fn is_shelved(&self, now: Timestamp) -> bool {
        self.shelved_until.is_some_and(|until| now < until)
    }

    /// Whether everybody is to see it.
    #[must_use]
    pub fn calls(&self, now: Timestamp) -> bool {
        self.state == AlarmState::Latched && !self.is_shelved(now)
    }
}

/// What checks have seen of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The item: `purity/lifetime_trend`.
    pub item: String,
    /// Whether it is BAD; else it is OK. What is neither is not told at all.
    pub is_bad: bool,
    /// What it says.
    pub says: String,
}

/// Takes in what checks have seen of items; answers the alarms that are new. Two windows may see the same: who comes second finds
/// it recorded.
///
/// # Errors
/// When the book can't be read or written.
pub fn hear(store: &mut dyn Store, seen: &[Seen], at: Timestamp) -> Result<Vec<Standing<Alarm>>, SayError> {
    let by = Signature::of_checks();
    let mut raised = Vec::new();
    for one in seen {
        let stands: Option<Standing<Alarm>> = standing::on(store, &one.item)?;
        let event = if one.is_bad { AlarmEvent::Raise { says: one.says.clone() } } else { AlarmEvent::Clear };
        let Some(next) = Alarm::after(stands.as_ref().map(|alarm| &alarm.body), &event, &by, at)? else { continue };
        let entries = stands.map(|alarm| alarm.entries).unwrap_or_default();
        match standing::put(store, &one.item, &next, &by, at, entries) {
            Ok(alarm) if one.is_bad => raised.push(alarm),
            Ok(_) | Err(SayError::Store(StoreError::Superseded { .. })) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(raised)
}

/// Acknowledges or shelves the alarm of an item. `seen` is the place of the entry that the person saw.
///
/// # Errors
/// When there is no alarm on it, it makes no sense, somebody changed it since, or the book can't be written.
pub fn answer(
    store: &mut dyn Store,
    item: &str,
    event: &AlarmEvent,
    by: &Signature,
    at: Timestamp,
    seen: Option<i64>,
) -> Result<Standing<Alarm>, SayError> {
    let found: Standing<Alarm> = standing::find(store, item)?;
    standing::refuse_unseen(store, &found, seen)?;
    match Alarm::after(Some(&found.body), event, by, at)? {
        Some(next) => standing::replace(store, &found, &next, by, at),
        None => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bookkeeping::SqliteStore;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    fn ada() -> Signature {
        Signature { who: "Ada".into(), role: "shifter".into() }
    }

    fn events() -> impl Strategy<Value = AlarmEvent> {
        let comment = prop_oneof![Just("seen".to_owned()), Just(" ".to_owned())];
        prop_oneof![
            Just(AlarmEvent::Raise { says: "12 channels high".into() }),
            Just(AlarmEvent::Clear),
            comment.clone().prop_map(|comment| AlarmEvent::Acknowledge { comment }),
            (-5_i64..30, comment).prop_map(|(second, comment)| AlarmEvent::Shelve { until: at(second), comment }),
        ]
    }

    proptest! {
        /// Once raised, an alarm calls until a person acknowledges it with a comment; shelving only puts that off.
        #[test]
        fn nothing_but_a_persons_comment_quiets_an_alarm(events in prop::collection::vec(events(), 0..16)) {
            let mut alarm: Option<Alarm> = None;
            let mut is_open = false;
            for (second, event) in (0..).zip(&events) {
                match Alarm::after(alarm.as_ref(), event, &ada(), at(second)) {
                    Ok(None) => prop_assert!(matches!(event, AlarmEvent::Raise { .. } | AlarmEvent::Clear), "nothing came of it"),
                    Ok(Some(next)) => {
                        match event {
                            AlarmEvent::Raise { .. } => { prop_assert!(!is_open); is_open = true; }
                            AlarmEvent::Acknowledge { comment } => { prop_assert_eq!(comment, "seen"); is_open = false; }
                            AlarmEvent::Shelve { until, .. } => prop_assert!(*until > at(second)),
                            AlarmEvent::Clear => prop_assert_eq!(next.state, AlarmState::Over),
                        }
                        alarm = Some(next);
                    }
                    Err(_) => {
                        prop_assert!(matches!(event, AlarmEvent::Acknowledge { .. } | AlarmEvent::Shelve { .. }), "refused");
                    }
                }
                let calls_later = alarm.as_ref().is_some_and(|alarm| alarm.calls(at(10_000)));
                prop_assert_eq!(calls_later, is_open);
            }
        }
    }

    #[test]
    fn a_latched_alarm_outlives_a_restart_and_a_flickering_item_is_one_alarm() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.sqlite");
        let mut store = SqliteStore::open(&path).unwrap();
        let seen = |is_bad| [Seen { item: "pedestals/rms".into(), is_bad, says: "12 channels high".into() }];
        assert_eq!(hear(&mut store, &seen(false), at(0)).unwrap().len(), 0);
        for second in 1..20 {
            let new = hear(&mut store, &seen(second % 2 == 1), at(second)).unwrap();
            assert_eq!(new.len(), usize::from(second == 1));
        }
        drop(store);
        let mut store = SqliteStore::open(&path).unwrap();
        let (all, _) = standing::all::<Alarm>(&store).unwrap();
        assert!(all.len() == 1 && all[0].body.calls(at(100)));
        let shelve = AlarmEvent::Shelve { until: at(200), comment: "expert comes tomorrow".into() };
        answer(&mut store, "pedestals/rms", &shelve, &ada(), at(100), None).unwrap();
        let calls =
            |store: &SqliteStore, second| standing::on::<Alarm>(store, "pedestals/rms").unwrap().unwrap().body.calls(at(second));
        assert_eq!([calls(&store, 199), calls(&store, 200)], [false, true]);
        let acknowledge = AlarmEvent::Acknowledge { comment: "a pump".into() };
        answer(&mut store, "pedestals/rms", &acknowledge, &ada(), at(201), None).unwrap();
        assert!(!calls(&store, 300));
        hear(&mut store, &seen(false), at(301)).unwrap();
        assert_eq!(hear(&mut store, &seen(true), at(302)).unwrap().len(), 1, "well in between: a new alarm");
        let entries = store.history(EntryKind::Alarm, "pedestals/rms").unwrap();
        assert_eq!(entries.len(), 5);
        assert!(answer(&mut store, "purity/x", &acknowledge, &ada(), at(303), None).is_err());
    }
}
