//! Where the events of a raw file are: a walk from header to header, and around damage.
//!
//! An event says how long it is, so the walk goes from event to event and reads headers only. Where a header is damaged, or what
//! stands behind an event is neither event nor footer, the walk looks for the next header that holds: key, stamp and size are
//! possible, and either something follows where it ends or its payload reads to its last byte. Bytes of samples look like a key
//! now and then; like such a header they practically never do. An event is looked through for another one inside it where the
//! numbers behind it do not go on: its size may be what is damaged.
//!
//! The cost is bounded by the file's length: no byte is searched twice, and what is decoded to settle doubts is limited.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use monitasks::detector::Readout;

use super::error::RawError;
use super::event::EventHeader;
use super::layout::{self, EVENT_HEADER_BYTES, FOOTER_BYTES, RUN_HEADER_BYTES};
use super::loss::{Ending, Loss};
use super::payload::{Payload, Sizes};
use super::search::Search;

/// What a walk over a file found.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Headers of the whole events.
    pub headers: Vec<EventHeader>,
    /// Where the parts of each one's payload start, all as many.
    pub starts: Vec<u64>,
    /// Bytes of each one's payload, where they are not the same for all.
    pub payload_bytes: Vec<u32>,
    /// What was skipped.
    pub losses: Vec<Loss>,
}

impl Index {
    /// Adds a whole event.
    pub(super) fn push(&mut self, header: EventHeader, starts: &[u64], payload_bytes: u32) {
        self.headers.push(header);
        self.starts.extend_from_slice(starts);
        self.payload_bytes.push(payload_bytes);
    }

    /// Where the parts of an event's payload start, and its bytes.
    pub(super) fn payload(&self, event: usize) -> Option<(&[u64], u32)> {
        let parts = self.starts.len().checked_div(self.headers.len())?;
        Some((self.starts.get(event * parts..(event + 1) * parts)?, *self.payload_bytes.get(event)?))
    }
}

/// The walk over a file.
pub(super) struct Walk<'a> {
    path: &'a Path,
    file: &'a File,
    length: u64,
    readout: &'a Readout,
    sizes: Sizes,
    search: Search,
    /// Bytes that may still be decoded to settle doubts.
    may_decode: u64,
}

/// What stands at a byte where an event or the footer should.
enum Found {
    /// An event's header and where the event should end.
    Event(EventHeader, u32, u64),
    /// A footer with its count of events.
    Footer(u16),
    /// The file's end before either is whole.
    Cut(RawError),
    /// Neither.
    Damage(RawError),
}

/// What can be said of what stands where an event ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follows {
    /// It is the next event or the footer by their numbers.
    Surely,
    /// It is an event, a footer or the file's end.
    Maybe,
    /// It is nothing that can stand there.
    Not,
}

impl<'a> Walk<'a> {
    pub(super) fn new(path: &'a Path, file: &'a File, length: u64, readout: &'a Readout) -> Self {
        Walk { path, file, length, readout, sizes: Sizes::of(readout), search: Search::default(), may_decode: 2 * length }
    }

    /// The run header.
    pub(super) fn run_header(&self) -> Result<[u8; RUN_HEADER_BYTES], RawError> {
        if self.length < RUN_HEADER_BYTES as u64 {
            return Err(self.cut("run header", 0, RUN_HEADER_BYTES as u64));
        }
        self.bytes(0)
    }

    /// The whole events, what was skipped between them, and how the file ends. The index is bounded by the file's length over
    /// two bytes a channel, the smallest payload that is taken.
    pub(super) fn events(&mut self) -> Result<(Index, Ending), RawError> {
        let mut index = Index::default();
        let mut at = RUN_HEADER_BYTES as u64;
        loop {
            let (fault, from) = match self.at(at)? {
                Found::Event(header, payload, end) => {
                    if self.is_whole(&header, payload, end)? {
                        index.push(header, &[at + EVENT_HEADER_BYTES as u64], payload);
                        at = end;
                        continue;
                    }
                    let cut = self.cut("event payload", at + EVENT_HEADER_BYTES as u64, u64::from(payload));
                    if end > self.length && self.next_after(at)?.is_none() && !self.is_closed(&index, at)? {
                        return Ok((index, Ending::Missing(cut)));
                    }
                    (self.unfitting(at, payload), at)
                }
                Found::Footer(count) => match self.footer_fault(at, count, &index) {
                    None => {
                        index.spread(u64::from(count), self.least_event_bytes());
                        return Ok((index, Ending::Footer));
                    }
                    Some(fault) => (fault, at),
                },
                Found::Cut(fault) => return Ok((index, Ending::Missing(fault))),
                Found::Damage(fault) => (fault, at),
            };
            match self.next_after(from)? {
                Some(next) => {
                    let number = self.number_at(next)?;
                    index.lose(at, next, Some(number), fault, self.least_event_bytes());
                    at = next;
                }
                None => return self.damaged_end(index, at, fault),
            }
        }
    }

    /// What stands at a byte.
    fn at(&self, at: u64) -> Result<Found, RawError> {
        let left = self.length.saturating_sub(at);
        if left < 2 {
            return Ok(Found::Cut(self.cut("event or footer", at, FOOTER_BYTES as u64)));
        }
        match self.bytes(at)? {
            layout::EVENT_KEY if left < EVENT_HEADER_BYTES as u64 => {
                Ok(Found::Cut(self.cut("event header", at, EVENT_HEADER_BYTES as u64)))
            }
            layout::EVENT_KEY => self.event(at, &self.bytes(at)?),
            layout::FOOTER_KEY if left < FOOTER_BYTES as u64 => Ok(Found::Cut(self.cut("footer", at, FOOTER_BYTES as u64))),
            layout::FOOTER_KEY => Ok(Found::Footer(u16::from_be_bytes(self.bytes(at + 2)?))),
            other => Ok(Found::Damage(self.damage("key", at, hex(&other), "FF FF (event) or F0 F0 (footer)"))),
        }
    }

    /// An event's header, whose key is right.
    fn event(&self, at: u64, bytes: &[u8; EVENT_HEADER_BYTES]) -> Result<Found, RawError> {
        let (header, payload) = match layout::parse_event_header(bytes, at) {
            Ok(parsed) => parsed,
            Err((seconds, nanoseconds)) => {
                let found = format!("{seconds} s and {nanoseconds} ns");
                return Ok(Found::Damage(self.damage("event stamp", at + 10, found, "a Unix time")));
            }
        };
        let is_compressed = header.is_compressed();
        if !self.sizes.has(is_compressed, u64::from(payload)) {
            let expected = self.sizes.expected(is_compressed);
            return Ok(Found::Damage(self.damage("payload size", at + 31, format!("{payload} bytes"), &expected)));
        }
        Ok(Found::Event(header, payload, at + EVENT_HEADER_BYTES as u64 + u64::from(payload)))
    }

    /// Whether an event with a possible header is one: what stands where it ends follows it in its numbers, or no other event
    /// begins inside it and what stands there can follow, or its payload holds.
    fn is_whole(&mut self, header: &EventHeader, payload: u32, end: u64) -> Result<bool, RawError> {
        if end > self.length {
            return Ok(false);
        }
        let follows = self.follows(header, end)?;
        if follows == Follows::Surely {
            return Ok(true);
        }
        if self.next_after(header.offset)?.is_some_and(|next| next < end) {
            return Ok(false);
        }
        Ok(follows == Follows::Maybe || self.holds(header, payload)?)
    }

    /// Whether what stands where an event ends can follow it.
    fn follows(&self, header: &EventHeader, end: u64) -> Result<Follows, RawError> {
        let next = header.number.0.checked_add(1);
        let surely = |is_sure: bool| if is_sure { Follows::Surely } else { Follows::Maybe };
        Ok(match self.at(end)? {
            Found::Event(behind, ..) => surely(Some(behind.number.0) == next),
            Found::Footer(_) if end + FOOTER_BYTES as u64 != self.length => Follows::Not,
            Found::Footer(count) => surely(Some(u32::from(count)) == next),
            Found::Cut(_) => Follows::Maybe,
            Found::Damage(_) => Follows::Not,
        })
    }

    /// Whether a payload reads to its last byte; a compressed one is decoded for that, as long as enough was not.
    fn holds(&mut self, header: &EventHeader, payload: u32) -> Result<bool, RawError> {
        if !header.is_compressed() {
            return Ok(true);
        }
        let Some(left) = self.may_decode.checked_sub(u64::from(payload)) else { return Ok(false) };
        self.may_decode = left;
        let starts = [header.offset + EVENT_HEADER_BYTES as u64];
        let (path, file, readout) = (self.path, self.file, self.readout);
        let payload = Payload { path, file, starts: &starts, bytes: payload, is_compressed: true, readout };
        match payload.check() {
            Ok(()) => Ok(true),
            Err(RawError::Damaged { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Where the next event behind a byte begins.
    fn next_after(&mut self, from: u64) -> Result<Option<u64>, RawError> {
        let (mut search, file) = (std::mem::take(&mut self.search), (self.path, self.file, self.length));
        let found = search.next_after(file, from, EVENT_HEADER_BYTES, &mut |place, bytes| self.is_event(place, bytes));
        self.search = search;
        found
    }

    /// Whether an event that holds begins at a byte, where a key and the bytes of a header stand.
    fn is_event(&mut self, place: u64, bytes: &[u8]) -> Result<bool, RawError> {
        // Most keys that are none are told by their size, with no words made of it.
        if let Ok(bytes) = <&[u8; EVENT_HEADER_BYTES]>::try_from(bytes)
            && self.sizes.has(bytes[26] & layout::FLAG_COMPRESSED != 0, layout::payload_bytes(bytes).into())
            && let Found::Event(header, payload, end) = self.event(place, bytes)?
            && end <= self.length
        {
            return Ok(self.follows(&header, end)? != Follows::Not || self.holds(&header, payload)?);
        }
        Ok(false)
    }

    /// How a file ends in which damage has no event behind it. A footer at its very end still closes it.
    fn damaged_end(&self, mut index: Index, at: u64, fault: RawError) -> Result<(Index, Ending), RawError> {
        let least = self.least_event_bytes();
        if let Some(count) = self.closing_count(at)? {
            index.lose(at, self.length - FOOTER_BYTES as u64, None, fault.clone(), least);
            if index.can_be_of(count, least) {
                index.spread(count, least);
                return Ok((index, Ending::Footer));
            }
            return Ok((index, Ending::Contradicting(fault)));
        }
        // Less than an event is no loss of one.
        if !index.headers.is_empty() && self.length - at >= least {
            index.lose(at, self.length, None, fault.clone(), least);
        }
        Ok((index, Ending::Contradicting(fault)))
    }

    /// The count of a footer that closes the file behind a byte.
    fn closing_count(&self, at: u64) -> Result<Option<u64>, RawError> {
        let footer = self.length.saturating_sub(FOOTER_BYTES as u64);
        Ok(match self.at(footer)? {
            Found::Footer(count) if footer > at => Some(u64::from(count)),
            _ => None,
        })
    }

    /// Whether a footer closes the file that counts the event at a byte, which has no end: then that is damaged, and not cut.
    fn is_closed(&self, index: &Index, at: u64) -> Result<bool, RawError> {
        let whole = index.headers.len() as u64 + index.losses.iter().map(|loss| loss.events).sum::<u64>();
        Ok(self.closing_count(at)?.is_some_and(|count| count == whole + 1))
    }

    /// What is wrong with a footer.
    fn footer_fault(&self, at: u64, count: u16, index: &Index) -> Option<RawError> {
        let (whole, end) = (index.headers.len(), at + FOOTER_BYTES as u64);
        if end < self.length {
            let found = format!("{} bytes", self.length - end);
            return Some(self.damage("end of file", end, found, "nothing behind the footer"));
        }
        let can_be = index.can_be_of(u64::from(count), self.least_event_bytes());
        let found = format!("{count} events");
        (!can_be).then(|| self.damage("footer's count", at + 2, found, &format!("{whole}, as there are")))
    }

    /// An event that ends where nothing can follow, or in which another begins.
    fn unfitting(&self, at: u64, payload: u32) -> RawError {
        let expected = "the size up to the next event, the footer or the file's end";
        self.damage("payload size or payload", at + 31, format!("{payload} bytes"), expected)
    }

    /// The number of the event at a byte.
    fn number_at(&self, at: u64) -> Result<u32, RawError> {
        Ok(u32::from_be_bytes(self.bytes(at + 27)?))
    }

    /// Bytes of the smallest event that can be.
    fn least_event_bytes(&self) -> u64 {
        EVENT_HEADER_BYTES as u64 + self.sizes.least()
    }

    /// Bytes at an offset that is known to be inside the file.
    fn bytes<const N: usize>(&self, at: u64) -> Result<[u8; N], RawError> {
        let mut bytes = [0; N];
        self.file.read_exact_at(&mut bytes, at).map_err(|error| RawError::io("read", self.path, &error))?;
        Ok(bytes)
    }

    /// The file ends inside a part that starts at a byte.
    fn cut(&self, what: &str, at: u64, bytes: u64) -> RawError {
        let found = format!("the file's end after {} bytes of it", self.length.saturating_sub(at));
        self.damage(what, at, found, &format!("{bytes} bytes"))
    }

    fn damage(&self, what: &str, offset: u64, found: String, expected: &str) -> RawError {
        RawError::Damaged { what: what.to_owned(), offset, found, expected: expected.to_owned(), path: self.path.to_owned() }
    }
}

/// Bytes as people write them: `FF FF`.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ")
}
