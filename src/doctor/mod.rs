//! What is missing or wrong with a workspace or its machine, why that matters, and the command that mends it.
//!
//! A look gathers facts, within a time limit where a disk or a server may not answer, and a pure function judges them. May use
//! `bookkeeping`, `config`, `detector`, `live`, `plotting`, `processing` and `snapshot`; `cli` and `engine` use it. It writes
//! nothing. What a look can't find out is "cannot judge", which is never OK.

mod answers;
mod book;
mod files;
mod folders;
mod instead;
mod machine;
mod programs;
mod screen;
mod servers;
mod within;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use monitasks::quality::State;

pub use answers::{answers_of, hindrance_of};
pub use instead::{recent, what_is_there};

use crate::config::Workspace;
use crate::snapshot::Finding;

/// Who is looked at: a workspace, or the machine alone.
#[derive(Debug, Clone)]
pub struct Patient {
    /// The workspace's folder; none for the machine alone.
    pub root: Option<PathBuf>,
    /// The workspace, where its settings can be used.
    workspace: Option<Workspace>,
    /// Why the settings can't be used.
    refused: Option<String>,
    /// The time of day.
    now: Timestamp,
}

/// A thing that is looked at.
pub struct Look {
    /// What it is called.
    pub name: &'static str,
    /// Whether it makes sense with no workspace around.
    of_machine: bool,
    look: fn(&Patient) -> Vec<Finding>,
}

/// All that is looked at, in order.
const LOOKS: [Look; 15] = [
    Look { name: "clock", of_machine: true, look: machine::clock },
    Look { name: "open files", of_machine: true, look: machine::open_files },
    Look { name: "notices of files", of_machine: true, look: machine::notices },
    Look { name: "display", of_machine: true, look: screen::display },
    Look { name: "fonts and pictures", of_machine: true, look: screen::pictures },
    Look { name: "settings", of_machine: false, look: files::settings },
    Look { name: "folders", of_machine: false, look: folders::folders },
    Look { name: "disk space", of_machine: true, look: folders::disks },
    Look { name: "tasks and checks", of_machine: false, look: files::tasks_and_checks },
    Look { name: "programs of tasks", of_machine: false, look: programs::of_tasks },
    Look { name: "book", of_machine: false, look: book::book },
    Look { name: "backend", of_machine: false, look: book::backend },
    Look { name: "batch system", of_machine: false, look: programs::of_batch },
    Look { name: "mail", of_machine: false, look: servers::mail },
    Look { name: "central copy", of_machine: false, look: servers::central },
];

impl Patient {
    /// A workspace's folder, or the machine alone. Settings that can't be used are a finding and no error.
    #[must_use]
    pub fn of(root: Option<&Path>, now: Timestamp) -> Self {
        let root = root.map(|root| std::path::absolute(root).unwrap_or_else(|_| root.to_owned()));
        let opened = root.as_deref().map(Workspace::open);
        let (workspace, refused) = match opened {
            None => (None, None),
            Some(Ok(workspace)) => (Some(workspace), None),
            Some(Err(error)) => (None, Some(error.to_string())),
        };
        Patient { root, workspace, refused, now }
    }

    /// What is looked at. With no workspace, or one whose settings can't be used, what can be looked at without.
    #[must_use]
    pub fn looks(&self) -> Vec<&'static Look> {
        let makes_sense =
            |look: &&Look| look.of_machine || self.workspace.is_some() || self.root.is_some() && look.name == "settings";
        LOOKS.iter().filter(makes_sense).collect()
    }

    /// The command line's beginning that names the workspace: `dqmon -w '/data/shift'`.
    fn dqmon(&self) -> String {
        self.root.as_deref().map_or_else(|| "dqmon".into(), |root| format!("dqmon -w {}", quoted(root)))
    }
}

impl Look {
    /// Looks; at least one finding.
    #[must_use]
    pub fn at(&self, patient: &Patient) -> Vec<Finding> {
        let found = (self.look)(patient);
        if found.is_empty() { vec![fine(self.name, "nothing is wrong")] } else { found }
    }
}

/// The worst of what was found; OK of nothing.
#[must_use]
pub fn worst(findings: &[Finding]) -> State {
    if findings.is_empty() { State::Ok } else { State::worst(findings.iter().map(|finding| finding.state)) }
}

/// Nothing is wrong.
fn fine(check: &'static str, what: impl Into<String>) -> Finding {
    Finding { check, state: State::Ok, what: what.into(), why: String::new(), mend: String::new() }
}

/// Something is wrong: what, why it matters, what mends it.
fn wrong(check: &'static str, state: State, what: impl Into<String>, why: &str, mend: impl Into<String>) -> Finding {
    Finding { check, state, what: what.into(), why: why.to_owned(), mend: mend.into() }
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_looked_at_without_a_workspace_and_settings_that_are_refused_stop_nothing() {
        let now = Timestamp::now();
        let alone = Patient::of(None, now);
        assert!(alone.looks().iter().all(|look| look.of_machine) && alone.looks().len() > 4);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("dqmon.toml"), "detector = 3\n").unwrap();
        let broken = Patient::of(Some(folder.path()), now);
        let names: Vec<&str> = broken.looks().iter().map(|look| look.name).collect();
        assert!(names.contains(&"settings") && names.contains(&"clock") && !names.contains(&"book"), "{names:?}");
        let found = broken.looks().iter().find(|look| look.name == "settings").unwrap().at(&broken);
        assert!(found[0].state == State::Bad && found[0].what.ends_with("dqmon.toml:1"), "{found:?}");
        assert!(!found[0].why.is_empty() && found[0].mend.contains("dqmon.toml"), "{found:?}");
    }

    #[test]
    fn a_quoted_path_is_one_word_of_a_shell() {
        assert_eq!(quoted(Path::new("/a b/it's")), "'/a b/it'\\''s'");
    }
}
