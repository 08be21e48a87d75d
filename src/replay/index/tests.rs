//! The index as a file: read back, extended, damaged; and what it says of stamps that are wrong.

use std::fs;
use std::path::Path;

use monitasks::vocab::{EventNumber, Run, Sequence};
use proptest::prelude::*;

use super::*;
use crate::replay::made_up::{MadeUp, boxed, header, streams};
use crate::replay::record::{HeaderType, RecordKind, Stamp};
use crate::replay::{Cursor, EventAddress, Walk};

fn open(path: &Path, streams: &[MadeUp]) -> ReplayIndex {
    ReplayIndex::open_or_build(Some(path), boxed(streams)).unwrap()
}

fn in_memory(streams: &[MadeUp]) -> ReplayIndex {
    ReplayIndex::open_or_build(None, boxed(streams)).unwrap()
}

/// Whether two hold the same, however they came to be.
fn assert_same(one: &ReplayIndex, other: &ReplayIndex) {
    assert_eq!(one.rows, other.rows);
    assert_eq!(one.numbers, other.numbers);
    assert_eq!(one.kept, other.kept);
    assert_eq!(one.streams, other.streams);
}

/// Something that happens to streams between two openings.
#[derive(Debug, Clone)]
enum Change {
    Grow(usize, Vec<RecordHeader>),
    Cut(usize),
    Replace(usize, RecordHeader),
    Remove(usize),
    Add(Vec<RecordHeader>),
    Swap(usize, usize),
    EndFault(usize),
    Unreadable(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let at = 0usize..5;
    let headers = || proptest::collection::vec(header(), 0..8);
    prop_oneof![
        4 => (at.clone(), headers()).prop_map(|(at, headers)| Change::Grow(at, headers)),
        1 => at.clone().prop_map(Change::Cut),
        1 => (at.clone(), header()).prop_map(|(at, header)| Change::Replace(at, header)),
        1 => at.clone().prop_map(Change::Remove),
        2 => headers().prop_map(Change::Add),
        1 => (at.clone(), at.clone()).prop_map(|(one, other)| Change::Swap(one, other)),
        1 => at.clone().prop_map(Change::EndFault),
        1 => at.prop_map(Change::Unreadable),
    ]
}

fn apply(streams: &mut Vec<MadeUp>, change: Change, round: usize) {
    let count = streams.len();
    match change {
        Change::Grow(at, headers) if at < count => {
            let stream = &mut streams[at];
            if !stream.contents.is_empty() {
                stream.contents.extend(headers.iter().map(|header| header.place as u32 % 2));
            }
            stream.headers.extend(headers);
        }
        Change::Cut(at) if at < count => {
            let half = streams[at].headers.len() / 2;
            streams[at].headers.truncate(half);
            streams[at].contents.truncate(half);
        }
        Change::Replace(at, header) if at < count && !streams[at].headers.is_empty() => streams[at].headers[0] = header,
        Change::Remove(at) if at < count => drop(streams.remove(at)),
        Change::Add(headers) => streams.insert(count / 2, MadeUp::new(&format!("added {round}"), headers)),
        Change::Swap(one, other) if one < count && other < count => streams.swap(one, other),
        Change::EndFault(at) if at < count => streams[at].end_fault = Some("the last line is not whole".into()),
        Change::Unreadable(at) if at < count => streams[at].is_unreadable ^= true,
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_read_back_is_what_was_made(streams in streams(5)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replay.index");
        let built = open(&path, &streams);
        prop_assert_eq!(built.made().way, Way::Built);
        let opened = open(&path, &streams);
        prop_assert_eq!(opened.made(), &Made { way: Way::Opened, ..Made::default() });
        assert_same(&built, &opened);
        assert_same(&built, &in_memory(&streams));
    }

    #[test]
    fn one_that_was_extended_is_as_if_made_anew(
        mut streams in streams(5),
        rounds in proptest::collection::vec(proptest::collection::vec(change(), 0..3), 1..5),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replay.index");
        open(&path, &streams);
        for (round, changes) in rounds.into_iter().enumerate() {
            for (at, change) in changes.into_iter().enumerate() {
                apply(&mut streams, change, 10 * round + at);
            }
            let extended = open(&path, &streams);
            assert_same(&extended, &in_memory(&streams));
            prop_assert_eq!(extended.made().why.is_empty(), matches!(extended.made().way, Way::Opened)
                || extended.made().way == Way::Extended && extended.made().why.is_empty());
            prop_assert_eq!(extended.left_out().len(), streams.iter().filter(|stream| stream.is_unreadable).count());
            assert_same(&open(&path, &streams), &extended);
        }
    }

    #[test]
    fn growing_alone_extends(mut streams in streams(4), more in proptest::collection::vec(header(), 1..9)) {
        prop_assume!(!streams.is_empty());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replay.index");
        open(&path, &streams);
        streams[0].contents.clear();
        open(&path, &streams);
        apply(&mut streams, Change::Grow(0, more), 0);
        let extended = open(&path, &streams);
        prop_assert_eq!(extended.made().way, Way::Extended);
        assert_same(&extended, &in_memory(&streams));
    }

    #[test]
    fn a_damaged_file_is_noticed_and_the_index_is_right(streams in streams(4), at in any::<prop::sample::Index>(), bit in 0u8..8, is_cut: bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replay.index");
        let built = open(&path, &streams);
        let mut bytes = fs::read(&path).unwrap();
        let at = at.index(bytes.len());
        if is_cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
        fs::write(&path, &bytes).unwrap();
        let again = open(&path, &streams);
        prop_assert_eq!(again.made().way, Way::Rebuilt);
        prop_assert!(!again.made().why.is_empty());
        assert_same(&again, &built);
    }

    #[test]
    fn a_file_that_lies_does_no_harm(streams in streams(4), lies in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..9)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replay.index");
        let index = open(&path, &streams);
        let mut bytes = fs::read(&path).unwrap();
        let records = index.rows.len() * rows::ROW_BYTES + index.numbers.order.len() * 4 + index.numbers.beginnings.len() * 16;
        prop_assume!(records > 0);
        let first = bytes.len() - records;
        for (at, byte) in lies {
            bytes[first + at.index(records)] = byte;
        }
        // With its checksum right, so that it is taken for what it says.
        let sum = crate::replay::hash_of(&bytes[20..]).to_le_bytes();
        bytes[12..20].copy_from_slice(&sum);
        fs::write(&path, &bytes).unwrap();
        let index = std::sync::Arc::new(open(&path, &streams));
        prop_assert_eq!(index.made().way, Way::Opened);
        for window_ns in [0, 3] {
            let walk = Walk { window_ns, from: Some(Stamp(-9)), ..Walk::default() };
            let mut cursor = Cursor::new(std::sync::Arc::clone(&index), &walk);
            while cursor.next().is_some() {}
            while cursor.previous().is_some() {}
            for (run, sequence, event) in [(0, None, None), (2, Some(2), Some(5)), (3, None, Some(4)), (u32::MAX, Some(1), None)] {
                let (sequence, event) = (sequence.map(Sequence), event.map(EventNumber));
                cursor.event_at(EventAddress { run: Run(run), sequence, event });
            }
        }
    }

    #[test]
    fn faults_are_counted_as_by_looking_at_each_record(streams in streams(4)) {
        let index = in_memory(&streams);
        for (at, stream) in streams.iter().enumerate() {
            let back = stream.headers.windows(2).filter(|pair| pair[1].stamp < pair[0].stamp).count();
            let told = &index.streams()[at].faults;
            prop_assert_eq!(told.iter().any(|fault| fault.starts_with("stamps go back")), back > 0);
            prop_assert_eq!(index.kept[at].steps.words().is_empty(), back == 0);
            let held = |at: usize| {
                let (header, content) = (stream.headers[at], stream.contents.get(at));
                let place = if content.is_none() && header.event.is_none() { header.place } else { 0 };
                (header.stamp, header.kind, header.run, header.sequence, header.event, content, place)
            };
            let again = (0..stream.headers.len()).filter(|at| (0..*at).any(|before| held(before) == held(*at))).count();
            prop_assert_eq!(index.kept[at].twice.count, again as u64);
        }
    }
}

#[test]
fn every_byte_of_the_file_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("replay.index");
    let numbered = |at: i64| RecordHeader { run: Some(Run(7)), sequence: Some(Sequence(1)), ..plain(at, 5) };
    let streams = [MadeUp::new("one", (0..5).map(numbered).collect()), MadeUp::new("other", vec![plain(3, 0)])];
    let built = open(&path, &streams);
    let bytes = fs::read(&path).unwrap();
    let damaged_path = folder.path().join("damaged.index");
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] = damaged[at].wrapping_add(1);
        fs::write(&damaged_path, &damaged).unwrap();
        assert!(file::read(&damaged_path).is_err(), "byte {at}");
        fs::write(&damaged_path, &bytes[..at]).unwrap();
        assert!(file::read(&damaged_path).is_err(), "{at} bytes");
    }
    fs::write(&path, [&bytes[..], b"more"].concat()).unwrap();
    let again = open(&path, &streams);
    assert_eq!(again.made().way, Way::Rebuilt);
    assert_same(&again, &built);
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn another_file_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    fs::write(&path, "what I wanted to remember").unwrap();
    let index = open(&path, &[]);
    assert_eq!(index.made().way, Way::Rebuilt);
    assert!(index.made().not_kept.as_ref().is_some_and(|why| why.ends_with("notes.txt")));
    assert_eq!(fs::read_to_string(&path).unwrap(), "what I wanted to remember");
    // Nor is one that can't be written an error.
    let nowhere = open(&folder.path().join("no/such/folder/replay.index"), &[]);
    assert!(nowhere.made().not_kept.is_some());
}

fn plain(stamp_ns: i64, place: u64) -> RecordHeader {
    let (stamp, stream, kind) = (Stamp(stamp_ns), StreamId(0), RecordKind::Data);
    RecordHeader { stamp, stream, kind, run: None, sequence: None, event: None, place }
}

#[test]
fn stamps_that_are_wrong_are_told_and_played() {
    const DAY_NS: i64 = 86_400_000_000_000;
    let stamps = [0, 5, 3, 3 + 2 * DAY_NS, 4 + 2 * DAY_NS, 4, 5];
    let headers: Vec<_> = stamps.iter().zip(0..).map(|(stamp, place)| plain(*stamp, place)).collect();
    let mut events = MadeUp::new("events", headers);
    events.contents = vec![1, 2, 3, 4, 5, 6, 2];
    let decisions = MadeUp { name: "decisions".into(), header: HeaderType::Decision, ..events.clone() };
    let index = in_memory(&[events, decisions]);
    assert_eq!(index.len(), 14);
    assert_eq!(
        index.streams()[0].faults,
        [
            "stamps go back 2 times, first at 1970-01-01T00:00:00.000000003Z (place 2), by 2.0 days at most: records out of order, or a \
             clock that was set back",
            "stamps jump forward once at 1970-01-03T00:00:00.000000003Z (place 3), by 2.0 days at most: a gap, or a clock that jumped",
            "the same record stands there again once at 1970-01-01T00:00:00.000000005Z (place 6)",
        ]
    );
    // People don't decide all the time: two days without a decision are no fault.
    assert_eq!(index.streams()[1].faults.len(), 2);
}

#[test]
fn what_a_source_tells_of_its_records_stays_and_of_its_end_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("replay.index");
    let faults = |stream: &MadeUp| open(&path, std::slice::from_ref(stream)).streams()[0].faults.clone();
    let mut stream = MadeUp::new("slow", vec![plain(1, 0), plain(2, 1)]);
    stream.faults = vec!["line 2: no number".into()];
    stream.end_fault = Some("cut at byte 99".into());
    assert_eq!(faults(&stream), ["line 2: no number", "cut at byte 99"]);
    stream.headers.push(plain(3, 2));
    stream.faults = vec!["line 9: no number".into()];
    stream.end_fault = None;
    assert_eq!(faults(&stream), ["line 2: no number", "line 9: no number"]);
    stream.faults.clear();
    assert_eq!(faults(&stream), ["line 2: no number", "line 9: no number"]);
}

#[test]
fn an_index_of_another_version_or_source_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("replay.index");
    let streams = [MadeUp::new("events", (0..9).map(|at| plain(at, 0)).collect())];
    open(&path, &streams);
    let mut bytes = fs::read(&path).unwrap();
    bytes[8] = 77;
    fs::write(&path, bytes).unwrap();
    let again = open(&path, &streams);
    assert_eq!(again.made().why, ["the index has version 77, and this program writes 1"]);
    let shorter = [MadeUp::new("events", (0..4).map(|at| plain(at, 0)).collect())];
    assert_eq!(open(&path, &shorter).made().why, ["events: its source is shorter than it was"]);
    let other = [MadeUp::new("others", (0..4).map(|at| plain(at, 0)).collect())];
    let again = open(&path, &other);
    assert_eq!(
        (again.made().way, &again.made().why[..]),
        (Way::Rebuilt, &["events: the stream is not there any more".to_owned()][..])
    );
    let twice = [other[0].clone(), other[0].clone()];
    assert_eq!(open(&path, &twice).left_out().len(), 1);
}
