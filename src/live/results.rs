//! Polls the result folders, each task at its own poll time, and keeps the summaries that its task made of them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::UNIX_EPOCH;

use jiff::{SignedDuration, Timestamp};
use monitasks::detector::Detector;
use monitasks::registry::TaskRegistry;
use monitasks::summary::Summary;
use monitasks::task::{MonTask, ReadError, ResultFile, TaskContext};

use crate::config::Settings;

/// Larger files are no results: the largest of the field's text formats is well below a megabyte.
const LARGEST_RESULT_BYTES: u64 = 64 << 20;

/// Between two looks whether a program has answered.
const ANSWER_POLL: SignedDuration = SignedDuration::from_millis(50);

/// Most results that are asked of a program ahead.
const MOST_WAITING: usize = 8;

/// Where results are read from. The seam that lets a test be slow or broken on purpose.
pub trait ResultsFolder: Send {
    /// The files of a folder below `results/` whose names end so, in order of name.
    ///
    /// # Errors
    /// When the folder can't be listed.
    fn list(&mut self, folder: &str, suffix: &str) -> io::Result<Vec<FoundResult>>;

    /// The bytes of a file found before.
    ///
    /// # Errors
    /// When it can't be read.
    fn read(&mut self, name: &str) -> io::Result<Vec<u8>>;
}

/// A file that may be a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundResult {
    /// Its name below `results/`: `crp/run1-p1-g0.txt`.
    pub name: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// When it was last changed, ns since 1970. With the size, it tells whether the file must be read again.
    pub modified_ns: i128,
}

/// The results of a workspace, or of any folder, on disk.
pub struct DiskResults {
    root: PathBuf,
    only: Option<String>,
    /// The folder of the tasks whose results these are, where the root is named so: other tasks have none there.
    of: Option<String>,
}

/// The state of all tasks' results at one moment.
#[derive(Debug, Clone, Default)]
pub struct ResultsView {
    /// By the task's name.
    pub tasks: BTreeMap<String, TaskResults>,
    /// Why folders of results can't be read, each said once; what was read of them before stays.
    pub faults: Vec<String>,
}

/// One task's results.
#[derive(Debug, Clone, Default)]
pub struct TaskResults {
    /// What was read, oldest data first.
    pub history: Vec<Arc<Summary>>,
    /// Files that can't be read, with the reason.
    pub unread: Vec<(String, String)>,
    /// The message of a panic of the task.
    pub fault: Option<String>,
    /// Counts up with each change of this task's results.
    pub version: u64,
}

/// How far the reading of results is, told while it goes on.
#[derive(Debug, Default)]
pub struct ReadProgress {
    read: AtomicUsize,
    of: AtomicUsize,
}

impl ReadProgress {
    /// Results read in this look, and those that were found to be new or changed so far; none between two looks.
    #[must_use]
    pub fn now(&self) -> Option<(usize, usize)> {
        let (read, of) = (self.read.load(Ordering::Relaxed), self.of.load(Ordering::Relaxed));
        (of > 0).then_some((read.min(of), of))
    }

    fn found(&self, more: usize) {
        self.of.fetch_add(more, Ordering::Relaxed);
    }

    fn has_read(&self) {
        self.read.fetch_add(1, Ordering::Relaxed);
    }

    fn is_over(&self) {
        self.of.store(0, Ordering::Relaxed);
        self.read.store(0, Ordering::Relaxed);
    }
}

/// Polls all tasks' folders.
pub struct ResultPoller {
    registry: Arc<TaskRegistry>,
    detector: Arc<Detector>,
    folder: Box<dyn ResultsFolder>,
    tasks: BTreeMap<String, Polled>,
    progress: Arc<ReadProgress>,
}

/// What is known of one task between two polls.
#[derive(Default)]
struct Polled {
    poll_s: f64,
    due: Option<Timestamp>,
    files: BTreeMap<String, ReadFile>,
    /// What the task of the same name before this one had read: shown until this one has read the same file.
    before: BTreeMap<String, (FileMark, Arc<Summary>)>,
    /// The task is another one than that which `results` are of.
    is_other: bool,
    results: TaskResults,
    /// Why its folder can't be listed.
    fault: Option<String>,
}

/// What tells one state of a result from another: its own, and that of the `.json` beside it.
type FileMark = (FoundResult, Option<FoundResult>);

/// One file as it was when last read.
struct ReadFile {
    mark: FileMark,
    outcome: ReadOutcome,
}

/// A result as it was read.
#[derive(Debug, Clone, Copy)]
pub struct ResultSeen<'a> {
    /// Its name below `results/`.
    pub name: &'a str,
    /// When its file was last changed, ns since 1970.
    pub modified_ns: i128,
    /// What its task made of it; none where that made nothing.
    pub summary: Option<&'a Summary>,
}

impl ReadFile {
    fn seen(&self) -> ResultSeen<'_> {
        let summary = match &self.outcome {
            ReadOutcome::Read(summary) => Some(&**summary),
            _ => None,
        };
        ResultSeen { name: &self.mark.0.name, modified_ns: self.mark.0.modified_ns, summary }
    }
}

enum ReadOutcome {
    Read(Arc<Summary>),
    /// Half written: read again at the next poll, and not shown.
    Incomplete,
    /// A program was asked for it: looked for soon, and not shown.
    Waiting,
    /// The disk did not give it: read again at the next poll, and said.
    NotGiven(String),
    Unread(String),
    Panicked(String),
}

impl ReadOutcome {
    /// Whether the same file may read otherwise the next time.
    fn is_to_be_repeated(&self) -> bool {
        matches!(self, ReadOutcome::Incomplete | ReadOutcome::Waiting | ReadOutcome::NotGiven(_))
    }
}

impl DiskResults {
    /// The results below a folder such as `results/`.
    #[must_use]
    pub fn of_folder(root: &Path) -> Self {
        DiskResults { root: root.to_owned(), only: None, of: None }
    }

    /// One file, or a bare folder of result files that stand in no folders of their own.
    #[must_use]
    pub fn bare(path: &Path) -> Self {
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let (root, only) = if path.is_file() { (path.parent().unwrap_or(Path::new(".")), name(path)) } else { (path, None) };
        let is_known = |name: &String| TaskRegistry::built_in().iter().any(|task| task.info().folder == *name);
        let of = std::path::absolute(root).ok().and_then(|root| name(&root)).filter(is_known);
        DiskResults { root: root.to_owned(), only, of }
    }

    /// The task's own folder where there is one, else the root itself: so a bare folder of results can be looked at.
    fn folder(&self, folder: &str) -> (PathBuf, String) {
        let own = self.root.join(folder);
        if own.is_dir() { (own, format!("{folder}/")) } else { (self.root.clone(), String::new()) }
    }
}

impl ResultsFolder for DiskResults {
    fn list(&mut self, folder: &str, suffix: &str) -> io::Result<Vec<FoundResult>> {
        let (path, prefix) = self.folder(folder);
        if prefix.is_empty() && self.of.as_ref().is_some_and(|of| of != folder) {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !(name.ends_with(suffix) || name.ends_with(".json")) || name.starts_with('.') {
                continue;
            }
            if self.only.as_ref().is_some_and(|only| stem(only) != stem(&name)) {
                continue;
            }
            // A file that vanishes between the listing and the look is simply not there any more.
            let Ok(metadata) = entry.metadata() else { continue };
            if !metadata.is_file() {
                continue;
            }
            let modified_ns = metadata
                .modified()
                .ok()
                .and_then(|stamp| stamp.duration_since(UNIX_EPOCH).ok())
                .map_or(0, |since| since.as_nanos() as i128);
            found.push(FoundResult { name: format!("{prefix}{name}"), size_bytes: metadata.len(), modified_ns });
        }
        found.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(found)
    }

    fn read(&mut self, name: &str) -> io::Result<Vec<u8>> {
        let path = self.root.join(name);
        let size = std::fs::metadata(&path)?.len();
        if size > LARGEST_RESULT_BYTES {
            return Err(io::Error::other(format!("{size} bytes are no result, at most {LARGEST_RESULT_BYTES} are read")));
        }
        std::fs::read(path)
    }
}

impl ResultPoller {
    /// A poller that has not looked yet; every task is due.
    #[must_use]
    pub fn new(
        registry: Arc<TaskRegistry>,
        detector: Arc<Detector>,
        folder: Box<dyn ResultsFolder>,
        settings: &Settings,
    ) -> Self {
        let mut poller = ResultPoller { registry, detector, folder, tasks: BTreeMap::new(), progress: Arc::default() };
        poller.configure(settings);
        poller
    }

    /// Takes another list of tasks. What tasks that are the same ones as before have read stays; others read everything anew, and
    /// of what the earlier task of their name had read each result is shown until it is read again.
    pub fn retask(&mut self, registry: Arc<TaskRegistry>, settings: &Settings) {
        let earlier = std::mem::replace(&mut self.registry, registry);
        for (name, mut polled) in std::mem::take(&mut self.tasks) {
            let is_same = match (earlier.shared(&name), self.registry.shared(&name)) {
                (Some(one), Some(other)) => Arc::ptr_eq(one, other),
                (_, None) => continue,
                (None, Some(_)) => false,
            };
            if !is_same {
                let files = std::mem::take(&mut polled.files);
                polled.before.extend(files.into_iter().filter_map(|(name, file)| match file.outcome {
                    ReadOutcome::Read(summary) => Some((name, (file.mark, summary))),
                    _ => None,
                }));
                (polled.due, polled.is_other) = (None, true);
            }
            self.tasks.insert(name, polled);
        }
        self.configure(settings);
    }

    /// Looks until no task waits for a program's answer: for a command that reads once.
    pub fn poll_whole(&mut self, now: Timestamp) {
        self.poll(now);
        loop {
            let is_waiting = |polled: &Polled| polled.files.values().any(|file| matches!(file.outcome, ReadOutcome::Waiting));
            if !self.tasks.values().any(is_waiting) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
            self.hurry();
            self.poll(now);
        }
    }

    /// Takes the poll times from changed settings.
    pub fn configure(&mut self, settings: &Settings) {
        for task in self.registry.iter() {
            let info = task.info();
            let own = settings.tasks.get(&info.name).and_then(|task| task.poll_s);
            let polled = self.tasks.entry(info.name.clone()).or_default();
            let poll_s = own.unwrap_or(info.poll_s);
            if polled.poll_s.to_bits() != poll_s.to_bits() {
                polled.poll_s = poll_s;
                polled.due = None;
            }
        }
    }

    /// When the next task is due.
    #[must_use]
    pub fn next_due(&self, now: Timestamp) -> Timestamp {
        self.tasks.values().map(|polled| polled.due.unwrap_or(now)).min().unwrap_or(now)
    }

    /// Makes every task due at once.
    pub fn hurry(&mut self) {
        for polled in self.tasks.values_mut() {
            polled.due = None;
        }
    }

    /// Looks at the folders of the tasks that are due. The newest state when anything has changed.
    pub fn poll(&mut self, now: Timestamp) -> Option<ResultsView> {
        let registry = self.registry.clone();
        let mut changed = false;
        for task in registry.iter() {
            let info = task.info();
            let Some(mut polled) = self.tasks.remove(&info.name) else { continue };
            if polled.due.is_none_or(|due| due <= now) {
                changed |= self.poll_task(task, &mut polled, now);
                let is_waiting = polled.files.values().any(|file| matches!(file.outcome, ReadOutcome::Waiting));
                let poll = SignedDuration::try_from_secs_f64(polled.poll_s).unwrap_or(SignedDuration::from_secs(30));
                let pause = if is_waiting { ANSWER_POLL.min(poll) } else { poll };
                polled.due = now.checked_add(pause).ok();
            }
            self.tasks.insert(info.name.clone(), polled);
        }
        self.progress.is_over();
        changed.then(|| self.view())
    }

    /// How far its reading is, for others to look at while it goes on.
    #[must_use]
    pub fn progress(&self) -> Arc<ReadProgress> {
        self.progress.clone()
    }

    /// The state as last polled.
    #[must_use]
    pub fn view(&self) -> ResultsView {
        let tasks = self.tasks.iter().map(|(name, polled)| (name.clone(), polled.results.clone())).collect();
        let faults: BTreeSet<String> = self.tasks.values().filter_map(|polled| polled.fault.clone()).collect();
        ResultsView { tasks, faults: faults.into_iter().collect() }
    }

    /// The results as they were read, each with its task's name.
    pub fn seen(&self) -> impl Iterator<Item = (&str, ResultSeen<'_>)> {
        self.tasks.iter().flat_map(|(name, polled)| polled.files.values().map(move |file| (name.as_str(), file.seen())))
    }

    /// The state with those files alone of which `is_there` says so, asked with the task's name. A task's version is its count of
    /// files: two states of which one has all files of the other differ in it when they differ.
    #[must_use]
    pub fn view_with(&self, is_there: &dyn Fn(&str, &ResultSeen<'_>) -> bool) -> ResultsView {
        let of = |(name, polled): (&String, &Polled)| {
            let files = polled.files.values().filter(|file| is_there(name, &file.seen()));
            let count = files.clone().count() as u64;
            (name.clone(), gather(files, std::iter::empty(), count))
        };
        ResultsView { tasks: self.tasks.iter().map(of).collect(), faults: self.view().faults }
    }

    /// Looks at one task's folder. True when its results are not what they were.
    fn poll_task(&mut self, task: &dyn MonTask, polled: &mut Polled, now: Timestamp) -> bool {
        let info = task.info();
        if info.items.is_empty() {
            // A program that has not said yet what it shows, or a task file that can't be used.
            return false;
        }
        let found = match self.folder.list(&info.folder, &info.suffix) {
            Ok(found) => found,
            Err(error) => {
                let fault = Some(format!("results not read, the last ones stay: {error}: results/{}", info.folder));
                let changed = polled.fault != fault;
                polled.fault = fault;
                return changed;
            }
        };
        let mut changed = polled.fault.take().is_some() | std::mem::take(&mut polled.is_other);
        let results: Vec<&FoundResult> = found.iter().filter(|file| file.name.ends_with(&info.suffix)).collect();
        let gone = polled.files.len();
        polled.files.retain(|name, _| results.iter().any(|file| file.name == *name));
        changed |= gone != polled.files.len();
        polled.before.retain(|name, _| results.iter().any(|file| file.name == *name));
        let mut waiting = 0;
        let is_known = |file: &FoundResult| polled.files.get(&file.name).is_some_and(|known| known.mark.0 == *file);
        self.progress.found(results.iter().filter(|file| !is_known(file)).count());
        for file in results {
            if waiting >= MOST_WAITING {
                break;
            }
            let sidecar_name = format!("{}.json", stem(&file.name));
            let sidecar = found.iter().find(|other| other.name == sidecar_name && other.name != file.name);
            let mark = (file.clone(), sidecar.cloned());
            let known = polled.files.get(&file.name);
            if known.is_some_and(|known| known.mark == mark && !known.outcome.is_to_be_repeated()) {
                continue;
            }
            let outcome = self.read_one(task, &mark, now);
            waiting += usize::from(matches!(outcome, ReadOutcome::Waiting));
            self.progress.has_read();
            let is_as_before = match (known.map(|known| &known.outcome), &outcome) {
                (Some(ReadOutcome::Incomplete), ReadOutcome::Incomplete) => true,
                // Nobody sees the difference between not read yet and being read.
                (None | Some(ReadOutcome::Waiting), ReadOutcome::Waiting) => true,
                (Some(ReadOutcome::NotGiven(before)), ReadOutcome::NotGiven(now)) => before == now,
                _ => false,
            };
            changed |= !is_as_before;
            // What was read before is as good until the same file reads, and of no use once it is another file.
            let is_kept = |(kept, _): &(FileMark, Arc<Summary>)| *kept == mark && !matches!(outcome, ReadOutcome::Read(_));
            if !polled.before.get(&file.name).is_some_and(is_kept) {
                polled.before.remove(&file.name);
            }
            polled.files.insert(file.name.clone(), ReadFile { mark, outcome });
        }
        if changed {
            polled.results = gather(polled.files.values(), polled.before.values(), polled.results.version + 1);
        }
        changed
    }

    /// Reads one result through its task; a panic of the task is its fault alone.
    fn read_one(&mut self, task: &dyn MonTask, mark: &FileMark, now: Timestamp) -> ReadOutcome {
        let bytes = match self.folder.read(&mark.0.name) {
            Ok(bytes) => bytes,
            Err(error) => return ReadOutcome::NotGiven(format!("not read, tried again at each poll: {error}")),
        };
        // A sidecar that is there and is not given must not read as a result without one.
        let sidecar = match mark.1.as_ref().map(|file| self.folder.read(&file.name)).transpose() {
            Ok(sidecar) => sidecar,
            Err(error) => return ReadOutcome::NotGiven(format!("its .json is not read, tried again at each poll: {error}")),
        };
        let input = ResultFile { name: &mark.0.name, bytes: &bytes, sidecar: sidecar.as_deref() };
        let context = TaskContext { detector: &self.detector, now };
        match catch_unwind(AssertUnwindSafe(|| task.read(&input, &context))) {
            Ok(Ok(summary)) => ReadOutcome::Read(Arc::new(summary)),
            Ok(Err(ReadError::Incomplete(_))) => ReadOutcome::Incomplete,
            Ok(Err(ReadError::Malformed(reason))) => ReadOutcome::Unread(reason),
            Ok(Err(ReadError::Waiting)) => ReadOutcome::Waiting,
            Ok(Err(ReadError::NotNow(reason))) => ReadOutcome::NotGiven(reason),
            Err(panic) => ReadOutcome::Panicked(format!("the task failed on {}: {}", mark.0.name, panic_message(&*panic))),
        }
    }
}

/// The words of a panic.
pub(super) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().map(ToString::to_string);
    words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".into())
}

/// A name without its last ending.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// A task's results from its files: history by the data's stamp, then by name.
fn gather<'a>(
    files: impl Iterator<Item = &'a ReadFile>,
    before: impl Iterator<Item = &'a (FileMark, Arc<Summary>)>,
    version: u64,
) -> TaskResults {
    let mut results = TaskResults { version, ..TaskResults::default() };
    for file in files {
        let name = || file.mark.0.name.clone();
        match &file.outcome {
            ReadOutcome::Read(summary) => results.history.push(summary.clone()),
            ReadOutcome::Incomplete | ReadOutcome::Waiting => {}
            ReadOutcome::Unread(reason) | ReadOutcome::NotGiven(reason) => results.unread.push((name(), reason.clone())),
            ReadOutcome::Panicked(message) => results.fault = Some(message.clone()),
        }
    }
    results.history.extend(before.map(|(_, summary)| summary.clone()));
    results.history.sort_by_key(|summary| summary.stamp());
    results
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A folder that gives what the test says, or the error it says.
    #[derive(Clone, Default)]
    struct Made(Arc<std::sync::Mutex<Content>>);

    #[derive(Default)]
    struct Content {
        files: BTreeMap<String, Result<Vec<u8>, &'static str>>,
        broken_folder: Option<&'static str>,
    }

    impl ResultsFolder for Made {
        fn list(&mut self, folder: &str, suffix: &str) -> io::Result<Vec<FoundResult>> {
            let content = self.0.lock().unwrap();
            if content.broken_folder == Some(folder) {
                return Err(io::Error::other("the disk is away"));
            }
            let names = content.files.iter().filter(|(name, _)| name.starts_with(&format!("{folder}/")));
            let found =
                names.filter(|(name, _)| name.ends_with(suffix) || name.ends_with(".json")).map(|(name, bytes)| FoundResult {
                    name: name.clone(),
                    size_bytes: bytes.as_ref().map_or(0, |bytes| bytes.len() as u64),
                    modified_ns: 0,
                });
            Ok(found.collect())
        }

        fn read(&mut self, name: &str) -> io::Result<Vec<u8>> {
            self.0.lock().unwrap().files[name].clone().map_err(io::Error::other)
        }
    }

    fn poller(folder: &Made) -> ResultPoller {
        let detector = crate::detector::load("3x1x1", "", Path::new(".")).unwrap();
        ResultPoller::new(Arc::new(TaskRegistry::built_in()), Arc::new(detector), Box::new(folder.clone()), &Settings::default())
    }

    /// A look at everything.
    fn look(poller: &mut ResultPoller) -> Option<ResultsView> {
        poller.hurry();
        poller.poll(Timestamp::UNIX_EPOCH)
    }

    const OLD_FILE: &[u8] = b"190516_195200\n3000.0 80.0 2900.0 70.0\n3 8.7 0.13 8.7 0.12\n";

    #[test]
    fn a_half_written_result_is_not_shown_and_read_again() {
        let folder = Made::default();
        let mut poller = poller(&folder);
        folder.0.lock().unwrap().files.insert("crp/a.txt".into(), Ok(OLD_FILE[..30].to_vec()));
        let view = look(&mut poller).unwrap();
        assert!(view.tasks["purity"].history.is_empty() && view.tasks["purity"].unread.is_empty());
        assert!(look(&mut poller).is_none(), "nothing new was told as news");
        folder.0.lock().unwrap().files.insert("crp/a.txt".into(), Ok(OLD_FILE.to_vec()));
        assert_eq!(look(&mut poller).unwrap().tasks["purity"].history.len(), 1);
    }

    #[test]
    fn a_result_that_the_disk_does_not_give_is_said_and_tried_again() {
        let folder = Made::default();
        let mut poller = poller(&folder);
        folder.0.lock().unwrap().files.insert("crp/a.txt".into(), Err("input/output error"));
        let view = look(&mut poller).unwrap();
        assert!(view.tasks["purity"].unread[0].1.contains("input/output error"));
        assert!(look(&mut poller).is_none(), "the same fault is said once");
        folder.0.lock().unwrap().files.insert("crp/a.txt".into(), Ok(OLD_FILE.to_vec()));
        let view = look(&mut poller).unwrap();
        assert!(view.tasks["purity"].unread.is_empty() && view.tasks["purity"].history.len() == 1);
    }

    #[test]
    fn a_folder_that_is_away_is_said_until_it_is_back_and_what_was_read_stays() {
        let folder = Made::default();
        let mut poller = poller(&folder);
        folder.0.lock().unwrap().files.insert("crp/a.txt".into(), Ok(OLD_FILE.to_vec()));
        look(&mut poller);
        folder.0.lock().unwrap().broken_folder = Some("crp");
        let view = look(&mut poller).unwrap();
        assert_eq!(view.faults.len(), 1, "{:?}", view.faults);
        assert_eq!(view.tasks["purity"].history.len(), 1);
        assert!(look(&mut poller).is_none(), "the same fault is said once");
        folder.0.lock().unwrap().broken_folder = None;
        assert!(look(&mut poller).unwrap().faults.is_empty());
    }
}
