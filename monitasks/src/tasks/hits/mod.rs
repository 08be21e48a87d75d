//! Hits: which strips have them, their charge, width and time, and how many an event has, from `results/events/`.

mod by_strip;

use super::event_result::{EventResult, FOLDER, SUFFIX, mean, number, of_views, steps};
use super::provenance::members_note;
use super::shown::{Shown, titled};
use super::trend::{Series, trend};
use super::{item, nothing_to_draw, nothing_to_glance, unchecked};
use crate::figure::{Axis, Figure, Ink};
use crate::summary::{Column, Measured, Summary, Table};
use crate::task::{Glance, MonTask, ReadError, ResultFile, TaskContext, TaskInfo};
use crate::vocab::View;

/// A quantity of hits: its item, its histogram of each view, its axis, and the digits of its mean in the tree.
struct Quantity {
    item: &'static str,
    title: &'static str,
    histograms: [&'static str; 2],
    axis: (&'static str, &'static str),
    digits: usize,
}

const QUANTITIES: [Quantity; 3] = [
    Quantity {
        item: "charge",
        title: "Charge of hits",
        histograms: ["hit_charge_view0", "hit_charge_view1"],
        axis: ("charge", "fC"),
        digits: 2,
    },
    Quantity {
        item: "width",
        title: "Width of hits",
        histograms: ["hit_width_view0", "hit_width_view1"],
        axis: ("time above threshold", "us"),
        digits: 2,
    },
    Quantity {
        item: "time",
        title: "Drift time of hits",
        histograms: ["hit_time_view0", "hit_time_view1"],
        axis: ("drift time", "us"),
        digits: 0,
    },
];

/// The hits task.
pub struct Hits {
    info: TaskInfo,
}

impl Hits {
    /// The task.
    #[must_use]
    pub fn new() -> Self {
        let info = TaskInfo {
            name: "hits".into(),
            title: "Hits".into(),
            about: "Pulses on strips that the reconstruction found: what the detector saw before anything is made of it.".into(),
            folder: FOLDER.into(),
            suffix: SUFFIX.into(),
            poll_s: 30.0,
            items: vec![
                item(
                    "by_strip",
                    "Hits by strip",
                    "Hits of each strip in an event, latest result. Smooth inside a view; a hole is a dead strip, card or LEM, a \
                     strip that stands out is noisy.",
                ),
                item(
                    "charge",
                    "Charge",
                    "Charge of hits, latest result. A hill at the charge of a muon on a strip; a rise at zero is noise taken for hits.",
                ),
                item(
                    "width",
                    "Width",
                    "Time above threshold of hits, latest result. One hill, alike in both views; very short ones are noise.",
                ),
                item(
                    "time",
                    "Drift time",
                    "Drift time of hits, latest result. Flat up to the full drift; what falls with the time is lost charge, and \
                     nothing should lie behind the cathode.",
                ),
                item("trend", "Hits per event", "Mean number of hits of each view in an event against time. Steady."),
            ],
        };
        Hits { info }
    }
}

impl Default for Hits {
    fn default() -> Self {
        Hits::new()
    }
}

impl MonTask for Hits {
    fn info(&self) -> &TaskInfo {
        &self.info
    }

    /// Tables: `hits_v0` and `hits_v1`, a row per strip; a table for each histogram of charge, width and time; `numbers`, `means`.
    fn read(&self, input: &ResultFile<'_>, context: &TaskContext<'_>) -> Result<Summary, ReadError> {
        let mut result = EventResult::read(input, context)?;
        // First: from this the checks take how many entries there are.
        let hits = |view: u8| result.found.number(&format!("hits_view{view}"));
        let counts = vec![Column::new("entries_v0", "", vec![hits(0)]), Column::new("entries_v1", "", vec![hits(1)])];
        result.summary.tables.push(Table { name: "hits".into(), columns: counts });
        result.take_numbers(&["events", "hits_per_event_view0", "hits_per_event_view1"]);
        for view in View::ALL {
            let table = by_strip::table(&result.found, view, context.detector)?;
            result.summary.tables.push(table);
        }
        for name in QUANTITIES.iter().flat_map(|quantity| quantity.histograms) {
            result.take(name)?;
        }
        Ok(result.summary)
    }

    fn draw(&self, item: &str, history: &[&Summary], context: &TaskContext<'_>) -> Figure {
        let shown = Shown::of(history);
        let quantity = QUANTITIES.iter().find(|quantity| quantity.item == item);
        match (item, quantity, shown.latest()) {
            (_, Some(quantity), Some(latest)) => draw_quantity(quantity, latest),
            ("by_strip", _, Some(latest)) => by_strip::draw(latest, context.detector),
            ("trend", _, Some(latest)) => draw_trend(&shown, latest),
            _ => nothing_to_draw(&self.info, item),
        }
    }

    fn glance(&self, item: &str, history: &[&Summary], context: &TaskContext<'_>) -> Glance {
        let shown = Shown::of(history);
        let quantity = QUANTITIES.iter().find(|quantity| quantity.item == item);
        match (item, quantity, shown.latest()) {
            (_, Some(quantity), Some(latest)) => {
                let means = quantity.histograms.map(|name| mean(latest, name));
                let text = of_views(means, quantity.digits, quantity.axis.1);
                let what = format!("mean {} of hits in view 0 / view 1", quantity.axis.0);
                unchecked(text, &what, latest, Measured::mean(means))
            }
            ("by_strip", _, Some(latest)) => by_strip::glance(latest, context.detector),
            ("trend", _, Some(latest)) => {
                let means = View::ALL.map(|view| per_event(latest, view));
                unchecked(of_views(means, 1, ""), "hits per event in view 0 / view 1", latest, Measured::mean(means))
            }
            _ => nothing_to_glance(&self.info, item),
        }
    }
}

/// Mean number of hits in an event.
fn per_event(summary: &Summary, view: View) -> Measured {
    number(summary, &format!("hits_per_event_view{}", u8::from(view)))
}

/// One over the number of events; none for no event.
fn by_event(summary: &Summary) -> Option<f64> {
    number(summary, "events").value().filter(|events| *events > 0.0).map(f64::recip)
}

fn draw_quantity(quantity: &Quantity, latest: &Summary) -> Figure {
    let (label, unit) = quantity.axis;
    let axes = (Axis::linear(label, unit), Axis::linear("hits of an event in a bin", ""));
    let mut figure = Figure::new(titled(quantity.title, &latest.name()), axes.0, axes.1);
    let factor = by_event(latest).unwrap_or(f64::NAN);
    for (view, name) in View::ALL.iter().zip(quantity.histograms) {
        let layer = steps(latest, name, factor, view.to_string(), Ink::Series(u8::from(*view)));
        figure.notes.push(format!("{view}: mean {}", mean(latest, name).words(unit)));
        figure.layers.extend(layer);
    }
    finish(&mut figure, latest);
    figure
}

/// The words below, and why there is nothing to see.
fn finish(figure: &mut Figure, latest: &Summary) {
    figure.notes.push(members_note(latest));
    figure.notes.extend(latest.provenance.remarks.iter().cloned());
    if figure.layers.is_empty() {
        figure.empty = Some(format!("NO DATA: no hit in {}", latest.name()));
    }
}

fn draw_trend(shown: &Shown<'_>, latest: &Summary) -> Figure {
    let series = View::ALL.map(|view| Series {
        label: view.to_string(),
        ink: Ink::Series(u8::from(view)),
        has_error_bars: true,
        value: Box::new(move |summary| per_event(summary, view)),
    });
    let mut figure = trend("Hits per event", Axis::linear("hits per event", ""), shown, &series);
    figure.notes.push(members_note(latest));
    figure.notes.extend(latest.provenance.remarks.iter().cloned());
    figure
}
