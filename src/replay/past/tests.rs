//! Rows told again from the story against the rows that the backend's own steps made: whatever happened, at every instant.

use jiff::Timestamp;
use monitasks::vocab::{FileId, Group, Processing, Run, Sequence};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::known::told;
use super::{files, rows};
use crate::bookkeeping::{
    FailureClass, FileRecord, FileStep, GroupRecord, GroupStep, JobKind, JobRecord, JobState, PassRecord, PassStep, RunRecord,
    StoryRecord,
};
use crate::processing::steps::{FileEvent, GroupEvent, PassEvent, group_tasks, next_file, next_group, next_pass};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000 + second).unwrap()
}

fn line(second: i64, sequence: Option<u32>, kind: &str, detail: Value) -> StoryRecord {
    let (run, sequence) = (Some(Run(1)), sequence.map(Sequence));
    StoryRecord { id: second, at: at(second), run, sequence, kind: kind.into(), detail }
}

/// The row at an instant; none before it was there.
fn row_at<T: Clone>(states: &[(Timestamp, T)], instant: Timestamp) -> Option<T> {
    states.iter().take_while(|(since, _)| *since <= instant).last().map(|(_, row)| row.clone())
}

/// An event of a pass as the backend would tell of it.
fn pass_event(choice: u8) -> (PassEvent, Value) {
    let why = || "why".to_owned();
    match choice {
        0 => (PassEvent::Released, json!({})),
        1 => (PassEvent::Allotted, json!({"job": "reco"})),
        2 => (PassEvent::Submitted, json!({"job": "reco", "attempt": 1})),
        3 => (PassEvent::JobEnded, json!({"wall_s": 1.0})),
        4 => (PassEvent::JobGone { last_words: None }, json!({"job": "reco"})),
        5 => {
            let finding = Some("two channels are dead".to_owned());
            (
                PassEvent::Accepted { events: 7, tracks: 3, finding },
                json!({"events": 7, "tracks": 3, "finding": "two channels are dead"}),
            )
        }
        6 => (PassEvent::Grouped(Group(2)), json!({"group": "run1-p1-g2"})),
        7 => (PassEvent::Analysed { fault: Some(why()) }, json!({"group": "run1-p1-g2", "fault": "why"})),
        8 => {
            let retry_at = Some(at(500));
            let event = PassEvent::Failed { class: FailureClass::Memory, reason: why(), retry_at };
            (event, json!({"class": "memory", "reason": "why", "retry_at": retry_at}))
        }
        9 => (PassEvent::Retried, json!({})),
        10 => (PassEvent::Resubmitted, json!({})),
        _ => (PassEvent::Regrouped, json!({"group": "run1-p1-g2"})),
    }
}

proptest! {
    #[test]
    fn a_pass_is_at_every_instant_what_its_steps_made_of_it(choices in prop::collection::vec(0u8..12, 0..40)) {
        let file = FileId::new(1, 0);
        let mut now = PassRecord::new(file, Processing(1), "default", PassStep::Queued, at(0));
        let mut story = vec![line(0, Some(0), "queued", json!({"lane": "default", "processing": 1}))];
        let mut states = vec![(at(0), now.clone())];
        for (second, choice) in (1..).zip(choices) {
            let (event, mut detail) = pass_event(choice);
            let Ok(next) = next_pass(&now, &event, at(second)) else { continue };
            if !detail["group"].is_string() {
                detail["processing"] = json!(1);
            }
            match &event {
                PassEvent::Allotted => detail["attempt"] = json!(next.attempt),
                PassEvent::Retried => detail["retries"] = json!(next.retries),
                PassEvent::JobGone { .. } if next.step == PassStep::Failed => {
                    detail["class"] = json!("lost");
                    detail["reason"] = json!(next.reason);
                }
                _ => {}
            }
            story.push(line(second, Some(0), event.word(), detail));
            now = next;
            states.push((at(second), now.clone()));
        }
        let (told, faults) = told(&story);
        prop_assert!(faults.is_empty());
        let again = files::pass(&now, &told, at(0));
        for second in 0..45 {
            prop_assert_eq!(row_at(&again, at(second)), row_at(&states, at(second)), "at {}: {:#?}", second, &story);
        }
    }

    #[test]
    fn a_file_is_at_every_instant_what_its_steps_made_of_it(choices in prop::collection::vec(0u8..8, 0..30)) {
        let mut now = FileRecord {
            file: FileId::new(1, 0),
            step: FileStep::Arrived,
            since: at(0),
            failure: None,
            reason: None,
            source: "run1-seq0.dat".into(),
            size_bytes: 100,
            daq_closed: at(0),
            arrived: at(0),
            adler32: None,
            events_by_trigger: None,
            refused: None,
        };
        let mut story = vec![line(0, Some(0), "arrived", json!({"size_bytes": 100, "daq_closed": at(0)}))];
        let mut states = vec![(at(0), now.clone())];
        for (second, choice) in (1..).zip(choices) {
            let size_bytes = 100 + second as u64;
            let daq_closed = at(second);
            let sizes = json!({"size_bytes": size_bytes, "daq_closed": daq_closed});
            let (event, detail) = match choice {
                0 => (FileEvent::CopyStarted, json!({})),
                1 => (FileEvent::SourceChanged { size_bytes, daq_closed }, sizes),
                2 => (FileEvent::TakenAgain { size_bytes, daq_closed }, sizes),
                3 => (FileEvent::Copied { size_bytes, adler32: 0xab }, json!({"size_bytes": size_bytes, "adler32": "000000ab"})),
                4 => (FileEvent::Stored { events_by_trigger: None }, json!({"events": 3})),
                5 => {
                    let event = FileEvent::Failed { class: FailureClass::Copy, reason: "why".into() };
                    (event, json!({"class": "copy", "reason": "why"}))
                }
                6 => (FileEvent::Resubmitted, json!({})),
                _ => (FileEvent::OtherContent { size_bytes, written: at(second) }, json!({"size_bytes": size_bytes, "written": at(second)})),
            };
            let Ok(next) = next_file(&now, &event, at(second)) else { continue };
            story.push(line(second, Some(0), event.word(), detail));
            now = next;
            states.push((at(second), now.clone()));
        }
        let (told, _) = told(&story);
        let again = files::file(&now, &told);
        for second in 0..35 {
            prop_assert_eq!(row_at(&again, at(second)), row_at(&states, at(second)), "at {}: {:#?}", second, &story);
        }
    }

    #[test]
    fn a_group_is_at_every_instant_what_its_steps_made_of_it(choices in prop::collection::vec((0usize..5, 0u8..7), 0..60)) {
        let mut now = GroupRecord {
            run: Run(1),
            processing: Processing(1),
            lane: "default".into(),
            group: Group(0),
            members: vec![FileId::new(1, 0)],
            step: GroupStep::Analysing,
            since: at(0),
            tasks: group_tasks(),
            results: Vec::new(),
        };
        let mut story = vec![line(0, None, "group_formed", json!({"group": "run1-p1-g0"}))];
        let mut states = vec![(at(0), now.clone())];
        for (second, (task, choice)) in (1..).zip(choices) {
            let kind = now.tasks[task].kind;
            let folder = match kind {
                JobKind::Pedestals => "pedestals",
                JobKind::Events => "events",
                JobKind::Noise => "noise",
                _ => "crp",
            };
            let event = match choice {
                0 => GroupEvent::Allotted,
                1 => GroupEvent::Submitted,
                2 => GroupEvent::JobEnded,
                3 => GroupEvent::JobGone { last_words: None },
                4 => GroupEvent::Placed { results: vec![format!("results/{folder}/run1-p1-g0.txt")] },
                5 => GroupEvent::Failed { reason: "why".into() },
                _ => GroupEvent::Resubmitted,
            };
            let Ok(next) = next_group(&now, kind, &event, at(second)) else { continue };
            let reason = next.tasks[task].reason.clone();
            let facts = json!({"group": "run1-p1-g0", "analysis": kind.word(), "reason": reason, "detail": {}});
            story.push(line(second, None, event.word(), facts));
            now = next;
            states.push((at(second), now.clone()));
        }
        let (told, _) = told(&story);
        let again = rows::group(&now, &told);
        for second in 0..65 {
            prop_assert_eq!(row_at(&again, at(second)), row_at(&states, at(second)), "at {}: {:#?}", second, &story);
        }
    }
}

#[test]
fn a_job_is_queued_then_runs_then_is_over_and_one_that_went_away_ends_when_that_was_told() {
    let job = JobRecord {
        id: 7,
        name: "reco_run1-seq0".into(),
        attempt: 1,
        kind: JobKind::Reconstruct,
        run: Run(1),
        file: Some(FileId::new(1, 0)),
        group: None,
        processing: Processing(1),
        state: JobState::Done,
        batch: "local".into(),
        batch_id: Some("12".into()),
        submitted: at(1),
        started: Some(at(3)),
        ended: Some(at(9)),
        cpu_s: Some(1.0),
        wall_s: Some(6.0),
        peak_memory_bytes: Some(5),
        exit_status: Some(0),
        script: "a".into(),
        log: "b".into(),
        reason: None,
    };
    let states = rows::job(&job, &[]);
    let state = |second| row_at(&states, at(second)).map(|job| (job.state, job.cpu_s));
    assert_eq!(
        [state(0), state(2), state(5), state(9)],
        [None, Some((JobState::Queued, None)), Some((JobState::Running, None)), Some((JobState::Done, Some(1.0)))]
    );
    let gone = JobRecord { state: JobState::Failed, ended: None, exit_status: None, ..job };
    let story = [line(6, Some(0), "job_gone", json!({"processing": 1}))];
    let (told, _) = told(&story);
    let states = rows::job(&gone, &told);
    assert_eq!(row_at(&states, at(5)).unwrap().state, JobState::Running);
    assert_eq!(row_at(&states, at(6)).unwrap().state, JobState::Failed);
}

#[test]
fn a_run_has_no_end_before_its_end_and_a_story_with_a_clock_that_jumped_says_so() {
    let run = RunRecord { run: Run(1), first_seen: at(1), ended: Some(at(5)), ended_by: Some("marker".into()) };
    let states = rows::run(&run);
    assert_eq!(row_at(&states, at(0)), None);
    assert_eq!(row_at(&states, at(4)).unwrap().ended, None);
    assert_eq!(row_at(&states, at(5)), Some(run));
    let mut back = line(9, Some(0), "copied", json!({"size_bytes": 1, "adler32": "1"}));
    back.at = at(2);
    let story = [line(8, Some(0), "copy_started", json!({})), back];
    let (told, faults) = told(&story);
    assert_eq!(told[1].at, at(8), "known no earlier than what stands before it");
    assert!(faults.len() == 1 && faults[0].contains("clock jumped back"), "{faults:?}");
}
