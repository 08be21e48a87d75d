//! Fit of a Landau distribution convolved with a Gaussian to charges, by maximum likelihood in bins.
//!
//! The fit range is 0.45 to 2.0 of the charges' centre, as the field does it: below are pieces of pulses, above is the tail of delta
//! rays. The amplitude needs no search: it is the number of charges in the range. The other three parameters are found by Fisher's
//! scoring, damped as Levenberg and Marquardt do it, so that every step makes the charges more likely.

use super::landau::LandauGauss;

/// Fit range, in parts of the centre.
const RANGE: [f64; 2] = [0.45, 2.0];
/// Bins in the fit range.
const BINS: usize = 62;
/// Steps after which a fit that does not settle is given up.
const MOST_STEPS: usize = 60;
/// Twice the gain of log likelihood that the next step promises at most, when the fit has settled: a thousandth of an error.
const SETTLED: f64 = 1e-6;
/// The same for a step that, when it is made, turns out to gain nothing.
const ROUGHNESS: f64 = 1e-3;
/// Landau's width and the Gaussian's stay between these parts of the centre.
const WIDTHS: [f64; 2] = [0.01, 0.6];

/// Charges counted in the fit range.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    low: f64,
    bin: f64,
    counts: Vec<f64>,
}

/// A shape fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShapeFit {
    /// The shape, in the charges' unit.
    pub shape: LandauGauss,
    /// Error of the most probable value if every charge stood for itself, in the charges' unit.
    pub error: f64,
    /// Charges in the fit range.
    pub entries: usize,
}

impl Histogram {
    /// Empty, for charges about a centre.
    #[must_use]
    pub fn about(centre: f64) -> Self {
        Histogram { low: RANGE[0] * centre, bin: (RANGE[1] - RANGE[0]) * centre / BINS as f64, counts: vec![0.0; BINS] }
    }

    /// Counts a charge; one outside the range is left out.
    pub fn fill(&mut self, charge: f64) {
        let place = (charge - self.low) / self.bin;
        if place >= 0.0
            && let Some(count) = self.counts.get_mut(place as usize)
        {
            *count += 1.0;
        }
    }

    fn total(&self) -> f64 {
        self.counts.iter().sum()
    }

    fn centre(&self) -> f64 {
        self.low / RANGE[0]
    }

    /// Logarithms of the bins' shares under a shape; none when the shape leaves the range empty.
    fn log_shares(&self, shape: LandauGauss) -> Option<Vec<f64>> {
        let mut shares = shape.densities(self.low + 0.5 * self.bin, self.bin, BINS);
        shares.iter_mut().for_each(|share| *share = share.max(1e-30));
        let sum: f64 = shares.iter().sum();
        shares.iter_mut().for_each(|share| *share = (*share / sum).ln());
        sum.is_finite().then_some(shares)
    }
}

/// The shape's free parameters: place and logarithm of the Gaussian's width, and the logarithm of Landau's width unless that is
/// a fixed part of the place.
#[derive(Debug, Clone, Copy)]
struct Parameters {
    values: [f64; 3],
    fixed_ratio: Option<f64>,
}

impl Parameters {
    fn count(&self) -> usize {
        if self.fixed_ratio.is_some() { 2 } else { 3 }
    }

    fn shape(&self) -> LandauGauss {
        let [place, log_sigma, log_width] = self.values;
        let width = self.fixed_ratio.map_or_else(|| log_width.exp(), |ratio| ratio * place);
        LandauGauss { most_probable: place, width, sigma: log_sigma.exp() }
    }

    /// Whether a width is at the end of its range and the likelihood grows beyond it: it stays there, and the others are free.
    fn is_held(&self, index: usize, slope: f64, centre: f64) -> bool {
        let [low, high] = WIDTHS.map(|width| (width * centre).ln());
        (self.values[index] <= low && slope < 0.0) || (self.values[index] >= high && slope > 0.0)
    }

    /// The parameters a step away, held inside what the range can tell.
    fn moved(mut self, step: &[f64; 3], centre: f64) -> Self {
        let longest = [0.15 * centre, 0.7, 0.7];
        for (place, value) in self.values.iter_mut().enumerate() {
            // Far from the top the step is a guess: it may not leave the hump that it starts from.
            *value += step[place].clamp(-longest[place], longest[place]);
        }
        self.values[0] = self.values[0].clamp(RANGE[0] * centre, RANGE[1] * centre);
        for width in &mut self.values[1..] {
            *width = width.clamp((WIDTHS[0] * centre).ln(), (WIDTHS[1] * centre).ln());
        }
        self
    }
}

/// Fits the shape. `width_ratio` holds Landau's width at this part of the most probable value, as few charges need it; without
/// one all parameters are free. `start` is a shape to begin from.
///
/// None when the fit does not settle, or the most probable value is not inside the range.
#[must_use]
pub fn fit(histogram: &Histogram, width_ratio: Option<f64>, start: Option<LandauGauss>) -> Option<ShapeFit> {
    let (centre, total) = (histogram.centre(), histogram.total());
    if !(centre > 0.0 && centre.is_finite()) || total < 10.0 {
        return None;
    }
    let start = start.unwrap_or(LandauGauss { most_probable: 0.92 * centre, width: 0.07 * centre, sigma: 0.08 * centre });
    let mut parameters =
        Parameters { values: [start.most_probable, start.sigma.ln(), start.width.ln()], fixed_ratio: width_ratio };
    parameters = parameters.moved(&[0.0; 3], centre);
    let mut shares = histogram.log_shares(parameters.shape())?;
    let mut damping = 1e-3;
    for _ in 0..MOST_STEPS {
        let (gradient, fisher) = scores(histogram, &parameters, &shares)?;
        let (step, promise) = damped_step(&gradient, &fisher, parameters.count(), damping)?;
        let next = parameters.moved(&step, centre);
        let next_shares = histogram.log_shares(next.shape())?;
        let better = likelihood(histogram, &next_shares) >= likelihood(histogram, &shares);
        // Near the top, sums of many logarithms are rough: a step that promises next to nothing and gains nothing is the end too.
        if damping < 1.0 && (promise < SETTLED || (promise < ROUGHNESS && !better)) {
            return settled(histogram, &parameters, &fisher);
        }
        if better {
            (parameters, shares) = (next, next_shares);
            damping = (damping * 0.2).max(1e-6);
        } else if damping > 1e8 {
            return None;
        } else {
            damping *= 8.0;
        }
    }
    None
}

/// The fit, if it found a peak inside the range.
fn settled(histogram: &Histogram, parameters: &Parameters, fisher: &[[f64; 3]; 3]) -> Option<ShapeFit> {
    // The first column of the inverse: the variance of the place with the others free.
    let (column, _) = damped_step(&[1.0, 0.0, 0.0], fisher, parameters.count(), 0.0)?;
    let (at, centre) = (parameters.values[0], histogram.centre());
    let is_wide = parameters.shape().sigma > 0.99 * WIDTHS[1] * centre;
    let inside = at > 1.02 * RANGE[0] * centre && at < 0.98 * RANGE[1] * centre && !is_wide;
    let error = column[0].max(0.0).sqrt();
    let found = ShapeFit { shape: parameters.shape(), error, entries: histogram.total() as usize };
    (inside && error > 0.0 && error.is_finite()).then_some(found)
}

fn likelihood(histogram: &Histogram, shares: &[f64]) -> f64 {
    histogram.counts.iter().zip(shares).map(|(count, share)| count * share).sum()
}

/// Gradient of the log likelihood and Fisher's information.
fn scores(histogram: &Histogram, parameters: &Parameters, shares: &[f64]) -> Option<([f64; 3], [[f64; 3]; 3])> {
    let total = histogram.total();
    let mut slopes = vec![[0.0; 3]; BINS];
    for index in 0..parameters.count() {
        let mut step = [0.0; 3];
        step[index] = if index == 0 { 1e-4 * histogram.centre() } else { 1e-3 };
        let (mut below, mut above) = (*parameters, *parameters);
        below.values[index] -= step[index];
        above.values[index] += step[index];
        let (below, above) = (histogram.log_shares(below.shape())?, histogram.log_shares(above.shape())?);
        for (slope, (below, above)) in slopes.iter_mut().zip(below.iter().zip(&above)) {
            slope[index] = (above - below) / (2.0 * step[index]);
        }
    }
    let (mut gradient, mut fisher) = ([0.0; 3], [[0.0; 3]; 3]);
    for ((slope, count), share) in slopes.iter().zip(&histogram.counts).zip(shares) {
        let expected = total * share.exp();
        for row in 0..parameters.count() {
            gradient[row] += (count - expected) * slope[row];
            for column in 0..parameters.count() {
                fisher[row][column] += expected * slope[row] * slope[column];
            }
        }
    }
    for index in 1..parameters.count() {
        if parameters.is_held(index, gradient[index], histogram.centre()) {
            gradient[index] = 0.0;
            (0..3).for_each(|other| (fisher[index][other], fisher[other][index]) = (0.0, 0.0));
            fisher[index][index] = 1.0;
        }
    }
    Some((gradient, fisher))
}

/// Solves `(fisher + damping * its diagonal) step = gradient` by Gauss' elimination; the step and twice the gain of log
/// likelihood that it promises.
fn damped_step(gradient: &[f64; 3], fisher: &[[f64; 3]; 3], count: usize, damping: f64) -> Option<([f64; 3], f64)> {
    let (mut matrix, mut right) = (*fisher, *gradient);
    for (index, row) in matrix.iter_mut().enumerate().take(count) {
        row[index] = row[index] * (1.0 + damping) + 1e-12;
    }
    // The matrix is symmetric and positive: no pivots are needed.
    for pivot in 0..count {
        let above = matrix[pivot];
        if above[pivot].is_nan() || above[pivot] <= 0.0 {
            return None;
        }
        for row in pivot + 1..count {
            let factor = matrix[row][pivot] / above[pivot];
            matrix[row].iter_mut().zip(above).for_each(|(value, above)| *value -= factor * above);
            right[row] -= factor * right[pivot];
        }
    }
    let mut step = [0.0; 3];
    for row in (0..count).rev() {
        let known: f64 = (row + 1..count).map(|column| matrix[row][column] * step[column]).sum();
        step[row] = (right[row] - known) / matrix[row][row];
    }
    let promise = step.iter().zip(gradient).map(|(step, slope)| step * slope).sum::<f64>();
    step.iter().all(|step| step.is_finite()).then_some((step, promise))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Charges of a shape, by rejection.
    fn sample(shape: LandauGauss, count: usize, seed: u64) -> Vec<f64> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let density = shape.densities(0.0, 0.01, 6000);
        let top = density.iter().copied().fold(0.0, f64::max);
        let mut charges = Vec::with_capacity(count);
        while charges.len() < count {
            let place = random.random_range(0..density.len());
            if top * random.random::<f64>() < density[place] {
                charges.push(0.01 * (place as f64 + random.random::<f64>() - 0.5));
            }
        }
        charges
    }

    fn histogram(charges: &[f64], centre: f64) -> Histogram {
        let mut histogram = Histogram::about(centre);
        charges.iter().for_each(|charge| histogram.fill(*charge));
        histogram
    }

    const SHAPE: LandauGauss = LandauGauss { most_probable: 13.7, width: 0.9, sigma: 1.1 };

    #[test]
    fn all_parameters_are_found_again() {
        let found = fit(&histogram(&sample(SHAPE, 60_000, 1), 15.0), None, None).unwrap();
        assert!((found.shape.most_probable - 13.7).abs() < 4.0 * found.error && found.error < 0.05, "{found:?}");
        assert!((found.shape.width - 0.9).abs() < 0.04 && (found.shape.sigma - 1.1).abs() < 0.06, "{found:?}");
    }

    #[test]
    fn the_error_of_the_most_probable_value_is_true() {
        let pulls: Vec<f64> = (0..150)
            .map(|seed| fit(&histogram(&sample(SHAPE, 400, 100 + seed), 15.0), Some(0.9 / 13.7), None).unwrap())
            .map(|found| (found.shape.most_probable - 13.7) / found.error)
            .collect();
        let mean = pulls.iter().sum::<f64>() / pulls.len() as f64;
        let width = (pulls.iter().map(|pull| (pull - mean).powi(2)).sum::<f64>() / pulls.len() as f64).sqrt();
        assert!(mean.abs() < 0.35 && (0.8..1.2).contains(&width), "{mean} {width}");
    }

    #[test]
    fn where_it_starts_does_not_matter() {
        let histogram = histogram(&sample(SHAPE, 5000, 3), 15.0);
        let one = fit(&histogram, None, None).unwrap();
        let far = LandauGauss { most_probable: 22.0, width: 3.0, sigma: 0.3 };
        let other = fit(&histogram, None, Some(far)).unwrap();
        assert!((one.shape.most_probable - other.shape.most_probable).abs() < 0.03 * one.error, "{one:?} {other:?}");
    }

    #[test]
    fn what_has_no_peak_in_the_range_is_not_fitted() {
        assert_eq!(fit(&Histogram::about(15.0), None, None), None);
        assert_eq!(fit(&Histogram::about(f64::NAN), None, None), None);
        let falling: Vec<f64> = (0..5000).map(|place| 6.0 + 24.0 * (f64::from(place) / 5000.0).powi(4)).collect();
        assert_eq!(fit(&histogram(&falling, 15.0), Some(0.07), None), None);
        assert_eq!(fit(&histogram(&[15.0; 9], 15.0), None, None), None, "nine charges");
    }
}
