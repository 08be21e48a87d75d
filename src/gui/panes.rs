//! The docked panes in the middle: tabs, splits, and the figures in them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use egui::{Id, Ui, WidgetText};
use egui_tiles::{Behavior, LinearDir, SimplificationOptions, Tabs, TileId, Tiles, UiResponse};
use monitasks::figure::Figure;
use monitasks::views::{self, LogAxes, PlotChoices, Shape};

use super::checks_part;
use super::event_pane;
use super::export;
use super::figure_ui::{self, Clicked, FigureView, Links};
use super::layout::{EVENT_TASK, Layout, Pane, RULES, WAVEFORM_ITEM};
use super::map_texture::MapTextures;
use super::pane_choices::{self, LayoutSays, PlotAction};
use super::people::{self, Link, PeopleAction};
use super::scene::Scene;
use super::state::{Action, ItemRef, RunChoice};
use super::theme;
use crate::engine::{ChecksCommand, Command, ViewCommand};
use crate::snapshot::{FOUND_LAYERS, FigureKey, ItemNode, Only, PlotView, Snapshot, TaskNode};

/// What the panes keep from frame to frame.
#[derive(Default)]
pub struct PaneMemory {
    textures: MapTextures,
    last: HashMap<u64, (ItemRef, Arc<Figure>)>,
    reset_zoom: bool,
    /// The panes in which all verdicts are shown.
    open_checks: HashSet<u64>,
    /// The panels of the figures that have them.
    panels: HashMap<u64, (Arc<Figure>, Vec<Arc<Figure>>)>,
    /// The pointer as it stood in the last frame: in which pane, over which quantity and where along x.
    pointer: Option<(u64, Id, f64)>,
    /// The same of this frame, while it is being drawn.
    next_pointer: Option<(u64, Id, f64)>,
    /// Events are shown without the hits and tracks found in them.
    hides_found: bool,
}

impl PaneMemory {
    /// The active pane shows all its data again in the next frame.
    pub fn reset_zoom(&mut self) {
        self.reset_zoom = true;
    }

    /// The panels of a figure, each made once.
    fn panels_of(&mut self, pane: u64, figure: &Arc<Figure>) -> Vec<Arc<Figure>> {
        let Some(panels) = &figure.panels else { return Vec::new() };
        match self.panels.get(&pane) {
            Some((of, panels)) if Arc::ptr_eq(of, figure) => panels.clone(),
            _ => {
                let made: Vec<Arc<Figure>> = panels.plots.iter().cloned().map(Arc::new).collect();
                self.panels.insert(pane, (figure.clone(), made.clone()));
                made
            }
        }
    }
}

/// Draws the panes.
pub fn show(ui: &mut Ui, scene: &mut Scene<'_>, layout: &mut Layout, memory: &mut PaneMemory) {
    memory.textures.next_frame();
    if layout.tree.is_empty() {
        figure_ui::said_in_the_middle(
            ui,
            "No pane is open. Choose an item of the tree at the left, or press Ctrl+K and reset the panes.",
        );
        return;
    }
    let has_waveform = layout.place_of(&event_pane::waveform_item()).is_some();
    let says = LayoutSays::of(layout);
    let mut docked = Docked { scene, memory, active: layout.active, has_waveform, says };
    layout.tree.ui(&mut docked, ui);
    memory.reset_zoom = false;
    memory.pointer = memory.next_pointer.take();
    let panes: Vec<u64> = layout
        .tree
        .tiles
        .tiles()
        .filter_map(|tile| if let egui_tiles::Tile::Pane(pane) = tile { Some(pane.id) } else { None })
        .collect();
    memory.last.retain(|id, _| panes.contains(id));
    memory.open_checks.retain(|id| panes.contains(id));
    memory.panels.retain(|id, _| panes.contains(id));
}

/// The figure of a part of the shift; an event is an event.
#[must_use]
pub fn within(key: FigureKey, only: Only) -> FigureKey {
    if key.task == EVENT_TASK { key } else { key.within(only) }
}

struct Docked<'a, 'b> {
    scene: &'a mut Scene<'b>,
    memory: &'a mut PaneMemory,
    active: Option<TileId>,
    /// Some pane shows the waveform of a strip.
    has_waveform: bool,
    /// What is so in all panes.
    says: LayoutSays,
}

/// Task and item of a pane in the tree.
fn node<'a>(snapshot: &'a Snapshot, shows: Option<&ItemRef>) -> Option<(&'a TaskNode, &'a ItemNode)> {
    let shows = shows?;
    let task = snapshot.task(&shows.task)?;
    Some((task, task.items.iter().find(|item| item.name == shows.item)?))
}

/// The name of a pane: `Purity: Lifetime trend`.
fn title(snapshot: &Snapshot, pane: &Pane) -> String {
    let suffix = pane_choices::suffix(&pane.choices, pane.view);
    match (node(snapshot, pane.shows.as_ref()), &pane.shows) {
        (Some((task, item)), _) => format!("{}: {}{suffix}", task.title, item.title),
        (None, Some(shows)) => format!("{}: {}{suffix}", shows.task, shows.item),
        (None, None) => "Empty pane".into(),
    }
}

impl Docked<'_, '_> {
    fn key(&self, pane: &Pane) -> Option<FigureKey> {
        pane.key(self.scene.choice.fixed(), self.scene.lane).map(|key| within(key, self.scene.only))
    }

    /// What checks think of the plot: a line of the worst, and all of it while that is open.
    fn checks(&mut self, ui: &mut Ui, pane: &Pane, pane_title: &str) {
        let snapshot = self.scene.snapshot;
        let verdicts = self.key(pane).map_or(&[][..], |key| snapshot.verdicts_of(&key));
        if verdicts.is_empty() {
            return;
        }
        let mut is_open = self.memory.open_checks.contains(&pane.id);
        if checks_part::line(ui, self.scene, verdicts, pane_title) {
            is_open = !is_open;
            if is_open {
                self.memory.open_checks.insert(pane.id);
            } else {
                self.memory.open_checks.remove(&pane.id);
            }
        }
        if is_open {
            checks_part::show(ui, self.scene, verdicts, pane.id);
        }
    }

    /// The figure that was asked for, or the last one of this pane while that is being made.
    fn figure(&mut self, pane: &Pane, shows: &ItemRef) -> Option<(Arc<Figure>, bool)> {
        let figures = &self.scene.snapshot.figures;
        if let Some(figure) = self.key(pane).and_then(|key| figures.get(&key)) {
            self.memory.last.insert(pane.id, (shows.clone(), figure.clone()));
            return Some((figure.clone(), false));
        }
        let (item, figure) = self.memory.last.get(&pane.id)?;
        (item == shows).then(|| (figure.clone(), true))
    }

    /// Shows the waveform of the strip that was clicked, in a pane of its own below the view if there is none yet.
    fn show_strip(&mut self, tile_id: TileId, item: &str, at: [f64; 2]) {
        let Some(detector) = self.scene.snapshot.workspace.as_ref().map(|facts| facts.detector.clone()) else { return };
        let Some(strip) = event_pane::strip_at(item, at, &detector) else { return };
        self.scene.send(Command::View(ViewCommand::ShowStrip(strip)));
        if !self.has_waveform {
            self.scene.ask(Action::Split(tile_id, LinearDir::Vertical));
            self.scene.ask(Action::ShowItem(event_pane::waveform_item()));
        }
    }

    /// A click on a trend chooses the run of the result there; one on a bin, a cell or a point shows that place's trend.
    fn follow(&mut self, tile_id: TileId, pane: &Pane, figure: &Figure, clicked: Clicked) {
        let part = clicked.panel.and_then(|place| figure.panels.as_ref()?.plots.get(place)).unwrap_or(figure);
        if !part.origins.is_empty() {
            if let Some(run) = pane_choices::run_at(part, clicked.at, clicked.reach).filter(|_| !self.scene.is_bare()) {
                self.scene.ask(Action::SelectRun(RunChoice::Fixed(run)));
            }
            return;
        }
        // What is changed as a whole has no places of the task any more.
        let is_of_task = pane.choices.shape == Shape::AsDrawn && pane.choices.runs.is_empty() && !pane.view.compares();
        let place = views::place_at(part, clicked.at, clicked.reach).filter(|_| is_of_task && pane.choices.place.is_none());
        if let Some(place) = place {
            self.scene.ask(Action::Plots(PlotAction::ShowPlace(tile_id, place)));
        }
    }

    fn body(&mut self, ui: &mut Ui, tile_id: TileId, pane: &Pane) {
        let Some(shows) = &pane.shows else {
            figure_ui::said_in_the_middle(ui, "Choose an item of the tree at the left: it will show here.");
            return;
        };
        let reset_zoom = self.memory.reset_zoom && self.active == Some(tile_id);
        let task = self.scene.snapshot.task(&shows.task);
        if self.scene.is_bare() && task.is_some_and(|task| task.results == 0 && task.unread.is_empty()) {
            figure_ui::said_in_the_middle(ui, "None of the files looked at holds a result that this task reads.");
            return;
        }
        match self.figure(pane, shows) {
            Some((figure, is_waiting)) => {
                people::alarms::pane_line(ui, self.scene, shows);
                people::plot_lines(ui, self.scene, shows);
                let zoom_key = zoom_key(shows, pane);
                let pane_title = title(self.scene.snapshot, pane);
                self.checks(ui, pane, &pane_title);
                let is_event = shows.task == EVENT_TASK;
                let panels = self.memory.panels_of(pane.id, &figure);
                let pointer = self.memory.pointer.filter(|(of, ..)| *of != pane.id && self.says.links_cursors);
                let links = Links { axes: self.says.links_axes, pointer: pointer.map(|(_, over, x)| (over, x)) };
                let is_waveform = is_event && shows.item == WAVEFORM_ITEM;
                let PaneMemory { textures, hides_found, .. } = self.memory;
                let hidden: &[&str] = if *hides_found && is_event { &FOUND_LAYERS } else { &[] };
                let view = FigureView {
                    figure: &figure,
                    pane: pane.id,
                    pane_title,
                    zoom_key,
                    reset_zoom,
                    is_waiting,
                    hidden,
                    panels: &panels,
                    links,
                };
                let mut buttons = |ui: &mut Ui| {
                    event_pane::event_buttons(ui, self.scene, hides_found);
                    if is_waveform {
                        event_pane::strip_buttons(ui, self.scene);
                    }
                };
                let lead: Option<&mut dyn FnMut(&mut Ui)> = if is_event { Some(&mut buttons) } else { None };
                let touched = figure_ui::show(ui, &view, textures, lead);
                if let Some((over, x)) = touched.pointer {
                    self.memory.next_pointer = Some((pane.id, over, x));
                }
                match touched.clicked {
                    Some(clicked) if is_event => self.show_strip(tile_id, &shows.item, clicked.at),
                    Some(clicked) => self.follow(tile_id, pane, &figure, clicked),
                    None => {}
                }
            }
            None if node(self.scene.snapshot, Some(shows)).is_none() => {
                let words =
                    format!("There is no item {}/{} in this workspace. Choose another one at the left.", shows.task, shows.item);
                figure_ui::said_in_the_middle(ui, &words);
            }
            None => figure_ui::said_in_the_middle(ui, "Being drawn…"),
        }
    }
}

impl Behavior<Pane> for Docked<'_, '_> {
    fn pane_ui(&mut self, ui: &mut Ui, tile_id: TileId, pane: &mut Pane) -> UiResponse {
        let rect = ui.max_rect();
        let ground = theme::ground(self.scene.look);
        ui.painter().rect_filled(rect, 0.0, ground.card);
        let pressed = ui.input(|input| {
            // The mouse's buttons for back and forward are for the window, not for the pane below.
            let is_for_pane = input.pointer.primary_pressed() || input.pointer.secondary_pressed();
            is_for_pane.then(|| input.pointer.interact_pos()).flatten()
        });
        let is_on_top = |at| ui.ctx().layer_id_at(at).is_none_or(|layer| layer == ui.layer_id());
        if pressed.is_some_and(|at| rect.contains(at) && is_on_top(at)) {
            self.scene.ask(Action::Activate(tile_id));
        }
        egui::Frame::new().inner_margin(egui::Margin { left: 6, right: 4, top: 3, bottom: 2 }).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            self.body(ui, tile_id, pane);
        });
        if let Some(stroke) = pane.shows.as_ref().and_then(|shows| people::alarms::frame(self.scene, shows)) {
            ui.painter().rect_stroke(rect, 0.0, stroke, egui::StrokeKind::Inside);
        }
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> WidgetText {
        let title = title(self.scene.snapshot, pane);
        let Some((_, item)) = node(self.scene.snapshot, pane.shows.as_ref()) else { return title.into() };
        let status = theme::state(item.glance.state, self.scene.look);
        let mut job = egui::text::LayoutJob::default();
        if let Some(alarm) = pane.shows.as_ref().and_then(|shows| people::alarms::of_item(self.scene, shows)) {
            let format = egui::TextFormat::simple(egui::FontId::proportional(12.0), people::alarms::colour(self.scene, alarm));
            job.append("▲ ", 0.0, format);
        }
        let mark = egui::TextFormat::simple(egui::FontId::proportional(12.0), status.colour);
        job.append(&format!("{} ", status.glyph), 0.0, mark);
        let letter = egui::TextFormat::simple(theme::bold_font(12.0), status.colour);
        job.append(&format!("{} ", status.letter), 0.0, letter);
        job.append(&title, 2.0, egui::TextFormat::simple(egui::FontId::proportional(12.5), theme::ground(self.scene.look).text));
        job.into()
    }

    fn is_tab_closable(&self, _tiles: &Tiles<Pane>, _tile_id: TileId) -> bool {
        true
    }

    fn on_tab_close(&mut self, _tiles: &mut Tiles<Pane>, tile_id: TileId) -> bool {
        self.scene.ask(Action::ClosePane(tile_id));
        false
    }

    fn on_tab_button(&mut self, tiles: &mut Tiles<Pane>, tile_id: TileId, response: egui::Response) -> egui::Response {
        if response.clicked() {
            self.scene.ask(Action::Activate(tile_id));
        }
        let about = match tiles.get(tile_id) {
            Some(egui_tiles::Tile::Pane(pane)) => {
                node(self.scene.snapshot, pane.shows.as_ref()).map(|(_, item)| item.about.clone())
            }
            _ => None,
        };
        match about.filter(|about| !about.is_empty()) {
            Some(about) => response.on_hover_text(about),
            None => response,
        }
    }

    fn top_bar_right_ui(&mut self, tiles: &Tiles<Pane>, ui: &mut Ui, _tile_id: TileId, tabs: &Tabs, _scroll: &mut f32) {
        let Some(active) = tabs.active else { return };
        let Some(pane) = tiles.get_pane(&active) else { return };
        let title = title(self.scene.snapshot, pane);
        let link = Link {
            run: self.scene.choice.row(self.scene.snapshot).map(|row| row.run),
            lane: self.scene.lane.map(str::to_owned),
            item: pane.shows.clone(),
            ..Link::default()
        };
        ui.add_space(2.0);
        let menu = ui.menu_button("⋮", |ui| {
            for (words, action) in [
                ("Split right", Action::Split(active, LinearDir::Horizontal)),
                ("Split below", Action::Split(active, LinearDir::Vertical)),
                ("Show all data", Action::ResetZoom),
                ("Close pane", Action::ClosePane(active)),
            ] {
                if ui.button(words).clicked() {
                    self.scene.ask(Action::Activate(active));
                    self.scene.ask(action);
                }
            }
            if let Some(key) = self.key(pane) {
                export::pane_menu(ui, self.scene, &key);
            }
            if let Some(key) = self.key(pane).filter(|key| key.task != EVENT_TASK && !self.scene.is_bare()) {
                comparisons(ui, self.scene, active, &key);
                let figure = self.scene.snapshot.figures.get(&key).cloned();
                pane_choices::menu(ui, self.scene, active, &key, figure.as_deref(), &self.says);
                ui.separator();
            }
            if people::writing_button(ui, self.scene, "Known issue or mask…") {
                self.scene.ask(Action::People(PeopleAction::NewIssue(link.clone())));
            }
            if people::writing_button(ui, self.scene, "New problem…") {
                self.scene.ask(Action::People(PeopleAction::NewProblem(link)));
            }
        });
        let name = format!("Menu of {title}");
        menu.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
    }

    fn tab_ui(
        &mut self,
        tiles: &mut Tiles<Pane>,
        ui: &mut Ui,
        id: Id,
        tile_id: TileId,
        state: &egui_tiles::TabState,
    ) -> egui::Response {
        let text = self.tab_title_for_tile(tiles, tile_id);
        tab(self, tiles, ui, id, tile_id, state, text)
    }

    fn tab_bar_height(&self, _style: &egui::Style) -> f32 {
        theme::TAB_HEIGHT
    }

    fn gap_width(&self, _style: &egui::Style) -> f32 {
        4.0
    }

    fn min_size(&self) -> f32 {
        80.0
    }

    fn simplification_options(&self) -> SimplificationOptions {
        RULES
    }

    fn tab_bar_color(&self, _visuals: &egui::Visuals) -> egui::Color32 {
        theme::ground(self.scene.look).page
    }

    fn tab_bg_color(
        &self,
        _visuals: &egui::Visuals,
        _tiles: &Tiles<Pane>,
        _tile_id: TileId,
        state: &egui_tiles::TabState,
    ) -> egui::Color32 {
        let ground = theme::ground(self.scene.look);
        if state.active { ground.card } else { egui::Color32::TRANSPARENT }
    }

    fn paint_on_top_of_tile(&self, painter: &egui::Painter, _style: &egui::Style, tile_id: TileId, rect: egui::Rect) {
        if self.active == Some(tile_id) {
            let stroke = egui::Stroke::new(1.0, theme::ground(self.scene.look).accent.gamma_multiply(0.55));
            painter.rect_stroke(rect, 0.0, stroke, egui::StrokeKind::Inside);
        }
    }
}

/// What keeps a zoom apart from others': the item, and what its axes are. Another abscissa or shape begins with all its data.
fn zoom_key(shows: &ItemRef, pane: &Pane) -> String {
    let PlotChoices { axis, shape, log, place, runs, .. } = &pane.choices;
    let item = format!("{}/{}", shows.task, shows.item);
    if pane.choices.only_drawn() == PlotChoices::default()
        && *shape == Shape::AsDrawn
        && *log == LogAxes::default()
        && !pane.view.compares()
    {
        return item;
    }
    format!("{item} {axis:?} {shape:?} {log:?} {place:?} {} {:?}", runs.is_empty(), pane.view)
}

/// The part of a pane's menu that says what its plot is shown with, and makes a reference of it.
fn comparisons(ui: &mut Ui, scene: &mut Scene<'_>, place: TileId, key: &FigureKey) {
    ui.separator();
    for view in PlotView::ALL {
        if ui.selectable_label(key.view == view, view.words()).clicked() {
            scene.ask(Action::Activate(place));
            scene.ask(Action::ShowWith(place, view));
            ui.close();
        }
    }
    if ui.button("Compare two runs or processings…").clicked() {
        let run = scene.choice.row(scene.snapshot).map(|row| row.run);
        scene.ask(Action::Plots(PlotAction::Compare(run)));
    }
    if scene.read_only().is_none() {
        let button = ui.button("Take this run as reference");
        let hover = "Writes the result that is shown into checks.toml, as what this plot should look like from its run on";
        if button.on_hover_text(hover).clicked() {
            scene.send(Command::Checks(ChecksCommand::TakeReference(key.plain())));
        }
    }
    ui.separator();
}

/// A tab: its title, cut when there is no room, and a cross to close it.
fn tab(
    docked: &mut Docked<'_, '_>,
    tiles: &mut Tiles<Pane>,
    ui: &mut Ui,
    id: Id,
    tile_id: TileId,
    state: &egui_tiles::TabState,
    text: WidgetText,
) -> egui::Response {
    let ground = theme::ground(docked.scene.look);
    // Tabs share their bar, but for the menu's button; a title that is too long is cut.
    let bar = tiles
        .parent_of(tile_id)
        .and_then(|parent| Some((tiles.rect(parent)?.width(), tiles.get_container(parent)?.num_children())));
    let room = bar.map_or(240.0, |(width, tabs)| ((width - 48.0) / tabs.max(1) as f32 - 32.0).max(36.0));
    let galley = text.into_galley(ui, Some(egui::TextWrapMode::Truncate), room, egui::TextStyle::Button);
    let width = galley.size().x + 30.0;
    let (_, rect) = ui.allocate_space(egui::vec2(width, ui.available_height()));
    let response = ui.interact(rect, id, egui::Sense::click_and_drag());
    let words = galley.text().to_owned();
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Tab, ui.is_enabled(), state.active, &words));
    if !ui.is_rect_visible(rect) || state.is_being_dragged {
        return docked.on_tab_button(tiles, tile_id, response);
    }
    let fill = docked.tab_bg_color(ui.visuals(), tiles, tile_id, state);
    ui.painter().rect_filled(rect, egui::CornerRadius { nw: 4, ne: 4, sw: 0, se: 0 }, fill);
    if docked.active == Some(tile_id) {
        ui.painter().hline(rect.x_range(), rect.top() + 1.0, egui::Stroke::new(2.0, ground.accent));
    }
    let text_at = egui::pos2(rect.left() + 8.0, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(text_at, galley, ground.text);
    let cross = egui::Rect::from_center_size(egui::pos2(rect.right() - 11.0, rect.center().y), egui::Vec2::splat(14.0));
    let close = ui.interact(cross, id.with("close"), egui::Sense::click());
    close.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Close {words}")));
    if response.contains_pointer() || close.contains_pointer() || docked.active == Some(tile_id) {
        let colour = if close.hovered() { ground.text } else { ground.muted };
        let arm = cross.shrink(4.0);
        ui.painter().line_segment([arm.left_top(), arm.right_bottom()], egui::Stroke::new(1.2, colour));
        ui.painter().line_segment([arm.right_top(), arm.left_bottom()], egui::Stroke::new(1.2, colour));
    }
    if close.clicked() || response.clicked_by(egui::PointerButton::Middle) {
        docked.scene.ask(Action::ClosePane(tile_id));
    }
    docked.on_tab_button(tiles, tile_id, response)
}
