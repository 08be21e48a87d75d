//! dQ/ds of each LEM from matched tracks, attenuation corrected, and its effective gain.
//!
//! A point's charge is multiplied by exp(t/lifetime) and divided by its path length; per LEM and view the mean is taken, plain or
//! without the highest fraction. The error is that of the mean, from the spread of the entries. The effective gain is the sum
//! of both views' dQ/ds over the charge per length of a minimum ionising particle before any gain.

use std::collections::HashSet;

use monitasks::detector::Detector;
use monitasks::format::crp_summary::LemRow;
use monitasks::format::sidecar::{GainSection, LemGainRow};
use monitasks::summary::Measured;
use monitasks::vocab::Lem;

use super::statistics::truncated_mean;
use crate::config::AnalysisSettings;
use crate::reconstruction::recofile::RecoData;

/// dQ/ds values, fC/cm, of the tracks so far: per LEM, in the grid's order, and view.
#[derive(Debug, Clone)]
pub struct GainSums {
    lifetime_us: Option<f64>,
    entries: Vec<[Vec<f64>; 2]>,
    /// Tracks that each LEM has entries of.
    tracks_of_lem: Vec<usize>,
    tracks: u64,
}

/// Unit of the dQ/ds columns.
pub const DQDS_UNIT: &str = "fC/cm";

impl GainSums {
    /// Nothing yet. The lifetime corrects the charges; none when no attenuation was measured.
    #[must_use]
    pub fn new(detector: &Detector, lifetime_us: Option<f64>) -> Self {
        GainSums {
            lifetime_us,
            entries: vec![Default::default(); detector.lems.len()],
            tracks_of_lem: vec![0; detector.lems.len()],
            tracks: 0,
        }
    }

    /// Adds a file.
    pub fn add(&mut self, data: &RecoData, detector: &Detector, settings: &AnalysisSettings) {
        let points = &data.points;
        let mut tracks = HashSet::new();
        let mut tracks_of_lem = HashSet::new();
        for place in 0..points.len() {
            let (Ok(column), Ok(row)) = (u16::try_from(points.lem_column[place]), u16::try_from(points.lem_row[place])) else {
                continue;
            };
            if column >= detector.lems.columns || row >= detector.lems.rows {
                continue;
            }
            let at_cm = [f64::from(points.x_cm[place]), f64::from(points.y_cm[place])];
            if edge_distance_cm(at_cm, detector) < settings.gain_lem_margin_cm {
                continue;
            }
            let lem = detector.lems.index(Lem { column, row });
            let Some(views) = self.entries.get_mut(lem) else { continue };
            let correction = self.lifetime_us.map_or(1.0, |lifetime_us| (f64::from(points.drift_us[place]) / lifetime_us).exp());
            let dqds = correction * f64::from(points.charge_fc[place]) / f64::from(points.step_cm[place]);
            if let Some(values) = views.get_mut(usize::from(points.view[place] != 0)).filter(|_| dqds.is_finite()) {
                values.push(dqds);
                tracks.insert((points.event[place], points.matched[place]));
                tracks_of_lem.insert((lem, points.event[place], points.matched[place]));
            }
        }
        self.tracks += tracks.len() as u64;
        tracks_of_lem.iter().for_each(|(lem, ..)| self.tracks_of_lem[*lem] += 1);
    }

    /// A row per LEM.
    #[must_use]
    pub fn measure(&self, detector: &Detector, settings: &AnalysisSettings) -> GainSection {
        let mut lems: Vec<LemGainRow> = detector
            .lems
            .places()
            .filter_map(|lem| {
                let number = detector.lems.number(detector.lems.numberings.first()?, lem)?;
                let views = self.entries.get(detector.lems.index(lem))?;
                let enough =
                    self.tracks_of_lem.get(detector.lems.index(lem)).is_some_and(|tracks| *tracks >= settings.gain_min_tracks);
                let dqds = [0, 1].map(|view: usize| if enough { measure_view(&views[view], settings) } else { Measured::NoData });
                Some(LemGainRow {
                    lem: number,
                    entries: [0, 1].map(|view: usize| views[view].len() as u64),
                    dqds,
                    effective_gain: effective_gain(dqds, detector.drift.mip_charge_fc_per_cm),
                })
            })
            .collect();
        lems.sort_by_key(|row| row.lem);
        GainSection { dqds_unit: DQDS_UNIT.into(), lifetime_us: self.lifetime_us, tracks: self.tracks, lems }
    }
}

/// Distance of a point (x, y) to the nearest edge between LEMs, cm: near one, the place may be that of the neighbour's charge.
fn edge_distance_cm(at_cm: [f64; 2], detector: &Detector) -> f64 {
    let size = detector.lems.size_cm;
    let lows = [detector.volume.x_cm[0], detector.volume.y_cm[0]];
    let inside = [0, 1].map(|axis: usize| (at_cm[axis] - lows[axis]).rem_euclid(size));
    inside.map(|inside| inside.min(size - inside)).into_iter().fold(size, f64::min)
}

/// The rows of the text file.
#[must_use]
pub fn text_rows(gain: &GainSection) -> Vec<LemRow> {
    gain.lems.iter().map(|row| LemRow { lem: row.lem, dqds: row.dqds }).collect()
}

/// The mean of one view's entries; no data when they are too few or sum up to nothing.
fn measure_view(values: &[f64], settings: &AnalysisSettings) -> Measured {
    if values.len() < settings.gain_min_entries.max(2) {
        return Measured::NoData;
    }
    match truncated_mean(values.to_vec(), settings.gain_truncated_fraction) {
        Some(mean) if mean.value > 0.0 => Measured::number(mean.value, mean.error),
        _ => Measured::NotMeasured,
    }
}

/// (dQ/ds of view 0 + of view 1) over the charge of a minimum ionising particle.
fn effective_gain(dqds: [Measured; 2], mip_fc_per_cm: f64) -> Measured {
    match dqds {
        [Measured::Number { value: v0, error: e0 }, Measured::Number { value: v1, error: e1 }] => {
            Measured::number((v0 + v1) / mip_fc_per_cm, e0.hypot(e1) / mip_fc_per_cm)
        }
        [Measured::NotMeasured, _] | [_, Measured::NotMeasured] => Measured::NotMeasured,
        _ => Measured::NoData,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effective_gain_is_the_sum_over_the_mip() {
        let gain = effective_gain([Measured::number(15.0, 0.3), Measured::number(14.82, 0.4)], 9.94);
        let (value, error) = gain.value_and_error().unwrap();
        assert!((value - 3.0).abs() < 1e-12 && (error - 0.5 / 9.94).abs() < 1e-12);
        assert_eq!(effective_gain([Measured::NoData, Measured::number(1.0, 0.1)], 9.94), Measured::NoData);
    }

    #[test]
    fn fewer_than_ten_entries_are_no_data() {
        let settings = AnalysisSettings::default();
        assert_eq!(measure_view(&[15.0; 9], &settings), Measured::NoData);
        assert_eq!(measure_view(&[15.0; 10], &settings), Measured::number(15.0, 0.0));
    }
}
