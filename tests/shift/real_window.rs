//! The window as people have it: the program on a display, real keys, a real mouse, and what is then on the screen, in the book and
//! on the disk. Nobody sees the display; parts that are missing are told as what could not run.

use std::path::Path;

use dqmon::bookkeeping::{DecisionSubject, Row, RunRecord, SqliteStore, Store};
use dqmon::plotting::palette::{self, Look};
use egui::Rect;
use jiff::Timestamp;
use monitasks::figure::Ink;
use monitasks::quality::Flag;
use monitasks::vocab::Run;
use serde_json::Value;

use super::checks;
use super::display::{Pixels, RealWindow, Twin, can_run, middle, wait_for};
use super::painted::Picture;
use super::workspace::Shift;

/// Three runs with their results, in a book that knows the last of them.
fn shift() -> Shift {
    let shift = checks::shift("", &[3000.0, 2900.0, 2800.0]);
    let mut store = SqliteStore::open(&shift.workspace.book()).unwrap();
    let run = RunRecord { run: Run(3), first_seen: Timestamp::now(), ended: None, ended_by: None };
    store.record(None, &[], &[Row::Run(run)]).unwrap();
    shift
}

fn json(shift: &Shift, arguments: &[&str]) -> Value {
    let output = shift.run(&[arguments, &["--json"]].concat());
    serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
}

/// The window, and the one that says where things stand in it. One after the other: while both open the same book, one may wait.
fn beside_each_other(shift: &Shift) -> (RealWindow, Twin) {
    let window = RealWindow::open(Some(&shift.workspace.root));
    window.wait_for_workspace();
    (window, Twin::of(&shift.workspace))
}

/// How many pixels of a part are of the colour of a series.
fn of_series(pixels: &Pixels, part: Rect) -> usize {
    (0..palette::SERIES_LENGTH).map(|series| pixels.count(part, palette::ink(Ink::Series(series), Look::Dark))).sum()
}

#[test]
fn the_window_comes_up_with_content_with_and_without_a_workspace() {
    if !can_run("the window's first frame") {
        return;
    }
    let mut window = RealWindow::open(None);
    window.wait_until("a first page with words on it", |now| now.colours(middle()) > 30);
    assert!(window.is_running());
    drop(window);

    let shift = shift();
    let mut window = RealWindow::open(Some(&shift.workspace.root));
    wait_for("a frame with the workspace", || window.log().contains("first frame with a workspace").then_some(()));
    window.wait_until("plots in the colours of their series", |now| now.colours(middle()) > 30 && of_series(now, middle()) > 30);
    assert!(window.is_running(), "{}", window.log());
}

#[test]
fn a_leaf_chosen_by_key_or_mouse_has_its_plot_on_the_screen() {
    if !can_run("plots chosen by real keys and mouse") {
        return;
    }
    let shift = shift();
    let (window, mut twin) = beside_each_other(&shift);
    let pane = twin.place("Plot: Electron lifetime");
    let trend = window.wait_for_workspace();
    assert!(of_series(&trend, pane) > 30, "the first plot has the colours of its series");

    let tree = Rect::from_min_max(egui::pos2(0.0, 100.0), egui::pos2(266.0, 730.0));
    window.see(tree, "the focus of the search", || window.press(&["ctrl+f"]));
    window.see(tree, "the rows that are found", || window.write("dq/ds"));
    window.see(pane, "the plot that was found by its name", || window.press(&["Return"]));
    window.see(tree, "the focus of the search again", || window.press(&["ctrl+f"]));
    window.see(tree, "all rows again", || window.press(&["Escape"]));
    let found = window.wait_for_calm(pane);
    assert!(of_series(&found, pane) > 30, "the plot has the colours of its series");
    assert!(found.differ(&trend, pane) > 500, "it is another plot");

    window.click(twin.place("Lifetime trend"));
    window.rest();
    window.wait_until("the plot whose leaf was clicked", |now| now.differ(&found, pane) > 500 && of_series(now, pane) > 30);
}

#[test]
fn a_decision_by_real_keys_is_in_the_book() {
    if !can_run("a decision by real keys") {
        return;
    }
    let shift = shift();
    let (window, mut twin) = beside_each_other(&shift);
    let [name, role] = ["Who says it", "In which role"].map(|field| twin.place(field));
    window.fill(name, "Ada Marsh");
    window.fill(role, "shifter");
    // BAD asks for a comment, and the next letters are it.
    window.command("Decide BAD on run 3");
    let card = Rect::from_min_max(egui::pos2(1006.0, 100.0), egui::pos2(1280.0, 730.0));
    window.see(card, "the comment on the card", || window.write("LEM 7 is dark"));
    window.command("Decide MAYBE on run 3");
    let decided = || {
        let book = SqliteStore::open_read_only(&shift.workspace.book()).unwrap().overview().unwrap();
        book.said.decisions.last().cloned()
    };
    let decision = wait_for("the decision in the book", decided);
    assert_eq!((decision.subject, decision.decision.flag), (DecisionSubject::run(Run(3)), Flag::Maybe));
    assert_eq!((decision.who.as_str(), decision.role.as_str()), ("Ada Marsh", "shifter"));
    assert_eq!(decision.decision.comment(), "LEM 7 is dark");
    let told = json(&shift, &["show", "run3"]).to_string();
    assert!(told.contains("MAYBE") && told.contains("LEM 7 is dark"), "{told}");
}

#[test]
fn a_plot_is_exported_as_picture_and_as_numbers_by_real_keys() {
    if !can_run("exports by real keys") {
        return;
    }
    let shift = shift();
    let (window, mut twin) = beside_each_other(&shift);
    let pane = twin.place("Plot: Electron lifetime");
    window.wait_for_workspace();
    twin.command("Export the active plot");
    let field = twin.place("File to write");
    let write = |name: &str| {
        let path = shift.folder.path().join(name);
        let before = window.look();
        window.command("Export the active plot");
        window.fill(field, path.to_str().unwrap());
        (before, path)
    };
    let mut button = twin.place("Write the file");
    for name in ["Trend_1.png", "trend-2.csv"] {
        let (before, path) = write(name);
        // A picture has a line more of choices than numbers have.
        if name.ends_with("csv") {
            twin.click("CSV");
            button = twin.place("Write the file");
        }
        window.click(button);
        wait_for(name, || path.exists().then_some(()));
        window.rest();
        // While it is open all the rest is dimmed.
        window.wait_until("a dialog that is closed", |now| now.differ(&before, pane) < 2_000);
        assert_readable(&path);
    }
}

fn assert_readable(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    if path.extension().is_some_and(|ending| ending == "png") {
        let picture = Picture::of_png(bytes);
        assert_eq!((picture.width, picture.height), (900, 560));
        let is_series = |pixel: &[u8; 3]| *pixel == palette::ink(Ink::Series(0), Look::Dark);
        assert!(picture.pixels.iter().any(is_series), "the series is in the picture");
    } else {
        let text = String::from_utf8(bytes).unwrap();
        let rows = text.lines().filter(|line| !line.starts_with('#')).count();
        assert!(rows >= 4 && text.contains("2.8"), "{text}");
    }
}

#[test]
fn dialogs_open_by_key_close_by_escape_and_take_what_is_typed() {
    if !can_run("dialogs by real keys") {
        return;
    }
    let shift = shift();
    let (window, mut twin) = beside_each_other(&shift);
    let plain = window.wait_for_workspace();
    for (keys, what) in [("question", "the sheet of keys"), ("ctrl+h", "the guide"), ("ctrl+k", "the palette")] {
        let open = window.see(middle(), what, || window.press(&[keys]));
        assert!(open.differ(&plain, middle()) > 2_000, "{what} is not there");
        window.press(&["Escape"]);
        window.wait_until(&format!("{what} closed"), |now| now.differ(&plain, middle()) < 200);
    }

    let what = "HV of LEM 4 tripped: 3.1 kV -> 0, at 02:10?";
    window.command("New problem");
    window.see(middle(), "what is written", || window.write(what));
    twin.command("New problem");
    let [name, role] = ["Who says it", "In which role"].map(|field| twin.last_place(field));
    window.fill(name, "Ada Marsh");
    window.fill(role, "shifter");
    window.click(twin.place("Tell the problem"));
    let told = || json(&shift, &["problem", "list"])["problems"].as_array()?.first().cloned();
    let problem = wait_for("the problem in the book", told);
    assert_eq!(problem["what"], what, "{problem}");
}
