//! Lines of a text of any length, one at a time: of a file that has no line feeds no more than a bounded piece is held.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// The lines of a file.
pub(super) struct Lines {
    from: BufReader<File>,
    /// Where the next line begins.
    at_bytes: u64,
    number: usize,
    most_bytes: u64,
}

/// One line.
pub(super) struct Line {
    /// From 1.
    pub number: usize,
    /// Where it begins in the file.
    pub offset_bytes: u64,
    /// What stands in it, with its line feed where it has one; of one that is too long, its beginning.
    pub bytes: Vec<u8>,
    /// It is longer than lines may be.
    pub is_too_long: bool,
}

impl Line {
    /// Whether a line feed ends it: the last one of a file that was cut, or is being written, has none.
    pub(super) fn is_ended(&self) -> bool {
        self.is_too_long || self.bytes.ends_with(b"\n")
    }
}

impl Lines {
    /// The lines of a file, of at most so many bytes each.
    pub(super) fn of(path: &Path, most_bytes: u64) -> io::Result<Self> {
        Ok(Lines { from: BufReader::new(File::open(path)?), at_bytes: 0, number: 0, most_bytes })
    }

    /// The next one; none at the end.
    pub(super) fn next_line(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        let offset_bytes = self.at_bytes;
        let read = self.from.by_ref().take(self.most_bytes).read_until(b'\n', &mut bytes)? as u64;
        if read == 0 {
            return Ok(None);
        }
        self.at_bytes += read;
        self.number += 1;
        let is_too_long = read == self.most_bytes && !bytes.ends_with(b"\n");
        if is_too_long {
            self.skip_rest()?;
        }
        Ok(Some(Line { number: self.number, offset_bytes, bytes, is_too_long }))
    }

    fn skip_rest(&mut self) -> io::Result<()> {
        loop {
            let held = self.from.fill_buf()?;
            if held.is_empty() {
                return Ok(());
            }
            let end = held.iter().position(|byte| *byte == b'\n');
            let count = end.map_or(held.len(), |at| at + 1);
            self.from.consume(count);
            self.at_bytes += count as u64;
            if end.is_some() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_end_costs_no_more_than_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, format!("one\n{}\nthree\nlast", "x".repeat(100_000))).unwrap();
        let mut lines = Lines::of(&path, 64).unwrap();
        let mut found = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            found.push((line.number, line.offset_bytes, line.bytes.len(), line.is_too_long, line.is_ended()));
        }
        let expected =
            [(1, 0, 4, false, true), (2, 4, 64, true, true), (3, 100_005, 6, false, true), (4, 100_011, 4, false, false)];
        assert_eq!(found, expected);
    }
}
