//! Events made by hand, small enough to know everything in them.

use monitasks::detector::Detector;
use monitasks::vocab::View;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

use super::event::{EventReconstruction, RecoEvent};
use super::{Mask, Setup};
use crate::config::ReconstructionSettings;
use crate::rawdata::Event;

/// A muon of even charge: where it enters and leaves, cm, as (x, y, z).
type Muon = [[f64; 3]; 2];

/// Charge per length that each view sees, fC/cm.
const DQDS: f64 = 14.91;
const PEDESTAL_ADC: f64 = 60.0;
const NOISE_ADC: f32 = 1.7;

fn detector() -> Detector {
    crate::detector::load("3x1x1", "", std::path::Path::new(".")).unwrap()
}

/// The event that muons leave, with white noise, without attenuation.
fn event_of(muons: &[Muon], detector: &Detector, seed: u64) -> Event {
    let readout = &detector.readout;
    let mut adc = vec![PEDESTAL_ADC; readout.channels * readout.samples];
    for muon in muons {
        for view in View::ALL {
            deposit(*muon, view, detector, &mut adc);
        }
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let noise = Normal::new(0.0f32, NOISE_ADC).unwrap();
    let samples = adc.iter().map(|value| (value + f64::from(noise.sample(&mut random))).round().clamp(0.0, 4095.0) as u16);
    Event { samples: samples.collect(), ..Event::default() }
}

/// Walks along a muon in small steps and adds a pulse for each.
fn deposit(muon: Muon, view: View, detector: &Detector, adc: &mut [f64]) {
    const STEP_CM: f64 = 0.01;
    let [a, b] = muon;
    let length = (0..3).map(|axis| (b[axis] - a[axis]).powi(2)).sum::<f64>().sqrt();
    let channels = detector.channels_of_view(view);
    let low = if view == View::V0 { detector.volume.x_cm[0] } else { detector.volume.y_cm[0] };
    let steps = (length / STEP_CM).round() as usize;
    let samples = detector.readout.samples;
    // Charge collects in fine bins of the strip first: a pulse for each bin is far cheaper than for each step.
    let mut charges = vec![0.0; samples];
    let mut current = None;
    let mut flush = |channel: Option<usize>, charges: &mut Vec<f64>| {
        let Some(channel) = channel else { return };
        for (tick, charge) in charges.iter().enumerate().filter(|(_, charge)| **charge > 0.0) {
            add_pulse(&mut adc[channel * samples..(channel + 1) * samples], tick as f64 + 0.5, *charge);
        }
        charges.fill(0.0);
    };
    for step in 0..steps {
        let part = (step as f64 + 0.5) / steps as f64;
        let at: Vec<f64> = (0..3).map(|axis| a[axis] + part * (b[axis] - a[axis])).collect();
        let strip = ((at[view.index()] - low) / (detector.view(view).pitch_mm / 10.0)).floor() as usize;
        let channel = channels.get(strip).copied().flatten().map(|channel| channel.0 as usize);
        if channel != current {
            flush(current, &mut charges);
            current = channel;
        }
        let tick = detector.drift_time_us(at[2]) / detector.readout.sampling_us;
        if (tick as usize) < samples {
            charges[tick as usize] += DQDS * length / steps as f64 * detector.view(view).adc_ticks_per_fc;
        }
    }
    flush(current, &mut charges);
}

/// A Gaussian pulse of 2.5 us width at half height and this area, ADC counts x ticks.
fn add_pulse(samples: &mut [f64], at: f64, area: f64) {
    const SIGMA: f64 = 2.65;
    let from = (at - 15.0).max(0.0) as usize;
    let to = ((at + 15.0).max(0.0) as usize).min(samples.len());
    for (tick, sample) in samples.iter_mut().enumerate().take(to).skip(from) {
        *sample += area / (SIGMA * (2.0 * std::f64::consts::PI).sqrt()) * (-0.5 * ((tick as f64 - at) / SIGMA).powi(2)).exp();
    }
}

fn found_in(event: &Event, detector: &Detector) -> RecoEvent {
    let (settings, mask) = (ReconstructionSettings::default(), Mask::of_detector(detector));
    EventReconstruction::new(Setup { detector, settings: &settings, mask: &mask }).reconstruct(event)
}

fn reconstruct(muons: &[Muon], seed: u64) -> (Detector, RecoEvent) {
    let detector = detector();
    let event = event_of(muons, &detector, seed);
    let found = found_in(&event, &detector);
    (detector, found)
}

/// Mean dQ/ds of the points of one view, fC/cm.
fn mean_dqds(found: &RecoEvent, view: View) -> f64 {
    let points: Vec<f64> =
        found.points.iter().flatten().filter(|point| point.view == view).map(|point| point.charge_fc / point.step_cm).collect();
    points.iter().sum::<f64>() / points.len() as f64
}

#[test]
fn one_muon_is_one_track_in_each_view_with_its_charge() {
    let muon = [[-30.0, -60.0, 5.0], [20.0, 10.0, 90.0]];
    let (_, found) = reconstruct(&[muon], 1);
    assert_eq!(found.tracks.len(), 2, "{:?}", found.tracks);
    assert_eq!(found.matches.len(), 1);
    for track in &found.tracks {
        let axis = track.view.index();
        for (end, truth) in [(track.start_cm, muon[0]), (track.end_cm, muon[1])] {
            assert!((end[0] - truth[axis]).abs() < 0.6 && (end[1] - truth[2]).abs() < 0.6, "{end:?} for {truth:?}");
        }
    }
    for view in View::ALL {
        let dqds = mean_dqds(&found, view);
        assert!((dqds / DQDS - 1.0).abs() < 0.01, "{dqds} fC/cm for {DQDS} in {view}");
    }
}

#[test]
fn muons_that_cross_are_told_apart_and_matched_right() {
    let muons = [
        [[-30.0, -60.0, 2.0], [35.0, 40.0, 97.0]],
        [[30.0, -50.0, 2.0], [-25.0, 20.0, 98.0]],
        [[0.0, 120.0, 20.0], [40.0, 60.0, 70.0]],
    ];
    let (_, found) = reconstruct(&muons, 2);
    assert_eq!(found.tracks.len(), 6, "{:?}", found.tracks.iter().map(|t| (t.view, t.start_cm, t.end_cm)).collect::<Vec<_>>());
    assert_eq!(found.matches.len(), 3);
    for view in View::ALL {
        let dqds = mean_dqds(&found, view);
        assert!((dqds / DQDS - 1.0).abs() < 0.03, "{dqds} fC/cm for {DQDS} in {view}");
    }
}

#[test]
fn an_event_of_noise_alone_has_pedestals_and_no_tracks() {
    let (detector, found) = reconstruct(&[], 3);
    assert_eq!(found.pedestals.len(), detector.readout.channels);
    let mean = found.pedestals.iter().map(|pedestal| f64::from(pedestal.mean_adc)).sum::<f64>() / found.pedestals.len() as f64;
    assert!((mean - PEDESTAL_ADC).abs() < 0.01, "{mean}");
    assert!(found.tracks.is_empty() && found.hits.len() < 60, "{} hits", found.hits.len());
}

#[test]
fn an_event_with_too_few_samples_is_no_panic() {
    let detector = detector();
    for samples in [0, 1, 1667, 5000] {
        let event = Event { samples: vec![60; samples], ..Event::default() };
        assert!(found_in(&event, &detector).hits.is_empty());
    }
}

#[test]
fn the_same_event_gives_the_same_tracks() {
    let muon = [[-30.0, -60.0, 5.0], [20.0, 10.0, 90.0]];
    assert_eq!(reconstruct(&[muon], 4).1, reconstruct(&[muon], 4).1);
}
