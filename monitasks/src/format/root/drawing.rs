//! Histograms and graphs of ROOT files as figures.

use super::graph::Graph;
use super::histogram::{Histogram, HistogramAxis};
use crate::figure::{Axis, Figure, Ink, Layer, Map, Point};

/// Most labels of bins that are told beside a plot.
const MOST_LABELS: usize = 12;

impl Histogram {
    /// The histogram as a figure: one axis as steps, with error bars when weights are kept; a profile as points with errors; two
    /// axes as a map. Three axes are not drawn, and the figure says so.
    #[must_use]
    pub fn figure(&self) -> Figure {
        let figure = match self.axes.as_slice() {
            [x] => self.figure_of_one(x),
            [x, y] => self.figure_of_two(x, y),
            axes => {
                let why = format!("A histogram of {} axes is not drawn; project it onto two.", axes.len());
                return Figure::empty(self.heading(), why);
            }
        };
        self.with_notes(figure)
    }

    fn heading(&self) -> String {
        if self.title.is_empty() { self.name.clone() } else { self.title.clone() }
    }

    fn figure_of_one(&self, x: &HistogramAxis) -> Figure {
        let edges = x.all_edges();
        let value_title = if self.value_title.is_empty() { "entries" } else { &self.value_title };
        let figure = Figure::new(self.heading(), axis(&x.title), axis(value_title));
        let bins = 1..=x.bins;
        let label = self.name.clone();
        if self.profile.is_none() && self.squares.is_empty() {
            let values = bins.map(|bin| self.value(bin)).collect();
            return figure.with(Layer::Steps { label, ink: Ink::Series(0), edges, values });
        }
        let centre = |bin: usize| 0.5 * (edges[bin - 1] + edges[bin]);
        let points = bins.clone().map(|bin| Point { x: centre(bin), y: self.value(bin), y_error: self.error(bin) });
        let points: Vec<Point> = points.filter(|point| point.y.is_finite()).collect();
        let layer = Layer::Points { label: label.clone(), ink: Ink::Series(0), points };
        if self.profile.is_some() {
            return figure.with(layer);
        }
        let values = bins.map(|bin| self.value(bin)).collect();
        figure.with(Layer::Steps { label, ink: Ink::Series(0), edges, values }).with(layer)
    }

    fn figure_of_two(&self, x: &HistogramAxis, y: &HistogramAxis) -> Figure {
        let values: Vec<f32> = self.inside().map(|place| self.value(place) as f32).collect();
        let z = axis(if self.value_title.is_empty() { "entries" } else { &self.value_title });
        // A map has equal cells: bins of their own widths are drawn by their numbers.
        let by_number = |axis: &HistogramAxis| !axis.edges.is_empty();
        let range = |axis: &HistogramAxis| if by_number(axis) { [0.5, axis.bins as f64 + 0.5] } else { [axis.low, axis.high] };
        let drawn =
            |of: &HistogramAxis| if by_number(of) { Axis::integer(format!("bin of {}", of.title)) } else { axis(&of.title) };
        let map = Map { columns: x.bins, rows: y.bins, x_range: range(x), y_range: range(y), values, z, cell_texts: Vec::new() };
        let figure = Figure::new(self.heading(), drawn(x), drawn(y)).with(Layer::Map(map));
        if by_number(x) || by_number(y) { figure.note("bins of unequal width are drawn by number") } else { figure }
    }

    fn with_notes(&self, mut figure: Figure) -> Figure {
        figure = figure.note(format!("{} {}, {} entries", self.class, self.name, self.entries));
        if let Some([mean, spread]) = self.mean_and_spread() {
            figure = figure.note(format!("mean {mean:.5}, spread {spread:.5}"));
        }
        if let Some([below, above]) =
            self.outside().filter(|outside| self.profile.is_none() && outside.iter().any(|it| *it != 0.0))
        {
            figure = figure.note(format!("{below} below and {above} above the range"));
        }
        for (name, axis) in ["x", "y"].iter().zip(&self.axes).filter(|(_, axis)| !axis.labels.is_empty()) {
            let labels: Vec<String> = axis.labels.iter().take(MOST_LABELS).map(|(bin, label)| format!("{bin} {label}")).collect();
            let more = if axis.labels.len() > MOST_LABELS { ", …" } else { "" };
            figure = figure.note(format!("bins along {name}: {}{more}", labels.join(", ")));
        }
        figure
    }
}

impl Graph {
    /// The graph as a figure of points. Where errors differ up and down the larger one is drawn; errors along x are not, and the
    /// figure says so.
    #[must_use]
    pub fn figure(&self) -> Figure {
        let [low, high] = &self.y_errors;
        let error = |place: usize| match (low.get(place), high.get(place)) {
            (Some(low), Some(high)) => low.max(*high),
            _ => f64::NAN,
        };
        let pairs = self.x.iter().zip(&self.y).enumerate();
        let points = pairs.map(|(place, (x, y))| Point { x: *x, y: *y, y_error: error(place) }).collect();
        let title = if self.title.is_empty() { &self.name } else { &self.title };
        let mut figure = Figure::new(title, axis(&self.axis_titles[0]), axis(&self.axis_titles[1]));
        if self.x.is_empty() {
            figure.empty = Some(format!("The graph {} has no points.", self.name));
        }
        figure = figure.with(Layer::Points { label: self.name.clone(), ink: Ink::Series(0), points });
        figure = figure.note(format!("{} {}, {} points", self.class, self.name, self.x.len()));
        if low != high {
            figure = figure.note("errors that differ up and down are drawn as the larger one");
        }
        if self.x_errors.iter().flatten().any(|error| *error > 0.0) {
            figure = figure.note("errors along x are not drawn");
        }
        figure
    }
}

/// An axis of a title such as `x [cm]`: what is in the last brackets is the unit.
fn axis(title: &str) -> Axis {
    let parts = title.trim_end().strip_suffix(']').and_then(|title| title.rsplit_once('['));
    parts.map_or_else(|| Axis::linear(title, ""), |(label, unit)| Axis::linear(label.trim_end(), unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one() -> Histogram {
        Histogram::new("h", "charge", vec![HistogramAxis::new(2, 0.0, 4.0).title("dQ/ds [fC/cm]")])
    }

    #[test]
    fn a_histogram_is_steps_and_its_axis_has_the_unit() {
        let mut histogram = one();
        histogram.contents = vec![3.0, 1.0, 2.0, 0.0];
        let figure = histogram.figure();
        assert_eq!((&*figure.x.label, &*figure.x.unit), ("dQ/ds", "fC/cm"));
        let [Layer::Steps { edges, values, .. }] = &figure.layers[..] else { panic!("{figure:?}") };
        assert_eq!((edges, values), (&vec![0.0, 2.0, 4.0], &vec![1.0, 2.0]));
        assert!(figure.notes.iter().any(|note| note.contains("3 below and 0 above")), "{:?}", figure.notes);
    }

    #[test]
    fn kept_weights_are_error_bars() {
        let mut histogram = one();
        histogram.set(&[2], 7.0, 0.5);
        let figure = histogram.figure();
        let [_, Layer::Points { points, .. }] = &figure.layers[..] else { panic!("{figure:?}") };
        assert_eq!(points[1], Point { x: 3.0, y: 7.0, y_error: 0.5 });
    }

    #[test]
    fn two_axes_are_a_map_with_rows_from_the_lowest_y() {
        let mut map = Histogram::new("m", "", vec![HistogramAxis::new(3, 0.0, 3.0), HistogramAxis::new(2, -1.0, 1.0)]);
        map.set(&[1, 1], 1.0, 0.0);
        map.set(&[3, 2], 6.0, 0.0);
        let figure = map.figure();
        let [Layer::Map(drawn)] = &figure.layers[..] else { panic!("{figure:?}") };
        assert_eq!((drawn.columns, drawn.rows, drawn.x_range, drawn.y_range), (3, 2, [0.0, 3.0], [-1.0, 1.0]));
        assert_eq!(drawn.values, [1.0, 0.0, 0.0, 0.0, 0.0, 6.0]);
        map.axes[0].edges = vec![0.0, 1.0, 2.0, 9.0];
        let figure = map.figure();
        let [Layer::Map(drawn)] = &figure.layers[..] else { panic!("{figure:?}") };
        assert_eq!(drawn.x_range, [0.5, 3.5]);
        assert!(figure.notes.iter().any(|note| note.contains("by number")));
    }

    #[test]
    fn a_graph_is_points_and_says_what_is_not_drawn() {
        let graph = Graph {
            x: vec![1.0, 2.0],
            y: vec![3.0, 4.0],
            x_errors: [vec![0.0, 0.1], vec![0.0, 0.1]],
            y_errors: [vec![0.5, 0.6], vec![0.5, 0.9]],
            ..Graph::default()
        };
        let figure = graph.figure();
        let [Layer::Points { points, .. }] = &figure.layers[..] else { panic!("{figure:?}") };
        assert_eq!(points.iter().map(|point| point.y_error).collect::<Vec<_>>(), [0.5, 0.9]);
        assert_eq!(figure.notes.len(), 3, "{:?}", figure.notes);
        assert!(Graph::default().figure().empty.is_some());
    }
}
