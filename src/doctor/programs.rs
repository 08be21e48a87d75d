//! Programs of others that the workspace calls: the batch system's commands, and those that tasks are answered by.

use std::path::{Path, PathBuf};
use std::time::Duration;

use monitasks::quality::State;

use super::within::{self, DISK, ask_program};
use super::{Patient, fine, wrong};
use crate::config::{BatchSystem, Workspace};
use crate::snapshot::Finding;

/// A batch system is given so long to say that it is there.
const BATCH: Duration = Duration::from_secs(10);
/// Most task files that are read for their programs.
const MOST_TASK_FILES: usize = 256;
/// No task file is longer, bytes.
const LONGEST_TASK_FILE: u64 = 1 << 20;

pub(super) fn of_batch(patient: &Patient) -> Vec<Finding> {
    const NAME: &str = "batch system";
    let Some(workspace) = &patient.workspace else { return Vec::new() };
    let batch = &workspace.settings.batch;
    let folder = workspace.root.join(&batch.commands_folder);
    let folder = if batch.commands_folder.is_empty() { PathBuf::new() } else { folder };
    let (missing, found): (Vec<&str>, Vec<&str>) =
        batch.system.commands().iter().partition(|name| within::program(name, &folder).is_none());
    let asked = match (batch.system, missing.is_empty()) {
        (BatchSystem::Local, _) | (_, false) => None,
        (system, true) => within::program(found[1], &folder).map(|program| {
            let arguments: &[&str] = if system == BatchSystem::Slurm { &["--noheader", "--me"] } else { &[] };
            ask_program(&program, arguments, BATCH)
        }),
    };
    vec![of_commands(batch.system, &missing, asked.as_ref(), &folder, NAME)]
}

fn of_commands(
    system: BatchSystem,
    missing: &[&str],
    asked: Option<&Result<(bool, String), String>>,
    folder: &Path,
    name: &'static str,
) -> Finding {
    const WHY: &str = "no job can be given to it: files are taken in and wait to be reconstructed";
    let word = system.word();
    if system == BatchSystem::Local {
        return fine(name, "jobs are processes of this machine");
    }
    if !missing.is_empty() {
        let place = if folder.as_os_str().is_empty() { "on the PATH".into() } else { format!("in {}", folder.display()) };
        let what = format!("{word}: {} not found {place}", missing.join(", "));
        let package = if system == BatchSystem::Slurm { "slurm-client" } else { "torque-client (or pbs-client)" };
        let mend = format!("sudo apt install {package}, or set [batch] commands_folder in dqmon.toml to where they are");
        return wrong(name, State::Bad, what, WHY, mend);
    }
    let ask = if system == BatchSystem::Slurm { "sinfo; systemctl status slurmctld munge" } else { "qstat -B" };
    match asked {
        Some(Ok((true, _))) => fine(name, format!("{word} answers")),
        Some(Ok((false, said))) => wrong(name, State::Bad, format!("{word} answers with an error: {said}"), WHY, ask),
        Some(Err(why)) => wrong(name, State::Bad, format!("{word} does not answer: {why}"), WHY, ask),
        None => wrong(name, State::CannotJudge, format!("{word} was not asked"), WHY, ask),
    }
}

pub(super) fn of_tasks(patient: &Patient) -> Vec<Finding> {
    const NAME: &str = "programs of tasks";
    const WHY: &str = "the task that it answers for shows nothing";
    let Some(workspace) = patient.workspace.clone() else { return Vec::new() };
    let root = workspace.root.clone();
    let Some(wanted) = within::within(DISK, move || programs_of(&workspace)) else {
        return vec![wrong(NAME, State::CannotJudge, "the task files were not read in time", WHY, "df -h")];
    };
    let mut found: Vec<Finding> = Vec::new();
    for (file, program) in &wanted {
        // As a shell would: a path from the workspace's folder, a name on the PATH.
        let path = if program.contains('/') { root.join(program).display().to_string() } else { program.clone() };
        if within::program(&path, Path::new("")).is_none() {
            let what = format!("{program} is not there or can't be started: {}", file.display());
            found.push(wrong(NAME, State::Bad, what, WHY, format!("ls -l '{path}'; chmod +x '{path}'")));
        }
    }
    if found.is_empty() {
        found.push(fine(
            NAME,
            match wanted.len() {
                0 => "no task asks another program".to_owned(),
                count => format!("{count} found, and may be started"),
            },
        ));
    }
    found
}

/// The programs that task files name, each with its file.
fn programs_of(workspace: &Workspace) -> Vec<(PathBuf, String)> {
    let folder = workspace.root.join("tasks");
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let files = entries.filter(|path| path.extension().is_some_and(|ending| ending == "toml")).take(MOST_TASK_FILES);
    let mut found: Vec<(PathBuf, String)> = files
        .filter(|path| std::fs::metadata(path).is_ok_and(|facts| facts.is_file() && facts.len() <= LONGEST_TASK_FILE))
        .filter_map(|path| {
            let table: toml::Table = std::fs::read_to_string(&path).ok()?.parse().ok()?;
            Some((path, program_of(&table)?))
        })
        .collect();
    found.sort();
    found
}

/// The program of a task file: its name, or the first word of the list that calls it.
fn program_of(table: &toml::Table) -> Option<String> {
    let of = |table: &toml::Table| {
        ["program", "command"].into_iter().find_map(|key| match table.get(key)? {
            toml::Value::String(name) => Some(name.clone()),
            toml::Value::Array(words) => words.first()?.as_str().map(str::to_owned),
            toml::Value::Table(inner) => inner.get("path").or_else(|| inner.get("name"))?.as_str().map(str::to_owned),
            _ => None,
        })
    };
    of(table).or_else(|| table.values().filter_map(toml::Value::as_table).find_map(of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_are_missing_and_a_farm_that_is_silent_are_told() {
        let of = |missing: &[&str], asked: Option<Result<(bool, String), String>>| {
            of_commands(BatchSystem::Slurm, missing, asked.as_ref(), Path::new(""), "batch system")
        };
        let gone = of(&["sbatch"], None);
        assert!(
            gone.state == State::Bad && gone.what.contains("sbatch not found on the PATH") && gone.mend.contains("slurm-client")
        );
        assert_eq!(of(&[], Some(Ok((true, String::new())))).state, State::Ok);
        let silent = of(&[], Some(Err("no answer in 10 s".into())));
        assert!(silent.state == State::Bad && silent.what.contains("no answer in 10 s"), "{silent:?}");
        assert!(of(&[], Some(Ok((false, "slurm_load_jobs error".into())))).what.contains("slurm_load_jobs"));
        assert_eq!(of(&[], None).state, State::CannotJudge, "what was not asked is not OK");
    }

    #[test]
    fn the_program_of_a_task_is_found_however_it_is_written() {
        let of = |text: &str| program_of(&text.parse().unwrap());
        assert_eq!(of("program = \"bin/mine\"\n"), Some("bin/mine".into()));
        assert_eq!(of("[external]\ncommand = [\"python3\", \"a.py\"]\n"), Some("python3".into()));
        assert_eq!(of("name = \"slow_control\"\n"), None);
    }

    #[test]
    fn a_program_that_is_not_there_is_named_with_its_task_file() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("shift");
        Workspace::create(&root, "3x1x1").unwrap();
        let look = || of_tasks(&Patient::of(Some(&root), jiff::Timestamp::UNIX_EPOCH));
        assert_eq!(look()[0].state, State::Ok);
        std::fs::write(root.join("tasks/mine.toml"), "program = \"bin/mine\"\n").unwrap();
        let found = look();
        assert!(found[0].state == State::Bad && found[0].what.contains("bin/mine") && found[0].what.ends_with("mine.toml"));
        std::fs::write(root.join("tasks/mine.toml"), "program = [\"sh\", \"-c\", \"true\"]\n").unwrap();
        assert_eq!(look()[0].state, State::Ok);
    }
}
