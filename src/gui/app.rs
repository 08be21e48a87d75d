//! The window as a whole: takes the newest snapshot, lays the panels out, does what they asked for.

mod desk_acts;
mod following;
mod review_acts;
mod watching;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use egui::{Frame, Margin, Panel, Ui};
use jiff::Timestamp;
use monitasks::vocab::Run;

use super::beside::{self, BesideView};
use super::clipboard::SystemClipboard;
use super::compare_window::{self, CompareWindow};
use super::dialogs::{Answer, Dialogs};
use super::export::{Around, ExportAction, ExportView, Wanted};
use super::first_frame::Frames;
use super::freeze::Frozen;
use super::layout::Layout;
use super::layouts::{self, NameDialog};
use super::notices::Notices;
use super::palette::{self, Palette};
use super::pane_choices::{self, PlotAction};
use super::panes::{self, PaneMemory};
use super::people::{self, PeopleView};
use super::processing::{self, ProcessingView};
use super::review::{self, Review};
use super::runs_page::{self, RunsView};
use super::scene::{Scene, shown_tasks};
use super::state::{Action, Browse, Draft, ItemRef, Page, RunChoice, UiState};
use super::transport::{self, TransportView};
use super::visited::Visited;
use super::welcome::{self, Welcome};
use super::{desk_line, focus_ring, keys, run_card, theme, time_line, top_bar, tree};
use crate::engine::{Command, EngineHandle, Notice, ViewCommand, WorkspaceCommand};
use crate::snapshot::{CloseSubject, FigureKey, Origin, RunsAsk, Snapshot, TaskNode};

/// The window's contents. Needs no display: tests drive it with a context of their own.
pub struct DqmonApp {
    engine: EngineHandle,
    state: UiState,
    clock: fn() -> Timestamp,
    choice: RunChoice,
    /// The lane whose results are looked at; none for all.
    lane: Option<String>,
    draft: Draft,
    panes: PaneMemory,
    runs: RunsView,
    processing: ProcessingView,
    people: PeopleView,
    export: ExportView,
    clipboard: SystemClipboard,
    welcome: Welcome,
    beside: BesideView,
    notices: Notices,
    dialogs: Dialogs,
    palette: Option<Palette>,
    compare: CompareWindow,
    transport: TransportView,
    shows_keys: bool,
    /// A field had the keys at the end of the last frame.
    was_typing: bool,
    watched: Option<Vec<FigureKey>>,
    /// The flow and the file that were asked for last.
    watched_flow_s: Option<u64>,
    asked_runs: Option<RunsAsk>,
    looked_at: CloseSubject,
    /// The run of which all that was said is asked for.
    judged_run: Option<Run>,
    /// The review under way.
    review: Option<Review>,
    /// Where the user has been.
    visited: Visited,
    /// The plots that stand still.
    frozen: Option<Frozen>,
    /// A layout's name is being asked for.
    name_dialog: Option<NameDialog>,
    /// What was typed for runs or times to show.
    typed_selection: String,
    /// The panes were found to fit the workspace, or laid out anew.
    has_fitted: bool,
    root: Option<PathBuf>,
    /// While files are looked at with no workspace: the panes of workspaces, and the tasks that the files' panes are made for.
    aside: Option<(Option<Layout>, Vec<String>)>,
    is_dressed: bool,
    frames: Frames,
}

impl DqmonApp {
    /// The window's contents, with what was kept from the last start.
    #[must_use]
    pub fn new(engine: EngineHandle, state: UiState) -> Self {
        DqmonApp {
            engine,
            state,
            clock: Timestamp::now,
            choice: RunChoice::Newest,
            lane: None,
            draft: Draft::default(),
            panes: PaneMemory::default(),
            runs: RunsView::default(),
            processing: ProcessingView::default(),
            people: PeopleView::default(),
            export: ExportView::default(),
            clipboard: SystemClipboard::default(),
            welcome: Welcome::default(),
            beside: BesideView::default(),
            notices: Notices::default(),
            dialogs: Dialogs::default(),
            palette: None,
            compare: CompareWindow::default(),
            transport: TransportView::default(),
            shows_keys: false,
            was_typing: false,
            watched: None,
            watched_flow_s: None,
            asked_runs: None,
            looked_at: CloseSubject::default(),
            judged_run: None,
            review: None,
            visited: Visited::default(),
            frozen: None,
            name_dialog: None,
            typed_selection: String::new(),
            has_fitted: false,
            root: None,
            aside: None,
            is_dressed: false,
            frames: Frames::default(),
        }
    }

    /// The same with another clock: pictures and tests want one that stands still.
    #[must_use]
    pub fn with_clock(mut self, clock: fn() -> Timestamp) -> Self {
        self.clock = clock;
        self
    }

    /// What is to be kept for the next start.
    #[must_use]
    pub fn state(&self) -> &UiState {
        &self.state
    }

    /// The run looked at.
    #[must_use]
    pub fn choice(&self) -> RunChoice {
        self.choice
    }

    /// The items on the screen: those of the panes, while the page with the panes is open.
    #[must_use]
    pub fn on_screen(&self) -> Vec<ItemRef> {
        if self.state.page != Page::Monitor {
            return Vec::new();
        }
        let layout = self.review.as_ref().map(|review| &review.layout).or(self.state.layout.as_ref());
        layout.map(Layout::visible).unwrap_or_default()
    }

    /// Lays out one frame.
    pub fn ui(&mut self, ui: &mut Ui) {
        self.dress(ui.ctx());
        let newest = self.engine.snapshot();
        self.take_news(ui, &newest);
        let snapshot = match &mut self.frozen {
            Some(frozen) => frozen.over(&newest),
            None => newest,
        };
        self.frames.next(ui.ctx(), snapshot.workspace.is_some());
        let look = theme::look(ui.visuals());
        let (choice, lane, only, now) = (self.choice, self.lane.clone(), self.only(&snapshot), self.time_of(&snapshot));
        let is_alarm_lit = self.state.alarms_stand_still || is_lit(ui.input(|input| input.time));
        if !self.state.alarms_stand_still && snapshot.people.alarms.iter().any(|alarm| alarm.calls(now)) {
            ui.ctx().request_repaint_after(Duration::from_millis(250));
        }
        let lane = lane.as_deref();
        let mut scene = Scene { snapshot: &snapshot, choice, lane, only, now, look, is_alarm_lit, actions: Vec::new() };
        self.keys(ui, &mut scene);
        beside::take_dropped(ui, &mut scene);
        self.panels(ui, &mut scene);
        self.above_everything(ui, &mut scene);
        focus_ring::show(ui);
        let actions = scene.actions;
        if !actions.is_empty() {
            ui.ctx().request_repaint();
        }
        for action in actions {
            self.act(action, &snapshot, ui);
        }
        self.visit(&snapshot);
        self.watch(&snapshot);
        self.was_typing = ui.ctx().egui_wants_keyboard_input();
        ui.ctx().request_repaint_after(Duration::from_secs(1));
    }

    /// Fonts and looks, once.
    fn dress(&mut self, ctx: &egui::Context) {
        if !self.is_dressed {
            self.is_dressed = true;
            theme::install(ctx);
            ctx.set_theme(if self.state.light { egui::Theme::Light } else { egui::Theme::Dark });
            // The table of keys has these.
            ctx.options_mut(|options| options.zoom_with_keyboard = false);
            if (0.5..=3.0).contains(&self.state.zoom) {
                ctx.set_zoom_factor(self.state.zoom);
            }
        }
    }

    fn take_news(&mut self, ui: &Ui, snapshot: &Snapshot) {
        let time = ui.input(|input| input.time);
        while let Some(notice) = self.engine.notice() {
            let Some(notice) = self.export.take(notice, ui.ctx()) else { continue };
            match &notice {
                Notice::Refused(_) => self.review_answered(false),
                Notice::Kept(_) => self.review_answered(true),
                _ => {}
            }
            match (&notice, &mut self.draft.pending) {
                (Notice::Refused(_), pending) => *pending = None,
                (Notice::Kept(_), Some(pending)) => pending.waits = true,
                _ => {}
            }
            self.notices.add(notice, time);
        }
        match self.dialogs.answer() {
            Some(Answer::Chosen(Browse::Export, path)) => self.export.browsed(&path),
            Some(Answer::Chosen(what, path)) => {
                self.welcome.browsed(what, &path);
                if snapshot.workspace.is_some() {
                    self.send(Command::Workspace(WorkspaceCommand::Open(path)), time);
                }
            }
            Some(Answer::Nothing(_)) => {
                let words = "No path was chosen. Where no dialog opens, type the path into the field.";
                self.notices.add(Notice::Done(words.into()), time);
            }
            None => {}
        }
        self.follow_workspace(snapshot);
        self.follow_review(snapshot);
        self.state.zoom = ui.ctx().zoom_factor();
    }

    /// The time of day of what is shown: of a replay its instant.
    pub(super) fn time_of(&self, snapshot: &Snapshot) -> Timestamp {
        snapshot.replay.as_ref().map_or_else(self.clock, |replay| replay.at)
    }

    /// The page that is open; files looked at with no workspace have only one.
    fn page(&self, snapshot: &Snapshot) -> Page {
        if snapshot.origin == Origin::Bare { Page::Monitor } else { self.state.page }
    }

    fn panels(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        let card = theme::ground(scene.look).card;
        if scene.snapshot.replay.is_some() {
            Panel::top("replay").frame(Frame::new()).show(ui, |ui| transport::banner(ui, scene));
        }
        let bar = Frame::new().fill(card).inner_margin(Margin::symmetric(10, 3));
        Panel::top("top bar").frame(bar).show(ui, |ui| top_bar::show(ui, scene, &self.state));
        if !scene.snapshot.banners.is_empty() {
            Panel::top("banners").frame(Frame::new()).show(ui, |ui| top_bar::banners(ui, scene));
        }
        if scene.snapshot.workspace.is_some() && !scene.is_bare() {
            let of = (&self.visited, self.frozen.as_ref(), &mut self.typed_selection);
            Panel::top("desk").frame(bar).show(ui, |ui| desk_line::show(ui, scene, &self.state, of));
        }
        if people::line_is_wanted(scene, &self.people) {
            Panel::top("shift").frame(bar).show(ui, |ui| people::show_line(ui, scene, &mut self.people, &mut self.state));
        }
        let page = Frame::new().fill(card).inner_margin(Margin::symmetric(12, 8));
        if scene.snapshot.workspace.is_some() {
            self.welcome.leave();
        } else {
            let centre = egui::CentralPanel::default().frame(page);
            centre.show(ui, |ui| welcome::show(ui, scene, &mut self.welcome, &self.state));
            return;
        }
        // In a short window, as with large letters, the pages that do not need it have its room.
        let has_line = theme::has_time_line(ui.ctx().content_rect().height()) || self.page(scene.snapshot) == Page::Monitor;
        if scene.snapshot.replay.is_some() {
            let line = Frame::new().fill(card).inner_margin(Margin { left: 10, right: 10, top: 4, bottom: 5 });
            Panel::bottom("transport").frame(line).show(ui, |ui| transport::show(ui, scene, &self.transport));
        }
        if !scene.is_bare() && has_line {
            let line = Frame::new().fill(card).inner_margin(Margin { left: 10, right: 10, top: 4, bottom: 4 });
            Panel::bottom("time line").frame(line).show(ui, |ui| time_line::show(ui, scene, &self.state));
        }
        match self.page(scene.snapshot) {
            Page::Monitor => self.monitor(ui, scene),
            Page::Runs => {
                self.card(ui, scene);
                egui::CentralPanel::default().frame(page).show(ui, |ui| runs_page::show(ui, scene, &mut self.runs, &self.state));
            }
            Page::Processing => {
                let centre = egui::CentralPanel::default().frame(page);
                centre.show(ui, |ui| processing::show(ui, scene, &mut self.processing));
            }
            Page::Problems => {
                let centre = egui::CentralPanel::default().frame(page);
                centre.show(ui, |ui| people::problems(ui, scene, &mut self.people, &mut self.state));
            }
            Page::Meeting => {
                let centre = egui::CentralPanel::default().frame(page);
                centre.show(ui, |ui| people::meeting(ui, scene, &mut self.people, &mut self.state));
            }
        }
    }

    fn monitor(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        let ground = theme::ground(scene.look);
        let side = Frame::new().fill(ground.card).inner_margin(Margin { left: 8, right: 6, top: 6, bottom: 4 });
        let shown = self.on_screen();
        let active = self.state.layout.as_ref().and_then(|layout| {
            let pane = layout.tree.tiles.get_pane(&layout.active?)?;
            pane.shows.clone()
        });
        let width = kept_width(self.state.tree_width, theme::TREE_WIDTH);
        let widest = theme::side_width(ui.ctx().content_rect().width());
        let left = Panel::left("tasks").frame(side).default_size(width).size_range(150.0..=widest.max(150.0));
        let left = left.show(ui, |ui| tree::show(ui, scene, &shown, active.as_ref()));
        self.state.tree_width = left.response.rect.width();
        self.card(ui, scene);
        if let Some(review) = &mut self.review {
            let bar = Frame::new().fill(ground.card).inner_margin(Margin::symmetric(10, 4));
            // With large letters it is scrolled: the plot that is reviewed keeps its room.
            let scroll = egui::ScrollArea::vertical().auto_shrink([false, true]).max_height(0.4 * ui.available_height());
            Panel::top("review").frame(bar).show(ui, |ui| {
                scroll.show(ui, |ui| review::show(ui, scene, review, &mut self.state, &mut self.draft));
            });
        }
        let centre = egui::CentralPanel::default().frame(Frame::new().fill(ground.page));
        let reviewed = self.review.as_mut().filter(|review| review.entry().is_none());
        if let Some(review) = reviewed {
            centre.show(ui, |ui| review::end_page(ui, scene, review));
            return;
        }
        let layout = self.review.as_mut().map(|review| &mut review.layout).or(self.state.layout.as_mut());
        centre.show(ui, |ui| match layout {
            Some(layout) => panes::show(ui, scene, layout, &mut self.panes),
            None => super::figure_ui::said_in_the_middle(ui, "No tasks yet: plots appear with the first task."),
        });
    }

    fn card(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        let on_screen = self.on_screen();
        let side =
            Frame::new().fill(theme::ground(scene.look).card).inner_margin(Margin { left: 8, right: 6, top: 6, bottom: 4 });
        let width = kept_width(self.state.card_width, theme::CARD_WIDTH);
        let widest = theme::side_width(ui.ctx().content_rect().width());
        let right = Panel::right("run card").frame(side).default_size(width).size_range(190.0..=widest.max(190.0));
        let right = right.show(ui, |ui| {
            if scene.is_bare() {
                run_card::show_files(ui, scene);
            } else {
                run_card::show(ui, scene, &mut self.state, &mut self.draft, &on_screen);
            }
        });
        self.state.card_width = right.response.rect.width();
    }

    fn above_everything(&mut self, ui: &Ui, scene: &mut Scene<'_>) {
        transport::frame(ui, scene);
        self.notices.show(ui, scene);
        beside::show(ui, scene, &mut self.beside, &self.state);
        people::dialog(ui, scene, &mut self.people, &mut self.state);
        self.export.show(ui, scene, &self.state);
        compare_window::show(ui, scene, &mut self.compare);
        if self.shows_keys {
            self.shows_keys = palette::keys_sheet(ui);
        }
        if let Some(mut open) = self.name_dialog.take()
            && layouts::dialog(ui, scene, &mut open, &self.state)
        {
            self.name_dialog = Some(open);
        }
        if let Some(mut open) = self.palette.take()
            && palette::show(ui, scene, &mut open, &mut self.state)
        {
            self.palette = Some(open);
        }
    }

    /// The keys that work everywhere. Letters only count while nobody types.
    fn keys(&mut self, ui: &Ui, scene: &mut Scene<'_>) {
        let is_free = !ui.ctx().egui_wants_keyboard_input() && self.palette.is_none() && self.name_dialog.is_none();
        let is_reviewing = self.review.is_some() && self.page(scene.snapshot) == Page::Monitor;
        let is_replaying = scene.snapshot.replay.is_some();
        for action in keys::asked(ui, is_free, (is_reviewing, is_replaying)) {
            // In a field Escape has taken the focus away before it comes here: it has done enough.
            if action != Action::Escape || !self.was_typing {
                scene.ask(action);
            }
        }
    }

    /// Closes what is open, one thing at a time; with nothing open, follows the newest run.
    fn escape(&mut self, time: f64) {
        if self.export.close() {
        } else if self.shows_keys {
            self.shows_keys = false;
        } else if self.compare.close() {
            self.send(Command::View(ViewCommand::Compare(None)), time);
        } else if !self.beside.close() && !self.notices.close_text() {
            self.review = None;
            self.choice = RunChoice::Newest;
        }
    }

    fn act(&mut self, action: Action, snapshot: &Snapshot, ui: &Ui) {
        let (ctx, time) = (ui.ctx(), ui.input(|input| input.time));
        match action {
            Action::Turn(page) if snapshot.origin != Origin::Bare => self.state.page = page,
            Action::Turn(_) => {}
            Action::SelectRun(choice) => self.select_run(choice),
            Action::SelectLane(lane) => self.lane = lane,
            Action::StepRun(by) => self.choice = self.choice.stepped(by, snapshot),
            Action::ToggleTheme => {
                self.state.light = !self.state.light;
                ctx.set_theme(if self.state.light { egui::Theme::Light } else { egui::Theme::Dark });
            }
            Action::ToggleStill => self.state.alarms_stand_still = !self.state.alarms_stand_still,
            Action::ToggleProportional => self.state.proportional = !self.state.proportional,
            Action::TextSize(0) => ctx.set_zoom_factor(1.0),
            Action::TextSize(by) => ctx.set_zoom_factor((ctx.zoom_factor() + 0.1 * by as f32).clamp(0.5, 3.0)),
            Action::TogglePalette => self.palette = if self.palette.is_some() { None } else { Some(Palette::default()) },
            Action::ToggleShortcuts => self.shows_keys = !self.shows_keys,
            Action::Send(command) => self.send(command, time),
            Action::Browse(what) => self.dialogs.start(what, ctx),
            Action::Dismiss(id) => self.notices.dismiss(id),
            Action::People(action) => {
                if let Some(page) = self.people.act(action) {
                    self.state.page = page;
                }
            }
            Action::Escape => self.escape(time),
            Action::Layout(_) | Action::Step(_) | Action::Select(_) | Action::ToggleFreeze | Action::DecideRun(_) => {
                self.desk_act(action, snapshot, ui);
            }
            Action::Review(action) => self.with_scene(snapshot, ui, |app, scene| app.review_act(action, scene)),
            Action::Export(action) => self.act_export(action, snapshot, ui),
            Action::Beside(action) => {
                if let Some(command) = self.beside.act(action, &mut self.state) {
                    self.send(command, time);
                }
            }
            Action::Replay(action) => {
                if let Some(command) = self.transport.act(&action, snapshot.replay.as_deref()) {
                    self.send(command, time);
                }
            }
            Action::ResetZoom => self.panes.reset_zoom(),
            Action::Plots(action) => self.arrange_plots(action, snapshot),
            Action::ResetLayout => {
                let tasks: Vec<TaskNode> = shown_tasks(snapshot).into_iter().cloned().collect();
                self.state.layout = Some(Layout::of_tasks(&tasks));
                self.state.layout_name = None;
            }
            Action::ShowItem(_)
            | Action::OpenItem(_)
            | Action::Split(..)
            | Action::SplitActive(_)
            | Action::ClosePane(_)
            | Action::CloseActive
            | Action::ShowWith(..)
            | Action::Activate(_) => {
                self.arrange(action, snapshot);
            }
        }
    }

    /// What is exported or copied.
    fn act_export(&mut self, action: ExportAction, snapshot: &Snapshot, ui: &Ui) {
        let time = ui.input(|input| input.time);
        match action {
            ExportAction::CopyText { what, text } => {
                ui.ctx().copy_text(text);
                self.notices.add(Notice::Done(format!("On the clipboard: {what}")), time);
            }
            ExportAction::Browse(path) => self.dialogs.start_at(Browse::Export, path, ui.ctx()),
            action => {
                let (choice, page, now, look) = (self.choice, self.page(snapshot), (self.clock)(), theme::look(ui.visuals()));
                let (state, lane, columns) = (&self.state, self.lane.as_deref(), self.runs.columns());
                match self.export.act(action, &Around { snapshot, state, choice, lane, page, columns, now, look }) {
                    Some(Wanted::Send(command)) => self.send(Command::Export(*command), time),
                    Some(Wanted::Say(words)) => self.notices.add(Notice::Refused(words), time),
                    None => {}
                }
            }
        }
    }

    /// What changes what is chosen of plots.
    fn arrange_plots(&mut self, action: PlotAction, snapshot: &Snapshot) {
        let layout = match &mut self.review {
            Some(review) => &mut review.layout,
            None => self.state.layout.get_or_insert_with(|| Layout::of_tasks(&snapshot.tasks)),
        };
        if let Some(chosen) = pane_choices::act(action, layout, &mut self.compare) {
            self.choice = chosen.unwrap_or(self.choice);
            self.state.page = Page::Monitor;
        }
    }

    /// What changes the panes.
    fn arrange(&mut self, action: Action, snapshot: &Snapshot) {
        // A review has one pane of its own, which stays: the panes of the desk are as they were when it is over.
        if self.review.is_some() && matches!(action, Action::ClosePane(_) | Action::CloseActive) {
            return;
        }
        let layout = match &mut self.review {
            Some(review) => &mut review.layout,
            None => self.state.layout.get_or_insert_with(|| Layout::of_tasks(&snapshot.tasks)),
        };
        match action {
            Action::ShowItem(item) => {
                layout.show(item);
                self.state.page = Page::Monitor;
            }
            Action::OpenItem(item) => {
                layout.open(item);
                self.state.page = Page::Monitor;
            }
            Action::Split(place, direction) => layout.split(place, direction),
            Action::SplitActive(direction) => {
                if let Some(place) = layout.active {
                    layout.split(place, direction);
                }
            }
            Action::ClosePane(place) => layout.close(place),
            Action::CloseActive => {
                if let Some(place) = layout.active {
                    layout.close(place);
                }
            }
            Action::ShowWith(place, view) => layout.show_with(place, view),
            Action::Activate(place) => layout.activate(place),
            _ => {}
        }
    }

    /// Does what needs a scene after the frame is laid out; what that asks for is done at once.
    fn with_scene(&mut self, snapshot: &Snapshot, ui: &Ui, does: impl FnOnce(&mut Self, &mut Scene<'_>)) {
        let (look, lane) = (theme::look(ui.visuals()), self.lane.clone());
        let (choice, only, now) = (self.choice, self.only(snapshot), self.time_of(snapshot));
        let (lane, is_alarm_lit) = (lane.as_deref(), true);
        let mut scene = Scene { snapshot, choice, lane, only, now, look, is_alarm_lit, actions: Vec::new() };
        does(self, &mut scene);
        for action in scene.actions {
            self.act(action, snapshot, ui);
        }
    }

    fn send(&mut self, command: Command, time: f64) {
        if !self.engine.send(command) {
            self.draft.pending = None;
            let words = "Not done: the engine does not take commands just now. Try again in a moment.";
            self.notices.add(Notice::Refused(words.into()), time);
        }
    }
}

impl eframe::App for DqmonApp {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        DqmonApp::ui(self, ui);
        if let Some(why) = self.clipboard.follow(ui.ctx()) {
            let time = ui.input(|input| input.time);
            self.notices.add(Notice::Refused(format!("not on the clipboard of other programs: {why}")), time);
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        let mut kept = self.state.clone();
        if let Some((layout, _)) = &self.aside {
            kept.layout.clone_from(layout);
        }
        eframe::set_value(storage, STATE_KEY, &kept);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        theme::ground(theme::look(visuals)).page.to_normalized_gamma_f32()
    }

    fn persist_egui_memory(&self) -> bool {
        false
    }
}

/// Whether an alarm is bright at a time of the window, s: longer bright than dim, and slowly.
fn is_lit(time: f64) -> bool {
    time.rem_euclid(2.0) < 1.2
}

/// A width as kept, when it makes sense.
fn kept_width(kept: f32, first: f32) -> f32 {
    if (100.0..=1_000.0).contains(&kept) { kept } else { first }
}

/// Where the state stands in eframe's storage.
const STATE_KEY: &str = "window";

/// What was kept at the last start; the defaults when nothing was, or nothing that can be read.
#[must_use]
pub fn kept_state(storage: Option<&dyn eframe::Storage>) -> UiState {
    storage.and_then(|storage| eframe::get_value(storage, STATE_KEY)).unwrap_or_default()
}

/// A function that makes the window look at the newest snapshot; it may be called from any thread.
#[must_use]
pub fn waker(ctx: egui::Context) -> super::Waker {
    Arc::new(move || ctx.request_repaint())
}
