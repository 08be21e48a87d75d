//! Tests of which flag is in force: the cases that people argue about, and the order of precedence over made-up books.

use super::*;
use DecisionSubject as Subject;
use proptest::prelude::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_479_290_400 + second).unwrap()
}

fn said(subject: Subject, flag: Flag, second: i64) -> Said {
    Said { subject, flag, at: at(second), who: "Ada".into(), role: "shifter".into(), entry: format!("a/{second}") }
}

fn run(stage: Stage) -> Subject {
    Subject::run(Run(840)).at(stage)
}

fn file(sequence: u32) -> Subject {
    Subject { run: Run(840), part: Part::File(Sequence(sequence)), stage: Stage::Raw }
}

fn time(from: i64, to: i64) -> Subject {
    Subject { run: Run(840), part: Part::Range { from: at(from), to: at(to) }, stage: Stage::Raw }
}

fn span(from: i64, to: i64) -> Span {
    Span { from: at(from), to: at(to) }
}

fn flag_of(flags: &Flags, subject: Subject) -> (Flag, Origin) {
    let found = flags.of(subject, None, &[]);
    (found.flag, found.origin)
}

#[test]
fn a_files_own_decision_wins_and_unchecked_is_one_too() {
    let bad = said(run(Stage::Raw), Flag::Bad, 0);
    let flags = Flags::new([bad.clone(), said(file(1), Flag::Ok, 1)], []);
    assert_eq!(flag_of(&flags, file(1)), (Flag::Ok, Origin::Own));
    assert_eq!(flag_of(&flags, file(2)), (Flag::Bad, Origin::OfRun));
    assert_eq!(flag_of(&flags, run(Stage::Raw)), (Flag::Bad, Origin::Own));
    let flags = Flags::new([bad, said(file(1), Flag::Unchecked, 2)], []);
    assert_eq!(flag_of(&flags, file(1)), (Flag::Unchecked, Origin::Own));
}

#[test]
fn a_stage_says_nothing_of_another() {
    let flags = Flags::new([said(run(Stage::Raw), Flag::Ok, 0)], []);
    assert_eq!(flag_of(&flags, run(Stage::Reconstructed)), (Flag::Unchecked, Origin::Default));
}

#[test]
fn a_mark_stands_in_where_nobody_decided_and_for_raw_data_alone() {
    let mark = said(run(Stage::Raw), Flag::Maybe, 0);
    let flags = Flags::new([], [mark.clone()]);
    assert_eq!(flag_of(&flags, file(1)), (Flag::Maybe, Origin::OfMark));
    assert_eq!(flag_of(&flags, run(Stage::Selected)), (Flag::Unchecked, Origin::Default));
    let flags = Flags::new([said(run(Stage::Raw), Flag::Unchecked, 1)], [mark]);
    assert_eq!(flag_of(&flags, run(Stage::Raw)), (Flag::Unchecked, Origin::Own));
}

#[test]
fn time_ranges_reach_the_files_in_them_and_one_that_touches_can_only_worsen() {
    let decided = |range: Flag| Flags::new([said(run(Stage::Raw), Flag::Maybe, 0), said(time(100, 200), range, 1)], []);
    let flag = |flags: &Flags, span: Option<Span>| {
        let found = flags.of(file(1), span, &[]);
        (found.flag, found.origin)
    };
    let (ok, bad) = (decided(Flag::Ok), decided(Flag::Bad));
    assert_eq!(flag(&ok, Some(span(120, 150))), (Flag::Ok, Origin::OfTime));
    assert_eq!(flag(&ok, Some(span(150, 250))), (Flag::Maybe, Origin::OfRun));
    assert_eq!(flag(&bad, Some(span(150, 250))), (Flag::Bad, Origin::PartOfTime));
    assert_eq!(flag(&bad, Some(span(200, 250))), (Flag::Maybe, Origin::OfRun), "the end is not in it");
    assert_eq!(flag(&ok, None), (Flag::Maybe, Origin::OfRun));
    assert_eq!(flag(&bad, None), (Flag::Bad, Origin::PartOfTime), "when the file was taken is not known");
    assert_eq!(flag_of(&bad, run(Stage::Raw)), (Flag::Maybe, Origin::Own), "a range is not the run");
    assert_eq!(flag_of(&bad, time(100, 110)), (Flag::Bad, Origin::OfTime));
}

#[test]
fn books_that_differ_are_said_and_the_worse_counts() {
    let flags = Flags::new([said(file(1), Flag::Ok, 0), said(file(1), Flag::Maybe, 1)], []);
    let found = flags.of(file(1), None, &[]);
    assert_eq!((found.flag, found.conflict, found.by.len()), (Flag::Maybe, true, 2));
    assert!(found.words().contains("the books differ"), "{}", found.words());
    let flags = Flags::new([said(file(1), Flag::Ok, 0), said(file(1), Flag::Ok, 1)], []);
    assert!(!flags.of(file(1), None, &[]).conflict);
}

#[test]
fn data_that_came_later_outdate_what_was_said_of_them() {
    let later = |what, second| Arrival { what, at: at(second) };
    let arrivals =
        [later(Datum::File(Sequence(1)), 5), later(Datum::File(Sequence(2)), 15), later(Datum::Processing(Processing(1)), 20)];
    let flags = Flags::new(Stage::ALL.iter().map(|stage| said(run(*stage), Flag::Ok, 10)), []);
    let newer = |subject| flags.of(subject, None, &arrivals).newer.len();
    assert_eq!(newer(run(Stage::Raw)), 1);
    assert_eq!(newer(run(Stage::Reconstructed)), 2);
    assert_eq!((newer(file(1)), newer(file(2))), (0, 1));
    assert_eq!(newer(Subject { part: Part::Processing(Processing(1)), ..run(Stage::Reconstructed) }), 1);
    assert_eq!(newer(Subject::run(Run(841))), 0, "where nobody decided nothing is outdated");
    assert!(flags.of(run(Stage::Raw), None, &arrivals).words().ends_with("outdated: seq2 came later"));
}

#[test]
fn bad_needs_a_comment() {
    for (flag, comments, note, expected) in [
        (Flag::Bad, vec![], " \n", false),
        (Flag::Bad, vec![" ".to_owned()], "", false),
        (Flag::Bad, vec!["LEM tripped".to_owned()], "", true),
        (Flag::Bad, vec![], "LEM 4", true),
        (Flag::Maybe, vec![], "", true),
    ] {
        assert_eq!(is_explained(flag, &comments, note), expected, "{flag:?} {comments:?} {note:?}");
    }
}

fn any_flag() -> impl Strategy<Value = Flag> {
    proptest::sample::select(Flag::ALL.to_vec())
}

fn any_stage() -> impl Strategy<Value = Stage> {
    proptest::sample::select(Stage::ALL.to_vec())
}

fn any_subject() -> impl Strategy<Value = Subject> {
    let part = prop_oneof![
        Just(Part::Whole),
        (0u32..3).prop_map(|sequence| Part::File(Sequence(sequence))),
        (1u32..3).prop_map(|processing| Part::Processing(Processing(processing))),
    ];
    (1u32..3, part, any_stage()).prop_map(|(run, part, stage)| Subject { run: Run(run), part, stage })
}

proptest! {
    /// With one decision on a subject at most and no time ranges: own, else the run's, else the mark's, else UNCHECKED.
    #[test]
    fn precedence_is_own_then_run_then_mark_then_unchecked(
        decided in proptest::collection::btree_map(any_subject(), any_flag(), 0..12),
        marked in proptest::collection::btree_map(1u32..3, any_flag(), 0..3),
        asked in any_subject(),
    ) {
        let decisions = decided.iter().map(|(subject, flag)| said(*subject, *flag, 0));
        let marks = marked.iter().map(|(run, flag)| said(Subject::run(Run(*run)), *flag, 0));
        let found = Flags::new(decisions, marks).of(asked, None, &[]);
        let own = decided.get(&asked);
        let of_run = decided.get(&Subject::run(asked.run).at(asked.stage));
        let of_mark = marked.get(&asked.run.0).filter(|_| asked.stage == Stage::Raw);
        let expected = own.or(of_run).or(of_mark).copied().unwrap_or(Flag::Unchecked);
        prop_assert_eq!(found.flag, expected);
        prop_assert_eq!(found.origin == Origin::Own, own.is_some());
        prop_assert_eq!(found.by.is_empty(), found.origin == Origin::Default);
        prop_assert!(!found.conflict);
    }

    /// Whatever the books say, what is in force on a conflict is none of the better ones.
    #[test]
    fn of_several_the_worst_counts(flags in proptest::collection::vec(any_flag(), 1..5), subject in any_subject()) {
        let found = Flags::new(flags.iter().map(|flag| said(subject, *flag, 0)), []).of(subject, None, &[]);
        prop_assert!(flags.iter().all(|flag| badness(*flag) <= badness(found.flag)));
        prop_assert!(flags.contains(&found.flag));
        prop_assert_eq!(found.conflict, flags.iter().any(|flag| *flag != flags[0]));
    }
}
