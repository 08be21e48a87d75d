//! Estimators: the mean of a distribution's core, a straight line through points with errors, the jackknife.

/// A mean with its error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// The value.
    pub value: f64,
    /// Standard error.
    pub error: f64,
    /// Entries it was made of.
    pub entries: usize,
}

/// The plain mean with the standard error from the spread; none for fewer than two values.
#[must_use]
pub fn mean(values: &[f64]) -> Option<Mean> {
    if values.len() < 2 {
        return None;
    }
    let count = values.len() as f64;
    let value = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|other| (other - value).powi(2)).sum::<f64>() / (count - 1.0);
    Some(Mean { value, error: (variance / count).sqrt(), entries: values.len() })
}

/// The mean without the highest `fraction` of the values.
#[must_use]
pub fn truncated_mean(mut values: Vec<f64>, fraction: f64) -> Option<Mean> {
    values.sort_by(f64::total_cmp);
    values.truncate(((1.0 - fraction) * values.len() as f64).round() as usize);
    mean(&values)
}

/// The mean of the lowest `fraction` of the values, whose order it changes; none when that is no value.
#[must_use]
pub fn mean_of_lowest(values: &mut [f64], fraction: f64) -> Option<f64> {
    let kept = (fraction * values.len() as f64).round() as usize;
    if kept == 0 || kept > values.len() {
        return None;
    }
    if kept < values.len() {
        values.select_nth_unstable_by(kept, f64::total_cmp);
    }
    Some(values[..kept].iter().sum::<f64>() / kept as f64)
}

/// Half the width, in standard deviations, of the window that [`gaussian_mean`] looks through.
const WINDOW_SIGMA: f64 = 2.0;
/// The standard deviation of a Gaussian seen through a window of +-2, for a width of 1.
const WINDOWED_RMS: f64 = 0.879_6;
/// How much larger than `rms/sqrt(n)` the error of the windowed mean is: the window moves with the mean.
const WINDOWED_ERROR: f64 = 1.2;

/// The mean of a distribution's Gaussian core: the mean inside +-2 standard deviations of itself, repeated until it stands.
/// It starts from median and median deviation, so tails do not reach it. None for fewer than two values.
#[must_use]
pub fn gaussian_mean(values: &[f64]) -> Option<Mean> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut centre = median(&sorted)?;
    let mut deviations: Vec<f64> = sorted.iter().map(|value| (value - centre).abs()).collect();
    deviations.sort_by(f64::total_cmp);
    let mut width = 1.4826 * median(&deviations)?;
    if sorted.len() < 2 {
        return None;
    }
    let mut inside = sorted.len();
    for _ in 0..30 {
        let low = sorted.partition_point(|value| *value < centre - WINDOW_SIGMA * width);
        let high = sorted.partition_point(|value| *value <= centre + WINDOW_SIGMA * width);
        let Some(core) = mean(&sorted[low..high]) else { break };
        inside = high - low;
        let next_width = core.error * (inside as f64).sqrt() / WINDOWED_RMS;
        let settled = (core.value - centre).abs() < 1e-9 && (next_width - width).abs() < 1e-9;
        (centre, width) = (core.value, next_width);
        if settled {
            break;
        }
    }
    Some(Mean { value: centre, error: WINDOWED_ERROR * width / (inside as f64).sqrt(), entries: values.len() })
}

/// The median of sorted values.
fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    Some(if sorted.len().is_multiple_of(2) { (sorted[middle - 1] + upper) / 2.0 } else { upper })
}

/// A straight line `intercept + slope * x`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StraightLine {
    /// Value at x = 0.
    pub intercept: f64,
    /// Change per x.
    pub slope: f64,
    /// Error of the slope, if the points' errors are independent.
    pub slope_error: f64,
}

/// The line of least squared distances, each in units of its point's error; `(x, y, error)`. None for fewer than two places
/// in x. For a line this is the minimum itself: no start values, no convergence to doubt.
#[must_use]
pub fn fit_line(points: &[(f64, f64, f64)]) -> Option<StraightLine> {
    let (mut w, mut wx, mut wy, mut wxx, mut wxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (x, y, error) in points {
        let weight = 1.0 / (error * error);
        w += weight;
        wx += weight * x;
        wy += weight * y;
        wxx += weight * x * x;
        wxy += weight * x * y;
    }
    let determinant = w * wxx - wx * wx;
    let line = StraightLine {
        intercept: (wxx * wy - wx * wxy) / determinant,
        slope: (w * wxy - wx * wy) / determinant,
        slope_error: (w / determinant).sqrt(),
    };
    (determinant > 1e-12 * w * wxx && line.slope.is_finite() && line.intercept.is_finite()).then_some(line)
}

/// The standard error of an estimate from estimates that each leave one part of the data out.
#[must_use]
pub fn jackknife_error(estimates: &[f64]) -> Option<f64> {
    let count = estimates.len() as f64;
    if estimates.len() < 2 {
        return None;
    }
    let centre = estimates.iter().sum::<f64>() / count;
    let squares: f64 = estimates.iter().map(|estimate| (estimate - centre).powi(2)).sum();
    Some(((count - 1.0) / count * squares).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_distr::{Distribution, Normal};

    fn normal(count: usize, centre: f64, width: f64, seed: u64) -> Vec<f64> {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        Normal::new(centre, width).unwrap().sample_iter(&mut random).take(count).collect()
    }

    #[test]
    fn the_core_of_a_gaussian_is_its_mean_and_the_error_is_true() {
        let pulls: Vec<f64> = (0..300)
            .map(|seed| gaussian_mean(&normal(400, 5.0, 2.0, seed)).unwrap())
            .map(|mean| (mean.value - 5.0) / mean.error)
            .collect();
        let spread = (pulls.iter().map(|pull| pull * pull).sum::<f64>() / pulls.len() as f64).sqrt();
        assert!((0.85..1.2).contains(&spread), "pulls spread by {spread}");
    }

    #[test]
    fn tails_do_not_pull_the_core() {
        let mut values = normal(1000, 1.0, 0.1, 1);
        values.extend((0..100).map(|place| 3.0 + f64::from(place)));
        let core = gaussian_mean(&values).unwrap();
        assert!((core.value - 1.0).abs() < 0.02, "{core:?}");
    }

    #[test]
    fn a_line_is_found_again() {
        let points: Vec<(f64, f64, f64)> =
            (0..5).map(|x| (f64::from(x), 3.0 - 0.5 * f64::from(x), 0.1 + 0.1 * f64::from(x))).collect();
        let line = fit_line(&points).unwrap();
        assert!((line.intercept - 3.0).abs() < 1e-12 && (line.slope + 0.5).abs() < 1e-12);
        assert_eq!(fit_line(&points[..1]), None);
        assert_eq!(fit_line(&[(1.0, 2.0, 0.1), (1.0, 3.0, 0.1)]), None);
    }

    #[test]
    fn a_truncated_mean_drops_the_highest() {
        assert_eq!(truncated_mean(vec![100.0, 1.0, 2.0, 3.0, 2.0, 2.0, 90.0, 2.0, 80.0, 2.0], 0.3).unwrap().value, 2.0);
        assert_eq!(truncated_mean(vec![1.0], 0.0), None);
    }

    #[test]
    fn the_jackknife_of_means_is_their_standard_error() {
        let values = normal(50, 0.0, 1.0, 9);
        let total: f64 = values.iter().sum();
        let without: Vec<f64> = values.iter().map(|value| (total - value) / 49.0).collect();
        let error = jackknife_error(&without).unwrap();
        assert!((error - mean(&values).unwrap().error).abs() < 1e-12);
    }
}
