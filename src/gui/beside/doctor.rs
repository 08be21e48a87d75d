//! The doctor's window: what was found wrong, why it matters, and the command that mends it.

use egui::{RichText, ScrollArea, Ui, vec2};
use monitasks::quality::State;

use crate::engine::{BesideCommand, Command};
use crate::gui::scene::Scene;
use crate::gui::{theme, words};
use crate::snapshot::{DoctorShown, Finding};

/// What of the window is kept.
#[derive(Debug, Clone, Default)]
pub struct DoctorView {
    /// Whether it is open.
    pub is_open: bool,
    /// What is well is listed too.
    with_fine: bool,
}

/// Draws the window while it is open.
pub fn show(ui: &Ui, scene: &mut Scene<'_>, view: &mut DoctorView) {
    if !view.is_open {
        return;
    }
    let mut is_open = true;
    let screen = ui.ctx().content_rect();
    let size = vec2((screen.width() * 0.72).min(900.0), (screen.height() * 0.72).min(620.0));
    egui::Window::new("Doctor")
        .open(&mut is_open)
        .collapsible(false)
        .default_size(size)
        .default_pos(screen.center() - size / 2.0)
        .show(ui.ctx(), |ui| {
            ui.set_min_size(size);
            match scene.snapshot.beside.doctor.clone() {
                Some(shown) => round(ui, scene, view, &shown),
                None => drop(ui.label(RichText::new("It has not looked yet.").weak())),
            }
        });
    view.is_open = is_open;
}

fn round(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut DoctorView, shown: &DoctorShown) {
    head(ui, scene, view, shown);
    ui.separator();
    // What is wrong first, the worst of it on top.
    let mut listed: Vec<&Finding> = shown.findings.iter().filter(|finding| view.with_fine || finding.is_wrong()).collect();
    listed.sort_by_key(|finding| State::ALL.iter().position(|state| *state == finding.state));
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        for finding in listed {
            one(ui, scene, finding);
        }
        if shown.is_over() && !shown.is_cancelled && !shown.findings.iter().any(Finding::is_wrong) {
            ui.label(RichText::new("Nothing is wrong.").weak());
        }
    });
}

fn head(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut DoctorView, shown: &DoctorShown) {
    let of =
        shown.root.as_ref().map_or_else(|| "this machine alone; no workspace is open".into(), |root| root.display().to_string());
    ui.add(egui::Label::new(RichText::new(format!("looked at: {of}")).small().weak()).truncate());
    ui.horizontal(|ui| {
        let (done, all) = shown.done;
        if shown.is_over() {
            let wrong = shown.findings.iter().filter(|finding| finding.is_wrong()).count();
            let end = if shown.is_cancelled { "ended before it was through; " } else { "" };
            let said =
                if wrong == 0 { "nothing is wrong".to_owned() } else { format!("{} to see to", words::count(wrong, "thing")) };
            ui.label(theme::bold(format!("{end}{done} of {all} looks, {said}")));
            ui.label(RichText::new(words::age(shown.at, scene.now)).weak());
            if ui.button("Look again").clicked() {
                scene.send(Command::Beside(BesideCommand::Doctor));
            }
        } else {
            let part = done as f32 / all.max(1) as f32;
            ui.add(egui::ProgressBar::new(part).desired_width(200.0).text(format!("{done} of {all}")));
            ui.label(format!("looks at: {}", shown.now));
            if ui.button("Stop looking").clicked() {
                scene.send(Command::Beside(BesideCommand::StopDoctor));
            }
        }
        ui.checkbox(&mut view.with_fine, "What is well too");
        if ui.button("Copy all").on_hover_text("For a mail or the shift log").clicked() {
            ui.ctx().copy_text(as_text(shown));
        }
    });
}

fn one(ui: &mut Ui, scene: &Scene<'_>, finding: &Finding) {
    ui.horizontal_top(|ui| {
        theme::status_mark(ui, theme::state(finding.state, scene.look));
        ui.vertical(|ui| {
            ui.add(egui::Label::new(theme::bold(format!("{}: {}", finding.check, finding.what))).wrap());
            if finding.is_wrong() {
                ui.add(egui::Label::new(RichText::new(&finding.why).weak()).wrap());
                ui.horizontal_wrapped(|ui| {
                    let name = format!("Copy what mends {}", finding.check);
                    let copy = ui.small_button("Copy").on_hover_text("Copy the command that mends it");
                    copy.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
                    if copy.clicked() {
                        ui.ctx().copy_text(finding.mend.clone());
                    }
                    ui.label(RichText::new(&finding.mend).monospace());
                });
            }
        });
    });
    ui.add_space(4.0);
}

/// All of it as text.
fn as_text(shown: &DoctorShown) -> String {
    let line = |finding: &Finding| {
        let mend = if finding.is_wrong() {
            format!("\n      because: {}\n      mend:    {}", finding.why, finding.mend)
        } else {
            String::new()
        };
        format!("{}: {}: {}{mend}\n", finding.state.words(), finding.check, finding.what)
    };
    shown.findings.iter().map(line).collect()
}
