//! The dialog for a new problem, begun from a run, a plot or nothing.

use egui::{RichText, TextEdit, Ui};

use super::{Link, field, hindrance, named, say, signature_fields};
use crate::engine::{NewProblem, PeopleDeed, Place, Severity};
use crate::gui::scene::Scene;
use crate::gui::state::{ItemRef, UiState};
use crate::gui::theme;
use monitasks::vocab::Run;

/// A problem that is being written.
#[derive(Debug, Clone)]
pub struct Draft {
    what: String,
    run: String,
    file: Option<monitasks::vocab::FileId>,
    item: String,
    lane: String,
    channels: String,
    severity: Severity,
    urgent: bool,
    owner: String,
    comment: String,
    goes_to_what: bool,
}

impl Draft {
    /// A problem about what was looked at.
    #[must_use]
    pub fn about(link: Link) -> Self {
        Draft {
            what: String::new(),
            run: link.run.map_or_else(String::new, |run| run.to_string()),
            file: link.file,
            item: link.item.map_or_else(String::new, |ItemRef { task, item }| format!("{task}/{item}")),
            lane: link.lane.unwrap_or_default(),
            channels: String::new(),
            severity: Severity::Major,
            urgent: false,
            owner: String::new(),
            comment: String::new(),
            goes_to_what: true,
        }
    }

    /// The problem, or what is wrong with a field.
    fn problem(&self) -> Result<NewProblem, &'static str> {
        if self.what.trim().is_empty() {
            return Err("Say what is wrong.");
        }
        let run = match self.run.trim() {
            "" => None,
            text => {
                let number = text.parse::<Run>().or_else(|_| format!("run{text}").parse());
                Some(number.map_err(|_| "The run is no run: write run840 or 840.")?)
            }
        };
        let filled = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        let place = Place {
            run,
            file: self.file.filter(|file| Some(file.run) == run),
            lane: filled(&self.lane),
            item: filled(&self.item),
            channels: self.channels.parse().map_err(|_| "The channels are none: write 0-31,320.")?,
        };
        Ok(NewProblem {
            what: self.what.clone(),
            place,
            severity: self.severity,
            urgent: self.urgent,
            owner: self.owner.clone(),
            comment: self.comment.clone(),
        })
    }
}

/// Draws the dialog; false when it is to be closed.
pub fn show(ui: &Ui, scene: &mut Scene<'_>, draft: &mut Draft, state: &mut UiState) -> bool {
    let mut is_open = true;
    let modal = egui::Modal::new(egui::Id::unique("new problem")).show(ui.ctx(), |ui| {
        ui.set_width(500.0);
        ui.label(theme::section("New problem"));
        fields(ui, draft);
        ui.horizontal(|ui| signature_fields(ui, scene, state));
        ui.add_space(theme::GAP);
        let problem = draft.problem();
        let missing = hindrance(scene, state).or(problem.as_ref().err().copied());
        ui.horizontal(|ui| {
            if named(ui, "Tell it", "Tell the problem", missing)
                && let Ok(problem) = &problem
            {
                say(scene, state, PeopleDeed::TellProblem(Box::new(problem.clone())));
                is_open = false;
            }
            if ui.button("Leave it").clicked() {
                is_open = false;
            }
            ui.label(RichText::new(missing.unwrap_or_default()).small().weak());
        });
    });
    is_open && !modal.should_close()
}

fn fields(ui: &mut Ui, draft: &mut Draft) {
    let what = field(ui, "What is wrong", "What is wrong, in a line", &mut draft.what, f32::INFINITY);
    if std::mem::take(&mut draft.goes_to_what) {
        what.request_focus();
    }
    ui.horizontal(|ui| {
        field(ui, "Run of the problem", "run", &mut draft.run, 80.0);
        field(ui, "Plot of the problem", "plot: task/item", &mut draft.item, 190.0);
        field(ui, "Lane of the problem", "lane", &mut draft.lane, 70.0);
        field(ui, "Channels of the problem", "channels", &mut draft.channels, 90.0);
    });
    if let Some(file) = draft.file {
        ui.label(RichText::new(format!("in {file}")).small().weak());
    }
    ui.horizontal(|ui| {
        for severity in Severity::ALL {
            ui.selectable_value(&mut draft.severity, *severity, severity.word());
        }
        ui.checkbox(&mut draft.urgent, "Urgent").on_hover_text("Told at once: by mail where that is set up, and in all windows");
        field(ui, "Owner of the problem", "who sees to it", &mut draft.owner, 150.0);
    });
    let comment = TextEdit::multiline(&mut draft.comment).hint_text("What else there is to say").desired_rows(3);
    let response = ui.add(comment.desired_width(f32::INFINITY));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Comment on the problem"));
}
