//! A file's story as one line of time, from the DAQ's close to the decision.

use egui::{RichText, Sense, Stroke, Ui, vec2};

use super::named;
use super::rows::Row;
use crate::gui::scene::Scene;
use crate::gui::{theme, words};
use crate::snapshot::{CloseLook, StoryLine};

/// Height of a line.
const LINE_HEIGHT: f32 = 17.0;

/// Draws the line of time of the file looked at.
pub fn show(ui: &mut Ui, scene: &Scene<'_>, row: &Row<'_>, look: Option<&CloseLook>) {
    ui.horizontal(|ui| {
        ui.label(theme::section("Story"));
        ui.label(RichText::new("UTC, and how long after the line before").small().weak());
        if let Some(look) = look.filter(|look| !look.story.is_empty())
            && named(ui, "Copy", "Copy the story")
        {
            ui.ctx().copy_text(as_text(&row.name(), look));
        }
    });
    let Some(look) = look else {
        ui.label(RichText::new("being read…").weak());
        return;
    };
    if let Some(fault) = &look.fault {
        ui.add(egui::Label::new(RichText::new(fault).color(theme::fault(scene.look))).wrap());
    }
    let area = egui::ScrollArea::vertical().id_salt("story").auto_shrink([false, false]).stick_to_bottom(true);
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.spacing_mut().interact_size.y = LINE_HEIGHT;
    area.show_rows(ui, LINE_HEIGHT, look.story.len(), |ui, range| {
        for index in range {
            let before = index.checked_sub(1).map(|before| &look.story[before]);
            line(ui, scene, &look.story[index], before, index + 1 == look.story.len());
        }
    });
}

fn line(ui: &mut Ui, scene: &Scene<'_>, line: &StoryLine, before: Option<&StoryLine>, is_last: bool) {
    let status = theme::state(line.state, scene.look);
    let muted = theme::ground(scene.look).muted;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        let (rect, _) = ui.allocate_exact_size(vec2(14.0, LINE_HEIGHT), Sense::hover());
        let (middle, stroke) = (rect.center(), Stroke::new(1.5, theme::ground(scene.look).frame));
        let top = if before.is_some() { rect.top() } else { middle.y };
        let bottom = if is_last { middle.y } else { rect.bottom() };
        ui.painter().vline(middle.x, top..=bottom, stroke);
        ui.painter().circle_filled(middle, 4.0, status.colour);
        let fixed = |ui: &mut Ui, width: f32, text: RichText| {
            ui.allocate_ui(vec2(width, LINE_HEIGHT), |ui| {
                ui.set_min_width(width);
                ui.add(egui::Label::new(text).truncate());
            });
        };
        let is_new_day = before.is_none_or(|before| words::utc(before.at)[..10] != words::utc(line.at)[..10]);
        let at = if is_new_day { words::utc(line.at) } else { words::utc_time(line.at) };
        fixed(ui, if is_new_day { 122.0 } else { 54.0 }, RichText::new(at).small());
        let after = before.map(|before| format!("+{}", words::duration(words::seconds_between(before.at, line.at))));
        if !is_new_day {
            fixed(ui, 63.0, RichText::new(after.unwrap_or_default()).small().color(muted));
        }
        fixed(ui, 112.0, RichText::new(format!("{} {}", status.glyph, line.what)).small().color(status.colour));
        ui.add(egui::Label::new(RichText::new(&line.detail).small()).truncate()).on_hover_text(&line.detail);
    });
}

/// The story as text, a line each.
fn as_text(name: &str, look: &CloseLook) -> String {
    let line =
        |line: &StoryLine| format!("{} UTC  {:<22}  {}", words::utc(line.at), line.what, line.detail).trim_end().to_owned();
    let lines: Vec<String> = look.story.iter().map(line).collect();
    format!("{name}\n{}\n", lines.join("\n"))
}
