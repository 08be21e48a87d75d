//! Clicks through the window, with no display and a hand-made engine behind it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;
use std::sync::Arc;

use dqmon::config::NewWorkspace;
use dqmon::engine::{
    BesideCommand, Command, Decision, DecisionCommand, DecisionSubject, EngineHandle, EngineSide, Notice, ProcessingCommand,
    RequestKind, RequestSubject, RunsCommand, ViewCommand, WantedDecision, WorkspaceCommand,
};
use dqmon::gui::{DqmonApp, Page, RunChoice, UiState};
use dqmon::snapshot::{Backend, FileStage, Snapshot};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use monitasks::quality::Flag;
use monitasks::vocab::{FileId, Run};

use super::{made_up, made_up_night, window_runs};

/// The window and the engine's end of it.
pub struct Desk {
    pub window: Harness<'static, DqmonApp>,
    pub side: EngineSide,
}

impl Desk {
    /// A window on a snapshot, as at a first start.
    pub fn at(snapshot: Snapshot) -> Desk {
        Desk::with_state(snapshot, UiState { who: "Ada Marsh".into(), role: "shifter".into(), ..UiState::default() })
    }

    /// A window on a snapshot, with what was kept.
    pub fn with_state(snapshot: Snapshot, state: UiState) -> Desk {
        let mut desk = Desk::unsettled(snapshot, state);
        desk.settle();
        desk
    }

    /// A window that has drawn its very first frame only.
    pub fn unsettled(snapshot: Snapshot, state: UiState) -> Desk {
        let (handle, side) = EngineHandle::pair();
        side.snapshot.store(Arc::new(snapshot));
        let app = DqmonApp::new(handle, state).with_clock(made_up::now);
        let builder = Harness::builder().with_size([1280.0, 800.0]).with_context_setup(dqmon::gui::install);
        Desk { window: builder.build_ui_state(|ui, app: &mut DqmonApp| app.ui(ui), app), side }
    }

    /// Lets the window take news and lay itself out.
    pub fn settle(&mut self) {
        self.window.run_steps(4);
    }

    /// Clicks what is called exactly that.
    pub fn click(&mut self, name: &str) {
        self.window.get_by_label(name).click();
        self.settle();
    }

    /// The middle of what is called exactly that.
    pub fn middle_of(&self, name: &str) -> egui::Pos2 {
        self.window.get_by_label(name).rect().center()
    }

    /// Clicks at a place of the screen.
    pub fn click_at(&mut self, at: egui::Pos2) {
        self.window.hover_at(at);
        for pressed in [true, false] {
            let (button, modifiers) = (egui::PointerButton::Primary, egui::Modifiers::NONE);
            self.window.event(egui::Event::PointerButton { pos: at, button, pressed, modifiers });
        }
        self.settle();
    }

    /// Items on the screen.
    pub fn on_screen(&self) -> Vec<dqmon::gui::ItemRef> {
        self.window.state().on_screen()
    }

    /// What was asked to be looked at since the last call.
    pub fn commands_of_views(&self) -> Vec<ViewCommand> {
        let of_view = |command| if let Command::View(view) = command { Some(view) } else { None };
        self.side.commands.try_iter().filter_map(of_view).collect()
    }

    /// Types into the field of that name.
    pub fn type_into(&mut self, field: &str, text: &str) {
        self.window.get_by_label(field).focus();
        self.settle();
        self.window.get_by_label(field).type_text(text);
        self.settle();
    }

    /// Whether something is called exactly that.
    pub fn has(&self, name: &str) -> bool {
        self.window.query_all_by_label(name).next().is_some()
    }

    /// Commands since the last call, but those about what is watched.
    pub fn commands(&self) -> Vec<Command> {
        let is_watching = |command: &Command| {
            use ViewCommand::{LookAtRun, LookClosely, Watch, WatchFlow};
            matches!(
                command,
                Command::Beside(BesideCommand::CheckAnswers { .. } | BesideCommand::LookFor(_))
                    | Command::Runs(RunsCommand::Ask(_))
                    | Command::View(Watch(_) | WatchFlow(_) | LookClosely(_) | LookAtRun(_))
            )
        };
        self.side.commands.try_iter().filter(|command| !is_watching(command)).collect()
    }

    /// The figures asked for last.
    pub fn watched(&self) -> Vec<String> {
        let last = self.side.commands.try_iter().filter_map(|command| match command {
            Command::View(ViewCommand::Watch(keys)) => Some(keys),
            _ => None,
        });
        let run = |run: Option<Run>| run.map_or(String::new(), |run| format!("@{}", run.0));
        last.last().unwrap_or_default().into_iter().map(|key| format!("{}/{}{}", key.task, key.item, run(key.run))).collect()
    }

    /// Changes the snapshot as the engine would.
    pub fn publish(&mut self, change: impl FnOnce(&mut Snapshot)) {
        let mut snapshot = Snapshot::clone(&self.side.snapshot.load());
        snapshot.serial += 1;
        change(&mut snapshot);
        self.side.snapshot.store(Arc::new(snapshot));
        self.settle();
    }

    /// Colours of all rectangles filled inside a rectangle of the screen.
    fn fills_at(&self, rect: egui::Rect) -> Vec<egui::Color32> {
        let mut fills = Vec::new();
        for clipped in &self.window.output().shapes {
            collect_fills(&clipped.shape, rect, &mut fills);
        }
        fills
    }
}

fn collect_fills(shape: &egui::Shape, within: egui::Rect, fills: &mut Vec<egui::Color32>) {
    match shape {
        egui::Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect_fills(shape, within, fills)),
        egui::Shape::Rect(rect) if within.expand(1.0).contains_rect(rect.rect) && rect.fill != egui::Color32::TRANSPARENT => {
            fills.push(rect.fill);
        }
        _ => {}
    }
}

#[test]
fn the_first_start_shows_all_tasks_and_asks_for_their_figures() {
    let desk = Desk::at(made_up::full());
    for title in ["Purity", "Pedestals", "LEM gain", "Charge asymmetry", "Event display"] {
        assert!(desk.window.query_by_label_contains(&format!("Task {title}, ")).is_some(), "{title} is not in the tree");
    }
    let expected = [
        "charge_asymmetry/map",
        "event_display/view0",
        "event_display/view1",
        "lem_gain/map",
        "pedestals/rms_view_0",
        "purity/lifetime_trend",
    ];
    assert_eq!(desk.watched(), expected);
    assert!(desk.has("Plot: Electron lifetime"));
}

#[test]
fn each_item_of_each_task_is_shown_when_it_is_clicked() {
    let snapshot = made_up::full();
    let mut desk = Desk::at(snapshot.clone());
    for task in &snapshot.tasks {
        for item in &task.items {
            let row = format!("{}, {}, {}", item.title, item.glance.state.words(), item.glance.text);
            // Two tasks have an item of the same title; where also state and value agree, the first one found will do.
            let found = desk.window.query_all_by_label(&row).next();
            found.unwrap_or_else(|| panic!("no row {row}")).click();
            desk.settle();
            let shown = desk.window.state().on_screen();
            assert!(
                shown.iter().any(|shown| shown.task == task.name && shown.item == item.name),
                "{row} is not shown: {shown:?}"
            );
            assert_eq!(shown.len(), 6, "a click in the tree opens no pane of its own");
        }
    }
}

#[test]
fn an_item_opens_in_a_new_pane_and_a_pane_splits_and_closes() {
    let mut desk = Desk::at(made_up::full());
    let profile = "Drift profile, unchecked, χ²/n 1.1";
    desk.window.get_by_label(profile).click_modifiers(egui::Modifiers::COMMAND);
    desk.settle();
    let tabs = desk.window.query_all_by_label_contains("Purity: Drift profile").count();
    assert!(tabs >= 1, "the new pane has a tab");
    assert!(desk.window.query_all_by_label_contains("Purity: Lifetime trend").count() >= 1, "the old pane is still there");

    desk.click("Menu of LEM gain: Map of LEMs");
    desk.click("Split below");
    desk.click("Trend of each LEM, warming up, 3 of 5 results");
    let shown: Vec<String> =
        desk.window.state().on_screen().into_iter().map(|item| format!("{}/{}", item.task, item.item)).collect();
    assert!(shown.contains(&"lem_gain/map".into()) && shown.contains(&"lem_gain/trend".into()), "{shown:?}");
    assert_eq!(shown.len(), 7);

    desk.click("Menu of LEM gain: Trend of each LEM");
    desk.click("Close pane");
    assert_eq!(desk.window.state().on_screen().len(), 6);
}

#[test]
fn a_run_is_decided_and_its_block_changes_letter_and_colour() {
    let mut desk = Desk::at(made_up::full());
    desk.click("Run 23, UNCHECKED");
    assert_eq!(desk.window.state().choice(), RunChoice::Fixed(Run(23)));
    let before = desk.fills_at(desk.window.get_by_label("Run 23, UNCHECKED").rect());
    let _ = desk.commands();

    desk.click("Decide OK");
    let sent = desk.commands();
    let [Command::Decision(DecisionCommand::Decide(wanted))] = &sent[..] else { panic!("not a decision: {sent:?}") };
    let shown: Vec<String> = desk.window.state().on_screen().iter().map(|item| format!("{}/{}", item.task, item.item)).collect();
    assert_eq!(wanted.decision.evidence.iter().map(|one| one.item.clone()).collect::<Vec<_>>(), shown);
    assert!(wanted.decision.evidence.iter().all(|one| one.state.is_some() && one.value.is_some()), "{wanted:?}");
    let plain = Decision { evidence: wanted.decision.evidence.clone(), ..Decision::new(Flag::Ok, "") };
    let expected = WantedDecision {
        subject: DecisionSubject::run(Run(23)),
        decision: plain,
        who: "Ada Marsh".into(),
        role: "shifter".into(),
        seen: None,
    };
    assert_eq!(**wanted, expected);
    assert!(desk.has("OK is being recorded…"));
    assert!(desk.has("Run 23, UNCHECKED"), "nothing is shown as decided before the book has it");

    desk.publish(|snapshot| {
        let row = snapshot.runs.iter_mut().find(|row| row.run == Run(23)).unwrap();
        row.flag = Flag::Ok;
        row.decisions.push(made_up::decision(77, Flag::Ok, ""));
    });
    assert!(!desk.has("OK is being recorded…"));
    let after = desk.fills_at(desk.window.get_by_label("Run 23, OK").rect());
    assert_ne!(before, after, "the block has another colour");
    let neighbour = desk.fills_at(desk.window.get_by_label("Run 21, OK").rect());
    assert!(neighbour.iter().all(|fill| after.contains(fill)), "and it is the colour of the other runs that are OK");

    desk.click("Decide MAYBE");
    let superseded = desk.commands();
    let [Command::Decision(DecisionCommand::Decide(wanted))] = &superseded[..] else { panic!("{superseded:?}") };
    assert_eq!((wanted.seen, wanted.decision.flag), (Some(77), Flag::Maybe));
}

#[test]
fn bad_needs_a_comment() {
    let mut desk = Desk::at(made_up::full());
    let _ = desk.commands();
    assert!(!desk.has("BAD needs a comment: say what is bad."), "nobody has pressed BAD yet");
    desk.click("Decide BAD");
    assert_eq!(desk.commands(), [], "BAD without a comment is not sent");
    assert!(desk.has("BAD needs a comment: say what is bad."), "and the card says why");
    desk.type_into("Comment", "high voltage trip");
    desk.click("Decide BAD");
    let sent = desk.commands();
    let [Command::Decision(DecisionCommand::Decide(wanted))] = &sent[..] else { panic!("not a BAD decision: {sent:?}") };
    assert_eq!((wanted.subject, wanted.decision.flag), (DecisionSubject::run(Run(24)), Flag::Bad));
    assert_eq!(wanted.decision.note, "high voltage trip");
}

#[test]
fn nobody_decides_without_a_name_or_read_only() {
    let mut desk = Desk::with_state(made_up::full(), UiState::default());
    let _ = desk.commands();
    desk.click("Decide OK");
    assert_eq!(desk.commands(), []);
    assert!(desk.has("Who decides? Fill in your name first."));
    desk.type_into("Name", "Bo Lind");
    desk.type_into("Role", "expert");
    desk.click("Decide OK");
    assert!(
        matches!(&desk.commands()[..], [Command::Decision(DecisionCommand::Decide(wanted))] if wanted.who == "Bo Lind" && wanted.role == "expert")
    );

    desk.publish(|snapshot| snapshot.workspace.as_mut().unwrap().read_only = true);
    assert!(!desk.has("Decide OK"));
    assert!(desk.has("Opened read-only: nothing is recorded."));
}

#[test]
fn a_comment_does_not_follow_to_another_run() {
    let mut desk = Desk::at(made_up::full());
    desk.type_into("Comment", "about run 24");
    desk.click("Run 22, UNCHECKED");
    desk.click("Decide BAD");
    assert!(desk.has("BAD needs a comment: say what is bad."));
}

#[test]
fn the_run_looked_at_stays_when_data_arrive_and_follow_newest_goes_back() {
    let mut desk = Desk::at(made_up::full());
    desk.click("Run 20, OK");
    assert!(desk.watched().iter().all(|key| key.ends_with("@20")));
    let newer = |snapshot: &mut Snapshot| {
        let mut row = snapshot.runs.last().unwrap().clone();
        row.run = Run(row.run.0 + 1);
        snapshot.runs.push(row);
    };
    desk.publish(newer);
    assert_eq!(desk.window.state().choice(), RunChoice::Fixed(Run(20)));
    desk.click("Follow newest");
    assert_eq!(desk.window.state().choice(), RunChoice::Newest);
    assert!(desk.watched().iter().all(|key| !key.contains('@')));
    assert!(desk.has("Run 25"), "the card follows");
    desk.window.key_press(egui::Key::OpenBracket);
    desk.settle();
    assert_eq!(desk.window.state().choice(), RunChoice::Fixed(Run(24)));
    // In a field Escape leaves the field alone; then it leaves the run.
    desk.type_into("Comment", "about run 24");
    desk.window.key_press(egui::Key::Escape);
    desk.settle();
    assert_eq!(desk.window.state().choice(), RunChoice::Fixed(Run(24)));
    desk.window.key_press(egui::Key::Escape);
    desk.settle();
    assert_eq!(desk.window.state().choice(), RunChoice::Newest);
}

#[test]
fn zoom_stays_when_data_arrive_and_home_shows_everything_again() {
    let mut desk = Desk::at(made_up::full());
    let bounds = |desk: &Desk| {
        let id = egui::Id::unique(("figure", 1u64, &"purity/lifetime_trend".to_owned()));
        egui_plot::PlotMemory::load(&desk.window.ctx, id).map(|memory| *memory.bounds()).expect("the plot is on the screen")
    };
    let whole = bounds(&desk);
    let centre = desk.window.get_by_label("Plot: Electron lifetime").rect().center();
    desk.window.hover_at(centre);
    desk.window.event(egui::Event::Zoom(2.0));
    desk.settle();
    let zoomed = bounds(&desk);
    assert!(zoomed.width() < 0.7 * whole.width(), "{zoomed:?} of {whole:?}");
    desk.publish(|snapshot| {
        for figure in snapshot.figures.values_mut() {
            *figure = Arc::new(monitasks::figure::Figure::clone(figure).note("newer"));
        }
    });
    assert_eq!(bounds(&desk), zoomed);
    desk.window.key_press(egui::Key::Home);
    desk.settle();
    assert!((bounds(&desk).width() / whole.width() - 1.0).abs() < 1e-6);
}

#[test]
fn a_point_under_the_pointer_is_read_with_its_error_and_unit() {
    let mut desk = Desk::at(made_up::full());
    let plot = desk.window.get_by_label("Plot: Electron lifetime").rect();
    let is_read = |desk: &Desk| desk.window.query_all_by_label_contains(" ± 0.12 ms").next().is_some();
    desk.window.hover_at(plot.left_bottom() + egui::vec2(30.0, -3.0));
    desk.settle();
    assert!(!is_read(&desk), "nothing is there to read");
    let heights = (0..20).map(|step| plot.top() + plot.height() * step as f32 / 20.0);
    let found = heights.into_iter().any(|y| {
        desk.window.hover_at(egui::pos2(plot.center().x, y));
        desk.settle();
        is_read(&desk)
    });
    assert!(found);
}

#[test]
fn the_processing_page_shows_jobs_and_asks_for_log_script_and_resubmission() {
    let mut desk = Desk::at(made_up::full());
    desk.click("Processing");
    assert_eq!(desk.window.state().state().page, Page::Processing);
    assert!(desk.has("run24-seq3") && desk.has("core.8812"));
    let _ = desk.commands();
    desk.click("Log of reco_run24-seq1");
    desk.click("Script of reco_run24-seq1");
    let path = |text: &str| PathBuf::from(text);
    assert_eq!(
        desk.commands(),
        [
            Command::Processing(ProcessingCommand::ReadLog(path("all_logs/batch/run24/reco_run24-seq1.log"))),
            Command::Processing(ProcessingCommand::ReadScript(path("processing/scripts/run24/reco_run24-seq1.sh"))),
        ]
    );
    desk.side
        .notices
        .send(Notice::Text { title: "log of reco_run24-seq1".into(), text: "opened\nevent 0 done\n".into() })
        .unwrap();
    desk.settle();
    assert!(desk.has("event 0 done"), "the log is shown");
    desk.window.key_press(egui::Key::Escape);
    desk.settle();
    assert!(!desk.has("event 0 done"));

    let paths = "log all_logs/batch/run24/reco_run24-seq1.log   script processing/scripts/run24/reco_run24-seq1.sh";
    assert!(!desk.has(paths));
    desk.click("Row of run24-seq1, running");
    assert!(desk.has(paths), "all about the selected file stands below the table");
    desk.click("Close the details");
    assert!(!desk.has(paths));

    desk.click("failed 1");
    assert!(!desk.has("run24-seq3"), "only what failed is listed");
    desk.click("Resubmit run17-seq1");
    desk.click("Stop backend");
    let expected = [
        ProcessingCommand::Ask(RequestKind::Resubmit, RequestSubject::of_file(FileId::new(17, 1))),
        ProcessingCommand::StopBackend,
    ]
    .map(Command::Processing);
    assert_eq!(desk.commands(), expected);
    desk.publish(|snapshot| snapshot.backend = Backend::Stopped);
    desk.click("Start backend");
    assert_eq!(desk.commands(), [Command::Processing(ProcessingCommand::StartBackend)]);
}

#[test]
fn the_runs_page_finds_runs_and_selects_them() {
    let mut desk = Desk::at(made_up::full());
    desk.window.get_by_role_and_label(egui::accesskit::Role::Button, "Runs").click();
    desk.settle();
    assert_eq!(desk.window.state().state().page, Page::Runs);
    desk.type_into("Find runs", "bad voltage");
    assert!(window_runs::answer(&mut desk));
    assert!(desk.has("2 of 24 runs"));
    desk.click("Row of run 17, BAD");
    assert_eq!(desk.window.state().choice(), RunChoice::Fixed(Run(17)));
}

#[test]
fn the_palette_reaches_pages_runs_and_items_by_keyboard() {
    let mut desk = Desk::at(made_up::full());
    desk.window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
    desk.settle();
    desk.type_into("Command, item or run", "run 17");
    desk.window.key_press(egui::Key::Enter);
    desk.settle();
    assert_eq!(desk.window.state().choice(), RunChoice::Fixed(Run(17)));
    assert!(!desk.has("Command, item or run"), "it closes");
    desk.window.key_press(egui::Key::F3);
    desk.settle();
    assert_eq!(desk.window.state().state().page, Page::Processing);
}

#[test]
fn the_welcome_page_opens_creates_and_starts_the_demo() {
    let mut desk = Desk::at(Snapshot::nothing(made_up::now()));
    desk.click("Run the demo");
    desk.type_into("Folder of the workspace", "/data/shift");
    desk.click("Open");
    desk.type_into("Folder to create", "/data/new");
    desk.click("Create");
    desk.type_into("File or folder of results", "/data/results");
    desk.click("Look");
    assert_eq!(
        desk.commands(),
        [
            WorkspaceCommand::Demo { folder: "dqmon-demo".into() },
            WorkspaceCommand::Open("/data/shift".into()),
            WorkspaceCommand::Create(Box::new(NewWorkspace::at("/data/new".as_ref()))),
            WorkspaceCommand::Open("/data/results".into()),
        ]
        .map(Command::Workspace)
    );
    desk.publish(|snapshot| *snapshot = made_up::empty());
    assert!(desk.has("No run yet. A block appears for each run as its first file is taken in."));
    assert_eq!(desk.window.state().state().recent, [PathBuf::from("/data/wa105/november-shift")]);
}

#[test]
fn files_looked_at_without_a_workspace_have_no_shift_around_them() {
    let mut bare = made_up::full();
    bare.origin = dqmon::snapshot::Origin::Bare;
    bare.backend = Backend::Stopped;
    bare.runs.clear();
    bare.not_taken.clear();
    bare.event = None;
    for task in bare.tasks.iter_mut().filter(|task| task.name != "pedestals") {
        (task.results, task.fault) = (0, None);
        task.unread.clear();
    }
    let mut desk = Desk::at(bare);
    let shown = |desk: &Desk| -> Vec<String> { desk.window.state().on_screen().into_iter().map(|item| item.task).collect() };
    assert_eq!(shown(&desk), ["pedestals"], "only what was found has a pane");
    for absent in ["Processing", "Widths by length", "Decide OK", "Task Purity, unchecked"] {
        assert!(!desk.has(absent), "{absent}");
    }
    assert!(desk.has("Pedestals: 24 results"), "the card says what was read");
    desk.window.key_press(egui::Key::F3);
    desk.settle();
    assert_eq!(desk.window.state().state().page, Page::Monitor);
    desk.publish(|snapshot| *snapshot = made_up::full());
    assert_eq!(shown(&desk).len(), 6, "a workspace has its own panes again");
}

#[test]
fn layout_and_look_are_kept_for_the_next_start() {
    let mut desk = Desk::at(made_up::full());
    desk.click("Menu of LEM gain: Map of LEMs");
    desk.click("Close pane");
    desk.click("Light look");
    let kept = serde_json::to_string(desk.window.state().state()).unwrap();
    let shown = desk.window.state().on_screen();
    let again = Desk::with_state(made_up::full(), serde_json::from_str(&kept).unwrap());
    assert_eq!(again.window.state().on_screen().len(), 5);
    assert!(shown.iter().all(|item| again.window.state().on_screen().contains(item)));
    assert!(again.has("Dark look"));
}

#[test]
fn refusals_are_shown_until_they_are_taken_away_and_a_busy_engine_is_said() {
    let mut desk = Desk::at(made_up::full());
    desk.side.notices.send(Notice::Refused("book read-only: /data/book.sqlite".into())).unwrap();
    desk.settle();
    assert!(desk.has("book read-only: /data/book.sqlite"));
    desk.click("Take away");
    assert!(!desk.has("book read-only: /data/book.sqlite"));
    let Desk { mut window, side } = desk;
    drop(side);
    window.get_by_label("Decide OK").click();
    window.run_steps(4);
    assert!(window.query_by_label_contains("the engine does not take commands").is_some());
}

#[test]
fn every_kind_of_shift_is_drawn_in_both_looks_on_all_pages() {
    for snapshot in
        [made_up::full(), made_up_night::night(), made_up::empty(), made_up::long_names(), Snapshot::nothing(made_up::now())]
    {
        for light in [false, true] {
            let mut desk = Desk::with_state(snapshot.clone(), UiState { light, proportional: light, ..UiState::default() });
            for key in [egui::Key::F2, egui::Key::F3, egui::Key::F1] {
                desk.window.key_press(key);
                desk.settle();
            }
            let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1280.0, 800.0));
            let used = desk
                .window
                .output()
                .shapes
                .iter()
                .map(|clipped| clipped.clip_rect)
                .fold(egui::Rect::NOTHING, |all, one| all | one);
            assert!(screen.expand(0.5).contains_rect(used.intersect(screen)), "something was drawn");
        }
    }
}

#[test]
fn every_stage_has_its_words_in_the_queue() {
    let desk_words = |stage: FileStage| format!("{} {}", stage.words(), count(stage));
    fn count(stage: FileStage) -> usize {
        made_up::full().runs.iter().flat_map(|row| &row.files).filter(|file| file.stage == stage).count()
    }
    let mut desk = Desk::at(made_up::full());
    desk.click("Processing");
    for stage in [FileStage::Copying, FileStage::Queued, FileStage::Running, FileStage::Analysed, FileStage::Failed] {
        assert!(desk.has(&desk_words(stage)), "{}", desk_words(stage));
    }
}
