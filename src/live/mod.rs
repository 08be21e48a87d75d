//! The live source of snapshots: polls the results and the book, reads the event that is shown, draws what is watched.
//!
//! May use `bookkeeping`, `catalogue`, `config`, `decisions`, `detector`, `rawdata`, `reconstruction`, `snapshot`, and of `processing` what only counts: flow,
//! rates of failures, room on disks. It owns no thread: `engine` gives each poller one, so that a slow disk or book delays its own part of the picture and nothing else. The headless commands call the same
//! code once, in a row.

mod bare;
mod book;
mod checks_file;
mod closely;
mod declared;
mod desk_files;
mod event;
mod external;
mod failures;
mod figures;
mod flow;
mod health;
mod issue_masks;
mod judged;
mod judging;
mod known_regions;
mod once;
mod people;
mod plots;
mod provenance;
mod results;
mod retold;
mod rows;
mod run_table;
mod sparks;
pub mod story;
mod tree;

pub use bare::{BareError, bare_tasks};
pub use book::{BookPoller, BookView};
pub use checks_file::WorkspaceChecks;
pub use closely::look_closely;
pub use declared::WorkspaceTasks;
pub use desk_files::DeskFiles;
pub use event::{EVENT_DISPLAY, EventPoller, EventView, EventWish, WAVEFORM};
pub use external::end_programs;
pub use flow::flow_shown;
pub use once::{EventLook, bare_raw_file, newest_raw_file};
pub use provenance::SignedPlot;
pub use results::{DiskResults, FoundResult, ReadProgress, ResultPoller, ResultSeen, ResultsFolder, ResultsView, TaskResults};
pub use retold::retold;
pub use run_table::{RunTableKeeper, answer_of, row_of, statuses_by_run};

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use monitasks::checks::Checks;
use monitasks::checks::what_if::WhatIf;
use monitasks::references::ReferenceSource;
use monitasks::registry::TaskRegistry;
use monitasks::task::TaskContext;
use monitasks::views::Against;

use crate::bookkeeping::{Overview, SyncState};
use crate::config::Settings;
use crate::snapshot::{
    Backend, BackendHealth, Banner, Beside, CloseLook, DeskShown, FigureKey, FlowShown, Origin, ProcessingShown, PutOffRow,
    RunsShown, Snapshot, WorkspaceFacts,
};

use figures::Material;
use plots::PlotMaker;
use sparks::Sparks;

pub use people::checks_to_tell;

/// What the backend said last of its services, none when it never did, and all that is put off.
#[must_use]
pub fn services_shown(overview: &Overview) -> (Option<BackendHealth>, Vec<PutOffRow>) {
    (health::health(overview, None), health::put_off(overview))
}

/// A part that answers on its own thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The results folder.
    Results,
    /// The book.
    Book,
}

/// A part that has said nothing for longer is said to be silent: its disk or its server may be gone.
const SILENCE: SignedDuration = SignedDuration::from_secs(8);

impl Part {
    fn words(self) -> &'static str {
        match self {
            Part::Results => "the results folder has",
            Part::Book => "the book has",
        }
    }
}

/// The newest that each poller has told, and the snapshot made of it.
pub struct Live {
    registry: Arc<TaskRegistry>,
    origin: Origin,
    workspace: WorkspaceFacts,
    results: Arc<ResultsView>,
    book: Arc<BookView>,
    /// When each poller gave its last sign of life.
    heard: BTreeMap<Part, Timestamp>,
    event: Arc<EventView>,
    flow: Option<Arc<FlowShown>>,
    closely: Option<Arc<CloseLook>>,
    run_table: Option<Arc<RunsShown>>,
    desk: Arc<DeskShown>,
    sparks: Sparks,
    watched: Vec<FigureKey>,
    plots: PlotMaker,
    banners: BTreeMap<&'static str, Vec<Banner>>,
    serial: u64,
}

impl Live {
    /// A source that nothing has been told yet.
    #[must_use]
    pub fn new(registry: Arc<TaskRegistry>, origin: Origin, workspace: WorkspaceFacts) -> Self {
        Live {
            registry,
            origin,
            workspace,
            results: Arc::default(),
            book: Arc::default(),
            heard: BTreeMap::new(),
            event: Arc::default(),
            flow: None,
            closely: None,
            run_table: None,
            desk: Arc::default(),
            sparks: Sparks::default(),
            watched: Vec::new(),
            plots: PlotMaker::default(),
            banners: BTreeMap::new(),
            serial: 0,
        }
    }

    /// The tasks in force.
    #[must_use]
    pub fn registry(&self) -> Arc<TaskRegistry> {
        self.registry.clone()
    }

    /// Takes the newest results.
    pub fn take_results(&mut self, results: Arc<ResultsView>) {
        self.results = results;
    }

    /// Takes the newest state of the book.
    pub fn take_book(&mut self, book: Arc<BookView>) {
        self.book = book;
    }

    /// Takes the event to show.
    pub fn take_event(&mut self, event: Arc<EventView>) {
        self.event = event;
    }

    /// Takes the flow; none when nobody looks at it any more.
    pub fn take_flow(&mut self, flow: Option<Arc<FlowShown>>) {
        self.flow = flow;
    }

    /// Takes what is looked at closely; none when nothing is any more.
    pub fn take_closely(&mut self, closely: Option<Arc<CloseLook>>) {
        self.closely = closely;
    }

    /// Takes the table of runs.
    pub fn take_run_table(&mut self, table: Arc<RunsShown>) {
        self.run_table = Some(table);
    }

    /// Takes what files say of the desk, with what is wrong in them.
    pub fn take_desk(&mut self, desk: Arc<DeskShown>, faults: Vec<String>) {
        self.faults("desk", faults);
        self.desk = desk;
    }

    /// Takes another list of tasks; figures are drawn anew.
    pub fn take_registry(&mut self, registry: Arc<TaskRegistry>) {
        self.registry = registry;
        self.plots.redraw();
        self.sparks.forget();
    }

    /// Takes other checks, with what is wrong in their file.
    pub fn take_checks(&mut self, checks: Arc<Checks>, faults: Vec<String>) {
        self.faults("checks", faults);
        self.plots.take_checks(checks);
    }

    /// What other checks would have said of the past: every plot of an item that either judges, as it was after each run.
    pub fn what_if(&mut self, new: &Checks, now: Timestamp) -> WhatIf {
        let detector = self.workspace.detector.clone();
        let of = Material { registry: &self.registry, results: &self.results, event: &self.event, detector: &detector, now };
        self.plots.what_if(new, &self.book.people.issues, &of)
    }

    /// What is to be written so that a plot as shown is a reference.
    ///
    /// # Errors
    /// When it is of no result, or of one that does not say its run.
    pub fn reference_of(&self, key: &FigureKey, now: Timestamp) -> Result<ReferenceSource, String> {
        let detector = &self.workspace.detector;
        plots::reference_of(
            key,
            &Material { registry: &self.registry, results: &self.results, event: &self.event, detector, now },
        )
    }

    /// A poller has looked, whether or not there was anything new.
    pub fn hear(&mut self, part: Part, at: Timestamp) {
        self.heard.insert(part, at);
    }

    /// The parts that have not answered for too long, each as a banner: what they said last stays on the screen.
    fn silent_parts(&self, now: Timestamp) -> Vec<Banner> {
        let silent = self.heard.iter().filter(|(_, at)| now.duration_since(**at) > SILENCE);
        silent
            .map(|(part, at)| {
                let (words, seconds) = (part.words(), now.duration_since(*at).as_secs());
                Banner { is_fault: true, text: format!("{words} not answered for {seconds} s: what is shown of it is as old") }
            })
            .collect()
    }

    /// The backend as far as the book can be believed.
    fn backend(&self, now: Timestamp) -> Backend {
        let is_silent = self.heard.get(&Part::Book).is_some_and(|at| now.duration_since(*at) > SILENCE);
        match self.origin {
            Origin::Bare => Backend::Stopped,
            // Whoever has the lease now had nothing to say then.
            Origin::Replay => Backend::Unknown,
            _ if is_silent => Backend::Unknown,
            _ => self.book.backend.clone(),
        }
    }

    /// A watcher that is late while a backend runs concerns everybody, whatever page is open.
    fn intake_alarm(&self, backend: &Backend, now: Timestamp) -> Option<Banner> {
        let health = self.book.health.as_ref().filter(|_| matches!(backend, Backend::Running { .. }))?;
        let text = format!("intake LATE: {}; the Processing page says more", health.intake_alarm(now)?);
        Some(Banner { is_fault: true, text })
    }

    /// Replaces the set of figures that snapshots hold.
    pub fn watch(&mut self, keys: Vec<FigureKey>) {
        self.watched = keys;
    }

    /// Compares two results from now on, or no more.
    pub fn compare(&mut self, sides: Option<(Against, Against)>) {
        self.plots.compare(sides);
    }

    /// Replaces the faults of a subject, each of which is a banner; with none there are no more.
    pub fn faults(&mut self, subject: &'static str, faults: Vec<String>) {
        let banners = faults.into_iter().map(|text| Banner { is_fault: true, text }).collect();
        self.banners.insert(subject, banners);
    }

    /// Takes the people, roles and comments of changed settings.
    pub fn people(&mut self, settings: &Settings) {
        let people = &settings.people;
        self.workspace.usable_for.clone_from(&settings.decisions.usable_for);
        self.workspace.people.clone_from(&people.names);
        self.workspace.roles.clone_from(&people.roles);
        self.workspace.comments.clone_from(&people.comments);
    }

    /// Every figure key there is, for a picture of everything.
    #[must_use]
    pub fn all_keys(&self) -> Vec<FigureKey> {
        let mut keys = Vec::new();
        for info in self.registry.iter().map(monitasks::task::MonTask::info).chain([event::info()]) {
            for item in &info.items {
                keys.push(FigureKey::newest(&info.name, &item.name));
            }
        }
        keys
    }

    /// The state of the shift as told so far.
    pub fn snapshot(&mut self, now: Timestamp) -> Snapshot {
        self.serial += 1;
        let detector = self.workspace.detector.clone();
        let of = Material { registry: &self.registry, results: &self.results, event: &self.event, detector: &detector, now };
        let plots = self.plots.make(&self.watched, &self.book.people.issues, &of);
        let of_checks = self.plots.faults(&of);
        let mut tasks = tree::nodes(&self.registry, &self.results, &plots.verdicts, (&detector, now));
        self.sparks.add(&mut tasks, &self.registry, &self.results, &TaskContext { detector: &detector, now });
        tasks.push(event::node(&self.event));
        let mut banners: Vec<Banner> = self.banners.values().flatten().cloned().collect();
        banners.extend(of_checks.into_iter().map(|text| Banner { is_fault: true, text }));
        banners.extend(self.book.fault.iter().map(|text| Banner { is_fault: true, text: text.clone() }));
        banners.extend(self.book.outbox.lines().into_iter().map(|(is_fault, text)| Banner { is_fault, text }));
        let exchange = self.book.sync.as_ref().and_then(SyncState::warning);
        banners.extend(exchange.map(|text| Banner { is_fault: true, text }));
        banners.extend(self.silent_parts(now));
        let backend = self.backend(now);
        banners.extend(self.intake_alarm(&backend, now));
        banners.extend(people::calls(&self.book.people, now));
        banners.extend(self.results.faults.iter().map(|text| Banner { is_fault: true, text: text.clone() }));
        Snapshot {
            serial: self.serial,
            taken_at: now,
            origin: self.origin,
            workspace: Some(self.workspace.clone()),
            banners,
            backend,
            tasks,
            figures: plots.figures,
            verdicts: plots.verdicts,
            ranking: plots.ranking,
            event: self.event.shown.clone(),
            runs: self.book.runs.clone(),
            older_runs: self.book.older_runs,
            listed: self.book.listed.clone(),
            judged: self.book.judged.clone(),
            not_taken: self.book.not_taken.clone(),
            processing: ProcessingShown {
                health: self.book.health.clone(),
                put_off: self.book.put_off.clone(),
                failures: self.book.failures.clone(),
                closely: self.closely.clone(),
                flow: self.flow.clone(),
            },
            run_table: self.run_table.clone(),
            people: self.book.people.clone(),
            desk: self.desk.clone(),
            beside: Beside::default(),
            replay: None,
        }
    }
}
