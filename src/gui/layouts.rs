//! Layouts with names: official ones of the workspace, own ones that are kept between starts; their menu and their dialog.

use egui::{RichText, TextEdit, Ui};
use serde::{Deserialize, Serialize};

use super::layout::Layout;
use super::scene::Scene;
use super::state::{Action, ItemRef, UiState};
use super::{keys, theme};
use crate::snapshot::{LayoutShown, Snapshot};

/// No more of one's own are kept.
const MOST: usize = 50;
/// The longest name.
const LONGEST_NAME: usize = 60;

/// A layout of one's own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OwnLayout {
    /// Its name.
    pub name: String,
    /// Its panes.
    pub layout: Layout,
}

/// Which layout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LayoutName {
    /// An official one.
    Official(String),
    /// One's own.
    Own(String),
}

/// What is done with layouts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayoutAction {
    /// Lay the panes out like this one.
    Choose(LayoutName),
    /// The n-th of the list, from 0.
    ChooseNumber(usize),
    /// Ask for a name to keep the panes under.
    AskSave,
    /// Keep the panes under a name; one of that name is replaced.
    Save(String),
    /// Ask for another name of one's own layout.
    AskRename(String),
    /// Give one's own layout another name.
    Rename(String, String),
    /// Forget one's own layout.
    Delete(String),
}

/// The dialog that asks for a name.
#[derive(Debug, Clone, Default)]
pub struct NameDialog {
    /// The layout that is renamed; none when one is saved.
    from: Option<String>,
    name: String,
    has_begun: bool,
}

impl LayoutName {
    /// As menus have it.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            LayoutName::Official(name) | LayoutName::Own(name) => name,
        }
    }
}

/// All layouts with names, in the order of their keys: official ones, those of the person's role first, then one's own.
#[must_use]
pub fn list(snapshot: &Snapshot, state: &UiState) -> Vec<LayoutName> {
    let role = state.role.trim().to_lowercase();
    let is_for = |layout: &LayoutShown| layout.role.as_ref().is_some_and(|of| of.to_lowercase() == role);
    let mut official: Vec<&LayoutShown> = snapshot.desk.layouts.iter().collect();
    official.sort_by_key(|layout| !is_for(layout));
    let official = official.into_iter().map(|layout| LayoutName::Official(layout.name.clone()));
    official.chain(state.layouts.iter().map(|own| LayoutName::Own(own.name.clone()))).collect()
}

/// The panes of a layout; none when there is no such layout any more.
#[must_use]
pub fn panes_of(name: &LayoutName, snapshot: &Snapshot, state: &UiState) -> Option<Layout> {
    match name {
        LayoutName::Own(name) => state.layouts.iter().find(|own| own.name == *name).map(|own| own.layout.clone()),
        LayoutName::Official(name) => {
            let layout = snapshot.desk.layouts.iter().find(|layout| layout.name == *name)?;
            let item =
                |pane: &crate::snapshot::PaneShown| (ItemRef { task: pane.task.clone(), item: pane.item.clone() }, pane.view);
            let rows: Vec<Vec<Vec<_>>> =
                layout.rows.iter().map(|row| row.iter().map(|cell| cell.iter().map(item).collect()).collect()).collect();
            Some(Layout::of_rows(&rows))
        }
    }
}

/// Does something with layouts; answers what to tell when it can't be done.
///
/// # Errors
/// Why it was not done.
pub fn act(
    action: LayoutAction,
    snapshot: &Snapshot,
    state: &mut UiState,
    dialog: &mut Option<NameDialog>,
) -> Result<(), String> {
    match action {
        LayoutAction::ChooseNumber(number) => match list(snapshot, state).into_iter().nth(number) {
            Some(name) => return act(LayoutAction::Choose(name), snapshot, state, dialog),
            None => return Err(format!("there is no layout {}: the menu \"Layout\" lists those there are", number + 1)),
        },
        LayoutAction::Choose(name) => {
            let Some(layout) = panes_of(&name, snapshot, state) else {
                return Err(format!("there is no layout named {:?} any more", name.words()));
            };
            state.layout = Some(layout);
            state.layout_name = Some(name);
        }
        LayoutAction::AskSave => {
            let name = match &state.layout_name {
                Some(LayoutName::Own(name)) => name.clone(),
                _ => String::new(),
            };
            *dialog = Some(NameDialog { from: None, name, has_begun: false });
        }
        LayoutAction::AskRename(from) => *dialog = Some(NameDialog { name: from.clone(), from: Some(from), has_begun: false }),
        LayoutAction::Save(name) => {
            let Some(layout) = state.layout.clone() else { return Err("there are no panes to keep".into()) };
            let is_full = state.layouts.len() >= MOST;
            match state.layouts.iter_mut().find(|own| own.name == name) {
                Some(own) => own.layout = layout,
                None if is_full => return Err(format!("{MOST} layouts are kept already: delete one")),
                None => state.layouts.push(OwnLayout { name: name.clone(), layout }),
            }
            state.layout_name = Some(LayoutName::Own(name));
        }
        LayoutAction::Rename(from, to) => {
            if state.layouts.iter().any(|own| own.name == to) && from != to {
                return Err(format!("a layout is called {to:?} already: take another name"));
            }
            let Some(own) = state.layouts.iter_mut().find(|own| own.name == from) else {
                return Err(format!("there is no layout named {from:?} any more"));
            };
            own.name.clone_from(&to);
            if state.layout_name == Some(LayoutName::Own(from)) {
                state.layout_name = Some(LayoutName::Own(to));
            }
        }
        LayoutAction::Delete(name) => {
            state.layouts.retain(|own| own.name != name);
            if state.layout_name == Some(LayoutName::Own(name)) {
                state.layout_name = None;
            }
        }
    }
    Ok(())
}

/// Draws the menu of layouts.
pub fn menu(ui: &mut Ui, scene: &mut Scene<'_>, state: &UiState) {
    let shown = state.layout_name.as_ref().map_or("unnamed", LayoutName::words);
    let cut: String = if shown.chars().count() > 22 { shown.chars().take(21).chain(['…']).collect() } else { shown.to_owned() };
    let menu = ui.menu_button(format!("Layout: {cut} ▾"), |ui| {
        ui.set_min_width(220.0);
        let names = list(scene.snapshot, state);
        if names.is_empty() {
            let words = "No layout has a name yet. Official ones stand in layouts/*.toml of the workspace.";
            ui.add(egui::Label::new(RichText::new(words).small().weak()).wrap());
        }
        for (number, name) in names.iter().enumerate() {
            line(ui, scene, state, number, name);
        }
        ui.separator();
        for (words, action) in
            [("Save the panes as…", Action::Layout(LayoutAction::AskSave)), ("Panes of the first start", Action::ResetLayout)]
        {
            if ui.button(words).clicked() {
                scene.ask(action);
                ui.close();
            }
        }
    });
    menu.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Layout: {shown}")));
}

fn line(ui: &mut Ui, scene: &mut Scene<'_>, state: &UiState, number: usize, name: &LayoutName) {
    let is_chosen = state.layout_name.as_ref() == Some(name);
    let choose = Action::Layout(LayoutAction::Choose(name.clone()));
    let key = keys::key_of(&Action::Layout(LayoutAction::ChooseNumber(number))).unwrap_or_default();
    let official = match name {
        LayoutName::Official(words) => scene.snapshot.desk.layouts.iter().find(|layout| layout.name == *words),
        LayoutName::Own(_) => None,
    };
    let role = official.and_then(|layout| layout.role.as_ref()).map(|role| format!(", for the {role}")).unwrap_or_default();
    let words = if official.is_some() { format!("{} (official{role})", name.words()) } else { name.words().to_owned() };
    ui.horizontal(|ui| {
        let button = ui.add(egui::Button::selectable(is_chosen, words).right_text(RichText::new(key).weak()));
        let spoken = format!("Layout {}", name.words());
        button.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_chosen, &spoken));
        let about = official.map(|layout| format!("{} {}", layout.about, layout.file)).unwrap_or("One of your own".into());
        if button.on_hover_text(about.trim()).clicked() {
            scene.ask(choose);
            ui.close();
        }
        let LayoutName::Own(own) = name else { return };
        for (words, action) in [("Rename…", LayoutAction::AskRename(own.clone())), ("Delete", LayoutAction::Delete(own.clone()))]
        {
            let button = ui.small_button(words);
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("{words} layout {own}")));
            if button.clicked() {
                scene.ask(Action::Layout(action));
                ui.close();
            }
        }
    });
}

/// Draws the dialog; false when it is to be closed.
pub fn dialog(ui: &Ui, scene: &mut Scene<'_>, dialog: &mut NameDialog, state: &UiState) -> bool {
    let mut is_open = true;
    let modal = egui::Modal::new(egui::Id::unique("layout name")).show(ui.ctx(), |ui| {
        ui.set_width(360.0);
        let (title, verb) = if dialog.from.is_some() { ("Rename the layout", "Rename") } else { ("Save the panes as", "Save") };
        ui.label(theme::section(title));
        let field = ui
            .add(TextEdit::singleline(&mut dialog.name).hint_text("Name").desired_width(f32::INFINITY).char_limit(LONGEST_NAME));
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Name of the layout"));
        if !std::mem::replace(&mut dialog.has_begun, true) {
            field.request_focus();
        }
        let name = dialog.name.trim().to_owned();
        let replaces = dialog.from.is_none() && state.layouts.iter().any(|own| own.name == name);
        let hint = if replaces { "It takes the place of the one of that name." } else { "" };
        ui.label(RichText::new(hint).small().weak());
        ui.horizontal(|ui| {
            let enter = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            let button = ui.add_enabled(!name.is_empty(), egui::Button::new(verb));
            if !name.is_empty() && (button.clicked() || enter) {
                let action = match dialog.from.clone() {
                    Some(from) => LayoutAction::Rename(from, name),
                    None => LayoutAction::Save(name),
                };
                scene.ask(Action::Layout(action));
                is_open = false;
            }
            if ui.button("Cancel").clicked() {
                is_open = false;
            }
        });
    });
    is_open && !modal.should_close()
}
