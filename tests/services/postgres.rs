//! A PostgreSQL server of its own on loopback, in a folder that goes away.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The password of its first account, `postgres`.
const PASSWORD: &str = "correct horse battery staple";

/// A server; it ends with its value.
pub struct Postgres {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
    /// More of its options, as on its command line.
    options: String,
    /// The account that the server runs under when tests run as root: it refuses to be root.
    account: Option<(u32, u32)>,
}

impl Postgres {
    /// Starts one.
    ///
    /// # Errors
    /// When it is not installed on this machine or does not start; with the reason.
    pub fn start() -> Result<Postgres, String> {
        let programs = programs().ok_or("no initdb of PostgreSQL; 'make deps' installs it")?;
        let account = match rustix::process::getuid().is_root() {
            true => Some(account("postgres").ok_or("no account 'postgres' to run the server under")?),
            false => None,
        };
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut server = Postgres { folder, programs, port: 0, options: String::new(), account };
        server.set_up()?;
        let mut why = String::new();
        // A port that was free may be somebody else's an instant later.
        for _ in 0..3 {
            let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
            server.port = free.map_err(|error| error.to_string())?.port();
            match server.begin() {
                Ok(()) => return Ok(server),
                Err(fault) => why = fault,
            }
        }
        Err(why)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn set_up(&self) -> Result<(), String> {
        let told = |error: std::io::Error| error.to_string();
        fs::set_permissions(self.folder.path(), fs::Permissions::from_mode(0o755)).map_err(told)?;
        fs::create_dir(self.path("home")).map_err(told)?;
        fs::write(self.path("home/password"), PASSWORD).map_err(told)?;
        if let Some((user, group)) = self.account {
            for place in [self.folder.path().to_owned(), self.path("home"), self.path("home/password")] {
                chown(place, Some(user), Some(group)).map_err(told)?;
            }
        }
        let arguments = ["--auth=scram-sha-256", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8"];
        let password = format!("--pwfile={}", self.path("home/password").display());
        self.run("initdb", arguments.into_iter().chain([password.as_str()]))
    }

    /// Starts the server, also again after it was stopped.
    ///
    /// # Errors
    /// What its log says.
    pub fn begin(&self) -> Result<(), String> {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=60 -c shared_buffers=64MB {}",
            self.port, self.options
        );
        let log = format!("--log={}", self.path("home/log").display());
        let begun = self.run("pg_ctl", ["start", "-w", "-t", "30", "-o", &options, &log]);
        begun.map_err(|why| format!("{why}: {}", fs::read_to_string(self.path("home/log")).unwrap_or_default()))
    }

    /// Lets it speak with a certificate for 127.0.0.1, by an authority of its own whose certificate's file is answered.
    ///
    /// # Errors
    /// When there is no openssl, or the server does not start again.
    pub fn encrypt(&mut self) -> Result<PathBuf, String> {
        let home = self.path("home");
        let openssl = |arguments: &[&str]| {
            let output = Command::new("openssl").args(arguments).current_dir(&home).stdin(Stdio::null()).output();
            match output {
                Ok(output) if output.status.success() => Ok(()),
                Ok(output) => Err(format!("openssl: {}", String::from_utf8_lossy(&output.stderr))),
                Err(error) => Err(format!("openssl: {error}")),
            }
        };
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
        let authority = ["req", "-x509", "-days", "2", "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.pem"];
        openssl(&[authority.as_slice(), &key].concat())?;
        let wish =
            ["req", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "server.key", "-out", "wish"];
        openssl(&[wish.as_slice(), &key].concat())?;
        let signed = ["x509", "-req", "-in", "wish", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"];
        openssl(&[signed.as_slice(), &["-copy_extensions", "copy", "-out", "server.pem"]].concat())?;
        let told = |error: std::io::Error| error.to_string();
        for name in ["server.key", "server.pem"] {
            fs::set_permissions(home.join(name), fs::Permissions::from_mode(0o600)).map_err(told)?;
            if let Some((user, group)) = self.account {
                chown(home.join(name), Some(user), Some(group)).map_err(told)?;
            }
        }
        let (key, certificate) = (home.join("server.key"), home.join("server.pem"));
        self.options = format!("-c ssl=on -c ssl_key_file={} -c ssl_cert_file={}", key.display(), certificate.display());
        self.stop("fast");
        self.begin()?;
        Ok(home.join("ca.pem"))
    }

    /// Ends the server: `fast` in good order, `immediate` as in a power cut.
    pub fn stop(&self, how: &str) {
        let _ = self.run("pg_ctl", ["stop", "-w", "-t", "30", "-m", how]);
    }

    /// The address of one of its databases for one of its accounts, password and all.
    pub fn address_of(&self, account: &str, password: &str, database: &str) -> String {
        format!("postgresql://{account}:{}@127.0.0.1:{}/{database}", password.replace(' ', "%20"), self.port)
    }

    /// A new database, for the account that may do everything.
    pub fn new_database(&self, name: &str) -> String {
        self.connect("postgres").batch_execute(&format!("CREATE DATABASE \"{name}\"")).expect(name);
        self.address_of("postgres", PASSWORD, name)
    }

    /// A connection for the account that may do everything.
    pub fn connect(&self, database: &str) -> postgres::Client {
        let address = self.address_of("postgres", PASSWORD, database);
        postgres::Client::connect(&address, postgres::NoTls).expect("the server answers")
    }

    /// Runs one of its programs on its folder. What it prints goes to a file: the server would hold on to a pipe of this process.
    fn run<'a>(&self, program: &str, arguments: impl IntoIterator<Item = &'a str>) -> Result<(), String> {
        let told = |error: std::io::Error| format!("{program}: {error}");
        let words = self.path(&format!("{program}.words"));
        let file = fs::File::create(&words).map_err(told)?;
        let mut command = Command::new(self.programs.join(program));
        if let Some((user, group)) = self.account {
            command.uid(user).gid(group);
        }
        command.args(arguments).arg("-D").arg(self.path("data"));
        command.current_dir(self.path("home")).env("HOME", self.path("home")).stdin(Stdio::null());
        let ended = command.stdout(file.try_clone().map_err(told)?).stderr(file).status().map_err(told)?;
        if ended.success() { Ok(()) } else { Err(format!("{program}: {}", fs::read_to_string(&words).unwrap_or_default())) }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop("immediate");
    }
}

/// The folder of the server's programs: Debian keeps them out of the way, a folder for each version.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        versions.map(|version| version.path().join("bin")).filter(|folder| folder.join("initdb").is_file()).collect();
    found.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    found.pop().or_else(|| std::env::split_paths(&path).find(|folder| folder.join("initdb").is_file()))
}

/// User and group of an account of this machine.
fn account(name: &str) -> Option<(u32, u32)> {
    let accounts = fs::read_to_string(Path::new("/etc/passwd")).ok()?;
    let fields: Vec<&str> = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields[0] == name)?;
    Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
}
