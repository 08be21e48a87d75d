//! Where the bytes of a ROOT file come from: ranges, so that a large file is never read whole.

use std::borrow::Cow;

/// Bytes that can be asked for in ranges.
pub trait ByteSource {
    /// How many bytes there are.
    fn size_bytes(&self) -> u64;

    /// `count` bytes from the byte `from` on. It is asked only for ranges inside [`ByteSource::size_bytes`].
    ///
    /// # Errors
    /// Why they can't be given.
    fn range(&self, from: u64, count: usize) -> Result<Cow<'_, [u8]>, String>;
}

impl ByteSource for [u8] {
    fn size_bytes(&self) -> u64 {
        self.len() as u64
    }

    fn range(&self, from: u64, count: usize) -> Result<Cow<'_, [u8]>, String> {
        let start = usize::try_from(from).unwrap_or(usize::MAX);
        let range = start.checked_add(count).and_then(|end| self.get(start..end));
        range.map(Cow::Borrowed).ok_or_else(|| format!("{count} bytes at {from} asked of {}", self.len()))
    }
}

impl<S: ByteSource + ?Sized> ByteSource for &S {
    fn size_bytes(&self) -> u64 {
        (**self).size_bytes()
    }

    fn range(&self, from: u64, count: usize) -> Result<Cow<'_, [u8]>, String> {
        (**self).range(from, count)
    }
}
