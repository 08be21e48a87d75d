//! What the events of a run of the night look like: muons by chance, given as reconstructed files to the analysis of events itself.

use std::path::Path;

use jiff::SignedDuration;
use monitasks::detector::Detector;
use monitasks::format::histograms::Histograms;
use monitasks::vocab::{FileId, View};

use super::chance::Chance;
use super::plan::{EVENTS, FILES, LEM, RunPlan, death};
use crate::analysis::events::EventSums;
use crate::reconstruction::recofile::{Meta, RecoData};

/// Hits of a strip in an event, on average, and of a noisy one.
const HITS_OF_STRIP: f64 = 0.25;
const HITS_OF_NOISY: f64 = 1.6;
/// Tracks of an event: in each view, and matched.
const TRACKS: [f64; 3] = [3.4, 4.1, 2.6];
/// Mean charge of a hit at the anode, fC.
const CHARGE_FC: f64 = 4.7;
/// Times between events are no longer than so many mean ones: nothing was missed.
const LONGEST_WAIT: f64 = 6.0;

/// Histograms and numbers of a run's events.
pub(super) fn measured(plan: &RunPlan, detector: &Detector, seed: u64) -> Histograms {
    let mut chance = Chance::of(seed, plan.run.0, "events");
    // Every other run was taken with a trigger of a little higher threshold, which leaves busier events.
    let busy = 1.0 + if plan.run.0.is_multiple_of(2) { 0.035 } else { -0.035 } + 0.005 * chance.normal();
    let mut sums = EventSums::new(detector);
    let mut trigger = 0;
    for sequence in 0..FILES {
        let (file, span) = plan.file(sequence);
        let mut data = empty(file, detector);
        let length_s = span[1].duration_since(span[0]).as_secs_f64();
        let waits: Vec<f64> = (0..=EVENTS).map(|_| chance.wait().min(LONGEST_WAIT)).collect();
        let scale_s = length_s / waits.iter().sum::<f64>();
        let mut at = span[0];
        for (number, wait) in (0..EVENTS).zip(waits) {
            at += SignedDuration::from_nanos((1e9 * wait * scale_s) as i64);
            trigger += 1;
            push_header(&mut data, number, trigger, at);
            let is_dead = at >= death();
            push_hits(&mut data, number, (detector, busy, is_dead), plan.lifetime_us, &mut chance);
            push_tracks(&mut data, number, (detector, busy, is_dead), &mut chance);
        }
        sums.add(&data);
    }
    sums.measure()
}

fn empty(file: FileId, detector: &Detector) -> RecoData {
    RecoData::new(Meta {
        software: crate::SOFTWARE.into(),
        settings: String::new(),
        detector: detector.name.clone(),
        channel_map: detector.channel_map_name.clone(),
        raw_file: Path::new(&format!("{file}.dat")).display().to_string(),
        file,
        events: u64::from(EVENTS),
        raw_events: u64::from(EVENTS),
        masked_channels: String::new(),
    })
}

fn push_header(data: &mut RecoData, number: u32, trigger: i64, at: jiff::Timestamp) {
    let events = &mut data.events;
    events.event.push(number.cast_signed());
    events.number.push(number.into());
    events.trigger_number.push(trigger);
    events.seconds.push(at.as_second());
    events.nanoseconds.push(at.subsec_nanosecond());
    events.complete.push(1);
}

/// Whether a place of the readout, cm, is above the LEM that dies.
fn is_of_lem(detector: &Detector, x_cm: f64, y_cm: f64) -> bool {
    let (grid, volume) = (&detector.lems, &detector.volume);
    let cell = |at: f64, low: f64| ((at - low) / grid.size_cm).floor() as u32;
    // The result files count x fastest, from 1.
    1 + cell(x_cm, volume.x_cm[0]) + u32::from(grid.columns) * cell(y_cm, volume.y_cm[0]) == LEM
}

fn push_hits(
    data: &mut RecoData,
    number: u32,
    (detector, busy, is_dead): (&Detector, f64, bool),
    lifetime_us: f64,
    chance: &mut Chance,
) {
    let [x, y] = [detector.volume.x_cm, detector.volume.y_cm];
    let drift_us = 10.0 * detector.volume.drift_cm / detector.drift.velocity_mm_per_us;
    for view in View::ALL {
        let facts = detector.view(view);
        let pitch_cm = 0.1 * facts.pitch_mm;
        for strip in (0..facts.strips as u32).filter(|strip| !facts.blind_strips.contains(strip)) {
            let hits = if facts.noisy_strips.contains(&strip) { HITS_OF_NOISY } else { HITS_OF_STRIP };
            for _ in 0..chance.count(hits * busy) {
                let along = pitch_cm * (f64::from(strip) + 0.5);
                let [x_cm, y_cm] = match view {
                    View::V0 => [x[0] + along, chance.between(y[0], y[1])],
                    View::V1 => [chance.between(x[0], x[1]), y[0] + along],
                };
                let (t_us, spread, wide) = (chance.between(0.0, drift_us), chance.wait(), chance.wait());
                if is_dead && is_of_lem(detector, x_cm, y_cm) {
                    continue;
                }
                let charge = CHARGE_FC * (0.75 + 0.25 * spread) * libm::exp(-t_us / lifetime_us);
                let rows = &mut data.hits;
                rows.event.push(number.cast_signed());
                rows.view.push(u8::from(view).into());
                rows.strip.push(strip.cast_signed());
                rows.width_ticks.push(9 + (4.0 * wide) as i32);
                rows.drift_us.push(t_us as f32);
                rows.charge_fc.push(charge as f32);
            }
        }
    }
}

fn push_tracks(data: &mut RecoData, number: u32, (detector, busy, is_dead): (&Detector, f64, bool), chance: &mut Chance) {
    let volume = &detector.volume;
    for (view, mean) in (0..2).zip(TRACKS) {
        for _ in 0..chance.count(mean * busy) {
            data.tracks.event.push(number.cast_signed());
            data.tracks.view.push(view);
        }
    }
    for _ in 0..chance.count(TRACKS[2] * busy) {
        // From the sky: cos squared of the zenith angle, any way around, through a place of the volume.
        let start = [chance.between(volume.x_cm[0], volume.x_cm[1]), chance.between(volume.y_cm[0], volume.y_cm[1])];
        let cos = libm::cbrt(chance.between(0.1, 1.0));
        let across = libm::sqrt(1.0 - cos * cos);
        let (sin_phi, cos_phi) = libm::sincos(chance.between(0.0, std::f64::consts::TAU));
        let down_cm = chance.between(20.0, volume.drift_cm);
        let upper_cm = chance.between(0.0, volume.drift_cm - down_cm + 1.0);
        if is_dead && is_of_lem(detector, start[0], start[1]) {
            continue;
        }
        let end = |at: f64, direction: f64, range: [f64; 2]| (at + direction * across / cos * down_cm).clamp(range[0], range[1]);
        let rows = &mut data.matched;
        rows.event.push(number.cast_signed());
        rows.start_x_cm.push(start[0] as f32);
        rows.start_y_cm.push(start[1] as f32);
        rows.start_z_cm.push(upper_cm as f32);
        rows.end_x_cm.push(end(start[0], cos_phi, volume.x_cm) as f32);
        rows.end_y_cm.push(end(start[1], sin_phi, volume.y_cm) as f32);
        rows.end_z_cm.push((upper_cm + down_cm) as f32);
    }
}
