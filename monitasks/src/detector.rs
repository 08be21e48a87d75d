//! The detector's facts as types. The values come from a detector file; this crate holds none.
//!
//! Axes: x across the short side, y along the long side, z the drift height with 0 at the anode. View 0 strips measure x,
//! view 1 strips measure y.

use serde::{Deserialize, Serialize};

use crate::names::NamePattern;
use crate::vocab::{Channel, FileId, Lem, View};

/// The name that every raw file has once it is taken in, whatever its detector's own names are.
pub const STORED_RAW_NAME: &str = "run{run}-seq{seq}.dat";

/// Everything the program knows of one detector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detector {
    /// Its short name, as in `dqmon init --detector`: `3x1x1`.
    pub name: String,
    /// What people call it: `WA105 3x1x1 dual-phase LArTPC`.
    pub title: String,
    /// Names that raw files may have, with `{run}` and `{seq}` standing for the numbers: `run{run}-seq{seq}.dat`.
    pub raw_file_names: Vec<String>,
    /// The active volume.
    pub volume: Volume,
    /// The digitiser.
    pub readout: Readout,
    /// The two views, in order.
    pub views: [ViewFacts; 2],
    /// Which strip each channel reads, in DAQ order; `None` for a channel that reads none.
    pub channel_map: Vec<Option<Strip>>,
    /// The name of the channel map in use: `2017`.
    pub channel_map_name: String,
    /// The LEMs.
    pub lems: LemGrid,
    /// The liquid and the field.
    pub drift: DriftFacts,
    /// What people call good: expected values that guide the eye on plots.
    pub expected: Expected,
}

/// The active volume, in cm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Lowest and highest x.
    pub x_cm: [f64; 2],
    /// Lowest and highest y.
    pub y_cm: [f64; 2],
    /// Drift length; z runs from 0 at the anode to this.
    pub drift_cm: f64,
}

/// The digitiser.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readout {
    /// Channels in an event.
    pub channels: usize,
    /// Samples of one channel in an event.
    pub samples: usize,
    /// Time between samples, us.
    pub sampling_us: f64,
    /// Bits of a sample.
    pub adc_bits: u32,
    /// Samples at the start of each channel that carry no data.
    pub skipped_samples: usize,
    /// Channels that share coherent noise, in DAQ order.
    pub coherent_group: usize,
    /// Time between a charge's arrival and its pulse's peak, us; taken away from a hit's time to get its drift time.
    pub electronics_delay_us: f64,
    /// How raw files are laid out.
    #[serde(default)]
    pub raw_layout: RawLayout,
}

/// How a detector's raw files are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RawLayout {
    /// The 3x1x1's: run header, events one by one, footer.
    #[default]
    Dlardaq,
    /// The 6x6x6's: a table of the events, then events in fragments, one from each builder.
    EventTable {
        /// Fragments of an event, each with as many channels.
        fragments: usize,
        /// Cards that each fragment says are missing when all is well: those that were never there.
        missing_cards: u8,
    },
}

/// One view's facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewFacts {
    /// Number of strips.
    pub strips: usize,
    /// Distance between strips, mm.
    pub pitch_mm: f64,
    /// Pulse area per charge, ADC counts x ticks per fC.
    pub adc_ticks_per_fc: f64,
    /// Strips that read nothing, numbered from 0 inside the view.
    pub blind_strips: Vec<u32>,
    /// Strips known to be noisy, numbered from 0 inside the view.
    pub noisy_strips: Vec<u32>,
}

/// A strip: a view and a number inside it, from 0 at the smallest coordinate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Strip {
    /// The view.
    pub view: View,
    /// Its number in the view.
    pub number: u32,
}

/// The LEMs: a grid of `columns` along x and `rows` along y, and the ways people number it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LemGrid {
    /// Along x.
    pub columns: u16,
    /// Along y.
    pub rows: u16,
    /// Edge of one LEM, cm.
    pub size_cm: f64,
    /// The numberings; the first is the one of the result files.
    pub numberings: Vec<LemNumbering>,
}

/// One way to number the LEMs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LemNumbering {
    /// Its short name: `file`, `convention`.
    pub name: String,
    /// What it is, for people: `3x1x1 convention`.
    pub title: String,
    /// Number of the LEM at each place, row by row from the lowest y, each row from the lowest x.
    pub numbers: Vec<u32>,
}

/// The liquid argon and the drift field.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriftFacts {
    /// Drift field, kV/cm.
    pub field_kv_per_cm: f64,
    /// Electron drift velocity, mm/us.
    pub velocity_mm_per_us: f64,
    /// Charge per length of a minimum ionising particle before any gain, both views together, fC/cm.
    pub mip_charge_fc_per_cm: f64,
}

/// Expected values that guide the eye; no check is made of them here.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Electron lifetime that people call good enough, us.
    pub lifetime_us: f64,
    /// Pedestal mean, ADC counts.
    pub pedestal_adc: f64,
    /// Pedestal RMS, ADC counts.
    pub noise_adc: f64,
}

impl Detector {
    /// The facts of one view.
    #[must_use]
    pub fn view(&self, view: View) -> &ViewFacts {
        &self.views[view.index()]
    }

    /// The strip a channel reads; `None` for a channel that is out of range or reads none.
    #[must_use]
    pub fn strip(&self, channel: Channel) -> Option<Strip> {
        self.channel_map.get(channel.0 as usize).copied().flatten()
    }

    /// The channel of every strip of a view, by strip number; `None` where no channel reads the strip.
    #[must_use]
    pub fn channels_of_view(&self, view: View) -> Vec<Option<Channel>> {
        let mut channels = vec![None; self.view(view).strips];
        for (channel, strip) in (0u32..).zip(&self.channel_map) {
            if let Some(strip) = strip.filter(|strip| strip.view == view)
                && let Some(place) = channels.get_mut(strip.number as usize)
            {
                *place = Some(Channel(channel));
            }
        }
        channels
    }

    /// The file that a raw file's name stands for; `None` when it matches none of [`Detector::accepted_raw_names`], or when a
    /// number in it has leading zeros: two names would stand for one file.
    #[must_use]
    pub fn match_raw_name(&self, name: &str) -> Option<FileId> {
        self.accepted_raw_names().find_map(|pattern| NamePattern::new(pattern).file(name))
    }

    /// The names that raw files may have: the detector's own, and the one they have in every storage.
    pub fn accepted_raw_names(&self) -> impl Iterator<Item = &str> {
        let own = self.raw_file_names.iter().map(String::as_str);
        let is_own = self.raw_file_names.iter().any(|name| name == STORED_RAW_NAME);
        own.chain((!is_own).then_some(STORED_RAW_NAME))
    }

    /// The name a raw file gets: the first of [`Detector::raw_file_names`].
    #[must_use]
    pub fn raw_name(&self, file: FileId) -> String {
        let pattern = self.raw_file_names.first().map_or(STORED_RAW_NAME, String::as_str);
        pattern.replace("{run}", &file.run.0.to_string()).replace("{seq}", &file.sequence.0.to_string())
    }

    /// Whether a strip is known to read nothing.
    #[must_use]
    pub fn is_blind(&self, strip: Strip) -> bool {
        self.view(strip.view).blind_strips.contains(&strip.number)
    }

    /// The coordinate that a strip measures at its centre, cm: x for view 0, y for view 1.
    ///
    /// A view that has more strips than fit across the volume has them in rows one after the other, each from the lowest
    /// coordinate on: rows lie beside each other along the other coordinate, the first at the lowest ([`Detector::strip_at`]).
    #[must_use]
    pub fn strip_centre_cm(&self, strip: Strip) -> f64 {
        let [low, _] = self.measured_cm(strip.view);
        let place = strip.number as usize % self.strips_in_row(strip.view);
        low + (place as f64 + 0.5) * self.view(strip.view).pitch_mm / 10.0
    }

    /// The strip of a view that reads the charge above a point; `None` outside the volume and where there is no strip.
    #[must_use]
    pub fn strip_at(&self, view: View, x_cm: f64, y_cm: f64) -> Option<Strip> {
        let (along, across, other) = match view {
            View::V0 => (x_cm, y_cm, View::V1),
            View::V1 => (y_cm, x_cm, View::V0),
        };
        let (facts, in_row) = (self.view(view), self.strips_in_row(view));
        let [low, _] = self.measured_cm(view);
        let place = ((along - low) * 10.0 / facts.pitch_mm).floor();
        // One row reaches as far as the volume, whatever a point's other coordinate is.
        let rows = facts.strips.div_ceil(in_row);
        let [first, last] = self.measured_cm(other);
        let row = if rows > 1 { ((across - first) / (last - first) * rows as f64).floor() } else { 0.0 };
        let is_inside = (0.0..in_row as f64).contains(&place) && (0.0..rows as f64).contains(&row);
        let number = is_inside.then(|| row as usize * in_row + place as usize).filter(|number| *number < facts.strips)?;
        Some(Strip { view, number: number as u32 })
    }

    /// Lowest and highest coordinate that a view measures, cm.
    fn measured_cm(&self, view: View) -> [f64; 2] {
        match view {
            View::V0 => self.volume.x_cm,
            View::V1 => self.volume.y_cm,
        }
    }

    /// How many strips of a view lie beside each other across the volume.
    fn strips_in_row(&self, view: View) -> usize {
        let [low, high] = self.measured_cm(view);
        (((high - low) * 10.0 / self.view(view).pitch_mm).round() as usize).max(1)
    }

    /// The time, us, that a charge takes from height z, cm, to the anode.
    #[must_use]
    pub fn drift_time_us(&self, z_cm: f64) -> f64 {
        z_cm * 10.0 / self.drift.velocity_mm_per_us
    }

    /// The time, us, that a charge takes through the whole drift.
    #[must_use]
    pub fn full_drift_us(&self) -> f64 {
        self.drift_time_us(self.volume.drift_cm)
    }

    /// The LEM above a point; `None` outside the grid.
    #[must_use]
    pub fn lem_at(&self, x_cm: f64, y_cm: f64) -> Option<Lem> {
        let column = ((x_cm - self.volume.x_cm[0]) / self.lems.size_cm).floor();
        let row = ((y_cm - self.volume.y_cm[0]) / self.lems.size_cm).floor();
        let inside = (0.0..f64::from(self.lems.columns)).contains(&column) && (0.0..f64::from(self.lems.rows)).contains(&row);
        inside.then_some(Lem { column: column as u16, row: row as u16 })
    }
}

impl LemGrid {
    /// All places, row by row from the lowest y, each row from the lowest x.
    pub fn places(&self) -> impl Iterator<Item = Lem> + '_ {
        (0..self.rows).flat_map(|row| (0..self.columns).map(move |column| Lem { column, row }))
    }

    /// Number of LEMs.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::from(self.columns) * usize::from(self.rows)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A place's index in the order of [`LemGrid::places`].
    #[must_use]
    pub fn index(&self, lem: Lem) -> usize {
        usize::from(lem.row) * usize::from(self.columns) + usize::from(lem.column)
    }

    /// The numbering of that name.
    #[must_use]
    pub fn numbering(&self, name: &str) -> Option<&LemNumbering> {
        self.numberings.iter().find(|numbering| numbering.name == name)
    }

    /// The number of a place in a numbering.
    #[must_use]
    pub fn number(&self, numbering: &LemNumbering, lem: Lem) -> Option<u32> {
        numbering.numbers.get(self.index(lem)).copied()
    }

    /// The place that has a number in a numbering.
    #[must_use]
    pub fn place(&self, numbering: &LemNumbering, number: u32) -> Option<Lem> {
        self.places().find(|lem| self.number(numbering, *lem) == Some(number))
    }
}
