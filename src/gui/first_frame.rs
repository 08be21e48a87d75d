//! Says in the log when frames are on the screen: `RUST_LOG=dqmon::frames=debug dqmon`.

use egui::Context;

/// What has been shown so far.
#[derive(Debug, Default)]
pub struct Frames {
    /// Of the last frame: whether it had a workspace in it.
    last: Option<bool>,
    has_shown_workspace: bool,
}

impl Frames {
    /// Call at the beginning of each frame: the one before is on the screen by now.
    pub fn next(&mut self, ctx: &Context, has_workspace: bool) {
        match self.last {
            None => ctx.request_repaint(),
            Some(had_workspace) => {
                if ctx.cumulative_frame_nr() == 1 {
                    tracing::info!(target: "dqmon::frames", "the first frame is shown");
                }
                if had_workspace && !self.has_shown_workspace {
                    self.has_shown_workspace = true;
                    tracing::info!(target: "dqmon::frames", "the first frame with a workspace is shown");
                }
                tracing::debug!(target: "dqmon::frames", "frame {}", ctx.cumulative_frame_nr());
            }
        }
        if has_workspace && self.last != Some(true) {
            ctx.request_repaint();
        }
        self.last = Some(has_workspace);
    }
}
