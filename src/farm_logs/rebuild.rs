//! Either transfer log from the other, byte for byte.
//!
//! The runs' own logs are the lines of the log of all runs, parted by the run they name, in the order in which they stand. The
//! log of all runs is the runs' own logs merged by the end of the copy: lines of one run keep their order, of lines of the same
//! second those of the lower run come first, and a line with no time stays behind the one before it in its log. So the runs'
//! own logs come back from the log of all runs whatever its order; the log of all runs comes back when it stands in that order,
//! which is that of one copy after the other, up to copies of several runs in one second.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;
use monitasks::vocab::Run;
use sha2::{Digest, Sha256};

use super::error::{FarmLogsError, io_error};
use super::folder::{FarmLogs, RunLog, UNKNOWN_RUN_LOG};
use super::reader::Lines;
use crate::durable;

/// Tells one line from another: the first half of its SHA-256.
pub(super) type Mark = [u8; 16];

/// A line's mark.
pub(super) fn mark_of(text: &[u8]) -> Mark {
    let sum = Sha256::digest(text);
    let mut mark = [0; 16];
    mark.copy_from_slice(&sum[..16]);
    mark
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Rebuilt {
    /// The logs.
    pub logs: Vec<PathBuf>,
    /// Lines in them.
    pub lines: u64,
}

/// Writes the log of all runs from the runs' own logs, as `OUT/fromEVB/alltransfer.log`.
///
/// # Errors
/// When there are no runs' logs, one stands there already, or something can't be read or written.
pub fn rebuild_alltransfer(logs: &FarmLogs, out: &Path) -> Result<Rebuilt, FarmLogsError> {
    if logs.runs.is_empty() {
        return Err(FarmLogsError::NothingToRebuildFrom { what: "runs/run<R>.log", path: logs.from_evb.clone() });
    }
    let path = out.join("fromEVB/alltransfer.log");
    let mut target = NewLog::create(path.clone())?;
    let lines = merge(&logs.runs, &mut |text| target.write(text))?;
    target.finish()?;
    Ok(Rebuilt { logs: vec![path], lines })
}

/// Writes the runs' own logs from the log of all runs, as `OUT/fromEVB/runs/run<R>.log`; lines that name no run go into
/// `unknown.log` there.
///
/// # Errors
/// When there is no such log, one stands there already, or something can't be read or written.
pub fn rebuild_runs(logs: &FarmLogs, out: &Path) -> Result<Rebuilt, FarmLogsError> {
    let Some(all) = &logs.alltransfer else {
        return Err(FarmLogsError::NothingToRebuildFrom { what: "alltransfer.log", path: logs.from_evb.clone() });
    };
    let folder = out.join("fromEVB/runs");
    let mut targets: BTreeMap<Option<Run>, NewLog> = BTreeMap::new();
    let mut lines = 0;
    each_with_run(all, &mut |run, text| {
        lines += 1;
        match targets.entry(run) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => entry.insert(NewLog::create(folder.join(run_log_name(run)))?),
        }
        .write(text)
    })?;
    let written: Vec<PathBuf> = targets.values().map(|log| log.path.clone()).collect();
    targets.into_values().try_for_each(NewLog::finish)?;
    Ok(Rebuilt { logs: written, lines })
}

/// Whether a rebuild of each log from the other would give it back byte for byte; none when it or the other is not there.
///
/// # Errors
/// When a log can't be read.
pub fn would_come_back(logs: &FarmLogs) -> Result<[Option<bool>; 2], FarmLogsError> {
    let (Some(all), false) = (&logs.alltransfer, logs.runs.is_empty()) else { return Ok([None, None]) };
    let mut merged = Sha256::new();
    merge(&logs.runs, &mut |text| {
        merged.update(text);
        merged.update(b"\n");
        Ok(())
    })?;
    let mut parted: BTreeMap<Option<Run>, Sha256> = BTreeMap::new();
    each_with_run(all, &mut |run, text| {
        let sum = parted.entry(run).or_default();
        sum.update(text);
        sum.update(b"\n");
        Ok(())
    })?;
    let mut are_runs_back = parted.len() == logs.runs.len();
    for log in &logs.runs {
        let sum = parted.remove(&log.run).map(Sha256::finalize);
        are_runs_back = are_runs_back && sum == Some(sum_of_file(&log.path)?);
    }
    Ok([Some(merged.finalize() == sum_of_file(all)?), Some(are_runs_back)])
}

/// Whether a rebuild of the log of all runs would give the same lines, each second's in whatever order: the runs' own logs do not
/// tell in which order copies of several runs ended in one second. None when one of them is not there.
///
/// # Errors
/// When a log can't be read.
pub fn would_come_back_by_the_second(logs: &FarmLogs) -> Result<Option<bool>, FarmLogsError> {
    let (Some(all), false) = (&logs.alltransfer, logs.runs.is_empty()) else { return Ok(None) };
    let (mut merged, mut standing) = (SumBySecond::default(), SumBySecond::default());
    merge(&logs.runs, &mut |text| {
        merged.add(text);
        Ok(())
    })?;
    each_with_run(all, &mut |_, text| {
        standing.add(text);
        Ok(())
    })?;
    Ok(Some(merged.finish() == standing.finish()))
}

/// A checksum of lines in which those of one second may stand in any order.
#[derive(Default)]
struct SumBySecond {
    sum: Sha256,
    second: Option<DateTime>,
    of_second: Vec<Mark>,
}

impl SumBySecond {
    /// Takes a line; one with no time belongs to the one before it.
    fn add(&mut self, text: &[u8]) {
        let second = super::TransferLine::parse(text).ok().map(|line| line.ended());
        if second.is_some() && second != self.second {
            self.close_second();
            self.second = second;
        }
        self.of_second.push(mark_of(text));
    }

    fn close_second(&mut self) {
        self.of_second.sort_unstable();
        self.of_second.drain(..).for_each(|mark| self.sum.update(mark));
    }

    fn finish(mut self) -> sha2::digest::Output<Sha256> {
        self.close_second();
        self.sum.finalize()
    }
}

/// `run1.log`.
pub(super) fn run_log_name(run: Option<Run>) -> String {
    run.map_or_else(|| UNKNOWN_RUN_LOG.to_owned(), |run| format!("{run}.log"))
}

type Each<'a> = dyn FnMut(Option<Run>, &[u8]) -> Result<(), FarmLogsError> + 'a;

/// Hands on every line of the log of all runs with the run it names.
fn each_with_run(all: &Path, each: &mut Each<'_>) -> Result<(), FarmLogsError> {
    let error = io_error("transfer log not read", all);
    for line in Lines::open(all).map_err(&error)? {
        let line = line.map_err(&error)?;
        each(line.run(), &line.text)?;
    }
    Ok(())
}

/// Hands on the lines of the runs' own logs in the order of the log of all runs; answers how many.
pub(super) fn merge(logs: &[RunLog], each: &mut dyn FnMut(&[u8]) -> Result<(), FarmLogsError>) -> Result<u64, FarmLogsError> {
    let mut cursors: Vec<Cursor<'_>> =
        logs.iter().map(|log| Cursor { log, offset: 0, latest: None, ahead: VecDeque::new() }).collect();
    let mut next = BinaryHeap::new();
    for (at, cursor) in cursors.iter_mut().enumerate() {
        next.extend(cursor.key()?.map(|key| Reverse((key, logs[at].run.is_none(), logs[at].run, at))));
    }
    let mut lines = 0;
    while let Some(Reverse((_, is_unknown, run, at))) = next.pop() {
        if let Some((_, text)) = cursors[at].ahead.pop_front() {
            each(&text)?;
            lines += 1;
        }
        next.extend(cursors[at].key()?.map(|key| Reverse((key, is_unknown, run, at))));
    }
    Ok(lines)
}

/// A place in a run's log. The log is opened for each piece of it: a farm has more runs than a process may have open files.
struct Cursor<'a> {
    log: &'a RunLog,
    offset: u64,
    latest: Option<DateTime>,
    ahead: VecDeque<(Option<DateTime>, Vec<u8>)>,
}

impl Cursor<'_> {
    const LINES_AHEAD: usize = 256;

    /// The key of the next line: the latest end of a copy up to it. None at the end of the log.
    fn key(&mut self) -> Result<Option<Option<DateTime>>, FarmLogsError> {
        if self.ahead.is_empty() {
            self.read_ahead().map_err(io_error("transfer log not read", &self.log.path))?;
        }
        Ok(self.ahead.front().map(|(key, _)| *key))
    }

    fn read_ahead(&mut self) -> io::Result<()> {
        let mut file = File::open(&self.log.path)?;
        file.seek(SeekFrom::Start(self.offset))?;
        let mut reader = Counted { inner: BufReader::new(file), taken: 0 };
        for line in Lines::new(&mut reader).take(Self::LINES_AHEAD) {
            let line = line?;
            self.latest = self.latest.max(line.content.as_ref().ok().map(super::TransferLine::ended));
            self.ahead.push_back((self.latest, line.text));
        }
        self.offset += reader.taken;
        Ok(())
    }
}

/// Counts the bytes that were taken of a reader.
struct Counted<R> {
    inner: R,
    taken: u64,
}

impl<R: io::BufRead> io::Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.taken += count as u64;
        Ok(count)
    }
}

impl<R: io::BufRead> io::BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.taken += count as u64;
        self.inner.consume(count);
    }
}

fn sum_of_file(path: &Path) -> Result<sha2::digest::Output<Sha256>, FarmLogsError> {
    let mut sum = Sha256::new();
    let error = io_error("transfer log not read", path);
    let mut reader = BufReader::new(File::open(path).map_err(&error)?);
    io::copy(&mut reader, &mut HashWriter(&mut sum)).map_err(&error)?;
    Ok(sum.finalize())
}

struct HashWriter<'a>(&'a mut Sha256);

impl Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A log that has its name only when it is whole, and is held open for no longer than a piece of it takes.
pub(super) struct NewLog {
    path: PathBuf,
    pending: Vec<u8>,
}

impl NewLog {
    const PENDING_BYTES: usize = 1 << 16;

    /// Begins a log where none stands.
    pub(super) fn create(path: PathBuf) -> Result<Self, FarmLogsError> {
        if path.exists() {
            return Err(FarmLogsError::Stands { path });
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        durable::create_folders(folder).map_err(io_error("folder not made", folder))?;
        let aside = durable::aside(&path);
        File::create(&aside).map_err(io_error("log not made", &aside))?;
        Ok(NewLog { path, pending: Vec::new() })
    }

    /// Writes a line.
    pub(super) fn write(&mut self, text: &[u8]) -> Result<(), FarmLogsError> {
        self.pending.extend_from_slice(text);
        self.pending.push(b'\n');
        if self.pending.len() >= Self::PENDING_BYTES { self.flush(false) } else { Ok(()) }
    }

    fn flush(&mut self, is_last: bool) -> Result<(), FarmLogsError> {
        let aside = durable::aside(&self.path);
        let written = OpenOptions::new().append(true).open(&aside).and_then(|mut file| {
            file.write_all(&self.pending)?;
            if is_last { file.sync_all() } else { Ok(()) }
        });
        self.pending.clear();
        written.map_err(io_error("log not written", &aside))
    }

    /// Gives the log its name.
    pub(super) fn finish(mut self) -> Result<(), FarmLogsError> {
        self.flush(true)?;
        durable::rename(&durable::aside(&self.path), &self.path).map_err(io_error("log not put in its place", &self.path))
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
