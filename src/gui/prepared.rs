//! What is found out of a large figure once, beside the window's thread, and kept while the figure is shown: points in order with
//! the extremes of their blocks, and the range of a map's colours. Drawing then costs what the picture costs.
//!
//! Until the newest figure of a pane is ready, the last one of the same item is shown. Small figures need none of this.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, mpsc};

use egui::Shape;
use egui_plot::PlotTransform;
use monitasks::figure::{Figure, Layer, Scale};

use super::beside_thread::Errands;
use super::crowd::{Drawings, Setting};
use super::figure_items::HOVERED_AT_MOST;
use super::{figure_ui, map_texture, ticks};
use crate::plotting::thin_line::Path;
use crate::plotting::thinning::Cloud;

/// Figures with more points than this are prepared beside the window's thread.
const PREPARED_AT_ONCE: usize = 20_000;
/// Of maps with more cells than this the range of colours is looked for once.
const CELLS_LOOKED_AT: usize = 4_000;
/// Frames after which a pane that is not drawn is forgotten.
const KEPT_FRAMES: u64 = 100;

/// A layer that is ready to be drawn.
#[derive(Debug)]
pub enum Ready {
    /// Small enough to be drawn as it is.
    Plain,
    /// Marks, and the lowest and highest end of their error bars.
    Cloud(Cloud, [f64; 2]),
    /// A curve or steps, and whether they stand on a ground.
    Path(Path, bool),
    /// Lowest and highest value that have colours of their own.
    Map([f64; 2]),
}

/// A figure and what is ready of its layers; nothing for a small one.
#[derive(Clone)]
pub struct Layers {
    /// The figure.
    pub figure: Arc<Figure>,
    /// By the layers' places.
    pub ready: Arc<Vec<Ready>>,
    /// Whether it has so few points that drawing them holds no frame up.
    pub is_quick: bool,
}

/// What a pane shows: a figure's layers, and how they were drawn last.
#[derive(Clone)]
pub struct Shown {
    /// The figure.
    pub figure: Arc<Figure>,
    layers: Layers,
    drawings: Rc<RefCell<Drawings>>,
    errands: Errands,
}

/// The large figures of the panes.
#[derive(Default)]
pub struct PreparedFigures {
    entries: HashMap<u64, Entry>,
    errands: Errands,
    frame: u64,
}

struct Entry {
    /// What it shows: another item begins anew.
    key: String,
    shown: Option<Layers>,
    coming: Option<(Arc<Figure>, mpsc::Receiver<Vec<Ready>>)>,
    drawings: Rc<RefCell<Drawings>>,
    used: u64,
}

impl Layers {
    fn new(figure: Arc<Figure>, ready: Vec<Ready>) -> Self {
        let is_quick = total_points(&figure) <= PREPARED_AT_ONCE;
        Layers { figure, ready: Arc::new(ready), is_quick }
    }
}

impl Shown {
    /// What is ready of a layer.
    #[must_use]
    pub fn layer(&self, index: usize) -> &Ready {
        self.layers.ready.get(index).unwrap_or(&Ready::Plain)
    }

    /// What is ready of all of them.
    #[cfg(test)]
    pub fn layers(&self) -> &Layers {
        &self.layers
    }

    /// A large layer as it is to be drawn now.
    pub fn drawn(&self, ctx: &egui::Context, layer: usize, to: (Setting, PlotTransform)) -> Shape {
        self.drawings.borrow_mut().shape(ctx, &self.errands, &self.layers, layer, to)
    }
}

/// Whether a figure has so much in it that it is prepared.
fn is_large(figure: &Figure) -> bool {
    figure.layers.iter().any(|layer| match layer {
        Layer::Map(map) => map.values.len() > CELLS_LOOKED_AT,
        _ => points_of(layer) > HOVERED_AT_MOST,
    })
}

fn total_points(figure: &Figure) -> usize {
    figure.layers.iter().map(points_of).sum()
}

fn points_of(layer: &Layer) -> usize {
    match layer {
        Layer::Points { points, .. } => points.len(),
        Layer::Line { points, .. } => points.len(),
        Layer::Steps { values, .. } => 2 * values.len(),
        Layer::Map(map) => map.values.len(),
        Layer::Rule { .. } | Layer::Text { .. } => 0,
    }
}

/// What is to be known of each layer.
fn prepare(figure: &Figure) -> Vec<Ready> {
    figure.layers.iter().map(|layer| prepare_layer(figure, layer)).collect()
}

fn prepare_layer(figure: &Figure, layer: &Layer) -> Ready {
    let (x, y) = (figure.x.scale, figure.y.scale);
    let at = |px: f64, py: f64| Some([ticks::place(x, px)?, ticks::place(y, py)?]);
    match layer {
        Layer::Map(map) if map.values.len() > CELLS_LOOKED_AT => Ready::Map(map_texture::colour_range(map)),
        _ if points_of(layer) <= HOVERED_AT_MOST => Ready::Plain,
        Layer::Points { points, .. } => {
            let cloud = Cloud::new(points.iter().map(|point| at(point.x, point.y)));
            let ends = points.iter().filter(|point| at(point.x, point.y).is_some());
            let bars = ends.flat_map(|point| bar(y, point.y, point.y_error)).flatten();
            Ready::Cloud(cloud, bars.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], end| [low.min(end), high.max(end)]))
        }
        Layer::Line { points, .. } => Ready::Path(Path::new(points.iter().map(|[px, py]| at(*px, *py))), false),
        Layer::Steps { edges, values, .. } => {
            let bins = edges.windows(2).zip(values);
            let corners = bins.flat_map(|(edge, value)| [at(edge[0], *value), at(edge[1], *value)]);
            Ready::Path(Path::new(corners), figure_ui::has_ground(figure))
        }
        Layer::Map(_) | Layer::Rule { .. } | Layer::Text { .. } => Ready::Plain,
    }
}

/// The ends of an error bar as laid out; none without an error. On a log axis a bar that reaches zero begins at its point.
#[must_use]
pub fn bar(scale: Scale, value: f64, error: f64) -> Option<[f64; 2]> {
    let middle = ticks::place(scale, value).filter(|_| error > 0.0)?;
    Some([ticks::place(scale, value - error).unwrap_or(middle), ticks::place(scale, value + error)?])
}

impl PreparedFigures {
    /// Call once a frame: forgets panes that have not been drawn in a while.
    pub fn next_frame(&mut self) {
        self.frame += 1;
        let frame = self.frame;
        self.entries.retain(|_, entry| frame - entry.used < KEPT_FRAMES);
    }

    /// The figure to be drawn in a pane: the one asked for, or the last one of that item while it is being prepared; none when
    /// there is none yet.
    pub fn shown(&mut self, ctx: &egui::Context, pane: u64, key: &str, figure: &Arc<Figure>) -> Option<Shown> {
        if !is_large(figure) {
            self.entries.remove(&pane);
            return Some(self.in_pane(Layers::new(figure.clone(), Vec::new()), Rc::default()));
        }
        let frame = self.frame;
        let empty = || Entry { key: key.to_owned(), shown: None, coming: None, drawings: Rc::default(), used: frame };
        let entry = self.entries.entry(pane).or_insert_with(empty);
        if entry.key != key {
            *entry = empty();
        }
        entry.used = frame;
        entry.take(&self.errands);
        if !entry.shown.as_ref().is_some_and(|shown| Arc::ptr_eq(&shown.figure, figure)) && entry.coming.is_none() {
            entry.start(ctx, figure, &self.errands);
        }
        let (layers, drawings) = (entry.shown.clone()?, entry.drawings.clone());
        Some(self.in_pane(layers, drawings))
    }

    fn in_pane(&self, layers: Layers, drawings: Rc<RefCell<Drawings>>) -> Shown {
        Shown { figure: layers.figure.clone(), layers, drawings, errands: self.errands.clone() }
    }
}

impl Entry {
    fn take(&mut self, errands: &Errands) {
        let Some((figure, coming)) = &self.coming else { return };
        match coming.try_recv() {
            Ok(ready) => {
                let before = self.shown.replace(Layers::new(figure.clone(), ready));
                // Giving back what a million points took is no work for a frame.
                errands.send(move || drop(before));
            }
            Err(mpsc::TryRecvError::Empty) => return,
            Err(mpsc::TryRecvError::Disconnected) => {}
        }
        self.coming = None;
    }

    /// One figure at a time: while one is prepared newer ones wait, and the newest comes next.
    fn start(&mut self, ctx: &egui::Context, figure: &Arc<Figure>, errands: &Errands) {
        if total_points(figure) <= PREPARED_AT_ONCE {
            self.shown = Some(Layers::new(figure.clone(), prepare(figure)));
            return;
        }
        let (sender, receiver) = mpsc::channel();
        self.coming = Some((figure.clone(), receiver));
        let (figure, ctx) = (figure.clone(), ctx.clone());
        errands.send(move || {
            // Nobody waits for it any more when the pane is gone.
            let _ = sender.send(prepare(&figure));
            ctx.request_repaint();
        });
    }
}

#[cfg(test)]
mod tests {
    use monitasks::figure::{Axis, Ink, Point};

    use super::*;

    fn figure(points: usize) -> Arc<Figure> {
        let points = (0..points).map(|x| Point { x: x as f64, y: 1.0, y_error: 0.5 }).collect();
        let figure = Figure::new("t", Axis::linear("x", ""), Axis::linear("y", ""));
        Arc::new(figure.with(Layer::Points { label: "a".into(), ink: Ink::Series(0), points }))
    }

    #[test]
    fn a_small_figure_is_shown_as_it_is_and_a_larger_one_is_prepared_once() {
        let (ctx, mut all) = (egui::Context::default(), PreparedFigures::default());
        let small = all.shown(&ctx, 1, "a", &figure(10)).unwrap();
        assert!(matches!(small.layer(0), Ready::Plain));
        let larger = figure(5_000);
        let first = all.shown(&ctx, 1, "a", &larger).unwrap();
        let Ready::Cloud(cloud, bars) = first.layer(0) else { panic!("not prepared") };
        assert_eq!((cloud.len(), *bars), (5_000, [0.5, 1.5]));
        let again = all.shown(&ctx, 1, "a", &larger).unwrap();
        assert!(Arc::ptr_eq(&first.layers.ready, &again.layers.ready), "prepared twice");
    }

    #[test]
    fn the_last_figure_stays_while_the_next_is_prepared_and_another_item_s_does_not() {
        let (ctx, mut all) = (egui::Context::default(), PreparedFigures::default());
        let (one, next) = (figure(5_000), figure(PREPARED_AT_ONCE + 1));
        assert!(all.shown(&ctx, 1, "a", &one).is_some());
        let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
        let meanwhile = all.shown(&ctx, 1, "a", &next).unwrap();
        assert!(Arc::ptr_eq(&meanwhile.figure, &one));
        while !Arc::ptr_eq(&all.shown(&ctx, 1, "a", &next).unwrap().figure, &next) {
            assert!(std::time::Instant::now() < until, "never prepared");
            std::thread::yield_now();
        }
        let other = figure(PREPARED_AT_ONCE + 2);
        assert!(all.shown(&ctx, 1, "b", &other).is_none(), "the figure of another item");
    }

    #[test]
    fn a_pane_that_is_not_drawn_is_forgotten() {
        let (ctx, mut all) = (egui::Context::default(), PreparedFigures::default());
        all.shown(&ctx, 1, "a", &figure(5_000));
        (0..=KEPT_FRAMES).for_each(|_| all.next_frame());
        assert!(all.entries.is_empty());
    }
}
