//! The window. The only folder that says egui; it takes the newest snapshot, draws it and sends commands.
//!
//! It may use `engine`, `snapshot`, `plotting` and `monitasks`, and knows no database, folder, process or scheduler: whatever it
//! wants done it asks of the engine, and it never waits for the answer. A file per panel; every colour, space and size is in
//! `theme`; what the panels show and ask for is plain data in `state`, `layout` and `scene`.

mod app;
mod beside;
mod beside_thread;
mod caption;
mod cell_words;
mod checks_part;
mod clipboard;
mod compare_window;
mod crowd;
mod decide_card;
mod desk_line;
mod dialogs;
mod event_pane;
mod export;
mod figure_box;
mod figure_items;
mod figure_ui;
mod first_frame;
mod focus_ring;
mod freeze;
mod hatched;
mod keys;
mod layout;
mod layouts;
mod map_texture;
mod notices;
mod palette;
mod pane_choices;
mod panes;
mod people;
mod prepared;
mod processing;
mod read_out;
mod review;
mod rule_names;
mod run_card;
mod runs_page;
mod said_card;
mod scene;
mod selection;
mod state;
mod table_head;
mod theme;
mod ticks;
mod time_line;
mod top_bar;
mod transport;
mod tree;
mod tree_search;
mod visited;
mod welcome;
mod words;

use std::sync::Arc;

pub use app::DqmonApp;
pub use keys::sheet as key_sheet;
pub use layout::Layout;
pub use state::{ItemRef, Page, RunChoice, UiState};
pub use theme::install;

use crate::engine::EngineHandle;

/// Makes the window look at the newest snapshot; may be called from any thread, as often as wanted.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// How the window opens.
#[derive(Debug, Clone)]
pub struct WindowOptions {
    /// Width and height at the first start, in points.
    pub size: [f32; 2],
    /// Whether layout, look and place are kept for the next start.
    pub keep: bool,
}

impl Default for WindowOptions {
    fn default() -> Self {
        WindowOptions { size: [1280.0, 800.0], keep: true }
    }
}

/// Opens the window and returns when it is closed. `on_ready` is given the waker as soon as there is a window to wake: the engine
/// calls it after each snapshot it publishes.
///
/// # Errors
/// When no window can be opened, with what to do instead.
pub fn run(engine: EngineHandle, options: &WindowOptions, on_ready: impl FnOnce(Waker) + 'static) -> Result<(), String> {
    let viewport = egui::ViewportBuilder::default()
        .with_title("dqmon")
        .with_app_id("dqmon")
        .with_inner_size(options.size)
        .with_min_inner_size([800.0, 500.0]);
    let keep = options.keep;
    let native = eframe::NativeOptions { viewport, persist_window: keep, ..eframe::NativeOptions::default() };
    let create: eframe::AppCreator<'static> = Box::new(move |creation| {
        install(&creation.egui_ctx);
        on_ready(app::waker(creation.egui_ctx.clone()));
        let state = if keep { app::kept_state(creation.storage) } else { UiState::default() };
        Ok(Box::new(DqmonApp::new(engine, state)))
    });
    eframe::run_native("dqmon", native, create).map_err(|error| {
        format!(
            "no window could be opened: {}. Without a display, 'dqmon demo --headless' runs the whole chain, 'dqmon plot' \
             writes plots as pictures, 'dqmon status' tells how the shift goes; with xvfb installed, 'xvfb-run -a dqmon' opens \
             a window that nobody sees",
            reason(&error.to_string())
        )
    })
}

/// What went wrong, without the place in the window library's source where it was noticed.
fn reason(message: &str) -> &str {
    let after_place = message.rsplit_once(".rs:").and_then(|(_, rest)| rest.split_once(": "));
    after_place.map_or(message, |(_, reason)| reason).trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn the_reason_is_said_without_the_place_in_a_library() {
        let message = "winit EventLoopError: os error at /x/winit-0.30.13/src/linux/mod.rs:765: neither DISPLAY is set.";
        assert_eq!(reason(message), "neither DISPLAY is set");
        assert_eq!(reason("no OpenGL"), "no OpenGL");
    }
}
