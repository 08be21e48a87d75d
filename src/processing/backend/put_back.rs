//! Raw files whose copy in the storage was released: what they can't be used for, and how they come back by the intake folder.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use monitasks::vocab::FileId;
use serde_json::json;

use super::{Backend, ProcessingError, of_file};
use crate::bookkeeping::{FileRecord, FileStep, StoryRecord};
use crate::processing::transfer::{Copied, CopyOrder, TransferError};

/// Pause before a file that could not be put back is tried again.
const PAUSE: Duration = Duration::from_secs(30);

/// Files that an answer names at most.
const MOST_NAMED: usize = 6;

/// A file of the intake folder that is being put back: its path there, size and time.
pub(super) type PutBack = (String, (u64, Timestamp));

fn putting_back_of(file: FileId) -> String {
    format!("putting back of {file}")
}

impl Backend<'_> {
    /// Why files can't be processed again: their raw copies are not in the storage; none when all are there.
    pub(super) fn why_not_there(&self, files: &[FileId]) -> Result<Option<String>, ProcessingError> {
        let (mut released, mut lost, mut places) = (Vec::new(), Vec::new(), BTreeSet::new());
        for file in files.iter().filter(|file| !self.workspace.raw_file(**file).exists()) {
            match self.release_of(*file)? {
                Some(entry) => {
                    let copies = entry.detail["copies"].as_array();
                    places.extend(copies.into_iter().flatten().filter_map(|place| place.as_str()).map(str::to_owned));
                    released.push(file.to_string());
                }
                None => lost.push(file.to_string()),
            }
        }
        let mut whys = Vec::new();
        if !released.is_empty() {
            let places: Vec<String> = places.into_iter().collect();
            whys.push(format!(
                "the raw files of {} are released, copies stand in {}; put them into the intake folder and ask again: {}",
                in_short(&released),
                if places.is_empty() { "no place that the book knows".into() } else { in_short(&places) },
                self.intake.folder().display()
            ));
        }
        if let Some(file) = lost.first() {
            let storage = self.workspace.input();
            whys.push(format!("the raw files of {} are gone, {file} first: {}", in_short(&lost), storage.display()));
        }
        Ok((!whys.is_empty()).then(|| whys.join("; ")))
    }

    /// The story's entry of the release of a file's copy in the storage; none when it was not released.
    fn release_of(&self, file: FileId) -> Result<Option<StoryRecord>, ProcessingError> {
        let path = self.workspace.raw_file(file);
        let is_of_it = |entry: &StoryRecord| {
            matches!(entry.kind.as_str(), "released" | "not_released") && entry.detail["path"].as_str() == path.to_str()
        };
        let last = self.store.story(file.run, Some(file))?.into_iter().rfind(is_of_it);
        Ok(last.filter(|entry| entry.kind == "released"))
    }

    /// Looks whether a file in the intake folder is one whose copy was released and that somebody has put there since; answers
    /// whether it is. It is copied back by the desk when its size is the book's, and the desk refuses one of another checksum.
    pub(super) fn look_at_put_back(
        &mut self,
        file: FileId,
        source: &str,
        state: (u64, Timestamp),
    ) -> Result<bool, ProcessingError> {
        let to = self.workspace.raw_file(file);
        let is_stored = |record: &&FileRecord| record.step == FileStep::Stored;
        let Some(record) = self.shift.files.get(&file).filter(is_stored) else { return Ok(false) };
        let (size_bytes, Some(adler32), refused) = (record.size_bytes, record.adler32, record.refused) else { return Ok(false) };
        if to.exists() {
            return Ok(false);
        }
        let from = self.intake.folder().join(source);
        let Some(release) = self.release_of(file)? else { return Ok(false) };
        // What was there before the release is the DAQ's original, which goes or stays by a release of its own.
        if changed(&from).is_none_or(|at| at <= release.at) {
            return Ok(false);
        }
        let is_told = refused == Some(state) || self.refused.get(source) == Some(&state);
        if is_told || self.desk.is_under_way(&file) || self.is_put_off(&putting_back_of(file)) {
            return Ok(true);
        }
        if state.0 != size_bytes {
            let found = format!("{} bytes", state.0);
            self.refuse_put_back(file, (source.to_owned(), state), &found, &format!("{size_bytes} bytes"))?;
        } else if self.may_begin_copy() {
            self.put_back.insert(file, (source.to_owned(), state));
            self.desk.begin(file, CopyOrder { from, to: to.into(), size_bytes, adler32: Some(adler32) });
            self.tell(&file, "is put back", None);
        }
        Ok(true)
    }

    /// Stores what came of putting a file back.
    pub(super) fn take_put_back(&mut self, file: FileId, outcome: Result<Copied, TransferError>) -> Result<(), ProcessingError> {
        let Some((source, state)) = self.put_back.remove(&file) else { return Ok(()) };
        match outcome {
            Ok(copied) => {
                self.put_off.remove(&putting_back_of(file));
                let detail = json!({
                    "from": self.intake.folder().join(&source), "to": self.workspace.raw_file(file),
                    "size_bytes": copied.size_bytes, "adler32": format!("{:08x}", copied.adler32),
                    "started": copied.started, "ended": copied.ended,
                });
                self.same_content.insert(source, state);
                self.keep(&[of_file(Timestamp::now(), file, "put_back", detail)], vec![])?;
                self.tell(&file, "put back", None);
                Ok(())
            }
            Err(TransferError::SourceDiffers { found, expected, .. }) => {
                self.refuse_put_back(file, (source, state), &found, &expected)
            }
            // Looked at again by the next sweep, or by the next backend.
            Err(TransferError::SourceChanged { .. } | TransferError::Stopped { .. }) => Ok(()),
            Err(error) => {
                self.put_off_for(&putting_back_of(file), PAUSE, error.to_string());
                Ok(())
            }
        }
    }

    fn refuse_put_back(
        &mut self,
        file: FileId,
        (source, state): PutBack,
        found: &str,
        expected: &str,
    ) -> Result<(), ProcessingError> {
        let reason =
            format!("its raw file was released and what came back is another, refused: {found}, the book has {expected}");
        self.refuse_content(file, &source, state, None, &reason)
    }
}

/// When a file was written, linked or renamed last, by the clock of its disk.
fn changed(path: &Path) -> Option<Timestamp> {
    let facts = std::fs::symlink_metadata(path).ok()?;
    Timestamp::new(facts.ctime(), i32::try_from(facts.ctime_nsec()).ok()?).ok()
}

/// The first of many, and how many more there are.
fn in_short(names: &[String]) -> String {
    match names.len().checked_sub(MOST_NAMED) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names[..MOST_NAMED].join(", ")),
    }
}
