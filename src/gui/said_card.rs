//! The parts of the run card that tell what was said: flags with where they come from, statuses with why, the history.

use egui::{RichText, Ui};
use monitasks::vocab::{FileId, Processing};

use super::scene::Scene;
use super::state::{Draft, UiState};
use super::{theme, words};
use crate::engine::{Command, DecisionCommand, DecisionSubject, Part, Stage};
use crate::snapshot::{FlagShown, JudgedShown, RunRow, SaidShown, StageShown, StatusShown};

/// No more of what was said is listed.
const MOST_LISTED: usize = 100;

/// How much was said of a run, so that what was sent is known to have come back.
#[must_use]
pub fn amount(row: &RunRow, judged: Option<&JudgedShown>) -> usize {
    row.decisions.len() + judged.map_or(0, |judged| judged.history.len())
}

/// The flag shown of a subject.
#[must_use]
pub fn flag_on<'a>(judged: Option<&'a JudgedShown>, subject: &DecisionSubject) -> Option<&'a FlagShown> {
    let judged = judged?;
    match subject.part {
        Part::Whole => judged.stages.iter().find(|of| of.stage == subject.stage.word()).map(|of| &of.flag),
        Part::File(sequence) => judged.files.iter().find(|of| of.file.sequence == sequence).map(|of| &of.flag),
        Part::Processing(Processing(number)) => judged.processings.iter().find(|of| of.processing == number).map(|of| &of.flag),
        Part::Range { .. } => None,
    }
}

/// The run's flag at each stage; a click turns the decision to it.
pub fn flags(ui: &mut Ui, scene: &mut Scene<'_>, judged: Option<&JudgedShown>, draft: &mut Draft) {
    let Some(judged) = judged else {
        // The place is held: what comes a moment later must not move a button under the hand that presses it.
        for stage in Stage::ALL {
            ui.horizontal_wrapped(|ui| ui.add_enabled(false, egui::Button::selectable(false, format!("{}: …", stage.word()))));
        }
        ui.separator();
        return;
    };
    for of in &judged.stages {
        let Ok(stage) = of.stage.parse::<Stage>() else { continue };
        stage_line(ui, scene, of, DecisionSubject::run(judged.run).at(stage), draft);
    }
    if let Some(fault) = &judged.fault {
        ui.add(egui::Label::new(RichText::new(fault).small().color(theme::fault(scene.look))).wrap());
    }
    ui.separator();
}

fn stage_line(ui: &mut Ui, scene: &Scene<'_>, of: &StageShown, subject: DecisionSubject, draft: &mut Draft) {
    let status = theme::flag(of.flag.flag, scene.look);
    let is_chosen = draft.subject_of(subject.run) == subject;
    let line = format!("{}: {} {}", of.stage, status.glyph, of.flag.flag.word());
    ui.horizontal_wrapped(|ui| {
        let button = ui.selectable_label(is_chosen, RichText::new(line).color(status.colour));
        let name = format!("Stage {}, {}, {}", of.stage, of.flag.flag.word(), of.flag.origin);
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
        if button.on_hover_text(format!("{}; click to decide on it", of.flag.words)).clicked() {
            draft.decide_on(subject);
        }
        ui.label(RichText::new(&of.flag.origin).small().weak()).on_hover_text(&of.flag.words);
    });
    let mut told: Vec<(String, bool)> = Vec::new();
    let said: Vec<String> = [
        of.outcome.clone(),
        (!of.usable_for.is_empty()).then(|| format!("usable for {}", of.usable_for.join(", "))),
        (!of.comment.is_empty()).then(|| of.comment.clone()),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !said.is_empty() {
        told.push((said.join("; "), false));
    }
    told.extend(of.flag.outdated.iter().map(|what| (format!("outdated: {what}"), true)));
    if let Some((agrees, who)) = &of.verified {
        told.push((format!("{} {who}", if *agrees { "verified by" } else { "not agreed with by" }), !agrees));
    }
    told.extend(of.locked.iter().map(|locked| (locked.clone(), false)));
    for (words, is_warning) in told {
        let text = RichText::new(words).small();
        let text = if is_warning { text.color(theme::warning(scene.look)) } else { text.weak() };
        ui.add(egui::Label::new(text).wrap());
    }
}

/// The derived status of each processing with what it means, and why when that was asked for.
pub fn statuses(ui: &mut Ui, scene: &mut Scene<'_>, judged: Option<&JudgedShown>, draft: &mut Draft) {
    let Some(judged) = judged.filter(|judged| !judged.processings.is_empty()) else { return };
    ui.label(theme::section("Status"));
    for of in &judged.processings {
        status_line(ui, scene, judged, of, draft);
    }
    ui.separator();
}

/// What run lists say of the run.
pub fn listed(ui: &mut Ui, judged: Option<&JudgedShown>) {
    let Some(judged) = judged.filter(|judged| !judged.facts.is_empty()) else { return };
    ui.label(theme::section("Run list"));
    egui::Grid::new("run list").num_columns(2).spacing([theme::GAP, 2.0]).show(ui, |ui| {
        for (name, value) in &judged.facts {
            ui.label(RichText::new(name.replace('_', " ")).small().weak());
            ui.add(egui::Label::new(RichText::new(value).small()).wrap());
            ui.end_row();
        }
    });
    ui.separator();
}

fn status_line(ui: &mut Ui, scene: &mut Scene<'_>, judged: &JudgedShown, of: &StatusShown, draft: &mut Draft) {
    let flag = match (of.is_good, of.is_unchecked) {
        (true, _) => monitasks::quality::Flag::Ok,
        (_, true) => monitasks::quality::Flag::Unchecked,
        _ => monitasks::quality::Flag::Bad,
    };
    let status = theme::flag(flag, scene.look);
    let is_open = draft.why == Some(of.processing);
    ui.horizontal_wrapped(|ui| {
        ui.label(format!("p{}", of.processing));
        let text = theme::bold(format!("{} {} {}", status.glyph, of.status, of.word)).color(status.colour);
        ui.label(text);
        let button = ui.small_button(if is_open { "Close" } else { "Why…" });
        let name = format!("Why is p{} {}", of.processing, of.word);
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
        if button.on_hover_text("What it was derived from, by which rule, and what would alter it").clicked() {
            draft.why = (!is_open).then_some(of.processing);
        }
        let subject =
            DecisionSubject { run: judged.run, part: Part::Processing(Processing(of.processing)), stage: Stage::Reconstructed };
        let decide = ui.small_button("Decide…");
        decide.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Decide on p{}", of.processing)));
        if decide.on_hover_text(&of.flag.words).clicked() {
            draft.decide_on(subject);
        }
    });
    let marks = if of.marks.is_empty() { "no subsystem has marked it".to_owned() } else { of.marks.join(", ") };
    let line = format!("{marks}; flag {}, {}", of.flag.flag.word(), of.flag.origin);
    ui.add(egui::Label::new(RichText::new(line).small().weak()).wrap());
    if is_open {
        for line in &of.why {
            ui.add(egui::Label::new(RichText::new(line).small()).wrap());
        }
    }
}

/// A file's flag under its line, where it is not simply that of a run on which nobody decided; a click turns the decision to it.
pub fn file_flag(ui: &mut Ui, scene: &Scene<'_>, file: FileId, judged: Option<&JudgedShown>, draft: &mut Draft) {
    let Some(of) = judged.and_then(|judged| judged.files.iter().find(|of| of.file == file)) else { return };
    let status = theme::flag(of.flag.flag, scene.look);
    ui.horizontal_wrapped(|ui| {
        ui.add_space(theme::WIDE_GAP);
        let text = RichText::new(format!("{} {}", status.glyph, of.flag.flag.word())).small().color(status.colour);
        ui.label(text).on_hover_text(&of.flag.words);
        ui.label(RichText::new(&of.flag.origin).small().weak()).on_hover_text(&of.flag.words);
        if let Some(outdated) = &of.flag.outdated {
            let text = RichText::new("outdated").small().color(theme::warning(scene.look));
            ui.label(text).on_hover_text(outdated);
        }
        let button = ui.small_button("Decide…");
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Decide on {file}")));
        if button.clicked() {
            draft.decide_on(DecisionSubject::file(file));
        }
    });
}

/// All that was said, newest first, with what was superseded.
pub fn history(ui: &mut Ui, scene: &mut Scene<'_>, (row, judged): (&RunRow, Option<&JudgedShown>), state: &UiState) {
    ui.add_space(theme::GAP);
    ui.label(theme::section("Decisions"));
    let Some(judged) = judged else {
        of_row(ui, scene, row);
        return;
    };
    if judged.history.is_empty() {
        ui.label(RichText::new("Nobody has decided yet.").small().weak());
    }
    for said in judged.history.iter().rev().take(MOST_LISTED) {
        said_line(ui, scene, said, state);
    }
    if judged.history.len() > MOST_LISTED {
        let more = format!("and {} before these; dqmon show has all", judged.history.len() - MOST_LISTED);
        ui.label(RichText::new(more).small().weak());
    }
}

fn said_line(ui: &mut Ui, scene: &mut Scene<'_>, said: &SaidShown, state: &UiState) {
    let muted = theme::ground(scene.look).muted;
    let colour = said.flag.filter(|_| said.is_in_force).map_or(muted, |flag| theme::flag(flag, scene.look).colour);
    let glyph = said.flag.map_or(String::new(), |flag| format!("{} ", theme::flag(flag, scene.look).glyph));
    ui.horizontal_wrapped(|ui| {
        ui.label(theme::bold(format!("{glyph}{}", said.what)).color(colour));
        ui.add(egui::Label::new(format!("{}, {}", said.who, said.role)).truncate());
        let is_signed = !state.who.trim().is_empty() && !state.role.trim().is_empty();
        if said.can_be_undone && scene.read_only().is_none() {
            let button = ui.add_enabled(is_signed, egui::Button::new("Undo").small());
            let name = format!("Undo {}", said.number);
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, is_signed, &name));
            if button.on_hover_text("What was in force before it is in force again; this one stays in the book").clicked() {
                let (number, who, role) = (said.number, state.who.trim().to_owned(), state.role.trim().to_owned());
                scene.send(Command::Decision(DecisionCommand::Undo { number, who, role }));
            }
        }
    });
    let force = if said.is_in_force { "in force" } else { "superseded" };
    let age = words::age(said.at, scene.now);
    let line = format!("{} UTC, {age}, on {}, number {}, {force}", words::utc(said.at), said.subject, said.number);
    ui.add(egui::Label::new(RichText::new(line).small().weak()).wrap());
    if !said.comment.is_empty() {
        ui.add(egui::Label::new(&said.comment).wrap());
    }
    ui.add_space(4.0);
}

/// The decisions on the run as a whole, until the book has told the rest.
fn of_row(ui: &mut Ui, scene: &Scene<'_>, row: &RunRow) {
    if row.decisions.is_empty() {
        ui.label(RichText::new("Nobody has decided yet.").small().weak());
    }
    for (index, decision) in row.decisions.iter().rev().enumerate() {
        let status = theme::flag(decision.flag, scene.look);
        ui.horizontal(|ui| {
            ui.label(theme::bold(format!("{} {}", status.glyph, decision.flag.word())).color(status.colour));
            ui.add(egui::Label::new(format!("{}, {}", decision.who, decision.role)).truncate());
        });
        let age = words::age(decision.at, scene.now);
        let force = if index == 0 { "in force" } else { "superseded" };
        ui.label(RichText::new(format!("{} UTC, {age}, {force}", words::utc(decision.at))).small().weak());
        if !decision.comment.is_empty() {
            ui.add(egui::Label::new(&decision.comment).wrap());
        }
        ui.add_space(4.0);
    }
}
