//! The values of a plot as a histogram: how often each occurs.

use crate::checks::series::measured_series;
use crate::figure::{Across, Axis, Figure, Ink, Layer};
use crate::references::value_axis;

/// No more bins than this: more are narrower than a line.
const MOST_BINS: usize = 200;
/// More series than this are counted together.
const MOST_SERIES: usize = 8;

/// How often the values of each series occur, all series in the same bins. Horizontal rules of the plot stand across it.
pub(super) fn histogram_of(figure: Figure) -> Figure {
    let series: Vec<(String, Vec<f64>)> = match measured_series(&figure, &[]) {
        Ok(all) => all.iter().map(|one| (one.label.clone(), one.measured().map(|spot| spot.value).collect())).collect(),
        Err(_) => Vec::new(),
    };
    let values: Vec<f64> = series.iter().flat_map(|(_, values)| values.iter().copied()).collect();
    let Some(edges) = edges(&values) else {
        return figure.note("no histogram: none of its values is a number");
    };
    let measured = value_axis(&figure);
    let x = Axis { range: None, ..measured.clone() };
    let is_together = series.len() > MOST_SERIES;
    let mut drawn = Figure::new(format!("{}: values", figure.title), x, Axis::linear("number of values", ""));
    if is_together {
        drawn.notes.push(format!("values of {} series together; small plots show them apart", series.len()));
    }
    let parts = if is_together { vec![("all series".to_owned(), values)] } else { series };
    for (rank, (label, values)) in parts.into_iter().enumerate().filter(|(_, (_, values))| !values.is_empty()) {
        drawn.layers.push(Layer::Steps {
            label,
            ink: Ink::Series(u8::try_from(rank).unwrap_or(u8::MAX)),
            values: counts(&edges, &values),
            edges: edges.clone(),
        });
    }
    for layer in &figure.layers {
        if let Layer::Rule { label, ink, across: Across::Y, at } = layer {
            drawn.layers.push(Layer::Rule { label: label.clone(), ink: *ink, across: Across::X, at: *at });
        }
    }
    drawn.notes.extend(figure.notes);
    drawn
}

/// Bins over all values, as wide as Freedman and Diaconis take them (2 interquartile ranges over the cube root of the number), at
/// least as many as the root of the number.
fn edges(values: &[f64]) -> Option<Vec<f64>> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (*sorted.first()?, *sorted.last()?);
    let count = sorted.len() as f64;
    let quartile = |share: f64| sorted[((count - 1.0) * share) as usize];
    let width = 2.0 * (quartile(0.75) - quartile(0.25)) / count.cbrt();
    let at_least = count.sqrt().ceil().clamp(1.0, 30.0);
    let by_width = if width > 0.0 { ((high - low) / width).ceil() } else { at_least };
    let bins = if by_width.is_finite() { by_width.max(at_least).min(MOST_BINS as f64) } else { at_least };
    let span = high - low;
    // A lone value, or many of one kind, stand in the middle of one bin.
    if !(span > 0.0 && span.is_finite()) {
        let half = if low == 0.0 { 0.5 } else { low.abs() * 0.05 };
        return Some(vec![low - half, low + half])
            .filter(|edges| edges.iter().all(|edge| edge.is_finite()) && edges[0] < edges[1]);
    }
    let bins = bins as usize;
    let edges: Vec<f64> = (0..=bins).map(|edge| low + span * edge as f64 / bins as f64).collect();
    edges.windows(2).all(|pair| pair[0] < pair[1]).then_some(edges)
}

/// How many values stand in each bin; the last bin holds its upper edge too.
fn counts(edges: &[f64], values: &[f64]) -> Vec<f64> {
    let mut counts = vec![0.0; edges.len() - 1];
    for value in values.iter().filter(|value| value.is_finite()) {
        let bin = edges.partition_point(|edge| edge <= value).saturating_sub(1).min(counts.len() - 1);
        counts[bin] += 1.0;
    }
    counts
}
