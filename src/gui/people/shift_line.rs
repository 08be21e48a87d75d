//! Who is on shift: a word in the bar along the top, and a line below it that asks at the start and at each change of shift. It
//! asks once and may be left for later.

use egui::{RichText, Ui};

use super::{PeopleAction, PeopleView, field, hindrance, named, print_report, say, signature_fields};
use crate::engine::{PeopleDeed, Report};
use crate::gui::scene::Scene;
use crate::gui::state::{Action, UiState};
use crate::gui::{theme, words};
use crate::snapshot::ShiftRow;

/// What the line remembers.
#[derive(Debug, Clone, Default)]
pub struct ShiftView {
    /// What was left for later: the id of the shift that is over, or nothing for nobody on shift.
    left: Option<String>,
    /// Somebody wants to be asked now.
    is_asked_for: bool,
    hours: String,
    note: String,
}

impl ShiftView {
    /// Asks now.
    pub fn ask(&mut self) {
        (self.is_asked_for, self.left) = (!self.is_asked_for, None);
    }
}

/// What there is to ask about: nobody on shift, or the shift whose planned end has come.
fn question(scene: &Scene<'_>) -> Option<String> {
    let on = scene.snapshot.people.on_shift.as_ref()?;
    match on.iter().find(|shift| shift.planned_to <= scene.now) {
        Some(over) => Some(over.id.clone()),
        None => on.is_empty().then(String::new),
    }
}

/// Whether the line is to be shown.
#[must_use]
pub fn line_is_wanted(scene: &Scene<'_>, view: &PeopleView) -> bool {
    if scene.is_bare() || scene.read_only().is_some() || scene.snapshot.people.on_shift.is_none() {
        return false;
    }
    view.shift.is_asked_for || question(scene).is_some_and(|question| view.shift.left.as_ref() != Some(&question))
}

/// The word in the bar: who is on shift.
pub fn on_shift_word(ui: &mut Ui, scene: &mut Scene<'_>) {
    let Some(on) = scene.snapshot.people.on_shift.as_ref().filter(|_| !scene.is_bare()) else { return };
    let (text, hover) = match on.as_slice() {
        [] => {
            let text = RichText::new("⚠ nobody on shift").color(theme::warning(scene.look));
            (text, "Nobody has begun a shift. A click asks who has it.".to_owned())
        }
        shifts => {
            let names: Vec<String> = shifts.iter().map(|shift| short(&shift.who)).collect();
            let lines: Vec<String> = shifts.iter().map(|shift| since_words(shift, scene)).collect();
            (RichText::new(format!("on shift: {}", names.join(", "))), lines.join("\n"))
        }
    };
    if ui.add(egui::Button::new(text).frame(false)).on_hover_text(hover).clicked() {
        scene.ask(Action::People(PeopleAction::AskShift));
    }
}

/// A name as the bar has room for.
fn short(who: &str) -> String {
    const LONGEST: usize = 18;
    if who.chars().count() <= LONGEST {
        return who.to_owned();
    }
    who.chars().take(LONGEST - 1).chain(['…']).collect()
}

fn since_words(shift: &ShiftRow, scene: &Scene<'_>) -> String {
    let over = if shift.planned_to <= scene.now { ", which is over" } else { "" };
    let (from, to) = (words::utc(shift.from), words::utc(shift.planned_to));
    format!("{} ({}) since {from} UTC, planned to {to}{over}", shift.who, shift.role)
}

/// Draws the line.
pub fn show_line(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut PeopleView, state: &mut UiState) {
    let people = &scene.snapshot.people;
    let on = people.on_shift.as_deref().and_then(<[ShiftRow]>::first).cloned();
    let view = &mut view.shift;
    if view.hours.is_empty() {
        view.hours = people.shift_length_h.to_string();
    }
    let mut is_done = false;
    ui.horizontal_wrapped(|ui| {
        let words = match &on {
            Some(shift) => since_words(shift, scene),
            None => "Who is on shift?".into(),
        };
        ui.label(theme::bold(words));
        signature_fields(ui, scene, state);
        field(ui, "Hours of the shift", "hours", &mut view.hours, 36.0);
        ui.label("h");
        if on.is_some() {
            field(ui, "Hand-over note", "what the next one should know", &mut view.note, 220.0);
        }
        let missing = hindrance(scene, state);
        if named(ui, "Begin my shift", "Begin my shift", missing) {
            say(scene, state, PeopleDeed::BeginShift { hours: view.hours.clone(), note: view.note.clone() });
            is_done = true;
        }
        if let Some(shift) = &on
            && named(ui, "End the shift", "End the shift", missing)
        {
            say(scene, state, PeopleDeed::EndShift { id: shift.id.clone(), note: view.note.clone() });
            is_done = true;
        }
        if named(ui, "Shift report", "Print the shift report", None) {
            print_report(scene, state, Report::Shift);
        }
        if named(ui, "Later", "Leave the shift for later", None) {
            is_done = true;
        }
    });
    let note = people.last_shift.as_ref().filter(|last| on.is_none() && !last.note.is_empty());
    if let Some(last) = note {
        let text = format!("Hand-over note of {}: {}", last.who, last.note);
        ui.add(egui::Label::new(RichText::new(text).small()).wrap());
    }
    if is_done {
        (view.left, view.is_asked_for) = (question(scene), false);
        view.note.clear();
    }
}
