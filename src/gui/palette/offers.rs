//! What the palette offers: words, and what they do.

use egui_tiles::LinearDir;
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use crate::engine::{Command, CopyAs, ProcessingCommand, Report, ViewCommand, WorkspaceCommand};
use crate::gui::export::ExportAction;
use crate::gui::layouts::{self, LayoutAction, LayoutName};
use crate::gui::people::{Link, PeopleAction};
use crate::gui::review::{self, ReviewAction};
use crate::gui::scene::{Scene, shown_tasks};
use crate::gui::selection::{OFFERED, Selection};
use crate::gui::state::{Action, Browse, ItemRef, RunChoice, UiState};
use crate::gui::{beside, pane_choices, state, transport};

/// A line of the palette.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// What it is called.
    pub words: String,
    /// What it does.
    pub action: Action,
}

/// Everything there is, in the order in which it is shown while nothing is typed.
#[must_use]
pub fn offers(scene: &Scene<'_>, state: &UiState, query: &str) -> Vec<Offer> {
    let mut offers = Vec::new();
    let mut add = |words: String, action: Action| offers.push(Offer { words, action });
    if scene.snapshot.workspace.is_some() {
        if !scene.is_bare() {
            shift(scene, &mut add);
            desk(scene, state, &mut add);
        }
        transport::offers(scene.snapshot.replay.as_deref()).into_iter().for_each(|(words, action)| add(words, action));
        panes(scene, &mut add);
        if scene.read_only().is_none() {
            add("Start backend".into(), Action::Send(Command::Processing(ProcessingCommand::StartBackend)));
            add("Stop backend".into(), Action::Send(Command::Processing(ProcessingCommand::StopBackend)));
        }
    }
    window(scene, state, &mut add);
    for task in shown_tasks(scene.snapshot) {
        for item in &task.items {
            let place = ItemRef { task: task.name.clone(), item: item.name.clone() };
            add(format!("Show {}: {}", task.title, item.title), Action::ShowItem(place.clone()));
            add(format!("Open {}: {} in a new pane", task.title, item.title), Action::OpenItem(place));
        }
    }
    runs(scene, query, &mut add);
    offers
}

/// What is done on a shift: pages, review, decisions, problems, reports.
fn shift(scene: &Scene<'_>, add: &mut impl FnMut(String, Action)) {
    for (page, name) in state::PAGES {
        add(format!("Turn to {name}"), Action::Turn(page));
    }
    add("Review the runs that nobody has decided on".into(), Action::Review(ReviewAction::Start(None)));
    for (subsystem, count) in review::subsystems(scene.snapshot) {
        add(format!("Review for {subsystem}: {count} to look at"), Action::Review(ReviewAction::Start(Some(subsystem))));
    }
    if scene.read_only().is_none() {
        if let Some(row) = scene.choice.row(scene.snapshot) {
            for flag in Flag::ALL {
                add(format!("Decide {} on run {}", flag.word(), row.run.0), Action::DecideRun(flag));
            }
        }
        add("New problem…".into(), Action::People(PeopleAction::NewProblem(Link::default())));
        add("Known issue or mask…".into(), Action::People(PeopleAction::NewIssue(Link::default())));
        add("Who is on shift…".into(), Action::People(PeopleAction::AskShift));
    }
    add("Shift report…".into(), Action::Export(ExportAction::Report(Report::Shift)));
    add("Meeting's list to print…".into(), Action::Export(ExportAction::Report(Report::Meeting)));
    for problem in scene.snapshot.people.problems.iter().filter(|problem| problem.is_open) {
        add(format!("Show problem: {}", problem.what), Action::People(PeopleAction::ShowProblem(problem.id.clone())));
    }
    add("Follow the newest run".into(), Action::SelectRun(RunChoice::Newest));
    add("Run before".into(), Action::StepRun(-1));
    add("Next run".into(), Action::StepRun(1));
    add("Follow the newest event".into(), Action::Send(Command::View(ViewCommand::FollowNewestEvent)));
}

/// How the desk is laid out and what of the shift it shows.
fn desk(scene: &Scene<'_>, state: &UiState, add: &mut impl FnMut(String, Action)) {
    add("Back to where I was".into(), Action::Step(-1));
    add("Forward again".into(), Action::Step(1));
    add("Freeze the plots, or let them go on".into(), Action::ToggleFreeze);
    for name in layouts::list(scene.snapshot, state) {
        add(format!("Layout: {}", name.words()), Action::Layout(LayoutAction::Choose(name.clone())));
        if let LayoutName::Own(own) = name {
            add(format!("Rename the layout {own}…"), Action::Layout(LayoutAction::AskRename(own.clone())));
            add(format!("Delete the layout {own}"), Action::Layout(LayoutAction::Delete(own)));
        }
    }
    add("Save the panes as a layout…".into(), Action::Layout(LayoutAction::AskSave));
    for selection in OFFERED {
        add(format!("Show only the {}", selection.words()), Action::Select(selection));
    }
    add("Show all runs and times".into(), Action::Select(Selection::All));
    let lanes = scene.snapshot.lanes();
    if lanes.len() > 1 || scene.lane.is_some() {
        for lane in lanes {
            add(format!("Show results of lane {lane} alone"), Action::SelectLane(Some(lane.to_owned())));
        }
        add("Show results of all lanes".into(), Action::SelectLane(None));
    }
    add("Runs on the time line as wide as they lasted, or alike".into(), Action::ToggleProportional);
}

fn panes(scene: &Scene<'_>, add: &mut impl FnMut(String, Action)) {
    add("Look for results now".into(), Action::Send(Command::View(ViewCommand::PollNow)));
    add("Split pane right".into(), Action::SplitActive(LinearDir::Horizontal));
    add("Split pane below".into(), Action::SplitActive(LinearDir::Vertical));
    add("Close the active pane".into(), Action::CloseActive);
    add("Show all data".into(), Action::ResetZoom);
    add("Reset the panes".into(), Action::ResetLayout);
    add("Export the active plot…".into(), Action::Export(ExportAction::ActivePlot));
    add("Copy the active plot as picture".into(), Action::Export(ExportAction::CopyActive(CopyAs::Picture)));
    add("Copy the active plot as CSV".into(), Action::Export(ExportAction::CopyActive(CopyAs::Csv)));
    add("Export this page…".into(), Action::Export(ExportAction::Page));
    pane_choices::offers(scene).into_iter().for_each(|(words, action)| add(words, Action::Plots(action)));
    let words = if scene.is_bare() { "Close the files" } else { "Close workspace" };
    add(words.into(), Action::Send(Command::Workspace(WorkspaceCommand::Close)));
}

/// What concerns the window alone, with or without a workspace.
fn window(scene: &Scene<'_>, state: &UiState, add: &mut impl FnMut(String, Action)) {
    add("Open a workspace…".into(), Action::Browse(Browse::Open));
    let open = scene.snapshot.workspace.as_ref().map(|facts| &facts.root);
    for path in state.recent.iter().filter(|path| Some(*path) != open) {
        let open = Command::Workspace(WorkspaceCommand::Open(path.clone()));
        add(format!("Open {}", path.display()), Action::Send(open));
    }
    add("Dark or light".into(), Action::ToggleTheme);
    add("Alarms stand still or go bright and dim".into(), Action::ToggleStill);
    add("Larger text".into(), Action::TextSize(1));
    add("Smaller text".into(), Action::TextSize(-1));
    add("Text as it was".into(), Action::TextSize(0));
    add("Show the keys".into(), Action::ToggleShortcuts);
    beside::offers().into_iter().for_each(|(words, action)| add(words, action));
}

fn runs(scene: &Scene<'_>, query: &str, add: &mut impl FnMut(String, Action)) {
    for row in scene.snapshot.runs.iter().rev() {
        add(format!("Look at run {}", row.run.0), Action::SelectRun(RunChoice::Fixed(row.run)));
    }
    // An older run is found by its number.
    let older = query.split_whitespace().last().and_then(|word| word.parse().ok()).map(Run);
    if let Some(run) = older.filter(|run| scene.snapshot.older_runs > 0 && scene.snapshot.run(*run).is_none()) {
        add(format!("Look at run {}", run.0), Action::SelectRun(RunChoice::Fixed(run)));
    }
}

#[cfg(test)]
mod tests {
    use std::mem::discriminant;
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::*;
    use crate::gui::state::Page;
    use crate::plotting::palette::Look;
    use crate::snapshot::{ItemNode, Origin, RunRow, Snapshot, TaskNode, WorkspaceFacts};
    use monitasks::quality::State;
    use monitasks::task::Glance;

    /// Why an action is no line of the palette; none for those that must be. Who makes a new action says it here.
    fn of_its_place(action: &Action) -> Option<&'static str> {
        match action {
            Action::Turn(_)
            | Action::SelectRun(_)
            | Action::SelectLane(_)
            | Action::StepRun(_)
            | Action::ShowItem(_)
            | Action::OpenItem(_)
            | Action::SplitActive(_)
            | Action::CloseActive
            | Action::ResetZoom
            | Action::ResetLayout
            | Action::ToggleTheme
            | Action::ToggleProportional
            | Action::TextSize(_)
            | Action::ToggleShortcuts
            | Action::Send(_)
            | Action::Browse(_)
            | Action::People(_)
            | Action::Review(_)
            | Action::Layout(_)
            | Action::Step(_)
            | Action::Select(_)
            | Action::ToggleFreeze
            | Action::DecideRun(_)
            | Action::Export(_)
            | Action::Plots(_)
            | Action::ToggleStill
            | Action::Beside(_)
            | Action::Replay(_) => None,
            Action::Split(..) | Action::ClosePane(_) | Action::Activate(_) => Some("of the pane that was clicked"),
            Action::ShowWith(..) => Some("of the pane that was clicked"),
            Action::TogglePalette => Some("the palette itself"),
            Action::Escape => Some("a key alone"),
            Action::Dismiss(_) => Some("of the line that was clicked"),
        }
    }

    fn snapshot() -> Snapshot {
        let item = ItemNode {
            name: "b".into(),
            title: "B".into(),
            about: String::new(),
            glance: Glance::no_data(""),
            verdicts: Arc::default(),
            newest: None,
            spark: Arc::default(),
        };
        let task = TaskNode {
            name: "a".into(),
            title: "A".into(),
            about: String::new(),
            state: State::NoData,
            fault: None,
            results: 0,
            unread: Vec::new(),
            items: vec![item],
        };
        let mut row = RunRow::empty(Run(7));
        for (number, lane) in (1..).zip(["EXPRESS", "FULL"]) {
            row.processings.push(crate::snapshot::ProcessingRow {
                processing: number,
                lane: lane.into(),
                step: "done".into(),
                since: Timestamp::UNIX_EPOCH,
                because: String::new(),
                hold: None,
                missing: Vec::new(),
                to_publish: false,
            });
        }
        let detector = crate::detector::load("3x1x1", "", std::path::Path::new("/")).unwrap();
        let facts = WorkspaceFacts {
            root: "/w".into(),
            detector: Arc::new(detector),
            read_only: false,
            people: Vec::new(),
            roles: Vec::new(),
            comments: Vec::new(),
            usable_for: Vec::new(),
        };
        Snapshot {
            origin: Origin::Live,
            workspace: Some(facts),
            tasks: vec![task],
            runs: vec![row],
            ..Snapshot::nothing(Timestamp::UNIX_EPOCH)
        }
    }

    #[test]
    fn every_action_is_reached_by_the_palette_or_says_why_not() {
        let snapshot = snapshot();
        let (choice, now, look) = (RunChoice::Newest, Timestamp::UNIX_EPOCH, Look::Dark);
        let only = crate::snapshot::Only::default();
        let scene = Scene { snapshot: &snapshot, choice, lane: None, only, now, look, is_alarm_lit: false, actions: Vec::new() };
        let offered = offers(&scene, &UiState::default(), "");
        let item = || ItemRef { task: "a".into(), item: "b".into() };
        // One of each kind that must be reached.
        let wanted = [
            Action::Turn(Page::Runs),
            Action::SelectRun(RunChoice::Newest),
            Action::SelectLane(None),
            Action::StepRun(1),
            Action::ShowItem(item()),
            Action::OpenItem(item()),
            Action::SplitActive(LinearDir::Vertical),
            Action::CloseActive,
            Action::ResetZoom,
            Action::ResetLayout,
            Action::ToggleTheme,
            Action::ToggleProportional,
            Action::TextSize(1),
            Action::ToggleShortcuts,
            Action::Browse(Browse::Open),
            Action::People(PeopleAction::AskShift),
            Action::Review(ReviewAction::Start(None)),
            Action::Layout(LayoutAction::AskSave),
            Action::Step(-1),
            Action::Select(Selection::All),
            Action::ToggleFreeze,
            Action::DecideRun(Flag::Ok),
            Action::Export(ExportAction::Page),
            Action::Beside(beside::BesideAction::CallDoctor),
            Action::Replay(transport::ReplayAction::Enter),
        ];
        for action in &wanted {
            assert_eq!(of_its_place(action), None);
            let is_it = |offer: &Offer| discriminant(&offer.action) == discriminant(action);
            assert!(offered.iter().any(is_it), "no line of the palette does {action:?}");
        }
        for offer in &offered {
            assert_eq!(of_its_place(&offer.action), None, "{} is offered", offer.words);
        }
        // Names are what the recent ones are known by.
        for (at, offer) in offered.iter().enumerate() {
            assert!(offered[..at].iter().all(|other| other.words != offer.words), "{:?} twice", offer.words);
        }
    }

    #[test]
    fn every_key_does_something_that_the_palette_offers_too() {
        for line in crate::gui::keys::table() {
            for (press, action) in line.presses {
                let why = of_its_place(&action);
                assert!(why.is_none() || matches!(action, Action::TogglePalette | Action::Escape), "{}", press.name());
            }
        }
    }
}
