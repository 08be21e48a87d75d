//! Items of egui_plot for many points: what [`super::prepared`] made ready, drawn in as many triangles as the picture needs.
//!
//! `shapes.rs` has the triangles of a layer, `drawing.rs` has them made beside the window's thread and kept.

mod drawing;
mod shapes;

use std::ops::RangeInclusive;

use egui::{Color32, Shape, Stroke, Ui};
use egui_plot::{PlotBounds, PlotGeometry, PlotItem, PlotItemBase, PlotPoint, PlotTransform};

use super::prepared::{Ready, Shown};
pub use drawing::Drawings;
pub use shapes::Setting;
use shapes::Style;

/// A layer with many points.
pub struct Crowd {
    base: PlotItemBase,
    shown: Shown,
    layer: usize,
    style: Style,
}

impl Crowd {
    /// A layer of a figure that is prepared, in its colour and with the width of its line.
    #[must_use]
    pub fn new(label: &str, shown: Shown, layer: usize, stroke: Stroke) -> Self {
        let style = Style { stroke, is_dashed: false, ground: None };
        Crowd { base: PlotItemBase::new(label.to_owned()), shown, layer, style }
    }

    /// The curve in dashes.
    #[must_use]
    pub fn dashed(mut self, dashed: bool) -> Self {
        self.style.is_dashed = dashed;
        self
    }

    /// The curve with a faint ground down to a y.
    #[must_use]
    pub fn filled_down_to(mut self, y: Option<f64>) -> Self {
        self.style.ground = y;
        self
    }
}

impl PlotItem for Crowd {
    fn shapes(&self, ui: &Ui, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        let mut style = self.style;
        if self.highlighted() {
            style.stroke.width *= 2.0;
        }
        let setting =
            Setting { frame: *transform.frame(), bounds: *transform.bounds(), style, pixels_per_point: ui.pixels_per_point() };
        shapes.push(self.shown.drawn(ui.ctx(), self.layer, (setting, *transform)));
    }

    fn initialize(&mut self, _x_range: RangeInclusive<f64>) {}

    fn color(&self) -> Color32 {
        self.style.stroke.color
    }

    fn allow_hover(&self) -> bool {
        false
    }

    fn geometry(&self) -> PlotGeometry<'_> {
        PlotGeometry::None
    }

    fn bounds(&self) -> PlotBounds {
        let mut bounds = PlotBounds::NOTHING;
        let (extent, bars) = match self.shown.layer(self.layer) {
            Ready::Cloud(cloud, bars) => (cloud.extent(), Some(*bars)),
            Ready::Path(path, _) => (path.extent(), self.style.ground.map(|ground| [ground; 2])),
            Ready::Plain | Ready::Map(_) => (None, None),
        };
        let Some([x, y]) = extent else { return bounds };
        bounds.extend_with(&PlotPoint::new(x[0], y[0]));
        bounds.extend_with(&PlotPoint::new(x[1], y[1]));
        for end in bars.into_iter().flatten().filter(|end| end.is_finite()) {
            bounds.extend_with_y(end);
        }
        bounds
    }

    fn base(&self) -> &PlotItemBase {
        &self.base
    }

    fn base_mut(&mut self) -> &mut PlotItemBase {
        &mut self.base
    }
}
