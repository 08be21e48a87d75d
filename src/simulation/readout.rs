//! From charge on strips to samples: pulse shape, pedestals, noise, the digitiser's range.

/// Places inside a tick for which the pulse is kept.
const PHASES: usize = 32;
/// A pulse is cut off after this many times its rise; what is lost is a millionth of it.
const LENGTH_IN_RISES: f64 = 10.0;
/// Width at half height of the pulse below over its rise: the roots of `u exp(1 - u) = 1 / sqrt 2` are 2.0783 and 0.3806.
const WIDTH_IN_RISES: f64 = 2.0783 - 0.3806;

/// The pulse of a charge that arrives at once: unipolar, `(t/rise)^2 exp(2 - 2 t/rise)` as a shaper of second order makes it, its
/// peak at the arrival (the electronics' delay is taken out), its samples' sum 1.
#[derive(Debug, Clone)]
pub struct Pulse {
    /// Samples before the tick of the arrival.
    before: usize,
    /// The samples for each place of the arrival inside its tick.
    phases: Vec<Vec<f32>>,
}

impl Pulse {
    /// A pulse of a width at half height, sampled, both in us.
    #[must_use]
    pub fn new(width_us: f64, sampling_us: f64) -> Self {
        let rise = width_us / WIDTH_IN_RISES / sampling_us;
        let before = rise.ceil() as usize;
        let length = before + (rise * LENGTH_IN_RISES).ceil() as usize + 2;
        let phases = (0..PHASES).map(|phase| {
            let arrival = before as f64 + (phase as f64 + 0.5) / PHASES as f64;
            let height = |tick: usize| {
                let u = ((tick as f64 - arrival) / rise + 1.0).max(0.0);
                u * u * libm::exp(2.0 - 2.0 * u)
            };
            let sum: f64 = (0..length).map(height).sum();
            (0..length).map(|tick| (height(tick) / sum) as f32).collect()
        });
        Pulse { before, phases: phases.collect() }
    }

    /// Adds the pulse of an area, ADC counts x ticks, that arrives at a tick, to a channel's samples.
    pub fn add(&self, samples: &mut [f32], tick: f64, area: f32) {
        if !(tick >= 0.0 && tick < samples.len() as f64) {
            return;
        }
        let phase = (tick.fract() * PHASES as f64) as usize;
        let Some(shape) = self.phases.get(phase.min(PHASES - 1)) else { return };
        let first = tick as usize;
        let cut = self.before.saturating_sub(first);
        let start = first.saturating_sub(self.before);
        let Some(samples) = samples.get_mut(start..) else { return };
        for (sample, height) in samples.iter_mut().zip(shape.iter().skip(cut)) {
            *sample += area * height;
        }
    }
}

/// Adds one row of numbers to another of the same length.
pub fn add(sums: &mut [f32], parts: &[f32]) {
    for (sum, part) in sums.iter_mut().zip(parts) {
        *sum += part;
    }
}

/// One channel's digitised samples: signal and noise, `counts`, over the pedestal, rounded and held inside the digitiser's range. The
/// first `skipped` samples read 0.
pub fn digitise(counts: &[f32], pedestal_adc: f32, skipped: usize, samples: &mut [u16]) {
    for (sample, counts) in samples.iter_mut().zip(counts) {
        // From 2^23 on, a number of single precision has no room for fractions: adding it rounds, and leaves the whole number in the
        // low bits. A cast would do the same, sample by sample.
        *sample = ((counts + pedestal_adc).clamp(0.0, 4095.0) + 8_388_608.0).to_bits() as u16;
    }
    for sample in samples.iter_mut().take(skipped) {
        *sample = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn a_pulse_has_its_area_and_its_peak_at_the_arrival() {
        let pulse = Pulse::new(2.5, 0.4);
        for tick in [20.0, 20.25, 20.5, 20.9] {
            let mut samples = [0.0f32; 100];
            pulse.add(&mut samples, tick, 279.0);
            let area: f32 = samples.iter().sum();
            assert!((area - 279.0).abs() < 0.01, "area {area} for tick {tick}");
            let peak = (0..100).max_by(|a, b| samples[*a].total_cmp(&samples[*b])).unwrap();
            assert!((peak as f64 - tick).abs() <= 1.0, "peak at {peak} for tick {tick}");
        }
    }

    #[test]
    fn a_pulse_has_its_width_and_a_mip_peaks_near_40_adc() {
        // Sampled finely, so that its width can be read off.
        let fine = Pulse::new(2.5, 0.01);
        let mut samples = vec![0.0f32; 4000];
        fine.add(&mut samples, 1000.0, 1.0);
        let peak = samples.iter().copied().fold(0.0, f32::max);
        let width_us = samples.iter().filter(|sample| **sample > peak / 2.0).count() as f64 * 0.01;
        assert!((width_us - 2.5).abs() < 0.03, "{width_us} us");
        let mut samples = [0.0f32; 100];
        // Half of 9.94 fC/cm at gain 3 on a strip of view 0.
        Pulse::new(2.5, 0.4).add(&mut samples, 20.5, 9.94 / 2.0 * 0.3125 * 3.0 * 59.859);
        let peak = samples.iter().copied().fold(0.0, f32::max);
        assert!((36.0..44.0).contains(&peak), "{peak} ADC");
    }

    #[test]
    fn pulses_at_the_edges_are_cut_and_outside_are_nothing() {
        let pulse = Pulse::new(2.5, 0.4);
        for tick in [-1.0, 0.0, 0.4, 98.9, 99.99, 100.0, 1e300, f64::NAN] {
            let mut samples = [0.0f32; 100];
            pulse.add(&mut samples, tick, 1.0);
            let area: f32 = samples.iter().sum();
            assert!((0.0..=1.001).contains(&area), "{area} at {tick}");
            assert_eq!(area > 0.0, (0.0..100.0).contains(&tick), "tick {tick}");
        }
    }

    #[test]
    fn samples_saturate_at_both_ends_and_the_first_ones_read_0() {
        let counts = [50.0, 50.0, 50.0, 1e9, -1e9, 4095.2, 4096.7, 7.4, 7.6];
        let mut samples = [9; 9];
        digitise(&counts, 0.0, 3, &mut samples);
        assert_eq!(samples, [0, 0, 0, 4095, 0, 4095, 4095, 7, 8]);
    }

    #[test]
    fn noise_has_its_width() {
        let (mut counts, count) = (vec![0.0; 100_000], 100_000.0);
        let mut samples = vec![0; 100_000];
        crate::simulation::gaussian::Gaussian::new([2; 32]).fill(1.7, &mut counts);
        digitise(&counts, 60.0, 0, &mut samples);
        let mean = samples.iter().map(|sample| f64::from(*sample)).sum::<f64>() / count;
        let variance = samples.iter().map(|sample| (f64::from(*sample) - mean).powi(2)).sum::<f64>() / (count - 1.0);
        // Rounding to whole counts adds 1/12 to the variance.
        assert!((mean - 60.0).abs() < 0.03 && (variance - 1.7f64.powi(2) - 1.0 / 12.0).abs() < 0.06, "{mean}, {variance}");
    }
}
