//! The doctor: its window by clicks, its round on a real engine, and `dqmon doctor` on workspaces with something wrong.

use std::fs;
use std::sync::Arc;
use std::time::Instant;

use dqmon::engine::{self, BesideCommand, Command, Start, World};
use dqmon::snapshot::{DoctorShown, Finding, Snapshot};
use egui::Key;
use monitasks::quality::State;
use serde_json::Value;

use super::made_up;
use super::window_clicks::Desk;
use super::workspace::{PATIENCE, Shift, dqmon, said};

fn finding(check: &'static str, state: State, what: &str) -> Finding {
    let is_fine = state == State::Ok;
    let text = |words: &str| if is_fine { String::new() } else { words.to_owned() };
    Finding { check, state, what: what.into(), why: text("files wait"), mend: text("mkdir -p '/w/incoming'") }
}

fn round(done: usize, findings: Vec<Finding>) -> Option<Arc<DoctorShown>> {
    let now = if done < 3 { "book" } else { "" };
    Some(Arc::new(DoctorShown { root: None, at: made_up::now(), done: (done, 3), now, is_cancelled: false, findings }))
}

#[test]
fn the_doctor_is_called_from_the_welcome_page_and_the_palette_shows_its_round_and_is_stopped() {
    let mut desk = Desk::at(Snapshot::nothing(made_up::now()));
    desk.click("Call the doctor…");
    assert_eq!(desk.commands(), [Command::Beside(BesideCommand::Doctor)]);
    desk.publish(|snapshot| snapshot.beside.doctor = round(1, vec![finding("clock", State::Ok, "kept")]));
    assert!(desk.has("looks at: book"));
    desk.click("Stop looking");
    assert_eq!(desk.commands(), [Command::Beside(BesideCommand::StopDoctor)]);
    let found = vec![finding("clock", State::Ok, "kept"), finding("folders", State::Bad, "missing: /w/incoming")];
    desk.publish(|snapshot| snapshot.beside.doctor = round(3, found));
    assert!(desk.has("3 of 3 looks, 1 thing to see to"));
    for words in ["folders: missing: /w/incoming", "files wait", "mkdir -p '/w/incoming'"] {
        assert!(desk.has(words), "{words}");
    }
    assert!(!desk.has("clock: kept"));
    desk.click("What is well too");
    assert!(desk.has("clock: kept"));
    desk.window.key_press(Key::Escape);
    desk.settle();
    assert!(!desk.has("folders: missing: /w/incoming"), "Esc closes it");
    desk.publish(|snapshot| *snapshot = made_up::full());
    desk.window.key_press_modifiers(egui::Modifiers::COMMAND, Key::K);
    desk.settle();
    desk.type_into("Command, item or run", "doctor");
    desk.window.key_press(Key::Enter);
    desk.settle();
    assert!(desk.commands().contains(&Command::Beside(BesideCommand::Doctor)));
}

#[test]
fn the_window_s_doctor_looks_at_the_workspace_that_is_open() {
    let shift = Shift::new("");
    fs::remove_dir_all(shift.workspace.root.join("results")).unwrap();
    let start = Start { open: Some(shift.workspace.root.clone()), read_only: true };
    let engine = engine::start(start, World::default(), Box::new(|| {}));
    let end = Instant::now() + PATIENCE;
    let until = |holds: &dyn Fn(&Snapshot) -> bool| {
        while !holds(&engine.snapshot()) {
            assert!(Instant::now() < end, "waited in vain: {:?}", engine.snapshot().beside);
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    };
    until(&|now| now.workspace.is_some());
    assert!(engine.send(Command::Beside(BesideCommand::Doctor)));
    until(&|now| now.beside.doctor.as_ref().is_some_and(|doctor| doctor.is_over()));
    let shown = engine.snapshot().beside.doctor.clone().unwrap();
    assert_eq!(shown.root.as_ref(), Some(&shift.workspace.root));
    let lacks =
        |finding: &Finding| finding.check == "folders" && finding.what.contains("results") && finding.mend.contains("mkdir -p");
    assert!(shown.findings.iter().any(lacks), "{:?}", shown.findings);
}

/// Exit status and report of `dqmon doctor --json`.
fn doctor(shift: &Shift) -> (i32, Value) {
    let output = shift.run(&["doctor", "--json"]);
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
    (output.status.code().unwrap(), report)
}

/// What is wrong at one look: state, what, mend.
fn of(report: &Value, check: &str) -> Vec<(String, String, String)> {
    let rows = report["findings"].as_array().unwrap().iter().filter(|row| row["check"] == check);
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    rows.map(|row| (text(row, "state"), text(row, "what"), text(row, "mend"))).collect()
}

#[test]
fn the_command_tells_what_is_wrong_with_what_mends_it_and_its_status_says_so() {
    let settings = "[batch]\nsystem = \"slurm\"\ncommands_folder = \"nowhere\"\n[transfer]\ncentral = \"central\"\n\
                    [mail]\nto = [\"a@b\"]\nserver = \"127.0.0.1\"\nport = 1\nencryption = \"none\"\n";
    let shift = Shift::new(settings);
    fs::remove_dir_all(shift.workspace.root.join("processing/todo")).unwrap();
    fs::write(shift.workspace.root.join("tasks/mine.toml"), "nonsense = 1\n").unwrap();
    let (status, report) = doctor(&shift);
    assert_eq!(status, 1);
    for (check, what, mend) in [
        ("folders", "processing/todo", "mkdir -p"),
        ("batch system", "sbatch", "slurm-client"),
        ("central copy", "no such folder", "mkdir -p"),
        ("mail", "127.0.0.1:1 does not answer", "[mail] server"),
        ("tasks and checks", "mine.toml", "$EDITOR"),
        ("backend", "none runs", "process"),
    ] {
        let found = of(&report, check);
        assert!(found.iter().any(|row| row.0 != "ok" && row.1.contains(what) && row.2.contains(mend)), "{check}: {found:?}");
    }
    assert!(of(&report, "book").iter().all(|row| row.0 == "ok"), "{:?}", of(&report, "book"));
    // A command that mends a folder mends it.
    let (_, _, mend) = of(&report, "folders").remove(0);
    assert!(std::process::Command::new("sh").args(["-c", &mend]).status().unwrap().success());
    assert!(of(&doctor(&shift).1, "folders").iter().all(|row| row.0 == "ok"));
}

#[test]
fn settings_that_are_refused_are_a_finding_and_a_folder_that_is_no_workspace_a_failure() {
    let shift = Shift::new("");
    fs::write(shift.workspace.root.join("dqmon.toml"), "[people]\nnicks = 1\n").unwrap();
    let (status, report) = doctor(&shift);
    let found = of(&report, "settings");
    assert!(status == 1 && found[0].1.contains("nicks") && found[0].2.contains("+2"), "{found:?}");
    let nowhere = dqmon().args(["-w", "/nowhere/at/all", "doctor"]).output().unwrap();
    assert_eq!(nowhere.status.code(), Some(2), "{}", said(&nowhere));
}

#[test]
fn a_machine_is_looked_at_with_no_workspace_around() {
    let empty = tempfile::tempdir().unwrap();
    let output = dqmon().arg("doctor").arg("--all").current_dir(empty.path()).output().unwrap();
    let words = said(&output);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{words}");
    for look in ["clock: ", "open files: ", "notices of files: ", "display: ", "fonts and pictures: ", "disk space: "] {
        assert!(words.contains(look), "{look}: {words}");
    }
    assert!(!words.contains("book: ") && words.contains("no workspace was found"), "{words}");
}

#[test]
fn init_takes_the_same_answers_as_the_welcome_page() {
    let folder = tempfile::tempdir().unwrap();
    let daq = folder.path().join("daq");
    fs::create_dir_all(&daq).unwrap();
    let root = folder.path().join("shift");
    let init = |extra: &[&str]| {
        let mut command = dqmon();
        command.arg("init").arg(&root).args(extra);
        command.output().unwrap()
    };
    let refused = init(&["--detector", "4x4"]);
    assert!(refused.status.code() == Some(2) && said(&refused).contains("3x1x1"), "{}", said(&refused));
    let refused = init(&["--book", "postgresql://a:s3cret@127.0.0.1/d"]);
    assert!(refused.status.code() == Some(2) && !said(&refused).contains("s3cret"), "{}", said(&refused));
    let refused = init(&["--book", "postgresql://a@127.0.0.1:1/d"]);
    assert!(refused.status.code() == Some(2) && !root.exists(), "nothing is made while the book is away: {}", said(&refused));
    let made = init(&["--incoming", daq.to_str().unwrap(), "--batch", "local", "--book", "books/november.sqlite"]);
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    let workspace = dqmon::config::Workspace::open(&root).unwrap();
    assert_eq!(workspace.incoming(), daq);
    assert!(workspace.book().ends_with("books/november.sqlite") && workspace.book().is_file());
    let again = init(&[]);
    assert!(again.status.code() == Some(2) && said(&again).contains("workspace already"), "{}", said(&again));
}

#[test]
fn init_of_what_is_not_there_yet_is_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("shift");
    let mut command = dqmon();
    let output = command.arg("init").arg(&root).args(["--incoming", "/not/mounted/yet"]).output().unwrap();
    assert!(output.status.code() == Some(1) && said(&output).contains("not there yet"), "{}", said(&output));
    assert!(root.join("dqmon.toml").is_file());
}
