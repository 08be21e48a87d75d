//! Charge asymmetry: whether the two views share a track's charge evenly, from `results/crp/`.

use jiff::tz::TimeZone;

use super::crp_result::CrpResult;
use super::lem_words::{file_numbering_axis, missing_note, numberings_note, numbers};
use super::provenance::members_note;
use super::shown::{Shown, titled};
use super::trend::{Series, trend};
use super::{item, nothing_to_draw, nothing_to_glance, of_lems, unchecked};
use crate::detector::Detector;
use crate::figure::{Across, Axis, Figure, Ink, Layer, Point};
use crate::summary::{Column, Measured, Summary};
use crate::task::{Glance, MonTask, ReadError, ResultFile, TaskContext, TaskInfo};

/// The charge asymmetry task.
pub struct ChargeAsymmetry {
    info: TaskInfo,
    zone: TimeZone,
}

impl ChargeAsymmetry {
    /// The task at a site whose text files hold local times of `zone`.
    #[must_use]
    pub fn new(zone: TimeZone) -> Self {
        let info = TaskInfo {
            name: "charge_asymmetry".into(),
            title: "Charge asymmetry".into(),
            about: "(Q0 - Q1)/(Q0 + Q1) from the two views' dQ/ds: the anode shares a track's charge between the views, and \
                    away from 0 one of them loses some or is calibrated wrongly."
                .into(),
            folder: "crp".into(),
            suffix: ".txt".into(),
            poll_s: 30.0,
            items: vec![
                item("by_lem", "By LEM", "The asymmetry of every LEM, latest result. All near 0 within their errors."),
                item("trend", "Trend", "The asymmetry of every LEM and their mean against time. Steady, near 0."),
            ],
        };
        ChargeAsymmetry { info, zone }
    }
}

impl MonTask for ChargeAsymmetry {
    fn info(&self) -> &TaskInfo {
        &self.info
    }

    /// Table `lems`, a row for every LEM, row by row from the lowest y: `lem`, `dqds_v0`, `dqds_v1`, `asymmetry`.
    fn read(&self, input: &ResultFile<'_>, context: &TaskContext<'_>) -> Result<Summary, ReadError> {
        let mut result = CrpResult::read(input, context, &self.zone)?;
        let mut table = result.take_lems(context.detector)?;
        let recorded = table.column("charge_asymmetry").map(|column| column.values.clone());
        table.columns.retain(|column| ["lem", "dqds_v0", "dqds_v1"].contains(&column.name.as_str()));
        let asymmetries = (0..table.rows()).map(|row| {
            let computed = asymmetry(table.get("dqds_v0", row), table.get("dqds_v1", row));
            recorded
                .as_ref()
                .and_then(|recorded| recorded.get(row))
                .map_or(computed, |recorded| of_same_value(computed, *recorded))
        });
        let asymmetries = asymmetries.collect();
        table.columns.push(Column::new("asymmetry", "", asymmetries));
        result.summary.tables.push(table);
        Ok(result.summary)
    }

    fn draw(&self, item: &str, history: &[&Summary], context: &TaskContext<'_>) -> Figure {
        let shown = Shown::of(history);
        match (item, shown.latest()) {
            ("by_lem", Some(latest)) => draw_by_lem(latest, context.detector),
            ("trend", Some(latest)) => draw_trend(&shown, latest, context.detector),
            _ => nothing_to_draw(&self.info, item),
        }
    }

    fn glance(&self, item: &str, history: &[&Summary], _context: &TaskContext<'_>) -> Glance {
        match (item, Shown::of(history).latest()) {
            ("by_lem" | "trend", Some(latest)) => {
                let values = asymmetries(latest);
                let mean = Measured::mean(values.iter().copied());
                let lit = values.iter().filter(|value| value.value().is_some()).count();
                let what = format!("mean charge asymmetry of {lit} of {} LEMs", values.len());
                unchecked(of_lems(mean, lit, values.len()), &what, latest, mean)
            }
            _ => nothing_to_glance(&self.info, item),
        }
    }
}

/// The recorded asymmetry when it is of the same charges: its error knows that both views see the same electrons.
fn of_same_value(computed: Measured, recorded: Measured) -> Measured {
    match (computed.value(), recorded.value()) {
        (Some(computed), Some(value)) if (computed - value).abs() < SAME_ASYMMETRY => recorded,
        _ => computed,
    }
}

/// Asymmetries nearer than this are of the same charges: the text file rounds nothing.
const SAME_ASYMMETRY: f64 = 1e-6;

/// (Q0 - Q1)/(Q0 + Q1) with the errors of both propagated as if they were independent. A view with no data leaves no data; charges that do not add up
/// to more than 0 leave nothing to divide by.
fn asymmetry(q0: Measured, q1: Measured) -> Measured {
    match (q0, q1) {
        (Measured::Number { value: q0, error: e0 }, Measured::Number { value: q1, error: e1 }) => {
            let sum = q0 + q1;
            let value = (q0 - q1) / sum;
            let error = 2.0 * f64::hypot(q1 * e0, q0 * e1) / (sum * sum);
            if sum > 0.0 && value.is_finite() && error.is_finite() {
                Measured::number(value, error)
            } else {
                Measured::NotMeasured
            }
        }
        (Measured::NoData, _) | (_, Measured::NoData) => Measured::NoData,
        _ => Measured::NotMeasured,
    }
}

fn asymmetries(summary: &Summary) -> &[Measured] {
    let column = summary.table("lems").and_then(|table| table.column("asymmetry"));
    column.map_or(&[], |column| &column.values)
}

fn balanced() -> Layer {
    Layer::Rule { label: "balanced".into(), ink: Ink::Reference, across: Across::Y, at: 0.0 }
}

fn draw_by_lem(latest: &Summary, detector: &Detector) -> Figure {
    let lems = latest.table("lems").and_then(|table| table.column("lem")).map_or(&[][..], |column| &column.values);
    let values = asymmetries(latest);
    let point = |(lem, measured): (&Measured, &Measured)| {
        let (y, y_error) = measured.value_and_error()?;
        Some(Point { x: lem.value()?, y, y_error })
    };
    let points: Vec<Point> = lems.iter().zip(values).filter_map(point).collect();
    let note = format!("mean {} of {} of {} LEMs", Measured::mean(values.iter().copied()).words(""), points.len(), values.len());
    let x = file_numbering_axis(&detector.lems);
    let mut figure = Figure::new(titled("Charge asymmetry by LEM", &latest.name()), x, Axis::linear("(Q0 - Q1)/(Q0 + Q1)", ""))
        .note(note + &missing_note(lems, values))
        .note(members_note(latest));
    if points.is_empty() {
        figure.empty = Some("NO DATA in any LEM: too few matched tracks in these files".into());
    }
    figure.notes.extend(latest.provenance.remarks.iter().cloned());
    figure.with(balanced()).with(Layer::Points { label: "LEMs".into(), ink: Ink::Series(0), points })
}

fn draw_trend(shown: &Shown<'_>, latest: &Summary, detector: &Detector) -> Figure {
    let grid = &detector.lems;
    let mut series: Vec<Series<'_>> = grid
        .places()
        .enumerate()
        .map(|(index, lem)| Series {
            label: format!("LEM {}", numbers(grid, lem)),
            ink: Ink::Series(u8::try_from(index).unwrap_or(u8::MAX)),
            has_error_bars: false,
            value: Box::new(move |summary| asymmetries(summary).get(index).copied().unwrap_or_default()),
        })
        .collect();
    series.push(Series {
        label: "mean of the LEMs".into(),
        ink: Ink::Fit,
        has_error_bars: true,
        value: Box::new(|summary| Measured::mean(asymmetries(summary).iter().copied())),
    });
    let mut figure = trend("Charge asymmetry", Axis::linear("(Q0 - Q1)/(Q0 + Q1)", ""), shown, &series).with(balanced());
    figure.notes.insert(0, numberings_note(grid));
    figure.notes.push("errors are drawn on the mean alone; those of the LEMs stand by LEM".into());
    figure.notes.extend(latest.provenance.remarks.iter().cloned());
    figure
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_asymmetry_of_known_charges() {
        let Measured::Number { value, error } = asymmetry(Measured::number(12.0, 0.3), Measured::number(8.0, 0.4)) else {
            panic!("no number from two numbers");
        };
        assert!((value - 0.2).abs() < 1e-12);
        // 2 / 20^2 * sqrt((8 * 0.3)^2 + (12 * 0.4)^2)
        assert!((error - 0.026_832_815_7).abs() < 1e-9);
    }

    #[test]
    fn a_recorded_error_counts_when_it_is_of_these_charges() {
        let computed = Measured::number(0.2, 0.03);
        assert_eq!(of_same_value(computed, Measured::number(0.2 + 1e-9, 0.01)), Measured::number(0.2 + 1e-9, 0.01));
        for other in [Measured::number(0.21, 0.01), Measured::NoData, Measured::NotMeasured] {
            assert_eq!(of_same_value(computed, other), computed);
        }
        assert_eq!(of_same_value(Measured::NoData, Measured::number(0.2, 0.01)), Measured::NoData);
    }

    #[test]
    fn without_both_charges_there_is_no_asymmetry() {
        let charge = Measured::number(8.0, 0.1);
        assert_eq!(asymmetry(charge, Measured::NoData), Measured::NoData);
        assert_eq!(asymmetry(Measured::NotMeasured, Measured::NoData), Measured::NoData);
        assert_eq!(asymmetry(Measured::NotMeasured, charge), Measured::NotMeasured);
        assert_eq!(asymmetry(charge, Measured::number(-8.0, 0.1)), Measured::NotMeasured);
    }

    proptest! {
        #[test]
        fn views_exchanged_change_the_sign_alone(q0 in 1e-3..1e3_f64, q1 in 1e-3..1e3_f64, e0 in 0.0..10.0_f64, e1 in 0.0..10.0_f64) {
            let (one, other) = (Measured::number(q0, e0), Measured::number(q1, e1));
            let (a, b) = (asymmetry(one, other).value_and_error().unwrap(), asymmetry(other, one).value_and_error().unwrap());
            prop_assert!((a.0 + b.0).abs() < 1e-12 && (a.1 - b.1).abs() <= 1e-12 * a.1);
            prop_assert!((-1.0..=1.0).contains(&a.0));
        }
    }
}
