//! The workspace's task files: monitor tasks written in TOML, read again when they change.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use monitasks::declared::{DeclaredTask, LARGEST_TASK_FILE_BYTES};
use monitasks::registry::TaskRegistry;
use monitasks::task::MonTask;

use super::event::EVENT_DISPLAY;
use crate::config::Workspace;

/// Most task files of a workspace: the others are told as a fault.
const MOST_TASK_FILES: usize = 256;

/// The tasks of a workspace: the built-in ones, and those its task files declare.
pub struct WorkspaceTasks {
    folder: PathBuf,
    declared: Vec<DeclaredTask>,
}

impl WorkspaceTasks {
    /// Nothing is read yet.
    #[must_use]
    pub fn of(workspace: &Workspace) -> Self {
        WorkspaceTasks { folder: workspace.root.join("tasks"), declared: Vec::new() }
    }

    /// Reads the task files, again if need be: the registry to use now, and a message for each file that can't be used. A file
    /// that was good before keeps its last good task. An unknown time zone, which settings refuse, reads as UTC.
    pub fn read(&mut self, time_zone: &str) -> (TaskRegistry, Vec<String>) {
        let (declared, mut faults) = reload_declared(&self.folder, &self.declared);
        self.declared = declared;
        let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
        let (registry, clashes) = TaskRegistry::built_in_at(&zone).and_declared(self.declared.clone());
        faults.extend(clashes);
        (registry, faults)
    }
}

/// The tasks of a folder's `*.toml`, in order of name, and a message for each file that can't be used; where a file was good
/// before, its task of `before` stays and the message says so. A folder that is not there has none. That names differ from
/// each other and from built-in ones is for the registry to check.
fn reload_declared(folder: &Path, before: &[DeclaredTask]) -> (Vec<DeclaredTask>, Vec<String>) {
    let mut paths = match task_files(folder) {
        Ok(paths) => paths,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return (Vec::new(), Vec::new()),
        Err(error) => {
            let fault = format!("task files not read, the last ones stay: {error}: {}", folder.display());
            return (before.to_vec(), vec![fault]);
        }
    };
    let (mut tasks, mut faults) = (Vec::new(), Vec::new());
    if paths.len() > MOST_TASK_FILES {
        let (found, folder) = (paths.len(), folder.display());
        faults.push(format!("{found} task files, only the first {MOST_TASK_FILES} in order of name are read: {folder}"));
        paths.truncate(MOST_TASK_FILES);
    }
    for path in paths {
        let name = path.display().to_string();
        match load_one(&path, &name) {
            Ok(task) => tasks.push(task),
            Err(fault) => match before.iter().find(|task| task.file_name() == name) {
                None => faults.push(fault),
                Some(task) => {
                    tasks.push(task.clone());
                    faults.push(format!("the last good '{}' stays: {fault}", task.info().name));
                }
            },
        }
    }
    (tasks, faults)
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

fn load_one(path: &Path, name: &str) -> Result<DeclaredTask, String> {
    let text = read_text(path, LARGEST_TASK_FILE_BYTES).map_err(|error| format!("task file not read: {error}: {name}"))?;
    let task = DeclaredTask::parse(&text, name).map_err(|error| error.to_string())?;
    // The event display is a branch of the tree without being in the registry.
    if task.info().name == EVENT_DISPLAY {
        return Err(task.name_taken("the event display").to_string());
    }
    Ok(task)
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

    fn names(tasks: &[DeclaredTask]) -> Vec<&str> {
        tasks.iter().map(|task| task.info().name.as_str()).collect()
    }

    fn named(name: &str) -> String {
        EXAMPLE.replacen("\"slow_control\"", &format!("{name:?}"), 1)
    }

    #[test]
    fn task_files_are_read_in_order_of_name_and_bad_ones_told() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(reload_declared(&folder.path().join("tasks"), &[]), (Vec::new(), Vec::new()));
        fs::write(folder.path().join("b.toml"), named("second")).unwrap();
        fs::write(folder.path().join("a.toml"), named("first")).unwrap();
        fs::write(folder.path().join("c.toml"), named("third").replacen("plot", "plt", 1)).unwrap();
        fs::write(folder.path().join("d.toml"), named(EVENT_DISPLAY)).unwrap();
        fs::write(folder.path().join("e.toml"), [b'#', 0xff]).unwrap();
        fs::write(folder.path().join("f.toml"), vec![b'#'; LARGEST_TASK_FILE_BYTES + 1]).unwrap();
        fs::create_dir(folder.path().join("g.toml")).unwrap();
        fs::write(folder.path().join("h.txt"), "no task file").unwrap();
        let (tasks, faults) = reload_declared(folder.path(), &[]);
        assert_eq!(names(&tasks), ["first", "second"]);
        for (fault, (file, word)) in faults.iter().zip([
            ("c.toml:", "'plt'"),
            ("d.toml:3", "the event display"),
            ("e.toml", "UTF-8"),
            ("f.toml", "1048576"),
            ("g.toml", "regular"),
        ]) {
            assert!(fault.contains(file) && fault.contains(word), "{fault}");
        }
        assert_eq!(faults.len(), 5, "{faults:?}");
    }

    #[test]
    fn a_file_made_bad_keeps_its_last_good_task_and_a_removed_one_goes() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a.toml"), folder.path().join("b.toml"));
        fs::write(&a, named("first")).unwrap();
        fs::write(&b, named("second")).unwrap();
        let (before, _) = reload_declared(folder.path(), &[]);
        fs::write(&a, "name = ").unwrap();
        fs::remove_file(&b).unwrap();
        let (after, faults) = reload_declared(folder.path(), &before);
        assert_eq!(names(&after), ["first"]);
        assert!(faults.len() == 1 && faults[0].starts_with("the last good 'first' stays: task file refused: "), "{faults:?}");
        fs::write(&a, named("third")).unwrap();
        let (after, faults) = reload_declared(folder.path(), &after);
        assert_eq!((names(&after), faults), (vec!["third"], Vec::new()));
    }
}
