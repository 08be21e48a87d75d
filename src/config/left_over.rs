//! What of a workspace stands beside a book that is not there: a sign that the book was lost, not that the workspace is new.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::Workspace;

impl Workspace {
    /// What stands here although there is no book: raw files in the storage, lines of copies in the log, backups, what an exchange
    /// with another book or an outbox left. None while the book is there, and in a new workspace.
    #[must_use]
    pub fn left_without_book(&self) -> Option<String> {
        // A server's book is there or away; it is not lost with a file.
        if self.book_place().is_server() {
            return None;
        }
        // A look that fails says nothing of the book: who opens it says why it can't be read.
        if self.book().try_exists().unwrap_or(true) {
            return None;
        }
        let place = self.book_place();
        let counts = [
            (raw_files_below(&self.input()), "raw file", format!("in {}", self.input().display())),
            (lines_of(&self.all_transfer_log()), "line", "in alltransfer.log".to_owned()),
            (backups_in(&place.backups), "backup", format!("in {}", place.backups.display())),
        ];
        let mut words: Vec<String> = counts
            .into_iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, what, place)| format!("{count} {what}{} {place}", if count == 1 { "" } else { "s" }))
            .collect();
        let names: Vec<&str> = BESIDE_A_BOOK.into_iter().filter(|name| place.beside.join(name).exists()).collect();
        if !names.is_empty() {
            words.push(format!("{} in {}", names.join(", "), place.beside.display()));
        }
        (!words.is_empty()).then(|| words.join(" and "))
    }
}

/// Files that only a workspace with a book has: what was exchanged, what waited for its server, and how far it was known.
const BESIDE_A_BOOK: [&str; 5] =
    ["book_sync.json", "outbox.jsonl", "outbox_undelivered.jsonl", "outbox_settled.jsonl", "book_seen"];

/// Backups in their folder.
fn backups_in(folder: &Path) -> usize {
    let is_one = |entry: &fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.starts_with("book-") && (name.ends_with(".sqlite") || name.ends_with(".jsonl"))
    };
    fs::read_dir(folder).into_iter().flatten().flatten().filter(is_one).count()
}

/// Raw files in the runs' folders of the storage.
fn raw_files_below(input: &Path) -> usize {
    let entries = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
    let is_raw = |entry: &fs::DirEntry| entry.path().extension().is_some_and(|ending| ending == "dat");
    entries(input).map(|run| entries(&run.path()).filter(is_raw).count()).sum()
}

fn lines_of(log: &Path) -> usize {
    let Ok(log) = fs::File::open(log) else { return 0 };
    BufReader::new(log).split(b'\n').map_while(Result::ok).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_workspace_has_lost_no_book_and_one_with_raw_files_has() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::create(&folder.path().join("shift"), "3x1x1").unwrap();
        assert_eq!(workspace.left_without_book(), None);
        fs::create_dir_all(workspace.input().join("run1")).unwrap();
        for name in ["run1-seq0.dat", "run1-seq1.dat", "notes.txt"] {
            fs::write(workspace.input().join("run1").join(name), "").unwrap();
        }
        fs::write(workspace.all_transfer_log(), "one\n").unwrap();
        let words = workspace.left_without_book().unwrap();
        assert!(words.starts_with("2 raw files in ") && words.ends_with(" and 1 line in alltransfer.log"), "{words}");
        fs::write(workspace.book(), "").unwrap();
        assert_eq!(workspace.left_without_book(), None, "an empty book is another matter");
    }

    #[test]
    fn a_backup_an_exchange_or_an_outbox_tells_of_a_lost_book_too() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::create(&folder.path().join("shift"), "3x1x1").unwrap();
        let place = workspace.book_place();
        fs::create_dir_all(&place.backups).unwrap();
        fs::create_dir_all(&place.beside).unwrap();
        assert_eq!(workspace.left_without_book(), None, "an empty folder tells of nothing");
        for name in BESIDE_A_BOOK {
            let path = place.beside.join(name);
            fs::write(&path, "").unwrap();
            let words = workspace.left_without_book().unwrap();
            assert!(words.starts_with(name), "{words}");
            fs::remove_file(path).unwrap();
        }
        fs::write(place.backups.join("book-20261121T000000000Z.sqlite"), "").unwrap();
        let words = workspace.left_without_book().unwrap();
        assert!(words.starts_with("1 backup in "), "{words}");
    }
}
