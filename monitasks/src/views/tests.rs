//! Golden texts and properties of what people choose to see.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::checks::series::measured_series;
use crate::detector::LemNumbering;
use crate::figure::{Across, Axis, Ink, Layer, Map, Point, Scale};
use crate::references::{Reference, Runs};
use crate::summary::{Column, Measured, Table};
use crate::vocab::{FileId, Group, Processing, Run};

/// A result of a run's group: data from `start_s` on, an hour long, made a day later, of two raw files.
fn result(run: u32, group: u32, start_s: i64, value: f64) -> Summary {
    let at = |seconds: i64| Timestamp::from_second(seconds).ok();
    let column = Column::new("value", "ms", vec![Measured::number(value, 0.1)]);
    let mut summary = Summary {
        run: Some(Run(run)),
        processing: Some(Processing(1)),
        group: Some(Group(group)),
        data_start: at(start_s),
        data_end: at(start_s + 3_600),
        processed_at: at(start_s + 86_400),
        tables: vec![Table { name: "t".into(), columns: vec![column] }],
        ..Summary::of_file(format!("crp/run{run}-p1-g{group}.txt"))
    };
    summary.provenance.members = vec![FileId::new(run, 2 * group), FileId::new(run, 2 * group + 1)];
    summary
}

fn value(summary: &Summary) -> f64 {
    summary.table("t").unwrap().get("value", 0).value().unwrap()
}

/// A task's trend.
fn trend(history: &[&Summary]) -> Figure {
    let stamped = history.iter().filter_map(|summary| Some((summary, summary.stamp()?)));
    let points = stamped.map(|(summary, stamp)| Point { x: stamp.as_second() as f64, y: value(summary), y_error: 0.1 }).collect();
    let points = Layer::Points { label: "view 0".into(), ink: Ink::Series(0), points };
    Figure::new("Lifetime, run1 to run3", Axis::utc_time("start of data"), Axis::linear("lifetime", "ms")).with(points)
}

/// A task's plot of its newest result.
fn strips(history: &[&Summary]) -> Figure {
    let Some(latest) = history.last() else { return Figure::empty("Strips", "none") };
    let base = value(latest);
    let steps = Layer::Steps {
        label: "view 0".into(),
        ink: Ink::Series(0),
        edges: vec![-0.5, 0.5, 1.5, 2.5],
        values: vec![base, base + 1.0, f64::NAN],
    };
    Figure::new(format!("Mean by strip, {}", latest.name()), Axis::integer("strip (view 0)"), Axis::linear("mean", "ADC counts"))
        .with(steps)
}

fn shift() -> Vec<Summary> {
    vec![result(3, 0, 1_000, 2.0), result(3, 1, 5_000, 2.5), result(5, 0, 20_000, 3.0)]
}

fn choose(change: impl Fn(&mut PlotChoices)) -> PlotChoices {
    let mut choices = PlotChoices::default();
    change(&mut choices);
    choices
}

fn drawn_of(choices: &PlotChoices, history: &[Summary], draw: &Draw<'_>) -> Figure {
    drawn(choices, &history.iter().collect::<Vec<_>>(), draw)
}

fn grid() -> LemGrid {
    let numberings = [("file", vec![1, 2, 3, 4]), ("convention", vec![4, 3, 2, 1])];
    let numbering =
        |(name, numbers): (&str, Vec<u32>)| LemNumbering { name: name.into(), title: format!("{name} numbering"), numbers };
    LemGrid { columns: 2, rows: 2, size_cm: 50.0, numberings: numberings.into_iter().map(numbering).collect() }
}

/// Every series as `name: x y, x y`.
fn said(figure: &Figure) -> Vec<String> {
    let series = measured_series(figure, &[]).unwrap();
    let spots = |one: &crate::checks::series::Series| {
        one.measured().map(|spot| format!("{} {}", spot.x, spot.value)).collect::<Vec<_>>().join(", ")
    };
    series.iter().map(|one| format!("{}: {}", one.label, spots(one))).collect()
}

#[test]
fn a_trend_stands_against_each_of_its_axes() {
    let history = shift();
    for (axis, label, expected) in [
        (TrendAxis::AsDrawn, "start of data", "view 0: 1000 2, 5000 2.5, 20000 3"),
        (TrendAxis::Start, "start of data", "view 0: 1000 2, 5000 2.5, 20000 3"),
        (TrendAxis::End, "end of data", "view 0: 4600 2, 8600 2.5, 23600 3"),
        (TrendAxis::Processed, "time of processing", "view 0: 87400 2, 91400 2.5, 106400 3"),
        (TrendAxis::Run, "run", "view 0: 3 2, 3 2.5, 5 3"),
        (TrendAxis::Sequence, "sequence, counted on from run to run", "view 0: 0 2, 2 2.5, 4 3"),
    ] {
        let figure = drawn_of(&choose(|choices| choices.axis = axis), &history, &trend);
        assert_eq!((figure.x.label.as_str(), said(&figure)), (label, vec![expected.to_owned()]), "{axis:?}");
        assert_eq!(figure.origins.last().unwrap().result, "run5-p1-g0", "{axis:?}");
    }
}

#[test]
fn what_does_not_say_its_place_is_counted_and_not_drawn() {
    let mut history = shift();
    history[1].data_end = None;
    let figure = drawn_of(&choose(|choices| choices.axis = TrendAxis::End), &history, &trend);
    assert_eq!(said(&figure), ["view 0: 4600 2, 23600 3"]);
    assert_eq!(figure.notes, ["not drawn, as they do not say when their data ended: 1 of 3 results"]);
    history[1].data_start = None;
    let figure = drawn_of(&PlotChoices::default(), &history, &trend);
    assert_eq!(figure.notes, ["1 of 3 results that do not say when their data began stand where they were made"]);
}

#[test]
fn what_is_no_trend_has_no_other_axis() {
    let history = shift();
    let plain = drawn_of(&PlotChoices::default(), &history, &strips);
    for axis in TrendAxis::ALL {
        let drawn = drawn_of(&choose(|choices| choices.axis = axis), &history, &strips);
        assert_eq!((&drawn.x, said(&drawn)), (&plain.x, said(&plain)));
    }
}

#[test]
fn runs_lie_over_each_other_with_a_colour_each() {
    let history = shift();
    let runs = choose(|choices| choices.runs = vec![Run(3), Run(4), Run(5)]);
    let figure = drawn_of(&runs, &history, &strips);
    assert_eq!(said(&figure), ["run3: 0 2.5, 1 3.5", "run5: 0 3, 1 4"]);
    assert_eq!(
        (figure.title.as_str(), figure.notes.as_slice()),
        ("Mean by strip: run3, run4, run5", &["run4: no result".to_owned()][..])
    );
    let inks: Vec<Ink> =
        figure.layers.iter().map(|layer| if let Layer::Steps { ink, .. } = layer { *ink } else { panic!() }).collect();
    assert_eq!(inks, [Ink::Series(0), Ink::Series(1)]);
    let figure = drawn_of(&runs, &history, &trend);
    assert_eq!(said(&figure)[1], "run5: 0 3");
    assert_eq!((figure.x.unit.as_str(), said(&figure)[0].as_str()), ("h", "run3: 0 2, 1.1111111111111112 2.5"));
    let figure = drawn_of(&PlotChoices { axis: TrendAxis::Sequence, ..runs }, &history, &trend);
    assert_eq!(said(&figure), ["run3: 0 2, 2 2.5", "run5: 0 3"]);
}

#[test]
fn a_place_has_a_trend_on_every_axis() {
    let history = shift();
    let place = place_at(&strips(&[&history[0]]), [1.2, 3.0], [0.1, 0.1]).unwrap();
    let figure = drawn_of(&choose(|choices| choices.place = Some(place.clone())), &history, &strips);
    assert_eq!(said(&figure), ["view 0, strip 1: 1000 3, 5000 3.5, 20000 4"]);
    assert_eq!(figure.title, "Mean by strip: view 0, strip 1, run3 to run5");
    let by_run = choose(|choices| (choices.place, choices.axis) = (Some(place.clone()), TrendAxis::Run));
    assert_eq!(said(&drawn_of(&by_run, &history, &strips)), ["view 0, strip 1: 3 3, 3 3.5, 5 4"]);
    let nothing = place_at(&strips(&[&history[0]]), [2.2, 3.0], [0.1, 0.1]).unwrap();
    let figure = drawn_of(&choose(|choices| choices.place = Some(nothing.clone())), &history, &strips);
    assert_eq!(figure.empty.as_deref(), Some("no number at view 0, strip 2 in any of 3 results"));
}

#[test]
fn the_box_of_a_trend_says_number_mean_rms_slope_and_ends() {
    let with_box = choose(|choices| choices.statistics = true);
    let figure = finished(&with_box, drawn_of(&choose(|choices| choices.axis = TrendAxis::Run), &shift(), &trend), &grid());
    let lines: Vec<String> = figure.statistics.iter().map(|line| format!("{} {}", line.name, line.value)).collect();
    let expected = [
        "number 3",
        "mean 2.500 ms",
        "RMS 0.4082 ms",
        "slope 0.38 ± 0.06 ms/run",
        "min 2.000 ms at run 3",
        "max 3.000 ms at run 5",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn the_box_of_a_histogram_says_what_is_outside_and_that_of_a_map_where() {
    let with_box = choose(|choices| choices.statistics = true);
    let steps = Layer::Steps {
        label: "hits".into(),
        ink: Ink::Series(0),
        edges: vec![0.0, 1.0, 2.0, 3.0, 4.0],
        values: vec![5.0, 0.0, 2.0, 1.0],
    };
    let figure = Figure::new("Charge", Axis::linear("charge", "fC").range(1.0, 3.0), Axis::linear("hits", "")).with(steps);
    let lines = finished(&with_box, figure, &grid()).statistics;
    let said =
        |lines: &[crate::figure::Statistic]| lines.iter().map(|line| format!("{} {}", line.name, line.value)).collect::<Vec<_>>();
    let expected = [
        "entries 8",
        "mean 1.375 fC",
        "RMS 1.166 fC",
        "min bin from 0.000 fC",
        "max bin to 4.000 fC",
        "underflow 5",
        "overflow 1",
    ];
    assert_eq!(said(&lines), expected);
    let lines = finished(&with_box, map(vec![3.0, f32::NAN, 1.0, 2.0]), &grid()).statistics;
    assert_eq!(said(&lines), ["cells 4", "empty 1", "median 2.000", "min 1.000 at 3 / 2", "max 3.000 at 1 / 4"]);
}

fn map(values: Vec<f32>) -> Figure {
    let map = Map {
        columns: 2,
        rows: 2,
        x_range: [0.0, 100.0],
        y_range: [0.0, 100.0],
        values,
        z: Axis::linear("gain", ""),
        cell_texts: vec!["1 / 4\n3".into(), "2 / 3\n".into(), "3 / 2\n1".into(), "4 / 1\n2".into()],
    };
    Figure::new("Gain, run3-p1-g0", Axis::linear("x", "cm"), Axis::linear("y", "cm"))
        .with(Layer::Map(map))
        .note("LEM numbers: file numbering / convention numbering")
}

#[test]
fn lems_are_called_by_one_numbering_everywhere() {
    let chosen = choose(|choices| (choices.numbering, choices.statistics) = (Some("convention".into()), true));
    let figure = finished(&chosen, map(vec![3.0, 4.0, 1.0, 2.0]), &grid());
    let Layer::Map(map) = &figure.layers[0] else { panic!() };
    assert_eq!(map.cell_texts, ["4\n3", "3\n", "2\n1", "1\n2"]);
    assert_eq!(figure.notes, ["LEM numbers: convention numbering"]);
    assert_eq!(figure.statistics[3].value, "1.000 at LEM 2");
    let points = vec![Point { x: 1.0, y: 7.0, y_error: 0.1 }, Point { x: 3.0, y: 8.0, y_error: 0.1 }];
    let by_lem = Figure::new("dQ/ds by LEM", Axis::integer("LEM (file numbering)"), Axis::linear("dQ/ds", "fC/cm"))
        .with(Layer::Points { label: "LEM 1 / 4, EXPRESS".into(), ink: Ink::Series(0), points })
        .note("view 0: mean 7 of 2 of 4 LEMs; NO DATA: LEM 2; not measured: LEM 4");
    let figure = finished(&chosen, by_lem, &grid());
    assert_eq!(said(&figure), ["LEM 4, EXPRESS: 2 8, 4 7"]);
    assert_eq!(figure.x.label, "LEM (convention numbering)");
    assert_eq!(figure.notes, ["view 0: mean 7 of 2 of 4 LEMs; NO DATA: LEM 3; not measured: LEM 1"]);
}

#[test]
fn a_log_axis_says_what_it_leaves_out_or_why_it_is_none() {
    let log_y = choose(|choices| choices.log.y = true);
    let figure = |values: [f64; 2]| {
        let points = values.iter().map(|y| Point { x: 1.0, y: *y, y_error: f64::NAN }).collect();
        let rule = Layer::Rule { label: "balanced".into(), ink: Ink::Reference, across: Across::Y, at: 0.0 };
        let points = Layer::Points { label: "a".into(), ink: Ink::Series(0), points };
        finished(&log_y, Figure::new("t", Axis::utc_time("time"), Axis::linear("y", "")).with(points).with(rule), &grid())
    };
    let drawn = figure([1.0, -2.0]);
    assert_eq!(drawn.y.scale, Scale::Log);
    assert_eq!(drawn.notes, ["log vertical axis: 1 of 2 values are 0 or below and not drawn, rules at 0 or below: 1"]);
    let refused = figure([-1.0, -2.0]);
    assert_eq!(refused.y.scale, Scale::Linear);
    assert_eq!(refused.notes, ["the vertical axis stays as it is: none of its 2 values is above 0"]);
    let log_x = choose(|choices| choices.log.x = true);
    let history = shift();
    let figure = finished(&log_x, drawn_of(&PlotChoices::default(), &history, &trend), &grid());
    assert_eq!(figure.notes, ["the horizontal axis stays as it is: time has no logarithm"]);
}

#[test]
fn series_get_a_small_plot_each_with_the_same_axes() {
    let series = |label: &str, rank: u8, y: f64| {
        let points = vec![Point { x: 0.0, y, y_error: f64::NAN }, Point { x: 10.0, y: y + 1.0, y_error: f64::NAN }];
        let path = points.iter().map(|point| [point.x, point.y]).collect();
        let line = Layer::Line { label: String::new(), ink: Ink::Series(rank), points: path };
        [line, Layer::Points { label: label.into(), ink: Ink::Series(rank), points }]
    };
    let rule = Layer::Rule { label: "expected".into(), ink: Ink::Reference, across: Across::Y, at: 2.0 };
    let mut figure = Figure::new("Gain", Axis::linear("x", ""), Axis::linear("gain", ""));
    figure.layers.extend(series("LEM 1", 0, 1.0).into_iter().chain(series("LEM 2", 1, 5.0)).chain([rule]));
    let small = finished(&choose(|choices| choices.shape = Shape::Small), figure, &grid());
    let panels = small.panels.unwrap();
    assert_eq!((panels.columns, panels.rows(), panels.plots.len()), (2, 1, 2));
    for (plot, (title, value)) in panels.plots.iter().zip([("LEM 1", 1.0), ("LEM 2", 5.0)]) {
        assert_eq!((plot.title.as_str(), plot.layers.len()), (title, 3), "its line, its points, the rule");
        assert_eq!(said(plot), [format!(": 0 {value}, 10 {}", value + 1.0)]);
        assert_eq!((plot.x.range, plot.y.range), (Some([-0.5, 10.5]), Some([0.75, 6.25])));
    }
}

#[test]
fn two_results_stand_over_each_other_with_their_pull_below() {
    let history = shift();
    let plot = |at: usize| of_one(&[&history[at]], &trend);
    let runs = Runs { from: Run(3), to: Some(Run(3)) };
    let reference = Reference { label: "run3-p1".into(), task: "t".into(), item: "i".into(), runs, figure: plot(0) };
    let both = side_by_side(&plot(2), &reference).unwrap();
    assert_eq!(both.notes, ["compared with run3-p1"]);
    let panels = both.panels.unwrap();
    // (3.0 - 2.0) / hypot(0.1, 0.1)
    assert_eq!(said(&panels.plots[1]), [": 0 7.0710678118654755"]);
    let found = ranking::differs(&plot(2), &plot(0)).unwrap();
    assert_eq!((found.compared, found.far, found.place.as_str()), (1, 1, "view 0, group of files 0"));
    let mut items =
        ["a", "b", "c"].map(|item| ranking::Ranked { task: "t".into(), item: item.into(), outcome: Err("no".into()) });
    items[1].outcome = Ok(found.clone());
    items[2].outcome = Ok(ranking::Differs { most: Some(9.0), ..found });
    ranking::rank(&mut items);
    assert_eq!(items.map(|item| item.item), ["c", "b", "a"]);
}

#[test]
fn results_without_errors_are_weighed_by_how_all_places_differ() {
    let plot = |values: &[f64]| {
        let edges = (0..=values.len()).map(|edge| edge as f64).collect();
        let steps = Layer::Steps { label: "view 0".into(), ink: Ink::Series(0), edges, values: values.to_vec() };
        Figure::new("t", Axis::integer("strip"), Axis::linear("mean", "ADC counts")).with(steps)
    };
    let found = ranking::differs(&plot(&[60.1, 61.2, 62.0, 63.1, 69.0]), &plot(&[60.0, 61.0, 62.0, 63.0, 64.0])).unwrap();
    assert!(found.most.unwrap() > 20.0 && found.place == "view 0, strip 4.5000", "{found:?}");
    let same = ranking::differs(&plot(&[60.0, 61.0]), &plot(&[60.0, 61.0])).unwrap();
    assert_eq!((same.most, same.far), (None, 0));
}

#[test]
fn bounds_go_along_with_their_results() {
    let history = shift();
    let plain = drawn_of(&PlotChoices::default(), &history, &trend);
    let by_run = drawn_of(&choose(|choices| choices.axis = TrendAxis::Run), &history, &trend);
    let rule = Layer::Rule { label: "from 2.2".into(), ink: Ink::Reference, across: Across::Y, at: 2.2 };
    let bad = Layer::Points {
        label: "BAD".into(),
        ink: Ink::State(crate::quality::State::Bad),
        points: vec![Point { x: 20_000.0, y: 3.0, y_error: f64::NAN }],
    };
    let moved = moved_layers(&[rule.clone(), bad], &plain, &by_run);
    let Layer::Points { points, .. } = &moved[1] else { panic!() };
    assert_eq!((&moved[0], points[0].x), (&rule, 5.0));
}

#[test]
fn choices_of_older_layouts_read() {
    assert_eq!(serde_json::from_str::<PlotChoices>("{}").unwrap(), PlotChoices::default());
    let kept = choose(|choices| {
        choices.runs = vec![Run(3)];
        choices.place = Some(Place { series: "view 0".into(), x: Exact(1.5), y: None });
        choices.against = Against::parse("run5-p2");
    });
    assert_eq!(serde_json::from_str::<PlotChoices>(&serde_json::to_string(&kept).unwrap()).unwrap(), kept);
    assert_eq!((Against::parse("7").unwrap().name(), Against::parse("run7-p").is_none()), ("run7".into(), true));
}

proptest! {
    #[test]
    fn a_histogram_holds_every_value_once(values in prop::collection::vec(prop_oneof![-1e6..1e6f64, Just(3.0), Just(f64::NAN)], 1..300)) {
        let points: Vec<Point> = values.iter().enumerate().map(|(x, y)| Point { x: x as f64, y: *y, y_error: f64::NAN }).collect();
        let layer = Layer::Points { label: "a".into(), ink: Ink::Series(0), points };
        let figure = Figure::new("t", Axis::linear("x", ""), Axis::linear("y", "ms")).with(layer);
        let figure = finished(&choose(|choices| choices.shape = Shape::Histogram), figure, &grid());
        let finite = values.iter().filter(|value| value.is_finite()).count();
        match &figure.layers[0] {
            Layer::Steps { values: counts, edges, .. } => {
                prop_assert_eq!(counts.iter().sum::<f64>(), finite as f64);
                prop_assert!(edges.windows(2).all(|pair| pair[0] < pair[1]) && edges.len() <= 201);
                prop_assert_eq!(&figure.x.unit, "ms");
            }
            _ => prop_assert_eq!(finite, 0),
        }
    }

    #[test]
    fn no_choice_loses_or_changes_a_value_of_a_trend(values in prop::collection::vec(-1e3..1e3f64, 1..20), axis in 0..6usize) {
        let history: Vec<Summary> =
            values.iter().enumerate().map(|(at, value)| result(at as u32 / 3 + 1, at as u32 % 3, 4_000 * at as i64, *value)).collect();
        let figure = drawn_of(&choose(|choices| choices.axis = TrendAxis::ALL[axis]), &history, &trend);
        let mut shown: Vec<f64> = measured_series(&figure, &[]).unwrap()[0].measured().map(|spot| spot.value).collect();
        let mut expected = values;
        shown.sort_by(f64::total_cmp);
        expected.sort_by(f64::total_cmp);
        prop_assert_eq!(shown, expected);
    }
}
