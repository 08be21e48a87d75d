//! Landau's density of energy losses, and its convolution with a Gaussian.
//!
//! Landau (1944): `p(lambda) = 1/pi * integral over t from 0 of exp(-t ln t - lambda t) sin(pi t)`. That integrand oscillates; what
//! is summed here is Zolotarev's form of the same stable law (One-dimensional Stable Distributions, 1986; alpha = 1, beta = 1),
//!
//! ```text
//! p(lambda) = 1/pi * integral over x from 0 to pi of y exp(-y),   y = W(x) exp(-lambda),
//! W(x) = x / sin x * exp(-x cot x),
//! ```
//!
//! whose integrand is positive and has one hump, where `ln W(x)` is near lambda. A test compares it with Landau's own integral.

use std::f64::consts::PI;
use std::sync::OnceLock;

/// Place of the maximum of Landau's standard density.
pub const MODE: f64 = -0.222_782_98;

/// Below this the density is less than 1e-40.
const LOWEST: f64 = -5.0;
/// Above this the tail is `1 / lambda^2` with its first correction.
const HIGHEST: f64 = 150.0;
/// Distance of the table's nodes: the cubic between them is the density to a millionth of its peak.
const NODE: f64 = 0.05;

/// Landau's standard density, from a table made at the first call.
#[must_use]
pub fn density(lambda: f64) -> f64 {
    static TABLE: OnceLock<Vec<f64>> = OnceLock::new();
    if lambda <= LOWEST {
        return 0.0;
    }
    if lambda >= HIGHEST {
        let first = lambda - lambda.ln();
        return 1.0 / (first * first + PI * PI);
    }
    let table = TABLE.get_or_init(|| {
        let nodes = ((HIGHEST - LOWEST) / NODE).round() as usize + 3;
        // From one node below the range to one above, so that four are always around the place.
        (0..=nodes).map(|node| integrated(LOWEST + (node as f64 - 1.0) * NODE)).collect()
    });
    let place = (lambda - LOWEST) / NODE;
    let node = place as usize;
    match table.get(node..node + 4) {
        Some(&[a, b, c, d]) => cubic([a, b, c, d], place - node as f64),
        _ => 0.0,
    }
}

/// Catmull and Rom's cubic through four evenly spaced values, between the middle two.
fn cubic([a, b, c, d]: [f64; 4], part: f64) -> f64 {
    let (p, q, r) = (c - a, 2.0 * a - 5.0 * b + 4.0 * c - d, 3.0 * (b - c) + d - a);
    b + 0.5 * part * (p + part * (q + part * r))
}

/// The density by the integral.
fn integrated(lambda: f64) -> f64 {
    // y exp(-y) is below 1e-12 of its hump outside these; ln W is -1 at x = 0 and grows with x.
    let [start, knee, end] = [-32.0, -6.0, 3.6].map(|above| 1.0 / (PI - x_of_log_w(lambda + above)));
    // In w = 1/(pi - x) the hump is as wide for every lambda: ln W grows about evenly with it.
    let integrand = |w: f64| {
        let y = (log_w(PI - 1.0 / w) - lambda).exp();
        y * (-y).exp() / (w * w)
    };
    (simpson(integrand, start, knee, 120) + simpson(integrand, knee, end, 120)) / PI
}

/// `ln W(x)` for x from 0 to pi.
fn log_w(x: f64) -> f64 {
    if x < 1e-4 {
        return -1.0 + x * x / 2.0;
    }
    let (sine, cosine) = x.sin_cos();
    (x / sine).ln() - x * cosine / sine
}

/// The x whose `ln W` is this; 0 for less than the least.
fn x_of_log_w(value: f64) -> f64 {
    let (mut low, mut high) = (0.0, PI);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if log_w(middle) < value { low = middle } else { high = middle }
    }
    low
}

fn simpson(f: impl Fn(f64) -> f64, from: f64, to: f64, steps: usize) -> f64 {
    let width = (to - from) / steps as f64;
    let weight = |index: usize| if index == 0 || index == steps { 1.0 } else { 2.0 + 2.0 * (index % 2) as f64 };
    (0..=steps).map(|index| weight(index) * f(from + width * index as f64)).sum::<f64>() * width / 3.0
}

/// A Landau distribution convolved with a Gaussian, both in the unit of x.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LandauGauss {
    /// Place of the Landau distribution's maximum.
    pub most_probable: f64,
    /// Landau's scale.
    pub width: f64,
    /// Standard deviation of the Gaussian.
    pub sigma: f64,
}

impl LandauGauss {
    /// The density, per unit of x, at `count` places `step` apart, the first at `first`.
    ///
    /// Landau's density is taken at places half a step apart and summed with the Gaussian's weights. That is the integral to a
    /// ten-thousandth of the peak as long as neither width is much below half a step. The places do not depend on the shape, so the
    /// density is smooth in it, as a fit needs.
    #[must_use]
    pub fn densities(&self, first: f64, step: f64, count: usize) -> Vec<f64> {
        const FINE: usize = 2;
        const REACH_SIGMA: f64 = 6.0;
        const MOST_WEIGHTS: f64 = 2000.0;
        let spacing = step / FINE as f64;
        let reach = (REACH_SIGMA * self.sigma.max(0.0) / spacing).ceil().min(MOST_WEIGHTS) as usize;
        let weight = |place: usize| {
            let away = (place as f64 - reach as f64) * spacing;
            if reach == 0 { 1.0 } else { (-0.5 * (away / self.sigma).powi(2)).exp() }
        };
        let weights: Vec<f64> = (0..=2 * reach).map(weight).collect();
        let scale = 1.0 / (self.width * weights.iter().sum::<f64>());
        // By place modulo FINE, so that the sums below run over neighbours in memory, many at a time.
        let landau: [Vec<f64>; FINE] = std::array::from_fn(|phase| {
            let places = (0..count + 2 * reach / FINE + 1).map(|place| FINE * place + phase);
            let x = places.map(|place| first + (place as f64 - reach as f64) * spacing);
            x.map(|x| density((x - self.most_probable) / self.width + MODE)).collect()
        });
        let mut sums = vec![0.0; count];
        for (place, weight) in weights.iter().enumerate() {
            let weight = weight * scale;
            let shifted = &landau[place % FINE][place / FINE..];
            sums.iter_mut().zip(shifted).for_each(|(sum, landau)| *sum += weight * landau);
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Landau's own integral, in steps fine enough for its oscillations where exp(-t ln t - lambda t) is not small.
    fn by_definition(lambda: f64) -> f64 {
        let integrand = |u: f64| {
            let t = u * u;
            if t == 0.0 { 0.0 } else { 2.0 * u * (-t * t.ln() - lambda * t).exp() * (PI * t).sin() }
        };
        simpson(integrand, 0.0, 7.0, 40_000) / PI
    }

    #[test]
    fn the_density_is_landaus_integral() {
        for tenth in -18..400 {
            let lambda = f64::from(tenth) / 10.0 + 0.013;
            let (found, expected) = (density(lambda), by_definition(lambda));
            assert!((found / expected - 1.0).abs() < 1e-5, "{found} for {expected} at {lambda}");
        }
    }

    #[test]
    fn the_tail_joins_the_table_and_the_area_is_1() {
        let (inside, outside) = (density(HIGHEST - 1e-6), density(HIGHEST + 1e-6));
        assert!((inside / outside - 1.0).abs() < 0.02, "{inside} and {outside}");
        // The rest of the tail holds 1/HIGHEST of the distribution, by its leading term and the next.
        let area = simpson(density, LOWEST, 20.0, 4000) + simpson(density, 20.0, HIGHEST, 4000);
        let beyond = (1.0 + (HIGHEST.ln() - 1.0) / HIGHEST) / HIGHEST;
        assert!((area + beyond - 1.0).abs() < 5e-4, "{area} and {beyond}");
    }

    #[test]
    fn the_mode_is_where_it_is_known_to_be() {
        assert!((density(MODE) - 0.180_655_6).abs() < 1e-5, "{}", density(MODE));
        assert!(density(MODE) > density(MODE - 0.02) && density(MODE) > density(MODE + 0.02));
    }

    #[test]
    fn without_a_gaussian_it_is_landaus() {
        let shape = LandauGauss { most_probable: 5.0, width: 0.5, sigma: 0.0 };
        for (place, found) in shape.densities(3.0, 0.25, 40).into_iter().enumerate() {
            let x = 3.0 + 0.25 * place as f64;
            assert!((found - 2.0 * density((x - 5.0) / 0.5 + MODE)).abs() < 1e-12);
        }
    }

    #[test]
    fn the_convolution_is_the_integral() {
        for (width, sigma) in [(0.7, 1.1), (0.2, 0.3), (1.5, 0.15), (0.2, 0.8)] {
            let shape = LandauGauss { most_probable: 10.0, width, sigma };
            for (place, found) in shape.densities(7.0, 0.3, 60).into_iter().enumerate() {
                let x = 7.0 + 0.3 * place as f64;
                let integrand = |y: f64| {
                    let gauss = (-0.5 * ((x - y) / sigma).powi(2)).exp() / (sigma * (2.0 * PI).sqrt());
                    gauss * density((y - 10.0) / width + MODE) / width
                };
                let expected = simpson(integrand, x - 8.0 * sigma, x + 8.0 * sigma, 4000);
                let peak = 0.2 / width.max(sigma);
                assert!((found - expected).abs() < 1e-4 * peak, "{found} for {expected} at {x}, {width} and {sigma}");
            }
        }
    }
}
