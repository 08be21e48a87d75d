//! The four compressions of ROOT files.
//!
//! A packed record is a row of blocks. Each begins with nine bytes: two letters for the method, a byte for its version, and the
//! sizes packed and unpacked, three bytes each with the lowest first. So a block holds at most 16 MiB.

use std::io::Read;

use super::error::RootError;

/// Most bytes that one record may unpack to.
pub(super) const MOST_UNPACKED_BYTES: usize = 256 << 20;

/// Most memory that an LZMA dictionary may take, KiB: the highest level asks for 64 MiB.
const MOST_LZMA_KIB: u32 = 96 << 10;

/// Bytes before a block.
const BLOCK_HEADER_BYTES: usize = 9;

/// LZ4 blocks carry a checksum of as many bytes.
const LZ4_CHECKSUM_BYTES: usize = 8;

/// The bytes of a record that unpacks to `size` bytes; `offset` is its place in the file, for messages.
///
/// # Errors
/// When the blocks are damaged, unpack to another size or are of a method unknown here.
pub(super) fn unpack(packed: &[u8], size: usize, offset: u64) -> Result<Vec<u8>, RootError> {
    if size > MOST_UNPACKED_BYTES {
        return Err(RootError::damaged("a packed record's size", offset, size, format!("{MOST_UNPACKED_BYTES} bytes at most")));
    }
    let mut unpacked = Vec::new();
    let mut rest = packed;
    while unpacked.len() < size {
        let at = offset + (packed.len() - rest.len()) as u64;
        let Some((header, behind)) = rest.split_at_checked(BLOCK_HEADER_BYTES) else {
            return Err(RootError::damaged("a packed record", at, format!("{} bytes unpacked", unpacked.len()), size));
        };
        let sizes = [&header[3..6], &header[6..9]]
            .map(|size| usize::from(size[0]) | usize::from(size[1]) << 8 | usize::from(size[2]) << 16);
        let [block_size, content_size] = sizes;
        if block_size > behind.len() || content_size == 0 || content_size > size - unpacked.len() {
            let found = format!("{block_size} bytes that unpack to {content_size}");
            let expected = format!("at most {} that unpack to 1 to {}", behind.len(), size - unpacked.len());
            return Err(RootError::damaged("a packed block", at, found, expected));
        }
        let (block, behind) = behind.split_at(block_size);
        let before = unpacked.len();
        unpack_block([header[0], header[1]], block, content_size, &mut unpacked, at)?;
        if unpacked.len() - before != content_size {
            let found = format!("{} bytes", unpacked.len() - before);
            return Err(RootError::damaged("a packed block's content", at, found, content_size));
        }
        rest = behind;
    }
    Ok(unpacked)
}

/// Appends one block's content, never more than `size` bytes and one.
fn unpack_block(method: [u8; 2], block: &[u8], size: usize, unpacked: &mut Vec<u8>, at: u64) -> Result<(), RootError> {
    let wrong = |what: &str, why: &dyn std::fmt::Display| RootError::damaged(what, at, why.to_string(), "a whole block");
    let most = size as u64 + 1; // one more shows that there are too many
    match &method {
        b"ZL" => {
            let mut reader = flate2::read::ZlibDecoder::new(block).take(most);
            reader.read_to_end(unpacked).map(drop).map_err(|error| wrong("a zlib block", &error))
        }
        b"XZ" => {
            let mut reader = lzma_rust2::XzReader::new_mem_limit(block, false, MOST_LZMA_KIB).take(most);
            reader.read_to_end(unpacked).map(drop).map_err(|error| wrong("an LZMA block", &error))
        }
        b"ZS" => {
            let reader = ruzstd::decoding::StreamingDecoder::new(block).map_err(|error| wrong("a zstd block", &error))?;
            reader.take(most).read_to_end(unpacked).map(drop).map_err(|error| wrong("a zstd block", &error))
        }
        b"L4" => lz4(block, size, unpacked).map_err(|why| wrong("an LZ4 block", &why)),
        b"CS" => Err(RootError::Unsupported(format!(
            "the record at byte {at} is packed in ROOT's old way ('CS', before 2005); known are zlib, LZMA, LZ4 and zstd"
        ))),
        other => Err(RootError::damaged(
            "a packed block's method",
            at,
            format!("'{}'", other.escape_ascii()),
            "ZL, XZ, L4 or ZS (zlib, LZMA, LZ4, zstd)",
        )),
    }
}

fn lz4(block: &[u8], size: usize, unpacked: &mut Vec<u8>) -> Result<(), String> {
    let (checksum, packed) = block.split_first_chunk::<LZ4_CHECKSUM_BYTES>().ok_or("no checksum")?;
    if twox_hash::XxHash64::oneshot(0, packed) != u64::from_be_bytes(*checksum) {
        return Err("a checksum that does not fit the bytes".into());
    }
    // A byte of LZ4 unpacks to 255 at most, so the memory taken is in proportion to the bytes that are there.
    if size > packed.len().saturating_mul(255) {
        return Err(format!("{} bytes that can't unpack to {size}", packed.len()));
    }
    let start = unpacked.len();
    unpacked.resize(start + size, 0);
    let count = lz4_flex::block::decompress_into(packed, &mut unpacked[start..]).map_err(|error| error.to_string())?;
    unpacked.truncate(start + count);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn block(method: &[u8; 2], packed: &[u8], size: usize) -> Vec<u8> {
        let mut bytes = method.to_vec();
        bytes.push(1);
        bytes.extend(&(packed.len() as u32).to_le_bytes()[..3]);
        bytes.extend(&(size as u32).to_le_bytes()[..3]);
        bytes.extend(packed);
        bytes
    }

    fn zlib(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn several_blocks_are_one_record() {
        let [one, two] = [vec![7u8; 1000], vec![9u8; 300]];
        let packed = [block(b"ZL", &zlib(&one), 1000), block(b"ZL", &zlib(&two), 300)].concat();
        assert_eq!(unpack(&packed, 1300, 0).unwrap(), [one, two].concat());
        assert!(unpack(&packed, 1299, 0).is_err() && unpack(&packed, 1301, 0).is_err());
    }

    #[test]
    fn a_block_that_unpacks_to_more_than_it_says_is_refused_with_little_memory() {
        let bomb = block(b"ZL", &zlib(&vec![0; 50 << 20]), 100);
        let error = unpack(&bomb, 100, 5).unwrap_err().to_string();
        assert!(error.contains("101 bytes") && error.contains("byte 5"), "{error}");
        assert!(unpack(&[], usize::MAX, 0).is_err());
    }

    #[test]
    fn the_old_method_is_named() {
        let error = unpack(&block(b"CS", &[0; 4], 9), 9, 33).unwrap_err();
        assert!(matches!(&error, RootError::Unsupported(why) if why.contains("byte 33") && why.contains("zstd")), "{error}");
        let error = unpack(&block(b"Q\x07", &[0; 4], 9), 9, 0).unwrap_err().to_string();
        assert!(error.contains("'Q\\x07'"), "{error}");
    }

    #[test]
    fn a_changed_byte_of_lz4_is_seen() {
        let packed = lz4_flex::block::compress(&[3; 400]);
        let mut content = twox_hash::XxHash64::oneshot(0, &packed).to_be_bytes().to_vec();
        content.extend(&packed);
        assert_eq!(unpack(&block(b"L4", &content, 400), 400, 0).unwrap(), [3; 400]);
        content[9] ^= 1;
        assert!(unpack(&block(b"L4", &content, 400), 400, 0).unwrap_err().to_string().contains("checksum"));
    }
}
