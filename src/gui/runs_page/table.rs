//! The table: only the rows in sight are drawn.

use egui::{Align, Key, Layout, Modifiers, RichText, Sense, Ui};
use egui_extras::{Column, TableBuilder, TableRow};
use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use super::RunsView;
use crate::gui::scene::Scene;
use crate::gui::state::{Action, Page, RunChoice};
use crate::gui::{table_head, theme, words};
use crate::snapshot::{FieldKind, RunsShown, SortKey};

/// Rows that a page key moves by.
const PAGE_ROWS: usize = 20;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut RunsView, shown: &RunsShown) {
    let looked_at = scene.choice.row(scene.snapshot).map(|row| row.run).or(scene.choice.fixed());
    let columns = view.columns.clone();
    let mut builder = TableBuilder::new(ui)
        .id_salt("runs")
        .striped(true)
        .sense(Sense::click())
        .auto_shrink([false, false])
        .cell_layout(Layout::left_to_right(Align::Center));
    for name in &columns {
        builder = builder.column(column_of(name, shown));
    }
    if std::mem::take(&mut view.goes_to_cursor)
        && let Some(cursor) = view.cursor
    {
        builder = builder.scroll_to_row(cursor, None);
    }
    builder
        .header(theme::ROW_HEIGHT, |mut header| {
            for name in &columns {
                header.col(|ui| head(ui, view, name, shown));
            }
        })
        .body(|body| {
            body.rows(theme::ROW_HEIGHT + 2.0, shown.rows.len(), |mut row| {
                let place = row.index();
                let Some(run) = shown.rows.get(place).and_then(|row| shown.table.run(*row)) else { return };
                row.set_selected(looked_at == Some(run) || view.selected.contains(&run));
                for name in &columns {
                    row.col(|ui| cell(ui, scene, shown, shown.rows[place], name));
                }
                clicked(&row, scene, view, shown, place, run);
            });
        });
}

fn column_of(name: &str, shown: &RunsShown) -> Column {
    let width = match name {
        "run" | "files" | "analysed" | "failed" | "status" | "groups" => 66.0,
        "flag" => 116.0,
        "comment" => return Column::remainder().at_least(120.0).clip(true),
        _ => match shown.table.fields().get(name).map(|field| field.kind) {
            Some(FieldKind::Number) => 90.0,
            Some(FieldKind::Time) => 142.0,
            _ => 130.0,
        },
    };
    Column::initial(width).at_least(40.0).resizable(true).clip(true)
}

/// What a column is called.
fn title(name: &str, shown: &RunsShown) -> String {
    let own = match name {
        "run" => "Run",
        "started" => "Start UTC",
        "ended" => "End UTC",
        "files" => "Files",
        "analysed" => "Analysed",
        "failed" => "Failed",
        "flag" => "Flag",
        "mark" => "Mark",
        "decided_by" => "Decided by",
        "comment" => "Comment",
        _ => "",
    };
    match shown.table.fields().get(name) {
        _ if !own.is_empty() => own.to_owned(),
        Some(field) if !field.unit.is_empty() => format!("{name} [{}]", field.unit),
        _ => name.to_owned(),
    }
}

fn head(ui: &mut Ui, view: &mut RunsView, name: &str, shown: &RunsShown) {
    let first = view.sort.first().filter(|key| key.field == name);
    let ascending = first.map(|key| !key.is_descending);
    let origin = shown.table.fields().get(name).map_or("", |field| field.origin.as_str());
    if table_head::head(ui, &title(name, shown), ascending, &format!("Order by this: {origin}")) {
        let is_descending = first.is_some_and(|key| !key.is_descending);
        // What rows were ordered by before decides among those that are alike.
        view.sort.retain(|key| key.field != name);
        view.sort.insert(0, SortKey { field: name.to_owned(), is_descending });
        view.sort.truncate(3);
    }
}

fn cell(ui: &mut Ui, scene: &Scene<'_>, shown: &RunsShown, row: u32, name: &str) {
    let Some(cell) = shown.table.cell(row, name) else { return };
    let mut text = cell.text;
    if matches!(name, "started" | "ended") {
        text = text.parse::<Timestamp>().map_or(text, words::utc);
    }
    let rich = match name {
        "run" => theme::bold(&text),
        "flag" => {
            let status = theme::flag(text.parse::<Flag>().unwrap_or_default(), scene.look);
            theme::bold(format!("{} {text}", status.glyph)).color(status.colour)
        }
        "failed" if text != "0" => RichText::new(&text).color(theme::fault(scene.look)),
        "failed" => RichText::new(&text).weak(),
        _ if cell.is_note => RichText::new(&text).italics().weak(),
        _ => RichText::new(text.replace(['\n', '\r'], " ")),
    };
    let label = ui.add(egui::Label::new(rich).selectable(false).truncate());
    if text.len() > 16 {
        label.on_hover_text(text);
    }
}

fn clicked(row: &TableRow<'_, '_>, scene: &mut Scene<'_>, view: &mut RunsView, shown: &RunsShown, place: usize, run: Run) {
    let response = row.response();
    let flag = shown.table.cell(shown.rows[place], "flag").map(|cell| cell.text).unwrap_or_default();
    let spoken = format!("Row of run {}, {flag}", run.0);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Row, true, &spoken));
    if response.clicked() {
        let modifiers = response.ctx.input(|input| input.modifiers);
        if modifiers.shift {
            select_range(view, shown, view.anchor, place);
        } else if modifiers.command {
            if !view.selected.remove(&run) {
                view.selected.insert(run);
            }
            view.anchor = place;
        } else {
            view.selected = [run].into();
            view.anchor = place;
            scene.ask(Action::SelectRun(RunChoice::Fixed(run)));
        }
        view.cursor = Some(place);
    }
    if response.double_clicked() {
        scene.ask(Action::Turn(Page::Monitor));
    }
}

fn select_range(view: &mut RunsView, shown: &RunsShown, one: usize, other: usize) {
    let last = shown.rows.len().saturating_sub(1);
    let (from, to) = (one.min(other).min(last), one.max(other).min(last));
    view.selected = shown.rows[from..=to].iter().filter_map(|row| shown.table.run(*row)).collect();
}

/// The keys of the table, while nobody types: up, down and page keys move, with shift they select, Ctrl+A selects all that is
/// found, Enter opens the run's plots.
pub(super) fn keys(ui: &Ui, scene: &mut Scene<'_>, view: &mut RunsView, shown: &RunsShown) {
    if ui.ctx().egui_wants_keyboard_input() || shown.rows.is_empty() {
        return;
    }
    let pressed = |modifiers: Modifiers, key: Key| ui.input_mut(|input| input.consume_key(modifiers, key));
    if pressed(Modifiers::COMMAND, Key::A) {
        select_range(view, shown, 0, shown.rows.len() - 1);
        return;
    }
    let last = shown.rows.len() - 1;
    let steps =
        [(Key::ArrowUp, -1), (Key::ArrowDown, 1), (Key::PageUp, -(PAGE_ROWS as isize)), (Key::PageDown, PAGE_ROWS as isize)];
    for (modifiers, with_shift) in [(Modifiers::SHIFT, true), (Modifiers::NONE, false)] {
        for (key, by) in steps {
            if !pressed(modifiers, key) {
                continue;
            }
            let place = view.cursor.map_or(0, |cursor| cursor.saturating_add_signed(by)).min(last);
            view.cursor = Some(place);
            view.goes_to_cursor = true;
            if with_shift {
                select_range(view, shown, view.anchor, place);
            } else if let Some(run) = shown.rows.get(place).and_then(|row| shown.table.run(*row)) {
                view.anchor = place;
                view.selected = [run].into();
                scene.ask(Action::SelectRun(RunChoice::Fixed(run)));
            }
        }
    }
    if view.cursor.is_some() && pressed(Modifiers::NONE, Key::Enter) {
        scene.ask(Action::Turn(Page::Monitor));
    }
}
