//! What the Processing page shows beyond the rows of runs: the backend's own words, failures by class, flow, one file's story.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use monitasks::figure::Figure;
use monitasks::quality::State;
use monitasks::vocab::FileId;

/// So long after its next look was due the watcher is late.
const LATE: SignedDuration = SignedDuration::from_secs(10);

/// What the Processing page shows beyond the rows of runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProcessingShown {
    /// What the backend said of itself last; none when it never did.
    pub health: Option<BackendHealth>,
    /// What could not be done and is tried again.
    pub put_off: Vec<PutOffRow>,
    /// Classes of failures that came, the most frequent first.
    pub failures: Vec<ClassRow>,
    /// How smoothly files go through the chain; none while nobody looks at it.
    pub flow: Option<Arc<FlowShown>>,
    /// The file or group that is looked at; none when none is.
    pub closely: Option<Arc<CloseLook>>,
}

impl ProcessingShown {
    /// The words of a failure class.
    #[must_use]
    pub fn class(&self, word: &str) -> Option<&ClassRow> {
        self.failures.iter().find(|class| class.word == word)
    }
}

/// What the backend says of itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BackendHealth {
    /// When it was said.
    pub at: Timestamp,
    /// Whether an earlier backend said it, not the one that runs.
    pub is_of_an_earlier_one: bool,
    /// The watcher of the intake folder.
    pub watcher: WatcherRow,
    /// The batch system: `local`, `slurm`, `pbs`.
    pub batch: String,
    /// Why the batch system can't be asked; none while it answers.
    pub batch_fault: Option<String>,
    /// Mail on failures, in words; none when none is sent.
    pub mail: Option<String>,
    /// Copies that wait or run.
    pub copies: Vec<CopyRow>,
}

/// The watcher of the intake folder.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WatcherRow {
    /// When the operating system last told of anything; none when it never did.
    pub last_hint: Option<Timestamp>,
    /// When the whole folder was last looked at.
    pub last_sweep: Option<Timestamp>,
    /// How long that took, s.
    pub sweep_took_s: f64,
    /// When the next look is due at the latest.
    pub next_sweep: Option<Timestamp>,
    /// Times that hints were lost.
    pub lost_hints: u64,
    /// Files that are still being written.
    pub open_files: u64,
    /// Why the folder is not watched or could not be looked at.
    pub fault: Option<String>,
}

impl BackendHealth {
    /// Why a shifter should worry about the intake, while a backend runs: the watcher is late or has a fault.
    #[must_use]
    pub fn intake_alarm(&self, now: Timestamp) -> Option<String> {
        if self.is_of_an_earlier_one {
            return None;
        }
        if let Some(fault) = &self.watcher.fault {
            return Some(format!("the incoming folder is not watched as it should be: {fault}"));
        }
        let overdue = now.duration_since(self.watcher.next_sweep?);
        (overdue > LATE).then(|| {
            let seconds = overdue.as_secs();
            format!("the look at the incoming folder is {seconds} s overdue: new files may stand there and wait")
        })
    }
}

/// A copy that waits or runs.
#[derive(Debug, Clone, PartialEq)]
pub struct CopyRow {
    /// Which: `run1-seq0`.
    pub subject: String,
    /// Where it goes.
    pub to: String,
    /// Bytes in all.
    pub size_bytes: u64,
    /// Bytes handed on so far.
    pub done_bytes: u64,
    /// How fast it went between the last two times the backend spoke; none before the second.
    pub bytes_per_s: Option<f64>,
}

/// Something that could not be done and is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutOffRow {
    /// What: `taking in of run1-seq0`, `processing of run1-seq0-p1`.
    pub subject: String,
    /// Why.
    pub why: String,
    /// Tries so far.
    pub tries: u32,
    /// Since when.
    pub since: Timestamp,
    /// When it is tried again, where that is known; the backend tries the others every few seconds.
    pub next_try: Option<Timestamp>,
    /// Whether it is not tried again: a person is needed.
    pub is_refused: bool,
}

/// A class of failures: its words and how often it came.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassRow {
    /// Its word in the book and in commands: `input_damaged`.
    pub word: String,
    /// What it is called.
    pub title: String,
    /// What it means, in one sentence.
    pub meaning: String,
    /// What the shifter does.
    pub next_step: String,
    /// Failures in the last hour.
    pub last_hour: usize,
    /// Failures in the last 24 hours.
    pub last_day: usize,
    /// All failures.
    pub total: usize,
    /// Failures for every 100 files taken in; none while there is no file.
    pub per_100_files: Option<f64>,
    /// Files that are failed this way now.
    pub now: usize,
}

/// How smoothly files go through the chain in a window of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FlowShown {
    /// Length of the window, s.
    pub window_s: u64,
    /// Seconds of it for which there are records; the rates below are over these.
    pub span_s: f64,
    /// Files in the window: arrived, copied, reconstructed, analysed, failed.
    pub done: [usize; 5],
    /// Files that arrive in an hour.
    pub arrived_per_h: f64,
    /// Files that are reconstructed in an hour.
    pub reconstructed_per_h: f64,
    /// Bytes copied in a second.
    pub copied_bytes_per_s: f64,
    /// What waits now, each with its words: `wait for their copy`.
    pub backlog: Vec<(String, usize)>,
    /// Seconds until all that waits is reconstructed; none when nothing moves.
    pub eta_s: Option<f64>,
    /// Seconds that the rate of it is over.
    pub present_s: f64,
    /// Latencies.
    pub stages: Vec<LatencyRow>,
    /// Disks.
    pub disks: Vec<DiskRow>,
    /// Its figures.
    pub figures: Vec<Arc<Figure>>,
    /// Why it is not known; what stands above is then nothing.
    pub fault: Option<String>,
}

/// How long a stage took.
#[derive(Debug, Clone, PartialEq)]
pub struct LatencyRow {
    /// What it is: `queued to started`.
    pub meaning: String,
    /// Files that ended it in the window.
    pub count: usize,
    /// Median, 95 of 100, longest, s; none with nothing to count.
    pub median_p95_max_s: [Option<f64>; 3],
}

/// A disk that folders of the workspace stand on.
#[derive(Debug, Clone, PartialEq)]
pub struct DiskRow {
    /// Its folders.
    pub folders: String,
    /// Its size, bytes.
    pub size_bytes: u64,
    /// Room, bytes.
    pub free_bytes: u64,
    /// Seconds until it is full at the present rate; none when nothing is written.
    pub full_in_s: Option<f64>,
    /// Why its room is not known.
    pub fault: Option<String>,
}

/// What is looked at closely: a file's story, and the end of a log.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct CloseSubject {
    /// The file whose story is told.
    pub file: Option<FileId>,
    /// The log whose end is read.
    pub log: Option<PathBuf>,
}

/// A file's story and the end of a log.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CloseLook {
    /// What it is of.
    pub subject: CloseSubject,
    /// The story, oldest first.
    pub story: Vec<StoryLine>,
    /// Last lines of the log; or why it can't be read.
    pub log: Option<Result<String, String>>,
    /// Why the story is not known.
    pub fault: Option<String>,
}

/// Something that happened, in words.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryLine {
    /// When.
    pub at: Timestamp,
    /// What: `job submitted`.
    pub what: String,
    /// The facts in short.
    pub detail: String,
    /// Where it stands between well and badly.
    pub state: State,
}

/// The first names of a list and how many more there are: `a, b and 7 more`. A processing may lack thousands of products.
#[must_use]
pub fn in_short(names: &[String], most: usize) -> String {
    let named = names.iter().take(most).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(most) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_long_list_is_told_by_its_first_names_and_how_many_more_there_are() {
        let names = |count: usize| (0..count).map(|n| format!("f{n}")).collect::<Vec<_>>();
        assert_eq!([0, 1, 5].map(|count| in_short(&names(count), 5)), ["", "f0", "f0, f1, f2, f3, f4"]);
        assert_eq!(in_short(&names(12_000), 2), "f0, f1 and 11998 more");
    }

    #[test]
    fn a_watcher_is_late_only_when_its_look_is_long_overdue() {
        let watcher = WatcherRow { next_sweep: Some(at(1_000)), ..WatcherRow::default() };
        let mut health = BackendHealth { watcher, ..BackendHealth::default() };
        assert_eq!(health.intake_alarm(at(1_010)), None);
        assert!(health.intake_alarm(at(1_032)).unwrap().contains("32 s overdue"));
        health.watcher.fault = Some("no such folder".into());
        assert!(health.intake_alarm(at(900)).unwrap().contains("no such folder"), "a fault counts at once");
        health.is_of_an_earlier_one = true;
        assert_eq!(health.intake_alarm(at(2_000)), None, "what an earlier backend said is no alarm");
    }
}
