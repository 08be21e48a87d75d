//! The index of a replay: made, opened and walked over in processes of their own, beside numpy and Python on the same records.
//! `make bench BENCH="--replay"`.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use dqmon::replay::{
    Cursor, EventAddress, HeaderType, RecordHeader, RecordKind, ReplayError, ReplayIndex, Resume, SourceMark, Stamp, StreamFacts,
    StreamId, StreamRead, StreamSource, Walk, Way,
};
use monitasks::vocab::{EventNumber, Run, Sequence};
use serde_json::Value;

use crate::process::{self, Took};
use crate::report::{Report, Row, median};

/// Records, unless told otherwise.
pub const RECORDS: usize = 1_000_000;

const STREAMS: usize = 20;
/// Streams whose records have numbers: events, and what was made of them.
const NUMBERED: usize = 10;
const EVENTS: usize = 250;
const SEQUENCES: usize = 20;
const STEP_NS: i64 = 20_000_000;
const INDEX: &str = "replay.index";

/// What is measured of each figure, and what it is to be at most.
const GOALS: &[(&str, f64)] = &[
    ("index built from 20 streams and written", 5.0),
    ("opened", 0.05),
    ("next: median", 10.0),
    ("next: all but one in a thousand", 10.0),
    ("previous: median", 10.0),
    ("previous: all but one in a thousand", 10.0),
    ("event_at: median", 1000.0),
    ("event_at: all but one in a thousand", 1000.0),
];

/// Measures it all, and how building grows from a tenth of the records.
pub fn run(report: &mut Report, records: usize, times: usize) {
    let words = |what: &str| format!("replay of {records} records: {what}");
    let folder = tempfile::tempdir().unwrap();
    let (mut built, mut walked, mut tenths, mut peers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..times {
        let _ = std::fs::remove_file(folder.path().join(INDEX));
        built.push(part(folder.path(), records));
        walked.push(part(folder.path(), records));
        peers.push(peer(&folder.path().join(INDEX)));
        let small = tempfile::tempdir().unwrap();
        tenths.push(part(small.path(), records / 10));
    }
    for took in [&built, &walked] {
        for (what, unit, value) in figures(took) {
            let goal = GOALS.iter().find(|(name, _)| *name == what).map(|(_, goal)| *goal);
            report.add(Row { what: words(&what), ours: value, unit, peer: None, goal });
        }
        let peak_mb = median(took.iter().map(|took| took.peak_bytes as f64 / 1e6).collect());
        let what = if std::ptr::eq(took, &built) { "peak memory of building" } else { "peak memory of opening and walking" };
        report.add(Row { what: words(what), ours: peak_mb, unit: "MB", peer: None, goal: Some(200.0) });
    }
    let first = |took: &[Took]| figures(took).first().map(|(_, _, value)| *value).unwrap();
    let theirs = |name: &str| median(peers.iter().map(|peer| peer[name].as_f64().unwrap()).collect());
    let mut beside = |what: &str, ours: f64, peer: &str, name: &str, goal: Option<f64>| {
        let peer = Some((peer.to_owned(), theirs(name)));
        report.add(Row { what: words(what), ours, unit: "s", peer, goal });
    };
    beside("index built, checked and written", first(&built), "numpy, two lexsorts, written", "lexsort_s", Some(1.0));
    beside("index built, checked and written", first(&built), "Python's heapq.merge of the streams", "heapq_s", Some(1.0));
    beside("opened with its checksum", first(&walked), "numpy.fromfile of the same file, with none", "fromfile_s", None);
    let n_log_n = |n: usize| n as f64 * (n as f64).log2();
    let growth = first(&built) / first(&tenths) / (n_log_n(records) / n_log_n(records / 10));
    report.add(Row {
        what: words("growth of building from a tenth, over that of n log n"),
        ours: growth,
        unit: "times",
        peer: None,
        goal: Some(1.0),
    });
}

/// A process that makes the index of a folder, or walks over it where it is made.
fn part(folder: &Path, records: usize) -> Took {
    let program = std::env::current_exe().unwrap();
    let arguments = ["--at-replay", &folder.to_string_lossy(), "--records", &records.to_string()].map(str::to_owned);
    process::run(&program.to_string_lossy(), &arguments.each_ref().map(String::as_str), Some(0))
}

/// The medians of what several processes printed.
fn figures(took: &[Took]) -> Vec<(String, &'static str, f64)> {
    let lines = |took: &Took| -> Vec<(String, &'static str, f64)> {
        let line = |line: &str| {
            let [value, unit, what] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
            let unit = ["s", "ms", "us"].into_iter().find(|known| *known == unit).unwrap();
            (what.to_owned(), unit, value.parse().unwrap())
        };
        took.output.lines().map(line).collect()
    };
    let all: Vec<_> = took.iter().map(lines).collect();
    let middle = |(at, (what, unit, _)): (usize, &(String, &'static str, f64))| {
        (what.clone(), *unit, median(all.iter().map(|lines| lines[at].2).collect()))
    };
    all[0].iter().enumerate().map(middle).collect()
}

fn peer(index: &Path) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/replay_peer.py");
    let took = process::run("python", &[script, index.to_str().unwrap()], Some(0));
    let peer: Value =
        serde_json::from_str(&took.output).expect("the script prints JSON; is numpy there? 'make bench' installs it");
    assert_eq!(peer["agrees"], true, "numpy sorts the records in another order: {peer}");
    peer
}

/// What the benchmark starts itself with: prints value, unit and name of each figure.
pub fn look(folder: &Path, records: usize) {
    let sources =
        || (0..STREAMS).map(|stream| Box::new(MadeUp { stream, records: records / STREAMS }) as Box<dyn StreamSource>).collect();
    let path = folder.join(INDEX);
    let was_there = path.exists();
    let began = Instant::now();
    let index = ReplayIndex::open_or_build(Some(&path), sources()).unwrap();
    let took_s = began.elapsed().as_secs_f64();
    assert_eq!(index.made().way, if was_there { Way::Opened } else { Way::Built }, "{:?}", index.made());
    assert_eq!((index.len(), index.made().not_kept.as_ref()), (records / STREAMS * STREAMS, None));
    if !was_there {
        println!("{took_s}\ts\tindex built from 20 streams and written");
        return;
    }
    println!("{took_s}\ts\topened");
    walk(&Arc::new(index), records);
}

fn walk(index: &Arc<ReplayIndex>, records: usize) {
    let began = Instant::now();
    let mut cursor = Cursor::new(Arc::clone(index), &Walk::default());
    println!("{}\tms\tentries of all streams", began.elapsed().as_secs_f64() * 1e3);
    let mut steps = |what: &str, step: &mut dyn FnMut(&mut Cursor) -> usize| {
        let mut times_us = Vec::with_capacity(records);
        let mut seen = 0;
        loop {
            let began = Instant::now();
            let records = step(&mut cursor);
            times_us.push(began.elapsed().as_secs_f64() * 1e6);
            seen += records;
            if records == 0 {
                break;
            }
        }
        assert_eq!(seen, index.len());
        tell(what, "us", times_us);
    };
    steps("next", &mut |cursor| cursor.next().map_or(0, |entry| entry.records.len()));
    steps("previous", &mut |cursor| cursor.previous().map_or(0, |entry| entry.records.len()));
    let runs = (records / STREAMS / (EVENTS * SEQUENCES)).max(1) as u64;
    let wish = |at: u64| EventAddress {
        run: Run((scattered(3 * at) % runs) as u32 + 1),
        sequence: (!at.is_multiple_of(5)).then(|| Sequence((scattered(3 * at + 1) % SEQUENCES as u64) as u32)),
        // One in four is not there.
        event: (!at.is_multiple_of(7)).then(|| EventNumber((scattered(3 * at + 2) % (EVENTS as u64 * 4 / 3)) as u32)),
    };
    tell("event_at", "us", (0..10_000).map(|at| timed_us(|| drop(cursor.event_at(wish(at))))).collect());
    tell("at a time", "us", (0..10_000).map(|at| timed_us(|| drop(cursor.at_time(Stamp(at * STEP_NS))))).collect());
    let began = Instant::now();
    let streams = Some((0..STREAMS as u16).step_by(3).map(StreamId).collect());
    let narrow = Walk { streams, window_ns: STEP_NS, skip_constants: true, ..Walk::default() };
    let mut cursor = Cursor::new(Arc::clone(index), &narrow);
    println!("{}\tms\tentries of every third stream, window 20 ms, no constants", began.elapsed().as_secs_f64() * 1e3);
    println!("{}\tms\tthe first event_at of that walk", timed_us(|| drop(cursor.event_at(wish(1)))) / 1e3);
}

fn timed_us(work: impl FnOnce()) -> f64 {
    let began = Instant::now();
    work();
    began.elapsed().as_secs_f64() * 1e6
}

/// The median, all but one in a thousand, and the slowest.
fn tell(what: &str, unit: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    for (name, value) in [("median", at(0.5)), ("all but one in a thousand", at(0.999)), ("slowest", at(1.0))] {
        println!("{value}\t{unit}\t{what}: {name}");
    }
}

/// A stream of the benchmark: the first ten have numbers, in pairs with the same stamps; the others are constants with none. Of the
/// last one every hundredth record stands too late.
struct MadeUp {
    stream: usize,
    records: usize,
}

impl MadeUp {
    fn header(&self, at: usize) -> RecordHeader {
        let is_numbered = self.stream < NUMBERED;
        let seed = if is_numbered { self.stream / 2 } else { self.stream };
        let jitter_ns = scattered((seed * self.records + at) as u64) % STEP_NS as u64;
        let late_ns = if self.stream == STREAMS - 1 && at % 100 == 99 { 5 * STEP_NS } else { 0 };
        let number = |number: usize| is_numbered.then_some(number as u32);
        RecordHeader {
            stamp: Stamp(at as i64 * STEP_NS + jitter_ns as i64 - late_ns),
            stream: StreamId(0),
            kind: if is_numbered { RecordKind::Data } else { RecordKind::Constants },
            run: number(at / (EVENTS * SEQUENCES) + 1).map(Run),
            sequence: number(at / EVENTS % SEQUENCES).map(Sequence),
            event: number(at % EVENTS).map(EventNumber),
            place: at as u64 * 100,
        }
    }
}

impl StreamSource for MadeUp {
    fn name(&self) -> String {
        format!("stream {}", self.stream)
    }

    fn read(&mut self, from: Option<&Resume>) -> Result<StreamRead, ReplayError> {
        let facts = StreamFacts {
            name: self.name(),
            header: if self.stream < NUMBERED { HeaderType::RawEvent } else { HeaderType::SlowControl },
            kind: if self.stream < NUMBERED { RecordKind::Data } else { RecordKind::Constants },
            source: "made up".into(),
            faults: Vec::new(),
        };
        let mark = SourceMark::of_entries(self.records as u64, b"");
        if from.is_some_and(|from| from.mark == mark) {
            return Ok(StreamRead::since(facts, Vec::new(), mark));
        }
        Ok(StreamRead::whole(facts, (0..self.records).map(|at| self.header(at)).collect(), mark))
    }
}

/// A number as if at random, the same each time.
fn scattered(number: u64) -> u64 {
    let mixed = (number.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ (number << 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 20
}
