//! The window on real parts: a real engine, a real book, a real backend, and parts that answer too late.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dqmon::bookkeeping::{DecisionSubject, PassStep, SqliteStore, Store};
use dqmon::config::Workspace;
use dqmon::engine::{self, EngineHandle, Start, World};
use dqmon::gui::{DqmonApp, UiState};
use dqmon::live::{DiskResults, FoundResult, ResultsFolder};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use super::display::{Ended, virtual_display};
use super::frame_times::FrameTimes;
use super::workspace::{PATIENCE, Shift, said};

/// A store, or a folder of results, that is this slow must cost the window nothing.
const TOO_SLOW: Duration = Duration::from_secs(5);

type Window = Harness<'static, DqmonApp>;

fn engine_on(workspace: &Workspace, world: World) -> EngineHandle {
    engine::start(Start { open: Some(workspace.root.clone()), read_only: false }, world, Box::new(|| {}))
}

fn window_on(engine: EngineHandle) -> Window {
    let state = UiState { who: "Ada Marsh".into(), role: "shifter".into(), ..UiState::default() };
    let builder = Harness::builder().with_size([1280.0, 800.0]).with_context_setup(dqmon::gui::install);
    builder.build_ui_state(|ui, app: &mut DqmonApp| app.ui(ui), DqmonApp::new(engine, state))
}

fn has(window: &Window, name: &str) -> bool {
    window.query_all_by_label(name).next().is_some()
}

/// Draws frames until something stands in the window.
fn wait_for(window: &mut Window, name: &str) {
    let end = Instant::now() + PATIENCE;
    while !has(window, name) {
        assert!(Instant::now() < end, "waited in vain for {name:?} in the window");
        window.step();
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_decision_by_clicks_is_in_the_book_and_on_the_time_line_after_a_restart() {
    let shift = Shift::new("[tasks.purity]\npoll_s = 0.2\n");
    shift.deliver_run();
    let processed = shift.run(&["process", "--once"]);
    assert!(processed.status.success(), "{}", said(&processed));

    let store = SqliteStore::open_read_only(&shift.workspace.book()).unwrap();
    let pedestals = store.readings("pedestals", "mean_by_strip").unwrap();
    let pedestal_adc = pedestals[0].value.value().expect("the book has the pedestals' mean");
    assert!(pedestals.len() == 1 && (50.0..70.0).contains(&pedestal_adc), "{pedestals:?}");

    let mut window = window_on(engine_on(&shift.workspace, World::default()));
    wait_for(&mut window, "Run 1, UNCHECKED");
    window.get_by_label("Run 1, UNCHECKED").click();
    window.run_steps(4);
    window.get_by_label("Comment").focus();
    window.run_steps(4);
    window.get_by_label("Comment").type_text("LEM tripped");
    window.run_steps(4);
    window.get_by_label("Decide BAD").click();
    wait_for(&mut window, "Run 1, BAD");
    drop(window);

    let book = SqliteStore::open_read_only(&shift.workspace.book()).unwrap().overview().unwrap();
    let decision = book.said.decisions.last().expect("the decision is in the book");
    assert_eq!((decision.subject, decision.decision.flag), (DecisionSubject::run(Run(1)), Flag::Bad));
    assert_eq!((decision.who.as_str(), decision.role.as_str()), ("Ada Marsh", "shifter"));
    assert_eq!(decision.decision.comment(), "LEM tripped");
    let evidence = &decision.decision.evidence;
    assert!(evidence.iter().any(|seen| seen.item == "purity/lifetime_trend"), "{evidence:?}");

    let mut again = window_on(engine_on(&shift.workspace, World::default()));
    wait_for(&mut again, "Run 1, BAD");
}

#[test]
fn changed_settings_and_task_files_are_picked_up_and_bad_ones_refused() {
    let shift = Shift::new("");
    let engine = engine_on(&shift.workspace, World::default());
    let until = |what: &str, holds: &dyn Fn(&dqmon::snapshot::Snapshot) -> bool| {
        let end = Instant::now() + PATIENCE;
        while !holds(&engine.snapshot()) {
            let snapshot = engine.snapshot();
            assert!(Instant::now() < end, "waited in vain until {what}: {:?}", snapshot.banners);
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    until("the workspace is open", &|now| now.workspace.is_some());
    let settings = shift.workspace.root.join(Workspace::SETTINGS_FILE);

    std::fs::write(&settings, "[people]\nnames = [\"Bo Lind\"]\n").unwrap();
    until("the new name is offered", &|now| now.workspace.as_ref().is_some_and(|facts| facts.people == ["Bo Lind"]));

    std::fs::write(&settings, "[people]\nnames = [\"Cy\"]\nnicks = 1\n").unwrap();
    let refused = |now: &dqmon::snapshot::Snapshot| {
        now.banners.iter().any(|banner| {
            let text = &banner.text;
            text.contains("dqmon.toml:3") && text.contains("nicks") && text.contains("roles") && text.contains("stay in force")
        })
    };
    until("the bad settings are refused", &refused);
    assert_eq!(engine.snapshot().workspace.as_ref().unwrap().people, ["Bo Lind"], "the old ones stay in force");

    std::fs::write(&settings, "[people]\nnames = [\"Cy\"]\n").unwrap();
    until("the mended settings are in force", &|now| {
        now.banners.is_empty() && now.workspace.as_ref().is_some_and(|facts| facts.people == ["Cy"])
    });

    let tasks = shift.workspace.root.join("tasks");
    std::fs::create_dir_all(&tasks).unwrap();
    let example = include_str!("../../assets/tasks/slow_control.toml");
    std::fs::write(tasks.join("slow_control.toml"), example).unwrap();
    until("the declared task is in the tree", &|now| now.task("slow_control").is_some());
    std::fs::write(tasks.join("slow_control.toml"), format!("nonsense = 1\n{example}")).unwrap();
    until("the bad task file is refused", &|now| {
        now.banners.iter().any(|banner| banner.text.contains("nonsense") && banner.text.contains("slow_control.toml:1"))
    });
    assert!(engine.snapshot().task("slow_control").is_some(), "the old task stays");
}

/// A folder of results that takes its time.
struct SlowResults(DiskResults);

impl ResultsFolder for SlowResults {
    fn list(&mut self, folder: &str, suffix: &str) -> io::Result<Vec<FoundResult>> {
        std::thread::sleep(TOO_SLOW);
        self.0.list(folder, suffix)
    }

    fn read(&mut self, name: &str) -> io::Result<Vec<u8>> {
        std::thread::sleep(TOO_SLOW);
        self.0.read(name)
    }
}

/// A world whose book opens, and whose results answer, only after five seconds.
fn slow_world() -> World {
    World {
        open_store: Box::new(|workspace, _| {
            let path = workspace.book();
            Arc::new(move || {
                std::thread::sleep(TOO_SLOW);
                Ok(Box::new(SqliteStore::open(&path)?) as Box<dyn Store>)
            })
        }),
        open_results: Box::new(|folder| Box::new(SlowResults(DiskResults::of_folder(folder)))),
    }
}

/// Two hundred frames while nothing has answered yet.
#[test]
fn two_hundred_frames_stay_short_while_book_and_results_take_five_seconds() {
    let shift = Shift::new("");
    let mut window = window_on(engine_on(&shift.workspace, slow_world()));
    let began = Instant::now();
    let frames = FrameTimes::of(200, |frame| {
        window.hover_at(egui::pos2(20.0 + (frame * 37 % 1240) as f32, 20.0 + (frame * 53 % 760) as f32));
        window.step();
    });
    assert!(began.elapsed() < TOO_SLOW, "200 frames took {:?}: the window waited", began.elapsed());
    assert!(!has(&window, "Run 1, UNCHECKED"), "the slow book has answered too early for this test");
    frames.assert_short();
}

/// How many windows of the program a display shows.
fn windows_shown(display: &str) -> usize {
    let found = Command::new("xdotool").args(["search", "--onlyvisible", "--name", "^dqmon"]).env("DISPLAY", display).output();
    found.map_or(0, |output| String::from_utf8_lossy(&output.stdout).lines().count())
}

#[test]
fn two_windows_and_a_backend_take_each_file_once_and_closing_both_stops_nothing() {
    let (_server, display) = virtual_display();
    let mut shift = Shift::new("[intake]\nreconcile_s = 0.5\n[pool]\njobs = 2\ntemplate = \"job.sh\"\n");
    shift.traced_template("sleep 1");
    shift.start_backend();
    shift.wait_until("the backend has its lease", |shift| shift.overview().lease.is_some());
    let home = tempfile::tempdir().unwrap();
    let mut windows: Vec<Ended> = (0..2)
        .map(|number| {
            let own = home.path().join(number.to_string());
            let mut window = shift.dqmon();
            window
                .env("DISPLAY", &display)
                .env_remove("WAYLAND_DISPLAY")
                .env("XDG_DATA_HOME", &own)
                .env("LIBGL_ALWAYS_SOFTWARE", "1");
            Ended(window.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
        })
        .collect();
    shift.wait_until("both windows are open", |_| windows_shown(&display) == 2);
    shift.deliver_run();
    shift.wait_until("a job runs", |shift| !shift.trace_of("reco_run1-seq0").is_empty());
    for window in &mut windows {
        assert!(window.0.try_wait().unwrap().is_none(), "a window went away by itself");
        let pid = rustix::process::Pid::from_raw(i32::try_from(window.0.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        window.0.wait().unwrap();
    }
    assert!(shift.backend(0).try_wait().unwrap().is_none(), "closing the windows ended the backend");
    shift.wait_until("every file is through", |shift| {
        let passes = shift.overview().passes;
        passes.len() == 2 && passes.iter().all(|pass| pass.step == PassStep::Analysed)
    });
    for file in ["run1-seq0", "run1-seq1"] {
        assert_eq!(shift.trace_of(&format!("reco_{file}")), ["start", "end"], "{file} had one job");
        let log = std::fs::read_to_string(shift.workspace.all_transfer_log()).unwrap();
        assert_eq!(log.lines().filter(|line| line.ends_with(&format!("{file}.dat"))).count(), 1, "{log}");
    }
}
