//! Each processing of a run: how far it has come, which rule holds it, since when, until when, what is missing.

use egui::{Align, Layout, RichText, Ui};
use egui_extras::{Column, TableBuilder, TableRow};
use jiff::Timestamp;
use monitasks::quality::State;

use super::{cell, until};
use crate::gui::scene::Scene;
use crate::gui::{theme, words};
use crate::snapshot::{ProcessingRow, RunRow, in_short};

/// What a step of a processing means, and the state that its mark is taken from.
fn step_words(step: &str) -> (State, &'static str, &'static str) {
    match step {
        "held" => (State::NoData, "held", "Its lane's rules do not let it start yet."),
        "open" => (State::WarmingUp, "open", "Files of it are being processed, or more may come."),
        "refused" => (State::Stale, "refused", "Its lane's rules say that this run is not for this lane. Nothing is wrong."),
        "processed" => (State::Maybe, "processed, not complete", "Its jobs are done and not every declared product is there."),
        "done" => (State::Ok, "done", "Its jobs are done and every declared product is there."),
        "merging_failed" => (State::Bad, "analysis failed", "Its jobs are done and an analysis of one of its groups failed."),
        _ => (State::CannotJudge, "not known", "The book has a word that this program does not know."),
    }
}

/// What holds a processing, in one line; none for one that nothing holds.
#[must_use]
pub fn hold_line(processing: &ProcessingRow, now: Timestamp) -> Option<String> {
    let hold = processing.hold.as_ref()?;
    let passes = match hold.until {
        Some(at) => format!("; passes {}", until(at, now)),
        None if processing.step == "refused" => String::new(),
        None => "; no clock can tell when it passes".into(),
    };
    Some(format!("rule '{}' since {}: {}{passes}", hold.rule, words::age(hold.since, now), hold.words))
}

/// Draws the part.
pub fn show(ui: &mut Ui, scene: &Scene<'_>) {
    let of_run = |run: &'_ RunRow| run.processings.len();
    let count: usize = scene.snapshot.runs.iter().map(of_run).sum();
    if count == 0 {
        let words = "No processing yet. Each lane of the settings makes one of each run, as its first file is in the storage; \
                     what its rules hold stands here with the rule's words.";
        ui.add(egui::Label::new(RichText::new(words).weak()).wrap());
        return;
    }
    let rows = in_order(scene, count);
    TableBuilder::new(ui)
        .id_salt("processings")
        .striped(true)
        .auto_shrink([false, false])
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::exact(84.0))
        .column(Column::exact(84.0))
        .column(Column::exact(172.0))
        .column(Column::exact(72.0))
        .column(Column::remainder().at_least(200.0).clip(true))
        .column(Column::exact(170.0))
        .column(Column::exact(80.0))
        .header(theme::ROW_HEIGHT, |mut header| {
            for name in ["Run", "Lane", "Step", "Since", "What holds it, or why there is one", "Products not there", "To publish"]
            {
                cell(&mut header, theme::bold(name), "");
            }
        })
        .body(|body| {
            body.rows(theme::ROW_HEIGHT + 2.0, rows.len(), |mut line| {
                let (run, processing) = rows[line.index()];
                row(&mut line, scene, run, processing);
            });
        });
}

/// The processings, the newest first; what is held or went wrong is above what goes well.
fn in_order<'a>(scene: &Scene<'a>, count: usize) -> Vec<(&'a RunRow, &'a ProcessingRow)> {
    let mut rows: Vec<(&RunRow, &ProcessingRow)> = Vec::with_capacity(count);
    for run in scene.snapshot.runs.iter().rev() {
        rows.extend(run.processings.iter().rev().map(|processing| (run, processing)));
    }
    rows.sort_by_key(|(_, processing)| match processing.step.as_str() {
        "merging_failed" => 0,
        "held" => 1,
        "processed" => 2,
        "open" => 3,
        _ => 4,
    });
    rows
}

fn row(line: &mut TableRow<'_, '_>, scene: &Scene<'_>, run: &RunRow, processing: &ProcessingRow) {
    let (state, step, meaning) = step_words(&processing.step);
    let status = theme::state(state, scene.look);
    cell(line, theme::bold(format!("{}-p{}", run.run, processing.processing)), "");
    cell(line, RichText::new(&processing.lane), &processing.lane);
    let text = format!("{} {} {step}", status.glyph, status.letter);
    cell(line, RichText::new(text).color(status.colour), meaning);
    cell(line, RichText::new(words::age(processing.since, scene.now)).weak(), &words::utc(processing.since));
    let held = hold_line(processing, scene.now).unwrap_or_else(|| processing.because.clone());
    cell(line, RichText::new(&held), &held);
    let missing = in_short(&processing.missing, 5);
    let text = match missing.as_str() {
        "" => RichText::new(""),
        missing => RichText::new(missing).color(theme::warning(scene.look)),
    };
    cell(line, text, &in_short(&processing.missing, 40));
    cell(line, RichText::new(if processing.to_publish { "yes" } else { "" }), "");
}
