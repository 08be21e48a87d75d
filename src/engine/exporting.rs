//! What exports of the window and of the command line have in common: who exports, the book's ends, the files.

use std::io;
use std::path::Path;

use jiff::Timestamp;

use super::export_command::ExportedBy;
use crate::bookkeeping::{Store, StoreError};
use crate::durable::write_whole;
use crate::plotting::{Exported, side_file};
use crate::snapshot::provenance::{BookHead, ExportedFacts};

/// Who exports now.
#[must_use]
pub fn exported_by(by: &ExportedBy, now: Timestamp) -> ExportedFacts {
    let said = |word: &str| (!word.trim().is_empty()).then(|| word.trim().to_owned());
    let of_environment = |name: &str| std::env::var(name).ok().and_then(|name| said(&name));
    let user = of_environment("USER").or_else(|| of_environment("LOGNAME"));
    let user = user.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()));
    let name = said(&by.name);
    ExportedFacts {
        at: now,
        account: format!("{user}@{}", rustix::system::uname().nodename().to_string_lossy()),
        role: said(&by.role).filter(|_| name.is_some()),
        name,
    }
}

/// The ends of a book's chains.
///
/// # Errors
/// When the book can't be read.
pub fn book_heads(store: &dyn Store) -> Result<Vec<BookHead>, StoreError> {
    let head = |end: crate::bookkeeping::ChainEnd| BookHead { book: end.book.to_string(), number: end.number, hash: end.hash };
    Ok(store.chain_ends()?.into_iter().map(head).collect())
}

/// Writes an export and the file beside it, each whole or not at all; the one beside it first, so that none stands without.
///
/// # Errors
/// When one can't be written.
pub fn write_export(path: &Path, exported: &Exported) -> io::Result<()> {
    if let Some(side) = &exported.side {
        write_whole(&side_file(path), side)?;
    }
    write_whole(path, &exported.bytes)
}
