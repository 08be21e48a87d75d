//! The Runs page: a table of all runs, found by a query, flagged one by one or many at once.
//!
//! What is found comes from the engine, which searches on a thread of its own; the page says what it asks ([`RunsView::ask`]) and
//! draws the rows that are in sight.

mod field;
mod many;
mod table;

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{RichText, Ui};
use monitasks::vocab::Run;

use super::scene::Scene;
use super::state::UiState;
use super::{export, theme, words};
use crate::snapshot::{RunsAsk, RunsShown, SortKey};
use field::SearchField;
use many::ManyDraft;

/// The columns of the first start.
const COLUMNS: [&str; 9] = ["run", "started", "files", "analysed", "failed", "flag", "mark", "decided_by", "comment"];

/// What the page remembers while the window is open.
#[derive(Debug, Clone)]
pub struct RunsView {
    field: SearchField,
    sort: Vec<SortKey>,
    columns: Vec<String>,
    /// The runs that are marked for flagging together.
    selected: BTreeSet<Run>,
    /// Where a range begins that is selected with shift, and where the keys are: places among the rows found.
    anchor: usize,
    cursor: Option<usize>,
    /// The keys have moved: the row is to be in sight.
    goes_to_cursor: bool,
    /// The rows that the selection was made among.
    rows: Arc<Vec<u32>>,
    many: ManyDraft,
}

impl Default for RunsView {
    fn default() -> Self {
        RunsView {
            field: SearchField::default(),
            sort: vec![SortKey { field: "run".into(), is_descending: true }],
            columns: COLUMNS.iter().map(|name| (*name).to_owned()).collect(),
            selected: BTreeSet::new(),
            anchor: 0,
            cursor: None,
            goes_to_cursor: false,
            rows: Arc::default(),
            many: ManyDraft::default(),
        }
    }
}

impl RunsView {
    /// What the table of runs is asked for now.
    #[must_use]
    pub fn ask(&self) -> RunsAsk {
        RunsAsk {
            query: self.field.text().to_owned(),
            cursor: self.field.cursor(),
            sort: self.sort.clone(),
            ..RunsAsk::default()
        }
    }

    /// The columns, in their order.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Only what is found can be selected: nobody flags runs that are not in the list.
    fn follow(&mut self, shown: &RunsShown) {
        if Arc::ptr_eq(&self.rows, &shown.rows) {
            return;
        }
        let at_cursor = self.cursor.and_then(|place| self.rows.get(place)).and_then(|row| shown.table.run(*row));
        self.rows = shown.rows.clone();
        if !self.selected.is_empty() {
            let found: BTreeSet<Run> = shown.rows.iter().filter_map(|row| shown.table.run(*row)).collect();
            self.selected.retain(|run| found.contains(run));
        }
        self.cursor =
            at_cursor.and_then(|run| shown.table.row(run)).and_then(|row| shown.rows.iter().position(|found| *found == row));
        self.anchor = self.cursor.unwrap_or(0);
    }
}

/// Draws the page.
pub fn show(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut RunsView, state: &UiState) {
    let Some(shown) = scene.snapshot.run_table.clone() else {
        ui.label(theme::section("Runs"));
        ui.label(RichText::new("The book is being read.").weak());
        return;
    };
    view.follow(&shown);
    ui.horizontal_wrapped(|ui| {
        ui.label(theme::section("Runs"));
        view.field.show(ui, &shown);
        ui.label(RichText::new(format!("{} of {}", shown.rows.len(), words::count(shown.table.len(), "run"))).weak());
        if shown.is_read && !shown.is_whole {
            let words = "older runs are being read, what is found is not all";
            ui.label(RichText::new(words).color(theme::warning(scene.look)));
        }
        columns_menu(ui, view, &shown);
        export::page_button(ui, scene);
    });
    field::said(ui, scene, &shown);
    many::show(ui, scene, view, &shown, state);
    ui.add_space(4.0);
    if shown.table.is_empty() {
        let words = if shown.is_read {
            "No run yet. A row appears for each run as its first file is taken in, or from a run list: dqmon import runs."
        } else {
            "The book is being read."
        };
        ui.label(RichText::new(words).weak());
        return;
    }
    table::keys(ui, scene, view, &shown);
    table::show(ui, scene, view, &shown);
}

/// Which fields are columns.
fn columns_menu(ui: &mut Ui, view: &mut RunsView, shown: &RunsShown) {
    ui.menu_button("Columns ▾", |ui| {
        if ui.button("Those of the first start").clicked() {
            view.columns = RunsView::default().columns;
        }
        ui.separator();
        egui::ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
            for field in shown.table.fields().iter().filter(|field| field.name != "run") {
                let mut is_shown = view.columns.contains(&field.name);
                let name = format!("Column {}", field.name);
                let response = ui.checkbox(&mut is_shown, &field.name).on_hover_text(&field.origin);
                response.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, is_shown, &name));
                if response.changed() {
                    view.columns.retain(|column| *column != field.name);
                    if is_shown {
                        view.columns.push(field.name.clone());
                    }
                }
            }
        });
    });
}
