//! Reads a reconstructed file: the uncompressed TTrees that we write.
//!
//! A ROOT file is a row of records, each with a key that says how long it is, of what class and name. The values of a branch
//! stand in its `TBasket` records, and the `TTree` record, written last, says how many entries there should be. So one walk
//! over the records, with every length checked, reads everything and knows when something is missing.

use std::collections::HashMap;
use std::path::Path;

use monitasks::vocab::FileId;

use super::error::RecoFileError;
use super::schema::{EventRows, RecoData, column_type, empty_trees};
use super::tree::{Branch, Tree, Values};

/// What a file is of, and how much of it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoFacts {
    /// Which raw file it is of.
    pub file: FileId,
    /// Events that it should hold.
    pub events: u64,
    /// Whole events that the raw file held: more when only some were selected.
    pub raw_events: u64,
    /// Entries of the tree `events`: the same number when the file is good.
    pub entries: u64,
    /// Program and version that wrote it.
    pub software: String,
    /// The detector file's name.
    pub detector: String,
}

/// One tree, for people.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct TreeFacts {
    /// Its name.
    pub name: String,
    /// Number of entries.
    pub entries: u64,
    /// Its branches.
    pub branches: Vec<BranchFacts>,
}

/// One branch, for people.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct BranchFacts {
    /// Its name.
    pub name: String,
    /// Its type: `int32`, `int64`, `float32`, `float64`, `text`.
    #[serde(rename = "type")]
    pub type_name: &'static str,
    /// Sum of its values in double precision; of text, its length in bytes.
    pub sum: f64,
}

/// Reads the whole file.
///
/// # Errors
/// When it can't be read, is damaged or is no reconstructed file.
pub fn load(path: &Path) -> Result<RecoData, RecoFileError> {
    RecoData::from_trees(trees(path)?).map_err(|what| RecoFileError::other(path, what))
}

/// What a file is of and how many events are in it, with every record's length checked.
///
/// # Errors
/// As [`load`].
pub fn entries(path: &Path) -> Result<RecoFacts, RecoFileError> {
    let data = load(path)?;
    Ok(RecoFacts {
        file: data.meta.file,
        events: data.meta.events,
        raw_events: data.meta.raw_events,
        entries: data.events.len() as u64,
        software: data.meta.software,
        detector: data.meta.detector,
    })
}

/// Every tree with its branches and their sums.
///
/// # Errors
/// As [`load`].
pub fn describe(path: &Path) -> Result<Vec<TreeFacts>, RecoFileError> {
    let facts = |tree: Tree| TreeFacts {
        entries: tree.branches.first().map_or(0, |branch| branch.values.len() as u64),
        branches: tree
            .branches
            .iter()
            .map(|branch| BranchFacts {
                name: branch.name.clone(),
                type_name: branch.values.type_name(),
                sum: branch.values.sum(),
            })
            .collect(),
        name: tree.name,
    };
    Ok(trees(path)?.into_iter().map(facts).collect())
}

/// The trees in a file.
fn trees(path: &Path) -> Result<Vec<Tree>, RecoFileError> {
    let bytes = std::fs::read(path).map_err(|error| RecoFileError::io("opened", path, &error))?;
    parse(&bytes).map_err(|fault| match fault {
        Fault::Damage { what, offset, found, expected } => {
            RecoFileError::Damaged { what, offset: offset as u64, found, expected, path: path.to_owned() }
        }
        Fault::Other(what) => RecoFileError::other(path, what),
    })
}

/// What is wrong with the bytes.
#[derive(Debug, PartialEq)]
pub(super) enum Fault {
    Damage { what: String, offset: usize, found: String, expected: String },
    Other(String),
}

fn damage(what: &str, offset: usize, found: impl std::fmt::Display, expected: impl std::fmt::Display) -> Fault {
    Fault::Damage { what: what.into(), offset, found: found.to_string(), expected: expected.to_string() }
}

/// The trees in a file's bytes, in the order in which they were finished.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Tree>, Fault> {
    let end = header(bytes)?;
    let mut baskets: HashMap<(String, String), Values> = HashMap::new();
    let mut finished: Vec<(String, u64)> = Vec::new();
    let mut at = FIRST_RECORD;
    while at < end {
        let record = Record::read(bytes, at)?;
        match record.class.as_str() {
            "TBasket" => {
                let branch = (record.title.clone(), record.name.clone());
                let known = column_type(&branch.0, &branch.1)
                    .ok_or_else(|| Fault::Other(format!("its tree '{}' has the unknown column '{}'", branch.0, branch.1)))?;
                record.append_basket(bytes, baskets.entry(branch).or_insert(known))?;
            }
            "TTree" => finished.push((record.name.clone(), record.entries(bytes)?)),
            _ => {}
        }
        at = record.next;
    }
    finished.into_iter().map(|(name, entries)| assemble(&name, entries, &mut baskets)).collect()
}

/// A tree from its branches, in the order of the schema, with their lengths checked.
fn assemble(name: &str, entries: u64, baskets: &mut HashMap<(String, String), Values>) -> Result<Tree, Fault> {
    let Some(mut tree) = empty_trees().into_iter().find(|known| known.name == name) else {
        return Err(Fault::Other(format!("its tree '{name}' is none of a reconstructed file, such as '{}'", EventRows::TREE)));
    };
    for Branch { name: column, values } in &mut tree.branches {
        if let Some(found) = baskets.remove(&(name.to_owned(), column.clone())) {
            *values = found;
        }
        if values.len() as u64 != entries {
            let found = format!("{} values", values.len());
            return Err(damage(&format!("column '{column}' of tree '{name}'"), 0, found, format!("{entries}, as the tree says")));
        }
    }
    Ok(tree)
}

/// Where the first record stands.
const FIRST_RECORD: usize = 100;

/// Checks the file's header; gives the end of the records.
fn header(bytes: &[u8]) -> Result<usize, Fault> {
    let mut cursor = Cursor { bytes, at: 0, what: "file header" };
    let magic = cursor.take(4)?;
    if magic != b"root" {
        return Err(damage("file header", 0, format!("{magic:02X?}"), "the letters 'root'"));
    }
    let big = cursor.i32()? > 1_000_000;
    let begin = cursor.i32()?;
    if begin != FIRST_RECORD as i32 {
        return Err(damage("first record's place", 8, begin, FIRST_RECORD));
    }
    let end = if big { cursor.i64()? } else { cursor.i32()?.into() };
    if end != bytes.len() as i64 {
        return Err(damage("file's end", 12, format!("{} bytes", bytes.len()), format!("{end}, as its header says")));
    }
    Ok(bytes.len())
}

/// One record's key.
#[derive(Debug)]
struct Record {
    at: usize,
    /// Where its data begin.
    data: usize,
    /// Where the next record begins.
    next: usize,
    /// Where a basket's own header begins, behind the key's names.
    tail: usize,
    class: String,
    name: String,
    title: String,
}

impl Record {
    fn read(bytes: &[u8], at: usize) -> Result<Record, Fault> {
        let mut cursor = Cursor { bytes, at, what: "record" };
        let length = cursor.i32()?;
        let size = length.unsigned_abs() as usize;
        if size < 4 || size > bytes.len() - at {
            return Err(damage("record's length", at, length, format!("4 to {}", bytes.len() - at)));
        }
        let mut record = Record {
            at,
            data: at + size,
            next: at + size,
            tail: 0,
            class: String::new(),
            name: String::new(),
            title: String::new(),
        };
        if length < 0 {
            return Ok(record); // a gap
        }
        let big = cursor.i16()? > 1000;
        let object = cursor.i32()?;
        cursor.take(4)?; // the date
        let key = usize::try_from(cursor.i16()?).unwrap_or(0);
        cursor.take(2)?; // the cycle
        cursor.take(if big { 16 } else { 8 })?; // where it and its folder stand
        record.class = cursor.text()?;
        record.name = cursor.text()?;
        record.title = cursor.text()?;
        record.tail = cursor.at;
        record.data = at + key;
        if key > size || record.tail > record.data {
            return Err(damage("key's length", at + 14, key, format!("{} to {size}", record.tail - at)));
        }
        let carries = matches!(record.class.as_str(), "TBasket" | "TTree");
        if carries && usize::try_from(object).ok() != Some(size - key) {
            return Err(Fault::Other(format!(
                "the record of class {} at byte {at} is compressed, and ours are not",
                record.class
            )));
        }
        Ok(record)
    }

    /// Appends a basket's values to its branch.
    fn append_basket(&self, bytes: &[u8], values: &mut Values) -> Result<(), Fault> {
        let mut cursor = Cursor { bytes: &bytes[..self.data], at: self.tail, what: "basket's header" };
        cursor.take(2 + 4 + 4)?; // version, buffer size, entry size
        let count = cursor.i32()?;
        let last = cursor.i32()?;
        let end = usize::try_from(last).map_or(0, |last| self.at + last);
        if end < self.data || end > self.next {
            return Err(damage(
                "basket's end",
                self.tail + 14,
                last,
                format!("{} to {}", self.data - self.at, self.next - self.at),
            ));
        }
        let content = &bytes[self.data..end];
        let found = match values {
            Values::I32(values) => numbers(content, values, i32::from_be_bytes),
            Values::I64(values) => numbers(content, values, i64::from_be_bytes),
            Values::F32(values) => numbers(content, values, f32::from_be_bytes),
            Values::F64(values) => numbers(content, values, f64::from_be_bytes),
            Values::Text(values) => texts(bytes, self.data, end, values)?,
        };
        if usize::try_from(count).ok() != Some(found) {
            return Err(damage("basket's entries", self.data, format!("{found} values"), format!("{count}, as its header says")));
        }
        Ok(())
    }

    /// The number of entries that a TTree record says its tree has.
    fn entries(&self, bytes: &[u8]) -> Result<u64, Fault> {
        let mut cursor = Cursor { bytes: &bytes[..self.next], at: self.data, what: "tree" };
        cursor.take(4 + 2)?; // byte count and version of the tree; then name and title, and three sets of drawing attributes
        for _ in 0..4 {
            let counted = cursor.i32()?;
            if counted & 0x4000_0000 == 0 {
                return Err(damage("tree's byte count", cursor.at - 4, format!("{counted:#x}"), "one with bit 30 set"));
            }
            cursor.take((counted & !0x4000_0000) as usize)?;
        }
        let entries = cursor.i64()?;
        u64::try_from(entries).map_err(|_| damage("tree's entries", cursor.at - 8, entries, "0 or more"))
    }
}

/// Appends the numbers in a basket; gives how many, or one more than fit when bytes are left over.
fn numbers<T, const N: usize>(content: &[u8], values: &mut Vec<T>, read: fn([u8; N]) -> T) -> usize {
    let (chunks, rest) = content.as_chunks::<N>();
    values.extend(chunks.iter().map(|chunk| read(*chunk)));
    chunks.len() + usize::from(!rest.is_empty())
}

/// Appends the texts in a basket; gives how many.
fn texts(bytes: &[u8], from: usize, end: usize, values: &mut Vec<String>) -> Result<usize, Fault> {
    let mut cursor = Cursor { bytes: &bytes[..end], at: from, what: "text" };
    let before = values.len();
    while cursor.at < end {
        values.push(cursor.text()?);
    }
    Ok(values.len() - before)
}

/// Reads big-endian values, and never past the end.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    what: &'static str,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let left = self.bytes.len().saturating_sub(self.at);
        let taken = self.at.checked_add(count).and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| damage(self.what, self.at, format!("{left} bytes"), format!("{count} more")))?;
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn i16(&mut self) -> Result<i16, Fault> {
        self.array().map(i16::from_be_bytes)
    }

    fn i32(&mut self) -> Result<i32, Fault> {
        self.array().map(i32::from_be_bytes)
    }

    fn i64(&mut self) -> Result<i64, Fault> {
        self.array().map(i64::from_be_bytes)
    }

    /// A text with its length before it: one byte, or 255 and four.
    fn text(&mut self) -> Result<String, Fault> {
        let start = self.at;
        let short = self.take(1)?[0];
        let length = if short == 255 { usize::try_from(self.i32()?).unwrap_or(usize::MAX) } else { short.into() };
        let text = self.take(length)?;
        String::from_utf8(text.to_vec()).map_err(|_| damage(self.what, start, "bytes that are no UTF-8", "a text"))
    }
}
