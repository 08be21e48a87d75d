//! The dialog for a new known issue or mask, begun from a plot: what is known, on which channels or LEMs, and until when.

use egui::{RichText, Ui};
use monitasks::vocab::Run;

use super::{Link, field, hindrance, named, say, signature_fields, until};
use crate::engine::{NewIssue, PeopleDeed, Scope};
use crate::gui::scene::Scene;
use crate::gui::state::{ItemRef, UiState};
use crate::gui::theme;

/// A known issue that is being written.
#[derive(Debug, Clone)]
pub struct Draft {
    reason: String,
    item: String,
    lems: String,
    channels: String,
    from: String,
    until: String,
    goes_to_reason: bool,
}

impl Draft {
    /// An issue on what was looked at.
    #[must_use]
    pub fn about(link: Link) -> Self {
        Draft {
            reason: String::new(),
            item: link.item.map_or_else(String::new, |ItemRef { task, item }| format!("{task}/{item}")),
            lems: String::new(),
            channels: String::new(),
            from: link.run.map_or_else(String::new, |run| run.to_string()),
            until: "7d".into(),
            goes_to_reason: true,
        }
    }

    /// The issue, or what is wrong with a field. With channels or LEMs it is a mask: they are not judged by.
    fn issue(&self, now: jiff::Timestamp) -> Result<NewIssue, &'static str> {
        if self.reason.trim().is_empty() {
            return Err("Say what is known.");
        }
        let expires = until(&self.until, now).ok_or("Until when? Write 2026-11-30, 12h or 3d.")?;
        let from = match self.from.trim() {
            "" => None,
            text => {
                let run = text.parse::<Run>().or_else(|_| format!("run{text}").parse());
                Some(run.map_err(|_| "The run is no run: write run840 or 840.")?)
            }
        };
        let scope = Scope {
            from,
            to: None,
            item: Some(self.item.trim()).filter(|item| !item.is_empty()).map(str::to_owned),
            channels: self.channels.parse().map_err(|_| "The channels are none: write 0-31,320.")?,
            lems: self.lems.parse().map_err(|_| "The LEMs are none: write 7 or 3,7-9.")?,
        };
        let is_mask = !scope.channels.is_empty() || !scope.lems.is_empty();
        Ok(NewIssue { is_mask, scope, reason: self.reason.trim().to_owned(), expires: Some(expires) })
    }
}

/// Draws the dialog; false when it is to be closed.
pub fn show(ui: &Ui, scene: &mut Scene<'_>, draft: &mut Draft, state: &mut UiState) -> bool {
    let mut is_open = true;
    let modal = egui::Modal::new(egui::Id::unique("new issue")).show(ui.ctx(), |ui| {
        ui.set_width(560.0);
        ui.label(theme::section("Known issue or mask"));
        let about = "What is known stands hatched on the plot and is not judged, until it expires or is ended.";
        ui.label(RichText::new(about).small().weak());
        let reason = field(ui, "What is known", "What is known to be wrong, in a line", &mut draft.reason, f32::INFINITY);
        if std::mem::take(&mut draft.goes_to_reason) {
            reason.request_focus();
        }
        fields(ui, draft);
        ui.horizontal(|ui| signature_fields(ui, scene, state));
        ui.add_space(theme::GAP);
        let issue = draft.issue(scene.now);
        let missing = hindrance(scene, state).or(issue.as_ref().err().copied());
        ui.horizontal(|ui| {
            let is_mask = issue.as_ref().is_ok_and(|issue| issue.is_mask);
            let verb = if is_mask { "Mask" } else { "Tell" };
            if named(ui, verb, "Say that it is known", missing)
                && let Ok(issue) = &issue
            {
                say(scene, state, PeopleDeed::NewIssue(Box::new(issue.clone())));
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
    ui.horizontal(|ui| {
        ui.label("on");
        field(ui, "Plot that it is on", "plot: task/item, or a task; none for all", &mut draft.item, 220.0);
        ui.label("LEMs").on_hover_text("As the result files number them: the first number on the gain map");
        field(ui, "LEMs that are masked", "7 or 3,7-9", &mut draft.lems, 80.0);
        ui.label("channels");
        field(ui, "Channels that are masked", "0-31,320", &mut draft.channels, 90.0);
    });
    ui.horizontal(|ui| {
        ui.label("from run");
        field(ui, "From this run on", "all runs", &mut draft.from, 80.0);
        ui.label("until");
        field(ui, "It expires", "2026-11-30, 3d", &mut draft.until, 100.0);
        ui.label(RichText::new("UTC").weak());
    });
}
