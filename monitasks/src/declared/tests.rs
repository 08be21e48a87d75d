use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::detector::Detector;
use crate::figure::{Ink, Layer};
use crate::quality::State;
use crate::summary::Measured;
use plan::{Against, PerFile, Plot, Shows, TABLE};

const EXAMPLE: &str = include_str!("../../../assets/tasks/slow_control.toml");
const DOC: &str = include_str!("../../../docs/declared-tasks.md");
const HEADER: &str = "stamp_utc,liquid_temperature_K,gas_temperature_K,pressure_mbar,pressure_error_mbar\n";

/// A task of four columns between blanks, no header.
const BLANKS: &str = r#"
name = "level"
title = "Level"
about = "Liquid level."
folder = "level/daily"
suffix = ".txt"
columns = [{ name = "t_s", unit = "s" }, { name = "level_mm", unit = "mm" }, { name = "error_mm", unit = "mm" }, { name = "n" }]
[[item]]
name = "latest"
title = "Level"
about = "Flat."
plot = "latest"
x = "t_s"
y = ["level_mm"]
error = "error_mm"
[[item]]
name = "trend"
title = "Level trend"
about = "Flat."
plot = "trend"
y = ["level_mm"]
"#;

/// A detector of one channel: a declared task asks for its name only.
pub(crate) fn detector() -> Detector {
    let view = serde_json::json!({
        "strips": 1, "pitch_mm": 3.0, "adc_ticks_per_fc": 50.0, "blind_strips": [], "noisy_strips": [],
    });
    serde_json::from_value(serde_json::json!({
        "name": "one", "title": "One channel", "raw_file_names": [], "channel_map": [null], "channel_map_name": "",
        "volume": { "x_cm": [0.0, 1.0], "y_cm": [0.0, 1.0], "drift_cm": 1.0 },
        "readout": {
            "channels": 1, "samples": 1, "sampling_us": 0.4, "adc_bits": 12, "skipped_samples": 0, "coherent_group": 1,
            "electronics_delay_us": 0.0,
        },
        "views": [view, view],
        "lems": { "columns": 1, "rows": 1, "size_cm": 50.0, "numberings": [] },
        "drift": { "field_kv_per_cm": 0.5, "velocity_mm_per_us": 1.6, "mip_charge_fc_per_cm": 10.0 },
        "expected": { "lifetime_us": 3000.0, "pedestal_adc": 60.0, "noise_adc": 1.7 },
    }))
    .unwrap()
}

fn parse(text: &str, file_name: &str) -> Result<DeclaredTask, DeclaredError> {
    TaskFile::parse(text, file_name).map(|file| match file {
        TaskFile::Declared(task) => task,
        TaskFile::Program(program) => panic!("{program:?}"),
    })
}

fn task(text: &str) -> DeclaredTask {
    parse(text, "tasks/one.toml").unwrap()
}

fn read(task: &DeclaredTask, name: &str, text: &str) -> Result<Summary, ReadError> {
    let detector = detector();
    let context = TaskContext { detector: &detector, now: Timestamp::UNIX_EPOCH };
    task.read(&ResultFile { name, bytes: text.as_bytes(), sidecar: None }, &context)
}

fn draw(task: &DeclaredTask, item: &str, history: &[&Summary]) -> Figure {
    let detector = detector();
    task.draw(item, history, &TaskContext { detector: &detector, now: Timestamp::UNIX_EPOCH })
}

fn glance(task: &DeclaredTask, item: &str, history: &[&Summary]) -> Glance {
    let detector = detector();
    task.glance(item, history, &TaskContext { detector: &detector, now: Timestamp::UNIX_EPOCH })
}

fn values(summary: &Summary, column: &str) -> Vec<Measured> {
    summary.table(TABLE).unwrap().column(column).unwrap().values.clone()
}

#[test]
fn the_example_is_taken_with_all_it_says() {
    let task = task(EXAMPLE);
    let info = task.info();
    assert_eq!((info.name.as_str(), info.folder.as_str(), info.suffix.as_str()), ("slow_control", "slow", ".csv"));
    let items: Vec<&str> = info.items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(items, ["temperatures", "pressure_latest", "pressure_trend"]);
    assert_eq!(task.plan.stamp, Some(0));
    let shows = Shows::Trend(PerFile::Mean, Against::Time);
    assert_eq!(task.plan.plots[2], Plot { shows, y: vec![3], error: Some(4) });
}

#[test]
fn what_is_wrong_is_refused_with_its_line_and_what_there_is_instead() {
    for (found, instead, line, words) in [
        ("folder = \"level/daily\"", "foldr = \"level\"", 5, vec!["'foldr'", "'folder'", "'suffix'"]),
        ("plot = \"trend\"", "plot = \"trnd\"", 20, vec!["'trnd'", "'latest'", "'trend'"]),
        ("error = \"error_mm\"", "eror = \"error_mm\"", 15, vec!["'eror'", "'error'"]),
        ("x = \"t_s\"", "x = \"t_us\"", 13, vec!["'x'", "\"t_us\"", "'t_s', 'level_mm'"]),
        ("x = \"t_s\"\n", "", 12, vec!["'latest'", "no 'x'"]),
        ("name = \"trend\"", "name = \"latest\"", 17, vec!["two items", "'latest'"]),
        ("name = \"level\"", "name = \"\"", 2, vec!["'name'", "a to z"]),
        ("title = \"Level trend\"", "title = \" \"", 18, vec!["'title'"]),
        ("level/daily", "level/../..", 5, vec!["'folder'", "results/"]),
        ("level/daily", "/etc", 5, vec!["'folder'", "results/"]),
        ("\".txt\"", "\".json\"", 6, vec!["'suffix'", ".json"]),
        ("{ name = \"n\" }", "{ name = \"t_s\" }", 7, vec!["two columns", "'t_s'"]),
        ("{ name = \"n\" }", "{ name = \"n\", unt = \"\" }", 7, vec!["'unt'", "'unit'"]),
        ("y = [\"level_mm\"]\nerror", "y = [\"level_mm\", \"n\"]\nerror", 14, vec!["[mm]", "[]", "one unit"]),
        ("y = [\"level_mm\"]\nerror", "y = []\nerror", 14, vec!["'y'", "1 to 64"]),
        ("suffix = \".txt\"", "suffix = \".txt\"\npoll_s = 0", 7, vec!["'poll_s'", "0.1"]),
        ("suffix = \".txt\"", "suffix = \".txt\"\nstamp = \"t\"", 7, vec!["'stamp'", "'t_s'"]),
        ("suffix = \".txt\"", "suffix = \".txt\"\nseparator = \";\"", 7, vec!["';'", "'blank'", "','"]),
        ("suffix = \".txt\"", "suffix = \".txt", 6, vec!["string"]),
    ] {
        let text = BLANKS.replacen(found, instead, 1);
        assert_ne!(text, BLANKS, "{found} is not in the file");
        let error = parse(&text, "tasks/level.toml").unwrap_err();
        let message = error.to_string();
        assert!(message.starts_with("task file refused: "), "{message}");
        assert!(message.ends_with(&format!(": tasks/level.toml:{line}")), "{message}");
        assert!(words.iter().all(|word| message.contains(word)) && !message.contains('\n'), "{message}");
    }
    let long = format!("{BLANKS}#{}", "x".repeat(LARGEST_TASK_FILE_BYTES));
    assert!(parse(&long, "t.toml").unwrap_err().what.contains("1048576"));
}

/// The keys that the reader says it takes, from its answer to one that it does not.
fn taken_keys(found: &str, instead: &str) -> BTreeSet<String> {
    let error = parse(&BLANKS.replacen(found, instead, 1), "t.toml").unwrap_err();
    let (_, expected) = error.what.split_once("expected ").unwrap();
    expected.split('\'').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_documented_keys_are_the_keys_that_are_taken() {
    for (heading, found, instead) in [
        ("## Keys of the task", "name = \"level\"", "zz = 1"),
        ("## Keys of a column", "{ name = \"n\" }", "{ zz = 1 }"),
        ("## Keys of an item", "name = \"latest\"", "zz = 1"),
    ] {
        let (_, section) = DOC.split_once(heading).unwrap();
        let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
        let documented: BTreeSet<String> =
            section.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned())).collect();
        assert!(!documented.is_empty(), "{heading} has no table");
        assert_eq!(documented, taken_keys(found, instead), "{heading}");
    }
}

#[test]
fn the_documented_refusal_is_the_one_that_is_given() {
    let text = EXAMPLE.replacen("y = [\"pressure_mbar\"]", "y = [\"presure_mbar\"]", 1);
    let message = parse(&text, "tasks/slow_control.toml").unwrap_err().to_string();
    assert!(DOC.lines().any(|line| line == message), "{message}");
}

#[test]
fn the_documented_limits_are_the_limits() {
    assert!(DOC.contains(&format!("at most {} rows", results::MOST_ROWS)));
    assert!(DOC.contains(&format!("at most {} rows times columns", results::MOST_CELLS)));
    assert!(DOC.contains(&format!("JSON at most {} bytes", results::LARGEST_JSON_BYTES)));
}

#[test]
fn a_missing_number_is_no_data_and_never_zero() {
    let summary = read(&task(BLANKS), "level/run7.txt", "# comment\n1 - nan 1\n2 0 NaN 1\n").unwrap();
    assert_eq!(values(&summary, "level_mm"), [Measured::NoData, Measured::number(0.0, 0.0)]);
    assert_eq!(values(&summary, "error_mm"), [Measured::NoData; 2]);
    let summary = read(&task(EXAMPLE), "slow/a.csv", &format!("{HEADER}2017-08-01T12:00:00Z,,87.4,1012,0.4\n")).unwrap();
    assert_eq!(values(&summary, "liquid_temperature_K"), [Measured::NoData]);
}

#[test]
fn a_bad_row_is_malformed_with_its_line_and_an_open_end_is_incomplete() {
    for (text, line) in [
        ("1 2 3\n", 1),
        ("# c\n\n1 2 3 4 5\n", 3),
        ("1 2 3 4\n1 two 3 4\n", 2),
        ("1 inf 3 4\n", 1),
        ("1 1e999 3 4\n", 1),
        ("1 2 -3 4\n", 1),
    ] {
        match read(&task(BLANKS), "level/a.txt", text) {
            Err(ReadError::Malformed(why)) => assert!(why.starts_with(&format!("line {line}: ")), "{text:?}: {why}"),
            other => panic!("{text:?} gave {other:?}"),
        }
    }
    let swapped = HEADER.replace("liquid", "gas") + "0,1,1,1,1\n";
    match read(&task(EXAMPLE), "slow/a.csv", &swapped) {
        Err(ReadError::Malformed(why)) => assert!(why.contains("\"liquid_temperature_K\""), "{why}"),
        other => panic!("{other:?}"),
    }
    for text in ["", "1 2 3 4", "1 2 3 4\n1 2", "1 2 3 4\n# c"] {
        let answer = read(&task(BLANKS), "level/a.txt", text);
        assert!(matches!(answer, Err(ReadError::Incomplete(_))), "{text:?} gave {answer:?}");
    }
}

#[test]
fn too_many_rows_are_refused() {
    let text = "1 2 3 4\n".repeat(results::MOST_ROWS);
    assert!(read(&task(BLANKS), "level/a.txt", &text).is_ok());
    match read(&task(BLANKS), "level/a.txt", &(text + "1 2 3 4\n")) {
        Err(ReadError::Malformed(why)) => assert!(why.contains("line 100001: more than 100000 rows"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_name_tells_run_processing_and_group_or_nothing() {
    for (name, expected) in [
        ("level/run7.txt", Some((7, None))),
        ("level/run7-p2-g3.txt", Some((7, Some((2, 3))))),
        ("level/run7-seq2.txt", Some((7, None))),
        ("level/run7-p2-g3-x.txt", None),
        ("level/run+7.txt", None),
        ("level/monday.txt", None),
        ("run99999999999.txt", None),
    ] {
        let summary = read(&task(BLANKS), name, "1 2 3 4\n").unwrap();
        let both = summary.processing.zip(summary.group).map(|(processing, group)| (processing.0, group.0));
        assert_eq!(summary.run.map(|run| (run.0, both)), expected, "{name}");
    }
}

#[test]
fn stamps_are_read_as_utc_or_as_seconds() {
    let noon: Timestamp = "2017-08-01T12:00:00Z".parse().unwrap();
    for stamp in ["2017-08-01T12:00:00Z", "2017-08-01T12:00:00", "2017-08-01T14:00:00+02:00", "1501588800", "1501588800.0"] {
        let summary = read(&task(EXAMPLE), "slow/a.csv", &format!("{HEADER}{stamp},1,1,1,1\n")).unwrap();
        assert_eq!(summary.data_start, Some(noon), "{stamp}");
    }
    for stamp in ["noon", "1e30", "2017-13-01T12:00:00Z"] {
        let answer = read(&task(EXAMPLE), "slow/a.csv", &format!("{HEADER}{stamp},1,1,1,1\n"));
        assert!(matches!(answer, Err(ReadError::Malformed(_))), "{stamp} gave {answer:?}");
    }
}

#[test]
fn a_sidecar_is_surer_than_rows_and_a_foreign_one_is_remarked() {
    let sidecar = br#"{"schema": 1, "run": 9, "processing": 1, "group": 0, "members": [], "detector": "d", "channel_map": "",
        "software": "daq 1", "settings": {}, "events": 0, "data_start": "2018-01-01T00:00:00Z", "data_end": null,
        "processed_at": "2018-01-02T00:00:00Z"}"#;
    let (task, detector) = (task(EXAMPLE), detector());
    let context = TaskContext { detector: &detector, now: Timestamp::UNIX_EPOCH };
    let text = format!("{HEADER}1501588800,1,1,1,1\n");
    let with = |sidecar| task.read(&ResultFile { name: "slow/run8.csv", bytes: text.as_bytes(), sidecar }, &context);
    let summary = with(Some(sidecar)).unwrap();
    assert_eq!((summary.run, summary.data_start), (Some(Run(9)), Some("2018-01-01T00:00:00Z".parse().unwrap())));
    assert!(summary.provenance.remarks[0].contains("run8"), "{:?}", summary.provenance.remarks);
    let summary = with(Some(b"{\"made_by\": \"another program\"}")).unwrap();
    assert_eq!((summary.run, summary.provenance.remarks.len()), (Some(Run(8)), 1));
    assert!(matches!(with(Some(&sidecar[..40])), Err(ReadError::Incomplete(_))));
}

#[test]
fn the_pressure_trend_is_drawn_as_it_was() {
    let task = task(EXAMPLE);
    let first = read(&task, "slow/a.csv", &format!("{HEADER}1501588800,87,88,1010,3\n1501588860,87,88,1014,4\n")).unwrap();
    let second = read(&task, "slow/b.csv", &format!("{HEADER}1501592400,87,88,-,-\n")).unwrap();
    let third = read(&task, "slow/c.csv", &format!("{HEADER}1501596000,87,88,1020,\n")).unwrap();
    let found = serde_json::to_value(draw(&task, "pressure_trend", &[&first, &second, &third])).unwrap();
    let expected = serde_json::json!({
        "title": "Pressure trend",
        "x": { "label": "time", "unit": "UTC", "scale": "utc_time", "range": null },
        "y": { "label": "pressure", "unit": "mbar", "scale": "linear", "range": null },
        "layers": [{ "kind": "points", "label": "pressure", "ink": { "series": 0 }, "points": [
            { "x": 1501588800.0, "y": 1012.0, "y_error": 2.5 },
            { "x": 1501596000.0, "y": 1020.0, "y_error": null },
        ] }],
        "notes": ["mean of each file's rows", "pressure: no data in 1 of 3 files"],
        "empty": null,
    });
    assert_eq!(found, expected);
}

#[test]
fn two_columns_make_two_series_against_time() {
    let task = task(EXAMPLE);
    let summary = read(&task, "slow/run3.csv", &format!("{HEADER}1501588800,87.1,88.5,1010,3\n1501588860,-,88.6,1,4\n")).unwrap();
    let figure = draw(&task, "temperatures", &[&summary]);
    let shapes: Vec<(String, Ink, usize)> = figure
        .layers
        .iter()
        .map(|layer| match layer {
            Layer::Points { label, ink, points } => (label.clone(), *ink, points.len()),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [("liquid temperature".to_owned(), Ink::Series(0), 1), ("gas temperature".to_owned(), Ink::Series(1), 2)];
    assert_eq!(shapes, expected);
    assert_eq!(figure.notes, ["run3", "liquid temperature: no data in 1 of 2 rows"]);
    assert_eq!(glance(&task, "temperatures", &[&summary]).text, "NO DATA, 88.6 K");
    assert_eq!(glance(&task, "temperatures", &[&summary]).reading, Measured::NoData);
}

#[test]
fn without_stamps_a_trend_follows_the_files_and_says_so() {
    let task = task(BLANKS);
    let files = ["1 10 1 1\n", "1 - 1 1\n", "1 30 1 1\n"].map(|text| read(&task, "level/x.txt", text).unwrap());
    let figure = draw(&task, "trend", &files.iter().collect::<Vec<_>>());
    assert_eq!(figure.notes[0], "against the files' order: 3 of 3 files bear no stamp");
    match figure.layers.as_slice() {
        [Layer::Points { points, .. }] => {
            assert_eq!(points.iter().map(|point| (point.x, point.y)).collect::<Vec<_>>(), [(1.0, 10.0), (3.0, 30.0)]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_glance_is_the_last_value_and_never_ok() {
    let task = task(BLANKS);
    let full = read(&task, "level/a.txt", "1 2 0.5 1\n2 1234.56789 0.25 1\n").unwrap();
    let none = read(&task, "level/b.txt", "1 2 0.5 1\n2 - 0.25 1\n").unwrap();
    let last = glance(&task, "latest", &[&none, &full]);
    assert_eq!((last.state, last.text.as_str()), (State::Unchecked, "1234.57 ± 0.25 mm"));
    assert_eq!(last.reading, Measured::number(1234.56789, 0.25));
    for history in [vec![], vec![&full, &none]] {
        assert_eq!(
            (glance(&task, "latest", &history).state, glance(&task, "latest", &history).text),
            (State::NoData, "NO DATA".into())
        );
    }
    assert_eq!(glance(&task, "nothing", &[&full]).state, State::CannotJudge);
}

#[test]
fn what_is_not_there_is_said_in_the_figure() {
    let task = task(BLANKS);
    assert!(draw(&task, "latest", &[]).empty.unwrap().contains("results/level/daily/*.txt"));
    let none = read(&task, "level/b.txt", "# nothing yet\n").unwrap();
    assert!(draw(&task, "latest", &[&none]).empty.unwrap().starts_with("NO DATA"));
    assert!(draw(&task, "nothing", &[&none]).empty.is_some());
}

#[test]
fn a_taken_name_is_refused_with_the_place_of_the_name() {
    let file = TaskFile::parse(BLANKS, "tasks/one.toml").unwrap();
    assert_eq!(
        file.name_taken("the task \"Level\"").to_string(),
        "task file refused: the name 'level' is taken by the task \"Level\", expected a name of its own: tasks/one.toml:2"
    );
}

/// A task file that is right but for a piece that is taken out and one that is put in.
fn any_task_text() -> impl Strategy<Value = String> {
    let parts = prop_oneof![Just(String::new()), "\\PC{0,8}", Just("[[item]]\n".to_owned()), Just("\n".to_owned())];
    (any::<prop::sample::Index>(), 0_usize..30, parts, prop_oneof![Just(EXAMPLE), Just(BLANKS)]).prop_map(
        |(at, length, part, text)| {
            let letters: Vec<char> = text.chars().collect();
            let at = at.index(letters.len());
            let rest = &letters[letters.len().min(at + length)..];
            letters[..at].iter().collect::<String>() + &part + &rest.iter().collect::<String>()
        },
    )
}

proptest! {
    #[test]
    fn any_text_gets_an_answer(text in "\\PC{0,200}") {
        let _ = parse(&text, "t.toml");
    }

    #[test]
    fn a_changed_task_file_is_taken_or_refused_at_a_line_it_has(text in any_task_text()) {
        if let Err(error) = parse(&text, "t.toml") {
            prop_assert!((1..=text.matches('\n').count() + 1).contains(&error.line), "{error}");
        }
    }

    #[test]
    fn any_bytes_get_an_answer_and_what_is_read_is_drawn(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            "(([0-9eE.+-]{0,8}|nan|-)[ ,\n]){0,40}\n".prop_map(String::into_bytes),
            "((1e308|-|-1e308|0|7) (1e308|nan|3|-1e308) (0|1e308|-) (0|5)\n){0,5}".prop_map(String::into_bytes),
        ],
    ) {
        let detector = detector();
        let context = TaskContext { detector: &detector, now: Timestamp::UNIX_EPOCH };
        for task in [task(EXAMPLE), task(BLANKS)] {
            for sidecar in [None, Some(bytes.as_slice())] {
                let Ok(summary) = task.read(&ResultFile { name: "a/b.c", bytes: &bytes, sidecar }, &context) else { continue };
                for item in &task.info().items {
                    task.draw(&item.name, &[&summary, &summary], &context);
                    task.glance(&item.name, &[&summary], &context);
                }
            }
        }
    }

    #[test]
    fn written_numbers_are_read_back(levels in proptest::collection::vec(proptest::option::of(-1e9..1e9_f64), 1..30)) {
        let row = |level: &Option<f64>| format!("0 {} 1 1\n", level.map_or_else(|| "-".to_owned(), |level| level.to_string()));
        let summary = read(&task(BLANKS), "level/a.txt", &levels.iter().map(row).collect::<String>()).unwrap();
        let found: Vec<Option<f64>> = values(&summary, "level_mm").into_iter().map(Measured::value).collect();
        prop_assert_eq!(found, levels);
    }
}
