//! One event through the whole reconstruction.

use monitasks::detector::Detector;
use monitasks::vocab::{Channel, View};

use super::coherent::CoherentNoise;
use super::hits::{self, ChannelFacts, Hit};
use super::matching::{self, Match};
use super::pedestal::{Pedestal, PedestalFinder};
use super::points::{self, TrackPoint};
use super::tracks::{self, Track};
use crate::config::ReconstructionSettings;
use crate::rawdata::{Event, EventHeader};

/// What was found in one event.
#[derive(Debug, Clone, PartialEq)]
pub struct RecoEvent {
    /// The raw event's header.
    pub header: EventHeader,
    /// Pedestal of each channel, in DAQ order, with the RMS of the raw samples.
    pub pedestals: Vec<Pedestal>,
    /// RMS of each channel after coherent noise is gone, ADC counts.
    pub filtered_rms_adc: Vec<f32>,
    /// The hits, by channel and time.
    pub hits: Vec<Hit>,
    /// The 2D tracks of both views.
    pub tracks: Vec<Track>,
    /// The matched tracks.
    pub matches: Vec<Match>,
    /// Points of the matched tracks, by place in `matches`.
    pub points: Vec<Vec<TrackPoint>>,
}

/// Reconstructs events; keeps its buffers from one event to the next.
#[derive(Debug, Default)]
pub struct EventReconstruction {
    finder: PedestalFinder,
    coherent: CoherentNoise,
    group: Vec<f32>,
}

impl EventReconstruction {
    /// Reconstructs one event. Samples that are missing at the end count as empty channels.
    pub fn reconstruct(&mut self, event: &Event, detector: &Detector, settings: &ReconstructionSettings) -> RecoEvent {
        let readout = &detector.readout;
        let mut found = RecoEvent {
            header: event.header,
            pedestals: Vec::with_capacity(readout.channels),
            filtered_rms_adc: Vec::with_capacity(readout.channels),
            hits: Vec::new(),
            tracks: Vec::new(),
            matches: Vec::new(),
            points: Vec::new(),
        };
        let per_group = readout.samples.max(1) * readout.coherent_group.max(1);
        for (index, samples) in event.samples.chunks(per_group).enumerate() {
            self.group(samples, index * readout.coherent_group.max(1), detector, settings, &mut found);
        }
        let seed = u64::from(event.header.number.0);
        for view in View::ALL {
            found.tracks.extend(tracks::find(&found.hits, view, detector, settings, seed));
        }
        found.matches = matching::find(&found.tracks, &found.hits, detector, settings);
        found.points = found
            .matches
            .iter()
            .map(|matched| points::of_match(matched, &found.tracks, &found.hits, detector, settings))
            .collect();
        found
    }

    /// Pedestals, coherent noise and hits of one group of channels.
    fn group(
        &mut self,
        raw: &[u16],
        first_channel: usize,
        detector: &Detector,
        settings: &ReconstructionSettings,
        found: &mut RecoEvent,
    ) {
        let ticks = detector.readout.samples.max(1);
        let skipped = detector.readout.skipped_samples.min(ticks);
        let channels = raw.len() / ticks;
        self.group.clear();
        self.group.extend(raw[..channels * ticks].iter().map(|sample| f32::from(*sample)));
        let start = found.pedestals.len();
        for samples in self.group.chunks_exact_mut(ticks) {
            let pedestal = self.finder.find(&samples[skipped..]);
            samples.iter_mut().for_each(|sample| *sample -= pedestal.mean_adc);
            found.pedestals.push(pedestal);
        }
        let rms: Vec<f32> = found.pedestals[start..].iter().map(|pedestal| pedestal.rms_adc).collect();
        if settings.remove_coherent_noise {
            self.coherent.remove(&mut self.group, &rms, skipped);
        }
        for (place, samples) in self.group.chunks_exact_mut(ticks).enumerate() {
            let mut filtered = Pedestal { mean_adc: 0.0, rms_adc: rms[place] };
            if settings.remove_coherent_noise {
                filtered = self.finder.refine(&samples[skipped..], filtered);
                samples.iter_mut().for_each(|sample| *sample -= filtered.mean_adc);
            }
            found.filtered_rms_adc.push(filtered.rms_adc);
            let channel = Channel((first_channel + place) as u32);
            if let Some(strip) = detector.strip(channel).filter(|strip| !detector.is_blind(*strip)) {
                let facts = ChannelFacts { channel, strip, rms_adc: filtered.rms_adc };
                hits::find(samples, facts, detector, settings, &mut found.hits);
            }
        }
    }
}
