//! The spectra of a noise result: the mean of each view, and a map of all groups in coarser bins.

use super::super::shown::titled;
use super::{NO_SPECTRUM, finish, view_of};
use crate::detector::Detector;
use crate::figure::{Across, Axis, Figure, Ink, Layer, Map, Scale};
use crate::format::noise::{GroupNoise, NoiseSection};
use crate::summary::{Column, Measured, Summary, Table};
use crate::vocab::View;

/// The unit of power.
const UNIT: &str = "ADC²/MHz";
/// kHz in a MHz.
const KHZ: f64 = 1e3;
/// Most frequencies that are kept, and most cells of the map: summaries of many results stay in memory.
const MOST_FREQUENCIES: usize = 1024;
const MOST_CELLS: usize = 4096;
const MOST_COLUMNS: usize = 64;

const SPECTRUM: &str = "spectrum";
const MAP: &str = "map";
const MAP_FACTS: &str = "map_facts";

/// The curves: a column of [`SPECTRUM`] each.
const CURVES: [(&str, &str); 4] =
    [("noise_v0", "view 0"), ("noise_v1", "view 1"), ("shared_v0", "view 0, shared"), ("shared_v1", "view 1, shared")];

/// The tables; none for a section with no spectrum.
pub(super) fn tables(section: &NoiseSection, detector: &Detector) -> Vec<Table> {
    let step_khz = section.frequency_step_khz;
    let count = section.groups.iter().map(|group| group.noise_adc2_per_khz.len()).max().unwrap_or(0);
    let has_steps = step_khz.is_finite() && step_khz > 0.0;
    if !has_steps || !(4..=MOST_FREQUENCIES).contains(&count) {
        return Vec::new();
    }
    let of_view = |view: View| move |group: &&GroupNoise| view_of(group.first_channel, group.channels, detector) == Some(view);
    let edges = shown(count).map(|place| Measured::number((place as f64 - 0.5) * step_khz, 0.0)).collect();
    let mut columns = vec![Column::new("from_khz", "kHz", edges)];
    for (place, (name, _)) in CURVES.iter().enumerate() {
        let view = View::ALL[place % 2];
        let is_shared = place >= 2;
        let groups: Vec<&[f64]> = section
            .groups
            .iter()
            .filter(of_view(view))
            .map(|group| if is_shared { &group.coherent_adc2_per_khz[..] } else { &group.noise_adc2_per_khz[..] })
            .collect();
        columns.push(Column::new(*name, UNIT, mean_spectrum(&groups, count)));
    }
    let [map, facts] = map_tables(section, count);
    vec![Table { name: SPECTRUM.into(), columns }, map, facts]
}

/// The mean over groups at each frequency, ADC counts squared per MHz; no data where none has a number.
fn mean_spectrum(groups: &[&[f64]], count: usize) -> Vec<Measured> {
    let at = |frequency: usize| {
        let values: Vec<f64> =
            groups.iter().filter_map(|group| group.get(frequency)).copied().filter(|v| v.is_finite()).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        if values.is_empty() { Measured::NoData } else { Measured::number(KHZ * mean, 0.0) }
    };
    shown(count).map(at).collect()
}

/// The frequencies that are shown: each stretch's mean is taken out, which leaves nothing at 0 and, under the window, less at the next
/// one; and the highest one counts half.
fn shown(count: usize) -> std::ops::Range<usize> {
    2..count.saturating_sub(1)
}

/// Cells of the map, group by group: several frequencies in one where they are too many.
fn map_tables(section: &NoiseSection, count: usize) -> [Table; 2] {
    let groups = section.groups.len().max(1);
    let shown = shown(count);
    let columns = MOST_COLUMNS.min(MOST_CELLS / groups).clamp(1, shown.len());
    let together = shown.len().div_ceil(columns);
    let columns = shown.len().div_ceil(together);
    let cell = |group: &GroupNoise, column: usize| {
        let from = shown.start + column * together;
        let part = group.noise_adc2_per_khz.get(from..(from + together).min(shown.end)).unwrap_or(&[]);
        let mean = part.iter().sum::<f64>() / part.len() as f64;
        if mean.is_finite() { Measured::number(KHZ * mean, 0.0) } else { Measured::NoData }
    };
    let rows = section.groups.iter().take(MOST_CELLS / columns.max(1));
    let values = rows.flat_map(|group| (0..columns).map(move |column| cell(group, column))).collect();
    let edge_khz = |place: usize| (place as f64 - 0.5) * section.frequency_step_khz;
    let [lowest_khz, highest_khz] = [edge_khz(shown.start), edge_khz(shown.start + together * columns)];
    let fact = |name: &str, value: f64| Column::new(name, "", vec![Measured::number(value, 0.0)]);
    let facts = vec![fact("columns", columns as f64), fact("lowest_khz", lowest_khz), fact("highest_khz", highest_khz)];
    [
        Table { name: MAP.into(), columns: vec![Column::new("power", UNIT, values)] },
        Table { name: MAP_FACTS.into(), columns: facts },
    ]
}

/// The map's columns, the range of its frequencies and its cells.
fn cells(summary: &Summary) -> Option<(usize, [f64; 2], &[Measured])> {
    let fact = |name: &str| summary.table(MAP_FACTS)?.get(name, 0).value();
    let values = &summary.table(MAP)?.column("power")?.values;
    let columns = fact("columns").filter(|columns| *columns >= 1.0)? as usize;
    (values.len() >= columns).then_some((columns, [fact("lowest_khz")?, fact("highest_khz")?], values))
}

/// Whether a result has spectra.
pub(super) fn has_spectrum(summary: &Summary) -> bool {
    summary.table(SPECTRUM).is_some()
}

pub(super) fn draw(latest: &Summary) -> Figure {
    let title = titled("Noise spectrum", &latest.name());
    let Some(table) = latest.table(SPECTRUM) else { return Figure::empty(title, format!("cannot judge: {NO_SPECTRUM}")) };
    let numbers = |name: &str| -> Vec<f64> {
        table.column(name).map_or_else(Vec::new, |column| column.values.iter().map(|v| v.value().unwrap_or(f64::NAN)).collect())
    };
    let mut edges = numbers("from_khz");
    if let [.., before, last] = edges[..] {
        edges.push(2.0 * last - before);
    } else {
        edges.push(edges.last().map_or(1.0, |last| last + 1.0));
    }
    let y = Axis { scale: Scale::Log, ..Axis::linear("power of the noise", UNIT) };
    let mut figure = Figure::new(title, Axis::linear("frequency", "kHz"), y);
    for (place, (name, label)) in (0u8..).zip(CURVES) {
        let values = numbers(name);
        if values.iter().any(|value| value.is_finite()) {
            figure.layers.push(Layer::Steps { label: label.into(), ink: Ink::Series(place), edges: edges.clone(), values });
        }
    }
    figure.notes.push("shared noise is drawn where it is above 0".into());
    finish(&mut figure, latest);
    if figure.layers.is_empty() {
        figure.empty = Some(format!("NO DATA: no group of channels has a spectrum in {}", latest.name()));
    }
    figure
}

pub(super) fn draw_map(latest: &Summary, detector: &Detector) -> Figure {
    let title = titled("Noise spectrum by group", &latest.name());
    if !has_spectrum(latest) {
        return Figure::empty(title, format!("cannot judge: {NO_SPECTRUM}"));
    }
    let Some((columns, khz, values)) = cells(latest) else {
        return Figure::empty(title, format!("NO DATA: no group of channels in {}", latest.name()));
    };
    let rows = values.len() / columns;
    let map = Map {
        columns,
        rows,
        x_range: khz,
        y_range: [-0.5, rows as f64 - 0.5],
        values: values.iter().take(rows * columns).map(|value| value.value().map_or(f32::NAN, |value| value as f32)).collect(),
        z: Axis::linear("power of the noise", UNIT),
        cell_texts: Vec::new(),
    };
    let y = Axis::integer("group of channels in DAQ order").range(map.y_range[0], map.y_range[1]);
    let mut figure = Figure::new(title, Axis::linear("frequency", "kHz").range(khz[0], khz[1]), y).with(Layer::Map(map));
    let views: Vec<Option<View>> = super::of_groups(latest, "first_channel")
        .iter()
        .map(|first| view_of(first.value()? as u32, detector.readout.coherent_group as u32, detector))
        .collect();
    let borders = views.windows(2).enumerate().filter(|(_, pair)| pair[0] != pair[1]).take(4);
    for (place, pair) in borders {
        let label = pair[1].map_or_else(String::new, |view| view.to_string());
        let layer = Layer::Rule { label, ink: Ink::Faint, across: Across::Y, at: place as f64 + 0.5 };
        figure.layers.push(layer);
    }
    finish(&mut figure, latest);
    figure
}
