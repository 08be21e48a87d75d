//! The table of runs.

use egui::{Align, Layout, RichText, Sense, Ui};
use egui_extras::{Column, TableBuilder, TableRow};

use super::scene::Scene;
use super::state::{Action, Page, RunChoice};
use super::{table_head, theme, words};
use crate::snapshot::{FileStage, RunRow};

/// What the rows are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Order {
    #[default]
    Run,
    Start,
    Length,
    Files,
    Failed,
    Flag,
}

/// What the page remembers while the window is open.
#[derive(Debug, Clone, Default)]
pub struct RunsView {
    order: Order,
    ascending: bool,
    query: String,
}

/// Draws the page.
pub fn show(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut RunsView) {
    ui.horizontal(|ui| {
        ui.label(theme::section("Runs"));
        let field =
            egui::TextEdit::singleline(&mut view.query).hint_text("Run number, flag, name or comment").desired_width(280.0);
        let response = ui.add(field);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Find runs"));
        let rows = rows(&scene.snapshot.runs, view);
        ui.label(RichText::new(format!("{} of {}", rows.len(), words::count(scene.snapshot.runs.len(), "run"))).weak());
    });
    ui.add_space(4.0);
    if scene.snapshot.runs.is_empty() {
        ui.label(RichText::new("No run yet. A row appears for each run as its first file is taken in.").weak());
        return;
    }
    table(ui, scene, view);
}

/// The rows that match, in order.
fn rows<'a>(runs: &'a [RunRow], view: &RunsView) -> Vec<&'a RunRow> {
    let mut rows: Vec<&RunRow> = runs.iter().filter(|row| matches(row, &view.query)).collect();
    let length = |row: &RunRow| match (row.start, row.end) {
        (Some(start), Some(end)) => words::seconds_between(start, end),
        _ => -1.0,
    };
    let failed = |row: &RunRow| row.files.iter().filter(|file| file.stage == FileStage::Failed).count();
    rows.sort_by(|one, other| {
        let order = match view.order {
            Order::Run => std::cmp::Ordering::Equal,
            Order::Start => one.start.cmp(&other.start),
            Order::Length => length(one).total_cmp(&length(other)),
            Order::Files => one.files.len().cmp(&other.files.len()),
            Order::Failed => failed(one).cmp(&failed(other)),
            Order::Flag => one.flag.word().cmp(other.flag.word()),
        };
        order.then(one.run.cmp(&other.run))
    });
    if !view.ascending {
        rows.reverse();
    }
    rows
}

/// Whether every word of the query is in the row.
fn matches(row: &RunRow, query: &str) -> bool {
    let last = row.decisions.last();
    let text = format!(
        "{} {} {} {}",
        row.run,
        row.flag.word(),
        last.map_or("", |decision| &decision.who),
        last.map_or("", |decision| &decision.comment)
    )
    .to_lowercase();
    query.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

fn table(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut RunsView) {
    let rows = rows(&scene.snapshot.runs, view);
    let selected = scene.choice.row(scene.snapshot).map(|row| row.run);
    let columns: [(&str, Option<Order>); 9] = [
        ("Run", Some(Order::Run)),
        ("Start UTC", Some(Order::Start)),
        ("Length", Some(Order::Length)),
        ("Files", Some(Order::Files)),
        ("Analysed", None),
        ("Failed", Some(Order::Failed)),
        ("Flag", Some(Order::Flag)),
        ("Decided by", None),
        ("Comment", None),
    ];
    TableBuilder::new(ui)
        .id_salt("runs")
        .striped(true)
        .sense(Sense::click())
        .auto_shrink([false, false])
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::exact(66.0))
        .column(Column::exact(142.0))
        .column(Column::exact(100.0))
        .column(Column::exact(46.0))
        .column(Column::exact(66.0))
        .column(Column::exact(54.0))
        .column(Column::exact(116.0))
        .column(Column::exact(140.0))
        .column(Column::remainder().clip(true))
        .header(theme::ROW_HEIGHT, |mut header| {
            for (name, order) in columns {
                header.col(|ui| head(ui, view, name, order));
            }
        })
        .body(|body| {
            body.rows(theme::ROW_HEIGHT + 2.0, rows.len(), |mut row| {
                let run = rows[row.index()];
                row.set_selected(selected == Some(run.run));
                run_row(&mut row, scene, run);
            });
        });
}

fn head(ui: &mut Ui, view: &mut RunsView, name: &str, order: Option<Order>) {
    let Some(order) = order else {
        ui.label(theme::bold(name));
        return;
    };
    let ascending = (view.order == order).then_some(view.ascending);
    if table_head::head(ui, name, ascending, "Order by this") {
        view.ascending = view.order == order && !view.ascending;
        view.order = order;
    }
}

fn run_row(row: &mut TableRow<'_, '_>, scene: &mut Scene<'_>, run: &RunRow) {
    let status = theme::flag(run.flag, scene.look);
    let in_stage = |stage| run.files.iter().filter(|file| file.stage == stage).count();
    let failed = in_stage(FileStage::Failed);
    let length = match (run.start, run.end) {
        (Some(start), Some(end)) => words::duration(words::seconds_between(start, end)),
        _ => String::new(),
    };
    let mut cell = |text: RichText, hover: &str| {
        row.col(|ui| {
            let label = ui.add(egui::Label::new(text).selectable(false).truncate());
            if !hover.is_empty() {
                label.on_hover_text(hover);
            }
        });
    };
    cell(theme::bold(run.run.0.to_string()), "");
    cell(RichText::new(run.start.map_or(String::new(), words::utc)), "");
    cell(
        RichText::new(if run.has_ended { length } else { format!("{length} …") }),
        if run.has_ended { "" } else { "files still expected" },
    );
    cell(RichText::new(run.files.len().to_string()), "");
    cell(RichText::new(in_stage(FileStage::Analysed).to_string()), "");
    let failures = RichText::new(failed.to_string());
    cell(if failed > 0 { failures.color(theme::fault(scene.look)) } else { failures.weak() }, "");
    cell(theme::bold(format!("{} {}", status.glyph, run.flag.word())).color(status.colour), "");
    let last = run.decisions.last();
    cell(RichText::new(last.map_or(String::new(), |decision| format!("{}, {}", decision.who, decision.role))), "");
    let comment = last.map_or("", |decision| &decision.comment);
    cell(RichText::new(comment), comment);
    let response = row.response();
    let spoken = format!("Row of run {}, {}", run.run.0, run.flag.word());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Row, true, &spoken));
    if response.clicked() {
        scene.ask(Action::SelectRun(RunChoice::Fixed(run.run)));
    }
    if response.double_clicked() {
        scene.ask(Action::Turn(Page::Monitor));
    }
}
