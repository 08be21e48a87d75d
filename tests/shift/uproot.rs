//! A reconstructed file seen by python's uproot and by `dqmon inspect --json`: the same trees, entries and numbers.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Prints every tree's entries and every branch's sum as JSON; of text, the length in bytes.
const SCRIPT: &str = r#"
import json, sys
import numpy, uproot
trees = []
with uproot.open(sys.argv[1]) as file:
    for name in file.keys(cycle=False):
        tree = file[name]
        branches = []
        for branch in tree.branches:
            values = branch.array(library="np")
            text = values.dtype == object
            total = sum(len(value.encode()) for value in values) if text else values.astype(numpy.float64).sum()
            branches.append({"name": branch.name, "type": "text" if text else values.dtype.name, "sum": float(total)})
        trees.append({"name": name, "entries": int(tree.num_entries), "branches": branches})
print(json.dumps(trees))
"#;

fn dqmon(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_dqmon")).args(arguments).output().unwrap();
    assert!(output.status.success(), "dqmon {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The python that `make deps` sets up.
pub(crate) fn python() -> PathBuf {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin/python");
    assert!(python.is_file(), "no python with uproot: run 'make deps', which makes {}", python.display());
    python
}

#[test]
fn uproot_sees_the_same_trees_and_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    dqmon(&["simulate", "--run", "5", "--files", "1", "--events", "4", "--seed", "11", "--out", out]);
    dqmon(&["reconstruct", &format!("{out}/run5-seq0.dat"), "--out", out]);
    let file = format!("{out}/recotask_run5-seq0.root");

    let script = folder.path().join("sums.py");
    std::fs::write(&script, SCRIPT).unwrap();
    let output = Command::new(python()).arg(&script).arg(&file).output().unwrap();
    assert!(output.status.success(), "uproot: {}", String::from_utf8_lossy(&output.stderr));
    let theirs: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let report: Value = serde_json::from_str(&dqmon(&["inspect", "--json", &file])).unwrap();
    let ours = report["trees"].as_array().unwrap();

    assert_eq!(names(ours), ["meta", "events", "pedestals", "hits", "tracks", "matched", "points"]);
    assert_eq!(names(ours), names(&theirs));
    for (ours, theirs) in ours.iter().zip(&theirs) {
        let name = ours["name"].as_str().unwrap();
        assert_eq!(ours["entries"], theirs["entries"], "entries of {name}");
        let (mine, others) = (ours["branches"].as_array().unwrap(), theirs["branches"].as_array().unwrap());
        assert_eq!(names(mine), names(others), "branches of {name}");
        for (mine, other) in mine.iter().zip(others) {
            assert_eq!(mine["type"], other["type"], "type of {} of {name}", mine["name"]);
            let (sum, expected) = (mine["sum"].as_f64().unwrap(), other["sum"].as_f64().unwrap());
            let tolerance = 1e-9 * sum.abs().max(1.0);
            assert!((sum - expected).abs() <= tolerance, "sum of {} of {name}: {sum} and {expected}", mine["name"]);
        }
    }
    assert_eq!(ours[1]["entries"], 4);
    assert!(ours[3]["entries"].as_u64().unwrap() > 100, "hardly any hits");
}

fn names(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["name"].as_str().unwrap()).collect()
}
