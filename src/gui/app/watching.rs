//! Tells the engine what is looked at, so that it is in the next snapshots and nothing else is.

use super::DqmonApp;
use crate::engine::{Command, RunsCommand, ViewCommand};
use crate::gui::panes;
use crate::gui::state::Page;
use crate::snapshot::{CloseSubject, FigureKey, RunsAsk, Snapshot};

impl DqmonApp {
    /// Tells the engine which figures are looked at, when that has changed.
    pub(super) fn watch(&mut self, snapshot: &Snapshot) {
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
            let ask = Some(RunsAsk { only: self.only(snapshot), ..self.runs.ask() });
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
            _ if self.review.is_some() && page == Page::Monitor => self.reviewed_keys(),
            (Some(layout), Page::Monitor) => layout.watched(self.choice.fixed(), self.lane.as_deref()),
            _ => Vec::new(),
        };
        let only = self.only(snapshot);
        let keys: Vec<FigureKey> = keys.into_iter().map(|key| panes::within(key, only)).collect();
        if self.watched.as_ref() != Some(&keys) && self.engine.send(Command::View(ViewCommand::Watch(keys.clone()))) {
            self.watched = Some(keys);
        }
    }
}
