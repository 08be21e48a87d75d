//! The alarm of a plot where the plot is: a line above it, a frame around its pane, and the dialog that acknowledges or shelves it,
//! with what it means, what to do and whom to call.

use egui::{Color32, RichText, Stroke, TextEdit, Ui};

use super::{field, hindrance, named, say, signature_fields, until};
use crate::engine::PeopleDeed;
use crate::gui::people::PeopleAction;
use crate::gui::scene::Scene;
use crate::gui::state::{Action, ItemRef, UiState};
use crate::gui::{theme, words};
use crate::snapshot::{AlarmRow, ItemNode};

/// An answer that is being written.
#[derive(Debug, Clone)]
pub struct Draft {
    item: (String, String),
    comment: String,
    until: String,
    goes_to_comment: bool,
}

impl Draft {
    /// An answer to the alarm of an item.
    #[must_use]
    pub fn to(item: (String, String)) -> Self {
        Draft { item, comment: String::new(), until: "8h".into(), goes_to_comment: true }
    }
}

/// The alarm of an item that is not over.
#[must_use]
pub fn of_item<'a>(scene: &Scene<'a>, shows: &ItemRef) -> Option<&'a AlarmRow> {
    scene.snapshot.people.alarms.iter().find(|alarm| alarm.item.0 == shows.task && alarm.item.1 == shows.item)
}

/// The colour of an alarm's glyph and frame now: of one that calls, bright and dim by turns; it never goes out.
#[must_use]
pub fn colour(scene: &Scene<'_>, alarm: &AlarmRow) -> Color32 {
    match (alarm.calls(scene.now), scene.is_alarm_lit) {
        (true, true) => theme::fault(scene.look),
        (true, false) => theme::fault(scene.look).gamma_multiply(0.4),
        (false, _) => theme::warning(scene.look).gamma_multiply(0.7),
    }
}

/// The frame around a pane whose plot has an alarm: thick while it calls.
#[must_use]
pub fn frame(scene: &Scene<'_>, shows: &ItemRef) -> Option<Stroke> {
    let alarm = of_item(scene, shows)?;
    Some(Stroke::new(if alarm.calls(scene.now) { 3.0 } else { 1.5 }, colour(scene, alarm)))
}

/// The line above a plot that has an alarm, with the button that answers it.
pub fn pane_line(ui: &mut Ui, scene: &mut Scene<'_>, shows: &ItemRef) {
    let Some(alarm) = of_item(scene, shows) else { return };
    let colour = if alarm.calls(scene.now) { theme::fault(scene.look) } else { theme::warning(scene.look) };
    ui.horizontal(|ui| {
        ui.label(RichText::new("▲").color(self::colour(scene, alarm)));
        let name = format!("Answer the alarm of {}/{}", shows.task, shows.item);
        if named(ui, "Answer…", &name, None) {
            scene.ask(Action::People(PeopleAction::AnswerAlarm(alarm.item.clone())));
        }
        let text = RichText::new(in_words(scene, alarm)).small().color(colour);
        ui.add(egui::Label::new(text).truncate()).on_hover_text(&alarm.says);
    });
}

/// An alarm in a line.
fn in_words(scene: &Scene<'_>, alarm: &AlarmRow) -> String {
    let age = words::age(alarm.raised, scene.now);
    let shelved = alarm.shelved_until.filter(|until| *until > scene.now);
    let state = match (&alarm.acknowledged, shelved) {
        (_, Some(until)) => format!("shelved until {} UTC", words::utc(until)),
        (Some(by), None) => format!("acknowledged by {by}"),
        (None, None) => "ALARM, nobody has acknowledged it".to_owned(),
    };
    format!("{state}, raised {age}: {}", alarm.says)
}

/// How many alarms call, as a word of the top bar that leads to the first of them; nothing while none calls.
pub fn word(ui: &mut Ui, scene: &mut Scene<'_>) {
    let alarms = &scene.snapshot.people.alarms;
    let calling: Vec<&AlarmRow> = alarms.iter().filter(|alarm| alarm.calls(scene.now)).collect();
    let Some(first) = calling.first() else { return };
    let text = format!("▲ {}", words::count(calling.len(), "alarm"));
    let button = egui::Button::new(theme::bold(text).color(colour(scene, first))).frame(false);
    let names: Vec<String> = calling.iter().map(|alarm| format!("{}/{}: {}", alarm.item.0, alarm.item.1, alarm.says)).collect();
    if ui.add(button).on_hover_text(names.join("\n")).clicked() {
        let (task, item) = first.item.clone();
        scene.ask(Action::ShowItem(ItemRef { task, item }));
    }
}

/// Draws the dialog; false when it is to be closed.
pub fn show(ui: &Ui, scene: &mut Scene<'_>, draft: &mut Draft, state: &mut UiState) -> bool {
    let shows = ItemRef { task: draft.item.0.clone(), item: draft.item.1.clone() };
    // Somebody else may have been faster, and the item well again.
    let Some(alarm) = of_item(scene, &shows) else { return false };
    let mut is_open = true;
    let modal = egui::Modal::new(egui::Id::unique("answer alarm")).show(ui.ctx(), |ui| {
        ui.set_width(560.0);
        ui.label(theme::section(&format!("Alarm of {}/{}", shows.task, shows.item)));
        ui.add(egui::Label::new(RichText::new(in_words(scene, alarm)).color(theme::fault(scene.look))).wrap());
        let task = scene.snapshot.task(&shows.task);
        if let Some(item) = task.and_then(|task| task.items.iter().find(|item| item.name == shows.item)) {
            advice(ui, item);
        }
        ui.add_space(theme::GAP);
        ui.horizontal(|ui| signature_fields(ui, scene, state));
        let comment = TextEdit::singleline(&mut draft.comment).hint_text("What you found or did").desired_width(f32::INFINITY);
        let response = ui.add(comment);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Comment on the alarm"));
        if std::mem::take(&mut draft.goes_to_comment) {
            response.request_focus();
        }
        let missing =
            hindrance(scene, state).or(draft.comment.trim().is_empty().then_some("Say what you found: it needs a comment."));
        is_open = buttons(ui, scene, draft, state, (alarm, missing));
    });
    is_open && !modal.should_close()
}

fn buttons(ui: &mut Ui, scene: &mut Scene<'_>, draft: &mut Draft, state: &UiState, of: (&AlarmRow, Option<&str>)) -> bool {
    let (alarm, missing) = of;
    let mut is_open = true;
    ui.horizontal(|ui| {
        let answer = |until| PeopleDeed::AnswerAlarm {
            item: format!("{}/{}", alarm.item.0, alarm.item.1),
            until,
            comment: draft.comment.clone(),
            seen: alarm.seen,
        };
        let is_new = alarm.state == "latched";
        let done_before = (!is_new).then_some("It is acknowledged already.");
        if named(ui, "Acknowledge", "Acknowledge this alarm", missing.or(done_before)) {
            say(scene, state, answer(None));
            is_open = false;
        }
        let at = until(&draft.until, scene.now);
        let shelving = missing.or(at.is_none().then_some("Until when? Write 2026-11-30, 12h or 3d."));
        if named(ui, "Shelve until", "Shelve this alarm", shelving) {
            say(scene, state, answer(at));
            is_open = false;
        }
        field(ui, "This alarm is shelved until", "2026-11-30, 3d", &mut draft.until, 100.0);
        if ui.button("Leave it").clicked() {
            is_open = false;
        }
        ui.add(egui::Label::new(RichText::new(missing.unwrap_or_default()).small().weak()).truncate());
    });
    is_open
}

/// What each check that failed means, what to do, and whom to call.
pub fn advice(ui: &mut Ui, item: &ItemNode) {
    let state = item.glance.state;
    for verdict in item.verdicts.iter().filter(|verdict| verdict.state() == state) {
        ui.label(theme::bold(format!("{} by {}: {}", state.words(), verdict.check, verdict.reason())));
        let advice = &verdict.advice;
        for (what, words) in [("It means", &advice.meaning), ("Do", &advice.action), ("Call", &advice.contact)] {
            ui.add(egui::Label::new(format!("{what}: {words}")).wrap());
        }
    }
}
