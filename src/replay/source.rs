//! Where a stream's records come from: a seam with a source for each kind of thing that is kept, and the mark by which the next
//! reading knows whether its source stands, has grown or has changed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use twox_hash::XxHash64;

use super::record::{RecordHeader, StreamFacts};
use crate::durable::FileError;

/// Bytes at each end of a source that its mark is taken of; a source of twice as many is taken whole.
const MARKED_BYTES: u64 = 32 * 1024;

/// What stops a replay.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A file or folder that the operating system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// A source that can't be read, with the reason and where it is.
    #[error("{name} can't be read: {why}")]
    Source {
        /// The stream, or what it is read from.
        name: String,
        /// Why.
        why: String,
    },
    /// More streams than can be told apart.
    #[error("{0} streams are more than a replay takes, which is 65,535; leave some out")]
    TooManyStreams(usize),
    /// More records than can be told apart.
    #[error("{0} records are more than a replay takes, which is 4,294,967,295; leave some streams out")]
    TooManyRecords(usize),
}

/// Something that keeps the records of one stream.
pub trait StreamSource: Send {
    /// The stream's name, of which there is one in a replay.
    fn name(&self) -> String;

    /// Its records, in the order in which it keeps them. With where an earlier reading ended, and where what was read then still
    /// stands, only those after it (`since` says so); else all of them. It may be asked again.
    ///
    /// # Errors
    ///
    /// The stream is then left out of the replay, and the reason told. A source that can be read in part gives that part, and says
    /// what is wrong in its facts.
    fn read(&mut self, from: Option<&Resume>) -> Result<StreamRead, ReplayError>;
}

/// Where an earlier reading of a source ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Resume {
    /// The source as it was.
    pub mark: SourceMark,
    /// How many records were read until then.
    pub records: u64,
}

/// From where on a reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// From the beginning of the source: all that it has.
    Beginning,
    /// From where the earlier reading ended: only what has come since. Nothing, where the source is as it was.
    Resume,
}

/// What one reading of a source gave.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamRead {
    /// The stream. Its faults are those of the records that were read now, and stay with them.
    pub facts: StreamFacts,
    /// The records, in the source's own order. Their `stream` need not be right: the index sets it.
    pub headers: Vec<RecordHeader>,
    /// For each record a hash of what it holds (`content_of`), so that one that is there twice is known from two of the same
    /// moment; empty where that is not known.
    pub contents: Vec<u32>,
    /// What is wrong with the source's end for now, such as a line that is not whole; the next reading may find it mended.
    pub end_fault: Option<String>,
    /// The source as it was read.
    pub mark: SourceMark,
    /// From where on.
    pub since: Since,
}

impl StreamRead {
    /// A reading of all that a source has.
    #[must_use]
    pub fn whole(facts: StreamFacts, headers: Vec<RecordHeader>, mark: SourceMark) -> Self {
        StreamRead { facts, headers, contents: Vec::new(), end_fault: None, mark, since: Since::Beginning }
    }

    /// A reading of what has come since an earlier one.
    #[must_use]
    pub fn since(facts: StreamFacts, headers: Vec<RecordHeader>, mark: SourceMark) -> Self {
        StreamRead { since: Since::Resume, ..StreamRead::whole(facts, headers, mark) }
    }
}

/// By what a source is known again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceMark {
    /// How large it was: bytes of a file, entries of a book, files of a folder.
    pub size: u64,
    /// How much of it was read, in the same measure: less than its size where its end was not whole.
    pub read_to: u64,
    /// When it was changed last, ns since 1970; 0 where that is not known.
    pub modified_ns: i64,
    /// A hash of what was read, or of its two ends.
    pub hash: u64,
}

/// What became of a source since its mark was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As it was.
    Same,
    /// What was read stands, and more has come.
    Grown,
    /// Something else, or shorter, or it can't be told.
    Changed,
}

impl SourceMark {
    /// The mark of a file that was read up to a byte, from its start.
    ///
    /// # Errors
    ///
    /// The operating system refused the file.
    pub fn of_file(path: &Path, read_to: u64) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let (size, modified_ns) = size_and_time(&file)?;
        let read_to = read_to.min(size);
        Ok(SourceMark { size, read_to, modified_ns, hash: hash_of_ends(&mut file, read_to)? })
    }

    /// Whether a file is as it was, or has only grown. A file of which something between its two ends was changed in place while it
    /// also grew is taken for one that has grown; one of the same size with a new time is taken for changed.
    ///
    /// # Errors
    ///
    /// The operating system refused the file.
    pub fn standing(&self, path: &Path) -> io::Result<Standing> {
        let mut file = File::open(path)?;
        let (size, modified_ns) = size_and_time(&file)?;
        let is_same_size = size == self.size;
        if size < self.size || (is_same_size && modified_ns != self.modified_ns) {
            return Ok(Standing::Changed);
        }
        Ok(match hash_of_ends(&mut file, self.read_to)? == self.hash {
            true if is_same_size => Standing::Same,
            true => Standing::Grown,
            false => Standing::Changed,
        })
    }

    /// The mark of what is no file, such as entries of a book or a list of files: how many there are, and bytes that change when one
    /// of them does.
    #[must_use]
    pub fn of_entries(entries: u64, known_by: &[u8]) -> Self {
        SourceMark { size: entries, read_to: entries, modified_ns: 0, hash: hash_of(known_by) }
    }
}

/// A hash of bytes, the same on every machine.
#[must_use]
pub fn hash_of(bytes: &[u8]) -> u64 {
    XxHash64::oneshot(0, bytes)
}

/// What a record's bytes are known by among those of the same moment.
#[must_use]
pub fn content_of(bytes: &[u8]) -> u32 {
    let hash = hash_of(bytes);
    // Both halves count, so that it is as good as any 32 bits of it.
    u32::try_from((hash >> 32) ^ (hash & 0xffff_ffff)).unwrap_or_default()
}

fn size_and_time(file: &File) -> io::Result<(u64, i64)> {
    let facts = file.metadata()?;
    let modified_ns = facts.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_nanos());
    Ok((facts.len(), i64::try_from(modified_ns).unwrap_or(i64::MAX)))
}

/// A hash of the first and the last bytes before a byte, or of all of them where they are few.
fn hash_of_ends(file: &mut File, read_to: u64) -> io::Result<u64> {
    let mut bytes = Vec::new();
    if read_to <= 2 * MARKED_BYTES {
        file.take(read_to).read_to_end(&mut bytes)?;
    } else {
        file.by_ref().take(MARKED_BYTES).read_to_end(&mut bytes)?;
        file.seek(SeekFrom::Start(read_to - MARKED_BYTES))?;
        file.take(MARKED_BYTES).read_to_end(&mut bytes)?;
    }
    Ok(hash_of(&bytes))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn a_file_is_the_same_has_grown_or_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("slow.csv");
        for length in [1usize, 60_000, 70_000, 200_000] {
            let text: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let at = SystemTime::now() - Duration::from_secs(60);
            let write = |bytes: &[u8]| {
                fs::write(&path, bytes).unwrap();
                File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
            };
            write(&text);
            let mark = SourceMark::of_file(&path, length as u64).unwrap();
            assert_eq!(mark.standing(&path).unwrap(), Standing::Same);
            let grown = [&text[..], b"more"].concat();
            write(&grown);
            assert_eq!(mark.standing(&path).unwrap(), Standing::Grown);
            for changed in [0, length - 1] {
                let mut grown = grown.clone();
                grown[changed] ^= 1;
                write(&grown);
                assert_eq!(mark.standing(&path).unwrap(), Standing::Changed, "byte {changed} of {length}");
            }
            write(&text[1..]);
            assert_eq!(mark.standing(&path).unwrap(), Standing::Changed);
            fs::write(&path, &text).unwrap();
            assert_eq!(mark.standing(&path).unwrap(), Standing::Changed, "the time is another");
        }
    }

    #[test]
    fn an_end_that_is_not_whole_may_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("slow.csv");
        fs::write(&path, "1,2\n3,").unwrap();
        let mark = SourceMark::of_file(&path, 4).unwrap();
        assert_eq!((mark.size, mark.read_to), (6, 4));
        fs::write(&path, "1,2\n5,6\n").unwrap();
        assert_eq!(mark.standing(&path).unwrap(), Standing::Grown);
        assert!(mark.standing(&folder.path().join("nowhere")).is_err());
    }
}
