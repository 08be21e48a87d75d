//! Samples to a compressed stream, byte for byte as the reference encoder.

use super::{PACKET_BITS, REPEATED, zeros_of};

/// Writes one channel's samples (12 bits each) onto the end of some bytes.
pub(in super::super) fn encode_channel(samples: &[u16], bytes: &mut Vec<u8>) {
    let mut packets = Packets { bits: Bits { gathered: 0, count: 0, bytes }, codes: 0, filled: 0 };
    let mut at = 0;
    while at < samples.len() {
        let step = |index: usize| i32::from(samples[index]) - i32::from(samples[index - 1]);
        let zeros = if at == 0 { None } else { zeros_of(step(at)) };
        let Some(zeros) = zeros else {
            packets.sample(samples[at]);
            at += 1;
            continue;
        };
        let first = step(at);
        let run = 1 + (at + 1..samples.len()).take_while(|index| step(*index) == first).count();
        // Of a run the first is always coded plainly. The repeat code is used while at least five remain: one more than it
        // needs, as in the reference.
        let mut coded = 0;
        while coded < run {
            if coded > 0 && run - coded > REPEATED {
                packets.code(0);
                coded += REPEATED;
            } else {
                packets.code(zeros);
                coded += 1;
            }
        }
        at += run;
    }
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

    /// The last packet, cut, and the rest of its byte.
    fn end(mut self) {
        if self.filled > 0 {
            self.bits.push(1 << self.filled | self.codes, self.filled + 1);
        }
        let open = self.bits.count % 8;
        if open > 0 {
            self.bits.push(0, 8 - open);
        }
    }
}

/// Bits onto bytes, most significant first.
struct Bits<'a> {
    gathered: u32,
    count: u32,
    bytes: &'a mut Vec<u8>,
}

impl Bits<'_> {
    /// Adds up to 13 bits, right-aligned.
    fn push(&mut self, bits: u32, count: u32) {
        self.gathered = self.gathered << count | bits;
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            self.bytes.push((self.gathered >> self.count) as u8);
        }
    }
}
