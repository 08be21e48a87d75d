//! Files with a table of events, whole, cut and changed.

use std::os::unix::fs::FileExt;

use super::*;
use crate::rawdata::event_table;

/// Two fragments of two channels, five samples each.
fn tiny_table() -> Readout {
    Readout { raw_layout: RawLayout::EventTable { fragments: 2, missing_cards: 25 }, ..readout(4, 5) }
}

/// Bytes of an event: twice 44 of header, 10 samples in 15, and one behind.
const EVENT: usize = 2 * (44 + 15 + 1);

/// Where the first of three events starts.
const START: usize = 8 + 3 * 16;

fn samples(number: u32) -> Vec<u16> {
    (0..20).map(|index| (number as u16 * 1000 + index * 201) & 4095).collect()
}

fn table_file() -> (TempDir, PathBuf, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("7_0_a.dat");
    let mut writer = RawWriter::create_for(&path, Run(7), 0, &tiny_table(), 3).unwrap();
    (0..3).for_each(|number| writer.write(&header(number), &samples(number)).unwrap());
    writer.finish().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    (folder, path, bytes)
}

fn open_table(path: &Path, bytes: &[u8]) -> Result<RawReader, RawError> {
    std::fs::write(path, bytes).unwrap();
    RawReader::open(path, &tiny_table())
}

#[test]
fn the_bytes_of_a_table_and_a_fragment_are_those_of_the_format() {
    let (_folder, path, bytes) = table_file();
    assert_eq!(bytes.len(), START + 3 * EVENT);
    assert_eq!(bytes[..24], [7, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 120, 0, 0, 0, 30, 0, 0, 0, 0, 0, 0, 0]);
    let mut expected = vec![0xFF, 0xFF, 7, 0, 0, 0, 0, 2, 0, 0, 0, 0x04, 0x03, 0x02, 0x01];
    expected.extend([0xFC, 0xD6, 0x78, 0x59, 0, 0, 0, 0, 0x40, 0x2D, 0xD9, 0x13, 0, 0, 0, 0]);
    expected.extend([25, 0, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0, 0]);
    // 201 is 0x0C9: samples 0x000 0x0C9 0x192 0x25B.
    expected.extend([0x00, 0x00, 0xC9, 0x19, 0x22, 0x5B]);
    assert_eq!(bytes[START..START + expected.len()], expected);
    assert!(event_table::is_start(&bytes) && event_table::is_start(&bytes[..30]));
    assert!(!event_table::is_start(&bytes[..20]) && !event_table::is_start(&tiny_file(3).2));
    let full = Readout { raw_layout: tiny_table().raw_layout, ..readout(7680, 10_000) };
    assert_eq!(packing::packed_bytes(full.channels * full.samples), 115_200_000);
    let reader = RawReader::open(&path, &tiny_table()).unwrap();
    assert_eq!((reader.run(), reader.count(), reader.ending()), (Run(7), 3, &Ending::Footer));
}

#[test]
fn a_file_with_a_table_reads_as_it_was_written_whole_or_in_parts() {
    let (_folder, path, _) = table_file();
    let reader = RawReader::open(&path, &tiny_table()).unwrap();
    let (mut event, mut some) = (Event::default(), Vec::new());
    for number in 0..3 {
        reader.read(number as usize, &mut event).unwrap();
        let offset = (START + number as usize * EVENT) as u64;
        assert_eq!((event.header, &event.samples), (EventHeader { offset, ..header(number) }, &samples(number)));
        for (from, to) in [(0, 4), (1, 3), (2, 4), (3, 4), (0, 1), (2, 2)] {
            reader.read_channels(number as usize, from..to, &mut some).unwrap();
            assert_eq!(some, samples(number)[5 * from..5 * to], "{from}..{to}");
        }
    }
}

#[test]
fn a_file_with_a_table_cut_anywhere_shows_its_whole_events() {
    let (_folder, path, bytes) = table_file();
    for length in 0..bytes.len() {
        let Ok(reader) = open_table(&path, &bytes[..length]) else {
            assert!(length < 8, "cut at {length}");
            continue;
        };
        assert_eq!(reader.count(), length.saturating_sub(START) / EVENT, "cut at {length}");
        assert!(matches!(reader.ending(), Ending::Missing(_)), "cut at {length}: {:?}", reader.ending());
        assert!(reader.losses().is_empty(), "cut at {length}");
    }
}

#[test]
fn every_change_of_a_byte_in_headers_of_a_file_with_a_table_leaves_the_other_events() {
    let (_folder, path, bytes) = table_file();
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let mut event = Event::default();
    for at in 0..bytes.len() {
        let hit = at.checked_sub(START).map(|behind| behind / EVENT);
        for mask in 1..=255 {
            file.write_all_at(&[bytes[at] ^ mask], at as u64).unwrap();
            let reader = RawReader::open(&path, &tiny_table()).unwrap();
            for number in (0..3).filter(|number| hit != Some(*number)) {
                let offset = (START + number * EVENT) as u64;
                let place = reader.headers().iter().position(|header| header.offset == offset);
                let place = place.unwrap_or_else(|| panic!("byte {at} ^ {mask}: event {number}: {:?}", reader.losses()));
                reader.read(place, &mut event).unwrap();
                assert_eq!(event.samples, samples(number as u32), "byte {at} ^ {mask}");
            }
            if reader.count() < 3 {
                assert_eq!((reader.count(), reader.lost_count()), (2, 1), "byte {at} ^ {mask}: {:?}", reader.losses());
            }
        }
        file.write_all_at(&bytes[at..=at], at as u64).unwrap();
    }
}

#[test]
fn what_is_wrong_with_an_event_of_fragments_is_told() {
    let second = START + EVENT;
    let cases: [(usize, &[u8], &str); 4] = [
        (second, &[0], "fragment key at byte 176: found 00 FF, expected FF FF"),
        (second + 40, &[16], "size of charge readout at byte 216: found 16 bytes, expected 15"),
        (second + 60 + 32, &[9], "fragment's event number at byte 268: found 9, expected 1 as in the first fragment"),
        (second + 60 + 6, &[1], "fragment's run flags at byte 242: found 1, expected 0 as in the first fragment"),
    ];
    let (_folder, path, whole) = table_file();
    for (at, over, words) in cases {
        let mut bytes = whole.clone();
        bytes[at..at + over.len()].copy_from_slice(over);
        let reader = open_table(&path, &bytes).unwrap();
        assert_eq!((reader.count(), reader.lost_count(), reader.ending()), (2, 1, &Ending::Footer));
        let message = reader.losses()[0].reason.to_string();
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn missing_cards_compression_and_a_wrong_number_of_events_are_told() {
    let (_folder, path, whole) = table_file();
    let mut bytes = whole.clone();
    bytes[START + 31] = 27;
    bytes[START + EVENT + 6] = 1;
    bytes[START + EVENT + 60 + 6] = 1;
    let reader = open_table(&path, &bytes).unwrap();
    let complete: Vec<bool> = reader.headers().iter().map(EventHeader::is_complete).collect();
    assert_eq!((complete, reader.headers()[0].flags), (vec![false, true, true], 2));
    let mut event = Event::default();
    let error = reader.read(1, &mut event).unwrap_err();
    assert!(error.is_damage() && error.to_string().contains("event 1 at byte 176 is compressed"), "{error}");
    assert!(reader.read(0, &mut event).is_ok() && reader.read(2, &mut event).is_ok());
    for told in [0, 2, 4, 200] {
        let mut bytes = whole.clone();
        bytes[4] = told;
        let reader = open_table(&path, &bytes).unwrap();
        assert_eq!((reader.count(), reader.losses()), (3, [].as_slice()), "{told}");
        let message = reader.ending().fault().unwrap().to_string();
        assert!(message.contains(&format!("number of events at byte 4: found {told} events, expected 3")), "{message}");
    }
}

#[test]
fn what_a_file_with_a_table_cannot_hold_is_not_written() {
    let (_folder, path, _) = table_file();
    assert!(RawWriter::create(&path, Run(1), 0, &tiny_table()).unwrap_err().to_string().contains("number of events"));
    let mut writer = RawWriter::create_for(&path, Run(1), 0, &tiny_table(), 1).unwrap();
    let compressed = EventHeader { flags: 0x40, ..header(0) };
    assert!(writer.write(&compressed, &samples(0)).unwrap_err().to_string().contains("no compression is known"));
    writer.write(&header(0), &samples(0)).unwrap();
    assert!(writer.write(&header(1), &samples(1)).unwrap_err().to_string().contains("at most 1 events"));
    let writer = RawWriter::create_for(&path, Run(1), 0, &tiny_table(), 2).unwrap();
    assert!(writer.finish().unwrap_err().to_string().contains("2 events were announced and 0 written"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_reader_of_tables_panic(changes in mutations(), random in prop::collection::vec(any::<u8>(), 0..300)) {
        let (_folder, path, bytes) = table_file();
        for bytes in [mutated(bytes, &changes), random] {
            let Ok(reader) = open_table(&path, &bytes) else { continue };
            let mut event = Event::default();
            for index in 0..reader.count() {
                if let Err(error) = reader.read(index, &mut event) {
                    prop_assert!(error.is_damage(), "{}", error);
                }
            }
        }
    }
}
