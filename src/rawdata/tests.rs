use std::path::{Path, PathBuf};

use jiff::Timestamp;
use monitasks::detector::{RawLayout, Readout};
use monitasks::vocab::{EventNumber, Run};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

fn readout(channels: usize, samples: usize) -> Readout {
    Readout {
        channels,
        samples,
        sampling_us: 0.4,
        adc_bits: 12,
        skipped_samples: 3,
        coherent_group: 32,
        electronics_delay_us: 0.0,
        raw_layout: RawLayout::Dlardaq,
    }
}

/// Three channels of five samples: an odd number, so the last one stands alone in its bytes.
fn tiny() -> Readout {
    readout(3, 5)
}

/// Bytes of a tiny event: 35 of header, 15 samples in 23.
const TINY_EVENT: usize = 35 + 23;

fn header(number: u32) -> EventHeader {
    EventHeader {
        number: EventNumber(number),
        trigger_type: 2,
        trigger_number: 0x0102_0304,
        stamp: Timestamp::new(1_501_091_580, 333_000_000).unwrap(),
        flags: 0,
        offset: 0,
    }
}

mod damage;
mod table;

/// A folder with a file of tiny events, and the file's bytes.
fn tiny_file(events: u32) -> (TempDir, PathBuf, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run7-seq0.dat");
    let mut writer = RawWriter::create(&path, Run(7), 0, &tiny()).unwrap();
    for number in 0..events {
        let samples: Vec<u16> = (0..15).map(|index| (number as u16 * 1000 + index * 273) & 4095).collect();
        writer.write(&header(number), &samples).unwrap();
    }
    writer.finish().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    (folder, path, bytes)
}

fn open(path: &Path, bytes: &[u8]) -> Result<RawReader, RawError> {
    std::fs::write(path, bytes).unwrap();
    RawReader::open(path, &tiny())
}

#[test]
fn the_bytes_written_are_those_of_the_format() {
    let (_folder, _path, bytes) = tiny_file(1);
    let mut expected = vec![0, 0, 0, 7, 0];
    expected.extend([0xFF, 0xFF, 2, 0, 0, 0, 0x04, 0x03, 0x02, 0x01]);
    expected.extend([0xFC, 0xD6, 0x78, 0x59, 0, 0, 0, 0, 0x40, 0x2D, 0xD9, 0x13, 0, 0, 0, 0]);
    expected.extend([0, 0, 0, 0, 0, 0, 0, 0, 23]);
    // Samples 0x000 0x111 0x222 ... 0xEEE.
    expected.extend([0x00, 0x01, 0x11, 0x22, 0x23, 0x33, 0x44, 0x45, 0x55, 0x66, 0x67, 0x77, 0x88, 0x89, 0x99]);
    expected.extend([0xAA, 0xAB, 0xBB, 0xCC, 0xCD, 0xDD, 0xEE, 0xE0]);
    expected.extend([0xF0, 0xF0, 0, 1]);
    assert_eq!(bytes, expected);
}

#[test]
fn a_full_file_has_its_known_size() {
    let samples = 1280 * 1667;
    assert_eq!(packing::packed_bytes(samples), 3_200_640);
    let event = layout::EVENT_HEADER_BYTES + packing::packed_bytes(samples);
    assert_eq!(layout::RUN_HEADER_BYTES + 335 * event + layout::FOOTER_BYTES, 1_072_226_134);
}

#[test]
fn a_file_cut_anywhere_shows_its_whole_events_and_why_it_ends() {
    let (_folder, path, bytes) = tiny_file(3);
    for length in 0..bytes.len() {
        let opened = open(&path, &bytes[..length]);
        if length < 5 {
            let message = opened.unwrap_err().to_string();
            assert!(message.contains("run header at byte 0") && message.contains(&format!("after {length} bytes")), "{message}");
            continue;
        }
        let reader = opened.unwrap();
        assert_eq!(reader.count(), ((length - 5) / TINY_EVENT).min(3), "cut at {length}");
        let Ending::Missing(RawError::Damaged { offset, found, .. }) = reader.ending() else {
            panic!("cut at {length}: {:?}", reader.ending());
        };
        assert!(*offset <= length as u64 && found.contains("end after"), "cut at {length}: {found} at {offset}");
        let mut event = Event::default();
        for index in 0..reader.count() {
            reader.read(index, &mut event).unwrap();
            assert_eq!(event.samples[1], (index as u16 * 1000 + 273) & 4095);
        }
    }
    assert_eq!(open(&path, &bytes).unwrap().ending(), &Ending::Footer);
}

/// Bytes put over a file of three tiny events, and words of the reason.
type Damage = (usize, &'static [u8], &'static [&'static str]);

#[test]
fn a_damaged_event_is_skipped_by_offset_with_what_was_found_and_expected() {
    let second = 5 + TINY_EVENT;
    let cases: [Damage; 4] = [
        (second, &[0xAB, 0xCD], &["key at byte 63", "found AB CD", "expected FF FF (event) or F0 F0 (footer)"]),
        (second + 31, &[0, 0, 0, 24], &["payload size at byte 94", "found 24 bytes", "expected 23"]),
        (second + 26, &[0x40, 0, 0, 0, 1, 255, 255, 255, 255], &["payload size at byte 94", "6 to 27 for a compressed event"]),
        (second + 18, &[0xFF; 8], &["event stamp at byte 73", "-1 ns"]),
    ];
    let (_folder, path, whole) = tiny_file(3);
    for (at, over, words) in cases {
        let mut bytes = whole.clone();
        bytes[at..at + over.len()].copy_from_slice(over);
        let reader = open(&path, &bytes).unwrap();
        assert_eq!((reader.count(), reader.lost_count(), reader.ending()), (2, 1, &Ending::Footer), "{over:?}");
        let [Loss { offset, bytes, events: 1, reason }] = reader.losses() else { panic!("{:?}", reader.losses()) };
        assert_eq!((*offset, *bytes), (second as u64, TINY_EVENT as u64));
        let message = reason.to_string();
        assert!(words.iter().all(|word| message.contains(word)) && message.ends_with("run7-seq0.dat"), "{message}");
        let numbers: Vec<u32> = reader.headers().iter().map(|header| header.number.0).collect();
        assert_eq!(numbers, [0, 2]);
    }
}

#[test]
fn a_footer_that_contradicts_the_events_is_told() {
    let footer = 5 + 3 * TINY_EVENT;
    let cases: [Damage; 2] = [
        (footer + 2, &[0, 4], &["footer's count at byte 181", "found 4 events", "expected 3"]),
        (footer, &[0xF0, 0xF1], &["key at byte 179", "found F0 F1"]),
    ];
    let (_folder, path, whole) = tiny_file(3);
    for (at, over, words) in cases {
        let mut bytes = whole.clone();
        bytes[at..at + over.len()].copy_from_slice(over);
        let reader = open(&path, &bytes).unwrap();
        assert_eq!((reader.count(), reader.losses()), (3, [].as_slice()));
        assert!(matches!(reader.ending(), Ending::Contradicting(_)), "{:?}", reader.ending());
        let message = reader.ending().fault().unwrap().to_string();
        assert!(words.iter().all(|word| message.contains(word)) && message.ends_with("run7-seq0.dat"), "{message}");
    }
    let mut longer = whole.clone();
    longer.push(0);
    let message = open(&path, &longer).unwrap().ending().fault().unwrap().to_string();
    assert!(message.contains("end of file at byte 183") && message.contains("nothing behind the footer"), "{message}");
}

#[test]
fn a_file_that_starts_with_garbage_is_no_raw_file() {
    let (_folder, path, _) = tiny_file(0);
    let message = open(&path, b"this is a letter to the shift crew").unwrap_err().to_string();
    assert!(message.contains("key at byte 5: found 69 73"), "{message}");
    assert_eq!(
        RawReader::open(path.parent().unwrap(), &tiny()).unwrap_err().to_string().split(": ").nth(1),
        Some("it is no regular file")
    );
    let message = RawReader::open(&path.with_file_name("none.dat"), &tiny()).unwrap_err().to_string();
    assert!(message.starts_with("raw file not opened") && message.ends_with("none.dat"), "{message}");
}

#[test]
fn an_event_that_is_no_compressed_one_is_told_when_it_is_read_and_alone() {
    let (_folder, path, mut bytes) = tiny_file(2);
    bytes[5 + 26] = 0x40;
    let reader = open(&path, &bytes).unwrap();
    assert_eq!((reader.count(), reader.losses().len()), (2, 0));
    let mut event = Event::default();
    let error = reader.read(0, &mut event).unwrap_err();
    let message = error.to_string();
    assert!(error.is_damage() && message.contains("compressed stream of channel 0 at byte 4"), "{message}");
    reader.read(1, &mut event).unwrap();
    assert_eq!(event.header.number, EventNumber(1));
    assert!(matches!(reader.read(2, &mut event), Err(RawError::NoSuchEvent { index: 2, count: 2, .. })));
}

#[test]
fn some_channels_are_read_alone() {
    let (_folder, path, bytes) = tiny_file(1);
    let (reader, mut event, mut samples) = (open(&path, &bytes).unwrap(), Event::default(), Vec::new());
    reader.read(0, &mut event).unwrap();
    let compressed = path.with_file_name("run7-seq1.dat");
    let mut writer = RawWriter::create(&compressed, Run(7), 0, &tiny()).unwrap();
    writer.write(&EventHeader { flags: 0x40, ..header(0) }, &event.samples).unwrap();
    writer.finish().unwrap();
    for reader in [reader, RawReader::open(&compressed, &tiny()).unwrap()] {
        for (from, to) in [(0, 3), (1, 2), (1, 3), (2, 3), (0, 1), (1, 1)] {
            reader.read_channels(0, from..to, &mut samples).unwrap();
            assert_eq!(samples, event.samples[5 * from..5 * to], "{from}..{to}");
        }
        let message = reader.read_channels(0, 2..4, &mut samples).unwrap_err().to_string();
        assert!(message.contains("no channels 2 to 4") && message.contains("has 3"), "{message}");
    }
}

#[test]
fn the_compressed_vector_is_written_again_byte_for_byte() {
    let vector = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/small_huff.dat");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("again.dat");
    let reader = RawReader::open(&vector, &readout(64, 401)).unwrap();
    let mut writer = RawWriter::create(&path, reader.run(), reader.run_flags(), &readout(64, 401)).unwrap();
    let mut event = Event::default();
    for index in 0..reader.count() {
        reader.read(index, &mut event).unwrap();
        writer.write(&event.header, &event.samples).unwrap();
    }
    writer.finish().unwrap();
    assert_eq!(reader.count(), 3);
    assert!(std::fs::read(&path).unwrap() == std::fs::read(&vector).unwrap());
}

#[test]
fn payloads_in_memory_give_what_reading_gives() {
    let (plain, compressed) =
        (include_bytes!("../../tests/data/small_raw.dat"), include_bytes!("../../tests/data/small_huff.dat"));
    let folder = tempfile::tempdir().unwrap();
    let (mut event, mut samples, mut again) = (Event::default(), vec![0; 64 * 401], vec![0; 64 * 401]);
    let path = folder.path().join("any.dat");
    std::fs::write(&path, plain).unwrap();
    RawReader::open(&path, &readout(64, 401)).unwrap().read(0, &mut event).unwrap();
    let packed = &plain[40..40 + 64 * 401 * 3 / 2];
    in_memory::unpack_samples(packed, &mut samples).unwrap();
    in_memory::unpack_samples_plainly(packed, &mut again).unwrap();
    assert!(samples == event.samples && again == event.samples);
    assert_eq!(in_memory::unpack_samples(&packed[1..], &mut samples), None);
    std::fs::write(&path, compressed).unwrap();
    RawReader::open(&path, &readout(64, 401)).unwrap().read(0, &mut event).unwrap();
    let size = u32::from_be_bytes(compressed[36..40].try_into().unwrap()) as usize;
    assert_eq!(in_memory::decode_samples(&compressed[40..], 401, &mut samples), Some(size));
    let mut streams = Vec::new();
    in_memory::encode_samples(&samples, 401, &mut streams);
    assert!(samples == event.samples && streams == compressed[40..40 + size]);
    assert_eq!(in_memory::decode_samples(&streams[1..], 401, &mut samples), None);
}

#[test]
fn what_the_format_cannot_hold_is_not_written() {
    let (_folder, path, _) = tiny_file(0);
    let mut writer = RawWriter::create(&path, Run(1), 0, &tiny()).unwrap();
    assert!(writer.write(&header(0), &[0; 14]).unwrap_err().to_string().contains("14 samples, expected 15"));
    assert!(writer.write(&header(0), &[4096; 15]).unwrap_err().to_string().contains("4096"));
    assert_eq!(writer.count(), 0);
}

/// Reads everything that a file of any bytes lets be read.
fn read_all(path: &Path, bytes: &[u8], readout: &Readout) -> Result<(), TestCaseError> {
    std::fs::write(path, bytes).unwrap();
    let Ok(reader) = RawReader::open(path, readout) else { return Ok(()) };
    let mut event = Event::default();
    for index in 0..reader.count() {
        match reader.read(index, &mut event) {
            Ok(()) => {
                prop_assert_eq!(event.samples.len(), readout.channels * readout.samples);
                prop_assert!(event.samples.iter().all(|sample| *sample < 4096));
            }
            Err(error) => prop_assert!(error.is_damage(), "{}", error),
        }
    }
    if reader.ending() == &Ending::Footer {
        prop_assert_eq!(&bytes[bytes.len() - 4..bytes.len() - 2], &[0xF0, 0xF0]);
    }
    Ok(())
}

/// Some bytes replaced, then a length to cut at.
fn mutations() -> impl Strategy<Value = (Vec<(prop::sample::Index, u8)>, prop::sample::Index)> {
    (prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12), any::<prop::sample::Index>())
}

fn mutated(mut bytes: Vec<u8>, (changes, cut): &(Vec<(prop::sample::Index, u8)>, prop::sample::Index)) -> Vec<u8> {
    for (at, byte) in changes {
        let at = at.index(bytes.len());
        bytes[at] = *byte;
    }
    bytes.truncate(cut.index(bytes.len() + 1));
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn packing_is_undone_by_unpacking_in_both_ways(samples in prop::collection::vec(0u16..4096, 0..300)) {
        let mut bytes = Vec::new();
        packing::pack(&samples, &mut bytes);
        prop_assert_eq!(bytes.len(), packing::packed_bytes(samples.len()));
        let mut back = vec![0; samples.len()];
        packing::unpack(&bytes, &mut back);
        prop_assert_eq!(&back, &samples);
        packing::unpack_plain(&bytes, &mut back);
        prop_assert_eq!(back, samples);
    }

    #[test]
    fn a_file_reads_as_it_was_written(
        run: u32, run_flags: u8, number: u32, trigger_type: u8, trigger_number: u32, quality in 0u8..64,
        is_compressed: bool, second in -100_000_000_000i64..100_000_000_000, nanosecond in 0i32..1_000_000_000,
        samples in prop::collection::vec(0u16..4096, 15), events in 0usize..4,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("any.dat");
        let stamp = Timestamp::new(second, nanosecond).unwrap();
        let flags = quality | (run_flags & 0x80) | if is_compressed { 0x40 } else { 0 };
        let header = EventHeader { number: EventNumber(number), trigger_type, trigger_number, stamp, flags, offset: 0 };
        let mut writer = RawWriter::create(&path, Run(run), run_flags, &tiny()).unwrap();
        for _ in 0..events {
            writer.write(&header, &samples).unwrap();
        }
        writer.finish().unwrap();
        let reader = RawReader::open(&path, &tiny()).unwrap();
        prop_assert_eq!((reader.run(), reader.run_flags(), reader.count()), (Run(run), run_flags, events));
        prop_assert_eq!(reader.ending(), &Ending::Footer);
        let mut event = Event::default();
        for index in 0..events {
            reader.read(index, &mut event).unwrap();
            let offset = reader.headers()[index].offset;
            prop_assert!(is_compressed || offset == (5 + index * TINY_EVENT) as u64);
            prop_assert_eq!(event.header, EventHeader { offset, ..header });
            prop_assert_eq!(&event.samples, &samples);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(changes in mutations()) {
        let (_folder, path, bytes) = tiny_file(3);
        read_all(&path, &mutated(bytes, &changes), &tiny())?;
    }

    #[test]
    fn no_damage_to_the_vectors_makes_the_reader_panic(changes in mutations(), is_compressed: bool) {
        let folder = tempfile::tempdir().unwrap();
        let (plain, compressed) = (include_bytes!("../../tests/data/small_raw.dat"), include_bytes!("../../tests/data/small_huff.dat"));
        let bytes = if is_compressed { compressed.to_vec() } else { plain.to_vec() };
        read_all(&folder.path().join("vector.dat"), &mutated(bytes, &changes), &readout(64, 401))?;
    }

    #[test]
    fn no_random_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        read_all(&folder.path().join("any.dat"), &bytes, &tiny())?;
        let mut keyed = vec![0, 0, 0, 1, 0, 0xFF, 0xFF];
        keyed.extend(&bytes);
        read_all(&folder.path().join("any.dat"), &keyed, &tiny())?;
    }
}
