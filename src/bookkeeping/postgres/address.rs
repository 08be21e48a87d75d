//! Where a shared book is: an address, who connects, and where the password stands.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use postgres::{Client, Config};

use super::tls::{self, Encryption};

/// How long a server may take to answer when it is called.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);

/// How long sent bytes may stay unanswered before the connection counts as broken.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// The environment variable in which a password may stand.
pub const PASSWORD_VARIABLE: &str = "DQMON_BOOK_PASSWORD";

/// The address of a shared book. It shows itself without its password.
#[derive(Clone)]
pub struct BookAddress {
    config: Config,
    encryption: Encryption,
    shown: String,
}

/// An address that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It is none.
    #[error(
        "this is no address of a book: {why}; one looks like postgresql://shifter@dqmserver/dqmon?sslmode=verify-full: {shown}"
    )]
    Malformed {
        /// What is wrong.
        why: String,
        /// The address without its password.
        shown: String,
    },
    /// The file with the password can't be read, or others can.
    #[error("password not read: {why}: {}", path.display())]
    Password {
        /// Why.
        why: String,
        /// The file.
        path: PathBuf,
    },
    /// The certificates can't be read.
    #[error("certificates not read: {why}")]
    Certificates {
        /// Why, and where.
        why: String,
    },
}

impl BookAddress {
    /// Whether a text is meant as such an address.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        text.starts_with("postgresql://") || text.starts_with("postgres://")
    }

    /// Reads an address; the password comes from a file, else from the environment, else from the address.
    ///
    /// # Errors
    /// When the address or the file can't be used. No message holds a password.
    pub fn new(url: &str, password_file: Option<&Path>) -> Result<Self, AddressError> {
        let malformed = |why: String| AddressError::Malformed { why, shown: redacted(url) };
        let (plain, mode, root) = without_encryption(url).map_err(malformed)?;
        // The parser's message may quote what it was given: only its kind is told.
        let mut config = Config::from_str(&plain).map_err(|_| malformed("it can't be read".into()))?;
        if config.get_dbname().is_none() {
            return Err(malformed("it names no database".into()));
        }
        let password = match password_file {
            Some(path) => Some(password_in(path)?),
            None => std::env::var(PASSWORD_VARIABLE).ok(),
        };
        if let Some(password) = password {
            config.password(password);
        }
        config.application_name("dqmon").connect_timeout(CONNECT_WITHIN).tcp_user_timeout(ANSWER_WITHIN);
        config.keepalives(true).keepalives_idle(ANSWER_WITHIN);
        // Nobody waits for ever behind another writer's lock: after this it counts as a server that is away.
        if config.get_options().is_none() {
            config.options(&format!("-c lock_timeout={}s", ANSWER_WITHIN.as_secs()));
        }
        let encryption = tls::encryption(&mut config, mode.as_deref(), root.as_deref())?;
        Ok(BookAddress { config, encryption, shown: redacted(url) })
    }

    /// Calls the server.
    pub(super) fn connect(&self) -> Result<Client, postgres::Error> {
        tls::connect(&self.config, &self.encryption)
    }
}

impl fmt::Display for BookAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for BookAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BookAddress").field(&self.shown).finish()
    }
}

/// An address without its password and without what stands behind its database.
fn redacted(url: &str) -> String {
    let bare = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = bare.split_once("://") else { return "(an address that can't be read)".into() };
    // A password may hold anything but a slash that is not escaped; what stands before the last @ is who connects.
    match rest.rsplit_once('@') {
        Some((account, server)) => format!("{scheme}://{}@{server}", account.split(':').next().unwrap_or_default()),
        // With nobody named before it, what stands behind a colon is a port, or a password that somebody meant as one.
        None => match rest.split_once(':') {
            Some((host, port)) if !port.split('/').next().unwrap_or_default().bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("{scheme}://{host}")
            }
            _ => format!("{scheme}://{rest}"),
        },
    }
}

/// The address without what says how the line is encrypted; that, and the file of certificates.
fn without_encryption(url: &str) -> Result<(String, Option<String>, Option<PathBuf>), String> {
    let Some((bare, query)) = url.split_once('?') else { return Ok((url.to_owned(), None, None)) };
    let (mut others, mut mode, mut root) = (Vec::new(), None, None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = Some(value.to_owned()),
            Some(("sslrootcert", value)) => root = Some(PathBuf::from(value)),
            Some(_) => others.push(pair),
            None => return Err(format!("{pair:?} has no value")),
        }
    }
    let query = if others.is_empty() { String::new() } else { format!("?{}", others.join("&")) };
    Ok((format!("{bare}{query}"), mode, root))
}

/// The password in a file that its owner alone can read.
fn password_in(path: &Path) -> Result<String, AddressError> {
    use std::os::unix::fs::PermissionsExt;
    let failed = |why: String| AddressError::Password { why, path: path.to_owned() };
    let facts = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?;
    if facts.permissions().mode() & 0o077 != 0 {
        return Err(failed(format!("others can read it; take that away with chmod 600 {}", path.display())));
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown_whatever_it_holds() {
        for url in [
            "postgresql://ada:s3cret@host:5432/dqmon",
            "postgresql://ada:s3c@ret@host/dqmon?sslmode=disable",
            "postgresql://ada:s3cret@host/dqmon?password=s3cret",
            "postgresql://ada:s3cret@host:port/dqmon",
            "postgresql://ada:s3cret",
            "s3cret",
        ] {
            let shown = match BookAddress::new(url, None) {
                Ok(address) => format!("{address} {address:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!shown.contains("s3c") && !shown.contains("ret@"), "{url}: {shown}");
        }
        assert_eq!(redacted("postgresql://ada:s3cret@host:5432/dqmon?x=1"), "postgresql://ada@host:5432/dqmon");
    }

    #[test]
    fn a_password_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "s3cret\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let refused = BookAddress::new("postgresql://ada@127.0.0.1/dqmon", Some(&path)).unwrap_err().to_string();
        assert!(refused.contains("chmod 600") && !refused.contains("s3cret"), "{refused}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let address = BookAddress::new("postgresql://ada@127.0.0.1/dqmon", Some(&path)).unwrap();
        assert_eq!(address.config.get_password(), Some(b"s3cret".as_slice()));
    }

    #[test]
    fn an_address_says_what_it_lacks() {
        let wrong = |url: &str| BookAddress::new(url, None).unwrap_err().to_string();
        assert!(wrong("postgresql://ada@host").contains("names no database"));
        assert!(wrong("postgresql://ada@host/dqmon?sslmode=perhaps").contains("verify-full"));
        assert!(wrong("postgresql://ada@host/dqmon?sslrootcert=/nowhere/ca.pem&sslmode=verify-full").contains("/nowhere/ca.pem"));
    }
}
