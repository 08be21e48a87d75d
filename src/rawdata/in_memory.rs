//! Payloads that are in memory: what reading does without the file, to be measured alone.

use super::{coding, packing};

/// Unpacks samples of 12 bits, two in three bytes. `None`, with nothing done, when the bytes are not as many as the samples take.
pub fn unpack_samples(packed: &[u8], samples: &mut [u16]) -> Option<()> {
    (packed.len() == packing::packed_bytes(samples.len())).then(|| packing::unpack(packed, samples))
}

/// The same with no vector instructions, whatever the processor has.
pub fn unpack_samples_plainly(packed: &[u8], samples: &mut [u16]) -> Option<()> {
    (packed.len() == packing::packed_bytes(samples.len())).then(|| packing::unpack_plain(packed, samples))
}

/// Decodes the compressed streams of channels with as many samples each. Answers the bytes that they take; `None` when a stream is
/// damaged, with unspecified samples.
pub fn decode_samples(streams: &[u8], samples_per_channel: usize, samples: &mut [u16]) -> Option<usize> {
    let mut at = 0;
    for channel in samples.chunks_mut(samples_per_channel.max(1)) {
        at += coding::decode_channel(&streams[at..], channel).ok()?;
    }
    Some(at)
}

/// Encodes channels with as many samples each, of 12 bits, onto the end of some bytes.
pub fn encode_samples(samples: &[u16], samples_per_channel: usize, streams: &mut Vec<u8>) {
    samples.chunks(samples_per_channel.max(1)).for_each(|channel| coding::encode_channel(channel, streams));
}
