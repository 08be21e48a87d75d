//! What commands led to: short lines at the lower right, and texts in windows of their own.

use std::ops::Range;
use std::sync::Arc;

use egui::{Align2, RichText, Ui, vec2};

use super::export::ExportAction;
use super::scene::Scene;
use super::state::Action;
use super::{theme, words};
use crate::engine::{ExportNews, Notice};

/// How long good news stays, s. Refusals stay until they are taken away.
const SHOWN_FOR_S: f64 = 6.0;
/// How long a line stays whose path may be copied, s.
const PATH_SHOWN_FOR_S: f64 = 20.0;
/// No more lines at once; the oldest go.
const AT_ONCE: usize = 6;

/// Lines and texts that are shown.
#[derive(Default)]
pub struct Notices {
    lines: Vec<Line>,
    texts: Vec<Text>,
    next: u64,
}

struct Line {
    id: u64,
    is_refusal: bool,
    words: String,
    /// A file that was written.
    path: Option<String>,
    since: f64,
}

struct Text {
    id: u64,
    title: String,
    text: Arc<str>,
    lines: Vec<Range<usize>>,
    wanted: String,
    wrapped: Wrapped,
}

/// Lines that are wanted, broken into rows of so many letters.
#[derive(Default)]
struct Wrapped {
    letters: usize,
    wanted: String,
    lines: usize,
    rows: Vec<Range<usize>>,
}

impl Notices {
    /// Takes a notice in; `time` is the window's, in seconds.
    pub fn add(&mut self, notice: Notice, time: f64) {
        self.next += 1;
        let id = self.next;
        match notice {
            Notice::Done(words) | Notice::Kept(words) => {
                self.lines.push(Line { id, is_refusal: false, words, path: None, since: time });
            }
            Notice::Refused(words) => self.lines.push(Line { id, is_refusal: true, words, path: None, since: time }),
            Notice::Export(ExportNews::Written { what, path }) => {
                let path = path.display().to_string();
                let words = format!("{what} is written: {path}");
                self.lines.push(Line {
                    id,
                    is_refusal: false,
                    words,
                    path: Some(path),
                    since: time + PATH_SHOWN_FOR_S - SHOWN_FOR_S,
                });
            }
            // Those are for the clipboard, or ask something.
            Notice::Export(_) => {}
            Notice::Text { title, text } => {
                self.texts.retain(|open| open.title != title);
                self.texts.push(Text {
                    id,
                    title,
                    lines: line_ranges(&text),
                    text: text.into(),
                    wanted: String::new(),
                    wrapped: Wrapped::default(),
                });
            }
        }
        while self.lines.len() > AT_ONCE {
            self.lines.remove(0);
        }
    }

    /// Takes a line away.
    pub fn dismiss(&mut self, id: u64) {
        self.lines.retain(|line| line.id != id);
    }

    /// Closes the text that was opened last; false when none is open.
    pub fn close_text(&mut self) -> bool {
        self.texts.pop().is_some()
    }

    /// Draws lines and texts.
    pub fn show(&mut self, ui: &Ui, scene: &mut Scene<'_>) {
        let now = ui.input(|input| input.time);
        self.lines.retain(|line| line.is_refusal || now - line.since < SHOWN_FOR_S);
        if !self.lines.is_empty() {
            // Over the plots: the card at the right has the buttons that are pressed next, the tree at the left what is clicked.
            let area = egui::Area::new(egui::Id::unique("notices")).anchor(Align2::CENTER_BOTTOM, vec2(0.0, -96.0));
            area.show(ui.ctx(), |ui| {
                for line in &self.lines {
                    notice_line(ui, scene, line);
                }
            });
        }
        self.texts.retain_mut(|text| text_window(ui, text));
    }
}

fn notice_line(ui: &mut Ui, scene: &mut Scene<'_>, line: &Line) {
    let (glyph, colour) = if line.is_refusal {
        ("✖", theme::fault(scene.look))
    } else {
        ("✔", theme::state(monitasks::quality::State::Ok, scene.look).colour)
    };
    egui::Frame::popup(ui.style()).stroke(egui::Stroke::new(1.0, colour)).show(ui, |ui| {
        ui.set_width(380.0);
        ui.horizontal_top(|ui| {
            ui.label(RichText::new(glyph).color(colour));
            ui.allocate_ui(vec2(316.0, 0.0), |ui| {
                ui.vertical(|ui| {
                    ui.add(egui::Label::new(&line.words).wrap());
                    if let Some(path) = &line.path
                        && ui.small_button("Copy path").clicked()
                    {
                        let (what, text) = ("the path".to_owned(), path.clone());
                        scene.ask(Action::Export(ExportAction::CopyText { what, text }));
                    }
                });
            });
            let cross = ui.small_button("✕").on_hover_text("Take away");
            cross.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Take away"));
            if cross.clicked() {
                scene.ask(Action::Dismiss(line.id));
            }
        });
    });
}

/// What stands in a window's title and what below it: `log: all_logs/run1/reco_run1-seq0.log` is the log of reco_run1-seq0.
fn title_and_path(title: &str) -> (String, Option<&str>) {
    let named = title.split_once(": ").and_then(|(what, path)| {
        let stem = std::path::Path::new(path).file_stem()?.to_str()?;
        let mut letters = what.chars();
        let first = letters.next()?.to_uppercase();
        Some((format!("{first}{} of {stem}", letters.as_str()), Some(path)))
    });
    named.unwrap_or_else(|| (title.to_owned(), None))
}

/// A text, wrapped, with its rows laid out only where they are seen; a log is shown from its end. True while it stays open.
fn text_window(ui: &Ui, text: &mut Text) -> bool {
    let mut is_open = true;
    let screen = ui.ctx().content_rect();
    let size = vec2((screen.width() * 0.7).min(900.0), screen.height() * 0.6);
    let (title, path) = title_and_path(&text.title);
    let path = path.map(str::to_owned);
    let is_log = title.to_lowercase().starts_with("log");
    egui::Window::new(title)
        .id(egui::Id::unique(("text", text.id)))
        .open(&mut is_open)
        .default_size(size)
        .default_pos(screen.center() - size / 2.0)
        .collapsible(false)
        .show(ui.ctx(), |ui| {
            if let Some(path) = &path {
                ui.add(egui::Label::new(RichText::new(path).small().weak()).wrap());
            }
            ui.horizontal(|ui| {
                let field = ui.add(egui::TextEdit::singleline(&mut text.wanted).hint_text("Lines with…").desired_width(200.0));
                field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Lines with"));
                if ui.button("Copy all").clicked() {
                    ui.ctx().copy_text(text.text.to_string());
                }
                let lines = words::count(text.lines.len(), "line");
                let found = format!("{} of {lines}", text.wrapped.lines);
                ui.label(RichText::new(if text.wanted.is_empty() { lines } else { found }).weak());
            });
            ui.separator();
            if text.text.is_empty() {
                ui.label(RichText::new("It is empty so far.").weak());
                return;
            }
            let letter = ui.painter().layout_no_wrap("m".repeat(10), theme::code_font(), egui::Color32::WHITE).size().x / 10.0;
            text.wrap(((ui.available_width() - 16.0) / letter).max(20.0) as usize);
            let height = ui.text_style_height(&egui::TextStyle::Monospace);
            let rows = &text.wrapped.rows;
            egui::ScrollArea::vertical().auto_shrink([false, false]).stick_to_bottom(is_log).show_rows(
                ui,
                height,
                rows.len(),
                |ui, range| {
                    for row in &rows[range] {
                        ui.add(egui::Label::new(RichText::new(&text.text[row.clone()]).monospace()).extend());
                    }
                },
            );
        });
    is_open
}

impl Text {
    /// Breaks the wanted lines into rows of at most so many letters, when that is not done yet.
    fn wrap(&mut self, letters: usize) {
        let done = &self.wrapped;
        if done.letters == letters && done.wanted == self.wanted && !done.rows.is_empty() {
            return;
        }
        let wanted = self.wanted.to_lowercase();
        let shown =
            self.lines.iter().filter(|line| wanted.is_empty() || self.text[(*line).clone()].to_lowercase().contains(&wanted));
        let (mut rows, mut lines) = (Vec::new(), 0);
        for line in shown {
            lines += 1;
            rows_of(&self.text, line.clone(), letters, &mut rows);
        }
        self.wrapped = Wrapped { letters, wanted: self.wanted.clone(), lines, rows };
    }
}

/// Breaks a line into rows of at most so many letters, after a space where one stands near the end of a row.
fn rows_of(text: &str, line: Range<usize>, letters: usize, rows: &mut Vec<Range<usize>>) {
    let mut start = line.start;
    loop {
        let rest = &text[start..line.end];
        let Some((most, _)) = rest.char_indices().nth(letters.max(1)) else {
            rows.push(start..line.end);
            return;
        };
        let after_space = rest[..most].rfind(' ').map(|space| space + 1).filter(|end| *end > most / 2);
        let end = start + after_space.unwrap_or(most);
        rows.push(start..end);
        start = end;
    }
}

/// Where each line of a text stands in it.
fn line_ranges(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    text.split_inclusive('\n')
        .map(|line| {
            let range = start..start + line.trim_end_matches(['\n', '\r']).len();
            start += line.len();
            range
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_into_its_lines() {
        let text = "one\r\n\ntwo µ\nlast";
        let lines: Vec<&str> = line_ranges(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(lines, ["one", "", "two µ", "last"]);
        assert!(line_ranges("").is_empty());
    }

    #[test]
    fn long_lines_are_wrapped_and_nothing_is_lost() {
        for (line, letters, expected) in [
            ("short", 10, vec!["short"]),
            ("", 10, vec![""]),
            ("one two three four", 10, vec!["one two ", "three four"]),
            ("/a/long/path/µ/without/spaces", 12, vec!["/a/long/path", "/µ/without/s", "paces"]),
        ] {
            let mut rows = Vec::new();
            rows_of(line, 0..line.len(), letters, &mut rows);
            assert_eq!(rows.into_iter().map(|row| &line[row]).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn a_text_s_title_is_short_and_its_path_stands_apart() {
        let path = "/data/w/all_logs/batch/run1/reco_run1-seq0.log";
        let title = format!("log: {path}");
        assert_eq!(title_and_path(&title), ("Log of reco_run1-seq0".into(), Some(path)));
        assert_eq!(title_and_path("A text"), ("A text".into(), None));
    }

    #[test]
    fn refusals_outlive_a_flood_only_as_far_as_there_is_room() {
        let mut notices = Notices::default();
        for index in 0..20 {
            notices.add(Notice::Refused(format!("no {index}")), 0.0);
        }
        assert_eq!(notices.lines.len(), AT_ONCE);
        assert_eq!(notices.lines.last().map(|line| line.words.as_str()), Some("no 19"));
    }

    #[test]
    fn the_same_text_asked_for_again_replaces_the_old_one() {
        let mut notices = Notices::default();
        for text in ["a", "b"] {
            notices.add(Notice::Text { title: "log of x".into(), text: text.into() }, 0.0);
        }
        assert_eq!(notices.texts.len(), 1);
        assert_eq!(&*notices.texts[0].text, "b");
    }
}
