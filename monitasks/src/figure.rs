//! A plot as plain data: what a task returns instead of drawing.
//!
//! Every painter (the window's, the SVG and PNG one) draws the same [`Figure`], so every task gets zoom, legend, export and
//! themes at once, and a test compares text.

use serde::{Deserialize, Deserializer, Serialize};

use crate::quality::State;
use crate::vocab::Run;

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
    /// Names and values in a box over the plot; a line with no value is the heading of those below it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statistics: Vec<Statistic>,
    /// Of a trend: which result stands at which x.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<Origin>,
    /// Smaller plots that are shown in the place of layers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub panels: Option<Panels>,
    /// Parts that are known to be odd, or not to be judged by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<Region>,
}

/// A line of the box over a plot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistic {
    /// What it is: `mean`.
    pub name: String,
    /// The number with its unit; empty for a heading.
    pub value: String,
}

/// Which result stands at a place of a trend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// Where, in the x axis' unit.
    pub x: f64,
    /// The run it is of; none where the result does not say.
    pub run: Option<Run>,
    /// The result's name: `run1-p1-g0`.
    pub result: String,
}

/// Plots of equal size in rows, from the left and from above.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Panels {
    /// How many stand beside each other; at least 1.
    pub columns: usize,
    /// Whether moving one along x moves all.
    pub has_one_x: bool,
    /// Whether moving one along y moves all.
    pub has_one_y: bool,
    /// The plots, none of which has panels of its own.
    pub plots: Vec<Figure>,
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
    #[serde(default = "nan", deserialize_with = "or_nan")]
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
        #[serde(deserialize_with = "each_or_nan")]
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
    #[serde(deserialize_with = "each_or_nan")]
    pub values: Vec<f32>,
    /// What the values are; its range fixes the colours.
    pub z: Axis,
    /// Words inside the cells, in the order of `values`; empty for none.
    pub cell_texts: Vec<String>,
}

fn nan() -> f64 {
    f64::NAN
}

/// In JSON, which has no NaN, a null stands for it.
fn or_nan<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or(f64::NAN))
}

fn each_or_nan<'de, D: Deserializer<'de>, T: Deserialize<'de> + From<f32>>(from: D) -> Result<Vec<T>, D::Error> {
    let values = Vec::<Option<T>>::deserialize(from)?;
    Ok(values.into_iter().map(|value| value.unwrap_or_else(|| T::from(f32::NAN))).collect())
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
        Figure {
            title: title.into(),
            x,
            y,
            layers: Vec::new(),
            notes: Vec::new(),
            empty: None,
            statistics: Vec::new(),
            origins: Vec::new(),
            panels: None,
            regions: Vec::new(),
        }
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

impl Panels {
    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.plots.len().div_ceil(self.columns.max(1))
    }
}

impl Statistic {
    /// A line with a value.
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Statistic { name: name.into(), value: value.into() }
    }

    /// A heading.
    #[must_use]
    pub fn heading(name: impl Into<String>) -> Self {
        Statistic { name: name.into(), value: String::new() }
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
