//! Hits: the pieces of a strip's waveform that hold charge.
//!
//! A run of samples above threshold is a pulse, or several that overlap, or the long trace of a track that runs along the
//! drift. Such a run is cut at deep valleys and then into pieces of a bounded length, so that each hit has one place and one
//! time. Cutting loses no charge: pieces touch, and only the outer ends are padded.

use monitasks::detector::{Detector, Readout, Strip};
use monitasks::vocab::Channel;

use super::pedestal::{BLOCK, Level};
use super::wide;
use crate::config::ReconstructionSettings;

/// A piece of charge on one strip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The channel, in DAQ order.
    pub channel: Channel,
    /// The strip it reads.
    pub strip: Strip,
    /// First tick of the integral.
    pub start_tick: u32,
    /// One past the last tick of the integral.
    pub end_tick: u32,
    /// Tick of the highest sample, between samples where the pulse's top says so.
    pub peak_tick: f32,
    /// Height of the highest sample above the pedestal, ADC counts.
    pub peak_adc: f32,
    /// Charge-weighted mean tick of the part above threshold.
    pub mean_tick: f32,
    /// Ticks above threshold.
    pub width_ticks: u32,
    /// Charge, fC.
    pub charge_fc: f32,
    /// Drift time, us.
    pub drift_us: f32,
    /// Whether the run of samples that it is of was cut: its neighbour goes on where it ends.
    pub cut: bool,
}

/// What one channel's hits need besides its samples.
#[derive(Debug, Clone, Copy)]
pub struct ChannelFacts {
    /// The channel.
    pub channel: Channel,
    /// The strip it reads.
    pub strip: Strip,
    /// Pedestal and noise that are left after the coherent part is gone, in units of the row.
    pub level: Level,
    /// ADC counts in a unit of the row.
    pub unit_adc: f32,
    /// Ticks before the row's first sample.
    pub first_tick: usize,
}

/// A channel's samples as heights over the pedestal.
#[derive(Clone, Copy)]
struct Waveform<'a> {
    row: &'a [i16],
    facts: ChannelFacts,
}

impl Waveform<'_> {
    /// Height of a sample over the pedestal, ADC counts.
    fn height(&self, place: usize) -> f32 {
        (f32::from(self.row[place]) - self.facts.level.mean) * self.facts.unit_adc
    }

    /// Sum of the heights in a range, ADC counts x ticks.
    fn area(&self, from: usize, to: usize) -> f32 {
        let sum: i32 = self.row[from..to].iter().map(|value| i32::from(*value)).sum();
        (sum as f32 - (to - from) as f32 * self.facts.level.mean) * self.facts.unit_adc
    }
}

/// Finds hits; keeps its buffers from one channel to the next.
#[derive(Debug, Default)]
pub struct HitFinder {
    flags: Vec<u8>,
    runs: Vec<(usize, usize)>,
    pieces: Vec<(usize, usize)>,
}

impl HitFinder {
    /// Appends the hits of one channel to `hits`.
    pub fn find(
        &mut self,
        row: &[i16],
        facts: ChannelFacts,
        detector: &Detector,
        settings: &ReconstructionSettings,
        hits: &mut Vec<Hit>,
    ) {
        if facts.level.rms <= 0.0 {
            return;
        }
        let threshold = settings.hit_threshold_sigma as f32 * facts.level.rms;
        let threshold_adc = threshold * facts.unit_adc;
        let limit = (facts.level.mean + threshold).floor().clamp(-32_768.0, 32_767.0) as i16;
        self.runs_above(row, limit, settings.hit_min_width_ticks.max(1));
        let waveform = Waveform { row, facts };
        let readout = &detector.readout;
        let fc_per_area = 1.0 / detector.view(facts.strip.view).adc_ticks_per_fc as f32;
        for (index, run) in self.runs.iter().enumerate() {
            let first = match index.checked_sub(1).map(|before| parting(row, self.runs[before].1, run.0, settings)) {
                Some(Some(tick)) => tick,
                _ => run.0.saturating_sub(settings.hit_pad_before_ticks),
            };
            let last = match self.runs.get(index + 1).map(|next| parting(row, run.1, next.0, settings)) {
                Some(Some(tick)) => tick,
                _ => (run.1 + settings.hit_pad_after_ticks).min(row.len()),
            };
            cut_run(waveform, *run, threshold_adc, settings, &mut self.pieces);
            for (order, piece) in self.pieces.iter().enumerate() {
                let from = if order == 0 { first } else { piece.0 };
                let to = if order + 1 == self.pieces.len() { last } else { piece.1 };
                hits.push(hit_of(waveform, *piece, (from, to), fc_per_area, self.pieces.len() > 1, readout));
            }
        }
    }

    /// Notes the runs `[from, to)` of at least `min_width` samples above the limit.
    fn runs_above(&mut self, row: &[i16], limit: i16, min_width: usize) {
        wide::mark_outside(row, [i16::MIN, limit], &mut self.flags);
        self.runs.clear();
        let (mut open, mut close) = (None, |from: usize, to: usize| {
            if to - from >= min_width {
                self.runs.push((from, to));
            }
        });
        let mut place = 0;
        while place * BLOCK < row.len() {
            if open.is_none() {
                // Most blocks hold nothing; the last one may be too short to have a flag.
                let ahead = self.flags.get(place..).unwrap_or_default();
                place += ahead.iter().position(|flag| *flag != 0).unwrap_or(ahead.len());
            }
            let from = (place * BLOCK).min(row.len());
            for (tick, value) in (from..).zip(&row[from..(from + BLOCK).min(row.len())]) {
                match (open, *value > limit) {
                    (None, true) => open = Some(tick),
                    (Some(from), false) => {
                        close(from, tick);
                        open = None;
                    }
                    _ => {}
                }
            }
            place += 1;
        }
        if let Some(from) = open {
            close(from, row.len());
        }
    }
}

/// Where two runs part that are so near that their pads would meet: at the lowest sample between; none when they are farther apart.
fn parting(row: &[i16], end: usize, start: usize, settings: &ReconstructionSettings) -> Option<usize> {
    if start - end >= settings.hit_pad_before_ticks + settings.hit_pad_after_ticks {
        return None;
    }
    (end..start).min_by_key(|tick| row[*tick])
}

/// Cuts a run into `pieces`: at its valleys, then into equal parts of a bounded length.
///
/// A valley parts two pulses when it is below the settings' fraction of the lower one, and by more than the threshold.
fn cut_run(
    waveform: Waveform,
    run: (usize, usize),
    threshold_adc: f32,
    settings: &ReconstructionSettings,
    pieces: &mut Vec<(usize, usize)>,
) {
    let (longest, fraction) = (settings.hit_max_width_ticks.max(4), settings.hit_valley_fraction as f32);
    pieces.clear();
    let mut start = run.0;
    let mut cut = |end: usize| {
        let length = end - start;
        let parts = length.div_ceil(longest).max(1);
        pieces.extend((0..parts).map(|part| (start + part * length / parts, start + (part + 1) * length / parts)));
        start = end;
    };
    let (mut peak, mut valley) = (waveform.height(run.0), None::<(usize, f32)>);
    for tick in run.0 + 1..run.1 {
        let value = waveform.height(tick);
        match valley {
            Some((_, lowest)) if value < lowest => valley = Some((tick, value)),
            Some((place, lowest)) => {
                let lower = peak.min(value);
                if lower - lowest > threshold_adc && lowest < fraction * lower {
                    cut(place);
                    (peak, valley) = (value, None);
                } else if value > peak {
                    (peak, valley) = (value, None);
                }
            }
            None if value > peak => peak = value,
            None => valley = Some((tick, value)),
        }
    }
    cut(run.1);
}

/// The hit of one piece, with its charge over the padded range `integral`.
fn hit_of(
    waveform: Waveform,
    piece: (usize, usize),
    integral: (usize, usize),
    fc_per_area: f32,
    cut: bool,
    readout: &Readout,
) -> Hit {
    let facts = waveform.facts;
    let (mut sum, mut moment, mut top) = (0.0, 0.0, piece.0);
    for place in piece.0..piece.1 {
        let height = waveform.height(place);
        sum += height;
        moment += height * (place - piece.0) as f32;
        if waveform.row[place] > waveform.row[top] {
            top = place;
        }
    }
    let width = piece.1 - piece.0;
    let first = facts.first_tick as f32;
    let mean_tick = first + piece.0 as f32 + if sum > 0.0 { moment / sum } else { (width as f32 - 1.0) / 2.0 };
    let peak_tick = first + peak_between(waveform, top);
    let tick = if cut { mean_tick } else { peak_tick };
    Hit {
        channel: facts.channel,
        strip: facts.strip,
        start_tick: (facts.first_tick + integral.0) as u32,
        end_tick: (facts.first_tick + integral.1) as u32,
        peak_tick,
        peak_adc: waveform.height(top),
        mean_tick,
        width_ticks: width as u32,
        charge_fc: waveform.area(integral.0, integral.1) * fc_per_area,
        drift_us: tick * readout.sampling_us as f32 - readout.electronics_delay_us as f32,
        cut,
    }
}

/// Where the parabola through the highest sample and its neighbours peaks, in places of the row.
fn peak_between(waveform: Waveform, top: usize) -> f32 {
    let Some(before) = top.checked_sub(1).filter(|_| top + 1 < waveform.row.len()) else { return top as f32 };
    let (before, at, after) = (waveform.height(before), waveform.height(top), waveform.height(top + 1));
    let curvature = before - 2.0 * at + after;
    if curvature >= 0.0 {
        return top as f32;
    }
    top as f32 + (0.5 * (before - after) / curvature).clamp(-0.5, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use monitasks::vocab::View;
    use proptest::prelude::*;

    const FACTS: ChannelFacts = ChannelFacts {
        channel: Channel(7),
        strip: Strip { view: View::V0, number: 5 },
        level: Level { mean: 1.5, rms: 8.0 },
        unit_adc: 1.0 / 8.0,
        first_tick: 3,
    };

    fn find(row: &[i16], settings: &ReconstructionSettings) -> Vec<Hit> {
        let detector = crate::detector::load("3x1x1", "", std::path::Path::new(".")).unwrap();
        let mut hits = Vec::new();
        HitFinder::default().find(row, FACTS, &detector, settings, &mut hits);
        hits
    }

    /// Eighths of an ADC count: a pulse of this height about a place.
    fn add_pulse(row: &mut [i16], at: f32, height_adc: f32) {
        for (tick, value) in row.iter_mut().enumerate() {
            *value += (8.0 * height_adc * (-0.5 * ((tick as f32 - at) / 2.65).powi(2)).exp()).round() as i16;
        }
    }

    #[test]
    fn a_pulse_is_a_hit_with_its_place_and_area() {
        let mut row = vec![1; 400];
        add_pulse(&mut row, 200.3, 40.0);
        let [hit] = find(&row, &ReconstructionSettings::default())[..] else { panic!("one hit expected") };
        assert!((hit.peak_tick - 203.3).abs() < 0.05 && (hit.peak_adc - 40.0).abs() < 0.5, "{hit:?}");
        let area_adc = 40.0 * 2.65 * (2.0 * std::f32::consts::PI).sqrt();
        // The row stands half a unit under the level: 1/16 ADC count for each tick of the integral.
        let charge_fc = (area_adc - (hit.end_tick - hit.start_tick) as f32 / 16.0) / 59.859;
        assert!((hit.charge_fc / charge_fc - 1.0).abs() < 0.005, "{} for {charge_fc} fC", hit.charge_fc);
        assert!(!hit.cut && hit.start_tick < 195 && hit.end_tick > 211, "{hit:?}");
    }

    #[test]
    fn two_pulses_that_overlap_are_two_hits_that_touch() {
        let mut row = vec![1; 400];
        add_pulse(&mut row, 200.0, 60.0);
        add_pulse(&mut row, 212.0, 50.0);
        let hits = find(&row, &ReconstructionSettings::default());
        assert_eq!(hits.len(), 2, "{hits:?}");
        assert_eq!(hits[0].end_tick, hits[1].start_tick);
    }

    #[test]
    fn pulses_at_both_ends_of_the_row_and_below_the_threshold() {
        let mut row = vec![1; 101];
        add_pulse(&mut row, 0.0, 30.0);
        add_pulse(&mut row, 100.0, 30.0);
        add_pulse(&mut row, 50.0, 3.5);
        let hits = find(&row, &ReconstructionSettings::default());
        assert_eq!(hits.len(), 2, "{hits:?}");
        assert_eq!((hits[0].start_tick, hits[1].end_tick), (3, 104));
    }

    proptest! {
        #[test]
        fn the_runs_are_those_above_the_limit(
            row in proptest::collection::vec(prop_oneof![4 => -20i16..20, 1 => any::<i16>(), 2 => 20i16..60], 0..200),
            limit in -5i16..40,
            width in 1usize..6,
        ) {
            let mut finder = HitFinder::default();
            finder.runs_above(&row, limit, width);
            let mut expected = Vec::new();
            let mut from = 0;
            for run in row.chunk_by(|a, b| (*a > limit) == (*b > limit)) {
                if run[0] > limit && run.len() >= width {
                    expected.push((from, from + run.len()));
                }
                from += run.len();
            }
            prop_assert_eq!(&finder.runs, &expected);
        }

        #[test]
        fn cutting_loses_no_charge(
            row in proptest::collection::vec(prop_oneof![2 => -20i16..20, 3 => 20i16..2000], 0..300),
            longest in 4usize..40,
        ) {
            let settings = ReconstructionSettings { hit_max_width_ticks: longest, ..ReconstructionSettings::default() };
            let hits = find(&row, &settings);
            let whole = find(&row, &ReconstructionSettings { hit_max_width_ticks: 10_000, hit_valley_fraction: 0.0, ..settings });
            let sum = |hits: &[Hit]| hits.iter().map(|hit| f64::from(hit.charge_fc)).sum::<f64>();
            prop_assert!((sum(&hits) - sum(&whole)).abs() <= 1e-4 * sum(&whole).abs() + 1e-3);
            prop_assert!(hits.windows(2).all(|pair| pair[0].end_tick <= pair[1].start_tick));
        }
    }
}
