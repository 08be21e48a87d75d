//! The layers of a figure as items of egui_plot: what it has not, error bars, gaps, steps, labelled rules.

use std::ops::RangeInclusive;

use egui::{Align2, Color32, Pos2, Rect, Shape, Stroke, Ui, pos2};
use egui_plot::{PlotBounds, PlotGeometry, PlotItem, PlotItemBase, PlotPoint, PlotTransform};

use super::rule_names::NameAt;
use super::theme;

/// Series with more points than this have no read-out under the pointer: the search costs as much as drawing.
pub const HOVERED_AT_MOST: usize = 4_000;

/// Markers with error bars.
pub struct Markers {
    base: PlotItemBase,
    colour: Color32,
    points: Vec<PlotPoint>,
    bars: Vec<Option<[f64; 2]>>,
    is_small: bool,
}

/// A curve: each piece is drawn through, with a gap to the next one.
pub struct Curve {
    base: PlotItemBase,
    stroke: Stroke,
    dashed: bool,
    points: Vec<PlotPoint>,
    pieces: Vec<std::ops::Range<usize>>,
    fill_down_to: Option<f64>,
}

/// A line across the plot with its name.
pub struct Across {
    base: PlotItemBase,
    colour: Color32,
    is_vertical: bool,
    at: f64,
    name_at: NameAt,
}

impl Markers {
    /// Points and the lower and upper ends of their bars, as laid out on the axes.
    #[must_use]
    pub fn new(label: &str, colour: Color32, points: Vec<PlotPoint>, bars: Vec<Option<[f64; 2]>>) -> Self {
        Markers { base: PlotItemBase::new(label.to_owned()), colour, points, bars, is_small: false }
    }

    /// So small that what is below stays to be seen.
    #[must_use]
    pub fn small(mut self) -> Self {
        self.is_small = true;
        self
    }
}

impl Curve {
    /// A curve through places laid out on the axes; a `None` breaks it.
    #[must_use]
    pub fn new(label: &str, stroke: Stroke, places: impl IntoIterator<Item = Option<[f64; 2]>>) -> Self {
        let mut points = Vec::new();
        let mut pieces = Vec::new();
        let mut start = 0;
        for place in places {
            if let Some([x, y]) = place {
                points.push(PlotPoint::new(x, y));
            } else if points.len() > start {
                pieces.push(start..points.len());
                start = points.len();
            }
        }
        if points.len() > start {
            pieces.push(start..points.len());
        }
        Curve { base: PlotItemBase::new(label.to_owned()), stroke, dashed: false, points, pieces, fill_down_to: None }
    }

    /// The curve in dashes.
    #[must_use]
    pub fn dashed(mut self, dashed: bool) -> Self {
        self.dashed = dashed;
        self
    }

    /// The curve with a faint ground down to a y.
    #[must_use]
    pub fn filled_down_to(mut self, y: f64) -> Self {
        self.fill_down_to = Some(y);
        self
    }
}

impl Across {
    /// A vertical line at an x or a horizontal one at a y.
    #[must_use]
    pub fn new(label: &str, colour: Color32, is_vertical: bool, at: f64) -> Self {
        Across { base: PlotItemBase::new(label.to_owned()), colour, is_vertical, at, name_at: NameAt::Usual }
    }

    /// With its name there.
    #[must_use]
    pub fn named(mut self, name_at: NameAt) -> Self {
        self.name_at = name_at;
        self
    }
}

impl PlotItem for Markers {
    fn shapes(&self, _ui: &Ui, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        let stroke = Stroke::new(1.0, self.colour);
        let visible = transform.frame().expand(theme::MARKER_RADIUS);
        let crowded = self.points.len() > 2_000;
        let radius = if crowded || self.is_small { theme::SMALL_MARKER_RADIUS } else { theme::MARKER_RADIUS };
        for (point, bar) in self.points.iter().zip(&self.bars) {
            let at = transform.position_from_point(point);
            if at.x < visible.left() || at.x > visible.right() {
                continue;
            }
            if at.y < transform.frame().top() || at.y > transform.frame().bottom() {
                shapes.push(off_the_plot(at.x, *transform.frame(), at.y < transform.frame().top(), self.colour));
                continue;
            }
            if let Some([low, high]) = bar {
                let (low, high) = (transform.position_from_point_y(*low), transform.position_from_point_y(*high));
                shapes.push(Shape::line_segment([pos2(at.x, low), pos2(at.x, high)], stroke));
                if !crowded {
                    for end in [low, high] {
                        shapes.push(Shape::line_segment([pos2(at.x - 2.5, end), pos2(at.x + 2.5, end)], stroke));
                    }
                }
            }
            shapes.push(Shape::circle_filled(at, radius, self.colour));
        }
    }

    fn initialize(&mut self, _x_range: RangeInclusive<f64>) {}

    fn color(&self) -> Color32 {
        self.colour
    }

    fn allow_hover(&self) -> bool {
        self.points.len() <= HOVERED_AT_MOST
    }

    fn geometry(&self) -> PlotGeometry<'_> {
        PlotGeometry::Points(&self.points)
    }

    fn bounds(&self) -> PlotBounds {
        let mut bounds = bounds_of(&self.points);
        for (point, [low, high]) in self.points.iter().zip(&self.bars).filter_map(|(point, bar)| Some((point, (*bar)?))) {
            bounds.extend_with(&PlotPoint::new(point.x, low));
            bounds.extend_with(&PlotPoint::new(point.x, high));
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

impl PlotItem for Curve {
    fn shapes(&self, _ui: &Ui, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        let mut stroke = self.stroke;
        if self.highlighted() {
            stroke.width *= 2.0;
        }
        for piece in &self.pieces {
            let line: Vec<Pos2> = self.points[piece.clone()].iter().map(|point| transform.position_from_point(point)).collect();
            if let [lone] = line[..] {
                // A value between two gaps would have no line at all.
                shapes.push(Shape::circle_filled(lone, stroke.width.max(theme::SMALL_MARKER_RADIUS), stroke.color));
                continue;
            }
            if let Some(base) = self.fill_down_to {
                let base = transform.position_from_point_y(base);
                shapes.push(Shape::mesh(ground_under(&line, base, self.stroke.color.gamma_multiply(0.18))));
            }
            if self.dashed {
                shapes.extend(Shape::dashed_line(&line, stroke, 6.0, 4.0));
            } else {
                shapes.push(Shape::line(line, stroke));
            }
        }
    }

    fn initialize(&mut self, _x_range: RangeInclusive<f64>) {}

    fn color(&self) -> Color32 {
        self.stroke.color
    }

    fn allow_hover(&self) -> bool {
        self.points.len() <= HOVERED_AT_MOST
    }

    fn geometry(&self) -> PlotGeometry<'_> {
        PlotGeometry::Points(&self.points)
    }

    fn bounds(&self) -> PlotBounds {
        let mut bounds = bounds_of(&self.points);
        if let Some(y) = self.fill_down_to.filter(|_| !self.points.is_empty()) {
            bounds.extend_with_y(y);
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

impl PlotItem for Across {
    fn shapes(&self, ui: &Ui, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        let frame = transform.frame();
        let stroke = Stroke::new(1.0, self.colour);
        let (ends, corner, anchor) = if self.is_vertical {
            let x = transform.position_from_point_x(self.at);
            ([pos2(x, frame.top()), pos2(x, frame.bottom())], pos2(x + 3.0, frame.top() + 2.0), Align2::LEFT_TOP)
        } else {
            let y = transform.position_from_point_y(self.at);
            ([pos2(frame.left(), y), pos2(frame.right(), y)], pos2(frame.right() - 3.0, y - 1.0), Align2::RIGHT_BOTTOM)
        };
        shapes.extend(Shape::dashed_line(&ends, stroke, 6.0, 4.0));
        let galley = ui.painter().layout_no_wrap(self.name().to_owned(), theme::small_font(), self.colour);
        let (corner, anchor) = match self.name_at {
            NameAt::Nowhere => return,
            NameAt::Left if !self.is_vertical => (pos2(frame.left() + 4.0, corner.y), Align2::LEFT_BOTTOM),
            NameAt::Left | NameAt::Usual => (corner, anchor),
        };
        let mut rect = anchor.anchor_size(corner, galley.size());
        if rect.top() < frame.top() {
            rect = rect.translate(egui::vec2(0.0, rect.height() + 2.0));
        }
        if rect.right() > frame.right() {
            rect = rect.translate(egui::vec2(-rect.width() - 6.0, 0.0));
        }
        // A ground of its own keeps the words readable over data.
        let ground = theme::ground(theme::look(ui.visuals())).plot.gamma_multiply(0.85);
        shapes.push(Shape::rect_filled(rect.expand2(egui::vec2(2.0, 0.0)), 2.0, ground));
        shapes.push(Shape::galley(rect.min, galley, self.colour));
    }

    fn initialize(&mut self, _x_range: RangeInclusive<f64>) {}

    fn color(&self) -> Color32 {
        self.colour
    }

    fn geometry(&self) -> PlotGeometry<'_> {
        PlotGeometry::None
    }

    fn bounds(&self) -> PlotBounds {
        let mut bounds = PlotBounds::NOTHING;
        if self.is_vertical {
            bounds.extend_with_x(self.at);
        } else {
            bounds.extend_with_y(self.at);
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

fn bounds_of(points: &[PlotPoint]) -> PlotBounds {
    let mut bounds = PlotBounds::NOTHING;
    for point in points {
        bounds.extend_with(point);
    }
    bounds
}

/// A triangle at the plot's edge for a point above or below it: what is off the plot is not off the eye.
pub fn off_the_plot(x: f32, frame: Rect, is_above: bool, colour: Color32) -> Shape {
    let (tip, base) = if is_above { (frame.top() + 1.0, 6.0) } else { (frame.bottom() - 1.0, -6.0) };
    Shape::convex_polygon(vec![pos2(x, tip), pos2(x - 3.0, tip + base), pos2(x + 3.0, tip + base)], colour, Stroke::NONE)
}

/// The area between a line and a height, two triangles a segment.
#[must_use]
pub fn ground_under(line: &[Pos2], base: f32, colour: Color32) -> egui::Mesh {
    let mut mesh = egui::Mesh::default();
    for point in line {
        mesh.colored_vertex(*point, colour);
        mesh.colored_vertex(pos2(point.x, base), colour);
    }
    for index in (0..line.len().saturating_sub(1) as u32).map(|segment| 2 * segment) {
        mesh.add_triangle(index, index + 1, index + 2);
        mesh.add_triangle(index + 1, index + 2, index + 3);
    }
    mesh
}
