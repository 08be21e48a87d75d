//! What the window would show, as pictures: the Monitor page and each task's plots.

use std::fs;
use std::path::Path;

use jiff::Timestamp;

use super::super::Failure;
use crate::config::Workspace;
use crate::live::{EventLook, Live};
use crate::plotting::{self, Look};

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
    let page = plotting::monitor_page(&snapshot, &plotting::page_keys(&snapshot), Look::Dark);
    write_png(&folder.join("monitor.png"), &page)?;
    println!("Monitor page: {}", folder.join("monitor.png").display());
    for key in keys {
        let Some(figure) = snapshot.figures.get(&key) else { continue };
        let path = folder.join(&key.task).join(format!("{}.png", key.item));
        write_png(&path, &plotting::svg(figure, PLOT_SIZE, Look::Light))?;
        println!("{}/{}: {}", key.task, key.item, path.display());
    }
    Ok(())
}

fn write_png(path: &Path, svg: &str) -> Result<(), Failure> {
    let png = plotting::png(svg, 1.0)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, png));
    written.map_err(|error| Failure(format!("picture not written: {error}: {}", path.display())))
}
