//! Tracks: how many an event has, how long they are, where they come from and where they come in, from `results/events/`.

mod entry;

use super::event_result::{EventResult, FOLDER, SUFFIX, mean, number, steps};
use super::provenance::members_note;
use super::shown::{Shown, titled};
use super::trend::{Series, trend};
use super::{item, nothing_to_draw, nothing_to_glance, unchecked};
use crate::figure::{Axis, Figure, Ink};
use crate::summary::{Column, Summary, Table};
use crate::task::{Glance, MonTask, ReadError, ResultFile, TaskContext, TaskInfo};

/// A quantity of matched tracks: its item, title, histogram and axis.
const QUANTITIES: [(&str, &str, &str, (&str, &str)); 3] = [
    ("length", "Length of tracks", "track_length", ("length", "cm")),
    ("zenith", "Angle of tracks to the vertical", "track_zenith", ("angle to the vertical", "deg")),
    ("azimuth", "Direction of tracks", "track_azimuth", ("azimuth, 0 along x, 90 along y", "deg")),
];

/// The numbers per event: name, and label of the series.
const COUNTED: [(&str, &str); 3] = [
    ("matched_per_event", "matched tracks"),
    ("tracks_per_event_view0", "2D tracks of view 0"),
    ("tracks_per_event_view1", "2D tracks of view 1"),
];

/// The tracks task.
pub struct Tracks {
    info: TaskInfo,
}

impl Tracks {
    /// The task.
    #[must_use]
    pub fn new() -> Self {
        let info = TaskInfo {
            name: "tracks".into(),
            title: "Tracks".into(),
            about: "Straight tracks of muons: whether both views see the same, and whether all of the readout plane does.".into(),
            folder: FOLDER.into(),
            suffix: SUFFIX.into(),
            poll_s: 30.0,
            items: vec![
                item(
                    "entry_map",
                    "Entry map",
                    "Where matched tracks come in, on the readout plane, latest result. Filled everywhere; a hole of a LEM's size is \
                     a LEM that is off.",
                ),
                item(
                    "length",
                    "Length",
                    "Length of matched tracks, latest result. Up to the height of the drift and some above it.",
                ),
                item(
                    "zenith",
                    "Angle to the vertical",
                    "Angle of matched tracks to the vertical, latest result. One hill of muons from the sky; its place depends on \
                     the trigger.",
                ),
                item(
                    "azimuth",
                    "Direction",
                    "Direction of matched tracks around the vertical, latest result. As far along x as against it, and along y as \
                     against it.",
                ),
                item(
                    "trend",
                    "Tracks per event",
                    "Mean number of tracks in an event against time. Steady; when the views part, one of them lost strips.",
                ),
            ],
        };
        Tracks { info }
    }
}

impl Default for Tracks {
    fn default() -> Self {
        Tracks::new()
    }
}

impl MonTask for Tracks {
    fn info(&self) -> &TaskInfo {
        &self.info
    }

    /// Tables: `tracks`, a table for each histogram, `track_entry` with its edges, `numbers`, `means`.
    fn read(&self, input: &ResultFile<'_>, context: &TaskContext<'_>) -> Result<Summary, ReadError> {
        let mut result = EventResult::read(input, context)?;
        let matched = vec![Column::new("tracks", "", vec![result.found.number("tracks_matched")])];
        result.summary.tables.push(Table { name: "tracks".into(), columns: matched });
        let names: Vec<&str> = COUNTED.iter().map(|(name, _)| *name).collect();
        result.take_numbers(&[names.as_slice(), &["events", "tracks_matched"]].concat());
        for (_, _, histogram, _) in QUANTITIES {
            result.take(histogram)?;
        }
        let tables = entry::tables(&result.found)?;
        result.summary.tables.extend(tables);
        Ok(result.summary)
    }

    fn draw(&self, item: &str, history: &[&Summary], context: &TaskContext<'_>) -> Figure {
        let shown = Shown::of(history);
        let quantity = QUANTITIES.iter().find(|quantity| quantity.0 == item);
        match (item, quantity, shown.latest()) {
            (_, Some((_, title, histogram, axis)), Some(latest)) => draw_quantity(title, histogram, *axis, latest),
            ("entry_map", _, Some(latest)) => entry::draw(latest, context.detector),
            ("trend", _, Some(latest)) => draw_trend(&shown, latest),
            _ => nothing_to_draw(&self.info, item),
        }
    }

    fn glance(&self, item: &str, history: &[&Summary], _context: &TaskContext<'_>) -> Glance {
        let shown = Shown::of(history);
        let quantity = QUANTITIES.iter().find(|quantity| quantity.0 == item);
        match (item, quantity, shown.latest()) {
            ("entry_map" | "azimuth", _, Some(latest)) => {
                let tracks = number(latest, "tracks_matched");
                let text = tracks.value().map_or_else(|| tracks.words(""), |tracks| format!("{tracks:.0} tracks"));
                unchecked(text, "matched tracks", latest, tracks)
            }
            (_, Some((_, _, histogram, (label, unit))), Some(latest)) => {
                let mean = mean(latest, histogram);
                unchecked(mean.words(unit), &format!("mean {label} of matched tracks"), latest, mean)
            }
            ("trend", _, Some(latest)) => {
                let mean = number(latest, COUNTED[0].0);
                unchecked(mean.words(""), "matched tracks per event", latest, mean)
            }
            _ => nothing_to_glance(&self.info, item),
        }
    }
}

fn draw_quantity(title: &str, histogram: &str, (label, unit): (&str, &str), latest: &Summary) -> Figure {
    let axes = (Axis::linear(label, unit), Axis::linear("matched tracks in a bin", ""));
    let mut figure = Figure::new(titled(title, &latest.name()), axes.0, axes.1);
    figure.layers.extend(steps(latest, histogram, 1.0, "matched tracks", Ink::Series(0)));
    figure.notes.push(format!("mean {}", mean(latest, histogram).words(unit)));
    finish(&mut figure, latest);
    figure
}

/// The words below, and why there is nothing to see.
fn finish(figure: &mut Figure, latest: &Summary) {
    let matched = number(latest, "tracks_matched");
    let count = matched.value().map_or_else(|| matched.words(""), |count| format!("{count:.0}"));
    figure.notes.push(format!("matched tracks: {count}"));
    figure.notes.push(members_note(latest));
    figure.notes.extend(latest.provenance.remarks.iter().cloned());
    if figure.layers.is_empty() {
        figure.empty = Some(format!("NO DATA: no matched track in {}", latest.name()));
    }
}

fn draw_trend(shown: &Shown<'_>, latest: &Summary) -> Figure {
    let series = [0u8, 1, 2].map(|place| {
        let (name, label) = COUNTED[usize::from(place)];
        Series {
            label: label.into(),
            ink: Ink::Series(place),
            has_error_bars: true,
            value: Box::new(move |summary| number(summary, name)),
        }
    });
    let mut figure = trend("Tracks per event", Axis::linear("tracks per event", ""), shown, &series);
    figure.notes.push(members_note(latest));
    figure.notes.extend(latest.provenance.remarks.iter().cloned());
    figure
}
