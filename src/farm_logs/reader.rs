//! A transfer log line by line, of any length; nothing that stands in it is lost.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use monitasks::vocab::Run;

use super::line::{TransferLine, run_named_in};

/// Longest piece of a line that is held, bytes. What is longer comes in several damaged pieces.
const LONGEST_LINE: u64 = 64 << 10;

/// A line as it stands in a log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLine {
    /// Its number, from 1.
    pub number: u64,
    /// Its bytes, without the line feed.
    pub text: Vec<u8>,
    /// Whether a line feed ends it.
    pub is_ended: bool,
    /// What it says, or what is wrong with it.
    pub content: Result<TransferLine, String>,
}

impl LogLine {
    /// The run that it names, damaged or not.
    #[must_use]
    pub fn run(&self) -> Option<Run> {
        match &self.content {
            Ok(line) => line.run(),
            Err(_) => run_named_in(&self.text),
        }
    }
}

/// The lines of a log, in its order. Blank lines are counted and left out.
#[derive(Debug)]
pub struct Lines<R> {
    reader: R,
    number: u64,
    is_inside: bool,
}

impl Lines<BufReader<File>> {
    /// Opens a log.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Lines::new(BufReader::with_capacity(1 << 18, File::open(path)?)))
    }
}

impl<R: BufRead> Lines<R> {
    /// The lines that a reader gives.
    pub fn new(reader: R) -> Self {
        Lines { reader, number: 0, is_inside: false }
    }

    /// The next line or piece; its length with the line feed; none at the end.
    fn piece(&mut self) -> io::Result<Option<LogLine>> {
        let mut text = Vec::new();
        let taken = self.reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut text)?;
        if taken == 0 {
            return Ok(None);
        }
        let was_inside = self.is_inside;
        self.number += u64::from(!was_inside);
        let is_ended = text.last() == Some(&b'\n');
        if is_ended {
            text.pop();
        }
        self.is_inside = !is_ended && taken as u64 == LONGEST_LINE;
        let content = if was_inside || self.is_inside {
            Err(format!("it is a piece of a line of more than {} KiB", LONGEST_LINE >> 10))
        } else if !is_ended {
            Err("half written: no line feed ends it".to_owned())
        } else {
            TransferLine::parse(&text)
        };
        Ok(Some(LogLine { number: self.number, text, is_ended, content }))
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<LogLine>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.piece() {
                Ok(Some(line)) if line.text.trim_ascii().is_empty() => {}
                Ok(line) => return line.map(Ok),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = "0 2016-10-27 13:55:04 2016-10-27 13:55:04 1023M 2016-10-27 13:55 /a/run1014/run1014-seq2.dat";

    #[test]
    fn damaged_lines_are_told_with_their_number_and_kept() {
        let text = format!("{NEW}\n\n{}\n{NEW}\r\n{}", NEW.replace("1023M", "much"), &NEW[..NEW.len() - 4]);
        let lines: Vec<LogLine> = Lines::new(text.as_bytes()).map(Result::unwrap).collect();
        assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 3, 4, 5]);
        let faults: Vec<&str> = lines.iter().filter_map(|line| line.content.as_ref().err().map(String::as_str)).collect();
        assert_eq!(faults, ["\"much\" is no size", "half written: no line feed ends it"]);
        assert!(lines.iter().all(|line| line.run() == Some(Run(1014))), "a damaged line still names its run");
    }

    #[test]
    fn a_line_without_end_is_read_in_pieces_and_none_of_it_is_lost() {
        let long = vec![b'x'; 3 * LONGEST_LINE as usize + 7];
        let mut text = [NEW.as_bytes(), b"\n", long.as_slice(), b"\n", NEW.as_bytes(), b"\n"].concat();
        let lines: Vec<LogLine> = Lines::new(text.as_slice()).map(Result::unwrap).collect();
        assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 2, 2, 2, 2, 3]);
        let again: Vec<u8> = lines
            .iter()
            .flat_map(|line| [line.text.clone(), if line.is_ended { vec![b'\n'] } else { vec![] }].concat())
            .collect();
        assert_eq!(again, text);
        assert!(lines[5].content.is_ok() && lines[1..5].iter().all(|line| line.content.is_err()));
        text.clear();
        assert_eq!(Lines::new(text.as_slice()).count(), 0);
    }
}
