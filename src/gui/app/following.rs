//! What is open has changed: panes, run and all that was kept of the workspace before.

use super::DqmonApp;
use crate::gui::layout::Layout;
use crate::gui::scene::shown_tasks;
use crate::gui::selection::Selection;
use crate::gui::state::{Draft, RunChoice};
use crate::snapshot::{CloseSubject, Origin, Snapshot, TaskNode};

impl DqmonApp {
    /// Another workspace: its own panes where the old ones have nothing to show, and its newest run.
    pub(super) fn follow_workspace(&mut self, snapshot: &Snapshot) {
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
            self.review = None;
            self.frozen = None;
            self.visited.forget();
            self.state.selection = Selection::All;
            self.has_fitted = false;
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
        // One that was chosen by name stays when its items are gone: its panes say so.
        let is_chosen = self.has_fitted && self.state.layout_name.is_some();
        if !snapshot.tasks.is_empty() {
            self.has_fitted = true;
            if is_new && !is_chosen {
                self.state.layout = Some(Layout::of_tasks(&snapshot.tasks));
                self.state.layout_name = None;
            }
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
}
