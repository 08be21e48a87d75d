//! The DAQ of a load test: writes raw files at a pace.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use monitasks::vocab::FileId;

use crate::options::Options;

/// Different files that are simulated; a copy of the wrong one is seen.
const KINDS: usize = 4;

/// Files of a run.
const FILES_PER_RUN: usize = 50;

/// What is delivered.
pub struct Feed {
    kinds: Vec<Vec<u8>>,
    files: usize,
}

impl Feed {
    /// Simulates the files.
    pub fn make(options: &Options, root: &Path) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let kinds = KINDS.min(options.files);
        let mut command = Command::new(env!("CARGO_BIN_EXE_dqmon"));
        command.args(["simulate", "--run", "1", "--seed", "3", "--detector", &options.detector]).current_dir(root);
        command.args(["--files", &kinds.to_string(), "--events", &options.events.to_string()]);
        command.args(options.compressed.then_some("--compressed")).arg("--out").arg(folder.path());
        let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(format!("files not simulated: {}", String::from_utf8_lossy(&output.stderr)));
        }
        let read = |kind: usize| fs::read(folder.path().join(format!("run1-seq{kind}.dat"))).map_err(|error| error.to_string());
        let kinds = (0..kinds).map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(Feed { kinds, files: options.files })
    }

    /// The name of a file.
    pub fn name(place: usize) -> FileId {
        FileId::new((1 + place / FILES_PER_RUN) as u32, (place % FILES_PER_RUN) as u32)
    }

    /// Mean size of a file, bytes.
    pub fn mean_bytes(&self) -> f64 {
        self.kinds.iter().map(Vec::len).sum::<usize>() as f64 / self.kinds.len() as f64
    }

    /// The bytes of a file: simulated ones, with its own run in the run header.
    pub fn bytes(&self, place: usize) -> Vec<u8> {
        let mut bytes = self.kinds[place % self.kinds.len()].clone();
        bytes[..4].copy_from_slice(&Feed::name(place).run.0.to_be_bytes());
        bytes
    }

    /// Delivers all files and the ends of their runs; answers how long that took, s.
    pub fn deliver(&self, incoming: &Path, every_s: f64) -> std::io::Result<f64> {
        let begun = Instant::now();
        for place in 0..self.files {
            let due = Duration::from_secs_f64(every_s * place as f64);
            std::thread::sleep(due.saturating_sub(begun.elapsed()));
            let file = Feed::name(place);
            fs::write(incoming.join(format!("{file}.dat")), self.bytes(place))?;
            if (place + 1) % FILES_PER_RUN == 0 || place + 1 == self.files {
                fs::write(incoming.join(format!("{}.end", file.run)), "")?;
            }
        }
        Ok(begun.elapsed().as_secs_f64())
    }
}
