//! What is done with decisions afterwards: locked, verified by a second person, undone.

use monitasks::quality::Flag;
use monitasks::vocab::Run;

use super::bodies::{SubsystemMarkBody, Verification};
use super::deciding::refuse_unknown;
use super::heard::read;
use super::marks::SubsystemMark;
use super::quality::{DecisionError, Quality, Speaker, cleaned, signed};
use super::rulebook::write;
use super::status_book::record;
use crate::bookkeeping::{
    Decision, DecisionRecord, DecisionSubject, Entry, EntryKind, Lock, Mark, MarkBody, NewEntry, Stage, Store, StoreError,
};

/// The lock in force of a run at a stage, with who locked it; none while it is open. Where books differ, it is locked.
///
/// # Errors
/// When the book can't be read.
pub fn lock_of(store: &dyn Store, run: Run, stage: Stage) -> Result<Option<(Lock, Entry)>, DecisionError> {
    let mut found = None;
    for entry in store.in_force_on(EntryKind::Lock, &Lock::subject(run, stage))? {
        let lock: Lock = read(&entry)?;
        if lock.is_locked {
            found = Some((lock, entry));
        }
    }
    Ok(found)
}

/// Refuses what is locked, with who locked it and who may unlock it.
pub(super) fn refuse_locked(store: &dyn Store, quality: Quality<'_>, run: Run, stage: Stage) -> Result<(), DecisionError> {
    let Some(by) = lock_of(store, run, stage)?.and_then(|(_, entry)| Lock::words(&entry)) else { return Ok(()) };
    Err(DecisionError::Locked { subject: Lock::subject(run, stage), by, may_unlock: quality.decisions.may_unlock.join(", ") })
}

/// Locks a run at a stage, so that nothing more is decided or marked on it and its parts there, or unlocks it: that may be done
/// in the roles of the settings alone.
///
/// # Errors
/// When the role may not, it is so already, or nobody says it.
pub fn lock(
    store: &mut dyn Store,
    quality: Quality<'_>,
    (run, stage): (Run, Stage),
    is_locked: bool,
    comment: &str,
    by: Speaker<'_>,
) -> Result<Entry, DecisionError> {
    let (_, role) = signed(by.who, by.role)?;
    if !is_locked && !quality.decisions.may_unlock.contains(&role) {
        return Err(DecisionError::MayNotUnlock { role, may_unlock: quality.decisions.may_unlock.join(", ") });
    }
    refuse_unknown(store, &DecisionSubject::run(run))?;
    let subject = Lock::subject(run, stage);
    if lock_of(store, run, stage)?.is_some() == is_locked {
        return Err(DecisionError::Already { subject, already: if is_locked { "locked" } else { "unlocked" } });
    }
    let supersedes = store.in_force_on(EntryKind::Lock, &subject)?.iter().map(|entry| entry.id).collect();
    let body = Lock { is_locked, comment: cleaned("comment", comment)? };
    write(store, EntryKind::Lock, &subject, Some(run), &body, by, supersedes)
}

/// A second person looked at the decision with this number and agrees, or not.
///
/// # Errors
/// When it is not in force, it is the same person, or who disagrees does not say why.
pub fn verify(store: &mut dyn Store, number: i64, agrees: bool, comment: &str, by: Speaker<'_>) -> Result<Entry, DecisionError> {
    let decision = in_force_at(store, number)?;
    if decision.kind != EntryKind::Decision {
        return Err(not_that(number, format!("is a {}, expected a decision", decision.kind.word().replace('_', " "))));
    }
    let comment = cleaned("comment", comment)?;
    let (who, _) = signed(by.who, by.role)?;
    let body = Verification { of: decision.id.to_string(), agrees, comment };
    if !(Verification { agrees: true, ..body.clone() }).counts(&body.of, &decision.who, &who) {
        return Err(DecisionError::SamePerson { who });
    }
    if !agrees && body.comment.is_empty() {
        return Err(DecisionError::DisagreementNeedsComment);
    }
    let before = store.in_force_on(EntryKind::Verification, &decision.subject)?;
    let supersedes = before.iter().map(|entry| entry.id).collect();
    write(store, EntryKind::Verification, &decision.subject, decision.run, &body, by, supersedes)
}

/// Takes back what was said last on a subject: what was in force before it is in force again, as a new entry. Undone twice, it is
/// as it was.
///
/// # Errors
/// When it is not in force any more, is of a kind that can't be undone, is locked, or settled a conflict of books.
pub fn undo(store: &mut dyn Store, quality: Quality<'_>, number: i64, by: Speaker<'_>) -> Result<Entry, DecisionError> {
    let undone = in_force_at(store, number)?;
    let (who, role) = signed(by.who, by.role)?;
    let kind = undone.kind.word().replace('_', " ");
    let run = undone.run.ok_or_else(|| not_that(number, format!("is a {kind} of no run, expected a decision or mark")))?;
    let stage = match undone.kind {
        EntryKind::Decision => DecisionRecord::of(&undone).map_err(DecisionError::Odd)?.subject.stage,
        EntryKind::Mark => Stage::Raw,
        EntryKind::SubsystemMark => Stage::Reconstructed,
        _ => return Err(not_that(number, format!("is a {kind}, expected a decision, a mark or a subsystem's mark"))),
    };
    refuse_locked(store, quality, run, stage)?;
    let body = match undone.supersedes.as_slice() {
        [] => nothing_said(undone.kind)?,
        [before] => match store.entry(*before)? {
            Some(before) => before.body,
            None => return Err(not_that(number, format!("took the place of {before}, which is not in this book"))),
        },
        _ => {
            let why = "settled what several books said; say anew what holds".to_owned();
            return Err(not_that(number, why));
        }
    };
    let entry = NewEntry {
        at: by.at,
        kind: undone.kind,
        subject: undone.subject.clone(),
        run: undone.run,
        who,
        role,
        body,
        supersedes: vec![undone.id],
        wish: None,
        seen: None,
    };
    record(store, quality, &entry)
}

/// What it is to have said nothing.
fn nothing_said(kind: EntryKind) -> Result<serde_json::Value, DecisionError> {
    let body = match kind {
        EntryKind::Mark => serde_json::to_value(MarkBody { mark: Mark::Unmarked, comment: String::new() }),
        EntryKind::SubsystemMark => {
            serde_json::to_value(SubsystemMarkBody { mark: SubsystemMark::Unset, comment: String::new() })
        }
        _ => serde_json::to_value(Decision { withdrawn: true, ..Decision::new(Flag::Unchecked, "") }),
    };
    body.map_err(DecisionError::from)
}

/// The entry with a number of this book, when it is in force.
fn in_force_at(store: &dyn Store, number: i64) -> Result<Entry, DecisionError> {
    let Some(entry) = store.entry_at(number)? else {
        return Err(not_that(number, "is none, expected that of a decision or mark as 'dqmon show' has it".into()));
    };
    let in_force = store.in_force_on(entry.kind, &entry.subject)?;
    if in_force.iter().any(|other| other.id == entry.id) {
        return Ok(entry);
    }
    Err(StoreError::Superseded { in_force }.into())
}

fn not_that(number: i64, why: String) -> DecisionError {
    DecisionError::NotThat { number, why }
}
