//! A compressed stream to samples.
//!
//! Packets have a fixed length, so what a packet means depends on the packet before it by its last 0 bits alone: no packet has
//! to wait until the one before is decoded. One look into the [`Table`] gives a packet's samples. Packets with repeat codes and
//! those near a channel's or the stream's end are read code by code.

use super::table::{self, NO_DIFFERENCE, Table};
use super::{MOST_ZEROS, PACKET_BITS, REPEATED, difference};

/// What is wrong with a channel's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct StreamFault {
    /// The byte, from the channel's start.
    pub byte: usize,
    /// What stands there.
    pub found: &'static str,
    /// What should.
    pub expected: &'static str,
}

/// Reads one channel from the start of some bytes, which may go on behind it. Answers how many bytes the channel has.
///
/// # Errors
/// When the bytes are none that the encoder writes for that many samples, as far as one channel can tell. The samples are
/// unspecified then.
pub(in super::super) fn decode_channel(bytes: &[u8], samples: &mut [u16]) -> Result<usize, StreamFault> {
    let mut stream = Stream { bytes, bit: 0, done: 0, last: 0, zeros: 0, difference: NO_DIFFERENCE };
    if bytes.first().is_some_and(|byte| byte & 0x80 != 0) {
        return Err(stream.fault("codes of differences", "the channel's first sample"));
    }
    let table = Table::get();
    while stream.done < samples.len() {
        stream.look_up(table, samples);
        stream.packet(samples)?;
    }
    // Wrapped below 0 or grown above 12 bits: either sets a bit that no sample has.
    if samples.iter().fold(0, |all, sample| all | sample) > 0xFFF {
        return Err(stream.fault("a sample outside 0 to 4095", "differences that stay inside"));
    }
    let used = stream.bit.div_ceil(8);
    if used > bytes.len() {
        return Err(stream.fault("the end of the payload", "more samples of the channel"));
    }
    let padding = (used * 8 - stream.bit) as u32;
    if used > 0 && u32::from(bytes[used - 1]) & ((1 << padding) - 1) != 0 {
        return Err(stream.fault("bits behind the channel's last sample", "0 bits up to the byte's end"));
    }
    Ok(used)
}

/// Whole packets in a word of 64 bits, wherever in its first byte they start.
const PACKETS_OF_WORD: u32 = (u64::BITS - 7) / (PACKET_BITS + 1);

/// Where the reading of a channel is.
struct Stream<'a> {
    bytes: &'a [u8],
    /// The next packet's first bit.
    bit: usize,
    /// Samples that are there.
    done: usize,
    /// The last of them.
    last: u16,
    /// 0 bits of a code that the packet before left open.
    zeros: u32,
    /// The difference coded last, [`NO_DIFFERENCE`] behind a sample packet.
    difference: i16,
}

impl Stream<'_> {
    /// Reads packets, four to a word, as long as each can be looked up, its samples and unused lanes have room, and the word's
    /// bytes are there. A channel's last packet is never looked up: it would need room for no more than its samples.
    #[inline]
    fn look_up(&mut self, table: &Table, samples: &mut [u16]) {
        let Stream { bytes, mut bit, mut done, mut last, mut zeros, .. } = *self;
        let mut before = None;
        'words: while let Some(word) = bytes.get(bit / 8..).and_then(<[u8]>::first_chunk) {
            let mut word = u64::from_be_bytes(*word) << (bit % 8);
            for _ in 0..PACKETS_OF_WORD {
                let Some(places) = samples.get_mut(done..).and_then(<[u16]>::first_chunk_mut::<8>) else { break 'words };
                let packet = (word >> (63 - PACKET_BITS)) as u32;
                let bits = packet & ((1 << PACKET_BITS) - 1);
                // All ones for codes and 0 for a sample, which no processor can guess: with masks it has to guess nothing.
                let codes = (packet >> PACKET_BITS).wrapping_neg();
                let index = (zeros << PACKET_BITS | bits) & codes | table::SAMPLE & !codes;
                let facts = table.facts(index);
                if facts.count == 0 {
                    break 'words;
                }
                last = (u32::from(last) & codes | bits & !codes) as u16;
                *places = table.steps(index).map(|step| last.wrapping_add(step));
                last = last.wrapping_add_signed(i16::from(facts.sum));
                zeros = bits.trailing_zeros() & codes;
                done += usize::from(facts.count);
                bit += PACKET_BITS as usize + 1;
                word <<= PACKET_BITS + 1;
                before = Some(index);
            }
        }
        if let Some(index) = before {
            *self = Stream { bytes, bit, done, last, zeros, difference: table.facts(index).difference };
        }
    }

    /// Reads one packet code by code; stops behind the channel's last sample.
    fn packet(&mut self, samples: &mut [u16]) -> Result<(), StreamFault> {
        if self.bit >= 8 * self.bytes.len() {
            return Err(self.fault("the end of the payload", "more samples of the channel"));
        }
        // Bits behind the end read as 0; a stream that needs them is found out at its end.
        let word: [u8; 4] = std::array::from_fn(|index| self.bytes.get(self.bit / 8 + index).copied().unwrap_or(0));
        let packet = u32::from_be_bytes(word) << (self.bit % 8) >> (31 - PACKET_BITS);
        let mut bits = packet & ((1 << PACKET_BITS) - 1);
        if packet == bits {
            (self.last, self.zeros, self.difference) = (bits as u16, 0, NO_DIFFERENCE);
            self.bit += PACKET_BITS as usize + 1;
            return self.push(1, self.last, 0, samples);
        }
        self.bit += 1;
        let mut left = PACKET_BITS;
        while bits != 0 && self.done < samples.len() {
            let zeros = bits.leading_zeros() - (32 - left);
            left -= zeros + 1;
            bits &= (1 << left) - 1;
            self.bit += zeros as usize + 1;
            let open = std::mem::take(&mut self.zeros);
            self.code(open + zeros, samples)?;
        }
        if self.done < samples.len() {
            self.zeros += left;
            self.bit += left as usize;
            if left == PACKET_BITS {
                return Err(self.fault("a packet with no code", "codes of differences"));
            }
        }
        Ok(())
    }

    /// Adds the samples of a code with that many 0 bits.
    fn code(&mut self, zeros: u32, samples: &mut [u16]) -> Result<(), StreamFault> {
        if let Some(difference) = difference(zeros) {
            self.difference = difference;
            let first = self.last.wrapping_add_signed(difference);
            return self.push(1, first, difference, samples);
        }
        if zeros > MOST_ZEROS {
            return Err(self.fault("a code of more than seven 0 bits", "one of the eight codes"));
        }
        if self.difference == NO_DIFFERENCE {
            return Err(self.fault("a repeat code", "a difference that it could repeat"));
        }
        self.push(REPEATED, self.last.wrapping_add_signed(self.difference), self.difference, samples)
    }

    /// Adds samples: the first, and each next one by a difference.
    fn push(&mut self, count: usize, first: u16, difference: i16, samples: &mut [u16]) -> Result<(), StreamFault> {
        let Some(places) = samples.get_mut(self.done..self.done + count) else {
            return Err(self.fault("more samples than the channel has", "the channel's end"));
        };
        let mut next = first;
        for place in places {
            self.last = next;
            *place = next;
            next = next.wrapping_add_signed(difference);
        }
        self.done += count;
        Ok(())
    }

    /// A fault at the bit that is reached.
    fn fault(&self, found: &'static str, expected: &'static str) -> StreamFault {
        StreamFault { byte: (self.bit / 8).min(self.bytes.len()), found, expected }
    }
}
