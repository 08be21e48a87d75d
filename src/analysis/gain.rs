//! dQ/ds of each LEM from matched tracks, attenuation corrected, and its effective gain.
//!
//! A point's charge is multiplied by exp(t/lifetime) and divided by its path length; [`estimate`](super::estimate) makes one
//! number of them per LEM and view. The effective gain is the sum of both views' dQ/ds over the charge per length of a minimum
//! ionising particle before any gain.
//!
//! Errors: each part of the events is left out at a time and everything measured anew, both views together, so that what is common
//! to a track's points and to the two views counts once. The error is not taken below the one that single, independent charges
//! would have: with few tracks the parts alone may agree by chance. The attenuation's error, times the mean drift time, and what
//! the method itself leaves uncertain (`gain_systematic_fraction`) are common to all LEMs and are added in square.

use monitasks::detector::Detector;
use monitasks::format::crp_summary::LemRow;
use monitasks::format::sidecar::{GainSection, LemGainRow};
use monitasks::summary::Measured;

use super::charges::Charges;
use super::estimate::{Estimate, Estimates, estimate};
use super::lifetime::Correction;
use super::parts::Parts;
use super::statistics::jackknife_error;
use crate::config::AnalysisSettings;

/// Unit of the dQ/ds columns.
pub const DQDS_UNIT: &str = "fC/cm";

/// A row per LEM from the charges of matched tracks.
#[must_use]
pub fn measure(charges: &Charges, correction: &Correction, detector: &Detector, settings: &AnalysisSettings) -> GainSection {
    let estimates = correction.is_known().then(|| Replicas::of(charges, correction, detector, settings)).flatten();
    let mut lems: Vec<LemGainRow> = detector
        .lems
        .places()
        .filter_map(|lem| {
            let index = detector.lems.index(lem);
            let entries = [0, 1].map(|view: usize| charges.entries_of_lem[index][view]);
            let mut row = LemGainRow {
                lem: detector.lems.number(detector.lems.numberings.first()?, lem)?,
                entries,
                dqds: entries.map(|entries| without_number(entries, settings)),
                effective_gain: Measured::NoData,
                charge_asymmetry: Measured::NoData,
                tracks: charges.tracks_of_lem[index],
            };
            if let Some(estimates) = estimates.as_ref().filter(|_| row.tracks >= settings.gain_min_tracks as u64) {
                row.dqds = [0, 1].map(|view: usize| estimates.dqds(index, view, correction).unwrap_or(row.dqds[view]));
            }
            (row.effective_gain, row.charge_asymmetry) = both_views(index, row.dqds, estimates.as_ref(), correction, detector);
            Some(row)
        })
        .collect();
    lems.sort_by_key(|row| row.lem);
    GainSection {
        dqds_unit: DQDS_UNIT.into(),
        lifetime_us: correction.lifetime_us(),
        attenuation_error_per_ms: correction.is_known().then_some(1e3 * correction.error_per_us),
        mean_over_estimate: estimates.map(|estimates| estimates.whole.map(|view| view.mean_over_estimate)),
        tracks: charges.tracks,
        lems,
    }
}

/// The rows of the text file.
#[must_use]
pub fn text_rows(gain: &GainSection) -> Vec<LemRow> {
    gain.lems.iter().map(|row| LemRow { lem: row.lem, dqds: row.dqds }).collect()
}

/// Why a view of a LEM has no number.
fn without_number(entries: u64, settings: &AnalysisSettings) -> Measured {
    if entries < settings.gain_min_entries as u64 { Measured::NoData } else { Measured::NotMeasured }
}

/// Effective gain and charge asymmetry of a LEM, of numbers in both views.
fn both_views(
    lem: usize,
    dqds: [Measured; 2],
    estimates: Option<&Replicas>,
    correction: &Correction,
    detector: &Detector,
) -> (Measured, Measured) {
    let numbers = match dqds {
        [Measured::Number { .. }, Measured::Number { .. }] => estimates,
        [Measured::NoData, _] | [_, Measured::NoData] => return (Measured::NoData, Measured::NoData),
        _ => None,
    };
    let measured = numbers.and_then(|estimates| {
        let gain = estimates.effective_gain(lem, correction, detector.drift.mip_charge_fc_per_cm)?;
        Some((gain, estimates.asymmetry(lem)?))
    });
    measured.unwrap_or((Measured::NotMeasured, Measured::NotMeasured))
}

/// The estimates of all charges, and those that leave out a part of the events each.
#[derive(Debug, Clone)]
struct Replicas {
    /// Part of each gain that is uncertain besides.
    systematic: f64,
    whole: [Estimates; 2],
    without: Vec<[Estimates; 2]>,
}

impl Replicas {
    /// None when there are too few events for an error, or the charges of a view have no shape that can be fitted.
    fn of(charges: &Charges, correction: &Correction, detector: &Detector, settings: &AnalysisSettings) -> Option<Self> {
        let parts = Parts::of(charges.views.iter().flatten().map(|charge| charge.event))?;
        let of_parts = charges.views.each_ref().map(|view| parts.of_charges(view));
        let measure = |without: Option<u8>| -> Option<[Estimates; 2]> {
            let [first, second] = [0, 1].map(|view: usize| {
                let kept = charges.views[view].iter().zip(&of_parts[view]).filter(|(_, part)| Some(**part) != without);
                estimate(kept.map(|(charge, _)| charge), detector.lems.len(), correction.rate_per_us, settings)
            });
            Some([first?, second?])
        };
        let without = (0..parts.count() as u8).map(|part| measure(Some(part))).collect::<Option<_>>()?;
        Some(Replicas { systematic: settings.gain_systematic_fraction, whole: measure(None)?, without })
    }

    fn of_lem(views: &[Estimates; 2], lem: usize) -> Option<[Estimate; 2]> {
        Some([views[0].lems[lem]?, views[1].lems[lem]?])
    }

    /// Error of a function of both views' estimates of a LEM; none when a part of the events carries too much of the LEM.
    fn error(&self, lem: usize, of: impl Fn([Estimate; 2]) -> f64) -> Option<f64> {
        let values: Option<Vec<f64>> = self.without.iter().map(|views| Replicas::of_lem(views, lem).map(&of)).collect();
        jackknife_error(&values?)
    }

    /// dQ/ds of a view of a LEM, fC/cm.
    fn dqds(&self, lem: usize, view: usize, correction: &Correction) -> Option<Measured> {
        let found = self.whole[view].lems[lem]?;
        let values: Option<Vec<f64>> = self.without.iter().map(|views| views[view].lems[lem].map(|found| found.dqds)).collect();
        let error = jackknife_error(&values?)?.max(found.single_error);
        let common = (found.drift_us * correction.error_per_us).hypot(self.systematic);
        Some(Measured::number(found.dqds, error.hypot(found.dqds * common)))
    }

    /// (dQ/ds of view 0 + of view 1) over the charge of a minimum ionising particle.
    fn effective_gain(&self, lem: usize, correction: &Correction, mip_fc_per_cm: f64) -> Option<Measured> {
        let found = Replicas::of_lem(&self.whole, lem)?;
        let sum = found[0].dqds + found[1].dqds;
        // Charges of the two views are of the same electrons: their errors add up straight.
        let error = self.error(lem, |views| views[0].dqds + views[1].dqds)?.max(found[0].single_error + found[1].single_error);
        let drift_us = (found[0].drift_us + found[1].drift_us) / 2.0;
        let error = error.hypot(sum * (drift_us * correction.error_per_us).hypot(self.systematic));
        Some(Measured::number(sum / mip_fc_per_cm, error / mip_fc_per_cm))
    }

    /// (Q0 - Q1)/(Q0 + Q1): the attenuation, common to both, does not matter.
    fn asymmetry(&self, lem: usize) -> Option<Measured> {
        let of = |views: [Estimate; 2]| (views[0].dqds - views[1].dqds) / (views[0].dqds + views[1].dqds);
        Some(Measured::number(of(Replicas::of_lem(&self.whole, lem)?), self.error(lem, of)?))
    }
}
