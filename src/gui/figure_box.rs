//! Over a plot: the box of numbers, and the pointer of another pane with the values there.

use egui::{Align2, Color32, Painter, Pos2, Rect, Shape, Stroke, Ui, pos2, vec2};
use monitasks::figure::{Figure, Layer, Point, Statistic};

use super::prepared::{Ready, Shown};
use super::{theme, ticks, words};
use crate::plotting;

/// Room inside a box.
const PAD: f32 = 5.0;
/// No box takes more than this share of its plot's width.
const BOX_SHARE: f32 = 0.6;
/// More values than this are not listed beside a pointer.
const MOST_VALUES: usize = 6;

/// The box of numbers, in the corner of the plot where it hides least. Its words are those of the plot for readers of screens.
pub fn statistics(ui: &Ui, figure: &Figure, transform: &egui_plot::PlotTransform) {
    let frame = *transform.frame();
    let lines = &figure.statistics;
    if lines.is_empty() || frame.width() < 60.0 {
        return;
    }
    let ground = theme::ground(theme::look(ui.visuals()));
    let painter = ui.painter().with_clip_rect(frame);
    let each = theme::small_font().size * 1.3;
    let room = ((frame.height() * 0.8 / each) as usize).max(1);
    let (shown, more) = if lines.len() <= room { (lines.as_slice(), 0) } else { (&lines[..room - 1], lines.len() - room + 1) };
    let layout =
        |text: &str, colour: Color32, most: f32| super::tree::one_line(&painter, text, theme::small_font().size, colour, most);
    let most = frame.width() * BOX_SHARE - 2.0 * PAD;
    let rows: Vec<_> = (shown.iter())
        .map(|Statistic { name, value }| {
            let value = layout(value, ground.text, most * 0.85);
            (layout(name, ground.muted, (most - value.size().x - PAD).max(10.0)), value)
        })
        .collect();
    let widest = |width: &dyn Fn(usize) -> f32| (0..rows.len()).map(width).fold(0.0, f32::max);
    let width = (widest(&|row| rows[row].0.size().x) + widest(&|row| rows[row].1.size().x) + 3.0 * PAD).min(most + 2.0 * PAD);
    let height = each * (rows.len() + usize::from(more > 0)) as f32 + PAD;
    let size = vec2(width, height);
    let (inner, least) = (frame.shrink(4.0), frame.min + vec2(4.0, 4.0));
    let (right, bottom) = ((inner.right() - width).max(least.x), (inner.bottom() - height).max(least.y));
    let corners = [pos2(right, least.y), least, pos2(right, bottom), pos2(least.x, bottom)];
    let corners = corners.map(|corner| Rect::from_min_size(corner, size));
    let corner = plotting::emptiest_corner(figure, &|corner, x, y| {
        let at = ticks::place(figure.x.scale, x).zip(ticks::place(figure.y.scale, y));
        at.is_some_and(|(x, y)| corners[corner].contains(transform.position_from_point(&egui_plot::PlotPoint::new(x, y))))
    });
    let rect = corners[corner];
    painter.rect(rect, 3.0, ground.card.gamma_multiply(0.92), Stroke::new(1.0, ground.frame), egui::StrokeKind::Inside);
    let mut y = rect.top() + PAD / 2.0;
    for (name, value) in rows {
        let at = pos2(rect.right() - PAD - value.size().x, y);
        painter.galley(pos2(rect.left() + PAD, y), name, ground.muted);
        painter.galley(at, value, ground.text);
        y += each;
    }
    if more > 0 {
        let words = format!("and {more} more");
        painter.text(pos2(rect.left() + PAD, y), Align2::LEFT_TOP, words, theme::small_font(), ground.muted);
    }
}

/// The box in words: `number 3, mean 2.5 ms`.
#[must_use]
pub fn in_words(figure: &Figure) -> String {
    let lines = figure.statistics.iter().map(|line| format!("{} {}", line.name, line.value).trim_end().to_owned());
    lines.collect::<Vec<_>>().join(", ")
}

/// The values of a plot at an x: of each series the point, bin or corner that is nearest within `reach`.
#[must_use]
pub fn values_at(shown: &Shown, x: f64, reach: f64) -> Vec<String> {
    let figure = &shown.figure;
    let mut lines = Vec::new();
    for (index, layer) in figure.layers.iter().enumerate() {
        let (label, found) = match layer {
            Layer::Points { label, points, .. } => {
                let nearest = |near: &mut dyn Iterator<Item = &Point>| {
                    let away = |point: &Point| (point.x - x).abs();
                    let within = near.filter(|point| away(point) <= reach);
                    within.min_by(|one, other| away(one).total_cmp(&away(other))).map(|point| point.y)
                };
                let ends = [x - reach, x + reach].map(|end| ticks::place(figure.x.scale, end));
                match (shown.layer(index), ends) {
                    (Ready::Cloud(cloud, _), [Some(low), Some(high)]) => {
                        let mut near = cloud.between(low, high).filter_map(|(number, _)| points.get(number as usize));
                        (label, nearest(&mut near))
                    }
                    _ => (label, nearest(&mut points.iter())),
                }
            }
            Layer::Steps { label, edges, values, .. } => {
                // The edges of a histogram ascend.
                let bin = edges.partition_point(|edge| *edge <= x).checked_sub(1);
                (label, bin.and_then(|bin| values.get(bin).copied()))
            }
            _ => continue,
        };
        if let Some(value) = found.filter(|value| value.is_finite()) {
            let name = if label.is_empty() { String::new() } else { format!("{label}: ") };
            lines.push(format!("{name}{} {}", words::number(value), figure.y.unit).trim_end().to_owned());
        }
    }
    let more = lines.len().saturating_sub(MOST_VALUES);
    lines.truncate(MOST_VALUES);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

/// The pointer of another pane: a line at its x, and the values there.
pub fn pointer(ui: &Ui, shown: &Shown, frame: Rect, x: f64, at_px: f32, reach: f64) {
    if !frame.x_range().contains(at_px) {
        return;
    }
    let ground = theme::ground(theme::look(ui.visuals()));
    let painter: Painter = ui.painter().with_clip_rect(frame);
    painter.vline(at_px, frame.y_range(), Stroke::new(1.0, ground.muted));
    let mut lines = vec![ticks::read_out(&shown.figure.x, x)];
    lines.extend(values_at(shown, x, reach));
    let galley = painter.layout_no_wrap(lines.join("\n"), theme::small_font(), ground.text);
    let size = galley.size() + vec2(8.0, 4.0);
    let left = if at_px + size.x + 8.0 < frame.right() { at_px + 6.0 } else { (at_px - size.x - 6.0).max(frame.left()) };
    let rect = Rect::from_min_size(pos2(left, (frame.bottom() - size.y - 6.0).max(frame.top())), size);
    painter.add(Shape::rect_filled(rect, 3.0, ground.card.gamma_multiply(0.9)));
    let corner: Pos2 = rect.min + vec2(4.0, 2.0);
    painter.galley(corner, galley, ground.text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::prepared::PreparedFigures;
    use monitasks::figure::{Axis, Ink};
    use std::sync::Arc;

    #[test]
    fn a_pointer_reads_the_nearest_point_and_the_bin_it_is_in() {
        let point = |x, y| Point { x, y, y_error: f64::NAN };
        let points = vec![point(1.0, 5.0), point(4.0, 6.0)];
        let figure = Figure::new("t", Axis::integer("run"), Axis::linear("lifetime", "ms"))
            .with(Layer::Points { label: "view 0".into(), ink: Ink::Series(0), points })
            .with(Layer::Steps {
                label: String::new(),
                ink: Ink::Series(1),
                edges: vec![0.0, 2.0, 6.0],
                values: vec![7.0, f64::NAN],
            });
        let ctx = egui::Context::default();
        let small = PreparedFigures::default().shown(&ctx, 1, "a", &Arc::new(figure)).unwrap();
        assert_eq!(values_at(&small, 1.2, 0.5), ["view 0: 5.0000 ms", "7.0000 ms"]);
        assert_eq!(values_at(&small, 3.9, 0.5), ["view 0: 6.0000 ms"]);
        assert!(values_at(&small, 9.0, 0.5).is_empty());
    }

    #[test]
    fn a_pointer_reads_the_same_of_many_points() {
        let points = (0..5_000).rev().map(|x| Point { x: f64::from(x), y: f64::from(x) / 2.0, y_error: f64::NAN });
        let figure = Figure::new("t", Axis::integer("run"), Axis::linear("lifetime", "ms"));
        let figure = figure.with(Layer::Points { label: String::new(), ink: Ink::Series(0), points: points.collect() });
        let large = PreparedFigures::default().shown(&egui::Context::default(), 1, "a", &Arc::new(figure)).unwrap();
        assert_eq!(values_at(&large, 2_500.2, 3.0), ["1250.0 ms"]);
        assert!(values_at(&large, 6_000.0, 3.0).is_empty());
    }
}
