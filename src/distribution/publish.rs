//! Logs and a summary of the flow into a folder that everyone may read.
//!
//! Each publication is a folder of its own, made whole under a hidden name; then the link `current` is switched to it by one
//! rename. A reader sees the one or the other and never a half.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::Value;

use super::error::{DistributionError, io_error, refused};
use crate::config::Workspace;
use crate::durable;

/// The link to the newest publication.
pub const CURRENT: &str = "current";

/// How names of publications begin; the stamp follows.
const PREFIX: &str = "published-";

/// Publications that are kept: the newest, and the one before it for those who are reading.
const KEPT: usize = 2;

/// What was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The publication's folder.
    pub folder: PathBuf,
    /// Files in it.
    pub files: u64,
    /// Those of them that had not changed and are shared with the publication before.
    pub unchanged: u64,
    /// Bytes that were copied.
    pub copied_bytes: u64,
}

/// Publishes the logs of a workspace (`all_logs/`) and a summary of the flow as `flow.json` and `index.html`.
///
/// # Errors
/// When a file can't be read or written; `current` leads to the publication before then.
pub fn publish(workspace: &Workspace, summary_json: &Value, to: &Path) -> Result<Published, DistributionError> {
    let logs = workspace.root.join("all_logs");
    let absolute = std::path::absolute(to).unwrap_or_else(|_| to.to_owned());
    if absolute.starts_with(&logs) || logs.starts_with(&absolute) {
        return Err(refused("not published: the folder holds the logs themselves or stands among them; name another one", to));
    }
    make_folder(to)?;
    let lock = File::create(to.join(".lock")).map_err(io_error("not published", to))?;
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| refused("not published: another publication into this folder is under way", to))?;
    let stamp = Timestamp::now().strftime("%Y%m%dT%H%M%S.%6fZ").to_string();
    let (name, aside) = (format!("{PREFIX}{stamp}"), to.join(format!(".{PREFIX}{stamp}")));
    remove_left_aside(to);
    make_folder(&aside)?;
    let mut publication =
        Publication { before: fs::canonicalize(to.join(CURRENT)).ok(), root: aside.clone(), counts: Counts::default() };
    publication.copy_folder(&logs, Path::new("all_logs"))?;
    let json = serde_json::to_vec_pretty(summary_json).unwrap_or_default();
    publication.write(Path::new("flow.json"), &json)?;
    publication.write(Path::new("index.html"), page(summary_json).as_bytes())?;
    let folder = to.join(&name);
    durable::rename(&aside, &folder).map_err(io_error("publication not put in its place", &folder))?;
    switch(to, &name)?;
    remove_old(to, &name);
    let Counts { files, unchanged, copied_bytes } = publication.counts;
    Ok(Published { folder, files, unchanged, copied_bytes })
}

#[derive(Default)]
struct Counts {
    files: u64,
    unchanged: u64,
    copied_bytes: u64,
}

/// A publication being made.
struct Publication {
    root: PathBuf,
    /// The publication before it.
    before: Option<PathBuf>,
    counts: Counts,
}

impl Publication {
    /// Copies a folder; links and what is being written (hidden names) are left out.
    fn copy_folder(&mut self, from: &Path, below: &Path) -> Result<(), DistributionError> {
        make_folder(&self.root.join(below))?;
        let error = io_error("logs not read", from);
        for entry in fs::read_dir(from).map_err(&error)? {
            let entry = entry.map_err(&error)?;
            let (path, name) = (entry.path(), entry.file_name());
            let kind = entry.file_type().map_err(&error)?;
            if name.to_string_lossy().starts_with('.') {
                continue;
            }
            if kind.is_dir() {
                self.copy_folder(&path, &below.join(&name))?;
            } else if kind.is_file() {
                self.copy_file(&path, &below.join(&name))?;
            }
        }
        Ok(())
    }

    /// Copies a file, or shares the copy of the publication before when it has not changed since.
    fn copy_file(&mut self, from: &Path, below: &Path) -> Result<(), DistributionError> {
        let to = self.root.join(below);
        let facts = fs::metadata(from).map_err(io_error("log not read", from))?;
        let before = self.before.as_ref().map(|before| before.join(below));
        let is_unchanged = |before: &PathBuf| {
            let same = |known: fs::Metadata| known.len() == facts.len() && known.modified().ok() == facts.modified().ok();
            fs::symlink_metadata(before).is_ok_and(|known| known.is_file() && same(known))
        };
        self.counts.files += 1;
        if before.filter(is_unchanged).is_some_and(|before| fs::hard_link(before, &to).is_ok()) {
            self.counts.unchanged += 1;
            return Ok(());
        }
        self.counts.copied_bytes +=
            copy(from, &to, &facts, below.starts_with("all_logs/fromEVB")).map_err(io_error("log not copied", from))?;
        Ok(())
    }

    fn write(&mut self, below: &Path, bytes: &[u8]) -> Result<(), DistributionError> {
        let path = self.root.join(below);
        self.counts.files += 1;
        self.counts.copied_bytes += bytes.len() as u64;
        durable::write_whole_as(&path, bytes, Some(0o644)).map_err(io_error("publication not written", &path))
    }
}

/// Copies a log as long as it is at this moment; of one that has whole lines alone, without a last line that is being written.
fn copy(from: &Path, to: &Path, facts: &fs::Metadata, has_lines: bool) -> io::Result<u64> {
    let mut bytes = Vec::new();
    let mut target = File::create(to)?;
    let mut source = File::open(from)?.take(facts.len());
    let (mut chunk, mut size_bytes) = (vec![0; 1 << 18], 0);
    loop {
        let count = source.read(&mut chunk)?;
        bytes.extend_from_slice(&chunk[..count]);
        // What stands behind the last line feed waits for the next piece, unless there is no line in sight.
        let whole = match bytes.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1) {
            Some(end) if has_lines => end,
            None if has_lines && bytes.len() < (1 << 20) => 0,
            _ => bytes.len(),
        };
        target.write_all(&bytes[..whole])?;
        size_bytes += whole as u64;
        bytes.drain(..whole);
        if count == 0 {
            break;
        }
    }
    target.set_permissions(Permissions::from_mode(0o644))?;
    // The next publication knows by it whether the log has changed.
    if let Ok(modified) = facts.modified() {
        target.set_modified(modified)?;
    }
    Ok(size_bytes)
}

/// Makes a folder that everyone may look into.
fn make_folder(folder: &Path) -> Result<(), DistributionError> {
    let is_new = !folder.exists();
    durable::create_folders(folder).map_err(io_error("folder not made", folder))?;
    if is_new {
        fs::set_permissions(folder, Permissions::from_mode(0o755)).map_err(io_error("folder not opened to everyone", folder))?;
    }
    Ok(())
}

/// Lets `current` lead to another publication.
fn switch(to: &Path, name: &str) -> Result<(), DistributionError> {
    let (link, aside) = (to.join(CURRENT), to.join(".current.new"));
    let error = io_error("link to the publication not switched", &link);
    if fs::symlink_metadata(&link).is_ok_and(|facts| !facts.is_symlink()) {
        return Err(refused("not published: something stands there that is not the link to a publication", &link));
    }
    let _ = fs::remove_file(&aside);
    symlink(name, &aside).map_err(&error)?;
    durable::rename(&aside, &link).map_err(&error)
}

/// Removes what a kill left: nothing else has such a name, as the lock is held.
fn remove_left_aside(to: &Path) {
    for path in named(to, &format!(".{PREFIX}")) {
        let _ = fs::remove_dir_all(path);
    }
}

/// Removes old publications; those that can't be removed go next time.
fn remove_old(to: &Path, newest: &str) {
    let mut old = named(to, PREFIX);
    old.retain(|path| path.file_name().is_some_and(|name| name != newest));
    old.sort();
    let keep = KEPT - 1;
    for path in old.iter().take(old.len().saturating_sub(keep)) {
        let _ = fs::remove_dir_all(path);
    }
}

fn named(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix)).map(|entry| entry.path()).collect()
}

/// The summary as a page of its own: no script, nothing from elsewhere.
fn page(summary: &Value) -> String {
    let text = |value: &Value| match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => escaped(text),
        other => escaped(&other.to_string()),
    };
    let mut body = String::new();
    for (key, value) in summary.as_object().into_iter().flatten() {
        let name = escaped(&key.replace('_', " "));
        match value {
            Value::Object(map) => {
                let cells = map.iter().map(|(key, value)| format!("<tr><td>{}</td><td>{}</td></tr>", escaped(key), text(value)));
                body += &format!("<h2>{name}</h2><table>{}</table>\n", cells.collect::<String>());
            }
            Value::Array(rows) => {
                let columns: Vec<&String> =
                    rows.first().and_then(Value::as_object).into_iter().flat_map(|row| row.keys()).collect();
                let head: String = columns.iter().map(|name| format!("<th>{}</th>", escaped(&name.replace('_', " ")))).collect();
                let line = |row: &Value| -> String {
                    columns.iter().map(|key| format!("<td>{}</td>", text(&row[key.as_str()]))).collect()
                };
                let lines: String = rows.iter().map(|row| format!("<tr>{}</tr>\n", line(row))).collect();
                body += &format!("<h2>{name}</h2><table><tr>{head}</tr>\n{lines}</table>\n");
            }
            value => body += &format!("<p>{name}: {}</p>\n", text(value)),
        }
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Flow of files</title>\n\
         <style>body{{font-family:sans-serif;margin:2em}}td,th{{padding:.1em .8em;text-align:left}}\
         table{{font-variant-numeric:tabular-nums}}</style></head>\n<body><h1>Flow of files</h1>\n{body}\
         <p><a href=\"flow.json\">flow.json</a>, <a href=\"all_logs/\">logs</a>; times in UTC</p>\n</body></html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn workspace(root: &Path) -> Workspace {
        fs::create_dir_all(root.join("all_logs/fromEVB/runs")).unwrap();
        fs::write(root.join("all_logs/fromEVB/alltransfer.log"), "one\ntwo\nhalf a li").unwrap();
        fs::write(root.join("all_logs/fromEVB/runs/run1.log"), "one\n").unwrap();
        fs::write(root.join("all_logs/fromEVB/.alltransfer.log.part"), "x").unwrap();
        Workspace { root: root.to_owned(), settings: crate::config::Settings::default() }
    }

    #[test]
    fn readers_see_a_whole_state_and_what_has_not_changed_is_not_copied_again() {
        let folder = tempfile::tempdir().unwrap();
        let (workspace, to) = (workspace(&folder.path().join("w")), folder.path().join("public"));
        let summary = json!({"at": "2026-11-21T12:00:00Z", "runs": [{"run": 1, "why": "<b>"}], "steps": {"failed": 1}});
        let first = publish(&workspace, &summary, &to).unwrap();
        assert_eq!((first.files, first.unchanged), (4, 0));
        let current = to.join(CURRENT);
        let log = current.join("all_logs/fromEVB/alltransfer.log");
        assert_eq!(fs::read_to_string(&log).unwrap(), "one\ntwo\n", "a half line is not published");
        assert!(fs::read_to_string(current.join("index.html")).unwrap().contains("&lt;b&gt;"));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!([mode(&current), mode(&log), mode(&current.join("flow.json"))], [0o755, 0o644, 0o644]);
        // A reader that holds the first publication open keeps it while the second is made.
        let second = publish(&workspace, &summary, &to).unwrap();
        assert_eq!(second.unchanged, 1, "run1.log has not changed");
        assert!(first.folder.exists() && fs::canonicalize(&current).unwrap().ends_with(second.folder.file_name().unwrap()));
        publish(&workspace, &summary, &to).unwrap();
        assert!(!first.folder.exists() && second.folder.exists());
        let names: Vec<PathBuf> = named(&to, "").into_iter().filter(|path| !path.ends_with(".lock")).collect();
        assert_eq!(names.len(), 3, "{names:?}");
    }

    #[test]
    fn what_a_kill_left_goes_and_strange_places_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (workspace, to) = (workspace(&folder.path().join("w")), folder.path().join("public"));
        fs::create_dir_all(to.join(".published-20260101T000000Z/all_logs")).unwrap();
        publish(&workspace, &json!({}), &to).unwrap();
        assert!(!to.join(".published-20260101T000000Z").exists());
        for place in ["w", "w/all_logs/public"] {
            assert!(publish(&workspace, &json!({}), &folder.path().join(place)).is_err(), "{place}");
        }
        fs::remove_file(to.join(CURRENT)).unwrap();
        fs::create_dir(to.join(CURRENT)).unwrap();
        assert!(publish(&workspace, &json!({}), &to).is_err());
        assert!(to.join(CURRENT).is_dir(), "it is not ours and stays");
    }
}
