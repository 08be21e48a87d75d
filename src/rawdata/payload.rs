//! An event's payload: its size, and its samples.

use std::fs::File;
use std::ops::{Range, RangeInclusive};
use std::os::unix::fs::FileExt;
use std::path::Path;

use monitasks::detector::Readout;

use super::coding::{self, StreamFault};
use super::error::RawError;
use super::packing;

/// The sizes that payloads can have, in bytes.
#[derive(Debug, Clone)]
pub(super) struct Sizes {
    uncompressed: u64,
    compressed: RangeInclusive<u64>,
}

impl Sizes {
    /// Those of a readout. Compressed, each channel starts with a packet of 13 bits and is padded to whole bytes; a packet for
    /// every sample is the most.
    pub(super) fn of(readout: &Readout) -> Self {
        let (channels, most) = (readout.channels as u64, coding::most_channel_bytes(readout.samples) as u64);
        let uncompressed = packing::packed_bytes(readout.channels * readout.samples) as u64;
        Sizes { uncompressed, compressed: 2 * channels..=most * channels }
    }

    /// The smallest.
    pub(super) fn least(&self) -> u64 {
        self.uncompressed.min(*self.compressed.start())
    }

    /// Whether a payload can have that size.
    #[inline]
    pub(super) fn has(&self, is_compressed: bool, bytes: u64) -> bool {
        if is_compressed { self.compressed.contains(&bytes) } else { bytes == self.uncompressed }
    }

    /// What a payload's size should be, for people.
    pub(super) fn expected(&self, is_compressed: bool) -> String {
        if is_compressed {
            format!("{} to {} for a compressed event", self.compressed.start(), self.compressed.end())
        } else {
            self.uncompressed.to_string()
        }
    }
}

/// An event's payload in the file.
pub(super) struct Payload<'a> {
    pub path: &'a Path,
    pub file: &'a File,
    /// Where its parts start; each has as many channels. A compressed one has a single part.
    pub starts: &'a [u64],
    /// Its bytes, when it is compressed.
    pub bytes: u32,
    pub is_compressed: bool,
    pub readout: &'a Readout,
}

/// Most bytes read and unpacked at once: a multiple of 3. In smaller pieces the calls of the operating system cost more than the
/// processor's caches gain.
const UNPACKED_BYTES: usize = 3 << 18;

/// Bytes of compressed streams read at once, when a payload has as many.
const STREAM_BYTES: usize = 1 << 22;

impl Payload<'_> {
    /// Unpacks or decodes the samples of some channels. `buffer` holds packed bytes meanwhile; it keeps its memory.
    ///
    /// # Errors
    /// When the file can't be read, or a compressed stream is damaged; of the latter all channels are looked at up to the last
    /// that is wanted, and the payload's end when that is the last of all.
    pub(super) fn read(&self, channels: Range<usize>, samples: &mut [u16], buffer: &mut Vec<u8>) -> Result<(), RawError> {
        if self.is_compressed {
            return self.decode(channels, samples, buffer);
        }
        let in_part = self.readout.channels / self.starts.len().max(1);
        let mut samples = samples;
        for (first, start) in (0..).step_by(in_part.max(1)).zip(self.starts) {
            let (from, to) = (channels.start.max(first), channels.end.min(first + in_part));
            if from < to {
                let (here, rest) = samples.split_at_mut((to - from) * self.readout.samples);
                self.unpack(*start, from - first, here, buffer)?;
                samples = rest;
            }
        }
        Ok(())
    }

    /// Reads a compressed payload to its end and keeps nothing.
    pub(super) fn check(&self) -> Result<(), RawError> {
        let none = self.readout.channels..self.readout.channels;
        self.decode(none, &mut [], &mut Vec::new())
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> Result<(), RawError> {
        self.file.read_exact_at(bytes, at).map_err(|error| RawError::io("read", self.path, &error))
    }

    /// Where a compressed payload starts.
    fn start(&self) -> u64 {
        self.starts.first().copied().unwrap_or_default()
    }

    /// Unpacks samples of the part that starts at a byte, from a channel of it on.
    fn unpack(&self, start: u64, first_channel: usize, samples: &mut [u16], buffer: &mut Vec<u8>) -> Result<(), RawError> {
        let first = first_channel * self.readout.samples;
        // A channel that starts in the middle of a byte: its first sample is the second of a pair.
        let half = first % 2;
        let (single, samples) = samples.split_at_mut(half.min(samples.len()));
        if let [sample] = single {
            let mut bytes = [0; 3];
            self.read_at(&mut bytes, start + packing::packed_bytes(first - 1) as u64)?;
            let mut pair = [0; 2];
            packing::unpack_plain(&bytes, &mut pair);
            *sample = pair[1];
        }
        buffer.resize(buffer.len().max(packing::packed_bytes(samples.len()).min(UNPACKED_BYTES)), 0);
        let mut at = start + packing::packed_bytes(first + half) as u64;
        for samples in samples.chunks_mut(UNPACKED_BYTES / 3 * 2) {
            let bytes = &mut buffer[..packing::packed_bytes(samples.len())];
            self.read_at(bytes, at)?;
            packing::unpack(bytes, samples);
            at += bytes.len() as u64;
        }
        Ok(())
    }

    fn decode(&self, wanted: Range<usize>, samples: &mut [u16], buffer: &mut Vec<u8>) -> Result<(), RawError> {
        let most = coding::most_channel_bytes(self.readout.samples);
        let total = self.bytes as usize;
        let window = STREAM_BYTES.max(2 * most).min(total);
        buffer.resize(buffer.len().max(window), 0);
        let mut unwanted = Vec::new();
        if wanted.start > 0 {
            unwanted.resize(self.readout.samples, 0);
        }
        let mut wanted_samples = samples.chunks_exact_mut(self.readout.samples);
        // Bytes of the payload that are in the buffer: `at..filled` of it, of which the first stands at `read - (filled - at)`.
        let (mut at, mut filled, mut read) = (0, 0, 0);
        for channel in 0..wanted.end {
            if filled - at < most && read < total {
                buffer.copy_within(at..filled, 0);
                (at, filled) = (0, filled - at);
                let count = (window - filled).min(total - read);
                self.read_at(&mut buffer[filled..filled + count], self.start() + read as u64)?;
                (filled, read) = (filled + count, read + count);
            }
            let samples = if channel < wanted.start { Some(unwanted.as_mut_slice()) } else { wanted_samples.next() };
            let stream = &buffer[at..filled];
            let used = coding::decode_channel(stream, samples.unwrap_or_default())
                .map_err(|fault| self.stream_fault(channel, read - (filled - at), fault))?;
            at += used;
        }
        let used = read - (filled - at);
        if wanted.end == self.readout.channels && used < total {
            let fault = StreamFault { byte: 0, found: "more bytes", expected: "the payload's end behind the last channel" };
            return Err(self.stream_fault(wanted.end - 1, used, fault));
        }
        Ok(())
    }

    /// A fault of the channel whose stream starts at a byte of the payload.
    fn stream_fault(&self, channel: usize, at: usize, fault: StreamFault) -> RawError {
        RawError::Damaged {
            what: format!("compressed stream of channel {channel}"),
            offset: self.start() + (at + fault.byte) as u64,
            found: fault.found.to_owned(),
            expected: fault.expected.to_owned(),
            path: self.path.to_owned(),
        }
    }
}
