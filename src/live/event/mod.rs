//! The event display: one event of a raw file as maps of strips against drift time, and the waveform of one strip.
//!
//! [`EventPoller`] reads the event wished for and reconstructs it with the workspace's own settings, so that hits and tracks lie
//! over what they were found in; [`display`] draws what it read.

mod display;

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

use jiff::Timestamp;
use monitasks::detector::{Detector, Strip};
use monitasks::quality::State;
use monitasks::summary::Measured;
use monitasks::task::{Glance, ItemInfo, TaskInfo};
use monitasks::vocab::{Channel, FileId, View};

use super::tree;
use crate::config::ReconstructionSettings;
use crate::rawdata::{Event, RawReader};
use crate::reconstruction::event::{EventReconstruction, RecoEvent};
use crate::reconstruction::{Mask, Setup};
use crate::snapshot::{EventShown, TaskNode};

pub(super) use display::figure;

/// The name of the event display in figure keys: it stands in the tree beside the monitor tasks.
pub const EVENT_DISPLAY: &str = "event_display";

/// The item that shows one strip's samples.
pub const WAVEFORM: &str = "waveform";

/// Cells of one view's map at most: ticks share a row where there would be more.
const MOST_CELLS: usize = 4_000_000;

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
    /// Each view's samples.
    pub maps: [Arc<ViewMap>; 2],
    /// What the reconstruction finds in it.
    pub found: Option<Arc<RecoEvent>>,
    /// The samples of one strip.
    pub waveform: Option<Arc<Waveform>>,
    /// What a person should know who looks at the hits.
    pub remark: Option<String>,
    /// Why there is none.
    pub fault: Option<String>,
    /// Counts up with each change.
    pub version: u64,
}

/// One view's samples above the median of their channel.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ViewMap {
    /// Ticks that share a row of cells; the one farthest from the median speaks for them.
    pub ticks_per_row: usize,
    /// Rows of cells.
    pub rows: usize,
    /// ADC counts above the channel's median, strip after strip within a row, row after row; NaN for a strip that no channel
    /// reads and for samples that carry no data.
    pub adc: Vec<f32>,
}

/// The samples of one strip.
#[derive(Debug, Clone, PartialEq)]
pub struct Waveform {
    /// The strip.
    pub strip: Strip,
    /// The channel that reads it.
    pub channel: Channel,
    /// ADC counts above the pedestal, tick after tick; NaN where samples carry no data.
    pub adc: Vec<f32>,
    /// The pedestal, ADC counts.
    pub pedestal_adc: f32,
    /// Noise after coherent noise is gone, ADC counts.
    pub rms_adc: f32,
    /// What a sample must exceed to be of a hit, ADC counts above the pedestal.
    pub threshold_adc: f32,
}

/// Reads events as they are wished for.
pub struct EventPoller {
    detector: Arc<Detector>,
    settings: ReconstructionSettings,
    /// Where the settings' mask file is looked for.
    root: PathBuf,
    open: Option<(PathBuf, RawReader)>,
    /// Size and time of the open file when it was opened.
    open_as: Option<(u64, Option<SystemTime>)>,
    event: Event,
    last: Option<(FileId, u32)>,
    view: EventView,
    strip: Option<Strip>,
}

static INFO: LazyLock<TaskInfo> = LazyLock::new(|| {
    let views = View::ALL.iter().map(|view| ItemInfo {
        name: format!("view{}", view.index()),
        title: format!("View {}", view.index()),
        about:
            "Strips against drift time; tracks are bright lines, a dead strip a dark column. A click shows a strip's waveform."
                .into(),
    });
    let waveform = ItemInfo {
        name: WAVEFORM.into(),
        title: "Waveform".into(),
        about: "The samples of one strip with the hits found in them. Click a strip in a view, or step from strip to strip."
            .into(),
    };
    TaskInfo {
        name: EVENT_DISPLAY.into(),
        title: "Event display".into(),
        about: "One event of the newest raw file, as the detector saw it, with the hits and tracks found in it.".into(),
        folder: String::new(),
        suffix: String::new(),
        poll_s: 5.0,
        items: views.chain([waveform]).collect(),
    }
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

impl EventPoller {
    /// A poller that has read nothing; hits and tracks are found with `settings`, whose mask file stands below `root`.
    #[must_use]
    pub fn new(detector: Arc<Detector>, settings: ReconstructionSettings, root: PathBuf) -> Self {
        EventPoller {
            detector,
            settings,
            root,
            open: None,
            open_as: None,
            event: Event::default(),
            last: None,
            view: EventView::default(),
            strip: None,
        }
    }

    /// Finds hits and tracks with other settings from now on. The event shown is read again at the next look.
    pub fn configure(&mut self, settings: ReconstructionSettings) {
        if settings != self.settings {
            self.settings = settings;
            self.last = None;
        }
    }

    /// What was read last is not shown any more: it is read again when it is wished for.
    pub fn forget(&mut self) {
        self.last = None;
    }

    /// Reads the event wished for, out of the newest file or the chosen one, if it is not the one read last.
    /// `path_of` says where a raw file stands.
    pub fn look(&mut self, wish: EventWish, newest: Option<FileId>, path_of: impl Fn(FileId) -> PathBuf) -> Option<EventView> {
        let (file, index, follows_newest) = match wish {
            EventWish::Newest => (newest?, 0, true),
            EventWish::Chosen { file, index } => (file, index, false),
        };
        if self.last == Some((file, index))
            && self.view.shown.as_ref().is_some_and(|shown| shown.follows_newest == follows_newest)
        {
            return None;
        }
        let version = self.view.version + 1;
        let read = self.read(&path_of(file), index);
        // What could not be read is read again when it is asked for again.
        self.last = read.is_ok().then_some((file, index));
        self.view = match read {
            Ok(of) => self.viewed(EventShown { file, index, of, follows_newest, strip: None }, version),
            Err(fault) => EventView { fault: Some(fault), version, ..EventView::default() },
        };
        self.show_waveform();
        Some(self.view.clone())
    }

    /// Shows the waveform of a strip from now on, in this event and the ones after it; none when there is no event or no such
    /// strip.
    pub fn choose_strip(&mut self, strip: Strip) -> Option<EventView> {
        self.view.shown.as_ref()?;
        if strip.number as usize >= self.detector.view(strip.view).strips {
            return None;
        }
        self.strip = Some(strip);
        self.view.version += 1;
        self.show_waveform();
        Some(self.view.clone())
    }

    /// Reads an event into the buffer; answers how many its file holds.
    fn read(&mut self, path: &Path, index: u32) -> Result<u32, String> {
        // A file that grows, or another one of its name, is opened again.
        let size_and_time = || std::fs::metadata(path).ok().map(|facts| (facts.len(), facts.modified().ok()));
        if self.open.as_ref().is_none_or(|(open, _)| open != path) || self.open_as != size_and_time() {
            self.open_as = size_and_time();
            let reader = RawReader::open(path, &self.detector.readout).map_err(|error| error.to_string())?;
            self.open = Some((path.to_owned(), reader));
        }
        let Some((_, reader)) = &mut self.open else { return Err("no raw file is open".into()) };
        let count = reader.count();
        if index as usize >= count {
            return Err(format!("there is no event {} of {count} in the file: {}", u64::from(index) + 1, path.display()));
        }
        reader.read(index as usize, &mut self.event).map_err(|error| error.to_string())?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// The event in the buffer with what is found in it.
    fn viewed(&mut self, shown: EventShown, version: u64) -> EventView {
        // A mask that can't be used stops the jobs; here the event is still worth a look, with a word about it.
        let (mask, remark) = match Mask::of_settings(&self.settings, &self.root, &self.detector) {
            Ok(mask) => (mask, None),
            Err(error) => (Mask::of_detector(&self.detector), Some(format!("the detector's own mask instead: {error}"))),
        };
        let setup = Setup { detector: &self.detector, settings: &self.settings, mask: &mask };
        let found = EventReconstruction::new(setup).reconstruct(&self.event);
        EventView {
            shown: Some(shown),
            stamp: Some(self.event.header.stamp),
            maps: View::ALL.map(|view| Arc::new(ViewMap::of(&self.event, &self.detector, view))),
            found: Some(Arc::new(found)),
            waveform: None,
            remark,
            fault: None,
            version,
        }
    }

    /// Takes the strip's samples out of the buffer: the strip chosen, else the one with the highest hit.
    fn show_waveform(&mut self) {
        let Some(found) = self.view.found.clone() else { return };
        let highest = found.hits.iter().max_by(|one, other| one.peak_adc.total_cmp(&other.peak_adc)).map(|hit| hit.strip);
        let strip = self.strip.or(highest).unwrap_or(Strip { view: View::V0, number: 0 });
        let waveform = Waveform::of(&self.event, &found, strip, &self.detector, &self.settings);
        if let Some(shown) = &mut self.view.shown {
            shown.strip = Some(strip);
        }
        self.view.waveform = waveform.map(Arc::new);
    }
}

impl ViewMap {
    fn of(event: &Event, detector: &Detector, view: View) -> Self {
        let samples = detector.readout.samples;
        let channels = detector.channels_of_view(view);
        let strips = channels.len();
        let ticks_per_row = (strips * samples).div_ceil(MOST_CELLS).max(1);
        let rows = samples.div_ceil(ticks_per_row);
        let mut adc = vec![f32::NAN; strips * rows];
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
                let (cell, above) = (&mut adc[tick / ticks_per_row * strips + strip], f32::from(*sample) - median);
                if cell.is_nan() || above.abs() > cell.abs() {
                    *cell = above;
                }
            }
        }
        ViewMap { ticks_per_row, rows, adc }
    }
}

impl Waveform {
    fn of(
        event: &Event,
        found: &RecoEvent,
        strip: Strip,
        detector: &Detector,
        settings: &ReconstructionSettings,
    ) -> Option<Self> {
        let channel = (*detector.channels_of_view(strip.view).get(strip.number as usize)?)?;
        let place = channel.0 as usize;
        let samples = detector.readout.samples;
        let raw = event.samples.get(place * samples..(place + 1) * samples)?;
        let (pedestal_adc, rms_adc) = (found.pedestals.get(place)?.mean_adc, *found.filtered_rms_adc.get(place)?);
        let skipped = detector.readout.skipped_samples;
        let above = |(tick, sample): (usize, &u16)| if tick < skipped { f32::NAN } else { f32::from(*sample) - pedestal_adc };
        Some(Waveform {
            strip,
            channel,
            adc: raw.iter().enumerate().map(above).collect(),
            pedestal_adc,
            rms_adc,
            threshold_adc: settings.hit_threshold_sigma as f32 * rms_adc,
        })
    }
}
