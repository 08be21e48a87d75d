//! Two 12-bit samples in three bytes: `s0 = b0 << 4 | b1 >> 4`, `s1 = (b1 & 15) << 8 | b2`.
//!
//! An event's samples are one row of such pairs: with an odd number of samples, every other channel starts in the middle of a
//! byte, which no channel needs to know.

use super::packing_wide;

/// Bytes that a number of samples takes; a last odd sample takes two.
pub(super) fn packed_bytes(samples: usize) -> usize {
    samples / 2 * 3 + samples % 2 * 2
}

/// Unpacks bytes into samples; both have the lengths that [`packed_bytes`] relates.
pub(super) fn unpack(bytes: &[u8], samples: &mut [u16]) {
    let done = packing_wide::unpack(bytes, samples);
    unpack_plain(&bytes[packed_bytes(done)..], &mut samples[done..]);
}

/// The same with no vector instructions.
pub(super) fn unpack_plain(bytes: &[u8], samples: &mut [u16]) {
    let (pairs, rest) = samples.as_chunks_mut::<2>();
    let (triples, rest_bytes) = bytes.as_chunks::<3>();
    for (pair, [b0, b1, b2]) in pairs.iter_mut().zip(triples) {
        let (b0, b1, b2) = (u16::from(*b0), u16::from(*b1), u16::from(*b2));
        *pair = [b0 << 4 | b1 >> 4, (b1 & 15) << 8 | b2];
    }
    if let ([last], [b0, b1]) = (rest, rest_bytes) {
        *last = u16::from(*b0) << 4 | u16::from(*b1) >> 4;
    }
}

/// Packs samples of 12 bits onto the end of some bytes.
pub(super) fn pack(samples: &[u16], bytes: &mut Vec<u8>) {
    let start = bytes.len();
    bytes.resize(start + packed_bytes(samples.len()), 0);
    let (pairs, rest) = samples.as_chunks::<2>();
    let (triples, rest_bytes) = bytes[start..].as_chunks_mut::<3>();
    for ([s0, s1], triple) in pairs.iter().zip(triples) {
        *triple = [(s0 >> 4) as u8, ((s0 & 15) << 4 | s1 >> 8) as u8, *s1 as u8];
    }
    if let ([last], [b0, b1]) = (rest, rest_bytes) {
        (*b0, *b1) = ((last >> 4) as u8, ((last & 15) << 4) as u8);
    }
}
