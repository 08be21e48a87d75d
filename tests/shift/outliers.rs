//! No picture hides a fault: every single outlier among very many values has its mark in the pixels, in the window and in
//! pictures for files, for points, lines, steps and maps, at twice the scale, and when zoomed.

use std::sync::Arc;

use dqmon::gui::UiState;
use dqmon::plotting::palette::{self, viridis};
use dqmon::plotting::{self, Look};
use dqmon::snapshot::{FigureKey, Snapshot};
use egui::{Event, Modifiers, pos2};
use monitasks::figure::{Axis, Figure, Ink, Layer, Map, Point};

use super::made_up::{self, wobble};
use super::painted::{Picture, Screen};

const POINTS: usize = 100_000;
const OUTLIERS: usize = 96;
/// The second colour of the series: the first also frames the active pane.
const INK: Ink = Ink::Series(1);

/// Half of the outliers high, half low, no two in one place; some share a column of pixels and stand at other heights.
fn outliers() -> Vec<(usize, f64)> {
    let at = |number: usize| {
        let partner = if number % 8 == 7 { 1 } else { 0 };
        let place = (number - partner) * POINTS / OUTLIERS + 700 + 3 * partner;
        let height = 4.0 + (number % 5) as f64;
        (place, if number.is_multiple_of(2) { height } else { -height })
    };
    (0..OUTLIERS).map(at).collect()
}

fn values() -> Vec<f64> {
    let mut values: Vec<f64> = (0..POINTS).map(|index| wobble(index, 7)).collect();
    for (place, value) in outliers() {
        values[place] = value;
    }
    values
}

fn figure(layer: Layer) -> Figure {
    let x = Axis::linear("sample", "").range(0.0, POINTS as f64);
    Figure::new("t", x, Axis::linear("charge", "fC").range(-10.0, 10.0)).with(layer)
}

fn layers() -> Vec<(&'static str, Layer)> {
    let label = String::new;
    let points = values().iter().enumerate().map(|(x, y)| Point { x: x as f64 + 0.5, y: *y, y_error: f64::NAN }).collect();
    let line = values().iter().enumerate().map(|(x, y)| [x as f64 + 0.5, *y]).collect();
    let edges = (0..=POINTS).map(|edge| edge as f64).collect();
    vec![
        ("points", Layer::Points { label: label(), ink: INK, points }),
        ("line", Layer::Line { label: label(), ink: INK, points: line }),
        ("steps", Layer::Steps { label: label(), ink: INK, edges, values: values() }),
    ]
}

const COLUMNS: usize = 640;
const ROWS: usize = 833;

/// A hundred hot cells and a hundred dead ones among noise, none in a pixel with another.
fn odd_cells() -> Vec<(usize, usize, f32)> {
    let at = |number: usize| {
        let (column, row) = (20 + (number % 20) * 31, 30 + (number / 20) * 80 + (number % 3) * 9);
        (column, row, if number.is_multiple_of(2) { 100.0 } else { 0.0 })
    };
    (0..200).map(at).collect()
}

fn map() -> Figure {
    let mut cells: Vec<f32> = (0..COLUMNS * ROWS).map(|cell| 50.0 + 3.0 * wobble(cell, 3) as f32).collect();
    for (column, row, value) in odd_cells() {
        cells[row * COLUMNS + column] = value;
    }
    let z = Axis::linear("charge", "fC");
    let (x_range, y_range) = ([0.0, COLUMNS as f64], [0.0, ROWS as f64]);
    let map = Map { columns: COLUMNS, rows: ROWS, x_range, y_range, values: cells, z, cell_texts: Vec::new() };
    let [x, y] = ["strip", "tick"].map(|label| Axis::linear(label, ""));
    Figure::new("m", x, y).with(Layer::Map(map))
}

/// A window of one pane with one figure.
fn screen(figure: Figure, scale: f32) -> Screen {
    let mut snapshot: Snapshot = made_up::full();
    snapshot.tasks.truncate(1);
    snapshot.tasks[0].items.truncate(1);
    let key = FigureKey::newest(&snapshot.tasks[0].name, &snapshot.tasks[0].items[0].name);
    snapshot.figures = [(key, Arc::new(figure))].into();
    Screen::of(snapshot, UiState::default(), [1000.0, 640.0], scale)
}

fn transform(screen: &Screen) -> egui_plot::PlotTransform {
    let memory = (0..9).find_map(|pane: u64| {
        let id = egui::Id::unique(("figure", pane, "purity/lifetime_trend"));
        egui_plot::PlotMemory::load(&screen.ctx, id)
    });
    memory.expect("a plot").transform()
}

fn ink() -> [u8; 3] {
    palette::ink(INK, Look::Dark)
}

/// Turns the wheel over the middle of the plot.
fn zoom(screen: &mut Screen, by: f32) {
    let at = transform(screen).frame().center();
    screen.step(vec![Event::PointerMoved(at)]);
    screen.step(vec![Event::PointerMoved(at), Event::Zoom(by)]);
}

/// Of the outliers in sight those that have no mark within a pixel.
fn hidden_in_window(screen: &mut Screen, scale: f32) -> (usize, Vec<(usize, f64)>) {
    let output = screen.settle(0);
    let transform = transform(screen);
    let picture = screen.picture_within(output, *transform.frame());
    let place = |(x, y): (usize, f64)| transform.position_from_point(&egui_plot::PlotPoint::new(x as f64 + 0.5, y));
    let frame = transform.frame().shrink(2.0);
    let in_sight: Vec<(usize, f64)> = outliers().into_iter().filter(|outlier| frame.contains(place(*outlier))).collect();
    let is_hidden = |outlier: &(usize, f64)| {
        let at = place(*outlier);
        !picture.has_near(f64::from(at.x * scale), f64::from(at.y * scale), 2, ink(), 60)
    };
    (in_sight.len(), in_sight.into_iter().filter(is_hidden).collect())
}

#[test]
fn the_window_shows_each_outlier_of_points_lines_and_steps() {
    for (kind, layer) in layers() {
        for scale in [1.0, 2.0] {
            let mut screen = screen(figure(layer.clone()), scale);
            let (in_sight, hidden) = hidden_in_window(&mut screen, scale);
            assert_eq!((in_sight, hidden), (OUTLIERS, Vec::new()), "{kind} at scale {scale}");
        }
    }
}

#[test]
fn outliers_in_sight_stay_when_the_window_is_zoomed() {
    for (kind, layer) in layers() {
        let mut screen = screen(figure(layer), 1.0);
        screen.settle(0);
        let mut in_sight_before = OUTLIERS;
        for by in [1.4, 4.0] {
            zoom(&mut screen, by);
            let (in_sight, hidden) = hidden_in_window(&mut screen, 1.0);
            assert!(in_sight < in_sight_before, "{kind}: the zoom did nothing");
            assert_eq!(hidden, Vec::new(), "{kind} zoomed by {by}");
            in_sight_before = in_sight;
        }
    }
}

#[test]
fn what_is_off_a_fixed_range_is_marked_at_the_edge_of_the_window_s_plot() {
    for count in [50, POINTS] {
        let points = (0..count).map(|x| Point { x: x as f64, y: if x == count / 2 { 99.0 } else { 0.0 }, y_error: f64::NAN });
        let mut one = figure(Layer::Points { label: String::new(), ink: INK, points: points.collect() });
        one.x.range = Some([0.0, count as f64]);
        let mut screen = screen(one, 1.0);
        let output = screen.settle(0);
        let (transform, picture) = (transform(&screen), screen.picture(output));
        let x = transform.position_from_point_x(count as f64 / 2.0);
        let edge = pos2(x, transform.frame().top() + 5.0);
        assert!(picture.has_near(f64::from(edge.x), f64::from(edge.y), 2, ink(), 60), "{count} points");
    }
}

#[test]
fn the_window_shows_each_hot_and_each_dead_cell() {
    for scale in [1.0, 2.0] {
        let mut screen = screen(map(), scale);
        screen.settle(1);
        // The picture's size follows the plot's, which is known after a frame.
        std::thread::sleep(std::time::Duration::from_millis(300));
        let output = screen.settle(1);
        let transform = transform(&screen);
        let picture = screen.picture_within(output, *transform.frame());
        for (column, row, value) in odd_cells() {
            let at = transform.position_from_point(&egui_plot::PlotPoint::new(column as f64 + 0.5, row as f64 + 0.5));
            let colour = viridis(f64::from(value) / 100.0);
            let seen = picture.has_near(f64::from(at.x * scale), f64::from(at.y * scale), 2, colour, 1);
            assert!(seen, "cell {column} {row} of {value} at scale {scale}");
        }
    }
}

/// A figure as a picture for a file, and where its plot stands in it: left, top, width, height.
fn exported(figure: &Figure, scale: f32) -> (Picture, [f64; 4]) {
    let svg = plotting::svg(figure, (900, 560), Look::Dark);
    let clip = svg.split("<clipPath").nth(1).unwrap().split("<rect ").nth(1).unwrap();
    let part =
        |name: &str| -> f64 { clip.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().parse().unwrap() };
    let area = ["x", "y", "width", "height"].map(|name| part(name) * f64::from(scale));
    (Picture::of_png(plotting::png(&svg, scale).unwrap()), area)
}

#[test]
fn a_picture_for_a_file_shows_each_outlier_of_points_lines_and_steps() {
    for (kind, layer) in layers() {
        for scale in [1.0, 2.0] {
            let (picture, [left, top, width, height]) = exported(&figure(layer.clone()), scale);
            let hidden: Vec<(usize, f64)> = outliers()
                .into_iter()
                .filter(|(place, value)| {
                    let x = left + (*place as f64 + 0.5) / POINTS as f64 * width;
                    let y = top + (10.0 - value) / 20.0 * height;
                    !picture.has_near(x, y, 2, ink(), 60)
                })
                .collect();
            assert_eq!(hidden, Vec::new(), "{kind} at scale {scale}");
        }
    }
}

#[test]
fn a_picture_for_a_file_shows_each_hot_and_each_dead_cell() {
    for scale in [1.0, 2.0] {
        let (picture, [left, top, width, height]) = exported(&map(), scale);
        for (column, row, value) in odd_cells() {
            let x = left + (column as f64 + 0.5) / COLUMNS as f64 * width;
            let y = top + height - (row as f64 + 0.5) / ROWS as f64 * height;
            let seen = picture.has_near(x, y, 2, viridis(f64::from(value) / 100.0), 1);
            assert!(seen, "cell {column} {row} of {value} at scale {scale}");
        }
    }
}

#[test]
fn a_value_between_two_gaps_is_seen_in_both_pictures() {
    let points: Vec<[f64; 2]> = (0..21).map(|x| [f64::from(x), if x == 10 { 5.0 } else { f64::NAN }]).collect();
    let mut one = figure(Layer::Line { label: String::new(), ink: INK, points });
    one.x.range = Some([0.0, 20.0]);
    let (picture, [left, top, width, height]) = exported(&one, 1.0);
    assert!(picture.has_near(left + width / 2.0, top + height / 4.0, 1, ink(), 90));
    let mut screen = screen(one, 1.0);
    let output = screen.settle(0);
    let at = transform(&screen).position_from_point(&egui_plot::PlotPoint::new(10.0, 5.0));
    assert!(screen.picture(output).has_near(f64::from(at.x), f64::from(at.y), 1, ink(), 90));
}

#[test]
fn the_tree_s_search_leaves_what_has_all_the_words() {
    use egui_kittest::kittest::Queryable;
    let mut desk = super::window_clicks::Desk::at(made_up::full());
    desk.window.key_press_modifiers(Modifiers::COMMAND, egui::Key::F);
    desk.settle();
    desk.window.get_by_label("Find an item").type_text("view rms");
    desk.settle();
    assert!(desk.window.query_by_label_contains("RMS, view 0, ").is_some());
    assert!(desk.window.query_by_label_contains("Drift profile, ").is_none(), "it has none of the words");
    assert!(desk.window.query_by_label_contains("Task Purity, ").is_none(), "a branch with nothing found");
    desk.window.key_press(egui::Key::Enter);
    desk.settle();
    assert!(desk.window.state().on_screen().iter().any(|item| item.item == "rms_view_0"));
    desk.window.key_press_modifiers(Modifiers::COMMAND, egui::Key::F);
    desk.settle();
    desk.window.key_press(egui::Key::Escape);
    desk.settle();
    assert!(desk.window.query_by_label_contains("Drift profile, ").is_some(), "Esc shows all items again");
}
