//! The event display: one event of a raw file as a map of strips against drift time, per view.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use monitasks::detector::Detector;
use monitasks::figure::{Axis, Figure, Layer, Map};
use monitasks::quality::State;
use monitasks::summary::Measured;
use monitasks::task::{Glance, ItemInfo, TaskInfo};
use monitasks::vocab::{Channel, FileId, View};

use super::tree;
use crate::rawdata::{Event, RawReader};
use crate::snapshot::{EventShown, TaskNode};

/// The name of the event display in figure keys: it stands in the tree beside the monitor tasks.
pub const EVENT_DISPLAY: &str = "event_display";

/// The colours of the display run over this range around the pedestal, ADC counts; a minimum ionising particle at gain 3 peaks
/// near 40.
const ADC_RANGE: [f64; 2] = [-10.0, 70.0];

/// Which event is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventWish {
    /// The first event of the newest raw file.
    Newest,
    /// That very one.
    Chosen {
        /// The raw file.
        file: FileId,
        /// The event's place in it, from 0.
        index: u32,
    },
}

/// The event that is shown.
#[derive(Debug, Clone, Default)]
pub struct EventView {
    /// Which one; none when there is none to show.
    pub shown: Option<EventShown>,
    /// When it was taken.
    pub stamp: Option<Timestamp>,
    /// ADC counts above the channel's median, per view: strip after strip within a tick, tick after tick.
    pub maps: [Arc<Vec<f32>>; 2],
    /// Why there is none.
    pub fault: Option<String>,
    /// Counts up with each change.
    pub version: u64,
}

/// Reads events as they are wished for.
pub struct EventPoller {
    detector: Arc<Detector>,
    open: Option<(PathBuf, RawReader)>,
    last: Option<(FileId, u32)>,
    version: u64,
}

static INFO: LazyLock<TaskInfo> = LazyLock::new(|| TaskInfo {
    name: EVENT_DISPLAY.into(),
    title: "Event display".into(),
    about: "One event of the newest raw file, as the detector saw it.".into(),
    folder: String::new(),
    suffix: String::new(),
    poll_s: 5.0,
    items: View::ALL
        .iter()
        .map(|view| ItemInfo {
            name: format!("view{}", view.index()),
            title: format!("View {}", view.index()),
            about: "Strips against drift time; tracks are bright lines, a dead strip a dark column.".into(),
        })
        .collect(),
});

/// The event display's names.
pub(super) fn info() -> &'static TaskInfo {
    &INFO
}

/// The event display's branch of the tree.
pub(super) fn node(event: &EventView) -> TaskNode {
    let glance = match (&event.shown, &event.fault) {
        (_, Some(fault)) => Glance::cannot_judge(fault.clone()),
        (Some(shown), None) => Glance {
            state: State::Unchecked,
            text: format!("{}, event {} of {}", shown.file, shown.index + 1, shown.of),
            reason: "Shown as it is; no check looks at single events.".into(),
            reading: Measured::NoData,
        },
        (None, None) => Glance::no_data("No raw file has been taken in yet."),
    };
    let items: Vec<_> = INFO.items.iter().map(|item| tree::leaf(item, glance.clone(), event.stamp)).collect();
    TaskNode {
        name: INFO.name.clone(),
        title: INFO.title.clone(),
        about: INFO.about.clone(),
        state: glance.state,
        fault: None,
        results: usize::from(event.shown.is_some()),
        unread: Vec::new(),
        items,
    }
}

/// Draws one view of the event.
pub(super) fn figure(event: &EventView, item: &str, detector: &Detector) -> Figure {
    let view = if item == "view1" { View::V1 } else { View::V0 };
    let title = format!("Event display, view {}", view.index());
    if let Some(fault) = &event.fault {
        return Figure::empty(title, format!("Cannot show the event: {fault}"));
    }
    let Some(shown) = &event.shown else {
        return Figure::empty(title, "No raw file has been taken in yet. The first event of the newest one will stand here.");
    };
    let strips = detector.view(view).strips;
    let rows = detector.readout.samples;
    let window_us = rows as f64 * detector.readout.sampling_us;
    let stamp = event.stamp.map_or_else(String::new, |stamp| format!(", {stamp:.3}"));
    Figure::new(
        title,
        Axis::integer(format!("view {} strip", view.index())).range(0.0, strips as f64),
        Axis::linear("drift time", "us").range(0.0, window_us),
    )
    .with(Layer::Map(Map {
        columns: strips,
        rows,
        x_range: [0.0, strips as f64],
        y_range: [0.0, window_us],
        values: event.maps[view.index()].as_ref().clone(),
        z: Axis::linear("above pedestal", "ADC counts").range(ADC_RANGE[0], ADC_RANGE[1]),
        cell_texts: Vec::new(),
    }))
    .note(format!("{}, event {} of {}{stamp}", shown.file, shown.index + 1, shown.of))
}

impl EventPoller {
    /// A poller that has read nothing.
    #[must_use]
    pub fn new(detector: Arc<Detector>) -> Self {
        EventPoller { detector, open: None, last: None, version: 0 }
    }

    /// Reads the event wished for, out of the newest file or the chosen one, if it is not the one read last.
    /// `path_of` says where a raw file stands.
    pub fn look(&mut self, wish: EventWish, newest: Option<FileId>, path_of: impl Fn(FileId) -> PathBuf) -> Option<EventView> {
        let (file, index, follows_newest) = match wish {
            EventWish::Newest => (newest?, 0, true),
            EventWish::Chosen { file, index } => (file, index, false),
        };
        if self.last == Some((file, index)) {
            return None;
        }
        self.version += 1;
        let view = self.read(&path_of(file), index).map(|(event, of)| {
            let maps = View::ALL.map(|view| Arc::new(above_median(&event, &self.detector, view)));
            let shown = Some(EventShown { file, index, of, follows_newest });
            EventView { shown, stamp: Some(event.header.stamp), maps, fault: None, version: self.version }
        });
        // What could not be read is read again when it is asked for again.
        self.last = view.is_ok().then_some((file, index));
        Some(view.unwrap_or_else(|fault| EventView { fault: Some(fault), version: self.version, ..EventView::default() }))
    }

    fn read(&mut self, path: &Path, index: u32) -> Result<(Event, u32), String> {
        if self.open.as_ref().is_none_or(|(open, _)| open != path) {
            let reader = RawReader::open(path, &self.detector.readout).map_err(|error| error.to_string())?;
            self.open = Some((path.to_owned(), reader));
        }
        let Some((_, reader)) = &mut self.open else { return Err("no raw file is open".into()) };
        let count = reader.count();
        if index as usize >= count {
            return Err(format!("there is no event {} of {count} in the file: {}", u64::from(index) + 1, path.display()));
        }
        let mut event = Event::default();
        reader.read(index as usize, &mut event).map_err(|error| error.to_string())?;
        Ok((event, u32::try_from(count).unwrap_or(u32::MAX)))
    }
}

/// A view's samples above their channel's median, tick after tick; a strip that no channel reads is NaN.
fn above_median(event: &Event, detector: &Detector, view: View) -> Vec<f32> {
    let samples = detector.readout.samples;
    let channels = detector.channels_of_view(view);
    let strips = channels.len();
    let mut map = vec![f32::NAN; strips * samples];
    let mut sorted = Vec::with_capacity(samples);
    for (strip, channel) in channels.into_iter().enumerate() {
        let Some(Channel(channel)) = channel else { continue };
        let first = channel as usize * samples;
        let Some(waveform) = event.samples.get(first..first + samples) else { continue };
        sorted.clear();
        sorted.extend_from_slice(waveform.get(detector.readout.skipped_samples..).unwrap_or(waveform));
        if sorted.is_empty() {
            continue;
        }
        let middle = sorted.len() / 2;
        let median = f32::from(*sorted.select_nth_unstable(middle).1);
        // The skipped samples carry no data and stay NaN.
        for (tick, sample) in waveform.iter().enumerate().skip(detector.readout.skipped_samples) {
            map[tick * strips + strip] = f32::from(*sample) - median;
        }
    }
    map
}
