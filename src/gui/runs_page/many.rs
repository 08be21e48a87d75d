//! One decision on many runs: asked once, done by the engine, and what was refused is told run by run.

use egui::{RichText, TextEdit, Ui};
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use super::RunsView;
use crate::engine::{Command, RunsCommand};
use crate::gui::scene::Scene;
use crate::gui::state::{Draft, UiState};
use crate::gui::{theme, words};
use crate::snapshot::{BulkShown, RunsShown};

/// Refused runs that are listed.
const MOST_REFUSED: usize = 200;

/// What is being asked.
#[derive(Debug, Clone, Default)]
pub(super) struct ManyDraft {
    comment: String,
    question: Option<Question>,
    /// How a wish ended that the person has read.
    read: Option<BulkShown>,
}

/// What waits for a second click: the runs as they were when it was asked.
#[derive(Debug, Clone)]
struct Question {
    flag: Flag,
    runs: Vec<Run>,
    place: i64,
}

/// The line with the flags while more than one run is selected, and what became of the last wish.
pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut RunsView, shown: &RunsShown, state: &UiState) {
    progress(ui, scene, view, shown);
    if view.selected.len() > 1 && scene.read_only().is_none() {
        buttons(ui, view, shown, state);
    }
    question(ui, scene, view, state);
}

fn buttons(ui: &mut Ui, view: &mut RunsView, shown: &RunsShown, state: &UiState) {
    let is_busy = shown.bulk.as_ref().is_some_and(|bulk| !bulk.is_over());
    let draft = Draft { comment: view.many.comment.clone(), ..Draft::default() };
    ui.horizontal_wrapped(|ui| {
        ui.label(theme::bold(format!("{} selected", words::count(view.selected.len(), "run"))));
        let comment = TextEdit::singleline(&mut view.many.comment).hint_text("Comment for all of them").desired_width(260.0);
        let response = ui.add(comment);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Comment for all of them"));
        for flag in Flag::ALL {
            let hindrance = if is_busy {
                Some("Wait until the runs before are done.")
            } else {
                draft.hindrance(flag, &state.who, &state.role)
            };
            let button = ui.add_enabled(hindrance.is_none(), egui::Button::new(flag.word()));
            let name = format!("Flag selected {}", flag.word());
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, hindrance.is_none(), &name));
            let button = button.on_disabled_hover_text(hindrance.unwrap_or_default());
            if button.clicked() {
                let runs = view.selected.iter().copied().collect();
                view.many.question = Some(Question { flag, runs, place: shown.place });
            }
        }
        if ui.button("Select none").clicked() {
            view.selected.clear();
        }
    });
}

fn question(ui: &Ui, scene: &mut Scene<'_>, view: &mut RunsView, state: &UiState) {
    let Some(question) = view.many.question.clone() else { return };
    let runs = words::count(question.runs.len(), "run");
    let mut is_answered = false;
    let modal = egui::Modal::new(egui::Id::unique("flag many")).show(ui.ctx(), |ui| {
        ui.set_width(420.0);
        ui.label(theme::section(&format!("Flag {runs} {}?", question.flag.word())));
        let meaning = format!(
            "By {}, {}. Each run gets a decision of its own; one that somebody has decided on meanwhile is left as it is and listed.",
            state.who, state.role
        );
        ui.add(egui::Label::new(RichText::new(meaning)).wrap());
        if !view.many.comment.trim().is_empty() {
            ui.add(egui::Label::new(RichText::new(format!("Comment: {}", view.many.comment)).weak()).wrap());
        }
        ui.add_space(theme::GAP);
        ui.horizontal(|ui| {
            if ui.button(theme::bold(format!("Flag {runs}"))).clicked() {
                scene.send(Command::Runs(RunsCommand::Flag {
                    runs: question.runs.clone(),
                    flag: question.flag,
                    comment: view.many.comment.trim().to_owned(),
                    who: state.who.clone(),
                    role: state.role.clone(),
                    place: question.place,
                }));
                view.many.comment.clear();
                is_answered = true;
            }
            if ui.button("Leave it").clicked() {
                is_answered = true;
            }
        });
    });
    if is_answered || modal.should_close() {
        view.many.question = None;
    }
}

/// How far a wish is, and what was refused of it until it is taken away.
fn progress(ui: &mut Ui, scene: &Scene<'_>, view: &mut RunsView, shown: &RunsShown) {
    let Some(bulk) = shown.bulk.as_ref().filter(|bulk| view.many.read.as_ref() != Some(bulk)) else { return };
    if !bulk.is_over() {
        let text = format!("{} of {} flagged {}", bulk.done, bulk.of, bulk.flag.word());
        ui.add(egui::ProgressBar::new(bulk.done as f32 / bulk.of.max(1) as f32).text(text).desired_width(460.0));
        return;
    }
    if bulk.refused.is_empty() {
        return;
    }
    ui.horizontal(|ui| {
        let text = format!("{} refused, left as they are", words::count(bulk.refused.len(), "run"));
        ui.label(RichText::new(text).color(theme::fault(scene.look)));
        if ui.button("Take the list away").clicked() {
            view.many.read = Some(bulk.clone());
        }
    });
    egui::ScrollArea::vertical().id_salt("refused").max_height(120.0).auto_shrink([false, true]).show(ui, |ui| {
        for (run, why) in bulk.refused.iter().take(MOST_REFUSED) {
            ui.add(egui::Label::new(RichText::new(format!("{run}: {why}")).small()).truncate()).on_hover_text(why);
        }
        if bulk.refused.len() > MOST_REFUSED {
            ui.label(RichText::new(format!("and {} more", bulk.refused.len() - MOST_REFUSED)).small().weak());
        }
    });
}
