//! Work on blocks of 16-bit samples with the widest lanes that the processor has. The only file of this folder with unsafe code.
//!
//! Each piece of work stands twice: in plain Rust, and for processors with AVX2. Only whole numbers are worked on, so both give the
//! same bits, which the tests compare.

#![allow(unsafe_code)]

use super::coherent::{self, Group};
use super::pedestal::{BLOCK, Moments};

/// Blocks whose squares are summed in 32 bits before they go into wider sums.
const BLOCKS_AT_ONCE: usize = 8;
/// Most that a sample of a quiet block may be away from the centre: 16 x 8 squares of it fit into eight sums of 32 bits.
pub(super) const MOST_DISTANCE: f32 = 11_000.0;

/// Whether the processor has the wide lanes.
fn is_wide() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Whether each block holds a sample outside `limits`: into `flags`, one for each whole block.
pub(super) fn mark_outside(row: &[i16], limits: [i16; 2], flags: &mut Vec<u8>) {
    let blocks = row.as_chunks::<BLOCK>().0;
    flags.resize(blocks.len(), 0);
    #[cfg(target_arch = "x86_64")]
    if is_wide() {
        // SAFETY: the processor has AVX2, which was asked for on the line before.
        return unsafe { avx2::mark_outside(blocks, limits, flags) };
    }
    plain::mark_outside(blocks, limits, flags);
}

/// Which halves of each block hold a sample above `limit`: into `flags`, one for each whole block, with bit 0 for the first half and
/// bit 1 for the second.
pub(super) fn mark_halves_above(row: &[i16], limit: i16, flags: &mut Vec<u8>) {
    let blocks = row.as_chunks::<BLOCK>().0;
    flags.resize(blocks.len(), 0);
    #[cfg(target_arch = "x86_64")]
    if is_wide() {
        // SAFETY: the processor has AVX2, which was asked for on the line before.
        return unsafe { avx2::mark_halves_above(blocks, limit, flags) };
    }
    plain::mark_halves_above(blocks, limit, flags);
}

/// The sums about `centre` over the whole blocks of a row whose mask is all ones, -1; that of the others is 0. Samples of the blocks
/// that count must be no farther than [`MOST_DISTANCE`] from the centre.
pub(super) fn masked_moments(row: &[i16], centre: i16, masks: &[i16]) -> Moments {
    let blocks = row.as_chunks::<BLOCK>().0;
    #[cfg(target_arch = "x86_64")]
    if is_wide() {
        // SAFETY: the processor has AVX2, which was asked for on the line before.
        return unsafe { avx2::masked_moments(blocks, centre, masks) };
    }
    plain::masked_moments(blocks, centre, masks)
}

/// Samples, held at `most` at most, as a row.
pub(super) fn take(samples: &[u16], most: u16, row: &mut [i16]) {
    #[cfg(target_arch = "x86_64")]
    if is_wide() {
        // SAFETY: the processor has AVX2, which was asked for on the line before.
        return unsafe { avx2::take(samples, most, row) };
    }
    plain::take(samples, most, row);
}

/// A row times `1 << bits`, less `level`, held at the ends of the range.
pub(super) fn centre(row: &mut [i16], bits: u32, level: i16) {
    #[cfg(target_arch = "x86_64")]
    if is_wide() {
        // SAFETY: the processor has AVX2, which was asked for on the line before.
        return unsafe { avx2::centre(row, bits, level) };
    }
    plain::centre(row, bits, level);
}

/// Subtracts medians from a group of rows.
pub(super) fn subtract_medians(group: &mut Group) {
    #[cfg(target_arch = "x86_64")]
    if is_wide() {
        // SAFETY: the processor has AVX2, which was asked for on the line before.
        return unsafe { avx2::subtract_medians(group) };
    }
    coherent::subtract_medians(group);
}

/// Every processor's way.
mod plain {
    use super::{BLOCK, Moments};

    pub fn mark_outside(blocks: &[[i16; BLOCK]], [low, high]: [i16; 2], flags: &mut [u8]) {
        for (flag, block) in flags.iter_mut().zip(blocks) {
            *flag = u8::from(block.iter().any(|value| *value < low || *value > high));
        }
    }

    pub fn mark_halves_above(blocks: &[[i16; BLOCK]], limit: i16, flags: &mut [u8]) {
        for (flag, block) in flags.iter_mut().zip(blocks) {
            let (first, second) = block.split_at(BLOCK / 2);
            let [first, second] = [first, second].map(|half| u8::from(half.iter().any(|value| *value > limit)));
            *flag = first | second << 1;
        }
    }

    #[inline(always)]
    pub fn take(samples: &[u16], most: u16, row: &mut [i16]) {
        for (value, sample) in row.iter_mut().zip(samples) {
            *value = (*sample).min(most) as i16;
        }
    }

    #[inline(always)]
    pub fn centre(row: &mut [i16], bits: u32, level: i16) {
        for value in row {
            *value = (*value << bits).saturating_sub(level);
        }
    }

    pub fn masked_moments(blocks: &[[i16; BLOCK]], centre: i16, masks: &[i16]) -> Moments {
        let mut moments = Moments::default();
        for (block, _) in blocks.iter().zip(masks).filter(|(_, mask)| **mask != 0) {
            for value in block {
                let distance = i64::from(*value) - i64::from(centre);
                moments.sum += distance;
                moments.squares += distance * distance;
            }
            moments.count += BLOCK;
        }
        moments
    }
}

/// The way of processors with AVX2: sixteen samples at once.
#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm256_add_epi32, _mm256_add_epi64, _mm256_and_si256, _mm256_castsi256_si128, _mm256_cmpgt_epi16,
        _mm256_cvtepi32_epi64, _mm256_extracti128_si256, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_movemask_epi8,
        _mm256_or_si256, _mm256_set1_epi16, _mm256_setzero_si256, _mm256_storeu_si256, _mm256_sub_epi16,
    };

    use super::{BLOCK, BLOCKS_AT_ONCE, Group, Moments, coherent, plain};

    #[target_feature(enable = "avx2")]
    fn load(block: &[i16; BLOCK]) -> __m256i {
        // SAFETY: a block is 32 bytes that may be read, and the load asks for no alignment.
        unsafe { _mm256_loadu_si256(block.as_ptr().cast()) }
    }

    /// Adds eight 32-bit lanes to four sums of 64 bits.
    #[target_feature(enable = "avx2")]
    fn widen(sums: __m256i, lanes: __m256i) -> __m256i {
        let low = _mm256_cvtepi32_epi64(_mm256_castsi256_si128(lanes));
        let high = _mm256_cvtepi32_epi64(_mm256_extracti128_si256::<1>(lanes));
        _mm256_add_epi64(sums, _mm256_add_epi64(low, high))
    }

    /// The sum of four 64-bit lanes.
    #[target_feature(enable = "avx2")]
    fn sum(lanes: __m256i) -> i64 {
        let mut parts = [0i64; 4];
        // SAFETY: the parts are 32 bytes that may be written, and the store asks for no alignment.
        unsafe { _mm256_storeu_si256(parts.as_mut_ptr().cast(), lanes) };
        parts.iter().sum()
    }

    #[target_feature(enable = "avx2")]
    pub fn mark_outside(blocks: &[[i16; BLOCK]], [low, high]: [i16; 2], flags: &mut [u8]) {
        let (low, high) = (_mm256_set1_epi16(low), _mm256_set1_epi16(high));
        for (flag, block) in flags.iter_mut().zip(blocks) {
            let values = load(block);
            let outside = _mm256_or_si256(_mm256_cmpgt_epi16(low, values), _mm256_cmpgt_epi16(values, high));
            *flag = u8::from(_mm256_movemask_epi8(outside) != 0);
        }
    }

    #[target_feature(enable = "avx2")]
    pub fn mark_halves_above(blocks: &[[i16; BLOCK]], limit: i16, flags: &mut [u8]) {
        let limit = _mm256_set1_epi16(limit);
        for (flag, block) in flags.iter_mut().zip(blocks) {
            let above = _mm256_movemask_epi8(_mm256_cmpgt_epi16(load(block), limit)) as u32;
            *flag = u8::from(above & 0xFFFF != 0) | u8::from(above >> 16 != 0) << 1;
        }
    }

    #[target_feature(enable = "avx2")]
    pub fn take(samples: &[u16], most: u16, row: &mut [i16]) {
        plain::take(samples, most, row);
    }

    #[target_feature(enable = "avx2")]
    pub fn centre(row: &mut [i16], bits: u32, level: i16) {
        plain::centre(row, bits, level);
    }

    #[target_feature(enable = "avx2")]
    pub fn masked_moments(blocks: &[[i16; BLOCK]], centre: i16, masks: &[i16]) -> Moments {
        let (centre, ones) = (_mm256_set1_epi16(centre), _mm256_set1_epi16(1));
        let (mut wide_sums, mut wide_squares) = (_mm256_setzero_si256(), _mm256_setzero_si256());
        for (blocks, masks) in blocks.chunks(BLOCKS_AT_ONCE).zip(masks.chunks(BLOCKS_AT_ONCE)) {
            let (mut sums, mut squares) = (_mm256_setzero_si256(), _mm256_setzero_si256());
            for (block, mask) in blocks.iter().zip(masks) {
                // A block that does not count is zeros: a branch here would often be guessed wrong.
                let distances = _mm256_and_si256(_mm256_sub_epi16(load(block), centre), _mm256_set1_epi16(*mask));
                sums = _mm256_add_epi32(sums, _mm256_madd_epi16(distances, ones));
                squares = _mm256_add_epi32(squares, _mm256_madd_epi16(distances, distances));
            }
            (wide_sums, wide_squares) = (widen(wide_sums, sums), widen(wide_squares, squares));
        }
        let count = BLOCK * masks.iter().map(|mask| usize::from(*mask != 0)).sum::<usize>();
        Moments { count, sum: sum(wide_sums), squares: sum(wide_squares) }
    }

    #[target_feature(enable = "avx2")]
    pub fn subtract_medians(group: &mut Group) {
        coherent::subtract_medians(group);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    /// Rows with noise, signals and the ends of the range.
    fn row(count: usize) -> Vec<i16> {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(5);
        let value = |_| match random.random_range(0..200) {
            0 => i16::MAX,
            1 => i16::MIN,
            2..8 => random.random_range(-3000..3000),
            _ => random.random_range(-20..20),
        };
        (0..count).map(value).collect()
    }

    #[test]
    fn wide_lanes_give_the_same_bits_as_plain_code() {
        for length in [0, 5, 16, 17, 333, 1664, 10_000] {
            let row = row(length);
            let blocks = row.as_chunks::<BLOCK>().0;
            for limit in [5, 19, 20, 400, 11_000] {
                let (mut wide, mut plain) = (Vec::new(), vec![0; blocks.len()]);
                mark_outside(&row, [3 - limit, 3 + limit], &mut wide);
                plain::mark_outside(blocks, [3 - limit, 3 + limit], &mut plain);
                assert_eq!(wide, plain);
                let masks: Vec<i16> = wide.iter().map(|flag| i16::from(*flag) - 1).collect();
                assert_eq!(masked_moments(&row, 3, &masks), plain::masked_moments(blocks, 3, &masks));
                let (mut wide, mut plain) = (Vec::new(), vec![0; blocks.len()]);
                mark_halves_above(&row, limit, &mut wide);
                plain::mark_halves_above(blocks, limit, &mut plain);
                assert_eq!(wide, plain);
            }
        }
    }

    #[test]
    fn rows_are_centred_the_same_with_wide_lanes() {
        let samples: Vec<u16> = row(333).into_iter().map(|value| value as u16).collect();
        let (mut wide, mut plain) = (vec![0; 333], vec![0; 333]);
        take(&samples, 4095, &mut wide);
        plain::take(&samples, 4095, &mut plain);
        assert!(wide == plain && wide.iter().max() == Some(&4095));
        centre(&mut wide, 3, 1200);
        plain::centre(&mut plain, 3, 1200);
        assert_eq!(wide, plain);
    }

    #[test]
    fn the_farthest_samples_that_are_quiet_do_not_overflow() {
        for value in [-11_000, 11_000] {
            let row = vec![value; 160];
            let moments = masked_moments(&row, 0, &[-1; 10]);
            assert_eq!(moments, Moments { count: 160, sum: 160 * i64::from(value), squares: 160 * 121_000_000 });
        }
    }

    #[test]
    fn medians_are_the_same_with_wide_lanes() {
        let rows = row(32 * 160);
        let loud: Vec<u8> = (0..32 * 10).map(|place| u8::from(place % 7 == 3)).collect();
        let network = coherent::median_network(32);
        let taken = |work: fn(&mut Group)| {
            let mut rows = rows.clone();
            let mut block = vec![[0; BLOCK]; 32];
            work(&mut Group { rows: &mut rows, length: 160, loud: &loud, needed: 13, block: &mut block, network: &network });
            rows
        };
        assert_eq!(taken(subtract_medians), taken(coherent::subtract_medians));
        assert_ne!(taken(subtract_medians), rows);
    }
}
