//! Hatched parts of a plot: what is known to be odd there, or masked, with its words. The data below stay to be seen.

use std::ops::RangeInclusive;

use egui::{Align2, Color32, Rect, Shape, Stroke, Ui, pos2, vec2};
use egui_plot::{PlotBounds, PlotGeometry, PlotItem, PlotItemBase, PlotTransform};

use super::theme;

/// Between two lines of the hatch, points.
const STEP: f32 = 9.0;

/// A hatched part, as laid out on the axes.
pub struct Hatched {
    base: PlotItemBase,
    x: Option<[f64; 2]>,
    y: Option<[f64; 2]>,
    colour: Color32,
}

impl Hatched {
    /// A part between these places of each axis; none is all of it.
    #[must_use]
    pub fn new(words: &str, x: Option<[f64; 2]>, y: Option<[f64; 2]>, colour: Color32) -> Self {
        Hatched { base: PlotItemBase::new(words.to_owned()), x, y, colour }
    }

    /// The part on the screen; none where it is not in sight.
    fn rect(&self, transform: &PlotTransform) -> Option<Rect> {
        let frame = *transform.frame();
        let ends = |range: Option<[f64; 2]>, place: &dyn Fn(f64) -> f32, first: f32, last: f32| {
            let [low, high] = range.map_or([first, last], |[low, high]| [place(low), place(high)]);
            let (low, high) = (low.min(high).max(first), low.max(high).min(last));
            (low.is_finite() && high.is_finite() && high > low).then_some([low, high])
        };
        let [left, right] = ends(self.x, &|x| transform.position_from_point_x(x), frame.left(), frame.right())?;
        let [top, bottom] = ends(self.y, &|y| transform.position_from_point_y(y), frame.top(), frame.bottom())?;
        Some(Rect::from_min_max(pos2(left, top), pos2(right, bottom)))
    }
}

impl PlotItem for Hatched {
    fn shapes(&self, ui: &Ui, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        let Some(rect) = self.rect(transform) else { return };
        shapes.push(Shape::rect_filled(rect, 0.0, self.colour.gamma_multiply(0.16)));
        let stroke = Stroke::new(0.7, self.colour.gamma_multiply(0.6));
        let (width, height) = (rect.width(), rect.height());
        let mut at = STEP;
        while at < width + height {
            let from = pos2(rect.left() + (at - height).max(0.0), rect.top() + at.min(height));
            let to = pos2(rect.left() + at.min(width), rect.top() + (at - width).max(0.0));
            shapes.push(Shape::line_segment([from, to], stroke));
            at += STEP;
        }
        if self.name().is_empty() || height < 14.0 {
            return;
        }
        let ground = theme::ground(theme::look(ui.visuals()));
        let mut job = egui::text::LayoutJob::simple_singleline(format!("▨ {}", self.name()), theme::small_font(), ground.text);
        let room = (transform.frame().right() - rect.left() - 6.0).max(40.0);
        job.wrap = egui::text::TextWrapping::truncate_at_width(room);
        let galley = ui.painter().layout_job(job);
        let words = Align2::LEFT_TOP.anchor_size(rect.min + vec2(3.0, 2.0), galley.size());
        shapes.push(Shape::rect_filled(words.expand2(vec2(2.0, 0.0)), 2.0, ground.plot.gamma_multiply(0.85)));
        shapes.push(Shape::galley(words.min, galley, ground.text));
    }

    fn initialize(&mut self, _x_range: RangeInclusive<f64>) {}

    fn color(&self) -> Color32 {
        self.colour
    }

    fn geometry(&self) -> PlotGeometry<'_> {
        PlotGeometry::None
    }

    fn bounds(&self) -> PlotBounds {
        // What is known of a place draws nobody's eye away from the data: it widens no axis.
        PlotBounds::NOTHING
    }

    fn base(&self) -> &PlotItemBase {
        &self.base
    }

    fn base_mut(&mut self) -> &mut PlotItemBase {
        &mut self.base
    }
}
