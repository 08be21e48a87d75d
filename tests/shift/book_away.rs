//! The book's server goes away in the middle of a shift and comes back: backend and windows go on, nothing is lost or doubled.

use std::time::{Duration, Instant};

use dqmon::bookkeeping::{Decision, DecisionSubject, EntryKind, FileStep, PassStep};
use dqmon::engine::{Command, DecisionCommand, EngineHandle, Notice, Start, WantedDecision, World};
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use crate::book_care::{book_of, know_runs, settings_of, shift_on};
use crate::services::postgres::Postgres;
use crate::workspace::{PATIENCE, Shift, said};

fn window(shift: &Shift) -> EngineHandle {
    let start = Start { open: Some(shift.workspace.root.clone()), read_only: false };
    dqmon::engine::start(start, World::default(), Box::new(|| {}))
}

fn wait(what: &str, mut holds: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
    began.elapsed()
}

fn flag_of(window: &EngineHandle, run: u32) -> Option<Flag> {
    window.snapshot().runs.iter().find(|row| row.run == Run(run)).map(|row| row.flag)
}

fn decide(window: &EngineHandle, run: u32, flag: Flag, seen: Option<i64>) {
    let decision = WantedDecision {
        subject: DecisionSubject::run(Run(run)),
        decision: Decision::new(flag, "as seen"),
        who: "Ada".into(),
        role: "shifter".into(),
        seen,
    };
    assert!(window.send(Command::Decision(DecisionCommand::Decide(Box::new(decision)))));
}

fn has_banner(window: &EngineHandle, words: &str) -> bool {
    window.snapshot().banners.iter().any(|banner| banner.text.contains(words))
}

#[test]
fn a_decision_in_one_window_shows_in_the_other_within_a_second() {
    let Ok(server) = Postgres::start() else { return println!("COULD NOT RUN: two windows on one book: no PostgreSQL") };
    let url = server.new_database("windows");
    let (one, other) = (shift_on(&url), shift_on(&url));
    know_runs(book_of(&one).as_mut(), &[1, 2, 3]);
    let (one, other) = (window(&one), window(&other));
    for window in [&one, &other] {
        wait("both windows show the runs", || flag_of(window, 3).is_some());
    }
    let mut fastest = Duration::MAX;
    for run in 1..=3 {
        decide(&one, run, Flag::Maybe, None);
        fastest = fastest.min(wait("the other window shows the decision", || flag_of(&other, run) == Some(Flag::Maybe)));
    }
    println!("a decision in one window shows in the other after {fastest:?}");
    assert!(fastest < Duration::from_secs(1), "{fastest:?}");
    // Who did not see it is shown it.
    while other.notice().is_some() {}
    decide(&other, 1, Flag::Ok, None);
    let mut told = None;
    wait("the second one is told", || {
        told = told.take().or_else(|| other.notice());
        told.is_some()
    });
    assert!(matches!(&told, Some(Notice::Refused(why)) if why.contains("MAYBE, \"as seen\", by Ada")), "{told:?}");
}

#[test]
fn a_window_keeps_what_it_showed_and_delivers_when_the_server_is_back() {
    let Ok(server) = Postgres::start() else { return println!("COULD NOT RUN: a window whose server goes away: no PostgreSQL") };
    let shift = shift_on(&server.new_database("window"));
    know_runs(book_of(&shift).as_mut(), &[1, 2]);
    let window = window(&shift);
    wait("the window shows the runs", || flag_of(&window, 2).is_some());
    server.stop("immediate");
    wait("the banner shows", || has_banner(&window, "server is away"));
    assert_eq!(window.snapshot().runs.len(), 2, "what was known stays");
    decide(&window, 1, Flag::Ok, None);
    decide(&window, 2, Flag::Bad, None);
    wait("the window says what waits", || has_banner(&window, "2 entries wait"));
    server.begin().unwrap();
    wait("all is delivered", || !has_banner(&window, "wait") && !has_banner(&window, "away"));
    wait("and shown", || flag_of(&window, 1) == Some(Flag::Ok) && flag_of(&window, 2) == Some(Flag::Bad));
    let book = book_of(&shift);
    assert_eq!(book.entries_after(0, 10).unwrap().len(), 2);
    assert_eq!(book.in_force(EntryKind::Decision).unwrap().len(), 2);
    assert_eq!(book.verify_chains().unwrap(), Vec::<String>::new());
}

#[test]
fn a_backend_waits_for_its_books_server_and_loses_and_doubles_nothing() {
    let Ok(server) = Postgres::start() else { return println!("COULD NOT RUN: a backend whose server goes away: no PostgreSQL") };
    let mut shift = Shift::new("");
    let settings = settings_of(&server.new_database("backend"), &shift.workspace.root) + "[intake]\nreconcile_s = 0.2\n";
    std::fs::write(shift.workspace.root.join("dqmon.toml"), settings).unwrap();
    shift.workspace = dqmon::config::Workspace::open(&shift.workspace.root).unwrap();
    shift.start_backend();
    shift.deliver("run1-seq0.dat", "run1-seq0.dat");
    let overview =
        |shift: &Shift| dqmon::bookkeeping::open_read_only(&shift.workspace.book_place()).and_then(|book| book.overview());
    let log = |shift: &Shift| std::fs::read_to_string(shift.workspace.root.join("all_logs/backend.log")).unwrap_or_default();
    wait("the first file comes in", || overview(&shift).is_ok_and(|book| !book.files.is_empty()));
    let told = |shift: &Shift, words: &str| log(shift).matches(words).count();
    for how in ["immediate", "fast"] {
        let (away, back) = (told(&shift, "server away"), told(&shift, "server is back"));
        server.stop(how);
        wait("the backend says that it waits", || told(&shift, "server away") > away);
        std::thread::sleep(Duration::from_millis(300));
        assert!(shift.backend(0).try_wait().unwrap().is_none(), "the backend ended: {}", log(&shift));
        server.begin().unwrap();
        wait("the backend goes on", || told(&shift, "server is back") > back);
    }
    shift.deliver("run1-seq1.dat", "run1-seq1.dat");
    std::fs::write(shift.workspace.incoming().join("run1.end"), "").unwrap();
    wait("all is done", || {
        let Ok(book) = overview(&shift) else { return false };
        let is_done = |file: &dqmon::bookkeeping::FileRecord| {
            file.step == FileStep::Stored && book.newest_pass(file.file).is_some_and(|pass| pass.step >= PassStep::Reconstructed)
        };
        book.files.len() == 2 && book.files.iter().all(is_done) && !book.groups.is_empty()
    });
    let story = book_of(&shift).story(Run(1), None).unwrap();
    let count = |kind: &str| story.iter().filter(|entry| entry.kind == kind).count();
    assert_eq!((count("arrived"), count("copied")), (2, 2), "{story:#?}");
    assert!(said(&shift.run(&["book", "verify"])).contains("sound"));
}
