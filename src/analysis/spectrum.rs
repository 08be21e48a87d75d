//! Power spectra of real samples.

use std::f64::consts::TAU;

/// Transforms of one length, a power of two.
#[derive(Debug, Clone)]
pub struct Spectra {
    /// Roots of one: cosine and sine of `-2 pi k / length`, for k up to half the length.
    roots: Vec<[f32; 2]>,
    /// Hann's window, scaled so that the power of windowed noise is that of the noise.
    window: Vec<f32>,
}

/// Transforms of two channels at once.
#[derive(Debug, Clone, Default)]
pub struct Pair {
    values: Vec<[f32; 2]>,
}

impl Spectra {
    /// For stretches of `length` samples; `length` is rounded down to a power of two, and is 2 at least.
    #[must_use]
    pub fn of_length(length: usize) -> Self {
        let length = 1usize << length.max(2).ilog2();
        let angle = |index: usize| TAU * index as f64 / length as f64;
        let roots = (0..length / 2).map(|index| [angle(index).cos() as f32, -angle(index).sin() as f32]).collect();
        // The mean square of 0.5 - 0.5 cos is 3/8.
        let scale = 1.0 / (length as f64 * (0.375f64).sqrt());
        let window = (0..length).map(|index| ((0.5 - 0.5 * angle(index).cos()) * scale) as f32).collect();
        Spectra { roots, window }
    }

    /// Samples of a stretch.
    #[must_use]
    pub fn length(&self) -> usize {
        self.window.len()
    }

    /// Frequencies: from 0 to half of the sampling's.
    #[must_use]
    pub fn count(&self) -> usize {
        self.length() / 2 + 1
    }

    /// How much a frequency's squared amplitude weighs in the variance: all but the ends stand for two.
    #[must_use]
    pub fn weight(&self, frequency: usize) -> f64 {
        if frequency == 0 || frequency + 1 == self.count() { 1.0 } else { 2.0 }
    }

    /// Transforms two stretches, each with its mean taken away and windowed. The squared amplitudes, times [`Spectra::weight`],
    /// add up to the variance.
    pub fn transform(&self, first: &[u16], second: &[u16], pair: &mut Pair) {
        let means = [first, second].map(|samples| self.mean(samples));
        pair.values.clear();
        let both = first.iter().zip(second).zip(&self.window);
        pair.values
            .extend(both.map(|((a, b), window)| [(f32::from(*a) - means[0]) * window, (f32::from(*b) - means[1]) * window]));
        pair.values.resize(self.length(), [0.0; 2]);
        self.in_place(&mut pair.values);
    }

    /// The mean under the window, so that nothing is left at frequency 0.
    fn mean(&self, samples: &[u16]) -> f32 {
        let (sum, weights) = samples.iter().zip(&self.window).fold((0.0f64, 0.0f64), |(sum, weights), (sample, weight)| {
            (sum + f64::from(*sample) * f64::from(*weight), weights + f64::from(*weight))
        });
        if weights > 0.0 { (sum / weights) as f32 } else { 0.0 }
    }

    /// Cooley and Tukey's transform.
    fn in_place(&self, values: &mut [[f32; 2]]) {
        let bits = values.len().ilog2();
        for index in 0..values.len() {
            let mirrored = index.reverse_bits() >> (usize::BITS - bits);
            if index < mirrored {
                values.swap(index, mirrored);
            }
        }
        let mut half = 1;
        while half < values.len() {
            let stride = values.len() / (2 * half);
            for block in values.chunks_exact_mut(2 * half) {
                let (low, high) = block.split_at_mut(half);
                for ((a, b), root) in low.iter_mut().zip(high).zip(self.roots.iter().step_by(stride)) {
                    let turned = [b[0] * root[0] - b[1] * root[1], b[0] * root[1] + b[1] * root[0]];
                    *b = [a[0] - turned[0], a[1] - turned[1]];
                    *a = [a[0] + turned[0], a[1] + turned[1]];
                }
            }
            half *= 2;
        }
    }
}

impl Pair {
    /// The amplitudes of the two channels at a frequency.
    #[must_use]
    pub fn amplitudes(&self, frequency: usize) -> [[f64; 2]; 2] {
        let length = self.values.len();
        let (Some(up), Some(down)) = (self.values.get(frequency), self.values.get((length - frequency) % length.max(1))) else {
            return [[0.0; 2]; 2];
        };
        let [a, b, c, d] = [up[0], up[1], down[0], down[1]].map(|part| 0.5 * f64::from(part));
        // Of z = x + i y with real x and y: X = (Z(k) + Z*(-k)) / 2 and Y = (Z(k) - Z*(-k)) / 2i.
        [[a + c, b - d], [b + d, c - a]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    fn noise(seed: u64, length: usize) -> Vec<u16> {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        (0..length).map(|_| random.random_range(40..80)).collect()
    }

    #[test]
    fn the_amplitudes_are_those_of_the_sum_over_samples() {
        let spectra = Spectra::of_length(64);
        let (first, second) = (noise(1, 64), noise(2, 64));
        let mut pair = Pair::default();
        spectra.transform(&first, &second, &mut pair);
        for frequency in 0..spectra.count() {
            for (samples, found) in [&first, &second].into_iter().zip(pair.amplitudes(frequency)) {
                let mean = f64::from(spectra.mean(samples));
                let part = |wave: fn(f64) -> f64| -> f64 {
                    let terms = samples.iter().zip(&spectra.window).enumerate().map(|(place, (sample, window))| {
                        let angle = TAU * (place * frequency) as f64 / 64.0;
                        (f64::from(*sample) - mean) * f64::from(*window) * wave(angle)
                    });
                    terms.sum()
                };
                let expected = [part(f64::cos), -part(f64::sin)];
                assert!((found[0] - expected[0]).abs() < 1e-4 && (found[1] - expected[1]).abs() < 1e-4, "{found:?} {expected:?}");
            }
        }
    }

    #[test]
    fn the_power_of_noise_is_its_variance() {
        let spectra = Spectra::of_length(512);
        let mut pair = Pair::default();
        let mut power = 0.0;
        for seed in 0..200 {
            spectra.transform(&noise(2 * seed, 512), &noise(2 * seed + 1, 512), &mut pair);
            for frequency in 0..spectra.count() {
                let squares = pair.amplitudes(frequency).iter().flatten().map(|part| part * part).sum::<f64>();
                power += spectra.weight(frequency) * squares / 400.0;
            }
        }
        let variance = (40.0f64.powi(2) - 1.0) / 12.0;
        assert!((power / variance - 1.0).abs() < 0.02, "{power} for {variance}");
    }

    #[test]
    fn any_length_is_a_power_of_two() {
        assert_eq!([0, 1, 2, 3, 555, 1024].map(|length| Spectra::of_length(length).length()), [2, 2, 2, 2, 512, 1024]);
    }
}
