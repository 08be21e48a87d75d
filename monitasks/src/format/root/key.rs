//! A record's key: how long the record is, what it holds, of which name, and where it stands.

use super::cursor::Cursor;
use super::error::RootError;

/// Added to a key's version when places in it are 64 bits wide.
const BIG: i16 = 1000;

/// A record's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The class of the object.
    pub class: String,
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Counts objects of one name in one folder, the newest highest.
    pub cycle: i16,
    /// Where the record begins, bytes from the file's start.
    pub seek: u64,
    /// The whole record with its key, bytes.
    pub size_bytes: usize,
    /// The object when it is unpacked, bytes.
    pub object_bytes: usize,
    /// The key, bytes: the object begins behind it.
    pub key_bytes: usize,
}

impl Key {
    /// Reads a key at the cursor.
    pub(super) fn read(cursor: &mut Cursor) -> Result<Key, RootError> {
        let start = cursor.clone();
        let size = cursor.i32()?;
        let version = cursor.i16()?;
        let big = version > BIG;
        let object = cursor.i32()?;
        cursor.take(4)?; // date and time
        let length = cursor.i16()?;
        let cycle = cursor.i16()?;
        let seek = cursor.place(big)?;
        cursor.place(big)?; // the folder's place
        let class = cursor.text()?;
        let name = cursor.text()?;
        let title = cursor.text()?;
        let used = cursor.at - start.at;
        let sizes = (usize::try_from(size), usize::try_from(object), usize::try_from(length));
        match sizes {
            (Ok(size_bytes), Ok(object_bytes), Ok(key_bytes)) if used <= key_bytes && key_bytes <= size_bytes => {
                Ok(Key { class, name, title, cycle, seek, size_bytes, object_bytes, key_bytes })
            }
            _ => Err(start.wrong(
                "a record's key",
                format!("record of {size} bytes, key of {length}, object of {object}"),
                format!("a key of at least {used} bytes inside its record"),
            )),
        }
    }

    /// Bytes of the object as they stand in the file.
    #[must_use]
    pub fn packed_bytes(&self) -> usize {
        self.size_bytes - self.key_bytes
    }

    /// Whether the object is packed.
    #[must_use]
    pub fn is_packed(&self) -> bool {
        self.object_bytes > self.packed_bytes()
    }
}
