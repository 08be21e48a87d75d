//! The benchmark: our rates beside those of peers on the same files in the same run, each figure as a ratio.
//!
//! `make bench` runs it on one pinned core, unless a row says otherwise. Each pair of measurements is taken several times in turn,
//! so that a machine that slows down slows down both; the medians are shown. Prints a table for people, and JSON with `--json`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod book;
mod growth;
mod intake;
#[path = "../shift/made_up.rs"]
mod made_up;
#[path = "../shift/painted.rs"]
mod painted;
mod process;
mod rates;
mod replay;
mod report;
mod sample;
mod scrub;
mod window;

use std::path::Path;

use report::Report;
use sample::{Samples, Size};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    if has("--help") {
        println!(
            "bench [--quick] [--growth] [--intake] [--book|--window [--runs N] [--kept FOLDER]] [--replay [--records N]] [--json]: rates beside peers; --growth: \
             how the cost grows; --intake: that alone; --book: that alone, and a book of 100,000 runs, or N, made in FOLDER unless it \
             stands there; --window: frames, the first frame with such a book, and pictures beside JSROOT; --replay: \
             an index of 1,000,000 records, or N; --quick: few events"
        );
        return;
    }
    let value = |name: &str| arguments.iter().skip_while(|argument| *argument != name).nth(1);
    // What `--book` starts itself with.
    if let Some(folder) = value("--look-at-book") {
        return book::look(folder.as_ref());
    }
    let records = value("--records").map_or(replay::RECORDS, |records| records.parse().expect("--records takes a number"));
    // What `--replay` starts itself with.
    if let Some(folder) = value("--at-replay") {
        return replay::look(folder.as_ref(), records);
    }
    let size = if has("--quick") { Size::QUICK } else { Size::FULL };
    let mut report = Report::new(&process::machine());
    if has("--growth") {
        growth::run(&mut report, size);
    } else if has("--book") {
        let runs = value("--runs").map_or(book::RUNS, |runs| runs.parse().expect("--runs takes a number"));
        book::decisions(&mut report);
        book::large(&mut report, runs, value("--kept").map(Path::new));
    } else if has("--window") {
        let runs = value("--runs").map_or(book::RUNS, |runs| runs.parse().expect("--runs takes a number"));
        window::run(&mut report, runs, value("--kept").map(Path::new));
    } else if has("--replay") {
        replay::run(&mut report, records, size.times);
        scrub::run(&mut report);
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
