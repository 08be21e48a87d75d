//! Where runs, sequences and events stand among the records: a table sorted by number, so that a wish is a binary search.

use super::rows::{self, Row};
use crate::replay::found::EventAddress;

/// Size of a beginning, bytes.
pub const BEGINNING_BYTES: usize = 16;

/// The first record of a run or of a sequence: run, which of the two (0, 1), sequence, place of the record; 4 bytes each,
/// little-endian.
pub type Beginning = [u8; BEGINNING_BYTES];

/// What records are sorted by: run, sequence, event. What is not known stands before all numbers.
pub type Key = (u32, Option<u32>, Option<u32>);

/// Records that are of a run, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Places of records, sorted by their numbers, then by place; 4 bytes each, little-endian.
    pub order: Vec<[u8; 4]>,
    /// Where runs and sequences begin, sorted by run, which of the two, and sequence.
    pub beginnings: Vec<Beginning>,
}

/// The numbers of a record that is of a run.
pub fn key(row: &Row) -> Option<Key> {
    Some((rows::run(row)?, rows::sequence(row), rows::event(row)))
}

/// A wish's numbers as a key; what it does not say stands before all numbers.
pub fn key_of(wish: EventAddress) -> Key {
    (wish.run.0, wish.sequence.map(|sequence| sequence.0), wish.event.map(|event| event.0))
}

impl Numbers {
    /// The table of some of the records, whose places are given in order.
    pub fn of(rows: &[Row], places: impl Iterator<Item = u32>) -> Self {
        let mut sorted: Vec<(u128, u32)> =
            places.filter_map(|place| Some((packed(key(rows.get(place as usize)?)?), place))).collect();
        sorted.sort_unstable();
        let mut beginnings: Vec<Beginning> = Vec::new();
        for run in sorted.chunk_by(|one, other| one.0 >> RUN_SHIFT == other.0 >> RUN_SHIFT) {
            let run_number = (run[0].0 >> RUN_SHIFT) as u32;
            beginnings.push(beginning(run_number, None, first_place(run)));
            for sequence in run.chunk_by(|one, other| one.0 >> SEQUENCE_SHIFT == other.0 >> SEQUENCE_SHIFT) {
                if let Some(number) = unpacked_number(sequence[0].0 >> SEQUENCE_SHIFT) {
                    beginnings.push(beginning(run_number, Some(number), first_place(sequence)));
                }
            }
        }
        Numbers { order: sorted.into_iter().map(|(_, place)| place.to_le_bytes()).collect(), beginnings }
    }

    /// The earliest record that has all the numbers of a wish.
    pub fn exact(&self, rows: &[Row], wish: EventAddress) -> Option<u32> {
        match key_of(wish) {
            (run, sequence, None) => self.beginning(run, sequence),
            key @ (_, Some(_), Some(_)) => self.first_with(rows, key),
            (run, None, Some(event)) => {
                self.sequences(rows, run).filter_map(|sequence| self.first_with(rows, (run, sequence, Some(event)))).min()
            }
        }
    }

    /// The record whose event number is the nearest to that of a wish: in its sequence where it names one, else in its run. Of two as
    /// near the one with the lower number, of those with the same number the earliest.
    pub fn nearest_event(&self, rows: &[Row], wish: EventAddress) -> Option<u32> {
        let (run, sequence, event) = key_of(wish);
        let event = event?;
        let near = |sequence| self.nearest_in_sequence(rows, run, sequence, event);
        let (_, _, place) = match sequence {
            Some(_) => near(sequence)?,
            None => self.sequences(rows, run).filter_map(near).min()?,
        };
        Some(place)
    }

    /// The earliest record of a run, or of one sequence of it.
    pub fn beginning(&self, run: u32, sequence: Option<u32>) -> Option<u32> {
        let wish = (run, sequence);
        let at = self.beginnings.partition_point(|beginning| run_and_sequence(beginning) < wish);
        self.beginnings.get(at).filter(|beginning| run_and_sequence(beginning) == wish).map(place_of)
    }

    /// The beginning of the sequence of a run that is the nearest by number; of two as near the lower.
    pub fn nearest_sequence(&self, run: u32, sequence: u32) -> Option<u32> {
        let at = self.beginnings.partition_point(|beginning| run_and_sequence(beginning) < (run, Some(sequence)));
        let near = |at: Option<usize>| {
            let beginning = self.beginnings.get(at?)?;
            let (_, found) = Some(run_and_sequence(beginning)).filter(|(of_run, _)| *of_run == run)?;
            Some((found?.abs_diff(sequence), found, place_of(beginning)))
        };
        near(at.checked_sub(1)).into_iter().chain(near(Some(at))).min().map(|(_, _, place)| place)
    }

    /// The beginning of the run that is the nearest by number; of two as near the lower.
    pub fn nearest_run(&self, run: u32) -> Option<u32> {
        let at = self.beginnings.partition_point(|beginning| run_and_sequence(beginning) < (run, None));
        let after = self.beginnings.get(at);
        // Before it stands a sequence of the run before, whose own beginning is looked up.
        let before = at.checked_sub(1).and_then(|at| self.beginnings.get(at)).map(|beginning| run_and_sequence(beginning).0);
        let after = after.map(|beginning| run_and_sequence(beginning).0);
        let nearest = before.into_iter().chain(after).min_by_key(|found| (found.abs_diff(run), *found))?;
        self.beginning(nearest, None)
    }

    /// The earliest record with exactly these numbers.
    fn first_with(&self, rows: &[Row], wish: Key) -> Option<u32> {
        let (found, place) = self.at(rows, self.lower_bound(rows, wish))?;
        (found == wish).then_some(place)
    }

    /// Distance, number and place of the event of a sequence that is the nearest.
    fn nearest_in_sequence(&self, rows: &[Row], run: u32, sequence: Option<u32>, event: u32) -> Option<(u32, u32, u32)> {
        let at = self.lower_bound(rows, (run, sequence, Some(event)));
        let near = |at: Option<usize>| {
            let ((of_run, of_sequence, found), _) = self.at(rows, at?)?;
            if (of_run, of_sequence) != (run, sequence) {
                return None;
            }
            // The one before may be the last of several with that number.
            Some((found?.abs_diff(event), found?, self.first_with(rows, (run, sequence, found))?))
        };
        near(at.checked_sub(1)).into_iter().chain(near(Some(at))).min()
    }

    /// The sequences of a run, also that of its records that name none.
    fn sequences<'a>(&'a self, rows: &'a [Row], run: u32) -> impl Iterator<Item = Option<u32>> + 'a {
        let mut next = Some(None);
        std::iter::from_fn(move || {
            let ((of_run, sequence, _), _) = self.at(rows, self.lower_bound(rows, (run, next?, None)))?;
            next = match sequence {
                None => Some(Some(0)),
                Some(number) => number.checked_add(1).map(Some),
            };
            (of_run == run).then_some(sequence)
        })
    }

    fn lower_bound(&self, rows: &[Row], wish: Key) -> usize {
        self.order.partition_point(|place| rows.get(u32::from_le_bytes(*place) as usize).and_then(key) < Some(wish))
    }

    fn at(&self, rows: &[Row], at: usize) -> Option<(Key, u32)> {
        let place = u32::from_le_bytes(*self.order.get(at)?);
        Some((key(rows.get(place as usize)?)?, place))
    }
}

const SEQUENCE_SHIFT: u32 = 33;
const RUN_SHIFT: u32 = 66;

/// A key as one number that sorts the same: a number that is known counts from 1.
fn packed((run, sequence, event): Key) -> u128 {
    let known = |number: Option<u32>| number.map_or(0, |number| u128::from(number) + 1);
    u128::from(run) << RUN_SHIFT | known(sequence) << SEQUENCE_SHIFT | known(event)
}

/// The number in the lowest 33 bits.
fn unpacked_number(packed: u128) -> Option<u32> {
    let counted = packed & ((1 << SEQUENCE_SHIFT) - 1);
    counted.checked_sub(1).and_then(|number| u32::try_from(number).ok())
}

fn first_place(records: &[(u128, u32)]) -> u32 {
    records.iter().map(|(_, place)| *place).min().unwrap_or_default()
}

fn beginning(run: u32, sequence: Option<u32>, place: u32) -> Beginning {
    let mut beginning = [0; BEGINNING_BYTES];
    let parts = [run, u32::from(sequence.is_some()), sequence.unwrap_or_default(), place];
    beginning.as_chunks_mut::<4>().0.iter_mut().zip(parts).for_each(|(bytes, part)| *bytes = part.to_le_bytes());
    beginning
}

fn run_and_sequence(beginning: &Beginning) -> (u32, Option<u32>) {
    let [run, of_sequence, sequence, _] = parts_of(beginning);
    (run, (of_sequence != 0).then_some(sequence))
}

fn place_of(beginning: &Beginning) -> u32 {
    parts_of(beginning)[3]
}

fn parts_of(beginning: &Beginning) -> [u32; 4] {
    let mut parts = [0; 4];
    parts.iter_mut().zip(beginning.as_chunks::<4>().0).for_each(|(part, bytes)| *part = u32::from_le_bytes(*bytes));
    parts
}
