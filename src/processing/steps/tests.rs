//! Tests of the transitions: the straight way, and properties over any row of events.

use jiff::Timestamp;
use monitasks::vocab::{FileId, Group, Processing, Run};
use proptest::prelude::*;

use super::*;
use crate::bookkeeping::{
    FailureClass, FileRecord, FileStep, GroupRecord, GroupStep, JobKind, PassRecord, PassStep, ProcessingStep, TaskPhase,
};

fn at(second: i64) -> Timestamp {
    Timestamp::new(second, 0).unwrap()
}

fn arrived() -> FileRecord {
    FileRecord {
        file: FileId::new(1, 0),
        step: FileStep::Arrived,
        since: at(0),
        failure: None,
        reason: None,
        source: "run1-seq0.dat".into(),
        size_bytes: 9,
        daq_closed: at(0),
        arrived: at(0),
        adler32: None,
        events_by_trigger: None,
        refused: None,
    }
}

fn queued() -> PassRecord {
    PassRecord::new(FileId::new(1, 0), Processing(1), "FULL", PassStep::Queued, at(0))
}

fn formed() -> GroupRecord {
    GroupRecord {
        run: Run(1),
        processing: Processing(1),
        lane: "FULL".into(),
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
        Just(FileEvent::Stored { events_by_trigger: None }),
        Just(FileEvent::Failed { class: FailureClass::Copy, reason: "it is gone".into() }),
        Just(FileEvent::Resubmitted),
        Just(FileEvent::OtherContent { size_bytes: 3, written: at(2) }),
    ]
}

fn any_pass_event() -> impl Strategy<Value = PassEvent> {
    let failed = |retry_at| PassEvent::Failed { class: FailureClass::ProgramError, reason: "it ended with 2".into(), retry_at };
    prop_oneof![
        Just(PassEvent::Released),
        Just(PassEvent::HeldBack { who: "anna".into() }),
        Just(PassEvent::FileTakenAgain),
        Just(PassEvent::Allotted),
        Just(PassEvent::Submitted),
        Just(PassEvent::JobEnded),
        Just(PassEvent::JobGone { last_words: None }),
        Just(PassEvent::Accepted { events: 335, tracks: 12, finding: None }),
        Just(PassEvent::Grouped(Group(0))),
        Just(PassEvent::Regrouped),
        Just(PassEvent::Analysed { fault: None }),
        Just(failed(None)),
        Just(failed(Some(at(99)))),
        Just(PassEvent::Retried),
        Just(PassEvent::Resubmitted),
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
        Just(GroupEvent::Resubmitted),
    ]
}

#[test]
fn the_straight_way_leads_to_a_result() {
    let mut file = arrived();
    for (event, step) in [
        (FileEvent::CopyStarted, FileStep::Copying),
        (FileEvent::Copied { size_bytes: 9, adler32: 1 }, FileStep::Copied),
        (FileEvent::Stored { events_by_trigger: None }, FileStep::Stored),
    ] {
        file = next_file(&file, &event, at(9)).unwrap();
        assert_eq!(file.step, step);
    }
    let mut pass = PassRecord { step: PassStep::Held, ..queued() };
    for (event, step) in [
        (PassEvent::Released, PassStep::Queued),
        (PassEvent::Allotted, PassStep::Submitting),
        (PassEvent::Submitted, PassStep::Running),
        (PassEvent::JobEnded, PassStep::Ended),
        (PassEvent::Accepted { events: 335, tracks: 12, finding: None }, PassStep::Reconstructed),
        (PassEvent::Grouped(Group(0)), PassStep::Grouped),
        (PassEvent::Analysed { fault: None }, PassStep::Analysed),
    ] {
        pass = next_pass(&pass, &event, at(9)).unwrap();
        assert_eq!(pass.step, step);
    }
    assert_eq!((pass.events, pass.attempt, pass.group), (Some(335), 1, Some(Group(0))));
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
    let mut pass = queued();
    for _ in 0..LOST_JOBS_ALLOWED {
        assert_eq!(pass.step, PassStep::Queued);
        pass = next_pass(&pass, &PassEvent::Allotted, at(1)).unwrap();
        pass = next_pass(&pass, &PassEvent::JobGone { last_words: Some("disk on fire".into()) }, at(1)).unwrap();
    }
    assert_eq!((pass.step, pass.failure, pass.attempt), (PassStep::Failed, Some(FailureClass::Lost), LOST_JOBS_ALLOWED));
    assert!(pass.reason.is_some_and(|reason| reason.ends_with("3 times in a row; its log ends with: disk on fire")));
}

#[test]
fn a_processing_ends_with_what_came_of_its_files_and_groups() {
    let analysed = PassRecord { step: PassStep::Analysed, events: Some(1), ..queued() };
    let failed = PassRecord { step: PassStep::Failed, ..queued() };
    let retried = PassRecord { retry_at: Some(at(1)), ..failed.clone() };
    let done = GroupRecord { step: GroupStep::Done, ..formed() };
    let fallen = GroupRecord { step: GroupStep::Failed, ..formed() };
    assert_eq!(end_of_processing(&[], &[]), None);
    assert_eq!(end_of_processing(&[&analysed, &queued()], &[&done]), None);
    assert_eq!(end_of_processing(&[&analysed, &retried], &[&done]), None, "it is tried again by itself");
    assert_eq!(end_of_processing(&[&analysed], &[&formed()]), None);
    assert_eq!(end_of_processing(&[&analysed], &[&done]), Some(ProcessingStep::Done));
    assert_eq!(end_of_processing(&[&analysed, &failed], &[&done]), Some(ProcessingStep::Processed));
    assert_eq!(end_of_processing(&[&analysed], &[&done, &fallen]), Some(ProcessingStep::MergingFailed));
    assert_eq!(missing_products(&[&analysed, &failed], &[&done]), ["recotask_run1-seq0.root"]);
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
    for kind in [JobKind::Pedestals, JobKind::Events, JobKind::Noise] {
        assert_eq!(readiness(&group, kind), Readiness::Ready, "{kind:?} needs no other");
    }
}

proptest! {
    #[test]
    fn whatever_comes_a_file_is_copied_once(events in prop::collection::vec(any_file_event(), 0..60)) {
        let (mut file, mut copies) = (arrived(), 0);
        for (second, event) in (1..).zip(events) {
            let before = file.clone();
            let Ok(next) = next_file(&file, &event, at(second)) else { continue };
            file = next;
            copies += i32::from(matches!(event, FileEvent::Copied { .. }));
            // The copy that was is set aside before.
            copies = if matches!(event, FileEvent::TakenAgain { .. }) { 0 } else { copies };
            prop_assert!(copies <= 1, "copied twice");
            prop_assert_eq!(file.step == FileStep::Failed, file.failure.is_some());
            prop_assert!(file.step != FileStep::Failed || file.reason.is_some(), "failed without a reason");
            let is_stored = matches!(file.step, FileStep::Copied | FileStep::Stored);
            prop_assert!(!is_stored || file.adler32.is_some(), "in the storage without a checksum");
            prop_assert_eq!(&file.source, &before.source);
            prop_assert_eq!(file.arrived, before.arrived);
        }
    }

    #[test]
    fn whatever_comes_a_pass_has_one_job_at_once_and_is_accepted_in_order(
        events in prop::collection::vec(any_pass_event(), 0..80)
    ) {
        let (mut pass, mut jobs_under_way) = (queued(), 0);
        for (second, event) in (1..).zip(events) {
            let before = pass.clone();
            let Ok(next) = next_pass(&pass, &event, at(second)) else { continue };
            pass = next;
            let was_under_way = matches!(before.step, PassStep::Submitting | PassStep::Running);
            let is_under_way = matches!(pass.step, PassStep::Submitting | PassStep::Running);
            jobs_under_way += i32::from(!was_under_way && is_under_way) - i32::from(was_under_way && !is_under_way);
            prop_assert!((0..=1).contains(&jobs_under_way), "two jobs at once");
            prop_assert!(pass.attempt == before.attempt || event == PassEvent::Allotted);
            prop_assert_eq!(pass.step == PassStep::Failed, pass.failure.is_some());
            prop_assert!(pass.step != PassStep::Failed || pass.reason.is_some(), "failed without a reason");
            prop_assert!(pass.retry_at.is_none() || pass.step == PassStep::Failed, "tried again though it has not failed");
            let is_accepted = matches!(pass.step, PassStep::Reconstructed | PassStep::Grouped | PassStep::Analysed);
            prop_assert!(!is_accepted || pass.events.is_some(), "accepted without events");
            prop_assert!(pass.held_by.is_none() || pass.step == PassStep::Held, "held by somebody and moving");
        }
    }

    #[test]
    fn whatever_comes_a_group_ends_when_its_analyses_do(
        events in prop::collection::vec((prop::sample::select(group_tasks().iter().map(|task| task.kind).collect::<Vec<_>>()),
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
    fn nothing_but_its_group_moves_a_pass_that_is_in_a_result(event in any_pass_event()) {
        let pass = PassRecord { step: PassStep::Analysed, events: Some(1), group: Some(Group(0)), ..queued() };
        match next_pass(&pass, &event, at(5)) {
            Ok(next) => prop_assert_eq!((next.step, event), (PassStep::Grouped, PassEvent::Regrouped)),
            Err(error) => prop_assert!(error.to_string().contains("run1-seq0")),
        }
    }
}
