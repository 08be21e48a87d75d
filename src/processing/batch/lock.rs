//! A job's lock: held by every process of the job while one of them lives, and it says which attempt that is.
//!
//! An advisory lock of the operating system on a file of the workspace, so that it goes when the last process goes, however it
//! ends, and so that it also holds between machines that share the disk.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use super::{BatchError, failed};

/// Who a lock file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The attempt that took the lock last.
    pub attempt: u32,
    /// Its first process.
    pub pid: i32,
    /// The machine of that process; none for the one that gave the lock away.
    pub host: Option<String>,
}

/// A lock as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockSeen {
    /// There is no lock file: no attempt was ever started.
    None,
    /// Nobody holds it; the attempt that held it last.
    Free(Option<Holder>),
    /// A process holds it; the attempt that it is of, as far as it has said so.
    Held(Option<Holder>),
}

/// The lock file, locked; none when a process holds it.
pub fn locked(path: &Path) -> Result<Option<File>, BatchError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed("folder not made", folder))?;
    }
    let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    let file = options.map_err(failed("job lock not opened", path))?;
    Ok(try_lock(&file).map_err(failed("job lock not taken", path))?.then_some(file))
}

/// Locks an open file; answers whether nobody held it.
pub fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// How a lock stands. It is taken for an instant; whoever wants to keep it tries for longer than that.
pub fn seen(path: &Path) -> Result<LockSeen, BatchError> {
    if !path.exists() {
        return Ok(LockSeen::None);
    }
    let free = locked(path)?;
    let holder = holder(path);
    Ok(if free.is_some() { LockSeen::Free(holder) } else { LockSeen::Held(holder) })
}

/// Attempt and first process that the lock file names.
pub fn holder(path: &Path) -> Option<Holder> {
    let text = fs::read_to_string(path).ok()?;
    let mut words = text.split_whitespace();
    let (attempt, pid) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some(Holder { attempt, pid, host: words.next().map(str::to_owned) })
}

/// Writes attempt and process into the lock file. A descriptor that can't be written (a terminal) is no lock and is left alone.
pub fn name_holder(mut lock: &File, attempt: u32, host: Option<&str>) -> io::Result<()> {
    if !lock.metadata()?.is_file() {
        return Ok(());
    }
    let host = host.map(|host| format!(" {host}")).unwrap_or_default();
    lock.set_len(0)?;
    lock.seek(SeekFrom::Start(0))?;
    lock.write_all(format!("{attempt} {}{host}\n", std::process::id()).as_bytes())?;
    lock.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_says_whose_it_was_and_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/job.lock");
        assert_eq!(seen(&path).unwrap(), LockSeen::None);
        let file = locked(&path).unwrap().unwrap();
        assert_eq!(seen(&path).unwrap(), LockSeen::Held(None));
        name_holder(&file, 12, None).unwrap();
        name_holder(&file, 3, Some("node7")).unwrap();
        let holder = Holder { attempt: 3, pid: i32::try_from(std::process::id()).unwrap(), host: Some("node7".into()) };
        assert_eq!(seen(&path).unwrap(), LockSeen::Held(Some(holder.clone())));
        assert!(locked(&path).unwrap().is_none());
        drop(file);
        assert_eq!(seen(&path).unwrap(), LockSeen::Free(Some(holder)));
        fs::write(&path, "what is this").unwrap();
        assert_eq!(seen(&path).unwrap(), LockSeen::Free(None));
    }
}
