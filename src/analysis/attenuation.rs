//! Electron lifetime from the most probable dQ/ds of matched tracks against drift time.
//!
//! Each charge is divided by the scale of its LEM, so that LEMs of different gain can stand in one profile; in each bin of drift
//! time a Landau distribution convolved with a Gaussian is fitted, and a straight line through the logarithms of the most
//! probable values has the attenuation as its slope. The LEMs' scales, and the place of a charge inside its bin, need the
//! attenuation themselves, so this is repeated until it stands. Landau's width is a property of the liquid and the strips: its ratio
//! to the most probable value is fitted once, to all charges, and held in the bins; the Gaussian, which grows as noise weighs
//! more on less charge, is free in each.
//!
//! The error comes from leaving out a part of the events at a time, with all steps repeated.

use monitasks::format::sidecar::ProfileBin;

use super::charges::Charge;
use super::landau::LandauGauss;
use super::parts::Parts;
use super::shape_fit::{self, Histogram, ShapeFit};
use super::statistics::{fit_line, mean_of_lowest};
use crate::config::AnalysisSettings;

/// An attenuation with what it was made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Attenuation {
    /// Attenuation rate, 1/us: the inverse of the lifetime.
    pub rate_per_us: f64,
    /// Its error.
    pub error_per_us: f64,
    /// The most probable charge in each bin of drift time, over that of the fit at no drift.
    pub profile: Vec<ProfileBin>,
}

/// Fewest charges of a LEM whose scale is good enough.
const LEAST_OF_LEM: usize = 50;
/// Fewest bins that make a line.
const LEAST_BINS: usize = 3;
/// Part of the charges of a LEM, the lowest, whose mean is its scale.
const SCALE_FRACTION: f64 = 0.7;
/// Most rounds.
const ROUNDS: usize = 12;
/// A round that changes the rate by less than this part of its error, times the number of rounds so far, is the last: charges that
/// change over from one place of a histogram to the next keep the rate from standing quite still.
const SETTLED_ERRORS: f64 = 0.02;
/// More bins than any drift has.
const MOST_BINS: usize = 4096;

/// What one round leads to.
#[derive(Debug, Clone, PartialEq)]
struct Round {
    rate_per_us: f64,
    line_error_per_us: f64,
    log_amplitude: f64,
    pooled: LandauGauss,
    /// Fits of the charges corrected by the rate before, by bin.
    bins: Vec<(usize, ShapeFit)>,
}

/// Measures the attenuation of one view's charges. None when there are too few charges, bins or events, or a fit does not
/// settle.
#[must_use]
pub fn measure(charges: &[Charge], lems: usize, settings: &AnalysisSettings) -> Option<Attenuation> {
    let parts = Parts::of(charges.iter().map(|charge| charge.event))?;
    let part_of = parts.of_charges(charges);
    let all = Sample { charges, part_of: &part_of, without: None, lems, settings };
    let round = all.settled(None)?;
    let error_per_us = parts.error(|part| {
        let without = Sample { without: Some(part), ..all };
        Some(without.settled(Some(&round))?.rate_per_us)
    })?;
    let profile = round.bins.iter().map(|(bin, fit)| {
        let t_us = bin_centre_us(*bin, settings.purity_bin_us);
        let scale = (-round.rate_per_us * t_us - round.log_amplitude).exp();
        let entries = fit.entries as u64;
        ProfileBin { t_us, charge: fit.shape.most_probable * scale, error: fit.error * scale, entries }
    });
    Some(Attenuation { rate_per_us: round.rate_per_us, error_per_us, profile: profile.collect() })
}

fn bin_centre_us(bin: usize, bin_us: f64) -> f64 {
    (bin as f64 + 0.5) * bin_us
}

/// Charges of one view, without one part of the events.
#[derive(Debug, Clone, Copy)]
struct Sample<'a> {
    charges: &'a [Charge],
    part_of: &'a [u8],
    without: Option<u8>,
    lems: usize,
    settings: &'a AnalysisSettings,
}

impl Sample<'_> {
    fn charges(&self) -> impl Iterator<Item = &Charge> {
        self.charges.iter().zip(self.part_of).filter(|(_, part)| Some(**part) != self.without).map(|(charge, _)| charge)
    }

    /// Rounds until the attenuation stands.
    fn settled(&self, start: Option<&Round>) -> Option<Round> {
        let mut last = start.cloned();
        for number in 1..=ROUNDS {
            let rate = last.as_ref().map_or_else(|| self.first_rate(), |round| round.rate_per_us);
            let round = self.round(rate, last.as_ref())?;
            let settled = (round.rate_per_us - rate).abs() < SETTLED_ERRORS * number as f64 * round.line_error_per_us;
            last = Some(round);
            if settled {
                return last;
            }
        }
        None
    }

    /// A rate to begin with, 1/us, from the mean of the lower charges in each bin: uncorrected charges are spread too far for a fit
    /// of their shape.
    fn first_rate(&self) -> f64 {
        let scales = self.scales(0.0);
        let mut bins: Vec<Vec<f64>> = Vec::new();
        for charge in self.charges() {
            let bin = self.bin(charge);
            let scale = scales[usize::from(charge.lem)];
            if scale > 0.0 && bin < MOST_BINS {
                bins.resize(bins.len().max(bin + 1), Vec::new());
                bins[bin].push(f64::from(charge.dqds) / scale);
            }
        }
        let points: Vec<(f64, f64, f64)> = bins
            .iter_mut()
            .enumerate()
            .filter(|(_, values)| values.len() >= self.settings.purity_min_entries.max(10))
            .filter_map(|(bin, values)| {
                let error = 1.0 / (values.len() as f64).sqrt();
                let mean = mean_of_lowest(values, SCALE_FRACTION).filter(|mean| *mean > 0.0)?;
                Some((bin_centre_us(bin, self.settings.purity_bin_us), mean.ln(), error))
            })
            .collect();
        fit_line(&points).map_or(0.0, |line| -line.slope)
    }

    /// The bin of a charge's drift time.
    fn bin(&self, charge: &Charge) -> usize {
        (f64::from(charge.drift_us) / self.settings.purity_bin_us).max(0.0) as usize
    }

    /// Scales of the LEMs, then bins, then the line.
    fn round(&self, rate: f64, last: Option<&Round>) -> Option<Round> {
        let scales = self.scales(rate);
        let bin_us = self.settings.purity_bin_us;
        let mut pooled = Histogram::about(1.0);
        let mut bins: Vec<(usize, Histogram)> = Vec::new();
        // A LEM's scale is the mean of its lower charges; in parts of the mean of all, the charges lie about 1.1.
        for charge in self.charges() {
            let scale = scales[usize::from(charge.lem)];
            let t_us = f64::from(charge.drift_us);
            let bin = self.bin(charge);
            if scale <= 0.0 || bin >= MOST_BINS {
                continue;
            }
            if bin >= bins.len() {
                bins.resize(bin + 1, (0, Histogram::about(1.0)));
            }
            let relative = f64::from(charge.dqds) / scale * (rate * t_us).exp();
            pooled.fill(relative);
            bins[bin].0 += 1;
            bins[bin].1.fill(relative);
        }
        let pooled = shape_fit::fit(&pooled, None, last.map(|round| round.pooled))?.shape;
        let ratio = pooled.width / pooled.most_probable;
        let enough = |entries: usize| entries >= self.settings.purity_min_entries.max(10);
        let bins: Option<Vec<(usize, ShapeFit)>> = bins
            .iter()
            .enumerate()
            .filter(|(_, (entries, _))| enough(*entries))
            .map(|(bin, (_, histogram))| {
                let start =
                    last.and_then(|round| round.bins.iter().find(|other| other.0 == bin)).map_or(pooled, |other| other.1.shape);
                Some((bin, shape_fit::fit(histogram, Some(ratio), Some(start))?))
            })
            .collect();
        let bins = bins?;
        if bins.len() < LEAST_BINS {
            return None;
        }
        let points: Vec<(f64, f64, f64)> = bins
            .iter()
            .map(|(bin, fit)| {
                let log_charge = fit.shape.most_probable.ln() - rate * bin_centre_us(*bin, bin_us);
                (bin_centre_us(*bin, bin_us), log_charge, fit.error / fit.shape.most_probable)
            })
            .collect();
        let line = fit_line(&points)?;
        Some(Round { rate_per_us: -line.slope, line_error_per_us: line.slope_error, log_amplitude: line.intercept, pooled, bins })
    }

    /// Each LEM's scale; 0 where its charges are too few.
    fn scales(&self, rate: f64) -> Vec<f64> {
        let mut values = vec![Vec::new(); self.lems];
        for charge in self.charges() {
            if let Some(values) = values.get_mut(usize::from(charge.lem)) {
                values.push(f64::from(charge.dqds) * (rate * f64::from(charge.drift_us)).exp());
            }
        }
        values
            .iter_mut()
            .map(|values| if values.len() < LEAST_OF_LEM { 0.0 } else { mean_of_lowest(values, SCALE_FRACTION).unwrap_or(0.0) })
            .collect()
    }
}
