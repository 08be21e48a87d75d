//! The workspace's file of checks, read again when it changes.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use monitasks::checks::{Checks, LARGEST_CHECKS_FILE_BYTES};

use super::declared::read_text;
use crate::config::Workspace;

/// The checks of a workspace, as last read.
pub struct WorkspaceChecks {
    path: PathBuf,
    last: Arc<Checks>,
}

impl WorkspaceChecks {
    /// Nothing is read yet.
    #[must_use]
    pub fn of(workspace: &Workspace) -> Self {
        WorkspaceChecks { path: workspace.checks_file(), last: Arc::default() }
    }

    /// Reads the file, again if need be: the checks to use now, and a message when it can't be used: then the last good ones stay.
    /// Without the file there are no checks.
    pub fn read(&mut self) -> (Arc<Checks>, Vec<String>) {
        let name = self.path.display().to_string();
        let read = match read_text(&self.path, LARGEST_CHECKS_FILE_BYTES) {
            Ok(text) => Checks::parse(&text, &name).map_err(|error| error.to_string()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Checks::default()),
            Err(error) => Err(format!("checks not read: {error}: {name}")),
        };
        match read {
            Ok(checks) => {
                self.last = Arc::new(checks);
                (self.last.clone(), Vec::new())
            }
            Err(why) => {
                let instead =
                    if *self.last == Checks::default() { "nothing is judged" } else { "the checks read before stay in force" };
                (self.last.clone(), vec![format!("{why} ({instead})")])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const EXAMPLE: &str = include_str!("../../assets/checks.toml");

    #[test]
    fn a_bad_file_is_told_and_the_last_good_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checks.toml");
        let mut checks = WorkspaceChecks { path: path.clone(), last: Arc::default() };
        assert_eq!(checks.read(), (Arc::default(), Vec::new()), "no file is no fault");
        fs::write(&path, "[[check]]\nname = 3\n").unwrap();
        let (read, faults) = checks.read();
        assert!(*read == Checks::default() && faults[0].contains("nothing is judged"), "{faults:?}");
        fs::write(&path, EXAMPLE).unwrap();
        let (good, faults) = checks.read();
        assert!(faults.is_empty() && good.checks.len() >= 10);
        fs::write(&path, EXAMPLE.replacen("kind = \"range\"", "kind = \"rnge\"", 1)).unwrap();
        let (after, faults) = checks.read();
        assert_eq!(after, good);
        assert!(faults[0].contains("checks.toml:") && faults[0].contains("stay in force"), "{faults:?}");
        fs::remove_file(&path).unwrap();
        assert_eq!(checks.read(), (Arc::default(), Vec::new()));
    }
}
