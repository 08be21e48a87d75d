//! The night in which a LEM died, as the program makes it: a past workspace with nothing wrong in it but what the story says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use dqmon::bookkeeping::{DecisionSubject, FailureClass, PassStep, SqliteStore, Store};
use dqmon::decisions::alarms::{Alarm, AlarmState};
use dqmon::decisions::known_issues::KnownIssue;
use dqmon::decisions::problems::{Problem, ProblemState};
use dqmon::decisions::{shifts, standing};
use dqmon::replay::PastShift;
use jiff::Timestamp;
use monitasks::format::sidecar::Sidecar;
use monitasks::quality::{Flag, State};
use monitasks::vocab::Run;
use serde_json::Value;

use super::workspace::{dqmon, said};

/// A night, made once for all tests that only look at it.
pub fn night() -> &'static Path {
    static NIGHT: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, root) = NIGHT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("night");
        make(&root, &[]);
        (folder, root)
    });
    root
}

/// Makes a night of one's own.
pub fn make(root: &Path, options: &[&str]) {
    let made = dqmon().args(["demo", "--night"]).args(options).arg(root).output().unwrap();
    assert!(made.status.success(), "{}", said(&made));
}

fn on(root: &Path, arguments: &[&str]) -> Output {
    dqmon().arg("-w").arg(root).args(arguments).output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(output)))
}

fn book(root: &Path) -> SqliteStore {
    SqliteStore::open_read_only(&root.join("book.sqlite")).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// All files below a folder with their bytes and the times at which they were written.
fn files_below(root: &Path) -> BTreeMap<PathBuf, (Vec<u8>, Timestamp)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let written = Timestamp::try_from(fs::metadata(&path).unwrap().modified().unwrap()).unwrap();
            found.insert(path.strip_prefix(root).unwrap().to_owned(), (fs::read(&path).unwrap(), written));
        }
    }
    found
}

#[test]
fn the_flags_are_those_of_the_story() {
    let overview = book(night()).overview().unwrap();
    let decisions = &overview.said.decisions;
    let flag =
        |run: u32| decisions.iter().rfind(|one| one.subject == DecisionSubject::run(Run(run))).map(|one| one.decision.flag);
    for run in 1..=13 {
        let expected = match run {
            5 | 9 | 11 | 12 => Some(Flag::Maybe),
            10 => Some(Flag::Bad),
            13 => None,
            _ => Some(Flag::Ok),
        };
        assert_eq!(flag(run), expected, "run {run}");
    }
    let of_nine: Vec<_> = decisions.iter().filter(|one| one.subject.run == Run(9)).collect();
    assert_eq!(of_nine.iter().map(|one| one.decision.flag).collect::<Vec<_>>(), [Flag::Ok, Flag::Maybe]);
    assert_eq!([of_nine[0].at, of_nine[1].at], [at("2016-11-21T01:40:00Z"), at("2016-11-21T02:05:00Z")]);
    assert_eq!(of_nine[1].supersedes, [of_nine[0].entry]);
    assert_eq!((overview.runs.len(), overview.files.len(), overview.passes.len(), overview.groups.len()), (13, 39, 39, 13));
    assert!(overview.passes.iter().all(|pass| pass.step == PassStep::Analysed && pass.failure.is_none()));
}

#[test]
fn what_people_and_checks_said_stands_in_the_order_of_the_night() {
    let store = book(night());
    let entries = store.entries_after(0, 10_000).unwrap();
    let times: Vec<Timestamp> = entries.iter().map(|entry| entry.at).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert!(times[0] >= at("2016-11-20T20:00:00Z") && *times.last().unwrap() < at("2016-11-21T04:00:00Z"));
    let (alarms, _) = standing::all::<Alarm>(&store).unwrap();
    let map = alarms.iter().find(|alarm| alarm.id == "lem_gain/map").expect("the alarm of the LEM");
    assert_eq!((map.body.state, map.body.raised), (AlarmState::Over, at("2016-11-21T02:02:40Z")));
    assert_eq!(map.body.acknowledged.as_ref().unwrap().who, "Ada Marsh");
    let (problems, _) = standing::all::<Problem>(&store).unwrap();
    let states: BTreeMap<&str, ProblemState> =
        problems.iter().map(|one| (one.body.place.item.as_deref().unwrap(), one.body.state)).collect();
    assert_eq!(states, [("lem_gain/map", ProblemState::InWork), ("purity/lifetime_trend", ProblemState::Closed)].into());
    let (issues, _) = standing::all::<KnownIssue>(&store).unwrap();
    assert!(issues.iter().all(|issue| issue.body.scope.lems.has(7) && !issue.body.scope.lems.has(6)), "{issues:?}");
    let mut expire: Vec<_> = issues.iter().map(|issue| (issue.body.scope.to, issue.body.expires)).collect();
    expire.sort();
    assert_eq!(expire, [(None, Some(at("2016-11-23T08:15:00Z"))), (Some(Run(13)), None)]);
    let (all, _) = standing::all::<shifts::Shift>(&store).unwrap();
    let mut who: Vec<_> = all.iter().map(|shift| (shift.body.from, shift.body.who.as_str(), shift.body.is_on())).collect();
    who.sort();
    assert_eq!(who.iter().map(|(_, who, on)| (*who, *on)).collect::<Vec<_>>(), [("Ada Marsh", false), ("Bo Lind", true)]);
}

#[test]
fn two_jobs_did_not_end_well_and_were_tried_again() {
    let store = book(night());
    let bad = |run: u32| -> Vec<u32> {
        let jobs = store.jobs_of(Run(run)).unwrap();
        jobs.iter().filter(|job| job.reason.is_some()).map(|job| job.attempt).collect()
    };
    assert_eq!((1..=13).filter(|run| !bad(*run).is_empty()).collect::<Vec<_>>(), [3, 7]);
    let failures = store.failures_since(Timestamp::UNIX_EPOCH).unwrap();
    let classes: Vec<&str> = failures.iter().filter_map(|told| told.detail["class"].as_str()).collect();
    assert_eq!(classes, [FailureClass::Memory.word()]);
    let story = store.story_since(Timestamp::UNIX_EPOCH).unwrap();
    assert!(story.is_sorted_by_key(|told| told.at), "the story is in the order of time");
}

#[test]
fn the_workspace_opens_with_no_fault() {
    let root = night();
    let status = on(root, &["status"]);
    assert!(status.status.success(), "{}", said(&status));
    for what in ["run9", "run9-seq2", "run7-seq2"] {
        let shown = on(root, &["show", what]);
        assert!(shown.status.success(), "{what}: {}", said(&shown));
    }
    let verified = on(root, &["book", "verify"]);
    assert!(verified.status.success(), "{}", said(&verified));
    let runs = json(&on(root, &["runs", "--json"]));
    assert_eq!(runs["runs"].as_array().unwrap().len(), 13, "{runs}");
    let judged = json(&on(root, &["checks", "judge", "--json"]));
    let bad: Vec<&Value> = judged["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["state"].as_str().unwrap().eq_ignore_ascii_case("bad"))
        .collect();
    assert!(bad.is_empty(), "LEM 7 is masked in these runs, so that a window raises no alarm of today: {bad:#?}");
}

/// What the doctor may say of a night that is long over: no backend runs. What it says of the machine is not the night's.
#[test]
fn the_doctor_finds_nothing_but_what_is_of_the_past() {
    let looked = on(night(), &["doctor", "--json"]);
    let report = json(&looked);
    let findings = report["findings"].as_array().unwrap_or_else(|| panic!("{report}"));
    let odd: Vec<&Value> = findings
        .iter()
        .filter(|found| !matches!(found["state"].as_str(), Some("OK" | "ok" | "Ok")))
        .filter(|found| !["backend", "display", "disk space"].contains(&found["check"].as_str().unwrap_or_default()))
        .collect();
    assert!(odd.is_empty(), "{odd:#?}");
}

#[test]
fn every_leaf_has_data() {
    let root = night();
    let tree = json(&on(root, &["tasks", "--json"]));
    let folder = tempfile::tempdir().unwrap();
    let mut drawn = 0;
    for task in tree["tasks"].as_array().unwrap_or_else(|| panic!("{tree}")) {
        let name = task["name"].as_str().unwrap();
        assert!(task["fault"].is_null() && task["unread"].as_array().unwrap().is_empty(), "{task}");
        for item in task["items"].as_array().unwrap() {
            let item = format!("{name}/{}", item["name"].as_str().unwrap());
            let out = folder.path().join(format!("{drawn}.json"));
            let plotted = on(root, &["plot", &item, "--out", out.to_str().unwrap()]);
            assert!(plotted.status.success(), "{item}: {}", said(&plotted));
            let plot: Value = serde_json::from_slice(&fs::read(&out).unwrap()).unwrap();
            let layers = plot["layers"].as_array().map_or(0, Vec::len);
            assert!(plot["empty"].is_null() && layers > 0, "{item} has no data: {plot}");
            drawn += 1;
        }
    }
    assert!(drawn > 30, "{drawn} plots");
}

#[test]
fn results_say_when_in_the_night_they_were_made_and_the_gain_falls_to_nothing() {
    let files = files_below(&night().join("results"));
    assert!(files.len() > 150, "{} files", files.len());
    let mut gains = Vec::new();
    for (path, (bytes, written)) in &files {
        assert!(
            *written >= at("2016-11-20T20:00:00Z") && *written <= at("2016-11-21T04:00:00Z"),
            "{}: {written}",
            path.display()
        );
        if path.extension().is_some_and(|ending| ending == "json") {
            let sidecar = Sidecar::parse(bytes).unwrap();
            assert_eq!(sidecar.processed_at.as_second(), written.as_second(), "{}", path.display());
            assert!(sidecar.data_end.unwrap() < *written, "{}", path.display());
            if let Some(gain) = sidecar.gain {
                let row = gain.lems.iter().find(|row| row.lem == 7).unwrap();
                gains.push((sidecar.run, row.effective_gain.value().unwrap()));
            }
        }
    }
    gains.sort_by_key(|(run, _)| *run);
    assert_eq!(gains.len(), 13);
    for (run, gain) in gains {
        assert!(if run < Run(10) { gain > 2.3 } else { gain < 0.1 }, "{run}: {gain}");
    }
}

#[test]
fn a_seed_gives_the_same_results_and_another_one_others() {
    let folder = tempfile::tempdir().unwrap();
    let [same, other] = ["same", "other"].map(|name| folder.path().join(name));
    make(&same, &[]);
    make(&other, &["--seed", "2"]);
    let results = |root: &Path| files_below(&root.join("results"));
    assert!(results(night()) == results(&same), "the same seed gives the same bytes and times");
    let (first, second) = (results(&same), results(&other));
    assert_ne!(first.get(Path::new("crp/run1-p1-g0.txt")), second.get(Path::new("crp/run1-p1-g0.txt")));
}

#[test]
fn a_folder_that_is_there_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("night");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("mine.txt"), "mine").unwrap();
    make(&root, &[]);
    assert_eq!(fs::read_dir(&root).unwrap().count(), 1);
    assert!(folder.path().join("night-2/dqmon.toml").is_file());
}

/// Names of the plots that are BAD in the replay at an instant.
fn bad_at(past: &mut PastShift, when: &str) -> Vec<String> {
    let snapshot = past.snapshot(at(when)).unwrap();
    let items = snapshot.tasks.iter().flat_map(|task| task.items.iter().map(move |item| (task, item)));
    let bad = items.filter(|(_, item)| item.glance.state == State::Bad);
    bad.map(|(task, item)| format!("{}/{}", task.name, item.name)).collect()
}

#[test]
fn in_the_replay_the_plots_are_as_the_story_tells() {
    let mut past = PastShift::open(night(), None).unwrap();
    for (when, run_nine, is_bad) in [
        ("2016-11-20T20:50:00Z", None, false),
        ("2016-11-20T23:10:00Z", None, false),
        ("2016-11-21T01:39:00Z", Some(Flag::Unchecked), false),
        ("2016-11-21T01:41:00Z", Some(Flag::Ok), false),
        ("2016-11-21T02:03:00Z", Some(Flag::Ok), true),
        ("2016-11-21T02:14:00Z", Some(Flag::Maybe), true),
        ("2016-11-21T02:16:00Z", Some(Flag::Maybe), false),
        ("2016-11-21T03:59:00Z", Some(Flag::Maybe), false),
    ] {
        let expected: &[&str] = if is_bad { &["lem_gain/map"] } else { &[] };
        assert_eq!(bad_at(&mut past, when), expected, "{when}");
        let snapshot = past.snapshot(at(when)).unwrap();
        let flag = snapshot.runs.iter().find(|row| row.run == Run(9)).map(|row| row.flag);
        assert_eq!(flag, run_nine, "{when}");
    }
    // The file of the quarter of an hour in which the LEM tripped is there at its end.
    for (when, has_tripped) in [("2016-11-21T01:29:00Z", false), ("2016-11-21T01:31:00Z", true)] {
        let snapshot = past.snapshot(at(when)).unwrap();
        let voltages = snapshot.task("lem_supply").unwrap().items.iter().find(|item| item.name == "voltages").unwrap();
        let volts = voltages.glance.text.trim_end_matches(" V").split(", ").map(|volt| volt.parse::<f64>().unwrap());
        assert_eq!(volts.filter(|volt| *volt < 100.0).count(), usize::from(has_tripped), "{when}: {}", voltages.glance.text);
    }
    assert!(past.faults().is_empty(), "{:?}", past.faults());
}

const WALKTHROUGH: &str = include_str!("../../docs/replay.md");

/// The commands of the walkthrough, in order.
fn commands() -> Vec<&'static str> {
    let part = WALKTHROUGH.split_once("<!-- night -->").and_then(|(_, rest)| rest.split_once("<!-- end of night -->"));
    let (part, _) = part.expect("docs/replay.md has its commands between <!-- night --> and <!-- end of night -->");
    part.lines().filter(|line| line.starts_with("dqmon ")).collect()
}

/// Runs a line as a shell in a folder would; exit status and what it said on both streams.
fn typed(folder: &Path, line: &str) -> (Option<i32>, String) {
    let program = Path::new(env!("CARGO_BIN_EXE_dqmon")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", line]).current_dir(folder).env("PATH", path).env_remove("DQMON_WORKSPACE");
    let output = shell.stdin(std::process::Stdio::null()).output().unwrap();
    (output.status.code(), said(&output))
}

#[test]
fn the_commands_of_the_walkthrough_say_what_it_tells() {
    let folder = tempfile::tempdir().unwrap();
    let commands = commands();
    assert!(commands.len() >= 9, "{commands:?}");
    for line in &commands {
        let (status, words) = typed(folder.path(), line);
        assert_eq!(status, Some(0), "{line}: {words}");
        let has = |wanted: &str| assert!(words.contains(wanted), "{line}: no {wanted:?} in\n{words}");
        match *line {
            line if line.contains("--list") => {
                ["results/lem_gain", "slow/lem_supply", "book/decisions", "book/alarms", "book/jobs"].into_iter().for_each(has);
            }
            line if line.contains("--at 9") => {
                has("2016-11-21T00:");
                assert!(words.lines().count() >= 10, "{words}");
            }
            line if line.contains("slow/lem_supply") => {
                has("2016-11-21T01:17:00.000000000Z");
                assert_eq!(words.lines().count(), 16, "a row a minute: {words}");
            }
            line if line.contains("book/decisions") => {
                let moments = ["01:40:00", "02:02:40", "02:05:00", "02:06:20", "02:08:00", "02:12:00", "02:15:00", "02:15:40"];
                let places: Vec<Option<usize>> = moments.iter().map(|moment| words.find(moment)).collect();
                assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}: {words}");
            }
            line if line.contains("show run9") => has("I had said OK and not looked at"),
            _ => {}
        }
    }
    for made in ["map.png", "voltages.png", "once-more/results/crp/run9-p1-g0.txt"] {
        assert!(folder.path().join(made).is_file(), "{made} was made");
    }
    let supplies =
        |root: &str| fs::read_to_string(folder.path().join(root).join("results/lem_supply/2016-11-21T0115.csv")).unwrap();
    assert_eq!(supplies("night"), supplies("once-more"), "row by row it is the file again");
}
