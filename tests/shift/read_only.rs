//! `--read-only` from elsewhere: a workspace is shown whole, and nothing in its folder changes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use dqmon::engine::{self, Command, PeopleCommand, PeopleDeed, ProcessingCommand, Start, World};
use dqmon::gui::{DqmonApp, UiState};
use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

use super::made_up;
use super::window_clicks::Desk;
use super::workspace::{PATIENCE, Shift, said};

/// Every file and folder with its size and time of change. Two files are the database engine's own, who makes them for any reader where
/// it may: its index in shared memory, and the log that goes with it.
fn listing(root: &Path) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let (path, facts) = (entry.path(), entry.metadata().unwrap());
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with("-shm") || name.ends_with("-wal") {
                continue;
            }
            // The folder of the book changes with those two.
            let at = if path == root { SystemTime::UNIX_EPOCH } else { facts.modified().unwrap() };
            if facts.is_dir() {
                folders.push(path.clone());
            }
            found.insert(path, (if facts.is_dir() { 0 } else { facts.len() }, at));
        }
    }
    found
}

/// Takes the right to write from everything in a folder, or gives it back. Whom rights do not bind, as root, is bound by the listing.
fn may_write(root: &Path, may: bool) {
    for path in listing(root).keys().map(PathBuf::as_path).chain([root]) {
        let mut rights = fs::metadata(path).unwrap().permissions();
        let mode = rights.mode();
        rights.set_mode(if may { mode | 0o200 } else { mode & !0o222 });
        fs::set_permissions(path, rights).unwrap();
    }
}

#[test]
fn a_read_only_workspace_in_a_read_only_folder_shows_everything_and_stays_as_it_was() {
    let shift = Shift::new("[tasks.purity]\npoll_s = 0.2\n");
    shift.deliver_run();
    let processed = shift.run(&["process", "--once"]);
    assert!(processed.status.success(), "{}", said(&processed));
    let root = shift.workspace.root.clone();
    let before = listing(&root);
    may_write(&root, false);
    let engine = engine::start(Start { open: Some(root.clone()), read_only: true }, World::default(), Box::new(|| {}));
    let end = Instant::now() + PATIENCE;
    let until = |what: &str, holds: &dyn Fn(&dqmon::snapshot::Snapshot) -> bool| {
        while !holds(&engine.snapshot()) {
            let now = engine.snapshot();
            assert!(Instant::now() < end, "waited in vain until {what}: {:?}", now.banners);
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    };
    until("the run is there", &|now| now.runs.len() == 1 && now.runs[0].files.len() == 2);
    until("results are there", &|now| now.task("pedestals").is_some_and(|task| task.results == 1));
    until("the event is there", &|now| now.event.is_some());
    assert!(engine.snapshot().workspace.as_ref().unwrap().read_only);
    // Whatever is asked for, nothing is written.
    let deed = PeopleDeed::BeginShift { hours: "8".into(), note: String::new() };
    for command in [
        Command::People(PeopleCommand { who: "Ada".into(), role: "shifter".into(), deed }),
        Command::Processing(ProcessingCommand::StartBackend),
        Command::Processing(ProcessingCommand::StopBackend),
    ] {
        assert!(engine.send(command));
        let answered = loop {
            if let Some(notice) = engine.notice() {
                break notice;
            }
            assert!(Instant::now() < end, "no answer");
            std::thread::sleep(std::time::Duration::from_millis(10));
        };
        assert!(matches!(answered, engine::Notice::Refused(_)), "{answered:?}");
    }
    let builder = Harness::builder().with_size([1280.0, 800.0]).with_context_setup(dqmon::gui::install);
    let app = DqmonApp::new(engine, UiState::default());
    let mut window: Harness<'static, DqmonApp> = builder.build_ui_state(|ui, app: &mut DqmonApp| app.ui(ui), app);
    window.run_steps(10);
    assert!(window.query_by_label("Run 1, UNCHECKED").is_some());
    drop(window);
    may_write(&root, true);
    assert_eq!(listing(&root), before, "nothing in the folder has changed");
}

#[test]
fn buttons_that_write_are_off_in_a_read_only_window() {
    let mut snapshot = made_up::full();
    snapshot.workspace.as_mut().unwrap().read_only = true;
    snapshot.people.on_shift = Some(Vec::new());
    let mut desk = Desk::at(snapshot);
    let writes = [
        "Decide ",
        "Resubmit",
        "Start backend",
        "Stop backend",
        "Hold",
        "Cancel",
        "Sign ",
        "Acknowledge",
        "Print as HTML",
        "Known issue",
        "Tell",
    ];
    for key in [egui::Key::F1, egui::Key::F2, egui::Key::F3, egui::Key::F4, egui::Key::F5] {
        desk.window.key_press(key);
        desk.settle();
        for node in desk.window.query_all_by_role(Role::Button) {
            let name = node.accesskit_node().label().unwrap_or_default();
            if writes.iter().any(|verb| name.starts_with(verb)) {
                assert!(node.accesskit_node().is_disabled(), "{name} is on, on the page of {key:?}");
            }
        }
    }
}
