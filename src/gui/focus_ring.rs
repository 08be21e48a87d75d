//! A ring around what has the keyboard's focus, the same for all there is.

use egui::{Stroke, StrokeKind, Ui};

use super::theme;

/// Width of the ring, points.
const WIDTH: f32 = 2.0;

/// Draws it over what was drawn in this frame.
pub fn show(ui: &Ui) {
    let ctx = ui.ctx();
    let Some(id) = ctx.memory(egui::Memory::focused) else { return };
    let Some(response) = ctx.read_response(id) else { return };
    let seen = response.interact_rect;
    if seen.is_positive() {
        let accent = theme::ground(theme::look(ui.visuals())).accent;
        let painter = ctx.layer_painter(response.layer_id).with_clip_rect(seen.expand(2.0 * WIDTH));
        painter.rect_stroke(response.rect.expand(1.0), 4.0, Stroke::new(WIDTH, accent), StrokeKind::Outside);
    }
}
