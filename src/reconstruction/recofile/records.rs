//! ROOT's byte layout as far as a file of flat TTrees needs it: keys, the folder, trees with their branches and leaves.
//!
//! Facts of the format are ROOT's own (io/doc/TFile of its source; streamers of TTree version 20, TBranch 13, TLeaf 2). All keys
//! are of the form for files above 2 GB, so one form serves every length. No record carries a date: the same events give the same
//! bytes.

/// ROOT's packed form of 1995-01-01, the first there is: stands where others write the time of writing.
const NO_DATE: u32 = 1 << 22 | 1 << 17;
/// Version of a key with 64-bit places: 4, and 1000 for those.
const BIG_KEY: i16 = 1004;
/// Bits that a TObject in a file has: on the heap, not deleted.
const OBJECT_BITS: u32 = 0x0300_0000;
/// A byte count is marked by this bit.
const BYTE_COUNT: u32 = 0x4000_0000;
/// A class named before is marked by this bit.
const CLASS_SEEN: u32 = 0x8000_0000;
/// A class is named here for the first time.
const NEW_CLASS: u32 = 0xFFFF_FFFF;
/// Places inside a record are counted from here, so that none is 0.
const PLACE_OFFSET: u32 = 2;
/// Baskets that a branch has room for at least.
const LEAST_BASKETS: usize = 10;

/// Where the first record stands.
pub(super) const FIRST_RECORD: u64 = 100;
/// Where the folder that all records are in stands: the first record.
const FOLDER: i64 = FIRST_RECORD as i64;

/// What a key says, besides the lengths.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyWords<'a> {
    pub class: &'a str,
    pub name: &'a str,
    pub title: &'a str,
}

/// A type of column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaf {
    I32,
    I64,
    F32,
    F64,
    Text,
}

/// One column's branch as its tree describes it.
#[derive(Debug, Clone)]
pub(super) struct BranchRecord {
    pub name: String,
    pub leaf: Leaf,
    /// Longest text, bytes; for texts only.
    pub longest: usize,
    pub entries: u64,
    pub basket_bytes: usize,
    pub baskets: Vec<BasketPlace>,
}

/// Where a basket stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct BasketPlace {
    pub at: u64,
    pub bytes: usize,
    /// Entries before it.
    pub first_entry: u64,
}

/// Bytes of one record, written one value after the other.
#[derive(Debug, Default)]
pub(super) struct Bytes {
    pub bytes: Vec<u8>,
    /// Classes named so far, with their places.
    classes: Vec<(&'static str, u32)>,
}

/// The start of a part whose length is filled in at its end.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub(super) struct Part(usize);

impl Leaf {
    /// ROOT's letter for it.
    fn letter(self) -> char {
        match self {
            Leaf::I32 => 'I',
            Leaf::I64 => 'L',
            Leaf::F32 => 'F',
            Leaf::F64 => 'D',
            Leaf::Text => 'C',
        }
    }

    fn class(self) -> &'static str {
        match self {
            Leaf::I32 => "TLeafI",
            Leaf::I64 => "TLeafL",
            Leaf::F32 => "TLeafF",
            Leaf::F64 => "TLeafD",
            Leaf::Text => "TLeafC",
        }
    }

    /// Bytes of a value; of a letter for texts.
    fn size(self) -> i32 {
        match self {
            Leaf::I32 | Leaf::F32 => 4,
            Leaf::I64 | Leaf::F64 => 8,
            Leaf::Text => 1,
        }
    }
}

impl KeyWords<'_> {
    /// Bytes of the key with these words.
    pub fn key_bytes(&self) -> usize {
        4 + 2 + 4 + 4 + 2 + 2 + 8 + 8 + [self.class, self.name, self.title].map(text_bytes).iter().sum::<usize>()
    }
}

/// Bytes that a text takes.
fn text_bytes(text: &str) -> usize {
    text.len() + if text.len() < 255 { 1 } else { 5 }
}

impl Bytes {
    pub fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub fn i16(&mut self, value: i16) {
        self.bytes.extend(value.to_be_bytes());
    }

    pub fn u32(&mut self, value: u32) {
        self.bytes.extend(value.to_be_bytes());
    }

    pub fn i32(&mut self, value: i32) {
        self.bytes.extend(value.to_be_bytes());
    }

    pub fn i64(&mut self, value: i64) {
        self.bytes.extend(value.to_be_bytes());
    }

    /// A text with its length before it: one byte, or 255 and four.
    pub fn text(&mut self, text: &str) {
        match u8::try_from(text.len()).ok().filter(|length| *length < 255) {
            Some(length) => self.u8(length),
            None => {
                self.u8(255);
                self.u32(text.len() as u32);
            }
        }
        self.bytes.extend(text.as_bytes());
    }

    /// A key at `at` of a record that holds `object_bytes` behind a key of `key_bytes`.
    pub fn key(&mut self, words: KeyWords, key_bytes: usize, object_bytes: usize, cycle: i16, at: u64) {
        self.i32((key_bytes + object_bytes) as i32);
        self.i16(BIG_KEY);
        self.i32(object_bytes as i32);
        self.u32(NO_DATE);
        self.i16(key_bytes as i16);
        self.i16(cycle);
        self.i64(at as i64);
        self.i64(if at == FIRST_RECORD { 0 } else { FOLDER });
        self.text(words.class);
        self.text(words.name);
        self.text(words.title);
    }

    /// Starts a part with its byte count and version.
    pub fn begin(&mut self, version: i16) -> Part {
        let start = self.bytes.len();
        self.u32(0);
        self.i16(version);
        Part(start)
    }

    pub fn end(&mut self, part: Part) {
        let count = (self.bytes.len() - part.0 - 4) as u32 | BYTE_COUNT;
        self.bytes[part.0..part.0 + 4].copy_from_slice(&count.to_be_bytes());
    }

    /// Starts an object of a class behind a pointer; its place, by which others may point to it, comes with it.
    pub fn begin_object(&mut self, class: &'static str) -> (Part, u32) {
        let start = self.bytes.len();
        self.u32(0);
        let place = self.bytes.len() as u32;
        match self.classes.iter().find(|known| known.0 == class) {
            Some(known) => self.u32(known.1 | CLASS_SEEN),
            None => {
                self.u32(NEW_CLASS);
                self.bytes.extend(class.as_bytes());
                self.u8(0);
                self.classes.push((class, place + PLACE_OFFSET));
            }
        }
        (Part(start), start as u32 + PLACE_OFFSET)
    }

    pub fn object(&mut self) {
        self.i16(1);
        self.u32(0);
        self.u32(OBJECT_BITS);
    }

    pub fn named(&mut self, name: &str, title: &str) {
        let part = self.begin(1);
        self.object();
        self.text(name);
        self.text(title);
        self.end(part);
    }

    fn fill_look(&mut self) {
        let part = self.begin(2);
        self.i16(0); // colour
        self.i16(1001); // style
        self.end(part);
    }

    /// Features of the baskets: none. The class has no version, so its checksum stands.
    fn basket_features(&mut self) {
        let part = self.begin(0);
        self.u32(0x1AA1_2F10);
        self.u8(0);
        self.end(part);
    }

    pub fn begin_array(&mut self, length: usize) -> Part {
        let part = self.begin(3);
        self.object();
        self.text("");
        self.i32(length as i32);
        self.i32(0); // index of the first
        part
    }

    fn empty_array(&mut self) {
        let part = self.begin_array(0);
        self.end(part);
    }

    /// A tree. Must be written into a buffer that holds its key, and nothing before.
    pub fn tree(&mut self, name: &str, entries: u64, branches: &[BranchRecord]) {
        let stored: usize = branches.iter().flat_map(|branch| &branch.baskets).map(|basket| basket.bytes).sum();
        let part = self.begin(20);
        self.named(name, "");
        let line = self.begin(2);
        (0..3).for_each(|_| self.i16(1)); // colour, style, width
        self.end(line);
        self.fill_look();
        let marker = self.begin(3);
        self.i16(1); // colour
        self.i16(1); // style
        self.u32(1.0f32.to_bits()); // size
        self.end(marker);
        for number in [entries as i64, stored as i64, stored as i64, 0, stored as i64] {
            self.i64(number); // entries; bytes in all, in the file, saved by hand, flushed
        }
        self.i64(1.0f64.to_bits() as i64); // weight
        for number in [0, 25, 0, 1000, 0] {
            self.i32(number); // timer, columns of a scan, update, entry offsets, clusters
        }
        for number in [1_000_000_000_000, 1_000_000_000_000, 0, -300_000_000, -30_000_000, 1_000_000] {
            self.i64(number); // most entries, in a loop, in memory; automatic saves and flushes by bytes; estimate
        }
        self.u8(0); // no ends of clusters
        self.u8(0); // no sizes of clusters
        self.basket_features();
        let array = self.begin_array(branches.len());
        let leaves: Vec<u32> = branches.iter().map(|branch| self.branch(branch)).collect();
        self.end(array);
        let array = self.begin_array(leaves.len());
        leaves.iter().for_each(|place| self.u32(*place));
        self.end(array);
        (0..7).for_each(|_| self.u32(0)); // no aliases, two empty indices, no index, friends, user's things, references
        self.end(part);
    }

    /// A branch behind a pointer; gives the place of its leaf.
    fn branch(&mut self, branch: &BranchRecord) -> u32 {
        let stored: usize = branch.baskets.iter().map(|basket| basket.bytes).sum();
        let (pointer, _) = self.begin_object("TBranch");
        let part = self.begin(13);
        self.named(&branch.name, &format!("{}/{}", branch.name, branch.leaf.letter()));
        self.fill_look();
        let count = branch.baskets.len();
        let room = (count + 1).max(LEAST_BASKETS);
        self.i32(0); // compression
        self.i32(branch.basket_bytes as i32);
        self.i32(if branch.leaf == Leaf::Text { 1000 } else { 0 }); // entry offsets
        self.i32(count as i32); // the basket that would be written next
        self.i64(branch.entries as i64);
        self.basket_features();
        self.i32(0); // offset
        self.i32(room as i32);
        self.i32(0); // split level
        self.i64(branch.entries as i64);
        self.i64(0); // first entry
        self.i64(stored as i64);
        self.i64(stored as i64);
        self.empty_array(); // branches
        let array = self.begin_array(1);
        let leaf = self.leaf(branch);
        self.end(array);
        self.empty_array(); // baskets in memory
        let missing = room - count;
        self.u8(1);
        branch.baskets.iter().for_each(|basket| self.i32(basket.bytes as i32));
        (0..missing).for_each(|_| self.i32(0));
        self.u8(1);
        branch.baskets.iter().for_each(|basket| self.i64(basket.first_entry as i64));
        self.i64(branch.entries as i64);
        (1..missing).for_each(|_| self.i64(0));
        self.u8(1);
        branch.baskets.iter().for_each(|basket| self.i64(basket.at as i64));
        (0..missing).for_each(|_| self.i64(0));
        self.text(""); // the baskets are in this file
        self.end(part);
        self.end(pointer);
        leaf
    }

    /// A leaf behind a pointer; gives its place.
    fn leaf(&mut self, branch: &BranchRecord) -> u32 {
        let (pointer, place) = self.begin_object(branch.leaf.class());
        let part = self.begin(1);
        let base = self.begin(2);
        self.named(&branch.name, &branch.name);
        let length = if branch.leaf == Leaf::Text { branch.longest as i32 + 1 } else { 1 };
        self.i32(length);
        self.i32(branch.leaf.size());
        self.i32(0); // offset
        self.u8(0); // no range
        self.u8(0); // signed
        self.u32(0); // no leaf that counts
        self.end(base);
        match branch.leaf {
            Leaf::Text => {
                self.i32(0);
                self.i32(length);
            }
            leaf => (0..2 * leaf.size()).for_each(|_| self.u8(0)), // lowest and highest, not kept
        }
        self.end(part);
        self.end(pointer);
        place
    }

    /// The file's folder: the first record, whole. `keys_at` and `keys_bytes` are those of the list of keys.
    pub fn folder_record(&mut self, file_name: &str, keys_at: u64, keys_bytes: usize) {
        let words = KeyWords { class: "TFile", name: file_name, title: "" };
        let names = text_bytes(file_name) + text_bytes("");
        let key_bytes = words.key_bytes();
        self.key(words, key_bytes, names + FOLDER_BYTES, 1, FIRST_RECORD);
        self.text(file_name);
        self.text("");
        self.i16(1005); // version of the folder: 5, and 1000 for 64-bit places
        self.u32(NO_DATE);
        self.u32(NO_DATE);
        self.i32(keys_bytes as i32);
        self.i32((key_bytes + names) as i32);
        self.i64(FOLDER);
        self.i64(0); // no parent
        self.i64(keys_at as i64);
        self.no_uuid();
    }

    /// The bytes before the first record; `free` and `streamers` are those records' places and bytes.
    pub fn file_header(&mut self, end: u64, free: [u64; 2], streamers: [u64; 2], file_name: &str) {
        let words = KeyWords { class: "TFile", name: file_name, title: "" };
        self.bytes.extend(b"root");
        self.i32(1_063_000); // written as ROOT 6.30 does, and a million for 64-bit places
        self.i32(FIRST_RECORD as i32);
        self.i64(end as i64);
        self.i64(free[0] as i64);
        self.i32(free[1] as i32);
        self.i32(1); // free stretches: the one behind the end
        self.i32((words.key_bytes() + text_bytes(file_name) + text_bytes("")) as i32);
        self.u8(8); // bytes of a place
        self.i32(0); // compression
        self.i64(streamers[0] as i64);
        self.i32(streamers[1] as i32);
        self.no_uuid();
        self.bytes.resize(FIRST_RECORD as usize, 0);
    }

    /// The free stretch behind the end.
    pub fn free(&mut self, end: u64) {
        self.i16(1001);
        self.i64(end as i64);
        self.i64(end as i64 + 1_000_000_000);
    }

    fn no_uuid(&mut self) {
        self.i16(1);
        self.bytes.extend([0; 16]);
    }
}

/// Bytes of the folder behind its names.
const FOLDER_BYTES: usize = 2 + 4 + 4 + 4 + 4 + 8 + 8 + 8 + 18;
