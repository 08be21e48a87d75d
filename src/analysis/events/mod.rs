//! What the events of a group look like: hits, tracks, and when the events came.
//!
//! [`EventSums`] takes reconstructed files and gives histograms and numbers; `hits` and `tracks` fill theirs, [`stamps`] has gaps,
//! rates and what is missing. `docs/physics.md` says what each is, `docs/formats.md` where it stands in the result.

mod hits;
pub mod stamps;
mod tracks;

use std::collections::BTreeMap;

use jiff::Timestamp;
use monitasks::detector::Detector;
use monitasks::format::histograms::Histograms;
use monitasks::format::root::{Histogram, HistogramAxis};
use monitasks::vocab::Sequence;

use self::hits::HitSums;
use self::stamps::{Stamp, Stamps};
use self::tracks::TrackSums;
use crate::rawdata::EventHeader;
use crate::reconstruction::recofile::{EventRows, RecoData};

/// What is kept of the files so far.
#[derive(Debug, Clone)]
pub struct EventSums {
    hits: HitSums,
    tracks: TrackSums,
    /// The stamps of each file.
    stamps: BTreeMap<Sequence, FileStamps>,
    events: u64,
    incomplete: u64,
}

/// When the events of a file came, as far as it is known.
#[derive(Debug, Clone)]
struct FileStamps {
    stamps: Vec<Stamp>,
    /// Whether all whole events of the raw file are among them: of a selection no rate can be told.
    is_whole: bool,
}

impl EventSums {
    /// Nothing yet.
    #[must_use]
    pub fn new(detector: &Detector) -> Self {
        EventSums {
            hits: HitSums::new(detector),
            tracks: TrackSums::new(detector),
            stamps: BTreeMap::new(),
            events: 0,
            incomplete: 0,
        }
    }

    /// Adds a reconstructed file, with its events' stamps.
    pub fn add(&mut self, data: &RecoData) {
        self.hits.add(data);
        self.tracks.add(data);
        self.events += data.events.len() as u64;
        self.incomplete += data.events.complete.iter().filter(|complete| **complete == 0).count() as u64;
        let stamps = (0..data.events.len()).filter_map(|place| stamp_of(&data.events, place)).collect();
        let is_whole = data.meta.events == data.meta.raw_events;
        self.stamps.entry(data.meta.file.sequence).or_insert(FileStamps { stamps, is_whole });
    }

    /// Takes the stamps of a file from its raw file instead: all its events are there.
    pub fn take_raw(&mut self, sequence: Sequence, headers: &[EventHeader]) {
        let stamp = |header: &EventHeader| Stamp {
            at: header.stamp,
            number: i64::from(header.number.0),
            trigger: i64::from(header.trigger_number),
        };
        self.stamps.insert(sequence, FileStamps { stamps: headers.iter().map(stamp).collect(), is_whole: true });
    }

    /// The files whose rate is not known: they hold a selection of their raw file's events.
    pub fn selected(&self) -> impl Iterator<Item = Sequence> + '_ {
        self.stamps.iter().filter(|(_, file)| !file.is_whole).map(|(sequence, _)| *sequence)
    }

    /// The histograms and numbers.
    #[must_use]
    pub fn measure(&self) -> Histograms {
        let mut found = Histograms::default();
        found.numbers.push(("events".into(), self.events as f64, 0.0));
        found.numbers.push(("incomplete_events".into(), self.incomplete as f64, 0.0));
        self.hits.put_into(&mut found);
        self.tracks.put_into(&mut found);
        let whole = self.stamps.iter().filter(|(_, file)| file.is_whole);
        let stamps = Stamps::of(whole.map(|(sequence, file)| (*sequence, file.stamps.as_slice())));
        stamps.put_into(&mut found);
        found
    }
}

fn stamp_of(events: &EventRows, place: usize) -> Option<Stamp> {
    let at = Timestamp::new(events.seconds[place], events.nanoseconds[place]).ok()?;
    Some(Stamp { at, number: events.number[place], trigger: events.trigger_number[place] })
}

/// An empty histogram of one axis.
fn histogram(name: impl Into<String>, title: impl Into<String>, axis: HistogramAxis, value_title: &str) -> Histogram {
    let mut histogram = Histogram::new(name, title, vec![axis]);
    histogram.value_title = value_title.into();
    histogram
}

/// A mean with its error from the spread, under a name; nothing for no values.
fn put_mean(found: &mut Histograms, name: &str, values: &[f64]) {
    let count = values.len() as f64;
    if values.len() < 2 {
        return;
    }
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    found.numbers.push((name.into(), mean, (variance / count).sqrt()));
}

#[cfg(test)]
mod tests;
