//! `dqmon` with no command: the window.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;

use super::{Ended, Failure, Global, Outcome};
use crate::config::WorkspaceError;
use crate::engine::{self, Command, ReplayCommand, Start, World};
use crate::gui;

/// Whether what is opened is replayed.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ReplayArgs {
    /// Replay what is opened: a workspace, or a book's export or copy. Decisions go to a training book.
    #[arg(long)]
    replay: bool,
    /// The instant at which the replay begins, in UTC: 2026-11-20T14:03:20Z.
    #[arg(long, requires = "replay", value_name = "TIME")]
    at: Option<Timestamp>,
}

/// Opens the window on the workspace, on what is named to be looked at, or on the welcome page.
pub fn run(global: &Global, paths: &[PathBuf], replay: &ReplayArgs) -> Outcome {
    let open = match paths {
        [] => match global.workspace() {
            Ok(workspace) => Some(workspace.root),
            Err(WorkspaceError::NotFound { .. }) if global.workspace.is_none() => None,
            Err(error) => return Err(error.into()),
        },
        [path] => Some(existing(path)?),
        [_, second, ..] => {
            let second = second.display();
            return Err(Failure(format!(
                "one file or folder can be looked at, give their common folder instead of a second: {second}"
            )));
        }
    };
    let begin = |path| ReplayCommand::Begin { path, at: replay.at, hides_decisions: false };
    match open {
        // A book or an export is no folder to be opened: it is shown with the settings of the workspace found.
        Some(path) if replay.replay && path.is_file() => {
            let beside = global.workspace().ok().map(|workspace| workspace.root);
            self::open(global, beside, Some(begin(Some(path))))
        }
        open => self::open(global, open, replay.replay.then(|| begin(None))),
    }
}

/// Opens the window on a workspace, a file or a folder; with none, on the welcome page.
pub(super) fn open(global: &Global, open: Option<PathBuf>, replay: Option<ReplayCommand>) -> Outcome {
    let read_only = global.read_only;
    // The window's waker comes to be with the window, the engine is there before it.
    let waker: Arc<OnceLock<gui::Waker>> = Arc::default();
    let for_engine = waker.clone();
    let wake = move || {
        if let Some(waker) = for_engine.get() {
            waker();
        }
    };
    let engine = engine::start(Start { open, read_only }, World::default(), Box::new(wake));
    if let Some(begin) = replay
        && !engine.send(Command::Replay(begin))
    {
        return Err(Failure("the replay was not begun: the engine does not answer".into()));
    }
    let take_waker = move |gui_waker| {
        // Set once: there is one window.
        let _ = waker.set(gui_waker);
    };
    gui::run(engine, &gui::WindowOptions::default(), take_waker).map(|()| Ended::Done).map_err(Failure)
}

fn existing(path: &Path) -> Result<PathBuf, Failure> {
    if path.exists() {
        Ok(path.to_owned())
    } else {
        Err(Failure(format!(
            "nothing to look at: no such file or folder, and no command of that name (see 'dqmon --help'): {}",
            path.display()
        )))
    }
}
