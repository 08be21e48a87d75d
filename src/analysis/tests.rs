//! Small groups of made-up tracks through purity and gain: whether numbers are off by as much as their errors say.
//!
//! `tests/study/physics_study.rs` does the same with the whole simulation and reconstruction.

use monitasks::detector::Detector;
use monitasks::format::sidecar::{GainSection, ViewPurity};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

use super::charges::{Charge, Charges};
use super::gain;
use super::landau::LandauGauss;
use super::lifetime::Correction;
use super::purity::PuritySums;
use crate::config::{AnalysisSettings, GainEstimator};

const LIFETIME_US: f64 = 3000.0;
const MEAN_DQDS: f64 = 4.97;
const TRACKS_PER_EVENT: usize = 3;
const POINTS_PER_VIEW: usize = 60;

fn detector() -> Detector {
    crate::detector::load("3x1x1", "", std::path::Path::new(".")).unwrap()
}

fn gains(lems: usize) -> Vec<f64> {
    (0..lems).map(|lem| 2.0 + (lem % 5) as f64).collect()
}

/// Losses relative to their mean, with the tail of delta rays cut off.
struct Losses {
    values: Vec<f64>,
}

impl Losses {
    fn new() -> Self {
        let shape = LandauGauss { most_probable: 0.9, width: 0.05, sigma: 0.06 };
        let density = shape.densities(0.4, 0.01, 260);
        let top = density.iter().copied().fold(0.0, f64::max);
        // Each place as often as its density says: drawing one of them evenly is drawing from the distribution.
        let mut values = Vec::new();
        for (place, density) in density.iter().enumerate() {
            values.extend(
                (0..(2000.0 * density / top) as usize).map(|part| 0.4 + 0.01 * (place as f64 + (part % 100) as f64 / 100.0)),
            );
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter_mut().for_each(|value| *value /= mean);
        Losses { values }
    }

    fn one(&self, random: &mut ChaCha8Rng) -> f64 {
        self.values[random.random_range(0..self.values.len())]
    }
}

/// Tracks from the top to the bottom that move over up to three LEMs. Both views see the same losses, with noise of their own, and a
/// track's path length is a bit wrong for all of its points.
fn group(detector: &Detector, losses: &Losses, events: u32, seed: u64) -> Charges {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let noise = Normal::new(0.0, 0.04).unwrap();
    let length = Normal::new(1.0, 0.02).unwrap();
    let gains = gains(detector.lems.len());
    let mut charges = Charges::new(detector);
    for event in 0..events {
        for _ in 0..TRACKS_PER_EVENT {
            let (first, step) = (random.random_range(0..gains.len()), random.random_range(0..3));
            let (start_us, end_us) = (600.0 * random.random::<f64>(), 600.0 * random.random::<f64>());
            let wrong = length.sample(&mut random);
            let mut lems = Vec::new();
            for point in 0..POINTS_PER_VIEW {
                let part = (point as f64 + 0.5) / POINTS_PER_VIEW as f64;
                let lem = (first + (part * 3.0) as usize * step) % gains.len();
                let drift_us = start_us + part * (end_us - start_us);
                let dqds = MEAN_DQDS * gains[lem] * losses.one(&mut random) * wrong * (-drift_us / LIFETIME_US).exp();
                for view in 0..2 {
                    let dqds = (dqds * (1.0 + noise.sample(&mut random))) as f32;
                    charges.views[view].push(Charge { event, lem: lem as u16, drift_us: drift_us as f32, dqds });
                    charges.entries_of_lem[lem][view] += 1;
                }
                lems.push(lem);
            }
            lems.dedup();
            lems.iter().for_each(|lem| charges.tracks_of_lem[*lem] += 1);
            charges.tracks += 1;
        }
    }
    charges
}

fn analysed(charges: &Charges, detector: &Detector, settings: &AnalysisSettings) -> ([ViewPurity; 2], GainSection) {
    let purity = PuritySums::Charges(charges.clone()).measure(settings);
    let correction = Correction::of([purity[0].lifetime_us, purity[1].lifetime_us], Some(&purity));
    let gain = gain::measure(charges, &correction, detector, settings);
    (purity, gain)
}

/// Mean and width of distances in errors.
fn mean_and_width(pulls: &[f64]) -> (f64, f64) {
    let mean = pulls.iter().sum::<f64>() / pulls.len() as f64;
    (mean, (pulls.iter().map(|pull| (pull - mean).powi(2)).sum::<f64>() / pulls.len() as f64).sqrt())
}

/// Distances of many groups' numbers from the truth, in their errors.
#[derive(Debug, Default)]
struct Pulls {
    rates: Vec<f64>,
    gains: Vec<f64>,
    asymmetries: Vec<f64>,
}

fn pulls(settings: &AnalysisSettings, groups: u64) -> Pulls {
    let (detector, losses) = (detector(), Losses::new());
    let gains = gains(detector.lems.len());
    let mut pulls = Pulls::default();
    for seed in 0..groups {
        let (purity, gain) = analysed(&group(&detector, &losses, 30, seed), &detector, settings);
        for view in &purity {
            let (rate, error) = view.attenuation_per_ms.value_and_error().expect("a rate");
            pulls.rates.push((rate - 1e3 / LIFETIME_US) / error);
        }
        for row in &gain.lems {
            let lem = detector.lems.place(&detector.lems.numberings[0], row.lem).unwrap();
            let (value, error) = row.effective_gain.value_and_error().expect("a gain");
            let truth = 2.0 * MEAN_DQDS / detector.drift.mip_charge_fc_per_cm * gains[detector.lems.index(lem)];
            pulls.gains.push((value - truth) / error);
            let (asymmetry, error) = row.charge_asymmetry.value_and_error().expect("an asymmetry");
            pulls.asymmetries.push(asymmetry / error);
        }
    }
    pulls
}

fn assert_as_wide_as_errors_say(what: &str, pulls: &[f64]) {
    let (mean, width) = mean_and_width(pulls);
    assert!((0.8..1.2).contains(&width), "{what}: {} pulls are {width} wide", pulls.len());
    assert!(mean.abs() < 0.4, "{what}: {} pulls lie about {mean}", pulls.len());
}

#[test]
fn pulls_of_the_most_probable_value_are_as_wide_as_errors_say() {
    let settings = AnalysisSettings { gain_systematic_fraction: 0.0, purity_min_entries: 50, ..AnalysisSettings::default() };
    let pulls = pulls(&settings, 24);
    assert_as_wide_as_errors_say("attenuation", &pulls.rates);
    assert_as_wide_as_errors_say("gain", &pulls.gains);
    assert_as_wide_as_errors_say("asymmetry", &pulls.asymmetries);
}

#[test]
fn pulls_of_the_mean_are_as_wide_as_errors_say() {
    let settings = AnalysisSettings {
        gain_systematic_fraction: 0.0,
        purity_min_entries: 50,
        gain_estimator: GainEstimator::TruncatedMean,
        ..AnalysisSettings::default()
    };
    let pulls = pulls(&settings, 8);
    assert_as_wide_as_errors_say("gain", &pulls.gains);
    assert_as_wide_as_errors_say("asymmetry", &pulls.asymmetries);
}

#[test]
fn what_statistics_do_not_allow_is_no_number() {
    let (detector, losses) = (detector(), Losses::new());
    let settings = AnalysisSettings::default();
    for events in [0, 1, 4] {
        let (purity, gain) = analysed(&group(&detector, &losses, events, 1), &detector, &settings);
        for view in &purity {
            assert_eq!((view.lifetime_us.value(), view.attenuation_per_ms.value()), (None, None), "{events} events");
        }
        assert!(gain.lems.iter().all(|row| row.effective_gain.value().is_none()), "a gain of {events} events");
        assert_eq!(gain.lifetime_us, None);
    }
    // A lifetime that is known makes no gain of a LEM that two tracks have seen.
    let known = Correction { rate_per_us: 1.0 / LIFETIME_US, error_per_us: 1e-6 };
    let mut charges = group(&detector, &losses, 30, 1);
    charges.tracks_of_lem[5] = 2;
    let gain = gain::measure(&charges, &known, &detector, &settings);
    let number = detector.lems.numberings[0].numbers[5];
    for row in &gain.lems {
        assert_eq!(row.effective_gain.value().is_none(), row.lem == number, "LEM {}", row.lem);
    }
}

#[test]
fn the_lifetimes_error_is_in_the_gains() {
    let (detector, losses) = (detector(), Losses::new());
    let settings = AnalysisSettings { gain_systematic_fraction: 0.0, ..AnalysisSettings::default() };
    let charges = group(&detector, &losses, 60, 3);
    let with = |error_per_us: f64| {
        let correction = Correction { rate_per_us: 1.0 / LIFETIME_US, error_per_us };
        let gain = gain::measure(&charges, &correction, &detector, &settings);
        gain.lems.iter().map(|row| row.effective_gain.value_and_error().unwrap()).collect::<Vec<_>>()
    };
    for (sure, unsure) in with(0.0).iter().zip(with(3e-5)) {
        let added = (unsure.1 * unsure.1 - sure.1 * sure.1).sqrt() / sure.0;
        // The mean drift time, about 300 us, times the rate's error.
        assert!(sure.0 == unsure.0 && (0.006..0.012).contains(&added), "{sure:?} {unsure:?}: {added}");
    }
}
