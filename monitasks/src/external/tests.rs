use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::declared::TaskFile;
use crate::figure::{Axis, Ink, Layer, Point};

fn program() -> ProgramTask {
    ProgramTask {
        info: TaskInfo {
            name: "gas".into(),
            title: "Gas".into(),
            about: "Gas.".into(),
            folder: "gas".into(),
            suffix: ".txt".into(),
            poll_s: 5.0,
            items: Vec::new(),
        },
        program: vec!["python3".into()],
        answer_s: 1.0,
        memory_mb: 100,
        file_name: "tasks/gas.toml".into(),
        name_line: 1,
    }
}

const DESCRIPTION: &str = r#"{"protocol": 1, "stamp": null, "columns": [{"name": "t_s", "unit": "s"}, {"name": "p_mbar", "unit": "mbar"}],
"items": [{"name": "trend", "title": "Pressure", "about": "Flat.", "plot": "trend", "y": ["p_mbar"]},
{"name": "drawn", "title": "Drawn", "about": "A peak.", "plot": "figure"}]}"#;

fn described() -> DescribedTask {
    DescribedTask::parse(DESCRIPTION, &program()).unwrap()
}

fn summary(line: &str) -> Result<Summary, String> {
    let answer = ReadAnswer::parse(line).map_err(|error| error.to_string())?;
    let detector = crate::declared::one_channel();
    let context = TaskContext { detector: &detector, now: Timestamp::UNIX_EPOCH };
    let input = ResultFile { name: "gas/run7-seq2.txt", bytes: b"", sidecar: None };
    described().summary(answer, &input, &context).map_err(|error| error.to_string())
}

#[test]
fn a_description_gives_items_that_are_drawn_as_those_of_a_task_file() {
    let task = described();
    assert_eq!((task.info().items.len(), task.info().poll_s), (2, 5.0));
    let summary =
        summary(r#"{"stamp": "2017-08-01T12:00:00Z", "columns": {"t_s": 1, "p_mbar": {"values": [1012.5], "errors": [0.5]}}}"#);
    let summary = summary.unwrap();
    assert_eq!((summary.run, summary.provenance.members.len()), (Some(Run(7)), 1), "from the file's name");
    assert_eq!(task.glance("trend", &[&summary]).text, "1012.5 ± 0.5 mbar");
    let figure = task.draw("trend", &[&summary]);
    let Layer::Points { points, .. } = &figure.layers[0] else { panic!("{figure:?}") };
    assert_eq!(points[0], Point { x: 1_501_588_800.0, y: 1012.5, y_error: 0.5 });
    assert!(task.draw("drawn", &[&summary]).empty.unwrap().starts_with("NO DATA"));
}

#[test]
fn a_figure_of_the_program_is_shown_as_it_drew_it() {
    let line = r#"{"columns": {"t_s": [], "p_mbar": []}, "figures": {"drawn": {"title": "", "x": {"label": "x", "unit": "", "scale": "linear",
        "range": null}, "y": {"label": "y", "unit": "", "scale": "linear", "range": null}, "layers": [{"kind": "points", "label": "a",
        "ink": {"series": 0}, "points": [{"x": 1, "y": 2}]}], "notes": [], "empty": null}}}"#;
    let summary = summary(&line.replace('\n', "")).unwrap();
    let figure = described().draw("drawn", &[&summary]);
    assert_eq!((figure.title.as_str(), figure.layers.len()), ("Drawn", 1));
}

#[test]
fn what_is_wrong_with_a_description_is_said_by_the_rules_of_task_files() {
    for (found, instead, words) in [
        ("\"protocol\": 1", "\"protocol\": 2", vec!["\"protocol\": 2", "expected 1"]),
        ("\"protocol\": 1, ", "", vec!["no \"protocol\""]),
        ("\"p_mbar\"]", "\"p_bar\"]", vec!["'y'", "\"p_bar\"", "'p_mbar'"]),
        ("\"trend\", \"y\"", "\"trnd\", \"y\"", vec!["'trnd'", "'trend'"]),
        ("\"plot\": \"figure\"", "\"plot\": \"object\", \"object\": \"h\"", vec!["object", "root"]),
        ("\"unit\": \"s\"", "\"path\": \"s\"", vec!["'path'", "csv"]),
        ("\"items\"", "\"item\"", vec!["'item'", "'items'"]),
        ("{\"protocol\"", "{protocol", vec!["no line of JSON"]),
        ("\"name\": \"drawn\"", "\"name\": \"trend\"", vec!["two items", "'trend'"]),
    ] {
        let line = DESCRIPTION.replacen(found, instead, 1);
        assert_ne!(line, DESCRIPTION, "{found} is not in it");
        let error = DescribedTask::parse(&line, &program()).unwrap_err().to_string();
        assert!(error.starts_with("answer refused: ") && words.iter().all(|word| error.contains(word)), "{error}");
    }
}

#[test]
fn what_is_wrong_with_an_answer_is_said() {
    for (line, words) in [
        ("", "no line of JSON"),
        ("Traceback (most recent call last):", "no line of JSON"),
        (r#"{"columns": {"t_s": NaN}}"#, "write null"),
        (r#"{"colums": {}}"#, "'colums'"),
        (r#"{"columns": {"t_s": 1}}"#, "no column 'p_mbar'"),
        (r#"{"columns": {"t_s": 1, "p_mbar": 1, "q": 1}}"#, "'q'"),
        (r#"{"columns": {"t_s": 1, "p_mbar": {"values": [1], "unit": "bar"}}}"#, "[bar], expected [mbar]"),
        (r#"{"columns": {"t_s": 1, "p_mbar": {"values": [1], "errors": [-1]}}}"#, "the error -1"),
        (r#"{"columns": {"t_s": 1, "p_mbar": {"values": [1], "errors": [1, 2]}}}"#, "2 errors"),
        (r#"{"columns": {"t_s": [1, 2], "p_mbar": [1, 2, 3]}}"#, "3 values"),
        (r#"{"columns": {"t_s": true, "p_mbar": 1}}"#, "a list of numbers"),
        (r#"{"stamp": "noon"}"#, "\"noon\""),
        (r#"{"run": -1}"#, "-1"),
        (r#"{"error": "checksum"}"#, "checksum"),
        (r#"{"incomplete": "no end mark"}"#, "incomplete: no end mark"),
    ] {
        let error = summary(line).unwrap_err();
        assert!(error.contains(words), "{line}: {error}");
    }
    let not_measured = summary(r#"{"columns": {"t_s": 1, "p_mbar": "not measured"}}"#).unwrap();
    assert_eq!(not_measured.table(TABLE).unwrap().get("p_mbar", 0), Measured::NotMeasured);
}

#[test]
fn a_figure_whose_lists_do_not_fit_is_refused() {
    let steps = |edges: Vec<f64>| {
        Figure::new("", Axis::linear("", ""), Axis::linear("", "")).with(Layer::Steps {
            label: String::new(),
            ink: Ink::Series(0),
            edges,
            values: vec![1.0, 2.0],
        })
    };
    for (edges, fits) in [(vec![0.0, 1.0, 2.0], true), (vec![0.0, 1.0], false), (vec![0.0, 2.0, 1.0], false)] {
        let figures = [("drawn".to_owned(), steps(edges))].into();
        let line = ReadAnswer::Result(Box::new(ProgramResult { figures, ..ProgramResult::default() })).line().unwrap();
        assert_eq!(ReadAnswer::parse(&line).is_ok(), fits, "{line}");
    }
}

const PAGE: &str = include_str!("../../../docs/add-a-task.md");

/// What stands in the first fence of a kind behind a heading.
fn fenced(heading: &str, kind: &str) -> String {
    let behind = PAGE.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no {heading:?}")).1;
    let fence = behind.split_once(&format!("```{kind}\n")).and_then(|(_, rest)| rest.split_once("```")).unwrap().0;
    if kind == "json" { fence.replace('\n', " ") } else { fence.to_owned() }
}

#[test]
fn the_words_of_the_protocol_on_the_page_are_taken_and_drawn() {
    let text = fenced("## A program as a task", "toml");
    let TaskFile::Program(task) = TaskFile::parse(&text, "tasks/gas.toml").unwrap() else { panic!("{text}") };
    let described = DescribedTask::parse(&fenced("### The answer to `describe`", "json"), &task).unwrap();
    let answer = ReadAnswer::parse(&fenced("### The answer to `read`", "json")).unwrap();
    let detector = crate::declared::one_channel();
    let context = TaskContext { detector: &detector, now: Timestamp::UNIX_EPOCH };
    let input = ResultFile { name: "gas/x.txt", bytes: b"", sidecar: None };
    let summary = described.summary(answer, &input, &context).unwrap();
    assert_eq!((summary.run, described.glance("trend", &[&summary]).text.as_str()), (Some(Run(7)), "1012.5 ± 0.4 mbar"));
    for item in &described.info().items {
        let figure = described.draw(&item.name, &[&summary]);
        assert!(figure.layers.len() == 1 && figure.notes.contains(&"calibration of June".to_owned()), "{figure:?}");
    }
    assert!(PAGE.contains(&format!("This is protocol {PROTOCOL};")));
}

#[test]
fn the_keys_of_answers_on_the_page_are_the_keys_that_are_taken() {
    for (heading, error) in [
        ("### The answer to `describe`", Description::parse("{\"protocol\": 1, \"items\": [], \"zz\": 1}").unwrap_err()),
        ("### The answer to `read`", ReadAnswer::parse("{\"zz\": 1}").unwrap_err()),
    ] {
        let behind = PAGE.split_once(&format!("\n{heading}\n")).unwrap().1;
        let table = behind.lines().skip_while(|line| !line.starts_with("| `")).take_while(|line| line.starts_with("| `"));
        let cell = |line: &str| line.split('|').nth(1).unwrap_or_default().to_owned();
        let quoted = |text: &str, mark: char| text.split(mark).skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        let documented: BTreeSet<String> = table.flat_map(|line| quoted(&cell(line), '`')).collect();
        let (_, expected) = error.0.split_once("expected ").unwrap();
        assert_eq!(documented, quoted(expected, '\'').into_iter().collect(), "{heading}");
    }
}

fn any_measured() -> impl Strategy<Value = Measured> {
    prop_oneof![
        Just(Measured::NoData),
        Just(Measured::NotMeasured),
        (-1e12..1e12_f64, prop_oneof![Just(0.0), 1e-6..1e6_f64]).prop_map(|(value, error)| Measured::number(value, error)),
    ]
}

fn any_result() -> impl Strategy<Value = ProgramResult> {
    let column = (proptest::option::of("[a-z]{0,3}"), proptest::collection::vec(any_measured(), 0..6));
    let column = column.prop_map(|(unit, values)| ResultColumn { unit, values });
    let stamp = proptest::option::of((0_i64..4_000_000_000).prop_map(|at| Timestamp::from_second(at).unwrap()));
    let numbers = (any::<Option<u32>>(), any::<Option<u32>>(), any::<Option<u32>>());
    let columns = proptest::collection::btree_map("[a-z_]{1,6}", column, 0..4);
    (numbers, stamp.clone(), stamp, columns, proptest::collection::vec("\\PC{0,20}", 0..3)).prop_map(
        |((run, sequence, group), stamp, end, columns, remarks)| ProgramResult {
            run: run.map(Run),
            sequence,
            processing: sequence.map(Processing),
            group: group.map(Group),
            stamp,
            end,
            columns,
            figures: BTreeMap::new(),
            remarks,
        },
    )
}

proptest! {
    #[test]
    fn a_request_that_has_a_line_is_read_back(path in "\\PC{0,40}") {
        let request = Request::Read(path.clone());
        match request.line() {
            Ok(line) => prop_assert_eq!(Request::parse(&line), Some(request)),
            Err(_) => prop_assert!(path.is_empty() || path.contains(['\n', '\r'])),
        }
        let _ = Request::parse(&path);
    }

    #[test]
    fn an_answer_is_read_back_as_it_was_written(result in any_result(), why in "\\PC{0,40}") {
        for answer in [ReadAnswer::Result(Box::new(result.clone())), ReadAnswer::Refused(why.clone()), ReadAnswer::Incomplete(why.clone())] {
            let line = answer.line().unwrap();
            prop_assert!(!line.contains('\n'), "an answer is one line");
            prop_assert_eq!(ReadAnswer::parse(&line).unwrap(), answer);
        }
    }

    #[test]
    fn a_description_is_read_back_as_it_was_written(stamp in proptest::option::of("[a-z]{1,5}"), title in "\\PC{0,20}") {
        let description = Description {
            protocol: PROTOCOL,
            stamp,
            columns: vec![serde_json::json!({ "name": title })],
            items: vec![serde_json::json!({ "title": title })],
        };
        prop_assert_eq!(Description::parse(&description.line().unwrap()).unwrap(), description);
    }

    #[test]
    fn any_line_gets_an_answer(line in prop_oneof![
        "\\PC{0,100}".boxed(),
        "[\\[\\]{}:,\"a-z0-9.e-]{0,60}".boxed(),
        (any::<prop::sample::Index>(), "\\PC{0,4}").prop_map(|(at, part)| {
            let letters: Vec<char> = DESCRIPTION.chars().collect();
            let at = at.index(letters.len());
            letters[..at].iter().collect::<String>() + &part + &letters[(at + 2).min(letters.len())..].iter().collect::<String>()
        }).boxed(),
    ]) {
        let _ = summary(&line);
        let _ = DescribedTask::parse(&line, &program());
    }
}
