//! Where the events of a file with a table of events are: a walk over the fragments' headers, and around damage.
//!
//! The events say themselves how long they are, so the table is needed only to know how many there should be: one that is wrong
//! loses no event. Where an event is damaged, the next one is searched: a header with its key, stamp, and sizes that fit the
//! detector, and the other fragments behind it.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use monitasks::detector::Readout;

use super::error::RawError;
use super::event::EventHeader;
use super::event_table::{FILE_HEADER_BYTES, FRAGMENT_HEADER_BYTES, Fragment, ROW_BYTES, TRAILING_BYTES};
use super::index::Index;
use super::layout::{self, FLAGS_QUALITY};
use super::loss::Ending;
use super::packing;
use super::search::Search;

/// The walk over a file.
pub(super) struct TableWalk<'a> {
    path: &'a Path,
    file: &'a File,
    length: u64,
    fragments: usize,
    /// Cards that are missing in every fragment.
    missing_cards: u8,
    /// Bytes of a fragment's charge readout.
    charge_bytes: u64,
    /// Bytes of the last whole event; before there is one, of one without light readout.
    event_bytes: u64,
    search: Search,
}

/// Bytes of a fragment besides its readouts.
const OVERHEAD_BYTES: u64 = (FRAGMENT_HEADER_BYTES + TRAILING_BYTES) as u64;

/// What stands where an event should.
enum Found {
    /// An event: header, run flags, where its charge readouts start, and its end.
    Event(EventHeader, u8, Vec<u64>, u64),
    /// The file's end before it is whole.
    Cut(RawError),
    /// Something else.
    Damage(RawError),
}

/// What a walk found.
pub(super) struct Walked {
    pub run: u32,
    pub run_flags: u8,
    pub index: Index,
    pub ending: Ending,
}

impl<'a> TableWalk<'a> {
    pub(super) fn new(
        path: &'a Path,
        file: &'a File,
        length: u64,
        readout: &Readout,
        fragments: usize,
        missing_cards: u8,
    ) -> Self {
        let charge_bytes = packing::packed_bytes(readout.channels / fragments * readout.samples) as u64;
        let event_bytes = fragments as u64 * (OVERHEAD_BYTES + charge_bytes);
        TableWalk { path, file, length, fragments, missing_cards, charge_bytes, event_bytes, search: Search::default() }
    }

    /// The whole events, what was skipped between them, and how the file ends. The index is bounded by the file's length over an
    /// event's.
    pub(super) fn events(&mut self) -> Result<Walked, RawError> {
        if self.length < FILE_HEADER_BYTES as u64 {
            return Err(self.cut("file header", 0, FILE_HEADER_BYTES as u64));
        }
        let header: [u8; FILE_HEADER_BYTES] = self.bytes(0)?;
        let (run, told) = (u32::from_le_bytes(layout::part(&header, 0)), u32::from_le_bytes(layout::part(&header, 4)));
        let mut walked = Walked { run, run_flags: 0, index: Index::default(), ending: Ending::Footer };
        let (mut at, count) = self.start(told)?;
        if at > self.length {
            walked.ending = Ending::Missing(self.cut("table of events", 8, at - 8));
            return Ok(walked);
        }
        loop {
            let fault = match self.at(at)? {
                Found::Event(_, _, _, end) if self.is_of_wrong_size(at, end)? => {
                    let found = format!("{} bytes", end - at);
                    let expected = format!("{}, as the one before, behind which an event or the file ends", self.event_bytes);
                    self.damage("size of an event", at, found, &expected)
                }
                Found::Event(header, run_flags, starts, end) => {
                    walked.index.push(header, &starts, 0);
                    walked.run_flags |= run_flags;
                    (at, self.event_bytes) = (end, end - at);
                    continue;
                }
                Found::Cut(fault) if self.is_cut(at)? => {
                    walked.ending = self.ending(&walked.index, at, count, told, fault);
                    return Ok(walked);
                }
                Found::Cut(fault) | Found::Damage(fault) => fault,
            };
            if at + self.event_bytes == self.length {
                walked.index.lose(at, self.length, None, fault, self.least_event_bytes());
                at = self.length;
                continue;
            }
            let Some(next) = self.next_event(at)? else { return self.damaged_end(walked, at, fault, count) };
            let number = u32::from_le_bytes(self.bytes(next + 32)?);
            walked.index.lose(at, next, Some(number), fault, self.least_event_bytes());
            at = next;
        }
    }

    /// Where the first event starts, and how many there are by that: the number of rows that is told may be what is damaged. It
    /// is when an event begins before its rows end, behind whole rows, or when they go beyond the file's end.
    fn start(&mut self, told: u32) -> Result<(u64, u32), RawError> {
        let table = FILE_HEADER_BYTES as u64 + ROW_BYTES as u64 * u64::from(told);
        let Some(first) = self.next_after(FILE_HEADER_BYTES as u64 - 1)? else { return Ok((table, told)) };
        let rows = (first - FILE_HEADER_BYTES as u64) / ROW_BYTES as u64;
        let is_behind_rows = first == FILE_HEADER_BYTES as u64 + ROW_BYTES as u64 * rows;
        if is_behind_rows && first < table || table > self.length {
            return Ok((first, u32::try_from(rows).unwrap_or(u32::MAX)));
        }
        // Less rows than there are: nothing but rows lies between.
        let is_short = is_behind_rows && first > table && first - table < self.least_event_bytes();
        Ok(if is_short { (first, rows as u32) } else { (table, told) })
    }

    /// How a file ends behind whose last event at a byte no other begins; `cut` is what is missing there.
    fn ending(&self, index: &Index, at: u64, count: u32, told: u32, cut: RawError) -> Ending {
        let done = index.headers.len() as u64 + index.losses.iter().map(|loss| loss.events).sum::<u64>();
        let fault = if done < u64::from(count) {
            return Ending::Missing(cut);
        } else if at < self.length {
            let found = format!("{} bytes", self.length - at);
            self.damage("end of file", at, found, "nothing behind the last event")
        } else if u64::from(told) != done {
            self.damage("number of events", 4, format!("{told} events"), &format!("{done}, as there are"))
        } else {
            return Ending::Footer;
        };
        Ending::Contradicting(fault)
    }

    /// How a file ends in which damage has no event behind it: with as many events as its table says, these among them.
    fn damaged_end(&self, mut walked: Walked, at: u64, fault: RawError, count: u32) -> Result<Walked, RawError> {
        if self.length - at < self.least_event_bytes() || walked.index.headers.is_empty() && walked.index.losses.is_empty() {
            return Ok(Walked { ending: Ending::Contradicting(fault), ..walked });
        }
        let least = self.least_event_bytes();
        walked.index.lose(at, self.length, None, fault.clone(), least);
        let can_be = walked.index.can_be_of(u64::from(count), least);
        walked.index.spread(u64::from(count), least);
        let ending = if can_be { Ending::Footer } else { Ending::Contradicting(fault) };
        Ok(Walked { ending, ..walked })
    }

    /// What stands at a byte.
    fn at(&self, at: u64) -> Result<Found, RawError> {
        let (mut first, mut starts, mut next, mut missing) = (None, Vec::with_capacity(self.fragments), at, 0);
        for _ in 0..self.fragments {
            let left = self.length.saturating_sub(next);
            if left < FRAGMENT_HEADER_BYTES as u64 {
                return Ok(Found::Cut(self.cut("fragment header", next, FRAGMENT_HEADER_BYTES as u64)));
            }
            let fragment = match self.fragment(next, &self.bytes(next)?) {
                Ok(fragment) => fragment,
                Err(fault) => return Ok(Found::Damage(fault)),
            };
            let first = first.get_or_insert(fragment);
            if let Some(fault) = self.disagreement(first, &fragment) {
                return Ok(Found::Damage(fault));
            }
            missing += u32::from(fragment.header.flags & FLAGS_QUALITY).abs_diff(u32::from(self.missing_cards));
            starts.push(fragment.charge_at());
            let end = next + fragment.bytes();
            if end > self.length {
                return Ok(Found::Cut(self.cut("fragment", next, fragment.bytes())));
            }
            next = end;
        }
        let Some(Fragment { mut header, run_flags, .. }) = first else {
            return Ok(Found::Damage(self.damage("event", at, "no fragment".into(), "at least one")));
        };
        header.flags = header.flags & !FLAGS_QUALITY | missing.min(u32::from(FLAGS_QUALITY)) as u8;
        Ok(Found::Event(header, run_flags, starts, next))
    }

    /// A fragment's header. The size of a compressed one's charge readout is not known beforehand.
    fn fragment(&self, at: u64, bytes: &[u8; FRAGMENT_HEADER_BYTES]) -> Result<Fragment, RawError> {
        if bytes[..2] != layout::EVENT_KEY {
            let found = format!("{:02X} {:02X}", bytes[0], bytes[1]);
            return Err(self.damage("fragment key", at, found, "FF FF"));
        }
        let fragment = Fragment::parse(bytes, at).map_err(|(seconds, nanoseconds)| {
            self.damage("fragment stamp", at + 15, format!("{seconds} s and {nanoseconds} ns"), "a Unix time")
        })?;
        let charge_bytes = u64::from(fragment.charge_bytes);
        if !fragment.header.is_compressed() && charge_bytes != self.charge_bytes {
            let found = format!("{charge_bytes} bytes");
            return Err(self.damage("size of charge readout", at + 40, found, &self.charge_bytes.to_string()));
        }
        Ok(fragment)
    }

    /// What is wrong with a fragment that belongs to an event's first.
    fn disagreement(&self, first: &Fragment, other: &Fragment) -> Option<RawError> {
        let at = other.header.offset;
        let pairs = [
            ("fragment's run", 2, first.run, other.run),
            ("fragment's run flags", 6, first.run_flags.into(), other.run_flags.into()),
            ("fragment's event number", 32, first.header.number.0, other.header.number.0),
        ];
        let (what, offset, expected, found) = pairs.into_iter().find(|(_, _, first, other)| first != other)?;
        Some(self.damage(what, at + offset, found.to_string(), &format!("{expected} as in the first fragment")))
    }

    /// Whether the file's end is missing behind a byte: no event begins there any more, and none would end with the file.
    fn is_cut(&mut self, at: u64) -> Result<bool, RawError> {
        Ok(at == self.length || at + self.event_bytes != self.length && self.next_event(at)?.is_none())
    }

    /// Whether an event would be right if it had the size of the one before: another begins where it would end then, and either
    /// inside it or nothing follows it.
    fn is_of_wrong_size(&self, at: u64, end: u64) -> Result<bool, RawError> {
        let usual = at + self.event_bytes;
        if end == usual || usual < self.length && !matches!(self.at(usual)?, Found::Event(..)) || usual > self.length {
            return Ok(false);
        }
        Ok(end > usual || matches!(self.at(end)?, Found::Damage(_)))
    }

    /// Where the next event behind a damaged one begins: where it would if that had the size of the one before, else where the
    /// search finds one. The search alone might take the second fragment of one event and the first of the next for an event.
    fn next_event(&mut self, at: u64) -> Result<Option<u64>, RawError> {
        let next = at + self.event_bytes;
        if matches!(self.at(next)?, Found::Event(..)) { Ok(Some(next)) } else { self.next_after(at) }
    }

    /// Where an event behind a byte begins, by searching.
    fn next_after(&mut self, from: u64) -> Result<Option<u64>, RawError> {
        let mut search = std::mem::take(&mut self.search);
        let file = (self.path, self.file, self.length);
        let found = search.next_after(file, from, FRAGMENT_HEADER_BYTES, &mut |place, bytes| {
            // Most keys that are none are told by their sizes, with no words made of it.
            let Ok(bytes) = <&[u8; FRAGMENT_HEADER_BYTES]>::try_from(bytes) else { return Ok(false) };
            let charge_bytes = u64::from(u32::from_le_bytes(layout::part(bytes, 40)));
            let is_possible = charge_bytes == self.charge_bytes || bytes[6] & 1 != 0 && charge_bytes < self.charge_bytes;
            Ok(is_possible && matches!(self.at(place)?, Found::Event(..)))
        });
        self.search = search;
        found
    }

    /// Bytes of the smallest event that can be.
    fn least_event_bytes(&self) -> u64 {
        self.fragments as u64 * (OVERHEAD_BYTES + self.charge_bytes)
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
