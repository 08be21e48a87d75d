//! `dqmon reconstruct` and `dqmon analyse` on bad input: what is wrong is said, the good goes on, nothing half made is left.

use std::path::Path;
use std::process::{Command, Output};

fn dqmon(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dqmon")).args(arguments).output().unwrap()
}

/// Two events of run 3, sequence 0.
fn simulate(out: &str) {
    let output = dqmon(&["simulate", "--run", "3", "--files", "1", "--events", "2", "--seed", "4", "--out", out]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_bad_file_is_refused_with_its_reason_and_the_next_one_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (raw, out) = (path("raw"), path("out"));
    simulate(&raw);
    let good = std::fs::read(folder.path().join("raw/run3-seq0.dat")).unwrap();
    let bad = [("run3-seq2.dat", Vec::new()), ("other.dat", good.clone())];
    for (name, bytes) in &bad {
        std::fs::write(folder.path().join("raw").join(name), bytes).unwrap();
    }
    let files = ["run3-seq2.dat", "other.dat", "run3-seq0.dat"].map(|name| format!("{raw}/{name}"));
    let mut arguments = vec!["reconstruct", "--threads", "1", "--out", &out];
    arguments.extend(files.iter().map(String::as_str));
    let output = dqmon(&arguments);
    assert_eq!(output.status.code(), Some(2));
    let messages = String::from_utf8(output.stderr).unwrap();
    for (name, _) in &bad {
        assert!(messages.lines().any(|line| line.ends_with(name)), "no message on {name}: {messages}");
    }
    assert!(messages.contains("at byte") && messages.contains("found") && messages.contains("expected"), "{messages}");
    assert_eq!(names(Path::new(&out)), ["recotask_run3-seq0.root"]);
}

#[test]
fn what_is_whole_in_a_damaged_or_cut_file_is_reconstructed_and_the_rest_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (raw, out) = (path("raw"), path("out"));
    simulate(&raw);
    let good = std::fs::read(folder.path().join("raw/run3-seq0.dat")).unwrap();
    let mut key_gone = good.clone();
    key_gone[5] = 0;
    for (name, bytes, word) in
        [("run3-seq1.dat", &good[..good.len() - 1000], "no footer"), ("run3-seq2.dat", &key_gone, "1 lost")]
    {
        std::fs::write(folder.path().join("raw").join(name), bytes).unwrap();
        let output = dqmon(&["reconstruct", "--threads", "1", "--out", &out, &format!("{raw}/{name}")]);
        let messages = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{messages}");
        assert!(messages.contains(word) && messages.contains("at byte") && messages.contains("expected"), "{messages}");
        assert!(String::from_utf8(output.stdout).unwrap().contains(" 1 events"));
    }
    assert_eq!(names(Path::new(&out)), ["recotask_run3-seq1.root", "recotask_run3-seq2.root"]);
}

#[test]
fn any_number_of_threads_writes_the_same_bytes_and_a_selection_less_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let raw = path("raw");
    let simulated = dqmon(&["simulate", "--run", "3", "--events", "5", "--seed", "4", "--out", &raw]);
    assert!(simulated.status.success(), "{}", String::from_utf8_lossy(&simulated.stderr));
    let mask = path("mask.txt");
    std::fs::write(&mask, "# one bad channel\n0 0 0 295\n").unwrap();
    let made = |out: &str, options: &[&str]| {
        let (raw, out) = (format!("{raw}/run3-seq0.dat"), path(out));
        let output = dqmon(&[&["reconstruct", &raw, "--out", &out], options].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (String::from_utf8(output.stdout).unwrap(), std::fs::read(Path::new(&out).join("recotask_run3-seq0.root")).unwrap())
    };
    let (said, one) = made("one", &["--threads", "1", "--timing"]);
    assert!(said.contains(" 5 events") && said.contains("coherent noise") && said.contains("ms/event"), "{said}");
    assert!(one == made("three", &["--threads", "3"]).1, "three threads wrote other bytes");
    let (said, fewer) = made("few", &["--every", "2", "--complete-only", "--mask", &mask]);
    assert!(said.contains(" 3 events") && fewer.len() < one.len(), "{said}");
    assert!(fewer.windows(3).any(|bytes| bytes == b"[0]"), "the mask does not travel in the output");
    let (raw, out) = (format!("{raw}/run3-seq0.dat"), path("none"));
    let none = dqmon(&["reconstruct", &raw, "--out", &out, "--trigger-type", "77"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&none.stderr).contains("none of 5 events selected"));
}

#[test]
fn too_few_tracks_are_a_finding_and_no_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (raw, results) = (path("raw"), path("results"));
    simulate(&raw);
    assert!(dqmon(&["reconstruct", &format!("{raw}/run3-seq0.dat"), "--out", &raw]).status.success());
    let reco = format!("{raw}/recotask_run3-seq0.root");
    let early = dqmon(&["analyse", "gain", &reco, "--out", &results]);
    assert_eq!(early.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&early.stderr).contains("analyse purity"), "gain without purity");
    let purity = dqmon(&["analyse", "purity", &reco, "--out", &results, "--processing", "2", "--group", "5"]);
    assert_eq!(purity.status.code(), Some(1), "{}", String::from_utf8_lossy(&purity.stderr));
    assert_eq!(names(&folder.path().join("results/crp")), ["run3-p2-g5.json", "run3-p2-g5.txt"]);
    let text = std::fs::read_to_string(folder.path().join("results/crp/run3-p2-g5.txt")).unwrap();
    assert_eq!(text.lines().nth(1), Some("0 0 0 0"));
    let twice = dqmon(&["analyse", "pedestals", &reco, &reco, "--out", &results]);
    assert_eq!(twice.status.code(), Some(2));
    let cut = folder.path().join("recotask_run3-seq1.root");
    let bytes = std::fs::read(&reco).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let refused = dqmon(&["analyse", "pedestals", cut.to_str().unwrap(), "--out", &results]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("damaged"), "a cut file");
}
