//! From a track to charge on strips: drift, attenuation, gain, and the sharing by the two views.

use monitasks::detector::{Detector, Strip};
use monitasks::vocab::View;
use rand::RngExt;

use super::ionisation::{self, StepLoss};
use super::muons::TrueTrack;

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
    fc_per_mev: f64,
    lifetime_us: f64,
    gains: Vec<f64>,
}

impl Drifter {
    /// A detector's with a lifetime and the LEMs' effective gains.
    pub fn new(detector: &Detector, lifetime_us: f64, gains: &[f64]) -> Self {
        Drifter {
            loss: StepLoss::new(STEP_CM),
            fc_per_mev: ionisation::charge_fc_per_mev(detector.drift.field_kv_per_cm),
            lifetime_us,
            gains: gains.to_vec(),
        }
    }

    /// Gives each strip that a track's charge reaches to `take`, in steps along the track. Half of the charge goes to each view.
    pub fn drift(&self, detector: &Detector, track: &TrueTrack, rng: &mut impl RngExt, mut take: impl FnMut(Arrival)) {
        let length = track.length_cm();
        let whole = (length / STEP_CM).floor();
        for step in 0..=whole as u64 {
            let from = step as f64 * STEP_CM;
            // The rest of a step at the track's end loses the mean.
            let (step_cm, loss) = if (step as f64) < whole {
                (STEP_CM, self.loss.sample(rng))
            } else {
                (length - from, (length - from) * ionisation::MEAN_LOSS_MEV_PER_CM)
            };
            let [x, y, z] = track.at((from + step_cm / 2.0) / length);
            let Some(lem) = detector.lem_at(x, y) else { continue };
            let time_us = detector.drift_time_us(z);
            let gain = self.gains.get(detector.lems.index(lem)).copied().unwrap_or(0.0);
            let charge_fc = loss * self.fc_per_mev * (-time_us / self.lifetime_us).exp() * gain / 2.0;
            let tick = time_us / detector.readout.sampling_us;
            for (view, low, coordinate) in [(View::V0, detector.volume.x_cm[0], x), (View::V1, detector.volume.y_cm[0], y)] {
                let number = ((coordinate - low) * 10.0 / detector.view(view).pitch_mm).floor();
                if number >= 0.0 && number < detector.view(view).strips as f64 {
                    take(Arrival { strip: Strip { view, number: number as u32 }, tick, charge_fc });
                }
            }
        }
    }
}
