//! A farm of one machine: Slurm with its controller, one node and munge, and the PBS commands on top.
//!
//! Nothing of it stands outside of its folder, its ports are free ones, and several may live at once.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for any part of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Commands that jobs are given and asked about with.
const COMMANDS: [&str; 9] = ["sbatch", "squeue", "scancel", "sacct", "scontrol", "sinfo", "qsub", "qstat", "qdel"];

/// A farm; it ends with its value.
pub struct Farm {
    folder: tempfile::TempDir,
    munged: Child,
    node: Option<Child>,
    controller: Option<Child>,
}

impl Farm {
    /// Starts one.
    ///
    /// # Errors
    /// When a part is missing on this machine or does not start; with the reason.
    pub fn start() -> Result<Farm, String> {
        if !rustix::process::getuid().is_root() {
            return Err("its node and controller must be started by root".into());
        }
        for program in ["munged", "slurmctld", "slurmd"].iter().chain(&COMMANDS) {
            if found(program).is_none() {
                return Err(format!("no {program}; 'make deps' installs it"));
            }
        }
        let mut why = String::new();
        // A port that was free may be somebody else's an instant later.
        for _ in 0..3 {
            match Farm::try_start() {
                Ok(farm) => return Ok(farm),
                Err(fault) => why = fault,
            }
        }
        Err(why)
    }

    fn try_start() -> Result<Farm, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let path = folder.path().to_owned();
        set_up(&path).map_err(|error| format!("farm not set up: {error}"))?;
        let in_folder = |option: &str, name: &str| format!("--{option}={}", path.join(name).display());
        let socket = in_folder("socket", "munge.socket");
        let files =
            [in_folder("key-file", "munge.key"), in_folder("pid-file", "munged.pid"), in_folder("seed-file", "munged.seed")];
        let munged = start("munged", &path, |command| {
            command
                .args(["--foreground", "--force", "--num-threads=2", &socket, &in_folder("log-file", "munged.log")])
                .args(&files)
        })?;
        let mut farm = Farm { folder, munged, node: None, controller: None };
        wait_for("munge", || path.join("munge.socket").exists())?;
        farm.controller = Some(farm.new_controller(true)?);
        farm.node = Some(start("slurmd", &path, |command| command.arg("-D").arg("-f").arg(path.join("slurm.conf")))?);
        farm.wait_until_idle()?;
        Ok(farm)
    }

    fn new_controller(&self, is_first: bool) -> Result<Child, String> {
        let path = self.folder.path();
        start("slurmctld", path, |command| {
            command.arg("-D").arg("-f").arg(path.join("slurm.conf")).args(is_first.then_some("-c"))
        })
    }

    fn wait_until_idle(&mut self) -> Result<(), String> {
        let end = Instant::now() + PATIENCE;
        loop {
            let is_gone = |child: &mut Option<Child>| !matches!(child.as_mut().map(Child::try_wait), Some(Ok(None)));
            if is_gone(&mut self.controller) || is_gone(&mut self.node) || Instant::now() > end {
                let log = |name: &str| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
                let last = |text: String| text.lines().rev().take(5).map(str::to_owned).collect::<Vec<_>>().join("; ");
                return Err(format!("the farm did not start: {} {}", last(log("slurmctld.log")), last(log("slurmd.log"))));
            }
            if String::from_utf8_lossy(&self.run("sinfo", &["-h", "-o", "%T"]).stdout).trim() == "idle" {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The folder of its commands: `sbatch` and the others, of this farm alone.
    pub fn commands(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    /// Runs one of its commands.
    pub fn run(&self, command: &str, arguments: &[&str]) -> Output {
        Command::new(self.commands().join(command)).args(arguments).stdin(Stdio::null()).output().expect(command)
    }

    /// Waits until the controller would find a job of that name again: what it is given it stores some seconds later.
    pub fn wait_until_stored(&self, name: &str) {
        let stored = || fs::read(self.folder.path().join("state/job_state")).unwrap_or_default();
        wait_for("the controller's store", || stored().windows(name.len()).any(|bytes| bytes == name.as_bytes())).expect(name);
    }

    /// Gives the node back to jobs when the controller has taken it away, as an administrator does: a controller that was killed
    /// while a job began may not trust its node afterwards.
    pub fn give_node_back(&self) {
        let state = String::from_utf8_lossy(&self.run("sinfo", &["-h", "-o", "%T"]).stdout).trim().to_owned();
        if ["drain", "down", "fail"].iter().any(|word| state.contains(word)) {
            let node = String::from_utf8_lossy(&self.run("sinfo", &["-h", "-N", "-o", "%N"]).stdout).trim().to_owned();
            self.run("scontrol", &["update", &format!("NodeName={node}"), "State=RESUME"]);
        }
    }

    /// Kills the controller; the node and its jobs go on.
    pub fn kill_controller(&mut self) {
        if let Some(mut controller) = self.controller.take() {
            let _ = controller.kill();
            let _ = controller.wait();
        }
    }

    /// Starts the controller again, with what it had stored.
    pub fn start_controller(&mut self) {
        self.controller = Some(self.new_controller(false).expect("controller"));
        wait_for("the controller", || self.run("squeue", &["-h"]).status.success()).expect("controller");
    }
}

impl Drop for Farm {
    fn drop(&mut self) {
        if self.controller.is_none() {
            self.controller = self.new_controller(false).ok();
            let _ = wait_for("the controller", || self.run("squeue", &["-h"]).status.success());
        }
        if self.node.is_some() {
            // Its jobs first: they would live on without it.
            let _ = self.run("scancel", &["--full", "--user=root"]);
            let _ = wait_for("the jobs' end", || self.run("squeue", &["-h"]).stdout.is_empty());
        }
        for child in [self.node.as_mut(), self.controller.as_mut(), Some(&mut self.munged)].into_iter().flatten() {
            end(child);
        }
    }
}

/// Its folders, key, settings, and commands.
fn set_up(path: &Path) -> std::io::Result<()> {
    for folder in ["state", "spool", "bin"] {
        fs::create_dir(path.join(folder))?;
    }
    let mut key = vec![0_u8; 1024];
    std::io::Read::read_exact(&mut fs::File::open("/dev/urandom")?, &mut key)?;
    fs::write(path.join("munge.key"), key)?;
    fs::set_permissions(path.join("munge.key"), fs::Permissions::from_mode(0o600))?;
    // Munge wants to be sure that nobody else can put a socket there.
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    fs::write(path.join("slurm.conf"), settings(path)?)?;
    for command in COMMANDS {
        let (file, program) = (path.join("bin").join(command), found(command).unwrap_or_default());
        let conf = path.join("slurm.conf");
        fs::write(&file, format!("#!/bin/sh\nSLURM_CONF={} exec {} \"$@\"\n", conf.display(), program.display()))?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

fn settings(path: &Path) -> std::io::Result<String> {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let host = host.split('.').next().unwrap_or_default().to_owned();
    // Both at once, so that they differ.
    let (one, other) = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
    let (controller, node) = (one.local_addr()?.port(), other.local_addr()?.port());
    let folder = path.display();
    Ok(format!(
        "ClusterName=farm\nSlurmctldHost={host}(127.0.0.1)\nSlurmUser=root\nSlurmdUser=root\nAuthType=auth/munge\n\
         AuthInfo=socket={folder}/munge.socket\nCredType=cred/munge\nProctrackType=proctrack/linuxproc\n\
         TaskPlugin=task/none\nSelectType=select/cons_tres\nSelectTypeParameters=CR_CPU\nMpiDefault=none\n\
         SchedulerParameters=batch_sched_delay=0,sched_interval=1\nSlurmctldPidFile={folder}/slurmctld.pid\n\
         SlurmdPidFile={folder}/slurmd.pid\nStateSaveLocation={folder}/state\nSlurmdSpoolDir={folder}/spool\n\
         SlurmctldLogFile={folder}/slurmctld.log\nSlurmdLogFile={folder}/slurmd.log\nSlurmctldPort={controller}\n\
         SlurmdPort={node}\nCommunicationParameters=NoCtldInAddrAny,NoInAddrAny\n\
         AccountingStorageType=accounting_storage/none\nJobCompType=jobcomp/filetxt\nJobCompLoc={folder}/completed\n\
         JobAcctGatherType=jobacct_gather/linux\nReturnToService=2\nMinJobAge=300\nKillWait=8\n\
         NodeName={host} NodeAddr=127.0.0.1 CPUs=4 Boards=1 SocketsPerBoard=1 CoresPerSocket=4 ThreadsPerCore=1 \
         RealMemory=1000 State=UNKNOWN\nPartitionName=prod Nodes={host} Default=YES MaxTime=INFINITE State=UP\n\
         SlurmdParameters=config_overrides\n"
    ))
}

/// Where a program stands; those of administrators need not be on everybody's path.
fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn start(program: &str, folder: &Path, with: impl FnOnce(&mut Command) -> &mut Command) -> Result<Child, String> {
    let mut command = Command::new(found(program).unwrap_or_else(|| program.into()));
    with(&mut command).env("SLURM_CONF", folder.join("slurm.conf")).current_dir(folder).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map_err(|error| format!("{program} not started: {error}"))
}

fn wait_for(what: &str, holds: impl Fn() -> bool) -> Result<(), String> {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        if Instant::now() > end {
            return Err(format!("waited in vain for {what}"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Asks a process to end, and kills it when it does not.
fn end(child: &mut Child) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    let end = Instant::now() + Duration::from_secs(5);
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
}
