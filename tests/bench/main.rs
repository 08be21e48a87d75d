//! The benchmark: our rates beside those of peers on the same files in the same run, each figure as a ratio.
//!
//! `make bench` runs it on one pinned core, unless a row says otherwise. Each pair of measurements is taken several times in turn,
//! so that a machine that slows down slows down both; the medians are shown. Prints a table for people, and JSON with `--json`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod book;
mod growth;
mod intake;
mod process;
mod rates;
mod report;
mod sample;

use report::Report;
use sample::{Samples, Size};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    if has("--help") {
        println!(
            "bench [--quick] [--growth] [--intake] [--book] [--json]: rates beside peers; --growth: how the cost grows; --intake, --book: that \
             alone; --quick: few events"
        );
        return;
    }
    let size = if has("--quick") { Size::QUICK } else { Size::FULL };
    let mut report = Report::new(&process::machine());
    if has("--growth") {
        growth::run(&mut report, size);
    } else if has("--book") {
        book::decisions(&mut report);
    } else if has("--intake") {
        intake::run(&mut report, size);
    } else {
        let samples = Samples::make(size);
        rates::decode(&samples, &mut report);
        rates::search(&samples, &mut report);
        rates::whole(&samples, &mut report);
        rates::large(&mut report);
        intake::run(&mut report, size);
        book::decisions(&mut report);
    }
    if has("--json") { println!("{}", report.json()) } else { print!("{}", report.table()) }
}
