//! The plots of a report: those that checks find fault with, the official ones, and trends over the runs that wait for a
//! decision. Results are read afresh, on the thread of whoever asks.

use std::collections::BTreeMap;

use jiff::Timestamp;
use monitasks::figure::{Across, Figure, Ink, Layer, Scale};
use monitasks::quality::State;
use monitasks::vocab::Run;

use super::export_command::ReportPictures;
use crate::config::Workspace;
use crate::decisions::page::{Picture as PagePicture, Pictures};
use crate::live::{EVENT_DISPLAY, EventLook, Live, SignedPlot};
use crate::plotting::{self, Look};
use crate::snapshot::provenance::{BookHead, ExportKind, ExportedFacts, PlotFacts, Provenance, SourceFacts};
use crate::snapshot::{FigureKey, Snapshot};

/// Most plots in a report, and most bytes of all of them together.
const MOST: usize = 24;
const MOST_BYTES: usize = 8 << 20;
/// Size of a plot and of an excerpt, pixels.
const SIZE: (u32, u32) = (900, 520);
const EXCERPT: (u32, u32) = (900, 360);
/// Results before the first undecided run that an excerpt begins with, and runs that are marked in it.
const BEFORE: usize = 10;
const MOST_MARKS: usize = 16;

/// Where the plots come from beside the results.
pub struct Behind {
    /// The ends of the book's chains.
    pub book: Vec<BookHead>,
    /// When and by whom the report is made.
    pub exported: ExportedFacts,
}

/// A plot that is wanted, and why.
struct Wanted {
    key: FigureKey,
    why: String,
    is_excerpt: bool,
}

/// The plots of a report, `undecided` being the runs that wait for a decision. What can't be drawn is told in it.
#[must_use]
pub fn report_pictures(workspace: &Workspace, which: ReportPictures, undecided: &[Run], behind: &Behind) -> Pictures {
    if which == ReportPictures::None {
        return Pictures::default();
    }
    let now = behind.exported.at;
    let mut live = match Live::read_workspace(workspace, &EventLook::default(), now) {
        Ok(live) => live,
        Err(error) => return Pictures { faults: vec![format!("No plot was drawn: {error}")], ..Pictures::default() },
    };
    let snapshot = live.snapshot(now);
    let official = official(&snapshot, &workspace.settings.meeting.plots);
    let mut wanted = Vec::new();
    if which == ReportPictures::Findings {
        wanted.extend(findings(&snapshot));
    }
    for key in &official {
        let is_there = wanted.iter().any(|known: &Wanted| known.key == *key);
        wanted.extend((!is_there).then(|| Wanted { key: key.clone(), why: "official plot".into(), is_excerpt: false }));
    }
    if which == ReportPictures::Findings && !undecided.is_empty() {
        wanted.extend(trends(&snapshot));
    }
    let source = SourceFacts { book: behind.book.clone(), ..live.source() };
    draw(&mut live, &snapshot, wanted, (undecided, &source, &behind.exported), now)
}

/// The plots of the settings, else the first of each task that has results.
fn official(snapshot: &Snapshot, plots: &[String]) -> Vec<FigureKey> {
    let of_settings = plots.iter().filter_map(|plot| plot.split_once('/')).map(|(task, item)| FigureKey::newest(task, item));
    if !plots.is_empty() {
        return of_settings.collect();
    }
    let tasks = snapshot.tasks.iter().filter(|task| task.results > 0 && task.name != EVENT_DISPLAY);
    tasks.filter_map(|task| Some(FigureKey::newest(&task.name, &task.items.first()?.name))).collect()
}

/// The plots that are BAD or MAYBE now, the worst first, and those with an alarm that is not over.
fn findings(snapshot: &Snapshot) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for state in [State::Bad, State::Maybe] {
        for task in &snapshot.tasks {
            for item in task.items.iter().filter(|item| item.glance.state == state) {
                let why = format!("{}: {}", state.words(), item.glance.reason.replace('\n', "; "));
                wanted.push(Wanted { key: FigureKey::newest(&task.name, &item.name), why, is_excerpt: false });
            }
        }
    }
    for alarm in &snapshot.people.alarms {
        let key = FigureKey::newest(&alarm.item.0, &alarm.item.1);
        if !wanted.iter().any(|known| known.key == key) {
            wanted.push(Wanted { key, why: format!("alarm: {}", alarm.says), is_excerpt: false });
        }
    }
    wanted
}

/// Every item: which of them are trends is seen when they are drawn, and the first of each task is taken.
fn trends(snapshot: &Snapshot) -> impl Iterator<Item = Wanted> {
    let tasks = snapshot.tasks.iter().filter(|task| task.results > 0 && task.name != EVENT_DISPLAY);
    let items = tasks.flat_map(|task| task.items.iter().map(|item| FigureKey::newest(&task.name, &item.name)));
    items.map(|key| Wanted { key, why: "trend over the undecided runs".into(), is_excerpt: true })
}

fn draw(
    live: &mut Live,
    snapshot: &Snapshot,
    wanted: Vec<Wanted>,
    (undecided, source, exported): (&[Run], &SourceFacts, &ExportedFacts),
    now: Timestamp,
) -> Pictures {
    let mut pictures = Pictures::default();
    let mut bytes = 0;
    let mut excerpts_of: Vec<String> = Vec::new();
    for Wanted { key, why, is_excerpt } in wanted {
        if is_excerpt && excerpts_of.contains(&key.task) {
            continue;
        }
        let name = format!("{}/{}", key.task, key.item);
        let Some(SignedPlot { figure, facts }) = live.signed(&key, now) else {
            pictures.faults.push(format!("There is no plot {name}."));
            continue;
        };
        let excerpt = if is_excerpt { excerpt(&figure, &facts, undecided) } else { None };
        if is_excerpt && excerpt.is_none() {
            continue;
        }
        if pictures.shown.len() >= MOST || bytes >= MOST_BYTES {
            pictures.left_out += 1;
            continue;
        }
        if is_excerpt {
            excerpts_of.push(key.task.clone());
        }
        let mut provenance = Provenance::new(ExportKind::Plot, &figure.title, source.clone(), exported.clone());
        provenance.plots = vec![facts];
        let size = if is_excerpt { EXCERPT } else { SIZE };
        let how = plotting::Picture { size, look: Look::Light };
        match plotting::report_picture(excerpt.as_ref().unwrap_or(&figure), &provenance, how) {
            Ok(png) => {
                bytes += png.len();
                pictures.shown.push(PagePicture { title: title(snapshot, &key), why, png, words: provenance.words() });
            }
            Err(error) => pictures.faults.push(format!("{name} was not drawn: {error}")),
        }
    }
    pictures
}

/// `Purity: Lifetime trend`.
fn title(snapshot: &Snapshot, key: &FigureKey) -> String {
    let task = snapshot.task(&key.task);
    let item = task.and_then(|task| task.items.iter().find(|item| item.name == key.item));
    match (task, item) {
        (Some(task), Some(item)) => format!("{}: {}", task.title, item.title),
        _ => format!("{}: {}", key.task, key.item),
    }
}

/// The part of a trend from a little before the first undecided run on, with those runs marked; none of a plot that is no trend,
/// or shows none of them.
fn excerpt(figure: &Figure, facts: &PlotFacts, undecided: &[Run]) -> Option<Figure> {
    if figure.x.scale != Scale::UtcTime || figure.empty.is_some() {
        return None;
    }
    let mut stamps: BTreeMap<Run, f64> = BTreeMap::new();
    for result in facts.results.iter().rev() {
        let stamp = result.data_start.or(result.processed_at);
        if let (Some(run), Some(at)) = (result.run.filter(|run| undecided.contains(run)), stamp) {
            stamps.entry(run).or_insert(at.as_millisecond() as f64 / 1e3);
        }
    }
    let first = stamps.values().copied().reduce(f64::min)?;
    let mut all: Vec<f64> = figure.layers.iter().flat_map(places).collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    let at = all.partition_point(|x| *x < first - 0.5);
    let from = *all.get(at.saturating_sub(BEFORE))?;
    let mut part = figure.clone();
    part.x.range = None;
    for layer in &mut part.layers {
        match layer {
            Layer::Points { points, .. } => points.retain(|point| point.x >= from),
            Layer::Line { points, .. } => points.retain(|[x, _]| *x >= from || x.is_nan()),
            _ => {}
        }
    }
    for (run, at) in stamps.iter().rev().take(MOST_MARKS) {
        part.layers.push(Layer::Rule { label: run.to_string(), ink: Ink::Faint, across: Across::X, at: *at });
    }
    Some(part)
}

/// The x of a layer's points.
fn places(layer: &Layer) -> Vec<f64> {
    match layer {
        Layer::Points { points, .. } => points.iter().map(|point| point.x).filter(|x| x.is_finite()).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use monitasks::figure::{Axis, Point};

    use super::*;
    use crate::snapshot::provenance::ResultFacts;

    fn trend() -> (Figure, PlotFacts) {
        let points = (0..30).map(|run| Point { x: f64::from(run) * 100.0, y: 1.0, y_error: f64::NAN }).collect();
        let figure = Figure::new("Trend", Axis::utc_time("time"), Axis::linear("y", "")).with(Layer::Points {
            label: "a".into(),
            ink: Ink::Series(0),
            points,
        });
        let result = |run: u32| ResultFacts {
            run: Some(Run(run)),
            data_start: Timestamp::from_second(i64::from(run) * 100).ok(),
            ..ResultFacts::default()
        };
        (figure, PlotFacts { results: (0..30).rev().map(result).collect(), ..PlotFacts::default() })
    }

    #[test]
    fn an_excerpt_begins_a_little_before_the_first_undecided_run_and_marks_each() {
        let (figure, facts) = trend();
        let part = excerpt(&figure, &facts, &[Run(25), Run(28)]).unwrap();
        let Layer::Points { points, .. } = &part.layers[0] else { panic!("{part:?}") };
        assert_eq!((points[0].x, points.len()), (1_500.0, 15));
        let marks: Vec<f64> =
            part.layers.iter().filter_map(|layer| if let Layer::Rule { at, .. } = layer { Some(*at) } else { None }).collect();
        assert_eq!(marks, [2_800.0, 2_500.0]);
        assert_eq!(excerpt(&figure, &facts, &[Run(99)]), None);
        let other = Figure { x: Axis::linear("drift time", "us"), ..figure };
        assert_eq!(excerpt(&other, &facts, &[Run(25)]), None);
    }
}
