//! The window as pixels, with no display and no graphics card: what egui hands to a painter, filled in triangle by triangle.

// The benchmark uses other parts of it than the tests.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dqmon::engine::{EngineHandle, EngineSide};
use dqmon::gui::{DqmonApp, UiState};
use dqmon::snapshot::Snapshot;
use egui::epaint::{ImageData, Primitive, Vertex};
use egui::{Color32, Context, Event, FullOutput, Pos2, Rect, TextureFilter, TextureId, Vec2, ViewportId, pos2};

use super::made_up;

/// Longer than anything is made beside the window's thread.
const PATIENCE: Duration = Duration::from_secs(30);

/// A window whose frames are made one by one.
pub struct Screen {
    pub ctx: Context,
    pub app: DqmonApp,
    pub side: EngineSide,
    textures: HashMap<TextureId, Texture>,
    size: Vec2,
    scale: f32,
    frames: u32,
}

struct Texture {
    size: [usize; 2],
    pixels: Vec<Color32>,
    is_smooth: bool,
}

/// Pixels, row by row from above.
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<[u8; 3]>,
}

impl Screen {
    /// A window on a snapshot, of that size in points and so many pixels a point.
    pub fn of(snapshot: Snapshot, state: UiState, size: [f32; 2], scale: f32) -> Screen {
        let (handle, side) = EngineHandle::pair();
        side.snapshot.store(Arc::new(snapshot));
        let ctx = Context::default();
        dqmon::gui::install(&ctx);
        let app = DqmonApp::new(handle, state).with_clock(made_up::now);
        Screen { ctx, app, side, textures: HashMap::new(), size: size.into(), scale, frames: 0 }
    }

    /// Lays out one frame.
    pub fn step(&mut self, events: Vec<Event>) -> FullOutput {
        let mut input = egui::RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, self.size)),
            time: Some(f64::from(self.frames) / 60.0),
            events,
            focused: true,
            ..egui::RawInput::default()
        };
        input.viewports.entry(ViewportId::ROOT).or_default().native_pixels_per_point = Some(self.scale);
        self.frames += 1;
        let mut output = self.ctx.run_ui(input, |ui| self.app.ui(ui));
        for (id, deltas) in &output.textures_delta.set {
            for delta in deltas {
                let ImageData::Color(image) = &delta.image;
                self.take(*id, delta.pos, image, delta.options.magnification == TextureFilter::Linear);
            }
        }
        output.textures_delta.clear();
        output
    }

    fn take(&mut self, id: TextureId, at: Option<[usize; 2]>, image: &egui::ColorImage, is_smooth: bool) {
        let Some([left, top]) = at else {
            self.textures.insert(id, Texture { size: image.size, pixels: image.pixels.clone(), is_smooth });
            return;
        };
        let texture = self.textures.get_mut(&id).expect("a part of a texture that is there");
        for (row, pixels) in image.pixels.chunks_exact(image.size[0]).enumerate() {
            let start = (top + row) * texture.size[0] + left;
            texture.pixels[start..start + pixels.len()].copy_from_slice(pixels);
        }
    }

    /// Goes on until nothing is being made any more and so many maps have their pictures.
    pub fn settle(&mut self, maps: usize) -> FullOutput {
        let began = Instant::now();
        let mut calm = 0;
        loop {
            let output = self.step(Vec::new());
            let is_waiting = output.shapes.iter().any(|clipped| says(&clipped.shape, "being drawn"));
            calm = if is_waiting || self.textures.len() < 1 + maps { 0 } else { calm + 1 };
            if calm > 8 {
                return output;
            }
            assert!(began.elapsed() < PATIENCE, "still being drawn: {} textures", self.textures.len());
            std::thread::sleep(Duration::from_millis(if calm == 0 { 20 } else { 2 }));
        }
    }

    /// What a frame looks like.
    pub fn picture(&self, output: FullOutput) -> Picture {
        self.picture_within(output, Rect::EVERYTHING)
    }

    /// What a frame looks like in a part of it, points; the rest stays black.
    pub fn picture_within(&self, output: FullOutput, part: Rect) -> Picture {
        let (width, height) = ((self.size.x * self.scale) as usize, (self.size.y * self.scale) as usize);
        let mut picture = Picture { width, height, pixels: vec![[0; 3]; width * height] };
        for clipped in self.ctx.tessellate(output.shapes, output.pixels_per_point) {
            let Primitive::Mesh(mesh) = clipped.primitive else { continue };
            let Some(texture) = self.textures.get(&mesh.texture_id) else { continue };
            for corners in mesh.indices.chunks_exact(3) {
                let corners = [corners[0], corners[1], corners[2]].map(|index| mesh.vertices[index as usize]);
                picture.triangle(corners, texture, clipped.clip_rect.intersect(part), self.scale);
            }
        }
        picture
    }
}

fn says(shape: &egui::Shape, words: &str) -> bool {
    match shape {
        egui::Shape::Vec(shapes) => shapes.iter().any(|shape| says(shape, words)),
        egui::Shape::Text(text) => text.galley.job.text.contains(words),
        _ => false,
    }
}

impl Picture {
    /// The pixels of a PNG.
    pub fn of_png(file: Vec<u8>) -> Picture {
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        let pixels = bytes.chunks_exact(4).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        Picture { width: info.width as usize, height: info.height as usize, pixels }
    }

    /// Whether a pixel no farther than so many from a place is of that colour, but for a few steps.
    pub fn has_near(&self, x: f64, y: f64, reach: i64, colour: [u8; 3], steps: u8) -> bool {
        let around = |middle: f64| middle.floor() as i64 - reach..=middle.floor() as i64 + reach;
        around(y).any(|row| {
            around(x).any(|column| {
                let inside = column >= 0 && row >= 0 && (column as usize) < self.width && (row as usize) < self.height;
                let is_it = |pixel: [u8; 3]| pixel.iter().zip(colour).all(|(one, other)| one.abs_diff(other) <= steps);
                inside && is_it(self.pixels[row as usize * self.width + column as usize])
            })
        })
    }

    /// Fills the pixels whose middles lie in a triangle.
    fn triangle(&mut self, corners: [Vertex; 3], texture: &Texture, clip: Rect, scale: f32) {
        let [a, b, c] = corners.map(|corner| pos2(corner.pos.x * scale, corner.pos.y * scale));
        let area = (b - a).x * (c - a).y - (b - a).y * (c - a).x;
        if area.abs() < 1e-9 {
            return;
        }
        let clip = Rect::from_min_max(
            pos2((clip.min.x * scale).round(), (clip.min.y * scale).round()),
            pos2((clip.max.x * scale).round(), (clip.max.y * scale).round()),
        );
        let within = Rect::from_points(&[a, b, c]).intersect(clip);
        let range = |low: f32, high: f32, most: usize| {
            let whole = |place: f32| (place.max(0.0) as usize).min(most);
            whole((low - 0.5).ceil())..whole((high - 0.5).floor() + 1.0)
        };
        for row in range(within.min.y, within.max.y, self.height) {
            for column in range(within.min.x, within.max.x, self.width) {
                let at = pos2(column as f32 + 0.5, row as f32 + 0.5);
                let part = |one: Pos2, other: Pos2| ((other - one).x * (at - one).y - (other - one).y * (at - one).x) / area;
                let shares = [part(b, c), part(c, a), part(a, b)];
                if shares.iter().all(|share| *share >= -1e-5) {
                    let pixel = &mut self.pixels[row * self.width + column];
                    *pixel = over(*pixel, corners, shares, texture);
                }
            }
        }
    }
}

/// A pixel with a triangle's colour over it.
fn over(below: [u8; 3], corners: [Vertex; 3], shares: [f32; 3], texture: &Texture) -> [u8; 3] {
    let mix = |part: fn(&Vertex) -> f32| corners.iter().zip(shares).map(|(corner, share)| part(corner) * share).sum::<f32>();
    let texel = texture.at(mix(|corner| corner.uv.x), mix(|corner| corner.uv.y));
    let colour = [
        mix(|corner| f32::from(corner.color.r())),
        mix(|corner| f32::from(corner.color.g())),
        mix(|corner| f32::from(corner.color.b())),
        mix(|corner| f32::from(corner.color.a())),
    ];
    let alpha = colour[3] * texel[3] / (255.0 * 255.0);
    [0, 1, 2]
        .map(|part| (colour[part] * texel[part] / 255.0 + f32::from(below[part]) * (1.0 - alpha)).round().clamp(0.0, 255.0) as u8)
}

impl Texture {
    fn at(&self, u: f32, v: f32) -> [f32; 4] {
        let [width, height] = self.size;
        let (x, y) = (u * width as f32, v * height as f32);
        let pixel = |x: f32, y: f32| {
            let (x, y) = ((x.max(0.0) as usize).min(width - 1), (y.max(0.0) as usize).min(height - 1));
            self.pixels[y * width + x].to_array().map(f32::from)
        };
        if !self.is_smooth {
            return pixel(x.floor(), y.floor());
        }
        let (left, top) = ((x - 0.5).floor(), (y - 0.5).floor());
        let (dx, dy) = (x - 0.5 - left, y - 0.5 - top);
        let rows = [0.0, 1.0].map(|down| {
            let (one, other) = (pixel(left, top + down), pixel(left + 1.0, top + down));
            [0, 1, 2, 3].map(|part| one[part] * (1.0 - dx) + other[part] * dx)
        });
        [0, 1, 2, 3].map(|part| rows[0][part] * (1.0 - dy) + rows[1][part] * dy)
    }
}
