//! The 6x6x6, whose events are 36 times as large: read, shown and searched for hits without the memory growing with them.

use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::workspace::{dqmon, said};

/// Four events as they are packed in the file, bytes.
const FOUR_EVENTS: u64 = 4 * 115_200_000;

/// Runs a command to its end; answers its highest resident memory, bytes.
fn peak_bytes(arguments: &[&str]) -> u64 {
    let mut command = dqmon();
    let mut child = command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let status = Path::new("/proc").join(child.id().to_string()).join("status");
    let mut peak = 0;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
        peak = peak.max(kilobytes.unwrap_or(0) * 1024);
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{arguments:?}: {status}");
            return peak;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_event_of_the_6x6x6_is_read_shown_and_searched_within_the_memory_of_four() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let made = dqmon()
        .args(["simulate", "--detector", "6x6x6", "--run", "5", "--files", "1", "--events", "1", "--seed", "2", "--out"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", said(&made));
    let raw = at("5_0_a.dat");

    let picture = at("view1.json");
    let shown = peak_bytes(&["plot", "event_display/view1", "--from", &raw, "--out", &picture]);
    let figure: Value = serde_json::from_slice(&std::fs::read(&picture).unwrap()).unwrap();
    let layers = figure["layers"].as_array().unwrap();
    let hits = layers.iter().find(|layer| layer["label"] == "hits").unwrap();
    assert!(hits["points"].as_array().unwrap().len() > 100, "no track is seen in the event");

    let init = dqmon().args(["init", &at("shift"), "--detector", "6x6x6"]).output().unwrap();
    assert!(init.status.success(), "{}", said(&init));
    let reconstructed = peak_bytes(&["-w", &at("shift"), "reconstruct", &raw, "--out", &at("out"), "--threads", "2"]);
    assert!(std::fs::metadata(folder.path().join("out/recotask_run5-seq0.root")).unwrap().len() > 10_000);
    for (what, peak) in [("showing", shown), ("reconstructing", reconstructed)] {
        assert!(peak > 1_000_000 && peak < FOUR_EVENTS, "{what} took {} MB", peak / 1_000_000);
    }
}
