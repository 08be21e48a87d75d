//! What a transfer log holds, in numbers, and what is damaged in it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;
use serde::Serialize;

use super::error::{FarmLogsError, io_error};
use super::line::Form;
use super::reader::{Lines, LogLine};
use super::rebuild::{Mark, mark_of};

/// Most damaged lines that are listed of one log; all are counted.
pub const MOST_DAMAGES_KEPT: usize = 1000;

/// What a log holds.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct LogReport {
    /// The log.
    pub path: PathBuf,
    /// Lines of the new form.
    pub lines_new_form: u64,
    /// Lines of the old form.
    pub lines_old_form: u64,
    /// Lines that can't be read.
    pub lines_damaged: u64,
    /// Lines that say the same, byte for byte, as an earlier one.
    pub lines_repeated: u64,
    /// Sum of the listed sizes, which `ls -h` rounds up, bytes.
    pub about_bytes: f64,
    /// The first end of a copy, local time of the site.
    pub first_local: Option<DateTime>,
    /// The last end of a copy, local time of the site.
    pub last_local: Option<DateTime>,
    /// The first damaged lines.
    pub damaged: Vec<Damage>,
}

/// A line that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// Its number, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub what: String,
}

impl LogReport {
    /// Reads a log.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn read(path: &Path) -> Result<Self, FarmLogsError> {
        let error = io_error("transfer log not read", path);
        let mut report = LogReport { path: path.to_owned(), ..LogReport::default() };
        let mut seen = HashSet::new();
        for line in Lines::open(path).map_err(&error)? {
            report.take(&line.map_err(&error)?, &mut seen);
        }
        Ok(report)
    }

    /// Lines that were read.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines_new_form + self.lines_old_form
    }

    fn take(&mut self, line: &LogLine, seen: &mut HashSet<Mark>) {
        match &line.content {
            Ok(content) => {
                match content.form {
                    Form::New { .. } => self.lines_new_form += 1,
                    Form::Old { .. } => self.lines_old_form += 1,
                }
                self.lines_repeated += u64::from(!seen.insert(mark_of(&line.text)));
                self.about_bytes += content.about_bytes();
                let ended = content.ended();
                self.first_local = Some(self.first_local.map_or(ended, |first| first.min(ended)));
                self.last_local = Some(self.last_local.map_or(ended, |last| last.max(ended)));
            }
            Err(what) => {
                self.lines_damaged += 1;
                if self.damaged.len() < MOST_DAMAGES_KEPT {
                    self.damaged.push(Damage { line: line.number, what: what.clone() });
                }
            }
        }
    }
}
