//! The review of what waits: one run after the other, its plots in order, what was looked at, a decision, all by keyboard.
//!
//! This file has the review as plain data; `strip` draws it, `app/review_acts` does what keys and buttons ask.

mod queue;
mod strip;

use std::collections::BTreeMap;

use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use super::layout::Layout;
use super::scene::shown_tasks;
use super::state::ItemRef;
use crate::engine::SubsystemMark;
use crate::gui::layout::EVENT_TASK;
use crate::snapshot::{PaneShown, PlotView, ReviewPlot, Snapshot};

pub use queue::{Entry, Fate, queue, said, subsystems, waiting};
pub use strip::{end_page, show};

/// What a key or button of the review asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReviewAction {
    /// Begin with the first run that nobody has decided on, or with what waits for a subsystem; go on where one is under way.
    Start(Option<String>),
    /// The plot was looked at; turn to the next one that was not.
    Tick,
    /// So many plots on.
    StepPlot(i32),
    /// Turn to this plot.
    TurnTo(usize),
    /// Decide.
    Decide(Choice),
    /// Leave the run as it is and go on.
    Leave,
    /// Undo what was decided last in this review.
    Undo,
    /// Put the review away.
    Stop,
}

/// The three things that can be decided, by their keys: of a run its flag, of a subsystem's processing its mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// `O`: OK, good, physics.
    First,
    /// `M`: MAYBE, flawed, detector study.
    Second,
    /// `B`: BAD, bad; needs a comment.
    Third,
}

/// What a choice stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A flag on the run.
    Flag(Flag),
    /// A subsystem's mark on the processing.
    Mark(SubsystemMark),
}

/// A decision that was sent and has not come back yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its place in the entries.
    pub at: usize,
    /// What was decided, in a word; none where a decision was undone.
    pub word: Option<String>,
    /// The number in the book of what was said last of it then; 0 for nothing.
    pub known: i64,
}

/// A review under way.
#[derive(Debug, Clone)]
pub struct Review {
    /// The subsystem whose queue it is; none for runs as a whole.
    pub subsystem: Option<String>,
    /// What is reviewed, in order.
    pub entries: Vec<Entry>,
    /// The one that is looked at; beyond the last when nothing is left.
    pub at: usize,
    /// Its plots, in order.
    pub plots: Vec<ReviewPlot>,
    /// The plot that is shown.
    pub plot: usize,
    /// What was looked at, and when: run and plot.
    looked_at: BTreeMap<(Run, ItemRef), Timestamp>,
    /// What was decided in this review, the last one last: places in the entries.
    pub done: Vec<usize>,
    /// What is on its way into the book.
    pub sent: Option<Sent>,
    /// Why something was not done.
    pub told: Option<String>,
    /// A comment is being written for this.
    pub wants_comment: Option<Choice>,
    /// The one pane that shows the plot.
    pub layout: Layout,
    /// The snapshot that was followed last.
    followed: Option<u64>,
}

impl Choice {
    /// All of them, in the order of keys.
    pub const ALL: [Choice; 3] = [Choice::First, Choice::Second, Choice::Third];

    /// Its key.
    #[must_use]
    pub fn key(self) -> char {
        match self {
            Choice::First => 'O',
            Choice::Second => 'M',
            Choice::Third => 'B',
        }
    }
}

impl Meaning {
    /// Its word.
    #[must_use]
    pub fn word(self) -> String {
        match self {
            Meaning::Flag(flag) => flag.word().to_owned(),
            Meaning::Mark(mark) => mark.word().replace('_', " "),
        }
    }
}

/// The plots that a review goes through: those that the workspace names, else the first of each task but the event display.
#[must_use]
pub fn plots(snapshot: &Snapshot, subsystem: Option<&str>) -> Vec<ReviewPlot> {
    let belongs = |plot: &&ReviewPlot| {
        plot.subsystems.is_empty() || subsystem.is_some_and(|wanted| plot.subsystems.iter().any(|name| name == wanted))
    };
    let named: Vec<ReviewPlot> = snapshot.desk.review.iter().flatten().filter(belongs).cloned().collect();
    if !named.is_empty() {
        return named;
    }
    let first_of_each = shown_tasks(snapshot).into_iter().filter(|task| task.name != EVENT_TASK).filter_map(|task| {
        let item = task.items.first()?;
        let pane = PaneShown { task: task.name.clone(), item: item.name.clone(), view: PlotView::default() };
        Some(ReviewPlot { pane, is_required: true, about: String::new(), subsystems: Vec::new() })
    });
    first_of_each.collect()
}

impl Review {
    /// A review of what waits now.
    #[must_use]
    pub fn of(snapshot: &Snapshot, subsystem: Option<String>) -> Self {
        let entries = queue(snapshot, subsystem.as_deref());
        let plots = plots(snapshot, subsystem.as_deref());
        let mut review = Review {
            subsystem,
            entries,
            at: 0,
            plots,
            plot: 0,
            looked_at: BTreeMap::new(),
            done: Vec::new(),
            sent: None,
            told: None,
            wants_comment: None,
            layout: Layout::of_one(None, PlotView::default(), 0),
            followed: None,
        };
        review.turn_to(0);
        review
    }

    /// What is looked at; none at the end.
    #[must_use]
    pub fn entry(&self) -> Option<&Entry> {
        self.entries.get(self.at)
    }

    /// What a choice means here.
    #[must_use]
    pub fn meaning(&self, choice: Choice) -> Option<Meaning> {
        let Some(subsystem) = &self.subsystem else {
            return Some(Meaning::Flag(match choice {
                Choice::First => Flag::Ok,
                Choice::Second => Flag::Maybe,
                Choice::Third => Flag::Bad,
            }));
        };
        let may = SubsystemMark::of(subsystem).iter().filter(|mark| **mark != SubsystemMark::Unset);
        may.copied().nth(choice as usize).map(Meaning::Mark)
    }

    /// Shows a plot.
    pub fn turn_to(&mut self, plot: usize) {
        self.plot = plot.min(self.plots.len().saturating_sub(1));
        if let Some(ReviewPlot { pane, .. }) = self.plots.get(self.plot) {
            // Of each run a pane of its own: a plot of the run before is never taken for one of this.
            let number = u32::try_from(self.at * self.plots.len() + self.plot).unwrap_or(u32::MAX);
            self.layout = Layout::of_one(Some(item_of(pane)), pane.view, number);
        }
    }

    /// Shows the plot so many further, and stays inside.
    pub fn step_plot(&mut self, by: i32) {
        self.turn_to(self.plot.saturating_add_signed(by as isize));
    }

    /// When a plot of the run looked at was looked at.
    #[must_use]
    pub fn looked_at(&self, plot: usize) -> Option<Timestamp> {
        let (entry, plot) = (self.entry()?, self.plots.get(plot)?);
        self.looked_at.get(&(entry.run, item_of(&plot.pane))).copied()
    }

    /// The plot was looked at: goes on to the next one that was not.
    pub fn tick(&mut self, now: Timestamp) {
        let (Some(entry), Some(plot)) = (self.entry(), self.plots.get(self.plot)) else { return };
        let key = (entry.run, item_of(&plot.pane));
        // Another item of the tree was shown in between: that one is none of the review's.
        if self.layout.visible() != [key.1.clone()] {
            self.turn_to(self.plot);
            return;
        }
        self.looked_at.entry(key).or_insert(now);
        self.told = None;
        let after = (self.plot + 1..self.plots.len()).chain(0..self.plot);
        let open: Vec<usize> = after.filter(|plot| self.looked_at(*plot).is_none()).collect();
        if let Some(next) = open.first() {
            self.turn_to(*next);
        }
    }

    /// The plots that must still be looked at before anything is decided.
    #[must_use]
    pub fn missing(&self) -> Vec<usize> {
        let is_open = |plot: &usize| self.plots[*plot].is_required && self.looked_at(*plot).is_none();
        (0..self.plots.len()).filter(is_open).collect()
    }

    /// The plots of the run looked at that were looked at, and when.
    pub fn seen(&self) -> impl Iterator<Item = (ItemRef, Timestamp)> + '_ {
        (0..self.plots.len()).filter_map(|plot| Some((item_of(&self.plots[plot].pane), self.looked_at(plot)?)))
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.entries.iter().filter(|entry| entry.fate == Fate::Waits).count()
    }

    /// Goes to the next entry that waits, after the one looked at or before it; to the end when none does.
    pub fn go_on(&mut self) {
        let count = self.entries.len();
        let after = (self.at + 1..count).chain(0..self.at.min(count));
        let next = after.chain((self.at < count).then_some(self.at)).find(|at| self.entries[*at].fate == Fate::Waits);
        self.go_to(next.unwrap_or(count));
    }

    /// Goes to an entry, and shows its first plot.
    pub fn go_to(&mut self, at: usize) {
        self.at = at;
        self.wants_comment = None;
        self.told = None;
        self.turn_to(0);
    }

    /// Takes what the snapshot has new: what waits now, what others have decided, what has come back.
    pub fn follow(&mut self, snapshot: &Snapshot) {
        if self.followed == Some(snapshot.serial) {
            return;
        }
        self.followed = Some(snapshot.serial);
        let now = queue(snapshot, self.subsystem.as_deref());
        for at in 0..self.entries.len() {
            let is_sent = self.sent.as_ref().is_some_and(|sent| sent.at == at);
            let entry = &mut self.entries[at];
            let still = now.iter().find(|new| new.is_of(entry));
            if let Some(still) = still {
                entry.due.clone_from(&still.due);
            } else if let Fate::Decided { word, number: None } = entry.fate.clone() {
                // What waited for the book's server is recorded.
                let number = said(snapshot, entry, self.subsystem.as_deref()).last().copied();
                entry.fate = Fate::Decided { word, number };
            } else if entry.fate == Fate::Waits && !is_sent && at != self.at {
                entry.fate = Fate::Elsewhere;
            }
        }
        for new in now {
            if !self.entries.iter().any(|entry| entry.is_of(&new)) {
                self.entries.push(new);
            }
        }
        let plots = plots(snapshot, self.subsystem.as_deref());
        if plots != self.plots {
            self.plots = plots;
            self.turn_to(self.plot);
        }
        self.take_sent(snapshot);
    }

    /// A decision that has come back: its number is what undoing needs; the next one is looked at.
    fn take_sent(&mut self, snapshot: &Snapshot) {
        let Some(sent) = self.sent.clone() else { return };
        let Some(entry) = self.entries.get(sent.at) else { return };
        let said = said(snapshot, entry, self.subsystem.as_deref());
        if let Some(last) = said.last().filter(|last| **last > sent.known) {
            self.arrived(&sent, Some(*last));
        }
    }

    /// What was sent is decided, under a number of the book; none while it waits for the book's server.
    pub fn arrived(&mut self, sent: &Sent, number: Option<i64>) {
        self.sent = None;
        self.done.retain(|at| *at != sent.at);
        let Some(word) = sent.word.clone() else {
            self.entries[sent.at].fate = Fate::Waits;
            self.go_to(sent.at);
            return;
        };
        self.entries[sent.at].fate = Fate::Decided { word, number };
        self.done.push(sent.at);
        if self.at == sent.at {
            self.go_on();
        }
    }

    /// What was sent was refused; the notice says why.
    pub fn refused(&mut self) {
        if self.sent.take().is_some() {
            self.told = Some("Not recorded: the red notice says why. Look again, then decide or leave it.".into());
        }
    }

    /// What somebody else has decided on what is looked at, meanwhile.
    #[must_use]
    pub fn meanwhile(&self, snapshot: &Snapshot) -> Option<String> {
        let entry = self.entry().filter(|entry| entry.fate == Fate::Waits && self.sent.is_none())?;
        let waits = queue(snapshot, self.subsystem.as_deref()).iter().any(|new| new.is_of(entry));
        if waits {
            return None;
        }
        let by = snapshot.run(entry.run).and_then(|row| row.decisions.last()).filter(|_| self.subsystem.is_none());
        Some(by.map_or("It was decided on meanwhile.".into(), |by| format!("{} by {} meanwhile.", by.flag.word(), by.who)))
    }
}

fn item_of(pane: &PaneShown) -> ItemRef {
    ItemRef { task: pane.task.clone(), item: pane.item.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::RunRow;

    fn snapshot(runs: &[u32]) -> Snapshot {
        let mut snapshot = Snapshot::nothing(Timestamp::UNIX_EPOCH);
        snapshot.runs = runs.iter().map(|run| RunRow { has_ended: true, ..RunRow::empty(Run(*run)) }).collect();
        let plot = |task: &str, is_required| ReviewPlot {
            pane: PaneShown { task: task.into(), item: "x".into(), view: PlotView::default() },
            is_required,
            about: String::new(),
            subsystems: Vec::new(),
        };
        let review = Some(vec![plot("a", true), plot("b", false), plot("c", true)]);
        snapshot.desk = std::sync::Arc::new(crate::snapshot::DeskShown { review, ..Default::default() });
        snapshot
    }

    #[test]
    fn ticks_go_through_the_plots_and_only_required_ones_are_missing() {
        let mut review = Review::of(&snapshot(&[3, 4]), None);
        assert_eq!(review.missing(), [0, 2]);
        review.tick(Timestamp::UNIX_EPOCH);
        assert_eq!((review.plot, review.missing()), (1, vec![2]));
        review.step_plot(7);
        review.tick(Timestamp::UNIX_EPOCH);
        assert_eq!((review.plot, review.missing().len(), review.seen().count()), (1, 0, 2));
        review.go_on();
        assert_eq!((review.at, review.missing().len()), (1, 2), "ticks are of a run");
    }

    #[test]
    fn what_is_left_unchecked_is_not_asked_again_and_what_comes_is() {
        let mut snapshot = snapshot(&[3, 4]);
        let mut review = Review::of(&snapshot, None);
        review.entries[0].fate = Fate::Left;
        review.go_on();
        assert_eq!(review.entry().map(|entry| entry.run), Some(Run(4)));
        review.entries[1].fate = Fate::Left;
        review.go_on();
        assert!(review.entry().is_none() && review.waiting() == 0);
        snapshot.runs.push(RunRow { has_ended: true, ..RunRow::empty(Run(5)) });
        snapshot.runs.push(RunRow::empty(Run(6)));
        snapshot.serial += 1;
        review.follow(&snapshot);
        assert_eq!(review.waiting(), 1, "a run that goes on is not asked for");
        review.go_on();
        assert_eq!(review.entry().map(|entry| entry.run), Some(Run(5)));
    }
}
