//! Maps: few cells as rectangles, many as an embedded picture, and the colour bar.
//!
//! A picture has exactly one pixel per pixel of the plot. Where several cells share one, it takes the colour of the cell that
//! lies farthest from the map's median, up or down: one hot or dead strip among 1667 stays visible. A pixel reads as "no data"
//! when at least half of its cells have none, or one where that is rare in the map.

use base64::Engine as _;
use monitasks::figure::Map;

use super::axis::{AxisMap, limits, span};
use super::canvas::{Area, Canvas, Hang, Words, fit, px, text_width};
use super::palette::{Rgb, viridis, words_on};
use super::pooling::Usual;
use super::svg::Plot;

/// More cells than this become a picture.
const FEW_CELLS: usize = 2_000;
/// Colours of the bar are written at this many places.
const BAR_STOPS: u32 = 20;

/// How values become colours.
struct Colours {
    axis: AxisMap,
}

impl Colours {
    fn of(map: &Map) -> Self {
        let values = map.values.iter().map(|value| f64::from(*value));
        let limits = limits(map.z.scale, map.z.range, span(map.z.scale, values), 0.0);
        Colours { axis: AxisMap::new(map.z.scale, limits, [0.0, 1.0]) }
    }

    /// None for what has no colour: no data, and on a logarithmic scale what is not above zero.
    fn of_value(&self, value: f32) -> Option<Rgb> {
        match f64::from(value) {
            value if value.is_nan() => None,
            f64::INFINITY => Some(viridis(1.0)),
            f64::NEG_INFINITY => Some(viridis(0.0)),
            value => self.axis.place(value).map(viridis),
        }
    }
}

/// The cells that have a place: rows beyond the values given are left out.
fn rows_of(map: &Map) -> usize {
    if map.columns == 0 { 0 } else { map.rows.min(map.values.len().div_ceil(map.columns)) }
}

/// Draws a map into its rectangle of the plot.
pub fn draw(canvas: &mut Canvas, plot: &Plot<'_>, map: &Map) {
    let rows = rows_of(map);
    let corners = plot.x.place(map.x_range[0]).zip(plot.x.place(map.x_range[1]));
    let corners = corners.zip(plot.y.place(map.y_range[0]).zip(plot.y.place(map.y_range[1])));
    let Some(((left, right), (bottom, top))) = corners.filter(|_| rows > 0) else { return };
    let whole = Area { x: left.min(right), y: top.min(bottom), w: (right - left).abs(), h: (bottom - top).abs() };
    let colours = Colours::of(map);
    if map.columns.saturating_mul(rows) <= FEW_CELLS {
        cells(canvas, plot, map, (&colours, whole, rows));
    } else if let Some(uri) = picture(plot, map, (&colours, whole, rows)) {
        canvas.image(whole, &uri);
    }
}

fn cells(canvas: &mut Canvas, plot: &Plot<'_>, map: &Map, how: (&Colours, Area, usize)) {
    let (colours, whole, _) = how;
    let (w, h) = (whole.w / map.columns as f64, whole.h / map.rows as f64);
    for (index, value) in map.values.iter().take(map.columns.saturating_mul(map.rows)).enumerate() {
        let (column, row) = (index % map.columns, index / map.columns);
        let cell = Area { x: whole.x + column as f64 * w, y: whole.bottom() - (row + 1) as f64 * h, w, h };
        let colour = colours.of_value(*value);
        let fill = colour.unwrap_or(plot.ground.no_data);
        // A little larger than the cell, so that no seams show.
        canvas.rect(Area { w: w + 0.4, h: h + 0.4, ..cell }, fill, 0.0);
        if colour.is_none() {
            canvas.begin_clip(cell);
            canvas.path(&hatch(cell), plot.ground.hatch, 1.0);
            canvas.end_clip();
        }
        if let Some(text) = map.cell_texts.get(index) {
            let ink = if colour.is_none() { plot.ground.text } else { words_on(fill) };
            cell_words(canvas, cell, text, (plot.font, ink));
        }
    }
}

fn hatch(cell: Area) -> String {
    let reach = cell.w + cell.h;
    let gap = (reach / 200.0).max(7.0);
    let lines = (reach / gap) as usize + 1;
    (0..lines)
        .map(|line| {
            let along = line as f64 * gap;
            format!("M{} {}L{} {}", px(cell.x + along), px(cell.y), px(cell.x + along - cell.h), px(cell.bottom()))
        })
        .collect()
}

/// Smallest letters in a cell, px: smaller ones could not be read.
const SMALLEST_WORDS: f64 = 7.0;

/// Words in a cell: as written, else with the errors on lines of their own, else without errors, else the first line alone; the
/// first of these that fits in letters that can be read.
fn cell_words(canvas: &mut Canvas, cell: Area, text: &str, how: (f64, Rgb)) {
    let (font, colour) = how;
    let as_written: Vec<&str> = text.split('\n').take(12).collect();
    let broken: Vec<String> = as_written
        .iter()
        .flat_map(|line| line.replacen(" ± ", "\n± ", 1).lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let without_errors: Vec<&str> = as_written.iter().map(|line| line.split(" ± ").next().unwrap_or(line)).collect();
    let ways = [as_written.clone(), broken.iter().map(String::as_str).collect(), without_errors, as_written[..1].to_vec()];
    let size_of = |lines: &[&str]| {
        let widest = lines.iter().map(|line| text_width(line, 1.0)).fold(0.0, f64::max);
        font.min((cell.w - 3.0) / widest.max(0.1)).min((cell.h - 2.0) / (lines.len() as f64 * 1.25))
    };
    let Some(lines) = ways.iter().find(|lines| size_of(lines) >= SMALLEST_WORDS) else { return };
    let size = size_of(lines);
    let first = cell.y + cell.h / 2.0 - (lines.len() as f64 - 1.0) / 2.0 * size * 1.25 + size * 0.36;
    for (row, line) in lines.iter().enumerate() {
        let words = Words::new(size, colour).hang(Hang::Middle);
        canvas.text((cell.x + cell.w / 2.0, first + row as f64 * size * 1.25), words, line);
    }
}

/// The map as a PNG in a data URI.
fn picture(plot: &Plot<'_>, map: &Map, how: (&Colours, Area, usize)) -> Option<String> {
    let (colours, whole, rows) = how;
    let (w, h) = (whole.w.clamp(1.0, 4096.0) as usize, whole.h.clamp(1.0, 4096.0) as usize);
    let usual = Usual::of(map.values.len(), |cell| map.values[cell]);
    let mut pixels = Vec::with_capacity(w * h * 3);
    for y in 0..h {
        // Pixel rows go down, map rows go up.
        let row_range = share(h - 1 - y, h, map.rows);
        for x in 0..w {
            let value = farthest(map, share(x, w, map.columns), (row_range.0.min(rows), row_range.1.min(rows)), &usual);
            let colour = value.and_then(|value| colours.of_value(value));
            let none = if (x + y) % 7 < 2 { plot.ground.hatch } else { plot.ground.no_data };
            pixels.extend(colour.unwrap_or(none));
        }
    }
    let file = encode(&pixels, w as u32, h as u32).ok()?;
    Some(format!("data:image/png;base64,{}", base64::engine::general_purpose::STANDARD.encode(file)))
}

/// The cells, first and past the last, that a pixel covers; at least one.
fn share(pixel: usize, pixels: usize, cells: usize) -> (usize, usize) {
    let at = |pixel: usize| (pixel as f64 / pixels as f64 * cells as f64) as usize;
    let first = at(pixel).min(cells.saturating_sub(1));
    (first, at(pixel + 1).max(first + 1).min(cells))
}

/// Of a block of cells the value farthest from what is usual; none where at least half have no data, or one and that is rare.
fn farthest(map: &Map, columns: (usize, usize), rows: (usize, usize), usual: &Usual) -> Option<f32> {
    let mut chosen: Option<f32> = None;
    let (mut missing, mut all) = (0usize, 0usize);
    for row in rows.0..rows.1 {
        for column in columns.0..columns.1 {
            all += 1;
            match map.values.get(row * map.columns + column).filter(|value| !value.is_nan()) {
                None => missing += 1,
                Some(value) if chosen.is_none_or(|chosen| usual.is_odder(*value, chosen)) => {
                    chosen = Some(*value);
                }
                Some(_) => {}
            }
        }
    }
    chosen.filter(|chosen| missing * 2 < all && !(missing > 0 && usual.shows_gap_before(*chosen)))
}

fn encode(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(file)
}

/// The width that a map's colour bar takes at the right of the plot, px.
#[must_use]
pub fn bar_width(map: &Map, height: f64, font: f64) -> f64 {
    let labels = bar_axis(map, [height, 0.0])
        .ticks(bar_ticks(height, font))
        .iter()
        .map(|tick| text_width(&tick.label, font))
        .fold(0.0, f64::max);
    font + font * 1.2 + 8.0 + labels + if map.z.title().is_empty() { 0.0 } else { font * 1.7 }
}

fn bar_axis(map: &Map, pixels: [f64; 2]) -> AxisMap {
    let [low, high] = Colours::of(map).axis.limits();
    AxisMap::new(map.z.scale, [low, high], pixels)
}

fn bar_ticks(height: f64, font: f64) -> usize {
    ((height / (font * 3.2)) as usize).clamp(2, 8)
}

/// Draws the colour bar between the plot and the right edge of the whole.
pub fn colour_bar(canvas: &mut Canvas, map: &Map, plot: &Plot<'_>, whole: Area) {
    let (area, font) = (plot.area, plot.font);
    let bar = Area { x: area.right() + font, y: area.y, w: font * 1.2, h: area.h };
    let stops: Vec<Rgb> = (0..=BAR_STOPS).map(|stop| viridis(f64::from(stop) / f64::from(BAR_STOPS))).collect();
    canvas.gradient(bar, &stops);
    canvas.frame(bar, plot.ground.frame, 0.0);
    let axis = bar_axis(map, [bar.bottom(), bar.y]);
    for tick in axis.ticks(bar_ticks(area.h, font)) {
        let Some(y) = axis.place(tick.value) else { continue };
        canvas.line((bar.right(), y), (bar.right() + 4.0, y), plot.ground.frame, 1.0, "");
        canvas.text((bar.right() + 6.0, y + font * 0.36), Words::new(font, plot.ground.muted), &tick.label);
    }
    let title = fit(&map.z.title(), font, area.h + font * 3.0);
    let words = Words::new(font, plot.ground.text).hang(Hang::Middle);
    canvas.text_upwards((whole.right() - font * 0.3, area.y + area.h / 2.0), words, &title);
}
