//! The files of a workspace or a folder that hold records: known by their content, and by name and place where that is damaged.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use jiff::tz::TimeZone;
use monitasks::declared::{LARGEST_TASK_FILE_BYTES, RowWalk, TaskFile, Walked};
use monitasks::detector::Detector;
use monitasks::format::crp_summary::read_stamp;
use monitasks::format::root::RootFile;
use monitasks::registry::TaskRegistry;
use monitasks::task::{MonTask, TaskInfo};
use monitasks::vocab::FileId;

use super::FilesFound;
use super::names::stem;
use super::raw::RawFileFound;
use super::results::{ResultFound, ResultsOfTask};
use super::slow_control::SlowRows;
use crate::config::Workspace;
use crate::detector;
use crate::durable::FileError;
use crate::live::{DiskResults, FoundResult, ResultsFolder};
use crate::rawdata::begins_with_event_table;
use crate::rawdata::layout::{EVENT_KEY, FOOTER_KEY, RUN_HEADER_BYTES};
use crate::reconstruction::recofile::FileBytes;
use crate::replay::source::ReplayError;

/// The detector of files that do not tell theirs.
pub(super) const OLD_DETECTOR: &str = "3x1x1";
/// The detector of raw files that begin with a table of events.
const TABLE_DETECTOR: &str = "6x6x6";

/// Folders in folders that are looked into.
const MOST_DEPTH: usize = 8;
/// Bytes at a file's beginning that tell what it is.
const START_BYTES: u64 = 16 << 10;
/// How a file begins that SQLite keeps.
const SQLITE: &[u8] = b"SQLite format 3\0";
/// How an export of a book begins.
const EXPORT: &[u8] = b"{\"format\":\"dqmon book\"";
/// The folder of what the backend writes of itself: it is no slow control.
const FLOW_FOLDER: &str = "flow";

/// A file that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// Its name below the folder that was looked through: `crp/run1-p1-g0.txt`.
    pub name: String,
    /// Where it stands.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// When it was last changed, ns since 1970.
    pub modified_ns: i64,
}

/// What a file holds, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// A book in one file.
    Book,
    /// An export of a book.
    Export,
    /// A raw file of the first layout, or one with a table of events.
    Raw {
        /// Whether it begins with a table of events.
        has_table: bool,
    },
    /// A ROOT file.
    Root,
    /// A summary file: stamp, lifetimes, LEM rows.
    Summary,
    /// A pedestal file.
    Pedestals,
    /// A noise file.
    Noise,
    /// Rows with a header that names a column of stamps.
    Rows,
    /// None of these.
    Other,
}

impl FoundFile {
    /// A file as it stands now; none for what is no file.
    fn look(path: &Path, name: String) -> io::Result<Option<Self>> {
        let facts = std::fs::metadata(path)?;
        let since = facts.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_nanos());
        let modified_ns = i64::try_from(since).unwrap_or(i64::MAX);
        Ok(facts.is_file().then(|| FoundFile { name, path: path.to_owned(), size_bytes: facts.len(), modified_ns }))
    }

    /// Bytes that are others when the file is another.
    pub(super) fn known_by(&self) -> Vec<u8> {
        [self.name.as_bytes(), &[0], &self.size_bytes.to_le_bytes(), &self.modified_ns.to_le_bytes()].concat()
    }
}

/// What a file holds.
pub(super) fn known(path: &Path) -> io::Result<Known> {
    let mut start = Vec::new();
    File::open(path)?.take(START_BYTES).read_to_end(&mut start)?;
    Ok(known_by_start(&start))
}

fn known_by_start(start: &[u8]) -> Known {
    let at_first_key = start.get(RUN_HEADER_BYTES..RUN_HEADER_BYTES + 2);
    if start.starts_with(SQLITE) {
        Known::Book
    } else if start.starts_with(EXPORT) {
        Known::Export
    } else if start.starts_with(b"root") {
        Known::Root
    } else if at_first_key.is_some_and(|key| key == EVENT_KEY || key == FOOTER_KEY) {
        Known::Raw { has_table: false }
    } else if begins_with_event_table(start) {
        Known::Raw { has_table: true }
    } else {
        let end = std::str::from_utf8(start).map_or_else(|error| error.valid_up_to(), str::len);
        std::str::from_utf8(&start[..end]).map_or(Known::Other, known_by_text)
    }
}

fn known_by_text(text: &str) -> Known {
    let Some(first) = text.lines().map(str::trim).find(|line| !line.is_empty()) else { return Known::Other };
    let words: Vec<&str> = first.split_whitespace().collect();
    if read_stamp(first).is_some() {
        return Known::Summary;
    }
    if words.len() == 6 && words.iter().all(|word| word.parse::<f64>().is_ok()) {
        return Known::Pedestals;
    }
    if words.starts_with(&["#", "group", "first_channel"]) {
        return Known::Noise;
    }
    if has_rows(text) { Known::Rows } else { Known::Other }
}

/// Whether a text is a header with a column of stamps, and rows that have them; some may be damaged.
fn has_rows(text: &str) -> bool {
    let mut walk = RowWalk::of_any_csv();
    let (mut has_header, mut others) = (false, 0);
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let is_said = !(line.trim().is_empty() || line.trim_start().starts_with('#'));
        match walk.line(number, line) {
            Walked::Row(_) => return true,
            Walked::NoRow if is_said => has_header = line.contains(','),
            Walked::Wrong(_) if walk.is_refused() => return false,
            Walked::Wrong(_) if line.ends_with('\n') => others += 1,
            _ => {}
        }
    }
    has_header && others == 0
}

/// What stands in a workspace.
pub(super) fn in_workspace(workspace: &Workspace, detector: &Detector) -> FilesFound {
    let mut found = FilesFound::default();
    let zone = TimeZone::get(&workspace.settings.time_zone).unwrap_or(TimeZone::UTC);
    let root = workspace.results();
    let mut results = DiskResults::of_folder(&root);
    let registry = TaskRegistry::built_in_at(&zone);
    for task in registry.iter() {
        let reader = registry.shared(&task.info().name).cloned();
        let files = results_of(&mut results, &root, task.info(), &mut found.faults);
        let (task, below) = (task.info().name.clone(), task.info().folder.clone());
        let folder = root.join(&below);
        found.results.push(ResultsOfTask { task, reader, folder, below, files, is_of_rows: false });
    }
    for (path, text) in task_files(workspace, &mut found.faults) {
        take_task_file(&path, &text, &root, &mut results, &mut found);
    }
    let mut taken: Vec<FileId> = Vec::new();
    for folder in [workspace.input(), workspace.incoming()] {
        for file in files_below(&folder, &mut found.faults) {
            let id = detector.match_raw_name(file.name.rsplit('/').next().unwrap_or_default());
            let is_raw = id.is_some() || matches!(known(&file.path), Ok(Known::Raw { .. }));
            // What stands in the storage is a copy of what came in.
            if is_raw && !id.is_some_and(|id| taken.contains(&id)) {
                taken.extend(id);
                found.raw.push(RawFileFound { file, id, readout: detector.readout });
            }
        }
    }
    let output = workspace.root.join("storage/output");
    let is_root = |file: &FoundFile| matches!(known(&file.path), Ok(Known::Root)) || file.name.ends_with(".root");
    found.reconstructed.extend(files_below(&output, &mut found.faults).into_iter().filter(is_root));
    found
}

/// The task files of a workspace and their texts.
fn task_files(workspace: &Workspace, faults: &mut Vec<(String, String)>) -> Vec<(PathBuf, String)> {
    let files = files_below(&workspace.root.join("tasks"), faults);
    let read = |file: FoundFile| {
        let is_one = file.name.ends_with(".toml") && !file.name.contains('/');
        let is_short = file.size_bytes <= LARGEST_TASK_FILE_BYTES as u64;
        (is_one && is_short).then(|| std::fs::read_to_string(&file.path).ok().map(|text| (file.path, text))).flatten()
    };
    files.into_iter().filter_map(read).collect()
}

/// Takes what a task file declares: the results of its task, and their rows where they are stamped.
fn take_task_file(path: &Path, text: &str, root: &Path, results: &mut DiskResults, found: &mut FilesFound) {
    let declared = match TaskFile::parse(text, &path.display().to_string()) {
        Ok(declared) => declared,
        Err(error) => return found.faults.push((format!("results/{}", stem(&path.to_string_lossy())), error.to_string())),
    };
    let info = declared.info().clone();
    if found.results.iter().any(|of| of.task == info.name) {
        return;
    }
    let files = results_of(results, root, &info, &mut found.faults);
    let folder = root.join(&info.folder);
    let TaskFile::Declared(task) = declared else {
        found.results.push(ResultsOfTask { task: info.name, reader: None, folder, below: info.folder, files, is_of_rows: false });
        return;
    };
    let walk = task.row_walk().filter(|_| info.folder != FLOW_FOLDER);
    let is_of_rows = walk.is_some();
    if let Some(walk) = walk {
        let rows = files.iter().map(|found| found.file.clone()).collect();
        let (name, below) = (info.name.clone(), info.folder.clone());
        found.slow.push(SlowRows { name, walk, folder: folder.clone(), below, files: rows });
    }
    let (task, below, reader) = (info.name, info.folder, Some(Arc::new(task) as Arc<dyn MonTask>));
    found.results.push(ResultsOfTask { task, reader, folder, below, files, is_of_rows });
}

/// The results of a task as the window's poller lists them.
fn results_of(results: &mut DiskResults, root: &Path, info: &TaskInfo, faults: &mut Vec<(String, String)>) -> Vec<ResultFound> {
    let listed = match results.list(&info.folder, &info.suffix) {
        Ok(listed) => listed,
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                faults.push((format!("results/{}", info.name), format!("folder not listed: {error}: {}", info.folder)));
            }
            return Vec::new();
        }
    };
    let file = |found: &FoundResult| FoundFile {
        name: found.name.clone(),
        path: root.join(&found.name),
        size_bytes: found.size_bytes,
        modified_ns: i64::try_from(found.modified_ns).unwrap_or(i64::MAX),
    };
    let side = |of: &FoundResult| {
        let name = of.name.rsplit_once('.').map_or(of.name.as_str(), |(stem, _)| stem).to_owned() + ".json";
        listed.iter().find(|other| other.name == name && other.name != of.name)
    };
    let own = listed.iter().filter(|found| found.name.ends_with(&info.suffix));
    own.map(|found| ResultFound { file: file(found), side: side(found).map(file) }).collect()
}

/// What stands in a folder, or in one file.
///
/// # Errors
/// When the folder can't be listed.
pub(super) fn in_folder(root: &Path, detector: &Arc<Detector>) -> Result<FilesFound, ReplayError> {
    let mut found = FilesFound::default();
    let files = if root.is_dir() {
        std::fs::read_dir(root).map_err(|why| FileError { what: "folder not listed", why, path: root.to_owned() })?;
        files_below(root, &mut found.faults)
    } else {
        let name = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        FoundFile::look(root, name)
            .map_err(|why| FileError { what: "file not read", why, path: root.to_owned() })?
            .into_iter()
            .collect()
    };
    let with_table = detector::load(TABLE_DETECTOR, "", Path::new(".")).ok();
    let mut by_folder: BTreeMap<&str, Vec<ResultFound>> = BTreeMap::new();
    let mut rows: BTreeMap<PathBuf, Vec<FoundFile>> = BTreeMap::new();
    for file in files {
        let known = match known(&file.path) {
            Ok(known) => known,
            Err(error) => {
                found.faults.push((format!("files/{}", file.name), format!("not read: {error}")));
                continue;
            }
        };
        let id = detector.match_raw_name(file.name.rsplit('/').next().unwrap_or_default());
        let raw = |readout| RawFileFound { file: file.clone(), id, readout };
        match (known, &with_table) {
            (Known::Raw { has_table: true }, Some(other)) => found.raw.push(raw(other.readout)),
            (Known::Raw { .. }, _) => found.raw.push(raw(detector.readout)),
            (Known::Other, _) if id.is_some() => found.raw.push(raw(detector.readout)),
            (Known::Rows, _) => rows.entry(folder_of(&file)).or_default().push(file),
            (Known::Root, _) if !is_of_events(&file) => found.reconstructed.push(file),
            (known, _) => {
                let Some(folder) = result_folder(known, &file) else { continue };
                let side = side_of(&file);
                by_folder.entry(folder).or_default().push(ResultFound { file, side });
            }
        }
    }
    let registry = TaskRegistry::built_in();
    for task in registry.iter() {
        let Some(files) = by_folder.get(task.info().folder.as_str()).cloned() else { continue };
        let reader = registry.shared(&task.info().name).cloned();
        let (task, below) = (task.info().name.clone(), task.info().folder.clone());
        let folder = root.to_owned();
        found.results.push(ResultsOfTask { task, reader, folder, below, files, is_of_rows: false });
    }
    found.slow.extend(rows.into_iter().map(|(folder, files)| slow_rows(folder, files)));
    Ok(found)
}

/// The folder below `results/` in which a result of some kind would stand; none for what is no result.
fn result_folder(known: Known, file: &FoundFile) -> Option<&'static str> {
    match known {
        Known::Summary => Some("crp"),
        Known::Pedestals => Some("pedestals"),
        Known::Noise => Some("noise"),
        Known::Root => Some("events"),
        Known::Other => {
            // Damaged at its beginning, it is still where such results stand and is called as they are.
            let folder = folder_of(file);
            let folder = folder.file_name()?.to_str()?;
            let of = [("crp", ".txt"), ("pedestals", ".ped"), ("noise", ".txt"), ("events", ".root")];
            of.into_iter().find(|(name, suffix)| *name == folder && file.name.ends_with(suffix)).map(|(name, _)| name)
        }
        Known::Book | Known::Export | Known::Raw { .. } | Known::Rows => None,
    }
}

/// Whether a ROOT file is a result of histograms; any other one is taken for a reconstructed file, whose reader says what is wrong.
fn is_of_events(file: &FoundFile) -> bool {
    let opened = FileBytes::open(&file.path).ok().and_then(|bytes| RootFile::open(bytes).ok());
    match opened {
        Some(opened) => opened.find("meta").is_err() && opened.find("numbers").is_ok(),
        None => folder_of(file).file_name().is_some_and(|name| name == "events"),
    }
}

/// Rows of one folder: as the shipped task has them where all of its columns are there, else by their stamps alone.
fn slow_rows(folder: PathBuf, files: Vec<FoundFile>) -> SlowRows {
    let shipped = Workspace::NEW_TASKS.into_iter().find(|(name, _)| name.starts_with("slow_control"));
    let shipped = shipped.and_then(|(name, text)| TaskFile::parse(text, name).ok()).and_then(|task| match task {
        TaskFile::Declared(task) => task.row_walk().map(|walk| (task.info().folder.clone(), walk)),
        TaskFile::Program(_) => None,
    });
    let is_of = |(_, walk): &(String, RowWalk)| files.iter().all(|file| has_header_of(walk.clone(), &file.path));
    let name = folder.file_name().map_or_else(|| "rows".to_owned(), |name| name.to_string_lossy().into_owned());
    let (below, walk) = shipped.filter(is_of).unwrap_or_else(|| (name.clone(), RowWalk::of_any_csv()));
    SlowRows { name, walk, folder, below, files }
}

fn has_header_of(mut walk: RowWalk, path: &Path) -> bool {
    let mut start = Vec::new();
    if File::open(path).and_then(|file| file.take(START_BYTES).read_to_end(&mut start)).is_err() {
        return false;
    }
    let text = String::from_utf8_lossy(&start);
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        walk.line(number, line);
    }
    !walk.is_refused()
}

fn folder_of(file: &FoundFile) -> PathBuf {
    let folder = file.path.parent().map(Path::to_owned).unwrap_or_default();
    std::path::absolute(&folder).unwrap_or(folder)
}

/// The `.json` beside a result.
fn side_of(file: &FoundFile) -> Option<FoundFile> {
    let path = file.path.with_extension("json");
    let name = file.name.rsplit_once('.').map_or(file.name.as_str(), |(stem, _)| stem).to_owned() + ".json";
    FoundFile::look(&path, name).ok().flatten().filter(|side| side.path != file.path)
}

/// All files below a folder, in order of name; hidden ones, which are being written, and what can't be listed are left out.
fn files_below(root: &Path, faults: &mut Vec<(String, String)>) -> Vec<FoundFile> {
    let mut found = Vec::new();
    let mut folders = vec![(root.to_owned(), String::new(), 0)];
    while let Some((folder, prefix, depth)) = folders.pop() {
        let listed = match std::fs::read_dir(&folder) {
            Ok(listed) => listed,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    faults.push((format!("files/{prefix}"), format!("folder not listed: {error}: {}", folder.display())));
                }
                continue;
            }
        };
        for entry in listed.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let (path, own) = (entry.path(), format!("{prefix}{name}"));
            if name.starts_with('.') {
                continue;
            }
            // A link to a folder may lead round in a circle; one to a file is as good as the file.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if depth < MOST_DEPTH {
                    folders.push((path, format!("{own}/"), depth + 1));
                }
            } else {
                // What vanishes between the listing and the look is simply not there any more.
                found.extend(FoundFile::look(&path, own).ok().flatten());
            }
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_and_not_the_ending_tells_what_a_file_holds() {
        let cases: [(&[u8], Known); 13] = [
            (b"SQLite format 3\0....", Known::Book),
            (b"{\"format\":\"dqmon book\",\"version\":2}\n", Known::Export),
            (b"root\0\0\0\0", Known::Root),
            (b"\0\0\0\x01\0\xFF\xFF\x01", Known::Raw { has_table: false }),
            (b"\0\0\0\x01\0\xF0\xF0\0\0", Known::Raw { has_table: false }),
            (b"190516_195200\n1 2 3 4\n", Known::Summary),
            (b"    0  0 0 288   60.1  1.7\n", Known::Pedestals),
            (b"# group first_channel channels\n", Known::Noise),
            (b"# by hand\nstamp_utc,T_K\n", Known::Rows),
            (b"run,gain\n1,2\n", Known::Other),
            (b"a letter, in which the time is told\nand the place\n\xFF", Known::Other),
            (b"Time (UTC),T_K\nbroken\n2017-08-01T12:00:00Z,1\n", Known::Rows),
            (b"", Known::Other),
        ];
        for (start, expected) in cases {
            assert_eq!(known_by_start(start), expected, "{:?}", String::from_utf8_lossy(start));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_get_an_answer(start in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = known_by_start(&start);
        }
    }
}
