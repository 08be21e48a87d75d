//! What is shown of a file or folder that is looked at by itself, with no workspace: results by the built-in tasks, a ROOT file by
//! what it holds.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use monitasks::format::root;
use monitasks::registry::TaskRegistry;
use monitasks::tasks::root_objects::RootObjects;

use super::results::{DiskResults, FoundResult, ResultsFolder};
use crate::detector::DetectorError;
use crate::reconstruction::recofile::FileBytes;

/// A file or folder can't be looked at.
#[derive(Debug, thiserror::Error)]
pub enum BareError {
    /// The shipped detector file can't be used.
    #[error(transparent)]
    Detector(#[from] DetectorError),
    /// It is a ROOT file with nothing to show, or a damaged one.
    #[error("{why}: {}", path.display())]
    Root {
        /// The reason, and what there is instead.
        why: String,
        /// The file.
        path: PathBuf,
    },
}

/// The tasks that show a path, and the folder that their results are read from. A ROOT file is known by its first bytes.
///
/// # Errors
/// When it is a ROOT file that has nothing to show.
pub fn bare_tasks(path: &Path) -> Result<(TaskRegistry, Box<dyn ResultsFolder>), BareError> {
    if !is_root_file(path) {
        return Ok((TaskRegistry::built_in(), Box::new(DiskResults::bare(path))));
    }
    let wrong = |why: String| BareError::Root { why, path: path.to_owned() };
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bytes = FileBytes::open(path).map_err(|error| wrong(format!("file not opened: {error}")))?;
    let task = RootObjects::new(&name, bytes).map_err(|error| wrong(error.to_string()))?;
    Ok((TaskRegistry::of(vec![Box::new(task)]), Box::new(HeldFile { name })))
}

/// Whether a file says of itself that it is a ROOT file.
#[must_use]
pub fn is_root_file(path: &Path) -> bool {
    let mut start = [0; root::MAGIC.len()];
    path.is_file() && File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *root::MAGIC
}

/// One file whose content the task that shows it holds already.
struct HeldFile {
    name: String,
}

impl ResultsFolder for HeldFile {
    fn list(&mut self, _: &str, _: &str) -> io::Result<Vec<FoundResult>> {
        Ok(vec![FoundResult { name: self.name.clone(), size_bytes: 0, modified_ns: 0 }])
    }

    fn read(&mut self, _: &str) -> io::Result<Vec<u8>> {
        Ok(Vec::new())
    }
}
