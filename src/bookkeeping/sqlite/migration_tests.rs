//! A book of each earlier layout, with rows in it as the program of its time wrote them, is brought up to date and loses nothing.

use monitasks::quality::Flag;
use monitasks::vocab::{FileId, Run};
use rusqlite::Connection;

use super::{LAYOUTS, SqliteStore};
use crate::bookkeeping::{CentralStep, EntryKind, FileStep, Mark, PassStep, Store, export_to};

/// Rows as the first layout had them.
const FIRST: &str = "
    INSERT INTO runs VALUES (1, 100, 900, 'marker'), (2, 200, NULL, NULL);
    INSERT INTO files (run, sequence, processing, step, since_ns, failure, reason, source, size_bytes, daq_closed_ns, arrived_ns, adler32,
        attempt, lost, events, accepted_ns, file_group, refused_bytes, refused_ns) VALUES
        (1, 0, 1, 'analysed', 500, NULL, NULL, 'run1-seq0.dat', 7, 90, 100, 11, 1, 0, 335, 400, 0, NULL, NULL),
        (1, 1, 1, 'failed', 510, 'job', 'killed', 'run1-seq1.dat', 8, 91, 101, 12, 2, 0, NULL, NULL, NULL, NULL, NULL),
        (2, 0, 1, 'copying', 520, NULL, NULL, 'run2-seq0.dat', 9, 92, 102, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL);
    INSERT INTO story (at_ns, run, sequence, kind, detail) VALUES (100, 1, 0, 'arrived', '{\"source\":\"run1-seq0.dat\"}');
    INSERT INTO transfers VALUES (1, 0, 'a', 'b', 7, 11, 110, 120), (1, 1, 'c', 'd', 8, 12, 111, 121);
    INSERT INTO readings VALUES ('purity', 'lifetime', 1, 1, 0, '{\"kind\":\"no_data\"}', 700);
    INSERT INTO not_taken VALUES ('x', 'no raw file', 1);
    INSERT INTO requests (at_ns, who, kind, run, sequence) VALUES (5, 'window', 'resubmit', 1, 1);
    INSERT INTO lease VALUES (1, 'h:1', 'h', 't', 1, 2, 3);
    INSERT INTO decisions (at_ns, run, sequence, flag, comment, who, role, evidence, supersedes) VALUES
        (10, 1, NULL, 'OK', '', 'Ada', 'shifter', '[\"purity/lifetime_trend\"]', NULL),
        (11, 1, NULL, 'BAD', 'noise', 'Ben', 'expert', '[]', 1);
";

/// What was added with each layout since, and rows in it: by its number.
const SINCE: &[(usize, &str)] = &[
    (2, "INSERT INTO transfers (run, sequence, from_path, to_path, size_bytes, adler32, started_ns, ended_ns) VALUES (1, 0, 'e', 'f', 7, 11, 130, 140)"),
    (3, "INSERT INTO marks (at_ns, run, mark, comment, who, role) VALUES (20, 1, 'flawed', 'odd', 'Ada', 'shifter')"),
    (3, "INSERT INTO run_kinds (at_ns, run, kind, who) VALUES (21, 2, 'cosmics', ' ')"),
    (4, "INSERT INTO central_copies (run, sequence, destination, step, since_ns, attempts, next_try_ns, reason, size_bytes, adler32, verified_ns)
        VALUES (1, 0, '/central', 'verified', 5, 1, NULL, NULL, 7, 11, 6)"),
    (4, "INSERT INTO backend_state VALUES (1, '{}')"),
];

/// A book of a layout, made as the program of its time did.
fn book_of_layout(path: &std::path::Path, newest: usize) {
    let book = Connection::open(path).unwrap();
    book.execute_batch("CREATE TABLE layout (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_ns INTEGER NOT NULL)")
        .unwrap();
    for (number, (name, sql)) in (1usize..).zip(LAYOUTS).take(newest) {
        book.execute_batch(sql).unwrap();
        book.execute("INSERT INTO layout VALUES (?1, ?2, 0)", rusqlite::params![number as i64, name]).unwrap();
        if number == 1 {
            book.execute_batch(FIRST).unwrap();
        }
        for (_, sql) in SINCE.iter().filter(|(since, _)| *since == number) {
            book.execute_batch(sql).unwrap();
        }
    }
}

#[test]
fn a_book_of_every_earlier_layout_is_brought_up_to_date_whole() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = LAYOUTS.iter().position(|(name, _)| name.ends_with("ledger")).unwrap() + 1;
    for newest in 1..ledger {
        let path = folder.path().join(format!("book{newest}.sqlite"));
        book_of_layout(&path, newest);
        let store = SqliteStore::open(&path).unwrap_or_else(|error| panic!("layout {newest}: {error}"));
        let book = store.overview().unwrap();
        let steps: Vec<_> = book.files.iter().map(|file| (file.file, file.step)).collect();
        let expected = [
            (FileId::new(1, 0), FileStep::Stored),
            (FileId::new(1, 1), FileStep::Stored),
            (FileId::new(2, 0), FileStep::Copying),
        ];
        assert_eq!(steps, expected, "layout {newest}");
        let passes: Vec<_> = book.passes.iter().map(|pass| (pass.file, pass.step)).collect();
        assert_eq!(passes, [(FileId::new(1, 0), PassStep::Analysed), (FileId::new(1, 1), PassStep::Failed)], "layout {newest}");
        assert_eq!(store.story(Run(1), None).unwrap().len(), 1);
        assert_eq!(store.transfer(FileId::new(1, 1)).unwrap().map(|copy| copy.size_bytes), Some(8));
        assert_eq!(store.open_requests().unwrap().len(), 1);
        assert_eq!(book.not_taken.len(), 1);
        let flags: Vec<_> = book.said.decisions.iter().map(|decision| (decision.decision.flag, decision.who.as_str())).collect();
        assert_eq!(flags, [(Flag::Ok, "Ada"), (Flag::Bad, "Ben")], "layout {newest}");
        assert_eq!(store.in_force(EntryKind::Decision).unwrap().len(), 1, "layout {newest}");
        if newest >= 3 {
            assert_eq!(book.said.marks[0].mark, Mark::Flawed);
            assert_eq!(book.said.kinds, [(Run(2), "cosmics".to_owned())]);
        }
        if newest >= 4 {
            assert_eq!(book.central[0].step, CentralStep::Verified);
        }
        assert_eq!(store.verify_chains().unwrap(), Vec::<String>::new(), "layout {newest}");
        export_to(&store, &folder.path().join("export")).unwrap();
        drop(store);
        // Once is enough, and again changes nothing.
        let entries = SqliteStore::open(&path).unwrap().entries_after(0, 100).unwrap().len();
        assert_eq!(entries, if newest >= 3 { 4 } else { 2 }, "layout {newest}");
    }
}

#[test]
fn what_was_in_force_before_it_said_its_word_says_it_after() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("book.sqlite");
    let ledger = LAYOUTS.iter().position(|(name, _)| name.ends_with("ledger")).unwrap() + 1;
    book_of_layout(&path, ledger);
    let entry = |number: u32, kind: &str, subject: &str, body: &str| {
        let sql =
            "INSERT INTO entries (book, number, at_ns, kind, subject, run, who, role, host, body, supersedes, previous, hash)
            VALUES ('00c0ffee00c0ffee', ?1, 5, ?2, ?3, 2, 'Ada', 'shifter', '', ?4, '[]', '', '')";
        Connection::open(&path).unwrap().execute(sql, rusqlite::params![number, kind, subject, body]).unwrap();
    };
    entry(1, "decision", "run2@raw", r#"{"flag": "MAYBE"}"#);
    entry(2, "decision", "run2-seq0@raw", r#"{"flag": "UNCHECKED", "withdrawn": true}"#);
    entry(3, "mark", "run2", r#"{"mark": "flawed"}"#);
    let words = |store: &SqliteStore| {
        let decisions = store.words_in_force(EntryKind::Decision).unwrap();
        let mut all: Vec<(String, Option<String>)> =
            decisions.into_iter().filter(|word| word.run == Some(Run(2))).map(|word| (word.subject, word.says)).collect();
        all.sort();
        let marks = store.words_in_force(EntryKind::Mark).unwrap().into_iter().filter(|word| word.run == Some(Run(2)));
        all.extend(marks.map(|word| (word.subject, word.says)));
        all
    };
    // Who may only read it as it was is told the same.
    let before = words(&SqliteStore::open_read_only(&path).unwrap());
    let said = |subject: &str, says: Option<&str>| (subject.to_owned(), says.map(str::to_owned));
    let expected = [said("run2-seq0@raw", None), said("run2@raw", Some("MAYBE")), said("run2", Some("flawed"))];
    assert_eq!(before, expected);
    assert_eq!(words(&SqliteStore::open(&path).unwrap()), expected);
}

#[test]
fn a_migration_that_fails_leaves_the_book_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("book.sqlite");
    book_of_layout(&path, 2);
    // A table of the next layout's name stands in the way.
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE processings (x)").unwrap();
    assert!(SqliteStore::open(&path).is_err());
    let book = Connection::open(&path).unwrap();
    let layout: i64 = book.query_row("SELECT max(number) FROM layout", [], |row| row.get(0)).unwrap();
    let decisions: i64 = book.query_row("SELECT count(*) FROM decisions", [], |row| row.get(0)).unwrap();
    assert_eq!((layout, decisions), (2, 2));
}
