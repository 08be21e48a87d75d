//! A ROOT file: its header, its folders with their keys, and the objects behind them.

use std::borrow::Cow;
use std::collections::HashSet;

use super::basket;
use super::compression::{self, MOST_UNPACKED_BYTES};
use super::cursor::Cursor;
use super::error::RootError;
use super::graph::Graph;
use super::histogram::Histogram;
use super::key::Key;
use super::layout::Layouts;
use super::object::{Object, Reader};
use super::source::ByteSource;
use super::tree::{Branch, Tree};
use super::values::Column;

/// What a ROOT file begins with.
pub const MAGIC: &[u8; 4] = b"root";

/// Folders in folders that are followed.
const MOST_DEPTH: usize = 32;

/// Where a key says how long it is.
const KEY_LENGTH_AT: usize = 14;

/// Longest path of an object: folders and name, bytes.
const LONGEST_PATH: usize = 1024;

/// Most names that an error lists.
const MOST_NAMES: usize = 30;

/// Versions from here on have 64-bit places in the header.
const BIG_FILE: i32 = 1_000_000;

/// An object in a file, as its folder lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Folders and name: `run7/gain/map`.
    pub path: String,
    /// Its key, with class, title and cycle.
    pub key: Key,
    /// Whether a key of the same path with a higher cycle is there too.
    pub outdated: bool,
}

impl Entry {
    /// Whether it is a folder.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        matches!(self.key.class.as_str(), "TDirectory" | "TDirectoryFile")
    }
}

/// A ROOT file whose folders were read; objects are read when they are asked for.
#[derive(Debug)]
pub struct RootFile<S> {
    source: S,
    version: i32,
    entries: Vec<Entry>,
    faults: Vec<RootError>,
    /// Bytes of the folders' lists of keys.
    listed_bytes: u64,
    layouts: Result<Layouts, RootError>,
}

/// The file's header.
struct Header {
    version: i32,
    /// Where the records begin.
    begin: u64,
    /// From `begin` to the first folder's header.
    name_bytes: u64,
    /// The record of the class layouts.
    info: u64,
    info_bytes: usize,
}

/// A folder's header.
struct Folder {
    /// Where its list of keys stands.
    keys: u64,
    keys_bytes: usize,
}

impl<S: ByteSource> RootFile<S> {
    /// Reads header and folders. A subfolder that is damaged is one of [`RootFile::faults`], the others go on.
    ///
    /// # Errors
    /// When it is no ROOT file, was not closed, is cut, or when header or outermost folder are damaged.
    pub fn open(source: S) -> Result<Self, RootError> {
        let header = Header::read(&source)?;
        let mut file = RootFile {
            source,
            version: header.version,
            entries: Vec::new(),
            faults: Vec::new(),
            listed_bytes: 0,
            layouts: Ok(Layouts::built_in()),
        };
        let mut seen = HashSet::new();
        file.read_folder(header.begin + header.name_bytes, "", 0, &mut seen)?;
        file.layouts = file.read_layouts(&header);
        Ok(file)
    }

    /// The version of ROOT that the file says it follows: 64000 for 6.40.00.
    #[must_use]
    pub fn version(&self) -> i32 {
        self.version % BIG_FILE
    }

    /// Everything that the folders list, folders too, in their order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What is wrong with its folders and its list of class layouts.
    pub fn faults(&self) -> impl Iterator<Item = &RootError> {
        self.faults.iter().chain(self.layouts.as_ref().err())
    }

    /// The object of a path, `folder/name`, the newest of its cycles, or one cycle: `folder/name;2`.
    ///
    /// # Errors
    /// When there is none; the error lists what there is.
    pub fn find(&self, path: &str) -> Result<&Entry, RootError> {
        let newest = self.entries.iter().find(|entry| entry.path == path && !entry.outdated);
        let of_cycle = || {
            let (name, cycle) = path.rsplit_once(';')?;
            let cycle: i16 = cycle.parse().ok()?;
            self.entries.iter().find(|entry| entry.path == name && entry.key.cycle == cycle)
        };
        newest.or_else(of_cycle).ok_or_else(|| RootError::Missing(format!("nothing named '{path}' in it; {}", self.listing())))
    }

    /// What is in the file, in a line for messages.
    #[must_use]
    pub fn listing(&self) -> String {
        let objects: Vec<&Entry> = self.entries.iter().filter(|entry| !entry.is_folder() && !entry.outdated).collect();
        if objects.is_empty() {
            return "there is nothing in it".into();
        }
        let names: Vec<String> =
            objects.iter().take(MOST_NAMES).map(|entry| format!("{} ({})", entry.path, entry.key.class)).collect();
        let more = objects.len().checked_sub(MOST_NAMES + 1).map_or_else(String::new, |more| format!(" and {} more", more + 1));
        format!("there are: {}{more}", names.join(", "))
    }

    /// The histogram or profile of an entry.
    ///
    /// # Errors
    /// When it is damaged or of another class.
    pub fn histogram(&self, entry: &Entry) -> Result<Histogram, RootError> {
        Histogram::of(&self.object(entry)?).map_err(|error| self.in_entry(entry, error))
    }

    /// The graph of an entry.
    ///
    /// # Errors
    /// When it is damaged or of another class.
    pub fn graph(&self, entry: &Entry) -> Result<Graph, RootError> {
        Graph::of(&self.object(entry)?).map_err(|error| self.in_entry(entry, error))
    }

    /// The tree of an entry: its branches, no values yet.
    ///
    /// # Errors
    /// When it is damaged or of another class.
    pub fn tree(&self, entry: &Entry) -> Result<Tree, RootError> {
        let tree = Tree::of(&self.object(entry)?).map_err(|error| self.in_entry(entry, error))?;
        let (baskets, size) = (tree.basket_bytes(), self.source.size_bytes());
        if baskets > size {
            let what = format!("baskets of tree '{}'", entry.path);
            return Err(RootError::damaged(
                &what,
                entry.key.seek,
                format!("{baskets} bytes"),
                format!("at most the file's {size}"),
            ));
        }
        Ok(tree)
    }

    /// Bytes that the objects of the file, or the baskets of one branch, may unpack to all together: what a file of many small
    /// records that each unpack to very much may cost.
    pub(super) fn most_unpacked_bytes(&self) -> u64 {
        const HIGHEST_USUAL_RATIO: u64 = 1200;
        MOST_UNPACKED_BYTES as u64 + self.source.size_bytes().saturating_mul(HIGHEST_USUAL_RATIO)
    }

    pub(super) fn size_bytes(&self) -> u64 {
        self.source.size_bytes()
    }

    /// All values of a branch.
    ///
    /// # Errors
    /// When a basket is damaged or missing, or the branch is of a kind not readable here.
    pub fn column(&self, branch: &Branch) -> Result<Column, RootError> {
        let mut column = branch.empty_column()?;
        self.for_each_basket(branch, |part| {
            column.append(part);
            Ok(())
        })?;
        Ok(column)
    }

    /// Gives the values of a branch basket by basket, so that no more than one is in memory.
    ///
    /// # Errors
    /// As [`RootFile::column`], and what `take` refuses.
    pub fn for_each_basket(
        &self,
        branch: &Branch,
        mut take: impl FnMut(Column) -> Result<(), RootError>,
    ) -> Result<(), RootError> {
        branch.empty_column()?;
        let mut entries = 0;
        let mut bytes_left = self.most_unpacked_bytes();
        for place in branch.baskets.iter() {
            let basket = basket::read(&self.source, place, branch, entries)?;
            entries += basket.entries as u64;
            spend(&mut bytes_left, basket.memory_bytes(branch), &branch.name)?;
            take(basket::decode(&basket, branch)?)?;
        }
        branch.check_entries(entries)
    }

    /// Checks that a branch's baskets stand where the tree says and hold as many entries, by their keys and not by their content.
    ///
    /// # Errors
    /// What is missing or different.
    pub fn check_baskets(&self, branch: &Branch) -> Result<(), RootError> {
        let mut entries = 0;
        for place in branch.baskets.iter() {
            entries += basket::entries(&self.source, place, branch, entries)?;
        }
        branch.check_entries(entries)
    }

    /// An object, read by its class' layout.
    fn object(&self, entry: &Entry) -> Result<Object, RootError> {
        let layouts = self.layouts.as_ref().map_err(Clone::clone)?;
        let key = &entry.key;
        if !layouts.knows(&key.class) {
            return Err(self.in_entry(entry, RootError::Unsupported(format!("the file has no layout of {}", key.class))));
        }
        let bytes = self.content(key)?;
        let what = format!("object '{}' ({}), unpacked", entry.path, key.class);
        Reader::new(layouts, key.key_bytes).read(&key.class, &mut Cursor::new(&bytes, 0, &what))
    }

    /// A record's object, unpacked.
    fn content(&self, key: &Key) -> Result<Cow<'_, [u8]>, RootError> {
        content(&self.source, key)
    }

    /// An error of an object with the object's name before it, and what else there is.
    fn in_entry(&self, entry: &Entry, error: RootError) -> RootError {
        match error {
            RootError::Unsupported(why) => {
                RootError::Unsupported(format!("'{}' of class {}: {why}; {}", entry.path, entry.key.class, self.listing()))
            }
            RootError::Missing(what) => {
                RootError::damaged(&format!("'{}'", entry.path), entry.key.seek, what, entry.key.class.clone())
            }
            other => other,
        }
    }

    fn read_folder(&mut self, at: u64, path: &str, depth: usize, seen: &mut HashSet<u64>) -> Result<(), RootError> {
        if depth > MOST_DEPTH || !seen.insert(at) {
            return Err(RootError::damaged("a folder's place", at, "a folder inside itself", "folders that end"));
        }
        let folder = Folder::read(&self.source, at)?;
        // Lists that overlap would multiply what is in them.
        self.listed_bytes += folder.keys_bytes as u64;
        if self.listed_bytes > self.source.size_bytes() {
            return Err(RootError::damaged(
                "a folder's keys",
                at,
                "lists larger than the file",
                "a list of its own for each folder",
            ));
        }
        let keys = folder.keys(&self.source)?;
        let first = self.entries.len();
        for key in keys {
            let path = format!("{path}{}", key.name);
            if path.len() > LONGEST_PATH {
                let found = format!("a path of {} bytes", path.len());
                self.faults.push(RootError::damaged("a folder's key", key.seek, found, format!("{LONGEST_PATH} at most")));
                continue;
            }
            let folder = (key.seek + key.key_bytes as u64, format!("{path}/"));
            self.entries.push(Entry { path, key, outdated: false });
            if self.entries.last().is_some_and(Entry::is_folder)
                && let Err(error) = self.read_folder(folder.0, &folder.1, depth + 1, seen)
            {
                self.faults.push(error);
            }
        }
        mark_outdated(&mut self.entries[first..]);
        Ok(())
    }

    /// The layouts of classes that the file brings along, and the built-in ones.
    fn read_layouts(&self, header: &Header) -> Result<Layouts, RootError> {
        let mut layouts = Layouts::built_in();
        if header.info == 0 || header.info_bytes == 0 {
            return Ok(layouts);
        }
        let record = range(&self.source, header.info, header.info_bytes, "the list of class layouts")?;
        let key = Key::read(&mut Cursor::new(&record, header.info, "the list of class layouts"))?;
        let key = Key { seek: header.info, ..key };
        let bytes = self.content(&key)?;
        let mut cursor = Cursor::new(&bytes, 0, "the list of class layouts, unpacked");
        layouts.read(&mut cursor, key.key_bytes)?;
        Ok(layouts)
    }
}

/// Takes bytes from what is left of them.
pub(super) fn spend(left: &mut u64, bytes: u64, name: &str) -> Result<(), RootError> {
    *left = left.checked_sub(bytes).ok_or_else(|| {
        RootError::damaged(&format!("'{name}'"), 0, "with all before it more bytes than a file of this size holds", "fewer")
    })?;
    Ok(())
}

/// Marks all but the highest cycle of each path.
fn mark_outdated(entries: &mut [Entry]) {
    let mut newest = std::collections::HashMap::new();
    for entry in entries.iter() {
        let cycle = newest.entry(entry.path.clone()).or_insert(entry.key.cycle);
        *cycle = entry.key.cycle.max(*cycle);
    }
    for entry in entries {
        entry.outdated = newest.get(&entry.path) != Some(&entry.key.cycle);
    }
}

/// Bytes of a source, refused when they are not all there.
pub(super) fn range<'a, S: ByteSource + ?Sized>(
    source: &'a S,
    from: u64,
    count: usize,
    what: &str,
) -> Result<Cow<'a, [u8]>, RootError> {
    let size = source.size_bytes();
    if from.checked_add(count as u64).is_none_or(|end| end > size) {
        let found = format!("{} bytes to the file's end", size.saturating_sub(from));
        return Err(RootError::damaged(what, from, found, count));
    }
    source.range(from, count).map_err(RootError::Source)
}

/// A record's object, unpacked.
pub(super) fn content<'a, S: ByteSource + ?Sized>(source: &'a S, key: &Key) -> Result<Cow<'a, [u8]>, RootError> {
    let at = key.seek.saturating_add(key.key_bytes as u64);
    let bytes = range(source, at, key.packed_bytes(), &format!("record '{}'", key.name))?;
    if !key.is_packed() {
        return Ok(bytes);
    }
    compression::unpack(&bytes, key.object_bytes, at).map(Cow::Owned).map_err(|error| match error {
        RootError::Damaged { what, offset, found, expected } => {
            RootError::Damaged { what: format!("{what} of record '{}' ({})", key.name, key.class), offset, found, expected }
        }
        other => other,
    })
}

/// A key by itself, of which only the first byte's place is known.
pub(super) fn key_at<S: ByteSource + ?Sized>(source: &S, at: u64, what: &str) -> Result<Key, RootError> {
    let start = range(source, at, KEY_LENGTH_AT + 2, what)?;
    let length = i16::from_be_bytes([start[KEY_LENGTH_AT], start[KEY_LENGTH_AT + 1]]);
    let count = usize::try_from(length).unwrap_or(0).max(start.len());
    let bytes = range(source, at, count, what)?;
    Key::read(&mut Cursor::new(&bytes, at, what)).map(|key| Key { seek: at, ..key })
}

impl Header {
    fn read<S: ByteSource>(source: &S) -> Result<Header, RootError> {
        const LONGEST: u64 = 75;
        let size = source.size_bytes();
        let bytes = range(source, 0, size.min(LONGEST) as usize, "the file's header")?;
        if !bytes.starts_with(MAGIC) {
            let start = &bytes[..bytes.len().min(4)];
            let found = if start.is_empty() { "nothing".into() } else { format!("'{}'", start.escape_ascii()) };
            return Err(RootError::NoRootFile { found });
        }
        let mut cursor = Cursor::new(&bytes, 0, "the file's header");
        cursor.take(MAGIC.len())?;
        let version = cursor.i32()?;
        let big = version >= BIG_FILE;
        let begin = cursor.place(false)?;
        let place = cursor.clone();
        let end = cursor.place(big)?;
        if end > size || end < begin {
            return Err(place.wrong("the file's end", format!("{size} bytes"), format!("{end}, as the header says")));
        }
        cursor.place(big)?; // the free bytes' list
        cursor.take(4 + 4)?; // its size, and how many there are
        let name_bytes = cursor.place(false)?;
        cursor.take(1 + 4)?; // width of places, compression
        let info = cursor.place(big)?;
        let info_bytes = cursor.count("the layouts' size")?;
        Ok(Header { version, begin, name_bytes, info, info_bytes })
    }
}

impl Folder {
    fn read<S: ByteSource>(source: &S, at: u64) -> Result<Folder, RootError> {
        const LONGEST: u64 = 2 + 8 + 8 + 24;
        let count = source.size_bytes().saturating_sub(at).min(LONGEST) as usize;
        let bytes = range(source, at, count, "a folder's header")?;
        let mut cursor = Cursor::new(&bytes, at, "a folder's header");
        let big = cursor.i16()? > 1000;
        cursor.take(8)?; // when it was made and changed
        let keys_bytes = cursor.count("its keys' size")?;
        cursor.take(4)?; // its name's size
        cursor.place(big)?;
        cursor.place(big)?; // its own and its parent's place
        let keys = cursor.place(big)?;
        if keys == 0 {
            let instead = "a list of its objects, written when a file is closed";
            return Err(cursor.wrong("the keys' place", "none", instead));
        }
        Ok(Folder { keys, keys_bytes })
    }

    fn keys<S: ByteSource>(&self, source: &S) -> Result<Vec<Key>, RootError> {
        let bytes = range(source, self.keys, self.keys_bytes, "a folder's keys")?;
        let mut cursor = Cursor::new(&bytes, self.keys, "a folder's keys");
        Key::read(&mut cursor)?;
        let count = cursor.count("their number")?;
        let mut keys = Vec::new();
        for _ in 0..count {
            keys.push(Key::read(&mut cursor)?);
        }
        Ok(keys)
    }
}
