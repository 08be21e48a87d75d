//! Work that takes long: what it is, what it does now, how far it is, and a button that ends it.

use egui::{Align2, RichText, Ui, vec2};
use jiff::SignedDuration;

use crate::engine::{BesideCommand, Command};
use crate::gui::scene::Scene;
use crate::gui::theme;
use crate::snapshot::LongWork;

/// What is through within this time is not shown: it would only flash up.
const SHOWN_AFTER: SignedDuration = SignedDuration::from_millis(400);

/// Draws the work under way at the lower left.
pub fn show(ui: &Ui, scene: &mut Scene<'_>) {
    let now = scene.now;
    let lasts = |work: &&LongWork| now.duration_since(work.since) >= SHOWN_AFTER;
    let works: Vec<LongWork> = scene.snapshot.beside.long.iter().filter(lasts).cloned().collect();
    if works.is_empty() {
        return;
    }
    let area = egui::Area::new(egui::Id::unique("long work")).anchor(Align2::LEFT_BOTTOM, vec2(12.0, -96.0));
    area.show(ui.ctx(), |ui| {
        for work in &works {
            one(ui, scene, work);
        }
    });
}

fn one(ui: &mut Ui, scene: &mut Scene<'_>, work: &LongWork) {
    egui::Frame::popup(ui.style()).show(ui, |ui| {
        ui.set_width(420.0);
        ui.horizontal(|ui| {
            ui.add(egui::Label::new(theme::bold(&work.what)).truncate()).on_hover_text(&work.what);
        });
        ui.horizontal(|ui| {
            let seconds = scene.now.duration_since(work.since).as_secs();
            match work.part {
                Some(part) => drop(ui.add(egui::ProgressBar::new(part).desired_width(150.0).show_percentage())),
                None => drop(ui.label(RichText::new(format!("since {seconds} s")).weak())),
            }
            if work.can_cancel {
                let cancel = ui.button("Cancel");
                cancel.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Cancel the {}", work.what)));
                if cancel.clicked() {
                    scene.send(Command::Beside(BesideCommand::Cancel(work.id)));
                }
            }
            ui.add(egui::Label::new(RichText::new(&work.now).small().weak()).truncate());
        });
    });
}
