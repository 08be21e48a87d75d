//! The dialog that asks how and where to something is exported.

use std::path::{Path, PathBuf};

use egui::{RichText, TextEdit, Ui};

use super::{Around, ExportAction, PLOT_SIZE, exported_by};
use crate::engine::{Command, ExportCommand, ExportTo, ExportedPage, Report, ReportPictures};
use crate::gui::scene::Scene;
use crate::gui::state::{Action, UiState};
use crate::gui::theme;
use crate::plotting::{Format, Look, Picture};
use crate::snapshot::{FigureKey, Origin};

/// What is exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    Plot(Box<FigureKey>),
    Page(ExportedPage),
    Report(Report),
}

/// The open dialog.
#[derive(Debug, Clone)]
pub(super) struct Dialog {
    subject: Subject,
    title: String,
    format: Format,
    size: String,
    is_light: bool,
    path: String,
    pictures: ReportPictures,
    /// It was asked for, and nothing came of it yet.
    is_asked: bool,
    fault: Option<String>,
}

impl Subject {
    fn formats(&self) -> &'static [Format] {
        match self {
            Subject::Plot(_) => &[Format::Png, Format::Svg, Format::Csv, Format::Json],
            Subject::Page(ExportedPage::Monitor(_)) => &[Format::Png, Format::Svg],
            Subject::Page(_) => &[Format::Csv, Format::Json, Format::Html],
            Subject::Report(_) => &[Format::Html],
        }
    }

    /// The stem of a file's name, before the stamp.
    fn stem(&self, around: &Around<'_>) -> String {
        match self {
            Subject::Plot(key) => {
                let run = key.run.or_else(|| around.choice.row(around.snapshot).map(|row| row.run));
                let run = run.map(|run| format!("-{run}")).unwrap_or_default();
                format!("{}-{}{run}", key.task, key.item)
            }
            Subject::Page(page) => page.title().to_lowercase(),
            Subject::Report(Report::Shift) => "shift".into(),
            Subject::Report(Report::Meeting) => "meeting".into(),
        }
    }

    fn title(&self, around: &Around<'_>) -> String {
        match self {
            Subject::Plot(key) => {
                let task = around.snapshot.task(&key.task);
                let item = task.and_then(|task| Some((task, task.items.iter().find(|item| item.name == key.item)?)));
                let named = item.map(|(task, item)| format!("{}: {}", task.title, item.title));
                format!("Export {}", named.unwrap_or_else(|| format!("{}/{}", key.task, key.item)))
            }
            Subject::Page(page) => format!("Export the {} page", page.title()),
            Subject::Report(Report::Shift) => "Shift report".into(),
            Subject::Report(Report::Meeting) => "Meeting's list".into(),
        }
    }
}

impl Dialog {
    pub(super) fn of(subject: Subject, around: &Around<'_>, last_folder: Option<&Path>) -> Dialog {
        let format = subject.formats()[0];
        let stamp = around.now.strftime("%Y%m%dT%H%M%SZ");
        let safe = |letter: char| if letter.is_alphanumeric() || "-_.".contains(letter) { letter } else { '_' };
        let stem: String = subject.stem(around).chars().map(safe).collect();
        let name = format!("{stem}-{stamp}.{}", format.ending());
        let own = if matches!(subject, Subject::Report(_)) { "reports" } else { "exports" };
        let may_write = around.snapshot.origin != Origin::Bare;
        let of_workspace = around.snapshot.workspace.as_ref().filter(|facts| may_write && !facts.read_only);
        let folder = || of_workspace.map_or_else(|| PathBuf::from("~"), |facts| facts.root.join(own));
        let folder = last_folder.map_or_else(folder, Path::to_owned);
        Dialog {
            title: subject.title(around),
            subject,
            format,
            size: format!("{}x{}", PLOT_SIZE.0, PLOT_SIZE.1),
            is_light: around.look == Look::Light,
            path: folder.join(name).display().to_string(),
            pictures: ReportPictures::default(),
            is_asked: false,
            fault: None,
        }
    }

    pub(super) fn refused(&mut self, why: &str) {
        if std::mem::take(&mut self.is_asked) {
            self.fault = Some(why.to_owned());
        }
    }

    pub(super) fn take_path(&mut self, path: &Path) {
        self.path = path.display().to_string();
        self.follow_ending();
    }

    /// The format is that of the name, where it is one of those there are.
    fn follow_ending(&mut self) {
        if let Some(format) = Format::of(Path::new(self.path.trim())).filter(|format| self.subject.formats().contains(format)) {
            self.format = format;
        }
    }

    /// The name gets the ending of the format.
    fn follow_format(&mut self) {
        let path = Path::new(self.path.trim());
        let path = match Format::of(path) {
            Some(_) => path.with_extension(self.format.ending()),
            None => PathBuf::from(format!("{}.{}", path.display(), self.format.ending())),
        };
        self.path = path.display().to_string();
    }

    fn has_size(&self) -> bool {
        matches!(self.subject, Subject::Plot(_)) && self.format.is_picture()
    }

    /// What hinders it; none when it can be written.
    fn hindrance(&self) -> Option<String> {
        let path = Path::new(self.path.trim());
        if path.file_name().is_none() {
            return Some("Where to? Fill in a path.".into());
        }
        if Format::of(path).is_none_or(|format| !self.subject.formats().contains(&format)) {
            let endings: Vec<String> = self.subject.formats().iter().map(|format| format!(".{}", format.ending())).collect();
            return Some(format!("The name must end in {}.", endings.join(", ")));
        }
        (self.has_size() && Picture::size_of(&self.size).is_none())
            .then(|| "A size is WIDTHxHEIGHT in pixels, from 120x90 to 8192x8192.".into())
    }

    fn command(&self, state: &UiState) -> ExportCommand {
        let look = if self.is_light { Look::Light } else { Look::Dark };
        let picture = Picture { size: Picture::size_of(&self.size).unwrap_or(PLOT_SIZE), look };
        let (path, by) = (PathBuf::from(self.path.trim()), exported_by(state));
        let to = ExportTo { path: path.clone(), may_replace: false, picture, by: by.clone() };
        match &self.subject {
            Subject::Plot(key) => ExportCommand::Plot { key: FigureKey::clone(key), to },
            Subject::Page(page) => ExportCommand::Page { page: page.clone(), to },
            Subject::Report(report) => {
                ExportCommand::Report { report: *report, pictures: self.pictures, to: Some(path), may_replace: false, by }
            }
        }
    }

    /// Draws it; false when it is to be closed.
    pub(super) fn show(&mut self, ui: &Ui, scene: &mut Scene<'_>, state: &UiState) -> bool {
        let mut is_open = true;
        let modal = egui::Modal::new(egui::Id::unique("export")).show(ui.ctx(), |ui| {
            ui.set_width(560.0);
            ui.label(theme::section(&self.title));
            self.choices(ui);
            ui.horizontal(|ui| {
                let field = ui.add(TextEdit::singleline(&mut self.path).desired_width(460.0));
                field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "File to write"));
                if field.changed() {
                    self.follow_ending();
                    self.fault = None;
                }
                if ui.button("Browse…").clicked() {
                    scene.ask(Action::Export(ExportAction::Browse(PathBuf::from(self.path.trim()))));
                }
            });
            if !matches!(self.subject, Subject::Report(_)) {
                let words = match self.format {
                    Format::Json => "Where it comes from is written into the file.",
                    _ => "Where it comes from is written into the file and beside it, into one that ends in .json too.",
                };
                ui.label(RichText::new(words).small().weak());
            }
            ui.add_space(theme::GAP);
            let hindrance = self.hindrance();
            ui.horizontal(|ui| {
                let is_ready = hindrance.is_none() && !self.is_asked;
                if ui.add_enabled(is_ready, egui::Button::new("Write the file")).clicked() {
                    (self.is_asked, self.fault) = (true, None);
                    scene.send(Command::Export(self.command(state)));
                }
                if ui.button("Leave it").clicked() {
                    is_open = false;
                }
                let said = if self.is_asked { Some("It is being written…") } else { hindrance.as_deref() };
                ui.label(RichText::new(said.unwrap_or_default()).small().weak());
            });
            if let Some(fault) = &self.fault {
                ui.add(egui::Label::new(RichText::new(fault).small().color(theme::fault(scene.look))).wrap());
            }
        });
        is_open && !modal.should_close()
    }

    fn choices(&mut self, ui: &mut Ui) {
        let formats = self.subject.formats();
        ui.horizontal(|ui| {
            for format in formats.iter().filter(|_| formats.len() > 1) {
                if ui.selectable_label(self.format == *format, format.ending().to_uppercase()).clicked() {
                    self.format = *format;
                    self.follow_format();
                }
            }
            if self.has_size() {
                ui.add_space(theme::WIDE_GAP);
                let field = ui.add(TextEdit::singleline(&mut self.size).desired_width(80.0)).on_hover_text("Size, pixels");
                field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Size of the picture"));
                for (words, size) in [("slide", "1600x900"), ("note", "900x560")] {
                    if ui.small_button(words).on_hover_text(size).clicked() {
                        self.size = size.into();
                    }
                }
            }
            if self.format.is_picture() {
                ui.add_space(theme::WIDE_GAP);
                ui.selectable_value(&mut self.is_light, false, "Dark");
                ui.selectable_value(&mut self.is_light, true, "Light");
            }
        });
        if let Subject::Report(_) = self.subject {
            ui.horizontal(|ui| {
                ui.label("Plots:");
                let words = ["none", "the official ones", "with findings, official, trends"];
                for (which, words) in ReportPictures::ALL.into_iter().zip(words) {
                    ui.selectable_value(&mut self.pictures, which, words);
                }
            });
        }
        if let Subject::Plot(_) = self.subject {
            let words = "All data of the plot are written, whatever part of it is zoomed on.";
            ui.label(RichText::new(words).small().weak());
        }
    }
}
