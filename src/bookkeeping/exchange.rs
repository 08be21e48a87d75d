//! Two books tell each other what people said: each chain is carried on from where the other one holds it, in both directions.
//!
//! Doing it again changes nothing. What both books said of one subject without knowing of each other stays in force side by side
//! until a person settles it.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::entry::{BookId, ChainEnd, Entry, EntryId};
use super::store::Store;
use super::store_error::StoreError;
use super::words::EntryKind;
use crate::durable;

/// Entries that are carried at once.
const AT_ONCE: usize = 1000;

/// What came of an exchange.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Exchanged {
    /// Entries that are new here.
    pub came: u64,
    /// Entries that are new there.
    pub went: u64,
    /// What is in force on subjects of which different things are, here and now.
    pub conflicts: Vec<Entry>,
}

/// Exchanges entries between two books.
///
/// # Errors
/// When one of them can't be read or written, or an entry was changed or does not follow its chain; what came before it stays.
pub fn exchange(here: &mut dyn Store, there: &mut dyn Store) -> Result<Exchanged, StoreError> {
    let came = carry(there, here)?;
    let went = carry(here, there)?;
    Ok(Exchanged { came, went, conflicts: here.conflicts()? })
}

/// Carries what one book lacks, in the order in which it arrived in the other: what was superseded arrives before what took its
/// place.
fn carry(from: &dyn Store, to: &mut dyn Store) -> Result<u64, StoreError> {
    let known: BTreeMap<BookId, ChainEnd> = to.chain_ends()?.into_iter().map(|end| (end.book, end)).collect();
    let number_known = |book: &BookId| known.get(book).map_or(0, |end| end.number);
    let mut first: Option<i64> = None;
    for end in from.chain_ends()? {
        refuse_other_history(&end, known.get(&end.book), from, to)?;
        let next = EntryId { book: end.book, number: number_known(&end.book) + 1 };
        if let Some(entry) = from.entry(next)? {
            first = Some(first.map_or(entry.place, |first| first.min(entry.place)));
        }
    }
    let (Some(first), mut new) = (first, 0) else { return Ok(0) };
    let mut place = first - 1;
    loop {
        let some = from.entries_after(place, AT_ONCE)?;
        let Some(last) = some.last() else { return Ok(new) };
        place = last.place;
        let lacking: Vec<Entry> = some.into_iter().filter(|entry| entry.id.number > number_known(&entry.id.book)).collect();
        new += to.adopt(&lacking)?.new;
    }
}

/// Where both books hold a chain, its last common entry must be the same in both.
fn refuse_other_history(end: &ChainEnd, known: Option<&ChainEnd>, from: &dyn Store, to: &dyn Store) -> Result<(), StoreError> {
    let Some(known) = known else { return Ok(()) };
    let id = EntryId { book: end.book, number: end.number.min(known.number) };
    let hash = |entry: Option<Entry>| entry.map(|entry| entry.hash);
    if hash(from.entry(id)?) == hash(to.entry(id)?) {
        return Ok(());
    }
    let why = "the two books hold different entries under its name: one was changed, or went on from a copy under the same id";
    Err(StoreError::BrokenChain { entry: id, why: why.into() })
}

/// Compares a book with the ends of its chains that were written down earlier; answers what is wrong, in words. A book that was
/// written anew, hashes and all, does not hold the entries that were in it.
///
/// # Errors
/// When the book can't be read.
pub fn compare_with_heads(book: &dyn Store, heads: &[ChainEnd]) -> Result<Vec<String>, StoreError> {
    let mut faults = Vec::new();
    for head in heads {
        let id = EntryId { book: head.book, number: head.number };
        match book.entry(id)? {
            None => faults.push(format!("entry {id} stood in the book when its chain's end was written down, and is missing")),
            Some(entry) if entry.hash != head.hash => {
                faults.push(format!(
                    "entry {id} is another one than when its chain's end was written down: the book was rewritten"
                ));
            }
            Some(_) => {}
        }
    }
    Ok(faults)
}

/// How the last exchange of a workspace's book went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncState {
    /// When it ended.
    pub at: Timestamp,
    /// When the last one ended that succeeded; none when none did.
    pub succeeded: Option<Timestamp>,
    /// The other book, without a password.
    pub with: String,
    /// Entries that were new here and there.
    pub came: u64,
    /// Entries that were new there.
    pub went: u64,
    /// Subjects of which more than one thing is in force.
    pub conflicts: usize,
    /// Why it failed; none when it did not.
    pub fault: Option<String>,
}

impl SyncState {
    const FILE: &str = "book_sync.json";

    /// The state that stands in a folder; none when there was no exchange, or it can't be read.
    #[must_use]
    pub fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(folder.join(Self::FILE)).ok()?).ok()
    }

    /// What people should know of it; none when all is well.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        if let Some(fault) = &self.fault {
            let before = self.succeeded.map(|at| format!(", the last one was at {at}")).unwrap_or_default();
            return Some(format!("the exchange with the book {} failed at {}: {fault}{before}", self.with, self.at));
        }
        let conflicts = self.conflicts;
        (conflicts > 0)
            .then(|| format!("of {conflicts} subjects two books said different things; 'dqmon book conflicts' shows them"))
    }

    /// The state after an exchange, kept in a folder.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn keep(folder: &Path, with: String, outcome: &Result<Exchanged, StoreError>, at: Timestamp) -> std::io::Result<Self> {
        let before = SyncState::read(folder);
        let state = match outcome {
            Ok(exchanged) => SyncState {
                at,
                succeeded: Some(at),
                with,
                came: exchanged.came,
                went: exchanged.went,
                conflicts: subjects_of(&exchanged.conflicts),
                fault: None,
            },
            Err(error) => SyncState {
                at,
                succeeded: before.as_ref().and_then(|state| state.succeeded),
                with,
                came: 0,
                went: 0,
                conflicts: before.map_or(0, |state| state.conflicts),
                fault: Some(error.to_string()),
            },
        };
        durable::create_folders(folder)?;
        durable::write_whole(&folder.join(Self::FILE), &serde_json::to_vec(&state)?)?;
        Ok(state)
    }
}

/// Of entries in force by kind and subject, those of subjects of which different things are said. Two books that say the same, as
/// after both took in one run list, are at one; a derived status is settled by the next cut, and by nobody's decision.
pub(super) fn differing(several: &[Entry]) -> Vec<Entry> {
    let is_of_one_subject = |one: &Entry, next: &Entry| one.kind == next.kind && one.subject == next.subject;
    let differ = |entries: &&[Entry]| {
        entries.iter().all(|entry| entry.kind != EntryKind::Status) && entries.iter().any(|entry| entry.body != entries[0].body)
    };
    several.chunk_by(is_of_one_subject).filter(differ).flatten().cloned().collect()
}

/// Of how many subjects there is more than one entry.
fn subjects_of(conflicts: &[Entry]) -> usize {
    conflicts.iter().map(|entry| (entry.kind, entry.subject.as_str())).collect::<std::collections::BTreeSet<_>>().len()
}
