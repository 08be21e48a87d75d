//! The processing page: the backend, the queue by stage, and every file with its job.

use egui::{Align, Layout, RichText, Ui};
use egui_extras::{Column, TableBuilder, TableRow};

use super::run_card::{file_state, stage_state};
use super::scene::Scene;
use super::{theme, top_bar, words};
use crate::engine::{Command, ProcessingCommand, RequestKind, RequestSubject};
use crate::snapshot::{Backend, FileRow, FileStage, JobRow};
use monitasks::vocab::FileId;

/// The stages in order.
const STAGES: [FileStage; 8] = [
    FileStage::Arrived,
    FileStage::Copying,
    FileStage::Held,
    FileStage::Queued,
    FileStage::Running,
    FileStage::Reconstructed,
    FileStage::Analysed,
    FileStage::Failed,
];

/// Room for Log, Script and Resubmit.
const BUTTONS_WIDTH: f32 = 166.0;

/// A reason of more letters takes two lines.
const LONG_REASON: usize = 60;

/// What the page remembers while the window is open.
#[derive(Debug, Clone, Default)]
pub struct ProcessingView {
    /// Only files of this stage.
    stage: Option<FileStage>,
    /// The file whose words are shown in full below the table.
    selected: Option<FileId>,
}

/// Draws the page.
pub fn show(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut ProcessingView) {
    backend_card(ui, scene);
    ui.add_space(theme::GAP);
    stages(ui, scene, view);
    ui.add_space(4.0);
    let snapshot = scene.snapshot;
    let selected = snapshot.runs.iter().flat_map(|row| &row.files).find(|file| view.selected == Some(file.file));
    if let Some(file) = selected {
        let strip = egui::Panel::bottom("file").frame(egui::Frame::new()).resizable(false);
        strip.show(ui, |ui| detail(ui, scene, view, file));
    }
    let room = ui.available_height();
    let below = if scene.snapshot.not_taken.is_empty() { 0.0 } else { (room * 0.28).clamp(70.0, 170.0) };
    ui.allocate_ui(egui::vec2(ui.available_width(), room - below), |ui| files(ui, scene, view));
    if below > 0.0 {
        not_taken(ui, scene);
    }
}

fn backend_card(ui: &mut Ui, scene: &mut Scene<'_>) {
    let (state, _, hover) = top_bar::backend_words(&scene.snapshot.backend, scene.now);
    let status = theme::state(state, scene.look);
    egui::Frame::group(ui.style()).show(ui, |ui| {
        ui.horizontal(|ui| {
            theme::status_mark(ui, status);
            ui.label(theme::bold("Backend"));
            ui.label(hover);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if let Some(reason) = scene.read_only() {
                    ui.label(RichText::new(reason).weak());
                    return;
                }
                let runs = matches!(scene.snapshot.backend, Backend::Running { .. });
                let stop = ui.add_enabled(runs, egui::Button::new("Stop backend"));
                if stop
                    .on_hover_text("It ends after the current step; jobs go on.")
                    .on_disabled_hover_text("None runs.")
                    .clicked()
                {
                    scene.send(Command::Processing(ProcessingCommand::StopBackend));
                }
                let start = ui.add_enabled(!runs, egui::Button::new("Start backend"));
                if start
                    .on_hover_text("It goes on when the window is closed.")
                    .on_disabled_hover_text("One runs already.")
                    .clicked()
                {
                    scene.send(Command::Processing(ProcessingCommand::StartBackend));
                }
            });
        });
    });
}

fn stages(ui: &mut Ui, scene: &Scene<'_>, view: &mut ProcessingView) {
    let all = || scene.snapshot.runs.iter().flat_map(|row| &row.files);
    ui.horizontal_wrapped(|ui| {
        if ui.selectable_label(view.stage.is_none(), format!("all {}", all().count())).clicked() {
            view.stage = None;
        }
        for stage in STAGES {
            let count = all().filter(|file| file.stage == stage).count();
            let colour = theme::state(stage_state(stage), scene.look).colour;
            let text = RichText::new(format!("{} {count}", stage.words()));
            let text = if count > 0 { text.color(colour) } else { text.weak() };
            if ui.selectable_label(view.stage == Some(stage), text).clicked() {
                view.stage = if view.stage == Some(stage) { None } else { Some(stage) };
            }
        }
    });
}

fn files(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut ProcessingView) {
    let snapshot = scene.snapshot;
    let is_wanted = |file: &&FileRow| view.stage.is_none_or(|stage| file.stage == stage);
    let mut rows: Vec<&FileRow> = snapshot.runs.iter().flat_map(|row| &row.files).filter(is_wanted).collect();
    rows.reverse();
    if rows.is_empty() {
        let words = match view.stage {
            Some(stage) => format!("No file is {}.", stage.words()),
            None => "No file yet. Files appear here as the DAQ closes them in the incoming folder.".into(),
        };
        ui.add_space(theme::WIDE_GAP);
        ui.label(RichText::new(words).weak());
        return;
    }
    let table = TableBuilder::new(ui)
        .id_salt("files")
        .striped(true)
        .sense(egui::Sense::click())
        .auto_shrink([false, false])
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::exact(92.0))
        .column(Column::exact(102.0))
        .column(Column::exact(82.0))
        .column(Column::exact(62.0))
        .column(Column::exact(52.0))
        .columns(Column::exact(52.0), 2)
        .column(Column::exact(62.0))
        .column(Column::exact(36.0))
        .column(Column::remainder().at_least(100.0).clip(true))
        .column(Column::exact(BUTTONS_WIDTH));
    let names = ["File", "Stage", "Since", "Size", "Job", "CPU", "Wall", "Memory", "Exit", "Reason", ""];
    let is_number = |name: &str| matches!(name, "Size" | "CPU" | "Wall" | "Memory" | "Exit");
    table
        .header(theme::ROW_HEIGHT, |mut header| {
            for name in names {
                if is_number(name) {
                    right(&mut header, theme::bold(name));
                } else {
                    cell(&mut header, theme::bold(name), "");
                }
            }
        })
        .body(|body| {
            let is_long = |file: &FileRow| file.reason.as_ref().is_some_and(|reason| reason.chars().count() > LONG_REASON);
            let height = |file: &&FileRow| theme::ROW_HEIGHT + if is_long(file) { 12.0 } else { 2.0 };
            body.heterogeneous_rows(rows.iter().map(height), |mut row| {
                let file = rows[row.index()];
                row.set_selected(view.selected == Some(file.file));
                file_row(&mut row, scene, file);
                let response = row.response();
                let spoken = format!("Row of {}, {}", file.file, file.stage.words());
                response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Row, true, &spoken));
                if response.clicked() {
                    view.selected = (view.selected != Some(file.file)).then_some(file.file);
                }
            });
        });
}

fn file_row(row: &mut TableRow<'_, '_>, scene: &mut Scene<'_>, file: &FileRow) {
    let status = theme::state(file_state(file), scene.look);
    let muted = theme::ground(scene.look).muted;
    cell(row, RichText::new(file.file.to_string()), "");
    cell(row, RichText::new(format!("{} {}", status.glyph, file.stage.words())).color(status.colour), "");
    cell(row, RichText::new(words::age(file.since, scene.now)).color(muted), &format!("{} UTC", words::utc(file.since)));
    right(row, words::bytes(file.size_bytes));
    let job = file.job.as_ref();
    let name = job.map_or(String::new(), |job| format!("{} (job {})", job.name, job.id));
    cell(row, RichText::new(job.map_or("", |job| &job.state)), &name);
    let seconds = |of: fn(&JobRow) -> Option<f64>| job.and_then(of).map_or(String::new(), |seconds| format!("{seconds:.1} s"));
    right(row, seconds(|job| job.cpu_s));
    right(row, seconds(|job| job.wall_s));
    right(row, job.and_then(|job| job.peak_memory_bytes).map_or(String::new(), words::bytes));
    right(row, job.and_then(|job| job.exit_status).map_or(String::new(), |status| status.to_string()));
    let reason = file.reason.clone().unwrap_or_default();
    let colour = if file.stage == FileStage::Failed { status.colour } else { muted };
    row.col(|ui| two_lines(ui, &reason, colour));
    row.col(|ui| buttons(ui, scene, file));
}

/// Small words on at most two lines, all of them under the pointer.
fn two_lines(ui: &mut Ui, text: &str, colour: egui::Color32) {
    if text.is_empty() {
        return;
    }
    let mut job = egui::text::LayoutJob::simple(text.to_owned(), theme::small_font(), colour, ui.available_width() - 4.0);
    job.wrap.max_rows = 2;
    job.break_on_newline = false;
    let galley = ui.painter().layout_job(job);
    ui.add(egui::Label::new(galley).selectable(false)).on_hover_text(text);
}

/// All there is to say about one file, in full.
fn detail(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut ProcessingView, file: &FileRow) {
    let status = theme::state(file_state(file), scene.look);
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        ui.label(theme::bold(file.file.to_string()));
        ui.label(RichText::new(format!("{} {}", status.glyph, file.stage.words())).color(status.colour));
        ui.label(RichText::new(format!("since {} UTC, {}", words::utc(file.since), words::bytes(file.size_bytes))).weak());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if named(ui, "✕", "Close the details") {
                view.selected = None;
            }
        });
    });
    if let Some(reason) = &file.reason {
        let colour = if file.stage == FileStage::Failed { status.colour } else { theme::ground(scene.look).text };
        ui.add(egui::Label::new(RichText::new(reason).color(colour)).wrap());
    }
    if let Some(job) = &file.job {
        let ended = job.exit_status.map_or(String::new(), |status| format!(", exit status {status}"));
        let started = job.started.map_or(String::new(), |at| format!(", started {} UTC", words::utc_time(at)));
        let over = job.ended.map_or(String::new(), |at| format!(", ended {} UTC", words::utc_time(at)));
        let submitted = format!("submitted {} UTC", words::utc(job.submitted));
        ui.label(format!("Job {} (number {} in the book): {}{ended}; {submitted}{started}{over}", job.name, job.id, job.state));
        let paths = format!("log {}   script {}", job.log.display(), job.script.display());
        ui.add(egui::Label::new(RichText::new(paths).small().weak()).wrap());
    }
    ui.add_space(2.0);
}

fn buttons(ui: &mut Ui, scene: &mut Scene<'_>, file: &FileRow) {
    ui.spacing_mut().item_spacing.x = 3.0;
    if let Some(job) = &file.job {
        if named(ui, "Log", &format!("Log of {}", job.name)) {
            scene.send(Command::Processing(ProcessingCommand::ReadLog(job.log.clone())));
        }
        if named(ui, "Script", &format!("Script of {}", job.name)) {
            scene.send(Command::Processing(ProcessingCommand::ReadScript(job.script.clone())));
        }
    }
    if file.stage == FileStage::Failed && scene.read_only().is_none() && named(ui, "Resubmit", &format!("Resubmit {}", file.file))
    {
        scene.send(Command::Processing(ProcessingCommand::Ask(RequestKind::Resubmit, RequestSubject::of_file(file.file))));
    }
}

fn named(ui: &mut Ui, words: &str, name: &str) -> bool {
    let button = ui.small_button(words).on_hover_text(name);
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, name));
    button.clicked()
}

fn cell(row: &mut TableRow<'_, '_>, text: RichText, hover: &str) {
    row.col(|ui| {
        let label = ui.add(egui::Label::new(text).selectable(false).truncate());
        if !hover.is_empty() {
            label.on_hover_text(hover);
        }
    });
}

fn right(row: &mut TableRow<'_, '_>, text: impl Into<RichText>) {
    let text: RichText = text.into();
    row.col(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(6.0);
            ui.add(egui::Label::new(text).selectable(false).truncate());
        });
    });
}

fn not_taken(ui: &mut Ui, scene: &Scene<'_>) {
    ui.separator();
    ui.label(theme::section(&format!("Not taken ({})", scene.snapshot.not_taken.len())));
    egui::ScrollArea::vertical().id_salt("not taken").auto_shrink([false, false]).show_rows(
        ui,
        theme::ROW_HEIGHT - 4.0,
        scene.snapshot.not_taken.len(),
        |ui, range| {
            for file in &scene.snapshot.not_taken[range] {
                ui.horizontal(|ui| {
                    ui.label(&file.name);
                    ui.add(egui::Label::new(RichText::new(&file.reason).weak()).truncate()).on_hover_text(&file.reason);
                });
            }
        },
    );
}
