//! Two processings of a run against each other, on the command line.

use std::fs;

use serde_json::Value;

use crate::workspace::{Shift, dqmon, said};

/// A summary file as the field writes it, with lifetimes that a detector can have.
const FIRST: &str = "190516_195200\n3000.0 60.0 3100.0 70.0\n3 8.70623 0.130629 8.72318 0.125939\n\
                     4 8.75358 0.13312 8.61803 0.121344\n5 8.7278 0.125962 8.68514 0.127065\n";

/// A workspace with two processings of run 1: in the second, LEM 4 is 14 % higher in view 0 and LEM 5 was not measured.
fn two_processings() -> Shift {
    let shift = Shift::new("");
    let crp = shift.workspace.results().join("crp");
    fs::create_dir_all(&crp).unwrap();
    fs::write(crp.join("run1-p1-g0.txt"), FIRST).unwrap();
    let second = FIRST.replace("4 8.75358", "4 9.95358").replace("5 8.7278 0.125962 8.68514 0.127065", "5 0 0 0 0");
    fs::write(crp.join("run1-p2-g0.txt"), second).unwrap();
    shift
}

#[test]
fn what_differs_stands_with_its_significance_and_is_a_finding() {
    let shift = two_processings();
    let output = shift.run(&["compare", "run1-p1", "run1-p2"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let text = said(&output);
    for words in ["only in one  lems/dqds_v0             LEM 5", "6.4 sigma  lems/dqds_v0             LEM 4", "+1.2000"] {
        assert!(text.contains(words), "{words:?} is not in:\n{text}");
    }
    let output = shift.run(&["compare", "run1-p1-g0", "run1-p2-g0", "--json", "--sigma", "5"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let differences = told["results"][0]["differences"].as_array().unwrap();
    let ranked: Vec<(&str, &str)> =
        differences.iter().map(|told| (told["quantity"].as_str().unwrap(), told["row"].as_str().unwrap())).collect();
    assert_eq!(ranked[3..], [("lems/dqds_v0", "LEM 4"), ("lems/asymmetry", "LEM 4")]);
    assert!(ranked[..3].iter().all(|(_, row)| *row == "LEM 5"));
    assert_eq!((&told["beyond"]["count"], &told["compared"]), (&4.into(), &20.into()));
}

#[test]
fn a_processing_is_identical_to_itself_with_and_without_a_workspace() {
    let shift = two_processings();
    let output = shift.run(&["compare", "run1-p1", "run1-p1"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("23 numbers in both: 23 identical, 0 differ"), "{}", said(&output));
    let file = shift.workspace.results().join("crp/run1-p1-g0.txt");
    let output = dqmon().arg("compare").arg(&file).arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn a_result_that_only_one_side_has_is_a_finding() {
    let shift = two_processings();
    let crp = shift.workspace.results().join("crp");
    fs::copy(crp.join("run1-p1-g0.txt"), crp.join("run1-p3-g0.txt")).unwrap();
    fs::copy(crp.join("run1-p1-g0.txt"), crp.join("run1-p3-g1.txt")).unwrap();
    for (sides, words) in [
        (["run1-p1", "run1-p3"], "not compared: crp/run1-p3-g1.txt (only in the second)"),
        (["run1-p3", "run1-p1"], "not compared: crp/run1-p3-g1.txt (only in the first)"),
    ] {
        let output = shift.run(&["compare", sides[0], sides[1]]);
        assert!(output.status.code() == Some(1) && said(&output).contains(words), "{}", said(&output));
        assert!(said(&output).contains("23 identical, 0 differ"), "{}", said(&output));
    }
    let output = dqmon().args(["compare"]).args([&crp, &crp]).output().unwrap();
    assert!(output.status.code() == Some(2) && said(&output).contains("several processings"), "{}", said(&output));
}

#[test]
fn what_is_not_there_is_refused_with_what_is() {
    let shift = two_processings();
    for (first, words) in [("run1-p3", "run1-p1, run1-p2"), ("run2-p1", "run1-p1, run1-p2"), ("nonsense", "run1-p1, run1-p2")] {
        let output = shift.run(&["compare", first, "run1-p1"]);
        assert!(output.status.code() == Some(2) && said(&output).contains(words), "{}", said(&output));
    }
    let output = shift.run(&["compare", "run1-p1", "run1-p2", "--sigma=-1"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}

#[test]
fn a_command_whose_reader_has_gone_ends_quietly() {
    let shift = two_processings();
    let shell = "\"$0\" -w \"$1\" compare run1-p1 run1-p2 --json | head -c 1";
    let mut command = std::process::Command::new("bash");
    let output = command.args(["-c", shell]).arg(env!("CARGO_BIN_EXE_dqmon")).arg(&shift.workspace.root).output().unwrap();
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (b"{".as_slice(), b"".as_slice()));
}
