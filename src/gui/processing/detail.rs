//! All there is to say about one row, below the table: what failed, what to do, its job, its story, the end of its log.

use egui::{Align, Layout, RichText, Ui, vec2};

use super::files::job_words;
use super::rows::Row;
use super::{ProcessingView, ask, named, story, until};
use crate::gui::scene::Scene;
use crate::gui::{theme, words};
use crate::snapshot::{CloseLook, FileStage, JobRow};

/// Draws the strip.
pub fn show(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut ProcessingView, row: &Row<'_>) {
    ui.add_space(4.0);
    heading(ui, scene, view, row);
    failure(ui, scene, view, row);
    if let Some(job) = row.job() {
        about_job(ui, job, row.attempts());
    }
    ui.add_space(2.0);
    let subject = view.close_subject(scene.snapshot);
    let look = scene.snapshot.processing.closely.as_deref().filter(|look| look.subject == subject);
    let (width, height) = (ui.available_width(), ui.available_height().max(40.0));
    ui.horizontal_top(|ui| {
        let left = if row.file().is_some() { (width - theme::GAP) * 0.52 } else { 0.0 };
        if left > 0.0 {
            ui.allocate_ui(vec2(left, height), |ui| ui.vertical(|ui| story::show(ui, scene, row, look)));
        }
        let rest = vec2(ui.available_width(), height);
        ui.allocate_ui(rest, |ui| ui.vertical(|ui| log_end(ui, look, row.job().is_some())));
    });
}

fn heading(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut ProcessingView, row: &Row<'_>) {
    let status = theme::state(row.state(), scene.look);
    ui.horizontal(|ui| {
        ui.label(theme::bold(row.name()));
        ui.label(RichText::new(format!("{} {} {}", status.glyph, status.letter, row.stage_words())).color(status.colour));
        let size = row.size_bytes().map_or(String::new(), |size| format!(", {}", words::bytes(size)));
        ui.label(RichText::new(format!("since {} UTC{size}", words::utc(row.since()))).weak());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if named(ui, "✕", "Close the details") {
                view.selected = None;
            }
        });
    });
}

fn failure(ui: &mut Ui, scene: &Scene<'_>, view: &mut ProcessingView, row: &Row<'_>) {
    let is_failed = row.stage() == FileStage::Failed;
    let colour = if is_failed { theme::fault(scene.look) } else { theme::ground(scene.look).text };
    let reason = row.reason();
    let class = row.class().filter(|_| is_failed).and_then(|word| scene.snapshot.processing.class(word));
    if let Some(class) = class {
        ui.horizontal_wrapped(|ui| {
            ui.label(theme::bold(format!("{}:", class.title)).color(colour));
            ui.label(RichText::new(&reason).color(colour));
            ui.label(RichText::new(&class.meaning).weak());
        });
        ui.horizontal_wrapped(|ui| {
            ui.label(theme::bold(format!("What to do: {}", class.next_step)));
            ask::all_of_class(ui, scene, view, class);
        });
    } else if !reason.is_empty() {
        ui.add(egui::Label::new(RichText::new(&reason).color(colour)).wrap());
    }
    if let Some(hold) = row.hold() {
        let passes =
            hold.until.map_or(String::new(), |at| format!("; passes {}, at {} UTC", until(at, scene.now), words::utc(at)));
        ui.label(format!("Rule '{}' since {} UTC: {}{passes}", hold.rule, words::utc(hold.since), hold.words));
    }
}

fn about_job(ui: &mut Ui, job: &JobRow, attempts: u32) {
    let ended = job.exit_status.map_or(String::new(), |status| format!(", exit status {status}"));
    let started = job.started.map_or(String::new(), |at| format!(", started {} UTC", words::utc_time(at)));
    let over = job.ended.map_or(String::new(), |at| format!(", ended {} UTC", words::utc_time(at)));
    let seconds = |name: &str, value: Option<f64>| value.map_or(String::new(), |value| format!(", {name} {value:.1} s"));
    let used = seconds("CPU", job.cpu_s) + &seconds("wall", job.wall_s);
    let memory = job.peak_memory_bytes.map_or(String::new(), |bytes| format!(", memory {}", words::bytes(bytes)));
    let submitted = format!("submitted {} UTC", words::utc(job.submitted));
    let tries = words::count(attempts as usize, "attempt");
    let text = format!("Job {}{ended}; {tries}; {submitted}{started}{over}{used}{memory}", job_words(job));
    ui.add(egui::Label::new(text).wrap());
    let paths = format!("log {}   script {}", job.log.display(), job.script.display());
    ui.add(egui::Label::new(RichText::new(paths).small().weak()).wrap());
}

fn log_end(ui: &mut Ui, look: Option<&CloseLook>, has_job: bool) {
    let log = look.and_then(|look| look.log.as_ref());
    ui.horizontal(|ui| {
        ui.label(theme::section("End of the log"));
        if let Some(Ok(text)) = log
            && named(ui, "Copy", "Copy the end of the log")
        {
            ui.ctx().copy_text(text.clone());
        }
    });
    let weak = |ui: &mut Ui, words: &str| drop(ui.add(egui::Label::new(RichText::new(words).weak()).wrap()));
    match log {
        _ if !has_job => weak(ui, "No job yet: what it prints appears here."),
        None => weak(ui, "being read…"),
        Some(Err(why)) => weak(ui, why),
        Some(Ok(text)) if text.is_empty() => weak(ui, "It is empty so far."),
        Some(Ok(text)) => {
            let area = egui::ScrollArea::vertical().id_salt("log end").auto_shrink([false, false]).stick_to_bottom(true);
            area.show(ui, |ui| ui.add(egui::Label::new(RichText::new(text).monospace().size(11.0)).wrap()));
        }
    }
}
