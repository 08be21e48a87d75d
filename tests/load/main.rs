//! Load tests: a real workspace and a real backend, fed with raw files as fast as a DAQ would, or faster.
//!
//! `make load` runs one. Everything is counted from the book's story after the fact, and every copy is compared byte for byte
//! with what was delivered. The exit status is 1 when a figure that the test is to reach is missed.
//! With `soak` as the first word it is the soak test of `make soak`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod feed;
mod options;
mod outcome;
mod report;
#[allow(dead_code)]
#[path = "../services/mod.rs"]
mod services;
mod site;
mod soak;
#[path = "../soak/mod.rs"]
mod soaking;
mod watched;

use options::Options;

fn main() {
    // `cargo bench` says that this is one.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if arguments.first().is_some_and(|first| first == "soak") {
        std::process::exit(soak::run(&arguments[1..]));
    }
    let options = match Options::parse(&arguments) {
        Ok(Some(options)) => options,
        Ok(None) => return print!("{}", options::HELP),
        Err(why) => {
            eprintln!("load: {why}; --help tells what there is");
            std::process::exit(2);
        }
    };
    let report = match site::run(&options) {
        Ok(report) => report,
        Err(why) => {
            println!("COULD NOT RUN: load test: {why}");
            std::process::exit(1);
        }
    };
    let told = if options.as_json { report.json().to_string() } else { report.text().trim_end().to_owned() };
    println!("{told}");
    if !report.misses().is_empty() {
        std::process::exit(1);
    }
}
