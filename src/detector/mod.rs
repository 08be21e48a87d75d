//! Detector files (TOML) into the types of `monitasks`.
//!
//! A detector is a file, not code: the shipped ones are embedded, others are read from a path. Uses `monitasks` only; every
//! other folder of the outer crate may use it.

mod channel_map;
mod error;
mod file;
mod numbering;

use std::path::{Path, PathBuf};

use monitasks::detector::Detector;

pub use error::DetectorError;

/// The shipped detector files: name and text.
const SHIPPED: [(&str, &str); 2] =
    [("3x1x1", include_str!("../../assets/detectors/3x1x1.toml")), ("6x6x6", include_str!("../../assets/detectors/6x6x6.toml"))];

/// Names of the detectors that are shipped.
#[must_use]
pub fn shipped() -> Vec<&'static str> {
    SHIPPED.iter().map(|(name, _)| *name).collect()
}

/// The text of a shipped detector file, for `dqmon init` to copy.
#[must_use]
pub fn shipped_text(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(shipped, _)| *shipped == name).map(|(_, text)| *text)
}

/// Loads a shipped detector by its name, or a detector file by its path, which is `relative_to` a folder unless absolute.
///
/// `channel_map` names one of the file's channel maps; empty for the file's default.
///
/// # Errors
/// When there is no such detector, the file can't be read, or it says something wrong: with file, line, key and what there is
/// instead.
pub fn load(name_or_path: &str, channel_map: &str, relative_to: &Path) -> Result<Detector, DetectorError> {
    if let Some(text) = shipped_text(name_or_path) {
        return parse(text, channel_map, &PathBuf::from(format!("{name_or_path}.toml (shipped)")));
    }
    let path = relative_to.join(name_or_path);
    match std::fs::read_to_string(&path) {
        Ok(text) => parse(&text, channel_map, &path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(DetectorError::Unknown { name: name_or_path.to_owned(), shipped: shipped().join(", "), path })
        }
        Err(error) => Err(DetectorError::Unreadable { path, why: error.to_string() }),
    }
}

/// Reads a detector from the text of the file at `path`.
///
/// # Errors
/// As [`load`].
pub fn parse(text: &str, channel_map: &str, path: &Path) -> Result<Detector, DetectorError> {
    file::parse(text, channel_map).map_err(|fault| DetectorError::Refused {
        line: fault.line(text),
        what: fault.what,
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests;
