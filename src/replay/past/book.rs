//! The book as of an instant: a book in memory, into which is written what had happened by then, read by the reader of live books.

use std::sync::Arc;

use jiff::Timestamp;
use monitasks::vocab::Run;

use super::changes::BookChanges;
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
    /// What is said in a training, in order: it stands in the book at every instant.
    trained: Vec<NewEntry>,
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
        if to < self.done {
            self.begin_anew()?;
        }
        if to > self.done {
            self.changes.apply(self.done, to, self.poller.store())?;
            self.done = to;
        }
        for _ in 0..LOOKS {
            match self.poller.poll(at) {
                Some(view) => self.view = Arc::new(view),
                None => break,
            }
        }
        Ok(self.view.clone())
    }

    /// Lets somebody write into the book at an instant, and answers what new entries stand in it: they stay at every instant.
    pub fn write<T>(&mut self, writes: impl FnOnce(&mut dyn Store) -> T) -> Result<(T, Vec<Entry>), StoreError> {
        let store = self.poller.store();
        let place = last_place(store)?;
        let done = writes(store);
        let new = store.entries_after(place, usize::MAX >> 1)?;
        self.trained.extend(new.iter().map(of_training));
        Ok((done, new))
    }

    /// Takes in what was said in an earlier part of a training.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn take_trained(&mut self, said: Vec<NewEntry>) -> Result<(), StoreError> {
        say(self.poller.store(), &said)?;
        self.trained.extend(said);
        Ok(())
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
        self.done = 0;
        say(self.poller.store(), &self.trained)
    }
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
