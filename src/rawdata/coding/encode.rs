//! Samples to a compressed stream, byte for byte as the reference encoder.

use super::{PACKET_BITS, REPEATED, zeros_of};

/// Writes one channel's samples (12 bits each) onto the end of some bytes.
pub(in super::super) fn encode_channel(samples: &[u16], bytes: &mut Vec<u8>) {
    let mut packets = Packets { bits: Bits { gathered: 0, count: 0, bytes }, codes: 0, filled: 0 };
    let Some((first, rest)) = samples.split_first() else { return };
    packets.sample(*first);
    // The run of equal differences that goes on: its difference, and how often it is still to be coded.
    let (mut step, mut left) = (i32::MAX, 0);
    for (before, sample) in samples.iter().zip(rest) {
        let next = i32::from(*sample) - i32::from(*before);
        if next == step {
            left += 1;
            continue;
        }
        packets.repeat(step, std::mem::take(&mut left));
        step = next;
        match zeros_of(next) {
            Some(zeros) => packets.code(zeros),
            // Behind a sample packet no run goes on, even if the next difference is the same.
            None => {
                packets.sample(*sample);
                step = i32::MAX;
            }
        }
    }
    packets.repeat(step, left);
    packets.end();
}

/// The packets of a stream.
struct Packets<'a> {
    bits: Bits<'a>,
    /// The codes of the open packet, right-aligned.
    codes: u32,
    /// Bits in it.
    filled: u32,
}

impl Packets<'_> {
    /// A packet with a sample, behind the open one filled up.
    fn sample(&mut self, sample: u16) {
        if self.filled > 0 {
            self.bits.push(1 << PACKET_BITS | self.codes << (PACKET_BITS - self.filled), PACKET_BITS + 1);
            (self.codes, self.filled) = (0, 0);
        }
        self.bits.push(u32::from(sample), PACKET_BITS + 1);
    }

    /// A code: that many 0 bits and a 1 bit.
    fn code(&mut self, zeros: u32) {
        self.codes = self.codes << (zeros + 1) | 1;
        self.filled += zeros + 1;
        if self.filled >= PACKET_BITS {
            let rest = self.filled - PACKET_BITS;
            self.bits.push(1 << PACKET_BITS | self.codes >> rest, PACKET_BITS + 1);
            (self.codes, self.filled) = (self.codes & ((1 << rest) - 1), rest);
        }
    }

    /// Codes for what is left of a run whose first difference is coded: the repeat code while at least five remain, one more than
    /// it needs, as in the reference.
    fn repeat(&mut self, step: i32, mut left: usize) {
        if left == 0 {
            return;
        }
        while left > REPEATED {
            self.code(0);
            left -= REPEATED;
        }
        if let Some(zeros) = zeros_of(step) {
            (0..left).for_each(|_| self.code(zeros));
        }
    }

    /// The last packet, cut, and the rest of its byte.
    fn end(mut self) {
        if self.filled > 0 {
            self.bits.push(1 << self.filled | self.codes, self.filled + 1);
        }
        self.bits.end();
    }
}

/// Bits onto bytes, most significant first.
struct Bits<'a> {
    gathered: u64,
    count: u32,
    bytes: &'a mut Vec<u8>,
}

impl Bits<'_> {
    /// Adds up to 13 bits, right-aligned.
    fn push(&mut self, bits: u32, count: u32) {
        self.gathered = self.gathered << count | u64::from(bits);
        self.count += count;
        if self.count >= u32::BITS {
            self.count -= u32::BITS;
            self.bytes.extend(((self.gathered >> self.count) as u32).to_be_bytes());
        }
    }

    /// Fills up the last byte.
    fn end(self) {
        let bytes = ((self.gathered as u32) << 1 << (u32::BITS - 1 - self.count)).to_be_bytes();
        self.bytes.extend(&bytes[..self.count.div_ceil(8) as usize]);
    }
}
