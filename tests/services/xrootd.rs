//! An XRootD server in a network of its own: it binds every address, so it gets a namespace with nothing but loopback.
//!
//! A process that only waits holds the namespace; it ends when its input does, also when the test is killed. Server and clients
//! are started inside with `nsenter`. Needs root, and the packages of `.ci/deps.sh`.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server, running or stopped, with its data in a temporary folder.
pub struct XrootdServer {
    folder: tempfile::TempDir,
    holder: Child,
    server: Option<Child>,
}

const PORT: u16 = 21094;

/// What the server calls itself.
const NAME: &str = "dqmon";

/// Longest wait for the server to answer.
const PATIENCE: Duration = Duration::from_secs(30);

impl XrootdServer {
    /// Starts a server that exports `/store`; why it can't be, where it can't be.
    pub fn start() -> Result<Self, String> {
        XrootdServer::start_with("xrootd.chksum max 4 adler32\n")
    }

    /// As [`XrootdServer::start`] with configuration lines of one's own in place of those for checksums.
    pub fn start_with(lines: &str) -> Result<Self, String> {
        for program in ["xrootd", "xrdcp", "xrdfs", "ip", "nsenter", "unshare"] {
            is_installed(program)?;
        }
        if !rustix::process::geteuid().is_root() {
            return Err("a network namespace and the server's user need root".into());
        }
        let folder = tempfile::Builder::new().prefix("xrootd").tempdir().map_err(|error| error.to_string())?;
        let mut server = XrootdServer { holder: hold_a_network()?, server: None, folder };
        for below in ["data/store", "admin", "run", "programs"] {
            fs::create_dir_all(server.path(below)).unwrap();
        }
        let root = server.folder.path().display();
        let configuration = format!(
            "all.role server\nall.export /store\noss.localroot {root}/data\nall.adminpath {root}/admin\nall.pidpath {root}/run\n\
             xrd.port {PORT}\nxrd.network nodnr\n{lines}"
        );
        fs::write(server.path("server.cfg"), configuration).unwrap();
        // The server gives up root; it has to reach its folders by a path that others may walk.
        fs::set_permissions(server.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let owned = Command::new("chown").args(["-R", "xrootd:xrootd"]).arg(server.folder.path()).status().unwrap();
        assert!(owned.success(), "chown to xrootd");
        for program in ["xrdcp", "xrdfs"] {
            server.write_program(program);
        }
        server.run();
        Ok(server)
    }

    /// A client program that runs inside, under the name of the real one. It leaves its process id in `<name>.pid`.
    fn write_program(&self, name: &str) {
        let path = self.path("programs").join(name);
        let (net, pid) = (self.network(), path.with_extension("pid"));
        // By its path: with this folder on the PATH the name alone would be this very script.
        let real = found(name).expect(name);
        let (pid, real) = (pid.display(), real.display());
        let script = format!("#!/bin/sh\necho $$ > '{pid}'\nexec nsenter '--net={net}' -- '{real}' \"$@\"\n");
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// The server's network, as `nsenter --net=` wants it.
    pub fn network(&self) -> String {
        format!("/proc/{}/ns/net", self.holder.id())
    }

    /// A program that sees the server's network and no other.
    pub fn command_inside(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", self.network())).arg("--").arg(program).stdin(Stdio::null());
        command
    }

    /// Folder with `xrdcp` and `xrdfs` that reach the server from outside: for a `PATH`, or for programs named by path.
    pub fn programs(&self) -> PathBuf {
        self.path("programs")
    }

    /// The client program that was started last, by its process id.
    pub fn last_client(&self, name: &str) -> Option<i32> {
        fs::read_to_string(self.programs().join(name).with_extension("pid")).ok()?.trim().parse().ok()
    }

    /// `root://127.0.0.1:PORT//store`.
    pub fn url(&self) -> String {
        format!("root://127.0.0.1:{PORT}//store")
    }

    /// What the server serves as `/store`, as it stands on the disk.
    pub fn store(&self) -> PathBuf {
        self.path("data/store")
    }

    /// Starts the server after it was killed, and waits until it answers.
    pub fn run(&mut self) {
        let mut command = self.command_inside("xrootd");
        command.arg("-c").arg(self.path("server.cfg")).arg("-l").arg(self.path("run/log"));
        command.args(["-R", "xrootd", "-n", NAME, "-I", "v4", "-p", &PORT.to_string()]);
        let said = fs::File::create(self.path("said")).unwrap();
        self.server = Some(command.current_dir(self.folder.path()).stdout(Stdio::null()).stderr(said).spawn().unwrap());
        let end = Instant::now() + PATIENCE;
        while !self.answers() {
            assert!(Instant::now() < end, "the server does not answer: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn answers(&self) -> bool {
        let mut command = self.command_inside("xrdfs");
        command.arg(format!("127.0.0.1:{PORT}")).args(["stat", "/store"]).stdout(Stdio::null()).stderr(Stdio::null());
        for (key, value) in [("XRD_CONNECTIONRETRY", "1"), ("XRD_CONNECTIONWINDOW", "1"), ("XRD_TIMEOUTRESOLUTION", "1")] {
            command.env(key, value);
        }
        command.status().is_ok_and(|status| status.success())
    }

    fn log(&self) -> String {
        let logs = [self.path("run/dqmon/log"), self.path("said")];
        logs.iter().filter_map(|log| fs::read_to_string(log).ok()).collect()
    }

    /// Kills the server as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    /// Lets the server hang, or go on.
    pub fn freeze(&self, is_frozen: bool) {
        let signal = if is_frozen { rustix::process::Signal::STOP } else { rustix::process::Signal::CONT };
        if let Some(server) = &self.server {
            rustix::process::kill_process(rustix::process::Pid::from_child(server), signal).unwrap();
        }
    }
}

impl Drop for XrootdServer {
    fn drop(&mut self) {
        self.kill();
        let _ = self.holder.kill();
        let _ = self.holder.wait();
        // It notes there where it runs, whatever it is told.
        let _ = fs::remove_file(std::env::temp_dir().join(format!("xrootd.{NAME}.env")));
    }
}

fn is_installed(program: &str) -> Result<(), String> {
    found(program).map(drop).ok_or_else(|| format!("no {program}"))
}

/// Where a program stands.
fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// A process in a network of its own, with loopback up, that waits for the end of its input.
fn hold_a_network() -> Result<Child, String> {
    let mut command = Command::new("unshare");
    command.args(["--net", "--", "sh", "-c", "ip link set lo up && echo up && exec cat"]);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.map_err(|error| format!("unshare: {error}"))?;
    let mut line = String::new();
    if let Some(out) = child.stdout.take() {
        let _ = BufReader::new(out).read_line(&mut line);
    }
    if line.trim() == "up" {
        return Ok(child);
    }
    let _ = child.kill();
    let _ = child.wait();
    Err("no network namespace can be made here".into())
}
