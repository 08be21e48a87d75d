//! Tasks that are added, changed, broken and mended while the window is open: written in TOML, and programs.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use dqmon::engine::{self, Command, EngineHandle, Start, ViewCommand, World};
use dqmon::snapshot::{FigureKey, Snapshot, TaskNode};
use monitasks::figure::{Figure, Layer};
use monitasks::quality::State;

use super::workspace::{PATIENCE, Shift, said};

/// What a leaf says of itself.
struct Leaf {
    state: State,
    value: String,
}

fn engine_on(shift: &Shift) -> EngineHandle {
    // The results here are years old, as the checks of a new workspace would say.
    fs::remove_file(shift.workspace.checks_file()).unwrap();
    engine::start(Start { open: Some(shift.workspace.root.clone()), read_only: false }, World::default(), Box::new(|| {}))
}

fn until(engine: &EngineHandle, what: &str, holds: impl Fn(&Snapshot) -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds(&engine.snapshot()) {
        let now = engine.snapshot();
        let tasks: Vec<&TaskNode> = now.tasks.iter().filter(|task| task.name == "gas").collect();
        assert!(Instant::now() < end, "waited in vain until {what}: {:?} {tasks:?}", now.banners);
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn leaf(snapshot: &Snapshot, item: &str) -> Option<Leaf> {
    let glance = &snapshot.task("gas")?.items.iter().find(|leaf| leaf.name == item)?.glance;
    Some(Leaf { state: glance.state, value: glance.text.clone() })
}

fn has(snapshot: &Snapshot, item: &str, value: &str) -> bool {
    leaf(snapshot, item).is_some_and(|leaf| leaf.value == value && leaf.state == State::Unchecked)
}

/// The branch is red, and its message says this.
fn is_red(snapshot: &Snapshot, words: &str) -> bool {
    let Some(task) = snapshot.task("gas") else { return false };
    task.state == State::CannotJudge && task.fault.as_ref().is_some_and(|fault| fault.contains(words))
}

fn is_well(snapshot: &Snapshot) -> bool {
    snapshot.task("gas").is_some_and(|task| task.fault.is_none()) && !snapshot.banners.iter().any(|banner| banner.is_fault)
}

/// How many points the trend that is watched has.
fn points(snapshot: &Snapshot) -> usize {
    let figure = snapshot.figures.get(&FigureKey::newest("gas", "trend"));
    let of_layer = |layer: &Layer| if let Layer::Points { points, .. } = layer { points.len() } else { 0 };
    figure.map_or(0, |figure: &std::sync::Arc<Figure>| figure.layers.iter().map(of_layer).sum())
}

fn result(shift: &Shift, name: &str, text: &str) {
    let folder = shift.workspace.results().join("gas");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), text).unwrap();
}

fn tasks(shift: &Shift) -> PathBuf {
    let folder = shift.workspace.root.join("tasks");
    fs::create_dir_all(&folder).unwrap();
    folder
}

const TOML: &str = r#"
name = "gas"
title = "Gas"
about = "Pressure of the gas."
folder = "gas"
suffix = ".csv"
poll_s = 0.1
format = "csv"
stamp = "time_s"
columns = [{ name = "time_s" }, { name = "pressure_mbar", unit = "mbar" }]
[[item]]
name = "trend"
title = "Pressure"
about = "Flat."
plot = "trend"
y = ["pressure_mbar"]
"#;

#[test]
fn a_task_in_toml_is_added_broken_and_mended_while_the_window_is_open() {
    let shift = Shift::new("");
    let engine = engine_on(&shift);
    let _ = engine.send(Command::View(ViewCommand::Watch(vec![FigureKey::newest("gas", "trend")])));
    until(&engine, "the window is open", |now| now.task("purity").is_some());
    let file = tasks(&shift).join("gas.toml");
    fs::write(&file, TOML.replace("columns", "colums")).unwrap();
    until(&engine, "a file that was never good is a red branch", |now| {
        is_red(now, "'colums'") && now.banners.iter().any(|banner| banner.text.contains("gas.toml:"))
    });
    fs::write(&file, TOML).unwrap();
    until(&engine, "the mended one has its leaf", |now| is_well(now) && leaf(now, "trend").is_some());
    result(&shift, "run1.csv", "note,time_s,pressure_mbar\n\"quiet, cold\",1501588800,1012.5\n");
    result(&shift, "run2.csv", "note,time_s,pressure_mbar\nquiet,1501592400,1013.5\n");
    until(&engine, "two runs are shown", |now| has(now, "trend", "1013.5 mbar") && points(now) == 2);
    fs::write(&file, TOML.replace("\"trend\"\ny", "\"trnd\"\ny")).unwrap();
    until(&engine, "the broken one is red", |now| is_red(now, "'trnd'") && is_red(now, "the last good 'gas' stays"));
    assert!(points(&engine.snapshot()) == 2 && has(&engine.snapshot(), "trend", "1013.5 mbar"), "the old one keeps its plots");
    result(&shift, "run3.csv", "time_s,pressure_mbar\n1501596000,1014\n");
    until(&engine, "the old one reads on", |now| points(now) == 3);
    fs::write(&file, TOML.replace("Flat.", "Flat!").replace("pressure_mbar\"]", "pressure_mbar\"]\nvalue = \"mean\"")).unwrap();
    until(&engine, "the mended one is in force", |now| {
        is_well(now) && points(now) == 3 && now.task("gas").is_some_and(|task| task.items[0].about == "Flat!")
    });
    fs::write(&file, TOML.replace("time_s", "moment")).unwrap();
    let says = |now: &Snapshot| now.task("gas").is_some_and(|task| task.unread.iter().any(|(_, why)| why.contains("\"moment\"")));
    until(&engine, "what the results lack is said", |now| says(now) && now.task("gas").unwrap().unread.len() == 3);
    fs::remove_file(&file).unwrap();
    until(&engine, "a removed one goes", |now| now.task("gas").is_none() && now.banners.is_empty());
}

const PROGRAM: &str = include_str!("../../assets/tasks/gas.py");
const PROGRAM_TOML: &str = include_str!("../../assets/tasks/gas.toml");

#[test]
fn a_program_is_added_broken_and_mended_while_the_window_is_open() {
    let shift = Shift::new("");
    let engine = engine_on(&shift);
    let _ = engine.send(Command::View(ViewCommand::Watch(vec![FigureKey::newest("gas", "trend")])));
    let (script, file) = (tasks(&shift).join("gas.py"), tasks(&shift).join("gas.toml"));
    result(&shift, "run1.txt", "1501588800 1012.5 0.5\n");
    result(&shift, "run2.txt", "1501592400 1013.5 0.5\n");
    fs::write(&file, format!("poll_s = 0.1\n{PROGRAM_TOML}")).unwrap();
    until(&engine, "a program that is not there is a red branch", |now| {
        is_red(now, "gas.py") && is_red(now, "ended with status 2")
    });
    fs::write(&script, PROGRAM).unwrap();
    until(&engine, "it is noticed and reads", |now| is_well(now) && points(now) == 2 && has(now, "trend", "1013.5 ± 0.5 mbar"));
    // Broken before it says anything: the old one goes on.
    fs::write(&script, PROGRAM.replace("import json", "import jsn")).unwrap();
    until(&engine, "the broken one is red", |now| is_red(now, "the last good 'gas' stays") && is_red(now, "'jsn'"));
    result(&shift, "run3.txt", "1501596000 1014.5 0.5\n");
    until(&engine, "the old one reads on", |now| points(now) == 3);
    // Broken where it reads: what was read before stays.
    fs::write(&script, PROGRAM.replace("    rows = ", "    raise RuntimeError('no calibration')\n    rows = ")).unwrap();
    until(&engine, "the failing one is red", |now| is_red(now, "no calibration"));
    assert!(points(&engine.snapshot()) == 3 && leaf(&engine.snapshot(), "trend").is_some(), "the old one keeps its plots");
    let slower = PROGRAM.replace("    rows = ", "    __import__('time').sleep(0.3)\n    rows = ");
    fs::write(&script, slower.replace("Pressure trend", "Slow trend")).unwrap();
    until(&engine, "the mended one has its plots, none of which was away", |now| {
        assert_eq!(points(now), 3);
        is_well(now) && now.task("gas").is_some_and(|task| task.items[1].title == "Slow trend" && task.unread.is_empty())
    });
    fs::remove_file(&file).unwrap();
    until(&engine, "a removed one goes", |now| now.task("gas").is_none());
}

#[test]
fn a_program_that_hangs_delays_its_own_leaves_alone() {
    let shift = Shift::new("");
    let hangs = PROGRAM.replace("    rows = ", "    __import__('time').sleep(600)\n    rows = ");
    fs::write(tasks(&shift).join("gas.py"), hangs).unwrap();
    fs::write(tasks(&shift).join("gas.toml"), PROGRAM_TOML).unwrap();
    fs::write(tasks(&shift).join("other.toml"), TOML.replace("\"gas\"", "\"other\"")).unwrap();
    result(&shift, "run1.txt", "1501588800 1012.5 0.5\n");
    let engine = engine_on(&shift);
    until(&engine, "it has its leaves", |now| leaf(now, "trend").is_some());
    let folder = shift.workspace.results().join("other");
    fs::create_dir_all(&folder).unwrap();
    let begun = Instant::now();
    fs::write(folder.join("run1.csv"), "time_s,pressure_mbar\n1501588800,1012.5\n").unwrap();
    until(&engine, "the other task reads", |now| {
        now.task("other").is_some_and(|task| task.items[0].glance.text == "1012.5 mbar")
    });
    assert!(begun.elapsed() < Duration::from_secs(8), "the other task waited for {:?}", begun.elapsed());
    assert!(leaf(&engine.snapshot(), "trend").is_some_and(|leaf| leaf.state == State::NoData));
}

#[test]
fn commands_list_and_plot_tasks_of_all_kinds() {
    let shift = Shift::new("");
    for arguments in [
        ["tasks", "new", "spread", "--from", "csv", "--example"].as_slice(),
        &["tasks", "new", "noise_run", "--from", "json", "--example"],
        &["tasks", "new", "charge_run", "--from", "root", "--example"],
        &["tasks", "new", "level", "--from", "text", "--example"],
        &["tasks", "new", "gas_csv", "--kind", "program", "--from", "csv", "--example"],
        &["tasks", "new", "gas_json", "--kind", "program", "--from", "json", "--example"],
        &["tasks", "new", "gas_text", "--kind", "program", "--from", "text", "--example"],
    ] {
        let output = shift.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    }
    let output = shift.run(&["tasks", "--json"]);
    assert!(output.status.success(), "{}", said(&output));
    let listed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for (task, item) in [
        ("spread", "rows"),
        ("spread", "trend"),
        ("noise_run", "rows"),
        ("noise_run", "spread"),
        ("noise_run", "trend"),
        ("charge_run", "charge"),
        ("charge_run", "trend"),
        ("level", "rows"),
        ("level", "trend"),
        ("gas_csv", "rows"),
        ("gas_json", "trend"),
        ("gas_text", "rows"),
        ("gas_text", "trend"),
    ] {
        let node = listed["tasks"].as_array().unwrap().iter().find(|node| node["name"] == task);
        assert_eq!(node.map(|node| &node["results"]), Some(&2.into()), "{task}: {node:?}");
        let out = shift.folder.path().join(format!("{task}-{item}.json"));
        let output = shift.run(&["plot", &format!("{task}/{item}"), "--out", out.to_str().unwrap()]);
        assert!(output.status.success(), "{task}/{item}: {}", said(&output));
        let figure: Figure = serde_json::from_slice(&fs::read(&out).unwrap()).unwrap();
        assert!(!figure.layers.is_empty() && figure.empty.is_none(), "{task}/{item}: {figure:?}");
    }
    // Nothing that is there is written over, and a broken one is told.
    let output = shift.run(&["tasks", "new", "spread"]);
    assert!(output.status.code() == Some(2) && said(&output).contains("there is such a file already"), "{}", said(&output));
    fs::write(tasks(&shift).join("gas_text.py"), "import nothing_like_it\n").unwrap();
    let output = shift.run(&["tasks"]);
    assert!(output.status.code() == Some(2) && said(&output).contains("nothing_like_it"), "{}", said(&output));
}

#[test]
fn a_skeleton_in_rust_compiles_and_shows_what_it_reads() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let checkout = folder.path();
    // With what tests of the crate include.
    for part in ["monitasks", "assets", "docs"] {
        copy(&root.join(part), &checkout.join(part));
    }
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let (workspace, rest) = manifest.split_once("[package]").unwrap();
    let profile = &rest[rest.find("[profile.dev]").unwrap()..];
    fs::write(checkout.join("Cargo.toml"), format!("{workspace}{profile}")).unwrap();
    for file in ["Cargo.lock", "rust-toolchain.toml"] {
        fs::copy(root.join(file), checkout.join(file)).unwrap();
    }
    let output = super::workspace::dqmon()
        .args(["tasks", "new", "liquid_level", "--kind", "rust", "--checkout"])
        .arg(checkout)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let mut cargo = std::process::Command::new(option_env!("CARGO").unwrap_or("cargo"));
    cargo.current_dir(checkout).env("CARGO_TARGET_DIR", root.join("target/skeleton"));
    cargo.args(["test", "--offline", "-p", "monitasks", "--lib", "--", "liquid_level", "--nocapture"]);
    let output = cargo.output().unwrap();
    assert!(output.status.success() && said(&output).contains("1 passed"), "{}", said(&output));
    assert!(said(&output).contains("\"title\": \"Liquid level\""), "{}", said(&output));
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
