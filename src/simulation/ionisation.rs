//! Energy loss of a muon in liquid argon, with Landau's fluctuations, and the charge that is left after recombination.
//!
//! The recombination factor is taken at the mean loss: what fluctuates are delta rays, and those are minimum ionising
//! themselves. So the mean charge per length is exactly that of the mean loss.

use std::f64::consts::{FRAC_PI_2, PI};

use rand::RngExt;

/// Mean energy loss of a minimum ionising particle in liquid argon, MeV/cm.
pub const MEAN_LOSS_MEV_PER_CM: f64 = 2.1;
/// Energy for one electron-ion pair in liquid argon, eV.
pub const EV_PER_ELECTRON: f64 = 23.6;
/// The electron's charge, fC.
pub const FC_PER_ELECTRON: f64 = 1.602_176_634e-4;
/// Scale of Landau's distribution for each cm, MeV: 0.1535 MeV cm2/mol x Z/A (18/39.948) x density (1.39 g/cm3), at beta = 1.
pub const LANDAU_SCALE_MEV_PER_CM: f64 = 0.1535 * 18.0 / 39.948 * 1.39;
/// Electrons above this are delta rays of their own, MeV: what truncates the distribution, so that it has a mean. With the mean
/// loss above, the most probable loss in 3 mm is then 1.7 MeV/cm, as it should be.
pub const DELTA_RAY_CUT_MEV: f64 = 1.0;

/// Part of the ionisation that escapes recombination (Birks' law as ICARUS fitted it), for a loss in MeV/cm and a field in kV/cm.
#[must_use]
pub fn recombination(loss_mev_per_cm: f64, field_kv_per_cm: f64) -> f64 {
    0.8 / (1.0 + 0.0486 * loss_mev_per_cm / (field_kv_per_cm * 1.39))
}

/// Charge that an energy loss leaves, fC/MeV, in a field in kV/cm.
#[must_use]
pub fn charge_fc_per_mev(field_kv_per_cm: f64) -> f64 {
    1e6 / EV_PER_ELECTRON * FC_PER_ELECTRON * recombination(MEAN_LOSS_MEV_PER_CM, field_kv_per_cm)
}

/// Energy losses in steps of one length.
#[derive(Debug, Clone, Copy)]
pub struct StepLoss {
    mean_mev: f64,
    scale_mev: f64,
    most: f64,
    mean: f64,
}

impl StepLoss {
    /// Losses in steps of a length in cm, with their mean for each cm; electrons above `most_mev` are no part of them.
    #[must_use]
    pub fn new(step_cm: f64, mean_mev_per_cm: f64, most_mev: f64) -> Self {
        let scale_mev = LANDAU_SCALE_MEV_PER_CM * step_cm;
        let most = most_mev / scale_mev;
        StepLoss { mean_mev: mean_mev_per_cm * step_cm, scale_mev, most, mean: truncated_mean(most) }
    }

    /// One step's loss, MeV; its mean over many is the given one.
    pub fn sample(&self, rng: &mut impl RngExt) -> f64 {
        // The truncated part holds less than a hundredth of the distribution: this loop ends at once.
        let lambda = loop {
            let lambda = landau(rng);
            if lambda <= self.most {
                break lambda;
            }
        };
        (self.mean_mev + self.scale_mev * (lambda - self.mean)).max(0.0)
    }
}

/// One value of Landau's standard distribution: the stable law with alpha = 1 and beta = 1, sampled exactly (Chambers, Mallows and
/// Stuck 1976).
fn landau(rng: &mut impl RngExt) -> f64 {
    let angle = PI * (rng.random::<f64>() - 0.5);
    // From (0, 1], so that the logarithms are finite.
    let wait = -libm::log(1.0 - rng.random::<f64>());
    let turned = FRAC_PI_2 + angle;
    let (sine, cosine) = libm::sincos(angle);
    let lambda = turned * sine / cosine - libm::log(wait * cosine / turned);
    // At the very ends of the two uniform numbers there is no finite value; they count as far out in the tail.
    if lambda.is_finite() { lambda } else { f64::MAX }
}

/// Landau's density: `1/pi` times the integral of `exp(-t ln t - lambda t) sin(pi t)` over t from 0.
fn landau_density(lambda: f64) -> f64 {
    const END: f64 = 60.0;
    const STEPS: u32 = 4000;
    // t = u^2 puts the points where the integrand is steep.
    let integrand = |u: f64| {
        let t = u * u;
        if t == 0.0 { 0.0 } else { 2.0 * u * libm::exp(-t * libm::log(t) - lambda * t) * libm::sin(PI * t) }
    };
    simpson(integrand, 0.0, END.sqrt(), STEPS) / PI
}

/// Mean of Landau's standard distribution cut off above `most`.
fn truncated_mean(most: f64) -> f64 {
    const LOWEST: f64 = -3.5;
    const STEPS: u32 = 400;
    // lambda = LOWEST - 1 + exp(v): fine steps at the peak, wide ones in the tail.
    let end = libm::log(most - LOWEST + 1.0);
    let (mut weight, mut sum) = (0.0, 0.0);
    let width = end / f64::from(STEPS);
    for index in 0..=STEPS {
        let stretch = libm::exp(width * f64::from(index));
        let lambda = LOWEST - 1.0 + stretch;
        let share = simpson_weight(index, STEPS) * landau_density(lambda) * stretch;
        weight += share;
        sum += share * lambda;
    }
    sum / weight
}

/// Simpson's rule with an even number of steps.
fn simpson(f: impl Fn(f64) -> f64, from: f64, to: f64, steps: u32) -> f64 {
    let width = (to - from) / f64::from(steps);
    let sum: f64 = (0..=steps).map(|index| simpson_weight(index, steps) * f(from + width * f64::from(index))).sum();
    sum * width / 3.0
}

fn simpson_weight(index: u32, steps: u32) -> f64 {
    if index == 0 || index == steps {
        1.0
    } else if index % 2 == 1 {
        4.0
    } else {
        2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn the_constants_are_the_published_ones() {
        assert!((recombination(2.1, 0.5) - 0.698).abs() < 0.0005, "{}", recombination(2.1, 0.5));
        let mip = MEAN_LOSS_MEV_PER_CM * charge_fc_per_mev(0.5);
        assert!((mip - 9.94).abs() < 0.01, "{mip} fC/cm");
    }

    #[test]
    fn landaus_density_has_its_known_peak_and_area() {
        // The mode is at -0.22278 with density 0.18066.
        assert!((landau_density(-0.222_78) - 0.180_66).abs() < 1e-4);
        assert!(landau_density(-0.4) < landau_density(-0.222_78) && landau_density(-0.05) < landau_density(-0.222_78));
        // Its median is 1.35578.
        let half = simpson(landau_density, -3.5, 1.355_78, 400);
        assert!((half - 0.5).abs() < 1e-4, "{half}");
    }

    #[test]
    fn sampled_landau_values_have_the_known_quantiles() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut values: Vec<f64> = (0..200_000).map(|_| landau(&mut rng)).collect();
        values.sort_by(f64::total_cmp);
        assert!((values[100_000] - 1.355_78).abs() < 0.02, "{}", values[100_000]);
        let below_mode = values.partition_point(|value| *value < -0.222_78) as f64 / values.len() as f64;
        let expected = simpson(landau_density, -3.5, -0.222_78, 400);
        assert!((below_mode - expected).abs() < 0.005, "{below_mode} against {expected}");
    }

    #[test]
    fn the_mean_loss_is_that_of_a_minimum_ionising_particle() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let loss = StepLoss::new(0.1, MEAN_LOSS_MEV_PER_CM, DELTA_RAY_CUT_MEV);
        let count = 400_000;
        let mean = (0..count).map(|_| loss.sample(&mut rng)).sum::<f64>() / f64::from(count) / 0.1;
        assert!((mean / 2.1 - 1.0).abs() < 0.003, "{mean} MeV/cm");
    }

    #[test]
    fn the_most_probable_loss_on_a_strip_is_below_the_mean() {
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        let loss = StepLoss::new(0.1, MEAN_LOSS_MEV_PER_CM, DELTA_RAY_CUT_MEV);
        let mut bins = [0u32; 100];
        for _ in 0..100_000 {
            let sum: f64 = (0..3).map(|_| loss.sample(&mut rng)).sum::<f64>() / 0.3;
            if let Some(bin) = bins.get_mut((sum / 0.1) as usize) {
                *bin += 1;
            }
        }
        let peak = (0..100).max_by_key(|bin| bins[*bin]).unwrap();
        assert!((15..=18).contains(&peak), "peak at {} MeV/cm", peak as f64 * 0.1);
    }
}
