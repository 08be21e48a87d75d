//! What the book's story says of archives, and which copies follow from it.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use jiff::Timestamp;
use monitasks::vocab::{FileId, Run};
use serde_json::{Value, json};

use super::archive_log::ArchiveLog;
use super::manifest::ManifestMember;
use super::release::KnownCopy;
use super::ship::Shipped;
use crate::bookkeeping::{Store, StoreError, StoryEntry, StoryRecord};

/// The kinds of the story's entries.
const ARCHIVED: &str = "archived";
const SHIPPED: &str = "shipped";

/// Records, for each run in each archive, that it was archived: tar, size, checksum, files. What stands in the book is not
/// recorded again. Answers how many entries were written.
///
/// # Errors
/// When the book can't be read or written.
pub fn record_archives(store: &mut dyn Store, logs: &[ArchiveLog]) -> Result<usize, StoreError> {
    logs.iter().map(|log| record(store, ARCHIVED, log, &log.path.to_string_lossy(), log.manifest.made_at, Timestamp::now())).sum()
}

/// Records, for each run in an archive, that it was shipped and read back in its place. Answers how many entries were written.
///
/// # Errors
/// When the book can't be read or written.
pub fn record_shipped(store: &mut dyn Store, log: &ArchiveLog, shipped: &Shipped) -> Result<usize, StoreError> {
    record(store, SHIPPED, log, &shipped.place, shipped.verified_at, Timestamp::now())
}

fn record(
    store: &mut dyn Store,
    kind: &str,
    log: &ArchiveLog,
    place: &str,
    verified_at: Timestamp,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let runs: BTreeSet<Run> = log.manifest.files.iter().map(|file| file.file.run).collect();
    let mut entries = Vec::new();
    for run in runs {
        let files: Vec<&ManifestMember> = log.manifest.files.iter().filter(|file| file.file.run == run).collect();
        let detail = json!({
            "archive": log.manifest.archive, "place": place, "size_bytes": log.size_bytes,
            "adler32": format!("{:08x}", log.adler32), "run_kind": log.manifest.kind, "verified_at": verified_at, "files": files,
        });
        let same = |entry: &StoryRecord| {
            entry.kind == kind && ["archive", "place", "adler32"].iter().all(|key| entry.detail.get(key) == detail.get(key))
        };
        if !store.story(run, None)?.iter().any(same) {
            entries.push(StoryEntry { at: now, run: Some(run), sequence: None, kind: kind.into(), detail });
        }
    }
    if !entries.is_empty() {
        store.record(None, &entries, &[])?;
    }
    Ok(entries.len())
}

/// The disk of this machine that a place is on; none for one that is on no such, or can't be looked at.
#[must_use]
pub fn disk_of(place: &str) -> Option<u64> {
    let path = Path::new(place);
    std::fs::metadata(path).ok().filter(|_| path.is_absolute()).map(|facts| facts.dev())
}

/// The copies of raw files that a run's story tells of: those inside archives, where they were made and where they were shipped.
/// Of several tellings of one place the newest counts.
#[must_use]
pub fn copies_told(story: &[StoryRecord]) -> BTreeMap<FileId, Vec<KnownCopy>> {
    let mut copies: BTreeMap<FileId, Vec<KnownCopy>> = BTreeMap::new();
    for entry in story.iter().filter(|entry| entry.kind == ARCHIVED || entry.kind == SHIPPED) {
        let Some(place) = entry.detail.get("place").and_then(Value::as_str) else { continue };
        let verified_at = entry.detail.get("verified_at").and_then(Value::as_str).and_then(|text| text.parse().ok());
        let files = entry.detail.get("files").cloned().unwrap_or_default();
        for file in serde_json::from_value::<Vec<ManifestMember>>(files).unwrap_or_default() {
            let known = copies.entry(file.file).or_default();
            known.retain(|copy| copy.place != place);
            known.push(KnownCopy {
                place: place.to_owned(),
                member: Path::new(place).extension().is_some_and(|ending| ending == "tar").then_some(file.name),
                size_bytes: file.size_bytes,
                adler32: file.adler32,
                verified_at,
                disk: disk_of(place),
            });
        }
    }
    copies
}
