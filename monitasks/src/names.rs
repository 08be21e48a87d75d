//! Names of raw files and of run-end markers: a pattern with `{run}` and `{seq}`, and which numbers a name stands for.

use crate::vocab::{FileId, Run};

/// A pattern whose `{run}` and `{seq}` stand for numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern {
    pieces: Vec<Piece>,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Run,
    Sequence,
}

impl NamePattern {
    /// Reads a pattern such as `run{run}-seq{seq}.dat`. Any other brace stands for itself.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((at, word, piece)) = [("{run}", Piece::Run), ("{seq}", Piece::Sequence)]
            .into_iter()
            .filter_map(|(word, piece)| rest.find(word).map(|at| (at, word, piece)))
            .min_by_key(|(at, ..)| *at)
        {
            if at > 0 {
                pieces.push(Piece::Text(rest[..at].to_owned()));
            }
            pieces.push(piece);
            rest = &rest[at + word.len()..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        NamePattern { pieces, text: text.to_owned() }
    }

    /// The pattern as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The file that a name stands for; none for a name that does not match or lacks a number.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<FileId> {
        let (run, sequence) = self.numbers(name)?;
        Some(FileId::new(run?, sequence?))
    }

    /// The run that a name stands for; none for a name that does not match.
    #[must_use]
    pub fn run(&self, name: &str) -> Option<Run> {
        self.numbers(name)?.0.map(Run)
    }

    fn numbers(&self, name: &str) -> Option<(Option<u32>, Option<u32>)> {
        let (mut run, mut sequence, mut rest) = (None, None, name);
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => rest = rest.strip_prefix(text.as_str())?,
                Piece::Run => (run, rest) = leading_number(rest).map(|(number, rest)| (Some(number), rest))?,
                Piece::Sequence => (sequence, rest) = leading_number(rest).map(|(number, rest)| (Some(number), rest))?,
            }
        }
        rest.is_empty().then_some((run, sequence))
    }
}

/// The number a text begins with. One with leading zeros is none: two names would stand for one file.
fn leading_number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let digits = &text[..end];
    if digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    Some((digits.parse().ok()?, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_of_the_field_are_read() {
        assert_eq!(NamePattern::new("run{run}-seq{seq}.dat").file("run1014-seq2.dat"), Some(FileId::new(1014, 2)));
        assert_eq!(NamePattern::new("{run}-{seq}.dat").file("840-0.dat"), Some(FileId::new(840, 0)));
        assert_eq!(NamePattern::new("run{run}.end").run("run7.end"), Some(Run(7)));
    }

    #[test]
    fn what_does_not_match_is_no_file() {
        let pattern = NamePattern::new("run{run}-seq{seq}.dat");
        for name in [
            "",
            "run1-seq0.da",
            "run1-seq0.dat.part",
            "xrun1-seq0.dat",
            "run-seq0.dat",
            "run+1-seq0.dat",
            "run01-seq0.dat",
            "run1-seq00.dat",
            "run99999999999-seq0.dat",
            "run1-seq0.dat\n",
            "run1-seq$(reboot).dat",
            "run١-seq0.dat",
        ] {
            assert_eq!(pattern.file(name), None, "{name:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_file_is_read_back_and_nothing_panics(run: u32, sequence: u32, junk in "\\PC*") {
            let pattern = NamePattern::new("run{run}-seq{seq}.dat");
            let file = FileId::new(run, sequence);
            proptest::prop_assert_eq!(pattern.file(&format!("{file}.dat")), Some(file));
            if let Some(file) = pattern.file(&junk) {
                proptest::prop_assert_eq!(format!("{file}.dat"), junk.clone());
            }
            let _ = NamePattern::new(&junk).file(&junk);
        }
    }
}
