//! What the book knows of each run, summed up: counts and what was said, not the rows behind them.

use jiff::Timestamp;
use monitasks::vocab::Run;
use serde::Serialize;

use super::entry::Entry;

/// A run, summed up.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunSums {
    /// What files and results of it there are; none when it is known from what people said alone, such as a run list.
    pub data: Option<RunCounts>,
    /// What is in force on it as a whole, by its raw data: decision, mark, kind, facts, and the status
    /// of each of its processings; in the order of arrival.
    pub said: Vec<Entry>,
}

/// How many files and results of a run there are, and how far they are.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct RunCounts {
    /// When the first of its files was seen.
    pub first_seen: Timestamp,
    /// When its end was known; none while more files may come.
    pub ended: Option<Timestamp>,
    /// When the DAQ wrote its first file; none when there is none.
    pub first_data: Option<Timestamp>,
    /// When the DAQ wrote its last file so far.
    pub last_data: Option<Timestamp>,
    /// Raw files.
    pub files: u64,
    /// Bytes in them.
    pub size_bytes: u64,
    /// Raw files in a result, each by its newest pass.
    pub analysed: u64,
    /// Raw files that failed, on their way in or in the newest pass of any lane.
    pub failed: u64,
    /// Events in reconstructed files of newest passes.
    pub events: u64,
    /// Groups of files that are or were analysed together.
    pub groups: u64,
    /// Lanes that have a processing of it, by name.
    pub lanes: Vec<String>,
}

/// Runs that are new or changed, summed up.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunSumsRead {
    /// The runs, in order; all there are when everything was read.
    pub runs: Vec<(Run, RunSums)>,
    /// Whether everything was read, and not only what changed.
    pub is_all: bool,
    /// How far it was read, for the next time; none when the book does not tell.
    pub seen: Option<i64>,
    /// The place of the last entry there was: who acts on what was read says that it was seen up to here.
    pub place: i64,
}

/// The files of a run in one stream: its raw files, or what a lane made of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamFiles {
    /// The run.
    pub run: Run,
    /// `raw`, or the lane.
    pub stream: String,
    /// Files in it.
    pub files: u64,
    /// Whether all of them are here: raw copies that were released are not, files not reconstructed yet neither.
    pub is_local: bool,
}
