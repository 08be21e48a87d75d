//! The files that are measured on: made by `dqmon simulate`, so that anybody gets the same.

use std::path::{Path, PathBuf};
use std::process::Command;

use monitasks::detector::Detector;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Events of a file.
    pub events: usize,
    /// Times each measurement is taken.
    pub times: usize,
}

impl Size {
    /// Enough for figures that repeat within a few percent.
    pub const FULL: Size = Size { events: 100, times: 5 };
    /// Enough to see that it runs.
    pub const QUICK: Size = Size { events: 8, times: 1 };
}

/// The files, removed with this.
pub struct Samples {
    folder: tempfile::TempDir,
    /// How much is measured.
    pub size: Size,
    /// The 3x1x1.
    pub detector: Detector,
}

impl Samples {
    /// Simulates run 1 uncompressed in two files and run 2 compressed in one, white noise of 1.7 ADC counts in both.
    pub fn make(size: Size) -> Self {
        let folder = tempfile::tempdir().unwrap();
        simulate(folder.path(), &["--run", "1", "--files", "2", "--noise-adc", "1.7"], size.events);
        simulate(folder.path(), &["--run", "2", "--files", "1", "--noise-adc", "1.7", "--compressed"], size.events);
        let detector = dqmon::detector::load("3x1x1", "", folder.path()).unwrap();
        Samples { folder, size, detector }
    }

    /// One of the two uncompressed files.
    pub fn uncompressed(&self, sequence: u32) -> PathBuf {
        self.folder.path().join(format!("run1-seq{sequence}.dat"))
    }

    /// The compressed file.
    pub fn compressed(&self) -> PathBuf {
        self.folder.path().join("run2-seq0.dat")
    }

    /// Where output may go.
    pub fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }
}

/// Runs `dqmon simulate`.
pub fn simulate(folder: &Path, options: &[&str], events: usize) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dqmon"));
    command.arg("simulate").args(options).args(["--seed", "3", "--events", &events.to_string(), "--out"]);
    let output = command.arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
