//! Automatic checks on a shift: read as they change, masks and references in force, alarms, commands.

use std::fmt::Write as _;
use std::fs;
use std::time::Instant;

use dqmon::engine::{self, ChecksCommand, Command, EngineHandle, Notice, Start, ViewCommand, World};
use dqmon::live::{EventLook, Live};
use dqmon::snapshot::{FigureKey, PlotView, Snapshot};
use jiff::Timestamp;
use monitasks::quality::State;
use monitasks::vocab::Run;
use serde_json::Value;

use super::workspace::{PATIENCE, Shift, said};

/// One check of the newest lifetime.
pub(super) const CHECKS: &str = "\
[[check]]
name = \"lifetime\"
task = \"purity\"
item = \"lifetime_trend\"
kind = \"range\"
take = \"last\"
ok = { from = 2.0 }
maybe = { from = 1.0 }
meaning = \"Electrons are lost on their way.\"
action = \"Look at the recirculation.\"
contact = \"purity expert\"
";

/// A workspace with results of runs whose lifetimes are these, an hour apart, and these checks.
pub(super) fn shift(checks: &str, lifetimes_us: &[f64]) -> Shift {
    let shift = Shift::new("[tasks.purity]\npoll_s = 0.2\n[tasks.lem_gain]\npoll_s = 0.2\n");
    fs::write(shift.workspace.checks_file(), checks).unwrap();
    for (run, lifetime_us) in (1..).zip(lifetimes_us) {
        result(&shift, run, *lifetime_us);
    }
    shift
}

fn result(shift: &Shift, run: u32, lifetime_us: f64) {
    let charge = 8.0 + f64::from(run);
    let text = format!(
        "190516_{:02}5200\n{lifetime_us} 80.0 {lifetime_us} 70.0\n3 {charge} 0.13 {charge} 0.12\n4 8.7 0.13 8.7 0.12\n",
        10 + run
    );
    let folder = shift.workspace.results().join("crp");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("run{run}-p1-g0.txt")), text).unwrap();
}

pub(super) fn engine_on(shift: &Shift) -> EngineHandle {
    engine::start(Start { open: Some(shift.workspace.root.clone()), read_only: false }, World::default(), Box::new(|| {}))
}

pub(super) fn until(engine: &EngineHandle, what: &str, holds: impl Fn(&Snapshot) -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds(&engine.snapshot()) {
        let now = engine.snapshot();
        assert!(Instant::now() < end, "waited in vain until {what}: {:?} {:?}", now.banners, state(&now));
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// The lifetime's leaf and branch.
fn state(snapshot: &Snapshot) -> Option<(State, State)> {
    let task = snapshot.task("purity")?;
    Some((task.items[0].glance.state, task.state))
}

/// The shift at a moment an hour after the results.
fn once(shift: &Shift, watched: Vec<FigureKey>) -> Snapshot {
    let now: Timestamp = "2016-05-19T16:00:00Z".parse().unwrap();
    let mut live = Live::read_workspace(&shift.workspace, &EventLook::default(), now).unwrap();
    live.watch(watched);
    live.snapshot(now)
}

#[test]
fn checks_are_picked_up_as_they_change_and_a_bad_file_is_refused_while_the_old_one_judges_on() {
    let shift = shift(CHECKS, &[3000.0]);
    let engine = engine_on(&shift);
    until(&engine, "the lifetime is OK", |now| state(now).is_some_and(|(leaf, _)| leaf == State::Ok));
    assert_eq!(state(&engine.snapshot()).unwrap().1, State::CannotJudge, "the drift profile lacks what stands in a .json");
    result(&shift, 2, 500.0);
    until(&engine, "the lifetime is BAD", |now| state(now) == Some((State::Bad, State::Bad)));
    let leaf = engine.snapshot().task("purity").unwrap().items[0].clone();
    assert!(leaf.glance.reason.starts_with("lifetime: view 0: 0.50"), "{}", leaf.glance.reason);
    until(&engine, "an alarm is in the book", |now| now.people.alarms.len() == 1);
    let alarm = engine.snapshot().people.alarms[0].clone();
    assert!(alarm.item == ("purity".into(), "lifetime_trend".into()) && alarm.says.contains("OK is from 2"), "{alarm:?}");

    let path = shift.workspace.checks_file();
    fs::write(&path, CHECKS.replace("range", "rnge")).unwrap();
    let refused = |now: &Snapshot| {
        let says = |text: &str| text.contains("checks.toml:5") && text.contains("stay in force");
        now.banners.iter().any(|banner| banner.is_fault && says(&banner.text))
    };
    until(&engine, "the bad file is told", refused);
    assert_eq!(state(&engine.snapshot()), Some((State::Bad, State::Bad)));
    fs::write(&path, CHECKS.replace("from = 2.0", "from = 0.4").replace("maybe = { from = 1.0 }\n", "")).unwrap();
    until(&engine, "the mended file judges", |now| !refused(now) && state(now).is_some_and(|(leaf, _)| leaf == State::Ok));
    fs::write(&path, CHECKS.replace("lifetime_trend", "lifetime_tend")).unwrap();
    until(&engine, "what is not there is told", |now| now.banners.iter().any(|banner| banner.text.contains("'lifetime_tend'")));
    fs::remove_file(&path).unwrap();
    until(&engine, "the file is forgotten", |now| !now.banners.iter().any(|banner| banner.text.contains("checks.toml")));
    assert_eq!(state(&engine.snapshot()).unwrap().0, State::Unchecked);
    // The alarm waits for a person all the same.
    let banners: Vec<String> = engine.snapshot().banners.iter().map(|banner| banner.text.clone()).collect();
    assert!(banners.len() == 1 && banners[0].contains("purity/lifetime_trend went BAD"), "{banners:?}");
}

#[test]
fn a_known_issue_masks_its_plot_and_says_who_and_until_when() {
    let shift = shift(CHECKS, &[500.0]);
    let new = ["issue", "new", "purity monitor is filled", "--item", "purity/lifetime_trend", "--expires", "2999-01-01"];
    let output = shift.run(&[&new[..], &["--who", "Ada", "--role", "expert"]].concat());
    assert!(output.status.success(), "{}", said(&output));
    let snapshot = once(&shift, Vec::new());
    let leaf = &snapshot.task("purity").unwrap().items[0];
    assert_eq!(leaf.glance.state, State::Masked, "{:?}", leaf.verdicts);
    let mask = &leaf.verdicts[0].masks[0];
    assert_eq!(mask.reason, "purity monitor is filled, until 2999-01-01 00:00 UTC (Ada)");
    let judged = shift.run(&["checks", "judge"]);
    assert!(judged.status.success() && said(&judged).contains("masked"), "{}", said(&judged));
}

#[test]
fn the_commands_list_judge_and_try_checks() {
    let shift = shift(CHECKS, &[3000.0, 1500.0, 500.0]);
    let listed = said(&shift.run(&["checks", "list"]));
    assert!(listed.contains("purity/lifetime_trend") && listed.contains("range"), "{listed}");
    let judged = shift.run(&["checks", "judge"]);
    assert_eq!(judged.status.code(), Some(1), "{}", said(&judged));
    assert!(said(&judged).contains("Call: purity expert"), "{}", said(&judged));
    let of_first = shift.run(&["checks", "judge", "--run", "run1", "--json"]);
    let json: Value = serde_json::from_slice(&of_first.stdout).unwrap();
    assert!(of_first.status.success(), "{json}");
    assert_eq!((&json["items"][0]["state"], &json["items"][0]["proposal"]), (&"ok".into(), &"OK".into()));

    let tried = shift.folder.path().join("tried.toml");
    fs::write(&tried, CHECKS.replace("from = 2.0", "from = 1.2")).unwrap();
    let before = fs::read(shift.workspace.checks_file()).unwrap();
    let output = shift.run(&["checks", "what-if", tried.to_str().unwrap(), "--json"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
    assert_eq!((output.status.code(), &json["judged"]), (Some(1), &3.into()));
    let changed = json["changed"].as_array().unwrap();
    assert_eq!(changed.len(), 1, "{json}");
    assert_eq!((&changed[0]["run"], &changed[0]["old"], &changed[0]["new"]), (&2.into(), &"maybe".into(), &"ok".into()));
    assert_eq!(fs::read(shift.workspace.checks_file()).unwrap(), before);

    fs::write(shift.workspace.checks_file(), "[[check]]\n").unwrap();
    let refused = shift.run(&["checks", "judge"]);
    assert!(refused.status.code() == Some(2) && said(&refused).contains("checks.toml:1"), "{}", said(&refused));
}

#[test]
fn plots_are_exported_with_their_bounds_and_numbers_without() {
    let shift = shift(CHECKS, &[3000.0, 500.0]);
    let exported = |name: &str, more: &[&str]| {
        let out = shift.folder.path().join(name);
        let output = shift.run(&[&["plot", "purity/lifetime_trend", "--out", out.to_str().unwrap()], more].concat());
        assert!(output.status.success(), "{}", said(&output));
        fs::read_to_string(out).unwrap()
    };
    let picture = exported("a.svg", &[]);
    assert!(picture.contains("lifetime: OK from 2") && picture.contains("BAD by lifetime"), "{picture}");
    assert!(!exported("b.svg", &["--with", "bare"]).contains("lifetime: OK"));
    assert!(!exported("c.csv", &[]).contains("lifetime: OK"));
    assert!(exported("d.svg", &["--with", "ratio"]).contains("not compared: no reference"));
}

#[test]
fn a_run_is_taken_as_reference_and_other_plots_are_shown_over_by_and_less_it() {
    let shift = shift(CHECKS, &[3000.0, 2500.0]);
    let engine = engine_on(&shift);
    until(&engine, "results are read", |now| now.task("lem_gain").is_some_and(|task| task.results == 2));
    let key = |item: &str, run| FigureKey { run: Some(Run(run)), ..FigureKey::newest("lem_gain", item) };
    assert!(engine.send(Command::Checks(ChecksCommand::TakeReference(key("dqds_by_lem", 1)))));
    let end = Instant::now() + PATIENCE;
    let notice = std::iter::repeat_with(|| engine.notice()).find_map(|notice| {
        assert!(Instant::now() < end, "waited in vain for a notice");
        std::thread::sleep(std::time::Duration::from_millis(10));
        notice.filter(|notice| !matches!(notice, Notice::Text { .. }))
    });
    let Some(Notice::Done(words)) = notice else { panic!("{notice:?}") };
    assert!(words.contains("run1-p1-g0 is the reference of lem_gain/dqds_by_lem for run1 and all after it"), "{words}");
    let text = fs::read_to_string(shift.workspace.checks_file()).unwrap();
    assert!(text.starts_with(CHECKS) && text.contains("result = \"crp/run1-p1-g0.txt\""), "{text}");

    let ratio = key("dqds_by_lem", 2).with(PlotView::Ratio);
    assert!(engine.send(Command::View(ViewCommand::Watch(vec![ratio.clone()]))));
    until(&engine, "the ratio is drawn", |now| {
        now.figures.get(&ratio).is_some_and(|figure| figure.title.contains("over its reference"))
    });
    let snapshot = once(&shift, [PlotView::Overlay, PlotView::Difference].map(|view| key("dqds_by_lem", 2).with(view)).to_vec());
    for figure in snapshot.figures.values() {
        let used = "reference: run1-p1-g0, valid for run1 and all after it";
        assert!(figure.notes.iter().any(|note| note == used), "{:?}", figure.notes);
    }
}

#[test]
fn the_verdicts_of_a_shift_read_like_this() {
    let shift = shift(dqmon::config::Workspace::NEW_CHECKS, &[3000.0, 2900.0, 3100.0, 1500.0]);
    let snapshot = once(&shift, Vec::new());
    let mut text = String::new();
    for task in snapshot.tasks.iter().filter(|task| ["purity", "charge_asymmetry"].contains(&task.name.as_str())) {
        for item in &task.items {
            let _ = writeln!(text, "{}/{}: {}", task.name, item.name, item.glance.state.words());
            for verdict in item.verdicts.iter() {
                let _ = writeln!(text, "  {} {}: {}", verdict.state().words(), verdict.check, verdict.reason());
            }
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_check_of_every_item_judges_no_event_for_it_has_no_result() {
    let checks = "[[check]]\nname = \"new_data\"\ntask = \"*\"\nitem = \"*\"\nkind = \"staleness\"\nstale_above_s = 60.0\n\
        meaning = \"Nothing new.\"\naction = \"Look.\"\ncontact = \"data manager\"\n";
    let shift = shift(checks, &[3000.0]);
    let (event, lifetime) = (FigureKey::newest("event_display", "view_0"), FigureKey::newest("purity", "lifetime_trend"));
    let now = once(&shift, vec![event.clone(), lifetime.clone()]);
    assert!(now.figures.contains_key(&event), "the event display is shown");
    assert_eq!(now.verdicts_of(&event), []);
    assert_eq!(now.verdicts_of(&lifetime).len(), 1);
}
