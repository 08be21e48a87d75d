//! The window: how long its frames take, how soon it is there and shows what is new, and how fast a figure of a ROOT file becomes a
//! picture, beside JSROOT in a browser. `make bench BENCH="--window"`.
//!
//! `layout.rs` makes frames with no screen and no graphics card, `program.rs` starts the program on a screen that nobody sees,
//! `jsroot.rs` draws the same file with the peer.

mod jsroot;
mod layout;
mod program;

use std::path::Path;

use crate::report::{Report, Row};

/// Measures it all; the large workspace is made in a folder that is kept, where one is given.
pub fn run(report: &mut Report, runs: u32, kept: Option<&Path>) {
    layout::eight_panes(report);
    layout::one_trend(report);
    layout::outliers(report);
    layout::table(report, runs);
    layout::search(report);
    program::new_result(report);
    jsroot::run(report);
    program::first_frame(report, runs, kept);
}

/// Adds the median of some times and the longest but for one in a hundred, ms.
pub fn add_times(report: &mut Report, what: &str, mut times_ms: Vec<f64>, goals: [Option<f64>; 2]) {
    times_ms.sort_by(f64::total_cmp);
    let at = |share: f64| times_ms[((times_ms.len() - 1) as f64 * share) as usize];
    for (name, value, goal) in [("median", at(0.5), goals[0]), ("p99", at(0.99), goals[1])] {
        report.add(Row { what: format!("{what}: {name}"), ours: value, unit: "ms", peer: None, goal });
    }
}
