//! What each kind of plot looks like in the window, dark and light: the means of the colours in a grid over the plot, beside those
//! that are kept. They don't depend on what stands around the plot, on the machine or on the day.
//!
//! After a change that is meant, `DQMON_PICTURES=keep` before the test keeps the new ones; look at them in a window first.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dqmon::gui::UiState;
use dqmon::snapshot::FigureKey;
use monitasks::figure::{Across, Axis, Figure, Ink, Layer, Map, Point, Region};
use monitasks::quality::State;
use monitasks::references::{Reference, Runs, overlay};
use monitasks::views::{PlotChoices, Shape, finished, pull};
use monitasks::vocab::Run;

use super::made_up::{self, wobble};
use super::painted::{Picture, Screen};

/// Columns and rows of the grid.
const GRID: [usize; 2] = [20, 12];
/// Means may differ by so many steps of 255: letters and edges are rounded in other ways on other machines.
const STEPS: u8 = 10;

fn figures() -> Vec<(&'static str, Figure)> {
    let ink = Ink::Series(2);
    let label = String::new;
    let axes = || Figure::new("t", Axis::linear("x", "cm").range(0.0, 100.0), Axis::linear("y", "fC").range(-2.0, 2.0));
    let points = |count: usize| {
        let x = move |point: usize| point as f64 * 100.0 / count as f64;
        (0..count).map(move |point| Point { x: x(point), y: wobble(point, 1), y_error: 0.3 }).collect::<Vec<_>>()
    };
    let line = |count: usize| points(count).iter().map(|point| [point.x, point.y]).collect::<Vec<_>>();
    let map = |columns: usize, rows: usize| Map {
        columns,
        rows,
        x_range: [0.0, 100.0],
        y_range: [-2.0, 2.0],
        values: (0..columns * rows).map(|cell| if cell == 1 { f32::NAN } else { (cell % columns) as f32 }).collect(),
        z: Axis::linear("gain", ""),
        cell_texts: if rows == 2 { (1..=4).map(|lem| format!("LEM {lem}")).collect() } else { Vec::new() },
    };
    let steps = |count: usize| Layer::Steps {
        label: label(),
        ink,
        edges: (0..=count).map(|edge| edge as f64 * 100.0 / count as f64).collect(),
        values: (0..count).map(|bin| 2.0 * wobble(bin, 4).abs()).collect(),
    };
    let rule = |across, at| Layer::Rule { label: "limit".into(), ink: Ink::Reference, across, at };
    vec![
        ("points", axes().with(Layer::Points { label: label(), ink, points: points(40) })),
        ("crowd", axes().with(Layer::Points { label: label(), ink, points: points(10_000) })),
        ("line", axes().with(Layer::Line { label: label(), ink, points: line(60) })),
        ("long_line", axes().with(Layer::Line { label: label(), ink, points: line(10_000) })),
        ("steps", axes().with(steps(30))),
        ("many_steps", axes().with(steps(10_000))),
        ("few_cells", axes().with(Layer::Map(map(2, 2)))),
        ("many_cells", axes().with(Layer::Map(map(300, 200)))),
        ("rules", axes().with(rule(Across::X, 30.0)).with(rule(Across::Y, 1.0))),
        ("text", axes().with(Layer::Text { x: 50.0, y: 0.0, text: "dead strips\nsince run 840".into() })),
    ]
}

/// What people choose to see of a plot: the whole pane is looked at, with title, legend, small plots and boxes.
fn views() -> Vec<(&'static str, Figure)> {
    let grid = made_up::full().workspace.unwrap().detector.lems.clone();
    let axes = || Figure::new("Trend", Axis::linear("x", "cm").range(0.0, 100.0), Axis::linear("y", "fC").range(-2.0, 2.0));
    let series = |number: u8, by: f64| {
        let point = |place: usize| Point { x: place as f64 * 2.5, y: by + 0.4 * wobble(place, u64::from(number)), y_error: 0.2 };
        Layer::Points { label: format!("LEM {number}"), ink: Ink::Series(number % 7), points: (0..40).map(point).collect() }
    };
    let twelve = (0..12).fold(axes(), |figure, lem| figure.with(series(lem, f64::from(lem) / 6.0 - 1.0)));
    let reference = |figure: Figure| Reference {
        label: "after the scan".into(),
        task: "purity".into(),
        item: "lifetime_trend".into(),
        runs: Runs { from: Run(1), to: None },
        figure,
    };
    let chosen = |choices: PlotChoices, figure: Figure| finished(&choices, figure, &grid);
    let (now, before) = (axes().with(series(0, 0.3)), axes().with(series(0, 0.0)));
    let bound = |label: &str, at| Layer::Rule { label: label.into(), ink: Ink::State(State::Maybe), across: Across::Y, at };
    let mut bounded =
        overlay(&now, &reference(before.clone())).unwrap().with(bound("OK from -1", -1.0)).with(bound("OK to 1", 1.0));
    bounded.regions.push(Region { x: Some([40.0, 60.0]), y: None, words: "HV scan".into() });
    vec![
        ("small_plots", chosen(PlotChoices { shape: Shape::Small, ..PlotChoices::default() }, twelve)),
        ("histogram", chosen(PlotChoices { shape: Shape::Histogram, ..PlotChoices::default() }, now.clone())),
        ("statistics", chosen(PlotChoices { statistics: true, ..PlotChoices::default() }, now.clone())),
        ("compared", pull(&now, &reference(before)).unwrap()),
        ("bounds", bounded),
    ]
}

/// Where the one pane of such a window is, between tree and card.
fn pane() -> egui::Rect {
    egui::Rect::from_min_max(egui::pos2(276.0, 70.0), egui::pos2(718.0, 526.0))
}

/// The means over the grid of a figure's plot, as text: a row of colours for a row of the grid.
fn look_of(figure: &Figure, light: bool) -> String {
    look_within(figure, light, None)
}

fn look_within(figure: &Figure, light: bool, part: Option<egui::Rect>) -> String {
    let mut snapshot = made_up::full();
    snapshot.tasks.truncate(1);
    snapshot.tasks[0].items.truncate(1);
    let key = FigureKey::newest(&snapshot.tasks[0].name, &snapshot.tasks[0].items[0].name);
    snapshot.figures = [(key, Arc::new(figure.clone()))].into();
    let mut screen = Screen::of(snapshot, UiState { light, ..UiState::default() }, [1000.0, 600.0], 1.0);
    let maps = usize::from(figure.layers.iter().any(|layer| matches!(layer, Layer::Map(_))));
    screen.settle(maps);
    if maps > 0 {
        // The picture of a map follows the plot's size, which is known after a frame.
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    let output = screen.settle(maps);
    if let Some(part) = part {
        return means(&screen.picture_within(output, part.expand(2.0)), part);
    }
    let plot = (0..9u64).find_map(|pane| {
        let id = egui::Id::unique(("figure", pane, "purity/lifetime_trend"));
        egui_plot::PlotMemory::load(&screen.ctx, id)
    });
    let frame = *plot.expect("a plot").transform().frame();
    means(&screen.picture_within(output, frame.expand(2.0)), frame)
}

fn means(picture: &Picture, frame: egui::Rect) -> String {
    let [columns, rows] = GRID;
    let edge = |low: f32, length: f32, part: usize, parts: usize| (low + length * part as f32 / parts as f32).round() as usize;
    let mut text = String::new();
    for row in 0..rows {
        for column in 0..columns {
            let x = edge(frame.left(), frame.width(), column, columns)..edge(frame.left(), frame.width(), column + 1, columns);
            let y = edge(frame.top(), frame.height(), row, rows)..edge(frame.top(), frame.height(), row + 1, rows);
            let pixels = y.clone().flat_map(|y| x.clone().map(move |x| picture.pixels[y * picture.width + x]));
            let sums = pixels.fold([0usize; 3], |sums, pixel| [0, 1, 2].map(|part| sums[part] + usize::from(pixel[part])));
            let [red, green, blue] = sums.map(|sum| sum / (x.len() * y.len()).max(1));
            let _ = write!(text, "{}{red:02x}{green:02x}{blue:02x}", if column == 0 { "" } else { " " });
        }
        text.push('\n');
    }
    text
}

/// The largest difference of two looks, and how many colours differ by more than is allowed.
fn difference(one: &str, other: &str) -> (u8, usize) {
    let parts = |text: &str| -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits.chunks_exact(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    };
    let (one, other) = (parts(one), parts(other));
    assert_eq!(one.len(), other.len(), "another grid");
    let differences: Vec<u8> = one.iter().zip(&other).map(|(one, other)| one.abs_diff(*other)).collect();
    (differences.iter().copied().max().unwrap_or(0), differences.iter().filter(|difference| **difference > STEPS).count())
}

fn kept(kind: &str, light: bool) -> PathBuf {
    let look = if light { "light" } else { "dark" };
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/shift/snapshots/looks/{kind}_{look}.txt"))
}

#[test]
fn each_kind_of_plot_looks_as_it_did_in_both_themes() {
    let mut changed = Vec::new();
    let kinds = figures().into_iter().map(|(kind, figure)| (kind, figure, None));
    let views = views().into_iter().map(|(kind, figure)| (kind, figure, Some(pane())));
    for (kind, figure, part) in kinds.chain(views) {
        for light in [false, true] {
            let (look, path) = (look_within(&figure, light, part), kept(kind, light));
            if std::env::var("DQMON_PICTURES").as_deref() == Ok("keep") {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, &look).unwrap();
            }
            let before = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{error}: {}", path.display()));
            let (most, count) = difference(&before, &look);
            if count > 0 {
                changed.push(format!("{}: {count} means differ, by up to {most}\n{look}", path.display()));
            }
        }
    }
    assert!(changed.is_empty(), "{}", changed.join("\n"));
}

#[test]
fn a_plot_looks_the_same_in_two_windows_and_other_plots_do_not() {
    let all = figures();
    let looks: Vec<String> = all.iter().take(3).map(|(_, figure)| look_of(figure, false)).collect();
    assert_eq!(looks[0], look_of(&all[0].1, false), "not the same twice");
    assert!(difference(&looks[0], &looks[1]).1 > 0 && difference(&looks[0], &looks[2]).1 > 0, "all plots look the same");
    assert!(difference(&looks[0], &look_of(&all[0].1, true)).1 > 0, "dark looks as light does");
}
