//! A ROOT file's bytes on the disk, read in the ranges that are asked for.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use monitasks::format::root::ByteSource;

/// An open file. What another program adds to it behind its size at the opening is not seen.
#[derive(Debug)]
pub struct FileBytes {
    file: File,
    size_bytes: u64,
}

impl FileBytes {
    /// Opens a file.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let size_bytes = file.metadata()?.len();
        Ok(FileBytes { file, size_bytes })
    }
}

impl ByteSource for FileBytes {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    fn range(&self, from: u64, count: usize) -> Result<Cow<'_, [u8]>, String> {
        let mut bytes = vec![0; count];
        self.file.read_exact_at(&mut bytes, from).map_err(|error| error.to_string())?;
        Ok(Cow::Owned(bytes))
    }
}
