//! A mail server on loopback that keeps what it gets: aiosmtpd, in the tests' Python.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A running server.
pub struct SmtpSink {
    process: Child,
    out: PathBuf,
    /// Its port on 127.0.0.1.
    pub port: u16,
}

/// How a server wants to be talked to.
#[derive(Debug, Clone, Default)]
pub struct Manners<'a> {
    /// `plain`, `starttls` or `tls`.
    pub way: &'a str,
    /// Certificate and key, PEM files.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// The only user and the password.
    pub login: Option<(&'a str, &'a str)>,
    /// An address that is refused for good.
    pub refuse: &'a str,
}

/// A port of 127.0.0.1 that nobody listens on at this moment.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl SmtpSink {
    /// Starts a server on a port; what it gets stands in the folder, also what an earlier one there got.
    pub fn start(folder: &Path, port: u16, manners: &Manners<'_>) -> SmtpSink {
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin/python");
        assert!(python.is_file(), "no python with aiosmtpd: run 'make python', which makes {}", python.display());
        let out = folder.join("mails.jsonl");
        let mut command = Command::new(python);
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/services/smtp_sink.py"));
        command.arg(port.to_string()).arg(&out).arg(manners.way);
        if let Some((certificate, key)) = &manners.certificate {
            command.arg("--certificate").args([certificate, key]);
        }
        if let Some((user, password)) = manners.login {
            command.args(["--login", user, password]);
        }
        if !manners.refuse.is_empty() {
            command.args(["--refuse", manners.refuse]);
        }
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        // Ends with the process, so it waits no longer than that lives.
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if line.trim() != "ready" {
            let _ = process.kill();
            panic!("the mail server did not start: {:?}", process.wait());
        }
        SmtpSink { process, out, port }
    }

    /// The mails it got, oldest first.
    pub fn mails(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.out).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A certificate for 127.0.0.1 and localhost that signs itself, and its key, made by openssl.
pub fn certificate(folder: &Path) -> (PathBuf, PathBuf) {
    const WORDS: &str = "[req]\ndistinguished_name = name\nx509_extensions = facts\nprompt = no\n[name]\nCN = localhost\n\
        [facts]\nsubjectAltName = DNS:localhost, IP:127.0.0.1\nbasicConstraints = critical, CA:FALSE\n";
    let (words, certificate, key) = (folder.join("openssl.cnf"), folder.join("certificate.pem"), folder.join("key.pem"));
    std::fs::write(&words, WORDS).unwrap();
    let output = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-config"])
        .arg(&words)
        .arg("-out")
        .arg(&certificate)
        .arg("-keyout")
        .arg(&key)
        .output()
        .unwrap();
    assert!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
    (certificate, key)
}
