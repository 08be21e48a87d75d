//! The bar along the top: pages, workspace, backend, clock; and the lines below it that everybody should read.

use egui::{Align, Layout, RichText, Ui};

use super::beside::BesideAction;
use super::scene::Scene;
use super::state::{Action, Browse, PAGES, Page, UiState};
use super::{keys, people, theme, words};
use crate::engine::{Command, ViewCommand, WorkspaceCommand};
use crate::snapshot::Backend;
use monitasks::quality::State;

/// Draws the bar.
pub fn show(ui: &mut Ui, scene: &mut Scene<'_>, state: &UiState) {
    let is_narrow = ui.available_width() < theme::NARROW;
    ui.horizontal(|ui| {
        ui.set_min_height(28.0);
        ui.label(theme::bold("dqmon").size(16.0));
        ui.add_space(theme::GAP);
        if scene.snapshot.workspace.is_some() && !scene.is_bare() {
            pages(ui, scene, state.page);
            lanes(ui, scene);
            ui.add_space(theme::GAP);
        }
        if !is_narrow {
            facts(ui, scene, state);
        }
    });
    if is_narrow {
        ui.horizontal(|ui| facts(ui, scene, state));
    }
}

/// What is open and how it goes.
fn facts(ui: &mut Ui, scene: &mut Scene<'_>, state: &UiState) {
    // What must always be readable stands at the right and takes its room first; the workspace's name is cut if need be.
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        buttons(ui, scene, state);
        clock(ui, scene);
        if scene.snapshot.workspace.is_some() {
            last_event(ui, scene);
            backend(ui, scene);
            people::on_shift_word(ui, scene);
            people::alarms::word(ui, scene);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| workspace(ui, scene, state));
        }
    });
}

/// What everybody should know at once.
pub fn banners(ui: &mut Ui, scene: &Scene<'_>) {
    ui.spacing_mut().item_spacing.y = 1.0;
    for banner in &scene.snapshot.banners {
        let (glyph, colour) =
            if banner.is_fault { ("✖", theme::fault(scene.look)) } else { ("⚠", theme::warning(scene.look)) };
        let ground = theme::ground(scene.look).card.lerp_to_gamma(colour, 0.16);
        egui::Frame::new().fill(ground).inner_margin(egui::Margin::symmetric(10, 4)).show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            ui.horizontal(|ui| {
                ui.label(RichText::new(glyph).color(colour));
                ui.add(egui::Label::new(&banner.text).wrap());
            });
        });
    }
}

fn pages(ui: &mut Ui, scene: &mut Scene<'_>, current: Page) {
    ui.spacing_mut().item_spacing.x = 2.0;
    for (page, name) in PAGES {
        let key = keys::key_of(&Action::Turn(page)).unwrap_or_default();
        if ui.selectable_label(current == page, name).on_hover_text(format!("Turn to {name} ({key})")).clicked() {
            scene.ask(Action::Turn(page));
        }
    }
    ui.spacing_mut().item_spacing.x = theme::GAP;
}

/// Which lane's results the plots show; nothing to choose while there is one lane.
fn lanes(ui: &mut Ui, scene: &mut Scene<'_>) {
    const ALL: &str = "all lanes";
    let names = scene.snapshot.lanes();
    if names.len() < 2 && scene.lane.is_none() {
        return;
    }
    let shown = scene.lane.unwrap_or(ALL).to_owned();
    let mut chosen = None;
    let field = egui::ComboBox::from_id_salt("lane").selected_text(&shown).width(90.0).show_ui(ui, |ui| {
        for name in std::iter::once(ALL).chain(names) {
            if ui.selectable_label(shown == name, name).clicked() {
                chosen = Some((name != ALL).then(|| name.to_owned()));
            }
        }
    });
    field.response.on_hover_text("The lane whose results the plots show");
    if let Some(lane) = chosen {
        scene.ask(Action::SelectLane(lane));
    }
}

fn workspace(ui: &mut Ui, scene: &mut Scene<'_>, state: &UiState) {
    let Some(facts) = &scene.snapshot.workspace else { return };
    let name =
        facts.root.file_name().map_or_else(|| facts.root.display().to_string(), |name| name.to_string_lossy().into_owned());
    let mut read_only = scene.read_only().map(|reason| ("read-only", reason));
    if scene.is_bare() {
        read_only = read_only.map(|(_, reason)| ("files only", reason));
    }
    let mark_width = if read_only.is_some() { 76.0 } else { 0.0 };
    ui.scope(|ui| {
        ui.set_max_width((ui.available_width() - mark_width).max(60.0));
        let shown = cut(ui, &name, ui.available_width() - 40.0);
        ui.menu_button(format!("{shown} ▾"), |ui| {
            ui.label(RichText::new(facts.root.display().to_string()).small().weak());
            ui.label(RichText::new(&facts.detector.title).small().weak());
            ui.separator();
            if ui.button("Look for results now").clicked() {
                scene.send(Command::View(ViewCommand::PollNow));
            }
            if ui.button("Open another workspace…").clicked() {
                scene.ask(Action::Browse(Browse::Open));
            }
            for path in state.recent.iter().filter(|path| **path != facts.root) {
                if ui.button(format!("Open {}", path.display())).clicked() {
                    scene.send(Command::Workspace(WorkspaceCommand::Open(path.clone())));
                }
            }
            if ui.button("Help (Ctrl+H)").clicked() {
                scene.ask(Action::Beside(BesideAction::Help));
            }
            if ui.button("Call the doctor…").clicked() {
                scene.ask(Action::Beside(BesideAction::CallDoctor));
            }
            if ui.button(if scene.is_bare() { "Close the files" } else { "Close workspace" }).clicked() {
                scene.send(Command::Workspace(WorkspaceCommand::Close));
            }
        })
        .response
        .on_hover_text(facts.root.display().to_string());
    });
    if let Some((words, reason)) = read_only {
        let colour = theme::warning(scene.look);
        ui.label(RichText::new(format!("▨ {words}")).small().color(colour)).on_hover_text(reason);
    }
}

/// The text, cut with an ellipsis to a width.
fn cut(ui: &Ui, text: &str, width: f32) -> String {
    let fits = |text: &str| {
        ui.painter().layout_no_wrap(text.to_owned(), theme::body_font(), egui::Color32::WHITE).size().x <= width.max(24.0)
    };
    if fits(text) {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let kept =
        (1..letters.len()).rev().find(|kept| fits(&format!("{}…", letters[..*kept].iter().collect::<String>()))).unwrap_or(1);
    format!("{}…", letters[..kept].iter().collect::<String>())
}

/// The state, the words and the hover text of a backend.
#[must_use]
pub fn backend_words(backend: &Backend, now: jiff::Timestamp) -> (State, String, String) {
    match backend {
        Backend::Stopped => (
            State::Stale,
            "backend stopped".into(),
            "Nothing takes files in. \"Start backend\" on the Processing page mends that.".into(),
        ),
        Backend::Running { owner, heartbeat } => {
            let age = words::age(*heartbeat, now);
            (State::Ok, format!("backend alive {age}"), format!("The backend {owner} runs; its heart beat {age}."))
        }
        Backend::Lost { owner, heartbeat } => {
            let age = words::age(*heartbeat, now);
            // As wide as the card of the Processing page has room for, beside its buttons.
            let todo = "Start another; if that is refused, this process has to be ended first.";
            let hover = format!("The backend {owner} does not answer; its heart beat {age}. {todo}");
            (State::Bad, format!("backend lost {age}"), hover)
        }
        Backend::Unknown => (State::CannotJudge, "backend not known".into(), "The book can't say whether a backend runs.".into()),
    }
}

fn backend(ui: &mut Ui, scene: &mut Scene<'_>) {
    if scene.is_bare() || scene.snapshot.replay.is_some() {
        return;
    }
    let (state, words, hover) = backend_words(&scene.snapshot.backend, scene.now);
    let status = theme::state(state, scene.look);
    let text = RichText::new(format!("{} {words}", status.glyph)).color(status.colour);
    if ui.add(egui::Button::new(text).frame(false)).on_hover_text(hover).clicked() {
        scene.ask(Action::Turn(Page::Processing));
    }
}

fn last_event(ui: &mut Ui, scene: &Scene<'_>) {
    if scene.is_bare() {
        return;
    }
    let newest = scene.snapshot.runs.iter().filter_map(|row| row.end).max();
    let words = newest.map_or("no data yet".to_owned(), |end| format!("data {}", words::age(end, scene.now)));
    let hover = newest
        .map_or("No event has come yet.".to_owned(), |end| format!("The newest data were taken at {} UTC.", words::utc(end)));
    ui.label(RichText::new(words).color(theme::ground(scene.look).muted)).on_hover_text(hover);
}

fn clock(ui: &mut Ui, scene: &Scene<'_>) {
    ui.label(theme::bold(format!("{} UTC", words::utc_time(scene.now)))).on_hover_text(format!("{} UTC", words::utc(scene.now)));
}

fn buttons(ui: &mut Ui, scene: &mut Scene<'_>, state: &UiState) {
    let (glyph, name) = if state.light { ("☾", "Dark look") } else { ("☀", "Light look") };
    let theme_button = ui.button(glyph).on_hover_text(format!("{name} (Ctrl+T)"));
    theme_button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, name));
    if theme_button.clicked() {
        scene.ask(Action::ToggleTheme);
    }
    let shortcuts = ui.button("?").on_hover_text("Keys (?)");
    shortcuts.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Keys"));
    if shortcuts.clicked() {
        scene.ask(Action::ToggleShortcuts);
    }
    let palette = ui.button("Ctrl K").on_hover_text("Find a command, an item or a run (Ctrl+K)");
    palette.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Find a command"));
    if palette.clicked() {
        scene.ask(Action::TogglePalette);
    }
}
