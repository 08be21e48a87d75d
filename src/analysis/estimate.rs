//! What stands for the charges of each LEM in one view: mean, truncated mean, or most probable value, scaled to the mean.
//!
//! The effective gain is defined by the mean charge. A truncated mean or a most probable value lies below it, by a ratio that is
//! a property of the distribution's shape: of the energy losses and path lengths, which are the same above every LEM. So the
//! ratio is measured, on the same data: the charges of all LEMs, each over its LEM's estimate, have a mean, and that multiplies
//! the estimates. The rare large losses that make a single LEM's mean uncertain are averaged over all of them.

use super::charges::Charge;
use super::landau::LandauGauss;
use super::shape_fit::{self, Histogram};
use super::statistics::{mean, mean_of_lowest};
use crate::config::{AnalysisSettings, GainEstimator};

/// Part of the charges of a LEM, the lowest, whose mean is the scale that a fit starts from.
const SCALE_FRACTION: f64 = 0.7;

/// Estimates of one view.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimates {
    /// Per LEM the mean dQ/ds that its estimate stands for; none where the charges do not allow one.
    pub lems: Vec<Option<Estimate>>,
    /// What the estimates were multiplied with.
    pub mean_over_estimate: f64,
}

/// One LEM's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// dQ/ds, fC/cm.
    pub dqds: f64,
    /// Its error if every charge stood for itself, fC/cm.
    pub single_error: f64,
    /// Mean drift time of the charges, us.
    pub drift_us: f64,
}

/// Estimates the LEMs' charges, each corrected by `exp(rate * drift time)`. None when no LEM has enough of them, or the shape can't be
/// fitted.
#[must_use]
pub fn estimate<'a>(
    charges: impl Iterator<Item = &'a Charge>,
    lems: usize,
    rate_per_us: f64,
    settings: &AnalysisSettings,
) -> Option<Estimates> {
    let mut corrected = vec![Vec::new(); lems];
    let mut drift_us = vec![0.0; lems];
    for charge in charges {
        let (lem, t_us) = (usize::from(charge.lem), f64::from(charge.drift_us));
        if let Some(values) = corrected.get_mut(lem) {
            values.push(f64::from(charge.dqds) * (rate_per_us * t_us).exp());
            drift_us[lem] += t_us;
        }
    }
    corrected.iter_mut().filter(|values| values.len() < settings.gain_min_entries.max(2)).for_each(Vec::clear);
    let raw = match settings.gain_estimator {
        GainEstimator::TruncatedMean => truncated_means(&mut corrected, 1.0 - settings.gain_truncated_fraction),
        GainEstimator::LandauGauss => most_probable_values(&mut corrected)?,
    };
    let mean_over_estimate = mean_over_estimate(&corrected, &raw)?;
    let lems = raw.into_iter().zip(&corrected).zip(drift_us).map(|((raw, values), drift_us)| {
        raw.map(|(value, error)| Estimate {
            dqds: value * mean_over_estimate,
            single_error: error * mean_over_estimate,
            drift_us: drift_us / values.len() as f64,
        })
    });
    Some(Estimates { lems: lems.collect(), mean_over_estimate })
}

/// Value and error of each LEM: the mean of its lowest charges.
fn truncated_means(corrected: &mut [Vec<f64>], fraction: f64) -> Vec<Option<(f64, f64)>> {
    corrected
        .iter_mut()
        .map(|values| {
            let value = mean_of_lowest(values, fraction)?;
            let kept = (fraction * values.len() as f64).round() as usize;
            let error = mean(&values[..kept])?.error;
            (value > 0.0).then_some((value, error))
        })
        .collect()
}

/// Value and error of each LEM: the most probable charge. Landau's width relative to it is fitted to all LEMs together.
fn most_probable_values(corrected: &mut [Vec<f64>]) -> Option<Vec<Option<(f64, f64)>>> {
    let scales: Vec<Option<f64>> =
        corrected.iter_mut().map(|values| mean_of_lowest(values, SCALE_FRACTION).filter(|scale| *scale > 0.0)).collect();
    let mut pooled = Histogram::about(1.0);
    for (values, scale) in corrected.iter().zip(&scales) {
        let Some(scale) = scale else { continue };
        values.iter().for_each(|value| pooled.fill(value / scale));
    }
    let pooled: LandauGauss = shape_fit::fit(&pooled, None, None)?.shape;
    let ratio = pooled.width / pooled.most_probable;
    let fits = corrected.iter().zip(&scales).map(|(values, scale)| {
        let scale = (*scale)?;
        let mut histogram = Histogram::about(1.0);
        values.iter().for_each(|value| histogram.fill(value / scale));
        let fit = shape_fit::fit(&histogram, Some(ratio), Some(pooled))?;
        Some((fit.shape.most_probable * scale, fit.error * scale))
    });
    Some(fits.collect())
}

/// The mean of all charges, each over the estimate of its LEM. None when there is no estimate.
fn mean_over_estimate(corrected: &[Vec<f64>], raw: &[Option<(f64, f64)>]) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0.0);
    for (values, (estimate, _)) in corrected.iter().zip(raw).filter_map(|(values, raw)| Some((values, (*raw)?))) {
        sum += values.iter().sum::<f64>() / estimate;
        count += values.len() as f64;
    }
    (count > 0.0).then_some(sum / count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_distr::{Distribution, LogNormal};

    /// Charges with a long tail, of mean 15 fC/cm times the LEM's gain, without attenuation.
    fn charges(gains: &[f64], per_lem: usize) -> Vec<Charge> {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(8);
        let tail = LogNormal::new(-0.5 * 0.2f64.powi(2), 0.2).unwrap();
        let mut charges = Vec::new();
        for (lem, gain) in gains.iter().enumerate() {
            charges.extend((0..per_lem).map(|place| Charge {
                event: place as u32 / 10,
                lem: lem as u16,
                drift_us: 300.0,
                dqds: (15.0 * gain * tail.sample(&mut random)) as f32,
            }));
        }
        charges
    }

    #[test]
    fn every_estimator_stands_for_the_mean() {
        let gains = [1.0, 2.0, 0.5];
        let charges = charges(&gains, 4000);
        let fractions =
            [(GainEstimator::TruncatedMean, 0.0), (GainEstimator::TruncatedMean, 0.3), (GainEstimator::LandauGauss, 0.0)];
        for (gain_estimator, gain_truncated_fraction) in fractions {
            let settings = AnalysisSettings { gain_estimator, gain_truncated_fraction, ..AnalysisSettings::default() };
            let found = estimate(charges.iter(), 3, 0.0, &settings).unwrap();
            for (lem, gain) in found.lems.iter().zip(gains) {
                let lem = lem.unwrap();
                assert!((lem.dqds / (15.0 * gain) - 1.0).abs() < 0.015, "{gain_estimator:?} {lem:?} for {gain}");
                assert!((0.002..0.01).contains(&(lem.single_error / lem.dqds)), "{lem:?}");
            }
            let is_plain = gain_estimator == GainEstimator::TruncatedMean && gain_truncated_fraction == 0.0;
            assert_eq!(is_plain, (found.mean_over_estimate - 1.0).abs() < 1e-9, "{}", found.mean_over_estimate);
        }
    }

    #[test]
    fn attenuation_is_corrected_at_the_drift_time() {
        let settings = AnalysisSettings::default();
        let near = estimate(charges(&[1.0], 100).iter(), 1, 0.0, &settings).unwrap().lems[0].unwrap();
        let far = estimate(charges(&[1.0], 100).iter(), 1, 1.0 / 3000.0, &settings).unwrap().lems[0].unwrap();
        assert!((far.dqds / near.dqds - 0.1f64.exp()).abs() < 1e-9 && far.drift_us == 300.0);
    }

    #[test]
    fn a_lem_with_fewer_than_ten_charges_has_no_estimate() {
        let few: Vec<Charge> = charges(&[1.0, 1.0], 40).into_iter().take(49).collect();
        let found = estimate(few.iter(), 2, 0.0, &AnalysisSettings::default()).unwrap();
        assert!(found.lems[0].is_some() && found.lems[1].is_none());
        assert_eq!(estimate(few[40..].iter(), 2, 0.0, &AnalysisSettings::default()), None);
    }
}
