//! Hits: the pieces of a strip's waveform that hold charge.
//!
//! A run of samples above threshold is a pulse, or several that overlap, or the long trace of a track that runs along the
//! drift. Such a run is cut at deep valleys and then into pieces of a bounded length, so that each hit has one place and one
//! time. Cutting loses no charge: pieces touch, and only the outer ends are padded.

use monitasks::detector::{Detector, Strip};
use monitasks::vocab::Channel;

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

/// Half a pulse's height over a valley, in parts of the lower neighbour, that makes two pulses of it.
const VALLEY_FRACTION: f32 = 0.6;

/// What one channel's hits need besides its samples.
#[derive(Debug, Clone, Copy)]
pub struct ChannelFacts {
    /// The channel.
    pub channel: Channel,
    /// The strip it reads.
    pub strip: Strip,
    /// Noise after the coherent part is gone, ADC counts.
    pub rms_adc: f32,
}

/// Finds the hits of one channel. `samples` are ADC counts over the pedestal; the first ones that carry no data are skipped.
pub fn find(samples: &[f32], facts: ChannelFacts, detector: &Detector, settings: &ReconstructionSettings, hits: &mut Vec<Hit>) {
    if facts.rms_adc <= 0.0 {
        return;
    }
    let threshold = settings.hit_threshold_sigma as f32 * facts.rms_adc;
    let skipped = detector.readout.skipped_samples.min(samples.len());
    let runs = runs_above(samples, skipped, threshold, settings.hit_min_width_ticks.max(1));
    for (index, run) in runs.iter().enumerate() {
        let previous = index.checked_sub(1).map(|before| runs[before]);
        let first = run.0.saturating_sub(settings.hit_pad_before_ticks).max(match previous {
            Some(previous) => lowest(samples, previous.1, run.0),
            None => skipped,
        });
        let last = (run.1 + settings.hit_pad_after_ticks).min(match runs.get(index + 1) {
            Some(next) => lowest(samples, run.1, next.0),
            None => samples.len(),
        });
        let pieces = pieces_of(samples, *run, threshold, settings.hit_max_width_ticks.max(4));
        for (order, piece) in pieces.iter().enumerate() {
            let from = if order == 0 { first } else { piece.0 };
            let to = if order + 1 == pieces.len() { last } else { piece.1 };
            hits.push(hit_of(samples, *piece, (from, to), facts, detector, pieces.len() > 1));
        }
    }
}

/// Runs `[from, to)` of at least `min_width` samples above the threshold.
fn runs_above(samples: &[f32], skipped: usize, threshold: f32, min_width: usize) -> Vec<(usize, usize)> {
    let mut runs = Vec::new();
    let mut tick = skipped;
    while let Some(ahead) = samples[tick..].iter().position(|value| *value > threshold) {
        let from = tick + ahead;
        let length = samples[from..].iter().position(|value| *value <= threshold).unwrap_or(samples.len() - from);
        if length >= min_width {
            runs.push((from, from + length));
        }
        tick = from + length;
    }
    runs
}

/// The tick of the lowest sample in `[from, to)`, where two neighbours part; `from` when there is none.
fn lowest(samples: &[f32], from: usize, to: usize) -> usize {
    (from..to).min_by(|a, b| samples[*a].total_cmp(&samples[*b])).unwrap_or(from)
}

/// Cuts a run at its valleys, then into equal pieces of at most `longest` ticks.
fn pieces_of(samples: &[f32], run: (usize, usize), threshold: f32, longest: usize) -> Vec<(usize, usize)> {
    let mut pieces = Vec::new();
    let mut from = run.0;
    for valley in valleys(samples, run, threshold).into_iter().chain([run.1]) {
        let length = valley - from;
        let parts = length.div_ceil(longest).max(1);
        pieces.extend((0..parts).map(|part| (from + part * length / parts, from + (part + 1) * length / parts)));
        from = valley;
    }
    pieces
}

/// Ticks of the valleys that part two pulses.
fn valleys(samples: &[f32], run: (usize, usize), threshold: f32) -> Vec<usize> {
    let mut found = Vec::new();
    let (mut peak, mut valley) = (samples[run.0], None::<usize>);
    for tick in run.0 + 1..run.1 {
        let value = samples[tick];
        match valley {
            Some(lowest) if value < samples[lowest] => valley = Some(tick),
            Some(lowest) => {
                let depth = peak.min(value) - samples[lowest];
                if depth > threshold && samples[lowest] < VALLEY_FRACTION * peak.min(value) {
                    found.push(lowest);
                    (peak, valley) = (value, None);
                } else if value > peak {
                    (peak, valley) = (value, None);
                }
            }
            None if value > peak => peak = value,
            None => valley = Some(tick),
        }
    }
    found
}

/// The hit of one piece, with its charge over the padded range `integral`.
fn hit_of(
    samples: &[f32],
    piece: (usize, usize),
    integral: (usize, usize),
    facts: ChannelFacts,
    detector: &Detector,
    cut: bool,
) -> Hit {
    let core = &samples[piece.0..piece.1];
    let (sum, moment) =
        core.iter().enumerate().fold((0.0, 0.0), |(sum, moment), (place, value)| (sum + value, moment + value * place as f32));
    let mean_tick = piece.0 as f32 + if sum > 0.0 { moment / sum } else { (core.len() as f32 - 1.0) / 2.0 };
    let top = (piece.0..piece.1).max_by(|a, b| samples[*a].total_cmp(&samples[*b])).unwrap_or(piece.0);
    let area: f32 = samples[integral.0..integral.1].iter().sum();
    let tick = if cut { mean_tick } else { peak_between(samples, top) };
    Hit {
        channel: facts.channel,
        strip: facts.strip,
        start_tick: integral.0 as u32,
        end_tick: integral.1 as u32,
        peak_tick: peak_between(samples, top),
        peak_adc: samples[top],
        mean_tick,
        width_ticks: core.len() as u32,
        charge_fc: area / detector.view(facts.strip.view).adc_ticks_per_fc as f32,
        drift_us: tick * detector.readout.sampling_us as f32 - detector.readout.electronics_delay_us as f32,
        cut,
    }
}

/// Where the parabola through the highest sample and its neighbours peaks.
fn peak_between(samples: &[f32], top: usize) -> f32 {
    let (Some(before), Some(after)) = (top.checked_sub(1).and_then(|tick| samples.get(tick)), samples.get(top + 1)) else {
        return top as f32;
    };
    let curvature = before - 2.0 * samples[top] + after;
    if curvature >= 0.0 {
        return top as f32;
    }
    top as f32 + (0.5 * (before - after) / curvature).clamp(-0.5, 0.5)
}
