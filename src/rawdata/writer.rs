//! Writes a raw file, event by event as a DAQ does.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use monitasks::detector::Readout;
use monitasks::vocab::Run;

use super::error::RawError;
use super::event::EventHeader;
use super::layout::{self, EVENT_HEADER_BYTES};
use super::{coding, packing};

/// A raw file being written. Until [`RawWriter::finish`] it has no footer, as one whose DAQ is still at it.
#[derive(Debug)]
pub struct RawWriter {
    path: PathBuf,
    file: File,
    samples: usize,
    channel_samples: usize,
    events: usize,
    bytes: Vec<u8>,
}

impl RawWriter {
    /// Most events that the footer's count can tell.
    pub const MOST_EVENTS: usize = u16::MAX as usize;

    /// Starts a file, taking the place of one of that name, with its run header.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn create(path: &Path, run: Run, run_flags: u8, readout: &Readout) -> Result<Self, RawError> {
        let file = File::create(path).map_err(|error| RawError::io("written", path, &error))?;
        let samples = readout.channels * readout.samples;
        let (path, channel_samples) = (path.to_owned(), readout.samples);
        let mut writer = RawWriter { path, file, samples, channel_samples, events: 0, bytes: Vec::new() };
        writer.bytes.extend(run.0.to_be_bytes());
        writer.bytes.push(run_flags);
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
    /// When the samples are not as many as the readout has or more than 12 bits wide, the file is full, or it can't be written.
    pub fn write(&mut self, header: &EventHeader, samples: &[u16]) -> Result<(), RawError> {
        let refused = |what: String| RawError::NotWritable { what, path: self.path.clone() };
        if samples.len() != self.samples {
            return Err(refused(format!("it has {} samples, expected {}", samples.len(), self.samples)));
        }
        if let Some(sample) = samples.iter().find(|sample| **sample > 4095) {
            return Err(refused(format!("it has a sample of {sample}, expected at most 4095")));
        }
        if self.events == Self::MOST_EVENTS {
            return Err(refused(format!("a raw file holds at most {} events", Self::MOST_EVENTS)));
        }
        let start = self.bytes.len();
        self.bytes.extend([0; EVENT_HEADER_BYTES]);
        if header.is_compressed() {
            samples.chunks(self.channel_samples).for_each(|channel| coding::encode_channel(channel, &mut self.bytes));
        } else {
            packing::pack(samples, &mut self.bytes);
        }
        let payload = self.bytes.len() - start - EVENT_HEADER_BYTES;
        let Ok(payload) = u32::try_from(payload) else {
            self.bytes.clear();
            return Err(refused(format!("its payload has {payload} bytes, too many for a raw file")));
        };
        self.bytes[start..start + EVENT_HEADER_BYTES].copy_from_slice(&layout::event_header_bytes(header, payload));
        self.events += 1;
        self.flush()
    }

    /// Writes the footer and closes the file.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn finish(mut self) -> Result<(), RawError> {
        self.bytes.extend(layout::FOOTER_KEY);
        self.bytes.extend((self.events as u16).to_be_bytes());
        self.flush()
    }

    /// Hands what has gathered to the operating system.
    fn flush(&mut self) -> Result<(), RawError> {
        let written = self.file.write_all(&self.bytes);
        self.bytes.clear();
        written.map_err(|error| RawError::io("written", &self.path, &error))
    }
}
