//! Files that stand after a power cut: written aside, synchronised, renamed, and the folder synchronised.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A file or folder that the operating system refused.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}: {}", path.display())]
pub struct FileError {
    /// What was being done.
    pub what: &'static str,
    /// The operating system's reason.
    pub why: io::Error,
    /// The file or folder.
    pub path: PathBuf,
}

/// Says what was being done with a file when the operating system refused.
pub fn io_error<E: From<FileError>>(what: &'static str, path: &Path) -> impl Fn(io::Error) -> E {
    let path = path.to_owned();
    move |why| E::from(FileError { what, why, path: path.clone() })
}

/// Writes a whole file so that it is there whole or not at all.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_whole_as(path, bytes, None)
}

/// As [`write_whole`], with the permissions of its owner, its group and others set before it has its name.
pub fn write_whole_as(path: &Path, bytes: &[u8], mode: Option<u32>) -> io::Result<()> {
    let aside = aside(path);
    let mut file = File::create(&aside)?;
    file.write_all(bytes)?;
    if let Some(mode) = mode {
        file.set_permissions(fs::Permissions::from_mode(mode))?;
    }
    file.sync_all()?;
    rename(&aside, path)
}

/// Makes a folder and those above it that are missing, so that they stand after a power cut.
pub fn create_folders(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> =
        folder.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists()).collect();
    fs::create_dir_all(folder)?;
    missing.into_iter().rev().try_for_each(sync_folder_of)
}

/// Renames so that the new name stands after a power cut.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_folder_of(to)
}

/// Makes an entry of a folder stand after a power cut.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// The name a file has while it is written: hidden, in the folder of its final name.
pub fn aside(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.part"))
}

/// Appends one line. A line that was cut short at the end of the file is completed when it is the start of this one, else ended.
pub fn append_line(path: &Path, line: impl AsRef<[u8]>) -> io::Result<()> {
    let line = line.as_ref();
    let is_new = !path.exists();
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    if is_new {
        sync_folder_of(path)?;
    }
    let torn = torn_end(&mut file)?;
    let text = match line.strip_prefix(torn.as_slice()) {
        Some(rest) => [rest, b"\n"].concat(),
        None => [b"\n", line, b"\n"].concat(),
    };
    file.write_all(&text)?;
    file.sync_all()
}

/// What stands after the last line end; nothing in a file that ends as it should.
fn torn_end(file: &mut File) -> io::Result<Vec<u8>> {
    use std::io::{Read, Seek, SeekFrom};
    const LONGEST_LINE: u64 = 16 * 1024;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(LONGEST_LINE)))?;
    let mut end = Vec::new();
    file.take(LONGEST_LINE).read_to_end(&mut end)?;
    let start = end.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    Ok(end.split_off(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_line_is_completed_and_a_foreign_one_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        append_line(&path, "first line").unwrap();
        fs::write(&path, "first line\nsecond l").unwrap();
        append_line(&path, "second line").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "first line\nsecond line\n");
        fs::write(&path, "first line\nsomething el").unwrap();
        append_line(&path, "second line").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "first line\nsomething el\nsecond line\n");
    }

    #[test]
    fn folders_are_made_as_deep_as_needed_and_again() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b/c");
        create_folders(&deep).unwrap();
        create_folders(&deep).unwrap();
        assert!(deep.is_dir());
        fs::write(folder.path().join("file"), "x").unwrap();
        assert!(create_folders(&folder.path().join("file/below")).is_err());
    }

    #[test]
    fn a_file_is_written_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mark.json");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
