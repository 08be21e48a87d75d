//! How often each class of failure came: a strip whose parts choose what the table lists.

use egui::{RichText, Ui};

use super::{Part, ProcessingView, ask};
use crate::gui::scene::Scene;
use crate::gui::theme;
use crate::snapshot::ClassRow;
use monitasks::quality::State;

/// Draws the strip, and the words of the class that is chosen.
pub fn strip(ui: &mut Ui, scene: &Scene<'_>, view: &mut ProcessingView) {
    let classes = &scene.snapshot.processing.failures;
    let ok = theme::state(State::Ok, scene.look);
    let bad = theme::state(State::Bad, scene.look);
    let muted = theme::ground(scene.look).muted;
    ui.horizontal_wrapped(|ui| {
        ui.label(theme::bold("Failures"));
        if classes.is_empty() {
            ui.label(RichText::new(format!("{} {} none so far", ok.glyph, ok.letter)).color(ok.colour));
            ui.label(RichText::new("Each kind of failure gets a count here when it comes.").small().weak());
            return;
        }
        ui.label(RichText::new("last hour · 24 h · all (per 100 files)").small().weak());
        for class in classes {
            let is_chosen = view.filter.class.as_deref() == Some(class.word.as_str());
            let colour = if class.now > 0 { bad.colour } else { muted };
            let glyph = if class.now > 0 { bad.glyph } else { ok.glyph };
            let text = RichText::new(format!("{glyph} {}", counts(class))).color(colour);
            let chip = ui.selectable_label(is_chosen, text);
            chip.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Failures: {}", counts(class))));
            if chip.clicked() {
                view.filter.class = (!is_chosen).then(|| class.word.clone());
                (view.filter.stage, view.filter.analyses) = (None, false);
                view.part = Part::Files;
            }
            chip.on_hover_text(format!("{}\n\n{}\n\n{} failed this way now.", class.meaning, class.next_step, class.now));
        }
    });
    if let Some(class) = view.filter.class.clone().and_then(|word| scene.snapshot.processing.class(&word)) {
        ui.horizontal_wrapped(|ui| {
            ui.label(theme::bold(format!("{}:", class.title)).color(bad.colour));
            ui.label(&class.meaning);
            ui.label(theme::bold(format!("What to do: {}", class.next_step)));
            ask::all_of_class(ui, scene, view, class);
        });
    }
}

/// `input damaged  1 · 3 · 9 (4.2)`.
fn counts(class: &ClassRow) -> String {
    let per = class.per_100_files.map_or(String::new(), |per| format!(" ({per:.1})"));
    format!("{}  {} · {} · {}{per}", class.title, class.last_hour, class.last_day, class.total)
}
