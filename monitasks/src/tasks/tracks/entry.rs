//! The map of where matched tracks come in, in the detector's coordinates.

use super::super::event_result::edges_of;
use super::super::shown::titled;
use super::finish;
use crate::detector::Detector;
use crate::figure::{Axis, Figure, Ink, Layer, Map};
use crate::format::histograms::Histograms;
use crate::summary::{Column, Measured, Summary, Table};
use crate::task::ReadError;

const MAP: &str = "track_entry";
/// The edges along x and y, a table each.
const EDGES: [&str; 2] = ["track_entry_x", "track_entry_y"];

/// The contents, x fastest, and the edges.
///
/// # Errors
/// When the file has no such histogram.
pub(super) fn tables(found: &Histograms) -> Result<[Table; 3], ReadError> {
    let histogram = found.get(MAP, 2)?;
    let values = histogram.inside().map(|place| Measured::number(histogram.value(place), 0.0)).collect();
    let edges = |place: usize| {
        let edges = histogram.axes.get(place).map(edges_of).unwrap_or_default();
        Table { name: EDGES[place].into(), columns: vec![Column::new("edge", "cm", edges)] }
    };
    Ok([Table { name: MAP.into(), columns: vec![Column::new("content", "", values)] }, edges(0), edges(1)])
}

/// The long side, y, runs to the right and x upwards, as on the map of gains.
pub(super) fn draw(latest: &Summary, detector: &Detector) -> Figure {
    let column = |table: &str, column: &str| -> Vec<f64> {
        let column = latest.table(table).and_then(|table| table.column(column));
        column.map_or_else(Vec::new, |column| column.values.iter().filter_map(|value| value.value()).collect())
    };
    let (contents, x_edges, y_edges) = (column(MAP, "content"), column(EDGES[0], "edge"), column(EDGES[1], "edge"));
    let [x_cells, y_cells] = [&x_edges, &y_edges].map(|edges| edges.len().saturating_sub(1));
    let ends = |edges: &[f64]| [edges.first().copied().unwrap_or(0.0), edges.last().copied().unwrap_or(1.0)];
    let map = Map {
        columns: y_cells,
        rows: x_cells,
        x_range: ends(&y_edges),
        y_range: ends(&x_edges),
        values: (0..x_cells)
            .flat_map(|x| (0..y_cells).map(move |y| y * x_cells + x))
            .map(|place| contents.get(place).map_or(f32::NAN, |content| *content as f32))
            .collect(),
        z: Axis::linear("tracks", "").range(0.0, contents.iter().copied().fold(1.0, f64::max)),
        cell_texts: Vec::new(),
    };
    let x = Axis::linear("y", "cm").range(map.x_range[0], map.x_range[1]);
    let y = Axis::linear("x", "cm").range(map.y_range[0], map.y_range[1]);
    let mut figure = Figure::new(titled("Where tracks come in", &latest.name()), x, y);
    if contents.iter().any(|content| *content != 0.0) {
        figure.layers.push(Layer::Map(map));
        figure.layers.extend(lem_borders(detector));
    }
    finish(&mut figure, latest);
    figure
}

/// The borders of the LEMs as lines.
fn lem_borders(detector: &Detector) -> Option<Layer> {
    let grid = &detector.lems;
    let [x_low, y_low] = [detector.volume.x_cm[0], detector.volume.y_cm[0]];
    let x_of = |column: u16| x_low + f64::from(column) * grid.size_cm;
    let y_of = |row: u16| y_low + f64::from(row) * grid.size_cm;
    let across = (1..grid.rows).map(|row| [[y_of(row), x_of(0)], [y_of(row), x_of(grid.columns)]]);
    let along = (1..grid.columns).map(|column| [[y_of(0), x_of(column)], [y_of(grid.rows), x_of(column)]]);
    let points: Vec<[f64; 2]> = across.chain(along).flat_map(|[from, to]| [from, to, [f64::NAN, f64::NAN]]).collect();
    (!points.is_empty()).then(|| Layer::Line { label: "LEMs".into(), ink: Ink::Faint, points })
}
