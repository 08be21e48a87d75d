//! A made-up shift for tests of the window: every kind of layer, state, flag and stage, and no engine behind it.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use dqmon::snapshot::{
    Backend, Banner, DecisionRow, EventShown, FigureKey, FileRow, FileStage, GroupRow, ItemNode, JobRow, NotTaken, Origin,
    PassRow, PeopleShown, ProcessingRow, ProcessingShown, RunRow, RunTable, RunsAsk, RunsShown, Snapshot, SortKey, TaskNode,
    TaskRow, WorkspaceFacts,
};
use jiff::{SignedDuration, Timestamp};
use monitasks::detector::{Detector, DriftFacts, Expected, LemGrid, LemNumbering, RawLayout, Readout, ViewFacts, Volume};
use monitasks::figure::{Across, Axis, Figure, Ink, Layer, Map, Point};
use monitasks::quality::{Flag, State};
use monitasks::summary::Measured;
use monitasks::task::Glance;
use monitasks::vocab::{FileId, Run};

/// The moment at which the made-up shift stands still: one for all tests, or what somebody has set before.
pub fn now() -> Timestamp {
    *NOW.get_or_init(|| "2026-11-20T14:03:20Z".parse().unwrap())
}

/// Set first to have the shift go on now.
pub static NOW: OnceLock<Timestamp> = OnceLock::new();

fn before(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

/// A shift in full swing.
pub fn full() -> Snapshot {
    let tasks = tasks();
    let mut figures = BTreeMap::new();
    for task in &tasks {
        for item in &task.items {
            let figure = Arc::new(figure(&task.name, &item.name));
            for run in std::iter::once(None).chain((1..=24).map(|run| Some(Run(run)))) {
                let key = FigureKey { run, ..FigureKey::newest(&task.name, &item.name) };
                figures.insert(key, figure.clone());
            }
        }
    }
    Snapshot {
        serial: 1,
        taken_at: now(),
        origin: Origin::Live,
        workspace: Some(workspace("/data/wa105/november-shift")),
        banners: Vec::new(),
        backend: Backend::Running { owner: "daq-ws3:20417".into(), heartbeat: before(2) },
        tasks,
        figures,
        verdicts: BTreeMap::new(),
        ranking: None,
        event: Some(EventShown { file: FileId::new(24, 2), index: 4, of: 12, follows_newest: true, strip: None }),
        runs: (1..=24).map(run).collect(),
        older_runs: 0,
        listed: None,
        not_taken: vec![
            NotTaken {
                name: "core.8812".into(),
                reason: "the name matches none of run{run}-seq{seq}.dat, {run}-{seq}.dat".into(),
            },
            NotTaken { name: "run24-seq3.dat.tmp".into(), reason: "still being written: no close seen".into() },
        ],
        processing: ProcessingShown::default(),
        run_table: Some(run_table(&(1..=24).map(run).collect::<Vec<_>>())),
        judged: None,
        people: PeopleShown::default(),
        desk: Arc::default(),
        beside: dqmon::snapshot::Beside::default(),
        replay: None,
    }
}

/// The runs as the Runs page has them, newest first.
fn run_table(runs: &[RunRow]) -> Arc<RunsShown> {
    let mut table = RunTable::new(dqmon::catalogue::Fields::new(&dqmon::config::RunListSettings::default()));
    for run in runs {
        let last = run.decisions.last();
        let in_stage = |stage| Some(run.files.iter().filter(|file| file.stage == stage).count() as u64);
        table.put(&dqmon::catalogue::RunRow {
            started: run.start,
            ended: run.end.filter(|_| run.has_ended),
            flag: run.flag,
            decided_by: last.map(|decision| format!("{}, {}", decision.who, decision.role)),
            comment: last.map(|decision| decision.comment.clone()).filter(|comment| !comment.is_empty()),
            files: Some(run.files.len() as u64),
            analysed: in_stage(FileStage::Analysed),
            failed: in_stage(FileStage::Failed),
            ..dqmon::catalogue::RunRow::new(run.run)
        });
    }
    let ask = RunsAsk { sort: vec![SortKey { field: "run".into(), is_descending: true }], ..RunsAsk::default() };
    Arc::new(dqmon::live::answer_of(&Arc::new(table), &ask, None))
}

/// A workspace in which nothing has happened yet.
pub fn empty() -> Snapshot {
    let mut snapshot = full();
    snapshot.runs.clear();
    snapshot.run_table = Some(run_table(&[]));
    snapshot.not_taken.clear();
    snapshot.event = None;
    snapshot.backend = Backend::Stopped;
    for task in &mut snapshot.tasks {
        task.state = State::NoData;
        task.results = 0;
        task.fault = None;
        task.unread.clear();
        for item in &mut task.items {
            item.glance = Glance::no_data("no result has come yet");
            item.newest = None;
        }
    }
    for (key, figure) in &mut snapshot.figures {
        let reason = format!("No data yet. The first result in results/{} fills this plot.", key.task);
        *figure = Arc::new(Figure::empty(figure.title.clone(), reason));
    }
    snapshot
}

/// The full shift with names, comments and reasons as long as people make them.
pub fn long_names() -> Snapshot {
    let mut snapshot = full();
    snapshot.workspace = Some(workspace(
        "/eos/experiment/neutplatform/protodune/rawdata/wa105/a-workspace-with-a-very-long-name-indeed-for-tests",
    ));
    snapshot.banners = vec![
        Banner { is_fault: true, text: "book not answering for 12 s; decisions are refused until it does, plots go on: /data/wa105/november-shift/book.sqlite".into() },
        Banner { is_fault: false, text: "settings refused: unknown field 'foldr', expected one of 'folder', 'reconcile_s', 'run_quiet_s', 'run_end_marker', 'file_quiet_s'; the old settings stay in force: /data/wa105/november-shift/dqmon.toml:14".into() },
    ];
    snapshot.backend = Backend::Lost { owner: "a-machine-with-a-long-name.cern.ch:1234567".into(), heartbeat: before(4_000) };
    for task in &mut snapshot.tasks {
        task.title = format!("{} of the upper charge readout plane", task.title);
        for item in &mut task.items {
            item.title = format!("{} as a function of something long", item.title);
            item.glance.text = format!("{} of 96 channels", item.glance.text);
        }
    }
    for row in &mut snapshot.runs {
        row.run = Run(row.run.0 + 1_234_000);
        for file in &mut row.files {
            file.file = FileId::new(file.file.run.0 + 1_234_000, file.file.sequence.0 + 10_000);
            file.reason = Some("expected the closing key 0xfcde at offset 1073741824, found 0x0000: the file is cut, or the DAQ died while writing".into());
        }
        for decision in &mut row.decisions {
            decision.who = "Maximiliane-Theodora von Hohenlohe-Langenburg".into();
            decision.comment =
                "High voltage tripped at half past two and came back in steps; the lifetime is not to be trusted until three."
                    .into();
        }
    }
    snapshot.run_table = Some(run_table(&snapshot.runs));
    for figure in snapshot.figures.values_mut() {
        let mut long = Figure::clone(figure);
        long.title = format!("{} with a title that is much too long for the pane it stands in", long.title);
        long.notes.push("and a note that goes on and on about what the shifter should think of it".into());
        *figure = Arc::new(long);
    }
    snapshot
}

/// A decision as the book would return it.
pub fn decision(id: i64, flag: Flag, comment: &str) -> DecisionRow {
    DecisionRow { id, at: now(), flag, comment: comment.into(), who: "Ada Marsh".into(), role: "shifter".into() }
}

fn workspace(root: &str) -> WorkspaceFacts {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    WorkspaceFacts {
        root: PathBuf::from(root),
        detector: Arc::new(detector()),
        read_only: false,
        people: words(&["Ada Marsh", "Bo Lind", "Chiara Neri"]),
        roles: words(&["shifter", "run coordinator", "expert"]),
        comments: words(&["High voltage trip", "Noisy card", "Short run, too few tracks", "Purity monitor filling"]),
        usable_for: words(&["physics", "calibration"]),
    }
}

fn detector() -> Detector {
    let view = |strips, adc_ticks_per_fc| ViewFacts {
        strips,
        pitch_mm: 3.125,
        adc_ticks_per_fc,
        blind_strips: Vec::new(),
        noisy_strips: Vec::new(),
    };
    Detector {
        name: "3x1x1".into(),
        title: "WA105 3x1x1 dual-phase LArTPC".into(),
        raw_file_names: vec!["run{run}-seq{seq}.dat".into()],
        volume: Volume { x_cm: [-50.0, 50.0], y_cm: [0.0, 300.0], drift_cm: 100.0 },
        readout: Readout {
            channels: 1280,
            samples: 1667,
            sampling_us: 0.4,
            adc_bits: 12,
            skipped_samples: 0,
            coherent_group: 32,
            electronics_delay_us: 0.0,
            raw_layout: RawLayout::default(),
        },
        views: [view(320, 45.31), view(960, 49.38)],
        channel_map: Vec::new(),
        channel_map_name: "2017".into(),
        lems: LemGrid {
            columns: 2,
            rows: 6,
            size_cm: 50.0,
            numberings: vec![LemNumbering { name: "file".into(), title: "file numbering".into(), numbers: (0..12).collect() }],
        },
        drift: DriftFacts { field_kv_per_cm: 0.5, velocity_mm_per_us: 1.6, mip_charge_fc_per_cm: 10.0 },
        expected: Expected { lifetime_us: 3_000.0, pedestal_adc: 800.0, noise_adc: 1.7 },
    }
}

fn item(name: &str, title: &str, state: State, text: &str, reason: &str) -> ItemNode {
    ItemNode {
        name: name.into(),
        title: title.into(),
        about: format!("{title}: what is seen here and what it should look like."),
        glance: Glance { state, text: text.into(), reason: reason.into(), reading: Measured::NoData },
        verdicts: Arc::default(),
        newest: Some(before(75)),
        spark: Arc::default(),
    }
}

fn task(name: &str, title: &str, items: Vec<ItemNode>) -> TaskNode {
    TaskNode {
        name: name.into(),
        title: title.into(),
        about: format!("{title}: what is watched and why it matters."),
        state: State::worst(items.iter().map(|item| item.glance.state)),
        fault: None,
        results: 24,
        unread: Vec::new(),
        items,
    }
}

fn tasks() -> Vec<TaskNode> {
    let mut pedestals = task(
        "pedestals",
        "Pedestals",
        vec![
            item("rms_view_0", "RMS, view 0", State::Ok, "1.71 ADC", "all channels within 1.5 to 2.0 ADC"),
            item("rms_view_1", "RMS, view 1", State::Maybe, "1.84 ADC", "3 channels above 2.5 ADC"),
            item("mean_view_0", "Mean, view 0", State::Ok, "802 ADC", ""),
            item("mean_view_1", "Mean, view 1", State::Stale, "799 ADC", "older than 2 h"),
        ],
    );
    pedestals.unread = vec![("pedestals/run9-p1-g0.ped".into(), "line 14: 3 columns, expected 4".into())];
    vec![
        task(
            "purity",
            "Purity",
            vec![
                item("lifetime_trend", "Lifetime trend", State::Ok, "2.9 ± 0.1 ms", "above 1 ms"),
                item("drift_profile", "Drift profile", State::Unchecked, "χ²/n 1.1", ""),
            ],
        ),
        pedestals,
        task(
            "lem_gain",
            "LEM gain",
            vec![
                item("map", "Map of LEMs", State::Bad, "1 of 12 low", "LEM 7 is 32 % below its neighbours"),
                item("trend", "Trend of each LEM", State::WarmingUp, "3 of 5 results", "5 results are needed"),
            ],
        ),
        task(
            "charge_asymmetry",
            "Charge asymmetry",
            vec![
                item(
                    "map",
                    "Map of LEMs",
                    State::CannotJudge,
                    "cannot judge",
                    "no gain result: purity failed for the newest group",
                ),
                item("trend", "Trend", State::NoData, "NO DATA", "no result has come yet"),
            ],
        ),
        task(
            "event_display",
            "Event display",
            vec![
                item("view0", "View 0", State::Unchecked, "run24-seq2", ""),
                item("view1", "View 1", State::Unchecked, "run24-seq2", ""),
                item("waveform", "Waveform", State::Unchecked, "run24-seq2", ""),
            ],
        ),
    ]
}

/// Numbers that look random and are the same each time.
pub fn wobble(index: usize, salt: u64) -> f64 {
    let mut bits = (index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt.wrapping_mul(0xD1B5_4A32_D192_ED03);
    bits ^= bits >> 29;
    bits = bits.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits ^= bits >> 32;
    (bits as f64 / u64::MAX as f64) * 2.0 - 1.0
}

fn figure(task: &str, item: &str) -> Figure {
    match (task, item) {
        ("purity", "lifetime_trend") => lifetime_trend(),
        ("purity", _) => drift_profile(),
        ("pedestals", name) => pedestals(name),
        ("lem_gain", "map") => lem_map("Effective LEM gain, run 24", "dQ/ds", "fC/cm"),
        ("charge_asymmetry", "map") => lem_map("Charge asymmetry, run 24", "(Q0-Q1)/(Q0+Q1)", ""),
        ("lem_gain", _) => lem_trend(),
        ("charge_asymmetry", _) => {
            Figure::empty("Charge asymmetry trend", "No data yet. The first gain result in results/crp fills this plot.")
        }
        (_, name) => event(name),
    }
}

fn lifetime_trend() -> Figure {
    let series = |label: &str, index: u8| Layer::Points {
        label: label.into(),
        ink: Ink::Series(index),
        points: (0..48)
            .map(|run| Point {
                x: before(900 * (48 - run as i64)).as_second() as f64 + 60.0 * f64::from(index),
                y: if run == 31 { f64::NAN } else { 2.9 + 0.25 * wobble(run, u64::from(index)) },
                y_error: 0.12,
            })
            .collect(),
    };
    Figure::new("Electron lifetime", Axis::utc_time("data taken"), Axis::linear("lifetime", "ms").range(0.0, 4.0))
        .note("run 24: 2.9 ± 0.1 ms (view 0), 2.8 ± 0.1 ms (view 1)")
        .with(series("view 0", 0))
        .with(series("view 1", 1))
        .with(Layer::Rule { label: "good enough: 1 ms".into(), ink: Ink::Reference, across: Across::Y, at: 1.0 })
}

fn drift_profile() -> Figure {
    let charge = |time: f64| 14.0 * (-time / 2_900.0f64).exp();
    Figure::new("Charge against drift time, run 24", Axis::linear("drift time", "us"), Axis::linear("dQ/ds", "fC/cm"))
        .note("χ²/n = 8.9/8")
        .with(Layer::Points {
            label: "view 0".into(),
            ink: Ink::Series(0),
            points: (0..10)
                .map(|bin| {
                    let x = 33.0 + 66.0 * bin as f64;
                    Point { x, y: charge(x) + 0.1 * wobble(bin, 7), y_error: 0.12 }
                })
                .collect(),
        })
        .with(Layer::Line {
            label: "fit".into(),
            ink: Ink::Fit,
            points: (0..60).map(|x| [f64::from(x) * 11.0, charge(f64::from(x) * 11.0)]).collect(),
        })
}

fn pedestals(name: &str) -> Figure {
    let strips = if name.ends_with('0') { 320usize } else { 960 };
    let is_mean = name.starts_with("mean");
    let values = (0..strips).map(|strip| match (is_mean, strip) {
        (_, 40..44) => f64::NAN,
        (true, _) => 800.0 + 12.0 * wobble(strip, 3),
        (false, _) => 1.7 + 0.12 * wobble(strip, 4) + if strip % 97 == 5 { 1.1 } else { 0.0 },
    });
    let what = if is_mean { "mean" } else { "RMS" };
    Figure::new(
        format!("Pedestal {what} of each strip, run 24"),
        Axis::integer("strip"),
        Axis::linear(format!("pedestal {what}"), "ADC counts"),
    )
    .with(Layer::Rule { label: "expected".into(), ink: Ink::Reference, across: Across::Y, at: if is_mean { 800.0 } else { 1.7 } })
    .note("median 1.71, 4 blind")
    .with(Layer::Steps {
        label: "run 24".into(),
        ink: Ink::Series(2),
        edges: (0..=strips).map(|edge| edge as f64 - 0.5).collect(),
        values: values.collect(),
    })
}

fn lem_map(title: &str, what: &str, unit: &str) -> Figure {
    let values: Vec<f32> =
        (0..12).map(|lem| if lem == 5 || lem == 10 { f32::NAN } else { 14.0 + 2.0 * wobble(lem, 9) as f32 }).collect();
    let cell_texts = values
        .iter()
        .enumerate()
        .map(|(lem, value)| {
            if value.is_nan() {
                format!("{lem} / {}\nNO DATA", 11 - lem)
            } else {
                format!("{lem} / {}\n{value:.2} ± 0.05", 11 - lem)
            }
        })
        .collect();
    Figure::new(title, Axis::linear("y", "cm"), Axis::linear("x", "cm"))
        .note("LEM numbers: file numbering / 3x1x1 convention")
        .with(Layer::Map(Map {
            columns: 6,
            rows: 2,
            x_range: [0.0, 300.0],
            y_range: [-50.0, 50.0],
            values,
            z: Axis::linear(what, unit),
            cell_texts,
        }))
}

fn lem_trend() -> Figure {
    let mut figure = Figure::new("Gain of each LEM", Axis::integer("run"), Axis::linear("dQ/ds", "fC/cm"));
    for lem in 0..12u8 {
        let points = (1..=24).map(|run| Point {
            x: f64::from(run),
            y: 12.0 + f64::from(lem) * 0.3 + 0.3 * wobble(run as usize, u64::from(lem)),
            y_error: 0.2,
        });
        figure = figure.with(Layer::Points { label: format!("LEM {lem}"), ink: Ink::Series(lem), points: points.collect() });
    }
    figure
}

fn event(name: &str) -> Figure {
    let strips = if name == "view0" { 320usize } else { 960 };
    let ticks = 1667usize;
    let mut values: Vec<f32> = (0..strips * ticks).map(|cell| (1.7 * wobble(cell, 5)) as f32).collect();
    for track in 0..4usize {
        for strip in 0..strips {
            let tick = 200.0 + 300.0 * track as f64 + (strip as f64) * (0.4 + 0.3 * track as f64) * 320.0 / strips as f64;
            for width in 0..12 {
                let at = tick as usize + width;
                if at < ticks {
                    values[at * strips + strip] += (40.0 * (-((width as f64 - 6.0) / 3.0).powi(2)).exp()) as f32;
                }
            }
        }
    }
    Figure::new(format!("Event display, {}", name.replace("view", "view ")), Axis::integer("strip"), Axis::linear("time", "us"))
        .note("run24-seq2, event 5 of 12, 2026-11-20T13:20:00.250Z")
        .with(Layer::Map(Map {
            columns: strips,
            rows: ticks,
            x_range: [0.0, strips as f64],
            y_range: [0.0, ticks as f64 * 0.4],
            values,
            z: Axis::linear("charge", "ADC").range(-5.0, 40.0),
            cell_texts: Vec::new(),
        }))
}

fn run(number: u32) -> RunRow {
    let start = before(i64::from(25 - number) * 1_900);
    let end = start + SignedDuration::from_secs(400 + i64::from(number % 5) * 300);
    let flag = match number {
        3 | 17 => Flag::Bad,
        8 | 19 => Flag::Maybe,
        22..=24 => Flag::Unchecked,
        _ => Flag::Ok,
    };
    let comment = match flag {
        Flag::Bad => "High voltage trip at 12:40",
        Flag::Maybe => "Few tracks; look again with more data",
        _ => "",
    };
    let decisions = if flag == Flag::Unchecked {
        Vec::new()
    } else {
        let mut row = decision(i64::from(number), flag, comment);
        row.at = end + SignedDuration::from_secs(240);
        vec![row]
    };
    RunRow {
        run: Run(number),
        start: Some(start),
        end: Some(end),
        has_ended: number < 24,
        flag,
        decisions,
        processings: vec![ProcessingRow {
            processing: 1,
            lane: "FULL".into(),
            step: if number == 24 { "open" } else { "done" }.into(),
            since: end,
            because: "the first of its lane".into(),
            hold: None,
            missing: Vec::new(),
            to_publish: number != 24,
        }],
        files: (0..if number == 24 { 4 } else { 3 }).map(|sequence| file(number, sequence)).collect(),
        groups: vec![GroupRow {
            name: format!("run{number}-p1-g0"),
            processing: 1,
            group: 0,
            lane: "FULL".into(),
            step: if number == 24 { "analysing" } else { "done" }.into(),
            since: end,
            tasks: ["pedestals", "purity", "gain"].map(|name| task_row(number, name)).into(),
            members: (0..3).map(|sequence| FileId::new(number, sequence)).collect(),
            results: if number == 24 {
                Vec::new()
            } else {
                vec![format!("results/crp/run{number}-p1-g0.txt"), format!("results/pedestals/run{number}-p1-g0.ped")]
            },
            fault: None,
        }],
    }
}

fn task_row(run: u32, name: &str) -> TaskRow {
    let phase = if run == 24 { "waiting" } else { "done" }.into();
    TaskRow { name: name.into(), phase, attempts: u32::from(run != 24), reason: None, job: None }
}

fn file(run: u32, sequence: u32) -> FileRow {
    let (stage, reason, state, exit_status) = match (run, sequence) {
        (24, 0) => (FileStage::Reconstructed, None, "done", Some(0)),
        (24, 1) => (FileStage::Running, None, "running", None),
        (24, 2) => (FileStage::Queued, Some("2 jobs run, the pool has 2 places"), "queued", None),
        (24, _) => (FileStage::Copying, None, "", None),
        (17, 1) => (
            FileStage::Failed,
            Some("event 3 at offset 12806144: wrong key 0x0000, expected 0xFEED; the file is cut"),
            "failed",
            Some(2),
        ),
        _ => (FileStage::Analysed, None, "done", Some(0)),
    };
    let since = before(i64::from(25 - run) * 1_900 - i64::from(sequence) * 20 - 1_500);
    let name = format!("reco_run{run}-seq{sequence}");
    let job = JobRow {
        id: i64::from(run * 10 + sequence),
        state: state.into(),
        submitted: since,
        started: Some(since),
        ended: exit_status.map(|_| since + SignedDuration::from_secs(41)),
        cpu_s: exit_status.map(|_| 38.2),
        wall_s: exit_status.map(|_| 41.0),
        peak_memory_bytes: exit_status.map(|_| 212_000_000),
        exit_status,
        script: format!("processing/scripts/run{run}/{name}.sh").into(),
        log: format!("all_logs/batch/run{run}/{name}.log").into(),
        name,
    };
    let job = (!state.is_empty()).then_some(job);
    let pass = PassRow {
        failed_in: None,
        processing: 1,
        lane: "FULL".into(),
        stage,
        since,
        class: (stage == FileStage::Failed).then(|| "input_damaged".into()),
        reason: reason.map(str::to_owned),
        held_by: None,
        attempts: u32::from(!state.is_empty()),
        retry_at: None,
        job: job.clone(),
    };
    let is_stored = !matches!(stage, FileStage::Arrived | FileStage::Copying);
    FileRow {
        file: FileId::new(run, sequence),
        stage,
        class: None,
        reason: reason.map(str::to_owned),
        size_bytes: 51_230_000,
        since,
        job,
        passes: if is_stored { vec![pass] } else { Vec::new() },
    }
}
