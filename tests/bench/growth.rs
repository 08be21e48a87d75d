//! How the cost of a reconstruction grows with the number of events, with noise and with the size of the detector.

use crate::process;
use crate::report::{Report, Row};
use crate::sample::{Size, simulate};

/// Reconstructs files that differ in one thing each.
pub fn run(report: &mut Report, size: Size) {
    for times in [1, 2, 4] {
        one(report, &format!("{} events", size.events * times), &[], size.events * times);
    }
    for noise in ["0.5", "1.0", "1.7", "3.0"] {
        one(report, &format!("white noise {noise} ADC"), &["--noise-adc", noise], size.events);
        one(report, &format!("white noise {noise} ADC, compressed"), &["--noise-adc", noise, "--compressed"], size.events);
    }
}

fn one(report: &mut Report, what: &str, options: &[&str], events: usize) {
    let folder = tempfile::tempdir().unwrap();
    simulate(folder.path(), &[&["--run", "1", "--files", "1"], options].concat(), events);
    let (file, out) = (folder.path().join("run1-seq0.dat"), folder.path().join("out"));
    let arguments = ["reconstruct", file.to_str().unwrap(), "--out", out.to_str().unwrap(), "--threads", "1"];
    let took = process::run(env!("CARGO_BIN_EXE_dqmon"), &arguments, Some(0));
    let milliseconds = 1e3 * took.wall_s / events as f64;
    report.add(Row { what: format!("cost of an event, {what}"), ours: milliseconds, unit: "ms", peer: None, goal: None });
    let memory = took.peak_bytes as f64 / 1e6;
    report.add(Row { what: format!("peak memory, {what}"), ours: memory, unit: "MB", peer: None, goal: None });
}
