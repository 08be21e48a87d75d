//! Simulated muons through the whole chain, by the program's own commands: what is measured is what was simulated.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const FILES: usize = 3;
const EVENTS: usize = 50;

/// Runs dqmon; 1, done with a finding, is no success here.
fn dqmon(arguments: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_dqmon")).args(arguments).output().unwrap();
    assert!(output.status.success(), "dqmon {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn lifetime_and_gains_are_those_simulated() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (raw, reco, results, truth_file, gains) = (path("raw"), path("reco"), path("results"), path("truth.json"), path("gains"));
    std::fs::write(&gains, gain_map()).unwrap();
    let (files, events) = (FILES.to_string(), EVENTS.to_string());
    dqmon(&[
        "simulate",
        "--run",
        "1",
        "--files",
        &files,
        "--events",
        &events,
        "--seed",
        "1",
        "--out",
        &raw,
        "--gain-map",
        &gains,
        "--truth",
        &truth_file,
    ]);
    let raw_files: Vec<String> = (0..FILES).map(|sequence| format!("{raw}/run1-seq{sequence}.dat")).collect();
    let mut arguments = vec!["reconstruct", "--out", &reco];
    arguments.extend(raw_files.iter().map(String::as_str));
    dqmon(&arguments);
    let reco_files: Vec<String> = (0..FILES).map(|sequence| format!("{reco}/recotask_run1-seq{sequence}.root")).collect();
    for what in ["pedestals", "purity", "gain"] {
        let mut arguments = vec!["analyse", what, "--out", &results];
        arguments.extend(reco_files.iter().map(String::as_str));
        dqmon(&arguments);
    }
    let truth = json(Path::new(&truth_file));
    let sidecar = json(&folder.path().join("results/crp/run1-p1-g0.json"));
    assert_eq!(sidecar["events"], FILES * EVENTS);
    check_lifetimes(&sidecar, truth["lifetime_us"].as_f64().unwrap());
    check_gains(&sidecar, &truth);
    check_pedestals(&folder.path().join("results/pedestals/run1-p1-g0.ped"), &truth);
    dqmon(&["analyse", "noise", "--out", &results, &raw_files[0]]);
    check_noise(&folder.path().join("results/noise/run1-p1-g0"), &truth);
}

/// Gains that differ from LEM to LEM: the corners lower, as they ran, and one LEM dark.
fn gain_map() -> String {
    let gain = |lem: u32| match lem {
        1 | 2 | 11 | 12 => 2.2,
        6 => 0.0,
        other => 2.7 + 0.05 * f64::from(other),
    };
    (1..=12).map(|lem| format!("{lem} {}\n", gain(lem))).collect()
}

fn check_lifetimes(sidecar: &Value, truth_us: f64) {
    for view in 0..2 {
        let lifetime_us = sidecar["purity"][view]["lifetime_us"]["value"].as_f64().expect("a lifetime");
        assert!((lifetime_us / truth_us - 1.0).abs() < 0.15, "view {view}: {lifetime_us} us for {truth_us} us");
    }
}

fn check_gains(sidecar: &Value, truth: &Value) {
    let rows = sidecar["gain"]["lems"].as_array().unwrap();
    let lems = truth["lems"].as_array().unwrap();
    assert_eq!(lems.len(), 12);
    for lem in lems {
        let row = rows.iter().find(|row| row["lem"] == lem["number"]).unwrap();
        let truth = lem["effective_gain"].as_f64().unwrap();
        if truth == 0.0 {
            assert_eq!(row["effective_gain"]["is"], "no_data", "LEM {} is dark", lem["number"]);
            continue;
        }
        let gain = row["effective_gain"]["value"].as_f64().expect("a gain");
        assert!((gain / truth - 1.0).abs() < 0.15, "LEM {}: gain {gain} for {truth}", lem["number"]);
    }
}

/// Shared noise, and the channels' own with the rounding, of each group that holds no noisy strip.
fn check_noise(stem: &Path, truth: &Value) {
    let sidecar = json(&stem.with_extension("json"));
    assert_eq!((&sidecar["events"], &sidecar["members"]), (&EVENTS.into(), &serde_json::json!(["run1-seq0"])));
    let groups = sidecar["noise"]["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 40);
    let own = (truth["noise_adc"].as_f64().unwrap().powi(2) + 1.0 / 12.0).sqrt();
    let shared = truth["coherent_noise_adc"].as_f64().unwrap();
    let near = |group: &Value, name: &str, truth: f64| {
        let (value, error) = (group[name]["value"].as_f64().unwrap(), group[name]["error"].as_f64().unwrap());
        (value / truth - 1.0).abs() < 0.03 + 4.0 * error / truth
    };
    let as_simulated = |group: &&Value| near(group, "incoherent_adc", own) && near(group, "coherent_adc", shared);
    let good = groups.iter().filter(as_simulated).count();
    assert!(good >= 38, "{good} of 40 groups have the noise that was simulated");
    let text = std::fs::read_to_string(stem.with_extension("txt")).unwrap();
    assert_eq!(text.lines().count(), 41, "a head and a row for each group");
}

/// Each channel's pedestal, and their mean shift, which summed charges feel.
fn check_pedestals(path: &Path, truth: &Value) {
    let text = std::fs::read_to_string(path).unwrap();
    let shifts: Vec<f64> = text
        .lines()
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let truth = truth["pedestals_adc"][words[0].parse::<usize>().unwrap()].as_f64().unwrap();
            words[4].parse::<f64>().unwrap() - truth
        })
        .collect();
    assert_eq!(shifts.len(), 1280);
    assert!(shifts.iter().all(|shift| shift.abs() < 0.2), "a pedestal is off by more than 0.2 ADC counts");
    let mean = shifts.iter().sum::<f64>() / shifts.len() as f64;
    assert!(mean.abs() < 0.03, "pedestals are off by {mean} ADC counts in the mean");
}
