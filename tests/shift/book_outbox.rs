//! What people say while the book's server is away: kept, delivered once, and never over words that nobody saw.

use std::fs;

use dqmon::bookkeeping::*;
use jiff::Timestamp;
use monitasks::vocab::Run;

use crate::book_care::{as_entry, book_of, decide, know_runs, ok, server, shift_on};
use crate::workspace::said;

#[test]
fn what_is_said_while_the_server_is_away_is_delivered_once_and_a_conflict_is_shown() {
    let Some(server) = server("an outbox") else { return };
    let url = server.new_database("outbox");
    let (ada, ben) = (shift_on(&url), shift_on(&url));
    know_runs(book_of(&ada).as_mut(), &[1, 2]);
    ok(&decide(&ada, "run1", "OK", "Ada"));
    server.stop("immediate");
    for (run, flag) in [("run1", "BAD"), ("run2", "OK"), ("run2", "MAYBE")] {
        let kept = decide(&ada, run, flag, "Ada");
        assert_eq!(kept.status.code(), Some(1), "{}", said(&kept));
        assert!(said(&kept).contains("kept, and delivered when"), "{}", said(&kept));
    }
    let status = said(&ada.run(&["status"]));
    assert!(status.contains("3 entries wait") && status.contains("run1@raw by Ada"), "{status}");
    server.begin().unwrap();
    ok(&decide(&ben, "run1", "MAYBE", "Ben"));
    let delivered = ada.run(&["book", "outbox", "--deliver"]);
    assert!(said(&delivered).contains("2 delivered, 1 refused"), "{}", said(&delivered));
    assert!(said(&delivered).contains("MAYBE") && said(&delivered).contains("Ben"), "what is in force: {}", said(&delivered));
    let status = said(&ada.run(&["status"]));
    assert!(status.contains("not delivered") && !status.contains("wait"), "{status}");
    let book = book_of(&ada);
    let flags = |subject: &str| -> Vec<String> {
        let history = book.history(EntryKind::Decision, subject).unwrap();
        history.iter().map(|entry| entry.body["flag"].as_str().unwrap().to_owned()).collect()
    };
    // The second word on run2 takes the place of the first, which waited with it.
    assert_eq!(flags("run1@raw"), ["OK", "MAYBE"]);
    assert_eq!(flags("run2@raw"), ["OK", "MAYBE"]);
    assert_eq!(book.in_force_on(EntryKind::Decision, "run2@raw").unwrap().len(), 1);
    assert_eq!(book.conflicts().unwrap(), []);
    assert!(said(&ada.run(&["book", "outbox", "--deliver"])).contains("0 delivered, 0 refused"));
    ok(&ada.run(&["book", "outbox", "--settle", "1"]));
    assert!(!said(&ada.run(&["status"])).contains("not delivered"));
    assert!(fs::read_to_string(ada.workspace.root.join("processing/outbox_settled.jsonl")).unwrap().contains("run1@raw"));
}

#[test]
fn what_nobody_saw_is_not_overruled_by_what_waited() {
    let Some(server) = server("what was seen") else { return };
    let shift = shift_on(&server.new_database("seen"));
    let mut book = book_of(&shift);
    let outbox = outbox_of(&shift.workspace.book_place()).unwrap();
    let (own, other) = (book.book_id().unwrap(), "0123456789abcdef".parse().unwrap());
    know_runs(book.as_mut(), &[1, 2, 3]);
    let said = |run: u32, seen: Option<i64>| NewEntry {
        seen,
        subject: format!("run{run}@raw"),
        run: Some(Run(run)),
        wish: Some(format!("{run} {seen:?}")),
        ..as_entry("run1@raw", "Ben")
    };
    for run in 1..=3 {
        book.append(&[NewEntry { subject: format!("run{run}@raw"), run: Some(Run(run)), ..as_entry("run1@raw", "Ada") }])
            .unwrap();
    }
    // The place that this workspace knew was one of a book that came back from a backup since: nothing of this one was seen.
    outbox.saw(999, other);
    outbox.keep(&[said(1, None)]).unwrap();
    assert_eq!(book.deliver().unwrap(), (0, 1));
    // Who said that nothing was in force did not see what the workspace saw.
    outbox.saw(999, own);
    outbox.keep(&[said(2, Some(0))]).unwrap();
    assert_eq!(book.deliver().unwrap(), (0, 1));
    outbox.keep(&[said(3, None)]).unwrap();
    assert_eq!(book.deliver().unwrap(), (1, 0));
    let in_force = book.in_force(EntryKind::Decision).unwrap();
    assert_eq!(in_force.iter().map(|entry| entry.who.as_str()).collect::<Vec<_>>(), ["Ada", "Ada", "Ben"]);
}

#[test]
fn a_server_that_refuses_for_now_is_asked_again() {
    let Some(server) = server("a server that may only be read for now") else { return };
    let shift = shift_on(&server.new_database("passing"));
    know_runs(book_of(&shift).as_mut(), &[1]);
    server.connect("postgres").batch_execute("ALTER DATABASE passing SET default_transaction_read_only = on").unwrap();
    let kept = decide(&shift, "run1", "OK", "Ada");
    assert!(said(&kept).contains("kept, and delivered when"), "{}", said(&kept));
    let waits = said(&shift.run(&["book", "outbox", "--deliver"]));
    assert!(waits.contains("read-only") && !waits.contains("1 refused"), "{waits}");
    server.connect("postgres").batch_execute("ALTER DATABASE passing SET default_transaction_read_only = off").unwrap();
    assert!(said(&shift.run(&["book", "outbox", "--deliver"])).contains("1 delivered, 0 refused"));
}

#[test]
fn a_delivery_whose_answer_was_lost_is_not_made_twice() {
    let Some(server) = server("a lost answer") else { return };
    let shift = shift_on(&server.new_database("lost"));
    let mut book = book_of(&shift);
    let said = NewDecision {
        at: Timestamp::now(),
        subject: DecisionSubject::run(Run(1)),
        decision: Decision::new(monitasks::quality::Flag::Ok, ""),
        who: "Ada".into(),
        role: "shifter".into(),
        supersedes: Vec::new(),
        wish: Some("drawn by chance".into()),
        seen: None,
    };
    // The server stored it, and went away before it said so: the same words wait in the outbox.
    book.append(&[said.entry().unwrap()]).unwrap();
    outbox_of(&shift.workspace.book_place()).unwrap().keep(&[said.entry().unwrap()]).unwrap();
    assert_eq!(book.deliver().unwrap(), (1, 0));
    assert_eq!(book.entries_after(0, 10).unwrap().len(), 1);
    assert!(book.outbox().is_empty());
    // A line that was cut short by a power cut is kept where a person finds it.
    fs::write(shift.workspace.root.join("processing/outbox.jsonl"), "{\"entries\":[{\"at\":\"20").unwrap();
    assert_eq!(book.deliver().unwrap(), (0, 1));
    assert!(book.outbox().undelivered[0].contains("can't be read"), "{:?}", book.outbox());
}
