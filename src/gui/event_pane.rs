//! What the panes of the event display have besides a plot: buttons that step, and what a click means.

use egui::Ui;
use monitasks::detector::{Detector, Strip};
use monitasks::vocab::View;

use super::layout::{EVENT_TASK, WAVEFORM_ITEM};
use super::scene::Scene;
use super::state::ItemRef;
use crate::engine::{Command, ViewCommand};

/// The item that shows one strip's samples.
#[must_use]
pub fn waveform_item() -> ItemRef {
    ItemRef { task: EVENT_TASK.into(), item: WAVEFORM_ITEM.into() }
}

/// Buttons that step through the events of a file, for the line above the display: the figure's note says which event it is.
pub fn event_buttons(ui: &mut Ui, scene: &mut Scene<'_>, hides_found: &mut bool) {
    let Some(event) = scene.snapshot.event.clone() else { return };
    let show = |index| Command::View(ViewCommand::ShowEvent { file: event.file, index });
    let follows = if event.follows_newest { "; goes to the newest file as files come" } else { "" };
    let place = format!("{}, event {} of {}{follows}", event.file, event.index + 1, event.of);
    for (glyph, name, is_there, index) in [
        ("◀", "Event before", event.index > 0, event.index.saturating_sub(1)),
        ("▶", "Next event", event.index + 1 < event.of, event.index.saturating_add(1)),
    ] {
        let button = ui.add_enabled(is_there, egui::Button::new(glyph).small());
        let button =
            button.on_hover_text(format!("{name}; now {place}")).on_disabled_hover_text(format!("None: this is {place}"));
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, is_there, name));
        if button.clicked() {
            scene.send(show(index));
        }
    }
    if !event.follows_newest && ui.small_button("Follow newest file").clicked() {
        scene.send(Command::View(ViewCommand::FollowNewestEvent));
    }
    let mut shows_found = !*hides_found;
    let found = ui.checkbox(&mut shows_found, egui::RichText::new("Found").small());
    found.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, shows_found, "Hits and tracks found"));
    found.on_hover_text("Hits and tracks that the reconstruction finds in this event with the workspace's settings");
    *hides_found = !shows_found;
}

/// Buttons that step from strip to strip, for the line above a waveform.
pub fn strip_buttons(ui: &mut Ui, scene: &mut Scene<'_>) {
    let Some(strip) = scene.snapshot.event.as_ref().and_then(|event| event.strip) else { return };
    let Some(detector) = scene.snapshot.workspace.as_ref().map(|facts| facts.detector.clone()) else { return };
    let strips = detector.view(strip.view).strips;
    ui.label(egui::RichText::new(format!("view {} strip {}", strip.view.index(), strip.number)).small());
    for (glyph, name, number) in
        [("◀", "Strip before", strip.number.checked_sub(1)), ("▶", "Next strip", strip.number.checked_add(1))]
    {
        let number = number.filter(|number| (*number as usize) < strips);
        let button = ui.add_enabled(number.is_some(), egui::Button::new(glyph).small());
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, number.is_some(), name));
        if let Some(number) = number.filter(|_| button.on_hover_text(name).clicked()) {
            scene.send(Command::View(ViewCommand::ShowStrip(Strip { number, ..strip })));
        }
    }
}

/// The strip of a view at a place of its map.
#[must_use]
pub fn strip_at(item: &str, at: [f64; 2], detector: &Detector) -> Option<Strip> {
    let view = View::ALL.into_iter().find(|view| item == format!("view{}", view.index()))?;
    let number = at[0].floor();
    let is_there = number >= 0.0 && number < detector.view(view).strips as f64;
    is_there.then_some(Strip { view, number: number as u32 })
}
