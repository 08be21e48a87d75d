//! Problems, known issues, follow-ups, shifts and meetings by the command line, as people on shift use them.

use std::fs;
use std::process::Output;

use dqmon::bookkeeping::{Row, RunRecord, SqliteStore, Store};
use jiff::Timestamp;
use monitasks::vocab::Run;
use serde_json::Value;

use crate::services::smtp::{Manners, SmtpSink, free_port};
use crate::workspace::{Shift, said};

/// A workspace with a book that has one run.
fn shift(settings: &str) -> Shift {
    let shift = Shift::new(settings);
    let mut store = SqliteStore::open(&shift.workspace.book()).unwrap();
    let run = RunRecord { run: Run(1), first_seen: Timestamp::now(), ended: None, ended_by: None };
    store.record(None, &[], &[Row::Run(run)]).unwrap();
    shift
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// Runs it; it must end with that status. Answers what it said.
fn told(shift: &Shift, wanted: i32, arguments: &[&str]) -> String {
    let output = shift.run(arguments);
    assert_eq!(status(&output), wanted, "{arguments:?}: {}", said(&output));
    said(&output)
}

fn json(shift: &Shift, arguments: &[&str]) -> Value {
    let output = shift.run(&[arguments, &["--json"]].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", said(&output)))
}

#[test]
fn a_problem_is_told_seen_to_shelved_closed_and_opened_again() {
    let shift = shift("");
    let nothing = told(&shift, 0, &["problem", "list"]);
    assert!(nothing.contains("no problem is open"), "{nothing}");
    let new = ["problem", "new", "HV of LEM 4 tripped", "--file", "run1-seq0", "--item", "purity/lifetime_trend", "--channels"];
    told(&shift, 0, &[&new[..], &["320-383", "--severity", "critical", "--urgent", "--who", "Ada"]].concat());
    let listed = json(&shift, &["problem", "list"]);
    let problem = &listed["problems"][0];
    let id = problem["id"].as_str().unwrap().to_owned();
    assert_eq!((&problem["state"], &problem["place"]["run"]), (&"open".into(), &1.into()));
    assert_eq!(problem["place"]["channels"], "320-383");
    // What calls for somebody is a finding; acknowledging it needs words.
    let called = told(&shift, 1, &["problem", "list"]);
    assert!(called.contains("urgent and not acknowledged") && called.contains("run1-seq0"), "{called}");
    let refused = told(&shift, 2, &["problem", "ack", &id, "--who", "Ben"]);
    assert!(refused.contains("the comment is missing"), "{refused}");
    let begin = &id[..5];
    told(&shift, 0, &["problem", "ack", begin, "--who", "Ben", "--role", "expert", "--comment", "on my way"]);
    told(&shift, 0, &["problem", "list"]);
    told(&shift, 0, &["problem", "take", &id, "--who", "Ben"]);
    told(&shift, 0, &["problem", "shelve", &id, "--until", "3d", "--who", "Ben", "--comment", "spare comes on Thursday"]);
    told(&shift, 2, &["problem", "shelve", &id, "--until", "2001-01-01", "--who", "Ben", "--comment", "late"]);
    told(&shift, 2, &["problem", "reopen", &id, "--who", "Ben", "--comment", "x"]);
    told(&shift, 0, &["problem", "close", &id, "--who", "Ben", "--comment", "spare is in"]);
    let closed = told(&shift, 2, &["problem", "take", &id, "--who", "Cy"]);
    assert!(closed.contains("reopen it first"), "{closed}");
    told(&shift, 0, &["problem", "reopen", &id, "--who", "Cy", "--comment", "tripped again"]);
    let shown = json(&shift, &["problem", "show", &id]);
    let deeds: Vec<&str> = shown["history"].as_array().unwrap().iter().map(|step| step["did"].as_str().unwrap()).collect();
    assert_eq!(deeds, ["opened", "acknowledged", "taken", "shelved", "closed", "reopened"]);
    assert_eq!((&shown["problem"]["owner"], &shown["problem"]["closed"]), (&"Ben".into(), &Value::Null));
    // An opened problem calls again; nothing of it was lost in the book.
    told(&shift, 1, &["problem", "list"]);
    let unknown = told(&shift, 2, &["problem", "show", "zzz"]);
    assert!(unknown.contains("there are ") && unknown.contains(&id), "{unknown}");
    let read_only = told(&shift, 2, &["--read-only", "problem", "comment", &id, "--who", "Ada", "--comment", "x"]);
    assert!(read_only.contains("--read-only"), "{read_only}");
}

#[test]
fn whatever_is_written_comes_back_cleaned_and_never_as_something_else() {
    let shift = shift("");
    let wild = ["'; DROP TABLE entries; --", "=HYPERLINK(\"http://x\")", "<script>alert(1)</script>", "a\u{1b}[2Jb\u{202e}c\nd"];
    for what in wild {
        told(&shift, 0, &["problem", "new", what, "--who", what, "--comment", what]);
    }
    let listed = json(&shift, &["problem", "list"]);
    let mut found: Vec<&str> = listed["problems"].as_array().unwrap().iter().map(|row| row["what"].as_str().unwrap()).collect();
    found.sort_unstable();
    let mut wanted = [wild[0], wild[1], wild[2], "a [2Jb c d"];
    wanted.sort_unstable();
    assert_eq!(found, wanted);
    let long = told(&shift, 2, &["problem", "new", "x", "--who", "Ada", "--comment", &"x".repeat(10_000)]);
    assert!(long.contains("10000 letters, at most 4000"), "{long}");
    let page = shift.workspace.root.join("page.html");
    told(&shift, 0, &["report", "meeting", "--out", page.to_str().unwrap()]);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !page.contains("<script"), "{page}");
}

#[test]
fn known_issues_and_masks_hold_until_they_expire_or_end() {
    let shift = shift("");
    told(&shift, 0, &["issue", "new", "pump noise", "--from", "run1", "--item", "pedestals", "--expires", "3d", "--who", "Ada"]);
    told(&shift, 0, &["issue", "new", "dead card", "--mask", "0-31,320", "--who", "Ben", "--role", "expert"]);
    let backwards = told(&shift, 2, &["issue", "new", "x", "--from", "run2", "--to", "run1", "--who", "Ada"]);
    assert!(backwards.contains("before the first"), "{backwards}");
    told(&shift, 2, &["issue", "new", "x", "--expires", "2001-01-01", "--who", "Ada"]);
    told(&shift, 2, &["issue", "new", "x", "--mask", "a-b", "--who", "Ada"]);
    let listed = json(&shift, &["issue", "list"]);
    let issues = listed["issues"].as_array().unwrap();
    assert_eq!(issues.len(), 2);
    let mask = issues.iter().find(|issue| issue["kind"] == "mask").unwrap();
    assert_eq!((&mask["scope"]["channels"], &mask["state"]), (&"0-31,320".into(), &"in force".into()));
    told(&shift, 0, &["issue", "end", mask["id"].as_str().unwrap(), "--comment", "card replaced", "--who", "Ben"]);
    assert_eq!(json(&shift, &["issue", "list"])["issues"].as_array().unwrap().len(), 1);
    assert_eq!(json(&shift, &["issue", "list", "--all"])["issues"].as_array().unwrap().len(), 2);
}

#[test]
fn a_shift_begins_is_relieved_with_a_note_and_nobody_on_shift_is_said() {
    let shift = shift("[shifts]\nlength_h = 6.0\n");
    let nobody = told(&shift, 1, &["shift", "show"]);
    assert!(nobody.contains("nobody on shift"), "{nobody}");
    told(&shift, 2, &["shift", "end", "--who", "Ada"]);
    told(&shift, 0, &["shift", "begin", "--who", "Ada Marsh"]);
    let twice = told(&shift, 2, &["shift", "begin", "--who", "Ada Marsh"]);
    assert!(twice.contains("on shift already"), "{twice}");
    let relieved = told(&shift, 0, &["shift", "begin", "--who", "Ben", "--note", "purity falls since noon"]);
    assert!(relieved.contains("Ada Marsh is relieved"), "{relieved}");
    let shown = told(&shift, 0, &["shift", "show"]);
    assert!(shown.contains("Ben (shifter) is on shift") && shown.contains("purity falls since noon"), "{shown}");
    let page = shift.workspace.root.join("shift.html");
    told(&shift, 0, &["decide", "run1", "BAD", "--who", "Ben", "--role", "shifter", "--comment", "<i>HV</i> off"]);
    told(&shift, 0, &["shift", "end", "--who", "Ben", "--note", "quiet & dull"]);
    told(&shift, 0, &["report", "shift", "--out", page.to_str().unwrap()]);
    let page = fs::read_to_string(page).unwrap();
    for words in ["quiet &amp; dull", "&lt;i&gt;HV&lt;/i&gt; off", "Ben (shifter)"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let listed = json(&shift, &["shift", "list"]);
    let people: Vec<&str> = listed["shifts"].as_array().unwrap().iter().map(|shift| shift["who"].as_str().unwrap()).collect();
    assert_eq!(people, ["Ben", "Ada Marsh"]);
    told(&shift, 1, &["shift", "show"]);
}

#[test]
fn a_meeting_begins_where_the_last_one_was_signed_off() {
    let shift = shift("");
    told(&shift, 0, &["problem", "new", "HV tripped", "--run", "run1", "--severity", "critical", "--who", "Ada"]);
    told(&shift, 0, &["follow-up", "new", "calibrate LEM 4", "--owner", "Ben", "--due", "7d", "--who", "Ada"]);
    let before = json(&shift, &["report", "meeting"]);
    let meeting = &before["meeting"];
    assert_eq!((&meeting["undecided"][0]["proposal"], &meeting["since"]), (&"BAD".into(), &Value::Null));
    assert_eq!(meeting["undecided"][0]["because"], "a critical problem is open");
    assert_eq!(meeting["follow_ups"][0]["owner"], "Ben");
    told(&shift, 0, &["decide", "run1", "BAD", "--who", "Cy", "--role", "run coordinator", "--comment", "HV"]);
    told(&shift, 2, &["report", "meeting", "--sign-off"]);
    told(&shift, 0, &["report", "meeting", "--sign-off", "--who", "Cy", "--comment", "all seen"]);
    let after = json(&shift, &["report", "meeting"]);
    let meeting = &after["meeting"];
    assert_eq!((&meeting["since"]["changed_by"], &meeting["undecided_count"]), (&"Cy".into(), &0.into()));
    assert_eq!((&meeting["decided_count"], meeting["problems"].as_array().unwrap().len()), (&0.into(), 1));
    let id = meeting["follow_ups"][0]["id"].as_str().unwrap();
    told(&shift, 2, &["follow-up", "end", id, "--dropped", "--who", "Ben"]);
    told(&shift, 0, &["follow-up", "end", id, "--who", "Ben"]);
    told(&shift, 2, &["follow-up", "move", id, "--owner", "Cy", "--who", "Ben"]);
    assert_eq!(json(&shift, &["follow-up", "list"])["follow_ups"], serde_json::json!([]));
}

#[test]
fn an_urgent_problem_is_told_by_mail_at_once_and_a_server_that_is_away_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let sink = SmtpSink::start(folder.path(), free_port(), &Manners { way: "plain", ..Manners::default() });
    let mail = |port: u16| {
        format!("[mail]\nto = [\"prod@example.org\"]\nserver = \"127.0.0.1\"\nport = {port}\nencryption = \"none\"\n")
    };
    let shift = shift(&mail(sink.port));
    told(&shift, 0, &["problem", "new", "no hurry", "--who", "Ada"]);
    let words = told(&shift, 0, &["problem", "new", "cathode HV\r\nBcc: x@y", "--urgent", "--run", "run1", "--who", "Ada"]);
    assert!(words.contains("told by mail to prod@example.org"), "{words}");
    let mails = sink.mails();
    assert_eq!(mails.len(), 1, "only the urgent one");
    let content = mails[0]["content"].as_str().unwrap();
    assert!(content.contains("URGENT: cathode HV Bcc: x@y (run1)") && !content.contains("\nBcc:"), "{content}");
    fs::write(shift.workspace.root.join("dqmon.toml"), mail(free_port())).unwrap();
    let words = told(&shift, 0, &["problem", "new", "again", "--urgent", "--who", "Ada"]);
    assert!(words.contains("NOT told by mail"), "{words}");
    assert_eq!(json(&shift, &["problem", "list"])["problems"].as_array().unwrap().len(), 3, "it is in the book all the same");
}
