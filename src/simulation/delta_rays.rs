//! Delta rays: electrons that a muon hits so hard that they leave its line.
//!
//! A muon at beta = 1 frees electrons with a kinetic energy above T at the rate of `scale (1/T - 1/T_max)` for each cm, with the
//! scale of Landau's distribution (the same collisions, so what is made here is left out there). An electron leaves at the angle
//! of a collision with a free electron at rest, `cos^2 = T / (T + 2 m)`, loses what a minimum ionising particle loses, and is
//! scattered on its way (Highland's formula, its logarithm left out). Spin, bremsstrahlung and electrons of electrons are left out.
//!
//! **What the mean charge means.** Most delta rays are short: they end within a few millimetres of the muon, and no readout can
//! tell their charge from its own. The muon's own loss is therefore lowered by what delta rays leave within [`NEAR_CM`] of its
//! line, so that the charge there has the mean of [`MEAN_LOSS_MEV_PER_CM`] with delta rays or without.

use std::f64::consts::TAU;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::gaussian::Gaussian;
use super::ionisation::{LANDAU_SCALE_MEV_PER_CM, MEAN_LOSS_MEV_PER_CM};
use super::muons;

/// The electron's mass, MeV.
const ELECTRON_MEV: f64 = 0.510_998_95;
/// Radiation length of liquid argon, cm.
const RADIATION_LENGTH_CM: f64 = 14.0;
/// Charge nearer than this to a muon's line counts as the muon's own, cm.
pub const NEAR_CM: f64 = 0.5;
/// Step along a delta ray, cm.
const STEP_CM: f64 = 0.1;
/// Rays that the part near the line is averaged over: it is then known to a hundredth, and the mean charge to a thousandth.
const RAYS_AVERAGED: usize = 4000;

/// The delta rays of minimum ionising muons between two energies.
#[derive(Debug, Clone, Copy)]
pub struct DeltaRays {
    /// Lowest and highest kinetic energy, MeV.
    energies_mev: [f64; 2],
    near_mev_per_cm: f64,
}

/// A piece of a delta ray's way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// Its middle, cm.
    pub at_cm: [f64; 3],
    /// Energy lost on it, MeV.
    pub energy_mev: f64,
}

impl DeltaRays {
    /// Delta rays between two kinetic energies, MeV; none when the second is not above the first.
    #[must_use]
    pub fn new(least_mev: f64, most_mev: f64) -> Self {
        let mut rays = DeltaRays { energies_mev: [least_mev, most_mev], near_mev_per_cm: 0.0 };
        if rays.per_cm() > 0.0 {
            rays.near_mev_per_cm = rays.measure_near();
        }
        rays
    }

    /// Mean number for each cm of a muon.
    #[must_use]
    pub fn per_cm(&self) -> f64 {
        let [least, most] = self.energies_mev;
        if most > least && least > 0.0 { LANDAU_SCALE_MEV_PER_CM * (1.0 / least - 1.0 / most) } else { 0.0 }
    }

    /// Mean energy that they leave within [`NEAR_CM`] of the muon's line, MeV for each cm of it.
    #[must_use]
    pub fn near_mev_per_cm(&self) -> f64 {
        self.near_mev_per_cm
    }

    /// A delta ray's kinetic energy, MeV: `1/T` is even between its ends.
    pub fn energy_mev(&self, rng: &mut impl RngExt) -> f64 {
        let [least, most] = self.energies_mev;
        1.0 / (1.0 / least - rng.random::<f64>() * (1.0 / least - 1.0 / most))
    }

    /// Gives the pieces of one delta ray to `take`, from where it starts until its energy is lost.
    pub fn walk(
        &self,
        start_cm: [f64; 3],
        muon_direction: [f64; 3],
        energy_mev: f64,
        rng: &mut impl RngExt,
        kicks: &mut Gaussian,
        mut take: impl FnMut(Piece),
    ) {
        let cosine = (energy_mev / (energy_mev + 2.0 * ELECTRON_MEV)).sqrt();
        let (sin_phi, cos_phi) = libm::sincos(TAU * rng.random::<f64>());
        let sine = (1.0 - cosine * cosine).sqrt();
        let mut along = turned(muon_direction, sine * cos_phi, sine * sin_phi, cosine);
        let (mut at, mut left) = (start_cm, energy_mev);
        while left > 0.0 {
            let step_cm = STEP_CM.min(left / MEAN_LOSS_MEV_PER_CM);
            let energy_mev = (step_cm * MEAN_LOSS_MEV_PER_CM).min(left);
            take(Piece { at_cm: std::array::from_fn(|axis| at[axis] + 0.5 * step_cm * along[axis]), energy_mev });
            at = std::array::from_fn(|axis| at[axis] + step_cm * along[axis]);
            // p beta of the electron, MeV: (T^2 + 2 T m) / (T + m).
            let momentum_beta = left * (left + 2.0 * ELECTRON_MEV) / (left + ELECTRON_MEV);
            let angle = 13.6 / momentum_beta * (step_cm / RADIATION_LENGTH_CM).sqrt();
            let kick = [0, 1].map(|_: usize| (angle * f64::from(kicks.draw())).clamp(-1.5, 1.5));
            along = turned(along, kick[0], kick[1], 1.0);
            left = if step_cm < STEP_CM { 0.0 } else { left - energy_mev };
        }
    }

    /// Averages, over rays of a muon along z, the energy within [`NEAR_CM`] of its line.
    fn measure_near(&self) -> f64 {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut kicks = Gaussian::new([1; 32]);
        let mut near_mev = 0.0;
        for _ in 0..RAYS_AVERAGED {
            let energy_mev = self.energy_mev(&mut rng);
            self.walk([0.0; 3], [0.0, 0.0, 1.0], energy_mev, &mut rng, &mut kicks, |piece| {
                let [x, y, _] = piece.at_cm;
                if x * x + y * y < NEAR_CM * NEAR_CM {
                    near_mev += piece.energy_mev;
                }
            });
        }
        self.per_cm() * near_mev / RAYS_AVERAGED as f64
    }
}

/// The direction, of length 1, with these parts along two directions square to `along` and along itself.
fn turned(along: [f64; 3], one_part: f64, other_part: f64, along_part: f64) -> [f64; 3] {
    let (one, other) = muons::square_to(along);
    let sum: [f64; 3] = std::array::from_fn(|axis| along_part * along[axis] + one_part * one[axis] + other_part * other[axis]);
    let length = (sum[0] * sum[0] + sum[1] * sum[1] + sum[2] * sum[2]).sqrt();
    sum.map(|part| part / length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk_all(rays: &DeltaRays, energy_mev: f64, count: usize) -> Vec<Vec<Piece>> {
        let (mut rng, mut kicks) = (ChaCha8Rng::seed_from_u64(4), Gaussian::new([4; 32]));
        let walk = |_| {
            let mut pieces = Vec::new();
            rays.walk([1.0, 2.0, 3.0], [0.6, 0.0, 0.8], energy_mev, &mut rng, &mut kicks, |piece| pieces.push(piece));
            pieces
        };
        (0..count).map(walk).collect()
    }

    #[test]
    fn a_delta_ray_loses_all_its_energy_within_its_range() {
        let rays = DeltaRays::new(1.0, 20.0);
        for energy_mev in [1.0, 3.3, 20.0] {
            for pieces in walk_all(&rays, energy_mev, 50) {
                let sum: f64 = pieces.iter().map(|piece| piece.energy_mev).sum();
                assert!((sum - energy_mev).abs() < 1e-9, "{sum} of {energy_mev} MeV");
                let far =
                    |piece: &Piece| (0..3).map(|axis| (piece.at_cm[axis] - [1.0, 2.0, 3.0][axis]).powi(2)).sum::<f64>().sqrt();
                assert!(pieces.iter().all(|piece| far(piece) <= energy_mev / MEAN_LOSS_MEV_PER_CM + 1e-9));
            }
        }
    }

    #[test]
    fn a_delta_ray_leaves_at_the_angle_of_its_energy() {
        let rays = DeltaRays::new(1.0, 20.0);
        for (energy_mev, cosine) in [(1.0f64, 0.7033), (10.0, 0.9525)] {
            for pieces in walk_all(&rays, energy_mev, 20) {
                let way: [f64; 3] = std::array::from_fn(|axis| pieces[0].at_cm[axis] - [1.0, 2.0, 3.0][axis]);
                let found = (0.6 * way[0] + 0.8 * way[2]) / way.iter().map(|part| part * part).sum::<f64>().sqrt();
                assert!((found - cosine).abs() < 1e-3, "{found} at {energy_mev} MeV");
            }
        }
    }

    #[test]
    fn energies_go_as_one_over_their_square() {
        let rays = DeltaRays::new(1.0, 20.0);
        let mut rng = ChaCha8Rng::seed_from_u64(8);
        let energies: Vec<f64> = (0..100_000).map(|_| rays.energy_mev(&mut rng)).collect();
        assert!(energies.iter().all(|energy| (1.0..=20.0).contains(energy)));
        let above = energies.iter().filter(|energy| **energy > 4.0).count() as f64 / 1e5;
        let expected = (1.0 / 4.0 - 1.0 / 20.0) / (1.0 - 1.0 / 20.0);
        assert!((above / expected - 1.0).abs() < 0.03, "{above} for {expected}");
    }

    #[test]
    fn there_are_none_without_a_range_of_energies() {
        let none = DeltaRays::new(1.0, 0.0);
        assert_eq!((none.per_cm(), none.near_mev_per_cm()), (0.0, 0.0));
        let all = DeltaRays::new(1.0, 20.0);
        let most = LANDAU_SCALE_MEV_PER_CM * 20.0f64.ln();
        assert!(all.near_mev_per_cm() > 0.3 * most && all.near_mev_per_cm() < most, "{}", all.near_mev_per_cm());
    }
}
