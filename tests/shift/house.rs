//! The house rules that a program can check: who uses whom, what stands where, names and sizes.
//!
//! The table of arrows is the one in `docs/architecture.md`, so that drawing and test are one thing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Longest source file, in lines.
const MOST_LINES: usize = 700;
/// Names that say nothing.
const EMPTY_NAMES: [&str; 9] = ["utils", "util", "helpers", "helper", "manager", "managers", "common", "misc", "shared"];
/// Words of painters and dialogs: the window's alone.
const WINDOW_WORDS: [&str; 8] = ["arboard", "egui", "eframe", "egui_plot", "egui_tiles", "egui_extras", "egui_kittest", "rfd"];
/// What would make the window wait for a disk, a database or a process.
const WAITING_WORDS: [&str; 9] = [
    "std::fs",
    "rusqlite",
    "std::process",
    "process::Command",
    "std::net",
    "Command::new",
    "File::open",
    "read_dir(",
    "canonicalize(",
];
/// What the inner crate must not know.
const OUTSIDE_WORDS: [&str; 11] = [
    "std::fs",
    "std::thread",
    "std::process",
    "std::net",
    "std::env",
    "Instant",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "rusqlite",
    "egui",
];

struct Source {
    /// Below the repository, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// `src/gui/theme.rs` -> `gui`; `src/snapshot.rs` -> `snapshot`; the roots have none.
    fn folder(&self) -> Option<&str> {
        let first = self.path.strip_prefix("src/")?.split('/').next()?;
        let name = first.strip_suffix(".rs").unwrap_or(first);
        (name != "main" && name != "lib").then_some(name)
    }

    /// Number and text of each line of the program itself: no comments, and no test module, which stands last.
    fn program_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines: Vec<&str> = self.text.lines().collect();
        let end = (0..lines.len())
            .find(|at| {
                lines[*at].starts_with("#[cfg(test)]")
                    && lines.get(at + 1).is_some_and(|next| next.starts_with("mod ") && next.ends_with('{'))
            })
            .unwrap_or(lines.len());
        let is_test_file = self.path.ends_with("/tests.rs");
        (1..).zip(lines).take(if is_test_file { 0 } else { end }).filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
                found.push(Source { path: name, text: fs::read_to_string(&path).unwrap() });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(!found.is_empty(), "no source files in {folder}");
    found
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Whether a line holds a word that is not a part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(is_word);
        let after = line[at + word.len()..].chars().next().is_some_and(is_word);
        !before && (!after || !word.ends_with(is_word))
    })
}

/// The folders that a line reaches by `crate::`, also in `crate::{a::b, c}`.
fn reached(line: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, key) in line.match_indices("crate::") {
        let rest = &line[at + key.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut name = String::new();
            for letter in group.chars().chain([',']) {
                match letter {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth <= 0 => names.push(std::mem::take(&mut name)),
                    letter if depth <= 0 => name.push(letter),
                    _ => {}
                }
            }
        } else {
            names.push(rest.to_owned());
        }
    }
    names.iter().map(|name| name.trim().chars().take_while(|letter| is_word(*letter)).collect()).collect()
}

/// The table of `docs/architecture.md`: who may use whom.
fn declared_arrows() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let table = text.split("<!-- arrows -->").nth(1).and_then(|rest| rest.split("<!-- end of arrows -->").next());
    let rows = table.expect("docs/architecture.md has its arrows between <!-- arrows --> and <!-- end of arrows -->");
    let names = |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let mut arrows = BTreeMap::new();
    for row in rows.lines().filter(|row| row.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let user = names(cells[1]).remove(0);
        let earlier = arrows.insert(user.clone(), names(cells[2]).into_iter().collect());
        assert!(earlier.is_none(), "docs/architecture.md has two rows for {user}");
    }
    arrows
}

fn refuse(findings: &str) {
    assert!(findings.is_empty(), "\n{findings}");
}

#[test]
fn folders_use_only_whom_the_table_lets_them() {
    let arrows = declared_arrows();
    let sources = sources("src");
    let folders: BTreeSet<&str> = sources.iter().filter_map(Source::folder).collect();
    let mut findings = String::new();
    let mut used: BTreeSet<(String, String)> = BTreeSet::new();
    for source in &sources {
        let Some(user) = source.folder() else { continue };
        let Some(allowed) = arrows.get(user) else {
            let _ = writeln!(findings, "{}: the folder {user} has no row in the table of docs/architecture.md", source.path);
            continue;
        };
        for (line, text) in source.program_lines() {
            for other in reached(text).into_iter().filter(|name| folders.contains(name.as_str()) && name != user) {
                if !allowed.contains(&other) && !allowed.contains("all") {
                    let _ = writeln!(findings, "{}:{line}: {user} uses {other}, a new arrow: {}", source.path, text.trim());
                }
                used.insert((user.to_owned(), other));
            }
        }
    }
    for (user, others) in &arrows {
        assert!(folders.contains(user.as_str()), "docs/architecture.md names the folder {user}, which is not there");
        for other in others.iter().filter(|other| *other != "all" && !used.contains(&(user.clone(), (*other).clone()))) {
            println!("declared and not used: {user} -> {other}");
        }
    }
    assert!(!used.is_empty(), "no folder uses another: the test reads nothing");
    refuse(&findings);
}

#[test]
fn a_group_of_paths_is_read_whole() {
    assert_eq!(reached("use crate::{config::{Settings, Workspace}, snapshot};"), ["config", "snapshot"]);
    assert_eq!(reached("let book = crate::bookkeeping::open(crate::config::path());"), ["bookkeeping", "config"]);
    assert!(reached("use std::fs;").is_empty());
}

#[test]
fn no_module_climbs_past_its_folder() {
    // `super::super` from a file of a folder is the crate's root: an arrow that the table would not see.
    let mut findings = String::new();
    for source in sources("src") {
        let depth = source.path.split('/').count();
        let climb = "super::".repeat(depth.saturating_sub(1));
        for (line, text) in source.program_lines().filter(|(_, text)| depth > 2 && text.contains(&climb)) {
            let _ =
                writeln!(findings, "{}:{line}: write crate:: for what stands outside the folder: {}", source.path, text.trim());
        }
    }
    refuse(&findings);
}

#[test]
fn only_the_window_names_the_window() {
    let mut findings = String::new();
    for source in sources("src").into_iter().chain(sources("monitasks/src")) {
        if source.folder() == Some("gui") {
            continue;
        }
        for (line, text) in source.program_lines().filter(|(_, text)| WINDOW_WORDS.iter().any(|word| has_word(text, word))) {
            let _ = writeln!(findings, "{}:{line}: only src/gui may say this: {}", source.path, text.trim());
        }
    }
    refuse(&findings);
}

#[test]
fn the_window_never_waits() {
    refuse_words(sources("src").into_iter().filter(|source| source.folder() == Some("gui")), &WAITING_WORDS);
}

#[test]
fn the_inner_crate_knows_nothing_of_the_outside() {
    refuse_words(sources("monitasks/src").into_iter(), &OUTSIDE_WORDS);
}

fn refuse_words(sources: impl Iterator<Item = Source>, words: &[&str]) {
    let mut findings = String::new();
    for source in sources {
        for (line, text) in source.program_lines() {
            for word in words.iter().filter(|word| has_word(text, word)) {
                let _ = writeln!(findings, "{}:{line}: {word} has no place here: {}", source.path, text.trim());
            }
        }
    }
    refuse(&findings);
}

#[test]
fn names_say_something_and_files_stay_readable() {
    let mut findings = String::new();
    for source in ["src", "monitasks/src", "tests"].into_iter().flat_map(sources) {
        for part in source.path.trim_end_matches(".rs").split('/').filter(|part| EMPTY_NAMES.contains(part)) {
            let _ = writeln!(findings, "{}: {part} says nothing of what is in it", source.path);
        }
        let lines = source.text.lines().count();
        if lines > MOST_LINES {
            let _ = writeln!(findings, "{}: {lines} lines; look for the second noun in it (most: {MOST_LINES})", source.path);
        }
    }
    refuse(&findings);
}

#[test]
fn folders_open_with_what_they_are_for() {
    let mut findings = String::new();
    for source in sources("src").into_iter().chain(sources("monitasks/src")) {
        if !source.text.starts_with("//! ") && !source.path.ends_with("/tests.rs") {
            let _ = writeln!(findings, "{}: begins without a line `//! ...` that says what it is for", source.path);
        }
    }
    refuse(&findings);
}
