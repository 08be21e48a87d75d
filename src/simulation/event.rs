//! Whole events, each made by itself.

use jiff::{SignedDuration, Timestamp};
use monitasks::detector::{Detector, Strip};
use monitasks::vocab::{Channel, EventNumber, Run, Sequence, View};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::gaussian::Gaussian;
use super::muons::{self, TrueTrack};
use super::readout::{self, Pulse};
use super::settings::{Settings, SimulationError};
use super::signal::{Arrival, Drifter, TrueDeltaRay};
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
    /// Their delta rays.
    pub delta_rays: Vec<TrueDeltaRay>,
}

/// The channels' samples without pedestal and noise, ADC counts.
struct Signal {
    samples: Vec<f32>,
    /// Per channel: whether there is any. What was never touched costs no memory.
    touched: Vec<bool>,
}

/// What a row of random numbers is for; rows with different numbers are independent.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
enum Purpose {
    Pedestals = 1,
    Event = 2,
    Stamp = 3,
    Noise = 4,
    Scattering = 5,
}

impl Simulation {
    /// Makes a detector ready.
    ///
    /// # Errors
    /// When a setting is out of range or the gains are not one for each LEM.
    pub fn new(detector: &Detector, settings: Settings) -> Result<Self, SimulationError> {
        let settings = settings.checked(detector)?;
        let mut spreads = Gaussian::new(key(&settings, Purpose::Pedestals, 0, 0, 0));
        let channels = detector.readout.channels;
        // A pedestal is the electronics', the same in every event; spread so far only that it stays inside the range.
        let pedestals_adc = (0..channels).map(|_| {
            let spread = f64::from(spreads.draw()).clamp(-3.0, 3.0);
            (settings.pedestal_adc + settings.pedestal_spread_adc * spread).clamp(0.0, 4095.0) as f32
        });
        let pedestals_adc = pedestals_adc.collect();
        let noisy = |strip: Strip| detector.view(strip.view).noisy_strips.contains(&strip.number);
        let noise_adc = (0..channels as u32).map(|channel| {
            let factor = if detector.strip(Channel(channel)).is_some_and(noisy) { settings.noisy_strip_factor } else { 1.0 };
            (settings.noise_adc * factor) as f32
        });
        Ok(Simulation {
            drifter: Drifter::new(detector, &settings),
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
        let key = |purpose| key(&self.settings, purpose, run.0, sequence.0, index);
        let mut rng = ChaCha8Rng::from_seed(key(Purpose::Event));
        let mut kicks = Gaussian::new(key(Purpose::Scattering));
        let tracks = self.tracks(&mut rng);
        let readout = &self.detector.readout;
        let mut signal =
            Signal { samples: vec![0.0; readout.channels * readout.samples], touched: vec![false; readout.channels] };
        let mut delta_rays = Vec::new();
        for (place, track) in tracks.iter().enumerate() {
            self.drifter.drift(&self.detector, track, &mut rng, |arrival| self.add(arrival, &mut signal));
            let take = |arrival| self.add(arrival, &mut signal);
            delta_rays.extend(self.drifter.delta_rays(&self.detector, (place, track), &mut rng, &mut kicks, take));
        }
        let samples = self.digitise(&signal, &mut Gaussian::new(key(Purpose::Noise)));
        SimulatedEvent { header: self.header(run, sequence, index), samples, tracks, delta_rays }
    }

    /// An event's muons; their number is Poisson's.
    fn tracks(&self, rng: &mut ChaCha8Rng) -> Vec<TrueTrack> {
        // Points at exponential distances of mean 1, counted up to the mean number.
        let mut reached = 0.0;
        let mut tracks = Vec::new();
        loop {
            reached -= libm::log(1.0 - rng.random::<f64>());
            if reached > self.settings.tracks_per_event {
                return tracks;
            }
            tracks.push(muons::muon(&self.detector.volume, rng));
        }
    }

    /// Adds a charge's pulse to its channel's signal.
    fn add(&self, arrival: Arrival, signal: &mut Signal) {
        let strip = arrival.strip;
        if self.detector.is_blind(strip) {
            return;
        }
        let length = self.detector.readout.samples;
        let Some(channel) = self.channels[strip.view.index()].get(strip.number as usize).copied().flatten() else { return };
        let channel = channel.0 as usize;
        if let Some(samples) = signal.samples.get_mut(channel * length..(channel + 1) * length) {
            signal.touched[channel] = true;
            let area = arrival.charge_fc * self.detector.view(strip.view).adc_ticks_per_fc;
            self.pulse.add(samples, arrival.tick, area as f32);
        }
    }

    /// All channels' samples, with noise.
    fn digitise(&self, signal: &Signal, noise: &mut Gaussian) -> Vec<u16> {
        let readout = &self.detector.readout;
        let length = readout.samples;
        let mut samples = vec![0; signal.samples.len()];
        let mut shared = vec![0.0f32; length];
        let mut counts = vec![0.0f32; length];
        for (channel, samples) in samples.chunks_exact_mut(length.max(1)).enumerate() {
            if channel % readout.coherent_group.max(1) == 0 {
                noise.fill(self.settings.coherent_noise_adc as f32, &mut shared);
            }
            noise.fill(self.noise_adc[channel], &mut counts);
            readout::add(&mut counts, &shared);
            if signal.touched[channel] {
                readout::add(&mut counts, &signal.samples[channel * length..(channel + 1) * length]);
            }
            readout::digitise(&counts, self.pedestals_adc[channel], readout.skipped_samples, samples);
        }
        samples
    }

    /// An event's header: events come at an even rate, each somewhere inside its interval, so the stamps only grow.
    fn header(&self, run: Run, sequence: Sequence, index: u32) -> EventHeader {
        let mut rng = ChaCha8Rng::from_seed(key(&self.settings, Purpose::Stamp, run.0, sequence.0, index));
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

/// The seed of the random numbers for one purpose in one event.
fn key(settings: &Settings, purpose: Purpose, run: u32, sequence: u32, event: u32) -> [u8; 32] {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&settings.seed.to_le_bytes());
    for (place, number) in seed[8..].chunks_exact_mut(4).zip([purpose as u32, run, sequence, event]) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    let mut random = ChaCha8Rng::from_seed(seed);
    // Drawn once more: the quick generator of the noise wants a seed without structure.
    let mut key = [0; 32];
    random.fill_bytes(&mut key);
    key
}

#[cfg(test)]
mod tests;
