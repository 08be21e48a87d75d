//! Triangles of large layers, made beside the window's thread.
//!
//! A layer is drawn anew when its figure, its limits or its size change. Until that is done the triangles there were are shown,
//! moved and stretched to where their data are now: a frame never waits, and what is read off is at its place.

use std::sync::{Arc, mpsc};

use egui::epaint::TessellationOptions;
use egui::{Mesh, Pos2, Rect, Shape, Vec2, vec2};
use egui_plot::PlotTransform;

use super::shapes::{Drawn, Setting};
use crate::gui::beside_thread::Errands;
use crate::gui::prepared::{Layers, Ready};

/// The layers of a pane as they were drawn last, by their place in the figure.
#[derive(Default)]
pub struct Drawings {
    layers: Vec<Drawing>,
}

/// A layer as it was drawn last.
#[derive(Default)]
struct Drawing {
    made: Option<Made>,
    coming: Option<mpsc::Receiver<Made>>,
}

/// Triangles, and what they were made for.
struct Made {
    of: Arc<Vec<Ready>>,
    setting: Setting,
    transform: PlotTransform,
    mesh: Arc<Mesh>,
}

impl Drawings {
    /// The triangles of a layer to be shown now. Those of one that was never drawn are made at once, for an empty plot says
    /// something else, and those of one that is drawn quickly too.
    pub fn shape(
        &mut self,
        ctx: &egui::Context,
        errands: &Errands,
        of: &Layers,
        layer: usize,
        to: (Setting, PlotTransform),
    ) -> Shape {
        if self.layers.len() != of.ready.len() {
            self.layers = of.ready.iter().map(|_| Drawing::default()).collect();
        }
        match self.layers.get_mut(layer) {
            Some(drawing) => Shape::Mesh(drawing.mesh(ctx, errands, of, layer, to)),
            None => Shape::Noop,
        }
    }
}

impl Drawing {
    fn mesh(
        &mut self,
        ctx: &egui::Context,
        errands: &Errands,
        of: &Layers,
        layer: usize,
        to: (Setting, PlotTransform),
    ) -> Arc<Mesh> {
        if let Some(coming) = &self.coming {
            match coming.try_recv() {
                Ok(made) => (self.made, self.coming) = (Some(made), None),
                Err(mpsc::TryRecvError::Disconnected) => self.coming = None,
                Err(mpsc::TryRecvError::Empty) => {}
            }
        }
        if let Some(made) = self.made.as_ref().filter(|made| made.setting == to.0 && Arc::ptr_eq(&made.of, &of.ready)) {
            return made.mesh.clone();
        }
        let options = ctx.tessellation_options(|options| *options);
        let Some(made) = self.made.as_ref().filter(|_| !of.is_quick) else {
            let made = Made::new(of, layer, to, options);
            let mesh = made.mesh.clone();
            (self.made, self.coming) = (Some(made), None);
            return mesh;
        };
        if self.coming.is_none() {
            let (sender, receiver) = mpsc::channel();
            self.coming = Some(receiver);
            let (of, ctx) = (of.clone(), ctx.clone());
            errands.send(move || {
                // Nobody waits for it any more when the pane is gone.
                let _ = sender.send(Made::new(&of, layer, to, options));
                ctx.request_repaint();
            });
        }
        match Move::of(&made.transform, &to.1) {
            moved if moved.is_seen(made.transform.frame()) => Arc::new(moved.done(&made.mesh)),
            _ => made.mesh.clone(),
        }
    }
}

impl Made {
    fn new(of: &Layers, layer: usize, (setting, transform): (Setting, PlotTransform), options: TessellationOptions) -> Self {
        let ready = of.ready.get(layer).unwrap_or(&Ready::Plain);
        let mesh = Drawn { figure: &of.figure, ready, layer, setting, transform }.mesh(options);
        Made { of: of.ready.clone(), setting, transform, mesh }
    }
}

/// How places on the screen go elsewhere when limits or sizes change: `from` becomes `to`, and what is beside it goes along.
#[derive(Debug, Clone, Copy)]
struct Move {
    from: Pos2,
    to: Pos2,
    stretch: Vec2,
}

impl Move {
    /// To where the same data are now.
    fn of(from: &PlotTransform, to: &PlotTransform) -> Self {
        let (corner, other) = (from.frame().min, from.frame().max);
        let [one, far] = [corner, other].map(|at| to.position_from_point(&from.value_from_position(at)));
        let ratio = |there: f32, here: f32| if here == 0.0 { 1.0 } else { there / here };
        let (there, here) = (far - one, other - corner);
        Move { from: corner, to: one, stretch: vec2(ratio(there.x, here.x), ratio(there.y, here.y)) }
    }

    fn place(&self, at: Pos2) -> Pos2 {
        self.to + (at - self.from) * self.stretch
    }

    /// Whether anything inside a frame goes farther than half a point.
    fn is_seen(&self, frame: &Rect) -> bool {
        [frame.min, frame.max].into_iter().any(|corner| (self.place(corner) - corner).abs().max_elem() > 0.5)
    }

    fn done(&self, mesh: &Mesh) -> Mesh {
        let mut mesh = mesh.clone();
        for vertex in &mut mesh.vertices {
            vertex.pos = self.place(vertex.pos);
        }
        mesh
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use egui::{Color32, Stroke, Vec2b, pos2};
    use egui_plot::PlotBounds;
    use monitasks::figure::{Axis, Figure, Ink, Layer, Point};

    use super::super::shapes::Style;
    use super::*;
    use crate::gui::prepared::PreparedFigures;

    fn place(x: [f64; 2]) -> (Setting, PlotTransform) {
        let frame = Rect::from_min_max(pos2(10.0, 20.0), pos2(410.0, 220.0));
        let bounds = PlotBounds::from_min_max([x[0], 0.0], [x[1], 2.0]);
        let style = Style { stroke: Stroke::new(1.0, Color32::RED), is_dashed: false, ground: None };
        (Setting { frame, bounds, style, pixels_per_point: 1.0 }, PlotTransform::new(frame, bounds, Vec2b::FALSE))
    }

    fn layers(ctx: &egui::Context, count: usize) -> Layers {
        let points = (0..count).map(|x| Point { x: x as f64, y: 1.0, y_error: f64::NAN }).collect();
        let figure = Figure::new("t", Axis::linear("x", ""), Axis::linear("y", ""));
        let figure = Arc::new(figure.with(Layer::Points { label: String::new(), ink: Ink::Series(0), points }));
        let mut all = PreparedFigures::default();
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(shown) = all.shown(ctx, 1, "a", &figure) {
                return shown.layers().clone();
            }
            assert!(Instant::now() < until, "never prepared");
            std::thread::yield_now();
        }
    }

    fn mesh_of(shape: Shape) -> Arc<Mesh> {
        let Shape::Mesh(mesh) = shape else { panic!("no mesh") };
        mesh
    }

    #[test]
    fn triangles_are_moved_to_where_their_data_are() {
        let ((_, from), (_, to)) = (place([0.0, 100.0]), place([50.0, 150.0]));
        let mut mesh = Mesh::default();
        mesh.colored_vertex(from.position_from_point(&egui_plot::PlotPoint::new(75.0, 1.5)), Color32::RED);
        let all = Move::of(&from, &to);
        assert!(all.is_seen(from.frame()) && !Move::of(&from, &from).is_seen(from.frame()));
        let at = all.done(&mesh).vertices[0].pos;
        let wanted = to.position_from_point(&egui_plot::PlotPoint::new(75.0, 1.5));
        assert!((at - wanted).length() < 1e-3, "{at:?}, not {wanted:?}");
    }

    #[test]
    fn the_first_triangles_are_there_at_once_and_others_follow_without_a_wait() {
        let (ctx, errands, mut drawings) = (egui::Context::default(), Errands::default(), Drawings::default());
        let many = layers(&ctx, 60_000);
        let mut mesh = |x: [f64; 2]| mesh_of(drawings.shape(&ctx, &errands, &many, 0, place(x)));
        let first = mesh([0.0, 60_000.0]);
        assert!(!first.is_empty());
        assert!(Arc::ptr_eq(&first, &mesh([0.0, 60_000.0])), "made twice");
        let zoomed = [20_000.0, 40_000.0];
        let stretched = mesh(zoomed);
        assert_eq!(stretched.vertices.len(), first.vertices.len());
        let (setting, transform) = place(zoomed);
        let ready = &many.ready[0];
        let wanted = Drawn { figure: &many.figure, ready, layer: 0, setting, transform }.mesh(TessellationOptions::default());
        let until = Instant::now() + Duration::from_secs(20);
        while *mesh(zoomed) != *wanted {
            assert!(Instant::now() < until, "never drawn");
            std::thread::yield_now();
        }
    }

    #[test]
    fn few_points_are_drawn_as_they_are_asked_for() {
        let (ctx, errands, mut drawings) = (egui::Context::default(), Errands::default(), Drawings::default());
        let few = layers(&ctx, 5_000);
        for x in [[0.0, 5_000.0], [1_000.0, 2_000.0]] {
            let mesh = mesh_of(drawings.shape(&ctx, &errands, &few, 0, place(x)));
            let (setting, transform) = place(x);
            let drawn = Drawn { figure: &few.figure, ready: &few.ready[0], layer: 0, setting, transform };
            assert_eq!(*mesh, *drawn.mesh(TessellationOptions::default()));
        }
    }
}
