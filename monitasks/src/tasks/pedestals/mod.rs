//! Pedestals: the mean and the RMS of every channel with no signal, from `results/pedestals/`.

mod by_strip;
mod trends;

use jiff::tz::TimeZone;

use super::shown::Shown;
use super::{item, nothing_to_draw, nothing_to_glance, provenance, unchecked};
use crate::detector::{Detector, Strip};
use crate::figure::Figure;
use crate::format::crp_summary::read_stamp;
use crate::format::pedestal::{self, Pedestal, PedestalRow};
use crate::summary::{Column, Measured, Summary, Table};
use crate::task::{Glance, MonTask, ReadError, ResultFile, TaskContext, TaskInfo};
use crate::vocab::View;

/// The unit of everything here.
const UNIT: &str = "ADC counts";

/// The task's name.
pub const NAME: &str = "pedestals";
/// Its items whose horizontal axis is the strips.
pub const BY_STRIP: [&str; 2] = ["mean_by_strip", "rms_by_strip"];

/// Ranges of the horizontal axis of the [`BY_STRIP`] items on which the strips of these channels stand: `(first, last)` of each
/// range of channels.
#[must_use]
pub fn ranges_of_channels(channels: &[(u32, u32)], detector: &Detector) -> Vec<[f64; 2]> {
    by_strip::ranges_of(channels, detector)
}

/// Which of the two numbers of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantity {
    Mean,
    Rms,
}

/// The pedestals task.
pub struct Pedestals {
    info: TaskInfo,
    zone: TimeZone,
}

impl Pedestals {
    /// The task at a site whose file names hold local times of `zone`.
    #[must_use]
    pub fn new(zone: TimeZone) -> Self {
        let info = TaskInfo {
            name: NAME.into(),
            title: "Pedestals".into(),
            about: "Baseline and noise of every channel: what all charges are measured against. Dead, noisy and moving channels \
                    show here first."
                .into(),
            folder: "pedestals".into(),
            suffix: ".ped".into(),
            poll_s: 30.0,
            items: vec![
                item(
                    "mean_by_strip",
                    "Mean by strip",
                    "Baseline of every channel in the order of the strips, latest result. Flat inside a card; a step or a hole \
                     is a card or a connector.",
                ),
                item(
                    "rms_by_strip",
                    "RMS by strip",
                    "Noise of every channel in the order of the strips, latest result. Alike in a view; known blind and noisy \
                     strips are marked, others that stick out are news.",
                ),
                item("mean_trend", "Mean trend", "Mean baseline of each view against time. Steady to a fraction of a count."),
                item("rms_trend", "RMS trend", "Mean noise of each view against time. Steady; a rise is pick-up."),
            ],
        };
        Pedestals { info, zone }
    }
}

impl MonTask for Pedestals {
    fn info(&self) -> &TaskInfo {
        &self.info
    }

    /// Tables: `strips_v0` and `strips_v1`, a row per strip (`mean_adc`, `rms_adc`), and `views`, a row per view (`mean_adc`,
    /// `rms_adc`): the mean over the view's strips that are not known to be blind or noisy, with its error from their spread.
    fn read(&self, input: &ResultFile<'_>, context: &TaskContext<'_>) -> Result<Summary, ReadError> {
        let rows = pedestal::parse(input.bytes)?;
        require_all_channels(&rows, context.detector)?;
        let (mut summary, sidecar) = provenance::open(input, context)?;
        if sidecar.is_none() {
            provenance::without_sidecar(&mut summary, stamp_of_name(input.name, &self.zone));
        }
        let strips = strip_tables(&rows, context.detector)?;
        let views = view_table(&strips, context.detector);
        let elsewhere = rows.iter().filter(|row| context.detector.strip(row.channel) != Some(row.strip)).count();
        if elsewhere > 0 {
            let map = &context.detector.channel_map_name;
            summary.provenance.remarks.push(format!("{elsewhere} channels stand on other strips than in channel map {map}"));
        }
        summary.tables.extend(strips);
        summary.tables.push(views);
        Ok(summary)
    }

    fn draw(&self, item: &str, history: &[&Summary], context: &TaskContext<'_>) -> Figure {
        let shown = Shown::of(history);
        match (item, shown.latest()) {
            ("mean_by_strip", Some(latest)) => by_strip::draw(Quantity::Mean, latest, context.detector),
            ("rms_by_strip", Some(latest)) => by_strip::draw(Quantity::Rms, latest, context.detector),
            ("mean_trend", Some(latest)) => trends::draw(Quantity::Mean, &shown, latest, context.detector),
            ("rms_trend", Some(latest)) => trends::draw(Quantity::Rms, &shown, latest, context.detector),
            _ => nothing_to_draw(&self.info, item),
        }
    }

    fn glance(&self, item: &str, history: &[&Summary], _context: &TaskContext<'_>) -> Glance {
        match (item, Shown::of(history).latest()) {
            ("mean_by_strip" | "mean_trend", Some(latest)) => glance(Quantity::Mean, latest),
            ("rms_by_strip" | "rms_trend", Some(latest)) => glance(Quantity::Rms, latest),
            _ => nothing_to_glance(&self.info, item),
        }
    }
}

impl Quantity {
    /// Its column in the tables.
    fn column(self) -> &'static str {
        match self {
            Quantity::Mean => "mean_adc",
            Quantity::Rms => "rms_adc",
        }
    }

    /// Its name on an axis.
    fn label(self) -> &'static str {
        match self {
            Quantity::Mean => "pedestal mean",
            Quantity::Rms => "pedestal RMS",
        }
    }

    /// Its name in a title.
    fn title(self) -> &'static str {
        match self {
            Quantity::Mean => "Pedestal mean",
            Quantity::Rms => "Pedestal RMS",
        }
    }

    /// What people expect of it, ADC counts.
    fn expected(self, detector: &Detector) -> f64 {
        match self {
            Quantity::Mean => detector.expected.pedestal_adc,
            Quantity::Rms => detector.expected.noise_adc,
        }
    }

    fn of(self, pedestal: Pedestal) -> f64 {
        match self {
            Quantity::Mean => pedestal.mean_adc,
            Quantity::Rms => pedestal.rms_adc,
        }
    }
}

/// The rows ascend and the file grows at its end: with the last channel there, all is there that will be.
fn require_all_channels(rows: &[PedestalRow], detector: &Detector) -> Result<(), ReadError> {
    let channels = detector.readout.channels;
    let last = rows.last().map_or(0, |row| row.channel.0 as usize);
    if last >= channels {
        let name = &detector.name;
        return Err(ReadError::Malformed(format!(
            "channel {last}, and the detector {name} has the channels 0 to {}",
            channels.saturating_sub(1)
        )));
    }
    if last + 1 < channels {
        return Err(ReadError::Incomplete(format!("channels up to {last} of {channels}")));
    }
    Ok(())
}

/// The stamp of an old file's name: `pedestal_DDMMYY_HHMMSS.ped`.
fn stamp_of_name(name: &str, zone: &TimeZone) -> Option<jiff::Timestamp> {
    let stem = name.rsplit('/').next()?.strip_prefix("pedestal_")?.strip_suffix(".ped")?;
    zone.to_ambiguous_timestamp(read_stamp(stem)?).compatible().ok()
}

/// A table per view with a row per strip; no data where the file has no number for a strip.
fn strip_tables(rows: &[PedestalRow], detector: &Detector) -> Result<[Table; 2], ReadError> {
    let mut tables = View::ALL.map(|view| {
        let nothing = || vec![Measured::NoData; detector.view(view).strips];
        let columns = vec![Column::new("mean_adc", UNIT, nothing()), Column::new("rms_adc", UNIT, nothing())];
        Table { name: strip_table_name(view).into(), columns }
    });
    for row in rows {
        for (quantity, column) in [Quantity::Mean, Quantity::Rms].iter().zip(&mut tables[row.strip.view.index()].columns) {
            let Some(place) = column.values.get_mut(row.strip.number as usize) else {
                let Strip { view, number } = row.strip;
                let strips = detector.view(view).strips;
                return Err(ReadError::Malformed(format!(
                    "channel {} on strip {number} of {view}, which has {strips} strips",
                    row.channel.0
                )));
            };
            if let Some(pedestal) = row.pedestal {
                *place = Measured::number(quantity.of(pedestal), 0.0);
            }
        }
    }
    Ok(tables)
}

fn strip_table_name(view: View) -> &'static str {
    match view {
        View::V0 => "strips_v0",
        View::V1 => "strips_v1",
    }
}

fn view_table(strips: &[Table; 2], detector: &Detector) -> Table {
    let column = |quantity: Quantity| {
        let mean = |view: View| mean_of_strips(&strips[view.index()], view, quantity, detector);
        Column::new(quantity.column(), UNIT, View::ALL.map(mean).to_vec())
    };
    Table { name: "views".into(), columns: vec![column(Quantity::Mean), column(Quantity::Rms)] }
}

/// The mean over a view's strips that are not known to be odd, with its error from their spread.
fn mean_of_strips(table: &Table, view: View, quantity: Quantity, detector: &Detector) -> Measured {
    let facts = detector.view(view);
    let is_plain = |strip: &u32| !facts.blind_strips.contains(strip) && !facts.noisy_strips.contains(strip);
    let strips = 0..u32::try_from(facts.strips).unwrap_or(u32::MAX);
    let values: Vec<f64> =
        strips.filter(is_plain).filter_map(|strip| table.get(quantity.column(), strip as usize).value()).collect();
    if values.is_empty() {
        return Measured::NoData;
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let spread = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
    Measured::number(mean, f64::sqrt(spread / count))
}

/// A view's number in a summary.
fn of_view(summary: &Summary, view: View, quantity: Quantity) -> Measured {
    summary.table("views").map_or(Measured::NoData, |table| table.get(quantity.column(), view.index()))
}

/// Both views' values; the reading is their mean.
fn glance(quantity: Quantity, latest: &Summary) -> Glance {
    let views = View::ALL.map(|view| of_view(latest, view, quantity));
    let reading = Measured::mean(views);
    let text = match views.map(Measured::value) {
        [Some(view0), Some(view1)] => format!("{view0:.2} / {view1:.2} ADC"),
        [Some(view0), None] => format!("{view0:.2} ADC (view 0)"),
        [None, Some(view1)] => format!("{view1:.2} ADC (view 1)"),
        [None, None] => reading.words(UNIT),
    };
    unchecked(text, &format!("{} of view 0 / view 1", quantity.label()), latest, reading)
}
