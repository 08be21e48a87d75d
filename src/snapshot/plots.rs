//! Which plot is shown, and what checks think of it.

use std::sync::Arc;

use monitasks::checks::verdict::{Verdict, leaf_state, worst};
use monitasks::quality::State;
use monitasks::views::ranking::Ranked;
use monitasks::views::{Against, PlotChoices};
use monitasks::vocab::Run;
use serde::{Deserialize, Serialize};

use super::{ItemNode, Only, Snapshot};

/// Which figure: an item of a task, up to a run or up to now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FigureKey {
    /// The task's name.
    pub task: String,
    /// The item's name.
    pub item: String,
    /// The run that "latest" items show; none for the newest.
    pub run: Option<Run>,
    /// Only results of this lane; none for those of all.
    pub lane: Option<String>,
    /// What it is shown with.
    pub view: PlotView,
    /// What people choose to see of it.
    pub choices: PlotChoices,
    /// Only results of these runs and times.
    pub only: Only,
}

/// Which items differ most between two results.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// What is held against.
    pub first: Against,
    /// What is held against it.
    pub second: Against,
    /// The most different first.
    pub items: Vec<Ranked>,
}

/// What a plot is shown with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum PlotView {
    /// The bounds of its checks and what is beyond them.
    #[default]
    Bounds,
    /// Nothing: what the task draws.
    Bare,
    /// Its reference under it.
    Overlay,
    /// Itself over its reference.
    Ratio,
    /// Itself less its reference.
    Difference,
    /// Itself less its reference, in standard deviations.
    Pull,
    /// Itself and its reference, with the difference in standard deviations below.
    SideBySide,
}

impl PlotView {
    /// All of them, in the order of menus.
    pub const ALL: [PlotView; 7] = [
        PlotView::Bounds,
        PlotView::Bare,
        PlotView::Overlay,
        PlotView::Ratio,
        PlotView::Difference,
        PlotView::Pull,
        PlotView::SideBySide,
    ];

    /// Whether it needs something to be compared with.
    #[must_use]
    pub fn compares(self) -> bool {
        !matches!(self, PlotView::Bounds | PlotView::Bare)
    }

    /// As menus have it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            PlotView::Bounds => "With the bounds of its checks",
            PlotView::Bare => "Without bounds",
            PlotView::Overlay => "Over its reference",
            PlotView::Ratio => "Divided by its reference",
            PlotView::Difference => "Less its reference",
            PlotView::Pull => "Less its reference, in standard deviations",
            PlotView::SideBySide => "With its reference and their pull",
        }
    }
}

impl FigureKey {
    /// The newest plot of an item, of all lanes.
    #[must_use]
    pub fn newest(task: impl Into<String>, item: impl Into<String>) -> Self {
        FigureKey {
            task: task.into(),
            item: item.into(),
            run: None,
            lane: None,
            view: PlotView::default(),
            choices: PlotChoices::default(),
            only: Only::default(),
        }
    }

    /// The same plot of a part of the shift.
    #[must_use]
    pub fn within(self, only: Only) -> Self {
        FigureKey { only, ..self }
    }

    /// The same plot shown otherwise.
    #[must_use]
    pub fn with(&self, view: PlotView) -> Self {
        FigureKey { view, ..self.clone() }
    }

    /// The same plot as its task draws it, with nothing chosen.
    #[must_use]
    pub fn plain(&self) -> Self {
        FigureKey { view: PlotView::Bare, choices: PlotChoices::default(), ..self.clone() }
    }
}

impl Snapshot {
    /// What checks think of a plot, however it is shown; empty where none judges it.
    #[must_use]
    pub fn verdicts_of(&self, key: &FigureKey) -> &[Verdict] {
        self.verdicts.get(&key.plain().with(PlotView::Bounds)).map_or(&[], |verdicts| verdicts.as_slice())
    }
}

impl ItemNode {
    /// Takes what checks think of its newest plot: its state is what they and its task say together, its reason theirs.
    #[must_use]
    pub fn judged(mut self, verdicts: Arc<Vec<Verdict>>) -> Self {
        self.glance.state = leaf_state(&verdicts, self.glance.state);
        let reasons = verdicts.iter().filter(|verdict| verdict.state() == self.glance.state);
        let reasons: Vec<String> = reasons.map(|verdict| format!("{}: {}", verdict.check, verdict.reason())).collect();
        let has_judged = worst(&verdicts).is_some() && self.glance.state != State::Unchecked;
        if has_judged && !reasons.is_empty() {
            self.glance.reason = reasons.join("\n");
        }
        self.verdicts = verdicts;
        self
    }
}
