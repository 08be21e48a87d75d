//! Dragging along the line of a replay: a month of slow control and a night's runs, brought to one instant after the other by a
//! thread of its own, and the window's frames meanwhile. A part of `make bench BENCH="--replay"`.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use dqmon::config::Workspace;
use dqmon::gui::UiState;
use dqmon::replay::PastShift;
use dqmon::snapshot::FigureKey;
use jiff::{SignedDuration, Timestamp};

use crate::made_up::wobble;
use crate::painted::Screen;
use crate::process;
use crate::report::{Report, Row};
use crate::window::add_times;

const DQMON: &str = env!("CARGO_BIN_EXE_dqmon");
const DAYS: i64 = 30;
/// Instants that are asked for.
const INSTANTS: usize = 300;
/// What the window shows: readings of a month, and plots of the night's runs.
const WATCHED: [(&str, &str); 4] =
    [("lem_supply", "voltage_trend"), ("purity", "lifetime_trend"), ("lem_gain", "map"), ("charge_asymmetry", "by_lem")];

/// Measures it.
pub fn run(report: &mut Report) {
    let folder = tempfile::tempdir().unwrap();
    let night = folder.path().join("night");
    process::run(DQMON, &["demo", "--night", night.to_str().unwrap()], None);
    let rows = add_a_month(&night.join("results/lem_supply"));
    let workspace = Workspace::open(&night).unwrap();
    let began = Instant::now();
    let mut past = PastShift::of_workspace(&workspace).unwrap();
    let mut add = |what: &str, ours: f64, unit: &'static str| {
        report.add(Row { what: format!("replay of {rows} readings of 24 values: {what}"), ours, unit, peer: None, goal: None });
    };
    add("opened", began.elapsed().as_secs_f64(), "s");
    let keys: Vec<FigureKey> = WATCHED.iter().map(|(task, item)| FigureKey::newest(*task, *item)).collect();
    past.live().watch(keys);
    let (first, last) = past.span();
    let span_s = last.duration_since(first).as_secs();
    let instant = |number: usize| {
        let part = (wobble(number, 11) + 1.0) / 2.0;
        first + SignedDuration::from_secs((span_s as f64 * part.clamp(0.0, 1.0)) as i64)
    };
    let whole = past.snapshot(last).unwrap();
    let missing = WATCHED.iter().filter(|(task, item)| !whole.figures.contains_key(&FigureKey::newest(*task, *item))).count();
    assert_eq!(missing, 0, "plots that are not there");
    let mut screen = Screen::of(whole, UiState::default(), [1600.0, 1000.0], 1.0);
    screen.settle(0);
    let (slot, is_over) = (screen.side.snapshot.clone(), AtomicBool::new(false));
    let (brought, frames) = std::thread::scope(|scope| {
        let is_over = &is_over;
        let bringing = scope.spawn(move || {
            let times = (0..INSTANTS).map(|number| {
                let began = Instant::now();
                slot.store(Arc::new(past.snapshot(instant(number)).unwrap()));
                let took = began.elapsed();
                // A hand gives sixty places a second at most.
                std::thread::sleep(Duration::from_micros(16_667).saturating_sub(took));
                took.as_secs_f64() * 1e3
            });
            let times: Vec<f64> = times.collect();
            is_over.store(true, Ordering::Relaxed);
            times
        });
        let mut frames = Vec::new();
        while !is_over.load(Ordering::Relaxed) {
            let began = Instant::now();
            let output = screen.step(Vec::new());
            std::hint::black_box(screen.ctx.tessellate(output.shapes, output.pixels_per_point));
            frames.push(began.elapsed().as_secs_f64() * 1e3);
            std::thread::sleep(Duration::from_micros(16_667).saturating_sub(began.elapsed()));
        }
        (bringing.join().unwrap(), frames)
    });
    add_times(report, "brought to an instant of the month, anywhere", brought, [None, None]);
    add_times(report, "a frame of the window meanwhile", frames, [Some(16.7), Some(16.7)]);
}

/// A file each quarter of an hour, a row a minute, for the days before the night; each with its time.
fn add_a_month(folder: &Path) -> usize {
    let example = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let head = fs::read_to_string(example).unwrap().lines().next().unwrap().to_owned();
    let night: Timestamp = "2016-11-20T20:00:00Z".parse().unwrap();
    let mut rows = 0;
    for quarter in 0..DAYS * 96 {
        let start = night - SignedDuration::from_mins(15 * (quarter + 1));
        let mut text = head.clone() + "\n";
        for minute in 0..15 {
            rows += 1;
            let value = |column: usize, middle: f64| middle + 0.3 * wobble(rows, column as u64);
            let cells: Vec<String> =
                (0..24).map(|column| format!("{:.1}", value(column, if column < 12 { 2900.0 } else { 3.0 }))).collect();
            text += &format!("{},{}\n", start + SignedDuration::from_mins(minute), cells.join(","));
        }
        let path = folder.join(start.strftime("%Y-%m-%dT%H%M.csv").to_string());
        let mut file = fs::File::create(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let end = (start + SignedDuration::from_mins(15)).as_second() as u64;
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(end)).unwrap();
    }
    rows
}
