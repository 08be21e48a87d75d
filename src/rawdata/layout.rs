//! The 3x1x1's raw file ("dlardaq" layout, as in WA105Soft and DUNE's duneprototypes), byte by byte.
//!
//! Run header (5 bytes), then event header (35 bytes) and payload for each event, then footer (4 bytes). No index, no
//! alignment, no checksum, and both byte orders in one header.
//!
//! | part | offset | bytes | what |
//! |---|---|---|---|
//! | run header | 0 | 4 | run number, big endian |
//! | | 4 | 1 | run flags, meaning unpublished |
//! | event header | 0 | 2 | key `FF FF` |
//! | | 2 | 1 | trigger type |
//! | | 3 | 3 | padding, any bytes |
//! | | 6 | 4 | trigger number, little endian |
//! | | 10 | 8 | seconds since 1970 UTC, signed, little endian |
//! | | 18 | 8 | nanoseconds, signed, little endian |
//! | | 26 | 1 | flags |
//! | | 27 | 4 | event number, big endian |
//! | | 31 | 4 | payload bytes, big endian |
//! | footer | 0 | 2 | key `F0 F0` |
//! | | 2 | 2 | number of events, big endian |

use jiff::Timestamp;
use monitasks::vocab::EventNumber;

use super::event::EventHeader;

/// Bytes of the run header.
pub const RUN_HEADER_BYTES: usize = 5;
/// Bytes of an event header.
pub const EVENT_HEADER_BYTES: usize = 35;
/// Bytes of the footer.
pub const FOOTER_BYTES: usize = 4;
/// What an event starts with.
pub const EVENT_KEY: [u8; 2] = [0xFF, 0xFF];
/// What the footer starts with.
pub const FOOTER_KEY: [u8; 2] = [0xF0, 0xF0];
/// The event's payload is compressed.
pub const FLAG_COMPRESSED: u8 = 0x40;
/// Data quality; 0 for a complete event.
pub const FLAGS_QUALITY: u8 = 0x3F;

/// An event header's bytes.
#[must_use]
pub fn event_header_bytes(header: &EventHeader, payload_bytes: u32) -> [u8; EVENT_HEADER_BYTES] {
    let mut bytes = [0; EVENT_HEADER_BYTES];
    // A stamp before 1970 has both parts negative: keep the nanoseconds positive, as a DAQ's clock writes them.
    let (mut second, mut nanosecond) = (header.stamp.as_second(), i64::from(header.stamp.subsec_nanosecond()));
    if nanosecond < 0 {
        (second, nanosecond) = (second - 1, nanosecond + 1_000_000_000);
    }
    bytes[0..2].copy_from_slice(&EVENT_KEY);
    bytes[2] = header.trigger_type;
    bytes[6..10].copy_from_slice(&header.trigger_number.to_le_bytes());
    bytes[10..18].copy_from_slice(&second.to_le_bytes());
    bytes[18..26].copy_from_slice(&nanosecond.to_le_bytes());
    bytes[26] = header.flags;
    bytes[27..31].copy_from_slice(&header.number.0.to_be_bytes());
    bytes[31..35].copy_from_slice(&payload_bytes.to_be_bytes());
    bytes
}

/// What an event header's bytes say, and the payload's bytes; the error is a stamp that is no time, as seconds and nanoseconds.
///
/// The key is not looked at: who walks over the file does, to tell events from the footer.
pub(super) fn parse_event_header(bytes: &[u8; EVENT_HEADER_BYTES], offset: u64) -> Result<(EventHeader, u32), (i64, i64)> {
    let seconds = i64::from_le_bytes(part(bytes, 10));
    let nanoseconds = i64::from_le_bytes(part(bytes, 18));
    let header = EventHeader {
        number: EventNumber(u32::from_be_bytes(part(bytes, 27))),
        trigger_type: bytes[2],
        trigger_number: u32::from_le_bytes(part(bytes, 6)),
        stamp: stamp(seconds, nanoseconds).ok_or((seconds, nanoseconds))?,
        flags: bytes[26],
        offset,
    };
    Ok((header, payload_bytes(bytes)))
}

/// The payload's bytes that an event header tells.
pub(super) fn payload_bytes(header: &[u8; EVENT_HEADER_BYTES]) -> u32 {
    u32::from_be_bytes(part(header, 31))
}

/// A time of a DAQ's clock; `None` when no calendar has it or the nanoseconds are more than a second.
pub(super) fn stamp(seconds: i64, nanoseconds: i64) -> Option<Timestamp> {
    let nanosecond = i32::try_from(nanoseconds).ok().filter(|nanosecond| (0..1_000_000_000).contains(nanosecond))?;
    Timestamp::new(seconds, nanosecond).ok()
}

/// Some bytes as an array.
pub(super) fn part<const M: usize, const N: usize>(bytes: &[u8; M], from: usize) -> [u8; N] {
    std::array::from_fn(|index| bytes[from + index])
}
