//! Backups of the book, and the way back from one.
//!
//! A book in SQLite is copied by the engine itself while others go on; a book in PostgreSQL is exported, and the export brought into
//! a book that is thrown away. Each backup is read and verified before it gets its name. A book that is brought back goes on under a
//! new id: what was said after the backup, and still stands in other books, never stands under the same name as something else.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::entry::BookId;
use super::open::{backups_in, open, open_read_only, with_way_out};
use super::sqlite::SqliteStore;
use super::store::Store;
use super::store_error::StoreError;
use crate::config::{BookPlace, BookSite};
use crate::durable;

/// A book that was brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The id under which it goes on.
    pub book: BookId,
    /// Where the book that stood there was put; none when there was none.
    pub set_aside: Option<PathBuf>,
}

/// Makes a backup; answers its file.
///
/// # Errors
/// When the book can't be read, or the backup can't be written or is not what it should be; then there is none.
pub fn back_up(place: &BookPlace, now: Timestamp) -> Result<PathBuf, StoreError> {
    let stamp = now.strftime("%Y%m%dT%H%M%S%3fZ");
    let ending = if place.is_server() { "jsonl" } else { "sqlite" };
    let path = place.backups.join(format!("book-{stamp}.{ending}"));
    let part = durable::aside(&path);
    let failed = |error: std::io::Error| unusable(&format!("backup not made: {error}"), &path);
    durable::create_folders(&place.backups).map_err(failed)?;
    remove(&part).map_err(failed)?;
    let book = open_read_only(place)?;
    let made = match place.is_server() {
        true => export_to(book.as_ref(), &part).and_then(|()| refuse_unsound_export(&part, place)),
        false => book.back_up(&part).and_then(|()| match refuse_unsound(&SqliteStore::open_read_only(&part)?, &part) {
            // A copy by the engine is as the book is.
            Err(StoreError::Damaged { what, .. }) => Err(damaged(what, place)),
            other => other,
        }),
    };
    if let Err(error) = made {
        let _ = remove(&part); // what is left of it is told by the first error
        return Err(error);
    }
    let synchronised = File::open(&part).and_then(|file| file.sync_all()).and_then(|()| durable::rename(&part, &path));
    synchronised.map_err(failed)?;
    Ok(path)
}

/// Reads an export back into a book of its own, which is removed again: what could not be restored is no backup.
fn refuse_unsound_export(export: &Path, place: &BookPlace) -> Result<(), StoreError> {
    let failed = |error: std::io::Error| unusable(&format!("backup not read back: {error}"), export);
    // Backups may go onto a network mount, where no book can be opened for writing.
    let name = export.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
    fs::DirBuilder::new().mode(0o700).create(&folder).map_err(failed)?;
    let read_back = File::open(export).map_err(failed).and_then(|file| {
        let mut book = SqliteStore::open(&folder.join("read-back.sqlite"))?;
        book.import(&mut BufReader::new(file))?;
        refuse_unsound(&book, export)
    });
    let removed = fs::remove_dir_all(&folder).map_err(failed);
    match read_back {
        Ok(()) => removed,
        // It is the book that is not what it should be: the export is what stood there.
        Err(StoreError::Damaged { what, .. }) => Err(damaged(what, place)),
        Err(error @ StoreError::BrokenChain { .. }) => Err(damaged(error.to_string(), place)),
        Err(error) => Err(error),
    }
}

fn damaged(what: String, place: &BookPlace) -> StoreError {
    with_way_out(StoreError::Damaged { what, place: place.to_string() }, &place.backups)
}

/// Removes the oldest backups but for so many; answers those removed.
///
/// # Errors
/// When one can't be removed.
pub fn prune(folder: &Path, kept: usize) -> Result<Vec<PathBuf>, StoreError> {
    let mut all = backups_in(folder);
    all.truncate(all.len().saturating_sub(kept));
    for path in &all {
        fs::remove_file(path).map_err(|error| unusable(&format!("old backup not removed: {error}"), path))?;
    }
    Ok(all)
}

/// Brings a backup or an export back in the place of the book, which is set aside; it goes on under a new id. Nobody else may have
/// the book open. A book in PostgreSQL must be a new one: a server's database is set aside by whoever runs the server.
///
/// # Errors
/// When the backup can't be read or is not sound, or the book can't be written; the book that stood there stays then.
pub fn restore(place: &BookPlace, backup: &Path, now: Timestamp) -> Result<Restored, StoreError> {
    match &place.site {
        BookSite::Server { .. } => {
            let mut book = open(place)?;
            bring_in(book.as_mut(), backup)?;
            Ok(Restored { book: book.begin_chain()?, set_aside: None })
        }
        BookSite::File(path) => restore_file(path, backup, now),
    }
}

fn restore_file(path: &Path, backup: &Path, now: Timestamp) -> Result<Restored, StoreError> {
    let failed = |error: std::io::Error| unusable(&format!("book not restored: {error}"), path);
    let part = durable::aside(path);
    for left in [&part, &beside(&part, "-wal"), &beside(&part, "-shm")] {
        remove(left).map_err(failed)?;
    }
    let made = if is_export(backup) {
        SqliteStore::open(&part).and_then(|mut book| bring_in(&mut book, backup))
    } else {
        fs::copy(backup, &part).map(drop).map_err(|error| unusable(&format!("backup not read: {error}"), backup))
    };
    let begun = made.and_then(|()| {
        // Opened for writing: the layout of an old backup is brought up to date. Closed, the file is whole by itself.
        let mut book = SqliteStore::open(&part)?;
        refuse_unsound(&book, backup)?;
        book.begin_chain()
    });
    let id = begun.inspect_err(|_| {
        let _ = remove(&part); // the first error is the one to tell
    })?;
    File::open(&part).and_then(|file| file.sync_all()).map_err(failed)?;
    let set_aside = set_aside(path, now).map_err(failed)?;
    durable::rename(&part, path).map_err(failed)?;
    Ok(Restored { book: id, set_aside })
}

/// Gives the book that stands there another name, with what the engine keeps beside it. The book itself keeps its old name too
/// until the new one takes it: at no instant is there none, in whose place a new one would be begun.
fn set_aside(path: &Path, now: Timestamp) -> std::io::Result<Option<PathBuf>> {
    if !path.exists() {
        return Ok(None);
    }
    let to = beside(path, &format!(".set-aside-{}", now.strftime("%Y%m%dT%H%M%SZ")));
    fs::hard_link(path, &to)?;
    for ending in ["-wal", "-shm"] {
        match fs::rename(beside(path, ending), beside(&to, ending)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(Some(to))
}

/// Writes an export that stands on the disk.
///
/// # Errors
/// When the book can't be read or the file can't be written.
pub fn export_to(book: &dyn Store, path: &Path) -> Result<(), StoreError> {
    let failed = |error: std::io::Error| unusable(&format!("export not written: {error}"), path);
    let file = File::create(path).map_err(failed)?;
    let mut to = BufWriter::new(file);
    book.export(&mut to)?;
    let file = to.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)
}

/// Takes a backup or an export into a book.
///
/// # Errors
/// When it can't be read, is not sound, or the book has rows of its own.
pub fn bring_in(book: &mut dyn Store, backup: &Path) -> Result<(), StoreError> {
    let failed = |error: std::io::Error| unusable(&format!("backup not read: {error}"), backup);
    if is_export(backup) {
        return book.import(&mut BufReader::new(File::open(backup).map_err(failed)?)).map(drop);
    }
    let from = SqliteStore::open_read_only(backup)?;
    refuse_unsound(&from, backup)?;
    let mut text = tempfile_of(backup).map_err(failed)?;
    from.export(&mut text)?;
    std::io::Seek::rewind(&mut text).map_err(failed)?;
    book.import(&mut BufReader::new(text)).map(drop)
}

/// A file without a name in the folder of temporary files.
fn tempfile_of(backup: &Path) -> std::io::Result<File> {
    let name = backup.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let path = std::env::temp_dir().join(format!(".{name}-{}.export", std::process::id()));
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    fs::remove_file(path)?;
    Ok(file)
}

fn is_export(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "jsonl")
}

fn refuse_unsound(book: &dyn Store, path: &Path) -> Result<(), StoreError> {
    match book.verify_chains()?.first() {
        None => Ok(()),
        Some(fault) => Err(StoreError::Damaged { what: fault.clone(), place: path.display().to_string() }),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn remove(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn unusable(why: &str, path: &Path) -> StoreError {
    StoreError::Unusable { why: why.to_owned(), place: path.display().to_string() }
}
