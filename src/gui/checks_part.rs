//! What checks think of a plot: a line above it with the worst of them in words, and all of them below that when it is opened.

use egui::{RichText, Ui};
use monitasks::checks::verdict::{Verdict, leaf_state, worst};
use monitasks::quality::State;

use super::scene::Scene;
use super::{theme, words};

/// So much of a pane's height the part takes at most.
const MOST_OF_A_PANE: f32 = 0.5;

/// Draws the line; answers whether it was clicked, which opens and closes the part.
pub fn line(ui: &mut Ui, scene: &Scene<'_>, verdicts: &[Verdict], pane_title: &str) -> bool {
    let state = leaf_state(verdicts, State::Unchecked);
    let status = theme::state(state, scene.look);
    let text = RichText::new(format!("{} {} {}", status.glyph, status.letter, said(verdicts))).small().color(status.colour);
    let response = ui.add(egui::Button::new(text).frame(false).truncate());
    let name = format!("Checks of {pane_title}: {}", said(verdicts));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
    response.on_hover_text("Click for what it means, what to do and whom to call").clicked()
}

/// The worst verdict in words: `BAD by lifetime: view 0: 0.80 ms, ...`.
fn said(verdicts: &[Verdict]) -> String {
    match worst(verdicts) {
        None => "unchecked: no check judges its content".into(),
        Some(verdict) if verdict.state() == State::Ok => {
            format!("OK: {} passed", words::count(verdicts.len(), "check"))
        }
        Some(verdict) if verdict.state() == State::Masked => format!("masked: {}", masks(verdicts).join("; ")),
        Some(verdict) => format!("{} by {}: {}", verdict.state().words(), verdict.check, verdict.reason()),
    }
}

/// What masks the verdicts applied, who set them and until when, each once.
#[must_use]
pub fn masks(verdicts: &[Verdict]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for mask in verdicts.iter().flat_map(|verdict| &verdict.masks) {
        let line = format!("{}: {}", mask.name, mask.reason);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// Draws the part: every verdict with its reason, meaning, what to do, whom to call, and what it was found from.
pub fn show(ui: &mut Ui, scene: &Scene<'_>, verdicts: &[Verdict], pane: u64) {
    let most = MOST_OF_A_PANE * ui.available_height();
    let scroll = egui::ScrollArea::vertical().id_salt(("checks", pane)).max_height(most).auto_shrink([false, true]);
    scroll.show(ui, |ui| {
        for verdict in verdicts {
            one(ui, scene, verdict);
            ui.add_space(4.0);
        }
    });
    ui.separator();
}

fn one(ui: &mut Ui, scene: &Scene<'_>, verdict: &Verdict) {
    let state = verdict.state();
    ui.horizontal(|ui| {
        theme::status_mark(ui, theme::state(state, scene.look));
        ui.label(theme::bold(format!("{} by {}", state.words(), verdict.check)));
        ui.label(RichText::new(&verdict.kind).small().weak());
    });
    let wrapped = |ui: &mut Ui, text: RichText| {
        ui.add(egui::Label::new(text.small()).wrap());
    };
    wrapped(ui, RichText::new(verdict.reason()));
    if state != State::Ok {
        wrapped(ui, RichText::new(format!("If it fails: {}", verdict.advice.meaning)));
        wrapped(ui, RichText::new(format!("Do: {}", verdict.advice.action)));
        wrapped(ui, RichText::new(format!("Call: {}", verdict.advice.contact)));
    }
    for line in verdict.lines() {
        wrapped(ui, RichText::new(line).weak());
    }
}
