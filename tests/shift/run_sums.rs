//! Runs summed up by the database: what it says is what the rows say, on both engines; and many runs flagged over one book.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use dqmon::bookkeeping::*;
use dqmon::engine::{self, Command, RunsCommand, Start, World};
use dqmon::snapshot::{BulkShown, RunsAsk};
use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::{FileId, Processing, Run};

use crate::services::postgres::Postgres;
use crate::workspace::{PATIENCE, Shift, said};

fn at(second: i64) -> Timestamp {
    Timestamp::new(1_477_576_504 + second, 5).unwrap()
}

fn file(run: u32, sequence: u32, step: FileStep) -> Row {
    Row::File(FileRecord {
        file: FileId::new(run, sequence),
        step,
        since: at(3),
        failure: None,
        reason: None,
        source: format!("run{run}-seq{sequence}.dat"),
        size_bytes: 1_000 + u64::from(sequence),
        daq_closed: at(i64::from(run * 100 + sequence)),
        arrived: at(1),
        adler32: None,
        events_by_trigger: None,
        refused: None,
    })
}

fn pass(run: u32, sequence: u32, processing: u32, step: PassStep, events: Option<u64>) -> Row {
    let pass = PassRecord::new(FileId::new(run, sequence), Processing(processing), "FULL", step, at(4));
    Row::Pass(PassRecord { events, accepted: events.map(|_| at(5)), ..pass })
}

fn run(run: u32, ended: Option<i64>) -> Row {
    Row::Run(RunRecord { run: Run(run), first_seen: at(0), ended: ended.map(at), ended_by: ended.map(|_| "marker".into()) })
}

fn processing(run: u32, number: u32, lane: &str) -> Row {
    Row::Processing(ProcessingRecord {
        run: Run(run),
        processing: Processing(number),
        lane: lane.into(),
        step: ProcessingStep::Open,
        since: at(2),
        opened: at(2),
        because: "its first".into(),
        hold: None,
        settings_sum: "x".into(),
        missing: Vec::new(),
        to_publish: false,
    })
}

/// Two runs with files in every state, the second processed twice; a third one with no file.
fn rows() -> Vec<Row> {
    vec![
        run(1, Some(50)),
        run(2, None),
        run(3, None),
        processing(1, 1, "FULL"),
        processing(2, 1, "FULL"),
        processing(2, 2, "EXPRESS"),
        file(1, 0, FileStep::Stored),
        file(1, 1, FileStep::Failed),
        file(1, 2, FileStep::Stored),
        file(1, 3, FileStep::Stored),
        pass(1, 0, 1, PassStep::Analysed, Some(335)),
        pass(1, 2, 1, PassStep::Failed, None),
        file(2, 0, FileStep::Stored),
        file(2, 1, FileStep::Stored),
        pass(2, 0, 1, PassStep::Analysed, Some(100)),
        pass(2, 0, 2, PassStep::Running, None),
        pass(2, 1, 1, PassStep::Failed, None),
        pass(2, 1, 2, PassStep::Analysed, Some(7)),
    ]
}

/// The same sums from the rows themselves.
fn counted(book: &dyn Store) -> BTreeMap<Run, [u64; 5]> {
    let overview = book.overview().unwrap();
    let of = |run: &RunRecord| {
        let files: Vec<_> = overview.files.iter().filter(|file| file.file.run == run.run).collect();
        let count = |holds: &dyn Fn(&FileRecord) -> bool| files.iter().filter(|file| holds(file)).count() as u64;
        let events = files.iter().filter_map(|file| overview.newest_pass(file.file)?.events).sum();
        let analysed = count(&|file| overview.has_reached(file, PassStep::Analysed));
        let failed = count(&|file| overview.failure_of(file).is_some());
        [files.len() as u64, files.iter().map(|file| file.size_bytes).sum(), analysed, failed, events]
    };
    overview.runs.iter().map(|run| (run.run, of(run))).collect()
}

fn summed(read: &RunSumsRead) -> BTreeMap<Run, [u64; 5]> {
    let known = read.runs.iter().filter_map(|(run, sums)| Some((*run, sums.data.as_ref()?)));
    known.map(|(run, data)| (run, [data.files, data.size_bytes, data.analysed, data.failed, data.events])).collect()
}

/// What a run list says of a run, in the book.
pub fn fact(run: u32) -> NewEntry {
    NewEntry {
        at: at(9),
        kind: EntryKind::RunFacts,
        subject: format!("run{run}"),
        run: Some(Run(run)),
        who: "Ada".into(),
        role: "data manager".into(),
        body: serde_json::json!({}),
        supersedes: Vec::new(),
        wish: None,
        seen: None,
    }
}

fn sums_are_those_of_the_rows(book: &mut dyn Store) {
    book.record(None, &[], &rows()).unwrap();
    let all = book.run_sums(None).unwrap();
    assert!(all.is_all);
    assert_eq!(summed(&all), counted(book));
    let second = all.runs[1].1.data.clone().unwrap();
    assert_eq!(second.lanes, ["EXPRESS", "FULL"]);
    assert_eq!((second.first_data, second.last_data), (Some(at(200)), Some(at(201))));
    // Of what comes later, the runs that it touches alone.
    assert_eq!(book.run_sums(all.seen).unwrap().runs, []);
    book.record(None, &[], &[pass(1, 2, 1, PassStep::Analysed, Some(1))]).unwrap();
    let changed = book.run_sums(all.seen).unwrap();
    assert_eq!((changed.is_all, changed.runs.len()), (false, 1));
    assert_eq!(summed(&changed)[&Run(1)], counted(book)[&Run(1)]);
    let decided = NewDecision {
        at: at(7),
        subject: DecisionSubject::run(Run(3)),
        decision: Decision::new(Flag::Ok, ""),
        who: "Ada".into(),
        role: "shifter".into(),
        supersedes: Vec::new(),
        wish: None,
        seen: None,
    };
    let on_a_file = NewDecision { subject: DecisionSubject::file(FileId::new(3, 0)), ..decided.clone() };
    book.append(&[decided.entry().unwrap(), on_a_file.entry().unwrap(), fact(9)]).unwrap();
    let changed_later = book.run_sums(changed.seen).unwrap();
    let told: Vec<(Run, bool, usize)> =
        changed_later.runs.iter().map(|(run, sums)| (*run, sums.data.is_some(), sums.said.len())).collect();
    assert_eq!(told, [(Run(3), true, 1), (Run(9), false, 1)], "a decision on a file is none on its run");
    assert_eq!(book.run_sums(None).unwrap().runs.len(), 4);
    let streams: Vec<(u32, String, u64, bool)> =
        book.stream_files().unwrap().into_iter().map(|of| (of.run.0, of.stream, of.files, of.is_local)).collect();
    let expected =
        [(1, "FULL", 2, true), (1, "raw", 4, false), (2, "EXPRESS", 1, false), (2, "FULL", 1, false), (2, "raw", 2, true)];
    assert_eq!(streams, expected.map(|(run, stream, files, here)| (run, stream.to_owned(), files, here)));
}

#[test]
fn sums_of_runs_are_those_of_their_rows_on_both_engines() {
    let folder = tempfile::tempdir().unwrap();
    sums_are_those_of_the_rows(&mut SqliteStore::open(&folder.path().join("book.sqlite")).unwrap());
    match Postgres::start() {
        Ok(server) => {
            let url = server.new_database("sums");
            sums_are_those_of_the_rows(&mut PostgresStore::connect(&BookAddress::new(&url, None).unwrap()).unwrap());
        }
        Err(why) => println!("COULD NOT RUN: sums of runs in PostgreSQL: {why}"),
    }
}

#[test]
fn many_runs_are_flagged_and_one_that_was_decided_meanwhile_is_left() {
    let shift = Shift::new("");
    let mut book = SqliteStore::open(&shift.workspace.book()).unwrap();
    book.append(&[1, 2, 3].map(fact)).unwrap();
    let start = Start { open: Some(shift.workspace.root.clone()), read_only: false };
    let handle = engine::start(start, World::default(), Box::new(|| {}));
    let wait_for = |what: &str, holds: &dyn Fn(&dqmon::snapshot::RunsShown) -> bool| {
        let until = Instant::now() + PATIENCE;
        loop {
            let shown = handle.snapshot().run_table.clone();
            if let Some(shown) = shown.filter(|shown| holds(shown)) {
                return shown;
            }
            assert!(Instant::now() < until, "waited in vain for {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let shown = wait_for("the table", &|shown| shown.is_read && shown.table.len() == 3);
    let output = shift.run(&["decide", "run2", "OK", "--who", "Bo", "--role", "expert"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(handle.send(Command::Runs(RunsCommand::Ask(RunsAsk { query: "flag:BAD".into(), ..RunsAsk::default() }))));
    assert!(handle.send(Command::Runs(RunsCommand::Flag {
        runs: vec![Run(1), Run(2), Run(3), Run(77)],
        flag: Flag::Bad,
        comment: "HV trip".into(),
        who: "Ada".into(),
        role: "shifter".into(),
        place: shown.place,
    })));
    let shown = wait_for("the wish's end", &|shown| shown.bulk.as_ref().is_some_and(BulkShown::is_over));
    let refused = &shown.bulk.as_ref().unwrap().refused;
    assert_eq!(refused.iter().map(|(run, _)| run.0).collect::<Vec<_>>(), [2, 77]);
    assert!(refused[0].1.contains("Bo has decided meanwhile: OK"), "{refused:?}");
    assert!(refused[1].1.contains("run77"), "{refused:?}");
    let shown = wait_for("the flags", &|shown| shown.rows.len() == 2 && shown.ask.query == "flag:BAD");
    let found: Vec<u32> = shown.rows.iter().filter_map(|row| Some(shown.table.run(*row)?.0)).collect();
    assert_eq!(found, [1, 3]);
    assert_eq!(shown.table.len(), 3, "a run that nobody knows is none");
}
