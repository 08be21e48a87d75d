//! The window as a whole: takes the newest snapshot, lays the panels out, does what they asked for.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use egui::{Frame, Key, Margin, Modifiers, Panel, Ui};
use egui_tiles::LinearDir;
use jiff::Timestamp;
use monitasks::vocab::Run;

use super::clipboard::SystemClipboard;
use super::dialogs::{Answer, Dialogs};
use super::export::{Around, ExportAction, ExportView, Wanted};
use super::layout::Layout;
use super::notices::Notices;
use super::palette::{self, Palette};
use super::panes::{self, PaneMemory};
use super::people::{self, PeopleView};
use super::processing::{self, ProcessingView};
use super::runs_page::{self, RunsView};
use super::scene::{Scene, shown_tasks};
use super::state::{Action, Browse, Draft, ItemRef, Page, RunChoice, UiState};
use super::welcome::{self, Welcome};
use super::{run_card, theme, time_line, top_bar, tree};
use crate::engine::{Command, EngineHandle, Notice, RunsCommand, ViewCommand, WorkspaceCommand};
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
    notices: Notices,
    dialogs: Dialogs,
    palette: Option<Palette>,
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
    root: Option<PathBuf>,
    /// While files are looked at with no workspace: the panes of workspaces, and the tasks that the files' panes are made for.
    aside: Option<(Option<Layout>, Vec<String>)>,
    is_dressed: bool,
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
            notices: Notices::default(),
            dialogs: Dialogs::default(),
            palette: None,
            shows_keys: false,
            was_typing: false,
            watched: None,
            watched_flow_s: None,
            asked_runs: None,
            looked_at: CloseSubject::default(),
            judged_run: None,
            root: None,
            aside: None,
            is_dressed: false,
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
        self.state.layout.as_ref().map(Layout::visible).unwrap_or_default()
    }

    /// Lays out one frame.
    pub fn ui(&mut self, ui: &mut Ui) {
        self.dress(ui.ctx());
        let snapshot = self.engine.snapshot();
        self.take_news(ui, &snapshot);
        let look = theme::look(ui.visuals());
        let (choice, lane) = (self.choice, self.lane.clone());
        let mut scene =
            Scene { snapshot: &snapshot, choice, lane: lane.as_deref(), now: (self.clock)(), look, actions: Vec::new() };
        self.keys(ui, &mut scene);
        self.panels(ui, &mut scene);
        self.above_everything(ui, &mut scene);
        let actions = scene.actions;
        if !actions.is_empty() {
            ui.ctx().request_repaint();
        }
        for action in actions {
            self.act(action, &snapshot, ui);
        }
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
            if (0.5..=3.0).contains(&self.state.zoom) {
                ctx.set_zoom_factor(self.state.zoom);
            }
        }
    }

    fn take_news(&mut self, ui: &Ui, snapshot: &Snapshot) {
        let time = ui.input(|input| input.time);
        while let Some(notice) = self.engine.notice() {
            let Some(notice) = self.export.take(notice, ui.ctx()) else { continue };
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
        self.state.zoom = ui.ctx().zoom_factor();
    }

    /// Another workspace: its own panes where the old ones have nothing to show, and its newest run.
    fn follow_workspace(&mut self, snapshot: &Snapshot) {
        let root = snapshot.workspace.as_ref().map(|facts| facts.root.clone());
        if root != self.root {
            if let Some(root) = root.as_deref().filter(|_| snapshot.origin == Origin::Live) {
                self.state.remember(root);
            }
            self.root = root;
            self.choice = RunChoice::Newest;
            self.lane = None;
            self.draft = Draft::default();
            self.watched = None;
            self.asked_runs = None;
            self.looked_at = CloseSubject::default();
            self.judged_run = None;
            self.people.forget();
        }
        if snapshot.origin == Origin::Bare {
            self.lay_out_files(snapshot);
            return;
        }
        if let Some((kept, _)) = self.aside.take() {
            self.state.layout = kept;
        }
        let fits = |layout: &Layout| {
            let items = layout.visible();
            items.is_empty() || items.iter().any(|item| snapshot.task(&item.task).is_some())
        };
        let is_new = !self.state.layout.as_ref().is_some_and(fits);
        if !snapshot.tasks.is_empty() && is_new {
            self.state.layout = Some(Layout::of_tasks(&snapshot.tasks));
        }
    }

    /// Panes for what was found in files looked at with no workspace; those of workspaces wait aside.
    fn lay_out_files(&mut self, snapshot: &Snapshot) {
        let tasks = shown_tasks(snapshot);
        let names: Vec<String> = tasks.iter().map(|task| task.name.clone()).collect();
        let kept = match self.aside.take() {
            None => self.state.layout.take(),
            Some(aside) if aside.1 == names => {
                self.aside = Some(aside);
                return;
            }
            Some((kept, _)) => kept,
        };
        let tasks: Vec<TaskNode> = tasks.into_iter().cloned().collect();
        self.state.layout = (!tasks.is_empty()).then(|| Layout::of_tasks(&tasks));
        self.aside = Some((kept, names));
    }

    /// The page that is open; files looked at with no workspace have only one.
    fn page(&self, snapshot: &Snapshot) -> Page {
        if snapshot.origin == Origin::Bare { Page::Monitor } else { self.state.page }
    }

    fn panels(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        let card = theme::ground(scene.look).card;
        let bar = Frame::new().fill(card).inner_margin(Margin::symmetric(10, 3));
        Panel::top("top bar").frame(bar).show(ui, |ui| top_bar::show(ui, scene, &self.state));
        if !scene.snapshot.banners.is_empty() {
            Panel::top("banners").frame(Frame::new()).show(ui, |ui| top_bar::banners(ui, scene));
        }
        if people::line_is_wanted(scene, &self.people) {
            Panel::top("shift").frame(bar).show(ui, |ui| people::show_line(ui, scene, &mut self.people, &mut self.state));
        }
        let page = Frame::new().fill(card).inner_margin(Margin::symmetric(12, 8));
        if scene.snapshot.workspace.is_none() {
            let centre = egui::CentralPanel::default().frame(page);
            centre.show(ui, |ui| welcome::show(ui, scene, &mut self.welcome, &self.state));
            return;
        }
        if !scene.is_bare() {
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
        let left = Panel::left("tasks").frame(side).default_size(width).size_range(150.0..=460.0);
        let left = left.show(ui, |ui| tree::show(ui, scene, &shown, active.as_ref()));
        self.state.tree_width = left.response.rect.width();
        self.card(ui, scene);
        let centre = egui::CentralPanel::default().frame(Frame::new().fill(ground.page));
        centre.show(ui, |ui| match &mut self.state.layout {
            Some(layout) => panes::show(ui, scene, layout, &mut self.panes),
            None => super::figure_ui::said_in_the_middle(ui, "No tasks yet: plots appear with the first task."),
        });
    }

    fn card(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        let on_screen = self.on_screen();
        let side =
            Frame::new().fill(theme::ground(scene.look).card).inner_margin(Margin { left: 8, right: 6, top: 6, bottom: 4 });
        let width = kept_width(self.state.card_width, theme::CARD_WIDTH);
        let right = Panel::right("run card").frame(side).default_size(width).size_range(220.0..=520.0);
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
        self.notices.show(ui, scene);
        people::dialog(ui, scene, &mut self.people, &mut self.state);
        self.export.show(ui, scene, &self.state);
        if self.shows_keys {
            self.shows_keys = palette::keys(ui);
        }
        if let Some(mut open) = self.palette.take()
            && palette::show(ui, scene, &mut open)
        {
            self.palette = Some(open);
        }
    }

    /// The keys that work everywhere. Letters only count while nobody types.
    fn keys(&mut self, ui: &Ui, scene: &mut Scene<'_>) {
        let pressed = |modifiers: Modifiers, key: Key| ui.input_mut(|input| input.consume_key(modifiers, key));
        let mut asked: Vec<Action> = Vec::new();
        for (modifiers, key, action) in [
            (Modifiers::COMMAND, Key::K, Action::TogglePalette),
            (Modifiers::COMMAND, Key::T, Action::ToggleTheme),
            (Modifiers::NONE, Key::F1, Action::Turn(Page::Monitor)),
            (Modifiers::NONE, Key::F2, Action::Turn(Page::Runs)),
            (Modifiers::NONE, Key::F3, Action::Turn(Page::Processing)),
            (Modifiers::NONE, Key::F4, Action::Turn(Page::Problems)),
            (Modifiers::NONE, Key::F5, Action::Turn(Page::Meeting)),
        ] {
            if pressed(modifiers, key) {
                asked.push(action);
            }
        }
        if !ui.ctx().egui_wants_keyboard_input() && self.palette.is_none() {
            let place = self.state.layout.as_ref().and_then(|layout| layout.active);
            for (modifiers, key, action) in [
                (Modifiers::NONE, Key::OpenBracket, Some(Action::StepRun(-1))),
                (Modifiers::NONE, Key::CloseBracket, Some(Action::StepRun(1))),
                (Modifiers::NONE, Key::Home, Some(Action::ResetZoom)),
                (Modifiers::COMMAND | Modifiers::SHIFT, Key::Enter, Some(Action::SplitActive(LinearDir::Vertical))),
                (Modifiers::COMMAND, Key::Enter, Some(Action::SplitActive(LinearDir::Horizontal))),
                (Modifiers::COMMAND, Key::W, place.map(Action::ClosePane)),
            ] {
                if pressed(modifiers, key) {
                    asked.extend(action);
                }
            }
            let is_question =
                ui.input(|input| input.events.iter().any(|event| matches!(event, egui::Event::Text(text) if text == "?")));
            if is_question {
                asked.push(Action::ToggleShortcuts);
            }
            // In a field the key has taken the focus away before it comes here: it has done enough.
            if pressed(Modifiers::NONE, Key::Escape) && !self.was_typing {
                self.escape(scene);
            }
        }
        scene.actions.extend(asked);
    }

    /// Closes what is open, one thing at a time; with nothing open, follows the newest run.
    fn escape(&mut self, scene: &mut Scene<'_>) {
        if self.export.close() {
        } else if self.shows_keys {
            self.shows_keys = false;
        } else if !self.notices.close_text() && self.choice != RunChoice::Newest {
            scene.ask(Action::SelectRun(RunChoice::Newest));
        }
    }

    fn act(&mut self, action: Action, snapshot: &Snapshot, ui: &Ui) {
        let (ctx, time) = (ui.ctx(), ui.input(|input| input.time));
        match action {
            Action::Turn(page) if snapshot.origin != Origin::Bare => self.state.page = page,
            Action::Turn(_) => {}
            Action::SelectRun(choice) => self.choice = choice,
            Action::SelectLane(lane) => self.lane = lane,
            Action::StepRun(by) => self.choice = self.choice.stepped(by, snapshot),
            Action::ToggleTheme => {
                self.state.light = !self.state.light;
                ctx.set_theme(if self.state.light { egui::Theme::Light } else { egui::Theme::Dark });
            }
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
            Action::Export(action) => self.act_export(action, snapshot, ui),
            Action::ResetZoom => self.panes.reset_zoom(),
            Action::ResetLayout => {
                let tasks: Vec<TaskNode> = shown_tasks(snapshot).into_iter().cloned().collect();
                self.state.layout = Some(Layout::of_tasks(&tasks));
            }
            Action::ShowItem(_)
            | Action::OpenItem(_)
            | Action::Split(..)
            | Action::SplitActive(_)
            | Action::ClosePane(_)
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

    /// What changes the panes.
    fn arrange(&mut self, action: Action, snapshot: &Snapshot) {
        let layout = self.state.layout.get_or_insert_with(|| Layout::of_tasks(&snapshot.tasks));
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
            Action::ShowWith(place, view) => layout.show_with(place, view),
            Action::Activate(place) => layout.activate(place),
            _ => {}
        }
    }

    fn send(&mut self, command: Command, time: f64) {
        if !self.engine.send(command) {
            self.draft.pending = None;
            let words = "Not done: the engine does not take commands just now. Try again in a moment.";
            self.notices.add(Notice::Refused(words.into()), time);
        }
    }

    /// Tells the engine which figures are looked at, when that has changed.
    fn watch(&mut self, snapshot: &Snapshot) {
        if snapshot.workspace.is_none() {
            return;
        }
        let page = self.page(snapshot);
        let flow_s = self.processing.watched_flow_s().filter(|_| page == Page::Processing);
        if flow_s != self.watched_flow_s && self.engine.send(Command::View(ViewCommand::WatchFlow(flow_s))) {
            self.watched_flow_s = flow_s;
        }
        let subject = if page == Page::Processing { self.processing.close_subject(snapshot) } else { CloseSubject::default() };
        if subject != self.looked_at && self.engine.send(Command::View(ViewCommand::LookClosely(subject.clone()))) {
            self.looked_at = subject;
        }
        if page == Page::Runs {
            let ask = Some(self.runs.ask());
            let is_new = self.asked_runs != ask;
            if is_new && ask.as_ref().is_some_and(|ask| self.engine.send(Command::Runs(RunsCommand::Ask(ask.clone())))) {
                self.asked_runs = ask;
            }
        }
        // A run that is older than those of the snapshot comes into it when it is asked for.
        let chosen = || self.choice.row(snapshot).map(|row| row.run).or(self.choice.fixed());
        let run = if page == Page::Processing { None } else { chosen() };
        if run != self.judged_run && self.engine.send(Command::View(ViewCommand::LookAtRun(run))) {
            self.judged_run = run;
        }
        let keys = match (&self.state.layout, page) {
            (Some(layout), Page::Monitor) => layout.watched(self.choice.fixed(), self.lane.as_deref()),
            _ => Vec::new(),
        };
        if self.watched.as_ref() != Some(&keys) && self.engine.send(Command::View(ViewCommand::Watch(keys.clone()))) {
            self.watched = Some(keys);
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
