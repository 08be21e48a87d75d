//! What is chosen for a plot, as plain data that is kept with its pane.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::vocab::{Processing, Run};

/// At most so many runs are drawn over each other.
pub const MOST_RUNS: usize = 8;

/// What people choose to see of a plot. The default is the plot as its task draws it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PlotChoices {
    /// What a trend is drawn against.
    pub axis: TrendAxis,
    /// These runs over each other; empty for the plot of one.
    pub runs: Vec<Run>,
    /// The result that it is compared with, in the place of its reference.
    pub against: Option<Against>,
    /// Only results of this processing.
    pub processing: Option<Processing>,
    /// The values of one place of the plot, result by result.
    pub place: Option<Place>,
    /// As drawn, as a histogram, as small plots.
    pub shape: Shape,
    /// Axes that are laid out by the logarithm.
    pub log: LogAxes,
    /// A box with mean, RMS and others.
    pub statistics: bool,
    /// How LEMs are numbered; none for all numberings of the detector beside each other.
    pub numbering: Option<String>,
}

/// What a trend is drawn against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrendAxis {
    /// What its task takes: when data taking began, or when the result was made where that is not known.
    #[default]
    AsDrawn,
    /// When the first of the data was taken.
    Start,
    /// When the last of the data was taken.
    End,
    /// When the result was made.
    Processed,
    /// The run's number.
    Run,
    /// Raw files: the first sequence of each result, counted on from run to run.
    Sequence,
}

/// Whether a plot is changed as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// As its task draws it.
    #[default]
    AsDrawn,
    /// How often each value occurs.
    Histogram,
    /// A small plot for each series, all with the same axes.
    Small,
}

/// Axes that are laid out by the logarithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LogAxes {
    /// The horizontal one.
    pub x: bool,
    /// The vertical one.
    pub y: bool,
    /// The colours of a map.
    pub z: bool,
}

/// The result that a plot is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Against {
    /// Its run.
    pub run: Run,
    /// Its processing; none for the newest.
    #[serde(default)]
    pub processing: Option<Processing>,
}

/// A place of a plot: a point, a bin or a cell of one of its series.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The series' name; what the colours are for a map.
    pub series: String,
    /// Where, in the x axis' unit.
    pub x: Exact,
    /// Where in a map, in the y axis' unit.
    #[serde(default)]
    pub y: Option<Exact>,
}

/// A number that can be compared, ordered and hashed, bit by bit.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Exact(pub f64);

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.0.total_cmp(&other.0) == Ordering::Equal
    }
}

impl Eq for Exact {}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl Hash for Exact {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

impl PlotChoices {
    /// Whether the task has to be asked again: its answer for all results does not hold what is chosen.
    #[must_use]
    pub fn draws_anew(&self) -> bool {
        self.axis != TrendAxis::AsDrawn || !self.runs.is_empty() || self.place.is_some() || self.processing.is_some()
    }

    /// The same without what is only laid over the plot in the end.
    #[must_use]
    pub fn only_drawn(&self) -> PlotChoices {
        PlotChoices { axis: self.axis, runs: self.runs.clone(), place: self.place.clone(), ..PlotChoices::default() }
    }

    /// With one more run over the others, or without it; no more than [`MOST_RUNS`].
    #[must_use]
    pub fn with_run(mut self, run: Run) -> PlotChoices {
        match self.runs.iter().position(|known| *known == run) {
            Some(place) => drop(self.runs.remove(place)),
            None if self.runs.len() < MOST_RUNS => self.runs.push(run),
            None => {}
        }
        self.runs.sort_unstable();
        self
    }
}

impl TrendAxis {
    /// All of them, in the order of menus.
    pub const ALL: [TrendAxis; 6] =
        [TrendAxis::AsDrawn, TrendAxis::Start, TrendAxis::End, TrendAxis::Processed, TrendAxis::Run, TrendAxis::Sequence];

    /// As menus have it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            TrendAxis::AsDrawn => "As drawn",
            TrendAxis::Start => "By start of data",
            TrendAxis::End => "By end of data",
            TrendAxis::Processed => "By time of processing",
            TrendAxis::Run => "By run",
            TrendAxis::Sequence => "By sequence",
        }
    }

    /// As commands have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            TrendAxis::AsDrawn => "drawn",
            TrendAxis::Start => "start",
            TrendAxis::End => "end",
            TrendAxis::Processed => "processed",
            TrendAxis::Run => "run",
            TrendAxis::Sequence => "sequence",
        }
    }
}

impl Against {
    /// `run5-p2`, or `run5`.
    #[must_use]
    pub fn name(self) -> String {
        match self.processing {
            Some(processing) => format!("{}-p{}", self.run, processing.0),
            None => self.run.to_string(),
        }
    }

    /// Reads `run5-p2`, `run5` or `5`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Against> {
        let (run, processing) = match text.split_once("-p") {
            Some((run, processing)) => (run, Some(Processing(processing.parse().ok()?))),
            None => (text, None),
        };
        Some(Against { run: Run(run.strip_prefix("run").unwrap_or(run).parse().ok()?), processing })
    }
}
