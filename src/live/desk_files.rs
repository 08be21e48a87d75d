//! The workspace's files about the desk, read again when they change: `layouts/*.toml`, and `review.toml`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::declared::read_text;
use crate::config::Workspace;
use crate::snapshot::{DeskShown, LayoutShown, PaneShown, PlotView, ReviewPlot};

/// No file about the desk is larger.
const LARGEST_BYTES: usize = 256 << 10;
/// Most layouts of a workspace: the others are told as a fault.
const MOST_LAYOUTS: usize = 64;
/// Most panes of a layout, and most plots of a review.
const MOST_PANES: usize = 64;

/// The views of plots as files name them.
const VIEWS: [(&str, PlotView); 5] = [
    ("bounds", PlotView::Bounds),
    ("bare", PlotView::Bare),
    ("overlay", PlotView::Overlay),
    ("ratio", PlotView::Ratio),
    ("difference", PlotView::Difference),
];

/// A file of `layouts/` as typed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LayoutFile {
    name: String,
    role: Option<String>,
    #[serde(default)]
    about: String,
    /// Rows of cells: a plot's name, a table with a view, or a list of these behind each other.
    rows: Vec<Vec<toml::Value>>,
}

/// `review.toml` as typed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReviewFile {
    plot: Vec<PlotEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlotEntry {
    item: String,
    view: Option<String>,
    #[serde(default = "yes")]
    required: bool,
    #[serde(default)]
    about: String,
    #[serde(default)]
    subsystems: Vec<String>,
}

fn yes() -> bool {
    true
}

/// The files about the desk of a workspace, as last read.
pub struct DeskFiles {
    root: PathBuf,
    last: Arc<DeskShown>,
}

impl DeskFiles {
    /// Nothing is read yet.
    #[must_use]
    pub fn of(workspace: &Workspace) -> Self {
        DeskFiles { root: workspace.root.clone(), last: Arc::default() }
    }

    /// The folder of official layouts.
    #[must_use]
    pub fn layouts_folder(root: &Path) -> PathBuf {
        root.join("layouts")
    }

    /// The file that names the plots of a review.
    #[must_use]
    pub fn review_file(root: &Path) -> PathBuf {
        root.join("review.toml")
    }

    /// Reads them, again if need be: what to use now, and a message for each file that can't be used. What was read of it before
    /// stays then.
    pub fn read(&mut self) -> (Arc<DeskShown>, Vec<String>) {
        let mut faults = Vec::new();
        let layouts = self.layouts(&mut faults);
        let path = Self::review_file(&self.root);
        let review = match read_text(&path, LARGEST_BYTES) {
            Ok(text) => review_of(&text).map(Some).map_err(|why| format!("review plots refused: {why}: {}", path.display())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("review plots not read: {error}: {}", path.display())),
        };
        let review = review.unwrap_or_else(|why| {
            let instead =
                if self.last.review.is_some() { "those read before stay" } else { "reviews show one plot of each task" };
            faults.push(format!("{why} ({instead})"));
            self.last.review.clone()
        });
        self.last = Arc::new(DeskShown { layouts, review });
        (self.last.clone(), faults)
    }

    fn layouts(&self, faults: &mut Vec<String>) -> Vec<LayoutShown> {
        let folder = Self::layouts_folder(&self.root);
        let mut paths = match layout_files(&folder) {
            Ok(paths) => paths,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                faults.push(format!("layouts not read, the last ones stay: {error}: {}", folder.display()));
                return self.last.layouts.clone();
            }
        };
        if paths.len() > MOST_LAYOUTS {
            let (found, folder) = (paths.len(), folder.display());
            faults.push(format!("{found} layouts, only the first {MOST_LAYOUTS} in order of name are read: {folder}"));
            paths.truncate(MOST_LAYOUTS);
        }
        let mut layouts: Vec<LayoutShown> = Vec::new();
        for path in paths {
            let file = format!("layouts/{}", path.file_name().unwrap_or_default().to_string_lossy());
            let read = read_text(&path, LARGEST_BYTES).map_err(|error| error.to_string());
            let layout = read.and_then(|text| layout_of(&text, &file)).and_then(|layout| {
                match layouts.iter().find(|other| other.name == layout.name) {
                    Some(other) => Err(format!("{} has the name {:?} already", other.file, layout.name)),
                    None => Ok(layout),
                }
            });
            match layout {
                Ok(layout) => layouts.push(layout),
                Err(why) => {
                    let before = self.last.layouts.iter().find(|layout| layout.file == file);
                    let before = before.filter(|before| layouts.iter().all(|other| other.name != before.name));
                    let instead = before.map(|before| format!(" (the last good {:?} stays)", before.name));
                    faults.push(format!("layout refused: {why}: {}{}", path.display(), instead.unwrap_or_default()));
                    layouts.extend(before.cloned());
                }
            }
        }
        layouts
    }
}

fn layout_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !is_hidden && path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn layout_of(text: &str, file: &str) -> Result<LayoutShown, String> {
    let typed: LayoutFile = toml::from_str(text).map_err(|error| in_one_line(&error))?;
    let name = typed.name.trim().to_owned();
    if name.is_empty() {
        return Err("'name' is empty, expected what menus call it".into());
    }
    let mut rows = Vec::new();
    for (number, row) in (1..).zip(&typed.rows) {
        let cells: Result<Vec<Vec<PaneShown>>, String> = row.iter().map(cell_of).collect();
        let cells = cells.map_err(|why| format!("row {number}: {why}"))?;
        rows.extend((!cells.is_empty()).then_some(cells));
    }
    let panes: usize = rows.iter().flatten().map(Vec::len).sum();
    if panes == 0 || panes > MOST_PANES {
        return Err(format!("'rows' have {panes} plots, expected 1 to {MOST_PANES}"));
    }
    Ok(LayoutShown { name, role: typed.role.filter(|role| !role.trim().is_empty()), about: typed.about, rows, file: file.into() })
}

/// A cell: one pane, or several behind each other.
fn cell_of(value: &toml::Value) -> Result<Vec<PaneShown>, String> {
    match value {
        toml::Value::Array(tabs) if tabs.is_empty() => Err("an empty list of plots".into()),
        toml::Value::Array(tabs) => tabs.iter().map(pane_of).collect(),
        one => pane_of(one).map(|pane| vec![pane]),
    }
}

fn pane_of(value: &toml::Value) -> Result<PaneShown, String> {
    const SHAPE: &str = "expected \"task/item\" or { item = \"task/item\", view = \"ratio\" }";
    match value {
        toml::Value::String(name) => pane_named(name, None),
        toml::Value::Table(table) => {
            if let Some(key) = table.keys().find(|key| !["item", "view"].contains(&key.as_str())) {
                return Err(format!("unknown key '{key}', {SHAPE}"));
            }
            let words = |key: &str| table.get(key).map(|value| value.as_str().ok_or(format!("'{key}' is no text, {SHAPE}")));
            let name = words("item").unwrap_or(Err(format!("a plot has no 'item', {SHAPE}")))?;
            pane_named(name, words("view").transpose()?)
        }
        other => Err(format!("a plot is {}, {SHAPE}", other.type_str())),
    }
}

fn pane_named(name: &str, view: Option<&str>) -> Result<PaneShown, String> {
    let (task, item) = name
        .split_once('/')
        .filter(|(task, item)| !task.is_empty() && !item.is_empty() && !item.contains('/'))
        .ok_or_else(|| format!("{name:?} names no plot, expected \"task/item\""))?;
    let view = match view {
        None => PlotView::default(),
        Some(word) => VIEWS.iter().find(|(known, _)| *known == word).map(|(_, view)| *view).ok_or_else(|| {
            let known: Vec<&str> = VIEWS.iter().map(|(known, _)| *known).collect();
            format!("unknown view {word:?}, there are: {}", known.join(", "))
        })?,
    };
    Ok(PaneShown { task: task.into(), item: item.into(), view })
}

fn review_of(text: &str) -> Result<Vec<ReviewPlot>, String> {
    let typed: ReviewFile = toml::from_str(text).map_err(|error| in_one_line(&error))?;
    if typed.plot.is_empty() || typed.plot.len() > MOST_PANES {
        return Err(format!("{} plots, expected 1 to {MOST_PANES}", typed.plot.len()));
    }
    let plot = |(number, entry): (usize, PlotEntry)| {
        let pane = pane_named(&entry.item, entry.view.as_deref()).map_err(|why| format!("plot {number}: {why}"))?;
        Ok(ReviewPlot { pane, is_required: entry.required, about: entry.about, subsystems: entry.subsystems })
    };
    (1..).zip(typed.plot).map(plot).collect()
}

/// What the parser says, without its drawing of the line.
fn in_one_line(error: &toml::de::Error) -> String {
    error.message().lines().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const LAYOUT: &str = "name = \"Gain\"\nrole = \"shifter\"\nrows = [\n  [\"lem_gain/map\", { item = \"purity/lifetime_trend\", view = \"overlay\" }],\n  [[\"a/b\", \"c/d\"]],\n]\n";

    fn files() -> (tempfile::TempDir, DeskFiles) {
        let folder = tempfile::tempdir().unwrap();
        let files = DeskFiles { root: folder.path().to_owned(), last: Arc::default() };
        (folder, files)
    }

    #[test]
    fn a_layout_has_rows_of_cells_and_says_for_whom_it_is() {
        let (folder, mut files) = files();
        assert_eq!(files.read(), (Arc::default(), Vec::new()), "no file is no fault");
        fs::create_dir(folder.path().join("layouts")).unwrap();
        fs::write(folder.path().join("layouts/gain.toml"), LAYOUT).unwrap();
        let (desk, faults) = files.read();
        let [layout] = desk.layouts.as_slice() else { panic!("{faults:?}") };
        assert_eq!((layout.name.as_str(), layout.role.as_deref()), ("Gain", Some("shifter")));
        let names: Vec<Vec<Vec<String>>> = layout
            .rows
            .iter()
            .map(|row| row.iter().map(|cell| cell.iter().map(|pane| format!("{}/{}", pane.task, pane.item)).collect()).collect())
            .collect();
        assert_eq!(
            names,
            [vec![vec!["lem_gain/map".to_owned()], vec!["purity/lifetime_trend".into()]], vec![vec!["a/b".into(), "c/d".into()]]]
        );
        assert_eq!(layout.rows[0][1][0].view, PlotView::Overlay);
    }

    #[test]
    fn a_bad_layout_is_told_and_the_last_good_one_stays() {
        let (folder, mut files) = files();
        let path = folder.path().join("layouts/gain.toml");
        fs::create_dir(folder.path().join("layouts")).unwrap();
        fs::write(&path, LAYOUT).unwrap();
        let (good, _) = files.read();
        for (bad, word) in [
            (LAYOUT.replace("rows", "rws"), "rws"),
            (LAYOUT.replace("overlay", "overlaid"), "bounds, bare, overlay, ratio, difference"),
            (LAYOUT.replace("lem_gain/map", "lem_gain"), "names no plot"),
            ("name = \"x\"\nrows = []".into(), "0 plots"),
            ("name = \"x\"\nrows = [[3]]".into(), "row 1: a plot is integer"),
            ("\u{0}".into(), "layouts/gain.toml"),
        ] {
            fs::write(&path, bad).unwrap();
            let (desk, faults) = files.read();
            assert_eq!(desk.layouts, good.layouts);
            assert!(faults.len() == 1 && faults[0].contains(word) && faults[0].contains("stays"), "{faults:?}");
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(files.read(), (Arc::default(), Vec::new()));
    }

    #[test]
    fn two_layouts_of_one_name_are_told() {
        let (folder, mut files) = files();
        fs::create_dir(folder.path().join("layouts")).unwrap();
        for name in ["a", "b"] {
            fs::write(folder.path().join(format!("layouts/{name}.toml")), LAYOUT).unwrap();
        }
        let (desk, faults) = files.read();
        assert_eq!(desk.layouts.len(), 1);
        assert!(faults[0].contains("layouts/a.toml has the name \"Gain\" already"), "{faults:?}");
    }

    #[test]
    fn review_plots_are_required_unless_they_say_otherwise() {
        let (folder, mut files) = files();
        let path = folder.path().join("review.toml");
        let text = "[[plot]]\nitem = \"purity/lifetime_trend\"\nabout = \"no sudden fall\"\n[[plot]]\nitem = \"lem_gain/map\"\nrequired = false\nsubsystems = [\"RQM\"]\n";
        fs::write(&path, text).unwrap();
        let (desk, faults) = files.read();
        assert_eq!(faults, Vec::<String>::new());
        let review = desk.review.clone().unwrap();
        assert!(review[0].is_required && !review[1].is_required && review[1].subsystems == ["RQM"]);
        fs::write(&path, text.replace("required", "requird")).unwrap();
        let (after, faults) = files.read();
        assert_eq!(after.review, desk.review);
        assert!(faults[0].contains("requird") && faults[0].contains("those read before stay"), "{faults:?}");
    }
}
