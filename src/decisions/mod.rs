//! Rules over the book: how a person's decision on data is made, superseded and which one is in force.
//!
//! `deciding.rs` records decisions and marks, `closing.rs` locks, verifies and undoes them, `status_book.rs` derives statuses and
//! keeps their changes, `judged.rs` has all that is in force on one run, `products.rs` what was made from processings. Pure beside what asks the book: `flags.rs` has which flag
//! is in force and where it comes from, `marks.rs` what marks mean, `status/` the derived status and why it is what it is.
//! `standing.rs` is how problems, alarms, known issues, follow-ups, shifts and sign-offs stand in the book; each has a file with
//! its rules, and `meeting.rs` and `report.rs` make lists and pages of them.
//!
//! `run_facts.rs` and `datasets.rs` record what run lists say and which lists of runs people keep.
//!
//! Uses `bookkeeping`, `catalogue`, `config` and `monitasks`; used by `engine`, `live` and `cli`.

pub mod alarms;
pub mod bodies;
pub mod channels;
mod closing;
pub mod datasets;
mod deciding;
pub mod flags;
pub mod follow_ups;
mod heard;
mod judged;
pub mod known_issues;
pub mod marks;
pub mod meeting;
pub mod page;
pub mod problems;
mod products;
mod quality;
pub mod report;
pub mod review_queue;
mod rulebook;
pub mod run_facts;
mod said_words;
pub mod shifts;
pub mod standing;
pub mod status;
mod status_book;
pub mod wording;

#[cfg(test)]
mod binding_tests;

use monitasks::quality::Flag;
use monitasks::vocab::Run;

use crate::bookkeeping::{DecisionRecord, DecisionSubject};

pub use closing::{lock, lock_of, undo, verify};
pub use deciding::{decide, mark, mark_subsystem, name_kinds, on_run, seen};
pub use heard::{flags as flags_of, processing_named, product_of};
pub use judged::{Judged, JudgedFile, JudgedProcessing, JudgedStage, LockedBy, Said, VerifiedBy, judged};
pub use products::{Product, products};
pub use quality::{DecisionError, Quality, Speaker, StatusError};
pub use rulebook::{RuleInForce, override_rule, record_derivation, rule_in_force, rules, save_rule};
pub use status_book::{Cut, ProductFlip, WhatIf, cut, statuses, statuses_around, what_if_rule, why_run};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bookkeeping::{NewDecision, Outcome, Row, RunRecord, SqliteStore, Store};
    use crate::config::Settings;
    use jiff::Timestamp;

    fn decide(store: &mut dyn Store, decision: &NewDecision) -> Result<DecisionRecord, DecisionError> {
        super::decide(store, Quality::of(&Settings::default()), decision)
    }

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
        wanted.subject = "run1-p7".parse().unwrap();
        assert!(decide(&mut store, &wanted).is_err(), "there is no such processing");
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
