//! Settings of the book, and where it stands.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::fault::{below_zero, not_above_zero};

/// The book.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BookSettings {
    /// The book's file, relative to the workspace; of no meaning with a `url`.
    pub path: PathBuf,
    /// Address of a book in PostgreSQL, without a password; empty for the file.
    pub url: String,
    /// The file that holds the password, relative to the workspace; empty for none. Its owner alone may read it.
    pub password_file: PathBuf,
    /// A backend whose heartbeat is older than this, in seconds, has lost its lease.
    pub lease_stale_s: f64,
    /// Folder of the backups, relative to the workspace or absolute.
    pub backups: PathBuf,
    /// Seconds between two backups that the backend makes; 0 for none.
    pub backup_every_s: f64,
    /// Backups that are kept; older ones of the schedule are removed.
    pub backups_kept: usize,
    /// Another book, a file or an address, that the backend exchanges entries with; empty for none.
    pub sync_with: String,
    /// Seconds between two exchanges.
    pub sync_every_s: f64,
}

/// Where a book stands, and where its workspace keeps what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookPlace {
    /// The book itself.
    pub site: BookSite,
    /// Folder of what waits for the book's server.
    pub beside: PathBuf,
    /// Folder of its backups.
    pub backups: PathBuf,
}

/// A file or a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BookSite {
    /// One SQLite file.
    File(PathBuf),
    /// A PostgreSQL database.
    Server {
        /// Its address.
        url: String,
        /// The file with the password.
        password_file: Option<PathBuf>,
    },
}

impl Default for BookSettings {
    fn default() -> Self {
        BookSettings {
            path: "book.sqlite".into(),
            url: String::new(),
            password_file: PathBuf::new(),
            lease_stale_s: 15.0,
            backups: "backups".into(),
            backup_every_s: 0.0,
            backups_kept: 14,
            sync_with: String::new(),
            sync_every_s: 14400.0,
        }
    }
}

impl BookSettings {
    /// The first setting that makes no sense: its key and what is wrong. A password is never repeated.
    pub(super) fn fault(&self) -> Option<(&'static str, String)> {
        let above = not_above_zero(&[("lease_stale_s", self.lease_stale_s), ("sync_every_s", self.sync_every_s)]);
        let numbers = above.or_else(|| below_zero(&[("backup_every_s", self.backup_every_s)]));
        if numbers.is_some() {
            return numbers;
        }
        if self.backups_kept == 0 {
            return Some(("backups_kept", "'backups_kept' is 0, expected at least 1".into()));
        }
        if !self.url.is_empty() && !is_address(&self.url) {
            return Some(("url", "'url' is no address of a book, expected one like postgresql://shifter@dqmserver/dqmon".into()));
        }
        [("url", &self.url), ("sync_with", &self.sync_with)].into_iter().find(|(_, text)| holds_password(text)).map(|(key, _)| {
            let instead =
                "everybody reads these settings; put it into a file of its own and name that as 'password_file', or into";
            (key, format!("'{key}' holds a password: {instead} the environment as DQMON_BOOK_PASSWORD"))
        })
    }
}

/// Whether a text is meant as the address of a server.
fn is_address(text: &str) -> bool {
    text.starts_with("postgresql://") || text.starts_with("postgres://")
}

fn holds_password(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let (server, query) = rest.split_once('?').unwrap_or((rest, ""));
    let account = server.rsplit_once('@').map_or("", |(account, _)| account);
    account.contains(':') || query.split('&').any(|pair| pair.starts_with("password="))
}

impl BookPlace {
    /// The place that a text names: an address, or a file's path. `root` is the workspace's folder.
    #[must_use]
    pub fn named(text: &str, password_file: &Path, backups: &Path, root: &Path) -> Self {
        let password_file = (!password_file.as_os_str().is_empty()).then(|| root.join(password_file));
        let site = match is_address(text) {
            true => BookSite::Server { url: text.to_owned(), password_file },
            false => BookSite::File(root.join(text)),
        };
        BookPlace { site, beside: root.join("processing"), backups: root.join(backups) }
    }

    /// The book's file, where it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.site {
            BookSite::File(path) => Some(path),
            BookSite::Server { .. } => None,
        }
    }

    /// Whether the book is a server's.
    #[must_use]
    pub fn is_server(&self) -> bool {
        self.file().is_none()
    }
}

impl fmt::Display for BookPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.site {
            BookSite::File(path) => write!(f, "{}", path.display()),
            BookSite::Server { url, .. } => {
                let bare = url.split(['?', '#']).next().unwrap_or_default();
                match bare.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?))) {
                    Some((scheme, (account, server))) => {
                        write!(f, "{scheme}://{}@{server}", account.split(':').next().unwrap_or_default())
                    }
                    None => f.write_str(bare),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn a_password_in_the_settings_is_refused_and_not_repeated() {
        for line in [
            "url = \"postgresql://ada:s3cret@host/dqmon\"",
            "url = \"postgresql://ada@host/dqmon?password=s3cret\"",
            "sync_with = \"postgresql://ada:s3cret@host/dqmon\"",
        ] {
            let refused = Settings::parse(&format!("[book]\n{line}\n"), Path::new("dqmon.toml")).unwrap_err().to_string();
            assert!(refused.contains("password_file") && refused.ends_with("dqmon.toml:2"), "{refused}");
            assert!(!refused.contains("s3cret"), "{refused}");
        }
        let wrong = Settings::parse("[book]\nurl = \"mysql://x/y\"\n", Path::new("dqmon.toml")).unwrap_err().to_string();
        assert!(wrong.contains("postgresql://"), "{wrong}");
    }

    #[test]
    fn a_place_shows_itself_without_its_password() {
        let root = Path::new("/w");
        let named = |text: &str| BookPlace::named(text, Path::new("secret"), Path::new("backups"), root);
        assert_eq!(named("book.sqlite").file(), Some(Path::new("/w/book.sqlite")));
        let server = named("postgresql://ada:s3cret@host:5/dqmon?x=1");
        assert_eq!(server.to_string(), "postgresql://ada@host:5/dqmon");
        assert!(matches!(server.site, BookSite::Server { password_file: Some(path), .. } if path == Path::new("/w/secret")));
    }
}
