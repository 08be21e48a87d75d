//! The logs as a whole: each from the other, from the book, into the book.

use std::fs;

use jiff::tz::TimeZone;
use monitasks::vocab::{FileId, Run};
use proptest::prelude::*;

use super::super::compare::compare;
use super::super::from_book::rebuild_from_book;
use super::super::import::{Attach, Imported, record_lines};
use super::*;
use crate::bookkeeping::{FileRecord, FileStep, Row, RunRecord, SqliteStore, Store, StoryEntry};

/// Writes logs into a folder as the farm has them.
fn farm(folder: &Path, all: Option<&str>, runs: &[(u32, String)]) -> FarmLogs {
    fs::create_dir_all(folder.join("fromEVB/runs")).unwrap();
    if let Some(all) = all {
        fs::write(folder.join("fromEVB/alltransfer.log"), all).unwrap();
    }
    for (run, text) in runs {
        fs::write(folder.join(format!("fromEVB/runs/run{run}.log")), text).unwrap();
    }
    FarmLogs::find(folder).unwrap()
}

fn line(run: u32, sequence: u32, second: u32, is_old: bool) -> String {
    let clock = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    let path = format!("/home/prod/storage/input/run{run}/run{run}-seq{sequence}.dat");
    if is_old {
        format!("2016-10-25 {clock} run{run}-seq{sequence}.dat 37M 2016-10-25 00:00 {path}\n")
    } else {
        format!("3 2016-10-25 {clock} 2016-10-25 00:00:00 1023M 2016-10-25 00:00 {path}\n")
    }
}

/// Lines as run, second, form and whether they are damaged.
fn some_lines() -> impl Strategy<Value = Vec<(u32, u32, bool, bool)>> {
    proptest::collection::vec((1u32..5, 0u32..40, any::<bool>(), proptest::bool::weighted(0.1)), 1..60)
}

fn text_of(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_log_comes_back_from_the_other(lines in some_lines()) {
        // What runs' own logs hold in any order, damaged lines among them.
        let mut runs: BTreeMap<u32, String> = BTreeMap::new();
        for (place, (run, second, is_old, is_damaged)) in lines.iter().enumerate() {
            let text = line(*run, place as u32, *second, *is_old);
            let text = if *is_damaged { text.replace(" 2016", " 20l6") } else { text };
            runs.entry(*run).or_default().push_str(&text);
        }
        let runs: Vec<(u32, String)> = runs.into_iter().collect();
        let folder = tempfile::tempdir().unwrap();
        let logs = farm(folder.path(), None, &runs);
        let out = folder.path().join("one");
        prop_assert_eq!(rebuild_alltransfer(&logs, &out).unwrap().lines, lines.len() as u64);
        let all = text_of(&out.join("fromEVB/alltransfer.log"));
        // And back again.
        let back = folder.path().join("two");
        rebuild_runs(&FarmLogs::find(&out).unwrap(), &back).unwrap();
        for (run, text) in &runs {
            prop_assert_eq!(&text_of(&back.join(format!("fromEVB/runs/run{run}.log"))), text);
        }
        let again = folder.path().join("three");
        rebuild_alltransfer(&FarmLogs::find(&back).unwrap(), &again).unwrap();
        prop_assert_eq!(&text_of(&again.join("fromEVB/alltransfer.log")), &all);
        let both = farm(&back, Some(&all), &[]);
        prop_assert_eq!(would_come_back(&both).unwrap(), [Some(true), Some(true)]);
        prop_assert!(compare(&both).unwrap().is_empty());
    }

    #[test]
    fn a_log_of_one_copy_after_the_other_comes_back_whole(lines in some_lines()) {
        let mut lines = lines;
        lines.sort_by_key(|(run, second, ..)| (*second, *run));
        let all: String = lines.iter().enumerate().map(|(at, (run, second, is_old, _))| line(*run, at as u32, *second, *is_old)).collect();
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("runs");
        rebuild_runs(&farm(folder.path(), Some(&all), &[]), &out).unwrap();
        rebuild_alltransfer(&FarmLogs::find(&out).unwrap(), &out).unwrap();
        prop_assert_eq!(text_of(&out.join("fromEVB/alltransfer.log")), all);
    }

    #[test]
    fn a_line_that_one_log_lost_is_found_by_its_number(lines in some_lines(), lost in any::<prop::sample::Index>(), from_all: bool) {
        let lines: Vec<(u32, String)> = lines.iter().enumerate().map(|(at, (run, second, ..))| (*run, line(*run, at as u32, *second, false))).collect();
        let lost = lost.index(lines.len());
        let text = |skipped: Option<usize>, run: Option<u32>| -> String {
            let chosen = lines.iter().enumerate().filter(|(at, line)| Some(*at) != skipped && run.is_none_or(|run| run == line.0));
            chosen.map(|(_, line)| line.1.as_str()).collect()
        };
        let all = text(from_all.then_some(lost), None);
        let runs: Vec<(u32, String)> = (1..5).map(|run| (run, text((!from_all).then_some(lost), Some(run)))).collect();
        let folder = tempfile::tempdir().unwrap();
        let found = compare(&farm(folder.path(), Some(&all), &runs)).unwrap();
        let (one, other) = if from_all { (found.only_in_runs, found.only_in_alltransfer) } else { (found.only_in_alltransfer, found.only_in_runs) };
        prop_assert_eq!((one.len(), other.len()), (1, 0));
        prop_assert_eq!(one[0].text.trim(), lines[lost].1.trim());
        let place = lines[..lost].iter().filter(|line| !from_all || line.0 == lines[lost].0).count() as u64 + 1;
        prop_assert_eq!(one[0].line, place);
    }
}

#[test]
fn lines_that_name_no_run_are_kept_in_a_log_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let all = format!("{}what is this\n{}", line(1, 0, 5, false), line(2, 0, 5, true));
    let out = folder.path().join("out");
    let rebuilt = rebuild_runs(&farm(folder.path(), Some(&all), &[]), &out).unwrap();
    assert_eq!((rebuilt.lines, rebuilt.logs.len()), (3, 3));
    assert_eq!(text_of(&out.join("fromEVB/runs/unknown.log")), "what is this\n");
    // Nothing that stands is written over.
    let again = rebuild_runs(&FarmLogs::find(folder.path()).unwrap(), &out);
    assert!(matches!(again, Err(FarmLogsError::Stands { .. })), "{again:?}");
    assert!(matches!(FarmLogs::find(&folder.path().join("nothing")), Err(FarmLogsError::NoLogs { .. })));
}

#[test]
fn a_line_of_another_run_is_told_and_repeated_lines_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (line(1, 0, 5, false), line(2, 0, 6, false));
    let found = compare(&farm(folder.path(), Some(&format!("{one}{two}{two}")), &[(1, format!("{one}{two}"))])).unwrap();
    assert_eq!(found.of_another_run.iter().map(|line| (line.line, line.run)).collect::<Vec<_>>(), [(2, Some(Run(2)))]);
    assert_eq!(found.only_in_alltransfer.iter().map(|line| line.line).collect::<Vec<_>>(), [3]);
    assert!(found.only_in_runs.is_empty());
}

#[test]
fn importing_twice_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let all = format!("{}{}{}broken\n", line(1, 0, 5, false), line(1, 1, 9, true), line(2, 0, 6, false));
    let logs = farm(folder.path(), Some(&all), &[(1, format!("{}{}", line(1, 0, 5, false), line(1, 1, 9, true)))]);
    let mut store = SqliteStore::open(&folder.path().join("book.sqlite")).unwrap();
    let zone = TimeZone::get("Europe/Zurich").unwrap();
    let counts = record_lines(&mut store, &logs, &zone, Attach::Agreeing).unwrap();
    assert_eq!(counts, Imported { recorded: 3, known: 2, damaged: 1, ..Imported::default() });
    let story = store.story(Run(1), None).unwrap();
    assert_eq!(
        story.iter().map(|entry| entry.at.to_string()).collect::<Vec<_>>(),
        ["2016-10-24T22:00:05Z", "2016-10-24T22:00:09Z"]
    );
    assert_eq!(
        record_lines(&mut store, &logs, &zone, Attach::Agreeing).unwrap(),
        Imported { recorded: 0, known: 5, damaged: 1, ..Imported::default() }
    );
    assert_eq!(store.story(Run(1), None).unwrap(), story);
    assert_eq!(store.story(Run(1), Some(FileId::new(1, 1))).unwrap().len(), 1);
    let empty = folder.path().join("empty");
    assert_eq!(rebuild_from_book(&store, &zone, &empty).unwrap(), Rebuilt::default(), "what was imported is no copy of ours");
}

#[test]
fn lines_of_one_second_are_equal_in_whatever_order_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    let runs = [(1, line(1, 0, 5, false)), (2, format!("{}{}", line(2, 0, 5, false), line(2, 1, 9, false)))];
    let by_second = |name: &str, lines: [&str; 3]| {
        let logs = farm(&folder.path().join(name), Some(&lines.concat()), &runs);
        (would_come_back(&logs).unwrap()[0], would_come_back_by_the_second(&logs).unwrap())
    };
    let [one, two, late] = [line(1, 0, 5, false), line(2, 0, 5, false), line(2, 1, 9, false)];
    assert_eq!(by_second("in order", [&one, &two, &late]), (Some(true), Some(true)));
    assert_eq!(by_second("other run first", [&two, &one, &late]), (Some(false), Some(true)));
    assert_eq!(by_second("other second first", [&late, &one, &two]), (Some(false), Some(false)));
}

#[test]
fn the_book_gives_lines_of_one_second_in_the_order_in_which_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(&folder.path().join("book.sqlite")).unwrap();
    let at = |millisecond: i64| jiff::Timestamp::from_millisecond(1_000_000 + millisecond).unwrap();
    // Run 2 was stored first, though the copy of run 1 ended before it, in the same second.
    for (run, ended, stored) in [(1, 100, 300), (2, 200, 250)] {
        let file = FileId::new(run, 0);
        let detail = serde_json::json!({
            "from": "/in/a.dat", "to": format!("/out/{file}.dat"), "size_bytes": 5, "adler32": "00000001",
            "started": at(0).to_string(), "ended": at(ended).to_string(),
        });
        let entry = |at, kind: &str, detail| StoryEntry {
            at,
            run: Some(file.run),
            sequence: Some(file.sequence),
            kind: kind.into(),
            detail,
        };
        let story = [entry(at(ended), "copied", detail), entry(at(stored), "stored", serde_json::json!({}))];
        let record = FileRecord {
            file,
            step: FileStep::Stored,
            since: at(stored),
            source: "a.dat".into(),
            size_bytes: 5,
            daq_closed: at(0),
            arrived: at(0),
            adler32: None,
            events_by_trigger: None,
            failure: None,
            reason: None,
            refused: None,
        };
        let known = RunRecord { run: file.run, first_seen: at(0), ended: None, ended_by: None };
        store.record(None, &story, &[Row::Run(known), Row::File(record)]).unwrap();
    }
    let rebuilt = rebuild_from_book(&store, &TimeZone::UTC, folder.path()).unwrap();
    assert_eq!((rebuilt.lines, rebuilt.logs.len()), (2, 3));
    let all = text_of(&folder.path().join("fromEVB/alltransfer.log"));
    let names: Vec<&str> = all.lines().filter_map(|line| line.rsplit('/').next()).collect();
    assert_eq!(names, ["run2-seq0.dat", "run1-seq0.dat"]);
}
