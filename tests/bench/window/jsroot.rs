//! A map and a graph from a ROOT file to a picture: `dqmon plot` as a process, beside JSROOT in Chromium.
//!
//! The peer and its browser come from the npm registry at run time, into `target/jsroot`; without them its columns stay empty.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::Timestamp;
use monitasks::format::root::{self, Graph, Histogram, HistogramAxis, Product};
use serde_json::Value;

use crate::made_up::wobble;
use crate::process;
use crate::report::{Report, Row, median};

const DQMON: &str = env!("CARGO_BIN_EXE_dqmon");
/// JSROOT, what drives the browser, and the browser.
const PACKAGES: [&str; 3] = ["jsroot@7.11.2", "playwright-core@1.65.1", "@sparticuz/chromium"];
const TIMES: usize = 5;
const BINS: [usize; 2] = [1280, 1667];
const POINTS: usize = 1_000_000;

/// The two files, one object in each.
fn files(folder: &Path) -> [(&'static str, PathBuf); 2] {
    let [x, y] = BINS;
    let mut map =
        Histogram::new("map", "noise", vec![HistogramAxis::new(x, 0.0, x as f64), HistogramAxis::new(y, 0.0, y as f64)]);
    // An event: noise and tracks.
    for row in 1..=y {
        for column in 1..=x {
            map.set(&[column, row], 1.7 * wobble(row * x + column, 3), 0.0);
        }
    }
    for track in 0..40 {
        let (first, start, slope) = (track * 31, (track * 137 % y) as f64, wobble(track, 9) * 2.0);
        for column in first..(first + 300).min(x) {
            let row = (start + slope * (column - first) as f64).clamp(0.0, (y - 1) as f64) as usize;
            map.set(&[column + 1, row + 1], 60.0, 0.0);
        }
    }
    // Without squares of weights: a map of counts.
    map.squares.clear();
    let graph = Graph {
        name: "graph".into(),
        title: "trend".into(),
        x: (0..POINTS).map(|x| x as f64).collect(),
        y: (0..POINTS).map(|x| 3.0 + wobble(x, 5)).collect(),
        ..Graph::default()
    };
    [("map", Product::Histogram(map)), ("graph", Product::Graph(graph))].map(|(name, product)| {
        let path = folder.join(format!("{name}.root"));
        let bytes = root::write(&format!("{name}.root"), "bench", Timestamp::UNIX_EPOCH, &[product]).unwrap();
        std::fs::write(&path, bytes).unwrap();
        (name, path)
    })
}

/// The folder with the peer, fetched where it is not there; none where it can't be had.
fn peer() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent()?.join("jsroot");
    std::fs::create_dir_all(&folder).ok()?;
    let script = folder.join("peer.mjs");
    std::fs::write(&script, include_str!("jsroot_peer.mjs")).ok()?;
    if !PACKAGES.iter().all(|name| folder.join("node_modules").join(bare(name)).exists()) {
        std::fs::write(folder.join("package.json"), "{\"private\": true}").ok()?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund"]).args(PACKAGES).current_dir(&folder);
        let status = npm.stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !status.is_ok_and(|status| status.success()) {
            eprintln!("not measured: JSROOT: npm is not here, or can't fetch {}", PACKAGES.join(", "));
            return None;
        }
    }
    Some(script)
}

/// The name of a package without its version.
fn bare(package: &str) -> &str {
    package.char_indices().skip(1).find(|(_, letter)| *letter == '@').map_or(package, |(at, _)| &package[..at])
}

/// What the peer took.
struct Peer {
    start_s: f64,
    load_s: f64,
    draw_s: f64,
    memory_mb: f64,
}

fn by_peer(script: &Path, file: &Path, name: &str, picture: &Path) -> Option<Peer> {
    let mut node = Command::new("node");
    let output =
        node.arg(script).arg(file).arg(name).arg(picture).current_dir(script.parent()?).stdin(Stdio::null()).output().ok()?;
    let Ok(found) = serde_json::from_slice::<Value>(&output.stdout) else {
        eprintln!(
            "not measured: JSROOT: {}",
            String::from_utf8_lossy(&output.stderr).lines().take(3).collect::<Vec<_>>().join("; ")
        );
        return None;
    };
    let number = |name: &str| found[name].as_f64();
    Some(Peer {
        start_s: number("start_s")?,
        load_s: number("load_s")?,
        draw_s: number("draw_s")?,
        memory_mb: number("memory_mb")?,
    })
}

/// Measures both in turn.
pub fn run(report: &mut Report) {
    let folder = tempfile::tempdir().unwrap();
    let script = peer();
    for (name, file) in files(folder.path()) {
        let what = if name == "map" {
            "a map of 1280 x 1667 from a ROOT file to a PNG"
        } else {
            "a graph of 1,000,000 points from a ROOT file to a PNG"
        };
        let picture = folder.path().join(format!("{name}.png"));
        let [from, out] = [&file, &picture].map(|path| path.to_str().unwrap());
        let plot = ["plot", &format!("root/{name}"), "--from", from, "--out", out];
        let (mut ours, mut memory, mut peers) = (Vec::new(), 0, Vec::new());
        for _ in 0..TIMES {
            let took = process::run(DQMON, &plot, None);
            memory = took.peak_bytes.max(memory);
            ours.push(took.wall_s);
            let theirs = folder.path().join(format!("{name}.peer.png"));
            peers.extend(script.as_deref().and_then(|script| by_peer(script, &file, name, &theirs)));
        }
        let ours = median(ours);
        let of = |value: fn(&Peer) -> f64| (!peers.is_empty()).then(|| median(peers.iter().map(value).collect()));
        for (peer, seconds, goal) in [
            ("JSROOT alone, in a page where it stands ready", of(|peer| peer.draw_s), Some(0.1)),
            ("JSROOT with its page", of(|peer| peer.load_s + peer.draw_s), None),
            ("JSROOT with its browser's start", of(|peer| peer.start_s + peer.load_s + peer.draw_s), None),
        ] {
            let peer = seconds.map(|seconds| (peer.to_owned(), seconds));
            report.add(Row { what: what.into(), ours, unit: "s", goal: goal.filter(|_| peer.is_some()), peer });
        }
        let peer = of(|peer| peer.memory_mb).map(|memory| ("JSROOT's page".to_owned(), memory));
        report.add(Row { what: format!("{what}: peak memory"), ours: memory as f64 / 1e6, unit: "MB", goal: None, peer });
    }
}
