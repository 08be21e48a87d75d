//! The engine's own thread: takes commands and updates, publishes snapshots.

mod replaying;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, select};
use jiff::Timestamp;

use super::backend_process;
use super::beside_desk::{BesideDesk, News};
use super::book_desk::BookErrand;
use super::close_looks::CloseErrand;
use super::command::{ChecksCommand, Command, ProcessingCommand, RunsCommand, ViewCommand, WorkspaceCommand};
use super::export_command::ExportCommand;
use super::export_desk::{self, ExportErrand};
use super::open::Open;
use super::opening::{Opener, World, create};
use super::pollers::{EventErrand, ResultsErrand, Update};
use super::replay_command::ReplayCommand;
use super::replay_desk::ReplayDesk;
use super::runs_desk::{ManyRuns, RunsErrand};
use super::sound::SoundDesk;
use super::{EngineHandle, EngineSide, Notice};
use crate::live::{EventWish, newest_raw_file};
use crate::snapshot::{Banner, CloseSubject, FigureKey, Snapshot};
use replaying::{Wanted, over_live};

/// Snapshots are published at most this often, so that a burst of updates is one of them.
const QUIET: Duration = Duration::from_millis(40);
/// A workspace that opens within this time is not preceded by a welcome.
const SOON: Duration = Duration::from_secs(2);
/// Ages and heartbeats move on even when nothing else does.
const TICK: Duration = Duration::from_secs(1);

/// Called after each published snapshot, so that a sleeping window wakes.
pub type Waker = Box<dyn Fn() + Send>;

/// What the engine starts with.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// A workspace, or a file or folder of results, to open at once.
    pub open: Option<PathBuf>,
    /// Whether nothing may be written.
    pub read_only: bool,
}

/// Starts the engine's thread. It ends when the last handle is dropped.
#[must_use]
pub fn start(start: Start, world: World, waker: Waker) -> EngineHandle {
    let (handle, side) = EngineHandle::pair();
    let spawned = thread::Builder::new().name("dqmon-engine".into()).spawn(move || Engine::new(side, start, world, waker).run());
    if let Err(error) = spawned {
        tracing::error!("the engine did not start: {error}");
    }
    handle
}

struct Engine {
    side: EngineSide,
    opener: Arc<Opener>,
    beside: BesideDesk<LongEnd>,
    sound: SoundDesk,
    /// The opening that is under way; the newest is wanted.
    opening: Option<u64>,
    waker: Waker,
    read_only: bool,
    open: Option<Open>,
    /// The replay that is shown in the place of what is open.
    replay: Option<ReplayDesk>,
    /// A replay is wanted as soon as something is open.
    replay_wanted: Option<Wanted>,
    /// What the window watches; kept here so that it holds for the next workspace too.
    watched: Vec<FigureKey>,
    /// The same of the flow.
    flow_window_s: Option<u64>,
    /// What the welcome page should know: why the last opening failed.
    refusal: Option<String>,
    exports: Sender<ExportErrand>,
    serial: u64,
}

/// What work that took long has ended with.
enum LongEnd {
    Opened(Result<Box<Open>, String>),
    /// A workspace was made, to be opened.
    Made(Result<PathBuf, String>),
}

impl Engine {
    fn new(side: EngineSide, start: Start, world: World, waker: Waker) -> Self {
        let (exports, errands) = crossbeam_channel::bounded(16);
        export_desk::spawn(errands, side.notices.clone());
        let opener = Arc::new(Opener { world, read_only: start.read_only, notices: side.notices.clone() });
        let mut engine = Engine {
            side,
            opener,
            beside: BesideDesk::new(),
            sound: SoundDesk::default(),
            opening: None,
            waker,
            read_only: start.read_only,
            open: None,
            replay: None,
            replay_wanted: None,
            watched: Vec::new(),
            flow_window_s: None,
            refusal: None,
            exports,
            serial: 0,
        };
        if let Some(path) = start.open {
            engine.open(&path);
            engine.wait_for_opening();
        }
        engine
    }

    /// A workspace that opens at once is what a window shows first, and not a welcome for the blink of an eye.
    fn wait_for_opening(&mut self) {
        let end = Instant::now() + SOON;
        while self.opening.is_some_and(|id| self.beside.is_under_way(id)) {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(news) = self.beside.news.recv_timeout(left) else { return };
            self.take_beside(news);
        }
    }

    fn run(mut self) {
        let mut published = Instant::now();
        self.publish();
        let commands = self.side.commands.clone();
        let beside = self.beside.news.clone();
        let mut is_stale = false;
        loop {
            let updates = self.open.as_ref().map_or_else(crossbeam_channel::never, |open| open.updates.clone());
            let replay = self.replay.as_ref().map_or_else(crossbeam_channel::never, |replay| replay.news.clone());
            let wait = if is_stale { QUIET.saturating_sub(published.elapsed()) } else { TICK };
            select! {
                recv(commands) -> command => match command {
                    Ok(command) => { self.obey(command); is_stale = true; }
                    Err(_) => return,
                },
                recv(updates) -> update => if let Ok(update) = update { is_stale |= self.take(update); },
                recv(replay) -> news => match news {
                    Ok(()) => is_stale = true,
                    // Its thread has said why it is over.
                    Err(_) => { self.leave_replay(); is_stale = true; }
                },
                recv(beside) -> news => if let Ok(news) = news { self.take_beside(news); is_stale = true; },
                default(wait) => is_stale = true,
            }
            if is_stale && published.elapsed() >= QUIET {
                self.publish();
                published = Instant::now();
                is_stale = false;
            }
        }
    }

    fn publish(&mut self) {
        self.serial += 1;
        let now = Timestamp::now();
        let mut snapshot = match &mut self.open {
            Some(open) => open.live.snapshot(now),
            None => Snapshot::nothing(now),
        };
        snapshot.serial = self.serial;
        snapshot.beside = self.beside.shown();
        snapshot.beside.long.extend(self.open.as_ref().and_then(Open::reading));
        if let Some(open) = &mut self.open
            && !self.read_only
        {
            open.tell_checks(&snapshot);
            if let Some(workspace) = &open.workspace {
                self.sound.listen(&snapshot.people, &workspace.settings.alarms, now);
            }
        }
        // The live shift goes on behind a replay: its checks are told, its alarms sound, and who replays is called back by it.
        if let Some(past) = self.replay.as_ref().and_then(ReplayDesk::shown) {
            snapshot = over_live(&past, snapshot, now);
        } else if self.replay.is_some() {
            let text = "The replay is being read. What is shown is the live shift until then, and what is said goes to it.";
            snapshot.banners.push(Banner { is_fault: false, text: text.into() });
        }
        snapshot.banners.extend(self.refusal.iter().map(|text| Banner { is_fault: true, text: text.clone() }));
        self.side.snapshot.store(Arc::new(snapshot));
        (self.waker)();
    }

    /// Takes an update; answers whether there is anything new to show.
    fn take(&mut self, update: Update) -> bool {
        let Some(open) = &mut self.open else { return false };
        match update {
            Update::Heard(part) => {
                open.live.hear(part, Timestamp::now());
                return false;
            }
            Update::Results(view) => open.live.take_results(view),
            Update::Event(view) => open.live.take_event(view),
            Update::Flow(flow) => open.live.take_flow(flow),
            Update::Closely(look) => open.live.take_closely(look),
            Update::Runs(table) => open.live.take_run_table(table),
            Update::Settings(loaded) => open.take_settings(*loaded),
            Update::Tasks(registry, faults) => open.take_tasks(registry, faults),
            Update::Checks(checks, faults) => open.live.take_checks(checks, faults),
            Update::Desk(desk, faults) => open.live.take_desk(desk, faults),
            Update::Book(view) => {
                let newest = newest_raw_file(&view.runs);
                if newest != open.newest_file {
                    open.newest_file = newest;
                    open.tell_event(EventErrand::Newest(newest));
                }
                open.live.take_book(view);
                open.told.clear();
            }
        }
        true
    }

    fn obey(&mut self, command: Command) {
        match &command {
            Command::Replay(ReplayCommand::Begin { path, at, hides_decisions }) => {
                return self.begin_replay(Wanted { path: path.clone(), at: *at, hides_decisions: *hides_decisions });
            }
            Command::Replay(ReplayCommand::Leave) | Command::Workspace(_) => self.leave_replay(),
            _ => {}
        }
        if let Command::View(ViewCommand::Watch(keys)) = &command {
            self.watched.clone_from(keys);
        }
        let Some(command) = self.past_replay(command) else { return };
        match command {
            Command::View(command) => self.obey_view(command),
            Command::Decision(command) => self.book_errand(BookErrand::Decision(command)),
            Command::Runs(command) => self.obey_runs(command),
            Command::Processing(command) => self.obey_processing(command),
            Command::Workspace(command) => self.obey_workspace(command),
            Command::People(command) => self.book_errand(BookErrand::People(command)),
            Command::Checks(ChecksCommand::TakeReference(key)) => self.take_reference(&key),
            Command::Export(command) => self.export(command),
            Command::Replay(_) => {}
            Command::Beside(command) => {
                let open = self.open.as_ref().and_then(|open| open.workspace.as_ref());
                self.beside.obey(command, open.map(|workspace| workspace.root.clone()));
            }
        }
    }

    fn obey_view(&mut self, command: ViewCommand) {
        if let ViewCommand::Watch(keys) = &command {
            self.watched.clone_from(keys);
        }
        if let ViewCommand::WatchFlow(window_s) = &command {
            self.flow_window_s = *window_s;
        }
        let Some(open) = &mut self.open else { return };
        match command {
            ViewCommand::Watch(keys) => open.live.watch(keys),
            ViewCommand::Compare(sides) => open.live.compare(sides),
            ViewCommand::LookAtRun(run) => open.tell_book(BookErrand::LookAt(run)),
            ViewCommand::ShowEvent { file, index } => open.tell_event(EventErrand::Wish(EventWish::Chosen { file, index })),
            ViewCommand::ShowStrip(strip) => open.tell_event(EventErrand::Strip(strip)),
            ViewCommand::FollowNewestEvent => open.tell_event(EventErrand::Wish(EventWish::Newest)),
            ViewCommand::WatchFlow(window_s) => open.look(CloseErrand::Flow(window_s)),
            ViewCommand::LookClosely(subject) => {
                if subject == CloseSubject::default() {
                    open.live.take_closely(None);
                }
                open.look(CloseErrand::Closely(subject));
            }
            ViewCommand::PollNow => {
                // A full channel means that it has been told often enough.
                let _ = open.results.try_send(ResultsErrand::Hurry);
            }
        }
    }

    /// Which result a plot shows is known here; the file is written by a thread that may wait.
    fn take_reference(&self, key: &FigureKey) {
        if self.read_only {
            return self.notice(Notice::Refused("reference not taken: this window is read-only".into()));
        }
        let Some(open) = &self.open else { return };
        match open.live.reference_of(key, Timestamp::now()) {
            Ok(source) => self.book_errand(BookErrand::TakeReference(source)),
            Err(why) => self.notice(Notice::Refused(format!("reference not taken: {why}"))),
        }
    }

    /// What is shown is known here; it is drawn and written by a thread that may wait.
    fn export(&mut self, command: ExportCommand) {
        let words = command.words();
        let Some(open) = &mut self.open else {
            return self.notice(Notice::Refused(format!("{words} not done: nothing is open")));
        };
        let now = Timestamp::now();
        let plots = command.keys().iter().filter_map(|key| open.live.signed(key, now)).collect();
        let (source, workspace, snapshot) = (open.live.source(), open.workspace.clone(), self.side.snapshot.load_full());
        let open_store = workspace.as_ref().map(|workspace| (self.opener.world.open_store)(workspace, true));
        let errand = ExportErrand { command, plots, source, snapshot, workspace, open_store, read_only: self.read_only };
        if self.exports.try_send(errand).is_err() {
            self.notice(Notice::Refused(format!("{words} not done: earlier exports are not written yet; try again")));
        }
    }

    fn obey_runs(&mut self, command: RunsCommand) {
        let Some(open) = &self.open else { return };
        match command {
            RunsCommand::Ask(ask) => {
                open.tell_runs(RunsErrand::Ask(ask));
            }
            RunsCommand::Flag { runs, flag, comment, who, role, place } => {
                if !open.tell_runs(RunsErrand::Flag(ManyRuns { runs, flag, comment, who, role, place })) {
                    let words = "runs not flagged: the book has not answered for a while; try again";
                    self.notice(Notice::Refused(words.into()));
                }
            }
        }
    }

    fn obey_processing(&mut self, command: ProcessingCommand) {
        match command {
            ProcessingCommand::StartBackend => {
                let Some(workspace) = self.open.as_ref().and_then(|open| open.workspace.as_ref()) else { return };
                if self.read_only {
                    return self.notice(Notice::Refused("backend not started: this window is read-only".into()));
                }
                let notices = self.side.notices.clone();
                let tell = move |started: io::Result<u32>| {
                    let notice = match started {
                        Ok(process_id) => Notice::Done(format!("backend started, process {process_id}")),
                        Err(error) => Notice::Refused(format!("backend not started: {error}")),
                    };
                    if notices.try_send(notice).is_err() {
                        tracing::warn!("a notice was dropped: nobody reads them");
                    }
                };
                if let Err(error) = backend_process::start_aside(workspace.clone(), tell) {
                    self.notice(Notice::Refused(format!("backend not started: {error}")));
                }
            }
            ProcessingCommand::StopBackend => self.book_errand(BookErrand::StopBackend),
            ProcessingCommand::Ask(kind, subject) => self.book_errand(BookErrand::Ask(kind, subject)),
            ProcessingCommand::ReadLog(path) => self.book_errand(BookErrand::ReadText { what: "log", path }),
            ProcessingCommand::ReadScript(path) => self.book_errand(BookErrand::ReadText { what: "script", path }),
        }
    }

    fn obey_workspace(&mut self, command: WorkspaceCommand) {
        match command {
            WorkspaceCommand::Open(path) => self.open(&path),
            WorkspaceCommand::Close => {
                self.end_opening();
                self.open = None;
                self.refusal = None;
            }
            WorkspaceCommand::Create(new) => {
                let what = format!("creation of the workspace {}", new.folder.display());
                self.beside.begin(what, move |work| {
                    work.tell("looking at the answers", None);
                    LongEnd::Made(create(&new))
                });
            }
            WorkspaceCommand::Demo { folder } => {
                self.beside.begin(format!("demo in {}", folder.display()), move |work| {
                    let goes_on = |waited: Duration| {
                        work.tell(format!("making its workspace, {} s", waited.as_secs()), None);
                        !work.is_cancelled()
                    };
                    let made = backend_process::start_demo(&folder, goes_on);
                    LongEnd::Made(made.map_err(|error| format!("demo not started: {error}")))
                });
            }
        }
    }

    /// Opens a workspace or, where there is none, looks at a file or folder of results. What was open before is closed only
    /// when the new one can be opened.
    fn open(&mut self, path: &Path) {
        self.end_opening();
        let (opener, named) = (self.opener.clone(), path.to_owned());
        self.opening = Some(self.beside.begin(format!("opening of {}", path.display()), move |work| {
            work.tell("reading settings, tasks and checks", None);
            LongEnd::Opened(opener.opened(&named).map(Box::new))
        }));
    }

    /// An opening that is under way is not wanted any more.
    fn end_opening(&mut self) {
        if let Some(id) = self.opening.take() {
            self.beside.cancel(id);
        }
    }

    fn take_beside(&mut self, news: News<LongEnd>) {
        match self.beside.take(news) {
            Some(LongEnd::Opened(Ok(mut open))) => {
                open.live.watch(self.watched.clone());
                if self.flow_window_s.is_some() {
                    open.look(CloseErrand::Flow(self.flow_window_s));
                }
                self.refusal = None;
                self.open = Some(*open);
                if let Some(wanted) = self.replay_wanted.take() {
                    self.begin_replay(wanted);
                }
            }
            Some(LongEnd::Opened(Err(reason))) if self.open.is_none() => self.refusal = Some(reason),
            Some(LongEnd::Made(Ok(root))) => self.open(&root),
            Some(LongEnd::Opened(Err(reason)) | LongEnd::Made(Err(reason))) => self.notice(Notice::Refused(reason)),
            None => {}
        }
    }
}

impl Engine {
    fn book_errand(&self, errand: BookErrand) {
        let Some(book) = self.open.as_ref().and_then(|open| open.book.as_ref()) else {
            return self.notice(Notice::Refused(format!("{} not done: no workspace is open", errand.words())));
        };
        if let Err(error) = book.try_send(errand) {
            let errand = error.into_inner();
            self.notice(Notice::Refused(format!(
                "{} not done: the book has not answered for a while; try again",
                errand.words()
            )));
        }
    }

    fn notice(&self, notice: Notice) {
        if self.side.notices.try_send(notice).is_err() {
            tracing::warn!("a notice was dropped: nobody reads them");
        }
    }
}
