//! Where the names of lines across a plot stand, so that none lies over another.

use egui_plot::PlotTransform;
use monitasks::figure::{Across, Figure, Layer};

use super::ticks;

/// Where the name of a line across a plot stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameAt {
    /// At the right of a horizontal line, at the top of a vertical one.
    Usual,
    /// At the left of a horizontal line.
    Left,
    /// There is no room for it; the line is named in what checks say of the plot.
    Nowhere,
}

/// Height of a name with the room around it, in points.
const NAME_HEIGHT: f32 = 14.0;
/// In a lower plot names would hide the data.
const LEAST_HEIGHT: f32 = 56.0;
/// In a narrower plot names at the left would run into those at the right.
const LEAST_WIDTH: f32 = 320.0;

/// The places of the names of a figure's lines, by layer; those of other layers mean nothing. Without the last frame's
/// transform all are usual.
#[must_use]
pub fn places(figure: &Figure, transform: Option<&PlotTransform>) -> Vec<NameAt> {
    let Some(transform) = transform else { return vec![NameAt::Usual; figure.layers.len()] };
    let frame = transform.frame();
    let level = |layer: &Layer| match layer {
        Layer::Rule { across: Across::Y, at, .. } => {
            ticks::place(figure.y.scale, *at).map(|at| transform.position_from_point_y(at))
        }
        _ => None,
    };
    let levels: Vec<Option<f32>> = figure.layers.iter().map(level).collect();
    beside_each_other(&levels, [frame.width(), frame.height()])
}

/// Places for names at these levels, in points: at the right where no earlier one stands, else at the left, else nowhere.
fn beside_each_other(levels: &[Option<f32>], [width, height]: [f32; 2]) -> Vec<NameAt> {
    let (mut right, mut left): (Vec<f32>, Vec<f32>) = (Vec::new(), Vec::new());
    let is_free = |taken: &[f32], at: f32| taken.iter().all(|other| (other - at).abs() >= NAME_HEIGHT);
    let place = |level: &Option<f32>| match *level {
        None => NameAt::Usual,
        Some(_) if height < LEAST_HEIGHT => NameAt::Nowhere,
        Some(at) if is_free(&right, at) => {
            right.push(at);
            NameAt::Usual
        }
        Some(at) if width >= LEAST_WIDTH && is_free(&left, at) => {
            left.push(at);
            NameAt::Left
        }
        Some(_) => NameAt::Nowhere,
    };
    levels.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_lies_over_another() {
        let places = |levels: &[f32], size| beside_each_other(&levels.iter().map(|at| Some(*at)).collect::<Vec<_>>(), size);
        use NameAt::{Left, Nowhere, Usual};
        assert_eq!(places(&[10.0, 40.0, 12.0, 45.0, 11.0], [400.0, 200.0]), [Usual, Usual, Left, Left, Nowhere]);
        assert_eq!(places(&[10.0, 12.0], [200.0, 200.0]), [Usual, Nowhere], "too narrow for two beside each other");
        assert_eq!(places(&[10.0], [400.0, 40.0]), [Nowhere], "too low");
        assert_eq!(beside_each_other(&[None, Some(3.0)], [400.0, 200.0]), [Usual, Usual]);
    }
}
