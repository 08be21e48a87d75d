//! Deciding in the window: stages, files, one-click words, locks, second persons, undoing, and why a status is what it is.

use std::sync::Arc;

use dqmon::engine::{Command, DecisionCommand, DecisionSubject, Notice, Outcome, Stage, WantedDecision};
use dqmon::snapshot::{FileFlagShown, FlagShown, JudgedShown, SaidShown, Snapshot, StageShown, StatusShown};
use egui_kittest::kittest::Queryable;
use monitasks::quality::Flag;
use monitasks::vocab::{FileId, Run};

use super::made_up;
use super::window_clicks::Desk;

fn flag(flag: Flag, origin: &str, number: Option<i64>) -> FlagShown {
    FlagShown { flag, origin: origin.into(), words: format!("said: {origin}"), outdated: None, number }
}

fn stage(name: &str, shown: FlagShown) -> StageShown {
    StageShown {
        stage: name.into(),
        flag: shown,
        outcome: None,
        usable_for: Vec::new(),
        comment: String::new(),
        decided_by: String::new(),
        locked: None,
        verified: None,
    }
}

fn said(number: i64, what: &str, flag: Option<Flag>, is_in_force: bool) -> SaidShown {
    SaidShown {
        number,
        at: made_up::now(),
        subject: "run24".into(),
        what: what.into(),
        flag,
        comment: String::new(),
        who: "Bo Lind".into(),
        role: "expert".into(),
        is_in_force,
        can_be_undone: is_in_force,
    }
}

/// Run 24 with all that can be said of a run.
fn judged() -> JudgedShown {
    let raw = StageShown {
        decided_by: "Bo Lind".into(),
        comment: "LEM 7 is dark".into(),
        ..stage("raw", FlagShown { outdated: Some("seq9 came after the decision".into()), ..flag(Flag::Maybe, "own", Some(12)) })
    };
    JudgedShown {
        run: Run(24),
        stages: vec![
            raw,
            stage("reconstructed", flag(Flag::Bad, "conflict between two books", Some(9))),
            stage("selected", flag(Flag::Unchecked, "nobody has decided", None)),
        ],
        files: vec![FileFlagShown { file: FileId::new(24, 0), flag: flag(Flag::Maybe, "of its run", None) }],
        processings: vec![StatusShown {
            processing: 1,
            status: 2,
            word: "not good".into(),
            is_good: false,
            is_unchecked: false,
            flag: flag(Flag::Unchecked, "nobody has decided", None),
            marks: vec!["RQM flawed".into()],
            why: vec!["status 2 (not good), rule \"1\"".into(), "it would be 1 (good) with RQM good and CAL physics".into()],
        }],
        history: vec![said(11, "OK", Some(Flag::Ok), false), said(12, "MAYBE", Some(Flag::Maybe), true)],
        facts: vec![("drift_field".into(), "560 V/cm".into())],
        fault: None,
    }
}

/// A window in which the book has told of run 24.
fn desk() -> Desk {
    let mut snapshot = made_up::full();
    snapshot.judged = Some(Arc::new(judged()));
    let desk = Desk::at(snapshot);
    let _ = desk.commands();
    desk
}

/// Changes what was said.
fn publish(desk: &mut Desk, change: impl FnOnce(&mut JudgedShown)) {
    desk.publish(|snapshot: &mut Snapshot| {
        let mut judged = JudgedShown::clone(snapshot.judged.as_ref().unwrap());
        change(&mut judged);
        snapshot.judged = Some(Arc::new(judged));
    });
}

/// The one decision that was sent.
fn decided(desk: &Desk) -> WantedDecision {
    let sent = desk.commands();
    match &sent[..] {
        [Command::Decision(DecisionCommand::Decide(wanted))] => (**wanted).clone(),
        other => panic!("not one decision: {other:?}"),
    }
}

/// Clicks what may stand below the end of the card.
fn click_below(desk: &mut Desk, name: &str) {
    desk.window.get_by_label(name).scroll_to_me();
    desk.settle();
    desk.click(name);
}

#[test]
fn the_card_shows_each_stage_with_where_its_flag_comes_from() {
    let desk = desk();
    assert!(desk.has("Stage raw, MAYBE, own"));
    assert!(desk.has("Stage reconstructed, BAD, conflict between two books"));
    assert!(desk.has("Stage selected, UNCHECKED, nobody has decided"));
    assert!(desk.has("outdated: seq9 came after the decision"));
    assert!(desk.has("drift field") && desk.has("560 V/cm"), "what the run list says");
    assert!(desk.has("of its run"), "the file says where its flag comes from");
}

#[test]
fn words_are_a_click_each_and_go_with_the_decision() {
    let mut desk = desk();
    desk.click("Noisy card");
    desk.click("calibration");
    desk.click("lost");
    desk.click("Decide BAD");
    let wanted = decided(&desk);
    assert_eq!((wanted.subject, wanted.seen), (DecisionSubject::run(Run(24)), Some(12)));
    assert_eq!((wanted.decision.comments, wanted.decision.usable_for), (vec!["Noisy card".into()], vec!["calibration".into()]));
    assert_eq!((wanted.decision.outcome, wanted.decision.flag), (Some(Outcome::Lost), Flag::Bad), "a standard comment says why");
    // It has come back: the words are gone.
    publish(&mut desk, |judged| judged.history.push(said(13, "BAD, lost", Some(Flag::Bad), true)));
    desk.click("Decide OK");
    assert_eq!(decided(&desk).decision.comments, Vec::<String>::new());
}

#[test]
fn a_stage_and_a_file_are_decided_on_their_own() {
    let mut desk = desk();
    desk.click("Stage reconstructed, BAD, conflict between two books");
    desk.click("Decide OK");
    let wanted = decided(&desk);
    assert_eq!((wanted.subject, wanted.seen), (DecisionSubject::run(Run(24)).at(Stage::Reconstructed), Some(9)));
    let mut desk = self::desk();
    click_below(&mut desk, "Decide on run24-seq0");
    desk.window.get_by_label("Decide MAYBE").scroll_to_me();
    desk.settle();
    desk.click("Decide MAYBE");
    let wanted = decided(&desk);
    assert_eq!((wanted.subject, wanted.seen), (DecisionSubject::file(FileId::new(24, 0)), None), "its own, not its run's");
    desk.click("Back to the run");
    assert!(!desk.has("Back to the run"));
}

#[test]
fn what_is_locked_can_not_be_decided_and_is_unlocked_by_a_click() {
    let mut desk = desk();
    desk.click("Lock");
    let lock = |is_locked| {
        Command::Decision(DecisionCommand::Lock {
            run: Run(24),
            stage: Stage::Raw,
            is_locked,
            comment: String::new(),
            who: "Ada Marsh".into(),
            role: "shifter".into(),
        })
    };
    assert_eq!(desk.commands(), [lock(true)]);
    publish(&mut desk, |judged| judged.stages[0].locked = Some("locked by Bo Lind: published".into()));
    desk.click("Decide OK");
    assert_eq!(desk.commands(), []);
    assert!(desk.has("Nothing can be decided: locked by Bo Lind: published"));
    desk.click("Unlock");
    assert_eq!(desk.commands(), [lock(false)]);
}

#[test]
fn a_second_person_verifies_and_who_decided_can_not() {
    let mut desk = desk();
    desk.click("Verify");
    let sent = desk.commands();
    assert!(matches!(&sent[..], [Command::Decision(DecisionCommand::Verify { number: 12, agrees: true, .. })]), "{sent:?}");
    publish(&mut desk, |judged| judged.stages[0].decided_by = "ada marsh".into());
    desk.click("Verify");
    assert_eq!(desk.commands(), []);
    publish(&mut desk, |judged| judged.stages[0].verified = Some((true, "Bo Lind".into())));
    assert!(desk.has("verified by Bo Lind"));
}

#[test]
fn what_is_in_force_is_undone_and_what_was_superseded_stays_listed() {
    let mut desk = desk();
    click_below(&mut desk, "Undo 12");
    let sent = desk.commands();
    assert!(matches!(&sent[..], [Command::Decision(DecisionCommand::Undo { number: 12, .. })]), "{sent:?}");
    assert!(!desk.has("Undo 11"), "it is in force no more");
    assert_eq!(desk.window.query_all_by_label_contains("number 11, superseded").count(), 1);
}

#[test]
fn one_click_says_why_a_status_is_what_it_is() {
    let mut desk = desk();
    let would = "it would be 1 (good) with RQM good and CAL physics";
    assert!(!desk.has(would));
    click_below(&mut desk, "Why is p1 not good");
    assert!(desk.has(would));
    click_below(&mut desk, "Why is p1 not good");
    assert!(!desk.has(would));
}

#[test]
fn a_decision_that_is_kept_for_the_server_says_that_it_waits() {
    let mut desk = desk();
    desk.click("Decide OK");
    let _ = decided(&desk);
    assert!(desk.has("OK is being recorded…"));
    let words = "decision on run24: kept, and delivered when the book's server is back: refused: dqmserver";
    desk.side.notices.send(Notice::Kept(words.into())).unwrap();
    desk.settle();
    assert!(desk.has("OK waits for the book's server, and is recorded when it is back."));
    assert!(!desk.has("OK is being recorded…"));
}

#[test]
fn a_refusal_shows_the_decision_that_came_first() {
    let mut desk = desk();
    desk.click("Decide OK");
    let _ = decided(&desk);
    let words = "decision on run24: not recorded: decision 13 on run24@raw (BAD, \"HV off\", by Bo Lind at 2016-11-16T10:00:00Z) is in force";
    desk.side.notices.send(Notice::Refused(words.into())).unwrap();
    desk.settle();
    assert!(desk.window.query_all_by_label_contains("BAD, \"HV off\", by Bo Lind").next().is_some());
    desk.click("Decide OK");
    let _ = decided(&desk);
}

#[test]
fn the_second_half_of_a_double_click_decides_nothing() {
    let mut desk = desk();
    let at = desk.middle_of("Decide MAYBE");
    desk.click_at(at);
    let count = |desk: &Desk| desk.commands().iter().filter(|command| matches!(command, Command::Decision(_))).count();
    assert_eq!(count(&desk), 1);
    // By now another button may lie there.
    desk.click_at(at);
    assert_eq!(count(&desk), 0, "a double click decided twice");
    for _ in 0..40 {
        desk.settle();
    }
    desk.click_at(at);
    assert_eq!(count(&desk), 1, "a click of its own decides again");
}
