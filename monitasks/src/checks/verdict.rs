//! What a check thinks of an item, with all that it looked at: to be told in words and drawn on the plot.

use serde::{Deserialize, Serialize};

use super::series::{Series, Spot};
use super::{Advice, Check, STALENESS};
use crate::figure::{Across, Ink, Layer, Point};
use crate::quality::{Flag, State};
use crate::references::{Reference, Runs};
use crate::summary::Measured;

/// What one check thinks of one item. It proposes; people decide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The check's name.
    pub check: String,
    /// The word for its kind: `range`.
    pub kind: String,
    /// What was found, series by series; the state is the worst of them.
    pub findings: Vec<Finding>,
    /// What was measured of each series.
    pub looked_at: Vec<LookedAt>,
    /// Where the check draws its lines, in the plot's own axes and units.
    pub bounds: Vec<Bound>,
    /// The points, bins and cells beyond them.
    pub broken: Vec<Broken>,
    /// Numbers of the check's statistics.
    pub statistics: Vec<Statistic>,
    /// The reference that it was held against.
    pub reference: Option<ReferenceUsed>,
    /// What was taken out before, and why.
    pub masks: Vec<MaskApplied>,
    /// What the check means, what to do, whom to call.
    pub advice: Advice,
}

/// A state with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What is thought.
    pub state: State,
    /// Why, in words, with numbers and units.
    pub reason: String,
}

/// What was measured of a series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LookedAt {
    /// The series' name on the plot.
    pub series: String,
    /// The number that was held against the bounds, in the unit of what is measured; none where every bin was held for itself.
    pub value: Measured,
    /// Where it stands along x, for one point.
    pub at_x: Option<f64>,
    /// How many points, bins or cells with a number were judged.
    pub judged: usize,
    /// How many that should hold a number hold none.
    pub missing: usize,
}

/// Which of a plot's quantities a bound is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoundOn {
    /// The horizontal axis.
    X,
    /// The vertical axis.
    Y,
    /// The colours of a map.
    Colour,
}

/// Where a check draws its line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Bound {
    /// A band across the whole plot.
    Band {
        /// The quantity.
        on: BoundOn,
        /// Its lower end, in that quantity's unit; none for no end.
        from: Option<f64>,
        /// Its upper end.
        to: Option<f64>,
        /// What is thought of what lies inside.
        within: State,
    },
    /// A band that follows the reference.
    Envelope {
        /// The series that it is for.
        series: String,
        /// `[x, lowest, highest]` of each bin or point, in the axes' units.
        edges: Vec<[f64; 3]>,
        /// What is thought of what lies inside.
        within: State,
    },
    /// The straight line that a trend was found to follow, between two `[x, y]`.
    Line {
        /// The series that it is for.
        series: String,
        /// Its ends.
        ends: [[f64; 2]; 2],
    },
}

/// A point, bin or cell beyond a bound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Broken {
    /// The series' name on the plot.
    pub series: String,
    /// Its x; the middle of a bin or cell.
    pub x: f64,
    /// Its y on the plot: the value of a point or bin, the middle of a map's cell.
    pub y: f64,
    /// What is measured there, in its unit.
    pub value: f64,
    /// What it counts for: MAYBE or BAD.
    pub state: State,
    /// Whether it is a cell of a map.
    pub is_cell: bool,
}

/// Numbers of a check's statistics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Statistic {
    /// How far two histograms or sets of points are apart, bin by bin.
    Chi2 {
        /// The series.
        series: String,
        /// The sum of squares.
        chi2: f64,
        /// Degrees of freedom.
        ndf: usize,
        /// The probability of one at least so large.
        p: f64,
    },
    /// How far two cumulative distributions are apart.
    Kolmogorov {
        /// The series.
        series: String,
        /// The largest distance, 0 to 1.
        d: f64,
        /// Entries of both together: n1 n2 / (n1 + n2).
        effective_entries: f64,
        /// The probability of one at least so large.
        p: f64,
        /// The x where the distance is largest: the upper edge of a bin.
        at_x: f64,
    },
    /// The newest results against those before.
    Step {
        /// The series.
        series: String,
        /// Median of the newest, in the plot's unit.
        recent: f64,
        /// Median of those before.
        before: f64,
        /// Standard deviation of those before, from their median absolute deviation.
        sigma: f64,
        /// The difference over that.
        sigmas: f64,
    },
    /// A straight line through the newest results.
    Slope {
        /// The series.
        series: String,
        /// Unit of y per unit of x; per day over time.
        slope: f64,
        /// Its standard deviation.
        error: f64,
    },
    /// The age of the newest data.
    Age {
        /// Seconds.
        age_s: f64,
    },
}

/// The reference a verdict used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReferenceUsed {
    /// Its label.
    pub label: String,
    /// The runs it is valid for.
    pub runs: Runs,
}

/// A mask that took something out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskApplied {
    /// The mask's name, or the series of the plot that marks what is left out.
    pub name: String,
    /// Why it is there.
    pub reason: String,
    /// How many points, bins or cells it took out.
    pub left_out: usize,
}

impl Verdict {
    /// A verdict with nothing found yet, which is no verdict: NO DATA.
    pub(super) fn of(check: &Check) -> Self {
        Verdict {
            check: check.name.clone(),
            kind: check.kind.word().into(),
            findings: Vec::new(),
            looked_at: Vec::new(),
            bounds: Vec::new(),
            broken: Vec::new(),
            statistics: Vec::new(),
            reference: None,
            masks: Vec::new(),
            advice: check.advice.clone(),
        }
    }

    /// What stands where a check itself failed: CANNOT JUDGE, with why.
    #[must_use]
    pub fn failed(check: &Check, why: impl Into<String>) -> Self {
        let mut verdict = Verdict::of(check);
        verdict.find(State::CannotJudge, why);
        verdict
    }

    /// What the check thinks: the worst of what it found.
    #[must_use]
    pub fn state(&self) -> State {
        State::worst(self.findings.iter().map(|finding| finding.state))
    }

    /// Why, in words.
    #[must_use]
    pub fn reason(&self) -> String {
        let state = self.state();
        let reasons = self.findings.iter().filter(|finding| finding.state == state).map(|finding| finding.reason.as_str());
        let reasons: Vec<&str> = reasons.collect();
        if reasons.is_empty() { "nothing to judge".into() } else { reasons.join("; ") }
    }

    /// The flag that a person may take over; UNCHECKED where the check could not tell good from bad.
    #[must_use]
    pub fn proposal(&self) -> Flag {
        proposal(item_state(std::slice::from_ref(self), true))
    }

    /// Whether all that it says is that data are new: not that they are good.
    fn is_only_new(&self) -> bool {
        self.kind == STALENESS && self.state() == State::Ok
    }

    /// Bounds and broken points as layers to be drawn over the plot. Bounds of colours have none: they are told in words. Where MAYBE
    /// ends is drawn when something is beyond OK: a plot that is OK keeps its room for the data.
    #[must_use]
    pub fn layers(&self) -> Vec<Layer> {
        let is_wanted =
            |bound: &&Bound| !self.broken.is_empty() || self.state() != State::Ok || bound.within() != Some(State::Maybe);
        let mut layers: Vec<Layer> = self.bounds.iter().filter(is_wanted).flat_map(|bound| bound.layers(&self.check)).collect();
        for state in [State::Maybe, State::Bad] {
            let broken = self.broken.iter().filter(|broken| broken.state == state);
            let points: Vec<Point> = broken.map(|broken| Point { x: broken.x, y: broken.y, y_error: f64::NAN }).collect();
            if !points.is_empty() {
                let label = format!("{} by {}", state.words(), self.check);
                layers.push(Layer::Points { label, ink: Ink::State(state), points });
            }
        }
        layers
    }

    pub(super) fn find(&mut self, state: State, reason: impl Into<String>) {
        self.findings.push(Finding { state, reason: reason.into() });
    }

    pub(super) fn looked(&mut self, series: &Series, value: Measured, at_x: Option<f64>, judged: usize) {
        let missing = series.missing().count();
        self.looked_at.push(LookedAt { series: series.label.clone(), value, at_x, judged, missing });
    }

    pub(super) fn broke(&mut self, series: &Series, spot: &Spot, state: State) {
        let y = spot.row.unwrap_or(spot.value);
        let is_cell = spot.row.is_some();
        self.broken.push(Broken { series: series.label.clone(), x: spot.x, y, value: spot.value, state, is_cell });
    }

    pub(super) fn held_against(&mut self, reference: &Reference) {
        self.reference = Some(ReferenceUsed { label: reference.label.clone(), runs: reference.runs });
    }
}

impl Bound {
    /// What is thought of what lies inside; none for a line.
    #[must_use]
    pub fn within(&self) -> Option<State> {
        match self {
            Bound::Band { within, .. } | Bound::Envelope { within, .. } => Some(*within),
            Bound::Line { .. } => None,
        }
    }

    /// As layers, named by the check.
    #[must_use]
    pub fn layers(&self, check: &str) -> Vec<Layer> {
        let curve = |label: String, points: Vec<[f64; 2]>| Layer::Line { label, ink: Ink::Reference, points };
        match self {
            Bound::Band { on: BoundOn::Colour, .. } => Vec::new(),
            Bound::Band { on, from, to, within } => {
                let across = if *on == BoundOn::X { Across::X } else { Across::Y };
                let rule = |(at, word): (f64, &str)| {
                    let label = format!("{check}: {} {word} {}", within.words(), bound_number(at));
                    Layer::Rule { label, ink: Ink::Reference, across, at }
                };
                let (from, to) = (from.map(|at| (at, "from")), to.map(|at| (at, "to")));
                from.into_iter().chain(to).filter(|(at, _)| at.is_finite()).map(rule).collect()
            }
            Bound::Envelope { series, edges, within } => {
                let name = |word: &str| format!("{check}: {word} {} of {series}", within.words());
                let lowest = edges.iter().map(|[x, low, _]| [*x, *low]).collect();
                let highest = edges.iter().map(|[x, _, high]| [*x, *high]).collect();
                vec![curve(name("lowest"), lowest), curve(name("highest"), highest)]
            }
            Bound::Line { series, ends } => vec![curve(format!("{check}: slope of {series}"), ends.to_vec())],
        }
    }
}

/// The state of an item: the worst of its verdicts. That data are new makes no item OK: with no other check it is unchecked where
/// there are data, else no data.
#[must_use]
pub fn item_state(verdicts: &[Verdict], has_data: bool) -> State {
    let unchecked = if has_data { State::Unchecked } else { State::NoData };
    let judged = verdicts.iter().filter(|verdict| !verdict.is_only_new()).map(Verdict::state);
    judged.reduce(State::worse).unwrap_or(unchecked)
}

/// The state of a leaf: the [`item_state`] of its verdicts, or what the task itself says of its newest result where that asks more
/// for an eye. Without verdicts, what the task says. A mask explains that there is no number, and no failure to judge.
#[must_use]
pub fn leaf_state(verdicts: &[Verdict], task_says: State) -> State {
    if verdicts.is_empty() {
        return task_says;
    }
    match (item_state(verdicts, task_says != State::NoData), task_says) {
        (judged, State::Unchecked) => judged,
        (State::Masked, State::NoData) => State::Masked,
        (judged, says) => judged.worse(says),
    }
}

/// The verdict that an item's state comes from, the first of those that are alike; none where no check says more than that data
/// are new.
#[must_use]
pub fn worst(verdicts: &[Verdict]) -> Option<&Verdict> {
    let judged = verdicts.iter().filter(|verdict| !verdict.is_only_new());
    judged.reduce(|worst, verdict| if verdict.state().severity() > worst.state().severity() { verdict } else { worst })
}

/// What checks draw over a plot: bounds and what is beyond them. An age is not drawn: where it ends moves with the clock.
#[must_use]
pub fn layers_of(verdicts: &[Verdict]) -> Vec<Layer> {
    verdicts.iter().filter(|verdict| verdict.kind != STALENESS).flat_map(Verdict::layers).collect()
}

/// The flag that a state proposes to a person.
#[must_use]
pub fn proposal(state: State) -> Flag {
    match state {
        State::Ok => Flag::Ok,
        State::Maybe => Flag::Maybe,
        State::Bad => Flag::Bad,
        _ => Flag::Unchecked,
    }
}

/// A bound as people write it: no more digits than it has.
fn bound_number(at: f64) -> String {
    let text = number(at, "");
    if text.contains('.') && !text.contains('e') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A number for people, with its unit: four digits.
pub(super) fn number(value: f64, unit: &str) -> String {
    if value.is_finite() && value != 0.0 && !(1e-3..1e7).contains(&value.abs()) {
        return if unit.is_empty() { format!("{value:.2e}") } else { format!("{value:.2e} {unit}") };
    }
    Measured::number(value, 0.0).words(unit)
}
