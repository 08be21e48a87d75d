//! Clicks through the Processing page after a night that went wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use dqmon::engine::{Command, FailureClass, ProcessingCommand, RequestKind, RequestSubject, ViewCommand};
use dqmon::gui::{Page, UiState};
use dqmon::snapshot::{CloseSubject, Snapshot};
use egui_kittest::kittest::Queryable;
use jiff::SignedDuration;
use monitasks::vocab::{FileId, Group, Processing, Run};

use super::window_clicks::Desk;
use super::{made_up, made_up_night};

fn desk(snapshot: Snapshot) -> Desk {
    Desk::with_state(snapshot, UiState { page: Page::Processing, ..UiState::default() })
}

/// Whether words stand anywhere on the screen, in a longer text too.
fn says(desk: &Desk, words: &str) -> bool {
    desk.window.query_all_by_label_contains(words).next().is_some() || painted(desk, words)
}

/// Whether words were painted: what a table draws as a galley has no label that says all of it.
fn painted(desk: &Desk, words: &str) -> bool {
    fn of(shape: &egui::Shape, words: &str) -> bool {
        match shape {
            egui::Shape::Vec(shapes) => shapes.iter().any(|shape| of(shape, words)),
            egui::Shape::Text(text) => text.galley.job.text.contains(words),
            _ => false,
        }
    }
    desk.window.output().shapes.iter().any(|clipped| of(&clipped.shape, words))
}

fn asked(kind: RequestKind, subject: RequestSubject) -> Command {
    Command::Processing(ProcessingCommand::Ask(kind, subject))
}

#[test]
fn reason_and_next_step_of_a_failure_stand_on_the_page_with_no_click() {
    let desk = desk(made_up_night::night());
    for words in [
        "killed, most likely for memory: ended by signal 9 after 41 s, peak memory 31.8 GB",
        FailureClass::Memory.next_step(),
        FailureClass::InputDamaged.next_step(),
        "killed, most likely for memory  2 · 3 · 3",
        "rule 'ended_for': the run has to be over for 10 min",
        "passes in 2 min 10 s",
        "watcher looked 3 s ago",
        "batch system slurm answers",
    ] {
        assert!(says(&desk, words), "{words}");
    }
    assert!(!says(&desk, "LATE"));
}

#[test]
fn a_class_is_listed_by_a_click_and_resubmitted_only_after_a_question() {
    let mut desk = desk(made_up_night::night());
    desk.click("Failures: killed, most likely for memory  2 · 3 · 3 (4.1)");
    assert!(desk.has("run23-seq0") && desk.has("run23-seq2") && !desk.has("run17-seq1"));
    assert!(says(&desk, FailureClass::Memory.meaning()));
    let _ = desk.commands();
    desk.click("Resubmit all of class killed, most likely for memory…");
    assert_eq!(desk.commands(), [], "nothing is asked for before the answer");
    desk.click("Leave it");
    assert_eq!(desk.commands(), []);
    assert!(!desk.has("Leave it"));
    desk.click("Resubmit all of class killed, most likely for memory…");
    desk.click("Resubmit 2 files");
    let subject = RequestSubject { class: Some(FailureClass::Memory), ..RequestSubject::default() };
    assert_eq!(desk.commands(), [asked(RequestKind::Resubmit, subject)]);
}

#[test]
fn a_file_that_waits_is_held_let_go_and_cancelled_after_a_question() {
    let mut desk = desk(made_up_night::night());
    let _ = desk.commands();
    let of = |sequence, processing| RequestSubject {
        processing: Some(Processing(processing)),
        ..RequestSubject::of_file(FileId::new(24, sequence))
    };
    desk.click("queued 1");
    desk.click("Hold run24-seq2");
    assert_eq!(desk.commands(), [asked(RequestKind::Hold, of(2, 1))]);
    desk.click("Cancel run24-seq2…");
    assert_eq!(desk.commands(), []);
    desk.click("Cancel run24-seq2");
    assert_eq!(desk.commands(), [asked(RequestKind::Cancel, of(2, 1))]);
    desk.publish(|snapshot| {
        let run = snapshot.runs.iter_mut().find(|row| row.run == Run(24)).unwrap();
        run.files[2].passes[0].held_by = Some("Ada Marsh".into());
    });
    desk.click("Unhold run24-seq2");
    assert_eq!(desk.commands(), [asked(RequestKind::Release, of(2, 1))]);
    desk.publish(|snapshot| snapshot.workspace.as_mut().unwrap().read_only = true);
    assert!(!desk.has("Unhold run24-seq2"), "read-only asks for nothing");
}

#[test]
fn a_failed_group_has_a_row_and_is_made_again() {
    let mut desk = desk(made_up_night::night());
    let _ = desk.commands();
    assert!(says(&desk, "purity: no result: 3 tracks that cross, 20 are needed"));
    desk.click("Resubmit run22-p1-g0");
    let subject = RequestSubject {
        run: Some(Run(22)),
        processing: Some(Processing(1)),
        group: Some(Group(0)),
        ..RequestSubject::default()
    };
    assert_eq!(desk.commands(), [asked(RequestKind::Resubmit, subject)]);
    assert!(!desk.has("run20-p1-g0"), "analyses that went well are not listed unasked");
    desk.click("analyses 24");
    assert!(desk.has("run24-p1-g0") && !desk.has("run24-seq2"));
}

#[test]
fn a_row_tells_its_story_and_the_end_of_its_log() {
    let mut desk = desk(made_up_night::night());
    let looks = |desk: &Desk| -> Vec<CloseSubject> {
        let of = |command| match command {
            Command::View(ViewCommand::LookClosely(subject)) => Some(subject),
            _ => None,
        };
        desk.side.commands.try_iter().filter_map(of).collect()
    };
    let _ = looks(&desk);
    desk.click("Row of run23-seq0, failed");
    let log = Some("all_logs/batch/run23/reco_run23-seq0.log".into());
    let subject = CloseSubject { file: Some(FileId::new(23, 0)), log };
    assert_eq!(looks(&desk), std::slice::from_ref(&subject), "asked for once");
    assert!(says(&desk, "being read…"));
    desk.publish(|snapshot| snapshot.processing.closely = Some(Arc::new(made_up_night::closely(subject))));
    for words in ["DAQ closed it", "51 MB in 0.4 s, adler32 0011aabb", "Killed", "exit status", "End of the log"] {
        assert!(says(&desk, words), "{words}");
    }
    desk.click("Close the details");
    assert_eq!(looks(&desk), [CloseSubject::default()], "nobody looks any more");
}

#[test]
fn the_flow_is_counted_only_while_it_is_looked_at() {
    let mut desk = desk(made_up_night::night());
    let watched = |desk: &Desk| -> Vec<Option<u64>> {
        let of = |command| match command {
            Command::View(ViewCommand::WatchFlow(window_s)) => Some(window_s),
            _ => None,
        };
        desk.side.commands.try_iter().filter_map(of).collect()
    };
    assert_eq!(watched(&desk), []);
    desk.click("Flow");
    assert_eq!(watched(&desk), [Some(86_400)]);
    desk.click("7 d");
    assert_eq!(watched(&desk), [Some(604_800)]);
    desk.publish(|snapshot| snapshot.processing.flow = Some(Arc::new(made_up_night::flow(604_800))));
    for words in [
        "3.3 files/h arrive",
        "full in 13 h 53 min at the rate of the last 22 h 13 min",
        "Latency of each stage",
        "queued to started",
    ] {
        assert!(says(&desk, words), "{words}");
    }
    desk.window.key_press(egui::Key::F1);
    desk.settle();
    assert_eq!(watched(&desk), [None]);
}

#[test]
fn a_late_watcher_a_dead_batch_system_and_what_is_put_off_are_said() {
    let mut desk = desk(made_up_night::night());
    desk.publish(|snapshot| {
        let health = snapshot.processing.health.as_mut().unwrap();
        health.watcher.next_sweep = Some(made_up::now() - SignedDuration::from_secs(95));
        health.batch_fault = Some("sinfo: connection refused".into());
    });
    assert!(says(&desk, "watcher LATE: the look at the incoming folder is 95 s overdue"));
    assert!(says(&desk, "→ Look whether the folder is there and the DAQ's disk answers"));
    assert!(says(&desk, "batch system slurm does not answer: sinfo: connection refused"));
    desk.click("Copies and services (3 put off)");
    for words in [
        "no connection to central.example.org:1094: connection refused",
        "7 tries, tried again in 48 s",
        "last tried 40 min ago",
        "not tried again: a person is needed",
        "Call the data manager; when the cause is mended, 'dqmon resubmit run20-seq0' tries it again.",
        "11.2 MB/s",
        "30.0 MB of 51.2 MB",
    ] {
        assert!(says(&desk, words), "{words}");
    }
}

#[test]
fn held_and_refused_runs_say_the_rule_and_the_time_on_the_page_and_on_the_card() {
    let mut desk = desk(made_up_night::night());
    desk.click("Runs and rules (2 held)");
    let rule = "rule 'ended_for' since 10 min ago: the run has to be over for 10 min; passes in 2 min 10 s";
    for words in [rule, "rule 'mark' since 2 h ago: marked unusable by Bo Lind", "refused"] {
        assert!(says(&desk, words), "{words}");
    }
    desk.window.key_press(egui::Key::F1);
    desk.settle();
    assert!(says(&desk, &format!("CALIB, processing 2: held by {rule}")));
}

#[test]
fn an_empty_shift_says_what_would_fill_each_part() {
    let mut desk = desk(made_up::empty());
    for (part, words) in [
        ("Files (0)", "Files appear here as the DAQ closes them"),
        ("Runs and rules (0 held)", "No processing yet."),
        ("Copies and services (0 put off)", "Nothing. What can't be done just now stands here"),
        ("Flow", "Being counted."),
    ] {
        desk.click(part);
        assert!(says(&desk, words), "{part}: {words}");
    }
}
