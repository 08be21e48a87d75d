//! A plot as plain data: what a task returns instead of drawing.
//!
//! Every painter (the window's, the SVG and PNG one) draws the same [`Figure`], so every task gets zoom, legend, export and
//! themes at once, and a test compares text.

use serde::{Deserialize, Serialize};

use crate::quality::State;

/// A plot: two axes, layers drawn in order, and the words around them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// One line above the plot.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// Drawn in order, the last on top.
    pub layers: Vec<Layer>,
    /// Short lines beside the title: run, fit result, "no data yet: ...".
    pub notes: Vec<String>,
    /// What is said in the place of the plot when there is nothing to draw: what would fill it.
    pub empty: Option<String>,
    /// Parts that are known to be odd, or not to be judged by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<Region>,
}

/// One axis of a [`Figure`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// The quantity, for people: `electron lifetime`.
    pub label: String,
    /// The unit, empty when the quantity has none: `ms`, `ADC counts`.
    pub unit: String,
    /// How numbers are laid out.
    pub scale: Scale,
    /// Fixed limits, lowest first; none to fit the data.
    pub range: Option<[f64; 2]>,
}

/// How an axis lays out its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Evenly.
    Linear,
    /// By the decimal logarithm; values at or below zero are not drawn.
    Log,
    /// Seconds since 1970-01-01T00:00:00Z, labelled as UTC date and time.
    UtcTime,
    /// Whole numbers only: runs, channels, LEM numbers.
    Integer,
}

/// Which colour of the theme a layer takes: a place in the colour-blind-safe series, or a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ink {
    /// The n-th colour of the series, counted from 0.
    Series(u8),
    /// Fits and expectations, drawn over data.
    Fit,
    /// References and limits.
    Reference,
    /// Things that only guide the eye.
    Faint,
    /// What is thought to be so: the colour of that state.
    State(State),
}

/// One measured point. An error of NaN is not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Abscissa, in the x axis' unit.
    pub x: f64,
    /// Ordinate, in the y axis' unit.
    pub y: f64,
    /// Half length of the vertical error bar.
    pub y_error: f64,
}

/// A part of a [`Figure`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Layer {
    /// Markers with vertical error bars.
    Points {
        /// Its name in the legend.
        label: String,
        /// Its colour.
        ink: Ink,
        /// The points, in any order.
        points: Vec<Point>,
    },
    /// A curve through points in the order given; a NaN breaks it.
    Line {
        /// Its name in the legend.
        label: String,
        /// Its colour.
        ink: Ink,
        /// `[x, y]` pairs.
        points: Vec<[f64; 2]>,
    },
    /// A histogram: `edges.len() == values.len() + 1`.
    Steps {
        /// Its name in the legend.
        label: String,
        /// Its colour.
        ink: Ink,
        /// Bin edges, ascending.
        edges: Vec<f64>,
        /// Bin contents; NaN for a bin with no data.
        values: Vec<f64>,
    },
    /// A map of equal cells.
    Map(Map),
    /// A straight line across the plot with its name.
    Rule {
        /// Its name, written beside the line.
        label: String,
        /// Its colour.
        ink: Ink,
        /// Whether `at` is an x (a vertical line) or a y (a horizontal one).
        across: Across,
        /// Where, in that axis' unit.
        at: f64,
    },
    /// A word at a place.
    Text {
        /// Centre of the text, x.
        x: f64,
        /// Centre of the text, y.
        y: f64,
        /// The words; lines are separated by `\n`.
        text: String,
    },
}

/// A part of a plot that is known to be odd, or not to be judged by: drawn hatched over the data, which stay to be seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// From and to along x, in the x axis' unit; none for all of it.
    pub x: Option<[f64; 2]>,
    /// From and to along y, in the y axis' unit; none for all of it.
    pub y: Option<[f64; 2]>,
    /// Why; empty for a part whose words stand at another one.
    pub words: String,
}

/// Which axis a [`Layer::Rule`] crosses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Across {
    /// A vertical line at an x.
    X,
    /// A horizontal line at a y.
    Y,
}

/// A map of `columns` x `rows` equal cells over a rectangle of the plot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Map {
    /// Number of cells along x.
    pub columns: usize,
    /// Number of cells along y.
    pub rows: usize,
    /// Lowest and highest x covered, in the x axis' unit.
    pub x_range: [f64; 2],
    /// Lowest and highest y covered, in the y axis' unit.
    pub y_range: [f64; 2],
    /// The values, row by row from the lowest y, each row from the lowest x; NaN is "no data" and is drawn as such.
    pub values: Vec<f32>,
    /// What the values are; its range fixes the colours.
    pub z: Axis,
    /// Words inside the cells, in the order of `values`; empty for none.
    pub cell_texts: Vec<String>,
}

impl Layer {
    /// Its name in the legend or beside its line; none for a kind that has none.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        match self {
            Layer::Points { label, .. } | Layer::Line { label, .. } | Layer::Steps { label, .. } | Layer::Rule { label, .. } => {
                Some(label)
            }
            Layer::Map(_) | Layer::Text { .. } => None,
        }
    }
}

impl Figure {
    /// A figure with axes and nothing in it yet.
    #[must_use]
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Figure { title: title.into(), x, y, layers: Vec::new(), notes: Vec::new(), empty: None, regions: Vec::new() }
    }

    /// A figure that says why it is empty and what would fill it.
    #[must_use]
    pub fn empty(title: impl Into<String>, reason: impl Into<String>) -> Self {
        let mut figure = Figure::new(title, Axis::linear("", ""), Axis::linear("", ""));
        figure.empty = Some(reason.into());
        figure
    }

    /// The figure with one more layer on top.
    #[must_use]
    pub fn with(mut self, layer: Layer) -> Self {
        self.layers.push(layer);
        self
    }

    /// The figure with one more line of words beside its title.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

impl Axis {
    /// An evenly spaced axis that fits its data.
    #[must_use]
    pub fn linear(label: impl Into<String>, unit: impl Into<String>) -> Self {
        Axis { label: label.into(), unit: unit.into(), scale: Scale::Linear, range: None }
    }

    /// An axis of whole numbers.
    #[must_use]
    pub fn integer(label: impl Into<String>) -> Self {
        Axis { label: label.into(), unit: String::new(), scale: Scale::Integer, range: None }
    }

    /// An axis of UTC time, in seconds since 1970.
    #[must_use]
    pub fn utc_time(label: impl Into<String>) -> Self {
        Axis { label: label.into(), unit: "UTC".into(), scale: Scale::UtcTime, range: None }
    }

    /// The axis with fixed limits.
    #[must_use]
    pub fn range(mut self, low: f64, high: f64) -> Self {
        self.range = Some([low, high]);
        self
    }

    /// Label and unit as written beside the axis: `electron lifetime [ms]`.
    #[must_use]
    pub fn title(&self) -> String {
        if self.unit.is_empty() { self.label.clone() } else { format!("{} [{}]", self.label, self.unit) }
    }
}
