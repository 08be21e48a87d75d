use proptest::prelude::*;

use crate::declared::{TaskFile, one_channel};
use crate::figure::{Figure, Layer};
use crate::format::root::{Graph, Histogram, HistogramAxis, Product, write};
use crate::summary::{Measured, Summary};
use crate::task::{MonTask, ReadError, ResultFile, TaskContext};

/// A task of a format; `rest` has its columns and items.
fn task(format: &str, rest: &str) -> Box<dyn MonTask> {
    let head = format!(
        "name = \"t\"\ntitle = \"T\"\nabout = \"A.\"\nfolder = \"t\"\nsuffix = \".{format}\"\nformat = \"{format}\"\n{rest}"
    );
    match TaskFile::parse(&head, "t.toml") {
        Ok(TaskFile::Declared(task)) => Box::new(task),
        other => panic!("{other:?}"),
    }
}

fn refusal(format: &str, rest: &str) -> String {
    let head =
        format!("name = \"t\"\ntitle = \"T\"\nabout = \"A.\"\nfolder = \"t\"\nsuffix = \".x\"\nformat = \"{format}\"\n{rest}");
    TaskFile::parse(&head, "t.toml").unwrap_err().what
}

fn item(name: &str, rest: &str) -> String {
    format!("[[item]]\nname = \"{name}\"\ntitle = \"{name}\"\nabout = \"A.\"\n{rest}\n")
}

fn read(task: &dyn MonTask, name: &str, bytes: &[u8]) -> Result<Summary, ReadError> {
    let detector = one_channel();
    task.read(&ResultFile { name, bytes, sidecar: None }, &TaskContext { detector: &detector, now: jiff::Timestamp::UNIX_EPOCH })
}

fn draw(task: &dyn MonTask, item: &str, history: &[&Summary]) -> Figure {
    let detector = one_channel();
    task.draw(item, history, &TaskContext { detector: &detector, now: jiff::Timestamp::UNIX_EPOCH })
}

fn column(summary: &Summary, name: &str) -> Vec<Option<f64>> {
    summary.table("rows").unwrap().column(name).unwrap().values.iter().map(|value| value.value()).collect()
}

fn csv() -> Box<dyn MonTask> {
    let columns = "columns = [{ name = \"t\", path = \"time, s\" }, { name = \"p\", unit = \"mbar\" }]\n";
    task("csv", &format!("{columns}{}", item("i", "plot = \"line\"\nx = \"t\"\ny = [\"p\"]")))
}

#[test]
fn csv_finds_columns_by_their_names_and_reads_quoted_cells() {
    let text = "\u{feff}# made by hand\r\nnote,p,\"time, s\"\r\n\"two\nlines, \"\"quoted\"\"\",\" 1012.5 \",0\r\n,,60\r\n";
    let summary = read(&*csv(), "t/run3-seq4.csv", text.as_bytes()).unwrap();
    assert_eq!(column(&summary, "p"), [Some(1012.5), None]);
    assert_eq!(column(&summary, "t"), [Some(0.0), Some(60.0)]);
    assert_eq!(summary.provenance.members, [crate::vocab::FileId::new(3, 4)]);
}

#[test]
fn csv_that_is_half_written_is_asked_for_again_and_what_is_wrong_is_said_with_its_line() {
    for text in ["", "p,\"time", "p,\"time, s\"", "p,\"time, s\"\n1,2\n1,\"2", "p,\"time, s\"\n1,2\n1"] {
        assert!(matches!(read(&*csv(), "t/a.csv", text.as_bytes()), Err(ReadError::Incomplete(_))), "{text:?}");
    }
    for (text, words) in [
        ("p,time\n1,2\n", "line 1: no column \"time, s\" in the header, there are \"p, time\""),
        ("p,\"time, s\",p\n1,2,3\n", "line 1: column \"p\" twice"),
        ("p,\"time, s\"\n\n# c\n1,2,3\n", "line 4: 3 cells, expected 2"),
        ("p,\"time, s\"\n1,\"2\n\"\nhigh,2\n", "line 4: \"high\" in column \"p\""),
        ("p,\"time, s\"\n1,\"2\"x\n", "line 2: 'x' behind a quoted cell"),
        ("p,\"time, s\"\n1,2\"\n", "line 2: a quote inside of a cell"),
        ("p,\"time, s\"\n1,1e999\n", "a finite number"),
    ] {
        match read(&*csv(), "t/a.csv", text.as_bytes()) {
            Err(ReadError::Malformed(why)) => assert!(why.starts_with("line ") && why.contains(words), "{text:?}: {why}"),
            other => panic!("{text:?}: {other:?}"),
        }
    }
}

fn json() -> Box<dyn MonTask> {
    let columns = "stamp = \"at\"\ncolumns = [{ name = \"at\" }, { name = \"rms\", path = \"channels.rms\" }, \
                   { name = \"third\", path = \"channels.2.rms\" }]\n";
    task("json", &format!("{columns}{}", item("i", "plot = \"histogram\"\ny = [\"rms\"]\nbins = 2\nrange = [0, 4]")))
}

#[test]
fn json_paths_lead_through_objects_and_lists() {
    let text = r#"{"at": "2017-08-01T12:00:00Z", "channels": [{"rms": 1}, {"rms": null}, {"rms": 3}, {"n": 1}, {"rms": 9}]}"#;
    let task = json();
    let summary = read(&*task, "t/run7.json", text.as_bytes()).unwrap();
    assert_eq!(column(&summary, "rms"), [Some(1.0), None, Some(3.0), None, Some(9.0)]);
    assert_eq!(column(&summary, "third"), [Some(3.0); 5], "one value counts for all rows");
    assert_eq!(summary.data_start.unwrap().as_second(), 1_501_588_800);
    let figure = draw(&*task, "i", &[&summary]);
    let [Layer::Steps { edges, values, .. }] = figure.layers.as_slice() else { panic!("{figure:?}") };
    assert_eq!((edges, values), (&vec![0.0, 2.0, 4.0], &vec![1.0, 1.0]));
    let notes = ["run7", "rms: 1 of 3 values are outside of the range", "rms: no data in 2 of 5 rows"];
    assert_eq!(figure.notes, notes);
    let list = r#"[{"at": 1, "channels": [{"rms": 1}, {}, {"rms": 2}]}, {"at": 2, "channels": [{"rms": 1}, {}, {"rms": 2}]}]"#;
    let why = read(&*task, "t/a.json", list.as_bytes()).unwrap_err().to_string();
    assert!(why.contains("expected as many of each, or one"), "{why}");
}

#[test]
fn json_that_is_not_ended_is_asked_for_again_and_what_is_wrong_is_said() {
    for text in ["", "{\"at\": 1, \"chan", "[{\"at\": 1}"] {
        assert!(matches!(read(&*json(), "t/a.json", text.as_bytes()), Err(ReadError::Incomplete(_))), "{text:?}");
    }
    for (text, words) in [
        ("{\"at\": 1,\n \"channels\" 3}", "line 2: "),
        ("3", "expected an object or a list"),
        ("{\"at\": 1, \"canals\": []}", "nothing at path 'channels.rms', there are \"at, canals\""),
        ("{\"at\": true, \"channels\": [{\"rms\": 1}, {}, {}]}", "path 'at': \"true\", expected a number"),
        ("{\"at\": \"noon\", \"channels\": [{\"rms\": 1}, {}, {}]}", "a UTC time such as"),
        ("{\"at\": 1, \"channels\": [{\"rms\": \"1\"}, {}, {}]}", "path 'channels.rms'"),
    ] {
        match read(&*json(), "t/a.json", text.as_bytes()) {
            Err(ReadError::Malformed(why)) => assert!(why.contains(words), "{text:?}: {why}"),
            other => panic!("{text:?}: {other:?}"),
        }
    }
    assert!(read(&*json(), "t/a.json", "[".repeat(100_000).as_bytes()).is_err(), "depth is no way to the end of the stack");
}

fn root() -> Box<dyn MonTask> {
    let columns = "columns = [{ name = \"mean_fc\", path = \"charge\", of = \"mean\", unit = \"fC\" }]\n";
    let trend = item("trend", "plot = \"trend\"\nagainst = \"run\"\ny = [\"mean_fc\"]");
    let objects =
        item("charge", "plot = \"object\"\nobject = \"charge\"") + &item("line", "plot = \"object\"\nobject = \"line\"");
    task("root", &format!("{columns}{trend}{objects}"))
}

fn root_file(shift: f64) -> Vec<u8> {
    let mut histogram = Histogram::new("charge", "Charge", vec![HistogramAxis::new(4, 0.0, 8.0).title("charge [fC]")]);
    histogram.set(&[2], 100.0, 10.0);
    histogram.entries = 100.0;
    histogram.sums = vec![100.0, 100.0, 100.0 * (3.0 + shift), 100.0 * ((3.0 + shift).powi(2) + 0.04)];
    let graph = Graph { name: "line".into(), x: vec![1.0, 2.0], y: vec![3.0, 4.0], ..Graph::default() };
    let graph = Graph { x_errors: [vec![0.0; 2], vec![0.0; 2]], y_errors: [vec![0.1; 2], vec![0.1; 2]], ..graph };
    write("t.root", "", jiff::Timestamp::UNIX_EPOCH, &[Product::Histogram(histogram), Product::Graph(graph)]).unwrap()
}

#[test]
fn histograms_and_graphs_of_root_files_are_shown_and_their_numbers_are_trends() {
    let task = root();
    let one = read(&*task, "t/run1.root", &root_file(0.0)).unwrap();
    let two = read(&*task, "t/run4.root", &root_file(1.0)).unwrap();
    let figure = draw(&*task, "charge", &[&one, &two]);
    assert!(figure.notes[0] == "run4" && figure.x.title() == "charge [fC]" && !figure.layers.is_empty(), "{figure:?}");
    assert!(matches!(draw(&*task, "line", &[&one]).layers[0], Layer::Points { .. }));
    let trend = draw(&*task, "trend", &[&one, &two]);
    let Layer::Points { points, .. } = &trend.layers[0] else { panic!("{trend:?}") };
    assert_eq!(points.iter().map(|point| (point.x, point.y)).collect::<Vec<_>>(), [(1.0, 3.0), (4.0, 4.0)]);
    assert!((points[0].y_error - 0.02).abs() < 1e-9, "{points:?}");
    assert_eq!(one.entries(), Some(100.0));
}

#[test]
fn a_root_file_that_is_not_closed_is_asked_for_again_and_what_is_not_there_is_said() {
    let task = root();
    let whole = root_file(0.0);
    for end in [0, 2, 4, 60, 200, whole.len() - 1] {
        let read = read(&*task, "t/a.root", &whole[..end]);
        assert!(matches!(read, Err(ReadError::Incomplete(_))), "{end}: {read:?}");
    }
    match read(&*task, "t/a.root", b"no ROOT file") {
        Err(ReadError::Malformed(why)) => assert!(why.contains("no ROOT file"), "{why}"),
        other => panic!("{other:?}"),
    }
    let branches = "columns = [{ name = \"l\", path = \"tracks/length\" }]\n";
    let other = self::task("root", &format!("{branches}{}", item("i", "plot = \"histogram\"\ny = [\"l\"]\nbins = 3")));
    match read(&*other, "t/a.root", &whole) {
        Err(ReadError::Malformed(why)) => assert!(why.contains("TREE/BRANCH") && why.contains("charge"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn branches_of_a_tree_are_columns() {
    let bytes = include_bytes!("../../../tests/data/root/root640_zlib.root");
    let file = crate::format::root::RootFile::open(&bytes[..]).unwrap();
    let is_tree = |entry: &&crate::format::root::Entry| entry.key.class == "TTree";
    let entry = file.entries().iter().find(is_tree).unwrap();
    let tree = file.tree(entry).unwrap();
    let is_plain = |branch: &&crate::format::root::Branch| {
        branch.values_per_entry() == Some(1) && branch.unreadable().is_none() && branch.type_name().starts_with("float")
    };
    let branch = tree.branches.iter().find(is_plain).unwrap();
    let values: Vec<f64> = file.column(branch).unwrap().values.numbers().collect();
    let columns = format!("columns = [{{ name = \"v\", path = \"{}/{}\" }}]\n", entry.path, branch.name);
    let task = task("root", &format!("{columns}{}", item("i", "plot = \"histogram\"\ny = [\"v\"]\nbins = 10")));
    let summary = read(&*task, "t/a.root", bytes).unwrap();
    assert_eq!(column(&summary, "v"), values.iter().map(|value| Some(*value)).collect::<Vec<_>>());
    let figure = draw(&*task, "i", &[&summary]);
    let Layer::Steps { values: counts, .. } = &figure.layers[0] else { panic!("{figure:?}") };
    assert_eq!(counts.iter().sum::<f64>() as usize, values.len(), "the highest value is in the last bin");
}

#[test]
fn rows_make_steps_and_maps() {
    let columns = "columns = [{ name = \"x\" }, { name = \"y\" }, { name = \"z\", unit = \"ADC\" }]\n";
    let items = item("steps", "plot = \"steps\"\nx = \"x\"\ny = [\"z\"]")
        + &item("map", "plot = \"map\"\nx = \"x\"\ny = [\"y\"]\nz = \"z\"");
    let task = task("csv", &format!("{columns}{items}"));
    let summary = read(&*task, "t/a.csv", b"x,y,z\n0,10,1\n0.5,10,2\n1,20,\n").unwrap();
    let steps = draw(&*task, "steps", &[&summary]);
    let [Layer::Steps { edges, values, .. }] = steps.layers.as_slice() else { panic!("{steps:?}") };
    assert!(*edges == [0.0, 0.5, 1.0, 1.5] && values[..2] == [1.0, 2.0] && values[2].is_nan(), "{edges:?} {values:?}");
    let map = draw(&*task, "map", &[&summary]);
    let [Layer::Map(map)] = map.layers.as_slice() else { panic!("{map:?}") };
    assert_eq!((map.columns, map.rows, map.x_range, map.y_range), (3, 2, [-0.25, 1.25], [5.0, 25.0]));
    assert_eq!(map.values[..2], [1.0, 2.0]);
    assert!(map.values[2..].iter().all(|value| value.is_nan()));
    let uneven = read(&*task, "t/a.csv", b"x,y,z\n0,10,1\n0.5,10,2\n0.7,20,3\n").unwrap();
    assert!(draw(&*task, "map", &[&uneven]).empty.unwrap().contains("no even grid"));
    let falling = read(&*task, "t/a.csv", b"x,y,z\n1,10,1\n0,10,2\n").unwrap();
    assert!(draw(&*task, "steps", &[&falling]).notes.iter().any(|note| note.contains("do not ascend")));
}

#[test]
fn a_trend_against_sequences_shows_the_newest_run() {
    let columns = "columns = [{ name = \"n\" }]\n";
    let task = task("csv", &format!("{columns}{}", item("i", "plot = \"trend\"\nagainst = \"sequence\"\ny = [\"n\"]")));
    let names = ["t/run1-seq9.csv", "t/run2-seq0.csv", "t/run2-seq3.csv"];
    let results = names.map(|name| read(&*task, name, b"n\n5\n").unwrap());
    let figure = draw(&*task, "i", &results.iter().collect::<Vec<_>>());
    let Layer::Points { points, .. } = &figure.layers[0] else { panic!("{figure:?}") };
    assert_eq!(points.iter().map(|point| point.x).collect::<Vec<_>>(), [0.0, 3.0]);
    assert_eq!((figure.x.label.as_str(), figure.notes[0].as_str()), ("sequence", "files of run2"));
}

#[test]
fn keys_that_a_format_or_a_plot_has_no_use_for_are_refused() {
    let columns = "columns = [{ name = \"n\" }]\n";
    let trend = item("i", "plot = \"trend\"\ny = [\"n\"]");
    for (format, rest, words) in [
        ("csv", format!("separator = \",\"\n{columns}{trend}"), "'separator'"),
        ("json", format!("comment = \"#\"\n{columns}{trend}"), "'comment'"),
        ("csv", format!("answer_s = 3.0\n{columns}{trend}"), "'answer_s', expected it with 'program' only"),
        ("text", format!("columns = [{{ name = \"n\", path = \"m\" }}]\n{trend}"), "'path'"),
        ("json", format!("columns = [{{ name = \"n\", of = \"mean\" }}]\n{trend}"), "'of'"),
        ("xml", format!("{columns}{trend}"), "'json'"),
        ("csv", trend.clone(), "missing field 'columns'"),
        ("csv", columns.to_owned(), "missing field 'item'"),
        ("csv", format!("{columns}{}", item("i", "plot = \"object\"\nobject = \"h\"")), "format = \"root\""),
        ("csv", format!("{columns}{}", item("i", "plot = \"figure\"")), "of a program only"),
        ("csv", format!("{columns}{}", item("i", "plot = \"histogram\"\ny = [\"n\"]\nbins = 0")), "'bins' is 0"),
        ("csv", format!("{columns}{}", item("i", "plot = \"histogram\"\ny = [\"n\"]\nbins = 3\nrange = [2, 1]")), "'range'"),
        (
            "csv",
            format!("{columns}{}", item("i", "plot = \"trend\"\ny = [\"n\"]\nbins = 3")),
            "only 'y', 'error', 'value', 'against'",
        ),
        ("csv", format!("{columns}{}", item("i", "plot = \"map\"\nx = \"n\"\ny = [\"n\"]")), "no 'z'"),
        ("csv", format!("program = [\"a\"]\n{columns}{trend}"), "'format' beside 'program'"),
    ] {
        let what = refusal(format, &rest);
        assert!(what.contains(words), "{rest}: {what}");
    }
}

/// A cell as a spreadsheet writes it.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer_and_what_is_read_is_drawn(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200).boxed(),
            "(p|\"time, s\"|x)(,(p|\"time, s\"|n)){0,3}\n(([0-9\"e.,-]|\n){0,6}){0,8}\n".prop_map(String::into_bytes).boxed(),
            "\\{\"at\": [0-9]{1,3}, \"channels\": \\[(\\{\"rms\": [0-9]{1,2}\\},){0,3}\\{\\}\\]\\}".prop_map(String::into_bytes).boxed(),
        ],
        cut in (any::<prop::sample::Index>(), any::<u8>()),
    ) {
        let mut damaged = root_file(0.0);
        let at = cut.0.index(damaged.len());
        damaged[at] = cut.1;
        for task in [csv(), json(), root()] {
            for bytes in [&bytes, &damaged] {
                let Ok(summary) = read(&*task, "t/a.b", bytes) else { continue };
                for item in &task.info().items {
                    draw(&*task, &item.name, &[&summary, &summary]);
                }
            }
        }
    }

    #[test]
    fn cells_that_were_quoted_are_read_back(notes in proptest::collection::vec("[a-z,\" \n]{0,12}", 1..10), values in proptest::collection::vec(proptest::option::of(-1e9..1e9_f64), 10)) {
        let mut text = "note,p,\"time, s\"\n".to_owned();
        for (note, value) in notes.iter().zip(&values) {
            let note = if note.trim().is_empty() { "-" } else { note };
            text += &format!("{},{},1\n", quoted(note), value.map(|value| value.to_string()).unwrap_or_default());
        }
        let summary = read(&*csv(), "t/a.csv", text.as_bytes()).unwrap();
        prop_assert_eq!(column(&summary, "p"), values[..notes.len()].to_vec());
    }

    #[test]
    fn json_numbers_are_read_back(values in proptest::collection::vec(proptest::option::of(-1e12..1e12_f64), 3..20)) {
        let channels: Vec<_> = values.iter().map(|value| serde_json::json!({ "rms": value })).collect();
        let text = serde_json::json!({ "at": 1, "channels": channels }).to_string();
        let summary = read(&*json(), "t/a.json", text.as_bytes()).unwrap();
        prop_assert_eq!(column(&summary, "rms"), values.clone());
        prop_assert_eq!(summary.table("rows").unwrap().get("third", 0), values[2].map_or(Measured::NoData, |value| Measured::number(value, 0.0)));
    }
}
