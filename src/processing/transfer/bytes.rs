//! Sizes, times and checksums of files on this machine.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::error::io_error;
use super::{Copied, TransferError};
use crate::processing::durable;

/// Bytes read at once.
const CHUNK: usize = 1 << 20;

/// Size and Adler-32 of a file's bytes.
///
/// # Errors
/// When it can't be read.
pub fn checksum(path: &Path) -> Result<(u64, u32), TransferError> {
    checksum_while(path, || Ok(()))
}

/// As [`checksum`], asking before each piece whether to go on.
pub(super) fn checksum_while(path: &Path, go_on: impl Fn() -> Result<(), TransferError>) -> Result<(u64, u32), TransferError> {
    let mut file = File::open(path).map_err(io_error("file not opened", path))?;
    sum_of(&mut file, path, |_| go_on())
}

/// Reads a file to its end, hands each piece on, answers size and checksum.
pub(super) fn sum_of(
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
