//! The walkthrough of the shifter's guide, on a prepared workspace: a LEM that lost gain is found, masked with an expiry, its run is
//! flagged, and the meeting's list printed. Once by the very commands that stand in the guide, once by clicks in the window on a real
//! engine.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Instant;

use dqmon::bookkeeping::{SqliteStore, Store};
use dqmon::engine::{self, Start, World};
use dqmon::gui::{DqmonApp, UiState};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use jiff::Timestamp;
use monitasks::format::sidecar::{GainSection, LemGainRow, SCHEMA, Sidecar};
use monitasks::quality::Flag;
use monitasks::summary::Measured;
use monitasks::vocab::{FileId, Group, Processing, Run};
use serde_json::Value;

use super::workspace::{PATIENCE, Shift, said};

const GUIDE: &str = include_str!("../../docs/shifter.md");
/// The LEM that has lost gain in the prepared workspace, as the result files number it.
const LEM: u32 = 7;

/// A workspace whose run 1 is processed and shows a LEM that lost gain: the result is written as an analysis of many events would have
/// written it.
fn prepared() -> Shift {
    let shift = Shift::new("[tasks.lem_gain]\npoll_s = 0.2\n[tasks.purity]\npoll_s = 0.2\n");
    shift.deliver_run();
    let processed = shift.run(&["process", "--once"]);
    assert!(processed.status.success(), "{}", said(&processed));
    let now = Timestamp::now();
    let row = |lem: u32| {
        let gain = if lem == LEM { 0.6 } else { 3.0 };
        let dqds = Measured::number(gain * 5.0, 0.1);
        LemGainRow {
            lem,
            entries: [400, 400],
            dqds: [dqds, dqds],
            effective_gain: Measured::number(gain, 0.03),
            charge_asymmetry: Measured::number(0.0, 0.01),
            tracks: 90,
        }
    };
    let lems: Vec<LemGainRow> = (1..=12).map(row).collect();
    let mut text = format!("{}\n3012.5 81.2 2987.1 79.4\n", now.strftime("%d%m%y_%H%M%S"));
    for row in &lems {
        let charge = if row.lem == LEM { 3.0 } else { 15.0 };
        text += &format!("{} {charge} 0.1 {charge} 0.1\n", row.lem);
    }
    let sidecar = Sidecar {
        schema: SCHEMA,
        run: Run(1),
        processing: Processing(1),
        lane: Some("FULL".into()),
        group: Group(0),
        members: vec![FileId::new(1, 0), FileId::new(1, 1)],
        detector: "3x1x1".into(),
        channel_map: "2017".into(),
        software: "dqmon 0.1.0".into(),
        settings: serde_json::Map::new(),
        events: 670,
        data_start: Some(now),
        data_end: Some(now),
        processed_at: now,
        purity: None,
        gain: Some(GainSection {
            dqds_unit: "fC/cm".into(),
            lifetime_us: Some(3000.0),
            attenuation_error_per_ms: None,
            mean_over_estimate: None,
            tracks: 900,
            lems,
        }),
        noise: None,
    };
    let folder = shift.workspace.results().join("crp");
    fs::write(folder.join("run1-p1-g0.json"), sidecar.to_json().unwrap()).unwrap();
    fs::write(folder.join("run1-p1-g0.txt"), text).unwrap();
    shift
}

/// The commands of the guide's walkthrough, in order.
fn commands() -> Vec<String> {
    let part = GUIDE.split_once("<!-- walkthrough -->").and_then(|(_, rest)| rest.split_once("<!-- end of walkthrough -->"));
    let (part, _) =
        part.expect("docs/shifter.md has its walkthrough between <!-- walkthrough --> and <!-- end of walkthrough -->");
    let lines = part.lines().filter(|line| line.starts_with("dqmon "));
    lines.map(str::to_owned).collect()
}

/// Runs a line of the guide as a shell in the workspace's folder would; exit status and what it said.
fn typed(shift: &Shift, line: &str) -> (i32, String) {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_dqmon")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(&shift.workspace.root).env("PATH", path).env_remove("DQMON_WORKSPACE");
    let output = shell.stdin(Stdio::null()).output().unwrap();
    (output.status.code().unwrap(), said(&output))
}

/// What the checks think of the gain map.
fn gain_map(shift: &Shift) -> (String, String) {
    let output = shift.run(&["checks", "judge", "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
    let items = report["items"].as_array().unwrap();
    let map = items.iter().find(|item| item["item"] == "lem_gain/map").unwrap();
    (map["state"].as_str().unwrap().to_lowercase(), map["verdicts"].to_string())
}

#[test]
fn the_commands_of_the_guide_find_mask_flag_and_print() {
    let shift = prepared();
    assert_eq!(gain_map(&shift).0, "bad");
    let commands = commands();
    assert!(commands.len() >= 5, "{commands:?}");
    for line in &commands {
        let (status, words) = typed(&shift, line);
        // A finding is what the first of them is for.
        assert!(status == 0 || status == 1 && line.contains("judge"), "{line}: {status}: {words}");
        if line.contains("checks judge") {
            assert!(words.contains("lem_gain/map"), "{words}");
        }
    }
    let (state, verdicts) = gain_map(&shift);
    assert!(state != "bad" && verdicts.contains("known issue"), "the mask is in force: {state} {verdicts}");
    let issues = shift.run(&["issue", "list", "--json"]);
    let issues: Value = serde_json::from_slice(&issues.stdout).unwrap();
    let mask = &issues["issues"][0];
    assert!(mask["scope"]["lems"] == "7" && mask["expires"].is_string(), "it expires: {mask}");
    let said = SqliteStore::open_read_only(&shift.workspace.book()).unwrap().overview().unwrap().said;
    let decision = said.decisions.last().expect("the run is flagged");
    assert_eq!((decision.subject.run, decision.decision.flag), (Run(1), Flag::Maybe));
    let page = fs::read_to_string(shift.workspace.root.join("meeting.html")).unwrap();
    assert!(page.contains("<html") && page.len() > 500, "{page}");
}

type Window = Harness<'static, DqmonApp>;

fn window_on(shift: &Shift) -> Window {
    let start = Start { open: Some(shift.workspace.root.clone()), read_only: false };
    let engine = engine::start(start, World::default(), Box::new(|| {}));
    let state = UiState { who: "Ada Marsh".into(), role: "shifter".into(), ..UiState::default() };
    let builder = Harness::builder().with_size([1280.0, 800.0]).with_context_setup(dqmon::gui::install);
    builder.build_ui_state(|ui, app: &mut DqmonApp| app.ui(ui), DqmonApp::new(engine, state))
}

/// Draws frames until it holds.
fn until(window: &mut Window, what: &str, holds: impl Fn(&Window) -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds(window) {
        assert!(Instant::now() < end, "waited in vain until {what}");
        window.step();
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

fn has(window: &Window, words: &str) -> bool {
    window.query_all_by_label_contains(words).next().is_some()
}

fn click(window: &mut Window, name: &str) {
    until(window, name, |window| window.query_all_by_label(name).next().is_some());
    window.get_by_label(name).click();
    window.run_steps(4);
}

fn type_into(window: &mut Window, field: &str, text: &str) {
    window.get_by_label(field).focus();
    window.run_steps(4);
    window.get_by_label(field).type_text(text);
    window.run_steps(4);
}

#[test]
fn the_same_by_clicks_in_the_window() {
    let shift = prepared();
    let mut window = window_on(&shift);
    // Find it: the gain map is BAD in the tree, and raises an alarm that stands at its pane.
    until(&mut window, "the gain map is BAD", |window| has(window, "Gain map, BAD"));
    until(&mut window, "its alarm stands at the plot", |window| has(window, "Answer the alarm of lem_gain/map"));
    // What it means, what to do, whom to call; acknowledged with a comment.
    window.query_all_by_label("Answer the alarm of lem_gain/map").next().unwrap().click();
    window.run_steps(4);
    assert!(has(&window, "It means: A LEM amplifies less") && has(&window, "Call: LEM expert"));
    type_into(&mut window, "Comment on the alarm", "LEM 7 lost gain");
    click(&mut window, "Acknowledge this alarm");
    until(&mut window, "it is acknowledged", |window| has(window, "acknowledged by Ada Marsh"));
    // Mask it for a week.
    click(&mut window, "Menu of LEM gain: Gain map");
    click(&mut window, "Known issue or mask…");
    type_into(&mut window, "What is known", "LEM 7 lost gain");
    type_into(&mut window, "LEMs that are masked", "7");
    click(&mut window, "Say that it is known");
    until(&mut window, "the map is not BAD any more", |window| !has(window, "Gain map, BAD"));
    // Acknowledged and well again, the alarm is over.
    until(&mut window, "the alarm is over", |window| !has(window, "Answer the alarm of lem_gain/map"));
    // Flag the run.
    click(&mut window, "Run 1, UNCHECKED");
    type_into(&mut window, "Comment", "LEM 7 lost gain");
    click(&mut window, "Decide MAYBE");
    until(&mut window, "the run is flagged", |window| has(window, "Run 1, MAYBE"));
    // Print the meeting's list.
    window.key_press(egui::Key::F5);
    window.run_steps(4);
    click(&mut window, "Print as HTML");
    let reports = shift.workspace.root.join("reports");
    until(&mut window, "the page is written", |_| fs::read_dir(&reports).is_ok_and(|entries| entries.count() == 1));
}
