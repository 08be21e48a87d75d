//! What stands in the intake folder, and what of it is complete.
//!
//! A file is complete when it ends as a raw file should, or when it has not changed for the quiet time while this process
//! looked on. A close after writing alone says nothing: a DAQ may close after each event. The sweep looks at everything, so that
//! nothing depends on an event having come.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use monitasks::detector::Detector;
use monitasks::names::NamePattern;
use monitasks::vocab::{FileId, Run};

use super::transfer::seen;
use super::watch::Hint;

/// Names that mean something in the intake folder, and what was seen there.
pub struct Intake {
    folder: PathBuf,
    /// Whose raw files are taken.
    detector: Detector,
    run_end: NamePattern,
    quiet: Duration,
    /// Whether a raw file ends as it should.
    is_whole: Box<dyn Fn(&Path) -> bool + Send>,
    /// Files not known to be complete: size and time as last seen, and since when they are unchanged.
    open: HashMap<PathBuf, (u64, Timestamp, Instant)>,
    /// Files known to be complete: size and time when that was found.
    complete: HashMap<PathBuf, (u64, Timestamp)>,
}

/// Something found in the intake folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A complete raw file.
    File {
        /// Which.
        file: FileId,
        /// Its path relative to the folder.
        source: String,
        /// Its size.
        size_bytes: u64,
        /// When it was written last.
        written: Timestamp,
    },
    /// The marker of a run's end.
    RunEnd(Run),
    /// Something that is not taken.
    NotTaken {
        /// Its path relative to the folder, as text.
        name: String,
        /// Why.
        reason: String,
    },
}

/// Folders below the intake folder that are looked into; deeper ones are not.
const DEEPEST: usize = 4;

impl Intake {
    /// An intake folder with the detector whose raw files are taken, the run-end marker, the quiet time, and how a whole file is known.
    #[must_use]
    pub fn new(
        folder: PathBuf,
        detector: Detector,
        run_end: &str,
        quiet: Duration,
        is_whole: Box<dyn Fn(&Path) -> bool + Send>,
    ) -> Self {
        Intake {
            folder,
            detector,
            run_end: NamePattern::new(run_end),
            quiet,
            is_whole,
            open: HashMap::new(),
            complete: HashMap::new(),
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes over that a file was found complete in this state by an earlier life of the backend.
    pub fn knows(&mut self, source: &str, size_bytes: u64, written: Timestamp) {
        self.complete.insert(self.folder.join(source), (size_bytes, written));
    }

    /// Whether a file was found complete in this very state.
    #[must_use]
    pub fn is_complete(&self, source: &str, size_bytes: u64, written: Timestamp) -> bool {
        self.complete.get(&self.folder.join(source)) == Some(&(size_bytes, written))
    }

    /// Whether a raw file ends as it should.
    #[must_use]
    pub fn is_whole(&self, path: &Path) -> bool {
        (self.is_whole)(path)
    }

    /// Whether a file of a run is there that is still being written.
    #[must_use]
    pub fn has_open_file_of(&self, run: Run) -> bool {
        let file_of = |path: &PathBuf| self.file_named(&path.file_name()?.to_string_lossy());
        self.open.keys().filter_map(file_of).any(|file| file.run == run)
    }

    /// Whether any file is there that is still being written.
    #[must_use]
    pub fn has_open_files(&self) -> bool {
        !self.open.is_empty()
    }

    /// Files that are still being written.
    #[must_use]
    pub fn count_open(&self) -> usize {
        self.open.len()
    }

    /// Whether a path, relative to the folder, is of a file that may still be written.
    #[must_use]
    pub fn is_open(&self, source: &str) -> bool {
        self.open.contains_key(&self.folder.join(source))
    }

    /// What a hint leads to.
    pub fn follow(&mut self, hint: &Hint, now: Instant) -> Vec<Found> {
        match hint {
            Hint::Closed(path) => self.look_at(path, true, now).into_iter().collect(),
            Hint::Folder(path) => self.sweep_folder(&path.clone(), 1, now),
        }
    }

    /// Looks at everything.
    ///
    /// # Errors
    /// When the folder itself can't be read.
    pub fn sweep(&mut self, now: Instant) -> std::io::Result<Vec<Found>> {
        fs::read_dir(&self.folder)?;
        self.open.retain(|path, _| path.exists());
        self.complete.retain(|path, _| path.exists());
        Ok(self.sweep_folder(&self.folder.clone(), 0, now))
    }

    fn sweep_folder(&mut self, folder: &Path, depth: usize, now: Instant) -> Vec<Found> {
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let mut found = Vec::new();
        let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            // A link to a folder is not followed: it could lead in a circle.
            let is_folder = fs::symlink_metadata(&path).is_ok_and(|facts| facts.is_dir());
            if !is_folder {
                found.extend(self.look_at(&path, false, now));
                continue;
            }
            found.extend(self.folder_named_like_a_file(&path));
            if depth < DEEPEST {
                found.extend(self.sweep_folder(&path, depth + 1, now));
            }
        }
        found
    }

    /// A folder that has the name of a raw file or marker is none, and is told; what is in it is looked at as in any other.
    fn folder_named_like_a_file(&self, path: &Path) -> Option<Found> {
        let name = path.file_name()?.to_str()?;
        let is_named = self.file_named(name).is_some() || self.run_end.run(name).is_some();
        let relative = path.strip_prefix(&self.folder).unwrap_or(path);
        is_named.then(|| Found::NotTaken { name: shown(relative), reason: "it is a directory and no file".into() })
    }

    /// What a path is; none for a file that may still be written, or is gone.
    fn look_at(&mut self, path: &Path, is_told_closed: bool, now: Instant) -> Option<Found> {
        // Of the entry itself: what a link leads to may be anywhere, and another one tomorrow.
        let facts = fs::symlink_metadata(path).ok()?;
        let relative = path.strip_prefix(&self.folder).unwrap_or(path);
        let name = path.file_name()?;
        let not_taken = |reason: String| Some(Found::NotTaken { name: shown(relative), reason });
        let Some(name) = name.to_str() else { return not_taken(format!("its name is no text; {}", self.expected())) };
        if facts.is_symlink() {
            return not_taken("it is a symlink, only files themselves are taken".into());
        }
        if !facts.is_file() {
            return not_taken("it is no regular file".into());
        }
        if let Some(run) = self.run_end.run(name) {
            return Some(Found::RunEnd(run));
        }
        let Some(file) = self.file_named(name) else { return not_taken(self.expected()) };
        let (size_bytes, written) = seen(path).ok()?;
        if self.complete.get(path) != Some(&(size_bytes, written)) {
            if !self.is_whole_or_quiet(path, (size_bytes, written), is_told_closed, now) {
                return None;
            }
            self.complete.insert(path.to_owned(), (size_bytes, written));
        }
        self.open.remove(path);
        let Some(source) = relative.to_str() else { return not_taken("its folder's name is no text".into()) };
        Some(Found::File { file, source: source.to_owned(), size_bytes, written })
    }

    /// Whether a file is whole, or has been unchanged for the quiet time as seen by this process: a file's own time is another
    /// machine's clock, or was set by whoever copied it.
    fn is_whole_or_quiet(&mut self, path: &Path, state: (u64, Timestamp), is_told_closed: bool, now: Instant) -> bool {
        let known = self.open.get(path).filter(|seen| (seen.0, seen.1) == state).copied();
        let since = known.map_or(now, |seen| seen.2);
        if known.is_none() {
            self.complete.remove(path);
            self.open.insert(path.to_owned(), (state.0, state.1, now));
        }
        // Opened once for each state it is seen in and at each close: a file that grows is not read again and again.
        let is_whole = (known.is_none() || is_told_closed) && (self.is_whole)(path);
        is_whole || now.duration_since(since) >= self.quiet
    }

    fn file_named(&self, name: &str) -> Option<FileId> {
        self.detector.match_raw_name(name)
    }

    fn expected(&self) -> String {
        let names: Vec<&str> = self.detector.accepted_raw_names().collect();
        let example = names.first().map(|name| name.replace("{run}", "12").replace("{seq}", "0")).unwrap_or_default();
        format!("a raw file's name is {}, e.g. {example}", names.join(" or "))
    }
}

/// A path as text for people: what is no text or would move the cursor is shown as an escape.
fn shown(path: &Path) -> String {
    path.to_string_lossy()
        .chars()
        .flat_map(|letter| match letter.is_control() {
            true => letter.escape_default().collect::<Vec<_>>(),
            false => vec![letter],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intake(folder: &Path) -> Intake {
        let detector = crate::detector::load("3x1x1", "", Path::new(".")).unwrap();
        let is_whole = Box::new(|path: &Path| fs::read(path).is_ok_and(|bytes| bytes.ends_with(b"footer")));
        Intake::new(folder.to_owned(), detector, "run{run}.end", Duration::from_secs(60), is_whole)
    }

    fn files(found: &[Found]) -> Vec<FileId> {
        found.iter().filter_map(|found| if let Found::File { file, .. } = found { Some(*file) } else { None }).collect()
    }

    #[test]
    fn a_file_is_taken_when_quiet_and_a_close_alone_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run1-seq3.dat");
        fs::write(&path, "one").unwrap();
        let (mut intake, start) = (intake(folder.path()), Instant::now());
        let closed = Hint::Closed(path.clone());
        assert_eq!(intake.sweep(start).unwrap(), []);
        assert!(intake.has_open_file_of(Run(1)) && !intake.has_open_file_of(Run(2)));
        assert_eq!(intake.follow(&closed, start + Duration::from_secs(59)), []);
        fs::write(&path, "longer").unwrap();
        assert_eq!(intake.sweep(start + Duration::from_secs(61)).unwrap(), [], "it grew meanwhile");
        assert_eq!(files(&intake.sweep(start + Duration::from_secs(121)).unwrap()), [FileId::new(1, 3)]);
        assert!(!intake.has_open_files());
        assert_eq!(files(&intake.sweep(start + Duration::from_secs(122)).unwrap()), [FileId::new(1, 3)], "it is known");
        fs::write(&path, "longer footer").unwrap();
        assert_eq!(files(&intake.follow(&closed, start + Duration::from_secs(123))), [FileId::new(1, 3)]);
    }

    #[test]
    fn a_whole_file_that_no_event_told_of_is_taken_at_once() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("run1-seq0.dat"), "event footer").unwrap();
        fs::write(folder.path().join("run1-seq1.dat"), "event foo").unwrap();
        let mut intake = intake(folder.path());
        assert_eq!(files(&intake.sweep(Instant::now()).unwrap()), [FileId::new(1, 0)]);
        assert!(intake.has_open_file_of(Run(1)));
    }

    #[test]
    fn a_files_own_time_says_nothing_of_its_being_complete() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run1-seq0.dat");
        fs::write(&path, "one").unwrap();
        let long_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
        fs::File::options().write(true).open(&path).unwrap().set_modified(long_ago).unwrap();
        let (mut later, start) = (intake(folder.path()), Instant::now());
        assert_eq!(later.sweep(start).unwrap(), [], "a copy that keeps times is under way");
        assert_eq!(files(&later.sweep(start + Duration::from_secs(60)).unwrap()), [FileId::new(1, 0)]);
        // Another life of the backend need not wait again for what the book knows.
        let (size_bytes, written) = seen(&path).unwrap();
        let mut next = intake(folder.path());
        next.knows("run1-seq0.dat", size_bytes, written);
        assert_eq!(files(&next.sweep(start).unwrap()), [FileId::new(1, 0)]);
    }

    #[test]
    fn what_matches_no_name_is_not_taken_and_shown_harmlessly() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a b.dat", "run1-seq0.dat\n", "$(touch x)", "'\"`", "-rf"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        fs::create_dir_all(folder.path().join("run7-seq0.dat")).unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("circle")).unwrap();
        let found = intake(folder.path()).sweep(Instant::now()).unwrap();
        assert_eq!(found.len(), 7, "{found:?}");
        for found in &found {
            assert!(matches!(found, Found::NotTaken { name, .. } if !name.contains('\n')), "{found:?}");
        }
    }

    #[test]
    fn links_and_folders_named_like_raw_files_are_told_and_not_followed() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let target = elsewhere.path().join("run1-seq0.dat");
        fs::write(&target, "event footer").unwrap();
        for (to, name) in [(target.as_path(), "run1-seq0.dat"), (Path::new("/nowhere"), "run1-seq1.dat"), (&target, "run1.end")] {
            std::os::unix::fs::symlink(to, folder.path().join(name)).unwrap();
        }
        fs::create_dir(folder.path().join("run1-seq2.dat")).unwrap();
        let found = intake(folder.path()).sweep(Instant::now()).unwrap();
        let told = found.iter().map(|found| match found {
            Found::NotTaken { name, reason } => format!("{name}: {}", reason.split(',').next().unwrap_or_default()),
            other => format!("{other:?}"),
        });
        let link = |name: &str| format!("{name}: it is a symlink");
        let directory = "run1-seq2.dat: it is a directory and no file".to_owned();
        assert_eq!(told.collect::<Vec<_>>(), [link("run1-seq0.dat"), link("run1-seq1.dat"), directory, link("run1.end")]);
    }

    #[test]
    fn markers_and_folders_are_seen() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("run2")).unwrap();
        fs::write(folder.path().join("run2/run2-seq0.dat"), "x").unwrap();
        fs::write(folder.path().join("run2.end"), "").unwrap();
        let (mut intake, start) = (intake(folder.path()), Instant::now());
        assert_eq!(intake.sweep(start).unwrap(), [Found::RunEnd(Run(2))]);
        let found = intake.sweep(start + Duration::from_secs(60)).unwrap();
        assert!(matches!(&found[0], Found::File { source, .. } if source == "run2/run2-seq0.dat"), "{found:?}");
    }
}
