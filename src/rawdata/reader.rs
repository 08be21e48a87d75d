//! Reads a raw file: an index pass over the event headers, then event by event.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use monitasks::detector::Readout;
use monitasks::vocab::Run;

use super::error::RawError;
use super::event::{Event, EventHeader};
use super::layout::{self, EVENT_HEADER_BYTES, FOOTER_BYTES, RUN_HEADER_BYTES};
use super::packing;

/// An open raw file.
///
/// Reading takes no exclusive access: several threads may read events of one reader at once.
#[derive(Debug)]
pub struct RawReader {
    path: PathBuf,
    file: File,
    run: Run,
    run_flags: u8,
    samples: usize,
    index: Vec<EventHeader>,
    ending: Ending,
}

/// How a raw file ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// With a footer that agrees with the events.
    Footer,
    /// Before a footer came: it is still being written, or it was cut.
    Missing(RawError),
    /// With bytes that contradict the format or a footer that contradicts the events.
    Contradicting(RawError),
}

impl Ending {
    /// What is wrong; `None` when nothing is.
    #[must_use]
    pub fn fault(&self) -> Option<&RawError> {
        match self {
            Ending::Footer => None,
            Ending::Missing(fault) | Ending::Contradicting(fault) => Some(fault),
        }
    }
}

impl RawReader {
    /// Opens a file and finds its whole events, without reading their payloads.
    ///
    /// # Errors
    /// When it can't be read, has no whole run header, or has no whole event and then contradicts the format. What is wrong
    /// behind the first whole event is no error here: [`RawReader::ending`] tells it.
    pub fn open(path: &Path, readout: &Readout) -> Result<Self, RawError> {
        let file = File::open(path).map_err(|error| RawError::io("opened", path, &error))?;
        let metadata = file.metadata().map_err(|error| RawError::io("opened", path, &error))?;
        if !metadata.is_file() {
            let why = "it is no regular file".to_owned();
            return Err(RawError::Io { doing: "opened", why, path: path.to_owned() });
        }
        let walk = Walk { path, file: &file, length: metadata.len(), readout };
        let run_header = walk.run_header()?;
        let (index, ending) = walk.events()?;
        match ending {
            Ending::Contradicting(fault) if index.is_empty() => Err(fault),
            ending => Ok(RawReader {
                path: path.to_owned(),
                run: Run(u32::from_be_bytes([run_header[0], run_header[1], run_header[2], run_header[3]])),
                run_flags: run_header[4],
                samples: readout.channels * readout.samples,
                index,
                ending,
                file,
            }),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The run that the file says it belongs to.
    #[must_use]
    pub fn run(&self) -> Run {
        self.run
    }

    /// The run header's flags; their meaning is unpublished.
    #[must_use]
    pub fn run_flags(&self) -> u8 {
        self.run_flags
    }

    /// Number of whole events.
    #[must_use]
    pub fn count(&self) -> usize {
        self.index.len()
    }

    /// The headers of the whole events, in the file's order.
    #[must_use]
    pub fn headers(&self) -> &[EventHeader] {
        &self.index
    }

    /// How the file ends.
    #[must_use]
    pub fn ending(&self) -> &Ending {
        &self.ending
    }

    /// Reads one event, counted from 0 in the file. An error leaves in `event` the event's header, if there is one, and unspecified
    /// samples.
    ///
    /// # Errors
    /// When there is no such event, its payload is compressed, or the file can't be read any more.
    pub fn read(&self, index: usize, event: &mut Event) -> Result<(), RawError> {
        let no_such = || RawError::NoSuchEvent { index, count: self.index.len(), path: self.path.clone() };
        event.header = *self.index.get(index).ok_or_else(no_such)?;
        let EventHeader { offset, flags, .. } = event.header;
        if event.header.is_compressed() {
            return Err(RawError::Compressed { index, offset, flags, path: self.path.clone() });
        }
        event.samples.resize(self.samples, 0);
        let mut at = offset + EVENT_HEADER_BYTES as u64;
        let mut buffer = [0u8; BUFFER_BYTES];
        for samples in event.samples.chunks_mut(BUFFER_BYTES / 3 * 2) {
            let bytes = &mut buffer[..packing::packed_bytes(samples.len())];
            self.file.read_exact_at(bytes, at).map_err(|error| RawError::io("read", &self.path, &error))?;
            packing::unpack(bytes, samples);
            at += bytes.len() as u64;
        }
        Ok(())
    }
}

/// Bytes read and unpacked at once: a multiple of 3 that stays in the processor's first cache.
const BUFFER_BYTES: usize = 3 << 13;

/// The walk over a file's headers.
struct Walk<'a> {
    path: &'a Path,
    file: &'a File,
    length: u64,
    readout: &'a Readout,
}

impl Walk<'_> {
    /// The run header.
    fn run_header(&self) -> Result<[u8; RUN_HEADER_BYTES], RawError> {
        if self.length < RUN_HEADER_BYTES as u64 {
            return Err(self.cut("run header", 0, RUN_HEADER_BYTES as u64));
        }
        self.bytes(0)
    }

    /// The whole events and how the file ends behind them. The index is bounded by the file's length over two bytes a
    /// channel, the smallest payload that is taken.
    fn events(&self) -> Result<(Vec<EventHeader>, Ending), RawError> {
        let mut events = Vec::new();
        let mut at = RUN_HEADER_BYTES as u64;
        loop {
            match self.event(at, events.len())? {
                Found::Event(header, end) => {
                    events.push(header);
                    at = end;
                }
                Found::End(ending) => return Ok((events, ending)),
            }
        }
    }

    /// What stands at a byte where an event or the footer should.
    fn event(&self, at: u64, before: usize) -> Result<Found, RawError> {
        let left = self.length - at;
        if left < 2 {
            return Ok(Found::End(Ending::Missing(self.cut("event or footer", at, FOOTER_BYTES as u64))));
        }
        match self.bytes(at)? {
            layout::EVENT_KEY => {}
            layout::FOOTER_KEY => return self.footer(at, before).map(Found::End),
            other => {
                let expected = "FF FF (event) or F0 F0 (footer)";
                return Ok(self.contradiction("key", at, hex(&other), expected));
            }
        }
        if left < EVENT_HEADER_BYTES as u64 {
            return Ok(Found::End(Ending::Missing(self.cut("event header", at, EVENT_HEADER_BYTES as u64))));
        }
        let (header, payload) = match layout::parse_event_header(&self.bytes(at)?, at) {
            Ok(parsed) => parsed,
            Err((seconds, nanoseconds)) => {
                let found = format!("{seconds} s and {nanoseconds} ns");
                return Ok(self.contradiction("event stamp", at + 10, found, "a Unix time"));
            }
        };
        let payload = u64::from(payload);
        if let Some(expected) = self.payload_fault(&header, payload) {
            return Ok(self.contradiction("payload size", at + 31, format!("{payload} bytes"), &expected));
        }
        let start = at + EVENT_HEADER_BYTES as u64;
        let end = start + payload;
        if end > self.length {
            return Ok(Found::End(Ending::Missing(self.cut("event payload", start, payload))));
        }
        Ok(Found::Event(header, end))
    }

    /// What a payload's size should be, when it is impossible.
    fn payload_fault(&self, header: &EventHeader, payload: u64) -> Option<String> {
        let (channels, samples) = (self.readout.channels as u64, self.readout.samples as u64);
        if header.is_compressed() {
            // Each channel starts with a packet of 13 bits and is padded to whole bytes; a packet for every sample is the most.
            let (least, most) = (2 * channels, (13 * samples).div_ceil(8) * channels);
            let possible = (least..=most).contains(&payload);
            return (!possible).then(|| format!("{least} to {most} for a compressed event"));
        }
        let expected = packing::packed_bytes(self.readout.channels * self.readout.samples) as u64;
        (payload != expected).then(|| expected.to_string())
    }

    /// How a file ends whose footer starts at a byte.
    fn footer(&self, at: u64, before: usize) -> Result<Ending, RawError> {
        let end = at + FOOTER_BYTES as u64;
        if end > self.length {
            return Ok(Ending::Missing(self.cut("footer", at, FOOTER_BYTES as u64)));
        }
        let [_, _, high, low]: [u8; FOOTER_BYTES] = self.bytes(at)?;
        let count = u16::from_be_bytes([high, low]);
        if usize::from(count) != before {
            let found = format!("{count} events");
            return Ok(Ending::Contradicting(self.damage("footer's count", at + 2, found, &format!("{before}, as there are"))));
        }
        if end < self.length {
            let found = format!("{} bytes", self.length - end);
            return Ok(Ending::Contradicting(self.damage("end of file", end, found, "nothing behind the footer")));
        }
        Ok(Ending::Footer)
    }

    /// Bytes at an offset that is known to be inside the file.
    fn bytes<const N: usize>(&self, at: u64) -> Result<[u8; N], RawError> {
        let mut bytes = [0; N];
        self.file.read_exact_at(&mut bytes, at).map_err(|error| RawError::io("read", self.path, &error))?;
        Ok(bytes)
    }

    /// The file ends inside a part that starts at a byte.
    fn cut(&self, what: &str, at: u64, bytes: u64) -> RawError {
        let found = format!("the file's end after {} bytes of it", self.length - at);
        self.damage(what, at, found, &format!("{bytes} bytes"))
    }

    /// A part contradicts the format.
    fn contradiction(&self, what: &str, offset: u64, found: String, expected: &str) -> Found {
        Found::End(Ending::Contradicting(self.damage(what, offset, found, expected)))
    }

    fn damage(&self, what: &str, offset: u64, found: String, expected: &str) -> RawError {
        RawError::Damaged { what: what.to_owned(), offset, found, expected: expected.to_owned(), path: self.path.to_owned() }
    }
}

/// What stands at a byte of the file.
enum Found {
    /// A whole event, and where it ends.
    Event(EventHeader, u64),
    /// The end.
    End(Ending),
}

/// Bytes as people write them: `FF FF`.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ")
}
