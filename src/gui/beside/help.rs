//! Help: what is looked at now, with what its checks mean, what to do and whom to call; below it the shifter's guide, with a search.

mod guide;

use egui::{RichText, ScrollArea, TextEdit, Ui, vec2};
use monitasks::quality::State;

pub use self::guide::topics;
use self::guide::{Block, Guide};
use crate::gui::people::alarms;
use crate::gui::scene::Scene;
use crate::gui::state::{ItemRef, Page, UiState};
use crate::gui::{theme, words};
use crate::snapshot::{ItemNode, TaskNode};

/// What of the window is kept.
#[derive(Debug, Clone, Default)]
pub struct HelpView {
    /// Whether it is open.
    pub is_open: bool,
    /// Only parts of the guide with these words are shown.
    query: String,
    /// The guide, read when it is first looked at.
    guide: Option<Guide>,
}

impl HelpView {
    /// Opens the guide at a topic.
    pub fn open_at(&mut self, topic: String) {
        (self.is_open, self.query) = (true, topic);
    }
}

/// Draws the window while it is open.
pub fn show(ui: &Ui, scene: &mut Scene<'_>, view: &mut HelpView, state: &UiState) {
    if !view.is_open {
        return;
    }
    let mut is_open = true;
    let screen = ui.ctx().content_rect();
    let size = vec2((screen.width() * 0.62).min(820.0), (screen.height() * 0.78).min(660.0));
    egui::Window::new("Help")
        .open(&mut is_open)
        .collapsible(false)
        .default_size(size)
        .default_pos(screen.center() - size / 2.0)
        .show(ui.ctx(), |ui| {
            ui.set_min_size(size);
            search(ui, view);
            ui.separator();
            ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                if view.query.trim().is_empty() {
                    looked_at(ui, scene, state);
                }
                let HelpView { guide, query, .. } = view;
                read(ui, guide.get_or_insert_with(Guide::read), query);
            });
        });
    view.is_open = is_open;
}

fn search(ui: &mut Ui, view: &mut HelpView) {
    ui.horizontal(|ui| {
        let field = ui.add(TextEdit::singleline(&mut view.query).hint_text("Find in the guide").desired_width(260.0));
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Find in the guide"));
        let guide = view.guide.get_or_insert_with(Guide::read);
        let found = guide.parts(&view.query).count();
        let said = if view.query.trim().is_empty() { "the shifter's guide".to_owned() } else { words::count(found, "part") };
        ui.label(RichText::new(said).weak());
    });
}

/// Help for what is looked at: the plot of the active pane, else the page.
fn looked_at(ui: &mut Ui, scene: &Scene<'_>, state: &UiState) {
    if scene.snapshot.workspace.is_some() {
        ui.label(theme::section(&format!("The {} page", name_of(state.page))));
        ui.add(egui::Label::new(about_page(state.page)).wrap());
        ui.add_space(theme::GAP);
    }
    if let Some(shows) = active_item(state).filter(|_| state.page == Page::Monitor)
        && let Some(task) = scene.snapshot.task(&shows.task)
        && let Some(item) = task.items.iter().find(|item| item.name == shows.item)
    {
        about_item(ui, scene, (task, item), &shows);
    }
    ui.separator();
}

/// The item of the active pane.
fn active_item(state: &UiState) -> Option<ItemRef> {
    let layout = state.layout.as_ref()?;
    layout.tree.tiles.get_pane(&layout.active?)?.shows.clone()
}

fn about_item(ui: &mut Ui, scene: &Scene<'_>, (task, item): (&TaskNode, &ItemNode), shows: &ItemRef) {
    ui.label(theme::section(&format!("{}: {}", task.title, item.title)));
    let wrapped = |ui: &mut Ui, text: RichText| drop(ui.add(egui::Label::new(text).wrap()));
    ui.horizontal(|ui| {
        theme::status_mark(ui, theme::state(item.glance.state, scene.look));
        wrapped(ui, theme::bold(format!("{}: {}", item.glance.state.words(), item.glance.text)));
    });
    if !item.glance.reason.is_empty() {
        wrapped(ui, RichText::new(&item.glance.reason));
    }
    wrapped(ui, RichText::new(&item.about));
    wrapped(ui, RichText::new(&task.about).weak());
    if alarms::of_item(scene, shows).is_some() {
        wrapped(ui, RichText::new("It has an alarm: \"Answer…\" above the plot.").color(theme::fault(scene.look)));
    }
    ui.add_space(theme::GAP);
    if item.verdicts.is_empty() {
        wrapped(ui, RichText::new("No check judges it: look whether it is as it should be.").weak());
    }
    for verdict in item.verdicts.iter() {
        let style = theme::state(verdict.state(), scene.look);
        let head = format!("{} {} check {}: {}", style.glyph, style.letter, verdict.check, verdict.reason());
        wrapped(ui, RichText::new(head).color(style.colour));
        if verdict.state() != State::Ok {
            let advice = &verdict.advice;
            for (what, words) in [("It means", &advice.meaning), ("Do", &advice.action), ("Call", &advice.contact)] {
                wrapped(ui, RichText::new(format!("{what}: {words}")));
            }
        }
    }
    ui.add_space(theme::GAP);
}

fn name_of(page: Page) -> &'static str {
    match page {
        Page::Monitor => "Monitor",
        Page::Runs => "Runs",
        Page::Processing => "Processing",
        Page::Problems => "Problems",
        Page::Meeting => "Meeting",
    }
}

/// What a page is for and what one does there.
fn about_page(page: Page) -> &'static str {
    match page {
        Page::Monitor => {
            "Plots of the newest results, or of the run that is chosen. At the left all there are, with their states; at the right the run's \
             card, where it is decided; at the bottom all runs in time."
        }
        Page::Runs => "All runs in a table that is searched. A click looks at a run; several selected are flagged together.",
        Page::Processing => {
            "Where each file is, what failed and what to do about it, and whether the backend and its services are well."
        }
        Page::Problems => {
            "What is wrong and who sees to it: alarms to acknowledge, known issues in force, problems with their stories."
        }
        Page::Meeting => {
            "What came since the last meeting: undecided runs with a proposal, open problems, what is to be done. It is printed and signed off here."
        }
    }
}

/// The parts of the guide that have the words.
fn read(ui: &mut Ui, guide: &Guide, query: &str) {
    let mut is_any = false;
    for part in guide.parts(query) {
        is_any = true;
        for block in part {
            draw(ui, block);
        }
        ui.add_space(theme::WIDE_GAP);
    }
    if !is_any {
        ui.label(RichText::new("No part of the guide has these words.").weak());
    }
}

fn draw(ui: &mut Ui, block: &Block) {
    let wrapped = |ui: &mut Ui, text: RichText| drop(ui.add(egui::Label::new(text).wrap()));
    match block {
        Block::Heading(text) => wrapped(ui, theme::bold(text).size(16.0)),
        Block::Text(text) => wrapped(ui, RichText::new(text)),
        Block::Point(text) => {
            ui.horizontal_top(|ui| {
                ui.label("•");
                wrapped(ui, RichText::new(text));
            });
        }
        Block::Row(cells) => {
            let room = ui.available_width();
            let first = (room * 0.26).max(90.0);
            let other = (room - first) / (cells.len().max(2) - 1) as f32 - 12.0;
            ui.horizontal_top(|ui| {
                for (place, cell) in cells.iter().enumerate() {
                    let width = if place == 0 { first } else { other };
                    let text = if place == 0 { theme::bold(cell) } else { RichText::new(cell) };
                    ui.allocate_ui(vec2(width, 0.0), |ui| {
                        ui.set_width(width);
                        wrapped(ui, text);
                    });
                }
            });
        }
        Block::Code(text) => wrapped(ui, RichText::new(text).monospace()),
    }
}
