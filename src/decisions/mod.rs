//! Rules over the book: how a person's decision on data is made, superseded and which one is in force.
//!
//! Pure beside what asks the book: `flags.rs` has which flag is in force and where it comes from, `marks.rs` what marks mean,
//! `status/` the derived status and why it is what it is.
//!
//! Uses `bookkeeping`, `config` and `monitasks`; used by `engine`, `live` and `cli`.

pub mod bodies;
pub mod flags;
pub mod marks;
pub mod status;
pub mod subject;

use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use crate::bookkeeping::{DecisionRecord, MarkRecord, NewDecision, Store, StoreError};

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
    /// The book refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Records a decision: BAD needs a comment, every decision a person and a role, the run must be known, and the decision in
/// force must be the one that the person saw.
///
/// # Errors
/// When one of these rules is broken, or the book can't be written; nothing is recorded then.
pub fn decide(store: &mut dyn Store, decision: &NewDecision) -> Result<DecisionRecord, DecisionError> {
    let clean = |text: &str| text.trim().to_owned();
    let decision = NewDecision {
        comment: clean(&decision.comment),
        who: clean(&decision.who),
        role: clean(&decision.role),
        ..decision.clone()
    };
    if decision.flag == Flag::Bad && decision.comment.is_empty() {
        return Err(DecisionError::BadNeedsComment);
    }
    if decision.who.is_empty() {
        return Err(DecisionError::NeedsWho);
    }
    if decision.role.is_empty() {
        return Err(DecisionError::NeedsRole);
    }
    refuse_unknown(store, decision.run)?;
    Ok(store.decide(&decision)?)
}

/// Records a shifter's mark: by a person, in a role, on a run that is known. The one before stands in the book and is in force
/// no more.
///
/// # Errors
/// When one of these rules is broken, or the book can't be written; nothing is recorded then.
pub fn mark(store: &mut dyn Store, mark: &MarkRecord) -> Result<MarkRecord, DecisionError> {
    let clean = |text: &str| text.trim().to_owned();
    let mark = MarkRecord { comment: clean(&mark.comment), who: clean(&mark.who), role: clean(&mark.role), ..mark.clone() };
    if mark.who.is_empty() {
        return Err(DecisionError::NeedsWho);
    }
    if mark.role.is_empty() {
        return Err(DecisionError::NeedsRole);
    }
    refuse_unknown(store, mark.run)?;
    Ok(store.mark(&mark)?)
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

/// The decision in force on a run as a whole: the last one; none when nobody has decided.
#[must_use]
pub fn in_force(decisions: &[DecisionRecord], run: Run) -> Option<&DecisionRecord> {
    decisions.iter().rfind(|decision| decision.run == run && decision.sequence.is_none())
}

/// A run's flag: that of the decision in force, UNCHECKED when nobody has decided.
#[must_use]
pub fn flag_of_run(decisions: &[DecisionRecord], run: Run) -> Flag {
    in_force(decisions, run).map_or(Flag::Unchecked, |decision| decision.flag)
}

/// A decision on a run as a whole, made now, superseding what the person saw in force.
#[must_use]
pub fn on_run(run: Run, flag: Flag, comment: &str, who: &str, role: &str, supersedes: Option<i64>) -> NewDecision {
    NewDecision {
        at: Timestamp::now(),
        run,
        sequence: None,
        flag,
        comment: comment.into(),
        who: who.into(),
        role: role.into(),
        evidence: Vec::new(),
        supersedes,
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
        assert!(refused(on_run(Run(1), Flag::Bad, " \n", "Ada", "shifter", None)).contains("needs a comment"));
        assert!(refused(on_run(Run(1), Flag::Ok, "", " ", "shifter", None)).contains("who decides"));
        assert!(refused(on_run(Run(1), Flag::Ok, "", "Ada", "", None)).contains("role"));
        assert!(refused(on_run(Run(2), Flag::Ok, "", "Ada", "shifter", None)).contains("there are run1"));
        assert_eq!(store.overview().unwrap().decisions, []);
    }

    #[test]
    fn the_last_decision_is_in_force_and_each_names_the_one_before() {
        let (_folder, mut store) = book();
        assert_eq!(flag_of_run(&store.overview().unwrap().decisions, Run(1)), Flag::Unchecked);
        let first = decide(&mut store, &on_run(Run(1), Flag::Maybe, "odd", " Ada ", "shifter", None)).unwrap();
        assert_eq!(first.who, "Ada");
        let stale = decide(&mut store, &on_run(Run(1), Flag::Ok, "", "Ben", "expert", None)).unwrap_err();
        assert!(stale.to_string().contains("by Ada"), "{stale}");
        let second = decide(&mut store, &on_run(Run(1), Flag::Bad, "LEM 4 off", "Ben", "expert", Some(first.id))).unwrap();
        let decisions = store.overview().unwrap().decisions;
        assert_eq!(in_force(&decisions, Run(1)), Some(&second));
        assert_eq!(flag_of_run(&decisions, Run(1)), Flag::Bad);
        assert_eq!(flag_of_run(&decisions, Run(2)), Flag::Unchecked);
    }
}
