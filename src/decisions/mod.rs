//! Rules over the book: how a person's decision on data is made, superseded and which one is in force.
//!
//! Pure beside what asks the book: `flags.rs` has which flag is in force and where it comes from, `marks.rs` what marks mean,
//! `status/` the derived status and why it is what it is. `standing.rs` is how problems, alarms, known issues, follow-ups, shifts and
//! sign-offs stand in the book; each has a file with its rules, and `meeting.rs` and `report.rs` make lists and pages of them.
//!
//! Uses `bookkeeping`, `config` and `monitasks`; used by `engine`, `live` and `cli`.

pub mod alarms;
pub mod bodies;
pub mod channels;
pub mod flags;
pub mod follow_ups;
pub mod known_issues;
pub mod marks;
pub mod meeting;
pub mod problems;
pub mod report;
pub mod shifts;
pub mod standing;
pub mod status;
pub mod wording;

use std::collections::BTreeMap;

use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use crate::bookkeeping::{
    Decision, DecisionRecord, DecisionSubject, Entry, EntryId, EntryKind, MarkRecord, NewDecision, NewEntry, Outcome,
    RunKindBody, Store, StoreError,
};

/// A decision that was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    /// BAD without a reason.
    #[error("not recorded: BAD needs a comment that says why")]
    BadNeedsComment,
    /// Nobody decides.
    #[error("not recorded: a decision needs the name of who decides")]
    NeedsWho,
    /// No role.
    #[error("not recorded: a decision needs the role in which it is made, such as shifter or expert")]
    NeedsRole,
    /// There is no such run.
    #[error("not recorded: {run} is not in the book; there are {known}")]
    UnknownRun {
        /// The run.
        run: Run,
        /// Runs there are.
        known: String,
    },
    /// What came back from the book is not what was written.
    #[error("recorded, and not read back: {0}")]
    Odd(String),
    /// The book refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DecisionError {
    /// What can't be written as JSON can't be recorded.
    fn from_json(error: serde_json::Error) -> Self {
        DecisionError::Odd(error.to_string())
    }
}

/// Records a decision: BAD needs a comment, every decision a person and a role, the run must be known, and what is in force must
/// be what the person saw.
///
/// # Errors
/// When one of these rules is broken, or the book can't be written; nothing is recorded then.
pub fn decide(store: &mut dyn Store, decision: &NewDecision) -> Result<DecisionRecord, DecisionError> {
    let said = Decision { note: decision.decision.note.trim().to_owned(), ..decision.decision.clone() };
    if said.flag == Flag::Bad && said.comment().is_empty() {
        return Err(DecisionError::BadNeedsComment);
    }
    let (who, role) = signed(&decision.who, &decision.role)?;
    refuse_unknown(store, decision.subject.run)?;
    let decision = NewDecision { decision: said, who, role, ..decision.clone() };
    let mut entries = vec![decision.entry().map_err(DecisionError::from_json)?];
    if decision.decision.outcome == Some(Outcome::FixNeeded) {
        let in_force = store.in_force_on(EntryKind::FollowUp, &follow_ups::follow_up_id(&decision))?;
        entries.extend(follow_ups::opened_by(&decision, &in_force)?);
    }
    let recorded = store.append(&entries)?.into_iter().next();
    let recorded = recorded.ok_or_else(|| DecisionError::Odd("the book gave no entry back".into()))?;
    DecisionRecord::of(&recorded).map_err(DecisionError::Odd)
}

/// Records a shifter's mark: by a person, in a role, on a run that is known. The one before stands in the book and is in force
/// no more.
///
/// # Errors
/// When one of these rules is broken, or the book can't be written; nothing is recorded then.
pub fn mark(store: &mut dyn Store, mark: &MarkRecord) -> Result<MarkRecord, DecisionError> {
    let (who, role) = signed(&mark.who, &mark.role)?;
    let mark = MarkRecord { comment: mark.comment.trim().to_owned(), who, role, ..mark.clone() };
    refuse_unknown(store, mark.run)?;
    let supersedes = seen(store, EntryKind::Mark, &mark.run.to_string(), None)?;
    let recorded = appended(store, mark.entry(supersedes).map_err(DecisionError::from_json)?)?;
    MarkRecord::of(&recorded).map_err(DecisionError::Odd)
}

/// Says what kind of data runs hold; answers of how many that is news.
///
/// # Errors
/// When nobody says it, or the book can't be written; nothing is recorded then.
pub fn name_kinds(store: &mut dyn Store, at: Timestamp, who: &str, kinds: &[(Run, String)]) -> Result<usize, DecisionError> {
    let (who, role) = signed(who, "data manager")?;
    let mut known: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in store.in_force(EntryKind::RunKind)? {
        known.entry(entry.subject.clone()).or_default().push(entry);
    }
    let mut news = Vec::new();
    for (run, kind) in kinds {
        let before = known.remove(&run.to_string()).unwrap_or_default();
        let body = RunKindBody { kind: kind.clone() };
        if matches!(before.as_slice(), [entry] if entry.read::<RunKindBody>().is_ok_and(|said| said == body)) {
            continue;
        }
        news.push(NewEntry {
            at,
            kind: EntryKind::RunKind,
            subject: run.to_string(),
            run: Some(*run),
            who: who.clone(),
            role: role.clone(),
            body: serde_json::to_value(body).map_err(DecisionError::from_json)?,
            supersedes: before.iter().map(|entry| entry.id).collect(),
            wish: None,
        });
    }
    store.append(&news)?;
    Ok(news.len())
}

/// What is in force on a subject, as far as a person who looked at the book up to a place saw it (none: just now).
///
/// # Errors
/// When the book can't be read.
pub fn seen(store: &dyn Store, kind: EntryKind, subject: &str, up_to: Option<i64>) -> Result<Vec<EntryId>, StoreError> {
    let in_force = store.in_force_on(kind, subject)?;
    Ok(in_force.iter().filter(|entry| up_to.is_none_or(|place| entry.place <= place)).map(|entry| entry.id).collect())
}

/// Writes one entry.
fn appended(store: &mut dyn Store, entry: NewEntry) -> Result<Entry, DecisionError> {
    store.append(&[entry])?.pop().ok_or_else(|| DecisionError::Odd("the book gave no entry back".into()))
}

/// Who says it, in which role; refused when one of them is missing.
fn signed(who: &str, role: &str) -> Result<(String, String), DecisionError> {
    let (who, role) = (who.trim().to_owned(), role.trim().to_owned());
    if who.is_empty() {
        return Err(DecisionError::NeedsWho);
    }
    if role.is_empty() {
        return Err(DecisionError::NeedsRole);
    }
    Ok((who, role))
}

fn refuse_unknown(store: &dyn Store, run: Run) -> Result<(), DecisionError> {
    let runs = store.overview()?.runs;
    if runs.iter().any(|known| known.run == run) {
        return Ok(());
    }
    let known = if runs.is_empty() {
        "none yet".to_owned()
    } else {
        runs.iter().map(|run| run.run.to_string()).collect::<Vec<_>>().join(", ")
    };
    Err(DecisionError::UnknownRun { run, known })
}

/// The decision in force on a run as a whole, by its raw data: the last one; none when nobody has decided.
#[must_use]
pub fn in_force(decisions: &[DecisionRecord], run: Run) -> Option<&DecisionRecord> {
    decisions.iter().rfind(|decision| decision.subject == DecisionSubject::run(run))
}

/// A run's flag: that of the decision in force, UNCHECKED when nobody has decided.
#[must_use]
pub fn flag_of_run(decisions: &[DecisionRecord], run: Run) -> Flag {
    in_force(decisions, run).map_or(Flag::Unchecked, |decision| decision.decision.flag)
}

/// A decision on a run as a whole, made now, superseding what the person saw in force.
#[must_use]
pub fn on_run(run: Run, flag: Flag, note: &str, who: &str, role: &str, supersedes: &[EntryId]) -> NewDecision {
    NewDecision {
        at: Timestamp::now(),
        subject: DecisionSubject::run(run),
        decision: Decision::new(flag, note),
        who: who.into(),
        role: role.into(),
        supersedes: supersedes.to_vec(),
        wish: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bookkeeping::{Row, RunRecord, SqliteStore};

    fn book() -> (tempfile::TempDir, SqliteStore) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&folder.path().join("book.sqlite")).unwrap();
        let run = RunRecord { run: Run(1), first_seen: Timestamp::UNIX_EPOCH, ended: None, ended_by: None };
        store.record(None, &[], &[Row::Run(run)]).unwrap();
        (folder, store)
    }

    #[test]
    fn the_rules_hold_and_what_breaks_them_is_not_recorded() {
        let (_folder, mut store) = book();
        let mut refused = |decision: NewDecision| decide(&mut store, &decision).unwrap_err().to_string();
        assert!(refused(on_run(Run(1), Flag::Bad, " \n", "Ada", "shifter", &[])).contains("needs a comment"));
        assert!(refused(on_run(Run(1), Flag::Ok, "", " ", "shifter", &[])).contains("who decides"));
        assert!(refused(on_run(Run(1), Flag::Ok, "", "Ada", "", &[])).contains("role"));
        assert!(refused(on_run(Run(2), Flag::Ok, "", "Ada", "shifter", &[])).contains("there are run1"));
        assert_eq!(store.overview().unwrap().said.decisions, []);
    }

    #[test]
    fn fix_needed_opens_a_follow_up_with_the_decision_or_neither() {
        let (folder, mut store) = book();
        let mut wanted = on_run(Run(1), Flag::Maybe, "LEM 4 shifted", "Ada", "expert", &[]);
        wanted.decision.outcome = Some(Outcome::FixNeeded);
        let first = decide(&mut store, &wanted).unwrap();
        let open = || {
            let store = SqliteStore::open_read_only(&folder.path().join("book.sqlite")).unwrap();
            standing::all::<follow_ups::FollowUp>(&store).unwrap().0
        };
        assert_eq!(open().iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["fix-run1@raw"]);
        // Said again it opens no second one; refused it opens none.
        wanted.supersedes = vec![first.entry];
        decide(&mut store, &wanted).unwrap();
        wanted.subject = "run1-seq0".parse().unwrap();
        assert!(decide(&mut store, &wanted).is_err(), "nothing is in force there");
        assert_eq!(open().len(), 1);
    }

    #[test]
    fn the_last_decision_is_in_force_and_each_names_the_one_before() {
        let (_folder, mut store) = book();
        assert_eq!(flag_of_run(&store.overview().unwrap().said.decisions, Run(1)), Flag::Unchecked);
        let first = decide(&mut store, &on_run(Run(1), Flag::Maybe, "odd", " Ada ", "shifter", &[])).unwrap();
        assert_eq!(first.who, "Ada");
        let stale = decide(&mut store, &on_run(Run(1), Flag::Ok, "", "Ben", "expert", &[])).unwrap_err();
        assert!(stale.to_string().contains("by Ada"), "{stale}");
        let second = decide(&mut store, &on_run(Run(1), Flag::Bad, "LEM 4 off", "Ben", "expert", &[first.entry])).unwrap();
        let decisions = store.overview().unwrap().said.decisions;
        assert_eq!(in_force(&decisions, Run(1)), Some(&second));
        assert_eq!(flag_of_run(&decisions, Run(1)), Flag::Bad);
        assert_eq!(flag_of_run(&decisions, Run(2)), Flag::Unchecked);
    }
}
