//! Small plots in the place of one, and the box of numbers over a plot.

use monitasks::figure::{Panels, Statistic};

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
        svg::draw(canvas, plot, cell.inset(GAP / 2.0), look, font);
    }
}

/// How many lines of a box there is room for, and how many are left out.
fn lines_that_fit(lines: &[Statistic], height: f64, each: f64) -> (&[Statistic], usize) {
    let room = ((height * 0.8 / each) as usize).max(1);
    if lines.len() <= room { (lines, 0) } else { (&lines[..room.saturating_sub(1)], lines.len() - room.saturating_sub(1)) }
}

/// The box of numbers in the upper right corner of a plot.
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
    let width = (names + values + 3.0 * pad).min(plot.area.w * BOX_SHARE);
    let height = each * (shown.len() + usize::from(more > 0)) as f64 + pad;
    let area = Area { x: plot.area.right() - width - 4.0, y: plot.area.y + 4.0, w: width, h: height };
    canvas.rect(area, plot.ground.card, 3.0);
    canvas.frame(area, plot.ground.frame, 3.0);
    let (name, value) = (Words::new(font, plot.ground.muted), Words::new(font, plot.ground.text).hang(Hang::End));
    let mut y = area.y + each;
    for line in shown {
        let room = width - 2.0 * pad;
        let said = fit(&line.value, font, room * 0.75);
        canvas.text((area.right() - pad, y), value, &said);
        canvas.text((area.x + pad, y), name, &fit(&line.name, font, room - text_width(&said, font) - pad));
        y += each;
    }
    if more > 0 {
        canvas.text((area.x + pad, y), name, &format!("and {more} more"));
    }
}
