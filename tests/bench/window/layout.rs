//! Frames laid out and cut into triangles, with no screen and no graphics card.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use dqmon::catalogue::{Fields, RunRow};
use dqmon::config::RunListSettings;
use dqmon::gui::{ItemRef, Layout, Page, UiState};
use dqmon::plotting::{self, Look, palette};
use dqmon::snapshot::{FigureKey, ItemNode, PlotView, RunTable, RunsAsk, Snapshot, SortKey, TaskNode};
use egui::{Event, pos2};
use jiff::Timestamp;
use monitasks::figure::{Axis, Figure, Ink, Layer, Map, Point};
use monitasks::quality::State;
use monitasks::task::Glance;
use monitasks::vocab::Run;

use super::add_times;
use crate::made_up::{self, wobble};
use crate::painted::{Picture, Screen};
use crate::report::{Report, Row};

/// Of each pane.
const POINTS: usize = 100_000;
/// Of the one large trend.
const MANY_POINTS: usize = 1_000_000;
const OUTLIERS: usize = 96;
const ODD_CELLS: usize = 200;
const SIZE: [f32; 2] = [1600.0, 1000.0];
const FRAMES: usize = 1_200;
const RESULTS_PER_S: u64 = 400;
/// As many as the engine publishes.
const SNAPSHOTS_PER_S: u64 = 25;

fn item(name: &str, title: &str) -> ItemNode {
    let mut glance = Glance::no_data("");
    (glance.state, glance.text) = (State::Ok, "2.9 ms".into());
    ItemNode {
        name: name.into(),
        title: title.into(),
        about: String::new(),
        glance,
        verdicts: Arc::default(),
        newest: None,
        spark: Arc::default(),
    }
}

fn task(name: &str, items: Vec<ItemNode>) -> TaskNode {
    TaskNode {
        name: name.into(),
        title: format!("Task {name}"),
        about: String::new(),
        state: State::Ok,
        fault: None,
        results: 100,
        unread: Vec::new(),
        items,
    }
}

/// A shift with these tasks and figures.
fn snapshot(tasks: Vec<TaskNode>, figures: BTreeMap<FigureKey, Arc<Figure>>) -> Snapshot {
    Snapshot { tasks, figures, ..made_up::full() }
}

fn points(count: usize, salt: u64) -> Vec<Point> {
    (0..count).map(|x| Point { x: x as f64, y: 3.0 + 0.4 * wobble(x, salt), y_error: 0.1 }).collect()
}

/// One kind of layer for each pane in turn; the last pane is a map with points over it.
fn pane_figure(pane: usize, salt: u64) -> Figure {
    let (label, ink) = (format!("series {pane}"), Ink::Series(pane as u8));
    let points = points(POINTS, salt);
    let line = || points.iter().map(|point| [point.x, point.y]).collect();
    let layer = match pane % 4 {
        0 | 3 => Layer::Points { label, ink, points },
        1 => Layer::Line { label, ink, points: line() },
        _ => {
            let edges = (0..=points.len()).map(|edge| edge as f64).collect();
            Layer::Steps { label, ink, edges, values: points.iter().map(|point| point.y).collect() }
        }
    };
    let figure = Figure::new(format!("pane {pane}"), Axis::linear("sample", ""), Axis::linear("charge", "fC"));
    if pane == 7 { figure.with(Layer::Map(map(salt))).with(layer) } else { figure.with(layer) }
}

/// A map of 1280 x 1667 cells with a hundred hot and a hundred dead ones.
fn map(salt: u64) -> Map {
    let (columns, rows) = (1280, 1667);
    let mut values: Vec<f32> = (0..columns * rows).map(|cell| 50.0 + 3.0 * wobble(cell, salt) as f32).collect();
    for (column, row, value) in odd_cells() {
        values[row * columns + column] = value;
    }
    let (x_range, y_range) = ([0.0, columns as f64], [0.0, rows as f64]);
    Map { columns, rows, x_range, y_range, values, z: Axis::linear("charge", "fC"), cell_texts: Vec::new() }
}

fn odd_cells() -> Vec<(usize, usize, f32)> {
    let at = |number: usize| {
        let value = if number.is_multiple_of(2) { 100.0 } else { 0.0 };
        (40 + (number % 20) * 62, 60 + (number / 20) * 160 + number % 3 * 9, value)
    };
    (0..ODD_CELLS).map(at).collect()
}

/// Eight panes, a result for one of them each 2.5 ms, the pointer on its way over all of it.
pub fn eight_panes(report: &mut Report) {
    let mut tasks: Vec<TaskNode> = (0..6).map(|pane| task(&format!("t{pane}"), vec![item("a", "A")])).collect();
    tasks.push(task("event_display", vec![item("view0", "View 0"), item("view1", "View 1")]));
    let places: Vec<FigureKey> =
        tasks.iter().flat_map(|task| task.items.iter().map(|item| FigureKey::newest(&task.name, &item.name))).collect();
    let variants: Vec<Vec<Figure>> = (0..8).map(|pane| (0..2).map(|salt| pane_figure(pane, salt)).collect()).collect();
    let first = |pane: usize| Arc::new(variants[pane][0].clone());
    let figures = places.iter().enumerate().map(|(pane, key)| (key.clone(), first(pane))).collect();
    let cell = |key: &FigureKey| vec![(ItemRef { task: key.task.clone(), item: key.item.clone() }, PlotView::Bounds)];
    let rows: Vec<_> = places.chunks(2).map(|pair| pair.iter().map(cell).collect()).collect();
    let state = UiState { layout: Some(Layout::of_rows(&rows)), ..UiState::default() };
    let mut screen = Screen::of(snapshot(tasks, figures), state, SIZE, 1.0);
    screen.settle(1);
    let what = "eight panes of 100,000 points and a map, nothing new";
    add_times(report, what, frames(&mut screen, 300, |_| Vec::new()), [Some(2.0), Some(8.0)]);
    let what = "eight panes of 100,000 points and a map, frame after frame with no pause";
    add_times(report, what, frames_at_once(&mut screen, 300), [Some(2.0), Some(8.0)]);
    // Figures are made ahead: making them is the engine's work, in another process of priorities.
    let stop = AtomicBool::new(false);
    let swapped = AtomicUsize::new(0);
    let shared = screen.side.snapshot.clone();
    let times = std::thread::scope(|scope| {
        scope.spawn(|| {
            let began = Instant::now();
            let mut coming: BTreeMap<usize, usize> = BTreeMap::new();
            for number in 1u64.. {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let pane = number as usize % 8;
                // Of the map one result in fifty: an event a second is more than is looked at.
                if pane != 7 || number % 400 == 7 {
                    coming.insert(pane, number as usize / 8 % 2);
                }
                // As the engine does it: all that came is in the next snapshot, and there are so many of these in a second.
                if number.is_multiple_of(RESULTS_PER_S / SNAPSHOTS_PER_S) {
                    let mut next = Snapshot::clone(&shared.load());
                    next.serial += 1;
                    for (pane, variant) in std::mem::take(&mut coming) {
                        next.figures.insert(places[pane].clone(), Arc::new(variants[pane][variant].clone()));
                    }
                    shared.store(Arc::new(next));
                }
                swapped.fetch_add(1, Ordering::Relaxed);
                let due = began + Duration::from_micros(number * 1_000_000 / RESULTS_PER_S);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
        });
        let began = Instant::now();
        let times = frames(&mut screen, FRAMES, |frame| {
            vec![Event::PointerMoved(pos2(300.0 + (frame * 37 % 900) as f32, 60.0 + (frame * 53 % 800) as f32))]
        });
        stop.store(true, Ordering::Relaxed);
        let rate = swapped.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64();
        report.add(Row { what: "results a second meanwhile".into(), ours: rate, unit: "/s", peer: None, goal: None });
        times
    });
    add_times(report, "eight panes of 100,000 points and a map, 400 results a second", times, [Some(2.0), Some(8.0)]);
}

/// Lays out frames at 60 a second; how long each took with its triangles, ms.
fn frames(screen: &mut Screen, count: usize, mut events: impl FnMut(usize) -> Vec<Event>) -> Vec<f64> {
    let mut times = Vec::with_capacity(count);
    for frame in 0..count {
        let events = events(frame);
        let began = Instant::now();
        let output = screen.step(events);
        std::hint::black_box(screen.ctx.tessellate(output.shapes, output.pixels_per_point));
        times.push(began.elapsed().as_secs_f64() * 1e3);
        std::thread::sleep(Duration::from_micros(16_667).saturating_sub(began.elapsed()));
    }
    times
}

/// The same with no pause between: what a processor needs that was not asleep.
fn frames_at_once(screen: &mut Screen, count: usize) -> Vec<f64> {
    let mut frame = || {
        let began = Instant::now();
        let output = screen.step(Vec::new());
        std::hint::black_box(screen.ctx.tessellate(output.shapes, output.pixels_per_point));
        began.elapsed().as_secs_f64() * 1e3
    };
    (0..count).map(|_| frame()).collect()
}

fn alone(figure: Figure) -> Screen {
    let key = FigureKey::newest("t0", "a");
    let tasks = vec![task("t0", vec![item("a", "A")])];
    Screen::of(snapshot(tasks, [(key, Arc::new(figure))].into()), UiState::default(), SIZE, 1.0)
}

fn trend(count: usize) -> Figure {
    let label = String::new();
    Figure::new("trend", Axis::linear("x", ""), Axis::linear("y", "")).with(Layer::Points {
        label,
        ink: Ink::Series(1),
        points: points(count, 5),
    })
}

/// A million points, standing still and zoomed in each frame; beside the same window with ten points.
pub fn one_trend(report: &mut Report) {
    let mut empty = alone(trend(10));
    empty.settle(0);
    add_times(report, "the window with ten points", frames(&mut empty, 300, |_| Vec::new()), [None, None]);
    let mut screen = alone(trend(MANY_POINTS));
    screen.settle(0);
    add_times(report, "1,000,000 points in one trend", frames(&mut screen, 300, |_| Vec::new()), [Some(1.0), None]);
    add_times(report, "1,000,000 points, frame after frame with no pause", frames_at_once(&mut screen, 300), [Some(1.0), None]);
    let at = pos2(800.0, 500.0);
    let zooming = frames(&mut screen, 300, |frame| {
        vec![Event::PointerMoved(at), Event::Zoom(if frame / 50 % 2 == 0 { 1.05 } else { 1.0 / 1.05 })]
    });
    add_times(report, "1,000,000 points, zoomed in each frame", zooming, [None, None]);
}

/// How many of 96 outliers of a million values, and of 200 odd cells of two million, have a mark within two pixels.
pub fn outliers(report: &mut Report) {
    let places: Vec<(usize, f64)> = (0..OUTLIERS)
        .map(|number| (number * MANY_POINTS / OUTLIERS + 4_000, if number.is_multiple_of(2) { 8.0 } else { -8.0 }))
        .collect();
    let mut values: Vec<f64> = (0..MANY_POINTS).map(|index| wobble(index, 7)).collect();
    for (place, value) in &places {
        values[*place] = *value;
    }
    let x_axis = Axis::linear("x", "").range(0.0, MANY_POINTS as f64);
    let figure = |layer| Figure::new("t", x_axis.clone(), Axis::linear("y", "").range(-10.0, 10.0)).with(layer);
    let (label, ink) = (String::new(), Ink::Series(1));
    let points = values.iter().enumerate().map(|(x, y)| Point { x: x as f64, y: *y, y_error: f64::NAN }).collect();
    let line = values.iter().enumerate().map(|(x, y)| [x as f64, *y]).collect();
    let colour = palette::ink(ink, Look::Dark);
    for (kind, layer) in [
        ("points", Layer::Points { label: label.clone(), ink, points }),
        ("a line", Layer::Line { label: label.clone(), ink, points: line }),
    ] {
        let wanted: Vec<(f64, f64, [u8; 3])> = places.iter().map(|(x, y)| (*x as f64, *y, colour)).collect();
        count(report, &format!("outliers of 96 in 1,000,000 values as {kind}"), &figure(layer), &wanted, 60);
    }
    let [x, y] = ["strip", "tick"].map(|label| Axis::linear(label, ""));
    let cells = odd_cells();
    let wanted: Vec<(f64, f64, [u8; 3])> = (cells.iter())
        .map(|(column, row, value)| (*column as f64 + 0.5, *row as f64 + 0.5, palette::viridis(f64::from(*value) / 100.0)))
        .collect();
    let figure = Figure::new("m", x.range(0.0, 1280.0), y.range(0.0, 1667.0)).with(Layer::Map(map(3)));
    count(report, "hot and dead cells of 200 in a map of 1280 x 1667", &figure, &wanted, 1);
}

/// Counts marks in the window's picture and in that for a file.
fn count(report: &mut Report, what: &str, figure: &Figure, wanted: &[(f64, f64, [u8; 3])], steps: u8) {
    let maps = usize::from(figure.layers.iter().any(|layer| matches!(layer, Layer::Map(_))));
    let mut screen = alone(figure.clone());
    screen.settle(maps);
    std::thread::sleep(Duration::from_millis(300));
    let output = screen.settle(maps);
    let picture = screen.picture(output);
    let memory = (0..9u64).find_map(|pane| egui_plot::PlotMemory::load(&screen.ctx, egui::Id::unique(("figure", pane, "t0/a"))));
    let transform = memory.unwrap().transform();
    let in_window = wanted.iter().filter(|(x, y, colour)| {
        let at = transform.position_from_point(&egui_plot::PlotPoint::new(*x, *y));
        picture.has_near(f64::from(at.x), f64::from(at.y), 2, *colour, steps)
    });
    let add = |report: &mut Report, painter: &str, ours: usize| {
        let (ours, goal) = (ours as f64, Some(wanted.len() as f64));
        report.add(Row { what: format!("{what}, {painter}"), ours, unit: "shown", peer: None, goal });
    };
    add(report, "window", in_window.count());
    let svg = plotting::svg(figure, (900, 560), Look::Dark);
    let clip = svg.split("<clipPath").nth(1).unwrap().split("<rect ").nth(1).unwrap();
    let [left, top, width, height] = ["x", "y", "width", "height"]
        .map(|name| clip.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().parse::<f64>().unwrap());
    let picture = Picture::of_png(plotting::png(&svg, 1.0).unwrap());
    let ([x_low, x_high], [y_low, y_high]) = (figure.x.range.unwrap(), figure.y.range.unwrap());
    let in_file = wanted.iter().filter(|(x, y, colour)| {
        let at = (left + (x - x_low) / (x_high - x_low) * width, top + (y_high - y) / (y_high - y_low) * height);
        picture.has_near(at.0, at.1, 2, *colour, steps)
    });
    add(report, "picture for a file", in_file.count());
}

/// The page with the table of all runs.
pub fn table(report: &mut Report, runs: u32) {
    let mut table = RunTable::new(Fields::new(&RunListSettings::default()));
    for run in 0..runs {
        let started = Timestamp::from_second(1_479_254_400 + i64::from(run) * 3_600).ok();
        table.put(&RunRow { started, files: Some(10), comment: Some(format!("comment {run}")), ..RunRow::new(Run(run)) });
    }
    let ask = RunsAsk { sort: vec![SortKey { field: "run".into(), is_descending: true }], ..RunsAsk::default() };
    let shown = Arc::new(dqmon::live::answer_of(&Arc::new(table), &ask, None));
    let snapshot = Snapshot { run_table: Some(shown), ..made_up::full() };
    let mut screen = Screen::of(snapshot, UiState { page: Page::Runs, ..UiState::default() }, SIZE, 1.0);
    screen.settle(0);
    let at = pos2(600.0, 500.0);
    let scroll = |_| {
        let wheel = Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, -333.0),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Wheel,
            modifiers: egui::Modifiers::NONE,
        };
        vec![Event::PointerMoved(at), wheel]
    };
    add_times(report, &format!("the table of {runs} runs, scrolled"), frames(&mut screen, 300, scroll), [Some(2.0), Some(8.0)]);
}

/// A tree of 1,000 items: its frames, and those in which the words of the search change.
pub fn search(report: &mut Report) {
    let items =
        |task: usize| (0..10).map(move |number| item(&format!("i{number}"), &format!("Noise of card {}", task * 10 + number)));
    let tasks = (0..100).map(|number| task(&format!("t{number}"), items(number).collect())).collect();
    let mut screen = Screen::of(snapshot(tasks, BTreeMap::new()), UiState::default(), SIZE, 1.0);
    (0..5).for_each(|_| drop(screen.step(Vec::new())));
    add_times(report, "a tree of 1,000 items", frames(&mut screen, 300, |_| Vec::new()), [None, None]);
    let key = Event::Key {
        key: egui::Key::F,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers: egui::Modifiers::COMMAND | egui::Modifiers::CTRL,
    };
    screen.step(vec![Event::ModifiersChanged(egui::Modifiers::COMMAND | egui::Modifiers::CTRL), key]);
    screen.step(vec![Event::ModifiersChanged(egui::Modifiers::NONE)]);
    let words = "card 77 ok no ";
    let typed = frames(&mut screen, 280, |frame| {
        let letter = words.as_bytes()[frame % words.len()] as char;
        vec![Event::Text(letter.to_string())]
    });
    add_times(report, "its search, a letter typed in each frame", typed, [Some(20.0), Some(20.0)]);
}
