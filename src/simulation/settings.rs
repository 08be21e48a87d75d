//! What can be set about a simulated run.

use jiff::Timestamp;
use monitasks::detector::Detector;
use serde::Serialize;

/// Everything that can be set; the detector's facts come from its file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings {
    /// Electron lifetime, us.
    pub lifetime_us: f64,
    /// Effective gain of each LEM, in the order of `LemGrid::places`: charge per length of both views together, corrected for
    /// attenuation, over that of a minimum ionising particle before any gain. Empty for 3 everywhere.
    pub gains: Vec<f64>,
    /// White noise, RMS, ADC counts.
    pub noise_adc: f64,
    /// Noise that a group of channels shares, RMS, ADC counts.
    pub coherent_noise_adc: f64,
    /// How many times noisier the strips are that the detector file calls noisy.
    pub noisy_strip_factor: f64,
    /// Mean pedestal, ADC counts.
    pub pedestal_adc: f64,
    /// Spread of the channels' pedestals, RMS, ADC counts.
    pub pedestal_spread_adc: f64,
    /// Width of a pulse at half height, us.
    pub pulse_width_us: f64,
    /// Mean number of muons in an event.
    pub tracks_per_event: f64,
    /// Highest energy of a delta ray, MeV; they start at [`DELTA_RAY_CUT_MEV`](super::ionisation::DELTA_RAY_CUT_MEV), so 0
    /// makes none.
    pub delta_ray_max_mev: f64,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Stamp of the run's beginning: of event 0 of sequence 0.
    pub start_at: Timestamp,
    /// Mean time between two events, s.
    pub event_interval_s: f64,
    /// Events in a file, for the stamps of the sequences after the first.
    pub events_per_file: usize,
}

/// A simulation that can't be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("simulation refused: {0}")]
pub struct SimulationError(pub String);

/// Effective gain where none is set.
pub const DEFAULT_GAIN: f64 = 3.0;

/// 2017-07-26 17:53:00 UTC, in the first month of the 3x1x1's data.
const DEFAULT_START_SECOND: i64 = 1_501_091_580;

impl Default for Settings {
    fn default() -> Self {
        Settings {
            lifetime_us: 3000.0,
            gains: Vec::new(),
            noise_adc: 1.7,
            coherent_noise_adc: 0.5,
            noisy_strip_factor: 3.0,
            pedestal_adc: 60.0,
            pedestal_spread_adc: 8.0,
            pulse_width_us: 2.5,
            tracks_per_event: 6.0,
            delta_ray_max_mev: 20.0,
            seed: 1,
            start_at: Timestamp::from_second(DEFAULT_START_SECOND).unwrap_or(Timestamp::UNIX_EPOCH),
            event_interval_s: 1.0 / 3.0,
            events_per_file: 335,
        }
    }
}

impl Settings {
    /// Settings with every gain filled in.
    ///
    /// # Errors
    /// When a number is out of range or the gains are not one for each LEM.
    pub(super) fn checked(mut self, detector: &Detector) -> Result<Self, SimulationError> {
        let lems = detector.lems.len();
        if self.gains.is_empty() {
            self.gains = vec![DEFAULT_GAIN; lems];
        }
        if self.gains.len() != lems {
            let found = self.gains.len();
            return Err(SimulationError(format!("'gains' holds {found}, expected {lems}, one for each LEM")));
        }
        let at_least_zero = [
            ("noise_adc", self.noise_adc, 4096.0),
            ("coherent_noise_adc", self.coherent_noise_adc, 4096.0),
            ("noisy_strip_factor", self.noisy_strip_factor, 4096.0),
            ("pedestal_adc", self.pedestal_adc, 4095.0),
            ("pedestal_spread_adc", self.pedestal_spread_adc, 4095.0),
            ("tracks_per_event", self.tracks_per_event, 10_000.0),
            ("delta_ray_max_mev", self.delta_ray_max_mev, 1000.0),
            ("event_interval_s", self.event_interval_s, 1e6),
        ];
        let gains = self.gains.iter().map(|gain| ("gains", *gain, 1e6));
        for (name, value, most) in at_least_zero.into_iter().chain(gains) {
            if !(0.0..=most).contains(&value) {
                return Err(SimulationError(format!("'{name}' is {value}, expected 0 to {most}")));
            }
        }
        let above_zero = [("lifetime_us", self.lifetime_us, 1e12), ("pulse_width_us", self.pulse_width_us, 1000.0)];
        for (name, value, most) in above_zero {
            if !(value > 0.0 && value <= most) {
                return Err(SimulationError(format!("'{name}' is {value}, expected above 0 and up to {most}")));
            }
        }
        Ok(self)
    }
}
