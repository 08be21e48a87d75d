//! Gain and dQ/ds against time.

use super::super::lem_words::{numberings_note, numbers};
use super::super::shown::{Shown, titled};
use super::super::trend::{Series, trend};
use super::{dqds, gains, no_gain, unit_words};
use crate::detector::Detector;
use crate::figure::{Axis, Figure, Ink};
use crate::summary::{Measured, Summary};
use crate::vocab::View;

/// The effective gain of every LEM.
pub(super) fn draw_gain(shown: &Shown<'_>, latest: &Summary, detector: &Detector) -> Figure {
    if shown.summaries.iter().all(|summary| gains(summary).is_none()) {
        let title = titled("Effective gain", &shown.runs());
        return Figure::empty(title, format!("cannot judge: {}", no_gain(latest)));
    }
    let grid = &detector.lems;
    let mut series: Vec<Series<'_>> = grid
        .places()
        .enumerate()
        .map(|(index, lem)| Series {
            label: format!("LEM {}", numbers(grid, lem)),
            ink: Ink::Series(u8::try_from(index).unwrap_or(u8::MAX)),
            has_error_bars: false,
            value: Box::new(move |summary| gains(summary).and_then(|gains| gains.get(index).copied()).unwrap_or_default()),
        })
        .collect();
    series.push(Series {
        label: "mean of the LEMs".into(),
        ink: Ink::Fit,
        has_error_bars: true,
        value: Box::new(|summary| gains(summary).map_or(Measured::NoData, |gains| Measured::mean(gains.iter().copied()))),
    });
    let mut figure = trend("Effective gain", Axis::linear("effective gain", ""), shown, &series);
    let mean = gains(latest).map_or(Measured::NoData, |gains| Measured::mean(gains.iter().copied()));
    figure.notes.insert(0, format!("latest, {}: mean of the LEMs {}", latest.name(), mean.words("")));
    figure.notes.insert(1, numberings_note(grid));
    figure.notes.push("errors are drawn on the mean alone; those of the LEMs stand on the map".into());
    figure.notes.extend(latest.provenance.remarks.iter().cloned());
    figure
}

/// The mean dQ/ds over the LEMs, of each view. Results in another unit than the latest are left out and counted.
pub(super) fn draw_views(shown: &Shown<'_>, latest: &Summary) -> Figure {
    let (_, unit) = dqds(latest, 0);
    let series = View::ALL.map(|view| Series {
        label: view.to_string(),
        ink: Ink::Series(u8::from(view)),
        has_error_bars: true,
        value: Box::new(move |summary| {
            let (values, its_unit) = dqds(summary, view.index());
            if its_unit == unit { Measured::mean(values.iter().copied()) } else { Measured::NoData }
        }),
    });
    let mut figure = trend("Mean dQ/ds of the LEMs", Axis::linear("dQ/ds", unit_words(unit)), shown, &series);
    let others = shown.summaries.iter().filter(|summary| dqds(summary, 0).1 != unit).count();
    if others > 0 {
        figure.notes.push(format!("with dQ/ds in another unit, not drawn: {others} results"));
    }
    figure.notes.extend(latest.provenance.remarks.iter().cloned());
    figure
}
