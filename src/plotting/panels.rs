//! Small plots in the place of one, and the box of numbers over a plot.

use monitasks::figure::{Figure, Layer, Panels, Statistic};

use super::canvas::{Area, Canvas, Hang, Words, fit, text_width};
use super::palette::Look;
use super::svg::{self, Plot};

/// Distance between small plots, px.
const GAP: f64 = 8.0;
/// No box takes more than this share of its plot's width.
const BOX_SHARE: f64 = 0.6;

/// Draws small plots in rows, each with its own axes.
pub fn draw(canvas: &mut Canvas, panels: &Panels, area: Area, look: Look, font: f64) {
    let (columns, rows) = (panels.columns.max(1), panels.rows().max(1));
    let size = (area.w / columns as f64, area.h / rows as f64);
    let font = if panels.plots.len() > 4 { font * 0.85 } else { font };
    for (place, plot) in panels.plots.iter().enumerate() {
        let (column, row) = (place % columns, place / columns);
        let cell = Area { x: area.x + column as f64 * size.0, y: area.y + row as f64 * size.1, w: size.0, h: size.1 };
        let plot = &without_inner_titles(plot, panels, place);
        svg::draw(canvas, plot, cell.inset(GAP / 2.0), look, font);
    }
}

/// Where small plots have one axis, its name stands at the edge alone.
fn without_inner_titles(plot: &Figure, panels: &Panels, place: usize) -> Figure {
    let mut plot = plot.clone();
    let [x, y] = shows_titles(panels, place);
    for (axis, shows) in [(&mut plot.x, x), (&mut plot.y, y)] {
        if !shows {
            axis.label.clear();
            axis.unit.clear();
        }
    }
    plot
}

/// Whether the plot at a place of many has the names of its axes, x and y: the lowest of each column and the first of each row.
#[must_use]
pub fn shows_titles(panels: &Panels, place: usize) -> [bool; 2] {
    let columns = panels.columns.max(1);
    [!panels.has_one_x || place + columns >= panels.plots.len(), !panels.has_one_y || place.is_multiple_of(columns)]
}

/// The place in the order of corners (upper right, upper left, lower right, lower left) where a box hides the fewest points and
/// bins, given for each corner whether a point of the figure lies under it.
#[must_use]
pub fn emptiest_corner(figure: &Figure, is_under: &dyn Fn(usize, f64, f64) -> bool) -> usize {
    let mut hidden = [0usize; 4];
    let mut look = |x: f64, y: f64| {
        for (corner, count) in hidden.iter_mut().enumerate() {
            *count += usize::from(is_under(corner, x, y));
        }
    };
    for layer in &figure.layers {
        match layer {
            Layer::Points { points, .. } => thinned(points).for_each(|point| look(point.x, point.y)),
            Layer::Line { points, .. } => thinned(points).for_each(|[x, y]| look(*x, *y)),
            Layer::Steps { edges, values, .. } => {
                let bins: Vec<(&[f64], &f64)> = edges.windows(2).zip(values).collect();
                thinned(&bins).for_each(|(edge, value)| look(f64::midpoint(edge[0], edge[1]), **value));
            }
            Layer::Map(_) | Layer::Rule { .. } | Layer::Text { .. } => {}
        }
    }
    (0..4).min_by_key(|corner| hidden[*corner]).unwrap_or(0)
}

/// Some thousand of many.
fn thinned<T>(all: &[T]) -> impl Iterator<Item = &T> {
    all.iter().step_by((all.len() / 2_000).max(1))
}

/// How many lines of a box there is room for, and how many are left out.
fn lines_that_fit(lines: &[Statistic], height: f64, each: f64) -> (&[Statistic], usize) {
    let room = ((height * 0.8 / each) as usize).max(1);
    if lines.len() <= room { (lines, 0) } else { (&lines[..room.saturating_sub(1)], lines.len() - room.saturating_sub(1)) }
}

/// The box of numbers, in the corner of the plot where it hides least.
pub fn statistics(canvas: &mut Canvas, plot: &Plot<'_>) {
    let lines = &plot.figure.statistics;
    if lines.is_empty() {
        return;
    }
    let (font, pad) = (plot.font * 0.9, plot.font * 0.5);
    let each = font * 1.35;
    let (shown, more) = lines_that_fit(lines, plot.area.h, each);
    let widest = |of: &dyn Fn(&Statistic) -> &str| shown.iter().map(|line| text_width(of(line), font)).fold(0.0, f64::max);
    let (names, values) = (widest(&|line| &line.name), widest(&|line| &line.value));
    // A pixel more: rounding must not cut the longest name.
    let width = (names + values + 3.0 * pad + 1.0).min(plot.area.w * BOX_SHARE);
    let height = each * (shown.len() + usize::from(more > 0)) as f64 + pad;
    let at_corner = |corner: usize| Area {
        x: if corner.is_multiple_of(2) { plot.area.right() - width - 4.0 } else { plot.area.x + 4.0 },
        y: if corner < 2 { plot.area.y + 4.0 } else { plot.area.bottom() - height - 4.0 },
        w: width,
        h: height,
    };
    let corners = [0, 1, 2, 3].map(at_corner);
    let corner = emptiest_corner(plot.figure, &|corner, x, y| {
        let area = &corners[corner];
        let at = plot.x.place(x).zip(plot.y.place(y));
        at.is_some_and(|(x, y)| (area.x..area.right()).contains(&x) && (area.y..area.bottom()).contains(&y))
    });
    let area = at_corner(corner);
    canvas.rect(area, plot.ground.card, 3.0);
    canvas.frame(area, plot.ground.frame, 3.0);
    let (name, value) = (Words::new(font, plot.ground.muted), Words::new(font, plot.ground.text).hang(Hang::End));
    let mut y = area.y + each;
    for line in shown {
        let room = width - 2.0 * pad;
        let said = fit(&line.value, font, room * 0.85);
        canvas.text((area.right() - pad, y), value, &said);
        canvas.text((area.x + pad, y), name, &fit(&line.name, font, room - text_width(&said, font) - pad));
        y += each;
    }
    if more > 0 {
        canvas.text((area.x + pad, y), name, &format!("and {more} more"));
    }
}
