//! The shapes of a layer with many points, as one mesh of triangles: made on any thread, and then only copied into each frame.

use std::sync::Arc;

use egui::epaint::{TessellationOptions, Tessellator};
use egui::{Color32, Mesh, Rect, Shape, Stroke, pos2, vec2};
use egui_plot::{PlotBounds, PlotTransform};
use monitasks::figure::{Figure, Layer};

use crate::gui::figure_items::{ground_under, off_the_plot};
use crate::gui::prepared::{Ready, bar};
use crate::gui::theme;
use crate::plotting::thinning::{Cells, Mark, ToPixels};

/// So many points in sight are drawn one by one.
const ONE_BY_ONE: usize = 4_000;
/// Side of the cells that points share, in pixels of the screen: less than a mark is wide.
const CELL: f32 = 2.0;

/// A curve that goes so much farther up and down than across is noise.
const STEEP: f32 = 8.0;

/// How a layer is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// Its colour, and the width of its line.
    pub stroke: Stroke,
    /// The curve in dashes.
    pub is_dashed: bool,
    /// The curve with a faint ground down to a y.
    pub ground: Option<f64>,
}

/// Where and how a layer is drawn: the same again has the same triangles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// The plot's frame, points.
    pub frame: Rect,
    /// What of the data it shows.
    pub bounds: PlotBounds,
    /// Its style.
    pub style: Style,
    /// Pixels a point.
    pub pixels_per_point: f32,
}

/// What is to be drawn.
pub struct Drawn<'a> {
    /// The figure.
    pub figure: &'a Figure,
    /// What is ready of the layer.
    pub ready: &'a Ready,
    /// The layer's place in the figure.
    pub layer: usize,
    /// Where and how.
    pub setting: Setting,
    /// From data to the screen, as the setting has it.
    pub transform: PlotTransform,
}

impl Drawn<'_> {
    /// Its triangles.
    #[must_use]
    pub fn mesh(&self, options: TessellationOptions) -> Arc<Mesh> {
        let mut mesh = Mesh::default();
        // Letters are never among the shapes, so neither the size of their picture nor its discs are needed.
        let shapes = self.shapes();
        let options = TessellationOptions { feathering: options.feathering && !is_noise(&shapes), ..options };
        let mut tessellator = Tessellator::new(self.setting.pixels_per_point, options, [1, 1], Vec::new());
        for shape in shapes {
            tessellator.tessellate_shape(shape, &mut mesh);
        }
        mesh.vertices.shrink_to_fit();
        mesh.indices.shrink_to_fit();
        Arc::new(mesh)
    }

    fn shapes(&self) -> Vec<Shape> {
        match self.ready {
            Ready::Cloud(..) => self.marks(),
            Ready::Path(path, _) => {
                let frame = self.setting.frame;
                let pieces = path.pieces(&self.to_points(), [f64::from(frame.left()), f64::from(frame.right())]);
                pieces.iter().flat_map(|piece| self.piece(piece)).collect()
            }
            Ready::Plain | Ready::Map(_) => Vec::new(),
        }
    }

    fn piece(&self, piece: &[[f64; 2]]) -> Vec<Shape> {
        let Style { stroke, is_dashed, ground } = self.setting.style;
        let line: Vec<egui::Pos2> = piece.iter().map(|[x, y]| pos2(*x as f32, *y as f32)).collect();
        if let [lone] = line[..] {
            return vec![Shape::circle_filled(lone, stroke.width.max(theme::SMALL_MARKER_RADIUS), stroke.color)];
        }
        let mut shapes = Vec::new();
        if let Some(ground) = ground {
            let base = self.transform.position_from_point_y(ground);
            shapes.push(Shape::mesh(ground_under(&line, base, stroke.color.gamma_multiply(0.18))));
        }
        if is_dashed {
            shapes.extend(Shape::dashed_line(&line, stroke, 6.0, 4.0));
        } else {
            shapes.push(Shape::line(line, stroke));
        }
        shapes
    }

    /// One by one where few are in sight, else a mark for each cell that holds a point; cells above each other have one together.
    fn marks(&self) -> Vec<Shape> {
        let Ready::Cloud(cloud, _) = self.ready else { return Vec::new() };
        let (frame, bounds, to) = (self.setting.frame, self.setting.bounds, self.to_points());
        let mut shapes = Vec::new();
        let in_sight = cloud.between(bounds.min()[0], bounds.max()[0]);
        if in_sight.len() <= ONE_BY_ONE {
            for (number, place) in in_sight {
                let [x, y] = to.of(place);
                let outside = i8::from(y > f64::from(frame.bottom())) - i8::from(y < f64::from(frame.top()));
                let mark = Mark { x, top: y, bottom: y, highest: number, lowest: number, outside, is_end: [true; 2] };
                self.mark(&mark, &mut shapes);
            }
            return shapes;
        }
        let cell = f64::from(CELL / self.setting.pixels_per_point.max(0.1));
        let area = [frame.left(), frame.top(), frame.width(), frame.height()].map(f64::from);
        let mut cells = Cells::new(area, cell);
        cloud.fill(&mut cells, &to);
        let mut stacks = Mesh::default();
        let around = vec2((cell as f32 / 2.0).max(1.0), 1.0);
        for mark in cells.marks() {
            if mark.highest == mark.lowest || mark.outside != 0 {
                self.mark(&mark, &mut shapes);
                continue;
            }
            let (top, bottom) = (pos2(mark.x as f32, mark.top as f32), pos2(mark.x as f32, mark.bottom as f32));
            stacks.add_colored_rect(Rect::from_two_pos(top - around, bottom + around), self.colour());
            for (number, _) in [mark.highest, mark.lowest].into_iter().zip(mark.is_end).filter(|(_, is_end)| *is_end) {
                self.error_bar(number, mark.x as f32, &mut shapes);
            }
        }
        shapes.push(Shape::mesh(stacks));
        shapes
    }

    fn colour(&self) -> Color32 {
        self.setting.style.stroke.color
    }

    /// A mark of its own.
    fn mark(&self, mark: &Mark, shapes: &mut Vec<Shape>) {
        if mark.outside != 0 {
            shapes.push(off_the_plot(mark.x as f32, self.setting.frame, mark.outside < 0, self.colour()));
            return;
        }
        if mark.is_end[0] || mark.is_end[1] {
            self.error_bar(mark.highest, mark.x as f32, shapes);
        }
        shapes.push(Shape::circle_filled(pos2(mark.x as f32, mark.top as f32), theme::SMALL_MARKER_RADIUS, self.colour()));
    }

    fn error_bar(&self, number: u32, x: f32, shapes: &mut Vec<Shape>) {
        let Some(Layer::Points { points, .. }) = self.figure.layers.get(self.layer) else { return };
        let ends = points.get(number as usize).and_then(|point| bar(self.figure.y.scale, point.y, point.y_error));
        if let Some(ends) = ends {
            let [low, high] = ends.map(|end| pos2(x, self.transform.position_from_point_y(end)));
            shapes.push(Shape::line_segment([low, high], Stroke::new(1.0, self.colour())));
        }
    }

    /// The transform in one step, in numbers as fine as those of the data: times of today have ten digits before the second.
    fn to_points(&self) -> ToPixels {
        let (transform, bounds) = (&self.transform, self.setting.bounds);
        let scale = transform.dpos_dvalue();
        let offset = |place: f32, value: f64, scale: f64| f64::from(place) - value * scale;
        let [x, y] = [transform.position_from_point_x(bounds.min()[0]), transform.position_from_point_y(bounds.min()[1])];
        debug_assert!(self.setting.frame.is_finite());
        ToPixels { scale, offset: [offset(x, bounds.min()[0], scale[0]), offset(y, bounds.min()[1], scale[1])] }
    }
}

/// Whether curves go up and down so steeply that soft edges are not seen on them: they would double the triangles.
fn is_noise(shapes: &[Shape]) -> bool {
    let mut across_and_up = egui::Vec2::ZERO;
    for shape in shapes {
        if let Shape::Path(path) = shape {
            across_and_up += path.points.windows(2).fold(egui::Vec2::ZERO, |sum, ends| sum + (ends[1] - ends[0]).abs());
        }
    }
    across_and_up.y > STEEP * across_and_up.x
}
