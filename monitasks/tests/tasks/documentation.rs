//! What `docs/add-a-task.md` shows is what is compiled and tested here.

use monitasks::declared::TaskFile;
use monitasks::external::{DescribedTask, PROTOCOL, ReadAnswer};
use monitasks::task::{ResultFile, TaskContext};

const PAGE: &str = include_str!("../../../docs/add-a-task.md");
const EXAMPLE: &str = include_str!("example_task.rs");

#[test]
fn the_page_shows_the_example_as_it_is_compiled() {
    assert!(PAGE.contains(&format!("```rust\n{EXAMPLE}```\n")), "docs/add-a-task.md and tests/tasks/example_task.rs differ");
}

#[test]
fn the_page_names_no_word_that_the_contract_lacks() {
    for word in ["`monitasks/src/registry.rs`", "`built_in_at`", "`DQMON_BLESS=1`", "`ReadError::Incomplete`", "`Figure::empty`"]
    {
        assert!(PAGE.contains(word), "the page has lost {word}");
    }
    let contract = include_str!("../../src/task.rs");
    for method in ["fn info(", "fn read(", "fn draw(", "fn glance("] {
        assert!(contract.contains(method) && EXAMPLE.contains(method), "{method}");
    }
}

/// What stands in the first fence of a kind behind a heading.
fn fenced<'a>(heading: &str, kind: &str) -> &'a str {
    let behind = PAGE.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no {heading:?}")).1;
    behind.split_once(&format!("```{kind}\n")).and_then(|(_, rest)| rest.split_once("```")).unwrap().0
}

#[test]
fn the_words_of_the_protocol_on_the_page_are_taken_and_drawn() {
    let text = fenced("## A program as a task", "toml");
    let TaskFile::Program(task) = TaskFile::parse(text, "tasks/gas.toml").unwrap() else { panic!("{text}") };
    let described = DescribedTask::parse(&fenced("### The answer to `describe`", "json").replace('\n', " "), &task).unwrap();
    let answer = ReadAnswer::parse(&fenced("### The answer to `read`", "json").replace('\n', " ")).unwrap();
    let detector = crate::small_detector::small_detector();
    let context = TaskContext { detector: &detector, now: jiff::Timestamp::UNIX_EPOCH };
    let input = ResultFile { name: "gas/x.txt", bytes: b"", sidecar: None };
    let summary = described.summary(answer, &input, &context).unwrap();
    assert_eq!(described.glance("trend", &[&summary]).text, "1012.5 ± 0.4 mbar");
    for item in &described.info().items {
        let figure = described.draw(&item.name, &[&summary]);
        assert!(figure.layers.len() == 1 && figure.notes.contains(&"calibration of June".to_owned()), "{figure:?}");
    }
    assert!(PAGE.contains(&format!("This is protocol {PROTOCOL};")));
}
