//! Maps as pictures: values to colours, made beside the window's thread when the map is large, and kept while it is shown.

use std::collections::HashMap;
use std::sync::{Arc, mpsc};

use egui::{Color32, ColorImage, TextureHandle, TextureOptions};
use monitasks::figure::{Figure, Layer, Map, Scale};

use super::prepared::PreparedFigures;
use super::theme;
use crate::plotting::palette::{self, Look};
use crate::plotting::pooling::Usual;

/// No side of a picture is longer: what every OpenGL can hold.
const LONGEST_SIDE: usize = 2048;
/// Maps with more cells than this are coloured beside the window's thread.
const COLOURED_AT_ONCE: usize = 40_000;

/// Farther than this from the range, in steps of colour, nothing is told apart.
const BEYOND: f64 = 1e9;

/// The pictures of the maps that are on the screen, and what else is made of large figures beside the window's thread.
#[derive(Default)]
pub struct MapTextures {
    /// Large figures, ready to be drawn.
    pub prepared: PreparedFigures,
    entries: HashMap<(u64, usize), Entry>,
    frame: u64,
}

struct Entry {
    figure: Arc<Figure>,
    look: Look,
    size: [usize; 2],
    texture: Option<TextureHandle>,
    coming: Option<mpsc::Receiver<ColorImage>>,
    used: u64,
}

/// Lowest and highest value that have colours of their own, as laid out on the scale.
#[must_use]
pub fn colour_range(map: &Map) -> [f64; 2] {
    let place = |value: f64| super::ticks::place(map.z.scale, value);
    if let Some([low, high]) = map.z.range
        && let (Some(low), Some(high)) = (place(low), place(high))
        && high > low
    {
        return [low, high];
    }
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in map.values.iter().filter_map(|value| place(f64::from(*value))) {
        low = low.min(value);
        high = high.max(value);
    }
    match (low.is_finite(), high > low) {
        (false, _) => [0.0, 1.0],
        (true, false) => [low - 0.5, high + 0.5],
        (true, true) => [low, high],
    }
}

/// The map as a picture of at most `size` pixels, highest y first. Where several cells share a pixel, the one farthest from the
/// map's usual value is shown, so that no track and no single outlier vanishes. Cells with no data are hatched.
#[must_use]
pub fn picture(map: &Map, look: Look, size: [usize; 2]) -> ColorImage {
    let [width, height] = [map.columns.min(size[0]).max(1), map.rows.min(size[1]).max(1)];
    let shown = pooled(map, [width, height]);
    let colours: Vec<Color32> = (0..=255).map(|step| theme::colour(palette::viridis(f64::from(step) / 255.0))).collect();
    let ground = theme::ground(look);
    let is_fine = width * height > 4096;
    let pixels = shown.iter().enumerate().map(|(index, step)| {
        if step.is_nan() {
            let stripe = is_fine && (index % width + index / width) % 6 == 0;
            if stripe { ground.hatch } else { ground.no_data }
        } else {
            colours[step.clamp(0.0, 255.0) as usize]
        }
    });
    ColorImage::new([width, height], pixels.collect())
}

/// The map's values as colour steps, 0 to 255 inside the range, pooled into fewer cells, highest y first; NaN for no data.
fn pooled(map: &Map, [width, height]: [usize; 2]) -> Vec<f32> {
    let [low, high] = colour_range(map);
    let scale = 255.0 / (high - low);
    let log = map.z.scale == Scale::Log;
    // No data and, on a log scale, what is not above zero has no step; what is beyond all numbers has the last one.
    let step_of = |value: f32| {
        let laid_out = if log { f64::from(value).log10() } else { f64::from(value) };
        if log && value <= 0.0 { f32::NAN } else { ((laid_out - low) * scale).clamp(-BEYOND, BEYOND) as f32 }
    };
    let mut shown: Vec<f32> = vec![f32::NAN; width * height];
    if map.columns == 0 || map.columns * map.rows != map.values.len() {
        return shown;
    }
    let usual = Usual::of(map.values.len(), |cell| step_of(map.values[cell]));
    let mut has_gap = vec![false; shown.len()];
    let columns: Vec<usize> = (0..map.columns).map(|column| column * width / map.columns).collect();
    for (row, values) in map.values.chunks_exact(map.columns).enumerate() {
        let line = (height - 1 - row * height / map.rows) * width;
        for (column, value) in columns.iter().zip(values) {
            let step = step_of(*value);
            let old = &mut shown[line + column];
            if step.is_nan() {
                has_gap[line + column] = true;
            } else if old.is_nan() || usual.is_odder(step, *old) {
                *old = step;
            }
        }
    }
    for (step, has_gap) in shown.iter_mut().zip(has_gap) {
        if has_gap && usual.shows_gap_before(*step) {
            *step = f32::NAN;
        }
    }
    shown
}

/// The size of a picture for a map that takes so many pixels of the screen: no more than these, so that every pixel of the picture
/// is seen, in coarse steps, so that it is not made again for every pixel that a pane is dragged.
#[must_use]
pub fn picture_size(pixels: [f32; 2]) -> [usize; 2] {
    pixels.map(|pixels| ((pixels.clamp(16.0, LONGEST_SIDE as f32) as usize) / 16) * 16)
}

impl MapTextures {
    /// Call once a frame: forgets pictures that have not been asked for in a while.
    pub fn next_frame(&mut self) {
        self.frame += 1;
        let frame = self.frame;
        self.prepared.next_frame();
        self.entries.retain(|_, entry| frame - entry.used < 100);
    }

    /// The picture of a layer of a figure in a pane; none while it is being made, and then the last one of that pane.
    pub fn texture(
        &mut self,
        ctx: &egui::Context,
        pane: u64,
        figure: &Arc<Figure>,
        layer: usize,
        size: [usize; 2],
    ) -> Option<egui::TextureId> {
        let look = theme::look(&ctx.global_style().visuals);
        let frame = self.frame;
        let entry = self.entries.entry((pane, layer)).or_insert_with(|| Entry {
            figure: figure.clone(),
            look,
            size,
            texture: None,
            coming: None,
            used: frame,
        });
        entry.used = frame;
        let is_current = Arc::ptr_eq(&entry.figure, figure) && entry.look == look && entry.is_fine_enough(size, layer);
        // One picture at a time: while one is made, a wish for another waits, and the newest wish wins.
        if entry.coming.is_none() && (!is_current || entry.texture.is_none()) {
            entry.figure = figure.clone();
            entry.look = look;
            entry.size = size;
            entry.start(ctx, layer);
        }
        entry.take(ctx);
        entry.texture.as_ref().map(TextureHandle::id)
    }
}

impl Entry {
    /// Whether the picture has the size asked for, or all cells of its map already.
    fn is_fine_enough(&self, size: [usize; 2], layer: usize) -> bool {
        let Some(Layer::Map(map)) = self.figure.layers.get(layer) else { return true };
        let cells = [map.columns, map.rows];
        (0..2).all(|side| self.size[side].min(cells[side]) == size[side].min(cells[side]))
    }

    fn start(&mut self, ctx: &egui::Context, layer: usize) {
        let Some(Layer::Map(map)) = self.figure.layers.get(layer) else { return };
        let (sender, receiver) = mpsc::channel();
        self.coming = Some(receiver);
        if map.values.len() <= COLOURED_AT_ONCE {
            let _ = sender.send(picture(map, self.look, self.size));
            return;
        }
        let (figure, look, size, ctx) = (self.figure.clone(), self.look, self.size, ctx.clone());
        std::thread::spawn(move || {
            if let Some(Layer::Map(map)) = figure.layers.get(layer) {
                let _ = sender.send(picture(map, look, size));
                ctx.request_repaint();
            }
        });
    }

    fn take(&mut self, ctx: &egui::Context) {
        let Some(image) = self.coming.as_ref().and_then(|coming| coming.try_recv().ok()) else { return };
        self.coming = None;
        let smooth_when_small = TextureOptions { minification: egui::TextureFilter::Linear, ..TextureOptions::NEAREST };
        match &mut self.texture {
            Some(texture) => texture.set(image, smooth_when_small),
            None => self.texture = Some(ctx.load_texture("map", image, smooth_when_small)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use monitasks::figure::Axis;

    const FULL: [usize; 2] = [LONGEST_SIDE; 2];

    fn map(columns: usize, rows: usize, values: Vec<f32>) -> Map {
        Map { columns, rows, x_range: [0.0, 1.0], y_range: [0.0, 1.0], values, z: Axis::linear("", ""), cell_texts: Vec::new() }
    }

    #[test]
    fn the_lowest_row_is_at_the_bottom_and_no_data_is_no_colour_of_the_scale() {
        let image = picture(&map(2, 2, vec![0.0, 1.0, f32::NAN, 0.5]), Look::Dark, FULL);
        assert_eq!(image.size, [2, 2]);
        assert_eq!(image.pixels[2], theme::colour(palette::viridis(0.0)));
        assert_eq!(image.pixels[3], theme::colour(palette::viridis(1.0)));
        assert_eq!(image.pixels[0], theme::ground(Look::Dark).no_data);
    }

    #[test]
    fn an_outlier_of_a_map_larger_than_a_picture_still_shows() {
        for (place, outlier) in [(3_333, 9.0f32), (1, -9.0)] {
            let mut values: Vec<f32> = (0..5000).map(|index| (index % 7) as f32 * 0.01).collect();
            values[place] = outlier;
            values[4_000] = -outlier;
            let image = picture(&map(5000, 1, values), Look::Light, FULL);
            assert_eq!(image.size, [2048, 1]);
            for extreme in [0.0, 1.0] {
                assert!(image.pixels.contains(&theme::colour(palette::viridis(extreme))), "{outlier} lost its {extreme}");
            }
        }
    }

    #[test]
    fn a_faint_track_is_seen_over_noise_when_many_cells_share_a_pixel() {
        let mut values = vec![0.0f32; 400 * 400];
        for (cell, value) in values.iter_mut().enumerate() {
            *value = (cell * 7 % 11) as f32 * 0.1 - 0.5;
        }
        for row in 0..400 {
            values[row * 400 + 200] = 15.0;
        }
        let mut one = map(400, 400, values);
        one.z.range = Some([-5.0, 40.0]);
        let image = picture(&one, Look::Dark, [40, 32]);
        assert_eq!(image.size, [40, 32]);
        let track = theme::colour(palette::viridis((20.0f64 / 45.0 * 255.0).floor() / 255.0));
        assert!((0..32).all(|row| image.pixels[row * 40 + 20] == track), "the track is whole");
    }

    #[test]
    fn a_single_missing_or_endless_cell_shows_where_cells_share_a_pixel() {
        let mut values: Vec<f32> = (0..400 * 400).map(|cell| (cell * 7 % 11) as f32 * 0.1).collect();
        values[123 * 400 + 55] = f32::NAN;
        values[10 * 400 + 10] = f32::INFINITY;
        let mut one = map(400, 400, values);
        one.z.range = Some([-10.0, 10.0]);
        let image = picture(&one, Look::Dark, [40, 32]);
        let ground = theme::ground(Look::Dark);
        let count = |wanted: &dyn Fn(Color32) -> bool| image.pixels.iter().filter(|pixel| wanted(**pixel)).count();
        assert_eq!(count(&|pixel| pixel == ground.no_data || pixel == ground.hatch), 1);
        assert_eq!(count(&|pixel| pixel == theme::colour(palette::viridis(1.0))), 1);
    }

    #[test]
    fn a_picture_has_no_more_pixels_than_the_screen_gives_it() {
        assert_eq!(picture_size([333.0, 100_000.0]), [320, 2048]);
        assert_eq!(picture_size([0.0, f32::NAN]), [16, 0]);
    }

    #[test]
    fn maps_of_one_value_of_none_and_of_a_wrong_count_are_drawn() {
        assert_eq!(colour_range(&map(1, 1, vec![5.0])), [4.5, 5.5]);
        assert_eq!(colour_range(&map(1, 1, vec![f32::NAN])), [0.0, 1.0]);
        let wrong = picture(&map(3, 3, vec![1.0; 4]), Look::Dark, FULL);
        assert!(wrong.pixels.iter().all(|pixel| *pixel == theme::ground(Look::Dark).no_data));
        assert_eq!(picture(&map(0, 0, Vec::new()), Look::Dark, FULL).size, [1, 1]);
    }

    #[test]
    fn a_log_scale_leaves_out_what_is_not_above_zero() {
        let mut one = map(3, 1, vec![1.0, 100.0, 0.0]);
        one.z.scale = Scale::Log;
        assert_eq!(colour_range(&one), [0.0, 2.0]);
        let image = picture(&one, Look::Dark, FULL);
        assert_eq!(image.pixels[1], theme::colour(palette::viridis(1.0)));
        assert_eq!(image.pixels[2], theme::ground(Look::Dark).no_data);
    }
}
