//! The intake beside the farm's own two scripts: the same files to the queue, and what each loses.
//!
//! The scripts are in `farm_scripts/`. Both sides copy, synchronise each copy, make a queue entry and write their logs; ours also
//! keeps the book, reads each copy back, and counts its events.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dqmon::bookkeeping::{FileStep, SqliteStore, Store};
use dqmon::config::Workspace;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::report::{Report, Row, median};
use crate::sample::{Size, simulate};

/// Files wait in a lane that nothing is let through: intake alone is measured.
const HELD: &str = "[[lanes]]\nname = \"FULL\"\ngates = [{ rule = \"flag\", is = [\"OK\"] }]\n";

const WATCH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/farm_scripts/watch.sh");
const SUBMIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/farm_scripts/submit.sh");

/// Longest wait for files that may never come, beyond the backend's own sweep every 30 s.
const PATIENCE: Duration = Duration::from_secs(40);

/// Whoever takes files in, in folders of its own.
struct Side {
    folder: tempfile::TempDir,
    workspace: Option<Workspace>,
    process: Option<Child>,
}

impl Side {
    fn ours() -> Side {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Some(Workspace::create_with(&folder.path().join("shift"), HELD).unwrap());
        Side { folder, workspace, process: None }.started()
    }

    fn peer() -> Side {
        let folder = tempfile::tempdir().unwrap();
        for name in ["incoming", "storage", "todo", "scripts"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Side { folder, workspace: None, process: None }.started()
    }

    fn started(mut self) -> Side {
        self.start();
        self
    }

    fn incoming(&self) -> PathBuf {
        self.workspace.as_ref().map_or_else(|| self.folder.path().join("incoming"), Workspace::incoming)
    }

    fn start(&mut self) {
        let mut command = Command::new(if self.workspace.is_some() { env!("CARGO_BIN_EXE_dqmon") } else { WATCH });
        match &self.workspace {
            Some(workspace) => command.arg("-w").arg(&workspace.root).arg("process"),
            None => command.args(["incoming", "storage", "todo", "log"].map(|name| self.folder.path().join(name))),
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        self.process = Some(command.spawn().unwrap());
        // Until both watch for sure.
        std::thread::sleep(Duration::from_millis(700));
    }

    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = kill_process_group(Pid::from_child(&process), Signal::KILL);
            let _ = process.wait();
        }
    }

    /// Files that were taken in so far.
    fn taken(&self) -> usize {
        match &self.workspace {
            None => fs::read_to_string(self.folder.path().join("log")).unwrap_or_default().lines().count(),
            Some(workspace) => {
                let files = SqliteStore::open_read_only(&workspace.book()).and_then(|book| Ok(book.overview()?.files));
                files.unwrap_or_default().iter().filter(|file| file.step == FileStep::Stored).count()
            }
        }
    }

    /// Waits until that many files are taken in, or none comes any more; answers how many there are.
    fn wait_for(&self, files: usize, patience: Duration) -> usize {
        let end = Instant::now() + patience;
        while self.taken() < files && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(10));
        }
        self.taken()
    }

    /// Gives the peer's queue away, as its clock would.
    fn submit(&self) {
        if self.workspace.is_none() {
            let folder = self.folder.path();
            let status = Command::new(SUBMIT).arg(folder.join("todo")).arg(folder.join("scripts")).arg("true").status();
            assert!(status.unwrap().success());
        }
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Both rows.
pub fn run(report: &mut Report, size: Size) {
    if Command::new("inotifywait").arg("--help").output().is_err() {
        println!("COULD NOT RUN: the intake beside the farm's scripts: no inotifywait; 'make deps' installs it");
        return;
    }
    let sample = tempfile::tempdir().unwrap();
    simulate(sample.path(), &["--run", "1", "--files", "1"], 1);
    let bytes = fs::read(sample.path().join("run1-seq0.dat")).unwrap();
    burst(report, size, &bytes);
    losses(report, &bytes);
}

fn burst(report: &mut Report, size: Size, bytes: &[u8]) {
    let files = size.events;
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    for _ in 0..size.times {
        for (side, took) in [(Side::peer(), &mut peers), (Side::ours(), &mut ours)] {
            let begun = Instant::now();
            (0..files).for_each(|file| put(&side.incoming(), file, bytes));
            assert_eq!(side.wait_for(files, PATIENCE), files);
            took.push(begun.elapsed().as_secs_f64());
            side.submit();
        }
    }
    report.add(Row {
        what: format!(
            "{files} files of {:.1} MB in one burst, from the first write until all are queued",
            bytes.len() as f64 / 1e6
        ),
        ours: median(ours),
        unit: "s",
        peer: Some(("scripts".into(), median(peers))),
        goal: Some(1.2),
    });
}

fn put(folder: &Path, file: usize, bytes: &[u8]) {
    fs::write(folder.join(format!("run1-seq{file}.dat")), bytes).unwrap();
}

/// Files of a part of the next.
const PART: usize = 10;

fn losses(report: &mut Report, bytes: &[u8]) {
    let what = ["written while it is restarted", "moved in", "written into folders made that instant"];
    let [ours, peers] = [Side::ours(), Side::peer()].map(|mut side| {
        let patience = if side.workspace.is_some() { PATIENCE } else { Duration::from_secs(5) };
        let (mut lost, mut delivered, mut taken) = ([0.0; 3], 0, 0);
        for (part, lost) in lost.iter_mut().enumerate() {
            let files = delivered..delivered + PART;
            delivered += PART;
            let wanted = taken + PART;
            deliver(&mut side, part, files, bytes);
            taken = side.wait_for(wanted, patience);
            *lost = wanted.saturating_sub(taken) as f64;
        }
        lost
    });
    for ((what, ours), peer) in what.iter().zip(ours).zip(peers) {
        let what = format!("lost of {PART} files {what}");
        report.add(Row { what, ours, unit: "files", peer: Some(("scripts".into(), peer)), goal: Some(0.0) });
    }
}

fn deliver(side: &mut Side, part: usize, files: std::ops::Range<usize>, bytes: &[u8]) {
    let middle = files.start + PART / 2;
    for file in files {
        match part {
            0 => {
                if file == middle {
                    side.stop();
                }
                put(&side.incoming(), file, bytes);
                // So that it is at work on each when the next one comes.
                std::thread::sleep(Duration::from_millis(50));
            }
            1 => {
                put(side.folder.path(), file, bytes);
                let name = format!("run1-seq{file}.dat");
                fs::rename(side.folder.path().join(&name), side.incoming().join(&name)).unwrap();
            }
            _ => {
                let folder = side.incoming().join(format!("burst{file}/deep"));
                fs::create_dir_all(&folder).unwrap();
                put(&folder, file, bytes);
            }
        }
    }
    if side.process.is_none() {
        side.start();
    }
}
