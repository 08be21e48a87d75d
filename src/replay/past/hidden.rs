//! A ledger without what people decided of data: what a trainee has before them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::bookkeeping::{BookId, Entry, EntryId, EntryKind};

/// Whether an entry says what somebody thinks of data, or follows from that.
#[must_use]
pub fn is_decision(kind: EntryKind) -> bool {
    match kind {
        EntryKind::Decision
        | EntryKind::Mark
        | EntryKind::SubsystemMark
        | EntryKind::Status
        | EntryKind::Override
        | EntryKind::Lock
        | EntryKind::Verification
        | EntryKind::SignOff
        // Follow-ups tell of the decision they come from, data sets of the flags that chose their runs.
        | EntryKind::FollowUp
        | EntryKind::Dataset
        | EntryKind::DatasetSnapshot => true,
        EntryKind::RunKind
        | EntryKind::RunFacts
        | EntryKind::Rule
        | EntryKind::Derivation
        | EntryKind::Problem
        | EntryKind::Alarm
        | EntryKind::KnownIssue
        | EntryKind::Shift => false,
    }
}

/// The entries that are left when decisions are hidden, in the same order. Numbers and hashes are made anew, so that every chain is
/// whole; what an entry took the place of is named by its new name.
pub(super) fn without_decisions(entries: Vec<(Timestamp, Entry)>) -> Vec<(Timestamp, Entry)> {
    let mut ends: BTreeMap<BookId, (i64, String)> = BTreeMap::new();
    let mut names: BTreeMap<EntryId, EntryId> = BTreeMap::new();
    let mut left = Vec::new();
    for (at, mut entry) in entries.into_iter().filter(|(_, entry)| !is_decision(entry.kind)) {
        let (number, hash) = ends.entry(entry.id.book).or_default();
        *number += 1;
        let name = EntryId { book: entry.id.book, number: *number };
        names.insert(entry.id, name);
        entry.id = name;
        entry.supersedes = entry.supersedes.iter().filter_map(|known| names.get(known).copied()).collect();
        entry.previous = std::mem::take(hash);
        entry.hash = entry.computed_hash();
        hash.clone_from(&entry.hash);
        left.push((at, entry));
    }
    left
}
