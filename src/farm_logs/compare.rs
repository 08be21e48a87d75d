//! Lines that stand in only one of the two transfer logs.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use monitasks::vocab::Run;
use serde::Serialize;

use super::error::{FarmLogsError, io_error};
use super::folder::FarmLogs;
use super::reader::Lines;
use super::rebuild::{Mark, mark_of};

/// What the two logs do not share.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Differences {
    /// Lines of the log of all runs that no run's own log has.
    pub only_in_alltransfer: Vec<OneSided>,
    /// Lines of runs' own logs that the log of all runs has not.
    pub only_in_runs: Vec<OneSided>,
    /// Lines of a run's own log that name another run.
    pub of_another_run: Vec<OneSided>,
}

/// A line that stands where its twin does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OneSided {
    /// The log it stands in.
    pub log: PathBuf,
    /// Its number, from 1.
    pub line: u64,
    /// The run it names.
    pub run: Option<Run>,
    /// The line; what is no text in it is shown as a sign.
    pub text: String,
}

impl Differences {
    /// Whether the two logs say the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.only_in_alltransfer.is_empty() && self.only_in_runs.is_empty() && self.of_another_run.is_empty()
    }
}

/// How often a line stands in each of the logs.
#[derive(Debug, Clone, Copy, Default)]
struct Times {
    in_all: u32,
    in_runs: u32,
}

/// Compares the logs line by line, as bytes; of lines that stand several times, the numbers are compared.
///
/// # Errors
/// When a log can't be read.
pub fn compare(logs: &FarmLogs) -> Result<Differences, FarmLogsError> {
    let mut times: HashMap<Mark, Times> = HashMap::new();
    if let Some(path) = &logs.alltransfer {
        each_line(path, |mark, _| times.entry(mark).or_default().in_all += 1)?;
    }
    for log in &logs.runs {
        each_line(&log.path, |mark, _| times.entry(mark).or_default().in_runs += 1)?;
    }
    let mut found = Differences::default();
    // Of a line that stands more often here than there, the last ones are those too many.
    let mut seen: HashMap<Mark, u32> = HashMap::new();
    if let Some(path) = &logs.alltransfer {
        each_line(path, |mark, line| {
            let Times { in_all, in_runs } = times.get(&mark).copied().unwrap_or_default();
            if in_all > in_runs && nth(&mut seen, mark) > in_runs {
                found.only_in_alltransfer.push(line);
            }
        })?;
    }
    seen.clear();
    for log in &logs.runs {
        each_line(&log.path, |mark, line| {
            let Times { in_all, in_runs } = times.get(&mark).copied().unwrap_or_default();
            if log.run.is_some() && line.run.is_some() && line.run != log.run {
                found.of_another_run.push(line.clone());
            }
            if in_runs > in_all && nth(&mut seen, mark) > in_all {
                found.only_in_runs.push(line);
            }
        })?;
    }
    Ok(found)
}

/// How often a line has been seen by now.
fn nth(seen: &mut HashMap<Mark, u32>, mark: Mark) -> u32 {
    let count = seen.entry(mark).or_default();
    *count += 1;
    *count
}

fn each_line(path: &Path, mut each: impl FnMut(Mark, OneSided)) -> Result<(), FarmLogsError> {
    let error = io_error("transfer log not read", path);
    for line in Lines::open(path).map_err(&error)? {
        let line = line.map_err(&error)?;
        let text = String::from_utf8_lossy(&line.text).into_owned();
        each(mark_of(&line.text), OneSided { log: path.to_owned(), line: line.number, run: line.run(), text });
    }
    Ok(())
}
