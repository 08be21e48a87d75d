//! Words centred at places of a plot, and how those in the cells of a map are made to fit.

use std::ops::RangeInclusive;
use std::sync::Arc;

use egui::{Color32, Shape, Ui, Vec2, pos2, vec2};
use egui_plot::{PlotBounds, PlotGeometry, PlotItem, PlotItemBase, PlotPoint, PlotTransform};

use super::theme;

/// Sizes of the words in cells, largest first.
const CELL_SIZES: [f32; 5] = [11.0, 10.0, 9.0, 8.0, 7.0];

/// Words centred at places.
pub struct Words {
    base: PlotItemBase,
    /// Places, words and their colours.
    texts: Vec<(PlotPoint, String, Color32)>,
    /// Words that do not fit into a cell this wide and high, in plot units, are left out.
    cell: Option<[f64; 2]>,
}

impl Words {
    /// Words at places.
    #[must_use]
    pub fn new(id: &str, texts: Vec<(PlotPoint, String, Color32)>, cell: Option<[f64; 2]>) -> Self {
        Words { base: PlotItemBase::new(id.to_owned()), texts, cell }
    }
}

impl PlotItem for Words {
    fn shapes(&self, ui: &Ui, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        let [x_pixels, y_pixels] = transform.dpos_dvalue().map(f64::abs);
        let room = self.cell.map(|[width, height]| vec2((width * x_pixels) as f32, (height * y_pixels) as f32));
        let size_of = |text: &str, size: f32| laid_out(ui, text, size, Color32::WHITE).size();
        let writing = room.map(|room| (room, writing_for(&self.texts.iter().map(|(_, text, _)| text.as_str()), room, size_of)));
        for (place, text, colour) in &self.texts {
            let at = transform.position_from_point(place);
            if !transform.frame().contains(at) {
                continue;
            }
            let galley = match writing {
                None => laid_out(ui, text, theme::small_font().size, *colour),
                Some((room, writing)) => {
                    let written = writing.and_then(|writing| Some((writing.of(text, room, size_of)?, writing.size)));
                    let Some((words, size)) = written else { continue };
                    laid_out(ui, &words, size, *colour)
                }
            };
            shapes.push(Shape::galley(pos2(at.x, at.y - galley.size().y / 2.0), galley, *colour));
        }
    }

    fn initialize(&mut self, _x_range: RangeInclusive<f64>) {}

    fn color(&self) -> Color32 {
        Color32::TRANSPARENT
    }

    fn allow_hover(&self) -> bool {
        false
    }

    fn geometry(&self) -> PlotGeometry<'_> {
        PlotGeometry::None
    }

    fn bounds(&self) -> PlotBounds {
        let mut bounds = PlotBounds::NOTHING;
        for (place, _, _) in &self.texts {
            bounds.extend_with(place);
        }
        bounds
    }

    fn base(&self) -> &PlotItemBase {
        &self.base
    }

    fn base_mut(&mut self) -> &mut PlotItemBase {
        &mut self.base
    }
}

/// How words in cells are written: how much of them and in which size, one way for all cells of a map. On how many lines is
/// each cell's own.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Writing {
    kept: Kept,
    size: f32,
}

/// How much of the words stays, from all to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    All,
    NoErrors,
    FirstLine,
    FirstWord,
}

/// Where lines are broken: where the words say, before errors too, or at each space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lines {
    AsWritten,
    BeforeErrors,
    AtSpaces,
}

impl Writing {
    /// The words with as few lines as fit into a cell; none when they do not fit.
    fn of(self, text: &str, room: Vec2, size_of: impl Fn(&str, f32) -> Vec2) -> Option<String> {
        let without_error = |line: &str| line.split(" ± ").next().unwrap_or_default().to_owned();
        let lines: Vec<String> = match self.kept {
            Kept::All => text.lines().map(str::to_owned).collect(),
            Kept::NoErrors => text.lines().map(without_error).collect(),
            Kept::FirstLine => text.lines().take(1).map(str::to_owned).collect(),
            Kept::FirstWord => text.split_whitespace().take(1).map(str::to_owned).collect(),
        };
        let text = lines.join("\n");
        let broken = [Lines::AsWritten, Lines::BeforeErrors, Lines::AtSpaces].map(|lines| lines.of(&text));
        broken.into_iter().find(|text| {
            let taken = size_of(text, self.size);
            taken.x <= room.x - 2.0 && taken.y <= room.y
        })
    }
}

impl Lines {
    fn of(self, text: &str) -> String {
        match self {
            Lines::AsWritten => text.to_owned(),
            Lines::BeforeErrors => text.replace(" ± ", "\n± "),
            // A sign stays with what it belongs to.
            Lines::AtSpaces => ["±", "/", "|"]
                .iter()
                .fold(text.replace(' ', "\n"), |text, sign| text.replace(&format!("\n{sign}\n"), &format!("\n{sign} "))),
        }
    }
}

/// The largest writing in which all words fit into a cell: smaller letters and more lines come before less words. None when
/// not even the first word fits.
fn writing_for<'t>(
    texts: &(impl Iterator<Item = &'t str> + Clone),
    room: Vec2,
    size_of: impl Fn(&str, f32) -> Vec2,
) -> Option<Writing> {
    let kept = [Kept::All, Kept::NoErrors, Kept::FirstLine, Kept::FirstWord];
    kept.into_iter()
        .flat_map(|kept| CELL_SIZES.map(|size| Writing { kept, size }))
        .find(|writing| texts.clone().all(|text| writing.of(text, room, &size_of).is_some()))
}

/// Centred words, laid out.
fn laid_out(ui: &Ui, text: &str, size: f32, colour: Color32) -> Arc<egui::Galley> {
    let mut job = egui::text::LayoutJob::simple(text.to_owned(), egui::FontId::proportional(size), colour, f32::INFINITY);
    job.halign = egui::Align::Center;
    ui.painter().layout_job(job)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Letters half as wide as high, lines 1.2 times as high.
    fn size_of(text: &str, size: f32) -> Vec2 {
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        vec2(widest as f32 * size * 0.5, text.lines().count() as f32 * size * 1.2)
    }

    fn written(text: &str, width: f32, height: f32) -> Option<(String, f32)> {
        let room = vec2(width, height);
        let writing = writing_for(&std::iter::once(text), room, size_of)?;
        Some((writing.of(text, room, size_of)?, writing.size))
    }

    #[test]
    fn words_in_cells_shrink_and_break_before_they_are_dropped_and_both_numbers_go_last() {
        let text = "3 / 11\n1.02 ± 0.05";
        assert_eq!(written(text, 100.0, 60.0), Some((text.into(), 11.0)));
        assert_eq!(written(text, 42.0, 60.0), Some(("3 / 11\n1.02\n± 0.05".into(), 11.0)));
        assert_eq!(written(text, 30.0, 60.0), Some(("3 / 11\n1.02\n± 0.05".into(), 9.0)));
        assert_eq!(written(text, 30.0, 18.0), Some(("3 / 11\n1.02".into(), 7.0)));
        assert_eq!(written(text, 30.0, 12.0), Some(("3 / 11".into(), 9.0)));
        assert_eq!(written(text, 8.0, 12.0), Some(("3".into(), 10.0)));
        assert_eq!(written(text, 3.0, 12.0), None);
        assert_eq!(written("3 / 11\nnot measured", 32.0, 60.0), Some(("3\n/ 11\nnot\nmeasured".into(), 7.0)));
    }
}
