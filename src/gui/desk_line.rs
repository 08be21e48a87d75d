//! The line below the bar: back and forward, layout, what is shown of the shift, freeze, review.

use egui::{RichText, Ui};

use super::freeze::Frozen;
use super::review::{self, ReviewAction};
use super::scene::Scene;
use super::selection;
use super::state::{Action, Page, UiState};
use super::visited::Visited;
use super::{layouts, theme};

/// Draws the line.
pub fn show(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    state: &UiState,
    (visited, frozen, typed): (&Visited, Option<&Frozen>, &mut String),
) {
    ui.horizontal(|ui| {
        ui.spacing_mut().button_padding.y = 1.0;
        for (glyph, name, key, by) in [("◀", "Back", "Alt+Left", -1), ("▶", "Forward", "Alt+Right", 1)] {
            let can = visited.can_step(by);
            let button = ui.add_enabled(can, egui::Button::new(glyph).small());
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, can, name));
            if button.on_hover_text(format!("{name} ({key})")).clicked() {
                scene.ask(Action::Step(by));
            }
        }
        if state.page == Page::Monitor {
            layouts::menu(ui, scene, state);
        }
        selection::menu(ui, scene, state.selection, typed);
        freeze(ui, scene, frozen);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| to_review(ui, scene));
    });
}

fn freeze(ui: &mut Ui, scene: &mut Scene<'_>, frozen: Option<&Frozen>) {
    let (words, name) = match frozen {
        None => (RichText::new("Freeze"), "Freeze the plots".to_owned()),
        Some(frozen) => {
            let words = frozen.words(scene.snapshot);
            (theme::bold(format!("❄ {words}")).color(theme::warning(scene.look)), format!("Let the plots go on: {words}"))
        }
    };
    let button = ui.add(egui::Button::selectable(frozen.is_some(), words).small().frame_when_inactive(true));
    button.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, frozen.is_some(), &name));
    let hover = "Plots stand still while data go on; tree, banners and alarms do not (F)";
    if button.on_hover_text(hover).clicked() {
        scene.ask(Action::ToggleFreeze);
    }
}

/// How many runs wait for a decision, and a way to begin.
fn to_review(ui: &mut Ui, scene: &mut Scene<'_>) {
    let count = review::waiting(scene.snapshot);
    let button = ui.add(egui::Button::new(format!("Review ({count})")).small());
    let name = format!("Review runs that nobody has decided on: {count}");
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
    if button.on_hover_text(format!("{name} (F6)")).clicked() {
        scene.ask(Action::Review(ReviewAction::Start(None)));
    }
}
