//! The search field over the task tree: items that have all of some words stay, the others go.

use egui::{Event, Key, Modifiers, Ui, vec2};

use super::scene::{Scene, shown_tasks};
use super::state::{Action, ItemRef};
use crate::snapshot::{ItemNode, TaskNode};

/// The name of the field, for those who don't see it and for tests.
const NAME: &str = "Find an item";

/// The words that are looked for, in lower case; none for all items.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search(Vec<String>);

impl Search {
    /// The search for a text: each of its words has to be there.
    #[must_use]
    pub fn of(text: &str) -> Search {
        Search(text.split_whitespace().map(str::to_lowercase).collect())
    }

    /// Whether all items stay.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an item has all the words: in its name, its task's name, its state or its value.
    #[must_use]
    pub fn finds(&self, task: &TaskNode, item: &ItemNode) -> bool {
        let texts = [&task.title, &task.name, &item.title, &item.name, &item.glance.text];
        let state = item.glance.state.words();
        self.0.iter().all(|word| texts.iter().any(|text| has(text, word)) || has(state, word))
    }
}

/// Whether a text has a word that is in lower case, whatever the text's own case.
fn has(text: &str, word: &str) -> bool {
    if text.is_ascii() && word.is_ascii() {
        return text.as_bytes().windows(word.len().max(1)).any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
    }
    text.to_lowercase().contains(word)
}

/// Draws the field and answers what is looked for. Ctrl+F goes to it, Esc empties it, Enter shows the first item found.
pub fn field(ui: &mut Ui, scene: &mut Scene<'_>) -> Search {
    let id = ui.make_persistent_id("tree search");
    let mut text: String = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let is_wanted = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::F));
    let edit = egui::TextEdit::singleline(&mut text).id(id.with("field")).hint_text("Find an item (Ctrl+F)");
    let response = ui.add_sized(vec2(ui.available_width(), ui.spacing().interact_size.y), edit);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, NAME));
    if is_wanted {
        response.request_focus();
    }
    // Esc takes the focus away and is used up before the field is drawn: the keys as they came still have it.
    let is_pressed = |event: &Event, wanted: Key| matches!(event, Event::Key { key, pressed: true, .. } if *key == wanted);
    let left_by =
        |key: Key| response.lost_focus() && ui.input(|input| input.raw.events.iter().any(|event| is_pressed(event, key)));
    if left_by(Key::Escape) {
        text.clear();
    }
    let search = Search::of(&text);
    if left_by(Key::Enter) && !search.is_empty() {
        let tasks = shown_tasks(scene.snapshot);
        let mut found = tasks.into_iter().flat_map(|task| task.items.iter().map(move |item| (task, item)));
        if let Some((task, item)) = found.find(|(task, item)| search.finds(task, item)) {
            scene.ask(Action::ShowItem(ItemRef { task: task.name.clone(), item: item.name.clone() }));
        }
    }
    ui.data_mut(|data| data.insert_temp(id, text));
    search
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use monitasks::quality::State;
    use monitasks::task::Glance;

    use super::*;

    fn task() -> TaskNode {
        let mut glance = Glance::no_data("none yet");
        glance.text = "χ²/n 1.1".into();
        let item = ItemNode {
            name: "rms_view_0".into(),
            title: "RMS of view 0".into(),
            about: String::new(),
            glance,
            verdicts: Arc::default(),
            newest: None,
            spark: Arc::default(),
        };
        TaskNode {
            name: "pedestals".into(),
            title: "Pedestals".into(),
            about: String::new(),
            state: State::NoData,
            fault: None,
            results: 0,
            unread: Vec::new(),
            items: vec![item],
        }
    }

    #[test]
    fn every_word_has_to_be_there_in_any_order_and_case() {
        let task = task();
        let finds = |text: &str| Search::of(text).finds(&task, &task.items[0]);
        for text in ["", "  ", "rms", "VIEW ped", "0 Pedestals rms", "χ²", "Χ²/N", "no data"] {
            assert!(finds(text), "{text:?}");
        }
        for text in ["rms gain", "view1", "pedestalss"] {
            assert!(!finds(text), "{text:?}");
        }
    }
}
