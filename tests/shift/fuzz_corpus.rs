//! The corpus of the fuzz targets, read as it stands and changed, with the code of the targets.

use std::path::Path;

use monitasks::detector::Readout;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

#[path = "../fuzz/read_all.rs"]
mod read_all;

/// Changed copies of each file that are read.
const CHANGED: usize = 300;

fn replay(corpus: &str, readout: &Readout) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(corpus);
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("any.dat");
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap().path();
        let bytes = std::fs::read(&file).unwrap();
        read_all::read_all(&path, &bytes, readout);
        let mut random = ChaCha8Rng::seed_from_u64(bytes.len() as u64);
        for _ in 0..CHANGED {
            let mut changed = bytes.clone();
            for _ in 0..random.random_range(1..6) {
                let (at, from) = (random.random_range(0..bytes.len()), random.random_range(0..bytes.len()));
                match random.random_range(0..4) {
                    0 => changed[at] = random.random(),
                    1 => changed[at] ^= 1 << random.random_range(0..8),
                    // A part of the file stands where another was.
                    2 => changed
                        .splice(at.min(changed.len())..(at + 40).min(changed.len()), bytes[from..].iter().copied())
                        .for_each(drop),
                    _ => changed.truncate(at.max(1)),
                }
                changed.resize(changed.len().max(bytes.len()), 0xFF);
            }
            changed.truncate(random.random_range(1..=changed.len()));
            read_all::read_all(&path, &changed, readout);
        }
        files += 1;
    }
    assert!(files >= 4, "{}: {files} files", folder.display());
}

#[test]
fn the_corpus_of_the_3x1x1_is_read_without_a_panic() {
    replay("raw_3x1x1", &read_all::SMALL);
}

#[test]
fn the_corpus_of_the_6x6x6_is_read_without_a_panic() {
    replay("raw_6x6x6", &read_all::SMALL_TABLE);
}
