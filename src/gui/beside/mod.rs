//! What stands beside the shift: the doctor's window, the guide and help, long work with its way to end it, files dropped onto the
//! window.

mod doctor;
mod dropped;
mod help;
mod long_work;

use std::path::PathBuf;

use egui::Ui;

use super::scene::Scene;
use super::state::{Action, UiState};
use crate::engine::{BesideCommand, Command};

pub use dropped::take_dropped;

/// What of it is open.
#[derive(Debug, Clone, Default)]
pub struct BesideView {
    doctor: doctor::DoctorView,
    help: help::HelpView,
}

/// What a click asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BesideAction {
    /// Open the doctor's window and have it look.
    CallDoctor,
    /// Open or close help for what is looked at, with the shifter's guide.
    Help,
    /// Open the shifter's guide at a topic.
    HelpOn(String),
    /// Take a workspace out of those opened before.
    Forget(PathBuf),
}

impl BesideView {
    /// Does what a click asked for; answers what the engine is to do.
    pub fn act(&mut self, action: BesideAction, state: &mut UiState) -> Option<Command> {
        match action {
            BesideAction::CallDoctor => {
                self.doctor.is_open = true;
                return Some(Command::Beside(BesideCommand::Doctor));
            }
            BesideAction::Help => self.help.is_open = !self.help.is_open,
            BesideAction::HelpOn(topic) => self.help.open_at(topic),
            BesideAction::Forget(path) => state.recent.retain(|known| *known != path),
        }
        None
    }

    /// Closes the window that was opened last; false when none is open.
    pub fn close(&mut self) -> bool {
        std::mem::take(&mut self.help.is_open) || std::mem::take(&mut self.doctor.is_open)
    }
}

/// Draws what is open, and long work.
pub fn show(ui: &Ui, scene: &mut Scene<'_>, view: &mut BesideView, state: &UiState) {
    long_work::show(ui, scene);
    doctor::show(ui, scene, &mut view.doctor);
    help::show(ui, scene, &mut view.help, state);
}

/// What the palette offers of it: words and what they do.
#[must_use]
pub fn offers() -> Vec<(String, Action)> {
    let mut offers = vec![
        ("Call the doctor…".to_owned(), BesideAction::CallDoctor),
        ("Help and the shifter's guide".to_owned(), BesideAction::Help),
    ];
    offers.extend(help::topics().map(|topic| (format!("Help: {topic}"), BesideAction::HelpOn(topic.to_owned()))));
    offers.into_iter().map(|(words, action)| (words, Action::Beside(action))).collect()
}
