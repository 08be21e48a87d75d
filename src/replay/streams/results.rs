//! Results: a stream of summaries for each task, stamped with when they were made: as the `.json` beside a result says, else by the
//! time of its last change.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use monitasks::detector::Detector;
use monitasks::format::sidecar::Sidecar;
use monitasks::task::{MonTask, ReadError, ResultFile, TaskContext};

use super::Faults;
use super::found::FoundFile;
use super::names::numbers;
use crate::replay::record::{HeaderType, RecordHeader, RecordKind, Stamp, StreamFacts, StreamId};
use crate::replay::source::{ReplayError, Resume, SourceMark, StreamRead, StreamSource};

/// Larger files are no results.
const LARGEST_RESULT_BYTES: u64 = 64 << 20;

/// A result that was found.
#[derive(Debug, Clone)]
pub struct ResultFound {
    /// The result.
    pub file: FoundFile,
    /// The `.json` of the same stem, where there is one.
    pub side: Option<FoundFile>,
}

/// The results that one task shows.
pub struct ResultsOfTask {
    /// The task's name.
    pub task: String,
    /// Who reads them; none where that is a program, which is not started for a replay.
    pub reader: Option<Arc<dyn MonTask>>,
    /// The folder they stand in.
    pub folder: PathBuf,
    /// The folder below `results/` in which its task looks for them: `crp`.
    pub below: String,
    /// The results, in order of name.
    pub files: Vec<ResultFound>,
    /// Rows of slow control are told by a stream of their own, and put into place row by row.
    pub is_of_rows: bool,
}

impl std::fmt::Debug for ResultsOfTask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResultsOfTask").field("task", &self.task).field("files", &self.files).finish_non_exhaustive()
    }
}

impl ResultFound {
    /// When it was made, and what is wrong with what says so.
    pub(in crate::replay) fn made_at(&self) -> (Stamp, Option<Sidecar>, Option<String>) {
        let by_change = Stamp(self.file.modified_ns);
        let Some(side) = &self.side else { return (by_change, None, None) };
        match bytes_of(side).and_then(|bytes| Sidecar::parse(&bytes).map_err(|error| error.to_string())) {
            Ok(sidecar) => (Stamp::of(sidecar.processed_at), Some(sidecar), None),
            Err(why) => (by_change, None, Some(format!("{}: {why}; the time of its last change was taken", side.name))),
        }
    }
}

/// The stream of a task's results.
pub(super) struct Results {
    of: ResultsOfTask,
    detector: Arc<Detector>,
}

impl Results {
    pub(super) fn new(of: ResultsOfTask, detector: Arc<Detector>) -> Self {
        Results { of, detector }
    }

    /// The record of a result; what is wrong where it can't be read.
    fn record(&self, place: u64, found: &ResultFound, faults: &mut Faults) -> Option<RecordHeader> {
        let (stamp, sidecar, fault) = found.made_at();
        fault.into_iter().for_each(|fault| faults.say(fault));
        if let Err(why) = self.look_into(found, stamp) {
            faults.say(format!("{}: {why}", found.file.name));
            return None;
        }
        let by_name = numbers(&found.file.name);
        let members = sidecar.as_ref().map(|sidecar| sidecar.members.as_slice()).unwrap_or_default();
        // A result of one file is of that file's sequence, one of a group of none.
        let only = if let [file] = members { Some(file.sequence) } else { None };
        Some(RecordHeader {
            stamp,
            stream: StreamId(0),
            kind: RecordKind::Data,
            run: sidecar.as_ref().map(|sidecar| sidecar.run).or(by_name.run),
            sequence: by_name.sequence.or(only),
            event: None,
            place,
        })
    }

    /// Whether its task can read a result.
    fn look_into(&self, found: &ResultFound, now: Stamp) -> Result<(), String> {
        let Some(task) = &self.of.reader else { return Ok(()) };
        let bytes = bytes_of(&found.file)?;
        let side = found.side.as_ref().map(bytes_of).transpose()?;
        let input = ResultFile { name: &found.file.name, bytes: &bytes, sidecar: side.as_deref() };
        let context = TaskContext { detector: &self.detector, now: now.timestamp() };
        match catch_unwind(AssertUnwindSafe(|| task.read(&input, &context))) {
            Ok(Ok(_) | Err(ReadError::Waiting)) => Ok(()),
            Ok(Err(ReadError::Incomplete(why))) => Err(format!("half written, or cut: {why}")),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("the task {} failed on it", self.of.task)),
        }
    }
}

/// All bytes of a result.
fn bytes_of(file: &FoundFile) -> Result<Vec<u8>, String> {
    let size = std::fs::metadata(&file.path).map_err(|error| format!("not read: {error}"))?.len();
    if size > LARGEST_RESULT_BYTES {
        return Err(format!("{size} bytes are no result, at most {LARGEST_RESULT_BYTES} are read"));
    }
    std::fs::read(&file.path).map_err(|error| format!("not read: {error}"))
}

impl StreamSource for Results {
    fn name(&self) -> String {
        format!("results/{}", self.of.task)
    }

    fn read(&mut self, from: Option<&Resume>) -> Result<StreamRead, ReplayError> {
        let facts = |faults: Vec<String>| StreamFacts {
            name: self.name(),
            header: HeaderType::Summary,
            kind: RecordKind::Data,
            source: self.of.folder.display().to_string(),
            faults,
        };
        let known_by = |found: &ResultFound| {
            let side = found.side.as_ref().map(FoundFile::known_by).unwrap_or_default();
            [found.file.known_by(), side].concat()
        };
        let known: Vec<u8> = self.of.files.iter().flat_map(known_by).collect();
        let mark = SourceMark::of_entries(self.of.files.len() as u64, &known);
        if from.is_some_and(|from| from.mark == mark) {
            return Ok(StreamRead::since(facts(Vec::new()), Vec::new(), mark));
        }
        let mut faults = Faults::default();
        let records = (0..).zip(&self.of.files).filter_map(|(place, found)| self.record(place, found, &mut faults));
        let mut headers: Vec<RecordHeader> = records.collect();
        // Files lie in a folder in no order of time.
        headers.sort_by_key(|header| header.stamp);
        Ok(StreamRead::whole(facts(faults.words()), headers, mark))
    }
}
