//! The meeting's list, against a small book.

use proptest::prelude::*;

use super::*;
use crate::bookkeeping::{
    Decision, FileRecord, FileStep, MarkRecord, NewDecision, NewEntry, ProcessingRecord, ProcessingStep, Row, RunRecord,
    SqliteStore,
};
use crate::config::Settings;
use crate::decisions::follow_ups::day_of;
use crate::decisions::problems::{NewProblem, Place, tell};
use crate::decisions::review_queue::review_after;
use crate::decisions::{Quality, decide, mark, on_run};
use monitasks::vocab::{FileId, Processing};

fn at(second: i64) -> Timestamp {
    // A Wednesday.
    Timestamp::from_second(1_795_608_000 + second).unwrap()
}

fn by(who: &str) -> Signature {
    Signature { who: who.into(), role: "shifter".into() }
}

fn book() -> (tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(&folder.path().join("book.sqlite")).unwrap();
    let run = |run, first_seen| Row::Run(RunRecord { run: Run(run), first_seen, ended: Some(first_seen), ended_by: None });
    let file = |step| {
        Row::File(FileRecord {
            file: FileId::new(2, 0),
            step,
            since: at(0),
            failure: None,
            reason: Some("cut".into()),
            source: "x".into(),
            size_bytes: 7,
            daq_closed: at(0),
            arrived: at(0),
            adler32: None,
            events_by_trigger: None,
            refused: None,
        })
    };
    store.record(None, &[], &[run(1, at(0)), run(2, at(10)), run(3, at(20)), file(FileStep::Failed)]).unwrap();
    (folder, store)
}

fn list(store: &SqliteStore, now: Timestamp) -> Meeting {
    let settings = Settings::default();
    let voices = Voices::read(store).unwrap();
    assert_eq!(voices.faults, Vec::<String>::new());
    Meeting::read(store, &voices, (&settings.marks, &settings.meeting), now).unwrap()
}

#[test]
fn a_list_has_what_is_undecided_with_a_proposal_and_begins_anew_after_its_sign_off() {
    let (_folder, mut store) = book();
    let ada = by("Ada");
    decide(
        &mut store,
        Quality::of(&Settings::default()),
        &NewDecision { at: at(30), ..on_run(Run(1), Flag::Ok, "", "Ada", "shifter", &[]) },
    )
    .unwrap();
    let flawed = MarkRecord {
        id: 0,
        at: at(31),
        run: Run(3),
        mark: Mark::Flawed,
        comment: String::new(),
        who: "Ada".into(),
        role: "shifter".into(),
    };
    mark(&mut store, Quality::of(&Settings::default()), &flawed).unwrap();
    let problem = NewProblem {
        what: "HV tripped".into(),
        place: Place { run: Some(Run(3)), ..Place::default() },
        severity: Severity::Critical,
        urgent: false,
        owner: String::new(),
        comment: String::new(),
    };
    let told = tell(&mut store, &problem, &ada, at(32)).unwrap();
    let meeting = list(&store, at(40));
    let undecided: Vec<_> = meeting.undecided.iter().map(|run| (run.run.0, run.proposal, run.because.as_str())).collect();
    let of_three = "marked flawed; a critical problem is open";
    assert_eq!(undecided, [(3, Flag::Bad, of_three), (2, Flag::Maybe, "1 of 1 files failed")]);
    assert_eq!(meeting.decided.iter().map(|run| run.run.0).collect::<Vec<_>>(), [1]);
    assert_eq!((meeting.problems.len(), meeting.since.as_ref()), (1, None));

    let body = meeting.sign_off("to be looked at again").unwrap();
    assert_eq!((body.undecided, body.problems.clone()), (2, vec![told.id]));
    let signed = sign_off(&mut store, &body, &ada, at(50), Some(0)).unwrap();
    let late = sign_off(&mut store, &body, &by("Ben"), at(51), Some(0)).unwrap_err().to_string();
    assert!(late.contains("by Ada"), "{late}");
    let after = list(&store, at(60));
    assert_eq!(after.since.map(|last| last.place), Some(signed.place));
    assert!(after.decided.is_empty() && after.undecided.iter().all(|run| !run.is_new) && after.problems.len() == 1);
}

#[test]
fn a_decision_on_a_part_leaves_the_run_undecided_and_counts_in_its_proposal() {
    let (_folder, mut store) = book();
    let mut file = store.overview().unwrap().files.remove(0);
    (file.file, file.step) = (FileId::new(1, 0), FileStep::Stored);
    store.record(None, &[], &[Row::File(file)]).unwrap();
    let subject = "run1-seq0".parse().unwrap();
    let decision = Decision::new(Flag::Bad, "cut");
    decide(
        &mut store,
        Quality::of(&Settings::default()),
        &NewDecision { subject, decision, ..on_run(Run(1), Flag::Ok, "", "Ada", "shifter", &[]) },
    )
    .unwrap();
    let meeting = list(&store, at(40));
    let run = meeting.undecided.iter().find(|run| run.run == Run(1)).unwrap();
    assert_eq!((run.proposal, run.because.as_str()), (Flag::Maybe, "1 of its parts is BAD or MAYBE"));
}

#[test]
fn each_subsystem_is_asked_for_what_it_has_not_marked_until_the_next_review() {
    let (_folder, mut store) = book();
    let processing = |number, step| {
        Row::Processing(ProcessingRecord {
            run: Run(1),
            processing: Processing(number),
            lane: "FULL".into(),
            step,
            since: at(0),
            opened: at(0),
            because: "first".into(),
            hold: None,
            settings_sum: String::new(),
            missing: Vec::new(),
            to_publish: false,
        })
    };
    let rows = [processing(1, ProcessingStep::Done), processing(2, ProcessingStep::Open)];
    store.record(None, &[], &rows).unwrap();
    let mark = NewEntry {
        at: at(1),
        kind: EntryKind::SubsystemMark,
        subject: "run1-p1/RQM".into(),
        run: Some(Run(1)),
        who: "Ada".into(),
        role: "expert".into(),
        body: serde_json::json!({"mark": "good"}),
        supersedes: Vec::new(),
        wish: None,
        seen: None,
    };
    let before = list(&store, at(2)).to_do;
    assert!(before.iter().any(|line| line.subsystem == "RQM" && line.count == 1 && line.processings == ["run1-p1"]));
    assert_eq!(before[0].due.weekday(), jiff::civil::Weekday::Thursday);
    assert!(!before[0].is_overdue);
    store.append(&[mark]).unwrap();
    let after = list(&store, at(8 * 86_400)).to_do;
    assert!(after.len() == before.len() - 1 && after.iter().all(|line| line.subsystem != "RQM" && line.is_overdue));
}

proptest! {
    /// A review is due on its day of the week, after the day of the processing, within a week.
    #[test]
    fn a_review_is_due_within_a_week(second in 0_i64..100_000_000, weekday in 0_usize..7) {
        let due = review_after(at(second), weekday);
        prop_assert_eq!(usize::try_from(due.weekday().to_monday_zero_offset()).unwrap(), weekday);
        let days = (due - day_of(at(second))).get_days();
        prop_assert!((1..=7).contains(&days), "{} days", days);
    }

    /// What is not known is never OK, and nothing that speaks against a run is left out of its proposal.
    #[test]
    fn a_proposal_is_never_better_than_what_is_known(
        mark in prop::sample::select(Mark::ALL.to_vec()), marked in any::<bool>(), has_ended in any::<bool>(),
        failed in 0_usize..3, results in 0_usize..3,
        parts in prop::collection::vec(prop::sample::select(Flag::ALL.to_vec()), 0..3),
        problems in prop::collection::vec(prop::sample::select(Severity::ALL.to_vec()), 0..3),
    ) {
        let settings = MarkSettings::default();
        let mark = marked.then(|| (mark, flag_of_mark(&settings, mark)));
        let facts = RunFacts { mark, has_ended, files: 3, failed, results, parts,
            problems };
        let (flag, why) = propose(&facts);
        prop_assert!(!why.is_empty());
        if flag == Flag::Ok {
            prop_assert!(has_ended && results > 0 && failed == 0 && facts.mark.is_some_and(|(_, flag)| flag == Flag::Ok));
            prop_assert!(facts.problems.iter().all(|severity| *severity == Severity::Minor));
            prop_assert!(facts.parts.iter().all(|flag| matches!(flag, Flag::Ok | Flag::Unchecked)));
        }
        if facts.problems.contains(&Severity::Critical) {
            prop_assert_eq!(flag, Flag::Bad);
        }
    }
}
