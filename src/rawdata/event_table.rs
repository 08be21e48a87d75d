//! The 6x6x6's raw file as written in 2019 and 2020, byte by byte. All numbers are little endian.
//!
//! | part | offset | bytes | what |
//! |---|---|---|---|
//! | file header | 0 | 4 | run number |
//! | | 4 | 4 | number of events |
//! | row of the table, for each event | 0 | 4 | sequence |
//! | | 4 | 4 | bytes of the event |
//! | | 8 | 4 | bytes of its data, without headers |
//! | | 12 | 4 | 0 |
//! | fragment header | 0 | 2 | key `FF FF` |
//! | | 2 | 4 | run number |
//! | | 6 | 1 | run flags: bit 0 compressed |
//! | | 7 | 1 | trigger type |
//! | | 8 | 3 | padding, any bytes |
//! | | 11 | 4 | trigger number |
//! | | 15 | 8 | seconds since 1970 UTC, signed |
//! | | 23 | 8 | nanoseconds, signed |
//! | | 31 | 1 | flags: bits 0 to 5 missing cards |
//! | | 32 | 4 | event number |
//! | | 36 | 4 | bytes of light readout |
//! | | 40 | 4 | bytes of charge readout |
//!
//! The events stand behind the table, back to back; each is a fragment from each builder, and a fragment is its header, the light
//! readout, the charge readout (12-bit samples packed as in the 3x1x1, the same number of channels in each fragment) and one more
//! byte. (DUNE's duneprototypes, `PDDPRawInputDriver`; LARDON, `lyon_daq.py`.)

use monitasks::vocab::EventNumber;

use super::event::EventHeader;
use super::layout::{self, FLAG_COMPRESSED, FLAGS_QUALITY, part};

/// Bytes of the file header.
pub(super) const FILE_HEADER_BYTES: usize = 8;
/// Bytes of a row of the table.
pub(super) const ROW_BYTES: usize = 16;
/// Bytes of a fragment header.
pub(super) const FRAGMENT_HEADER_BYTES: usize = 44;
/// Bytes behind a fragment's data.
pub(super) const TRAILING_BYTES: usize = 1;
/// The fragment's charge readout is compressed.
const RUN_FLAG_COMPRESSED: u8 = 1;

/// What a fragment's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fragment {
    /// The event's header. Its quality bits count missing cards as they stand in the file.
    pub header: EventHeader,
    pub run: u32,
    pub run_flags: u8,
    pub light_bytes: u32,
    pub charge_bytes: u32,
}

impl Fragment {
    /// Bytes from its first to the next one's.
    pub(super) fn bytes(&self) -> u64 {
        (FRAGMENT_HEADER_BYTES + TRAILING_BYTES) as u64 + u64::from(self.light_bytes) + u64::from(self.charge_bytes)
    }

    /// Where its charge readout stands.
    pub(super) fn charge_at(&self) -> u64 {
        self.header.offset + FRAGMENT_HEADER_BYTES as u64 + u64::from(self.light_bytes)
    }

    /// The header's bytes.
    pub(super) fn to_bytes(self) -> [u8; FRAGMENT_HEADER_BYTES] {
        let mut bytes = [0; FRAGMENT_HEADER_BYTES];
        bytes[..2].copy_from_slice(&layout::EVENT_KEY);
        bytes[2..6].copy_from_slice(&self.run.to_le_bytes());
        bytes[6] = self.run_flags;
        // The trigger as in the 3x1x1.
        bytes[7..31].copy_from_slice(&layout::event_header_bytes(&self.header, 0)[2..26]);
        bytes[31] = self.header.flags & FLAGS_QUALITY;
        bytes[32..36].copy_from_slice(&self.header.number.0.to_le_bytes());
        bytes[36..40].copy_from_slice(&self.light_bytes.to_le_bytes());
        bytes[40..44].copy_from_slice(&self.charge_bytes.to_le_bytes());
        bytes
    }

    /// What a fragment header's bytes say, whose key is not looked at; the error is a stamp that is no time, as seconds and
    /// nanoseconds.
    pub(super) fn parse(bytes: &[u8; FRAGMENT_HEADER_BYTES], offset: u64) -> Result<Fragment, (i64, i64)> {
        let (seconds, nanoseconds) = (i64::from_le_bytes(part(bytes, 15)), i64::from_le_bytes(part(bytes, 23)));
        let run_flags = bytes[6];
        let compressed = if run_flags & RUN_FLAG_COMPRESSED == 0 { 0 } else { FLAG_COMPRESSED };
        let header = EventHeader {
            number: EventNumber(u32::from_le_bytes(part(bytes, 32))),
            trigger_type: bytes[7],
            trigger_number: u32::from_le_bytes(part(bytes, 11)),
            stamp: layout::stamp(seconds, nanoseconds).ok_or((seconds, nanoseconds))?,
            flags: bytes[31] & FLAGS_QUALITY | compressed,
            offset,
        };
        let (light_bytes, charge_bytes) = (u32::from_le_bytes(part(bytes, 36)), u32::from_le_bytes(part(bytes, 40)));
        Ok(Fragment { header, run: u32::from_le_bytes(part(bytes, 2)), run_flags, light_bytes, charge_bytes })
    }
}

/// A row of the table.
pub(super) fn row_bytes(sequence: u32, event_bytes: u32, data_bytes: u32) -> [u8; ROW_BYTES] {
    let mut bytes = [0; ROW_BYTES];
    for (place, number) in bytes.chunks_exact_mut(4).zip([sequence, event_bytes, data_bytes, 0]) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    bytes
}

/// Whether a file that starts with some bytes has a table of events, as those of the 6x6x6 have: rows that hold, as many as are
/// told or as far as the bytes reach. The first event behind them may be damaged.
#[must_use]
pub fn is_start(start: &[u8]) -> bool {
    let Some((header, rows)) = start.split_first_chunk::<FILE_HEADER_BYTES>() else { return false };
    let count = u32::from_le_bytes(part(header, 4)) as usize;
    let number = |row: &[u8; ROW_BYTES], at| u32::from_le_bytes(part(row, at));
    let holds = |row: &[u8; ROW_BYTES]| number(row, 4) > number(row, 8) && number(row, 8) > 0 && number(row, 12) == 0;
    let (rows, _) = rows.as_chunks::<ROW_BYTES>();
    let rows = &rows[..rows.len().min(count)];
    !rows.is_empty() && rows.iter().all(holds)
}
