//! What can be asked of the backend for a row, and the question before what can't be taken back.

use egui::{RichText, Ui};
use monitasks::vocab::{Group, Processing};

use super::rows::Row;
use super::{ProcessingView, named};
use crate::engine::{Command, FailureClass, ProcessingCommand, RequestKind, RequestSubject};
use crate::gui::scene::Scene;
use crate::gui::{theme, words};
use crate::snapshot::{ClassRow, FileStage};

/// Something that needs a second click.
#[derive(Debug, Clone)]
pub struct Question {
    /// What is asked.
    words: String,
    /// What happens.
    meaning: String,
    /// The button that does it.
    yes: String,
    kind: RequestKind,
    subject: RequestSubject,
}

/// What a request about a row is about.
fn subject_of(row: &Row<'_>, with_processing: bool) -> RequestSubject {
    let processing = row.processing().filter(|_| with_processing).map(Processing);
    match (row.file(), row.group()) {
        (Some(file), _) => RequestSubject { processing, ..RequestSubject::of_file(file) },
        (None, group) => RequestSubject {
            run: Some(row.run()),
            processing: row.processing().map(Processing),
            group: group.map(|group| Group(group.group)),
            ..RequestSubject::default()
        },
    }
}

/// Log, Script, and what can be asked for this row.
pub fn buttons(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut ProcessingView, row: &Row<'_>) {
    ui.spacing_mut().item_spacing.x = 3.0;
    if let Some(job) = row.job() {
        if named(ui, "Log", &format!("Log of {}", job.name)) {
            scene.send(Command::Processing(ProcessingCommand::ReadLog(job.log.clone())));
        }
        if named(ui, "Script", &format!("Script of {}", job.name)) {
            scene.send(Command::Processing(ProcessingCommand::ReadScript(job.script.clone())));
        }
    }
    if scene.read_only().is_some() {
        return;
    }
    let (name, stage, is_group) = (row.name(), row.stage(), row.group().is_some());
    let mut ask = |kind, with_processing| {
        scene.send(Command::Processing(ProcessingCommand::Ask(kind, subject_of(row, with_processing))));
    };
    if stage == FileStage::Failed && named(ui, "Resubmit", &format!("Resubmit {name}")) {
        ask(RequestKind::Resubmit, false);
    }
    if is_group || row.processing().is_none() {
        return;
    }
    let waits = matches!(stage, FileStage::Held | FileStage::Queued);
    if row.held_by().is_some() {
        if named(ui, "Unhold", &format!("Unhold {name}")) {
            ask(RequestKind::Release, true);
        }
    } else if waits && named(ui, "Hold", &format!("Hold {name}")) {
        ask(RequestKind::Hold, true);
    }
    let is_under_way = waits || stage == FileStage::Running || row.retry_at().is_some();
    if is_under_way && named(ui, "Cancel", &format!("Cancel {name}…")) {
        view.question = Some(Question {
            words: format!("Cancel {name}?"),
            meaning: "Its job is ended, or it is taken out of the queue, and counts as failed. Resubmit processes it again."
                .into(),
            yes: format!("Cancel {name}"),
            kind: RequestKind::Cancel,
            subject: subject_of(row, true),
        });
    }
}

/// The button that resubmits everything of a class, after a question.
pub fn all_of_class(ui: &mut Ui, scene: &Scene<'_>, view: &mut ProcessingView, class: &ClassRow) {
    let Ok(of) = class.word.parse::<FailureClass>() else { return };
    if scene.read_only().is_some() || class.now == 0 {
        return;
    }
    let files = words::count(class.now, "file");
    if named(ui, "Resubmit all of this class…", &format!("Resubmit all of class {}…", class.title)) {
        view.question = Some(Question {
            words: format!("Resubmit {files} of class \"{}\"?", class.title),
            meaning: format!("Each is processed again from its copy in the storage. {}", class.next_step),
            yes: format!("Resubmit {files}"),
            kind: RequestKind::Resubmit,
            subject: RequestSubject { class: Some(of), ..RequestSubject::default() },
        });
    }
}

/// The open question.
pub fn show(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut ProcessingView) {
    let Some(question) = view.question.clone() else { return };
    let mut is_answered = false;
    let modal = egui::Modal::new(egui::Id::unique("question")).show(ui.ctx(), |ui| {
        ui.set_width(420.0);
        ui.label(theme::section(&question.words));
        ui.add(egui::Label::new(RichText::new(&question.meaning)).wrap());
        ui.add_space(theme::GAP);
        ui.horizontal(|ui| {
            if ui.button(theme::bold(&question.yes)).clicked() {
                scene.send(Command::Processing(ProcessingCommand::Ask(question.kind, question.subject.clone())));
                is_answered = true;
            }
            if ui.button("Leave it").clicked() {
                is_answered = true;
            }
        });
    });
    if is_answered || modal.should_close() {
        view.question = None;
    }
}
