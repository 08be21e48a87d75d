//! Reads big-endian values from bytes, and never past their end.

use super::error::RootError;

/// Set in a 32-bit word that says how many bytes follow.
pub(super) const BYTE_COUNT: u32 = 0x4000_0000;

/// A place in bytes.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    /// The next byte.
    pub(super) at: usize,
    /// Where the first of the bytes stands, for messages.
    origin: u64,
    /// What the bytes are, for messages.
    what: &'a str,
}

/// What stands before an object: its version and, mostly, its length.
#[derive(Debug, Clone, Copy)]
pub(super) struct ObjectHeader {
    /// Version of the class.
    pub(super) version: i16,
    /// Where the object ends, if that is told.
    pub(super) end: Option<usize>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], origin: u64, what: &'a str) -> Self {
        Cursor { bytes, at: 0, origin, what }
    }

    /// The same place with fewer bytes behind it.
    pub(super) fn until(&self, end: usize) -> Cursor<'a> {
        Cursor { bytes: &self.bytes[..end.clamp(self.at, self.bytes.len())], ..self.clone() }
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Where the cursor stands, for messages.
    pub(super) fn offset(&self) -> u64 {
        self.origin + self.at as u64
    }

    /// An error at the cursor.
    pub(super) fn wrong(&self, part: &str, found: impl std::fmt::Display, expected: impl std::fmt::Display) -> RootError {
        RootError::damaged(&format!("{part} in {}", self.what), self.offset(), found, expected)
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], RootError> {
        let taken = self.at.checked_add(count).and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| {
            RootError::damaged(self.what, self.offset(), format!("{} bytes", self.left()), format!("{count} more"))
        })?;
        self.at += count;
        Ok(taken)
    }

    /// `count` values of `size` bytes.
    pub(super) fn take_values(&mut self, count: usize, size: usize) -> Result<&'a [u8], RootError> {
        self.take(count.saturating_mul(size))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], RootError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, RootError> {
        self.array().map(u8::from_be_bytes)
    }

    pub(super) fn i16(&mut self) -> Result<i16, RootError> {
        self.array().map(i16::from_be_bytes)
    }

    pub(super) fn i32(&mut self) -> Result<i32, RootError> {
        self.array().map(i32::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, RootError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn i64(&mut self) -> Result<i64, RootError> {
        self.array().map(i64::from_be_bytes)
    }

    /// A 32-bit number of things: not below zero.
    pub(super) fn count(&mut self, part: &str) -> Result<usize, RootError> {
        let at = self.clone();
        let count = self.i32()?;
        usize::try_from(count).map_err(|_| at.wrong(part, count, "0 or more"))
    }

    /// A place in the file: 64 bits in records of large files, else 32.
    pub(super) fn place(&mut self, big: bool) -> Result<u64, RootError> {
        let at = self.clone();
        let place = if big { self.i64()? } else { self.i32()?.into() };
        u64::try_from(place).map_err(|_| at.wrong("a place", place, "0 or more"))
    }

    /// A text's bytes with their number before them: one byte, or 255 and four.
    pub(super) fn text_bytes(&mut self) -> Result<&'a [u8], RootError> {
        let short = self.u8()?;
        let length = if short == 255 { self.count("a text's length")? } else { short.into() };
        self.take(length)
    }

    /// A text; bytes that are no UTF-8 (old files know others) become replacement characters.
    pub(super) fn text(&mut self) -> Result<String, RootError> {
        self.text_bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// A text that a zero byte ends.
    pub(super) fn zero_ended(&mut self) -> Result<String, RootError> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| *byte == 0).ok_or_else(|| self.wrong("a name", "no end", "a zero byte"))?;
        let text = String::from_utf8_lossy(&rest[..length]).into_owned();
        self.at += length + 1;
        Ok(text)
    }

    /// What stands before an object.
    pub(super) fn object_header(&mut self) -> Result<ObjectHeader, RootError> {
        let start = self.clone();
        let word = self.u32()?;
        if word & BYTE_COUNT == 0 {
            *self = start;
            return Ok(ObjectHeader { version: self.i16()?, end: None });
        }
        let count = (word & !BYTE_COUNT) as usize;
        if count < 2 || count > self.left() {
            return Err(start.wrong("an object's length", count, format!("2 to {}", self.left())));
        }
        let end = self.at + count;
        Ok(ObjectHeader { version: self.i16()?, end: Some(end) })
    }
}
