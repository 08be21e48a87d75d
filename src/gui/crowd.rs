//! Items of egui_plot for many points: what [`super::prepared`] made ready, drawn in as many shapes as the picture needs.

use std::ops::RangeInclusive;

use egui::{Color32, Rect, Shape, Stroke, Ui, pos2, vec2};
use egui_plot::{PlotBounds, PlotGeometry, PlotItem, PlotItemBase, PlotPoint, PlotTransform};
use monitasks::figure::Layer;

use super::figure_items::{ground_under, off_the_plot};
use super::prepared::{Ready, Shown, bar};
use super::theme;
use crate::plotting::thinning::{Cells, Mark, ToPixels};

/// So many points in sight are drawn one by one.
const ONE_BY_ONE: usize = 4_000;
/// Side of the cells that points share, in pixels of the screen: less than a mark is wide.
const CELL: f32 = 2.0;

/// The shapes of a layer in the last frame, and what they were drawn for.
#[derive(Debug)]
pub struct Kept {
    frame: Rect,
    bounds: PlotBounds,
    style: (Color32, f32, f32),
    shapes: Vec<Shape>,
}

/// A layer with many points.
pub struct Crowd {
    base: PlotItemBase,
    shown: Shown,
    layer: usize,
    stroke: Stroke,
    dashed: bool,
    ground: Option<f64>,
}

impl Crowd {
    /// A layer of a figure that is prepared, in its colour and with the width of its line.
    #[must_use]
    pub fn new(label: &str, shown: Shown, layer: usize, stroke: Stroke) -> Self {
        Crowd { base: PlotItemBase::new(label.to_owned()), shown, layer, stroke, dashed: false, ground: None }
    }

    /// The curve in dashes.
    #[must_use]
    pub fn dashed(mut self, dashed: bool) -> Self {
        self.dashed = dashed;
        self
    }

    /// The curve with a faint ground down to a y.
    #[must_use]
    pub fn filled_down_to(mut self, y: Option<f64>) -> Self {
        self.ground = y;
        self
    }

    fn draw(&self, stroke: Stroke, pixels_per_point: f32, transform: &PlotTransform) -> Vec<Shape> {
        match self.shown.layer(self.layer) {
            Ready::Cloud(..) => self.marks(pixels_per_point, transform),
            Ready::Path(path, _) => {
                let frame = transform.frame();
                let pieces = path.pieces(&to_points(transform), [f64::from(frame.left()), f64::from(frame.right())]);
                pieces.iter().flat_map(|piece| self.piece(piece, stroke, transform)).collect()
            }
            Ready::Plain | Ready::Map(_) => Vec::new(),
        }
    }

    fn piece(&self, piece: &[[f64; 2]], stroke: Stroke, transform: &PlotTransform) -> Vec<Shape> {
        let line: Vec<egui::Pos2> = piece.iter().map(|[x, y]| pos2(*x as f32, *y as f32)).collect();
        if let [lone] = line[..] {
            return vec![Shape::circle_filled(lone, stroke.width.max(theme::SMALL_MARKER_RADIUS), stroke.color)];
        }
        let mut shapes = Vec::new();
        if let Some(ground) = self.ground {
            let base = transform.position_from_point_y(ground);
            shapes.push(Shape::mesh(ground_under(&line, base, stroke.color.gamma_multiply(0.18))));
        }
        if self.dashed {
            shapes.extend(Shape::dashed_line(&line, stroke, 6.0, 4.0));
        } else {
            shapes.push(Shape::line(line, stroke));
        }
        shapes
    }

    /// One by one where few are in sight, else a mark for each cell that holds a point; cells above each other have one together.
    fn marks(&self, pixels_per_point: f32, transform: &PlotTransform) -> Vec<Shape> {
        let Ready::Cloud(cloud, _) = self.shown.layer(self.layer) else { return Vec::new() };
        let (frame, to) = (transform.frame(), to_points(transform));
        let [low, high] = [transform.bounds().min()[0], transform.bounds().max()[0]];
        let mut shapes = Vec::new();
        let in_sight = cloud.between(low, high);
        if in_sight.len() <= ONE_BY_ONE {
            for (number, [x, y]) in in_sight {
                let [x, y] = [x * to.scale[0] + to.offset[0], y * to.scale[1] + to.offset[1]];
                let outside = i8::from(y > f64::from(frame.bottom())) - i8::from(y < f64::from(frame.top()));
                self.mark(
                    &Mark { x, top: y, bottom: y, highest: number, lowest: number, outside, is_end: [true; 2] },
                    transform,
                    &mut shapes,
                );
            }
            return shapes;
        }
        let cell = f64::from(CELL / pixels_per_point.max(0.1));
        let area = [frame.left(), frame.top(), frame.width(), frame.height()].map(f64::from);
        let mut cells = Cells::new(area, cell);
        cloud.fill(&mut cells, &to);
        let mut stacks = egui::Mesh::default();
        let around = vec2((cell as f32 / 2.0).max(1.0), 1.0);
        for mark in cells.marks() {
            if mark.highest == mark.lowest || mark.outside != 0 {
                self.mark(&mark, transform, &mut shapes);
                continue;
            }
            let (top, bottom) = (pos2(mark.x as f32, mark.top as f32), pos2(mark.x as f32, mark.bottom as f32));
            stacks.add_colored_rect(Rect::from_two_pos(top - around, bottom + around), self.stroke.color);
            for (number, _) in [mark.highest, mark.lowest].into_iter().zip(mark.is_end).filter(|(_, is_end)| *is_end) {
                self.error_bar(number, mark.x as f32, transform, &mut shapes);
            }
        }
        shapes.push(Shape::mesh(stacks));
        shapes
    }

    /// A mark of its own.
    fn mark(&self, mark: &Mark, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        let colour = self.stroke.color;
        if mark.outside != 0 {
            shapes.push(off_the_plot(mark.x as f32, *transform.frame(), mark.outside < 0, colour));
            return;
        }
        if mark.is_end[0] || mark.is_end[1] {
            self.error_bar(mark.highest, mark.x as f32, transform, shapes);
        }
        shapes.push(Shape::circle_filled(pos2(mark.x as f32, mark.top as f32), theme::SMALL_MARKER_RADIUS, colour));
    }

    fn error_bar(&self, number: u32, x: f32, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        let Some(Layer::Points { points, .. }) = self.shown.figure.layers.get(self.layer) else { return };
        let ends = points.get(number as usize).and_then(|point| bar(self.shown.figure.y.scale, point.y, point.y_error));
        if let Some(ends) = ends {
            let [low, high] = ends.map(|end| pos2(x, transform.position_from_point_y(end)));
            shapes.push(Shape::line_segment([low, high], Stroke::new(1.0, self.stroke.color)));
        }
    }
}

/// The transform in one step, in numbers as fine as those of the data: times of today have ten digits before the second.
fn to_points(transform: &PlotTransform) -> ToPixels {
    let (frame, bounds) = (transform.frame(), transform.bounds());
    let scale = transform.dpos_dvalue();
    let offset = |place: f32, value: f64, scale: f64| f64::from(place) - value * scale;
    let [x, y] = [transform.position_from_point_x(bounds.min()[0]), transform.position_from_point_y(bounds.min()[1])];
    debug_assert!(frame.is_finite());
    ToPixels { scale, offset: [offset(x, bounds.min()[0], scale[0]), offset(y, bounds.min()[1], scale[1])] }
}

impl PlotItem for Crowd {
    fn shapes(&self, ui: &Ui, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        let mut stroke = self.stroke;
        if self.highlighted() {
            stroke.width *= 2.0;
        }
        let (frame, bounds, style) =
            (*transform.frame(), *transform.bounds(), (stroke.color, stroke.width, ui.pixels_per_point()));
        let kept = self.shown.kept(self.layer).and_then(|kept| kept.try_borrow_mut().ok());
        let Some(mut kept) = kept else {
            shapes.extend(self.draw(stroke, ui.pixels_per_point(), transform));
            return;
        };
        let is_same = |kept: &Kept| kept.frame == frame && kept.bounds == bounds && kept.style == style;
        if !kept.as_ref().is_some_and(is_same) {
            let shapes = self.draw(stroke, ui.pixels_per_point(), transform);
            *kept = Some(Kept { frame, bounds, style, shapes });
        }
        shapes.extend(kept.iter().flat_map(|kept| kept.shapes.iter().cloned()));
    }

    fn initialize(&mut self, _x_range: RangeInclusive<f64>) {}

    fn color(&self) -> Color32 {
        self.stroke.color
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
            Ready::Path(path, _) => (path.extent(), self.ground.map(|ground| [ground; 2])),
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
