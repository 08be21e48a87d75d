//! The entries of a walk: which records belong to it, and where one entry ends and the next begins.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::OnceLock;

use super::cursor::Walk;
use super::index::{self, Numbers, ReplayIndex, Row};

/// The entries of a walk. They follow from the records and the walk alone, never from the way somebody came: they are made once, from
/// the first record on, in one pass.
#[derive(Debug, Default)]
pub struct Entries {
    /// Places of the records that belong to the walk; none where all do.
    chosen: Option<Vec<u32>>,
    /// Where each entry begins, among the chosen ones.
    starts: Vec<u32>,
    /// How many records are chosen.
    records: usize,
    /// The table by number of the chosen ones, made when it is asked for; that of the index where all are.
    numbers: OnceLock<Numbers>,
}

impl Entries {
    /// The entries of a walk over an index.
    pub fn of(index: &ReplayIndex, walk: &Walk) -> Self {
        let rows = index.rows();
        let is_narrow = walk.streams.is_some() || walk.from.is_some() || walk.to.is_some();
        let mut entries = Entries { chosen: is_narrow.then(|| chosen(rows, walk)), records: rows.len(), ..Entries::default() };
        entries.records = entries.chosen.as_ref().map_or(rows.len(), Vec::len);
        entries.starts = entries.starts_in(rows, walk.window_ns.max(0).unsigned_abs());
        if walk.skip_constants {
            entries.drop_constants(rows);
        }
        entries
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Places in the index of the records of an entry, in order.
    pub fn records(&self, entry: usize) -> impl Iterator<Item = usize> + '_ {
        self.range(entry).map(|at| self.place(at))
    }

    /// The entry that a record belongs to, if it is in the walk.
    pub fn entry_of(&self, place: u32) -> Option<usize> {
        let at = match &self.chosen {
            Some(chosen) => chosen.binary_search(&place).ok()?,
            None => place as usize,
        };
        self.starts.partition_point(|start| *start as usize <= at).checked_sub(1)
    }

    /// How many entries begin at a stamp, ns, or before it.
    pub fn begun_by(&self, rows: &[Row], stamp_ns: i64) -> usize {
        self.starts
            .partition_point(|start| rows.get(self.place(*start as usize)).is_some_and(|row| index::stamp(row) <= stamp_ns))
    }

    /// The table by number of the walk's records.
    pub fn numbers<'a>(&'a self, index: &'a ReplayIndex) -> &'a Numbers {
        match &self.chosen {
            Some(chosen) => self.numbers.get_or_init(|| Numbers::of(index.rows(), chosen.iter().copied())),
            None => index.numbers(),
        }
    }

    fn range(&self, entry: usize) -> Range<usize> {
        let start = |entry: usize| self.starts.get(entry).map_or(self.records, |start| *start as usize);
        start(entry)..start(entry.saturating_add(1))
    }

    fn place(&self, at: usize) -> usize {
        match &self.chosen {
            Some(chosen) => chosen.get(at).map_or(usize::MAX, |place| *place as usize),
            None => at,
        }
    }

    /// An entry begins at a record and takes all whose stamps are not more than the window after its own.
    fn starts_in(&self, rows: &[Row], window_ns: u64) -> Vec<u32> {
        let mut starts = Vec::new();
        let mut first_ns = None;
        for at in 0..self.records {
            let Some(row) = rows.get(self.place(at)) else { continue };
            let stamp_ns = index::stamp(row);
            if first_ns.is_none_or(|first_ns: i64| stamp_ns.abs_diff(first_ns) > window_ns) {
                first_ns = Some(stamp_ns);
                starts.push(u32::try_from(at).unwrap_or(u32::MAX));
            }
        }
        starts
    }

    /// Leaves out entries that have no data; their records are then not in the walk.
    fn drop_constants(&mut self, rows: &[Row]) {
        let (mut chosen, mut starts) = (Vec::with_capacity(self.records), Vec::with_capacity(self.starts.len()));
        for entry in 0..self.len() {
            if self.records(entry).any(|place| rows.get(place).is_some_and(index::is_data)) {
                starts.push(u32::try_from(chosen.len()).unwrap_or(u32::MAX));
                chosen.extend(self.records(entry).filter_map(|place| u32::try_from(place).ok()));
            }
        }
        self.records = chosen.len();
        self.starts = starts;
        self.chosen = Some(chosen);
    }
}

/// Places of the records of a walk's streams and times.
fn chosen(rows: &[Row], walk: &Walk) -> Vec<u32> {
    let first = walk.from.map_or(0, |from| rows.partition_point(|row| index::stamp(row) < from.0));
    let end = walk.to.map_or(rows.len(), |to| rows.partition_point(|row| index::stamp(row) <= to.0));
    let Some(streams) = &walk.streams else {
        return (first..end).filter_map(|place| u32::try_from(place).ok()).collect();
    };
    let is_chosen = is_in_table(streams);
    let is_chosen = |row: &Row| is_chosen.get(usize::from(index::stream(row).0)).is_some_and(|is| *is);
    let places = (first..end).filter(|place| rows.get(*place).is_some_and(is_chosen));
    places.filter_map(|place| u32::try_from(place).ok()).collect()
}

/// For each stream up to the last that is chosen whether it is.
fn is_in_table(streams: &BTreeSet<super::record::StreamId>) -> Vec<bool> {
    let mut table = vec![false; streams.last().map_or(0, |last| usize::from(last.0) + 1)];
    streams.iter().for_each(|stream| table[usize::from(stream.0)] = true);
    table
}
