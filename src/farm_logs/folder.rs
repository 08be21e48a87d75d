//! Where the farm's logs stand: in a workspace, in an old farm's `all_logs`, or in a bare `fromEVB`.

use std::fs;
use std::path::{Path, PathBuf};

use monitasks::vocab::Run;

use super::error::{FarmLogsError, io_error};

/// The log of lines that name no run, as a rebuild writes it.
pub const UNKNOWN_RUN_LOG: &str = "unknown.log";

/// The logs that were found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FarmLogs {
    /// The folder that has `alltransfer.log` and `runs/`.
    pub from_evb: PathBuf,
    /// The log of all runs, when it is there.
    pub alltransfer: Option<PathBuf>,
    /// The runs' own logs, by run; the one of lines that name none comes last.
    pub runs: Vec<RunLog>,
    /// Batch records: `batch/run<R>/*.txt`, by path.
    pub batch_records: Vec<PathBuf>,
    /// What stands in `runs/` and is no run's log.
    pub not_taken: Vec<PathBuf>,
}

/// A run's own transfer log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLog {
    /// The run, by the log's name; none for the log of lines that name no run.
    pub run: Option<Run>,
    /// The log.
    pub path: PathBuf,
}

impl FarmLogs {
    /// Finds the logs in a workspace or in a folder that looks like the farm's `all_logs` or `fromEVB`.
    ///
    /// # Errors
    /// When there are none, or a folder can't be read.
    pub fn find(folder: &Path) -> Result<Self, FarmLogsError> {
        let places = [folder.join("fromEVB"), folder.join("all_logs/fromEVB"), folder.to_owned()];
        let has_logs = |place: &&PathBuf| place.join("alltransfer.log").is_file() || place.join("runs").is_dir();
        let Some(from_evb) = places.iter().find(has_logs) else {
            return Err(FarmLogsError::NoLogs { path: folder.to_owned() });
        };
        let alltransfer = Some(from_evb.join("alltransfer.log")).filter(|path| path.is_file());
        let mut logs = FarmLogs { from_evb: from_evb.clone(), alltransfer, ..FarmLogs::default() };
        logs.find_runs()?;
        // A bare fromEVB may have its neighbour too.
        let batch = from_evb.parent().map(|parent| parent.join("batch")).filter(|batch| batch.is_dir());
        for run in batch.map(|batch| entries(&batch)).transpose()?.unwrap_or_default() {
            if run.is_dir() {
                logs.batch_records.extend(entries(&run)?.into_iter().filter(|path| has_ending(path, "txt")));
            }
        }
        Ok(logs)
    }

    fn find_runs(&mut self) -> Result<(), FarmLogsError> {
        let folder = self.from_evb.join("runs");
        if !folder.is_dir() {
            return Ok(());
        }
        for path in entries(&folder)? {
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let run = stem.starts_with("run").then(|| stem.parse::<Run>().ok()).flatten();
            let is_unknown = path.file_name().is_some_and(|name| name == UNKNOWN_RUN_LOG);
            if path.is_file() && has_ending(&path, "log") && (run.is_some() || is_unknown) {
                self.runs.push(RunLog { run, path });
            } else {
                self.not_taken.push(path);
            }
        }
        self.runs.sort_by_key(|log| (log.run.is_none(), log.run));
        Ok(())
    }
}

/// What stands in a folder, by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, FarmLogsError> {
    let error = io_error("folder not read", folder);
    let mut paths = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>())
        .map_err(error)?;
    paths.sort();
    Ok(paths)
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found == ending)
}
