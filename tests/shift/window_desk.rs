//! The desk: layouts with names, back and forward, plots that stand still, a part of the shift on all pages, the palette.

use std::sync::Arc;

use dqmon::engine::{Command, RunsCommand, ViewCommand};
use dqmon::gui::{Page, RunChoice, UiState};
use dqmon::snapshot::{DeskShown, LayoutShown, Only, PaneShown, PlotView, Snapshot};
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use monitasks::figure::Figure;
use monitasks::vocab::Run;

use super::made_up;
use super::window_clicks::Desk;

fn pane(name: &str) -> Vec<PaneShown> {
    let (task, item) = name.split_once('/').unwrap();
    vec![PaneShown { task: task.into(), item: item.into(), view: PlotView::default() }]
}

/// A shift with two official layouts; a plot of the second is of no task.
fn snapshot() -> Snapshot {
    let layout = |name: &str, role: Option<&str>, rows| LayoutShown {
        name: name.into(),
        role: role.map(str::to_owned),
        about: String::new(),
        rows,
        file: format!("layouts/{name}.toml"),
    };
    let first = layout("Gain", None, vec![vec![pane("lem_gain/map"), pane("lem_gain/trend")]]);
    let second = layout("Purity", Some("shifter"), vec![vec![pane("purity/lifetime_trend")], vec![pane("purity/gone")]]);
    let mut snapshot = made_up::full();
    snapshot.desk = Arc::new(DeskShown { layouts: vec![first, second], review: None });
    snapshot
}

fn desk() -> Desk {
    let desk = Desk::at(snapshot());
    let _ = desk.commands();
    desk
}

fn press(desk: &mut Desk, modifiers: Modifiers, key: Key) {
    desk.window.key_press_modifiers(modifiers, key);
    desk.settle();
}

fn shown(desk: &Desk) -> Vec<String> {
    let mut shown: Vec<String> =
        desk.window.state().on_screen().iter().map(|item| format!("{}/{}", item.task, item.item)).collect();
    shown.sort();
    shown
}

/// What is asked of the palette.
fn command(desk: &mut Desk, words: &str) {
    press(desk, Modifiers::COMMAND, Key::K);
    desk.window.get_by_label("Command, item or run").type_text(words);
    desk.settle();
    press(desk, Modifiers::NONE, Key::Enter);
}

#[test]
fn official_layouts_are_chosen_by_menu_and_key_and_what_is_gone_says_so() {
    let mut desk = desk();
    desk.click("Layout: unnamed");
    // That of the person's role comes first.
    desk.click("Layout Gain");
    assert_eq!(shown(&desk), ["lem_gain/map", "lem_gain/trend"]);
    press(&mut desk, Modifiers::COMMAND, Key::Num1);
    assert_eq!(shown(&desk), ["purity/gone", "purity/lifetime_trend"]);
    assert!(desk.has("There is no item purity/gone in this workspace. Choose another one at the left."));
    press(&mut desk, Modifiers::COMMAND, Key::Num9);
    assert!(desk.window.query_all_by_label_contains("there is no layout 9").next().is_some());
    assert_eq!(shown(&desk), ["purity/gone", "purity/lifetime_trend"]);
    // Even one of which nothing is left stays, for it was chosen.
    desk.publish(|snapshot| snapshot.tasks.retain(|task| task.name != "purity"));
    assert_eq!(shown(&desk), ["purity/gone", "purity/lifetime_trend"]);
}

#[test]
fn panes_are_kept_under_a_name_renamed_and_deleted() {
    let mut desk = desk();
    desk.click("Trend of each LEM, warming up, 3 of 5 results");
    let kept = shown(&desk);
    press(&mut desk, Modifiers::COMMAND | Modifiers::SHIFT, Key::S);
    desk.window.get_by_label("Name of the layout").type_text("Night");
    desk.settle();
    press(&mut desk, Modifiers::NONE, Key::Enter);
    assert!(desk.has("Layout: Night"));
    press(&mut desk, Modifiers::COMMAND, Key::Num1);
    assert_ne!(shown(&desk), kept);
    // The third key is that of one's own, after the two official ones; also at the next start.
    let state: UiState = serde_json::from_str(&serde_json::to_string(desk.window.state().state()).unwrap()).unwrap();
    let mut desk = Desk::with_state(snapshot(), state);
    press(&mut desk, Modifiers::COMMAND, Key::Num3);
    assert_eq!(shown(&desk), kept);
    desk.click("Layout: Night");
    desk.click("Rename… layout Night");
    desk.window.get_by_label("Name of the layout").type_text(" shift");
    desk.settle();
    desk.click("Rename");
    assert_eq!(desk.window.state().state().layouts.len(), 1);
    command(&mut desk, "delete the layout");
    assert!(desk.window.state().state().layouts.is_empty());
    assert_eq!(shown(&desk), kept, "the panes stay as they are");
}

#[test]
fn one_goes_back_and_forward_through_pages_runs_and_items() {
    let mut desk = desk();
    desk.click("Run 20, OK");
    press(&mut desk, Modifiers::NONE, Key::F2);
    press(&mut desk, Modifiers::NONE, Key::F4);
    press(&mut desk, Modifiers::ALT, Key::ArrowLeft);
    assert_eq!(desk.window.state().state().page, Page::Runs);
    desk.click("Back");
    desk.click("Back");
    assert_eq!((desk.window.state().state().page, desk.window.state().choice()), (Page::Monitor, RunChoice::Newest));
    press(&mut desk, Modifiers::ALT, Key::ArrowRight);
    assert_eq!(desk.window.state().choice(), RunChoice::Fixed(Run(20)));
    let button =
        |button| egui::Event::PointerButton { pos: egui::pos2(600.0, 400.0), button, pressed: true, modifiers: Modifiers::NONE };
    desk.window.event(button(egui::PointerButton::Extra2));
    desk.settle();
    assert_eq!(desk.window.state().state().page, Page::Runs, "the mouse has buttons for it");
}

#[test]
fn frozen_plots_stand_still_while_alarms_and_the_tree_go_on() {
    let mut desk = desk();
    let rename = |title: &'static str| {
        move |snapshot: &mut Snapshot| {
            for figure in snapshot.figures.values_mut() {
                *figure = Arc::new(Figure { title: title.into(), ..Figure::clone(figure) });
            }
            snapshot.tasks[0].results += 1;
        }
    };
    press(&mut desk, Modifiers::NONE, Key::F);
    desk.publish(rename("Later"));
    desk.publish(|snapshot| snapshot.tasks[0].results += 1);
    desk.publish(|snapshot| snapshot.banners.push(dqmon::snapshot::Banner { is_fault: true, text: "ALARM: x went BAD".into() }));
    assert!(desk.has("Let the plots go on: frozen at 14:03:20 UTC, 2 new results since"));
    assert!(desk.has("Plot: Electron lifetime") && !desk.has("Plot: Later"));
    assert!(desk.has("ALARM: x went BAD"), "what calls for somebody is seen");
    desk.click("Let the plots go on: frozen at 14:03:20 UTC, 2 new results since");
    assert!(desk.has("Plot: Later"));
}

/// The part of the shift that the newest commands ask plots and runs of.
fn asked_only(desk: &Desk) -> (Option<Only>, Option<Only>) {
    let (mut plots, mut runs) = (None, None);
    for command in desk.side.commands.try_iter() {
        match command {
            Command::View(ViewCommand::Watch(keys)) => {
                let of_trend = keys.iter().find(|key| key.task == "purity").map(|key| key.only);
                assert!(
                    keys.iter().filter(|key| key.task == "event_display").all(|key| key.only.is_all()),
                    "an event is an event"
                );
                plots = of_trend.or(plots);
            }
            Command::Runs(RunsCommand::Ask(ask)) => runs = Some(ask.only),
            _ => {}
        }
    }
    (plots, runs)
}

#[test]
fn a_part_of_the_shift_follows_to_all_pages_until_one_click_clears_it() {
    let mut desk = desk();
    desk.click("Runs and times shown: all runs");
    desk.click("last 10 runs");
    let last = Only { runs: (Some(Run(15)), None), ..Only::default() };
    assert_eq!(asked_only(&desk), (Some(last), None));
    assert!(!desk.has("Run 14, OK") && !desk.has("Run 14, BAD") && desk.has("Run 20, OK"), "the time line has only those");
    press(&mut desk, Modifiers::NONE, Key::F2);
    assert_eq!(asked_only(&desk).1, Some(last), "and the Runs page");
    assert!(desk.has("Runs and times shown: last 10 runs"));
    desk.click("Show all runs again");
    assert_eq!(asked_only(&desk).1, Some(Only::default()));
    press(&mut desk, Modifiers::NONE, Key::F1);
    desk.click("Runs and times shown: all runs");
    desk.type_into("Runs or times to show", "3-5");
    desk.click("Show these");
    assert!(desk.has("Runs and times shown: runs 3 to 5") && !desk.has("Run 20, OK"));
    assert_eq!(asked_only(&desk).0.map(|only| only.runs), Some((Some(Run(3)), Some(Run(5)))));
}

#[test]
fn the_palette_decides_helps_and_has_what_was_taken_last_first() {
    let mut desk = desk();
    command(&mut desk, "help decide a run");
    assert!(desk.window.query_all_by_label_contains("Look at the right run").next().is_some());
    press(&mut desk, Modifiers::NONE, Key::Escape);
    command(&mut desk, "decide maybe");
    assert!(matches!(&desk.commands()[..], [Command::Decision(_)]));
    command(&mut desk, "turn processing");
    assert_eq!(desk.window.state().state().page, Page::Processing);
    press(&mut desk, Modifiers::NONE, Key::F1);
    command(&mut desk, "");
    assert_eq!(desk.window.state().state().page, Page::Processing, "with nothing typed the last one is the first");
}

#[test]
fn the_tree_draws_the_last_readings_of_an_item() {
    let mut desk = desk();
    let lines = |desk: &Desk| {
        let is_spark =
            |shape: &egui::epaint::ClippedShape| matches!(&shape.shape, egui::Shape::Path(path) if path.points.len() == 20);
        desk.window.output().shapes.iter().filter(|shape| is_spark(shape)).count()
    };
    assert_eq!(lines(&desk), 0);
    desk.publish(|snapshot| {
        snapshot.tasks[0].items[0].spark = (0..20).map(|number| (number % 7) as f32).collect();
        // One value alone is no line.
        snapshot.tasks[0].items[1].spark = [1.0].into();
    });
    assert_eq!(lines(&desk), 1);
}

/// Waits until a snapshot of an engine is as wanted.
fn wait_for(handle: &dqmon::engine::EngineHandle, what: &str, is_so: impl Fn(&Snapshot) -> bool) {
    let begun = std::time::Instant::now();
    while !is_so(&handle.snapshot()) {
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{what}: {:?}", handle.snapshot().banners);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn layouts_of_a_workspace_come_at_once_and_a_bad_one_is_told_while_the_last_good_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = dqmon::config::Workspace::create(folder.path(), "3x1x1").unwrap();
    let start = dqmon::engine::Start { open: Some(workspace.root.clone()), read_only: false };
    let handle = dqmon::engine::start(start, dqmon::engine::World::default(), Box::new(|| {}));
    let path = workspace.root.join("layouts/gain.toml");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "name = \"Gain\"\nrows = [[\"lem_gain/map\"]]\n").unwrap();
    wait_for(&handle, "the layout", |snapshot| snapshot.desk.layouts.iter().any(|layout| layout.name == "Gain"));
    std::fs::write(&path, "name = \"Gain\"\nrows = [[\"lem_gain\"]]\n").unwrap();
    let is_told = |snapshot: &Snapshot| snapshot.banners.iter().any(|banner| banner.text.contains("names no plot"));
    wait_for(&handle, "the fault", is_told);
    assert_eq!(handle.snapshot().desk.layouts.len(), 1);
    std::fs::remove_file(&path).unwrap();
    wait_for(&handle, "no layout", |snapshot| snapshot.desk.layouts.is_empty() && !is_told(snapshot));
}
