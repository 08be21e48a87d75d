//! Slow control: rows of CSV or text files, as declared tasks lay them out, a record each. A line that can't be a row is told and
//! passed over.

use std::path::{Path, PathBuf};

use monitasks::declared::{RowWalk, Walked};

use super::Faults;
use super::found::FoundFile;
use super::lines::{Line, Lines};
use super::names::numbers;
use crate::durable::FileError;
use crate::replay::record::{HeaderType, RecordHeader, RecordKind, Stamp, StreamFacts, StreamId};
use crate::replay::source::{ReplayError, Resume, SourceMark, StreamRead, StreamSource, content_of};

/// A longer line is no row.
const LONGEST_LINE_BYTES: u64 = 1 << 20;

/// Of a row's place, the bits that say where in its file it begins; those above have the file's number in order of name.
const OFFSET_BITS: u32 = 40;

/// Most lines of one file that are told as wrong one by one.
const MOST_WRONG: usize = 5;

/// The files of slow control that belong together.
#[derive(Debug, Clone)]
pub struct SlowRows {
    /// The task that shows them, or the folder they stand in.
    pub name: String,
    /// How their rows are laid out.
    pub walk: RowWalk,
    /// Where they stand.
    pub folder: PathBuf,
    /// The folder below `results/` in which their task looks for them: `slow`.
    pub below: String,
    /// The files, in order of name.
    pub files: Vec<FoundFile>,
}

/// The rows of one file.
#[derive(Debug, Default)]
pub struct SlowFile {
    /// For each row its stamp, where it begins, bytes, and the hash of what it holds.
    pub rows: Vec<(Stamp, u64, u32)>,
    /// What is wrong with the file.
    pub faults: Vec<String>,
    /// What is wrong with its last line.
    pub end_fault: Option<String>,
}

impl SlowFile {
    /// Reads a file's rows.
    ///
    /// # Errors
    /// When it can't be opened or read.
    pub fn read(path: &Path, mut walk: RowWalk) -> Result<Self, FileError> {
        let refused = |why| FileError { what: "slow control not read", why, path: path.to_owned() };
        let mut lines = Lines::of(path, LONGEST_LINE_BYTES).map_err(refused)?;
        let mut read = SlowFile::default();
        let mut wrong = 0;
        while let Some(line) = lines.next_line().map_err(refused)? {
            match taken(&mut walk, &line) {
                Walked::NoRow => {}
                Walked::Row(stamp) => read.rows.push((Stamp::of(stamp), line.offset_bytes, content_of(&line.bytes))),
                Walked::Wrong(words) if !line.is_ended() => read.end_fault = Some(words),
                Walked::Wrong(words) => {
                    wrong += 1;
                    if wrong <= MOST_WRONG {
                        read.faults.push(words);
                    }
                }
            }
            if walk.is_refused() {
                break;
            }
        }
        if wrong > MOST_WRONG {
            read.faults.push(format!("and {} more lines that are no rows", wrong - MOST_WRONG));
        }
        Ok(read)
    }
}

fn taken(walk: &mut RowWalk, line: &Line) -> Walked {
    if line.is_too_long {
        return Walked::Wrong(format!("line {} is longer than {LONGEST_LINE_BYTES} bytes, expected a row", line.number));
    }
    match std::str::from_utf8(&line.bytes) {
        Ok(text) => walk.line(line.number, text),
        Err(error) => Walked::Wrong(format!("line {}: byte {} of it is no text", line.number, error.valid_up_to())),
    }
}

/// The stream of the rows.
pub(super) struct SlowControl(SlowRows);

impl SlowControl {
    pub(super) fn new(rows: SlowRows) -> Self {
        SlowControl(rows)
    }

    fn facts(&self, faults: Vec<String>) -> StreamFacts {
        StreamFacts {
            name: self.name(),
            header: HeaderType::SlowControl,
            kind: RecordKind::Constants,
            source: self.0.folder.display().to_string(),
            faults,
        }
    }
}

impl StreamSource for SlowControl {
    fn name(&self) -> String {
        format!("slow/{}", self.0.name)
    }

    fn read(&mut self, from: Option<&Resume>) -> Result<StreamRead, ReplayError> {
        let known_by: Vec<u8> = self.0.files.iter().flat_map(FoundFile::known_by).collect();
        let mark = SourceMark::of_entries(self.0.files.len() as u64, &known_by);
        if from.is_some_and(|from| from.mark == mark) {
            return Ok(StreamRead::since(self.facts(Vec::new()), Vec::new(), mark));
        }
        let mut faults = Faults::default();
        let mut files = Vec::new();
        for (place, file) in (0u64..).zip(&self.0.files) {
            let read = match SlowFile::read(&file.path, self.0.walk.clone()) {
                Ok(read) => read,
                Err(error) => {
                    faults.say(error.to_string());
                    continue;
                }
            };
            let told = read.faults.into_iter().chain(read.end_fault);
            told.for_each(|fault| faults.say(format!("{}: {fault}", file.name)));
            files.push((place, numbers(&file.name).run, read.rows));
        }
        // Names of files need not be in the order of their times; inside of a file its own order stays, whatever it is.
        files.sort_by_key(|(_, _, rows)| rows.first().map(|row| row.0));
        let (mut headers, mut contents) = (Vec::new(), Vec::new());
        for (place, run, rows) in files {
            for (stamp, offset, content) in rows {
                let (kind, stream) = (RecordKind::Constants, StreamId(0));
                let place = (place << OFFSET_BITS) | offset;
                headers.push(RecordHeader { stamp, stream, kind, run, sequence: None, event: None, place });
                contents.push(content);
            }
        }
        Ok(StreamRead { contents, ..StreamRead::whole(self.facts(faults.words()), headers, mark) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "stamp_utc,T_K\n";

    fn read(text: &str) -> SlowFile {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, text).unwrap();
        SlowFile::read(&path, RowWalk::of_any_csv()).unwrap()
    }

    #[test]
    fn a_file_that_is_cut_or_damaged_gives_its_other_rows() {
        let rows = "2017-08-01T12:00:00Z,87.1\nx\n2017-08-01T12:02:00Z,87.3\n2017-08-01T12:0";
        let found = read(&format!("{HEAD}{rows}"));
        assert_eq!(found.rows.len(), 2);
        assert!(found.faults.len() == 1 && found.faults[0].starts_with("line 3: 1 cells"), "{:?}", found.faults);
        assert!(found.end_fault.as_ref().is_some_and(|words| words.contains("line 5")), "{:?}", found.end_fault);
        assert_eq!(&format!("{HEAD}{rows}")[found.rows[1].1 as usize..][..20], "2017-08-01T12:02:00Z");
    }

    #[test]
    fn of_many_wrong_lines_the_first_are_told_and_the_others_counted() {
        let found = read(&format!("{HEAD}{}", "x\n".repeat(100)));
        assert_eq!(found.faults.len(), MOST_WRONG + 1);
        assert!(found.faults[MOST_WRONG].contains("95 more"), "{:?}", found.faults);
    }

    #[test]
    fn equal_rows_have_equal_contents() {
        let row = "2017-08-01T12:00:00Z,87.1\n";
        let found = read(&format!("{HEAD}{row}{row}2017-08-01T12:00:00Z,87.2\n"));
        assert!(found.rows[0].2 == found.rows[1].2 && found.rows[1].2 != found.rows[2].2, "{:?}", found.rows);
    }
}
