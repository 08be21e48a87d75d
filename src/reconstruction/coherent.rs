//! Noise that a group of channels shares: its median at each tick, signals left out.

use super::pedestal::mark_above;

/// A sample this many RMS above the pedestal is taken for signal, with its neighbourhood.
const SIGNAL_SIGMA: f32 = 3.5;
/// At least this part of a group must be quiet at a tick for its median to count.
const QUIET_FRACTION: f32 = 0.4;

/// Takes shared noise away; keeps its buffers from one group to the next.
#[derive(Debug, Default)]
pub struct CoherentNoise {
    signal: Vec<bool>,
    stretches: Vec<(usize, usize)>,
    block: Vec<[f32; LANES]>,
    comparators: Vec<(usize, usize)>,
}

/// Ticks whose medians are found at once, side by side.
const LANES: usize = 16;

impl CoherentNoise {
    /// Subtracts the group's median per tick from every channel.
    ///
    /// `samples` holds the group's channels one after the other, `rms_adc.len()` of them, pedestals already subtracted, ADC
    /// counts. The first `skipped` samples of each are left alone. Where a track fills more of the group than is left for a
    /// median, nothing is subtracted: better the noise than the track's charge.
    pub fn remove(&mut self, samples: &mut [f32], rms_adc: &[f32], skipped: usize) {
        let channels = rms_adc.len();
        if channels < 2 {
            return;
        }
        let ticks = samples.len() / channels;
        self.mark_signals(samples, rms_adc, ticks);
        let size = channels.next_power_of_two();
        if self.block.len() != size {
            self.block = vec![[0.0; LANES]; size];
            self.comparators = sorting_network(size);
        }
        let needed = ((channels as f32 * QUIET_FRACTION).ceil() as usize).max(2);
        for first in (skipped..ticks).step_by(LANES) {
            let width = LANES.min(ticks - first);
            let medians = self.medians(samples, channels, ticks, first, width, needed);
            for row in samples.chunks_exact_mut(ticks) {
                for (sample, median) in row[first..first + width].iter_mut().zip(&medians) {
                    *sample -= median;
                }
            }
        }
    }

    /// Medians of the quiet channels at `width` ticks from `first`; 0 where fewer than `needed` are quiet.
    ///
    /// What is not quiet, and the places that fill the block up, become infinities, as many below as above: then the middle of
    /// the sorted block is the median of the rest.
    fn medians(
        &mut self,
        samples: &[f32],
        channels: usize,
        ticks: usize,
        first: usize,
        width: usize,
        needed: usize,
    ) -> [f32; LANES] {
        let mut left_out = [0usize; LANES];
        for (channel, row) in self.block.iter_mut().enumerate() {
            let start = channel * ticks + first;
            for lane in 0..LANES {
                let quiet = lane < width && channel < channels && !self.signal[start + lane];
                row[lane] = if quiet {
                    samples[start + lane]
                } else {
                    left_out[lane] += 1;
                    if left_out[lane].is_multiple_of(2) { f32::NEG_INFINITY } else { f32::INFINITY }
                };
            }
        }
        for (low, high) in &self.comparators {
            let (a, b) = (self.block[*low], self.block[*high]);
            for lane in 0..LANES {
                self.block[*low][lane] = if a[lane] < b[lane] { a[lane] } else { b[lane] };
                self.block[*high][lane] = if a[lane] < b[lane] { b[lane] } else { a[lane] };
            }
        }
        let middle = self.block.len() / 2;
        let mut medians = [0.0; LANES];
        for lane in 0..LANES {
            if self.block.len() - left_out[lane] >= needed {
                let (below, above) = (self.block[middle - 1][lane], self.block[middle][lane]);
                medians[lane] = if left_out[lane].is_multiple_of(2) { 0.5 * (below + above) } else { below };
            }
        }
        medians
    }

    /// Marks what is signal or next to it; a channel without width takes no part in the median.
    fn mark_signals(&mut self, samples: &[f32], rms_adc: &[f32], ticks: usize) {
        self.signal.clear();
        self.signal.resize(samples.len(), false);
        for (channel, rms) in rms_adc.iter().enumerate() {
            let place = channel * ticks..(channel + 1) * ticks;
            let marks = &mut self.signal[place.clone()];
            if *rms <= 0.0 {
                marks.fill(true);
                continue;
            }
            self.stretches.clear();
            mark_above(&samples[place], SIGNAL_SIGMA * rms, &mut self.stretches);
            for (from, to) in &self.stretches {
                marks[*from..*to].fill(true);
            }
        }
    }
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
    use rand::SeedableRng;
    use rand_distr::{Distribution, Normal};

    const CHANNELS: usize = 32;
    const TICKS: usize = 400;

    /// White noise of 1.7 and shared noise of `shared`, ADC counts.
    fn group(shared: f32) -> Vec<f32> {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        let (white, common) = (Normal::new(0.0f32, 1.7).unwrap(), Normal::new(0.0f32, shared).unwrap());
        let common: Vec<f32> = (0..TICKS).map(|_| common.sample(&mut random)).collect();
        (0..CHANNELS * TICKS).map(|place| white.sample(&mut random) + common[place % TICKS]).collect()
    }

    fn width(samples: &[f32]) -> f32 {
        (samples.iter().map(|value| value * value).sum::<f32>() / samples.len() as f32).sqrt()
    }

    #[test]
    fn shared_noise_goes_away() {
        let mut samples = group(3.0);
        assert!(width(&samples) > 3.0);
        CoherentNoise::default().remove(&mut samples, &[3.4; CHANNELS], 0);
        assert!(width(&samples) < 1.75, "{}", width(&samples));
    }

    #[test]
    fn a_track_keeps_its_charge() {
        let mut samples = group(0.5);
        let before: Vec<f32> = samples.clone();
        // A track along the strips' plane: a pulse on every channel, a tick later on each.
        for channel in 0..CHANNELS {
            for tick in 0..40 {
                let height = 40.0 * (-0.5 * ((tick as f32 - 20.0) / 2.65).powi(2)).exp();
                samples[channel * TICKS + 100 + channel + tick] += height;
            }
        }
        let charge = |samples: &[f32], before: &[f32]| -> f32 { samples.iter().zip(before).map(|(now, then)| now - then).sum() };
        let put_in = charge(&samples, &before);
        CoherentNoise::default().remove(&mut samples, &[1.8; CHANNELS], 0);
        let mut noise = before;
        CoherentNoise::default().remove(&mut noise, &[1.8; CHANNELS], 0);
        let kept = charge(&samples, &noise);
        assert!((kept / put_in - 1.0).abs() < 0.02, "{kept} of {put_in}");
    }

    #[test]
    fn the_network_sorts() {
        use rand::RngExt;
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        for size in [2, 4, 16, 32, 64] {
            for _ in 0..50 {
                let mut values: Vec<u32> = (0..size).map(|_| random.random_range(0..100)).collect();
                for (low, high) in sorting_network(size) {
                    if values[low] > values[high] {
                        values.swap(low, high);
                    }
                }
                assert!(values.is_sorted(), "{values:?}");
            }
        }
    }

    #[test]
    fn the_medians_are_those_of_the_quiet_channels() {
        let samples = group(1.0);
        for channels in [3, 17, 32] {
            let samples = &samples[..channels * TICKS];
            let mut coherent = CoherentNoise::default();
            let mut left = samples.to_vec();
            coherent.remove(&mut left, &vec![2.0; channels], 0);
            for tick in 0..TICKS {
                let mut quiet: Vec<f32> = (0..channels)
                    .map(|channel| channel * TICKS + tick)
                    .filter(|place| !coherent.signal[*place])
                    .map(|place| samples[place])
                    .collect();
                quiet.sort_by(f32::total_cmp);
                if quiet.len() * 10 < channels * 4 || quiet.len() < 2 {
                    continue;
                }
                let median = 0.5 * (quiet[(quiet.len() - 1) / 2] + quiet[quiet.len() / 2]);
                let taken = samples[tick] - left[tick];
                assert!((taken - median).abs() < 1e-5, "{taken} for {median}, {channels} channels, tick {tick}");
            }
        }
    }

    #[test]
    fn the_skipped_samples_stay() {
        let mut samples = group(1.0);
        let first = samples[..3].to_vec();
        CoherentNoise::default().remove(&mut samples, &[2.0; CHANNELS], 3);
        assert_eq!(samples[..3], first[..]);
    }
}
