//! The page when nothing is open: open a workspace, create one, run the demo, or just look at files.

use std::path::PathBuf;

use egui::{RichText, TextEdit, Ui};

use super::scene::Scene;
use super::state::{Action, Browse, UiState};
use super::theme;
use crate::engine::{Command, WorkspaceCommand};

/// What has been typed.
#[derive(Debug, Clone)]
pub struct Welcome {
    /// The workspace to open.
    pub open: String,
    /// The folder to create one in.
    pub create: String,
    /// The detector of the new one.
    pub detector: String,
    /// The folder of the demo.
    pub demo: String,
    /// The file or folder to look at.
    pub look_at: String,
}

impl Default for Welcome {
    fn default() -> Self {
        Welcome {
            open: String::new(),
            create: String::new(),
            detector: "3x1x1".into(),
            demo: "dqmon-demo".into(),
            look_at: String::new(),
        }
    }
}

impl Welcome {
    /// Takes the path that a person has browsed to.
    pub fn browsed(&mut self, what: Browse, path: &std::path::Path) {
        let field = match what {
            Browse::Open => &mut self.open,
            Browse::Create => &mut self.create,
            Browse::Demo => &mut self.demo,
            Browse::LookAtFolder | Browse::LookAtFile => &mut self.look_at,
            // That is for the export's own dialog.
            Browse::Export => return,
        };
        *field = path.display().to_string();
    }
}

/// Draws the page.
pub fn show(ui: &mut Ui, scene: &mut Scene<'_>, welcome: &mut Welcome, state: &UiState) {
    egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.vertical_centered(|ui| {
            ui.set_max_width(640.0);
            ui.add_space(28.0);
            ui.label(theme::bold("dqmon").size(30.0));
            ui.label(RichText::new("A particle detector's shift: raw files in, plots and quality decisions out.").weak());
            ui.add_space(18.0);
            ui.with_layout(egui::Layout::top_down(egui::Align::Min), |ui| {
                demo(ui, scene, welcome);
                open(ui, scene, welcome, state);
                create(ui, scene, welcome);
                look_at(ui, scene, welcome);
            });
        });
    });
}

fn card(ui: &mut Ui, title: &str, about: &str, add: impl FnOnce(&mut Ui)) {
    egui::Frame::group(ui.style()).inner_margin(12).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.label(theme::bold(title).size(15.0));
        ui.label(RichText::new(about).weak());
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
        let field =
            TextEdit::singleline(text).hint_text(name).desired_width(ui.available_width()).margin(egui::Margin::symmetric(6, 5));
        let response = ui.add(field);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, name));
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if is_filled && (pressed || entered) {
            chosen = Some(PathBuf::from(text.trim()));
        }
    });
    chosen
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
    card(ui, "Open a workspace", "A folder with a dqmon.toml in it.", |ui| {
        let line = path_line(ui, scene, &mut welcome.open, "Folder of the workspace", &[(Browse::Open, "Browse…")], "Open");
        if let Some(path) = line {
            scene.send(Command::Workspace(WorkspaceCommand::Open(path)));
        }
        for path in &state.recent {
            let text = RichText::new(path.display().to_string()).color(theme::ground(scene.look).accent);
            if ui.add(egui::Button::new(text).frame(false).truncate()).on_hover_text("Opened before").clicked() {
                scene.send(Command::Workspace(WorkspaceCommand::Open(path.clone())));
            }
        }
    });
}

fn create(ui: &mut Ui, scene: &mut Scene<'_>, welcome: &mut Welcome) {
    card(ui, "Create a workspace", "An empty or new folder; the DAQ then writes into its incoming/ folder.", |ui| {
        ui.horizontal(|ui| {
            ui.label("Detector");
            let field = ui.add(TextEdit::singleline(&mut welcome.detector).desired_width(160.0));
            field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Detector"));
            ui.label(RichText::new("a name such as 3x1x1, or a detector file").weak());
        });
        let line = path_line(ui, scene, &mut welcome.create, "Folder to create", &[(Browse::Create, "Browse…")], "Create");
        if let Some(folder) = line {
            let detector = welcome.detector.trim().to_owned();
            scene.send(Command::Workspace(WorkspaceCommand::Create { folder, detector }));
        }
    });
}

fn look_at(ui: &mut Ui, scene: &mut Scene<'_>, welcome: &mut Welcome) {
    card(ui, "Just look at results", "A result file, or a folder of them, with no workspace; nothing is recorded.", |ui| {
        let browse = [(Browse::LookAtFolder, "Folder…"), (Browse::LookAtFile, "File…")];
        let line = path_line(ui, scene, &mut welcome.look_at, "File or folder of results", &browse, "Look");
        if let Some(path) = line {
            scene.send(Command::Workspace(WorkspaceCommand::Open(path)));
        }
    });
}
