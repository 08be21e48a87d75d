//! A decision that stands on the disk, beside a bare insert that does; and a book at its full size.
//!
//! `made.rs` makes the large book, `window.rs` does with it what a window does, in a process of its own.

mod made;
mod window;

use std::path::Path;
use std::time::Instant;

use dqmon::bookkeeping::{Decision, DecisionSubject, NewDecision, SqliteStore, Store};
use dqmon::config::Workspace;
use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use crate::process;
use crate::report::{Report, Row, median};

pub use made::make;
pub use window::look;

/// Runs of the large book, unless told otherwise.
pub const RUNS: u32 = 100_000;

/// Commits of one measurement.
const COMMITS: u32 = 500;

/// Decisions per second, each committed and synchronised, beside one-row inserts of the same engine.
pub fn decisions(report: &mut Report) {
    let folder = tempfile::tempdir().unwrap();
    let mut book = SqliteStore::open(&folder.path().join("book.sqlite")).unwrap();
    let bare = rusqlite::Connection::open(folder.path().join("bare.sqlite")).unwrap();
    bare.pragma_update(None, "journal_mode", "WAL").unwrap();
    bare.pragma_update(None, "synchronous", "FULL").unwrap();
    bare.execute_batch("CREATE TABLE said (what TEXT)").unwrap();
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    for round in 0..9 {
        let began = Instant::now();
        for each in 0..COMMITS {
            bare.execute("INSERT INTO said VALUES (?1)", [format!("run {each} is OK")]).unwrap();
        }
        peers.push(f64::from(COMMITS) / began.elapsed().as_secs_f64());
        let began = Instant::now();
        for each in 0..COMMITS {
            let said = NewDecision {
                at: Timestamp::UNIX_EPOCH,
                subject: DecisionSubject::run(Run(round * COMMITS + each)),
                decision: Decision::new(Flag::Ok, ""),
                who: "Ada".into(),
                role: "shifter".into(),
                supersedes: Vec::new(),
                wish: None,
                seen: None,
            };
            book.append(&[said.entry().unwrap()]).unwrap();
        }
        ours.push(f64::from(COMMITS) / began.elapsed().as_secs_f64());
    }
    report.add(Row {
        what: "decisions, each on the disk".into(),
        ours: median(ours),
        unit: "commits/s",
        peer: Some(("bare inserts, each on the disk".into(), median(peers))),
        goal: Some(0.5),
    });
}

/// A book with that many runs, ten files and ten decisions each: how fast it is made, opened, searched and judged. It is made in a
/// folder that is kept, where one is given; a book that stands there is taken as it is.
pub fn large(report: &mut Report, runs: u32, kept: Option<&Path>) {
    let passing = tempfile::tempdir().unwrap();
    let folder = kept.unwrap_or(passing.path());
    let size = size_words(runs);
    let rate = |what: &str, ours: f64, unit: &'static str| Row { what: what.into(), ours, unit, peer: None, goal: None };
    if !folder.join(Workspace::SETTINGS_FILE).exists() {
        let pace = make(folder, runs);
        let what = "entries of people, written in batches of 5,000";
        report.add(Row { goal: Some(50_000.0), ..rate(what, pace.entries_per_s, "entries/s") });
        report.add(rate(&format!("{size}: on the disk"), pace.size_gb * 1000.0, "MB"));
    }
    let program = std::env::current_exe().unwrap();
    // A process of its own, so that its memory is that of the looking alone.
    let took = process::run(&program.to_string_lossy(), &["--look-at-book", &folder.to_string_lossy()], None);
    for found in window::read(&took.output) {
        report.add(Row { what: format!("{size}: {}", found.what), ours: found.seconds, unit: "s", peer: None, goal: found.goal });
    }
    let peak_mb = took.peak_bytes as f64 / 1e6;
    report.add(rate(&format!("{size}: peak memory of all of this"), peak_mb, "MB"));
}

fn size_words(runs: u32) -> String {
    let files = u64::from(runs) * u64::from(made::FILES);
    let decisions = u64::from(runs) * u64::from(made::DECISIONS);
    format!("{runs} runs, {files} files, {decisions} decisions")
}
