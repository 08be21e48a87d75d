//! Baskets: the pieces in which a branch's values stand in the file.

use std::borrow::Cow;
use std::sync::Arc;

use super::compression::MOST_UNPACKED_BYTES;
use super::cursor::{BYTE_COUNT, Cursor};
use super::error::RootError;
use super::file::{content, key_at, range};
use super::key::Key;
use super::object::{Object, Value};
use super::source::ByteSource;
use super::tree::{Branch, BranchKind};
use super::values::{Column, PerEntry, Values};

/// Bytes before a `std::vector`'s values: length, version, number of values.
const VECTOR_HEADER_BYTES: usize = 4 + 2 + 4;

/// Where a basket stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    /// Entries before it.
    first_entry: u64,
    holder: Holder,
}

#[derive(Debug, Clone, PartialEq)]
enum Holder {
    /// A record of its own, with its size in bytes.
    File { seek: u64, size_bytes: usize },
    /// The tree's own record: what stood there for the basket.
    Tree(Arc<[u8]>),
}

/// A basket's header, and its content unpacked.
pub(super) struct Basket<'a> {
    /// Number of entries.
    pub(super) entries: usize,
    /// The entries' bytes.
    content: Cow<'a, [u8]>,
    /// Where each entry begins in them, if they differ in length.
    starts: Option<Vec<usize>>,
    /// Where it stands in the file, 0 for the tree's record.
    seek: u64,
}

/// The numbers before a basket's content.
struct Header {
    entries: usize,
    /// Where the entries' bytes end, counted from the key's start.
    last: usize,
    /// What follows: see ROOT's `TBasket::Streamer`.
    flag: u8,
}

impl Place {
    /// Bytes of its record in the file, 0 for one inside the tree's.
    pub(super) fn file_bytes(&self) -> u64 {
        match self.holder {
            Holder::File { size_bytes, .. } => size_bytes as u64,
            Holder::Tree(_) => 0,
        }
    }

    /// The baskets of a branch, in the order of their entries.
    pub(super) fn all_of(branch: &Object) -> Result<Vec<Place>, RootError> {
        let on_file = branch.count("fWriteBasket")?;
        let seeks = branch.integers("fBasketSeek")?;
        let sizes = branch.integers("fBasketBytes")?;
        let firsts = branch.integers("fBasketEntry")?;
        let inside = branch.list("fBaskets")?;
        let mut places = Vec::new();
        let count = (on_file + 1).max(inside.len()).min(seeks.len().max(inside.len()));
        for index in 0..count {
            let first_entry = firsts.get(index).copied().unwrap_or(0).max(0) as u64;
            let seek = seeks.get(index).copied().unwrap_or(0);
            let kept = inside.get(index).and_then(Value::object).and_then(|basket| match basket.get("basket") {
                Some(Value::Bytes(bytes)) => Some(bytes),
                _ => None,
            });
            let holder = if seek > 0 && index < on_file {
                let size_bytes = sizes.get(index).and_then(|size| usize::try_from(*size).ok()).unwrap_or(0);
                Holder::File { seek: seek as u64, size_bytes }
            } else if let Some(bytes) = kept {
                Holder::Tree(bytes.as_slice().into())
            } else {
                continue; // missing entries are found when they are counted
            };
            places.push(Place { first_entry, holder });
        }
        Ok(places)
    }
}

/// How many entries a basket says it has, by its key; `before` is how many came before it.
pub(super) fn entries<S: ByteSource + ?Sized>(source: &S, place: &Place, branch: &Branch, before: u64) -> Result<u64, RootError> {
    check_first_entry(place, branch, before)?;
    Ok(match &place.holder {
        Holder::File { seek, size_bytes } => header_at(source, *seek, *size_bytes, branch)?.1.entries as u64,
        Holder::Tree(bytes) => in_tree(bytes, branch)?.entries as u64,
    })
}

/// A basket, unpacked; `before` is how many entries came before it.
pub(super) fn read<'a, S: ByteSource + ?Sized>(
    source: &'a S,
    place: &'a Place,
    branch: &Branch,
    before: u64,
) -> Result<Basket<'a>, RootError> {
    check_first_entry(place, branch, before)?;
    match &place.holder {
        Holder::File { seek, size_bytes } => on_file(source, *seek, *size_bytes, branch),
        Holder::Tree(bytes) => in_tree(bytes, branch),
    }
}

fn check_first_entry(place: &Place, branch: &Branch, before: u64) -> Result<(), RootError> {
    if place.first_entry == before {
        return Ok(());
    }
    let (what, seek) = match place.holder {
        Holder::File { seek, .. } => ("a basket's first entry", seek),
        Holder::Tree(_) => ("first entry of a basket in the tree's record", 0),
    };
    Err(RootError::damaged(&format!("{what}, branch '{}'", branch.name), seek, place.first_entry, before))
}

fn header_at<S: ByteSource + ?Sized>(
    source: &S,
    seek: u64,
    size_bytes: usize,
    branch: &Branch,
) -> Result<(Key, Header), RootError> {
    let what = format!("a basket's key, branch '{}'", branch.name);
    let key = key_at(source, seek, &what)?;
    if key.class != "TBasket" || key.size_bytes != size_bytes {
        let found = format!("a {} of {} bytes", key.class, key.size_bytes);
        return Err(RootError::damaged(&what, seek, found, format!("a TBasket of {size_bytes} bytes")));
    }
    // The basket's own header stands at the end of its key.
    let bytes = range(source, seek, key.key_bytes, &what)?;
    let mut cursor = Cursor::new(&bytes, seek, &what);
    Key::read(&mut cursor)?;
    let header = Header::read(&mut cursor)?;
    Ok((key, header))
}

fn on_file<'a, S: ByteSource + ?Sized>(
    source: &'a S,
    seek: u64,
    size_bytes: usize,
    branch: &Branch,
) -> Result<Basket<'a>, RootError> {
    let (key, header) = header_at(source, seek, size_bytes, branch)?;
    if key.object_bytes > MOST_UNPACKED_BYTES {
        return Err(RootError::damaged(
            "a basket's size",
            seek,
            key.object_bytes,
            format!("{MOST_UNPACKED_BYTES} bytes at most"),
        ));
    }
    let content = content(source, &key)?;
    let end = header.last.checked_sub(key.key_bytes).filter(|end| *end <= content.len());
    let end = end.ok_or_else(|| {
        let expected = format!("{} to {}", key.key_bytes, key.key_bytes + content.len());
        RootError::damaged(&format!("a basket's end, branch '{}'", branch.name), seek, header.last, expected)
    })?;
    let mut starts = None;
    if end + 4 <= content.len() {
        let mut cursor = Cursor::new(&content, seek, "a basket's entries");
        cursor.take(end)?;
        starts = Some(read_starts(&mut cursor, header.entries, key.key_bytes, end)?);
    }
    let content = match content {
        Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[..end]),
        Cow::Owned(mut bytes) => {
            bytes.truncate(end);
            Cow::Owned(bytes)
        }
    };
    Ok(Basket { entries: header.entries, content, starts, seek })
}

/// A basket that was still being filled when its tree was written: it stands in the tree's record, not packed by itself.
fn in_tree<'a>(bytes: &'a [u8], branch: &Branch) -> Result<Basket<'a>, RootError> {
    let what = format!("a basket in the tree's record, branch '{}'", branch.name);
    let mut cursor = Cursor::new(bytes, 0, &what);
    cursor.take(4)?; // the record's size
    let big = cursor.i16()? > 1000;
    cursor.take(4 + 4)?; // the object's size, and date
    let key_bytes = cursor.i16()?;
    let key_bytes = usize::try_from(key_bytes).map_err(|_| cursor.wrong("a key's length", key_bytes, "0 or more"))?;
    cursor.take(2)?; // the cycle
    cursor.take(if big { 16 } else { 8 })?; // places
    for _ in 0..3 {
        cursor.text_bytes()?;
    }
    let header = Header::read(&mut cursor)?;
    let size = header.last.checked_sub(key_bytes);
    let size = size.ok_or_else(|| cursor.wrong("a basket's end", header.last, format!("{key_bytes} at least")))?;
    let mut starts = None;
    let mut flag = header.flag;
    let has_starts = flag < 80;
    flag %= 80;
    if has_starts && flag != 0 && flag % 10 != 2 {
        if header.entries > 0 {
            starts = Some(read_starts(&mut cursor, header.entries, key_bytes, size)?);
        }
        if flag > 40 {
            let count = cursor.count("a basket's displacements")?;
            cursor.take_values(count, 4)?;
        }
    }
    let content = if flag == 1 || flag > 10 {
        cursor.take(key_bytes)?;
        cursor.take(size)?;
        &bytes[cursor.at - size..cursor.at]
    } else {
        &[]
    };
    Ok(Basket { entries: header.entries, content: Cow::Borrowed(content), starts, seek: 0 })
}

impl Header {
    fn read(cursor: &mut Cursor) -> Result<Header, RootError> {
        cursor.take(2 + 4)?; // version, size of the buffer
        if cursor.i32()? < 0 {
            cursor.take(1)?; // features of input and output, told by the sign
        }
        let entries = cursor.count("a basket's entries")?;
        let last = cursor.count("a basket's end")?;
        let flag = cursor.u8()?;
        Ok(Header { entries, last, flag })
    }
}

/// Where the entries begin in their bytes: counted from the key's start in the file, ascending.
fn read_starts(cursor: &mut Cursor, entries: usize, key_bytes: usize, end: usize) -> Result<Vec<usize>, RootError> {
    let count = cursor.count("the number of a basket's starts")?;
    if count < entries {
        return Err(cursor.wrong("a basket's starts", count, format!("{entries}, one for each entry")));
    }
    let here = cursor.clone();
    let bytes = cursor.take_values(count, 4)?;
    let mut starts = Vec::with_capacity(entries);
    let mut before = 0;
    for word in bytes.as_chunks::<4>().0.iter().take(entries) {
        let start =
            (i32::from_be_bytes(*word) as i64).checked_sub(key_bytes as i64).and_then(|start| usize::try_from(start).ok());
        let start = start.filter(|start| (before..=end).contains(start));
        before = start.ok_or_else(|| {
            here.wrong("an entry's start", i32::from_be_bytes(*word), format!("{} to {}", before + key_bytes, end + key_bytes))
        })?;
        starts.push(before);
    }
    Ok(starts)
}

impl Basket<'_> {
    /// Memory that its values take, about: of a text, more than its bytes in the file.
    pub(super) fn memory_bytes(&self, branch: &Branch) -> u64 {
        let of_each = if branch.kind == BranchKind::Text { size_of::<String>() } else { 0 };
        (self.content.len() as u64).saturating_add((self.entries as u64).saturating_mul(of_each as u64))
    }

    fn wrong(&self, branch: &Branch, found: impl std::fmt::Display, expected: impl std::fmt::Display) -> RootError {
        RootError::damaged(&format!("a basket of branch '{}'", branch.name), self.seek, found, expected)
    }

    /// The bytes of each entry.
    fn parts(&self, branch: &Branch) -> Result<impl Iterator<Item = &[u8]>, RootError> {
        let starts = self.starts.as_deref();
        let starts = match starts {
            None if self.entries > 0 => {
                let why = format!("branch '{}' has a basket that leaves out where its entries begin", branch.name);
                return Err(RootError::Unsupported(why));
            }
            starts => starts.unwrap_or_default(),
        };
        let ends = starts.iter().skip(1).copied().chain([self.content.len()]);
        Ok(starts.iter().zip(ends).map(|(start, end)| &self.content[*start..end]))
    }
}

/// A basket's values.
pub(super) fn decode(basket: &Basket, branch: &Branch) -> Result<Column, RootError> {
    let mut column = branch.empty_column()?;
    let Column { values, per_entry } = &mut column;
    match &branch.kind {
        BranchKind::Fixed { basic, count, skip, stride } => {
            let expected = basket.entries.checked_mul(*stride);
            if expected != Some(basket.content.len()) {
                let expected = format!("{} entries of {stride}", basket.entries);
                return Err(basket.wrong(branch, format!("{} bytes", basket.content.len()), expected));
            }
            let size = count * basic.size();
            if size == *stride {
                values.extend_from_bytes(&basket.content);
            } else {
                basket.content.chunks_exact(*stride).for_each(|entry| values.extend_from_bytes(&entry[*skip..skip + size]));
            }
        }
        BranchKind::Counted(basic) => {
            let mut ends = Vec::with_capacity(basket.starts.as_ref().map_or(0, Vec::len));
            for part in basket.parts(branch)? {
                if part.len() % basic.size() != 0 {
                    return Err(basket.wrong(
                        branch,
                        format!("an entry of {} bytes", part.len()),
                        format!("values of {}", basic.size()),
                    ));
                }
                values.extend_from_bytes(part);
                ends.push(values.len());
            }
            *per_entry = PerEntry::Ends(ends);
        }
        BranchKind::Vector(basic) => {
            let mut ends = Vec::with_capacity(basket.starts.as_ref().map_or(0, Vec::len));
            for part in basket.parts(branch)? {
                values.extend_from_bytes(vector(part, basic.size()).ok_or_else(|| {
                    basket.wrong(
                        branch,
                        format!("a vector of {} bytes", part.len()),
                        "its length, its number of values, the values",
                    )
                })?);
                ends.push(values.len());
            }
            *per_entry = PerEntry::Ends(ends);
        }
        BranchKind::Text => texts(basket, branch, &mut column)?,
        BranchKind::Folder | BranchKind::Unreadable(_) => {}
    }
    Ok(column)
}

/// The bytes of a vector's values; none when its header does not fit.
fn vector(part: &[u8], size: usize) -> Option<&[u8]> {
    let (header, content) = part.split_at_checked(VECTOR_HEADER_BYTES)?;
    let [word, _, count] = [&header[..4], &header[4..6], &header[6..]];
    let word = u32::from_be_bytes(word.try_into().ok()?);
    let count = u32::from_be_bytes(count.try_into().ok()?) as usize;
    (word & BYTE_COUNT != 0 && count.checked_mul(size)? == content.len()).then_some(content)
}

/// Texts, each with its length before it. Where it is told where they begin, one may take no bytes at all: it is empty.
fn texts(basket: &Basket, branch: &Branch, column: &mut Column) -> Result<(), RootError> {
    let what = format!("a basket of branch '{}', unpacked", branch.name);
    let mut texts = Vec::new();
    if basket.starts.is_some() {
        for part in basket.parts(branch)? {
            let mut cursor = Cursor::new(part, 0, &what);
            texts.push(if part.is_empty() { String::new() } else { cursor.text()? });
        }
    } else {
        let mut cursor = Cursor::new(&basket.content, 0, &what);
        while cursor.left() > 0 && texts.len() <= basket.entries {
            texts.push(cursor.text()?);
        }
    }
    if texts.len() != basket.entries {
        return Err(basket.wrong(branch, format!("{} texts", texts.len()), format!("{}, as its header says", basket.entries)));
    }
    column.values = Values::Text(texts);
    Ok(())
}
