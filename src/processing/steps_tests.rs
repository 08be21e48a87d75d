//! Tests of the transitions: the straight way, and properties over any row of events.

use monitasks::vocab::{FileId, Processing, Run};
use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::new(second, 0).unwrap()
}

fn arrived() -> FileRecord {
    FileRecord {
        file: FileId::new(1, 0),
        processing: Processing(1),
        step: FileStep::Arrived,
        since: at(0),
        failure: None,
        reason: None,
        source: "run1-seq0.dat".into(),
        size_bytes: 9,
        daq_closed: at(0),
        arrived: at(0),
        adler32: None,
        attempt: 0,
        lost: 0,
        events: None,
        accepted: None,
        group: None,
        refused: None,
    }
}

fn formed() -> GroupRecord {
    GroupRecord {
        run: Run(1),
        processing: Processing(1),
        group: Group(0),
        members: vec![FileId::new(1, 0)],
        step: GroupStep::Analysing,
        since: at(0),
        tasks: group_tasks(),
        results: Vec::new(),
    }
}

fn any_file_event() -> impl Strategy<Value = FileEvent> {
    prop_oneof![
        Just(FileEvent::CopyStarted),
        Just(FileEvent::SourceChanged { size_bytes: 10, daq_closed: at(1) }),
        Just(FileEvent::TakenAgain { size_bytes: 12, daq_closed: at(3) }),
        Just(FileEvent::Copied { size_bytes: 10, adler32: 7 }),
        Just(FileEvent::Queued),
        Just(FileEvent::Allotted),
        Just(FileEvent::Submitted),
        Just(FileEvent::JobEnded),
        Just(FileEvent::JobGone { last_words: None }),
        Just(FileEvent::Accepted { events: 335, finding: None }),
        Just(FileEvent::Grouped(Group(0))),
        Just(FileEvent::Analysed { fault: None }),
        Just(FileEvent::Failed { class: FailureClass::Job, reason: "it ended with 2".into() }),
        Just(FileEvent::Resubmitted),
        Just(FileEvent::OtherContent { size_bytes: 3, written: at(2) }),
    ]
}

fn any_group_event() -> impl Strategy<Value = GroupEvent> {
    prop_oneof![
        Just(GroupEvent::Allotted),
        Just(GroupEvent::Submitted),
        Just(GroupEvent::JobEnded),
        Just(GroupEvent::JobGone { last_words: Some("disk on fire".into()) }),
        Just(GroupEvent::Placed { results: vec!["results/crp/run1-p1-g0.txt".into()] }),
        Just(GroupEvent::Failed { reason: "it ended with 2".into() }),
    ]
}

#[test]
fn the_straight_way_leads_to_a_result() {
    let way = [
        (FileEvent::CopyStarted, FileStep::Copying),
        (FileEvent::Copied { size_bytes: 9, adler32: 1 }, FileStep::Copied),
        (FileEvent::Queued, FileStep::Queued),
        (FileEvent::Allotted, FileStep::Submitting),
        (FileEvent::Submitted, FileStep::Running),
        (FileEvent::JobEnded, FileStep::Ended),
        (FileEvent::Accepted { events: 335, finding: None }, FileStep::Reconstructed),
        (FileEvent::Grouped(Group(0)), FileStep::Grouped),
        (FileEvent::Analysed { fault: None }, FileStep::Analysed),
    ];
    let mut file = arrived();
    for (event, step) in way {
        file = next_file(&file, &event, at(9)).unwrap();
        assert_eq!(file.step, step);
    }
    assert_eq!((file.events, file.attempt, file.group), (Some(335), 1, Some(Group(0))));
}

#[test]
fn a_file_that_stands_in_the_storage_is_never_copied_again() {
    let failed = FileRecord { step: FileStep::Failed, ..arrived() };
    assert_eq!(next_file(&failed, &FileEvent::Resubmitted, at(1)).unwrap().step, FileStep::Arrived);
    let stored = FileRecord { adler32: Some(1), ..failed };
    assert_eq!(next_file(&stored, &FileEvent::Resubmitted, at(1)).unwrap().step, FileStep::Copied);
}

#[test]
fn a_job_that_is_gone_again_and_again_fails_its_file() {
    let mut file = FileRecord { step: FileStep::Queued, ..arrived() };
    for _ in 0..LOST_JOBS_ALLOWED {
        assert_eq!(file.step, FileStep::Queued);
        file = next_file(&file, &FileEvent::Allotted, at(1)).unwrap();
        file = next_file(&file, &FileEvent::JobGone { last_words: Some("disk on fire".into()) }, at(1)).unwrap();
    }
    assert_eq!((file.step, file.failure, file.attempt), (FileStep::Failed, Some(FailureClass::Lost), LOST_JOBS_ALLOWED));
    assert!(file.reason.is_some_and(|reason| reason.ends_with("3 times in a row; its log ends with: disk on fire")));
}

#[test]
fn gain_waits_for_purity_and_never_comes_without() {
    let mut group = formed();
    assert_eq!(readiness(&group, JobKind::Gain), Readiness::Waits);
    assert_eq!(readiness(&group, JobKind::Purity), Readiness::Ready);
    group.tasks[1].phase = TaskPhase::Done;
    assert_eq!(readiness(&group, JobKind::Gain), Readiness::Ready);
    group.tasks[1].phase = TaskPhase::Failed;
    assert_eq!(readiness(&group, JobKind::Gain), Readiness::Never);
}

proptest! {
    #[test]
    fn whatever_comes_a_file_is_copied_and_accepted_in_order(events in prop::collection::vec(any_file_event(), 0..60)) {
        let (mut file, mut copies, mut jobs_under_way) = (arrived(), 0, 0);
        for (second, event) in (1..).zip(events) {
            let before = file.clone();
            let Ok(next) = next_file(&file, &event, at(second)) else {
                continue;
            };
            file = next;
            copies += i32::from(matches!(event, FileEvent::Copied { .. }));
            // The copy that was is set aside before.
            copies = if matches!(event, FileEvent::TakenAgain { .. }) { 0 } else { copies };
            let was_under_way = matches!(before.step, FileStep::Submitting | FileStep::Running);
            let is_under_way = matches!(file.step, FileStep::Submitting | FileStep::Running);
            jobs_under_way += i32::from(!was_under_way && is_under_way) - i32::from(was_under_way && !is_under_way);
            prop_assert!(copies <= 1, "copied twice");
            prop_assert!((0..=1).contains(&jobs_under_way), "two jobs at once");
            prop_assert!(file.attempt == before.attempt || event == FileEvent::Allotted);
            prop_assert_eq!(file.step == FileStep::Failed, file.failure.is_some());
            prop_assert!(file.step != FileStep::Failed || file.reason.is_some(), "failed without a reason");
            prop_assert!(file.step < FileStep::Copied || file.adler32.is_some() || file.step == FileStep::Failed
                || before.step < FileStep::Copied, "beyond the copy without one");
            let is_accepted = matches!(file.step, FileStep::Reconstructed | FileStep::Grouped | FileStep::Analysed);
            prop_assert!(!is_accepted || file.events.is_some(), "accepted without events");
            prop_assert_eq!(&file.source, &before.source);
            prop_assert_eq!(file.arrived, before.arrived);
        }
    }

    #[test]
    fn whatever_comes_a_group_ends_when_its_analyses_do(
        events in prop::collection::vec((prop::sample::select(vec![JobKind::Pedestals, JobKind::Purity, JobKind::Gain]),
            any_group_event()), 0..60)
    ) {
        let mut group = formed();
        for (second, (kind, event)) in (1..).zip(events) {
            let Ok(next) = next_group(&group, kind, &event, at(second)) else {
                continue;
            };
            let others_rest = next.tasks.iter().zip(&group.tasks).all(|(now, then)| now.kind == kind || now == then);
            prop_assert!(others_rest, "one analysis moved another");
            group = next;
            let under_way = group.tasks.iter().any(|task| !matches!(task.phase, TaskPhase::Done | TaskPhase::Failed));
            let any_failed = group.tasks.iter().any(|task| task.phase == TaskPhase::Failed);
            let expected = match (under_way, any_failed) {
                (true, _) => GroupStep::Analysing,
                (false, true) => GroupStep::Failed,
                (false, false) => GroupStep::Done,
            };
            prop_assert_eq!(group.step, expected);
            prop_assert_eq!(group.fault().is_some(), any_failed);
            prop_assert!(group.results.len() <= 1, "one result is listed once");
        }
    }

    #[test]
    fn nothing_moves_a_file_that_is_in_a_result(event in any_file_event()) {
        let file = FileRecord { step: FileStep::Analysed, adler32: Some(1), events: Some(1), ..arrived() };
        match next_file(&file, &event, at(5)) {
            Ok(next) => prop_assert_eq!((next.step, next.since), (FileStep::Analysed, file.since)),
            Err(error) => prop_assert!(error.to_string().contains("run1-seq0")),
        }
    }
}
