//! Each subcommand from the outside: its exit status, and the words and facts that people go by.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use dqmon::bookkeeping::{RequestKind, RequestSubject, SqliteStore, Store};
use jiff::Timestamp;
use serde_json::Value;

use crate::workspace::{Shift, dqmon, said};

const TRANSFERS: &str = "\
0 2016-10-27 13:55:04 2016-10-27 13:55:04 1023M 2016-10-27 13:55 /home/prod/storage/input/run1014/run1014-seq2.dat
2016-10-25 15:47:03 run1-seq0.dat 37M 2016-10-25 15:47 /home/prod/storage/input/run1/run1-seq0.dat
";

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A processed workspace of one run, made once for all tests; none of them changes it.
pub(super) fn processed() -> &'static Shift {
    static SHIFT: OnceLock<Shift> = OnceLock::new();
    SHIFT.get_or_init(|| {
        let shift = Shift::new("");
        shift.deliver_run();
        let output = shift.run(&["process", "--once"]);
        assert!(output.status.success(), "{}", said(&output));
        shift
    })
}

fn run(arguments: &[&str]) -> Output {
    dqmon().args(arguments).output().unwrap()
}

/// Exit status and report of `inspect --json`, after a look that the text tells the same kind of outcome.
fn inspect(path: &Path) -> (i32, Value) {
    let path = path.to_str().unwrap();
    let output = run(&["inspect", path, "--json"]);
    let status = output.status.code().unwrap();
    let text = run(&["inspect", path]);
    assert_eq!(text.status.code(), Some(status), "{}", said(&text));
    let words = ["nothing wrong with it", "wrong with it: ", "dqmon: "][status as usize];
    assert!(said(&text).contains(words), "{}", said(&text));
    (status, serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
}

/// Inspects bytes under a name that says nothing about them.
fn inspect_bytes(bytes: &[u8]) -> (i32, Value) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("something");
    fs::write(&path, bytes).unwrap();
    inspect(&path)
}

#[test]
fn inspect_knows_every_file_that_a_processed_workspace_holds() {
    let workspace = &processed().workspace;
    let root = &workspace.root;
    for (path, kind) in [
        ("storage/input/run1/run1-seq0.dat", "raw"),
        ("storage/output/run1/recotask_run1-seq0.root", "root"),
        ("results/crp/run1-p1-g0.txt", "summary"),
        ("results/crp/run1-p1-g0.json", "sidecar"),
        ("results/pedestals/run1-p1-g0.ped", "pedestals"),
        ("results/pedestals/run1-p1-g0.json", "sidecar"),
        ("all_logs/fromEVB/alltransfer.log", "transfer_log"),
        ("all_logs/fromEVB/runs/run1.log", "transfer_log"),
        ("all_logs/batch/run1/reco_run1-seq0.txt", "batch_record"),
        ("all_logs/batch/run1/reco_run1-seq0.json", "end_mark"),
    ] {
        // The name is no help: the same bytes under another one are of the same kind.
        let bytes = fs::read(root.join(path)).unwrap();
        for (status, report) in [inspect(&root.join(path)), inspect_bytes(&bytes)] {
            assert_eq!((status, &report["kind"], &report["fault"]), (0, &kind.into(), &Value::Null), "{path}: {report}");
        }
    }
    let (_, report) = inspect(&root.join("results/pedestals/run1-p1-g0.ped"));
    assert_eq!(report["channels"], 1280);
    let (_, report) = inspect(&root.join("results/crp/run1-p1-g0.json"));
    assert_eq!(report["content"]["members"], serde_json::json!(["run1-seq0", "run1-seq1"]));
}

#[test]
fn inspect_tells_what_is_wrong_with_each_kind() {
    let root = &processed().workspace.root;
    let read = |path: &str| fs::read(root.join(path)).unwrap();
    let half = |bytes: Vec<u8>| bytes[..bytes.len() / 2 + 3].to_vec();
    let summary = fs::read(data("monitasks/tests/data/crp_summary_published.txt")).unwrap();
    let pedestals = read("results/pedestals/run1-p1-g0.ped");
    let channels_gone = pedestals.split_inclusive(|byte| *byte == b'\n').take(100).collect::<Vec<_>>().concat();
    let record = String::from_utf8(read("all_logs/batch/run1/reco_run1-seq0.txt")).unwrap();
    let mark = String::from_utf8(read("all_logs/batch/run1/reco_run1-seq0.json")).unwrap();
    let cases: [(Vec<u8>, &str, &str); 13] = [
        (read("storage/input/run1/run1-seq0.dat")[..5000].to_vec(), "raw", "payload"),
        (half(read("storage/output/run1/recotask_run1-seq0.root")), "root", "damaged"),
        (half(summary.clone()), "summary", "half written"),
        ([&summary[..], b"3 1 2\n"].concat(), "summary", "line 13"),
        (half(pedestals.clone()), "pedestals", "half written"),
        (channels_gone, "pedestals", "100 of the 1280 channels"),
        (half(read("results/crp/run1-p1-g0.json")), "sidecar", "half written"),
        (TRANSFERS.replace("1023M", "much").into_bytes(), "transfer_log", "line 1: \"much\" is no size"),
        (TRANSFERS.trim_end().into(), "transfer_log", "line 2 is half written"),
        (record.replace("exit code : 0", "exit code : 2").into_bytes(), "batch_record", "exit code 2"),
        (record.replace("exit code : 0", "exit code : zz").into_bytes(), "batch_record", "exit code is \"zz\""),
        (record.replace("Queue Name", "Cue Name").into_bytes(), "batch_record", "line 15"),
        (mark.replace("\"exit_status\": 0", "\"exit_status\": 3").into_bytes(), "end_mark", "ended with 3"),
    ];
    for (bytes, kind, words) in cases {
        let (status, report) = inspect_bytes(&bytes);
        assert_eq!((status, &report["kind"]), (1, &kind.into()), "{words}: {report}");
        let fault = report["fault"].as_str().unwrap();
        assert!(fault.contains(words) && fault.ends_with("/something"), "{fault}");
    }
    let (status, report) = inspect_bytes(TRANSFERS.as_bytes());
    assert_eq!((status, &report["lines_new_form"], &report["lines_old_form"]), (0, &1.into(), &1.into()));
}

#[test]
fn inspect_refuses_what_is_of_no_kind_and_names_the_kinds() {
    for bytes in [&b""[..], b"a letter to the shift crew\n", b"{\"a\": 1}", b"\x00\x01\x02\x03\x04\x05\x06\x07"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letter.txt");
        fs::write(&path, bytes).unwrap();
        let output = run(&["inspect", path.to_str().unwrap()]);
        let words = said(&output);
        assert_eq!(output.status.code(), Some(2), "{words}");
        let names = ["raw file", "ROOT file", "summary file", "pedestal file", "transfer log", "batch record", "end mark"];
        assert!(names.iter().all(|name| words.contains(name)), "{words}");
        assert!(words.trim_end().ends_with("letter.txt"), "the path is not last: {words}");
    }
    let output = run(&["inspect", env!("CARGO_MANIFEST_DIR")]);
    assert!(output.status.code() == Some(2) && said(&output).contains("it is a folder"), "{}", said(&output));
}

#[test]
fn events_that_are_not_what_their_flags_say_are_a_finding_with_and_without_the_events() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run1016-seq0.dat");
    let mut bytes = fs::read(data("tests/data/small_raw.dat")).unwrap();
    let event_bytes = 35 + 64 * 401 * 3 / 2;
    for event in [0, 2] {
        bytes[5 + event * event_bytes + 26] |= 0x40;
    }
    fs::write(&path, bytes).unwrap();
    let detector = data("tests/data/small_detector.toml");
    for more in [&[][..], &["--events"]] {
        let output = dqmon()
            .arg("inspect")
            .arg(&path)
            .args(["--detector", detector.to_str().unwrap(), "--json"])
            .args(more)
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((output.status.code(), report["faults"].as_array().unwrap().len()), (Some(1), 2), "{report}");
        assert_eq!((&report["compressed_count"], &report["unreadable_count"]), (&2.into(), &2.into()));
        let fault = report["fault"].as_str().unwrap();
        assert!(fault.starts_with("event 0 lost: raw file damaged: compressed stream of channel 0"), "{fault}");
    }
}

#[test]
fn the_truth_of_a_simulation_is_inspected() {
    let folder = tempfile::tempdir().unwrap();
    let truth = folder.path().join("truth.json");
    let out = folder.path().to_str().unwrap();
    let output = run(&["simulate", "--run", "5", "--events", "1", "--out", out, "--truth", truth.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    let (status, report) = inspect(&truth);
    assert_eq!((status, &report["kind"], &report["run"], &report["events_count"]), (0, &"truth".into(), &5.into(), &1.into()));
    assert_eq!(inspect_bytes(&fs::read(&truth).unwrap()[..2000]).0, 1);
}

#[test]
fn show_tells_a_run_and_a_file_in_words() {
    let shift = processed();
    let output = shift.run(&["show", "run1"]);
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    for words in ["run1: flag of the run UNCHECKED; times in UTC", "run1-seq1", "run1-p1-g0 of 2 files", "known by marker"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let text = said(&shift.run(&["show", "run1-seq0"]));
    let copied = text.lines().find(|line| line.contains("  copied ")).unwrap();
    assert!(copied.contains("3.2 MB in ") && copied.contains(", adler32 "), "{copied}");
    let stamp = copied.split("  ").next().unwrap();
    assert_eq!(stamp.len(), "2026-11-21 01:35:11.316".len(), "{copied}");
    assert!(!text.contains(['{', '"']), "JSON among the words: {text}");
    let facts: Value = serde_json::from_slice(&shift.run(&["show", "run1-seq0", "--json"]).stdout).unwrap();
    let at = facts["story"][0]["at"].as_str().unwrap();
    assert!(at.parse::<Timestamp>().is_ok() && at.ends_with('Z'), "{at}");
    let output = shift.run(&["show", "run9"]);
    assert!(output.status.code() == Some(2) && said(&output).contains("there are run1"), "{}", said(&output));
    assert_eq!(shift.run(&["show", "walrus"]).status.code(), Some(2));
}

#[test]
fn status_runs_and_tasks_tell_the_same_shift() {
    let shift = processed();
    let text = said(&shift.run(&["status"]));
    assert!(text.contains("backend stopped") && text.contains("1 run, 2 files") && text.contains("2 analysed"), "{text}");
    let runs: Value = serde_json::from_slice(&shift.run(&["runs", "--json"]).stdout).unwrap();
    assert_eq!((&runs["runs"][0]["flag"], &runs["runs"][0]["analysed"]), (&"UNCHECKED".into(), &2.into()));
    assert!(said(&shift.run(&["runs"])).contains("run1"));
    let tasks: Value = serde_json::from_slice(&shift.run(&["tasks", "--json"]).stdout).unwrap();
    let tasks = tasks["tasks"].as_array().unwrap();
    let names: Vec<&str> = tasks.iter().map(|task| task["name"].as_str().unwrap()).collect();
    assert!(["purity", "pedestals", "lem_gain", "charge_asymmetry"].iter().all(|name| names.contains(name)), "{names:?}");
    assert!(tasks.iter().all(|task| task["state"].is_string()), "{tasks:?}");
}

#[test]
fn a_failure_stands_in_status_with_reason_and_age() {
    let shift = Shift::new("");
    fs::write(shift.workspace.incoming().join("run1-seq0.dat"), "no raw file").unwrap();
    fs::write(shift.workspace.incoming().join("notes.txt"), "x").unwrap();
    assert_eq!(shift.run(&["process", "--once"]).status.code(), Some(1));
    let output = shift.run(&["status"]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("1 run, 1 file\n") && text.contains("s ago: run1-seq0 in lane FULL, run1-p1 (input damaged): "),
        "{text}"
    );
    assert!(text.contains("\"notes.txt\"") && text.contains("e.g. run12-seq0.dat"), "{text}");
}

#[test]
fn a_second_content_is_a_finding_told_with_its_own_reason_and_shown() {
    let shift = Shift::new("");
    fs::write(shift.workspace.incoming().join("run1-seq0.dat"), "no raw file").unwrap();
    assert_eq!(shift.run(&["process", "--once"]).status.code(), Some(1));
    let before = shift.overview().passes;
    fs::write(shift.workspace.incoming().join("run1-seq0.dat"), "other content of the same name").unwrap();
    let output = shift.run(&["process", "--once"]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let line = text.lines().find(|line| line.contains("other content refused")).unwrap();
    let reason = "same name again with other content, refused";
    assert!(line.contains(reason) && !line.contains("byte 5"), "{line}");
    // It stays listed while it is there, and the file is as it was.
    shift.run(&["process", "--once"]);
    let overview = shift.overview();
    let listed: Vec<_> = overview.not_taken.iter().map(|file| (file.name.as_str(), file.reason.contains(reason))).collect();
    assert_eq!(listed, [("run1-seq0.dat", true)]);
    assert_eq!((overview.passes[0].step, &overview.passes[0].reason), (before[0].step, &before[0].reason));
    let shown = said(&shift.run(&["show", "run1-seq0"]));
    assert!(shown.contains("not taken: run1-seq0.dat: same name again"), "{shown}");
    fs::remove_file(shift.workspace.incoming().join("run1-seq0.dat")).unwrap();
    shift.run(&["process", "--once"]);
    assert_eq!(shift.overview().not_taken, []);
}

#[test]
fn the_backends_log_says_who_began_and_who_stopped_it() {
    let mut shift = Shift::new("");
    let place = shift.start_backend();
    shift.wait_until("the backend has the lease", |shift| shift.overview().lease.is_some());
    let log = shift.workspace.root.join("all_logs/backend.log");
    let read = || fs::read_to_string(&log).unwrap_or_default();
    shift.wait_until("the log says what is watched", |_| read().contains("backend watches"));
    let mut store = SqliteStore::open(&shift.workspace.book()).unwrap();
    store.request(Timestamp::now(), "Ada", RequestKind::Stop, &RequestSubject::default()).unwrap();
    shift.backend(place).wait().unwrap();
    let text = read();
    let process = shift.backend(place).id();
    let root = shift.workspace.root.display().to_string();
    for words in [
        format!("backend started: {}, process {process}: {root}", dqmon::SOFTWARE),
        "backend lease taken: ".into(),
        "backend watches: ".into(),
        "backend stop asked for: by Ada".into(),
        "backend ended: 0 files reconstructed".into(),
    ] {
        assert!(text.contains(&words), "{words}: {text}");
    }
    for line in text.lines() {
        let stamp = line.get(..23).unwrap_or_default().replace(' ', "T") + "Z";
        assert!(stamp.parse::<Timestamp>().is_ok(), "no stamp before it: {line}");
    }
}

#[test]
fn plots_have_the_format_and_size_asked_for() {
    let shift = processed();
    let folder = tempfile::tempdir().unwrap();
    let plot = |what: &str, name: &str, more: &[&str]| {
        let path = folder.path().join(name);
        let output = shift.dqmon().args(["plot", what, "--out"]).arg(&path).args(more).output().unwrap();
        (output.status.code().unwrap(), said(&output), fs::read(&path).unwrap_or_default())
    };
    let sides = |png: &[u8]| {
        assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
        [16, 20].map(|at| u32::from_be_bytes(png[at..at + 4].try_into().unwrap()))
    };
    let what = first_plot_of(shift, "pedestals");
    for (what, name, more, expected) in [
        ("page", "page.png", &[][..], [1760, 1080]),
        ("page", "small.png", &["--size", "880x600"], [880, 600]),
        (&what, "plot.png", &[], [900, 560]),
        (&what, "large.png", &["--size", "1201x333", "--light"], [1201, 333]),
    ] {
        let (status, words, png) = plot(what, name, more);
        assert!(status < 2, "{what}: {words}");
        assert_eq!(sides(&png), expected, "{what}");
    }
    let nothing = folder.path().to_str().unwrap();
    let (status, words, _) = plot("page", "empty.png", &["--from", nothing]);
    assert!(status == 1 && words.contains("nothing to draw"), "{words}");
    assert!(plot(&what, "a.svg", &[]).2.starts_with(b"<svg"));
    assert!(String::from_utf8(plot(&what, "a.csv", &[]).2).unwrap().lines().count() > 100);
    assert!(serde_json::from_slice::<Value>(&plot(&what, "a.json", &[]).2).unwrap().is_object());
    for (what, name, more, words) in [
        ("walrus/a", "b.png", &[][..], "no task \"walrus\"; there are: "),
        ("purity/walrus", "b.png", &[], "there are: purity/"),
        ("page", "b.csv", &[], "picture: .png or .svg"),
        (&what, "b.pdf", &[], ".png, .svg, .csv or .json"),
        (&what, "b.csv", &["--size", "300x300"], "--size is for pictures"),
        (&what, "b.png", &["--size", "1x1"], "from 120x90"),
    ] {
        let (status, message, bytes) = plot(what, name, more);
        assert!(status == 2 && message.contains(words) && bytes.is_empty(), "{what} {name}: {status} {message}");
    }
}

/// `task/item` of a task's first plot.
fn first_plot_of(shift: &Shift, task: &str) -> String {
    let tasks: Value = serde_json::from_slice(&shift.run(&["tasks", "--json"]).stdout).unwrap();
    let node = tasks["tasks"].as_array().unwrap().iter().find(|node| node["name"] == task).unwrap();
    format!("{task}/{}", node["items"][0]["name"].as_str().unwrap())
}

#[test]
fn help_names_what_a_command_takes_and_no_more() {
    let help = |name: &str| said(&run(&[name, "--help"]));
    assert!(help("simulate").contains("--compressed"));
    assert!(!help("inspect").contains("--workspace") && help("status").contains("--workspace"));
    assert!(help("decide").contains("--read-only") && !help("plot").contains("--read-only"));
    let demo = help("demo");
    assert!(demo.contains("[default: 60]") && demo.contains("192 MB each, twice"), "{demo}");
}

#[test]
fn reconstruct_analyse_init_and_decide_end_as_they_say() {
    let shift = processed();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let raw = shift.workspace.root.join("storage/input/run1/run1-seq0.dat");
    let output = run(&["reconstruct", raw.to_str().unwrap(), "--out", out]);
    assert!(output.status.success() && said(&output).contains("run1-seq0: 1 events"), "{}", said(&output));
    let reco = folder.path().join("recotask_run1-seq0.root");
    let output = run(&["analyse", "pedestals", reco.to_str().unwrap(), "--out", out]);
    assert!(output.status.success() && folder.path().join("pedestals/run1-p1-g0.ped").is_file(), "{}", said(&output));
    assert_eq!(run(&["reconstruct", "/no/run1-seq0.dat", "--out", out]).status.code(), Some(2));
    let root = shift.workspace.root.to_str().unwrap();
    assert_eq!(run(&["init", root]).status.code(), Some(2), "a workspace was made over another");
    let empty = Shift::new("");
    for command in ["status", "tasks"] {
        assert_eq!(empty.run(&[command]).status.code(), Some(0), "{command}");
    }
    let output = empty.run(&["runs"]);
    assert!(output.status.success() && said(&output).contains("no runs yet"), "{}", said(&output));
    let output = shift.run(&["decide", "run9", "BAD", "--who", "Ada", "--role", "shifter"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}
