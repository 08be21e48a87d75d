//! Electron lifetime from how the charge of each 2D track falls with drift time.
//!
//! Per 2D track, the charge is summed in bins of drift time on a fixed grid; the two end bins, which the track fills in part, are
//! dropped, and each later bin is set against the first complete one. Over all tracks, what is averaged is the *logarithm* of
//! that ratio: with the ratio itself, fluctuations of the denominator pull the mean up, more for some bins than for others
//! (steep and flat tracks reach different bins; LEMs differ in gain and tracks move on from one to the next), while the
//! logarithm's distribution is symmetric about the attenuation, for numerator and denominator fluctuate alike. The mean is that
//! of the distribution's Gaussian core. A straight line through the means, weighted by their errors, gives 1/lifetime as its
//! slope; its error comes from leaving out a twentieth of the tracks at a time, because all bins of a track share its
//! denominator.

use std::collections::HashMap;

use monitasks::detector::Detector;
use monitasks::format::sidecar::{ProfileBin, ViewPurity};
use monitasks::summary::Measured;
use monitasks::vocab::View;

use super::lifetime::lifetime_of;
use super::purity::no_purity;
use super::statistics::{Mean, StraightLine, fit_line, gaussian_mean, jackknife_error};
use crate::config::AnalysisSettings;
use crate::reconstruction::recofile::RecoData;

/// Log ratios of one track: bins from the first complete one, and ln(charge / charge of that one).
type Ratios = Vec<(usize, f64)>;

/// What is kept of the tracks so far, per view.
#[derive(Debug, Clone, Default)]
pub struct RatioSums {
    tracks: [Vec<Ratios>; 2],
}

/// Charge of a track in one bin.
#[derive(Debug, Clone, Copy, Default)]
struct BinCharge {
    charge_fc: f64,
    /// Drift time that the track's strips cover in the bin, us: blind strips are missing in it.
    covered_us: f64,
    /// Another track's charge is in it too.
    shared: bool,
}

/// A bin counts when the track's strips cover this part of it at least.
const LEAST_COVERED: f64 = 0.75;
/// Parts that the tracks are divided into for the error.
const JACKKNIFE_PARTS: usize = 20;
/// Fewest bins that make a line.
const LEAST_BINS: usize = 3;
/// More bins than any drift has.
const MOST_BINS: usize = 4096;

impl RatioSums {
    /// Adds a file.
    pub fn add(&mut self, data: &RecoData, detector: &Detector, settings: &AnalysisSettings) {
        let tracks = &data.tracks;
        let mut members: HashMap<(i32, i32), Vec<usize>> = HashMap::new();
        for hit in 0..data.hits.len() {
            if data.hits.track[hit] >= 0 {
                members.entry((data.hits.event[hit], data.hits.track[hit])).or_default().push(hit);
            }
        }
        for track in 0..tracks.len() {
            let Ok(view) = u8::try_from(tracks.view[track]).map_err(|_| ()).and_then(|view| View::try_from(view).map_err(|_| ()))
            else {
                continue;
            };
            let Some(hits) = members.get(&(tracks.event[track], tracks.track[track])) else { continue };
            let across = tracks.end_strip_cm[track] - tracks.start_strip_cm[track];
            let slope = f64::from((tracks.end_z_cm[track] - tracks.start_z_cm[track]) / across).abs();
            let bins = bins_of(data, hits, slope, detector, settings.purity_bin_us, view);
            let ratios = ratios_of(&bins, settings.purity_bin_us);
            if !ratios.is_empty() {
                self.tracks[view.index()].push(ratios);
            }
        }
    }

    /// Lifetime, profile and fit of each view.
    #[must_use]
    pub fn measure(&self, settings: &AnalysisSettings) -> [ViewPurity; 2] {
        [0, 1].map(|view: usize| measure_view(&self.tracks[view], settings))
    }
}

/// A track's charge per bin of drift time. `slope` is |dz/d(strip coordinate)|.
fn bins_of(data: &RecoData, hits: &[usize], slope: f64, detector: &Detector, bin_us: f64, view: View) -> Vec<BinCharge> {
    let mut ordered = hits.to_vec();
    ordered.sort_by_key(|hit| data.hits.strip[*hit]);
    let mut bins: Vec<BinCharge> = Vec::new();
    let strip_us = slope * detector.view(view).pitch_mm / detector.drift.velocity_mm_per_us;
    for strip in ordered.chunk_by(|a, b| data.hits.strip[*a] == data.hits.strip[*b]) {
        let ticks: f64 = strip.iter().map(|hit| f64::from(data.hits.width_ticks[*hit].max(1))).sum();
        for hit in strip {
            // The pieces of one strip share the time that the track takes over it.
            let width = f64::from(data.hits.width_ticks[*hit].max(1));
            let extent_us = (strip_us * width / ticks).min(width * detector.readout.sampling_us).max(0.01);
            let centre = f64::from(data.hits.drift_us[*hit]);
            let (from, to) = ((centre - extent_us / 2.0) / bin_us, (centre + extent_us / 2.0) / bin_us);
            add_spread(
                &mut bins,
                f64::from(data.hits.charge_fc[*hit]),
                from.max(0.0),
                to,
                extent_us,
                data.hits.shared[*hit] != 0,
            );
        }
    }
    bins
}

/// Adds a charge that lies evenly between two places, in units of bins.
fn add_spread(bins: &mut Vec<BinCharge>, charge_fc: f64, from: f64, to: f64, extent_us: f64, shared: bool) {
    if !(to > from && to < MOST_BINS as f64) {
        return;
    }
    for bin in from as usize..=to as usize {
        let part = (to.min(bin as f64 + 1.0) - from.max(bin as f64)) / (to - from);
        if part <= 0.0 {
            continue;
        }
        if bin >= bins.len() {
            bins.resize(bin + 1, BinCharge::default());
        }
        bins[bin].charge_fc += part * charge_fc;
        bins[bin].covered_us += part * extent_us;
        bins[bin].shared |= shared;
    }
}

/// The log ratios of a track's complete bins to the first of them.
fn ratios_of(bins: &[BinCharge], bin_us: f64) -> Ratios {
    let filled = |bin: &BinCharge| bin.covered_us > 0.0;
    let (Some(first), Some(last)) = (bins.iter().position(filled), bins.iter().rposition(filled)) else { return Vec::new() };
    let complete: Vec<(usize, f64)> = (first + 1..last)
        .filter(|bin| {
            let bin = bins[*bin];
            !bin.shared && bin.charge_fc > 0.0 && bin.covered_us >= LEAST_COVERED * bin_us
        })
        .map(|bin| (bin, (bins[bin].charge_fc / bins[bin].covered_us).ln()))
        .collect();
    let Some((reference, charge)) = complete.first().copied() else { return Vec::new() };
    complete[1..].iter().map(|(bin, other)| (bin - reference, other - charge)).collect()
}

/// Lifetime, profile and fit of one view's tracks.
fn measure_view(tracks: &[Ratios], settings: &AnalysisSettings) -> ViewPurity {
    let profile = profile_of(tracks.iter(), settings);
    let mut purity = no_purity(tracks.len() as u64);
    for (t_us, mean) in &profile {
        let charge = mean.value.exp();
        purity.profile.push(ProfileBin { t_us: *t_us, charge, error: charge * mean.error, entries: mean.entries as u64 });
    }
    let Some(line) = line_of(&profile) else { return purity };
    purity.amplitude = Some(line.intercept.exp());
    let slopes: Vec<f64> = (0..JACKKNIFE_PARTS)
        .filter_map(|part| {
            let others = tracks.iter().enumerate().filter(|(place, _)| place % JACKKNIFE_PARTS != part).map(|(_, track)| track);
            line_of(&profile_of(
                others,
                &AnalysisSettings { purity_min_entries: settings.purity_min_entries * 9 / 10, ..settings.clone() },
            ))
        })
        .map(|line| line.slope)
        .collect();
    if let Some(error) = jackknife_error(&slopes).filter(|_| slopes.len() == JACKKNIFE_PARTS) {
        purity.attenuation_per_ms = Measured::number(-1e3 * line.slope, 1e3 * error);
        purity.lifetime_us = lifetime_of(-line.slope, error);
    }
    purity
}

/// Drift time from the first complete bin, us, and mean log ratio, of every bin with enough entries.
fn profile_of<'a>(tracks: impl Iterator<Item = &'a Ratios>, settings: &AnalysisSettings) -> Vec<(f64, Mean)> {
    let mut bins: Vec<Vec<f64>> = Vec::new();
    for (bin, ratio) in tracks.flatten() {
        if *bin >= bins.len() {
            bins.resize(bin + 1, Vec::new());
        }
        bins[*bin].push(*ratio);
    }
    bins.iter()
        .enumerate()
        .filter(|(_, ratios)| ratios.len() >= settings.purity_min_entries.max(2))
        .filter_map(|(bin, ratios)| Some((bin as f64 * settings.purity_bin_us, gaussian_mean(ratios)?)))
        .collect()
}

/// The line through a profile with enough bins.
fn line_of(profile: &[(f64, Mean)]) -> Option<StraightLine> {
    if profile.len() < LEAST_BINS {
        return None;
    }
    let points: Vec<(f64, f64, f64)> = profile.iter().map(|(t_us, mean)| (*t_us, mean.value, mean.error.max(1e-9))).collect();
    fit_line(&points)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_distr::{Distribution, LogNormal};

    /// Tracks whose bins fluctuate with long tails and die off with a lifetime.
    fn tracks(count: usize, lifetime_us: f64) -> Vec<Ratios> {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(5);
        let tails = LogNormal::new(0.0, 0.15).unwrap();
        (0..count)
            .map(|_| {
                let length = random.random_range(4..10);
                let bins: Vec<BinCharge> = (0..length)
                    .map(|bin| {
                        let charge_fc = tails.sample(&mut random) * (-66.0 * f64::from(bin) / lifetime_us).exp();
                        BinCharge { charge_fc, covered_us: 66.0, shared: false }
                    })
                    .collect();
                ratios_of(&bins, 66.0)
            })
            .filter(|ratios| !ratios.is_empty())
            .collect()
    }

    #[test]
    fn a_lifetime_is_found_again_within_its_error() {
        let view = measure_view(&tracks(4000, 3000.0), &AnalysisSettings::default());
        let (lifetime, error) = view.lifetime_us.value_and_error().unwrap();
        assert!((lifetime - 3000.0).abs() < 3.0 * error && error < 200.0, "{lifetime} +- {error}");
        assert_eq!(view.profile.len(), 6);
        assert_eq!(view.profile[0].t_us, 66.0);
    }

    #[test]
    fn too_few_tracks_are_no_data_and_not_pure_argon() {
        assert_eq!(measure_view(&[], &AnalysisSettings::default()).lifetime_us, Measured::NoData);
        assert_eq!(measure_view(&tracks(90, 3000.0), &AnalysisSettings::default()).lifetime_us, Measured::NoData);
    }

    #[test]
    fn hardly_any_attenuation_is_not_measured() {
        assert_eq!(measure_view(&tracks(1000, 1e9), &AnalysisSettings::default()).lifetime_us, Measured::NotMeasured);
    }

    #[test]
    fn end_bins_and_shared_bins_do_not_count() {
        let bin = |charge_fc: f64, shared: bool| BinCharge { charge_fc, covered_us: 66.0, shared };
        let bins = [bin(0.3, false), bin(1.0, false), bin(9.0, true), bin(0.5, false), bin(0.1, false)];
        let ratios = ratios_of(&bins, 66.0);
        assert_eq!(ratios.len(), 1);
        assert!(ratios[0].0 == 2 && (ratios[0].1 - 0.5f64.ln()).abs() < 1e-12, "{ratios:?}");
        assert!(ratios_of(&bins[..2], 66.0).is_empty());
    }
}
