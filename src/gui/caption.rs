//! The line above a plot: what its title says beyond the pane's name, the names of its series, its notes.

use egui::{Color32, RichText, Sense, Ui, Vec2, vec2};
use monitasks::figure::{Figure, Ink, Layer};

use super::figure_ui::FigureView;
use super::theme;

/// Width of the mark before a name, points.
const SWATCH: f32 = 9.0;
/// So many names stand in the line of the caption.
const NAMES_IN_A_LINE: usize = 4;
/// So many stand in lines of their own above the plot; more go into a legend over it.
pub const NAMES_ABOVE: usize = 16;

/// With less height than this left, points, names of many series are left out.
const LEAST_UNDER_NAMES: f32 = 130.0;

/// Words that make no title say more.
const SMALL_WORDS: [&str; 6] = ["by", "each", "latest", "map", "of", "the"];

/// Parts of a title, from comma to comma, that say more than the pane's name does.
fn title_parts(figure: &Figure, pane_title: &str) -> String {
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect()
    };
    let known = words(pane_title);
    // "Pedestals" says "pedestal" too.
    let is_known = |word: &String| known.iter().any(|known| known == word || known.trim_end_matches('s') == word);
    let is_new = |part: &&str| words(part).iter().any(|word| !is_known(word) && !SMALL_WORDS.contains(&word.as_str()));
    let parts: Vec<&str> = figure.title.split(", ").filter(is_new).collect();
    parts.join(", ")
}

/// What the title says beyond the pane's name, names of few series and notes, in one line; all of it under the pointer.
pub fn line(ui: &mut Ui, view: &FigureView<'_>, lead: Option<&mut dyn FnMut(&mut Ui)>) {
    let figure = view.figure;
    let look = theme::look(ui.visuals());
    let muted = theme::ground(look).muted;
    let names = names(figure);
    let title = title_parts(figure, &view.pane_title);
    let has_names = !names.is_empty() && !has_line_of_names(ui, figure);
    if title.is_empty() && !has_names && figure.notes.is_empty() && !view.is_waiting && lead.is_none() {
        return;
    }
    let all = || format!("{}\n{}", figure.title, figure.notes.join("\n")).trim_end().to_owned();
    ui.horizontal(|ui| {
        ui.set_height(18.0);
        ui.spacing_mut().interact_size.y = 14.0;
        ui.spacing_mut().item_spacing.x = 4.0;
        if let Some(lead) = lead {
            lead(ui);
        }
        if view.is_waiting {
            ui.label(RichText::new("being drawn…").small().color(theme::warning(look)));
        }
        if has_names && ui.available_width() > 60.0 {
            for (label, ink) in &names {
                swatch(ui, theme::ink(*ink, look));
                ui.add(egui::Label::new(RichText::new(*label).small()).truncate());
                ui.add_space(3.0);
            }
        }
        let mut caption = egui::text::LayoutJob::default();
        let mut add = |text: &str, colour: Color32| {
            let gap = if caption.text.is_empty() { "" } else { "  ·  " };
            caption.append(gap, 0.0, egui::TextFormat::simple(theme::small_font(), muted));
            caption.append(text, 0.0, egui::TextFormat::simple(theme::small_font(), colour));
        };
        if !title.is_empty() {
            add(&title, theme::ground(look).text);
        }
        for note in &figure.notes {
            add(note, muted);
        }
        if !caption.text.is_empty() && ui.available_width() > 40.0 {
            ui.add(egui::Label::new(caption).truncate()).on_hover_text(all());
        }
    });
}

/// Whether names stand in lines of their own: when they are many, or would leave no room for the caption.
fn has_line_of_names(ui: &Ui, figure: &Figure) -> bool {
    let names = names(figure);
    let letters: usize = names.iter().map(|(label, _)| label.chars().count() + 4).sum();
    names.len() > NAMES_IN_A_LINE || letters as f32 * theme::small_font().size * 0.5 > 0.55 * ui.available_width()
}

/// Names of many series, as many to a line as there is room for.
pub fn many_names(ui: &mut Ui, figure: &Figure) {
    let names = names(figure);
    // In a low pane the plot itself comes first.
    if names.len() > NAMES_ABOVE || !has_line_of_names(ui, figure) || ui.available_height() < LEAST_UNDER_NAMES {
        return;
    }
    let look = theme::look(ui.visuals());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().interact_size.y = 12.0;
        ui.spacing_mut().item_spacing = vec2(3.0, 0.0);
        for (place, (label, ink)) in names.into_iter().enumerate() {
            let wide = ui.painter().layout_no_wrap(label.to_owned(), theme::small_font(), Color32::WHITE).size().x;
            // A name goes to the next line together with its mark.
            if place > 0 && ui.available_size_before_wrap().x < SWATCH + 3.0 + wide {
                ui.end_row();
            }
            swatch(ui, theme::ink(ink, look));
            ui.add(egui::Label::new(RichText::new(label).small()).extend());
            ui.add_space(4.0);
        }
    });
}

fn swatch(ui: &mut Ui, colour: Color32) {
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(SWATCH), Sense::hover());
    ui.painter().circle_filled(rect.center(), 3.5, colour);
}

/// Names of the layers that have one, each once.
#[must_use]
pub fn names(figure: &Figure) -> Vec<(&str, Ink)> {
    let mut names: Vec<(&str, Ink)> = Vec::new();
    for layer in &figure.layers {
        if let Layer::Points { label, ink, .. } | Layer::Line { label, ink, .. } | Layer::Steps { label, ink, .. } = layer
            && !label.is_empty()
            && !names.iter().any(|(known, _)| known == label)
        {
            names.push((label, *ink));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use monitasks::figure::Axis;

    #[test]
    fn a_title_says_only_what_the_pane_s_name_does_not() {
        let figure =
            |title: &str| Figure::new(title, Axis::integer("x"), Axis::linear("y", "")).note("run24-seq2, event 5 of 12");
        assert_eq!(title_parts(&figure("Event display, view 0"), "Event display: View 0"), "");
        assert_eq!(
            title_parts(&figure("Electron lifetime, run1 to run3"), "Purity: Lifetime"),
            "Electron lifetime, run1 to run3"
        );
        assert_eq!(title_parts(&figure("Gain map, run3-p1-g0"), "LEM gain: Gain map"), "run3-p1-g0");
        assert_eq!(title_parts(&figure("Pedestal mean of each strip, run1"), "Pedestals: Mean by strip"), "run1");
    }
}
