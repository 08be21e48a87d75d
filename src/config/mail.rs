//! Who is told by mail when files fail, and by which server. No password stands here, only where to find one: these settings are
//! written beside every job script.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Mail on failures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailSettings {
    /// Whom failures are told to; empty for no mail.
    pub to: Vec<String>,
    /// The sender; empty for `dqmon@` and this machine's name.
    pub from: String,
    /// The mail server.
    pub server: String,
    /// Its port; 0 for the usual one: 465 with `tls`, 587 with `starttls`, 25 with `none`.
    pub port: u16,
    /// How the way to the server is kept secret.
    pub encryption: Encryption,
    /// The name the server knows; empty for none.
    pub user: String,
    /// File whose first line is the password, relative to the workspace; empty for none.
    pub password_file: PathBuf,
    /// Name of the environment variable that holds the password; empty for none.
    pub password_env: String,
    /// PEM file of an authority that counts besides the machine's own, relative to the workspace; empty for none.
    pub certificate_file: PathBuf,
    /// Failures that come within this many seconds go into one mail.
    pub digest_s: f64,
}

/// How the way to a mail server is kept secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// From the first byte on.
    #[default]
    Tls,
    /// After the server was asked for it; a server that can't is refused.
    Starttls,
    /// Not at all.
    None,
}

impl Default for MailSettings {
    fn default() -> Self {
        MailSettings {
            to: Vec::new(),
            from: String::new(),
            server: "localhost".into(),
            port: 0,
            encryption: Encryption::default(),
            user: String::new(),
            password_file: PathBuf::new(),
            password_env: String::new(),
            certificate_file: PathBuf::new(),
            digest_s: 60.0,
        }
    }
}

impl MailSettings {
    /// Whether anybody is told.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.to.is_empty()
    }

    /// The port, with 0 resolved.
    #[must_use]
    pub fn port(&self) -> u16 {
        match (self.port, self.encryption) {
            (0, Encryption::Tls) => 465,
            (0, Encryption::Starttls) => 587,
            (0, Encryption::None) => 25,
            (port, _) => port,
        }
    }

    /// Whether the settings say where a password is found.
    #[must_use]
    pub fn has_password(&self) -> bool {
        !self.password_file.as_os_str().is_empty() || !self.password_env.is_empty()
    }

    /// The first setting that can't be used: its key and what is wrong.
    pub(super) fn fault(&self) -> Option<(&'static str, String)> {
        if !(self.digest_s >= 0.0 && self.digest_s.is_finite()) {
            return Some(("digest_s", format!("'digest_s' is {}, expected seconds from 0", self.digest_s)));
        }
        let is_bad = |address: &&String| !address.contains('@') || address.chars().any(char::is_control);
        if let Some(address) = self.to.iter().find(is_bad) {
            return Some(("to", format!("'to' has {address:?}, expected addresses such as \"prod@example.org\"")));
        }
        if !self.from.is_empty() && is_bad(&&self.from) {
            return Some(("from", format!("'from' is {:?}, expected an address, or \"\" for dqmon@ and this host", self.from)));
        }
        if self.is_on() && self.server.trim().is_empty() {
            return Some(("server", "'server' is empty, expected the mail server's name".into()));
        }
        if self.user.is_empty() == self.has_password() {
            let wanted = "'user' goes with one of 'password_file' and 'password_env'";
            return Some(("user", format!("{wanted}, and neither goes without it")));
        }
        if !self.password_file.as_os_str().is_empty() && !self.password_env.is_empty() {
            return Some(("password_file", "'password_file' and 'password_env' are both set, expected one of them".into()));
        }
        let is_here = matches!(self.server.as_str(), "localhost" | "127.0.0.1" | "::1");
        if self.has_password() && self.encryption == Encryption::None && !is_here {
            let found = "'encryption' is \"none\": the password would cross the network as it is";
            return Some(("encryption", format!("{found}, expected \"tls\" or \"starttls\"")));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::Settings;

    fn refused(text: &str) -> String {
        Settings::parse(text, Path::new("dqmon.toml")).unwrap_err().to_string()
    }

    #[test]
    fn mail_that_can_not_work_is_refused_with_its_line() {
        let cases = [
            ("[mail]\nto = [\"prod\"]\n", "expected addresses", ":2"),
            ("[mail]\nto = [\"a@b\\r\\nBcc: c@d\"]\n", "expected addresses", ":2"),
            ("[mail]\nuser = \"prod\"\n", "'user' goes with", ":2"),
            ("[mail]\npassword_env = \"P\"\n", "'user' goes with", ""),
            ("[mail]\nuser = \"p\"\npassword_env = \"P\"\nserver = \"mail\"\nencryption = \"none\"\n", "as it is", ":5"),
            ("[mail]\nencryption = \"ssl\"\n", "starttls", ":2"),
            ("[mail]\ndigest_s = -1\n", "expected seconds from 0", ":2"),
        ];
        for (text, words, end) in cases {
            let message = refused(text);
            assert!(message.contains(words) && message.ends_with(end), "{text}: {message}");
        }
    }

    #[test]
    fn a_password_in_the_settings_is_refused_and_not_repeated() {
        let message = refused("[mail]\nuser = \"prod\"\npassword = \"hunter2\"\n");
        assert!(message.contains("password_file") && !message.contains("hunter2"), "{message}");
    }
}
