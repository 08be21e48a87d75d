//! Two plots of one item against each other: beside or over each other, with their difference in standard deviations.

use super::overlay_runs::one_colour_scale;
use crate::checks::series::{Series, Spot};
use crate::figure::{Across, Axis, Figure, Ink, Layer, Panels};
use crate::references::{Reference, Unlike, combined, overlay, pairs};

/// What the median absolute deviation is multiplied by to be the standard deviation of a Gaussian distribution.
const GAUSSIAN: f64 = 1.4826;
/// Pulls of this size are looked at.
const LOOKED_AT: f64 = 3.0;

/// The plot less its reference in standard deviations of both: its pull. Where no number of a series has an error, the robust standard
/// deviation of all its differences stands for it.
///
/// # Errors
/// When axes, binning or series differ.
pub fn pull(figure: &Figure, reference: &Reference) -> Result<Figure, Unlike> {
    let scale = scale(&pairs(figure, reference)?);
    let of = |mine: &Spot, known: &Spot| (weighed(mine, known, scale), f64::NAN);
    let mut drawn = combined(figure, reference, "less its reference, in standard deviations", "", 0.0, of)?;
    if !drawn.layers.iter().any(|layer| matches!(layer, Layer::Map(_))) {
        for at in [-LOOKED_AT, LOOKED_AT] {
            let label = format!("{at:+}");
            drawn.layers.push(Layer::Rule { label, ink: Ink::Faint, across: Across::Y, at });
        }
        drawn.y = Axis::linear("pull", "");
    }
    if let Some((_, spread)) = scale.filter(|(_, spread)| *spread > 0.0) {
        drawn.notes.push(format!("without errors: in standard deviations of all differences, {spread:.3}"));
    }
    Ok(drawn)
}

/// Middle and robust standard deviation of all differences; none where numbers have errors.
pub(super) type Scale = Option<(f64, f64)>;

/// How a pair of numbers is weighed: by their errors, else by how all pairs lie; NaN where that tells nothing.
pub(super) fn weighed(mine: &Spot, known: &Spot, scale: Scale) -> f64 {
    let difference = mine.value - known.value;
    match scale {
        Some((middle, spread)) if spread > 0.0 => (difference - middle) / spread,
        Some(_) => f64::NAN,
        None if difference == 0.0 => 0.0,
        None => {
            let error = [mine.error, known.error].into_iter().filter(|error| error.is_finite()).fold(0.0, f64::hypot);
            if error > 0.0 { difference / error } else { f64::NAN }
        }
    }
}

pub(super) fn scale(pairs: &[(Series, Series)]) -> Scale {
    let spots = || pairs.iter().flat_map(|(mine, known)| mine.spots.iter().zip(&known.spots));
    let has_error = |spot: &Spot| spot.error.is_finite() && spot.error > 0.0;
    if spots().any(|(mine, known)| has_error(mine) || has_error(known)) {
        return None;
    }
    let differences: Vec<f64> = spots().map(|(mine, known)| mine.value - known.value).filter(|value| value.is_finite()).collect();
    let middle = median(differences.clone());
    Some((middle, GAUSSIAN * median(differences.iter().map(|difference| (difference - middle).abs()).collect())))
}

/// The median; 0 of nothing.
fn median(mut values: Vec<f64>) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// Both plots over each other with their pull below; maps beside each other in the same colours, with their pull.
///
/// # Errors
/// As [`pull`].
pub fn side_by_side(figure: &Figure, reference: &Reference) -> Result<Figure, Unlike> {
    let mut pulled = pull(figure, reference)?;
    let notes = std::mem::take(&mut pulled.notes);
    let title = format!("{}, and {}", figure.title, reference.label);
    let mut both = Figure::new(title, figure.x.clone(), figure.y.clone());
    let bare = |figure: &Figure, title: &str| Figure { notes: Vec::new(), title: title.to_owned(), ..figure.clone() };
    let is_map = figure.layers.iter().any(|layer| matches!(layer, Layer::Map(_)));
    pulled.title = format!("pull against {}", reference.label);
    let plots = if is_map {
        let mut maps = vec![bare(figure, &figure.title), bare(&reference.figure, &reference.label)];
        one_colour_scale(&mut maps);
        maps.push(pulled);
        maps
    } else {
        let title = figure.title.clone();
        pulled.layers.iter_mut().for_each(unnamed);
        vec![bare(&overlay(figure, reference)?, &title), pulled]
    };
    both.notes = notes;
    both.notes.extend(figure.notes.iter().cloned());
    let columns = if is_map { plots.len() } else { 1 };
    both.panels = Some(Panels { columns, has_one_x: true, has_one_y: is_map, plots });
    Ok(both)
}

/// The plot above has the names.
fn unnamed(layer: &mut Layer) {
    if let Layer::Points { label, .. } | Layer::Steps { label, .. } = layer {
        label.clear();
    }
}
