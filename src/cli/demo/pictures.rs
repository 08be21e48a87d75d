//! What the window would show, as pictures: the Monitor page and each task's plots.

use std::fs;
use std::path::Path;

use jiff::Timestamp;

use super::super::Failure;
use crate::bookkeeping;
use crate::config::Workspace;
use crate::engine::{ExportedBy, book_heads, exported_by, write_export};
use crate::live::{EventLook, Live};
use crate::plotting::{self, Exported, Format, Look, Picture};
use crate::snapshot::provenance::{ExportKind, Provenance};

/// Size of one plot's picture, pixels.
const PLOT_SIZE: (u32, u32) = (900, 560);

/// Writes `plots/monitor.png` and `plots/<task>/<item>.png`, and prints where they are.
pub(super) fn write_all(workspace: &Workspace) -> Result<(), Failure> {
    let now = Timestamp::now();
    let mut live = Live::read_workspace(workspace, &EventLook::default(), now)?;
    let keys = live.all_keys();
    live.watch(keys.clone());
    let snapshot = live.snapshot(now);
    let folder = workspace.root.join("plots");
    let mut source = live.source();
    source.book = book_heads(bookkeeping::open_read_only(&workspace.book_place())?.as_ref())?;
    let signed = |kind, title: &str| Provenance::new(kind, title, source.clone(), exported_by(&ExportedBy::default(), now));
    let shown = plotting::page_keys(&snapshot);
    let mut of_page = signed(ExportKind::Page, "Monitor");
    of_page.plots = shown.iter().filter_map(|key| Some(live.signed(key, now)?.facts)).collect();
    let page = plotting::signed_page(&snapshot, &shown, Look::Dark, &of_page.words());
    let picture = Picture { size: plotting::PAGE_SIZE, look: Look::Dark };
    write(&folder.join("monitor.png"), &plotting::page_export(&page, &of_page, Format::Png, picture)?)?;
    println!("Monitor page: {}", folder.join("monitor.png").display());
    for key in keys {
        let Some(plot) = live.signed(&key, now) else { continue };
        let mut provenance = signed(ExportKind::Plot, &plot.figure.title);
        provenance.plots.push(plot.facts);
        let path = folder.join(&key.task).join(format!("{}.png", key.item));
        let picture = Picture { size: PLOT_SIZE, look: Look::Light };
        write(&path, &plotting::plot_export(&plot.figure, &provenance, Format::Png, picture)?)?;
        println!("{}/{}: {}", key.task, key.item, path.display());
    }
    Ok(())
}

fn write(path: &Path, exported: &Exported) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(folder).and_then(|()| write_export(path, exported));
    written.map_err(|error| Failure(format!("picture not written: {error}: {}", path.display())))
}
