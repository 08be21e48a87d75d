//! The thread that exports: draws, reads the book's ends and writes, so that neither the window nor the engine waits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use jiff::Timestamp;

use super::Notice;
use super::export_command::{CopyAs, ExportCommand, ExportNews, ExportTo, ExportedBy, ExportedPage, Report, ReportPictures};
use super::export_rows::{rows_export, sheets_of};
use super::exporting::{book_heads, exported_by, write_export};
use super::pollers::{self, OpenStore};
use super::report_pictures::{Behind, report_pictures};
use crate::bookkeeping::Store;
use crate::config::Workspace;
use crate::decisions::meeting::{Meeting, Voices};
use crate::decisions::report::{meeting_page, shift_page, undecided_of};
use crate::decisions::shifts;
use crate::durable::create_folders;
use crate::live::SignedPlot;
use crate::plotting::{self, Exported, Format, Picture};
use crate::snapshot::Snapshot;
use crate::snapshot::provenance::{ExportKind, Provenance, SourceFacts};

/// Something to be exported, with all that it is made of.
pub(super) struct ExportErrand {
    pub command: ExportCommand,
    /// Its plots, in the order of its keys; those that there are not are left out.
    pub plots: Vec<SignedPlot>,
    pub source: SourceFacts,
    pub snapshot: Arc<Snapshot>,
    /// None where a file or folder is looked at with no workspace.
    pub workspace: Option<Workspace>,
    pub open_store: Option<OpenStore>,
    /// Whether nothing may be written into the workspace.
    pub read_only: bool,
}

/// Exports until nobody asks any more.
pub(super) fn spawn(errands: Receiver<ExportErrand>, notices: Sender<Notice>) {
    pollers::spawn("exports", move || {
        while let Ok(errand) = errands.recv() {
            let words = errand.command.words();
            // One picture that can't be drawn must not be the last.
            let notice = match catch_unwind(AssertUnwindSafe(|| done(&errand))) {
                Ok(Ok(news)) => Notice::Export(news),
                Ok(Err(why)) => Notice::Refused(format!("{words} not done: {why}")),
                Err(_) => Notice::Refused(format!("{words} not done: it failed, see the program's log")),
            };
            if notices.try_send(notice).is_err() {
                tracing::warn!("a notice on an export was dropped: nobody reads them");
            }
        }
    });
}

fn done(errand: &ExportErrand) -> Result<ExportNews, String> {
    match errand.command.clone() {
        ExportCommand::Plot { to, .. } => {
            let plot = errand.only_plot()?;
            let provenance = errand.provenance(ExportKind::Plot, &plot.figure.title, &to.by);
            let format = format_of(&to.path)?;
            let make = || plotting::plot_export(&plot.figure, &provenance, format, to.picture);
            errand.written(&to, &plot.figure.title, make)
        }
        ExportCommand::Page { page: ExportedPage::Monitor(keys), to } => {
            let provenance = errand.provenance(ExportKind::Page, "Monitor", &to.by);
            let format = format_of(&to.path)?;
            let look = to.picture.look;
            let picture = Picture { size: plotting::PAGE_SIZE, look };
            let make = || {
                let svg = plotting::signed_page(&errand.snapshot, &keys, look, &provenance.words());
                plotting::page_export(&svg, &provenance, format, picture)
            };
            errand.written(&to, "Monitor page", make)
        }
        ExportCommand::Page { page, to } => {
            let Some(sheets) = sheets_of(&page, &errand.snapshot) else { return Err("this page has no rows".into()) };
            let mut provenance = errand.provenance(ExportKind::Table, page.title(), &to.by);
            provenance.table = Some(sheets.facts());
            let format = format_of(&to.path)?;
            errand.written(&to, &format!("{} page", page.title()), || rows_export(&sheets, &provenance, format))
        }
        ExportCommand::Report { report, pictures, to, may_replace, by } => {
            errand.report((report, pictures), to.as_deref(), may_replace, &by)
        }
        ExportCommand::Copy { what, picture, by, .. } => errand.copied(what, picture, &by),
    }
}

/// What the ending of a name asks for.
fn format_of(path: &Path) -> Result<Format, String> {
    let refused = || format!("the name must end in .png, .svg, .csv, .json or .html: {}", path.display());
    Format::of(path).ok_or_else(refused)
}

impl ExportErrand {
    fn only_plot(&self) -> Result<&SignedPlot, String> {
        let name = || self.command.keys().first().map(|key| format!("{}/{}", key.task, key.item)).unwrap_or_default();
        self.plots.first().ok_or_else(|| format!("there is no plot {}", name()))
    }

    /// The book, for reading; why it can't be read.
    fn store(&self) -> Result<Box<dyn Store>, String> {
        let open = self.open_store.as_ref().ok_or("no workspace is open")?;
        open().map_err(|error| error.to_string())
    }

    fn provenance(&self, kind: ExportKind, title: &str, by: &ExportedBy) -> Provenance {
        let mut source = self.source.clone();
        if self.workspace.is_some() {
            match self.store().and_then(|store| book_heads(store.as_ref()).map_err(|error| error.to_string())) {
                Ok(heads) => source.book = heads,
                Err(why) => source.warnings.push(format!("the book's ends are not known: {why}")),
            }
        }
        let mut provenance = Provenance::new(kind, title, source, exported_by(by, Timestamp::now()));
        provenance.plots = self.plots.iter().map(|plot| plot.facts.clone()).collect();
        provenance
    }

    /// Makes and writes it, unless something stands there or it must not.
    fn written<E: std::fmt::Display>(
        &self,
        to: &ExportTo,
        what: &str,
        make: impl FnOnce() -> Result<Exported, E>,
    ) -> Result<ExportNews, String> {
        let path = self.place_of(&to.path)?;
        if !to.may_replace && path.exists() {
            return Ok(ExportNews::Stands { path, again: Box::new(self.command.clone()) });
        }
        let told = |error: &dyn std::fmt::Display| format!("{error}: {}", path.display());
        let exported = make().map_err(|error| told(&error))?;
        if let Some(folder) = path.parent() {
            create_folders(folder).map_err(|error| told(&error))?;
        }
        write_export(&path, &exported).map_err(|error| told(&error))?;
        Ok(ExportNews::Written { what: what.to_owned(), path })
    }

    /// Where a path as typed leads; refused where nothing may be written.
    fn place_of(&self, typed: &Path) -> Result<PathBuf, String> {
        let of_home = typed.strip_prefix("~").ok().zip(std::env::home_dir()).map(|(rest, home)| home.join(rest));
        let root = self.workspace.as_ref().map(|workspace| workspace.root.as_path());
        let path = of_home.unwrap_or_else(|| root.unwrap_or(Path::new(".")).join(typed));
        if path.file_name().is_none() || path.is_dir() {
            return Err(format!("this is no name of a file: {}", path.display()));
        }
        if self.read_only && root.is_some_and(|root| is_inside(&path, root)) {
            let why = "this window is read-only: nothing is written into the workspace, choose a place outside of it";
            return Err(format!("{why}: {}", path.display()));
        }
        Ok(path)
    }

    fn report(
        &self,
        (report, which): (Report, ReportPictures),
        to: Option<&Path>,
        may_replace: bool,
        by: &ExportedBy,
    ) -> Result<ExportNews, String> {
        let workspace = self.workspace.as_ref().ok_or("no workspace is open")?;
        let now = Timestamp::now();
        let name = match report {
            Report::Shift => "shift",
            Report::Meeting => "meeting",
        };
        let by_time = || workspace.root.join(format!("reports/{name}-{}.html", now.strftime("%Y%m%dT%H%M%SZ")));
        let path = to.map_or_else(by_time, Path::to_owned);
        let picture = Picture { size: plotting::PAGE_SIZE, look: plotting::Look::Light };
        let to = ExportTo { path, may_replace, picture, by: by.clone() };
        let make = || {
            let store = self.store()?;
            let page = report_page(report, which, store.as_ref(), workspace, (by, now))?;
            Ok::<_, String>(Exported { bytes: page.into_bytes(), side: None })
        };
        self.written(&to, &format!("{name} report"), make)
    }

    fn copied(&self, what: CopyAs, picture: Picture, by: &ExportedBy) -> Result<ExportNews, String> {
        let plot = self.only_plot()?;
        let provenance = self.provenance(ExportKind::Plot, &plot.figure.title, by);
        let title = plot.figure.title.clone();
        match what {
            CopyAs::Picture => {
                let svg = plotting::signed_svg(&plot.figure, &provenance.words(), picture.size, picture.look);
                let (size, rgba) = plotting::pixels(&svg, 1.0).map_err(|error| error.to_string())?;
                Ok(ExportNews::Picture { what: title, size, rgba })
            }
            CopyAs::Csv => {
                let exported = plotting::plot_export(&plot.figure, &provenance, Format::Csv, picture);
                let bytes = exported.map_err(|error| error.to_string())?.bytes;
                Ok(ExportNews::Text { what: format!("{title} as CSV"), text: String::from_utf8_lossy(&bytes).into_owned() })
            }
        }
    }
}

/// Whether a path, of which the last parts need not be there, leads into a folder.
fn is_inside(path: &Path, folder: &Path) -> bool {
    let real = |path: &Path| {
        let there = path.ancestors().find_map(|part| Some((part.canonicalize().ok()?, path.strip_prefix(part).ok()?)));
        there.map_or_else(|| path.to_owned(), |(there, rest)| there.join(rest))
    };
    let is_climbing = path.components().any(|part| part == std::path::Component::ParentDir) && !path.exists();
    is_climbing || real(path).starts_with(real(folder))
}

/// A report with its plots, as one HTML page.
///
/// # Errors
/// When the book can't be read, or there is no shift to report.
pub(super) fn report_page(
    report: Report,
    which: ReportPictures,
    store: &dyn Store,
    workspace: &Workspace,
    (by, now): (&ExportedBy, Timestamp),
) -> Result<String, String> {
    let told = |error: crate::bookkeeping::StoreError| error.to_string();
    let voices = Voices::read(store).map_err(told)?;
    let behind = Behind { book: book_heads(store).unwrap_or_default(), exported: exported_by(by, now) };
    let name = name_of(workspace);
    match report {
        Report::Shift => {
            let shift = shifts::newest(&voices.shifts).ok_or("no shift was begun yet")?;
            let overview = store.overview().map_err(told)?;
            let pictures = report_pictures(workspace, which, &undecided_of(shift, &overview, now), &behind);
            Ok(shift_page(shift, &overview, &voices, (&name, &pictures), now))
        }
        Report::Meeting => {
            let settings = (&workspace.settings.marks, &workspace.settings.meeting);
            let list = Meeting::read(store, &voices, settings, now).map_err(told)?;
            let undecided: Vec<_> = list.undecided.iter().map(|run| run.run).collect();
            let pictures = report_pictures(workspace, which, &undecided, &behind);
            Ok(meeting_page(&list, &name, &pictures))
        }
    }
}

/// The workspace's name, as the pages have it.
fn name_of(workspace: &Workspace) -> String {
    workspace.root.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_not_there_yet_is_known_to_be_inside_also_by_a_link_or_a_way_back() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = folder.path().join("w");
        std::fs::create_dir(&workspace).unwrap();
        std::os::unix::fs::symlink(&workspace, folder.path().join("link")).unwrap();
        for inside in ["w/x.png", "w/a/b/x.png", "link/x.png", "link/new/x.png", "new/../w/x.png"] {
            assert!(is_inside(&folder.path().join(inside), &workspace), "{inside}");
        }
        for outside in ["x.png", "new/x.png", "w2/x.png"] {
            assert!(!is_inside(&folder.path().join(outside), &workspace), "{outside}");
        }
    }
}
