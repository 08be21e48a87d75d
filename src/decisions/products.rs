//! Products: what was selected or merged from processings, with the status each has from what it was made from.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::heard::{processing_named, processing_spoken_of, read};
use super::quality::{Quality, StatusError};
use super::status::{Derivation, ProductKind};
use super::status_book::statuses;
use crate::bookkeeping::{Entry, EntryKind, Store};

/// A product that somebody recorded, as it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Product {
    /// Its name.
    pub product: String,
    /// What kind of data it is.
    pub kind: ProductKind,
    /// Its status: the worst of all that it was made from.
    pub status: u8,
    /// What that number means.
    pub word: String,
    /// What it was made from, each with its status; none for what nobody knows, which makes the product unchecked.
    pub parents: Vec<(String, Option<u8>)>,
    /// Who recorded it, and when.
    pub who: String,
    /// When it was recorded.
    pub at: Timestamp,
}

impl Product {
    /// Its parents of which nothing is known.
    pub fn unknown_parents(&self) -> impl Iterator<Item = &str> {
        self.parents.iter().filter(|(_, status)| status.is_none()).map(|(name, _)| name.as_str())
    }

    /// Why it has its status, a line each: the parents that are no better than it.
    #[must_use]
    pub fn why(&self) -> Vec<String> {
        let mut lines = vec![format!("status {} ({}), {} from {}", self.status, self.word, self.kind.word(), self.parents.len())];
        let as_bad = |status: &Option<u8>| status.is_none_or(|status| status == self.status);
        lines.extend(self.parents.iter().filter(|(_, status)| as_bad(status)).map(|(name, status)| match status {
            Some(status) => format!("  {name} is {status}: dqmon why {name}"),
            None => format!("  {name} is not known"),
        }));
        lines
    }
}

/// All products that people recorded, by name. Where books differ on one, all that they say of its parents counts.
///
/// # Errors
/// When the book can't be read, or a rule can't be used.
pub fn products(store: &dyn Store, quality: Quality<'_>, at: Timestamp) -> Result<Vec<Product>, StatusError> {
    let statuses = statuses(store, quality, at)?;
    let mut recorded: BTreeMap<String, (Derivation, Entry)> = BTreeMap::new();
    for entry in store.in_force(EntryKind::Derivation)? {
        let found: Derivation = read(&entry)?;
        match recorded.get_mut(&found.product) {
            Some((known, _)) => known.parents.extend(found.parents),
            None => drop(recorded.insert(found.product.clone(), (found, entry))),
        }
    }
    let status_of = |name: &str| {
        let is_known = recorded.contains_key(name) || is_processing(store, name);
        statuses.get(name).copied().filter(|_| is_known)
    };
    let product = |(derivation, entry): &(Derivation, Entry)| {
        let status = status_of(&derivation.product).unwrap_or(quality.status.unchecked);
        let parents: BTreeSet<&String> = derivation.parents.iter().collect();
        Product {
            product: derivation.product.clone(),
            kind: derivation.kind,
            status,
            word: quality.status.word(status),
            parents: parents.into_iter().map(|parent| (parent.clone(), status_of(parent))).collect(),
            who: entry.who.clone(),
            at: entry.at,
        }
    };
    Ok(recorded.values().map(product).collect())
}

/// Whether the book has a processing of that name, or people spoke of one, as of the runs of a list. One that can't be asked for is
/// none: its status is told as unknown.
fn is_processing(store: &dyn Store, name: &str) -> bool {
    let Some(of) = processing_named(name) else { return false };
    let is_recorded = store.processings_of(of.run).is_ok_and(|known| known.iter().any(|known| known.processing == of.processing));
    let is_spoken_of = || {
        let said = store.in_force_of_run(of.run);
        said.is_ok_and(|said| said.iter().any(|entry| processing_spoken_of(entry) == Some(of)))
    };
    is_recorded || is_spoken_of()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bookkeeping::{NewEntry, SqliteStore};
    use crate::config::Settings;
    use crate::decisions::{Speaker, record_derivation};
    use monitasks::vocab::Run;

    #[test]
    fn a_processing_that_people_spoke_of_is_known_also_with_no_row_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&folder.path().join("book.sqlite")).unwrap();
        let mark = NewEntry {
            at: Timestamp::UNIX_EPOCH,
            kind: EntryKind::SubsystemMark,
            subject: "run840-p1/RQM".into(),
            run: Some(Run(840)),
            who: "Ada".into(),
            role: "expert".into(),
            body: serde_json::json!({"mark": "good"}),
            supersedes: Vec::new(),
            wish: None,
            seen: None,
        };
        store.append(&[mark]).unwrap();
        let from = ["run840-p1", "run840-p2", "run841-p1"];
        let derivation = Derivation {
            product: "merged".into(),
            kind: ProductKind::Merged,
            of: None,
            parents: from.iter().map(|&name| name.to_owned()).collect(),
        };
        let by = Speaker { who: "Ada", role: "expert", at: Timestamp::UNIX_EPOCH };
        record_derivation(&mut store, &derivation, by).unwrap();
        let found = products(&store, Quality::of(&Settings::default()), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(found[0].unknown_parents().collect::<Vec<_>>(), ["run840-p2", "run841-p1"]);
    }
}
