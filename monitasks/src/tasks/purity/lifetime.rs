//! The electron lifetime against time.

use super::super::provenance::members_note;
use super::super::shown::Shown;
use super::super::trend::{Series, trend};
use super::super::unchecked;
use super::{lifetime_ms, lifetime_words};
use crate::detector::Detector;
use crate::figure::{Across, Axis, Figure, Ink, Layer};
use crate::summary::{Measured, Summary};
use crate::task::Glance;
use crate::vocab::View;

/// Both views' lifetimes, ms, with the one that people call good.
pub(super) fn draw(shown: &Shown<'_>, detector: &Detector) -> Figure {
    let series = View::ALL.map(|view| Series {
        label: view.to_string(),
        ink: Ink::Series(u8::from(view)),
        has_error_bars: true,
        value: Box::new(move |summary| lifetime_ms(summary, view.index())),
    });
    let mut figure = trend("Electron lifetime", Axis::linear("electron lifetime", "ms"), shown, &series);
    let good_ms = detector.expected.lifetime_us / 1000.0;
    figure.layers.push(Layer::Rule {
        label: format!("expected {good_ms} ms"),
        ink: Ink::Reference,
        across: Across::Y,
        at: good_ms,
    });
    if let Some(latest) = shown.latest() {
        let words = View::ALL.map(|view| format!("{view} {}", lifetime_words(lifetime_ms(latest, view.index()))));
        figure.notes.insert(0, format!("latest: {}", words.join(", ")));
        figure.notes.insert(1, members_note(latest));
        figure.notes.extend(latest.provenance.remarks.iter().cloned());
    }
    figure
}

/// The mean of the views that have a number.
pub(super) fn glance(latest: &Summary) -> Glance {
    let views = View::ALL.map(|view| lifetime_ms(latest, view.index()));
    let mean_ms = Measured::mean(views);
    let (text, what) = match views.map(|view| view.value().is_some()) {
        [true, true] => (mean_ms.words("ms"), "electron lifetime, mean of both views,"),
        [true, false] => (format!("{} (view 0)", mean_ms.words("ms")), "electron lifetime of view 0, as view 1 has none,"),
        [false, true] => (format!("{} (view 1)", mean_ms.words("ms")), "electron lifetime of view 1, as view 0 has none,"),
        [false, false] => (lifetime_words(mean_ms), "electron lifetime"),
    };
    unchecked(text, what, latest, mean_ms)
}
