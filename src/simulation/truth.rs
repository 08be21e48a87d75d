//! What was really in a simulated run, as JSON beside its raw files.

use jiff::Timestamp;
use monitasks::vocab::{EventNumber, Lem, Run, Sequence};
use serde::Serialize;

use super::event::{SimulatedEvent, Simulation};
use super::muons::TrueTrack;
use super::settings::Settings;
use super::signal::TrueDeltaRay;

/// The truth of some files of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Truth {
    /// Program and version.
    pub software: String,
    /// The detector's name.
    pub detector: String,
    /// The channel map's name.
    pub channel_map: String,
    /// The run.
    pub run: Run,
    /// Electron lifetime, us.
    pub lifetime_us: f64,
    /// White noise, RMS, ADC counts.
    pub noise_adc: f64,
    /// Noise that a group of channels shares, RMS, ADC counts.
    pub coherent_noise_adc: f64,
    /// The seed.
    pub seed: u64,
    /// All settings.
    pub settings: Settings,
    /// Each LEM's gain, in the order of `LemGrid::places`.
    pub lems: Vec<LemTruth>,
    /// The channels' pedestals, ADC counts, in DAQ order.
    pub pedestals_adc: Vec<f32>,
    /// The events.
    pub events: Vec<EventTruth>,
}

/// One LEM's truth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LemTruth {
    /// Its place.
    #[serde(flatten)]
    pub place: Lem,
    /// Its number in the result files' numbering.
    pub number: u32,
    /// Its effective gain: charge per length of both views, attenuation corrected, over that of a minimum ionising particle
    /// before any gain.
    pub effective_gain: f64,
}

/// One event's truth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventTruth {
    /// Its file's sequence.
    pub sequence: Sequence,
    /// Its number in the file.
    pub event: EventNumber,
    /// Its stamp.
    pub stamp: Timestamp,
    /// Its muons.
    pub tracks: Vec<TrueTrack>,
    /// Their delta rays.
    pub delta_rays: Vec<TrueDeltaRay>,
}

impl Truth {
    /// The truth of a run, with no event yet.
    #[must_use]
    pub fn new(simulation: &Simulation, run: Run) -> Self {
        let (detector, settings) = (simulation.detector(), simulation.settings());
        let number = |lem| detector.lems.numberings.first().and_then(|file| detector.lems.number(file, lem)).unwrap_or(0);
        let lems = detector.lems.places().zip(&settings.gains);
        Truth {
            software: crate::SOFTWARE.into(),
            detector: detector.name.clone(),
            channel_map: detector.channel_map_name.clone(),
            run,
            lifetime_us: settings.lifetime_us,
            noise_adc: settings.noise_adc,
            coherent_noise_adc: settings.coherent_noise_adc,
            seed: settings.seed,
            settings: settings.clone(),
            lems: lems.map(|(place, gain)| LemTruth { place, number: number(place), effective_gain: *gain }).collect(),
            pedestals_adc: simulation.pedestals_adc().to_vec(),
            events: Vec::new(),
        }
    }

    /// Adds an event of a file.
    pub fn push(&mut self, sequence: Sequence, event: &SimulatedEvent) {
        let SimulatedEvent { header, tracks, delta_rays, .. } = event;
        self.events.push(EventTruth {
            sequence,
            event: header.number,
            stamp: header.stamp,
            tracks: tracks.clone(),
            delta_rays: delta_rays.clone(),
        });
    }
}
