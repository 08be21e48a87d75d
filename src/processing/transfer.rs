//! Raw files into the storage: the seam, and the local copy.
//!
//! A copy has a temporary name in its final folder until it is whole, checked and on the disk, so that no half file ever has a
//! raw file's name.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::durable;

/// A way to copy raw files.
pub trait Transfer: Send {
    /// Copies a file to its final name. A file that stands there already with the same content is taken as the copy.
    ///
    /// # Errors
    /// With the reason; nothing stands under the final name then that did not before.
    fn copy(&mut self, from: &Path, to: &Path) -> Result<Copied, TransferError>;
}

/// A copy that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Bytes.
    pub size_bytes: u64,
    /// Adler-32 of the bytes.
    pub adler32: u32,
    /// When the copy began.
    pub started: Timestamp,
    /// When it stood under its final name.
    pub ended: Timestamp,
    /// Whether it stood there before: the program was stopped between the copy and the record of it.
    pub stood_already: bool,
}

/// A copy that was not made.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The source was written to meanwhile.
    #[error("the DAQ went on writing while it was copied: {}", path.display())]
    SourceChanged {
        /// The source.
        path: PathBuf,
        /// Its size now.
        size_bytes: u64,
        /// When it was written last.
        written: Timestamp,
    },
    /// A file of that name and other content stands in the storage.
    #[error("a file of this name and other content stands in the storage; it was left as it is: {}", path.display())]
    OtherContent {
        /// The file in the storage.
        path: PathBuf,
    },
    /// Not enough room.
    #[error("not enough room in the storage: {needed_bytes} bytes needed, {free_bytes} free: {}", path.display())]
    NoRoom {
        /// Size of the file.
        needed_bytes: u64,
        /// Room left.
        free_bytes: u64,
        /// The folder.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("{what}: {why}: {}", path.display())]
    Io {
        /// What was being done.
        what: &'static str,
        /// The operating system's reason.
        why: io::Error,
        /// The file.
        path: PathBuf,
    },
}

/// Copies on one machine.
#[derive(Debug, Default)]
pub struct LocalCopy;

/// Bytes read at once.
const CHUNK: usize = 1 << 20;

/// Room that is left for logs and the book when the storage fills.
const ROOM_LEFT_BYTES: u64 = 64 << 20;

impl Transfer for LocalCopy {
    fn copy(&mut self, from: &Path, to: &Path) -> Result<Copied, TransferError> {
        let started = Timestamp::now();
        if to.exists() {
            let (size_bytes, adler32) = checksum(to)?;
            if checksum(from)? != (size_bytes, adler32) {
                return Err(TransferError::OtherContent { path: to.to_owned() });
            }
            return Ok(Copied { size_bytes, adler32, started, ended: Timestamp::now(), stood_already: true });
        }
        let folder = to.parent().unwrap_or(Path::new("."));
        durable::create_folders(folder).map_err(io_error("folder not made", folder))?;
        let before = seen(from)?;
        refuse_without_room(folder, before.0)?;
        let aside = durable::aside(to);
        let copied = copy_aside(from, &aside);
        let after = seen(from);
        match (copied, after) {
            (Ok((size_bytes, adler32)), Ok(after)) if after == before && size_bytes == before.0 => {
                durable::rename(&aside, to).map_err(io_error("copy not put in its place", to))?;
                Ok(Copied { size_bytes, adler32, started, ended: Timestamp::now(), stood_already: false })
            }
            (copied, after) => {
                // What is left aside is overwritten by the next attempt; taking it away is tidiness.
                let _ = fs::remove_file(&aside);
                copied?;
                let (size_bytes, written) = after?;
                Err(TransferError::SourceChanged { path: from.to_owned(), size_bytes, written })
            }
        }
    }
}

/// Copies into the temporary file and puts it on the disk; answers size and checksum of what was written.
fn copy_aside(from: &Path, aside: &Path) -> Result<(u64, u32), TransferError> {
    let mut source = File::open(from).map_err(io_error("raw file not opened", from))?;
    let mut target = File::create(aside).map_err(io_error("copy not made", aside))?;
    let sum = sum_of(&mut source, from, |bytes| target.write_all(bytes).map_err(io_error("copy not written", aside)))?;
    target.sync_all().map_err(io_error("copy not synchronised", aside))?;
    let written = checksum(aside)?;
    if written != sum {
        let why = io::Error::other(format!("{:08x} was read, {:08x} stands in the copy", sum.1, written.1));
        return Err(TransferError::Io { what: "copy differs from the raw file", why, path: aside.to_owned() });
    }
    Ok(sum)
}

/// Size and Adler-32 of a file's bytes.
///
/// # Errors
/// When it can't be read.
pub fn checksum(path: &Path) -> Result<(u64, u32), TransferError> {
    let mut file = File::open(path).map_err(io_error("file not opened", path))?;
    sum_of(&mut file, path, |_| Ok(()))
}

/// Reads a file to its end, hands each piece on, answers size and checksum.
fn sum_of(
    file: &mut impl Read,
    path: &Path,
    mut each: impl FnMut(&[u8]) -> Result<(), TransferError>,
) -> Result<(u64, u32), TransferError> {
    let (mut chunk, mut sum, mut size) = (vec![0; CHUNK], simd_adler32::Adler32::new(), 0);
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok((size, sum.finish())),
            Ok(count) => {
                sum.write(&chunk[..count]);
                size += count as u64;
                each(&chunk[..count])?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(io_error("file not read", path)(error)),
        }
    }
}

/// The copy that stands when it has this size; none when there is none or it has another.
///
/// # Errors
/// When it can't be read.
pub fn standing_copy(copy: &Path, size_bytes: u64) -> Result<Option<Copied>, TransferError> {
    let started = Timestamp::now();
    if !copy.exists() || seen(copy)?.0 != size_bytes {
        return Ok(None);
    }
    let (size_bytes, adler32) = checksum(copy)?;
    Ok(Some(Copied { size_bytes, adler32, started, ended: Timestamp::now(), stood_already: true }))
}

/// Whether a file's bytes are the beginning of another one's, which is longer.
///
/// # Errors
/// When one of them can't be read.
pub fn is_beginning(short: &Path, long: &Path) -> Result<bool, TransferError> {
    let (size_bytes, adler32) = checksum(short)?;
    if seen(long)?.0 <= size_bytes {
        return Ok(false);
    }
    let begun = File::open(long).map_err(io_error("file not opened", long))?;
    Ok(sum_of(&mut begun.take(size_bytes), long, |_| Ok(()))? == (size_bytes, adler32))
}

/// Renames a copy that was found to be a piece to `<name>.replaced-<n>` in its folder, where nothing has that name, and answers
/// the new name. When the copy is gone already, its newest such name, if there is one: a stop came between this and its record.
///
/// # Errors
/// When it can't be renamed.
pub fn set_aside(copy: &Path) -> Result<Option<PathBuf>, TransferError> {
    let name = copy.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let replaced = |number: u32| copy.with_file_name(format!("{name}.replaced-{number}"));
    let free = (1..).find(|number| !replaced(*number).exists()).unwrap_or(u32::MAX);
    if !copy.exists() {
        return Ok(Some(replaced(free - 1)).filter(|_| free > 1));
    }
    let aside = replaced(free);
    durable::rename(copy, &aside).map_err(io_error("copy not set aside", copy))?;
    Ok(Some(aside))
}

/// Size of a file and when it was written last.
///
/// # Errors
/// When it can't be asked.
pub fn seen(path: &Path) -> Result<(u64, Timestamp), TransferError> {
    let facts = fs::metadata(path).map_err(io_error("file not found", path))?;
    let written = facts.modified().ok().and_then(|time| Timestamp::try_from(time).ok()).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok((facts.len(), written))
}

fn refuse_without_room(folder: &Path, needed_bytes: u64) -> Result<(), TransferError> {
    let facts = rustix::fs::statvfs(folder).map_err(|error| io_error("room not known", folder)(error.into()))?;
    let free_bytes = facts.f_bavail.saturating_mul(facts.f_frsize);
    if free_bytes < needed_bytes.saturating_add(ROOM_LEFT_BYTES) {
        return Err(TransferError::NoRoom { needed_bytes, free_bytes, path: folder.to_owned() });
    }
    Ok(())
}

fn io_error(what: &'static str, path: &Path) -> impl Fn(io::Error) -> TransferError {
    let path = path.to_owned();
    move |why| TransferError::Io { what, why, path: path.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("run1-seq0.dat"), folder.path().join("storage/run1/run1-seq0.dat"));
        (folder, from, to)
    }

    #[test]
    fn a_copy_has_the_bytes_and_the_checksum() {
        let (_folder, from, to) = places();
        // RFC 1950's checksum of "Wikipedia" is widely quoted as 0x11E60398.
        fs::write(&from, "Wikipedia").unwrap();
        let copied = LocalCopy.copy(&from, &to).unwrap();
        assert_eq!((copied.size_bytes, copied.adler32, copied.stood_already), (9, 0x11E6_0398, false));
        assert_eq!(fs::read(&to).unwrap(), b"Wikipedia");
        assert_eq!(fs::read_dir(to.parent().unwrap()).unwrap().count(), 1, "something was left beside the copy");
    }

    #[test]
    fn a_copy_that_stands_already_is_taken_and_another_content_refused() {
        let (_folder, from, to) = places();
        fs::write(&from, "one").unwrap();
        LocalCopy.copy(&from, &to).unwrap();
        assert!(LocalCopy.copy(&from, &to).unwrap().stood_already);
        fs::write(&from, "two").unwrap();
        assert!(matches!(LocalCopy.copy(&from, &to), Err(TransferError::OtherContent { .. })));
        assert_eq!(fs::read(&to).unwrap(), b"one");
    }

    #[test]
    fn a_piece_is_known_and_set_aside_under_a_name_of_its_own() {
        let (_folder, from, to) = places();
        fs::write(&from, "one two").unwrap();
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        for (number, piece) in [(1, "one"), (2, "one t")] {
            fs::write(&to, piece).unwrap();
            assert!(is_beginning(&to, &from).unwrap());
            let aside = set_aside(&to).unwrap().unwrap();
            assert!(aside.ends_with(format!("run1-seq0.dat.replaced-{number}")), "{}", aside.display());
            assert_eq!(fs::read_to_string(&aside).unwrap(), piece);
            assert_eq!(set_aside(&to).unwrap(), Some(aside), "it was set aside before");
        }
        for other in ["one two", "two", "one two three"] {
            fs::write(&to, other).unwrap();
            assert!(!is_beginning(&to, &from).unwrap(), "{other}");
        }
    }

    #[test]
    fn what_a_kill_left_aside_is_in_nobodys_way() {
        let (_folder, from, to) = places();
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(durable::aside(&to), "much longer than the file that is copied now").unwrap();
        fs::write(&from, "").unwrap();
        assert_eq!(LocalCopy.copy(&from, &to).unwrap().size_bytes, 0);
        assert_eq!(fs::read(&to).unwrap(), b"");
    }

    #[test]
    fn a_missing_source_is_told_with_its_path() {
        let (_folder, from, to) = places();
        let error = LocalCopy.copy(&from, &to).unwrap_err();
        assert!(error.to_string().ends_with("run1-seq0.dat"), "{error}");
    }
}
