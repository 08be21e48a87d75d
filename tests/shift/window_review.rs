//! The review of what waits, by keyboard alone: plots in order, what was looked at, decisions, undoing, the end.

use std::sync::Arc;

use dqmon::engine::{Command, DecisionCommand, Evidence, Notice, SubsystemMark, WantedDecision};
use dqmon::gui::{RunChoice, UiState};
use dqmon::snapshot::{DeskShown, Due, JudgedShown, PaneShown, PlotView, ReviewPlot, Snapshot, ToDoRow};
use egui::Key;
use egui_kittest::kittest::{NodeT, Queryable};
use monitasks::quality::Flag;
use monitasks::vocab::{Processing, Run};

use super::made_up;
use super::window_clicks::Desk;

fn plot(task: &str, item: &str, is_required: bool) -> ReviewPlot {
    let pane = PaneShown { task: task.into(), item: item.into(), view: PlotView::default() };
    ReviewPlot { pane, is_required, about: format!("what {task} should look like"), subsystems: Vec::new() }
}

/// A shift in which runs 22 and 23 wait, 23 is due first; 24 is being taken.
fn snapshot() -> Snapshot {
    let mut snapshot = made_up::full();
    for row in &mut snapshot.runs {
        let waits = [22, 23].contains(&row.run.0);
        row.has_ended = row.run != Run(24);
        row.decisions = if waits { Vec::new() } else { vec![made_up::decision(i64::from(row.run.0), Flag::Ok, "")] };
        row.flag = if waits { Flag::Unchecked } else { Flag::Ok };
    }
    let due = |day: &str, is_overdue| Due { day: day.into(), is_overdue };
    snapshot.people.meeting.dues = [(Run(22), due("2026-11-26", false)), (Run(23), due("2026-11-19", true))].into();
    let review =
        vec![plot("purity", "lifetime_trend", true), plot("pedestals", "rms_view_1", false), plot("lem_gain", "map", true)];
    snapshot.desk = Arc::new(DeskShown { review: Some(review), ..DeskShown::default() });
    snapshot
}

fn desk() -> Desk {
    let mut desk = Desk::at(snapshot());
    press(&mut desk, &[Key::F6]);
    let _ = desk.commands();
    desk
}

fn press(desk: &mut Desk, keys: &[Key]) {
    for key in keys {
        desk.window.key_press(*key);
        desk.settle();
    }
}

/// The words that have the review's name, a line each.
fn heads(desk: &Desk) -> String {
    let found = desk.window.query_all_by_label_contains("Review").map(|node| {
        let node = node.accesskit_node();
        node.label().or_else(|| node.value()).unwrap_or_default()
    });
    found.collect::<Vec<_>>().join("\n")
}

fn decided(desk: &Desk) -> Option<WantedDecision> {
    match &desk.commands()[..] {
        [] => None,
        [Command::Decision(DecisionCommand::Decide(wanted))] => Some((**wanted).clone()),
        other => panic!("not one decision: {other:?}"),
    }
}

/// The book has taken a decision.
fn record(desk: &mut Desk, run: u32, id: i64, flag: Flag) {
    desk.publish(|snapshot| {
        let row = snapshot.runs.iter_mut().find(|row| row.run == Run(run)).unwrap();
        row.flag = flag;
        row.decisions.push(made_up::decision(id, flag, ""));
    });
}

#[test]
fn a_review_begins_with_what_is_due_first_and_shows_its_plots_in_order() {
    let mut desk = desk();
    assert_eq!(desk.window.state().choice(), RunChoice::Fixed(Run(23)));
    let words = "Review: run 23, 1 of 2, overdue since Thu 2026-11-19; plot 1 of 3: Purity: Lifetime trend";
    assert!(desk.has(words), "{}", heads(&desk));
    assert!(desk.has("what purity should look like"));
    assert!(desk.has("Plot: Electron lifetime"));
    press(&mut desk, &[Key::N]);
    assert_eq!(desk.window.state().on_screen().iter().map(|item| item.item.as_str()).collect::<Vec<_>>(), ["rms_view_1"]);
    press(&mut desk, &[Key::P]);
    assert!(desk.has(words));
    let mut desk = Desk::at(snapshot());
    press(&mut desk, &[Key::F6]);
    let watched = desk.watched();
    assert_eq!(
        watched,
        ["lem_gain/map@23", "pedestals/rms_view_1@23", "purity/lifetime_trend@23"],
        "the next ones are asked for too"
    );
}

#[test]
fn a_whole_review_goes_by_keyboard_alone() {
    let mut desk = desk();
    press(&mut desk, &[Key::O]);
    assert_eq!(decided(&desk), None, "nothing is decided before what is required was looked at");
    assert!(desk.has("Look first at 2 plots: press Space at each. The next is purity/lifetime_trend."), "{}", heads(&desk));
    press(&mut desk, &[Key::Space]);
    assert!(heads(&desk).contains("plot 2 of 3: Pedestals"), "{}", heads(&desk));
    press(&mut desk, &[Key::N, Key::Enter]);
    press(&mut desk, &[Key::O]);
    let wanted = decided(&desk).expect("a decision");
    assert_eq!((wanted.subject.run, wanted.decision.flag, wanted.seen), (Run(23), Flag::Ok, None));
    let evidence: Vec<(&str, bool)> =
        wanted.decision.evidence.iter().map(|one| (one.item.as_str(), one.looked_at == Some(made_up::now()))).collect();
    assert_eq!(evidence, [("purity/lifetime_trend", true), ("lem_gain/map", true)], "what was looked at, and when");
    assert!(desk.has("OK is being recorded…"));
    press(&mut desk, &[Key::O]);
    assert_eq!(decided(&desk), None, "it is sent once");

    record(&mut desk, 23, 80, Flag::Ok);
    assert_eq!(desk.window.state().choice(), RunChoice::Fixed(Run(22)), "the next one");
    assert!(heads(&desk).contains("run 22, 2 of 2, due Thu 2026-11-26"), "{}", heads(&desk));
    // BAD asks for a comment, by keyboard.
    press(&mut desk, &[Key::Space, Key::N, Key::Space, Key::B]);
    assert_eq!(decided(&desk), None);
    desk.window.get_by_label("Comment of the review").type_text("LEM 7 is dark");
    desk.settle();
    press(&mut desk, &[Key::Enter]);
    let wanted = decided(&desk).expect("BAD with a comment");
    assert_eq!((wanted.subject.run, wanted.decision.flag, wanted.decision.note.as_str()), (Run(22), Flag::Bad, "LEM 7 is dark"));
    record(&mut desk, 22, 81, Flag::Bad);
    assert!(desk.has("Nothing is left to review."));
    assert!(desk.has("1 run being taken: asked for when the end has come."));

    // Undoing goes back to it; what was looked at stays so.
    desk.window.key_press_modifiers(egui::Modifiers::COMMAND, Key::Z);
    desk.settle();
    let undone = desk.commands();
    assert!(matches!(&undone[..], [Command::Decision(DecisionCommand::Undo { number: 81, .. })]), "{undone:?}");
    record(&mut desk, 22, 82, Flag::Unchecked);
    assert!(heads(&desk).contains("run 22"), "{}", heads(&desk));
    press(&mut desk, &[Key::M]);
    let wanted = decided(&desk).expect("decided anew");
    assert_eq!((wanted.decision.flag, wanted.seen), (Flag::Maybe, Some(82)));
    record(&mut desk, 22, 83, Flag::Maybe);
    press(&mut desk, &[Key::Escape]);
    assert_eq!(desk.window.state().choice(), RunChoice::Newest);
    assert!(!heads(&desk).contains("Review: run"), "{}", heads(&desk));
}

#[test]
fn a_run_is_left_unchecked_and_nothing_is_recorded() {
    let mut desk = desk();
    press(&mut desk, &[Key::U, Key::U]);
    assert_eq!(desk.commands(), []);
    assert!(desk.has("Nothing is left to review.") && desk.has("In this review: 0 decided, 2 left unchecked, 0 to go."));
}

#[test]
fn a_refusal_stays_at_the_run_and_what_waits_in_the_outbox_goes_on() {
    let mut desk = desk();
    press(&mut desk, &[Key::Space, Key::N, Key::Space, Key::O]);
    assert!(decided(&desk).is_some());
    let refusal = "decision on run23: not recorded: decision 13 on run23@raw (BAD, by Bo Lind) is in force";
    desk.side.notices.send(Notice::Refused(refusal.into())).unwrap();
    desk.settle();
    assert!(heads(&desk).contains("run 23"));
    record(&mut desk, 23, 13, Flag::Bad);
    assert!(desk.window.query_all_by_label_contains("Not recorded").next().is_some());
    press(&mut desk, &[Key::M]);
    assert_eq!(decided(&desk).map(|wanted| wanted.seen), Some(Some(13)), "knowing theirs, it is decided anew");
    desk.side.notices.send(Notice::Kept("decision on run23: kept".into())).unwrap();
    desk.settle();
    assert!(heads(&desk).contains("run 22"), "{}", heads(&desk));
    desk.window.key_press_modifiers(egui::Modifiers::COMMAND, Key::Z);
    desk.settle();
    assert_eq!(desk.commands(), [], "what is not in the book can't be undone");
    assert!(desk.has("It waits for the book's server: it can be undone when it is recorded."));
}

#[test]
fn a_subsystem_marks_the_processings_of_its_queue() {
    let mut snapshot = snapshot();
    snapshot.people.meeting.to_do = vec![ToDoRow {
        subsystem: "RQM".into(),
        cycle: String::new(),
        due: "2026-11-26".into(),
        is_overdue: false,
        count: 1,
        names: vec!["run20-p2".into()],
    }];
    snapshot.judged = Some(Arc::new(JudgedShown {
        run: Run(20),
        stages: Vec::new(),
        files: Vec::new(),
        processings: Vec::new(),
        history: Vec::new(),
        facts: Vec::new(),
        fault: None,
    }));
    let mut desk = Desk::at(snapshot);
    desk.window.key_press_modifiers(egui::Modifiers::COMMAND, Key::K);
    desk.settle();
    desk.window.get_by_label("Command, item or run").type_text("review for rqm");
    desk.settle();
    press(&mut desk, &[Key::Enter]);
    let _ = desk.commands();
    assert!(heads(&desk).contains("Review for RQM: run 20, processing 2, 1 of 1, due Thu 2026-11-26"), "{}", heads(&desk));
    press(&mut desk, &[Key::Space, Key::N, Key::Space, Key::M]);
    let sent = desk.commands();
    let [Command::Decision(DecisionCommand::Mark { run, processing, subsystem, mark, comment, seen, .. })] = &sent[..] else {
        panic!("not a mark: {sent:?}")
    };
    assert_eq!((*run, *processing, subsystem.as_str(), *mark), (Run(20), Processing(2), "RQM", SubsystemMark::Flawed));
    assert_eq!((comment.as_str(), *seen), ("looked at purity/lifetime_trend, lem_gain/map", Some(0)));
}

#[test]
fn with_no_plots_named_a_review_shows_one_of_each_task() {
    let mut snapshot = snapshot();
    snapshot.desk = Arc::default();
    let mut desk = Desk::with_state(snapshot, UiState { who: "Ada".into(), role: "shifter".into(), ..UiState::default() });
    press(&mut desk, &[Key::R]);
    assert!(heads(&desk).contains("plot 1 of 4: Purity: Lifetime trend"), "{}", heads(&desk));
}

#[test]
fn what_was_looked_at_is_written_into_the_book_and_older_books_are_read() {
    let plain = Evidence { item: "purity/lifetime_trend".into(), ..Evidence::default() };
    let written = serde_json::to_string(&plain).unwrap();
    assert_eq!(written, r#"{"item":"purity/lifetime_trend","state":null,"value":null}"#, "as before");
    assert_eq!(serde_json::from_str::<Evidence>(&written).unwrap(), plain);
    let looked = Evidence { looked_at: Some(made_up::now()), ..plain };
    let written = serde_json::to_string(&looked).unwrap();
    assert!(written.contains("\"looked_at\":\"2026-11-20T14:03:20Z\""), "{written}");
    assert_eq!(serde_json::from_str::<Evidence>(&written).unwrap(), looked);
}

#[test]
fn the_panes_of_the_desk_are_as_they_were_after_a_review() {
    let mut desk = Desk::at(snapshot());
    let before = desk.window.state().on_screen();
    press(&mut desk, &[Key::F6]);
    desk.window.key_press_modifiers(egui::Modifiers::COMMAND, Key::W);
    desk.settle();
    assert_eq!(desk.window.state().on_screen().len(), 1, "the review's pane stays");
    desk.click("Drift profile, unchecked, χ²/n 1.1");
    assert_eq!(desk.window.state().on_screen()[0].item, "drift_profile", "another plot can be looked at in between");
    press(&mut desk, &[Key::Space]);
    assert_eq!(desk.window.state().on_screen()[0].item, "lifetime_trend", "which is not the one that was to be looked at");
    assert!(heads(&desk).contains("plot 1 of 3"), "{}", heads(&desk));
    press(&mut desk, &[Key::Escape]);
    assert_eq!(desk.window.state().on_screen(), before);
}
