//! The workspace's task files: monitor tasks written in TOML, and programs that are tasks. Read again when one changes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use jiff::tz::TimeZone;
use monitasks::declared::{LARGEST_TASK_FILE_BYTES, TaskFile};
use monitasks::external::DescribedTask;
use monitasks::figure::Figure;
use monitasks::registry::TaskRegistry;
use monitasks::summary::Summary;
use monitasks::task::{Glance, MonTask, ReadError, ResultFile, TaskContext, TaskInfo};

use super::event::{self, EVENT_DISPLAY};
use super::external::{ExternalTask, Program, watched_files};
use crate::config::Workspace;

/// Most task files of a workspace: the others are told as a fault.
const MOST_TASK_FILES: usize = 256;
/// A command waits at most so long for programs to describe themselves.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The tasks of a workspace: the built-in ones, and those of its task files.
pub struct WorkspaceTasks {
    root: PathBuf,
    results: PathBuf,
    /// The zone that the built-in ones were made for.
    built_in: (String, TaskRegistry),
    files: BTreeMap<PathBuf, HotFile>,
    /// What it looked like when it was read last.
    known: Mark,
}

/// A task file as last read.
#[derive(Default)]
struct HotFile {
    /// What it was made from: the text, and the files that its program is made of.
    text: String,
    made_of: Vec<FileMark>,
    /// The task in force: the last one that works.
    current: Option<Current>,
    /// One that has not said yet what it shows.
    next: Option<Next>,
    /// Why the file can't be used.
    refused: Option<String>,
}

struct Current {
    task: Arc<dyn MonTask>,
    /// Of a program's task: the program, and what it said of itself when the task was made.
    program: Option<(Arc<Program>, DescribedTask)>,
    file: TaskFile,
}

struct Next {
    program: Arc<Program>,
    file: TaskFile,
}

/// What tells one state of a file from another: its path, when it was changed, its size.
type FileMark = (PathBuf, Option<(SystemTime, u64)>);

/// What tells one state of all task files from another.
#[derive(PartialEq, Default)]
struct Mark {
    files: Vec<FileMark>,
    programs: Vec<u64>,
}

impl WorkspaceTasks {
    /// Nothing is read yet.
    #[must_use]
    pub fn of(workspace: &Workspace) -> Self {
        WorkspaceTasks::below(&workspace.root, &workspace.results())
    }

    fn below(root: &Path, results: &Path) -> Self {
        let built_in = (String::new(), TaskRegistry::default());
        let (root, results) = (root.to_owned(), results.to_owned());
        WorkspaceTasks { root, results, built_in, files: BTreeMap::new(), known: Mark::default() }
    }

    /// Whether task files or their programs are others than when they were read last, or a program says something new.
    pub fn has_changed(&mut self) -> bool {
        self.mark() != self.known
    }

    /// Reads the task files, again if need be: the registry to use now, and a message for each file that can't be used. A file
    /// that was good before keeps its last good task; a task of which nothing has changed is the same one as before. An unknown time
    /// zone, which settings refuse, reads as UTC.
    pub fn read(&mut self, time_zone: &str) -> (TaskRegistry, Vec<String>) {
        if self.built_in.0 != time_zone || self.built_in.1.iter().next().is_none() {
            let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
            self.built_in = (time_zone.to_owned(), TaskRegistry::built_in_at(&zone));
        }
        // Before the files are read: what changes meanwhile is read the next time.
        self.known = self.mark();
        let mut faults = self.reload();
        let mut registry = self.built_in.1.clone();
        let mut red = Vec::new();
        for (path, file) in &mut self.files {
            let name = path.display().to_string();
            file.take_descriptions(&self.results);
            let own = file.branch(path, &name);
            let taken = match registry.get(&own.task.info().name) {
                Some(taken) => Some(format!("the task {:?}", taken.info().title)),
                // The event display is a branch of the tree without being in the registry.
                None => (own.task.info().name == EVENT_DISPLAY).then(|| format!("the task {:?}", event::info().title)),
            };
            if let Some(taken) = taken {
                faults.push(
                    own.file
                        .as_ref()
                        .map_or_else(|| own.fault.clone().unwrap_or_default(), |file| file.name_taken(&taken).to_string()),
                );
                continue;
            }
            let task_name = own.task.info().name.clone();
            registry.add(own.task);
            if let Some(fault) = own.fault {
                if own.is_of_file {
                    faults.push(fault.clone());
                }
                red.push((task_name, fault));
            }
        }
        for (name, fault) in red {
            registry.set_fault(&name, fault);
        }
        (registry, faults)
    }

    /// The same for a command that reads once: waits until each program has said what it shows, or why it can't.
    pub fn read_whole(&mut self, time_zone: &str) -> (TaskRegistry, Vec<String>) {
        let end = Instant::now() + LONGEST_WAIT;
        loop {
            let read = self.read(time_zone);
            let is_open = |next: &Next| next.program.description().is_none() && next.program.fault().is_none();
            if !self.files.values().filter_map(|file| file.next.as_ref()).any(is_open) || Instant::now() >= end {
                // One may have answered since it was read.
                return if self.has_changed() { self.read(time_zone) } else { read };
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn folder(&self) -> PathBuf {
        self.root.join("tasks")
    }

    fn mark(&self) -> Mark {
        let listed = task_files(&self.folder()).unwrap_or_default();
        let of_programs = self.files.values().flat_map(|file| file.made_of.iter().map(|(path, _)| path.clone()));
        let files = listed.into_iter().chain(of_programs).map(file_mark).collect();
        Mark { files, programs: self.files.values().flat_map(HotFile::versions).collect() }
    }

    /// Reads what has changed; a message when the folder can't be read.
    fn reload(&mut self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut paths = match task_files(&self.folder()) {
            Ok(paths) => paths,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                return vec![format!("task files not read, the last ones stay: {error}: {}", self.folder().display())];
            }
        };
        if paths.len() > MOST_TASK_FILES {
            let (found, folder) = (paths.len(), self.folder());
            faults.push(format!(
                "{found} task files, only the first {MOST_TASK_FILES} in order of name are read: {}",
                folder.display()
            ));
            paths.truncate(MOST_TASK_FILES);
        }
        self.files.retain(|path, _| paths.contains(path));
        for path in paths {
            self.files.entry(path.clone()).or_default().reload(&path, &self.root);
        }
        faults
    }
}

/// A file's branch of the tree.
struct Branch {
    task: Arc<dyn MonTask>,
    /// None for a file that was never any good.
    file: Option<TaskFile>,
    fault: Option<String>,
    /// The fault is one of what is written, not of a program that runs into trouble.
    is_of_file: bool,
}

impl HotFile {
    /// Reads the file again when it, or a file of its program, has changed.
    fn reload(&mut self, path: &Path, root: &Path) {
        let name = path.display().to_string();
        let text = match read_text(path, LARGEST_TASK_FILE_BYTES) {
            Ok(text) => text,
            Err(error) => return self.refuse(format!("task file not read: {error}: {name}")),
        };
        let is_same = text == self.text && self.made_of.iter().all(|(path, mark)| file_mark(path.clone()).1 == *mark);
        if is_same && (self.current.is_some() || self.next.is_some() || self.refused.is_some()) {
            return;
        }
        self.text = text;
        match TaskFile::parse(&self.text, &name) {
            Err(error) => self.refuse(error.to_string()),
            Ok(TaskFile::Declared(task)) => {
                (self.made_of, self.next, self.refused) = (Vec::new(), None, None);
                let file = TaskFile::Declared(task.clone());
                self.current = Some(Current { task: Arc::new(task), program: None, file });
            }
            Ok(TaskFile::Program(task)) => {
                self.made_of = watched_files(&task, root).into_iter().map(file_mark).collect();
                self.refused = None;
                let program = Arc::new(Program::of(&task, root));
                self.next = Some(Next { program, file: TaskFile::Program(task) });
            }
        }
    }

    fn refuse(&mut self, why: String) {
        self.next = None;
        self.refused = Some(why);
    }

    /// Makes tasks of what programs have said since.
    fn take_descriptions(&mut self, results: &Path) {
        if let Some((next, described)) = self.next.as_ref().and_then(|next| Some((next, next.program.description()?))) {
            self.current = Some(Current::of_program(next.program.clone(), described, next.file.clone(), results));
            self.next = None;
        }
        let Some((program, known)) = self.current.as_ref().and_then(|current| current.program.clone()) else { return };
        // Started again, it may show something else.
        if let Some(described) = program.description().filter(|described| *described != known) {
            let file = self.current.as_ref().map(|current| current.file.clone());
            self.current = file.map(|file| Current::of_program(program, described, file, results));
        }
    }

    /// Of its programs, as far as there are any.
    fn versions(&self) -> impl Iterator<Item = u64> {
        let current = self.current.as_ref().and_then(|current| current.program.as_ref()).map(|(program, _)| program);
        let next = self.next.as_ref().map(|next| &next.program);
        current.into_iter().chain(next).map(|program| program.version())
    }

    fn branch(&self, path: &Path, name: &str) -> Branch {
        let of_next = self.next.as_ref().and_then(|next| next.program.fault());
        let Some(current) = &self.current else {
            let (info, file) = match &self.next {
                Some(next) => (next.file.info().clone(), Some(next.file.clone())),
                None => (info_of(path), None),
            };
            let is_of_file = self.refused.is_some() || of_next.is_some();
            let of_next = of_next.map(|fault| format!("{fault}: {name}"));
            let fault = self.refused.clone().or(of_next);
            return Branch { task: Arc::new(Unready { info }), file, fault, is_of_file };
        };
        let of_change = self.refused.clone().or_else(|| of_next.map(|fault| format!("{fault}: {name}")));
        let of_change = of_change.map(|fault| format!("the last good '{}' stays: {fault}", current.task.info().name));
        let is_of_file = of_change.is_some();
        let of_program = || current.program.as_ref().and_then(|(program, _)| program.fault());
        Branch { task: current.task.clone(), file: Some(current.file.clone()), fault: of_change.or_else(of_program), is_of_file }
    }
}

impl Current {
    fn of_program(program: Arc<Program>, described: DescribedTask, file: TaskFile, results: &Path) -> Current {
        let task = Arc::new(ExternalTask::new(described.clone(), program.clone(), results));
        Current { task, program: Some((program, described)), file }
    }
}

/// A branch without leaves yet: of a program that has not said what it shows, or of a file that can't be used.
struct Unready {
    info: TaskInfo,
}

impl MonTask for Unready {
    fn info(&self) -> &TaskInfo {
        &self.info
    }

    fn read(&self, _: &ResultFile<'_>, _: &TaskContext<'_>) -> Result<Summary, ReadError> {
        Err(ReadError::Waiting)
    }

    fn draw(&self, item: &str, _: &[&Summary], _: &TaskContext<'_>) -> Figure {
        Figure::empty(item, format!("{} has no plots yet.", self.info.title))
    }

    fn glance(&self, _: &str, _: &[&Summary], _: &TaskContext<'_>) -> Glance {
        Glance::cannot_judge(format!("{} has no plots yet", self.info.title))
    }
}

/// The names of a file that can't be used.
fn info_of(path: &Path) -> TaskInfo {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    TaskInfo {
        name: stem.clone(),
        title: stem,
        about: "A task file that can't be used.".into(),
        folder: String::new(),
        suffix: String::new(),
        poll_s: 30.0,
        items: Vec::new(),
    }
}

fn file_mark(path: PathBuf) -> FileMark {
    let metadata = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file);
    let mark = metadata.and_then(|metadata| Some((metadata.modified().ok()?, metadata.len())));
    (path, mark)
}

fn task_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(".toml") && !name.starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// A text of so many bytes at most.
pub(super) fn read_text(path: &Path, most_bytes: usize) -> io::Result<String> {
    // A pipe would be waited for.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("no regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most_bytes as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > most_bytes {
        return Err(io::Error::other(format!("longer than {most_bytes} bytes")));
    }
    String::from_utf8(bytes)
        .map_err(|error| io::Error::other(format!("byte {} is no UTF-8 text", error.utf8_error().valid_up_to())))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const EXAMPLE: &str = include_str!("../../assets/tasks/slow_control.toml");

    fn named(name: &str) -> String {
        EXAMPLE.replacen("\"slow_control\"", &format!("{name:?}"), 1)
    }

    /// A folder with a folder `tasks`, and its tasks.
    fn workspace() -> (tempfile::TempDir, WorkspaceTasks) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("tasks")).unwrap();
        let tasks = WorkspaceTasks::below(folder.path(), &folder.path().join("results"));
        (folder, tasks)
    }

    /// Names of the tasks that are not built in, and the messages.
    fn read(tasks: &mut WorkspaceTasks) -> (Vec<String>, Vec<String>) {
        let (registry, faults) = tasks.read("UTC");
        let built_in = TaskRegistry::built_in();
        let names = registry.iter().map(|task| task.info().name.clone()).filter(|name| built_in.get(name).is_none());
        (names.collect(), faults)
    }

    #[test]
    fn task_files_are_read_in_order_of_name_and_bad_ones_told() {
        let (folder, mut tasks) = workspace();
        assert_eq!(read(&mut tasks), (Vec::new(), Vec::new()));
        let folder = folder.path().join("tasks");
        fs::write(folder.join("b.toml"), named("second")).unwrap();
        fs::write(folder.join("a.toml"), named("first")).unwrap();
        fs::write(folder.join("c.toml"), named("third").replacen("plot", "plt", 1)).unwrap();
        fs::write(folder.join("d.toml"), named(EVENT_DISPLAY)).unwrap();
        fs::write(folder.join("e.toml"), [b'#', 0xff]).unwrap();
        fs::write(folder.join("f.toml"), vec![b'#'; LARGEST_TASK_FILE_BYTES + 1]).unwrap();
        fs::create_dir(folder.join("g.toml")).unwrap();
        fs::write(folder.join("h.txt"), "no task file").unwrap();
        fs::write(folder.join("i.toml"), named("purity")).unwrap();
        assert!(tasks.has_changed());
        let (names, faults) = read(&mut tasks);
        // What can't be used is a branch too, with its message.
        assert_eq!(names, ["first", "second", "c", "e", "f", "g"]);
        for (fault, (file, word)) in faults.iter().zip([
            ("c.toml:", "'plt'"),
            ("d.toml:3", "\"Event display\""),
            ("e.toml", "UTF-8"),
            ("f.toml", "1048576"),
            ("g.toml", "regular"),
            ("i.toml:3", "taken by the task"),
        ]) {
            assert!(fault.contains(file) && fault.contains(word), "{fault}");
        }
        assert_eq!(faults.len(), 6, "{faults:?}");
        assert!(!tasks.has_changed());
    }

    #[test]
    fn a_file_made_bad_keeps_its_last_good_task_and_a_removed_one_goes() {
        let (folder, mut tasks) = workspace();
        let (a, b) = (folder.path().join("tasks/a.toml"), folder.path().join("tasks/b.toml"));
        fs::write(&a, named("first")).unwrap();
        fs::write(&b, named("second")).unwrap();
        let (before, _) = tasks.read("UTC");
        fs::write(&a, "name = ").unwrap();
        fs::remove_file(&b).unwrap();
        let (registry, faults) = tasks.read("UTC");
        assert!(Arc::ptr_eq(before.shared("first").unwrap(), registry.shared("first").unwrap()), "nothing of it is read anew");
        assert!(registry.fault("first").is_some() && registry.get("second").is_none());
        assert!(faults.len() == 1 && faults[0].starts_with("the last good 'first' stays: task file refused: "), "{faults:?}");
        fs::write(&a, named("third")).unwrap();
        assert_eq!(read(&mut tasks), (vec!["third".to_owned()], Vec::new()));
    }
}
