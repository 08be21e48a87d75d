//! One channel's pedestal in one event: mean and RMS of what is left when signals are taken out.
//!
//! A mean that is merely clipped keeps a bias from the tails of pulses, and a bias of a few hundredths of an ADC count already
//! shifts summed charges. So every excursion, up or down, is taken out together with its neighbourhood: a pulse loses its
//! tails with its top, and noise excursions of both signs are lost alike, which leaves the mean where it is.

/// A channel's pedestal in one event.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pedestal {
    /// Mean, ADC counts.
    pub mean_adc: f32,
    /// Standard deviation about the mean, ADC counts, corrected for what the clipping took away.
    pub rms_adc: f32,
}

/// An excursion is this many standard deviations away from the mean.
const CLIP_SIGMA: f32 = 3.0;
/// The standard deviation of a Gaussian distribution cut at [`CLIP_SIGMA`] on both sides, for a width of 1.
const CLIPPED_GAUSSIAN_RMS: f32 = 0.986_6;
/// Samples before an excursion that go with it.
const GUARD_BEFORE: usize = 10;
/// Samples after an excursion that go with it.
const GUARD_AFTER: usize = 15;
/// Most passes; each starts from the one before.
const PASSES: usize = 5;
/// A pass that moves mean and RMS by less than this, ADC counts, is the last: the next would move them by a tenth of it.
const SETTLED_ADC: f64 = 0.01;
/// Width assumed at least, ADC counts: that of digitising alone.
const FLOOR_RMS_ADC: f32 = 0.3;
/// Largest sample counted, far above what 12 bits hold.
const MOST_ADC: usize = 8191;
/// Samples of the first, coarse median are this far apart.
const MEDIAN_STRIDE: usize = 3;

/// Measures pedestals; keeps its buffers from one channel to the next.
#[derive(Debug, Default)]
pub struct PedestalFinder {
    counts: Vec<u32>,
    excursions: Vec<(usize, usize)>,
}

impl PedestalFinder {
    /// The pedestal of `samples` (whole ADC counts, the empty samples at the start left out); zeros when there are none.
    pub fn find(&mut self, samples: &[f32]) -> Pedestal {
        let Some(start) = self.median_and_width(samples) else { return Pedestal::default() };
        self.refine(samples, start)
    }

    /// The pedestal of `samples` near a first guess of it.
    pub fn refine(&mut self, samples: &[f32], start: Pedestal) -> Pedestal {
        let mut pedestal = start;
        for _ in 0..PASSES {
            self.mark_excursions(samples, pedestal);
            let (mut count, mut sum, mut squares) = (0, 0.0, 0.0);
            for (from, to) in quiet_stretches(&self.excursions, samples.len()) {
                let (stretch_sum, stretch_squares) = moments(&samples[from..to], pedestal.mean_adc);
                count += to - from;
                sum += stretch_sum;
                squares += stretch_squares;
            }
            if count < samples.len() / 8 || count < 2 {
                break; // hardly anything is quiet: the guess so far is all there is
            }
            let shift = sum / count as f64;
            let variance = (squares - sum * shift) / (count - 1) as f64;
            let rms_adc = (variance.max(0.0).sqrt() as f32) / CLIPPED_GAUSSIAN_RMS;
            let next = Pedestal { mean_adc: pedestal.mean_adc + shift as f32, rms_adc };
            let settled = shift.abs() < SETTLED_ADC && (next.rms_adc - pedestal.rms_adc).abs() < SETTLED_ADC as f32;
            pedestal = next;
            if settled {
                break;
            }
        }
        pedestal
    }

    /// Median and a width, of every third sample, by counting: samples are whole numbers. The width is that of the lower half,
    /// which no pulse reaches.
    fn median_and_width(&mut self, samples: &[f32]) -> Option<Pedestal> {
        if samples.is_empty() {
            return None;
        }
        self.counts.clear();
        self.counts.resize(MOST_ADC + 1, 0);
        let (mut low, mut high, mut total) = (MOST_ADC, 0, 0);
        for sample in samples.iter().step_by(MEDIAN_STRIDE) {
            let place = (*sample as usize).min(MOST_ADC);
            self.counts[place] += 1;
            (low, high, total) = (low.min(place), high.max(place), total + 1);
        }
        let quantile = |part: f32| {
            let wanted = part * total as f32;
            let mut below = 0.0;
            for (place, count) in self.counts[low..=high].iter().enumerate() {
                let count = *count as f32;
                if below + count > wanted {
                    // Inside a count, as if its samples lay evenly over it.
                    return (low + place) as f32 - 0.5 + (wanted - below) / count;
                }
                below += count;
            }
            high as f32
        };
        let mean_adc = quantile(0.5);
        Some(Pedestal { mean_adc, rms_adc: (mean_adc - quantile(0.159)).max(FLOOR_RMS_ADC) })
    }

    /// Notes the stretches of samples that are excursions or next to one.
    fn mark_excursions(&mut self, samples: &[f32], pedestal: Pedestal) {
        self.excursions.clear();
        let limit = CLIP_SIGMA * pedestal.rms_adc.max(FLOOR_RMS_ADC);
        mark_beyond(samples, pedestal.mean_adc - limit, pedestal.mean_adc + limit, &mut self.excursions);
    }
}

/// Appends the stretches `[from, to)` of samples outside `low..=high`, with their guards, merged where they touch.
fn mark_beyond(samples: &[f32], low: f32, high: f32, stretches: &mut Vec<(usize, usize)>) {
    const BLOCK: usize = 16;
    for (block, values) in samples.chunks(BLOCK).enumerate() {
        // Most blocks are quiet: one branch for all their samples lets the comparison run in parallel lanes.
        if !values.iter().fold(false, |any, value| any | (*value < low) | (*value > high)) {
            continue;
        }
        for (place, value) in values.iter().enumerate() {
            if *value < low || *value > high {
                let tick = block * BLOCK + place;
                let (from, to) = (tick.saturating_sub(GUARD_BEFORE), (tick + 1 + GUARD_AFTER).min(samples.len()));
                match stretches.last_mut() {
                    Some(last) if from <= last.1 => last.1 = to,
                    _ => stretches.push((from, to)),
                }
            }
        }
    }
}

/// Appends the stretches of samples above `threshold`, with the guards of a pedestal's excursions.
pub(super) fn mark_above(samples: &[f32], threshold: f32, stretches: &mut Vec<(usize, usize)>) {
    mark_beyond(samples, f32::NEG_INFINITY, threshold, stretches);
}

/// What lies between the excursions.
fn quiet_stretches(excursions: &[(usize, usize)], length: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
    let starts = std::iter::once(0).chain(excursions.iter().map(|stretch| stretch.1));
    let ends = excursions.iter().map(|stretch| stretch.0).chain(std::iter::once(length));
    starts.zip(ends).filter(|(from, to)| from < to)
}

/// Sum and sum of squares of the distances to `centre`.
fn moments(samples: &[f32], centre: f32) -> (f64, f64) {
    const LANES: usize = 8;
    let (mut sums, mut squares) = ([0.0f32; LANES], [0.0f32; LANES]);
    let chunks = samples.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for lane in 0..LANES {
            let distance = chunk[lane] - centre;
            sums[lane] += distance;
            squares[lane] += distance * distance;
        }
    }
    let (mut sum, mut square) =
        (sums.iter().copied().map(f64::from).sum::<f64>(), squares.iter().copied().map(f64::from).sum::<f64>());
    for value in rest {
        let distance = f64::from(value - centre);
        sum += distance;
        square += distance * distance;
    }
    (sum, square)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_distr::{Distribution, Normal};

    /// Digitised noise about a pedestal, with unipolar pulses of 2.5 us width at half height.
    fn waveform(seed: u64, pulses: &[(f32, f32)]) -> Vec<f32> {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let noise = Normal::new(0.0f32, 1.7).unwrap();
        (0..1664)
            .map(|tick| {
                let pulse: f32 =
                    pulses.iter().map(|(at, height)| height * (-0.5 * ((tick as f32 - at) / 2.65).powi(2)).exp()).sum();
                (60.3 + pulse + noise.sample(&mut random)).round()
            })
            .collect()
    }

    /// Mean shift of the pedestal from the truth over many channels, and its error.
    fn bias(pulses: &[(f32, f32)]) -> (f64, f64) {
        let mut finder = PedestalFinder::default();
        let shifts: Vec<f64> = (0..200).map(|seed| f64::from(finder.find(&waveform(seed, pulses)).mean_adc) - 60.3).collect();
        let mean = shifts.iter().sum::<f64>() / shifts.len() as f64;
        let variance = shifts.iter().map(|shift| (shift - mean).powi(2)).sum::<f64>() / (shifts.len() - 1) as f64;
        (mean, (variance / shifts.len() as f64).sqrt())
    }

    #[test]
    fn pulses_do_not_pull_the_pedestal() {
        let (empty, error) = bias(&[]);
        assert!(empty.abs() < 4.0 * error, "{empty} +- {error} without pulses");
        let (crowded, error) = bias(&[(200.0, 40.0), (600.0, 25.0), (640.0, 60.0), (1000.0, 12.0), (1400.0, 300.0)]);
        assert!(crowded.abs() < 0.01 + 3.0 * error, "{crowded} +- {error} with pulses");
    }

    #[test]
    fn the_rms_is_that_of_the_noise() {
        let mut finder = PedestalFinder::default();
        let mean = (0..100).map(|seed| f64::from(finder.find(&waveform(seed, &[(800.0, 50.0)])).rms_adc)).sum::<f64>() / 100.0;
        let truth = (1.7f64.powi(2) + 1.0 / 12.0).sqrt(); // rounding adds its own width
        assert!((mean / truth - 1.0).abs() < 0.01, "{mean} for {truth}");
    }

    #[test]
    fn a_dead_channel_has_no_width() {
        assert_eq!(PedestalFinder::default().find(&[17.0; 500]), Pedestal { mean_adc: 17.0, rms_adc: 0.0 });
    }

    #[test]
    fn no_samples_give_zeros() {
        assert_eq!(PedestalFinder::default().find(&[]), Pedestal::default());
    }
}
