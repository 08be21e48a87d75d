//! What the window remembers and what it can be asked to do, as plain data.

use std::collections::BTreeSet;
use std::path::PathBuf;

use egui_tiles::{LinearDir, TileId};
use jiff::{SignedDuration, Timestamp};
use monitasks::quality::Flag;
use monitasks::vocab::Run;
use serde::{Deserialize, Serialize};

use super::beside::BesideAction;
use super::export::ExportAction;
use super::layout::Layout;
use super::layouts::{LayoutAction, LayoutName, OwnLayout};
use super::pane_choices::PlotAction;
use super::people::PeopleAction;
use super::review::ReviewAction;
use super::selection::Selection;
use super::transport::ReplayAction;
use crate::engine::{Command, DecisionSubject, Outcome};
use crate::snapshot::{PlotView, RunRow, Snapshot};

/// What is kept between two starts.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UiState {
    /// The page that was open.
    pub page: Page,
    /// Light ground instead of dark.
    pub light: bool,
    /// The panes; none for the default ones.
    pub layout: Option<Layout>,
    /// Workspaces opened, newest first.
    pub recent: Vec<PathBuf>,
    /// Who decides at this desk; asked anew at each start, for the next shift sits at the same one.
    #[serde(skip)]
    pub who: String,
    /// In which role.
    pub role: String,
    /// Whether runs on the time line are as wide as they lasted.
    pub proportional: bool,
    /// Size of text and all that goes with it; 0 for the default.
    pub zoom: f32,
    /// Alarms that nobody has acknowledged stand still and do not go bright and dim.
    pub alarms_stand_still: bool,
    /// Width of the task tree; 0 for the default.
    pub tree_width: f32,
    /// Width of the run card; 0 for the default.
    pub card_width: f32,
    /// Layouts of one's own.
    pub layouts: Vec<OwnLayout>,
    /// The layout that the panes were laid out like last.
    pub layout_name: Option<LayoutName>,
    /// What was taken from the palette, newest first.
    pub recent_commands: Vec<String>,
    /// The part of the shift that is shown; all of it at each start.
    #[serde(skip)]
    pub selection: Selection,
}

/// A page of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Page {
    /// Plots, run card and time line.
    #[default]
    Monitor,
    /// The table of runs.
    Runs,
    /// Queue, jobs and backend.
    Processing,
    /// Problems, alarms, known issues.
    Problems,
    /// What the next meeting has before it.
    Meeting,
}

/// The pages with their names, in the order of their keys.
pub const PAGES: [(Page, &str); 5] = [
    (Page::Monitor, "Monitor"),
    (Page::Runs, "Runs"),
    (Page::Processing, "Processing"),
    (Page::Problems, "Problems"),
    (Page::Meeting, "Meeting"),
];

/// Which run is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RunChoice {
    /// The newest, and the one after it when it comes.
    #[default]
    Newest,
    /// This one.
    Fixed(Run),
}

/// An item of a task.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ItemRef {
    /// The task's name.
    pub task: String,
    /// The item's name.
    pub item: String,
}

/// A decision that has been sent and not yet come back in a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// On which run.
    pub run: Run,
    /// What was decided.
    pub flag: Flag,
    /// How much had been said of the run then.
    pub known: usize,
    /// It is kept in the workspace until the book's server is back.
    pub waits: bool,
}

/// What is being written on the run card.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// The run it is about; changing the run clears all that was written.
    pub run: Option<Run>,
    /// What is decided on; none for the run's raw data.
    pub subject: Option<DecisionSubject>,
    /// What is to become of the data.
    pub outcome: Option<Outcome>,
    /// Standard comments that were clicked.
    pub words: BTreeSet<String>,
    /// What the data are usable for.
    pub usable_for: BTreeSet<String>,
    /// The processing of which the card says why its status is what it is.
    pub why: Option<u32>,
    /// Why.
    pub comment: String,
    /// What was sent last.
    pub pending: Option<Pending>,
    /// BAD was pressed without a comment: the card says that it needs one.
    pub wanted_bad: bool,
    /// The comment is to be typed next.
    pub goes_to_comment: bool,
    /// When a newer run took the place of another one by itself.
    pub swapped_at: Option<Timestamp>,
    /// The click that decided last: when by the window's clock, s, and where.
    pub decided: Option<(f64, egui::Pos2)>,
}

/// So long after a newer run has taken the card by itself, its buttons take no click.
const SWAP_GRACE: SignedDuration = SignedDuration::from_secs(1);

/// What a folder or file is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Browse {
    /// A workspace to open.
    Open,
    /// A folder to create a workspace in.
    Create,
    /// The folder where the DAQ writes.
    Incoming,
    /// A folder to put the demo in.
    Demo,
    /// A folder of results to look at.
    LookAtFolder,
    /// A result to look at.
    LookAtFile,
    /// A file to export to.
    Export,
}

/// Something a click or a key asks for. Panels collect them; they are done after the frame is laid out.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Turn to a page.
    Turn(Page),
    /// Look at a run.
    SelectRun(RunChoice),
    /// Look at results of one lane, or of all.
    SelectLane(Option<String>),
    /// One run later (+1) or earlier (-1).
    StepRun(i32),
    /// Show an item in the active pane, or go to the pane that shows it.
    ShowItem(ItemRef),
    /// Show an item in a pane of its own.
    OpenItem(ItemRef),
    /// Split a pane.
    Split(TileId, LinearDir),
    /// Split the active pane.
    SplitActive(LinearDir),
    /// Close a pane.
    ClosePane(TileId),
    /// Close the active pane.
    CloseActive,
    /// Make a pane the active one.
    Activate(TileId),
    /// Show a pane's plot with something else.
    ShowWith(TileId, PlotView),
    /// What concerns what is chosen of plots.
    Plots(PlotAction),
    /// Show all the data of the active pane again.
    ResetZoom,
    /// The panes of the first start.
    ResetLayout,
    /// Dark to light and back.
    ToggleTheme,
    /// Alarms stand still, or go bright and dim.
    ToggleStill,
    /// Equal widths to proportional ones and back.
    ToggleProportional,
    /// Larger (+1), smaller (-1) or default (0) text.
    TextSize(i32),
    /// Open or close the command palette.
    TogglePalette,
    /// Open or close the sheet of shortcuts.
    ToggleShortcuts,
    /// Ask the engine for something.
    Send(Command),
    /// Ask a person for a path.
    Browse(Browse),
    /// Take a notice away.
    Dismiss(u64),
    /// What concerns problems and shifts.
    People(PeopleAction),
    /// What concerns layouts with names.
    Layout(LayoutAction),
    /// Back (-1) or forward (+1) to where the user was.
    Step(i32),
    /// Show only a part of the shift.
    Select(Selection),
    /// Have the plots stand still, or go on.
    ToggleFreeze,
    /// Decide on the run looked at.
    DecideRun(Flag),
    /// Close what is open, one thing at a time.
    Escape,
    /// What concerns the review of what waits.
    Review(ReviewAction),
    /// What is exported or copied.
    Export(ExportAction),
    /// What stands beside the shift: the doctor, the guide, workspaces opened before.
    Beside(BesideAction),
    /// What concerns a replay.
    Replay(ReplayAction),
}

impl RunChoice {
    /// The row of the run looked at.
    #[must_use]
    pub fn row(self, snapshot: &Snapshot) -> Option<&RunRow> {
        match self {
            RunChoice::Newest => snapshot.runs.last(),
            RunChoice::Fixed(run) => snapshot.run(run).or(snapshot.listed.as_ref().filter(|row| row.run == run)),
        }
    }

    /// The run that figures are asked for; none for the newest.
    #[must_use]
    pub fn fixed(self) -> Option<Run> {
        match self {
            RunChoice::Newest => None,
            RunChoice::Fixed(run) => Some(run),
        }
    }

    /// The choice some runs later or earlier. Stepping past the newest follows it.
    #[must_use]
    pub fn stepped(self, by: i32, snapshot: &Snapshot) -> RunChoice {
        let Some(last) = snapshot.runs.len().checked_sub(1) else { return RunChoice::Newest };
        let place = match self {
            RunChoice::Newest => last,
            RunChoice::Fixed(run) => snapshot.runs.iter().position(|row| row.run == run).unwrap_or(last),
        };
        if by > 0 && (self == RunChoice::Newest || place == last) {
            return RunChoice::Newest;
        }
        let stepped = place.saturating_add_signed(by as isize).min(last);
        let beside = beside(snapshot.runs[place].run, by, snapshot);
        RunChoice::Fixed(beside.unwrap_or(snapshot.runs[stepped].run))
    }
}

/// The run some runs later or earlier in a book of which the snapshot has the newest alone: the table of all runs knows the others.
fn beside(from: Run, by: i32, snapshot: &Snapshot) -> Option<Run> {
    let shown = snapshot.run_table.as_ref().filter(|shown| shown.is_whole && snapshot.older_runs > 0)?;
    let table = &shown.table;
    let rows = 0..u32::try_from(table.len()).unwrap_or(u32::MAX);
    let mut on_that_side: Vec<(Run, u32)> = rows
        .filter_map(|row| Some((table.run(row)?, row)))
        .filter(|(run, _)| if by < 0 { *run < from } else { *run > from })
        .collect();
    on_that_side.sort_unstable();
    if by < 0 {
        on_that_side.reverse();
    }
    // A run that a run list alone tells of has nothing to look at.
    let mut with_files = on_that_side.into_iter().filter(|(_, row)| table.cell(*row, "files").is_some());
    with_files.nth(usize::try_from(by.unsigned_abs()).ok()?.checked_sub(1)?).map(|(run, _)| run)
}

impl UiState {
    /// How many workspaces are remembered.
    const RECENT: usize = 6;

    /// Remembers a workspace that has been opened.
    pub fn remember(&mut self, root: &std::path::Path) {
        if self.recent.first().is_some_and(|first| first == root) {
            return;
        }
        self.recent.retain(|path| path != root);
        self.recent.insert(0, root.to_owned());
        self.recent.truncate(Self::RECENT);
    }
}

impl Draft {
    /// Why a flag cannot be given now; none when it can.
    #[must_use]
    pub fn hindrance(&self, flag: Flag, who: &str, role: &str) -> Option<&'static str> {
        if who.trim().is_empty() {
            Some("Who decides? Fill in your name first.")
        } else if role.trim().is_empty() {
            Some("In which role? Fill it in first.")
        } else if flag == Flag::Bad && !self.has_comment() {
            Some("BAD needs a comment: say what is bad.")
        } else {
            None
        }
    }

    /// Why a click is not taken yet: the run under it is another one than a moment ago.
    #[must_use]
    pub fn just_swapped(&self, now: Timestamp) -> Option<&'static str> {
        let is_recent = |at: &Timestamp| now.duration_since(*at) < SWAP_GRACE;
        self.swapped_at.as_ref().is_some_and(is_recent).then_some("A newer run has just come: look at it first.")
    }

    /// Whether there is anything that says why.
    #[must_use]
    pub fn has_comment(&self) -> bool {
        !self.comment.trim().is_empty() || !self.words.is_empty()
    }

    /// What is decided on, of a run.
    #[must_use]
    pub fn subject_of(&self, run: Run) -> DecisionSubject {
        self.subject.filter(|subject| subject.run == run).unwrap_or(DecisionSubject::run(run))
    }

    /// Forgets what was written, and goes on with the same subject.
    fn clear(&mut self) {
        self.comment.clear();
        self.words.clear();
        self.usable_for.clear();
        self.outcome = None;
        self.wanted_bad = false;
    }

    /// Turns to another part of the run.
    pub fn decide_on(&mut self, subject: DecisionSubject) {
        if self.subject_of(subject.run) != subject {
            self.clear();
            self.subject = Some(subject);
        }
    }

    /// Follows the run looked at, of which so much was said, and forgets what has come back.
    pub fn follow(&mut self, row: &RunRow, said: usize, now: Timestamp, choice: RunChoice) {
        if self.run != Some(row.run) {
            let came_by_itself = self.run.is_some() && choice == RunChoice::Newest;
            self.swapped_at = came_by_itself.then_some(now);
            self.run = Some(row.run);
            (self.subject, self.why) = (None, None);
            self.clear();
        }
        let arrived = |pending: &Pending| pending.run == row.run && said > pending.known;
        if self.pending.as_ref().is_some_and(arrived) {
            self.pending = None;
            self.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn runs(numbers: &[u32]) -> Snapshot {
        let mut snapshot = Snapshot::nothing(Timestamp::UNIX_EPOCH);
        snapshot.runs = numbers.iter().map(|number| RunRow::empty(Run(*number))).collect();
        snapshot
    }

    #[test]
    fn stepping_stays_inside_and_ends_following_the_newest() {
        let snapshot = runs(&[3, 7, 9]);
        let fixed = |run| RunChoice::Fixed(Run(run));
        assert_eq!(RunChoice::Newest.stepped(-1, &snapshot), fixed(7));
        assert_eq!(fixed(7).stepped(-1, &snapshot), fixed(3));
        assert_eq!(fixed(3).stepped(-1, &snapshot), fixed(3));
        assert_eq!(fixed(7).stepped(1, &snapshot), fixed(9));
        assert_eq!(fixed(9).stepped(1, &snapshot), RunChoice::Newest);
        assert_eq!(RunChoice::Newest.stepped(1, &runs(&[])), RunChoice::Newest);
    }

    #[test]
    fn bad_needs_a_comment_and_every_flag_a_name() {
        let mut draft = Draft::default();
        assert!(draft.hindrance(Flag::Ok, "", "shifter").is_some());
        assert!(draft.hindrance(Flag::Ok, "Ada", " ").is_some());
        assert_eq!(draft.hindrance(Flag::Ok, "Ada", "shifter"), None);
        assert!(draft.hindrance(Flag::Bad, "Ada", "shifter").is_some());
        draft.comment = " \t".into();
        assert!(draft.hindrance(Flag::Bad, "Ada", "shifter").is_some());
        draft.comment = "HV trip".into();
        assert_eq!(draft.hindrance(Flag::Bad, "Ada", "shifter"), None);
    }

    #[test]
    fn recent_workspaces_are_kept_newest_first_and_once() {
        let mut state = UiState::default();
        for name in ["a", "b", "a", "c", "d", "e", "f", "g"] {
            state.remember(std::path::Path::new(name));
        }
        let names: Vec<_> = state.recent.iter().map(|path| path.display().to_string()).collect();
        assert_eq!(names, ["g", "f", "e", "d", "c", "a"]);
    }
}
