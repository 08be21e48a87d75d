//! The marks of a plot's layers.
//!
//! Of many points each cell of two pixels that holds one has a mark ([`super::thinning`]), so a lone outlier is always drawn. Points
//! above or below a fixed range show as triangles at the edge: what is off the plot is not off the eye.

use std::fmt::Write as _;

use monitasks::figure::{Across, Ink, Layer, Point};

use super::canvas::{Area, Canvas, Hang, Words, px, text_width};
use super::map;
use super::palette::{self, Rgb};
use super::svg::{Plot, colour};
use super::thin_line::Path;
use super::thinning::{Cells, ToPixels};

/// More points than this are thinned.
pub const MANY_POINTS: usize = 10_000;
/// Radius of a mark where there are many, px.
const CROWD_RADIUS: f64 = 1.4;
/// Side of the cells that many points are drawn in, px: less than a mark is wide.
const CELL: f64 = 2.0;

/// Draws all layers in order; the names of rules and words come last, over everything.
pub fn draw(canvas: &mut Canvas, plot: &Plot<'_>) {
    let has_map = plot.figure.layers.iter().any(|layer| matches!(layer, Layer::Map(_)));
    canvas.begin_clip(plot.area);
    for layer in &plot.figure.layers {
        match layer {
            Layer::Points { ink, points, .. } => draw_points(canvas, plot, *ink, points),
            Layer::Line { ink, points, .. } => {
                let pixels = points.iter().map(|[x, y]| pixel(plot, *x, *y));
                // What lies below a line on a map stays to be seen.
                let width = if has_map { 0.9 } else { 1.8 };
                canvas.path(&polyline(plot, pixels, points.len()), colour(plot, *ink), width);
            }
            Layer::Steps { ink, edges, values, .. } => steps(canvas, plot, *ink, edges, values),
            Layer::Map(shown) => map::draw(canvas, plot, shown),
            Layer::Rule { ink, across, at, .. } => rule(canvas, plot, *ink, *across, *at),
            Layer::Text { .. } => {}
        }
    }
    for layer in &plot.figure.layers {
        if let Layer::Text { x, y, text } = layer {
            words(canvas, plot, (*x, *y), text);
        }
    }
    canvas.end_clip();
    rule_names(canvas, plot);
}

fn pixel(plot: &Plot<'_>, x: f64, y: f64) -> Option<(f64, f64)> {
    if x.is_finite() && y.is_finite() { plot.x.place(x).zip(plot.y.place(y)) } else { None }
}

fn draw_points(canvas: &mut Canvas, plot: &Plot<'_>, ink: Ink, points: &[Point]) {
    if points.len() > MANY_POINTS {
        return draw_crowd(canvas, plot, ink, points);
    }
    let colour = colour(plot, ink);
    let (radius, has_caps) = match points.len() {
        0..=60 => (3.2, true),
        61..=400 => (2.2, false),
        _ => (CROWD_RADIUS, false),
    };
    for point in points {
        let Some((x, y)) = pixel(plot, point.x, point.y) else { continue };
        if y < plot.area.y || y > plot.area.bottom() {
            off_the_plot(canvas, plot, x, y < plot.area.y, colour);
            continue;
        }
        error_bar(canvas, plot, point, (x, y), (colour, has_caps));
        mark(canvas, ink, (x, y), radius, colour);
    }
}

/// Every cell of two pixels that holds a point has a mark; cells above each other have one together. The highest and lowest of a
/// column have their error bars.
fn draw_crowd(canvas: &mut Canvas, plot: &Plot<'_>, ink: Ink, points: &[Point]) {
    let (area, colour) = (plot.area, colour(plot, ink));
    let mut cells = Cells::new([area.x, area.y, area.w, area.h], CELL);
    for (number, point) in (0u32..).zip(points) {
        if let Some((x, y)) = pixel(plot, point.x, point.y) {
            cells.put([x, y], number);
        }
    }
    let mut runs = String::new();
    for stack in cells.marks() {
        if stack.outside != 0 {
            off_the_plot(canvas, plot, stack.x, stack.outside < 0, colour);
            continue;
        }
        let ends = [(stack.highest, stack.top), (stack.lowest, stack.bottom)];
        for ((number, y), _) in ends.into_iter().zip(stack.is_end).filter(|(_, is_end)| *is_end) {
            if let Some(point) = points.get(number as usize) {
                error_bar(canvas, plot, point, (stack.x, y), (colour, false));
            }
        }
        if stack.highest == stack.lowest {
            mark(canvas, ink, (stack.x, stack.top), CROWD_RADIUS, colour);
        } else {
            let (left, right) = (px(stack.x - CROWD_RADIUS), px(stack.x + CROWD_RADIUS));
            let (top, bottom) = (px(stack.top - CROWD_RADIUS), px(stack.bottom + CROWD_RADIUS));
            let _ = write!(runs, "M{left} {top}H{right}V{bottom}H{left}Z");
        }
    }
    canvas.fill(&runs, colour, 1.0);
}

/// One point's mark. The series has seven colours; the layers after those have the same colours and other shapes.
pub fn mark(canvas: &mut Canvas, ink: Ink, at: (f64, f64), radius: f64, colour: Rgb) {
    let (x, y) = at;
    let round = if let Ink::Series(index) = ink { index / palette::SERIES_LENGTH } else { 0 };
    match round {
        0 => canvas.disc(at, radius, colour),
        1 => canvas.rect(Area { x: x - radius, y: y - radius, w: 2.0 * radius, h: 2.0 * radius }, colour, 0.0),
        _ => {
            let r = radius * 1.4;
            let steps = format!("M{} {}L{} {}L{} {}Z", px(x), px(y - r), px(x - r), px(y + r * 0.8), px(x + r), px(y + r * 0.8));
            canvas.fill(&steps, colour, 1.0);
        }
    }
}

fn error_bar(canvas: &mut Canvas, plot: &Plot<'_>, point: &Point, at: (f64, f64), style: (Rgb, bool)) {
    if !point.y_error.is_finite() || point.y_error == 0.0 {
        return;
    }
    let (colour, has_caps) = style;
    let error = point.y_error.abs();
    // On a logarithmic axis a bar that reaches zero goes down to the edge.
    let low = plot.y.place(point.y - error).unwrap_or(plot.area.bottom() + 10.0);
    let high = plot.y.place(point.y + error).unwrap_or(at.1);
    canvas.line((at.0, low), (at.0, high), colour, 1.2, "");
    if has_caps {
        for y in [low, high] {
            canvas.line((at.0 - 3.0, y), (at.0 + 3.0, y), colour, 1.2, "");
        }
    }
}

fn off_the_plot(canvas: &mut Canvas, plot: &Plot<'_>, x: f64, is_above: bool, colour: Rgb) {
    let (tip, base) = if is_above { (plot.area.y + 1.0, 8.0) } else { (plot.area.bottom() - 1.0, -8.0) };
    let steps = format!("M{} {}L{} {}L{} {}Z", px(x), px(tip), px(x - 4.0), px(tip + base), px(x + 4.0), px(tip + base));
    canvas.fill(&steps, colour, 1.0);
}

/// A path through pixels, broken where there is none, and as much of a dot as a line is wide for a lone point. Of many pixels in
/// one column the first, lowest, highest and last stay.
fn polyline(plot: &Plot<'_>, pixels: impl Iterator<Item = Option<(f64, f64)>>, count: usize) -> String {
    let path = Path::new(pixels.map(|at| at.map(|(x, y)| [x, y])));
    let mut steps = String::new();
    let columns = [plot.area.x, plot.area.right()];
    let pieces = if count > MANY_POINTS { path.pieces(&ToPixels::SAME, columns) } else { path.whole() };
    for piece in pieces {
        for (place, [x, y]) in piece.iter().enumerate() {
            let _ = write!(steps, "{}{} {}", if place == 0 { 'M' } else { 'L' }, px(*x), px(*y));
        }
        if let [[x, _]] = piece[..] {
            let _ = write!(steps, "m-0.9 0H{}", px(x + 0.9));
        }
    }
    steps
}

fn steps(canvas: &mut Canvas, plot: &Plot<'_>, ink: Ink, edges: &[f64], values: &[f64]) {
    let bins = values.len().min(edges.len().saturating_sub(1));
    let corners = (0..bins).flat_map(|bin| {
        let (low, high, value) = (edges[bin], edges[bin + 1], values[bin]);
        [pixel(plot, low, value), pixel(plot, high, value)]
    });
    let colour = colour(plot, ink);
    let outline = polyline(plot, corners, 2 * bins);
    if plot.y.holds(0.0) && bins <= MANY_POINTS {
        let floor = plot.y.place(0.0).unwrap_or(plot.area.bottom());
        canvas.fill(&filled_bins(plot, edges, values, floor), colour, 0.22);
    }
    canvas.path(&outline, colour, 1.5);
}

fn filled_bins(plot: &Plot<'_>, edges: &[f64], values: &[f64], floor: f64) -> String {
    let mut steps = String::new();
    for (edge, value) in edges.windows(2).zip(values) {
        if let (Some((left, y)), Some((right, _))) = (pixel(plot, edge[0], *value), pixel(plot, edge[1], *value)) {
            let _ = write!(steps, "M{} {}V{}H{}V{}Z", px(left), px(floor), px(y), px(right), px(floor));
        }
    }
    steps
}

fn rule(canvas: &mut Canvas, plot: &Plot<'_>, ink: Ink, across: Across, at: f64) {
    let area = plot.area;
    let colour = colour(plot, ink);
    match across {
        Across::X => {
            if let Some(x) = plot.x.place(at) {
                canvas.line((x, area.y), (x, area.bottom()), colour, 1.3, "6 4");
            }
        }
        Across::Y => {
            if let Some(y) = plot.y.place(at) {
                canvas.line((area.x, y), (area.right(), y), colour, 1.3, "6 4");
            }
        }
    }
}

/// How many points a name there would lie over.
fn points_under(plot: &Plot<'_>, place: &Area) -> usize {
    let layers =
        plot.figure.layers.iter().filter_map(|layer| if let Layer::Points { points, .. } = layer { Some(points) } else { None });
    let pixels = layers.flat_map(|points| points.iter().take(MANY_POINTS)).filter_map(|point| pixel(plot, point.x, point.y));
    pixels.filter(|(x, y)| place.meets(&Area { x: x - 3.0, y: y - 3.0, w: 6.0, h: 6.0 })).count()
}

/// Writes the rules' names beside them: of a few places where no other name stands, the one that hides the fewest points.
fn rule_names(canvas: &mut Canvas, plot: &Plot<'_>) {
    let mut taken: Vec<Area> = Vec::new();
    for layer in &plot.figure.layers {
        let Layer::Rule { label, ink, across, at } = layer else { continue };
        let width = text_width(label, plot.font);
        let places = match across {
            Across::X => plot.x.holds(*at).then(|| plot.x.place(*at)).flatten().map(|x| beside_vertical(plot, x, width)),
            Across::Y => plot.y.holds(*at).then(|| plot.y.place(*at)).flatten().map(|y| beside_horizontal(plot, y, width)),
        };
        let Some(places) = places else { continue };
        let free = places.iter().filter(|place| taken.iter().all(|other| !place.meets(other)));
        let place = *free.min_by_key(|place| points_under(plot, place)).unwrap_or(&places[0]);
        taken.push(place);
        let words = Words::new(plot.font, colour(plot, *ink)).halo(plot.ground.plot);
        canvas.text((place.x, place.bottom() - plot.font * 0.25), words, label);
    }
}

fn beside_horizontal(plot: &Plot<'_>, y: f64, width: f64) -> Vec<Area> {
    let (area, h) = (plot.area, plot.font * 1.2);
    let (right, left, middle) = (area.right() - width - 6.0, area.x + 6.0, area.x + (area.w - width) / 2.0);
    let mut places = Vec::new();
    for x in [right, left, middle] {
        for top in [y - h - 2.0, y + 2.0] {
            places.push(Area { x: x.max(area.x + 2.0), y: top.clamp(area.y, (area.bottom() - h).max(area.y)), w: width, h });
        }
    }
    places
}

fn beside_vertical(plot: &Plot<'_>, x: f64, width: f64) -> Vec<Area> {
    let (area, h) = (plot.area, plot.font * 1.2);
    let x = if x + width + 6.0 > area.right() { (x - width - 5.0).max(area.x) } else { x + 5.0 };
    (0..6).map(|row| Area { x, y: area.y + 3.0 + f64::from(row) * (h + 2.0), w: width, h }).collect()
}

fn words(canvas: &mut Canvas, plot: &Plot<'_>, at: (f64, f64), text: &str) {
    let Some((x, y)) = pixel(plot, at.0, at.1) else { return };
    let lines: Vec<&str> = text.split('\n').collect();
    let first = y - (lines.len() as f64 - 1.0) / 2.0 * plot.font * 1.25 + plot.font * 0.36;
    let style = Words::new(plot.font, plot.ground.text).hang(Hang::Middle).halo(plot.ground.plot);
    for (row, line) in lines.iter().take(40).enumerate() {
        canvas.text((x, first + row as f64 * plot.font * 1.25), style, line);
    }
}
