//! The walk against plain lists: whatever the streams, each record once, in order, both ways.

use std::collections::BTreeSet;
use std::sync::Arc;

use monitasks::vocab::{EventNumber, Run, Sequence};
use proptest::prelude::*;

use super::made_up::{MadeUp, boxed, streams};
use super::*;

fn index_of(streams: &[MadeUp]) -> Arc<ReplayIndex> {
    Arc::new(ReplayIndex::open_or_build(None, boxed(streams)).unwrap())
}

/// All records, sorted by stamp, stream and place in the stream: what an index should be.
fn listed(streams: &[MadeUp]) -> Vec<RecordHeader> {
    let mut all = Vec::new();
    for (stream, made) in streams.iter().enumerate() {
        for (at, header) in made.headers.iter().enumerate() {
            all.push((header.stamp, stream, at, RecordHeader { stream: StreamId(stream as u16), ..*header }));
        }
    }
    all.sort_by_key(|(stamp, stream, at, _)| (*stamp, *stream, *at));
    all.into_iter().map(|(_, _, _, header)| header).collect()
}

/// The entries of a walk, from a list.
fn entries(all: &[RecordHeader], walk: &Walk) -> Vec<Vec<RecordHeader>> {
    let mut entries: Vec<Vec<RecordHeader>> = Vec::new();
    for header in all {
        let is_left_out = walk.streams.as_ref().is_some_and(|streams| !streams.contains(&header.stream))
            || walk.from.is_some_and(|from| header.stamp < from)
            || walk.to.is_some_and(|to| header.stamp > to);
        if is_left_out {
            continue;
        }
        match entries.last_mut() {
            Some(entry) if header.stamp.0 - entry[0].stamp.0 <= walk.window_ns.max(0) => entry.push(*header),
            _ => entries.push(vec![*header]),
        }
    }
    if walk.skip_constants {
        entries.retain(|entry| entry.iter().any(|header| header.kind == RecordKind::Data));
    }
    entries
}

/// The search of `Cursor::event_at`, one record after the other: the record it is about, and whether it is only its time.
fn searched(all: &[RecordHeader], walked: &[RecordHeader], wish: EventAddress) -> Option<(RecordHeader, bool)> {
    let run = |header: &RecordHeader| header.run == Some(wish.run);
    let sequence = |header: &RecordHeader| wish.sequence.is_none() || header.sequence == wish.sequence;
    let exact = |list: &[RecordHeader]| {
        let event = |header: &RecordHeader| wish.event.is_none() || header.event == wish.event;
        list.iter().find(|header| run(header) && sequence(header) && event(header)).copied()
    };
    let nearest_event = |list: &[RecordHeader]| {
        let wished = wish.event?.0;
        let near = list.iter().filter(|header| run(header) && sequence(header) && header.event.is_some());
        near.min_by_key(|header| header.event.map(|event| (event.0.abs_diff(wished), event))).copied()
    };
    let nearest_sequence = |list: &[RecordHeader]| {
        let wished = wish.sequence?.0;
        let near = list.iter().filter(|header| run(header) && header.sequence.is_some());
        near.min_by_key(|header| header.sequence.map(|sequence| (sequence.0.abs_diff(wished), sequence))).copied()
    };
    let nearest_run = |list: &[RecordHeader]| {
        let near = list.iter().filter(|header| header.run.is_some());
        near.min_by_key(|header| header.run.map(|run| (run.0.abs_diff(wish.run.0), run))).copied()
    };
    let of_sequence = || all.iter().find(|header| wish.sequence.is_some() && run(header) && sequence(header)).copied();
    let of_run = || all.iter().find(|header| run(header)).copied();
    let here = |header| (header, false);
    let by_time = |header| (header, true);
    exact(walked)
        .or_else(|| nearest_event(walked))
        .map(here)
        .or_else(|| exact(all).or_else(|| nearest_event(all)).or_else(of_sequence).map(by_time))
        .or_else(|| nearest_sequence(walked).map(here))
        .or_else(|| of_run().map(by_time))
        .or_else(|| nearest_run(walked).map(here))
        .or_else(|| nearest_run(all).map(by_time))
}

fn walks() -> impl Strategy<Value = Walk> {
    let ids = proptest::collection::btree_set((0u16..7).prop_map(StreamId), 0..5);
    let stamp = || proptest::option::weighted(0.3, (-25i64..45).prop_map(Stamp));
    let window = prop_oneof![3 => Just(0i64), 2 => 1i64..12, 1 => Just(i64::MAX), 1 => -5i64..0];
    (proptest::option::of(ids), window, any::<bool>(), stamp(), stamp())
        .prop_map(|(streams, window_ns, skip_constants, from, to)| Walk { streams, window_ns, skip_constants, from, to })
}

fn wishes() -> impl Strategy<Value = EventAddress> {
    (0u32..6, proptest::option::of(0u32..9), proptest::option::of(0u32..18)).prop_map(|(run, sequence, event)| EventAddress {
        run: Run(run),
        sequence: sequence.map(Sequence),
        event: event.map(EventNumber),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_walk_visits_every_record_once_in_order_and_back(streams in streams(6), walk in walks()) {
        let index = index_of(&streams);
        let all = listed(&streams);
        prop_assert_eq!(index.headers(0..usize::MAX).collect::<Vec<_>>(), all.clone());
        let expected = entries(&all, &walk);
        let mut cursor = Cursor::new(index, &walk);
        prop_assert_eq!(cursor.len(), expected.len());
        let mut seen = Vec::new();
        while let Some(entry) = cursor.next() {
            prop_assert_eq!(entry.stamp, entry.records[0].stamp);
            prop_assert_eq!(entry.number, seen.len());
            seen.push(entry.records);
        }
        prop_assert_eq!(&seen, &expected);
        let mut back = Vec::new();
        while let Some(entry) = cursor.previous() {
            back.push(entry.records);
        }
        back.reverse();
        prop_assert_eq!(&back, &expected);
    }

    #[test]
    fn next_then_previous_is_where_one_was(streams in streams(5), walk in walks(), goes in proptest::collection::vec(0u8..5, 0..30)) {
        let mut cursor = Cursor::new(index_of(&streams), &walk);
        for go in goes {
            match go {
                0 => cursor.previous(),
                1 => cursor.first(),
                2 => cursor.last(),
                3 => cursor.at_time(Stamp(7)).entry,
                _ => cursor.next(),
            };
            let Some(here) = cursor.here() else { continue };
            cursor.next();
            prop_assert_eq!(cursor.previous(), Some(here.clone()));
            cursor.previous();
            prop_assert_eq!(cursor.next(), Some(here.clone()));
            // However often one asks at an end.
            cursor.go_to(here.number);
        }
    }

    #[test]
    fn entries_are_the_same_from_wherever_one_comes(streams in streams(5), walk in walks(), stamp in -30i64..50) {
        let mut cursor = Cursor::new(index_of(&streams), &walk);
        let mut forth = cursor.clone();
        let all: Vec<_> = std::iter::from_fn(|| forth.next()).collect();
        let Some(entry) = cursor.at_time(Stamp(stamp)).entry else { return Ok(()) };
        prop_assert_eq!(&all[entry.number], &entry);
        if let Some(before) = cursor.previous() {
            prop_assert_eq!(&all[before.number], &before);
        }
    }

    #[test]
    fn skipping_constants_is_leaving_their_entries_out(streams in streams(5), walk in walks()) {
        let index = index_of(&streams);
        let walked = |skip_constants| {
            let mut cursor = Cursor::new(Arc::clone(&index), &Walk { skip_constants, ..walk.clone() });
            std::iter::from_fn(move || cursor.next()).map(|entry| entry.records).collect::<Vec<_>>()
        };
        let mut left = walked(false);
        left.retain(|records| records.iter().any(|record| record.kind == RecordKind::Data));
        prop_assert_eq!(walked(true), left);
    }

    #[test]
    fn a_time_is_found_as_by_looking_at_each_entry(streams in streams(5), walk in walks(), stamp in -30i64..50) {
        let entries = entries(&listed(&streams), &walk);
        let stamp = Stamp(stamp);
        let found = Cursor::new(index_of(&streams), &walk).at_time(stamp);
        let expected = entries.iter().rev().find(|entry| entry[0].stamp <= stamp).or(entries.first());
        prop_assert_eq!(found.entry.as_ref().map(|entry| &entry.records), expected);
        prop_assert_eq!(found.how.is_exact(), entries.iter().flatten().any(|record| record.stamp == stamp));
        let is_late = expected.is_some_and(|entry| entry[0].stamp > stamp);
        prop_assert_eq!(matches!(found.how, FoundHow::After { .. }), is_late);
    }

    #[test]
    fn an_event_is_found_as_by_looking_at_each_record(streams in streams(5), walk in walks(), wish in wishes()) {
        let all = listed(&streams);
        let entries = entries(&all, &walk);
        let walked: Vec<_> = entries.iter().flatten().copied().collect();
        let mut cursor = Cursor::new(index_of(&streams), &walk);
        let found = cursor.event_at(wish);
        prop_assert!(!found.how.words().is_empty());
        match searched(&all, &walked, wish) {
            None => prop_assert_eq!((found.entry, found.how), (None, FoundHow::Nothing)),
            Some((record, false)) => {
                // Two records of a stream may be alike; the entry of the first is meant.
                let entry = entries.iter().find(|entry| entry.contains(&record));
                prop_assert_eq!(found.entry.as_ref().map(|entry| &entry.records), entry);
                let is_exact = record.run == Some(wish.run)
                    && (wish.sequence.is_none() || record.sequence == wish.sequence)
                    && (wish.event.is_none() || record.event == wish.event);
                let numbers = EventAddress::of(&record).unwrap();
                let how = if is_exact { FoundHow::Exact } else { FoundHow::Number { wished: wish, found: numbers } };
                prop_assert_eq!(found.how, how);
            }
            Some((record, true)) => {
                let at_time = cursor.at_time(record.stamp).entry;
                let own = entries.iter().find(|entry| entry.contains(&record)).or(at_time.as_ref().map(|entry| &entry.records));
                prop_assert_eq!(found.entry.as_ref().map(|entry| &entry.records), own);
                let told_by = streams[usize::from(record.stream.0)].name.clone();
                let told_of = EventAddress::of(&record).unwrap();
                prop_assert_eq!(found.how, FoundHow::Time { wished: wish, told_by, told_of, at: record.stamp });
            }
        }
    }

    #[test]
    fn with_any_stream_removed_the_rest_is_unchanged(streams in streams(6), walk in walks(), gone in 0usize..6, wish in wishes()) {
        let gone = gone.min(streams.len());
        let rest: Vec<MadeUp> = streams.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, stream)| stream.clone()).collect();
        let all = Walk { streams: None, ..walk };
        let others = (0..streams.len()).filter(|at| *at != gone).map(|at| StreamId(at as u16)).collect::<BTreeSet<_>>();
        let (whole, index) = (index_of(&streams), index_of(&rest));
        for (at, facts) in index.streams().iter().enumerate() {
            prop_assert_eq!(facts, &whole.streams()[if at < gone { at } else { at + 1 }]);
        }
        let mut left_out = Cursor::new(whole, &Walk { streams: Some(others), ..all.clone() });
        let mut removed = Cursor::new(index, &all);
        let renamed = |records: Vec<RecordHeader>| -> Vec<RecordHeader> {
            let now = |was: StreamId| if usize::from(was.0) > gone { StreamId(was.0 - 1) } else { was };
            records.into_iter().map(|record| RecordHeader { stream: now(record.stream), ..record }).collect()
        };
        loop {
            let (one, other) = (left_out.next(), removed.next());
            prop_assert_eq!(one.clone().map(|entry| renamed(entry.records)), other.clone().map(|entry| entry.records));
            if other.is_none() {
                break;
            }
        }
        // What stands in the rest is found in it, however much is gone.
        let found = removed.event_at(wish);
        if found.how.is_exact() {
            prop_assert_eq!(left_out.event_at(wish).entry.map(|entry| renamed(entry.records)), found.entry.map(|entry| entry.records));
        }
    }
}

/// A record of run 840.
fn record(stamp: i64, sequence: Option<u32>, event: Option<u32>, kind: RecordKind) -> RecordHeader {
    RecordHeader {
        stamp: Stamp(stamp),
        stream: StreamId(0),
        kind,
        run: Some(Run(840)),
        sequence: sequence.map(Sequence),
        event: event.map(EventNumber),
        place: 0,
    }
}

#[test]
fn with_the_stream_of_events_missing_an_event_is_found_by_time() {
    let files =
        MadeUp::new("raw files", vec![record(50, Some(2), None, RecordKind::Data), record(90, Some(3), None, RecordKind::Data)]);
    let slow = MadeUp::new("slow", vec![RecordHeader { run: None, ..record(85, None, None, RecordKind::Constants) }]);
    let index = index_of(&[slow, files]);
    let wish = EventAddress { run: Run(840), sequence: Some(Sequence(3)), event: Some(EventNumber(17)) };
    let found = Cursor::new(Arc::clone(&index), &Walk::default()).event_at(wish);
    assert_eq!(found.entry.unwrap().stamp, Stamp(90));
    assert_eq!(
        found.how.words(),
        "run 840 sequence 3 event 17 is not here; found by time, 1970-01-01T00:00:00.00000009Z, when raw files tells of run 840 sequence 3"
    );
    // With the raw files not looked at, they tell the time all the same.
    let slow_alone = Walk { streams: Some([StreamId(0)].into()), ..Walk::default() };
    let found = Cursor::new(index, &slow_alone).event_at(wish);
    assert_eq!(found.entry.unwrap().stamp, Stamp(85));
    assert!(matches!(found.how, FoundHow::Time { told_by, .. } if told_by == "raw files"));
}

#[test]
fn an_event_that_is_not_there_gives_the_nearest_number_and_says_so() {
    let events = [3, 9, 9, 20].map(|event| record(i64::from(event), Some(3), Some(event), RecordKind::Data));
    let mut cursor = Cursor::new(index_of(&[MadeUp::new("events", events.to_vec())]), &Walk::default());
    let mut to =
        |event| cursor.event_at(EventAddress { run: Run(840), sequence: Some(Sequence(3)), event: Some(EventNumber(event)) });
    assert_eq!(to(6).how.words(), "run 840 sequence 3 event 6 is not here; nearest by number: run 840 sequence 3 event 3");
    assert_eq!(to(12).entry.unwrap().records.len(), 2);
    assert_eq!(to(u32::MAX).entry.unwrap().stamp, Stamp(20));
    assert!(to(9).how.is_exact());
}

#[test]
fn a_step_off_either_end_leads_back_to_the_end() {
    let mut cursor =
        Cursor::new(index_of(&[MadeUp::new("events", vec![record(1, None, None, RecordKind::Data)])]), &Walk::default());
    assert!(cursor.here().is_none() && cursor.previous().is_none());
    let only = cursor.next();
    assert!(only.is_some() && cursor.next().is_none() && cursor.next().is_none());
    assert_eq!(cursor.previous(), only);
    assert!(cursor.previous().is_none());
    assert_eq!(cursor.next(), only);
    let mut nothing = Cursor::new(index_of(&[]), &Walk::default());
    assert!(nothing.is_empty() && nothing.next().is_none() && nothing.last().is_none() && nothing.first().is_none());
    assert_eq!(nothing.at_time(Stamp(0)).how, FoundHow::Nothing);
    assert_eq!(nothing.event_at(EventAddress { run: Run(1), sequence: None, event: None }).how, FoundHow::Nothing);
}

#[test]
fn stamps_at_the_ends_of_time_do_no_harm() {
    let ends = [i64::MIN, -1, i64::MAX].map(|stamp| record(stamp, None, None, RecordKind::Data));
    let index = index_of(&[MadeUp::new("ends", ends.to_vec())]);
    for window_ns in [0, 1, i64::MAX] {
        let mut cursor = Cursor::new(Arc::clone(&index), &Walk { window_ns, ..Walk::default() });
        assert_eq!(std::iter::from_fn(|| cursor.next()).map(|entry| entry.records.len()).sum::<usize>(), 3);
        assert!(cursor.at_time(Stamp(i64::MAX)).how.is_exact());
    }
}
