//! The head of a column that rows are ordered by.

use egui::Ui;

use super::theme;

/// Draws a column's name as a button, with an arrow up or down when rows are ordered by it, `Some(true)` for the lowest first;
/// answers whether it was pressed.
pub fn head(ui: &mut Ui, name: &str, ascending: Option<bool>, hover: &str) -> bool {
    let arrow = match ascending {
        None => "",
        Some(true) => " ▴",
        Some(false) => " ▾",
    };
    let response = ui.add(egui::Button::new(theme::bold(format!("{name}{arrow}"))).frame(false));
    let way = ascending.map_or("", |lowest_first| if lowest_first { ", lowest first" } else { ", highest first" });
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Order by {name}{way}")));
    response.on_hover_text(hover).clicked()
}
