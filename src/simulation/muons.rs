//! Straight cosmic muons through the active volume.

use std::f64::consts::TAU;

use monitasks::detector::Volume;
use rand::RngExt;
use serde::Serialize;

/// A straight track's ends on the volume's surface, in the detector's axes, cm; it enters at the end nearer to the anode.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TrueTrack {
    /// Where it enters: x, y, z.
    pub entry_cm: [f64; 3],
    /// Where it leaves: x, y, z.
    pub exit_cm: [f64; 3],
}

impl TrueTrack {
    /// Its length inside the volume, cm.
    #[must_use]
    pub fn length_cm(&self) -> f64 {
        let [x, y, z] = self.way_cm();
        (x * x + y * y + z * z).sqrt()
    }

    /// From entry to exit, cm.
    #[must_use]
    pub fn way_cm(&self) -> [f64; 3] {
        std::array::from_fn(|axis| self.exit_cm[axis] - self.entry_cm[axis])
    }

    /// The point at a fraction of its length.
    #[must_use]
    pub fn at(&self, fraction: f64) -> [f64; 3] {
        std::array::from_fn(|axis| self.entry_cm[axis] + fraction * (self.exit_cm[axis] - self.entry_cm[axis]))
    }
}

/// A muon's direction, of length 1, going away from the anode: intensity as the square of the zenith angle's cosine.
pub fn direction(rng: &mut impl RngExt) -> [f64; 3] {
    // Per solid angle the intensity is cos^2, so the cosine's own density is 3 cos^2.
    let cosine = libm::cbrt(rng.random::<f64>());
    let sine = (1.0 - cosine * cosine).max(0.0).sqrt();
    let (sin_phi, cos_phi) = libm::sincos(TAU * rng.random::<f64>());
    [sine * cos_phi, sine * sin_phi, cosine]
}

/// One muon of the flux through the volume.
///
/// A point is drawn evenly on a disc through the volume's centre, as wide as the volume and square to the direction; muons that
/// miss the volume are drawn anew. So each direction counts as much as the area that the volume turns to it.
pub fn muon(volume: &Volume, rng: &mut impl RngExt) -> TrueTrack {
    let low = [volume.x_cm[0], volume.y_cm[0], 0.0];
    let high = [volume.x_cm[1], volume.y_cm[1], volume.drift_cm];
    let size: [f64; 3] = std::array::from_fn(|axis| high[axis] - low[axis]);
    let radius = (size[0] * size[0] + size[1] * size[1] + size[2] * size[2]).sqrt() / 2.0;
    loop {
        let along = direction(rng);
        let (one, other) = square_to(along);
        let distance = radius * rng.random::<f64>().sqrt();
        let (sine, cosine) = libm::sincos(TAU * rng.random::<f64>());
        let point =
            std::array::from_fn(|axis| (low[axis] + high[axis]) / 2.0 + distance * (cosine * one[axis] + sine * other[axis]));
        if let Some(track) = crossing(point, along, low, high) {
            return track;
        }
    }
}

/// Two directions square to one of length 1 and to each other.
pub(super) fn square_to(along: [f64; 3]) -> ([f64; 3], [f64; 3]) {
    let across = (along[0] * along[0] + along[1] * along[1]).sqrt();
    if across < 1e-12 {
        return ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]);
    }
    let one = [-along[1] / across, along[0] / across, 0.0];
    let other = [-along[2] * one[1], along[2] * one[0], across];
    (one, other)
}

/// The part of a line that is inside a box; `None` when it misses.
fn crossing(point: [f64; 3], along: [f64; 3], low: [f64; 3], high: [f64; 3]) -> Option<TrueTrack> {
    let (mut from, mut to) = (f64::NEG_INFINITY, f64::INFINITY);
    for axis in 0..3 {
        if along[axis] == 0.0 {
            if !(low[axis]..=high[axis]).contains(&point[axis]) {
                return None;
            }
            continue;
        }
        let one = (low[axis] - point[axis]) / along[axis];
        let other = (high[axis] - point[axis]) / along[axis];
        from = from.max(one.min(other));
        to = to.min(one.max(other));
    }
    let at = |distance: f64| std::array::from_fn(|axis| (point[axis] + distance * along[axis]).clamp(low[axis], high[axis]));
    (from < to).then(|| TrueTrack { entry_cm: at(from), exit_cm: at(to) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    const VOLUME: Volume = Volume { x_cm: [-50.0, 50.0], y_cm: [-150.0, 150.0], drift_cm: 100.0 };

    #[test]
    fn the_zenith_angle_goes_as_its_cosine_squared() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let count = 100_000;
        let mut bins = [0.0f64; 10];
        for _ in 0..count {
            bins[((direction(&mut rng)[2] * 10.0) as usize).min(9)] += 1.0;
        }
        for (bin, found) in bins.iter().enumerate() {
            let expected = f64::from(count) * (((bin + 1) as f64 / 10.0).powi(3) - (bin as f64 / 10.0).powi(3));
            assert!((found - expected).abs() < 5.0 * expected.sqrt(), "bin {bin}: {found}, expected {expected}");
        }
    }

    #[test]
    fn muons_cross_the_volume_from_surface_to_surface() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let on_surface = |point: [f64; 3]| {
            let sides = [(point[0].abs(), 50.0), (point[1].abs(), 150.0), ((point[2] - 50.0).abs(), 50.0)];
            sides.iter().all(|(found, side)| *found <= side + 1e-9)
                && sides.iter().any(|(found, side)| (found - side).abs() < 1e-6)
        };
        for _ in 0..2000 {
            let track = muon(&VOLUME, &mut rng);
            assert!(on_surface(track.entry_cm) && on_surface(track.exit_cm), "{track:?}");
            assert!(track.entry_cm[2] <= track.exit_cm[2]);
        }
    }

    /// Of the muons that enter through the top, whose area is the same for all of them, the cosine goes as its cube.
    #[test]
    fn the_flux_through_the_top_is_even_and_goes_as_the_cosine_cubed() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let top: Vec<TrueTrack> = (0..40_000).map(|_| muon(&VOLUME, &mut rng)).filter(|track| track.entry_cm[2] < 1e-9).collect();
        let count = top.len() as f64;
        let mean = top.iter().map(|track| (track.exit_cm[2] - track.entry_cm[2]) / track.length_cm()).sum::<f64>() / count;
        assert!((mean - 0.8).abs() < 0.005, "mean cosine {mean}, expected 4/5");
        let outer = top.iter().filter(|track| track.entry_cm[1].abs() > 75.0).count() as f64 / count;
        assert!((outer - 0.5).abs() < 0.02, "{outer} of the top's muons in its outer half");
    }
}
