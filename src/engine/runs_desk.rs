//! The thread behind the Runs page: keeps the table of runs, answers what is asked of it, flags many runs on a wish. It has a
//! connection to the book of its own, so that neither a long search nor a thousand decisions hold anything else up.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use super::Notice;
use super::pollers::{self, OpenStore, Outbox, Update};
use crate::bookkeeping::{EntryKind, NewDecision, Store, StoreError};
use crate::config::Settings;
use crate::decisions::{self, DecisionError, Quality};
use crate::live::RunTableKeeper;
use crate::snapshot::{BulkShown, RunsAsk, RunsShown};

/// Between two looks at the book.
const LOOK: Duration = Duration::from_millis(500);
/// Before a book that can't be opened is tried again.
const REOPEN: Duration = Duration::from_secs(2);
/// Decisions are made for so long before somebody who asks is answered.
const STRETCH: Duration = Duration::from_millis(100);

/// A decision on many runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ManyRuns {
    pub runs: Vec<Run>,
    pub flag: Flag,
    pub comment: String,
    pub who: String,
    pub role: String,
    /// The place in the book up to which it was seen.
    pub place: i64,
}

/// What the thread may be told.
pub(super) enum RunsErrand {
    Ask(RunsAsk),
    Flag(ManyRuns),
    Configure(Box<Settings>),
}

/// Keeps the table until stopped.
pub(super) fn spawn(open: OpenStore, settings: &Settings, errands: Receiver<RunsErrand>, outbox: Outbox) {
    let (keeper, settings) = (RunTableKeeper::new(settings), settings.clone());
    pollers::spawn("runs", move || {
        let mut desk = Desk {
            open,
            outbox,
            store: None,
            retry: None,
            keeper,
            settings,
            ask: RunsAsk::default(),
            shown: None,
            bulk: None,
            is_due: true,
        };
        while !desk.outbox.is_stopped() {
            desk.look();
            desk.decide();
            if std::mem::take(&mut desk.is_due) {
                desk.tell();
            }
            let wait = if desk.bulk.is_some() || desk.has_more() { Duration::ZERO } else { LOOK };
            match errands.recv_timeout(wait) {
                Ok(errand) => desk.take(errand),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            // Only the newest of several questions is worth a search.
            while let Ok(errand) = errands.try_recv() {
                desk.take(errand);
            }
        }
    });
}

struct Desk {
    open: OpenStore,
    outbox: Outbox,
    store: Option<Box<dyn Store>>,
    /// When a book that could not be opened is tried again.
    retry: Option<Instant>,
    keeper: RunTableKeeper,
    settings: Settings,
    ask: RunsAsk,
    shown: Option<Arc<RunsShown>>,
    bulk: Option<Bulk>,
    /// Something is new that the window does not have.
    is_due: bool,
}

/// A wish under way.
struct Bulk {
    wish: ManyRuns,
    left: VecDeque<Run>,
    shown: BulkShown,
}

impl Desk {
    fn take(&mut self, errand: RunsErrand) {
        match errand {
            RunsErrand::Ask(ask) => {
                self.is_due |= self.ask != ask;
                self.ask = ask;
            }
            RunsErrand::Flag(_) if self.bulk.is_some() => {
                self.outbox.notice(Notice::Refused("runs not flagged: an earlier wish is not over yet".into()));
            }
            RunsErrand::Flag(wish) => {
                let shown = BulkShown { flag: wish.flag, of: wish.runs.len(), done: 0, refused: Vec::new() };
                self.bulk = Some(Bulk { left: wish.runs.iter().copied().collect(), wish, shown });
                self.is_due = true;
            }
            RunsErrand::Configure(settings) => {
                self.keeper = RunTableKeeper::new(&settings);
                self.settings = *settings;
                self.is_due = true;
            }
        }
    }

    /// Reads what is new. That the book can't be read is told by the thread that polls it; here the table stays as it was.
    fn look(&mut self) {
        if self.store.is_none() && self.retry.is_none_or(|at| Instant::now() >= at) {
            self.store = (self.open)().ok();
            self.retry = self.store.is_none().then(|| Instant::now() + REOPEN);
        }
        let Some(store) = &self.store else { return };
        match self.keeper.read(store.as_ref()) {
            Ok(is_new) => self.is_due |= is_new,
            Err(_) => (self.store, self.retry) = (None, Some(Instant::now() + REOPEN)),
        }
    }

    /// Whether more of the book can be read at once.
    fn has_more(&self) -> bool {
        self.store.is_some() && !self.keeper.is_whole()
    }

    /// Makes decisions of a wish for a while.
    fn decide(&mut self) {
        let Some(bulk) = &mut self.bulk else { return };
        let until = Instant::now() + STRETCH;
        while let Some(run) = bulk.left.pop_front() {
            let outcome = match &mut self.store {
                Some(store) => decide_one(store.as_mut(), Quality::of(&self.settings), &bulk.wish, run),
                None => Err("the book is away".to_owned()),
            };
            if let Err(why) = outcome {
                bulk.shown.refused.push((run, why));
            }
            bulk.shown.done += 1;
            if Instant::now() >= until {
                break;
            }
        }
        self.is_due = true;
        let shown = bulk.shown.clone();
        if shown.is_over() {
            self.outbox.notice(words_of(&shown));
            self.bulk = None;
            // The table is to show what was decided together with the end of the wish.
            self.look();
        }
        if let Some(known) = &mut self.shown {
            Arc::make_mut(known).bulk = Some(shown);
        } else {
            self.shown = Some(Arc::new(RunsShown { bulk: Some(shown), ..RunsShown::default() }));
        }
    }

    fn tell(&mut self) {
        let mut shown = self.keeper.answer(&self.ask, self.shown.as_deref());
        shown.is_read |= self.shown.as_ref().is_some_and(|shown| shown.is_read);
        let shown = Arc::new(shown);
        self.shown = Some(shown.clone());
        self.outbox.tell(Update::Runs(shown));
    }
}

fn decide_one(store: &mut dyn Store, quality: Quality<'_>, wish: &ManyRuns, run: Run) -> Result<(), String> {
    let new = decisions::on_run(run, wish.flag, &wish.comment, &wish.who, &wish.role, &[]);
    let subject = new.subject.to_string();
    let supersedes =
        decisions::seen(store, EntryKind::Decision, &subject, Some(wish.place)).map_err(|error| words(&error.into()))?;
    let new = NewDecision { at: Timestamp::now(), supersedes, seen: Some(wish.place), ..new };
    decisions::decide(store, quality, &new).map(|_| ()).map_err(|error| words(&error))
}

/// Of what was decided meanwhile, who did: that is what the person has to know.
fn words(error: &DecisionError) -> String {
    match error {
        DecisionError::Store(StoreError::Superseded { in_force }) => match in_force.last() {
            Some(entry) => format!("{} has decided meanwhile: {}", entry.who, entry.body["flag"].as_str().unwrap_or("?")),
            None => error.to_string(),
        },
        error => error.to_string(),
    }
}

fn words_of(bulk: &BulkShown) -> Notice {
    let (flag, decided) = (bulk.flag.word(), bulk.of - bulk.refused.len().min(bulk.of));
    match bulk.refused.first() {
        None => Notice::Done(format!("{decided} runs are {flag}")),
        Some((run, why)) => {
            let refused = bulk.refused.len();
            Notice::Refused(format!("{decided} runs are {flag}, {refused} refused, the first: {run}: {why}"))
        }
    }
}
