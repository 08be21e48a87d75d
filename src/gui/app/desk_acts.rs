//! What is asked of the desk, done: layouts, back and forward, freeze, what is shown of the shift, decisions by command.

use super::DqmonApp;
use crate::engine::{Evidence, Notice};
use crate::gui::decide_card;
use crate::gui::freeze::Frozen;
use crate::gui::layouts::{self, LayoutAction};
use crate::gui::scene::Scene;
use crate::gui::state::{Action, ItemRef, Page, RunChoice};
use crate::gui::visited::Place;
use crate::snapshot::{Only, Origin, Snapshot};
use egui::Ui;
use egui_tiles::Tile;
use monitasks::quality::Flag;

impl DqmonApp {
    /// Does what concerns the desk.
    pub(super) fn desk_act(&mut self, action: Action, snapshot: &Snapshot, ui: &Ui) {
        let time = ui.input(|input| input.time);
        match action {
            Action::Layout(action) => self.layout_act(action, snapshot, time),
            Action::Step(by) => self.step(by, snapshot),
            Action::Select(selection) => self.state.selection = selection,
            Action::ToggleFreeze => {
                let now = (self.clock)();
                self.frozen = if self.frozen.is_some() { None } else { Some(Frozen::of(snapshot, now)) };
            }
            Action::DecideRun(flag) => self.with_scene(snapshot, ui, |app, scene| app.decide_run(flag, scene)),
            _ => {}
        }
    }

    fn layout_act(&mut self, action: LayoutAction, snapshot: &Snapshot, time: f64) {
        let turns = matches!(action, LayoutAction::Choose(_) | LayoutAction::ChooseNumber(_));
        if self.aside.is_some() && turns {
            return self.notices.add(Notice::Refused("layouts are of workspaces: these are files alone".into()), time);
        }
        match layouts::act(action, snapshot, &mut self.state, &mut self.name_dialog) {
            Ok(()) if turns => {
                self.state.page = Page::Monitor;
                self.review = None;
            }
            Ok(()) => {}
            Err(why) => self.notices.add(Notice::Refused(why), time),
        }
    }

    /// What the window is narrowed to; a review shows all.
    pub(super) fn only(&self, snapshot: &Snapshot) -> Only {
        if self.review.is_some() { Only::default() } else { self.state.selection.only(snapshot, self.time_of(snapshot)) }
    }

    /// What the active pane shows.
    pub(super) fn active_item(&self) -> Option<ItemRef> {
        let layout = self.state.layout.as_ref()?;
        match layout.tree.tiles.get(layout.active?)? {
            Tile::Pane(pane) => pane.shows.clone(),
            Tile::Container(_) => None,
        }
    }

    /// Remembers where the user is.
    pub(super) fn visit(&mut self, snapshot: &Snapshot) {
        // A review has its own way from run to run.
        if snapshot.workspace.is_some() && matches!(snapshot.origin, Origin::Live | Origin::Replay) && self.review.is_none() {
            let place = Place { page: self.state.page, choice: self.choice, item: self.active_item() };
            self.visited.visit(place);
        }
    }

    fn step(&mut self, by: i32, snapshot: &Snapshot) {
        let Some(place) = self.visited.step(by) else { return };
        self.review = None;
        self.state.page = place.page;
        self.choice = place.choice;
        if let (Some(item), Some(layout)) = (place.item, &mut self.state.layout)
            && snapshot.task(&item.task).is_some()
        {
            layout.show(item);
        }
    }

    /// Decides on the run looked at, as the card's buttons do.
    fn decide_run(&mut self, flag: Flag, scene: &mut Scene<'_>) {
        let Some(row) = scene.choice.row(scene.snapshot).filter(|row| self.draft.run == Some(row.run)) else { return };
        let judged = scene.snapshot.judged.clone().filter(|judged| judged.run == row.run);
        let of = (row, judged.as_deref());
        let hindrance = scene.read_only().map(str::to_owned).or(decide_card::hindrance(scene, of, &self.state, &self.draft));
        if let Some(hindrance) = hindrance {
            let words = format!("{} not recorded: {hindrance}", flag.word());
            // The window's own time is asked of nobody here: the line stays until it is taken away.
            self.notices.add(Notice::Refused(words), 0.0);
        } else if flag == Flag::Bad && !self.draft.has_comment() {
            (self.draft.wanted_bad, self.draft.goes_to_comment) = (true, true);
        } else {
            let seen: Vec<Evidence> = self.on_screen().iter().map(|item| decide_card::evidence(scene, item)).collect();
            decide_card::decide(scene, of, flag, (&self.state, &mut self.draft), seen);
        }
    }

    /// The run looked at by people who go on with another one leaves a review.
    pub(super) fn select_run(&mut self, choice: RunChoice) {
        self.choice = choice;
    }
}
