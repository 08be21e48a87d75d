//! Size and Adler-32 of what is read.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Size in bytes and Adler-32 of a file.
///
/// # Errors
/// When it can't be read.
pub fn checksum(path: &Path) -> io::Result<(u64, u32)> {
    Summed::new(File::open(path)?).read_out()
}

/// A reader that sums what is read through it.
pub(super) struct Summed<R> {
    inner: R,
    sum: simd_adler32::Adler32,
    size_bytes: u64,
}

impl<R: Read> Summed<R> {
    pub(super) fn new(inner: R) -> Self {
        Summed { inner, sum: simd_adler32::Adler32::new(), size_bytes: 0 }
    }

    /// Size and checksum of what was read so far.
    pub(super) fn so_far(&self) -> (u64, u32) {
        (self.size_bytes, self.sum.finish())
    }

    /// Reads what is left; answers size and checksum of all.
    pub(super) fn read_out(&mut self) -> io::Result<(u64, u32)> {
        let mut chunk = vec![0; 1 << 18];
        loop {
            match self.read(&mut chunk) {
                Ok(0) => return Ok(self.so_far()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.sum.write(&into[..count]);
        self.size_bytes += count as u64;
        Ok(count)
    }
}

/// An Adler-32 as eight hexadecimal digits, for serde.
pub(super) mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(sum: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{sum:08x}"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        let text = String::deserialize(deserializer)?;
        u32::from_str_radix(&text, 16).map_err(|_| serde::de::Error::custom(format!("{text:?} is no Adler-32")))
    }
}
