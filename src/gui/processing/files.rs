//! The table of files and analyses: filters above it, a row each, what was not taken below.

use std::sync::Arc;

use egui::{Align, Layout, RichText, Ui};
use egui_extras::{Column, TableBuilder, TableRow};

use super::rows::{self, Filter, Order, Row};
use super::{ProcessingView, ask, cell, right, until};
use crate::gui::run_card::stage_state;
use crate::gui::scene::Scene;
use crate::gui::{table_head, theme, words};
use crate::snapshot::{FileStage, JobRow};

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

/// Columns with their widths; the reason has what is left.
const COLUMNS: [(&str, f32, Option<Order>); 9] = [
    ("File", 112.0, Some(Order::File)),
    ("Stage", 122.0, Some(Order::Stage)),
    ("Since", 78.0, Some(Order::Since)),
    ("Size", 62.0, Some(Order::Size)),
    ("Lane", 72.0, Some(Order::Lane)),
    ("Job", 96.0, None),
    ("Tries", 42.0, Some(Order::Attempts)),
    ("Reason and what to do", 0.0, None),
    ("", 198.0, None),
];

/// Height of a line of small words, and its mean width of a letter.
const LINE_HEIGHT: f32 = 14.0;
const LETTER_WIDTH: f32 = 5.6;
/// A wide letter of a file's name.
const NAME_LETTER_WIDTH: f32 = 7.6;

/// Draws the filters.
pub fn filters(ui: &mut Ui, scene: &Scene<'_>, view: &mut ProcessingView) {
    let all: Vec<Row<'_>> = rows::all(scene.snapshot).collect();
    let files = || all.iter().filter(|row| row.group().is_none());
    ui.horizontal_wrapped(|ui| {
        let is_all = view.filter.stage.is_none() && !view.filter.analyses;
        if ui.selectable_label(is_all, format!("all {}", files().count())).clicked() {
            view.filter = Filter { lane: view.filter.lane.take(), ..Filter::default() };
        }
        for stage in STAGES {
            let count = files().filter(|row| row.stage() == stage).count();
            let colour = theme::state(stage_state(stage), scene.look).colour;
            let text = RichText::new(format!("{} {count}", stage.words()));
            let text = if count > 0 { text.color(colour) } else { text.weak() };
            if ui.selectable_label(view.filter.stage == Some(stage), text).clicked() {
                view.filter.stage = if view.filter.stage == Some(stage) { None } else { Some(stage) };
                (view.filter.analyses, view.filter.class) = (false, None);
            }
        }
        let analyses = all.len() - files().count();
        if ui
            .selectable_label(view.filter.analyses, format!("analyses {analyses}"))
            .on_hover_text("Groups of files that are analysed together")
            .clicked()
        {
            view.filter.analyses = !view.filter.analyses;
            (view.filter.stage, view.filter.class) = (None, None);
        }
        ui.add_space(theme::GAP);
        lanes(ui, view, &all);
        let field = egui::TextEdit::singleline(&mut view.filter.query).hint_text("Rows with…").desired_width(130.0);
        let field = ui.add(field);
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Rows with"));
    });
}

fn lanes(ui: &mut Ui, view: &mut ProcessingView, all: &[Row<'_>]) {
    let mut names: Vec<&str> = all.iter().map(Row::lane).filter(|lane| !lane.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    let shown = view.filter.lane.as_deref().unwrap_or("all lanes").to_owned();
    ui.menu_button(format!("{shown} ▾"), |ui| {
        if ui.button("all lanes").clicked() {
            view.filter.lane = None;
        }
        for name in names {
            if ui.button(name).clicked() {
                view.filter.lane = Some(name.to_owned());
            }
        }
    });
}

/// The width of a column of files' names, the longest of so many letters.
fn file_width(letters: usize) -> f32 {
    (letters as f32 * NAME_LETTER_WIDTH + 8.0).clamp(84.0, 220.0)
}

/// Draws the table.
pub fn table(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut ProcessingView) {
    let snapshot = scene.snapshot;
    let rows = rows::wanted(snapshot, &view.filter, view.order, view.ascending, scene.now);
    if rows.is_empty() {
        ui.add_space(theme::WIDE_GAP);
        ui.label(RichText::new(no_rows(view, snapshot.runs.is_empty())).weak());
        return;
    }
    let longest = rows.iter().map(|row| row.name().len()).max().unwrap_or(0);
    let widths = COLUMNS.map(|(name, width, _)| if name == "File" { file_width(longest) } else { width });
    let fixed: f32 = widths.iter().sum();
    let letters = ((ui.available_width() - fixed - 70.0).max(100.0) / LETTER_WIDTH) as usize;
    let mut table = TableBuilder::new(ui)
        .id_salt("files")
        .striped(true)
        .sense(egui::Sense::click())
        .auto_shrink([false, false])
        .cell_layout(Layout::left_to_right(Align::Center));
    for width in widths {
        let column = if width > 0.0 { Column::exact(width) } else { Column::remainder().at_least(100.0).clip(true) };
        table = table.column(column);
    }
    table
        .header(theme::ROW_HEIGHT, |mut header| {
            for (name, _, order) in COLUMNS {
                header.col(|ui| head(ui, view, name, order));
            }
        })
        .body(|body| {
            let heights: Vec<f32> = rows.iter().map(|row| height(scene, row, letters)).collect();
            body.heterogeneous_rows(heights.into_iter(), |mut line| {
                let row = rows[line.index()];
                line.set_selected(view.selected == Some(row.selected()));
                file_row(&mut line, scene, view, &row);
                let response = line.response();
                let spoken = format!("Row of {}, {}", row.name(), row.stage_words());
                response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Row, true, &spoken));
                if response.clicked() {
                    view.selected = (view.selected != Some(row.selected())).then(|| row.selected());
                }
            });
        });
}

fn no_rows(view: &ProcessingView, is_empty: bool) -> String {
    match (&view.filter.stage, &view.filter.class) {
        _ if is_empty => "No file yet. Files appear here as the DAQ closes them in the incoming folder.".into(),
        (_, Some(_)) => "Nothing is failed this way now: the counts above are of what failed before and went on since.".into(),
        (Some(stage), _) => format!("No file is {}.", stage.words()),
        _ if view.filter.analyses => "No analysis yet. Files are analysed in groups, as soon as enough are reconstructed.".into(),
        _ => "No row has all that; press \"all\" and clear the field beside it.".into(),
    }
}

fn head(ui: &mut Ui, view: &mut ProcessingView, name: &str, order: Option<Order>) {
    let Some(order) = order else {
        ui.label(theme::bold(name));
        return;
    };
    let hover = "Order by this; a third click brings what needs you first back to the top";
    if table_head::head(ui, name, (view.order == order).then_some(view.ascending), hover) {
        (view.order, view.ascending) = match (view.order == order, view.ascending) {
            (false, _) => (order, false),
            (true, false) => (order, true),
            (true, true) => (Order::Need, false),
        };
    }
}

/// Title of the class with the reason, and what to do about a failure.
fn said(scene: &Scene<'_>, row: &Row<'_>) -> (String, Option<String>) {
    let reason = row.reason();
    if let Some(hold) = row.hold().filter(|_| row.held_by().is_none()) {
        let passes = hold.until.map(|at| format!("passes {}", until(at, scene.now)));
        return (reason, Some(passes.unwrap_or_else(|| "passes when the rule is met; no clock can tell".into())));
    }
    let class = row.class().filter(|_| row.stage() == FileStage::Failed);
    let Some(class) = class.and_then(|word| scene.snapshot.processing.class(word)) else { return (reason, None) };
    let retry = row.retry_at().map(|at| format!("tried again by itself {}", until(at, scene.now)));
    (format!("{}: {reason}", class.title), Some(retry.unwrap_or_else(|| format!("→ {}", class.next_step))))
}

/// At most two lines for the reason and two for what to do.
fn lines_of(text: &str, letters: usize) -> usize {
    text.chars().count().div_ceil(letters.max(1)).clamp(1, 2)
}

fn height(scene: &Scene<'_>, row: &Row<'_>, letters: usize) -> f32 {
    let (reason, next) = said(scene, row);
    let lines = lines_of(&reason, letters) + next.map_or(0, |next| lines_of(&next, letters));
    (lines as f32 * LINE_HEIGHT + 8.0).max(theme::ROW_HEIGHT + 2.0)
}

fn file_row(line: &mut TableRow<'_, '_>, scene: &mut Scene<'_>, view: &mut ProcessingView, row: &Row<'_>) {
    let status = theme::state(row.state(), scene.look);
    let ground = theme::ground(scene.look);
    let name = row.name();
    cell(line, RichText::new(&name), &name);
    let stage = format!("{} {} {}", status.glyph, status.letter, row.stage_words());
    cell(line, RichText::new(&stage).color(status.colour), &stage);
    let since = format!("since {} UTC", words::utc(row.since()));
    cell(line, RichText::new(words::age(row.since(), scene.now)).color(ground.muted), &since);
    right(line, row.size_bytes().map_or(String::new(), words::bytes));
    let number = row.processing().filter(|number| *number > 1).map_or(String::new(), |number| format!(" p{number}"));
    let lane = format!("{}{number}", row.lane());
    cell(line, RichText::new(&lane), &lane);
    let job = row.job();
    let text = job.map_or(String::new(), |job| format!("{} {}", job.id, job.state));
    let warns = job.is_some_and(|job| matches!(job.state.as_str(), "held" | "unknown"));
    let text = if warns { RichText::new(text).color(theme::warning(scene.look)) } else { RichText::new(text) };
    cell(line, text, &job.map_or(String::new(), job_words));
    right(line, if row.attempts() > 0 { row.attempts().to_string() } else { String::new() });
    let (reason, next) = said(scene, row);
    let colour = if row.stage() == FileStage::Failed { status.colour } else { ground.muted };
    line.col(|ui| {
        let texts = [(Some(&reason), colour), (next.as_ref(), ground.text)];
        let laid =
            texts.map(|(text, colour)| text.filter(|text| !text.is_empty()).map(|text| (two_lines(ui, text, colour), text)));
        let height: f32 = laid.iter().flatten().map(|(galley, _)| galley.size().y).sum();
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            // In the middle of the row, as all beside it.
            ui.add_space(((ui.available_height() - height) / 2.0).max(0.0));
            for (galley, text) in laid.into_iter().flatten() {
                ui.add(egui::Label::new(galley).selectable(false)).on_hover_text(text);
            }
        });
    });
    line.col(|ui| ask::buttons(ui, scene, view, row));
}

/// A job in one line.
pub fn job_words(job: &JobRow) -> String {
    let state = match job.state.as_str() {
        "held" => "held in the batch system: it waits for a person",
        "unknown" => "unknown: the batch system can't say",
        state => state,
    };
    format!("{} (number {} in the book): {state}", job.name, job.id)
}

/// Small words on at most two lines.
fn two_lines(ui: &Ui, text: &str, colour: egui::Color32) -> Arc<egui::Galley> {
    let mut job = egui::text::LayoutJob::simple(text.to_owned(), theme::small_font(), colour, ui.available_width() - 4.0);
    job.wrap.max_rows = 2;
    job.break_on_newline = false;
    ui.painter().layout_job(job)
}

/// Files of the incoming folder that were left there.
pub fn not_taken(ui: &mut Ui, scene: &Scene<'_>) {
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
