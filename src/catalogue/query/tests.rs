use proptest::prelude::*;

use super::*;
use crate::catalogue::fields::{Field, FieldKind, Fields};
use crate::catalogue::table::tests::{holds, rows, shift};
use crate::config::RunListSettings;

fn fields() -> Fields {
    Fields::new(&RunListSettings::default())
}

fn parsed(text: &str) -> Query {
    parse(text, &fields()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn error(text: &str) -> String {
    parse(text, &fields()).unwrap_err().to_string()
}

#[test]
fn the_language_reads_as_it_is_written_down() {
    for (text, printed) in [
        ("", ""),
        ("  trigger:CRT   drift_field > 500 ", "trigger:CRT drift_field>500"),
        ("trigger:CRT and flag:unchecked", "trigger:CRT flag:unchecked"),
        ("a b or c", "a b or c"),
        ("(a or b) c", "(a or b) c"),
        ("((a) or (b or c))", "a or b or c"),
        ("not (a b)", "-(a b)"),
        ("--a", "--a"),
        ("-remark:test", "-remark:test"),
        ("run:1100-1200 date>=2017-10-01", "run:1100-1200 date>=2017-10-01"),
        ("started<2017-10-01T12:30", "started<\"2017-10-01T12:30\""),
        ("\"or\" \"free text\"", "\"or\" \"free text\""),
        ("DRIFT_FIELD:5", "drift_field:5"),
        ("has:lifetime_us missing:grid", "has:lifetime_us missing:grid"),
        ("remark=\"a \\\"b\\\" (c)\"", "remark=\"a \\\"b\\\" (c)\""),
        ("extraction_field:-3.02", "extraction_field:\"-3.02\""),
        ("drift_field>500V/cm", "drift_field>500V/cm"),
    ] {
        assert_eq!(parsed(text).to_string(), printed);
    }
    assert_eq!(parsed("a or b c").to_string(), "a or b c");
    assert!(matches!(parsed("a or b c"), Query::Any(parts) if matches!(parts[1], Query::All(_))), "'and' binds more than 'or'");
}

#[test]
fn what_is_no_query_is_told_with_place_and_way_out() {
    for (text, said) in [
        (
            "drift_feild>5",
            "there is no field \"drift_feild\", at character 1; did you mean drift_field? there are: amplification_field",
        ),
        ("é drift_field>", "expected a value behind 'drift_field>', at character 15"),
        (
            "flag:UNCHEKED",
            "\"UNCHEKED\" is no flag, at character 6; did you mean UNCHECKED? there are: OK, UNCHECKED, BAD, MAYBE",
        ),
        ("drift_field>lots", "\"lots\" is no number in V/cm, which 'drift_field' is"),
        ("date:1/10/2017", "write 2017, 2017-10, 2017-10-01"),
        ("run:20-10", "the range 20-10 ends before it begins"),
        ("remark<5", "'remark' has text, which '<' can't compare, at character 8; there are ':', '=' and '!='"),
        ("(a", "a parenthesis is opened and never closed, at character 1"),
        ("a)", "a parenthesis is closed that was not opened, at character 2"),
        ("\"a", "a quote is opened and never closed, at character 1"),
        ("a or", "expected a condition"),
        ("or a", "expected a condition beside 'or'"),
        (":5", "expected a field before ':'"),
        ("-", "expected a condition"),
        ("()", "expected a condition before ')'"),
        ("has:", "expected a value behind 'has:'"),
        ("has:nothing", "there is no field \"nothing\""),
        ("has>flag", "'has' asks with ':'"),
        ("\"\"", "there is nothing between the quotes"),
    ] {
        assert!(error(text).contains(said), "{text}: {}", error(text));
    }
    assert!(error(&"(".repeat(5000)).contains("more than 64 parentheses"));
    assert!(error(&"-".repeat(5000)).contains("more than 64 parentheses"));
    assert!(error(&"x".repeat(10_001)).contains("at most 10000"));
    let pointed = parse("é flag:NO", &fields()).unwrap_err().pointed("é flag:NO");
    assert_eq!(pointed, "é flag:NO\n       ^^");
}

#[test]
fn a_query_is_told_in_words() {
    let fields = fields();
    for (text, words) in [
        ("", "all runs"),
        ("trigger:CRT drift_field>500", "runs of which trigger is CRT, and drift_field is above 500 V/cm"),
        ("-(remark:test or missing:date)", "runs of which it is not so that (either remark holds \"test\" or date is not known)"),
        ("run:5-9 lar_level!=9..10", "runs of which run lies in 5-9, and lar_level is known and lies outside 9..10 mm"),
        ("\"free text\"", "runs of which a text holds \"free text\""),
    ] {
        assert_eq!(explain(&parse(text, &fields).unwrap(), &fields), words);
    }
}

#[test]
fn completion_offers_fields_operators_and_values_with_counts() {
    let table = shift();
    let offered = |text: &str| complete(text, text.len(), &table);
    let texts = |text: &str| offered(text).into_iter().map(|found| found.text).collect::<Vec<_>>();
    assert_eq!(texts("drift_f"), ["drift_field"]);
    assert_eq!(texts("drift_field")[0], ":");
    let triggers = offered("flag:OK trigger:");
    assert_eq!((triggers[0].text.as_str(), triggers[0].runs), ("PMT", Some(4)));
    assert_eq!(triggers[0].replaces, 16..16);
    assert_eq!(texts("trigger:\"cr"), ["CRT"]);
    assert_eq!(texts("flag:unch"), ["UNCHECKED"]);
    assert_eq!(texts("missing:drif"), ["drift_field"]);
    assert_eq!(texts("(remark:no"), ["\"no drift\"", "\"not sure\""]);
    assert!(texts("").contains(&"run".to_owned()) && texts("drift_field>5 o").contains(&"or".to_owned()));
    assert!(texts("trigger:PMT)").is_empty() || !texts("trigger:PMT)").contains(&"PMT".to_owned()));
    // In the middle of a text, what stands behind the cursor stays.
    let middle = complete("trig:x flag:OK", 4, &table);
    assert_eq!((middle[0].text.as_str(), middle[0].replaces.clone()), ("trigger", 0..4));
}

fn literal() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9 \"\\\\():=<>é.-]{1,8}",
        Just("PMT".to_owned()),
        Just("crt".to_owned()),
        Just("no".to_owned()),
        Just("or".to_owned()),
    ]
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        (-20..1200i32).prop_map(|number| number.to_string()),
        (0..900i32, 0..400i32).prop_map(|(from, width)| format!("{from}..{}", from + width)),
        (0..900i32).prop_map(|from| format!("{from}..")),
        Just("560".to_owned()),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop::sample::select(Op::ALL.to_vec())
}

fn day() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["2017", "2017-10", "2017-10-01", "2017-10-01T12:30", "2017-09-30..2017-10-02", "..2017-10-01"])
        .prop_map(str::to_owned)
}

fn leaf() -> impl Strategy<Value = Query> {
    let names = || prop::sample::select(vec!["drift_field", "trigger", "remark", "date", "lifetime_us", "status", "grid"]);
    let test = |field: &'static str, op: Op, written: String| {
        let literal = literal::literal_of(fields().get(field).unwrap(), op, &written).ok()?;
        Some(Query::Test { field: field.to_owned(), op, literal })
    };
    let words_ops = prop::sample::select(vec![Op::Is, Op::Equals, Op::Differs]);
    prop_oneof![
        literal().prop_map(Query::Free),
        names().prop_map(|name| Query::Has(name.to_owned())),
        names().prop_map(|name| Query::Missing(name.to_owned())),
        (prop::sample::select(vec!["drift_field", "run", "listed_events", "status"]), op(), number())
            .prop_filter_map("no literal", move |(field, op, written)| test(field, op, written)),
        (prop::sample::select(vec!["date", "started"]), op(), day())
            .prop_filter_map("no literal", move |(field, op, written)| test(field, op, written)),
        (prop::sample::select(vec!["trigger", "remark", "special_lems"]), words_ops, literal())
            .prop_filter_map("no literal", move |(field, op, written)| test(field, op, written)),
    ]
}

fn query() -> impl Strategy<Value = Query> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Query::all),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Query::any),
            inner.prop_map(|inner| Query::Not(Box::new(inner))),
        ]
    })
}

proptest! {
    #[test]
    fn a_printed_query_is_parsed_to_the_same(query in query()) {
        let text = query.to_string();
        prop_assert_eq!(parse(&text, &fields()), Ok(query), "{}", text);
    }

    #[test]
    fn no_text_makes_the_parser_or_completion_panic(text in any::<String>(), cursor in 0..40usize) {
        let _ = parse(&text, &fields()).map(|query| query.to_string());
        let _ = complete(&text, cursor, &shift());
    }

    #[test]
    fn texts_of_signs_are_parsed_to_what_they_print_or_refused(text in "[a-c\"()=:<>! .\\\\-]{0,24}|(flag|run|-|or|:|\\(|\\)|5|\"| ){0,12}") {
        let mut fields = fields();
        for name in ["a", "b"] {
            fields.add(Field { name: name.into(), kind: FieldKind::Text, unit: String::new(), origin: String::new() });
        }
        match parse(&text, &fields) {
            Ok(query) => {
                prop_assert_eq!(parse(&query.to_string(), &fields), Ok(query.clone()));
                prop_assert!(!explain(&query, &fields).is_empty());
            }
            Err(error) => {
                prop_assert!(text.get(error.at.clone()).is_some());
                prop_assert!(!error.pointed(&text).is_empty());
            }
        }
        let _ = complete(&text, text.len(), &shift());
    }

    #[test]
    fn the_table_finds_what_going_through_the_rows_finds(query in query(), rows in rows()) {
        let mut table = crate::catalogue::table::RunTable::new(fields());
        // Put in twice, other things first: an update leaves nothing behind.
        for (row, other) in rows.iter().zip(rows.iter().rev()) {
            let mut other = other.clone();
            other.run = row.run;
            table.put(&other);
        }
        rows.iter().for_each(|row| table.put(row));
        let found: Vec<_> = table.find(&query).into_iter().filter_map(|row| table.run(row)).collect();
        let mut expected: Vec<_> = rows.iter().filter(|row| holds(&query, row)).map(|row| row.run).collect();
        expected.sort_unstable();
        prop_assert_eq!(found, expected, "{}", query);
    }
}
