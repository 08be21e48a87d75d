//! The farm's transfer logs by `dqmon import logs`: what stands in one alone, either from the other, both from the book.

use std::fs;
use std::path::Path;
use std::process::Output;

use dqmon::bookkeeping::{SqliteStore, Store};
use monitasks::vocab::Run;
use serde_json::Value;

use crate::workspace::{Shift, dqmon, said};

const DOCUMENT: &str = include_str!("../data/farm_logs/document.log");

fn import(arguments: &[&str]) -> Output {
    dqmon().args(["import", "logs"]).args(arguments).output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)))
}

/// An old farm with the document's lines: run 1014 in both logs, run 1 in the log of all runs alone.
fn old_farm(folder: &Path) {
    let runs = folder.join("all_logs/fromEVB/runs");
    fs::create_dir_all(&runs).unwrap();
    fs::create_dir_all(folder.join("all_logs/batch/run1")).unwrap();
    fs::write(folder.join("all_logs/fromEVB/alltransfer.log"), DOCUMENT).unwrap();
    let of_1014: String = DOCUMENT.split_inclusive('\n').filter(|line| line.contains("run1014")).collect();
    fs::write(runs.join("run1014.log"), of_1014).unwrap();
    fs::write(folder.join("all_logs/batch/run1/reco_run1-seq0.txt"), "job submitted on : 2016-10-25 16:12:37\n").unwrap();
}

#[test]
fn an_old_farms_logs_are_read_compared_and_rebuilt_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    old_farm(folder.path());
    let (root, out) = (folder.path().to_str().unwrap(), folder.path().join("out"));
    let output = import(&[root, "--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let report = json(&output);
    assert_eq!((&report["alltransfer"]["lines_new_form"], &report["alltransfer"]["lines_old_form"]), (&2.into(), &1.into()));
    assert_eq!(report["alltransfer"]["first_local"], "2016-10-25T15:47:03");
    assert_eq!(report["alltransfer"]["last_local"], "2016-10-27T13:55:09");
    let one_sided = &report["differences"]["only_in_alltransfer"];
    assert_eq!((one_sided.as_array().unwrap().len(), &one_sided[0]["line"]), (1, &3.into()), "{report}");
    assert_eq!(report["batch_records"], 1);
    assert!(said(&import(&[root])).contains("line 3 of "), "{}", said(&import(&[root])));
    let output = import(&[root, "--rebuild", "runs", "--out", out.to_str().unwrap()]);
    assert!(said(&output).contains("3 lines written into 2 logs"), "{}", said(&output));
    let lines: Vec<&str> = DOCUMENT.split_inclusive('\n').collect();
    assert_eq!(fs::read_to_string(out.join("fromEVB/runs/run1.log")).unwrap(), lines[2]);
    assert_eq!(fs::read_to_string(out.join("fromEVB/runs/run1014.log")).unwrap(), lines[..2].concat());
    // And back: by the end of the copy, run 1 came first.
    let output = import(&[out.to_str().unwrap(), "--rebuild", "alltransfer", "--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(fs::read_to_string(out.join("fromEVB/alltransfer.log")).unwrap(), [lines[2], lines[0], lines[1]].concat());
    let again = import(&[out.to_str().unwrap(), "--rebuild", "runs", "--out", out.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(2), "{}", said(&again));
    assert!(said(&again).contains("never written over"), "{}", said(&again));
    assert_eq!(import(&["/no/farm"]).status.code(), Some(2));
}

#[test]
fn a_workspaces_logs_come_back_from_each_other_and_from_the_book() {
    let shift = Shift::new("time_zone = \"Europe/Zurich\"\n");
    shift.deliver_run();
    let output = shift.run(&["process", "--once"]);
    assert!(output.status.success(), "{}", said(&output));
    let (all, own) = (shift.workspace.all_transfer_log(), shift.workspace.run_transfer_log(Run(1)));
    let whole = fs::read_to_string(&all).unwrap();
    let output = shift.run(&["import", "logs", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let report = json(&output);
    assert_eq!(report["comes_back"], serde_json::json!({"alltransfer": true, "runs": true}));
    assert!(report["batch_records"].as_u64().unwrap() >= 2, "{report}");
    // A log that lost its first line is found, and rebuilt from the other or from the book.
    fs::write(&all, whole.split_inclusive('\n').skip(1).collect::<String>()).unwrap();
    let output = shift.run(&["import", "logs"]);
    assert!(output.status.code() == Some(1) && said(&output).contains("only in the runs' own logs"), "{}", said(&output));
    for (name, arguments) in [("one", ["--rebuild", "alltransfer"].as_slice()), ("two", &["--from-book"])] {
        let out = shift.folder.path().join(name);
        let arguments = [&["import", "logs", "--out", out.to_str().unwrap()], arguments].concat();
        let output = shift.run(&arguments);
        assert!(said(&output).contains("2 lines written"), "{}", said(&output));
        assert_eq!(fs::read_to_string(out.join("fromEVB/alltransfer.log")).unwrap(), whole, "{name}");
    }
    let from_book = shift.folder.path().join("two/fromEVB/runs/run1.log");
    assert_eq!(fs::read(&from_book).unwrap(), fs::read(&own).unwrap());
}

#[test]
fn old_logs_are_told_in_the_book_once() {
    let shift = Shift::new("");
    old_farm(shift.folder.path());
    let root = shift.folder.path().to_str().unwrap();
    let story = || SqliteStore::open_read_only(&shift.workspace.book()).unwrap().story(Run(1014), None).unwrap();
    let output = shift.run(&["import", "logs", root, "--into-book", "--time-zone", "Europe/Zurich"]);
    assert!(said(&output).contains("3 lines recorded in the book"), "{}", said(&output));
    let first = story();
    assert_eq!(first.len(), 2);
    assert_eq!(first[0].at.to_string(), "2016-10-27T11:55:04Z");
    assert_eq!(first[0].detail["line"], DOCUMENT.lines().next().unwrap());
    let output = shift.run(&["import", "logs", root, "--into-book", "--time-zone", "Europe/Zurich"]);
    assert!(said(&output).contains("0 lines recorded in the book"), "{}", said(&output));
    assert_eq!(story(), first);
    let output = shift.run(&["--read-only", "import", "logs", root, "--into-book"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}
