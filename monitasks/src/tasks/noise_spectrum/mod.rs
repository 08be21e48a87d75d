//! Noise spectrum: at which frequencies the electronics pick up noise, and how much of it channels share, from `results/noise/`.

mod spectra;

use super::provenance::{self, members_note};
use super::shown::{Shown, titled};
use super::trend::{Series, trend};
use super::{item, nothing_to_draw, nothing_to_glance, unchecked};
use crate::detector::Detector;
use crate::figure::{Axis, Figure, Ink, Layer, Point};
use crate::format::noise::{self, NoiseRow};
use crate::summary::{Column, Measured, Summary, Table};
use crate::task::{Glance, MonTask, ReadError, ResultFile, TaskContext, TaskInfo};
use crate::vocab::{Channel, View};

/// The unit of RMS.
const UNIT: &str = "ADC counts";

/// The table of groups, and its columns with their labels.
const GROUPS: &str = "groups";
const RMS: [(&str, &str); 3] = [("noise_adc", "all noise"), ("coherent_adc", "shared"), ("incoherent_adc", "channels' own")];

/// Why there is no spectrum.
const NO_SPECTRUM: &str = "the spectra stand in the .json beside the result, and it has none";

/// The noise spectrum task.
pub struct NoiseSpectrum {
    info: TaskInfo,
}

impl NoiseSpectrum {
    /// The task.
    #[must_use]
    pub fn new() -> Self {
        let info = TaskInfo {
            name: "noise_spectrum".into(),
            title: "Noise spectrum".into(),
            about: "Frequencies of the noise, and how much of it channels share: a line is a supply or a pump, shared noise a ground."
                .into(),
            folder: "noise".into(),
            suffix: ".txt".into(),
            poll_s: 60.0,
            items: vec![
                item(
                    "spectrum",
                    "Spectrum",
                    "Power of the noise by frequency, mean of each view's groups of channels, latest result. Smooth; a line that \
                     stands out is picked up.",
                ),
                item(
                    "map",
                    "Spectrum by group",
                    "Power of the noise by frequency and group of channels, latest result. Alike in all rows; a row is a card, a \
                     column a line that all see.",
                ),
                item(
                    "by_group",
                    "RMS by group",
                    "RMS of all noise, of what the channels of a group share, and of their own, latest result. Shared noise is small.",
                ),
                item("trend", "RMS trend", "Mean RMS of the noise over all groups against time. Steady; a rise is pick-up."),
            ],
        };
        NoiseSpectrum { info }
    }
}

impl Default for NoiseSpectrum {
    fn default() -> Self {
        NoiseSpectrum::new()
    }
}

impl MonTask for NoiseSpectrum {
    fn info(&self) -> &TaskInfo {
        &self.info
    }

    /// Tables: `groups`, a row per group of channels (`group`, `noise_adc`, `coherent_adc`, `incoherent_adc`, `peak_khz`,
    /// `peak_ratio`); with the sidecar's spectra `spectrum`, a row per frequency, and `map`, a row per cell.
    fn read(&self, input: &ResultFile<'_>, context: &TaskContext<'_>) -> Result<Summary, ReadError> {
        let rows = noise::parse(input.bytes)?;
        let (mut summary, sidecar) = provenance::open(input, context)?;
        if sidecar.is_none() {
            provenance::without_sidecar(&mut summary, None);
        }
        summary.tables.push(group_table(&rows));
        if let Some(section) = sidecar.and_then(|sidecar| sidecar.noise) {
            summary.tables.extend(spectra::tables(&section, context.detector));
        }
        Ok(summary)
    }

    fn draw(&self, item: &str, history: &[&Summary], context: &TaskContext<'_>) -> Figure {
        let shown = Shown::of(history);
        match (item, shown.latest()) {
            ("spectrum", Some(latest)) => spectra::draw(latest),
            ("map", Some(latest)) => spectra::draw_map(latest, context.detector),
            ("by_group", Some(latest)) => draw_by_group(latest),
            ("trend", Some(latest)) => draw_trend(&shown, latest),
            _ => nothing_to_draw(&self.info, item),
        }
    }

    fn glance(&self, item: &str, history: &[&Summary], _context: &TaskContext<'_>) -> Glance {
        match (item, Shown::of(history).latest()) {
            ("spectrum" | "map", Some(latest)) if !spectra::has_spectrum(latest) => Glance::cannot_judge(NO_SPECTRUM),
            ("spectrum" | "map", Some(latest)) => glance_peak(latest),
            ("by_group" | "trend", Some(latest)) => {
                let [noise, shared, _] = RMS.map(|(column, _)| mean_of_groups(latest, column));
                let text = match shared.value() {
                    Some(shared) => format!("{}, {shared:.2} shared", noise.words("ADC")),
                    None => noise.words("ADC"),
                };
                unchecked(text, "RMS of the noise, mean of the groups,", latest, noise)
            }
            _ => nothing_to_glance(&self.info, item),
        }
    }
}

fn group_table(rows: &[NoiseRow]) -> Table {
    let column = |name: &str, value: &dyn Fn(&NoiseRow) -> Measured| Column::new(name, "", rows.iter().map(value).collect());
    let plain = |value: f64| if value > 0.0 { Measured::number(value, 0.0) } else { Measured::NotMeasured };
    let rms = |place: usize| move |row: &NoiseRow| if row.segments == 0 { Measured::NoData } else { row.rms_adc[place] };
    let mut columns = vec![
        column("group", &|row| Measured::number(f64::from(row.group), 0.0)),
        column("first_channel", &|row| Measured::number(f64::from(row.first_channel), 0.0)),
    ];
    columns.extend(RMS.iter().enumerate().map(|(place, (name, _))| column(name, &rms(place))));
    columns.extend([column("peak_khz", &|row| plain(row.peak[0])), column("peak_ratio", &|row| plain(row.peak[1]))]);
    Table { name: GROUPS.into(), columns }
}

/// A column of the groups.
fn of_groups<'s>(summary: &'s Summary, name: &str) -> &'s [Measured] {
    summary.table(GROUPS).and_then(|table| table.column(name)).map_or(&[], |column| &column.values)
}

/// The mean over the groups that have a number. Groups differ by more than their errors: the error is that of their spread.
fn mean_of_groups(summary: &Summary, name: &str) -> Measured {
    let measured = of_groups(summary, name);
    let values: Vec<f64> = measured.iter().filter_map(|value| value.value()).collect();
    if values.len() < 2 {
        return Measured::mean(measured.iter().copied());
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    Measured::number(mean, (variance / count).sqrt())
}

/// The frequency that stands out most in any group.
fn glance_peak(latest: &Summary) -> Glance {
    let peaks = of_groups(latest, "peak_khz").iter().zip(of_groups(latest, "peak_ratio"));
    let highest = peaks.filter_map(|(khz, ratio)| Some((khz.value()?, ratio.value()?))).max_by(|a, b| a.1.total_cmp(&b.1));
    let what = "frequency that stands out most in a group, and its power over that of its neighbours,";
    match highest {
        Some((khz, ratio)) => unchecked(format!("{ratio:.1}x at {khz:.0} kHz"), what, latest, Measured::number(ratio, 0.0)),
        None => unchecked(Measured::NotMeasured.words(""), what, latest, Measured::NotMeasured),
    }
}

/// The view that a group's first channel with a strip reads.
fn view_of(first_channel: u32, channels: u32, detector: &Detector) -> Option<View> {
    // A damaged number of channels must not be walked for ever.
    let last = first_channel.saturating_add(channels.min(1 << 16));
    (first_channel..last).find_map(|channel| detector.strip(Channel(channel))).map(|strip| strip.view)
}

fn draw_by_group(latest: &Summary) -> Figure {
    let title = titled("RMS of the noise by group", &latest.name());
    let x = Axis::integer("group of channels in DAQ order");
    let mut figure = Figure::new(title, x, Axis::linear("RMS of the noise", UNIT));
    for (place, (column, label)) in (0u8..).zip(RMS) {
        let values = of_groups(latest, "group").iter().zip(of_groups(latest, column));
        let point = |(group, value): (&Measured, &Measured)| {
            let (y, y_error) = value.value_and_error()?;
            Some(Point { x: group.value()?, y, y_error })
        };
        let points: Vec<Point> = values.filter_map(point).collect();
        let missing = of_groups(latest, column).len() - points.len();
        if missing > 0 {
            figure.notes.push(format!("{label}, groups with no number: {missing}"));
        }
        if !points.is_empty() {
            figure.layers.push(Layer::Points { label: label.into(), ink: Ink::Series(place), points });
        }
    }
    finish(&mut figure, latest);
    if figure.layers.is_empty() {
        figure.empty = Some(format!("NO DATA: no group of channels has a number in {}", latest.name()));
    }
    figure
}

/// The words below.
fn finish(figure: &mut Figure, latest: &Summary) {
    figure.notes.push(members_note(latest));
    figure.notes.extend(latest.provenance.remarks.iter().cloned());
}

fn draw_trend(shown: &Shown<'_>, latest: &Summary) -> Figure {
    let series = [0u8, 1, 2].map(|place| {
        let (column, label) = RMS[usize::from(place)];
        Series {
            label: label.into(),
            ink: Ink::Series(place),
            has_error_bars: true,
            value: Box::new(move |summary| mean_of_groups(summary, column)),
        }
    });
    let mut figure = trend("RMS of the noise", Axis::linear("RMS, mean of the groups", UNIT), shown, &series);
    finish(&mut figure, latest);
    figure
}
