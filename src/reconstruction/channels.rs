//! Groups of channels through pedestals, coherent noise and hits.
//!
//! An event is worked off group by group: what is in hand is the event's samples and one group's rows. A row holds a channel's
//! samples, the empty ones at the start left out, as whole numbers in eighths of an ADC count over the pedestal, which keeps
//! 12-bit samples inside 16 bits and makes room for a pedestal between two counts.

use std::time::Instant;

use monitasks::detector::Detector;
use monitasks::vocab::Channel;

use super::coherent::CoherentNoise;
use super::hits::{ChannelFacts, Hit, HitFinder};
use super::mask::Mask;
use super::pedestal::{BLOCK, Level, Pedestal, PedestalFinder};
use super::timing::{Stage, StageTimes};
use super::wide;
use crate::config::ReconstructionSettings;

/// What a reconstruction needs to know besides the events.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    /// The detector.
    pub detector: &'a Detector,
    /// The cuts.
    pub settings: &'a ReconstructionSettings,
    /// Channels that give no hits and take no part in a group's median.
    pub mask: &'a Mask,
}

/// What was found on some channels.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChannelsFound {
    /// Pedestal of each channel, with the RMS of the raw samples.
    pub pedestals: Vec<Pedestal>,
    /// RMS of each channel after coherent noise is gone, ADC counts.
    pub filtered_rms_adc: Vec<f32>,
    /// The hits, by channel and time.
    pub hits: Vec<Hit>,
}

/// Searches channels; keeps its buffers from one group to the next.
#[derive(Debug)]
pub struct ChannelSearch<'a> {
    setup: Setup<'a>,
    finder: PedestalFinder,
    coherent: CoherentNoise,
    hits: HitFinder,
    rows: Vec<i16>,
    rms: Vec<f32>,
    levels: Vec<Level>,
    /// Time spent.
    pub times: StageTimes,
}

/// Bits of a row's unit below an ADC count.
const FRACTION_BITS: u32 = 3;
/// Units of a row in an ADC count.
const SCALE: f32 = (1 << FRACTION_BITS) as f32;
/// A channel this many times wider than the group's middle one may be filled by a track.
const SUSPICIOUS_WIDTH: f32 = 2.0;
/// Largest sample there is.
const MOST_ADC: u16 = 4095;

impl<'a> ChannelSearch<'a> {
    /// A search with these settings.
    #[must_use]
    pub fn new(setup: Setup<'a>) -> Self {
        let settings = setup.settings;
        ChannelSearch {
            setup,
            finder: PedestalFinder::new(settings.pedestal_clip_sigma),
            coherent: CoherentNoise::new(settings.coherent_signal_sigma, settings.coherent_quiet_fraction),
            hits: HitFinder::default(),
            rows: Vec::new(),
            rms: Vec::new(),
            levels: Vec::new(),
            times: StageTimes::default(),
        }
    }

    /// Samples of one group in an event.
    #[must_use]
    pub fn samples_per_group(detector: &Detector) -> usize {
        detector.readout.samples.max(1) * detector.readout.coherent_group.max(1)
    }

    /// Searches one group: `raw` is its samples, channel-major, `group` its place in the event.
    pub fn group(&mut self, raw: &[u16], group: usize, found: &mut ChannelsFound) {
        let readout = &self.setup.detector.readout;
        let ticks = readout.samples.max(1);
        let skipped = readout.skipped_samples.min(ticks);
        let length = ticks - skipped;
        let stride = length.next_multiple_of(BLOCK).max(BLOCK);
        let channels = raw.len() / ticks;
        let first_channel = group * readout.coherent_group.max(1);
        let start = Instant::now();
        self.rows.resize(channels * stride, 0);
        self.rms.clear();
        let first = found.pedestals.len();
        for (place, samples) in raw.chunks_exact(ticks).enumerate() {
            let row = &mut self.rows[place * stride..(place + 1) * stride];
            let pedestal = pedestal(&samples[skipped..], row, |row| self.finder.find(row));
            let is_masked = self.setup.mask.is_masked(Channel((first_channel + place) as u32));
            self.rms.push(if is_masked { 0.0 } else { SCALE * pedestal.rms_adc });
            found.pedestals.push(pedestal);
        }
        self.look_again(raw, (ticks, skipped, stride), &mut found.pedestals[first..]);
        let start = self.times.since(start, Stage::Pedestals);
        if self.setup.settings.remove_coherent_noise {
            self.coherent.remove(&mut self.rows, &self.rms);
        }
        let start = self.times.since(start, Stage::CoherentNoise);
        self.levels.clear();
        let pedestals = &found.pedestals[found.pedestals.len() - channels..];
        for (row, pedestal) in self.rows.chunks_exact(stride).zip(pedestals) {
            let mut level = Level { mean: 0.0, rms: SCALE * pedestal.rms_adc };
            if self.setup.settings.remove_coherent_noise {
                level = self.finder.refine(&row[..length], level, SCALE);
            } else {
                level.mean = SCALE * pedestal.mean_adc - (SCALE * pedestal.mean_adc).round();
            }
            self.levels.push(level);
            found.filtered_rms_adc.push(level.rms / SCALE);
        }
        let start = self.times.since(start, Stage::Noise);
        let Setup { detector, settings, mask } = self.setup;
        let channels = (first_channel as u32..).map(Channel);
        for ((row, level), channel) in self.rows.chunks_exact(stride).zip(&self.levels).zip(channels) {
            let Some(strip) = detector.strip(channel).filter(|_| !mask.is_masked(channel)) else { continue };
            let facts = ChannelFacts { channel, strip, level: *level, unit_adc: 1.0 / SCALE, first_tick: skipped };
            self.hits.find(&row[..length], facts, detector, settings, &mut found.hits);
        }
        self.times.since(start, Stage::Hits);
    }
}

impl ChannelSearch<'_> {
    /// Channels that are far wider than the group's others are looked at again: a track along the drift may fill them.
    fn look_again(&mut self, raw: &[u16], (ticks, skipped, stride): (usize, usize, usize), pedestals: &mut [Pedestal]) {
        let mut widths: Vec<f32> = self.rms.iter().copied().filter(|rms| *rms > 0.0).collect();
        if widths.is_empty() {
            return;
        }
        let middle = widths.len() / 2;
        let typical = *widths.select_nth_unstable_by(middle, f32::total_cmp).1;
        for place in 0..pedestals.len() {
            if self.rms[place] > SUSPICIOUS_WIDTH * typical {
                let samples = &raw[place * ticks + skipped..(place + 1) * ticks];
                let row = &mut self.rows[place * stride..(place + 1) * stride];
                pedestals[place] =
                    pedestal(samples, row, |row| self.finder.find_lowest(row, typical / SCALE).unwrap_or(pedestals[place]));
                self.rms[place] = SCALE * pedestals[place].rms_adc;
            }
        }
    }
}

/// The pedestal that `find` finds of a channel's samples, which become a row over it; what the row has more is 0.
fn pedestal(samples: &[u16], row: &mut [i16], find: impl FnOnce(&[i16]) -> Pedestal) -> Pedestal {
    let (row, rest) = row.split_at_mut(samples.len());
    wide::take(samples, MOST_ADC, row);
    let pedestal = find(row);
    let level = (SCALE * pedestal.mean_adc).round().clamp(0.0, SCALE * f32::from(MOST_ADC)) as i16;
    wide::centre(row, FRACTION_BITS, level);
    rest.fill(0);
    pedestal
}
