//! What of a workspace stands beside a book that is not there: a sign that the book was lost, not that the workspace is new.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::Workspace;

impl Workspace {
    /// What stands here although there is no book: raw files in the storage, lines of copies in the log. None while the book is
    /// there, and in a new workspace.
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
        let counts = [
            (raw_files_below(&self.input()), "raw file", format!("in {}", self.input().display())),
            (lines_of(&self.all_transfer_log()), "line", "in alltransfer.log".to_owned()),
        ];
        let words: Vec<String> = counts
            .into_iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, what, place)| format!("{count} {what}{} {place}", if count == 1 { "" } else { "s" }))
            .collect();
        (!words.is_empty()).then(|| words.join(" and "))
    }
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
}
