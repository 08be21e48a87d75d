//! The strip above the plot of a review: which run, which plot, what was looked at, what can be decided; and the end page.

use egui::{Align, Button, Layout, RichText, TextEdit, Ui};
use jiff::civil::Date;

use super::{Choice, Entry, Fate, Meaning, Review, ReviewAction};
use crate::gui::scene::Scene;
use crate::gui::state::{Action, Draft, UiState};
use crate::gui::{theme, words};
use crate::snapshot::{Due, ReviewPlot, Snapshot};

/// Draws the strip.
pub fn show(ui: &mut Ui, scene: &mut Scene<'_>, review: &mut Review, state: &mut UiState, draft: &mut Draft) {
    heading(ui, scene, review);
    if review.entry().is_none() {
        return;
    }
    plots(ui, scene, review);
    if scene.read_only().is_none() {
        decide(ui, scene, review, state);
        comment(ui, scene, review, draft);
    } else {
        button(ui, scene, "Leave the review", "Esc", None, ReviewAction::Stop);
    }
    said(ui, scene, review);
}

/// `Review: run 1193, 3 of 12, due Thu 2026-11-26; plot 2 of 5: Purity: Lifetime trend`.
fn heading(ui: &mut Ui, scene: &mut Scene<'_>, review: &Review) {
    let of = review.subsystem.as_ref().map_or("Review".to_owned(), |name| format!("Review for {name}"));
    let line = match review.entry() {
        None => format!("{of}: nothing is left to review"),
        Some(entry) => {
            let plot = review.plots.get(review.plot).map(|plot| plot_name(scene.snapshot, plot)).unwrap_or_default();
            let (number, count) = (review.plot + 1, review.plots.len());
            let (place, all) = (review.at + 1, review.entries.len());
            format!("{of}: {}, {place} of {all}{}; plot {number} of {count}: {plot}", entry.words(), due_words(entry))
        }
    };
    let is_late = review.entry().and_then(|entry| entry.due.as_ref()).is_some_and(|due| due.is_overdue);
    ui.horizontal(|ui| {
        let text = theme::bold(line);
        let text = if is_late { text.color(theme::fault(scene.look)) } else { text };
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(RichText::new(progress(review)).small().weak());
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| ui.add(egui::Label::new(text).truncate()));
        });
    });
}

/// How far the review is.
fn progress(review: &Review) -> String {
    let decided = review.entries.iter().filter(|entry| matches!(entry.fate, Fate::Decided { .. })).count();
    let left = review.entries.iter().filter(|entry| entry.fate == Fate::Left).count();
    let left = if left > 0 { format!(", {left} left unchecked") } else { String::new() };
    format!("{decided} decided{left}, {} to go", review.waiting())
}

fn due_words(entry: &Entry) -> String {
    let Some(Due { day, is_overdue }) = &entry.due else { return String::new() };
    let weekday = day.parse::<Date>().map(|date| format!("{} ", date.strftime("%a"))).unwrap_or_default();
    format!(", {} {weekday}{day}", if *is_overdue { "overdue since" } else { "due" })
}

fn plot_name(snapshot: &Snapshot, plot: &ReviewPlot) -> String {
    let task = snapshot.task(&plot.pane.task);
    let item = task.and_then(|task| task.items.iter().find(|item| item.name == plot.pane.item));
    match (task, item) {
        (Some(task), Some(item)) => format!("{}: {}", task.title, item.title),
        _ => format!("{}/{}", plot.pane.task, plot.pane.item),
    }
}

/// A mark for each plot: looked at or not; a click shows it.
fn plots(ui: &mut Ui, scene: &mut Scene<'_>, review: &Review) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        button(ui, scene, "Looked at", "Space", None, ReviewAction::Tick);
        button(ui, scene, "Plot before", "P", None, ReviewAction::StepPlot(-1));
        button(ui, scene, "Next plot", "N", None, ReviewAction::StepPlot(1));
        for (number, plot) in review.plots.iter().enumerate() {
            let is_seen = review.looked_at(number).is_some();
            let glyph = if is_seen { '✔' } else { '○' };
            let optional = if plot.is_required { "" } else { ", need not be" };
            let name = plot_name(scene.snapshot, plot);
            let text = RichText::new(format!("{glyph} {name}")).small();
            let mark = ui.add(Button::selectable(number == review.plot, text).small());
            let spoken =
                format!("Plot {}: {name}, {}{optional}", number + 1, if is_seen { "looked at" } else { "not looked at" });
            mark.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, number == review.plot, &spoken));
            if mark.on_hover_text(&spoken).clicked() {
                scene.ask(Action::Review(ReviewAction::TurnTo(number)));
            }
        }
    });
    if let Some(plot) = review.plots.get(review.plot).filter(|plot| !plot.about.is_empty()) {
        ui.add(egui::Label::new(RichText::new(&plot.about).small()).wrap());
    }
}

/// Width of the fields for name and role.
const WHO_WIDTH: f32 = 96.0;

/// What can be decided, each with its key; and who decides.
fn decide(ui: &mut Ui, scene: &mut Scene<'_>, review: &Review, state: &mut UiState) {
    ui.horizontal_wrapped(|ui| {
        for choice in Choice::ALL {
            let Some(meaning) = review.meaning(choice) else { continue };
            let word = meaning.word();
            let (name, colour) = match meaning {
                Meaning::Flag(flag) => {
                    let status = theme::flag(flag, scene.look);
                    (format!("{} {word}", status.glyph), Some(status.colour))
                }
                Meaning::Mark(_) => (word.clone(), None),
            };
            let text = theme::bold(format!("{name}  {}", choice.key()));
            let pressed = ui.add(Button::new(colour.map_or(text.clone(), |colour| text.color(colour))));
            let spoken = format!("Review: {word}");
            pressed.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &spoken));
            if pressed.on_hover_text(format!("Record {word} ({})", choice.key())).clicked() {
                scene.ask(Action::Review(ReviewAction::Decide(choice)));
            }
        }
        button(ui, scene, "Leave unchecked", "U", None, ReviewAction::Leave);
        let hindrance = review.done.is_empty().then_some("Nothing was decided in this review yet.");
        button(ui, scene, "Undo", "Ctrl+Z", hindrance, ReviewAction::Undo);
        button(ui, scene, "Leave the review", "Esc", None, ReviewAction::Stop);
        // Name and role stay beside each other, also where the line is full.
        if ui.available_size_before_wrap().x < 2.0 * WHO_WIDTH + theme::GAP {
            ui.end_row();
        }
        for (name, hint, text) in
            [("Who reviews", "your name", &mut state.who), ("Role of who reviews", "your role", &mut state.role)]
        {
            let field = ui.add(TextEdit::singleline(text).hint_text(hint).desired_width(WHO_WIDTH)).on_hover_text(name);
            field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, name));
        }
    });
}

/// The field for a comment that a decision waits for: Enter records it, Esc thinks again.
fn comment(ui: &mut Ui, scene: &mut Scene<'_>, review: &mut Review, draft: &mut Draft) {
    let Some(choice) = review.wants_comment else { return };
    let Some(meaning) = review.meaning(choice) else { return };
    ui.horizontal(|ui| {
        let word = meaning.word();
        ui.label(
            RichText::new(format!("{word} needs a comment: what is bad? Enter records it.")).color(theme::warning(scene.look)),
        );
        let field = ui.add(TextEdit::singleline(&mut draft.comment).hint_text("Comment").desired_width(f32::INFINITY));
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Comment of the review"));
        if field.lost_focus() {
            if ui.input(|input| input.key_pressed(egui::Key::Enter)) {
                scene.ask(Action::Review(ReviewAction::Decide(choice)));
            } else {
                review.wants_comment = None;
            }
        } else {
            field.request_focus();
        }
    });
}

/// What stands in the way, what is on its way, what others have decided.
fn said(ui: &mut Ui, scene: &Scene<'_>, review: &Review) {
    let line = |ui: &mut Ui, words: String| {
        ui.add(egui::Label::new(RichText::new(words).color(theme::warning(scene.look))).wrap());
    };
    if let Some(sent) = &review.sent {
        let word = sent.word.as_ref().map_or("undoing".into(), |word| format!("{word} is being recorded…"));
        ui.label(RichText::new(word).small().weak());
    } else if let Some(told) = &review.told {
        line(ui, told.clone());
    } else if let Some(meanwhile) = review.meanwhile(scene.snapshot) {
        line(ui, format!("{meanwhile} Look, then decide anew, or leave it."));
    } else {
        let missing = review.missing().len();
        let words = match missing {
            0 => "All that is required was looked at: decide.".to_owned(),
            _ => format!("{} to look at before anything is decided.", words::count(missing, "plot")),
        };
        ui.label(RichText::new(words).small().weak());
    }
}

/// What stands in the place of the plot when nothing waits.
pub fn end_page(ui: &mut Ui, scene: &mut Scene<'_>, review: &Review) {
    ui.vertical_centered(|ui| {
        ui.add_space(80.0);
        let waiting = review.waiting();
        let going_on = scene.snapshot.runs.iter().filter(|row| !row.has_ended).count();
        let words = match waiting {
            0 => "Nothing is left to review.".to_owned(),
            _ => format!("{waiting} more to review have come meanwhile."),
        };
        ui.label(theme::bold(words).size(17.0));
        ui.label(RichText::new(format!("In this review: {}.", progress(review))).weak());
        if going_on > 0 && review.subsystem.is_none() {
            let words = format!("{} being taken: asked for when the end has come.", words::count(going_on, "run"));
            ui.label(RichText::new(words).weak());
        }
        ui.add_space(theme::WIDE_GAP);
        if waiting > 0 {
            button(ui, scene, "Go on", "R", None, ReviewAction::Start(review.subsystem.clone()));
        }
        if !review.done.is_empty() {
            button(ui, scene, "Undo the last one", "Ctrl+Z", None, ReviewAction::Undo);
        }
        button(ui, scene, "Leave the review", "Esc", None, ReviewAction::Stop);
    });
}

fn button(ui: &mut Ui, scene: &mut Scene<'_>, words: &str, key: &str, hindrance: Option<&str>, action: ReviewAction) {
    let is_enabled = hindrance.is_none();
    let response = ui.add_enabled(is_enabled, Button::new(words));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, is_enabled, words));
    let response = response.on_hover_text(format!("{words} ({key})")).on_disabled_hover_text(hindrance.unwrap_or_default());
    if response.clicked() {
        scene.ask(Action::Review(action));
    }
}
