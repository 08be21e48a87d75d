//! The replay's thread: brings a past shift to the instants that are asked for and publishes what it looked like. While somebody
//! drags along the line, the newest wish wins. What is decided goes into a training book; nothing here writes into the real one.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use jiff::Timestamp;

use super::Notice;
use super::book_desk::{self, BookErrand};
use super::command::{Command, ProcessingCommand, RunsCommand, ViewCommand};
use super::pollers;
use super::replay_command::ReplayCommand;
use crate::config::{MailSettings, Workspace};
use crate::live::{EventWish, RunTableKeeper};
use crate::replay::{PastError, PastShift, Player, TrainingBook, TrainingReport};
use crate::snapshot::{Banner, ReplayShown, RunsAsk, Snapshot};

/// Between two pictures while it plays.
const FRAME: Duration = Duration::from_millis(80);
/// Between two looks while it stands still.
const IDLE: Duration = Duration::from_secs(5);

/// What the thread may be told.
enum Errand {
    Replay(ReplayCommand),
    View(ViewCommand),
    Book(BookErrand),
    Runs(RunsAsk),
}

/// What is replayed, and from where on.
pub(super) struct Begin {
    /// What is open, when it is a workspace.
    pub(super) open: Option<Workspace>,
    /// What else is to be replayed.
    pub(super) path: Option<PathBuf>,
    pub(super) at: Option<Timestamp>,
    pub(super) hides_decisions: bool,
    pub(super) read_only: bool,
    /// What the window looks at.
    pub(super) watched: Vec<crate::snapshot::FigureKey>,
}

/// The engine's end of a replay. The thread ends when it is dropped.
pub(super) struct ReplayDesk {
    errands: Sender<Errand>,
    /// Something is new.
    pub(super) news: Receiver<()>,
    shown: Arc<ArcSwapOption<Snapshot>>,
}

impl ReplayDesk {
    /// Begins a replay on a thread of its own.
    pub(super) fn begin(begin: Begin, notices: Sender<Notice>) -> Self {
        let (errands, received) = crossbeam_channel::bounded(256);
        let (tell, news) = crossbeam_channel::bounded(1);
        let shown: Arc<ArcSwapOption<Snapshot>> = Arc::default();
        let slot = shown.clone();
        pollers::spawn("replay", move || match Desk::open(begin, notices.clone(), slot, tell) {
            Ok(desk) => desk.run(&received),
            Err(error) => {
                if notices.try_send(Notice::Refused(format!("replay not begun: {error}"))).is_err() {
                    tracing::warn!("a notice was dropped: nobody reads them");
                }
            }
        });
        ReplayDesk { errands, news, shown }
    }

    /// What the replay shows; none while it is being read.
    pub(super) fn shown(&self) -> Option<Arc<Snapshot>> {
        self.shown.load_full()
    }

    /// Takes a command. What is left of it is for the engine; an error is why it can't be done in a replay.
    pub(super) fn take(&self, command: Command) -> Result<Option<Command>, String> {
        let refused = |what: &str| Err(format!("{what}: this is a replay; go back to the live shift first"));
        match command {
            Command::Replay(command) => self.tell(Errand::Replay(command)).map(|()| None),
            Command::View(view) => {
                // What the card is about is the same when the replay is left.
                let left = matches!(view, ViewCommand::LookAtRun(_)).then(|| Command::View(view.clone()));
                self.tell(Errand::View(view)).map(|()| left)
            }
            Command::Decision(command) => self.tell(Errand::Book(BookErrand::Decision(command))).map(|()| None),
            Command::People(command) => self.tell(Errand::Book(BookErrand::People(command))).map(|()| None),
            Command::Runs(RunsCommand::Ask(ask)) => {
                self.tell(Errand::Runs(ask.clone())).map(|()| Some(Command::Runs(RunsCommand::Ask(ask))))
            }
            Command::Runs(RunsCommand::Flag { .. }) => refused("runs not flagged"),
            Command::Processing(ProcessingCommand::ReadLog(_) | ProcessingCommand::ReadScript(_))
            | Command::Workspace(_)
            | Command::Beside(_) => Ok(Some(command)),
            Command::Processing(_) => refused("not asked of the backend"),
            Command::Checks(_) => refused("reference not taken"),
            Command::Export(_) => refused("export not done"),
        }
    }

    fn tell(&self, errand: Errand) -> Result<(), String> {
        self.errands.try_send(errand).map_err(|_| "not done: the replay is busy, or over; try again".to_owned())
    }
}

struct Desk {
    past: PastShift,
    player: Player,
    moments: Arc<Vec<Timestamp>>,
    training: Option<TrainingBook>,
    /// With no mail: what is told in a replay is told to nobody else.
    workspace: Workspace,
    ask: Option<RunsAsk>,
    shown: Arc<ArcSwapOption<Snapshot>>,
    news: Sender<()>,
    notices: Sender<Notice>,
}

impl Desk {
    fn open(
        begin: Begin,
        notices: Sender<Notice>,
        shown: Arc<ArcSwapOption<Snapshot>>,
        news: Sender<()>,
    ) -> Result<Self, PastError> {
        let mut past = match (&begin.path, &begin.open) {
            (Some(path), beside) => PastShift::open(path, beside.as_ref())?,
            (None, Some(workspace)) => PastShift::of_workspace(workspace)?,
            (None, None) => {
                let why = "no workspace is open".to_owned();
                return Err(PastError::NotKnown { why, path: PathBuf::new() });
            }
        };
        past.hide_decisions(begin.hides_decisions)?;
        past.live().watch(begin.watched);
        let mut workspace = past.workspace().clone();
        workspace.settings.mail = MailSettings::default();
        let mut player = Player::new(past.span());
        if let Some(at) = begin.at {
            player.go_to(at);
        }
        let training = (!begin.read_only).then(|| TrainingBook::new_in(&workspace.root, Timestamp::now()));
        let moments = Arc::new(past.moments());
        Ok(Desk { past, player, moments, training, workspace, ask: None, shown, news, notices })
    }

    fn run(mut self, errands: &Receiver<Errand>) {
        let mut last = Instant::now();
        self.publish();
        // A replay that can't show where it begins is none: nothing is to be said in it.
        if self.shown.load().is_none() {
            return self.notice(Notice::Refused("replay ended: it can't show the instant it begins with".into()));
        }
        loop {
            let was_playing = self.player.is_playing();
            let wait = if was_playing { FRAME.saturating_sub(last.elapsed()) } else { IDLE };
            let mut is_new = false;
            match errands.recv_timeout(wait) {
                Ok(errand) => {
                    self.take(errand);
                    // All that waits is taken before anything is drawn: of many instants the last one is.
                    while let Ok(errand) = errands.try_recv() {
                        self.take(errand);
                    }
                    is_new = true;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if !was_playing {
                last = Instant::now();
            } else if last.elapsed() >= FRAME {
                let passed = last.elapsed();
                last = Instant::now();
                is_new |= self.player.pass(passed.as_secs_f64()) || !self.player.is_playing();
            }
            if is_new {
                self.publish();
            }
        }
    }

    fn take(&mut self, errand: Errand) {
        match errand {
            Errand::Replay(command) => self.obey(&command),
            Errand::View(view) => self.view(view),
            Errand::Book(errand) => self.write(errand),
            Errand::Runs(ask) => self.ask = Some(ask),
        }
    }

    fn obey(&mut self, command: &ReplayCommand) {
        match *command {
            ReplayCommand::GoTo(at) => self.player.go_to(at),
            ReplayCommand::Play(true) => self.player.play(),
            ReplayCommand::Play(false) => self.player.pause(),
            ReplayCommand::Speed(speed) => self.player.set_speed(speed),
            ReplayCommand::Repeat(range) => self.player.repeat(range),
            ReplayCommand::Step { is_forward } => {
                self.player.pause();
                if !self.player.step(&self.moments, is_forward) {
                    let place = if is_forward { "the last" } else { "the first" };
                    self.notice(Notice::Done(format!("this is {place} moment of the replay")));
                }
            }
            ReplayCommand::Jump { kind, is_forward } => {
                let marks = self.past.marks();
                let words = self.player.jump(&marks, kind, is_forward).map(|mark| mark.words.clone());
                let side = if is_forward { "after" } else { "before" };
                self.notice(Notice::Done(words.unwrap_or_else(|| format!("no {} {side} this instant", kind.word()))));
            }
            ReplayCommand::HideDecisions(hides) => {
                if let Err(error) = self.past.hide_decisions(hides) {
                    self.notice(Notice::Refused(format!("decisions not hidden: {error}")));
                }
                self.moments = Arc::new(self.past.moments());
            }
            ReplayCommand::Compare => {
                let book = self.training.as_ref().map(TrainingBook::path).unwrap_or(std::path::Path::new(""));
                let (name, whole) = (self.past.name().to_owned(), self.past.whole().clone());
                // What comes later would be told before its time.
                let at = self.player.at();
                let report = TrainingReport::of(&name, book, &whole, Some(at), self.past.book().trained());
                let title = "Training: your decisions and those of the past".into();
                let words = format!("Of the past, what had been decided by {}.", at.strftime("%Y-%m-%d %H:%M:%S UTC"));
                self.notice(Notice::Text { title, text: format!("{words}\n{}", report.text()) });
            }
            // The engine does these.
            ReplayCommand::Begin { .. } | ReplayCommand::Leave => {}
        }
    }

    fn view(&mut self, view: ViewCommand) {
        match view {
            ViewCommand::Watch(keys) => self.past.live().watch(keys),
            ViewCommand::Compare(sides) => self.past.live().compare(sides),
            ViewCommand::LookAtRun(run) => self.past.look_at(run),
            ViewCommand::ShowEvent { file, index } => self.past.wish(EventWish::Chosen { file, index }),
            ViewCommand::FollowNewestEvent => self.past.wish(EventWish::Newest),
            ViewCommand::ShowStrip(strip) => self.past.choose_strip(strip),
            // Flow and close looks are of the backend that runs; results of the past are all read.
            ViewCommand::WatchFlow(_) | ViewCommand::LookClosely(_) | ViewCommand::PollNow => {}
        }
    }

    /// Writes what somebody says into the past book, where it counts, and into the training book, where it stays.
    fn write(&mut self, errand: BookErrand) {
        let words = errand.words();
        let Some(training) = &mut self.training else {
            return self.notice(Notice::Refused(format!("{words} not done: this window is read-only")));
        };
        let (at, workspace, notices) = (self.player.at(), &self.workspace, &self.notices);
        let told = match self.past.book().write(|store| book_desk::run(errand, store, workspace, at, notices)) {
            Ok((told, new)) if new.is_empty() => told,
            Ok((told, new)) => match training.keep(&new) {
                Ok(()) => told
                    .into_iter()
                    .map(|notice| match notice {
                        Notice::Done(words) => Notice::Done(format!("{words} (in the training book alone)")),
                        other => other,
                    })
                    .collect(),
                Err(error) => vec![Notice::Refused(format!("{words}: shown, and not kept in the training book: {error}"))],
            },
            Err(error) => vec![Notice::Refused(format!("{words}: {error}"))],
        };
        told.into_iter().for_each(|notice| self.notice(notice));
    }

    fn publish(&mut self) {
        let at = self.player.at();
        let mut snapshot = match self.past.snapshot(at) {
            Ok(snapshot) => snapshot,
            Err(error) => {
                self.player.pause();
                return self.notice(Notice::Refused(format!("this instant is not shown: {error}")));
            }
        };
        if let Some(workspace) = &mut snapshot.workspace {
            workspace.read_only = self.training.is_none();
        }
        snapshot.banners.extend(self.past.faults().iter().map(|text| Banner { is_fault: false, text: text.clone() }));
        if let Some(ask) = self.ask.clone().filter(|_| !self.player.is_playing()) {
            let mut keeper = RunTableKeeper::new(&self.workspace.settings);
            let store = self.past.book().store();
            while !keeper.is_whole() && keeper.read(store).is_ok() {}
            snapshot.run_table = Some(Arc::new(keeper.answer(&ask, None)));
        } else {
            snapshot.run_table = self.shown.load().as_ref().and_then(|before| before.run_table.clone());
        }
        snapshot.replay = Some(Arc::new(self.transport()));
        self.shown.store(Some(Arc::new(snapshot)));
        // A full channel means that it has been told already.
        let _ = self.news.try_send(());
    }

    fn transport(&mut self) -> ReplayShown {
        let trained = self.past.book().trained().iter();
        let trained = trained.filter(|said| said.kind == crate::bookkeeping::EntryKind::Decision).count();
        ReplayShown {
            name: self.past.name().to_owned(),
            at: self.player.at(),
            span: self.player.span(),
            is_playing: self.player.is_playing(),
            speed: self.player.speed(),
            looped: self.player.looped(),
            marks: self.past.marks(),
            hides_decisions: self.past.hides_decisions(),
            training_book: self.training.as_ref().map(|book| book.path().to_owned()),
            trained,
            faults: self.past.faults().to_vec(),
        }
    }

    fn notice(&self, notice: Notice) {
        if self.notices.try_send(notice).is_err() {
            tracing::warn!("a notice was dropped: nobody reads them");
        }
    }
}
