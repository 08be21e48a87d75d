//! The backend: one loop that takes hints, sweeps, requests and jobs' ends, and moves files and groups on.

mod arrivals;
#[cfg(test)]
mod cancel_tests;
mod copies;
mod files;
mod groups;
mod jobs;
mod lanes;
mod openings;
#[cfg(test)]
mod pace_tests;
mod passes;
mod put_back;
mod put_off;
mod readings;
mod requests;
mod shift;
mod state;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use monitasks::detector::Detector;
use monitasks::vocab::{FileId, Run};

pub use self::readings::readings_of;

use self::copies::CentralKey;
use self::jobs::{DEED_THREADS, Deed, JobKey};
use self::put_back::PutBack;
use self::put_off::{PutOff, processing_of, taking_in_of};
use self::shift::Shift;
use super::aside::Aside;
use super::batch::{self, Batch, BatchError, host};
use super::flow_file::FlowRows;
use super::intake::Intake;
use super::lease::{Lease, LeaseError};
use super::mail::{MailDesk, MailError, MailNews};
use super::steps::NotAllowed;
use super::transfer::{AnyCopy, TransferDesk, TransferError};
use super::transfer_log::TransferLogs;
use super::watch::Watch;
use crate::bookkeeping::{
    self, BackendState, CentralStep, FileStep, GroupRecord, GroupStep, PassRecord, PassStep, RequestKind, Row, Store, StoreError,
    StoryEntry, WatcherState,
};
use crate::config::{PlaceError, Workspace};
use crate::detector::{self, DetectorError};
use crate::rawdata::{Ending, RawReader};

/// When a backend ends of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunUntil {
    /// Never: when it is stopped.
    Stopped,
    /// When all that is there has been done. Files of a run whose end is not known wait for more, unless a group is full.
    DoneOnce,
    /// When these runs have ended and everything of them has been done.
    RunsDone(Vec<Run>),
}

/// How a backend runs, besides its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The dqmon program that jobs are started with.
    pub program: PathBuf,
    /// For tests of kills: the process aborts at the n-th place, counted from 1, where it could be killed between a deed and
    /// its record; each record has one place before and one after.
    pub abort_at: Option<u64>,
    /// Whether a new book is begun where one was lost.
    pub begins_new_book: bool,
}

/// Something that happened, for people who follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What it happened to: `run1-seq0`, `run1-p1-g0`.
    pub subject: String,
    /// What happened: `copied`.
    pub word: String,
    /// More about it: the reason of a failure.
    pub detail: Option<String>,
}

/// What a backend did until it ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Reconstructed files accepted.
    pub accepted: u64,
    /// Groups of which everything was made.
    pub groups_done: u64,
    /// Failures and refusals; each was told when it came.
    pub failures: u64,
    /// Files left in the intake folder because they were still being written.
    pub left_open: bool,
}

/// A backend that can't go on.
#[derive(Debug, thiserror::Error)]
pub enum ProcessingError {
    /// It has no lease.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// The book refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The detector file can't be used.
    #[error(transparent)]
    Detector(#[from] DetectorError),
    /// The batch system can't say.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// A file of the workspace can't be used.
    #[error("{what}: {why}: {}", path.display())]
    Io {
        /// What was being done.
        what: &'static str,
        /// The operating system's reason.
        why: std::io::Error,
        /// The file.
        path: PathBuf,
    },
    /// The folder that the settings name is not there.
    #[error("the folder that the DAQ writes to is not there: mount or make it, or mend 'folder' under [intake] in dqmon.toml; only the default folder is made by itself: {}", path.display())]
    NoIncoming {
        /// The folder.
        path: PathBuf,
    },
    /// A file of the storage can't be used.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// The settings of the mail can't be used.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The settings' central storage can't be used.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A step was taken that is none: a mistake in the program; nothing was stored.
    #[error("{0}; nothing was stored, please report it")]
    Step(#[from] NotAllowed),
}

/// Where a backend is in its work.
struct Backend<'a> {
    workspace: &'a Workspace,
    options: &'a Options,
    progress: &'a mut dyn FnMut(&Progress),
    detector: Arc<Detector>,
    /// Slow deeds for jobs, on threads of their own. Before the lease: what was begun has ended when that is given back, unless it
    /// hangs.
    deeds: Aside<JobKey, Deed>,
    /// What came of them and was not taken in yet.
    done: HashMap<JobKey, Deed>,
    store: Box<dyn Store>,
    lease: Lease,
    batch: Arc<dyn Batch>,
    /// Copies into the storage.
    desk: TransferDesk<FileId>,
    /// Copies to the central storage, on threads of their own: a server that hangs holds up no intake.
    central_desk: TransferDesk<CentralKey>,
    mail: MailDesk,
    logs: TransferLogs,
    intake: Intake,
    watch: Watch,
    /// What the book says of files, passes, processings, groups and jobs.
    shift: Shift,
    not_taken: BTreeMap<String, String>,
    /// Paths seen with another time and the same content as the copy: size and time when that was found.
    same_content: HashMap<String, (u64, Timestamp)>,
    /// Whether the last sweep could look at everything.
    is_swept: bool,
    /// Paths of other content that were refused: size and time when that was told.
    refused: HashMap<String, (u64, Timestamp)>,
    /// Released files that are being copied back into the storage.
    put_back: HashMap<FileId, PutBack>,
    /// What could not be done and is tried again after a pause.
    put_off: BTreeMap<String, PutOff>,
    /// Files whose queue entry could not be brought up to date.
    stale_entries: BTreeSet<FileId>,
    /// How far what people said of runs was read.
    judged: i64,
    /// When jobs that run are looked at again; none for at once.
    next_looks: Option<Instant>,
    /// When the rules of lanes are asked again; none for at once.
    next_gates: Option<Instant>,
    /// Whether it ends when its work is done.
    ends_of_itself: bool,
    watcher: WatcherState,
    /// When it is looked again whether there is something new to say of the backend itself; none for at once.
    next_state: Option<Instant>,
    /// What was said last.
    said: Option<BackendState>,
    /// The flow of files as a result for monitor tasks.
    flow_rows: FlowRows,
    places_passed: u64,
    report: Report,
}

/// Longest wait for a hint when there is nothing else to do: a wake of the desks or a hint ends it.
const IDLE: Duration = Duration::from_millis(100);

/// Time between two looks for requests.
const REQUESTS: Duration = Duration::from_millis(500);

/// In a pass over what is there, a file counts as complete when it was left alone for this long.
const QUIET_ONCE_S: f64 = 1.0;

/// Runs the backend of a workspace. Told to stop, it ends after the step it is in; jobs go on, and the next backend finds them.
///
/// # Errors
/// When another backend has the lease, or the book, the settings' detector or a folder of the workspace can't be used.
pub fn run(
    workspace: &Workspace,
    until: &RunUntil,
    options: &Options,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Report, ProcessingError> {
    let mut report = Report::default();
    loop {
        match run_once(workspace, until, options, stop, progress, &mut report) {
            Err(ProcessingError::Store(StoreError::Away { why, place })) => {
                let detail = format!("{why}: {place}; files are left where they are, jobs go on");
                progress(&Progress { subject: "book".into(), word: "server away".into(), detail: Some(detail) });
                if !is_back(workspace, stop) {
                    return Ok(report);
                }
                progress(&Progress { subject: "book".into(), word: "server is back".into(), detail: None });
            }
            other => return other.map(|()| report),
        }
    }
}

/// Runs until it ends or the book's server goes away. Then all that was in memory is forgotten: whether the server had stored what
/// it did not answer any more stands in the book alone, so that a backend that goes on reads everything anew, as after a kill.
fn run_once(
    workspace: &Workspace,
    until: &RunUntil,
    options: &Options,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(&Progress),
    report: &mut Report,
) -> Result<(), ProcessingError> {
    let mut backend = Backend::open(workspace, until, options, progress).map_err(|error| match error {
        ProcessingError::Lease(LeaseError::Store(error)) => ProcessingError::Store(error),
        other => other,
    })?;
    backend.report = std::mem::take(report);
    backend.tell_start(until);
    let worked = backend.recover().and_then(|()| backend.work(until, stop));
    if let Err(fault) = backend.flow_rows.end() {
        backend.tell(&"flow", "not written", Some(fault));
    }
    for news in backend.mail_at_the_end() {
        backend.tell(&"mail", news.word, Some(news.detail));
    }
    *report = std::mem::take(&mut backend.report);
    worked?;
    if stop.load(Ordering::Relaxed) {
        backend.tell(&"backend", "stop asked for", Some("by a signal; jobs that run go on".into()));
    }
    Ok(())
}

/// Waits until the book's server answers; false when it was told to stop instead.
fn is_back(workspace: &Workspace, stop: &AtomicBool) -> bool {
    while !stop.load(Ordering::Relaxed) {
        let answers = bookkeeping::open(&workspace.book_place()).and_then(|book| book.change_stamp());
        if !matches!(answers, Err(StoreError::Away { .. })) {
            return true;
        }
        std::thread::sleep(IDLE);
    }
    false
}

impl<'a> Backend<'a> {
    fn open(
        workspace: &'a Workspace,
        until: &RunUntil,
        options: &'a Options,
        progress: &'a mut dyn FnMut(&Progress),
    ) -> Result<Self, ProcessingError> {
        let settings = &workspace.settings;
        let detector = detector::load(&settings.detector, &settings.channel_map, &workspace.root)?;
        if let Some(beside) = workspace.left_without_book().filter(|_| !options.begins_new_book) {
            return Err(StoreError::Lost { beside, place: workspace.book().display().to_string() }.into());
        }
        if !workspace.makes_incoming() && !workspace.incoming().is_dir() {
            return Err(ProcessingError::NoIncoming { path: workspace.incoming() });
        }
        for folder in workspace.folders() {
            std::fs::create_dir_all(&folder).map_err(|why| ProcessingError::Io { what: "folder not made", why, path: folder })?;
        }
        let mut store = bookkeeping::open(&workspace.book_place())?;
        let lease = Lease::take(workspace, store.as_mut())?;
        // Watched before the first sweep: what comes between the two is found by one of them.
        let watch = Watch::new(&workspace.incoming());
        let overview = store.overview()?;
        let (judgements, judged) = store.judgements_since(0)?;
        Ok(Backend {
            intake: intake_of(workspace, until, &detector),
            batch: Arc::from(batch::of_settings(workspace, &options.program)),
            deeds: Aside::new(DEED_THREADS),
            done: HashMap::new(),
            desk: TransferDesk::new(&settings.transfer, Arc::new(AnyCopy::default())),
            central_desk: TransferDesk::new(&settings.transfer, Arc::new(AnyCopy::default())),
            mail: MailDesk::new(&settings.mail, &workspace.root, &host())?.keeping(workspace.mail_waiting(), Timestamp::now()),
            ends_of_itself: *until != RunUntil::Stopped,
            watcher: WatcherState { fault: watch.fault().map(str::to_owned), ..WatcherState::default() },
            next_state: None,
            said: None,
            flow_rows: FlowRows::of(workspace),
            logs: TransferLogs::new(TimeZone::get(&settings.time_zone).unwrap_or(TimeZone::UTC)),
            not_taken: overview.not_taken.iter().map(|file| (file.name.clone(), file.reason.clone())).collect(),
            shift: Shift::new(overview, settings, judgements),
            same_content: HashMap::new(),
            is_swept: false,
            refused: HashMap::new(),
            put_back: HashMap::new(),
            put_off: BTreeMap::new(),
            stale_entries: BTreeSet::new(),
            next_gates: None,
            next_looks: None,
            judged,
            places_passed: 0,
            report: Report::default(),
            store,
            workspace,
            options,
            progress,
            detector: Arc::new(detector),
            lease,
            watch,
        })
    }

    /// What comes of the mail that still waits when the backend ends.
    fn mail_at_the_end(&mut self) -> Vec<MailNews> {
        const PATIENCE: Duration = Duration::from_secs(5);
        let nobody = MailDesk::new(&crate::config::MailSettings::default(), &self.workspace.root, "");
        nobody.map_or_else(|_| Vec::new(), |nobody| std::mem::replace(&mut self.mail, nobody).finish(Timestamp::now(), PATIENCE))
    }

    /// Says who starts, with what lease, and what is watched.
    fn tell_start(&mut self, until: &RunUntil) {
        let (process, root) = (std::process::id(), self.workspace.root.display().to_string());
        let once = if *until == RunUntil::DoneOnce { ", for what there is" } else { "" };
        self.tell(&"backend", "started", Some(format!("{}, process {process}{once}: {root}", crate::SOFTWARE)));
        let lease = format!("{}, at {}", self.lease.owner(), self.workspace.book_place());
        self.tell(&"backend", "lease taken", Some(lease));
        let every_s = self.workspace.settings.intake.reconcile_s;
        let watched = format!("{}, swept every {every_s} s", self.intake.folder().display());
        self.tell(&"backend", "watches", Some(watched));
    }

    /// Sets right what a stop left beside the book, and answers requests that came while no backend ran.
    fn recover(&mut self) -> Result<(), ProcessingError> {
        for file in self.shift.files.keys().copied().collect::<Vec<_>>() {
            self.bring_queue_entry_up_to_date(file)?;
        }
        for file in self.shift.files.values().filter(|file| file.refused.is_some()) {
            for entry in
                self.store.story(file.file.run, Some(file.file))?.iter().filter(|entry| entry.kind == "other_content_refused")
            {
                let (source, size_bytes) = (entry.detail["source"].as_str(), entry.detail["size_bytes"].as_u64());
                let written = entry.detail["written"].as_str().and_then(|stamp| stamp.parse().ok());
                if let (Some(source), Some(size_bytes), Some(written)) = (source, size_bytes, written) {
                    self.refused.insert(source.to_owned(), (size_bytes, written));
                }
            }
        }
        for file in self.shift.files.values().filter(|file| file.step > FileStep::Copying) {
            self.intake.knows(&file.source, file.size_bytes, file.daq_closed);
        }
        for request in self.store.open_requests()?.into_iter().filter(|request| request.kind == RequestKind::Stop) {
            self.store.answer_request(request.id, Timestamp::now(), "no backend ran then")?;
        }
        self.workspace.central_copy(FileId::new(0, 0))?;
        self.recover_central_copies()?;
        self.open_new_lanes()?;
        if let Some(fault) = self.watch.fault() {
            let detail = Some(format!("{fault}; files are found by the sweep alone"));
            (self.progress)(&Progress { subject: "incoming".into(), word: "not watched".into(), detail });
        }
        Ok(())
    }

    /// The loop.
    fn work(&mut self, until: &RunUntil, stop: &AtomicBool) -> Result<(), ProcessingError> {
        let reconcile = Duration::try_from_secs_f64(self.workspace.settings.intake.reconcile_s).unwrap_or(Duration::MAX);
        let (mut next_sweep, mut next_requests, mut idle_since) = (Instant::now(), Instant::now(), None);
        let mut has_moved = true;
        while !stop.load(Ordering::Relaxed) {
            let wait = if has_moved { Duration::ZERO } else { IDLE };
            let hints = self.watch.wait(wait, &[self.desk.wake(), self.central_desk.wake(), self.deeds.wake()]);
            let now = Instant::now();
            if !hints.is_empty() {
                self.watcher.last_hint = Some(Timestamp::now());
            }
            self.follow(&hints, now)?;
            let has_lost_hints = self.watch.has_lost_hints();
            self.watcher.lost_hints += u64::from(has_lost_hints);
            if now >= next_sweep || has_lost_hints {
                self.sweep(now)?;
                let wait = if *until == RunUntil::DoneOnce { Duration::from_millis(250) } else { reconcile };
                next_sweep = now + wait.min(reconcile);
                self.watcher.next_sweep = Timestamp::now().saturating_add(wait.min(reconcile)).ok();
            }
            self.say_state(now)?;
            if let Some(fault) = self.flow_rows.go_on(now) {
                self.tell(&"flow", "not written", Some(fault));
            }
            if now >= next_requests {
                next_requests = now + REQUESTS;
                self.move_mail();
                if self.serve_requests()? {
                    return Ok(());
                }
            }
            has_moved = !hints.is_empty() | self.round()?;
            if has_moved {
                idle_since = None;
            } else if self.has_reached(until, *idle_since.get_or_insert(now), now) {
                self.report_what_is_put_off();
                return Ok(());
            }
        }
        Ok(())
    }

    /// Moves everything on as far as it goes without waiting, files on their way in first; answers whether anything moved.
    fn round(&mut self) -> Result<bool, ProcessingError> {
        let mut has_moved = self.take_copies()?;
        has_moved |= self.move_files()?;
        has_moved |= self.end_quiet_runs(Timestamp::now())?;
        has_moved |= self.ask_gates(Timestamp::now())?;
        has_moved |= self.take_deeds();
        has_moved |= self.move_groups()?;
        has_moved |= self.move_passes()?;
        has_moved |= self.move_central_copies()?;
        // In this order and last: what changed above makes groups, and what makes none may be the end.
        has_moved |= self.form_groups()?;
        has_moved |= self.close_processings()?;
        Ok(has_moved)
    }

    /// Whether the work that was asked for is done.
    fn has_reached(&mut self, until: &RunUntil, idle_since: Instant, now: Instant) -> bool {
        match until {
            RunUntil::Stopped => false,
            RunUntil::DoneOnce => {
                let patience = Duration::from_secs_f64(2.0 * QUIET_ONCE_S);
                let is_left = now.duration_since(idle_since) >= patience;
                let is_done = self.files_rest(None) && self.passes_rest(None) && self.groups_rest(None);
                self.report.left_open = self.intake.has_open_files();
                is_done && (is_left || !self.report.left_open)
            }
            RunUntil::RunsDone(runs) => runs.iter().all(|run| {
                let has_ended = self.shift.runs.get(run).is_some_and(|run| run.ended.is_some());
                has_ended && self.files_rest(Some(*run)) && self.passes_rest(Some(*run)) && self.groups_rest(Some(*run))
            }),
        }
    }

    /// Whether no file, of a run or of all, is on its way into the storage.
    fn files_rest(&self, of: Option<Run>) -> bool {
        let mut under_way = self.shift.files_under_way.iter().filter(|file| of.is_none_or(|run| file.run == run));
        let central_rests = of.is_some() || (self.ends_of_itself_with_central() && self.put_back.is_empty());
        central_rests && under_way.all(|file| self.is_given_up(&taking_in_of(*file)))
    }

    /// Whether nothing is to be copied to the central storage that could be copied now.
    fn ends_of_itself_with_central(&self) -> bool {
        let waits = |key: &CentralKey| self.shift.central.get(key).is_none_or(|copy| copy.step == CentralStep::PutOff);
        self.shift.central_under_way.iter().all(waits)
    }

    /// Whether no pass, of a run or of all, moves of itself: one that is held rests, and while its run may go on one that is
    /// reconstructed does too.
    fn passes_rest(&self, of: Option<Run>) -> bool {
        let rests = |pass: &PassRecord| {
            let is_left = matches!(pass.step, PassStep::Held | PassStep::Reconstructed) && of.is_none();
            is_left
                || pass.step == PassStep::Held
                || pass.is_final()
                || self.is_given_up(&processing_of(pass.file, pass.processing))
        };
        self.shift.passes.values().filter(|pass| of.is_none_or(|run| pass.file.run == run)).all(rests)
    }

    /// Whether no group, of a run or of all, is being analysed.
    fn groups_rest(&self, of: Option<Run>) -> bool {
        let rests = |group: &GroupRecord| group.step != GroupStep::Analysing || self.is_given_up(&group.name());
        self.shift.groups.values().filter(|group| of.is_none_or(|run| group.run == run)).all(rests)
    }

    /// Stores what happened, then makes it the state in memory. Nothing is acted on before it went through here.
    fn keep(&mut self, story: &[StoryEntry], rows: Vec<Row>) -> Result<(), ProcessingError> {
        self.pass_place();
        self.store.record(Some(self.lease.token()), story, &rows)?;
        self.pass_place();
        for row in rows {
            match row {
                Row::NotTaken(file) => drop(self.not_taken.insert(file.name, file.reason)),
                Row::NoLongerThere(name) => drop(self.not_taken.remove(&name)),
                row => self.shift.take(row),
            }
        }
        Ok(())
    }

    /// A place where a kill would hurt most; tests of kills abort here.
    fn pass_place(&mut self) {
        self.places_passed += 1;
        if self.options.abort_at == Some(self.places_passed) {
            std::process::abort();
        }
    }

    fn tell(&mut self, subject: &impl ToString, word: &str, detail: Option<String>) {
        (self.progress)(&Progress { subject: subject.to_string(), word: word.into(), detail });
    }
}

/// The intake folder of a workspace.
fn intake_of(workspace: &Workspace, until: &RunUntil, detector: &Detector) -> Intake {
    let settings = &workspace.settings.intake;
    let quiet_s = match until {
        RunUntil::DoneOnce => settings.file_quiet_s.min(QUIET_ONCE_S),
        _ => settings.file_quiet_s,
    };
    let quiet = Duration::try_from_secs_f64(quiet_s).unwrap_or(Duration::MAX);
    let readout = detector.readout;
    let is_whole = move |path: &Path| RawReader::open(path, &readout).is_ok_and(|raw| *raw.ending() == Ending::Footer);
    Intake::new(workspace.incoming(), detector.clone(), &settings.run_end_marker, quiet, Box::new(is_whole))
}

/// A story entry of a file.
fn of_file(at: Timestamp, file: FileId, kind: &str, detail: serde_json::Value) -> StoryEntry {
    StoryEntry { at, run: Some(file.run), sequence: Some(file.sequence), kind: kind.into(), detail }
}

/// A story entry of a run, or of the workspace.
fn of_run(at: Timestamp, run: Option<Run>, kind: &str, detail: serde_json::Value) -> StoryEntry {
    StoryEntry { at, run, sequence: None, kind: kind.into(), detail }
}
