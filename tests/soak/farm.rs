//! What rounds stand on: started once, used by all rounds of a kind.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Kind;
use crate::services::slurm::Farm;
use crate::services::xrootd::XrootdServer;

/// The services of a kind.
pub struct Services {
    pub farm: Option<Farm>,
    pub server: Option<XrootdServer>,
    /// Simulated raw files of the tiny detector.
    pub contents: Vec<Vec<u8>>,
    folder: tempfile::TempDir,
}

/// A detector with 64 channels, so that a job takes no time.
const DETECTOR: &str = include_str!("../data/small_detector.toml");

/// Different files that are delivered.
const CONTENTS: usize = 6;

impl Services {
    /// Starts what a kind needs.
    ///
    /// # Errors
    /// What is missing on this machine.
    pub fn start(kind: Kind) -> Result<Self, String> {
        if kind == Kind::Disk {
            can_mount()?;
        }
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let detector = folder.path().join("tiny.toml");
        // With the names of the workspace's own copies.
        let text = DETECTOR.replace("{seq}_of_{run}.raw", "run{run}-seq{seq}.dat");
        std::fs::write(&detector, text).map_err(|error| error.to_string())?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_dqmon"));
        command.args(["simulate", "--run", "1", "--seed", "5", "--events", "1", "--files", &CONTENTS.to_string()]);
        command.arg("--detector").arg(&detector).arg("--out").arg(folder.path()).stdin(Stdio::null());
        let output = command.output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(format!("files not simulated: {}", String::from_utf8_lossy(&output.stderr)));
        }
        let read = |place: usize| std::fs::read(folder.path().join(format!("run1-seq{place}.dat")));
        let contents = (0..CONTENTS).map(read).collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
        let farm = if kind == Kind::Controller { Some(Farm::start()?) } else { None };
        let server = if kind == Kind::Storage { Some(XrootdServer::start()?) } else { None };
        Ok(Services { farm, server, contents, folder })
    }

    /// A farm as new: one whose controller was killed keeps jobs that it believes to run, and their places with them.
    ///
    /// # Errors
    /// When it does not start.
    pub fn renew(&mut self) -> Result<(), String> {
        if self.farm.take().is_some() {
            self.farm = Some(Farm::start()?);
        }
        Ok(())
    }

    /// The detector file.
    pub fn detector(&self) -> PathBuf {
        self.folder.path().join("tiny.toml")
    }
}

/// A small disk of its own; it goes with its value.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one over a folder.
    ///
    /// # Errors
    /// When it can't be mounted.
    pub fn over(folder: &Path, megabytes: u32) -> Result<Self, String> {
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "soak"]).arg(folder).output();
        match mounted {
            Ok(output) if output.status.success() => Ok(SmallDisk(folder.to_owned())),
            Ok(output) => Err(format!("no disk can be mounted: {}", String::from_utf8_lossy(&output.stderr).trim())),
            Err(error) => Err(format!("no disk can be mounted: {error}")),
        }
    }

    /// Fills it to the last byte.
    pub fn fill(&self) {
        use std::io::Write;
        let Ok(mut filler) = std::fs::File::create(self.0.join("filler")) else { return };
        let block = vec![0_u8; 65_536];
        let mut size = block.len();
        while size > 0 {
            if filler.write_all(&block[..size]).is_err() {
                size /= 2;
            }
        }
    }

    /// Takes away what filled it.
    pub fn free(&self) {
        let _ = std::fs::remove_file(self.0.join("filler"));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // At once also when a process still stands in it: it goes with the last of them.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).output();
    }
}

fn can_mount() -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    SmallDisk::over(folder.path(), 1).map(drop)
}
