//! What people choose to see of a plot, from result files to figures, as window and commands ask for it.

use std::fs;

use dqmon::live::{EventLook, Live};
use dqmon::snapshot::{FigureKey, PlotView, Snapshot};
use jiff::Timestamp;
use monitasks::checks::series::measured_series;
use monitasks::figure::Figure;
use monitasks::views::{Against, Exact, LogAxes, Place, PlotChoices, Shape, TrendAxis};
use monitasks::vocab::{Processing, Run};

use super::workspace::{Shift, said};

/// A check whose bounds every plot of the lifetime has.
const CHECKS: &str = "\
[[check]]
name = \"lifetime\"
task = \"purity\"
item = \"lifetime_trend\"
kind = \"range\"
ok = { from = 2.5 }
meaning = \"Electrons are lost on their way.\"
action = \"Look at the recirculation.\"
contact = \"purity expert\"
";

/// A workspace with results of runs 3, 5 and 7, an hour apart, the last of them processed twice.
fn shift() -> Shift {
    let shift = Shift::new("");
    fs::write(shift.workspace.checks_file(), CHECKS).unwrap();
    for (run, processing, lifetime_us, charge) in
        [(3, 1, 3000.0, 8.0), (5, 1, 2000.0, 8.5), (7, 1, 2800.0, 9.0), (7, 2, 2900.0, 9.5)]
    {
        let hour = 10 + run;
        let lems: String = (1..=12).map(|lem| format!("{lem} {charge} 0.13 {} 0.12\n", charge + f64::from(lem) / 10.0)).collect();
        let text = format!("190516_{hour:02}5200\n{lifetime_us} 80.0 {lifetime_us} 70.0\n{lems}");
        let folder = shift.workspace.results().join("crp");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("run{run}-p{processing}-g0.txt")), text).unwrap();
    }
    shift
}

fn look(shift: &Shift, key: &FigureKey, compare: Option<(Against, Against)>) -> (Figure, Snapshot) {
    let now: Timestamp = "2019-05-17T16:00:00Z".parse().unwrap();
    let mut live = Live::read_workspace(&shift.workspace, &EventLook::default(), now).unwrap();
    live.watch(vec![key.clone()]);
    live.compare(compare);
    let snapshot = live.snapshot(now);
    (Figure::clone(&snapshot.figures[key]), snapshot)
}

fn figure(shift: &Shift, item: &str, change: impl FnOnce(&mut FigureKey)) -> Figure {
    let (task, item) = item.split_once('/').unwrap();
    let mut key = FigureKey::newest(task, item);
    change(&mut key);
    look(shift, &key, None).0
}

/// The first series as `x: value`.
fn first(figure: &Figure) -> Vec<(f64, f64)> {
    measured_series(figure, &[]).unwrap()[0].measured().map(|spot| (spot.x, (spot.value * 1e6).round() / 1e6)).collect()
}

#[test]
fn every_trend_stands_against_the_run_and_the_bounds_of_its_checks_go_along() {
    let shift = shift();
    for item in ["purity/lifetime_trend", "lem_gain/view_trend", "lem_gain/gain_trend", "charge_asymmetry/trend"] {
        let drawn = figure(&shift, item, |key| key.choices.axis = TrendAxis::Run);
        if drawn.empty.is_some() {
            continue;
        }
        let xs: Vec<f64> = first(&drawn).into_iter().map(|(x, _)| x).collect();
        assert_eq!((drawn.x.label.as_str(), xs), ("run", vec![3.0, 5.0, 7.0]), "{item}");
    }
    let drawn = figure(&shift, "purity/lifetime_trend", |key| key.choices.axis = TrendAxis::Run);
    let bound = |layer: &&monitasks::figure::Layer| layer.label().is_some_and(|label| label.contains("lifetime: OK from 2.5"));
    assert_eq!(drawn.layers.iter().filter(bound).count(), 1, "{:?}", drawn.layers);
}

#[test]
fn a_cell_of_the_gain_map_has_its_trend_and_runs_lie_over_each_other() {
    let shift = shift();
    let by_lem = figure(&shift, "lem_gain/dqds_by_lem", |key| key.choices.runs = vec![Run(3), Run(7)]);
    let labels: Vec<String> = measured_series(&by_lem, &[]).unwrap().into_iter().map(|series| series.label).collect();
    assert_eq!(labels, ["run3: view 0", "run3: view 1", "run7: view 0", "run7: view 1"]);
    let place = Place { series: "view 1".into(), x: Exact(4.0), y: None };
    let trend =
        figure(&shift, "lem_gain/dqds_by_lem", |key| (key.choices.place, key.choices.axis) = (Some(place), TrendAxis::Run));
    assert_eq!(first(&trend), [(3.0, 8.4), (5.0, 8.9), (7.0, 9.9)]);
    assert!(trend.title.contains("view 1, LEM 4"), "{}", trend.title);
}

#[test]
fn two_processings_stand_over_each_other_and_the_items_are_ranked() {
    let shift = shift();
    let first_side = Against { run: Run(7), processing: Some(Processing(1)) };
    let second = Against { processing: Some(Processing(2)), ..first_side };
    let mut key = FigureKey { run: Some(Run(7)), ..FigureKey::newest("lem_gain", "dqds_by_lem").with(PlotView::SideBySide) };
    (key.choices.against, key.choices.processing) = (Some(first_side), Some(Processing(2)));
    let (both, snapshot) = look(&shift, &key, Some((first_side, second)));
    let panels = both.panels.expect("two panels");
    let pulls = first(&panels.plots[1]);
    assert!(pulls.len() == 12 && pulls.iter().all(|(_, pull)| (pull - 0.5 / 0.13f64.hypot(0.13)).abs() < 1e-5), "{pulls:?}");
    let ranking = snapshot.ranking.expect("a ranking");
    let most = ranking.items[0].outcome.as_ref().unwrap();
    assert!(most.most.unwrap() > 2.5, "{most:?}");
    let lifetime = ranking.items.iter().find(|ranked| ranked.item == "lifetime_trend").unwrap();
    let differs = lifetime.outcome.as_ref().unwrap();
    assert!((differs.most.unwrap() - 0.1 / 0.07f64.hypot(0.07)).abs() < 1e-6, "{differs:?}");
    assert!(ranking.items.iter().any(|ranked| ranked.outcome.is_err()), "pedestals have no result");
}

#[test]
fn the_command_draws_what_the_window_does() {
    let shift = shift();
    let out = shift.workspace.root.join("x.csv");
    let run = |words: &[&str]| {
        let mut all = vec!["plot"];
        all.extend_from_slice(words);
        all.extend_from_slice(&["--out", out.to_str().unwrap()]);
        let output = shift.run(&all);
        (output.status.code(), said(&output), fs::read_to_string(&out).unwrap_or_default())
    };
    let (status, words, csv) = run(&["purity/lifetime_trend", "--axis", "run", "--statistics"]);
    assert_eq!(status, Some(0), "{words}");
    assert!(csv.contains("run,electron lifetime [ms],error\n3,3,0.08\n") && csv.contains("# slope: "), "{csv}");
    let (status, words, csv) = run(&["lem_gain/dqds_by_lem", "--against", "3", "--numbering", "convention"]);
    assert_eq!(status, Some(0), "{words}");
    assert!(csv.contains("# pull against run3") && csv.contains("LEM (3x1x1 convention)"), "{csv}");
    let (status, _, csv) = run(&["purity/lifetime_trend", "--histogram", "--log", "y"]);
    assert!(status == Some(0) && csv.contains("# histogram: view 0"), "{csv}");
    let (status, words, _) = run(&["purity/lifetime_trend", "--against", "4"]);
    assert!(status == Some(1) && words.contains("not compared: run4 has nothing"), "{words}");
    let (status, words, _) = run(&["purity/lifetime_trend", "--numbering", "roman"]);
    assert!(status == Some(2) && words.contains("there are: ") && words.contains("convention"), "{words}");
    let choices = PlotChoices { shape: Shape::Small, log: LogAxes { y: true, ..LogAxes::default() }, ..PlotChoices::default() };
    let small = figure(&shift, "purity/lifetime_trend", |key| key.choices = choices);
    assert_eq!(small.panels.map(|panels| panels.plots.len()), Some(2));
}
