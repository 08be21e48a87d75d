//! The streams of a book: it is read once for all of them, and opened for reading only. An export of one gives the same streams.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use monitasks::registry::TaskRegistry;
use serde_json::{Map, Value as Json};

use super::export;
use super::ledger::{Gathered, Part, TABLES};
use crate::bookkeeping::{self, Store};
use crate::config::{BookPlace, BookSite};
use crate::replay::record::StreamFacts;
use crate::replay::source::{ReplayError, Resume, SourceMark, StreamRead, StreamSource};

/// Entries that are read at once.
const AT_ONCE: usize = 10_000;

/// A book, or an export of one.
#[derive(Debug, Clone)]
pub(super) enum BookOf {
    /// A book.
    Place(BookPlace),
    /// An export.
    Export(PathBuf),
}

impl BookOf {
    /// Whether there is one: a server is taken to be there.
    pub(super) fn is_there(&self) -> bool {
        match self {
            BookOf::Place(place) => place.file().is_none_or(Path::is_file),
            BookOf::Export(path) => path.is_file(),
        }
    }

    fn words(&self) -> String {
        match self {
            BookOf::Place(place) => place.to_string(),
            BookOf::Export(path) => path.display().to_string(),
        }
    }
}

/// The streams of a book. Readings are those of the built-in tasks, which alone the backend keeps; no others are told apart.
pub(super) fn streams_of(book: BookOf) -> Vec<Box<dyn StreamSource>> {
    let pass = Arc::new(Mutex::new(Pass { of: book, store: None, read: None, failed: None }));
    let mut parts = vec![Part::Runs, Part::RawFiles, Part::Decisions, Part::Alarms, Part::Said, Part::Jobs, Part::Transfers];
    parts.extend(TaskRegistry::built_in().iter().map(|task| Part::Readings(task.info().name.clone())));
    parts.into_iter().map(|part| Box::new(BookStream { pass: pass.clone(), part }) as Box<_>).collect()
}

/// One reading of the whole book, from which each stream takes its part.
struct Pass {
    of: BookOf,
    /// The open book, or why it can't be opened: a server that is away is not called once for each stream.
    store: Option<Result<Box<dyn Store>, String>>,
    read: Option<Read>,
    /// Why it could not be read in some state.
    failed: Option<(SourceMark, String)>,
}

/// What a reading gave.
struct Read {
    mark: SourceMark,
    gathered: Gathered,
    /// What is wrong with all of it, its end included.
    faults: Vec<String>,
    /// Parts that were given away; for one of them the book is read again.
    given: BTreeMap<Part, ()>,
}

impl Pass {
    /// The mark of the book as it is now.
    fn mark(&mut self) -> Result<SourceMark, String> {
        let of_files = |paths: &[PathBuf]| {
            let known: Vec<u8> = paths.iter().flat_map(|path| known_by(path)).collect();
            SourceMark::of_entries(1, &known)
        };
        match &self.of {
            BookOf::Export(path) => Ok(of_files(std::slice::from_ref(path))),
            BookOf::Place(place) => match &place.site {
                // What was written last stands beside the book until it is taken in.
                BookSite::File(path) => {
                    let mut log = path.clone().into_os_string();
                    log.push("-wal");
                    Ok(of_files(&[path.clone(), log.into()]))
                }
                BookSite::Server { .. } => {
                    let stamp = self.store()?.change_stamp().map_err(|error| error.to_string())?;
                    Ok(SourceMark::of_entries(1, stamp.0.as_bytes()))
                }
            },
        }
    }

    fn store(&mut self) -> Result<&dyn Store, String> {
        let of = &self.of;
        let open = || match of {
            BookOf::Place(place) => bookkeeping::open_read_only(place).map_err(|error| error.to_string()),
            BookOf::Export(_) => Err("it is an export".into()),
        };
        self.store.get_or_insert_with(open).as_deref().map_err(Clone::clone)
    }

    /// A part of a reading of the book as it is now.
    fn part(&mut self, part: &Part, mark: SourceMark) -> Result<&mut Read, String> {
        let is_of_now = self.read.as_ref().is_some_and(|read| read.mark == mark && !read.given.contains_key(part));
        if !is_of_now {
            if let Some((_, why)) = self.failed.as_ref().filter(|(of, _)| *of == mark) {
                return Err(why.clone());
            }
            self.read = Some(self.whole(mark).inspect_err(|why| self.failed = Some((mark, why.clone())))?);
        }
        let read = self.read.as_mut().ok_or_else(|| "it was not read".to_owned())?;
        read.given.insert(part.clone(), ());
        Ok(read)
    }

    /// Reads the whole book.
    fn whole(&mut self, mark: SourceMark) -> Result<Read, String> {
        let (mut gathered, end_fault) = match &self.of {
            BookOf::Export(path) => {
                let read = export::read(path)?;
                (read.gathered, read.end_fault)
            }
            BookOf::Place(_) => (gather(self.store()?)?, None),
        };
        let mut faults = std::mem::take(&mut gathered.faults).words();
        faults.extend(end_fault);
        Ok(Read { mark, gathered, faults, given: BTreeMap::new() })
    }
}

/// Gathers the records of a book.
fn gather(store: &dyn Store) -> Result<Gathered, String> {
    let mut gathered = Gathered::default();
    let mut place = 0;
    loop {
        let entries = store.entries_after(place, AT_ONCE).map_err(|error| error.to_string())?;
        let Some(last) = entries.last() else { break };
        place = last.place;
        for entry in &entries {
            gathered.take_entry(entry, u64::try_from(entry.place).unwrap_or_default());
        }
    }
    let mut rows = Rows { gathered, rest: Vec::new(), table: String::new(), row: 0 };
    store.export_rows(&TABLES, &mut rows).map_err(|error| error.to_string())?;
    Ok(rows.gathered)
}

/// Takes rows as they are written, line by line.
struct Rows {
    gathered: Gathered,
    /// What has come of the next line.
    rest: Vec<u8>,
    /// The table of the last row, and its place in it.
    table: String,
    row: u64,
}

impl Rows {
    fn take(&mut self, line: &[u8]) -> io::Result<()> {
        let mut line: Map<String, Json> = serde_json::from_slice(line).map_err(io::Error::other)?;
        let (Some(Json::String(table)), Some(Json::Object(row))) = (line.remove("table"), line.remove("row")) else {
            return Err(io::Error::other("a line that is no row"));
        };
        self.row = if table == self.table { self.row + 1 } else { 0 };
        self.table = table;
        self.gathered.take_row(&self.table, &row, self.row);
        Ok(())
    }
}

impl Write for Rows {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut from = 0;
        for at in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at) {
            self.rest.extend_from_slice(&bytes[from..at]);
            let line = std::mem::take(&mut self.rest);
            self.take(&line)?;
            from = at + 1;
        }
        self.rest.extend_from_slice(&bytes[from..]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes that are others when a file is another; a file that is not there has some too.
fn known_by(path: &Path) -> Vec<u8> {
    let Ok(facts) = std::fs::metadata(path) else { return vec![0] };
    let since = facts.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_nanos());
    [&[1], facts.len().to_le_bytes().as_slice(), &since.to_le_bytes()].concat()
}

/// One stream of a book.
struct BookStream {
    pass: Arc<Mutex<Pass>>,
    part: Part,
}

impl StreamSource for BookStream {
    fn name(&self) -> String {
        self.part.name()
    }

    fn read(&mut self, from: Option<&Resume>) -> Result<StreamRead, ReplayError> {
        let mut pass = self.pass.lock().unwrap_or_else(PoisonError::into_inner);
        let facts = StreamFacts {
            name: self.part.name(),
            header: self.part.header(),
            kind: self.part.kind(),
            source: pass.of.words(),
            faults: Vec::new(),
        };
        let wrong = |why: String| ReplayError::Source { name: self.part.name(), why };
        let mark = pass.mark().map_err(wrong)?;
        if from.is_some_and(|from| from.mark == mark) {
            return Ok(StreamRead::since(facts, Vec::new(), mark));
        }
        let read = pass.part(&self.part, mark).map_err(wrong)?;
        let (headers, contents) = read.gathered.sorted(&self.part);
        let facts = StreamFacts { faults: read.faults.clone(), ..facts };
        Ok(StreamRead { contents, ..StreamRead::whole(facts, headers, mark) })
    }
}
