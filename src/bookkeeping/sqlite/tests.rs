//! Tests of the book in SQLite: what is written is read back, what must not change does not.

use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::summary::Measured;
use monitasks::vocab::{FileId, Group, Processing, Run};
use rusqlite::Connection;

use super::SqliteStore;
use crate::bookkeeping::*;

fn at(second: i64) -> Timestamp {
    Timestamp::new(1_477_576_504 + second, 123_456_789).unwrap()
}

fn book() -> (tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("book.sqlite")).unwrap();
    (folder, store)
}

fn file_record(run: u32, sequence: u32) -> FileRecord {
    FileRecord {
        file: FileId::new(run, sequence),
        step: FileStep::Failed,
        since: at(3),
        failure: Some(FailureClass::Copy),
        reason: Some("it ended with 2".into()),
        source: format!("run{run}-seq{sequence}.dat"),
        size_bytes: 1_072_226_134,
        daq_closed: at(0),
        arrived: at(1),
        adler32: Some(u32::MAX),
        events_by_trigger: Some(std::collections::BTreeMap::from([(0, 300), (3, 35)])),
        refused: Some((7, at(1))),
    }
}

fn pass_record(file: FileId, processing: u32) -> PassRecord {
    PassRecord {
        file,
        processing: Processing(processing),
        lane: "FULL".into(),
        step: PassStep::Failed,
        since: at(3),
        held_by: Some("anna".into()),
        failure: Some(FailureClass::Memory),
        reason: Some("killed".into()),
        attempt: 2,
        lost: 1,
        retries: 1,
        retry_at: Some(at(60)),
        output_of: Processing(1),
        events: Some(335),
        tracks: Some(12),
        accepted: Some(at(9)),
        group: Some(Group(4)),
    }
}

fn processing_record(run: Run, processing: u32) -> ProcessingRecord {
    ProcessingRecord {
        run,
        processing: Processing(processing),
        lane: "FULL".into(),
        step: ProcessingStep::MergingFailed,
        since: at(4),
        opened: at(2),
        because: "run1-seq7 came late".into(),
        hold: Some(Hold { rule: "mark".into(), words: "not marked".into(), since: at(3), until: Some(at(99)) }),
        settings_sum: "00ff".into(),
        missing: vec!["gain of run1-p1-g0".into()],
        to_publish: true,
    }
}

fn job_record(attempt: u32) -> JobRecord {
    JobRecord {
        id: 0,
        name: "reco_run1-seq0".into(),
        attempt,
        kind: JobKind::Reconstruct,
        run: Run(1),
        file: Some(FileId::new(1, 0)),
        group: None,
        processing: Processing(1),
        state: JobState::Running,
        batch: "local".into(),
        batch_id: Some("4711".into()),
        submitted: at(1),
        started: Some(at(2)),
        ended: None,
        cpu_s: Some(1.5),
        wall_s: None,
        peak_memory_bytes: Some(334_000_000),
        exit_status: None,
        script: "processing/scripts/run1/reco_run1-seq0.sh".into(),
        log: "all_logs/batch/run1/reco_run1-seq0.log".into(),
        reason: None,
    }
}

fn lease(token: &str) -> LeaseRecord {
    LeaseRecord {
        owner: format!("host:{token}"),
        host: "host".into(),
        token: token.into(),
        taken: at(0),
        heartbeat: at(0),
        released: None,
    }
}

fn decision(flag: Flag, note: &str, supersedes: &[EntryId]) -> NewEntry {
    let decision = NewDecision {
        at: at(5),
        subject: DecisionSubject::run(Run(1)),
        decision: Decision {
            evidence: vec![Evidence { item: "purity/lifetime_trend".into(), ..Evidence::default() }],
            ..Decision::new(flag, note)
        },
        who: "Ada".into(),
        role: "shifter".into(),
        supersedes: supersedes.to_vec(),
        wish: None,
        seen: None,
    };
    decision.entry().unwrap()
}

#[test]
fn what_is_recorded_is_read_back() {
    let (_folder, mut store) = book();
    let run = RunRecord { run: Run(1), first_seen: at(0), ended: Some(at(100)), ended_by: Some("marker".into()) };
    let file = file_record(1, 0);
    let transfer = TransferRecord {
        file: file.file,
        from: "incoming/run1-seq0.dat".into(),
        to: "storage/input/run1/run1-seq0.dat".into(),
        size_bytes: 5,
        adler32: 17,
        started: at(1),
        ended: at(2),
    };
    let group = GroupRecord {
        run: Run(1),
        processing: Processing(1),
        lane: "FULL".into(),
        group: Group(0),
        members: vec![file.file],
        step: GroupStep::Analysing,
        since: at(1),
        tasks: vec![TaskStep { kind: JobKind::Gain, phase: TaskPhase::Waiting, attempt: 0, lost: 0, reason: None }],
        results: vec!["results/crp/run1-p1-g0.txt".into()],
    };
    let missing = NotTakenRecord { name: "junk".into(), reason: "no pattern".into(), at: at(1) };
    let story = [
        StoryEntry {
            at: at(1),
            run: Some(Run(1)),
            sequence: Some(file.file.sequence),
            kind: "copied".into(),
            detail: serde_json::json!({"size": 5}),
        },
        StoryEntry { at: at(2), run: Some(Run(1)), sequence: None, kind: "run_ended".into(), detail: serde_json::Value::Null },
    ];
    let rows = [
        Row::Run(run.clone()),
        Row::File(file.clone()),
        Row::Pass(pass_record(file.file, 2)),
        Row::Pass(pass_record(file.file, 1)),
        Row::Processing(processing_record(Run(1), 1)),
        Row::Transfer(transfer.clone()),
        Row::Job(job_record(1)),
        Row::Job(job_record(2)),
        Row::Group(group.clone()),
        Row::NotTaken(missing.clone()),
    ];
    store.record(None, &story, &rows).unwrap();

    let overview = store.overview().unwrap();
    assert_eq!(overview.runs, [run]);
    assert_eq!(overview.files, std::slice::from_ref(&file));
    assert_eq!(overview.passes, [pass_record(file.file, 1), pass_record(file.file, 2)]);
    assert_eq!(overview.newest_pass(file.file), Some(&pass_record(file.file, 2)));
    assert_eq!(overview.processings, [processing_record(Run(1), 1)]);
    assert_eq!(overview.jobs, [JobRecord { id: 2, ..job_record(2) }], "the newest attempt alone");
    assert_eq!(overview.groups, [group]);
    assert_eq!(overview.not_taken, [missing]);
    assert_eq!(store.file(file.file).unwrap(), Some(file.clone()));
    assert_eq!(store.transfer(file.file).unwrap(), Some(transfer));
    assert_eq!(store.jobs_of(Run(1)).unwrap().len(), 2);
    assert_eq!(store.story(Run(1), None).unwrap().len(), 2);
    let of_file = store.story(Run(1), Some(file.file)).unwrap();
    assert_eq!((of_file.len(), of_file[0].at, of_file[0].kind.as_str()), (1, at(1), "copied"));
}

#[test]
fn a_job_is_brought_up_to_date_in_place() {
    let (_folder, mut store) = book();
    store.record(None, &[], &[Row::Job(job_record(1))]).unwrap();
    let ended = JobRecord { state: JobState::Done, ended: Some(at(9)), exit_status: Some(0), ..job_record(1) };
    store.record(None, &[], &[Row::Job(ended.clone())]).unwrap();
    assert_eq!(store.jobs_of(Run(1)).unwrap(), [JobRecord { id: 1, ..ended }]);
}

#[test]
fn a_record_is_all_or_nothing() {
    let (_folder, mut store) = book();
    let transfer = TransferRecord {
        file: FileId::new(1, 0),
        from: "a".into(),
        to: "b".into(),
        size_bytes: 1,
        adler32: 1,
        started: at(0),
        ended: at(0),
    };
    store.record(None, &[], &[Row::Transfer(transfer.clone())]).unwrap();
    let second = store.record(None, &[], &[Row::File(file_record(1, 0)), Row::Transfer(transfer)]);
    assert!(second.is_err(), "one copy was recorded twice");
    assert_eq!(store.file(FileId::new(1, 0)).unwrap(), None);
}

#[test]
fn story_decisions_and_transfers_are_append_only() {
    let (folder, mut store) = book();
    let entry = StoryEntry { at: at(0), run: None, sequence: None, kind: "x".into(), detail: serde_json::Value::Null };
    store.record(None, &[entry], &[]).unwrap();
    store.append(&[decision(Flag::Ok, "", &[])]).unwrap();
    let raw = Connection::open(folder.path().join("book.sqlite")).unwrap();
    for sql in ["UPDATE story SET kind = 'y'", "DELETE FROM story", "UPDATE entries SET who = 'Eve'", "DELETE FROM entries"] {
        let error = raw.execute(sql, ()).unwrap_err();
        assert!(error.to_string().contains("append-only"), "{sql}: {error}");
    }
}

#[test]
fn of_two_decisions_on_one_view_of_things_the_second_is_told() {
    let (_folder, mut store) = book();
    let first = store.append(&[decision(Flag::Ok, "", &[])]).unwrap().remove(0);
    let error = store.append(&[decision(Flag::Bad, "noise", &[])]).unwrap_err();
    assert!(matches!(&error, StoreError::Superseded { in_force } if in_force == std::slice::from_ref(&first)), "{error}");
    let second = store.append(&[decision(Flag::Bad, "noise", &[first.id])]).unwrap().remove(0);
    let of = |entry: &Entry| DecisionRecord::of(entry).unwrap();
    assert_eq!(store.overview().unwrap().said.decisions, [of(&first), of(&second)]);
    assert_eq!(store.in_force(EntryKind::Decision).unwrap(), [second]);
}

#[test]
fn the_book_itself_refuses_bad_without_a_comment_and_a_decision_by_nobody() {
    let (_folder, mut store) = book();
    assert!(store.append(&[decision(Flag::Bad, " ", &[])]).is_err());
    assert!(store.append(&[NewEntry { who: " ".into(), ..decision(Flag::Ok, "", &[]) }]).is_err());
    assert_eq!(store.overview().unwrap().said.decisions, []);
}

#[test]
fn a_book_of_a_newer_layout_is_refused_unharmed() {
    let (folder, store) = book();
    let path = folder.path().join("book.sqlite");
    drop(store);
    let raw = Connection::open(&path).unwrap();
    raw.execute("INSERT INTO layout (number, name, applied_ns) VALUES (99, 'later', 0)", ()).unwrap();
    raw.pragma_update(None, "journal_mode", "DELETE").unwrap();
    drop(raw);
    let before = std::fs::read(&path).unwrap();
    for opened in [SqliteStore::open(&path), SqliteStore::open_read_only(&path)] {
        let error = opened.map(|_| ()).unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn what_is_no_book_is_refused_unharmed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("book.sqlite");
    std::fs::write(&path, "not a database, surely; long enough to be taken for a header of one".repeat(9)).unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(SqliteStore::open(&path).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn reading_only_writes_nothing_and_sees_what_others_write() {
    let (folder, mut writer) = book();
    let path = folder.path().join("book.sqlite");
    let mut reader = SqliteStore::open_read_only(&path).unwrap();
    let before = reader.change_stamp().unwrap();
    assert_eq!(reader.change_stamp().unwrap(), before);
    assert!(matches!(reader.record(None, &[], &[]), Err(StoreError::ReadOnly { .. })));
    writer.record(None, &[], &[Row::File(file_record(1, 0))]).unwrap();
    assert_ne!(reader.change_stamp().unwrap(), before);
    assert_eq!(reader.overview().unwrap().files.len(), 1);
    assert!(matches!(SqliteStore::open_read_only(&folder.path().join("none")), Err(StoreError::Missing { .. })));
    assert!(!folder.path().join("none").exists());
}

#[test]
fn who_lost_the_lease_writes_no_more() {
    let (_folder, mut store) = book();
    let (first, second) = (lease("1"), lease("2"));
    store.take_lease(&first, None).unwrap();
    assert!(store.take_lease(&second, None).is_err(), "two took the lease that nobody had");
    store.beat("1", at(2)).unwrap();
    store.record(Some("1"), &[], &[]).unwrap();
    let known = store.overview().unwrap().lease.unwrap();
    assert_eq!(known.heartbeat, at(2));
    store.take_lease(&second, Some(&known)).unwrap();
    assert!(
        matches!(store.record(Some("1"), &[], &[]), Err(StoreError::LeaseLost { held_by: Some(owner) }) if owner == "host:2")
    );
    assert!(store.beat("1", at(3)).is_err());
    store.release_lease("1", at(3)).unwrap();
    store.record(Some("2"), &[], &[]).unwrap();
    store.release_lease("2", at(4)).unwrap();
    assert!(store.record(Some("2"), &[], &[]).is_err());
}

#[test]
fn requests_are_answered_once() {
    let (_folder, mut store) = book();
    let id = store.request(at(0), "Ada", RequestKind::Resubmit, &RequestSubject::of_file(FileId::new(1, 0))).unwrap();
    assert_eq!(store.open_requests().unwrap()[0].subject, RequestSubject::of_file(FileId::new(1, 0)));
    store.answer_request(id, at(1), "queued again").unwrap();
    assert_eq!(store.open_requests().unwrap(), []);
}

#[test]
fn readings_keep_no_data_apart_from_numbers() {
    let (_folder, mut store) = book();
    let reading = |group, value| Reading {
        task: "purity".into(),
        item: "lifetime".into(),
        run: Run(1),
        processing: Processing(1),
        group: Group(group),
        value,
        at: at(i64::from(group)),
    };
    let readings = [reading(0, Measured::number(3000.0, 12.5)), reading(1, Measured::NoData), reading(2, Measured::NotMeasured)];
    let rows = readings.clone().map(Row::Reading);
    store.record(None, &[], &rows).unwrap();
    store.record(None, &[], &rows).unwrap();
    assert_eq!(store.readings("purity", "lifetime").unwrap(), readings);
}

#[test]
fn several_writers_all_get_their_turn() {
    let (folder, _store) = book();
    let path = folder.path().join("book.sqlite");
    let writers: Vec<_> = (0..4u32)
        .map(|run| {
            let path = path.clone();
            std::thread::spawn(move || {
                let mut store = SqliteStore::open(&path).unwrap();
                (0..50u32).for_each(|sequence| store.record(None, &[], &[Row::File(file_record(run, sequence))]).unwrap());
            })
        })
        .collect();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    assert_eq!(SqliteStore::open(&path).unwrap().overview().unwrap().files.len(), 200);
}

#[test]
fn an_empty_file_is_no_book_and_begins_no_new_history() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("book.sqlite");
    std::fs::write(&path, "").unwrap();
    for opened in [SqliteStore::open(&path), SqliteStore::open_read_only(&path)] {
        let refused = opened.err().expect("an empty file was taken for a book").to_string();
        assert!(refused.contains("it is empty") && refused.ends_with("book.sqlite"), "{refused}");
    }
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
}

#[test]
fn a_book_can_be_read_where_nothing_may_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, mut store) = book();
    store.record(None, &[], &[Row::File(file_record(1, 0))]).unwrap();
    let path = store.path().to_owned();
    drop(store);
    assert!(!path.with_extension("sqlite-wal").exists(), "the last writer leaves the book in one file");
    // Root may write everywhere; for it this is a plain second reader.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    let read = SqliteStore::open_read_only(&path).unwrap().overview();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(read.unwrap().files, [file_record(1, 0)]);
    let as_it_stands = super::open_as_it_stands(&path).unwrap();
    assert_eq!(as_it_stands.query_row("SELECT count(*) FROM files", [], |row| row.get::<_, i64>(0)).unwrap(), 1);
}

#[test]
fn what_people_said_is_read_once_of_those_runs_alone_of_which_they_said_it() {
    let (_folder, mut store) = book();
    let kind = |run: u32| NewEntry {
        at: at(0),
        kind: EntryKind::RunKind,
        subject: Run(run).to_string(),
        run: Some(Run(run)),
        who: "anna".into(),
        role: "data manager".into(),
        body: serde_json::json!({"kind": "cosmic"}),
        supersedes: Vec::new(),
        wish: None,
        seen: None,
    };
    store.append(&(1..101).map(kind).collect::<Vec<_>>()).unwrap();
    let (said, seen) = store.judgements_since(0).unwrap();
    assert_eq!(said.len(), 100);
    assert_eq!(store.judgements_since(seen).unwrap(), (vec![], seen), "nothing was said since");
    let mark = MarkRecord {
        id: 0,
        at: at(1),
        run: Run(7),
        mark: Mark::Flawed,
        comment: String::new(),
        who: "anna".into(),
        role: "shifter".into(),
    };
    store.append(&[mark.entry(Vec::new()).unwrap()]).unwrap();
    let (said, _) = store.judgements_since(seen).unwrap();
    let words: Vec<_> = said.iter().map(|said| (said.run, said.mark, said.flag, said.kind.as_deref())).collect();
    assert_eq!(words, [(Run(7), Mark::Flawed, Flag::Unchecked, Some("cosmic"))]);
    let changes = store.changes_of(&Recent { newest: 1_000, ..Recent::default() }, Some(100)).unwrap().changes;
    assert_eq!((changes.runs, changes.now.said.marks.len()), (Some(vec![Run(7)]), 1));
}
