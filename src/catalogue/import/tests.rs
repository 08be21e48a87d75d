use proptest::prelude::*;

use super::*;
use crate::catalogue::facts::Fact;

/// A made-up list with the columns of the 3x1x1's and everything that people do to such lists.
const LIST: &[u8] = include_bytes!("../../../tests/data/run_list.csv");

fn read(bytes: &[u8]) -> RunListRead {
    read_run_list(bytes, &RunListSettings::default(), &TimeZone::UTC).unwrap()
}

fn fact<'a>(list: &'a RunListRead, run: u32, name: &str) -> Option<&'a Fact> {
    list.runs.get(&Run(run)).and_then(|facts| facts.0.get(name))
}

fn value(list: &RunListRead, run: u32, name: &str) -> Option<Value> {
    fact(list, run, name).map(|fact| fact.value.clone())
}

fn words_of(list: &RunListRead, run: u32) -> String {
    let line = list.lines.iter().find(|line| line.run == Some(Run(run)));
    line.map(ToString::to_string).unwrap_or_default()
}

#[test]
fn every_line_of_a_list_is_accounted_for() {
    let list = read(LIST);
    // Lines as an editor counts them: 45 line ends, one empty line, one line that is the second half of a remark.
    let lines = LIST.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(list.lines.len(), lines - 2);
    let numbers: Vec<u64> = list.lines.iter().map(|line| line.line).collect();
    assert!(numbers.windows(2).all(|two| two[0] < two[1]) && numbers[0] == 1 && *numbers.last().unwrap() == lines as u64);
    let [taken, with_remark, repeats, refused] = list.counts();
    assert_eq!(taken + with_remark, list.runs.len());
    assert_eq!(taken + with_remark + repeats + refused + 1, list.lines.len(), "and the names");
    assert_eq!((repeats, refused), (1, 4), "{:#?}", list.lines);
    assert!(list.missing.is_empty(), "{:?}", list.missing);
}

#[test]
fn cells_become_the_values_that_people_meant() {
    let list = read(LIST);
    assert_eq!(fact(&list, 2039, "drift_field").unwrap().unit.as_deref(), Some("V/cm"));
    for (run, name, expected) in [
        (2039, "drift_field", Value::Number(520.0)),
        (2036, "drift_field", Value::Number(510.5)),
        (2007, "drift_field", Value::Number(470.0)),
        (2008, "drift_field", Value::Text("tripped".into())),
        (2035, "drift_field", Value::Text("1,234".into())),
        (2034, "listed_events", Value::Above(19_000.0)),
        (2033, "listed_events", Value::Number(450.0)),
        (2032, "listed_events", Value::Between(300.0, 350.0)),
        (2025, "extraction_field", Value::Number(-2.95)),
        (2038, "trigger", Value::Words(vec!["PMT".into(), "CRT".into()])),
        (2037, "trigger", Value::Words(vec!["PMT".into(), "CRT".into()])),
        (2038, "date", Value::Day(jiff::civil::date(2018, 3, 13))),
        (2038, "started", Value::At("2018-03-13T21:07:00Z".parse().unwrap())),
        (2028, "remark", Value::Text("lamp off, sensor on, door \"open\"".into())),
        (2027, "remark", Value::Text("first line\nsecond line of the remark".into())),
        (2028, "special_lems", Value::Text("2,5 at 2.7 ?".into())),
        (2004, "remark", Value::Text("café noir près de la salle".into())),
        (2010, "date", Value::Text("31/2/2018".into())),
        (2012, "trigger", Value::Words(vec!["PMT".into()])),
        (2011, "trigger", Value::Words(vec!["PMT".into()])),
        (2006, "column_25", Value::Text("left over".into())),
        (2018, "remark", Value::Text("=HYPERLINK(\"http://example.org\",\"click\")".into())),
        (2015, "remark", Value::Text("'); DROP TABLE runs; --".into())),
    ] {
        assert_eq!(value(&list, run, name), Some(expected), "run{run} {name}");
    }
    for (run, name) in [(2031, "listed_events"), (2030, "special_lems"), (2025, "cathode"), (2040, "started"), (2040, "remark")] {
        assert_eq!(value(&list, run, name), None, "run{run} {name}: nothing is not zero and no text");
    }
}

#[test]
fn what_is_odd_is_told_with_its_line() {
    let list = read(LIST);
    for (run, said) in [
        (2036, "written with a comma, read as 510.5"),
        (2035, "may part thousands or decimals"),
        (2034, "a bound, not a number"),
        (2033, "approximate"),
        (2032, "a range"),
        (2031, "\"???\" says nothing"),
        (2010, "\"31/2/2018\" kept as text"),
        (2009, "no time of day"),
        (2008, "\"tripped\" kept as text: not a number"),
        (2023, "its day 2014-03-10 does not lie between those of run2022 (2018-03-10) and run2024 (2018-03-10)"),
        (2019, "a later line says otherwise"),
        (2006, "more cells than there are names"),
        (2005, "it has 5 of 23 cells"),
        (2004, "read as Latin-1"),
    ] {
        assert!(words_of(&list, run).contains(said), "run{run}: {}", words_of(&list, run));
    }
    let refused: Vec<String> =
        list.lines.iter().filter(|line| matches!(line.outcome, Outcome::Refused(_))).map(ToString::to_string).collect();
    for (said, place) in
        [("trigger PMT there, CRT here", 0), ("no number of a run: soon", 1), ("it has no run", 2), ("never ends", 3)]
    {
        assert!(refused[place].contains(said), "{refused:?}");
    }
    for run in [2040, 2002, 2001, 2016] {
        assert!(words_of(&list, run).ends_with("taken"), "{}", words_of(&list, run));
    }
}

#[test]
fn columns_that_the_settings_do_not_name_are_kept() {
    let text = b"title of the list\nrun;Drift Field [V/cm];Shifter's name;;Shifter's name;Events\n7;9,5;Ada;x;Bob;3\n";
    let list = read(text);
    assert_eq!(list.lines[0].outcome, Outcome::Title);
    assert_eq!(value(&list, 7, "drift_field"), Some(Value::Number(9.5)));
    assert_eq!(value(&list, 7, "shifter_s_name"), Some(Value::Text("Ada".into())));
    assert_eq!(value(&list, 7, "column_4"), Some(Value::Text("x".into())));
    assert_eq!(value(&list, 7, "shifter_s_name_column_5"), Some(Value::Text("Bob".into())));
    assert_eq!(value(&list, 7, "events_column_6"), Some(Value::Text("3".into())), "the program's own field stays its own");
    let made: Vec<&str> = list.made.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(made, ["shifter_s_name", "column_4", "shifter_s_name_column_5", "events_column_6"]);
    assert!(list.missing.iter().any(|missing| missing == "cathode (column 'cathode [kV]')"));
}

#[test]
fn times_are_those_of_the_site() {
    let zone = TimeZone::get("Europe/Zurich").unwrap();
    let text = b"run,date,time\n1,1/7/2017,12:00\n2,1/12/2017,12:00\n3,29/10/2017,2:30\n4,,12:00\n";
    let list = read_run_list(text, &RunListSettings::default(), &zone).unwrap();
    let started = |run| value(&list, run, "started").map(|value| value.to_string());
    assert_eq!(started(1).as_deref(), Some("2017-07-01T10:00:00Z"));
    assert_eq!(started(2).as_deref(), Some("2017-12-01T11:00:00Z"));
    assert!(words_of(&list, 3).contains("the clock was changed"));
    assert!(started(4).is_none() && words_of(&list, 4).contains("without a day"));
}

#[test]
fn what_is_no_run_list_is_refused_with_what_it_has() {
    let settings = RunListSettings::default();
    let error = |bytes: &[u8]| read_run_list(bytes, &settings, &TimeZone::UTC).unwrap_err().to_string();
    assert_eq!(error(b""), "it is empty");
    assert_eq!(error(b"\xff\xfer\0u\0"), "it is UTF-16: save it as CSV in UTF-8");
    let said = "none of its first 20 lines has a column run or run nb; the first one has: a, b";
    assert_eq!(error(b"a,b\n1,2\n"), said);
    let mut settings = RunListSettings::default();
    let field = settings.fields["remark"].clone();
    settings.fields.insert("flag".into(), field);
    let error = read_run_list(b"run\n1\n", &settings, &TimeZone::UTC).unwrap_err().to_string();
    assert!(error.contains("'flag', which the program fills itself"), "{error}");
}

proptest! {
    #[test]
    fn no_bytes_stop_the_import(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut list = b"run,date,time,Trigger,Drift Field [V/cm],Nb of events\n".to_vec();
        list.extend(&bytes);
        let list = read(&list);
        prop_assert!(list.runs.len() <= list.lines.len());
    }

    #[test]
    fn each_good_line_is_taken_whatever_stands_between(
        rows in prop::collection::vec((1..5000u32, "[a-z;=0-9 ]{0,12}"), 1..20),
    ) {
        // Good lines and bad ones take turns; one of the bad ones opens a quote that nothing closes.
        let mut text = String::from("run,data taking remark\n");
        let mut expected = BTreeSet::new();
        for (run, junk) in &rows {
            text += &format!("{run},fine\n?{junk}\n?,\"open\n");
            expected.insert(Run(*run));
        }
        let list = read(text.as_bytes());
        let taken: BTreeSet<Run> = list.runs.keys().copied().collect();
        prop_assert_eq!(taken, expected, "{}", text);
    }
}
