//! Noise of each group of channels from raw events: power spectra, and how much of them the group's channels share.
//!
//! Stretches of a channel with a signal are left out whole. Of the n quiet channels of a group in one stretch of one event, with
//! amplitudes X at a frequency, the sum of `|X|^2` is n times the whole power, and `|sum of X|^2` is n times the whole power and
//! n (n - 1) times the shared power. So `(|sum of X|^2 - sum of |X|^2) / (n (n - 1))` is the shared power, on average exactly, whatever n
//! is; what is left of the whole is the channels' own. Spectra are averaged over events; the errors come from leaving out a part
//! of the events at a time.

use monitasks::detector::Detector;
use monitasks::format::noise::{GroupNoise, NoiseSection};
use monitasks::summary::Measured;

use super::spectrum::{Pair, Spectra};
use super::statistics::jackknife_error;
use crate::rawdata::Event;

/// A sample this many RMS from the pedestal is signal.
const SIGNAL_SIGMA: f64 = 5.0;
/// Parts that the events are divided into for the errors, and the fewest that allow one.
const PARTS: usize = 20;
const LEAST_PARTS: usize = 5;
/// Stretches that a channel's samples hold at least: short ones let more channels be quiet, long ones tell frequencies apart.
const STRETCHES: usize = 3;
/// A shared noise that is not this many errors above none is not measured.
const LEAST_SIGNIFICANCE: f64 = 3.0;
/// Frequencies on either side that a peak is compared with, and the lowest that can be one: below are slow drifts.
const NEIGHBOURS: usize = 12;
const LOWEST_PEAK: usize = 3;

/// Sums over the events so far.
#[derive(Debug, Clone)]
pub struct NoiseSums {
    spectra: Spectra,
    group_size: usize,
    samples: usize,
    skipped: usize,
    frequency_step_khz: f64,
    groups: Vec<GroupSums>,
    events: usize,
    pairs: Vec<Pair>,
    counts: Vec<u32>,
}

/// One group's sums.
#[derive(Debug, Clone)]
struct GroupSums {
    channels: usize,
    stretches: u64,
    /// Per frequency, of `|X|^2` over all channels.
    whole: Vec<f64>,
    /// Per frequency, of `|sum of X|^2 - sum of |X|^2`.
    shared: Vec<f64>,
    /// The same over all frequencies, and their weights, per part of the events.
    parts: [PartSums; PARTS],
}

#[derive(Debug, Clone, Copy, Default)]
struct PartSums {
    whole: f64,
    whole_weight: f64,
    shared: f64,
    shared_weight: f64,
}

impl NoiseSums {
    /// No event yet.
    #[must_use]
    pub fn new(detector: &Detector) -> Self {
        let readout = &detector.readout;
        let spectra = Spectra::of_length(readout.samples.saturating_sub(readout.skipped_samples) / STRETCHES);
        let group_size = readout.coherent_group.max(1);
        let group = |first: usize| GroupSums {
            channels: group_size.min(readout.channels - first),
            stretches: 0,
            whole: vec![0.0; spectra.count()],
            shared: vec![0.0; spectra.count()],
            parts: [PartSums::default(); PARTS],
        };
        NoiseSums {
            groups: (0..readout.channels).step_by(group_size).map(group).collect(),
            group_size,
            samples: readout.samples,
            skipped: readout.skipped_samples,
            frequency_step_khz: 1e3 / (readout.sampling_us * spectra.length() as f64),
            spectra,
            events: 0,
            pairs: Vec::new(),
            counts: Vec::new(),
        }
    }

    /// Adds an event; one that the DAQ did not have all data of is left out.
    pub fn add(&mut self, event: &Event) {
        if !event.header.is_complete() {
            return;
        }
        let part = self.events % PARTS;
        self.events += 1;
        let usable = self.samples.saturating_sub(self.skipped);
        let length = self.spectra.length();
        if usable < length {
            return;
        }
        // Evenly placed, and overlapping by half or more: the window weighs the ends down.
        let stretches = 1 + (usable - length).div_ceil(length / 2);
        let starts: Vec<usize> = (0..stretches).map(|index| index * (usable - length) / (stretches - 1).max(1)).collect();
        for (group, samples) in event.samples.chunks(self.group_size * self.samples).enumerate() {
            let channels: Vec<&[u16]> = samples.chunks_exact(self.samples).map(|channel| &channel[self.skipped..]).collect();
            let ranges: Vec<Option<[u16; 2]>> = channels.iter().map(|channel| quiet_range(channel, &mut self.counts)).collect();
            for start in &starts {
                let quiet = channels.iter().zip(&ranges).filter_map(|(channel, range)| {
                    let ([low, high], stretch) = ((*range)?, &channel[*start..start + length]);
                    stretch.iter().all(|sample| (low..=high).contains(sample)).then_some(stretch)
                });
                let quiet: Vec<&[u16]> = quiet.collect();
                if let Some(sums) = self.groups.get_mut(group).filter(|_| quiet.len() >= 2) {
                    sums.add(&quiet, part, &self.spectra, &mut self.pairs);
                }
            }
        }
    }

    /// Events that went in.
    #[must_use]
    pub fn events(&self) -> usize {
        self.events
    }

    /// The groups' noise.
    #[must_use]
    pub fn measure(&self) -> NoiseSection {
        let group = |(index, sums): (usize, &GroupSums)| {
            let mut found = sums.measure(&self.spectra, self.frequency_step_khz);
            (found.group, found.first_channel) = (index as u32, (index * self.group_size) as u32);
            found
        };
        NoiseSection {
            segment_ticks: self.spectra.length() as u64,
            frequency_step_khz: self.frequency_step_khz,
            signal_sigma: SIGNAL_SIGMA,
            groups: self.groups.iter().enumerate().map(group).collect(),
        }
    }
}

/// The samples that are no signal, from a channel's median and the width of its lower half, which no pulse reaches; none for no
/// samples.
fn quiet_range(samples: &[u16], counts: &mut Vec<u32>) -> Option<[u16; 2]> {
    counts.clear();
    counts.resize(usize::from(samples.iter().copied().max()?) + 1, 0);
    samples.iter().for_each(|sample| counts[usize::from(*sample)] += 1);
    let quantile = |part: f64| {
        let wanted = part * samples.len() as f64;
        let mut below = 0.0;
        for (place, count) in counts.iter().enumerate() {
            let count = f64::from(*count);
            if below + count > wanted {
                return place as f64 - 0.5 + (wanted - below) / count;
            }
            below += count;
        }
        counts.len() as f64
    };
    let median = quantile(0.5);
    let reach = SIGNAL_SIGMA * (median - quantile(0.158_655)).max(0.3);
    Some([(median - reach).max(0.0).ceil() as u16, (median + reach).floor() as u16])
}

impl GroupSums {
    /// Adds the quiet channels of one stretch.
    fn add(&mut self, quiet: &[&[u16]], part: usize, spectra: &Spectra, pairs: &mut Vec<Pair>) {
        let count = quiet.len();
        pairs.resize(pairs.len().max(count.div_ceil(2)), Pair::default());
        for (two, pair) in quiet.chunks(2).zip(pairs.iter_mut()) {
            spectra.transform(two[0], two[two.len() - 1], pair);
        }
        let (mut whole, mut shared) = (0.0, 0.0);
        for frequency in 0..spectra.count() {
            let (mut sum, mut squares) = ([0.0; 2], 0.0);
            for (two, pair) in quiet.chunks(2).zip(pairs.iter()) {
                for amplitude in &pair.amplitudes(frequency)[..two.len()] {
                    sum = [sum[0] + amplitude[0], sum[1] + amplitude[1]];
                    squares += amplitude[0] * amplitude[0] + amplitude[1] * amplitude[1];
                }
            }
            let common = sum[0] * sum[0] + sum[1] * sum[1] - squares;
            self.whole[frequency] += squares;
            self.shared[frequency] += common;
            whole += spectra.weight(frequency) * squares;
            shared += spectra.weight(frequency) * common;
        }
        self.stretches += count as u64;
        let sums = &mut self.parts[part];
        sums.whole += whole;
        sums.whole_weight += count as f64;
        sums.shared += shared;
        sums.shared_weight += (count * (count - 1)) as f64;
    }

    fn measure(&self, spectra: &Spectra, step_khz: f64) -> GroupNoise {
        let all = PartSums::sum(&self.parts);
        let mut found = GroupNoise {
            group: 0,
            first_channel: 0,
            channels: self.channels as u32,
            segments: self.stretches,
            noise_adc: Measured::NoData,
            coherent_adc: Measured::NoData,
            incoherent_adc: Measured::NoData,
            peak_khz: None,
            peak_ratio: None,
            noise_adc2_per_khz: Vec::new(),
            coherent_adc2_per_khz: Vec::new(),
        };
        if self.stretches == 0 {
            return found;
        }
        found.noise_adc = self.rms(PartSums::whole_variance, 0.0);
        found.coherent_adc = self.rms(PartSums::shared_variance, LEAST_SIGNIFICANCE);
        found.incoherent_adc = self.rms(PartSums::own_variance, 0.0);
        let density = |sums: &[f64], weight: f64| -> Vec<f64> {
            sums.iter().enumerate().map(|(frequency, sum)| spectra.weight(frequency) * sum / weight / step_khz).collect()
        };
        found.noise_adc2_per_khz = density(&self.whole, all.whole_weight);
        found.coherent_adc2_per_khz = density(&self.shared, all.shared_weight);
        if let Some((frequency, ratio)) = peak(&found.noise_adc2_per_khz) {
            (found.peak_khz, found.peak_ratio) = (Some(frequency as f64 * step_khz), Some(ratio));
        }
        found
    }

    /// A variance as RMS with its error; not measured when it is not `least` errors above 0 or the events are too few.
    fn rms(&self, variance: impl Fn(&PartSums) -> f64, least: f64) -> Measured {
        let filled = (0..PARTS).filter(|part| self.parts[*part].whole_weight > 0.0);
        let without: Vec<f64> = filled.map(|part| variance(&PartSums::sum_without(&self.parts, part))).collect();
        let value = variance(&PartSums::sum(&self.parts));
        match jackknife_error(&without).filter(|error| without.len() >= LEAST_PARTS && error.is_finite()) {
            Some(error) if value > least * error => Measured::number(value.sqrt(), 0.5 * error / value.sqrt()),
            _ => Measured::NotMeasured,
        }
    }
}

impl PartSums {
    fn sum(parts: &[PartSums]) -> Self {
        parts.iter().fold(PartSums::default(), |sum, part| PartSums {
            whole: sum.whole + part.whole,
            whole_weight: sum.whole_weight + part.whole_weight,
            shared: sum.shared + part.shared,
            shared_weight: sum.shared_weight + part.shared_weight,
        })
    }

    fn sum_without(parts: &[PartSums; PARTS], without: usize) -> Self {
        let mut parts = *parts;
        parts[without] = PartSums::default();
        PartSums::sum(&parts)
    }

    fn whole_variance(&self) -> f64 {
        self.whole / self.whole_weight
    }

    fn shared_variance(&self) -> f64 {
        self.shared / self.shared_weight
    }

    fn own_variance(&self) -> f64 {
        self.whole_variance() - self.shared_variance()
    }
}

/// The frequency whose power is highest over the median of its neighbours, and that ratio; none for too short a spectrum.
fn peak(power: &[f64]) -> Option<(usize, f64)> {
    let ratio = |frequency: usize| {
        let (from, to) = (frequency.saturating_sub(NEIGHBOURS).max(LOWEST_PEAK), (frequency + NEIGHBOURS + 1).min(power.len()));
        let mut near: Vec<f64> = power[from..to].to_vec();
        near.sort_by(f64::total_cmp);
        power[frequency] / near[near.len() / 2]
    };
    let frequencies = LOWEST_PEAK..power.len().saturating_sub(1);
    frequencies
        .map(|frequency| (frequency, ratio(frequency)))
        .filter(|(_, ratio)| ratio.is_finite())
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rawdata::EventHeader;
    use monitasks::detector::Detector;
    use rand::SeedableRng;
    use rand_distr::{Distribution, Normal};

    /// A detector of two groups of 32 channels.
    fn small_detector() -> Detector {
        let mut detector = crate::detector::load("3x1x1", "", std::path::Path::new(".")).unwrap();
        detector.readout.channels = 64;
        detector.channel_map.truncate(64);
        detector
    }

    /// White noise of 1.7, shared noise in the first group alone, with a line in it; a pulse on one channel of five.
    fn event(detector: &Detector, seed: u64, shared_adc: f64, line_adc: f64, pulse_adc: f64) -> Event {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let (white, common) = (Normal::new(0.0, 1.7).unwrap(), Normal::new(0.0, shared_adc).unwrap());
        let ticks = detector.readout.samples;
        let shared: Vec<f64> =
            (0..ticks).map(|tick| common.sample(&mut random) + line_adc * (0.8 * tick as f64 + seed as f64).sin()).collect();
        let samples = (0..64 * ticks).map(|place| {
            let (channel, tick) = (place / ticks, place % ticks);
            let pulse = if channel % 5 == 0 && (700..740).contains(&tick) { pulse_adc } else { 0.0 };
            let shared = if channel < 32 { shared[tick] } else { 0.0 };
            (60.4 + white.sample(&mut random) + shared + pulse).round().max(0.0) as u16
        });
        Event { header: EventHeader::default(), samples: samples.collect() }
    }

    fn measured(events: u64, shared_adc: f64, line_adc: f64, pulse_adc: f64) -> NoiseSection {
        let detector = small_detector();
        let mut sums = NoiseSums::new(&detector);
        (0..events).for_each(|seed| sums.add(&event(&detector, seed, shared_adc, line_adc, pulse_adc)));
        sums.measure()
    }

    #[test]
    fn shared_noise_is_told_from_the_channels_own() {
        let found = measured(25, 0.5, 0.0, 60.0);
        let own = (1.7f64.powi(2) + 1.0 / 12.0).sqrt(); // rounding adds its own
        for (group, shared) in found.groups.iter().zip([Some(0.5), None]) {
            let (value, error) = group.incoherent_adc.value_and_error().unwrap();
            assert!((value - own).abs() < 4.0 * error && error < 0.02, "{value} +- {error} for {own}");
            match (shared, group.coherent_adc.value_and_error()) {
                (Some(shared), Some((value, error))) => {
                    assert!((value - shared).abs() < 4.0 * error && error < 0.03, "{value} +- {error} for {shared}");
                }
                (None, None) => {}
                (shared, found) => panic!("{found:?} for {shared:?}"),
            }
        }
        let area: f64 = found.groups[1].noise_adc2_per_khz.iter().sum::<f64>() * found.frequency_step_khz;
        assert!((area.sqrt() - found.groups[1].noise_adc.value().unwrap()).abs() < 1e-9, "the spectrum's area is the variance");
    }

    #[test]
    fn a_line_stands_out_at_its_frequency() {
        let found = measured(6, 0.1, 0.8, 0.0);
        let expected_khz = 0.8 / std::f64::consts::TAU * 2500.0;
        let [first, second] = &found.groups[..] else { panic!("two groups") };
        assert!((first.peak_khz.unwrap() - expected_khz).abs() < found.frequency_step_khz, "{:?}", first.peak_khz);
        assert!(first.peak_ratio.unwrap() > 10.0 && second.peak_ratio.unwrap() < 3.0);
        let (value, _) = first.coherent_adc.value_and_error().unwrap();
        assert!((value - (0.1f64.powi(2) + 0.8f64.powi(2) / 2.0).sqrt()).abs() < 0.03, "{value}");
    }

    #[test]
    fn few_events_have_spectra_and_no_numbers_and_none_have_nothing() {
        let few = &measured(4, 0.5, 0.0, 0.0).groups[0];
        assert_eq!((few.noise_adc, few.noise_adc2_per_khz.len()), (Measured::NotMeasured, 257));
        let none = &measured(0, 0.5, 0.0, 0.0).groups[0];
        assert_eq!((none.noise_adc, none.noise_adc2_per_khz.len(), none.peak_khz), (Measured::NoData, 0, None));
    }

    #[test]
    fn incomplete_and_short_events_are_no_harm() {
        let detector = small_detector();
        let mut sums = NoiseSums::new(&detector);
        let mut incomplete = event(&detector, 1, 0.0, 0.0, 0.0);
        incomplete.header.flags = 1;
        sums.add(&incomplete);
        assert_eq!(sums.events(), 0);
        sums.add(&Event { samples: vec![60; 5000], ..Event::default() });
        assert_eq!(sums.measure().groups[1].noise_adc, Measured::NoData);
    }
}
