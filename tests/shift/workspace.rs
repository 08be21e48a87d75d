//! A workspace in a temporary folder, with simulated raw files and the program run on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use dqmon::bookkeeping::{Overview, SqliteStore, Store};
use dqmon::config::Workspace;

/// Longest that anything here may take.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A workspace that goes away with the test, and the backends that it started with it.
pub struct Shift {
    pub folder: tempfile::TempDir,
    pub workspace: Workspace,
    backends: Vec<Child>,
}

/// The program under test.
pub fn dqmon() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dqmon"));
    command.env_remove("DQMON_WORKSPACE").stdin(Stdio::null());
    command
}

/// Two raw files of one event each, simulated once for all tests.
fn raw_files() -> &'static Path {
    static FILES: OnceLock<tempfile::TempDir> = OnceLock::new();
    FILES
        .get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let mut command = dqmon();
            command.args(["simulate", "--run", "1", "--files", "2", "--events", "1", "--seed", "7", "--out"]);
            let output = command.arg(folder.path()).output().unwrap();
            assert!(output.status.success(), "{}", said(&output));
            folder
        })
        .path()
}

/// What a command said, on both streams.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

impl Shift {
    /// An empty workspace with extra settings.
    pub fn new(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("shift");
        let output = dqmon().arg("init").arg(&root).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        fs::write(root.join("dqmon.toml"), settings).unwrap();
        Shift { folder, workspace: Workspace::open(&root).unwrap(), backends: Vec::new() }
    }

    /// A job template that tells in `trace` when each job starts and ends.
    pub fn traced_template(&self, before: &str) {
        let trace = self.trace_file();
        let template = format!(
            "#!/bin/sh\necho start @job@ >> '{0}'\n{before}\n@command@\nstatus=$?\necho \"$status\" > @status@\n\
             echo end @job@ >> '{0}'\n[ \"$status\" -le 1 ] || exit \"$status\"\n",
            trace.display()
        );
        fs::write(self.workspace.root.join("job.sh"), template).unwrap();
    }

    fn trace_file(&self) -> PathBuf {
        self.workspace.root.join("trace")
    }

    /// What the traced jobs of a name told.
    pub fn trace_of(&self, job: &str) -> Vec<String> {
        let text = fs::read_to_string(self.trace_file()).unwrap_or_default();
        text.lines().filter_map(|line| line.split_once(' ')).filter(|line| line.1 == job).map(|line| line.0.into()).collect()
    }

    /// Puts a simulated file into the intake folder.
    pub fn deliver(&self, simulated: &str, name: &str) {
        fs::copy(raw_files().join(simulated), self.workspace.incoming().join(name)).unwrap();
    }

    /// Puts a run of two files and its end into the intake folder.
    pub fn deliver_run(&self) {
        self.deliver("run1-seq0.dat", "run1-seq0.dat");
        self.deliver("run1-seq1.dat", "run1-seq1.dat");
        fs::write(self.workspace.incoming().join("run1.end"), "").unwrap();
    }

    /// The program on this workspace.
    pub fn dqmon(&self) -> Command {
        let mut command = dqmon();
        command.arg("-w").arg(&self.workspace.root);
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.dqmon().args(arguments).output().unwrap()
    }

    /// Starts a backend that stays; answers its place among those started.
    pub fn start_backend(&mut self) -> usize {
        let child = self.dqmon().arg("process").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        self.backends.push(child);
        self.backends.len() - 1
    }

    /// A backend that was started.
    pub fn backend(&mut self, place: usize) -> &mut Child {
        &mut self.backends[place]
    }

    /// The book at this moment.
    pub fn overview(&self) -> Overview {
        SqliteStore::open_read_only(&self.workspace.book()).unwrap().overview().unwrap()
    }

    /// Waits until something holds.
    pub fn wait_until(&self, what: &str, holds: impl Fn(&Shift) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !holds(self) {
            assert!(Instant::now() < end, "waited in vain until {what}: {:#?}", self.overview().files);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Shift {
    fn drop(&mut self) {
        for backend in &mut self.backends {
            let _ = backend.kill();
            let _ = backend.wait();
        }
    }
}
