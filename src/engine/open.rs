//! The workspace, or the files, that are open: what is live of them and the ends of their pollers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender};
use jiff::Timestamp;
use monitasks::registry::TaskRegistry;
use monitasks::vocab::FileId;

use super::book_desk::BookErrand;
use super::close_looks::CloseErrand;
use super::pollers::{EventErrand, ResultsErrand, Update};
use super::runs_desk::RunsErrand;
use crate::config::{Settings, SettingsError, Workspace};
use crate::decisions::alarms::Seen;
use crate::live::{Live, ReadProgress, checks_to_tell};
use crate::snapshot::{LongWork, Snapshot};

/// Reading fewer results than this is not worth a word.
const MANY_RESULTS: usize = 100;

/// The workspace that is open, and the ends of its pollers.
pub(super) struct Open {
    pub(super) live: Live,
    pub(super) workspace: Option<Workspace>,
    pub(super) stop: Arc<AtomicBool>,
    /// Of this workspace's pollers alone: what those of an earlier one still say is heard by nobody.
    pub(super) updates: Receiver<Update>,
    pub(super) results: Sender<ResultsErrand>,
    pub(super) book: Option<Sender<BookErrand>>,
    pub(super) event: Option<Sender<EventErrand>>,
    pub(super) close: Option<Sender<CloseErrand>>,
    pub(super) runs: Option<Sender<RunsErrand>>,
    /// How far the reading of results is.
    pub(super) progress: Arc<ReadProgress>,
    /// When it was opened.
    pub(super) begun: Timestamp,
    pub(super) newest_file: Option<FileId>,
    /// What checks saw and was told to the book's thread.
    pub(super) told: Vec<Seen>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl Open {
    /// The reading of many results, as long work. It ends by itself, and others of the workspace are there meanwhile.
    pub(super) fn reading(&self) -> Option<LongWork> {
        let (read, of) = self.progress.now().filter(|(_, of)| *of >= MANY_RESULTS)?;
        Some(LongWork {
            id: 0,
            what: "reading of results".into(),
            now: format!("{read} of {of}"),
            part: Some(read as f32 / of as f32),
            since: self.begun,
            can_cancel: false,
        })
    }

    /// Has it recorded where a plot has gone BAD or is well again; the same only once until the book has said something new.
    pub(super) fn tell_checks(&mut self, snapshot: &Snapshot) {
        let seen = checks_to_tell(&snapshot.tasks, &snapshot.people);
        if seen == self.told {
            return;
        }
        if let Some(book) = self.book.as_ref().filter(|_| !seen.is_empty())
            && book.try_send(BookErrand::Hear(seen.clone())).is_err()
        {
            return;
        }
        self.told = seen;
    }

    pub(super) fn tell_event(&self, errand: EventErrand) {
        if let Some(event) = &self.event
            && event.try_send(errand).is_err()
        {
            tracing::warn!("an event was not asked for: the reader of events is busy");
        }
    }

    /// False when nobody takes it.
    pub(super) fn tell_runs(&self, errand: RunsErrand) -> bool {
        self.runs.as_ref().is_some_and(|runs| runs.try_send(errand).is_ok())
    }

    pub(super) fn tell_book(&self, errand: BookErrand) {
        if let Some(book) = &self.book
            && book.try_send(errand).is_err()
        {
            tracing::warn!("the book was not told what is looked at: it is busy");
        }
    }

    pub(super) fn look(&self, errand: CloseErrand) {
        if let Some(close) = &self.close
            && close.try_send(errand).is_err()
        {
            tracing::warn!("a close look was not asked for: the reader is busy");
        }
    }

    /// The list of tasks has changed: all results are read anew.
    pub(super) fn take_tasks(&mut self, registry: Arc<TaskRegistry>, faults: Vec<String>) {
        self.live.faults("tasks", faults);
        self.live.take_registry(registry.clone());
        let settings = self.workspace.as_ref().map(|workspace| workspace.settings.clone()).unwrap_or_default();
        let _ = self.results.try_send(ResultsErrand::Retask(registry, Box::new(settings)));
    }

    /// Changed settings come into force; bad ones are refused and the old ones stay.
    pub(super) fn take_settings(&mut self, loaded: Result<Settings, SettingsError>) {
        const SUBJECT: &str = "settings";
        match loaded {
            Ok(settings) => {
                self.live.faults(SUBJECT, Vec::new());
                self.live.people(&settings);
                self.tell_book(BookErrand::Configure(Box::new(settings.clone())));
                let _ = self.results.try_send(ResultsErrand::Configure(Box::new(settings.clone())));
                self.tell_event(EventErrand::Configure(Box::new(settings.clone())));
                self.tell_runs(RunsErrand::Configure(Box::new(settings.clone())));
                if let Some(workspace) = &mut self.workspace {
                    workspace.settings = settings;
                }
            }
            Err(error) => {
                let text = format!("{error} (the settings read before stay in force)");
                self.live.faults(SUBJECT, vec![text]);
            }
        }
    }
}
