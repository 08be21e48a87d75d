//! Failures that wait to be told, in a file: a backend that is killed leaves them to the next one.
//!
//! A failure is a line that is added when it comes, so that many at once cost no more than their lines; what was told goes when
//! the file is written anew. Killed between the server's yes and that, the next backend tells the same once more.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::digest::{Digest, Failure};
use crate::bookkeeping::FailureClass;
use crate::durable;

/// The file.
#[derive(Debug)]
pub(super) struct Kept {
    path: PathBuf,
}

/// A line of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Failure(Failure),
    /// Failures of which only the number is kept.
    Counted {
        beyond: BTreeMap<FailureClass, usize>,
    },
}

impl Kept {
    pub(super) fn at(path: PathBuf) -> Self {
        Kept { path }
    }

    /// What waits, and how many lines are damaged and left out.
    ///
    /// # Errors
    /// When the file is there and can't be read.
    pub(super) fn load(&self) -> io::Result<(Digest, usize)> {
        let text = match std::fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            text => text?,
        };
        let (mut digest, mut damaged) = (Digest::default(), 0);
        for line in text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
            match serde_json::from_slice(line) {
                Ok(Line::Failure(failure)) => digest.push(failure),
                Ok(Line::Counted { beyond }) => digest.count_in(beyond),
                Err(_) => damaged += 1,
            }
        }
        Ok((digest, damaged))
    }

    /// Adds one.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn add(&self, failure: &Failure) -> io::Result<()> {
        durable::append_line(&self.path, serde_json::to_vec(&Line::Failure(failure.clone()))?)
    }

    /// Keeps these and nothing else.
    ///
    /// # Errors
    /// When they can't be written.
    pub(super) fn replace(&self, digests: &[&Digest]) -> io::Result<()> {
        let mut text = Vec::new();
        for digest in digests {
            let (failures, beyond) = digest.parts();
            let counted = (!beyond.is_empty()).then(|| Line::Counted { beyond: beyond.clone() });
            for line in failures.iter().cloned().map(Line::Failure).chain(counted) {
                serde_json::to_writer(&mut text, &line)?;
                text.push(b'\n');
            }
        }
        if !text.is_empty() {
            return durable::write_whole(&self.path, &text);
        }
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Err(_) => Ok(()),
            Ok(()) => durable::sync_folder_of(&self.path),
        }
    }

    /// Says what went wrong with it.
    pub(super) fn fault(&self, what: &str, error: &io::Error) -> String {
        format!("{what}: {error}: {}", self.path.display())
    }
}
