//! A quantity against the time of its data.

use jiff::Timestamp;

use super::shown::{Shown, titled};
use crate::figure::{Axis, Figure, Ink, Layer, Point};
use crate::summary::{Measured, Summary};

/// One of the lines of a trend.
pub(super) struct Series<'f> {
    /// Its name in the legend.
    pub(super) label: String,
    /// Its place in the colours.
    pub(super) ink: Ink,
    /// Whether its errors are drawn: a dozen of them over each other hide the values.
    pub(super) has_error_bars: bool,
    /// Its number in a summary, in the unit of the axis.
    pub(super) value: Box<dyn Fn(&Summary) -> Measured + 'f>,
}

/// Draws series against time. What has no number leaves a gap and is counted in the notes.
pub(super) fn trend(title: &str, y: Axis, shown: &Shown<'_>, series: &[Series<'_>]) -> Figure {
    let mut figure = Figure::new(titled(title, &shown.runs()), Axis::utc_time("start of data"), y);
    let mut gaps = Vec::new();
    let mut drawn = 0;
    let lanes = shown.lanes();
    for (one, (rank, lane)) in series.iter().flat_map(|one| lanes.iter().enumerate().map(move |lane| (one, lane))) {
        let mut points = Vec::new();
        let mut path = Vec::new();
        let mut missing = 0;
        for summary in shown.summaries.iter().filter(|summary| summary.lane.as_deref() == *lane) {
            match ((one.value)(summary), summary.stamp()) {
                (Measured::Number { value, error }, Some(stamp)) => {
                    let y_error = if one.has_error_bars { error } else { f64::NAN };
                    points.push(Point { x: seconds(stamp), y: value, y_error });
                    path.push([seconds(stamp), value]);
                }
                (Measured::Number { .. }, None) => {}
                (_, stamp) => {
                    missing += 1;
                    path.extend(stamp.map(|stamp| [seconds(stamp), f64::NAN]));
                }
            }
        }
        drawn += points.len();
        // Results of one lane need no word of it; those of several are lines of their own, in colours of their own.
        let (label, ink) = if lanes.len() < 2 {
            (one.label.clone(), one.ink)
        } else {
            (format!("{}, {}", one.label, lane.unwrap_or("no lane")), ink_of_lane(one.ink, rank, series.len()))
        };
        gaps.push((label.clone(), missing));
        // The line only leads the eye: it has no name of its own in the legend.
        figure.layers.push(Layer::Line { label: String::new(), ink, points: path });
        figure.layers.push(Layer::Points { label, ink, points });
    }
    add_gap_notes(&mut figure, &gaps, shown.summaries.len());
    let undated = shown.summaries.iter().filter(|summary| summary.stamp().is_none()).count();
    if undated > 0 {
        figure.notes.push(format!("without a time and not drawn: {undated} of {} results", shown.summaries.len()));
    }
    if shown.superseded > 0 {
        figure.notes.push(format!("older processings of the same data, not drawn: {}", shown.superseded));
    }
    if drawn == 0 {
        figure.empty = Some(format!("no number to draw in any result (there are {})", shown.summaries.len()));
    }
    figure
}

/// The colour of a series in the n-th lane.
fn ink_of_lane(ink: Ink, rank: usize, series: usize) -> Ink {
    match ink {
        Ink::Series(number) => Ink::Series(number.saturating_add(u8::try_from(rank * series).unwrap_or(u8::MAX))),
        other => other,
    }
}

/// Says which series have gaps; in one line where all have the same.
fn add_gap_notes(figure: &mut Figure, gaps: &[(String, usize)], results: usize) {
    let with_gaps: Vec<_> = gaps.iter().filter(|(_, missing)| *missing > 0).collect();
    let Some((_, first)) = with_gaps.first() else { return };
    if with_gaps.len() > 2 {
        let labels: Vec<&str> = with_gaps.iter().map(|(label, _)| label.as_str()).collect();
        let most = with_gaps.iter().map(|(_, missing)| *missing).max().unwrap_or(*first);
        figure.notes.push(format!("no number in up to {most} of {results} results, not drawn there: {}", labels.join(", ")));
        return;
    }
    for (label, missing) in with_gaps {
        figure.notes.push(format!("{label}: no number in {missing} of {results} results, not drawn there"));
    }
}

/// Seconds since 1970.
fn seconds(stamp: Timestamp) -> f64 {
    stamp.as_second() as f64 + f64::from(stamp.subsec_nanosecond()) * 1e-9
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::{Group, Processing, Run};

    fn result(processing: u32, lane: &str) -> Summary {
        Summary {
            run: Some(Run(1)),
            processing: Some(Processing(processing)),
            lane: Some(lane.into()),
            group: Some(Group(0)),
            data_start: Some(Timestamp::UNIX_EPOCH),
            ..Summary::of_file("crp/x.txt")
        }
    }

    #[test]
    fn lanes_are_lines_of_their_own_and_a_newer_processing_replaces_in_its_lane_alone() {
        let results = [result(1, "EXPRESS"), result(2, "FULL"), result(3, "FULL")];
        let history: Vec<&Summary> = results.iter().collect();
        let number = |_: &Summary| Measured::Number { value: 1.0, error: 0.1 };
        let series = [Series { label: "view 0".into(), ink: Ink::Series(0), has_error_bars: true, value: Box::new(number) }];
        let figure = trend("t", Axis::utc_time("y"), &Shown::of(&history), &series);
        let labels: Vec<(&str, usize)> = figure
            .layers
            .iter()
            .filter_map(|layer| match layer {
                Layer::Points { label, points, .. } => Some((label.as_str(), points.len())),
                _ => None,
            })
            .collect();
        assert_eq!(labels, [("view 0, EXPRESS", 1), ("view 0, FULL", 1)]);
        assert!(figure.notes.iter().any(|note| note.contains("older processings")), "{:?}", figure.notes);
    }
}
