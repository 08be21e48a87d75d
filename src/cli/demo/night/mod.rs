//! `dqmon demo --night`: a finished night in which a LEM died, made in seconds with no processing, to be replayed.
//!
//! [`plan`] has the story as numbers. `results` and `events` write result files through the formats' own writers, `slow` the slow
//! control, `files` and `groups` the rows and the story of the book as the backend's steps lead to them, `people` what was said. Of a
//! seed all result files have the same bytes; ids in the book are drawn by chance, as they always are.

mod book;
mod chance;
mod events;
mod files;
mod groups;
mod people;
mod plan;
mod results;
mod slow;

use std::fs::{self, File};
use std::path::Path;
use std::time::SystemTime;

use jiff::Timestamp;

use self::book::Book;
use super::super::Failure;
use crate::bookkeeping;
use crate::config::Workspace;
use crate::{detector, durable};

/// What the night's settings say otherwise than a new workspace's.
const SETTINGS: [(&str, &str); 2] = [
    ("names = []", "names = [\"Ada Marsh\", \"Bo Lind\", \"Chiara Neri\"]"),
    ("\nclasses = {}", "\nclasses = { memory = 1, node_lost = 2 }"),
];

/// Makes the workspace of the night.
pub(super) fn make(folder: &Path, seed: u64) -> Result<Workspace, Failure> {
    let settings = SETTINGS.iter().fold(Workspace::NEW_SETTINGS.to_owned(), |text, (from, to)| text.replace(from, to));
    let workspace = Workspace::create_with(folder, &settings)?;
    let detector = detector::load(&workspace.settings.detector, &workspace.settings.channel_map, &workspace.root)?;
    let mut store = bookkeeping::open(&workspace.book_place())?;
    slow::write(&workspace, seed)?;
    let mut book = Book::new(&workspace, &detector);
    for run in plan::runs(seed) {
        let done = book.take(&run, seed)?;
        results::write(&workspace, &detector, &run, &done, seed)?;
        book.read_results(&run)?;
    }
    book.write(store.as_mut())?;
    people::speak(&workspace, store.as_mut())?;
    Ok(workspace)
}

/// Writes a file as it was made at a moment of the night.
fn put(path: &Path, bytes: &[u8], made: Timestamp) -> Result<(), Failure> {
    let parent = path.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(parent)
        .and_then(|()| durable::write_whole(path, bytes))
        .and_then(|()| File::options().write(true).open(path)?.set_modified(SystemTime::from(made)));
    written.map_err(|error| Failure(format!("night not written: {error}: {}", path.display())))
}
