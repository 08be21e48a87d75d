//! Data sets in the book: open lists, superseded when they change, and snapshots, which never do.

use jiff::Timestamp;

use super::DecisionError;
use super::quality::signed;
use crate::bookkeeping::{Entry, EntryId, EntryKind, NewEntry, Store, StoreError};
use crate::catalogue::dataset::{DatasetError, OpenDataset, Snapshot};

/// A data set that was not recorded, or not found.
#[derive(Debug, thiserror::Error)]
pub enum DatasetRefused {
    /// There is none of this name.
    #[error("there is no {what} '{name}'; there are: {known}")]
    Unknown {
        /// `data set` or `snapshot`.
        what: &'static str,
        /// The name.
        name: String,
        /// Names there are.
        known: String,
    },
    /// The name is taken.
    #[error("not recorded: there is a {what} '{name}' already, by {who}, of {at}{hint}")]
    Taken {
        /// `data set` or `snapshot`.
        what: &'static str,
        /// The name.
        name: String,
        /// Who made it.
        who: String,
        /// When.
        at: Timestamp,
        /// What there is instead.
        hint: &'static str,
    },
    /// Two books made different ones of the same name.
    #[error("two books have a {what} '{name}' each, by {first} and by {second}: record it anew under another name")]
    Conflict {
        /// `data set` or `snapshot`.
        what: &'static str,
        /// The name.
        name: String,
        /// Who made one.
        first: String,
        /// Who made the other.
        second: String,
    },
    /// It makes no sense.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// Nobody says it, or the book refused.
    #[error(transparent)]
    Decision(#[from] DecisionError),
    /// The book refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An open data set in force.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetInForce {
    /// What it is.
    pub dataset: OpenDataset,
    /// Its entry.
    pub entry: EntryId,
    /// Who said so.
    pub who: String,
    /// When.
    pub at: Timestamp,
}

/// Records a new open data set.
///
/// # Errors
/// When its name is taken, it makes no sense, nobody says it, or the book can't be written.
pub fn open_dataset(store: &mut dyn Store, at: Timestamp, who: &str, dataset: &OpenDataset) -> Result<(), DatasetRefused> {
    dataset.checked()?;
    if let Some(taken) = store.in_force_on(EntryKind::Dataset, &dataset.name)?.pop() {
        let hint = "; 'dqmon dataset add' widens it";
        return Err(DatasetRefused::Taken { what: "data set", name: taken.subject, who: taken.who, at: taken.at, hint });
    }
    append(store, at, who, EntryKind::Dataset, &dataset.name, dataset, Vec::new())
}

/// Puts a changed data set into the place of what the caller saw.
///
/// # Errors
/// When it makes no sense, somebody else was faster, or the book can't be written.
pub fn change_dataset(
    store: &mut dyn Store,
    at: Timestamp,
    who: &str,
    seen: EntryId,
    dataset: &OpenDataset,
) -> Result<(), DatasetRefused> {
    dataset.checked()?;
    append(store, at, who, EntryKind::Dataset, &dataset.name, dataset, vec![seen])
}

/// Records a snapshot; its name must be new, for it never changes.
///
/// # Errors
/// When its name is taken, its hash is not that of its list, nobody says it, or the book can't be written.
pub fn keep_snapshot(store: &mut dyn Store, snapshot: &Snapshot) -> Result<(), DatasetRefused> {
    snapshot.verify()?;
    if let Some(taken) = store.in_force_on(EntryKind::DatasetSnapshot, &snapshot.name)?.pop() {
        let hint = "; a snapshot never changes, give the new one another name";
        return Err(DatasetRefused::Taken { what: "snapshot", name: taken.subject, who: taken.who, at: taken.at, hint });
    }
    append(store, snapshot.at, &snapshot.who, EntryKind::DatasetSnapshot, &snapshot.name, snapshot, Vec::new())
}

/// All open data sets, by name; one that two books have stands twice.
///
/// # Errors
/// When the book can't be read.
pub fn datasets(store: &dyn Store) -> Result<Vec<DatasetInForce>, DatasetRefused> {
    store.in_force(EntryKind::Dataset)?.iter().map(dataset_of).collect()
}

/// All snapshots, by name.
///
/// # Errors
/// When the book can't be read.
pub fn snapshots(store: &dyn Store) -> Result<Vec<Snapshot>, DatasetRefused> {
    store.in_force(EntryKind::DatasetSnapshot)?.iter().map(read).collect()
}

/// The open data set of a name.
///
/// # Errors
/// When there is none, or two books have one each.
pub fn dataset(store: &dyn Store, name: &str) -> Result<DatasetInForce, DatasetRefused> {
    dataset_of(&one(store, EntryKind::Dataset, "data set", name)?)
}

/// The snapshot of a name, its list held against its hash.
///
/// # Errors
/// When there is none, or its list is not the one that it was made with.
pub fn snapshot(store: &dyn Store, name: &str) -> Result<Snapshot, DatasetRefused> {
    let snapshot: Snapshot = read(&one(store, EntryKind::DatasetSnapshot, "snapshot", name)?)?;
    snapshot.verify()?;
    Ok(snapshot)
}

fn one(store: &dyn Store, kind: EntryKind, what: &'static str, name: &str) -> Result<Entry, DatasetRefused> {
    let name = name.to_owned();
    match store.in_force_on(kind, &name)?.as_slice() {
        [one] => Ok(one.clone()),
        [first, second, ..] => Err(DatasetRefused::Conflict { what, name, first: first.who.clone(), second: second.who.clone() }),
        [] => {
            let known: Vec<String> = store.in_force(kind)?.into_iter().map(|entry| entry.subject).collect();
            let known = if known.is_empty() { "none yet".to_owned() } else { known.join(", ") };
            Err(DatasetRefused::Unknown { what, name, known })
        }
    }
}

fn dataset_of(entry: &Entry) -> Result<DatasetInForce, DatasetRefused> {
    Ok(DatasetInForce { dataset: read(entry)?, entry: entry.id, who: entry.who.clone(), at: entry.at })
}

fn read<T: serde::de::DeserializeOwned>(entry: &Entry) -> Result<T, DatasetRefused> {
    let odd = |error: serde_json::Error| DecisionError::Odd(format!("entry {}: {error}", entry.id));
    Ok(entry.read().map_err(odd)?)
}

fn append<T: serde::Serialize>(
    store: &mut dyn Store,
    at: Timestamp,
    who: &str,
    kind: EntryKind,
    subject: &str,
    body: &T,
    supersedes: Vec<EntryId>,
) -> Result<(), DatasetRefused> {
    let (who, role) = signed(who, "data manager")?;
    let body = serde_json::to_value(body).map_err(DecisionError::from)?;
    store.append(&[NewEntry {
        at,
        kind,
        subject: subject.to_owned(),
        run: None,
        who,
        role,
        body,
        supersedes,
        wish: None,
        seen: None,
    }])?;
    Ok(())
}
