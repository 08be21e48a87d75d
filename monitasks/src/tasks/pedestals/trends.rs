//! A view's mean pedestal or RMS against time.

use super::super::provenance::members_note;
use super::super::shown::Shown;
use super::super::trend::{Series, trend};
use super::{Quantity, UNIT, of_view};
use crate::detector::Detector;
use crate::figure::{Across, Axis, Figure, Ink, Layer};
use crate::summary::Summary;
use crate::vocab::View;

/// Both views against time, with what people expect.
pub(super) fn draw(quantity: Quantity, shown: &Shown<'_>, latest: &Summary, detector: &Detector) -> Figure {
    let series = View::ALL.map(|view| Series {
        label: view.to_string(),
        ink: Ink::Series(u8::from(view)),
        has_error_bars: true,
        value: Box::new(move |summary| of_view(summary, view, quantity)),
    });
    let y = Axis::linear(format!("{}, mean of the strips", quantity.label()), UNIT);
    let mut figure = trend(quantity.title(), y, shown, &series);
    let at = quantity.expected(detector);
    figure.layers.push(Layer::Rule { label: format!("expected {at}"), ink: Ink::Reference, across: Across::Y, at });
    let words = View::ALL.map(|view| format!("{view} {}", of_view(latest, view, quantity).words(UNIT)));
    figure.notes.insert(0, format!("latest: {}", words.join(", ")));
    figure.notes.insert(1, members_note(latest));
    figure.notes.push("strips known to be blind or noisy are left out of the means".into());
    figure.notes.extend(latest.provenance.remarks.iter().cloned());
    figure
}
