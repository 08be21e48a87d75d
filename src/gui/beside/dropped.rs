//! Files and folders dropped onto the window: the first of them is opened, a workspace as one, anything else to be looked at.

use std::path::PathBuf;

use egui::{Align2, Ui};

use crate::engine::{Command, WorkspaceCommand};
use crate::gui::scene::Scene;
use crate::gui::theme;

/// Asks for what was dropped in this frame, and says what a file held over the window will do.
pub fn take_dropped(ui: &Ui, scene: &mut Scene<'_>) {
    let (dropped, held): (Vec<PathBuf>, usize) = ui.input(|input| {
        let paths = input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect();
        (paths, input.raw.hovered_files.len())
    });
    if let Some(path) = dropped.into_iter().next() {
        scene.send(Command::Workspace(WorkspaceCommand::Open(path)));
    }
    if held > 0 {
        let screen = ui.ctx().content_rect();
        let layer = egui::LayerId::new(egui::Order::Foreground, egui::Id::unique("dropped"));
        let painter = ui.ctx().layer_painter(layer);
        painter.rect_filled(screen, 0.0, theme::ground(scene.look).page.gamma_multiply(0.8));
        let words = if held == 1 { "Drop it to open it" } else { "Drop them to open the first" };
        painter.text(screen.center(), Align2::CENTER_CENTER, words, theme::bold_font(26.0), theme::ground(scene.look).text);
    }
}
