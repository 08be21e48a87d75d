//! Tests of decisions over a book: what is refused, what is written with what, what is undone.

use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::{FileId, Processing, Run, Sequence};

use super::flags::Origin;
use super::status::{Derivation, Derived, ProcessingOf, ProductKind};
use super::*;
use crate::bookkeeping::{
    Decision, DecisionSubject, EntryKind, FileRecord, FileStep, Mark, MarkRecord, NewDecision, Outcome, Part, ProcessingRecord,
    ProcessingStep, Row, RunRecord, SqliteStore, Stage, Store,
};
use crate::config::{RuleSettings, Settings};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_479_290_400 + second).unwrap()
}

/// A book of some runs, each with two files and a processing.
fn book(runs: &[u32]) -> (tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(&folder.path().join("book.sqlite")).unwrap();
    for run in runs {
        store.record(None, &[], &rows(*run)).unwrap();
    }
    (folder, store)
}

fn file(run: u32, sequence: u32, second: i64) -> Row {
    let file = FileId::new(run, sequence);
    Row::File(FileRecord {
        file,
        step: FileStep::Stored,
        since: at(second),
        failure: None,
        reason: None,
        source: file.to_string(),
        size_bytes: 7,
        daq_closed: at(second),
        arrived: at(second),
        adler32: None,
        events_by_trigger: None,
        refused: None,
    })
}

fn rows(run: u32) -> Vec<Row> {
    let processing = ProcessingRecord {
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
    };
    let record = RunRecord { run: Run(run), first_seen: at(0), ended: None, ended_by: None };
    vec![Row::Run(record), file(run, 0, -20), file(run, 1, -10), Row::Processing(processing)]
}

fn by<'a>(who: &'a str, role: &'static str, second: i64) -> Speaker<'a> {
    Speaker { who, role, at: at(second) }
}

fn wanted(subject: DecisionSubject, flag: Flag, note: &str, second: i64) -> NewDecision {
    NewDecision {
        at: at(second),
        subject,
        decision: Decision::new(flag, note),
        who: "Ada".into(),
        role: "shifter".into(),
        supersedes: Vec::new(),
        wish: None,
        seen: None,
    }
}

/// Decides on what is in force just now.
fn say(store: &mut SqliteStore, settings: &Settings, decision: NewDecision) -> Result<i64, DecisionError> {
    let supersedes = seen(store, EntryKind::Decision, &decision.subject.to_string(), None).unwrap();
    decide(store, Quality::of(settings), &NewDecision { supersedes, ..decision }).map(|record| record.id)
}

fn run1() -> DecisionSubject {
    DecisionSubject::run(Run(1))
}

fn p1(run: u32) -> ProcessingOf {
    ProcessingOf { run: Run(run), processing: Processing(1) }
}

/// The status in the book of a product; none when none was written.
fn kept(store: &SqliteStore, product: &str) -> Option<Derived> {
    store.in_force_on(EntryKind::Status, product).unwrap().first().map(|entry| entry.read().unwrap())
}

fn rqm(store: &mut SqliteStore, settings: &Settings, run: u32, subsystem: &str, word: &str) -> i64 {
    mark_subsystem(store, Quality::of(settings), p1(run), subsystem, word, "", by("Ben", "expert", 5), None).unwrap().place
}

#[test]
fn words_that_are_in_no_list_are_refused_with_the_list() {
    let (_folder, mut store) = book(&[1]);
    let settings = Settings::default();
    let mut refused = |decision: Decision| {
        say(&mut store, &settings, NewDecision { decision, ..wanted(run1(), Flag::Ok, "", 0) }).unwrap_err().to_string()
    };
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    let told = refused(Decision { usable_for: words(&["fun"]), ..Decision::default() });
    assert!(told.contains("\"fun\"") && told.contains("physics, calibration, efficiency"), "{told}");
    let told = refused(Decision { comments: words(&["meh"]), ..Decision::default() });
    assert!(told.contains("\"meh\"") && told.contains("looks fine"), "{told}");
    assert!(refused(Decision::new(Flag::Ok, &"x".repeat(20_000))).contains("10000"));
    for (subject, known) in [
        (DecisionSubject::file(FileId::new(1, 9)), "run1-seq1"),
        (DecisionSubject { part: Part::Processing(Processing(7)), ..run1() }, "run1-p1"),
        (DecisionSubject::run(Run(3)), "run1"),
    ] {
        let told = say(&mut store, &settings, wanted(subject, Flag::Ok, "", 0)).unwrap_err().to_string();
        assert!(told.contains("not in the book") && told.contains(known), "{told}");
    }
    let body = Decision {
        outcome: Some(Outcome::Lost),
        usable_for: words(&["efficiency", "physics", "physics"]),
        comments: words(&["LEM tripped"]),
        ..Decision::new(Flag::Bad, "a\0b\tc\nd")
    };
    say(&mut store, &settings, NewDecision { decision: body, ..wanted(run1(), Flag::Bad, "", 0) }).unwrap();
    let kept: Decision = store.in_force_on(EntryKind::Decision, "run1@raw").unwrap()[0].read().unwrap();
    assert_eq!((kept.usable_for, kept.note.as_str()), (words(&["physics", "efficiency"]), "a\u{FFFD}b\u{FFFD}c\nd"));
    assert_eq!(kept.rule_version.as_deref(), Some("1"), "the rule in force stands with the decision");
}

#[test]
fn a_files_own_decision_wins_in_the_book_and_unchecked_is_one_too() {
    let (_folder, mut store) = book(&[1]);
    let settings = Settings::default();
    let own = DecisionSubject::file(FileId::new(1, 0));
    let flags = |store: &SqliteStore| {
        let judged = judged(store, Quality::of(&settings), Run(1), at(100)).unwrap();
        judged.files.iter().map(|of| (of.flag.flag, of.flag.origin)).collect::<Vec<_>>()
    };
    say(&mut store, &settings, wanted(run1(), Flag::Bad, "HV off", 0)).unwrap();
    let on_file = say(&mut store, &settings, wanted(own, Flag::Ok, "", 1)).unwrap();
    assert_eq!(flags(&store), [(Flag::Ok, Origin::Own), (Flag::Bad, Origin::OfRun)]);
    say(&mut store, &settings, wanted(own, Flag::Unchecked, "", 2)).unwrap();
    assert_eq!(flags(&store), [(Flag::Unchecked, Origin::Own), (Flag::Bad, Origin::OfRun)]);
    // Undone it is OK again; undone to before anybody spoke of the file, it has its run's.
    let last = store.in_force_on(EntryKind::Decision, &own.to_string()).unwrap()[0].place;
    undo(&mut store, Quality::of(&settings), last, by("Ada", "shifter", 3)).unwrap();
    assert_eq!(flags(&store)[0], (Flag::Ok, Origin::Own));
    let told = undo(&mut store, Quality::of(&settings), on_file, by("Ada", "shifter", 4)).unwrap_err().to_string();
    assert!(told.contains("in force by now"), "{told}");
}

#[test]
fn what_was_said_first_is_undone_as_if_nobody_had_spoken_and_again_to_what_it_was() {
    let (_folder, mut store) = book(&[1]);
    let settings = Settings::default();
    let quality = Quality::of(&settings);
    let own = DecisionSubject::file(FileId::new(1, 0));
    say(&mut store, &settings, wanted(run1(), Flag::Bad, "HV off", 0)).unwrap();
    let first = say(&mut store, &settings, wanted(own, Flag::Ok, "", 1)).unwrap();
    let flag = |store: &SqliteStore| {
        let judged = judged(store, quality, Run(1), at(100)).unwrap();
        (judged.files[0].flag.flag, judged.files[0].flag.origin)
    };
    let undone = undo(&mut store, quality, first, by("Ada", "shifter", 2)).unwrap();
    assert_eq!(flag(&store), (Flag::Bad, Origin::OfRun));
    undo(&mut store, quality, undone.place, by("Ada", "shifter", 3)).unwrap();
    assert_eq!(flag(&store), (Flag::Ok, Origin::Own));
    assert_eq!(store.history(EntryKind::Decision, &own.to_string()).unwrap().len(), 3, "nothing was taken out of the book");
    let marked = MarkRecord {
        id: 0,
        at: at(4),
        run: Run(1),
        mark: Mark::Flawed,
        comment: String::new(),
        who: "Ada".into(),
        role: "shifter".into(),
    };
    let marked = mark(&mut store, quality, &marked).unwrap();
    let undone = undo(&mut store, quality, marked.id, by("Ada", "shifter", 5)).unwrap();
    assert_eq!(MarkRecord::of(&undone).unwrap().mark, Mark::Unmarked);
}

#[test]
fn what_is_locked_takes_no_word_until_a_role_that_may_unlocks_it() {
    let (_folder, mut store) = book(&[1]);
    let settings = Settings::default();
    let quality = Quality::of(&settings);
    let raw = (Run(1), Stage::Raw);
    let first = say(&mut store, &settings, wanted(run1(), Flag::Ok, "", 0)).unwrap();
    lock(&mut store, quality, raw, true, "published", by("Cleo", "run coordinator", 1)).unwrap();
    assert!(
        lock(&mut store, quality, raw, true, "", by("Cleo", "expert", 1)).unwrap_err().to_string().contains("locked already")
    );
    let told = say(&mut store, &settings, wanted(run1(), Flag::Bad, "no", 2)).unwrap_err().to_string();
    assert!(told.contains("Cleo") && told.contains("published") && told.contains("expert"), "{told}");
    let file = DecisionSubject::file(FileId::new(1, 0));
    assert!(say(&mut store, &settings, wanted(file, Flag::Ok, "", 2)).is_err(), "a file of it is locked too");
    assert!(undo(&mut store, quality, first, by("Ada", "shifter", 2)).is_err());
    say(&mut store, &settings, wanted(run1().at(Stage::Selected), Flag::Ok, "", 2)).unwrap();
    let told = lock(&mut store, quality, raw, false, "", by("Ada", "shifter", 3)).unwrap_err().to_string();
    assert!(told.contains("shifter may not"), "{told}");
    lock(&mut store, quality, raw, false, "", by("Ben", "expert", 4)).unwrap();
    say(&mut store, &settings, wanted(run1(), Flag::Bad, "no", 5)).unwrap();
}

#[test]
fn a_second_person_verifies_the_decision_that_is_in_force() {
    let (_folder, mut store) = book(&[1]);
    let settings = Settings::default();
    let first = say(&mut store, &settings, wanted(run1(), Flag::Ok, "", 0)).unwrap();
    let told = verify(&mut store, first, true, "", by("ADA ", "expert", 1)).unwrap_err().to_string();
    assert!(told.contains("another person"), "{told}");
    assert!(verify(&mut store, first, false, " ", by("Ben", "expert", 1)).is_err(), "who disagrees says why");
    verify(&mut store, first, true, "", by("Ben", "expert", 1)).unwrap();
    let shown = |store: &SqliteStore| judged(store, Quality::of(&settings), Run(1), at(9)).unwrap().stages[0].verified.clone();
    assert_eq!(shown(&store).unwrap().who, "Ben");
    let second = say(&mut store, &settings, wanted(run1(), Flag::Maybe, "", 2)).unwrap();
    assert_eq!(shown(&store), None, "nobody has verified the new one");
    assert!(verify(&mut store, first, true, "", by("Ben", "expert", 3)).is_err());
    verify(&mut store, second, false, "it is fine", by("Ben", "expert", 3)).unwrap();
    assert!(!shown(&store).unwrap().agrees);
}

#[test]
fn a_mark_is_written_with_the_status_it_changes_and_what_led_to_it() {
    let (_folder, mut store) = book(&[1]);
    let settings = Settings::default();
    assert_eq!(kept(&store, "run1-p1"), None);
    let first = rqm(&mut store, &settings, 1, "RQM", "good");
    assert_eq!(kept(&store, "run1-p1").unwrap().status, 0);
    let second = rqm(&mut store, &settings, 1, "CAL", "physics");
    let status = kept(&store, "run1-p1").unwrap();
    assert_eq!((status.status, status.version.as_str()), (1, "1"));
    let led: Vec<String> = status.inputs.iter().flat_map(|input| input.told.iter().map(|told| told.entry.clone())).collect();
    let names: Vec<String> =
        [first, second].iter().map(|place| store.entry_at(*place).unwrap().unwrap().id.to_string()).collect();
    assert_eq!(led, names, "each names the entry that said it, also the one written with the status");
    assert_eq!(store.history(EntryKind::Status, "run1-p1").unwrap().len(), 2);
    // Nothing is left for the cut.
    let found = cut(&mut store, Quality::of(&settings), at(50)).unwrap();
    assert_eq!((found.of, found.written, found.changed.len()), (1, 0, 0), "{found:?}");
    undo(&mut store, Quality::of(&settings), second, by("Ben", "expert", 60)).unwrap();
    assert_eq!(kept(&store, "run1-p1").unwrap().status, 0);
    assert_eq!(store.verify_chains().unwrap(), Vec::<String>::new());
}

#[test]
fn what_was_made_from_it_follows_in_the_same_writing() {
    let (_folder, mut store) = book(&[1, 2]);
    let settings = Settings::default();
    let parents = vec!["run1-p1".to_owned(), "run2-p1".to_owned()];
    let merged = Derivation { product: "merged".into(), kind: ProductKind::Merged, of: None, parents };
    record_derivation(&mut store, &merged, by("Ben", "data manager", 0)).unwrap();
    let round = Derivation { product: "run1-p1".into(), kind: ProductKind::Merged, of: None, parents: vec!["merged".into()] };
    let told = record_derivation(&mut store, &round, by("Ben", "data manager", 0)).unwrap_err().to_string();
    assert!(told.contains("made from itself"), "{told}");
    for run in [1, 2] {
        rqm(&mut store, &settings, run, "RQM", "good");
        rqm(&mut store, &settings, run, "CAL", "physics");
    }
    assert_eq!(kept(&store, "merged").unwrap().status, 1);
    rqm(&mut store, &settings, 2, "RQM", "bad");
    let merged = kept(&store, "merged").unwrap();
    assert_eq!((merged.status, merged.inherited_from[0].product.as_str()), (2, "run2-p1"));
    assert_eq!(kept(&store, "run1-p1").unwrap().status, 1);
    assert_eq!(cut(&mut store, Quality::of(&settings), at(50)).unwrap().written, 0);
}

#[test]
fn a_cut_keeps_what_changed_without_anybody_speaking_and_a_rule_in_thought_changes_nothing() {
    let (_folder, mut store) = book(&[1, 2, 3]);
    let settings = Settings::default();
    let quality = Quality::of(&settings);
    rqm(&mut store, &settings, 1, "RQM", "good");
    rqm(&mut store, &settings, 1, "CAL", "det_study");
    let text = "version = \"2\"\nfrom = \"2016-12-01T00:00:00Z\"\ndefault = 2\n\
                cases = [{ status = 0, when = { RQM = [\"unset\"] } }, { status = 1, when = { RQM = [\"good\"] } }]\n";
    let rule: RuleSettings = toml::from_str(text).unwrap();
    let thought = what_if_rule(&store, quality, &rule, at(10)).unwrap();
    assert_eq!((thought.of, thought.counts.clone()), (3, vec![(2, 1, 1)]));
    assert_eq!(thought.flips[0].product, "run1-p1");
    assert_eq!(kept(&store, "run1-p1").unwrap().status, 2, "it was thought, not saved");
    save_rule(&mut store, quality, &rule, by("Cleo", "expert", 10)).unwrap();
    let told = save_rule(&mut store, quality, &rule, by("Cleo", "expert", 11)).unwrap_err().to_string();
    assert!(told.contains("the same version or date"), "{told}");
    assert_eq!(cut(&mut store, quality, at(20)).unwrap().written, 0, "its day has not come");
    let later = "2016-12-02T00:00:00Z".parse().unwrap();
    let found = cut(&mut store, quality, later).unwrap();
    assert_eq!(found.changed, [("run1-p1".to_owned(), Some(2), 1)]);
    assert_eq!(kept(&store, "run1-p1").unwrap().version, "2");
    assert_eq!(cut(&mut store, quality, later).unwrap().written, 0, "a second cut has nothing to say");
}

#[test]
fn data_that_came_after_a_decision_make_it_outdated() {
    let (_folder, mut store) = book(&[1]);
    let settings = Settings::default();
    say(&mut store, &settings, wanted(run1(), Flag::Ok, "", 0)).unwrap();
    let newer = |store: &SqliteStore| judged(store, Quality::of(&settings), Run(1), at(9)).unwrap().stages[0].flag.newer.len();
    assert_eq!(newer(&store), 0);
    store.record(None, &[], &[file(1, 2, 30)]).unwrap();
    assert_eq!(newer(&store), 1);
}

#[test]
fn a_time_range_reaches_the_files_taken_in_it() {
    let (_folder, mut store) = book(&[1]);
    let settings = Settings::default();
    let range = DecisionSubject { part: Part::Range { from: at(-25), to: at(-15) }, ..run1() };
    say(&mut store, &settings, wanted(range, Flag::Bad, "spark", 0)).unwrap();
    let judged = judged(&store, Quality::of(&settings), Run(1), at(9)).unwrap();
    let of =
        |sequence: u32| judged.files.iter().find(|of| of.subject.part == Part::File(Sequence(sequence))).unwrap().flag.clone();
    assert_eq!((of(0).flag, of(0).origin), (Flag::Bad, Origin::PartOfTime));
    assert_eq!(of(1).flag, Flag::Bad, "it was taken from -20 to -10, and part of that is in the range");
    store.record(None, &[], &[file(1, 2, -5)]).unwrap();
    let judged = super::judged(&store, Quality::of(&settings), Run(1), at(9)).unwrap();
    let last = judged.files.iter().find(|of| of.subject.part == Part::File(Sequence(2))).unwrap();
    assert_eq!(last.flag.flag, Flag::Unchecked, "it was taken after the range");
}

/// What `dqmon why` and the window print.
#[test]
fn why_is_told_in_words() {
    let (_folder, mut store) = book(&[1]);
    let settings = Settings::default();
    rqm(&mut store, &settings, 1, "RQM", "flawed");
    let answers = why_run(&store, Quality::of(&settings), Run(1), None, at(3600)).unwrap();
    let golden = "status 2 (not good) at 2016-11-16T11:00:00Z, rule \"1\": no case of the rule holds\n\
                  \x20 RQM is flawed: said by Ben (expert), 2016-11-16T10:00:05Z\n\
                  \x20 CAL is unset: nobody has said it\n\
                  it would be 1 (good) with RQM good and CAL physics\n\
                  it would be 0 (unchecked) with RQM good, or RQM unset";
    assert_eq!(answers[0].1.lines.join("\n"), golden);
    let told = why_run(&store, Quality::of(&settings), Run(1), Some(Processing(4)), at(0)).unwrap_err().to_string();
    assert!(told.contains("run1-p4") && told.contains("there are run1-p1"), "{told}");
}
