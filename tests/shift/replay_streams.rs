//! Replay on real sources: its streams hold what the book and the folders hold, counted in another way; what is damaged is played with
//! its faults; and the files of a shift come back in their old rhythm.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use dqmon::bookkeeping::{SqliteStore, Store};
use dqmon::config::Settings;
use dqmon::live::{DiskResults, ResultPoller};
use dqmon::reconstruction::recofile;
use dqmon::replay::streams::{ReplayOf, sources_of};
use dqmon::replay::{Cursor, Pace, RecordHeader, Recreation, ReplayIndex, Stamp, Walk};
use jiff::Timestamp;
use monitasks::registry::TaskRegistry;
use monitasks::vocab::Run;
use serde_json::Value;

use crate::workspace::{PATIENCE, Shift, dqmon, said};

const SLOW: &str = "stamp_utc,liquid_temperature_K,gas_temperature_K,pressure_mbar,pressure_error_mbar\n\
2017-07-26T17:52:00Z,87.31,88.9,1003.1,0.4\n2017-07-26T17:53:00Z,87.32,88.9,1003.2,0.4\n2017-07-26T17:54:00Z,87.33,88.9,1003.3,0.4\n";

/// A processed run with slow control, a decision, a mark and a problem; no test changes it.
fn shift() -> &'static Shift {
    static SHIFT: OnceLock<Shift> = OnceLock::new();
    SHIFT.get_or_init(|| {
        let shift = Shift::new("");
        let slow = shift.workspace.results().join("slow");
        fs::create_dir_all(&slow).unwrap();
        fs::write(slow.join("2017-07-26.csv"), SLOW).unwrap();
        shift.deliver_run();
        let ada = ["--who", "Ada", "--role", "shifter", "--comment", "as seen"];
        for arguments in [
            ["process", "--once"].as_slice(),
            &[&["decide", "run1", "BAD"][..], &ada].concat(),
            &[&["decide", "run1-seq1", "OK"][..], &ada].concat(),
            &["mark", "run1", "flawed", "--who", "Ada"],
        ] {
            let output = shift.run(arguments);
            assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        }
        shift
    })
}

fn workspace_of(shift: &Shift) -> ReplayOf {
    ReplayOf::named(shift.workspace.root.to_str().unwrap()).unwrap()
}

fn index_of(what: &ReplayOf) -> ReplayIndex {
    ReplayIndex::open_or_build(None, sources_of(what).unwrap()).unwrap()
}

/// The records of each stream, by its name, without the stream's number.
fn by_name(index: &ReplayIndex) -> BTreeMap<String, Vec<RecordHeader>> {
    let mut found: BTreeMap<String, Vec<RecordHeader>> =
        index.streams().iter().map(|stream| (stream.name.clone(), Vec::new())).collect();
    for header in index.headers(0..index.len()) {
        let name = &index.streams()[usize::from(header.stream.0)].name;
        found.get_mut(name).unwrap().push(RecordHeader { stream: dqmon::replay::StreamId(0), ..header });
    }
    found
}

fn faults_of(index: &ReplayIndex, name: &str) -> String {
    let stream = index.streams().iter().find(|stream| stream.name == name);
    stream.unwrap_or_else(|| panic!("no stream {name}")).faults.join("\n")
}

fn replay(arguments: &[&str]) -> Output {
    dqmon().arg("replay").args(arguments).output().unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn export_of(shift: &Shift, folder: &Path) -> PathBuf {
    let export = folder.join("export.of.a.book");
    let output = shift.run(&["book", "export", export.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    export
}

#[test]
fn the_streams_hold_what_the_book_and_the_folders_hold() {
    let shift = shift();
    let index = index_of(&workspace_of(shift));
    assert!(index.left_out().is_empty(), "{:?}", index.left_out());
    let faults: Vec<_> = index.streams().iter().filter(|stream| !stream.faults.is_empty()).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    let found = by_name(&index);
    let counts: BTreeMap<&str, usize> = found.iter().map(|(name, headers)| (name.as_str(), headers.len())).collect();

    let book = SqliteStore::open_read_only(&shift.workspace.book()).unwrap();
    let overview = book.overview().unwrap();
    let entries = book.entries_after(0, 1000).unwrap();
    let jobs = book.jobs_of(Run(1)).unwrap();
    let of_jobs: usize = jobs.iter().map(|job| 1 + usize::from(job.started.is_some()) + usize::from(job.ended.is_some())).sum();
    assert!(of_jobs >= 3 * 2, "{jobs:?}");
    assert_eq!(counts["book/jobs"], of_jobs);
    assert_eq!(counts["book/runs"], overview.runs.len());
    assert_eq!(counts["raw/files"], overview.files.len());
    assert_eq!(counts["book/transfers"], 2 * overview.files.len());
    assert_eq!(counts["book/decisions"], 2);
    assert_eq!(counts["book/decisions"] + counts["book/alarms"] + counts["book/said"], entries.len());
    assert!(counts["book/said"] >= 1, "the mark");
    let of_file = found["book/decisions"].iter().find(|header| header.sequence.is_some()).unwrap();
    assert_eq!((of_file.run, of_file.sequence.map(|sequence| sequence.0)), (Some(Run(1)), Some(1)));

    for task in TaskRegistry::built_in().iter() {
        let info = task.info();
        let readings = info.items.iter().map(|item| book.readings(&info.name, &item.name).unwrap().len());
        assert_eq!(counts[format!("readings/{}", info.name).as_str()], readings.sum::<usize>(), "{}", info.name);
        let folder = fs::read_dir(shift.workspace.results().join(&info.folder)).unwrap();
        let results =
            folder.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(&info.suffix)).count();
        assert_eq!(counts[format!("results/{}", info.name).as_str()], results, "{}", info.name);
        assert!(results > 0, "{}", info.name);
    }
    for file in ["run1-seq0", "run1-seq1"] {
        let reco = shift.workspace.root.join(format!("storage/output/run1/recotask_{file}.root"));
        assert_eq!(counts[format!("reco/{file}").as_str()] as u64, recofile::entries(&reco).unwrap().entries);
        let raw = &found[&format!("raw/{file}")];
        assert_eq!(raw.len(), 1, "each file has one event");
        let reconstructed = found[&format!("reco/{file}")][0];
        assert_eq!((raw[0].stamp, raw[0].event), (reconstructed.stamp, reconstructed.event), "the same event at the same moment");
    }
    assert_eq!(counts["slow/slow_control"], 3);
    let first: Timestamp = "2017-07-26T17:52:00Z".parse().unwrap();
    assert_eq!(found["slow/slow_control"][0].stamp, Stamp::of(first));
    // A summary is stamped with when it was made, as its .json says.
    let side = fs::read_to_string(shift.workspace.results().join("crp/run1-p1-g0.json")).unwrap();
    let made: Timestamp = serde_json::from_str::<Value>(&side).unwrap()["processed_at"].as_str().unwrap().parse().unwrap();
    assert_eq!((found["results/purity"][0].stamp, found["results/purity"][0].run), (Stamp::of(made), Some(Run(1))));
}

#[test]
fn each_source_alone_gives_its_streams() {
    let shift = shift();
    let root = &shift.workspace.root;
    let whole = by_name(&index_of(&workspace_of(shift)));
    let of_book = by_name(&index_of(&ReplayOf::named(shift.workspace.book().to_str().unwrap()).unwrap()));
    let folder = tempfile::tempdir().unwrap();
    let export = export_of(shift, folder.path());
    let of_export = by_name(&index_of(&ReplayOf::named(export.to_str().unwrap()).unwrap()));
    assert_eq!(of_book, of_export, "an export gives what its book gives");
    for (name, headers) in &of_book {
        assert_eq!(&whole[name], headers, "{name}");
    }
    // A bare folder, whose files are known by what is in them and not by their names.
    let bare = folder.path().join("bare");
    fs::create_dir(&bare).unwrap();
    for (from, to) in [
        ("results/crp/run1-p1-g0.txt", "lifetimes"),
        ("results/crp/run1-p1-g0.json", "lifetimes.json"),
        ("results/pedestals/run1-p1-g0.ped", "some.text"),
        ("results/events/run1-p1-g0.root", "plots.dat"),
        ("results/slow/2017-07-26.csv", "cryostat.log"),
        ("storage/input/run1/run1-seq0.dat", "first.bin"),
        ("storage/output/run1/recotask_run1-seq0.root", "events.of.run1"),
    ] {
        fs::copy(root.join(from), bare.join(to)).unwrap();
    }
    fs::write(bare.join("letter.txt"), "to the shift crew\n").unwrap();
    let index = index_of(&ReplayOf::named(bare.to_str().unwrap()).unwrap());
    let found = by_name(&index);
    let counts: BTreeMap<&str, usize> = found.iter().map(|(name, headers)| (name.as_str(), headers.len())).collect();
    for (name, count) in [
        ("results/purity", 1),
        ("results/lem_gain", 1),
        ("results/pedestals", 1),
        ("results/hits", 1),
        ("slow/bare", 3),
        ("raw/first", 1),
        ("raw/files", 1),
        ("reco/events.of", 1),
    ] {
        assert_eq!(counts.get(name), Some(&count), "{name}: {counts:?}");
    }
    assert!(index.streams().iter().all(|stream| stream.faults.is_empty()), "{:#?}", index.streams());
    assert_eq!(found["results/purity"][0].stamp, whole["results/purity"][0].stamp, "by the .json beside it");
    // One file alone.
    let one = index_of(&ReplayOf::named(bare.join("first.bin").to_str().unwrap()).unwrap());
    assert_eq!(one.len(), 2, "its event, and when it was closed");
}

#[test]
fn with_any_stream_left_out_the_rest_is_unchanged() {
    let what = workspace_of(shift());
    let names: Vec<String> = sources_of(&what).unwrap().iter().map(|source| source.name()).collect();
    let whole = by_name(&index_of(&what));
    for left_out in &names {
        let sources = sources_of(&what).unwrap().into_iter().filter(|source| source.name() != *left_out).collect();
        let index = Arc::new(ReplayIndex::open_or_build(None, sources).unwrap());
        let mut expected = whole.clone();
        expected.remove(left_out);
        assert_eq!(by_name(&index), expected, "without {left_out}");
        let mut cursor = Cursor::new(index.clone(), &Walk::default());
        let mut seen = 0;
        while let Some(entry) = cursor.next() {
            seen += entry.records.len();
        }
        assert_eq!(seen, index.len());
    }
}

#[test]
fn what_is_damaged_is_played_with_its_faults() {
    let shift = shift();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let raw = fs::read(shift.workspace.root.join("storage/input/run1/run1-seq0.dat")).unwrap();
    // Two events, the second one cut.
    let end = raw.len() - 4;
    fs::write(root.join("run1-seq0.dat"), [&raw[..end], &raw[5..5000]].concat()).unwrap();
    fs::write(root.join("run1-seq1.dat"), &raw[..3]).unwrap();
    let rows: Vec<&str> = SLOW.split_inclusive('\n').collect();
    let jumped = "2017-07-29T00:00:00Z,87.3,88.9,1003.1,0.4\n";
    let damaged = [rows[0], rows[1], rows[3], rows[2], rows[2], jumped, "2017-07-26T17:55:00Z,x,1,1,1\n", "2017-07-26T17:5"];
    fs::write(root.join("slow.csv"), damaged.concat()).unwrap();
    let summary = fs::read(shift.workspace.results().join("crp/run1-p1-g0.txt")).unwrap();
    fs::write(root.join("run1-p1-g0.txt"), &summary[..summary.len() - 3]).unwrap();
    let reco = fs::read(shift.workspace.root.join("storage/output/run1/recotask_run1-seq0.root")).unwrap();
    fs::write(root.join("recotask_run1-seq0.root"), &reco[..reco.len() / 2]).unwrap();

    let index = index_of(&ReplayOf::named(root.to_str().unwrap()).unwrap());
    let found = by_name(&index);
    let slow = index.streams().iter().find(|stream| stream.name.starts_with("slow/")).unwrap().name.clone();
    assert_eq!((found["raw/run1-seq0"].len(), found["raw/run1-seq1"].len(), found[&slow].len()), (1, 0, 5));
    assert!(faults_of(&index, "raw/run1-seq0").contains("cut"), "{}", faults_of(&index, "raw/run1-seq0"));
    assert!(faults_of(&index, "raw/run1-seq1").contains("no event can be read"), "{}", faults_of(&index, "raw/run1-seq1"));
    assert!(faults_of(&index, "results/purity").contains("half written, or cut"), "{}", faults_of(&index, "results/purity"));
    assert!(faults_of(&index, "reco/run1-seq0").contains("no event can be read"), "{}", faults_of(&index, "reco/run1-seq0"));
    let told = faults_of(&index, &slow);
    for words in ["stamps go back", "stands there again", "stamps jump forward", "line 7", "line 8"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let kept = folder.path().with_extension("index");
    let kept = kept.to_str().unwrap();
    let first = replay(&[root.to_str().unwrap(), "--index", kept]);
    let output = replay(&[root.to_str().unwrap(), "--index", kept]);
    fs::remove_file(kept).unwrap();
    assert_eq!(said(&first), said(&output), "faults are told again when the index is opened");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let faults = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(faults.contains("raw/run1-seq1") && faults.contains("half written"), "{faults}");
    // Four moments of slow control, and the closing of two files: in one tick of the file system's clock these are one entry.
    assert!(String::from_utf8_lossy(&output.stdout).lines().count() >= 5, "{}", said(&output));
}

#[test]
fn an_export_that_was_cut_gives_what_stands_before_the_cut() {
    let shift = shift();
    let folder = tempfile::tempdir().unwrap();
    let export = export_of(shift, folder.path());
    let text = fs::read_to_string(&export).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let cut = folder.path().join("cut");
    let played = |text: &str| {
        fs::write(&cut, text).unwrap();
        index_of(&ReplayOf::named(cut.to_str().unwrap()).unwrap())
    };
    for kept in 2..lines.len() {
        let half = &lines[kept][..lines[kept].len() / 2];
        let index = played(&(lines[..kept].concat() + half));
        let told = faults_of(&index, "book/jobs");
        assert!(told.contains("export cut short") && told.contains("not whole"), "{told}");
        let decisions = lines[..kept].iter().filter(|line| line.contains("\"kind\":\"decision\"")).count();
        assert_eq!(by_name(&index)["book/decisions"].len(), decisions);
    }
    let entry = lines.iter().position(|line| line.contains("\"entry\"")).unwrap();
    let changed = text.replacen("\"who\":\"Ada\"", "\"who\":\"Bo\"", 1);
    assert!(faults_of(&played(&changed), "book/said").contains("was changed since"));
    let twice = [&lines[..=entry], &lines[entry..]].concat().concat();
    let told = faults_of(&played(&twice), "book/decisions");
    assert!(told.contains("stands behind number") && told.contains("export not whole"), "{told}");
    let nonsense = [&lines[..=entry], &["nonsense\n"], &lines[entry + 1..]].concat().concat();
    let told = faults_of(&played(&nonsense), "book/runs");
    assert!(told.contains(&format!("line {} can't be read", entry + 2)), "{told}");
    let newer = text.replacen("\"version\":2", "\"version\":9", 1);
    fs::write(&cut, newer).unwrap();
    let output = replay(&[cut.to_str().unwrap()]);
    assert!(output.status.code() == Some(1) && said(&output).contains("form 9"), "{}", said(&output));
}

#[test]
fn the_command_prints_entries_finds_events_and_says_how() {
    let root = shift().workspace.root.to_str().unwrap().to_owned();
    let output = replay(&[&root, "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let entries = lines(&output);
    let stamps: Vec<i64> = entries.iter().map(|entry| entry["stamp_ns"].as_i64().unwrap()).collect();
    assert!(stamps.is_sorted() && stamps.len() > 20, "{stamps:?}");
    let records: usize = entries.iter().map(|entry| entry["records"].as_array().unwrap().len()).sum();
    assert_eq!(records, index_of(&workspace_of(shift())).len());

    let text = replay(&[&root, "--streams", "raw/*,reco/*", "--limit", "1"]);
    let line = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(line.contains("1/0/0 ") && line.contains("raw_event,reconstructed_event"), "{line}");
    let skipped = lines(&replay(&[&root, "--json", "--skip-constants"]));
    assert!(skipped.iter().all(|entry| entry["records"].as_array().unwrap().iter().any(|record| record["kind"] == "data")));
    assert_eq!(lines(&replay(&[&root, "--json", "--to", "2017-07-26T17:52:30Z"])).len(), 1, "the first row of slow control");

    let hit = lines(&replay(&[&root, "--json", "--at", "1/1/0"]));
    assert_eq!((hit.len(), &hit[0]["found"]["how"]), (2, &"exact".into()), "{hit:?}");
    let missed = replay(&[&root, "--at", "1/1/99"]);
    assert!(missed.status.code() == Some(0) && said(&missed).contains("is not here; nearest by number"), "{}", said(&missed));
    let by_time = replay(&[&root, "--at", "1/1/0", "--streams", "slow/*"]);
    assert!(said(&by_time).contains("found by time") && said(&by_time).contains("slow_control"), "{}", said(&by_time));

    let listed = lines(&replay(&[&root, "--list", "--json"]));
    let slow = listed.iter().find(|stream| stream["stream"] == "slow/slow_control").unwrap();
    assert_eq!((&slow["records"], &slow["kind"]), (&3.into(), &"constants".into()));
    assert!(said(&replay(&[&root, "--list"])).contains("book/decisions"));
    for (wrong, words) in [
        (["--streams", "raw/none"], "no stream is called"),
        (["--at", "x/y"], "names no event"),
        (["--window", "5"], "no length of time"),
        (["--from", "noon"], "is no time"),
        (["--speed", "0"], "is no speed"),
    ] {
        let output = replay(&[&[root.as_str()][..], &wrong].concat());
        assert!(output.status.code() == Some(2) && said(&output).contains(words), "{wrong:?}: {}", said(&output));
    }
    assert_eq!(replay(&["/no/such/shift"]).status.code(), Some(2));
}

#[test]
fn nobody_reading_on_is_no_failure() {
    let program = env!("CARGO_BIN_EXE_dqmon");
    let root = &shift().workspace.root;
    let command = format!("'{program}' replay '{}' --json | head -n 1", root.display());
    let output = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
    assert!(output.stderr.is_empty() && output.stdout.ends_with(b"\n"), "{}", said(&output));
}

#[test]
fn the_rhythm_is_that_of_life_over_the_speed_and_long_pauses_are_cut() {
    let root = shift().workspace.root.to_str().unwrap().to_owned();
    let began = Instant::now();
    // Three rows, a minute apart, at 120 times life: one second.
    let output = replay(&[&root, "--streams", "slow/*", "--speed", "120"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 3, "{}", said(&output));
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
    let output = replay(&[&root, "--streams", "slow/*", "--speed", "1", "--longest-pause", "50ms"]);
    assert_eq!(said(&output).matches("nothing for 1m, cut to").count(), 2, "{}", said(&output));
}

/// Two results, a raw file and slow control, a minute from each other.
fn paced(folder: &Path) -> PathBuf {
    let shift = shift();
    let from = folder.join("kept");
    fs::create_dir_all(from.join("crp")).unwrap();
    for (name, made) in [("run1-p1-g0", "2017-07-26T17:53:30Z"), ("run2-p1-g0", "2017-07-26T17:54:30Z")] {
        // Of a real result, with numbers that one event does not give.
        fs::write(from.join(format!("crp/{name}.txt")), "190516_195200\n3000.0 80.0 2900.0 70.0\n3 8.7 0.13 8.7 0.12\n").unwrap();
        let side = fs::read_to_string(shift.workspace.results().join("crp/run1-p1-g0.json")).unwrap();
        let mut side: Value = serde_json::from_str(&side).unwrap();
        side["processed_at"] = made.into();
        side["purity"].take();
        side["gain"].take();
        side["run"] = name[3..4].parse::<u32>().unwrap().into();
        fs::write(from.join(format!("crp/{name}.json")), side.to_string()).unwrap();
    }
    fs::create_dir(from.join("slow")).unwrap();
    fs::write(from.join("slow/a.csv"), SLOW).unwrap();
    let raw = from.join("run1-seq0.dat");
    fs::copy(shift.workspace.root.join("storage/input/run1/run1-seq0.dat"), &raw).unwrap();
    let closed: Timestamp = "2017-07-26T17:53:15Z".parse().unwrap();
    fs::File::options().write(true).open(&raw).unwrap().set_modified(closed.into()).unwrap();
    from
}

#[test]
fn a_live_poller_sees_the_files_of_a_replay_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let (from, into) = (paced(folder.path()), folder.path().join("again"));
    let planned = Recreation::of(&ReplayOf::named(from.to_str().unwrap()).unwrap(), &into).unwrap();
    assert_eq!(planned.steps().len(), 4 + 1 + 3, "{:#?}", planned.steps());
    let detector = Arc::new(dqmon::detector::load("3x1x1", "", Path::new(".")).unwrap());
    let results = into.join("results");
    fs::create_dir_all(results.join("crp")).unwrap();
    let disk = Box::new(DiskResults::of_folder(&results));
    let mut poller = ResultPoller::new(Arc::new(TaskRegistry::built_in()), detector, disk, &Settings::default());
    let is_done = AtomicBool::new(false);
    let mut seen = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let pace = Pace { speed: 60.0, longest_pause: None };
            let done = planned.play(pace, &AtomicBool::new(false), &mut |_| {}).unwrap();
            assert_eq!((done.files, done.rows, done.is_stopped), (5, 3, false));
            is_done.store(true, Ordering::Relaxed);
        });
        let end = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < end);
            let last = is_done.load(Ordering::Relaxed);
            poller.hurry();
            poller.poll(Timestamp::now());
            let view = poller.view();
            let purity = &view.tasks["purity"];
            assert!(purity.unread.is_empty(), "a file that is half there was read: {:?}", purity.unread);
            assert!(purity.history.iter().all(|summary| summary.processed_at.is_some()), "a result without its .json was read");
            if seen.last() != Some(&purity.history.len()) {
                seen.push(purity.history.len());
            }
            if last {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    assert_eq!(seen, [0, 1, 2], "one after the other");
    for (kept, again) in [
        ("crp/run2-p1-g0.txt", "results/crp/run2-p1-g0.txt"),
        ("crp/run2-p1-g0.json", "results/crp/run2-p1-g0.json"),
        ("slow/a.csv", "results/slow/a.csv"),
        ("run1-seq0.dat", "incoming/run1-seq0.dat"),
    ] {
        assert_eq!(fs::read(from.join(kept)).unwrap(), fs::read(into.join(again)).unwrap(), "{kept}");
    }
    let hidden = fs::read_dir(into.join("incoming"))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'));
    assert_eq!(hidden.count(), 0, "nothing is left beside the files");
    let plotted = folder.path().join("purity.svg");
    let results = results.to_str().unwrap();
    let output = dqmon().args(["plot", "purity/lifetime_trend", "--from", results, "--out"]).arg(&plotted).output().unwrap();
    assert!(output.status.success() && plotted.is_file(), "{}", said(&output));
}

#[test]
fn nothing_is_written_over_and_an_interrupted_replay_says_what_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let (from, into) = (paced(folder.path()), folder.path().join("again"));
    let mut command = dqmon();
    command.arg("replay").arg(&from).arg("--into").arg(&into).args(["--speed", "10"]);
    let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let first = into.join("results/slow/a.csv");
    let end = Instant::now() + PATIENCE;
    while !first.exists() {
        assert!(Instant::now() < end, "waited in vain for the first row");
        std::thread::sleep(Duration::from_millis(10));
    }
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("stopped: 0 files and 1 row put into place, 7 left"), "{}", said(&output));
    let refused = replay(&[from.to_str().unwrap(), "--into", into.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("nothing was put into place: a file of that name is there"), "{}", said(&refused));
    assert!(!into.join("results/crp").exists() || fs::read_dir(into.join("results/crp")).unwrap().next().is_none());
    let of_book = replay(&[shift().workspace.book().to_str().unwrap(), "--into", into.to_str().unwrap()]);
    assert!(of_book.status.code() == Some(2) && said(&of_book).contains("holds no files"), "{}", said(&of_book));
}
