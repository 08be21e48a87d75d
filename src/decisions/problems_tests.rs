//! Problems, through every order of changes.

use proptest::prelude::*;

use super::*;
use crate::bookkeeping::SqliteStore;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

fn ada() -> Signature {
    Signature { who: "Ada".into(), role: "shifter".into() }
}

fn new_problem(what: &str, urgent: bool) -> NewProblem {
    NewProblem {
        what: what.into(),
        place: Place { file: Some(FileId::new(840, 3)), item: Some("purity/lifetime_trend".into()), ..Place::default() },
        severity: Severity::Major,
        urgent,
        owner: String::new(),
        comment: String::new(),
    }
}

fn changes() -> impl Strategy<Value = (ProblemChange, &'static str)> {
    let change = prop_oneof![
        Just(ProblemChange::Comment),
        Just(ProblemChange::Take { owner: "Ben".into() }),
        Just(ProblemChange::Close),
        Just(ProblemChange::Reopen),
        Just(ProblemChange::Acknowledge),
        (-20_i64..40).prop_map(|second| ProblemChange::Shelve { until: at(second) }),
    ];
    (change, prop_oneof![Just("because"), Just("  ")])
}

proptest! {
    /// After any changes: closed exactly with a reason, in work exactly with an owner who took it, and it never falls quiet but
    /// by a person's comment or until a day.
    #[test]
    fn no_order_of_changes_loses_a_problem(urgent in any::<bool>(), steps in prop::collection::vec(changes(), 0..12)) {
        let mut problem = new_problem("HV tripped", urgent).opened(&ada(), at(0)).unwrap();
        for (second, (change, comment)) in (1..).zip(&steps) {
            let now = at(second);
            match problem.after(change, comment, &ada(), now) {
                Ok(next) => {
                    prop_assert!(problem.is_open() || matches!(change, ProblemChange::Comment | ProblemChange::Reopen));
                    prop_assert!(comment.trim() == "because" || matches!(change, ProblemChange::Take { .. }), "without a comment");
                    prop_assert_eq!(&next.opened, &problem.opened);
                    problem = next;
                }
                Err(_) => {
                    let is_wrong_state = problem.is_open() == (*change == ProblemChange::Reopen) && *change != ProblemChange::Comment;
                    let is_past = matches!(change, ProblemChange::Shelve { until } if *until <= now);
                    prop_assert!(comment.trim().is_empty() || is_wrong_state || is_past);
                }
            }
            prop_assert_eq!(problem.state == ProblemState::Closed, problem.closed.is_some());
            prop_assert!(problem.state != ProblemState::InWork || problem.owner.is_some());
            let is_quieted = problem.acknowledged.is_some() || problem.is_shelved(now) || !problem.is_open();
            prop_assert_eq!(problem.calls(now), urgent && !is_quieted);
            // Shelving ends by itself: what was not acknowledged calls again.
            let later = at(10_000);
            prop_assert_eq!(problem.calls(later), urgent && problem.is_open() && problem.acknowledged.is_none());
        }
    }
}

#[test]
fn a_problem_lives_in_the_book_with_all_that_was_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("book.sqlite");
    let mut store = SqliteStore::open(&path).unwrap();
    let told = tell(&mut store, &new_problem("HV tripped", true), &ada(), at(0)).unwrap();
    assert_eq!(told.body.run(), Some(Run(840)));
    let ben = Signature { who: "Ben".into(), role: "expert".into() };
    let take = ProblemChange::Take { owner: "Ben".into() };
    change(&mut store, &told.id[..4], (&take, ""), &ben, at(1), None).unwrap();
    // Who saw the first state is told of the second.
    let late = change(&mut store, &told.id, (&ProblemChange::Close, "over"), &ada(), at(2), Some(told.place)).unwrap_err();
    assert!(late.to_string().contains("by Ben"), "{late}");
    change(&mut store, &told.id, (&ProblemChange::Close, "ramped up again"), &ben, at(3), None).unwrap();
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    let (all, faults) = standing::all::<Problem>(&store).unwrap();
    assert_eq!((all.len(), faults.len(), all[0].body.state), (1, 0, ProblemState::Closed));
    let deeds: Vec<Deed> =
        store.history(EntryKind::Problem, &told.id).unwrap().iter().map(|entry| entry.read::<Problem>().unwrap().did).collect();
    assert_eq!(deeds, [Deed::Opened, Deed::Taken, Deed::Closed]);
    assert_eq!(store.in_force_of_run(Run(840)).unwrap().len(), 1);
}

#[test]
fn what_makes_no_sense_is_refused_in_words() {
    let refused = |new: NewProblem| new.opened(&ada(), at(0)).unwrap_err().to_string();
    assert!(refused(new_problem(" \u{0} ", false)).contains("what is wrong is missing"));
    assert!(refused(new_problem(&"x".repeat(301), false)).contains("at most 300"));
    let place = Place { run: Some(Run(1)), file: Some(FileId::new(2, 0)), ..Place::default() };
    assert!(refused(NewProblem { place, ..new_problem("x", false) }).contains("run2-seq0 is no file of run1"));
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(&folder.path().join("book.sqlite")).unwrap();
    let unknown = change(&mut store, "zz", (&ProblemChange::Comment, "x"), &ada(), at(0), None).unwrap_err();
    assert_eq!(unknown.to_string(), "no problem is called \"zz\"; there are none yet");
}
