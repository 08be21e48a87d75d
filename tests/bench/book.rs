//! A decision that stands on the disk, beside a bare insert that does.

use std::time::Instant;

use dqmon::bookkeeping::{Decision, DecisionSubject, NewDecision, SqliteStore, Store};
use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use crate::report::{Report, Row, median};

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
