//! The book as of an instant: a book in memory, into which is written what had happened by then, read by the reader of live books.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use monitasks::vocab::Run;

use super::changes::BookChanges;
use super::hidden::is_decision;
use crate::bookkeeping::{Entry, NewEntry, SqliteStore, Store, StoreError};
use crate::config::Workspace;
use crate::live::{BookPoller, BookView};

/// Looks until everything is counted, at most: the reader shows the runs first and counts what goes through the whole book then.
const LOOKS: usize = 4;

/// A book that stands at an instant.
pub struct PastBook {
    changes: Arc<BookChanges>,
    workspace: Workspace,
    poller: BookPoller,
    /// How many of the changes stand in it.
    done: usize,
    looked_at: Option<Run>,
    /// What is said in a training, in order: it stands in the book from the instant on at which it was said.
    trained: Vec<NewEntry>,
    /// The latest of it that stands in the book.
    trained_to: Option<Timestamp>,
    view: Arc<BookView>,
}

impl PastBook {
    /// The book before anything happened.
    ///
    /// # Errors
    /// When no book can be made in memory.
    pub fn new(changes: Arc<BookChanges>, workspace: &Workspace) -> Result<Self, StoreError> {
        Ok(PastBook {
            changes,
            workspace: workspace.clone(),
            poller: empty(workspace)?,
            done: 0,
            looked_at: None,
            trained: Vec::new(),
            trained_to: None,
            view: Arc::default(),
        })
    }

    /// What happened to it.
    #[must_use]
    pub fn changes(&self) -> &Arc<BookChanges> {
        &self.changes
    }

    /// Turns to other changes: decisions hidden, or shown again.
    pub fn take_changes(&mut self, changes: Arc<BookChanges>) -> Result<(), StoreError> {
        self.changes = changes;
        self.begin_anew()
    }

    /// The run of which all that was said is to be in the view.
    pub fn look_at(&mut self, run: Option<Run>) {
        self.looked_at = run;
        self.poller.look_at(run);
    }

    /// The book at an instant. Forward it takes what is new; backward it is made anew.
    ///
    /// # Errors
    /// When what happened can't be written.
    pub fn at(&mut self, at: Timestamp) -> Result<Arc<BookView>, StoreError> {
        let to = self.changes.count_at(at);
        if to < self.done || self.trained_to.is_some_and(|said| said > at) {
            self.begin_anew()?;
        }
        if to > self.done {
            self.changes.apply(self.done, to, self.poller.store())?;
            self.done = to;
        }
        self.say_trained(at)?;
        for _ in 0..LOOKS {
            match self.poller.poll(at) {
                Some(view) => self.view = Arc::new(view),
                None => break,
            }
        }
        Ok(self.view.clone())
    }

    /// Lets somebody write into the book at an instant, and answers what new entries stand in it: they stay from then on.
    pub fn write<T>(&mut self, writes: impl FnOnce(&mut dyn Store) -> T) -> Result<(T, Vec<Entry>), StoreError> {
        let store = self.poller.store();
        let place = last_place(store)?;
        let done = writes(store);
        let new = store.entries_after(place, usize::MAX >> 1)?;
        self.trained.extend(new.iter().map(of_training));
        self.trained_to = self.trained_to.max(new.iter().map(|entry| entry.at).max());
        Ok((done, new))
    }

    /// What was said in the training so far.
    #[must_use]
    pub fn trained(&self) -> &[NewEntry] {
        &self.trained
    }

    /// The book as it stands, for who reads it otherwise.
    pub fn store(&mut self) -> &dyn Store {
        self.poller.store()
    }

    fn begin_anew(&mut self) -> Result<(), StoreError> {
        self.poller = empty(&self.workspace)?;
        self.poller.look_at(self.looked_at);
        (self.done, self.trained_to) = (0, None);
        Ok(())
    }

    /// Says what was said in the training up to an instant, where it is not in force. Of what people decide the trainee's word is
    /// the last one at every later instant; of all else, as an alarm that was taken, the past goes on from it.
    fn say_trained(&mut self, at: Timestamp) -> Result<(), StoreError> {
        let mut last: BTreeMap<(&str, &str), &NewEntry> = BTreeMap::new();
        for new in self.trained.iter().filter(|new| new.at <= at) {
            last.insert((new.kind.word(), &new.subject), new);
        }
        let store = self.poller.store();
        for new in last.into_values() {
            let in_force = store.in_force_on(new.kind, &new.subject)?;
            let (own, others): (Vec<&Entry>, Vec<&Entry>) = in_force.iter().partition(|entry| is_same(entry, new));
            let later = others.iter().filter(|other| other.at > new.at).max_by_key(|other| other.at);
            let words = match later.filter(|_| !is_decision(new.kind)) {
                None if others.is_empty() && !own.is_empty() => continue,
                None => new.clone(),
                Some(_) if own.is_empty() => continue,
                Some(later) => of_training(later),
            };
            say(store, &[words])?;
        }
        self.trained_to = self.trained.iter().map(|new| new.at).filter(|said| *said <= at).max();
        Ok(())
    }
}

/// Whether an entry says what was said in a training.
fn is_same(entry: &Entry, new: &NewEntry) -> bool {
    (entry.at, &entry.who, &entry.role, &entry.body) == (new.at, &new.who, &new.role, &new.body)
}

fn empty(workspace: &Workspace) -> Result<BookPoller, StoreError> {
    Ok(BookPoller::new(Box::new(SqliteStore::in_memory()?), workspace).without_exchange())
}

fn last_place(store: &dyn Store) -> Result<i64, StoreError> {
    let mut place = 0;
    loop {
        let some = store.entries_after(place, 10_000)?;
        match some.last() {
            Some(last) => place = last.place,
            None => return Ok(place),
        }
    }
}

/// What was said, as it is said anew in another book.
pub(crate) fn of_training(entry: &Entry) -> NewEntry {
    NewEntry {
        at: entry.at,
        kind: entry.kind,
        subject: entry.subject.clone(),
        run: entry.run,
        who: entry.who.clone(),
        role: entry.role.clone(),
        body: entry.body.clone(),
        supersedes: Vec::new(),
        wish: entry.wish.clone(),
        seen: None,
    }
}

/// Says it in a book, each in the place of whatever is in force there on its subject.
pub(crate) fn say(store: &mut dyn Store, said: &[NewEntry]) -> Result<(), StoreError> {
    for new in said {
        let in_force = store.in_force_on(new.kind, &new.subject)?;
        let supersedes = in_force.iter().map(|entry| entry.id).collect();
        store.append(&[NewEntry { supersedes, ..new.clone() }])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use monitasks::quality::Flag;

    use super::*;
    use crate::bookkeeping::{Decision, DecisionSubject, EntryKind, NewDecision, Row, RunRecord};
    use crate::config::Settings;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn flagged(flag: Flag, who: &str, second: i64) -> NewEntry {
        let decision = NewDecision {
            at: at(second),
            subject: DecisionSubject::run(Run(1)),
            decision: Decision::new(flag, "seen"),
            who: who.into(),
            role: "shifter".into(),
            supersedes: Vec::new(),
            wish: None,
            seen: None,
        };
        decision.entry().unwrap()
    }

    #[test]
    fn what_a_trainee_says_is_the_last_word_from_then_on_and_is_not_known_before() {
        let mut store = SqliteStore::in_memory().unwrap();
        let record = RunRecord { run: Run(1), first_seen: at(1), ended: None, ended_by: None };
        store.record(None, &[], &[Row::Run(record)]).unwrap();
        say(&mut store, &[flagged(Flag::Ok, "Ada", 10), flagged(Flag::Bad, "Ada", 30)]).unwrap();
        let workspace = Workspace { root: std::path::PathBuf::new(), settings: Settings::default() };
        let mut past = PastBook::new(Arc::new(BookChanges::read(&store).unwrap()), &workspace).unwrap();
        past.at(at(20)).unwrap();
        past.write(|book| say(book, &[flagged(Flag::Maybe, "Kid", 20)]).unwrap()).unwrap();
        // Forward, back to before it, and forward again by other ways: the same instant is the same.
        for (second, who) in [(25, "Kid"), (40, "Kid"), (5, ""), (15, "Ada"), (20, "Kid"), (40, "Kid"), (12, "Ada"), (40, "Kid")]
        {
            past.at(at(second)).unwrap();
            let in_force = past.store().in_force(EntryKind::Decision).unwrap();
            let said: Vec<&str> = in_force.iter().map(|entry| entry.who.as_str()).collect();
            let wanted: Vec<&str> = [who].into_iter().filter(|who| !who.is_empty()).collect();
            assert_eq!(said, wanted, "at {second}");
        }
    }
}
