//! `dqmon sync`: exchanges entries with another book.

use std::path::Path;

use jiff::Timestamp;

use super::words::counted;
use super::{Ended, Failure, Outcome};
use crate::bookkeeping::{self, Exchanged, StoreError, SyncState};
use crate::config::{BookPlace, Workspace};

/// Arguments of `dqmon sync`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The other book: a file, or an address like postgresql://ada@dqmserver/dqmon; that of the settings without one.
    #[arg(value_name = "BOOK")]
    with: Option<String>,
    /// The file that holds the password of the other book's account.
    #[arg(long, value_name = "FILE")]
    password_file: Option<std::path::PathBuf>,
}

/// Runs the command. Conflicts are a finding.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    if global.read_only() {
        return Err(Failure("an exchange writes into both books: leave --read-only out".into()));
    }
    let workspace = global.workspace()?;
    let here = std::env::current_dir()?;
    let named = args.with.as_ref().map(|text| {
        let settings = &workspace.settings.book;
        let password_file = args.password_file.as_ref().map(|file| here.join(file));
        let default = || {
            if settings.password_file.as_os_str().is_empty() { "".into() } else { workspace.root.join(&settings.password_file) }
        };
        BookPlace::named(text, &password_file.unwrap_or_else(default), Path::new(""), &here)
    });
    if named.is_none() && workspace.book_to_sync_with().is_none() {
        return Err(Failure("no other book: name one, or set 'sync_with' in [book] of the settings".into()));
    }
    let exchanged = exchange_now(&workspace, named)?;
    println!("{} came, {} went", counted(exchanged.came, "entry", "entries"), counted(exchanged.went, "entry", "entries"));
    if exchanged.conflicts.is_empty() {
        return Ok(Ended::Done);
    }
    println!("there are subjects of which more than one thing is in force; 'dqmon book conflicts' shows them");
    Ok(Ended::WithFinding)
}

/// Exchanges entries with a book, or with that of the settings, and keeps how it went.
pub(super) fn exchange_now(workspace: &Workspace, with: Option<BookPlace>) -> Result<Exchanged, StoreError> {
    let place = workspace.book_place();
    let Some(other) = with.or_else(|| workspace.book_to_sync_with()) else { return Ok(Exchanged::default()) };
    if let Some(beside) = workspace.left_without_book() {
        return Err(StoreError::Lost { beside, place: place.to_string() });
    }
    let outcome = exchanged(&place, &other);
    let kept = SyncState::keep(&place.beside, other.to_string(), &outcome, Timestamp::now());
    let exchanged = outcome?;
    kept.map_err(|error| StoreError::Unusable {
        why: format!("its last exchange not noted: {error}"),
        place: place.to_string(),
    })?;
    Ok(exchanged)
}

fn exchanged(here: &BookPlace, there: &BookPlace) -> Result<Exchanged, StoreError> {
    let mut here = bookkeeping::open(here)?;
    // A book that a name was mistyped of is not made.
    drop(bookkeeping::open_read_only(there)?);
    let mut there = bookkeeping::open(there)?;
    bookkeeping::exchange(here.as_mut(), there.as_mut())
}
