//! What the server of a shared book refuses by itself, whoever asks with whatever program.

use dqmon::bookkeeping::*;
use monitasks::vocab::Run;

use crate::book_care::{as_entry, book_of, decide, know_runs, ok, server, shift_on};
use crate::services::postgres::Postgres;
use crate::workspace::said;

#[test]
fn who_may_only_read_is_refused_by_the_server_itself() {
    let Some(server) = server("roles in PostgreSQL") else { return };
    let url = server.new_database("roles");
    let shift = shift_on(&url);
    know_runs(book_of(&shift).as_mut(), &[1]);
    ok(&shift.run(&["book", "init", "--roles"]));
    ok(&shift.run(&["book", "init", "--roles"]));
    let accounts =
        "CREATE ROLE rita LOGIN PASSWORD 'r' IN ROLE dqmon_reader; CREATE ROLE sam LOGIN PASSWORD 's' IN ROLE dqmon_shifter;
        CREATE ROLE dora LOGIN PASSWORD 'd' IN ROLE dqmon_data_manager; CREATE ROLE eve LOGIN PASSWORD 'e'";
    server.connect("roles").batch_execute(accounts).unwrap();
    let shift_of = |account: &str, password: &str| shift_on(&server.address_of(account, password, "roles"));
    let (rita, sam, dora) = (shift_of("rita", "r"), shift_of("sam", "s"), shift_of("dora", "d"));
    let refused = decide(&rita, "run1", "OK", "Rita");
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("permission denied"), "{}", said(&refused));
    assert!(said(&rita.run(&["runs"])).contains("run1"));
    ok(&decide(&sam, "run1", "OK", "Sam"));
    let as_expert = sam.run(&["decide", "run1", "MAYBE", "--who", "Sam", "--role", "expert"]);
    assert!(said(&as_expert).contains("not allowed to speak as expert"), "{}", said(&as_expert));
    assert_eq!(book_of(&dora).entries_after(0, 10).unwrap().len(), 1);
    know_runs(book_of(&dora).as_mut(), &[2]);
    // Over a connection of their own, past the program.
    for (account, password, sql) in [
        ("rita", "r", "INSERT INTO entries (book) VALUES ('x')"),
        ("sam", "s", "UPDATE entries SET who = 'Eve'"),
        ("sam", "s", "DELETE FROM entries"),
        ("sam", "s", "DELETE FROM in_force"),
        ("sam", "s", "UPDATE this_book SET book = 'x'"),
        ("sam", "s", "INSERT INTO runs (run, first_seen_ns) VALUES (9, 0)"),
        ("dora", "d", "UPDATE story SET kind = 'x'"),
        ("eve", "e", "SELECT * FROM entries"),
    ] {
        let address = server.address_of(account, password, "roles");
        let mut client = postgres::Client::connect(&address, postgres::NoTls).unwrap();
        let error = client.batch_execute(sql).unwrap_err();
        assert_eq!(error.code(), Some(&postgres::error::SqlState::INSUFFICIENT_PRIVILEGE), "{account}: {sql}: {error}");
    }
    the_server_guards_the_ledger(&server, &mut book_of(&shift));
}

/// What a shifter with an account and a program of his own can't do either.
fn the_server_guards_the_ledger(server: &Postgres, book: &mut Box<dyn Store>) {
    use postgres::error::SqlState;
    let lock = NewEntry { kind: EntryKind::Lock, body: serde_json::json!({ "is_locked": true }), ..as_entry("run2@raw", "Ada") };
    let locked = book.append(&[NewEntry { run: Some(Run(2)), ..lock }]).unwrap().remove(0);
    let mut client =
        postgres::Client::connect(&server.address_of("sam", "s", "roles"), postgres::NoTls).expect("a shifter may connect");
    // A table of the same name that comes first for whoever is connected so.
    client.batch_execute("CREATE TEMP TABLE in_force (LIKE public.in_force); CREATE TEMP TABLE this_book (book TEXT)").unwrap();
    let mut insert = |number: i64, previous: &str, kind: &str, subject: &str, body: &str| {
        let sql = format!(
            "INSERT INTO public.entries (book, number, at_ns, kind, subject, run, who, role, host, body, supersedes, previous, hash)
            VALUES ('{}', {number}, 0, '{kind}', '{subject}', 2, 'Sam', 'shifter', 'h', '{body}', '[]', '{previous}', 'x')",
            locked.id.book
        );
        client.batch_execute(&sql).map_err(|error| error.code().cloned())
    };
    let (next, hash, flag) = (locked.id.number + 1, locked.hash.as_str(), r#"{"flag":"OK"}"#);
    for (number, previous, kind, subject, body, why) in [
        (i64::MAX, hash, "decision", "run2@selected", flag, SqlState::CHECK_VIOLATION),
        (next, "x", "decision", "run2@selected", flag, SqlState::CHECK_VIOLATION),
        (next, hash, "nokind", "run2@selected", flag, SqlState::CHECK_VIOLATION),
        (next, hash, "decision", "garbage", flag, SqlState::CHECK_VIOLATION),
        (next, hash, "decision", "run2@raw", flag, SqlState::CHECK_VIOLATION),
        (next, hash, "lock", "run2@raw", r#"{"is_locked":false}"#, SqlState::INSUFFICIENT_PRIVILEGE),
        (next, hash, "rule", "rule", "{}", SqlState::INSUFFICIENT_PRIVILEGE),
    ] {
        assert_eq!(insert(number, previous, kind, subject, body), Err(Some(why)), "{number} {kind} {subject} {body}");
    }
    insert(next, hash, "decision", "run2@selected", flag).unwrap();
    let came: i64 =
        server.connect("roles").query_one("SELECT count(*) FROM in_force WHERE subject = 'run2@selected'", &[]).unwrap().get(0);
    assert_eq!(came, 1, "it came into force in the book, not in a table of the shifter's own");
    // Nobody who may only read can make the writers wait.
    let mut reader = postgres::Client::connect(&server.address_of("rita", "r", "roles"), postgres::NoTls).unwrap();
    reader.batch_execute("BEGIN; SELECT pg_advisory_lock(105311)").unwrap();
    assert!(reader.batch_execute("SELECT only_one FROM write_turn FOR UPDATE").is_err());
    book.append(&[NewEntry { subject: "run1@selected".into(), ..as_entry("run1@raw", "Ada") }]).unwrap();
}
