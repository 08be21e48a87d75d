//! The book looked after: exports, backups, roles, exchanges, and what is said while its server is away.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use dqmon::bookkeeping::*;
use jiff::Timestamp;
use monitasks::vocab::Run;

use crate::services::postgres::Postgres;
use crate::workspace::{Shift, said};

/// A server, and a new database in it; none where it can't be started.
pub fn server(what: &str) -> Option<Postgres> {
    Postgres::start().map_err(|why| println!("COULD NOT RUN: {what}: {why}")).ok()
}

/// Settings of a book in PostgreSQL, and the password where they say.
pub fn settings_of(url: &str, folder: &Path) -> String {
    let (account, server) = url.split_once("://").unwrap().1.rsplit_once('@').unwrap();
    let (account, password) = account.split_once(':').unwrap();
    let file = folder.join("password");
    fs::write(&file, password.replace("%20", " ")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    format!("[book]\nurl = \"postgresql://{account}@{server}\"\npassword_file = {file:?}\n")
}

/// A workspace on a book in PostgreSQL.
pub fn shift_on(url: &str) -> Shift {
    let mut shift = Shift::new("");
    let settings = settings_of(url, &shift.workspace.root);
    fs::write(shift.workspace.root.join("dqmon.toml"), &settings).unwrap();
    shift.workspace = dqmon::config::Workspace::open(&shift.workspace.root).unwrap();
    shift
}

pub fn book_of(shift: &Shift) -> Box<dyn Store> {
    open(&shift.workspace.book_place()).unwrap()
}

pub fn know_runs(book: &mut dyn Store, runs: &[u32]) {
    let row = |run: &u32| Row::Run(RunRecord { run: Run(*run), first_seen: Timestamp::UNIX_EPOCH, ended: None, ended_by: None });
    book.record(None, &[], &runs.iter().map(row).collect::<Vec<_>>()).unwrap();
}

pub fn decide(shift: &Shift, run: &str, flag: &str, who: &str) -> Output {
    shift.run(&["decide", run, flag, "--who", who, "--role", "shifter", "--comment", "as seen"])
}

pub fn ok(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    said(output)
}

pub fn as_entry(subject: &str, who: &str) -> NewEntry {
    let decision = Decision::new(monitasks::quality::Flag::Maybe, "as seen");
    let subject = subject.parse().unwrap();
    let (who, role) = (who.into(), "shifter".into());
    let said = NewDecision { at: Timestamp::now(), subject, decision, who, role, supersedes: Vec::new(), wish: None, seen: None };
    said.entry().unwrap()
}

/// A SQLite workspace with runs, files and decisions, some superseded.
fn told() -> Shift {
    let shift = Shift::new("");
    know_runs(book_of(&shift).as_mut(), &[1, 2, 3]);
    for (run, flag) in [("run1", "OK"), ("run1", "BAD"), ("run2", "MAYBE"), ("run3", "OK")] {
        ok(&decide(&shift, run, flag, "Ada O'Neil; DROP TABLE entries; --"));
    }
    ok(&shift.run(&["mark", "run1", "flawed", "--who", "Ada", "--comment", "=cmd|' /C calc'!A0"]));
    shift
}

#[test]
fn the_same_book_exports_to_the_same_bytes_on_both_engines() {
    let shift = told();
    let story = StoryEntry {
        at: Timestamp::UNIX_EPOCH,
        run: Some(Run(1)),
        sequence: None,
        kind: "x".into(),
        detail: serde_json::json!({"a": 0.1, "b": "\u{1F4A5} \" ' \\"}),
    };
    book_of(&shift).record(None, &[story], &[Row::Backend(BackendState::default())]).unwrap();
    let export = shift.workspace.root.join("export.jsonl");
    ok(&shift.run(&["book", "export", export.to_str().unwrap()]));
    let bytes = fs::read(&export).unwrap();
    let again = Shift::new("");
    ok(&again.run(&["book", "import", export.to_str().unwrap()]));
    assert_eq!(again.run(&["book", "export"]).stdout, bytes, "SQLite to SQLite");
    let twice = again.run(&["book", "import", export.to_str().unwrap()]);
    assert!(said(&twice).contains("of its own"), "rows twice: {}", said(&twice));
    if let Some(server) = server("an export from PostgreSQL") {
        let shared = shift_on(&server.new_database("export"));
        ok(&shared.run(&["book", "import", export.to_str().unwrap()]));
        assert_eq!(shared.run(&["book", "export"]).stdout, bytes, "SQLite to PostgreSQL");
        ok(&shared.run(&["book", "verify"]));
    }
    // What was changed in it is refused whole.
    let forged = String::from_utf8(bytes).unwrap().replace("MAYBE", "OK");
    fs::write(&export, forged).unwrap();
    let fresh = Shift::new("");
    let refused = fresh.run(&["book", "import", export.to_str().unwrap()]);
    assert!(said(&refused).contains("it was changed"), "{}", said(&refused));
    assert_eq!(book_of(&fresh).entries_after(0, 10).unwrap(), []);
}

#[test]
fn what_tells_of_the_book_ends_quietly_when_nobody_reads_on() {
    let shift = told();
    for command in ["outbox", "conflicts", "head", "verify", "export"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let program = env!("CARGO_BIN_EXE_dqmon");
        let output = std::process::Command::new(program)
            .args(["-w", shift.workspace.root.to_str().unwrap(), "book", command])
            .stdout(writer)
            .output()
            .unwrap();
        assert!(!said(&output).contains("panicked"), "{command}: {}", said(&output));
    }
}

#[test]
fn an_export_that_was_cut_is_refused_and_says_what_is_missing() {
    let shift = told();
    let export = shift.workspace.root.join("export.jsonl");
    ok(&shift.run(&["book", "export", export.to_str().unwrap()]));
    let whole = fs::read_to_string(&export).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let fresh = Shift::new("");
    let refusal = |kept: &[&str], command: &str, words: &[&str]| {
        fs::write(&export, kept.join("\n") + "\n").unwrap();
        let refused = fresh.run(&["book", command, export.to_str().unwrap()]);
        assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
        for word in words {
            assert!(said(&refused).contains(word), "{word}: {}", said(&refused));
        }
        assert_eq!(book_of(&fresh).entries_after(0, 10).unwrap(), []);
    };
    for command in ["import", "restore"] {
        refusal(&lines[..4], command, &["cut short", "behind line 4", "3 entries and 0 rows"]);
        refusal(&lines[..lines.len() - 1], command, &["cut short"]);
        // Cut in the middle: the chain ends early, and its last line knows.
        let rows = lines.iter().position(|line| line.starts_with("{\"row\"") || line.starts_with("{\"table\"")).unwrap();
        let without_last_entry = [&lines[..rows - 1], &lines[rows..]].concat();
        refusal(&without_last_entry, command, &["entries should stand in it", "should end with number"]);
        let without_a_run = [&lines[..rows], &lines[rows + 1..]].concat();
        refusal(&without_a_run, command, &["3 rows of runs should stand in it, 2 do"]);
        refusal(&[&lines[..], &lines[rows..=rows]].concat(), command, &["behind the line that should be the last"]);
    }
    refusal(&lines[..1], "import", &["cut short"]);
}

#[test]
fn a_book_that_was_rewritten_whole_is_found_by_an_end_that_was_kept() {
    let shift = told();
    let heads = shift.workspace.root.join("heads");
    fs::write(&heads, shift.run(&["book", "head"]).stdout).unwrap();
    ok(&shift.run(&["book", "verify", "--head", heads.to_str().unwrap()]));
    // The rows changed behind the program's back: found by the chain alone.
    let path = shift.workspace.book();
    let connection = rusqlite::Connection::open(&path).unwrap();
    let guard = "SELECT sql FROM sqlite_master WHERE name = 'entries_are_never_changed'";
    let guard: String = connection.query_row(guard, [], |row| row.get(0)).unwrap();
    let tampering = "DROP TRIGGER entries_are_never_changed; UPDATE entries SET who = 'Eve' WHERE place = 2;";
    connection.execute_batch(tampering).unwrap();
    let found = shift.run(&["book", "verify"]);
    assert_eq!(found.status.code(), Some(1));
    assert!(said(&found).contains("entry") && said(&found).contains("was changed"), "{}", said(&found));
    assert!(said(&found).contains("trigger entries_are_never_changed is missing"), "{}", said(&found));
    // The whole chain written anew, its hashes and all, is sound in itself.
    let mut entries = book_of(&shift).entries_after(0, 100).unwrap();
    let mut previous = String::new();
    for entry in &mut entries {
        entry.previous = previous;
        entry.hash = entry.computed_hash();
        previous = entry.hash.clone();
        let change = "UPDATE entries SET previous = ?1, hash = ?2 WHERE place = ?3";
        connection.execute(change, rusqlite::params![entry.previous, entry.hash, entry.place]).unwrap();
    }
    connection.execute_batch(&guard).unwrap();
    ok(&shift.run(&["book", "verify"]));
    let found = shift.run(&["book", "verify", "--head", heads.to_str().unwrap()]);
    assert!(said(&found).contains("the book was rewritten"), "{}", said(&found));
}

#[test]
fn a_damaged_book_is_refused_with_the_way_back_which_works() {
    let shift = told();
    let path = shift.workspace.book();
    let before = fs::read(&path).unwrap();
    fs::write(&path, b"no database at all, and long enough to be looked at as one; no database at all").unwrap();
    let refused = said(&shift.run(&["runs"]));
    assert!(refused.contains("damaged") && refused.contains("there is no backup in"), "{refused}");
    fs::write(&path, before).unwrap();
    let backup = PathBuf::from(ok(&shift.run(&["book", "backup"])).trim());
    let export_before = shift.run(&["book", "export"]).stdout;
    let id = book_of(&shift).book_id().unwrap();
    ok(&decide(&shift, "run3", "BAD", "Ben"));
    for ending in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{ending}", path.display()));
    }
    fs::write(&path, b"no database at all, and long enough to be looked at as one; no database at all").unwrap();
    let refused = said(&decide(&shift, "run3", "OK", "Ben"));
    let way_out = format!("'dqmon book restore {}'", backup.display());
    assert!(refused.contains(&way_out), "{refused}");
    assert!(fs::read(&path).unwrap().starts_with(b"no database"), "left as it is");
    ok(&shift.run(&["book", "restore", backup.to_str().unwrap()]));
    assert_eq!(shift.run(&["book", "export"]).stdout, export_before);
    ok(&decide(&shift, "run3", "BAD", "Ben"));
    let book = book_of(&shift);
    assert_ne!(book.book_id().unwrap(), id, "it goes on under an id of its own");
    assert_eq!(book.chain_ends().unwrap().len(), 2);
    assert_eq!(book.verify_chains().unwrap(), Vec::<String>::new());
    // A backup that is not sound brings nothing back.
    let size = fs::metadata(&backup).unwrap().len();
    fs::OpenOptions::new().write(true).open(&backup).unwrap().set_len(size / 2).unwrap();
    let refused = shift.run(&["book", "restore", backup.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert_eq!(book_of(&shift).chain_ends().unwrap().len(), 2);
}

#[test]
fn a_book_that_is_missing_beside_its_backups_is_not_begun_anew_unasked() {
    let shift = told();
    let backup = ok(&shift.run(&["book", "backup"])).trim().to_owned();
    let path = shift.workspace.book();
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{ending}", path.display()));
    }
    for arguments in [
        &["decide", "run1", "OK", "--who", "Ada", "--role", "shifter"][..],
        &["shift", "begin", "--who", "Ada", "--role", "shifter"],
        &["lock", "run1", "--who", "Ada", "--role", "shifter"],
        &["book", "migrate"],
    ] {
        let refused = shift.run(arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {}", said(&refused));
        assert!(said(&refused).contains("1 backup in") && said(&refused).contains("restore it"), "{}", said(&refused));
        assert!(!path.exists(), "{arguments:?}");
    }
    ok(&shift.run(&["book", "restore", &backup]));
    ok(&decide(&shift, "run1", "OK", "Ada"));
}

#[test]
fn damage_that_is_found_inside_a_book_is_told_with_the_way_back_too() {
    let shift = told();
    let backup = ok(&shift.run(&["book", "backup"])).trim().to_owned();
    let path = shift.workspace.book();
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let size: u32 = connection.query_row("PRAGMA page_size", [], |row| row.get(0)).unwrap();
    let sql = "SELECT rootpage FROM sqlite_master WHERE name IN ('entries', 'in_force', 'runs')";
    let pages: Vec<u32> = connection.prepare(sql).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(pages.len(), 3);
    drop(connection);
    // The layout can be read, and the tables can't.
    let mut bytes = fs::read(&path).unwrap();
    pages.iter().for_each(|page| bytes[((page - 1) * size) as usize..(page * size) as usize].fill(0xa5));
    fs::write(&path, bytes).unwrap();
    let way_out = format!("'dqmon book restore {backup}'");
    let by = ["--who", "Ada", "--role", "shifter"];
    for arguments in [&["runs"][..], &["show", "run1"], &[&["decide", "run1", "OK"][..], &by].concat(), &["book", "verify"]] {
        let refused = shift.run(arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {}", said(&refused));
        assert!(said(&refused).contains("damaged"), "{arguments:?}: {}", said(&refused));
        assert_eq!(said(&refused).matches(&way_out).count(), 1, "{arguments:?}: {}", said(&refused));
    }
    ok(&shift.run(&["book", "restore", &backup]));
    ok(&shift.run(&["book", "verify"]));
}

#[test]
fn a_book_in_postgresql_comes_back_into_a_new_database() {
    let Some(server) = server("a backup of a book in PostgreSQL") else { return };
    let shift = shift_on(&server.new_database("first"));
    know_runs(book_of(&shift).as_mut(), &[1]);
    ok(&decide(&shift, "run1", "OK", "Ada"));
    let backup = ok(&shift.run(&["book", "backup"])).trim().to_owned();
    let new = shift_on(&server.new_database("second"));
    ok(&new.run(&["book", "restore", &backup]));
    assert_eq!(new.run(&["book", "export"]).stdout, shift.run(&["book", "export"]).stdout);
    ok(&decide(&new, "run1", "BAD", "Ben"));
    assert_eq!(book_of(&new).chain_ends().unwrap().len(), 2);
}

#[test]
fn a_tampered_book_in_postgresql_is_not_backed_up_and_good_backups_stay() {
    let Some(server) = server("a backup of a tampered book in PostgreSQL") else { return };
    let shift = shift_on(&server.new_database("tampered"));
    know_runs(book_of(&shift).as_mut(), &[1]);
    ok(&decide(&shift, "run1", "OK", "Ada"));
    let good = ok(&shift.run(&["book", "backup"])).trim().to_owned();
    // By who may do everything on the server, past the guards.
    let tampering = "SET session_replication_role = replica; UPDATE entries SET who = 'Eve'";
    server.connect("tampered").batch_execute(tampering).unwrap();
    let refused = shift.run(&["book", "backup"]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("was changed") && said(&refused).contains(&good), "{}", said(&refused));
    let left: Vec<PathBuf> =
        fs::read_dir(Path::new(&good).parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, [PathBuf::from(&good)], "nothing is left of the one that was refused");
}

#[test]
fn two_books_exchange_what_people_said_and_conflicts_stay() {
    let shift = told();
    let other = Shift::new("");
    know_runs(book_of(&other).as_mut(), &[1, 2, 3, 4]);
    ok(&decide(&other, "run4", "OK", "Ben"));
    let path = other.workspace.book().display().to_string();
    assert!(ok(&shift.run(&["sync", &path])).contains("1 entry came, 5 entries went"));
    assert!(ok(&shift.run(&["sync", &path])).contains("0 entries came, 0 entries went"));
    assert!(ok(&other.run(&["sync", &shift.workspace.book().display().to_string()])).contains("0 entries came, 0 entries went"));
    assert!(said(&shift.run(&["status"])).contains("last exchange with"));
    // Each says something of run2 before it hears of the other.
    ok(&decide(&shift, "run2", "OK", "Ada"));
    ok(&decide(&other, "run2", "BAD", "Ben"));
    let exchanged = shift.run(&["sync", &path]);
    assert_eq!(exchanged.status.code(), Some(1), "{}", said(&exchanged));
    let conflicts = shift.run(&["book", "conflicts"]);
    assert!(said(&conflicts).contains("run2@raw") && said(&conflicts).contains("Ben"), "{}", said(&conflicts));
    assert!(said(&shift.run(&["status"])).contains("1 subject in conflict"));
    for book in [&shift, &other] {
        assert_eq!(book_of(book).in_force_on(EntryKind::Decision, "run2@raw").unwrap().len(), 2);
        assert_eq!(book_of(book).verify_chains().unwrap(), Vec::<String>::new());
    }
    // The same said in both is no conflict, nor is a status that was derived in each.
    for (book, who) in [(&shift, "Ada"), (&other, "Ben")] {
        let status = NewEntry {
            kind: EntryKind::Status,
            subject: "run3-p1/reconstructed".into(),
            body: serde_json::json!({"status": who.len(), "of": who}),
            ..as_entry("run3", who)
        };
        book_of(book).append(&[as_entry("run9", who), status]).unwrap();
    }
    shift.run(&["sync", &path]);
    let conflicts = book_of(&shift).conflicts().unwrap();
    assert_eq!(book_of(&shift).in_force_on(EntryKind::Decision, "run9@raw").unwrap().len(), 2);
    assert_eq!(conflicts.iter().map(|entry| entry.subject.as_str()).collect::<Vec<_>>(), ["run2@raw", "run2@raw"]);
    // A book that is not there is not made; one that went on from a copy under the same id is refused.
    let nowhere = shift.workspace.root.join("nowhere.sqlite");
    assert_eq!(shift.run(&["sync", nowhere.to_str().unwrap()]).status.code(), Some(2));
    assert!(!nowhere.exists());
    let copy = PathBuf::from(ok(&shift.run(&["book", "backup"])).trim());
    ok(&decide(&shift, "run1", "OK", "Ada"));
    let twin = Shift::new("");
    fs::copy(&copy, twin.workspace.book()).unwrap();
    ok(&decide(&twin, "run1", "MAYBE", "Eve"));
    let refused = shift.run(&["sync", &twin.workspace.book().display().to_string()]);
    assert!(said(&refused).contains("went on from a copy"), "{}", said(&refused));
}

#[test]
fn a_full_disk_is_told_and_the_book_is_unharmed() {
    let shift = told();
    let disk = match crate::soaking::farm::SmallDisk::over(&shift.workspace.root.join("small"), 3) {
        Ok(disk) => disk,
        Err(why) => return println!("COULD NOT RUN: a decision on a full disk: {why}"),
    };
    let small = shift.workspace.root.join("small");
    fs::write(shift.workspace.root.join("dqmon.toml"), "[book]\npath = \"small/book.sqlite\"\n").unwrap();
    let place = dqmon::config::Workspace::open(&shift.workspace.root).unwrap().book_place();
    know_runs(open(&place).unwrap().as_mut(), &[1]);
    ok(&decide(&shift, "run1", "OK", "Ada"));
    let mut open = open(&place).unwrap();
    disk.fill();
    // In the middle of a decision, and before one.
    let entry = NewEntry { supersedes: vec![open.entries_after(0, 1).unwrap()[0].id], ..as_entry("run1", "Ben") };
    let refused = open.append(&[entry]).unwrap_err().to_string();
    assert!(refused.contains("full"), "{refused}");
    assert_eq!(open.entries_after(0, 10).unwrap().len(), 1);
    drop(open);
    let refused = decide(&shift, "run1", "BAD", "Ben");
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("full"), "{}", said(&refused));
    fs::remove_file(small.join("filler")).unwrap();
    ok(&shift.run(&["book", "verify"]));
    ok(&decide(&shift, "run1", "BAD", "Ben"));
    assert_eq!(dqmon::bookkeeping::open(&place).unwrap().entries_after(0, 10).unwrap().len(), 2);
    drop(disk);
}

#[test]
fn a_line_is_encrypted_and_a_server_of_another_authority_is_refused() {
    let Some(mut server) = server("an encrypted line") else { return };
    let url = server.new_database("tls");
    let authority = match server.encrypt() {
        Ok(authority) => authority,
        Err(why) => return println!("COULD NOT RUN: an encrypted line: {why}"),
    };
    let connect = |query: &str| PostgresStore::connect(&BookAddress::new(&format!("{url}?{query}"), None).unwrap());
    let mut book = connect(&format!("sslmode=verify-full&sslrootcert={}", authority.display())).unwrap();
    know_runs(&mut book, &[1]);
    let encrypted = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND application_name = 'dqmon'";
    assert_eq!(server.connect("tls").query_one(encrypted, &[]).unwrap().get::<_, i64>(0), 1);
    // Another authority of the same name.
    let Some(mut other) = self::server("an encrypted line") else { return };
    let other = other.encrypt().unwrap();
    let refused = connect(&format!("sslmode=verify-full&sslrootcert={}", other.display())).map(drop).unwrap_err().to_string();
    assert!(refused.contains("certificate") && !refused.contains("horse"), "{refused}");
}
