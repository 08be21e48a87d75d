//! One channel's pedestal in one event: mean and RMS of what is left when signals are taken out.
//!
//! A mean that is merely clipped keeps a bias from the tails of pulses, and a bias of a few hundredths of an ADC count already
//! shifts summed charges. So every excursion, up or down, is taken out together with its neighbourhood: a pulse loses its
//! tails with its top, and noise excursions of both signs are lost alike, which leaves the mean where it is.
//!
//! All of it works on rows of whole numbers in blocks of [`BLOCK`] ticks: a block that holds an excursion goes, and so do the
//! blocks on both sides of it.

use super::wide;

/// A channel's pedestal in one event.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pedestal {
    /// Mean, ADC counts.
    pub mean_adc: f32,
    /// Standard deviation about the mean, ADC counts, corrected for what the clipping took away.
    pub rms_adc: f32,
}

/// Mean and standard deviation in the units of a row.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Level {
    /// Mean.
    pub mean: f32,
    /// Standard deviation about it.
    pub rms: f32,
}

/// Ticks of a block.
pub const BLOCK: usize = 16;
/// Most passes; each starts from the one before.
const PASSES: usize = 6;
/// A pass that moves the mean by less than this, ADC counts, and the RMS by less than this part of it, is the last: the next would
/// move them by a tenth of that.
const SETTLED_ADC: f32 = 0.02;
const SETTLED_PART: f32 = 0.05;
/// Width assumed at least, ADC counts: that of digitising alone.
const FLOOR_RMS_ADC: f32 = 0.3;
/// Below this part of a row the quiet blocks tell nothing, however good the guess is.
const LEAST_QUIET_PART: usize = 40;
/// How much wider the next pass looks when they tell nothing.
const WIDER: f32 = 1.4;
/// Largest sample there is.
const MOST_ADC: usize = 4095;
/// Samples that the first guess is made from, about.
const GUESS_SAMPLES: usize = 104;

/// Measures pedestals; keeps its buffers from one channel to the next.
#[derive(Debug)]
pub struct PedestalFinder {
    /// An excursion is this many standard deviations away from the mean.
    clip_sigma: f32,
    /// The standard deviation of a Gaussian distribution cut there on both sides, for a width of 1.
    clipped_rms: f32,
    counts: Vec<u16>,
    flags: Vec<u8>,
    masks: Vec<i16>,
}

impl PedestalFinder {
    /// A finder for which an excursion is `clip_sigma` standard deviations away from the mean.
    #[must_use]
    pub fn new(clip_sigma: f64) -> Self {
        let density = libm::exp(-0.5 * clip_sigma * clip_sigma) / (2.0 * std::f64::consts::PI).sqrt();
        let inside = libm::erf(clip_sigma * std::f64::consts::FRAC_1_SQRT_2);
        PedestalFinder {
            clip_sigma: clip_sigma as f32,
            clipped_rms: (1.0 - 2.0 * clip_sigma * density / inside).sqrt() as f32,
            counts: vec![0; MOST_ADC + 1],
            flags: Vec::new(),
            masks: Vec::new(),
        }
    }

    /// The pedestal of a row of ADC counts, the empty samples at the start left out; zeros when there are none.
    pub fn find(&mut self, row: &[i16]) -> Pedestal {
        let Some(guess) = self.guess(row) else { return Pedestal::default() };
        let level = self.settle(row, guess, 1.0, row.len() / 16);
        Pedestal { mean_adc: level.mean, rms_adc: level.rms }
    }

    /// The pedestal of a row that a track along the drift fills nearly whole: near its lowest block, with a noise like
    /// `typical_rms_adc`, that of other channels. None when there is no stretch of such noise.
    pub fn find_lowest(&mut self, row: &[i16], typical_rms_adc: f32) -> Option<Pedestal> {
        let sums = row.as_chunks::<BLOCK>().0.iter().map(|block| block.iter().map(|value| i32::from(*value)).sum::<i32>());
        let lowest = sums.min()? as f32 / BLOCK as f32;
        // The lowest of many blocks is about two of its errors, rms / 4, below the mean.
        let guess = Level { mean: lowest + 0.5 * typical_rms_adc, rms: typical_rms_adc };
        let level = self.settle(row, guess, 1.0, row.len() / LEAST_QUIET_PART);
        let is_noise = (0.5 * typical_rms_adc..1.5 * typical_rms_adc).contains(&level.rms);
        (is_noise && level != guess).then_some(Pedestal { mean_adc: level.mean, rms_adc: level.rms })
    }

    /// The level of a row near a good guess of it; `scale` is how many units of the row an ADC count is.
    pub fn refine(&mut self, row: &[i16], guess: Level, scale: f32) -> Level {
        self.settle(row, guess, scale, row.len() / LEAST_QUIET_PART)
    }

    /// Goes from a guess to the level of what is quiet, of which there must be `least` samples.
    fn settle(&mut self, row: &[i16], guess: Level, scale: f32, least: usize) -> Level {
        let (mut level, mut searched) = (guess, guess);
        for _ in 0..PASSES {
            let limit = (self.clip_sigma * searched.rms.max(FLOOR_RMS_ADC * scale)).min(wide::MOST_DISTANCE - 1.0);
            let limits = [(level.mean - limit).ceil() as i16, (level.mean + limit).floor() as i16];
            let centre = level.mean.round() as i16;
            wide::mark_outside(row, limits, &mut self.flags);
            mask_loud(&self.flags, &mut self.masks);
            let moments = wide::masked_moments(row, centre, &self.masks);
            if moments.count < least.max(2) {
                // Signals nearly everywhere, or a width guessed too small: a wider one is tried, and what was guessed is kept.
                searched.rms = WIDER * searched.rms.max(FLOOR_RMS_ADC * scale);
                continue;
            }
            let count = moments.count as f64;
            let shift = moments.sum as f64 / count;
            let variance = (moments.squares as f64 - moments.sum as f64 * shift) / (count - 1.0);
            let next = Level { mean: f32::from(centre) + shift as f32, rms: variance.max(0.0).sqrt() as f32 / self.clipped_rms };
            let settled = (next.mean - level.mean).abs() < SETTLED_ADC * scale
                && (next.rms - level.rms).abs() < SETTLED_PART * level.rms.max(FLOOR_RMS_ADC * scale);
            (level, searched) = (next, next);
            if settled {
                break;
            }
        }
        level
    }

    /// Mean and width from two low quantiles of some of the samples: no pulse reaches them, even where pulses fill half of the
    /// row. Found by counting, for samples are whole numbers.
    fn guess(&mut self, row: &[i16]) -> Option<Level> {
        /// Quantiles of the normal distribution at 0.1 and 0.3.
        const QUANTILES: [(f32, f32); 2] = [(0.1, -1.2816), (0.3, -0.5244)];
        let stride = (row.len() / GUESS_SAMPLES).max(1);
        let (mut low, mut high, mut total) = (MOST_ADC, 0, 0u16);
        let place = |sample: &i16| usize::try_from(*sample).unwrap_or(0).min(MOST_ADC);
        for sample in row.iter().step_by(stride).take(2 * GUESS_SAMPLES) {
            self.counts[place(sample)] += 1;
            (low, high, total) = (low.min(place(sample)), high.max(place(sample)), total + 1);
        }
        if total == 0 {
            return None;
        }
        let [at_a, at_b] = QUANTILES.map(|(part, _)| quantile(&self.counts[low..=high], part * f32::from(total)) + low as f32);
        for sample in row.iter().step_by(stride).take(2 * GUESS_SAMPLES) {
            self.counts[place(sample)] = 0;
        }
        let rms = ((at_b - at_a) / (QUANTILES[1].1 - QUANTILES[0].1)).max(FLOOR_RMS_ADC);
        Some(Level { mean: at_b - QUANTILES[1].1 * rms, rms })
    }
}

/// The place below which `wanted` of the counts lie, as if the samples of a count lay evenly over it.
fn quantile(counts: &[u16], wanted: f32) -> f32 {
    let mut below = 0.0;
    for (place, count) in counts.iter().enumerate() {
        let count = f32::from(*count);
        if below + count > wanted {
            return place as f32 - 0.5 + (wanted - below) / count;
        }
        below += count;
    }
    counts.len() as f32 - 1.0
}

/// Sums over the quiet blocks of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Moments {
    /// Samples.
    pub count: usize,
    /// Sum of their distances to the centre.
    pub sum: i64,
    /// Sum of the distances' squares.
    pub squares: i64,
}

/// Masks of blocks: 0 for one that is flagged or has a neighbour that is, else all ones, -1.
fn mask_loud(flags: &[u8], masks: &mut Vec<i16>) {
    masks.resize(flags.len(), 0);
    let mask = |near: &[u8]| i16::from(near.iter().fold(0, |all, flag| all | flag)) - 1;
    let last = flags.len().saturating_sub(1);
    if let (Some(first), Some(near)) = (masks.first_mut(), flags.get(..flags.len().min(2))) {
        *first = mask(near);
    }
    if let (Some(at_end), Some(near)) = (masks.get_mut(last), flags.get(last.saturating_sub(1)..)) {
        *at_end = mask(near);
    }
    if let Some(inner) = masks.get_mut(1..last) {
        for (inner, near) in inner.iter_mut().zip(flags.windows(3)) {
            *inner = i16::from(near[0] | near[1] | near[2]) - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_distr::{Distribution, Normal};

    /// Digitised noise about a pedestal, with unipolar pulses of 2.5 us width at half height.
    fn waveform(seed: u64, pedestal: f32, pulses: &[(f32, f32)]) -> Vec<i16> {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let noise = Normal::new(0.0f32, 1.7).unwrap();
        (0..1664)
            .map(|tick| {
                let pulse: f32 =
                    pulses.iter().map(|(at, height)| height * (-0.5 * ((tick as f32 - at) / 2.65).powi(2)).exp()).sum();
                (pedestal + pulse + noise.sample(&mut random)).round() as i16
            })
            .collect()
    }

    /// Mean shift of the pedestal from the truth over many channels, and its error.
    fn bias(pulses: &[(f32, f32)]) -> (f64, f64) {
        let mut finder = PedestalFinder::new(3.0);
        let shift = |seed: u64| {
            let pedestal = 60.0 + seed as f32 / 400.0;
            f64::from(finder.find(&waveform(seed, pedestal, pulses)).mean_adc - pedestal)
        };
        let shifts: Vec<f64> = (0..400).map(shift).collect();
        let mean = shifts.iter().sum::<f64>() / shifts.len() as f64;
        let variance = shifts.iter().map(|shift| (shift - mean).powi(2)).sum::<f64>() / (shifts.len() - 1) as f64;
        (mean, (variance / shifts.len() as f64).sqrt())
    }

    #[test]
    fn pulses_do_not_pull_the_pedestal() {
        let (empty, error) = bias(&[]);
        assert!(empty.abs() < 4.0 * error, "{empty} +- {error} without pulses");
        let (crowded, error) = bias(&[(200.0, 40.0), (600.0, 25.0), (640.0, 60.0), (1000.0, 12.0), (1400.0, 300.0)]);
        assert!(crowded.abs() < 0.005 + 3.0 * error, "{crowded} +- {error} with pulses");
    }

    #[test]
    fn a_track_over_most_of_a_channel_leaves_its_pedestal() {
        let mut finder = PedestalFinder::new(3.0);
        for (from, to) in [(100, 700), (300, 1300), (0, 1100)] {
            let mut row = waveform(3, 60.3, &[]);
            for (tick, sample) in row.iter_mut().enumerate().take(to).skip(from) {
                *sample += 20 + (tick * 7919 % 31) as i16;
            }
            let found = finder.find(&row);
            assert!((found.mean_adc - 60.3).abs() < 0.3 && (found.rms_adc - 1.7).abs() < 0.2, "{found:?}, {from} to {to}");
        }
    }

    #[test]
    fn a_track_along_the_drift_leaves_the_pedestal_at_its_end() {
        let mut row = waveform(3, 60.3, &[]);
        for (tick, sample) in row.iter_mut().enumerate().take(1560) {
            *sample += 30 + (tick * 7919 % 41) as i16;
        }
        let found = PedestalFinder::new(3.0).find_lowest(&row, 1.7).unwrap();
        assert!((found.mean_adc - 60.3).abs() < 0.7 && (found.rms_adc - 1.7).abs() < 0.6, "{found:?}");
        let noisy: Vec<i16> = waveform(4, 60.3, &[]).into_iter().map(|sample| 60 + 5 * (sample - 60)).collect();
        assert_eq!(PedestalFinder::new(3.0).find_lowest(&noisy, 1.7), None);
    }

    #[test]
    fn the_rms_is_that_of_the_noise() {
        let mut finder = PedestalFinder::new(3.0);
        let rms = |seed| f64::from(finder.find(&waveform(seed, 60.3, &[(800.0, 50.0)])).rms_adc);
        let mean = (0..100).map(rms).sum::<f64>() / 100.0;
        let truth = (1.7f64.powi(2) + 1.0 / 12.0).sqrt(); // rounding adds its own width
        assert!((mean / truth - 1.0).abs() < 0.01, "{mean} for {truth}");
    }

    #[test]
    fn a_dead_channel_has_no_width() {
        assert_eq!(PedestalFinder::new(3.0).find(&[17; 512]), Pedestal { mean_adc: 17.0, rms_adc: 0.0 });
    }

    #[test]
    fn no_samples_give_zeros() {
        assert_eq!(PedestalFinder::new(3.0).find(&[]), Pedestal::default());
    }

    proptest! {
        #[test]
        fn the_sums_are_those_of_the_quiet_samples(
            row in proptest::collection::vec(prop_oneof![9 => -12i16..12, 1 => any::<i16>()], 0..600),
            limit in 1i16..200,
            centre in -5i16..5,
        ) {
            let limits = [centre - limit, centre + limit];
            let mut flags = Vec::new();
            wide::mark_outside(&row, limits, &mut flags);
            let mut masks = Vec::new();
            mask_loud(&flags, &mut masks);
            let found = wide::masked_moments(&row, centre, &masks);
            let whole = row.len() / BLOCK * BLOCK;
            let loud = |tick: usize| {
                let block = tick / BLOCK;
                let near = &row[block.saturating_sub(1) * BLOCK..((block + 2) * BLOCK).min(whole)];
                near.iter().any(|value| *value < limits[0] || *value > limits[1])
            };
            let quiet: Vec<i64> =
                (0..whole).filter(|tick| !loud(*tick)).map(|tick| i64::from(row[tick]) - i64::from(centre)).collect();
            let expected = Moments {
                count: quiet.len(),
                sum: quiet.iter().sum(),
                squares: quiet.iter().map(|value| value * value).sum(),
            };
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn any_row_gives_finite_numbers(row in proptest::collection::vec(any::<i16>(), 0..400)) {
            let found = PedestalFinder::new(3.0).find(&row);
            prop_assert!(found.mean_adc.is_finite() && found.rms_adc.is_finite() && found.rms_adc >= 0.0);
        }
    }
}
