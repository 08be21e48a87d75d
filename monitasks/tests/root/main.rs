//! ROOT files: those that ROOT 6.40 wrote (`tests/data/root`), and damaged ones.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod damage;
mod samples;
mod shown;
#[path = "../tasks/small_detector.rs"]
mod small_detector;
mod written;

use std::fs;
use std::path::Path;

/// The samples of equal content, one for each compression.
const SAMPLES: [&str; 5] = ["none", "zlib", "lzma", "lz4", "zstd"];

fn data(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/root").join(name)).unwrap()
}

fn sample(compression: &str) -> Vec<u8> {
    data(&format!("root640_{compression}.root"))
}
