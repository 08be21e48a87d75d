//! The file that an index is kept in. Its layout stands in `docs/formats.md`.

use std::fs::File;
use std::hash::Hasher as _;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use twox_hash::XxHash64;

use super::numbers::{BEGINNING_BYTES, Numbers};
use super::rows::{ROW_BYTES, Row};
use super::{KeptStream, ReplayIndex};
use crate::durable;

const NAME: &[u8; 8] = b"dqreplay";
/// Changes with the layout, and with what any part of it means.
const VERSION: u32 = 1;
/// Name, version, checksum.
const UNCHECKED_BYTES: usize = 20;
/// What stands before the parts: that, and how large each of the four is.
const HEAD_BYTES: usize = UNCHECKED_BYTES + 4 * 8;
/// As much is read at once, and added to the checksum while the processor still has it at hand.
const READ_BYTES: usize = 128 * 1024;
/// Size of a place in the table by number, bytes.
const PLACE_BYTES: usize = 4;

/// What stood in a file.
#[derive(Debug, Default)]
pub struct Stored {
    pub streams: Vec<KeptStream>,
    pub rows: Vec<Row>,
    pub numbers: Numbers,
}

/// A file that can't be used.
#[derive(Debug)]
pub struct Unusable {
    /// In words.
    pub why: String,
    /// Whether it is an index all the same, and may be written over: some other file must not be.
    pub is_index: bool,
}

/// Reads a file; nothing where there is none.
pub fn read(path: &Path) -> Result<Option<Stored>, Unusable> {
    let unreadable = |why: io::Error| Unusable { why: format!("the index can't be read: {why}"), is_index: false };
    // A pipe would be waited for without end.
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(Unusable { why: "this is no file, and is left as it is".into(), is_index: false });
    }
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(unreadable(why)),
    };
    let size = file.metadata().map_err(unreadable)?.len();
    let mut head = Vec::new();
    file.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(unreadable)?;
    let named = head.len().min(NAME.len());
    if head[..named] != NAME[..named] {
        return Err(Unusable { why: "the file is no index of a replay, and is left as it is".into(), is_index: false });
    }
    read_parts(&head, &mut file, size).map(Some).map_err(|why| Unusable { why, is_index: true })
}

/// Reads what stands behind the head of a file of so many bytes.
fn read_parts(head: &[u8], file: &mut File, size: u64) -> Result<Stored, String> {
    let unreadable = |why: io::Error| format!("the index can't be read: {why}");
    let Some(head) = head.first_chunk::<HEAD_BYTES>() else {
        return Err(format!("the index is cut: it has {size} bytes"));
    };
    let [json_bytes, rows, order, beginnings] = checked_sizes(head, size)?;
    // The sum of all parts is the file's size, so none is larger than the file.
    let mut json = vec![0; json_bytes];
    let mut rows = vec![[0; ROW_BYTES]; rows];
    let mut order = vec![[0; PLACE_BYTES]; order];
    let mut beginnings = vec![[0; BEGINNING_BYTES]; beginnings];
    let mut sum = XxHash64::with_seed(0);
    sum.write(&head[UNCHECKED_BYTES..]);
    for part in [&mut json[..], rows.as_flattened_mut(), order.as_flattened_mut(), beginnings.as_flattened_mut()] {
        for bytes in part.chunks_mut(READ_BYTES) {
            file.read_exact(bytes).map_err(unreadable)?;
            sum.write(bytes);
        }
    }
    if sum.finish() != number(head, 12) {
        return Err("the index is damaged: its checksum is not that of its bytes".into());
    }
    let streams: Vec<KeptStream> =
        serde_json::from_slice(&json).map_err(|why| format!("the index can't be read: its streams: {why}"))?;
    if streams.iter().map(|stream| stream.records).sum::<u64>() != rows.len() as u64 {
        return Err("the index is damaged: its streams have other records than it has".into());
    }
    Ok(Stored { streams, rows, numbers: Numbers { order, beginnings } })
}

/// How large the parts are, if the file is of this version and they fill it.
fn checked_sizes(head: &[u8; HEAD_BYTES], size: u64) -> Result<[usize; 4], String> {
    let version = number(head, 8) & u64::from(u32::MAX);
    if version != u64::from(VERSION) {
        return Err(format!("the index has version {version}, and this program writes {VERSION}"));
    }
    let sizes = [0, 1, 2, 3].map(|part| number(head, UNCHECKED_BYTES + 8 * part));
    let each = [1, ROW_BYTES, PLACE_BYTES, BEGINNING_BYTES].map(|bytes| bytes as u64);
    let whole =
        sizes.iter().zip(each).try_fold(HEAD_BYTES as u64, |sum, (count, bytes)| sum.checked_add(count.checked_mul(bytes)?));
    if whole != Some(size) {
        return Err(format!("the index is cut or damaged: it has {size} bytes, and not what its head says"));
    }
    Ok(sizes.map(|count| usize::try_from(count).unwrap_or_default()))
}

/// Writes an index, whole or not at all.
pub fn write(path: &Path, index: &ReplayIndex) -> io::Result<()> {
    durable::write_whole(path, &bytes_of(index)?)
}

/// An index as its file's bytes.
pub fn bytes_of(index: &ReplayIndex) -> io::Result<Vec<u8>> {
    let json = serde_json::to_vec(&index.kept)?;
    let Numbers { order, beginnings } = &index.numbers;
    let sizes = [json.len(), index.rows.len(), order.len(), beginnings.len()];
    let parts = [&json[..], index.rows.as_flattened(), order.as_flattened(), beginnings.as_flattened()];
    let mut bytes = Vec::with_capacity(HEAD_BYTES + parts.iter().map(|part| part.len()).sum::<usize>());
    bytes.extend_from_slice(NAME);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&[0; 8]);
    sizes.iter().for_each(|size| bytes.extend_from_slice(&(*size as u64).to_le_bytes()));
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    let sum = XxHash64::oneshot(0, &bytes[UNCHECKED_BYTES..]);
    bytes[12..UNCHECKED_BYTES].copy_from_slice(&sum.to_le_bytes());
    Ok(bytes)
}

fn number(head: &[u8; HEAD_BYTES], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&head[at..at + 8]);
    u64::from_le_bytes(bytes)
}
