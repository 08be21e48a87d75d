//! The flow of files as a result that monitor tasks read: a row every half minute in a file of the day.
//!
//! The file is written whole beside its place and renamed, so that a kill leaves the old one; a row that another program left half
//! written is taken out. `assets/tasks/processing_flow.toml` reads it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::aside::Aside;
use super::flow::{Flow, Happening, Stage};
use crate::bookkeeping;
use crate::config::{BookPlace, Workspace};
use crate::durable;

/// The time that counts and latencies of a row are of.
const WINDOW: SignedDuration = SignedDuration::from_hours(1);
/// The story is read from so long before: a file that came before the window and waits still is of the backlog.
const BEFORE: SignedDuration = SignedDuration::from_hours(24);
/// Time between two rows.
const EVERY: Duration = Duration::from_secs(30);
/// The first row comes so long after the start: with it there is something to see of a short shift.
const FIRST: Duration = Duration::from_secs(5);

/// The names of the columns.
const HEADER: &str = "stamp_utc,arrived_files,copied_files,reconstructed_files,analysed_files,failed_files,copy_s,wait_s,run_s,\
                      analysis_s,whole_s,waits_for_copy_files,waits_for_job_files,runs_files,waits_for_analysis_files,stands_failed_files";

/// The stages whose median latency a row has, in the order of its columns.
const STAGES: [Stage; 5] = [Stage::Copy, Stage::Wait, Stage::Run, Stage::Analysis, Stage::Whole];

/// Writes rows, on a thread of its own.
pub struct FlowRows {
    rows: Aside<(), Result<(), String>>,
    next: Instant,
    folder: PathBuf,
    book: BookPlace,
    /// What went wrong last, said once.
    fault: Option<String>,
}

impl FlowRows {
    /// Nothing is written yet.
    #[must_use]
    pub fn of(workspace: &Workspace) -> Self {
        FlowRows {
            rows: Aside::new(1),
            next: Instant::now() + FIRST,
            folder: workspace.results().join("flow"),
            book: workspace.book_place(),
            fault: None,
        }
    }

    /// Begins a row when it is time for one; what went wrong with the last one, once.
    pub fn go_on(&mut self, now: Instant) -> Option<String> {
        let mut news = None;
        for ((), outcome) in self.rows.finished() {
            let fault = outcome.unwrap_or_else(|| Err("it panicked".into())).err();
            if fault != self.fault {
                news.clone_from(&fault);
                self.fault = fault;
            }
        }
        if now >= self.next {
            self.next = now + EVERY;
            let (book, folder) = (self.book.clone(), self.folder.clone());
            self.rows.begin((), move || add_row_of(&book, &folder));
        }
        news
    }

    /// The last row, of how things stand at the end; waits until it is written.
    ///
    /// # Errors
    /// When book or file can't be used.
    pub fn end(&self) -> Result<(), String> {
        add_row_of(&self.book, &self.folder)
    }
}

/// Adds a row of now, from what the book says.
fn add_row_of(book: &BookPlace, folder: &Path) -> Result<(), String> {
    let now = Timestamp::now();
    let since = now.saturating_sub(WINDOW + BEFORE).unwrap_or(Timestamp::UNIX_EPOCH).max(Timestamp::UNIX_EPOCH);
    let story =
        bookkeeping::open_read_only(book).and_then(|store| store.story_since(since)).map_err(|error| error.to_string())?;
    let happenings: Vec<Happening<'_>> = story.iter().filter_map(Happening::of).collect();
    let flow = Flow::of(&happenings, now, WINDOW);
    add_row(folder, &flow).map_err(|error| format!("flow not written: {error}: {}", folder.display()))
}

/// Adds a row to the file of its day.
///
/// # Errors
/// When the file can't be read or written.
pub fn add_row(folder: &Path, flow: &Flow) -> io::Result<()> {
    durable::create_folders(folder)?;
    let path = folder.join(format!("{}.csv", flow.to.to_zoned(TimeZone::UTC).date()));
    let mut text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    // A row that was cut short would make the whole file unreadable.
    text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
    if !text.is_empty() && text.lines().next() != Some(HEADER) {
        // Of another version of the program: kept, under a name that no task reads.
        fs::rename(&path, path.with_extension("csv.old"))?;
        text.clear();
    }
    if text.is_empty() {
        text = format!("{HEADER}\n");
    }
    text += &row(flow);
    text.push('\n');
    durable::write_whole(&path, text.as_bytes())
}

/// A row: counts of the last hour, median latencies of the files that ended the stage in it (empty for none), and what waits.
fn row(flow: &Flow) -> String {
    let done = flow.done;
    let mut cells = vec![format!("{:.0}", flow.to)];
    cells.extend([done.arrived, done.copied, done.reconstructed, done.analysed, done.failed].map(|count| count.to_string()));
    let median = |stage: Stage| flow.stages.iter().find(|latency| latency.stage == stage).and_then(|latency| latency.median_s);
    cells.extend(STAGES.map(|stage| median(stage).map_or_else(String::new, |seconds| format!("{seconds:.3}"))));
    let waits = flow.backlog;
    cells.extend([waits.copy, waits.queue, waits.run, waits.analysis, waits.failed].map(|count| count.to_string()));
    cells.join(",")
}

#[cfg(test)]
mod tests {
    use monitasks::declared::TaskFile;
    use monitasks::task::{MonTask, ResultFile, TaskContext};

    use super::*;

    const TASK: &str = include_str!("../../assets/tasks/processing_flow.toml");

    fn flow(at: &str) -> Flow {
        Flow::of(&[], at.parse().unwrap(), WINDOW)
    }

    #[test]
    fn rows_of_a_day_are_read_by_the_task_that_is_shipped_and_a_torn_one_is_taken_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("2026-11-21.csv");
        add_row(folder.path(), &flow("2026-11-21T23:59:00Z")).unwrap();
        fs::write(&path, fs::read_to_string(&path).unwrap() + "2026-11-21T23:59:15Z,1,2").unwrap();
        add_row(folder.path(), &flow("2026-11-21T23:59:30Z")).unwrap();
        add_row(folder.path(), &flow("2026-11-22T00:00:10Z")).unwrap();
        let bytes = fs::read(&path).unwrap();
        assert_eq!(String::from_utf8_lossy(&bytes).lines().count(), 3);
        assert!(folder.path().join("2026-11-22.csv").exists());
        let TaskFile::Declared(task) = TaskFile::parse(TASK, "processing_flow.toml").unwrap() else { panic!("no program") };
        let detector = crate::detector::load("3x1x1", "", Path::new(".")).unwrap();
        let context = TaskContext { detector: &detector, now: Timestamp::UNIX_EPOCH };
        let summary = task.read(&ResultFile { name: "flow/2026-11-21.csv", bytes: &bytes, sidecar: None }, &context).unwrap();
        assert_eq!(task.glance("backlog", &[&summary], &context).text, "0, 0, 0, 0 files");
        // No file has ended a stage: that is no latency of 0.
        assert!(task.draw("latency", &[&summary], &context).empty.is_some());
    }

    #[test]
    fn a_file_of_other_columns_is_kept_aside() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("2026-11-21.csv"), "stamp_utc,other\n2026-11-21T00:00:00Z,1\n").unwrap();
        add_row(folder.path(), &flow("2026-11-21T12:00:00Z")).unwrap();
        assert!(folder.path().join("2026-11-21.csv.old").exists());
        let text = fs::read_to_string(folder.path().join("2026-11-21.csv")).unwrap();
        assert!(text.starts_with(HEADER) && text.ends_with("0\n"), "{text}");
    }
}
