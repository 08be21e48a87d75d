//! The difference coding of compressed events, as the reference encoder of WA105Soft writes it.
//!
//! Each channel is a stream of its own, most significant bit first, padded with 0 bits to a whole byte; no length is stored. A
//! stream is a row of packets of 13 bits, a flag bit first. Flag 0: the other 12 bits are a sample. Flag 1: they are codes for
//! differences between a sample and the one before it, each some 0 bits ended by a 1 bit:
//!
//! | 0 bits | means | | 0 bits | means |
//! |---|---|---|---|---|
//! | 0 | four more samples with the difference coded last | | 4 | -2 |
//! | 1 | 0 | | 5 | +2 |
//! | 2 | -1 | | 6 | -3 |
//! | 3 | +1 | | 7 | +3 |
//!
//! A code may lie across two packets that follow each other. A sample packet takes what no code can say: the first sample, and
//! differences above 3. The packet of codes before it is filled with 0 bits, which mean nothing. A channel's last packet is cut
//! behind its last code.

mod decode;
mod encode;
mod table;

#[cfg(test)]
mod tests;

pub(super) use decode::{StreamFault, decode_channel};
pub(super) use encode::encode_channel;

/// Bits of a packet behind its flag: a sample's bits.
const PACKET_BITS: u32 = 12;

/// Most bytes of a channel's stream: a sample packet for every sample.
pub(super) fn most_channel_bytes(samples: usize) -> usize {
    (samples * (PACKET_BITS as usize + 1)).div_ceil(8)
}

/// Samples that one repeat code stands for.
const REPEATED: usize = 4;

/// Most 0 bits of a code.
const MOST_ZEROS: u32 = 7;

/// The difference that a code with that many 0 bits stands for; `None` for the repeat code and for what is no code.
const fn difference(zeros: u32) -> Option<i16> {
    match zeros {
        1 => Some(0),
        2 => Some(-1),
        3 => Some(1),
        4 => Some(-2),
        5 => Some(2),
        6 => Some(-3),
        MOST_ZEROS => Some(3),
        _ => None,
    }
}

/// Number of 0 bits in a difference's code; `None` for a difference that has none.
const fn zeros_of(difference: i32) -> Option<u32> {
    match difference {
        0 => Some(1),
        -1 => Some(2),
        1 => Some(3),
        -2 => Some(4),
        2 => Some(5),
        -3 => Some(6),
        3 => Some(MOST_ZEROS),
        _ => None,
    }
}
