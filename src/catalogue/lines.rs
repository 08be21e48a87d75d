//! The bytes of a table into lines of cells, whatever people and programs did to them: a byte order mark, three kinds of line
//! ends, quotes that never end, Latin-1.

use csv::{ByteRecord, ReaderBuilder};

/// A cell longer than this, in bytes, is none.
const LONGEST_CELL_BYTES: usize = 65_536;

/// One record of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Number of the line on which it begins, from 1.
    pub number: u64,
    /// Its cells, as they stand; or why it can't be read.
    pub cells: Result<Vec<String>, String>,
    /// Whether it was no UTF-8 and was read as Latin-1.
    pub is_latin: bool,
}

/// All records of a table, in order; lines with nothing on them are left out.
pub(super) fn lines_of(bytes: &[u8], delimiter: u8) -> Vec<Line> {
    let mut bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut lines = Vec::new();
    let mut number: u64 = 1;
    let mut record = ByteRecord::new();
    'again: loop {
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(16_384)
            .from_reader(bytes);
        let mut from = 0;
        loop {
            if !reader.read_byte_record(&mut record).unwrap_or(false) {
                return lines;
            }
            let until = usize::try_from(reader.position().byte()).unwrap_or(bytes.len()).min(bytes.len()).max(from);
            let empty = bytes[from..until].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            number += ends_in(bytes, from, from + empty);
            let raw = &bytes[from + empty..until];
            if let Some(why) = wrong_quotes(raw, delimiter) {
                // One quote too many must not swallow the lines behind it: this line alone is lost.
                lines.push(Line { number, cells: Err(why), is_latin: false });
                let end = raw.iter().position(|byte| *byte == b'\n').map_or(raw.len(), |at| at + 1);
                let next = from + empty + end;
                number += ends_in(bytes, from + empty, next);
                bytes = &bytes[next..];
                continue 'again;
            }
            lines.push(line_of(number, &record));
            number += ends_in(bytes, from + empty, until);
            from = until;
        }
    }
}

fn line_of(number: u64, record: &ByteRecord) -> Line {
    if let Some(place) = record.iter().position(|cell| cell.len() > LONGEST_CELL_BYTES) {
        let why = format!("cell {} has {} bytes, at most {LONGEST_CELL_BYTES} are read", place + 1, record[place].len());
        return Line { number, cells: Err(why), is_latin: false };
    }
    if record.iter().any(|cell| cell.contains(&0)) {
        return Line { number, cells: Err("it holds zero bytes: no text".into()), is_latin: false };
    }
    let is_latin = record.iter().any(|cell| std::str::from_utf8(cell).is_err());
    let text = |cell: &[u8]| match std::str::from_utf8(cell) {
        Ok(text) => text.to_owned(),
        // In Latin-1 a byte is the letter of its number.
        Err(_) => cell.iter().map(|byte| char::from(*byte)).collect(),
    };
    Line { number, cells: Ok(record.iter().map(text).collect()), is_latin }
}

/// Line ends from one place up to another: `\n`, `\r\n`, and `\r` alone.
fn ends_in(bytes: &[u8], from: usize, until: usize) -> u64 {
    let is_end = |at: usize| bytes[at] == b'\n' || bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
    (from..until).map(|at| u64::from(is_end(at))).sum()
}

/// What is wrong with the quotes of a record: one that never ends, or that ends amid a cell.
fn wrong_quotes(raw: &[u8], delimiter: u8) -> Option<String> {
    let (mut is_inside, mut begins) = (false, true);
    let mut bytes = raw.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if is_inside {
            if byte != b'"' {
                continue;
            }
            if bytes.next_if_eq(&b'"').is_some() {
                continue;
            }
            is_inside = false;
            let next = bytes.peek().copied();
            if next.is_some_and(|next| next != delimiter && next != b'\r' && next != b'\n') {
                return Some("a quote ends amid a cell: a quote in a quoted cell is written twice".into());
            }
            begins = false;
        } else {
            is_inside = byte == b'"' && begins;
            begins = byte == delimiter;
        }
    }
    is_inside.then(|| "a quote begins a cell and never ends".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &[u8]) -> Vec<(u64, Result<Vec<String>, String>)> {
        lines_of(text, b',').into_iter().map(|line| (line.number, line.cells)).collect()
    }

    fn row(cells: &[&str]) -> Result<Vec<String>, String> {
        Ok(cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn lines_have_the_numbers_that_an_editor_shows() {
        let text = b"\xef\xbb\xbfa,b\r\n\r\n1,\"x\ny\"\n\n\n2,\"q \"\"w\"\"\"\r3,z";
        let expected = [(1, row(&["a", "b"])), (3, row(&["1", "x\ny"])), (7, row(&["2", "q \"w\""])), (8, row(&["3", "z"]))];
        assert_eq!(cells(text), expected);
    }

    #[test]
    fn a_quote_that_never_ends_costs_its_line_and_no_other() {
        let found = cells(b"1,\"open\n2,fine\n3,\"also fine\"\n4,\"open\n5,x\n");
        let bad: Vec<u64> = found.iter().filter(|(_, cells)| cells.is_err()).map(|(number, _)| *number).collect();
        assert_eq!(bad, [1, 4]);
        assert_eq!(found.len(), 5);
        assert_eq!(found[2].1, row(&["3", "also fine"]));
    }

    #[test]
    fn latin_1_and_zero_bytes_are_told_apart_from_text() {
        let lines = lines_of(b"1,d\xe9tecteur\n2,a\0b\n3,\xc3\xa9\n", b',');
        assert!(lines[0].is_latin && lines[0].cells == row(&["1", "détecteur"]));
        assert!(lines[1].cells.is_err());
        assert!(!lines[2].is_latin && lines[2].cells == row(&["3", "é"]));
    }
}
