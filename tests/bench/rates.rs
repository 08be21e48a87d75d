//! The rates that the product promises, each beside its peer.

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use dqmon::config::ReconstructionSettings;
use dqmon::rawdata::{Event, RawReader};
use dqmon::reconstruction::{ChannelSearch, ChannelsFound, Mask, Setup};
use serde_json::Value;

use crate::process;
use crate::report::{Report, Row, median};
use crate::sample::Samples;

const DQMON: &str = env!("CARGO_BIN_EXE_dqmon");

/// Seconds that something takes.
fn timed(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// Events of a file through the reader, into one buffer.
fn read_all(reader: &RawReader, event: &mut Event) {
    for index in 0..reader.count() {
        reader.read(index, event).unwrap();
        black_box(&event.samples);
    }
}

/// Decoding, beside a memory copy of the same bytes.
pub fn decode(samples: &Samples, report: &mut Report) {
    let readout = &samples.detector.readout;
    let path = samples.uncompressed(0);
    let bytes = std::fs::read(&path).unwrap();
    let mut copy = vec![0u8; bytes.len()];
    let reader = RawReader::open(&path, readout).unwrap();
    let mut event = Event::default();
    read_all(&reader, &mut event);
    let (mut ours, mut copies) = (Vec::new(), Vec::new());
    let gigabytes = bytes.len() as f64 / 1e9;
    for _ in 0..samples.size.times.max(3) {
        copies.push(gigabytes / timed(|| copy.copy_from_slice(black_box(&bytes))));
        black_box(&copy);
        ours.push(gigabytes / timed(|| read_all(&reader, &mut event)));
    }
    report.add(Row {
        what: "decode uncompressed, from the page cache to samples".into(),
        ours: median(ours),
        unit: "GB/s",
        peer: Some(("memory copy".into(), median(copies))),
        goal: Some(0.25),
    });
    let reader = RawReader::open(&samples.compressed(), readout).unwrap();
    let rates = (0..samples.size.times).map(|_| reader.count() as f64 / timed(|| read_all(&reader, &mut event)));
    report.add(Row {
        what: "decode compressed, white noise 1.7 ADC".into(),
        ours: median(rates.collect()),
        unit: "events/s",
        peer: None,
        goal: Some(250.0),
    });
}

/// Unpacking, pedestals and hits, beside the numpy script; the sums of all samples must agree.
pub fn search(samples: &Samples, report: &mut Report) {
    let path = samples.uncompressed(0);
    let (settings, mask) = (ReconstructionSettings::default(), Mask::of_detector(&samples.detector));
    let setup = Setup { detector: &samples.detector, settings: &settings, mask: &mask };
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    for _ in 0..samples.size.times {
        let peer = numpy(&path);
        let (rate, sum) = search_once(&path, setup);
        assert_eq!(Some(sum), peer["sum"].as_u64(), "the two unpack to other samples");
        ours.push(rate);
        peers.push(peer["events"].as_f64().unwrap() / peer["seconds"].as_f64().unwrap());
    }
    report.add(Row {
        what: "unpack, pedestals, hits (ours with coherent noise removed)".into(),
        ours: median(ours),
        unit: "events/s",
        peer: Some(("numpy script".into(), median(peers))),
        goal: Some(20.0),
    });
}

/// Events a second and the sum of all samples.
fn search_once(path: &Path, setup: Setup<'_>) -> (f64, u64) {
    let reader = RawReader::open(path, &setup.detector.readout).unwrap();
    let (mut event, mut search, mut sum) = (Event::default(), ChannelSearch::new(setup), 0);
    let seconds = timed(|| {
        for index in 0..reader.count() {
            reader.read(index, &mut event).unwrap();
            sum += event.samples.iter().map(|sample| u64::from(*sample)).sum::<u64>();
            let mut found = ChannelsFound::default();
            for (group, samples) in event.samples.chunks(ChannelSearch::samples_per_group(setup.detector)).enumerate() {
                search.group(samples, group, &mut found);
            }
            black_box(&found);
        }
    });
    (reader.count() as f64 / seconds, sum)
}

fn numpy(path: &Path) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/numpy_peer.py");
    let took = process::run("python", &[script, path.to_str().unwrap()], Some(0));
    serde_json::from_str(&took.output).expect("the numpy script prints JSON; is numpy there? 'make bench' installs it")
}

/// `dqmon reconstruct` from start to end, with the memory it takes, and its threads beside separate processes.
pub fn whole(samples: &Samples, report: &mut Report) {
    let (one, other, small) = (samples.uncompressed(0), samples.uncompressed(1), samples.compressed());
    let [one, other, small] = [&one, &other, &small].map(|path| path.to_str().unwrap());
    let out = samples.out();
    let out = out.to_str().unwrap();
    let events = samples.size.events as f64;
    let arguments = |file, threads| ["reconstruct", file, "--out", out, "--threads", threads];
    let mut rates = [const { Vec::new() }; 5];
    let mut peak: u64 = 0;
    for _ in 0..samples.size.times {
        let took = process::run(DQMON, &arguments(one, "1"), Some(0));
        peak = peak.max(took.peak_bytes);
        rates[0].push(events / took.wall_s);
        rates[1].push(events / process::run(DQMON, &arguments(small, "1"), Some(0)).wall_s);
        rates[2].push(events / process::run(DQMON, &arguments(one, "2"), None).wall_s);
        rates[3].push(2.0 * events / process::run_two(DQMON, [&arguments(one, "1"), &arguments(other, "1")]).wall_s);
        let read = process::run("sh", &["-c", "cat \"$0\" > /dev/null", one], Some(0));
        rates[4].push(events / read.wall_s);
    }
    let [uncompressed, compressed, threads, processes, cat] = rates.map(median);
    let mut add = |what: &str, ours, peer: Option<(&str, f64)>, goal| {
        let peer = peer.map(|(name, rate)| (name.to_owned(), rate));
        report.add(Row { what: what.into(), ours, unit: "events/s", peer, goal });
    };
    add("whole reconstruction, uncompressed, raw file to ROOT file", uncompressed, None, Some(200.0));
    add("whole reconstruction, compressed", compressed, None, Some(110.0));
    add("whole reconstruction with two threads", threads, Some(("two separate processes", processes)), Some(0.9));
    add("reading alone: cat FILE > /dev/null", cat, None, None);
    let ours = peak as f64 / 1e6;
    report.add(Row { what: "peak memory of one thread".into(), ours, unit: "MB", peer: None, goal: Some(100.0) });
}
