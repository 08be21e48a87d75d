//! One way to the book, whichever engine keeps it.

use std::path::{Path, PathBuf};

use super::outbox::Outbox;
use super::postgres::{AddressError, BookAddress, PostgresStore};
use super::sql::SqlStore;
use super::sql::engine::Engine;
use super::sqlite::SqliteStore;
use super::store::Store;
use super::store_error::StoreError;
use crate::config::{BookPlace, BookSite};

/// Opens a book for writing; makes it where there is none. A server that is away is no error yet: what is said goes into the
/// workspace's outbox, and everything else says so.
///
/// # Errors
/// When it can't be opened, a newer program made it, or it is damaged: with the command that restores the last backup.
pub fn open(place: &BookPlace) -> Result<Box<dyn Store>, StoreError> {
    let opened = match &place.site {
        BookSite::File(path) => SqliteStore::open(path).map(|store| boxed(store, place)),
        BookSite::Server { url, password_file } => {
            let address = address(url, password_file.as_deref())?;
            PostgresStore::call(&address, Outbox::of(&place.beside)).map(|store| boxed(store, place))
        }
    };
    opened.map_err(|error| with_way_out(error, &place.backups))
}

/// Opens a book for reading; never writes into it.
///
/// # Errors
/// [`StoreError::Missing`] when there is none, [`StoreError::Away`] when its server is; else as [`open`].
pub fn open_read_only(place: &BookPlace) -> Result<Box<dyn Store>, StoreError> {
    let opened = match &place.site {
        BookSite::File(path) => SqliteStore::open_read_only(path).map(|store| boxed(store, place)),
        BookSite::Server { url, password_file } => {
            let address = address(url, password_file.as_deref())?;
            PostgresStore::connect_read_only(&address).map(|store| boxed(store, place))
        }
    };
    opened.map_err(|error| with_way_out(error, &place.backups))
}

/// A store that knows where its backups are: damage inside a book is found long after it was opened.
fn boxed<E: Engine + 'static>(store: SqlStore<E>, place: &BookPlace) -> Box<dyn Store> {
    Box::new(store.with_backups(&place.backups))
}

/// Makes the roles of a book in PostgreSQL, and the book where there is none.
///
/// # Errors
/// When the book is a file, or the account may not make roles.
pub fn make_roles(place: &BookPlace) -> Result<(), StoreError> {
    let BookSite::Server { url, password_file } = &place.site else {
        let why = "a book in one file has no roles: who may write the file may write the book".to_owned();
        return Err(StoreError::Unusable { why, place: place.to_string() });
    };
    PostgresStore::connect(&address(url, password_file.as_deref())?)?.make_roles()
}

/// The outbox of a book; none for one that is never away.
#[must_use]
pub fn outbox_of(place: &BookPlace) -> Option<Outbox> {
    place.is_server().then(|| Outbox::of(&place.beside))
}

fn address(url: &str, password_file: Option<&Path>) -> Result<BookAddress, StoreError> {
    BookAddress::new(url, password_file)
        .map_err(|error: AddressError| StoreError::Unusable { why: error.to_string(), place: "the settings' [book]".into() })
}

/// A damaged book is never mended or made anew unasked: the message has the command that brings the last backup back.
pub(super) fn with_way_out(error: StoreError, backups: &Path) -> StoreError {
    let StoreError::Damaged { what, place: at } = error else { return error };
    let way_out = match newest_backup(backups) {
        Some(backup) => format!("'dqmon book restore {}' brings the last backup back", backup.display()),
        None => format!("there is no backup in {}", backups.display()),
    };
    StoreError::Damaged { what: format!("{what}; {way_out}"), place: at }
}

/// The newest backup in a folder, by its name; none when there is none.
#[must_use]
pub fn newest_backup(folder: &Path) -> Option<PathBuf> {
    backups_in(folder).pop()
}

/// The backups in a folder, oldest first: files `book-STAMP.sqlite` and `book-STAMP.jsonl`.
#[must_use]
pub fn backups_in(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_one = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.starts_with("book-") && (name.ends_with(".sqlite") || name.ends_with(".jsonl"))
    };
    let mut found: Vec<PathBuf> = files.filter(is_one).collect();
    found.sort();
    found
}
