//! One event through the whole reconstruction.

use std::time::Instant;

use monitasks::vocab::View;
use rayon::prelude::*;

use super::channels::{ChannelSearch, ChannelsFound, Setup};
use super::hits::Hit;
use super::matching::{self, Match};
use super::pedestal::Pedestal;
use super::points::{self, TrackPoint};
use super::timing::{Stage, StageTimes};
use super::tracks::{self, Track};
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
#[derive(Debug)]
pub struct EventReconstruction<'a> {
    setup: Setup<'a>,
    search: ChannelSearch<'a>,
    times: StageTimes,
}

impl<'a> EventReconstruction<'a> {
    /// Reconstructs with these settings.
    #[must_use]
    pub fn new(setup: Setup<'a>) -> Self {
        EventReconstruction { setup, search: ChannelSearch::new(setup), times: StageTimes::default() }
    }

    /// Reconstructs one event on this thread. Samples that are missing at the end count as channels that are not there.
    pub fn reconstruct(&mut self, event: &Event) -> RecoEvent {
        let mut found = ChannelsFound::default();
        let per_group = ChannelSearch::samples_per_group(self.setup.detector);
        for (group, samples) in event.samples.chunks(per_group).enumerate() {
            self.search.group(samples, group, &mut found);
        }
        self.tracks(event.header, found)
    }

    /// Reconstructs one event with its groups of channels on the threads of the pool that this runs in: for events so large that
    /// several at once would not fit into memory.
    pub fn reconstruct_wide(&mut self, event: &Event) -> RecoEvent {
        let per_group = ChannelSearch::samples_per_group(self.setup.detector);
        let parts: Vec<(ChannelsFound, StageTimes)> = event
            .samples
            .par_chunks(per_group)
            .enumerate()
            .map_init(
                || ChannelSearch::new(self.setup),
                |search, (group, samples)| {
                    let mut found = ChannelsFound::default();
                    search.group(samples, group, &mut found);
                    (found, search.times.take())
                },
            )
            .collect();
        let mut found = ChannelsFound::default();
        for (part, times) in parts {
            found.pedestals.extend(part.pedestals);
            found.filtered_rms_adc.extend(part.filtered_rms_adc);
            found.hits.extend(part.hits);
            self.times.add(&times);
        }
        self.tracks(event.header, found)
    }

    /// Time spent since this was asked last.
    pub fn take_times(&mut self) -> StageTimes {
        let mut times = self.times.take();
        times.add(&self.search.times.take());
        times
    }

    /// The event with its tracks.
    fn tracks(&mut self, header: EventHeader, found: ChannelsFound) -> RecoEvent {
        let Setup { detector, settings, .. } = self.setup;
        let ChannelsFound { pedestals, filtered_rms_adc, hits } = found;
        let start = Instant::now();
        let seed = u64::from(header.number.0);
        let tracks: Vec<Track> =
            View::ALL.into_iter().flat_map(|view| tracks::find(&hits, view, detector, settings, seed)).collect();
        let start = self.times.since(start, Stage::Tracks);
        let matches = matching::find(&tracks, &hits, detector, settings);
        let points = matches.iter().map(|matched| points::of_match(matched, &tracks, &hits, detector, settings)).collect();
        self.times.since(start, Stage::Matching);
        RecoEvent { header, pedestals, filtered_rms_adc, hits, tracks, matches, points }
    }
}
