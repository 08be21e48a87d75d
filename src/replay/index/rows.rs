//! A record as the index keeps it, in memory and on disk alike: 36 bytes, little-endian.

use monitasks::vocab::{EventNumber, Run, Sequence};

use crate::replay::record::{RecordHeader, RecordKind, Stamp, StreamId};

/// Size of a record, bytes.
pub const ROW_BYTES: usize = 36;

/// A record: stamp (8 bytes), place (8), run, sequence, event, content (4 each), stream (2), what of these is known (2).
pub type Row = [u8; ROW_BYTES];

const PLACE: usize = 8;
const RUN: usize = 16;
const SEQUENCE: usize = 20;
const EVENT: usize = 24;
const CONTENT: usize = 28;
const STREAM: usize = 32;
const KNOWN: usize = 34;

const IS_DATA: u16 = 1;
const HAS_RUN: u16 = 2;
const HAS_SEQUENCE: u16 = 4;
const HAS_EVENT: u16 = 8;
const HAS_CONTENT: u16 = 16;

/// The row of a record, and of a hash of what it holds where that is known.
pub fn pack(header: &RecordHeader, content: Option<u32>) -> Row {
    let mut row = [0; ROW_BYTES];
    row[..PLACE].copy_from_slice(&header.stamp.0.to_le_bytes());
    row[PLACE..RUN].copy_from_slice(&header.place.to_le_bytes());
    row[STREAM..KNOWN].copy_from_slice(&header.stream.0.to_le_bytes());
    let numbers = [
        (RUN, HAS_RUN, header.run.map(|run| run.0)),
        (SEQUENCE, HAS_SEQUENCE, header.sequence.map(|sequence| sequence.0)),
        (EVENT, HAS_EVENT, header.event.map(|event| event.0)),
        (CONTENT, HAS_CONTENT, content),
    ];
    let mut known = if header.kind == RecordKind::Data { IS_DATA } else { 0 };
    for (at, flag, number) in numbers {
        let Some(number) = number else { continue };
        row[at..at + 4].copy_from_slice(&number.to_le_bytes());
        known |= flag;
    }
    row[KNOWN..].copy_from_slice(&known.to_le_bytes());
    row
}

/// The record of a row.
pub fn unpack(row: &Row) -> RecordHeader {
    RecordHeader {
        stamp: Stamp(stamp(row)),
        stream: stream(row),
        kind: if is_data(row) { RecordKind::Data } else { RecordKind::Constants },
        run: run(row).map(Run),
        sequence: sequence(row).map(Sequence),
        event: event(row).map(EventNumber),
        place: u64::from_le_bytes(part(row, PLACE)),
    }
}

/// Its stamp, ns since 1970.
pub fn stamp(row: &Row) -> i64 {
    i64::from_le_bytes(part(row, 0))
}

/// Its stream.
pub fn stream(row: &Row) -> StreamId {
    StreamId(u16::from_le_bytes(part(row, STREAM)))
}

/// Gives it to a stream.
pub fn set_stream(row: &mut Row, stream: StreamId) {
    row[STREAM..KNOWN].copy_from_slice(&stream.0.to_le_bytes());
}

/// Whether it is data, not constants.
pub fn is_data(row: &Row) -> bool {
    known(row) & IS_DATA != 0
}

/// Its run.
pub fn run(row: &Row) -> Option<u32> {
    number(row, RUN, HAS_RUN)
}

/// Its sequence.
pub fn sequence(row: &Row) -> Option<u32> {
    number(row, SEQUENCE, HAS_SEQUENCE)
}

/// Its event.
pub fn event(row: &Row) -> Option<u32> {
    number(row, EVENT, HAS_EVENT)
}

/// A hash of what it holds.
pub fn content(row: &Row) -> Option<u32> {
    number(row, CONTENT, HAS_CONTENT)
}

fn known(row: &Row) -> u16 {
    u16::from_le_bytes(part(row, KNOWN))
}

fn number(row: &Row, at: usize, flag: u16) -> Option<u32> {
    (known(row) & flag != 0).then(|| u32::from_le_bytes(part(row, at)))
}

fn part<const BYTES: usize>(row: &Row, at: usize) -> [u8; BYTES] {
    let mut part = [0; BYTES];
    part.copy_from_slice(&row[at..at + BYTES]);
    part
}
