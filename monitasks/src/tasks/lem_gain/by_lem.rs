//! dQ/ds of both views, LEM by LEM.

use super::super::lem_words::{file_numbering_axis, missing_note};
use super::super::provenance::members_note;
use super::super::shown::titled;
use super::{dqds, unit_words};
use crate::detector::Detector;
use crate::figure::{Axis, Figure, Ink, Layer, Point};
use crate::summary::{Measured, Summary};
use crate::vocab::View;

/// One result's dQ/ds against the LEM's number in the numbering of the result files.
pub(super) fn draw(latest: &Summary, detector: &Detector) -> Figure {
    let (_, unit) = dqds(latest, 0);
    let x = file_numbering_axis(&detector.lems);
    let mut figure = Figure::new(titled("dQ/ds by LEM", &latest.name()), x, Axis::linear("dQ/ds", unit_words(unit)));
    let mut drawn = 0;
    for view in View::ALL {
        let (values, _) = dqds(latest, view.index());
        let lems = latest.table("lems").and_then(|table| table.column("lem")).map_or(&[][..], |column| &column.values);
        let point = |(lem, measured): (&Measured, &Measured)| {
            let (y, y_error) = measured.value_and_error()?;
            Some(Point { x: lem.value()?, y, y_error })
        };
        let points: Vec<Point> = lems.iter().zip(values).filter_map(point).collect();
        drawn += points.len();
        let mean = Measured::mean(values.iter().copied());
        let unit = if unit.is_empty() { "" } else { unit };
        let missing = missing_note(lems, values);
        figure.notes.push(format!("{view}: mean {} of {} of {} LEMs{missing}", mean.words(unit), points.len(), values.len()));
        figure.layers.push(Layer::Points { label: view.to_string(), ink: Ink::Series(u8::from(view)), points });
    }
    if drawn == 0 {
        figure.empty = Some("NO DATA in any LEM: too few matched tracks in these files".into());
    }
    figure.notes.push(members_note(latest));
    figure.notes.extend(latest.provenance.remarks.iter().cloned());
    figure
}
