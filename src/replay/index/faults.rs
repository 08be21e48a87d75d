//! What is wrong with the stamps of a stream: found by the index, told in words, and played all the same.

use serde::{Deserialize, Serialize};

use super::rows::{self, Row};
use crate::replay::found::length_of_time;
use crate::replay::record::{HeaderType, Stamp};

/// A longer step forward is one of a clock, in a stream whose records come all the time.
const LONGEST_STEP_NS: u64 = 86_400_000_000_000;

/// What happened several times: how often, and where it was first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// How often.
    pub count: u64,
    /// Stamp of the first record it happened to.
    pub first: Option<(Stamp, u64)>,
    /// The largest of them, ns, where it has a size.
    pub largest_ns: u64,
}

/// The stamps of a stream in the order in which its source keeps them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steps {
    last: Option<Stamp>,
    back: Times,
    forward: Times,
}

impl Times {
    /// One more, of the record with that stamp and place.
    fn add(&mut self, row: &Row, size_ns: u64) {
        self.count += 1;
        let header = rows::unpack(row);
        self.first.get_or_insert((header.stamp, header.place));
        self.largest_ns = self.largest_ns.max(size_ns);
    }

    /// `3 times, first at 2016-06-01T12:00:00Z (place 4711)`.
    fn words(&self) -> String {
        let times = if self.count == 1 { "once".into() } else { format!("{} times, first", self.count) };
        let (stamp, place) = self.first.unwrap_or((Stamp(0), 0));
        format!("{times} at {} (place {place})", stamp.timestamp())
    }
}

impl Steps {
    /// Takes the next record of the source.
    pub fn take(&mut self, row: &Row, header: HeaderType) {
        let stamp = rows::stamp(row);
        let step_ns = self.last.map_or(0, |last| stamp.abs_diff(last.0));
        match self.last {
            Some(last) if stamp < last.0 => self.back.add(row, step_ns),
            Some(_) if step_ns > LONGEST_STEP_NS && is_steady(header) => self.forward.add(row, step_ns),
            _ => {}
        }
        self.last = Some(Stamp(stamp));
    }

    /// In words, each fault a sentence of its own.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if self.back.count > 0 {
            let (times, most) = (self.back.words(), length_of_time(self.back.largest_ns));
            words.push(format!("stamps go back {times}, by {most} at most: records out of order, or a clock that was set back"));
        }
        if self.forward.count > 0 {
            let (times, most) = (self.forward.words(), length_of_time(self.forward.largest_ns));
            words.push(format!("stamps jump forward {times}, by {most} at most: a gap, or a clock that jumped"));
        }
        words
    }
}

/// Whether records of a stream come all the time, so that none for a day is odd.
fn is_steady(header: HeaderType) -> bool {
    matches!(header, HeaderType::RawEvent | HeaderType::ReconstructedEvent | HeaderType::SlowControl)
}

/// For each stream its records that stand there more than once, of sorted rows. Two are the same when stamp, kind, numbers and what
/// they hold are; where that is not known, their event number, or else their place, tells.
pub fn twice(sorted: &[Row], streams: usize) -> Vec<Times> {
    let mut twice = vec![Times::default(); streams];
    let moment = |row: &Row| (rows::stamp(row), rows::stream(row));
    for same in sorted.chunk_by(|one, other| moment(one) == moment(other)).filter(|same| same.len() > 1) {
        let Some(times) = twice.get_mut(usize::from(rows::stream(&same[0]).0)) else { continue };
        let mut known: Vec<_> = same.iter().map(|row| (known_by(row), row)).collect();
        // Stable: the first of the same stays first.
        known.sort_by_key(|(known_by, _)| *known_by);
        for pair in known.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            times.add(pair[1].1, 0);
        }
    }
    twice
}

/// The words of records that stand there more than once.
pub fn twice_words(times: &Times) -> Option<String> {
    (times.count > 0).then(|| format!("the same record stands there again {}", times.words()))
}

type KnownBy = (bool, Option<u32>, Option<u32>, Option<u32>, Option<u32>, u64);

fn known_by(row: &Row) -> KnownBy {
    let (event, content) = (rows::event(row), rows::content(row));
    let place = if event.is_none() && content.is_none() { rows::unpack(row).place } else { 0 };
    (rows::is_data(row), rows::run(row), rows::sequence(row), event, content, place)
}
