//! Every figure of a small shift as text, against the files below `tests/data/figures/`.

use std::fmt::Write as _;
use std::path::PathBuf;

use monitasks::figure::{Figure, Layer};
use monitasks::registry::TaskRegistry;
use monitasks::task::TaskContext;
use serde_json::Value;

use crate::results::{noon, shift};
use crate::small_detector::small_detector;

#[test]
fn every_item_draws_what_it_drew() {
    let detector = small_detector();
    let context = TaskContext { detector: &detector, now: noon(9) };
    let mut changed = Vec::new();
    for task in TaskRegistry::built_in().iter() {
        let summaries = shift(task, &detector);
        let history: Vec<_> = summaries.iter().collect();
        for item in &task.info().items {
            let name = format!("{}-{}.txt", task.info().name, item.name);
            let drawn = text(&task.draw(&item.name, &history, &context));
            let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/figures").join(&name);
            if std::env::var_os("DQMON_BLESS").is_some() {
                std::fs::write(&path, &drawn).unwrap();
            }
            let expected = std::fs::read_to_string(&path).unwrap_or_default();
            if drawn != expected {
                changed.push(format!("--- {name}\nexpected:\n{expected}\ndrawn:\n{drawn}"));
            }
        }
    }
    assert!(changed.is_empty(), "figures are not what they were (DQMON_BLESS=1 writes them anew):\n{}", changed.join("\n"));
}

#[test]
fn every_number_stands_on_an_axis_with_a_name() {
    let detector = small_detector();
    let context = TaskContext { detector: &detector, now: noon(9) };
    for task in TaskRegistry::built_in().iter() {
        let summaries = shift(task, &detector);
        let history: Vec<_> = summaries.iter().collect();
        for item in &task.info().items {
            let figure = task.draw(&item.name, &history, &context);
            let name = &item.name;
            assert_eq!(figure.empty, None, "{name} is empty");
            assert!(!figure.x.label.is_empty() && !figure.y.label.is_empty(), "{name} has an axis with no name");
            assert!(figure.title.contains("run"), "{name} does not say which run: {}", figure.title);
            for layer in &figure.layers {
                match layer {
                    Layer::Steps { edges, values, .. } => assert_eq!(edges.len(), values.len() + 1, "{name}"),
                    Layer::Map(map) => {
                        assert_eq!(map.values.len(), map.columns * map.rows, "{name}");
                        assert!([0, map.values.len()].contains(&map.cell_texts.len()), "{name}");
                    }
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn an_empty_history_says_what_would_fill_it() {
    let detector = small_detector();
    let context = TaskContext { detector: &detector, now: noon(9) };
    for task in TaskRegistry::built_in().iter() {
        for item in &task.info().items {
            let empty = task.draw(&item.name, &[], &context).empty.unwrap();
            assert!(empty.contains(&format!("results/{}/*{}", task.info().folder, task.info().suffix)), "{empty}");
        }
        let unknown = task.draw("no such item", &[], &context).empty.unwrap();
        assert!(unknown.contains(&task.info().items[0].name), "the items that exist are not named: {unknown}");
    }
}

/// A figure as lines: words as they are, a line per axis and per layer, numbers to 9 digits.
fn text(figure: &Figure) -> String {
    let mut text = format!("title: {}\n", figure.title);
    let line = |value: Value| rounded(value).to_string();
    let _ = writeln!(text, "x: {}", line(serde_json::to_value(&figure.x).unwrap()));
    let _ = writeln!(text, "y: {}", line(serde_json::to_value(&figure.y).unwrap()));
    for note in &figure.notes {
        let _ = writeln!(text, "note: {note}");
    }
    if let Some(empty) = &figure.empty {
        let _ = writeln!(text, "empty: {empty}");
    }
    for layer in &figure.layers {
        let _ = writeln!(text, "layer: {}", line(serde_json::to_value(layer).unwrap()));
    }
    text
}

/// The last digits of a number differ from one mathematics library to the next.
fn rounded(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            let text = format!("{:.8e}", number.as_f64().unwrap());
            Value::from(text.parse::<f64>().unwrap())
        }
        Value::Array(values) => values.into_iter().map(rounded).collect(),
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(name, value)| (name, rounded(value))).collect()),
        other => other,
    }
}
