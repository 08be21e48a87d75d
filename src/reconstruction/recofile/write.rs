//! Writes a reconstructed file while its events come, column by column in baskets: memory does not grow with the events.

use std::fs::{self, File};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::error::RecoFileError;
use super::read;
use super::records::{BasketPlace, BranchRecord, Bytes, KeyWords, Leaf};
use super::schema::{Meta, RecoData, empty_trees};
use super::streamers;
use super::tree::{Branch, Tree, Values};

/// Bytes of a basket: small enough that a basket of each column fits into memory many times.
const BASKET_BYTES: usize = 1 << 16;
/// Bytes of a basket's own header, behind its key.
const BASKET_HEADER_BYTES: usize = 2 + 4 + 4 + 4 + 4 + 1;

/// A reconstructed file being written, under a temporary name. Dropped before [`Writer::finish`], it takes that file away.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    temporary: PathBuf,
    file_name: String,
    file: BufWriter<File>,
    at: u64,
    trees: Vec<TreeColumns>,
    is_finished: bool,
}

/// One tree's columns.
#[derive(Debug)]
struct TreeColumns {
    name: String,
    columns: Vec<Column>,
}

/// One column: the values that no basket holds yet, and where the baskets are.
#[derive(Debug)]
struct Column {
    branch: BranchRecord,
    bytes: Vec<u8>,
    /// Where each text begins in `bytes`; for texts only.
    starts: Vec<usize>,
    /// Entries in the baskets.
    stored: u64,
}

/// Writes a whole file.
///
/// # Errors
/// As [`Writer::create`] and [`Writer::finish`].
pub fn write(data: RecoData, path: &Path) -> Result<(), RecoFileError> {
    let mut writer = Writer::create(path)?;
    let meta = data.meta.clone();
    writer.append(data)?;
    writer.finish(meta)
}

impl Writer {
    /// Starts a file whose final name is `path`; its folder is made when it is missing.
    ///
    /// # Errors
    /// When the folder or the file can't be made.
    pub fn create(path: &Path) -> Result<Self, RecoFileError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|error| RecoFileError::io("written", path, &error))?;
        let name = path.file_name().and_then(|name| name.to_str());
        let name =
            name.filter(|_| path.to_str().is_some()).ok_or_else(|| RecoFileError::io("written", path, "the path is no UTF-8"))?;
        // Hidden, and with the process's number: two writers never meet in one temporary file.
        let temporary = folder.join(format!(".{name}.{}.part", std::process::id()));
        let file = File::create(&temporary).map_err(|error| RecoFileError::io("written", path, &error))?;
        let mut writer = Writer {
            path: path.to_owned(),
            file_name: name.to_owned(),
            temporary,
            file: BufWriter::with_capacity(1 << 18, file),
            at: 0,
            trees: empty_trees().into_iter().map(TreeColumns::new).collect(),
            is_finished: false,
        };
        // Header and folder come last, when the places in them are known; so long zeros, by which nobody takes it for a file.
        let mut start = Bytes::default();
        start.file_header(0, [0; 2], [0; 2], name);
        start.folder_record(name, 0, 0);
        writer.put(&vec![0; start.bytes.len()])?;
        Ok(writer)
    }

    /// Adds events; what `data` says of the file as a whole is not looked at.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn append(&mut self, data: RecoData) -> Result<(), RecoFileError> {
        for tree in data.into_event_trees() {
            self.append_tree(tree)?;
        }
        Ok(())
    }

    /// Writes what is left, brings the file to the disk, reads it back and gives it its name.
    ///
    /// # Errors
    /// When it can't be written, or what is read back is not what was written. Nothing new stands under the final name then.
    pub fn finish(mut self, meta: Meta) -> Result<(), RecoFileError> {
        let events = meta.events;
        self.append_tree(meta.into_tree())?;
        self.write_end()?;
        let path = self.path.clone();
        let failed = |doing, error: &std::io::Error| RecoFileError::io(doing, &path, error);
        self.file.flush().and_then(|()| self.file.get_ref().sync_all()).map_err(|error| failed("written", &error))?;
        prove(&self.temporary, events)?;
        fs::rename(&self.temporary, &path).map_err(|error| failed("renamed", &error))?;
        self.is_finished = true;
        let folder = path.parent().unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| failed("written", &error))
    }

    fn append_tree(&mut self, tree: Tree) -> Result<(), RecoFileError> {
        let Some(place) = self.trees.iter().position(|known| known.name == tree.name) else { return Ok(()) };
        for (index, branch) in tree.branches.into_iter().enumerate() {
            self.trees[place].columns[index].append(branch.values);
            if self.trees[place].columns[index].bytes.len() >= BASKET_BYTES {
                self.flush(place, index)?;
            }
        }
        Ok(())
    }

    /// Writes a column's values into a basket.
    fn flush(&mut self, tree: usize, index: usize) -> Result<(), RecoFileError> {
        let (at, tree) = (self.at, &mut self.trees[tree]);
        let record = tree.columns[index].basket(&tree.name, at);
        self.put(&record.bytes)
    }

    /// The last baskets, the trees, the list of keys, the free stretch; then header and folder at the start.
    fn write_end(&mut self) -> Result<(), RecoFileError> {
        for tree in 0..self.trees.len() {
            for index in 0..self.trees[tree].columns.len() {
                if !self.trees[tree].columns[index].bytes.is_empty() {
                    self.flush(tree, index)?;
                }
            }
        }
        let mut keys = Bytes::default();
        keys.i32(self.trees.len() as i32);
        for tree in 0..self.trees.len() {
            let record = self.trees[tree].record(self.at, &mut keys);
            self.put(&record)?;
        }
        let streamers_at = self.at;
        let streamers = streamers::record(streamers_at);
        self.put(&streamers)?;
        let file_name = self.file_name.clone();
        let words = KeyWords { class: "TFile", name: &file_name, title: "" };
        let (keys_at, keys_bytes) = (self.at, words.key_bytes() + keys.bytes.len());
        let mut list = Bytes::default();
        list.key(words, words.key_bytes(), keys.bytes.len(), 1, keys_at);
        list.bytes.extend(&keys.bytes);
        self.put(&list.bytes)?;
        let free_at = self.at;
        let mut free = Bytes::default();
        free.free(0);
        let (object_bytes, free_bytes) = (free.bytes.len(), words.key_bytes() + free.bytes.len());
        let end = free_at + free_bytes as u64;
        let mut free = Bytes::default();
        free.key(words, words.key_bytes(), object_bytes, 1, free_at);
        free.free(end);
        self.put(&free.bytes)?;
        let mut start = Bytes::default();
        let streamers = [streamers_at, streamers.len() as u64];
        start.file_header(end, [free_at, free_bytes as u64], streamers, &file_name);
        let mut folder = Bytes::default();
        folder.folder_record(&file_name, keys_at, keys_bytes);
        start.bytes.extend(folder.bytes);
        self.file.seek(SeekFrom::Start(0)).map_err(|error| RecoFileError::io("written", &self.path, &error))?;
        self.put(&start.bytes)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), RecoFileError> {
        self.at += bytes.len() as u64;
        self.file.write_all(bytes).map_err(|error| RecoFileError::io("written", &self.path, &error))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.is_finished {
            let _ = fs::remove_file(&self.temporary); // what can't be removed is hidden and never taken for a result
        }
    }
}

impl TreeColumns {
    fn new(tree: Tree) -> Self {
        TreeColumns { name: tree.name, columns: tree.branches.into_iter().map(Column::new).collect() }
    }

    /// The tree's record for the place `at`; its key also goes into the list of keys.
    fn record(&self, at: u64, keys: &mut Bytes) -> Vec<u8> {
        let branches: Vec<BranchRecord> = self.columns.iter().map(|column| column.branch.clone()).collect();
        let entries = branches.first().map_or(0, |branch| branch.entries);
        let words = KeyWords { class: "TTree", name: &self.name, title: "" };
        let key_bytes = words.key_bytes();
        // Places in the object are counted from the key's start: the object is written behind a key, whose lengths come later.
        let mut record = Bytes::default();
        record.key(words, key_bytes, 0, 1, at);
        record.tree(&self.name, entries, &branches);
        let object_bytes = record.bytes.len() - key_bytes;
        let mut key = Bytes::default();
        key.key(words, key_bytes, object_bytes, 1, at);
        record.bytes[..key_bytes].copy_from_slice(&key.bytes);
        keys.bytes.extend(&key.bytes);
        record.bytes
    }
}

impl Column {
    fn new(branch: Branch) -> Self {
        let leaf = match branch.values {
            Values::I32(_) => Leaf::I32,
            Values::I64(_) => Leaf::I64,
            Values::F32(_) => Leaf::F32,
            Values::F64(_) => Leaf::F64,
            Values::Text(_) => Leaf::Text,
        };
        let (baskets, longest, entries) = (Vec::new(), 0, 0);
        let branch = BranchRecord { name: branch.name, leaf, longest, entries, basket_bytes: BASKET_BYTES, baskets };
        Column { branch, bytes: Vec::new(), starts: Vec::new(), stored: 0 }
    }

    fn append(&mut self, values: Values) {
        self.branch.entries += values.len() as u64;
        match values {
            Values::I32(values) => append_numbers(&mut self.bytes, &values, i32::to_be_bytes),
            Values::I64(values) => append_numbers(&mut self.bytes, &values, i64::to_be_bytes),
            Values::F32(values) => append_numbers(&mut self.bytes, &values, f32::to_be_bytes),
            Values::F64(values) => append_numbers(&mut self.bytes, &values, f64::to_be_bytes),
            Values::Text(values) => {
                for text in values {
                    self.starts.push(self.bytes.len());
                    self.branch.longest = self.branch.longest.max(text.len());
                    let mut bytes = Bytes::default();
                    bytes.text(&text);
                    self.bytes.extend(bytes.bytes);
                }
            }
        }
    }

    /// The record of a basket for the place `at` with the values that wait; they wait no more.
    fn basket(&mut self, tree: &str, at: u64) -> Bytes {
        let words = KeyWords { class: "TBasket", name: &self.branch.name, title: tree };
        let key_bytes = words.key_bytes() + BASKET_HEADER_BYTES;
        let entries = (self.branch.entries - self.stored) as i32;
        let mut offsets = Bytes::default();
        if self.branch.leaf == Leaf::Text {
            offsets.i32(entries + 1);
            self.starts.iter().for_each(|start| offsets.i32((key_bytes + start) as i32));
            offsets.i32(0);
        }
        let mut record = Bytes::default();
        let object_bytes = self.bytes.len() + offsets.bytes.len();
        record.key(words, key_bytes, object_bytes, self.branch.baskets.len() as i16, at);
        record.i16(3); // version of a basket
        record.i32(BASKET_BYTES.max(object_bytes) as i32);
        record.i32(if self.branch.leaf == Leaf::Text { 1000 } else { self.branch_value_bytes() });
        record.i32(entries);
        record.i32((key_bytes + self.bytes.len()) as i32); // where the values end
        record.u8(0); // they stand behind the key
        record.bytes.extend(&self.bytes);
        record.bytes.extend(&offsets.bytes);
        self.branch.baskets.push(BasketPlace { at, bytes: record.bytes.len(), first_entry: self.stored });
        self.bytes.clear();
        self.starts.clear();
        self.stored = self.branch.entries;
        record
    }

    fn branch_value_bytes(&self) -> i32 {
        match self.branch.leaf {
            Leaf::I64 | Leaf::F64 => 8,
            _ => 4,
        }
    }
}

/// Appends numbers in ROOT's byte order.
fn append_numbers<T: Copy, const N: usize>(bytes: &mut Vec<u8>, values: &[T], to_bytes: fn(T) -> [u8; N]) {
    let start = bytes.len();
    bytes.resize(start + N * values.len(), 0);
    for (place, value) in bytes[start..].as_chunks_mut::<N>().0.iter_mut().zip(values) {
        *place = to_bytes(*value);
    }
}

/// Reads the file back.
fn prove(path: &Path, events: u64) -> Result<(), RecoFileError> {
    let facts = read::entries(path)?;
    if facts.entries == events {
        return Ok(());
    }
    Err(RecoFileError::io("written", path, &format!("{} of {events} events are in it", facts.entries)))
}
