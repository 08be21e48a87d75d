//! The numbers behind the checks: medians, probabilities of chi2 and of Kolmogorov's distance, a straight line.

/// Turns a median absolute deviation into the standard deviation of a Gaussian distribution: 1 / Φ⁻¹(3/4). Hampel, J. Am. Stat.
/// Assoc. 69 (1974) 383.
pub(super) const MAD_TO_SIGMA: f64 = 1.482_602_218_505_602;

/// Most terms of a series or of a continued fraction. One of chi2 needs a few times the root of the degrees of freedom.
const MOST_TERMS: usize = 100_000;

/// The median, the mean of the two middle ones for an even number; none of nothing or when any is no finite number.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 { Some(upper) } else { Some(f64::midpoint(*sorted.get(middle - 1)?, upper)) }
}

/// The standard deviation that a median absolute deviation stands for, were the values Gaussian; none as [`median`].
#[must_use]
pub fn robust_sigma(values: &[f64]) -> Option<f64> {
    let middle = median(values)?;
    let deviations: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    median(&deviations).map(|mad| MAD_TO_SIGMA * mad)
}

/// The probability of a chi2 at least so large: Q(ndf/2, chi2/2), the upper incomplete gamma function over Γ.
///
/// Abramowitz and Stegun, Handbook of Mathematical Functions, 26.4.2 and 6.5.3: by the series 6.5.29 below the mean, by the
/// continued fraction 6.5.31 above it. None for no degree of freedom and for a chi2 that is negative or no number.
#[must_use]
pub fn chi2_probability(chi2: f64, ndf: usize) -> Option<f64> {
    if ndf == 0 || !chi2.is_finite() || chi2 < 0.0 {
        return None;
    }
    let (a, x) = (ndf as f64 / 2.0, chi2 / 2.0);
    if x == 0.0 {
        return Some(1.0);
    }
    let before = (a * x.ln() - x - ln_gamma(a)).exp();
    let upper = if x < a + 1.0 { 1.0 - before * lower_series(a, x) } else { before * upper_fraction(a, x) };
    Some(upper.clamp(0.0, 1.0))
}

/// Σ xⁿ / (a (a+1) ... (a+n)).
fn lower_series(a: f64, x: f64) -> f64 {
    let mut term = 1.0 / a;
    let mut sum = term;
    for n in 1..MOST_TERMS {
        term *= x / (a + n as f64);
        sum += term;
        if term < sum * f64::EPSILON {
            break;
        }
    }
    sum
}

/// 1/(x+1-a- 1(1-a)/(x+3-a- 2(2-a)/(x+5-a- ...))), from the front as W. J. Lentz, Appl. Opt. 15 (1976) 668, does it.
fn upper_fraction(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / away_from_zero(b);
    let mut fraction = d;
    for n in 1..MOST_TERMS {
        let n = n as f64;
        let an = -n * (n - a);
        b += 2.0;
        d = 1.0 / away_from_zero(an * d + b);
        c = away_from_zero(b + an / c);
        fraction *= c * d;
        if (c * d - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    fraction
}

/// ln Γ(a) of a > 0: Stirling's series (Abramowitz and Stegun 6.1.41), so far out that five terms are all the digits there are.
fn ln_gamma(a: f64) -> f64 {
    let (mut a, mut product_ln) = (a, 0.0);
    while a < 15.0 {
        product_ln += a.ln();
        a += 1.0;
    }
    let square = 1.0 / (a * a);
    let series = (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square * (1.0 / 1680.0 - square / 1188.0)))) / a;
    (a - 0.5) * a.ln() - a + 0.5 * std::f64::consts::TAU.ln() + series - product_ln
}

/// The probability that Kolmogorov's distance, times the root of the number of entries, is at least `z`:
/// 2 Σ (-1)^(k-1) exp(-2 k² z²).
///
/// N. Smirnov, Ann. Math. Stat. 19 (1948) 279; W. Feller, ibid. 177. Below 1 the same function is summed in its other form,
/// 1 - √(2π)/z Σ exp(-(2k-1)² π² / (8 z²)), which is fast where the first one is slow. None for a z that is negative or no number.
#[must_use]
pub fn kolmogorov_probability(z: f64) -> Option<f64> {
    if !z.is_finite() || z < 0.0 {
        return None;
    }
    if z < 0.05 {
        // The first term of the second form is below 1e-200.
        return Some(1.0);
    }
    let terms = (1..=10).map(f64::from);
    let probability = if z < 1.0 {
        let exponent = std::f64::consts::PI.powi(2) / (8.0 * z * z);
        let sum: f64 = terms.map(|k| (-(2.0 * k - 1.0).powi(2) * exponent).exp()).sum();
        1.0 - std::f64::consts::TAU.sqrt() / z * sum
    } else {
        let sign = |k: f64| if k % 2.0 == 1.0 { 1.0 } else { -1.0 };
        2.0 * terms.map(|k| sign(k) * (-2.0 * k * k * z * z).exp()).sum::<f64>()
    };
    Some(probability.clamp(0.0, 1.0))
}

/// A straight line through points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StraightLine {
    /// Mean abscissa of the points, weighted as they are.
    pub centre_x: f64,
    /// The line's height there.
    pub centre_y: f64,
    /// Its slope, y unit over x unit.
    pub slope: f64,
    /// The slope's standard deviation.
    pub slope_error: f64,
}

/// The line of least squares through `[x, y, error]`.
///
/// With an error above 0 on every point: weighted by them, and the slope's error is theirs (Bevington and Robinson, Data
/// Reduction and Error Analysis, 3rd ed., chapter 6). Else all points weigh the same, and the slope's error is from their scatter
/// about the line over n - 2 (ibid.). None for fewer than 3 points, points at one x, and what is
/// no finite number.
#[must_use]
pub fn straight_line(points: &[[f64; 3]]) -> Option<StraightLine> {
    if points.len() < 3 || points.iter().any(|[x, y, _]| !x.is_finite() || !y.is_finite()) {
        return None;
    }
    let is_weighted = points.iter().all(|[.., error]| error.is_finite() && *error > 0.0);
    let weight = |error: f64| if is_weighted { 1.0 / (error * error) } else { 1.0 };
    let sum = |term: &dyn Fn(f64, f64) -> f64| points.iter().map(|[x, y, error]| weight(*error) * term(*x, *y)).sum::<f64>();
    let all = sum(&|_, _| 1.0);
    // About the centre: seconds since 1970 squared would leave no digits for the slope.
    let (centre_x, centre_y) = (sum(&|x, _| x) / all, sum(&|_, y| y) / all);
    let xx = sum(&|x, _| (x - centre_x).powi(2));
    let slope = sum(&|x, y| (x - centre_x) * (y - centre_y)) / xx;
    let scatter = sum(&|x, y| (y - centre_y - slope * (x - centre_x)).powi(2));
    let variance = if is_weighted { 1.0 } else { scatter / (points.len() - 2) as f64 };
    let slope_error = (variance / xx).sqrt();
    let line = StraightLine { centre_x, centre_y, slope, slope_error };
    (slope.is_finite() && slope_error.is_finite() && centre_y.is_finite()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{found} is not {expected}");
    }

    #[test]
    fn chi2_probabilities_are_those_of_another_library() {
        // scipy 1.17.1, stats.chi2.sf; the second and the sixth are the 5 % points of the usual tables.
        for (chi2, ndf, probability) in [
            (0.0, 1, 1.0),
            (3.841458820694124, 1, 0.05),
            (10.0, 10, 0.44049328506521257),
            (0.5, 3, 0.9188914116546758),
            (30.0, 10, 0.000856641210775301),
            (124.342, 100, 0.05000071576997178),
            (1100.0, 1000, 0.014614408126295192),
            (100000.0, 100000, 0.4994052918952067),
            (300.0, 20, 8.082849629775851e-52),
        ] {
            near(chi2_probability(chi2, ndf).unwrap(), probability);
        }
        for (chi2, ndf) in [(1.0, 0), (f64::NAN, 3), (-1.0, 3), (f64::INFINITY, 3)] {
            assert_eq!(chi2_probability(chi2, ndf), None);
        }
    }

    #[test]
    fn kolmogorov_probabilities_are_those_of_another_library() {
        // scipy 1.17.1, stats.kstwobign.sf; 1.358 is the 5 % point of Smirnov's table.
        for (z, probability) in [
            (0.0, 1.0),
            (0.2, 0.999999999999495),
            (0.3, 0.9999906941986655),
            (0.5, 0.9639452436648751),
            (0.8275735551899077, 0.5),
            (1.0, 0.26999967167735456),
            (1.2, 0.11224966667072497),
            (1.3580986393225507, 0.05),
            (2.0, 0.0006709252557796953),
            (4.0, 2.532833109818835e-14),
        ] {
            near(kolmogorov_probability(z).unwrap(), probability);
        }
        assert_eq!(kolmogorov_probability(f64::NAN), None);
    }

    #[test]
    fn lines_are_those_of_another_library() {
        let y = [2.1, 3.9, 6.2, 7.8, 10.1, 12.2];
        let errors = [0.1, 0.2, 0.1, 0.3, 0.2, 0.1];
        let points = |error: &dyn Fn(usize) -> f64| -> Vec<[f64; 3]> {
            y.iter().enumerate().map(|(at, y)| [1.79e9 + (at + 1) as f64, *y, error(at)]).collect()
        };
        let weighted = straight_line(&points(&|at| errors[at])).unwrap();
        near(weighted.slope, 2.019691709484793); // numpy 2, polyfit with cov="unscaled"
        near(weighted.slope_error, 0.026872326425340775);
        let plain = straight_line(&points(&|_| f64::NAN)).unwrap();
        near(plain.slope, 2.02); // scipy 1.17.1, stats.linregress
        near(plain.slope_error, 0.04276179870599006);
        assert_eq!(straight_line(&[[1.0, 1.0, 1.0], [1.0, 2.0, 1.0], [1.0, 3.0, 1.0]]), None, "all at one x");
    }

    #[test]
    fn a_median_is_the_middle_and_not_moved_by_one_that_is_far() {
        assert_eq!((median(&[3.0, 1.0, 2.0]), median(&[4.0, 1.0, 2.0, 3.0])), (Some(2.0), Some(2.5)));
        assert_eq!((median(&[]), median(&[1.0, f64::NAN])), (None, None));
        near(robust_sigma(&[1.0, 2.0, 3.0, 4.0, 1e9]).unwrap(), 1.482_602_218_505_602);
    }
}
