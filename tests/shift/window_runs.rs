//! The Runs page: a table of any length of which only what is in sight is drawn, found by queries, flagged many at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dqmon::catalogue::{self, Fact, Fields, RunTable, Value};
use dqmon::config::RunListSettings;
use dqmon::engine::{Command, DecisionCommand, RunsCommand, ViewCommand};
use dqmon::gui::{Page, RunChoice, UiState};
use dqmon::snapshot::{BulkShown, JudgedShown, RunRow, RunsAsk, RunsShown, Snapshot, SortKey};
use egui_kittest::kittest::Queryable;
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use super::made_up;
use super::window_clicks::Desk;

/// A table of so many runs, half of them with a drift field of 560 V/cm.
fn table(runs: u32) -> Arc<RunTable> {
    let mut table = RunTable::new(Fields::new(&RunListSettings::default()));
    for run in 1..=runs {
        let mut row = catalogue::RunRow::new(Run(run));
        let field = Fact { unit: Some("V/cm".into()), ..Fact::of(Value::Number(if run % 2 == 0 { 560.0 } else { 280.0 })) };
        let remark = Fact::of(Value::Text(format!("shift {} of run {run}", run % 3)));
        row.facts.0.extend([("drift_field".to_owned(), field), ("remark".to_owned(), remark)]);
        row.files = Some(u64::from(run % 7));
        table.put(&row);
    }
    Arc::new(table)
}

fn newest_first() -> RunsAsk {
    RunsAsk { sort: vec![SortKey { field: "run".into(), is_descending: true }], ..RunsAsk::default() }
}

/// Puts a table under the Runs page.
fn show(snapshot: &mut Snapshot, table: &Arc<RunTable>) {
    let shown = dqmon::live::answer_of(table, &newest_first(), None);
    snapshot.run_table = Some(Arc::new(RunsShown { place: 41, ..shown }));
}

fn desk_of(runs: u32) -> Desk {
    let mut snapshot = made_up::full();
    show(&mut snapshot, &table(runs));
    let state = UiState { page: Page::Runs, who: "Ada Marsh".into(), role: "shifter".into(), ..UiState::default() };
    Desk::with_state(snapshot, state)
}

/// Answers as the engine would what the page has asked last; whether it has asked anything.
pub fn answer(desk: &mut Desk) -> bool {
    let asked = desk.side.commands.try_iter().filter_map(|command| match command {
        Command::Runs(RunsCommand::Ask(ask)) => Some(ask),
        _ => None,
    });
    let Some(ask) = asked.last() else { return false };
    desk.publish(|snapshot| {
        let before = snapshot.run_table.clone().unwrap_or_default();
        let shown = dqmon::live::answer_of(&before.table, &ask, Some(&before));
        snapshot.run_table = Some(Arc::new(RunsShown { place: before.place, ..shown }));
    });
    true
}

/// The rows that are drawn.
fn drawn(desk: &Desk) -> usize {
    desk.window.query_all_by_label_contains("Row of run ").count()
}

#[test]
fn of_a_hundred_thousand_runs_only_the_rows_in_sight_are_drawn() {
    let mut desk = desk_of(100_000);
    assert!(desk.has("100000 of 100000 runs"));
    assert!((10..60).contains(&drawn(&desk)), "{} rows", drawn(&desk));
    let small = desk_of(40);
    assert!(drawn(&desk).abs_diff(drawn(&small)) < 3, "no more than of 40 runs");
    let mut times: Vec<Duration> = (0..15)
        .map(|_| {
            let begun = Instant::now();
            desk.window.step();
            begun.elapsed()
        })
        .collect();
    times.sort();
    println!("a frame with 100,000 runs: {:?} at the median", times[7]);
    assert!(times[7] < Duration::from_millis(100), "{times:?}");
}

#[test]
fn what_is_typed_is_asked_completed_found_and_told_when_it_is_wrong() {
    let mut desk = desk_of(50);
    answer(&mut desk);
    desk.type_into("Find runs", "drift_f");
    assert!(answer(&mut desk));
    assert!(desk.has("Suggestion drift_field"));
    desk.window.key_press(egui::Key::Tab);
    desk.settle();
    desk.type_into("Find runs", ">500");
    assert!(answer(&mut desk));
    assert!(desk.has("25 of 50 runs"), "the suggestion was taken and the query found its runs");
    assert!(desk.window.query_by_label_contains("drift_field is above 500 V/cm").is_some(), "the query is told in words");
    desk.type_into("Find runs", " flga:OK");
    assert!(answer(&mut desk));
    assert!(desk.window.query_by_label_contains("there is no field \"flga\", at character 17").is_some());
    assert!(desk.window.query_by_label_contains("did you mean flag?").is_some());
    assert!(desk.has("25 of 50 runs"), "what the last good query found stays");
}

#[test]
fn heads_order_rows_and_fields_become_columns() {
    let mut desk = desk_of(50);
    answer(&mut desk);
    let asked = |desk: &Desk| {
        let asks = desk.side.commands.try_iter().filter_map(|command| match command {
            Command::Runs(RunsCommand::Ask(ask)) => Some(ask.sort),
            _ => None,
        });
        asks.last().unwrap_or_default().into_iter().map(|key| (key.field, key.is_descending)).collect::<Vec<_>>()
    };
    desk.click("Order by Files");
    assert_eq!(asked(&desk), [("files".to_owned(), false), ("run".to_owned(), true)]);
    desk.click("Order by Files, lowest first");
    assert_eq!(asked(&desk)[0], ("files".to_owned(), true));
    assert!(!desk.has("Order by drift_field [V/cm]"));
    desk.click("Columns ▾");
    desk.window.get_by_label("Column drift_field").scroll_to_me();
    desk.settle();
    desk.click("Column drift_field");
    assert!(desk.has("Order by drift_field [V/cm]"));
}

#[test]
fn many_runs_are_flagged_after_one_question_and_the_refused_ones_are_listed() {
    let mut desk = desk_of(50);
    answer(&mut desk);
    desk.commands();
    desk.click("Row of run 50, UNCHECKED");
    desk.window.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::ArrowDown);
    desk.window.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::ArrowDown);
    desk.settle();
    assert!(desk.has("3 runs selected"));
    desk.click("Flag selected BAD");
    assert_eq!(decisions(&desk), [], "BAD needs a comment");
    desk.type_into("Comment for all of them", "HV trip");
    desk.click("Flag selected BAD");
    assert_eq!(decisions(&desk), [], "it is asked first");
    desk.click("Leave it");
    desk.click("Flag selected BAD");
    desk.click("Flag 3 runs");
    let wanted = RunsCommand::Flag {
        runs: vec![Run(48), Run(49), Run(50)],
        flag: Flag::Bad,
        comment: "HV trip".into(),
        who: "Ada Marsh".into(),
        role: "shifter".into(),
        place: 41,
    };
    assert_eq!(decisions(&desk), [Command::Runs(wanted)]);
    let progress = |desk: &mut Desk, done: usize| {
        let refused = if done == 3 { vec![(Run(49), "Bo Lind has decided meanwhile: OK".to_owned())] } else { Vec::new() };
        desk.publish(|snapshot| {
            let shown = RunsShown::clone(snapshot.run_table.as_ref().unwrap());
            let bulk = Some(BulkShown { flag: Flag::Bad, of: 3, done, refused });
            snapshot.run_table = Some(Arc::new(RunsShown { bulk, ..shown }));
        });
    };
    progress(&mut desk, 1);
    assert!(desk.window.query_by_label_contains("1 of 3 flagged BAD").is_some());
    progress(&mut desk, 3);
    assert!(desk.has("1 run refused, left as they are"));
    assert!(desk.has("run49: Bo Lind has decided meanwhile: OK"));
    desk.click("Take the list away");
    assert!(!desk.has("run49: Bo Lind has decided meanwhile: OK"));
}

fn decisions(desk: &Desk) -> Vec<Command> {
    desk.commands().into_iter().filter(|command| matches!(command, Command::Runs(RunsCommand::Flag { .. }))).collect()
}

#[test]
fn runs_that_are_no_longer_found_are_no_longer_selected() {
    let mut desk = desk_of(50);
    answer(&mut desk);
    desk.window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    desk.settle();
    assert!(desk.has("50 runs selected"));
    desk.type_into("Find runs", "drift_field>500");
    assert!(answer(&mut desk));
    assert!(desk.has("25 runs selected"));
}

/// A large book: the snapshot has the newest runs alone.
fn of_years() -> Snapshot {
    let mut snapshot = made_up::full();
    snapshot.runs.retain(|row| row.run > Run(20));
    snapshot.older_runs = 20;
    snapshot
}

#[test]
fn stepping_from_an_old_run_goes_to_the_next_in_the_book() {
    let snapshot = of_years();
    let fixed = |run| RunChoice::Fixed(Run(run));
    assert_eq!(fixed(21).stepped(-1, &snapshot), fixed(20));
    assert_eq!(fixed(24).stepped(-1, &snapshot), fixed(23));
    assert_eq!(fixed(22).stepped(1, &snapshot), fixed(23));
    // An old run comes into the snapshot when it is looked at.
    let mut looked = of_years();
    looked.runs.insert(0, RunRow { run: Run(7), ..looked.runs[0].clone() });
    assert_eq!(fixed(7).stepped(1, &looked), fixed(8));
    assert_eq!(fixed(7).stepped(-1, &looked), fixed(6));
}

#[test]
fn an_old_run_is_asked_for_and_never_said_to_be_unknown_before_the_book_has_answered() {
    let state = UiState { page: Page::Runs, who: "Ada Marsh".into(), role: "shifter".into(), ..UiState::default() };
    let mut desk = Desk::with_state(of_years(), state);
    desk.window.get_by_label_contains("Row of run 18,").click();
    desk.settle();
    let asked = |command| matches!(command, Command::View(ViewCommand::LookAtRun(Some(Run(18)))));
    assert!(desk.side.commands.try_iter().any(asked));
    desk.window.key_press(egui::Key::F1);
    desk.settle();
    assert!(desk.window.query_by_label_contains("run18 is being read").is_some());
    assert!(desk.window.query_by_label_contains("20 older").is_some(), "the time line tells of the runs that it does not have");
    desk.publish(|snapshot| {
        let (stages, files, processings, history) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let judged = JudgedShown { run: Run(18), stages, files, processings, history, facts: Vec::new(), fault: None };
        snapshot.judged = Some(Arc::new(judged));
    });
    assert!(desk.window.query_by_label_contains("run18 is not in the book").is_some());
    // One that a run list alone tells of is looked at and decided on as any other.
    desk.publish(|snapshot| {
        let mut judged = JudgedShown::clone(snapshot.judged.as_ref().unwrap());
        judged.facts = vec![("trigger".into(), "CRT".into())];
        (snapshot.judged, snapshot.listed) = (Some(Arc::new(judged)), Some(RunRow::empty(Run(18))));
    });
    assert!(desk.has("Run 18") && desk.has("CRT") && desk.window.query_by_label_contains("No data of it here").is_some());
    desk.click("Decide OK");
    let decided =
        |command| matches!(command, Command::Decision(DecisionCommand::Decide(wanted)) if wanted.subject.run == Run(18));
    assert!(desk.side.commands.try_iter().any(decided));
}
