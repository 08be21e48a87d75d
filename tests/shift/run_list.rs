//! A run list that people keep, imported and searched: the answers are computed from the CSV a second time, cell by cell.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dqmon::bookkeeping::{EntryKind, SqliteStore, Store};
use serde_json::Value;

use crate::workspace::{Shift, said};

/// A line of the list, by the names of its columns.
type Cells = BTreeMap<String, String>;

fn list() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/run_list.csv")
}

/// The lines that say something of a run, by run: the first one of each. The quote that is never closed is taken out before.
fn lines() -> BTreeMap<u32, Cells> {
    let bytes = std::fs::read(list()).unwrap();
    let text: String = match String::from_utf8(bytes.clone()) {
        Ok(text) => text,
        Err(_) => {
            let line = |line: &[u8]| match std::str::from_utf8(line) {
                Ok(text) => text.to_owned(),
                Err(_) => line.iter().map(|byte| char::from(*byte)).collect(),
            };
            bytes.split_inclusive(|byte| *byte == b'\n').map(line).collect()
        }
    };
    let text: String =
        text.trim_start_matches('\u{feff}').split_inclusive('\n').filter(|line| !line.starts_with("2003,")).collect();
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let mut lines = BTreeMap::new();
    for record in reader.records() {
        let record = record.unwrap();
        let run = record[0].trim().trim_start_matches("run").trim_end_matches(".00").parse::<u32>();
        if let Ok(run) = run {
            let cells = names.iter().cloned().zip(record.iter().map(str::to_owned)).collect();
            lines.entry(run).or_insert(cells);
        }
    }
    lines
}

fn cell<'a>(cells: &'a Cells, name: &str) -> &'a str {
    cells.get(name).map_or("", |cell| cell.trim())
}

/// The number of a cell, when it is one beyond doubt.
fn number(cells: &Cells, name: &str) -> Option<f64> {
    let text = cell(cells, name).trim_end_matches("V/cm").trim();
    let text = if text == "510,5" { "510.5" } else { text };
    text.parse().ok()
}

fn has_trigger(cells: &Cells, word: &str) -> bool {
    cell(cells, "Trigger").split(['+', '/']).any(|trigger| trigger.trim().eq_ignore_ascii_case(word))
}

fn day(cells: &Cells) -> Option<jiff::civil::Date> {
    jiff::civil::Date::strptime("%d/%m/%Y", cell(cells, "date")).ok()
}

fn remark(cells: &Cells) -> String {
    cell(cells, "data taking remark").to_lowercase()
}

fn imported() -> Shift {
    let shift = Shift::new("");
    let output = shift.run(&["import", "runs", list().to_str().unwrap(), "--who", "Ada", "--json"]);
    assert_eq!(output.status.code(), Some(1), "some lines are refused: {}", said(&output));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["runs"], lines().len());
    let refused: Vec<&str> =
        told["lines"].as_array().unwrap().iter().filter_map(|line| line["outcome"]["refused"].as_str()).collect();
    let whys = ["other facts", "no number of a run", "it has no run", "quote"];
    assert_eq!(refused.len(), whys.len(), "{refused:?}");
    assert!(whys.iter().zip(&refused).all(|(why, refused)| refused.contains(why)), "{refused:?}");
    assert_eq!((&told["repeated"], &told["recorded"]["facts"]["new"]), (&1.into(), &lines().len().into()));
    shift
}

fn found(shift: &Shift, query: &str) -> Vec<u64> {
    let output = shift.run(&["runs", "--json", "--", query]);
    assert!(output.status.success(), "{query}: {}", said(&output));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut runs: Vec<u64> = told["runs"].as_array().unwrap().iter().map(|run| run["run"].as_u64().unwrap()).collect();
    runs.sort_unstable();
    runs
}

/// A query and whether it finds a line, told from the line's cells.
type Case = (&'static str, fn(&Cells) -> bool);

#[test]
fn searches_over_an_imported_list_find_what_its_cells_say() {
    let shift = imported();
    let cases: [Case; 14] = [
        ("", |_| true),
        ("trigger:CRT", |cells| has_trigger(cells, "CRT")),
        ("trigger:CRT drift_field>400", |cells| {
            has_trigger(cells, "CRT") && number(cells, "Drift Field [V/cm]").is_some_and(|field| field > 400.0)
        }),
        ("trigger:crt drift_field>=480 flag:UNCHECKED -remark:lamp", |cells| {
            has_trigger(cells, "CRT")
                && number(cells, "Drift Field [V/cm]").is_some_and(|field| field >= 480.0)
                && !remark(cells).contains("lamp")
        }),
        ("drift_field:500..520", |cells| {
            number(cells, "Drift Field [V/cm]").is_some_and(|field| (500.0..=520.0).contains(&field))
        }),
        ("drift_field<480", |cells| number(cells, "Drift Field [V/cm]").is_some_and(|field| field < 480.0)),
        ("missing:drift_field", |cells| number(cells, "Drift Field [V/cm]").is_none()),
        ("tripped", |cells| cells.values().any(|cell| cell.contains("tripped"))),
        ("remark:\"NO DRIFT\" or remark:trigger", |cells| {
            remark(cells).contains("no drift") || remark(cells).contains("trigger")
        }),
        ("date:2018-03-10", |cells| day(cells) == Some(jiff::civil::date(2018, 3, 10))),
        ("date<2018-03-08", |cells| day(cells).is_some_and(|day| day < jiff::civil::date(2018, 3, 8))),
        ("listed_events>15000", |cells| cell(cells, "Nb of events") == "> 19000"),
        ("listed_events>20000", |_| false),
        ("listed_files>=20 -trigger:PMT or cathode=0", |cells| {
            number(cells, "Nb seq").is_some_and(|files| files >= 20.0) && !has_trigger(cells, "PMT")
                || number(cells, "cathode [kV]") == Some(0.0)
        }),
    ];
    let mut found_some = 0;
    for (query, holds) in cases {
        let expected: Vec<u64> = lines().iter().filter(|(_, cells)| holds(cells)).map(|(run, _)| u64::from(*run)).collect();
        assert_eq!(found(&shift, query), expected, "{query}");
        found_some += usize::from(!expected.is_empty());
    }
    assert!(found_some >= 12, "{found_some} queries found anything");
}

#[test]
fn an_import_said_again_says_nothing_and_a_changed_line_supersedes() {
    let shift = imported();
    let book = || SqliteStore::open_read_only(&shift.workspace.book()).unwrap();
    let said_of = |run: &str| book().history(EntryKind::RunFacts, run).unwrap().len();
    let entries = book().chain_ends().unwrap()[0].number;
    let again = shift.run(&["import", "runs", list().to_str().unwrap(), "--who", "Ben"]);
    assert!(said(&again).contains("0 new, 0 changed"), "{}", said(&again));
    assert_eq!(book().chain_ends().unwrap()[0].number, entries);
    let other = shift.workspace.root.join("other.csv");
    std::fs::write(&other, "run,data taking remark,shifter\n2002,\"purer, now\",Ada\n").unwrap();
    let output = shift.run(&["import", "runs", other.to_str().unwrap(), "--who", "Ben"]);
    assert!(output.status.success() && said(&output).contains("0 new, 1 changed"), "{}", said(&output));
    assert_eq!((said_of("run2002"), said_of("run2001")), (2, 1));
    assert_eq!(found(&shift, "shifter:Ada remark:purer trigger:CRT"), [2002], "what the other list does not tell of stays");
    let table = shift.workspace.root.join("kinds.csv");
    std::fs::write(&table, "run,kind\n2002,cosmics\n7,pedestal\n").unwrap();
    let output = shift.run(&["import", "runs", table.to_str().unwrap(), "--who", "Ben"]);
    assert!(said(&output).contains("kinds: 2 new or changed"), "{}", said(&output));
    assert_eq!(found(&shift, "kind:cosmics shifter:Ada"), [2002]);
    assert_eq!(found(&shift, "kind:pedestal"), [7]);
}

#[test]
fn what_people_wrote_runs_nowhere() {
    let shift = imported();
    let output = shift.run(&["runs", "--csv", "--columns", "run,remark,special_lems"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let cells: Vec<String> =
        reader.records().flat_map(|line| line.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()).collect();
    assert!(cells.iter().any(|cell| cell.contains("HYPERLINK")));
    assert!(!cells.iter().any(|cell| cell.starts_with(['=', '+', '-', '@'])), "{text}");
    let output =
        shift.run(&["decide", "run2015", "BAD", "--who", "Ada", "--role", "shifter", "--comment", "'); DROP TABLE entries; --"]);
    assert!(output.status.success(), "a run of the list alone may be judged: {}", said(&output));
    assert_eq!(found(&shift, "flag:BAD comment:drop"), [2015]);
}

#[test]
fn a_query_that_is_none_is_refused_with_what_is_known() {
    let shift = imported();
    for (query, words) in [
        ("drift_feild>500", "did you mean drift_field?"),
        ("drift_field>", "expected a value"),
        ("(trigger:CRT", "never closed"),
        ("flag:GOOD", "OK"),
    ] {
        let output = shift.run(&["runs", query]);
        assert_eq!(output.status.code(), Some(2), "{query}");
        assert!(said(&output).contains(words) && said(&output).contains('^'), "{query}: {}", said(&output));
    }
    let output = shift.run(&["runs", "--sort", "drft_field"]);
    assert!(output.status.code() == Some(2) && said(&output).contains("drift_field"), "{}", said(&output));
    let output = shift.run(&["runs", "--sort", "-drift_field,run", "--limit", "1", "--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["runs"][0]["run"], &told["found"]), (&2039.into(), &lines().len().into()));
}

#[test]
fn a_data_set_follows_its_query_and_its_snapshot_stays_and_warns() {
    let shift = imported();
    let run = |arguments: &[&str], status: i32| {
        let output = shift.run(&[&["dataset"], arguments].concat());
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", said(&output));
        said(&output)
    };
    run(&["new", "unchecked-crt", "trigger:CRT", "flag:UNCHECKED", "--who", "Ada"], 0);
    assert!(run(&["new", "unchecked-crt", "run:1", "--who", "Ben"], 2).contains("by Ada"));
    assert!(run(&["new", "x/y", "run:1"], 2).contains("is no name"));
    assert!(run(&["new", "wrong", "trigger>"], 2).contains('^'));
    run(&["snapshot", "unchecked-crt", "first", "--who", "Ada"], 0);
    assert!(run(&["check"], 0).contains("still"));
    let output = shift.run(&["decide", "run2002", "BAD", "--who", "Ada", "--role", "shifter", "--comment", "no light"]);
    assert!(output.status.success(), "{}", said(&output));
    let warned = run(&["check"], 1);
    assert!(warned.contains("removed since") && warned.contains("run2002"), "{warned}");
    assert!(run(&["export", "first", "--format", "runs"], 1).contains("2002\n"), "the snapshot itself never changes");
    assert!(run(&["diff", "first", "unchecked-crt"], 1).contains("- run2002"));
    assert!(run(&["add", "unchecked-crt", "run:2002", "--who", "Ada"], 0).contains("1 of them new"));
    run(&["diff", "first", "unchecked-crt"], 0);
    assert!(run(&["snapshot", "unchecked-crt", "first"], 2).contains("never changes"));
    let path = shift.workspace.root.join("list.csv");
    run(&["export", "first", "--format", "csv", "--out", path.to_str().unwrap()], 0);
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("run,stream,files,is_local\r\n"));
    assert!(run(&["export", "first", "--out", path.to_str().unwrap()], 2).contains("there is a file already"));
    assert!(run(&["show", "second"], 2).contains("there are: unchecked-crt"));
}
