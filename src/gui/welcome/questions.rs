//! The four questions of a new workspace, each with an answer that works, looked at as it is typed.

use std::path::PathBuf;

use egui::{RichText, Ui};

use super::field;
use crate::config::{BatchSystem, NewWorkspace};
use crate::engine::{BesideCommand, Command};
use crate::gui::scene::Scene;
use crate::gui::state::{Action, Browse};
use crate::gui::theme;
use crate::snapshot::{AnswersShown, Question};

/// The answers as typed, and what was asked of the engine about them.
#[derive(Debug, Clone)]
pub struct Questions {
    /// Where it is to stand.
    pub folder: String,
    /// Where the DAQ writes.
    pub incoming: String,
    detector: String,
    batch: BatchSystem,
    /// The book is a server's.
    is_shared: bool,
    /// The server's address.
    address: String,
    /// The answers that were asked about last, and their number.
    asked: Option<(u64, NewWorkspace)>,
}

impl Default for Questions {
    fn default() -> Self {
        let new = NewWorkspace::default();
        Questions {
            folder: String::new(),
            incoming: new.incoming,
            detector: new.detector,
            batch: new.batch,
            is_shared: false,
            address: String::new(),
            asked: None,
        }
    }
}

impl Questions {
    /// The answers; none while the first of them is missing.
    fn answers(&self) -> Option<NewWorkspace> {
        let or = |text: &str, default: String| if text.trim().is_empty() { default } else { text.trim().to_owned() };
        let new = NewWorkspace::default();
        Some(NewWorkspace {
            folder: Some(self.folder.trim()).filter(|folder| !folder.is_empty()).map(PathBuf::from)?,
            detector: or(&self.detector, new.detector),
            incoming: or(&self.incoming, new.incoming),
            batch: self.batch,
            book: if self.is_shared { self.address.trim().to_owned() } else { new.book },
        })
    }

    /// Why nothing can be made yet; none when it can.
    fn hindrance(&self, judged: Option<&AnswersShown>) -> Option<String> {
        if self.folder.trim().is_empty() {
            return Some("Where? Fill in a folder first.".into());
        }
        if self.is_shared && !self.address.contains("://") {
            return Some("Which book? Fill in its address: postgresql://shifter@dqmserver/dqmon".into());
        }
        judged.and_then(AnswersShown::hindrance).map(|answer| answer.words.clone())
    }
}

/// Draws the questions; the answers when they are given.
pub fn show(ui: &mut Ui, scene: &mut Scene<'_>, questions: &mut Questions) -> Option<NewWorkspace> {
    let answers = questions.answers();
    ask_about(scene, questions, answers.as_ref());
    let shown = scene.snapshot.beside.answers.clone();
    let number = questions.asked.as_ref().filter(|(_, asked)| Some(asked) == answers.as_ref()).map(|(number, _)| *number);
    let judged = shown.as_deref().filter(|shown| Some(shown.number) == number);
    let hindrance = questions.hindrance(judged);
    asked(ui, "1  Where?", "The folder of the workspace; made if it is not there");
    let is_given = folder_line(ui, scene, &mut questions.folder, hindrance.as_deref());
    said(ui, scene, judged, Question::Folder);
    asked(ui, "2  Which detector?", "A shipped one by name, 3x1x1 or 6x6x6, or the path of a detector file");
    field(ui, &mut questions.detector, "Detector");
    said(ui, scene, judged, Question::Detector);
    asked(ui, "3  Where does the DAQ write?", "A folder, relative to the workspace or anywhere");
    incoming_line(ui, scene, &mut questions.incoming);
    said(ui, scene, judged, Question::Incoming);
    asked(ui, "4  What does it run on?", "Who runs the jobs, and where the book of decisions is");
    machines(ui, questions);
    said(ui, scene, judged, Question::Batch);
    if questions.is_shared {
        field(ui, &mut questions.address, "Address of the book: postgresql://shifter@dqmserver/dqmon");
    }
    said(ui, scene, judged, Question::Book);
    answers.filter(|_| is_given && hindrance.is_none())
}

/// Has new answers looked at.
fn ask_about(scene: &mut Scene<'_>, questions: &mut Questions, answers: Option<&NewWorkspace>) {
    let Some(answers) = answers else { return };
    if questions.asked.as_ref().is_some_and(|(_, asked)| asked == answers) {
        return;
    }
    let number = questions.asked.as_ref().map_or(1, |(number, _)| number + 1);
    questions.asked = Some((number, answers.clone()));
    scene.send(Command::Beside(BesideCommand::CheckAnswers { number, answers: Box::new(answers.clone()) }));
}

fn asked(ui: &mut Ui, question: &str, about: &str) {
    ui.add_space(3.0);
    ui.horizontal(|ui| {
        ui.label(theme::bold(question));
        ui.add(egui::Label::new(RichText::new(about).small().weak()).truncate());
    });
}

/// What is thought of an answer.
fn said(ui: &mut Ui, scene: &Scene<'_>, judged: Option<&AnswersShown>, question: Question) {
    let Some(answer) = judged.and_then(|judged| judged.of(question)) else { return };
    let status = theme::state(answer.state, scene.look);
    let text = RichText::new(format!("{} {} {}", status.glyph, status.letter, answer.words)).small().color(status.colour);
    ui.add(egui::Label::new(text).truncate()).on_hover_text(&answer.words);
}

/// The first question's field, with the button that gives all answers; true when it is pressed.
fn folder_line(ui: &mut Ui, scene: &mut Scene<'_>, text: &mut String, hindrance: Option<&str>) -> bool {
    let size = egui::vec2(ui.available_width(), theme::ROW_HEIGHT + 4.0);
    let mut is_given = false;
    ui.allocate_ui_with_layout(size, egui::Layout::right_to_left(egui::Align::Center), |ui| {
        let button = egui::Button::new(theme::bold("Create")).min_size(egui::vec2(72.0, 26.0));
        let button = ui.add_enabled(hindrance.is_none(), button);
        is_given = button.on_disabled_hover_text(hindrance.unwrap_or_default()).clicked();
        if ui.add(egui::Button::new("Browse…").min_size(egui::vec2(0.0, 26.0))).clicked() {
            scene.ask(Action::Browse(Browse::Create));
        }
        let response = field(ui, text, "Folder to create");
        is_given |= response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    });
    is_given
}

fn incoming_line(ui: &mut Ui, scene: &mut Scene<'_>, text: &mut String) {
    let size = egui::vec2(ui.available_width(), theme::ROW_HEIGHT + 4.0);
    ui.allocate_ui_with_layout(size, egui::Layout::right_to_left(egui::Align::Center), |ui| {
        let button = ui.add(egui::Button::new("Browse…").min_size(egui::vec2(0.0, 26.0)));
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Browse for the DAQ's folder…"));
        if button.clicked() {
            scene.ask(Action::Browse(Browse::Incoming));
        }
        field(ui, text, "Folder where the DAQ writes");
    });
}

fn machines(ui: &mut Ui, questions: &mut Questions) {
    ui.horizontal(|ui| {
        ui.label(RichText::new("jobs:").weak());
        for (system, words) in [(BatchSystem::Local, "this machine"), (BatchSystem::Slurm, "Slurm"), (BatchSystem::Pbs, "PBS")] {
            let button = ui.selectable_label(questions.batch == system, words);
            button.widget_info(|| {
                egui::WidgetInfo::selected(egui::Role::RadioButton, true, questions.batch == system, format!("Jobs: {words}"))
            });
            if button.clicked() {
                questions.batch = system;
            }
        }
        ui.add_space(theme::WIDE_GAP);
        ui.label(RichText::new("book:").weak());
        for (is_shared, words) in [(false, "in the workspace"), (true, "PostgreSQL")] {
            let button = ui.selectable_label(questions.is_shared == is_shared, words);
            button.widget_info(|| {
                egui::WidgetInfo::selected(
                    egui::Role::RadioButton,
                    true,
                    questions.is_shared == is_shared,
                    format!("Book: {words}"),
                )
            });
            if button.clicked() {
                questions.is_shared = is_shared;
            }
        }
    });
}
