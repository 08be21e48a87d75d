//! The field in which runs are searched: the query, what may come next, what is wrong with it.

use egui::text::{CCursor, CCursorRange};
use egui::{Id, Key, Modifiers, RichText, Ui, vec2};

use crate::gui::scene::Scene;
use crate::gui::{theme, words};
use crate::snapshot::{RunsShown, Suggestion, SuggestionKind};

/// Width of the field.
const WIDTH: f32 = 460.0;
/// Suggestions in sight.
const MOST: usize = 12;

/// The field's text and the list under it.
#[derive(Debug, Clone, Default)]
pub(super) struct SearchField {
    text: String,
    cursor: usize,
    /// Whether what may come next is shown: from the first letter on, until it is closed.
    is_open: bool,
    chosen: Option<usize>,
}

impl SearchField {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// In bytes.
    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    pub(super) fn show(&mut self, ui: &mut Ui, shown: &RunsShown) {
        let id = Id::unique("query of runs");
        // What is suggested for another text than the one in the field is worth nothing.
        let is_answered = shown.ask.query == self.text && shown.ask.cursor == self.cursor;
        let suggestions: &[Suggestion] = if self.is_open && is_answered { &shown.suggestions } else { &[] };
        let suggestions = &suggestions[..suggestions.len().min(MOST)];
        let mut accepted = self.keys(ui, id, suggestions);
        let field = egui::TextEdit::singleline(&mut self.text)
            .id(id)
            .hint_text("trigger:CRT drift_field>500 flag:UNCHECKED")
            .lock_focus(true)
            .desired_width(WIDTH);
        let output = field.show(ui);
        let response = &output.response.response;
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Find runs"));
        if let Some(range) = output.cursor_range {
            let letters = range.primary.index.0;
            self.cursor = self.text.char_indices().nth(letters).map_or(self.text.len(), |(at, _)| at);
        }
        if response.changed() {
            (self.is_open, self.chosen) = (true, None);
        }
        let has_focus = response.has_focus();
        let below = response.rect.left_bottom() + vec2(0.0, 2.0);
        if !suggestions.is_empty() && (has_focus || self.chosen.is_some()) {
            let clicked = list(ui, below, suggestions, self.chosen);
            accepted = accepted.or(clicked);
        }
        if let Some(suggestion) = accepted {
            let suggestion = suggestion.clone();
            self.take(ui, id, &suggestion);
        }
    }

    /// The keys of the list while the field has the focus: up and down, Tab or Enter to take, Esc to close.
    fn keys<'a>(&mut self, ui: &Ui, id: Id, suggestions: &'a [Suggestion]) -> Option<&'a Suggestion> {
        if suggestions.is_empty() || !ui.memory(|memory| memory.has_focus(id)) {
            return None;
        }
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::Escape) {
            self.is_open = false;
            return None;
        }
        let last = suggestions.len() - 1;
        if pressed(Key::ArrowDown) {
            self.chosen = Some(self.chosen.map_or(0, |chosen| (chosen + 1).min(last)));
        }
        if pressed(Key::ArrowUp) {
            self.chosen = self.chosen.and_then(|chosen| chosen.checked_sub(1));
        }
        if pressed(Key::Tab) {
            return suggestions.get(self.chosen.unwrap_or(0));
        }
        let chosen = self.chosen.filter(|_| pressed(Key::Enter))?;
        suggestions.get(chosen)
    }

    /// Writes a suggestion into its place; what is complete with it is followed by a blank.
    fn take(&mut self, ui: &Ui, id: Id, suggestion: &Suggestion) {
        let range = suggestion.replaces.clone();
        if self.text.get(range.clone()).is_none() {
            return;
        }
        let is_whole = suggestion.kind == SuggestionKind::Value
            || suggestion.kind == SuggestionKind::Keyword && !suggestion.text.ends_with(':');
        let text = if is_whole { format!("{} ", suggestion.text) } else { suggestion.text.clone() };
        self.text.replace_range(range.clone(), &text);
        self.cursor = range.start + text.len();
        self.chosen = None;
        let letters = self.text[..self.cursor].chars().count();
        let mut state = egui::TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
        state.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(letters))));
        state.store(ui.ctx(), id);
        ui.memory_mut(|memory| memory.request_focus(id));
    }
}

/// Draws the list; answers which line was clicked.
fn list<'a>(ui: &Ui, at: egui::Pos2, suggestions: &'a [Suggestion], chosen: Option<usize>) -> Option<&'a Suggestion> {
    let mut clicked = None;
    let area = egui::Area::new(Id::unique("suggestions for runs")).order(egui::Order::Foreground).fixed_pos(at);
    area.show(ui.ctx(), |ui| {
        egui::Frame::popup(ui.style()).show(ui, |ui| {
            ui.set_width(WIDTH);
            for (index, suggestion) in suggestions.iter().enumerate() {
                let runs = suggestion.runs.map(|runs| format!(", {}", words::count(runs, "run"))).unwrap_or_default();
                let detail = RichText::new(format!("{}{runs}", suggestion.detail)).small().weak();
                let button = egui::Button::selectable(chosen == Some(index), suggestion.text.as_str()).right_text(detail);
                let line = ui.add(button.min_size(vec2(ui.available_width(), theme::ROW_HEIGHT)).truncate());
                let name = format!("Suggestion {}", suggestion.text);
                line.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
                if line.clicked() {
                    clicked = Some(suggestion);
                }
            }
        });
    });
    clicked
}

/// Under the field: what is wrong with the query, else what it asks.
pub(super) fn said(ui: &mut Ui, scene: &Scene<'_>, shown: &RunsShown) {
    match &shown.fault {
        Some(fault) => {
            let text = format!("{}, at character {}", fault.what, fault.at_character);
            let label = egui::Label::new(RichText::new(text).color(theme::fault(scene.look))).wrap();
            ui.add(label);
            if let Some(hint) = &fault.hint {
                ui.add(egui::Label::new(RichText::new(hint).small().weak()).truncate()).on_hover_text(hint);
            }
        }
        None if shown.ask.query.trim().is_empty() => {}
        None => {
            ui.add(egui::Label::new(RichText::new(&shown.explained).small().weak()).truncate()).on_hover_text(&shown.explained);
        }
    }
}
