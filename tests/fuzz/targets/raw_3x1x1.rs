//! Any bytes as a raw file of the 3x1x1's layout.
#![no_main]

// Each target uses one of the readouts.
#[allow(dead_code)]
#[path = "../read_all.rs"]
mod read_all;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = std::env::temp_dir().join(format!("dqmon-fuzz-3x1x1-{}.dat", std::process::id()));
    read_all::read_all(&path, bytes, &read_all::SMALL);
});
