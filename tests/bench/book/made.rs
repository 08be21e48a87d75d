//! Makes a workspace whose book is as large as years of data taking make it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use dqmon::bookkeeping::{
    Decision, DecisionSubject, EntryId, EntryKind, FileRecord, FileStep, GroupRecord, GroupStep, JobKind, JobRecord, JobState,
    Mark, MarkBody, NewDecision, NewEntry, Part, PassRecord, PassStep, ProcessingRecord, ProcessingStep, Row, RunRecord,
    SqliteStore, Stage, Store, StoryEntry, TaskPhase, TaskStep,
};
use dqmon::config::Workspace;
use jiff::{SignedDuration, Timestamp};
use monitasks::quality::Flag;
use monitasks::vocab::{FileId, Group, Processing, Run, Sequence};

/// Files of a run.
pub const FILES: u32 = 10;
/// Decisions on a run: four one after the other on its raw data, one on what was reconstructed of it, one on its processing, and
/// one on each of four files.
pub const DECISIONS: u32 = 10;
/// Times that a run as a whole is decided on, each in the place of the one before.
const TIMES: u32 = 4;
/// Runs that are written in one go.
const AT_ONCE: u32 = 5_000;
/// What the backend tells of a file.
const STORY: [&str; 4] = ["arrived", "copied", "accepted", "analysed"];

/// How fast it was made, and how large it is.
pub struct Pace {
    /// Decisions and marks per second.
    pub entries_per_s: f64,
    /// Of the book on the disk.
    pub size_gb: f64,
}

/// Makes it in a folder.
pub fn make(folder: &Path, runs: u32) -> Pace {
    let workspace = Workspace::create(folder, "3x1x1").unwrap();
    let mut book = SqliteStore::open(&workspace.book()).unwrap();
    let (mut entries, mut entries_s) = (0, 0.0);
    let mut first = 0;
    while first < runs {
        let some = first..(first + AT_ONCE).min(runs);
        for few in some.clone().collect::<Vec<_>>().chunks(500) {
            let rows: Vec<Row> = few.iter().flat_map(|run| rows_of(*run, *run + 1 < runs)).collect();
            let story: Vec<StoryEntry> = few.iter().flat_map(|run| story_of(*run)).collect();
            book.record(None, &story, &rows).unwrap();
        }
        let began = Instant::now();
        entries += say(&mut book, &some.collect::<Vec<_>>());
        entries_s += began.elapsed().as_secs_f64();
        first += AT_ONCE;
        eprintln!("{} of {runs} runs are made", first.min(runs));
    }
    drop(book);
    let size_gb = std::fs::metadata(workspace.book()).unwrap().len() as f64 / 1e9;
    Pace { entries_per_s: entries as f64 / entries_s, size_gb }
}

/// A run begins an hour after the one before.
fn at(run: u32, minute: u32) -> Timestamp {
    let began = Timestamp::from_second(1_479_254_400).unwrap();
    began + SignedDuration::from_mins(i64::from(run) * 60 + i64::from(minute))
}

/// One file in 97 has failed.
fn has_failed(file: FileId) -> bool {
    (file.run.0 * FILES + file.sequence.0).is_multiple_of(97)
}

fn rows_of(run: u32, has_ended: bool) -> Vec<Row> {
    let ended = has_ended.then(|| at(run, 55));
    let mut rows =
        vec![Row::Run(RunRecord { run: Run(run), first_seen: at(run, 0), ended, ended_by: ended.map(|_| "quiet".into()) })];
    rows.push(Row::Processing(ProcessingRecord {
        run: Run(run),
        processing: Processing(1),
        lane: "FULL".into(),
        step: if has_ended { ProcessingStep::Done } else { ProcessingStep::Open },
        since: at(run, 58),
        opened: at(run, 0),
        because: "the first of its lane".into(),
        hold: None,
        settings_sum: "0123456789abcdef".into(),
        missing: Vec::new(),
        to_publish: false,
    }));
    for sequence in 0..FILES {
        let file = FileId::new(run, sequence);
        rows.extend([Row::File(file_of(file)), Row::Pass(pass_of(file)), Row::Job(job_of(file))]);
    }
    rows.extend((0..2).map(|group| Row::Group(group_of(Run(run), group))));
    rows
}

fn file_of(file: FileId) -> FileRecord {
    FileRecord {
        file,
        step: FileStep::Stored,
        since: at(file.run.0, 5 * file.sequence.0 + 1),
        failure: None,
        reason: None,
        source: format!("{file}.dat"),
        size_bytes: 1_073_741_824 + u64::from(file.sequence.0),
        daq_closed: at(file.run.0, 5 * file.sequence.0),
        arrived: at(file.run.0, 5 * file.sequence.0),
        adler32: Some(file.run.0 ^ file.sequence.0),
        events_by_trigger: Some([(1, 335)].into()),
        refused: None,
    }
}

fn pass_of(file: FileId) -> PassRecord {
    let failed = has_failed(file);
    let step = if failed { PassStep::Failed } else { PassStep::Analysed };
    PassRecord {
        failure: failed.then_some(dqmon::bookkeeping::FailureClass::Memory),
        reason: failed.then(|| "killed for the memory it took: 330 MB".into()),
        attempt: 1,
        events: (!failed).then_some(335),
        tracks: (!failed).then_some(1200),
        accepted: (!failed).then(|| at(file.run.0, 56)),
        group: (!failed).then_some(Group(file.sequence.0 / 5)),
        ..PassRecord::new(file, Processing(1), "FULL", step, at(file.run.0, 57))
    }
}

fn job_of(file: FileId) -> JobRecord {
    let stem = format!("{}/reco_{file}-a1", file.run);
    JobRecord {
        id: 0,
        name: format!("reco_{file}"),
        attempt: 1,
        kind: JobKind::Reconstruct,
        run: file.run,
        file: Some(file),
        group: None,
        processing: Processing(1),
        state: if has_failed(file) { JobState::Failed } else { JobState::Done },
        batch: "local".into(),
        batch_id: Some("1234567".into()),
        submitted: at(file.run.0, 52),
        started: Some(at(file.run.0, 53)),
        ended: Some(at(file.run.0, 56)),
        cpu_s: Some(161.5),
        wall_s: Some(165.25),
        peak_memory_bytes: Some(33_000_000),
        exit_status: Some(0),
        script: PathBuf::from(format!("processing/scripts/{stem}.sh")),
        log: PathBuf::from(format!("all_logs/batch/{stem}.log")),
        reason: None,
    }
}

fn group_of(run: Run, group: u32) -> GroupRecord {
    let files = (group * 5..group * 5 + 5).map(|sequence| FileId::new(run.0, sequence));
    let task = |kind| TaskStep { kind, phase: TaskPhase::Done, attempt: 1, lost: 0, reason: None };
    GroupRecord {
        run,
        processing: Processing(1),
        lane: "FULL".into(),
        group: Group(group),
        members: files.filter(|file| !has_failed(*file)).collect(),
        step: GroupStep::Done,
        since: at(run.0, 59),
        tasks: [JobKind::Pedestals, JobKind::Purity, JobKind::Gain].map(task).into(),
        results: ["pedestals", "purity", "gain"].map(|task| format!("results/crp/{task}_{run}-p1-g{group}.root")).into(),
    }
}

fn story_of(run: u32) -> Vec<StoryEntry> {
    let of = |sequence: u32, kind: &str| StoryEntry {
        at: at(run, 5 * sequence + 1),
        run: Some(Run(run)),
        sequence: Some(Sequence(sequence)),
        kind: kind.into(),
        detail: if kind == "failed" {
            serde_json::json!({"class": "memory"})
        } else {
            serde_json::json!({"size_bytes": 1_073_741_824})
        },
    };
    let failed = |sequence: &u32| has_failed(FileId::new(run, *sequence));
    let all = (0..FILES).flat_map(|sequence| STORY.map(|kind| of(sequence, kind)));
    all.chain((0..FILES).filter(failed).map(|sequence| of(sequence, "failed"))).collect()
}

/// What people say of some runs; answers how many entries that are.
fn say(book: &mut SqliteStore, runs: &[u32]) -> usize {
    let mut said = 0;
    let mut before: Vec<Vec<EntryId>> = vec![Vec::new(); runs.len()];
    for time in 0..TIMES {
        let entries = runs.iter().zip(before).map(|(run, before)| on(*run, DecisionSubject::run(Run(*run)), time, before));
        let written = book.append(&entries.collect::<Vec<_>>()).unwrap();
        said += written.len();
        before = written.iter().map(|entry| vec![entry.id]).collect();
    }
    let parts = (0..4).map(|sequence| (Part::File(Sequence(sequence)), Stage::Raw));
    let made = [Part::Whole, Part::Processing(Processing(1))].map(|part| (part, Stage::Reconstructed));
    for (part, stage) in parts.chain(made) {
        let entries = runs.iter().map(|run| on(*run, DecisionSubject { run: Run(*run), part, stage }, TIMES, Vec::new()));
        said += book.append(&entries.collect::<Vec<_>>()).unwrap().len();
    }
    for subsystem in ["RQM", "CAL"] {
        said += book.append(&runs.iter().map(|run| mark_of(*run, subsystem)).collect::<Vec<_>>()).unwrap().len();
    }
    said + book.append(&runs.iter().map(|run| shift_mark(*run)).collect::<Vec<_>>()).unwrap().len()
}

/// The last word on a run is BAD for one in eleven, and nobody has decided on one in a hundred.
fn on(run: u32, subject: DecisionSubject, time: u32, supersedes: Vec<EntryId>) -> NewEntry {
    let flag = match () {
        () if run.is_multiple_of(100) && subject.is_run() => Flag::Unchecked,
        () if run.is_multiple_of(11) => Flag::Bad,
        () => Flag::Ok,
    };
    let note = if flag == Flag::Bad { "LEM 4 off" } else { "" };
    let (who, role) = if time == 0 { ("Ada", "shifter") } else { ("Ben", "expert") };
    let said = NewDecision {
        at: at(run, 60 + time),
        subject,
        decision: Decision::new(flag, note),
        who: who.into(),
        role: role.into(),
        supersedes,
        wish: None,
        seen: None,
    };
    said.entry().unwrap()
}

fn mark_of(run: u32, subsystem: &str) -> NewEntry {
    let mark = match subsystem {
        "RQM" if run.is_multiple_of(11) => "bad",
        "RQM" => "good",
        _ if run.is_multiple_of(3) => "det_study",
        _ => "physics",
    };
    of_run(run, EntryKind::SubsystemMark, format!("run{run}-p1/{subsystem}"), serde_json::json!({"mark": mark, "comment": ""}))
}

fn shift_mark(run: u32) -> NewEntry {
    let mark = if run.is_multiple_of(13) { Mark::Flawed } else { Mark::Ok };
    let body = serde_json::to_value(MarkBody { mark, comment: String::new() }).unwrap();
    of_run(run, EntryKind::Mark, format!("run{run}"), body)
}

fn of_run(run: u32, kind: EntryKind, subject: String, body: serde_json::Value) -> NewEntry {
    NewEntry {
        at: at(run, 70),
        kind,
        subject,
        run: Some(Run(run)),
        who: "Cleo".into(),
        role: "expert".into(),
        body,
        supersedes: Vec::new(),
        wish: None,
        seen: None,
    }
}
