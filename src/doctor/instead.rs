//! A path that was named to be opened: what there is instead, and how workspaces opened before stand now.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::within::within;
use crate::config::Workspace;
use crate::snapshot::Recent;

/// A folder that was opened before is given so long to answer.
const RECENT: Duration = Duration::from_secs(3);
/// Entries of a folder that are looked at.
const MOST_ENTRIES: usize = 5_000;
/// Names that a message has.
const NAMES: usize = 4;
/// How names of files end that something here reads.
const READ: [&str; 7] = ["txt", "ped", "json", "root", "dat", "csv", "log"];

/// What stands in a folder that is no workspace.
#[derive(Debug, Clone, Default)]
struct Contents {
    files: Vec<String>,
    folders: Vec<String>,
    /// Folders in it that are workspaces.
    workspaces: Vec<PathBuf>,
    /// The workspace that it is in.
    above: Option<PathBuf>,
    /// Whether a file of it, or of a folder in it, ends as those that are read here.
    has_results: bool,
}

/// Why a path is not worth opening, with what there is instead; none when it is, or when nothing is known against it.
///
/// A workspace and a file are worth it; so is a folder with anything in it that is read here.
#[must_use]
pub fn what_is_there(path: &Path) -> Option<String> {
    if !path.exists() {
        return Some(missing(path));
    }
    if !path.is_dir() || path.join(Workspace::SETTINGS_FILE).is_file() {
        return None;
    }
    of_contents(&contents(path), path)
}

/// What there is in the place of a path that is not there: the nearest folder above it, and what is in that.
fn missing(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = path.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
    let beside = contents(there);
    let mut names = beside.folders;
    names.extend(beside.files);
    let instead = match names.is_empty() {
        true => format!("{} is empty", there.display()),
        false => format!("in {} there are {}", there.display(), first(&names)),
    };
    format!("nothing to open: no such file or folder; {instead}: {}", path.display())
}

fn contents(folder: &Path) -> Contents {
    let mut found = Contents::default();
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_ENTRIES);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            if path.join(Workspace::SETTINGS_FILE).is_file() {
                found.workspaces.push(path.clone());
            }
            let inside = fs::read_dir(&path).into_iter().flatten().flatten().take(MOST_ENTRIES);
            found.has_results |= inside.map(|entry| entry.path()).any(|path| is_read(&path));
            found.folders.push(format!("{name}/"));
        } else {
            found.has_results |= is_read(&path);
            found.files.push(name);
        }
    }
    found.files.sort();
    found.folders.sort();
    found.workspaces.sort();
    let above = folder.ancestors().skip(1).find(|folder| folder.join(Workspace::SETTINGS_FILE).is_file());
    found.above = above.map(Path::to_owned);
    found
}

fn is_read(path: &Path) -> bool {
    path.extension().is_some_and(|ending| READ.iter().any(|read| ending == *read)) && path.is_file()
}

fn of_contents(contents: &Contents, path: &Path) -> Option<String> {
    let name = path.display();
    if !contents.workspaces.is_empty() {
        let names: Vec<String> = contents.workspaces.iter().map(|path| path.display().to_string()).collect();
        return Some(format!(
            "no workspace, it has no dqmon.toml; workspaces stand in it, open one of them: {}: {name}",
            first(&names)
        ));
    }
    if contents.has_results {
        return None;
    }
    let above = contents.above.as_ref().map(|above| format!("; it belongs to the workspace {}", above.display()));
    let above = above.unwrap_or_default();
    let mut names = contents.folders.clone();
    names.extend(contents.files.iter().cloned());
    let there = if names.is_empty() { "it is empty".to_owned() } else { format!("in it there are {}", first(&names)) };
    Some(format!("neither a workspace (it has no dqmon.toml) nor results to look at: {there}{above}: {name}"))
}

/// The first names of many.
fn first(names: &[String]) -> String {
    crate::snapshot::in_short(names, NAMES)
}

/// How a workspace opened before stands now. A disk that does not answer is told and not waited for.
#[must_use]
pub fn recent(path: &Path) -> Recent {
    let path = path.to_owned();
    let asked = within(RECENT, move || match (path.join(Workspace::SETTINGS_FILE).is_file(), path.exists()) {
        (true, _) => Recent::Workspace,
        (false, true) => Recent::NoWorkspace,
        (false, false) => Recent::Gone,
    });
    asked.unwrap_or(Recent::Silent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_folder_says_what_there_is_instead() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("pictures")).unwrap();
        fs::write(path("pictures/cat.png"), "x").unwrap();
        let words = what_is_there(&path("pictures")).unwrap();
        assert!(words.contains("nor results") && words.contains("cat.png") && words.ends_with("pictures"), "{words}");
        let words = what_is_there(&path("pictues")).unwrap();
        assert!(words.contains("no such file") && words.contains("pictures/"), "{words}");
        fs::create_dir_all(path("empty")).unwrap();
        assert!(what_is_there(&path("empty")).unwrap().contains("it is empty"));
        Workspace::create(&path("shifts/november"), "3x1x1").unwrap();
        let words = what_is_there(&path("shifts")).unwrap();
        assert!(words.contains("open one of them") && words.contains("shifts/november"), "{words}");
        assert_eq!(what_is_there(&path("shifts/november")), None);
        let words = what_is_there(&path("shifts/november/references")).unwrap();
        assert!(words.contains("belongs to the workspace"), "{words}");
        fs::write(path("pictures/run1-p1-g0.txt"), "x").unwrap();
        assert_eq!(what_is_there(&path("pictures")), None, "results are looked at");
        assert_eq!(what_is_there(&path("pictures/cat.png")), None, "a file says itself what it is");
    }

    #[test]
    fn a_workspace_that_is_gone_is_told_from_one_that_is_none_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("shift");
        assert_eq!(recent(&root), Recent::Gone);
        Workspace::create(&root, "3x1x1").unwrap();
        assert_eq!(recent(&root), Recent::Workspace);
        fs::remove_file(root.join("dqmon.toml")).unwrap();
        assert_eq!(recent(&root), Recent::NoWorkspace);
    }
}
