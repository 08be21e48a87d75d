//! Hits, tracks and stamps through the whole program: the file that the analysis writes, seen by uproot; what happens when raw files are gone;
//! the flow that the backend writes.

use std::fs;
use std::process::{Command, Output};

use dqmon::bookkeeping::{GroupStep, JobKind, TaskPhase};
use monitasks::format::histograms::Histograms;
use serde_json::Value;

use crate::uproot::python;
use crate::workspace::{Shift, dqmon, said};

/// Prints each histogram's sum of contents with those around the range, and the numbers by their labels.
const SCRIPT: &str = r#"
import json, sys
import uproot
with uproot.open(sys.argv[1]) as file:
    sums = {name: float(file[name].values(flow=True).sum()) for name in file.keys(cycle=False) if name != "numbers"}
    numbers = file["numbers"]
    labels = list(numbers.axis().labels())
    print(json.dumps({"sums": sums, "numbers": dict(zip(labels, zip(numbers.values().tolist(), numbers.errors().tolist())))}))
"#;

fn ran(arguments: &[&str]) -> Output {
    let output = dqmon().args(arguments).output().unwrap();
    assert!(output.status.code().is_some_and(|code| code < 2), "dqmon {arguments:?}: {}", said(&output));
    output
}

#[test]
fn uproot_sees_the_events_that_were_reconstructed_and_a_selection_has_the_rate_of_its_raw_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (raw, reco, half, results) = (path("raw"), path("reco"), path("half"), path("results"));
    ran(&["simulate", "--run", "5", "--files", "2", "--events", "10", "--seed", "11", "--out", &raw]);
    let raw_files = [0, 1].map(|sequence| format!("{raw}/run5-seq{sequence}.dat"));
    ran(&["reconstruct", &raw_files[0], &raw_files[1], "--out", &reco]);
    let made = |folder: &str| [0, 1].map(|sequence| format!("{folder}/recotask_run5-seq{sequence}.root"));
    let [first, second] = made(&reco);
    ran(&["analyse", "events", &first, &second, "--out", &results]);
    let file = format!("{results}/events/run5-p1-g0.root");

    let script = folder.path().join("sums.py");
    fs::write(&script, SCRIPT).unwrap();
    let output = Command::new(python()).arg(&script).arg(&file).output().unwrap();
    assert!(output.status.success(), "uproot: {}", said(&output));
    let theirs: Value = serde_json::from_slice(&output.stdout).unwrap();
    let sum = |name: &str| theirs["sums"][name].as_f64().unwrap_or_else(|| panic!("no histogram {name}: {theirs:#}"));
    let number = |name: &str| theirs["numbers"][name][0].as_f64().unwrap_or_else(|| panic!("no number {name}: {theirs:#}"));
    let rows = |tree: &str| -> f64 {
        let of = |file: &str| {
            let report: Value = serde_json::from_slice(&ran(&["inspect", "--json", file]).stdout).unwrap();
            let trees = report["trees"].as_array().unwrap().clone();
            trees.iter().find(|found| found["name"] == tree).unwrap()["entries"].as_f64().unwrap()
        };
        of(&first) + of(&second)
    };
    assert_eq!(number("events"), 20.0);
    assert_eq!(sum("hits_by_strip_view0") + sum("hits_by_strip_view1"), rows("hits"));
    assert_eq!(sum("hit_charge_view0") + sum("hit_time_view1"), rows("hits"));
    assert_eq!(
        (sum("track_entry"), sum("track_length"), number("tracks_matched")),
        (rows("matched"), rows("matched"), rows("matched"))
    );
    // The simulation has 3 events a second and loses none.
    let rate = &theirs["numbers"]["rate_hz"];
    assert!((rate[0].as_f64().unwrap() - 3.0).abs() < rate[1].as_f64().unwrap(), "{rate}");
    assert_eq!((number("missing_event_numbers"), number("missing_sequences"), number("backward_stamps")), (0.0, 0.0, 0.0));
    assert_eq!(sum("event_intervals"), 19.0);

    // Of every other event no rate is told, unless the raw files' headers tell it.
    ran(&["reconstruct", "--every", "2", &raw_files[0], &raw_files[1], "--out", &half]);
    let [first, second] = made(&half);
    let output = ran(&["analyse", "events", &first, &second, "--out", &results]);
    assert!(output.status.code() == Some(1) && said(&output).contains("run5-seq0 run5-seq1"), "{}", said(&output));
    let read = || Histograms::parse(&fs::read(&file).unwrap()).unwrap();
    assert_eq!((read().number("events").value(), read().number("rate_hz").value()), (Some(10.0), None));
    ran(&["analyse", "events", &first, &second, "--raw", &raw_files[0], &raw_files[1], "--out", &results]);
    let found = read().number("rate_hz").value().unwrap();
    assert!((found - rate[0].as_f64().unwrap()).abs() < 1e-9, "{found}");
}

#[test]
fn an_analysis_whose_raw_files_are_gone_fails_alone_and_the_flow_is_written() {
    let shift = Shift::new("[pool]\ntemplate = \"job.sh\"\n");
    let gone = shift.workspace.root.join("storage/input/run1");
    // They go while the group is formed already: behind its pedestals nothing stands in the storage any more.
    let takes_away = format!(
        "case @job@ in pedestals_*) rm -f '{0}'/*.dat;; noise_*) while ls '{0}'/*.dat >/dev/null 2>&1; do sleep 0.05; done;; esac",
        gone.display()
    );
    shift.traced_template(&takes_away);
    shift.deliver_run();
    let output = shift.run(&["process", "--once"]);
    let group = shift.overview().groups.remove(0);
    assert_eq!(group.step, GroupStep::Failed, "{}", said(&output));
    for task in &group.tasks {
        let expected = if task.kind == JobKind::Noise { TaskPhase::Failed } else { TaskPhase::Done };
        assert_eq!(task.phase, expected, "{task:?}");
    }
    let reason = group.tasks.iter().find_map(|task| task.reason.clone()).unwrap();
    assert!(reason.contains("run1-seq0.dat"), "{reason}");
    let events = shift.workspace.results().join("events/run1-p1-g0.root");
    assert!(Histograms::parse(&fs::read(events).unwrap()).unwrap().number("hits_view0").value().is_some());
    // A row when the backend ended: two files analysed, none waits.
    let flow: Vec<_> = fs::read_dir(shift.workspace.results().join("flow")).unwrap().collect();
    let text = fs::read_to_string(flow.last().unwrap().as_ref().unwrap().path()).unwrap();
    let cells: Vec<&str> = text.lines().last().unwrap().split(',').collect();
    assert_eq!((cells.len(), &cells[1..5]), (16, &["2", "2", "2", "2"][..]), "{text}");
    // The tree has a leaf for each.
    let tasks = said(&shift.run(&["tasks"]));
    for leaf in ["by_strip", "entry_map", "losses", "spectrum", "processing_flow", "slow_control"] {
        assert!(tasks.contains(leaf), "{leaf}: {tasks}");
    }
}

#[test]
fn a_group_of_released_raw_files_has_no_noise_to_measure_and_is_whole_without() {
    let shift = Shift::new("[pool]\njobs = 1\ntemplate = \"job.sh\"\n[analysis]\nfiles_per_group = 2\n");
    let stands = shift.workspace.root.join("storage/input/run1");
    // Whichever file's job ends last takes the raw files away: the group is formed when they are gone.
    shift.traced_template("");
    let template = fs::read_to_string(shift.workspace.root.join("job.sh")).unwrap();
    let trace = shift.workspace.root.join("trace");
    let behind = format!(
        "case @job@ in *seq*) [ $(grep -c '^end .*seq' '{}') -lt 2 ] || rm -f '{}'/*.dat;; esac\n[ \"$status\" -le 1 ]",
        trace.display(),
        stands.display()
    );
    fs::write(shift.workspace.root.join("job.sh"), template.replacen("[ \"$status\" -le 1 ]", &behind, 1)).unwrap();
    shift.deliver_run();
    let output = shift.run(&["process", "--once"]);
    let group = shift.overview().groups.remove(0);
    let kinds: Vec<JobKind> = group.tasks.iter().map(|task| task.kind).collect();
    assert_eq!(kinds, [JobKind::Pedestals, JobKind::Purity, JobKind::Gain, JobKind::Events], "{}", said(&output));
    assert_eq!(group.step, GroupStep::Done, "{group:?}");
}
