//! The example of checks, `assets/checks.toml`, on the figures of a small shift; and what its page shows.

use monitasks::checks::verdict::{Verdict, item_state};
use monitasks::checks::{Checks, Subject};
use monitasks::declared::TaskFile;
use monitasks::figure::Figure;
use monitasks::quality::State;
use monitasks::references::{Reference, References, Runs};
use monitasks::registry::TaskRegistry;
use monitasks::task::{MonTask, TaskContext};
use monitasks::vocab::Run;

use crate::results::{noon, shift};
use crate::small_detector::small_detector;

const EXAMPLE: &str = include_str!("../../../assets/checks.toml");
const DECLARED: [(&str, &str); 2] = [
    ("processing_flow.toml", include_str!("../../../assets/tasks/processing_flow.toml")),
    ("slow_control.toml", include_str!("../../../assets/tasks/slow_control.toml")),
];
const PAGE: &str = include_str!("../../../docs/checks.md");

fn example() -> Checks {
    Checks::parse(EXAMPLE, "checks.toml").unwrap()
}

fn drawn(task: &str, item: &str) -> Figure {
    let detector = small_detector();
    let registry = TaskRegistry::built_in();
    let task = registry.get(task).unwrap();
    let summaries = shift(task, &detector);
    task.draw(item, &summaries.iter().collect::<Vec<_>>(), &TaskContext { detector: &detector, now: noon(9) })
}

fn subject<'a>(task: &'a str, item: &'a str, figure: &'a Figure) -> Subject<'a> {
    let now = noon(2);
    Subject { task, item, figure, run: Some(Run(2)), results: 3, entries: None, newest: Some(noon(2)), now }
}

fn judged(task: &str, item: &str) -> Vec<Verdict> {
    let figure = drawn(task, item);
    example().judge(&subject(task, item, &figure), &References::default())
}

#[test]
fn the_example_is_for_tasks_items_and_series_that_are_there() {
    let registry = TaskRegistry::built_in();
    let items = |task: &dyn MonTask| task.info().items.iter().map(|item| item.name.clone()).collect::<Vec<_>>();
    let mut owned: Vec<(String, Vec<String>)> = registry.iter().map(|task| (task.info().name.clone(), items(task))).collect();
    let built_in = owned.len();
    // A new workspace has these too.
    for (name, text) in DECLARED {
        let TaskFile::Declared(task) = TaskFile::parse(text, name).unwrap() else { panic!("{name} is no program") };
        owned.push((task.info().name.clone(), items(&task)));
    }
    let tasks: Vec<(&str, Vec<&str>)> =
        owned.iter().map(|(task, items)| (task.as_str(), items.iter().map(String::as_str).collect())).collect();
    assert!(example().strangers(&tasks).is_empty(), "{:?}", example().strangers(&tasks));
    for (task, items) in &tasks[..built_in] {
        for item in items {
            let verdicts = judged(task, item);
            assert!(!verdicts.is_empty(), "{task}/{item} has no check");
            for verdict in verdicts {
                assert!(!verdict.reason().contains("no series"), "{task}/{item}: {}", verdict.reason());
                assert!(!verdict.advice.action.is_empty() && !verdict.advice.contact.is_empty());
            }
        }
    }
}

#[test]
fn the_example_judges_a_small_shift_as_it_is() {
    let told = |task: &str, item: &str, check: &str| {
        let verdict = judged(task, item).into_iter().find(|verdict| verdict.check == check).unwrap();
        (verdict.state(), verdict.reason())
    };
    // View 1 of the newest run has no lifetime: that of the run before is no answer.
    let lacks = "view 1: the newest result has no number; those before it are no answer";
    assert_eq!(told("purity", "lifetime_trend", "lifetime"), (State::CannotJudge, lacks.into()));
    assert_eq!(told("purity", "lifetime_trend", "lifetime_falls").0, State::CannotJudge);
    let sharing = "LEMs: 0 of 5 outside of -0.1000 to 0.1000";
    assert_eq!(told("charge_asymmetry", "by_lem", "charge_sharing"), (State::Ok, sharing.into()));
    let gain = "mean of the LEMs: 3.010 ± 0.013, 0.3 % from the expected 3.000";
    assert_eq!(told("lem_gain", "gain_trend", "mean_gain"), (State::Ok, gain.into()));
    let early = "mean of the LEMs: 2 results with a number, the trend needs 15";
    assert_eq!(told("lem_gain", "gain_trend", "gain_moves"), (State::WarmingUp, early.into()));
    assert_eq!(told("pedestals", "rms_by_strip", "noise").0, State::Ok);
    let figure = drawn("lem_gain", "gain_trend");
    let verdicts = example().judge(&subject("lem_gain", "gain_trend", &figure), &References::default());
    assert_eq!(item_state(&verdicts, true), State::WarmingUp);
    assert_eq!(item_state(&judged("purity", "drift_profile"), true), State::Unchecked, "it is only new");
}

#[test]
fn every_item_is_like_itself_and_stands_over_its_reference() {
    for task in TaskRegistry::built_in().iter() {
        for item in &task.info().items {
            let figure = drawn(&task.info().name, &item.name);
            let runs = Runs { from: Run(1), to: None };
            let (task, item) = (task.info().name.clone(), item.name.clone());
            let reference = Reference { label: "ref".into(), task, item: item.clone(), runs, figure: figure.clone() };
            let by = monitasks::references::ratio(&figure, &reference);
            let ratio = by.unwrap_or_else(|why| panic!("{item}: {why}"));
            assert!(ratio.notes.iter().any(|note| note.starts_with("reference: ref")), "{item}");
            assert!(monitasks::references::difference(&figure, &reference).is_ok(), "{item}");
        }
    }
}

#[test]
fn the_page_has_every_kind_and_every_key() {
    let words = ["range", "deviation", "step", "slope", "bins", "chi2", "ks", "staleness"];
    for word in words {
        assert!(PAGE.contains(&format!("`\"{word}\"`")), "docs/checks.md lacks the kind {word}");
    }
    // The keys as the refusal of an unknown one lists them.
    for (head, least) in [("[[check]]", 30), ("[[mask]]", 10), ("[[reference]]", 5)] {
        let refusal = Checks::parse(&format!("{head}\nno_such_key = 1"), "x").unwrap_err().what;
        let keys: Vec<&str> = refusal.split('\'').skip(3).step_by(2).collect();
        assert!(keys.len() >= least, "{refusal}");
        for key in keys {
            assert!(PAGE.contains(&format!("`{key}`")), "docs/checks.md lacks the key {key}");
        }
    }
    for state in State::ALL {
        assert!(PAGE.contains(&format!("| {} |", state.words())), "docs/checks.md lacks the state {}", state.words());
    }
}

#[test]
fn the_checks_that_the_page_shows_are_read() {
    let shown: Vec<&str> = PAGE.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(shown.len() >= 8);
    for text in shown {
        Checks::parse(text, "docs/checks.md").unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
}
