//! Writes a raw file, event by event as a DAQ does.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use monitasks::detector::{RawLayout, Readout};
use monitasks::vocab::Run;

use super::error::RawError;
use super::event::EventHeader;
use super::event_table::{self, FRAGMENT_HEADER_BYTES, Fragment, TRAILING_BYTES};
use super::layout::{self, EVENT_HEADER_BYTES, FLAGS_QUALITY};
use super::{coding, packing};

/// A raw file being written. Until [`RawWriter::finish`] it is as one whose DAQ is still at it.
#[derive(Debug)]
pub struct RawWriter {
    path: PathBuf,
    file: File,
    readout: Readout,
    run: Run,
    run_flags: u8,
    /// Events that the file's table has room for.
    announced: usize,
    events: usize,
    bytes: Vec<u8>,
}

/// Bytes that gather before they go to the operating system.
const GATHERED_BYTES: usize = 1 << 20;

impl RawWriter {
    /// Most events that the footer's count can tell.
    pub const MOST_EVENTS: usize = u16::MAX as usize;

    /// Starts a file of any number of events, taking the place of one of that name, with its run header.
    ///
    /// # Errors
    /// When it can't be written, or the layout begins with the number of events.
    pub fn create(path: &Path, run: Run, run_flags: u8, readout: &Readout) -> Result<Self, RawError> {
        if readout.raw_layout != RawLayout::Dlardaq {
            let what = "its layout begins with the number of events, which was not told".to_owned();
            return Err(RawError::NotWritable { what, path: path.to_owned() });
        }
        Self::create_for(path, run, run_flags, readout, Self::MOST_EVENTS)
    }

    /// Starts a file of up to a number of events, taking the place of one of that name; where the layout begins with the number
    /// of events, they have to be as many in the end.
    ///
    /// # Errors
    /// When it can't be written, or holds less events.
    pub fn create_for(path: &Path, run: Run, run_flags: u8, readout: &Readout, events: usize) -> Result<Self, RawError> {
        let refused = |what: String| RawError::NotWritable { what, path: path.to_owned() };
        if events > Self::MOST_EVENTS {
            return Err(refused(format!("a raw file holds at most {} events", Self::MOST_EVENTS)));
        }
        let mut bytes = Vec::new();
        match readout.raw_layout {
            RawLayout::Dlardaq => {
                bytes.extend(run.0.to_be_bytes());
                bytes.push(run_flags);
            }
            RawLayout::EventTable { fragments, .. } => {
                let data = u32::try_from(fragments * charge_bytes(readout, fragments));
                let event = data.ok().and_then(|data| data.checked_add((fragments * FRAGMENT_OVERHEAD) as u32));
                let (Ok(data), Some(event)) = (data, event) else {
                    return Err(refused("an event of it has too many bytes for a raw file".to_owned()));
                };
                bytes.extend(run.0.to_le_bytes());
                bytes.extend((events as u32).to_le_bytes());
                (0..events as u32).for_each(|sequence| bytes.extend(event_table::row_bytes(sequence, event, data)));
            }
        }
        let file = File::create(path).map_err(|error| RawError::io("written", path, &error))?;
        let (path, readout) = (path.to_owned(), *readout);
        let mut writer = RawWriter { path, file, readout, run, run_flags, announced: events, events: 0, bytes };
        writer.flush()?;
        Ok(writer)
    }

    /// Number of events written.
    #[must_use]
    pub fn count(&self) -> usize {
        self.events
    }

    /// Writes one event, compressed when its header's flags say so; the header's `offset` is not used.
    ///
    /// # Errors
    /// When the samples are not as many as the readout has or more than 12 bits wide, the file is full, the layout has no
    /// compression, or it can't be written.
    pub fn write(&mut self, header: &EventHeader, samples: &[u16]) -> Result<(), RawError> {
        let expected = self.readout.channels * self.readout.samples;
        if samples.len() != expected {
            return Err(self.refused(format!("it has {} samples, expected {expected}", samples.len())));
        }
        if let Some(sample) = samples.iter().find(|sample| **sample > 4095) {
            return Err(self.refused(format!("it has a sample of {sample}, expected at most 4095")));
        }
        if self.events == self.announced {
            return Err(self.refused(format!("the raw file holds at most {} events", self.announced)));
        }
        match self.readout.raw_layout {
            RawLayout::Dlardaq => self.event(header, samples)?,
            RawLayout::EventTable { fragments, missing_cards } => self.fragments(header, samples, fragments, missing_cards)?,
        }
        self.events += 1;
        self.flush()
    }

    /// An event of the 3x1x1.
    fn event(&mut self, header: &EventHeader, samples: &[u16]) -> Result<(), RawError> {
        self.bytes.extend([0; EVENT_HEADER_BYTES]);
        if header.is_compressed() {
            samples.chunks(self.readout.samples).for_each(|channel| coding::encode_channel(channel, &mut self.bytes));
        } else {
            packing::pack(samples, &mut self.bytes);
        }
        let payload = self.bytes.len() - EVENT_HEADER_BYTES;
        let Ok(payload) = u32::try_from(payload) else {
            self.bytes.clear();
            return Err(self.refused(format!("its payload has {payload} bytes, too many for a raw file")));
        };
        self.bytes[..EVENT_HEADER_BYTES].copy_from_slice(&layout::event_header_bytes(header, payload));
        Ok(())
    }

    /// An event of the 6x6x6, which may be too large to gather.
    fn fragments(&mut self, header: &EventHeader, samples: &[u16], count: usize, missing_cards: u8) -> Result<(), RawError> {
        if header.is_compressed() {
            return Err(self.refused("of its layout no compression is known".to_owned()));
        }
        let flags = (header.flags & FLAGS_QUALITY).saturating_add(missing_cards).min(FLAGS_QUALITY);
        let fragment = Fragment {
            header: EventHeader { flags, ..*header },
            run: self.run.0,
            run_flags: self.run_flags,
            light_bytes: 0,
            charge_bytes: charge_bytes(&self.readout, count) as u32,
        };
        for samples in samples.chunks(samples.len() / count.max(1)) {
            self.bytes.extend(fragment.to_bytes());
            for samples in samples.chunks(GATHERED_BYTES) {
                packing::pack(samples, &mut self.bytes);
                self.flush()?;
            }
            self.bytes.extend([0; TRAILING_BYTES]);
        }
        Ok(())
    }

    /// Ends the file: the footer of a layout that has one.
    ///
    /// # Errors
    /// When it can't be written, or has less events than it begins with.
    pub fn finish(mut self) -> Result<(), RawError> {
        if self.readout.raw_layout == RawLayout::Dlardaq {
            self.bytes.extend(layout::FOOTER_KEY);
            self.bytes.extend((self.events as u16).to_be_bytes());
        } else if self.events < self.announced {
            return Err(self.refused(format!("{} events were announced and {} written", self.announced, self.events)));
        }
        self.flush()
    }

    /// Hands what has gathered to the operating system.
    fn flush(&mut self) -> Result<(), RawError> {
        let written = self.file.write_all(&self.bytes);
        self.bytes.clear();
        written.map_err(|error| RawError::io("written", &self.path, &error))
    }

    fn refused(&self, what: String) -> RawError {
        RawError::NotWritable { what, path: self.path.clone() }
    }
}

/// Bytes of a fragment besides its readouts.
const FRAGMENT_OVERHEAD: usize = FRAGMENT_HEADER_BYTES + TRAILING_BYTES;

/// Bytes of a fragment's charge readout.
fn charge_bytes(readout: &Readout, fragments: usize) -> usize {
    packing::packed_bytes(readout.channels / fragments.max(1) * readout.samples)
}
