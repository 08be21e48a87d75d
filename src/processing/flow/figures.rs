//! The flow as figures: latency, backlog and rate over time.

use monitasks::figure::{Axis, Figure, Ink, Layer, Scale};

use super::{Bin, Flow, Stage};

/// A line's label and its number in each bin.
type Counted = (&'static str, fn(&Bin) -> usize);

/// The figures of the flow page, each with its name: `latency`, `backlog`, `rate`.
#[must_use]
pub fn flow_figures(flow: &Flow) -> Vec<(&'static str, Figure)> {
    vec![("latency", latency(flow)), ("backlog", backlog(flow)), ("rate", rate(flow))]
}

/// Seconds since 1970 of a bin's end.
fn end(bin: &Bin) -> f64 {
    bin.to.as_millisecond() as f64 / 1e3
}

/// Seconds since 1970 of a bin's middle.
fn middle(bin: &Bin) -> f64 {
    (bin.from.as_millisecond() as f64 + bin.to.as_millisecond() as f64) / 2e3
}

fn time_axis(flow: &Flow) -> Axis {
    Axis::utc_time("time").range(flow.from.as_second() as f64, flow.to.as_second() as f64)
}

fn is_empty(flow: &Flow) -> bool {
    flow.done == super::Done::default() && flow.backlog == super::Backlog::default()
}

/// A part of an hour has few files: each bin's median is one point of the line.
fn latency(flow: &Flow) -> Figure {
    let title = "Latency of each stage";
    if flow.stages.iter().all(|stage| stage.count == 0) {
        return Figure::empty(
            title,
            "No file has ended a stage in this time. Files that are copied and processed make points here.",
        );
    }
    let seconds = Axis { scale: Scale::Log, ..Axis::linear("median latency", "s") };
    let mut figure = Figure::new(title, time_axis(flow), seconds);
    for (ink, (index, stage)) in (0..).zip(Stage::ALL.into_iter().enumerate().filter(|(index, _)| flow.stages[*index].count > 0))
    {
        let ink = if stage == Stage::Whole { Ink::Fit } else { Ink::Series(ink) };
        // Below a millisecond is as good as nothing, and a log axis has no zero.
        let points = flow.bins.iter().filter_map(|bin| Some([middle(bin), bin.median_s[index]?.max(1e-3)])).collect();
        figure = figure.with(Layer::Line { label: stage.meaning().into(), ink, points });
    }
    let backwards: usize = flow.stages.iter().map(|stage| stage.backwards).sum();
    if backwards > 0 {
        figure = figure.note(format!("{backwards} left out: by their stamps they ended before they began, a clock was set back"));
    }
    figure
}

fn backlog(flow: &Flow) -> Figure {
    let title = "Backlog";
    if is_empty(flow) {
        return Figure::empty(title, "No file in this time. Files that the DAQ closes in the incoming folder are counted here.");
    }
    let places: [Counted; 5] = [
        ("wait for their copy", |bin| bin.backlog.copy),
        ("wait for their job", |bin| bin.backlog.queue),
        ("are reconstructed", |bin| bin.backlog.run),
        ("wait for their analysis", |bin| bin.backlog.analysis),
        ("failed", |bin| bin.backlog.failed),
    ];
    let layer = |(ink, (label, count)): (u8, Counted)| Layer::Line {
        label: label.into(),
        ink: Ink::Series(ink),
        points: flow.bins.iter().map(|bin| [end(bin), count(bin) as f64]).collect(),
    };
    let figure = Figure::new(title, time_axis(flow), Axis::linear("files", ""));
    let figure = (0..).zip(places).map(layer).fold(figure, Figure::with);
    figure.note(match flow.eta_s {
        Some(0.0) => "nothing waits to be reconstructed".to_owned(),
        Some(eta_s) => {
            format!("worked off in {} at the rate of the last {} if no more come", duration(eta_s), duration(flow.present_s))
        }
        None => format!("files wait and none was reconstructed in the last {}", duration(flow.present_s)),
    })
}

fn rate(flow: &Flow) -> Figure {
    let title = "Files per hour";
    if is_empty(flow) {
        return Figure::empty(title, "No file in this time. Files that the DAQ closes in the incoming folder are counted here.");
    }
    let edges: Vec<f64> = flow
        .bins
        .first()
        .map(|bin| bin.from.as_millisecond() as f64 / 1e3)
        .into_iter()
        .chain(flow.bins.iter().map(end))
        .collect();
    let counts: [Counted; 3] =
        [("arrived", |bin| bin.done.arrived), ("reconstructed", |bin| bin.done.reconstructed), ("failed", |bin| bin.done.failed)];
    let per_hour = |bin: &Bin, count: usize| 3600.0 * count as f64 / bin.to.duration_since(bin.from).as_secs_f64().max(1e-9);
    let layer = |(ink, (label, count)): (u8, Counted)| Layer::Steps {
        label: label.into(),
        ink: Ink::Series(ink),
        edges: edges.clone(),
        values: flow.bins.iter().map(|bin| per_hour(bin, count(bin))).collect(),
    };
    let figure = Figure::new(title, time_axis(flow), Axis::linear("files", "1/h"));
    (0..).zip(counts).map(layer).fold(figure, Figure::with)
}

/// `40 s`, `12 min`, `3.5 h`, `2.1 days`.
pub(super) fn duration(seconds: f64) -> String {
    match seconds {
        ..120.0 => format!("{seconds:.0} s"),
        ..7200.0 => format!("{:.0} min", seconds / 60.0),
        ..172_800.0 => format!("{:.1} h", seconds / 3600.0),
        _ => format!("{:.1} days", seconds / 86_400.0),
    }
}
