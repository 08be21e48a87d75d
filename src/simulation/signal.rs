//! From a track to charge on strips: drift, attenuation, gain, and the sharing by the two views.

use monitasks::detector::{Detector, Strip};
use monitasks::vocab::View;
use rand::RngExt;
use serde::Serialize;

use super::delta_rays::DeltaRays;
use super::gaussian::Gaussian;
use super::ionisation::{self, DELTA_RAY_CUT_MEV, StepLoss};
use super::muons::TrueTrack;
use super::settings::Settings;

/// Steps along a track, cm: a third of a strip.
pub const STEP_CM: f64 = 0.1;

/// Charge that arrives at a strip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrival {
    /// The strip.
    pub strip: Strip,
    /// When, in ticks after the trigger.
    pub tick: f64,
    /// How much, fC, after attenuation and gain.
    pub charge_fc: f64,
}

/// What turns tracks into charge on strips.
#[derive(Debug, Clone)]
pub(super) struct Drifter {
    loss: StepLoss,
    mean_mev_per_cm: f64,
    rays: DeltaRays,
    fc_per_mev: f64,
    lifetime_us: f64,
    gains: Vec<f64>,
}

/// An electron that a muon has set free, and where.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TrueDeltaRay {
    /// The muon, by its place in the event.
    pub track: usize,
    /// Where it starts: x, y, z, cm.
    pub start_cm: [f64; 3],
    /// Its kinetic energy, MeV.
    pub energy_mev: f64,
}

impl Drifter {
    /// A detector's with a simulation's settings: lifetime, gains, delta rays.
    pub fn new(detector: &Detector, settings: &Settings) -> Self {
        let rays = DeltaRays::new(DELTA_RAY_CUT_MEV, settings.delta_ray_max_mev);
        let mean_mev_per_cm = ionisation::MEAN_LOSS_MEV_PER_CM - rays.near_mev_per_cm();
        Drifter {
            loss: StepLoss::new(STEP_CM, mean_mev_per_cm, DELTA_RAY_CUT_MEV),
            mean_mev_per_cm,
            rays,
            fc_per_mev: ionisation::charge_fc_per_mev(detector.drift.field_kv_per_cm),
            lifetime_us: settings.lifetime_us,
            gains: settings.gains.clone(),
        }
    }

    /// Gives each strip that a track's charge reaches to `take`, in steps along the track. Half of the charge goes to each view.
    pub fn drift(&self, detector: &Detector, track: &TrueTrack, rng: &mut impl RngExt, mut take: impl FnMut(Arrival)) {
        let length = track.length_cm();
        let whole = (length / STEP_CM).floor();
        for step in 0..=whole as u64 {
            let from = step as f64 * STEP_CM;
            // The rest of a step at the track's end loses the mean.
            let (step_cm, loss_mev) = if (step as f64) < whole {
                (STEP_CM, self.loss.sample(rng))
            } else {
                (length - from, (length - from) * self.mean_mev_per_cm)
            };
            self.deposit(detector, track.at((from + step_cm / 2.0) / length), loss_mev, &mut take);
        }
    }

    /// A track's delta rays, with their charge given to `take` as that of the track. `index` is the track's place in the event.
    pub fn delta_rays(
        &self,
        detector: &Detector,
        (index, track): (usize, &TrueTrack),
        rng: &mut impl RngExt,
        kicks: &mut Gaussian,
        mut take: impl FnMut(Arrival),
    ) -> Vec<TrueDeltaRay> {
        let mut made = Vec::new();
        let (length, per_cm) = (track.length_cm(), self.rays.per_cm());
        if per_cm <= 0.0 || length <= 0.0 {
            return made;
        }
        let along = track.way_cm().map(|part| part / length);
        // Distances between independent points are exponential.
        let mut from = -libm::log(1.0 - rng.random::<f64>()) / per_cm;
        while from < length {
            let ray = TrueDeltaRay { track: index, start_cm: track.at(from / length), energy_mev: self.rays.energy_mev(rng) };
            self.rays.walk(ray.start_cm, along, ray.energy_mev, rng, kicks, |piece| {
                self.deposit(detector, piece.at_cm, piece.energy_mev, &mut take);
            });
            made.push(ray);
            from -= libm::log(1.0 - rng.random::<f64>()) / per_cm;
        }
        made
    }

    /// Gives the charge of an energy lost at a point to the strips above it; none when that is outside the volume.
    fn deposit(&self, detector: &Detector, [x, y, z]: [f64; 3], loss_mev: f64, take: &mut impl FnMut(Arrival)) {
        let Some(lem) = detector.lem_at(x, y) else { return };
        let time_us = detector.drift_time_us(z);
        let gain = self.gains.get(detector.lems.index(lem)).copied().unwrap_or(0.0);
        let charge_fc = loss_mev * self.fc_per_mev * libm::exp(-time_us / self.lifetime_us) * gain / 2.0;
        let tick = time_us / detector.readout.sampling_us;
        for strip in View::ALL.into_iter().filter_map(|view| detector.strip_at(view, x, y)) {
            take(Arrival { strip, tick, charge_fc });
        }
    }
}
