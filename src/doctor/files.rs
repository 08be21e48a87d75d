//! Settings, detector file, task files and checks that were refused.

use std::path::Path;

use monitasks::quality::State;

use super::within::{DISK, within};
use super::{Patient, fine, quoted, wrong};
use crate::config::Workspace;
use crate::detector;
use crate::live::{WorkspaceChecks, WorkspaceTasks};
use crate::snapshot::Finding;

pub(super) fn settings(patient: &Patient) -> Vec<Finding> {
    const NAME: &str = "settings";
    let Some(root) = &patient.root else { return Vec::new() };
    let path = root.join(Workspace::SETTINGS_FILE);
    if let Some(refused) = &patient.refused {
        let why = "nothing can be done in the workspace before; a backend that runs goes on with those it read before";
        let mend = if path.is_file() { edit(refused, &path) } else { format!("dqmon init {}", quoted(root)) };
        return vec![wrong(NAME, State::Bad, refused.clone(), why, mend)];
    }
    let Some(workspace) = patient.workspace.clone() else { return Vec::new() };
    let settings = workspace.settings.clone();
    let asked = within(DISK, move || detector::load(&settings.detector, &settings.channel_map, &workspace.root));
    vec![match asked {
        Some(Ok(detector)) => fine(NAME, format!("read, for detector {} ({})", detector.name, detector.title)),
        Some(Err(error)) => {
            let why = "without the detector nothing can be reconstructed or drawn";
            wrong(NAME, State::Bad, error.to_string(), why, edit(&error.to_string(), &path))
        }
        None => wrong(NAME, State::CannotJudge, "the detector file was not read in time", "its disk does not answer", "df -h"),
    }]
}

pub(super) fn tasks_and_checks(patient: &Patient) -> Vec<Finding> {
    const NAME: &str = "tasks and checks";
    let Some(workspace) = patient.workspace.clone() else { return Vec::new() };
    let checks_file = workspace.checks_file();
    let asked = within(DISK, move || {
        let (tasks, task_faults) = WorkspaceTasks::of(&workspace).read(&workspace.settings.time_zone);
        let (checks, check_faults) = WorkspaceChecks::of(&workspace).read();
        (tasks.iter().count(), task_faults, checks.checks.len(), check_faults)
    });
    let Some((tasks, task_faults, checks, check_faults)) = asked else {
        return vec![wrong(NAME, State::CannotJudge, "task files were not read in time", "their disk does not answer", "df -h")];
    };
    let of_task = |fault: String| {
        let mend = edit(&fault, Path::new("tasks"));
        wrong(NAME, State::Bad, fault, "what this file would show is not in the tree", mend)
    };
    let of_check = |fault: String| {
        let mend = edit(&fault, &checks_file);
        wrong(NAME, State::Bad, fault, "no plot is judged by these checks", mend)
    };
    let mut found: Vec<Finding> = task_faults.into_iter().map(of_task).collect();
    found.extend(check_faults.into_iter().map(of_check));
    if checks == 0 && found.is_empty() {
        let why = "every plot stays \"unchecked\", and none raises an alarm";
        let mend = "dqmon checks --help; docs/checks.md has examples";
        found.push(wrong(NAME, State::Maybe, "there are no checks: nothing is judged", why, mend));
    }
    if found.is_empty() {
        found.push(fine(NAME, format!("{tasks} tasks and {checks} checks were read, none was refused")));
    }
    found
}

/// An editor at the place that a message ends with: `…: /w/dqmon.toml:12`.
fn edit(message: &str, otherwise: &Path) -> String {
    let named = message.split(": ").find_map(|part| {
        let part = part.split(" (").next().unwrap_or(part).trim();
        let (path, line) = part.rsplit_once(':')?;
        let line: u32 = line.parse().ok()?;
        path.contains('/').then(|| format!("\"$EDITOR\" +{line} {}", quoted(Path::new(path))))
    });
    named.unwrap_or_else(|| format!("\"$EDITOR\" {}", quoted(otherwise)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_opens_the_file_at_the_line_that_the_message_names() {
        let at = |message: &str| edit(message, Path::new("/w/dqmon.toml"));
        assert_eq!(at("settings refused: unknown key 'nicks': /w/dqmon.toml:3"), "\"$EDITOR\" +3 '/w/dqmon.toml'");
        assert_eq!(at("task refused: 'plt': /w/a b.toml:7 (the last stays)"), "\"$EDITOR\" +7 '/w/a b.toml'");
        assert_eq!(at("settings not read: denied"), "\"$EDITOR\" '/w/dqmon.toml'");
    }

    #[test]
    fn refused_task_files_and_checks_are_findings_each() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("shift");
        Workspace::create(&root, "3x1x1").unwrap();
        let look = || tasks_and_checks(&Patient::of(Some(&root), jiff::Timestamp::UNIX_EPOCH));
        assert_eq!(look()[0].state, State::Ok, "{:?}", look());
        std::fs::write(root.join("tasks/mine.toml"), "nonsense = 1\n").unwrap();
        std::fs::write(root.join("checks.toml"), "[[check]]\nname = 3\n").unwrap();
        let found = look();
        assert!(found.len() == 2 && found.iter().all(|one| one.state == State::Bad && one.mend.contains("$EDITOR")), "{found:?}");
        assert!(found[0].what.contains("mine.toml") && found[1].what.contains("checks.toml"), "{found:?}");
        std::fs::remove_file(root.join("checks.toml")).unwrap();
        std::fs::remove_file(root.join("tasks/mine.toml")).unwrap();
        assert_eq!(look()[0].state, State::Maybe, "a workspace without checks judges nothing");
    }
}
