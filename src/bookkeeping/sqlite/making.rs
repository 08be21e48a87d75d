//! How a new book comes to be: made beside its place with all its tables, and put there whole.
//!
//! SQLite makes the file first and fills it later. A backend that was killed between the two would leave an empty file, which
//! reads as a book that was lost.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::Connection;

use super::{SqliteEngine, told};
use crate::bookkeeping::sql::engine::Engine;
use crate::bookkeeping::sql::layouts;
use crate::bookkeeping::store_error::StoreError;

/// In the name of a book that is being made, after that of the book.
const BEGUN: &str = ".begun-";

/// A book that somebody has been making for this long was left by one who was killed.
const LEFT_AFTER: Duration = Duration::from_secs(600);

/// Makes a book where there is none. Somebody else who was faster is no error: theirs stands.
pub(super) fn make_whole(path: &Path) -> Result<(), StoreError> {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let failed =
        |error: io::Error| StoreError::Unusable { why: format!("it can't be made: {error}"), place: path.display().to_string() };
    remove_left(path);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let begun = beside(path, &format!("{BEGUN}{}-{number}", std::process::id()));
    let made = fill(&begun, path).and_then(|()| put_in_place(&begun, path).map_err(failed));
    // In place or not made: in both cases the beginning has done its duty.
    let _ = fs::remove_file(&begun);
    made
}

/// A book with all its tables and nothing in them, in one file.
fn fill(begun: &Path, path: &Path) -> Result<(), StoreError> {
    let at = |error: rusqlite::Error| told(&error).at(path.display().to_string());
    let connection = Connection::open(begun).map_err(at)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(at)?;
    let engine = SqliteEngine { connection, path: path.to_owned(), is_read_only: false, identity: None };
    layouts::bring_up_to_date(&engine).map_err(|error| error.at(engine.place()))?;
    engine.connection.close().map_err(|(_, error)| at(error))
}

/// Gives a whole book its name, unless one stands there.
fn put_in_place(begun: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(begun, path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        // A disk without links: a new name is the next best, and the look before it leaves an instant's gap.
        Err(_) if !path.exists() => fs::rename(begun, path)?,
        Err(_) => return Ok(()),
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder)?.sync_all()
}

/// Removes what was begun by those who were killed.
fn remove_left(path: &Path) {
    let Some(name) = path.file_name().map(|name| format!("{}{BEGUN}", name.to_string_lossy())) else { return };
    let Some(entries) = path.parent().and_then(|folder| fs::read_dir(folder).ok()) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(&name)) {
        let age = entry.metadata().and_then(|facts| facts.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > LEFT_AFTER) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bookkeeping::SqliteStore;

    #[test]
    fn a_book_comes_to_be_whole_and_one_that_stands_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.sqlite");
        // A life that was killed before its book was whole.
        let begun = beside(&path, ".begun-1-0");
        fs::write(&begun, "").unwrap();
        fs::File::open(&begun).unwrap().set_modified(std::time::SystemTime::now() - 2 * LEFT_AFTER).unwrap();
        make_whole(&path).unwrap();
        let first = fs::read(&path).unwrap();
        assert!(first.len() > 10_000, "{} bytes", first.len());
        make_whole(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), first);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "something was left beside the book");
        drop(SqliteStore::open(&path).unwrap());
    }

    #[test]
    fn of_many_who_make_it_at_once_one_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.sqlite");
        std::thread::scope(|scope| {
            (0..8).for_each(|_| drop(scope.spawn(|| SqliteStore::open(&path).map(drop).unwrap())));
        });
        assert_eq!(
            fs::read_dir(folder.path())
                .unwrap()
                .flatten()
                .filter(|entry| { entry.file_name().to_string_lossy().contains(BEGUN) })
                .count(),
            0
        );
    }
}
