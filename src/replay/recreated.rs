//! The files of a past shift put into place again in their old rhythm, so that live tasks can be tried on them: each whole or not at
//! all, rows of slow control one by one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use monitasks::vocab::FileId;
use rustix::fs::RenameFlags;
use rustix::io::Errno;

use super::record::Stamp;
use super::rhythm::{Beat, Pace, Pause};
use super::source::ReplayError;
use super::streams::{self, FilesFound, ReplayOf, SlowFile};
use crate::config::Workspace;
use crate::durable::{self, FileError};

/// What is put into place, and when it was there in life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Stamp,
    /// Its name below the folder: `results/crp/run1-p1-g0.txt`.
    pub name: String,
    what: Make,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Make {
    /// A whole file; a result's `.json` before the result, so that it is never read without.
    Whole(PathBuf),
    /// A stretch of a file, in bytes: a row with what stands before it, behind what is there already.
    Stretch { from: Arc<Path>, begins: u64, ends: u64, is_last: bool },
}

/// Files that were not put into place; nothing was touched.
#[derive(Debug, thiserror::Error)]
pub enum RecreationError {
    /// It can't be done.
    #[error("nothing was put into place: {why}: {}", path.display())]
    Refused {
        /// Why, and what there is instead.
        why: String,
        /// Where.
        path: PathBuf,
    },
    /// What it is of can't be read.
    #[error(transparent)]
    Replay(#[from] ReplayError),
}

/// A shift as files that come one after the other.
#[derive(Debug)]
pub struct Recreation {
    into: PathBuf,
    steps: Vec<Step>,
    /// What of the files can't be used, in words.
    pub faults: Vec<String>,
}

/// What of it was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Whole files put into place.
    pub files: usize,
    /// Rows appended.
    pub rows: usize,
    /// Files and rows that there are in all.
    pub of: usize,
    /// It was told to stop before the end.
    pub is_stopped: bool,
}

/// How a recreation goes.
#[derive(Debug)]
pub enum Told<'a> {
    /// A step is next, after a pause.
    Waits(&'a Step, Pause),
    /// It is done.
    InPlace(&'a Step),
}

impl Step {
    /// Whether it is a row that is appended, no whole file.
    #[must_use]
    pub fn is_row(&self) -> bool {
        matches!(self.what, Make::Stretch { .. })
    }
}

impl Recreation {
    /// Plans it: results go below `results/` of the folder, raw files where its workspace takes them in, else into `incoming/`.
    ///
    /// # Errors
    /// When what it is of can't be read or holds no files, or a file of one of the names is there already: then nothing is touched.
    pub fn of(what: &ReplayOf, into: &Path) -> Result<Self, RecreationError> {
        let wrong = |why: &str| RecreationError::Refused { why: why.to_owned(), path: what.words().into() };
        if matches!(what, ReplayOf::Book(_) | ReplayOf::Export(_)) {
            return Err(wrong("a book holds no files; name a workspace or a folder"));
        }
        let files = streams::files_of(what, &Arc::new(what.detector()?))?;
        let incoming = Workspace::open(into).map_or_else(|_| into.join("incoming"), |workspace| workspace.incoming());
        let mut planned = Recreation { into: into.to_owned(), steps: Vec::new(), faults: Vec::new() };
        planned.plan_results(&files);
        planned.plan_raw(what, &files, &incoming);
        planned.plan_slow(&files);
        planned.faults.extend(files.faults.into_iter().map(|(name, why)| format!("{name}: {why}")));
        if planned.steps.is_empty() {
            return Err(wrong("there are no results, raw files or rows of slow control"));
        }
        planned.refuse_clashes()?;
        // Stable: a result stays behind its .json, a row behind the row before it.
        planned.steps.sort_by_key(|step| step.at);
        Ok(planned)
    }

    /// What is put into place, in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    fn plan_results(&mut self, files: &FilesFound) {
        let mut taken = BTreeSet::new();
        for of in files.results.iter().filter(|of| !of.is_of_rows) {
            for found in &of.files {
                let (at, _, fault) = found.made_at();
                self.faults.extend(fault);
                for file in found.side.iter().chain([&found.file]) {
                    let name = format!("results/{}/{}", of.below, last_of(&file.name));
                    // Several tasks show the same result.
                    if taken.insert(file.path.clone()) {
                        self.steps.push(Step { at, name, what: Make::Whole(file.path.clone()) });
                    }
                }
            }
        }
    }

    fn plan_raw(&mut self, what: &ReplayOf, files: &FilesFound, incoming: &Path) {
        let closed = closed_at(what);
        for raw in &files.raw {
            let known = raw.id.and_then(|id| closed.get(&id).copied());
            let at = known.unwrap_or(Stamp(raw.file.modified_ns));
            let path = incoming.join(last_of(&raw.file.name));
            let name = path.strip_prefix(&self.into).unwrap_or(&path).display().to_string();
            self.steps.push(Step { at, name, what: Make::Whole(raw.file.path.clone()) });
        }
    }

    fn plan_slow(&mut self, files: &FilesFound) {
        for rows in &files.slow {
            for file in &rows.files {
                let name = format!("results/{}/{}", rows.below, last_of(&file.name));
                match SlowFile::read(&file.path, rows.walk.clone()) {
                    Ok(read) => self.plan_rows(&file.path, &name, file.size_bytes, &read),
                    Err(error) => self.faults.push(error.to_string()),
                }
            }
        }
    }

    /// A stretch for each row, from the end of the one before it; the last one goes to the file's end. So the file ends as it was,
    /// with all that is wrong in it. A row is never before the one that it stands behind.
    fn plan_rows(&mut self, path: &Path, name: &str, size_bytes: u64, read: &SlowFile) {
        self.faults.extend(read.faults.iter().chain(&read.end_fault).map(|fault| format!("{name}: {fault}")));
        let from: Arc<Path> = Arc::from(path);
        let (mut begins, mut at) = (0, Stamp(i64::MIN));
        let ends = read.rows.iter().skip(1).map(|row| row.1).chain([size_bytes]);
        for ((stamp, ..), ends) in read.rows.iter().zip(ends) {
            at = at.max(*stamp);
            let what = Make::Stretch { from: from.clone(), begins, ends, is_last: ends == size_bytes };
            self.steps.push(Step { at, name: name.to_owned(), what });
            begins = ends;
        }
    }

    /// Refuses to write over anything, and two files of one name.
    fn refuse_clashes(&self) -> Result<(), RecreationError> {
        let mut from: BTreeMap<&str, &Path> = BTreeMap::new();
        for step in &self.steps {
            let own = match &step.what {
                Make::Whole(path) => path.as_path(),
                Make::Stretch { from, .. } => from,
            };
            let path = self.into.join(&step.name);
            let before = from.insert(&step.name, own);
            if let Some(other) = before.filter(|other| *other != own) {
                let why = format!("two files would have one name, {} and {}", other.display(), own.display());
                return Err(RecreationError::Refused { why, path });
            }
            if before.is_none() && path.symlink_metadata().is_ok() {
                let why = "a file of that name is there; name an empty folder".to_owned();
                return Err(RecreationError::Refused { why, path });
            }
        }
        Ok(())
    }

    /// Plays it, and tells of each step. Told to stop, it ends between two steps: what is in place is whole.
    ///
    /// # Errors
    /// When a file can't be read or written; what was done by then stays.
    pub fn play(&self, pace: Pace, stop: &AtomicBool, told: &mut dyn FnMut(Told<'_>)) -> Result<Done, FileError> {
        let mut beat = Beat::new(pace);
        let mut done = Done { of: self.steps.len(), ..Done::default() };
        for step in &self.steps {
            let to = self.into.join(&step.name);
            let pause = beat.next(step.at);
            // A large file is copied while its time has not come, so that it is there in time.
            let ready = self.make_ready(step, &to)?;
            told(Told::Waits(step, pause));
            if !beat.wait(stop) {
                done.is_stopped = true;
                return Ok(done);
            }
            ready.put(step, &to)?;
            told(Told::InPlace(step));
            *(if step.is_row() { &mut done.rows } else { &mut done.files }) += 1;
        }
        Ok(done)
    }

    fn make_ready(&self, step: &Step, to: &Path) -> Result<Ready, FileError> {
        let folder = to.parent().unwrap_or(&self.into);
        durable::create_folders(folder).map_err(|why| FileError { what: "folder not made", why, path: folder.to_owned() })?;
        match &step.what {
            Make::Stretch { .. } => Ok(Ready::Nothing),
            Make::Whole(from) => {
                let aside = durable::aside(to);
                let copied = fs::copy(from, &aside).and_then(|_| File::open(&aside)?.sync_all());
                // Made first, so that half a copy goes away too.
                let ready = Ready::Aside(aside);
                copied.map_err(|why| FileError { what: "file not copied", why, path: from.clone() })?;
                Ok(ready)
            }
        }
    }
}

/// What was prepared for a step. A copy that is not put into place goes away.
enum Ready {
    Nothing,
    Aside(PathBuf),
}

impl Ready {
    fn put(self, step: &Step, to: &Path) -> Result<(), FileError> {
        let refused = |why| FileError { what: "file not put into place", why, path: to.to_owned() };
        match (&self, &step.what) {
            (Ready::Aside(aside), _) => put_in_place(aside, to).map_err(refused),
            (Ready::Nothing, Make::Stretch { from, begins, ends, is_last }) => {
                append(from, *begins, *ends, to, *is_last).map_err(refused)
            }
            (Ready::Nothing, Make::Whole(_)) => Ok(()),
        }
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        if let Ready::Aside(aside) = self {
            // After it was put into place it is gone already.
            let _ = fs::remove_file(aside);
        }
    }
}

/// Gives a whole file its name. One that has that name by now is never written over.
fn put_in_place(aside: &Path, to: &Path) -> io::Result<()> {
    let here = rustix::fs::CWD;
    match rustix::fs::renameat_with(here, aside, here, to, RenameFlags::NOREPLACE) {
        Ok(()) => durable::sync_folder_of(to),
        // A file system that can't promise it.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) if !to.exists() => durable::rename(aside, to),
        Err(error) => Err(error.into()),
    }
}

/// Appends a stretch of a file in one piece. The first one makes the file, and only that one may.
fn append(from: &Path, begins: u64, ends: u64, to: &Path, is_last: bool) -> io::Result<()> {
    let mut source = File::open(from)?;
    source.seek(SeekFrom::Start(begins))?;
    let mut bytes = Vec::new();
    source.take(ends - begins).read_to_end(&mut bytes)?;
    let is_first = begins == 0;
    let mut target = OpenOptions::new().append(true).create_new(is_first).open(to)?;
    target.write_all(&bytes)?;
    if is_first {
        durable::sync_folder_of(to)?;
    }
    // A row that a power cut takes away is no loss in a replay; what is at the end stands.
    if is_last { target.sync_all() } else { Ok(()) }
}

/// When the DAQ closed each raw file, as the book knows.
fn closed_at(what: &ReplayOf) -> BTreeMap<FileId, Stamp> {
    let sources = streams::sources_of(what).unwrap_or_default();
    let Some(mut source) = sources.into_iter().find(|source| source.name() == streams::RAW_FILES) else { return BTreeMap::new() };
    let headers = source.read(None).map(|read| read.headers).unwrap_or_default();
    let of = |header: &super::record::RecordHeader| Some((FileId { run: header.run?, sequence: header.sequence? }, header.stamp));
    headers.iter().filter_map(of).collect()
}

fn last_of(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AT_ONCE: Pace = Pace { speed: f64::INFINITY, longest_pause: None };

    /// Puts a folder's files into place again, all at once.
    fn again(from: &Path, into: &Path) -> Result<Done, RecreationError> {
        let planned = Recreation::of(&ReplayOf::Folder(from.to_owned()), into)?;
        Ok(planned.play(AT_ONCE, &AtomicBool::new(false), &mut |_| {}).unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// Whatever the order of its stamps is, and whatever stands between its rows and behind them.
        #[test]
        fn rows_put_into_place_one_by_one_are_the_file_again(
            lines in proptest::collection::vec((0u32..200, "(#[a-z ]{0,9}\n|x\n|\n)?"), 1..30),
            end in "(2017-08|#)?",
        ) {
            let folder = tempfile::tempdir().unwrap();
            let (from, into) = (folder.path().join("from"), folder.path().join("into"));
            fs::create_dir(&from).unwrap();
            let rows: String = lines.iter().map(|(second, between)| format!("{between}{},1\n", 1_501_588_800 + second)).collect();
            let text = format!("stamp_utc,T_K\n{rows}{end}");
            fs::write(from.join("a.csv"), &text).unwrap();
            let done = again(&from, &into).unwrap();
            prop_assert_eq!((done.rows, done.of), (lines.len(), lines.len()));
            prop_assert_eq!(fs::read_to_string(into.join("results/from/a.csv")).unwrap(), text);
        }
    }

    #[test]
    fn two_files_of_one_name_are_refused_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (from, into) = (folder.path().join("from"), folder.path().join("into"));
        for run in ["a", "b"] {
            fs::create_dir_all(from.join(run)).unwrap();
            fs::write(from.join(run).join("same.txt"), "190516_195200\n3000.0 80.0 2900.0 70.0\n").unwrap();
        }
        let refused = again(&from, &into).unwrap_err().to_string();
        assert!(refused.contains("two files would have one name"), "{refused}");
        assert!(!into.exists());
    }
}
