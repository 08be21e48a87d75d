//! What is thought of the answers for a new workspace, before anything is made.

use std::path::{Path, PathBuf};

use monitasks::quality::State;
use rustix::fs::Access;

use super::within::{self, DISK, SERVER, within};
use crate::bookkeeping::{self, StoreError};
use crate::config::{BatchSystem, NewWorkspace, Workspace};
use crate::detector;
use crate::snapshot::{Answer, Question};

/// Entries of a folder that are counted.
const MOST_ENTRIES: usize = 1_000;

/// What is known of the places that the answers name.
struct AnswerFacts {
    /// Why the answers make no settings.
    refused: Option<String>,
    /// The workspace's folder.
    folder: FolderFacts,
    /// The detector's title, or why there is none.
    detector: Result<String, String>,
    /// Where the DAQ writes, as a path of its own; none for the folder in the workspace, which is made.
    incoming: Option<FolderFacts>,
    /// Commands of the batch system that are not on the path.
    missing: Vec<&'static str>,
    /// Whether a server's book answers; none for a file.
    server: Option<Result<String, String>>,
}

/// What is known of a folder.
#[derive(Debug, Clone, Default)]
struct FolderFacts {
    path: PathBuf,
    is_there: bool,
    is_folder: bool,
    is_workspace: bool,
    /// Entries that stand in it, up to [`MOST_ENTRIES`].
    entries: usize,
    /// The nearest folder above that is there, and whether this account may write into it.
    above: PathBuf,
    can_make: bool,
    can_read: bool,
    free_bytes: u64,
}

/// Looks at the places that the answers name, within time limits, and judges each answer.
#[must_use]
pub fn answers_of(new: &NewWorkspace) -> Vec<Answer> {
    judged(new, &gathered(new))
}

/// Why no workspace can be made of these answers; none when one can. What it names is looked at again: somebody may have been faster.
#[must_use]
pub fn hindrance_of(new: &NewWorkspace) -> Option<String> {
    answers_of(new).into_iter().find(|answer| answer.state == State::Bad).map(|answer| answer.words)
}

fn gathered(new: &NewWorkspace) -> AnswerFacts {
    let refused = new.settings().err().map(|error| error.to_string());
    let root = std::path::absolute(&new.folder).unwrap_or_else(|_| new.folder.clone());
    let silent = |path: &Path| FolderFacts { path: path.to_owned(), ..FolderFacts::default() };
    let look = |path: PathBuf| {
        let named = path.clone();
        within(DISK, move || folder_facts(path)).unwrap_or_else(|| silent(&named))
    };
    let is_default = new.incoming.trim().is_empty() || new.incoming.trim() == NewWorkspace::default().incoming;
    let incoming = (!is_default).then(|| look(root.join(new.incoming.trim())));
    let (name, relative_to) = (new.detector.trim().to_owned(), root.clone());
    let detector = within(DISK, move || {
        let name = if name.is_empty() { NewWorkspace::default().detector } else { name };
        detector::load(&name, "", &relative_to).map(|detector| detector.title).map_err(|error| error.to_string())
    });
    let server = (new.is_book_shared() && refused.is_none()).then(|| server_of(new));
    AnswerFacts {
        refused,
        folder: look(root),
        detector: detector.unwrap_or_else(|| Err("the detector file's disk does not answer".into())),
        incoming,
        missing: new.batch.commands().iter().copied().filter(|name| within::program(name, Path::new("")).is_none()).collect(),
        server,
    }
}

fn folder_facts(path: PathBuf) -> FolderFacts {
    let above = path.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/")).to_owned();
    let room = rustix::fs::statvfs(&above).ok();
    FolderFacts {
        is_there: path.exists(),
        is_folder: path.is_dir(),
        is_workspace: path.join(Workspace::SETTINGS_FILE).exists(),
        entries: std::fs::read_dir(&path).into_iter().flatten().take(MOST_ENTRIES).count(),
        can_make: above.is_dir() && rustix::fs::access(&above, Access::WRITE_OK | Access::EXEC_OK).is_ok(),
        can_read: rustix::fs::access(&path, Access::READ_OK | Access::EXEC_OK).is_ok(),
        free_bytes: room.map_or(0, |room| room.f_bavail.saturating_mul(room.f_frsize)),
        above,
        path,
    }
}

/// Whether a server's book can be had, in words.
fn server_of(new: &NewWorkspace) -> Result<String, String> {
    let workspace = new.workspace().map_err(|error| error.to_string())?;
    let asked = within(SERVER, move || match bookkeeping::open_read_only(&workspace.book_place()) {
        Ok(_) => Ok("answers: the book is there and is shared".to_owned()),
        Err(StoreError::Missing { .. }) => Ok("answers: a book is made in it".to_owned()),
        Err(error) => Err(error.to_string()),
    });
    asked.unwrap_or_else(|| Err(format!("the book's server did not answer in {} s", SERVER.as_secs())))
}

fn judged(new: &NewWorkspace, facts: &AnswerFacts) -> Vec<Answer> {
    let answer = |question, (state, words): (State, String)| Answer { question, state, words };
    let mut answers = vec![
        answer(Question::Folder, of_folder(&facts.folder)),
        answer(
            Question::Detector,
            match &facts.detector {
                Ok(title) => (State::Ok, title.clone()),
                Err(why) => (State::Bad, why.clone()),
            },
        ),
        answer(
            Question::Incoming,
            facts
                .incoming
                .as_ref()
                .map_or_else(|| (State::Ok, "made inside the workspace; have the DAQ write there".into()), of_incoming),
        ),
        answer(Question::Batch, of_batch(new.batch, &facts.missing)),
        answer(
            Question::Book,
            match &facts.server {
                None => (State::Ok, "one file in the workspace, with nothing to install".into()),
                Some(Ok(words)) => (State::Ok, words.clone()),
                Some(Err(why)) => (State::Bad, why.clone()),
            },
        ),
    ];
    // What the settings refuse stands at the answer that it is about: the book's address, as the others are plain words.
    if let Some(refused) = &facts.refused {
        let question = if new.is_book_shared() { Question::Book } else { Question::Incoming };
        if let Some(answer) = answers.iter_mut().find(|answer| answer.question == question) {
            (answer.state, answer.words) = (State::Bad, refused.clone());
        }
    }
    answers
}

fn of_folder(facts: &FolderFacts) -> (State, String) {
    let name = facts.path.display();
    if facts.is_workspace {
        return (State::Bad, format!("there is a workspace already: open it, or name another folder: {name}"));
    }
    if facts.is_there && !facts.is_folder {
        return (State::Bad, format!("a file stands there, name another folder: {name}"));
    }
    if !facts.can_make {
        return (State::Bad, format!("this account may not write into {}: name a folder of yours", facts.above.display()));
    }
    if facts.entries > 0 {
        let count = if facts.entries >= MOST_ENTRIES { format!("more than {MOST_ENTRIES}") } else { facts.entries.to_string() };
        return (State::Maybe, format!("{count} files stand there already; they are left alone: {name}"));
    }
    let gigabytes = facts.free_bytes as f64 / 1e9;
    if gigabytes < 10.0 {
        return (State::Maybe, format!("{gigabytes:.1} GB are free there, a raw file takes 1 GB: {name}"));
    }
    (State::Ok, format!("{}, {gigabytes:.0} GB free: {name}", if facts.is_there { "empty" } else { "new" }))
}

fn of_incoming(facts: &FolderFacts) -> (State, String) {
    let name = facts.path.display();
    if !facts.is_there {
        return (State::Maybe, format!("not there yet: mount it or make it before the first run: mkdir -p {name}"));
    }
    if !facts.is_folder {
        return (State::Bad, format!("a file, no folder: {name}"));
    }
    if !facts.can_read {
        return (State::Bad, format!("this account may not read it: {name}"));
    }
    let count = if facts.entries >= MOST_ENTRIES { format!("more than {MOST_ENTRIES}") } else { facts.entries.to_string() };
    (State::Ok, format!("{count} files stand there now: {name}"))
}

fn of_batch(system: BatchSystem, missing: &[&str]) -> (State, String) {
    match (system, missing) {
        (BatchSystem::Local, _) => (State::Ok, "jobs are processes of this machine, one for each core".into()),
        (system, []) => (State::Ok, format!("{} is here", system.commands().join(", "))),
        // The workspace may be made on another machine than the one that gives the jobs.
        (_, missing) => (State::Maybe, format!("not on the PATH of this machine: {}", missing.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> FolderFacts {
        FolderFacts {
            path: "/w".into(),
            above: "/".into(),
            can_make: true,
            can_read: true,
            free_bytes: 100_000_000_000,
            ..FolderFacts::default()
        }
    }

    #[test]
    fn a_folder_that_is_taken_not_ones_own_or_full_says_so() {
        assert_eq!(of_folder(&folder()).0, State::Ok);
        let cases = [
            (FolderFacts { is_there: true, is_folder: true, is_workspace: true, ..folder() }, State::Bad, "workspace already"),
            (FolderFacts { is_there: true, ..folder() }, State::Bad, "a file stands there"),
            (FolderFacts { can_make: false, ..folder() }, State::Bad, "may not write into /"),
            (FolderFacts { is_there: true, is_folder: true, entries: 3, ..folder() }, State::Maybe, "3 files"),
            (FolderFacts { free_bytes: 2_000_000_000, ..folder() }, State::Maybe, "2.0 GB"),
        ];
        for (facts, state, words) in cases {
            let found = of_folder(&facts);
            assert!(found.0 == state && found.1.contains(words), "{found:?}");
        }
    }

    #[test]
    fn an_incoming_folder_may_come_later_but_is_no_file() {
        assert_eq!(of_incoming(&folder()).0, State::Maybe);
        assert_eq!(of_incoming(&FolderFacts { is_there: true, ..folder() }).0, State::Bad);
        assert_eq!(of_incoming(&FolderFacts { is_there: true, is_folder: true, can_read: false, ..folder() }).0, State::Bad);
        assert_eq!(of_incoming(&FolderFacts { is_there: true, is_folder: true, ..folder() }).0, State::Ok);
    }

    #[test]
    fn the_answers_as_they_are_shipped_make_a_workspace_and_wrong_ones_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let new = NewWorkspace::at(&folder.path().join("shift"));
        assert_eq!(hindrance_of(&new), None);
        let of = |new: NewWorkspace| hindrance_of(&new).unwrap_or_default();
        assert!(of(NewWorkspace { detector: "4x4".into(), ..new.clone() }).contains("3x1x1"), "it says which there are");
        assert!(of(NewWorkspace { book: "mysql://x/y".into(), ..new.clone() }).contains("postgresql://"));
        let with_password = NewWorkspace { book: "postgresql://a:s3cret@h/d".into(), ..new.clone() };
        assert!(of(with_password.clone()).contains("password_file") && !of(with_password).contains("s3cret"));
        let away = NewWorkspace { book: "postgresql://a@127.0.0.1:1/d".into(), ..new.clone() };
        assert!(!of(away).is_empty(), "a book that is not there makes no workspace");
        new.make().unwrap();
        assert!(of(new).contains("workspace already"));
    }
}
