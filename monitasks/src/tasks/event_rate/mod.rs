//! Event rate: how many events come in a second, the times between them, gaps and what is missing, from `results/events/`.

use super::event_result::{EventResult, FOLDER, SUFFIX, contents, number, steps};
use super::provenance::members_note;
use super::shown::{Shown, titled};
use super::trend::{Series, trend};
use super::{item, nothing_to_draw, nothing_to_glance, unchecked};
use crate::figure::{Across, Axis, Figure, Ink, Layer, Scale};
use crate::summary::{Measured, Summary};
use crate::task::{Glance, MonTask, ReadError, ResultFile, TaskContext, TaskInfo};

/// Bins of time of which less than this part was watched give no rate.
const LEAST_WATCHED: f64 = 0.25;

/// What may be missing: name and label.
const LOSSES: [(&str, &str); 5] = [
    ("gaps", "gaps"),
    ("missing_event_numbers", "missing event numbers"),
    ("missing_triggers", "triggers without an event"),
    ("missing_sequences", "missing files"),
    ("backward_stamps", "stamps that go back"),
];

/// Why a result may have no rate.
const NO_RATE: &str = "no rate: too few events that follow each other, or only a selection of them was reconstructed";

/// The event rate task.
pub struct EventRate {
    info: TaskInfo,
}

impl EventRate {
    /// The task.
    #[must_use]
    pub fn new() -> Self {
        let info = TaskInfo {
            name: "event_rate".into(),
            title: "Event rate and gaps".into(),
            about: "When events came: whether the trigger is steady, the DAQ stands still, and events or files are missing."
                .into(),
            folder: FOLDER.into(),
            suffix: SUFFIX.into(),
            poll_s: 30.0,
            items: vec![
                item(
                    "rate",
                    "Rate over time",
                    "Events a second over the time of the latest result. Steady about its mean; down to zero is a gap.",
                ),
                item(
                    "intervals",
                    "Time between events",
                    "Times from an event to the next, latest result. One hill; what lies right of the line is a gap, the left edge \
                     is the dead time.",
                ),
                item("trend", "Mean rate", "Mean rate of events of each result against time. Steady."),
                item(
                    "losses",
                    "Gaps and losses",
                    "Gaps, missing event numbers, triggers and files of each result against time. All of them zero.",
                ),
            ],
        };
        EventRate { info }
    }
}

impl Default for EventRate {
    fn default() -> Self {
        EventRate::new()
    }
}

impl MonTask for EventRate {
    fn info(&self) -> &TaskInfo {
        &self.info
    }

    /// Tables: `numbers`; and where there is a rate `events_over_time`, `watched_over_time` and `event_intervals`.
    fn read(&self, input: &ResultFile<'_>, context: &TaskContext<'_>) -> Result<Summary, ReadError> {
        let mut result = EventResult::read(input, context)?;
        let others = ["events", "rate_hz", "gap_bound_s", "gap_time_s", "shortest_interval_s", "longest_interval_s"];
        let losses: Vec<&str> = LOSSES.iter().map(|(name, _)| *name).collect();
        result.take_numbers(&[others.as_slice(), &["missing_triggers_percent"], losses.as_slice()].concat());
        if number(&result.summary, "rate_hz").value().is_some() {
            for histogram in ["events_over_time", "watched_over_time", "event_intervals"] {
                result.take(histogram)?;
            }
        }
        Ok(result.summary)
    }

    fn draw(&self, item: &str, history: &[&Summary], _context: &TaskContext<'_>) -> Figure {
        let shown = Shown::of(history);
        match (item, shown.latest()) {
            ("rate", Some(latest)) => draw_rate(latest),
            ("intervals", Some(latest)) => draw_intervals(latest),
            ("trend", Some(latest)) => draw_trend(&shown, latest),
            ("losses", Some(latest)) => draw_losses(&shown, latest),
            _ => nothing_to_draw(&self.info, item),
        }
    }

    fn glance(&self, item: &str, history: &[&Summary], _context: &TaskContext<'_>) -> Glance {
        let shown = Shown::of(history);
        let Some(latest) = shown.latest().filter(|_| self.info.item(item).is_some()) else {
            return nothing_to_glance(&self.info, item);
        };
        let rate = number(latest, "rate_hz");
        match item {
            "losses" => glance_losses(latest),
            _ if rate.value().is_none() => {
                let text = if rate == Measured::NoData { "NO DATA" } else { "no rate" };
                unchecked(text.into(), NO_RATE, latest, rate)
            }
            "intervals" => {
                let longest = number(latest, "longest_interval_s");
                unchecked(format!("longest {}", longest.words("s")), "longest time between two events", latest, longest)
            }
            _ => unchecked(rate.words("Hz"), "mean rate", latest, rate),
        }
    }
}

/// What is missing, in a few words; the reading is the number of gaps and losses together.
fn glance_losses(latest: &Summary) -> Glance {
    let counts = LOSSES.map(|(name, label)| (label, number(latest, name)));
    let known: Vec<(&str, f64)> = counts.iter().filter_map(|(label, count)| Some((*label, count.value()?))).collect();
    let missing: Vec<String> =
        known.iter().filter(|(_, count)| *count > 0.0).map(|(label, count)| format!("{label}: {count:.0}")).collect();
    let all = "gaps, missing events, triggers and files, and stamps that go back";
    if known.is_empty() {
        let reading = Measured::mean(counts.map(|(_, count)| count));
        return unchecked(reading.words(""), all, latest, reading);
    }
    let unknown: Vec<&str> = counts.iter().filter(|(_, count)| count.value().is_none()).map(|(label, _)| *label).collect();
    let mut text = if missing.is_empty() { "none".to_owned() } else { missing.join(", ") };
    if !unknown.is_empty() {
        text += &format!(" ({} not known)", unknown.join(", "));
    }
    let reading = Measured::number(known.iter().map(|(_, count)| count).sum(), 0.0);
    unchecked(text, all, latest, reading)
}

fn draw_rate(latest: &Summary) -> Figure {
    let mut figure =
        Figure::new(titled("Event rate", &latest.name()), Axis::utc_time("time of the events"), Axis::linear("event rate", "Hz"));
    let over_time = contents(latest, "events_over_time").zip(contents(latest, "watched_over_time"));
    if let Some(((edges, events), (_, watched_s))) = over_time {
        let width_s = |bin: usize| edges.get(bin + 1).zip(edges.get(bin)).map_or(f64::NAN, |(high, low)| high - low);
        let rate = |(bin, (events, watched)): (usize, (&f64, &f64))| {
            if *watched >= LEAST_WATCHED * width_s(bin) { events / watched } else { f64::NAN }
        };
        let values: Vec<f64> = events.iter().zip(&watched_s).enumerate().map(rate).collect();
        figure.notes.push(format!("bins of {} s", width_s(0).round()));
        let unwatched = values.iter().filter(|value| value.is_nan()).count();
        if unwatched > 0 {
            figure.notes.push(format!("bins of time with no rate, where a file is missing: {unwatched}"));
        }
        figure.layers.push(Layer::Steps { label: "events".into(), ink: Ink::Series(0), edges, values });
    }
    if let Some(at) = number(latest, "rate_hz").value() {
        let label = format!("mean {}", number(latest, "rate_hz").words("Hz"));
        figure.layers.push(Layer::Rule { label, ink: Ink::Reference, across: Across::Y, at });
    }
    finish(&mut figure, latest);
    figure
}

fn draw_intervals(latest: &Summary) -> Figure {
    let x = Axis { scale: Scale::Log, ..Axis::linear("time to the next event", "s") };
    let mut figure = Figure::new(titled("Time between events", &latest.name()), x, Axis::linear("events in a bin", ""));
    figure.layers.extend(steps(latest, "event_intervals", 1.0, "events", Ink::Series(0)));
    if let Some(at) = number(latest, "gap_bound_s").value().filter(|_| !figure.layers.is_empty()) {
        let label = format!("gap, {at:.2} s");
        figure.layers.push(Layer::Rule { label, ink: Ink::Reference, across: Across::X, at });
    }
    let ends = ["shortest_interval_s", "longest_interval_s"].map(|name| number(latest, name).words("s"));
    figure.notes.push(format!("shortest {}, longest {}", ends[0], ends[1]));
    finish(&mut figure, latest);
    figure
}

/// The words below, and why there is nothing to see.
fn finish(figure: &mut Figure, latest: &Summary) {
    let count = |name: &str| number(latest, name).value().map_or_else(|| "?".to_owned(), |count| format!("{count:.0}"));
    figure.notes.push(format!("gaps: {}, {} together", count("gaps"), number(latest, "gap_time_s").words("s")));
    figure.notes.push(members_note(latest));
    figure.notes.extend(latest.provenance.remarks.iter().cloned());
    if figure.layers.is_empty() {
        figure.empty = Some(match number(latest, "rate_hz") {
            Measured::NoData => format!("NO DATA: no event in {}", latest.name()),
            _ => format!("{NO_RATE} ({})", latest.name()),
        });
    }
}

fn draw_trend(shown: &Shown<'_>, latest: &Summary) -> Figure {
    let value = Box::new(|summary: &Summary| number(summary, "rate_hz"));
    let series = [Series { label: "event rate".into(), ink: Ink::Series(0), has_error_bars: true, value }];
    let mut figure = trend("Mean event rate", Axis::linear("event rate", "Hz"), shown, &series);
    figure.notes.push(members_note(latest));
    figure.notes.extend(latest.provenance.remarks.iter().cloned());
    figure
}

fn draw_losses(shown: &Shown<'_>, latest: &Summary) -> Figure {
    let series = [0u8, 1, 2, 3, 4].map(|place| {
        let (name, label) = LOSSES[usize::from(place)];
        Series {
            label: label.into(),
            ink: Ink::Series(place),
            has_error_bars: false,
            value: Box::new(move |summary| number(summary, name)),
        }
    });
    let mut figure = trend("Gaps and losses", Axis::linear("count in a result", ""), shown, &series);
    let lost = number(latest, "missing_triggers_percent");
    if lost.value().is_some() {
        figure.notes.push(format!("triggers without an event: {} of all", lost.words("%")));
    }
    figure.notes.push(members_note(latest));
    figure.notes.extend(latest.provenance.remarks.iter().cloned());
    figure
}
