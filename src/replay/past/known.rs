//! Since when a thing was known. Clocks jump back; what stands later in a chain or in the story was still known later.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::bookkeeping::{BookId, Entry, EntryId, StoryRecord};

/// Something of the story, with when it was known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'a> {
    /// No earlier than what stands before it in the story.
    pub(super) at: Timestamp,
    /// What happened.
    pub(super) record: &'a StoryRecord,
}

/// Steps back that a clock made, of which people are told: more than these are counted.
const TOLD_AT_MOST: usize = 5;

/// The story with when each was known, and where its clock jumped back, in words.
pub(super) fn told(story: &[StoryRecord]) -> (Vec<Told<'_>>, Vec<String>) {
    let mut last: Option<Timestamp> = None;
    let mut jumps = Vec::new();
    let told = story.iter().map(|record| {
        let at = last.map_or(record.at, |last| last.max(record.at));
        if at > record.at {
            jumps.push(format!("{} says {}, what stands before it {at}", record.kind, record.at));
        }
        last = Some(at);
        Told { at, record }
    });
    let told = told.collect();
    (told, in_words("the story", &jumps))
}

/// When each entry of the ledger was known, in the order of arrival: no earlier than the entry before it in its own chain, nor than
/// what it took the place of. Where the clock jumped back is said in words.
pub(super) fn known(entries: &[Entry]) -> (Vec<Timestamp>, Vec<String>) {
    let mut ends: BTreeMap<BookId, Timestamp> = BTreeMap::new();
    let mut of: BTreeMap<EntryId, Timestamp> = BTreeMap::new();
    let mut jumps = Vec::new();
    let known = entries.iter().map(|entry| {
        let before = entry.supersedes.iter().filter_map(|id| of.get(id)).chain(ends.get(&entry.id.book)).max().copied();
        let at = before.map_or(entry.at, |before| before.max(entry.at));
        if at > entry.at {
            jumps.push(format!("entry {} says {}, what it follows {at}", entry.id, entry.at));
        }
        ends.insert(entry.id.book, at);
        of.insert(entry.id, at);
        at
    });
    let known = known.collect();
    (known, in_words("the ledger", &jumps))
}

fn in_words(what: &str, jumps: &[String]) -> Vec<String> {
    let more = jumps.len().saturating_sub(TOLD_AT_MOST);
    let told =
        jumps.iter().take(TOLD_AT_MOST).map(|jump| format!("a clock jumped back in {what}: {jump}; it is shown from then on"));
    let rest = (more > 0).then(|| format!("a clock jumped back in {what} {more} times more"));
    told.chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bookkeeping::EntryKind;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn entry(book: u64, number: i64, second: i64, supersedes: Vec<EntryId>) -> Entry {
        Entry {
            id: EntryId { book: BookId(book), number },
            place: 0,
            at: at(second),
            kind: EntryKind::Decision,
            subject: String::new(),
            run: None,
            who: String::new(),
            role: String::new(),
            host: String::new(),
            body: serde_json::Value::Null,
            supersedes,
            wish: None,
            previous: String::new(),
            hash: String::new(),
        }
    }

    #[test]
    fn an_entry_is_known_no_earlier_than_what_it_follows() {
        let first = EntryId { book: BookId(1), number: 2 };
        let entries = [entry(1, 1, 10, vec![]), entry(1, 2, 30, vec![]), entry(2, 1, 5, vec![]), entry(2, 2, 7, vec![first])];
        let (known, faults) = known(&entries);
        assert_eq!(known, [at(10), at(30), at(5), at(30)]);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains("0000000000000002/2"), "{faults:?}");
    }

    proptest! {
        #[test]
        fn of_each_chain_what_is_known_at_an_instant_is_its_beginning(
            seconds in prop::collection::vec((0u64..3, -50i64..50), 0..40), instant in -60i64..60,
        ) {
            let mut numbers = BTreeMap::new();
            let entries: Vec<Entry> = seconds.iter().map(|(book, second)| {
                let number = numbers.entry(*book).or_insert(0i64);
                *number += 1;
                entry(*book, *number, *second, vec![])
            }).collect();
            let (known, _) = known(&entries);
            for book in 0..3 {
                let of: Vec<bool> = entries.iter().zip(&known)
                    .filter(|(entry, _)| entry.id.book == BookId(book)).map(|(_, known)| *known <= at(instant)).collect();
                let first_unknown = of.iter().position(|is_known| !is_known).unwrap_or(of.len());
                prop_assert!(of[first_unknown..].iter().all(|is_known| !is_known));
            }
        }
    }
}
