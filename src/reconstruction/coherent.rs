//! Noise that a group of channels shares: its median at each tick, signals left out.
//!
//! Works on rows of whole numbers, pedestals subtracted, in blocks of [`BLOCK`] ticks. In each block the channels that carry
//! signal there or just beside are left out; the median of the others is found for all ticks of the block at once, by a sorting
//! network whose comparisons run side by side.

use super::pedestal::BLOCK;
use super::wide;

/// Takes shared noise away; keeps its buffers from one group to the next.
#[derive(Debug)]
pub struct CoherentNoise {
    /// A sample this many RMS above the pedestal is taken for signal, with its neighbourhood.
    signal_sigma: f32,
    /// At least this part of a group must be quiet in a block for its median to count.
    quiet_part: f32,
    /// Per channel and block: not 0 where it is left out.
    loud: Vec<u8>,
    flags: Vec<u8>,
    block: Vec<[i16; BLOCK]>,
    network: Vec<(usize, usize)>,
}

/// A group's rows with what their medians need.
pub(super) struct Group<'a> {
    /// The channels one after the other.
    pub rows: &'a mut [i16],
    /// Samples of a channel: a whole number of blocks.
    pub length: usize,
    /// Per channel and block: not 0 where it is left out.
    pub loud: &'a [u8],
    /// Fewest channels that a median is made of.
    pub needed: usize,
    /// Room for one block of as many channels as the network is for.
    pub block: &'a mut [[i16; BLOCK]],
    /// What brings the middle of a block into its middle.
    pub network: &'a [(usize, usize)],
}

impl CoherentNoise {
    /// For samples `signal_sigma` RMS above the pedestal being signal, and medians of at least `quiet_part` of a group.
    #[must_use]
    pub fn new(signal_sigma: f64, quiet_part: f64) -> Self {
        CoherentNoise {
            signal_sigma: signal_sigma as f32,
            quiet_part: quiet_part as f32,
            loud: Vec::new(),
            flags: Vec::new(),
            block: Vec::new(),
            network: Vec::new(),
        }
    }

    /// Subtracts the group's median per tick from every channel.
    ///
    /// `rows` holds the group's channels one after the other, `rms.len()` of them, each of a whole number of blocks, pedestals
    /// already subtracted; `rms` is in the rows' units, 0 for a channel that takes no part in the median. Where a track fills
    /// more of the group than is left for a median, nothing is subtracted: better the noise than the track's charge.
    pub fn remove(&mut self, rows: &mut [i16], rms: &[f32]) {
        let channels = rms.len();
        if channels < 2 {
            return;
        }
        let length = rows.len() / channels / BLOCK * BLOCK;
        if length == 0 {
            return;
        }
        self.mark_loud(rows, rms, length);
        let size = channels.next_power_of_two();
        if self.block.len() != size {
            self.block = vec![[0; BLOCK]; size];
            self.network = median_network(size);
        }
        // Masked and empty channels can't be quiet, and are no reason to leave the others as they are.
        let usable = rms.iter().take(channels).filter(|rms| **rms > 0.0).count();
        let needed = ((usable as f32 * self.quiet_part).ceil() as usize).max(2);
        let (loud, block, network) = (&self.loud, &mut self.block, &self.network);
        wide::subtract_medians(&mut Group { rows, length, loud, needed, block, network });
    }

    /// Marks per channel and block what is signal or next to it: from half a block before to a block behind.
    fn mark_loud(&mut self, rows: &[i16], rms: &[f32], length: usize) {
        self.loud.clear();
        for (row, rms) in rows.chunks_exact(length).zip(rms) {
            if *rms <= 0.0 {
                self.loud.resize(self.loud.len() + length / BLOCK, 1);
                continue;
            }
            let limit = (self.signal_sigma * rms).min(f32::from(i16::MAX)) as i16;
            wide::mark_halves_above(row, limit, &mut self.flags);
            let start = self.loud.len();
            self.loud.extend(&self.flags);
            let loud = &mut self.loud[start..];
            for (loud, before) in loud[1..].iter_mut().zip(&self.flags) {
                *loud |= before;
            }
            for (loud, behind) in loud.iter_mut().zip(&self.flags[1..]) {
                *loud |= behind & 1;
            }
        }
    }
}

/// Subtracts the median of the quiet channels in each block from all of them; nothing where fewer than needed are quiet.
#[inline(always)]
pub(super) fn subtract_medians(group: &mut Group) {
    for place in 0..group.length / BLOCK {
        let Some(medians) = medians(group, place) else { continue };
        for row in group.rows.chunks_exact_mut(group.length) {
            for (sample, median) in row[place * BLOCK..(place + 1) * BLOCK].iter_mut().zip(&medians) {
                *sample = sample.saturating_sub(*median);
            }
        }
    }
}

/// Medians of the quiet channels in a block; none where fewer than needed are quiet.
///
/// The places that the loud channels leave become the ends of the range, as many at the bottom as at the top: then the middle of the
/// ordered block is the median of the rest.
#[inline(always)]
fn medians(group: &mut Group, place: usize) -> Option<[i16; BLOCK]> {
    let block = &mut *group.block;
    let blocks = group.length / BLOCK;
    let mut filled = 0;
    for (channel, row) in group.rows.chunks_exact(group.length).enumerate() {
        // Written in any case, and written over when it is loud: no branch to guess.
        block[filled.min(block.len() - 1)].copy_from_slice(&row[place * BLOCK..(place + 1) * BLOCK]);
        filled += usize::from(group.loud[channel * blocks + place] == 0);
    }
    if filled < group.needed {
        return None;
    }
    for (index, empty) in block[filled..].iter_mut().enumerate() {
        *empty = [if index % 2 == 0 { i16::MAX } else { i16::MIN }; BLOCK];
    }
    order(block, group.network);
    let (below, above) = (block[block.len() / 2 - 1], block[block.len() / 2]);
    if filled % 2 == 1 {
        return Some(below);
    }
    // Half-way between two whole numbers; every other one is rounded up, so that it is right in the mean.
    let mut medians = below;
    for lane in 0..BLOCK {
        medians[lane] = ((i32::from(below[lane]) + i32::from(above[lane]) + (lane % 2) as i32) >> 1) as i16;
    }
    Some(medians)
}

/// Compares and swaps pairs of rows, tick by tick.
#[inline(always)]
pub(super) fn order(block: &mut [[i16; BLOCK]], network: &[(usize, usize)]) {
    match <&mut [[i16; BLOCK]; 32]>::try_from(&mut *block) {
        // The usual size: known when this is compiled, no place has to be checked.
        Ok(block) => {
            for (low, high) in network {
                compare(block, low % 32, high % 32);
            }
        }
        Err(_) => {
            for (low, high) in network {
                compare(block, *low, *high);
            }
        }
    }
}

#[inline(always)]
fn compare(block: &mut [[i16; BLOCK]], low: usize, high: usize) {
    let (a, b) = (block[low], block[high]);
    for lane in 0..BLOCK {
        block[low][lane] = a[lane].min(b[lane]);
        block[high][lane] = a[lane].max(b[lane]);
    }
}

/// Pairs of places to put in order, one after the other, until the two middle ones of a power of two hold what they should:
/// Batcher's odd-even merge sort without the comparisons that they do not need.
pub(super) fn median_network(size: usize) -> Vec<(usize, usize)> {
    let mut needed = vec![false; size];
    (needed[size / 2 - 1], needed[size / 2]) = (true, true);
    let mut network: Vec<(usize, usize)> = Vec::new();
    for (low, high) in sorting_network(size).into_iter().rev() {
        if needed[low] || needed[high] {
            (needed[low], needed[high]) = (true, true);
            network.push((low, high));
        }
    }
    network.reverse();
    network
}

/// Batcher's odd-even merge sort for a power of two: pairs of places to put in order, one after the other.
fn sorting_network(size: usize) -> Vec<(usize, usize)> {
    let mut comparators = Vec::new();
    let mut run = 1;
    while run < size {
        let mut distance = run;
        while distance >= 1 {
            for start in (distance % run..size - distance).step_by(2 * distance) {
                for low in start..(start + distance).min(size - distance) {
                    if low / (2 * run) == (low + distance) / (2 * run) {
                        comparators.push((low, low + distance));
                    }
                }
            }
            distance /= 2;
        }
        run *= 2;
    }
    comparators
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_distr::{Distribution, Normal};

    const CHANNELS: usize = 32;
    const TICKS: usize = 400;

    /// White noise of 1.7 and shared noise of `shared`, ADC counts, in eighths.
    fn group(shared: f32) -> Vec<i16> {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        let (white, common) = (Normal::new(0.0f32, 1.7).unwrap(), Normal::new(0.0f32, shared).unwrap());
        let common: Vec<f32> = (0..TICKS).map(|_| common.sample(&mut random)).collect();
        let sample = |place: usize| 8.0 * (white.sample(&mut random) + common[place % TICKS]);
        (0..CHANNELS * TICKS).map(sample).map(|value| value.round() as i16).collect()
    }

    fn noise() -> CoherentNoise {
        CoherentNoise::new(3.5, 0.4)
    }

    fn width(rows: &[i16]) -> f64 {
        (rows.iter().map(|value| (f64::from(*value) / 8.0).powi(2)).sum::<f64>() / rows.len() as f64).sqrt()
    }

    #[test]
    fn shared_noise_goes_away() {
        let mut rows = group(3.0);
        assert!(width(&rows) > 3.0);
        noise().remove(&mut rows, &[8.0 * 3.4; CHANNELS]);
        assert!(width(&rows) < 1.75, "{}", width(&rows));
    }

    #[test]
    fn a_track_keeps_its_charge() {
        // The flattest track fills the group for some ticks: there the shared noise stays, which is what it may be off by.
        for (ticks_per_strip, tolerance) in [(1, 0.02), (3, 0.01), (8, 0.01)] {
            let mut rows = group(0.5);
            let before = rows.clone();
            // A track across the group: a pulse on every channel, some ticks later on each.
            for channel in 0..CHANNELS {
                for tick in 0..40 {
                    let height = 8.0 * 40.0 * (-0.5 * ((tick as f32 - 20.0) / 2.65).powi(2)).exp();
                    rows[channel * TICKS + 100 + ticks_per_strip * channel + tick] += height as i16;
                }
            }
            let charge =
                |rows: &[i16], before: &[i16]| -> f64 { rows.iter().zip(before).map(|(now, then)| f64::from(now - then)).sum() };
            let put_in = charge(&rows, &before);
            noise().remove(&mut rows, &[8.0 * 1.8; CHANNELS]);
            let mut alone = before;
            noise().remove(&mut alone, &[8.0 * 1.8; CHANNELS]);
            let kept = charge(&rows, &alone);
            assert!((kept / put_in - 1.0).abs() < tolerance, "{kept} of {put_in}, {ticks_per_strip} ticks a strip");
        }
    }

    #[test]
    fn the_network_finds_the_middle() {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        for size in [2, 4, 16, 32, 64] {
            for _ in 0..50 {
                let values: Vec<i16> = (0..size).map(|_| random.random_range(0..100)).collect();
                let mut block: Vec<[i16; BLOCK]> = values.iter().map(|value| [*value; BLOCK]).collect();
                order(&mut block, &median_network(size));
                let mut sorted = values.clone();
                sorted.sort_unstable();
                let middle = [size / 2 - 1, size / 2];
                assert_eq!(middle.map(|place| block[place][3]), middle.map(|place| sorted[place]), "{values:?}");
            }
        }
    }

    #[test]
    fn the_medians_are_those_of_the_quiet_channels() {
        let mut rows = group(1.0);
        for tick in 40..200 {
            for channel in 4..9 {
                rows[channel * TICKS + tick] += 300;
            }
        }
        for channels in [3, 17, 32] {
            let rows = &rows[..channels * TICKS];
            let mut coherent = noise();
            let mut left = rows.to_vec();
            coherent.remove(&mut left, &vec![16.0; channels]);
            for tick in 0..TICKS {
                let is_quiet = |channel: &usize| coherent.loud[channel * TICKS / BLOCK + tick / BLOCK] == 0;
                let mut quiet: Vec<i16> = (0..channels).filter(is_quiet).map(|channel| rows[channel * TICKS + tick]).collect();
                quiet.sort_unstable();
                let taken = f64::from(rows[tick]) - f64::from(left[tick]);
                if quiet.len() * 10 < channels * 4 || quiet.len() < 2 {
                    assert_eq!(taken, 0.0);
                    continue;
                }
                let median = 0.5 * (f64::from(quiet[(quiet.len() - 1) / 2]) + f64::from(quiet[quiet.len() / 2]));
                assert!((taken - median).abs() <= 0.5, "{taken} for {median}, {channels} channels, tick {tick}");
            }
        }
    }

    #[test]
    fn channels_without_width_take_no_part() {
        let mut rows = group(1.0);
        for channel in 0..15 {
            rows[channel * TICKS..(channel + 1) * TICKS].fill(-99);
        }
        let mut rms = [16.0; CHANNELS];
        rms[..15].fill(0.0);
        noise().remove(&mut rows, &rms);
        assert!(width(&rows[15 * TICKS..]) < 1.8, "{}", width(&rows[15 * TICKS..]));
    }
}
