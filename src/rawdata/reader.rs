//! Reads a raw file: an index pass over the event headers, then event by event.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use monitasks::detector::{RawLayout, Readout};
use monitasks::vocab::Run;

use super::error::RawError;
use super::event::{Event, EventHeader};
use super::index::{Index, Walk};
use super::loss::{Ending, Loss};
use super::payload::Payload;
use super::table_walk::{TableWalk, Walked};

/// An open raw file.
///
/// Reading takes no exclusive access: several threads may read events of one reader at once.
#[derive(Debug)]
pub struct RawReader {
    path: PathBuf,
    file: File,
    run: Run,
    run_flags: u8,
    readout: Readout,
    index: Index,
    ending: Ending,
    /// Buffers of packed bytes that no thread uses just now.
    buffers: Mutex<Vec<Vec<u8>>>,
}

impl RawReader {
    /// Opens a file and finds its whole events, without reading their payloads unless there is damage.
    ///
    /// # Errors
    /// When it can't be read, has no whole run header, or has damage and no whole event. Other damage is no error here:
    /// [`RawReader::losses`] and [`RawReader::ending`] tell it.
    pub fn open(path: &Path, readout: &Readout) -> Result<Self, RawError> {
        let file = File::open(path).map_err(|error| RawError::io("opened", path, &error))?;
        let metadata = file.metadata().map_err(|error| RawError::io("opened", path, &error))?;
        if !metadata.is_file() {
            let why = "it is no regular file".to_owned();
            return Err(RawError::Io { doing: "opened", why, path: path.to_owned() });
        }
        let length = metadata.len();
        let Walked { run, run_flags, index, ending } = match readout.raw_layout {
            RawLayout::Dlardaq => {
                let mut walk = Walk::new(path, &file, length, readout);
                let [a, b, c, d, run_flags] = walk.run_header()?;
                let (index, ending) = walk.events()?;
                Walked { run: u32::from_be_bytes([a, b, c, d]), run_flags, index, ending }
            }
            RawLayout::EventTable { fragments, missing_cards } => {
                TableWalk::new(path, &file, length, readout, fragments.max(1), missing_cards).events()?
            }
        };
        // With nothing to read in it, what is wrong first is what there is to say.
        let is_empty = index.headers.is_empty();
        if let Some(loss) = index.losses.first().filter(|_| is_empty) {
            return Err(loss.reason.clone());
        }
        if let Ending::Contradicting(fault) = &ending
            && is_empty
        {
            return Err(fault.clone());
        }
        Ok(RawReader {
            path: path.to_owned(),
            run: Run(run),
            run_flags,
            readout: *readout,
            index,
            ending,
            file,
            buffers: Mutex::default(),
        })
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
        self.index.headers.len()
    }

    /// The headers of the whole events, in the file's order. To read some of the events, choose among them and
    /// [`RawReader::read`] those: the others cost nothing.
    #[must_use]
    pub fn headers(&self) -> &[EventHeader] {
        &self.index.headers
    }

    /// What was skipped because of damage, in the file's order. An event whose payload is damaged is not among it: that is told
    /// by [`RawReader::read`].
    #[must_use]
    pub fn losses(&self) -> &[Loss] {
        &self.index.losses
    }

    /// Number of events in what was skipped.
    #[must_use]
    pub fn lost_count(&self) -> u64 {
        self.index.losses.iter().map(|loss| loss.events).sum()
    }

    /// How the file ends.
    #[must_use]
    pub fn ending(&self) -> &Ending {
        &self.ending
    }

    /// Reads one event, counted from 0 among the whole ones. An error leaves in `event` the event's header, if there is one, and
    /// unspecified samples.
    ///
    /// # Errors
    /// When there is no such event, its compressed stream is damaged ([`RawError::is_damage`]: the other events can be read), or
    /// the file can't be read any more.
    pub fn read(&self, index: usize, event: &mut Event) -> Result<(), RawError> {
        if let Some(header) = self.index.headers.get(index) {
            event.header = *header;
        }
        self.read_channels(index, 0..self.readout.channels, &mut event.samples)
    }

    /// Reads the samples of some channels of one event, channel after channel, into `samples`. Of a compressed event the
    /// channels before them are decoded too, and what is behind them is not looked at.
    ///
    /// # Errors
    /// As [`RawReader::read`], and when there are no such channels.
    pub fn read_channels(&self, index: usize, channels: Range<usize>, samples: &mut Vec<u16>) -> Result<(), RawError> {
        let (Some(header), Some((starts, bytes))) = (self.index.headers.get(index), self.index.payload(index)) else {
            return Err(RawError::NoSuchEvent { index, count: self.count(), path: self.path.clone() });
        };
        if channels.start > channels.end || channels.end > self.readout.channels {
            let (from, to) = (channels.start, channels.end);
            return Err(RawError::NoSuchChannels { from, to, count: self.readout.channels, path: self.path.clone() });
        }
        let is_compressed = header.is_compressed();
        if is_compressed && self.readout.raw_layout != RawLayout::Dlardaq {
            return Err(RawError::UnknownCoding { number: header.number.0, offset: header.offset, path: self.path.clone() });
        }
        samples.resize(channels.len() * self.readout.samples, 0);
        let (path, file, readout) = (&self.path, &self.file, &self.readout);
        let payload = Payload { path, file, starts, bytes, is_compressed, readout };
        let mut buffer = self.buffers.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let read = payload.read(channels, samples, &mut buffer);
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
        read
    }
}
