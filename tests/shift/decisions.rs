//! Decisions, marks and statuses: through the commands, and alike on both engines.

use std::process::Output;

use dqmon::bookkeeping::*;
use dqmon::config::Settings;
use dqmon::decisions::status::ProcessingOf;
use dqmon::decisions::{Quality, Speaker, cut, decide, judged, mark_subsystem, seen, undo, why_run};
use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::{FileId, Processing, Run};
use serde_json::Value;

use super::book_story::engines;
use super::workspace::{Shift, said};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_479_290_400 + second).unwrap()
}

/// A run with two files and a processing.
fn rows(run: u32) -> Vec<Row> {
    let file = |sequence: u32| {
        Row::File(FileRecord {
            file: FileId::new(run, sequence),
            step: FileStep::Stored,
            since: at(0),
            failure: None,
            reason: None,
            source: format!("run{run}-seq{sequence}.dat"),
            size_bytes: 7,
            daq_closed: at(i64::from(sequence)),
            arrived: at(i64::from(sequence)),
            adler32: None,
            events_by_trigger: None,
            refused: None,
        })
    };
    let processing = Row::Processing(ProcessingRecord {
        run: Run(run),
        processing: Processing(1),
        lane: "FULL".into(),
        step: ProcessingStep::Done,
        since: at(0),
        opened: at(0),
        because: "taken in".into(),
        hold: None,
        settings_sum: String::new(),
        missing: Vec::new(),
        to_publish: false,
    });
    let record = Row::Run(RunRecord { run: Run(run), first_seen: at(0), ended: None, ended_by: None });
    vec![record, file(0), file(1), processing]
}

/// A workspace whose book knows two runs.
fn shift() -> Shift {
    let shift = Shift::new("");
    let mut store = SqliteStore::open(&shift.workspace.book()).unwrap();
    for run in [1, 2] {
        store.record(None, &[], &rows(run)).unwrap();
    }
    shift
}

fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    said(output)
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{}", said(output));
    said(output)
}

const ADA: [&str; 4] = ["--who", "Ada", "--role", "shifter"];
const BEN: [&str; 4] = ["--who", "Ben", "--role", "expert"];

fn with<'a>(command: &[&'a str], by: [&'a str; 4]) -> Vec<&'a str> {
    command.iter().copied().chain(by).collect()
}

#[test]
fn a_file_has_its_runs_flag_until_it_has_one_of_its_own() {
    let shift = shift();
    let flag = |what: &str| {
        let text = done(&shift.run(&["show", what]));
        text.lines().find(|line| line.starts_with("flag ")).unwrap().to_owned()
    };
    done(&shift.run(&with(&["decide", "run1", "BAD", "--comment", "HV off"], ADA)));
    assert!(flag("run1-seq0").starts_with("flag BAD: decided on the run by Ada (shifter)"), "{}", flag("run1-seq0"));
    done(&shift.run(&with(&["decide", "run1-seq0", "OK"], BEN)));
    assert!(flag("run1-seq0").starts_with("flag OK: decided by Ben (expert)"), "{}", flag("run1-seq0"));
    assert!(flag("run1-seq1").starts_with("flag BAD: decided on the run"));
    let told = done(&shift.run(&with(&["decide", "run1-seq0", "UNCHECKED"], BEN)));
    let number = told.trim().rsplit_once("decision ").unwrap().1.trim_end_matches(')').to_owned();
    assert!(flag("run1-seq0").starts_with("flag UNCHECKED: decided by Ben"), "its own, and not its run's BAD");
    done(&shift.run(&with(&["undo", &number], BEN)));
    assert!(flag("run1-seq0").starts_with("flag OK: decided by Ben"));
    let runs: Value = serde_json::from_slice(&shift.run(&["runs", "--json"]).stdout).unwrap();
    assert_eq!(runs["runs"][0]["flag"], "BAD");
    assert!(runs["runs"][0]["flag_comes_from"].as_str().unwrap().starts_with("decided by Ada"), "{runs}");
}

#[test]
fn commands_say_what_there_is_in_the_place_of_a_wrong_word() {
    let shift = shift();
    let told = refused(&shift.run(&with(&["decide", "run1", "OK", "--usable-for", "fun"], ADA)));
    assert!(told.contains("physics, calibration, efficiency"), "{told}");
    let told = refused(&shift.run(&with(&["decide", "run1", "OK", "--comment-word", "meh"], ADA)));
    assert!(told.contains("LEM tripped"), "{told}");
    let told = refused(&shift.run(&with(&["mark", "run1-p1", "RQM", "physics"], BEN)));
    assert!(told.contains("good, flawed, bad, unset"), "{told}");
    assert!(refused(&shift.run(&with(&["mark", "run1-p1", "good"], BEN))).contains("run1-p2 RQM good"));
    assert!(refused(&shift.run(&with(&["decide", "run1-p9", "OK"], BEN))).contains("run1-p1"));
    assert!(refused(&shift.run(&with(&["decide", "run1[x..y]", "OK"], BEN))).contains("FROM..TO"));
    let body = ["decide", "run1", "BAD", "--comment-word", "LEM tripped", "--outcome", "lost", "--usable-for", "calibration"];
    done(&shift.run(&with(&body, ADA)));
    let text = done(&shift.run(&["show", "run1"]));
    assert!(text.contains("BAD, lost, usable for calibration by Ada, shifter: LEM tripped"), "{text}");
    let range = "run1[2016-11-16T10:00:00Z..2016-11-16T10:30:00Z]";
    done(&shift.run(&with(&["decide", range, "MAYBE", "--comment", "spark"], ADA)));
    // The second shifter is told who was first, and what was said.
    let told = refused(&shift.run(&with(&["decide", "run1", "OK", "--supersedes", "0"], BEN)));
    assert!(told.contains("BAD") && told.contains("by Ada"), "{told}");
}

#[test]
fn a_lock_and_a_second_person_are_kept_by_the_commands() {
    let shift = shift();
    let told = done(&shift.run(&with(&["decide", "run1", "OK"], ADA)));
    let number = told.trim().rsplit_once("decision ").unwrap().1.trim_end_matches(')').to_owned();
    assert!(refused(&shift.run(&with(&["verify", &number], ADA))).contains("another person"));
    done(&shift.run(&with(&["verify", &number], BEN)));
    done(&shift.run(&with(&["lock", "run1", "--comment", "published"], BEN)));
    let told = refused(&shift.run(&with(&["decide", "run1", "MAYBE"], ADA)));
    assert!(told.contains("locked by Ben") && told.contains("published"), "{told}");
    assert!(refused(&shift.run(&with(&["unlock", "run1"], ADA))).contains("expert"));
    let text = done(&shift.run(&["show", "run1"]));
    assert!(text.contains("verified by Ben") && text.contains("locked by Ben"), "{text}");
    done(&shift.run(&with(&["unlock", "run1"], BEN)));
    done(&shift.run(&with(&["decide", "run1", "MAYBE"], ADA)));
}

#[test]
fn a_status_follows_from_marks_why_is_told_and_another_rule_is_thought_through() {
    let shift = shift();
    for mark in
        [["run1-p1", "RQM", "good"], ["run1-p1", "CAL", "physics"], ["run2-p1", "RQM", "good"], ["run2-p1", "CAL", "det_study"]]
    {
        done(&shift.run(&with(&[&["mark"][..], &mark].concat(), BEN)));
    }
    let runs: Value = serde_json::from_slice(&shift.run(&["runs", "--json"]).stdout).unwrap();
    let statuses: Vec<i64> = (0..2).map(|run| runs["runs"][run]["statuses"][0]["status"].as_i64().unwrap()).collect();
    assert_eq!(statuses, [1, 2]);
    let why = done(&shift.run(&["why", "run2-p1"]));
    assert!(why.starts_with("run2-p1: status 2 (not good)"), "{why}");
    assert!(
        why.contains("CAL is det_study: said by Ben (expert)") && why.contains("it would be 1 (good) with CAL physics"),
        "{why}"
    );
    let why: Value = serde_json::from_slice(&shift.run(&["why", "run2", "--json"]).stdout).unwrap();
    assert_eq!(why["products"][0]["why"]["derived"]["status"], 2, "{why}");
    let cut = done(&shift.run(&["book", "cut"]));
    assert!(cut.contains("2 products: 0 products of another status, 0 changes kept"), "{cut}");
    let file = shift.folder.path().join("rule.toml");
    let from = Timestamp::now() - std::time::Duration::from_secs(1);
    let rule =
        format!("version = \"2\"\nfrom = \"{from}\"\ndefault = 2\ncases = [{{ status = 1, when = {{ RQM = [\"good\"] }} }}]\n");
    std::fs::write(&file, rule).unwrap();
    let file = file.to_str().unwrap();
    let output = shift.run(&["rule", "what-if", file]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("run2-p1: 2 -> 1"), "{}", said(&output));
    assert!(done(&shift.run(&["why", "run2"])).contains("status 2"), "nothing was written");
    done(&shift.run(&with(&["rule", "save", file], BEN)));
    let cut = done(&shift.run(&["book", "cut"]));
    assert!(cut.contains("run2-p1: 2 -> 1 (good)"), "{cut}");
    assert!(done(&shift.run(&["rule", "list"])).contains("rule \"2\""));
    std::fs::write(file, "version = \"3\"\nfrom = \"2030-01-01T00:00:00Z\"\ndefault = 9\ncases = []\n").unwrap();
    assert!(refused(&shift.run(&["rule", "what-if", file])).contains("gives status 9"));
}

#[test]
fn what_was_merged_is_as_good_as_the_worst_of_it_and_follows_it() {
    let shift = shift();
    for run in ["run1-p1", "run2-p1"] {
        done(&shift.run(&with(&["mark", run, "RQM", "good"], BEN)));
        done(&shift.run(&with(&["mark", run, "CAL", "physics"], BEN)));
    }
    let merged = ["product", "new", "cosmics", "--kind", "merged", "--from", "run1-p1", "--from", "run2-p1"];
    assert!(done(&shift.run(&with(&merged, BEN))).starts_with("cosmics: status 1 (good), merged from 2"));
    done(&shift.run(&with(&["mark", "run2-p1", "RQM", "bad"], BEN)));
    let why = done(&shift.run(&["why", "cosmics"]));
    assert!(why.contains("status 2 (not good)") && why.contains("run2-p1 is 2"), "{why}");
    assert!(!why.contains("run1-p1"), "one that is good is no reason: {why}");
    let list: Value = serde_json::from_slice(&shift.run(&["product", "list", "--json"]).stdout).unwrap();
    assert_eq!((&list["products"][0]["product"], &list["products"][0]["status"]), (&"cosmics".into(), &2.into()), "{list}");
    // Made from what nobody knows, it is unchecked, and that is said.
    let output = shift.run(&with(&["product", "new", "odd", "--kind", "selected", "--from", "run77-p1"], BEN));
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("not known: run77-p1") && said(&output).contains("status 0 (unchecked)"), "{}", said(&output));
    let round = shift.run(&with(&["product", "new", "run1-p1", "--kind", "selected", "--from", "cosmics"], BEN));
    assert!(refused(&round).contains("would be made from itself"), "{}", said(&round));
    assert!(refused(&shift.run(&["why", "nothing"])).contains("products there are: cosmics, odd"));
}

#[test]
fn both_engines_say_the_same_of_decisions_marks_and_statuses() {
    let settings = Settings::default();
    let quality = Quality::of(&settings);
    let mut told = Vec::new();
    for engine in engines() {
        let mut book = engine.book("decisions").open();
        let store = book.as_mut();
        store.record(None, &[], &rows(1)).unwrap();
        let say = |store: &mut dyn Store, subject: DecisionSubject, flag, second| {
            let supersedes = seen(store, EntryKind::Decision, &subject.to_string(), None).unwrap();
            let decision = Decision::new(flag, "'; DROP TABLE entries; -- \u{0} =1+1 <b>");
            let (who, role) = ("Ada".to_owned(), "shifter".to_owned());
            decide(
                store,
                quality,
                &NewDecision { at: at(second), subject, decision, who, role, supersedes, wish: None, seen: None },
            )
            .unwrap()
        };
        let file = DecisionSubject::file(FileId::new(1, 0));
        say(store, DecisionSubject::run(Run(1)), Flag::Bad, 10);
        say(store, file, Flag::Ok, 11);
        let last = say(store, file, Flag::Unchecked, 12);
        let by = Speaker { who: "Ben", role: "expert", at: at(13) };
        let of = ProcessingOf { run: Run(1), processing: Processing(1) };
        for (subsystem, word) in [("RQM", "good"), ("CAL", "physics")] {
            mark_subsystem(store, quality, of, subsystem, word, "", by, None).unwrap();
        }
        let shown = judged(store, quality, Run(1), at(20)).unwrap();
        let flags: Vec<_> = shown.files.iter().map(|of| (of.flag.flag, of.origin.clone())).collect();
        assert_eq!((flags[0].0, flags[1].0, shown.processings[0].why.derived.status), (Flag::Unchecked, Flag::Bad, 1));
        undo(store, quality, last.id, by).unwrap();
        let why = why_run(store, quality, Run(1), None, at(20)).unwrap().remove(0).1.lines;
        let found = cut(store, quality, at(30)).unwrap();
        assert_eq!(found.written, 0, "{found:?}");
        let kept: Vec<i64> = store.history(EntryKind::Status, "run1-p1").unwrap().iter().map(|entry| entry.id.number).collect();
        assert_eq!(store.verify_chains().unwrap(), Vec::<String>::new());
        told.push(format!("{flags:?} {why:?} {kept:?}"));
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:#?}");
}
