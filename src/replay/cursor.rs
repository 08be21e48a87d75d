//! A walk over the entries of an index: next, previous, first, last, at a time, at an event.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::entries::Entries;
use super::found::{EventAddress, Found, FoundHow};
use super::index::ReplayIndex;
use super::record::{RecordHeader, Stamp, StreamId};

/// What a walk goes over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walk {
    /// Only these streams; all where none are named.
    pub streams: Option<BTreeSet<StreamId>>,
    /// How far apart records of one entry may be, ns: an entry begins at a record and takes all whose stamps are not more than this
    /// after its own. With 0, or less, only those of the very same stamp.
    pub window_ns: i64,
    /// Leaves out entries that hold nothing but constants.
    pub skip_constants: bool,
    /// Only records with this stamp or a later one.
    pub from: Option<Stamp>,
    /// Only records with this stamp or an earlier one.
    pub to: Option<Stamp>,
}

/// Records that belong together: of one moment, or of one window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryAt {
    /// Which one it is in its walk, from 0.
    pub number: usize,
    /// Stamp of its first record.
    pub stamp: Stamp,
    /// Its records: by stamp; of the same stamp by stream; in a stream as its source keeps them. Several may be of one stream.
    pub records: Vec<RecordHeader>,
}

/// Where a cursor stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    BeforeFirst,
    At(usize),
    AfterLast,
}

/// A place in a walk. It begins before the first entry. Going on from the last entry leads behind it, going back from the first leads
/// before it, one step each: so a step and its opposite lead to the entry that one was at, everywhere.
///
/// Its copies share the entries. A new one goes over all records once, which takes some milliseconds for a million.
#[derive(Debug, Clone)]
pub struct Cursor {
    index: Arc<ReplayIndex>,
    entries: Arc<Entries>,
    place: Place,
}

impl Cursor {
    /// Before the first entry of a walk.
    #[must_use]
    pub fn new(index: Arc<ReplayIndex>, walk: &Walk) -> Self {
        let entries = Arc::new(Entries::of(&index, walk));
        Cursor { index, entries, place: Place::BeforeFirst }
    }

    /// How many entries the walk has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The index it goes over.
    #[must_use]
    pub fn index(&self) -> &Arc<ReplayIndex> {
        &self.index
    }

    /// The entry it stands at; none before the first and behind the last.
    #[must_use]
    pub fn here(&self) -> Option<EntryAt> {
        match self.place {
            Place::At(entry) => self.entry(entry),
            Place::BeforeFirst | Place::AfterLast => None,
        }
    }

    /// An entry by its number, from 0; the cursor stays where it is.
    #[must_use]
    pub fn entry(&self, number: usize) -> Option<EntryAt> {
        let records: Vec<_> = self.entries.records(number).filter_map(|place| self.index.header(place)).collect();
        Some(EntryAt { number, stamp: records.first()?.stamp, records })
    }

    /// Goes to the entry after this one. From the last one it goes behind it, and gives none.
    #[expect(clippy::should_implement_trait, reason = "an iterator has no way back, and its `last` would take the cursor")]
    pub fn next(&mut self) -> Option<EntryAt> {
        let next = match self.place {
            Place::BeforeFirst => 0,
            Place::At(entry) => entry + 1,
            Place::AfterLast => return None,
        };
        self.place = if next < self.len() { Place::At(next) } else { Place::AfterLast };
        self.here()
    }

    /// Goes to the entry before this one. From the first one it goes before it, and gives none.
    pub fn previous(&mut self) -> Option<EntryAt> {
        let next = match self.place {
            Place::BeforeFirst => return None,
            Place::At(entry) => entry,
            Place::AfterLast => self.len(),
        };
        self.place = next.checked_sub(1).map_or(Place::BeforeFirst, Place::At);
        self.here()
    }

    /// Goes to the first entry.
    pub fn first(&mut self) -> Option<EntryAt> {
        self.place = Place::BeforeFirst;
        self.next()
    }

    /// Goes to the last entry.
    pub fn last(&mut self) -> Option<EntryAt> {
        self.place = Place::AfterLast;
        self.previous()
    }

    /// Goes to an entry by its number, from 0; nowhere where there is none.
    pub fn go_to(&mut self, number: usize) -> Option<EntryAt> {
        let entry = self.entry(number)?;
        self.place = Place::At(number);
        Some(entry)
    }

    /// Goes to the entry that holds a stamp, else to the last one that begins before it, else to the first. Takes a binary search.
    pub fn at_time(&mut self, stamp: Stamp) -> Found {
        let begun = self.entries.begun_by(self.index.rows(), stamp.0);
        let Some(entry) = self.go_to(begun.saturating_sub(1)) else {
            return Found { entry: None, how: FoundHow::Nothing };
        };
        // With a window the last record that is not after it may be later than the entry's beginning.
        let before = entry.records.iter().map(|record| record.stamp).filter(|at| *at <= stamp).max();
        let how = match before {
            Some(at) if at == stamp => FoundHow::Exact,
            Some(at) => FoundHow::Before { by_ns: stamp.0.abs_diff(at.0) },
            None => FoundHow::After { by_ns: stamp.0.abs_diff(entry.stamp.0) },
        };
        Found { entry: Some(entry), how }
    }

    /// Goes to the earliest entry with these numbers. Where the walk has none, in this order: to the event of the same sequence (of the
    /// same run, where no sequence is wished) with the nearest number; to the time at which another stream has the event or the
    /// sequence; to the beginning of the nearest sequence of the run; to the time at which another stream has the run; to the nearest
    /// run. Of two numbers as near the lower one.
    pub fn event_at(&mut self, wished: EventAddress) -> Found {
        let (rows, run) = (self.index.rows(), wished.run.0);
        let sequence = wished.sequence.map(|sequence| sequence.0);
        let (walk, all) = (self.entries.numbers(&self.index), self.index.numbers());
        let in_walk = |place: Option<u32>| place.map(|place| (place, false));
        let by_time = |place: Option<u32>| place.map(|place| (place, true));
        let hit = in_walk(walk.exact(rows, wished))
            .or_else(|| in_walk(walk.nearest_event(rows, wished)))
            .or_else(|| by_time(all.exact(rows, wished)))
            .or_else(|| by_time(all.nearest_event(rows, wished)))
            .or_else(|| by_time(sequence.and_then(|_| all.beginning(run, sequence))))
            .or_else(|| in_walk(walk.nearest_sequence(run, sequence?)))
            .or_else(|| by_time(all.beginning(run, None)))
            .or_else(|| in_walk(walk.nearest_run(run)))
            .or_else(|| by_time(all.nearest_run(run)));
        match hit {
            Some((place, is_by_time)) => self.found(wished, place, is_by_time),
            None => Found { entry: None, how: FoundHow::Nothing },
        }
    }

    /// Goes to a record that answers a wish, or to its time.
    fn found(&mut self, wished: EventAddress, place: u32, is_by_time: bool) -> Found {
        let Some(header) = self.index.header(place as usize) else {
            return Found { entry: None, how: FoundHow::Nothing };
        };
        let found = EventAddress::of(&header).unwrap_or(wished);
        let entry = match self.entries.entry_of(place) {
            Some(number) => self.go_to(number),
            None => self.at_time(header.stamp).entry,
        };
        let how = if is_by_time {
            let stream = self.index.streams().get(usize::from(header.stream.0));
            let told_by = stream.map(|stream| stream.name.clone()).unwrap_or_default();
            FoundHow::Time { wished, told_by, told_of: found, at: header.stamp }
        } else if is_answer(wished, found) {
            FoundHow::Exact
        } else {
            FoundHow::Number { wished, found }
        };
        Found { entry, how }
    }
}

/// Whether numbers that were found have all that were wished.
fn is_answer(wished: EventAddress, found: EventAddress) -> bool {
    let is_any = |wished: Option<u32>, found: Option<u32>| wished.is_none() || wished == found;
    wished.run == found.run
        && is_any(wished.sequence.map(|sequence| sequence.0), found.sequence.map(|sequence| sequence.0))
        && is_any(wished.event.map(|event| event.0), found.event.map(|event| event.0))
}
