//! Whole events, each made by itself.

use jiff::{SignedDuration, Timestamp};
use monitasks::detector::{Detector, Strip};
use monitasks::vocab::{Channel, EventNumber, Run, Sequence, View};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Poisson, StandardNormal};

use super::muons::{self, TrueTrack};
use super::readout::{self, Pulse};
use super::settings::{Settings, SimulationError};
use super::signal::Drifter;
use crate::rawdata::EventHeader;

/// A detector ready to be crossed by muons.
#[derive(Debug, Clone)]
pub struct Simulation {
    detector: Detector,
    settings: Settings,
    drifter: Drifter,
    pulse: Pulse,
    channels: [Vec<Option<Channel>>; 2],
    pedestals_adc: Vec<f32>,
    noise_adc: Vec<f32>,
}

/// One event, to be written as it is, and what was really in it.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedEvent {
    /// Its header.
    pub header: EventHeader,
    /// Its samples, channel-major in DAQ order.
    pub samples: Vec<u16>,
    /// The muons.
    pub tracks: Vec<TrueTrack>,
}

/// What a row of random numbers is for; rows with different numbers are independent.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
enum Purpose {
    Pedestals = 1,
    Event = 2,
    Stamp = 3,
}

impl Simulation {
    /// Makes a detector ready.
    ///
    /// # Errors
    /// When a setting is out of range or the gains are not one for each LEM.
    pub fn new(detector: &Detector, settings: Settings) -> Result<Self, SimulationError> {
        let settings = settings.checked(detector)?;
        let mut rng = random(&settings, Purpose::Pedestals, 0, 0, 0);
        let channels = detector.readout.channels;
        // A pedestal is the electronics', the same in every event; spread so far only that it stays inside the range.
        let pedestals_adc = (0..channels).map(|_| {
            let spread = rng.sample::<f64, _>(StandardNormal).clamp(-3.0, 3.0);
            (settings.pedestal_adc + settings.pedestal_spread_adc * spread).clamp(0.0, 4095.0) as f32
        });
        let pedestals_adc = pedestals_adc.collect();
        let noisy = |strip: Strip| detector.view(strip.view).noisy_strips.contains(&strip.number);
        let noise_adc = (0..channels as u32).map(|channel| {
            let factor = if detector.strip(Channel(channel)).is_some_and(noisy) { settings.noisy_strip_factor } else { 1.0 };
            (settings.noise_adc * factor) as f32
        });
        Ok(Simulation {
            drifter: Drifter::new(detector, settings.lifetime_us, &settings.gains),
            pulse: Pulse::new(settings.pulse_width_us, detector.readout.sampling_us),
            channels: View::ALL.map(|view| detector.channels_of_view(view)),
            noise_adc: noise_adc.collect(),
            detector: detector.clone(),
            pedestals_adc,
            settings,
        })
    }

    /// The detector.
    #[must_use]
    pub fn detector(&self) -> &Detector {
        &self.detector
    }

    /// The settings, with every LEM's gain.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The channels' true pedestals, ADC counts, in DAQ order.
    #[must_use]
    pub fn pedestals_adc(&self) -> &[f32] {
        &self.pedestals_adc
    }

    /// The event of an index, from 0, in a sequence of a run.
    #[must_use]
    pub fn event(&self, run: Run, sequence: Sequence, index: u32) -> SimulatedEvent {
        let mut rng = random(&self.settings, Purpose::Event, run.0, sequence.0, index);
        let tracks = self.tracks(&mut rng);
        let readout = &self.detector.readout;
        let mut signal = vec![0.0f32; readout.channels * readout.samples];
        for track in &tracks {
            self.add_track(track, &mut rng, &mut signal);
        }
        let samples = self.digitise(&signal, &mut rng);
        SimulatedEvent { header: self.header(run, sequence, index), samples, tracks }
    }

    /// An event's muons.
    fn tracks(&self, rng: &mut ChaCha8Rng) -> Vec<TrueTrack> {
        // A mean of 0 is no Poisson distribution, but it is no track.
        let count = Poisson::new(self.settings.tracks_per_event).map_or(0.0, |poisson| poisson.sample(rng));
        (0..count as u64).map(|_| muons::muon(&self.detector.volume, rng)).collect()
    }

    /// Adds a track's pulses to the channels' signals, ADC counts.
    fn add_track(&self, track: &TrueTrack, rng: &mut ChaCha8Rng, signal: &mut [f32]) {
        let length = self.detector.readout.samples;
        self.drifter.drift(&self.detector, track, rng, |arrival| {
            let strip = arrival.strip;
            if self.detector.is_blind(strip) {
                return;
            }
            let channel = self.channels[strip.view.index()].get(strip.number as usize).copied().flatten();
            let start = channel.map(|channel| channel.0 as usize * length);
            if let Some(samples) = start.and_then(|start| signal.get_mut(start..start + length)) {
                let area = arrival.charge_fc * self.detector.view(strip.view).adc_ticks_per_fc;
                self.pulse.add(samples, arrival.tick, area as f32);
            }
        });
    }

    /// All channels' samples, with noise.
    fn digitise(&self, signal: &[f32], rng: &mut ChaCha8Rng) -> Vec<u16> {
        let readout = &self.detector.readout;
        let mut samples = vec![0; signal.len()];
        let mut coherent = vec![0.0f32; readout.samples];
        let rows = samples.chunks_exact_mut(readout.samples).zip(signal.chunks_exact(readout.samples));
        for (channel, (samples, signal)) in rows.enumerate() {
            if channel % readout.coherent_group == 0 {
                coherent.fill_with(|| self.settings.coherent_noise_adc as f32 * rng.sample::<f32, _>(StandardNormal));
            }
            let (pedestal, noise) = (self.pedestals_adc[channel], self.noise_adc[channel]);
            readout::digitise(signal, &coherent, pedestal, noise, readout.skipped_samples, rng, samples);
        }
        samples
    }

    /// An event's header: events come at an even rate, each somewhere inside its interval, so the stamps only grow.
    fn header(&self, run: Run, sequence: Sequence, index: u32) -> EventHeader {
        let mut rng = random(&self.settings, Purpose::Stamp, run.0, sequence.0, index);
        let before = f64::from(sequence.0) * self.settings.events_per_file as f64 + f64::from(index);
        let after_s = if index == 0 { before } else { before + rng.random::<f64>() } * self.settings.event_interval_s;
        EventHeader {
            number: EventNumber(index),
            trigger_type: 1,
            trigger_number: before as u32,
            stamp: later(self.settings.start_at, after_s),
            flags: 0,
            offset: 0,
        }
    }
}

/// A time some seconds later, to the microsecond; the same time when there is none.
fn later(stamp: Timestamp, seconds: f64) -> Timestamp {
    stamp.checked_add(SignedDuration::from_micros((seconds * 1e6) as i64)).unwrap_or(stamp)
}

/// The random numbers for one purpose in one event.
fn random(settings: &Settings, purpose: Purpose, run: u32, sequence: u32, event: u32) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&settings.seed.to_le_bytes());
    for (place, number) in key[8..].chunks_exact_mut(4).zip([purpose as u32, run, sequence, event]) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

#[cfg(test)]
mod tests;
