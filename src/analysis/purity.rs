//! Electron lifetime of each view, by the method that the settings choose.

use monitasks::detector::Detector;
use monitasks::format::sidecar::ViewPurity;
use monitasks::summary::Measured;

use super::attenuation;
use super::charges::Charges;
use super::lifetime::lifetime_of;
use super::track_ratio::RatioSums;
use crate::config::{AnalysisSettings, PurityMethod};
use crate::reconstruction::recofile::RecoData;

/// What is kept of the files so far.
#[derive(Debug, Clone)]
pub enum PuritySums {
    /// For [`PurityMethod::LandauGauss`].
    Charges(Charges),
    /// For [`PurityMethod::TrackRatio`].
    Ratios(RatioSums),
}

impl PuritySums {
    /// Nothing yet.
    #[must_use]
    pub fn new(detector: &Detector, settings: &AnalysisSettings) -> Self {
        match settings.purity_method {
            PurityMethod::LandauGauss => PuritySums::Charges(Charges::new(detector)),
            PurityMethod::TrackRatio => PuritySums::Ratios(RatioSums::default()),
        }
    }

    /// Adds a file.
    pub fn add(&mut self, data: &RecoData, detector: &Detector, settings: &AnalysisSettings) {
        match self {
            PuritySums::Charges(charges) => charges.add(data, detector, settings),
            PuritySums::Ratios(sums) => sums.add(data, detector, settings),
        }
    }

    /// Lifetime, profile and fit of each view.
    #[must_use]
    pub fn measure(&self, settings: &AnalysisSettings) -> [ViewPurity; 2] {
        match self {
            PuritySums::Charges(charges) => [0, 1].map(|view: usize| of_charges(charges, view, settings)),
            PuritySums::Ratios(sums) => sums.measure(settings),
        }
    }
}

/// A view's purity from the charges of matched tracks.
fn of_charges(charges: &Charges, view: usize, settings: &AnalysisSettings) -> ViewPurity {
    let mut purity = no_purity(charges.tracks);
    let lems = charges.tracks_of_lem.len();
    let Some(found) = attenuation::measure(&charges.views[view], lems, settings) else { return purity };
    purity.lifetime_us = lifetime_of(found.rate_per_us, found.error_per_us);
    purity.attenuation_per_ms = Measured::number(1e3 * found.rate_per_us, 1e3 * found.error_per_us);
    purity.profile = found.profile;
    purity.amplitude = Some(1.0);
    purity
}

/// Tracks that allow no number: too few, or with charges that no fit can follow.
pub(super) fn no_purity(tracks: u64) -> ViewPurity {
    ViewPurity {
        lifetime_us: Measured::NoData,
        attenuation_per_ms: Measured::NoData,
        profile: Vec::new(),
        amplitude: None,
        tracks,
    }
}
