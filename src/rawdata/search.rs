//! Searches a file for the next key whose header holds.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::error::RawError;

/// Bytes searched at first.
const LEAST_SEARCHED_BYTES: u64 = 1 << 12;

/// Most bytes searched at once.
const MOST_SEARCHED_BYTES: u64 = 1 << 20;

/// A search that goes on through a file: no byte is searched twice as long as it is asked forward.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// Where the last search began and what it found.
    last: Option<(u64, Option<u64>)>,
    /// Bytes that are searched; it keeps its memory.
    buffer: Vec<u8>,
}

/// Whether the header at a byte of the file holds.
type Holds<'a> = dyn FnMut(u64, &[u8]) -> Result<bool, RawError> + 'a;

impl Search {
    /// The first byte behind one at which a key stands and a whole header that holds.
    pub(super) fn next_after(
        &mut self,
        (path, file, length): (&Path, &File, u64),
        from: u64,
        header_bytes: usize,
        holds: &mut Holds<'_>,
    ) -> Result<Option<u64>, RawError> {
        if let Some((began, found)) = self.last
            && (began..found.unwrap_or(u64::MAX)).contains(&from)
        {
            return Ok(found);
        }
        let overlap = header_bytes as u64 - 1;
        // What is searched at once grows, so that many short searches cost no more than one long one.
        let (mut start, mut at_once, mut found) = (from + 1, LEAST_SEARCHED_BYTES, None);
        while found.is_none() && start + overlap < length {
            let count = (length - start).min(at_once);
            self.buffer.resize(self.buffer.len().max(count as usize), 0);
            let chunk = &mut self.buffer[..count as usize];
            file.read_exact_at(chunk, start).map_err(|error| RawError::io("read", path, &error))?;
            for (place, header) in (start..).zip(chunk.windows(header_bytes)) {
                if let [0xFF, 0xFF, ..] = header
                    && holds(place, header)?
                {
                    found = Some(place);
                    break;
                }
            }
            start += count - overlap;
            at_once = (2 * at_once).min(MOST_SEARCHED_BYTES);
        }
        self.last = Some((from, found));
        Ok(found)
    }
}
