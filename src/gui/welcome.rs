//! The page when nothing is open: open a workspace, create one by four answers, run the demo, or just look at files.

mod questions;

use std::path::{Path, PathBuf};

use egui::{RichText, TextEdit, Ui};

use super::beside::BesideAction;
use super::scene::Scene;
use super::state::{Action, Browse, UiState};
use super::theme;
use crate::engine::{BesideCommand, Command, WorkspaceCommand};
use crate::snapshot::Recent;

use questions::Questions;

/// Both columns and the gap between them.
const WIDTH: f32 = 1120.0;

/// What has been typed.
#[derive(Debug, Clone)]
pub struct Welcome {
    /// The workspace to open.
    open: String,
    /// The answers for a new one.
    questions: Questions,
    /// The folder of the demo.
    demo: String,
    /// The file or folder to look at.
    look_at: String,
    /// Workspaces that the engine was asked to look for.
    looked_for: Option<Vec<PathBuf>>,
}

impl Default for Welcome {
    fn default() -> Self {
        Welcome {
            open: String::new(),
            questions: Questions::default(),
            demo: "dqmon-demo".into(),
            look_at: String::new(),
            looked_for: None,
        }
    }
}

impl Welcome {
    /// Takes the path that a person has browsed to.
    pub fn browsed(&mut self, what: Browse, path: &Path) {
        let field = match what {
            Browse::Open => &mut self.open,
            Browse::Create => &mut self.questions.folder,
            Browse::Incoming => &mut self.questions.incoming,
            Browse::Demo => &mut self.demo,
            Browse::LookAtFolder | Browse::LookAtFile => &mut self.look_at,
            // That is for the export's own dialog.
            Browse::Export => return,
        };
        *field = path.display().to_string();
    }

    /// Workspaces are looked for anew the next time that the page is there: much may have come and gone.
    pub fn leave(&mut self) {
        self.looked_for = None;
    }
}

/// Draws the page.
pub fn show(ui: &mut Ui, scene: &mut Scene<'_>, welcome: &mut Welcome, state: &UiState) {
    if welcome.looked_for.as_ref() != Some(&state.recent) {
        welcome.looked_for = Some(state.recent.clone());
        if !state.recent.is_empty() {
            scene.send(Command::Beside(BesideCommand::LookFor(state.recent.clone())));
        }
    }
    egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.vertical_centered(|ui| {
            ui.set_max_width(WIDTH);
            ui.add_space(10.0);
            ui.label(theme::bold("dqmon").size(30.0));
            ui.label(RichText::new("A particle detector's shift: raw files in, plots and quality decisions out.").weak());
            ui.add_space(12.0);
            ui.with_layout(egui::Layout::top_down(egui::Align::Min), |ui| {
                ui.spacing_mut().item_spacing.x = theme::WIDE_GAP;
                ui.columns(2, |columns| {
                    columns.iter_mut().for_each(|column| column.spacing_mut().item_spacing.x = theme::GAP);
                    open(&mut columns[0], scene, welcome, state);
                    look_at(&mut columns[0], scene, welcome);
                    demo(&mut columns[0], scene, welcome);
                    create(&mut columns[1], scene, welcome);
                    doctor(&mut columns[1], scene);
                });
            });
        });
    });
}

fn card(ui: &mut Ui, title: &str, about: &str, add: impl FnOnce(&mut Ui)) {
    egui::Frame::group(ui.style()).inner_margin(12).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.label(theme::bold(title).size(15.0));
        ui.add(egui::Label::new(RichText::new(about).weak()).wrap());
        ui.add_space(4.0);
        add(ui);
    });
    ui.add_space(8.0);
}

/// A field for a path, Browse… beside it where there is something to browse, and a button that does it.
fn path_line(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    text: &mut String,
    name: &str,
    browse: &[(Browse, &str)],
    verb: &str,
) -> Option<PathBuf> {
    let mut chosen = None;
    // From the right, so that the field takes what the buttons leave.
    let size = egui::vec2(ui.available_width(), theme::ROW_HEIGHT + 4.0);
    ui.allocate_ui_with_layout(size, egui::Layout::right_to_left(egui::Align::Center), |ui| {
        let is_filled = !text.trim().is_empty();
        let button = ui.add_enabled(is_filled, egui::Button::new(theme::bold(verb)).min_size(egui::vec2(72.0, 26.0)));
        let pressed = button.on_disabled_hover_text("Fill in a path first.").clicked();
        for (what, words) in browse.iter().rev() {
            if ui.add(egui::Button::new(*words).min_size(egui::vec2(0.0, 26.0))).clicked() {
                scene.ask(Action::Browse(*what));
            }
        }
        let response = field(ui, text, name);
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if is_filled && (pressed || entered) {
            chosen = Some(PathBuf::from(text.trim()));
        }
    });
    chosen
}

/// A field of one line that takes all the room there is.
fn field(ui: &mut Ui, text: &mut String, name: &str) -> egui::Response {
    let field =
        TextEdit::singleline(text).hint_text(name).desired_width(ui.available_width()).margin(egui::Margin::symmetric(6, 5));
    let response = ui.add(field);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, name));
    response
}

fn demo(ui: &mut Ui, scene: &mut Scene<'_>, welcome: &mut Welcome) {
    card(ui, "See it work", "A simulated shift goes through the whole chain, in a workspace of its own.", |ui| {
        let line = path_line(ui, scene, &mut welcome.demo, "Folder of the demo", &[(Browse::Demo, "Browse…")], "Run the demo");
        if let Some(folder) = line {
            scene.send(Command::Workspace(WorkspaceCommand::Demo { folder }));
        }
    });
}

fn open(ui: &mut Ui, scene: &mut Scene<'_>, welcome: &mut Welcome, state: &UiState) {
    card(ui, "Open a workspace", "A folder with a dqmon.toml in it. Or drop a folder or file onto this window.", |ui| {
        let line = path_line(ui, scene, &mut welcome.open, "Folder of the workspace", &[(Browse::Open, "Browse…")], "Open");
        if let Some(path) = line {
            scene.send(Command::Workspace(WorkspaceCommand::Open(path)));
        }
        if !state.recent.is_empty() {
            ui.add_space(4.0);
            ui.label(RichText::new("Opened before").small().weak());
        }
        for path in &state.recent {
            recent_line(ui, scene, path);
        }
    });
}

/// A workspace opened before: a click opens it; one that is gone says so, and may be forgotten.
fn recent_line(ui: &mut Ui, scene: &mut Scene<'_>, path: &Path) {
    let stands = scene.snapshot.beside.recent.get(path).copied();
    let (mark, why) = match stands {
        None | Some(Recent::Workspace) => (None, "Open it"),
        Some(Recent::Gone) => (Some("∅ gone"), "There is nothing of this name any more."),
        Some(Recent::NoWorkspace) => (Some("∅ no workspace"), "The folder is there and has no dqmon.toml any more."),
        Some(Recent::Silent) => (Some("⚠ no answer"), "Its disk does not answer."),
    };
    ui.horizontal(|ui| {
        let ground = theme::ground(scene.look);
        let name = path.display().to_string();
        let forget = ui.add(egui::Button::new(RichText::new("✕").small()).frame(false)).on_hover_text("Take it out of this list");
        forget.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Forget {name}")));
        if forget.clicked() {
            scene.ask(Action::Beside(BesideAction::Forget(path.to_owned())));
        }
        if let Some(mark) = mark {
            ui.label(RichText::new(mark).small().color(theme::warning(scene.look))).on_hover_text(why);
        }
        let colour = if mark.is_some() { ground.muted } else { ground.accent };
        let button = egui::Button::new(RichText::new(&name).color(colour)).frame(false).truncate();
        if ui.add(button).on_hover_text(why).clicked() {
            scene.send(Command::Workspace(WorkspaceCommand::Open(path.to_owned())));
        }
    });
}

fn create(ui: &mut Ui, scene: &mut Scene<'_>, welcome: &mut Welcome) {
    card(ui, "Create a workspace", "Four questions; the answers that stand there work as they are.", |ui| {
        if let Some(new) = questions::show(ui, scene, &mut welcome.questions) {
            scene.send(Command::Workspace(WorkspaceCommand::Create(Box::new(new))));
        }
    });
}

fn look_at(ui: &mut Ui, scene: &mut Scene<'_>, welcome: &mut Welcome) {
    card(
        ui,
        "Just look at results",
        "A result, raw or ROOT file, or a folder of them, with no workspace; nothing is recorded.",
        |ui| {
            let browse = [(Browse::LookAtFolder, "Folder…"), (Browse::LookAtFile, "File…")];
            let line = path_line(ui, scene, &mut welcome.look_at, "File or folder of results", &browse, "Look");
            if let Some(path) = line {
                scene.send(Command::Workspace(WorkspaceCommand::Open(path)));
            }
        },
    );
}

fn doctor(ui: &mut Ui, scene: &mut Scene<'_>) {
    card(ui, "Something does not work?", "The doctor looks at this machine and says what is missing and what mends it.", |ui| {
        ui.horizontal(|ui| {
            if ui.button("Call the doctor…").clicked() {
                scene.ask(Action::Beside(BesideAction::CallDoctor));
            }
            if ui.button("Read the shifter's guide…").clicked() {
                scene.ask(Action::Beside(BesideAction::Help));
            }
        });
    });
}
