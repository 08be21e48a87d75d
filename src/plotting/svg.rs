//! A Figure as SVG: title, notes and legend above, axes around, layers inside, a colour bar at the right of a map.
//!
//! The legend has a row of its own, so that it never lies over data.

use monitasks::figure::{Axis, Figure, Ink, Layer, Map, Scale};

use super::axis::{AxisMap, Tick, limits, span};
use super::canvas::{Area, Canvas, Hang, Words, fit, text_width, wrap};
use super::layers;
use super::map;
use super::palette::{self, Ground, Look};
use super::panels;
use super::regions;

/// Room around data on an axis that fits them, as a share of their span.
const ROOM: f64 = 0.05;

/// What every part of a plot needs to be drawn.
pub struct Plot<'a> {
    /// Where the data are drawn, on whole pixels.
    pub area: Area,
    /// The horizontal axis.
    pub x: AxisMap,
    /// The vertical axis.
    pub y: AxisMap,
    /// Colours.
    pub look: Look,
    /// Colours of the ground.
    pub ground: Ground,
    /// Font size of the axes, px.
    pub font: f64,
    /// The figure.
    pub figure: &'a Figure,
}

/// A figure as an SVG document of that size, px. The same figure gives the same text.
#[must_use]
pub fn svg(figure: &Figure, size: (u32, u32), look: Look) -> String {
    let size = (size.0.clamp(120, 8192), size.1.clamp(90, 8192));
    let mut canvas = Canvas::default();
    let area = Area { x: 0.0, y: 0.0, w: f64::from(size.0), h: f64::from(size.1) };
    draw(&mut canvas, figure, area.inset(10.0), look, 12.0);
    canvas.finish(size, palette::ground(look).card, &figure.title)
}

/// Font size of a footer, px.
const FOOTER: f64 = 8.5;

/// The same with a quiet footer of these parts; a small picture has room for their beginning alone.
#[must_use]
pub fn signed_svg(figure: &Figure, parts: &[String], size: (u32, u32), look: Look) -> String {
    let size = (size.0.clamp(120, 8192), size.1.clamp(90, 8192));
    let mut canvas = Canvas::default();
    let area = Area { x: 0.0, y: 0.0, w: f64::from(size.0), h: f64::from(size.1) }.inset(10.0);
    let above = footer(&mut canvas, parts, area, look);
    draw(&mut canvas, figure, above, look, 12.0);
    canvas.finish(size, palette::ground(look).card, &figure.title)
}

/// Writes a footer at the bottom of an area, and answers what is left above it.
pub(super) fn footer(canvas: &mut Canvas, parts: &[String], area: Area, look: Look) -> Area {
    let most = match area.h {
        ..180.0 => 1,
        180.0..380.0 => 2,
        _ => 3,
    };
    let lines = wrap(&parts.join("  ·  "), FOOTER, area.w, most);
    let height = lines.len() as f64 * FOOTER * 1.3;
    let mut y = area.bottom() - height + FOOTER;
    for line in &lines {
        canvas.text((area.x, y), Words::new(FOOTER, palette::ground(look).muted), line);
        y += FOOTER * 1.3;
    }
    Area { h: (area.h - height - 6.0).max(1.0), ..area }
}

/// Draws a figure into a part of a canvas, with that font size, px.
pub fn draw(canvas: &mut Canvas, figure: &Figure, area: Area, look: Look, font: f64) {
    let ground = palette::ground(look);
    let top = headings(canvas, figure, area, look, font);
    let inside = Area { x: area.x, y: top, w: area.w, h: (area.bottom() - top).max(1.0) };
    if let Some(shown) = figure.panels.as_ref().filter(|_| figure.empty.is_none()) {
        return panels::draw(canvas, shown, inside, look, font);
    }
    if let Some(words) = reason_for_nothing(figure) {
        return nothing(canvas, &words, inside, ground, font);
    }
    let plot = lay_out(figure, inside, look, font);
    canvas.rect(plot.area, ground.plot, 0.0);
    let (x_ticks, y_ticks) = (x_ticks(&plot), y_ticks(&plot));
    if !has_map(figure) {
        grid(canvas, &plot, &x_ticks, &y_ticks);
    }
    layers::draw(canvas, &plot);
    regions::draw(canvas, &plot);
    canvas.frame(plot.area, ground.frame, 0.0);
    panels::statistics(canvas, &plot);
    axes(canvas, &plot, &x_ticks, &y_ticks, area);
    if let Some(shown) = first_map(figure) {
        map::colour_bar(canvas, shown, &plot, area);
    }
}

/// Title, notes and legend; the y below them.
fn headings(canvas: &mut Canvas, figure: &Figure, area: Area, look: Look, font: f64) -> f64 {
    let ground = palette::ground(look);
    let size = font * 1.2;
    let mut y = area.y + size;
    let title = fit(&figure.title, size, area.w);
    canvas.text((area.x, y), Words::new(size, ground.text), &title);
    let notes = figure.notes.join("  ·  ");
    let beside = area.w - text_width(&title, size) - 2.0 * font;
    if text_width(&notes, font) <= beside {
        canvas.text((area.right(), y), Words::new(font, ground.muted).hang(Hang::End), &notes);
    } else {
        // Words above must leave room for the data below.
        let most = (area.h * 0.15 / (font * 1.4)).clamp(1.0, 3.0) as usize;
        for line in wrap(&notes, font, area.w, most) {
            y += font * 1.4;
            canvas.text((area.x, y), Words::new(font, ground.muted), &line);
        }
    }
    if reason_for_nothing(figure).is_none() {
        y = legend(canvas, figure, (area, y), look, font);
    }
    y + font * 0.7
}

/// The names of the layers in rows; where there are more than room for, the number of the others.
fn legend(canvas: &mut Canvas, figure: &Figure, place: (Area, f64), look: Look, font: f64) -> f64 {
    let (area, mut y) = place;
    let words = Words::new(font, palette::ground(look).text);
    let named: Vec<_> = figure.layers.iter().filter_map(named_layer).collect();
    let most_rows = if area.h < 340.0 { 2 } else { 4 };
    let more = |left: usize| format!("and {left} more");
    let (mut x, mut row, swatch) = (area.x, 0, font * 1.6);
    for (index, (layer, label, ink)) in named.iter().enumerate() {
        let label = fit(label, font, area.w - swatch - font);
        let width = swatch + font * 0.4 + text_width(&label, font) + font * 1.4;
        let is_last = index + 1 == named.len();
        let kept = if row == most_rows && !is_last { text_width(&more(named.len()), font) } else { 0.0 };
        if row == 0 || x + width - font + kept > area.right() {
            if row == most_rows {
                canvas.text((x, y), words, &more(named.len() - index));
                break;
            }
            (x, row, y) = (area.x, row + 1, y + font * 1.5);
        }
        let colour = palette::ink(*ink, look);
        let at = (x, y - font * 0.36);
        match layer {
            Layer::Points { .. } => layers::mark(canvas, *ink, (at.0 + swatch / 2.0, at.1), 3.0, colour),
            _ => canvas.line(at, (at.0 + swatch, at.1), colour, 2.0, ""),
        }
        canvas.text((x + swatch + font * 0.4, y), words, &label);
        x += width;
    }
    y
}

/// A layer that stands in the legend, with its name and ink.
fn named_layer(layer: &Layer) -> Option<(&Layer, &str, Ink)> {
    match layer {
        Layer::Points { label, ink, .. } | Layer::Line { label, ink, .. } | Layer::Steps { label, ink, .. } => {
            (!label.is_empty()).then_some((layer, label.as_str(), *ink))
        }
        Layer::Map(_) | Layer::Rule { .. } | Layer::Text { .. } => None,
    }
}

/// Why there is nothing to draw, in words; none where there is something.
fn reason_for_nothing(figure: &Figure) -> Option<String> {
    if let Some(reason) = &figure.empty {
        return Some(reason.clone());
    }
    let is_drawable = figure.layers.iter().any(|layer| match layer {
        Layer::Points { points, .. } => points.iter().any(|point| point.x.is_finite() && point.y.is_finite()),
        Layer::Line { points, .. } => points.iter().any(|[x, y]| x.is_finite() && y.is_finite()),
        Layer::Steps { values, edges, .. } => edges.len() > 1 && values.iter().any(|value| value.is_finite()),
        Layer::Map(map) => map.columns > 0 && map.rows > 0 && !map.values.is_empty(),
        Layer::Text { .. } => true,
        Layer::Rule { .. } => false,
    });
    (!is_drawable).then(|| "NO DATA: none of the values here is a number".to_owned())
}

fn nothing(canvas: &mut Canvas, words: &str, area: Area, ground: Ground, font: f64) {
    canvas.rect(area, ground.plot, 4.0);
    let lines = wrap(words, font * 1.1, area.w * 0.8, 8);
    let mut y = area.y + area.h / 2.0 - (lines.len() as f64 / 2.0 - 0.8) * font * 1.6;
    for line in lines {
        canvas.text((area.x + area.w / 2.0, y), Words::new(font * 1.1, ground.muted).hang(Hang::Middle), &line);
        y += font * 1.6;
    }
}

fn first_map(figure: &Figure) -> Option<&Map> {
    figure.layers.iter().find_map(|layer| if let Layer::Map(map) = layer { Some(map) } else { None })
}

fn has_map(figure: &Figure) -> bool {
    first_map(figure).is_some()
}

fn lay_out(figure: &Figure, inside: Area, look: Look, font: f64) -> Plot<'_> {
    let x_limits = axis_limits(figure, &figure.x, true);
    let y_limits = axis_limits(figure, &figure.y, false);
    let has_dates = figure.x.scale == Scale::UtcTime;
    let x_title = if figure.x.title().is_empty() { 0.0 } else { font * 1.5 };
    let bottom = font * 1.6 + x_title + if has_dates { font * 1.2 } else { 0.0 };
    let height = (inside.h - bottom - font * 0.5).max(20.0);
    let y_map = AxisMap::new(figure.y.scale, y_limits, [height, 0.0]);
    let labels = y_map.ticks(tick_count(height, font * 3.2)).iter().map(|tick| text_width(&tick.label, font)).fold(0.0, f64::max);
    let y_title = if figure.y.title().is_empty() { 0.0 } else { font * 1.6 };
    let left = labels + font * 0.8 + y_title;
    let right = first_map(figure).map_or(font * 1.2, |shown| map::bar_width(shown, height, font));
    let area = Area {
        x: (inside.x + left).round(),
        y: inside.y.round(),
        w: (inside.w - left - right).max(20.0).round(),
        h: height.round(),
    };
    Plot {
        area,
        x: AxisMap::new(figure.x.scale, x_limits, [area.x, area.right()]),
        y: AxisMap::new(figure.y.scale, y_limits, [area.bottom(), area.y]),
        look,
        ground: palette::ground(look),
        font,
        figure,
    }
}

/// Limits of one axis over all layers. Maps fill the plot to its edges, other data get room around them.
fn axis_limits(figure: &Figure, axis: &Axis, is_x: bool) -> [f64; 2] {
    let mut values: Vec<f64> = Vec::new();
    for layer in &figure.layers {
        layer_extent(layer, is_x, axis.scale, &mut values);
    }
    let has_steps = figure.layers.iter().any(|layer| matches!(layer, Layer::Steps { .. }));
    let span = span(axis.scale, values.into_iter());
    let room = if has_map(figure) || (is_x && has_steps) { 0.0 } else { ROOM };
    let [low, high] = limits(axis.scale, axis.range, span, room);
    // Histograms stand on their zero.
    if has_steps && !is_x && axis.range.is_none() && span.is_some_and(|[low, _]| low == 0.0) { [0.0, high] } else { [low, high] }
}

/// The values that an axis has to hold for a layer to be seen whole.
fn layer_extent(layer: &Layer, is_x: bool, scale: Scale, values: &mut Vec<f64>) {
    let ends = |range: [f64; 2]| if range[0].is_finite() && range[1].is_finite() { range } else { [f64::NAN; 2] };
    match layer {
        Layer::Points { points, .. } if is_x => {
            let xs = points.iter().filter(|point| point.y.is_finite()).map(|point| point.x);
            values.extend(span(scale, xs).into_iter().flatten());
        }
        Layer::Points { points, .. } => {
            let ys = points.iter().filter(|point| point.x.is_finite()).flat_map(|point| {
                let error = if point.y_error.is_finite() { point.y_error.abs() } else { 0.0 };
                [point.y, point.y - error, point.y + error]
            });
            values.extend(span(scale, ys).into_iter().flatten());
        }
        Layer::Line { points, .. } => {
            values.extend(span(scale, points.iter().map(|[x, y]| if is_x { *x } else { *y })).into_iter().flatten());
        }
        Layer::Steps { edges, .. } if is_x => values.extend(edges),
        Layer::Steps { values: contents, .. } => {
            values.extend(contents);
            // A histogram of counts stands on zero; one that hardly varies, as a pedestal by channel, shows its variation.
            if let Some([low, high]) = span(scale, contents.iter().copied())
                && low >= 0.0
                && low < high / 2.0
            {
                values.push(0.0);
            }
        }
        Layer::Map(map) => values.extend(ends(if is_x { map.x_range } else { map.y_range })),
        Layer::Rule { across, at, .. } => {
            if (*across == monitasks::figure::Across::X) == is_x {
                values.push(*at);
            }
        }
        Layer::Text { x, y, .. } => values.push(if is_x { *x } else { *y }),
    }
}

fn tick_count(length: f64, each: f64) -> usize {
    ((length / each) as usize).clamp(2, 12)
}

/// Ticks of the x axis, as many as have room beside each other.
fn x_ticks(plot: &Plot<'_>) -> Vec<Tick> {
    let is_time = plot.figure.x.scale == Scale::UtcTime;
    let mut about = tick_count(plot.area.w, plot.font * if is_time { 6.5 } else { 5.0 });
    loop {
        let ticks = plot.x.ticks(about);
        let width: f64 =
            ticks.iter().map(|tick| text_width(&tick.label, plot.font).max(text_width(&tick.below, plot.font) * 0.6)).sum();
        if about <= 2 || width + ticks.len() as f64 * plot.font < plot.area.w {
            return ticks;
        }
        about -= 1;
    }
}

fn y_ticks(plot: &Plot<'_>) -> Vec<Tick> {
    plot.y.ticks(tick_count(plot.area.h, plot.font * 3.2))
}

fn grid(canvas: &mut Canvas, plot: &Plot<'_>, x_ticks: &[Tick], y_ticks: &[Tick]) {
    let area = plot.area;
    for x in x_ticks.iter().filter_map(|tick| plot.x.place(tick.value)) {
        canvas.line((x, area.y), (x, area.bottom()), plot.ground.grid, 1.0, "");
    }
    for y in y_ticks.iter().filter_map(|tick| plot.y.place(tick.value)) {
        canvas.line((area.x, y), (area.right(), y), plot.ground.grid, 1.0, "");
    }
}

/// Tick marks, their labels and the axes' titles.
fn axes(canvas: &mut Canvas, plot: &Plot<'_>, x_ticks: &[Tick], y_ticks: &[Tick], whole: Area) {
    let (area, font) = (plot.area, plot.font);
    let words = Words::new(font, plot.ground.muted);
    let mut free_from = f64::NEG_INFINITY;
    let mut free_below_from = f64::NEG_INFINITY;
    for tick in x_ticks {
        let Some(x) = plot.x.place(tick.value) else { continue };
        canvas.line((x, area.bottom()), (x, area.bottom() + 4.0), plot.ground.frame, 1.0, "");
        let width = text_width(&tick.label, font);
        let centre = x.min(whole.right() - width / 2.0);
        if centre - width / 2.0 > free_from {
            canvas.text((centre, area.bottom() + 4.0 + font), words.hang(Hang::Middle), &tick.label);
            free_from = centre + width / 2.0 + font * 0.4;
        }
        let width = text_width(&tick.below, font);
        let centre = x.clamp(whole.x + width / 2.0, (whole.right() - width / 2.0).max(whole.x + width / 2.0));
        if width > 0.0 && centre - width / 2.0 > free_below_from {
            canvas.text((centre, area.bottom() + 4.0 + font * 2.2), words.hang(Hang::Middle), &tick.below);
            free_below_from = centre + width / 2.0 + font * 0.4;
        }
    }
    for tick in y_ticks {
        let Some(y) = plot.y.place(tick.value) else { continue };
        canvas.line((area.x - 4.0, y), (area.x, y), plot.ground.frame, 1.0, "");
        canvas.text((area.x - 6.0, y + font * 0.36), words.hang(Hang::End), &tick.label);
    }
    let titles = Words::new(font, plot.ground.text).hang(Hang::Middle);
    let x_title = fit(&plot.figure.x.title(), font, whole.w);
    let half = text_width(&x_title, font) / 2.0;
    let centre = (area.x + area.w / 2.0).clamp(whole.x + half, (whole.right() - half).max(whole.x + half));
    canvas.text((centre, whole.bottom() - font * 0.2), titles, &x_title);
    let y_title = fit(&plot.figure.y.title(), font, area.h + font * 3.0);
    canvas.text_upwards((whole.x + font, area.y + area.h / 2.0), titles, &y_title);
}

/// The colour of a layer's ink in this plot.
#[must_use]
pub fn colour(plot: &Plot<'_>, ink: Ink) -> palette::Rgb {
    palette::ink(ink, plot.look)
}
