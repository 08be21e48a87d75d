//! The command palette (Ctrl+K) and the sheet of keys (?): everything by keyboard.

use egui::{Key, RichText, Ui, vec2};
use egui_tiles::LinearDir;
use monitasks::vocab::Run;

use super::beside;
use super::people::{Link, PeopleAction};
use super::scene::{Scene, shown_tasks};
use super::state::{Action, Browse, ItemRef, Page, RunChoice};
use super::theme;
use crate::engine::{Command, ProcessingCommand, ViewCommand, WorkspaceCommand};

/// Keys that work everywhere.
pub const KEYS: [(&str, &str); 18] = [
    ("Ctrl+K", "Find a command, an item or a run"),
    ("?", "This sheet"),
    ("Ctrl+H", "Help for what is looked at, and the guide"),
    ("F1 to F5", "Monitor, Runs, Processing, Problems, Meeting"),
    ("[   ]", "Run before, next run"),
    ("Esc", "Close what is open; then follow the newest run"),
    ("Home", "Show all the data of the active pane"),
    ("Ctrl+Enter", "Split the active pane to the right"),
    ("Ctrl+Shift+Enter", "Split the active pane below"),
    ("Ctrl+W", "Close the active pane"),
    ("Ctrl+T", "Dark or light"),
    ("Ctrl+Plus  Ctrl+Minus", "Larger or smaller text"),
    ("Ctrl+0", "Text as it was"),
    ("Up  Down  Shift  Ctrl+A", "On Runs: the next row, select rows, all that are found"),
    ("Tab  Enter", "Walk to a button, press it"),
    ("Mouse in a plot", "Drag to move, Ctrl+wheel to zoom, right drag for a box"),
    ("Double click in a plot", "Show all data again"),
    ("Ctrl or middle click in the tree", "Open in a new pane"),
];

/// The open palette.
#[derive(Debug, Clone, Default)]
pub struct Palette {
    query: String,
    chosen: usize,
}

/// What the palette offers: words and what they do.
#[must_use]
pub fn offers(scene: &Scene<'_>, query: &str) -> Vec<(String, Action)> {
    let mut offers: Vec<(String, Action)> = Vec::new();
    let mut add = |words: &str, action: Action| offers.push((words.to_owned(), action));
    if scene.snapshot.workspace.is_some() {
        if !scene.is_bare() {
            add("Turn to Monitor", Action::Turn(Page::Monitor));
            add("Turn to Runs", Action::Turn(Page::Runs));
            add("Turn to Processing", Action::Turn(Page::Processing));
            add("Turn to Problems", Action::Turn(Page::Problems));
            add("Turn to Meeting", Action::Turn(Page::Meeting));
            if scene.read_only().is_none() {
                add("New problem…", Action::People(PeopleAction::NewProblem(Link::default())));
                add("Known issue or mask…", Action::People(PeopleAction::NewIssue(Link::default())));
                add("Who is on shift…", Action::People(PeopleAction::AskShift));
            }
            add("Follow the newest run", Action::SelectRun(RunChoice::Newest));
            add("Follow the newest event", Action::Send(Command::View(ViewCommand::FollowNewestEvent)));
        }
        add("Look for results now", Action::Send(Command::View(ViewCommand::PollNow)));
        add("Split pane right", Action::SplitActive(LinearDir::Horizontal));
        add("Split pane below", Action::SplitActive(LinearDir::Vertical));
        add("Show all data", Action::ResetZoom);
        add("Reset the panes", Action::ResetLayout);
        add(
            if scene.is_bare() { "Close the files" } else { "Close workspace" },
            Action::Send(Command::Workspace(WorkspaceCommand::Close)),
        );
        if scene.read_only().is_none() {
            add("Start backend", Action::Send(Command::Processing(ProcessingCommand::StartBackend)));
            add("Stop backend", Action::Send(Command::Processing(ProcessingCommand::StopBackend)));
        }
    }
    add("Open a workspace…", Action::Browse(Browse::Open));
    add("Dark or light", Action::ToggleTheme);
    add("Alarms stand still or go bright and dim", Action::ToggleStill);
    add("Larger text", Action::TextSize(1));
    add("Smaller text", Action::TextSize(-1));
    add("Show the keys", Action::ToggleShortcuts);
    for (words, action) in beside::offers() {
        add(words, action);
    }
    for task in shown_tasks(scene.snapshot) {
        for item in &task.items {
            let place = ItemRef { task: task.name.clone(), item: item.name.clone() };
            add(&format!("Show {}: {}", task.title, item.title), Action::ShowItem(place));
        }
    }
    for row in scene.snapshot.runs.iter().rev() {
        add(&format!("Look at run {}", row.run.0), Action::SelectRun(RunChoice::Fixed(row.run)));
    }
    // An older run is found by its number.
    let older = query.split_whitespace().last().and_then(|word| word.parse().ok()).map(Run);
    if let Some(run) = older.filter(|run| scene.snapshot.older_runs > 0 && scene.snapshot.run(*run).is_none()) {
        add(&format!("Look at run {}", run.0), Action::SelectRun(RunChoice::Fixed(run)));
    }
    offers
}

/// Whether every word of the query is in the words.
fn matches(words: &str, query: &str) -> bool {
    let words = words.to_lowercase();
    query.to_lowercase().split_whitespace().all(|part| words.contains(part))
}

/// Draws the palette; false when it is to be closed.
pub fn show(ui: &Ui, scene: &mut Scene<'_>, palette: &mut Palette) -> bool {
    let mut stays = true;
    let offers: Vec<(String, Action)> =
        offers(scene, &palette.query).into_iter().filter(|(words, _)| matches(words, &palette.query)).collect();
    let (up, down, enter) = ui.input_mut(|input| {
        let none = egui::Modifiers::NONE;
        (input.consume_key(none, Key::ArrowUp), input.consume_key(none, Key::ArrowDown), input.consume_key(none, Key::Enter))
    });
    palette.chosen = match (up, down) {
        (true, _) => palette.chosen.saturating_sub(1),
        (_, true) => palette.chosen + 1,
        _ => palette.chosen,
    }
    .min(offers.len().saturating_sub(1));
    let area = egui::Modal::default_area(egui::Id::unique("palette area")).anchor(egui::Align2::CENTER_TOP, vec2(0.0, 80.0));
    let modal = egui::Modal::new(egui::Id::unique("palette")).area(area).show(ui.ctx(), |ui| {
        ui.set_width(460.0);
        let field = egui::TextEdit::singleline(&mut palette.query).hint_text("Command, item or run").desired_width(f32::INFINITY);
        let response = ui.add(field);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Command, item or run"));
        response.request_focus();
        if response.changed() {
            palette.chosen = 0;
        }
        ui.add_space(4.0);
        egui::ScrollArea::vertical().max_height(360.0).auto_shrink([false, true]).show(ui, |ui| {
            for (index, (words, action)) in offers.iter().enumerate().take(60) {
                let is_chosen = index == palette.chosen;
                // Words at the right, even none, push the name to the left.
                let button = egui::Button::selectable(is_chosen, words.as_str()).right_text("");
                let line = ui.add(button.min_size(vec2(ui.available_width(), theme::ROW_HEIGHT)));
                if is_chosen && (up || down) {
                    line.scroll_to_me(None);
                }
                if line.clicked() || is_chosen && enter {
                    scene.ask(action.clone());
                    stays = false;
                }
            }
            if offers.is_empty() {
                ui.label(RichText::new("Nothing of that name.").weak());
            }
        });
    });
    stays && !modal.should_close()
}

/// Draws the sheet of keys; false when it is to be closed.
pub fn keys(ui: &Ui) -> bool {
    let mut is_open = true;
    egui::Window::new("Keys")
        .open(&mut is_open)
        .collapsible(false)
        .resizable(false)
        .anchor(egui::Align2::CENTER_CENTER, vec2(0.0, 0.0))
        .show(ui.ctx(), |ui| {
            egui::Grid::new("keys").num_columns(2).spacing([24.0, 6.0]).show(ui, |ui| {
                for (key, words) in KEYS {
                    ui.label(theme::bold(key));
                    ui.label(words);
                    ui.end_row();
                }
            });
        });
    is_open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_finds_by_parts_of_words_in_any_order() {
        assert!(matches("Show Purity: Lifetime trend", "life pur"));
        assert!(matches("Look at run 12", ""));
        assert!(!matches("Look at run 12", "run 3"));
    }
}
