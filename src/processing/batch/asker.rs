//! Asks a batch system for all jobs at once, on a thread of its own, and keeps the newest answer.
//!
//! Whoever wants to know takes what is there and never waits: a controller that is down hangs its commands for many seconds.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::dialect::{Dialect, Table};
use super::word::{BatchWord, that_counts};

/// Longest that a question may take.
const LONGEST_CALL: Duration = Duration::from_secs(5);

/// Time that it takes to end a question that takes too long.
const TO_BE_ENDED: Duration = Duration::from_secs(1);

/// Time between two looks into the accounts for the same job.
const ACCOUNTS_EVERY: Duration = Duration::from_secs(60);

/// A batch system's newest answer.
#[derive(Debug, Clone)]
pub enum Answer {
    /// It was asked, and has not answered yet.
    Awaited,
    /// Its jobs.
    Jobs(Arc<Table>),
    /// It can't be asked, and why.
    Fault(String),
}

/// What the accounts say of a job that the list does not have.
#[derive(Debug, Clone, PartialEq)]
pub enum Account {
    /// They are being looked at.
    Awaited,
    /// They don't know it, or there are none.
    Nothing,
    /// How it ended.
    Ended(Box<BatchWord>),
}

/// The thread that asks, as seen from outside. It ends when this goes.
pub struct Asker {
    shared: Arc<Shared>,
    every: Duration,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Somebody asked since the last question.
    is_wanted: bool,
    /// Nobody will ask any more.
    is_over: bool,
    /// The newest list and when it was asked for.
    list: Option<(Instant, Arc<Table>)>,
    /// Why the newest question, newer than the list, got no answer.
    fault: Option<String>,
    /// Jobs to look up in the accounts.
    lost: BTreeSet<String>,
    /// What the accounts said, and when.
    accounts: HashMap<String, (Instant, Option<BatchWord>)>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asker {
    /// Starts the thread; it asks when somebody wants to know, and not more often than that.
    #[must_use]
    pub fn new(dialect: Arc<dyn Dialect>, every: Duration) -> Self {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let its = Arc::clone(&shared);
        std::thread::spawn(move || ask_on(&*dialect, &its, every));
        Asker { shared, every }
    }

    /// The newest answer to a question that was asked after a moment; has the next one asked.
    #[must_use]
    pub fn answer(&self, since: Option<Instant>) -> Answer {
        let mut state = self.shared.state();
        state.is_wanted = true;
        self.shared.changed.notify_all();
        let of_now = |asked: &Instant| asked.elapsed() <= 3 * self.every + LONGEST_CALL + TO_BE_ENDED;
        match (&state.list, &state.fault) {
            // One question that got no answer makes nothing unknown yet.
            (Some((asked, _)), Some(fault)) if asked.elapsed() > 3 * self.every => Answer::Fault(fault.clone()),
            (Some((asked, table)), _) if of_now(asked) && since.is_none_or(|since| *asked >= since) => {
                Answer::Jobs(Arc::clone(table))
            }
            (_, Some(fault)) => Answer::Fault(fault.clone()),
            _ => Answer::Awaited,
        }
    }

    /// Why the newest question got no answer; none when it got one, or was never asked.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        self.shared.state().fault.clone()
    }

    /// The newest list, however old.
    #[must_use]
    pub fn newest(&self) -> Option<Arc<Table>> {
        self.shared.state().list.as_ref().map(|(_, table)| Arc::clone(table))
    }

    /// Drops what the accounts said of a job that nobody will ask for again.
    pub fn forget(&self, name: &str) {
        let mut state = self.shared.state();
        state.accounts.remove(name);
        state.lost.remove(name);
    }

    /// What the accounts say of a job; has them looked at.
    #[must_use]
    pub fn account(&self, name: &str) -> Account {
        let mut state = self.shared.state();
        let known = state.accounts.get(name).cloned();
        if known.as_ref().is_none_or(|(asked, word)| word.is_none() && asked.elapsed() > ACCOUNTS_EVERY) {
            state.lost.insert(name.to_owned());
            state.is_wanted = true;
            self.shared.changed.notify_all();
        }
        match known {
            None => Account::Awaited,
            Some((_, None)) => Account::Nothing,
            Some((_, Some(word))) => Account::Ended(Box::new(word)),
        }
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
        self.shared.changed.notify_all();
    }
}

/// The thread: a question, a pause, and again when somebody wants to know.
fn ask_on(dialect: &dyn Dialect, shared: &Shared, every: Duration) {
    loop {
        let lost: Vec<String> = {
            let waiting = shared.changed.wait_while(shared.state(), |state| !state.is_wanted && !state.is_over);
            let mut state = waiting.unwrap_or_else(PoisonError::into_inner);
            if state.is_over {
                return;
            }
            state.is_wanted = false;
            std::mem::take(&mut state.lost).into_iter().collect()
        };
        let asked = Instant::now();
        let listed = dialect.list().run(LONGEST_CALL).map_err(|error| error.to_string());
        let outcome = listed.and_then(|said| dialect.listed(&said));
        let accounts = if lost.is_empty() { Table::new() } else { accounts_of(dialect, &lost) };
        let mut state = shared.state();
        match outcome {
            Ok(table) => (state.list, state.fault) = (Some((asked, Arc::new(table))), None),
            Err(fault) => state.fault = Some(fault),
        }
        for name in lost {
            let word = accounts.get(&name).and_then(|words| that_counts(words)).cloned();
            state.accounts.insert(name, (Instant::now(), word));
        }
        let pause = shared.changed.wait_timeout_while(state, every, |state| !state.is_over);
        drop(pause.unwrap_or_else(PoisonError::into_inner));
    }
}

fn accounts_of(dialect: &dyn Dialect, names: &[String]) -> Table {
    let answers = dialect.accounts(names).into_iter().filter_map(|call| call.run(LONGEST_CALL).ok());
    answers.filter(|said| said.status == Some(0)).map(|said| dialect.accounted(&said)).next().unwrap_or_default()
}
