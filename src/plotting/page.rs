//! The Monitor page as one picture: what the window shows, for a place without a display.

use std::sync::Arc;

use jiff::Timestamp;
use monitasks::figure::Figure;
use monitasks::vocab::Run;

use super::canvas::{Area, Canvas, Hang, Words, fit, text_width, wrap};
use super::palette::{self, Ground, Look, Rgb};
use super::side::{run_card, task_tree};
use super::svg::{draw as draw_figure, footer};
use crate::snapshot::{Backend, FigureKey, RunRow, Snapshot, TaskNode};

/// What the parts of the page need to draw themselves.
#[derive(Debug, Clone, Copy)]
pub struct Sheet<'a> {
    /// The moment.
    pub snapshot: &'a Snapshot,
    /// Colours of the ground.
    pub ground: Ground,
    /// Which look.
    pub look: Look,
}

/// The page's size, px: nine figures can be read at it.
pub const SIZE: (u32, u32) = (1760, 1080);
/// Figures on the page, unless more are asked for.
const MOST_FIGURES: usize = 9;
/// Space between the parts of the page, px.
const GAP: f64 = 8.0;
const TREE_WIDTH: f64 = 320.0;
const CARD_WIDTH: f64 = 300.0;
const HEADER: f64 = 44.0;
const TIME_LINE: f64 = 96.0;
/// Runs on the time line; earlier ones are counted.
const MOST_RUNS: usize = 40;

/// Which figures the page shows when nobody has chosen: the first items of every task in turn, in the order of the tree, so
/// that each task is there.
#[must_use]
pub fn page_keys(snapshot: &Snapshot) -> Vec<FigureKey> {
    let longest = snapshot.tasks.iter().map(|task| task.items.len()).max().unwrap_or(0);
    let in_turn = (0..longest).flat_map(|rank| snapshot.tasks.iter().enumerate().map(move |(place, task)| (place, rank, task)));
    let mut chosen: Vec<_> = in_turn.filter(|(_, rank, task)| *rank < task.items.len()).take(MOST_FIGURES).collect();
    chosen.sort_by_key(|(place, rank, _)| (*place, *rank));
    let key = |rank: usize, task: &TaskNode| FigureKey::newest(&task.name, &task.items[rank].name);
    chosen.into_iter().map(|(_, rank, task)| key(rank, task)).collect()
}

/// The Monitor page as an SVG document: header, task tree with states and last values, the figures `shown` (the snapshot
/// should hold them), the card of the run that they show or of the newest, time line.
#[must_use]
pub fn monitor_page(snapshot: &Snapshot, shown: &[FigureKey], look: Look) -> String {
    signed_page(snapshot, shown, look, &[])
}

/// The same with a quiet footer of these parts.
#[must_use]
pub fn signed_page(snapshot: &Snapshot, shown: &[FigureKey], look: Look, parts: &[String]) -> String {
    let size = SIZE;
    let sheet = Sheet { snapshot, ground: palette::ground(look), look };
    let mut canvas = Canvas::default();
    let whole = Area { x: 0.0, y: 0.0, w: f64::from(size.0), h: f64::from(size.1) };
    let (width, mut height) = (whole.w, whole.h);
    if !parts.is_empty() {
        height = footer(&mut canvas, parts, Area { x: 14.0, w: width - 28.0, h: height - 6.0, ..whole }, look).bottom() + GAP;
    }
    header(&mut canvas, sheet, Area { x: 0.0, y: 0.0, w: width, h: HEADER });
    let mut top = HEADER + GAP;
    for banner in snapshot.banners.iter().take(3) {
        top = banner_line(
            &mut canvas,
            sheet,
            (banner.is_fault, &banner.text),
            Area { x: GAP, y: top, w: width - 2.0 * GAP, h: 24.0 },
        );
    }
    let line = Area { x: GAP, y: height - TIME_LINE - GAP, w: width - 2.0 * GAP, h: TIME_LINE };
    let body = (line.y - GAP - top).max(100.0);
    task_tree(&mut canvas, sheet, Area { x: GAP, y: top, w: TREE_WIDTH, h: body });
    let card = Area { x: width - GAP - CARD_WIDTH, y: top, w: CARD_WIDTH, h: body };
    let run = shown.iter().find_map(|key| key.run).and_then(|run| snapshot.run(run)).or(snapshot.runs.last());
    run_card(&mut canvas, sheet, card, run);
    let x = TREE_WIDTH + 2.0 * GAP;
    figures(&mut canvas, sheet, shown, Area { x, y: top, w: card.x - GAP - x, h: body });
    time_line(&mut canvas, sheet, line, run.map(|row| row.run));
    canvas.finish(size, sheet.ground.page, "dqmon: Monitor")
}

fn header(canvas: &mut Canvas, sheet: Sheet<'_>, area: Area) {
    let (ground, snapshot) = (sheet.ground, sheet.snapshot);
    canvas.rect(area, ground.card, 0.0);
    let base = area.y + 28.0;
    canvas.text((14.0, base), Words::new(18.0, ground.text), "dqmon");
    let detector = snapshot.workspace.as_ref().map_or("no workspace", |facts| facts.detector.title.as_str());
    canvas.text((90.0, base), Words::new(13.0, ground.text), &fit(detector, 13.0, 420.0));
    let x = 90.0 + text_width(&fit(detector, 13.0, 420.0), 13.0) + 24.0;
    let root = snapshot.workspace.as_ref().map_or_else(String::new, |facts| facts.root.display().to_string());
    canvas.text((x, base), Words::new(12.0, ground.muted), &fit(&root, 12.0, area.w * 0.3));
    let stamp = format!("{} UTC", moment(snapshot.taken_at));
    canvas.text((area.w - 14.0, base), Words::new(14.0, ground.text).hang(Hang::End), &stamp);
    let (words, colour) = backend_words(sheet);
    let right = area.w - 14.0 - text_width(&stamp, 14.0) - 28.0;
    canvas.text((right, base), Words::new(12.0, colour).hang(Hang::End), &words);
}

fn backend_words(sheet: Sheet<'_>) -> (String, Rgb) {
    use monitasks::quality::State;
    let colour = |state| palette::state(state, sheet.look).colour;
    let now = sheet.snapshot.taken_at;
    match &sheet.snapshot.backend {
        Backend::Running { owner, heartbeat } => {
            (format!("✔ backend {owner}, heartbeat {}", age(*heartbeat, now)), colour(State::Ok))
        }
        Backend::Lost { owner, heartbeat } => {
            (format!("✖ backend {owner} lost, heartbeat {}", age(*heartbeat, now)), colour(State::Bad))
        }
        Backend::Stopped => ("○ no backend runs".to_owned(), colour(State::NoData)),
        Backend::Unknown => ("○ backend not known".to_owned(), colour(State::NoData)),
    }
}

fn banner_line(canvas: &mut Canvas, sheet: Sheet<'_>, banner: (bool, &str), area: Area) -> f64 {
    use monitasks::quality::State;
    let (is_fault, text) = banner;
    let style = palette::state(if is_fault { State::Bad } else { State::Maybe }, sheet.look);
    canvas.rect(area, sheet.ground.card, 4.0);
    canvas.frame(area, style.colour, 4.0);
    let words = format!("{}  {text}", if is_fault { '✖' } else { '⚠' });
    canvas.text((area.x + 10.0, area.y + 16.5), Words::new(12.0, style.colour), &fit(&words, 12.0, area.w - 20.0));
    area.bottom() + GAP
}

/// The figures in a grid that keeps them wider than high.
fn figures(canvas: &mut Canvas, sheet: Sheet<'_>, shown: &[FigureKey], area: Area) {
    if shown.is_empty() {
        canvas.rect(area, sheet.ground.card, 6.0);
        let words = Words::new(14.0, sheet.ground.muted).hang(Hang::Middle);
        return canvas.text((area.x + area.w / 2.0, area.y + area.h / 2.0), words, "No plot is chosen.");
    }
    let columns = match shown.len() {
        1 => 1,
        2..=4 => 2,
        5..=9 => 3,
        _ => 4,
    };
    let rows = shown.len().div_ceil(columns);
    let height = (area.h - GAP * (rows - 1) as f64) / rows as f64;
    for (index, key) in shown.iter().enumerate() {
        let (column, row) = (index % columns, index / columns);
        // The last row shares the width among the figures it has.
        let in_row = (shown.len() - row * columns).min(columns);
        let width = (area.w - GAP * (in_row - 1) as f64) / in_row as f64;
        let cell =
            Area { x: area.x + column as f64 * (width + GAP), y: area.y + row as f64 * (height + GAP), w: width, h: height };
        canvas.rect(cell, sheet.ground.card, 6.0);
        let made: Option<&Arc<Figure>> = sheet.snapshot.figures.get(key);
        let missing = || Figure::empty(format!("{}/{}", key.task, key.item), "This plot has not been made yet.");
        let figure = made.map_or_else(missing, |figure| (**figure).clone());
        draw_figure(canvas, &figure, cell.inset(10.0), sheet.look, if columns > 2 { 10.5 } else { 12.0 });
    }
}

/// The runs in order, each in the colour of its flag.
fn time_line(canvas: &mut Canvas, sheet: Sheet<'_>, area: Area, chosen: Option<Run>) {
    let (ground, runs) = (sheet.ground, &sheet.snapshot.runs);
    canvas.rect(area, ground.card, 6.0);
    let earlier = runs.len().saturating_sub(MOST_RUNS);
    let title = if earlier > 0 { format!("Runs ({earlier} earlier ones not shown)") } else { "Runs".to_owned() };
    canvas.text((area.x + 12.0, area.y + 18.0), Words::new(12.0, ground.muted), &title);
    let line = Area { x: area.x + 12.0, y: area.y + 26.0, w: area.w - 24.0, h: area.h - 36.0 };
    if runs.is_empty() {
        let words = "No run yet. The first appears when its first raw file has been closed by the DAQ.";
        return canvas.text((line.x, line.y + 24.0), Words::new(12.0, ground.muted), words);
    }
    let shown = &runs[earlier..];
    let width = (line.w / shown.len() as f64).min(260.0);
    for (place, row) in shown.iter().enumerate() {
        let cell = Area { x: line.x + place as f64 * width, y: line.y, w: width - 4.0, h: line.h };
        run_cell(canvas, sheet, cell, row, chosen == Some(row.run));
    }
}

fn run_cell(canvas: &mut Canvas, sheet: Sheet<'_>, cell: Area, row: &RunRow, is_chosen: bool) {
    let style = palette::flag(row.flag, sheet.look);
    canvas.rect(cell, sheet.ground.plot, 4.0);
    canvas.rect(Area { h: 6.0, ..cell }, style.colour, 2.0);
    if is_chosen {
        canvas.frame(cell, style.colour, 4.0);
    }
    let room = cell.w - 12.0;
    let name = format!("{} {} {}", style.glyph, row.run, row.flag.word());
    let name = if text_width(&name, 12.0) <= room { name } else { format!("{}{}", style.glyph, row.run.0) };
    canvas.text((cell.x + 6.0, cell.y + 24.0), Words::new(12.0, style.colour), &fit(&name, 12.0, room));
    let files = format!("{} {}", row.files.len(), if row.files.len() == 1 { "file" } else { "files" });
    let facts = format!("{} · {files}", row.start.map_or_else(|| "start not known".to_owned(), minute));
    if let Some(line) = wrap(&facts, 10.5, room, 1).first().filter(|_| room > 60.0) {
        canvas.text((cell.x + 6.0, cell.y + 42.0), Words::new(10.5, sheet.ground.muted), line);
    }
}

/// `2017-06-20 14:03:22`.
#[must_use]
pub fn moment(stamp: Timestamp) -> String {
    stamp.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `2017-06-20 14:03`.
#[must_use]
pub fn minute(stamp: Timestamp) -> String {
    stamp.strftime("%Y-%m-%d %H:%M").to_string()
}

/// How long ago, in the largest unit that tells: `3 min ago`.
#[must_use]
pub fn age(stamp: Timestamp, now: Timestamp) -> String {
    match now.as_second().saturating_sub(stamp.as_second()) {
        ..0 => "in the future".to_owned(),
        seconds @ 0..120 => format!("{seconds} s ago"),
        seconds @ 120..7_200 => format!("{} min ago", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h ago", seconds / 3_600),
        seconds => format!("{} d ago", seconds / 86_400),
    }
}
