//! Exports and the clipboard: what menus and the palette ask for, and what comes back of it. The engine draws and writes.

mod dialog;
mod run_facts;

use std::path::PathBuf;

use egui::Ui;
use jiff::Timestamp;

use super::layout::Layout;
use super::scene::Scene;
use super::state::{Action, Page, RunChoice, UiState};
use crate::engine::{Command, CopyAs, ExportCommand, ExportNews, ExportedBy, ExportedPage, Notice, Report};
use crate::plotting::{Look, Picture};
use crate::snapshot::{FigureKey, Snapshot};

pub use run_facts::run_facts;

/// Size of a plot that is exported or copied, pixels, unless another is asked for: that of `dqmon plot`.
const PLOT_SIZE: (u32, u32) = (900, 560);

/// What a click or a key asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportAction {
    /// Export a plot.
    Plot(FigureKey),
    /// Export the plot of the active pane.
    ActivePlot,
    /// Export the page that is open.
    Page,
    /// Make a report.
    Report(Report),
    /// Put a plot on the clipboard.
    Copy(FigureKey, CopyAs),
    /// The same of the active pane.
    CopyActive(CopyAs),
    /// Put a text on the clipboard.
    CopyText {
        /// What it is, for the notice.
        what: String,
        /// The text.
        text: String,
    },
    /// Ask the system for a file to write.
    Browse(PathBuf),
}

/// What the window knows when it is asked.
pub struct Around<'a> {
    /// The moment.
    pub snapshot: &'a Snapshot,
    /// What is kept of the window.
    pub state: &'a UiState,
    /// Which run is looked at.
    pub choice: RunChoice,
    /// The lane whose results are looked at.
    pub lane: Option<&'a str>,
    /// The page that is open.
    pub page: Page,
    /// The columns of the Runs page.
    pub columns: &'a [String],
    /// The time of day.
    pub now: Timestamp,
    /// Dark or light.
    pub look: Look,
}

/// The dialog and the question, while they are open.
#[derive(Debug, Clone, Default)]
pub struct ExportView {
    dialog: Option<dialog::Dialog>,
    /// A file stands there: the command that writes over it.
    question: Option<(PathBuf, ExportCommand)>,
    /// Where the last export went.
    folder: Option<PathBuf>,
}

/// What is to be done at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Ask the engine.
    Send(Box<ExportCommand>),
    /// Say this.
    Say(String),
}

/// Who exports, as far as somebody has said a name.
#[must_use]
pub fn exported_by(state: &UiState) -> ExportedBy {
    ExportedBy { name: state.who.trim().to_owned(), role: state.role.trim().to_owned() }
}

impl ExportView {
    /// Does what was asked for; answers what the window has to do.
    pub fn act(&mut self, action: ExportAction, around: &Around<'_>) -> Option<Wanted> {
        match action {
            ExportAction::Plot(key) => self.open(dialog::Subject::Plot(Box::new(key)), around),
            ExportAction::ActivePlot => match active_key(around) {
                Some(key) => self.open(dialog::Subject::Plot(Box::new(key)), around),
                None => return Some(Wanted::Say("No plot to export: the active pane shows none.".into())),
            },
            ExportAction::Page => self.open(dialog::Subject::Page(page_of(around)), around),
            ExportAction::Report(report) => self.open(dialog::Subject::Report(report), around),
            ExportAction::Copy(key, what) => return Some(copy(key, what, around)),
            ExportAction::CopyActive(what) => {
                let nothing = || Wanted::Say("No plot to copy: the active pane shows none.".into());
                return Some(active_key(around).map_or_else(nothing, |key| copy(key, what, around)));
            }
            ExportAction::CopyText { .. } | ExportAction::Browse(_) => {}
        }
        None
    }

    fn open(&mut self, subject: dialog::Subject, around: &Around<'_>) {
        self.dialog = Some(dialog::Dialog::of(subject, around, self.folder.as_deref()));
    }

    /// Takes a notice in; answers what is to be shown of it.
    pub fn take(&mut self, notice: Notice, ctx: &egui::Context) -> Option<Notice> {
        match notice {
            Notice::Export(ExportNews::Stands { path, again }) => {
                self.question = Some((path, again.replacing()));
                None
            }
            Notice::Export(ExportNews::Picture { what, size, rgba }) => {
                let size = size.map(|side| side as usize);
                if rgba.len() != size[0] * size[1] * 4 {
                    return Some(Notice::Refused(format!("copy of {what} not done: the picture is not whole")));
                }
                ctx.copy_image(egui::ColorImage::from_rgba_unmultiplied(size, &rgba));
                Some(Notice::Done(format!("On the clipboard: {what}, as a picture")))
            }
            Notice::Export(ExportNews::Text { what, text }) => {
                ctx.copy_text(text);
                Some(Notice::Done(format!("On the clipboard: {what}")))
            }
            Notice::Export(ExportNews::Written { what, path }) => {
                self.folder = path.parent().map(PathBuf::from);
                self.dialog = None;
                Some(Notice::Export(ExportNews::Written { what, path }))
            }
            Notice::Refused(why) => {
                if let Some(dialog) = &mut self.dialog {
                    dialog.refused(&why);
                }
                Some(Notice::Refused(why))
            }
            other => Some(other),
        }
    }

    /// A path was chosen in the system's dialog.
    pub fn browsed(&mut self, path: &std::path::Path) {
        if let Some(dialog) = &mut self.dialog {
            dialog.take_path(path);
        }
    }

    /// Closes what is open; false when nothing is.
    pub fn close(&mut self) -> bool {
        self.question.take().is_some() || self.dialog.take().is_some()
    }

    /// Draws the dialog and the question.
    pub fn show(&mut self, ui: &Ui, scene: &mut Scene<'_>, state: &UiState) {
        if let Some(mut dialog) = self.dialog.take()
            && dialog.show(ui, scene, state)
        {
            self.dialog = Some(dialog);
        }
        if let Some((path, command)) = self.question.take()
            && ask(ui, scene, &path, &command)
        {
            self.question = Some((path, command));
        }
    }
}

/// Whether to write over a file; false when it is answered.
fn ask(ui: &Ui, scene: &mut Scene<'_>, path: &std::path::Path, command: &ExportCommand) -> bool {
    let mut is_open = true;
    let modal = egui::Modal::new(egui::Id::unique("write over")).show(ui.ctx(), |ui| {
        ui.set_width(420.0);
        ui.label(super::theme::section("There is a file of that name"));
        ui.add(egui::Label::new(path.display().to_string()).wrap());
        ui.add_space(super::theme::GAP);
        ui.horizontal(|ui| {
            if ui.button("Write over it").clicked() {
                scene.send(Command::Export(command.clone()));
                is_open = false;
            }
            if ui.button("Choose another name").clicked() {
                is_open = false;
            }
        });
    });
    is_open && !modal.should_close()
}

fn copy(key: FigureKey, what: CopyAs, around: &Around<'_>) -> Wanted {
    let picture = Picture { size: PLOT_SIZE, look: around.look };
    Wanted::Send(Box::new(ExportCommand::Copy { key, what, picture, by: exported_by(around.state) }))
}

/// The plot of the active pane.
fn active_key(around: &Around<'_>) -> Option<FigureKey> {
    let layout = around.state.layout.as_ref()?;
    layout.tree.tiles.get_pane(&layout.active?)?.key(around.choice.fixed(), around.lane)
}

/// The page that is open, as it is exported.
fn page_of(around: &Around<'_>) -> ExportedPage {
    let watched = |layout: &Layout| layout.watched(around.choice.fixed(), around.lane);
    match around.page {
        Page::Monitor => ExportedPage::Monitor(around.state.layout.as_ref().map(watched).unwrap_or_default()),
        Page::Runs => ExportedPage::Runs(around.columns.to_vec()),
        Page::Processing => ExportedPage::Processing,
        Page::Problems => ExportedPage::Problems,
        Page::Meeting => ExportedPage::Meeting,
    }
}

/// The part of a pane's menu that exports and copies its plot.
pub fn pane_menu(ui: &mut Ui, scene: &mut Scene<'_>, key: &FigureKey) {
    ui.separator();
    for (words, action) in [
        ("Export…", ExportAction::Plot(key.clone())),
        ("Copy as picture", ExportAction::Copy(key.clone(), CopyAs::Picture)),
        ("Copy as CSV", ExportAction::Copy(key.clone(), CopyAs::Csv)),
    ] {
        if ui.button(words).clicked() {
            scene.ask(Action::Export(action));
        }
    }
}

/// The button of a page.
pub fn page_button(ui: &mut Ui, scene: &mut Scene<'_>) {
    let hover = "Write what this page shows into a file: CSV, JSON or a page to print";
    if ui.button("Export…").on_hover_text(hover).clicked() {
        scene.ask(Action::Export(ExportAction::Page));
    }
}
