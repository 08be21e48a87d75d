//! The book's story, on both engines: what is said is kept, in its order, bound by hashes, and only added to.

use std::path::PathBuf;

use dqmon::bookkeeping::*;
use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::{FileId, Run};

use crate::services::postgres::Postgres;

/// Books of one engine.
pub enum Engine {
    Sqlite(tempfile::TempDir),
    Postgres(Box<Postgres>),
}

impl Engine {
    /// A new book, and how it is opened again.
    pub fn book(&self, name: &str) -> Place {
        match self {
            Engine::Sqlite(folder) => Place::File(folder.path().join(format!("{name}.sqlite"))),
            Engine::Postgres(server) => Place::Server(server.new_database(name)),
        }
    }
}

pub enum Place {
    File(PathBuf),
    Server(String),
}

impl Place {
    pub fn open(&self) -> Box<dyn Store> {
        match self {
            Place::File(path) => Box::new(SqliteStore::open(path).unwrap()),
            Place::Server(url) => Box::new(PostgresStore::connect(&BookAddress::new(url, None).unwrap()).unwrap()),
        }
    }
}

/// Both engines; the second only where it can be started.
pub fn engines() -> Vec<Engine> {
    let mut engines = vec![Engine::Sqlite(tempfile::tempdir().unwrap())];
    match Postgres::start() {
        Ok(server) => engines.push(Engine::Postgres(Box::new(server))),
        Err(why) => println!("COULD NOT RUN: the book in PostgreSQL: {why}"),
    }
    engines
}

fn at(second: i64) -> Timestamp {
    Timestamp::new(1_477_576_504 + second, 123_456_789).unwrap()
}

fn said(subject: DecisionSubject, flag: Flag, note: &str, supersedes: &[EntryId]) -> NewEntry {
    NewDecision {
        at: at(5),
        subject,
        decision: Decision::new(flag, note),
        who: "Ada".into(),
        role: "shifter".into(),
        supersedes: supersedes.to_vec(),
        wish: None,
        seen: None,
    }
    .entry()
    .unwrap()
}

#[test]
fn the_story_is_the_same_on_both_engines() {
    let mut told = Vec::new();
    for engine in engines() {
        let mut book = engine.book("story").open();
        rows_are_kept(book.as_mut());
        leases_are_held(book.as_mut());
        told.push(entries_supersede(book.as_mut()));
        deliveries_happen_once(book.as_mut());
        locks_hold(book.as_mut());
        chains_are_adopted(book.as_mut(), engine.book("other").open().as_mut());
        assert_eq!(book.verify_chains().unwrap(), Vec::<String>::new());
    }
    // What differs between two books that tell the same story is their names and what hangs on them.
    told.dedup();
    assert_eq!(told.len(), 1, "{told:#?}");
}

fn rows_are_kept(book: &mut dyn Store) {
    let run = RunRecord { run: Run(1), first_seen: at(0), ended: Some(at(100)), ended_by: Some("marker".into()) };
    let file = FileRecord {
        file: FileId::new(1, 0),
        step: FileStep::Stored,
        since: at(3),
        failure: None,
        reason: Some("quotes ' \" ; DROP TABLE runs; --".into()),
        source: "run1-seq0.dat".into(),
        size_bytes: 1_072_226_134,
        daq_closed: at(0),
        arrived: at(1),
        adler32: Some(u32::MAX),
        events_by_trigger: Some([(0, 300), (3, 35)].into()),
        refused: Some((7, at(1))),
    };
    let story =
        StoryEntry { at: at(1), run: Some(Run(1)), sequence: None, kind: "x".into(), detail: serde_json::json!({"a": 0.1}) };
    let all = Recent { newest: 100, held: vec![Run(1)], ..Recent::default() };
    let seen = book.changes_of(&all, None).unwrap().changes.seen;
    let before = book.change_stamp().unwrap();
    book.record(None, &[story], &[Row::Run(run.clone()), Row::File(file.clone())]).unwrap();
    assert_ne!(book.change_stamp().unwrap(), before);
    let mut later = file.clone();
    later.reason = None;
    book.record(None, &[], &[Row::File(later.clone())]).unwrap();
    assert_eq!(book.changes_of(&all, seen).unwrap().changes.runs, Some(vec![Run(1)]));
    let overview = book.overview().unwrap();
    assert_eq!((overview.runs, overview.files), (vec![run], vec![later]));
    assert_eq!(book.story(Run(1), None).unwrap()[0].detail["a"], 0.1);
    let id = book.request(at(0), "Ada", RequestKind::Resubmit, &RequestSubject::of_file(FileId::new(1, 0))).unwrap();
    assert_eq!(book.open_requests().unwrap()[0].subject, RequestSubject::of_file(FileId::new(1, 0)));
    book.answer_request(id, at(1), "queued again").unwrap();
    assert_eq!(book.answer_to(id).unwrap().as_deref(), Some("queued again"));
    // A write that is refused leaves nothing behind, and the book goes on.
    let copy = TransferRecord {
        file: file.file,
        from: "a".into(),
        to: "b".into(),
        size_bytes: 1,
        adler32: 1,
        started: at(0),
        ended: at(0),
    };
    book.record(None, &[], &[Row::Transfer(copy.clone())]).unwrap();
    assert!(book.record(None, &[], &[Row::NoLongerThere("x".into()), Row::Transfer(copy)]).is_err(), "one copy, twice");
    assert_eq!(book.transfer(file.file).unwrap().unwrap().size_bytes, 1);
}

fn leases_are_held(book: &mut dyn Store) {
    let lease = |token: &str| LeaseRecord {
        owner: format!("host:{token}"),
        host: "host".into(),
        token: token.into(),
        taken: at(0),
        heartbeat: at(0),
        released: None,
    };
    book.take_lease(&lease("1"), None).unwrap();
    assert!(book.take_lease(&lease("2"), None).is_err(), "two took the lease that nobody had");
    book.beat("1", at(2)).unwrap();
    let known = book.overview().unwrap().lease.unwrap();
    book.take_lease(&lease("2"), Some(&known)).unwrap();
    assert!(matches!(book.record(Some("1"), &[], &[]), Err(StoreError::LeaseLost { held_by: Some(owner) }) if owner == "host:2"));
    book.release_lease("2", at(4)).unwrap();
}

/// Answers what was said in words that don't hang on the book's name.
fn entries_supersede(book: &mut dyn Store) -> Vec<String> {
    let run = DecisionSubject::run(Run(1));
    let first = book.append(&[said(run, Flag::Ok, "", &[])]).unwrap().remove(0);
    assert_eq!((first.id.number, first.previous.as_str()), (1, ""));
    let error = book.append(&[said(run, Flag::Bad, "noise", &[])]).unwrap_err();
    assert!(matches!(&error, StoreError::Superseded { in_force } if in_force == std::slice::from_ref(&first)), "{error}");
    assert!(error.to_string().contains("by Ada"), "{error}");
    // The clock was set back: the order stays.
    let mut earlier = said(run, Flag::Bad, "noise", &[first.id]);
    earlier.at = at(-9999);
    let second = book.append(&[earlier]).unwrap().remove(0);
    assert_eq!(second.previous, first.hash);
    assert_eq!(book.in_force_on(EntryKind::Decision, "run1@raw").unwrap(), std::slice::from_ref(&second));
    let file = said(DecisionSubject::file(FileId::new(1, 3)), Flag::Maybe, "'; DELETE FROM entries; -- \u{1F4A5} 0.1", &[]);
    let number =
        NewEntry { body: serde_json::json!({"flag": "OK", "note": "", "evidence": [{"item": "x", "value": "0.1"}]}), ..file };
    book.append(&[number]).unwrap();
    assert!(book.append(&[said(run, Flag::Bad, " ", &[second.id])]).is_err(), "BAD without a reason");
    assert!(book.append(&[NewEntry { who: " ".into(), ..said(run, Flag::Ok, "", &[second.id]) }]).is_err(), "by nobody");
    // All or none: the second of two is refused, the first is not there.
    let pair = [said(DecisionSubject::run(Run(2)), Flag::Ok, "", &[]), said(run, Flag::Ok, "", &[])];
    assert!(book.append(&pair).is_err());
    assert_eq!(book.history(EntryKind::Decision, "run2@raw").unwrap(), []);
    let history = book.history(EntryKind::Decision, "run1@raw").unwrap();
    assert_eq!(history, [first.clone(), second.clone()]);
    assert_eq!(book.entries_of_run(Run(1)).unwrap().len(), 3);
    assert_eq!(book.in_force_of_run(Run(1)).unwrap().len(), 2);
    assert_eq!(book.in_force(EntryKind::Decision).unwrap().len(), 2);
    assert_eq!(book.entries_after(first.place, 10).unwrap().len(), 2);
    assert_eq!(book.entry(second.id).unwrap(), Some(second.clone()));
    assert_eq!(book.entry_at(second.place).unwrap(), Some(second));
    let (judged, up_to) = book.judgements_since(0).unwrap();
    assert_eq!(book.judgements_since(up_to).unwrap(), (vec![], up_to));
    assert_eq!(judged.iter().map(|judgement| judgement.flag).collect::<Vec<_>>(), [Flag::Bad]);
    let words =
        |entry: &Entry| format!("{} {} {} {} {}", entry.id.number, entry.at, entry.subject, entry.body, entry.supersedes.len());
    book.entries_after(0, 100).unwrap().iter().map(words).collect()
}

fn deliveries_happen_once(book: &mut dyn Store) {
    let run = DecisionSubject::run(Run(9));
    let wished = NewEntry { wish: Some("a name drawn by chance".into()), ..said(run, Flag::Ok, "", &[]) };
    let once = book.append(std::slice::from_ref(&wished)).unwrap();
    assert_eq!(book.append(&[wished]).unwrap(), once, "a delivery that was repeated was recorded twice");
    assert_eq!(book.history(EntryKind::Decision, "run9@raw").unwrap(), once);
}

/// Whoever has not seen the lock, or whose words waited while it was made, is refused by the book itself.
fn locks_hold(book: &mut dyn Store) {
    let run = DecisionSubject::run(Run(8));
    let file = DecisionSubject::file(FileId::new(8, 2));
    let lock = |is_locked: bool, supersedes: &[EntryId]| NewEntry {
        kind: EntryKind::Lock,
        body: serde_json::json!({ "is_locked": is_locked, "comment": "published" }),
        ..said(run, Flag::Ok, "", supersedes)
    };
    let locked = book.append(&[lock(true, &[])]).unwrap().remove(0);
    for subject in [run, file] {
        let refused = book.append(&[said(subject, Flag::Bad, "late", &[])]).unwrap_err();
        assert!(matches!(&refused, StoreError::Locked { subject, .. } if subject == "run8@raw"), "{refused}");
        assert!(
            refused.to_string().contains("locked by Ada (shifter)") && refused.to_string().contains("published"),
            "{refused}"
        );
    }
    let other_stage = said(run.at(Stage::Selected), Flag::Ok, "", &[]);
    book.append(&[other_stage]).expect("the lock is of raw data alone");
    book.append(&[lock(false, &[locked.id])]).unwrap();
    book.append(&[said(file, Flag::Ok, "", &[])]).unwrap();
}

fn chains_are_adopted(book: &mut dyn Store, other: &mut dyn Store) {
    let all = book.entries_after(0, 1000).unwrap();
    assert_eq!(other.adopt(&all).unwrap(), Adopted { new: all.len() as u64, known: 0 });
    assert_eq!(other.adopt(&all).unwrap(), Adopted { new: 0, known: all.len() as u64 });
    assert_eq!(other.chain_ends().unwrap(), book.chain_ends().unwrap());
    assert_eq!(other.in_force(EntryKind::Decision).unwrap().len(), book.in_force(EntryKind::Decision).unwrap().len());
    // Each book says something of run1 before it hears of the other: both are in force, a conflict that is shown.
    let run = DecisionSubject::run(Run(1));
    let seen: Vec<EntryId> = book.in_force_on(EntryKind::Decision, "run1@raw").unwrap().iter().map(|entry| entry.id).collect();
    book.append(&[said(run, Flag::Ok, "mended", &seen)]).unwrap();
    other.append(&[said(run, Flag::Maybe, "not sure", &seen)]).unwrap();
    other.adopt(&book.entries_after(0, 1000).unwrap()).unwrap();
    let both = other.in_force_on(EntryKind::Decision, "run1@raw").unwrap();
    assert_eq!(both.len(), 2);
    let settled = other.append(&[said(run, Flag::Ok, "agreed", &both.iter().map(|entry| entry.id).collect::<Vec<_>>())]).unwrap();
    assert_eq!(other.in_force_on(EntryKind::Decision, "run1@raw").unwrap(), settled);
    assert_eq!(other.verify_chains().unwrap(), Vec::<String>::new());
    // What was changed, or does not follow, is refused whole.
    let mut forged = other.entries_after(0, 1000).unwrap();
    let last = forged.last_mut().unwrap();
    last.who = "Eve".into();
    let refused = book.adopt(&forged).unwrap_err().to_string();
    assert!(refused.contains("it was changed"), "{refused}");
    assert_eq!(book.chain_ends().unwrap().len(), 1);
    // One book locked what the other goes on to speak of: history of both, told as a conflict.
    let file = DecisionSubject::file(FileId::new(12, 0));
    let lock = NewEntry {
        kind: EntryKind::Lock,
        body: serde_json::json!({ "is_locked": true }),
        ..said(DecisionSubject::run(Run(12)), Flag::Ok, "", &[])
    };
    other.append(&[lock]).unwrap();
    assert_eq!(other.conflicts().unwrap(), []);
    book.append(&[said(file, Flag::Bad, "noise", &[])]).unwrap();
    other.adopt(&book.entries_after(0, 1000).unwrap()).unwrap();
    let over: Vec<EntryKind> = other.conflicts().unwrap().iter().map(|entry| entry.kind).collect();
    assert_eq!(over, [EntryKind::Lock, EntryKind::Decision]);
    let gap: Vec<Entry> = all.iter().skip(1).cloned().collect();
    let folder = tempfile::tempdir().unwrap();
    let mut knows_nothing = SqliteStore::open(&folder.path().join("empty.sqlite")).unwrap();
    let refused = knows_nothing.adopt(&gap).unwrap_err().to_string();
    assert!(refused.contains("missing"), "{refused}");
}

#[test]
fn eight_writers_at_once_lose_nothing_and_none_starves() {
    const WRITERS: u32 = 8;
    const EACH: u32 = 25;
    for engine in engines() {
        let place = engine.book("writers");
        drop(place.open());
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let place = &place;
                scope.spawn(move || {
                    let mut book = place.open();
                    for each in 0..EACH {
                        book.append(&[said(DecisionSubject::file(FileId::new(writer, each)), Flag::Ok, "", &[])]).unwrap();
                    }
                });
            }
        });
        let book = place.open();
        assert_eq!(book.in_force(EntryKind::Decision).unwrap().len(), (WRITERS * EACH) as usize);
        assert_eq!(book.chain_ends().unwrap()[0].number, i64::from(WRITERS * EACH));
        assert_eq!(book.verify_chains().unwrap(), Vec::<String>::new());
    }
}

#[test]
fn a_server_that_goes_away_is_told_of_and_found_again() {
    let server = match Postgres::start() {
        Ok(server) => server,
        Err(why) => return println!("COULD NOT RUN: a PostgreSQL server that goes away: {why}"),
    };
    let place = Place::Server(server.new_database("away"));
    let (mut book, watcher) = (place.open(), place.open());
    let first = book.append(&[said(DecisionSubject::run(Run(1)), Flag::Ok, "", &[])]).unwrap();
    // A change reaches who waits for it, long before the wait is over.
    std::thread::scope(|scope| {
        let heard = scope.spawn(move || {
            let began = std::time::Instant::now();
            watcher.wait_for_change(std::time::Duration::from_secs(60));
            began.elapsed()
        });
        std::thread::sleep(std::time::Duration::from_millis(300));
        book.append(&[said(DecisionSubject::run(Run(2)), Flag::Ok, "", &[])]).unwrap();
        assert!(heard.join().unwrap() < std::time::Duration::from_secs(30));
    });
    server.stop("immediate");
    for _ in 0..3 {
        let away = book.append(&[said(DecisionSubject::run(Run(3)), Flag::Ok, "", &[])]).unwrap_err();
        assert!(matches!(&away, StoreError::Away { place, .. } if !place.contains("horse")), "{away}");
    }
    server.begin().unwrap();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while book.change_stamp().is_err() {
        assert!(std::time::Instant::now() < end, "the server is back and was not found");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(book.history(EntryKind::Decision, "run1@raw").unwrap(), first);
    book.append(&[said(DecisionSubject::run(Run(3)), Flag::Ok, "", &[])]).unwrap();
}
