//! The part of the run card in which people decide: on the run at a stage, a file or a processing, with one click for the usual
//! words; and what is done with a decision afterwards: verify, lock.

use std::collections::BTreeSet;

use egui::{Button, RichText, TextEdit, Ui, vec2};
use monitasks::checks::verdict::leaf_state;
use monitasks::quality::{Flag, State};

use super::scene::Scene;
use super::state::{Action, Draft, ItemRef, Pending, RunChoice, UiState};
use super::{said_card, theme, words};
use crate::engine::{Command, Decision, DecisionCommand, DecisionSubject, Evidence, Outcome, Part, Stage, WantedDecision};
use crate::snapshot::{FigureKey, JudgedShown, RunRow, StageShown};

/// A second click at the place of one that decided is none within so many seconds.
const SECOND_CLICK_S: f64 = 2.0;
/// How near it must be, points.
const SAME_PLACE: f32 = 6.0;

/// The run looked at, with all that was said of it as far as it is known.
type Of<'a> = (&'a RunRow, Option<&'a JudgedShown>);

/// Draws it.
pub fn show(ui: &mut Ui, scene: &mut Scene<'_>, of: Of<'_>, state: &mut UiState, draft: &mut Draft, on_screen: &[ItemRef]) {
    let row = of.0;
    let subject = draft.subject_of(row.run);
    ui.horizontal(|ui| {
        ui.label(theme::section("Decide"));
        if !subject.is_run() {
            ui.label(theme::bold(format!("on {}", subject.words())));
            if ui.small_button("Back to the run").clicked() {
                draft.decide_on(DecisionSubject::run(row.run));
            }
        }
    });
    if let Some(reason) = scene.read_only() {
        ui.label(RichText::new(reason).small().weak());
        return;
    }
    names(ui, scene, state);
    comment(ui, scene, row, draft);
    one_click_words(ui, scene, draft);
    ui.add_space(2.0);
    let width = (ui.available_width() - theme::GAP) / 2.0;
    for pair in Flag::ALL.chunks(2) {
        ui.horizontal(|ui| {
            for flag in pair {
                flag_button(ui, scene, of, *flag, width, (state, draft, on_screen));
            }
        });
    }
    hint(ui, scene, of, state, draft, on_screen.len());
    afterwards(ui, scene, of, state, draft);
}

fn names(ui: &mut Ui, scene: &Scene<'_>, state: &mut UiState) {
    let (people, roles) = match &scene.snapshot.workspace {
        Some(facts) => (facts.people.as_slice(), facts.roles.as_slice()),
        None => (&[][..], &[][..]),
    };
    ui.horizontal(|ui| {
        let half = (ui.available_width() - theme::GAP) / 2.0;
        choice_field(ui, "Name", "your name", half, &mut state.who, people);
        choice_field(ui, "Role", "your role", half, &mut state.role, roles);
    });
}

fn comment(ui: &mut Ui, scene: &mut Scene<'_>, row: &RunRow, draft: &mut Draft) {
    let comment = TextEdit::multiline(&mut draft.comment)
        .hint_text("Comment")
        .desired_rows(2)
        .desired_width(f32::INFINITY)
        .return_key(None);
    let response = ui.add(comment);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Comment"));
    if std::mem::take(&mut draft.goes_to_comment) {
        response.request_focus();
    }
    // A newer run must not slip under a decision that is being made: from the first word on the card stays with this one.
    let is_begun = draft.has_comment() || draft.outcome.is_some() || !draft.usable_for.is_empty() || draft.subject.is_some();
    if scene.choice == RunChoice::Newest && (response.has_focus() || is_begun) {
        scene.ask(Action::SelectRun(RunChoice::Fixed(row.run)));
    }
}

/// Standard comments, what the data are usable for and what is to become of them: a click each.
fn one_click_words(ui: &mut Ui, scene: &Scene<'_>, draft: &mut Draft) {
    let Some(facts) = &scene.snapshot.workspace else { return };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(3.0, 3.0);
        facts.comments.iter().for_each(|word| toggle(ui, word, &mut draft.words));
    });
    if !facts.usable_for.is_empty() {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(3.0, 3.0);
            ui.label(RichText::new("usable for").small().weak());
            facts.usable_for.iter().for_each(|word| toggle(ui, word, &mut draft.usable_for));
        });
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(3.0, 3.0);
        ui.label(RichText::new("outcome").small().weak());
        for outcome in Outcome::ALL {
            let is_chosen = draft.outcome == Some(*outcome);
            let text = RichText::new(outcome.word().replace('_', " ")).small();
            if ui.selectable_label(is_chosen, text).clicked() {
                draft.outcome = (!is_chosen).then_some(*outcome);
            }
        }
    });
}

fn toggle(ui: &mut Ui, word: &str, chosen: &mut BTreeSet<String>) {
    let is_chosen = chosen.contains(word);
    let button = Button::selectable(is_chosen, RichText::new(word).small()).frame(true).frame_when_inactive(true);
    if ui.add(button).clicked() && !chosen.remove(word) {
        chosen.insert(word.to_owned());
    }
}

/// The run as a whole at the stage of a subject.
fn stage_of(judged: Option<&JudgedShown>, stage: Stage) -> Option<&StageShown> {
    judged?.stages.iter().find(|of| of.stage == stage.word())
}

/// Why nothing can be decided on the subject now; none when it can.
pub fn hindrance(scene: &Scene<'_>, (row, judged): Of<'_>, state: &UiState, draft: &Draft) -> Option<String> {
    let locked = stage_of(judged, draft.subject_of(row.run).stage).and_then(|of| of.locked.as_ref());
    if let Some(locked) = locked {
        return Some(format!("Nothing can be decided: {locked}"));
    }
    let told = draft.hindrance(Flag::Ok, &state.who, &state.role).or_else(|| draft.just_swapped(scene.now));
    told.map(str::to_owned)
}

/// What stands in the way of a decision, or what comes of one.
fn hint(ui: &mut Ui, scene: &Scene<'_>, of: Of<'_>, state: &UiState, draft: &Draft, plots: usize) {
    let weak = |words: String| RichText::new(words).small().weak();
    let words = match (&draft.pending, hindrance(scene, of, state, draft)) {
        (Some(pending), _) if pending.run == of.0.run && pending.waits => {
            weak(format!("{} waits for the book's server, and is recorded when it is back.", pending.flag.word()))
        }
        (Some(pending), _) if pending.run == of.0.run => weak(format!("{} is being recorded…", pending.flag.word())),
        (_, Some(hindrance)) => weak(hindrance),
        // Said only when BAD was pressed without a comment, and until there is one.
        _ if draft.wanted_bad => match draft.hindrance(Flag::Bad, &state.who, &state.role) {
            Some(hindrance) => RichText::new(hindrance).small().color(theme::warning(scene.look)),
            None => weak("Press BAD again to record it with this comment.".into()),
        },
        _ if plots == 0 => weak("Recorded with no plot as evidence: none is on the screen.".into()),
        _ => weak(format!("Recorded with {} on the screen as evidence.", words::count(plots, "plot"))),
    };
    ui.add(egui::Label::new(words).wrap());
}

/// A field to type in, with the names on offer behind a triangle.
fn choice_field(ui: &mut Ui, name: &str, hint: &str, width: f32, text: &mut String, offered: &[String]) {
    // The triangle's button and the gap before it.
    let menu = if offered.is_empty() { 0.0 } else { 17.0 };
    ui.allocate_ui(vec2(width, theme::ROW_HEIGHT), |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            let field = TextEdit::singleline(text).hint_text(hint).desired_width((width - menu).max(40.0));
            let response = ui.add(field).on_hover_text(name);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, name));
            if !offered.is_empty() {
                ui.spacing_mut().button_padding.x = 4.0;
                let menu = ui.menu_button("▾", |ui| {
                    for one in offered {
                        if ui.button(one).clicked() {
                            text.clone_from(one);
                        }
                    }
                });
                let name = format!("{name}s on offer");
                menu.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
            }
        });
    });
}

fn flag_button(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    of: Of<'_>,
    flag: Flag,
    width: f32,
    (state, draft, on_screen): (&UiState, &mut Draft, &[ItemRef]),
) {
    let (row, judged) = of;
    let subject = draft.subject_of(row.run);
    let status = theme::flag(flag, scene.look);
    // BAD without a comment can be pressed: it asks for the comment.
    let lacks_comment = flag == Flag::Bad && !draft.has_comment();
    // Nor must a click that was meant for the run before decide the one that has just come.
    let hindrance = hindrance(scene, of, state, draft);
    let known = said_card::flag_on(judged, &subject);
    let in_force = match known {
        Some(known) => known.number.map(|_| known.flag),
        None => row.decisions.last().map(|_| row.flag).filter(|_| subject.is_run()),
    };
    let colour = if hindrance.is_some() { theme::ground(scene.look).muted } else { status.colour };
    let text = theme::bold(format!("{} {}", status.glyph, flag.word())).color(colour);
    let mut button = Button::new(text).min_size(vec2(width, 28.0));
    if in_force == Some(flag) {
        button = button.stroke(egui::Stroke::new(1.5, status.colour));
    }
    let name = format!("Decide {}", flag.word());
    let response = ui.add_enabled(hindrance.is_none(), button);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, hindrance.is_none(), &name));
    let click = ui.input(|input| input.pointer.interact_pos().filter(|_| input.pointer.any_click()).map(|at| (input.time, at)));
    if response.clicked() && is_the_same_click_again(draft, click) {
        // The card moved below the pointer as it was decided: what lies there now was not meant.
    } else if response.clicked() && lacks_comment {
        (draft.wanted_bad, draft.goes_to_comment) = (true, true);
    } else if response.clicked() {
        let evidence = on_screen.iter().map(|item| evidence(scene, item)).collect();
        decide(scene, of, flag, (state, draft), evidence);
        draft.decided = click;
    }
    let needs = if flag == Flag::Bad { "; needs a comment" } else { "" };
    response
        .on_hover_text(format!("Record {} for {}{needs}", flag.word(), subject.words()))
        .on_disabled_hover_text(hindrance.unwrap_or_default());
}

/// Whether a click comes so soon after one that decided, and at its place, that it is the second half of a double click.
fn is_the_same_click_again(draft: &Draft, click: Option<(f64, egui::Pos2)>) -> bool {
    let (Some((then, there)), Some((now, here))) = (draft.decided, click) else { return false };
    now - then < SECOND_CLICK_S && there.distance(here) < SAME_PLACE
}

/// Sends a decision as the card has it, and notes that it is on its way.
pub fn decide(scene: &mut Scene<'_>, (row, judged): Of<'_>, flag: Flag, card: (&UiState, &mut Draft), evidence: Vec<Evidence>) {
    let (state, draft) = card;
    let subject = draft.subject_of(row.run);
    draft.wanted_bad = false;
    draft.pending = Some(Pending { run: row.run, flag, known: said_card::amount(row, judged), waits: false });
    let known = said_card::flag_on(judged, &subject);
    let of_row = row.decisions.last().filter(|_| subject.is_run()).map(|decision| decision.id);
    let seen = if known.is_some() { known.and_then(|known| known.number) } else { of_row };
    let decision = Decision {
        outcome: draft.outcome,
        usable_for: draft.usable_for.iter().cloned().collect(),
        comments: draft.words.iter().cloned().collect(),
        evidence,
        ..Decision::new(flag, draft.comment.trim())
    };
    let (who, role) = (state.who.trim().to_owned(), state.role.trim().to_owned());
    let wanted = WantedDecision { subject, decision, who, role, seen };
    scene.send(Command::Decision(DecisionCommand::Decide(Box::new(wanted))));
}

/// An item on the screen with what its checks say and its newest value.
pub fn evidence(scene: &Scene<'_>, item: &ItemRef) -> Evidence {
    let node = scene.snapshot.task(&item.task).and_then(|task| task.items.iter().find(|node| node.name == item.item));
    let (run, lane) = (scene.choice.fixed(), scene.lane.map(str::to_owned));
    let verdicts =
        scene.snapshot.verdicts_of(&FigureKey { run, lane, only: scene.only, ..FigureKey::newest(&item.task, &item.item) });
    // The tree's state is of the newest data; of the plot looked at its own verdicts tell.
    let is_newest = run.is_none() && scene.lane.is_none();
    let of_plot = (!is_newest && !verdicts.is_empty()).then(|| leaf_state(verdicts, State::Unchecked));
    let state = of_plot.or(node.map(|node| node.glance.state));
    Evidence {
        item: format!("{}/{}", item.task, item.item),
        state: state.map(|state| state.words().to_owned()),
        value: node.map(|node| node.glance.text.clone()),
        looked_at: None,
    }
}

/// A second person's word, and the lock.
fn afterwards(ui: &mut Ui, scene: &mut Scene<'_>, (row, judged): Of<'_>, state: &UiState, draft: &Draft) {
    let subject = draft.subject_of(row.run);
    let Some(of) = stage_of(judged, subject.stage).filter(|_| subject.part == Part::Whole) else { return };
    let is_signed = draft.hindrance(Flag::Ok, &state.who, &state.role).is_none();
    let (who, role) = (state.who.trim().to_owned(), state.role.trim().to_owned());
    let comment = draft.comment.trim().to_owned();
    ui.horizontal_wrapped(|ui| {
        if let Some(number) = of.flag.number.filter(|_| !of.decided_by.is_empty()) {
            let is_second = is_signed && who.to_lowercase() != of.decided_by.trim().to_lowercase();
            let verify = |agrees| {
                let (comment, who, role) = (comment.clone(), who.clone(), role.clone());
                Command::Decision(DecisionCommand::Verify { number, agrees, comment, who, role })
            };
            let agree = ui.add_enabled(is_second, Button::new("Verify").small());
            let agree = agree.on_hover_text(format!("Record that you looked too and agree with {}", of.decided_by));
            if agree.on_disabled_hover_text("Another person than who decided verifies.").clicked() {
                scene.send(verify(true));
            }
            let differ = ui.add_enabled(is_second && !comment.is_empty(), Button::new("Do not agree").small());
            if differ.on_disabled_hover_text("Say why in a comment; another person than who decided does it.").clicked() {
                scene.send(verify(false));
            }
        }
        let is_locked = of.locked.is_some();
        let word = if is_locked { "Unlock" } else { "Lock" };
        let button = ui.add_enabled(is_signed, Button::new(word).small());
        if button.on_hover_text("Nothing more is decided on what is locked, until it is unlocked in a role that may.").clicked() {
            let (run, stage, is_locked) = (row.run, subject.stage, !is_locked);
            scene.send(Command::Decision(DecisionCommand::Lock { run, stage, is_locked, comment, who, role }));
        }
    });
}
