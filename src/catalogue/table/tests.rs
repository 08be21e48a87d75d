//! Rows made up for tests, and a second way to answer a query: row by row, from the values themselves.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::catalogue::query::{Meaning, Op, Query, parse};
use crate::config::RunListSettings;

fn row(run: u32, facts: &[(&str, Value)]) -> RunRow {
    let mut row = RunRow::new(Run(run));
    row.facts.0.extend(facts.iter().map(|(name, value)| ((*name).to_owned(), Fact::of(value.clone()))));
    row
}

fn words(list: &[&str]) -> Value {
    Value::Words(list.iter().map(|word| (*word).to_owned()).collect())
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

/// Five runs.
pub(in crate::catalogue) fn shift() -> RunTable {
    let mut table = RunTable::new(Fields::new(&RunListSettings::default()));
    let day = |day| Value::Day(date(2017, 10, day));
    for row in [
        row(5, &[("trigger", words(&["CRT", "PMT"])), ("drift_field", Value::Number(560.0)), ("date", day(1))]),
        row(2, &[("trigger", words(&["PMT"])), ("drift_field", text("tripped")), ("remark", text("no drift"))]),
        row(3, &[("trigger", words(&["PMT"])), ("drift_field", Value::Between(400.0, 500.0)), ("date", day(2))]),
        RunRow { flag: Flag::Ok, status: Some(1), ..row(4, &[("trigger", words(&["PMT"])), ("remark", text("not sure"))]) },
        row(1, &[("drift_field", Value::Above(500.0)), ("remark", text("Run AFTER test"))]),
    ] {
        table.put(&row);
    }
    table
}

/// Rows with some of everything.
pub(in crate::catalogue) fn rows() -> impl Strategy<Value = Vec<RunRow>> {
    let number = prop_oneof![
        (-10..1200i32).prop_map(|number| Value::Number(f64::from(number))),
        (0..900i32).prop_map(|number| Value::Above(f64::from(number))),
        (0..900i32, 0..90i32).prop_map(|(from, width)| Value::Between(f64::from(from), f64::from(from + width))),
        Just(Value::Number(560.0)),
        Just(text("tripped PMT")),
    ];
    let trigger = prop::collection::vec(prop::sample::select(vec!["PMT", "CRT", "crt", "or"]), 1..3);
    let day = prop_oneof![(1..5i8).prop_map(|day| Value::Day(date(2017, 10, day))), Just(text("31/2/2017"))];
    let remark = "[a-cN ]{1,4}|no|Not Sure|é:\"\\(";
    let maybe = |value: BoxedStrategy<Value>| prop::option::of(value);
    let row = (
        maybe(number.clone().boxed()),
        maybe(number.boxed()),
        maybe(trigger.prop_map(|list| words(&list)).boxed()),
        maybe(day.boxed()),
        maybe(remark.prop_map(Value::Text).boxed()),
        prop::option::of(0..3u8),
    );
    prop::collection::btree_map(1..1300u32, row, 0..80).prop_shuffle_rows()
}

trait Shuffled {
    fn prop_shuffle_rows(self) -> BoxedStrategy<Vec<RunRow>>;
}

type Parts = (Option<Value>, Option<Value>, Option<Value>, Option<Value>, Option<Value>, Option<u8>);

impl<S: Strategy<Value = BTreeMap<u32, Parts>> + 'static> Shuffled for S {
    fn prop_shuffle_rows(self) -> BoxedStrategy<Vec<RunRow>> {
        let rows = self.prop_map(|rows| {
            let rows = rows.into_iter().map(|(run, (drift, events, trigger, day, remark, status))| {
                let facts =
                    [("drift_field", drift), ("listed_events", events), ("trigger", trigger), ("date", day), ("remark", remark)];
                let facts: Vec<_> = facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
                RunRow { status, ..row(run, &facts) }
            });
            rows.collect::<Vec<_>>()
        });
        rows.prop_shuffle().boxed()
    }
}

/// Whether a query holds of a row, from the row's values alone.
pub(in crate::catalogue) fn holds(query: &Query, row: &RunRow) -> bool {
    let known = row.known();
    let is_number_or_time = |name: &str| {
        matches!(name, "drift_field" | "listed_events" | "date" | "started" | "run" | "status" | "lifetime_us" | "grid")
    };
    let is_known = |name: &str| known.get(name).is_some_and(|fact| !is_number_or_time(name) || fact.value.span().is_some());
    match query {
        Query::Everything => true,
        Query::All(parts) => parts.iter().all(|part| holds(part, row)),
        Query::Any(parts) => parts.iter().any(|part| holds(part, row)),
        Query::Not(inner) => !holds(inner, row),
        Query::Has(name) => is_known(name),
        Query::Missing(name) => !is_known(name),
        Query::Free(text) => {
            let text = text.to_lowercase();
            let in_texts = known.values().flat_map(|fact| fact.value.words()).any(|word| word.to_lowercase().contains(&text));
            in_texts || text == row.run.to_string() || text.parse() == Ok(row.run.0) && !text.starts_with('+')
        }
        Query::Test { field, op, literal } => match (&literal.meaning, known.get(field.as_str()).map(|fact| &fact.value)) {
            (_, None) => false,
            (Meaning::Span(from, to), Some(value)) => value.span().is_some_and(|(low, high)| match op {
                Op::Is | Op::Equals => *from <= low && high <= *to,
                Op::Differs => high < *from || *to < low,
                Op::Below => high < *from,
                Op::AtMost => high <= *to,
                Op::Above => *to < low,
                Op::AtLeast => *from <= low,
            }),
            (Meaning::Text(text), Some(value)) => {
                let mut words = value.words().iter().map(|word| word.to_lowercase());
                match (op, value) {
                    (Op::Is, Value::Text(_)) => words.any(|word| word.contains(text.as_str())),
                    (Op::Differs, _) => words.all(|word| word != *text),
                    _ => words.any(|word| word == *text),
                }
            }
        },
    }
}

fn found(table: &RunTable, query: &str) -> Vec<u32> {
    let query = parse(query, table.fields()).unwrap();
    table.find(&query).into_iter().filter_map(|row| Some(table.run(row)?.0)).collect()
}

#[test]
fn comparisons_hold_only_of_what_is_known() {
    let table = shift();
    for (query, runs) in [
        ("", vec![1, 2, 3, 4, 5]),
        ("drift_field>=500", vec![1, 5]),
        ("drift_field>500", vec![1, 5]),
        ("drift_field<=500", vec![3]),
        ("drift_field:400-500", vec![3]),
        ("drift_field:450", vec![]),
        ("drift_field!=560", vec![3]),
        ("-drift_field:560", vec![1, 2, 3, 4]),
        ("has:drift_field", vec![1, 3, 5]),
        ("missing:drift_field", vec![2, 4]),
        ("trigger:pmt", vec![2, 3, 4, 5]),
        ("trigger!=CRT", vec![2, 3, 4]),
        ("missing:trigger", vec![1]),
        ("tripped", vec![2]),
        ("\"after TEST\"", vec![1]),
        ("run4", vec![4]),
        ("date>=2017-10-02 or flag:ok", vec![3, 4]),
        ("date:2017-10 -run:5", vec![3]),
        ("status:1", vec![4]),
        ("has:lifetime_us", vec![]),
    ] {
        assert_eq!(found(&table, query), runs, "{query}");
    }
}

#[test]
fn a_row_that_changes_is_found_by_what_it_is_now() {
    let mut table = shift();
    table.put(&row(5, &[("remark", text("new"))]));
    assert_eq!(found(&table, "trigger:CRT or drift_field>=0 run:5"), Vec::<u32>::new());
    assert_eq!(found(&table, "remark:new"), [5]);
    assert_eq!(table.len(), 5);
    table.put(&row(6, &[("made_up", words(&["x", "y"])), ("drift_field", Value::Number(1.0))]));
    assert_eq!(found(&table, "made_up:Y"), [6]);
    let other_unit = Fact { unit: Some("kV/cm".into()), ..Fact::of(Value::Number(560.0)) };
    let mut row = row(7, &[]);
    row.facts.0.insert("drift_field".into(), other_unit);
    table.put(&row);
    assert_eq!(found(&table, "drift_field:560"), Vec::<u32>::new(), "560 kV/cm are not 560 V/cm");
    let cell = table.cell(table.row(Run(7)).unwrap(), "drift_field").unwrap();
    assert_eq!((cell.text.as_str(), cell.is_note), ("560 kV/cm", true));
}

#[test]
fn sorting_keeps_what_is_alike_in_order_and_the_unknown_last() {
    let table = shift();
    let mut rows = table.find(&Query::Everything);
    let runs = |rows: &[u32]| rows.iter().filter_map(|row| Some(table.run(*row)?.0)).collect::<Vec<_>>();
    let key = |field: &str, is_descending| SortKey { field: field.into(), is_descending };
    table.sort(&mut rows, &[key("drift_field", false)]);
    assert_eq!(runs(&rows), [3, 1, 5, 2, 4]);
    table.sort(&mut rows, &[key("drift_field", true)]);
    assert_eq!(runs(&rows), [5, 1, 3, 2, 4]);
    table.sort(&mut rows, &[key("trigger", false), key("run", true)]);
    assert_eq!(runs(&rows), [5, 4, 3, 2, 1]);
    assert_eq!(table.page(&rows, 1, 2), &rows[2..4]);
    assert!(table.page(&rows, 9, 2).is_empty() && table.page(&rows, usize::MAX, usize::MAX).is_empty());
}
