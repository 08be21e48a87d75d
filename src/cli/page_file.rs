//! Where a page is written: over an earlier page, and over nothing else.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::Failure;
use crate::durable::write_whole;

/// How every page begins.
const PAGE: &[u8] = b"<!doctype html";

/// Writes a page whole; `what` names it in errors.
///
/// # Errors
/// When something that is no page has that name, or it can't be written.
pub fn write(path: &Path, page: &str, what: &str) -> Result<(), Failure> {
    if path.exists() && !is_page(path) {
        let words = "something that is no page of HTML has that name and is left as it is; give another name";
        return Err(Failure(format!("{what} not written: {words}: {}", path.display())));
    }
    write_whole(path, page.as_bytes()).map_err(|error| Failure(format!("{what} not written: {error}: {}", path.display())))
}

fn is_page(path: &Path) -> bool {
    let mut head = Vec::new();
    let is_file = path.metadata().is_ok_and(|there| there.is_file());
    let has_read = || File::open(path).and_then(|file| file.take(PAGE.len() as u64).read_to_end(&mut head));
    is_file && { has_read }().is_ok() && (head.is_empty() || head.eq_ignore_ascii_case(PAGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_takes_the_place_of_a_page_and_of_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("out.html");
        for _ in 0..2 {
            write(&place, "<!DOCTYPE html><p>night</p>", "report").unwrap();
        }
        let book = folder.path().join("book.sqlite");
        std::fs::write(&book, b"SQLite format 3").unwrap();
        let told = write(&book, "<!DOCTYPE html>", "report").unwrap_err().0;
        assert!(told.contains("is left as it is") && told.ends_with("book.sqlite"), "{told}");
        assert_eq!(std::fs::read(&book).unwrap(), b"SQLite format 3");
    }
}
