//! The processing page: what the backend says, what failed, every file and analysis with its job, what is held, the flow.

mod ask;
mod backend;
mod detail;
mod failures;
mod files;
mod flow;
mod held;
mod rows;
mod story;

use egui::{Align, Layout, RichText, Ui};
use egui_extras::TableRow;

use super::map_texture::MapTextures;
use super::scene::Scene;
use super::{export, theme, words};
use crate::snapshot::{CloseSubject, Snapshot};
use monitasks::quality::State;

pub use held::hold_line;
use rows::{Filter, Order, Selected};

/// The parts of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Part {
    /// A row per file and processing, and per analysis.
    #[default]
    Files,
    /// What the lanes' rules hold, and each processing of a run.
    Held,
    /// Watcher, batch system, mail, copies, what is put off.
    Backend,
    /// Latency, rate, backlog, disks.
    Flow,
}

/// What the page remembers while the window is open.
pub struct ProcessingView {
    part: Part,
    filter: Filter,
    order: Order,
    ascending: bool,
    /// What is shown in full below the table.
    selected: Option<Selected>,
    /// What was asked for and needs a second click.
    question: Option<ask::Question>,
    flow_window_s: u64,
    textures: MapTextures,
}

impl Default for ProcessingView {
    fn default() -> Self {
        ProcessingView {
            part: Part::Files,
            filter: Filter::default(),
            order: Order::Need,
            ascending: false,
            selected: None,
            question: None,
            flow_window_s: flow::WINDOWS[1].1,
            textures: MapTextures::default(),
        }
    }
}

impl ProcessingView {
    /// The window of the flow that is looked at, s; none when it is not.
    #[must_use]
    pub fn watched_flow_s(&self) -> Option<u64> {
        (self.part == Part::Flow).then_some(self.flow_window_s)
    }

    /// The file and the log that are looked at closely.
    #[must_use]
    pub fn close_subject(&self, snapshot: &Snapshot) -> CloseSubject {
        let selected = self.selected.as_ref().filter(|_| self.part == Part::Files);
        let row = selected.and_then(|selected| rows::find(snapshot, selected));
        row.map(|row| CloseSubject { file: row.file(), log: row.job().map(|job| job.log.clone()) }).unwrap_or_default()
    }
}

/// Draws the page.
pub fn show(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut ProcessingView) {
    view.textures.next_frame();
    if ui.available_height() >= LEAST_HEIGHT {
        above(ui, scene, view);
        part(ui, scene, view);
    } else {
        egui::ScrollArea::vertical().id_salt("page").auto_shrink([false, false]).show(ui, |ui| {
            above(ui, scene, view);
            ui.allocate_ui(egui::vec2(ui.available_width(), LEAST_PART), |ui| part(ui, scene, view));
        });
    }
    ask::show(ui, scene, view);
}

/// In a page lower than this, points, as with large letters, the part below the tabs would have no room: all of it is scrolled.
const LEAST_HEIGHT: f32 = 380.0;
/// Height of the part below the tabs then.
const LEAST_PART: f32 = 270.0;

/// In a page narrower than this, points, the table of files is scrolled to its buttons.
const LEAST_WIDTH: f32 = 960.0;

/// What stands above the part that is chosen.
fn above(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut ProcessingView) {
    backend::card(ui, scene);
    ui.add_space(2.0);
    failures::strip(ui, scene, view);
    ui.add_space(2.0);
    tabs(ui, scene, view);
    let older = scene.snapshot.older_runs;
    if older > 0 {
        let words = format!(
            "{older} older runs that are over are not listed here; all are on the Runs page, and 'dqmon show RUN' tells of one."
        );
        ui.add(egui::Label::new(RichText::new(words).small().weak()).wrap());
    }
    ui.separator();
}

/// The part that is chosen.
fn part(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut ProcessingView) {
    match view.part {
        Part::Files => files_part(ui, scene, view),
        Part::Held => held::show(ui, scene),
        Part::Backend => backend::show(ui, scene),
        Part::Flow => flow::show(ui, scene, view),
    }
}

fn tabs(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut ProcessingView) {
    let runs = &scene.snapshot.runs;
    let files: usize = runs.iter().map(|row| row.files.len()).sum();
    let held = runs.iter().flat_map(|row| &row.processings).filter(|processing| processing.hold.is_some()).count();
    let put_off = scene.snapshot.processing.put_off.len();
    ui.horizontal_wrapped(|ui| {
        for (part, name, hover) in [
            (Part::Files, format!("Files ({files})"), "Each file in each processing, and each analysis, with its job"),
            (Part::Held, format!("Runs and rules ({held} held)"), "Each processing of a run: what holds it, what is missing"),
            (
                Part::Backend,
                format!("Copies and services ({put_off} put off)"),
                "Watcher, batch system, mail, copies, what is tried again",
            ),
            (Part::Flow, "Flow".to_owned(), "How fast files go through, what waits, when disks are full"),
        ] {
            // A copy that was put off is no file's failure: nothing else on the page tells of it.
            let warns = part == Part::Backend && put_off > 0;
            let name = if warns { theme::bold(name).color(theme::warning(scene.look)) } else { theme::bold(name) };
            if ui.selectable_label(view.part == part, name).on_hover_text(hover).clicked() {
                view.part = part;
            }
        }
        export::page_button(ui, scene);
    });
}

fn files_part(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut ProcessingView) {
    files::filters(ui, scene, view);
    ui.add_space(2.0);
    let snapshot = scene.snapshot;
    if let Some(row) = view.selected.as_ref().and_then(|selected| rows::find(snapshot, selected)) {
        let strip = egui::Panel::bottom("file").frame(egui::Frame::new()).resizable(true);
        let most = (ui.available_height() - 120.0).max(140.0);
        let strip = strip.default_size(272.0_f32.min(most)).size_range(120.0..=most);
        strip.show(ui, |ui| detail::show(ui, scene, view, &row));
    }
    let room = ui.available_height();
    // While one row's details are shown, the list of what was not taken makes room for them.
    let is_listed = !snapshot.not_taken.is_empty() && view.selected.is_none();
    let below = if is_listed { (room * 0.22).clamp(60.0, 150.0) } else { 0.0 };
    let size = egui::vec2(ui.available_width(), (room - below).max(60.0));
    if size.x >= LEAST_WIDTH {
        ui.allocate_ui(size, |ui| files::table(ui, scene, view));
    } else {
        egui::ScrollArea::horizontal().id_salt("wide").show(ui, |ui| {
            ui.allocate_ui(egui::vec2(LEAST_WIDTH, size.y), |ui| files::table(ui, scene, view));
        });
    }
    if below > 0.0 {
        files::not_taken(ui, scene);
    }
}

/// A small button with a name of its own for those who can't see it; whether it was pressed.
fn named(ui: &mut Ui, words: &str, name: &str) -> bool {
    let button = ui.small_button(words).on_hover_text(name);
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, name));
    button.clicked()
}

/// Glyph, letter and words in the colour of a state.
fn marked(ui: &mut Ui, scene: &Scene<'_>, state: State, text: &str) {
    let status = theme::state(state, scene.look);
    let words = RichText::new(format!("{} {} {text}", status.glyph, status.letter)).color(status.colour);
    ui.add(egui::Label::new(words).wrap());
}

fn cell(row: &mut TableRow<'_, '_>, text: RichText, hover: &str) {
    row.col(|ui| {
        let label = ui.add(egui::Label::new(text).selectable(false).truncate());
        if !hover.is_empty() {
            label.on_hover_text(hover);
        }
    });
}

fn right(row: &mut TableRow<'_, '_>, text: impl Into<RichText>) {
    let text: RichText = text.into();
    row.col(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(6.0);
            ui.add(egui::Label::new(text).selectable(false).truncate());
        });
    });
}

/// `in 12 s`, or `now` for a moment that is past.
fn until(moment: jiff::Timestamp, now: jiff::Timestamp) -> String {
    let seconds = words::seconds_between(now, moment);
    if seconds <= 0.0 { "now".into() } else { format!("in {}", words::duration(seconds.ceil())) }
}
