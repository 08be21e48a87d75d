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
use crate::sample::{Samples, simulate};

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

/// Unpacking, pedestals and hits, beside the numpy script; the sums of all samples must agree, and half of the
/// pedestals to a tenth of an ADC count.
pub fn search(samples: &Samples, report: &mut Report) {
    let path = samples.uncompressed(0);
    let mask = Mask::of_detector(&samples.detector);
    let full = ReconstructionSettings::default();
    let plain = ReconstructionSettings { remove_coherent_noise: false, ..full.clone() };
    let setup = |settings| Setup { detector: &samples.detector, settings, mask: &mask };
    let [mut ours, mut with_coherent, mut peers] = [const { Vec::new() }; 3];
    for _ in 0..samples.size.times {
        let peer = numpy(&path);
        assert_eq!(Some(sum_of(&path, samples)), peer["sum"].as_u64(), "the two unpack to other samples");
        let (rate, pedestals) = search_once(&path, setup(&plain));
        // Not of all channels: where a track fills one, a clipped mean is off by half a count, and ours is not.
        let peers_pedestals = peer["pedestals"].as_array().unwrap().iter().map(|mean| mean.as_f64().unwrap());
        let differ = median(pedestals.iter().zip(peers_pedestals).map(|(ours, peer)| (ours - peer).abs()).collect());
        assert!(differ < 0.1, "the pedestals differ by {differ} ADC counts");
        ours.push(rate);
        with_coherent.push(search_once(&path, setup(&full)).0);
        peers.push(peer["events"].as_f64().unwrap() / peer["seconds"].as_f64().unwrap());
    }
    let peer = median(peers);
    for (what, ours, goal) in [
        ("unpack, pedestals, hits", median(ours), Some(20.0)),
        ("the same, and coherent noise removed, which the peer does not", median(with_coherent), None),
    ] {
        let peer = Some(("numpy script".into(), peer));
        report.add(Row { what: what.into(), ours, unit: "events/s", peer, goal });
    }
}

/// The sum of all samples of a file.
fn sum_of(path: &Path, samples: &Samples) -> u64 {
    let reader = RawReader::open(path, &samples.detector.readout).unwrap();
    let mut event = Event::default();
    let mut sum = 0;
    for index in 0..reader.count() {
        reader.read(index, &mut event).unwrap();
        sum += event.samples.iter().map(|sample| u64::from(*sample)).sum::<u64>();
    }
    sum
}

/// Events a second, and the mean pedestal of each channel.
fn search_once(path: &Path, setup: Setup<'_>) -> (f64, Vec<f64>) {
    let reader = RawReader::open(path, &setup.detector.readout).unwrap();
    let (mut event, mut search) = (Event::default(), ChannelSearch::new(setup));
    let mut pedestals = vec![0.0; setup.detector.readout.channels];
    let seconds = timed(|| {
        for index in 0..reader.count() {
            reader.read(index, &mut event).unwrap();
            let mut found = ChannelsFound::default();
            for (group, samples) in event.samples.chunks(ChannelSearch::samples_per_group(setup.detector)).enumerate() {
                search.group(samples, group, &mut found);
            }
            let events = reader.count() as f64;
            pedestals.iter_mut().zip(&found.pedestals).for_each(|(sum, one)| *sum += f64::from(one.mean_adc) / events);
            black_box(&found);
        }
    });
    (reader.count() as f64 / seconds, pedestals)
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
    report.add(Row { what: "peak memory of one thread, 3x1x1".into(), ours, unit: "MB", peer: None, goal: Some(100.0) });
}

/// Packed size of an event of the 6x6x6, bytes: 7680 channels of 10,000 samples of 12 bits.
const LARGE_EVENT_BYTES: f64 = 115.2e6;

/// The 6x6x6, whose events are 36 times as large.
pub fn large(report: &mut Report) {
    const EVENTS: usize = 3;
    let folder = tempfile::tempdir().unwrap();
    simulate(folder.path(), &["--detector", "6x6x6", "--run", "1", "--files", "1"], EVENTS);
    let mut files = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let raw = files.find(|path| path.extension().is_some_and(|ending| ending == "dat")).unwrap();
    let workspace = folder.path().join("shift");
    let made = process::run(DQMON, &["init", workspace.to_str().unwrap(), "--detector", "6x6x6"], None);
    drop(made);
    let out = folder.path().join("out");
    let arguments = ["-w", workspace.to_str().unwrap(), "reconstruct", raw.to_str().unwrap(), "--threads", "1", "--out"];
    let took = process::run(DQMON, &[&arguments[..], &[out.to_str().unwrap()]].concat(), Some(0));
    let ours = EVENTS as f64 / took.wall_s;
    report.add(Row { what: "whole reconstruction, 6x6x6".into(), ours, unit: "events/s", peer: None, goal: None });
    let (ours, goal) = (took.peak_bytes as f64 / 1e6, Some(4.0 * LARGE_EVENT_BYTES / 1e6));
    report.add(Row { what: "peak memory of one thread, 6x6x6".into(), ours, unit: "MB", peer: None, goal });
}
