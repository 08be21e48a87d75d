//! Reads sources and merges them: what an earlier index had of them is taken over where it still stands.

use super::rows::{self, Row};
use super::{KeptStream, LeftOut, Made, Numbers, ReplayIndex, Way, faults};
use crate::replay::record::StreamId;
use crate::replay::source::{ReplayError, StreamRead, StreamSource};

/// An index of all that some sources have.
pub fn build(sources: Vec<Box<dyn StreamSource>>) -> Result<ReplayIndex, ReplayError> {
    let (mut kept, mut rows, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
    for mut source in sources {
        match source.read(None) {
            Ok(read) => {
                let id = u16::try_from(kept.len()).map_err(|_| ReplayError::TooManyStreams(kept.len() + 1))?;
                kept.push(take(read, StreamId(id), &mut rows));
            }
            Err(why) => left_out.push(LeftOut { name: source.name(), why: why.to_string() }),
        }
    }
    whole(kept, rows, left_out, Made { way: Way::Built, ..Made::default() })
}

/// Appends the records of a reading.
fn take(read: StreamRead, stream: StreamId, into: &mut Vec<Row>) -> KeptStream {
    let mut kept = KeptStream {
        facts: read.facts,
        end_fault: read.end_fault,
        mark: read.mark,
        records: read.headers.len() as u64,
        steps: faults::Steps::default(),
        twice: faults::Times::default(),
    };
    into.reserve(read.headers.len());
    for (at, header) in read.headers.iter().enumerate() {
        let mut row = rows::pack(header, read.contents.get(at).copied());
        rows::set_stream(&mut row, stream);
        kept.steps.take(&row, kept.facts.header);
        into.push(row);
    }
    kept
}

/// Sorts the records, finds what stands there twice, and makes the table by number.
fn whole(mut kept: Vec<KeptStream>, mut rows: Vec<Row>, left_out: Vec<LeftOut>, made: Made) -> Result<ReplayIndex, ReplayError> {
    let records = u32::try_from(rows.len()).map_err(|_| ReplayError::TooManyRecords(rows.len()))?;
    // Stable, so that records of a stream with the same stamp stay as their source has them.
    rows.sort_by_key(|row| (rows::stamp(row), rows::stream(row)));
    kept.iter_mut().zip(faults::twice(&rows, usize::from(u16::MAX))).for_each(|(stream, twice)| stream.twice = twice);
    let numbers = Numbers::of(&rows, 0..records);
    let streams = kept.iter().map(KeptStream::told).collect();
    Ok(ReplayIndex { streams, kept, rows, numbers, made, left_out })
}
