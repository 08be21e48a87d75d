//! A made-up night that went wrong: what a tired shifter finds on the Processing page.

// A made-up night that lacks a row fails where it is made.
#![allow(clippy::unwrap_used)]
#![allow(dead_code)]

use std::sync::Arc;

use dqmon::bookkeeping::FailureClass;
use dqmon::processing::failures::rates;
use dqmon::processing::flow::{Flow, flow_figures};
use dqmon::snapshot::{
    BackendHealth, ClassRow, CloseLook, CloseSubject, CopyRow, DiskRow, FileStage, FlowShown, HoldRow, LatencyRow, PutOffRow,
    Snapshot, StoryLine, WatcherRow,
};
use jiff::{SignedDuration, Timestamp};
use monitasks::quality::State;
use monitasks::vocab::{FileId, Run};

use super::made_up::{self, now};

fn before(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

/// Damaged input, jobs killed for memory, a dead server behind a copy, a held and a refused run, a failed analysis.
pub fn night() -> Snapshot {
    let mut snapshot = made_up::full();
    fail(&mut snapshot, FileId::new(17, 1), "input_damaged", "event 3 at offset 12806144: wrong key; the file is cut", 7_000);
    fail(&mut snapshot, FileId::new(23, 0), "memory", "ended by signal 9 after 41 s, peak memory 31.8 GB", 1_500);
    fail(&mut snapshot, FileId::new(23, 2), "memory", "ended by signal 9 after 39 s, peak memory 31.9 GB", 1_400);
    hold(&mut snapshot);
    let failed = snapshot.runs.iter_mut().find(|row| row.run == Run(22)).unwrap();
    let group = &mut failed.groups[0];
    group.step = "failed".into();
    group.fault = Some("purity: no result: 3 tracks that cross, 20 are needed".into());
    group.tasks[1].phase = "failed".into();
    snapshot.processing.health = Some(health());
    snapshot.processing.put_off = put_off();
    snapshot.processing.failures = classes(&snapshot);
    snapshot
}

fn fail(snapshot: &mut Snapshot, id: FileId, class: &str, reason: &str, age_s: i64) {
    let run = snapshot.runs.iter_mut().find(|row| row.run == id.run).unwrap();
    let file = run.files.iter_mut().find(|file| file.file == id).unwrap();
    (file.stage, file.reason, file.since) = (FileStage::Failed, Some(reason.into()), before(age_s));
    let pass = &mut file.passes[0];
    (pass.stage, pass.reason, pass.since) = (FileStage::Failed, Some(reason.into()), before(age_s));
    (pass.class, pass.attempts) = (Some(class.into()), 3);
}

fn hold(snapshot: &mut Snapshot) {
    let run = snapshot.runs.iter_mut().find(|row| row.run == Run(24)).unwrap();
    let mut held = run.processings[0].clone();
    (held.processing, held.lane, held.step, held.since) = (2, "CALIB".into(), "held".into(), before(600));
    held.hold = Some(HoldRow {
        rule: "ended_for".into(),
        words: "the run has to be over for 10 min".into(),
        since: before(600),
        until: Some(now() + SignedDuration::from_secs(130)),
    });
    run.processings.push(held);
    for file in &mut run.files[..1] {
        let mut pass = file.passes[0].clone();
        (pass.processing, pass.lane, pass.stage, pass.job) = (2, "CALIB".into(), FileStage::Held, None);
        (file.stage, pass.attempts) = (FileStage::Held, 0);
        file.passes.push(pass);
    }
    let refused = &mut snapshot.runs.iter_mut().find(|row| row.run == Run(21)).unwrap().processings[0];
    refused.step = "refused".into();
    refused.hold =
        Some(HoldRow { rule: "mark".into(), words: "marked unusable by Bo Lind".into(), since: before(9_000), until: None });
}

fn health() -> BackendHealth {
    let copy = |subject: &str, done_bytes, bytes_per_s| CopyRow {
        subject: subject.into(),
        to: "root://central.example.org//raw/".to_owned() + subject + ".dat",
        size_bytes: 51_230_000,
        done_bytes,
        bytes_per_s,
    };
    BackendHealth {
        at: before(1),
        is_of_an_earlier_one: false,
        watcher: WatcherRow {
            last_hint: Some(before(12)),
            last_sweep: Some(before(3)),
            sweep_took_s: 0.04,
            next_sweep: Some(now() + SignedDuration::from_secs(7)),
            lost_hints: 1,
            open_files: 1,
            fault: None,
        },
        batch: "slurm".into(),
        batch_fault: None,
        mail: Some("3 failures in the digest due in 12 min, to dq-experts".into()),
        copies: vec![copy("run24-seq3", 30_000_000, Some(11.2e6)), copy("run24-seq2", 0, None)],
    }
}

fn put_off() -> Vec<PutOffRow> {
    let row = |subject: &str, why: &str, tries, next_try, is_refused| PutOffRow {
        subject: subject.into(),
        why: why.into(),
        tries,
        since: before(2_400),
        next_try,
        is_refused,
    };
    vec![
        row(
            "copy of run20-seq0 to root://central.example.org//raw/run20-seq0.dat",
            "a file of other content stands there",
            1,
            None,
            true,
        ),
        row(
            "copy of run24-seq1 to root://central.example.org//raw/run24-seq1.dat",
            "no connection to central.example.org:1094: connection refused",
            7,
            Some(now() + SignedDuration::from_secs(48)),
            false,
        ),
        row("submission of reco_run24-seq2", "sbatch: slurm controller not responding", 2, None, false),
    ]
}

/// The classes with their true words.
pub fn classes(snapshot: &Snapshot) -> Vec<ClassRow> {
    let failures: Vec<(FailureClass, Timestamp)> = [
        (FailureClass::Memory, 1_400),
        (FailureClass::Memory, 1_500),
        (FailureClass::Memory, 40_000),
        (FailureClass::InputDamaged, 7_000),
        (FailureClass::Copy, 300_000),
    ]
    .map(|(class, age_s)| (class, before(age_s)))
    .to_vec();
    let files: Vec<_> = snapshot.runs.iter().flat_map(|run| &run.files).collect();
    let row = |rate: dqmon::processing::failures::ClassRate| {
        let word = rate.class.word();
        let has_failed = |class: &Option<String>| class.as_deref() == Some(word);
        ClassRow {
            word: word.into(),
            title: rate.class.title().into(),
            meaning: rate.class.meaning().into(),
            next_step: rate.class.next_step().into(),
            last_hour: rate.last_hour,
            last_day: rate.last_day,
            total: rate.total,
            per_100_files: rate.per_100_files,
            now: files.iter().filter(|file| file.passes.iter().any(|pass| has_failed(&pass.class))).count(),
        }
    };
    rates(&failures, files.len(), now()).into_iter().map(row).collect()
}

/// What is looked at closely, as the engine would answer.
pub fn closely(subject: CloseSubject) -> CloseLook {
    let line =
        |age_s, what: &str, detail: &str, state| StoryLine { at: before(age_s), what: what.into(), detail: detail.into(), state };
    CloseLook {
        subject,
        story: vec![
            line(90_000, "DAQ closed it", "51 MB", State::Unchecked),
            line(1_640, "arrived", "51 MB, run23-seq0.dat", State::Unchecked),
            line(1_638, "copied", "51 MB in 0.4 s, adler32 0011aabb", State::Ok),
            line(1_600, "job submitted", "reco_run23-seq0", State::Unchecked),
            line(1_500, "failed", "ended by signal 9 after 41 s, peak memory 31.8 GB", State::Bad),
        ],
        log: Some(Ok((0..60).map(|line| format!("event {line} reconstructed\n")).collect::<String>() + "Killed")),
        fault: None,
    }
}

/// The flow of a quiet day, with the true figures of nothing and of something.
pub fn flow(window_s: u64) -> FlowShown {
    let of_nothing = Flow::of(&[], now(), SignedDuration::from_hours(24));
    FlowShown {
        window_s,
        span_s: 80_000.0,
        done: [73, 72, 68, 60, 5],
        arrived_per_h: 3.3,
        reconstructed_per_h: 3.1,
        copied_bytes_per_s: 46_000.0,
        backlog: vec![("wait for their copy".into(), 1), ("wait for their job".into(), 2), ("failed".into(), 3)],
        eta_s: Some(3_400.0),
        present_s: 3_600.0,
        stages: of_nothing
            .stages
            .iter()
            .map(|stage| LatencyRow { meaning: stage.meaning.into(), count: 68, median_p95_max_s: [Some(2.0), Some(41.0), None] })
            .collect(),
        disks: vec![DiskRow {
            folders: "incoming, storage/input, results".into(),
            size_bytes: 2_000_000_000_000,
            free_bytes: 120_000_000_000,
            full_in_s: Some(50_000.0),
            fault: None,
        }],
        figures: flow_figures(&of_nothing).into_iter().map(|(_, figure)| Arc::new(figure)).collect(),
        fault: None,
    }
}
