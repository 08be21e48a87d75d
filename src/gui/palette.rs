//! The command palette (Ctrl+K) and the sheet of keys (?): everything by keyboard.

mod fuzzy;
mod offers;

use egui::{Key, RichText, Ui, vec2};

use super::scene::Scene;
use super::state::UiState;
use super::{keys, theme};

pub use offers::{Offer, offers};

/// Lines that are shown; more are found by typing more.
const SHOWN: usize = 60;
/// What was taken from the palette before, at most.
const RECENT: usize = 20;

/// The open palette.
#[derive(Debug, Clone, Default)]
pub struct Palette {
    query: String,
    chosen: usize,
}

/// The offers that fit, the best first: with nothing typed those that were taken last, then all in their order.
fn found(scene: &Scene<'_>, state: &UiState, query: &str) -> Vec<Offer> {
    let recent = |words: &str| state.recent_commands.iter().position(|taken| taken == words);
    let mut fitting: Vec<(i32, usize, Offer)> = Vec::new();
    for (place, offer) in offers(scene, state, query).into_iter().enumerate() {
        let Some(score) = fuzzy::score(&offer.words, query) else { continue };
        let score = if query.trim().is_empty() { 0 } else { score };
        let bonus = recent(&offer.words).map_or(0, |at| i32::try_from(RECENT.saturating_sub(at)).unwrap_or(0) + 60);
        fitting.push((score + bonus, place, offer));
    }
    fitting.sort_by_key(|(score, place, _)| (std::cmp::Reverse(*score), *place));
    fitting.into_iter().map(|(_, _, offer)| offer).collect()
}

/// Remembers what was taken.
fn remember(state: &mut UiState, words: &str) {
    state.recent_commands.retain(|taken| taken != words);
    state.recent_commands.insert(0, words.to_owned());
    state.recent_commands.truncate(RECENT);
}

/// Draws the palette; false when it is to be closed.
pub fn show(ui: &Ui, scene: &mut Scene<'_>, palette: &mut Palette, state: &mut UiState) -> bool {
    let mut stays = true;
    let offers = found(scene, state, &palette.query);
    let (up, down, enter) = ui.input_mut(|input| {
        let none = egui::Modifiers::NONE;
        (input.consume_key(none, Key::ArrowUp), input.consume_key(none, Key::ArrowDown), input.consume_key(none, Key::Enter))
    });
    palette.chosen = match (up, down) {
        (true, _) => palette.chosen.saturating_sub(1),
        (_, true) => palette.chosen + 1,
        _ => palette.chosen,
    }
    .min(offers.len().saturating_sub(1));
    let area = egui::Modal::default_area(egui::Id::unique("palette area")).anchor(egui::Align2::CENTER_TOP, vec2(0.0, 80.0));
    let modal = egui::Modal::new(egui::Id::unique("palette")).area(area).show(ui.ctx(), |ui| {
        ui.set_width(460.0);
        let field = egui::TextEdit::singleline(&mut palette.query).hint_text("Command, item or run").desired_width(f32::INFINITY);
        let response = ui.add(field);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Command, item or run"));
        response.request_focus();
        if response.changed() {
            palette.chosen = 0;
        }
        ui.add_space(4.0);
        egui::ScrollArea::vertical().max_height(360.0).auto_shrink([false, true]).show(ui, |ui| {
            for (index, offer) in offers.iter().enumerate().take(SHOWN) {
                let is_chosen = index == palette.chosen;
                // Words at the right, even none, push the name to the left.
                let key = keys::key_of(&offer.action).unwrap_or_default();
                let button = egui::Button::selectable(is_chosen, offer.words.as_str()).right_text(RichText::new(key).weak());
                let line = ui.add(button.min_size(vec2(ui.available_width(), theme::ROW_HEIGHT)));
                line.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_chosen, &offer.words));
                if is_chosen && (up || down) {
                    line.scroll_to_me(None);
                }
                if line.clicked() || is_chosen && enter {
                    remember(state, &offer.words);
                    scene.ask(offer.action.clone());
                    stays = false;
                }
            }
            if offers.is_empty() {
                ui.label(RichText::new("Nothing of that name.").weak());
            }
        });
    });
    stays && !modal.should_close()
}

/// Width of the sheet of keys where there is room, points.
const SHEET_WIDTH: f32 = 760.0;
/// What of it the keys take.
const KEYS_SHARE: f32 = 0.28;

/// Draws the sheet of keys; false when it is to be closed.
pub fn keys_sheet(ui: &Ui) -> bool {
    let mut is_open = true;
    egui::Window::new("Keys")
        .open(&mut is_open)
        .collapsible(false)
        .resizable(false)
        .anchor(egui::Align2::CENTER_CENTER, vec2(0.0, 0.0))
        .show(ui.ctx(), |ui| {
            let height = ui.ctx().content_rect().height() - 120.0;
            egui::ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
                // Nothing is pressed here: lines stand as close as in a text, and all of them in a window of usual size.
                ui.spacing_mut().interact_size.y = 0.0;
                // With large letters long lines go on below: the sheet stays within the window.
                let wide = (ui.ctx().content_rect().width() - 80.0).clamp(160.0, SHEET_WIDTH);
                ui.set_width(wide);
                ui.spacing_mut().item_spacing.y = 5.0;
                for (key, words) in keys::sheet() {
                    ui.horizontal_top(|ui| {
                        let part = |ui: &mut Ui, share: f32, label: egui::Label| {
                            let size = vec2(wide * share - 8.0, 0.0);
                            ui.allocate_ui_with_layout(size, egui::Layout::top_down(egui::Align::Min), |ui| {
                                ui.set_width(size.x);
                                ui.add(label.wrap());
                            });
                        };
                        part(ui, KEYS_SHARE, egui::Label::new(theme::bold(key)));
                        part(ui, 1.0 - KEYS_SHARE, egui::Label::new(words));
                    });
                }
            });
        });
    is_open
}
