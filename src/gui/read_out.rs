//! What stands beside the pointer in a plot: the point, bin or cell that is there, with its error and unit.

use egui_plot::HoverPosition;
use monitasks::figure::{Figure, Layer, Map, Scale};

use super::{ticks, words};

/// What stands beside the pointer: the point it is near, or the cell of a map it is in.
#[must_use]
pub fn read_out(figure: &Figure, position: &HoverPosition<'_>) -> Option<String> {
    let (x, y) = (&figure.x, &figure.y);
    match position {
        HoverPosition::NearDataPoint { plot_name, position, index } => {
            let (mut at, mut value) = (ticks::value(x.scale, position.x), ticks::value(y.scale, position.y));
            if let Some(bin) = bin_of(figure, plot_name, *index) {
                (at, value) = bin;
            }
            let value = match error_of(figure, plot_name, *index, value) {
                Some(error) => words::measured(value, error),
                None => words::number(value),
            };
            let name = if plot_name.is_empty() { String::new() } else { format!("{plot_name}\n") };
            let quantity = if x.scale == Scale::UtcTime { String::new() } else { format!("{} ", x.label) };
            let mut said = format!("{name}{quantity}{}\n{value} {}", ticks::read_out(x, at), y.unit).trim_end().to_owned();
            if let Some(result) = result_at(figure, at) {
                said += &format!("\n{result}");
            }
            Some(said)
        }
        HoverPosition::Elsewhere { position } => {
            let map = figure.layers.iter().find_map(|layer| if let Layer::Map(map) = layer { Some(map) } else { None })?;
            let (cell, value) = cell_at(map, position.x, position.y)?;
            let words = map.cell_texts.get(cell).map_or(String::new(), |text| format!("{text}\n"));
            let place = format!("{} {}, {} {}", x.label, ticks::read_out(x, position.x), y.label, ticks::read_out(y, position.y));
            let value = if value.is_nan() { "no data".to_owned() } else { ticks::read_out(&map.z, f64::from(value)) };
            Some(format!("{words}{place}\n{} {value}", map.z.label))
        }
    }
}

/// The result that stands at an x of a trend; none where there are several.
fn result_at(figure: &Figure, x: f64) -> Option<&str> {
    let mut there = figure.origins.iter().filter(|origin| (origin.x - x).abs() < 1e-3);
    let first = there.next()?;
    there.next().is_none().then_some(first.result.as_str())
}

/// The error of the point that the pointer is near: its place among the drawn points is its index.
fn error_of(figure: &Figure, name: &str, index: usize, value: f64) -> Option<f64> {
    figure.layers.iter().find_map(|layer| match layer {
        Layer::Points { label, points, .. } if label == name => {
            let drawn = |point: &&monitasks::figure::Point| {
                ticks::place(figure.x.scale, point.x).is_some() && ticks::place(figure.y.scale, point.y).is_some()
            };
            let point = points.iter().filter(drawn).nth(index)?;
            let is_it = (point.y - value).abs() <= 1e-9 * value.abs();
            (is_it && point.y_error > 0.0).then_some(point.y_error)
        }
        _ => None,
    })
}

/// Centre and content of the bin whose corner the pointer is near: each bin with data has two corners.
fn bin_of(figure: &Figure, name: &str, corner: usize) -> Option<(f64, f64)> {
    figure.layers.iter().find_map(|layer| match layer {
        Layer::Steps { label, edges, values, .. } if label == name => {
            let bins = edges.windows(2).zip(values);
            let drawn = bins.filter(|(edge, value)| {
                let has_place = |x: f64| ticks::place(figure.x.scale, x).is_some();
                has_place(edge[0]) && has_place(edge[1]) && ticks::place(figure.y.scale, **value).is_some()
            });
            drawn.map(|(edge, value)| (f64::midpoint(edge[0], edge[1]), *value)).nth(corner / 2)
        }
        _ => None,
    })
}

/// Index and value of the cell of a map at a place.
fn cell_at(map: &Map, x: f64, y: f64) -> Option<(usize, f32)> {
    let place = |at: f64, [low, high]: [f64; 2], cells: usize| {
        let share = (at - low) / (high - low);
        (0.0..1.0).contains(&share).then_some((share * cells as f64) as usize)
    };
    let (column, row) = (place(x, map.x_range, map.columns)?, place(y, map.y_range, map.rows)?);
    let cell = row * map.columns + column;
    Some((cell, *map.values.get(cell)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui_plot::PlotPoint;
    use monitasks::figure::{Axis, Ink, Point};

    fn map() -> Map {
        Map {
            columns: 2,
            rows: 2,
            x_range: [0.0, 10.0],
            y_range: [-1.0, 1.0],
            values: vec![1.0, 2.0, 3.0, f32::NAN],
            z: Axis::linear("gain", "fC/cm"),
            cell_texts: Vec::new(),
        }
    }

    #[test]
    fn the_cell_under_the_pointer_is_found() {
        assert_eq!(cell_at(&map(), 1.0, -0.5), Some((0, 1.0)));
        assert_eq!(cell_at(&map(), 9.9, -0.5), Some((1, 2.0)));
        assert_eq!(cell_at(&map(), 0.0, 0.5), Some((2, 3.0)));
        assert_eq!(cell_at(&map(), 10.0, 0.5), None);
        assert_eq!(cell_at(&map(), 5.0, -1.1), None);
    }

    #[test]
    fn the_read_out_names_value_error_and_unit() {
        let points = vec![Point { x: 0.0, y: f64::NAN, y_error: 1.0 }, Point { x: 4.0, y: 2.5, y_error: 0.25 }];
        let figure = Figure::new("t", Axis::integer("run"), Axis::linear("lifetime", "ms")).with(Layer::Points {
            label: "view 0".into(),
            ink: Ink::Series(0),
            points,
        });
        let position = PlotPoint::new(4.0, 2.5);
        let text = read_out(&figure, &HoverPosition::NearDataPoint { plot_name: "view 0", position, index: 0 }).unwrap();
        assert_eq!(text, "view 0\nrun 4\n2.50 ± 0.25 ms");
    }

    #[test]
    fn both_corners_of_a_bin_read_as_the_bin() {
        let figure = Figure::new("t", Axis::integer("strip"), Axis::linear("RMS", "ADC")).with(Layer::Steps {
            label: "run 4".into(),
            ink: Ink::Series(0),
            edges: vec![-0.5, 0.5, 1.5, 2.5],
            values: vec![1.5, f64::NAN, 1.75],
        });
        for (index, x) in [(2, 1.5), (3, 2.5)] {
            let position = PlotPoint::new(x, 1.75);
            let text = read_out(&figure, &HoverPosition::NearDataPoint { plot_name: "run 4", position, index }).unwrap();
            assert_eq!(text, "run 4\nstrip 2\n1.7500 ADC");
        }
    }

    #[test]
    fn the_read_out_of_an_empty_cell_says_no_data() {
        let figure = Figure::new("t", Axis::linear("x", "cm"), Axis::linear("y", "cm")).with(Layer::Map(map()));
        let position = PlotPoint::new(9.0, 0.9);
        let text = read_out(&figure, &HoverPosition::Elsewhere { position }).unwrap();
        assert!(text.ends_with("gain no data"), "{text}");
    }
}
