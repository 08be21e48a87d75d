//! Checks on plots made up here: honest states with their reasons, what a verdict shows, TOML that reads back.

use jiff::Timestamp;

use super::bins::chi2_of_counts;
use super::kolmogorov::distance_of_counts;
use super::verdict::{Statistic, item_state, leaf_state};
use super::what_if::what_if;
use super::*;
use crate::figure::{Axis, Ink, Layer, Map, Point};
use crate::quality::Flag;
use crate::references::Runs;

const EXAMPLE: &str = include_str!("../../../assets/checks.toml");

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

pub(super) fn subject(figure: &Figure) -> Subject<'_> {
    let (run, results) = (Some(Run(7)), 100);
    Subject { task: "t", item: "i", figure, run, results, entries: Some(1e4), newest: None, now: now() }
}

pub(super) fn histogram(values: &[f64]) -> Figure {
    let edges = (0..=values.len()).map(|at| at as f64).collect();
    let steps = Layer::Steps { label: "h".into(), ink: Ink::Series(0), edges, values: values.to_vec() };
    Figure::new("t", Axis::linear("charge", "fC"), Axis::linear("hits", "")).with(steps)
}

/// A point a day, up to now.
fn trend(values: &[f64], error: f64) -> Figure {
    let first = now().as_second() as f64 - 86_400.0 * values.len() as f64;
    let point = |(at, y): (usize, &f64)| Point { x: first + 86_400.0 * (at + 1) as f64, y: *y, y_error: error };
    let points = values.iter().enumerate().map(point).collect();
    let layer = Layer::Points { label: "view 0".into(), ink: Ink::Series(0), points };
    Figure::new("t", Axis::utc_time("start of data"), Axis::linear("electron lifetime", "ms")).with(layer)
}

/// A file of one check with these keys.
pub(super) fn check(keys: &str) -> Checks {
    let common = "name = \"c\"\ntask = \"t\"\nitem = \"i\"\nmeaning = \"m\"\naction = \"a\"\ncontact = \"expert\"\n";
    Checks::parse(&format!("[[check]]\n{common}{keys}"), "checks.toml").unwrap()
}

fn references(figure: &Figure) -> References {
    let mut references = References::default();
    let runs = Runs { from: Run(1), to: Some(Run(9)) };
    let reference = Reference { label: "ref".into(), task: "t".into(), item: "i".into(), runs, figure: figure.clone() };
    references.add(reference).unwrap();
    references
}

pub(super) fn verdict(keys: &str, figure: &Figure, reference: &Figure) -> Verdict {
    check(keys).judge(&subject(figure), &references(reference)).remove(0)
}

/// One check of every kind, loose enough that plain data are OK.
pub(super) const KINDS: [&str; 9] = [
    "kind = \"range\"\ntake = \"each\"\nok = { from = 0.0, to = 1000.0 }\nmin_points = 3",
    "kind = \"range\"\ntake = \"mean\"\nok = { from = 0.0 }\nmin_points = 3",
    "kind = \"deviation\"\ntake = \"median\"\nmeasure = \"units\"\nbad_above = 1e9\nmin_points = 3",
    "kind = \"step\"\nrecent = 1\nbefore = 4\nleast_sigma = 1.0\nbad_above = 1e9\nmin_points = 3",
    "kind = \"slope\"\nrecent = 3\nleast_slope = 1e9\nbad_above = 1e9\nmin_points = 3",
    "kind = \"bins\"\nmeasure = \"units\"\nbad_above = 1e9\nmin_points = 3",
    "kind = \"chi2\"\nerrors = \"counts\"\nbad_below = 0.0\nmin_points = 3",
    "kind = \"ks\"\nbad_below = 0.0\nmin_points = 3",
    "kind = \"range\"\ntake = \"last\"\nok = { from = 0.0 }\nmin_points = 3",
];

#[test]
fn plain_data_are_ok_by_a_check_of_every_kind() {
    let figure = histogram(&[20.0, 30.0, 40.0, 30.0, 20.0]);
    for keys in KINDS {
        let verdict = verdict(keys, &figure, &figure);
        assert_eq!(verdict.state(), State::Ok, "{keys}: {verdict:?}");
        assert_eq!((verdict.proposal(), verdict.advice.contact.as_str()), (Flag::Ok, "expert"));
        let written = serde_json::to_string(&verdict).unwrap();
        assert_eq!(serde_json::from_str::<Verdict>(&written).unwrap(), verdict);
        assert!(!verdict.looked_at.is_empty() && verdict.reason().starts_with("h: "), "{verdict:?}");
    }
}

#[test]
fn nothing_no_number_and_too_few_are_never_ok() {
    let full = histogram(&[20.0, 30.0, 40.0, 30.0, 20.0]);
    let empty = Figure::empty("t", "no data yet: a result would fill this");
    let nan = histogram(&[f64::NAN; 5]);
    let few = histogram(&[20.0, f64::NAN, f64::NAN, f64::NAN, 20.0]);
    let bare = Figure::new("t", Axis::linear("charge", "fC"), Axis::linear("hits", ""));
    for keys in KINDS {
        for (figure, state) in [(&empty, State::NoData), (&nan, State::NoData), (&bare, State::NoData), (&few, State::WarmingUp)]
        {
            let verdict = verdict(keys, figure, &full);
            assert_eq!(verdict.state(), state, "{keys}: {verdict:?}");
            assert_eq!(verdict.proposal(), Flag::Unchecked);
            assert!(!verdict.reason().is_empty());
        }
        let early = Subject { results: 3, ..subject(&full) };
        let warm = check(&format!("{keys}\nwarm_up = 3")).judge(&early, &references(&full)).remove(0);
        assert_eq!((warm.state(), warm.reason().as_str()), (State::WarmingUp, "3 results so far, the first 3 are not judged"));
    }
    let empty_bins = histogram(&[0.0; 5]);
    for keys in ["kind = \"ks\"\nbad_below = 0.0", "kind = \"chi2\"\nerrors = \"counts\"\nbad_below = 0.0"] {
        assert_eq!(verdict(keys, &empty_bins, &full).state(), State::NoData, "{keys}");
        assert_eq!(verdict(keys, &histogram(&[1.0; 5]), &full).reason(), "h: 5 entries, 25 needed");
        assert_eq!(verdict(keys, &full, &empty_bins).state(), State::CannotJudge, "an empty reference: {keys}");
        assert_eq!(verdict(keys, &histogram(&[-1.0, 40.0, 40.0, 40.0, 40.0]), &full).state(), State::CannotJudge, "{keys}");
    }
}

#[test]
fn an_input_that_is_missing_is_cannot_judge_with_the_reason() {
    let figure = histogram(&[20.0, 30.0, 40.0]);
    let range = "kind = \"range\"\nok = { from = 0.0 }\n";
    let reason = |keys: &str| {
        let verdict = check(keys).judge(&subject(&figure), &References::default()).remove(0);
        assert_eq!(verdict.state(), State::CannotJudge, "{keys}");
        verdict.reason()
    };
    assert_eq!(reason(&format!("{range}series = [\"view 2\"]")), "the plot has no series \"view 2\", it has 'h'");
    assert_eq!(reason("kind = \"ks\"\nbad_below = 0.1"), "no reference for run7; there is no reference of this item");
    let gap = histogram(&[20.0, f64::NAN, 40.0]);
    let found = check(range).judge(&subject(&gap), &References::default()).remove(0);
    assert_eq!(found.reason(), "h: no number in 1 of 3 places, at most 0 may");
    let unknown = Subject { entries: None, ..subject(&figure) };
    let found = check(&format!("{range}min_entries = 10.0")).judge(&unknown, &References::default()).remove(0);
    assert_eq!(found.reason(), "how many entries it is made from is not known");
    let other = histogram(&[20.0, 30.0]);
    let verdict = verdict("kind = \"ks\"\nbad_below = 0.1", &figure, &other);
    let words = "h: not compared: the horizontal axis has 3 bins from 0 to 3, that of the reference 2 bins from 0 to 2";
    assert_eq!((verdict.state(), verdict.reason().as_str()), (State::CannotJudge, words));
}

#[test]
fn a_newest_result_without_a_number_is_not_answered_by_an_older_one() {
    let keys = "kind = \"range\"\nok = { from = 2.0 }\n";
    let figure = trend(&[3.0, 3.0], 0.1);
    let none = References::default();
    let state = |subject: &Subject<'_>| check(keys).judge(subject, &none).remove(0).state();
    assert_eq!(state(&subject(&figure)), State::Ok);
    let newest = now().checked_add(jiff::SignedDuration::from_hours(1)).ok();
    assert_eq!(state(&Subject { newest, ..subject(&figure) }), State::CannotJudge);
    let mut led = figure.clone();
    let end = now().as_second() as f64 + 3600.0;
    led.layers.insert(0, Layer::Line { label: String::new(), ink: Ink::Series(0), points: vec![[end, f64::NAN]] });
    assert_eq!(state(&subject(&led)), State::CannotJudge);
}

#[test]
fn a_verdict_shows_what_it_looked_at() {
    let keys = "kind = \"range\"\ntake = \"each\"\nok = { from = 10.0, to = 35.0 }\nmaybe = { from = 0.0, to = 50.0 }";
    let figure = histogram(&[20.0, 40.0, 60.0]);
    let verdict = verdict(keys, &figure, &figure);
    assert_eq!((verdict.state(), verdict.reason().as_str()), (State::Bad, "h: 2 of 3 outside of 10.00 to 35.00"));
    let broken: Vec<(f64, f64, State)> = verdict.broken.iter().map(|broken| (broken.x, broken.y, broken.state)).collect();
    assert_eq!(broken, [(1.5, 40.0, State::Maybe), (2.5, 60.0, State::Bad)]);
    let labels: Vec<String> = verdict.layers().iter().filter_map(|layer| layer.label().map(str::to_owned)).collect();
    let expected = ["c: OK from 10", "c: OK to 35", "c: MAYBE from 0", "c: MAYBE to 50", "MAYBE by c", "BAD by c"];
    assert_eq!(labels, expected);
    let fine = histogram(&[20.0, 30.0, 10.0]);
    let bounds = self::verdict(keys, &fine, &fine).layers();
    let labels: Vec<&str> = bounds.iter().filter_map(Layer::label).collect();
    assert_eq!(labels, ["c: OK from 10", "c: OK to 35"], "nothing is beyond OK: where MAYBE ends is left out");
}

#[test]
fn a_cell_of_a_map_is_judged_and_masked_by_its_place() {
    let map = Map {
        columns: 2,
        rows: 2,
        x_range: [0.0, 20.0],
        y_range: [0.0, 20.0],
        values: vec![3.0, 3.0, 9.0, f32::NAN],
        z: Axis::linear("gain", ""),
        cell_texts: Vec::new(),
    };
    let figure = Figure::new("t", Axis::linear("x", "cm"), Axis::linear("y", "cm")).with(Layer::Map(map));
    let mut checks = check("kind = \"range\"\nok = { from = 2.0, to = 4.0 }");
    let judge = |checks: &Checks| checks.judge(&subject(&figure), &References::default()).remove(0);
    let found = judge(&checks);
    assert_eq!((found.state(), found.broken[0].x, found.broken[0].y), (State::Bad, 5.0, 15.0));
    checks.masks.push(Mask { x: vec![[0.0, 10.0]], y: vec![[10.0, 20.0]], ..mask("hot") });
    assert_eq!(judge(&checks).reason(), "gain: no number in 1 of 3 places, at most 0 may");
    checks.masks.push(Mask { x: vec![[10.0, 20.0]], y: vec![[10.0, 20.0]], ..mask("off") });
    let found = judge(&checks);
    assert_eq!((found.state(), found.masks.len(), found.masks[1].reason.as_str()), (State::Ok, 2, "known (me)"));
}

pub(super) fn mask(name: &str) -> Mask {
    Mask {
        name: name.into(),
        task: "t".into(),
        item: "*".into(),
        series: Vec::new(),
        x: Vec::new(),
        y: Vec::new(),
        runs: None,
        until: None,
        reason: "known".into(),
        author: "me".into(),
    }
}

#[test]
fn a_mask_ends_with_its_runs_and_its_time() {
    let figure = histogram(&[20.0, 30.0]);
    let mut checks = check("kind = \"range\"\nok = { from = 25.0 }");
    let state = |checks: &Checks| checks.judge(&subject(&figure), &References::default()).remove(0).state();
    checks.masks = vec![mask("all")];
    assert_eq!(state(&checks), State::Masked);
    for (runs, until, expected) in [
        (Some(Runs { from: Run(8), to: None }), None, State::Bad),
        (Some(Runs { from: Run(7), to: Some(Run(7)) }), None, State::Masked),
        (None, Some(now()), State::Masked),
        (None, Some(Timestamp::UNIX_EPOCH), State::Bad),
    ] {
        checks.masks = vec![Mask { runs, until, ..mask("all") }];
        assert_eq!(state(&checks), expected);
    }
}

#[test]
fn what_the_plot_marks_is_left_out_and_said() {
    let marks = Layer::Points {
        label: "known blind strips".into(),
        ink: Ink::Faint,
        points: vec![Point { x: 1.5, y: 99.0, y_error: f64::NAN }],
    };
    let figure = histogram(&[20.0, 99.0]).with(marks);
    let keys = "kind = \"range\"\nok = { to = 30.0 }\n";
    assert_eq!(verdict(keys, &figure, &figure).state(), State::Bad);
    let found = verdict(&format!("{keys}leave_out = [\"known blind strips\"]"), &figure, &figure);
    assert_eq!((found.state(), found.masks[0].left_out), (State::Ok, 1));
}

#[test]
fn points_that_bear_the_errors_of_a_histogram_are_no_series_of_their_own() {
    let with_errors = |values: [f64; 2], error: f64| {
        let point = |(at, y): (usize, &f64)| Point { x: at as f64 + 0.5, y: *y, y_error: error };
        let points = values.iter().enumerate().map(point).collect();
        histogram(&values).with(Layer::Points { label: "h".into(), ink: Ink::Series(0), points })
    };
    let keys = "kind = \"chi2\"\nbad_below = 0.001";
    let found = verdict(keys, &with_errors([20.0, 30.0], 3.0), &with_errors([25.0, 30.0], 4.0));
    let Statistic::Chi2 { chi2, ndf, p, .. } = found.statistics[0] else { panic!() };
    // exp(-chi2/2) is the probability with two degrees of freedom.
    assert!(chi2 == 1.0 && ndf == 2 && (p - (-0.5_f64).exp()).abs() < 1e-12 && found.statistics.len() == 1, "{found:?}");
    let without = verdict(keys, &histogram(&[20.0, 30.0]), &histogram(&[25.0, 30.0]));
    assert_eq!(without.state(), State::CannotJudge);
    assert!(without.reason().starts_with("h: 1 of 2 places differ and have no error bars"), "{}", without.reason());
}

#[test]
fn a_series_without_a_number_is_not_called_masked_because_another_is() {
    let figure = trend(&[3.0], 0.1).with(Layer::Points { label: "view 1".into(), ink: Ink::Series(1), points: Vec::new() });
    let mut checks = check("kind = \"range\"\nok = { from = 2.0 }");
    checks.masks = vec![Mask { series: vec!["view 0".into()], ..mask("m") }];
    let found = checks.judge(&subject(&figure), &References::default()).remove(0);
    assert_eq!((found.state(), found.masks.len()), (State::NoData, 1), "{found:?}");
}

#[test]
fn a_check_of_what_is_not_there_is_told() {
    let mut checks = check("kind = \"range\"\nok = { from = 2.0 }");
    checks.masks = vec![Mask { task: "u".into(), ..mask("m") }];
    let told = checks.strangers(&[("t", vec!["j"])]);
    let expected = ["check 'c' is for an item 'i' of t, expected one of 'j'", "mask 'm' is for a task 'u', expected one of 't'"];
    assert_eq!(told, expected);
    assert!(checks.strangers(&[("t", vec!["i"]), ("u", vec!["k"])]).is_empty());
}

#[test]
fn a_step_and_a_slope_are_seen_in_their_direction() {
    let steady = [3.0, 3.1, 2.9, 3.05, 2.95, 3.0, 3.1, 2.9];
    let step = |last: f64, direction: &str| {
        let keys =
            format!("kind = \"step\"\nrecent = 1\nbefore = 8\ndirection = \"{direction}\"\nmaybe_above = 3.0\nbad_above = 6.0");
        let values: Vec<f64> = steady.iter().copied().chain([last]).collect();
        verdict(&keys, &trend(&values, 0.1), &trend(&values, 0.1)).state()
    };
    assert_eq!((step(3.02, "any"), step(2.5, "any"), step(2.0, "any")), (State::Ok, State::Maybe, State::Bad));
    assert_eq!((step(2.0, "rise"), step(2.0, "fall")), (State::Ok, State::Bad));
    let keys = "kind = \"step\"\nrecent = 1\nbefore = 20\nbad_above = 6.0";
    let early = verdict(keys, &trend(&steady, 0.1), &trend(&steady, 0.1));
    assert_eq!(early.reason(), "view 0: 8 results with a number, the trend needs 21");
    assert_eq!(early.state(), State::WarmingUp);
    let slope = |by: f64| {
        let values: Vec<f64> = steady.iter().enumerate().map(|(at, value)| value + by * at as f64).collect();
        verdict("kind = \"slope\"\nrecent = 8\nmaybe_above = 3.0\nbad_above = 6.0", &trend(&values, 0.1), &histogram(&[1.0]))
    };
    assert_eq!((slope(0.0).state(), slope(-0.2).state()), (State::Ok, State::Bad));
    let Statistic::Slope { slope, error, .. } = slope(-0.2).statistics[0].clone() else { panic!() };
    assert!((slope + 0.2).abs() < 0.03 && (error - 0.1 / 42.0_f64.sqrt()).abs() < 1e-9, "{slope} {error} per day");
}

#[test]
fn those_before_that_are_all_alike_give_no_spread_to_judge_by() {
    let keys = "kind = \"step\"\nrecent = 1\nbefore = 4\nbad_above = 6.0\n";
    let moved = trend(&[3.0, 3.0, 3.0, 3.0, 3.1], 0.1);
    assert_eq!(verdict(keys, &moved, &moved).state(), State::CannotJudge);
    assert_eq!(verdict(&format!("{keys}least_sigma = 0.1"), &moved, &moved).state(), State::Ok);
}

#[test]
fn data_get_stale_and_a_stamp_from_the_future_is_no_answer() {
    let figure = trend(&[3.0], 0.1);
    let checks = check("kind = \"staleness\"\nstale_above_s = 3600.0");
    let judge = |hours: i64| {
        let now = now().checked_add(jiff::SignedDuration::from_hours(hours)).unwrap();
        checks.judge(&Subject { now, ..subject(&figure) }, &References::default()).remove(0)
    };
    assert_eq!((judge(0).state(), judge(2).state(), judge(-1).state()), (State::Ok, State::Stale, State::CannotJudge));
    assert_eq!(judge(3).reason(), "newest data are 3.0 h old, stale above 60 min");
    // The rows of a day stand in a result that began long before the last of them.
    let began = now().checked_sub(jiff::SignedDuration::from_hours(9)).ok();
    assert_eq!(checks.judge(&Subject { newest: began, ..subject(&figure) }, &References::default())[0].state(), State::Ok);
    let no_time = histogram(&[3.0]);
    assert_eq!(checks.judge(&subject(&no_time), &References::default())[0].state(), State::CannotJudge);
}

#[test]
fn new_data_alone_make_nothing_ok() {
    let figure = trend(&[3.0], 0.1);
    let new = verdict("kind = \"staleness\"\nstale_above_s = 3600.0", &figure, &figure);
    assert_eq!((new.state(), new.proposal()), (State::Ok, Flag::Unchecked));
    assert_eq!(item_state(std::slice::from_ref(&new), true), State::Unchecked);
    let good = verdict("kind = \"range\"\nok = { from = 2.0 }", &figure, &figure);
    assert_eq!(item_state(&[new, good], true), State::Ok);
}

#[test]
fn chi2_and_kolmogorov_of_histograms_are_those_of_another_library() {
    let (one, other) = ([4.0, 10.0, 25.0, 30.0, 18.0, 9.0, 4.0], [2.0, 3.0, 10.0, 50.0, 60.0, 45.0, 30.0]);
    // scipy 1.17.1: stats.chi2_contingency without correction; stats.ks_2samp on the entries, stats.kstwobign.sf.
    let found = verdict("kind = \"chi2\"\nerrors = \"counts\"\nbad_below = 0.001", &histogram(&one), &histogram(&other));
    let Statistic::Chi2 { chi2, ndf, p, .. } = found.statistics[0] else { panic!() };
    assert!((chi2 - 55.157482223658704).abs() < 1e-9 && ndf == 6 && (p / 4.308166937517851e-10 - 1.0).abs() < 1e-9, "{found:?}");
    assert!(found.state() == State::Bad && !found.broken.is_empty());
    assert_eq!(found.reason(), "h: chi2/ndf 55.2/6, probability 4.31e-10");
    let found = verdict("kind = \"ks\"\nbad_below = 0.001", &histogram(&one), &histogram(&other));
    let Statistic::Kolmogorov { d, p, at_x, .. } = found.statistics[0] else { panic!() };
    assert!((d - 0.365).abs() < 1e-12 && (p / 3.859333851218372e-08 - 1.0).abs() < 1e-9 && at_x == 4.0, "{found:?}");
    let twice = [8.0, 22.0, 41.0, 70.0, 35.0, 17.0, 7.0];
    assert!((chi2_of_counts(&one, &twice).unwrap().chi2 - 1.2502556405858292).abs() < 1e-12);
    assert!((distance_of_counts(&one, &twice).unwrap().d - 0.035).abs() < 1e-12);
}

#[test]
fn what_if_says_which_runs_would_flip_and_why() {
    let figures: Vec<Figure> = [3.0, 1.5, 0.5].iter().map(|value| trend(&[*value], 0.1)).collect();
    let run = |(at, figure)| Subject { run: Some(Run(1 + at as u32)), ..subject(figure) };
    let history: Vec<Subject<'_>> = figures.iter().enumerate().map(run).collect();
    let (old, mut new) = (check("kind = \"range\"\nok = { from = 2.0 }"), check("kind = \"range\"\nok = { from = 1.0 }"));
    let none = References::default();
    let tried = what_if(&history, &old, &new, &none);
    let flips: Vec<_> = tried.flips().map(|flip| (flip.run, flip.old, flip.new)).collect();
    assert_eq!(flips, [(Some(Run(2)), State::Bad, State::Ok)]);
    assert_eq!(tried.flips().next().unwrap().old_reason, "c: view 0: 1.50 ± 0.10 ms, OK is from 2.000 ms");
    assert_eq!(tried.counts(), [(State::Bad, State::Bad, 1), (State::Bad, State::Ok, 1), (State::Ok, State::Ok, 1)]);
    new.masks = vec![Mask { runs: Some(Runs { from: Run(3), to: None }), ..mask("known") }];
    assert_eq!(what_if(&history, &old, &new, &none).outcomes[2].new, State::Masked);
    assert_eq!(what_if(&history, &old, &Checks::default(), &none).outcomes[0].new, State::Unchecked);
    assert_eq!(what_if(&history, &old, &old, &none).flips().count(), 0);
}

#[test]
fn an_item_is_as_its_worst_verdict_and_unchecked_without_any() {
    assert_eq!((item_state(&[], true), item_state(&[], false)), (State::Unchecked, State::NoData));
    let figure = histogram(&[20.0]);
    let ok = verdict("kind = \"range\"\nok = { to = 30.0 }", &figure, &figure);
    let bad = verdict("kind = \"range\"\nok = { to = 3.0 }", &figure, &figure);
    assert_eq!(item_state(&[ok, bad], true), State::Bad);
}

#[test]
fn a_leaf_is_never_ok_where_its_task_says_that_something_is_missing() {
    let figure = histogram(&[20.0]);
    let ok = verdict("kind = \"range\"\nok = { to = 30.0 }", &figure, &figure);
    let says = |task_says| leaf_state(std::slice::from_ref(&ok), task_says);
    let states = [State::Unchecked, State::NoData, State::CannotJudge].map(says);
    assert_eq!(states, [State::Ok, State::NoData, State::CannotJudge]);
    assert_eq!(leaf_state(&[], State::NoData), State::NoData);
}

#[test]
fn the_example_reads_back_as_it_was_written() {
    let checks = Checks::parse(EXAMPLE, "checks.toml").unwrap();
    assert!(checks.checks.len() >= 10 && checks.masks.is_empty());
    // With what stands behind '# [[' and '# key = '.
    let all: String = EXAMPLE.lines().map(uncommented).collect();
    let all = Checks::parse(&all, "checks.toml").unwrap();
    assert_eq!((all.checks.len(), all.masks.len(), all.references.len()), (checks.checks.len() + 2, 1, 1));
    assert_eq!(Checks::parse(&all.written().unwrap(), "checks.toml").unwrap(), all);
    for keys in KINDS {
        let one = check(keys);
        assert_eq!(Checks::parse(&one.written().unwrap(), "x").unwrap(), one, "{keys}");
    }
}

fn uncommented(line: &str) -> String {
    let rest = line.strip_prefix("# ").unwrap_or("");
    let is_toml = rest.starts_with("[[") || rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    format!("{}\n", if is_toml { rest } else { line })
}

#[test]
fn what_is_wrong_in_a_file_is_said_with_its_line_and_what_there_is_instead() {
    let common = "[[check]]\nname = \"c\"\ntask = \"t\"\nitem = \"i\"\nmeaning = \"m\"\naction = \"a\"\ncontact = \"x\"\n";
    for (keys, words) in [
        (
            "kind = \"ks\"\nbad_below = 0.1\nok = { from = 1.0 }",
            "'ok' in check 'c', expected only 'reference', 'maybe_below', 'bad_below' with this kind: checks.toml:10",
        ),
        ("kind = \"range\"", "check 'c' has no 'ok', expected one with this kind: checks.toml:8"),
        (
            "kind = \"range\"\nok = { from = 2.0, to = 1.0 }",
            "'ok' is 2.000 to 1.000, expected { from = 1.0, to = 2.0 }, one end or both, the lower first: checks.toml:9",
        ),
        (
            "kind = \"range\"\nok = { from = 2.0 }\nmaybe = { from = 3.0 }",
            "'maybe' is from 3.000, expected bounds around 'ok', which is from 2.000: checks.toml:10",
        ),
        ("kind = \"ks\"\nbad_below = 2.0", "'bad_below' is 2, expected a probability, 0 to 1: checks.toml:9"),
        (
            "kind = \"bins\"\nmeasure = \"units\"\nbad_above = 1.0\nmaybe_above = 2.0",
            "'maybe_above' is 2, expected at most 'bad_above', which is 1: checks.toml:11",
        ),
        ("kind = \"deviation\"\nmeasure = \"relative\"\nexpected = 0.0\nbad_above = 1.0", "'expected' is 0, expected another"),
        ("kind = \"step\"\nrecent = 1\nbefore = 2\nbad_above = 1.0", "'before' is 2, expected 4 to 1000000: checks.toml:10"),
        ("kind = \"guess\"", "unknown variant 'guess', expected one of 'range', 'deviation'"),
        ("kind = \"range\"\nok = { from = 1.0 }\nlimit = 3", "unknown field 'limit', expected one of"),
        ("kind = \"range\"\nok = { from = nan }", "'ok' is from"),
    ] {
        let error = Checks::parse(&format!("{common}{keys}"), "checks.toml").unwrap_err().to_string();
        assert!(error.contains(words) && error.starts_with("checks refused: "), "{error}");
    }
    let reference = "[[reference]]\nlabel = \"r\"\ntask = \"t\"\nitem = \"i\"\nresult = \"../x.txt\"\nruns = { from = 1 }";
    let error = Checks::parse(reference, "checks.toml").unwrap_err().to_string();
    assert!(error.contains("'result' is \"../x.txt\", expected a file below results/"), "{error}");
    let twice = format!("{common}kind = \"ks\"\nbad_below = 0.1\n").repeat(2);
    let error = Checks::parse(&twice, "checks.toml").unwrap_err().to_string();
    assert_eq!(error, "checks refused: two checks of t/i are named 'c', expected names that differ: checks.toml:11");
}
