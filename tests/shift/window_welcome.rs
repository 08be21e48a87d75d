//! Clicks through the welcome page: the four questions, workspaces opened before, long work, files dropped onto the window; and the
//! same on a real engine.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use dqmon::config::{BatchSystem, NewWorkspace, Workspace};
use dqmon::engine::{self, BesideCommand, Command, Start, WorkspaceCommand, World};
use dqmon::gui::{DqmonApp, UiState};
use dqmon::snapshot::{Answer, AnswersShown, LongWork, Question, Recent, Snapshot};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use jiff::SignedDuration;
use monitasks::quality::State;

use super::made_up;
use super::window_clicks::Desk;
use super::workspace::PATIENCE;

fn welcome(recent: &[&str]) -> Desk {
    let state = UiState { recent: recent.iter().map(PathBuf::from).collect(), ..UiState::default() };
    Desk::with_state(Snapshot::nothing(made_up::now()), state)
}

/// Commands of one kind since the last call.
fn asked<T>(desk: &Desk, of: impl Fn(Command) -> Option<T>) -> Vec<T> {
    desk.side.commands.try_iter().filter_map(of).collect()
}

#[test]
fn four_answers_make_a_workspace_and_each_is_looked_at_as_it_is_typed() {
    let mut desk = welcome(&[]);
    desk.type_into("Folder to create", "/data/new");
    desk.click("Jobs: Slurm");
    let checked = asked(&desk, |command| match command {
        Command::Beside(BesideCommand::CheckAnswers { number, answers }) => Some((number, *answers)),
        _ => None,
    });
    let (number, last) = checked.last().expect("the answers are looked at").clone();
    let wanted = NewWorkspace { batch: BatchSystem::Slurm, ..NewWorkspace::at("/data/new".as_ref()) };
    assert_eq!(last, wanted);
    // An answer that makes no workspace takes the button away, and says why.
    let judged = |state: State, number: u64| {
        let answer = Answer { question: Question::Folder, state, words: "a file stands there".into() };
        Arc::new(AnswersShown { number, answers: vec![answer] })
    };
    desk.publish(|snapshot| snapshot.beside.answers = Some(judged(State::Bad, number)));
    assert!(desk.has("✖ B a file stands there"));
    desk.click("Create");
    assert_eq!(desk.commands(), []);
    // What was said of earlier answers is not said of these.
    desk.publish(|snapshot| snapshot.beside.answers = Some(judged(State::Bad, number + 7)));
    assert!(!desk.has("✖ B a file stands there"));
    desk.publish(|snapshot| snapshot.beside.answers = Some(judged(State::Ok, number)));
    desk.click("Create");
    assert_eq!(desk.commands(), [Command::Workspace(WorkspaceCommand::Create(Box::new(wanted)))]);
}

#[test]
fn a_shared_book_needs_its_address() {
    let mut desk = welcome(&[]);
    desk.type_into("Folder to create", "/data/new");
    desk.click("Book: PostgreSQL");
    desk.click("Create");
    assert_eq!(desk.commands(), [], "which book?");
    desk.type_into("Address of the book: postgresql://shifter@dqmserver/dqmon", "postgresql://shifter@dqmserver/dqmon");
    desk.click("Create");
    let book = "postgresql://shifter@dqmserver/dqmon".to_owned();
    let new = NewWorkspace { book, ..NewWorkspace::at("/data/new".as_ref()) };
    assert_eq!(desk.commands(), [Command::Workspace(WorkspaceCommand::Create(Box::new(new)))]);
}

#[test]
fn workspaces_opened_before_that_are_gone_are_marked_and_may_be_forgotten() {
    let mut desk = welcome(&["/data/here", "/data/gone"]);
    let looked_for = asked(&desk, |command| match command {
        Command::Beside(BesideCommand::LookFor(paths)) => Some(paths),
        _ => None,
    });
    assert_eq!(looked_for, [[PathBuf::from("/data/here"), PathBuf::from("/data/gone")]], "they are looked for once");
    assert!(!desk.has("∅ gone"));
    desk.publish(|snapshot| {
        let found = [("/data/here", Recent::Workspace), ("/data/gone", Recent::Gone)];
        snapshot.beside.recent = Arc::new(found.into_iter().map(|(path, stands)| (path.into(), stands)).collect());
    });
    assert!(desk.has("∅ gone"));
    desk.click("/data/here");
    assert_eq!(desk.commands(), [Command::Workspace(WorkspaceCommand::Open("/data/here".into()))]);
    desk.click("Forget /data/gone");
    assert!(!desk.has("/data/gone") && !desk.has("∅ gone"));
    assert_eq!(desk.window.state().state().recent, [PathBuf::from("/data/here")]);
}

#[test]
fn long_work_is_shown_with_what_it_does_and_is_cancelled() {
    let mut desk = welcome(&[]);
    let work = |seconds: i64, part| LongWork {
        id: 9,
        what: "demo in /data/demo".into(),
        now: "making its workspace, 3 s".into(),
        part,
        since: made_up::now() - SignedDuration::from_secs(seconds),
        can_cancel: true,
    };
    desk.publish(|snapshot| snapshot.beside.long = vec![work(0, None)]);
    assert!(!desk.has("demo in /data/demo"), "what ends at once does not flash up");
    desk.publish(|snapshot| snapshot.beside.long = vec![work(3, Some(0.5))]);
    assert!(desk.has("demo in /data/demo") && desk.has("making its workspace, 3 s"));
    desk.click("Cancel the demo in /data/demo");
    assert_eq!(desk.commands(), [Command::Beside(BesideCommand::Cancel(9))]);
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &std::path::Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("nobody reads it here".into())
    }
}

#[test]
fn a_file_dropped_onto_the_window_is_opened() {
    let mut desk = welcome(&[]);
    desk.window.input_mut().dropped_files.push(Arc::new(Dropped("/data/run7-seq0.dat".into())));
    desk.settle();
    assert_eq!(desk.commands(), [Command::Workspace(WorkspaceCommand::Open("/data/run7-seq0.dat".into()))]);
}

/// A window on a real engine with nothing open.
fn real_window() -> Harness<'static, DqmonApp> {
    let engine = engine::start(Start::default(), World::default(), Box::new(|| {}));
    let builder = Harness::builder().with_size([1280.0, 800.0]).with_context_setup(dqmon::gui::install);
    builder.build_ui_state(|ui, app: &mut DqmonApp| app.ui(ui), DqmonApp::new(engine, UiState::default()))
}

fn wait_for(window: &mut Harness<'static, DqmonApp>, words: &str) {
    let end = Instant::now() + PATIENCE;
    while window.query_all_by_label_contains(words).next().is_none() {
        assert!(Instant::now() < end, "waited in vain for {words:?} in the window");
        window.step();
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

fn type_into(window: &mut Harness<'static, DqmonApp>, field: &str, text: &str) {
    window.get_by_label(field).focus();
    window.run_steps(4);
    window.get_by_label(field).type_text(text);
    window.run_steps(4);
}

#[test]
fn a_workspace_is_created_by_clicks_and_opened_and_a_wrong_folder_says_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("november");
    let mut window = real_window();
    type_into(&mut window, "Folder to create", &root.display().to_string());
    wait_for(&mut window, "made inside the workspace");
    window.get_by_label("Create").click();
    wait_for(&mut window, "No run yet.");
    let made = Workspace::open(&root).unwrap();
    assert!(made.book().is_file() && made.settings.detector == "3x1x1");
    drop(window);
    // The folder above it is no workspace: the page says which stand in it.
    let mut window = real_window();
    type_into(&mut window, "Folder of the workspace", &folder.path().display().to_string());
    window.get_by_label("Open").click();
    wait_for(&mut window, "workspaces stand in it, open one of them");
    wait_for(&mut window, "november");
}

#[test]
fn help_says_what_is_looked_at_and_the_guide_is_searched() {
    let mut desk = Desk::at(made_up::full());
    desk.window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::H);
    desk.settle();
    assert!(desk.has("The Monitor page"), "the page");
    let item = &made_up::full().tasks[0].items[0];
    assert!(desk.has(&item.about), "the plot of the active pane: {}", item.about);
    desk.type_into("Find in the guide", "relieved");
    assert!(desk.has("Who is on shift") && !desk.has("Decide a run"), "only parts with the word");
    assert!(!desk.has("The Monitor page"));
    desk.window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::H);
    desk.settle();
    assert!(!desk.has("Find in the guide"), "the same keys close it");
}
