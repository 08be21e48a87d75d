//! The charge of track pieces against drift time, with the fit that gave the lifetime.

use super::super::provenance::members_note;
use super::super::shown::titled;
use super::super::unchecked;
use super::{lifetime_ms, lifetime_words};
use crate::detector::Detector;
use crate::figure::{Axis, Figure, Ink, Layer, Point};
use crate::summary::{Measured, Summary, Table};
use crate::task::Glance;
use crate::vocab::View;

/// Points of a fitted curve.
const CURVE_POINTS: u32 = 60;

/// Both views' profiles of one result, each with its curve.
pub(super) fn draw(latest: &Summary, detector: &Detector) -> Figure {
    let title = titled("Drift profile", &latest.name());
    let Some(profiles) = profiles(latest) else { return Figure::empty(title, format!("cannot judge: {}", no_profile(latest))) };
    let full_drift_us = detector.full_drift_us();
    let mut x = Axis::linear("drift time", "us");
    if full_drift_us.is_finite() && full_drift_us > 0.0 {
        x = x.range(0.0, full_drift_us);
    }
    let mut figure = Figure::new(title, x, Axis::linear("charge relative to the first drift bin", ""));
    figure.notes.push(members_note(latest));
    for (view, table) in View::ALL.into_iter().zip(profiles) {
        let lifetime = lifetime_ms(latest, view.index());
        let tracks = latest.table("lifetime").and_then(|table| table.get("tracks", view.index()).value()).unwrap_or(0.0);
        let tau = if lifetime.value().is_some() { "τ = " } else { "" };
        figure.notes.push(format!("{view}: {tau}{} ({tracks} tracks)", lifetime_words(lifetime)));
        figure.layers.push(Layer::Points { label: view.to_string(), ink: Ink::Series(u8::from(view)), points: points(table) });
        if let Some(curve) = curve(latest, view, table) {
            let label = format!("fit of {view}: τ = {}", lifetime.words("ms"));
            figure.layers.push(Layer::Line { label, ink: Ink::Series(u8::from(view)), points: curve });
        }
    }
    if profiles.iter().all(|table| table.rows() == 0) {
        figure.empty = Some("no drift profile: too few long tracks in these files".into());
    }
    figure.notes.extend(latest.provenance.remarks.iter().cloned());
    figure
}

/// How much charge the whole drift loses is not asked here: the lifetimes say it. The leaf tells how well it is measured.
pub(super) fn glance(latest: &Summary) -> Glance {
    let Some(profiles) = profiles(latest) else { return Glance::cannot_judge(no_profile(latest)) };
    let entries: f64 = profiles
        .iter()
        .flat_map(|table| table.column("entries"))
        .flat_map(|column| column.values.iter().filter_map(|entry| entry.value()))
        .sum();
    let reading = if entries > 0.0 { Measured::number(entries, 0.0) } else { Measured::NoData };
    let text = if entries > 0.0 { format!("{entries} entries") } else { "NO DATA".into() };
    unchecked(text, "entries of both views' drift profiles", latest, reading)
}

fn profiles(latest: &Summary) -> Option<[&Table; 2]> {
    Some([latest.table("profile_v0")?, latest.table("profile_v1")?])
}

fn no_profile(latest: &Summary) -> String {
    format!("the drift profile stands in the .json beside {}, and there is none", latest.provenance.file)
}

fn points(table: &Table) -> Vec<Point> {
    let point = |row| {
        let (charge, error) = table.get("charge", row).value_and_error()?;
        Some(Point { x: table.get("t_us", row).value()?, y: charge, y_error: error })
    };
    (0..table.rows()).filter_map(point).collect()
}

/// `amplitude * exp(-t / lifetime)` over the bins fitted; none where there is no fit.
fn curve(latest: &Summary, view: View, table: &Table) -> Option<Vec<[f64; 2]>> {
    let fit = latest.table("lifetime")?;
    let amplitude = fit.get("amplitude", view.index()).value()?;
    let lifetime_us = fit.get("lifetime_us", view.index()).value().filter(|lifetime| *lifetime > 0.0)?;
    let times = || (0..table.rows()).filter_map(|row| table.get("t_us", row).value());
    let (first, last) = (times().reduce(f64::min)?, times().reduce(f64::max)?);
    let at = |step: u32| {
        let t = first + (last - first) * f64::from(step) / f64::from(CURVE_POINTS - 1);
        [t, amplitude * f64::exp(-t / lifetime_us)]
    };
    let curve: Vec<[f64; 2]> = (0..CURVE_POINTS).map(at).collect();
    curve.iter().flatten().all(|number| number.is_finite()).then_some(curve)
}
