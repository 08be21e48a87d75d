//! The part of a large book that a window keeps, and what is asked of all of it in a word, on both engines: the same as what the
//! whole book says.

use dqmon::bookkeeping::*;
use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::{FileId, Processing, Run, Sequence};

use crate::book_story::engines;
use crate::run_sums::fact;

fn at(second: i64) -> Timestamp {
    Timestamp::new(1_477_576_504 + second, 0).unwrap()
}

fn rows(run: u32, step: PassStep, ended: Option<Timestamp>) -> Vec<Row> {
    let file = FileId::new(run, 0);
    let record = FileRecord {
        file,
        step: FileStep::Stored,
        since: at(3),
        failure: None,
        reason: None,
        source: format!("{file}.dat"),
        size_bytes: 7,
        daq_closed: at(0),
        arrived: at(1),
        adler32: None,
        events_by_trigger: None,
        refused: None,
    };
    let failure = (step == PassStep::Failed).then_some(FailureClass::Memory);
    let pass = PassRecord { failure, ..PassRecord::new(file, Processing(1), "FULL", step, at(4)) };
    let processing = ProcessingRecord {
        run: Run(run),
        processing: Processing(1),
        lane: "FULL".into(),
        step: ProcessingStep::Done,
        since: at(5),
        opened: at(2),
        because: "x".into(),
        hold: None,
        settings_sum: String::new(),
        missing: Vec::new(),
        to_publish: false,
    };
    let record_of_run = RunRecord { run: Run(run), first_seen: at(0), ended, ended_by: None };
    vec![Row::Run(record_of_run), Row::File(record), Row::Pass(pass), Row::Processing(processing)]
}

fn decided(book: &mut dyn Store, subject: DecisionSubject, decision: Decision, supersedes: Vec<EntryId>) -> Entry {
    let (who, role) = ("Ada".into(), "shifter".into());
    let new = NewDecision { at: at(9), subject, decision, who, role, supersedes, wish: None, seen: None };
    book.append(&[new.entry().unwrap()]).unwrap().remove(0)
}

/// Runs 1 to 12, all over and decided on but: 2 has not ended, 3 is undecided, 4 was taken back, a file of 5 has failed.
fn fill(book: &mut dyn Store) {
    for run in 1..=12 {
        let step = if run == 5 { PassStep::Failed } else { PassStep::Analysed };
        book.record(None, &[], &rows(run, step, (run != 2).then(|| at(8)))).unwrap();
        if run != 3 {
            let first = decided(book, DecisionSubject::run(Run(run)), Decision::new(Flag::Ok, ""), Vec::new());
            if run == 4 {
                let back = Decision { withdrawn: true, ..Decision::new(Flag::Unchecked, "") };
                decided(book, DecisionSubject::run(Run(run)), back, vec![first.id]);
            }
        }
    }
    // A decision on a part of a run decides nothing on the run.
    let file = DecisionSubject { run: Run(3), part: Part::File(Sequence(0)), stage: Stage::Raw };
    decided(book, file, Decision::new(Flag::Ok, ""), Vec::new());
}

/// Which runs were read, and all rows of those alone.
fn runs_of(book: &dyn Store, changes: &Changes) -> Vec<u32> {
    let runs: Vec<Run> = changes.now.runs.iter().map(|run| run.run).collect();
    let is_of = |run: Run| runs.binary_search(&run).is_ok();
    let mut all = book.overview().unwrap();
    all.runs.retain(|record| is_of(record.run));
    all.files.retain(|record| is_of(record.file.run));
    all.passes.retain(|record| is_of(record.file.run));
    all.processings.retain(|record| is_of(record.run));
    all.said.decisions.retain(|record| is_of(record.subject.run));
    assert_eq!(changes.now, all);
    runs.iter().map(|run| run.0).collect()
}

#[test]
fn the_recent_part_has_the_newest_runs_and_those_that_somebody_has_to_do_with() {
    for engine in engines() {
        let mut book = engine.book("recent").open();
        let book = book.as_mut();
        fill(book);
        let wanted = |also: Option<u32>, held: &[u32]| Recent {
            newest: 3,
            also: also.map(Run),
            held: held.iter().copied().map(Run).collect(),
        };
        let first = book.changes_of(&wanted(None, &[]), None).unwrap();
        assert_eq!((first.changes.runs.clone(), first.written.clone(), first.left_out), (None, None, 6));
        let mut held = runs_of(book, &first.changes);
        assert_eq!(held, [2, 3, 4, 10, 11, 12]);
        let nothing = book.changes_of(&wanted(None, &held), first.changes.seen).unwrap();
        assert_eq!((nothing.changes.runs, nothing.written), (Some(vec![]), Some(vec![])));
        // Somebody looks at an old run: its rows alone are read.
        let looked = book.changes_of(&wanted(Some(6), &held), first.changes.seen).unwrap();
        assert_eq!((looked.changes.runs.clone(), runs_of(book, &looked.changes)), (Some(vec![Run(6)]), vec![6]));
        held = vec![2, 3, 4, 6, 10, 11, 12];
        // Another old run is decided on, an undecided one too, and a new run comes: 6 and 3 and 10 leave.
        decided(book, DecisionSubject::run(Run(3)), Decision::new(Flag::Bad, "x"), Vec::new());
        let before = book.in_force_on(EntryKind::Decision, "run7@raw").unwrap().remove(0);
        decided(book, DecisionSubject::run(Run(7)), Decision::new(Flag::Maybe, ""), vec![before.id]);
        book.record(None, &[], &rows(13, PassStep::Queued, None)).unwrap();
        let later = book.changes_of(&wanted(None, &held), looked.changes.seen).unwrap();
        assert_eq!(later.written, Some(vec![Run(3), Run(7), Run(13)]));
        assert_eq!(later.changes.runs, Some([3, 6, 10, 13].map(Run).to_vec()));
        assert_eq!((runs_of(book, &later.changes), later.left_out), (vec![13], 8));
        assert_eq!(book.overview_of(Run(7)).unwrap().files.len(), 1);
    }
}

#[test]
fn what_is_counted_of_the_whole_book_is_what_its_rows_say() {
    for engine in engines() {
        let mut book = engine.book("counted").open();
        let book = book.as_mut();
        fill(book);
        let newest = book.newest_decided(0, 4).unwrap();
        assert_eq!(newest.iter().filter_map(|entry| entry.run).map(|run| run.0).collect::<Vec<_>>(), [12, 11, 10, 9]);
        assert_eq!(book.newest_decided(newest[1].place, 4).unwrap(), newest[..1]);
        let places = book.decided_at(None).unwrap();
        let undecided: Vec<u32> = places.iter().filter(|(_, place)| place.is_none()).map(|(run, _)| run.0).collect();
        assert_eq!((places.len(), undecided), (12, vec![3, 4]));
        assert_eq!(book.decided_at(Some(Run(12))).unwrap(), [(Run(12), Some(newest[0].place))]);
        let counts = book.file_counts().unwrap();
        assert_eq!((counts.files, counts.failed), (12, [(FailureClass::Memory, 1)].into()));
        assert_eq!(book.processing_names().unwrap().len(), 12);
        let story = |kind: &str| StoryEntry {
            at: at(1),
            run: Some(Run(5)),
            sequence: Some(Sequence(0)),
            kind: kind.into(),
            detail: serde_json::json!({}),
        };
        book.record(None, &[story("copied"), story("failed")], &[]).unwrap();
        assert_eq!(book.failures_since(at(0)).unwrap().len(), 1);
        assert_eq!(book.failures_since(at(2)).unwrap(), []);
        assert_eq!(book.verify_chains().unwrap(), Vec::<String>::new());
    }
}

#[test]
fn what_is_in_force_in_a_word_is_what_its_entries_say() {
    for engine in engines() {
        let mut book = engine.book("words").open();
        let book = book.as_mut();
        fill(book);
        let processing = DecisionSubject { run: Run(1), part: Part::Processing(Processing(1)), stage: Stage::Reconstructed };
        decided(book, processing, Decision::new(Flag::Maybe, ""), Vec::new());
        let mut words = book.words_in_force(EntryKind::Decision).unwrap();
        words.sort_by(|one, other| one.subject.cmp(&other.subject));
        let said = |entry: &Entry| {
            let decision: Decision = entry.read().unwrap();
            let says = (!decision.withdrawn).then(|| decision.flag.word().to_owned());
            InForceWord { subject: entry.subject.clone(), run: entry.run, says }
        };
        let mut entries: Vec<InForceWord> = book.in_force(EntryKind::Decision).unwrap().iter().map(said).collect();
        entries.sort_by(|one, other| one.subject.cmp(&other.subject));
        assert_eq!(words, entries);
        let on: Vec<String> = book.words_on_processings().unwrap().into_iter().map(|word| word.subject).collect();
        assert_eq!(on, ["run1-p1@reconstructed"]);
    }
}

#[test]
fn runs_are_summed_up_page_by_page_as_all_at_once() {
    for engine in engines() {
        let mut book = engine.book("pages").open();
        let book = book.as_mut();
        fill(book);
        // A run list knows of runs that were never taken here, before and after all others.
        book.append(&[fact(0), fact(99)]).unwrap();
        let all = book.run_sums(None).unwrap();
        for at_most in [1, 5, 12, 100] {
            let (mut below, mut paged, mut pages) = (None, Vec::new(), 0);
            loop {
                let (read, left) = book.run_sums_below(below, at_most).unwrap();
                assert_eq!((read.seen, read.place), (all.seen, all.place));
                assert!(read.runs.len() <= at_most + 2, "{} runs on a page of {at_most}", read.runs.len());
                paged.splice(0..0, read.runs);
                (below, pages) = (left, pages + 1);
                if below.is_none() {
                    break;
                }
            }
            assert!(pages >= 12 / at_most.min(12), "{pages} pages of {at_most}");
            assert_eq!(paged, all.runs, "pages of {at_most}");
        }
    }
}
