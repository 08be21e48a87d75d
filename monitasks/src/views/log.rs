//! Logarithmic axes, and what can't stand on them.

use super::LogAxes;
use crate::figure::{Across, Axis, Figure, Layer, Scale};

/// The plot with these axes laid out by the logarithm; how many values that leaves out is said.
pub(super) fn with_log(mut figure: Figure, log: LogAxes) -> Figure {
    if log == LogAxes::default() {
        return figure;
    }
    let mut notes = Vec::new();
    let [mut left_out_x, mut left_out_y, mut left_out_z] = [Left::default(); 3];
    for layer in &figure.layers {
        match layer {
            Layer::Points { points, .. } => points.iter().for_each(|point| {
                left_out_x.look(point.x);
                left_out_y.look(point.y);
            }),
            Layer::Steps { edges, values, .. } => {
                edges.iter().for_each(|edge| left_out_x.look(*edge));
                values.iter().for_each(|value| left_out_y.look(*value));
            }
            Layer::Rule { across, at, .. } if *at <= 0.0 => {
                if *across == Across::X {
                    left_out_x.rules += 1;
                } else {
                    left_out_y.rules += 1;
                }
            }
            Layer::Map(map) => {
                map.values.iter().for_each(|value| left_out_z.look(f64::from(*value)));
                // A map's edges are not left out: its axis is kept.
                map.x_range.iter().for_each(|edge| left_out_x.edge(*edge));
                map.y_range.iter().for_each(|edge| left_out_y.edge(*edge));
            }
            _ => {}
        }
    }
    for (wanted, axis, name, left) in
        [(log.x, &mut figure.x, "horizontal", left_out_x), (log.y, &mut figure.y, "vertical", left_out_y)]
    {
        if wanted {
            notes.extend(turned(axis, name, left));
        }
    }
    if log.z {
        let mut has_map = false;
        for layer in &mut figure.layers {
            if let Layer::Map(map) = layer {
                has_map = true;
                notes.extend(turned(&mut map.z, "colour", left_out_z));
            }
        }
        if !has_map && figure.panels.is_none() {
            notes.push("no colours to lay out by the logarithm: this is no map".into());
        }
    }
    figure.notes.splice(0..0, notes);
    figure
}

/// What a logarithmic axis leaves out.
#[derive(Debug, Clone, Copy, Default)]
struct Left {
    out: usize,
    of: usize,
    rules: usize,
    /// A map begins at zero or below.
    has_map_edge: bool,
}

impl Left {
    fn look(&mut self, value: f64) {
        if value.is_finite() {
            self.of += 1;
            self.out += usize::from(value <= 0.0);
        }
    }

    fn edge(&mut self, edge: f64) {
        self.has_map_edge |= edge <= 0.0;
    }
}

/// Lays an axis out by the logarithm, or says why not.
fn turned(axis: &mut Axis, name: &str, left: Left) -> Option<String> {
    match axis.scale {
        Scale::Log => return None,
        Scale::UtcTime => return Some(format!("the {name} axis stays as it is: time has no logarithm")),
        Scale::Linear | Scale::Integer => {}
    }
    if left.has_map_edge {
        return Some(format!("the {name} axis stays as it is: the map begins at 0 or below"));
    }
    if left.of > 0 && left.out == left.of {
        return Some(format!("the {name} axis stays as it is: none of its {} values is above 0", left.of));
    }
    axis.scale = Scale::Log;
    // A range that begins at zero or below has no place: it fits the data instead.
    axis.range = axis.range.filter(|[low, high]| *low > 0.0 && high > low);
    let rules = if left.rules > 0 { format!(", rules at 0 or below: {}", left.rules) } else { String::new() };
    (left.out > 0 || left.rules > 0)
        .then(|| format!("log {name} axis: {} of {} values are 0 or below and not drawn{rules}", left.out, left.of))
}
