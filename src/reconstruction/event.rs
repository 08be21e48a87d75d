//! One event through the whole reconstruction.

use std::ops::Range;
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
use crate::rawdata::{Event, EventHeader, RawError, RawReader};

/// The header of an event whose channels can be read group by group; none when that would cost more, or there is no such event.
fn by_groups(reader: &RawReader, index: usize) -> Option<EventHeader> {
    reader.headers().get(index).copied().filter(|header| !header.is_compressed())
}

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
    /// A whole event, where it can't be read group by group.
    event: Event,
    /// One group's samples.
    samples: Vec<u16>,
    times: StageTimes,
}

impl<'a> EventReconstruction<'a> {
    /// Reconstructs with these settings.
    #[must_use]
    pub fn new(setup: Setup<'a>) -> Self {
        let (event, samples, times) = (Event::default(), Vec::new(), StageTimes::default());
        EventReconstruction { setup, search: ChannelSearch::new(setup), event, samples, times }
    }

    /// Reconstructs one event. Samples that are missing at the end count as channels that are not there.
    pub fn reconstruct(&mut self, event: &Event) -> RecoEvent {
        let mut found = ChannelsFound::default();
        let per_group = ChannelSearch::samples_per_group(self.setup.detector);
        for (group, samples) in event.samples.chunks(per_group).enumerate() {
            self.search.group(samples, group, &mut found);
        }
        self.tracks(event.header, found)
    }

    /// Reads an event of a raw file and reconstructs it on this thread.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn read(&mut self, reader: &RawReader, index: usize) -> Result<RecoEvent, RawError> {
        let Some(header) = by_groups(reader, index) else { return self.read_whole(reader, index) };
        let mut found = ChannelsFound::default();
        for (group, channels) in self.groups().enumerate() {
            let start = Instant::now();
            reader.read_channels(index, channels, &mut self.samples)?;
            self.times.since(start, Stage::Unpack);
            self.search.group(&self.samples, group, &mut found);
        }
        Ok(self.tracks(header, found))
    }

    /// Reads an event of a raw file and reconstructs it with its groups of channels on the threads of the pool that this runs in: for
    /// events so large that several at once would not fit into memory.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn read_wide(&mut self, reader: &RawReader, index: usize) -> Result<RecoEvent, RawError> {
        let Some(header) = by_groups(reader, index) else { return self.read_whole(reader, index) };
        let groups: Vec<Range<usize>> = self.groups().collect();
        let search = |worker: &mut EventReconstruction, (group, channels)| {
            let mut found = ChannelsFound::default();
            let start = Instant::now();
            reader.read_channels(index, channels, &mut worker.samples)?;
            worker.times.since(start, Stage::Unpack);
            worker.search.group(&worker.samples, group, &mut found);
            Ok((found, worker.take_times()))
        };
        let parts: Vec<(ChannelsFound, StageTimes)> = groups
            .into_par_iter()
            .enumerate()
            .map_init(|| EventReconstruction::new(self.setup), search)
            .collect::<Result<_, RawError>>()?;
        let mut found = ChannelsFound::default();
        for (part, times) in parts {
            found.pedestals.extend(part.pedestals);
            found.filtered_rms_adc.extend(part.filtered_rms_adc);
            found.hits.extend(part.hits);
            self.times.add(&times);
        }
        Ok(self.tracks(header, found))
    }

    fn read_whole(&mut self, reader: &RawReader, index: usize) -> Result<RecoEvent, RawError> {
        let mut event = std::mem::take(&mut self.event);
        let start = Instant::now();
        let read = reader.read(index, &mut event);
        self.times.since(start, Stage::Unpack);
        let found = read.map(|()| self.reconstruct(&event));
        self.event = event;
        found
    }

    /// The channels of each group.
    fn groups(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (channels, group) = (self.setup.detector.readout.channels, self.setup.detector.readout.coherent_group.max(1));
        (0..channels).step_by(group).map(move |first| first..(first + group).min(channels))
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

#[cfg(test)]
mod tests;
