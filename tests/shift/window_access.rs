//! Who has no mouse, sees few colours or needs large letters: names for all that can be pressed, the way by Tab, text to 200 %.

use std::collections::BTreeSet;

use dqmon::gui::{Page, UiState};
use egui::Key;
use egui_kittest::kittest::{NodeT, Queryable};

use super::made_up;
use super::made_up_night;
use super::window_clicks::Desk;

const PAGES: [(Page, Key); 5] = [
    (Page::Monitor, Key::F1),
    (Page::Runs, Key::F2),
    (Page::Processing, Key::F3),
    (Page::Problems, Key::F4),
    (Page::Meeting, Key::F5),
];

fn turn(desk: &mut Desk, key: Key) {
    desk.window.key_press(key);
    desk.settle();
}

/// Whether something says what it is.
fn is_named(node: &egui_kittest::Node<'_>) -> bool {
    let node = node.accesskit_node();
    [node.label(), node.value()].into_iter().flatten().any(|words| words.chars().any(char::is_alphanumeric))
}

/// What the window's library makes for the mouse alone: bars to scroll by, gaps and bars of tabs to drag by, and what is not seen.
fn is_of_library(node: &egui_kittest::Node<'_>) -> bool {
    let (role, size) = (node.accesskit_node().role(), node.rect().size());
    let is_unseen = !(size.x > 0.0 && size.y > 0.0);
    let is_to_drag = role == egui::Role::Unknown && (size.x.min(size.y) < 7.0 || size.y == 24.0);
    is_unseen || is_to_drag || role == egui::Role::ScrollBar
}

/// What can be pressed and has no name, by role and place.
fn unnamed(desk: &Desk) -> Vec<String> {
    let nodes = desk.window.root().children_recursive();
    let pressed = nodes.filter(|node| {
        let can_be_pressed = node.accesskit_node().data().supports_action(egui::accesskit::Action::Click);
        // A cell of a table is read by what stands in it.
        let says = is_named(node) || node.children_recursive().any(|inner| is_named(&inner));
        can_be_pressed && !says && !is_of_library(node)
    });
    let words = pressed.map(|node| {
        let (role, label) = (node.accesskit_node().role(), node.accesskit_node().label());
        format!("{role:?} {label:?} at {:?}", node.rect())
    });
    words.collect()
}

/// The name of what has the focus.
fn focused(desk: &Desk) -> Option<String> {
    let mut nodes = desk.window.root().children_recursive();
    let node = nodes.find(|node| node.accesskit_node().is_focused())?;
    let node = node.accesskit_node();
    node.label().or_else(|| node.value())
}

#[test]
fn all_that_can_be_pressed_has_a_name_on_every_page() {
    let mut findings = String::new();
    for (what, snapshot) in [("full", made_up::full()), ("night", made_up_night::night()), ("empty", made_up::empty())] {
        let mut desk = Desk::at(snapshot);
        for (page, key) in PAGES {
            turn(&mut desk, key);
            for one in unnamed(&desk) {
                findings += &format!("{what}, {page:?}: {one}\n");
            }
        }
        turn(&mut desk, Key::F6);
        for one in unnamed(&desk) {
            findings += &format!("{what}, review: {one}\n");
        }
    }
    let desk = Desk::at(dqmon::snapshot::Snapshot::nothing(made_up::now()));
    findings += &unnamed(&desk).join("\n");
    assert!(findings.is_empty(), "these say nothing to who can't see them:\n{findings}");
}

#[test]
fn tab_walks_through_every_page_and_enter_presses_what_it_stands_on() {
    for (page, key) in PAGES {
        let mut desk = Desk::at(made_up::full());
        turn(&mut desk, key);
        let mut names = BTreeSet::new();
        for _ in 0..60 {
            desk.window.key_press(Key::Tab);
            desk.window.run_steps(2);
            names.extend(focused(&desk));
        }
        assert!(names.len() > 12, "{page:?}: Tab reaches only {names:?}");
    }
    let mut desk = Desk::at(made_up::full());
    for _ in 0..120 {
        desk.window.key_press(Key::Tab);
        desk.window.run_steps(2);
        if focused(&desk).as_deref() == Some("Meeting") {
            break;
        }
    }
    assert_eq!(focused(&desk).as_deref(), Some("Meeting"));
    desk.window.key_press(Key::Enter);
    desk.settle();
    assert_eq!(desk.window.state().state().page, Page::Meeting);
}

#[test]
fn with_letters_twice_as_large_what_must_be_reached_is_on_the_screen() {
    for light in [false, true] {
        let state = UiState { light, who: "Ada".into(), role: "shifter".into(), ..UiState::default() };
        let mut desk = Desk::with_state(made_up::full(), state);
        // A window of 1280 by 800 has so many points at twice the size.
        desk.window.set_size(egui::vec2(640.0, 400.0));
        desk.settle();
        let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(640.0, 400.0));
        for (page, key) in PAGES {
            turn(&mut desk, key);
            for name in ["Find a command", "Keys", "Freeze the plots"] {
                let rect = desk.window.get_by_label(name).rect();
                assert!(screen.expand(1.0).contains_rect(rect), "{page:?}: {name} at {rect:?} of {screen:?}");
            }
        }
    }
}

/// Opens something of the window by a command of the palette.
fn command(desk: &mut Desk, words: &str) {
    desk.window.key_press_modifiers(egui::Modifiers::COMMAND, Key::K);
    desk.settle();
    desk.type_into("Command, item or run", words);
    desk.window.key_press(Key::Enter);
    desk.settle();
}

/// What can be pressed and reaches out of the window to a side. Tables and the time line are scrolled.
fn out_of_sides(desk: &Desk, width: f32) -> Vec<String> {
    let nodes = desk.window.root().children_recursive();
    let of_table = [egui::Role::Row, egui::Role::Cell, egui::Role::ColumnHeader];
    let outside = nodes.filter(|node| {
        let (role, data) = (node.accesskit_node().role(), node.accesskit_node());
        let is_on_time_line = data.label().is_some_and(|label| label.starts_with("Run "));
        let can_be_pressed = data.data().supports_action(egui::accesskit::Action::Click) && !of_table.contains(&role);
        let is_wide = |bounds: egui::accesskit::Rect| bounds.x0 < -1.0 || bounds.x1 > f64::from(width) + 17.0;
        can_be_pressed && !is_on_time_line && is_named(node) && data.bounding_box().is_some_and(is_wide)
    });
    outside.map(|node| format!("{:?} at {:?}", node.accesskit_node().label(), node.rect())).collect()
}

#[test]
fn with_letters_twice_as_large_nothing_to_press_is_beyond_the_sides_of_pages_and_dialogs() {
    const WIDTH: f32 = 640.0;
    let mut findings = Vec::new();
    for (what, snapshot) in [("full", made_up::full()), ("night", made_up_night::night()), ("long", made_up::long_names())] {
        let state = UiState { who: "Ada".into(), role: "shifter".into(), ..UiState::default() };
        let mut desk = Desk::with_state(snapshot, state);
        desk.window.set_size(egui::vec2(WIDTH, 400.0));
        desk.settle();
        let mut look = |desk: &Desk, place: &str| {
            findings.extend(out_of_sides(desk, WIDTH).into_iter().map(|one| format!("{what}, {place}: {one}")));
        };
        for (page, key) in PAGES {
            turn(&mut desk, key);
            // Their tables are wider than such a window and are scrolled.
            if !matches!(page, Page::Runs | Page::Processing) {
                look(&desk, &format!("{page:?}"));
            }
        }
        turn(&mut desk, Key::F1);
        for words in
            ["New problem", "Known issue or mask", "Export the active plot", "Shift report", "Show the keys", "Call the doctor"]
        {
            command(&mut desk, words);
            look(&desk, words);
            desk.window.key_press(Key::Escape);
            desk.settle();
            desk.window.key_press(Key::Escape);
            desk.settle();
        }
        turn(&mut desk, Key::F6);
        look(&desk, "review");
    }
    assert!(findings.is_empty(), "out of the window:\n{}", findings.join("\n"));
}
