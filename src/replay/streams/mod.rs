//! The streams of what is kept: a file per source, each by the project's own reader of its format.
//!
//! [`sources_of`] finds them in a workspace, a folder, a book or an export of a book. Files are known by their content. A source
//! that is damaged gives what can be read of it with what is wrong in words; no source stops another.

mod book;
mod export;
mod found;
mod ledger;
mod lines;
mod names;
mod raw;
mod reconstructed;
mod results;
mod slow_control;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use monitasks::detector::Detector;

use super::record::{HeaderType, RecordKind, StreamFacts};
use super::source::{ReplayError, Resume, SourceMark, StreamRead, StreamSource};
use crate::config::{BookPlace, Workspace};
use crate::detector;

pub use found::{FoundFile, Known};
pub use raw::{RAW_FILES, RawFileFound};
pub use results::ResultFound;
pub use slow_control::SlowFile;

/// What a replay is of.
#[derive(Debug, Clone)]
pub enum ReplayOf {
    /// A workspace: its book, results, raw and reconstructed files, slow control.
    Workspace(Box<Workspace>),
    /// A folder with no workspace, or one file: results, raw and reconstructed files, slow control.
    Folder(PathBuf),
    /// A book, opened for reading only.
    Book(BookPlace),
    /// An export of a book.
    Export(PathBuf),
}

impl ReplayOf {
    /// What a path or an address names: a folder with settings is a workspace, a file is known by its content.
    ///
    /// # Errors
    /// When there is nothing of that name, or a workspace's settings can't be used.
    pub fn named(text: &str) -> Result<Self, ReplayError> {
        if text.starts_with("postgresql://") || text.starts_with("postgres://") {
            return Ok(ReplayOf::Book(BookPlace::named(text, Path::new(""), Path::new("backups"), Path::new("."))));
        }
        let path = Path::new(text);
        let wrong = |why: String| ReplayError::Source { name: text.to_owned(), why };
        let facts = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?;
        if facts.is_dir() {
            if !path.join(Workspace::SETTINGS_FILE).is_file() {
                return Ok(ReplayOf::Folder(path.to_owned()));
            }
            let workspace = Workspace::open(path).map_err(|error| wrong(error.to_string()))?;
            return Ok(ReplayOf::Workspace(Box::new(workspace)));
        }
        // Whoever opens a pipe waits for somebody to write into it.
        if !facts.is_file() {
            return Err(wrong("it is neither a folder nor a regular file".into()));
        }
        Ok(match found::known(path).map_err(|error| wrong(error.to_string()))? {
            Known::Book => {
                let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
                ReplayOf::Book(BookPlace::named(&absolute.to_string_lossy(), Path::new(""), Path::new("backups"), Path::new("/")))
            }
            Known::Export => ReplayOf::Export(path.to_owned()),
            _ => ReplayOf::Folder(path.to_owned()),
        })
    }

    /// What it is called for people: a folder, a book's place, a file.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            ReplayOf::Workspace(workspace) => workspace.root.display().to_string(),
            ReplayOf::Folder(path) | ReplayOf::Export(path) => path.display().to_string(),
            ReplayOf::Book(place) => place.to_string(),
        }
    }

    /// Its detector: a workspace's own, else the default one.
    ///
    /// # Errors
    /// When the workspace's detector file can't be used.
    pub fn detector(&self) -> Result<Detector, ReplayError> {
        let loaded = match self {
            ReplayOf::Workspace(workspace) => {
                let settings = &workspace.settings;
                detector::load(&settings.detector, &settings.channel_map, &workspace.root)
            }
            _ => detector::load(found::OLD_DETECTOR, "", Path::new(".")),
        };
        loaded.map_err(|error| ReplayError::Source { name: self.words(), why: error.to_string() })
    }
}

/// The files that a replay is of, found once: what streams are read from, and what is put into place again in the old rhythm.
#[derive(Debug, Default)]
pub struct FilesFound {
    /// Results, by the task that shows them.
    pub results: Vec<results::ResultsOfTask>,
    /// Raw files.
    pub raw: Vec<RawFileFound>,
    /// Reconstructed files.
    pub reconstructed: Vec<FoundFile>,
    /// Slow control.
    pub slow: Vec<slow_control::SlowRows>,
    /// What can't be used, a line each: the stream it would be, and why.
    pub faults: Vec<(String, String)>,
}

/// The files of a workspace or a folder; none of a book or an export.
///
/// # Errors
/// When the detector file can't be used, or a folder that was named can't be listed.
pub fn files_of(what: &ReplayOf, detector: &Arc<Detector>) -> Result<FilesFound, ReplayError> {
    match what {
        ReplayOf::Workspace(workspace) => Ok(found::in_workspace(workspace, detector)),
        ReplayOf::Folder(path) => found::in_folder(path, detector),
        ReplayOf::Book(_) | ReplayOf::Export(_) => Ok(FilesFound::default()),
    }
}

/// The sources of all streams: those of files in order of name, then the book's. Their records are read when they are asked for.
///
/// # Errors
/// When the detector file can't be used, or a folder that was named can't be listed.
pub fn sources_of(what: &ReplayOf) -> Result<Vec<Box<dyn StreamSource>>, ReplayError> {
    let detector = Arc::new(what.detector()?);
    let files = files_of(what, &detector)?;
    let mut sources: Vec<Box<dyn StreamSource>> = Vec::new();
    let book = match what {
        ReplayOf::Workspace(workspace) => Some(book::BookOf::Place(workspace.book_place())),
        ReplayOf::Book(place) => Some(book::BookOf::Place(place.clone())),
        ReplayOf::Export(path) => Some(book::BookOf::Export(path.clone())),
        ReplayOf::Folder(_) => None,
    };
    // The book knows when the DAQ closed a file; a copy of it knows when it was copied.
    let tells_of_raw_files = book.as_ref().is_some_and(book::BookOf::is_there);
    if !tells_of_raw_files && !files.raw.is_empty() {
        sources.push(Box::new(raw::RawFiles::new(files.raw.clone(), &what.words())));
    }
    sources.extend(files.results.into_iter().map(|of| Box::new(results::Results::new(of, detector.clone())) as Box<_>));
    sources.extend(files.raw.into_iter().map(|file| Box::new(raw::RawEvents::new(file)) as Box<_>));
    sources.extend(files.reconstructed.into_iter().map(|file| Box::new(reconstructed::Reconstructed::new(file)) as Box<_>));
    sources.extend(files.slow.into_iter().map(|rows| Box::new(slow_control::SlowControl::new(rows)) as Box<_>));
    sources.extend(files.faults.into_iter().map(|(name, why)| Box::new(Unusable { name, why }) as Box<_>));
    match book {
        Some(book) if book.is_there() => sources.extend(book::streams_of(book)),
        Some(_) => {
            let why = format!("no book is there: neither decisions nor jobs are known: {}", what.words());
            sources.push(Box::new(Unusable { name: "book".into(), why }));
        }
        None => {}
    }
    names::set_apart(sources)
}

/// A stream of which nothing can be read: its fault is what there is to know.
struct Unusable {
    name: String,
    why: String,
}

impl StreamSource for Unusable {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn read(&mut self, _: Option<&Resume>) -> Result<StreamRead, ReplayError> {
        let facts = StreamFacts {
            name: self.name.clone(),
            header: HeaderType::Summary,
            kind: RecordKind::Data,
            source: self.name.clone(),
            faults: vec![self.why.clone()],
        };
        Ok(StreamRead::whole(facts, Vec::new(), SourceMark::of_entries(0, self.why.as_bytes())))
    }
}

/// Faults of a source: the first of many, and how many more.
#[derive(Debug, Default)]
struct Faults {
    said: Vec<String>,
    more: usize,
}

impl Faults {
    /// Most that are said of one source.
    const MOST: usize = 20;

    fn say(&mut self, fault: impl Into<String>) {
        if self.said.len() < Self::MOST {
            self.said.push(fault.into());
        } else {
            self.more += 1;
        }
    }

    fn words(mut self) -> Vec<String> {
        if self.more > 0 {
            self.said.push(format!("and {} more of its kind", self.more));
        }
        self.said
    }
}
