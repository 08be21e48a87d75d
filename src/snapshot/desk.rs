//! What the workspace's files say of the desk: official layouts of panes, and the plots that a review goes through.

use std::collections::BTreeMap;

use monitasks::vocab::Run;

use super::PlotView;

/// What the workspace's files say of the desk.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeskShown {
    /// Official layouts, in order of their files' names.
    pub layouts: Vec<LayoutShown>,
    /// The plots of a review, in order; none while the workspace does not say: one of each task then.
    pub review: Option<Vec<ReviewPlot>>,
}

/// An official layout of panes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutShown {
    /// Its name in menus.
    pub name: String,
    /// For whom it is meant; none for everybody.
    pub role: Option<String>,
    /// What it is for.
    pub about: String,
    /// Rows from top to bottom; in each, cells from left to right; in each, panes behind each other, the first in front.
    pub rows: Vec<Vec<Vec<PaneShown>>>,
    /// Its file, below the workspace.
    pub file: String,
}

/// A pane of an official layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaneShown {
    /// The task's name.
    pub task: String,
    /// The item's name.
    pub item: String,
    /// What it is shown with.
    pub view: PlotView,
}

/// A plot that a review goes through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewPlot {
    /// What is shown.
    pub pane: PaneShown,
    /// Whether nothing is decided before it was looked at.
    pub is_required: bool,
    /// What to look for; may be empty.
    pub about: String,
    /// The subsystems whose reviews it belongs to; empty for all, and for reviews of runs as a whole.
    pub subsystems: Vec<String>,
}

/// Until when runs are to be looked at.
pub type Dues = BTreeMap<Run, Due>;

/// Until when something is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// Until the end of this day: `2026-11-26`.
    pub day: String,
    /// Whether that day is over.
    pub is_overdue: bool,
}
