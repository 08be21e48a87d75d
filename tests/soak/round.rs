//! One round, from an empty workspace to the moment when nothing moves any more.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dqmon::config::Workspace;
use monitasks::vocab::FileId;

use super::farm::{Services, SmallDisk};
use super::plan::{Deed, Plan};
use super::truth::Truth;
use super::{Kind, PATIENCE};

const DQMON: &str = env!("CARGO_BIN_EXE_dqmon");

/// A round under way.
pub struct Round {
    kind: Kind,
    plan: Plan,
    // Before the folder: it has to be unmounted first.
    disk: Option<SmallDisk>,
    pub(super) workspace: Workspace,
    pub(super) folder: tempfile::TempDir,
    backend: Option<Child>,
    network: Option<String>,
    open: HashMap<String, File>,
    /// Every content that was delivered for a file.
    pub(super) delivered: Vec<(FileId, Vec<u8>)>,
    end: End,
}

/// How a round ended.
#[derive(Debug, Default)]
pub struct End {
    pub files: u64,
    pub failed_with_reason: u64,
    pub kills: u64,
    pub own_ends: u64,
    pub attempts: u64,
    pub answers: u64,
    /// What was broken.
    pub broken: Vec<String>,
    /// What the backends said last.
    pub told: String,
}

impl Round {
    /// An empty workspace, and what will happen to it.
    pub fn new(kind: Kind, seed: u64, services: &Services) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let plan = Plan::new(kind, seed, services.contents.len());
        let root = folder.path().join("shift");
        let disk = match kind {
            Kind::Disk if plan.whole_on_disk => Some(SmallDisk::over(&root, 24)?),
            _ => None,
        };
        fs::create_dir_all(folder.path().join("incoming")).map_err(|error| error.to_string())?;
        let template = folder.path().join("job.sh");
        fs::write(&template, template_text(folder.path())).map_err(|error| error.to_string())?;
        let settings = settings(folder.path(), &plan, services);
        let workspace = Workspace::create_with(&root, &settings).map_err(|error| error.to_string())?;
        let disk = match disk {
            None if kind == Kind::Disk => Some(SmallDisk::over(&root.join("storage"), 24)?),
            disk => disk,
        };
        let network = services.server.as_ref().map(crate::services::xrootd::XrootdServer::network);
        Ok(Round {
            kind,
            plan,
            disk,
            workspace,
            folder,
            backend: None,
            network,
            open: HashMap::new(),
            delivered: Vec::new(),
            end: End::default(),
        })
    }

    /// Lets everything happen, waits until nothing moves, and looks.
    pub fn run(mut self, services: &mut Services) -> End {
        let begun = Instant::now();
        self.start_backend();
        for (at_ms, deed) in self.plan.deeds.clone() {
            while let Some(left) = Duration::from_millis(at_ms).checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) {
                std::thread::sleep(left.min(Duration::from_millis(20)));
            }
            self.deed(&deed, services);
        }
        self.start_backend();
        for run in [1, 2] {
            self.put(&format!("run{run}.end"), b"");
        }
        let truth = self.rest(services);
        self.end.broken.extend(truth.broken(&self));
        self.end.files = truth.overview.files.len() as u64;
        self.end.failed_with_reason = truth.failed();
        self.end.attempts = truth.overview.passes.iter().map(|pass| u64::from(pass.attempt)).sum();
        if self.end.own_ends > 0 && self.kind != Kind::Disk {
            self.end.broken.push(format!("the backend ended by itself, {} times", self.end.own_ends));
        }
        let kills = self.end.kills;
        self.kill_backend();
        self.end.kills = kills;
        let said = fs::read_to_string(self.folder.path().join("said")).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        self.end.told += &lines[lines.len().saturating_sub(60)..].join("\n");
        if !self.end.broken.is_empty() && std::env::var_os("DQMON_SOAK_KEEP").is_some() {
            let kept = std::env::temp_dir().join("dqmon-soak-kept");
            let _ = Command::new("cp").arg("-a").arg(self.folder.path()).arg(&kept).status();
            println!("kept: {}", kept.display());
        }
        std::mem::take(&mut self.end)
    }

    /// Waits until nothing moves any more; what could not come to rest is told.
    fn rest(&mut self, services: &Services) -> Truth {
        let begun = Instant::now();
        loop {
            // Whoever runs the shift starts a backend that has ended.
            self.start_backend();
            let truth = Truth::read(&self.workspace);
            let pending = truth.pending(self);
            for (command, subject) in truth.questions() {
                // A job that its batch system has forgotten: nobody but a person can say that it will not come back.
                self.end.answers += 1;
                let mut person = Command::new(DQMON);
                person.arg("-w").arg(&self.workspace.root).args([command, &subject, "--who", "soak"]);
                let _ = person.stdin(Stdio::null()).output();
            }
            if pending.is_empty() {
                return truth;
            }
            if let Some(farm) = &services.farm {
                farm.give_node_back();
            }
            if begun.elapsed() > PATIENCE {
                if let Some(farm) = &services.farm {
                    let queue = farm.run("squeue", &["-h", "-t", "all", "-o", "%i %j %T %r"]);
                    self.end.told = String::from_utf8_lossy(&queue.stdout).into_owned();
                }
                self.end.broken.push(format!("no rest after {} s: {}", PATIENCE.as_secs(), pending.join("; ")));
                return truth;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Whether second copies are made.
    pub(super) fn wants_central(&self) -> bool {
        self.kind == Kind::Storage
    }

    fn deed(&mut self, deed: &Deed, services: &mut Services) {
        match deed {
            Deed::Write { path, file, content } => {
                let bytes = self.content(*file, *content, services);
                self.put(path, &bytes);
            }
            Deed::MoveIn { path, file, content } => {
                let bytes = self.content(*file, *content, services);
                let (aside, place) = (self.folder.path().join("aside"), self.incoming().join(path));
                fs::write(&aside, bytes).expect("delivery");
                fs::create_dir_all(place.parent().expect("folder")).expect("delivery");
                fs::rename(&aside, &place).expect("delivery");
            }
            Deed::Grow { path, file, content, to_percent, keeps_open } => {
                let bytes = self.content(*file, *content, services);
                self.grow(path, &bytes[..bytes.len() * to_percent / 100], *keeps_open && *to_percent < 100);
            }
            Deed::KillBackend => self.kill_backend(),
            Deed::StartBackend => self.start_backend(),
            Deed::KillJob { whole_group } => self.kill_job(*whole_group),
            Deed::StopService => {
                services.farm.iter_mut().for_each(crate::services::slurm::Farm::kill_controller);
                services.server.iter_mut().for_each(crate::services::xrootd::XrootdServer::kill);
                self.disk.iter().for_each(SmallDisk::fill);
            }
            Deed::StartService => {
                services.farm.iter_mut().for_each(crate::services::slurm::Farm::start_controller);
                services.server.iter_mut().for_each(crate::services::xrootd::XrootdServer::run);
                self.disk.iter().for_each(SmallDisk::free);
            }
        }
    }

    /// The bytes of a content with the file's own run in its header; noted as delivered.
    fn content(&mut self, file: FileId, content: usize, services: &Services) -> Vec<u8> {
        let mut bytes = services.contents[content].clone();
        bytes[..4].copy_from_slice(&file.run.0.to_be_bytes());
        if !self.delivered.iter().any(|(of, known)| *of == file && *known == bytes) {
            self.delivered.push((file, bytes.clone()));
        }
        bytes
    }

    pub(super) fn incoming(&self) -> PathBuf {
        self.folder.path().join("incoming")
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        let place = self.incoming().join(path);
        fs::create_dir_all(place.parent().expect("folder")).expect("delivery");
        fs::write(place, bytes).expect("delivery");
    }

    /// Writes the rest of a beginning, then closes the file or keeps it open.
    fn grow(&mut self, path: &str, beginning: &[u8], stays_open: bool) {
        let place = self.incoming().join(path);
        let opened = || File::options().create(true).append(true).open(&place).expect("delivery");
        let mut file = self.open.remove(path).unwrap_or_else(opened);
        let there = file.metadata().map_or(0, |facts| facts.len() as usize).min(beginning.len());
        file.write_all(&beginning[there..]).expect("delivery");
        if stays_open {
            self.open.insert(path.to_owned(), file);
        }
    }

    fn start_backend(&mut self) {
        match self.backend.as_mut().map(Child::try_wait) {
            Some(Ok(None)) => return,
            Some(_) => self.end.own_ends += 1,
            None => {}
        }
        let said = File::options().create(true).append(true).open(self.folder.path().join("said")).expect("log of the backend");
        let mut command = Command::new(if self.network.is_some() { "nsenter" } else { DQMON });
        // Where the server is.
        if let Some(network) = &self.network {
            command.arg(format!("--net={network}")).args(["--", DQMON]);
        }
        command.arg("-w").arg(&self.workspace.root).arg("process").env_remove("DQMON_WORKSPACE");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
        self.backend = Some(command.spawn().expect("backend"));
    }

    fn kill_backend(&mut self) {
        if let Some(mut backend) = self.backend.take() {
            self.end.kills += 1;
            let _ = backend.kill();
            let _ = backend.wait();
        }
    }

    /// Kills a job of this workspace, if one runs.
    fn kill_job(&self, whole_group: bool) {
        let locks = fs::read_dir(self.workspace.processing("work")).into_iter().flatten().flatten();
        let mut locks: Vec<PathBuf> = locks.map(|entry| entry.path()).collect();
        locks.sort();
        let first_process = |lock: &PathBuf| -> Option<i32> {
            let text = fs::read_to_string(lock).ok()?;
            let pid: i32 = text.split_whitespace().nth(1)?.parse().ok()?;
            // Its number may be another process' by now.
            let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            let root = self.workspace.root.to_str()?;
            String::from_utf8_lossy(&line).contains(root).then_some(pid)
        };
        let is_lock = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "lock");
        let Some(pid) = locks.iter().filter(is_lock).find_map(first_process).and_then(rustix::process::Pid::from_raw) else {
            return;
        };
        let signal = rustix::process::Signal::KILL;
        let _ = match whole_group {
            true => rustix::process::kill_process_group(pid, signal),
            false => rustix::process::kill_process(pid, signal),
        };
    }
}

impl Drop for Round {
    fn drop(&mut self) {
        self.kill_backend();
    }
}

/// A job script that tells when it starts and ends, and when another one of the same name lives.
fn template_text(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "#!/bin/sh\nexec 9>>'{folder}/'@job@.alone\nflock -n 9 || echo two @job@ >> '{folder}/trace'\n\
         echo start @job@ >> '{folder}/trace'\ncd @output@ || exit 2\n\
         sleep 0.2\n@command@\nstatus=$?\necho \"$status\" > @status@\n\
         echo end @job@ >> '{folder}/trace'\n[ \"$status\" -le 1 ] || exit \"$status\"\n"
    )
}

fn settings(folder: &Path, plan: &Plan, services: &Services) -> String {
    let central = services.server.as_ref().map(|server| format!("central = \"{}\"\n", round_place(&server.url(), folder)));
    let batch = services.farm.as_ref().map(|farm| {
        let system = if plan.by_pbs { "pbs" } else { "slurm" };
        let commands = farm.commands();
        format!(
            "[batch]\nsystem = \"{system}\"\ncommands_folder = \"{}\"\npoll_s = 0.2\ngrace_s = 2.0\n\
             slots = 2\n",
            commands.display()
        )
    });
    let (folder, detector) = (folder.display(), services.detector());
    format!(
        "detector = \"{}\"\n[intake]\nfolder = \"{folder}/incoming\"\nreconcile_s = 0.3\nrun_quiet_s = 3600.0\nfile_quiet_s = 5.0\n\
         [pool]\njobs = 2\ntemplate = \"{folder}/job.sh\"\n\
         [retry]\nclasses = {{ space = 20, copy = 20, output = 20, lost = 20, submit = 20, unknown = 20 }}\nat_most = 20\n\
         pause_s = 0.2\n[transfer]\nretry_pause_s = 0.1\nretry_longest_pause_s = 0.5\nroom_left_mb = 0\n{}{}",
        detector.display(),
        central.unwrap_or_default(),
        batch.unwrap_or_default()
    )
}

/// A place of each round on the one server.
fn round_place(url: &str, folder: &Path) -> String {
    let name = folder.file_name().map(|name| name.to_string_lossy().trim_start_matches('.').to_owned()).unwrap_or_default();
    format!("{url}/{name}")
}
