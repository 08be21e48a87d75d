//! What is written is read back, and damaged bytes get an answer.

use std::borrow::Cow;
use std::cell::Cell;
use std::path::Path;

use monitasks::format::root::{ByteSource, RootError, RootFile};
use monitasks::vocab::FileId;
use proptest::prelude::*;

use super::read::{counted, trees};
use super::*;

/// A small file's content with something in every tree, and enough hits for several baskets.
fn data() -> RecoData {
    let meta = Meta {
        software: "dqmon test".into(),
        settings: "{\"long\":\"".to_owned() + &"x".repeat(400) + "\"}",
        detector: "3x1x1".into(),
        channel_map: "2017".into(),
        raw_file: "run7-seq3.dat".into(),
        file: FileId::new(7, 3),
        events: 2,
        raw_events: 7,
        masked_channels: "[1,2]".into(),
    };
    let mut data = RecoData::new(meta);
    for event in 0..2 {
        let rows = &mut data.events;
        rows.event.push(event);
        rows.number.push(i64::from(event) + 100);
        rows.seconds.push(1_500_000_000);
        rows.nanoseconds.push(999_999_999);
        for column in
            [&mut rows.trigger_type, &mut rows.flags, &mut rows.complete, &mut rows.hits, &mut rows.tracks, &mut rows.matched]
        {
            column.push(1);
        }
        rows.trigger_number.push(-5);
    }
    let rows = &mut data.hits;
    for hit in 0..20_000 {
        for column in [
            &mut rows.event,
            &mut rows.channel,
            &mut rows.view,
            &mut rows.strip,
            &mut rows.start_tick,
            &mut rows.end_tick,
            &mut rows.width_ticks,
            &mut rows.cut,
            &mut rows.track,
            &mut rows.shared,
        ] {
            column.push(hit - 7);
        }
        for column in [&mut rows.peak_tick, &mut rows.peak_adc, &mut rows.drift_us, &mut rows.charge_fc] {
            column.push(0.5 * hit as f32);
        }
    }
    data
}

fn written(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("recotask_run7-seq3.root");
    write(data(), &path).unwrap();
    path
}

fn parse(bytes: &[u8]) -> Result<Vec<Tree>, RootError> {
    trees(&RootFile::open(bytes)?)
}

#[test]
fn what_is_written_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path());
    assert_eq!(load(&path).unwrap(), data());
    let facts = entries(&path).unwrap();
    assert_eq!((facts.file, facts.events, facts.entries), (FileId::new(7, 3), 2, 2));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "a temporary file was left");
}

#[test]
fn a_tree_without_rows_is_written_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path());
    let tracks = parse(&std::fs::read(&path).unwrap()).unwrap().into_iter().find(|tree| tree.name == "tracks").unwrap();
    assert_eq!(tracks.branches.len(), 10);
    assert!(tracks.branches.iter().all(|branch| branch.values.is_empty()));
}

/// Counts the bytes that are asked for.
struct Counting<'a> {
    bytes: &'a [u8],
    asked: Cell<usize>,
}

impl ByteSource for Counting<'_> {
    fn size_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn range(&self, from: u64, count: usize) -> Result<Cow<'_, [u8]>, String> {
        self.asked.set(self.asked.get() + count);
        self.bytes.range(from, count)
    }
}

#[test]
fn counting_events_reads_a_small_part_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = std::fs::read(written(folder.path())).unwrap();
    let source = Counting { bytes: &bytes, asked: Cell::new(0) };
    let (entries, meta) = counted(&RootFile::open(&source).unwrap()).unwrap();
    assert_eq!((entries, meta.branches.len()), (2, 10));
    let asked = source.asked.get();
    assert!(asked * 10 < bytes.len(), "{asked} of {} bytes", bytes.len());
}

#[test]
fn a_basket_that_is_not_where_its_tree_says_is_found_by_counting() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = std::fs::read(written(folder.path())).unwrap();
    let key = bytes.windows(7).rposition(|window| window == b"TBasket").unwrap();
    bytes[key] ^= 1;
    assert!(counted(&RootFile::open(&bytes[..]).unwrap()).is_err());
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = std::fs::read(written(folder.path())).unwrap();
    for cut in (0..bytes.len()).step_by(997).chain([0, 3, 99, 100, bytes.len() - 1]) {
        assert!(parse(&bytes[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn what_is_no_reconstructed_file_is_refused_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.root");
    std::fs::write(&path, b"hello").unwrap();
    let message = entries(&path).unwrap_err().to_string();
    assert!(message.contains("'root'") && message.ends_with("other.root"), "{message}");
    assert!(matches!(entries(&folder.path().join("none.root")), Err(RecoFileError::Io { doing: "opened", .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn damaged_bytes_get_an_answer(places in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        thread_local! {
            static BYTES: Vec<u8> = {
                let folder = tempfile::tempdir().unwrap();
                std::fs::read(written(folder.path())).unwrap()
            };
        }
        let mut bytes = BYTES.with(Clone::clone);
        for (place, byte) in places {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let _ = parse(&bytes); // an error or other numbers: the values carry no checksum
    }
}
